/* Runs a client engine on a real interface: AF_PACKET before it has an address, UDP port 68 after, rtnetlink
 * for the address, a unix socket for commands. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "client/cli_config.h"
#include "common/io_trace.h"

struct cli_driver_options {
    const char *ifname;
    const char *control;     /* path of the control socket, NULL for none */
    const char *lease_file;  /* where the lease is kept over a restart, NULL for nowhere */
    const char *hook;        /* the script to run for each transition, NULL: that of the configuration */
    const char *resolv_conf; /* the resolver's file, NULL: not to be written */
    bool set_hostname;       /* call the machine what option 12 says */
    bool once;               /* end with the first lease, and leave it on the interface */
    time_ms once_limit_ms;   /* from the first message on */
    uint64_t seed;
};

/* Runs until a signal or the command `stop` ends it. Returns the exit code: 0; 1 if it could not start (told
 * on standard error) or, with `once`, if no lease came in time. */
int cli_driver_run(const struct cli_driver_options *options, const struct cli_config *config,
                   struct io_trace *trace);
