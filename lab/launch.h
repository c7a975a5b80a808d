/* What stands before a lab's supervisor: its folder, the files that its programs read, and its start. */
#pragma once
#include "lab/rundir.h"
#include "lab/topology.h"

struct launch {
    const struct topology *topology;
    const char *name; /* of the lab */
    const char *file; /* the topology file, for people */
};

/* Claims the lab's folder, `out_dir`, writes the configurations that stand in the topology and the clock,
 * which is the machine's, and starts the supervisor; *out_channel to it is the caller's (supervisor.h). 0, or
 * an error that has been told on stderr: then nothing is left. */
int launch(const struct launch *l, char out_dir[LAB_PATH_MAX], int *out_channel);
