/* The interfaces that a server serves: UDP port 67 and a packet socket on each. */
#pragma once
#include <stddef.h>

#include "common/io_loop.h"
#include "common/io_sock.h"

enum { SRV_PORTS_MAX = 32, SRV_PORTS_WHY_MAX = 256 };

struct srv_port {
    struct io_iface iface; /* iface.addr is our server identifier there */
    int udp_fd, raw_fd;
    bool cuts;              /* io_offload_get_udp(): what leaves as one is seen by others before it is cut */
    uint32_t n_dropped;     /* by the kernel, as io_shed_count() says, up to when it was last asked */
    struct io_watch *watch; /* the caller's to make, freed with the port */
};

struct srv_ports {
    struct srv_port list[SRV_PORTS_MAX];
    size_t n;
};

/* Opens what `specs` name: "eth0", "eth0/192.0.2.1" (one of its addresses), "*" (all that are up and have an
 * address, but loopback). An interface that `old` (may be NULL) has open keeps its sockets, with what waits
 * in them; `old` itself stays as it is and is the caller's to close. Fewer than one interface, or one that
 * cannot be served, is an error: nothing is opened then, and `why`, of SRV_PORTS_WHY_MAX bytes, is a sentence
 * for the user. ERR_NOTFOUND, ERR_INVALID, ERR_LIMIT, ERR_EXISTS, ERR_DENIED, ERR_IO. */
int srv_ports_open(const char *const *specs, size_t n_specs, const struct srv_ports *old,
                   struct srv_ports *out, char *why);
void srv_ports_close(struct srv_ports *ports);

/* The port on the kernel's interface index, or NULL. */
const struct srv_port *srv_ports_find(const struct srv_ports *ports, int ifindex);
