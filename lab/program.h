/* One program of a lab, dhcplab-server, dhcplab-client or a relay agent: its command line, and its birth
 * inside its host. */
#pragma once
#include <stdint.h>
#include <sys/types.h>

#include "lab/net.h"
#include "lab/supervisor.h"

/* For a program whose time we make (common/io_pace.h). */
struct program_pacing {
    const char *socket; /* of the pacer */
    const char *trace;  /* where the program's events go to, instead of the lab's trace */
    uint64_t seed;      /* of a client */
    bool is_copied;     /* the folder of the lab has its configuration, even if it is a file of its own */
    const ip4 *relay_servers; /* of a relay agent */
    size_t n_relay_servers;
};

struct program_plan {
    const struct supervisor_plan *lab;
    const struct topology_host *host; /* with the role of a server or a client; paced, also a relay agent */
    const struct net_host *place;
    int outer_proc; /* the /proc of outside, open */
    int lock;       /* handed down; every file above it is closed; -1: all above standard error are */
    const struct program_pacing *pacing; /* NULL: it goes by the machine's time */
};

/* Starts the program as a child of the calling process. *out_pid is its pid here, *out_outer_pid that of
 * outside. 0, or ERR_IO: no process can be made, or the program cannot be executed; errno tells. */
int program_start(const struct program_plan *plan, pid_t *out_pid, pid_t *out_outer_pid);

/* The pid of the calling process as seen from outside; 0 if that cannot be read. */
pid_t program_outer_pid(int outer_proc);
/* Standard input from nowhere, standard output and error to the end of a file. 0, or ERR_IO with errno. */
int program_redirect(const char *out_path);
