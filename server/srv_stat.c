#include "server/srv_stat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/srv_tally.h"

/* ---- counters: they only grow ---- */

static uint64_t sum(const uint64_t *counts, size_t n)
{
    uint64_t total = 0;
    for (size_t i = 0; i < n; i++)
        total += counts[i];
    return total;
}

static uint64_t unreadable(const struct srv_counters *c)
{
    return c->reasons[REASON_MSG_TOO_SHORT] + c->reasons[REASON_MSG_TOO_LONG] +
           c->reasons[REASON_MSG_BAD_OP] + c->reasons[REASON_MSG_BAD_HLEN] +
           c->reasons[REASON_MSG_BAD_COOKIE] + c->reasons[REASON_MSG_BAD_TYPE];
}

/* Those of them that could be told by their type are received, too. */
static uint64_t parse_failed(const struct srv_counters *c)
{
    return unreadable(c) + c->reasons[REASON_MSG_BAD_OPTION] + c->reasons[REASON_MSG_MALFORMED_OPTION];
}

static uint64_t all_received(const struct srv_counters *c)
{
    return sum(c->received, sizeof c->received / sizeof c->received[0]) + unreadable(c) +
           c->reasons[REASON_MSG_REPLY_AT_SERVER] + c->reasons[REASON_SERVICE_DISABLED] +
           c->reasons[REASON_QUEUE_FULL] + c->reasons[REASON_QUEUE_REPLACED] +
           c->reasons[REASON_NOT_OUR_INTERFACE] + c->reasons[REASON_KERNEL_DROPPED];
}

static uint64_t all_sent(const struct srv_counters *c)
{
    return sum(c->sent, sizeof c->sent / sizeof c->sent[0]);
}

static uint64_t dropped(const struct srv_counters *c)
{
    return c->dropped;
}

enum source { OF_RECEIVED, OF_SENT, OF_REASON, OF_SUM };

static const struct counter {
    const char *name;
    enum source source;
    unsigned index; /* message type or reason */
    uint64_t (*sum)(const struct srv_counters *c);
} counters[] = {
    {"pkt4-received", OF_SUM, 0, all_received},
    {"pkt4-discover-received", OF_RECEIVED, DHCP_DISCOVER, NULL},
    {"pkt4-request-received", OF_RECEIVED, DHCP_REQUEST, NULL},
    {"pkt4-decline-received", OF_RECEIVED, DHCP_DECLINE, NULL},
    {"pkt4-release-received", OF_RECEIVED, DHCP_RELEASE, NULL},
    {"pkt4-inform-received", OF_RECEIVED, DHCP_INFORM, NULL},
    {"pkt4-offer-received", OF_RECEIVED, DHCP_OFFER, NULL},
    {"pkt4-ack-received", OF_RECEIVED, DHCP_ACK, NULL},
    {"pkt4-nak-received", OF_RECEIVED, DHCP_NAK, NULL},
    {"pkt4-sent", OF_SUM, 0, all_sent},
    {"pkt4-offer-sent", OF_SENT, DHCP_OFFER, NULL},
    {"pkt4-ack-sent", OF_SENT, DHCP_ACK, NULL},
    {"pkt4-nak-sent", OF_SENT, DHCP_NAK, NULL},
    {"pkt4-parse-failed", OF_SUM, 0, parse_failed},
    {"pkt4-receive-drop", OF_SUM, 0, dropped},
    {"pkt4-not-for-us", OF_REASON, REASON_OTHER_SERVER, NULL},
    {"pkt4-queue-full", OF_REASON, REASON_QUEUE_FULL, NULL},
    {"pkt4-kernel-dropped", OF_REASON, REASON_KERNEL_DROPPED, NULL},
    {"pkt4-duplicate", OF_REASON, REASON_QUEUE_REPLACED, NULL},
    {"pkt4-service-disabled", OF_REASON, REASON_SERVICE_DISABLED, NULL},
};

enum { N_COUNTERS = sizeof counters / sizeof counters[0] };

static uint64_t counter_value(const struct counter *row, const struct srv_counters *c)
{
    switch (row->source) {
    case OF_RECEIVED:
        return c->received[row->index];
    case OF_SENT:
        return c->sent[row->index];
    case OF_REASON:
        return c->reasons[row->index];
    case OF_SUM:
        return row->sum(c);
    }
    return 0;
}

/* ---- the list ---- */

static void start_series(const struct srv_stat_source *s, struct srv_series *series, uint64_t counted)
{
    struct srv_series_limit limit = {s->config->stat_count, s->config->stat_age_s};
    srv_series_start(series, limit, counted, s->now.wall_ms);
}

/* The list is the counters, then what each row of the tally counts. */
static bool build(const struct srv_stat_source *s)
{
    struct srv_stat *stat = s->stat;
    const struct srv_counters *c = srv_engine_counters(s->engine);
    const struct srv_tally *t = srv_engine_tally(s->engine);
    const struct srv_tally_row *last = &t->rows[t->n_rows - 1];
    size_t n = N_COUNTERS + last->n_before + srv_tally_kinds(last);
    for (size_t i = N_COUNTERS; i < stat->n; i++)
        srv_series_free(&stat->list[i]);
    if (stat->n > N_COUNTERS)
        stat->n = N_COUNTERS;
    struct srv_series *list = realloc(stat->list, n * sizeof *list);
    if (list == NULL)
        return false;
    stat->list = list;
    for (; stat->n < N_COUNTERS; stat->n++)
        start_series(s, &list[stat->n], counter_value(&counters[stat->n], c));
    for (size_t row = 0; row < t->n_rows; row++)
        for (unsigned kind = 0; kind < srv_tally_kinds(&t->rows[row]); kind++)
            start_series(s, &list[stat->n++], t->rows[row].n[kind]);
    stat->generation = srv_engine_generation(s->engine);
    return true;
}

void srv_stat_fini(struct srv_stat *stat)
{
    for (size_t i = 0; i < stat->n; i++)
        srv_series_free(&stat->list[i]);
    free(stat->list);
    *stat = (struct srv_stat){0};
}

static void observe_row(const struct srv_stat_source *s, const struct srv_tally *t, size_t row)
{
    struct srv_series *series = &s->stat->list[N_COUNTERS + t->rows[row].n_before];
    for (unsigned kind = 0; kind < srv_tally_kinds(&t->rows[row]); kind++)
        srv_series_add(&series[kind], t->rows[row].n[kind], s->now.wall_ms);
}

void srv_stat_observe(const struct srv_stat_source *s)
{
    const struct srv_counters *c = srv_engine_counters(s->engine);
    struct srv_tally *t = srv_engine_tally(s->engine);
    if (s->stat->generation != srv_engine_generation(s->engine) && !build(s))
        return;
    for (size_t i = 0; i < N_COUNTERS; i++)
        srv_series_add(&s->stat->list[i], counter_value(&counters[i], c), s->now.wall_ms);
    for (size_t i = 0; i < t->n_changed; i++)
        observe_row(s, t, t->changed[i]);
    srv_tally_clear_changed(t);
}

/* ---- names ---- */

enum { NAME_MAX_LEN = 96 };

/* "subnet[1].pool[0]." and so on; "" of the server. */
static void format_prefix(const struct srv_tally_row *row, char out[NAME_MAX_LEN])
{
    if (row->pool != NULL)
        snprintf(out, NAME_MAX_LEN, "subnet[%u].pool[%u].", row->subnet->id, row->pool->id);
    else if (row->subnet != NULL)
        snprintf(out, NAME_MAX_LEN, "subnet[%u].", row->subnet->id);
    else
        out[0] = '\0';
}

/* Told about each statistic that is meant. */
typedef void visit_fn(void *user, const char *name, struct srv_series *series);

static bool offer(struct srv_series *series, const char *wanted, const char *name, visit_fn *visit,
                  void *user)
{
    if (series->is_removed || (wanted != NULL && strcmp(wanted, name) != 0))
        return false;
    visit(user, name, series);
    return true;
}

/* Visits the statistic with the name, or all (NULL). Returns whether there is one. */
static bool each(const struct srv_stat_source *s, const char *wanted, visit_fn *visit, void *user)
{
    const struct srv_tally *t = srv_engine_tally(s->engine);
    bool is_found = false;
    srv_stat_observe(s);
    if (s->stat->generation == 0)
        return false;
    for (size_t i = 0; i < N_COUNTERS; i++)
        is_found |= offer(&s->stat->list[i], wanted, counters[i].name, visit, user);
    for (size_t row = 0; row < t->n_rows; row++) {
        char name[NAME_MAX_LEN];
        format_prefix(&t->rows[row], name);
        size_t len = strlen(name);
        struct srv_series *series = &s->stat->list[N_COUNTERS + t->rows[row].n_before];
        bool is_of_row = wanted == NULL || strncmp(wanted, name, len) == 0;
        for (unsigned kind = 0; kind < srv_tally_kinds(&t->rows[row]) && is_of_row; kind++) {
            snprintf(name + len, sizeof name - len, "%s", srv_tally_name((enum srv_tally_kind)kind));
            is_found |= offer(&series[kind], wanted, name, visit, user);
        }
    }
    return is_found;
}

/* ---- what one does with them ---- */

struct reporting {
    cJSON *map;
    const struct clock_now *now;
};

static void report(void *user, const char *name, struct srv_series *series)
{
    struct reporting *r = user;
    cJSON_AddItemToObject(r->map, name, srv_series_report(series, r->now));
}

cJSON *srv_stat_get(const struct srv_stat_source *s, const char *name)
{
    struct reporting r = {cJSON_CreateObject(), &s->now};
    each(s, name, report, &r);
    return r.map;
}

struct changing {
    enum srv_stat_change change;
    struct srv_series_limit limit;
    time_ms wall_ms;
};

static void change_one(void *user, const char *name, struct srv_series *series)
{
    const struct changing *g = user;
    (void)name;
    switch (g->change) {
    case SRV_STAT_RESET:
        srv_series_reset(series, g->wall_ms);
        break;
    case SRV_STAT_REMOVE:
        srv_series_remove(series, g->wall_ms);
        break;
    case SRV_STAT_LIMIT:
        srv_series_set_limit(series, g->limit, g->wall_ms);
        break;
    }
}

bool srv_stat_change(const struct srv_stat_source *s, const char *name, enum srv_stat_change change,
                     struct srv_series_limit limit)
{
    struct changing g = {change, limit, s->now.wall_ms};
    return each(s, name, change_one, &g);
}

/* ---- stat-lease4-get ---- */

static cJSON *subnet_row(const struct srv_stat_source *s, const struct srv_subnet *subnet)
{
    const uint64_t *n = srv_tally_of_subnet(srv_engine_tally(s->engine), subnet)->n;
    const uint64_t cells[] = {subnet->id, n[SRV_TALLY_TOTAL], n[SRV_TALLY_CUMULATIVE], n[SRV_TALLY_ASSIGNED],
                              n[SRV_TALLY_DECLINED]};
    cJSON *row = cJSON_CreateArray();
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++)
        cJSON_AddItemToArray(row, cJSON_CreateNumber((double)cells[i]));
    return row;
}

/* The subnet with the lowest identifier from `from` to `last`, or NULL. */
static const struct srv_subnet *next_subnet(const struct srv_config *config, uint64_t from, uint32_t last)
{
    const struct srv_subnet *next = NULL;
    for (size_t i = 0; i < config->n_subnets; i++) {
        const struct srv_subnet *subnet = &config->subnets[i];
        if (subnet->id >= from && subnet->id <= last && (next == NULL || subnet->id < next->id))
            next = subnet;
    }
    return next;
}

cJSON *srv_stat_subnets(const struct srv_stat_source *s, uint32_t first, uint32_t last, unsigned *out_n)
{
    static const char *const columns[] = {"subnet-id", "total-addresses", "cumulative-assigned-addresses",
                                          "assigned-addresses", "declined-addresses"};
    char at[SRV_SERIES_TIME_LEN];
    cJSON *json = cJSON_CreateObject(), *set = cJSON_AddObjectToObject(json, "result-set");
    cJSON_AddItemToObject(set, "columns",
                          cJSON_CreateStringArray(columns, sizeof columns / sizeof columns[0]));
    cJSON *rows = cJSON_AddArrayToObject(set, "rows");
    cJSON_AddStringToObject(set, "timestamp", srv_series_time(&s->now, s->now.wall_ms, at));
    *out_n = 0;
    const struct srv_subnet *subnet = next_subnet(s->config, first, last);
    for (; subnet != NULL; subnet = next_subnet(s->config, (uint64_t)subnet->id + 1, last)) {
        cJSON_AddItemToArray(rows, subnet_row(s, subnet));
        ++*out_n;
    }
    return json;
}
