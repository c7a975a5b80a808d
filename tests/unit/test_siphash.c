#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/siphash.h"

/* The key 00 01 02 ... 0f, as in the paper's appendix A. */
static const struct siphash_key key = {0x0706050403020100U, 0x0f0e0d0c0b0a0908U};

/* The input 00 01 02 ... of 0, 1, 7, 8 and 15 octets; 2-4 of the last one is the paper's example. */
static void test_vectors(void **state)
{
    (void)state;
    static const struct {
        size_t len;
        uint64_t hash, hash_1_3;
    } rows[] = {
        {0, 0x726fdb47dd0e0e31U, 0xabac0158050fc4dcU},  {1, 0x74f839c593dc67fdU, 0xc9f49bf37d57ca93U},
        {7, 0xab0200f58b01d137U, 0xd3927d989bb11140U},  {8, 0x93f5f5799a932462U, 0x369095118d299a8eU},
        {15, 0xa129ca6149be45e5U, 0xd320d86d2a519956U},
    };
    uint8_t input[16];
    for (size_t i = 0; i < sizeof input; i++)
        input[i] = (uint8_t)i;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(siphash(&key, input, rows[i].len) == rows[i].hash);
        assert_true(siphash_1_3(&key, input, rows[i].len) == rows[i].hash_1_3);
    }
}

static void test_another_key_is_another_hash(void **state)
{
    (void)state;
    const struct siphash_key low = {key.k0 + 1, key.k1}, high = {key.k0, key.k1 + 1};
    assert_true(siphash(&key, "client", 6) == siphash(&key, "client", 6));
    assert_true(siphash(&key, "client", 6) != siphash(&low, "client", 6));
    assert_true(siphash(&key, "client", 6) != siphash(&high, "client", 6));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_another_key_is_another_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
