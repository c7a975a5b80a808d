#include "lab/report.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/text.h"
#include "lab/view.h"

/* ---- lines with dotted leaders ---- */

enum { LABEL_WIDTH = 34, DUE_MAX = 80, FUZZ_MAX = 32, LINE_MAX_LEN = 256 };

static void start_line(struct text *t, const char *label)
{
    char leader[LABEL_WIDTH + 1];
    size_t len = strlen(label);
    for (size_t i = 0; i < LABEL_WIDTH; i++)
        leader[i] = i < len ? label[i] : i % 2 == 0 ? '.' : ' ';
    leader[LABEL_WIDTH] = '\0';
    text_add(t, "   %s: ", leader);
}

static void add_line(struct text *t, const char *label, const char *value)
{
    start_line(t, label);
    text_add(t, "%s\n", value);
}

/* Nothing if the field is absent or null. */
static void add_field(struct text *t, const char *label, const cJSON *map, const char *key)
{
    const char *value = view_text(map, key);
    if (value[0] != '\0')
        add_line(t, label, value);
}

/* As Windows writes them: "02-00-00-00-00-02". */
static void add_hardware(struct text *t, const char *label, const char *hw)
{
    char buf[LINE_MAX_LEN];
    snprintf(buf, sizeof buf, "%s", hw);
    for (char *p = buf; *p != '\0'; p++)
        if (*p == ':')
            *p = '-';
    add_line(t, label, buf);
}

/* Reasons for which a server refuses, or does not answer; those that end in '-' are whole families. */
static const char *const refusals[] = {
    "frame-",
    "msg-",
    "auth-",
    "queue-",
    "kernel-dropped",
    "interface-given-up",
    "service-",
    "class-drop",
    "no-subnet",
    "subnet-class",
    "nak-",
    "requested-",
    "previous-in-use",
    "unknown-client",
    "previous-not-in-pool",
    "other-server",
    "no-server-id",
    "pool-empty",
    "network-empty",
    "offer-limit",
    "offer-limit-client",
    "lease-limit",
    "probe-limit",
    "store-failed",
    "send-failed",
    "bootp-short",
    "bootp-not-reserved",
    "inform-address",
    "decline-no-address",
    "bootp-other-server",
    "decline-not-owner",
    "decline-unknown",
    "decline-limit",
    "decline-full",
    "leasequery-off",
    "leasequery-no-",
    "leasequery-requester",
    "leasequery-kind",
    "release-",
};

bool report_is_refusal(const char *token)
{
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        size_t len = strlen(refusals[i]);
        bool family = refusals[i][len - 1] == '-';
        if (strncmp(token, refusals[i], len) == 0 && (family || token[len] == '\0'))
            return true;
    }
    return false;
}

static bool is_counted(const char *token)
{
    (void)token;
    return true;
}

/* Those counts that are wanted: "DISCOVER 1, REQUEST 2". */
static void put_counts(struct text *t, const cJSON *counts, bool (*is_wanted)(const char *))
{
    const cJSON *count;
    const char *separator = "";
    cJSON_ArrayForEach(count, counts)
    {
        if (count->string == NULL || !is_wanted(count->string))
            continue;
        text_add(t, "%s%s %.0f", separator, count->string, count->valuedouble);
        separator = ", ";
    }
}

/* Nothing if there is nothing to count. */
static void add_counts(struct text *t, const char *label, const cJSON *counts,
                       bool (*is_wanted)(const char *))
{
    struct text line;
    text_init(&line);
    put_counts(&line, counts, is_wanted);
    char *value = text_take(&line);
    if (value != NULL && value[0] != '\0')
        add_line(t, label, value);
    free(value);
}

/* One value a line, the label at the first. */
static void add_list(struct text *t, const char *label, const cJSON *list)
{
    const cJSON *item;
    bool first = true;
    cJSON_ArrayForEach(item, list)
    {
        if (first)
            start_line(t, label);
        else
            text_add(t, "   %*s", LABEL_WIDTH + 2, "");
        text_add(t, "%s\n", cJSON_IsString(item) ? item->valuestring : "");
        first = false;
    }
}

/* ---- a client ---- */

/* "2026-11-21 12:30:00, in 00:29:48" */
static void format_due(const cJSON *timer, char *buf, size_t cap)
{
    char at[VIEW_SPAN_LEN], left[VIEW_SPAN_LEN];
    double remaining = view_number(timer, "remaining_s", 0);
    view_instant(view_text(timer, "at"), at);
    if (remaining > 0)
        snprintf(buf, cap, "%s, in %s", at, view_span(remaining, left));
    else
        snprintf(buf, cap, "%s, %s ago", at, view_span(-remaining, left));
}

/* "2026-11-21 12:30:00, in 00:29:48 (30 min, option 58, fuzz -0.250 s)": the last only where there is one. */
static void format_lease_time(const cJSON *timer, const char *origin, char *buf, size_t cap)
{
    char due[DUE_MAX], span[CLOCK_SPAN_LEN];
    if (view_text(timer, "at")[0] == '\0') {
        snprintf(buf, cap, "never: the lease is infinite");
        return;
    }
    format_due(timer, due, sizeof due);
    double duration_s = view_number(timer, "duration_s", 0);
    clock_span(duration_s > 0 && duration_s < LEASE_INFINITE ? (uint32_t)duration_s : 0, span);
    double fuzz_s = view_number(timer, "fuzz_s", 0);
    char fuzz[FUZZ_MAX] = "";
    if (fuzz_s != 0)
        snprintf(fuzz, sizeof fuzz, ", fuzz %+.3f s", fuzz_s);
    snprintf(buf, cap, "%s (%s%s%s)", due, span, origin, fuzz);
}

/* Where T1 or T2 comes from. */
static const char *describe_origin(const cJSON *timer, const char *by_option, const char *by_default)
{
    const char *origin = view_text(timer, "origin");
    if (strcmp(origin, "option") == 0)
        return by_option;
    if (strcmp(origin, "default") == 0)
        return by_default;
    return strcmp(origin, "repaired") == 0 ? ", repaired" : "";
}

static void add_timers(struct text *t, const cJSON *lease)
{
    const cJSON *t1 = cJSON_GetObjectItemCaseSensitive(lease, "t1");
    const cJSON *t2 = cJSON_GetObjectItemCaseSensitive(lease, "t2");
    const cJSON *expiry = cJSON_GetObjectItemCaseSensitive(lease, "expiry");
    char line[LINE_MAX_LEN], at[VIEW_SPAN_LEN], age[VIEW_SPAN_LEN];
    snprintf(line, sizeof line, "%s, %s ago", view_instant(view_text(lease, "obtained"), at),
             view_span(view_number(lease, "obtained_age_s", 0), age));
    add_line(t, "Lease Obtained", line);
    format_lease_time(t1, describe_origin(t1, ", option 58", ", half of the lease"), line, sizeof line);
    add_line(t, "T1, Renews", line);
    format_lease_time(t2, describe_origin(t2, ", option 59", ", 7/8 of the lease"), line, sizeof line);
    add_line(t, "T2, Rebinds", line);
    format_lease_time(expiry, "", line, sizeof line);
    add_line(t, "Lease Expires", line);
}

/* What goes with an address, leased or not. */
static void add_parameters(struct text *t, const cJSON *lease)
{
    add_field(t, "Default Gateway", lease, "router");
    add_field(t, "DHCP Server", lease, "server");
    add_field(t, "Captive Portal", lease, "captive_portal");
    add_list(t, "DNS Servers", cJSON_GetObjectItemCaseSensitive(lease, "dns"));
    if (view_number(lease, "mtu", 0) > 0) {
        char mtu[LINE_MAX_LEN];
        snprintf(mtu, sizeof mtu, "%.0f", view_number(lease, "mtu", 0));
        add_line(t, "Interface MTU", mtu);
    }
}

static void add_lease(struct text *t, const cJSON *lease)
{
    add_field(t, "IPv4 Address", lease, "address");
    add_field(t, "Subnet Mask", lease, "subnet_mask");
    add_timers(t, lease);
    add_parameters(t, lease);
}

static void add_inform(struct text *t, const cJSON *inform)
{
    char line[LINE_MAX_LEN];
    snprintf(line, sizeof line, "%s, not leased", view_text(inform, "address"));
    add_line(t, "IPv4 Address", line);
    add_field(t, "Subnet Mask", inform, "subnet_mask");
    add_parameters(t, inform);
}

static void add_state(struct text *t, const cJSON *status)
{
    char line[LINE_MAX_LEN], since[VIEW_SPAN_LEN], age[VIEW_SPAN_LEN];
    snprintf(line, sizeof line, "%s for %s, since %s", view_text(status, "state"),
             view_span(view_number(status, "state_age_s", 0), age),
             view_instant(view_text(status, "state_since"), since));
    add_line(t, "State", line);
    bool explained = view_text(status, "state_text")[0] != '\0';
    add_field(t, "State Entered Because", status, explained ? "state_text" : "state_reason");
}

/* While an address is probed for, and after it has been: how far that is. */
static void add_conflict_detection(struct text *t, const cJSON *acd, double conflicts)
{
    char line[LINE_MAX_LEN];
    if (cJSON_IsObject(acd)) {
        snprintf(line, sizeof line,
                 "%s: ARP probe %.0f of %.0f, announcement %.0f of %.0f, defended %.0f times",
                 view_text(acd, "address"), view_number(acd, "probes_sent", 0), view_number(acd, "probes", 0),
                 view_number(acd, "announcements_sent", 0), view_number(acd, "announcements", 0),
                 view_number(acd, "defences", 0));
        add_line(t, "Conflict Detection", line);
    }
    if (conflicts > 0) {
        snprintf(line, sizeof line, "%.0f in a row", conflicts);
        add_line(t, "Address Conflicts", line);
    }
}

static void add_next_timer(struct text *t, const cJSON *timer)
{
    char due[DUE_MAX], line[LINE_MAX_LEN] = "none";
    if (cJSON_IsObject(timer)) {
        format_due(timer, due, sizeof due);
        snprintf(line, sizeof line, "%s, %s", view_text(timer, "name"), due);
    }
    add_line(t, "Next Timer", line);
}

char *report_client(const char *name, const cJSON *status)
{
    const cJSON *lease = cJSON_GetObjectItemCaseSensitive(status, "lease");
    const cJSON *inform = cJSON_GetObjectItemCaseSensitive(status, "inform");
    const cJSON *given = cJSON_IsObject(inform) ? inform : lease;
    struct text t;
    text_init(&t);
    text_add(&t, "%s: DHCP client on %s\n\n", name, view_text(status, "interface"));
    if (view_text(given, "host_name")[0] != '\0')
        add_field(&t, "Host Name", given, "host_name");
    else
        add_field(&t, "Host Name", status, "hostname");
    add_field(&t, "Connection-specific DNS Suffix", given, "domain");
    add_field(&t, "DNS Suffix Search List", given, "search");
    add_hardware(&t, "Physical Address", view_text(status, "hardware_address"));
    add_line(&t, "DHCP Enabled", "Yes");
    add_state(&t, status);
    if (cJSON_IsObject(lease))
        add_lease(&t, lease);
    else if (cJSON_IsObject(inform))
        add_inform(&t, inform);
    else
        add_line(&t, "IPv4 Address", "none: there is no lease");
    add_next_timer(&t, cJSON_GetObjectItemCaseSensitive(status, "next_timer"));
    add_conflict_detection(&t, cJSON_GetObjectItemCaseSensitive(status, "conflict_detection"),
                           view_number(status, "conflicts", 0));
    add_counts(&t, "Messages Sent", cJSON_GetObjectItemCaseSensitive(status, "sent"), is_counted);
    add_counts(&t, "Messages Received", cJSON_GetObjectItemCaseSensitive(status, "received"), is_counted);
    add_counts(&t, "Messages Discarded", cJSON_GetObjectItemCaseSensitive(status, "discarded"), is_counted);
    return text_take(&t);
}

static bool is_any(const char *token)
{
    (void)token;
    return true;
}

char *report_crowd(const char *name, const cJSON *status)
{
    char line[LINE_MAX_LEN];
    double after_s = view_number(status, "all_bound_after_s", -1);
    struct text t;
    text_init(&t);
    text_add(&t, "%s: %.0f DHCP clients on %s\n\n", name, view_number(status, "clients", 0),
             view_text(status, "interface"));
    add_hardware(&t, "First Physical Address", view_text(status, "first_hardware_address"));
    add_counts(&t, "Clients By State", cJSON_GetObjectItemCaseSensitive(status, "by_state"), is_any);
    if (after_s >= 0) {
        snprintf(line, sizeof line, "after %.3f s", after_s);
        add_line(&t, "All Had A Lease", line);
    }
    add_counts(&t, "Messages Sent", cJSON_GetObjectItemCaseSensitive(status, "sent"), is_counted);
    add_counts(&t, "Messages Received", cJSON_GetObjectItemCaseSensitive(status, "received"), is_counted);
    add_counts(&t, "Messages Discarded", cJSON_GetObjectItemCaseSensitive(status, "discarded"), is_counted);
    return text_take(&t);
}

/* ---- a server ---- */

char *report_server(const char *name, const cJSON *status)
{
    const cJSON *interface;
    char line[LINE_MAX_LEN];
    struct text t;
    text_init(&t);
    text_add(&t, "%s: DHCP server\n\n", name);
    cJSON_ArrayForEach(interface, cJSON_GetObjectItemCaseSensitive(status, "interfaces"))
    {
        snprintf(line, sizeof line, "%s on %s", view_text(interface, "address"),
                 view_text(interface, "name"));
        add_line(&t, "IPv4 Address", line);
        add_hardware(&t, "Physical Address", view_text(interface, "hardware_address"));
    }
    snprintf(line, sizeof line, "%.0f", view_number(status, "leases", 0));
    add_line(&t, "Leases", line);
    add_counts(&t, "Messages Received", cJSON_GetObjectItemCaseSensitive(status, "received"), is_counted);
    add_counts(&t, "Messages Sent", cJSON_GetObjectItemCaseSensitive(status, "sent"), is_counted);
    if (view_number(status, "dropped", 0) > 0) {
        snprintf(line, sizeof line, "%.0f", view_number(status, "dropped", 0));
        add_line(&t, "Messages Dropped", line);
    }
    add_counts(&t, "Refused or Not Answered", cJSON_GetObjectItemCaseSensitive(status, "reasons"),
               report_is_refusal);
    return text_take(&t);
}

char *report_refusals(const cJSON *status)
{
    const cJSON *received = cJSON_GetObjectItemCaseSensitive(status, "received");
    struct text t;
    text_init(&t);
    put_counts(&t, cJSON_GetObjectItemCaseSensitive(status, "reasons"), report_is_refusal);
    if (t.len == 0 && cJSON_GetArraySize(received) == 0)
        text_put(&t, "no message has come to it");
    if (t.len == 0) {
        const cJSON *sent = cJSON_GetObjectItemCaseSensitive(status, "sent");
        text_put(&t, "it refused nothing; received ");
        put_counts(&t, received, is_counted);
        text_put(&t, "; sent ");
        if (cJSON_GetArraySize(sent) == 0)
            text_put(&t, "nothing");
        put_counts(&t, sent, is_counted);
    }
    return text_take(&t);
}

/* ---- leases ---- */

/* The numbers of Kea's lease file. */
static const char *lease_state_name(double state)
{
    static const char *const names[] = {"active", "declined", "expired", "released"};
    size_t n = sizeof names / sizeof names[0];
    return state >= 0 && state < (double)n ? names[(size_t)state] : "unknown";
}

/* Active leases and declined addresses' quarantine run; the others are only remembered. */
static bool is_running(double state)
{
    return state < 2;
}

void report_lease_complete(cJSON *lease, const char *server, time_t now)
{
    double state = view_number(lease, "state", 0);
    double lifetime_s = view_number(lease, "valid-lft", 0);
    double ends = view_number(lease, "cltt", 0) + lifetime_s;
    cJSON_AddStringToObject(lease, "server", server);
    cJSON_AddStringToObject(lease, "state_name", lease_state_name(state));
    if (!is_running(state) || lifetime_s >= LEASE_INFINITE) {
        cJSON_AddNullToObject(lease, "expires");
        cJSON_AddNullToObject(lease, "remaining_s");
        return;
    }
    time_t at = (time_t)ends;
    struct tm tm = {0};
    char iso[CLOCK_ISO_LEN];
    localtime_r(&at, &tm);
    clock_iso((int64_t)at * 1000, (int32_t)tm.tm_gmtoff, iso);
    cJSON_AddStringToObject(lease, "expires", iso);
    cJSON_AddNumberToObject(lease, "remaining_s", (double)(at - now));
}

enum { N_COLUMNS = 8, CELL_MAX = 128 };

struct row {
    char cells[N_COLUMNS][CELL_MAX];
};

static const struct row header = {
    {"SERVER", "ADDRESS", "HARDWARE ADDRESS", "CLIENT ID", "HOSTNAME", "STATE", "EXPIRES IN", "AT"}};

static void set_cell(char *cell, const char *text)
{
    snprintf(cell, CELL_MAX, "%s", text[0] != '\0' ? text : "-");
}

static void fill_row(struct row *row, const cJSON *lease)
{
    static const char *const keys[] = {"server",    "ip-address", "hw-address",
                                       "client-id", "hostname",   "state_name"};
    enum { N_KEYS = sizeof keys / sizeof keys[0] };
    char buf[VIEW_SPAN_LEN];
    const char *expires = view_text(lease, "expires");
    for (size_t i = 0; i < N_KEYS; i++)
        set_cell(row->cells[i], view_text(lease, keys[i]));
    if (expires[0] != '\0') {
        set_cell(row->cells[N_KEYS], view_span(view_number(lease, "remaining_s", 0), buf));
        set_cell(row->cells[N_KEYS + 1], view_instant(expires, buf));
    } else {
        set_cell(row->cells[N_KEYS], is_running(view_number(lease, "state", 0)) ? "never" : "");
        set_cell(row->cells[N_KEYS + 1], "");
    }
}

static void widen(int *widths, const struct row *row)
{
    for (size_t i = 0; i < N_COLUMNS; i++)
        if ((int)strlen(row->cells[i]) > widths[i])
            widths[i] = (int)strlen(row->cells[i]);
}

static void add_row(struct text *t, const int *widths, const struct row *row)
{
    for (size_t i = 0; i + 1 < N_COLUMNS; i++)
        text_add(t, "%-*s  ", widths[i], row->cells[i]);
    text_add(t, "%s\n", row->cells[N_COLUMNS - 1]);
}

char *report_leases(const cJSON *leases)
{
    const cJSON *lease;
    int widths[N_COLUMNS] = {0};
    struct row row;
    struct text t;
    text_init(&t);
    widen(widths, &header);
    cJSON_ArrayForEach(lease, leases)
    {
        fill_row(&row, lease);
        widen(widths, &row);
    }
    add_row(&t, widths, &header);
    cJSON_ArrayForEach(lease, leases)
    {
        fill_row(&row, lease);
        add_row(&t, widths, &row);
    }
    return text_take(&t);
}
