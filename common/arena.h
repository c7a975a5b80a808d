/* Memory of what goes at once, as the actions of an engine's steps, a configuration or a table do: it is
 * taken piece by piece and given back as a whole. Pointers stay valid until the reset. */
#pragma once
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *first; /* blocks are kept over a reset and used again */
    struct arena_block *now;
    unsigned char *at, *end; /* what is left of `now`; aligned for any type */
};

void arena_init(struct arena *a);
void arena_fini(struct arena *a);
/* For arena_room(): what the current block has no room for, or nothing at all. */
void *arena_room_elsewhere(struct arena *a, size_t size);

/* Is it in the current block that arena_room() finds room for so many bytes? */
static inline bool arena_has_room(const struct arena *a, size_t size)
{
    return size - 1 < (size_t)(a->end - a->at); /* 0 is too many, too */
}

/* Room for `size` bytes, aligned for any type, of which arena_keep() takes as many as are needed, before
 * anything else is taken; NULL if memory is out. */
static inline void *arena_room(struct arena *a, size_t size)
{
    return arena_has_room(a, size) ? a->at : arena_room_elsewhere(a, size);
}

static inline void arena_keep(struct arena *a, size_t size)
{
    size_t step = alignof(max_align_t);
    a->at += (size + step - 1) / step * step;
}

/* `size` bytes, aligned for any type; NULL if memory is out. */
static inline void *arena_take(struct arena *a, size_t size)
{
    void *p = arena_room(a, size);
    if (p != NULL)
        arena_keep(a, size);
    return p;
}

/* Gives back what is behind the first `size` > 0 bytes of `p`, which was taken last. */
static inline void arena_trim(struct arena *a, void *p, size_t size)
{
    size_t step = alignof(max_align_t);
    a->at = (unsigned char *)p + (size + step - 1) / step * step;
}

/* arena_take(), zeroed. */
void *arena_alloc(struct arena *a, size_t size);

/* The `len` octets of a text and a NUL; NULL if memory is out. */
char *arena_text(struct arena *a, const char *text, size_t len);
/* Octets of all that it has, in use or not. */
size_t arena_size(const struct arena *a);
/* Memory of `a` that is not in use becomes that of `to`, to be taken next. */
void arena_give(struct arena *a, struct arena *to);
/* Gives all memory back to the arena. */
void arena_reset(struct arena *a);
