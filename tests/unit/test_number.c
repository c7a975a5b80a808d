#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/number.h"

static void digits_are_their_value(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t value;
    } rows[] = {
        {"0", 0},
        {"9", 9},
        {"010", 10}, /* not eight */
        {"4294967296", UINT64_C(1) << 32},
        {"18446744073709551615", UINT64_MAX},
        {"00000000000000000000000018446744073709551615", UINT64_MAX},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t value = ~rows[i].value;
        assert_true(number_parse(rows[i].text, 0, UINT64_MAX, &value));
        assert_int_equal(value, rows[i].value);
    }
}

/* Much of this strtoull() takes. */
static void all_else_is_none(void **state)
{
    (void)state;
    static const char *const texts[] = {"",   "-1",  "+1",  " 1",   "1 ",  "1.0", "1e3",
                                        "0x", "0x1", "one", "1one", "\n1", "/",   ":"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        uint64_t value = 7;
        uint32_t small = 7;
        assert_false(number_parse(texts[i], 0, UINT64_MAX, &value));
        assert_false(number_parse_u32(texts[i], 0, UINT32_MAX, &small));
        assert_int_equal(value, 7);
        assert_int_equal(small, 7);
    }
}

static void what_does_not_fit_is_none(void **state)
{
    (void)state;
    static const char *const texts[] = {"18446744073709551616", "18446744073709551620",
                                        "99999999999999999999", "184467440737095516150"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        uint64_t value = 7;
        assert_false(number_parse(texts[i], 0, UINT64_MAX, &value));
        assert_int_equal(value, 7);
    }
}

static void both_limits_belong_to_it(void **state)
{
    (void)state;
    uint64_t value = 0;
    assert_false(number_parse("9", 10, 12, &value));
    assert_true(number_parse("10", 10, 12, &value) && value == 10);
    assert_true(number_parse("12", 10, 12, &value) && value == 12);
    assert_false(number_parse("13", 10, 12, &value));
    uint32_t small = 0;
    assert_false(number_parse_u32("0", 1, UINT32_MAX, &small));
    assert_true(number_parse_u32("4294967295", 1, UINT32_MAX, &small) && small == UINT32_MAX);
    assert_false(number_parse_u32("4294967296", 1, UINT32_MAX, &small));
    assert_int_equal(small, UINT32_MAX);
}

static void what_is_behind_the_digits_is_left(void **state)
{
    (void)state;
    const char *text = "007-18446744073709551615";
    uint64_t value = 0;
    assert_true(number_take(&text, 0, UINT64_MAX, &value));
    assert_int_equal(value, 7);
    assert_string_equal(text, "-18446744073709551615");
    assert_false(number_take(&text, 0, UINT64_MAX, &value));
    assert_string_equal(text++, "-18446744073709551615");
    assert_false(number_take(&text, 0, UINT64_MAX - 1, &value));
    assert_string_equal(text, "18446744073709551615");
    assert_int_equal(value, 7);
    assert_true(number_take(&text, 0, UINT64_MAX, &value));
    assert_string_equal(text, "");
    assert_true(value == UINT64_MAX);
}

static void an_identifier_is_decimal_or_hexadecimal(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t value;
    } rows[] = {
        {"0", 0},
        {"010", 10}, /* not eight */
        {"4294967295", UINT32_MAX},
        {"0x0", 0},
        {"0x546a3bd2", 0x546a3bd2},
        {"0XFfFfFfFf", UINT32_MAX},
        {"0x0000000000010", 16},
    };
    static const char *const wrong[] = {"",  "x",    "0x",   "0x-1",       "-1",          "+1", " 1",
                                        "f", "0xfg", "0x 1", "4294967296", "0x100000000", "0o7"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t value = ~rows[i].value;
        assert_true(number_parse_id(rows[i].text, &value));
        assert_int_equal(value, rows[i].value);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        uint32_t value = 7;
        assert_false(number_parse_id(wrong[i], &value));
        assert_int_equal(value, 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digits_are_their_value),
        cmocka_unit_test(all_else_is_none),
        cmocka_unit_test(what_does_not_fit_is_none),
        cmocka_unit_test(both_limits_belong_to_it),
        cmocka_unit_test(what_is_behind_the_digits_is_left),
        cmocka_unit_test(an_identifier_is_decimal_or_hexadecimal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
