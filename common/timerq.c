#include "common/timerq.h"

#include <assert.h>
#include <stdlib.h>

#include "common/err.h"

enum { CAP_MIN = 16 };

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
        if (cap > SIZE_MAX / 2 / sizeof(struct timerq_node *))
            return ERR_NOMEM;
        cap *= 2;
    }
    struct timerq_node **heap = realloc(q->heap, cap * sizeof(struct timerq_node *));
    if (heap == NULL)
        return ERR_NOMEM;
    q->heap = heap;
    q->cap = cap;
    return 0;
}

static bool is_before(const struct timerq_node *a, const struct timerq_node *b)
{
    return a->at != b->at ? a->at < b->at : a->seq < b->seq;
}

static void place(struct timerq *q, size_t i, struct timerq_node *node)
{
    q->heap[i] = node;
    node->place = i + 1;
}

/* Moves the node at `i` to where its neighbours are in order: to a leaf, where nearly all come to rest, as
 * most of them are the latest, and from there towards the root. */
static void settle(struct timerq *q, size_t i)
{
    struct timerq_node *node = q->heap[i];
    for (size_t child; (child = 2 * i + 1) < q->n; i = child) {
        if (child + 1 < q->n && is_before(q->heap[child + 1], q->heap[child]))
            child++;
        place(q, i, q->heap[child]);
    }
    for (; i > 0 && is_before(node, q->heap[(i - 1) / 2]); i = (i - 1) / 2)
        place(q, i, q->heap[(i - 1) / 2]);
    place(q, i, node);
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
        place(q, q->n++, node);
    }
    node->at = at;
    node->seq = q->seq++;
    settle(q, node->place - 1);
    return 0;
}

void timerq_clear(struct timerq *q, struct timerq_node *node)
{
    if (node->place == 0)
        return;
    size_t i = node->place - 1;
    assert(i < q->n && q->heap[i] == node);
    node->place = 0;
    struct timerq_node *last = q->heap[--q->n];
    if (last == node)
        return;
    place(q, i, last);
    settle(q, i);
}

bool timerq_is_set(const struct timerq_node *node)
{
    return node->place != 0;
}

struct timerq_node *timerq_first(const struct timerq *q)
{
    return q->n == 0 ? NULL : q->heap[0];
}

time_ms timerq_deadline(const struct timerq *q)
{
    return q->n == 0 ? TIME_NEVER : q->heap[0]->at;
}

struct timerq_node *timerq_pop_due(struct timerq *q, time_ms now)
{
    struct timerq_node *first = timerq_first(q);
    if (first == NULL || first->at > now)
        return NULL;
    timerq_clear(q, first);
    return first;
}
