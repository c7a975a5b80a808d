/* When the lease file may be rewritten again after that has failed, and whether the failure is news. Pure. */
#pragma once
#include <stdbool.h>

#include "common/clock.h"

enum { SRV_REWRITE_PAUSE_MS = 60000 };

/* All zeros at the start. */
struct srv_rewrite_pause {
    time_ms until_ms;
    bool has_failed; /* the last one */
};

bool srv_rewrite_pause_is_over(const struct srv_rewrite_pause *p, time_ms now);
/* A rewrite has ended. Is it to be told that it failed? Only the first of several failures is. */
bool srv_rewrite_pause_on_end(struct srv_rewrite_pause *p, bool is_done, time_ms now);
