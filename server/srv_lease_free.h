/* Free records of a subnet that can be given to somebody else: by age, or drawn at random. Inside of
 * srv_lease. Pure. */
#pragma once
#include <stddef.h>

#include "server/srv_lease_entry.h"
#include "server/srv_lease_order.h"

struct srv_lease_free {
    struct srv_lease_entry **list; /* in no order */
    size_t n, cap;
    struct srv_lease_order by_age; /* by the time when they became free */
};

/* ERR_NOMEM. */
int srv_lease_free_init(struct srv_lease_free *f);
/* The records are the caller's. */
void srv_lease_free_fini(struct srv_lease_free *f);
/* Room for so many: adding cannot fail while there are no more. ERR_NOMEM. */
int srv_lease_free_reserve(struct srv_lease_free *f, size_t n);
/* Adds a record that is not there and became free at the time, as the youngest of those of the
 * same. TIME_NEVER: it is given to nobody, and not added. */
void srv_lease_free_add(struct srv_lease_free *f, struct srv_lease_entry *e, time_ms at);
/* Nothing happens if it is not there. */
void srv_lease_free_remove(struct srv_lease_free *f, struct srv_lease_entry *e);
/* The one that is free the longest, or NULL. */
const struct srv_lease_entry *srv_lease_free_oldest(const struct srv_lease_free *f);
/* Likewise of those in the range; of several the one of the lowest address. Looks at all. */
const struct srv_lease_entry *srv_lease_free_oldest_in(const struct srv_lease_free *f,
                                                       struct ip4_range range);
