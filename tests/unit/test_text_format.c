/* text_format() beside the system's vsnprintf(), whose words it must say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "common/text_format.h"

/* Both, at every size of the buffer up to one that is large enough. */
static void check(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void check(const char *format, ...)
{
    char ours[128], theirs[128];
    va_list args, again;
    for (size_t cap = 1; cap < sizeof ours; cap++) {
        memset(ours, '#', sizeof ours);
        va_start(args, format);
        va_copy(again, args);
        assert_int_equal(text_format(ours, cap, format, args), vsnprintf(theirs, cap, format, again));
        assert_string_equal(ours, theirs);
        assert_int_equal(ours[cap], '#');
        va_end(again);
        va_end(args);
    }
}

static void numbers(void **state)
{
    static const unsigned values[] = {0, 9, 10, 99, 100, 101, 999, 1000, 65535, 1234567890, UINT_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        check("%u|%5u|%05u|%x|%08x|%2x", values[i], values[i], values[i], values[i], values[i], values[i]);
        check("%d %d %6d %06d", (int)values[i], -(int)(values[i] / 2), -(int)(values[i] / 2),
              -(int)(values[i] / 2));
        check("%zu %zx", (size_t)values[i] << 20, (size_t)values[i] << 20);
    }
    check("%d %zu", INT_MIN, SIZE_MAX);
}

static void digits_alone(void **state)
{
    char ours[64], theirs[64];
    (void)state;
    for (unsigned long long value = 0; value < 1ULL << 63; value = value < 1100 ? value + 1 : value * 3 + 7) {
        snprintf(theirs, sizeof theirs, "%llu", value);
        memset(ours, '#', sizeof ours);
        char *end = text_format_number(ours, value);
        assert_int_equal(ours[24], '#');
        *end = '\0';
        assert_string_equal(ours, theirs);
    }
    assert_int_equal(text_format_number(ours, ULLONG_MAX) - ours, 20);
    assert_int_equal(text_format_print(ours, 4, "%u%s", 12, "345"), 5);
    assert_string_equal(ours, "123");
}

static void texts(void **state)
{
    (void)state;
    check("no conversion");
    check("%s", "");
    check("a %s of %c%c, 100%%", "word", 'x', 'y');
    check("%s%s%s", "one", "two", "three");
}

/* What it leaves to vsnprintf(). */
static void others(void **state)
{
    (void)state;
    check("%.3s %-8s| %8s|", "abcdef", "left", "right");
    check("%5.2f %ld %lld", 1.5, -1L, 1LL << 40);
    check("%s %*d %+d", "then", 7, 5, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test(digits_alone),
        cmocka_unit_test(texts),
        cmocka_unit_test(others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
