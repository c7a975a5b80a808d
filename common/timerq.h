/* Timers in order: a heap by deadline, then by the sequence in which they were armed. Intrusive: the node
 * lives in what it times, so arming allocates only when the queue grows. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/clock.h"

/* Owned by the caller; zeroed before its first use; must not move while armed. */
struct timerq_node {
    size_t place; /* 0: not armed; else index in the heap + 1 */
};

/* What is compared stands here and not in the node, which is anywhere in memory. */
struct timerq_slot {
    time_ms at;
    uint64_t seq; /* of equal deadlines the lower fires first */
    struct timerq_node *node;
};

struct timerq {
    struct timerq_slot *heap;
    size_t n, cap; /* n <= cap */
    uint64_t seq;
};

void timerq_init(struct timerq *q);
/* Frees the heap; the nodes are the caller's. */
void timerq_fini(struct timerq *q);

/* Room for `n` armed nodes, until _fini: timerq_set() cannot fail while no more are armed, however many were
 * armed and cleared meanwhile. So a queue that empties gives no memory back. ERR_NOMEM. */
int timerq_reserve(struct timerq *q, size_t n);

/* Arms the node, or moves it if it is armed already; moving never fails. TIME_NEVER disarms. ERR_NOMEM: the
 * queue could not grow, the node is not armed. */
int timerq_set(struct timerq *q, struct timerq_node *node, time_ms at);
/* Disarms the node; nothing happens if it is not armed. */
void timerq_clear(struct timerq *q, struct timerq_node *node);
/* Is it armed, and for this very instant? */
bool timerq_is_set_for(const struct timerq *q, const struct timerq_node *node, time_ms at);

/* The node that fires first, or NULL. */
struct timerq_node *timerq_first(const struct timerq *q);
/* Its deadline, or TIME_NEVER. */
time_ms timerq_deadline(const struct timerq *q);
/* Takes out the first node if its deadline is at or before `now`; NULL if none is due. */
struct timerq_node *timerq_pop_due(struct timerq *q, time_ms now);
