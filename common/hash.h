/* Hashes for tables in memory: fast, well mixed, the same in every run. Not for secrets. Pure. */
#pragma once
#include <stddef.h>
#include <stdint.h>

uint64_t hash_u64(uint64_t x);
/* Of octets and their number, going on from `hash`. */
uint64_t hash_bytes(uint64_t hash, const uint8_t *bytes, size_t len);
