#include "lab/load_report.h"

#include <string.h>

static const char *const tokens[LOAD_EXCHANGES] = {
#define X(name, token, title) [name] = token,
    LOAD_EXCHANGE_MAP(X)
#undef X
};
static const char *const titles[LOAD_EXCHANGES] = {
#define X(name, token, title) [name] = title,
    LOAD_EXCHANGE_MAP(X)
#undef X
};
static const char *const fault_tokens[LOAD_FAULTS] = {
#define X(name, token, text) [name] = token,
    LOAD_FAULT_MAP(X)
#undef X
};
static const char *const fault_texts[LOAD_FAULTS] = {
#define X(name, token, text) [name] = text,
    LOAD_FAULT_MAP(X)
#undef X
};
static const char *const job_tokens[LOAD_JOBS] = {
    [LOAD_DORA] = "dora", [LOAD_RENEW] = "renew", [LOAD_RELEASE] = "release"};

static const struct {
    const char *name, *key;
    double share;
} percentiles[] = {
    {"p50", "p50_ms", 0.5}, {"p90", "p90_ms", 0.9}, {"p99", "p99_ms", 0.99}, {"p99.9", "p99_9_ms", 0.999}};
enum { PERCENTILES = sizeof percentiles / sizeof percentiles[0] };

static double ms(uint64_t us)
{
    return (double)us / 1000;
}

static double ratio(double part, double whole)
{
    return whole > 0 ? part / whole : 0;
}

static double average_ms(const struct load_hdr *h)
{
    return ratio((double)h->sum_us / 1000, (double)h->n);
}

static double seconds(const struct load_stats *s)
{
    return (double)(s->ended_us - s->begun_us) / 1e6;
}

static uint64_t jobs_done(const struct load_stats *s)
{
    return s->done[LOAD_DORA] + s->done[LOAD_RENEW] + s->done[LOAD_RELEASE];
}

/* ---- text ---- */

static void add_delay(struct text *t, const struct load_hdr *h)
{
    text_add(t, "\nmin delay: %.3f ms\navg delay: %.3f ms\nmax delay: %.3f ms\n", ms(h->min_us),
             average_ms(h), ms(h->max_us));
    for (int i = 0; i < PERCENTILES; i++)
        text_add(t, "%s delay: %.3f ms\n", percentiles[i].name,
                 ms(load_hdr_percentile(h, percentiles[i].share)));
    text_add(t, "collected packets: %llu\n", (unsigned long long)h->n);
}

static void add_exchange(struct text *t, enum load_exchange exchange, const struct load_count *c)
{
    if (c->sent == 0 && c->orphans == 0)
        return;
    text_add(t, "\n***Statistics for: %s***\nsent packets: %llu\n", titles[exchange],
             (unsigned long long)c->sent);
    if (exchange == LOAD_RELEASE_ONLY)
        return;
    text_add(
        t,
        "received packets: %llu\ndrops: %llu\ndrops ratio: %.3f %%\norphans: %llu\nrejected leases: %llu\n"
        "non unique addresses: %llu\n",
        (unsigned long long)c->received, (unsigned long long)c->drops,
        100 * ratio((double)c->drops, (double)c->sent), (unsigned long long)c->orphans,
        (unsigned long long)c->rejected, (unsigned long long)c->duplicates);
    add_delay(t, &c->delay);
}

static void add_faults(struct text *t, const struct load_stats *s)
{
    for (int i = 0; i < LOAD_FAULTS; i++)
        if (s->faults[i] > 0)
            text_add(t, "rejected: %s: %llu\n", fault_texts[i], (unsigned long long)s->faults[i]);
    if (s->unreadable > 0)
        text_add(t, "no answer of a DHCP server: %llu\n", (unsigned long long)s->unreadable);
    if (s->late > 0)
        text_add(t, "not begun in time, since every client was busy, or this generator: %llu\n",
                 (unsigned long long)s->late);
}

void load_report_text(struct text *out, const struct load_settings *settings, const struct load_stats *s)
{
    text_put(out, "***Rate statistics***\n");
    text_add(out, "Rate: %.1f exchanges/second", ratio((double)s->done_in_time, seconds(s)));
    if (settings->rate > 0)
        text_add(out, ", expected rate: %llu\n", (unsigned long long)settings->rate);
    else
        text_add(out, ", window: %lu\n", (unsigned long)settings->window);
    text_add(out, "completed: %llu in %.3f s (dora %llu, renew %llu, release %llu)\n",
             (unsigned long long)jobs_done(s), seconds(s), (unsigned long long)s->done[LOAD_DORA],
             (unsigned long long)s->done[LOAD_RENEW], (unsigned long long)s->done[LOAD_RELEASE]);
    add_faults(out, s);
    for (int i = 0; i < LOAD_EXCHANGES; i++)
        add_exchange(out, (enum load_exchange)i, &s->exchanges[i]);
    if (s->dora.n > 0) {
        text_put(out, "\n***Statistics for: DISCOVER-ACK, all four messages***\n");
        add_delay(out, &s->dora);
    }
}

/* ---- JSON ---- */

static void put_number(cJSON *map, const char *key, double value)
{
    cJSON_AddNumberToObject(map, key, value);
}

static void put_delay(cJSON *map, const struct load_hdr *h)
{
    cJSON *delay = cJSON_AddObjectToObject(map, "delay");
    put_number(delay, "count", (double)h->n);
    put_number(delay, "min_ms", ms(h->min_us));
    put_number(delay, "avg_ms", average_ms(h));
    for (int i = 0; i < PERCENTILES; i++)
        put_number(delay, percentiles[i].key, ms(load_hdr_percentile(h, percentiles[i].share)));
    put_number(delay, "max_ms", ms(h->max_us));
}

static void put_exchange(cJSON *map, enum load_exchange exchange, const struct load_count *c)
{
    cJSON *one = cJSON_AddObjectToObject(map, tokens[exchange]);
    put_number(one, "sent", (double)c->sent);
    put_number(one, "received", (double)c->received);
    put_number(one, "drops", (double)c->drops);
    put_number(one, "orphans", (double)c->orphans);
    put_number(one, "rejected", (double)c->rejected);
    put_number(one, "non_unique", (double)c->duplicates);
    put_delay(one, &c->delay);
}

static void put_settings(cJSON *map, const struct load_settings *s)
{
    put_number(map, "clients", s->clients);
    put_number(map, "preload", s->preload);
    put_number(map, "rate", (double)s->rate);
    put_number(map, "window", s->rate > 0 ? 0 : s->window);
    put_number(map, "drop_time_s", (double)s->drop_us / 1e6);
    put_number(map, "seed", (double)s->seed);
    cJSON *mix = cJSON_AddObjectToObject(map, "mix");
    for (int i = 0; i < LOAD_JOBS; i++)
        put_number(mix, job_tokens[i], s->mix[i]);
}

cJSON *load_report_json(const struct load_settings *settings, const struct load_stats *s)
{
    cJSON *map = cJSON_CreateObject();
    put_settings(cJSON_AddObjectToObject(map, "settings"), settings);
    put_number(map, "duration_s", seconds(s));
    put_number(map, "rate", ratio((double)s->done_in_time, seconds(s)));
    cJSON *done = cJSON_AddObjectToObject(map, "completed");
    for (int i = 0; i < LOAD_JOBS; i++)
        put_number(done, job_tokens[i], (double)s->done[i]);
    cJSON *faults = cJSON_AddObjectToObject(map, "rejected");
    for (int i = 0; i < LOAD_FAULTS; i++)
        put_number(faults, fault_tokens[i], (double)s->faults[i]);
    put_number(map, "unreadable", (double)s->unreadable);
    put_number(map, "late", (double)s->late);
    cJSON *exchanges = cJSON_AddObjectToObject(map, "exchanges");
    for (int i = 0; i < LOAD_EXCHANGES; i++)
        put_exchange(exchanges, (enum load_exchange)i, &s->exchanges[i]);
    put_delay(cJSON_AddObjectToObject(map, "dora"), &s->dora);
    cJSON_AddBoolToObject(map, "ok", load_stats_is_good(s));
    return map;
}

/* ---- progress ---- */

struct load_progress load_report_state(const struct load_stats *s, uint64_t now_us)
{
    struct load_progress p = {.at_us = now_us, .done = jobs_done(s)};
    for (int i = 0; i < LOAD_EXCHANGES; i++)
        p.lost += s->exchanges[i].drops + s->exchanges[i].rejected;
    return p;
}

void load_report_progress(struct text *out, const struct load_progress *before,
                          const struct load_progress *now, uint32_t under_way)
{
    double rate = ratio((double)(now->done - before->done), (double)(now->at_us - before->at_us) / 1e6);
    text_add(out, "completed: %llu, %.0f/s; under way: %lu; dropped or rejected: %llu",
             (unsigned long long)now->done, rate, (unsigned long)under_way, (unsigned long long)now->lost);
}
