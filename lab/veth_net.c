#include "lab/veth_net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <net/route.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/ethtool.h>
#include <linux/sockios.h>

#include "common/err.h"
#include "lab/veth_wire.h"

struct making {
    struct net *net;
    const struct scenario *s;
    struct net_host *hosts;
    int *sockets;
};

static int fail(struct making *m, const char *what, const char *host)
{
    snprintf(m->net->error, sizeof m->net->error, "%s on %s: %s", what, host, strerror(errno));
    return ERR_IO;
}

/* The kernel leaves checksums to hardware, which is not there: the wire would carry unfinished ones. */
static int finish_checksums(int fd, const char *interface)
{
    struct ethtool_value off = {.cmd = ETHTOOL_STXCSUM};
    struct ifreq request = {.ifr_data = (void *)&off};
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", interface);
    return ioctl(fd, SIOCETHTOOL, &request);
}

static int make_end(struct making *m, size_t number)
{
    const struct topology_end *e = &m->s->topology.ends[number];
    const char *host = m->s->topology.hosts[e->host].name;
    char end[VETH_WIRE_END_LEN];
    struct net_port port = {.host = &m->hosts[e->host],
                            .interface = e->interface,
                            .mac = &e->mac,
                            .address = e->has_address ? &e->address : NULL};
    veth_wire_end(number, end);
    int rc = net_wire(m->net, &port, end);
    if (rc == 0 && finish_checksums(m->sockets[e->host], e->interface) < 0)
        rc = fail(m, "checksum offloading cannot be switched off", host);
    return rc;
}

/* ---- routes ---- */

static bool is_router(const struct scenario *s, size_t host)
{
    return s->n_relays[host] > 0;
}

static const struct topology_link *link_of(const struct topology *t, size_t end)
{
    const struct topology_link *link = t->links;
    while (end >= link->first_end + link->n_ends)
        link++;
    return link;
}

static struct sockaddr address_of(ip4 addr)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(addr)};
    struct sockaddr out;
    memcpy(&out, &in, sizeof out);
    return out;
}

static int add_route(struct making *m, size_t host, struct ip4_net network, ip4 gateway)
{
    struct rtentry route = {.rt_dst = address_of(network.addr & ip4_net_mask(network)),
                            .rt_gateway = address_of(gateway),
                            .rt_genmask = address_of(ip4_net_mask(network)),
                            .rt_flags = RTF_UP | RTF_GATEWAY};
    if (ioctl(m->sockets[host], SIOCADDRT, &route) == 0 || errno == EEXIST)
        return 0;
    return fail(m, "a route cannot be set", m->s->topology.hosts[host].name);
}

/* To each network behind the router, for all with an address on the link of its end `near`. */
static int add_routes(struct making *m, size_t near)
{
    const struct topology *t = &m->s->topology;
    const struct topology_end *router = &t->ends[near];
    const struct topology_link *link = link_of(t, near);
    int rc = 0;
    for (size_t far = 0; far < t->n_ends; far++) {
        if (far == near || t->ends[far].host != router->host || !t->ends[far].has_address)
            continue;
        for (size_t i = link->first_end; rc == 0 && i < link->first_end + link->n_ends; i++)
            if (t->ends[i].host != router->host && t->ends[i].has_address)
                rc = add_route(m, t->ends[i].host, t->ends[far].address, router->address.addr);
    }
    return rc;
}

static int make_routers(struct making *m)
{
    const struct topology *t = &m->s->topology;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < t->n_hosts; i++)
        if (is_router(m->s, i))
            rc = net_forward(m->net, &m->hosts[i]);
    for (size_t i = 0; rc == 0 && i < t->n_ends; i++)
        if (is_router(m->s, t->ends[i].host) && t->ends[i].has_address)
            rc = add_routes(m, i);
    return rc;
}

int veth_net_make(struct net *net, const struct scenario *s, const char *dir, struct net_host *out_hosts,
                  int *out_sockets)
{
    struct making m = {net, s, out_hosts, out_sockets};
    char resolv[LAB_PATH_MAX + LAB_NAME_MAX];
    int rc = net_init(net);
    for (size_t i = 0; rc == 0 && i < s->topology.n_hosts; i++) {
        snprintf(resolv, sizeof resolv, "%s/%s.resolv", dir, s->topology.hosts[i].name);
        rc = net_host_new(net, s->topology.hosts[i].name, resolv, &out_hosts[i]);
        if (rc == 0)
            rc = net_socket(net, &out_hosts[i], &out_sockets[i]);
    }
    for (size_t i = 0; rc == 0 && i < s->topology.n_ends; i++)
        rc = make_end(&m, i);
    return rc < 0 ? rc : make_routers(&m);
}
