/* Time as a value. The engines never ask what time it is: every call that acts is told. */
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef int64_t time_ms; /* milliseconds on the boot-time clock, or a duration in milliseconds */

#define TIME_NEVER INT64_MAX /* a deadline that never comes */

/* RFC 2131 3.3: "the value 0xffffffff ... is reserved to represent infinity" */
#define LEASE_INFINITE UINT32_MAX

/* Both clocks at one moment. The boot-time clock drives timers and counts suspended time; the wall clock is
 * only shown to people and stored on disk. */
struct clock_now {
    time_ms boot_ms;
    int64_t wall_ms;      /* since 1970-01-01T00:00:00Z */
    int32_t utc_offset_s; /* local time minus UTC, for display */
};

/* a + b; TIME_NEVER if either is TIME_NEVER or the sum would pass it. */
static inline time_ms time_add(time_ms a, time_ms b)
{
    if (a == TIME_NEVER || b == TIME_NEVER || (b > 0 && a > TIME_NEVER - b))
        return TIME_NEVER;
    return a + b;
}

/* A lease time of RFC 2132 9.2 (seconds) as a duration; LEASE_INFINITE gives TIME_NEVER. */
static inline time_ms time_from_lease_s(uint32_t lease_s)
{
    return lease_s == LEASE_INFINITE ? TIME_NEVER : (time_ms)lease_s * 1000;
}

/* The wall-clock instant (ms since 1970) at which the boot-time clock shows `at`, seen from `now`.
 * TIME_NEVER stays TIME_NEVER. */
int64_t clock_wall_at(const struct clock_now *now, time_ms at);

#define CLOCK_ISO_LEN 32
/* ISO 8601 with milliseconds and zone, "2026-11-21T08:15:30.250+01:00"; `buf` holds CLOCK_ISO_LEN bytes. */
void clock_iso(int64_t wall_ms, int32_t utc_offset_s, char *buf);

#define CLOCK_SPAN_LEN 48
/* A duration of `s` seconds for people: "45 s", "1 h", "1 d 2 h 3 min", "infinite". `buf` holds
 * CLOCK_SPAN_LEN. */
void clock_span(uint32_t s, char *buf);
