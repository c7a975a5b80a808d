/* Answers octet by octet, and where they go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"
#include "server/srv_route.h"

#define IP(a, b, c, d) ((ip4)((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d)))

static struct srv_config config = {.echo_client_id = true};
static struct srv_subnet subnet;
static struct srv_options options;
static struct srv_scopes scopes;
static struct dhcp_msg request, answer;
static struct srv_reply reply;
static uint8_t buf[DHCP_MSG_MAX];
static struct srv_reply_size size;

static const uint8_t routers[] = {10, 0, 0, 1};
static const uint8_t dns[] = {10, 0, 0, 2, 10, 0, 0, 3};
static const uint8_t routes[] = {0, 10, 0, 0, 1}; /* 0.0.0.0/0 - 10.0.0.1 */
static const uint8_t mtu[] = {5, 0xdc};
static const uint8_t broadcast[] = {10, 0, 0, 255};

static int setup(void **state)
{
    (void)state;
    config = (struct srv_config){.echo_client_id = true};
    subnet = (struct srv_subnet){.net = {IP(10, 0, 0, 0), 24},
                                 .boot = {.server_hostname = "", .boot_file_name = ""},
                                 .timers = {.t1_percent = 0.5, .t2_percent = 0.875}};
    scopes.n = 0;
    dhcp_msg_init(&request, DHCP_BOOTREQUEST);
    request.htype = 1;
    request.hlen = 6;
    request.hops = 3;
    request.xid = 0x0a0b0c0d;
    request.secs = 7;
    memcpy(request.chaddr, "\x02\x00\x00\x00\x00\x0a\xee\xee", 8); /* padding is copied, too */
    reply = (struct srv_reply){.type = DHCP_OFFER,
                               .request = &request,
                               .config = &config,
                               .subnet = &subnet,
                               .boot = &subnet.boot,
                               .scopes = &scopes,
                               .server = IP(10, 0, 0, 1),
                               .yiaddr = IP(10, 0, 0, 10),
                               .lease_s = 3600};
    return 0;
}

static void encode(void)
{
    srv_reply_encode(&reply, buf, &size);
    assert_int_equal(dhcp_msg_decode(&answer, buf, size.len), REASON_NONE);
    assert_int_equal(answer.defects, 0);
    assert_true(size.len <= size.max);
    assert_true(size.len >= DHCP_MSG_SEND_MIN);
}

/* The codes of the answer, in their order. */
static void expect_codes(const uint8_t *codes, size_t n)
{
    assert_int_equal(answer.n_options, n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(answer.options[i].code, codes[i]);
}

#define EXPECT_CODES(...)                                                                                    \
    do {                                                                                                     \
        static const uint8_t codes[] = {__VA_ARGS__};                                                        \
        expect_codes(codes, sizeof codes);                                                                   \
    } while (0)

static void ask_for(const char *codes)
{
    assert_true(dhcp_put_bytes(&request, DHCP_OPT_PRL, codes, strlen(codes)));
}

#define OPTION(code_, always_send_, len_, data_)                                                             \
    {                                                                                                        \
        .code = (code_), .always_send = (always_send_), .len = (len_), .data = (data_)                       \
    }

static void configure(const struct srv_option *list, size_t n)
{
    options = (struct srv_options){.list = list, .n = n};
    srv_scope_add(&scopes, "subnet", &options);
}

/* ---- RFC 2131 4.3.1, table 3 ---- */

static void rfc2131_4_3_1_table_3_offer_octet_by_octet(void **state)
{
    (void)state;
    /* op 2, htype 1, hlen 6, hops 0 | xid | secs 0, flags 0x8000 | ciaddr 0 | yiaddr 10.0.0.10 |
     * siaddr 10.0.0.9 | giaddr 10.0.0.254 | chaddr as in the request, padding too */
    static const uint8_t head[] = {2, 1,  6, 0,  0x0a, 0x0b, 0x0c, 0x0d, 0, 0,  0x80, 0, 0,   0, 0,
                                   0, 10, 0, 0,  10,   10,   0,    0,    9, 10, 0,    0, 254, 2, 0,
                                   0, 0,  0, 10, 0xee, 0xee, 0,    0,    0, 0,  0,    0, 0,   0};
    /* cookie | 53: OFFER | 54: 10.0.0.1 | 51: 3600 | 1: 255.255.255.0 | END */
    static const uint8_t tail[] = {99, 130, 83, 99, 53, 1,  2, 54, 4,   10,  0,   0, 1,
                                   51, 4,   0,  0,  14, 16, 1, 4,  255, 255, 255, 0, 255};
    request.flags = 0x8000;
    request.ciaddr = IP(10, 0, 0, 50);
    request.giaddr = IP(10, 0, 0, 254);
    subnet.boot = (struct srv_boot){IP(10, 0, 0, 9), "boot.example", "kernel"};
    encode();
    assert_memory_equal(buf, head, sizeof head);
    assert_string_equal((const char *)buf + DHCP_SNAME_AT, "boot.example");
    assert_string_equal((const char *)buf + DHCP_FILE_AT, "kernel");
    assert_memory_equal(buf + DHCP_COOKIE_AT, tail, sizeof tail);
    assert_int_equal(size.len, DHCP_MSG_SEND_MIN);
    for (size_t i = DHCP_COOKIE_AT + sizeof tail; i < size.len; i++)
        assert_int_equal(buf[i], 0);
}

static void rfc2131_4_3_1_table_3_ack_echoes_ciaddr(void **state)
{
    (void)state;
    reply.type = DHCP_ACK;
    request.ciaddr = IP(10, 0, 0, 10);
    encode();
    assert_int_equal(answer.type, DHCP_ACK);
    assert_int_equal(answer.ciaddr, IP(10, 0, 0, 10));
    assert_int_equal(answer.hops, 0);
    assert_int_equal(answer.secs, 0);
}

static void rfc2131_4_3_1_table_3_nak_has_nothing_but_its_reason(void **state)
{
    (void)state;
    const struct srv_option list[] = {OPTION(DHCP_OPT_ROUTERS, true, 4, routers)};
    configure(list, 1);
    ask_for("\x03\x06");
    dhcp_put_bytes(&request, DHCP_OPT_CLIENT_ID, "\x01\x02", 2);
    dhcp_put_bytes(&request, DHCP_OPT_RELAY_INFO, "\x01\x01x", 3);
    request.ciaddr = IP(10, 0, 0, 10);
    subnet.boot = (struct srv_boot){IP(10, 0, 0, 9), "boot.example", "kernel"};
    reply.type = DHCP_NAK;
    reply.message = "because";
    encode();
    EXPECT_CODES(53, 54, 56, 61, 82);
    assert_memory_equal(dhcp_msg_find(&answer, 56)->data, "because", 7);
    assert_int_equal(answer.ciaddr, 0);
    assert_int_equal(answer.yiaddr, 0);
    assert_int_equal(answer.siaddr, 0);
    assert_int_equal(answer.sname[0], 0);
    assert_int_equal(answer.file[0], 0);
    assert_int_equal(answer.flags, 0);
    request.giaddr = IP(10, 0, 0, 254); /* RFC 2131 4.3.2: the relay must broadcast it */
    encode();
    assert_int_equal(answer.flags, DHCP_FLAG_BROADCAST);
}

/* ---- options ---- */

static void rfc2132_9_8_options_stand_in_the_order_of_the_request(void **state)
{
    (void)state;
    const struct srv_option list[] = {
        OPTION(DHCP_OPT_ROUTERS, false, 4, routers), OPTION(DHCP_OPT_DNS_SERVERS, false, 8, dns),
        OPTION(DHCP_OPT_MTU, false, 2, mtu), OPTION(DHCP_OPT_BROADCAST, false, 4, broadcast)};
    configure(list, 4);
    ask_for("\x1c\x06\x03\x01\x33\x1c\xe0"); /* 28, 6, 3, 1, 51, 28 again, 224: unknown here */
    encode();
    EXPECT_CODES(53, 54, 51, 1, 28, 6, 3);
}

static void routers_dns_domain_and_always_send_come_unasked(void **state)
{
    (void)state;
    const struct srv_option list[] = {
        OPTION(DHCP_OPT_MTU, false, 2, mtu), OPTION(DHCP_OPT_DOMAIN_NAME, false, 3, (const uint8_t *)"lab"),
        OPTION(DHCP_OPT_BROADCAST, true, 4, broadcast), OPTION(DHCP_OPT_ROUTERS, false, 4, routers),
        OPTION(DHCP_OPT_DNS_SERVERS, false, 8, dns)};
    configure(list, 5);
    encode();
    EXPECT_CODES(53, 54, 51, 1, 15, 28, 3, 6);
    ask_for("\x06");
    encode();
    EXPECT_CODES(53, 54, 51, 1, 6, 15, 28, 3);
}

/* RFC 3925 4 */
static void options_of_an_enterprise_go_to_its_clients(void **state)
{
    (void)state;
    /* 4491 (6): 2 (4) 10.0.0.1 | 25167 (3): 1 (1) a */
    static const uint8_t vivso[] = {0, 0, 0x11, 0x8b, 6, 2, 4, 10, 0, 0, 1, 0, 0, 0x62, 0x4f, 3, 1, 1, 'a'};
    /* 25167 (2): x */
    static const uint8_t class[] = {0, 0, 0x62, 0x4f, 2, 1, 'x'};
    const struct srv_option list[] = {OPTION(DHCP_OPT_VIVSO, false, sizeof vivso, vivso)};
    configure(list, 1);
    encode();
    EXPECT_CODES(53, 54, 51, 1);
    dhcp_put_bytes(&request, DHCP_OPT_VIVCO, "\0\0\0\1\0", 5); /* of enterprise 1 */
    encode();
    EXPECT_CODES(53, 54, 51, 1);
    dhcp_put_bytes(&request, DHCP_OPT_VIVSO, class, sizeof class);
    encode();
    EXPECT_CODES(53, 54, 51, 1, 125);
}

static void rfc3442_classless_routes_supersede_routers_if_asked_for(void **state)
{
    (void)state;
    const struct srv_option list[] = {OPTION(DHCP_OPT_ROUTERS, true, 4, routers),
                                      OPTION(DHCP_OPT_CLASSLESS_ROUTES, false, 5, routes)};
    configure(list, 2);
    ask_for("\x03\x79");
    encode();
    EXPECT_CODES(53, 54, 51, 1, 121);
    ask_for("\x03");
    encode();
    EXPECT_CODES(53, 54, 51, 1, 3);
}

static void rfc6842_3_client_id_is_echoed_unaltered_and_relay_info_last(void **state)
{
    (void)state;
    const struct srv_option list[] = {OPTION(DHCP_OPT_ROUTERS, false, 4, routers)};
    configure(list, 1);
    /* 82: circuit-id "p1", then a sub-option that nobody knows, then octets that are no sub-option at all */
    static const uint8_t relay_info[] = {1, 2, 'p', '1', 200, 1, 9, 255, 0, 255};
    dhcp_put_bytes(&request, DHCP_OPT_RELAY_INFO, relay_info, sizeof relay_info);
    dhcp_put_bytes(&request, DHCP_OPT_CLIENT_ID, "\xff\x00", 2);
    encode();
    EXPECT_CODES(53, 54, 51, 1, 3, 61, 82);
    assert_memory_equal(dhcp_msg_find(&answer, 61)->data, "\xff\x00", 2);
    assert_int_equal(dhcp_msg_find(&answer, 82)->len, sizeof relay_info);
    assert_memory_equal(dhcp_msg_find(&answer, 82)->data, relay_info, sizeof relay_info);
    config.echo_client_id = false;
    encode();
    EXPECT_CODES(53, 54, 51, 1, 3, 82);
}

static void rfc2131_4_4_5_t1_and_t2_keep_their_order(void **state)
{
    static const struct {
        uint32_t renew_s, rebind_s;
        bool calculate;
        uint32_t lease_s, t1, t2;
    } rows[] = {
        {0, 0, false, 3600, 0, 0},
        {0, 0, true, 3600, 1800, 3150},
        {1000, 2000, false, 3600, 1000, 2000},
        {1000, 0, true, 3600, 1000, 3150},
        {1000, 0, false, 3600, 1000, 0},
        {1000, 2000, false, 2000, 1000, 0}, /* T2 must be before the end of the lease */
        {1000, 2000, false, 1000, 0, 0},
        {2000, 2000, false, 3600, 0, 2000}, /* T1 must be before T2 */
        {0, 0, true, 1, 0, 0},
        {0, 0, true, 2, 0, 1}, /* T1 would be 1, too */
        {0, 0, true, 4, 2, 3},
        {1000, 2000, true, LEASE_INFINITE, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t t1, t2;
        subnet.timers.renew_s = rows[i].renew_s;
        subnet.timers.rebind_s = rows[i].rebind_s;
        subnet.timers.calculate = rows[i].calculate;
        srv_reply_timers(&subnet.timers, rows[i].lease_s, &t1, &t2);
        assert_int_equal(t1, rows[i].t1);
        assert_int_equal(t2, rows[i].t2);
    }
    reply.lease_s = 3600;
    encode();
    EXPECT_CODES(53, 54, 51, 58, 59, 1);
}

/* ---- RFC 2132 9.10: the size that the client takes ---- */

static void rfc2131_2_answer_fits_what_the_client_takes(void **state)
{
    static const struct {
        uint16_t asked;
        size_t max;
    } rows[] = {{0, 548}, {100, 548}, {576, 548}, {577, 549}, {1500, 1472}, {65535, 1472}};
    (void)state;
    encode();
    assert_int_equal(size.max, 548);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        dhcp_put_u16(&request, DHCP_OPT_MAX_SIZE, rows[i].asked);
        encode();
        assert_int_equal(size.max, rows[i].max);
    }
}

static void what_does_not_fit_is_dropped_whole_and_counted(void **state)
{
    (void)state;
    static const uint8_t long_value[300] = {7};
    const struct srv_option list[] = {OPTION(224, false, 200, long_value),
                                      OPTION(225, false, 200, long_value), OPTION(226, false, 4, long_value)};
    configure(list, 3);
    ask_for("\xe0\xe1\xe2");
    dhcp_put_bytes(&request, DHCP_OPT_RELAY_INFO, long_value, 20);
    encode();
    EXPECT_CODES(53, 54, 51, 1, 224, 226, 82);
    assert_int_equal(size.dropped, 1);
    dhcp_put_u16(&request, DHCP_OPT_MAX_SIZE, 1500);
    encode();
    EXPECT_CODES(53, 54, 51, 1, 224, 225, 226, 82);
    assert_int_equal(size.dropped, 0);
}

static void rfc3396_5_long_values_are_split(void **state)
{
    (void)state;
    static const uint8_t long_value[300] = {7};
    const struct srv_option list[] = {OPTION(224, true, 300, long_value)};
    configure(list, 1);
    dhcp_put_u16(&request, DHCP_OPT_MAX_SIZE, 1500);
    encode();
    assert_int_equal(dhcp_msg_find(&answer, 224)->len, 300);
    assert_int_equal(dhcp_msg_find(&answer, 224)->pieces, 2);
}

static void rfc3046_2_2_relay_info_that_leaves_no_room_is_left_out_whole(void **state)
{
    (void)state;
    static const uint8_t long_value[300] = {7};
    dhcp_put_bytes(&request, DHCP_OPT_RELAY_INFO, long_value, sizeof long_value);
    encode();
    EXPECT_CODES(53, 54, 51, 1);
    assert_int_equal(size.dropped, 1);
}

/* ---- RFC 2131 4.1, RFC 2132 9.3: option overload ---- */

static void rfc2131_4_1_what_does_not_fit_goes_into_file_and_sname(void **state)
{
    (void)state;
    static const uint8_t long_value[200] = {7};
    const struct srv_option list[] = {OPTION(224, false, 200, long_value),
                                      OPTION(225, false, 120, long_value),
                                      OPTION(226, false, 60, long_value)};
    configure(list, 3);
    ask_for("\xe0\xe1\xe2");
    dhcp_put_bytes(&request, DHCP_OPT_RELAY_INFO,
                   "\x01\x28"
                   "0123456789012345678901234567890123456789",
                   42);
    encode();
    EXPECT_CODES(53, 52, 54, 51, 1, 224, 82, 225, 226);
    assert_int_equal(answer.overload, DHCP_OVERLOAD_BOTH);
    assert_int_equal(size.dropped, 0);
}

static void a_boot_file_leaves_sname_for_options(void **state)
{
    (void)state;
    static const uint8_t long_value[260] = {7};
    const struct srv_option list[] = {OPTION(224, false, 250, long_value),
                                      OPTION(225, false, 60, long_value)};
    configure(list, 2);
    ask_for("\xe0\xe1");
    subnet.boot.boot_file_name = "kernel";
    encode();
    EXPECT_CODES(53, 52, 54, 51, 1, 224, 225);
    assert_int_equal(answer.overload, DHCP_OVERLOAD_SNAME);
    assert_string_equal((const char *)answer.file, "kernel");
    subnet.boot.server_hostname = "boot.example";
    encode();
    EXPECT_CODES(53, 54, 51, 1, 224);
    assert_int_equal(size.dropped, 1);
}

static void what_is_asked_for_last_is_dropped_first(void **state)
{
    (void)state;
    static const uint8_t long_value[200] = {7};
    const struct srv_option list[] = {OPTION(224, true, 200, long_value), OPTION(225, false, 120, long_value),
                                      OPTION(226, false, 120, long_value),
                                      OPTION(227, false, 60, long_value)};
    configure(list, 4);
    ask_for("\xe3\xe2\xe1"); /* 224 comes unasked */
    encode();
    EXPECT_CODES(53, 52, 54, 51, 1, 227, 226, 225);
    assert_int_equal(size.dropped, 1);
    ask_for("\xe0\xe3\xe2\xe1");
    dhcp_put_bytes(&request, DHCP_OPT_CLIENT_ID, long_value, 60);
    encode();
    EXPECT_CODES(53, 52, 54, 51, 1, 224, 227, 226, 61); /* 61 is not dropped for a configured option */
    assert_int_equal(size.dropped, 1);
}

/* RFC 2131 4.3.1, table 3: "Use 'file'/'sname' fields" MUST NOT in a DHCPNAK. */
static void rfc2131_4_3_1_a_nak_is_never_overloaded(void **state)
{
    (void)state;
    static const uint8_t long_value[255] = {7};
    char message[200];
    memset(message, 'x', sizeof message);
    message[sizeof message - 1] = '\0';
    dhcp_put_bytes(&request, DHCP_OPT_CLIENT_ID, long_value, sizeof long_value);
    reply.type = DHCP_NAK;
    reply.message = message;
    encode();
    EXPECT_CODES(53, 54, 61);
    assert_int_equal(size.dropped, 1);
}

/* ---- RFC 2131 4.1: where it goes ---- */

static struct packet packet;
static enum srv_via via;
static struct trace_facts facts;

static void expect_route(enum reason reason, ip4 dst, uint16_t port, enum srv_via how)
{
    assert_int_equal(srv_route_answer(&reply, &packet, &via, &facts), reason);
    assert_int_equal(packet.dst, dst);
    assert_int_equal(packet.dport, port);
    assert_int_equal(via, how);
    assert_int_equal(packet.src, IP(10, 0, 0, 1));
    assert_int_equal(packet.sport, DHCP_PORT_SERVER);
}

static void rfc2131_4_1_giaddr_comes_before_everything(void **state)
{
    (void)state;
    request.giaddr = IP(10, 9, 0, 1);
    request.ciaddr = IP(10, 0, 0, 10);
    request.flags = DHCP_FLAG_BROADCAST;
    expect_route(REASON_TO_RELAY, IP(10, 9, 0, 1), 67, SRV_VIA_UDP);
    reply.type = DHCP_NAK;
    expect_route(REASON_TO_RELAY, IP(10, 9, 0, 1), 67, SRV_VIA_UDP);
}

static void rfc2131_4_1_nak_is_broadcast_even_with_ciaddr(void **state)
{
    (void)state;
    reply.type = DHCP_NAK;
    request.ciaddr = IP(10, 0, 0, 10);
    expect_route(REASON_TO_BROADCAST_NAK, IP4_BROADCAST, 68, SRV_VIA_UDP);
}

static void rfc2131_4_1_ciaddr_comes_before_the_broadcast_flag(void **state)
{
    (void)state;
    request.ciaddr = IP(10, 0, 0, 10);
    request.flags = DHCP_FLAG_BROADCAST;
    expect_route(REASON_TO_CIADDR, IP(10, 0, 0, 10), 68, SRV_VIA_UDP);
}

static void rfc2131_4_1_broadcast_flag_broadcasts(void **state)
{
    (void)state;
    request.flags = DHCP_FLAG_BROADCAST;
    expect_route(REASON_TO_BROADCAST_FLAG, IP4_BROADCAST, 68, SRV_VIA_UDP);
    request.flags = 0x7fff; /* RFC 2131 2: the other bits are reserved and ignored */
    expect_route(REASON_TO_YIADDR, IP(10, 0, 0, 10), 68, SRV_VIA_RAW);
}

static void rfc2131_4_1_otherwise_a_frame_goes_to_chaddr_and_yiaddr(void **state)
{
    (void)state;
    expect_route(REASON_TO_YIADDR, IP(10, 0, 0, 10), 68, SRV_VIA_RAW);
    assert_int_equal(packet.dst_hw.len, 6);
    assert_memory_equal(packet.dst_hw.bytes, "\x02\x00\x00\x00\x00\x0a", 6);
}

static void rfc2131_4_1_where_no_frame_can_be_sent_it_broadcasts(void **state)
{
    (void)state;
    config.socket_type = SRV_SOCKET_UDP;
    expect_route(REASON_TO_BROADCAST_UDP, IP4_BROADCAST, 68, SRV_VIA_UDP);
    config.socket_type = SRV_SOCKET_RAW;
    request.hlen = 0;
    expect_route(REASON_TO_BROADCAST_HW, IP4_BROADCAST, 68, SRV_VIA_UDP);
    request.htype = 32; /* InfiniBand */
    request.hlen = 6;
    expect_route(REASON_TO_BROADCAST_HW, IP4_BROADCAST, 68, SRV_VIA_UDP);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rfc2131_4_3_1_table_3_offer_octet_by_octet),
        TEST(rfc2131_4_3_1_table_3_ack_echoes_ciaddr),
        TEST(rfc2131_4_3_1_table_3_nak_has_nothing_but_its_reason),
        TEST(rfc2132_9_8_options_stand_in_the_order_of_the_request),
        TEST(routers_dns_domain_and_always_send_come_unasked),
        TEST(options_of_an_enterprise_go_to_its_clients),
        TEST(rfc3442_classless_routes_supersede_routers_if_asked_for),
        TEST(rfc6842_3_client_id_is_echoed_unaltered_and_relay_info_last),
        TEST(rfc2131_4_4_5_t1_and_t2_keep_their_order),
        TEST(rfc2131_2_answer_fits_what_the_client_takes),
        TEST(what_does_not_fit_is_dropped_whole_and_counted),
        TEST(rfc3396_5_long_values_are_split),
        TEST(rfc3046_2_2_relay_info_that_leaves_no_room_is_left_out_whole),
        TEST(rfc2131_4_1_what_does_not_fit_goes_into_file_and_sname),
        TEST(a_boot_file_leaves_sname_for_options),
        TEST(what_is_asked_for_last_is_dropped_first),
        TEST(rfc2131_4_3_1_a_nak_is_never_overloaded),
        TEST(rfc2131_4_1_giaddr_comes_before_everything),
        TEST(rfc2131_4_1_nak_is_broadcast_even_with_ciaddr),
        TEST(rfc2131_4_1_ciaddr_comes_before_the_broadcast_flag),
        TEST(rfc2131_4_1_broadcast_flag_broadcasts),
        TEST(rfc2131_4_1_otherwise_a_frame_goes_to_chaddr_and_yiaddr),
        TEST(rfc2131_4_1_where_no_frame_can_be_sent_it_broadcasts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
