/* DHCPLEASEQUERY, RFC 4388. */
#include <string.h>

#include "server/srv_on.h"
#include "server/srv_query.h"
#include "server/srv_send.h"

/* The leases of a client. */
struct found {
    const struct srv_query *query;
    struct srv_lease latest;
    ip4 addrs[SRV_QUERY_ASSOCIATED_MAX];
    size_t n;
};

/* RFC 4388 6.4.1: "the DHCP server MUST return the IP address returned to the client in the most recent
 * transaction with the client". */
static bool take_lease(void *user, const struct srv_lease *lease)
{
    struct found *f = user;
    if (lease->state != SRV_LEASE_ACTIVE || !srv_query_has(f->query, lease))
        return true;
    if (f->n == 0 || lease->granted_ms > f->latest.granted_ms)
        f->latest = *lease;
    if (f->n < SRV_QUERY_ASSOCIATED_MAX)
        f->addrs[f->n++] = lease->addr;
    return true;
}

/* RFC 4388 6.4.2 has no other options in DHCPLEASEUNASSIGNED, and 6.4 none in DHCPLEASEUNKNOWN. */
static void begin_answer(const struct srv_step *s, enum dhcp_type type, struct dhcp_msg *out)
{
    dhcp_msg_init(out, DHCP_BOOTREPLY);
    out->htype = s->msg->htype;
    out->hlen = s->msg->hlen;
    memcpy(out->chaddr, s->msg->chaddr, sizeof out->chaddr);
    out->xid = s->msg->xid;
    out->flags = s->msg->flags;
    out->ciaddr = s->msg->ciaddr;
    out->giaddr = s->msg->giaddr;
    dhcp_put_u8(out, DHCP_OPT_TYPE, (uint8_t)type);
}

static void send_bare(struct srv_step *s, enum dhcp_type type)
{
    struct dhcp_msg answer;
    begin_answer(s, type, &answer);
    srv_send_to_relay(s, type, &answer, 0);
}

static void send_active(struct srv_step *s, const struct srv_lease *lease, const ip4 *addrs, size_t n)
{
    struct dhcp_msg answer;
    struct srv_query_answer a = {.request = s->msg,
                                 .config = s->e->config,
                                 .lease = lease,
                                 .now = s->ev->now,
                                 .server_id = s->ev->iface->addr.addr,
                                 .associated = addrs,
                                 .n_associated = n};
    *srv_step_decide(s, REASON_QUERY_ACTIVE) = (struct trace_facts){.addr = lease->addr, .hw = lease->hw};
    begin_answer(s, DHCP_LEASEACTIVE, &answer);
    unsigned dropped = srv_query_put_lease(&a, &answer);
    srv_send_to_relay(s, DHCP_LEASEACTIVE, &answer, dropped);
}

/* All addresses of the client of a lease: those of who has the same identity. */
static void find_associated(const struct srv_step *s, const struct srv_lease *lease, struct found *out)
{
    struct srv_query query = {.by = SRV_QUERY_BY_HW, .hw = lease->hw};
    if (lease->client_id_len != 0) {
        query = (struct srv_query){.by = SRV_QUERY_BY_CLIENT_ID, .id_len = lease->client_id_len};
        memcpy(query.id, lease->client_id, lease->client_id_len);
    }
    *out = (struct found){.query = &query};
    srv_lease_each(s->e->leases, take_lease, out);
}

static void on_address(struct srv_step *s, ip4 addr)
{
    struct srv_lease lease;
    struct found found;
    if (srv_lease_find(s->e->leases, addr, &lease) && lease.state == SRV_LEASE_ACTIVE) {
        find_associated(s, &lease, &found);
        send_active(s, &lease, found.addrs, found.n);
    } else if (srv_query_is_managed(s->e->config, addr)) {
        srv_step_decide(s, REASON_QUERY_UNASSIGNED)->addr = addr;
        send_bare(s, DHCP_LEASEUNASSIGNED);
    } else {
        srv_step_decide(s, REASON_QUERY_UNKNOWN_ADDR)->addr = addr;
        send_bare(s, DHCP_LEASEUNKNOWN);
    }
}

static void on_client(struct srv_step *s, const struct srv_query *query)
{
    struct found found = {.query = query};
    srv_lease_each(s->e->leases, take_lease, &found);
    if (found.n != 0) {
        send_active(s, &found.latest, found.addrs, found.n);
        return;
    }
    srv_step_decide(s, REASON_QUERY_UNKNOWN_CLIENT);
    send_bare(s, DHCP_LEASEUNKNOWN);
}

/* RFC 4388 6.4.3: "If the "giaddr" field is zero, then the DHCP server MUST NOT reply to the DHCPLEASEQUERY
 * message." 7: servers "SHOULD be configured with a list of ... access concentrators" that may ask. */
static enum reason check(const struct srv_step *s, struct srv_query *out)
{
    if (!s->e->config->lease_query.enabled)
        return REASON_QUERY_OFF;
    if (s->msg->giaddr == 0)
        return REASON_QUERY_NO_RELAY;
    if (!srv_config_is_requester(s->e->config, s->msg->giaddr))
        return REASON_QUERY_REQUESTER;
    return srv_query_read(s->msg, false, out);
}

void srv_on_leasequery(struct srv_step *s)
{
    struct srv_query query;
    enum reason reason = check(s, &query);
    if (reason != REASON_NONE)
        srv_step_drop(s, reason)->addr = s->msg->giaddr;
    else if (query.by == SRV_QUERY_BY_ADDR)
        on_address(s, query.addr);
    else
        on_client(s, &query);
}
