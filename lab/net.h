/* The kernel's side of a lab: namespaces, veth pairs, bridges and addresses, by system calls and rtnetlink.
 * Used by the supervisor, inside the namespaces of its own that it has entered; nothing here can reach the
 * user's network. No function is called from two threads. */
#pragma once
#include <stddef.h>

#include "common/addr.h"

/* The supervisor's own namespaces: its network namespace is the "switch" that holds the bridges. */
struct net {
    int net_fd, mnt_fd, uts_fd, root_fd;
    char error[256]; /* after an error: a sentence about what failed and why */
};

/* A host: a network namespace, a mount namespace in which /sys shows that network and /etc/resolv.conf is the
 * host's own, and a name of the machine of its own. All are open files that last as long as the process. */
struct net_host {
    int net_fd, mnt_fd, uts_fd, root_fd;
};

/* Where a link ends. */
struct net_port {
    const struct net_host *host;
    const char *interface;
    const struct hw_addr *mac;
    const struct ip4_net *address; /* NULL: none */
};

/* Enters new mount, pid (for the children) and network namespaces; an ordinary user gets a user namespace
 * too, in which he is root. ERR_DENIED: the system does not allow it; ERR_IO. */
int net_unshare(struct net *n);

/* What an ordinary user, or root in a container, can do about ERR_DENIED: one or more sentences. Static
 * storage. */
const char *net_advice(void);

/* To be called by the first process of the new pid namespace: a /proc of its own. 0, ERR_DENIED or ERR_IO. */
int net_init(struct net *n);

/* Makes a host; its loopback interface is up. 0, ERR_DENIED or ERR_IO. */
int net_host_new(struct net *n, const char *name, const char *resolv_conf, struct net_host *out);
/* Moves the calling process into the host for good. 0 or ERR_IO with errno. */
int net_host_enter(const struct net_host *host);

/* Joins two hosts by a veth pair, sets its addresses and takes it up. 0, ERR_DENIED or ERR_IO. */
int net_veth(struct net *n, const struct net_port *a, const struct net_port *b);
/* Joins the port by a veth pair to the interface `end` in the supervisor's own network, where whoever wants
 * to carry its frames does so. */
int net_wire(struct net *n, const struct net_port *port, const char *end);
/* A socket in the network of the host, for ioctl(); the caller's. */
int net_socket(struct net *n, const struct net_host *host, int *out_fd);
/* The host hands on what is for others. */
int net_forward(struct net *n, const struct net_host *host);

/* Makes the bridge number `bridge` and joins each port to it by a veth pair. */
int net_bridge(struct net *n, unsigned bridge, const struct net_port *ports, size_t n_ports);
