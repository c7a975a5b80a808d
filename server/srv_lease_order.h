/* Leases in the order of their ends, whose cost does not grow with their number. Inside of srv_lease. Pure.
 *
 * Leases of one lifetime end in the order in which they were granted. So each stands at the end of a run in
 * which nothing ends later, and there are no more runs than lifetimes, whatever the number of leases. Which
 * run ends first is known from a tree above their beginnings. In the worst case, each lease ending before all
 * that were granted earlier, it takes the logarithm of their number; in random order, of its root. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "common/clock.h"

/* Lives in what ends. Owned by the caller; zeroed before its first use; must not move while it is in order.
 */
struct srv_lease_turn {
    struct srv_lease_turn *before, *after; /* in its run, a ring; NULL: it is in no order */
    time_ms at;                            /* when it ends; stays known when it is taken out */
};

struct srv_lease_run {
    struct srv_lease_turn ends; /* of the ring: its `at` is TIME_NEVER, as no lease's in a run is */
    time_ms latest; /* what came last, which may have left; each run's is later than the next one's */
};

struct srv_lease_order {
    struct srv_lease_run *runs;
    time_ms *firsts;      /* [cap + i]: when the first of run i ends, TIME_NEVER if it is empty; [i]: the
                             earlier one of [2 i] and [2 i + 1] */
    size_t n, cap, n_max; /* runs; `cap` is a power of two */
};

/* Runs beyond which one more is never worth its memory. */
enum { SRV_LEASE_RUNS = 1 << 20 };

/* At most `n_max` runs, a power of two, at least 4. ERR_NOMEM. */
int srv_lease_order_init(struct srv_lease_order *o, size_t n_max);
/* What is in order is the caller's. All zeros is fine. */
void srv_lease_order_fini(struct srv_lease_order *o);

/* Puts it into its place, behind those that end at the same time; out of its former one. TIME_NEVER: only
 * that. It cannot fail: where there is no room for a run of its own, its place is searched in the last one,
 * which takes time in proportion to that. */
void srv_lease_order_put(struct srv_lease_order *o, struct srv_lease_turn *turn, time_ms at);
/* Takes it out; nothing happens if it is in no order. */
void srv_lease_order_remove(struct srv_lease_order *o, struct srv_lease_turn *turn);

static inline bool srv_lease_turn_is_in_order(const struct srv_lease_turn *turn)
{
    return turn->before != NULL;
}

/* What ends first, or NULL. */
struct srv_lease_turn *srv_lease_order_first(const struct srv_lease_order *o);
/* When that is, or TIME_NEVER. */
static inline time_ms srv_lease_order_deadline(const struct srv_lease_order *o)
{
    return o->firsts[1];
}
