/* DHCPREQUEST, RFC 2131 4.3.2. */
#include "server/srv_on.h"

#include "server/srv_grant.h"
#include "server/srv_select.h"
#include "server/srv_send.h"

enum request_kind { SELECTING, INIT_REBOOT, RENEWING, REBINDING };

static void grant_or_nak(struct srv_step *s, ip4 addr)
{
    struct srv_alloc_query query = srv_grant_query(s);
    enum reason refusal = srv_alloc_refusal(&query, addr);
    if (refusal == REASON_NONE)
        srv_grant(s, addr);
    else
        srv_send_nak(s, refusal, addr, srv_alloc_reserved(&query));
}

/* RFC 2131 3.1 (3): "Those servers not selected by the DHCPREQUEST message use the message as notification
 * that the client has declined that server's offer." */
static void take_offer_back(struct srv_step *s, ip4 server)
{
    ip4 offered = srv_step_find_offer(s)->addr;
    if (offered == 0) {
        srv_step_decide(s, REASON_OTHER_SERVER)->other = server;
        return;
    }
    *srv_step_decide(s, REASON_OFFER_TAKEN_BACK) = (struct trace_facts){.addr = offered, .other = server};
    if (!s->out_of_memory)
        srv_step_end_offer(s, offered);
}

static void on_selecting(struct srv_step *s, ip4 server, ip4 addr)
{
    if (!srv_step_is_our_id(s, server)) {
        take_offer_back(s, server);
        return;
    }
    struct srv_lease lease;
    ip4 offered = srv_step_find_offer(s)->addr;
    bool has_lease = srv_step_find_lease(s, 0, &lease) && lease.state == SRV_LEASE_ACTIVE;
    if (offered == addr || (has_lease && lease.addr == addr) || (offered == 0 && !has_lease))
        grant_or_nak(s, addr);
    else
        srv_send_nak(s, REASON_NAK_WRONG_ADDR, addr, offered != 0 ? offered : lease.addr);
}

/* RFC 2131 4.3.2: "If the DHCP server has no record of this client, then it MUST remain silent". Where the
 * administrator says that this server is the only authority, silence would only cost the client time. */
static void on_unknown(struct srv_step *s, enum request_kind kind, ip4 addr)
{
    struct srv_alloc_query query = srv_grant_query(s);
    enum reason refusal = srv_alloc_refusal(&query, addr);
    if (s->e->config->kea && kind != INIT_REBOOT && refusal == REASON_NONE) {
        srv_grant(s, addr);
        return;
    }
    /* A unicast renewal says that we granted it; two clients must not go on with one address. */
    bool is_conflict = kind == RENEWING && (refusal == REASON_NAK_IN_USE || refusal == REASON_NAK_DECLINED ||
                                            refusal == REASON_NAK_RESERVED_OTHER);
    if (s->subnet->authoritative || is_conflict)
        srv_send_nak(s, refusal == REASON_NONE ? REASON_NAK_UNKNOWN : refusal, addr, 0);
    else
        srv_step_decide(s, REASON_UNKNOWN_CLIENT);
}

/* INIT-REBOOT, RENEWING and REBINDING: the client says which address it has. */
static void on_verify(struct srv_step *s, enum request_kind kind, ip4 addr)
{
    /* RFC 2131 4.3.2: "If the DHCP server detects that the client is on the wrong net ..., then the server
     * SHOULD send a DHCPNAK message to the client." */
    if (kind == INIT_REBOOT && !ip4_net_has(s->subnet->net, addr)) {
        srv_send_nak(s, REASON_NAK_WRONG_NET, addr, 0);
        return;
    }
    struct srv_alloc_query query = srv_grant_query(s);
    struct srv_lease lease;
    ip4 reserved = srv_alloc_reserved(&query);
    bool has_lease = srv_step_find_lease(s, 0, &lease);
    /* What is reserved for the client is a record of it, too. */
    if (addr == reserved || (has_lease ? addr == lease.addr : reserved != 0))
        grant_or_nak(s, addr);
    else if (has_lease)
        srv_send_nak(s, REASON_NAK_WRONG_ADDR, addr, lease.addr);
    else
        on_unknown(s, kind, addr);
}

/* RFC 2131 4.3.6, table 4:
 *                 INIT-REBOOT   SELECTING   RENEWING     REBINDING
 *   broad/unicast broadcast     broadcast   unicast      broadcast
 *   server-ip     MUST NOT      MUST        MUST NOT     MUST NOT
 *   requested-ip  MUST          MUST        MUST NOT     MUST NOT
 *   ciaddr        zero          zero        IP address   IP address
 * A relay has made a unicast of what it relays. */
static enum request_kind classify(const struct srv_step *s)
{
    if (dhcp_msg_has(s->msg, DHCP_OPT_SERVER_ID))
        return SELECTING;
    if (s->msg->ciaddr == 0)
        return INIT_REBOOT;
    return s->msg->giaddr == 0 && !srv_step_is_broadcast(s) ? RENEWING : REBINDING;
}

/* Kea serves a client that names no address at all, like one that begins. */
static void on_any_address(struct srv_step *s)
{
    if (!srv_select_subnet(s))
        return;
    enum reason reason;
    ip4 addr = srv_grant_pick(s, 0, &reason);
    if (addr == 0)
        return;
    srv_step_decide(s, reason)->addr = addr;
    srv_grant(s, addr);
}

static const enum reason request_reasons[] = {
    [SELECTING] = REASON_REQUEST_SELECTING,
    [INIT_REBOOT] = REASON_REQUEST_INIT_REBOOT,
    [RENEWING] = REASON_REQUEST_RENEWING,
    [REBINDING] = REASON_REQUEST_REBINDING,
};

void srv_on_request(struct srv_step *s)
{
    enum request_kind kind = classify(s);
    ip4 requested = 0, server = 0, ciaddr = s->msg->ciaddr;
    dhcp_get_ip4(s->msg, DHCP_OPT_REQUESTED_IP, &requested);
    dhcp_get_ip4(s->msg, DHCP_OPT_SERVER_ID, &server);
    if (requested == 0 && ciaddr == 0 && s->e->config->kea) {
        on_any_address(s);
        return;
    }
    if (requested == 0 && ciaddr == 0) {
        srv_step_drop(s, REASON_MSG_NO_ADDRESS);
        return;
    }
    srv_step_decide(s, request_reasons[kind]);
    /* RFC 2131 4.3.2, RENEWING: "Because 'giaddr' is therefore not filled in, the DHCP server will trust the
     * value in 'ciaddr', and use it when replying to the client." */
    bool has_subnet = kind == RENEWING ? srv_select_take(s, srv_config_find_subnet(s->e->config, ciaddr),
                                                         REASON_SUBNET_CIADDR, ciaddr, NULL)
                                       : srv_select_subnet(s);
    if (!has_subnet)
        return;
    ip4 addr = kind == INIT_REBOOT || (kind == SELECTING && requested != 0) ? requested : ciaddr;
    if (s->subnet->network != NULL)
        srv_select_move(s, srv_config_find_neighbour(s->e->config, s->subnet, addr));
    switch (kind) {
    case SELECTING:
        on_selecting(s, server, addr);
        break;
    case INIT_REBOOT:
    case RENEWING:
    case REBINDING:
        on_verify(s, kind, addr);
        break;
    }
}
