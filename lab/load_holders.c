#include "lab/load_holders.h"

#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/hash.h"

int load_holders_init(struct load_holders *h, uint32_t clients)
{
    size_t capacity = 16;
    while (capacity < 4 * (size_t)clients)
        capacity *= 2;
    *h = (struct load_holders){.places = calloc(capacity, sizeof *h->places), .capacity = capacity};
    return h->places == NULL ? ERR_NOMEM : 0;
}

void load_holders_fini(struct load_holders *h)
{
    free(h->places);
}

/* Where the address stands, or the free place that it would take. */
static struct load_holder *place_of(const struct load_holders *h, ip4 addr)
{
    size_t i = (size_t)hash_u64(addr) & (h->capacity - 1);
    while (h->places[i].addr != 0 && h->places[i].addr != addr)
        i = (i + 1) & (h->capacity - 1);
    return &h->places[i];
}

uint32_t load_holders_find(const struct load_holders *h, ip4 addr)
{
    const struct load_holder *place = place_of(h, addr);
    return place->addr == 0 ? LOAD_NOBODY : place->client;
}

void load_holders_put(struct load_holders *h, ip4 addr, uint32_t client)
{
    struct load_holder *place = place_of(h, addr);
    h->used += place->addr == 0;
    *place = (struct load_holder){.addr = addr, .client = client};
}

bool load_holders_is_full(const struct load_holders *h)
{
    return h->used >= h->capacity / 4 * 3;
}

void load_holders_clear(struct load_holders *h)
{
    memset(h->places, 0, h->capacity * sizeof *h->places);
    h->used = 0;
}
