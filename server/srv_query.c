#include "server/srv_query.h"

#include <string.h>

#include "common/clock.h"
#include "common/dhcp_opt_walk.h"
#include "server/srv_query_class.h"
#include "server/srv_reply.h"

/* ---- the question ---- */

static bool has_hw(const struct dhcp_msg *m)
{
    return m->htype != 0 || m->hlen != 0;
}

/* The relay-id (RFC 6925) or remote-id that option 82 names. */
static bool read_relay(const struct dhcp_msg *request, struct srv_query *out)
{
    const struct dhcp_option *info = dhcp_msg_find(request, DHCP_OPT_RELAY_INFO);
    struct wire_reader r;
    struct opt_part part;
    unsigned n = 0;
    if (info == NULL)
        return false;
    wire_reader_init(&r, info->data, info->len);
    while (dhcp_opt_walk_suboption(&r, OPT_SUBOPTIONS, &part)) {
        if (part.id != DHCP_RELAY_ID && part.id != DHCP_RELAY_REMOTE_ID)
            continue;
        out->by = part.id == DHCP_RELAY_ID ? SRV_QUERY_BY_RELAY_ID : SRV_QUERY_BY_REMOTE_ID;
        out->id_len = (uint8_t)part.len;
        memcpy(out->id, part.data, part.len);
        n++;
    }
    return n == 1 && out->id_len != 0;
}

/* RFC 4388 6.3: "The DHCPLEASEQUERY message MUST have exactly one of the following: a non-zero ciaddr, a
 * non-zero htype/hlen/chaddr, or a Client-identifier option." RFC 6926 adds what option 82 names, and the
 * question that goes by nothing. */
enum reason srv_query_read(const struct dhcp_msg *request, bool is_bulk, struct srv_query *out)
{
    const struct dhcp_option *id = dhcp_msg_find(request, DHCP_OPT_CLIENT_ID);
    bool by_relay = is_bulk && dhcp_msg_has(request, DHCP_OPT_RELAY_INFO);
    int n = (request->ciaddr != 0) + has_hw(request) + (id != NULL) + by_relay;
    *out = (struct srv_query){.by = SRV_QUERY_BY_NOTHING};
    if (n > 1 || (n == 0 && !is_bulk))
        return REASON_QUERY_KIND;
    if (request->ciaddr != 0) {
        out->by = SRV_QUERY_BY_ADDR;
        out->addr = request->ciaddr;
    } else if (has_hw(request)) {
        out->by = SRV_QUERY_BY_HW;
        out->hw = dhcp_msg_hw(request);
    } else if (id != NULL) {
        if (id->len == 0 || id->len > sizeof out->id)
            return REASON_QUERY_KIND;
        out->by = SRV_QUERY_BY_CLIENT_ID;
        out->id_len = (uint8_t)id->len;
        memcpy(out->id, id->data, id->len);
    } else if (by_relay && !read_relay(request, out)) {
        return REASON_QUERY_KIND;
    }
    return REASON_NONE;
}

static bool has_suboption(const struct srv_lease *lease, uint8_t code, const uint8_t *id, size_t len)
{
    struct wire_reader r;
    struct opt_part part;
    wire_reader_init(&r, lease->relay_info, lease->relay_info_len);
    while (dhcp_opt_walk_suboption(&r, OPT_SUBOPTIONS, &part))
        if (part.id == code && part.len == len && memcmp(part.data, id, len) == 0)
            return true;
    return false;
}

bool srv_query_has(const struct srv_query *q, const struct srv_lease *lease)
{
    switch (q->by) {
    case SRV_QUERY_BY_ADDR:
        return lease->addr == q->addr;
    case SRV_QUERY_BY_HW:
        return hw_equal(&lease->hw, &q->hw);
    case SRV_QUERY_BY_CLIENT_ID:
        return lease->client_id_len == q->id_len && memcmp(lease->client_id, q->id, q->id_len) == 0;
    case SRV_QUERY_BY_RELAY_ID:
        return has_suboption(lease, DHCP_RELAY_ID, q->id, q->id_len);
    case SRV_QUERY_BY_REMOTE_ID:
        return has_suboption(lease, DHCP_RELAY_REMOTE_ID, q->id, q->id_len);
    case SRV_QUERY_BY_NOTHING:
        return true;
    }
    return false;
}

bool srv_query_is_pooled(const struct srv_config *config, ip4 addr)
{
    const struct srv_subnet *subnet = srv_config_find_subnet(config, addr);
    return subnet != NULL && srv_config_find_pool(subnet, addr) != NULL;
}

bool srv_query_is_managed(const struct srv_config *config, ip4 addr)
{
    static const struct srv_host_ids nobody;
    const struct srv_subnet *subnet = srv_config_find_subnet(config, addr);
    return srv_query_is_pooled(config, addr) ||
           (subnet != NULL && srv_host_is_kept(config, subnet, addr, &nobody));
}

/* ---- the answer ---- */

/* An answer under construction. */
struct draft {
    const struct srv_query_answer *answer;
    const struct srv_subnet *subnet; /* NULL: the lease is of no subnet that is configured now */
    struct srv_scopes scopes;
    struct dhcp_msg *m;
    unsigned dropped;
};

static void put(struct draft *d, uint8_t code, const void *data, size_t len)
{
    d->dropped += !dhcp_put_bytes(d->m, code, data, len);
}

static uint32_t seconds_since(time_ms from, time_ms now)
{
    return now > from ? (uint32_t)((now - from) / 1000) : 0;
}

/* What is left of `span_s` seconds that began with the lease. RFC 4388 6.4.2: "If these times are already in
 * the past, ... the DHCP server MUST NOT return these options." */
static void put_rest(struct draft *d, uint8_t code, uint32_t span_s)
{
    uint32_t gone_s = seconds_since(d->answer->lease->granted_ms, d->answer->now);
    if (span_s == LEASE_INFINITE)
        d->dropped += !dhcp_put_u32(d->m, code, LEASE_INFINITE);
    else if (span_s > gone_s)
        d->dropped += !dhcp_put_u32(d->m, code, span_s - gone_s);
}

static void put_timer(struct draft *d, uint8_t code)
{
    uint32_t t1, t2;
    if (d->subnet == NULL)
        return;
    srv_reply_timers(&d->subnet->timers, d->answer->lease->lease_s, &t1, &t2);
    put_rest(d, code, code == DHCP_OPT_T1 ? t1 : t2);
}

/* "in the case where more than one IP address has been involved ..., the list of all of the IP addresses MUST
 * be returned in the associated-ip option, whether or not that option was requested". */
static void put_associated(struct draft *d)
{
    const struct srv_query_answer *a = d->answer;
    uint8_t list[4 * SRV_QUERY_ASSOCIATED_MAX];
    size_t n = a->n_associated < SRV_QUERY_ASSOCIATED_MAX ? a->n_associated : SRV_QUERY_ASSOCIATED_MAX;
    struct wire_writer w;
    wire_writer_init(&w, list, sizeof list);
    for (size_t i = 0; i < n; i++)
        wire_put_u32(&w, a->associated[i]);
    if (n > 1)
        put(d, DHCP_OPT_ASSOCIATED_IP, list, 4 * n);
}

/* What the client was told itself. RFC 4388 6.4.2: "Any option not on this list SHOULD NOT be returned". */
static void put_configured(struct draft *d, uint8_t code)
{
    const struct srv_lease_query *limits = &d->answer->config->lease_query;
    const struct srv_option *option = srv_scope_find(&d->scopes, code);
    if (option != NULL &&
        (limits->n_options == 0 || memchr(limits->options, code, limits->n_options) != NULL))
        put(d, code, option->data, option->len);
}

/* RFC 6926: the states of a binding. */
static uint8_t state_of(const struct srv_lease *lease)
{
    enum { AVAILABLE = 1, ACTIVE, EXPIRED, RELEASED, ABANDONED };
    switch (lease->state) {
    case SRV_LEASE_ACTIVE:
        return ACTIVE;
    case SRV_LEASE_DECLINED:
        return ABANDONED;
    case SRV_LEASE_EXPIRED:
        return EXPIRED;
    case SRV_LEASE_RELEASED:
        return RELEASED;
    case SRV_LEASE_OFFERED:
        break;
    }
    return AVAILABLE;
}

/* For how long the binding is in its state. Of an active lease only the last renewal is on record, not the
 * first grant: nothing is told. */
static void put_state_start(struct draft *d)
{
    const struct srv_lease *lease = d->answer->lease;
    time_ms start = lease->state == SRV_LEASE_DECLINED ? lease->granted_ms : lease->expires_ms;
    if (lease->state != SRV_LEASE_ACTIVE)
        d->dropped += !dhcp_put_u32(d->m, DHCP_OPT_STATE_START, seconds_since(start, d->answer->now));
}

/* False if the option is none of the three. */
static bool put_state(struct draft *d, uint8_t code)
{
    const struct srv_lease *lease = d->answer->lease;
    if (code == DHCP_OPT_STATE)
        d->dropped += !dhcp_put_u8(d->m, code, state_of(lease));
    else if (code == DHCP_OPT_STATE_START)
        put_state_start(d);
    else if (code == DHCP_OPT_DATA_SOURCE)
        d->dropped += !dhcp_put_u8(d->m, code, 0); /* local: this server granted it */
    else
        return false;
    return true;
}

void srv_query_put_state(const struct dhcp_msg *request, const struct srv_lease *lease, time_ms now,
                         struct dhcp_msg *out)
{
    static const uint8_t codes[] = {DHCP_OPT_STATE_START, DHCP_OPT_STATE, DHCP_OPT_DATA_SOURCE};
    struct srv_query_answer answer = {.lease = lease, .now = now};
    struct draft d = {.answer = &answer, .m = out};
    for (size_t i = 0; i < sizeof codes; i++)
        if (srv_reply_is_requested(request, codes[i]))
            put_state(&d, codes[i]);
}

static void put_option(struct draft *d, uint8_t code)
{
    const struct srv_lease *lease = d->answer->lease;
    switch (code) {
    case DHCP_OPT_SUBNET_MASK:
        if (d->subnet != NULL)
            d->dropped += !dhcp_put_u32(d->m, code, ip4_net_mask(d->subnet->net));
        break;
    case DHCP_OPT_HOST_NAME:
        if (lease->hostname[0] != '\0')
            put(d, code, lease->hostname, strlen(lease->hostname));
        break;
    case DHCP_OPT_LEASE_TIME:
        put_rest(d, code, lease->lease_s);
        break;
    case DHCP_OPT_T1:
    case DHCP_OPT_T2:
        put_timer(d, code);
        break;
    case DHCP_OPT_CLIENT_ID:
        if (lease->client_id_len != 0)
            put(d, code, lease->client_id, lease->client_id_len);
        break;
    case DHCP_OPT_RELAY_INFO:
        if (lease->relay_info_len != 0)
            put(d, code, lease->relay_info, lease->relay_info_len);
        break;
    case DHCP_OPT_CLTT:
        d->dropped += !dhcp_put_u32(d->m, code, seconds_since(lease->granted_ms, d->answer->now));
        break;
    default:
        if (!put_state(d, code))
            put_configured(d, code);
        break;
    }
}

static void put_requested(struct draft *d, const struct dhcp_option *prl)
{
    bool seen[256] = {[DHCP_OPT_TYPE] = true, [DHCP_OPT_SERVER_ID] = true, [DHCP_OPT_ASSOCIATED_IP] = true};
    for (unsigned i = 0; i < prl->len; i++) {
        if (!seen[prl->data[i]])
            put_option(d, prl->data[i]);
        seen[prl->data[i]] = true;
    }
}

/* RFC 4388 6.2: "In the absence of a Parameter Request List option, the server SHOULD return the same options
 * it would return for a DHCPREQUEST message ..., which includes those mandated by Section 4.3.1 of [RFC2131]
 * as well as any options that the server was configured to always return to a client." */
static void put_usual(struct draft *d)
{
    static const uint8_t codes[] = {DHCP_OPT_LEASE_TIME, DHCP_OPT_T1, DHCP_OPT_T2, DHCP_OPT_SUBNET_MASK};
    for (size_t i = 0; i < sizeof codes; i++)
        put_option(d, codes[i]);
    for (unsigned code = 1; code < 255; code++)
        if (srv_reply_is_usual(&d->scopes, (uint8_t)code))
            put_configured(d, (uint8_t)code);
    put_option(d, DHCP_OPT_RELAY_INFO);
}

/* The scopes of the options that the client was told, as far as its record says. */
static void find_scopes(struct draft *d, struct srv_class_set *classes)
{
    const struct srv_config *config = d->answer->config;
    const struct srv_lease *lease = d->answer->lease;
    const struct srv_pool *pool = srv_config_find_pool(d->subnet, lease->addr);
    struct dhcp_msg client;
    struct srv_host_ids ids;
    srv_query_class_client(lease, &client);
    srv_host_ids_read(config->host_ids, config->n_host_ids, &client, true, &ids);
    const struct srv_host *host = srv_host_of(config, d->subnet, &ids);
    srv_query_class_list(config, d->subnet, pool, host, &client, &ids, classes);
    srv_scope_list(config, host, d->subnet, pool, classes, &d->scopes);
}

unsigned srv_query_put_lease(const struct srv_query_answer *answer, struct dhcp_msg *out)
{
    const struct srv_lease *lease = answer->lease;
    const struct dhcp_option *prl = dhcp_msg_find(answer->request, DHCP_OPT_PRL);
    struct draft d = {.answer = answer, .m = out};
    struct srv_class_set classes;
    d.subnet = srv_config_find_subnet_id(answer->config, lease->subnet_id);
    if (d.subnet != NULL)
        find_scopes(&d, &classes);
    out->ciaddr = lease->addr;
    out->htype = lease->hw.type;
    out->hlen = lease->hw.len;
    memset(out->chaddr, 0, sizeof out->chaddr);
    memcpy(out->chaddr, lease->hw.bytes, lease->hw.len);
    d.dropped += !dhcp_put_u32(out, DHCP_OPT_SERVER_ID, answer->server_id);
    put_associated(&d);
    if (prl != NULL)
        put_requested(&d, prl);
    else
        put_usual(&d);
    return d.dropped;
}
