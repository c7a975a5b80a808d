/* A scenario of the command line, and what came of it, for people and as JSON. */
#pragma once
#include <stdio.h>

#include <cjson/cJSON.h>

#include "lab/scenario_run.h"

/* Loads the scenario of a command line: a path or a name. 0, or the exit code with everything told, be it
 * that it is a lab. After any return scenario_fini() frees. */
int scenario_open(const char *name, struct scenario *out);
/* Which scenarios come with the program, in a line. */
void scenario_print_names(FILE *out);

/* What came of the comparison with virtual time. */
struct scenario_parity {
    bool is_same;
    size_t n_messages;
    char *differences; /* malloc'ed; NULL: none */
};

struct scenario_report {
    const struct scenario *s;
    const struct scenario_setting *setting;
    const struct scenario_outcome *outcome;
    uint64_t took_us;                     /* of real time */
    const struct scenario_parity *parity; /* NULL: not asked for */
};

/* What the host sent and received, from trace objects of messages; malloc'ed, NULL if memory is out. */
char *scenario_report_ladder(const struct scenario *s, const char *host, const cJSON *events);
/* What was not met, with the ladder around it, for which the scenario is run once more, and a last line. */
void scenario_report_print(FILE *out, const struct scenario_report *report);
/* The caller owns it; NULL if memory is out. */
cJSON *scenario_report_json(const struct scenario_report *report);
