#include "server/srv_alloc_view.h"

#include "common/wire.h"

void srv_alloc_view_init(struct srv_alloc_view *v, const struct srv_alloc_query *q,
                         const struct srv_subnet *subnet)
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

bool srv_alloc_view_next(struct srv_alloc_view *v)
{
    const struct srv_alloc_query *q = v->q;
    const struct srv_subnet *next = srv_config_next_neighbour(q->config, q->subnet, v->subnet);
    if (v->subnet != q->subnet || next != NULL)
        srv_alloc_view_init(v, q, next != NULL ? next : q->subnet);
    return next != NULL;
}

static bool is_router(const struct srv_alloc_pool *pool, ip4 addr)
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

enum reason srv_alloc_view_exclusion_in(const struct srv_alloc_view *v, const struct srv_alloc_pool *pool,
                                        ip4 addr)
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
    if (!srv_alloc_view_is_open(v, pool->pool))
        return REASON_ADDR_CLASS;
    return is_router(pool, addr) ? REASON_ADDR_ROUTER : REASON_NONE;
}

enum reason srv_alloc_view_exclusion(const struct srv_alloc_view *v, ip4 addr)
{
    return srv_alloc_view_exclusion_in(v, srv_alloc_pools_find(v->q->pools, addr), addr);
}

bool srv_alloc_view_is_held(const struct srv_alloc_view *v, ip4 addr, struct hw_addr *out_holder)
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
