#include "common/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/text_format.h"

int64_t clock_wall_at(const struct clock_now *now, time_ms at)
{
    return at == TIME_NEVER ? TIME_NEVER : time_add(at, now->wall_ms - now->boot_ms);
}

void clock_iso(int64_t wall_ms, int32_t utc_offset_s, char *buf)
{
    int64_t local_ms = wall_ms + (int64_t)utc_offset_s * 1000;
    int64_t ms = local_ms % 1000;
    if (ms < 0)
        ms += 1000;
    time_t s = (time_t)((local_ms - ms) / 1000);
    struct tm tm;
    gmtime_r(&s, &tm);
    char date[24];
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
    unsigned minutes = (unsigned)abs(utc_offset_s) / 60;
    snprintf(buf, CLOCK_ISO_LEN, "%s.%03d%c%02u:%02u", date, (int)ms, utc_offset_s < 0 ? '-' : '+',
             minutes / 60 % 24, minutes % 60);
}

void clock_span(uint32_t s, char *buf)
{
    static const struct {
        uint32_t seconds;
        const char *unit;
    } units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
    if (s == LEASE_INFINITE) {
        text_format_print(buf, CLOCK_SPAN_LEN, "infinite");
        return;
    }
    if (s == 0) {
        text_format_print(buf, CLOCK_SPAN_LEN, "0 s");
        return;
    }
    size_t used = 0;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        uint32_t count = s / units[i].seconds;
        s %= units[i].seconds;
        if (count != 0)
            used += (size_t)text_format_print(buf + used, CLOCK_SPAN_LEN - used, "%s%u %s", used ? " " : "",
                                              count, units[i].unit);
    }
}
