/* Real sockets on a veth pair: va (10.77.0.1) in one network namespace of our own, vb (10.77.0.2) in another.
 * A socket stays in the namespace that it was made in, so the test itself may stand in either. Where
 * namespaces are refused, the test is skipped (77). */
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

/* ---- the two namespaces ---- */

static int ns_a = -1, ns_b = -1;
static struct io_iface va, vb;

static void stand_in(int ns)
{
    assert_int_equal(setns(ns, CLONE_NEWNET), 0);
}

static int open_namespace(void)
{
    return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
}

static struct nl_sock *open_netlink(void)
{
    struct nl_sock *sock = nl_socket_alloc();
    assert_non_null(sock);
    assert_int_equal(nl_connect(sock, NETLINK_ROUTE), 0);
    return sock;
}

static void close_netlink(struct nl_sock *sock)
{
    nl_close(sock);
    nl_socket_free(sock);
}

static struct nl_addr *build_addr(ip4 addr, int prefix_len)
{
    uint32_t octets = htonl(addr);
    struct nl_addr *out = nl_addr_build(AF_INET, &octets, sizeof octets);
    assert_non_null(out);
    nl_addr_set_prefixlen(out, prefix_len);
    return out;
}

/* A veth pair whose other end is in the namespace `peer_ns`. */
static void add_pair(const char *name, const char *peer_name, int peer_ns)
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

static void add_address(const char *name, ip4 addr, const char *label)
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

static short change_flags(const char *name, short set, short clear)
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
static void wait_running(const char *name)
{
    for (int waited_ms = 0; (change_flags(name, 0, 0) & IFF_RUNNING) == 0; waited_ms++) {
        assert_true(waited_ms < WAIT_MS);
        poll(NULL, 0, 1);
    }
}

static int make_namespaces(void **state)
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
static int stand_at_start(void **state)
{
    (void)state;
    stand_in(ns_a);
    return 0;
}

/* Without capabilities as long as this lasts. */
static void drop_capabilities(bool drop)
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

/* ---- interfaces ---- */

static void an_interface_is_found_by_its_name(void **state)
{
    (void)state;
    assert_string_equal(va.name, "va");
    assert_int_equal(va.index, if_nametoindex("va"));
    assert_int_equal(va.hw.type, 1);
    assert_int_equal(va.hw.len, 6);
    assert_false(hw_equal(&va.hw, &vb.hw));
    assert_int_equal(va.addr.addr, ADDR_A);
    assert_int_equal(va.addr.len, 24);
    assert_true(va.up);
    assert_false(va.loopback);
    assert_int_equal(vb.addr.addr, ADDR_B); /* the first of two */
    struct io_iface lo;
    assert_int_equal(io_iface_find("lo", &lo), 0);
    assert_true(lo.loopback);
    assert_false(lo.up);
    assert_int_equal(lo.addr.addr, 0);
}

static void an_interface_that_is_not_there_is_not_found(void **state)
{
    (void)state;
    static const char *const names[] = {"vb", "v", "vaa", "", "a-name-that-no-interface-can-have"};
    struct io_iface iface = {.index = 99};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_int_equal(io_iface_find(names[i], &iface), ERR_NOTFOUND);
    assert_int_equal(iface.index, 99);
}

static void interfaces_are_listed_up_to_the_limit(void **state)
{
    (void)state;
    struct io_iface list[8] = {{.index = 0}};
    assert_int_equal(io_iface_list(list, 8), 2);
    assert_string_equal(list[0].name, "lo");
    assert_string_equal(list[1].name, "va");
    assert_int_equal(list[1].addr.addr, ADDR_A);
    memset(list, 0, sizeof list);
    assert_int_equal(io_iface_list(list, 1), 1);
    assert_string_equal(list[1].name, "");
    assert_int_equal(io_iface_list(list, 0), 0);
}

/* A machine with many interfaces, as a switch or a host of containers. */
static void the_last_of_many_interfaces_is_found(void **state)
{
    (void)state;
    assert_int_equal(unshare(CLONE_NEWNET), 0);
    int ns = open_namespace();
    char name[IO_IFNAME_MAX], peer[IO_IFNAME_MAX];
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "many%d", i);
        snprintf(peer, sizeof peer, "peer%d", i);
        add_pair(name, peer, ns);
    }
    add_address("many39", ADDR_A, NULL);
    close(ns);
    struct io_iface iface;
    assert_int_equal(io_iface_find("many39", &iface), 0);
    assert_int_equal(iface.index, if_nametoindex("many39"));
    assert_int_equal(iface.addr.addr, ADDR_A);
    assert_int_equal(iface.hw.len, 6);
    assert_false(iface.up);
}

/* As ifconfig makes them: "eth0:1" is a name for an address, and its interface is eth0. */
static void a_label_is_no_interface(void **state)
{
    (void)state;
    assert_int_equal(unshare(CLONE_NEWNET), 0);
    int ns = open_namespace();
    add_pair("v0", "v1", ns);
    close(ns);
    add_address("v0", ADDR_A, "v0:1");
    struct io_iface list[8], iface;
    assert_int_equal(io_iface_list(list, 8), 3); /* with lo */
    assert_int_equal(io_iface_find("v0", &iface), 0);
    assert_int_equal(iface.addr.addr, ADDR_A);
    assert_int_equal(iface.hw.len, 6);
    assert_int_equal(io_iface_find("v0:1", &iface), ERR_NOTFOUND);
}

/* ---- UDP ---- */

static int udp_a, udp_b;
static uint8_t buf[IO_DATAGRAM_MAX];
static struct packet got;

static int open_udp(void **state)
{
    stand_in(ns_b);
    int rc = io_udp_open("vb", DHCP_PORT_CLIENT, &udp_b);
    stand_in(ns_a);
    return rc < 0 ? rc : io_udp_open("va", DHCP_PORT_SERVER, &udp_a) | stand_at_start(state);
}

static int close_udp(void **state)
{
    close(udp_a);
    close(udp_b);
    return stand_at_start(state);
}

static void wait_for(int fd)
{
    struct pollfd pfd = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&pfd, 1, WAIT_MS), 1);
}

static struct packet packet_to(ip4 dst, uint16_t dport, const char *text)
{
    return (struct packet){.src_hw = vb.hw,
                           .dst_hw = {.type = 1, .len = 6, .bytes = {255, 255, 255, 255, 255, 255}},
                           .dst = dst,
                           .sport = DHCP_PORT_CLIENT,
                           .dport = dport,
                           .bytes = (const uint8_t *)text,
                           .len = strlen(text)};
}

static void assert_udp_got(ip4 src, ip4 dst, const char *text)
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

static void udp_send(ip4 src, ip4 dst, const char *text)
{
    struct packet p = packet_to(dst, DHCP_PORT_SERVER, text);
    p.src = src;
    assert_int_equal(io_udp_send(udp_b, vb.index, &p), 0);
}

static void a_datagram_tells_where_it_was_sent_to(void **state)
{
    (void)state;
    udp_send(0, IP4_BROADCAST, "to all");
    assert_udp_got(ADDR_B, IP4_BROADCAST, "to all");
    udp_send(0, ADDR_A, "to one");
    assert_udp_got(ADDR_B, ADDR_A, "to one");
    udp_send(0, NET_BROADCAST, "to the net");
    assert_udp_got(ADDR_B, NET_BROADCAST, "to the net");
}

static void a_datagram_leaves_from_the_address_that_is_asked_for(void **state)
{
    (void)state;
    udp_send(ADDR_B_SECOND, ADDR_A, "from the second");
    assert_udp_got(ADDR_B_SECOND, ADDR_A, "from the second");
    udp_send(ADDR_B_SECOND, IP4_BROADCAST, "from the second");
    assert_udp_got(ADDR_B_SECOND, IP4_BROADCAST, "from the second");
    struct packet p = packet_to(ADDR_A, DHCP_PORT_SERVER, "from nobody");
    p.src = ADDR_NOBODY;
    assert_int_equal(io_udp_send(udp_b, vb.index, &p), ERR_IO);
}

static void datagrams_come_one_by_one_and_then_none(void **state)
{
    (void)state;
    assert_int_equal(io_udp_recv(udp_a, buf, sizeof buf, &got), 0);
    udp_send(0, ADDR_A, "first");
    udp_send(0, ADDR_A, "");
    udp_send(0, ADDR_A, "third");
    assert_udp_got(ADDR_B, ADDR_A, "first");
    assert_udp_got(ADDR_B, ADDR_A, "");
    assert_udp_got(ADDR_B, ADDR_A, "third");
    assert_int_equal(io_udp_recv(udp_a, buf, sizeof buf, &got), 0);
}

static void a_datagram_that_is_too_long_is_not_sent(void **state)
{
    (void)state;
    static const uint8_t zeros[65508];
    struct packet p = packet_to(ADDR_A, DHCP_PORT_SERVER, "");
    p.bytes = zeros;
    p.len = sizeof zeros;
    assert_int_equal(io_udp_send(udp_b, vb.index, &p), ERR_IO);
    assert_int_equal(errno, EMSGSIZE);
}

static void a_port_is_taken_once_on_an_interface(void **state)
{
    (void)state;
    int fd = -1;
    assert_int_equal(io_udp_open("va", DHCP_PORT_SERVER, &fd), ERR_EXISTS);
    assert_int_equal(fd, -1);
    assert_int_equal(io_udp_open("lo", DHCP_PORT_SERVER, &fd), 0);
    close(fd);
    assert_int_equal(io_udp_open("va", DHCP_PORT_CLIENT, &fd), 0);
    close(fd);
    close(udp_a);
    assert_int_equal(io_udp_open("va", DHCP_PORT_SERVER, &udp_a), 0);
}

static void a_socket_that_cannot_be_says_why(void **state)
{
    (void)state;
    int fd = -1;
    assert_int_equal(io_udp_open("missing", DHCP_PORT_SERVER, &fd), ERR_IO);
    assert_int_equal(errno, ENODEV);
    assert_int_equal(io_raw_open(9999, DHCP_PORT_SERVER, &fd), ERR_IO);
    assert_int_equal(errno, ENODEV);
    drop_capabilities(true);
    int udp = io_udp_open("lo", DHCP_PORT_SERVER, &fd), raw = io_raw_open(va.index, DHCP_PORT_SERVER, &fd);
    drop_capabilities(false);
    assert_int_equal(udp, ERR_DENIED);
    assert_int_equal(raw, ERR_DENIED);
    assert_int_equal(fd, -1);
}

static void set_neighbour(ip4 addr, const struct hw_addr *hw)
{
    struct nl_sock *sock = open_netlink();
    struct rtnl_neigh *neigh = rtnl_neigh_alloc();
    struct nl_addr *dst = build_addr(addr, 32), *ll = nl_addr_build(AF_LLC, hw->bytes, hw->len);
    rtnl_neigh_set_ifindex(neigh, vb.index);
    rtnl_neigh_set_dst(neigh, dst);
    rtnl_neigh_set_lladdr(neigh, ll);
    rtnl_neigh_set_state(neigh, NUD_PERMANENT);
    assert_int_equal(rtnl_neigh_add(sock, neigh, NLM_F_CREATE | NLM_F_REPLACE), 0);
    nl_addr_put(dst);
    nl_addr_put(ll);
    rtnl_neigh_put(neigh);
    close_netlink(sock);
}

static void wait_drained(int fd)
{
    for (int waited_ms = 0; !io_udp_is_drained(fd); waited_ms++) {
        assert_true(waited_ms < WAIT_MS);
        poll(NULL, 0, 1);
    }
}

/* A client that closes its socket right after a RELEASE would lose it where the server's hardware address is
 * not known. */
static void a_datagram_that_waits_for_arp_has_not_left(void **state)
{
    (void)state;
    assert_true(io_udp_is_drained(udp_b));
    udp_send(0, IP4_BROADCAST, "to all");
    wait_drained(udp_b);
    udp_send(0, ADDR_NOBODY, "to nobody");
    assert_false(io_udp_is_drained(udp_b));
    stand_in(ns_b);
    set_neighbour(ADDR_NOBODY, &va.hw);
    wait_drained(udp_b);
}

/* ---- raw frames ---- */

static int raw_a, raw_b; /* a receives for the server's port, b only sends */
static uint8_t frame[FRAME_MAX + 64];
static size_t frame_len;

static int open_raw(void **state)
{
    stand_in(ns_b);
    int rc = io_raw_open(vb.index, 0, &raw_b);
    stand_in(ns_a);
    return rc < 0 ? rc : io_raw_open(va.index, DHCP_PORT_SERVER, &raw_a) | stand_at_start(state);
}

static int close_raw(void **state)
{
    close(raw_a);
    close(raw_b);
    return stand_at_start(state);
}

static int open_both(void **state)
{
    int rc = open_udp(state);
    return rc < 0 ? rc : open_raw(state);
}

static int close_both(void **state)
{
    close_udp(state);
    return close_raw(state);
}

static void raw_send(const struct packet *p)
{
    assert_int_equal(io_raw_send(raw_b, vb.index, p), 0);
}

/* The frame to spoil. */
static void start_frame(const char *text)
{
    struct packet p = packet_to(IP4_BROADCAST, DHCP_PORT_SERVER, text);
    memset(frame, 0, sizeof frame);
    frame_len = frame_encode(&p, frame, sizeof frame);
    assert_int_not_equal(frame_len, 0);
}

static void mend_ip(void)
{
    uint8_t *ip = frame + FRAME_ETH_LEN;
    ip[10] = ip[11] = 0;
    uint16_t sum = frame_sum_finish(frame_sum(0, ip, (ip[0] & 15U) * 4U));
    ip[10] = (uint8_t)(sum >> 8);
    ip[11] = (uint8_t)sum;
}

static void send_frame(void)
{
    struct sockaddr_ll to = {.sll_family = AF_PACKET,
                             .sll_protocol = htons(ETH_P_IP),
                             .sll_ifindex = vb.index,
                             .sll_halen = ETH_ALEN};
    assert_int_equal(sendto(raw_b, frame, frame_len, 0, (struct sockaddr *)&to, sizeof to), frame_len);
}

static enum reason raw_receive(void)
{
    enum reason reason = REASON_COUNT;
    wait_for(raw_a);
    assert_int_equal(io_raw_recv(raw_a, buf, sizeof buf, &got, &reason), 1);
    return reason;
}

/* Everything that was sent before has passed by, unseen: frames of a link keep their order. */
static void assert_nothing_before(const char *text)
{
    struct packet p = packet_to(IP4_BROADCAST, DHCP_PORT_SERVER, text);
    raw_send(&p);
    assert_int_equal(raw_receive(), REASON_NONE);
    assert_int_equal(got.len, strlen(text));
    assert_memory_equal(got.bytes, text, got.len);
    enum reason reason;
    assert_int_equal(io_raw_recv(raw_a, buf, sizeof buf, &got, &reason), 0);
}

static void a_frame_to_the_port_comes_with_all_addresses(void **state)
{
    (void)state;
    struct packet p = packet_to(IP4_BROADCAST, DHCP_PORT_SERVER, "to all");
    raw_send(&p);
    assert_int_equal(raw_receive(), REASON_NONE);
    assert_true(hw_equal(&got.src_hw, &vb.hw));
    assert_true(hw_equal(&got.dst_hw, &p.dst_hw));
    assert_int_equal(got.src, 0);
    assert_int_equal(got.dst, IP4_BROADCAST);
    assert_int_equal(got.sport, DHCP_PORT_CLIENT);
    assert_int_equal(got.dport, DHCP_PORT_SERVER);
    assert_int_equal(got.len, 6);
    assert_memory_equal(got.bytes, "to all", 6);

    /* RFC 2131 4.1: to an address that the host does not have yet */
    p = packet_to(ADDR_NOBODY, DHCP_PORT_SERVER, "to one");
    p.dst_hw = va.hw;
    raw_send(&p);
    assert_int_equal(raw_receive(), REASON_NONE);
    assert_true(hw_equal(&got.dst_hw, &va.hw));
    assert_int_equal(got.dst, ADDR_NOBODY);
}

static void frames_to_other_ports_do_not_come(void **state)
{
    (void)state;
    static const uint16_t ports[] = {0, 66, 68, 69, 67 << 8, 65535};
    for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++) {
        struct packet p = packet_to(IP4_BROADCAST, ports[i], "other");
        p.sport = DHCP_PORT_SERVER;
        raw_send(&p);
    }
    assert_nothing_before("ours");
}

static void fragments_do_not_come(void **state)
{
    (void)state;
    static const uint8_t flags[][2] = {{0x20, 0x00}, {0x00, 0x01}, {0x1f, 0xff}, {0x3f, 0xff}};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        start_frame("fragment");
        memcpy(frame + FRAME_ETH_LEN + 6, flags[i], 2);
        mend_ip();
        send_frame();
    }
    assert_nothing_before("whole");
    start_frame("unfragmented");
    frame[FRAME_ETH_LEN + 6] = 0x40; /* may not be fragmented */
    mend_ip();
    send_frame();
    assert_int_equal(raw_receive(), REASON_NONE);
}

static void other_protocols_do_not_come(void **state)
{
    (void)state;
    start_frame("TCP");
    frame[FRAME_ETH_LEN + 9] = IPPROTO_TCP;
    mend_ip();
    send_frame();
    start_frame("ARP");
    frame[12] = 0x08;
    frame[13] = 0x06;
    send_frame();
    start_frame("IPv6");
    frame[12] = 0x86;
    frame[13] = 0xdd;
    send_frame();
    start_frame("too short for a port");
    frame_len = FRAME_ETH_LEN + FRAME_IP_LEN;
    send_frame();
    assert_nothing_before("UDP");
}

/* The port stands behind the options. */
static void the_filter_knows_ip_options(void **state)
{
    (void)state;
    start_frame("with options");
    memmove(frame + 38, frame + 34, frame_len - 34);
    memset(frame + 34, 1, 4); /* no operation */
    frame[14] = 0x46;
    frame[17] = (uint8_t)(frame[17] + 4);
    frame_len += 4;
    mend_ip();
    send_frame();
    assert_int_equal(raw_receive(), REASON_NONE);
    assert_memory_equal(got.bytes, "with options", 12);
}

/* As a switch sends while it does not know where a host is, and as is seen of a wire in promiscuous mode. */
static void frames_to_other_hosts_do_not_come(void **state)
{
    (void)state;
    struct packet p = packet_to(ADDR_A, DHCP_PORT_SERVER, "to another");
    p.dst_hw.bytes[0] = 0x02;
    raw_send(&p);
    assert_nothing_before("to all");
}

/* Puts a VLAN tag into the frame. */
static void tag_frame(uint8_t vlan)
{
    memmove(frame + 16, frame + 12, frame_len - 12);
    memcpy(frame + 12, (uint8_t[]){0x81, 0x00, 0x00, vlan}, 4);
    frame_len += 4;
}

/* The kernel takes the tag off before anybody can see it; what belongs to a VLAN is not for the wire's own
 * server. */
static void frames_of_a_vlan_do_not_come(void **state)
{
    (void)state;
    start_frame("of VLAN 5");
    tag_frame(5);
    send_frame();
    assert_nothing_before("of none");
    start_frame("with a priority only");
    tag_frame(0);
    send_frame();
    assert_int_equal(raw_receive(), REASON_NONE);
}

/* The same where the VLAN has an interface of its own. */
static void frames_of_a_vlan_interface_come_only_there(void **state)
{
    (void)state;
    struct nl_sock *sock = open_netlink();
    struct rtnl_link *link = rtnl_link_vlan_alloc();
    rtnl_link_set_name(link, "va.5");
    rtnl_link_set_link(link, va.index);
    rtnl_link_vlan_set_id(link, 5);
    int rc = rtnl_link_add(sock, link, NLM_F_CREATE | NLM_F_EXCL);
    rtnl_link_put(link);
    close_netlink(sock);
    if (rc == -NLE_OPNOTSUPP) /* a kernel without VLANs */
        skip();
    assert_int_equal(rc, 0);
    change_flags("va.5", IFF_UP, 0);
    wait_running("va.5");
    int fd;
    assert_int_equal(io_raw_open((int)if_nametoindex("va.5"), DHCP_PORT_SERVER, &fd), 0);
    start_frame("of VLAN 5");
    tag_frame(5);
    send_frame();
    wait_for(fd);
    enum reason reason;
    assert_int_equal(io_raw_recv(fd, buf, sizeof buf, &got, &reason), 1);
    assert_int_equal(reason, REASON_NONE);
    assert_nothing_before("of none");
    assert_int_equal(io_raw_recv(fd, buf, sizeof buf, &got, &reason), 0);
    close(fd);
}

/* The sender's kernel leaves the checksum to hardware that a veth pair does not have. */
static void a_datagram_of_the_kernel_is_taken_without_its_checksum(void **state)
{
    (void)state;
    udp_send(0, IP4_BROADCAST, "from a kernel");
    assert_int_equal(raw_receive(), REASON_NONE);
    assert_int_equal(got.src, ADDR_B);
    assert_int_equal(got.dst, IP4_BROADCAST);
    assert_int_equal(got.sport, DHCP_PORT_CLIENT);
    assert_memory_equal(got.bytes, "from a kernel", 13);
    assert_udp_got(ADDR_B, IP4_BROADCAST, "from a kernel"); /* the UDP socket has it, too */
}

/* RFC 1122 4.1.3.4: a datagram whose checksum is there and wrong must be discarded; so does the kernel. */
static void a_frame_with_a_wrong_checksum_has_its_reason(void **state)
{
    (void)state;
    start_frame("wrong UDP checksum");
    frame[FRAME_HEADERS - 1] ^= 1;
    send_frame();
    assert_int_equal(raw_receive(), REASON_FRAME_UDP_CHECKSUM);
    start_frame("wrong IP checksum");
    frame[FRAME_ETH_LEN + 11] ^= 1;
    send_frame();
    assert_int_equal(raw_receive(), REASON_FRAME_IP_CHECKSUM);
    start_frame("no UDP checksum");
    frame[FRAME_HEADERS - 2] = frame[FRAME_HEADERS - 1] = 0;
    send_frame();
    assert_int_equal(raw_receive(), REASON_NONE);
    assert_int_equal(io_udp_recv(udp_a, buf, sizeof buf, &got), 1);
    assert_memory_equal(got.bytes, "no UDP checksum", 15);
    assert_int_equal(io_udp_recv(udp_a, buf, sizeof buf, &got), 0);
}

static void a_frame_beyond_the_buffer_is_cut(void **state)
{
    (void)state;
    enum reason reason;
    struct packet p = packet_to(IP4_BROADCAST, DHCP_PORT_SERVER, "longer");
    raw_send(&p);
    wait_for(raw_a);
    uint8_t *small = malloc(FRAME_HEADERS + 5);
    assert_non_null(small);
    assert_int_equal(io_raw_recv(raw_a, small, FRAME_HEADERS + 5, &got, &reason), 1);
    assert_int_equal(reason, REASON_FRAME_CUT);
    free(small);
}

static void the_largest_frame_goes_and_no_larger(void **state)
{
    (void)state;
    static const uint8_t bytes[DHCP_MSG_MAX + 1] = {7};
    struct packet p = packet_to(IP4_BROADCAST, DHCP_PORT_SERVER, "");
    p.bytes = bytes;
    p.len = DHCP_MSG_MAX;
    raw_send(&p);
    assert_int_equal(raw_receive(), REASON_NONE);
    assert_int_equal(got.len, DHCP_MSG_MAX);
    p.len = DHCP_MSG_MAX + 1;
    assert_int_equal(io_raw_send(raw_b, vb.index, &p), ERR_LIMIT);
}

static void a_socket_without_a_port_hears_nothing(void **state)
{
    (void)state;
    int fd;
    enum reason reason;
    assert_int_equal(io_raw_open(va.index, 0, &fd), 0);
    assert_nothing_before("to all");
    assert_int_equal(io_raw_recv(fd, buf, sizeof buf, &got, &reason), 0);
    close(fd);
}

static void what_we_send_ourselves_does_not_come_back(void **state)
{
    (void)state;
    struct packet p = packet_to(IP4_BROADCAST, DHCP_PORT_SERVER, "our own");
    p.src_hw = va.hw;
    assert_int_equal(io_raw_send(raw_a, va.index, &p), 0);
    assert_nothing_before("of the other");
}

static void an_interface_that_is_down_is_no_broken_socket(void **state)
{
    (void)state;
    enum reason reason;
    struct packet p = packet_to(IP4_BROADCAST, DHCP_PORT_CLIENT, "down");
    p.src_hw = va.hw;
    change_flags("va", 0, IFF_UP);
    assert_int_equal(io_raw_recv(raw_a, buf, sizeof buf, &got, &reason), 0);
    assert_int_equal(io_udp_recv(udp_a, buf, sizeof buf, &got), 0);
    assert_int_equal(io_raw_send(raw_a, va.index, &p), ERR_IO);
    assert_int_equal(errno, ENETDOWN);
    struct io_iface iface;
    assert_int_equal(io_iface_find("va", &iface), 0);
    assert_false(iface.up);
    change_flags("va", IFF_UP, 0);
    wait_running("va");
    stand_in(ns_b);
    wait_running("vb");
    assert_nothing_before("up again");
}

/* ---- ARP ---- */

static int arp_a = -1, arp_b = -1;

static int open_arp(void **state)
{
    stand_in(ns_b);
    int rc = io_arp_open(vb.index, &arp_b) | io_raw_open(vb.index, 0, &raw_b);
    stand_in(ns_a);
    return rc < 0 ? rc : io_arp_open(va.index, &arp_a) | stand_at_start(state);
}

static int close_arp(void **state)
{
    close(arp_a);
    close(arp_b);
    close(raw_b);
    return stand_at_start(state);
}

/* A message of vb's that says `sender`; the kernels care for no address that nobody has. */
static struct arp arp_of_b(ip4 sender)
{
    return (struct arp){.op = ARP_REQUEST, .sender_hw = vb.hw, .sender = sender, .target = ADDR_NOBODY};
}

static struct arp arp_receive(void)
{
    struct arp m;
    enum reason reason = REASON_COUNT;
    wait_for(arp_a);
    assert_int_equal(io_arp_recv(arp_a, &m, &reason), 1);
    assert_int_equal(reason, REASON_NONE);
    return m;
}

/* As assert_nothing_before(). */
static void assert_no_arp_before(ip4 sender)
{
    struct arp m = arp_of_b(sender);
    assert_int_equal(io_arp_send(arp_b, vb.index, &m), 0);
    assert_int_equal(arp_receive().sender, sender);
    enum reason reason;
    assert_int_equal(io_arp_recv(arp_a, &m, &reason), 0);
}

static void an_arp_message_comes_as_it_was_sent(void **state)
{
    (void)state;
    struct arp m = arp_of_b(0);
    assert_int_equal(io_arp_send(arp_b, vb.index, &m), 0);
    struct arp got_arp = arp_receive();
    assert_int_equal(got_arp.op, ARP_REQUEST);
    assert_true(hw_equal(&got_arp.sender_hw, &vb.hw));
    assert_int_equal(got_arp.sender, 0);
    assert_int_equal(got_arp.target, ADDR_NOBODY);
}

static void arp_that_we_send_does_not_come_back(void **state)
{
    (void)state;
    struct arp m = arp_of_b(ADDR_NOBODY);
    m.sender_hw = va.hw;
    assert_int_equal(io_arp_send(arp_a, va.index, &m), 0);
    assert_no_arp_before(0x0a4d0064);
}

static void what_is_no_arp_for_us_does_not_come(void **state)
{
    (void)state;
    /* The octets from the EtherType to the lengths, each changed on its own; a cut frame; another's. */
    struct arp m = arp_of_b(0x0a4d0065);
    for (size_t at = 12; at < 20; at++) {
        frame_len = frame_arp_encode(&m, frame, sizeof frame);
        frame[at] ^= 0x40;
        send_frame();
    }
    frame_len = frame_arp_encode(&m, frame, sizeof frame) - 1;
    send_frame();
    frame_len = frame_arp_encode(&m, frame, sizeof frame);
    memset(frame, 2, ETH_ALEN);
    send_frame();
    start_frame("no ARP at all");
    send_frame();
    assert_no_arp_before(0x0a4d0066);
}

#define TEST_ARP(function)  cmocka_unit_test_setup_teardown(function, open_arp, close_arp)
#define TEST(function)      cmocka_unit_test_teardown(function, stand_at_start)
#define TEST_UDP(function)  cmocka_unit_test_setup_teardown(function, open_udp, close_udp)
#define TEST_RAW(function)  cmocka_unit_test_setup_teardown(function, open_raw, close_raw)
#define TEST_BOTH(function) cmocka_unit_test_setup_teardown(function, open_both, close_both)

/* With the rights of root in namespaces of our own, as root or as anybody. */
static bool may_make_namespaces(void)
{
    return unshare(CLONE_NEWNET) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_interface_is_found_by_its_name),
        TEST(an_interface_that_is_not_there_is_not_found),
        TEST(interfaces_are_listed_up_to_the_limit),
        TEST(the_last_of_many_interfaces_is_found),
        TEST(a_label_is_no_interface),
        TEST_UDP(a_datagram_tells_where_it_was_sent_to),
        TEST_UDP(a_datagram_leaves_from_the_address_that_is_asked_for),
        TEST_UDP(datagrams_come_one_by_one_and_then_none),
        TEST_UDP(a_datagram_that_is_too_long_is_not_sent),
        TEST_UDP(a_port_is_taken_once_on_an_interface),
        TEST_UDP(a_socket_that_cannot_be_says_why),
        TEST_UDP(a_datagram_that_waits_for_arp_has_not_left),
        TEST_RAW(a_frame_to_the_port_comes_with_all_addresses),
        TEST_RAW(frames_to_other_ports_do_not_come),
        TEST_RAW(fragments_do_not_come),
        TEST_RAW(other_protocols_do_not_come),
        TEST_RAW(the_filter_knows_ip_options),
        TEST_RAW(frames_to_other_hosts_do_not_come),
        TEST_RAW(frames_of_a_vlan_do_not_come),
        TEST_RAW(frames_of_a_vlan_interface_come_only_there),
        TEST_BOTH(a_datagram_of_the_kernel_is_taken_without_its_checksum),
        TEST_BOTH(a_frame_with_a_wrong_checksum_has_its_reason),
        TEST_RAW(a_frame_beyond_the_buffer_is_cut),
        TEST_RAW(the_largest_frame_goes_and_no_larger),
        TEST_RAW(a_socket_without_a_port_hears_nothing),
        TEST_RAW(what_we_send_ourselves_does_not_come_back),
        TEST_BOTH(an_interface_that_is_down_is_no_broken_socket),
        TEST_ARP(an_arp_message_comes_as_it_was_sent),
        TEST_ARP(arp_that_we_send_does_not_come_back),
        TEST_ARP(what_is_no_arp_for_us_does_not_come),
    };
    if (!may_make_namespaces()) {
        printf("skipped: network namespaces are not allowed here\n");
        return SKIPPED;
    }
    return cmocka_run_group_tests(tests, make_namespaces, NULL);
}
