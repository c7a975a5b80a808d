#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "lab/timeline.h"

enum { FIRST_SHOWN = 5, TIME_WIDTH = 13, COLUMN_MIN = 11 };

/* Where the table is in one client's events. */
struct column {
    const struct timeline *t;
    size_t next, end; /* events that are still to be shown in this table */
    time_ms from_ms;  /* what its clock counts from */
    int width;
};

static const char *kind_name(enum timeline_kind kind)
{
    static const char *const names[] = {
#define X(name, token) [name] = token,
        TIMELINE_KIND_MAP(X)
#undef X
    };
    return names[kind];
}

static const char *message_name(const struct timeline_event *e)
{
    if (e->state == CLI_RENEWING)
        return "renew";
    return e->state == CLI_REBINDING ? "rebind" : dhcp_type_name(e->type);
}

static void label_of(const struct timeline_event *e, char out[TIMELINE_LABEL_MAX])
{
    switch (e->kind) {
    case TIMELINE_SEND:
        snprintf(out, TIMELINE_LABEL_MAX, "%s %u", message_name(e), e->nth);
        return;
    case TIMELINE_PROBE:
    case TIMELINE_ANNOUNCE:
        snprintf(out, TIMELINE_LABEL_MAX, "%s %u", kind_name(e->kind), e->nth);
        return;
    case TIMELINE_STATE:
        snprintf(out, TIMELINE_LABEL_MAX, "%s",
                 e->state == CLI_BOUND         ? "BOUND"
                 : e->reason == REASON_EXPIRED ? "expired"
                 : e->reason == REASON_GAVE_UP ? "gives up"
                                               : cli_state_name(e->state));
        return;
    }
}

/* Of many transmissions in one state the first and the last ones tell enough. */
static bool is_shown(const struct timeline_setting *setting, const struct timeline *t, size_t i)
{
    const struct timeline_event *e = &t->events[i];
    if (e->kind == TIMELINE_STATE)
        return e->state == CLI_BOUND || (e->state == CLI_INIT && e->reason != REASON_STARTED);
    bool is_last = i + 1 == t->n_events || t->events[i + 1].kind != e->kind ||
                   t->events[i + 1].state != e->state || t->events[i + 1].nth == 1;
    return setting->all || e->nth <= FIRST_SHOWN || is_last;
}

static void skip_hidden(const struct timeline_setting *setting, struct column *c)
{
    while (c->next < c->end && !is_shown(setting, c->t, c->next))
        c->next++;
}

static void print_time(FILE *out, time_ms ms)
{
    char text[32];
    long long size = ms;
    snprintf(text, sizeof text, "%lld:%02lld:%02lld.%03lld", size / 3600000, size / 60000 % 60,
             size / 1000 % 60, size % 1000);
    fprintf(out, "%*s ", TIME_WIDTH, text);
}

/* The cells of a line; what follows the last mark is not printed. */
static void print_cells(FILE *out, const struct column *columns, char (*cells)[CLI_PROFILE_NAME_MAX],
                        size_t n)
{
    for (size_t i = 0; i < n; i++)
        fprintf(out, " %-*s", i + 1 < n ? columns[i].width : 0, cells[i]);
    fputc('\n', out);
}

static void print_names(FILE *out, const struct column *columns, size_t n, const char *what)
{
    char cells[TIMELINE_PROFILES_MAX][CLI_PROFILE_NAME_MAX];
    for (size_t i = 0; i < n; i++)
        strcpy(cells[i], columns[i].t->profile->name);
    fprintf(out, "%-*s ", TIME_WIDTH, what);
    print_cells(out, columns, cells, n);
}

/* One row: the earliest instant that is left, with one event of each client that has one then. */
static bool print_row(FILE *out, const struct timeline_setting *setting, struct column *columns, size_t n)
{
    char cells[TIMELINE_PROFILES_MAX][CLI_PROFILE_NAME_MAX];
    time_ms at = TIME_NEVER;
    for (size_t i = 0; i < n; i++) {
        struct column *c = &columns[i];
        skip_hidden(setting, c);
        if (c->next < c->end && c->t->events[c->next].at_ms - c->from_ms < at)
            at = c->t->events[c->next].at_ms - c->from_ms;
    }
    if (at == TIME_NEVER)
        return false;
    print_time(out, at);
    for (size_t i = 0; i < n; i++) {
        struct column *c = &columns[i];
        char label[TIMELINE_LABEL_MAX] = "|";
        if (c->next < c->end && c->t->events[c->next].at_ms - c->from_ms == at)
            label_of(&c->t->events[c->next++], label);
        strcpy(cells[i], label);
    }
    print_cells(out, columns, cells, n);
    return true;
}

static void print_table(FILE *out, const struct timeline_setting *setting, struct column *columns, size_t n,
                        const char *what)
{
    print_names(out, columns, n, what);
    while (print_row(out, setting, columns, n))
        ;
}

/* The number of a client's events before its lease begins. */
static size_t before_lease(const struct timeline *t)
{
    size_t i = 0;
    while (i < t->n_events && t->events[i].state != CLI_PROBING && t->events[i].state != CLI_BOUND)
        i++;
    return i;
}

static void print_heading(FILE *out, const struct timeline_setting *setting, const struct timeline *clients,
                          size_t n)
{
    char span[CLOCK_SPAN_LEN];
    clock_span(setting->lease_s, span);
    if (setting->no_server)
        fprintf(out, "Nobody answers.\n\n");
    else
        fprintf(out, "A server leases for %s, at once, and is gone then.\n\n", span);
    for (size_t i = 0; i < n; i++)
        fprintf(out, "  %-15s %s\n", clients[i].profile->name, clients[i].profile->description);
    fputc('\n', out);
}

int timeline_print(FILE *out, const struct timeline_setting *setting, const struct timeline *clients,
                   size_t n)
{
    struct column columns[TIMELINE_PROFILES_MAX];
    for (size_t i = 0; i < n; i++) {
        int width = (int)strlen(clients[i].profile->name);
        columns[i] = (struct column){.t = &clients[i], .end = before_lease(&clients[i])};
        columns[i].width = width > COLUMN_MIN ? width : COLUMN_MIN;
    }
    print_heading(out, setting, clients, n);
    print_table(out, setting, columns, n, "since start");
    if (!setting->no_server) {
        for (size_t i = 0; i < n; i++) {
            columns[i].end = clients[i].n_events;
            columns[i].from_ms = clients[i].leased_ms;
        }
        fputc('\n', out);
        print_table(out, setting, columns, n, "since lease");
    }
    return ferror(out) ? ERR_IO : 0;
}

static void add_seconds(cJSON *map, const char *key, time_ms ms)
{
    char text[32];
    if (ms == TIME_NEVER) {
        cJSON_AddNullToObject(map, key);
        return;
    }
    snprintf(text, sizeof text, "%lld.%03lld", (long long)ms / 1000, (long long)ms % 1000);
    cJSON_AddRawToObject(map, key, text);
}

static cJSON *event_json(const struct timeline *t, const struct timeline_event *e)
{
    char addr[IP4_LEN];
    cJSON *json = cJSON_CreateObject();
    add_seconds(json, "time_s", e->at_ms);
    add_seconds(json, "lease_time_s",
                t->has_lease && e->at_ms >= t->leased_ms ? e->at_ms - t->leased_ms : TIME_NEVER);
    cJSON_AddStringToObject(json, "event", kind_name(e->kind));
    cJSON_AddStringToObject(json, "state", cli_state_name(e->state));
    cJSON_AddStringToObject(json, "reason", reason_token(e->reason));
    cJSON_AddStringToObject(json, "message", e->kind == TIMELINE_SEND ? dhcp_type_name(e->type) : "");
    cJSON_AddStringToObject(json, "to", e->kind == TIMELINE_SEND ? ip4_format(e->dst, addr) : "");
    cJSON_AddNumberToObject(json, "number", e->nth);
    return json;
}

cJSON *timeline_json(const struct timeline_setting *setting, const struct timeline *clients, size_t n)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddBoolToObject(json, "server", !setting->no_server);
    cJSON_AddNumberToObject(json, "lease_s", setting->lease_s);
    cJSON_AddNumberToObject(json, "seed", (double)setting->seed);
    cJSON *list = cJSON_AddArrayToObject(json, "clients");
    for (size_t i = 0; i < n; i++) {
        const struct timeline *t = &clients[i];
        cJSON *client = cJSON_CreateObject();
        cJSON_AddStringToObject(client, "profile", t->profile->name);
        cJSON_AddStringToObject(client, "description", t->profile->description);
        add_seconds(client, "t1_s", t->has_lease ? t->lease.timers.t1_ms : TIME_NEVER);
        add_seconds(client, "t2_s", t->has_lease ? t->lease.timers.t2_ms : TIME_NEVER);
        cJSON *events = cJSON_AddArrayToObject(client, "events");
        for (size_t k = 0; k < t->n_events; k++)
            cJSON_AddItemToArray(events, event_json(t, &t->events[k]));
        cJSON_AddItemToArray(list, client);
    }
    return json;
}
