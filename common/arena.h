/* Memory for one engine step: allocate freely, reset once. Pointers stay valid until the reset. */
#pragma once
#include <stdalign.h>
#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *first; /* blocks are kept over a reset and used again */
    struct arena_block *now;
    unsigned char *at, *end; /* what is left of `now`; aligned for any type */
};

void arena_init(struct arena *a);
void arena_fini(struct arena *a);
/* For arena_take(): what the current block has no room for, or nothing at all. */
void *arena_take_elsewhere(struct arena *a, size_t size);

/* `size` bytes, aligned for any type; NULL if memory is out. */
static inline void *arena_take(struct arena *a, size_t size)
{
    size_t step = alignof(max_align_t);
    if (size - 1 >= (size_t)(a->end - a->at)) /* 0 is too many, too */
        return arena_take_elsewhere(a, size);
    void *p = a->at;
    a->at += (size + step - 1) / step * step;
    return p;
}

/* The same, zeroed. */
void *arena_alloc(struct arena *a, size_t size);

/* The `len` octets of a text and a NUL; NULL if memory is out. */
char *arena_text(struct arena *a, const char *text, size_t len);
/* Gives all memory back to the arena. */
void arena_reset(struct arena *a);
