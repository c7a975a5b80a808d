/* What is wrong with a packet below DHCP is said where it stands: every sentence of the dissectors, from a
 * packet that is right but for one thing. */
#include "tests/unit/test_dissect.h"

/* One change of a packet: octets that are overwritten, and how many of the packet are captured. */
struct defect {
    size_t at, n;
    uint8_t octets[4];
    size_t len; /* 0: all */
    const char *warning;
};

/* The whole sentence, once. */
static void expect_sentence(const struct dissect_field *f, const char *sentence, int *n)
{
    for (; f != NULL; f = f->next) {
        *n += f->is_warning && strcmp(f->value, sentence) == 0;
        expect_sentence(f->first, sentence, n);
    }
}

static void expect_defects(int linktype, const uint8_t *bytes, size_t len, const struct defect *rows,
                           size_t n_rows)
{
    read_packet(linktype, bytes, len);
    assert_int_equal(d.n_warnings, 0);
    for (size_t i = 0; i < n_rows; i++) {
        uint8_t copy[128];
        int n = 0;
        assert_true(len <= sizeof copy);
        memcpy(copy, bytes, len);
        memcpy(copy + rows[i].at, rows[i].octets, rows[i].n);
        read_packet(linktype, copy, rows[i].len != 0 ? rows[i].len : len);
        expect_sentence(d.tree, rows[i].warning, &n);
        if (n != 1)
            fail_msg("said %d times: %s", n, rows[i].warning);
    }
}

#define EXPECT_DEFECTS(linktype, bytes, len, rows)                                                           \
    expect_defects(linktype, bytes, len, rows, sizeof(rows) / sizeof(rows)[0])

static void of_ethernet_ip_and_udp(void **state)
{
    (void)state;
    static const struct defect rows[] = {
        {.len = 10, .warning = "cut: an Ethernet header has at least 14 octets, here are 10"},
        {6, 1, {3}, 0, "the sender's address is a group address"},
        {12, 2, {0x81, 0}, 16, "cut: a VLAN tag has at least 4 octets, here are 2"},
        {12, 2, {0, 33}, 0, "cut: the frame has 33 octets, here are 32"},
        {.len = 33, .warning = "cut: an IPv4 header has at least 20 octets, here are 19"},
        {14, 1, {0x65}, 0, "no IPv4 header: version 6, header length 20, total length 32"},
        {14, 1, {0x44}, 0, "no IPv4 header: version 4, header length 16, total length 32"},
        {16, 2, {0, 19}, 0, "no IPv4 header: version 4, header length 20, total length 19"},
        {14, 4, {0x4f, 0, 0, 60}, 0, "cut: this IPv4 header has at least 60 octets, here are 32"},
        {16, 2, {0, 0}, 0, "the total length is 0: left to hardware by the host that captured it?"},
        {16, 2, {0, 33}, 0, "cut: the datagram has 33 octets, captured were 32"},
        {20, 2, {0x80, 0}, 0, "the reserved flag is set"},
        {20, 2, {0x60, 0}, 0, "a fragment of what must not be fragmented"},
        {20, 2, {0x20, 0}, 0, "all fragments but the last have a multiple of 8 octets, this one 12"},
        {20, 2, {0x1f, 0xff}, 0, "the fragment ends behind the longest datagram that there can be"},
        {23, 1, {1}, 41, "cut: an ICMP header has at least 8 octets, here are 7"},
        {.len = 41, .warning = "cut: a UDP header has at least 8 octets, here are 7"},
        {38, 2, {0, 7}, 0, "the length is less than that of the header, 8"},
        {38, 2, {0, 13}, 0, "cut: the length is 13, and 12 octets are here"},
    };
    /* Ethernet, IPv4 from 14 on, 32 octets in all, UDP from 34 on, 9 > 9, "abcd" */
    size_t len = udp_frame(9, 9, "abcd", 4);
    assert_int_equal(len, 46);
    EXPECT_DEFECTS(DISSECT_LINK_ETHERNET, frame, len, rows);
}

static void of_other_links(void **state)
{
    (void)state;
    static const uint8_t bytes[20];
    static const struct {
        int linktype;
        size_t len;
        const char *warning;
    } rows[] = {
        {DISSECT_LINK_SLL, 15, "cut: a Linux cooked header has at least 16 octets, here are 15"},
        {DISSECT_LINK_SLL2, 19, "cut: a Linux cooked header, version 2, has at least 20 octets, here are 19"},
        {DISSECT_LINK_NULL, 3, "cut: a loopback header has at least 4 octets, here are 3"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int n = 0;
        read_packet(rows[i].linktype, bytes, rows[i].len);
        expect_sentence(d.tree, rows[i].warning, &n);
        assert_int_equal(n, 1);
    }
}

static void of_arp(void **state)
{
    (void)state;
    static const struct defect rows[] = {
        {.len = 21, .warning = "cut: an ARP header has at least 8 octets, here are 7"},
        {18, 1, {8}, 0, "not of IPv4 over Ethernet, so that the addresses are not read"},
        {.len = 41, .warning = "cut: ARP for IPv4 over Ethernet has at least 28 octets, here are 27"},
        {22, 1, {4}, 0, "the frame comes from another hardware address than the message says"},
    };
    /* to everybody, from 02:00:5e:10:00:01, ARP; Ethernet and IPv4, 6 and 4 octets, request, from
     * 02:00:5e:10:00:01 10.77.0.10, for 10.77.0.1 */
    static const uint8_t bytes[42] = {255, 255, 255, 255, 255, 255, 2, 0, 0x5e, 0x10, 0,    1,    8, 6,
                                      0,   1,   8,   0,   6,   4,   0, 1, 2,    0,    0x5e, 0x10, 0, 1,
                                      10,  77,  0,   10,  0,   0,   0, 0, 0,    0,    10,   77,   0, 1};
    EXPECT_DEFECTS(DISSECT_LINK_ETHERNET, bytes, sizeof bytes, rows);
}

static void of_tcp(void **state)
{
    (void)state;
    static const struct defect rows[] = {
        {.len = 39, .warning = "cut: a TCP header has at least 20 octets, here are 19"},
        {32, 1, {0x40}, 0, "the header length is 16, less than 20"},
        {32, 1, {0x70}, 0, "cut: this TCP header has at least 28 octets, here are 24"},
        {36,
         2,
         {0, 0},
         0,
         "the checksum is wrong; a host leaves it to its network card, and a capture on that host sees it "
         "half made"},
        {40, 1, {3}, 0, "option 3 has 3 octets, here 4"},
    };
    /* IPv4, 20 octets, 44 in all, TCP, 10.77.0.10 > 10.77.0.1; 1024 > 80, seq 1, 24 octets of header, SYN,
     * window 64240; MSS 1460 */
    static const uint8_t bytes[44] = {0x45, 0,  0,    44, 0,    1,    64,   0,  64, 6, 0x26, 0x27, 10, 77,  0,
                                      10,   10, 77,   0,  1,    4,    0,    0,  80, 0, 0,    0,    1,  0,   0,
                                      0,    0,  0x60, 2,  0xfa, 0xf0, 0x84, 64, 0,  0, 2,    4,    5,  0xb4};
    EXPECT_DEFECTS(DISSECT_LINK_RAW, bytes, sizeof bytes, rows);
    uint8_t copy[sizeof bytes];
    memcpy(copy, bytes, sizeof bytes);
    copy[32] = 0x40;
    read_packet(DISSECT_LINK_RAW, copy, sizeof copy);
    assert_false(d.tcp.found);
}

static void of_what_stands_behind_a_hardware_address(void **state)
{
    (void)state;
    start(DHCP_BOOTREQUEST, DHCP_DISCOVER);
    msg.chaddr[15] = 1;
    read_message();
    expect_warning("the octets of chaddr behind the address are not 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(of_ethernet_ip_and_udp, set_up, tear_down),
        cmocka_unit_test_setup_teardown(of_other_links, set_up, tear_down),
        cmocka_unit_test_setup_teardown(of_arp, set_up, tear_down),
        cmocka_unit_test_setup_teardown(of_tcp, set_up, tear_down),
        cmocka_unit_test_setup_teardown(of_what_stands_behind_a_hardware_address, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
