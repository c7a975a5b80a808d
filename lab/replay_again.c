#include "lab/replay_again.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "lab/command.h"
#include "lab/replay_virtual.h"
#include "lab/view.h"

enum { UNLIKE_SHOWN = 20 };

static int failed(const char *what, const char *why)
{
    fprintf(stderr, "dhcplab: %s: %s\n", what, why);
    return EXIT_CODE_FAILED;
}

/* ---- reading ---- */

/* A scenario of which only the topology counts. -1: go on; else the exit code. */
static int load_topology(const char *topology, struct scenario *out)
{
    char error[JCFG_TEXT_MAX], path[TOPOLOGY_PATH_MAX];
    if (topology_find(topology, path) < 0) {
        topology_names_in("labs", error, sizeof error);
        fprintf(stderr,
                "dhcplab replay: there is no topology file %s, and no lab of that name; there are: %s\n",
                topology, error);
        return EXIT_CODE_USAGE;
    }
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "topology", topology);
    cJSON_AddStringToObject(json, "duration", "1 s");
    char *text = cJSON_PrintUnformatted(json);
    cJSON_Delete(json);
    int rc = text == NULL ? ERR_NOMEM : scenario_parse(out, "--topology", text, strlen(text), error);
    cJSON_free(text);
    if (rc == 0)
        return -1;
    fprintf(stderr, "dhcplab: %s\n", rc == ERR_NOMEM ? err_text(rc) : error);
    return rc == ERR_NOMEM ? EXIT_CODE_FAILED : EXIT_CODE_USAGE;
}

/* -1: go on; else the exit code. */
static int read_lines(FILE *file, const char *path, struct replay_virtual *v)
{
    char *line = NULL;
    size_t cap = 0;
    unsigned long number = 0;
    int code = -1;
    while (code < 0 && getline(&line, &cap, file) > 0) {
        cJSON *event = cJSON_Parse(line);
        number++;
        if (!cJSON_IsObject(event) || replay_trace_time(event) < 0) {
            fprintf(stderr, "dhcplab: %s:%lu: this is no event of a trace\n", path, number);
            cJSON_Delete(event);
            code = EXIT_CODE_USAGE;
        } else {
            int rc = replay_virtual_add(v, event);
            code = rc < 0 ? failed(path, err_text(rc)) : -1;
        }
    }
    if (code < 0 && ferror(file))
        code = failed(path, strerror(errno));
    free(line);
    return code;
}

static int read_trace(const char *path, struct replay_virtual *v)
{
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *file = is_stdin ? stdin : fopen(path, "re");
    if (file == NULL) {
        fprintf(stderr, "dhcplab: %s: %s\n", path, strerror(errno));
        return EXIT_CODE_USAGE;
    }
    int code = read_lines(file, path, v);
    if (!is_stdin)
        fclose(file);
    if (code < 0 && v->n_heard == 0) {
        fprintf(stderr, "dhcplab: %s has no message that a server of the topology heard\n", path);
        code = EXIT_CODE_USAGE;
    }
    return code;
}

/* ---- telling ---- */

static void print_result(const char *path, const struct replay_virtual *v)
{
    printf("%s: %.3f s, %llu messages heard, %llu answers, %llu decisions; %zu differ in virtual time\n",
           path, (double)v->span_ms / 1000, (unsigned long long)v->n_heard, (unsigned long long)v->n_answers,
           (unsigned long long)v->n_decisions, v->n_unlike);
    for (size_t i = 0; i < v->n_unlike && i < UNLIKE_SHOWN; i++) {
        const struct replay_unlike *u = &v->unlike[i];
        printf("at %.3f s, %s:\n  trace   %s\n  virtual %s\n", (double)u->at_ms / 1000,
               v->s->topology.hosts[u->host].name, u->then != NULL ? u->then->text : "nothing",
               u->now != NULL ? u->now->text : "nothing");
    }
    if (v->n_unlike > UNLIKE_SHOWN)
        printf("and %zu more; --json has them all\n", v->n_unlike - UNLIKE_SHOWN);
    if (v->n_left_out > 0)
        printf(
            "%llu messages that the trace does not have whole, or that are beyond the limit, are left out\n",
            (unsigned long long)v->n_left_out);
}

static cJSON *did_json(const struct replay_did *did)
{
    return did == NULL ? cJSON_CreateNull() : cJSON_Parse(did->text);
}

static void print_json(const struct replay_virtual *v)
{
    cJSON *out = cJSON_CreateObject();
    cJSON_AddBoolToObject(out, "equal", v->n_unlike == 0);
    cJSON_AddNumberToObject(out, "span_s", (double)v->span_ms / 1000);
    cJSON_AddNumberToObject(out, "heard", (double)v->n_heard);
    cJSON_AddNumberToObject(out, "answers", (double)v->n_answers);
    cJSON_AddNumberToObject(out, "decisions", (double)v->n_decisions);
    cJSON_AddNumberToObject(out, "left_out", (double)v->n_left_out);
    cJSON *list = cJSON_AddArrayToObject(out, "differences");
    for (size_t i = 0; i < v->n_unlike; i++) {
        const struct replay_unlike *u = &v->unlike[i];
        cJSON *map = cJSON_CreateObject();
        cJSON_AddStringToObject(map, "host", v->s->topology.hosts[u->host].name);
        cJSON_AddNumberToObject(map, "at_s", (double)u->at_ms / 1000);
        cJSON_AddItemToObject(map, "trace", did_json(u->then));
        cJSON_AddItemToObject(map, "virtual", did_json(u->now));
        cJSON_AddItemToArray(list, map);
    }
    view_print_json(out);
    cJSON_Delete(out);
}

static int compare(const char *path, struct replay_virtual *v, bool json)
{
    int rc = replay_virtual_compare(v);
    if (rc < 0)
        return failed(path, err_text(rc));
    if (json)
        print_json(v);
    else
        print_result(path, v);
    if (v->n_unlike > 0)
        return EXIT_CODE_FAILED;
    return v->n_left_out > 0 ? EXIT_CODE_PARTLY : EXIT_CODE_OK;
}

int replay_again(const char *trace, const char *topology, bool json)
{
    struct scenario *s = calloc(1, sizeof *s);
    struct replay_virtual v = {0};
    if (s == NULL)
        return failed(trace, err_text(ERR_NOMEM));
    int code = load_topology(topology, s);
    int rc = code < 0 ? replay_virtual_init(&v, s) : 0;
    if (rc < 0)
        code = failed(trace, err_text(rc));
    if (code < 0)
        code = read_trace(trace, &v);
    if (code < 0)
        code = compare(trace, &v, json);
    replay_virtual_fini(&v);
    scenario_fini(s);
    free(s);
    return code;
}
