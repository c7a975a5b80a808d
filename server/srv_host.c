#include "server/srv_host.h"

#include "common/hash.h"

enum { BUCKETS_MIN = 16 };

struct srv_host_table {
    size_t n, n_buckets; /* power of two */
    struct srv_host **by_id, **by_addr;
    struct srv_host **known; /* one reservation of each identifier, whatever its subnet */
};

struct srv_host_table *srv_host_table_new(struct arena *arena, size_t n)
{
    struct srv_host_table *t = arena_alloc(arena, sizeof *t);
    if (t == NULL)
        return NULL;
    t->n_buckets = BUCKETS_MIN;
    while (t->n_buckets < n)
        t->n_buckets *= 2;
    t->by_id = arena_alloc(arena, t->n_buckets * sizeof(struct srv_host *));
    t->by_addr = arena_alloc(arena, t->n_buckets * sizeof(struct srv_host *));
    t->known = arena_alloc(arena, t->n_buckets * sizeof(struct srv_host *));
    return t->by_id == NULL || t->by_addr == NULL || t->known == NULL ? NULL : t;
}

static size_t id_place(const struct srv_host_table *t, uint32_t subnet_id, const struct srv_host_id *id)
{
    uint64_t hash = hash_u64((uint64_t)subnet_id << 8 | (uint64_t)id->type);
    return hash_bytes(hash, id->bytes, id->len) & (t->n_buckets - 1);
}

static struct srv_host **id_bucket(const struct srv_host_table *t, uint32_t subnet_id,
                                   const struct srv_host_id *id)
{
    return &t->by_id[id_place(t, subnet_id, id)];
}

static struct srv_host **known_bucket(const struct srv_host_table *t, const struct srv_host_id *id)
{
    return &t->known[id_place(t, SRV_HOST_GLOBAL, id)];
}

static bool is_known(const struct srv_host_table *t, const struct srv_host_id *id)
{
    const struct srv_host *host = *known_bucket(t, id);
    while (host != NULL && !srv_host_id_equal(&host->id, id))
        host = host->next_known;
    return host != NULL;
}

static struct srv_host **addr_bucket(const struct srv_host_table *t, uint32_t subnet_id, ip4 addr)
{
    return &t->by_addr[hash_u64((uint64_t)subnet_id << 32 | addr) & (t->n_buckets - 1)];
}

/* At the end, so that reservations of one address stay in their order. */
static void append_addr(struct srv_host_table *t, struct srv_host *host)
{
    struct srv_host **slot = addr_bucket(t, host->subnet_id, host->addr);
    while (*slot != NULL)
        slot = &(*slot)->next_by_addr;
    *slot = host;
}

void srv_host_put(struct srv_host_table *t, struct srv_host *host)
{
    struct srv_host **slot = id_bucket(t, host->subnet_id, &host->id);
    host->next_by_id = *slot;
    *slot = host;
    if (!is_known(t, &host->id)) {
        slot = known_bucket(t, &host->id);
        host->next_known = *slot;
        *slot = host;
    }
    host->next_by_addr = NULL;
    if (host->addr != 0)
        append_addr(t, host);
    t->n++;
}

const struct srv_host *srv_host_find_id(const struct srv_host_table *t, uint32_t subnet_id,
                                        const struct srv_host_id *id)
{
    const struct srv_host *host = t->n == 0 ? NULL : *id_bucket(t, subnet_id, id);
    while (host != NULL && (host->subnet_id != subnet_id || !srv_host_id_equal(&host->id, id)))
        host = host->next_by_id;
    return host;
}

const struct srv_host *srv_host_find(const struct srv_host_table *t, uint32_t subnet_id,
                                     const struct srv_host_ids *ids)
{
    const struct srv_host *host = NULL;
    for (size_t i = 0; i < ids->n && host == NULL; i++)
        host = srv_host_find_id(t, subnet_id, &ids->list[i]);
    return host;
}

void srv_host_keep_known(const struct srv_host_table *t, struct srv_host_ids *ids)
{
    size_t n = 0;
    for (size_t i = 0; i < ids->n; i++)
        if (is_known(t, &ids->list[i]))
            ids->list[n++] = ids->list[i];
    ids->n = n;
}

const struct srv_host *srv_host_find_addr(const struct srv_host_table *t, uint32_t subnet_id, ip4 addr,
                                          const struct srv_host *after)
{
    if (t->n == 0)
        return NULL;
    const struct srv_host *host = after == NULL ? *addr_bucket(t, subnet_id, addr) : after->next_by_addr;
    while (host != NULL && (host->subnet_id != subnet_id || host->addr != addr))
        host = host->next_by_addr;
    return host;
}

/* ---- the rules ---- */

static bool is_of(const struct srv_host *host, const struct srv_host_ids *ids)
{
    for (size_t i = 0; i < ids->n; i++)
        if (srv_host_id_equal(&host->id, &ids->list[i]))
            return true;
    return false;
}

/* Is the address kept in the subnet with the id, and not for a client with one of these identifiers? */
static bool is_for_other(const struct srv_host_table *t, uint32_t subnet_id, ip4 addr,
                         const struct srv_host_ids *ids)
{
    const struct srv_host *host = srv_host_find_addr(t, subnet_id, addr, NULL);
    bool is_kept = host != NULL;
    for (; host != NULL; host = srv_host_find_addr(t, subnet_id, addr, host))
        if (is_of(host, ids))
            return false;
    return is_kept;
}

const struct srv_host *srv_host_of(const struct srv_config *config, const struct srv_subnet *subnet,
                                   const struct srv_host_ids *ids)
{
    const struct srv_host *host = NULL;
    if (config->n_hosts == 0)
        return NULL;
    if (subnet->reservations.in_subnet)
        host = srv_host_find(config->hosts, subnet->id, ids);
    if (host == NULL && subnet->reservations.global)
        host = srv_host_find(config->hosts, SRV_HOST_GLOBAL, ids);
    return host;
}

/* With reservations-out-of-pool, the administrator says that all reserved addresses are outside the pools:
 * what is inside is given to anybody, as Kea does. */
static bool is_left_to_pools(const struct srv_subnet *subnet, ip4 addr)
{
    return subnet->reservations.out_of_pool && srv_config_find_pool(subnet, addr) != NULL;
}

ip4 srv_host_addr(const struct srv_config *config, const struct srv_subnet *subnet,
                  const struct srv_host_ids *ids)
{
    const struct srv_host *host = srv_host_of(config, subnet, ids);
    if (host == NULL || !ip4_net_has(subnet->net, host->addr) || is_left_to_pools(subnet, host->addr))
        return 0;
    return host->addr;
}

bool srv_host_is_kept(const struct srv_config *config, const struct srv_subnet *subnet, ip4 addr,
                      const struct srv_host_ids *ids)
{
    const struct srv_reservations *r = &subnet->reservations;
    if (is_left_to_pools(subnet, addr))
        return false;
    return (r->in_subnet && is_for_other(config->hosts, subnet->id, addr, ids)) ||
           (r->global && is_for_other(config->hosts, SRV_HOST_GLOBAL, addr, ids));
}
