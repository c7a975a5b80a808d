#include "server/srv_step.h"

#include <string.h>

#include "common/dhcp_opt_text.h"
#include "server/srv_count.h"

static size_t size_of(enum srv_action_kind kind)
{
    switch (kind) {
    case SRV_LEASE_PUT:
        return offsetof(struct srv_action, lease) + sizeof(struct srv_lease);
    case SRV_TX:
    case SRV_PROBE:
        return offsetof(struct srv_action, next_answer) + sizeof(struct srv_action *);
    case SRV_TRACE:
        return offsetof(struct srv_action, trace) + sizeof(struct trace_event);
    }
    return sizeof(struct srv_action);
}

struct srv_action *srv_step_make(struct srv_step *s, enum srv_action_kind kind)
{
    struct srv_action *action = arena_take(&s->out->arena, size_of(kind));
    if (action == NULL) {
        s->out_of_memory = true;
        action = &s->e->spare;
    }
    action->kind = kind;
    return action;
}

static inline void append(struct srv_actions *out, struct srv_action *action)
{
    action->next = NULL;
    *(out->last != NULL ? &out->last->next : &out->first) = action;
    out->last = action;
}

void srv_step_append(struct srv_step *s, struct srv_action *action)
{
    if (!s->out_of_memory) /* else all will be taken back, and it may be the spare one */
        append(s->out, action);
}

struct srv_action *srv_step_add(struct srv_step *s, enum srv_action_kind kind)
{
    struct srv_action *action = srv_step_make(s, kind);
    memset(action, 0, size_of(kind));
    action->kind = kind;
    srv_step_append(s, action);
    return action;
}

static inline struct trace_event *append_trace(struct srv_step *s, struct srv_action *action,
                                               enum trace_kind kind, enum reason reason)
{
    struct trace_event *event = &action->trace;
    event->kind = kind;
    event->reason = reason;
    event->facts = (struct trace_facts){0};
    event->xid = s->xid;
    event->client = s->hw; /* of no length until a message is read */
    event->from = event->to = NULL;
    append(s->out, action);
    s->e->counters.reasons[reason]++;
    if (srv_count_is_tallied[reason] && s->tally_from == NULL)
        s->tally_from = action;
    return event;
}

static __attribute__((noinline)) struct trace_event *trace_elsewhere(struct srv_step *s, enum trace_kind kind,
                                                                     enum reason reason)
{
    struct srv_action *action = srv_step_make(s, SRV_TRACE);
    return s->out_of_memory ? &action->trace : append_trace(s, action, kind, reason);
}

/* There are many of them: the usual way calls nothing. */
struct trace_event *srv_step_trace(struct srv_step *s, enum trace_kind kind, enum reason reason)
{
    struct arena *arena = &s->out->arena;
    if (s->out_of_memory || !arena_has_room(arena, size_of(SRV_TRACE)))
        return trace_elsewhere(s, kind, reason);
    struct srv_action *action = arena_room(arena, size_of(SRV_TRACE));
    arena_keep(arena, size_of(SRV_TRACE));
    action->kind = SRV_TRACE;
    return append_trace(s, action, kind, reason);
}

static const char *client_id_text(struct srv_step *s)
{
    enum { SHOWN = 128 };
    char text[SHOWN];
    struct opt_text t;
    dhcp_opt_text_init(&t, text, sizeof text);
    dhcp_opt_text_hex(&t, s->client.client_id, s->client.client_id_len);
    return srv_step_text(s, text);
}

/* RFC 2131 4.2: "If the client supplies a 'client identifier', ... the server MUST use that identifier to
 * identify the client. If the client does not provide a 'client identifier' option, the server MUST use the
 * contents of the 'chaddr' field". */
void srv_step_identify(struct srv_step *s, bool match_client_id)
{
    s->client.match_client_id = match_client_id;
    srv_lease_prepare(s->e->leases, &s->client);
    if (s->client.client_id_len == 0)
        srv_step_decide(s, REASON_IDENTITY_HW)->hw = s->client.hw;
    else if (!match_client_id)
        srv_step_decide(s, REASON_IDENTITY_HW_ONLY)->hw = s->client.hw;
    else
        *srv_step_decide(s, REASON_IDENTITY_ID) =
            (struct trace_facts){.hw = s->client.hw, .text = client_id_text(s)};
}

const uint8_t *srv_step_bytes(struct srv_step *s, const uint8_t *bytes, size_t len)
{
    static const uint8_t none[1];
    uint8_t *copy = arena_take(&s->out->arena, len);
    if (copy == NULL) {
        s->out_of_memory = true;
        return none;
    }
    return memcpy(copy, bytes, len);
}

const char *srv_step_text(struct srv_step *s, const char *text)
{
    return (const char *)srv_step_bytes(s, (const uint8_t *)text, strlen(text) + 1);
}

/* ---- leases and offers ---- */

/* `before` was the record of the address, or is NULL. */
static void count_record(struct srv_engine *e, const struct srv_lease *lease, const struct srv_lease *before)
{
    if (before != NULL && before->state == lease->state && before->subnet_id == lease->subnet_id)
        return; /* a renewal: there are as many as before */
    if (before != NULL)
        srv_tally_lease(e->tally, before, -1);
    srv_tally_lease(e->tally, lease, 1);
}

int srv_step_put_record(struct srv_engine *e, const struct srv_lease *lease, bool match_client_id)
{
    struct srv_lease before;
    bool is_known = srv_lease_find(e->leases, lease->addr, &before);
    int err = srv_lease_put(e->leases, lease, match_client_id);
    if (err < 0)
        return err;
    if (!is_known)
        srv_alloc_pools_mark(e->pools, lease->addr);
    count_record(e, lease, is_known ? &before : NULL);
    return 0;
}

void srv_step_remove_record(struct srv_engine *e, const struct srv_lease *lease)
{
    srv_tally_lease(e->tally, lease, -1);
    srv_lease_remove(e->leases, lease->addr);
    if (!srv_lease_find(e->offers, lease->addr, NULL))
        srv_alloc_pools_unmark(e->pools, lease->addr);
}

void srv_step_keep_lease(struct srv_step *s, const struct srv_lease *lease)
{
    s->has_no_lease = false;
    if (srv_step_put_record(s->e, lease, srv_config_matches_client_id(s->e->config, lease->subnet_id)) < 0)
        s->out_of_memory = true;
}

/* The address of an offer is taken, and stays so. */
void srv_step_keep_granted(struct srv_step *s, const struct srv_lease *lease, const struct srv_lease *before,
                           ip4 offered)
{
    struct srv_engine *e = s->e;
    s->has_no_lease = false;
    if (srv_lease_put_of(e->leases, lease, &s->client) < 0) {
        s->out_of_memory = true;
        return;
    }
    count_record(e, lease, before);
    if (offered == lease->addr) {
        s->is_offered_known = false;
        srv_lease_remove(e->offers, offered);
        return;
    }
    if (before == NULL)
        srv_alloc_pools_mark(e->pools, lease->addr);
    if (offered != 0)
        srv_step_end_offer(s, offered);
}

void srv_step_forget_lease(struct srv_step *s, const struct srv_lease *lease)
{
    struct srv_lease gone = *lease;
    gone.state = SRV_LEASE_ACTIVE; /* with no time at all: srv_lease_is_deletion() */
    gone.lease_s = 0;
    gone.granted_ms = gone.expires_ms = s->ev->now;
    srv_step_add(s, SRV_LEASE_PUT)->lease = gone;
    struct srv_lease before;
    if (!s->out_of_memory && srv_lease_find(s->e->leases, lease->addr, &before))
        srv_step_remove_record(s->e, &before);
}

void srv_step_end_offer(struct srv_step *s, ip4 addr)
{
    struct srv_engine *e = s->e;
    s->is_offered_known = false;
    srv_lease_remove(e->offers, addr);
    if (!srv_lease_withhold(e->leases, addr, false))
        srv_alloc_pools_unmark(e->pools, addr);
}

/* Each client identifier makes another client of one hardware address. Without one, it is a single client,
 * whose offers take each other's place. */
static size_t count_offers(const struct srv_step *s)
{
    bool is_one_of_many = s->client.hw.len != 0 && s->client.client_id_len != 0;
    return is_one_of_many ? srv_lease_count_hw(s->e->offers, &s->client.hw) : 0;
}

bool srv_step_may_offer(struct srv_step *s, ip4 before)
{
    size_t n_all = srv_lease_table_count(s->e->offers);
    if (n_all - (before != 0) >= s->e->config->max_offers) {
        srv_step_decide(s, REASON_OFFER_LIMIT)->num = (int64_t)n_all;
        return false;
    }
    size_t n = count_offers(s);
    if (before != 0 || n < s->e->config->max_offers_per_client)
        return true;
    struct trace_facts *facts = srv_step_decide(s, REASON_OFFER_LIMIT_CLIENT);
    facts->num = (int64_t)n;
    facts->hw = s->client.hw;
    return false;
}

void srv_step_keep_offer(struct srv_step *s, const struct srv_lease *offer)
{
    struct srv_engine *e = s->e;
    s->is_offered_known = false;
    if (srv_lease_put_of(e->offers, offer, &s->client) < 0) {
        s->out_of_memory = true;
        return;
    }
    srv_alloc_pools_mark(e->pools, offer->addr);
    srv_lease_withhold(e->leases, offer->addr, true);
}

/* The client as the subnet knows it, perhaps in `room`. */
static const struct srv_identity *identity_in(const struct srv_step *s, const struct srv_subnet *subnet,
                                              struct srv_identity *room)
{
    if (s->client.match_client_id == subnet->match_client_id)
        return &s->client;
    *room = s->client;
    room->match_client_id = subnet->match_client_id;
    room->is_prepared = false;
    return room;
}

/* The client's record in the subnet that is not at `not`. */
static bool find_in(const struct srv_step *s, const struct srv_lease_table *t,
                    const struct srv_subnet *subnet, ip4 not, struct srv_lease *out)
{
    struct srv_identity room;
    return srv_lease_find_client(t, subnet->id, identity_in(s, subnet, &room), not, out);
}

/* In a shared network it is seen at once, before each of its subnets is asked, whether there can be a record;
 * most clients have one or none. */
static bool find_offer_in_network(const struct srv_step *s, struct srv_lease *out)
{
    const struct srv_subnet *subnet = srv_lease_has_client(s->e->offers, &s->client, 0) ? s->subnet : NULL;
    while (subnet != NULL && !find_in(s, s->e->offers, subnet, 0, out))
        subnet = srv_config_next_neighbour(s->e->config, s->subnet, subnet);
    return subnet != NULL;
}

static struct srv_offered find_offer(const struct srv_step *s)
{
    struct srv_lease offer;
    bool is_found = s->subnet->network == NULL ? find_in(s, s->e->offers, s->subnet, 0, &offer)
                                               : find_offer_in_network(s, &offer);
    return is_found ? (struct srv_offered){offer.addr, offer.lease_s} : (struct srv_offered){0};
}

void srv_step_look_for_offer(struct srv_step *s)
{
    s->offered = find_offer(s);
    s->is_offered_known = true;
}

static bool is_better(const struct srv_lease *a, const struct srv_lease *b)
{
    bool is_a_active = a->state == SRV_LEASE_ACTIVE, is_b_active = b->state == SRV_LEASE_ACTIVE;
    return is_a_active != is_b_active ? is_a_active : a->expires_ms > b->expires_ms;
}

static bool find_lease_in_network(const struct srv_step *s, ip4 not, struct srv_lease *out)
{
    const struct srv_lease_table *leases = s->e->leases;
    bool is_found = false;
    const struct srv_subnet *first = srv_lease_has_client(leases, &s->client, not ) ? s->subnet : NULL;
    for (const struct srv_subnet *subnet = first; subnet != NULL;
         subnet = srv_config_next_neighbour(s->e->config, s->subnet, subnet)) {
        struct srv_lease lease, *found = is_found ? &lease : out;
        if (!find_in(s, leases, subnet, not, found))
            continue;
        if (is_found && is_better(found, out))
            *out = *found;
        is_found = true;
        if (not == 0 && !srv_lease_has_client(leases, &s->client, out->addr))
            break;
    }
    return is_found;
}

bool srv_step_find_lease(struct srv_step *s, ip4 not, struct srv_lease *out)
{
    if (s->has_no_lease)
        return false;
    bool is_found = s->subnet->network == NULL ? find_in(s, s->e->leases, s->subnet, not, out)
                                               : find_lease_in_network(s, not, out);
    if (not == 0)
        s->has_no_lease = !is_found;
    return is_found;
}

/* ---- whom the message is for ---- */

bool srv_step_is_broadcast(const struct srv_step *s)
{
    ip4 dst = s->ev->packet.dst;
    return dst == IP4_BROADCAST || dst == ip4_net_broadcast(s->ev->iface->addr);
}

/* RFC 2131 4.1: "A server with multiple network addresses MUST be prepared to to accept any of its network
 * addresses as identifying that server in a DHCP message." A unicast message has reached one of them. RFC
 * 5107 adds the one that the relay stands in with. */
bool srv_step_is_our_id(const struct srv_step *s, ip4 server)
{
    return s->e->config->ignore_server_id || server == s->ev->iface->addr.addr ||
           (!srv_step_is_broadcast(s) && server == s->ev->packet.dst) ||
           (s->relay.server_id != 0 && server == s->relay.server_id);
}
