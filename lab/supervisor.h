/* The supervisor: the process that owns a lab's namespaces and its programs. It is the first process of a pid
 * namespace of its own: when it goes, for whatever reason, the kernel ends every process of the lab, and with
 * them go the namespaces and their interfaces.
 *
 * `dhcplab up` and the supervisor talk over a channel. Until `up` says SUPERVISOR_DETACH, the supervisor
 * takes everything down when the channel breaks. */
#pragma once
#include <signal.h>

#include "lab/topology.h"

struct supervisor_plan {
    const struct topology *topology;
    const char *name;     /* of the lab */
    const char *file;     /* the topology file, for people */
    const char *dir;      /* its folder: rundir_claim() */
    const char *programs; /* the folder of dhcplab-server and dhcplab-client: own_folder() */
    int lock;             /* its lock: rundir_claim() */
    sigset_t signals;     /* that are to be blocked in it and its programs; the caller may block more */
};

enum supervisor_say {
    /* To the supervisor. */
    SUPERVISOR_START_CLIENTS,
    SUPERVISOR_DETACH,
    /* From the supervisor. */
    SUPERVISOR_READY,  /* the network is there, the servers are started */
    SUPERVISOR_UP,     /* the clients are started too, lab.json is written */
    SUPERVISOR_FAILED, /* text: why; code: the exit code that tells it; the lab's folder is removed */
};

enum { SUPERVISOR_TEXT_MAX = 8192 };

struct supervisor_message {
    enum supervisor_say say;
    int code;
    char text[SUPERVISOR_TEXT_MAX];
};

/* Starts the supervisor. *out_channel is the caller's; `plan` is borrowed during the call, its lock stays the
 * caller's to close. 0 or ERR_IO, errno tells. */
int supervisor_start(const struct supervisor_plan *plan, int *out_channel);

/* Sends one message; one that cannot be sent is lost, which the reader of the channel will notice. */
void supervisor_say(int channel, enum supervisor_say say);
/* Waits at most `timeout_ms` for a message; -1: without limit. 0; ERR_TIMEOUT; ERR_NOTFOUND: the other side
 * has gone. */
int supervisor_hear(int channel, int timeout_ms, struct supervisor_message *out);
