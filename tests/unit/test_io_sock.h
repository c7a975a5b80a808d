/* Real sockets on a veth pair: va (10.77.0.1) in one network namespace of our own, vb (10.77.0.2) in another.
 * A socket stays in the namespace that it was made in, so the test itself may stand in either. Where
 * namespaces are refused, the test is skipped (77). */
#pragma once
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/veth.h>
#include <netlink/route/link/vlan.h>
#include <netlink/route/neighbour.h>

#include <cmocka.h>

#include "common/dhcp_proto.h"
#include "common/err.h"
#include "common/io_sock.h"

enum { WAIT_MS = 5000, SKIPPED = 77 };

#define ADDR_A        0x0a4d0001U /* 10.77.0.1 */
#define ADDR_B        0x0a4d0002U
#define ADDR_B_SECOND 0x0a4d0003U
#define ADDR_NOBODY   0x0a4d0063U
#define NET_BROADCAST 0x0a4d00ffU

static int ns_a = -1, ns_b = -1;

static struct io_iface va, vb;

static inline void stand_in(int ns)
{
    assert_int_equal(setns(ns, CLONE_NEWNET), 0);
}

static inline int open_namespace(void)
{
    return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
}

static inline struct nl_sock *open_netlink(void)
{
    struct nl_sock *sock = nl_socket_alloc();
    assert_non_null(sock);
    assert_int_equal(nl_connect(sock, NETLINK_ROUTE), 0);
    return sock;
}

static inline void close_netlink(struct nl_sock *sock)
{
    nl_close(sock);
    nl_socket_free(sock);
}

static inline struct nl_addr *build_addr(ip4 addr, int prefix_len)
{
    uint32_t octets = htonl(addr);
    struct nl_addr *out = nl_addr_build(AF_INET, &octets, sizeof octets);
    assert_non_null(out);
    nl_addr_set_prefixlen(out, prefix_len);
    return out;
}

/* A veth pair whose other end is in the namespace `peer_ns`. */
static inline void add_pair(const char *name, const char *peer_name, int peer_ns)
{
    struct nl_sock *sock = open_netlink();
    struct rtnl_link *link = rtnl_link_veth_alloc();
    struct rtnl_link *peer = rtnl_link_veth_get_peer(link);
    rtnl_link_set_name(link, name);
    rtnl_link_set_name(peer, peer_name);
    rtnl_link_set_ns_fd(peer, peer_ns);
    assert_int_equal(rtnl_link_add(sock, link, NLM_F_CREATE | NLM_F_EXCL), 0);
    rtnl_link_put(peer);
    rtnl_link_veth_release(link);
    close_netlink(sock);
}

static inline void add_address(const char *name, ip4 addr, const char *label)
{
    struct nl_sock *sock = open_netlink();
    struct rtnl_addr *entry = rtnl_addr_alloc();
    struct nl_addr *local = build_addr(addr, 24), *broadcast = build_addr(addr | 0xff, 32);
    rtnl_addr_set_ifindex(entry, (int)if_nametoindex(name));
    rtnl_addr_set_local(entry, local);
    rtnl_addr_set_broadcast(entry, broadcast);
    if (label != NULL)
        rtnl_addr_set_label(entry, label);
    assert_int_equal(rtnl_addr_add(sock, entry, 0), 0);
    nl_addr_put(local);
    nl_addr_put(broadcast);
    rtnl_addr_put(entry);
    close_netlink(sock);
}

static inline short change_flags(const char *name, short set, short clear)
{
    struct ifreq ifr = {0};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    memcpy(ifr.ifr_name, name, strlen(name));
    assert_int_equal(ioctl(fd, SIOCGIFFLAGS, &ifr), 0);
    ifr.ifr_flags = (short)((ifr.ifr_flags | set) & ~clear);
    assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &ifr), 0);
    assert_int_equal(ioctl(fd, SIOCGIFFLAGS, &ifr), 0);
    close(fd);
    return ifr.ifr_flags;
}

/* The kernel drops what is sent before it has noticed the carrier. */
static inline void wait_running(const char *name)
{
    for (int waited_ms = 0; (change_flags(name, 0, 0) & IFF_RUNNING) == 0; waited_ms++) {
        assert_true(waited_ms < WAIT_MS);
        poll(NULL, 0, 1);
    }
}

static inline int make_namespaces(void **state)
{
    (void)state;
    if (unshare(CLONE_NEWNET) < 0)
        return -1;
    ns_b = open_namespace();
    if (unshare(CLONE_NEWNET) < 0)
        return -1;
    ns_a = open_namespace();
    add_pair("va", "vb", ns_b);
    add_address("va", ADDR_A, NULL);
    change_flags("va", IFF_UP, 0);
    stand_in(ns_b);
    add_address("vb", ADDR_B, NULL);
    add_address("vb", ADDR_B_SECOND, NULL);
    change_flags("vb", IFF_UP, 0);
    wait_running("vb");
    assert_int_equal(io_iface_find("vb", &vb), 0);
    stand_in(ns_a);
    wait_running("va");
    assert_int_equal(io_iface_find("va", &va), 0);
    return 0;
}

/* What a test changed besides its sockets is put right by the test itself; here, where it stands. */
static inline int stand_at_start(void **state)
{
    (void)state;
    stand_in(ns_a);
    return 0;
}

/* Without capabilities as long as this lasts. */
static inline void drop_capabilities(bool drop)
{
    static struct __user_cap_data_struct mine[_LINUX_CAPABILITY_U32S_3];
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct wanted[_LINUX_CAPABILITY_U32S_3];
    if (drop)
        assert_int_equal(syscall(SYS_capget, &header, mine), 0);
    memcpy(wanted, mine, sizeof wanted);
    for (int i = 0; drop && i < _LINUX_CAPABILITY_U32S_3; i++)
        wanted[i].effective = 0;
    assert_int_equal(syscall(SYS_capset, &header, wanted), 0);
}

static int udp_a, udp_b;

static uint8_t buf[IO_DATAGRAM_MAX];

static struct packet got;

static inline int open_udp(void **state)
{
    stand_in(ns_b);
    int rc = io_udp_open("vb", DHCP_PORT_CLIENT, &udp_b);
    stand_in(ns_a);
    return rc < 0 ? rc : io_udp_open("va", DHCP_PORT_SERVER, &udp_a) | stand_at_start(state);
}

static inline int close_udp(void **state)
{
    close(udp_a);
    close(udp_b);
    return stand_at_start(state);
}

static inline void wait_for(int fd)
{
    struct pollfd pfd = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&pfd, 1, WAIT_MS), 1);
}

static inline struct packet packet_to(ip4 dst, uint16_t dport, const char *text)
{
    return (struct packet){.src_hw = vb.hw,
                           .dst_hw = {.type = 1, .len = 6, .bytes = {255, 255, 255, 255, 255, 255}},
                           .dst = dst,
                           .sport = DHCP_PORT_CLIENT,
                           .dport = dport,
                           .bytes = (const uint8_t *)text,
                           .len = strlen(text)};
}

static inline void assert_udp_got(ip4 src, ip4 dst, const char *text)
{
    wait_for(udp_a);
    assert_int_equal(io_udp_recv(udp_a, buf, sizeof buf, &got), 1);
    assert_int_equal(got.src, src);
    assert_int_equal(got.dst, dst);
    assert_int_equal(got.sport, DHCP_PORT_CLIENT);
    assert_int_equal(got.dport, DHCP_PORT_SERVER);
    assert_int_equal(got.src_hw.len, 0);
    assert_int_equal(got.dst_hw.len, 0);
    assert_ptr_equal(got.bytes, buf);
    assert_int_equal(got.len, strlen(text));
    assert_memory_equal(got.bytes, text, got.len);
}

static inline void udp_send(ip4 src, ip4 dst, const char *text)
{
    struct packet p = packet_to(dst, DHCP_PORT_SERVER, text);
    p.src = src;
    assert_int_equal(io_udp_send(udp_b, vb.index, &p), 0);
}

/* With the rights of root in namespaces of our own, as root or as anybody. */
static inline bool may_make_namespaces(void)
{
    return unshare(CLONE_NEWNET) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
}
