/* `dhcplab capture` beside the tour: what a host of its lab sends and gets, with what was decided, into a
 * file. */
#pragma once
#include <sys/types.h>

struct tour_capture {
    pid_t pid;
    int told; /* what it writes to its standard error */
};

/* Starts to capture at the interfaces of `host` of the lab `lab` into the file `path`; returns when every
 * packet from now on is captured. 0, or ERR_IO, told on stderr. */
int tour_capture_start(struct tour_capture *c, const char *lab, const char *host, const char *path);
/* Lets it write what has come by now, and ends it. 0, or ERR_IO, told on stderr. */
int tour_capture_stop(struct tour_capture *c);
