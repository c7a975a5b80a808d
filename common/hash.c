#include "common/hash.h"

/* FNV-1a over the octets. */
uint64_t hash_bytes(uint64_t hash, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3U;
    return hash_u64(hash ^ len);
}
