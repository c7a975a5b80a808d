#include "server/srv_bits.h"

#include <stdlib.h>

enum { WORD_BITS = 64 };

/* The bits beyond the last one count as taken. */
static bool add_level(struct srv_bits *b, size_t n_bits)
{
    size_t words = (n_bits + WORD_BITS - 1) / WORD_BITS;
    uint64_t *level = calloc(words, sizeof *level);
    if (level == NULL)
        return false;
    if (n_bits % WORD_BITS != 0)
        level[words - 1] = UINT64_MAX << n_bits % WORD_BITS;
    b->level[b->n_levels++] = level;
    return true;
}

void srv_bits_fini(struct srv_bits *b)
{
    for (unsigned k = 0; k < b->n_levels; k++)
        free(b->level[k]);
    *b = (struct srv_bits){0};
}

bool srv_bits_init(struct srv_bits *b, size_t n)
{
    *b = (struct srv_bits){.n = n};
    for (size_t n_bits = n;; n_bits = (n_bits + WORD_BITS - 1) / WORD_BITS) {
        if (!add_level(b, n_bits)) {
            srv_bits_fini(b);
            return false;
        }
        if (n_bits <= WORD_BITS)
            return true;
    }
}

void srv_bits_set(struct srv_bits *b, size_t i)
{
    for (unsigned k = 0; k < b->n_levels; k++, i /= WORD_BITS) {
        uint64_t *word = &b->level[k][i / WORD_BITS];
        *word |= UINT64_C(1) << i % WORD_BITS;
        if (*word != UINT64_MAX)
            return;
    }
}

void srv_bits_clear(struct srv_bits *b, size_t i)
{
    for (unsigned k = 0; k < b->n_levels; k++, i /= WORD_BITS) {
        uint64_t *word = &b->level[k][i / WORD_BITS];
        bool was_full = *word == UINT64_MAX;
        *word &= ~(UINT64_C(1) << i % WORD_BITS);
        if (!was_full)
            return;
    }
}

/* Down from place i of level k, to the lowest free one below it. */
static size_t descend(const struct srv_bits *b, unsigned k, size_t i)
{
    while (k-- > 0)
        i = i * WORD_BITS + (size_t)__builtin_ctzll(~b->level[k][i]);
    return i;
}

/* Up until a word has a free place from `from` on, then down again. */
size_t srv_bits_next_free(const struct srv_bits *b, size_t from)
{
    size_t i = from, n_bits = b->n;
    for (unsigned k = 0; k < b->n_levels && i < n_bits; k++) {
        uint64_t free_bits = ~b->level[k][i / WORD_BITS] & UINT64_MAX << i % WORD_BITS;
        if (free_bits != 0)
            return descend(b, k, i / WORD_BITS * WORD_BITS + (size_t)__builtin_ctzll(free_bits));
        i = i / WORD_BITS + 1;
        n_bits = (n_bits + WORD_BITS - 1) / WORD_BITS;
    }
    return b->n;
}
