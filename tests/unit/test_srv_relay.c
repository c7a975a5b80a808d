/* Clients behind relay agents: RFC 3046, 3011, 3527, 5107, 8357. */
#include "test_srv_world.h"

#define RELAY IP(10, 0, 2, 254) /* in the second subnet */
#define FAR   IP(192, 0, 2, 1)  /* in none */

static const char *const plain = basic;
static const char relayed[] =
    "{ \"Dhcp4\": { \"subnet-selection\": true, \"subnet4\": ["
    "  { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.12\" } ] },"
    "  { \"id\": 2, \"subnet\": \"10.0.2.0/24\", \"pools\": [ { \"pool\": \"10.0.2.10 - 10.0.2.12\" } ] },"
    "  { \"id\": 3, \"subnet\": \"10.0.3.0/24\", \"pools\": [ { \"pool\": \"10.0.3.10 - 10.0.3.12\" } ],"
    "    \"relay\": { \"ip-addresses\": [ \"192.0.2.1\", \"10.0.2.253\" ] } } ] } }";

static void from_relay(ip4 giaddr, uint16_t sport)
{
    request.giaddr = giaddr;
    request.hops = 1;
    send_from(giaddr, sport, SERVER);
}

static void relay_info(const char *bytes, size_t len)
{
    assert_true(dhcp_put_bytes(&request, DHCP_OPT_RELAY_INFO, bytes, len));
}

/* Sub-option `code` with an address. */
static void relay_says(uint8_t code, ip4 addr)
{
    char info[] = {
        (char)code, 4,  (char)(addr >> 24), (char)(addr >> 16), (char)(addr >> 8), (char)addr, (char)200,
        1,          'x'};
    relay_info(info, sizeof info);
}

static ip4 server_id(void)
{
    ip4 id = 0;
    assert_true(dhcp_get_ip4(&seen.msg, DHCP_OPT_SERVER_ID, &id));
    return id;
}

static void expect_to_relay(ip4 giaddr, uint16_t port)
{
    assert_int_equal(seen.packet.dst, giaddr);
    assert_int_equal(seen.packet.dport, port);
    assert_int_equal(seen.msg.giaddr, giaddr);
    assert_int_equal(seen.packet.src, SERVER);
}

/* ---- relay.ip-addresses ---- */

static void a_subnet_may_name_its_relays(void **state)
{
    (void)state;
    start(relayed);
    msg('a', DHCP_DISCOVER);
    from_relay(FAR, DHCP_PORT_SERVER);
    expect_offer(IP(10, 0, 3, 10));
    assert_true(decided(REASON_SUBNET_RELAY_NAMED));
    expect_to_relay(FAR, DHCP_PORT_SERVER);
    msg('b', DHCP_DISCOVER);
    from_relay(IP(10, 0, 2, 253), DHCP_PORT_SERVER); /* before the subnet that it is in */
    expect_offer(IP(10, 0, 3, 11));
    msg('c', DHCP_DISCOVER);
    from_relay(RELAY, DHCP_PORT_SERVER);
    expect_offer(IP(10, 0, 2, 10));
    assert_true(decided(REASON_SUBNET_RELAY));
    msg('d', DHCP_DISCOVER);
    from_relay(IP(192, 0, 2, 2), DHCP_PORT_SERVER);
    expect_silence(REASON_NO_SUBNET);
}

/* ---- store-extended-info ---- */

static void option_82_is_kept_with_the_lease(void **state)
{
    (void)state;
    start(plain);
    msg('a', DHCP_REQUEST);
    dhcp_put_ip4(&request, DHCP_OPT_SERVER_ID, SERVER);
    dhcp_put_ip4(&request, DHCP_OPT_REQUESTED_IP, IP(10, 0, 2, 10));
    relay_info("\x01\x02p1", 4);
    from_relay(RELAY, DHCP_PORT_SERVER);
    expect_ack(IP(10, 0, 2, 10));
    assert_int_equal(seen.put.relay_info_len, 4);
    assert_memory_equal(seen.put.relay_info, "\x01\x02p1", 4);
    /* a renewal goes past the relay: what it said last still holds */
    msg('a', DHCP_REQUEST);
    request.ciaddr = IP(10, 0, 2, 10);
    send_from(IP(10, 0, 2, 10), DHCP_PORT_CLIENT, SERVER);
    expect_ack(IP(10, 0, 2, 10));
    assert_int_equal(seen.put.relay_info_len, 4);
    /* the client has moved to another port */
    msg('a', DHCP_REQUEST);
    request.ciaddr = IP(10, 0, 2, 10);
    relay_info("\x01\x02p2", 4);
    from_relay(RELAY, DHCP_PORT_SERVER);
    expect_ack(IP(10, 0, 2, 10));
    assert_memory_equal(seen.put.relay_info, "\x01\x02p2", 4);
}

static void option_82_is_not_kept_if_configured_so(void **state)
{
    (void)state;
    start("{ \"Dhcp4\": { \"store-extended-info\": false, \"subnet4\": [ { \"id\": 2, \"subnet\": "
          "\"10.0.2.0/24\","
          " \"pools\": [ { \"pool\": \"10.0.2.10 - 10.0.2.12\" } ] } ] } }");
    msg('a', DHCP_REQUEST);
    dhcp_put_ip4(&request, DHCP_OPT_SERVER_ID, SERVER);
    dhcp_put_ip4(&request, DHCP_OPT_REQUESTED_IP, IP(10, 0, 2, 10));
    relay_info("\x01\x02p1", 4);
    from_relay(RELAY, DHCP_PORT_SERVER);
    expect_ack(IP(10, 0, 2, 10));
    assert_int_equal(seen.put.relay_info_len, 0);
}

/* ---- RFC 3527 ---- */

static void rfc3527_link_selection_chooses_the_subnet_and_giaddr_the_way(void **state)
{
    (void)state;
    start(plain);
    msg('a', DHCP_DISCOVER);
    relay_says(DHCP_RELAY_LINK_SELECTION, IP(10, 0, 2, 0));
    from_relay(FAR, DHCP_PORT_SERVER);
    expect_offer(IP(10, 0, 2, 10));
    assert_true(decided(REASON_SUBNET_LINK));
    expect_to_relay(FAR, DHCP_PORT_SERVER);
    const struct dhcp_option *info = dhcp_msg_find(&seen.msg, DHCP_OPT_RELAY_INFO);
    assert_int_equal(info->len, 9); /* RFC 3046 2.2: the entire contents, unknown sub-option and all */
    assert_memory_equal(info->data, "\x05\x04\x0a\x00\x02\x00\xc8\x01x", 9);
    assert_int_equal(seen.msg.options[seen.msg.n_options - 1].code, DHCP_OPT_RELAY_INFO);
    msg('a', DHCP_REQUEST);
    dhcp_put_ip4(&request, DHCP_OPT_SERVER_ID, SERVER);
    dhcp_put_ip4(&request, DHCP_OPT_REQUESTED_IP, IP(10, 0, 2, 10));
    relay_says(DHCP_RELAY_LINK_SELECTION, IP(10, 0, 2, 0));
    from_relay(FAR, DHCP_PORT_SERVER);
    expect_ack(IP(10, 0, 2, 10));
    assert_int_equal(seen.put.subnet_id, 2);
}

static void rfc3527_an_unknown_link_gets_no_other_subnet(void **state)
{
    (void)state;
    start(plain);
    msg('a', DHCP_DISCOVER);
    relay_says(DHCP_RELAY_LINK_SELECTION, IP(10, 9, 9, 0));
    from_relay(RELAY, DHCP_PORT_SERVER);
    expect_silence(REASON_NO_SUBNET);
    msg('a', DHCP_DISCOVER);
    relay_info("\x05\x03\x0a\x00\x02", 5); /* not an address: as if it were not there */
    from_relay(RELAY, DHCP_PORT_SERVER);
    expect_offer(IP(10, 0, 2, 10));
    msg('b', DHCP_DISCOVER);
    relay_info("\x05\x04\x0a\x00", 4); /* cut */
    from_relay(RELAY, DHCP_PORT_SERVER);
    expect_offer(IP(10, 0, 2, 11));
}

static void a_client_that_forges_option_82_chooses_nothing(void **state)
{
    (void)state;
    start(plain);
    msg('a', DHCP_DISCOVER);
    relay_says(DHCP_RELAY_LINK_SELECTION, IP(10, 0, 2, 0));
    send_to(IP4_BROADCAST);
    expect_offer(IP(10, 0, 0, 10));
    relay_says(DHCP_RELAY_SERVER_ID, IP(6, 6, 6, 6));
    send_to(IP4_BROADCAST);
    assert_int_equal(server_id(), SERVER);
}

/* ---- RFC 3011 ---- */

static void rfc3011_subnet_selection_is_off_by_default(void **state)
{
    (void)state;
    start(plain);
    msg('a', DHCP_DISCOVER);
    dhcp_put_ip4(&request, DHCP_OPT_SUBNET_SELECTION, IP(10, 0, 2, 0));
    send_to(IP4_BROADCAST);
    expect_offer(IP(10, 0, 0, 10));
    assert_false(dhcp_msg_has(&seen.msg, DHCP_OPT_SUBNET_SELECTION));
}

static void rfc3011_2_the_client_selects_and_gets_an_identical_copy(void **state)
{
    (void)state;
    ip4 copy = 0;
    start(relayed);
    msg('a', DHCP_DISCOVER);
    dhcp_put_ip4(&request, DHCP_OPT_SUBNET_SELECTION, IP(10, 0, 3, 0));
    from_relay(RELAY, DHCP_PORT_SERVER); /* before giaddr, which it does not change */
    expect_offer(IP(10, 0, 3, 10));
    assert_true(decided(REASON_SUBNET_SELECTED));
    expect_to_relay(RELAY, DHCP_PORT_SERVER);
    assert_true(dhcp_get_ip4(&seen.msg, DHCP_OPT_SUBNET_SELECTION, &copy));
    assert_int_equal(copy, IP(10, 0, 3, 0));
    dhcp_put_ip4(&request, DHCP_OPT_SUBNET_SELECTION, IP(10, 9, 9, 0)); /* MUST NOT offer of another subnet */
    from_relay(RELAY, DHCP_PORT_SERVER);
    expect_silence(REASON_NO_SUBNET);
}

static void rfc3527_the_relays_link_counts_more_than_the_clients_subnet(void **state)
{
    (void)state;
    start(relayed);
    msg('a', DHCP_DISCOVER);
    dhcp_put_ip4(&request, DHCP_OPT_SUBNET_SELECTION, IP(10, 0, 3, 0));
    relay_says(DHCP_RELAY_LINK_SELECTION, IP(10, 0, 0, 0));
    from_relay(RELAY, DHCP_PORT_SERVER);
    expect_offer(IP(10, 0, 0, 10));
}

static void rfc3011_2_a_nak_has_no_copy(void **state)
{
    (void)state;
    start(relayed);
    msg('a', DHCP_REQUEST);
    dhcp_put_ip4(&request, DHCP_OPT_REQUESTED_IP, IP(10, 0, 0, 10));
    dhcp_put_ip4(&request, DHCP_OPT_SUBNET_SELECTION, IP(10, 0, 3, 0));
    from_relay(RELAY, DHCP_PORT_SERVER);
    expect_nak(REASON_NAK_WRONG_NET);
    assert_false(dhcp_msg_has(&seen.msg, DHCP_OPT_SUBNET_SELECTION));
    assert_int_equal(seen.msg.flags, DHCP_FLAG_BROADCAST);
}

/* ---- RFC 5107 ---- */

static void rfc5107_the_relay_stands_in_as_the_server(void **state)
{
    (void)state;
    start(plain);
    msg('a', DHCP_DISCOVER);
    relay_says(DHCP_RELAY_SERVER_ID, RELAY);
    from_relay(RELAY, DHCP_PORT_SERVER);
    expect_offer(IP(10, 0, 2, 10));
    assert_int_equal(server_id(), RELAY);
    assert_true(decided(REASON_SERVER_ID_OVERRIDE));
    expect_to_relay(RELAY, DHCP_PORT_SERVER);
    msg('a', DHCP_REQUEST);
    dhcp_put_ip4(&request, DHCP_OPT_SERVER_ID, RELAY); /* what the client was told */
    dhcp_put_ip4(&request, DHCP_OPT_REQUESTED_IP, IP(10, 0, 2, 10));
    relay_says(DHCP_RELAY_SERVER_ID, RELAY);
    from_relay(RELAY, DHCP_PORT_SERVER);
    expect_ack(IP(10, 0, 2, 10));
    assert_int_equal(server_id(), RELAY);
    msg('a', DHCP_REQUEST)->ciaddr = IP(10, 0, 2, 10); /* renewing, to the relay, which forwards it */
    relay_says(DHCP_RELAY_SERVER_ID, RELAY);
    from_relay(RELAY, DHCP_PORT_SERVER);
    expect_ack(IP(10, 0, 2, 10));
    msg('a', DHCP_RELEASE)->ciaddr = IP(10, 0, 2, 10);
    dhcp_put_ip4(&request, DHCP_OPT_SERVER_ID, RELAY);
    relay_says(DHCP_RELAY_SERVER_ID, RELAY);
    from_relay(RELAY, DHCP_PORT_SERVER);
    assert_true(decided(REASON_RELEASED));
}

static void rfc5107_another_relays_address_is_another_server(void **state)
{
    (void)state;
    start(plain);
    msg('a', DHCP_DISCOVER);
    relay_says(DHCP_RELAY_SERVER_ID, RELAY);
    from_relay(RELAY, DHCP_PORT_SERVER);
    msg('a', DHCP_REQUEST);
    dhcp_put_ip4(&request, DHCP_OPT_SERVER_ID, FAR);
    dhcp_put_ip4(&request, DHCP_OPT_REQUESTED_IP, IP(10, 0, 2, 10));
    relay_says(DHCP_RELAY_SERVER_ID, RELAY);
    from_relay(RELAY, DHCP_PORT_SERVER);
    expect_silence(REASON_OFFER_TAKEN_BACK);
}

/* ---- RFC 8357 ---- */

static void rfc8357_the_answer_goes_to_the_port_that_the_relay_sent_from(void **state)
{
    (void)state;
    start(plain);
    msg('a', DHCP_DISCOVER);
    from_relay(RELAY, 4711);
    expect_to_relay(RELAY, DHCP_PORT_SERVER); /* RFC 2131 4.1: unless it says otherwise */
    relay_info("\x13\x00", 2);
    from_relay(RELAY, 4711);
    expect_to_relay(RELAY, 4711);
    assert_true(decided(REASON_TO_RELAY_PORT));
    assert_true(dhcp_msg_has(&seen.msg, DHCP_OPT_RELAY_INFO));
    dhcp_put_ip4(msg('a', DHCP_REQUEST), DHCP_OPT_REQUESTED_IP, IP(10, 0, 0, 10));
    relay_info("\x13\x00", 2);
    from_relay(RELAY, 4711);
    expect_nak(REASON_NAK_WRONG_NET);
    expect_to_relay(RELAY, 4711);
}

#define TEST(name) cmocka_unit_test_teardown(name, stop)

/* ---- RFC 1542 4.1.1: messages that go round in circles ---- */

/* "The relay agent MUST silently discard BOOTREQUEST messages whose 'hops' field exceeds the value 16": those
 * of a relay that does not. */
static void rfc1542_4_1_1_hops_end_a_loop_of_relays(void **state)
{
    (void)state;
    start(basic);
    msg('a', DHCP_DISCOVER)->giaddr = RELAY;
    for (unsigned hops = 15; hops <= 18; hops++) {
        request.hops = (uint8_t)hops;
        send_from(RELAY, DHCP_PORT_SERVER, SERVER);
        if (hops <= 16)
            expect_offer(IP(10, 0, 2, 10));
        else
            expect_silence(REASON_MSG_HOPS);
    }
}

/* What we have sent ourselves is no question, whether it comes back as it left or as a relay made it. */
static void rfc1542_4_1_1_what_comes_from_our_own_address_is_a_loop(void **state)
{
    (void)state;
    start(basic);
    discover('a', 0);
    expect_offer(IP(10, 0, 0, 10));
    request = seen.msg; /* our own offer */
    send_from(SERVER, DHCP_PORT_SERVER, IP4_BROADCAST);
    expect_silence(REASON_MSG_REPLY_AT_SERVER);
    msg('b', DHCP_DISCOVER)->giaddr = SERVER;
    send_from(SERVER, DHCP_PORT_SERVER, SERVER);
    expect_silence(REASON_MSG_OWN_ADDRESS);
    assert_int_equal(seen.last.facts.addr, SERVER);
    assert_int_equal(srv_engine_counters(engine)->reasons[REASON_MSG_OWN_ADDRESS], 1);
    send_from(IP(10, 0, 0, 2), DHCP_PORT_SERVER, SERVER); /* somebody else's word for it */
    expect_offer(IP(10, 0, 0, 11));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_subnet_may_name_its_relays),
        TEST(option_82_is_kept_with_the_lease),
        TEST(option_82_is_not_kept_if_configured_so),
        TEST(rfc3527_link_selection_chooses_the_subnet_and_giaddr_the_way),
        TEST(rfc3527_an_unknown_link_gets_no_other_subnet),
        TEST(a_client_that_forges_option_82_chooses_nothing),
        TEST(rfc3011_subnet_selection_is_off_by_default),
        TEST(rfc3011_2_the_client_selects_and_gets_an_identical_copy),
        TEST(rfc3527_the_relays_link_counts_more_than_the_clients_subnet),
        TEST(rfc3011_2_a_nak_has_no_copy),
        TEST(rfc5107_the_relay_stands_in_as_the_server),
        TEST(rfc5107_another_relays_address_is_another_server),
        TEST(rfc8357_the_answer_goes_to_the_port_that_the_relay_sent_from),
        TEST(rfc1542_4_1_1_hops_end_a_loop_of_relays),
        TEST(rfc1542_4_1_1_what_comes_from_our_own_address_is_a_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
