/* The pools of a configuration: in which order each gives its addresses, and which of these have a record.
 * Pure. */
#pragma once
#include "server/srv_bits.h"
#include "server/srv_config.h"
#include "server/srv_shuffle.h"

/* Each address has a place in the order, and the next that has no record is found without a search. */
struct srv_alloc_pool {
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

/* All of them. Their size follows from max-leases, not from how many addresses they have. */
struct srv_alloc_pools;

/* Those of `config`, borrowed until _free; what is reserved in them for somebody is marked. What allocators
 * draw at random follows from the key. NULL if memory is out. */
struct srv_alloc_pools *srv_alloc_pools_new(const struct srv_config *config, const struct siphash_key *key);
void srv_alloc_pools_free(struct srv_alloc_pools *pools); /* NULL is fine */

/* There is a record (lease or offer) of the address, or nobody can have it; there is none any more. Addresses
 * in no pool are fine. */
void srv_alloc_pools_mark(struct srv_alloc_pools *pools, ip4 addr);
void srv_alloc_pools_unmark(struct srv_alloc_pools *pools, ip4 addr);

/* The pool that has the address, or NULL. */
struct srv_alloc_pool *srv_alloc_pools_find(struct srv_alloc_pools *pools, ip4 addr);
/* A number, another one each time. */
uint64_t srv_alloc_pools_draw(struct srv_alloc_pools *pools);

/* The next address, in the order of the subnet's allocator, that is not marked. False if all are. */
bool srv_alloc_pool_next(struct srv_alloc_pool *pool, ip4 *out_addr);
