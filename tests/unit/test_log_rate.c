#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/log_rate.h"

static struct log_rate r;

static unsigned admitted(unsigned kind, unsigned lines, time_ms now)
{
    unsigned n = 0;
    for (unsigned i = 0; i < lines; i++)
        n += log_rate_admit(&r, kind, now);
    return n;
}

static void expect_nothing_due(time_ms now)
{
    unsigned kind;
    uint32_t suppressed;
    assert_false(log_rate_take_due(&r, now, &kind, &suppressed));
}

static void expect_due(time_ms now, unsigned expected_kind, uint32_t expected)
{
    unsigned kind;
    uint32_t suppressed;
    assert_true(log_rate_take_due(&r, now, &kind, &suppressed));
    assert_int_equal(kind, expected_kind);
    assert_int_equal(suppressed, expected);
}

static void test_a_flood_is_cut_and_told_when_its_second_ends(void **state)
{
    (void)state;
    log_rate_init(&r, 10);
    assert_int_equal(admitted(3, 25, 5000), 10);
    assert_true(r.deadline == 6000);
    assert_true(r.total == 15);
    expect_nothing_due(5999);
    expect_due(6000, 3, 15);
    expect_nothing_due(6000);
    assert_true(r.deadline == TIME_NEVER);
    assert_int_equal(admitted(3, 25, 6000), 10);
}

static void test_up_to_the_limit_nothing_is_told(void **state)
{
    (void)state;
    log_rate_init(&r, 10);
    assert_int_equal(admitted(3, 10, 0), 10);
    assert_true(r.deadline == TIME_NEVER);
    assert_int_equal(admitted(3, 1, 999), 0);
    assert_true(r.deadline == 1000);
    expect_due(1000, 3, 1);
    assert_int_equal(admitted(3, 10, 1000), 10);
    expect_nothing_due(TIME_NEVER - 1);
}

static void test_kinds_do_not_disturb_each_other(void **state)
{
    (void)state;
    log_rate_init(&r, 2);
    assert_int_equal(admitted(0, 5, 100), 2);
    assert_int_equal(admitted(LOG_RATE_KINDS_MAX - 1, 3, 200), 2);
    assert_int_equal(r.n_waiting, 2);
    expect_due(1100, 0, 3);
    expect_nothing_due(1199);
    expect_due(1200, LOG_RATE_KINDS_MAX - 1, 1);
    assert_int_equal(r.n_waiting, 0);
    assert_true(r.total == 4);
}

/* Until somebody takes what is due, no further line of the kind comes between. */
static void test_what_is_due_comes_before_the_next_line(void **state)
{
    (void)state;
    log_rate_init(&r, 1);
    assert_int_equal(admitted(7, 2, 0), 1);
    assert_int_equal(admitted(7, 1, 1500), 0);
    expect_due(1500, 7, 2);
    assert_int_equal(admitted(7, 1, 1500), 1);
}

static void test_zero_is_no_limit(void **state)
{
    (void)state;
    log_rate_init(&r, 0);
    assert_int_equal(admitted(1, 100000, 0), 100000);
    expect_nothing_due(TIME_NEVER - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_flood_is_cut_and_told_when_its_second_ends),
        cmocka_unit_test(test_up_to_the_limit_nothing_is_told),
        cmocka_unit_test(test_kinds_do_not_disturb_each_other),
        cmocka_unit_test(test_what_is_due_comes_before_the_next_line),
        cmocka_unit_test(test_zero_is_no_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
