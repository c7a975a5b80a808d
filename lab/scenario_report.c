#include "lab/scenario_report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "lab/command.h"
#include "lab/ladder.h"
#include "lab/view.h"

enum { AROUND_MS = 5000, AROUND_EVENTS = 60 };

/* ---- the file ---- */

static bool is_lab(const char *path)
{
    static struct topology topology; /* static: too large for a small stack */
    char error[JCFG_TEXT_MAX];
    bool is_one = topology_load(&topology, path, NULL, NULL, error) == 0;
    topology_fini(&topology);
    return is_one;
}

int scenario_open(const char *name, struct scenario *out)
{
    char path[TOPOLOGY_PATH_MAX], error[JCFG_TEXT_MAX] = "";
    *out = (struct scenario){0};
    if (strcmp(name, "-") == 0) {
        fprintf(stderr,
                "dhcplab: a scenario is a file, or the name of one; it is not read from standard input\n");
        return EXIT_CODE_USAGE;
    }
    bool is_there = scenario_find(name, path) == 0;
    if (is_there && scenario_load(out, path, error) == 0)
        return 0;
    if ((is_there || topology_find(name, path) == 0) && is_lab(path)) {
        fprintf(stderr, "dhcplab: %s is a lab, not a scenario; `dhcplab up %s` starts it\n", name, name);
    } else if (is_there) {
        fprintf(stderr, "dhcplab: %s\n", error);
    } else {
        fprintf(stderr, "dhcplab: there is no scenario file %s, and none of that name. ", name);
        scenario_print_names(stderr);
    }
    return EXIT_CODE_USAGE;
}

void scenario_print_names(FILE *out)
{
    char names[JCFG_TEXT_MAX];
    topology_names_in("scenarios", names, sizeof names);
    fprintf(out, "Scenarios that come with the program: %s\n", names);
}

/* ---- the ladder around ---- */

/* The last messages of a span; if the host has none in it, its last one before, and what was said then. */
struct around {
    time_ms from_ms, until_ms;
    const char *host;
    bool has_some; /* of the host, in the span */
    cJSON *events;
};

/* Those before the time. */
static void drop_before(struct around *a, double at_ms)
{
    while (a->events->child != NULL && view_number(a->events->child, "boot_ms", 0) < at_ms)
        cJSON_DeleteItemFromArray(a->events, 0);
}

static void keep(void *user, cJSON *event)
{
    struct around *a = user;
    double at = view_number(event, "boot_ms", 0);
    if (strcmp(view_text(event, "kind"), "message") != 0 || at > (double)a->until_ms) {
        cJSON_Delete(event);
        return;
    }
    bool is_its = strcmp(view_text(event, "node"), a->host) == 0;
    a->has_some = a->has_some || (is_its && at >= (double)a->from_ms);
    if (a->has_some)
        drop_before(a, (double)a->from_ms);
    else if (is_its)
        drop_before(a, at - AROUND_MS);
    cJSON_AddItemToArray(a->events, event);
    if (cJSON_GetArraySize(a->events) > AROUND_EVENTS)
        cJSON_DeleteItemFromArray(a->events, 0);
}

char *scenario_report_ladder(const struct scenario *s, const char *host, const cJSON *events)
{
    const char *hosts[LADDER_HOSTS_MAX];
    struct ladder_view view = {hosts, 0, &host, 1, view_color()};
    for (size_t i = 0; i < s->topology.n_hosts && i < LADDER_HOSTS_MAX; i++)
        if (s->topology.hosts[i].role != LAB_PLAIN || s->n_relays[i] > 0)
            hosts[view.n_hosts++] = s->topology.hosts[i].name;
    return ladder_text(events, &view);
}

/* The same seed gives the same run. */
static void print_around(FILE *out, const struct scenario_report *report, const char *host, time_ms from_ms,
                         time_ms until_ms)
{
    struct around around = {from_ms - AROUND_MS, until_ms + AROUND_MS, host, false, cJSON_CreateArray()};
    struct scenario_setting setting = *report->setting;
    struct scenario_outcome again;
    setting.frame = NULL;
    setting.progress = NULL;
    setting.trace = keep;
    setting.trace_user = &around;
    scenario_run(report->s, &setting, &again);
    char *text = scenario_report_ladder(report->s, host, around.events);
    if (text != NULL)
        fputs(text, out);
    free(text);
    scenario_outcome_fini(&again);
    cJSON_Delete(around.events);
}

/* ---- text ---- */

static void print_expectation(FILE *out, const struct scenario_report *report, size_t i)
{
    const struct scenario_expect *e = &report->s->expects[i];
    fprintf(out, "%s:%u: not met: %s\n  instead: %s\n", report->s->path, e->line, e->text,
            report->outcome->verdicts[i].instead);
    if (report->outcome->verdicts[i].around != NULL)
        fputs(report->outcome->verdicts[i].around, out);
    else if (!report->outcome->is_real)
        print_around(out, report, report->s->topology.hosts[e->host].name, e->from_ms, e->until_ms);
}

static void print_violation(FILE *out, const struct scenario_report *report)
{
    const struct sim_check *check = &report->outcome->check;
    char at[SCENARIO_TIME_LEN];
    fprintf(out, "%s: violated at %s: %s (%s)\n  instead: %s\n", report->s->path,
            scenario_time_format(check->at_ms, at), sim_invariant_text(check->invariant),
            sim_invariant_name(check->invariant), check->why);
    if (report->outcome->around != NULL)
        fputs(report->outcome->around, out);
    else if (!report->outcome->is_real)
        print_around(out, report, check->host, check->at_ms, check->at_ms);
}

static size_t count_met(const struct scenario_report *report)
{
    size_t n = 0;
    for (size_t i = 0; i < report->s->n_expects; i++)
        n += report->outcome->verdicts[i].met;
    return n;
}

/* Of what always has to be true nothing is told while it is. */
static void print_met(FILE *out, const struct scenario_report *report)
{
    fprintf(out, "%s: ", report->s->path);
    if (report->s->n_expects == 0)
        fprintf(out, "no expectations%s", report->outcome->check.failed ? "" : ", every invariant kept");
    else
        fprintf(out, "%zu of %zu expectations met", count_met(report), report->s->n_expects);
}

static double per_second(const struct scenario_report *report)
{
    return (double)report->outcome->counts.events * 1e6 / (double)(report->took_us > 0 ? report->took_us : 1);
}

static void print_parity(FILE *out, const struct scenario_report *report)
{
    if (report->parity->is_same)
        fprintf(out, "%s: the same ladder on veth and in virtual time: %zu messages\n", report->s->path,
                report->parity->n_messages);
    else
        fprintf(out, "%s: on veth and in virtual time not the same ladder:\n%s", report->s->path,
                report->parity->differences);
}

void scenario_report_print(FILE *out, const struct scenario_report *report)
{
    const struct scenario_outcome *o = report->outcome;
    char simulated[SCENARIO_TIME_LEN];
    if (o->check.failed) /* it ended the run: what was expected later could not be */
        print_violation(out, report);
    for (size_t i = 0; !o->check.failed && i < report->s->n_expects; i++)
        if (!o->verdicts[i].met)
            print_expectation(out, report, i);
    if (o->err == ERR_LIMIT && o->counts.events > report->s->budget)
        fprintf(out, "%s: its budget of %" PRIu64 " events is used up\n", report->s->path, report->s->budget);
    else if (o->err == ERR_LIMIT)
        fprintf(out, "%s: time stands still: more than %d events at one instant\n", report->s->path,
                SIM_INSTANT_MAX);
    print_met(out, report);
    fprintf(out, ", seed %" PRIu64 "; %s%s in %.2f s: %" PRIu64 " events, %.0f a second\n",
            report->setting->seed, o->is_real ? "on veth " : "simulated ",
            scenario_time_format(o->simulated_ms, simulated), (double)report->took_us / 1e6, o->counts.events,
            per_second(report));
    if (report->parity != NULL)
        print_parity(out, report);
}

/* ---- JSON ---- */

static void add_expectations(cJSON *json, const struct scenario_report *report)
{
    cJSON *list = cJSON_AddArrayToObject(json, "expectations");
    for (size_t i = 0; i < report->s->n_expects; i++) {
        const struct scenario_verdict *v = &report->outcome->verdicts[i];
        cJSON *item = cJSON_CreateObject();
        cJSON_AddNumberToObject(item, "line", report->s->expects[i].line);
        cJSON_AddStringToObject(item, "text", report->s->expects[i].text);
        cJSON_AddBoolToObject(item, "met", v->met);
        cJSON_AddNumberToObject(item, "seen", (double)v->seen);
        cJSON_AddStringToObject(item, "instead", v->met ? "" : v->instead);
        cJSON_AddItemToArray(list, item);
    }
}

static void add_violation(cJSON *json, const struct sim_check *check)
{
    if (!check->failed) {
        cJSON_AddNullToObject(json, "violation");
        return;
    }
    cJSON *item = cJSON_AddObjectToObject(json, "violation");
    cJSON_AddStringToObject(item, "invariant", sim_invariant_name(check->invariant));
    cJSON_AddNumberToObject(item, "boot_ms", (double)check->at_ms);
    cJSON_AddStringToObject(item, "host", check->host);
    cJSON_AddStringToObject(item, "text", check->why);
}

static void add_parity(cJSON *json, const struct scenario_parity *parity)
{
    cJSON *item = cJSON_AddObjectToObject(json, "parity");
    cJSON_AddBoolToObject(item, "same", parity->is_same);
    cJSON_AddNumberToObject(item, "messages", (double)parity->n_messages);
    cJSON_AddStringToObject(item, "differences", parity->differences != NULL ? parity->differences : "");
}

cJSON *scenario_report_json(const struct scenario_report *report)
{
    const struct scenario_outcome *o = report->outcome;
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "scenario", report->s->path);
    cJSON_AddNumberToObject(json, "seed", (double)report->setting->seed);
    cJSON_AddStringToObject(json, "clock", o->is_real ? "veth" : "virtual");
    cJSON_AddBoolToObject(json, "met", o->met);
    cJSON_AddNumberToObject(json, "simulated_ms", (double)o->simulated_ms);
    cJSON_AddNumberToObject(json, "took_us", (double)report->took_us);
    cJSON_AddNumberToObject(json, "events", (double)o->counts.events);
    cJSON_AddNumberToObject(json, "events_per_s", per_second(report));
    cJSON_AddNumberToObject(json, "messages", (double)o->counts.messages);
    cJSON_AddNumberToObject(json, "lost", (double)o->counts.lost);
    if (report->parity != NULL)
        add_parity(json, report->parity);
    else
        cJSON_AddNullToObject(json, "parity");
    add_violation(json, &o->check);
    add_expectations(json, report);
    return json;
}
