#include "lab/timers_report.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/text.h"
#include "lab/view.h"

enum { BAR_WIDTH = 16, CELL_MAX = 96, LABEL_WIDTH = 10, TRANSITIONS_SHOWN = 20 };

/* The server counts whole seconds, so that it may seem to be up to one early. */
#define ROUNDING_S 1.0

static const cJSON *child(const cJSON *map, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(map, key);
}

/* ---- the server's view, and what must hold ---- */

/* When the client told its status, in seconds since 1970. */
static double told_at_s(const cJSON *status, const struct clock_now *now)
{
    const cJSON *lease = child(status, "lease");
    double boot_s = (double)now->boot_ms / 1000;
    double then_s = view_number(lease, "obtained_boot_s", boot_s) + view_number(lease, "obtained_age_s", 0);
    return (double)now->wall_ms / 1000 - (boot_s - then_s);
}

/* What comes of differences of seconds has no more digits than the clocks have. */
static double in_whole_ms(double s)
{
    return round(s * 1000) / 1000;
}

void timers_report_add_server(cJSON *status, const char *server, const cJSON *lease,
                              const struct clock_now *now)
{
    static const char *const states[] = {"active", "declined", "expired", "released"};
    if (server == NULL || lease == NULL) {
        cJSON_AddNullToObject(status, "server_view");
        return;
    }
    double state = view_number(lease, "state", 0), lifetime_s = view_number(lease, "valid-lft", 0);
    double remaining_s = in_whole_ms(view_number(lease, "cltt", 0) + lifetime_s - told_at_s(status, now));
    const cJSON *client = child(child(child(status, "lease"), "expiry"), "remaining_s");
    bool ends = lifetime_s < LEASE_INFINITE;
    cJSON *view = cJSON_AddObjectToObject(status, "server_view");
    cJSON_AddStringToObject(view, "host", server);
    cJSON_AddStringToObject(view, "state", state >= 0 && state < 4 ? states[(int)state] : "unknown");
    cJSON_AddStringToObject(view, "hardware_address", view_text(lease, "hw-address"));
    cJSON_AddNumberToObject(view, "duration_s", lifetime_s);
    if (ends)
        cJSON_AddNumberToObject(view, "remaining_s", remaining_s);
    else
        cJSON_AddNullToObject(view, "remaining_s");
    if (ends && cJSON_IsNumber(client))
        cJSON_AddNumberToObject(view, "difference_s", in_whole_ms(remaining_s - client->valuedouble));
    else
        cJSON_AddNullToObject(view, "difference_s");
}

static void add_check(cJSON *list, const char *what, bool known, bool ok)
{
    cJSON *check = cJSON_CreateObject();
    cJSON_AddStringToObject(check, "what", what);
    if (known)
        cJSON_AddBoolToObject(check, "ok", ok);
    else
        cJSON_AddNullToObject(check, "ok");
    cJSON_AddItemToArray(list, check);
}

void timers_report_add_checks(cJSON *status)
{
    const cJSON *lease = child(status, "lease"), *view = child(status, "server_view");
    double t1_s = view_number(child(lease, "t1"), "duration_s", 0);
    double t2_s = view_number(child(lease, "t2"), "duration_s", 0);
    double lease_s = view_number(child(lease, "expiry"), "duration_s", 0);
    bool leased = cJSON_IsObject(lease), ends = leased && !cJSON_IsTrue(child(lease, "infinite"));
    bool both = leased && cJSON_IsObject(view);
    const cJSON *difference = child(view, "difference_s");
    cJSON *list = cJSON_AddArrayToObject(status, "checks");
    add_check(list, "0 < T1 < T2 < expiry", ends, 0 < t1_s && t1_s < t2_s && t2_s < lease_s);
    add_check(list, "the server knows the lease", both,
              strcmp(view_text(view, "state"), "active") == 0 &&
                  strcmp(view_text(view, "hardware_address"), view_text(status, "hardware_address")) == 0);
    add_check(list, "the server's lease ends no earlier (1 s of rounding aside)",
              both && cJSON_IsNumber(difference),
              cJSON_IsNumber(difference) && difference->valuedouble > -ROUNDING_S);
}

/* ---- lines ---- */

static void start_line(struct text *t, const char *label)
{
    text_add(t, "  %-*s", LABEL_WIDTH, label);
}

static void add_line(struct text *t, const char *label, const char *value)
{
    start_line(t, label);
    text_add(t, "%s\n", value);
}

/* "[######----------]": the share of `duration_s` that is over. */
static void put_bar(struct text *t, double duration_s, double remaining_s)
{
    double over = duration_s > 0 ? 1 - remaining_s / duration_s : 1;
    int n = over <= 0 ? 0 : over >= 1 ? BAR_WIDTH : (int)(over * BAR_WIDTH);
    text_put(t, "[");
    for (int i = 0; i < BAR_WIDTH; i++)
        text_put(t, i < n ? "#" : "-");
    text_put(t, "]");
}

/* "00:29:48", "-00:00:02": hours and more, as view_span(), of what may be over. */
static void format_remaining(double seconds, char *buf, size_t cap)
{
    char span[VIEW_SPAN_LEN];
    bool over = seconds < 0;
    view_span(over ? -seconds : seconds, span);
    snprintf(buf, cap, "%s%s", over ? "-" : "", span);
}

static void add_timer(struct text *t, const char *label, const cJSON *timer)
{
    char duration[VIEW_SPAN_LEN], at[VIEW_SPAN_LEN], left[CELL_MAX];
    const cJSON *remaining = child(timer, "remaining_s");
    if (!cJSON_IsNumber(remaining)) {
        add_line(t, label, "never: the lease is infinite");
        return;
    }
    double duration_s = view_number(timer, "duration_s", 0);
    format_remaining(remaining->valuedouble, left, sizeof left);
    start_line(t, label);
    text_add(t, "%12s  %s %12s  ", view_span(duration_s, duration), view_instant(view_text(timer, "at"), at),
             left);
    put_bar(t, duration_s, remaining->valuedouble);
    text_put(t, "\n");
}

/* "T1 repaired (the server said 9000 s), fuzz -0.250 s" */
static void add_origin(struct text *t, const char *label, const char *name, const cJSON *timer, int code,
                       const char *share)
{
    const char *origin = view_text(timer, "origin");
    double fuzz_s = view_number(timer, "fuzz_s", 0), told_s = view_number(timer, "option_s", -1);
    start_line(t, label);
    text_add(t, "%s ", name);
    if (strcmp(origin, "option") == 0)
        text_add(t, "option %d (%.0f s)", code, told_s);
    else if (strcmp(origin, "default") == 0)
        text_add(t, "default (%s of the lease)", share);
    else if (strcmp(origin, "repaired") == 0 && told_s >= 0)
        text_add(t, "repaired (%s of the lease; option %d said %.0f s)", share, code, told_s);
    else
        text_put(t, origin);
    text_add(t, ", fuzz %+.3f s\n", fuzz_s);
}

/* "08:10:55.219  boot 12345.678 s" */
static void add_both_clocks(struct text *t, const char *label, const cJSON *lease, const char *wall,
                            const char *boot)
{
    start_line(t, label);
    text_add(t, "%.23s  boot %.3f s\n", view_text(lease, wall), view_number(lease, boot, 0));
}

/* The client identifier in hexadecimal, and what it is made of. */
static void add_client_id(struct text *t, const cJSON *id)
{
    if (!cJSON_IsObject(id))
        return;
    add_line(t, "id", view_text(id, "hex"));
    add_line(t, "", view_text(id, "decoded"));
}

static void add_lease(struct text *t, const cJSON *lease)
{
    start_line(t, "lease");
    text_add(t, "%s/%.0f from %s\n", view_text(lease, "address"), view_number(lease, "prefix_length", 0),
             view_text(lease, "server"));
    add_both_clocks(t, "requested", lease, "requested", "requested_boot_s");
    add_both_clocks(t, "obtained", lease, "obtained", "obtained_boot_s");
    start_line(t, "");
    text_add(t, "%12s  %-19s %12s\n", "duration", "at", "remaining");
    add_timer(t, "T1", child(lease, "t1"));
    add_timer(t, "T2", child(lease, "t2"));
    add_timer(t, "expiry", child(lease, "expiry"));
    add_origin(t, "origin", "T1", child(lease, "t1"), 58, "1/2");
    add_origin(t, "", "T2", child(lease, "t2"), 59, "7/8");
}

static void add_next(struct text *t, const cJSON *status)
{
    const cJSON *timer = child(status, "next_timer"), *base = child(timer, "base_s");
    char left[CELL_MAX];
    start_line(t, "next");
    if (!cJSON_IsObject(timer)) {
        text_put(t, "no timer runs\n");
        return;
    }
    format_remaining(view_number(timer, "remaining_s", 0), left, sizeof left);
    text_add(t, "%s in %s", view_text(timer, "name"), left);
    if (cJSON_IsNumber(base)) {
        double jitter_s = view_number(timer, "jitter_s", 0);
        text_add(t, ", after transmission %.0f\n", view_number(status, "transmissions", 0));
        start_line(t, "");
        text_add(t, "wait %.3f s = %.3f s %+.3f s at random", base->valuedouble + jitter_s, base->valuedouble,
                 jitter_s);
    }
    text_put(t, "\n");
}

static void add_conflicts(struct text *t, const cJSON *status)
{
    const cJSON *acd = child(status, "conflict_detection");
    if (cJSON_IsObject(acd)) {
        start_line(t, "ARP");
        text_add(t, "probe %.0f of %.0f, announcement %.0f of %.0f for %s\n",
                 view_number(acd, "probes_sent", 0), view_number(acd, "probes", 0),
                 view_number(acd, "announcements_sent", 0), view_number(acd, "announcements", 0),
                 view_text(acd, "address"));
    }
    if (view_number(status, "conflicts", 0) > 0) {
        start_line(t, "conflicts");
        text_add(t, "%.0f in a row\n", view_number(status, "conflicts", 0));
    }
}

/* "08:10:55.219" and what follows it, of "2026-11-21T08:10:55.219+01:00". */
static const char *time_of_day(const char *iso)
{
    const char *separator = strchr(iso, 'T');
    return separator != NULL ? separator + 1 : iso;
}

static void add_message(struct text *t, const char *label, const cJSON *message, const char *towards)
{
    const cJSON *rtt = child(message, "rtt_s");
    if (!cJSON_IsObject(message))
        return;
    start_line(t, label);
    text_add(t, "%s %s %s at %.12s", view_text(message, "type"), towards, view_text(message, "peer"),
             time_of_day(view_text(message, "at")));
    if (cJSON_IsNumber(rtt))
        text_add(t, ", %.3f s after it was asked for", rtt->valuedouble);
    text_put(t, "\n");
    if (view_text(message, "giaddr")[0] != '\0') {
        start_line(t, "");
        text_add(t, "through the relay %s\n", view_text(message, "giaddr"));
    }
}

static void add_counts(struct text *t, const char *label, const cJSON *counts)
{
    const cJSON *count;
    const char *separator = "";
    if (cJSON_GetArraySize(counts) == 0)
        return;
    start_line(t, label);
    cJSON_ArrayForEach(count, counts)
    {
        text_add(t, "%s%s %.0f", separator, count->string, count->valuedouble);
        separator = ", ";
    }
    text_put(t, "\n");
}

static void add_server(struct text *t, const cJSON *view)
{
    const cJSON *difference = child(view, "difference_s");
    char left[CELL_MAX];
    if (!cJSON_IsObject(view))
        return;
    start_line(t, "server");
    text_add(t, "%s has it as %s", view_text(view, "host"), view_text(view, "state"));
    if (cJSON_IsNumber(child(view, "remaining_s"))) {
        format_remaining(view_number(view, "remaining_s", 0), left, sizeof left);
        text_add(t, ", ends in %s", left);
    }
    if (cJSON_IsNumber(difference))
        text_add(t, ", %+.1f s to the client's", difference->valuedouble);
    text_put(t, "\n");
}

static void add_checks(struct text *t, const cJSON *checks)
{
    const cJSON *check;
    const char *label = "checks";
    cJSON_ArrayForEach(check, checks)
    {
        const cJSON *ok = child(check, "ok");
        if (cJSON_IsNull(ok))
            continue;
        start_line(t, label);
        text_add(t, "%s: %s\n", view_text(check, "what"), cJSON_IsTrue(ok) ? "yes" : "NO");
        label = "";
    }
}

static void add_transitions(struct text *t, const cJSON *list)
{
    const cJSON *transition;
    const char *label = "changes";
    int n = 0;
    cJSON_ArrayForEach(transition, list)
    {
        if (n++ == TRANSITIONS_SHOWN)
            break;
        start_line(t, label);
        text_add(t, "%.12s  %s -> %s (%s)\n", time_of_day(view_text(transition, "at")),
                 view_text(transition, "from"), view_text(transition, "to"), view_text(transition, "reason"));
        label = "";
    }
}

char *timers_report_text(const char *name, const cJSON *status)
{
    const cJSON *lease = child(status, "lease");
    char age[VIEW_SPAN_LEN], since[VIEW_SPAN_LEN];
    struct text t;
    text_init(&t);
    text_add(&t, "%s: %s for %s, since %s\n", name, view_text(status, "state"),
             view_span(view_number(status, "state_age_s", 0), age),
             view_instant(view_text(status, "state_since"), since));
    if (view_text(status, "state_text")[0] != '\0')
        add_line(&t, "because", view_text(status, "state_text"));
    start_line(&t, "client");
    text_add(&t, "%s on %s, xid %s\n", view_text(status, "hardware_address"), view_text(status, "interface"),
             view_text(status, "xid"));
    add_client_id(&t, child(status, "client_id"));
    if (cJSON_IsObject(lease))
        add_lease(&t, lease);
    add_next(&t, status);
    add_conflicts(&t, status);
    add_message(&t, "sent", child(status, "last_sent"), "to");
    add_message(&t, "received", child(status, "last_received"), "from");
    add_counts(&t, "in all", child(status, "sent"));
    add_counts(&t, "", child(status, "received"));
    add_counts(&t, "discarded", child(status, "discarded"));
    add_server(&t, child(status, "server_view"));
    add_checks(&t, child(status, "checks"));
    add_transitions(&t, child(status, "transitions"));
    return text_take(&t);
}
