#include "server/srv_count.h"

static bool has_pools(const struct srv_step *s)
{
    for (const struct srv_subnet *subnet = s->subnet; subnet != NULL;
         subnet = srv_config_next_neighbour(s->e->config, s->subnet, subnet))
        if (subnet->n_pools != 0)
            return true;
    return false;
}

/* `is_closed`: a pool was not for the client's classes. */
static void tally_failure(struct srv_step *s, bool is_closed)
{
    struct srv_tally *t = s->e->tally;
    srv_tally_add(t, s->subnet, 0, SRV_TALLY_FAIL, 1);
    srv_tally_add(t, s->subnet, 0,
                  s->subnet->network != NULL ? SRV_TALLY_FAIL_NETWORK : SRV_TALLY_FAIL_SUBNET, 1);
    if (!has_pools(s))
        srv_tally_add(t, s->subnet, 0, SRV_TALLY_FAIL_NO_POOLS, 1);
    if (is_closed)
        srv_tally_add(t, s->subnet, 0, SRV_TALLY_FAIL_CLASSES, 1);
}

/* How a message of a client that has a subnet ended: one of srv_count_is_tallied[]. */
static void tally(struct srv_step *s, enum reason reason, ip4 addr, bool is_closed)
{
    struct srv_tally *t = s->e->tally;
    if (reason == REASON_LEASE_KEPT && s->sent == DHCP_ACK)
        srv_tally_add(t, s->subnet, addr, SRV_TALLY_REUSES, 1);
    else if (reason == REASON_RESERVED_IN_USE)
        srv_tally_add(t, s->subnet, addr, SRV_TALLY_CONFLICTS, 1);
    else if (reason != REASON_LEASE_KEPT)
        tally_failure(s, is_closed);
}

const bool srv_count_is_tallied[REASON_COUNT] = {
    [REASON_LEASE_KEPT] = true,         [REASON_RESERVED_IN_USE] = true, [REASON_POOL_EMPTY] = true,
    [REASON_LEASE_LIMIT] = true,        [REASON_OFFER_LIMIT] = true,     [REASON_NETWORK_EMPTY] = true,
    [REASON_OFFER_LIMIT_CLIENT] = true, [REASON_POOL_CLASS] = true,
};

void srv_count_tally(struct srv_step *s)
{
    bool is_closed = false;
    for (const struct srv_action *a = s->tally_from; a != NULL && s->subnet != NULL; a = a->next) {
        if (a->kind != SRV_TRACE || !srv_count_is_tallied[a->trace.reason])
            continue;
        if (a->trace.reason == REASON_POOL_CLASS)
            is_closed = true;
        else
            tally(s, a->trace.reason, a->trace.facts.addr, is_closed);
    }
}

void srv_count_undo(struct srv_step *s, const struct srv_action *first)
{
    struct srv_counters *counters = &s->e->counters;
    for (const struct srv_action *a = first; a != NULL; a = a->next) {
        if (a->kind != SRV_TRACE)
            continue;
        counters->reasons[a->trace.reason]--;
        counters->dropped -= a->trace.kind == TRACE_DROP;
    }
}
