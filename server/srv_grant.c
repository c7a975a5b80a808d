#include "server/srv_grant.h"

#include <string.h>

#include "server/srv_force_step.h"
#include "server/srv_name.h"
#include "server/srv_select.h"
#include "server/srv_send.h"

static void note_refused(void *user, enum reason reason, const struct trace_facts *facts)
{
    *srv_step_decide(user, reason) = *facts;
}

struct srv_alloc_query srv_grant_query(struct srv_step *s)
{
    struct srv_engine *e = s->e;
    return (struct srv_alloc_query){.config = e->config,
                                    .pools = e->pools,
                                    .leases = e->leases,
                                    .offers = e->offers,
                                    .subnet = s->subnet,
                                    .client = &s->client,
                                    .classes = s->classes,
                                    .ids = &s->host_ids,
                                    .server = s->ev->iface->addr.addr,
                                    .offered = srv_step_find_offer(s)->addr,
                                    .note = note_refused,
                                    .user = s};
}

/* ---- which address ---- */

/* Puts on record that there is no address for the client. */
static void tell_none(struct srv_step *s, enum reason reason)
{
    const struct srv_engine *e = s->e;
    const struct srv_network *network = s->subnet->network;
    struct trace_facts facts = {.net = s->subnet->net};
    for (const struct srv_subnet *subnet = s->subnet; subnet != NULL;
         subnet = srv_config_next_neighbour(e->config, s->subnet, subnet))
        facts.num += (int64_t)(srv_lease_table_held(e->leases, subnet->id) +
                               srv_lease_table_held(e->offers, subnet->id));
    if (reason == REASON_LEASE_LIMIT)
        facts.num = (int64_t)(srv_lease_table_count(e->leases) + srv_lease_table_count(e->offers));
    if (reason == REASON_POOL_EMPTY && network != NULL) {
        reason = REASON_NETWORK_EMPTY;
        facts.text = srv_step_text(s, network->name);
    }
    *srv_step_decide(s, reason) = facts;
}

ip4 srv_grant_pick(struct srv_step *s, ip4 requested, enum reason *out_reason)
{
    struct srv_alloc_query query = srv_grant_query(s);
    query.requested = requested;
    const struct srv_subnet *subnet;
    ip4 addr = srv_alloc_pick(&query, out_reason, &subnet);
    if (addr == 0)
        tell_none(s, *out_reason);
    else
        srv_select_move(s, subnet);
    return addr;
}

/* ---- what a lease is made of ---- */

/* RFC 2131 4.3.1: "the server may choose either to return the requested lease (if the lease is acceptable to
 * local policy) or select another lease". `fallback_s` is for a client that does not ask. */
uint32_t srv_grant_lease_time(struct srv_step *s, uint32_t fallback_s)
{
    const struct srv_lifetime *limits = &s->lifetime;
    uint32_t asked;
    if (!dhcp_get_u32(s->msg, DHCP_OPT_LEASE_TIME, &asked))
        return fallback_s;
    uint32_t lease_s = asked < limits->min_s ? limits->min_s : asked > limits->max_s ? limits->max_s : asked;
    if (lease_s != asked)
        *srv_step_decide(s, REASON_LEASE_CLAMPED) = (struct trace_facts){.num = asked, .span_s = lease_s};
    return lease_s;
}

/* A client in INIT; one that renews, or that comes back with an address, asks for an extension. */
static bool starts_anew(const struct srv_step *s)
{
    return s->msg->type == DHCP_DISCOVER || dhcp_msg_has(s->msg, DHCP_OPT_SERVER_ID);
}

/* RFC 2131 4.3.1: "IF the client has not requested a specific lease in the DHCPDISCOVER message and the
 * client already has an assigned network address, the server returns the lease expiration time previously
 * assigned to that address (note that the client must explicitly request a specific lease to extend the
 * expiration time on a previously assigned address)". The DHCPREQUEST that follows gets no other answer. An
 * infinite lease has no expiration time, and one that the configuration does not allow any more is not given
 * again. */
uint32_t srv_grant_left(const struct srv_step *s, const struct srv_lease *lease)
{
    if (lease == NULL || lease->state != SRV_LEASE_ACTIVE || lease->expires_ms == TIME_NEVER ||
        s->e->config->kea || !starts_anew(s) || dhcp_msg_has(s->msg, DHCP_OPT_LEASE_TIME) ||
        !srv_lease_is_of(lease, &s->client))
        return 0;
    time_ms left_s = (lease->expires_ms - s->ev->now) / 1000;
    return left_s <= s->lifetime.max_s ? (uint32_t)left_s : 0;
}

static void set_name(struct srv_step *s, struct srv_lease *lease)
{
    const char *reserved = s->host != NULL ? s->host->hostname : "";
    enum reason reason = srv_name_choose(s->msg, &s->subnet->naming, reserved, lease->addr, lease->hostname);
    if (reason != REASON_NONE)
        srv_step_decide(s, reason)->text = srv_step_text(s, lease->hostname);
}

/* RFC 4388 6.7: what the relay said last of the client is what a DHCPLEASEQUERY is answered with. A longer
 * value is none that a record can hold. */
static void read_relay_info(const struct srv_step *s, struct srv_lease *lease)
{
    const struct dhcp_option *info = dhcp_msg_find(s->msg, DHCP_OPT_RELAY_INFO);
    lease->relay_info_len = 0;
    if (!s->subnet->store_extended_info || s->msg->giaddr == 0 || info == NULL ||
        info->len > SRV_RELAY_INFO_MAX)
        return;
    lease->relay_info_len = (uint8_t)info->len;
    memcpy(lease->relay_info, info->data, info->len);
}

/* A renewal comes past the relay, and says nothing of it. */
static void keep_relay_info(const struct srv_step *s, struct srv_lease *lease, const struct srv_lease *before)
{
    if (lease->relay_info_len != 0 || s->msg->giaddr != 0 || !srv_lease_is_of(before, &s->client))
        return;
    lease->relay_info_len = before->relay_info_len;
    memcpy(lease->relay_info, before->relay_info, before->relay_info_len);
}

void srv_grant_make(struct srv_step *s, ip4 addr, uint32_t lease_s, struct srv_lease *out)
{
    out->addr = addr;
    out->subnet_id = s->subnet->id;
    out->hw = s->client.hw;
    out->client_id_len = s->client.client_id_len;
    if (out->client_id_len != 0)
        memcpy(out->client_id, s->client.client_id, out->client_id_len);
    out->state = SRV_LEASE_ACTIVE;
    out->lease_s = lease_s;
    out->granted_ms = s->ev->now;
    out->expires_ms = time_add(s->ev->now, time_from_lease_s(lease_s));
    out->has_nonce = false;
    set_name(s, out);
    read_relay_info(s, out);
}

/* ---- granting ---- */

/* The client has another address now; what it had stays known as released. */
static void release_others(struct srv_step *s, ip4 addr)
{
    struct srv_lease other;
    while (!s->out_of_memory && srv_step_find_lease(s, addr, &other) && other.state == SRV_LEASE_ACTIVE) {
        *srv_step_decide(s, REASON_LEASE_MOVED) = (struct trace_facts){.addr = other.addr, .other = addr};
        other.state = SRV_LEASE_RELEASED;
        other.expires_ms = s->ev->now;
        srv_step_add(s, SRV_LEASE_PUT)->lease = other;
        srv_step_keep_lease(s, &other);
    }
}

/* Returns what it is to be called. `before` is the active lease of the address, or NULL. RFC 2131 4.3.2: "Any
 * configuration parameters in the DHCPACK message SHOULD NOT conflict with those in the earlier DHCPOFFER
 * message to which the client is responding": `offered_s` is what a client gets that asks for no time. */
static enum reason make_lease(struct srv_step *s, ip4 addr, const struct srv_lease *before,
                              uint32_t offered_s, struct srv_lease *out)
{
    uint32_t left_s = srv_grant_left(s, before);
    uint32_t lease_s = left_s != 0 ? left_s : srv_grant_lease_time(s, offered_s);
    enum reason reason = left_s != 0 ? REASON_LEASE_KEPT : before ? REASON_LEASE_EXTENDED : REASON_LEASE_NEW;
    srv_grant_make(s, addr, lease_s, out);
    if (before != NULL)
        keep_relay_info(s, out, before);
    if (left_s != 0 && before != NULL) /* what is left is of a lease that there is */
        out->expires_ms = before->expires_ms;
    struct trace_facts *facts = srv_step_decide(s, reason);
    facts->addr = addr;
    facts->span_s = lease_s;
    return reason;
}

void srv_grant(struct srv_step *s, ip4 addr)
{
    struct srv_lease before;
    bool is_known = srv_lease_find(s->e->leases, addr, &before);
    if (!is_known && srv_lease_table_room(s->e->leases) == 0) {
        tell_none(s, REASON_LEASE_LIMIT);
        return;
    }
    bool is_extended = is_known && before.state == SRV_LEASE_ACTIVE;
    s->has_nonce = is_extended && srv_force_has_nonce(s, &before);
    struct srv_offered offered = *srv_step_find_offer(s);
    bool is_bootp = s->msg->type == DHCP_BOOTP; /* an offer was none of its messages */
    struct srv_action *put = srv_step_make(s, SRV_LEASE_PUT);
    struct srv_lease *lease = &put->lease;
    if (s->out_of_memory)
        return;
    enum reason reason =
        make_lease(s, addr, is_extended ? &before : NULL,
                   offered.addr != 0 && !is_bootp ? offered.lease_s : s->lifetime.default_s, lease);
    release_others(s, addr);
    srv_step_append(s, put);
    srv_send_lease(s, is_bootp ? DHCP_BOOTP : DHCP_ACK, lease);
    if (s->out_of_memory)
        return;
    lease->has_nonce = s->has_nonce;
    srv_step_keep_granted(s, lease, is_known ? &before : NULL, offered.addr);
    if (reason == REASON_LEASE_NEW && !s->out_of_memory)
        srv_tally_add(s->e->tally, s->subnet, addr, SRV_TALLY_CUMULATIVE, 1);
}
