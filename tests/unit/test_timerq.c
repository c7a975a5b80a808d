#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/rng.h"
#include "common/timerq.h"

enum { MANY = 2000 };

static void empty_queue_waits_for_nothing(void **state)
{
    (void)state;
    struct timerq q;
    timerq_init(&q);
    assert_null(timerq_first(&q));
    assert_true(timerq_deadline(&q) == TIME_NEVER);
    assert_null(timerq_pop_due(&q, TIME_NEVER));
    timerq_fini(&q);
}

static void fires_at_the_instant_and_not_before(void **state)
{
    (void)state;
    struct timerq q;
    timerq_init(&q);
    struct timerq_node node = {0};
    assert_int_equal(timerq_set(&q, &node, 1800000), 0);
    assert_true(timerq_is_set_for(&q, &node, 1800000));
    assert_false(timerq_is_set_for(&q, &node, 1799999));
    assert_null(timerq_pop_due(&q, 1799999));
    assert_ptr_equal(timerq_pop_due(&q, 1800000), &node);
    assert_false(timerq_is_set_for(&q, &node, 1800000));
    timerq_fini(&q);
}

static void equal_deadlines_fire_in_the_order_of_arming(void **state)
{
    (void)state;
    struct timerq q;
    timerq_init(&q);
    struct timerq_node nodes[20] = {{0}};
    for (int i = 0; i < 20; i++)
        assert_int_equal(timerq_set(&q, &nodes[i], 7), 0);
    assert_int_equal(timerq_set(&q, &nodes[3], 7), 0); /* armed again: now the last */
    for (int i = 0; i < 20; i++)
        if (i != 3)
            assert_ptr_equal(timerq_pop_due(&q, 7), &nodes[i]);
    assert_ptr_equal(timerq_pop_due(&q, 7), &nodes[3]);
    timerq_fini(&q);
}

static void never_disarms(void **state)
{
    (void)state;
    struct timerq q;
    timerq_init(&q);
    struct timerq_node node = {0};
    assert_int_equal(timerq_set(&q, &node, 5), 0);
    assert_int_equal(timerq_set(&q, &node, TIME_NEVER), 0);
    assert_false(timerq_is_set_for(&q, &node, 1800000));
    timerq_clear(&q, &node); /* twice is fine */
    assert_true(timerq_deadline(&q) == TIME_NEVER);
    timerq_fini(&q);
}

/* What the queue is to know of a timer. */
struct timed {
    struct timerq_node node; /* first: the queue hands it back */
    time_ms at;
    int n_before; /* armings */
};

static void arm(struct timerq *q, struct timed *timed, time_ms at)
{
    static int n_armed;
    timed->at = at;
    timed->n_before = n_armed++;
    assert_int_equal(timerq_set(q, &timed->node, at), 0);
}

static void order_survives_moving_and_clearing(void **state)
{
    (void)state;
    static struct timed all[MANY];
    struct rng rng;
    rng_init(&rng, 1, "timerq");
    struct timerq q;
    timerq_init(&q);
    assert_int_equal(timerq_reserve(&q, MANY), 0);
    for (int i = 0; i < MANY; i++)
        arm(&q, &all[i], rng_between(&rng, 0, 500));
    for (int i = 0; i < MANY; i += 3)
        arm(&q, &all[i], rng_between(&rng, -500, 500));
    size_t left = MANY;
    for (int i = 0; i < MANY; i += 7, left--)
        timerq_clear(&q, &all[i].node);
    struct timed last = {.at = INT64_MIN};
    for (; left > 0; left--) {
        const struct timed *timed = (const struct timed *)timerq_first(&q);
        assert_true(timerq_is_set_for(&q, &timed->node, timed->at));
        assert_false(timerq_is_set_for(&q, &timed->node, timed->at + 1));
        assert_true(timerq_deadline(&q) == timed->at);
        assert_ptr_equal(timerq_pop_due(&q, 500), &timed->node);
        assert_false(timerq_is_set_for(&q, &timed->node, timed->at));
        assert_true(timed->at > last.at || (timed->at == last.at && timed->n_before > last.n_before));
        last = *timed;
    }
    assert_null(timerq_first(&q));
    timerq_fini(&q);
}

/* Who moves a node from one queue to another, as a lease does when it expires, has reserved room in both. */
static void reserved_room_stays_while_the_queue_empties_and_fills(void **state)
{
    (void)state;
    static struct timerq_node nodes[MANY];
    struct timerq q;
    timerq_init(&q);
    assert_int_equal(timerq_reserve(&q, MANY), 0);
    const struct timerq_slot *heap = q.heap;
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < MANY; i++)
            assert_int_equal(timerq_set(&q, &nodes[i], i), 0);
        while (timerq_pop_due(&q, MANY) != NULL)
            assert_true(q.cap >= MANY);
    }
    assert_ptr_equal(q.heap, heap); /* no memory was asked for: none can be out */
    timerq_fini(&q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_queue_waits_for_nothing),
        cmocka_unit_test(fires_at_the_instant_and_not_before),
        cmocka_unit_test(equal_deadlines_fire_in_the_order_of_arming),
        cmocka_unit_test(never_disarms),
        cmocka_unit_test(order_survives_moving_and_clearing),
        cmocka_unit_test(reserved_room_stays_while_the_queue_empties_and_fills),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
