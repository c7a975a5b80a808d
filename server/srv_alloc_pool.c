#include "server/srv_alloc_pool.h"

#include <stdlib.h>

#include "common/bisect.h"
#include "common/dhcp_proto.h"
#include "server/srv_host.h"
#include "server/srv_scope.h"

enum { EXCLUDED_MAX = 512 }; /* network, broadcast, routers and server addresses that one pool may contain */

struct srv_alloc_pools {
    struct srv_alloc_pool *list; /* sorted by address */
    size_t n;
    struct srv_alloc_pool *last; /* that was looked for; NULL: none */
    struct siphash_key key;
    uint64_t draws; /* numbers drawn at random */
};

static int compare_pools(const void *a, const void *b)
{
    const struct srv_alloc_pool *x = a, *y = b;
    return x->range.first < y->range.first ? -1 : x->range.first > y->range.first;
}

static bool ends_before(const void *pool, const void *addr)
{
    return ((const struct srv_alloc_pool *)pool)->range.last < *(const ip4 *)addr;
}

/* A client's address is looked for several times, and that of the next client is often in the same pool. */
struct srv_alloc_pool *srv_alloc_pools_find(struct srv_alloc_pools *pools, ip4 addr)
{
    if (pools->last != NULL && ip4_range_has(pools->last->range, addr))
        return pools->last;
    size_t place = bisect(pools->list, pools->n, sizeof *pools->list, ends_before, &addr);
    if (place == pools->n || !ip4_range_has(pools->list[place].range, addr))
        return NULL;
    pools->last = &pools->list[place];
    return pools->last;
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

static bool add_pools(struct srv_alloc_pools *pools, const struct srv_config *config,
                      const struct srv_subnet *subnet)
{
    for (size_t i = 0; i < subnet->n_pools; i++) {
        const struct srv_pool *pool = &subnet->pools[i];
        struct srv_alloc_pool *mine = &pools->list[pools->n];
        *mine = (struct srv_alloc_pool){.range = pool->range,
                                        .pool = pool,
                                        .subnet = subnet,
                                        .routers = find_routers(config, subnet, pool)};
        srv_shuffle_init(&mine->order, &pools->key, pool->range.first, ip4_range_size(pool->range));
        if (!srv_bits_init(&mine->taken, tracked(config, pool->range)))
            return false;
        pools->n++;
    }
    return true;
}

/* A reserved address is never one of the free ones. */
static void mark_reserved(struct srv_alloc_pools *pools, const struct srv_config *config)
{
    static const struct srv_host_ids nobody;
    for (size_t i = 0; i < config->n_hosts; i++) {
        ip4 addr = config->host_list[i].addr;
        const struct srv_alloc_pool *pool = srv_alloc_pools_find(pools, addr);
        if (pool != NULL && srv_host_is_kept(config, pool->subnet, addr, &nobody))
            srv_alloc_pools_mark(pools, addr);
    }
}

/* Not the key of the tables: what is drawn with this one, everybody sees. */
static struct siphash_key derive_key(const struct siphash_key *key)
{
    static const char first[] = "which address is given", second[] = "and which one next";
    return (struct siphash_key){siphash(key, first, sizeof first), siphash(key, second, sizeof second)};
}

struct srv_alloc_pools *srv_alloc_pools_new(const struct srv_config *config, const struct siphash_key *key)
{
    struct srv_alloc_pools *pools = calloc(1, sizeof *pools);
    if (pools == NULL)
        return NULL;
    pools->key = derive_key(key);
    size_t n = 1;
    for (size_t i = 0; i < config->n_subnets; i++)
        n += config->subnets[i].n_pools;
    pools->list = calloc(n, sizeof *pools->list);
    bool ok = pools->list != NULL;
    for (size_t i = 0; ok && i < config->n_subnets; i++)
        ok = add_pools(pools, config, &config->subnets[i]);
    if (!ok) {
        srv_alloc_pools_free(pools);
        return NULL;
    }
    qsort(pools->list, pools->n, sizeof *pools->list, compare_pools);
    mark_reserved(pools, config);
    return pools;
}

void srv_alloc_pools_free(struct srv_alloc_pools *pools)
{
    if (pools == NULL)
        return;
    for (size_t i = 0; i < pools->n; i++)
        srv_bits_fini(&pools->list[i].taken);
    free(pools->list);
    free(pools);
}

uint64_t srv_alloc_pools_draw(struct srv_alloc_pools *pools)
{
    pools->draws++;
    return siphash(&pools->key, &pools->draws, sizeof pools->draws);
}

/* ---- the order of a pool ---- */

/* Where the address stands in it. */
static size_t place_of(const struct srv_alloc_pool *pool, ip4 addr)
{
    uint32_t number = addr - pool->range.first;
    return pool->subnet->allocator == SRV_ALLOCATOR_ITERATIVE ? number
                                                              : srv_shuffle_place(&pool->order, number);
}

static ip4 addr_at(const struct srv_alloc_pool *pool, size_t place)
{
    uint32_t number = (uint32_t)place;
    return pool->range.first + (pool->subnet->allocator == SRV_ALLOCATOR_ITERATIVE
                                    ? number
                                    : srv_shuffle_at(&pool->order, number));
}

void srv_alloc_pools_mark(struct srv_alloc_pools *pools, ip4 addr)
{
    struct srv_alloc_pool *pool = srv_alloc_pools_find(pools, addr);
    size_t place = pool == NULL ? 0 : place_of(pool, addr);
    if (pool != NULL && place < pool->taken.n)
        srv_bits_set(&pool->taken, place);
}

static bool is_queue(const struct srv_alloc_pool *pool)
{
    return pool->subnet->allocator == SRV_ALLOCATOR_FLQ;
}

void srv_alloc_pools_unmark(struct srv_alloc_pools *pools, ip4 addr)
{
    struct srv_alloc_pool *pool = srv_alloc_pools_find(pools, addr);
    size_t place = pool == NULL ? 0 : place_of(pool, addr);
    if (pool == NULL || place >= pool->taken.n)
        return;
    srv_bits_clear(&pool->taken, place);
    if (place < pool->next && !is_queue(pool))
        pool->next = place;
}

/* The queue starts again after the last: what became free again behind it waits for its turn. */
bool srv_alloc_pool_next(struct srv_alloc_pool *pool, ip4 *out_addr)
{
    size_t place = srv_bits_next_free(&pool->taken, pool->next);
    if (place == pool->taken.n && is_queue(pool))
        place = srv_bits_next_free(&pool->taken, 0);
    if (place == pool->taken.n)
        return false;
    pool->next = is_queue(pool) ? place + 1 : place;
    *out_addr = addr_at(pool, place);
    return true;
}
