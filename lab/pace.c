#include "lab/pace.h"

static void add(struct pace_sum *sum, const struct pace_look *look)
{
    if (look->now > sum->now)
        sum->now = look->now;
    if (look->deadline <= look->now)
        sum->is_due = true;
    else if (look->deadline < sum->deadline)
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

bool pace_settle(const struct pace *p)
{
    struct pace_sum last = pace_look(p);
    unsigned quiet = !last.is_due;
    for (unsigned i = 1; i < PACE_LOOKS_MAX && quiet < PACE_QUIET_LOOKS; i++) {
        p->rest(p->user);
        struct pace_sum sum = pace_look(p);
        quiet = sum.is_due ? 0 : has_traffic(&last, &sum) ? 1 : quiet + 1;
        last = sum;
    }
    return quiet == PACE_QUIET_LOOKS;
}

/* Most jumps make nobody send: then there is nothing to wait for. */
static void settle_after(const struct pace *p, const struct pace_sum *before)
{
    struct pace_sum after = pace_look(p);
    if (after.is_due || has_traffic(before, &after))
        pace_settle(p);
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
