/* Memory for one engine step: allocate freely, reset once. Pointers stay valid until the reset. */
#pragma once
#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *first; /* blocks are kept over a reset and used again */
    struct arena_block *now;
    size_t used; /* in `now` */
};

void arena_init(struct arena *a);
void arena_fini(struct arena *a);
/* `size` bytes, aligned for any type, zeroed; NULL if memory is out. */
void *arena_alloc(struct arena *a, size_t size);
/* The same, but not zeroed: for what is written as a whole at once. */
void *arena_take(struct arena *a, size_t size);
/* The `len` octets of a text and a NUL; NULL if memory is out. */
char *arena_text(struct arena *a, const char *text, size_t len);
/* Gives all memory back to the arena. */
void arena_reset(struct arena *a);
