#include "common/rng.h"

#include <assert.h>

void rng_init(struct rng *r, uint64_t seed, const char *name)
{
    uint64_t hash = 0xcbf29ce484222325U; /* FNV-1a */
    for (const char *c = name; *c != '\0'; c++)
        hash = (hash ^ (uint8_t)*c) * 0x100000001b3U;
    r->state = seed ^ hash;
    rng_u64(r);
}

uint64_t rng_u64(struct rng *r)
{
    r->state += 0x9e3779b97f4a7c15U;
    uint64_t z = r->state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

int64_t rng_between(struct rng *r, int64_t low, int64_t high)
{
    assert(low <= high);
    uint64_t span = (uint64_t)high - (uint64_t)low + 1;
    if (span == 0)
        return (int64_t)rng_u64(r);
    /* Values past the last whole multiple of the span would make its start more likely: draw again. */
    uint64_t limit = UINT64_MAX - UINT64_MAX % span;
    uint64_t value;
    do
        value = rng_u64(r);
    while (value >= limit);
    return (int64_t)((uint64_t)low + value % span); /* unsigned: the distance may exceed INT64_MAX */
}
