/* The values that one statistic had, the newest first, as Kea keeps them: so many, or so old. Pure. */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"

enum { SRV_SERIES_MAX = 1000 }; /* samples of one statistic, whatever it is told to keep */

struct srv_sample {
    int64_t value;
    time_ms wall_ms;
};

/* How many samples to keep; 0: those of the last max_age_s. */
struct srv_series_limit {
    uint32_t max_count, max_age_s;
};

struct srv_series {
    struct srv_series_limit limit;
    uint64_t counted;         /* what was counted when the last sample was taken */
    uint64_t zero;            /* what was counted when it was last reset */
    bool is_removed;          /* until it changes */
    struct srv_sample last;   /* the newest */
    struct srv_sample *older; /* a ring of `cap`; NULL while there are none */
    uint32_t first, n, cap;
};

/* The first sample is what is counted now. */
void srv_series_start(struct srv_series *s, struct srv_series_limit limit, uint64_t counted, time_ms wall_ms);
void srv_series_free(struct srv_series *s);
/* Takes a sample if the count is not what it was. An older sample is lost if there is no memory for it. */
void srv_series_add(struct srv_series *s, uint64_t counted, time_ms wall_ms);
/* The only sample is 0 now. */
void srv_series_reset(struct srv_series *s, time_ms wall_ms);
/* It is not there until it changes; then it starts from 0. */
void srv_series_remove(struct srv_series *s, time_ms wall_ms);
void srv_series_set_limit(struct srv_series *s, struct srv_series_limit limit, time_ms wall_ms);
/* [[value, "2026-11-21 08:00:00.000000"], ...] */
cJSON *srv_series_report(struct srv_series *s, const struct clock_now *now);
/* As Kea writes a time. */
enum { SRV_SERIES_TIME_LEN = CLOCK_ISO_LEN + 8 };
char *srv_series_time(const struct clock_now *now, time_ms wall_ms, char out[SRV_SERIES_TIME_LEN]);
