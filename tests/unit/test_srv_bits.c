#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "server/srv_bits.h"

static const size_t sizes[] = {1, 2, 63, 64, 65, 4095, 4096, 4097, 300000};

enum { N_SIZES = sizeof sizes / sizeof sizes[0] };

static void test_each_number_is_found_once(void **state)
{
    (void)state;
    for (size_t k = 0; k < N_SIZES; k++) {
        struct srv_bits b;
        assert_true(srv_bits_init(&b, sizes[k]));
        for (size_t i = 0; i < sizes[k]; i++) {
            assert_int_equal(srv_bits_next_free(&b, 0), i);
            srv_bits_set(&b, i);
        }
        assert_int_equal(srv_bits_next_free(&b, 0), sizes[k]);
        srv_bits_clear(&b, sizes[k] - 1);
        assert_int_equal(srv_bits_next_free(&b, 0), sizes[k] - 1);
        srv_bits_fini(&b);
    }
}

/* From every place, against a search by eye. */
static void test_the_search_starts_anywhere(void **state)
{
    enum { N = 5000 };
    static bool taken[N];
    struct srv_bits b;
    unsigned luck = 1;
    (void)state;
    assert_true(srv_bits_init(&b, N));
    for (unsigned i = 0; i < N; i++) {
        luck = luck * 1103515245 + 12345;
        taken[i] = i / 700 % 2 == 0 || (luck >> 16) % 100 != 0; /* full stretches, and nearly full ones */
        if (taken[i])
            srv_bits_set(&b, i);
    }
    for (size_t from = 0; from <= N; from++) {
        size_t expected = from;
        while (expected < N && taken[expected])
            expected++;
        assert_int_equal(srv_bits_next_free(&b, from), expected);
    }
    srv_bits_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_number_is_found_once),
        cmocka_unit_test(test_the_search_starts_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
