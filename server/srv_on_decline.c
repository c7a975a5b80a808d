/* DHCPDECLINE, RFC 2131 4.3.3. */
#include "server/srv_on.h"

/* "the server MUST mark the network address as not available and SHOULD notify the local system administrator
 * of a possible configuration problem." */
void srv_decline(struct srv_step *s, struct srv_lease *lease, enum reason reason)
{
    struct srv_engine *e = s->e;
    uint32_t span_s = e->config->decline_s;
    lease->state = SRV_LEASE_DECLINED;
    lease->lease_s = span_s;
    lease->granted_ms = s->ev->now;
    lease->expires_ms = time_add(s->ev->now, time_from_lease_s(span_s));
    *srv_step_decide(s, reason) = (struct trace_facts){.addr = lease->addr, .span_s = span_s};
    srv_step_add(s, SRV_LEASE_PUT)->lease = *lease;
    if (s->out_of_memory)
        return;
    srv_step_keep_lease(s, lease);
    if (!s->out_of_memory)
        srv_step_end_offer(s, lease->addr);
}

/* What was granted or offered at the address, to this client or another. */
static bool find_claim(struct srv_step *s, ip4 addr, struct srv_lease *out)
{
    struct srv_lease lease;
    bool is_leased = srv_lease_find(s->e->leases, addr, &lease) && lease.state == SRV_LEASE_ACTIVE;
    if (!is_leased && !srv_lease_find(s->e->offers, addr, &lease))
        return false;
    *out = lease;
    srv_step_identify(s, srv_config_matches_client_id(s->e->config, lease.subnet_id));
    return true;
}

static void on_decline_of(struct srv_step *s, ip4 addr)
{
    struct srv_engine *e = s->e;
    struct trace_facts facts = {.addr = addr};
    struct srv_lease lease;
    if (!find_claim(s, addr, &lease)) {
        *srv_step_decide(s, REASON_DECLINE_UNKNOWN) = facts;
        return;
    }
    if (!srv_lease_is_of(&lease, &s->client)) {
        *srv_step_decide(s, REASON_DECLINE_NOT_OWNER) = facts;
        return;
    }
    /* A client that finds every address in use is mistaken, or wants to empty the pool. */
    size_t declined = srv_lease_count_declined(e->leases, lease.subnet_id, &s->client);
    if (declined >= e->config->max_declines) {
        facts.num = (int64_t)declined;
        *srv_step_decide(s, REASON_DECLINE_LIMIT) = facts;
        return;
    }
    declined = srv_lease_table_declined(e->leases);
    if (declined >= e->config->max_declined) {
        facts.num = (int64_t)declined;
        *srv_step_decide(s, REASON_DECLINE_FULL) = facts;
        return;
    }
    if (!srv_lease_find(e->leases, addr, NULL) && srv_lease_table_room(e->leases) == 0) {
        facts.num = (int64_t)srv_lease_table_count(e->leases);
        *srv_step_decide(s, REASON_LEASE_LIMIT) = facts;
        return;
    }
    srv_decline(s, &lease, REASON_DECLINED);
}

/* RFC 2131 4.4.1, table 5: a DHCPDECLINE names the address in option 50 and the server in option 54, MUST
 * both. It is never answered. */
void srv_on_decline(struct srv_step *s)
{
    ip4 addr = 0, server = s->ev->iface->addr.addr;
    if (!dhcp_get_ip4(s->msg, DHCP_OPT_REQUESTED_IP, &addr) || addr == 0)
        srv_step_drop(s, REASON_DECLINE_NO_ADDR);
    else if (!dhcp_get_ip4(s->msg, DHCP_OPT_SERVER_ID, &server) && !s->e->config->kea)
        srv_step_drop(s, REASON_NO_SERVER_ID);
    else if (!srv_step_is_our_id(s, server))
        srv_step_decide(s, REASON_OTHER_SERVER)->other = server;
    else
        on_decline_of(s, addr);
}
