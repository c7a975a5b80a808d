/* Which address is offered, and for how long, in virtual time: RFC 2131 4.3.1. */
#include "test_srv_world.h"

/* ---- RFC 2131 4.3.1: which address ---- */

static void rfc2131_4_3_1_discover_gets_the_current_binding_first(void **state)
{
    (void)state;
    start(basic);
    bind('a', IP(10, 0, 0, 11));
    discover('a', IP(10, 0, 0, 12)); /* asks for another one */
    expect_offer(IP(10, 0, 0, 11));
    assert_true(decided(REASON_ADDR_BOUND));
}

static void rfc2131_4_3_1_discover_gets_the_previous_address_after_expiry(void **state)
{
    (void)state;
    start(basic);
    bind('a', IP(10, 0, 0, 11));
    at(3600 * S - 1);
    discover('a', 0);
    assert_true(decided(REASON_ADDR_BOUND));
    at(3600 * S);
    assert_int_equal(seen.last.reason, REASON_LEASE_EXPIRED);
    discover('a', IP(10, 0, 0, 12));
    expect_offer(IP(10, 0, 0, 11));
    assert_true(decided(REASON_ADDR_PREVIOUS));
}

static void previous_address_that_is_offered_to_another_is_not_given(void **state)
{
    (void)state;
    start(basic);
    bind('a', IP(10, 0, 0, 10));
    release('a', IP(10, 0, 0, 10));
    discover('b', IP(10, 0, 0, 10));
    expect_offer(IP(10, 0, 0, 10));
    discover('a', 0);
    expect_offer(IP(10, 0, 0, 11));
    assert_true(decided(REASON_PREVIOUS_IN_USE));
}

static void rfc2131_4_3_1_requested_address_is_given_if_free(void **state)
{
    (void)state;
    start(basic);
    discover('a', IP(10, 0, 0, 12));
    expect_offer(IP(10, 0, 0, 12));
    assert_true(decided(REASON_ADDR_REQUESTED));
    discover('b', IP(10, 0, 0, 12));
    expect_offer(IP(10, 0, 0, 10));
    assert_true(decided(REASON_REQ_IN_USE));
    assert_true(decided(REASON_ADDR_NEXT));
    discover('c', IP(192, 168, 1, 5)); /* never an error: it is ignored */
    expect_offer(IP(10, 0, 0, 11));
    assert_true(decided(REASON_REQ_NOT_IN_POOL));
}

static void rfc2131_4_3_1_empty_pool_is_silent_and_never_a_nak(void **state)
{
    (void)state;
    start(basic);
    discover('a', 0);
    discover('b', 0);
    discover('c', 0);
    discover('d', 0);
    expect_silence(REASON_POOL_EMPTY);
    assert_int_equal(seen.last.facts.num, 3);
}

static void free_addresses_are_used_again_the_longest_free_first(void **state)
{
    (void)state;
    start(basic);
    bind('a', IP(10, 0, 0, 10));
    bind('b', IP(10, 0, 0, 11));
    at(10 * S);
    release('b', IP(10, 0, 0, 11));
    at(20 * S);
    release('a', IP(10, 0, 0, 10));
    discover('c', 0);
    expect_offer(IP(10, 0, 0, 12)); /* the one that nobody ever had */
    discover('d', 0);
    expect_offer(IP(10, 0, 0, 11));
    assert_true(decided(REASON_ADDR_RECLAIMED));
    discover('e', 0);
    expect_offer(IP(10, 0, 0, 10));
    discover('f', 0);
    expect_silence(REASON_POOL_EMPTY);
    at(80 * S); /* nobody took the offers up: the records of a and b are untouched */
    discover('a', 0);
    expect_offer(IP(10, 0, 0, 10));
    assert_true(decided(REASON_ADDR_PREVIOUS));
}

static void rfc2131_3_1_4_offer_is_held_until_its_time_is_over(void **state)
{
    (void)state;
    start(basic);
    discover('a', IP(10, 0, 0, 10));
    at(60 * S - 1);
    discover('b', IP(10, 0, 0, 10));
    assert_true(decided(REASON_REQ_IN_USE));
    assert_true(srv_engine_deadline(engine) == 60 * S);
    at(60 * S);
    assert_int_equal(seen.last.reason, REASON_OFFER_EXPIRED);
    assert_int_equal(seen.last.client.bytes[5], 10);
    discover('c', IP(10, 0, 0, 10));
    expect_offer(IP(10, 0, 0, 10));
}

static void rfc2131_4_1_retransmitted_discover_gets_the_same_offer_whatever_its_xid(void **state)
{
    (void)state;
    start(basic);
    discover('a', 0);
    at(30 * S);
    msg('a', DHCP_DISCOVER)->xid = 99;
    send_to(IP4_BROADCAST);
    expect_offer(IP(10, 0, 0, 10));
    assert_int_equal(seen.msg.xid, 99);
    assert_true(decided(REASON_ADDR_OFFERED));
    at(60 * S); /* the hold counts from the last offer */
    selecting('a', SERVER, IP(10, 0, 0, 10));
    expect_ack(IP(10, 0, 0, 10));
    assert_true(srv_engine_deadline(engine) == 3660 * S);
}

static void rfc2131_4_1_one_xid_of_two_clients_makes_two_offers(void **state)
{
    (void)state;
    start(basic);
    discover('a', 0);
    discover('b', 0); /* msg() gives both the same xid */
    expect_offer(IP(10, 0, 0, 11));
}

static void addresses_that_no_client_may_have_are_not_offered(void **state)
{
    (void)state;
    start("{ \"Dhcp4\": { \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/29\","
          "  \"pools\": [ { \"pool\": \"10.0.0.0/29\" } ],"
          "  \"option-data\": [ { \"name\": \"routers\", \"data\": \"10.0.0.2, 10.0.0.3\" } ] } ] } }");
    discover('a', IP(10, 0, 0, 7));
    expect_offer(IP(10, 0, 0, 4));
    assert_true(decided(REASON_ADDR_NETWORK));
    assert_true(decided(REASON_ADDR_SERVER));
    assert_true(decided(REASON_ADDR_ROUTER));
    discover('b', SERVER);
    expect_offer(IP(10, 0, 0, 5));
    discover('c', 0);
    expect_offer(IP(10, 0, 0, 6));
    discover('d', 0);
    expect_silence(REASON_POOL_EMPTY);
}

/* ---- RFC 2131 4.3.1: how long ---- */

static uint32_t lease_time(void)
{
    uint32_t lease_s = 0;
    assert_true(dhcp_get_u32(&seen.msg, DHCP_OPT_LEASE_TIME, &lease_s));
    return lease_s;
}

static void rfc2131_4_3_1_requested_lease_time_is_kept_within_the_limits(void **state)
{
    static const struct {
        uint32_t asked, given;
    } rows[] = {{0, 60}, {59, 60}, {60, 60}, {600, 600}, {7200, 7200}, {7201, 7200}, {LEASE_INFINITE, 7200}};
    (void)state;
    start(basic);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        dhcp_put_u32(msg('a', DHCP_DISCOVER), DHCP_OPT_LEASE_TIME, rows[i].asked);
        send_to(IP4_BROADCAST);
        assert_int_equal(lease_time(), rows[i].given);
        assert_int_equal(decided(REASON_LEASE_CLAMPED), rows[i].asked != rows[i].given);
    }
}

static void ack_gives_the_offered_time_if_the_request_names_none(void **state)
{
    (void)state;
    start(basic);
    dhcp_put_u32(msg('a', DHCP_DISCOVER), DHCP_OPT_LEASE_TIME, 600);
    send_to(IP4_BROADCAST);
    selecting('a', SERVER, IP(10, 0, 0, 10));
    expect_ack(IP(10, 0, 0, 10));
    assert_int_equal(lease_time(), 600);
}

/* "the server returns the lease expiration time previously assigned to that address" */
static void rfc2131_4_3_1_who_asks_for_no_time_gets_what_is_left(void **state)
{
    (void)state;
    start(basic);
    bind('a', IP(10, 0, 0, 10));
    at(1000 * S + 300);
    discover('a', 0);
    expect_offer(IP(10, 0, 0, 10));
    assert_int_equal(lease_time(), 2599); /* and 700 ms, which the server keeps to itself */
    assert_true(decided(REASON_LEASE_KEPT));
    at(1001 * S + 300);
    selecting('a', SERVER, IP(10, 0, 0, 10));
    expect_ack(IP(10, 0, 0, 10));
    assert_int_equal(lease_time(), 2598);
    assert_int_equal(seen.put.lease_s, 2598);
    assert_true(seen.put.expires_ms == 3600 * S); /* again and again, to the millisecond */
    at(3600 * S - 1);
    discover('a', 0); /* less than a second is not worth a lease */
    assert_int_equal(lease_time(), 3600);
}

/* "the client must explicitly request a specific lease to extend the expiration time" */
static void rfc2131_4_3_1_who_asks_for_a_time_gets_it(void **state)
{
    (void)state;
    start(basic);
    bind('a', IP(10, 0, 0, 10));
    at(1000 * S);
    dhcp_put_u32(msg('a', DHCP_DISCOVER), DHCP_OPT_LEASE_TIME, 5000);
    send_to(IP4_BROADCAST);
    assert_int_equal(lease_time(), 5000);
    dhcp_put_u32(msg('a', DHCP_REQUEST), DHCP_OPT_LEASE_TIME, 5000);
    dhcp_put_ip4(&request, DHCP_OPT_SERVER_ID, SERVER);
    dhcp_put_ip4(&request, DHCP_OPT_REQUESTED_IP, IP(10, 0, 0, 10));
    send_to(IP4_BROADCAST);
    assert_true(decided(REASON_LEASE_EXTENDED));
    assert_true(seen.put.expires_ms == 6000 * S);
}

static void what_is_left_is_not_given_if_it_is_for_ever_or_too_long_or_with_kea(void **state)
{
    (void)state;
    start(basic);
    bind('a', IP(10, 0, 0, 10));
    at(1000 * S);
    config->kea = true;
    discover('a', 0);
    assert_int_equal(lease_time(), 3600);
    config->kea = false;
    discover('a', 0);
    assert_int_equal(lease_time(), 2600);
    config->subnets[0].lifetime = (struct srv_lifetime){60, 120, 120, 60};
    discover('a', 0);
    assert_int_equal(lease_time(), 120);
    renew('a', IP(10, 0, 0, 10)); /* an extension is what a renewal asks for */
    assert_true(seen.put.expires_ms == 1120 * S);
    config->subnets[0].lifetime = (struct srv_lifetime){60, LEASE_INFINITE, LEASE_INFINITE, 60};
    renew('a', IP(10, 0, 0, 10));
    assert_true(seen.put.expires_ms == TIME_NEVER);
    config->subnets[0].lifetime = (struct srv_lifetime){60, 120, 120, 60};
    discover('a', 0);
    assert_int_equal(lease_time(), 120);
}

static void rfc2131_3_3_infinite_lease_never_expires(void **state)
{
    (void)state;
    start("{ \"Dhcp4\": { \"valid-lifetime\": 4294967295, \"subnet4\": [ { \"id\": 1,"
          "  \"subnet\": \"10.0.0.0/24\", \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.12\" } ] } ] } }");
    bind('a', IP(10, 0, 0, 10));
    assert_int_equal(lease_time(), LEASE_INFINITE);
    assert_true(seen.put.expires_ms == TIME_NEVER);
    assert_true(srv_engine_deadline(engine) == TIME_NEVER);
}

/* ---- start and reload ---- */

/* However often it asks, by whatever transaction, and whatever it asks for. */
static void one_client_has_one_offer(void **state)
{
    (void)state;
    start("{ \"Dhcp4\": { \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"pools\": [ { \"pool\": "
          "\"10.0.0.10 - 10.0.0.49\" } ] } ] } }");
    for (unsigned i = 0; i < 100; i++) {
        msg('a', DHCP_DISCOVER)->xid = i;
        dhcp_put_ip4(&request, DHCP_OPT_REQUESTED_IP, IP(10, 0, 0, 10 + i % 40));
        send_to(IP4_BROADCAST);
        expect_offer(IP(10, 0, 0, 10));
        assert_int_equal(srv_engine_count_leases(engine, 1, SRV_LEASE_OFFERED), 1);
    }
    selecting('a', IP(10, 0, 0, 2), IP(10, 0, 0, 10)); /* another server is chosen */
    assert_int_equal(srv_engine_count_leases(engine, 1, SRV_LEASE_OFFERED), 0);
}

#define TEST(name) cmocka_unit_test_teardown(name, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rfc2131_4_3_1_discover_gets_the_current_binding_first),
        TEST(rfc2131_4_3_1_discover_gets_the_previous_address_after_expiry),
        TEST(previous_address_that_is_offered_to_another_is_not_given),
        TEST(rfc2131_4_3_1_requested_address_is_given_if_free),
        TEST(rfc2131_4_3_1_empty_pool_is_silent_and_never_a_nak),
        TEST(free_addresses_are_used_again_the_longest_free_first),
        TEST(rfc2131_3_1_4_offer_is_held_until_its_time_is_over),
        TEST(rfc2131_4_1_retransmitted_discover_gets_the_same_offer_whatever_its_xid),
        TEST(rfc2131_4_1_one_xid_of_two_clients_makes_two_offers),
        TEST(addresses_that_no_client_may_have_are_not_offered),
        TEST(rfc2131_4_3_1_requested_lease_time_is_kept_within_the_limits),
        TEST(ack_gives_the_offered_time_if_the_request_names_none),
        TEST(rfc2131_4_3_1_who_asks_for_no_time_gets_what_is_left),
        TEST(rfc2131_4_3_1_who_asks_for_a_time_gets_it),
        TEST(what_is_left_is_not_given_if_it_is_for_ever_or_too_long_or_with_kea),
        TEST(rfc2131_3_3_infinite_lease_never_expires),
        TEST(one_client_has_one_offer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
