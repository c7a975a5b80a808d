/* Runs a server engine on real interfaces: UDP port 67, AF_PACKET for clients without an address, the lease
 * file, a unix socket for commands. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "common/io_trace.h"
#include "server/srv_privilege.h"

enum { SRV_IFACES_MAX = 32 }; /* on the command line */

struct srv_driver_options {
    const char *config;                  /* path; read again on SIGHUP and `config-reload` */
    const char *ifnames[SRV_IFACES_MAX]; /* override the file's interfaces-config */
    size_t n_ifnames;
    const char *control;         /* path of the control socket, NULL for none */
    const struct srv_user *user; /* to go on as once it serves; NULL: as who started it */
    const char *lease_file;      /* overrides the file's lease-database, NULL: as the file says */
    bool check_only;             /* read the configuration, say so, end */
    bool foreground;
    bool no_seccomp; /* no filter of system calls */
};

/* Runs until a signal or the command `shutdown` ends it. Returns the exit code: 0; 1 if it could not start; 2
 * if the configuration is not valid. What is wrong has been told on standard error. */
int srv_driver_run(const struct srv_driver_options *options, struct io_trace *trace);
