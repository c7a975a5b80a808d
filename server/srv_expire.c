#include "server/srv_expire.h"

static void tell_expired(struct srv_step *s, enum reason reason, const struct srv_lease *lease)
{
    srv_step_trace(s, TRACE_DECISION, reason, &(struct trace_facts){.addr = lease->addr})->client = lease->hw;
}

static bool expire_offer(struct srv_step *s)
{
    struct srv_lease offer;
    if (!srv_lease_find_due(s->e->offers, s->ev->now, &offer))
        return false;
    tell_expired(s, REASON_OFFER_EXPIRED, &offer);
    srv_step_end_offer(s, offer.addr);
    return true;
}

/* A held record whose time is over is free. Nobody has a claim to an address that comes out of quarantine,
 * least of all who declined it. */
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
    tell_expired(s, lease.state == SRV_LEASE_DECLINED ? REASON_DECLINE_ENDED : REASON_LEASE_EXPIRED, &lease);
    srv_expire_free(&lease);
    srv_step_keep_lease(s, &lease);
    return true;
}

void srv_expire(struct srv_step *s)
{
    for (int i = 0; i < SRV_EXPIRE_MAX && !s->out_of_memory; i++)
        if (!expire_offer(s) && !expire_lease(s))
            return;
}
