/* SipHash-2-4 (Aumasson, Bernstein: "SipHash: a fast short-input PRF", 2012): the hash of hash tables whose
 * keys come from the network. Who does not know the key cannot choose inputs that fall into one place. Pure.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

struct siphash_key {
    uint64_t k0, k1; /* 16 random octets, little endian */
};

uint64_t siphash(const struct siphash_key *key, const void *bytes, size_t len);
