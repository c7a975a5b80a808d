#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "server/srv_shuffle.h"

static const struct siphash_key key = {0x0706050403020100, 0x0f0e0d0c0b0a0908};

static void test_each_number_has_one_place(void **state)
{
    static const uint64_t sizes[] = {1, 2, 3, 15, 16, 17, 255, 1000, 70000};
    static bool seen[70000];
    (void)state;
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
        struct srv_shuffle s;
        srv_shuffle_init(&s, &key, 7, sizes[k]);
        memset(seen, 0, sizeof seen);
        for (uint32_t place = 0; place < sizes[k]; place++) {
            uint32_t number = srv_shuffle_at(&s, place);
            assert_true(number < sizes[k]);
            assert_false(seen[number]);
            seen[number] = true;
            assert_int_equal(srv_shuffle_place(&s, number), place);
        }
    }
}

static void test_all_addresses_of_the_internet(void **state)
{
    static const uint32_t numbers[] = {0, 1, 0x0a000001, 0x7fffffff, 0xffffffff};
    struct srv_shuffle s;
    (void)state;
    srv_shuffle_init(&s, &key, 0, UINT64_C(1) << 32);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        assert_int_equal(srv_shuffle_at(&s, srv_shuffle_place(&s, numbers[i])), numbers[i]);
}

/* Over many keys each of ten numbers is first, and each is last, about as often: with nine degrees of
 * freedom, chi square is above 27.9 in one of a thousand cases, and the keys are always the same. */
static void test_no_number_is_preferred(void **state)
{
    enum { N = 10, KEYS = 10000 };
    unsigned first[N] = {0}, last[N] = {0};
    double chi_first = 0, chi_last = 0;
    (void)state;
    for (uint64_t i = 0; i < KEYS; i++) {
        struct srv_shuffle s;
        srv_shuffle_init(&s, &(struct siphash_key){i, 0}, 0, N);
        first[srv_shuffle_at(&s, 0)]++;
        last[srv_shuffle_at(&s, N - 1)]++;
    }
    for (int i = 0; i < N; i++) {
        double expected = (double)KEYS / N;
        chi_first += (first[i] - expected) * (first[i] - expected) / expected;
        chi_last += (last[i] - expected) * (last[i] - expected) / expected;
    }
    assert_true(chi_first < 27.9);
    assert_true(chi_last < 27.9);
}

static void test_key_and_salt_change_the_order(void **state)
{
    struct srv_shuffle one, other_salt, other_key;
    unsigned same_salt = 0, same_key = 0;
    (void)state;
    srv_shuffle_init(&one, &key, 1, 1000);
    srv_shuffle_init(&other_salt, &key, 2, 1000);
    srv_shuffle_init(&other_key, &(struct siphash_key){1, 2}, 1, 1000);
    for (uint32_t i = 0; i < 1000; i++) {
        same_salt += srv_shuffle_at(&one, i) == srv_shuffle_at(&other_salt, i);
        same_key += srv_shuffle_at(&one, i) == srv_shuffle_at(&other_key, i);
    }
    assert_true(same_salt < 10);
    assert_true(same_key < 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_number_has_one_place),
        cmocka_unit_test(test_all_addresses_of_the_internet),
        cmocka_unit_test(test_no_number_is_preferred),
        cmocka_unit_test(test_key_and_salt_change_the_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
