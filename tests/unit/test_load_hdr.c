#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lab/load_hdr.h"

static struct load_hdr h;

static int start(void **state)
{
    (void)state;
    h = (struct load_hdr){0};
    return 0;
}

static void test_of_nothing_everything_is_0(void **state)
{
    (void)state;
    assert_int_equal(load_hdr_percentile(&h, 0.5), 0);
    assert_int_equal(h.max_us, 0);
}

static void test_small_values_are_exact(void **state)
{
    (void)state;
    for (uint64_t us = 0; us < 200; us++)
        load_hdr_add(&h, us);
    assert_int_equal(load_hdr_percentile(&h, 0), 0);
    assert_int_equal(load_hdr_percentile(&h, 0.5), 99);
    assert_int_equal(load_hdr_percentile(&h, 0.99), 197);
    assert_int_equal(load_hdr_percentile(&h, 1), 199);
    assert_int_equal(h.n, 200);
    assert_int_equal(h.sum_us, 199 * 100);
}

/* Over the whole range: never less than the value, and less than 1 % more. */
static void test_every_value_is_kept_to_one_percent(void **state)
{
    (void)state;
    for (uint64_t us = 1; us < (uint64_t)1 << 35; us = us * 5 / 4 + 1) {
        h = (struct load_hdr){0};
        load_hdr_add(&h, us);
        load_hdr_add(&h, us * 2);
        uint64_t told = load_hdr_percentile(&h, 0.5);
        assert_true(told >= us);
        assert_true(told - us <= us / 100);
    }
}

static void test_the_extremes_are_exact(void **state)
{
    (void)state;
    load_hdr_add(&h, 1000003);
    load_hdr_add(&h, 777777);
    assert_int_equal(h.min_us, 777777);
    assert_int_equal(h.max_us, 1000003);
    assert_int_equal(load_hdr_percentile(&h, 1), 1000003);
}

static void test_a_rare_long_delay_is_seen_by_the_high_percentiles_only(void **state)
{
    (void)state;
    for (int i = 0; i < 9980; i++)
        load_hdr_add(&h, 100);
    for (int i = 0; i < 20; i++)
        load_hdr_add(&h, 50000);
    assert_int_equal(load_hdr_percentile(&h, 0.5), 100);
    assert_int_equal(load_hdr_percentile(&h, 0.99), 100);
    assert_int_equal(load_hdr_percentile(&h, 0.999), 50000);
}

static void test_what_is_too_long_counts_as_the_longest(void **state)
{
    (void)state;
    load_hdr_add(&h, UINT64_MAX);
    assert_int_equal(h.max_us, ((uint64_t)1 << LOAD_HDR_VALUE_BITS) - 1);
    assert_int_equal(h.counts[LOAD_HDR_PLACES - 1], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_of_nothing_everything_is_0, start),
        cmocka_unit_test_setup(test_small_values_are_exact, start),
        cmocka_unit_test_setup(test_every_value_is_kept_to_one_percent, start),
        cmocka_unit_test_setup(test_the_extremes_are_exact, start),
        cmocka_unit_test_setup(test_a_rare_long_delay_is_seen_by_the_high_percentiles_only, start),
        cmocka_unit_test_setup(test_what_is_too_long_counts_as_the_longest, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
