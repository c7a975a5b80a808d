#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/hash.h"

/* Addresses of one subnet, which differ in few bits, must not meet in few buckets. */
static void neighbours_spread_over_the_buckets(void **state)
{
    (void)state;
    enum { N = 4096, BUCKETS = 1024 };
    unsigned of_number[BUCKETS] = {0}, of_octets[BUCKETS] = {0};
    for (uint32_t i = 0; i < N; i++) {
        uint8_t mac[6] = {2, 0, 0, 0, (uint8_t)(i >> 8), (uint8_t)i};
        of_number[hash_u64(0x0a000000U + i) % BUCKETS]++;
        of_octets[hash_bytes(1, mac, sizeof mac) % BUCKETS]++;
    }
    for (unsigned i = 0; i < BUCKETS; i++)
        assert_true(of_number[i] < 5 * N / BUCKETS && of_octets[i] < 5 * N / BUCKETS);
}

static void length_and_start_count(void **state)
{
    (void)state;
    static const uint8_t zeros[2] = {0, 0};
    assert_true(hash_bytes(0, zeros, 1) != hash_bytes(0, zeros, 2));
    assert_true(hash_bytes(0, zeros, 1) != hash_bytes(1, zeros, 1));
    assert_true(hash_bytes(7, zeros, 2) == hash_bytes(7, zeros, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neighbours_spread_over_the_buckets),
        cmocka_unit_test(length_and_start_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
