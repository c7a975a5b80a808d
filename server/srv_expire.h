/* Offers and leases whose time is over, and what is kept of them: a part of srv_engine. */
#pragma once
#include "common/clock.h"
#include "server/srv_lease.h"

struct srv_engine;
struct srv_step;

/* When what happens of itself is next allowed to; all 0 at the start. */
struct srv_expire {
    time_ms reclaim_ms;      /* the next pass over the leases */
    time_ms reclaim_from_ms; /* when the pass that runs began, if it has done anything */
    uint32_t reclaim_done;   /* how many the pass that runs has made free */
    uint32_t behind;         /* passes in a row that have left some */
    time_ms flush_ms;        /* the next removal of free leases that were kept long enough */
};

/* What is due at the event; of a message, before it is looked at. At most SRV_EXPIRE_MAX of each kind. */
void srv_expire(struct srv_step *s);
/* Every lease that is due, whether or not the configuration lets it wait. */
void srv_expire_leases(struct srv_step *s);
/* When srv_expire() has something to do without a message. */
time_ms srv_expire_deadline(const struct srv_engine *e);
/* Makes a held record whose time is over a free one. */
void srv_expire_free(struct srv_lease *lease);
