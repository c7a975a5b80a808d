#include "common/timerq.h"

#include <assert.h>
#include <stdlib.h>

#include "common/err.h"

enum {
    CAP_MIN = 16,
    CHILDREN = 4, /* each step from root to leaf is far in memory: there are half as many as with two */
};

void timerq_init(struct timerq *q)
{
    *q = (struct timerq){0};
}

void timerq_fini(struct timerq *q)
{
    free(q->heap);
    timerq_init(q);
}

int timerq_reserve(struct timerq *q, size_t n)
{
    if (n <= q->cap)
        return 0;
    size_t cap = q->cap < CAP_MIN ? CAP_MIN : q->cap;
    while (cap < n) {
        if (cap > SIZE_MAX / 2 / sizeof *q->heap)
            return ERR_NOMEM;
        cap *= 2;
    }
    struct timerq_slot *heap = realloc(q->heap, cap * sizeof *heap);
    if (heap == NULL)
        return ERR_NOMEM;
    q->heap = heap;
    q->cap = cap;
    return 0;
}

static inline bool is_before(const struct timerq_slot *a, const struct timerq_slot *b)
{
    return a->at != b->at ? a->at < b->at : a->seq < b->seq;
}

static inline void place(struct timerq *q, size_t i, struct timerq_slot slot)
{
    q->heap[i] = slot;
    slot.node->place = i + 1;
}

static inline size_t parent_of(size_t i)
{
    return (i - 1) / CHILDREN;
}

/* Which of the children fires first; q->n or beyond if there is none. */
static inline size_t first_child_of(const struct timerq *q, size_t i)
{
    size_t first = CHILDREN * i + 1, end = first + CHILDREN < q->n ? first + CHILDREN : q->n;
    for (size_t child = first + 1; child < end; child++)
        if (is_before(&q->heap[child], &q->heap[first]))
            first = child;
    return first;
}

/* Moves what is at `i` to where its neighbours are in order: to a leaf, where nearly all come to rest, as
 * most of them are the latest, and from there towards the root. */
static void settle(struct timerq *q, size_t i)
{
    const struct timerq_slot slot = q->heap[i];
    for (size_t child; (child = first_child_of(q, i)) < q->n; i = child)
        place(q, i, q->heap[child]);
    for (; i > 0 && is_before(&slot, &q->heap[parent_of(i)]); i = parent_of(i))
        place(q, i, q->heap[parent_of(i)]);
    place(q, i, slot);
}

int timerq_set(struct timerq *q, struct timerq_node *node, time_ms at)
{
    if (at == TIME_NEVER) {
        timerq_clear(q, node);
        return 0;
    }
    if (node->place == 0) {
        int err = timerq_reserve(q, q->n + 1);
        if (err < 0)
            return err;
        node->place = ++q->n;
    }
    q->heap[node->place - 1] = (struct timerq_slot){at, q->seq++, node};
    settle(q, node->place - 1);
    return 0;
}

void timerq_clear(struct timerq *q, struct timerq_node *node)
{
    if (node->place == 0)
        return;
    size_t i = node->place - 1;
    assert(i < q->n && q->heap[i].node == node);
    node->place = 0;
    if (i == --q->n)
        return;
    q->heap[i] = q->heap[q->n];
    settle(q, i);
}

bool timerq_is_set_for(const struct timerq *q, const struct timerq_node *node, time_ms at)
{
    return node->place != 0 && q->heap[node->place - 1].at == at;
}

struct timerq_node *timerq_first(const struct timerq *q)
{
    return q->n == 0 ? NULL : q->heap[0].node;
}

time_ms timerq_deadline(const struct timerq *q)
{
    return q->n == 0 ? TIME_NEVER : q->heap[0].at;
}

struct timerq_node *timerq_pop_due(struct timerq *q, time_ms now)
{
    if (q->n == 0 || q->heap[0].at > now)
        return NULL;
    struct timerq_node *first = q->heap[0].node;
    timerq_clear(q, first);
    return first;
}
