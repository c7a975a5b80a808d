/* What a step adds to the counters of what happens, besides srv_step_trace(), and to the statistics of
 * leases, besides what follows from their records: a part of srv_engine. */
#pragma once
#include "server/srv_step.h"

/* Reasons that say how the message of a client that has a subnet ended. */
extern const bool srv_count_is_tallied[REASON_COUNT];
/* Adds those of a step that has succeeded to the statistics: from s->tally_from on. */
void srv_count_tally(struct srv_step *s);
/* Takes back what srv_step_trace() has counted, from `first` on. */
void srv_count_undo(struct srv_step *s, const struct srv_action *first);
