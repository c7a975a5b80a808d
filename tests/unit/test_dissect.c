/* The dissector: what it names, where it stands, what it complains about. Every packet here is read at every
 * shorter length, too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/dissect.h"
#include "common/frame.h"

static struct arena arena;
static struct dissect d;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

/* Each prefix is a copy of its own, so that a sanitizer sees a read behind its end. */
static void read_shorter(int linktype, const uint8_t *bytes, size_t len)
{
    for (size_t n = 0; n < len; n++) {
        uint8_t *cut = malloc(n + 1);
        assert_non_null(cut);
        memcpy(cut, bytes, n);
        dissect_init(&d, &arena);
        dissect_packet(&d, linktype, cut, n);
        assert_int_equal(d.len, n);
        arena_reset(&arena);
        free(cut);
    }
}

static void read_packet(int linktype, const uint8_t *bytes, size_t len)
{
    read_shorter(linktype, bytes, len);
    dissect_init(&d, &arena);
    dissect_packet(&d, linktype, bytes, len);
    assert_false(d.out_of_memory);
}

/* The field of a path such as "udp/checksum"; NULL if there is none. */
static const struct dissect_field *find(const char *path)
{
    char copy[128], *rest = NULL;
    const struct dissect_field *at = d.tree;
    snprintf(copy, sizeof copy, "%s", path);
    for (char *name = strtok_r(copy, "/", &rest); name != NULL && at != NULL;
         name = strtok_r(NULL, "/", &rest)) {
        at = at->first;
        while (at != NULL && strcmp(at->name, name) != 0)
            at = at->next;
    }
    return at;
}

static void expect(const char *path, size_t offset, size_t len, const char *value)
{
    const struct dissect_field *f = find(path);
    if (f == NULL)
        fail_msg("there is no %s", path);
    else if (f->offset != offset || f->len != len || strcmp(f->value, value) != 0)
        fail_msg("%s is \"%s\" at %zu, %zu octets; not \"%s\" at %zu, %zu", path, f->value, f->offset, f->len,
                 value, offset, len);
}

static bool has_warning(const struct dissect_field *f, const char *words)
{
    for (; f != NULL; f = f->next)
        if ((f->is_warning && strstr(f->value, words) != NULL) || has_warning(f->first, words))
            return true;
    return false;
}

static void expect_warning(const char *words)
{
    if (!has_warning(d.tree, words))
        fail_msg("nothing warns: %s", words);
}

/* ---- builders ---- */

static const struct hw_addr client_hw = {1, 6, {2, 0, 0x5e, 0x10, 0, 1}};
static const struct hw_addr server_hw = {1, 6, {2, 0, 0x5e, 0x10, 0, 2}};
static uint8_t frame[FRAME_MAX];

static size_t udp_frame(uint16_t sport, uint16_t dport, const void *bytes, size_t len)
{
    const struct packet p = {.src_hw = client_hw,
                             .dst_hw = server_hw,
                             .src = 0x0a4d000a,
                             .dst = 0x0a4d0001,
                             .sport = sport,
                             .dport = dport,
                             .bytes = bytes,
                             .len = len};
    size_t n = frame_encode(&p, frame, sizeof frame);
    assert_true(n > 0);
    return n;
}

static struct dhcp_msg msg;

static void start(uint8_t op, uint8_t type)
{
    dhcp_msg_init(&msg, op);
    msg.htype = 1;
    msg.hlen = 6;
    msg.xid = 0x3903f326;
    memcpy(msg.chaddr, client_hw.bytes, 6);
    if (type != 0)
        assert_true(dhcp_put_u8(&msg, DHCP_OPT_TYPE, type));
}

static void read_message(void)
{
    uint8_t bytes[DHCP_MSG_MAX];
    unsigned dropped;
    size_t len = dhcp_msg_encode(&msg, bytes, sizeof bytes, &dropped);
    assert_int_equal(dropped, 0);
    len = udp_frame(68, 67, bytes, len);
    dissect_init(&d, &arena);
    dissect_packet(&d, DISSECT_LINK_ETHERNET, frame, len);
}

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
    assert_string_equal(find("ip/frag_offset")->meaning,
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
    assert_string_equal(find("icmp/code")->meaning, "port unreachable: no program listens there");
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
        assert_string_equal(find("icmp/checksum")->meaning, "correct");
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
    assert_string_equal(find("tcp/flags")->meaning, "FIN,SYN,RST,PSH,ACK,URG,ECE,CWR");
    expect("tcp/sack/block", 44, 8, "10-20");
    assert_string_equal(find("tcp/sack/block")->next->value, "30-40");
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
    assert_string_equal(find("tcp/flags")->meaning, "SYN,PSH");
    expect("tcp/mss", 40, 4, "1460");
    expect("tcp/timestamps", 46, 10, "1, echo 0");
    expect("tcp/window-scale", 57, 3, "7");
    expect("http/request-line", 60, 14, "GET / HTTP/1.1");
    assert_string_equal(d.protocol, "HTTP");
    assert_int_equal(d.tcp.segment_len, 18);
    expect_warning("the checksum is wrong");
}

/* ---- DHCP ---- */

static void test_options_have_their_parts_and_places(void **state)
{
    (void)state;
    start(DHCP_BOOTREPLY, DHCP_ACK);
    msg.yiaddr = 0x0a4d000a;
    msg.giaddr = 0x0a4d0001;
    msg.hops = 1;
    dhcp_put_ip4(&msg, DHCP_OPT_SERVER_ID, 0x0a4d0001);
    dhcp_put_u32(&msg, DHCP_OPT_LEASE_TIME, 3600);
    /* 10.0.0.0/8 via 10.77.0.1 */
    dhcp_put_bytes(&msg, DHCP_OPT_CLASSLESS_ROUTES, "\x08\x0a\x0a\x4d\x00\x01", 6);
    /* "a.b" and a pointer to its "b" behind "c" */
    dhcp_put_bytes(&msg, DHCP_OPT_DOMAIN_SEARCH,
                   "\x01"
                   "a"
                   "\x01"
                   "b"
                   "\x00"
                   "\x01"
                   "c"
                   "\xc0\x02",
                   9);
    /* circuit-id "eth0" */
    dhcp_put_bytes(&msg, DHCP_OPT_RELAY_INFO,
                   "\x01\x04"
                   "eth0",
                   6);
    read_message();
    assert_true(d.has_dhcp);
    assert_int_equal(d.n_warnings, 0);
    size_t at = FRAME_HEADERS + DHCP_OPTIONS_AT;
    expect("dhcp/xid", FRAME_HEADERS + 4, 4, "0x3903f326");
    expect("dhcp/dhcp-message-type", at, 3, "ACK");
    expect("dhcp/dhcp-lease-time", at + 9, 6, "3600 s (1 h)");
    expect("dhcp/dhcp-lease-time/code", at + 9, 1, "51");
    expect("dhcp/classless-static-route/route", at + 17, 6, "10.0.0.0/8 via 10.77.0.1");
    expect("dhcp/domain-search/domain", at + 25, 5, "a.b");
    assert_string_equal(find("dhcp/domain-search/domain")->next->value, "c.b");
    assert_non_null(find("dhcp/dhcp-agent-options/circuit-id"));
}

static void test_a_split_option_names_its_pieces(void **state)
{
    (void)state;
    uint8_t value[300];
    memset(value, 'v', sizeof value);
    start(DHCP_BOOTREQUEST, DHCP_DISCOVER);
    dhcp_put_bytes(&msg, DHCP_OPT_VENDOR_SPECIFIC, value, sizeof value);
    read_message();
    size_t at = FRAME_HEADERS + DHCP_OPTIONS_AT + 3;
    expect("dhcp/vendor-encapsulated-options/piece", at, 257, "1 of 2, in options");
    expect("dhcp/vendor-encapsulated-options/piece/length", at + 1, 1, "255");
    const struct dissect_field *second = find("dhcp/vendor-encapsulated-options/piece")->next;
    assert_string_equal(second->value, "2 of 2, in options");
    assert_int_equal(second->offset, at + 257);
    assert_int_equal(second->len, 47);
}

/* 40 routes of 8 octets: 31 and 7 octets of another are in the first piece. */
static void test_a_split_option_is_taken_apart_as_a_whole(void **state)
{
    enum { N = 40, LEN = 8, SPLIT = 31 };
    (void)state;
    /* 10.0.i.0/24 by the router 10.77.0.1 */
    uint8_t value[N * LEN];
    for (size_t i = 0; i < N; i++)
        memcpy(value + i * LEN, (const uint8_t[]){24, 10, 0, (uint8_t)i, 10, 77, 0, 1}, LEN);
    start(DHCP_BOOTREPLY, DHCP_OFFER);
    dhcp_put_bytes(&msg, DHCP_OPT_CLASSLESS_ROUTES, value, sizeof value);
    read_message();
    size_t first = FRAME_HEADERS + DHCP_OPTIONS_AT + 3 + 2, second = first + 255 + 2;
    expect("dhcp/classless-static-route/route", first, LEN, "10.0.0.0/24 via 10.77.0.1");
    const struct dissect_field *f = find("dhcp/classless-static-route/route");
    for (size_t i = 0; i < N; i++, f = f->next) {
        char text[64];
        snprintf(text, sizeof text, "10.0.%zu.0/24 via 10.77.0.1", i);
        assert_string_equal(f->value, text);
        if (i == SPLIT)
            assert_int_equal(f->len, 0); /* its octets are not beside each other */
        else
            assert_memory_equal(dissect_field_bytes(&d, f), value + i * LEN, f->len);
        assert_int_equal(f->offset, i == SPLIT ? 0 : i < SPLIT ? first + i * LEN : second + i * LEN - 255);
    }
    assert_null(f);
}

/* Type, and what of it is shown: RFC 2132 9.14, RFC 4361 6.1, RFC 8415 11. */
static void test_forms_of_client_ids(void **state)
{
    (void)state;
    static const struct {
        size_t len;
        const char *octets, *path, *value;
    } rows[] = {
        {7, "\x01\x02\x00\x5e\x10\x00\x01", "type", "1"},
        {5, "\x00name", "identifier", "6e:61:6d:65"},
        /* IAID 1, DUID-LLT: Ethernet, time 16, address */
        {19, "\xff\x00\x00\x00\x01\x00\x01\x00\x01\x00\x00\x00\x10\x02\x00\x5e\x10\x00\x01", "time", "16"},
        /* DUID-EN of enterprise 9 */
        {13, "\xff\x00\x00\x00\x02\x00\x02\x00\x00\x00\x09xy", "enterprise", "9"},
        /* DUID-LL */
        {15, "\xff\x00\x00\x00\x03\x00\x03\x00\x01\x02\x00\x5e\x10\x00\x01", "hw-type", "1"},
        /* DUID-UUID */
        {23,
         "\xff\x00\x00\x00\x04\x00\x04"
         "0123456789abcdef",
         "duid-type", "4"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char path[64];
        start(DHCP_BOOTREQUEST, DHCP_DISCOVER);
        dhcp_put_bytes(&msg, DHCP_OPT_CLIENT_ID, rows[i].octets, rows[i].len);
        read_message();
        snprintf(path, sizeof path, "dhcp/dhcp-client-identifier/%s", rows[i].path);
        const struct dissect_field *f = find(path);
        if (f == NULL || strcmp(f->value, rows[i].value) != 0)
            fail_msg("row %zu: %s is %s", i, path, f != NULL ? f->value : "not there");
        assert_int_equal(d.n_warnings, 0);
        if (rows[i].octets[0] == (char)0xff)
            expect("dhcp/dhcp-client-identifier/iaid", FRAME_HEADERS + DHCP_OPTIONS_AT + 3 + 3, 4,
                   i == 2   ? "0x00000001"
                   : i == 3 ? "0x00000002"
                   : i == 4 ? "0x00000003"
                            : "0x00000004");
    }
}

/* Overload 3: options 12 in file, 15 in sname, 43 in all three. */
static void test_overloaded_options_say_where_they_stand(void **state)
{
    (void)state;
    uint8_t bytes[DHCP_OPTIONS_AT + 10] = {1, 1, 6, 0, 0x39, 3, 0xf3, 0x26};
    /* 53: DISCOVER; 52: both; 43: "a"; end */
    static const uint8_t cookie[] = {0x63, 0x82, 0x53, 0x63};
    static const uint8_t options[] = {53, 1, 1, 52, 1, 3, 43, 1, 'a', 255};
    static const uint8_t file[] = {12, 2, 'h', '1', 43, 1, 'b', 255}, sname[] = {15, 1, 'd', 43, 1, 'c', 255};
    memcpy(bytes + 28, client_hw.bytes, 6);
    memcpy(bytes + DHCP_SNAME_AT, sname, sizeof sname);
    memcpy(bytes + DHCP_FILE_AT, file, sizeof file);
    memcpy(bytes + DHCP_COOKIE_AT, cookie, sizeof cookie);
    memcpy(bytes + DHCP_OPTIONS_AT, options, sizeof options);
    read_packet(DISSECT_LINK_ETHERNET, frame, udp_frame(68, 67, bytes, sizeof bytes));
    expect("dhcp/host-name", FRAME_HEADERS + DHCP_FILE_AT, 4, "h1");
    assert_string_equal(find("dhcp/host-name/region")->value, "file");
    assert_string_equal(find("dhcp/domain-name/region")->value, "sname");
    assert_string_equal(find("dhcp/file")->meaning, "holds options: overload (52)");
    const struct dissect_field *piece = find("dhcp/vendor-encapsulated-options/piece");
    assert_string_equal(piece->value, "1 of 3, in options");
    assert_string_equal(piece->next->value, "2 of 3, in file");
    assert_int_equal(piece->next->offset, FRAME_HEADERS + DHCP_FILE_AT + 4);
    assert_string_equal(piece->next->next->value, "3 of 3, in sname");
}

/* ---- warnings about DHCP: the message without a defect, what spoils it, and what is said then ---- */

static void put_mask_and_router(void)
{
    dhcp_put_ip4(&msg, DHCP_OPT_SUBNET_MASK, 0xffffff00);
    dhcp_put_ip4(&msg, DHCP_OPT_ROUTERS, 0x0a4d0001);
}

static void good_message(uint8_t type)
{
    bool reply = type == DHCP_OFFER || type == DHCP_ACK || type == DHCP_NAK;
    start(reply ? DHCP_BOOTREPLY : DHCP_BOOTREQUEST, type);
    if (reply || type == DHCP_RELEASE || type == DHCP_DECLINE)
        dhcp_put_ip4(&msg, DHCP_OPT_SERVER_ID, 0x0a4d0001);
    if (type == DHCP_RELEASE || type == DHCP_INFORM || type == DHCP_REQUEST)
        msg.ciaddr = 0x0a4d000a;
    if (type == DHCP_DECLINE)
        dhcp_put_ip4(&msg, DHCP_OPT_REQUESTED_IP, 0x0a4d000a);
    if (type == DHCP_OFFER || type == DHCP_ACK) {
        msg.yiaddr = 0x0a4d000a;
        dhcp_put_u32(&msg, DHCP_OPT_LEASE_TIME, 3600);
        put_mask_and_router();
    }
}

static void bad_op(void)
{
    msg.op ^= 3;
}
static void bad_flags(void)
{
    msg.flags = 1;
}
static void bad_hlen(void)
{
    msg.hlen = 5;
}
static void bad_yiaddr(void)
{
    msg.yiaddr = 1;
}
static void bad_ciaddr(void)
{
    msg.ciaddr = 0x0a4d000a;
}
static void no_ciaddr(void)
{
    msg.ciaddr = 0;
}
static void no_yiaddr(void)
{
    msg.yiaddr = 0;
}
static void put_requested(void)
{
    dhcp_put_ip4(&msg, DHCP_OPT_REQUESTED_IP, 0x0a4d000a);
}
static void put_server(void)
{
    dhcp_put_ip4(&msg, DHCP_OPT_SERVER_ID, 0x0a4d0001);
}
static void put_prl(void)
{
    dhcp_put_u8(&msg, DHCP_OPT_PRL, 1);
}
static void put_zero_lease(void)
{
    dhcp_put_u32(&msg, DHCP_OPT_LEASE_TIME, 0);
}
static void put_lease(void)
{
    dhcp_put_u32(&msg, DHCP_OPT_LEASE_TIME, 3600);
}
static void put_bad_mask(void)
{
    dhcp_put_ip4(&msg, DHCP_OPT_SUBNET_MASK, 0xff00ff00);
}
static void put_base(void)
{
    msg.yiaddr = 0x0a4d0000;
}
static void put_far(void)
{
    dhcp_put_ip4(&msg, DHCP_OPT_ROUTERS, 0x0a4e0001);
}
static void put_size(void)
{
    dhcp_put_u16(&msg, DHCP_OPT_MAX_SIZE, 575);
}
static void put_bad_length(void)
{
    dhcp_put_bytes(&msg, DHCP_OPT_ROUTERS, "abcde", 5);
}
static void put_giaddr(void)
{
    msg.giaddr = 0x0a4d0001;
}
static void put_relay(void)
{
    dhcp_put_bytes(&msg, DHCP_OPT_RELAY_INFO, "\x01\x01x", 3);
}

static void select_nothing(void)
{
    msg.ciaddr = 0;
    put_server();
}

static void put_siaddr(void)
{
    msg.siaddr = 0x0a4d0001;
}

static void put_flags(void)
{
    msg.flags = DHCP_FLAG_BROADCAST;
}

static void put_domain(void)
{
    dhcp_put_text(&msg, DHCP_OPT_DOMAIN_NAME, "example");
}

static void put_t1_after_t2(void)
{
    dhcp_put_u32(&msg, DHCP_OPT_T1, 20);
    dhcp_put_u32(&msg, DHCP_OPT_T2, 10);
}

static void put_late_t1(void)
{
    dhcp_put_u32(&msg, DHCP_OPT_T1, 3601);
}

static void inform_answer(void)
{
    msg.yiaddr = 0;
    msg.ciaddr = 0x0a4d000a;
}

static void test_warnings(void **state)
{
    (void)state;
    static const struct {
        uint8_t type;
        void (*spoil)(void);
        const char *words;
    } rows[] = {
        {DHCP_DISCOVER, bad_op, "op does not fit"},
        {DHCP_DISCOVER, bad_flags, "reserved bits"},
        {DHCP_DISCOVER, bad_hlen, "hlen is not 6"},
        {DHCP_DISCOVER, bad_yiaddr, "only servers fill in"},
        {DHCP_DISCOVER, bad_ciaddr, "DISCOVER with ciaddr"},
        {DHCP_REQUEST, put_requested, "option 50 in a REQUEST with ciaddr"},
        {DHCP_REQUEST, put_server, "option 54 in a REQUEST with ciaddr"},
        {DHCP_REQUEST, no_ciaddr, "neither ciaddr nor option 50"},
        {DHCP_REQUEST, select_nothing, "selects a server, without option 50"},
        {DHCP_RELEASE, no_ciaddr, "RELEASE without ciaddr"},
        {DHCP_INFORM, no_ciaddr, "INFORM without ciaddr"},
        {DHCP_INFORM, put_requested, "INFORM with option 50 or 51"},
        {DHCP_OFFER, put_prl, "which only clients send"},
        {DHCP_OFFER, no_yiaddr, "OFFER without yiaddr"},
        {DHCP_NAK, put_lease, "NAK with yiaddr or option 51"},
        {DHCP_ACK, inform_answer, "answer to INFORM"},
        {DHCP_ACK, put_zero_lease, "the lease time is 0"},
        {DHCP_ACK, put_t1_after_t2, "T1 (58) is later than T2 (59)"},
        {DHCP_ACK, put_late_t1, "later than the end of the lease"},
        {DHCP_ACK, put_bad_mask, "not contiguous"},
        {DHCP_ACK, put_base, "the network's own"},
        {DHCP_ACK, put_far, "the first router"},
        {DHCP_DISCOVER, put_server, "DISCOVER or INFORM with option 54"},
        {DHCP_INFORM, put_server, "DISCOVER or INFORM with option 54"},
        {DHCP_REQUEST, put_siaddr, "a client's message has siaddr"},
        {DHCP_DECLINE, bad_ciaddr, "DECLINE with ciaddr"},
        {DHCP_DECLINE, put_flags, "RELEASE or DECLINE with flags"},
        {DHCP_RELEASE, put_requested, "RELEASE with option 50"},
        {DHCP_RELEASE, put_lease, "RELEASE or DECLINE with an option that is for other messages"},
        {DHCP_DECLINE, put_prl, "RELEASE or DECLINE with an option that is for other messages"},
        {DHCP_ACK, put_size, "which only clients send"},
        {DHCP_NAK, put_domain, "NAK with other options"},
        {DHCP_DISCOVER, put_giaddr, "giaddr without hops"},
        {DHCP_DISCOVER, put_relay, "option 82 without giaddr"},
        {DHCP_DISCOVER, put_size, "less than 576"},
        {DHCP_ACK, put_bad_length, "option 3 is malformed: the length is not a whole number"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        good_message(rows[i].type);
        read_message();
        if (d.n_warnings != 0)
            fail_msg("type %u has a warning before anything is wrong", rows[i].type);
        rows[i].spoil();
        read_message();
        expect_warning(rows[i].words);
        arena_reset(&arena);
    }
}

static void test_what_is_missing_is_told(void **state)
{
    (void)state;
    static const struct {
        uint8_t op, type;
        const char *words;
    } rows[] = {
        {DHCP_BOOTREQUEST, 0, "option 53 is missing"},
        {DHCP_BOOTREQUEST, DHCP_DECLINE, "DECLINE without option 50"},
        {DHCP_BOOTREQUEST, DHCP_RELEASE, "without option 54: MUST have it (RFC 2131 table 5)"},
        {DHCP_BOOTREPLY, DHCP_NAK, "a server's message without option 54"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        start(rows[i].op, rows[i].type);
        read_message();
        expect_warning(rows[i].words);
    }
    start(DHCP_BOOTREPLY, DHCP_ACK);
    put_server();
    msg.yiaddr = 0x0a4d000a;
    read_message();
    expect_warning("without option 51");
}

static void test_option_82_is_to_be_the_last(void **state)
{
    (void)state;
    uint8_t bytes[DHCP_MSG_SEND_MIN] = {1, 1, 6, 1, 0x39, 3, 0xf3, 0x26};
    /* the cookie; 53: DISCOVER; 82 with circuit-id "x"; 50; end */
    static const uint8_t options[] = {0x63, 0x82, 0x53, 0x63, 53, 1,  1, 82, 3,  1,
                                      1,    'x',  50,   4,    10, 77, 0, 10, 255};
    bytes[24] = 10; /* giaddr 10.0.0.0 */
    memcpy(bytes + 28, client_hw.bytes, 6);
    memcpy(bytes + DHCP_COOKIE_AT, options, sizeof options);
    read_packet(DISSECT_LINK_ETHERNET, frame, udp_frame(67, 67, bytes, sizeof bytes));
    assert_int_equal(d.n_warnings, 1);
    expect_warning("option 82 is not the last");
}

/* A capture with a limit to the octets of each packet: what is there is shown, and nothing that is not there
 * is held against the sender. */
static void test_of_a_message_that_was_cut_the_whole_fields_are_shown(void **state)
{
    (void)state;
    enum { AT = FRAME_ETH_LEN + 28 }; /* of the message: Ethernet, IPv4 and UDP before it */
    static const struct {
        size_t len; /* of the message, captured */
        const char *last, *missing;
        size_t data_at, data_len;
    } rows[] = {
        {54, "dhcp/chaddr", "dhcp/sname", 44, 10},  {44, "dhcp/chaddr", "dhcp/sname", 0, 0},
        {43, "dhcp/giaddr", "dhcp/chaddr", 28, 15}, {7, "dhcp/hops", "dhcp/xid", 4, 3},
        {1, "dhcp/op", "dhcp/htype", 0, 0},         {238, "dhcp/file", "dhcp/cookie", 236, 2},
        {240, "dhcp/cookie", "dhcp/data", 0, 0},
    };
    start(DHCP_BOOTREQUEST, DHCP_DECLINE);
    read_message();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        dissect_init(&d, &arena);
        dissect_packet(&d, DISSECT_LINK_ETHERNET, frame, AT + rows[i].len);
        assert_non_null(find(rows[i].last));
        assert_null(find(rows[i].missing));
        const struct dissect_field *data = find("dhcp/data");
        assert_int_equal(data != NULL ? data->len : 0, rows[i].data_len);
        if (data != NULL)
            assert_int_equal(data->offset, AT + rows[i].data_at);
        assert_int_equal(d.n_warnings, 2); /* of IP and of UDP */
    }
    dissect_init(&d, &arena);
    dissect_packet(&d, DISSECT_LINK_ETHERNET, frame, AT + 54);
    expect("dhcp/xid", AT + 4, 4, "0x3903f326");
    expect("dhcp/chaddr", AT + 28, 6, "02:00:5e:10:00:01");
}

static void test_what_is_no_dhcp_message_is_said_to_be_none(void **state)
{
    (void)state;
    size_t len = udp_frame(68, 67, "short", 5);
    read_packet(DISSECT_LINK_ETHERNET, frame, len);
    assert_false(d.has_dhcp);
    expect_warning("no DHCP message: ");
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
        cmocka_unit_test_setup_teardown(test_forms_of_client_ids, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_overloaded_options_say_where_they_stand, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_options_have_their_parts_and_places, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_split_option_names_its_pieces, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_split_option_is_taken_apart_as_a_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_warnings, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_missing_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_option_82_is_to_be_the_last, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_of_a_message_that_was_cut_the_whole_fields_are_shown, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_no_dhcp_message_is_said_to_be_none, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
