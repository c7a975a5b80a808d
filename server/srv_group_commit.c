#include "server/srv_group_commit.h"

static void set_company(struct srv_group_commit *g, unsigned n)
{
    unsigned least = n < SRV_GROUP_COMMIT_MIN ? SRV_GROUP_COMMIT_MIN : n;
    g->company = least < SRV_GROUP_COMMIT_MAX ? least : SRV_GROUP_COMMIT_MAX;
}

void srv_group_commit_init(struct srv_group_commit *g)
{
    set_company(g, 0);
}

bool srv_group_commit_on_served(struct srv_group_commit *g, unsigned n_gathered, bool is_committing,
                                uint64_t waited_us)
{
    bool is_due = srv_group_commit_is_due(g, n_gathered, is_committing);
    if (is_due)
        set_company(g, g->company + g->company / 4 + 1);
    return is_due || (waited_us > SRV_GROUP_COMMIT_WAIT_US && !is_committing);
}

bool srv_group_commit_on_idle(struct srv_group_commit *g, unsigned n_waiting, bool is_committing)
{
    set_company(g, n_waiting / 2);
    return !is_committing;
}
