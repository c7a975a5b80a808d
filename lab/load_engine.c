#include "lab/load_engine.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/dhcp_proto.h"
#include "common/hash.h"
#include "common/rng.h"
#include "lab/load_holders.h"

#define NOBODY    LOAD_NOBODY
#define SECOND_US UINT64_C(1000000)

enum {
    CLIENT_BITS = 22, /* of an xid, the rest is the number of the client's exchange */
    GENERATION_MASK = (1 << (32 - CLIENT_BITS)) - 1,
};

enum client_state {
    IDLE,      /* with a lease or without */
    WAITING,   /* for the answer to `exchange` */
    REQUESTED, /* has an offer, its REQUEST is to be sent */
};

struct client {
    enum client_state state;
    enum load_exchange exchange; /* the last one that was begun */
    uint32_t generation;
    ip4 lease, offer; /* 0: none */
    ip4 server;
    uint64_t expires_us; /* of the lease */
    uint64_t wanted_us;  /* when the message should have been sent */
    uint64_t begun_us;   /* when the DISCOVER should have been sent */
    uint64_t due_us;     /* WAITING: the answer counts until then */
    uint32_t prev, next; /* in the line of its state */
    uint32_t place;      /* in e->holding; NOBODY: idle without a lease, or busy */
};

struct line {
    uint32_t first, last;
};

struct load_engine {
    struct load_settings settings;
    uint32_t mix_total;
    struct client *clients;
    uint32_t *holding; /* idle clients with a lease, in no order */
    uint32_t n_holding;
    struct line idle;      /* by how long they are */
    struct line waiting;   /* in order of due_us */
    struct line requested; /* in order of the offers */
    uint32_t busy;         /* clients not IDLE */
    uint32_t preload_next;
    bool counts, stopped; /* it runs, and preloading is over; nothing new is begun */
    uint64_t jobs;        /* begun, or given up as late */
    uint32_t xid_mask;
    struct rng rng;
    struct load_holders holders;
    struct load_stats stats;
};

/* ---- lines of clients ---- */

static void line_append(struct load_engine *e, struct line *line, uint32_t i)
{
    e->clients[i].prev = line->last;
    e->clients[i].next = NOBODY;
    if (line->last == NOBODY)
        line->first = i;
    else
        e->clients[line->last].next = i;
    line->last = i;
}

static void line_remove(struct load_engine *e, struct line *line, uint32_t i)
{
    const struct client *c = &e->clients[i];
    if (c->prev == NOBODY)
        line->first = c->next;
    else
        e->clients[c->prev].next = c->next;
    if (c->next == NOBODY)
        line->last = c->prev;
    else
        e->clients[c->next].prev = c->prev;
}

static void stop_holding(struct load_engine *e, uint32_t i)
{
    uint32_t place = e->clients[i].place;
    if (place == NOBODY)
        return;
    uint32_t moved = e->holding[--e->n_holding];
    e->holding[place] = moved;
    e->clients[moved].place = place;
    e->clients[i].place = NOBODY;
}

/* The exchange is over, well or not. */
static void become_idle(struct load_engine *e, uint32_t i)
{
    struct client *c = &e->clients[i];
    c->state = IDLE;
    line_append(e, &e->idle, i);
    e->busy--;
    if (c->lease == 0)
        return;
    c->place = e->n_holding;
    e->holding[e->n_holding++] = i;
}

/* ---- life ---- */

struct load_engine *load_engine_new(const struct load_settings *settings, uint64_t now_us)
{
    struct load_engine *e = calloc(1, sizeof *e);
    if (e == NULL)
        return NULL;
    e->settings = *settings;
    e->clients = calloc(settings->clients, sizeof *e->clients);
    e->holding = calloc(settings->clients, sizeof *e->holding);
    if (load_holders_init(&e->holders, settings->clients) < 0 || e->clients == NULL || e->holding == NULL) {
        load_engine_free(e);
        return NULL;
    }
    e->idle = e->waiting = e->requested = (struct line){.first = NOBODY, .last = NOBODY};
    for (uint32_t i = 0; i < settings->clients; i++) {
        e->clients[i].place = NOBODY;
        line_append(e, &e->idle, i);
    }
    for (int job = 0; job < LOAD_JOBS; job++)
        e->mix_total += settings->mix[job];
    e->xid_mask = (uint32_t)hash_u64(settings->seed);
    rng_init(&e->rng, settings->seed, "load");
    e->stats.begun_us = now_us;
    return e;
}

void load_engine_free(struct load_engine *e)
{
    if (e == NULL)
        return;
    load_holders_fini(&e->holders);
    free(e->clients);
    free(e->holding);
    free(e);
}

/* ---- sending ---- */

ip4 load_engine_relay(const struct load_settings *settings, uint32_t i)
{
    return settings->relay.addr + (i << (32 - settings->relay.len));
}

/* The relay that client `i` is behind; 0: none. */
static ip4 relay_of(const struct load_settings *s, uint32_t i)
{
    return s->relay.addr == 0 ? 0 : load_engine_relay(s, i % s->relays);
}

static uint32_t xid_of(const struct load_engine *e, uint32_t i)
{
    return (e->clients[i].generation << CLIENT_BITS | i) ^ e->xid_mask;
}

static void send_message(struct load_engine *e, uint32_t i, enum load_exchange exchange, uint64_t now_us,
                         struct load_send *out)
{
    struct client *c = &e->clients[i];
    c->exchange = exchange;
    e->stats.exchanges[exchange].sent++;
    *out = (struct load_send){.exchange = exchange,
                              .client = i,
                              .xid = xid_of(e, i),
                              .addr = exchange == LOAD_REQUEST_ACK ? c->offer : c->lease,
                              .server = c->server,
                              .relay = relay_of(&e->settings, i)};
    if (exchange == LOAD_RELEASE_ONLY)
        return;
    c->state = WAITING;
    c->due_us = now_us + e->settings.drop_us;
    line_append(e, &e->waiting, i);
}

static void begin(struct load_engine *e, uint32_t i, enum load_exchange exchange, uint64_t wanted_us,
                  uint64_t now_us, struct load_send *out)
{
    struct client *c = &e->clients[i];
    line_remove(e, &e->idle, i);
    stop_holding(e, i);
    e->busy++;
    c->generation = (c->generation + 1) & GENERATION_MASK;
    c->wanted_us = c->begun_us = wanted_us;
    send_message(e, i, exchange, now_us, out);
}

/* RFC 2131 4.4.6: "Note that the correct operation of DHCP does not depend on the transmission of DHCPRELEASE
 * messages": there is no answer, the lease is over at once. */
static void release(struct load_engine *e, uint32_t i, uint64_t now_us, struct load_send *out)
{
    begin(e, i, LOAD_RELEASE_ONLY, now_us, now_us, out);
    e->clients[i].lease = 0;
    become_idle(e, i);
    e->stats.done[LOAD_RELEASE]++;
    e->stats.done_in_time++;
}

/* By its share. What needs a lease becomes a DORA while nobody has one. */
static enum load_job choose_job(struct load_engine *e)
{
    int64_t at = rng_between(&e->rng, 0, (int64_t)e->mix_total - 1);
    enum load_job job = LOAD_DORA;
    while (at >= e->settings.mix[job])
        at -= e->settings.mix[job++];
    return e->n_holding == 0 ? LOAD_DORA : job;
}

static uint32_t some_holder(struct load_engine *e)
{
    return e->holding[rng_between(&e->rng, 0, (int64_t)e->n_holding - 1)];
}

/* RFC 2131 4.4.5: "If the lease expires before the client receives a DHCPACK, the client moves to INIT
 * state". */
static void begin_bound(struct load_engine *e, enum load_job job, uint64_t wanted_us, uint64_t now_us,
                        struct load_send *out)
{
    uint32_t i = some_holder(e);
    if (e->clients[i].expires_us <= now_us) {
        e->clients[i].lease = 0;
        begin(e, i, LOAD_DISCOVER_OFFER, wanted_us, now_us, out);
    } else if (job == LOAD_RENEW) {
        begin(e, i, LOAD_RENEW_ACK, wanted_us, now_us, out);
    } else {
        release(e, i, now_us, out);
    }
}

static void begin_job(struct load_engine *e, uint64_t wanted_us, uint64_t now_us, struct load_send *out)
{
    enum load_job job = choose_job(e);
    switch (job) {
    case LOAD_RENEW:
    case LOAD_RELEASE:
        begin_bound(e, job, wanted_us, now_us, out);
        break;
    case LOAD_DORA:
    case LOAD_JOBS: /* in turn: no client comes again before all others that are idle had theirs */
        begin(e, e->idle.first, LOAD_DISCOVER_OFFER, wanted_us, now_us, out);
        break;
    }
}

/* Open loop: when the next exchange should begin. */
static uint64_t next_wanted_us(const struct load_engine *e)
{
    uint64_t rate = e->settings.rate;
    return e->stats.begun_us + e->jobs / rate * SECOND_US + e->jobs % rate * SECOND_US / rate;
}

static uint64_t end_us(const struct load_engine *e)
{
    return e->stats.begun_us + e->settings.duration_us;
}

static bool has_enough(const struct load_engine *e)
{
    return e->settings.limit != 0 && e->jobs >= e->settings.limit;
}

/* One that could not begin within the drop time has failed, as one whose answer does not come has. */
static bool next_open(struct load_engine *e, uint64_t now_us, struct load_send *out)
{
    for (uint64_t wanted_us;
         (wanted_us = next_wanted_us(e)) <= now_us && wanted_us < end_us(e) && !has_enough(e);) {
        e->jobs++;
        if (e->busy < e->settings.clients && now_us - wanted_us < e->settings.drop_us) {
            begin_job(e, wanted_us, now_us, out);
            return true;
        }
        e->stats.late++;
    }
    return false;
}

static bool next_closed(struct load_engine *e, uint64_t now_us, struct load_send *out)
{
    if (e->busy >= e->settings.window || e->busy >= e->settings.clients)
        return false;
    e->jobs++;
    begin_job(e, now_us, now_us, out);
    return true;
}

static bool next_preload(struct load_engine *e, uint64_t now_us, struct load_send *out)
{
    if (e->preload_next == e->settings.preload || e->busy >= LOAD_PRELOAD_WINDOW)
        return false;
    e->preload_next++;
    begin(e, e->idle.first, LOAD_DISCOVER_OFFER, now_us, now_us, out);
    return true;
}

bool load_engine_next(struct load_engine *e, uint64_t now_us, struct load_send *out)
{
    uint32_t i = e->requested.first;
    if (i != NOBODY) {
        line_remove(e, &e->requested, i);
        send_message(e, i, LOAD_REQUEST_ACK, now_us, out);
        return true;
    }
    if (e->stopped || has_enough(e))
        return false;
    if (!e->counts)
        return next_preload(e, now_us, out);
    return e->settings.rate > 0 ? next_open(e, now_us, out) : next_closed(e, now_us, out);
}

/* ---- time ---- */

void load_engine_stop(struct load_engine *e, uint64_t now_us)
{
    if (e->stopped)
        return;
    e->stopped = true;
    e->stats.ended_us = now_us;
}

/* Open loop: what should have begun before the end still does, if only just now. */
static bool is_over(const struct load_engine *e, uint64_t now_us)
{
    return now_us >= end_us(e) && (e->settings.rate == 0 || next_wanted_us(e) >= end_us(e));
}

/* Every client that was to have a lease has asked for it: from now on it counts. */
static void start_counting(struct load_engine *e, uint64_t now_us)
{
    memset(&e->stats, 0, sizeof e->stats);
    e->stats.begun_us = now_us;
    e->counts = true;
}

void load_engine_tick(struct load_engine *e, uint64_t now_us)
{
    for (uint32_t i; (i = e->waiting.first) != NOBODY && e->clients[i].due_us <= now_us;) {
        line_remove(e, &e->waiting, i);
        e->stats.exchanges[e->clients[i].exchange].drops++;
        become_idle(e, i);
    }
    if (!e->counts && !e->stopped && e->preload_next == e->settings.preload && e->busy == 0)
        start_counting(e, now_us);
    if (e->counts && (has_enough(e) || is_over(e, now_us)))
        load_engine_stop(e, now_us);
}

bool load_engine_is_done(const struct load_engine *e)
{
    return e->stopped && e->busy == 0;
}

uint64_t load_engine_deadline(const struct load_engine *e)
{
    uint64_t at = e->waiting.first == NOBODY ? UINT64_MAX : e->clients[e->waiting.first].due_us;
    if (e->stopped || !e->counts)
        return e->busy == 0 ? 0 : at;
    if (end_us(e) < at)
        at = end_us(e);
    if (e->settings.rate > 0 && next_wanted_us(e) < at)
        at = next_wanted_us(e);
    return at;
}

/* ---- answers ---- */

static bool is_in_pools(const struct load_settings *s, ip4 addr)
{
    for (size_t i = 0; i < s->n_pools; i++)
        if (ip4_range_has(s->pools[i], addr))
            return true;
    return s->n_pools == 0;
}

static bool is_in_subnet(const struct load_settings *s, uint32_t i, ip4 addr)
{
    struct ip4_net net = {.addr = relay_of(s, i), .len = s->relay.len};
    return net.addr == 0 || net.len == 32 || ip4_net_has(net, addr);
}

/* LOAD_FAULTS: nothing is wrong with it. */
static enum load_fault find_fault(const struct load_engine *e, uint32_t i, const struct load_answer *a)
{
    const struct client *c = &e->clients[i];
    if (a->client != i)
        return LOAD_FAULT_WRONG_CLIENT;
    if (a->type == DHCP_NAK)
        return LOAD_FAULT_NAK;
    if (a->addr == 0)
        return LOAD_FAULT_NO_ADDRESS;
    if (a->server == 0)
        return LOAD_FAULT_NO_SERVER_ID;
    if (a->lease_s == 0)
        return LOAD_FAULT_NO_LEASE_TIME;
    if (c->exchange == LOAD_REQUEST_ACK && a->addr != c->offer)
        return LOAD_FAULT_OTHER_ADDRESS;
    if (c->exchange == LOAD_RENEW_ACK && a->addr != c->lease)
        return LOAD_FAULT_OTHER_ADDRESS;
    if (!is_in_pools(&e->settings, a->addr))
        return LOAD_FAULT_NOT_IN_POOL;
    return is_in_subnet(&e->settings, i, a->addr) ? LOAD_FAULTS : LOAD_FAULT_OTHER_SUBNET;
}

uint32_t load_engine_holder(const struct load_engine *e, ip4 addr, uint64_t now_us)
{
    uint32_t i = load_holders_find(&e->holders, addr);
    bool holds = i != NOBODY && e->clients[i].lease == addr && e->clients[i].expires_us > now_us;
    return holds ? i : NOBODY;
}

static void keep_holders(struct load_engine *e)
{
    load_holders_clear(&e->holders);
    for (uint32_t i = 0; i < e->settings.clients; i++)
        if (e->clients[i].lease != 0)
            load_holders_put(&e->holders, e->clients[i].lease, i);
}

/* RFC 2131 4.4.1: "The client records the lease expiration time as the sum of the time at which the original
 * request was sent and the duration of the lease from the DHCPACK message." */
static uint64_t expiry_us(const struct load_engine *e, const struct client *c, uint32_t lease_s)
{
    uint64_t sent_us = c->due_us - e->settings.drop_us;
    return lease_s == LEASE_INFINITE ? UINT64_MAX : sent_us + lease_s * SECOND_US;
}

static void take_lease(struct load_engine *e, uint32_t i, uint64_t now_us, const struct load_answer *a)
{
    struct client *c = &e->clients[i];
    uint32_t holder = load_engine_holder(e, a->addr, now_us);
    if (holder != NOBODY && holder != i)
        e->stats.exchanges[c->exchange].duplicates++;
    if (load_holders_is_full(&e->holders))
        keep_holders(e);
    load_holders_put(&e->holders, a->addr, i);
    c->lease = a->addr;
    c->server = a->server;
    c->expires_us = expiry_us(e, c, a->lease_s);
}

static void take_ack(struct load_engine *e, uint32_t i, uint64_t now_us, const struct load_answer *a)
{
    struct client *c = &e->clients[i];
    enum load_job job = c->exchange == LOAD_RENEW_ACK ? LOAD_RENEW : LOAD_DORA;
    take_lease(e, i, now_us, a);
    e->stats.done[job]++;
    e->stats.done_in_time += !e->stopped;
    if (job == LOAD_DORA)
        load_hdr_add(&e->stats.dora, now_us - c->begun_us);
    become_idle(e, i);
}

static void take_offer(struct load_engine *e, uint32_t i, uint64_t now_us, const struct load_answer *a)
{
    struct client *c = &e->clients[i];
    c->offer = a->addr;
    c->server = a->server;
    c->wanted_us = now_us;
    c->state = REQUESTED;
    line_append(e, &e->requested, i);
}

static void reject(struct load_engine *e, uint32_t i, enum load_fault fault)
{
    struct client *c = &e->clients[i];
    e->stats.exchanges[c->exchange].rejected++;
    e->stats.faults[fault]++;
    /* RFC 2131 4.4.5 and figure 5: a NAK ends the lease. */
    if (fault == LOAD_FAULT_NAK)
        c->lease = 0;
    become_idle(e, i);
}

static bool is_answer_to(uint8_t type, enum load_exchange exchange)
{
    return exchange == LOAD_DISCOVER_OFFER ? type == DHCP_OFFER : type == DHCP_ACK || type == DHCP_NAK;
}

void load_engine_answer(struct load_engine *e, uint64_t now_us, const struct load_answer *a)
{
    uint32_t xid = a->xid ^ e->xid_mask, i = xid & ((1U << CLIENT_BITS) - 1);
    enum load_exchange guess = a->type == DHCP_OFFER ? LOAD_DISCOVER_OFFER : LOAD_REQUEST_ACK;
    struct client *c = i < e->settings.clients ? &e->clients[i] : NULL;
    if (c == NULL || c->generation != xid >> CLIENT_BITS || c->state != WAITING ||
        !is_answer_to(a->type, c->exchange)) {
        bool renews = c != NULL && c->exchange == LOAD_RENEW_ACK && guess == LOAD_REQUEST_ACK;
        e->stats.exchanges[renews ? LOAD_RENEW_ACK : guess].orphans++;
        return;
    }
    line_remove(e, &e->waiting, i);
    struct load_count *count = &e->stats.exchanges[c->exchange];
    count->received++;
    load_hdr_add(&count->delay, now_us - c->wanted_us);
    enum load_fault fault = find_fault(e, i, a);
    if (fault != LOAD_FAULTS)
        reject(e, i, fault);
    else if (c->exchange == LOAD_DISCOVER_OFFER)
        take_offer(e, i, now_us, a);
    else
        take_ack(e, i, now_us, a);
}

void load_engine_unreadable(struct load_engine *e)
{
    e->stats.unreadable++;
}

/* ---- looking ---- */

uint32_t load_engine_under_way(const struct load_engine *e)
{
    return e->busy;
}

const struct load_stats *load_engine_stats(const struct load_engine *e)
{
    return &e->stats;
}

bool load_stats_is_good(const struct load_stats *stats)
{
    for (int i = 0; i < LOAD_EXCHANGES; i++) {
        const struct load_count *count = &stats->exchanges[i];
        if (count->drops + count->rejected + count->duplicates > 0)
            return false;
    }
    return stats->late == 0;
}
