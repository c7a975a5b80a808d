/* The numbers 0..n-1 in an order that follows from a key, and that nobody can tell who does not have it.
 * Takes no memory: a Feistel network of SipHash, whose results beyond n are shuffled again until they are
 * below. Pure. */
#pragma once
#include <stdint.h>

#include "common/siphash.h"

struct srv_shuffle {
    struct siphash_key key;
    uint64_t n;
    unsigned half_bits; /* of the power of four, not below n, that the network shuffles */
};

/* 1 <= n <= 2^32. Two pools with one key have different orders if their `salt` differs. */
void srv_shuffle_init(struct srv_shuffle *s, const struct siphash_key *key, uint32_t salt, uint64_t n);
/* What stands at the place, and where a number stands: the one undoes the other. */
uint32_t srv_shuffle_at(const struct srv_shuffle *s, uint32_t place);
uint32_t srv_shuffle_place(const struct srv_shuffle *s, uint32_t number);
