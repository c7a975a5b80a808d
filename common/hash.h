/* Hashes for tables in memory: fast, well mixed, the same in every run. Not for secrets. Pure. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* The finalizer of splitmix64: every bit of the input reaches every bit of the output. */
static inline uint64_t hash_u64(uint64_t x)
{
    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9U;
    x ^= x >> 27;
    x *= 0x94d049bb133111ebU;
    return x ^ x >> 31;
}

/* Of octets and their number, going on from `hash`. */
uint64_t hash_bytes(uint64_t hash, const uint8_t *bytes, size_t len);
