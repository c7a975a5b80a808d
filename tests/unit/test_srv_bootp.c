/* BOOTP clients: RFC 951, RFC 1542, RFC 1534. */
#include "test_srv_world.h"

#define A10   IP(10, 0, 0, 10)
#define RELAY IP(10, 0, 0, 254)

enum { VEND_LEN = 64, BOOTP_LEN = 300, GIADDR_PORT = 67 };

/* `keys` of the top. */
static void start_bootp(const char *keys)
{
    char text[2048];
    snprintf(text, sizeof text,
             "{ \"Dhcp4\": { %s \"valid-lifetime\": 3600, \"next-server\": \"10.0.0.5\","
             "  \"boot-file-name\": \"/boot/x\", \"server-hostname\": \"boots\","
             "  \"option-data\": [ { \"name\": \"routers\", \"data\": \"10.0.0.1\" },"
             "    { \"name\": \"time-servers\", \"data\": \"10.0.0.2\" } ],"
             "  \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\","
             "    \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.12\" } ] } ] } }",
             keys);
    start(text);
}

static const char dynamic[] = "\"hooks-libraries\": [ { \"library\": \"libdhcp_bootp.so\" } ],";

/* A BOOTREQUEST without option 53. */
static struct dhcp_msg *bootp(char client)
{
    msg(client, DHCP_DISCOVER);
    struct dhcp_msg with_type = request;
    dhcp_msg_init(&request, DHCP_BOOTREQUEST);
    request.htype = with_type.htype;
    request.hlen = with_type.hlen;
    request.xid = with_type.xid;
    memcpy(request.chaddr, with_type.chaddr, sizeof request.chaddr);
    return &request;
}

static void expect_reply(ip4 yiaddr)
{
    assert_int_equal(seen.n_tx, 1);
    assert_int_equal(seen.msg.op, DHCP_BOOTREPLY);
    assert_int_equal(seen.msg.type, DHCP_BOOTP);
    assert_int_equal(seen.msg.yiaddr, yiaddr);
    for (unsigned code = 50; code <= 61; code++) /* RFC 1534 2: none of DHCP's own */
        assert_false(dhcp_msg_has(&seen.msg, (uint8_t)code));
}

/* ---- addresses ---- */

static void rfc1534_2_a_bootp_client_gets_an_address_for_ever(void **state)
{
    (void)state;
    start_bootp(dynamic);
    bootp('a');
    send_to(IP4_BROADCAST);
    expect_reply(A10);
    assert_int_equal(seen.packet.len, BOOTP_LEN);
    assert_true(seen.put_before_tx);
    assert_int_equal(seen.put.addr, A10);
    assert_int_equal(seen.put.state, SRV_LEASE_ACTIVE);
    assert_int_equal(seen.put.lease_s, LEASE_INFINITE);
    assert_true(seen.put.expires_ms == TIME_NEVER);
    assert_int_equal(seen.msg.siaddr, IP(10, 0, 0, 5));
    assert_string_equal((const char *)seen.msg.file, "/boot/x");
    assert_string_equal((const char *)seen.msg.sname, "boots");
    at(1000000 * S);
    bootp('a');
    send_to(IP4_BROADCAST);
    expect_reply(A10);
    bootp('b');
    send_to(IP4_BROADCAST);
    expect_reply(IP(10, 0, 0, 11));
    assert_int_equal(srv_engine_counters(engine)->received[DHCP_BOOTP], 3);
    assert_int_equal(srv_engine_counters(engine)->sent[DHCP_BOOTP], 3);
}

static void rfc1534_without_consent_no_address_of_the_pools_is_given(void **state)
{
    (void)state;
    start_bootp("");
    bootp('a');
    send_to(IP4_BROADCAST);
    expect_silence(REASON_BOOTP_NOT_RESERVED);
    assert_int_equal(seen.n_drops, 1);
    discover('a', 0);
    expect_offer(A10);
}

static void rfc1534_who_has_a_reserved_address_gets_it_without_consent(void **state)
{
    (void)state;
    start("{ \"Dhcp4\": { \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"pools\": ["
          " { \"pool\": \"10.0.0.10/32\" } ], \"reservations\": [ { \"hw-address\": \"02:00:00:00:00:0a\","
          " \"ip-address\": \"10.0.0.200\" } ] } ] } }");
    bootp('a');
    send_to(IP4_BROADCAST);
    expect_reply(IP(10, 0, 0, 200));
    bootp('b');
    send_to(IP4_BROADCAST);
    expect_silence(REASON_BOOTP_NOT_RESERVED);
}

static void options_may_hang_on_the_class_of_bootp_clients(void **state)
{
    (void)state;
    start_bootp("\"hooks-libraries\": [ { \"library\": \"libdhcp_bootp.so\" } ], \"client-classes\": ["
                "  { \"name\": \"netboot\", \"test\": \"member('BOOTP')\", \"option-data\": ["
                "    { \"name\": \"root-path\", \"data\": \"/nfs\" } ] } ],");
    bootp('a');
    send_to(IP4_BROADCAST);
    expect_reply(A10);
    assert_true(dhcp_msg_has(&seen.msg, 17));
    msg('b', DHCP_DISCOVER);
    dhcp_put_bytes(&request, DHCP_OPT_PRL, "\x11", 1);
    send_to(IP4_BROADCAST);
    assert_false(dhcp_msg_has(&seen.msg, 17));
}

static void rfc951_who_knows_its_address_gets_the_rest_and_no_lease(void **state)
{
    (void)state;
    start_bootp("");
    bootp('a')->ciaddr = IP(10, 0, 0, 77);
    send_to(SERVER);
    expect_reply(0);
    assert_int_equal(seen.msg.ciaddr, IP(10, 0, 0, 77));
    assert_int_equal(seen.n_put, 0);
    assert_int_equal(seen.packet.dst, IP(10, 0, 0, 77));
    assert_true(decided(REASON_BOOTP_INFORM));
    assert_true(dhcp_msg_has(&seen.msg, DHCP_OPT_ROUTERS));
}

static void a_full_pool_is_silence(void **state)
{
    (void)state;
    start_bootp(dynamic);
    for (const char *client = "abcd"; *client != '\0'; client++) {
        bootp(*client);
        send_to(IP4_BROADCAST);
    }
    expect_silence(REASON_POOL_EMPTY);
}

static void one_host_that_boots_by_bootp_and_goes_on_by_dhcp_has_one_address(void **state)
{
    (void)state;
    start_bootp(dynamic);
    discover('a', 0);
    expect_offer(A10);
    bootp('a'); /* its offer was for 3600 s */
    send_to(IP4_BROADCAST);
    expect_reply(A10);
    assert_int_equal(seen.put.lease_s, LEASE_INFINITE);
    discover('a', 0);
    expect_offer(A10);
    selecting('a', SERVER, A10);
    expect_ack(A10);
    assert_int_equal(seen.put.lease_s, 3600);
}

static void the_address_is_probed_if_the_configuration_wants_it(void **state)
{
    (void)state;
    start_bootp("\"hooks-libraries\": [ { \"library\": \"libdhcp_bootp.so\" },"
                "  { \"library\": \"libdhcp_ping_check.so\" } ],");
    bootp('a');
    send_to(IP4_BROADCAST);
    assert_int_equal(seen.n_probes, 1);
    assert_int_equal(seen.n_tx, 0);
    at(100);
    expect_reply(A10);
    assert_true(seen.put.expires_ms == TIME_NEVER);
}

/* ---- RFC 951 3: which server, and the fields ---- */

static void rfc951_the_client_may_name_its_server(void **state)
{
    (void)state;
    start_bootp(dynamic);
    strcpy((char *)bootp('a')->sname, "other");
    send_to(IP4_BROADCAST);
    expect_silence(REASON_BOOTP_OTHER_SERVER);
    assert_int_equal(seen.n_drops, 0);
    strcpy((char *)bootp('a')->sname, "boots");
    send_to(IP4_BROADCAST);
    expect_reply(A10);
}

/* vend: 4 octets of cookie, then 1 subnet-mask (6), 3 routers (6), 4 time-servers (6), 255. */
static void rfc951_3_vend_has_64_octets(void **state)
{
    (void)state;
    start_bootp(dynamic);
    bootp('a');
    send_to(IP4_BROADCAST);
    expect_reply(A10);
    static const uint8_t vend[] = {99, 130, 83, 99, 1, 4, 255, 255, 255, 0, 3,  4,
                                   10, 0,   0,  1,  4, 4, 10,  0,   0,   2, 255};
    assert_memory_equal(seen.packet.bytes + BOOTP_LEN - VEND_LEN, vend, sizeof vend);
    stop(state);
    start_bootp("\"hooks-libraries\": [ { \"library\": \"libdhcp_bootp.so\" } ],");
    config->subnets[0].options = (struct srv_options){
        .list = (struct srv_option[]){{.code = 17, .len = 41, .data = (const uint8_t[41]){0}},
                                      {.code = 26, .len = 2, .data = (const uint8_t[2]){0}}},
        .n = 2};
    bootp('a');
    send_to(IP4_BROADCAST);
    expect_reply(A10);
    assert_int_equal(seen.packet.len, BOOTP_LEN); /* and nothing moves to file or sname */
    assert_true(decided(REASON_OPTIONS_DROPPED));
    assert_false(dhcp_msg_has(&seen.msg, DHCP_OPT_OVERLOAD));
    assert_true(dhcp_msg_has(&seen.msg, 17));
    assert_true(dhcp_msg_has(&seen.msg, 26));
    assert_int_equal(seen.last.reason, REASON_TO_YIADDR);
}

static void rfc1542_2_1_what_is_too_short_is_no_bootp_message(void **state)
{
    static uint8_t bytes[BOOTP_LEN];
    (void)state;
    start_bootp(dynamic);
    unsigned dropped;
    bootp('a');
    assert_int_equal(dhcp_msg_encode(&request, bytes, sizeof bytes, &dropped), BOOTP_LEN);
    struct srv_event event = {
        .kind = SRV_RX, .iface = &eth0, .packet = {.dst = IP4_BROADCAST, .bytes = bytes}};
    event.packet.len = BOOTP_LEN - 1;
    step(&event);
    expect_silence(REASON_BOOTP_SHORT);
    assert_int_equal(seen.n_drops, 1);
    event.packet.len = BOOTP_LEN;
    step(&event);
    expect_reply(A10);
}

/* RFC 951 has no magic cookie; RFC 1048 brought it. */
static void rfc951_a_vend_field_of_zeros_is_none(void **state)
{
    static uint8_t bytes[BOOTP_LEN];
    (void)state;
    start_bootp(dynamic);
    unsigned dropped;
    bootp('a');
    dhcp_msg_encode(&request, bytes, sizeof bytes, &dropped);
    memset(bytes + BOOTP_LEN - VEND_LEN, 0, VEND_LEN);
    step(&(struct srv_event){.kind = SRV_RX,
                             .iface = &eth0,
                             .packet = {.dst = IP4_BROADCAST, .bytes = bytes, .len = sizeof bytes}});
    expect_reply(A10);
}

/* ---- RFC 1542 5.4: where the answer goes ---- */

static void rfc1542_5_4_ciaddr_then_giaddr_then_the_broadcast_flag(void **state)
{
    static const struct {
        ip4 ciaddr, giaddr;
        uint16_t flags;
        ip4 dst;
        uint16_t dport;
        enum srv_via via;
        enum reason reason;
    } rows[] = {
        {IP(10, 0, 0, 77), RELAY, DHCP_FLAG_BROADCAST, IP(10, 0, 0, 77), DHCP_PORT_CLIENT, SRV_VIA_UDP,
         REASON_TO_BOOTP},
        {0, RELAY, DHCP_FLAG_BROADCAST, RELAY, GIADDR_PORT, SRV_VIA_UDP, REASON_TO_RELAY},
        {0, 0, DHCP_FLAG_BROADCAST, IP4_BROADCAST, DHCP_PORT_CLIENT, SRV_VIA_UDP, REASON_TO_BROADCAST_FLAG},
        {0, 0, 0, A10, DHCP_PORT_CLIENT, SRV_VIA_RAW, REASON_TO_YIADDR},
    };
    (void)state;
    start_bootp(dynamic);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bootp('a')->ciaddr = rows[i].ciaddr;
        request.giaddr = rows[i].giaddr;
        request.flags = rows[i].flags;
        send_from(rows[i].giaddr, DHCP_PORT_SERVER, SERVER);
        expect_reply(rows[i].ciaddr != 0 ? 0 : A10);
        assert_int_equal(seen.packet.dst, rows[i].dst);
        assert_int_equal(seen.packet.dport, rows[i].dport);
        assert_int_equal(seen.via, rows[i].via);
        assert_int_equal(seen.msg.flags, rows[i].flags);
        assert_int_equal(seen.msg.giaddr, rows[i].giaddr);
        assert_true(decided(rows[i].reason));
    }
}

/* The relay takes its option out again: it takes no room from the client's 64 octets. */
static void rfc3046_2_2_the_relays_option_comes_back(void **state)
{
    uint8_t info[60] = {1, 58};
    (void)state;
    start_bootp(dynamic);
    bootp('a')->giaddr = RELAY;
    dhcp_put_bytes(&request, DHCP_OPT_RELAY_INFO, info, sizeof info);
    send_from(RELAY, DHCP_PORT_SERVER, SERVER);
    expect_reply(A10);
    assert_true(dhcp_msg_has(&seen.msg, DHCP_OPT_ROUTERS));
    const struct dhcp_option *option = dhcp_msg_find(&seen.msg, DHCP_OPT_RELAY_INFO);
    assert_non_null(option);
    assert_memory_equal(option->data, info, sizeof info);
    assert_int_equal(seen.msg.options[seen.msg.n_options - 1].code, DHCP_OPT_RELAY_INFO);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, stop)
    const struct CMUnitTest tests[] = {
        TEST(rfc1534_2_a_bootp_client_gets_an_address_for_ever),
        TEST(rfc1534_without_consent_no_address_of_the_pools_is_given),
        TEST(rfc1534_who_has_a_reserved_address_gets_it_without_consent),
        TEST(options_may_hang_on_the_class_of_bootp_clients),
        TEST(rfc951_who_knows_its_address_gets_the_rest_and_no_lease),
        TEST(a_full_pool_is_silence),
        TEST(one_host_that_boots_by_bootp_and_goes_on_by_dhcp_has_one_address),
        TEST(the_address_is_probed_if_the_configuration_wants_it),
        TEST(rfc951_the_client_may_name_its_server),
        TEST(rfc951_3_vend_has_64_octets),
        TEST(rfc1542_2_1_what_is_too_short_is_no_bootp_message),
        TEST(rfc951_a_vend_field_of_zeros_is_none),
        TEST(rfc1542_5_4_ciaddr_then_giaddr_then_the_broadcast_flag),
        TEST(rfc3046_2_2_the_relays_option_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
