#include "lab/replay_print.h"

#include <stdlib.h>

#include "lab/explain_print.h"

enum { VALUE_MAX = 256, ANSWER_LEN = 80, NAME_WIDTH = 27, VALUE_WIDTH = 30 };

#define SGR_RED  "\x1b[31m"
#define SGR_BOLD "\x1b[1m"
#define SGR_END  "\x1b[0m"

static const char *const signs[] = {
    [REPLAY_SAME] = "=",    [REPLAY_MAPPED] = "~",  [REPLAY_VOLATILE] = "~",
    [REPLAY_DIFFERS] = "!", [REPLAY_APPEARS] = "+", [REPLAY_MISSING] = "-",
};

/* "OFFER 10.77.0.100"; `buf` holds ANSWER_LEN. */
static const char *answer_text(bool is_there, const struct dhcp_msg *m, char *buf)
{
    char addr[IP4_LEN];
    if (!is_there)
        snprintf(buf, ANSWER_LEN, "nothing");
    else if (m->yiaddr != 0)
        snprintf(buf, ANSWER_LEN, "%s %s", dhcp_type_name(m->type), ip4_format(m->yiaddr, addr));
    else
        snprintf(buf, ANSWER_LEN, "%s", dhcp_type_name(m->type));
    return buf;
}

static void print_row(FILE *out, const struct replay_row *row, enum trace_color color)
{
    char captured[VALUE_MAX], live[VALUE_MAX], name[VALUE_MAX];
    bool is_red = color == TRACE_COLOR && replay_row_is_different(row);
    if (row->code == 0)
        snprintf(name, sizeof name, "    %s", row->name);
    else
        snprintf(name, sizeof name, "%3u %s", row->code, row->name != NULL ? row->name : "");
    fprintf(out, "     %s%s %-8s %-*s %-*s %s%s\n", is_red ? SGR_RED : "", signs[row->kind],
            replay_kind_name(row->kind), NAME_WIDTH, name, VALUE_WIDTH,
            replay_row_captured(row, captured, sizeof captured), replay_row_live(row, live, sizeof live),
            is_red ? SGR_END : "");
}

void replay_print(FILE *out, const struct replay_result *result, bool all, const char *why,
                  enum trace_color color)
{
    char captured[ANSWER_LEN], live[ANSWER_LEN], hw[HW_LEN], name[ANSWER_LEN];
    const struct replay_message *m = result->message;
    snprintf(name, sizeof name, "%s %s", dhcp_type_name(m->type), hw_format(&result->client->live, hw));
    fprintf(out, "%4llu %s%-*s %-*s %s%s  %s\n", (unsigned long long)m->sent.number,
            color == TRACE_COLOR ? SGR_BOLD : "", NAME_WIDTH + 11, name, VALUE_WIDTH,
            answer_text(result->has_captured, &result->captured, captured),
            answer_text(result->has_live, &result->live, live), color == TRACE_COLOR ? SGR_END : "",
            replay_outcome_name(result->outcome));
    for (size_t i = 0; i < result->diff.n; i++)
        if (all || replay_row_is_different(&result->diff.rows[i]))
            print_row(out, &result->diff.rows[i], color);
    if (why[0] != '\0')
        fprintf(out, "     the server says: %s\n", why);
}

/* ---- for programs ---- */

static void put_addr(cJSON *map, const char *key, ip4 addr)
{
    char text[IP4_LEN];
    cJSON_AddItemToObject(map, key,
                          addr == 0 ? cJSON_CreateNull() : cJSON_CreateString(ip4_format(addr, text)));
}

static cJSON *answer_json(bool is_there, const struct dhcp_msg *m)
{
    ip4 server = 0;
    if (!is_there)
        return cJSON_CreateNull();
    cJSON *map = cJSON_CreateObject();
    dhcp_get_ip4(m, DHCP_OPT_SERVER_ID, &server);
    cJSON_AddStringToObject(map, "type", dhcp_type_name(m->type));
    put_addr(map, "address", m->yiaddr);
    put_addr(map, "server", server);
    return map;
}

static cJSON *rows_json(const struct replay_diff *diff)
{
    char text[VALUE_MAX];
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < diff->n; i++) {
        const struct replay_row *row = &diff->rows[i];
        if (row->kind == REPLAY_SAME)
            continue;
        cJSON *map = cJSON_CreateObject();
        cJSON_AddStringToObject(map, "kind", replay_kind_name(row->kind));
        cJSON_AddItemToObject(map, "name",
                              row->name == NULL ? cJSON_CreateNull() : cJSON_CreateString(row->name));
        cJSON_AddItemToObject(map, "code",
                              row->code == 0 ? cJSON_CreateNull() : cJSON_CreateNumber(row->code));
        cJSON_AddItemToObject(map, "captured",
                              row->captured == NULL
                                  ? cJSON_CreateNull()
                                  : cJSON_CreateString(replay_row_captured(row, text, sizeof text)));
        cJSON_AddItemToObject(map, "live",
                              row->live == NULL
                                  ? cJSON_CreateNull()
                                  : cJSON_CreateString(replay_row_live(row, text, sizeof text)));
        cJSON_AddItemToArray(list, map);
    }
    return list;
}

cJSON *replay_print_json(const struct replay_result *result, const char *why)
{
    char hw[HW_LEN], time[EXPLAIN_TIME_LEN], xid[16];
    const struct replay_message *m = result->message;
    cJSON *map = cJSON_CreateObject();
    snprintf(xid, sizeof xid, "0x%08x", result->xid);
    cJSON_AddNumberToObject(map, "packet", (double)m->sent.number);
    cJSON_AddStringToObject(map, "time", explain_time(m->sent.time_ns, time));
    cJSON_AddStringToObject(map, "type", dhcp_type_name(m->type));
    cJSON_AddStringToObject(map, "captured_client", hw_format(&result->client->captured, hw));
    cJSON_AddStringToObject(map, "client", hw_format(&result->client->live, hw));
    cJSON_AddStringToObject(map, "xid", xid);
    cJSON_AddNumberToObject(map, "copies", m->copies);
    cJSON_AddStringToObject(map, "outcome", replay_outcome_name(result->outcome));
    cJSON_AddItemToObject(map, "captured", answer_json(result->has_captured, &result->captured));
    cJSON_AddItemToObject(map, "live", answer_json(result->has_live, &result->live));
    cJSON_AddItemToObject(map, "answered_after_s",
                          result->has_live ? cJSON_CreateNumber((double)result->answered_us / 1e6)
                                           : cJSON_CreateNull());
    cJSON_AddNumberToObject(map, "other_answers", result->n_others);
    cJSON_AddItemToObject(map, "why", why[0] == '\0' ? cJSON_CreateNull() : cJSON_CreateString(why));
    cJSON_AddItemToObject(map, "differences", rows_json(&result->diff));
    return map;
}
