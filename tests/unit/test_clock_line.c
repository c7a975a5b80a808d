#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock_line.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define S INT64_C(1000000) /* a second in microseconds */

static void the_machines_line_changes_nothing(void **state)
{
    (void)state;
    struct clock_line real = CLOCK_LINE_REAL;
    static const int64_t times[] = {0, 1, 999999, 7200 * S + 1, 99999999 * S};
    for (size_t i = 0; i < COUNT(times); i++) {
        assert_int_equal(clock_line_at(&real, times[i]), times[i]);
        assert_int_equal(clock_line_when(&real, times[i]), times[i]);
    }
}

static void a_line_goes_through_its_point_with_its_scale(void **state)
{
    (void)state;
    static const struct {
        struct clock_line line;
        int64_t boot_us, lab_us;
    } rows[] = {
        {{10 * S, 1810 * S, CLOCK_SCALE_ONE}, 10 * S, 1810 * S},      /* half an hour ahead */
        {{10 * S, 1810 * S, CLOCK_SCALE_ONE}, 11 * S, 1811 * S},      /* and as fast */
        {{10 * S, 1810 * S, 60 * CLOCK_SCALE_ONE}, 11 * S, 1870 * S}, /* a minute in a second */
        {{10 * S, 1810 * S, CLOCK_SCALE_ONE / 2}, 12 * S, 1811 * S},
        {{10 * S, 1810 * S, 0}, 9999 * S, 1810 * S},                            /* it stands */
        {{10 * S, 1810 * S, 60 * CLOCK_SCALE_ONE}, 0, 1810 * S},                /* before it begins */
        {{0, 0, CLOCK_SCALE_MAX}, 31536000 * S, INT64_C(86400) * 31536000 * S}, /* a year, a day a second */
        {{0, 0, CLOCK_SCALE_MIN}, 1500, 1},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(clock_line_at(&rows[i].line, rows[i].boot_us), rows[i].lab_us);
}

/* The timer of a deadline must not fire before the clock shows it, and not one microsecond later than it
 * must. */
static void when_is_the_first_microsecond_that_shows_it(void **state)
{
    (void)state;
    static const uint64_t scales[] = {CLOCK_SCALE_MIN,      1234,
                                      CLOCK_SCALE_ONE / 3,  CLOCK_SCALE_ONE,
                                      60 * CLOCK_SCALE_ONE, 3600 * CLOCK_SCALE_ONE + 1,
                                      CLOCK_SCALE_MAX};
    static const int64_t spans[] = {1,     2, 999,      1000,           1001,
                                    S - 1, S, 1800 * S, 604800 * S + 7, 4294967295 * S};
    for (size_t i = 0; i < COUNT(scales); i++)
        for (size_t k = 0; k < COUNT(spans); k++) {
            struct clock_line line = {5 * S, 77 * S, scales[i]};
            int64_t at = clock_line_when(&line, line.lab_us + spans[k]);
            if (at == INT64_MAX) /* a lease of 136 years on the slowest clock */
                continue;
            assert_true(clock_line_at(&line, at) >= line.lab_us + spans[k]);
            assert_true(clock_line_at(&line, at - 1) < line.lab_us + spans[k]);
        }
}

static void a_clock_that_stands_never_gets_there(void **state)
{
    (void)state;
    struct clock_line frozen = {5 * S, 77 * S, 0}, slow = {0, 0, CLOCK_SCALE_MIN};
    assert_int_equal(clock_line_when(&frozen, 77 * S + 1), INT64_MAX);
    assert_int_equal(clock_line_when(&frozen, 77 * S), 5 * S);
    assert_int_equal(clock_line_when(&frozen, 0), 5 * S);
    assert_int_equal(clock_line_when(&slow, INT64_MAX / 1000), INT64_MAX); /* what would not fit */
}

static void a_file_is_read_as_it_was_written(void **state)
{
    (void)state;
    static const struct clock_line rows[] = {
        {0, 0, CLOCK_SCALE_ONE},
        {7200 * S + 1, 9000 * S + 2, 60 * CLOCK_SCALE_ONE},
        {1, 2, 0},
        {9000000 * S, 3, 500000},
        {4, 5, CLOCK_SCALE_MAX},
        {6, 7, CLOCK_SCALE_MIN},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char buf[CLOCK_LINE_MAX];
        struct clock_line read = {-1, -1, 99};
        const char *text = clock_line_format(&rows[i], buf);
        assert_true(clock_line_parse(text, strlen(text), &read));
        assert_memory_equal(&read, &rows[i], sizeof read);
    }
    char buf[CLOCK_LINE_MAX];
    assert_string_equal(clock_line_format(&rows[1], buf),
                        "{ \"boot_us\": 7200000001, \"lab_us\": 9000000002, \"scale\": 60 }\n");
}

/* The file grows by a line with each move; whoever reads it may see its end only, and a line that is being
 * written. */
static void the_last_whole_line_holds(void **state)
{
    (void)state;
#define LINE(scale) "{ \"boot_us\": 1, \"lab_us\": 2, \"scale\": " #scale " }\n"
    static const struct {
        const char *text;
        uint64_t scale; /* 99: there is none */
    } rows[] = {
        {LINE(60), 60 * CLOCK_SCALE_ONE},
        {LINE(60) LINE(0), 0},
        {LINE(60) "{ \"boot_us\": 1, \"lab", 60 * CLOCK_SCALE_ONE},
        {"\"scale\": 7 }\n" LINE(60), 60 * CLOCK_SCALE_ONE},
        {LINE(60) "\n", 99},
        {"\"scale\": 7 }\n", 99},
        {"{ \"boot_us\": 1, \"lab_us\": 2, \"scale\": 1 }", 99}, /* not whole: its end is missing */
        {"\n", 99},
        {"", 99},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct clock_line line = {1, 2, 99};
        assert_int_equal(clock_line_parse_last(rows[i].text, strlen(rows[i].text), &line),
                         rows[i].scale != 99);
        assert_int_equal(line.scale, rows[i].scale);
    }
}

static void what_is_no_clock_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "{ \"boot_us\": 1, \"lab_us\": 2 }",
        "{ \"boot_us\": 1, \"lab_us\": \"2\", \"scale\": 1 }",
        "{ \"boot_us\": -1, \"lab_us\": 2, \"scale\": 1 }",
        "{ \"boot_us\": 1, \"lab_us\": 1e16, \"scale\": 1 }",
        "{ \"boot_us\": 1, \"lab_us\": 2, \"scale\": -1 }",
        "{ \"boot_us\": 1, \"lab_us\": 2, \"scale\": 86401 }",
        "{ \"boot_us\": 1, \"lab_us\": 2, \"scale\": 0.0001 }",
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct clock_line line = {1, 2, 3};
        assert_false(clock_line_parse(texts[i], strlen(texts[i]), &line));
        assert_int_equal(line.scale, 3);
    }
}

static void scales_are_decimals(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t scale;
        const char *shown;
    } rows[] = {
        {"0", 0, "0"},
        {"1", CLOCK_SCALE_ONE, "1"},
        {"60", 60 * CLOCK_SCALE_ONE, "60"},
        {"0.5", CLOCK_SCALE_ONE / 2, "0.5"},
        {"1.500000", 1500000, "1.5"},
        {"0.001", CLOCK_SCALE_MIN, "0.001"},
        {"86400", CLOCK_SCALE_MAX, "86400"},
        {"000060", 60 * CLOCK_SCALE_ONE, "60"},
    };
    static const char *const bad[] = {"",
                                      "-1",
                                      "x",
                                      "60x",
                                      "1.",
                                      ".5",
                                      "1..5",
                                      "0.0001",
                                      "0.0000001",
                                      "86400.000001",
                                      "86401",
                                      "1e3",
                                      " 1",
                                      "1 ",
                                      "9999999",
                                      "0.0000000001",
                                      "18446744073709551616"};
    for (size_t i = 0; i < COUNT(rows); i++) {
        char buf[CLOCK_SCALE_LEN];
        uint64_t scale = 99;
        assert_true(clock_scale_parse(rows[i].text, &scale));
        assert_int_equal(scale, rows[i].scale);
        assert_string_equal(clock_scale_format(scale, buf), rows[i].shown);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        uint64_t scale = 99;
        assert_false(clock_scale_parse(bad[i], &scale));
        assert_int_equal(scale, 99);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_machines_line_changes_nothing),
        cmocka_unit_test(a_line_goes_through_its_point_with_its_scale),
        cmocka_unit_test(when_is_the_first_microsecond_that_shows_it),
        cmocka_unit_test(a_clock_that_stands_never_gets_there),
        cmocka_unit_test(a_file_is_read_as_it_was_written),
        cmocka_unit_test(the_last_whole_line_holds),
        cmocka_unit_test(what_is_no_clock_is_refused),
        cmocka_unit_test(scales_are_decimals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
