/* SipHash (Aumasson, Bernstein: "SipHash: a fast short-input PRF", 2012). Who does not know the key cannot
 * tell what comes out. Pure. */
#pragma once
#include <stddef.h>
#include <stdint.h>

struct siphash_key {
    uint64_t k0, k1; /* 16 random octets, little endian */
};

/* SipHash-2-4, which the paper proposes. */
uint64_t siphash(const struct siphash_key *key, const void *bytes, size_t len);
/* SipHash-1-3, with half of the rounds: for hash tables whose keys come from the network. Nobody sees what
 * comes out, and cannot choose keys that fall into one place. */
uint64_t siphash_1_3(const struct siphash_key *key, const void *bytes, size_t len);
