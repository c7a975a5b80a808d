/* Raw sockets: which frames their filter lets through, and ARP. */
#include "tests/unit/test_io_sock.h"

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
#define TEST_RAW(function)  cmocka_unit_test_setup_teardown(function, open_raw, close_raw)
#define TEST_BOTH(function) cmocka_unit_test_setup_teardown(function, open_both, close_both)

int main(void)
{
    const struct CMUnitTest tests[] = {
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
