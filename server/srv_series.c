#include "server/srv_series.h"

#include <stdio.h>
#include <stdlib.h>

void srv_series_start(struct srv_series *s, struct srv_series_limit limit, uint64_t counted, time_ms wall_ms)
{
    *s = (struct srv_series){
        .limit = limit, .counted = counted, .last = {.value = (int64_t)counted, .wall_ms = wall_ms}};
}

void srv_series_free(struct srv_series *s)
{
    free(s->older);
    s->older = NULL;
    s->n = s->cap = s->first = 0;
}

/* How many samples there may be beside the newest. */
static uint32_t room(const struct srv_series *s)
{
    uint32_t max = s->limit.max_count != 0 ? s->limit.max_count : SRV_SERIES_MAX;
    return (max < SRV_SERIES_MAX ? max : SRV_SERIES_MAX) - 1;
}

static void drop_oldest(struct srv_series *s)
{
    s->first = (s->first + 1) % s->cap;
    s->n--;
}

static void trim(struct srv_series *s, time_ms wall_ms)
{
    while (s->n > room(s))
        drop_oldest(s);
    while (s->limit.max_count == 0 && s->n > 0 &&
           s->older[s->first].wall_ms < wall_ms - (time_ms)s->limit.max_age_s * 1000)
        drop_oldest(s);
}

static bool grow(struct srv_series *s)
{
    uint32_t cap = s->cap == 0 ? 4 : s->cap * 2;
    struct srv_sample *older = malloc(cap * sizeof *older);
    if (older == NULL)
        return false;
    for (uint32_t i = 0; i < s->n; i++)
        older[i] = s->older[(s->first + i) % s->cap];
    free(s->older);
    s->older = older;
    s->first = 0;
    s->cap = cap;
    return true;
}

static void keep_last(struct srv_series *s)
{
    if (room(s) == 0 || (s->n == s->cap && s->cap <= room(s) && !grow(s)))
        return;
    if (s->n == s->cap)
        drop_oldest(s);
    s->older[(s->first + s->n++) % s->cap] = s->last;
}

void srv_series_add(struct srv_series *s, uint64_t counted, time_ms wall_ms)
{
    if (counted == s->counted)
        return;
    if (!s->is_removed)
        keep_last(s);
    s->is_removed = false;
    s->counted = counted;
    s->last = (struct srv_sample){(int64_t)(counted - s->zero), wall_ms};
    trim(s, wall_ms);
}

void srv_series_reset(struct srv_series *s, time_ms wall_ms)
{
    s->zero = s->counted;
    s->n = s->first = 0;
    s->last = (struct srv_sample){0, wall_ms};
}

void srv_series_remove(struct srv_series *s, time_ms wall_ms)
{
    srv_series_reset(s, wall_ms);
    s->is_removed = true;
}

void srv_series_set_limit(struct srv_series *s, struct srv_series_limit limit, time_ms wall_ms)
{
    s->limit = limit;
    trim(s, wall_ms);
}

char *srv_series_time(const struct clock_now *now, time_ms wall_ms, char out[SRV_SERIES_TIME_LEN])
{
    char iso[CLOCK_ISO_LEN];
    clock_iso(wall_ms, now->utc_offset_s, iso);
    snprintf(out, SRV_SERIES_TIME_LEN, "%.10s %.12s000", iso, iso + 11);
    return out;
}

static void put_sample(cJSON *list, const struct srv_sample *sample, const struct clock_now *now)
{
    char at[SRV_SERIES_TIME_LEN];
    cJSON *pair = cJSON_CreateArray();
    cJSON_AddItemToArray(pair, cJSON_CreateNumber((double)sample->value));
    cJSON_AddItemToArray(pair, cJSON_CreateString(srv_series_time(now, sample->wall_ms, at)));
    cJSON_AddItemToArray(list, pair);
}

cJSON *srv_series_report(struct srv_series *s, const struct clock_now *now)
{
    cJSON *list = cJSON_CreateArray();
    trim(s, now->wall_ms);
    put_sample(list, &s->last, now);
    for (uint32_t i = s->n; i-- > 0;)
        put_sample(list, &s->older[(s->first + i) % s->cap], now);
    return list;
}
