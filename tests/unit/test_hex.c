#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/hex.h"

static void a_digit_is_its_value_and_all_else_is_none(void **state)
{
    (void)state;
    static const char lower[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";
    for (int c = -128; c <= 127; c++) {
        const char *at = c == 0 ? NULL : strchr(lower, c);
        const char *upper_at = c == 0 ? NULL : strchr(upper, c);
        int value = at != NULL ? (int)(at - lower) : upper_at != NULL ? (int)(upper_at - upper) : -1;
        assert_int_equal(hex_digit((char)c), value);
    }
}

static void two_digits_are_an_octet(void **state)
{
    (void)state;
    for (unsigned octet = 0; octet <= UINT8_MAX; octet++) {
        char text[8];
        snprintf(text, sizeof text, "%02x7", octet);
        assert_int_equal(hex_octet(text), octet);
        snprintf(text, sizeof text, "%02X", octet);
        assert_int_equal(hex_octet(text), octet);
    }
}

/* What scanf takes for two hexadecimal digits, and more. */
static void all_else_is_none(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "1", "1g", "g1", " 1", "+1", "-1", "0x", "1 ", ":1"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_int_equal(hex_octet(texts[i]), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_digit_is_its_value_and_all_else_is_none),
        cmocka_unit_test(two_digits_are_an_octet),
        cmocka_unit_test(all_else_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
