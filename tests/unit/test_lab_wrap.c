/* Long lines on a narrow terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lab/wrap.h"

static void expect_wrapped(const char *text, unsigned width, const char *expected)
{
    char *wrapped = wrap_text(text, width);
    assert_non_null(wrapped);
    assert_string_equal(wrapped, expected);
    free(wrapped);
}

static void test_options(void **state)
{
    (void)state;
    static const char option[] =
        "     55 parameter-request-list  4  subnet-mask (1), routers (3), domain-name (15)\n";
    expect_wrapped(option, 0, option);
    expect_wrapped(option, 81, option);
    expect_wrapped(option, 60,
                   "     55 parameter-request-list  4  subnet-mask (1), routers\n"
                   "                                   (3), domain-name (15)\n");
    /* Too narrow for a value behind the name. */
    expect_wrapped("     55 parameter-request-list  4  subnet-mask (1), routers (3)\n", 40,
                   "     55 parameter-request-list  4\n"
                   "        subnet-mask (1), routers (3)\n");
    expect_wrapped("     43 v  9  00112233445566778899\n", 24,
                   "     43 v  9\n"
                   "        0011223344556677\n"
                   "        8899\n");
}

static void test_colors_take_no_room(void **state)
{
    (void)state;
    expect_wrapped("\x1b[36m     12\x1b[0m host-name  2  aaaa bbbb\n", 28,
                   "\x1b[36m     12\x1b[0m host-name  2  aaaa\n"
                   "        bbbb\n");
}

static void test_one_line(void **state)
{
    static const struct {
        unsigned indent, width;
        const char *wrapped;
    } rows[] = {
        {4, 0, "12345 one two three\n"},
        {4, 19, "12345 one two three\n"},
        {4, 24, "12345 one two three\n"},
        {4, 25, "12345 one two three\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *wrapped = wrap_line("12345 one two three\n", rows[i].indent, rows[i].width);
        assert_string_equal(wrapped, rows[i].wrapped);
        free(wrapped);
    }
    char *wrapped = wrap_line("12345 one two three four five six\n", 10, 26);
    assert_string_equal(wrapped, "12345 one two three four\n          five six\n");
    free(wrapped);
    wrapped = wrap_line("12345 one two three four five six\n", 11, 26); /* that leaves less than 16 columns */
    assert_string_equal(wrapped, "12345 one two three four\n        five six\n");
    free(wrapped);
}

static void test_other_lines_stay(void **state)
{
    (void)state;
    static const char line[] = "08:57:57.405 server   lease-new       new lease of 10.77.0.100 for 1 h\n";
    expect_wrapped(line, 40, line);
    expect_wrapped("", 40, "");
    expect_wrapped("no newline", 5, "no newline");
    char longest[3000];
    memset(longest, 'x', sizeof longest - 1);
    longest[0] = ' ';
    longest[sizeof longest - 1] = '\0';
    expect_wrapped(longest, 0, longest);
    for (unsigned width = 1; width < 100; width++)
        free(wrap_text("     55 a  4  b c d\n    f\n         \n", width));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_colors_take_no_room),
        cmocka_unit_test(test_one_line),
        cmocka_unit_test(test_other_lines_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
