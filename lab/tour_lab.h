/* A lab for as long as this process lives: its supervisor takes all of it down when we are gone, whatever the
 * reason. */
#pragma once
#include "lab/rundir.h"
#include "lab/topology.h"

struct tour_lab {
    struct lab_state state;
    struct topology topology;
    int channel; /* to the supervisor */
    char dir[LAB_PATH_MAX];
};

/* Brings the lab `file`, one that comes with the program, up under a name of our own, and waits until each
 * client has a lease, at most `limit_ms`. 0, or the exit code, with everything told; then nothing is left of
 * it. */
int tour_lab_start(struct tour_lab *l, const char *file, int limit_ms);
/* Returns when nothing is left of it. */
void tour_lab_stop(struct tour_lab *l);
