#include "server/srv_alloc.h"

#include "server/srv_alloc_pool.h"
#include "server/srv_alloc_view.h"

enum { DRAWS_MAX = 16 }; /* free addresses that are drawn until one can be given */

static bool is_declined(const struct srv_alloc_query *q, ip4 addr)
{
    struct srv_lease lease;
    return srv_lease_find(q->leases, addr, &lease) && lease.state == SRV_LEASE_DECLINED;
}

static enum reason refusal_of(enum reason exclusion)
{
    if (exclusion == REASON_ADDR_CLASS)
        return REASON_NAK_CLASS;
    return exclusion == REASON_ADDR_RESERVED_OTHER ? REASON_NAK_RESERVED_OTHER : REASON_NAK_NOT_IN_POOL;
}

ip4 srv_alloc_reserved(const struct srv_alloc_query *q)
{
    const struct srv_subnet *subnet = q->ids->n != 0 ? q->subnet : NULL;
    for (; subnet != NULL; subnet = srv_config_next_neighbour(q->config, q->subnet, subnet)) {
        struct srv_alloc_view v;
        srv_alloc_view_init(&v, q, subnet);
        struct hw_addr holder;
        if (v.reserved != 0 && srv_alloc_view_exclusion(&v, v.reserved) == REASON_NONE &&
            !srv_alloc_view_is_held(&v, v.reserved, &holder))
            return v.reserved;
    }
    return 0;
}

enum reason srv_alloc_refusal(const struct srv_alloc_query *q, ip4 addr)
{
    struct srv_alloc_view v;
    srv_alloc_view_init(&v, q, q->subnet);
    struct hw_addr holder;
    if (!ip4_net_has(q->subnet->net, addr))
        return REASON_NAK_WRONG_NET;
    if (v.reserved != addr && q->ids->n != 0 && srv_alloc_reserved(q) != 0)
        return REASON_NAK_RESERVED;
    enum reason exclusion = srv_alloc_view_exclusion(&v, addr);
    if (exclusion != REASON_NONE)
        return refusal_of(exclusion);
    if (!srv_alloc_view_is_held(&v, addr, &holder))
        return REASON_NONE;
    return is_declined(q, addr) ? REASON_NAK_DECLINED : REASON_NAK_IN_USE;
}

static void note(const struct srv_alloc_view *v, enum reason reason, ip4 addr, struct hw_addr hw)
{
    v->q->note(v->q->user, reason, &(struct trace_facts){.addr = addr, .net = v->subnet->net, .hw = hw});
}

/* Can there be a lease of an address that has no record? Every standing offer may become one. */
static bool has_room(const struct srv_alloc_query *q)
{
    return srv_lease_table_room(q->leases) > srv_lease_table_count(q->offers);
}

/* ---- the rules, in their order ---- */

typedef ip4 rule_fn(struct srv_alloc_view *v, enum reason *out_reason);

/* What was the client's can be the client's no more. */
static void note_lost(const struct srv_alloc_view *v, enum reason exclusion, const struct srv_lease *lease)
{
    note(v, exclusion == REASON_REQ_NOT_IN_POOL ? REASON_PREVIOUS_NOT_IN_POOL : exclusion, lease->addr,
         lease->hw);
}

/* As Kea resolves it: while somebody else has the reserved address, the client gets another one; who has it
 * is refused when it comes back to renew, and after that so is the client, which then gets what is reserved.
 */
static ip4 pick_reserved(struct srv_alloc_view *v, enum reason *out_reason)
{
    const struct srv_alloc_query *q = v->q;
    struct hw_addr holder = {0};
    if (v->reserved == 0)
        return 0;
    enum reason reason = srv_alloc_view_exclusion(v, v->reserved);
    if (reason == REASON_NONE && srv_alloc_view_is_held(v, v->reserved, &holder))
        reason = is_declined(q, v->reserved) ? REASON_RESERVED_DECLINED : REASON_RESERVED_IN_USE;
    if (reason != REASON_NONE) {
        note(v, reason, v->reserved, holder);
        return 0;
    }
    if (!has_room(q) && !srv_lease_find(q->leases, v->reserved, NULL))
        return 0;
    struct srv_lease lease;
    *out_reason = srv_lease_find(q->offers, v->reserved, NULL) ? REASON_ADDR_OFFERED : REASON_ADDR_RESERVED;
    if (srv_lease_find(q->leases, v->reserved, &lease) && lease.state == SRV_LEASE_ACTIVE)
        *out_reason = REASON_ADDR_BOUND;
    return v->reserved;
}

/* RFC 2131 4.3.1: "The client's current address as recorded in the client's current binding" */
static ip4 pick_bound(struct srv_alloc_view *v, enum reason *out_reason)
{
    struct srv_lease lease;
    v->is_new = !srv_lease_find_client(v->q->leases, v->subnet->id, v->client, 0, &lease);
    if (v->is_new || lease.state != SRV_LEASE_ACTIVE)
        return 0;
    enum reason exclusion = srv_alloc_view_exclusion(v, lease.addr);
    if (exclusion != REASON_NONE) {
        note_lost(v, exclusion, &lease);
        return 0;
    }
    *out_reason = REASON_ADDR_BOUND;
    return lease.addr;
}

static ip4 pick_offered(struct srv_alloc_view *v, enum reason *out_reason)
{
    struct srv_lease offer;
    if (!srv_lease_find_client(v->q->offers, v->subnet->id, v->client, 0, &offer) ||
        srv_alloc_view_exclusion(v, offer.addr) != REASON_NONE)
        return 0;
    *out_reason = REASON_ADDR_OFFERED;
    return offer.addr;
}

/* "The client's previous address as recorded in the client's (now expired or released) binding, if that
 * address is in the server's pool of available addresses and not already allocated" */
static ip4 pick_previous(struct srv_alloc_view *v, enum reason *out_reason)
{
    struct srv_lease lease;
    struct hw_addr holder;
    if (!srv_lease_find_client(v->q->leases, v->subnet->id, v->client, 0, &lease) ||
        srv_lease_is_held(&lease))
        return 0;
    enum reason exclusion = srv_alloc_view_exclusion(v, lease.addr);
    if (exclusion != REASON_NONE) {
        note_lost(v, exclusion, &lease);
        return 0;
    }
    if (srv_alloc_view_is_held(v, lease.addr, &holder)) {
        note(v, REASON_PREVIOUS_IN_USE, lease.addr, holder);
        return 0;
    }
    *out_reason = REASON_ADDR_PREVIOUS;
    return lease.addr;
}

/* "The address requested in the 'Requested IP Address' option, if that address is valid and not already
 * allocated" */
static ip4 pick_requested(struct srv_alloc_view *v, enum reason *out_reason)
{
    const struct srv_alloc_query *q = v->q;
    const struct srv_subnet *home = srv_config_find_neighbour(q->config, q->subnet, q->requested);
    if (v->subnet != (home != NULL ? home : q->subnet))
        return 0;
    struct hw_addr holder = {0};
    enum reason reason = srv_alloc_view_exclusion(v, q->requested);
    if (reason == REASON_NONE && srv_alloc_view_is_held(v, q->requested, &holder))
        reason = is_declined(q, q->requested) ? REASON_REQ_DECLINED : REASON_REQ_IN_USE;
    if (reason != REASON_NONE) {
        note(v, reason, q->requested, holder);
        return 0;
    }
    if (!has_room(q) && !srv_lease_find(q->leases, q->requested, NULL))
        return 0;
    *out_reason = REASON_ADDR_REQUESTED;
    return q->requested;
}

static void note_closed(const struct srv_alloc_view *v, const struct srv_pool *pool)
{
    v->q->note(v->q->user, REASON_POOL_CLASS,
               &(struct trace_facts){.addr = pool->range.first, .other = pool->range.last});
}

/* "A new address allocated from the server's pool of available addresses": first one that nobody ever had. */
static ip4 pick_never_used(struct srv_alloc_view *v, enum reason *out_reason)
{
    if (!has_room(v->q))
        return 0;
    const enum reason found = v->subnet->allocator == SRV_ALLOCATOR_ITERATIVE ? REASON_ADDR_NEXT
                              : v->subnet->allocator == SRV_ALLOCATOR_RANDOM  ? REASON_ADDR_RANDOM
                                                                              : REASON_ADDR_QUEUED;
    for (size_t i = 0; i < v->subnet->n_pools; i++) {
        struct srv_alloc_pool *pool = srv_alloc_pools_find(v->q->pools, v->subnet->pools[i].range.first);
        if (!srv_alloc_view_is_open(v, pool->pool)) {
            note_closed(v, pool->pool);
            continue;
        }
        for (ip4 addr; srv_alloc_pool_next(pool, &addr);) {
            enum reason reason = srv_alloc_view_exclusion_in(v, pool, addr);
            if (reason == REASON_NONE) {
                *out_reason = found;
                return addr;
            }
            note(v, reason, addr, (struct hw_addr){0});
            srv_alloc_pools_mark(v->q->pools, addr); /* asked and told once */
        }
    }
    return 0;
}

/* Of the pools that the client may use one after the other: what it may not use is for others, and cannot be
 * put aside. */
static ip4 pick_oldest_open(const struct srv_alloc_view *v, enum reason *out_reason)
{
    struct srv_lease lease, oldest = {0};
    for (size_t i = 0; i < v->subnet->n_pools; i++) {
        const struct srv_pool *pool = &v->subnet->pools[i];
        while (srv_alloc_view_is_open(v, pool) &&
               srv_lease_find_oldest_in(v->q->leases, v->subnet->id, pool->range, &lease)) {
            if (srv_alloc_view_exclusion(v, lease.addr) == REASON_NONE) {
                if (oldest.addr == 0 || lease.expires_ms < oldest.expires_ms)
                    oldest = lease;
                break;
            }
            srv_lease_withhold(v->q->leases, lease.addr, true);
        }
    }
    *out_reason = REASON_ADDR_RECLAIMED;
    return oldest.addr;
}

static bool has_closed(const struct srv_alloc_view *v)
{
    for (size_t i = 0; i < v->subnet->n_pools; i++)
        if (!srv_alloc_view_is_open(v, &v->subnet->pools[i]))
            return true;
    return false;
}

/* Where addresses are given at random, any that was leased before. */
static ip4 pick_drawn(struct srv_alloc_view *v, enum reason *out_reason)
{
    struct srv_lease lease;
    for (int i = 0; i < DRAWS_MAX && v->subnet->allocator == SRV_ALLOCATOR_RANDOM; i++) {
        uint64_t draw = srv_alloc_pools_draw(v->q->pools);
        if (!srv_lease_find_free(v->q->leases, v->subnet->id, draw, &lease))
            return 0;
        if (srv_alloc_view_exclusion(v, lease.addr) != REASON_NONE)
            continue;
        *out_reason = REASON_ADDR_RANDOM;
        return lease.addr;
    }
    return 0;
}

/* Then the one that is free the longest, so that a client that returns late may still find its address. */
static ip4 pick_oldest(struct srv_alloc_view *v, enum reason *out_reason)
{
    struct srv_lease lease;
    if (has_closed(v))
        return pick_oldest_open(v, out_reason);
    while (srv_lease_find_oldest(v->q->leases, v->subnet->id, &lease)) {
        if (srv_alloc_view_exclusion(v, lease.addr) == REASON_NONE) {
            *out_reason = REASON_ADDR_RECLAIMED;
            return lease.addr;
        }
        srv_lease_withhold(v->q->leases, lease.addr, true);
    }
    return 0;
}

/* ---- what makes a rule worth asking, for all subnets of a shared network at once ---- */

static bool has_hosts(const struct srv_alloc_view *v)
{
    return v->q->ids->n != 0;
}

static bool has_lease(const struct srv_alloc_view *v)
{
    return !v->is_new && (v->subnet->network == NULL || srv_lease_has_client(v->q->leases, v->q->client, 0));
}

static bool has_offer(const struct srv_alloc_view *v)
{
    return v->q->offered != 0;
}

static bool has_request(const struct srv_alloc_view *v)
{
    return v->q->requested != 0;
}

static bool always(const struct srv_alloc_view *v)
{
    (void)v;
    return true;
}

/* The rules of a round are asked in one subnet after the other: each gives all that it has before the next
 * one does. */
struct round {
    bool (*applies)(const struct srv_alloc_view *v);
    rule_fn *rules[3]; /* or fewer, and NULL */
};

static ip4 pick_in_round(const struct round *round, struct srv_alloc_view *v, enum reason *out_reason)
{
    ip4 addr = 0;
    do
        for (size_t i = 0; addr == 0 && i < 3 && round->rules[i] != NULL; i++)
            addr = round->rules[i](v, out_reason);
    while (addr == 0 && srv_alloc_view_next(v));
    return addr;
}

ip4 srv_alloc_pick(const struct srv_alloc_query *q, enum reason *out_reason,
                   const struct srv_subnet **out_subnet)
{
    static const struct round rounds[] = {
        {has_hosts, {pick_reserved}},    {has_lease, {pick_bound}},
        {has_offer, {pick_offered}},     {has_lease, {pick_previous}},
        {has_request, {pick_requested}}, {always, {pick_never_used, pick_drawn, pick_oldest}},
    };
    struct srv_alloc_view v;
    ip4 addr = 0;
    srv_alloc_view_init(&v, q, q->subnet);
    for (size_t i = 0; addr == 0 && i < sizeof rounds / sizeof rounds[0]; i++)
        if (rounds[i].applies(&v))
            addr = pick_in_round(&rounds[i], &v, out_reason);
    if (addr == 0)
        *out_reason = has_room(q) ? REASON_POOL_EMPTY : REASON_LEASE_LIMIT;
    *out_subnet = v.subnet;
    return addr;
}
