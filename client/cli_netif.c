#include "client/cli_netif.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/err.h"

enum {
    CHANGE_MAX = 16384, /* octets of a notice about a link; what is longer is cut behind what is read */
    MTU_MIN = 576,
    LIFETIME_FOREVER = -1 /* as uint32_t: INFINITY_LIFE_TIME of the kernel */
};

struct cli_netif {
    struct nl_sock *sock;
    struct nl_sock *watch; /* NULL: not watched */
    int index;
    char name[IFNAMSIZ]; /* for messages */

    bool has_addr; /* what we set, until it is taken away */
    struct ip4_net addr;
    struct cli_route routes[CLI_ROUTES_MAX];
    unsigned n_routes;
    bool has_mtu;
    unsigned first_mtu; /* before we set one; has_mtu */
};

static enum err err_of(int nl_error)
{
    switch (-nl_error) {
    case NLE_NOMEM:
        return ERR_NOMEM;
    case NLE_PERM:
    case NLE_NOACCESS:
        return ERR_DENIED;
    case NLE_NODEV:
    case NLE_OBJ_NOTFOUND:
    case NLE_NOADDR:
        return ERR_NOTFOUND;
    case NLE_EXIST:
        return ERR_EXISTS;
    case NLE_INVAL:
    case NLE_RANGE:
        return ERR_INVALID;
    default:
        return ERR_IO;
    }
}

/* 0 stays 0; a libnl error becomes ours, with "WHAT on IFNAME failed: ..." in `why`. */
static int report(const struct cli_netif *n, int nl_error, const char *what, char *why)
{
    if (nl_error >= 0)
        return 0;
    int err = err_of(nl_error);
    snprintf(why, CLI_NETIF_WHY_MAX, "%s on %s failed: %s%s", what, n->name, nl_geterror(nl_error),
             err == ERR_DENIED ? " (it takes root, or CAP_NET_ADMIN in the network namespace)" : "");
    return err;
}

static int no_memory(char *why)
{
    snprintf(why, CLI_NETIF_WHY_MAX, "%s", err_text(ERR_NOMEM));
    return ERR_NOMEM;
}

/* NULL if memory is out. */
static struct nl_addr *nl_ip4(ip4 addr, uint8_t prefix_len)
{
    uint32_t wire = htonl(addr);
    struct nl_addr *a = nl_addr_build(AF_INET, &wire, sizeof wire);
    if (a != NULL)
        nl_addr_set_prefixlen(a, prefix_len);
    return a;
}

/* ---- the link ---- */

static int get_link(struct cli_netif *n, struct rtnl_link **out, char *why)
{
    return report(n, rtnl_link_get_kernel(n->sock, n->index, NULL, out), "looking up the interface", why);
}

int cli_netif_open(const char *ifname, struct cli_netif **out, char *why)
{
    *out = NULL;
    struct cli_netif *n = calloc(1, sizeof *n);
    if (n == NULL)
        return no_memory(why);
    snprintf(n->name, sizeof n->name, "%s", ifname);
    n->sock = nl_socket_alloc();
    if (n->sock == NULL) {
        free(n);
        return no_memory(why);
    }
    struct rtnl_link *link = NULL;
    int err = report(n, nl_connect(n->sock, NETLINK_ROUTE), "opening rtnetlink", why);
    if (err == 0)
        err = report(n, rtnl_link_get_kernel(n->sock, 0, ifname, &link), "looking up the interface", why);
    if (err == ERR_NOTFOUND)
        snprintf(why, CLI_NETIF_WHY_MAX, "there is no interface named %s", ifname);
    if (err < 0) {
        cli_netif_close(n);
        return err;
    }
    n->index = rtnl_link_get_ifindex(link);
    rtnl_link_put(link);
    *out = n;
    return 0;
}

void cli_netif_close(struct cli_netif *n)
{
    if (n == NULL)
        return;
    nl_socket_free(n->watch);
    nl_socket_free(n->sock);
    free(n);
}

int cli_netif_info(struct cli_netif *n, struct cli_netif_info *out, char *why)
{
    struct rtnl_link *link;
    int err = get_link(n, &link, why);
    if (err < 0)
        return err;
    unsigned type = rtnl_link_get_arptype(link);
    *out = (struct cli_netif_info){
        .index = n->index,
        .hw.type = type <= UINT8_MAX ? (uint8_t)type : 0, /* the kernel's own types have no DHCP number */
        .up = rtnl_link_get_flags(link) & IFF_UP,
        .has_carrier = rtnl_link_get_flags(link) & IFF_RUNNING,
        .mtu = rtnl_link_get_mtu(link),
    };
    struct nl_addr *hw = rtnl_link_get_addr(link);
    if (hw != NULL && nl_addr_get_len(hw) <= HW_MAX) {
        out->hw.len = (uint8_t)nl_addr_get_len(hw);
        memcpy(out->hw.bytes, nl_addr_get_binary_addr(hw), out->hw.len);
    }
    rtnl_link_put(link);
    return 0;
}

int cli_netif_watch(struct cli_netif *n, int *out_fd, char *why)
{
    n->watch = nl_socket_alloc();
    if (n->watch == NULL)
        return no_memory(why);
    nl_join_groups(n->watch, RTMGRP_LINK);
    int rc = nl_connect(n->watch, NETLINK_ROUTE);
    if (rc >= 0)
        rc = nl_socket_set_nonblocking(n->watch);
    *out_fd = nl_socket_get_fd(n->watch);
    return report(n, rc, "watching the link", why);
}

bool cli_netif_next_change(struct cli_netif *n, bool *out_has_carrier)
{
    unsigned char buf[CHANGE_MAX] __attribute__((aligned(NLMSG_ALIGNTO)));
    struct ifinfomsg link;
    for (;;) {
        ssize_t len = recv(nl_socket_get_fd(n->watch), buf, sizeof buf, 0);
        if (len < 0 && errno == ENOBUFS) {
            char why[CLI_NETIF_WHY_MAX];
            struct cli_netif_info info;
            *out_has_carrier = cli_netif_info(n, &info, why) == 0 && info.has_carrier;
            return true;
        }
        if (len < 0)
            return false;
        /* A notice comes alone in its datagram. */
        struct nlmsghdr header;
        if ((size_t)len < NLMSG_HDRLEN + sizeof link)
            continue;
        memcpy(&header, buf, sizeof header);
        memcpy(&link, buf + NLMSG_HDRLEN, sizeof link);
        if (header.nlmsg_type != RTM_NEWLINK || link.ifi_index != n->index)
            continue;
        *out_has_carrier = link.ifi_flags & IFF_RUNNING;
        return true;
    }
}

/* Sets the flag IFF_UP, or the MTU if that is not 0. */
static int change_link(struct cli_netif *n, unsigned mtu, const char *what, char *why)
{
    struct rtnl_link *link;
    int err = get_link(n, &link, why);
    if (err < 0)
        return err;
    struct rtnl_link *change = rtnl_link_alloc();
    if (change == NULL) {
        rtnl_link_put(link);
        return no_memory(why);
    }
    if (mtu != 0)
        rtnl_link_set_mtu(change, mtu);
    else
        rtnl_link_set_flags(change, IFF_UP);
    err = report(n, rtnl_link_change(n->sock, link, change, 0), what, why);
    rtnl_link_put(change);
    rtnl_link_put(link);
    return err;
}

int cli_netif_up(struct cli_netif *n, char *why)
{
    struct cli_netif_info info;
    int err = cli_netif_info(n, &info, why);
    return err < 0 || info.up ? err : change_link(n, 0, "setting the interface up", why);
}

static int clear_mtu(struct cli_netif *n, char *why)
{
    if (!n->has_mtu)
        return 0;
    int err = change_link(n, n->first_mtu, "setting the MTU back", why);
    if (err == 0 || err == ERR_NOTFOUND)
        n->has_mtu = false;
    return err;
}

static int set_mtu(struct cli_netif *n, unsigned mtu, char *why)
{
    if (mtu < MTU_MIN)
        return clear_mtu(n, why);
    struct cli_netif_info info;
    int err = cli_netif_info(n, &info, why);
    if (err < 0 || info.mtu == mtu)
        return err;
    err = change_link(n, mtu, "setting the MTU", why);
    if (err == 0 && !n->has_mtu) {
        n->has_mtu = true;
        n->first_mtu = info.mtu;
    }
    return err;
}

/* ---- the address ---- */

/* NULL if memory is out. */
static struct rtnl_addr *make_addr(const struct cli_netif *n, struct ip4_net net)
{
    struct rtnl_addr *a = rtnl_addr_alloc();
    struct nl_addr *local = nl_ip4(net.addr, net.len);
    struct nl_addr *broadcast = nl_ip4(ip4_net_broadcast(net), 32);
    bool whole = a != NULL && local != NULL && broadcast != NULL;
    if (whole) {
        rtnl_addr_set_ifindex(a, n->index);
        whole = rtnl_addr_set_local(a, local) == 0;
        /* RFC 3021: a /31 has no broadcast address of its own; nor has a /32. */
        if (net.len < 31)
            whole = whole && rtnl_addr_set_broadcast(a, broadcast) == 0;
    }
    nl_addr_put(local);
    nl_addr_put(broadcast);
    if (whole)
        return a;
    rtnl_addr_put(a);
    return NULL;
}

static uint32_t lifetime_s(time_ms left_ms)
{
    if (left_ms >= (time_ms)LEASE_INFINITE * 1000)
        return (uint32_t)LIFETIME_FOREVER;
    time_ms left_s = (left_ms + 999) / 1000;
    return left_s < 1 ? 1 : (uint32_t)left_s; /* the kernel refuses 0 */
}

static int clear_addr(struct cli_netif *n, char *why)
{
    if (!n->has_addr)
        return 0;
    struct rtnl_addr *a = make_addr(n, n->addr);
    if (a == NULL)
        return no_memory(why);
    int err = report(n, rtnl_addr_delete(n->sock, a, 0), "removing the address", why);
    rtnl_addr_put(a);
    if (err == 0 || err == ERR_NOTFOUND)
        n->has_addr = false;
    return err;
}

static int set_addr(struct cli_netif *n, struct ip4_net net, time_ms left_ms, char *why)
{
    struct rtnl_addr *a = make_addr(n, net);
    if (a == NULL)
        return no_memory(why);
    rtnl_addr_set_valid_lifetime(a, lifetime_s(left_ms));
    rtnl_addr_set_preferred_lifetime(a, lifetime_s(left_ms));
    char text[IP4_NET_LEN], what[64];
    snprintf(what, sizeof what, "setting the address %s", ip4_net_format(net, text));
    int err = report(n, rtnl_addr_add(n->sock, a, NLM_F_CREATE | NLM_F_REPLACE), what, why);
    rtnl_addr_put(a);
    if (err == 0) {
        n->has_addr = true;
        n->addr = net;
    }
    return err;
}

/* ---- the routes ---- */

static struct rtnl_nexthop *make_nexthop(const struct cli_netif *n, ip4 via)
{
    struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
    if (hop == NULL)
        return NULL;
    rtnl_route_nh_set_ifindex(hop, n->index);
    if (via == 0)
        return hop;
    struct nl_addr *gateway = nl_ip4(via, 32);
    if (gateway == NULL) {
        rtnl_route_nh_free(hop);
        return NULL;
    }
    rtnl_route_nh_set_gateway(hop, gateway);
    /* Some networks give a /32 and a router beside it: it answers ARP all the same. */
    if (!ip4_net_has(n->addr, via))
        rtnl_route_nh_set_flags(hop, RTNH_F_ONLINK);
    nl_addr_put(gateway);
    return hop;
}

/* The route from our address; NULL if memory is out. */
static struct rtnl_route *make_route(const struct cli_netif *n, const struct cli_route *r)
{
    struct rtnl_route *route = rtnl_route_alloc();
    struct nl_addr *to = nl_ip4(r->to.addr, r->to.len);
    struct nl_addr *source = nl_ip4(n->addr.addr, 32);
    bool whole = route != NULL && to != NULL && source != NULL && rtnl_route_set_dst(route, to) == 0 &&
                 rtnl_route_set_pref_src(route, source) == 0;
    nl_addr_put(to);
    nl_addr_put(source);
    struct rtnl_nexthop *hop = whole ? make_nexthop(n, r->via) : NULL;
    if (hop == NULL) {
        rtnl_route_put(route);
        return NULL;
    }
    rtnl_route_add_nexthop(route, hop);
    rtnl_route_set_family(route, AF_INET);
    rtnl_route_set_table(route, RT_TABLE_MAIN);
    rtnl_route_set_scope(route, r->via == 0 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE);
    rtnl_route_set_type(route, RTN_UNICAST);
    rtnl_route_set_protocol(route, RTPROT_DHCP);
    rtnl_route_set_priority(route, (uint32_t)(CLI_NETIF_METRIC + n->index));
    return route;
}

/* "setting the route to 10.0.0.0/8 via 10.1.0.1" */
static void describe(const char *doing, const struct cli_route *r, char *out, size_t cap)
{
    char to[IP4_NET_LEN], via[IP4_LEN];
    snprintf(out, cap, "%s the route to %s%s%s", doing, r->to.len ? ip4_net_format(r->to, to) : "everywhere",
             r->via ? " via " : "", r->via ? ip4_format(r->via, via) : "");
}

static int clear_route(struct cli_netif *n, const struct cli_route *r, char *why)
{
    char what[96];
    struct rtnl_route *route = make_route(n, r);
    if (route == NULL)
        return no_memory(why);
    describe("removing", r, what, sizeof what);
    int err = report(n, rtnl_route_delete(n->sock, route, 0), what, why);
    rtnl_route_put(route);
    return err == ERR_NOTFOUND ? 0 : err;
}

static int set_route(struct cli_netif *n, const struct cli_route *r, char *why)
{
    char what[96];
    struct rtnl_route *route = make_route(n, r);
    if (route == NULL)
        return no_memory(why);
    describe("setting", r, what, sizeof what);
    int err = report(n, rtnl_route_add(n->sock, route, NLM_F_CREATE | NLM_F_REPLACE), what, why);
    rtnl_route_put(route);
    return err;
}

static bool has_route(const struct cli_route *routes, unsigned n, const struct cli_route *r)
{
    for (unsigned i = 0; i < n; i++)
        if (routes[i].to.addr == r->to.addr && routes[i].to.len == r->to.len && routes[i].via == r->via)
            return true;
    return false;
}

/* Removes the routes that are not in `keep`, the last one first: an earlier one may lead to its router. */
static int clear_routes_but(struct cli_netif *n, const struct cli_route *keep, unsigned n_keep, char *why)
{
    unsigned kept = 0;
    struct cli_route remaining[CLI_ROUTES_MAX];
    int first = 0;
    for (unsigned i = n->n_routes; i-- > 0;) {
        char sentence[CLI_NETIF_WHY_MAX];
        bool stays = has_route(keep, n_keep, &n->routes[i]);
        int err = stays ? 0 : clear_route(n, &n->routes[i], sentence);
        if (stays || err < 0)
            remaining[kept++] = n->routes[i];
        if (err < 0 && first == 0) {
            first = err;
            memcpy(why, sentence, sizeof sentence);
        }
    }
    for (unsigned i = 0; i < kept; i++)
        n->routes[i] = remaining[kept - 1 - i];
    n->n_routes = kept;
    return first;
}

static int clear_routes(struct cli_netif *n, char *why)
{
    return clear_routes_but(n, NULL, 0, why);
}

static int set_routes(struct cli_netif *n, const struct cli_settings *settings, char *why)
{
    for (unsigned i = 0; i < settings->n_routes; i++) {
        const struct cli_route *r = &settings->routes[i];
        int err = set_route(n, r, why);
        if (err < 0)
            return err;
        if (!has_route(n->routes, n->n_routes, r))
            n->routes[n->n_routes++] = *r;
    }
    return 0;
}

/* ---- all of it ---- */

/* Something of the kernel's state that is already gone needs no removal. */
static int unless_gone(int err)
{
    return err == ERR_NOTFOUND ? 0 : err;
}

/* Takes away what the new lease does not have; the routes first, for they use the address. */
static int clear_what_differs(struct cli_netif *n, struct ip4_net addr, const struct cli_settings *settings,
                              char *why)
{
    bool other_addr = n->has_addr && (n->addr.addr != addr.addr || n->addr.len != addr.len);
    int err =
        other_addr ? clear_routes(n, why) : clear_routes_but(n, settings->routes, settings->n_routes, why);
    if (err == 0 && other_addr)
        err = unless_gone(clear_addr(n, why));
    return err;
}

int cli_netif_set(struct cli_netif *n, const struct cli_lease *lease, const struct cli_settings *settings,
                  time_ms left_ms, char *why)
{
    struct ip4_net net = {lease->addr, lease->prefix_len};
    int err = clear_what_differs(n, net, settings, why);
    if (err == 0)
        err = set_addr(n, net, left_ms, why);
    if (err == 0)
        err = set_mtu(n, lease->mtu, why);
    if (err == 0)
        err = set_routes(n, settings, why);
    return err;
}

int cli_netif_set_lifetime(struct cli_netif *n, time_ms left_ms, char *why)
{
    return n->has_addr ? set_addr(n, n->addr, left_ms, why) : 0;
}

int cli_netif_clear(struct cli_netif *n, char *why)
{
    static int (*const clear[])(struct cli_netif *, char *) = {clear_routes, clear_addr, clear_mtu};
    int first = 0;
    for (size_t i = 0; i < sizeof clear / sizeof clear[0]; i++) {
        char sentence[CLI_NETIF_WHY_MAX];
        int err = unless_gone(clear[i](n, sentence));
        if (err < 0 && first == 0) {
            first = err;
            memcpy(why, sentence, sizeof sentence);
        }
    }
    return first;
}
