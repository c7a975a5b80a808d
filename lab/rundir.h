/* Where a running lab keeps its state, so that every `dhcplab` command finds it again. In BASE/NAME:
 *
 * - lock: held (an open-file-description lock on octet 0) by the supervisor and every program of the lab for
 *   as long as they live; its text is the supervisor's pid
 * - lab.json: written by the supervisor when the lab is up: see struct lab_state
 * - lab.sock: the supervisor's control socket; lab.log: what it wrote to its standard error
 * - trace.ndjson: every event of every node, one JSON object a line (trace.h), appended by each program
 * - lab.clock: the clock of all its programs: labclock.h
 * - HOST.json: the configuration of the host's program, if it stands in the topology file
 * - HOST.sock: control socket of the host's dhcplab-server or dhcplab-client
 * - HOST.csv, HOST.lease: the server's leases; the lease of the client, for INIT-REBOOT
 * - HOST.log: what the host's program wrote to its standard output and error
 *
 * BASE/NAME.failed tells why the lab of that name went down by itself; the next `up` or `down` removes it.
 *
 * BASE is $DHCPLAB_RUN, else /run/dhcplab for root, else $XDG_RUNTIME_DIR/dhcplab where that folder
 * is there and open to the user, else /tmp/dhcplab-UID. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <cjson/cJSON.h>

enum { LAB_NAME_MAX = 32, LAB_PATH_MAX = 108 /* sun_path */, LAB_HOSTS_MAX = 64, LAB_INTERFACE_MAX = 16 };

enum lab_role { LAB_PLAIN, LAB_SERVER, LAB_CLIENT };

const char *lab_role_name(enum lab_role role); /* "plain", "server", "client"; static storage */

enum { LAB_ENDED_MAX = 128 };
/* How a program ended that was told to: exit code 0. */
#define LAB_ENDED_IN_ORDER "stopped"

/* A host's namespaces are open files of the supervisor: /proc/PID/fd/NUMBER. */
struct lab_host_state {
    char name[LAB_NAME_MAX];
    enum lab_role role;
    pid_t pid;                  /* of its program, as seen from outside the lab; 0: none runs */
    char ended[LAB_ENDED_MAX];  /* "stopped", "ended with exit code 1", ...; "": it runs, or there is none */
    char control[LAB_PATH_MAX]; /* "" for a plain host */
    int net_fd;                 /* its network namespace */
    int mnt_fd;                 /* its mount namespace */
    int uts_fd;                 /* the namespace of its machine's name */
    int root_fd;                /* its root folder */
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
 * 0; ERR_NOTFOUND: no such lab runs; ERR_EXISTS: `name` is NULL and several run; ERR_IO. For every error a
 * sentence for the user has been printed to standard error. */
int rundir_load(const char *name, struct lab_state *out);

/* The host, or NULL. */
const struct lab_host_state *rundir_find(const struct lab_state *lab, const char *host);

/* How a lab is. */
enum rundir_life {
    RUNDIR_STARTING, /* its processes live, lab.json is not there yet */
    RUNDIR_RUNNING,
    RUNDIR_DEAD,   /* its processes are gone, its files are not: the supervisor was killed */
    RUNDIR_FAILED, /* it went down by itself; only the record of why is left */
};

const char *rundir_life_name(enum rundir_life life); /* "starting", ...; static storage */

struct rundir_entry {
    char name[LAB_NAME_MAX];
    char dir[LAB_PATH_MAX];
    enum rundir_life life;
    pid_t pid;   /* of the supervisor, 0 if it is not known or gone */
    cJSON *json; /* RUNDIR_RUNNING: lab.json; RUNDIR_FAILED: the record; else NULL */
};

struct rundir_list {
    size_t n;
    struct rundir_entry *entries; /* by name */
};

/* Every lab of this user, in whatever state. 0, ERR_NOMEM or ERR_IO, which has been told to the user. */
int rundir_list_read(struct rundir_list *out);
void rundir_list_free(struct rundir_list *list);

/* Makes BASE/NAME and takes its lock for a new lab; what a dead or failed lab of that name left is removed.
 * *out_lock is an open file with the lock: it is held until every copy of the file, in every process, is
 * closed. ERR_EXISTS: a lab of that name runs; ERR_LIMIT: the path is too long; ERR_IO. Errors have been told
 * to the user. */
int rundir_claim(const char *name, char out_dir[LAB_PATH_MAX], int *out_lock);
/* Takes the lock of the folder, the last step of the above. ERR_EXISTS: it is held; ERR_NOTFOUND: the folder
 * has gone meanwhile; ERR_LIMIT, ERR_IO. Nothing is told. */
int rundir_lock(const char *dir, int *out_lock);
/* Writes the pid of the supervisor to the lock. 0 or ERR_IO. */
int rundir_set_pid(int lock, pid_t pid);
/* The pid in the lock of a lab; 0 if none is there. It is the supervisor's while the lock is held: as long as
 * a process of the lab lives, the first of them keeps its pid. */
pid_t rundir_read_pid(const char *dir);
/* Is the lock of the lab held? */
bool rundir_is_held(const char *dir);

/* Writes DIR/FILE at once or not at all. 0 or ERR_IO. */
int rundir_write(const char *dir, const char *file, const char *text);
/* Records why the lab went down by itself. 0 or ERR_IO. */
int rundir_write_failed(const char *dir, const char *text);
/* Removes the folder with all that is in it, and BASE if that is then empty and ours. */
void rundir_remove(const char *dir);
