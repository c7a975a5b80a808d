/* DHCPDISCOVER, RFC 2131 4.3.1. */
#include "server/srv_on.h"

#include "server/srv_grant.h"
#include "server/srv_select.h"
#include "server/srv_send.h"

/* RFC 2131 4.3.1: "The server may choose to record the address as offered to the client." A retransmitted
 * DISCOVER gets the same offer, whatever its xid. */
static void make_offer(struct srv_step *s, ip4 addr, bool is_bound)
{
    struct srv_lease offer, lease;
    ip4 before = srv_step_find_offer(s)->addr;
    if (!is_bound && before != addr && !srv_step_may_offer(s, before))
        return;
    uint32_t left_s = srv_grant_left(s, srv_lease_find(s->e->leases, addr, &lease) ? &lease : NULL);
    if (left_s != 0)
        *srv_step_decide(s, REASON_LEASE_KEPT) = (struct trace_facts){.addr = addr, .span_s = left_s};
    srv_grant_make(s, addr, left_s != 0 ? left_s : srv_grant_lease_time(s, s->lifetime.default_s), &offer);
    offer.state = SRV_LEASE_OFFERED;
    offer.expires_ms = time_add(s->ev->now, time_from_lease_s(s->lifetime.offer_s));
    srv_send_lease(s, DHCP_OFFER, &offer);
    if (s->out_of_memory)
        return;
    if (before != 0 && before != addr)
        srv_step_end_offer(s, before);
    if (!is_bound) /* a lease holds its address already */
        srv_step_keep_offer(s, &offer);
}

/* RFC 8925: who asks for option 108 does without IPv4 where the network sends it. */
static bool prefers_ipv6(const struct srv_step *s, const struct srv_pool *pool)
{
    struct srv_scopes scopes;
    if (!srv_reply_is_requested(s->msg, DHCP_OPT_V6ONLY))
        return false;
    srv_send_scopes(s, pool, &scopes);
    return srv_scope_find(&scopes, DHCP_OPT_V6ONLY) != NULL;
}

/* An address that the client will not use is not kept from others. */
static void offer_none(struct srv_step *s)
{
    srv_step_decide(s, REASON_V6ONLY);
    srv_send_reply(s, NULL, &(struct srv_reply){.type = DHCP_OFFER, .lease_s = s->lifetime.default_s});
}

/* RFC 4039: where several servers answer, each commits a lease, and the client uses one of them. So the
 * administrator must want it: with one server, or with addresses to spare. */
static bool is_rapid(const struct srv_step *s, ip4 addr)
{
    const struct dhcp_option *option = dhcp_msg_find(s->msg, DHCP_OPT_RAPID_COMMIT);
    const struct srv_pool *pool = srv_config_find_pool(s->subnet, addr);
    return s->subnet->rapid_commit && option != NULL && option->len == 0 && !prefers_ipv6(s, pool);
}

void srv_on_discover(struct srv_step *s)
{
    if (!srv_select_subnet(s))
        return;
    if (prefers_ipv6(s, NULL)) {
        offer_none(s);
        return;
    }
    ip4 requested = 0;
    dhcp_get_ip4(s->msg, DHCP_OPT_REQUESTED_IP, &requested);
    enum reason reason;
    ip4 addr = srv_grant_pick(s, requested, &reason);
    if (addr == 0)
        return;
    srv_step_decide(s, reason)->addr = addr;
    if (srv_park_hold(s, addr, reason))
        return;
    if (is_rapid(s, addr)) {
        srv_step_decide(s, REASON_RAPID_COMMIT)->addr = addr;
        srv_grant(s, addr);
        return;
    }
    make_offer(s, addr, reason == REASON_ADDR_BOUND);
}
