/* A host of a scenario on the wire: its program, whose time we make (common/io_pace.h), and what is to be
 * seen of it: its events, its clients' states and addresses. */
#pragma once
#include <sys/types.h>

#include "client/cli_engine.h"
#include "common/io_pace.h"
#include "common/rng.h"
#include "lab/net.h"
#include "lab/program.h"
#include "lab/scenario.h"
#include "lab/veth_leases.h"

enum { VETH_HOST_TEXT_MAX = 256, VETH_HOST_REPLY_MS = 20000 };

/* By an ACK; the times are the latest that it allows. */
struct veth_lease {
    ip4 addr; /* 0: none */
    ip4 server;
    time_ms renew_ms, rebind_ms, expires_ms;
};

struct veth_client {
    enum cli_state state;
    ip4 probed;             /* that its ARP probes and announcements were about; 0: none */
    ip4 acked;              /* of the last ACK for it */
    struct veth_lease told; /* by an ACK that has reached it and has not been taken yet */
    struct veth_lease held; /* the last that it took, if it is known */
};

struct veth_host {
    const struct scenario *s;
    size_t place; /* in the topology */
    const struct topology_host *t;
    const char *dir;    /* of the run: HOST.sock, ... */
    bool is_configured; /* by a step: its configuration is in `dir` */
    struct net_host net;
    int net_fd;                         /* a socket in its network */
    int listener;                       /* where its program finds us */
    int pace;                           /* -1: its program does not run */
    int trace;                          /* a pipe with its events */
    char *unread;                       /* the beginning of an event whose end has not come yet */
    size_t n_unread, n_taken, capacity; /* n_taken of them have been handed out */
    int call;                           /* the last command; -1: none yet */
    pid_t pid;
    struct rng rng;                     /* seeds a client, once each time that it starts */
    uint64_t kick;                      /* the number of the last */
    time_ms deadline_ms;                /* of its program */
    bool is_running, is_asleep, is_due; /* is_due: it has something to do now */
    const struct srv_config *config;    /* of a server, as it is now */
    struct veth_leases leases;          /* of a server */
    struct veth_client *clients;
    size_t n_clients;
    char text[VETH_HOST_TEXT_MAX]; /* of the last change of state */
};

/* The host is there, its interfaces are up. Makes what its program will need. 0, or ERR_NOMEM, ERR_IO. */
int veth_host_init(struct veth_host *h, const struct scenario *s, size_t place, const char *dir,
                   uint64_t seed, const struct net_host *net, int net_fd);
void veth_host_fini(struct veth_host *h);

/* Starts its program, if it has one and none runs. `page` is that of the time. It is ready when it is quiet.
 * 0, or ERR_IO, errno tells. */
int veth_host_start(struct veth_host *h, const struct program_plan *plan, int page);
/* Ends its program by the signal, and waits for that; a client's interface has no address then. */
void veth_host_end(struct veth_host *h, int signal);
/* Sends it to sleep, or wakes it up. */
void veth_host_set_asleep(struct veth_host *h, bool is_asleep);

/* Kicks the program. */
void veth_host_kick(struct veth_host *h);
/* Is the last kick answered? Reads what has come. ERR_NOTFOUND: the program has ended. */
int veth_host_hear(struct veth_host *h, bool *out_quiet);

/* The next of its events, a line of NDJSON without its end; NULL: there is none now. Valid until the next
 * call. */
char *veth_host_next_event(struct veth_host *h);
/* Notes a change of state. The client whose it is; NULL: it is not known. */
struct veth_client *veth_host_note(struct veth_host *h, const cJSON *event);

/* The address that the client number `i` holds: of a crowd, as its messages tell, else as the kernel does. 0:
 * none. */
ip4 veth_host_address(const struct veth_host *h, size_t i);
/* The place in the topology of the link that its clients are on. */
size_t veth_host_link(const struct veth_host *h);
/* The client with that hardware address; NULL: none. */
struct veth_client *veth_host_find_client(struct veth_host *h, const struct hw_addr *hw);
bool veth_host_is_bound(const struct veth_client *client);
/* Its kernel does not wait any longer to be told by ARP who has the address. */
void veth_host_forget_neighbour(const struct veth_host *h, const char *interface, ip4 addr);
/* Sends its program a command without waiting for the answer. ERR_IO. */
int veth_host_command(struct veth_host *h, const char *command);
/* Asks its program. The reply's arguments are in *out_reply, which is the caller's. As control_call(). */
int veth_host_ask(struct veth_host *h, const char *command, const cJSON *arguments, cJSON **out_reply);
/* Its program's last words, for people; the caller frees; NULL: none. */
char *veth_host_log(const struct veth_host *h);
