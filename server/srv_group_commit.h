/* Group commit: when the lease records that were gathered go to the disk together. A sync costs the same for
 * one record as for many: while there is more to serve, it waits for company, but not for long. If all
 * clients wait for the disk, we have nothing to do meanwhile: then half of them at a time keep it busy and
 * us. Pure. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum {
    SRV_GROUP_COMMIT_MIN = 16,      /* answers; a lone client never waits for so many: then we are idle */
    SRV_GROUP_COMMIT_MAX = 256,     /* answers */
    SRV_GROUP_COMMIT_WAIT_US = 2000 /* while there is more to serve */
};

struct srv_group_commit {
    unsigned company; /* so many answers make a commit worth it, while there is more to serve; MIN to MAX */
};

/* Below, `n_gathered` is how many answers wait for records that were gathered and that no commit has yet, and
 * `is_committing` says whether a commit runs. */

void srv_group_commit_init(struct srv_group_commit *g);

/* Is it time for a commit, before another message is served? Asked for each: it costs nothing. */
static inline bool srv_group_commit_is_due(const struct srv_group_commit *g, unsigned n_gathered,
                                           bool is_committing)
{
    return n_gathered >= g->company && !is_committing;
}

/* Some messages were served, and perhaps there are more; the first of the answers waits for so long, for no
 * time if there is none. Does a commit begin now? If that is for so much company, the next one waits for
 * more. */
bool srv_group_commit_on_served(struct srv_group_commit *g, unsigned n_gathered, bool is_committing,
                                uint64_t waited_us);

/* There is nothing more to serve, and `n_waiting` answers wait for what was gathered or for the commit that
 * runs. Does one begin now? It does, unless one runs: then when that ends. From now on half of those who wait
 * are company enough. */
bool srv_group_commit_on_idle(struct srv_group_commit *g, unsigned n_waiting, bool is_committing);
