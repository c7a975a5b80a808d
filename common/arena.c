#include "common/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_SIZE = 16384 };

struct arena_block {
    struct arena_block *next;
    size_t size;
    alignas(max_align_t) unsigned char bytes[];
};

void arena_init(struct arena *a)
{
    *a = (struct arena){0};
}

void arena_fini(struct arena *a)
{
    for (struct arena_block *b = a->first; b != NULL;) {
        struct arena_block *next = b->next;
        free(b);
        b = next;
    }
    arena_init(a);
}

static struct arena_block *block_new(size_t size)
{
    struct arena_block *b = malloc(sizeof *b + size);
    if (b != NULL)
        *b = (struct arena_block){.size = size};
    return b;
}

/* Where the blocks that are not in use begin. */
static struct arena_block **unused(struct arena *a)
{
    return a->now != NULL ? &a->now->next : &a->first;
}

/* Makes a block with room for `size` bytes the current one. */
static int next_block(struct arena *a, size_t size)
{
    struct arena_block **slot = unused(a);
    if (*slot == NULL || (*slot)->size < size) {
        struct arena_block *b = block_new(size > BLOCK_SIZE ? size : BLOCK_SIZE);
        if (b == NULL)
            return -1;
        b->next = *slot;
        *slot = b;
    }
    a->now = *slot;
    a->at = a->now->bytes;
    a->end = a->at + a->now->size;
    return 0;
}

void *arena_room_elsewhere(struct arena *a, size_t size)
{
    size_t step = alignof(max_align_t);
    if (size > PTRDIFF_MAX - sizeof(struct arena_block) - step) /* the sums below would wrap around */
        return NULL;
    size = size == 0 ? step : (size + step - 1) / step * step;
    if (size > (size_t)(a->end - a->at) && next_block(a, size) < 0)
        return NULL;
    return a->at;
}

void *arena_alloc(struct arena *a, size_t size)
{
    void *p = arena_take(a, size);
    return p == NULL ? NULL : memset(p, 0, size);
}

char *arena_text(struct arena *a, const char *text, size_t len)
{
    char *copy = arena_take(a, len + 1);
    if (copy == NULL)
        return NULL;
    memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

size_t arena_size(const struct arena *a)
{
    size_t size = 0;
    for (const struct arena_block *b = a->first; b != NULL; b = b->next)
        size += sizeof *b + b->size;
    return size;
}

void arena_give(struct arena *a, struct arena *to)
{
    struct arena_block **given = unused(a), **place = unused(to), *first = *given;
    if (first == NULL)
        return;
    struct arena_block *last = first;
    while (last->next != NULL)
        last = last->next;
    last->next = *place;
    *place = first;
    *given = NULL;
}

void arena_reset(struct arena *a)
{
    a->now = NULL;
    a->at = a->end = NULL;
}
