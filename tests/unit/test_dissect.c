/* The dissector below DHCP: link, ARP, IP, UDP, TCP, and what is told of HTTP and IPv6. */
#include "tests/unit/test_dissect.h"

/* ---- link ---- */

/* The same datagram behind every header: 10.77.0.10 > 10.77.0.1, UDP 9 > 9, "hello". */
static void test_every_link_type_leads_to_the_datagram(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct {
        int linktype;
        size_t len;
        uint8_t head[24];
    } rows[] = {
        /* destination, source, type IPv4 */
        {DISSECT_LINK_ETHERNET, 14, {2,0,0x5e,0x10,0,2, 2,0,0x5e,0x10,0,1, 8,0}},
        /* the same with an outer tag of VLAN 100 and an inner of VLAN 42, priority 5 */
        {DISSECT_LINK_ETHERNET, 22, {2,0,0x5e,0x10,0,2, 2,0,0x5e,0x10,0,1, 0x88,0xa8,0,100, 0x81,0,0xa0,42, 8,0}},
        /* sent by this host, ARPHRD_ETHER, six octets of address and two of padding, IPv4 */
        {DISSECT_LINK_SLL, 16, {0,4, 0,1, 0,6, 2,0,0x5e,0x10,0,1,0,0, 8,0}},
        /* IPv4, reserved, interface 3, ARPHRD_ETHER, sent by this host, six octets of address, padding */
        {DISSECT_LINK_SLL2, 20, {8,0, 0,0, 0,0,0,3, 0,1, 4, 6, 2,0,0x5e,0x10,0,1,0,0}},
        /* AF_INET, little-endian */
        {DISSECT_LINK_NULL, 4, {2,0,0,0}},
        /* AF_INET, network order */
        {DISSECT_LINK_LOOP, 4, {0,0,0,2}},
        {DISSECT_LINK_RAW, 0, {0}},
        {DISSECT_LINK_IPV4, 0, {0}},
    };
    /* clang-format on */
    size_t len = udp_frame(9, 9, "hello", 5) - FRAME_ETH_LEN;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t bytes[128];
        memcpy(bytes, rows[i].head, rows[i].len);
        memcpy(bytes + rows[i].len, frame + FRAME_ETH_LEN, len);
        read_packet(rows[i].linktype, bytes, rows[i].len + len);
        assert_true(dissect_link_is_known(rows[i].linktype));
        expect("ip/src", rows[i].len + 12, 4, "10.77.0.10");
        expect("udp/dstport", rows[i].len + 22, 2, "9");
        expect("data", rows[i].len + 28, 5, "68:65:6c:6c:6f");
        assert_int_equal(d.n_warnings, 0);
        if (rows[i].len == 22) {
            expect("vlan/id", 14, 2, "100");
            assert_int_equal(d.link.n_vlans, 2);
            assert_int_equal(d.link.vlans[1], 42);
        }
    }
    assert_false(dissect_link_is_known(9));
    read_packet(9, frame, 4);
    expect_warning("link type 9");
}

/* ---- ARP ---- */

static void test_arp_says_what_it_is_for(void **state)
{
    (void)state;
    static const struct {
        enum arp_op op;
        ip4 sender, target;
        enum dissect_arp_kind kind;
        const char *line;
    } rows[] = {
        {ARP_REQUEST, 0x0a4d000a, 0x0a4d0001, DISSECT_ARP_REQUEST,
         "who has 10.77.0.1? tell 10.77.0.10 (02:00:5e:10:00:01)"},
        {ARP_REPLY, 0x0a4d000a, 0x0a4d0001, DISSECT_ARP_REPLY, "10.77.0.10 is at 02:00:5e:10:00:01"},
        {ARP_REQUEST, 0, 0x0a4d0001, DISSECT_ARP_PROBE,
         "probe: does anybody use 10.77.0.1? (02:00:5e:10:00:01)"},
        {ARP_REQUEST, 0x0a4d000a, 0x0a4d000a, DISSECT_ARP_ANNOUNCEMENT,
         "announcement: 10.77.0.10 is now at 02:00:5e:10:00:01"},
        {ARP_REPLY, 0x0a4d000a, 0x0a4d000a, DISSECT_ARP_ANNOUNCEMENT,
         "announcement: 10.77.0.10 is now at 02:00:5e:10:00:01"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct arp m = {rows[i].op, client_hw, rows[i].sender, {1, 6, {0}}, rows[i].target};
        char line[128];
        read_packet(DISSECT_LINK_ETHERNET, frame, frame_arp_encode(&m, frame, sizeof frame));
        assert_int_equal(d.arp.kind, rows[i].kind);
        dissect_summary(&d, line, sizeof line);
        assert_string_equal(line, rows[i].line);
        expect("arp/sender_hw", 22, 6, "02:00:5e:10:00:01");
        assert_int_equal(d.n_warnings, 0);
    }
    frame[22] ^= 4; /* the sender in the message is not that of the frame */
    read_packet(DISSECT_LINK_ETHERNET, frame, FRAME_ARP_LEN);
    expect_warning("another hardware address");
}

/* ---- IPv4, UDP ---- */

static void test_wrong_checksums_are_told_with_the_right_ones(void **state)
{
    (void)state;
    char words[64];
    size_t len = udp_frame(9, 9, "hello", 5);
    unsigned ip_sum = frame[24] * 256U + frame[25], udp_sum = frame[40] * 256U + frame[41];
    read_packet(DISSECT_LINK_ETHERNET, frame, len);
    assert_int_equal(d.ip.checksum, DISSECT_SUM_GOOD);
    assert_int_equal(d.udp.checksum, DISSECT_SUM_GOOD);
    frame[24] ^= 0x12;
    frame[41] ^= 0x34;
    read_packet(DISSECT_LINK_ETHERNET, frame, len);
    snprintf(words, sizeof words, "header checksum is 0x%04x and should be 0x%04x", ip_sum ^ 0x1200, ip_sum);
    expect_warning(words);
    snprintf(words, sizeof words, "checksum is 0x%04x and should be 0x%04x", udp_sum ^ 0x34, udp_sum);
    expect_warning(words);
    assert_int_equal(d.n_warnings, 2);
    frame[40] = frame[41] = 0;
    read_packet(DISSECT_LINK_ETHERNET, frame, len);
    assert_int_equal(d.udp.checksum, DISSECT_SUM_NONE);
}

static void test_a_fragment_shows_its_arithmetic(void **state)
{
    (void)state;
    /* IPv4, 20 octets of header, 28 in all, id 0x1234, MF and offset 185 x 8 = 1480, TTL 64, ICMP, checksum,
     * 10.77.0.10 > 10.77.0.1; eight octets of the middle of something */
    uint8_t bytes[] = {0x45, 0,  0,  28, 0x12, 0x34, 0x20, 185,  64,   1,    0,    0,    10,   77,
                       0,    10, 10, 77, 0,    1,    0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa};
    uint16_t sum = frame_sum_finish(frame_sum(0, bytes, 20));
    bytes[10] = (uint8_t)(sum >> 8);
    bytes[11] = (uint8_t)sum;
    read_packet(DISSECT_LINK_RAW, bytes, sizeof bytes);
    expect("ip/frag_offset", 6, 2, "1480");
    assert_string_equal(get("ip/frag_offset")->meaning,
                        "185 x 8 = 1480: octets 1480 to 1487 of the datagram's payload");
    assert_true(d.ip.more);
    assert_false(d.icmp.found);
    expect("fragment", 20, 8, "aa:aa:aa:aa:aa:aa:aa:aa");
    char line[128];
    dissect_summary(&d, line, sizeof line);
    assert_string_equal(line, "10.77.0.10 > 10.77.0.1  fragment of 0x1234, octets 1480 to 1487, more follow");
}

/* An echo request of two octets inside of "port unreachable". */
static void test_an_icmp_error_names_its_cause(void **state)
{
    (void)state;
    uint8_t inner[64],
        bytes[128] = {0x45, 0, 0, 56, 0, 1, 0, 0, 64, 1, 0, 0, 10, 77, 0, 1, 10, 77, 0, 10, 3, 3};
    udp_frame(1024, 9, "hello", 5);
    memcpy(inner, frame + FRAME_ETH_LEN, 28);
    memcpy(bytes + 28, inner, 28);
    uint16_t sum = frame_sum_finish(frame_sum(0, bytes, 20));
    bytes[10] = (uint8_t)(sum >> 8);
    bytes[11] = (uint8_t)sum;
    sum = frame_sum_finish(frame_sum(0, bytes + 20, 36));
    bytes[22] = (uint8_t)(sum >> 8);
    bytes[23] = (uint8_t)sum;
    read_packet(DISSECT_LINK_RAW, bytes, 56);
    assert_int_equal(d.n_warnings, 0);
    expect("icmp/type", 20, 1, "3");
    assert_string_equal(get("icmp/code")->meaning, "port unreachable: no program listens there");
    expect("icmp/quoted/dst", 28 + 16, 4, "10.77.0.1");
    expect("icmp/quoted/dstport", 28 + 22, 2, "9");
    assert_int_equal(d.ip.src, 0x0a4d0001); /* still of the outer header */
}

/* Each kind of ICMP: type, code, the four octets behind the checksum and eight more, and what is said. */
static void test_icmp_kinds(void **state)
{
    (void)state;
    static const struct {
        uint8_t type, code, rest[12];
        const char *code_meaning, *path, *value;
    } rows[] = {
        {8, 0, {0, 7, 0, 1}, NULL, "icmp/ident", "7"},
        {0, 0, {0, 7, 0, 9}, NULL, "icmp/seq", "9"},
        {3, 0, {0}, "network unreachable", "icmp/type", "3"},
        {3, 1, {0}, "host unreachable", "icmp/code", "1"},
        {3, 4, {0, 0, 5, 0xdc}, "fragmentation needed, and DF is set", "icmp/mtu", "1500"},
        {3, 13, {0}, "communication administratively prohibited", "icmp/code", "13"},
        {5, 1, {10, 77, 0, 1}, "for the host", "icmp/gateway", "10.77.0.1"},
        {11, 0, {0}, "the TTL became 0 on the way", "icmp/type", "11"},
        {11, 1, {0}, "not all fragments came in time", "icmp/code", "1"},
        {12, 0, {20}, "the pointer tells where", "icmp/pointer", "20"},
        {12, 1, {0}, "an option is missing", "icmp/code", "1"},
        {13, 0, {0, 1, 0, 2, 0, 0, 3, 0xe8}, NULL, "icmp/originate", "1000"},
        {14, 0, {0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 7, 0xd0}, NULL, "icmp/receive", "2000"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        /* IPv4, 20 octets, 40 in all, TTL 64, ICMP, 10.77.0.1 > 10.77.0.10 */
        uint8_t bytes[40] = {0x45, 0, 0, 40, 0, 1, 0, 0, 64, 1, 0, 0, 10, 77, 0, 1, 10, 77, 0, 10};
        uint16_t sum = frame_sum_finish(frame_sum(0, bytes, 20));
        bytes[10] = (uint8_t)(sum >> 8);
        bytes[11] = (uint8_t)sum;
        bytes[20] = rows[i].type;
        bytes[21] = rows[i].code;
        memcpy(bytes + 24, rows[i].rest, sizeof rows[i].rest);
        sum = frame_sum_finish(frame_sum(0, bytes + 20, 20));
        bytes[22] = (uint8_t)(sum >> 8);
        bytes[23] = (uint8_t)sum;
        read_packet(DISSECT_LINK_RAW, bytes, sizeof bytes);
        const struct dissect_field *f = find(rows[i].path), *code = find("icmp/code");
        assert_non_null(f);
        assert_string_equal(f->value, rows[i].value);
        assert_string_equal(get("icmp/checksum")->meaning, "correct");
        if (rows[i].code_meaning == NULL)
            assert_null(code->meaning);
        else
            assert_string_equal(code->meaning, rows[i].code_meaning);
    }
}

static void test_options_of_ip(void **state)
{
    (void)state;
    /* IPv4, 56 octets of header and nothing else, TTL 64, protocol 17, 10.77.0.10 > 10.77.0.1; record route
     * of 11 octets, pointer 8, 10.0.0.1 and an empty place; no-operation; timestamp of 12 octets, pointer 13,
     * overflow 1, flag 1: 10.0.0.2 at 1000 ms; router alert 0; strict source route of 7 octets, pointer
     * 4, 10.0.0.3; end */
    uint8_t bytes[56] = {0x4e, 0, 0,  56, 0,    1,    0,   0, 64, 17, 0,   0, 10, 77, 0,  10, 10,   77, 0,
                         1,    7, 11, 8,  10,   0,    0,   1, 0,  0,  0,   0, 1,  68, 12, 13, 0x11, 10, 0,
                         0,    2, 0,  0,  0x03, 0xe8, 148, 4, 0,  0,  137, 7, 4,  10, 0,  0,  3,    0};
    uint16_t sum = frame_sum_finish(frame_sum(0, bytes, 56));
    bytes[10] = (uint8_t)(sum >> 8);
    bytes[11] = (uint8_t)sum;
    read_packet(DISSECT_LINK_RAW, bytes, sizeof bytes);
    expect("ip/options/record-route/pointer", 22, 1, "8");
    expect("ip/options/record-route/address", 23, 4, "10.0.0.1");
    expect("ip/options/no-operation", 31, 1, "1");
    expect("ip/options/timestamp/overflow", 35, 1, "1");
    expect("ip/options/timestamp/address", 36, 4, "10.0.0.2");
    expect("ip/options/timestamp/time", 40, 4, "1000");
    expect("ip/options/router-alert/value", 46, 2, "0");
    expect("ip/options/strict-source-route/address", 51, 4, "10.0.0.3");
    expect("ip/options/end", 55, 1, "0");
    assert_false(has_warning(find("ip/options"), ""));
    bytes[21] = 40; /* the length of the first option */
    read_packet(DISSECT_LINK_RAW, bytes, sizeof bytes);
    expect_warning("an option runs past the end");
}

/* ---- TCP, HTTP ---- */

static void test_every_option_and_flag_of_tcp(void **state)
{
    (void)state;
    /* IPv4, 20 octets, 84 in all, TCP, 10.77.0.10 > 10.77.0.1; 1024 > 80, seq 1, ack 2, 60 octets of header,
     * all flags, window 1; no-operation twice, SACK of two blocks; fast open with a cookie of 4; SACK of a
     * length that cannot be; unknown kind 253; user timeout; end */
    static const uint8_t bytes[84] = {0x45, 0,    0, 84, 0, 1, 0x40, 0,   64, 6, 0,  0,  10,   77, 0, 10,
                                      10,   77,   0, 1,  4, 0, 0,    80,  0,  0, 0,  1,  0,    0,  0, 2,
                                      0xf0, 0xff, 0, 1,  0, 0, 0,    0,   1,  1, 5,  18, 0,    0,  0, 10,
                                      0,    0,    0, 20, 0, 0, 0,    30,  0,  0, 0,  40, 34,   6,  1, 2,
                                      3,    4,    5, 5,  0, 0, 0,    253, 3,  9, 28, 4,  0x80, 5,  0};
    read_packet(DISSECT_LINK_RAW, bytes, sizeof bytes);
    assert_string_equal(get("tcp/flags")->meaning, "FIN,SYN,RST,PSH,ACK,URG,ECE,CWR");
    expect("tcp/sack/block", 44, 8, "10-20");
    assert_string_equal(get("tcp/sack/block")->next->value, "30-40");
    expect("tcp/fast-open/cookie", 62, 4, "01:02:03:04");
    expect("tcp/unknown-option", 71, 3, "253");
    expect("tcp/user-timeout", 74, 4, "5 min");
    expect("tcp/end", 78, 1, "0");
    expect_warning("SACK has 2 octets and 8 for each block, here 5");
}

static void test_tcp_options_and_the_request_line(void **state)
{
    (void)state;
    /* IPv4, 20 octets, 78 in all, TCP, 10.77.0.10 > 10.77.0.1; 1024 > 80, seq 1000, ack 0, 40 octets of
     * header, SYN and PSH, window 64240; MSS 1460, SACK permitted, timestamps 1 and 0, no-operation, window
     * scale 7; "GET / HTTP/1.1", CR, LF, 2 octets */
    static const uint8_t bytes[] = {
        0x45, 0,   0,   78,   0,   1,   0x40, 0,    64,  6,   0,   0,   10,   77,   0,    10,   10,  77, 0, 1,
        4,    0,   0,   80,   0,   0,   0x03, 0xe8, 0,   0,   0,   0,   0xa0, 0x0a, 0xfa, 0xf0, 0,   0,  0, 0,
        2,    4,   5,   0xb4, 4,   2,   8,    10,   0,   0,   0,   1,   0,    0,    0,    0,    1,   3,  3, 7,
        'G',  'E', 'T', ' ',  '/', ' ', 'H',  'T',  'T', 'P', '/', '1', '.',  '1',  '\r', '\n', 'x', 'y'};
    read_packet(DISSECT_LINK_RAW, bytes, sizeof bytes);
    expect("tcp/flags", 33, 1, "0x0a");
    assert_string_equal(get("tcp/flags")->meaning, "SYN,PSH");
    expect("tcp/mss", 40, 4, "1460");
    expect("tcp/timestamps", 46, 10, "1, echo 0");
    expect("tcp/window-scale", 57, 3, "7");
    expect("http/request-line", 60, 14, "GET / HTTP/1.1");
    assert_string_equal(d.protocol, "HTTP");
    assert_int_equal(d.tcp.segment_len, 18);
    expect_warning("the checksum is wrong");
}

static void test_headers_of_http(void **state)
{
    (void)state;
    /* IPv4, 20 octets, 74 in all, TCP, 10.77.0.10 > 10.77.0.1; 1024 > 80, seq 1, ack 2, 20 octets of header,
     * PSH and ACK, window 1; "HTTP/1.1 200", two headers, the second without its CR, the empty line, 8 octets
     * that look like a header; 2 octets behind the datagram */
    static const uint8_t bytes[] = {0x45, 0,    0,   74,  0,   1,    0x40, 0,    64,   6,   0,   0,    10,
                                    77,   0,    10,  10,  77,  0,    1,    4,    0,    0,   80,  0,    0,
                                    0,    1,    0,   0,   0,   2,    0x50, 0x18, 0,    1,   0,   0,    0,
                                    0,    'H',  'T', 'T', 'P', '/',  '1',  '.',  '1',  ' ', '2', '0',  '0',
                                    '\r', '\n', 'A', ':', '1', '\r', '\n', 'B',  ':',  ' ', 'z', '\n', '\r',
                                    '\n', 'x',  'y', 'C', ':', '2',  '\r', '\n', '\n', '!', '!'};
    read_packet(DISSECT_LINK_RAW, bytes, 74);
    expect("http/status-line", 40, 12, "HTTP/1.1 200");
    expect("http/header", 54, 3, "A:1");
    assert_string_equal(get("http/header")->next->value, "B: z");
    expect("http/rest", 66, 8, "78:79:43:3a:32:0d:0a:0a");
}

/* A host tells whom it listens to, with a router alert in front: the way of every host that has just come up.
 */
static void test_ipv6_tells_who_speaks_to_whom(void **state)
{
    (void)state;
    /* IPv6, 28 octets behind the header, hop-by-hop options, hop limit 1, fe80::2 > ff02::16; ICMPv6 next, no
     * more than 8 octets: router alert for MLD, PadN; 143, and the rest of the report */
    static const uint8_t bytes[68] = {0x60, 0, 0, 0, 0, 28, 0,   1, 0xfe, 0x80, 0,    0,    0,  0,
                                      0,    0, 0, 0, 0, 0,  0,   0, 0,    2,    0xff, 2,    0,  0,
                                      0,    0, 0, 0, 0, 0,  0,   0, 0,    0,    0,    0x16, 58, 0,
                                      5,    2, 0, 0, 1, 0,  143, 0, 1,    2,    0,    0,    0,  1};
    char line[128];
    read_packet(DISSECT_LINK_RAW, bytes, sizeof bytes);
    assert_string_equal(d.protocol, "IPv6");
    expect("ipv6/payload_len", 4, 2, "28");
    expect("ipv6/next_header", 6, 1, "0");
    expect("ipv6/src", 8, 16, "fe80::2");
    expect("ipv6/dst", 24, 16, "ff02::16");
    dissect_summary(&d, line, sizeof line);
    assert_string_equal(line, "fe80::2 > ff02::16  ICMPv6 listener report");
    read_packet(DISSECT_LINK_RAW, bytes, 44); /* what is behind the header is cut */
    dissect_summary(&d, line, sizeof line);
    assert_string_equal(line, "fe80::2 > ff02::16  next header 0");
    read_packet(DISSECT_LINK_RAW, bytes, 39);
    expect_warning("an IPv6 header");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_link_type_leads_to_the_datagram, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_arp_says_what_it_is_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_wrong_checksums_are_told_with_the_right_ones, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_fragment_shows_its_arithmetic, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_icmp_error_names_its_cause, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_icmp_kinds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_options_of_ip, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_every_option_and_flag_of_tcp, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_tcp_options_and_the_request_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_headers_of_http, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ipv6_tells_who_speaks_to_whom, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
