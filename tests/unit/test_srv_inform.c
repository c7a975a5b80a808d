/* DHCPINFORM in virtual time: RFC 2131 3.4, 4.3.5. */
#include "test_srv_world.h"

#define A10 IP(10, 0, 0, 10)

static const char informing[] =
    "{ \"Dhcp4\": { \"renew-timer\": 100, \"rebind-timer\": 200, \"next-server\": \"10.0.0.9\","
    "  \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\","
    "    \"option-data\": [ { \"name\": \"routers\", \"data\": \"10.0.0.1\" },"
    "                       { \"name\": \"interface-mtu\", \"data\": \"1400\" },"
    "                       { \"name\": \"domain-name\", \"data\": \"net\" } ],"
    "    \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.12\","
    "      \"option-data\": [ { \"name\": \"domain-name\", \"data\": \"pool\" } ] } ] } ] } }";

static void expect_configuration(ip4 dst)
{
    assert_int_equal(seen.n_tx, 1);
    assert_int_equal(seen.n_put, 0);
    assert_int_equal(seen.msg.type, DHCP_ACK);
    assert_int_equal(seen.msg.yiaddr, 0);
    assert_int_equal(seen.msg.giaddr, 0);
    assert_false(dhcp_msg_has(&seen.msg, DHCP_OPT_LEASE_TIME));
    assert_false(dhcp_msg_has(&seen.msg, DHCP_OPT_T1));
    assert_false(dhcp_msg_has(&seen.msg, DHCP_OPT_T2));
    assert_int_equal(seen.packet.dst, dst);
    assert_int_equal(seen.packet.dport, DHCP_PORT_CLIENT);
    assert_int_equal(seen.via, SRV_VIA_UDP);
    assert_true(decided(REASON_INFORM));
}

static void expect_domain(const char *name)
{
    const struct dhcp_option *option = dhcp_msg_find(&seen.msg, DHCP_OPT_DOMAIN_NAME);
    assert_non_null(option);
    assert_int_equal(option->len, strlen(name));
    assert_memory_equal(option->data, name, strlen(name));
}

static void rfc2131_4_3_5_inform_gets_options_and_no_lease(void **state)
{
    (void)state;
    start(informing);
    msg('a', DHCP_INFORM)->ciaddr = IP(10, 0, 0, 200);
    dhcp_put_bytes(&request, DHCP_OPT_PRL, "\x1a\x03\x33", 3); /* 26, 3, 51 */
    send_to(SERVER);
    expect_configuration(IP(10, 0, 0, 200));
    assert_int_equal(seen.msg.ciaddr, IP(10, 0, 0, 200));
    assert_int_equal(seen.msg.siaddr, IP(10, 0, 0, 9));
    assert_true(decided(REASON_TO_INFORM));
    static const uint8_t codes[] = {53, 54, 1, 26, 3, 15};
    assert_int_equal(seen.msg.n_options, sizeof codes);
    for (size_t i = 0; i < sizeof codes; i++)
        assert_int_equal(seen.msg.options[i].code, codes[i]);
    expect_domain("net");
    assert_true(srv_engine_deadline(engine) == TIME_NEVER); /* no offer, no lease */
}

static void rfc2131_4_3_5_options_are_those_of_the_pool_of_ciaddr(void **state)
{
    (void)state;
    start(informing);
    msg('a', DHCP_INFORM)->ciaddr = A10;
    send_to(IP4_BROADCAST);
    expect_configuration(A10);
    expect_domain("pool");
}

/* "MUST NOT check for an existing lease": that of another client changes nothing, nor does it change. */
static void rfc2131_4_3_5_no_lease_is_looked_up(void **state)
{
    (void)state;
    start(informing);
    bind('b', A10);
    time_ms deadline = srv_engine_deadline(engine);
    at(10 * S);
    msg('a', DHCP_INFORM)->ciaddr = A10;
    send_to(SERVER);
    expect_configuration(A10);
    msg('b', DHCP_INFORM)->ciaddr = A10;
    send_to(SERVER);
    expect_configuration(A10);
    assert_true(srv_engine_deadline(engine) == deadline);
}

static void rfc2131_4_3_5_broadcast_flag_and_interface_do_not_matter(void **state)
{
    (void)state;
    start(basic);
    msg('a', DHCP_INFORM)->ciaddr = IP(10, 0, 2, 77); /* the second subnet */
    request.flags = DHCP_FLAG_BROADCAST;
    send_to(SERVER);
    expect_configuration(IP(10, 0, 2, 77));
    assert_true(decided(REASON_SUBNET_CIADDR));
}

static void without_ciaddr_the_source_address_counts(void **state)
{
    (void)state;
    start(informing);
    msg('a', DHCP_INFORM);
    send_from(IP(10, 0, 0, 55), DHCP_PORT_CLIENT, SERVER);
    expect_configuration(IP(10, 0, 0, 55));
    assert_int_equal(seen.msg.ciaddr, 0);
    assert_true(decided(REASON_TO_SOURCE));
    send_from(0, DHCP_PORT_CLIENT, IP4_BROADCAST);
    expect_silence(REASON_MSG_NO_ADDRESS);
    assert_int_equal(seen.n_drops, 1);
}

/* "directly to the address given in the 'ciaddr' field": not through the relay, whose option 82 would reach
 * the client. RFC 3046 2.1 has the relay take it out. */
static void rfc2131_4_3_5_a_relayed_inform_is_answered_past_the_relay(void **state)
{
    (void)state;
    start(informing);
    msg('a', DHCP_INFORM)->ciaddr = A10;
    request.giaddr = IP(10, 0, 0, 254);
    dhcp_put_bytes(&request, DHCP_OPT_CLIENT_ID, "\x00z", 2);
    dhcp_put_bytes(&request, DHCP_OPT_RELAY_INFO, "\x01\x01x", 3);
    send_from(IP(10, 0, 0, 254), DHCP_PORT_SERVER, SERVER);
    expect_configuration(A10);
    assert_false(dhcp_msg_has(&seen.msg, DHCP_OPT_RELAY_INFO));
    assert_true(dhcp_msg_has(&seen.msg, DHCP_OPT_CLIENT_ID));
    request.ciaddr = 0; /* and the source is the relay */
    send_from(IP(10, 0, 0, 254), DHCP_PORT_SERVER, SERVER);
    expect_silence(REASON_MSG_NO_ADDRESS);
}

/* RFC 3046 2.2: "SHALL echo the entire contents of the Relay Agent Information option in all replies": what a
 * device on the way added without giaddr, it takes out of the unicast, too. */
static void rfc3046_2_2_relay_information_without_giaddr_is_echoed(void **state)
{
    (void)state;
    start(informing);
    msg('a', DHCP_INFORM)->ciaddr = A10;
    dhcp_put_bytes(&request, DHCP_OPT_RELAY_INFO, "\x01\x01x", 3);
    send_to(SERVER);
    expect_configuration(A10);
    assert_true(dhcp_msg_has(&seen.msg, DHCP_OPT_RELAY_INFO));
}

/* "The server SHOULD check the network address in a DHCPINFORM message for consistency" */
static void rfc2131_4_3_5_impossible_addresses_are_silent_and_never_a_nak(void **state)
{
    static const struct {
        ip4 addr;
        enum reason reason;
    } rows[] = {
        {IP(192, 168, 1, 1), REASON_NO_SUBNET},
        {IP4_BROADCAST, REASON_NO_SUBNET},
        {IP(10, 0, 0, 255), REASON_INFORM_ADDR},
        {IP(10, 0, 0, 0), REASON_INFORM_ADDR},
        {SERVER, REASON_INFORM_ADDR},
    };
    (void)state;
    start(informing);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        msg('a', DHCP_INFORM)->ciaddr = rows[i].addr;
        send_from(IP(10, 0, 0, 55), DHCP_PORT_CLIENT, SERVER);
        expect_silence(rows[i].reason);
        assert_int_equal(seen.n_drops, 1);
    }
}

#define TEST(name) cmocka_unit_test_teardown(name, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rfc2131_4_3_5_inform_gets_options_and_no_lease),
        TEST(rfc2131_4_3_5_options_are_those_of_the_pool_of_ciaddr),
        TEST(rfc2131_4_3_5_no_lease_is_looked_up),
        TEST(rfc2131_4_3_5_broadcast_flag_and_interface_do_not_matter),
        TEST(without_ciaddr_the_source_address_counts),
        TEST(rfc2131_4_3_5_a_relayed_inform_is_answered_past_the_relay),
        TEST(rfc3046_2_2_relay_information_without_giaddr_is_echoed),
        TEST(rfc2131_4_3_5_impossible_addresses_are_silent_and_never_a_nak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
