#include "common/log_rate.h"

#include <assert.h>

enum { SECOND_MS = 1000 };

void log_rate_init(struct log_rate *r, uint32_t per_s)
{
    *r = (struct log_rate){.per_s = per_s, .deadline = TIME_NEVER};
}

static void suppress(struct log_rate *r, struct log_rate_kind *kind)
{
    r->total++;
    if (kind->suppressed++ != 0)
        return;
    r->n_waiting++;
    if (kind->until < r->deadline)
        r->deadline = kind->until;
}

bool log_rate_admit(struct log_rate *r, unsigned kind, time_ms now)
{
    assert(kind < LOG_RATE_KINDS_MAX);
    struct log_rate_kind *k = &r->kinds[kind];
    if (r->per_s == 0)
        return true;
    /* A second that has not been told of goes on, so that lines stay in order. */
    if (now >= k->until && k->suppressed == 0) {
        k->until = time_add(now, SECOND_MS);
        k->n = 0;
    }
    if (k->n < r->per_s) {
        k->n++;
        return true;
    }
    suppress(r, k);
    return false;
}

static void find_deadline(struct log_rate *r)
{
    r->deadline = TIME_NEVER;
    for (unsigned i = 0; i < LOG_RATE_KINDS_MAX && r->n_waiting != 0; i++)
        if (r->kinds[i].suppressed != 0 && r->kinds[i].until < r->deadline)
            r->deadline = r->kinds[i].until;
}

bool log_rate_take_due(struct log_rate *r, time_ms now, unsigned *out_kind, uint32_t *out_suppressed)
{
    if (now < r->deadline)
        return false;
    for (unsigned i = 0; i < LOG_RATE_KINDS_MAX; i++) {
        struct log_rate_kind *k = &r->kinds[i];
        if (k->suppressed == 0 || now < k->until)
            continue;
        *out_kind = i;
        *out_suppressed = k->suppressed;
        k->suppressed = 0;
        r->n_waiting--;
        find_deadline(r);
        return true;
    }
    return false;
}
