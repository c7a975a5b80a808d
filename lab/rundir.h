/* Where a running lab keeps its state, so that every `dhcplab` command finds it again.
 *
 *   BASE/NAME/lab.json      written by the supervisor when the lab is up: see struct lab_state
 *   BASE/NAME/lab.sock      the supervisor's control socket
 *   BASE/NAME/trace.ndjson  every event of every node, one JSON object a line (trace.h), appended by each program
 *   BASE/NAME/HOST.sock     control socket of the host's dhcplab-server or dhcplab-client
 *   BASE/NAME/HOST.log      what the host's program wrote to its standard output and error
 *
 * BASE is $DHCPLAB_RUN, else /run/dhcplab for root, else $XDG_RUNTIME_DIR/dhcplab, else /tmp/dhcplab-UID. */
#pragma once
#include <stddef.h>
#include <sys/types.h>

enum { LAB_NAME_MAX = 32, LAB_PATH_MAX = 108 /* sun_path */, LAB_HOSTS_MAX = 64 };

enum lab_role { LAB_PLAIN, LAB_SERVER, LAB_CLIENT };

struct lab_host_state {
    char name[LAB_NAME_MAX];
    enum lab_role role;
    pid_t pid;                  /* of its program, as seen from outside the lab; 0 for a plain host */
    char control[LAB_PATH_MAX]; /* "" for a plain host */
};

struct lab_state {
    char name[LAB_NAME_MAX];
    char dir[LAB_PATH_MAX];
    char trace[LAB_PATH_MAX]; /* DIR/trace.ndjson */
    pid_t pid;                /* of the supervisor, as seen from outside */
    size_t n_hosts;
    struct lab_host_state hosts[LAB_HOSTS_MAX]; /* in the order of the topology file */
};

/* Loads the state of the running lab `name`, or of the only one that runs if `name` is NULL.
 * 0; ERR_NOTFOUND: no such lab runs; ERR_EXISTS: `name` is NULL and several run; ERR_IO. For every error a sentence for the user has been
 * printed to standard error. */
int rundir_load(const char *name, struct lab_state *out);

/* The host, or NULL. */
const struct lab_host_state *rundir_find(const struct lab_state *lab, const char *host);
