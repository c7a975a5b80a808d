#include "lab/explain_exchange.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/dhcp_opt.h"
#include "common/dhcp_proto.h"
#include "common/text.h"
#include "common/text_format.h"
#include "lab/explain_print.h"

enum { NS_PER_S = 1000000000, INDENT = 26, SPAN_LEN = 32, ID_LEN = 512 };

#define SGR_RED  "\x1b[31m"
#define SGR_BOLD "\x1b[1m"
#define SGR_END  "\x1b[0m"

static const char *sgr(enum trace_color color, const char *code)
{
    return color == TRACE_COLOR ? code : "";
}

/* "12:30:00.000" of a time; `buf` holds EXPLAIN_TIME_LEN. */
static const char *clock_of(int64_t time_ns, char *buf)
{
    char whole[EXPLAIN_TIME_LEN];
    snprintf(buf, EXPLAIN_TIME_LEN, "%.12s", explain_time(time_ns, whole) + strlen("2026-11-21T"));
    return buf;
}

/* "0.250 ms"; `buf` holds SPAN_LEN. */
static const char *span_of(int64_t span_ns, char *buf)
{
    if (llabs(span_ns) < NS_PER_S)
        snprintf(buf, SPAN_LEN, "%.3f ms", (double)span_ns / 1e6);
    else
        snprintf(buf, SPAN_LEN, "%.3f s", (double)span_ns / 1e9);
    return buf;
}

static const char *outcome_text(const struct dissect_exchange *e, char *buf)
{
    char addr[IP4_LEN], server[IP4_LEN], span[CLOCK_SPAN_LEN];
    ip4_format(e->address, addr);
    ip4_format(e->server, server);
    switch (e->outcome) {
    case OUTCOME_ACK:
        if (!e->has_lease) {
            text_format_print(buf, EXPLAIN_NOTE_LEN, "the settings for %s from %s", addr, server);
            break;
        }
        clock_span(e->lease_s, span);
        text_format_print(buf, EXPLAIN_NOTE_LEN, "%s for %s from %s", addr, span, server);
        break;
    case OUTCOME_NAK:
        text_format_print(buf, EXPLAIN_NOTE_LEN, "refused (NAK) by %s: %s", server,
                          ip4_format(e->asked, addr));
        break;
    case OUTCOME_NONE_NEEDED:
        text_format_print(buf, EXPLAIN_NOTE_LEN, "%s, told to %s", addr,
                          e->server != 0 ? server : "nobody in particular");
        break;
    case OUTCOME_ANSWERED:
        text_format_print(buf, EXPLAIN_NOTE_LEN, "answered");
        break;
    case OUTCOME_OPEN:
        text_format_print(buf, EXPLAIN_NOTE_LEN, "%s",
                          e->n_offers > 0 ? "not finished" : "nobody has answered");
        break;
    }
    return buf;
}

static const char *name_of(const struct dissect_exchange *e)
{
    switch (e->kind) {
    case EXCHANGE_LEASE:
        return e->first ? "first lease" : "new lease";
    case EXCHANGE_RENEWAL:
        return e->is_due ? "renewal at T1" : "renewal";
    case EXCHANGE_REBINDING:
        return e->is_due ? "rebinding at T2" : "rebinding";
    case EXCHANGE_REBOOT:
        return "INIT-REBOOT, is the address still good?";
    case EXCHANGE_UNKNOWN:
    case EXCHANGE_SELECTION:
    case EXCHANGE_RELEASE:
    case EXCHANGE_DECLINE:
    case EXCHANGE_INFORM:
    case EXCHANGE_BOOTP:
    case EXCHANGE_OTHER:
        break;
    }
    return dissect_exchange_name(e->kind);
}

const char *explain_exchange_note(const struct dissect_exchange *e, char *buf)
{
    char outcome[EXPLAIN_NOTE_LEN];
    if (e->outcome == OUTCOME_OPEN || e->kind == EXCHANGE_OTHER)
        text_format_print(buf, EXPLAIN_NOTE_LEN, "%s", name_of(e));
    else
        text_format_print(buf, EXPLAIN_NOTE_LEN, "%s: %s", name_of(e), outcome_text(e, outcome));
    return buf;
}

/* ---- for programs ---- */

static void put_text(cJSON *map, const char *key, const char *value)
{
    cJSON_AddItemToObject(map, key, value != NULL ? cJSON_CreateString(value) : cJSON_CreateNull());
}

static void put_ip4(cJSON *map, const char *key, ip4 value)
{
    char addr[IP4_LEN];
    put_text(map, key, value != 0 ? ip4_format(value, addr) : NULL);
}

static void put_time(cJSON *map, const char *key, int64_t time_ns)
{
    char time[EXPLAIN_TIME_LEN];
    put_text(map, key, time_ns != 0 ? explain_time(time_ns, time) : NULL);
}

static void put_number(cJSON *map, const char *key, bool known, double value)
{
    cJSON_AddItemToObject(map, key, known ? cJSON_CreateNumber(value) : cJSON_CreateNull());
}

static const char *outcome_token(enum dissect_outcome outcome)
{
    switch (outcome) {
    case OUTCOME_ACK:
        return "ack";
    case OUTCOME_NAK:
        return "nak";
    case OUTCOME_NONE_NEEDED:
        return "none-needed";
    case OUTCOME_ANSWERED:
        return "answered";
    case OUTCOME_OPEN:
        break;
    }
    return "open";
}

static cJSON *offers_json(const struct dissect_exchange *e)
{
    cJSON *list = cJSON_CreateArray();
    for (unsigned i = 0; i < e->n_offers; i++) {
        cJSON *map = cJSON_CreateObject();
        put_ip4(map, "server", e->offers[i].server);
        put_ip4(map, "address", e->offers[i].address);
        put_number(map, "after_s", true, (double)(e->offers[i].time_ns - e->first_ns) / NS_PER_S);
        cJSON_AddItemToArray(list, map);
    }
    return list;
}

static cJSON *exchange_json(const struct dissect_exchange *e)
{
    char text[HW_LEN], xid[16], id[2 * EXCHANGE_CLIENT_ID_MAX + 1];
    cJSON *map = cJSON_CreateObject();
    bool finite = e->has_lease && e->lease_s != LEASE_INFINITE;
    int64_t start = dissect_exchange_lease_ns(e);
    put_text(map, "client", hw_format(&e->client, text));
    text_hex(e->client_id, e->client_id_len, id, sizeof id);
    put_text(map, "client_id", e->client_id_len > 0 ? id : NULL);
    snprintf(xid, sizeof xid, "0x%08x", e->xid);
    put_text(map, "xid", xid);
    put_text(map, "what", name_of(e));
    put_text(map, "outcome", outcome_token(e->outcome));
    put_number(map, "first_packet", true, (double)e->first_packet);
    put_number(map, "last_packet", true, (double)e->last_packet);
    put_time(map, "time", e->first_ns);
    put_ip4(map, "server", e->server);
    put_ip4(map, "asked", e->asked);
    put_ip4(map, "address", e->address);
    cJSON_AddItemToObject(map, "offers", offers_json(e));
    put_number(map, "answered_after_s", e->answer_ns != 0 && e->request_ns != 0,
               (double)(e->answer_ns - e->request_ns) / NS_PER_S);
    put_number(map, "lease_s", finite, e->lease_s);
    put_time(map, "t1", finite ? start + (int64_t)e->t1_s * NS_PER_S : 0);
    put_time(map, "t2", finite ? start + (int64_t)e->t2_s * NS_PER_S : 0);
    put_time(map, "expires", finite ? start + (int64_t)e->lease_s * NS_PER_S : 0);
    cJSON *list = cJSON_AddArrayToObject(map, "odd");
    const char *odd_text;
    for (unsigned odd = e->odd; (odd_text = dissect_odd_take(&odd)) != NULL;)
        cJSON_AddItemToArray(list, cJSON_CreateString(odd_text));
    return map;
}

bool explain_exchanges_json(FILE *out, const struct dissect_exchanges *x)
{
    for (size_t i = 0; i < dissect_exchanges_count(x); i++) {
        cJSON *map = exchange_json(dissect_exchanges_at(x, i));
        char *line = map != NULL ? cJSON_PrintUnformatted(map) : NULL;
        cJSON_Delete(map);
        if (line == NULL)
            return false;
        fprintf(out, "%s\n", line);
        free(line);
    }
    return true;
}

/* ---- the groups ---- */

static void print_offers(FILE *out, const struct dissect_exchange *e)
{
    char server[IP4_LEN], addr[IP4_LEN], span[SPAN_LEN];
    for (unsigned i = 0; i < e->n_offers; i++) {
        const struct dissect_offer *o = &e->offers[i];
        fprintf(out, "%*soffered by %s: %s, after %s%s\n", INDENT, "", ip4_format(o->server, server),
                ip4_format(o->address, addr), span_of(o->time_ns - e->first_ns, span),
                e->n_offers > 1 && o->server == e->server ? "; this one was chosen" : "");
    }
}

static void print_times(FILE *out, const struct dissect_exchange *e)
{
    char span[SPAN_LEN], t1[EXPLAIN_TIME_LEN], t2[EXPLAIN_TIME_LEN], end[EXPLAIN_TIME_LEN];
    if (e->answer_ns == 0)
        return;
    if (e->request_ns != 0)
        fprintf(out, "%*sanswered %s after the request\n", INDENT, "",
                span_of(e->answer_ns - e->request_ns, span));
    if (e->kind == EXCHANGE_LEASE)
        fprintf(out, "%*sall of it took %s\n", INDENT, "", span_of(e->answer_ns - e->first_ns, span));
    if (!e->has_lease || e->lease_s == LEASE_INFINITE)
        return;
    int64_t start = dissect_exchange_lease_ns(e);
    fprintf(out, "%*sT1 at %.8s, T2 at %.8s, expires %.8s\n", INDENT, "",
            clock_of(start + (int64_t)e->t1_s * NS_PER_S, t1),
            clock_of(start + (int64_t)e->t2_s * NS_PER_S, t2),
            clock_of(start + (int64_t)e->lease_s * NS_PER_S, end));
}

static void print_odd(FILE *out, const struct dissect_exchange *e, enum trace_color color)
{
    const char *text;
    for (unsigned odd = e->odd; (text = dissect_odd_take(&odd)) != NULL;)
        fprintf(out, "%*s%s! %s%s\n", INDENT, "", sgr(color, SGR_RED), text, sgr(color, SGR_END));
}

static void print_exchange(FILE *out, const struct dissect_exchange *e, enum trace_color color)
{
    char time[EXPLAIN_TIME_LEN], outcome[EXPLAIN_NOTE_LEN], packets[48];
    snprintf(packets, sizeof packets, "%llu-%llu", (unsigned long long)e->first_packet,
             (unsigned long long)e->last_packet);
    fprintf(out, "  %-9s %s  %s  (xid 0x%08x, %u message%s)\n", packets, clock_of(e->first_ns, time),
            name_of(e), e->xid, e->n_messages, e->n_messages == 1 ? "" : "s");
    if (e->kind != EXCHANGE_OTHER && e->kind != EXCHANGE_BOOTP)
        fprintf(out, "%*s%s\n", INDENT, "", outcome_text(e, outcome));
    print_offers(out, e);
    print_times(out, e);
    print_odd(out, e, color);
}

/* ", identifier 6e:61:6d:65"; "" if there is none, or if it is type and hardware address: RFC 2132 9.14.
 * `buf` holds ID_LEN. */
static const char *client_id_text(const struct dissect_exchange *e, char *buf)
{
    static const char before[] = ", identifier ";
    const struct hw_addr *hw = &e->client;
    bool is_hw = e->client_id_len == hw->len + 1U && e->client_id[0] == hw->type &&
                 memcmp(e->client_id + 1, hw->bytes, hw->len) == 0;
    if (e->client_id_len == 0 || is_hw)
        return "";
    dhcp_opt_format(dhcp_opt_find(OPT_SPACE_DHCP, DHCP_OPT_CLIENT_ID), e->client_id, e->client_id_len,
                    stpcpy(buf, before), ID_LEN - sizeof before);
    return buf;
}

void explain_exchanges_print(FILE *out, const struct dissect_exchanges *x, enum trace_color color)
{
    char hw[HW_LEN], id[ID_LEN];
    size_t n = dissect_exchanges_count(x);
    for (size_t i = 0; i < n; i++) {
        const struct dissect_exchange *e = dissect_exchanges_at(x, i);
        if (!e->first)
            continue;
        fprintf(out, "%sClient %s%s%s\n", sgr(color, SGR_BOLD), hw_format(&e->client, hw),
                sgr(color, SGR_END), client_id_text(e, id));
        for (size_t j = i; j < n; j++)
            if (dissect_exchanges_at(x, j)->client_number == e->client_number)
                print_exchange(out, dissect_exchanges_at(x, j), color);
    }
    if (dissect_exchanges_left_out(x) > 0)
        fprintf(out, "%llu messages of later exchanges are left out: there is room for %zu (--limit)\n",
                (unsigned long long)dissect_exchanges_left_out(x), dissect_exchanges_limit(x));
}
