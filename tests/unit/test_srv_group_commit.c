#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/srv_group_commit.h"

/* The numbers are what was measured to be best; so they stand here once more. */
enum { LEAST = 16, MOST = 256, WAIT_MAX_US = 2000, MANY = 1000 };

static struct srv_group_commit group;

static int start(void **state)
{
    (void)state;
    srv_group_commit_init(&group);
    return 0;
}

/* From so many answers on a commit is due, and not before. */
static void expect_company(unsigned n)
{
    assert_false(srv_group_commit_is_due(&group, n - 1, false));
    assert_true(srv_group_commit_is_due(&group, n, false));
}

static void nobody_waits_when_there_is_nothing_more_to_serve(void **state)
{
    (void)state;
    for (unsigned n = 0; n < MANY; n++)
        assert_true(srv_group_commit_on_idle(&group, n, false));
}

static void while_there_is_more_to_serve_few_wait_for_company(void **state)
{
    (void)state;
    for (unsigned n = 0; n < LEAST; n++) {
        assert_false(srv_group_commit_is_due(&group, n, false));
        assert_false(srv_group_commit_on_served(&group, n, false, 0));
    }
    expect_company(LEAST);
    assert_true(srv_group_commit_on_served(&group, LEAST, false, 0));
}

static void nobody_waits_for_company_longer_than_the_limit(void **state)
{
    (void)state;
    for (unsigned n = 1; n < LEAST; n++) {
        assert_false(srv_group_commit_on_served(&group, n, false, WAIT_MAX_US));
        assert_true(srv_group_commit_on_served(&group, n, false, WAIT_MAX_US + 1));
    }
}

static void no_commit_begins_while_one_runs(void **state)
{
    (void)state;
    for (unsigned n = 0; n < MANY; n++) {
        assert_false(srv_group_commit_is_due(&group, n, true));
        assert_false(srv_group_commit_on_served(&group, n, true, 0));
        assert_false(srv_group_commit_on_served(&group, n, true, UINT64_MAX));
        assert_false(srv_group_commit_on_idle(&group, n, true));
    }
}

/* By a quarter and one each time. */
static void those_who_come_while_others_are_served_wait_for_more_and_more_company(void **state)
{
    (void)state;
    static const unsigned company[] = {LEAST, 21, 27, 34, 43, 54, 68, 86, 108, 136, 171, 214, MOST, MOST};
    for (size_t i = 0; i < sizeof company / sizeof company[0]; i++) {
        expect_company(company[i]);
        assert_true(srv_group_commit_on_served(&group, company[i], false, 0));
    }
}

static void only_a_commit_for_enough_company_raises_it(void **state)
{
    (void)state;
    srv_group_commit_on_served(&group, LEAST - 1, false, 0);
    expect_company(LEAST);
    srv_group_commit_on_served(&group, LEAST - 1, false, WAIT_MAX_US + 1); /* it begins: somebody waited */
    expect_company(LEAST);
    srv_group_commit_on_served(&group, MANY, true, WAIT_MAX_US + 1); /* it does not */
    expect_company(LEAST);
}

/* Those who wait for the commit that runs are with them. */
static void all_who_wait_when_we_are_idle_go_in_two_halves(void **state)
{
    (void)state;
    static const struct {
        unsigned n_waiting, company;
    } rows[] = {{0, LEAST},  {1, LEAST}, {2 * LEAST + 1, LEAST},   {2 * LEAST + 2, LEAST + 1},
                {80, 40},    {81, 40},   {2 * MOST - 1, MOST - 1}, {2 * MOST, MOST},
                {MANY, MOST}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        srv_group_commit_on_idle(&group, rows[i].n_waiting, false);
        expect_company(rows[i].company);
        srv_group_commit_init(&group);
        srv_group_commit_on_idle(&group, rows[i].n_waiting, true);
        expect_company(rows[i].company);
    }
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, start)
    const struct CMUnitTest tests[] = {
        T(nobody_waits_when_there_is_nothing_more_to_serve),
        T(while_there_is_more_to_serve_few_wait_for_company),
        T(nobody_waits_for_company_longer_than_the_limit),
        T(no_commit_begins_while_one_runs),
        T(those_who_come_while_others_are_served_wait_for_more_and_more_company),
        T(only_a_commit_for_enough_company_raises_it),
        T(all_who_wait_when_we_are_idle_go_in_two_halves),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
