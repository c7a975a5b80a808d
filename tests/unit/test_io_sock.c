/* What a user has of io_sock without raw frames: interfaces and UDP. */
#include "tests/unit/test_io_sock.h"

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

/* ---- ARP ---- */

#define TEST(function)     cmocka_unit_test_teardown(function, stand_at_start)
#define TEST_UDP(function) cmocka_unit_test_setup_teardown(function, open_udp, close_udp)

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
    };
    if (!may_make_namespaces()) {
        printf("skipped: network namespaces are not allowed here\n");
        return SKIPPED;
    }
    return cmocka_run_group_tests(tests, make_namespaces, NULL);
}
