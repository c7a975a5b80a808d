/* Seeded random numbers. Every owner has its own stream, derived from a seed and a stable name, so that
 * adding an owner does not change the luck of the others. Not for secrets. */
#pragma once
#include <stdint.h>

struct rng {
    uint64_t state;
};

/* Starts the stream that belongs to (seed, name). */
void rng_init(struct rng *r, uint64_t seed, const char *name);

/* The next 64 bits (SplitMix64). */
uint64_t rng_u64(struct rng *r);

/* Uniform in [low, high], both included; low <= high. */
int64_t rng_between(struct rng *r, int64_t low, int64_t high);
