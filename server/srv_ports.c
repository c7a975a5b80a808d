#include "server/srv_ports.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/dhcp_proto.h"
#include "common/err.h"
#include "common/io_offload.h"

static int refuse(char *why, int err, const char *subject, const char *text)
{
    snprintf(why, SRV_PORTS_WHY_MAX, "%s: %s", subject, text);
    return err;
}

const struct srv_port *srv_ports_find(const struct srv_ports *ports, int ifindex)
{
    for (size_t i = 0; i < ports->n; i++)
        if (ports->list[i].iface.index == ifindex)
            return &ports->list[i];
    return NULL;
}

void srv_ports_close(struct srv_ports *ports)
{
    for (size_t i = 0; i < ports->n; i++) {
        io_watch_free(ports->list[i].watch);
        if (ports->list[i].udp_fd >= 0)
            close(ports->list[i].udp_fd);
        if (ports->list[i].raw_fd >= 0)
            close(ports->list[i].raw_fd);
    }
    ports->n = 0;
}

/* The same sockets under numbers of our own. */
static int share(const struct srv_port *from, struct srv_port *to)
{
    to->udp_fd = fcntl(from->udp_fd, F_DUPFD_CLOEXEC, 0);
    to->raw_fd = fcntl(from->raw_fd, F_DUPFD_CLOEXEC, 0);
    to->n_dropped = from->n_dropped;
    return to->udp_fd < 0 || to->raw_fd < 0 ? ERR_IO : 0;
}

static int open_sockets(struct srv_port *port)
{
    int rc = io_udp_open(port->iface.name, DHCP_PORT_SERVER, &port->udp_fd);
    if (rc < 0)
        return rc;
    io_sock_grow(port->udp_fd);
    return io_raw_open(port->iface.index, 0, &port->raw_fd);
}

/* Where nobody can tell, it may be so. */
static bool may_cut(const char *ifname)
{
    bool cuts;
    return io_offload_get_udp(ifname, &cuts) < 0 || cuts;
}

static int add(struct srv_ports *out, const struct io_iface *iface, const struct srv_ports *old, char *why)
{
    const struct srv_port *same = srv_ports_find(out, iface->index);
    if (same != NULL && same->iface.addr.addr != iface->addr.addr)
        return refuse(why, ERR_INVALID, iface->name,
                      "it is named twice; one address of an interface can be served");
    if (same != NULL)
        return 0;
    if (out->n == SRV_PORTS_MAX)
        return refuse(why, ERR_LIMIT, iface->name, "more interfaces than the server can serve");
    struct srv_port *port = &out->list[out->n++];
    *port = (struct srv_port){.iface = *iface, .udp_fd = -1, .raw_fd = -1, .cuts = may_cut(iface->name)};
    const struct srv_port *before = old ? srv_ports_find(old, iface->index) : NULL;
    int rc = before ? share(before, port) : open_sockets(port);
    if (rc == ERR_EXISTS)
        return refuse(why, rc, iface->name, "another program serves UDP port 67 there");
    return rc < 0 ? refuse(why, rc, iface->name, io_sock_error(errno)) : 0;
}

static int add_named(struct srv_ports *out, const char *spec, const struct srv_ports *old, char *why)
{
    char name[IO_IFNAME_MAX];
    size_t len = strcspn(spec, "/");
    struct io_iface iface;
    if (len >= sizeof name)
        return refuse(why, ERR_NOTFOUND, spec, "there is no such interface");
    memcpy(name, spec, len);
    name[len] = '\0';
    int rc = io_iface_find(name, &iface);
    if (rc < 0)
        return refuse(why, rc, name, rc == ERR_NOTFOUND ? "there is no such interface" : strerror(errno));
    ip4 addr;
    if (spec[len] == '/' && (!ip4_parse(spec + len + 1, &addr) || io_iface_pick(&iface, addr) < 0))
        return refuse(why, ERR_NOTFOUND, spec, "the interface does not have that address");
    if (iface.addr.addr == 0)
        return refuse(why, ERR_NOTFOUND, name,
                      "it has no IPv4 address; a server needs one as its server identifier");
    return add(out, &iface, old, why);
}

static int add_all(struct srv_ports *out, const struct srv_ports *old, char *why)
{
    struct io_iface list[SRV_PORTS_MAX];
    int n = io_iface_list(list, SRV_PORTS_MAX);
    if (n < 0)
        return refuse(why, n, "interfaces", strerror(errno));
    for (int i = 0; i < n; i++) {
        if (!list[i].up || list[i].loopback || list[i].addr.addr == 0 ||
            srv_ports_find(out, list[i].index) != NULL)
            continue;
        int rc = add(out, &list[i], old, why);
        if (rc < 0)
            return rc;
    }
    return 0;
}

int srv_ports_open(const char *const *specs, size_t n_specs, const struct srv_ports *old,
                   struct srv_ports *out, char *why)
{
    int rc = 0;
    out->n = 0;
    for (size_t i = 0; i < n_specs && rc == 0; i++)
        rc = strcmp(specs[i], "*") == 0 ? add_all(out, old, why) : add_named(out, specs[i], old, why);
    if (rc == 0 && out->n == 0)
        rc = refuse(why, ERR_NOTFOUND, "interfaces",
                    "none to serve: name one with -i or in interfaces-config");
    if (rc < 0)
        srv_ports_close(out);
    return rc;
}
