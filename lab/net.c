#include "lab/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/if.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/veth.h>

#include "common/err.h"
#include "common/io_offload.h"

enum { RUNNING_TRIES = 500, RUNNING_STEP_MS = 10, PORT_NAME_MAX = 16 };

/* EPERM, EACCES: a security module or a container. ENOSPC, EUSERS: the limit of namespaces is reached or
 * zero. EINVAL, ENOSYS: the kernel was built without them. */
static bool is_denial(int error)
{
    return error == EPERM || error == EACCES || error == ENOSPC || error == EUSERS || error == EINVAL ||
           error == ENOSYS;
}

static int fail(struct net *n, int rc, const char *why, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static int fail(struct net *n, int rc, const char *why, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int used = vsnprintf(n->error, sizeof n->error, format, args);
    va_end(args);
    if (used >= 0 && (size_t)used < sizeof n->error)
        snprintf(n->error + used, sizeof n->error - (size_t)used, ": %s", why);
    return rc;
}

static int fail_errno(struct net *n, const char *what)
{
    int error = errno;
    /* The kernel's own words for it speak of a device. */
    bool limit = error == ENOSPC || error == EUSERS;
    return fail(n, is_denial(error) ? ERR_DENIED : ERR_IO,
                limit ? "the limit of namespaces is reached" : strerror(error), "%s", what);
}

static int fail_netlink(struct net *n, int error, const char *what, const char *interface)
{
    bool denied = error == -NLE_PERM || error == -NLE_NOACCESS || error == -NLE_OPNOTSUPP;
    return fail(n, denied ? ERR_DENIED : ERR_IO, nl_geterror(error), "%s %s", what, interface);
}

/* Namespaces */

static int write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return ERR_IO;
    ssize_t n = write(fd, text, strlen(text));
    int error = errno;
    close(fd);
    errno = error;
    return n == (ssize_t)strlen(text) ? 0 : ERR_IO;
}

/* user_namespaces(7): without CAP_SETGID outside, gid_map can be written only after "deny" to setgroups. */
static int map_to_root(struct net *n, uid_t uid, gid_t gid)
{
    char text[64];
    if (write_text("/proc/self/setgroups", "deny") < 0 && errno != ENOENT)
        return fail_errno(n, "cannot set up a user namespace (/proc/self/setgroups)");
    snprintf(text, sizeof text, "0 %u 1", (unsigned)uid);
    if (write_text("/proc/self/uid_map", text) < 0)
        return fail_errno(n, "cannot set up a user namespace (/proc/self/uid_map)");
    snprintf(text, sizeof text, "0 %u 1", (unsigned)gid);
    if (write_text("/proc/self/gid_map", text) < 0)
        return fail_errno(n, "cannot set up a user namespace (/proc/self/gid_map)");
    return 0;
}

int net_unshare(struct net *n)
{
    enum { FLAGS = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWUTS };
    uid_t uid = geteuid();
    gid_t gid = getegid();
    if (uid == 0 && unshare(FLAGS) == 0)
        return 0;
    /* Root without CAP_SYS_ADMIN, as in many containers, is an ordinary user here. */
    if (unshare(FLAGS | CLONE_NEWUSER) < 0)
        return fail_errno(n, uid == 0 ? "cannot make namespaces" : "cannot make user namespaces");
    return map_to_root(n, uid, gid);
}

static bool reads_as(const char *path, char value)
{
    char first = '\0';
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool same = fd >= 0 && read(fd, &first, 1) == 1 && first == value;
    if (fd >= 0)
        close(fd);
    return same;
}

const char *net_advice(void)
{
    static const struct {
        const char *path;
        char value;
        const char *advice;
    } rows[] = {
        {"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", '1',
         "This system's AppArmor keeps ordinary users from using namespaces. Run dhcplab with sudo, or allow "
         "them "
         "until the next start of the machine: sudo sysctl -w "
         "kernel.apparmor_restrict_unprivileged_userns=0"},
        {"/proc/sys/kernel/unprivileged_userns_clone", '0',
         "This system keeps ordinary users from making namespaces. Run dhcplab with sudo, or allow them "
         "until the "
         "next start of the machine: sudo sysctl -w kernel.unprivileged_userns_clone=1"},
        {"/proc/sys/user/max_user_namespaces", '0',
         "This system allows no user namespaces. Run dhcplab with sudo, or allow them until the next start "
         "of the "
         "machine: sudo sysctl -w user.max_user_namespaces=10000"},
    };
    if (geteuid() == 0)
        return "This looks like a container without the right to make namespaces. Run dhcplab outside of it, "
               "or start "
               "the container with more rights (docker run --privileged).";
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (reads_as(rows[i].path, rows[i].value))
            return rows[i].advice;
    return "Ordinary users may not make namespaces here; a chroot, a container or a security module can be "
           "the reason. "
           "Run dhcplab with sudo, or outside of it.";
}

/* A file system of ours over `target`, hidden from everybody else. Some containers refuse it; then the old
 * one stays, which shows too much but works. */
static void mount_over(const char *target, const char *type)
{
    if (mount(NULL, target, NULL, MS_SLAVE, NULL) < 0)
        return;
    if (mount(type, target, type, MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
        mount(type, target, type, MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, NULL);
}

/* The host's own file over the machine's: what runs inside reads the one and cannot write the other. Where
 * the mount would be seen outside, or there is no such file, everything stays as it is. */
static void bind_resolv_conf(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0)
        return;
    close(fd);
    if (mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) == 0)
        mount(path, "/etc/resolv.conf", NULL, MS_BIND, NULL);
}

static int open_here(struct net *n, int *out_net, int *out_mnt, int *out_uts, int *out_root)
{
    *out_net = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    *out_mnt = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    *out_uts = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
    *out_root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (*out_net < 0 || *out_mnt < 0 || *out_uts < 0 || *out_root < 0)
        return fail_errno(n, "cannot open the namespaces in /proc/self/ns");
    return 0;
}

/* setns() to a mount namespace leads to its topmost root, which is outside of a chroot that we may be in: so
 * the root folder is an open file too. */
static int enter(int net_fd, int mnt_fd, int uts_fd, int root_fd)
{
    if (setns(net_fd, CLONE_NEWNET) < 0 || setns(mnt_fd, CLONE_NEWNS) < 0 ||
        setns(uts_fd, CLONE_NEWUTS) < 0 || fchdir(root_fd) < 0 || chroot(".") < 0)
        return ERR_IO;
    return 0;
}

/* In a chroot "/" may be no mount, so that what it is part of cannot be named and thus not be told apart from
 * the outside. It then becomes one: bound to a folder of our own /proc, which nobody else sees. */
static void make_root_a_mount(void)
{
    static const char own[] = "/proc/fs";
    if (mount("/", own, NULL, MS_BIND | MS_REC, NULL) == 0 &&
        mount(NULL, own, NULL, MS_SLAVE | MS_REC, NULL) == 0 && chdir(own) == 0 && chroot(".") < 0)
        umount2(own, MNT_DETACH);
}

int net_init(struct net *n)
{
    /* Changes of mounts come in from outside, and none go out. */
    bool is_mount = mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) == 0;
    mount_over("/proc", "proc");
    if (!is_mount)
        make_root_a_mount();
    /* The switch only carries frames: it has no addresses of its own, not even link-local ones. */
    write_text("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
    write_text("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
    return open_here(n, &n->net_fd, &n->mnt_fd, &n->uts_fd, &n->root_fd);
}

static int go_home(struct net *n)
{
    if (enter(n->net_fd, n->mnt_fd, n->uts_fd, n->root_fd) < 0)
        return fail_errno(n, "cannot return from a host's namespaces");
    return 0;
}

int net_host_enter(const struct net_host *host)
{
    return enter(host->net_fd, host->mnt_fd, host->uts_fd, host->root_fd);
}

/* rtnetlink */

static int open_netlink(struct net *n, struct nl_sock **out)
{
    *out = nl_socket_alloc();
    if (*out == NULL)
        return fail(n, ERR_NOMEM, err_text(ERR_NOMEM), "cannot open a netlink socket");
    int rc = nl_connect(*out, NETLINK_ROUTE);
    if (rc == 0)
        return 0;
    nl_socket_free(*out);
    return fail_netlink(n, rc, "cannot open a netlink socket for", "rtnetlink");
}

/* Takes the interface up, as a port of the bridge with index `master` if that is not 0. */
static int take_up(struct net *n, struct nl_sock *sock, const char *interface, int master)
{
    struct rtnl_link *link = NULL;
    struct rtnl_link *change = rtnl_link_alloc();
    int rc = change == NULL ? -NLE_NOMEM : rtnl_link_get_kernel(sock, 0, interface, &link);
    if (rc == 0) {
        rtnl_link_set_flags(change, IFF_UP);
        if (master != 0)
            rtnl_link_set_master(change, master);
        rc = rtnl_link_change(sock, link, change, 0);
    }
    rtnl_link_put(link);
    rtnl_link_put(change);
    return rc < 0 ? fail_netlink(n, rc, "cannot take up the interface", interface) : 0;
}

static struct nl_addr *address_of(ip4 addr, unsigned prefix_len)
{
    uint32_t octets = htonl(addr);
    struct nl_addr *out = nl_addr_build(AF_INET, &octets, sizeof octets);
    if (out != NULL)
        nl_addr_set_prefixlen(out, (int)prefix_len);
    return out;
}

static int add_address(struct net *n, struct nl_sock *sock, const char *interface, struct ip4_net address)
{
    struct rtnl_link *link = NULL;
    struct rtnl_addr *entry = rtnl_addr_alloc();
    struct nl_addr *local = address_of(address.addr, address.len);
    struct nl_addr *broadcast = address_of(ip4_net_broadcast(address), 32);
    int rc = -NLE_NOMEM;
    if (entry != NULL && local != NULL && broadcast != NULL)
        rc = rtnl_link_get_kernel(sock, 0, interface, &link);
    if (rc == 0) {
        rtnl_addr_set_ifindex(entry, rtnl_link_get_ifindex(link));
        rc = rtnl_addr_set_local(entry, local);
    }
    if (rc == 0 && address.len < 31)
        rc = rtnl_addr_set_broadcast(entry, broadcast);
    if (rc == 0)
        rc = rtnl_addr_add(sock, entry, 0);
    nl_addr_put(local);
    nl_addr_put(broadcast);
    rtnl_addr_put(entry);
    rtnl_link_put(link);
    return rc < 0 ? fail_netlink(n, rc, "cannot give an address to the interface", interface) : 0;
}

/* A frame sent before the kernel has seen the carrier is lost, and with it a client's first DISCOVER. */
static int wait_running(struct net *n, struct nl_sock *sock, const char *interface)
{
    for (int tries = 0; tries < RUNNING_TRIES; tries++) {
        struct rtnl_link *link = NULL;
        int rc = rtnl_link_get_kernel(sock, 0, interface, &link);
        if (rc < 0)
            return fail_netlink(n, rc, "cannot read the state of the interface", interface);
        bool running = rtnl_link_get_operstate(link) == IF_OPER_UP;
        rtnl_link_put(link);
        if (running)
            return 0;
        nanosleep(&(struct timespec){.tv_nsec = RUNNING_STEP_MS * 1000000L}, NULL);
    }
    return fail(n, ERR_IO, "no carrier", "the interface %s does not come up", interface);
}

/* Moves to the host's network, runs one of the steps above and comes back. */
static int begin_in(struct net *n, const struct net_host *host, struct nl_sock **out_sock)
{
    if (setns(host->net_fd, CLONE_NEWNET) < 0)
        return fail_errno(n, "cannot enter a host's network");
    return open_netlink(n, out_sock);
}

static int end_in(struct net *n, struct nl_sock *sock, int rc)
{
    nl_socket_free(sock);
    if (setns(n->net_fd, CLONE_NEWNET) < 0)
        return fail_errno(n, "cannot leave a host's network");
    return rc;
}

int net_host_new(struct net *n, const char *name, const char *resolv_conf, struct net_host *out)
{
    struct nl_sock *sock = NULL;
    if (unshare(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS) < 0 || sethostname(name, strlen(name)) < 0)
        return fail_errno(n, "cannot make the namespaces of a host");
    mount_over("/sys", "sysfs");
    bind_resolv_conf(resolv_conf);
    int rc = open_here(n, &out->net_fd, &out->mnt_fd, &out->uts_fd, &out->root_fd);
    if (rc == 0)
        rc = open_netlink(n, &sock);
    if (rc == 0) {
        rc = take_up(n, sock, "lo", 0);
        nl_socket_free(sock);
    }
    return rc < 0 ? rc : go_home(n);
}

static int set_station(struct rtnl_link *link, const char *interface, const struct hw_addr *mac, int net_fd)
{
    rtnl_link_set_name(link, interface);
    rtnl_link_set_ns_fd(link, net_fd);
    if (mac == NULL)
        return 0;
    struct nl_addr *addr = nl_addr_build(AF_LLC, mac->bytes, mac->len);
    if (addr == NULL)
        return -NLE_NOMEM;
    rtnl_link_set_addr(link, addr);
    nl_addr_put(addr);
    return 0;
}

/* A pair from the port to `peer` in the network `peer_net`; both ends are born where they belong, so that no
 * name can clash on the way. */
static int add_pair(struct net *n, const struct net_port *port, const char *peer,
                    const struct hw_addr *peer_mac, int peer_net)
{
    struct nl_sock *sock = NULL;
    int rc = open_netlink(n, &sock);
    if (rc < 0)
        return rc;
    struct rtnl_link *link = rtnl_link_veth_alloc();
    rc = link == NULL ? -NLE_NOMEM : set_station(link, port->interface, port->mac, port->host->net_fd);
    if (rc == 0) {
        struct rtnl_link *other = rtnl_link_veth_get_peer(link);
        rc = set_station(other, peer, peer_mac, peer_net);
        rtnl_link_put(other);
    }
    if (rc == 0)
        rc = rtnl_link_add(sock, link, NLM_F_CREATE | NLM_F_EXCL);
    if (link != NULL)
        rtnl_link_veth_release(link);
    nl_socket_free(sock);
    return rc < 0 ? fail_netlink(n, rc, "cannot make the veth pair for", port->interface) : 0;
}

/* So that each datagram and each segment is seen by itself, as on a wire, whoever sent it together with
 * others. A kernel that does not know of such datagrams has none that leave together. */
static int cut_early(struct net *n, const char *interface)
{
    int rc = io_offload_set_udp(interface, false);
    if (rc < 0 && rc != ERR_NOTFOUND)
        return fail_errno(n, "cannot turn off tx-udp-segmentation");
    return io_offload_set_tcp(interface, false) < 0 ? fail_errno(n, "cannot turn off TSO") : 0;
}

static int start_port(struct net *n, const struct net_port *port)
{
    struct nl_sock *sock = NULL;
    int rc = begin_in(n, port->host, &sock);
    if (rc < 0)
        return rc;
    if (port->address != NULL)
        rc = add_address(n, sock, port->interface, *port->address);
    if (rc == 0)
        rc = cut_early(n, port->interface);
    if (rc == 0)
        rc = take_up(n, sock, port->interface, 0);
    return end_in(n, sock, rc);
}

static int await_port(struct net *n, const struct net_port *port)
{
    struct nl_sock *sock = NULL;
    int rc = begin_in(n, port->host, &sock);
    return rc < 0 ? rc : end_in(n, sock, wait_running(n, sock, port->interface));
}

int net_veth(struct net *n, const struct net_port *a, const struct net_port *b)
{
    int rc = add_pair(n, a, b->interface, b->mac, b->host->net_fd);
    if (rc == 0)
        rc = start_port(n, a);
    if (rc == 0)
        rc = start_port(n, b);
    if (rc == 0)
        rc = await_port(n, a);
    return rc < 0 ? rc : await_port(n, b);
}

static int add_bridge(struct net *n, struct nl_sock *sock, const char *name, int *out_index)
{
    struct rtnl_link *link = rtnl_link_alloc();
    struct rtnl_link *made = NULL;
    int rc = -NLE_NOMEM;
    if (link != NULL) {
        rtnl_link_set_name(link, name);
        rc = rtnl_link_set_type(link, "bridge");
    }
    if (rc == 0)
        rc = rtnl_link_add(sock, link, NLM_F_CREATE | NLM_F_EXCL);
    if (rc == 0)
        rc = rtnl_link_get_kernel(sock, 0, name, &made);
    if (rc == 0)
        *out_index = rtnl_link_get_ifindex(made);
    rtnl_link_put(made);
    rtnl_link_put(link);
    return rc < 0 ? fail_netlink(n, rc, "cannot make the bridge", name) : take_up(n, sock, name, 0);
}

/* Joins the port to the interface `end` in the switch, a port of the bridge `master` if that is not 0. */
static int join(struct net *n, struct nl_sock *sock, const struct net_port *port, const char *end, int master)
{
    int rc = add_pair(n, port, end, NULL, n->net_fd);
    if (rc == 0)
        rc = take_up(n, sock, end, master);
    if (rc == 0)
        rc = start_port(n, port);
    if (rc == 0)
        rc = wait_running(n, sock, end);
    return rc < 0 ? rc : await_port(n, port);
}

int net_bridge(struct net *n, unsigned bridge, const struct net_port *ports, size_t n_ports)
{
    char name[PORT_NAME_MAX];
    struct nl_sock *sock = NULL;
    int index = 0;
    snprintf(name, sizeof name, "br%u", bridge);
    int rc = open_netlink(n, &sock);
    if (rc < 0)
        return rc;
    rc = add_bridge(n, sock, name, &index);
    for (size_t i = 0; rc == 0 && i < n_ports; i++) {
        char port[PORT_NAME_MAX];
        snprintf(port, sizeof port, "br%up%zu", bridge, i);
        rc = join(n, sock, &ports[i], port, index);
    }
    nl_socket_free(sock);
    return rc;
}

int net_wire(struct net *n, const struct net_port *port, const char *end)
{
    struct nl_sock *sock = NULL;
    int rc = open_netlink(n, &sock);
    if (rc < 0)
        return rc;
    rc = join(n, sock, port, end, 0);
    nl_socket_free(sock);
    return rc;
}

int net_socket(struct net *n, const struct net_host *host, int *out_fd)
{
    if (setns(host->net_fd, CLONE_NEWNET) < 0)
        return fail_errno(n, "cannot enter a host's network");
    *out_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int rc = *out_fd < 0 ? fail_errno(n, "cannot open a socket in a host's network") : 0;
    return rc < 0 ? rc : end_in(n, NULL, 0);
}

int net_forward(struct net *n, const struct net_host *host)
{
    if (setns(host->net_fd, CLONE_NEWNET) < 0)
        return fail_errno(n, "cannot enter a host's network");
    int rc = write_text("/proc/sys/net/ipv4/ip_forward", "1");
    return end_in(n, NULL, rc < 0 ? fail_errno(n, "cannot let a host forward") : 0);
}
