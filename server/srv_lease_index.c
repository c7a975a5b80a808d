#include "server/srv_lease_index.h"

#include <stdlib.h>

#include "common/err.h"

enum { CHAINS_MIN = 64 };

/* What a kind of chains goes by. */
struct kind {
    uint64_t (*hash)(const struct srv_lease_entry *e);
    struct srv_lease_entry **(*next)(struct srv_lease_entry *e);
};

static uint64_t hash_of_addr(const struct srv_lease_entry *e)
{
    return srv_lease_addr_hash(e->addr);
}

static struct srv_lease_entry **next_by_addr(struct srv_lease_entry *e)
{
    return &e->next_by_addr;
}

static uint64_t hash_of_client(const struct srv_lease_entry *e)
{
    return e->client_hash;
}

static struct srv_lease_entry **next_by_client(struct srv_lease_entry *e)
{
    return &e->next_by_client;
}

static const struct kind addr_kind = {hash_of_addr, next_by_addr};
static const struct kind client_kind = {hash_of_client, next_by_client};

static int chains_init(struct srv_lease_chains *c, size_t n)
{
    c->first = calloc(n, sizeof(struct srv_lease_entry *));
    c->n = c->cap = n;
    c->mask = n - 1;
    return c->first == NULL ? ERR_NOMEM : 0;
}

int srv_lease_index_init(struct srv_lease_index *x)
{
    *x = (struct srv_lease_index){0};
    int err = chains_init(&x->by_addr, CHAINS_MIN);
    return err == 0 ? chains_init(&x->by_client, 2 * (size_t)CHAINS_MIN) : err;
}

void srv_lease_index_fini(struct srv_lease_index *x)
{
    free(x->by_addr.first);
    free(x->by_client.first);
}

/* Large memory moves without being copied, and what is not used yet takes none. */
static int chains_reserve(struct srv_lease_chains *c, size_t n)
{
    if (n <= c->cap)
        return 0;
    struct srv_lease_entry **first = realloc(c->first, 2 * c->cap * sizeof(struct srv_lease_entry *));
    if (first == NULL)
        return ERR_NOMEM;
    c->first = first;
    c->cap *= 2;
    return 0;
}

/* One more chain, with what the next bit of the hash takes out of the one that had it until now. */
static inline void split(struct srv_lease_chains *c, const struct kind *kind)
{
    if (c->n > c->mask)
        c->mask = 2 * c->mask + 1;
    size_t bit = c->mask - (c->mask >> 1);
    struct srv_lease_entry **stay = &c->first[c->n - bit], **move = &c->first[c->n];
    c->n++;
    for (struct srv_lease_entry *e = *stay, *next = NULL; e != NULL; e = next) {
        next = *kind->next(e);
        struct srv_lease_entry ***end = (kind->hash(e) & bit) != 0 ? &move : &stay;
        **end = e;
        *end = kind->next(e);
    }
    *stay = *move = NULL;
}

int srv_lease_index_reserve(struct srv_lease_index *x, size_t n)
{
    if (n <= x->by_addr.n)
        return 0;
    if (chains_reserve(&x->by_addr, n) < 0 || chains_reserve(&x->by_client, 2 * n) < 0)
        return ERR_NOMEM;
    split(&x->by_addr, &addr_kind);
    split(&x->by_client, &client_kind);
    split(&x->by_client, &client_kind);
    return 0;
}

static inline void add(struct srv_lease_chains *c, const struct kind *kind, struct srv_lease_entry *e)
{
    struct srv_lease_entry **first = srv_lease_chain(c, kind->hash(e));
    *kind->next(e) = *first;
    *first = e;
}

static inline void take_out(struct srv_lease_chains *c, const struct kind *kind, struct srv_lease_entry *e)
{
    struct srv_lease_entry **link = srv_lease_chain(c, kind->hash(e));
    while (*link != e)
        link = kind->next(*link);
    *link = *kind->next(e);
}

void srv_lease_index_add(struct srv_lease_index *x, struct srv_lease_entry *e)
{
    add(&x->by_addr, &addr_kind, e);
    add(&x->by_client, &client_kind, e);
}

void srv_lease_index_remove(struct srv_lease_index *x, struct srv_lease_entry *e)
{
    take_out(&x->by_addr, &addr_kind, e);
    take_out(&x->by_client, &client_kind, e);
}
