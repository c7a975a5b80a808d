#include "server/srv_shuffle.h"

enum { ROUNDS = 8, HALF_BITS_MIN = 4 }; /* with fewer, small pools show which numbers are preferred */

void srv_shuffle_init(struct srv_shuffle *s, const struct siphash_key *key, uint32_t salt, uint64_t n)
{
    const uint32_t first[] = {salt, 0}, second[] = {salt, 1};
    *s = (struct srv_shuffle){.n = n, .half_bits = HALF_BITS_MIN};
    s->key.k0 = siphash(key, first, sizeof first);
    s->key.k1 = siphash(key, second, sizeof second);
    while (UINT64_C(1) << 2 * s->half_bits < n)
        s->half_bits++;
}

static uint32_t mix(const struct srv_shuffle *s, uint32_t round, uint32_t half)
{
    const uint32_t input[] = {round, half};
    return (uint32_t)siphash(&s->key, input, sizeof input) & ((UINT32_C(1) << s->half_bits) - 1);
}

static uint32_t join(const struct srv_shuffle *s, uint32_t left, uint32_t right)
{
    return left << s->half_bits | right;
}

static uint32_t forth(const struct srv_shuffle *s, uint32_t x)
{
    uint32_t left = x >> s->half_bits, right = x & ((UINT32_C(1) << s->half_bits) - 1);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint32_t next = left ^ mix(s, round, right);
        left = right;
        right = next;
    }
    return join(s, left, right);
}

static uint32_t back(const struct srv_shuffle *s, uint32_t x)
{
    uint32_t left = x >> s->half_bits, right = x & ((UINT32_C(1) << s->half_bits) - 1);
    for (uint32_t round = ROUNDS; round-- > 0;) {
        uint32_t before = right ^ mix(s, round, left);
        right = left;
        left = before;
    }
    return join(s, left, right);
}

uint32_t srv_shuffle_at(const struct srv_shuffle *s, uint32_t place)
{
    do
        place = forth(s, place);
    while (place >= s->n);
    return place;
}

uint32_t srv_shuffle_place(const struct srv_shuffle *s, uint32_t number)
{
    do
        number = back(s, number);
    while (number >= s->n);
    return number;
}
