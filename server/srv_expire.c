#include "server/srv_expire.h"

#include "server/srv_step.h"

/* Of the client that had the address. */
static struct trace_facts *tell(struct srv_step *s, enum reason reason, const struct srv_lease *lease)
{
    struct trace_event *event = srv_step_trace(s, TRACE_DECISION, reason);
    event->client = lease->hw;
    event->facts.addr = lease->addr;
    return &event->facts;
}

static bool expire_offer(struct srv_step *s)
{
    struct srv_lease offer;
    if (!srv_lease_find_due(s->e->offers, s->ev->now, &offer))
        return false;
    tell(s, REASON_OFFER_EXPIRED, &offer);
    srv_step_end_offer(s, offer.addr);
    return true;
}

/* Nobody has a claim to an address that comes out of quarantine, least of all who declined it. */
void srv_expire_free(struct srv_lease *lease)
{
    if (lease->state == SRV_LEASE_DECLINED) {
        lease->hw = (struct hw_addr){0};
        lease->client_id_len = 0;
        lease->hostname[0] = '\0';
    }
    lease->state = SRV_LEASE_EXPIRED;
}

static bool expire_lease(struct srv_step *s)
{
    struct srv_lease lease;
    if (!srv_lease_find_due(s->e->leases, s->ev->now, &lease))
        return false;
    tell(s, lease.state == SRV_LEASE_DECLINED ? REASON_DECLINE_ENDED : REASON_LEASE_EXPIRED, &lease);
    const struct srv_subnet *subnet = srv_config_find_subnet_id(s->e->config, lease.subnet_id);
    srv_tally_add(s->e->tally, subnet, lease.addr, SRV_TALLY_RECLAIMED, 1);
    if (lease.state == SRV_LEASE_DECLINED)
        srv_tally_add(s->e->tally, subnet, lease.addr, SRV_TALLY_RECLAIMED_DECLINED, 1);
    srv_expire_free(&lease);
    if (s->e->config->expiry.is_given && s->e->config->expiry.flush_wait_s == 0)
        srv_step_forget_lease(s, &lease);
    else
        srv_step_keep_lease(s, &lease);
    return true;
}

void srv_expire_leases(struct srv_step *s)
{
    while (!s->out_of_memory && expire_lease(s))
        ;
}

static void expire_some(struct srv_step *s, bool (*expire)(struct srv_step *s))
{
    for (int i = 0; i < SRV_EXPIRE_MAX && !s->out_of_memory && expire(s); i++)
        ;
}

/* ---- expired-leases-processing ---- */

static void end_pass(struct srv_step *s)
{
    const struct srv_expiry *config = &s->e->config->expiry;
    struct srv_expire *x = &s->e->expire;
    bool is_behind = srv_lease_deadline(s->e->leases) <= s->ev->now;
    x->behind = is_behind ? x->behind + 1 : 0;
    if (x->behind > config->unwarned) {
        srv_step_decide(s, REASON_RECLAIM_BEHIND)->num = x->behind;
        x->behind = 0;
    }
    x->reclaim_ms = time_add(s->ev->now, (time_ms)config->reclaim_wait_s * 1000);
    x->reclaim_done = 0;
}

/* A pass may take several steps: it is over when nothing is due, or when it has done enough, or for long
 * enough. */
static void run_pass(struct srv_step *s)
{
    const struct srv_expiry *config = &s->e->config->expiry;
    struct srv_expire *x = &s->e->expire;
    bool is_due = true;
    if (x->reclaim_done == 0)
        x->reclaim_from_ms = s->ev->now;
    if (config->max_time_ms != 0 && s->ev->now - x->reclaim_from_ms >= config->max_time_ms) {
        end_pass(s);
        return;
    }
    for (int i = 0; i < SRV_EXPIRE_MAX && is_due; i++) {
        if (config->max_leases != 0 && x->reclaim_done >= config->max_leases)
            break;
        is_due = expire_lease(s) && !s->out_of_memory;
        x->reclaim_done += is_due;
    }
    if (!is_due || (config->max_leases != 0 && x->reclaim_done >= config->max_leases))
        end_pass(s);
}

/* Forgets the oldest free lease of all subnets, if it was kept long enough. */
static bool flush_one(struct srv_step *s)
{
    time_ms hold_ms = (time_ms)s->e->config->expiry.hold_s * 1000;
    struct srv_lease lease;
    if (!srv_lease_find_oldest_of_all(s->e->leases, &lease) ||
        time_add(lease.expires_ms, hold_ms) > s->ev->now)
        return false;
    tell(s, REASON_LEASE_FORGOTTEN, &lease)->num = (s->ev->now - lease.expires_ms) / 1000;
    srv_step_forget_lease(s, &lease);
    return true;
}

static void flush(struct srv_step *s)
{
    const struct srv_expiry *config = &s->e->config->expiry;
    struct srv_expire *x = &s->e->expire;
    struct srv_lease oldest;
    for (int i = 0; i < SRV_EXPIRE_MAX; i++) {
        if (!s->out_of_memory && flush_one(s))
            continue;
        x->flush_ms = time_add(s->ev->now, (time_ms)config->flush_wait_s * 1000);
        if (!srv_lease_find_oldest_of_all(s->e->leases, &oldest))
            return;
        time_ms due_ms = time_add(oldest.expires_ms, (time_ms)config->hold_s * 1000);
        x->flush_ms = due_ms > x->flush_ms ? due_ms : x->flush_ms;
        return;
    }
}

static bool flushes(const struct srv_config *config)
{
    return config->expiry.is_given && config->expiry.flush_wait_s != 0;
}

/* ---- when ---- */

/* A message never meets a lease that only waits to be made free. */
void srv_expire(struct srv_step *s)
{
    const struct srv_config *config = s->e->config;
    const struct srv_expire *x = &s->e->expire;
    time_ms now = s->ev->now;
    expire_some(s, expire_offer);
    if (!config->expiry.is_given || s->ev->kind != SRV_DEADLINE)
        expire_some(s, expire_lease);
    else if (config->expiry.reclaim_wait_s != 0 && x->reclaim_ms <= now)
        run_pass(s);
    if (flushes(config) && s->ev->kind == SRV_DEADLINE && x->flush_ms <= now)
        flush(s);
}

static time_ms later(time_ms a, time_ms b)
{
    return a > b ? a : b;
}

time_ms srv_expire_deadline(const struct srv_engine *e)
{
    const struct srv_expiry *config = &e->config->expiry;
    time_ms lease = srv_lease_deadline(e->leases), offer = srv_lease_deadline(e->offers);
    if (config->is_given)
        lease = config->reclaim_wait_s == 0 ? TIME_NEVER : later(lease, e->expire.reclaim_ms);
    time_ms first = lease < offer ? lease : offer;
    if (flushes(e->config) && srv_lease_table_has_free(e->leases) && e->expire.flush_ms < first)
        first = e->expire.flush_ms;
    return first;
}
