/* What a lab's supervisor says of the lab, as JSON: the file lab.json, which rundir_load() reads, and the
 * answer to its command `hosts`. */
#pragma once
#include <sys/types.h>

#include <cjson/cJSON.h>

#include "common/clock.h"
#include "lab/net.h"
#include "lab/rundir.h"
#include "lab/supervisor.h"

struct state_program {
    pid_t pid;                 /* as seen from outside; 0: not running */
    char ended[LAB_ENDED_MAX]; /* how, in words; "": it runs, or there is none */
};

struct state {
    const struct supervisor_plan *plan;
    const struct net_host *places;                /* by host */
    struct state_program programs[LAB_HOSTS_MAX]; /* likewise */
    pid_t pid;                                    /* of the supervisor, as seen from outside */
    char started[CLOCK_ISO_LEN];
};

/* The caller's. */
cJSON *state_json(const struct state *state);
/* Writes lab.json into the lab's folder. 0; ERR_NOMEM, ERR_IO (errno tells). */
int state_write(const struct state *state);

/* DIR/trace.ndjson */
void state_trace_path(const struct supervisor_plan *plan, char out[LAB_PATH_MAX + LAB_NAME_MAX]);
