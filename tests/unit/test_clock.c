#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void sums_saturate_at_never(void **state)
{
    (void)state;
    static const struct {
        time_ms a, b, sum;
    } rows[] = {
        {0, 0, 0},
        {1000, 234, 1234},
        {1000, -234, 766},
        {-1000, -1, -1001},
        {TIME_NEVER, 0, TIME_NEVER},
        {0, TIME_NEVER, TIME_NEVER},
        {TIME_NEVER, -1, TIME_NEVER},
        {-1, TIME_NEVER, TIME_NEVER},
        {TIME_NEVER, TIME_NEVER, TIME_NEVER},
        {TIME_NEVER - 2, 1, TIME_NEVER - 1},
        {TIME_NEVER - 1, 1, TIME_NEVER},
        {TIME_NEVER - 1, 2, TIME_NEVER},
        {TIME_NEVER - 1, TIME_NEVER - 1, TIME_NEVER},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(time_add(rows[i].a, rows[i].b), rows[i].sum);
}

/* RFC 2131 3.3: "the value 0xffffffff ... is reserved to represent infinity" */
static void lease_times_are_seconds_and_one_is_infinite(void **state)
{
    (void)state;
    assert_int_equal(time_from_lease_s(0), 0);
    assert_int_equal(time_from_lease_s(3600), 3600000);
    assert_int_equal(time_from_lease_s(LEASE_INFINITE - 1), 4294967294000);
    assert_int_equal(time_from_lease_s(LEASE_INFINITE), TIME_NEVER);
}

static void an_instant_is_seen_on_the_wall_clock(void **state)
{
    (void)state;
    struct clock_now now = {.boot_ms = 5000, .wall_ms = 1700000000000};
    assert_int_equal(clock_wall_at(&now, 5000), 1700000000000);
    assert_int_equal(clock_wall_at(&now, 6500), 1700000001500);
    assert_int_equal(clock_wall_at(&now, 0), 1699999995000);
    assert_int_equal(clock_wall_at(&now, TIME_NEVER), TIME_NEVER);
    /* a machine whose wall clock was never set */
    now = (struct clock_now){.boot_ms = 90000, .wall_ms = 0};
    assert_int_equal(clock_wall_at(&now, 90250), 250);
    assert_int_equal(clock_wall_at(&now, TIME_NEVER), TIME_NEVER);
}

static void instants_print_as_iso_8601(void **state)
{
    (void)state;
    static const struct {
        int64_t wall_ms;
        int32_t utc_offset_s;
        const char *text;
    } rows[] = {
        {0, 0, "1970-01-01T00:00:00.000+00:00"},
        {1795245330250, 3600, "2026-11-21T08:15:30.250+01:00"},
        {1795245330250, 0, "2026-11-21T07:15:30.250+00:00"},
        {1795245330250, -12600, "2026-11-21T03:45:30.250-03:30"},
        {1795245330250, 20700, "2026-11-21T13:00:30.250+05:45"},
        {1795245330250, -1800, "2026-11-21T06:45:30.250-00:30"},
        {951782400000, 0, "2000-02-29T00:00:00.000+00:00"},
        {-1, 0, "1969-12-31T23:59:59.999+00:00"},
        {-1000, 0, "1969-12-31T23:59:59.000+00:00"},
        {0, -3600, "1969-12-31T23:00:00.000-01:00"},
        {253402300799999, 0, "9999-12-31T23:59:59.999+00:00"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char buf[CLOCK_ISO_LEN];
        clock_iso(rows[i].wall_ms, rows[i].utc_offset_s, buf);
        assert_string_equal(buf, rows[i].text);
    }
}

static void durations_print_for_people(void **state)
{
    (void)state;
    static const struct {
        uint32_t s;
        const char *text;
    } rows[] = {
        {0, "0 s"},
        {1, "1 s"},
        {45, "45 s"},
        {60, "1 min"},
        {61, "1 min 1 s"},
        {3600, "1 h"},
        {3601, "1 h 1 s"},
        {86400, "1 d"},
        {93780, "1 d 2 h 3 min"},
        {LEASE_INFINITE - 1, "49710 d 6 h 28 min 14 s"},
        {LEASE_INFINITE, "infinite"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char buf[CLOCK_SPAN_LEN];
        clock_span(rows[i].s, buf);
        assert_string_equal(buf, rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_saturate_at_never),
        cmocka_unit_test(lease_times_are_seconds_and_one_is_infinite),
        cmocka_unit_test(an_instant_is_seen_on_the_wall_clock),
        cmocka_unit_test(instants_print_as_iso_8601),
        cmocka_unit_test(durations_print_for_people),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
