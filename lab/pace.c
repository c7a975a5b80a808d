#include "lab/pace.h"

static void add(struct pace_sum *sum, const struct pace_look *look)
{
    if (look->now > sum->now)
        sum->now = look->now;
    sum->is_busy = sum->is_busy || look->is_busy || look->deadline <= look->now;
    if (look->deadline > look->now && look->deadline < sum->deadline)
        sum->deadline = look->deadline;
    sum->sent += look->sent;
    sum->heard += look->heard;
}

struct pace_sum pace_look(const struct pace *p)
{
    struct pace_sum sum = {.deadline = TIME_NEVER};
    for (size_t i = 0; i < p->n; i++) {
        struct pace_look look;
        if (p->look(p->user, i, &look))
            add(&sum, &look);
    }
    return sum;
}

static bool has_traffic(const struct pace_sum *before, const struct pace_sum *after)
{
    return before->sent != after->sent || before->heard != after->heard;
}

/* Has more been sent than was heard? Then it may still be on its way, in a kernel that is busy; or lost. */
static unsigned looks_wanted(const struct pace_sum *since, const struct pace_sum *now)
{
    return now->sent - since->sent > now->heard - since->heard ? PACE_UNHEARD_LOOKS : PACE_QUIET_LOOKS;
}

static bool settle_since(const struct pace *p, const struct pace_sum *since)
{
    struct pace_sum last = pace_look(p);
    unsigned quiet = !last.is_busy;
    for (unsigned i = 1; i < PACE_LOOKS_MAX && quiet < looks_wanted(since, &last); i++) {
        p->rest(p->user);
        struct pace_sum sum = pace_look(p);
        quiet = sum.is_busy ? 0 : has_traffic(&last, &sum) ? 1 : quiet + 1;
        last = sum;
    }
    return quiet >= looks_wanted(since, &last);
}

bool pace_settle(const struct pace *p)
{
    struct pace_sum since = pace_look(p);
    return settle_since(p, &since);
}

/* Most jumps make nobody send: then there is nothing to wait for. */
static void settle_after(const struct pace *p, const struct pace_sum *before)
{
    struct pace_sum after = pace_look(p);
    if (after.is_busy || has_traffic(before, &after))
        settle_since(p, before);
}

int pace_advance(const struct pace *p, time_ms until, uint64_t *out_jumps)
{
    time_ms at = 0;
    *out_jumps = 0;
    pace_settle(p);
    while (at < until) {
        struct pace_sum sum = pace_look(p);
        at = sum.deadline < until ? sum.deadline : until;
        int rc = p->jump(p->user, at);
        if (rc < 0)
            return rc;
        ++*out_jumps;
        settle_after(p, &sum);
    }
    return 0;
}
