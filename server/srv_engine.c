#include "server/srv_engine.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/dhcp_opt_walk.h"
#include "common/err.h"
#include "server/srv_alloc.h"

struct srv_engine {
    const struct srv_config *config;
    struct srv_lease_table *leases; /* ACTIVE, DECLINED, EXPIRED, RELEASED */
    struct srv_lease_table *offers; /* OFFERED: never stored, and never in the way of a lease's record */
    struct srv_alloc *alloc;
    size_t n_deletions; /* among the leases, while loading */
    struct srv_counters counters;
    struct dhcp_msg msg; /* the message at hand; here because it is large */
};

/* What a relay says in option 82; all 0 if there is no relay, or it says nothing of it. */
struct relay_wish {
    ip4 link;      /* RFC 3527: the link that the client is on */
    ip4 server_id; /* RFC 5107: who we are to be for the client */
    uint16_t port; /* RFC 8357: where the relay listens */
};

/* One event being worked on. What changes the engine is done last, when all actions are made: if memory runs
 * out before, the actions are taken back and the engine is as it was. */
struct step {
    struct srv_engine *e;
    const struct srv_event *ev;
    struct srv_actions *out;
    const struct dhcp_msg *msg;
    struct srv_identity client;
    struct relay_wish relay;
    const struct srv_subnet *subnet;
    uint8_t sent; /* type of the answer; 0: none */
    bool out_of_memory;
    struct srv_action spare; /* what is filled in when there is no memory */
};

/* ---- actions ---- */

void srv_actions_init(struct srv_actions *out)
{
    *out = (struct srv_actions){0};
    arena_init(&out->arena);
}

void srv_actions_reset(struct srv_actions *out)
{
    arena_reset(&out->arena);
    out->first = out->last = NULL;
}

void srv_actions_fini(struct srv_actions *out)
{
    arena_fini(&out->arena);
    out->first = out->last = NULL;
}

static struct srv_action *add_action(struct step *s, enum srv_action_kind kind)
{
    struct srv_action *action = arena_alloc(&s->out->arena, sizeof *action);
    if (action == NULL) {
        s->out_of_memory = true;
        return &s->spare;
    }
    action->kind = kind;
    if (s->out->last != NULL)
        s->out->last->next = action;
    else
        s->out->first = action;
    s->out->last = action;
    return action;
}

/* Takes back what was added after `last`. */
static void rewind_actions(struct srv_actions *out, struct srv_action *last)
{
    out->last = last;
    if (last != NULL)
        last->next = NULL;
    else
        out->first = NULL;
}

static struct trace_event *put_trace(struct step *s, enum trace_kind kind, enum reason reason,
                                     const struct trace_facts *facts)
{
    struct trace_event *event = &add_action(s, SRV_TRACE)->trace;
    *event = (struct trace_event){.kind = kind, .reason = reason, .facts = *facts};
    if (s->msg != NULL) {
        event->xid = s->msg->xid;
        event->client = dhcp_msg_hw(s->msg);
    }
    return event;
}

static void decide(struct step *s, enum reason reason, struct trace_facts facts)
{
    put_trace(s, TRACE_DECISION, reason, &facts);
}

static void drop(struct step *s, enum reason reason, struct trace_facts facts)
{
    put_trace(s, TRACE_DROP, reason, &facts);
}

static const char *keep_text(struct step *s, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = arena_alloc(&s->out->arena, size);
    if (copy == NULL) {
        s->out_of_memory = true;
        return "";
    }
    return memcpy(copy, text, size);
}

/* ---- leases and offers ---- */

static bool matches_client_id(const struct srv_engine *e, uint32_t subnet_id)
{
    const struct srv_subnet *subnet = srv_config_find_subnet_id(e->config, subnet_id);
    return subnet == NULL || subnet->match_client_id;
}

static void keep_lease(struct step *s, const struct srv_lease *lease)
{
    struct srv_engine *e = s->e;
    if (srv_lease_put(e->leases, lease, matches_client_id(e, lease->subnet_id)) < 0)
        s->out_of_memory = true;
    else
        srv_alloc_mark(e->alloc, lease->addr);
}

static void end_offer(struct srv_engine *e, ip4 addr)
{
    srv_lease_remove(e->offers, addr);
    if (srv_lease_find(e->leases, addr, NULL))
        srv_lease_withhold(e->leases, addr, false);
    else
        srv_alloc_unmark(e->alloc, addr);
}

static void keep_offer(struct step *s, const struct srv_lease *offer)
{
    struct srv_engine *e = s->e;
    if (srv_lease_put(e->offers, offer, s->subnet->match_client_id) < 0) {
        s->out_of_memory = true;
        return;
    }
    srv_alloc_mark(e->alloc, offer->addr);
    srv_lease_withhold(e->leases, offer->addr, true);
}

/* ---- time ---- */

static void tell_expired(struct step *s, enum reason reason, const struct srv_lease *lease)
{
    put_trace(s, TRACE_DECISION, reason, &(struct trace_facts){.addr = lease->addr})->client = lease->hw;
}

static bool expire_offer(struct step *s)
{
    struct srv_lease offer;
    if (!srv_lease_find_due(s->e->offers, s->ev->now, &offer))
        return false;
    tell_expired(s, REASON_OFFER_EXPIRED, &offer);
    end_offer(s->e, offer.addr);
    return true;
}

/* A held record whose time is over is free. Nobody has a claim to an address that comes out of quarantine,
 * least of all who declined it. */
static void make_free(struct srv_lease *lease)
{
    if (lease->state == SRV_LEASE_DECLINED) {
        lease->hw = (struct hw_addr){0};
        lease->client_id_len = 0;
        lease->hostname[0] = '\0';
    }
    lease->state = SRV_LEASE_EXPIRED;
}

static bool expire_lease(struct step *s)
{
    struct srv_lease lease;
    if (!srv_lease_find_due(s->e->leases, s->ev->now, &lease))
        return false;
    tell_expired(s, lease.state == SRV_LEASE_DECLINED ? REASON_DECLINE_ENDED : REASON_LEASE_EXPIRED, &lease);
    make_free(&lease);
    keep_lease(s, &lease);
    return true;
}

static void expire(struct step *s)
{
    for (int i = 0; i < SRV_EXPIRE_MAX && !s->out_of_memory; i++)
        if (!expire_offer(s) && !expire_lease(s))
            return;
}

/* ---- which subnet ---- */

static bool choose_subnet(struct step *s, const struct srv_subnet *subnet, enum reason reason, ip4 addr,
                          const char *text)
{
    if (subnet == NULL) {
        drop(s, REASON_NO_SUBNET, (struct trace_facts){.addr = addr});
        return false;
    }
    s->subnet = subnet;
    s->client.match_client_id = subnet->match_client_id;
    decide(s, reason, (struct trace_facts){.net = subnet->net, .addr = addr, .text = text});
    return true;
}

/* RFC 3011 2: "This option takes precedence over the methods that the DHCP server uses"; but RFC 3527 lets
 * the relay's word count more, as it is nearer to us than the client. Where giaddr is not an address of the
 * client's link, the subnet may name it. */
static bool find_relayed_subnet(struct step *s)
{
    const struct srv_config *config = s->e->config;
    ip4 giaddr = s->msg->giaddr;
    const struct srv_subnet *named = srv_config_find_relay(config, giaddr);
    if (named != NULL)
        return choose_subnet(s, named, REASON_SUBNET_RELAY_NAMED, giaddr, NULL);
    return choose_subnet(s, srv_config_find_subnet(config, giaddr), REASON_SUBNET_RELAY, giaddr, NULL);
}

/* RFC 2131 4.3.1: "the address is selected based on the subnet from which the message was received (if
 * 'giaddr' is 0) or on the address of the relay agent that forwarded the message ('giaddr' when not 0)". */
static bool find_subnet(struct step *s)
{
    const struct srv_config *config = s->e->config;
    const struct srv_iface *iface = s->ev->iface;
    ip4 selected;
    if (s->relay.link != 0)
        return choose_subnet(s, srv_config_find_subnet(config, s->relay.link), REASON_SUBNET_LINK,
                             s->relay.link, NULL);
    if (config->subnet_selection && dhcp_get_ip4(s->msg, DHCP_OPT_SUBNET_SELECTION, &selected))
        return choose_subnet(s, srv_config_find_subnet(config, selected), REASON_SUBNET_SELECTED, selected,
                             NULL);
    if (s->msg->giaddr != 0)
        return find_relayed_subnet(s);
    for (size_t i = 0; i < config->n_subnets; i++)
        if (strcmp(config->subnets[i].interface, iface->name) == 0)
            return choose_subnet(s, &config->subnets[i], REASON_SUBNET_INTERFACE_NAME, iface->addr.addr,
                                 keep_text(s, iface->name));
    return choose_subnet(s, srv_config_find_subnet(config, iface->addr.addr), REASON_SUBNET_INTERFACE,
                         iface->addr.addr, NULL);
}

/* ---- answers ---- */

static void send_reply(struct step *s, struct srv_reply *reply)
{
    reply->request = s->msg;
    reply->config = s->e->config;
    reply->subnet = s->subnet;
    reply->server = s->ev->iface->addr.addr;
    reply->server_id = s->relay.server_id;
    reply->relay_port = s->relay.port;
    uint8_t *buf = arena_alloc(&s->out->arena, DHCP_MSG_MAX);
    if (buf == NULL) {
        s->out_of_memory = true;
        return;
    }
    struct srv_reply_size size;
    struct packet packet;
    enum srv_via via;
    struct trace_facts facts;
    if (reply->server_id != 0)
        decide(s, REASON_SERVER_ID_OVERRIDE, (struct trace_facts){.addr = reply->server_id});
    srv_reply_encode(reply, buf, &size);
    enum reason route = srv_reply_route(reply, &packet, &via, &facts);
    if (size.dropped != 0)
        decide(s, REASON_OPTIONS_DROPPED,
               (struct trace_facts){.num = size.dropped, .max = (int64_t)size.max});
    decide(s, route, facts);
    packet.bytes = buf;
    packet.len = size.len;
    struct srv_action *tx = add_action(s, SRV_TX);
    tx->via = via;
    tx->ifindex = s->ev->iface->index;
    tx->packet = packet;
    s->sent = (uint8_t)reply->type;
}

static void send_lease(struct step *s, enum dhcp_type type, const struct srv_lease *lease)
{
    const struct srv_pool *pool = srv_config_find_pool(s->subnet, lease->addr);
    assert(pool != NULL); /* no other address is offered or granted */
    send_reply(s, &(struct srv_reply){.type = type,
                                      .options = &pool->options,
                                      .yiaddr = lease->addr,
                                      .lease_s = lease->lease_s,
                                      .rapid_commit = type == DHCP_ACK && s->msg->type == DHCP_DISCOVER});
}

/* The sentence of the reason goes to the client, too: option 56, RFC 2131 table 3. */
static void send_nak(struct step *s, enum reason reason, ip4 addr, ip4 other)
{
    struct trace_facts facts = {.addr = addr, .other = other, .net = s->subnet->net};
    char message[256];
    trace_sentence(reason, &facts, message, sizeof message);
    decide(s, reason, facts);
    send_reply(s, &(struct srv_reply){.type = DHCP_NAK, .message = message});
}

/* ---- what a lease is made of ---- */

/* RFC 2131 4.3.1: "the server may choose either to return the requested lease (if the lease is acceptable to
 * local policy) or select another lease". `fallback_s` is for a client that does not ask. */
static uint32_t choose_lease_time(struct step *s, uint32_t fallback_s)
{
    const struct srv_lifetime *limits = &s->subnet->lifetime;
    uint32_t asked;
    if (!dhcp_get_u32(s->msg, DHCP_OPT_LEASE_TIME, &asked))
        return fallback_s;
    uint32_t lease_s = asked < limits->min_s ? limits->min_s : asked > limits->max_s ? limits->max_s : asked;
    if (lease_s != asked)
        decide(s, REASON_LEASE_CLAMPED, (struct trace_facts){.num = asked, .span_s = lease_s});
    return lease_s;
}

/* RFC 2132 2: "Options containing NVT ASCII data SHOULD NOT include a trailing NULL; however, the receiver of
 * such options MUST be prepared to delete trailing nulls if they exist." */
static void read_hostname(const struct dhcp_msg *msg, char *out)
{
    const struct dhcp_option *option = dhcp_msg_find(msg, DHCP_OPT_HOST_NAME);
    size_t len = option == NULL ? 0 : option->len;
    if (len > SRV_HOSTNAME_MAX)
        len = SRV_HOSTNAME_MAX;
    if (len != 0)
        memcpy(out, option->data, len);
    out[len] = '\0';
}

static struct srv_lease make_lease(struct step *s, ip4 addr, uint32_t lease_s)
{
    struct srv_lease lease = {.addr = addr,
                              .subnet_id = s->subnet->id,
                              .hw = s->client.hw,
                              .client_id_len = s->client.client_id_len,
                              .state = SRV_LEASE_ACTIVE,
                              .lease_s = lease_s,
                              .granted_ms = s->ev->now,
                              .expires_ms = time_add(s->ev->now, time_from_lease_s(lease_s))};
    memcpy(lease.client_id, s->client.client_id, s->client.client_id_len);
    read_hostname(s->msg, lease.hostname);
    return lease;
}

static void note_refused(void *user, enum reason reason, const struct trace_facts *facts)
{
    decide(user, reason, *facts);
}

static struct srv_alloc_query make_query(struct step *s)
{
    struct srv_engine *e = s->e;
    return (struct srv_alloc_query){.alloc = e->alloc,
                                    .leases = e->leases,
                                    .offers = e->offers,
                                    .subnet = s->subnet,
                                    .client = &s->client,
                                    .server = s->ev->iface->addr.addr,
                                    .note = note_refused,
                                    .user = s};
}

static bool find_offer(const struct step *s, struct srv_lease *out)
{
    return srv_lease_find_client(s->e->offers, s->subnet->id, &s->client, 0, out);
}

/* The client's record that is not at `not`: its active lease if it has one, else the latest. */
static bool find_lease(const struct step *s, ip4 not, struct srv_lease *out)
{
    return srv_lease_find_client(s->e->leases, s->subnet->id, &s->client, not, out);
}

/* ---- granting ---- */

static void tell_no_address(struct step *s, enum reason reason)
{
    const struct srv_engine *e = s->e;
    size_t held =
        srv_lease_table_held(e->leases, s->subnet->id) + srv_lease_table_held(e->offers, s->subnet->id);
    size_t leases = srv_lease_table_count(e->leases) + srv_lease_table_count(e->offers);
    decide(s, reason,
           (struct trace_facts){.net = s->subnet->net,
                                .num = (int64_t)(reason == REASON_LEASE_LIMIT ? leases : held)});
}

/* The client has another address now; what it had stays known as released. */
static void release_others(struct step *s, ip4 addr)
{
    struct srv_lease other;
    while (!s->out_of_memory && find_lease(s, addr, &other) && other.state == SRV_LEASE_ACTIVE) {
        decide(s, REASON_LEASE_MOVED, (struct trace_facts){.addr = other.addr, .other = addr});
        other.state = SRV_LEASE_RELEASED;
        other.expires_ms = s->ev->now;
        add_action(s, SRV_LEASE_PUT)->lease = other;
        keep_lease(s, &other);
    }
}

static void grant(struct step *s, ip4 addr)
{
    struct srv_lease before, offer;
    bool is_known = srv_lease_find(s->e->leases, addr, &before);
    if (!is_known && srv_lease_table_room(s->e->leases) == 0) {
        tell_no_address(s, REASON_LEASE_LIMIT);
        return;
    }
    bool is_extended = is_known && before.state == SRV_LEASE_ACTIVE;
    bool had_offer = find_offer(s, &offer);
    /* RFC 2131 4.3.2: "Any configuration parameters in the DHCPACK message SHOULD NOT conflict with those in
     * the earlier DHCPOFFER message to which the client is responding." */
    uint32_t lease_s = choose_lease_time(s, had_offer ? offer.lease_s : s->subnet->lifetime.default_s);
    struct srv_lease lease = make_lease(s, addr, lease_s);
    decide(s, is_extended ? REASON_LEASE_EXTENDED : REASON_LEASE_NEW,
           (struct trace_facts){.addr = addr, .span_s = lease_s});
    release_others(s, addr);
    add_action(s, SRV_LEASE_PUT)->lease = lease;
    send_lease(s, DHCP_ACK, &lease);
    if (s->out_of_memory)
        return;
    keep_lease(s, &lease);
    if (had_offer)
        end_offer(s->e, offer.addr);
}

/* ---- DHCPDISCOVER, RFC 2131 4.3.1 ---- */

/* RFC 2131 4.3.1 would offer a client that has a lease, and asks for no time, what is left of it; the REQUEST
 * would then have to be granted no more, too. A host that starts again would get ever shorter leases: like
 * Kea and dhcpd we offer a whole one.
 *
 * "The server may choose to record the address as offered to the client." A retransmitted DISCOVER gets the
 * same offer, whatever its xid. */
static void make_offer(struct step *s, ip4 addr, bool is_bound)
{
    struct srv_lease before, offer;
    bool had_offer = find_offer(s, &before);
    if (!is_bound && !had_offer && srv_lease_table_room(s->e->offers) == 0) {
        decide(s, REASON_OFFER_LIMIT,
               (struct trace_facts){.num = (int64_t)srv_lease_table_count(s->e->offers)});
        return;
    }
    offer = make_lease(s, addr, choose_lease_time(s, s->subnet->lifetime.default_s));
    offer.state = SRV_LEASE_OFFERED;
    offer.expires_ms = time_add(s->ev->now, time_from_lease_s(s->e->config->offer_hold_s));
    send_lease(s, DHCP_OFFER, &offer);
    if (s->out_of_memory)
        return;
    if (had_offer && before.addr != addr)
        end_offer(s->e, before.addr);
    if (!is_bound) /* a lease holds its address already */
        keep_offer(s, &offer);
}

/* RFC 8925: who asks for option 108 does without IPv4 where the network sends it. */
static bool prefers_ipv6(const struct step *s, const struct srv_options *options)
{
    return srv_reply_is_requested(s->msg, DHCP_OPT_V6ONLY) &&
           srv_config_find_option(options, DHCP_OPT_V6ONLY) != NULL;
}

/* An address that the client will not use is not kept from others. */
static void offer_none(struct step *s)
{
    decide(s, REASON_V6ONLY, (struct trace_facts){0});
    send_reply(s, &(struct srv_reply){.type = DHCP_OFFER,
                                      .options = &s->subnet->options,
                                      .lease_s = s->subnet->lifetime.default_s});
}

/* RFC 4039: where several servers answer, each commits a lease, and the client uses one of them. So the
 * administrator must want it: with one server, or with addresses to spare. */
static bool is_rapid(const struct step *s, ip4 addr)
{
    const struct dhcp_option *option = dhcp_msg_find(s->msg, DHCP_OPT_RAPID_COMMIT);
    const struct srv_pool *pool = srv_config_find_pool(s->subnet, addr);
    assert(pool != NULL); /* no other address is picked */
    return s->subnet->rapid_commit && option != NULL && option->len == 0 && !prefers_ipv6(s, &pool->options);
}

static void on_discover(struct step *s)
{
    if (!find_subnet(s))
        return;
    if (prefers_ipv6(s, &s->subnet->options)) {
        offer_none(s);
        return;
    }
    struct srv_alloc_query query = make_query(s);
    dhcp_get_ip4(s->msg, DHCP_OPT_REQUESTED_IP, &query.requested);
    enum reason reason;
    ip4 addr = srv_alloc_pick(&query, &reason);
    if (addr == 0) {
        tell_no_address(s, reason);
        return;
    }
    decide(s, reason, (struct trace_facts){.addr = addr});
    if (is_rapid(s, addr)) {
        decide(s, REASON_RAPID_COMMIT, (struct trace_facts){.addr = addr});
        grant(s, addr);
        return;
    }
    make_offer(s, addr, reason == REASON_ADDR_BOUND);
}

/* ---- DHCPREQUEST, RFC 2131 4.3.2 ---- */

enum request_kind { SELECTING, INIT_REBOOT, RENEWING, REBINDING };

static void grant_or_nak(struct step *s, ip4 addr)
{
    struct srv_alloc_query query = make_query(s);
    enum reason refusal = srv_alloc_refusal(&query, addr);
    if (refusal == REASON_NONE)
        grant(s, addr);
    else
        send_nak(s, refusal, addr, 0);
}

static bool is_broadcast(const struct step *s)
{
    ip4 dst = s->ev->packet.dst;
    return dst == IP4_BROADCAST || dst == ip4_net_broadcast(s->ev->iface->addr);
}

/* RFC 2131 4.1: "A server with multiple network addresses MUST be prepared to to accept any of its network
 * addresses as identifying that server in a DHCP message." A unicast message has reached one of them. RFC
 * 5107 adds the one that the relay stands in with. */
static bool is_our_id(const struct step *s, ip4 server)
{
    return server == s->ev->iface->addr.addr || (!is_broadcast(s) && server == s->ev->packet.dst) ||
           (s->relay.server_id != 0 && server == s->relay.server_id);
}

/* RFC 2131 3.1 (3): "Those servers not selected by the DHCPREQUEST message use the message as notification
 * that the client has declined that server's offer." */
static void take_offer_back(struct step *s, ip4 server)
{
    struct srv_lease offer;
    if (!find_offer(s, &offer)) {
        decide(s, REASON_OTHER_SERVER, (struct trace_facts){.other = server});
        return;
    }
    decide(s, REASON_OFFER_TAKEN_BACK, (struct trace_facts){.addr = offer.addr, .other = server});
    if (!s->out_of_memory)
        end_offer(s->e, offer.addr);
}

static void on_selecting(struct step *s, ip4 server, ip4 addr)
{
    if (!is_our_id(s, server)) {
        take_offer_back(s, server);
        return;
    }
    struct srv_lease offer, lease;
    bool has_offer = find_offer(s, &offer);
    bool has_lease = find_lease(s, 0, &lease) && lease.state == SRV_LEASE_ACTIVE;
    if ((has_offer && offer.addr == addr) || (has_lease && lease.addr == addr) || (!has_offer && !has_lease))
        grant_or_nak(s, addr);
    else
        send_nak(s, REASON_NAK_WRONG_ADDR, addr, has_offer ? offer.addr : lease.addr);
}

/* RFC 2131 4.3.2: "If the DHCP server has no record of this client, then it MUST remain silent". Where the
 * administrator says that this server is the only authority, silence would only cost the client time. */
static void on_unknown(struct step *s, enum request_kind kind, ip4 addr)
{
    struct srv_alloc_query query = make_query(s);
    enum reason refusal = srv_alloc_refusal(&query, addr);
    /* A unicast renewal says that we granted it; two clients must not go on with one address. */
    bool is_conflict = kind == RENEWING && (refusal == REASON_NAK_IN_USE || refusal == REASON_NAK_DECLINED);
    if (s->subnet->authoritative || is_conflict)
        send_nak(s, refusal == REASON_NONE ? REASON_NAK_UNKNOWN : refusal, addr, 0);
    else
        decide(s, REASON_UNKNOWN_CLIENT, (struct trace_facts){0});
}

/* INIT-REBOOT, RENEWING and REBINDING: the client says which address it has. */
static void on_verify(struct step *s, enum request_kind kind, ip4 addr)
{
    /* RFC 2131 4.3.2: "If the DHCP server detects that the client is on the wrong net ..., then the server
     * SHOULD send a DHCPNAK message to the client." */
    if (kind == INIT_REBOOT && !ip4_net_has(s->subnet->net, addr)) {
        send_nak(s, REASON_NAK_WRONG_NET, addr, 0);
        return;
    }
    struct srv_lease lease;
    if (!find_lease(s, 0, &lease))
        on_unknown(s, kind, addr);
    else if (lease.addr != addr)
        send_nak(s, REASON_NAK_WRONG_ADDR, addr, lease.addr);
    else
        grant_or_nak(s, addr);
}

/* RFC 2131 4.3.6, table 4:
 *                 INIT-REBOOT   SELECTING   RENEWING     REBINDING
 *   broad/unicast broadcast     broadcast   unicast      broadcast
 *   server-ip     MUST NOT      MUST        MUST NOT     MUST NOT
 *   requested-ip  MUST          MUST        MUST NOT     MUST NOT
 *   ciaddr        zero          zero        IP address   IP address
 * A relay has made a unicast of what it relays. */
static enum request_kind classify(const struct step *s)
{
    if (dhcp_msg_has(s->msg, DHCP_OPT_SERVER_ID))
        return SELECTING;
    if (s->msg->ciaddr == 0)
        return INIT_REBOOT;
    return s->msg->giaddr == 0 && !is_broadcast(s) ? RENEWING : REBINDING;
}

static const enum reason request_reasons[] = {
    [SELECTING] = REASON_REQUEST_SELECTING,
    [INIT_REBOOT] = REASON_REQUEST_INIT_REBOOT,
    [RENEWING] = REASON_REQUEST_RENEWING,
    [REBINDING] = REASON_REQUEST_REBINDING,
};

static void on_request(struct step *s)
{
    enum request_kind kind = classify(s);
    ip4 requested = 0, server = 0, ciaddr = s->msg->ciaddr;
    dhcp_get_ip4(s->msg, DHCP_OPT_REQUESTED_IP, &requested);
    dhcp_get_ip4(s->msg, DHCP_OPT_SERVER_ID, &server);
    if (requested == 0 && ciaddr == 0) {
        drop(s, REASON_MSG_NO_ADDRESS, (struct trace_facts){0});
        return;
    }
    decide(s, request_reasons[kind], (struct trace_facts){0});
    /* RFC 2131 4.3.2, RENEWING: "Because 'giaddr' is therefore not filled in, the DHCP server will trust the
     * value in 'ciaddr', and use it when replying to the client." */
    bool has_subnet = kind == RENEWING ? choose_subnet(s, srv_config_find_subnet(s->e->config, ciaddr),
                                                       REASON_SUBNET_CIADDR, ciaddr, NULL)
                                       : find_subnet(s);
    if (!has_subnet)
        return;
    switch (kind) {
    case SELECTING:
        on_selecting(s, server, requested != 0 ? requested : ciaddr);
        break;
    case INIT_REBOOT:
        on_verify(s, kind, requested);
        break;
    case RENEWING:
    case REBINDING:
        on_verify(s, kind, ciaddr);
        break;
    }
}

/* ---- DHCPRELEASE, RFC 2131 4.3.4 ---- */

/* "The server SHOULD retain a record of the client's initialization parameters for possible reuse in response
 * to subsequent requests from the client." */
static void release(struct step *s, struct srv_lease *lease)
{
    lease->state = SRV_LEASE_RELEASED;
    lease->lease_s = 0;
    lease->granted_ms = lease->expires_ms = s->ev->now;
    decide(s, REASON_RELEASED, (struct trace_facts){.addr = lease->addr});
    add_action(s, SRV_LEASE_PUT)->lease = *lease;
    if (!s->out_of_memory)
        keep_lease(s, lease);
}

static void on_release(struct step *s)
{
    ip4 addr = s->msg->ciaddr, server;
    if (addr == 0) {
        drop(s, REASON_MSG_NO_ADDRESS, (struct trace_facts){0});
        return;
    }
    if (dhcp_get_ip4(s->msg, DHCP_OPT_SERVER_ID, &server) && !is_our_id(s, server)) {
        decide(s, REASON_OTHER_SERVER, (struct trace_facts){.other = server});
        return;
    }
    struct srv_lease lease;
    if (!srv_lease_find(s->e->leases, addr, &lease) || lease.state != SRV_LEASE_ACTIVE) {
        decide(s, REASON_RELEASE_UNKNOWN, (struct trace_facts){.addr = addr});
        return;
    }
    s->client.match_client_id = matches_client_id(s->e, lease.subnet_id);
    if (srv_lease_is_of(&lease, &s->client))
        release(s, &lease);
    else
        decide(s, REASON_RELEASE_NOT_OWNER, (struct trace_facts){.addr = addr});
}

/* ---- DHCPDECLINE, RFC 2131 4.3.3 ---- */

/* "the server MUST mark the network address as not available and SHOULD notify the local system administrator
 * of a possible configuration problem." */
static void decline(struct step *s, struct srv_lease *lease)
{
    struct srv_engine *e = s->e;
    uint32_t span_s = e->config->decline_s;
    lease->state = SRV_LEASE_DECLINED;
    lease->lease_s = span_s;
    lease->granted_ms = s->ev->now;
    lease->expires_ms = time_add(s->ev->now, time_from_lease_s(span_s));
    decide(s, REASON_DECLINED, (struct trace_facts){.addr = lease->addr, .span_s = span_s});
    add_action(s, SRV_LEASE_PUT)->lease = *lease;
    if (s->out_of_memory)
        return;
    keep_lease(s, lease);
    if (!s->out_of_memory)
        end_offer(e, lease->addr);
}

/* What was granted or offered at the address, to this client or another. */
static bool find_claim(struct step *s, ip4 addr, struct srv_lease *out)
{
    struct srv_lease lease;
    bool is_leased = srv_lease_find(s->e->leases, addr, &lease) && lease.state == SRV_LEASE_ACTIVE;
    if (!is_leased && !srv_lease_find(s->e->offers, addr, &lease))
        return false;
    *out = lease;
    s->client.match_client_id = matches_client_id(s->e, lease.subnet_id);
    return true;
}

static void on_decline_of(struct step *s, ip4 addr)
{
    struct srv_engine *e = s->e;
    struct trace_facts facts = {.addr = addr};
    struct srv_lease lease;
    if (!find_claim(s, addr, &lease)) {
        decide(s, REASON_DECLINE_UNKNOWN, facts);
        return;
    }
    if (!srv_lease_is_of(&lease, &s->client)) {
        decide(s, REASON_DECLINE_NOT_OWNER, facts);
        return;
    }
    /* A client that finds every address in use is mistaken, or wants to empty the pool. */
    size_t declined = srv_lease_count_declined(e->leases, lease.subnet_id, &s->client);
    if (declined >= e->config->max_declines) {
        facts.num = (int64_t)declined;
        decide(s, REASON_DECLINE_LIMIT, facts);
        return;
    }
    if (!srv_lease_find(e->leases, addr, NULL) && srv_lease_table_room(e->leases) == 0) {
        facts.num = (int64_t)srv_lease_table_count(e->leases);
        decide(s, REASON_LEASE_LIMIT, facts);
        return;
    }
    decline(s, &lease);
}

/* RFC 2131 4.4.1, table 5: a DHCPDECLINE names the address in option 50 and the server in option 54, MUST
 * both. It is never answered. */
static void on_decline(struct step *s)
{
    ip4 addr = 0, server;
    if (!dhcp_get_ip4(s->msg, DHCP_OPT_REQUESTED_IP, &addr) || addr == 0)
        drop(s, REASON_DECLINE_NO_ADDR, (struct trace_facts){0});
    else if (!dhcp_get_ip4(s->msg, DHCP_OPT_SERVER_ID, &server))
        drop(s, REASON_NO_SERVER_ID, (struct trace_facts){0});
    else if (!is_our_id(s, server))
        decide(s, REASON_OTHER_SERVER, (struct trace_facts){.other = server});
    else
        on_decline_of(s, addr);
}

/* ---- DHCPINFORM, RFC 2131 4.3.5 ---- */

/* Where the client is. One that knows its address but leaves ciaddr 0 breaks RFC 2131 4.4.3; the datagram
 * tells it all the same, unless a relay has sent that. */
static ip4 find_informed(const struct step *s)
{
    if (s->msg->ciaddr != 0 || s->msg->giaddr != 0)
        return s->msg->ciaddr;
    return s->ev->packet.src;
}

/* RFC 2131 3.4: "The server SHOULD check the network address in a DHCPINFORM message for consistency, but
 * MUST NOT check for an existing lease." An answer to all hosts, or to ourselves, is not wanted. */
static bool is_host_of(const struct step *s, ip4 addr)
{
    struct ip4_net net = s->subnet->net;
    return addr != s->ev->iface->addr.addr &&
           (net.len >= 31 || (addr != ip4_net_base(net) && addr != ip4_net_broadcast(net)));
}

static void on_inform(struct step *s)
{
    ip4 addr = find_informed(s);
    if (addr == 0) {
        drop(s, REASON_MSG_NO_ADDRESS, (struct trace_facts){0});
        return;
    }
    if (!choose_subnet(s, srv_config_find_subnet(s->e->config, addr), REASON_SUBNET_CIADDR, addr, NULL))
        return;
    if (!is_host_of(s, addr)) {
        drop(s, REASON_INFORM_ADDR, (struct trace_facts){.addr = addr, .net = s->subnet->net});
        return;
    }
    decide(s, REASON_INFORM, (struct trace_facts){.addr = addr});
    const struct srv_pool *pool = srv_config_find_pool(s->subnet, addr);
    const struct srv_options *options = pool != NULL ? &pool->options : &s->subnet->options;
    send_reply(s, &(struct srv_reply){.type = DHCP_ACK, .options = options, .inform_to = addr});
}

/* ---- receiving ---- */

static enum reason read_identity(struct step *s, struct trace_facts *facts)
{
    const struct dhcp_option *id = dhcp_msg_find(s->msg, DHCP_OPT_CLIENT_ID);
    s->client.hw = dhcp_msg_hw(s->msg);
    if (id != NULL && id->len > SRV_CLIENT_ID_MAX) {
        facts->num = id->len;
        facts->max = SRV_CLIENT_ID_MAX;
        return REASON_MSG_CLIENT_ID_LONG;
    }
    if (id != NULL && id->len != 0) {
        s->client.client_id_len = (uint8_t)id->len;
        memcpy(s->client.client_id, id->data, id->len);
        return REASON_NONE;
    }
    return s->client.hw.len != 0 ? REASON_NONE : REASON_MSG_NO_IDENTITY;
}

/* A cut server identifier or address must not be taken for none: the message would mean something else. */
static enum reason check_addresses(const struct dhcp_msg *msg, struct trace_facts *facts)
{
    static const uint8_t codes[] = {DHCP_OPT_REQUESTED_IP, DHCP_OPT_SERVER_ID};
    for (size_t i = 0; i < sizeof codes; i++) {
        const struct dhcp_option *option = dhcp_msg_find(msg, codes[i]);
        if (option == NULL || option->len == 4)
            continue;
        facts->num = codes[i];
        facts->max = option->len;
        return REASON_MSG_BAD_OPTION;
    }
    return REASON_NONE;
}

/* Without giaddr, whoever sent option 82 is no relay that our answer goes through: a client that forges it
 * must not choose its subnet. */
static void read_relay(struct step *s)
{
    const struct dhcp_option *info = dhcp_msg_find(s->msg, DHCP_OPT_RELAY_INFO);
    if (info == NULL || s->msg->giaddr == 0)
        return;
    struct wire_reader r;
    struct opt_part part;
    wire_reader_init(&r, info->data, info->len);
    while (dhcp_opt_walk_suboption(&r, OPT_SUBOPTIONS, &part)) {
        if (part.id == DHCP_RELAY_LINK_SELECTION && part.len == 4)
            s->relay.link = wire_u32(part.data);
        else if (part.id == DHCP_RELAY_SERVER_ID && part.len == 4)
            s->relay.server_id = wire_u32(part.data);
        else if (part.id == DHCP_RELAY_PORT)
            s->relay.port = s->ev->packet.sport;
    }
}

/* REASON_NONE if the message can be worked on. */
static enum reason read_message(struct step *s, struct trace_facts *facts)
{
    const struct packet *packet = &s->ev->packet;
    struct dhcp_msg *msg = &s->e->msg;
    enum reason reason = dhcp_msg_decode(msg, packet->bytes, packet->len);
    if (reason != REASON_NONE)
        return reason;
    s->msg = msg;
    if (msg->op != DHCP_BOOTREQUEST)
        return REASON_MSG_REPLY_AT_SERVER;
    s->e->counters.received[msg->type]++;
    facts->num = msg->hops;
    if (msg->hops > DHCP_HOPS_MAX)
        return REASON_MSG_HOPS;
    read_relay(s);
    reason = check_addresses(msg, facts);
    return reason != REASON_NONE ? reason : read_identity(s, facts);
}

static void on_rx(struct step *s)
{
    struct trace_facts facts = {0};
    enum reason reason = read_message(s, &facts);
    if (reason != REASON_NONE && s->msg == NULL) { /* the trace of the packet says so already */
        s->e->counters.reasons[reason]++;
        s->e->counters.dropped++;
        return;
    }
    if (reason != REASON_NONE) {
        drop(s, reason, facts);
        return;
    }
    switch (s->msg->type) {
    case DHCP_DISCOVER:
        on_discover(s);
        break;
    case DHCP_REQUEST:
        on_request(s);
        break;
    case DHCP_RELEASE:
        on_release(s);
        break;
    case DHCP_DECLINE:
        on_decline(s);
        break;
    case DHCP_INFORM:
        on_inform(s);
        break;
    default: /* not our enum: any octet that RFCs assign */
        facts.text = dhcp_type_name(s->msg->type);
        drop(s, REASON_MSG_TYPE_NOT_SERVED, facts);
        break;
    }
}

static void count(struct srv_counters *counters, const struct srv_action *first, uint8_t sent)
{
    for (const struct srv_action *a = first; a != NULL; a = a->next) {
        if (a->kind != SRV_TRACE)
            continue;
        counters->reasons[a->trace.reason]++;
        counters->dropped += a->trace.kind == TRACE_DROP;
    }
    if (sent != 0)
        counters->sent[sent]++;
}

int srv_engine_step(struct srv_engine *e, const struct srv_event *event, struct srv_actions *out)
{
    struct step s = {.e = e, .ev = event, .out = out};
    struct srv_action *last = out->last;
    expire(&s);
    switch (event->kind) {
    case SRV_RX:
        on_rx(&s);
        break;
    case SRV_DEADLINE:
        break;
    }
    if (s.out_of_memory) {
        rewind_actions(out, last);
        return ERR_NOMEM;
    }
    count(&e->counters, last == NULL ? out->first : last->next, s.sent);
    return 0;
}

time_ms srv_engine_deadline(const struct srv_engine *e)
{
    time_ms lease = srv_lease_deadline(e->leases), offer = srv_lease_deadline(e->offers);
    return lease < offer ? lease : offer;
}

const struct srv_counters *srv_engine_counters(const struct srv_engine *e)
{
    return &e->counters;
}

/* ---- start, reload, end ---- */

static void free_parts(struct srv_engine *e)
{
    srv_lease_table_free(e->leases);
    srv_lease_table_free(e->offers);
    srv_alloc_free(e->alloc);
}

/* Empty tables for `config`. False, and nothing to free, if memory is out. */
static bool make_parts(struct srv_engine *e, const struct srv_config *config)
{
    e->config = config;
    e->leases = srv_lease_table_new(config->max_leases);
    e->offers = srv_lease_table_new(config->max_offers);
    e->alloc = srv_alloc_new(config);
    bool ok = e->leases != NULL && e->offers != NULL && e->alloc != NULL;
    if (!ok)
        free_parts(e);
    return ok;
}

struct srv_engine *srv_engine_new(const struct srv_config *config)
{
    struct srv_engine *e = calloc(1, sizeof *e);
    if (e != NULL && !make_parts(e, config)) {
        free(e);
        return NULL;
    }
    return e;
}

void srv_engine_free(struct srv_engine *e)
{
    if (e == NULL)
        return;
    free_parts(e);
    free(e);
}

static const struct srv_subnet *find_home(const struct srv_config *config, const struct srv_lease *lease)
{
    const struct srv_subnet *subnet = srv_config_find_subnet_id(config, lease->subnet_id);
    return subnet != NULL && ip4_net_has(subnet->net, lease->addr)
               ? subnet
               : srv_config_find_subnet(config, lease->addr);
}

int srv_engine_load(struct srv_engine *e, const struct srv_lease *lease, time_ms now)
{
    const struct srv_subnet *home = find_home(e->config, lease);
    if (home == NULL || lease->state == SRV_LEASE_OFFERED)
        return ERR_INVALID;
    if (srv_lease_find(e->leases, lease->addr, NULL))
        return ERR_EXISTS;
    struct srv_lease loaded = *lease;
    loaded.subnet_id = home->id;
    if (srv_lease_is_deletion(lease)) /* takes no place from a lease */
        srv_lease_table_set_max(e->leases, e->config->max_leases + ++e->n_deletions);
    if (srv_lease_is_held(lease) && lease->expires_ms <= now)
        make_free(&loaded);
    int err = srv_lease_put(e->leases, &loaded, home->match_client_id);
    if (err == 0)
        srv_alloc_mark(e->alloc, loaded.addr);
    return err;
}

void srv_engine_loaded(struct srv_engine *e)
{
    for (size_t i = e->n_deletions == 0 ? 0 : srv_lease_table_count(e->leases); i-- > 0;) {
        struct srv_lease lease;
        srv_lease_at(e->leases, i, &lease);
        if (!srv_lease_is_deletion(&lease))
            continue;
        srv_lease_remove(e->leases, lease.addr); /* the last record takes its place: seen already */
        srv_alloc_unmark(e->alloc, lease.addr);
    }
    e->n_deletions = 0;
    srv_lease_table_set_max(e->leases, e->config->max_leases);
}

/* Copies every record of a table into that of another engine, each into its subnet of today. */
static int move_table(struct srv_engine *to, struct srv_lease_table *table,
                      const struct srv_lease_table *from)
{
    size_t max = srv_lease_table_room(table), n = srv_lease_table_count(from);
    int err = 0;
    srv_lease_table_set_max(table, n > max ? n : max); /* what is there stays */
    for (size_t i = 0; i < n && err == 0; i++) {
        struct srv_lease lease;
        srv_lease_at(from, i, &lease);
        const struct srv_subnet *home = find_home(to->config, &lease);
        if (home != NULL)
            lease.subnet_id = home->id;
        err = srv_lease_put(table, &lease, home == NULL || home->match_client_id);
        srv_alloc_mark(to->alloc, lease.addr);
    }
    srv_lease_table_set_max(table, max);
    return err;
}

/* A free address that is offered must not be offered again. */
static void withhold_offered(struct srv_engine *e)
{
    for (size_t i = 0; i < srv_lease_table_count(e->offers); i++) {
        struct srv_lease offer;
        srv_lease_at(e->offers, i, &offer);
        srv_lease_withhold(e->leases, offer.addr, true);
    }
}

int srv_engine_reconfigure(struct srv_engine *e, const struct srv_config *config)
{
    struct srv_engine fresh;
    if (!make_parts(&fresh, config))
        return ERR_NOMEM;
    int err = move_table(&fresh, fresh.leases, e->leases);
    if (err == 0)
        err = move_table(&fresh, fresh.offers, e->offers);
    if (err < 0) {
        free_parts(&fresh);
        return err;
    }
    withhold_offered(&fresh);
    free_parts(e);
    e->config = fresh.config;
    e->leases = fresh.leases;
    e->offers = fresh.offers;
    e->alloc = fresh.alloc;
    return 0;
}

/* ---- what an administrator changes ---- */

int srv_engine_put_lease(struct srv_engine *e, const struct srv_lease *lease, struct srv_actions *out)
{
    struct step s = {.e = e, .out = out};
    struct srv_action *last = out->last;
    add_action(&s, SRV_LEASE_PUT)->lease = *lease;
    int err =
        s.out_of_memory ? ERR_NOMEM : srv_lease_put(e->leases, lease, matches_client_id(e, lease->subnet_id));
    if (err < 0) {
        rewind_actions(out, last);
        return err;
    }
    srv_lease_remove(e->offers, lease->addr);
    srv_alloc_mark(e->alloc, lease->addr);
    return 0;
}

int srv_engine_delete_lease(struct srv_engine *e, ip4 addr, time_ms now, struct srv_actions *out)
{
    struct step s = {.e = e, .out = out};
    struct srv_lease lease;
    if (!srv_lease_find(e->leases, addr, &lease))
        return ERR_NOTFOUND;
    lease.state = SRV_LEASE_ACTIVE;
    lease.lease_s = 0;
    lease.granted_ms = lease.expires_ms = now;
    struct srv_action *action = add_action(&s, SRV_LEASE_PUT);
    if (s.out_of_memory)
        return ERR_NOMEM;
    action->lease = lease;
    srv_lease_remove(e->leases, addr);
    if (!srv_lease_find(e->offers, addr, NULL))
        srv_alloc_unmark(e->alloc, addr);
    return 0;
}

void srv_engine_count_drop(struct srv_engine *e, enum reason reason)
{
    e->counters.reasons[reason]++;
    e->counters.dropped++;
}

/* ---- looking ---- */

bool srv_engine_find_lease(const struct srv_engine *e, ip4 addr, struct srv_lease *out)
{
    return srv_lease_find(e->leases, addr, out);
}

/* Of the two records that come next, takes the one with the lower address; the lease before the offer. */
static bool next_record(const struct srv_engine *e, size_t *lease_place, size_t *offer_place,
                        struct srv_lease *out)
{
    struct srv_lease offer;
    bool has_lease = *lease_place < srv_lease_table_count(e->leases);
    bool has_offer = *offer_place < srv_lease_table_count(e->offers);
    if (has_lease)
        srv_lease_at(e->leases, *lease_place, out);
    if (has_offer)
        srv_lease_at(e->offers, *offer_place, &offer);
    if (has_offer && (!has_lease || offer.addr < out->addr)) {
        *out = offer;
        ++*offer_place;
        return true;
    }
    ++*lease_place;
    return has_lease;
}

void srv_engine_leases(const struct srv_engine *e, srv_lease_fn *each, void *user)
{
    size_t lease_place = 0, offer_place = 0;
    struct srv_lease lease;
    srv_lease_sort(e->leases);
    srv_lease_sort(e->offers);
    while (next_record(e, &lease_place, &offer_place, &lease))
        if (!each(user, &lease))
            return;
}
