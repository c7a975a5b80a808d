#include "client/cli_report.h"

#include <stdio.h>
#include <string.h>

#include "client/cli_message.h"
#include "common/text.h"

static void add_text(cJSON *map, const char *key, const char *text)
{
    if (text != NULL && text[0] != '\0')
        cJSON_AddStringToObject(map, key, text);
    else
        cJSON_AddNullToObject(map, key);
}

static void add_ip4(cJSON *map, const char *key, ip4 addr)
{
    char text[IP4_LEN];
    add_text(map, key, addr ? ip4_format(addr, text) : NULL);
}

/* Milliseconds as seconds with three decimals at most, so that a reader is not shown 0.30000000000000004. */
static void add_seconds(cJSON *map, const char *key, time_ms ms)
{
    char text[32];
    if (ms == TIME_NEVER) {
        cJSON_AddNullToObject(map, key);
        return;
    }
    const char *sign = ms < 0 ? "-" : "";
    long long size = ms < 0 ? -ms : ms;
    snprintf(text, sizeof text, "%s%lld.%03lld", sign, size / 1000, size % 1000);
    cJSON_AddRawToObject(map, key, text);
}

static void add_instant(cJSON *map, const char *key, const struct clock_now *now, time_ms at)
{
    char text[CLOCK_ISO_LEN];
    if (at == TIME_NEVER) {
        cJSON_AddNullToObject(map, key);
        return;
    }
    clock_iso(clock_wall_at(now, at), now->utc_offset_s, text);
    cJSON_AddStringToObject(map, key, text);
}

static time_ms remaining(const struct clock_now *now, time_ms at)
{
    return at == TIME_NEVER ? TIME_NEVER : at - now->boot_ms;
}

/* One timer of the lease: how long it was meant to be, when it comes, how long that still is. */
static cJSON *add_timer(cJSON *map, const char *key, const struct clock_now *now, time_ms duration,
                        time_ms at)
{
    cJSON *timer = cJSON_AddObjectToObject(map, key);
    if (duration == TIME_NEVER)
        cJSON_AddNumberToObject(timer, "duration_s", LEASE_INFINITE);
    else
        add_seconds(timer, "duration_s", duration);
    add_instant(timer, "at", now, at);
    add_seconds(timer, "remaining_s", remaining(now, at));
    return timer;
}

static void add_routes(cJSON *map, const struct cli_settings *settings)
{
    cJSON *list = cJSON_AddArrayToObject(map, "routes");
    for (unsigned i = 0; i < settings->n_routes; i++) {
        char text[IP4_NET_LEN];
        cJSON *route = cJSON_CreateObject();
        cJSON_AddItemToArray(list, route);
        add_text(route, "to", ip4_net_format(settings->routes[i].to, text));
        add_ip4(route, "via", settings->routes[i].via);
    }
}

/* What goes with an address, leased or not. */
static void add_parameters(cJSON *json, const struct cli_lease *lease, const struct cli_settings *settings)
{
    char text[IP4_LEN];
    add_ip4(json, "address", lease->addr);
    cJSON_AddNumberToObject(json, "prefix_length", lease->prefix_len);
    add_text(json, "subnet_mask", ip4_format(ip4_net_mask((struct ip4_net){.len = lease->prefix_len}), text));
    add_ip4(json, "router", cli_settings_router(settings));
    add_routes(json, settings);
    add_ip4(json, "server", lease->server_id);
    cJSON *dns = cJSON_AddArrayToObject(json, "dns");
    for (unsigned i = 0; i < lease->n_dns; i++)
        cJSON_AddItemToArray(dns, cJSON_CreateString(ip4_format(lease->dns[i], text)));
    add_text(json, "domain", lease->domain);
    add_text(json, "search", settings->search);
    add_text(json, "host_name", settings->hostname);
    add_text(json, "captive_portal", settings->portal);
    if (lease->mtu != 0)
        cJSON_AddNumberToObject(json, "mtu", lease->mtu);
    else
        cJSON_AddNullToObject(json, "mtu");
}

static void add_inform(cJSON *map, const struct clock_now *now, const struct cli_lease *inform,
                       const struct cli_settings *settings)
{
    if (inform == NULL) {
        cJSON_AddNullToObject(map, "inform");
        return;
    }
    cJSON *json = cJSON_AddObjectToObject(map, "inform");
    add_parameters(json, inform, settings);
    add_instant(json, "requested", now, inform->requested_ms);
    add_instant(json, "obtained", now, inform->acked_ms);
}

/* What the server's option said, obeyed or not. */
static void add_told(cJSON *timer, int64_t seconds)
{
    if (seconds >= 0)
        cJSON_AddNumberToObject(timer, "option_s", (double)seconds);
    else
        cJSON_AddNullToObject(timer, "option_s");
}

static void add_lease(cJSON *map, const struct clock_now *now, const struct cli_lease *lease,
                      const struct cli_settings *settings)
{
    cJSON *json = cJSON_AddObjectToObject(map, "lease");
    add_parameters(json, lease, settings);
    cJSON_AddBoolToObject(json, "infinite", lease->lease_s == LEASE_INFINITE);
    add_instant(json, "requested", now, lease->requested_ms);
    add_seconds(json, "requested_boot_s", lease->requested_ms);
    add_instant(json, "obtained", now, lease->acked_ms);
    add_seconds(json, "obtained_boot_s", lease->acked_ms);
    add_seconds(json, "obtained_age_s", now->boot_ms - lease->acked_ms);
    cJSON *t1 = add_timer(json, "t1", now, lease->timers.t1_ms, lease->renew_at_ms);
    add_told(t1, lease->t1_told_s);
    cJSON_AddStringToObject(t1, "origin", cli_timer_origin_name(lease->timers.t1_origin));
    add_seconds(t1, "fuzz_s", lease->timers.t1_fuzz_ms);
    cJSON *t2 = add_timer(json, "t2", now, lease->timers.t2_ms, lease->rebind_at_ms);
    add_told(t2, lease->t2_told_s);
    cJSON_AddStringToObject(t2, "origin", cli_timer_origin_name(lease->timers.t2_origin));
    add_seconds(t2, "fuzz_s", lease->timers.t2_fuzz_ms);
    add_timer(json, "expiry", now, time_from_lease_s(lease->lease_s), lease->expires_at_ms);
}

static void add_counts(cJSON *map, const char *key, const uint64_t *by_type)
{
    cJSON *json = cJSON_AddObjectToObject(map, key);
    for (uint8_t type = 0; type < 19; type++)
        if (by_type[type] != 0)
            cJSON_AddNumberToObject(json, dhcp_type_name(type), (double)by_type[type]);
}

/* Why messages that came in were of no use. */
static void add_discarded(cJSON *map, const struct cli_status *status)
{
    static const enum reason reasons[] = {
        REASON_MSG_TOO_SHORT,
        REASON_MSG_TOO_LONG,
        REASON_MSG_BAD_OP,
        REASON_MSG_BAD_HLEN,
        REASON_MSG_BAD_COOKIE,
        REASON_MSG_BAD_TYPE,
        REASON_MSG_REQUEST_AT_CLIENT,
        REASON_XID,
        REASON_CHADDR,
        REASON_STATE,
        REASON_FORCE_OFF,
        REASON_SERVER_DENIED,
        REASON_OFFER_NO_ADDRESS,
        REASON_OFFER_BROADCAST,
        REASON_OFFER_MULTICAST,
        REASON_OFFER_NETWORK,
        REASON_OFFER_UNSAFE,
        REASON_NO_SERVER_ID,
        REASON_BAD_SERVER_ID,
        REASON_NO_LEASE_TIME,
        REASON_LEASE_ZERO,
        REASON_OFFER_OTHER_WANTED,
        REASON_OFFER_LATER,
        REASON_OFFER_AGAIN,
        REASON_OFFERS_FULL,
        REASON_ACK_OTHER_SERVER,
        REASON_ACK_ADDRESS,
        REASON_ACK_LATE,
        REASON_ACK_NOT_RAPID,
    };
    cJSON *json = cJSON_AddObjectToObject(map, "discarded");
    for (unsigned i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (status->reasons[reasons[i]] != 0)
            cJSON_AddNumberToObject(json, reason_token(reasons[i]), (double)status->reasons[reasons[i]]);
}

static void add_next_timer(cJSON *map, const struct clock_now *now, const struct cli_status *status)
{
    if (status->timer == CLI_NO_TIMER || status->timer_at_ms == TIME_NEVER) {
        cJSON_AddNullToObject(map, "next_timer");
        return;
    }
    cJSON *json = cJSON_AddObjectToObject(map, "next_timer");
    cJSON_AddStringToObject(json, "name", cli_timer_name(status->timer));
    add_instant(json, "at", now, status->timer_at_ms);
    add_seconds(json, "remaining_s", remaining(now, status->timer_at_ms));
    /* RFC 2131 4.1: a retransmission is due after a base that is randomized. */
    add_seconds(json, "base_s", status->wait_base_ms);
    add_seconds(json, "jitter_s",
                status->wait_ms == TIME_NEVER ? TIME_NEVER : status->wait_ms - status->wait_base_ms);
}

/* null if there was none yet. */
static cJSON *add_message(cJSON *map, const char *key, const struct clock_now *now,
                          const struct cli_message_seen *message)
{
    char xid[11];
    if (message->type == 0) {
        cJSON_AddNullToObject(map, key);
        return NULL;
    }
    cJSON *json = cJSON_AddObjectToObject(map, key);
    add_text(json, "type", dhcp_type_name(message->type));
    add_instant(json, "at", now, message->at_ms);
    add_seconds(json, "age_s", now->boot_ms - message->at_ms);
    add_ip4(json, "peer", message->peer);
    add_ip4(json, "giaddr", message->giaddr);
    snprintf(xid, sizeof xid, "0x%08x", message->xid);
    add_text(json, "xid", xid);
    return json;
}

static void add_history(cJSON *map, const struct clock_now *now, const struct cli_history *history)
{
    add_message(map, "last_sent", now, &history->sent);
    cJSON *received = add_message(map, "last_received", now, &history->received);
    if (received != NULL)
        add_seconds(received, "rtt_s", history->received.rtt_ms);
    cJSON *list = cJSON_AddArrayToObject(map, "transitions");
    const struct cli_transition *t;
    for (unsigned i = 0; (t = cli_history_find(history, i)) != NULL; i++) {
        cJSON *json = cJSON_CreateObject();
        add_instant(json, "at", now, t->at_ms);
        add_text(json, "from", t->from);
        add_text(json, "to", t->to);
        add_text(json, "reason", reason_token(t->reason));
        cJSON_AddItemToArray(list, json);
    }
}

static void add_acd(cJSON *map, const struct cli_status *status)
{
    if (status->acd_addr == 0) {
        cJSON_AddNullToObject(map, "conflict_detection");
        return;
    }
    cJSON *json = cJSON_AddObjectToObject(map, "conflict_detection");
    add_ip4(json, "address", status->acd_addr);
    cJSON_AddNumberToObject(json, "probes_sent", status->probes);
    cJSON_AddNumberToObject(json, "probes", status->profile->acd_numbers.probe_num);
    cJSON_AddNumberToObject(json, "announcements_sent", status->announcements);
    cJSON_AddNumberToObject(json, "announcements", status->profile->acd_numbers.announce_num);
    cJSON_AddNumberToObject(json, "defences", (double)status->reasons[REASON_CONFLICT_DEFENDED]);
}

/* "hardware address 02:00:00:00:00:02", "IAID 00000002, DUID 000300010200...": RFC 2132 9.14, RFC 4361 6.1.
 */
static void describe_client_id(const uint8_t *id, uint8_t len, char *out, size_t cap)
{
    enum { TYPE_ETHERNET = 1, ETHERNET_LEN = 6, TYPE_DUID = 255, IAID_END = 1 + 4 };
    char hex[2 * CLI_CLIENT_ID_MAX + 1];
    struct hw_addr hw = {.type = id[0]};
    if (id[0] == TYPE_DUID && len > IAID_END) {
        text_hex(id + IAID_END, (size_t)(len - IAID_END), hex, sizeof hex);
        snprintf(out, cap, "IAID %02x%02x%02x%02x, DUID %s", id[1], id[2], id[3], id[4], hex);
    } else if (id[0] == TYPE_ETHERNET && len == 1 + ETHERNET_LEN) {
        hw.len = ETHERNET_LEN;
        memcpy(hw.bytes, id + 1, hw.len);
        snprintf(out, cap, "hardware address %s", hw_format(&hw, hex));
    } else {
        snprintf(out, cap, "opaque");
    }
}

static void add_client_id(cJSON *map, const struct cli_report *r)
{
    uint8_t id[CLI_CLIENT_ID_MAX];
    char hex[2 * CLI_CLIENT_ID_MAX + 1], text[sizeof hex + 32];
    uint8_t len = cli_message_client_id(r->config, &r->hw, id);
    if (len == 0) {
        cJSON_AddNullToObject(map, "client_id");
        return;
    }
    cJSON *json = cJSON_AddObjectToObject(map, "client_id");
    text_hex(id, len, hex, sizeof hex);
    add_text(json, "hex", hex);
    describe_client_id(id, len, text, sizeof text);
    add_text(json, "decoded", text);
}

void cli_report_add_counters(cJSON *json, const struct cli_status *status)
{
    add_counts(json, "sent", status->sent);
    add_counts(json, "received", status->received);
    add_discarded(json, status);
}

cJSON *cli_report_json(const struct cli_report *r, const struct cli_status *status)
{
    char hw[HW_LEN], xid[11];
    cJSON *json = cJSON_CreateObject();
    add_text(json, "node", r->node);
    add_text(json, "interface", r->ifname);
    add_text(json, "hardware_address", hw_format(&r->hw, hw));
    add_client_id(json, r);
    add_text(json, "hostname", r->hostname);
    add_text(json, "profile", status->profile->name);
    add_text(json, "state", cli_state_name(status->state));
    add_instant(json, "state_since", &r->now, status->state_since_ms);
    add_seconds(json, "state_age_s", r->now.boot_ms - status->state_since_ms);
    add_text(json, "state_reason", reason_token(status->state_reason));
    add_text(json, "state_text", status->state_text);
    add_next_timer(json, &r->now, status);
    cJSON_AddNumberToObject(json, "transmissions", status->transmissions);
    add_acd(json, status);
    cJSON_AddNumberToObject(json, "conflicts", status->conflicts);
    snprintf(xid, sizeof xid, "0x%08x", status->xid);
    add_text(json, "xid", xid);
    cli_report_add_counters(json, status);
    cJSON_AddNumberToObject(json, "event_readers", r->event_readers);
    cJSON_AddNumberToObject(json, "event_readers_dropped", (double)r->event_readers_dropped);
    add_history(json, &r->now, r->history);
    add_inform(json, &r->now, status->inform, r->settings);
    if (status->lease != NULL)
        add_lease(json, &r->now, status->lease, r->settings);
    else
        cJSON_AddNullToObject(json, "lease");
    return json;
}
