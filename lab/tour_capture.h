/* Captures what one interface of the lab's hosts sends and gets, in a process of its own, into a pcapng file.
 */
#pragma once
#include <stdio.h>
#include <sys/types.h>

#include "lab/rundir.h"

struct tour_capture {
    pid_t pid;
    int stop_fd; /* closed: it is to end; so it does if we are gone */
};

/* Starts to capture the host's `interface` into `out`, which stays the caller's; returns when every packet
 * from now on is captured. 0, or ERR_IO, told on stderr. */
int tour_capture_start(struct tour_capture *c, const struct lab_state *lab, const struct lab_host_state *host,
                       const char *interface, FILE *out);
/* Writes what has come by now and ends. 0; ERR_IO: something is missing, told on stderr. */
int tour_capture_stop(struct tour_capture *c);
