#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/rng.h"

/* The first outputs of SplitMix64 from the state 1234567, as its authors' reference program prints them. */
static void the_numbers_are_those_of_splitmix64(void **state)
{
    (void)state;
    static const uint64_t expected[] = {
        6457827717110365317U, 3203168211198807973U,  9817491932198370423U,
        4593380528125082431U, 16408922859458223821U,
    };
    struct rng r = {.state = 1234567};
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        assert_true(rng_u64(&r) == expected[i]);
}

static void a_stream_repeats_and_differs_from_its_neighbours(void **state)
{
    (void)state;
    static const struct {
        uint64_t seed;
        const char *name;
    } owners[] = {{1, "h1"}, {1, "h2"}, {2, "h1"}, {1, "h1 "}, {1, ""}, {0, ""}, {0, "1h"}};
    enum { N = sizeof owners / sizeof owners[0] };
    uint64_t first[N];
    for (size_t i = 0; i < N; i++) {
        struct rng a, b;
        rng_init(&a, owners[i].seed, owners[i].name);
        rng_init(&b, owners[i].seed, owners[i].name);
        first[i] = rng_u64(&a);
        assert_true(first[i] == rng_u64(&b));
        for (int n = 0; n < 100; n++)
            assert_true(rng_u64(&a) == rng_u64(&b));
        for (size_t j = 0; j < i; j++)
            assert_true(first[i] != first[j]);
    }
}

static void both_ends_are_drawn_and_nothing_outside(void **state)
{
    (void)state;
    struct rng r;
    rng_init(&r, 7, "dice");
    unsigned counts[6] = {0};
    for (int i = 0; i < 60000; i++) {
        int64_t value = rng_between(&r, -2, 3);
        assert_true(value >= -2 && value <= 3);
        counts[value + 2]++;
    }
    for (int i = 0; i < 6; i++) /* 10000 each; five standard deviations are 456 */
        assert_in_range(counts[i], 9544, 10456);
}

static void a_range_of_one_has_no_choice(void **state)
{
    (void)state;
    struct rng r;
    rng_init(&r, 7, "one");
    static const int64_t values[] = {0, -1, 42, INT64_MIN, INT64_MAX};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        assert_true(rng_between(&r, values[i], values[i]) == values[i]);
}

/* Their spans pass INT64_MAX: the sum of start and distance must not be taken in signed numbers. */
static void ranges_wider_than_half_of_all_numbers_keep_their_ends(void **state)
{
    (void)state;
    static const struct {
        int64_t low, high;
    } rows[] = {
        {INT64_MIN, INT64_MAX},
        {INT64_MIN, INT64_MAX - 1},
        {INT64_MIN + 1, INT64_MAX},
        {INT64_MIN, 0},
        {-1, INT64_MAX},
        {INT64_MIN / 2 - 1, INT64_MAX / 2 + 1},
    };
    struct rng r;
    rng_init(&r, 7, "wide");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool below = false, above = false;
        int64_t middle = rows[i].low / 2 + rows[i].high / 2;
        for (int n = 0; n < 1000; n++) {
            int64_t value = rng_between(&r, rows[i].low, rows[i].high);
            assert_true(value >= rows[i].low && value <= rows[i].high);
            below |= value < middle;
            above |= value > middle;
        }
        assert_true(below && above);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_numbers_are_those_of_splitmix64),
        cmocka_unit_test(a_stream_repeats_and_differs_from_its_neighbours),
        cmocka_unit_test(both_ends_are_drawn_and_nothing_outside),
        cmocka_unit_test(a_range_of_one_has_no_choice),
        cmocka_unit_test(ranges_wider_than_half_of_all_numbers_keep_their_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
