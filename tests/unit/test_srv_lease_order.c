#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/rng.h"
#include "server/srv_lease_order.h"

enum { MANY = 3000 };

/* What is in order, and what the order must be: by instant, then by how many were put before. */
struct lease {
    struct srv_lease_turn turn; /* first: the order hands it back */
    time_ms at;
    int n_before;
};

static struct srv_lease_order order;
static struct lease leases[MANY];
static int n_put;

static int setup(void **state)
{
    (void)state;
    for (size_t i = 0; i < MANY; i++)
        leases[i] = (struct lease){0};
    return srv_lease_order_init(&order, SRV_LEASE_RUNS);
}

static int setup_few_runs(void **state)
{
    (void)state;
    for (size_t i = 0; i < MANY; i++)
        leases[i] = (struct lease){0};
    return srv_lease_order_init(&order, 8);
}

static int teardown(void **state)
{
    (void)state;
    srv_lease_order_fini(&order);
    return 0;
}

static void put(struct lease *lease, time_ms at)
{
    lease->at = at;
    lease->n_before = n_put++;
    srv_lease_order_put(&order, &lease->turn, at);
}

static bool is_before(const struct lease *a, const struct lease *b)
{
    return a->at != b->at ? a->at < b->at : a->n_before < b->n_before;
}

/* The order's first must be the first of all that are in order. */
static void check_first(void)
{
    const struct lease *first = NULL;
    for (size_t i = 0; i < MANY; i++)
        if (srv_lease_turn_is_in_order(&leases[i].turn) && (first == NULL || is_before(&leases[i], first)))
            first = &leases[i];
    assert_ptr_equal(srv_lease_order_first(&order), first);
    assert_true(srv_lease_order_deadline(&order) == (first == NULL ? TIME_NEVER : first->at));
}

/* Takes out one after the other, which must come in order. */
static void drain(size_t n)
{
    struct lease last = {.at = INT64_MIN};
    for (; n > 0; n--) {
        struct lease *lease = (struct lease *)srv_lease_order_first(&order);
        assert_non_null(lease);
        assert_true(srv_lease_order_deadline(&order) == lease->at);
        assert_true(is_before(&last, lease));
        last = *lease;
        srv_lease_order_remove(&order, &lease->turn);
        assert_false(srv_lease_turn_is_in_order(&lease->turn));
        assert_true(lease->turn.at == last.at); /* stays known */
    }
    assert_null(srv_lease_order_first(&order));
    assert_true(srv_lease_order_deadline(&order) == TIME_NEVER);
}

static void empty_order_has_no_first(void **state)
{
    (void)state;
    drain(0);
    srv_lease_order_remove(&order, &leases[0].turn);
    drain(0);
}

static void what_never_ends_is_in_no_order(void **state)
{
    (void)state;
    put(&leases[0], TIME_NEVER);
    assert_false(srv_lease_turn_is_in_order(&leases[0].turn));
    put(&leases[0], 5);
    put(&leases[0], TIME_NEVER);
    assert_false(srv_lease_turn_is_in_order(&leases[0].turn));
    drain(0);
}

static void of_equal_ends_the_first_in_is_the_first_out(void **state)
{
    (void)state;
    put(&leases[0], 7);
    put(&leases[1], 9);
    put(&leases[2], 7); /* behind the 9 there is no place for it */
    put(&leases[3], 9);
    put(&leases[4], 8);
    put(&leases[5], 7);
    put(&leases[0], 7); /* put again: now the last */
    drain(6);
    for (size_t i = 0; i < MANY; i++)
        put(&leases[i], 7);
    assert_int_equal(order.n, 1);
    drain(MANY);
}

/* Clients that are granted one of three lifetimes, and renew or go when they like. */
static void there_are_no_more_runs_than_lifetimes(void **state)
{
    (void)state;
    static const time_ms lifetimes[] = {3600000, 7200000, 60000};
    struct rng rng;
    rng_init(&rng, 1, "lifetimes");
    for (time_ms now = 0; now < 20000; now++) {
        struct lease *lease = &leases[rng_between(&rng, 0, MANY - 1)];
        if (rng_between(&rng, 0, 9) == 0)
            srv_lease_order_remove(&order, &lease->turn);
        else
            put(lease, now + lifetimes[rng_between(&rng, 0, 2)]);
        assert_true(order.n <= 3);
        if (now % 500 == 0)
            check_first();
    }
    size_t n = 0;
    for (size_t i = 0; i < MANY; i++)
        n += srv_lease_turn_is_in_order(&leases[i].turn);
    drain(n);
}

/* Whatever the instants: many are equal, some lie before all that were put. */
static void order_survives_whatever_comes(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, 2, "instants");
    for (size_t i = 0; i < MANY; i++)
        put(&leases[i], rng_between(&rng, 0, 500));
    for (size_t i = 0; i < MANY; i += 3)
        put(&leases[i], rng_between(&rng, -500, 500));
    size_t left = MANY;
    for (size_t i = 0; i < MANY; i += 7, left--)
        srv_lease_order_remove(&order, &leases[i].turn);
    for (int i = 0; i < 200; i++) {
        struct lease *lease = &leases[rng_between(&rng, 0, MANY - 1)];
        left += !srv_lease_turn_is_in_order(&lease->turn);
        put(lease, rng_between(&rng, -100, 100));
        check_first();
    }
    drain(left);
}

static void each_may_end_before_all_that_came_earlier(void **state)
{
    (void)state;
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < MANY; i++)
            put(&leases[i], MANY - (time_ms)i / 2);
        drain(MANY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(empty_order_has_no_first, setup, teardown),
        cmocka_unit_test_setup_teardown(what_never_ends_is_in_no_order, setup, teardown),
        cmocka_unit_test_setup_teardown(of_equal_ends_the_first_in_is_the_first_out, setup, teardown),
        cmocka_unit_test_setup_teardown(there_are_no_more_runs_than_lifetimes, setup, teardown),
        cmocka_unit_test_setup_teardown(order_survives_whatever_comes, setup, teardown),
        cmocka_unit_test_setup_teardown(order_survives_whatever_comes, setup_few_runs, teardown),
        cmocka_unit_test_setup_teardown(each_may_end_before_all_that_came_earlier, setup, teardown),
        cmocka_unit_test_setup_teardown(each_may_end_before_all_that_came_earlier, setup_few_runs, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
