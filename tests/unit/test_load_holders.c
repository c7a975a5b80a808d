#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lab/load_holders.h"

static void test_the_last_client_of_an_address_is_found(void **state)
{
    (void)state;
    struct load_holders h;
    assert_int_equal(load_holders_init(&h, 10), 0);
    assert_true(load_holders_find(&h, 7) == LOAD_NOBODY);
    load_holders_put(&h, 7, 3);
    load_holders_put(&h, 7, 4);
    assert_int_equal(load_holders_find(&h, 7), 4);
    assert_int_equal(h.used, 1);
    load_holders_clear(&h);
    assert_true(load_holders_find(&h, 7) == LOAD_NOBODY);
    load_holders_fini(&h);
}

static void test_until_it_is_full_every_address_is_kept(void **state)
{
    (void)state;
    struct load_holders h;
    assert_int_equal(load_holders_init(&h, 1000), 0);
    uint32_t n = 0;
    for (; !load_holders_is_full(&h); n++)
        load_holders_put(&h, 0x0a000000 + n * 256, n);
    assert_true(n > 2000); /* twice the clients, at least */
    for (uint32_t i = 0; i < n; i++)
        assert_int_equal(load_holders_find(&h, 0x0a000000 + i * 256), i);
    load_holders_fini(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_last_client_of_an_address_is_found),
        cmocka_unit_test(test_until_it_is_full_every_address_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
