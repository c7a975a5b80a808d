/* Runs many clients on one interface: each has a hardware address, timers and luck of its own, and all share
 * a packet socket. The interface's addresses are left alone. */
#pragma once
#include <stdint.h>

#include "client/cli_config.h"
#include "common/io_trace.h"

enum { CLI_CROWD_MAX = 100000 };

struct cli_crowd_options {
    const char *ifname;
    const char *control; /* path of the control socket, NULL for none */
    uint32_t count;      /* of clients, 1 to CLI_CROWD_MAX */
    uint64_t seed;
    const char *lease_file; /* where the leases are kept over a restart, NULL for nowhere */
    uint32_t wave;          /* so many are started, told and released at once; 0: as many as a server hears */
};

/* Runs until a signal or the command `stop`: then every lease is released, and a second signal ends that.
 * Returns the exit code: 0; 1 if it could not start, told on standard error. */
int cli_crowd_run(const struct cli_crowd_options *options, const struct cli_config *config,
                  struct io_trace *trace);
