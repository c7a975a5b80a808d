#include "common/siphash.h"

#include <string.h>

struct state {
    uint64_t v0, v1, v2, v3;
};

static uint64_t rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

static inline void mix(struct state *s)
{
    s->v0 += s->v1;
    s->v1 = rotate(s->v1, 13) ^ s->v0;
    s->v0 = rotate(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = rotate(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = rotate(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = rotate(s->v1, 17) ^ s->v2;
    s->v2 = rotate(s->v2, 32);
}

enum { IS_LITTLE_ENDIAN = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ };

static uint64_t read_word(const uint8_t *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return IS_LITTLE_ENDIAN ? word : __builtin_bswap64(word);
}

static uint64_t read_half(const uint8_t *p)
{
    uint32_t half;
    memcpy(&half, p, sizeof half);
    return IS_LITTLE_ENDIAN ? half : __builtin_bswap32(half);
}

/* The last octets of `bytes`, fewer than a word. */
static inline uint64_t read_rest(const uint8_t *bytes, size_t len)
{
    size_t rest = len % sizeof(uint64_t);
    if (rest != 0 && len > sizeof(uint64_t)) /* the last whole word has them at its end */
        return read_word(bytes + len - sizeof(uint64_t)) >> 8 * (sizeof(uint64_t) - rest);
    if (len > sizeof(uint32_t) && rest != 0) /* so have two halves, which overlap */
        return read_half(bytes) | read_half(bytes + len - sizeof(uint32_t)) << 8 * (len - sizeof(uint32_t));
    uint64_t word = 0;
    for (size_t i = 0; i < rest; i++)
        word |= (uint64_t)bytes[i] << 8 * i;
    return word;
}

static inline void mix_times(struct state *s, int rounds)
{
    for (int i = 0; i < rounds; i++)
        mix(s);
}

static inline void take(struct state *s, uint64_t word, int rounds)
{
    s->v3 ^= word;
    mix_times(s, rounds);
    s->v0 ^= word;
}

/* With so many rounds for each word, and in the end. */
static inline uint64_t hash(const struct siphash_key *key, const void *bytes, size_t len, int rounds,
                            int last_rounds)
{
    const uint8_t *p = bytes;
    struct state s = {key->k0 ^ 0x736f6d6570736575U, key->k1 ^ 0x646f72616e646f6dU,
                      key->k0 ^ 0x6c7967656e657261U, key->k1 ^ 0x7465646279746573U};
    size_t whole = len - len % 8;
    for (size_t at = 0; at < whole; at += 8)
        take(&s, read_word(p + at), rounds);
    take(&s, (uint64_t)len << 56 | read_rest(p, len), rounds);
    s.v2 ^= 0xff;
    mix_times(&s, last_rounds);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

uint64_t siphash(const struct siphash_key *key, const void *bytes, size_t len)
{
    return hash(key, bytes, len, 2, 4);
}

uint64_t siphash_1_3(const struct siphash_key *key, const void *bytes, size_t len)
{
    return hash(key, bytes, len, 1, 3);
}
