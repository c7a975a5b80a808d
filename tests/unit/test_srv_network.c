/* Shared networks in virtual time: several subnets on one link. RFC 2131 4.3.1, 4.3.2. */
#include "test_srv_world.h"

#define A10 IP(10, 0, 0, 10)
#define B10 IP(10, 0, 2, 10)
#define B11 IP(10, 0, 2, 11)
#define C10 IP(10, 0, 3, 10)

/* eth0 has 10.0.0.1: its clients start in subnet 1. */
static const char floor1[] =
    "{ \"Dhcp4\": { \"shared-networks\": [ { \"name\": \"floor1\", \"valid-lifetime\": 600,"
    "  \"min-valid-lifetime\": 60, \"max-valid-lifetime\": 7200, \"option-data\": ["
    "    { \"name\": \"domain-name\", \"data\": \"floor1.example\" },"
    "    { \"name\": \"routers\", \"data\": \"10.0.0.254\" } ],"
    "  \"relay\": { \"ip-addresses\": [ \"192.0.2.1\" ] },"
    "  \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"pools\": [ { \"pool\": \"10.0.0.10/32\" } "
    "] },"
    "    { \"id\": 2, \"subnet\": \"10.0.2.0/24\", \"pools\": [ { \"pool\": \"10.0.2.10 - 10.0.2.11\" } ],"
    "      \"valid-lifetime\": 300, \"option-data\": [ { \"name\": \"routers\", \"data\": \"10.0.2.254\" } ] "
    "}"
    "  ] } ],"
    "  \"subnet4\": [ { \"id\": 3, \"subnet\": \"10.0.3.0/24\", \"pools\": [ { \"pool\": \"10.0.3.10/32\" } "
    "] } ]"
    "} }";

static void expect_option(uint8_t code, ip4 value)
{
    ip4 found;
    assert_true(dhcp_get_ip4(&seen.msg, code, &found));
    assert_int_equal(found, value);
}

static void relayed(char client, enum dhcp_type type, ip4 giaddr)
{
    msg(client, type)->giaddr = giaddr;
    send_from(giaddr, DHCP_PORT_SERVER, SERVER);
}

static void a_network_is_filled_over_its_first_subnet(void **state)
{
    (void)state;
    start(floor1);
    bind('a', A10);
    assert_int_equal(seen.put.subnet_id, 1);
    discover('b', 0);
    expect_offer(B10);
    assert_true(decided(REASON_SUBNET_INTERFACE));
    assert_true(decided(REASON_SUBNET_SHARED));
    selecting('b', SERVER, B10);
    expect_ack(B10);
    assert_int_equal(seen.put.subnet_id, 2);
    bind('c', B11);
    discover('d', 0);
    expect_silence(REASON_NETWORK_EMPTY);
    assert_int_equal(seen.last.facts.num, 3);
    assert_string_equal(seen.last.facts.text, "floor1");
    release('a', A10); /* what is free in the first subnet is given before it overflows */
    discover('d', 0);
    expect_offer(A10);
}

/* An address that somebody had before is given before the next subnet is touched. */
static void a_subnet_gives_all_it_has_before_the_next_one_does(void **state)
{
    (void)state;
    start(floor1);
    bind('a', A10);
    release('a', A10);
    discover('b', 0);
    expect_offer(A10);
    assert_true(decided(REASON_ADDR_RECLAIMED));
}

static void the_answer_is_that_of_the_subnet_of_the_address(void **state)
{
    (void)state;
    start(floor1);
    bind('a', A10);
    expect_option(DHCP_OPT_SUBNET_MASK, 0xffffff00);
    expect_option(DHCP_OPT_ROUTERS, IP(10, 0, 0, 254)); /* the network's */
    expect_option(DHCP_OPT_LEASE_TIME, 600);
    bind('b', B10);
    expect_option(DHCP_OPT_ROUTERS, IP(10, 0, 2, 254)); /* the subnet's own */
    expect_option(DHCP_OPT_LEASE_TIME, 300);
    assert_non_null(dhcp_msg_find(&seen.msg, DHCP_OPT_DOMAIN_NAME));
    assert_memory_equal(dhcp_msg_find(&seen.msg, DHCP_OPT_DOMAIN_NAME)->data, "floor1.example", 14);
}

/* RFC 2131 4.3.1: the current binding comes first, wherever on the link it is. */
static void a_lease_in_any_of_the_subnets_stays(void **state)
{
    (void)state;
    start(floor1);
    bind('a', A10);
    bind('b', B10);
    release('a', A10);
    discover('b', 0);
    expect_offer(B10);
    assert_true(decided(REASON_ADDR_BOUND));
    renew('b', B10);
    expect_ack(B10);
    assert_int_equal(seen.put.subnet_id, 2);
    rebind('b', B10);
    expect_ack(B10);
    init_reboot('b', B10);
    expect_ack(B10);
    release('b', B10);
    discover('b', 0); /* the previous one, too */
    expect_offer(B10);
    assert_true(decided(REASON_ADDR_PREVIOUS));
}

static void the_active_lease_counts_wherever_an_older_one_is(void **state)
{
    (void)state;
    start(floor1);
    bind('a', A10);
    release('a', A10);
    selecting('a', SERVER, B10); /* an offer from before a restart of ours */
    expect_ack(B10);
    init_reboot('a', A10); /* what it had is free, but it has another one now */
    expect_nak(REASON_NAK_WRONG_ADDR);
}

static void an_offer_in_another_subnet_is_the_clients(void **state)
{
    (void)state;
    start(floor1);
    discover('a', B11);
    expect_offer(B11);
    assert_true(decided(REASON_ADDR_REQUESTED));
    discover('a', 0);
    expect_offer(B11);
    assert_true(decided(REASON_ADDR_OFFERED));
    selecting('a', SERVER, A10);
    expect_nak(REASON_NAK_WRONG_ADDR);
    selecting('a', IP(10, 0, 0, 9), B11);
    expect_silence(REASON_OFFER_TAKEN_BACK);
    discover('b', B11);
    expect_offer(B11);
}

/* RFC 2131 4.3.2: the wrong network is any that is not on the client's link. */
static void rfc2131_4_3_2_the_link_decides_about_the_wrong_net(void **state)
{
    (void)state;
    start(floor1);
    bind('a', A10);
    bind('b', B10);
    init_reboot('b', C10);
    expect_nak(REASON_NAK_WRONG_NET);
    init_reboot('b', IP(192, 168, 0, 1));
    expect_nak(REASON_NAK_WRONG_NET);
    init_reboot('b', A10);
    expect_nak(REASON_NAK_WRONG_ADDR);
    init_reboot('c', B11); /* right net, unknown client */
    expect_silence(REASON_UNKNOWN_CLIENT);
}

static void a_relay_chooses_where_on_the_link_to_start(void **state)
{
    (void)state;
    start(floor1);
    relayed('a', DHCP_DISCOVER, IP(10, 0, 2, 254)); /* in subnet 2 */
    expect_offer(B10);
    relayed('b', DHCP_DISCOVER, IP(10, 0, 2, 254));
    expect_offer(B11);
    relayed('c', DHCP_DISCOVER, IP(10, 0, 2, 254)); /* after the last subnet comes the first */
    expect_offer(A10);
    relayed('d', DHCP_DISCOVER, IP(10, 0, 2, 254));
    expect_silence(REASON_NETWORK_EMPTY);
    relayed('d', DHCP_DISCOVER, IP(10, 0, 3, 254)); /* another link */
    expect_offer(C10);
}

static void a_relay_that_the_network_names_starts_with_its_first_subnet(void **state)
{
    (void)state;
    start(floor1);
    relayed('a', DHCP_DISCOVER, IP(192, 0, 2, 1));
    expect_offer(A10);
    assert_true(decided(REASON_SUBNET_RELAY_NAMED));
    relayed('b', DHCP_DISCOVER, IP(192, 0, 2, 1));
    expect_offer(B10);
}

static void the_interface_of_the_network_is_that_of_its_subnets(void **state)
{
    (void)state;
    start("{ \"Dhcp4\": { \"subnet4\": [ { \"id\": 9, \"subnet\": \"10.0.0.0/24\" } ], \"shared-networks\": ["
          " { \"name\": \"n\", \"interface\": \"eth0\", \"subnet4\": ["
          "   { \"id\": 1, \"subnet\": \"10.1.0.0/24\", \"pools\": [ { \"pool\": \"10.1.0.10/32\" } ] },"
          "   { \"id\": 2, \"subnet\": \"10.2.0.0/24\", \"pools\": [ { \"pool\": \"10.2.0.10/32\" } ] } ] } ]"
          "} }");
    discover('a', 0);
    expect_offer(IP(10, 1, 0, 10));
    assert_true(decided(REASON_SUBNET_INTERFACE_NAME));
    discover('b', 0);
    expect_offer(IP(10, 2, 0, 10));
}

/* A client has one address on a link: a new one in one subnet ends the lease in another. */
static void a_client_has_one_lease_on_a_link(void **state)
{
    (void)state;
    start(floor1);
    bind('a', B10);
    /* subnet 2 has another pool now */
    struct srv_config *other =
        parse("{ \"Dhcp4\": { \"shared-networks\": [ { \"name\": \"floor1\", \"subnet4\": ["
              " { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"pools\": [ { \"pool\": \"10.0.0.10/32\" } ] },"
              " { \"id\": 2, \"subnet\": \"10.0.2.0/24\", \"pools\": [ { \"pool\": \"10.0.2.11/32\" } ] } ] }"
              "] } }");
    assert_int_equal(srv_engine_reconfigure(engine, other), 0);
    srv_config_free(config);
    config = other;
    renew('a', B10);
    expect_nak(REASON_NAK_NOT_IN_POOL);
    discover('a', 0);
    expect_offer(A10);
    assert_true(decided(REASON_PREVIOUS_NOT_IN_POOL));
    selecting('a', SERVER, A10);
    expect_ack(A10);
    assert_int_equal(seen.n_put, 2);
    assert_true(decided(REASON_LEASE_MOVED));
    struct srv_lease lease;
    assert_true(srv_engine_find_lease(engine, B10, &lease));
    assert_int_equal(lease.state, SRV_LEASE_RELEASED);
}

/* match-client-id is a subnet's: the client is looked for in each as that one knows it. */
static void each_subnet_knows_the_client_in_its_own_way(void **state)
{
    (void)state;
    start("{ \"Dhcp4\": { \"shared-networks\": [ { \"name\": \"n\", \"subnet4\": ["
          " { \"id\": 1, \"subnet\": \"10.0.0.0/24\" },"
          " { \"id\": 2, \"subnet\": \"10.0.2.0/24\", \"match-client-id\": false,"
          "   \"pools\": [ { \"pool\": \"10.0.2.10 - 10.0.2.11\" } ] } ] } ] } }");
    msg('a', DHCP_DISCOVER);
    dhcp_put_bytes(&request, DHCP_OPT_CLIENT_ID, "\0one", 4);
    send_to(IP4_BROADCAST);
    expect_offer(B10);
    msg('a', DHCP_DISCOVER);
    dhcp_put_bytes(&request, DHCP_OPT_CLIENT_ID, "\0two", 4);
    send_to(IP4_BROADCAST);
    expect_offer(B10);
    assert_true(decided(REASON_ADDR_OFFERED));
    discover('b', 0);
    expect_offer(B11);
}

static void a_declined_address_is_replaced_from_the_next_subnet(void **state)
{
    (void)state;
    start(floor1);
    bind('a', A10);
    dhcp_put_ip4(msg('a', DHCP_DECLINE), DHCP_OPT_REQUESTED_IP, A10);
    dhcp_put_ip4(&request, DHCP_OPT_SERVER_ID, SERVER);
    send_to(IP4_BROADCAST);
    assert_true(decided(REASON_DECLINED));
    discover('a', A10);
    expect_offer(B10);
    assert_true(decided(REASON_REQ_DECLINED));
}

#define TEST(f) cmocka_unit_test_teardown(f, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_network_is_filled_over_its_first_subnet),
        TEST(a_subnet_gives_all_it_has_before_the_next_one_does),
        TEST(the_answer_is_that_of_the_subnet_of_the_address),
        TEST(a_lease_in_any_of_the_subnets_stays),
        TEST(the_active_lease_counts_wherever_an_older_one_is),
        TEST(an_offer_in_another_subnet_is_the_clients),
        TEST(rfc2131_4_3_2_the_link_decides_about_the_wrong_net),
        TEST(a_relay_chooses_where_on_the_link_to_start),
        TEST(a_relay_that_the_network_names_starts_with_its_first_subnet),
        TEST(the_interface_of_the_network_is_that_of_its_subnets),
        TEST(a_client_has_one_lease_on_a_link),
        TEST(each_subnet_knows_the_client_in_its_own_way),
        TEST(a_declined_address_is_replaced_from_the_next_subnet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
