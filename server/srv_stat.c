#include "server/srv_stat.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

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

static uint64_t all_received(const struct srv_counters *c)
{
    return sum(c->received, sizeof c->received / sizeof c->received[0]) + unreadable(c) +
           c->reasons[REASON_MSG_REPLY_AT_SERVER] + c->reasons[REASON_SERVICE_DISABLED] +
           c->reasons[REASON_QUEUE_FULL] + c->reasons[REASON_QUEUE_REPLACED] +
           c->reasons[REASON_NOT_OUR_INTERFACE];
}

static uint64_t all_sent(const struct srv_counters *c)
{
    return sum(c->sent, sizeof c->sent / sizeof c->sent[0]);
}

static uint64_t dropped(const struct srv_counters *c)
{
    return c->dropped;
}

static uint64_t no_address(const struct srv_counters *c)
{
    return c->reasons[REASON_POOL_EMPTY] + c->reasons[REASON_NETWORK_EMPTY] + c->reasons[REASON_LEASE_LIMIT] +
           c->reasons[REASON_OFFER_LIMIT];
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
    {"pkt4-parse-failed", OF_SUM, 0, unreadable},
    {"pkt4-receive-drop", OF_SUM, 0, dropped},
    {"pkt4-not-for-us", OF_REASON, REASON_OTHER_SERVER, NULL},
    {"pkt4-queue-full", OF_REASON, REASON_QUEUE_FULL, NULL},
    {"pkt4-duplicate", OF_REASON, REASON_QUEUE_REPLACED, NULL},
    {"pkt4-service-disabled", OF_REASON, REASON_SERVICE_DISABLED, NULL},
    {"cumulative-assigned-addresses", OF_REASON, REASON_LEASE_NEW, NULL},
    {"reclaimed-leases", OF_REASON, REASON_LEASE_EXPIRED, NULL},
    {"v4-reservation-conflicts", OF_REASON, REASON_RESERVED_IN_USE, NULL},
    {"v4-allocation-fail", OF_SUM, 0, no_address},
    {"v4-allocation-fail-shared-network", OF_REASON, REASON_NETWORK_EMPTY, NULL},
    {"v4-allocation-fail-subnet", OF_REASON, REASON_POOL_EMPTY, NULL},
};

enum { N_COUNTERS = sizeof counters / sizeof counters[0] };

static_assert((int)N_COUNTERS <= (int)SRV_STAT_COUNTERS_MAX, "each counter has its place in struct srv_stat");

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

/* ---- what is counted in the leases ---- */

struct tally {
    uint32_t subnet_id; /* 0: all */
    uint64_t assigned, declined;
};

static bool tally_lease(void *user, const struct srv_lease *lease)
{
    struct tally *t = user;
    if (t->subnet_id != 0 && lease->subnet_id != t->subnet_id)
        return true;
    /* Kea counts a declined address as assigned, too. */
    t->assigned += lease->state == SRV_LEASE_ACTIVE || lease->state == SRV_LEASE_DECLINED;
    t->declined += lease->state == SRV_LEASE_DECLINED;
    return true;
}

static struct tally count_leases(const struct srv_stat_source *s, uint32_t subnet_id)
{
    struct tally t = {.subnet_id = subnet_id};
    srv_engine_leases(s->engine, tally_lease, &t);
    return t;
}

static uint64_t pool_addresses(const struct srv_subnet *subnet)
{
    uint64_t n = 0;
    for (size_t i = 0; i < subnet->n_pools; i++)
        n += ip4_range_size(subnet->pools[i].range);
    return n;
}

/* ---- samples ---- */

static void put_sample(cJSON *map, const struct clock_now *now, const char *name, uint64_t value)
{
    char iso[CLOCK_ISO_LEN], at[CLOCK_ISO_LEN + 8];
    clock_iso(now->wall_ms, now->utc_offset_s, iso);
    snprintf(at, sizeof at, "%.10s %.12s000", iso, iso + 11);
    cJSON *samples = cJSON_AddArrayToObject(map, name), *sample = cJSON_CreateArray();
    cJSON_AddItemToArray(sample, cJSON_CreateNumber((double)value));
    cJSON_AddItemToArray(sample, cJSON_CreateString(at));
    cJSON_AddItemToArray(samples, sample);
}

struct collect {
    const struct srv_stat_source *s;
    cJSON *map;       /* NULL: only look whether there is such a name */
    const char *name; /* NULL: all */
    bool found;
};

static void offer_sample(struct collect *g, const char *name, uint64_t value)
{
    if (g->name != NULL && strcmp(g->name, name) != 0)
        return;
    g->found = true;
    if (g->map != NULL)
        put_sample(g->map, &g->s->now, name, value);
}

static void offer_subnet(struct collect *g, const struct srv_subnet *subnet)
{
    char name[64];
    int len = snprintf(name, sizeof name, "subnet[%u].", subnet->id);
    if (g->name != NULL && strncmp(g->name, name, (size_t)len) != 0)
        return;
    struct tally t = count_leases(g->s, subnet->id);
    const struct {
        const char *name;
        uint64_t value;
    } rows[] = {
        {"total-addresses", pool_addresses(subnet)},
        {"assigned-addresses", t.assigned},
        {"declined-addresses", t.declined},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(name + len, sizeof name - (size_t)len, "%s", rows[i].name);
        offer_sample(g, name, rows[i].value);
    }
}

static void offer_gauges(struct collect *g)
{
    struct tally t = count_leases(g->s, 0);
    offer_sample(g, "assigned-addresses", t.assigned);
    offer_sample(g, "declined-addresses", t.declined);
    for (size_t i = 0; i < g->s->config->n_subnets; i++)
        offer_subnet(g, &g->s->config->subnets[i]);
}

static void offer_counters(struct collect *g)
{
    const struct srv_counters *c = srv_engine_counters(g->s->engine);
    for (size_t i = 0; i < N_COUNTERS; i++)
        offer_sample(g, counters[i].name, counter_value(&counters[i], c) - g->s->stat->zero[i]);
}

cJSON *srv_stat_get(const struct srv_stat_source *s, const char *name)
{
    struct collect g = {.s = s, .map = cJSON_CreateObject(), .name = name};
    offer_counters(&g);
    offer_gauges(&g);
    return g.map;
}

enum srv_stat_reset srv_stat_reset(const struct srv_stat_source *s, const char *name)
{
    const struct srv_counters *c = srv_engine_counters(s->engine);
    bool found = name == NULL;
    for (size_t i = 0; i < N_COUNTERS; i++) {
        if (name != NULL && strcmp(name, counters[i].name) != 0)
            continue;
        s->stat->zero[i] = counter_value(&counters[i], c);
        found = true;
    }
    if (found)
        return SRV_STAT_RESET;
    struct collect g = {.s = s, .name = name};
    offer_gauges(&g);
    return g.found ? SRV_STAT_NOT_A_COUNTER : SRV_STAT_UNKNOWN;
}

static cJSON *subnet_row(const struct srv_stat_source *s, const struct srv_subnet *subnet)
{
    struct tally t = count_leases(s, subnet->id);
    const uint64_t cells[] = {subnet->id, pool_addresses(subnet), t.assigned, t.declined};
    cJSON *row = cJSON_CreateArray();
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++)
        cJSON_AddItemToArray(row, cJSON_CreateNumber((double)cells[i]));
    return row;
}

cJSON *srv_stat_subnets(const struct srv_stat_source *s, uint32_t first, uint32_t last, unsigned *out_n)
{
    static const char *const columns[] = {"subnet-id", "total-addresses", "assigned-addresses",
                                          "declined-addresses"};
    char at[CLOCK_ISO_LEN];
    clock_iso(s->now.wall_ms, s->now.utc_offset_s, at);
    cJSON *json = cJSON_CreateObject(), *set = cJSON_AddObjectToObject(json, "result-set");
    cJSON_AddItemToObject(set, "columns",
                          cJSON_CreateStringArray(columns, sizeof columns / sizeof columns[0]));
    cJSON *rows = cJSON_AddArrayToObject(set, "rows");
    cJSON_AddStringToObject(set, "timestamp", at);
    *out_n = 0;
    for (size_t i = 0; i < s->config->n_subnets; i++) {
        const struct srv_subnet *subnet = &s->config->subnets[i];
        if (subnet->id < first || subnet->id > last)
            continue;
        cJSON_AddItemToArray(rows, subnet_row(s, subnet));
        ++*out_n;
    }
    return json;
}
