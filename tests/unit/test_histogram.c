#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/histogram.h"

static void test_a_value_is_counted_under_the_first_bound_that_it_does_not_pass(void **state)
{
    (void)state;
    struct histogram h = {0};
    histogram_add(&h, 0, 1);
    histogram_add(&h, 50, 1);
    histogram_add(&h, 51, 3);
    histogram_add(&h, 10000000, 1);
    histogram_add(&h, 10000001, 1);
    assert_int_equal(h.counts[0], 2);
    assert_int_equal(h.counts[1], 3);
    assert_int_equal(h.counts[HISTOGRAM_BOUNDS - 1], 1);
    assert_int_equal(h.counts[HISTOGRAM_BOUNDS], 1);
    assert_int_equal(h.n, 7);
    assert_int_equal(h.sum_us, 20000204);
}

static void test_bounds_grow(void **state)
{
    (void)state;
    for (size_t i = 1; i < HISTOGRAM_BOUNDS; i++)
        assert_true(histogram_bounds_us[i] > histogram_bounds_us[i - 1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_value_is_counted_under_the_first_bound_that_it_does_not_pass),
        cmocka_unit_test(test_bounds_grow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
