/* Finds the leases of a table by address and by client. It grows by a bucket with each lease (linear hashing;
 * Litwin, "Linear hashing: a new tool for file and table addressing", 1980): nobody waits while a large table
 * is doubled. Inside of srv_lease. Pure. */
#pragma once
#include <stddef.h>

#include "server/srv_lease_entry.h"

/* Chains of entries; which one an entry is in follows from its hash. */
struct srv_lease_chains {
    struct srv_lease_entry **first; /* of each chain */
    size_t n, cap;                  /* chains, and how many there is room for */
    size_t mask;                    /* the least 2^k - 1 that no chain's number exceeds */
};

struct srv_lease_index {
    struct srv_lease_chains by_addr;
    struct srv_lease_chains by_client; /* twice as many: each step along a chain is far in memory */
};

/* ERR_NOMEM: it is to be given to _fini() all the same. */
int srv_lease_index_init(struct srv_lease_index *x);
void srv_lease_index_fini(struct srv_lease_index *x); /* all zeros are fine; the entries are not freed */

/* Chains for n entries, one more than there are. ERR_NOMEM: nothing has changed. */
int srv_lease_index_reserve(struct srv_lease_index *x, size_t n);
void srv_lease_index_add(struct srv_lease_index *x, struct srv_lease_entry *e);
void srv_lease_index_remove(struct srv_lease_index *x, struct srv_lease_entry *e); /* one that was added */

/* The chain's place. The chains from n on, of up to twice as many as a power of two, are not there yet: what
 * they will have is in those that they will be split from. */
static inline struct srv_lease_entry **srv_lease_chain(const struct srv_lease_chains *c, uint64_t hash)
{
    size_t i = (size_t)hash & c->mask;
    return &c->first[i < c->n ? i : i & c->mask >> 1];
}

/* Neighbours, which are often leased one after the other, stand beside each other: of a large table they are
 * in the processor's cache together. */
static inline uint64_t srv_lease_addr_hash(ip4 addr)
{
    enum { NEIGHBOURS = 64 };
    const uint64_t golden_ratio = 0x9e3779b97f4a7c15U; /* its multiples are far from each other */
    return (addr / NEIGHBOURS * golden_ratio >> 32) * NEIGHBOURS + addr % NEIGHBOURS;
}

/* The entry of the address, NULL if there is none. */
static inline struct srv_lease_entry *srv_lease_index_find(const struct srv_lease_index *x, ip4 addr)
{
    struct srv_lease_entry *e = *srv_lease_chain(&x->by_addr, srv_lease_addr_hash(addr));
    while (e != NULL && e->addr != addr)
        e = e->next_by_addr;
    return e;
}

/* The first of those among which are all with this client_hash, by next_by_client; NULL if there is none. */
static inline struct srv_lease_entry *srv_lease_index_client(const struct srv_lease_index *x, uint32_t hash)
{
    return *srv_lease_chain(&x->by_client, hash);
}
