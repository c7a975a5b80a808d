#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/dhcp_opt_text.h"

static char buf[10];
static struct opt_text t;

static int setup(void **state)
{
    (void)state;
    dhcp_opt_text_init(&t, buf, sizeof buf);
    return 0;
}

static void test_pieces_follow_one_another(void **state)
{
    (void)state;
    dhcp_opt_text_put(&t, "1%d, ");
    dhcp_opt_text_add(&t, "%d", 23);
    assert_string_equal(buf, "1%d, 23");
    assert_int_equal(t.len, 7);
    dhcp_opt_text_put(&t, "");
    dhcp_opt_text_put(&t, "45");
    assert_string_equal(buf, "1%d, 2345"); /* full to the last octet */
    assert_false(t.cut);
}

static void test_what_is_too_long_ends_with_dots(void **state)
{
    (void)state;
    dhcp_opt_text_put(&t, "12345");
    dhcp_opt_text_put(&t, "67890");
    assert_string_equal(buf, "123456...");
    assert_true(t.cut);
    dhcp_opt_text_put(&t, "x");
    dhcp_opt_text_add(&t, "%d", 1);
    assert_string_equal(buf, "123456...");
}

static void test_it_is_cut_whichever_way_it_came(void **state)
{
    (void)state;
    dhcp_opt_text_add(&t, "%s", "1234567890");
    assert_string_equal(buf, "123456...");
    setup(NULL);
    dhcp_opt_text_put(&t, "12345678901234567890");
    assert_string_equal(buf, "123456...");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_pieces_follow_one_another, setup),
        cmocka_unit_test_setup(test_what_is_too_long_ends_with_dots, setup),
        cmocka_unit_test_setup(test_it_is_cut_whichever_way_it_came, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
