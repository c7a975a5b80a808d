#include "server/srv_alloc.h"

#include <stdlib.h>
#include <string.h>

#include "common/bisect.h"
#include "common/dhcp_proto.h"
#include "common/wire.h"
#include "server/srv_bits.h"
#include "server/srv_scope.h"
#include "server/srv_shuffle.h"

enum {
    EXCLUDED_MAX = 512, /* network, broadcast, routers and server addresses that one pool may contain */
    DRAWS_MAX = 16,     /* free addresses that are drawn until one can be given */
};

struct alloc_pool {
    struct ip4_range range;
    const struct srv_pool *pool;
    const struct srv_subnet *subnet;
    const struct srv_option *routers; /* of its clients, but for their classes and reservations; NULL: none */
    struct srv_shuffle order; /* but for the iterative allocator, which goes from the first to the last */
    /* The first places of that order: as many as there can be records, and some more. */
    struct srv_bits taken;
    size_t next; /* the place from which on it looks: before it none is free, or, in the free lease queue, has
                    its turn */
};

struct srv_alloc {
    struct alloc_pool *pools; /* sorted by address */
    size_t n_pools;
    struct alloc_pool *last; /* that was looked for; NULL: none */
    struct siphash_key key;
    uint64_t draws; /* numbers drawn at random */
};

/* ---- pools ---- */

static int compare_pools(const void *a, const void *b)
{
    const struct alloc_pool *x = a, *y = b;
    return x->range.first < y->range.first ? -1 : x->range.first > y->range.first;
}

static bool ends_before(const void *pool, const void *addr)
{
    return ((const struct alloc_pool *)pool)->range.last < *(const ip4 *)addr;
}

/* A client's address is looked for several times, and that of the next client is often in the same pool. */
static struct alloc_pool *find_pool(struct srv_alloc *a, ip4 addr)
{
    if (a->last != NULL && ip4_range_has(a->last->range, addr))
        return a->last;
    size_t place = bisect(a->pools, a->n_pools, sizeof *a->pools, ends_before, &addr);
    if (place == a->n_pools || !ip4_range_has(a->pools[place].range, addr))
        return NULL;
    a->last = &a->pools[place];
    return a->last;
}

/* With as many records as there can be, and all that is excluded, one of so many addresses is still free. */
static size_t tracked(const struct srv_config *config, struct ip4_range range)
{
    size_t size = (size_t)ip4_range_size(range);
    size_t enough = (size_t)config->max_leases + config->n_hosts + EXCLUDED_MAX;
    if (config->exclude_first_last)
        enough += enough / 127 + 2; /* two of each 256 */
    return size < enough ? size : enough;
}

static const struct srv_option *find_routers(const struct srv_config *config, const struct srv_subnet *subnet,
                                             const struct srv_pool *pool)
{
    struct srv_scopes scopes;
    srv_scope_list(config, NULL, subnet, pool, NULL, &scopes);
    return srv_scope_find(&scopes, DHCP_OPT_ROUTERS);
}

static bool add_pools(struct srv_alloc *a, const struct srv_config *config, const struct srv_subnet *subnet)
{
    for (size_t i = 0; i < subnet->n_pools; i++) {
        const struct srv_pool *pool = &subnet->pools[i];
        struct alloc_pool *mine = &a->pools[a->n_pools];
        *mine = (struct alloc_pool){.range = pool->range,
                                    .pool = pool,
                                    .subnet = subnet,
                                    .routers = find_routers(config, subnet, pool)};
        srv_shuffle_init(&mine->order, &a->key, pool->range.first, ip4_range_size(pool->range));
        if (!srv_bits_init(&mine->taken, tracked(config, pool->range)))
            return false;
        a->n_pools++;
    }
    return true;
}

/* A reserved address is never one of the free ones. */
static void mark_reserved(struct srv_alloc *a, const struct srv_config *config)
{
    static const struct srv_host_ids nobody;
    for (size_t i = 0; i < config->n_hosts; i++) {
        ip4 addr = config->host_list[i].addr;
        const struct alloc_pool *pool = find_pool(a, addr);
        if (pool != NULL && srv_host_is_kept(config, pool->subnet, addr, &nobody))
            srv_alloc_mark(a, addr);
    }
}

/* Not the key of the tables: what is drawn with this one, everybody sees. */
static struct siphash_key derive_key(const struct siphash_key *key)
{
    static const char first[] = "which address is given", second[] = "and which one next";
    return (struct siphash_key){siphash(key, first, sizeof first), siphash(key, second, sizeof second)};
}

struct srv_alloc *srv_alloc_new(const struct srv_config *config, const struct siphash_key *key)
{
    struct srv_alloc *a = calloc(1, sizeof *a);
    if (a == NULL)
        return NULL;
    a->key = derive_key(key);
    size_t n = 1;
    for (size_t i = 0; i < config->n_subnets; i++)
        n += config->subnets[i].n_pools;
    a->pools = calloc(n, sizeof *a->pools);
    bool ok = a->pools != NULL;
    for (size_t i = 0; ok && i < config->n_subnets; i++)
        ok = add_pools(a, config, &config->subnets[i]);
    if (!ok) {
        srv_alloc_free(a);
        return NULL;
    }
    qsort(a->pools, a->n_pools, sizeof *a->pools, compare_pools);
    mark_reserved(a, config);
    return a;
}

void srv_alloc_free(struct srv_alloc *a)
{
    if (a == NULL)
        return;
    for (size_t i = 0; i < a->n_pools; i++)
        srv_bits_fini(&a->pools[i].taken);
    free(a->pools);
    free(a);
}

/* Where the address stands in the order of its pool. */
static size_t place_of(const struct alloc_pool *pool, ip4 addr)
{
    uint32_t number = addr - pool->range.first;
    return pool->subnet->allocator == SRV_ALLOCATOR_ITERATIVE ? number
                                                              : srv_shuffle_place(&pool->order, number);
}

static ip4 addr_at(const struct alloc_pool *pool, size_t place)
{
    uint32_t number = (uint32_t)place;
    return pool->range.first + (pool->subnet->allocator == SRV_ALLOCATOR_ITERATIVE
                                    ? number
                                    : srv_shuffle_at(&pool->order, number));
}

void srv_alloc_mark(struct srv_alloc *a, ip4 addr)
{
    struct alloc_pool *pool = find_pool(a, addr);
    size_t place = pool == NULL ? 0 : place_of(pool, addr);
    if (pool != NULL && place < pool->taken.n)
        srv_bits_set(&pool->taken, place);
}

static bool is_queue(const struct alloc_pool *pool)
{
    return pool->subnet->allocator == SRV_ALLOCATOR_FLQ;
}

void srv_alloc_unmark(struct srv_alloc *a, ip4 addr)
{
    struct alloc_pool *pool = find_pool(a, addr);
    size_t place = pool == NULL ? 0 : place_of(pool, addr);
    if (pool == NULL || place >= pool->taken.n)
        return;
    srv_bits_clear(&pool->taken, place);
    if (place < pool->next && !is_queue(pool))
        pool->next = place;
}

/* The first place from pool->next on that has no record; taken.n if all have one. The queue starts again
 * after the last: what became free again behind it waits for its turn. */
static size_t next_place(struct alloc_pool *pool)
{
    size_t place = srv_bits_next_free(&pool->taken, pool->next);
    if (place == pool->taken.n && is_queue(pool))
        place = srv_bits_next_free(&pool->taken, 0);
    if (place != pool->taken.n)
        pool->next = is_queue(pool) ? place + 1 : place;
    return place;
}

/* ---- candidates ---- */

/* One of the subnets that may give the client an address. */
struct view {
    const struct srv_alloc_query *q;
    const struct srv_subnet *subnet;
    const struct srv_identity *client; /* as the subnet knows it, perhaps in `room` */
    ip4 reserved;                      /* for the client in the subnet; 0: none */
    bool is_new;                       /* the subnet is known to have no record of the client */
    struct srv_identity room;
};

static void view_init(struct view *v, const struct srv_alloc_query *q, const struct srv_subnet *subnet)
{
    v->q = q;
    v->subnet = subnet;
    v->client = q->client;
    v->reserved = q->ids->n == 0 ? 0 : srv_host_addr(q->config, subnet, q->ids);
    v->is_new = false;
    if (q->client->match_client_id == subnet->match_client_id)
        return;
    v->room = *q->client;
    v->room.match_client_id = subnet->match_client_id;
    v->room.is_prepared = false;
    v->client = &v->room;
}

static bool is_router(const struct alloc_pool *pool, ip4 addr)
{
    const struct srv_option *routers = pool->routers;
    for (size_t i = 0; routers != NULL && i + 4 <= routers->len; i += 4)
        if (wire_u32(routers->data + i) == addr)
            return true;
    return false;
}

/* Of its 256 addresses: some hosts take these for network or broadcast addresses, whatever the prefix. */
static bool is_first_or_last(ip4 addr)
{
    return (addr & 0xff) == 0 || (addr & 0xff) == 0xff;
}

static inline bool is_open(const struct view *v, const struct srv_pool *pool)
{
    return srv_class_passes_subnet(v->q->classes, v->subnet) &&
           srv_class_passes(v->q->classes, &pool->gate.classes);
}

/* REASON_NONE if the address, which is in `pool` (NULL: in none), is of the subnet's or reserved for the
 * client, and can be that of the client. */
static enum reason find_exclusion_in(const struct view *v, const struct alloc_pool *pool, ip4 addr)
{
    bool is_reserved = addr == v->reserved;
    const struct srv_config *config = v->q->config;
    if (!is_reserved && config->n_hosts != 0 && srv_host_is_kept(config, v->subnet, addr, v->q->ids))
        return REASON_ADDR_RESERVED_OTHER;
    if (!is_reserved && (pool == NULL || pool->subnet != v->subnet))
        return REASON_REQ_NOT_IN_POOL;
    if (config->exclude_first_last && v->subnet->net.len <= 24 && is_first_or_last(addr))
        return REASON_ADDR_FIRST_LAST;
    /* RFC 3021: a /31 has neither network nor broadcast address, nor has a /32. To Kea a pool is a pool. */
    if (v->subnet->net.len < 31 && !config->kea &&
        (addr == ip4_net_base(v->subnet->net) || addr == ip4_net_broadcast(v->subnet->net)))
        return REASON_ADDR_NETWORK;
    if (addr == v->q->server)
        return REASON_ADDR_SERVER;
    if (is_reserved)
        return srv_class_passes_subnet(v->q->classes, v->subnet) ? REASON_NONE : REASON_ADDR_CLASS;
    if (!is_open(v, pool->pool))
        return REASON_ADDR_CLASS;
    return is_router(pool, addr) ? REASON_ADDR_ROUTER : REASON_NONE;
}

static enum reason find_exclusion(const struct view *v, ip4 addr)
{
    return find_exclusion_in(v, find_pool(v->q->alloc, addr), addr);
}

/* Is the address held by another client? Then *out_holder is its hardware address. */
static bool is_held(const struct view *v, ip4 addr, struct hw_addr *out_holder)
{
    struct srv_lease lease;
    if ((addr != v->q->offered && srv_lease_find(v->q->offers, addr, &lease) &&
         !srv_lease_is_of(&lease, v->client)) ||
        (srv_lease_find(v->q->leases, addr, &lease) && srv_lease_is_held(&lease) &&
         (lease.state == SRV_LEASE_DECLINED || !srv_lease_is_of(&lease, v->client)))) {
        *out_holder = lease.hw;
        return true;
    }
    return false;
}

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
        struct view v;
        view_init(&v, q, subnet);
        struct hw_addr holder;
        if (v.reserved != 0 && find_exclusion(&v, v.reserved) == REASON_NONE &&
            !is_held(&v, v.reserved, &holder))
            return v.reserved;
    }
    return 0;
}

enum reason srv_alloc_refusal(const struct srv_alloc_query *q, ip4 addr)
{
    struct view v;
    view_init(&v, q, q->subnet);
    struct hw_addr holder;
    if (!ip4_net_has(q->subnet->net, addr))
        return REASON_NAK_WRONG_NET;
    if (v.reserved != addr && q->ids->n != 0 && srv_alloc_reserved(q) != 0)
        return REASON_NAK_RESERVED;
    enum reason exclusion = find_exclusion(&v, addr);
    if (exclusion != REASON_NONE)
        return refusal_of(exclusion);
    if (!is_held(&v, addr, &holder))
        return REASON_NONE;
    return is_declined(q, addr) ? REASON_NAK_DECLINED : REASON_NAK_IN_USE;
}

static void note(const struct view *v, enum reason reason, ip4 addr, struct hw_addr hw)
{
    v->q->note(v->q->user, reason, &(struct trace_facts){.addr = addr, .net = v->subnet->net, .hw = hw});
}

/* Can there be a lease of an address that has no record? Every standing offer may become one. */
static bool has_room(const struct srv_alloc_query *q)
{
    return srv_lease_table_room(q->leases) > srv_lease_table_count(q->offers);
}

/* ---- the rules, in their order ---- */

typedef ip4 rule_fn(struct view *v, enum reason *out_reason);

/* What was the client's can be the client's no more. */
static void note_lost(const struct view *v, enum reason exclusion, const struct srv_lease *lease)
{
    note(v, exclusion == REASON_REQ_NOT_IN_POOL ? REASON_PREVIOUS_NOT_IN_POOL : exclusion, lease->addr,
         lease->hw);
}

/* As Kea resolves it: while somebody else has the reserved address, the client gets another one; who has it
 * is refused when it comes back to renew, and after that so is the client, which then gets what is reserved.
 */
static ip4 pick_reserved(struct view *v, enum reason *out_reason)
{
    const struct srv_alloc_query *q = v->q;
    struct hw_addr holder = {0};
    if (v->reserved == 0)
        return 0;
    enum reason reason = find_exclusion(v, v->reserved);
    if (reason == REASON_NONE && is_held(v, v->reserved, &holder))
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
static ip4 pick_bound(struct view *v, enum reason *out_reason)
{
    struct srv_lease lease;
    v->is_new = !srv_lease_find_client(v->q->leases, v->subnet->id, v->client, 0, &lease);
    if (v->is_new || lease.state != SRV_LEASE_ACTIVE)
        return 0;
    enum reason exclusion = find_exclusion(v, lease.addr);
    if (exclusion != REASON_NONE) {
        note_lost(v, exclusion, &lease);
        return 0;
    }
    *out_reason = REASON_ADDR_BOUND;
    return lease.addr;
}

static ip4 pick_offered(struct view *v, enum reason *out_reason)
{
    struct srv_lease offer;
    if (!srv_lease_find_client(v->q->offers, v->subnet->id, v->client, 0, &offer) ||
        find_exclusion(v, offer.addr) != REASON_NONE)
        return 0;
    *out_reason = REASON_ADDR_OFFERED;
    return offer.addr;
}

/* "The client's previous address as recorded in the client's (now expired or released) binding, if that
 * address is in the server's pool of available addresses and not already allocated" */
static ip4 pick_previous(struct view *v, enum reason *out_reason)
{
    struct srv_lease lease;
    struct hw_addr holder;
    if (!srv_lease_find_client(v->q->leases, v->subnet->id, v->client, 0, &lease) ||
        srv_lease_is_held(&lease))
        return 0;
    enum reason exclusion = find_exclusion(v, lease.addr);
    if (exclusion != REASON_NONE) {
        note_lost(v, exclusion, &lease);
        return 0;
    }
    if (is_held(v, lease.addr, &holder)) {
        note(v, REASON_PREVIOUS_IN_USE, lease.addr, holder);
        return 0;
    }
    *out_reason = REASON_ADDR_PREVIOUS;
    return lease.addr;
}

/* "The address requested in the 'Requested IP Address' option, if that address is valid and not already
 * allocated" */
static ip4 pick_requested(struct view *v, enum reason *out_reason)
{
    const struct srv_alloc_query *q = v->q;
    const struct srv_subnet *home = srv_config_find_neighbour(q->config, q->subnet, q->requested);
    if (v->subnet != (home != NULL ? home : q->subnet))
        return 0;
    struct hw_addr holder = {0};
    enum reason reason = find_exclusion(v, q->requested);
    if (reason == REASON_NONE && is_held(v, q->requested, &holder))
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

static void note_closed(const struct view *v, const struct srv_pool *pool)
{
    v->q->note(v->q->user, REASON_POOL_CLASS,
               &(struct trace_facts){.addr = pool->range.first, .other = pool->range.last});
}

/* "A new address allocated from the server's pool of available addresses": first one that nobody ever had. */
static ip4 pick_never_used(struct view *v, enum reason *out_reason)
{
    if (!has_room(v->q))
        return 0;
    const enum reason found = v->subnet->allocator == SRV_ALLOCATOR_ITERATIVE ? REASON_ADDR_NEXT
                              : v->subnet->allocator == SRV_ALLOCATOR_RANDOM  ? REASON_ADDR_RANDOM
                                                                              : REASON_ADDR_QUEUED;
    for (size_t i = 0; i < v->subnet->n_pools; i++) {
        struct alloc_pool *pool = find_pool(v->q->alloc, v->subnet->pools[i].range.first);
        if (!is_open(v, pool->pool)) {
            note_closed(v, pool->pool);
            continue;
        }
        for (;;) {
            size_t place = next_place(pool);
            if (place == pool->taken.n)
                break;
            ip4 addr = addr_at(pool, place);
            enum reason reason = find_exclusion_in(v, pool, addr);
            if (reason == REASON_NONE) {
                *out_reason = found;
                return addr;
            }
            note(v, reason, addr, (struct hw_addr){0});
            srv_bits_set(&pool->taken, place); /* asked and told once */
        }
    }
    return 0;
}

/* Of the pools that the client may use one after the other: what it may not use is for others, and cannot be
 * put aside. */
static ip4 pick_oldest_open(const struct view *v, enum reason *out_reason)
{
    struct srv_lease lease, oldest = {0};
    for (size_t i = 0; i < v->subnet->n_pools; i++) {
        const struct srv_pool *pool = &v->subnet->pools[i];
        while (is_open(v, pool) &&
               srv_lease_find_oldest_in(v->q->leases, v->subnet->id, pool->range, &lease)) {
            if (find_exclusion(v, lease.addr) == REASON_NONE) {
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

static bool has_closed(const struct view *v)
{
    for (size_t i = 0; i < v->subnet->n_pools; i++)
        if (!is_open(v, &v->subnet->pools[i]))
            return true;
    return false;
}

/* Where addresses are given at random, any that was leased before. */
static ip4 pick_drawn(struct view *v, enum reason *out_reason)
{
    struct srv_alloc *a = v->q->alloc;
    struct srv_lease lease;
    for (int i = 0; i < DRAWS_MAX && v->subnet->allocator == SRV_ALLOCATOR_RANDOM; i++) {
        a->draws++;
        uint64_t draw = siphash(&a->key, &a->draws, sizeof a->draws);
        if (!srv_lease_find_free(v->q->leases, v->subnet->id, draw, &lease))
            return 0;
        if (find_exclusion(v, lease.addr) != REASON_NONE)
            continue;
        *out_reason = REASON_ADDR_RANDOM;
        return lease.addr;
    }
    return 0;
}

/* Then the one that is free the longest, so that a client that returns late may still find its address. */
static ip4 pick_oldest(struct view *v, enum reason *out_reason)
{
    struct srv_lease lease;
    if (has_closed(v))
        return pick_oldest_open(v, out_reason);
    while (srv_lease_find_oldest(v->q->leases, v->subnet->id, &lease)) {
        if (find_exclusion(v, lease.addr) == REASON_NONE) {
            *out_reason = REASON_ADDR_RECLAIMED;
            return lease.addr;
        }
        srv_lease_withhold(v->q->leases, lease.addr, true);
    }
    return 0;
}

/* ---- what makes a rule worth asking, for all subnets of a shared network at once ---- */

static bool has_hosts(const struct view *v)
{
    return v->q->ids->n != 0;
}

static bool has_lease(const struct view *v)
{
    return !v->is_new && (v->subnet->network == NULL || srv_lease_has_client(v->q->leases, v->q->client, 0));
}

static bool has_offer(const struct view *v)
{
    return v->q->offered != 0;
}

static bool has_request(const struct view *v)
{
    return v->q->requested != 0;
}

static bool always(const struct view *v)
{
    (void)v;
    return true;
}

/* The next subnet of the shared network, for the rules of the same round. False, and the view is of the
 * client's subnet again, when all have had their turn. */
static bool view_next(struct view *v)
{
    const struct srv_alloc_query *q = v->q;
    const struct srv_subnet *next = srv_config_next_neighbour(q->config, q->subnet, v->subnet);
    if (v->subnet != q->subnet || next != NULL)
        view_init(v, q, next != NULL ? next : q->subnet);
    return next != NULL;
}

/* The rules of a round are asked in one subnet after the other: each gives all that it has before the next
 * one does. */
struct round {
    bool (*applies)(const struct view *v);
    rule_fn *rules[3]; /* or fewer, and NULL */
};

static ip4 pick_in_round(const struct round *round, struct view *v, enum reason *out_reason)
{
    ip4 addr = 0;
    do
        for (size_t i = 0; addr == 0 && i < 3 && round->rules[i] != NULL; i++)
            addr = round->rules[i](v, out_reason);
    while (addr == 0 && view_next(v));
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
    struct view v;
    ip4 addr = 0;
    view_init(&v, q, q->subnet);
    for (size_t i = 0; addr == 0 && i < sizeof rounds / sizeof rounds[0]; i++)
        if (rounds[i].applies(&v))
            addr = pick_in_round(&rounds[i], &v, out_reason);
    if (addr == 0)
        *out_reason = has_room(q) ? REASON_POOL_EMPTY : REASON_LEASE_LIMIT;
    *out_subnet = v.subnet;
    return addr;
}
