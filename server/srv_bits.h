/* A set of small numbers that finds the next number not in it in a few steps, however many there are. Pure.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SRV_BITS_LEVELS_MAX = 6 }; /* 64^6 numbers: more than there are IPv4 addresses */

/* A bit of level k+1 says that a whole word of level k is full. */
struct srv_bits {
    size_t n;
    unsigned n_levels;
    uint64_t *level[SRV_BITS_LEVELS_MAX];
};

/* For 0..n-1, n >= 1; none is in it. False, and nothing to free, if memory is out. */
bool srv_bits_init(struct srv_bits *b, size_t n);
void srv_bits_fini(struct srv_bits *b);

void srv_bits_set(struct srv_bits *b, size_t i);   /* i < n */
void srv_bits_clear(struct srv_bits *b, size_t i); /* i < n */
/* The lowest number from `from` on that is not in the set; n if all are. */
size_t srv_bits_next_free(const struct srv_bits *b, size_t from);
