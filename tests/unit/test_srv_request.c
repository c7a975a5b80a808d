/* DHCPREQUEST in each state of a client, and DHCPRELEASE, in virtual time: RFC 2131 4.3.2 and 4.3.4. */
#include "test_srv_world.h"

/* ---- RFC 2131 4.3.2, SELECTING ---- */

static void rfc2131_3_1_4_request_for_another_server_takes_the_offer_back(void **state)
{
    (void)state;
    start(basic);
    discover('a', IP(10, 0, 0, 10));
    selecting('a', IP(10, 0, 0, 2), IP(10, 0, 0, 77));
    expect_silence(REASON_OFFER_TAKEN_BACK);
    assert_int_equal(seen.last.facts.addr, IP(10, 0, 0, 10));
    assert_int_equal(seen.last.facts.other, IP(10, 0, 0, 2));
    discover('b', IP(10, 0, 0, 10));
    expect_offer(IP(10, 0, 0, 10));
    selecting('c', IP(10, 0, 0, 2), IP(10, 0, 0, 77));
    expect_silence(REASON_OTHER_SERVER);
    assert_int_equal(seen.n_drops, 0);
}

static void rfc2131_4_1_any_of_our_addresses_names_us(void **state)
{
    (void)state;
    start(basic);
    discover('a', 0);
    msg('a', DHCP_REQUEST);
    dhcp_put_ip4(&request, DHCP_OPT_SERVER_ID, IP(10, 9, 9, 9));
    dhcp_put_ip4(&request, DHCP_OPT_REQUESTED_IP, IP(10, 0, 0, 10));
    send_to(IP(10, 9, 9, 9));
    expect_ack(IP(10, 0, 0, 10));
}

static void rfc2131_4_3_2_selecting_another_address_than_the_offered_is_refused(void **state)
{
    (void)state;
    start(basic);
    discover('a', 0);
    selecting('a', SERVER, IP(10, 0, 0, 12));
    expect_nak(REASON_NAK_WRONG_ADDR);
}

static void rfc2131_4_3_2_selecting_an_address_that_went_to_another_is_refused(void **state)
{
    (void)state;
    start(basic);
    discover('a', IP(10, 0, 0, 10));
    at(60 * S);
    bind('b', IP(10, 0, 0, 10));
    selecting('a', SERVER, IP(10, 0, 0, 10));
    expect_nak(REASON_NAK_IN_USE);
}

static void rfc2131_4_3_2_selecting_after_the_offer_is_forgotten_gets_a_free_address(void **state)
{
    (void)state;
    start(basic);
    selecting('a', SERVER, IP(10, 0, 0, 11)); /* e.g. offered before we were started again */
    expect_ack(IP(10, 0, 0, 11));
    selecting('b', SERVER, IP(10, 0, 0, 99));
    expect_nak(REASON_NAK_NOT_IN_POOL);
    selecting('b', SERVER, IP(10, 1, 0, 99));
    expect_nak(REASON_NAK_WRONG_NET);
}

/* ---- RFC 2131 4.3.2, INIT-REBOOT ---- */

static void rfc2131_4_3_2_init_reboot_with_the_right_address_is_acked(void **state)
{
    (void)state;
    start(basic);
    bind('a', IP(10, 0, 0, 10));
    init_reboot('a', IP(10, 0, 0, 10));
    expect_ack(IP(10, 0, 0, 10));
    assert_true(decided(REASON_REQUEST_INIT_REBOOT));
    release('a', IP(10, 0, 0, 10));
    init_reboot('a', IP(10, 0, 0, 10)); /* its record is kept */
    expect_ack(IP(10, 0, 0, 10));
    assert_true(decided(REASON_LEASE_NEW));
}

static void rfc2131_4_3_2_init_reboot_with_a_wrong_address_is_refused(void **state)
{
    (void)state;
    start(basic);
    bind('a', IP(10, 0, 0, 10));
    init_reboot('a', IP(10, 0, 0, 11));
    expect_nak(REASON_NAK_WRONG_ADDR);
    const struct dhcp_option *why = dhcp_msg_find(&seen.msg, DHCP_OPT_MESSAGE);
    static const char text[] = "10.0.0.11 is not the address this client has: that is 10.0.0.10";
    assert_non_null(why);
    assert_int_equal(why->len, strlen(text));
    assert_memory_equal(why->data, text, strlen(text));
}

static void rfc2131_4_3_2_init_reboot_on_the_wrong_network_is_refused(void **state)
{
    (void)state;
    start(basic);
    init_reboot('a', IP(192, 168, 0, 10)); /* before any record is looked up */
    expect_nak(REASON_NAK_WRONG_NET);
    assert_true(decided(REASON_TO_BROADCAST_NAK));
}

static void rfc2131_4_3_2_init_reboot_of_an_unknown_client_is_silent(void **state)
{
    (void)state;
    start(basic);
    init_reboot('a', IP(10, 0, 0, 10));
    expect_silence(REASON_UNKNOWN_CLIENT);
    bind('b', IP(10, 0, 0, 10));
    init_reboot('a', IP(10, 0, 0, 10));
    expect_silence(REASON_UNKNOWN_CLIENT);
}

static void init_reboot_of_an_unknown_client_is_refused_by_an_authority(void **state)
{
    (void)state;
    start("{ \"Dhcp4\": { \"authoritative\": true, \"subnet4\": [ { \"id\": 1,"
          "  \"subnet\": \"10.0.0.0/24\", \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.12\" } ] } ] } }");
    init_reboot('a', IP(10, 0, 0, 10));
    expect_nak(REASON_NAK_UNKNOWN);
    init_reboot('a', IP(10, 0, 0, 99));
    expect_nak(REASON_NAK_NOT_IN_POOL);
    rebind('a', IP(10, 7, 0, 99));
    expect_nak(REASON_NAK_WRONG_NET);
}

/* ---- RFC 2131 4.3.2, RENEWING and REBINDING ---- */

static void rfc2131_4_3_2_renewing_extends_the_lease(void **state)
{
    (void)state;
    start(basic);
    bind('a', IP(10, 0, 0, 10));
    at(1800 * S);
    renew('a', IP(10, 0, 0, 10));
    expect_ack(IP(10, 0, 0, 10));
    assert_true(decided(REASON_REQUEST_RENEWING));
    assert_true(decided(REASON_SUBNET_CIADDR));
    assert_true(decided(REASON_LEASE_EXTENDED));
    assert_true(decided(REASON_TO_CIADDR));
    assert_int_equal(seen.packet.dst, IP(10, 0, 0, 10));
    assert_int_equal(seen.via, SRV_VIA_UDP);
    assert_int_equal(seen.msg.ciaddr, IP(10, 0, 0, 10));
    at(5400 * S - 1);
    assert_int_not_equal(seen.last.reason, REASON_LEASE_EXPIRED);
    at(5400 * S);
    assert_int_equal(seen.last.reason, REASON_LEASE_EXPIRED);
}

static void rfc2131_4_3_2_renewing_trusts_ciaddr_for_the_subnet(void **state)
{
    (void)state;
    start(basic);
    struct srv_lease lease = {.addr = IP(10, 0, 2, 10),
                              .subnet_id = 2,
                              .hw = {1, 6, {2, 0, 0, 0, 0, 10}},
                              .expires_ms = 3600 * S,
                              .lease_s = 3600};
    assert_int_equal(srv_engine_load(engine, &lease, 0), 0);
    renew('a', IP(10, 0, 2, 10)); /* arrives on the interface of subnet 1 */
    expect_ack(IP(10, 0, 2, 10));
    assert_int_equal(seen.put.subnet_id, 2);
    renew('a', IP(172, 16, 0, 1));
    expect_silence(REASON_NO_SUBNET);
    assert_int_equal(seen.n_drops, 1);
}

static void rfc2131_4_3_2_renewing_a_wrong_address_is_refused(void **state)
{
    (void)state;
    start(basic);
    bind('a', IP(10, 0, 0, 10));
    renew('a', IP(10, 0, 0, 11));
    expect_nak(REASON_NAK_WRONG_ADDR);
    assert_int_equal(seen.packet.dst, IP4_BROADCAST); /* though ciaddr is set */
    renew('b', IP(10, 0, 0, 10));
    expect_nak(REASON_NAK_IN_USE);
    renew('c', IP(10, 0, 0, 12));
    expect_silence(REASON_UNKNOWN_CLIENT);
}

static void renewing_an_expired_lease_that_is_still_free_makes_it_new(void **state)
{
    (void)state;
    start(basic);
    bind('a', IP(10, 0, 0, 10));
    at(4000 * S);
    renew('a', IP(10, 0, 0, 10));
    expect_ack(IP(10, 0, 0, 10));
    assert_true(decided(REASON_LEASE_NEW));
}

static void rfc2131_4_3_2_rebinding_extends_the_lease(void **state)
{
    (void)state;
    start(basic);
    bind('a', IP(10, 0, 0, 10));
    at(3150 * S);
    rebind('a', IP(10, 0, 0, 10));
    expect_ack(IP(10, 0, 0, 10));
    assert_true(decided(REASON_REQUEST_REBINDING));
    assert_int_equal(seen.packet.dst, IP(10, 0, 0, 10));
}

static void rfc2131_4_3_2_rebinding_of_an_unknown_client_is_silent(void **state)
{
    (void)state;
    start(basic);
    bind('b', IP(10, 0, 0, 10));
    rebind('a', IP(10, 0, 0, 10)); /* the lease of another server, for all we know */
    expect_silence(REASON_UNKNOWN_CLIENT);
    rebind('a', IP(192, 168, 0, 1));
    expect_silence(REASON_UNKNOWN_CLIENT);
    rebind('b', IP(10, 0, 0, 11));
    expect_nak(REASON_NAK_WRONG_ADDR);
}

static void rfc2131_4_3_6_request_without_any_address_is_dropped(void **state)
{
    (void)state;
    start(basic);
    msg('a', DHCP_REQUEST);
    send_to(IP4_BROADCAST);
    expect_silence(REASON_MSG_NO_ADDRESS);
    assert_int_equal(seen.n_drops, 1);
}

/* ---- RFC 2131 4.3.4: RELEASE ---- */

static void rfc2131_4_3_4_release_frees_the_address_and_keeps_its_record(void **state)
{
    (void)state;
    start(basic);
    bind('a', IP(10, 0, 0, 10));
    at(100 * S);
    release('a', IP(10, 0, 0, 10));
    assert_int_equal(seen.n_tx, 0);
    assert_int_equal(seen.n_put, 1);
    assert_int_equal(seen.put.state, SRV_LEASE_RELEASED);
    assert_int_equal(seen.put.addr, IP(10, 0, 0, 10));
    assert_true(seen.put.expires_ms == 100 * S);
    assert_true(decided(REASON_RELEASED));
    discover('a', 0);
    expect_offer(IP(10, 0, 0, 10));
    assert_true(decided(REASON_ADDR_PREVIOUS));
}

static void rfc2131_4_3_4_release_of_what_is_not_ones_own_is_ignored(void **state)
{
    (void)state;
    start(basic);
    bind('a', IP(10, 0, 0, 10));
    release('b', IP(10, 0, 0, 10));
    expect_silence(REASON_RELEASE_NOT_OWNER);
    release('a', IP(10, 0, 0, 11));
    expect_silence(REASON_RELEASE_UNKNOWN);
    msg('a', DHCP_RELEASE)->ciaddr = IP(10, 0, 0, 10);
    dhcp_put_ip4(&request, DHCP_OPT_SERVER_ID, IP(10, 0, 0, 2));
    send_to(IP4_BROADCAST);
    expect_silence(REASON_OTHER_SERVER);
    release('a', 0);
    expect_silence(REASON_MSG_NO_ADDRESS);
    release('a', IP(10, 0, 0, 10));
    assert_true(decided(REASON_RELEASED));
    release('a', IP(10, 0, 0, 10));
    expect_silence(REASON_RELEASE_UNKNOWN);
}

#define TEST(name) cmocka_unit_test_teardown(name, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rfc2131_3_1_4_request_for_another_server_takes_the_offer_back),
        TEST(rfc2131_4_1_any_of_our_addresses_names_us),
        TEST(rfc2131_4_3_2_selecting_another_address_than_the_offered_is_refused),
        TEST(rfc2131_4_3_2_selecting_an_address_that_went_to_another_is_refused),
        TEST(rfc2131_4_3_2_selecting_after_the_offer_is_forgotten_gets_a_free_address),
        TEST(rfc2131_4_3_2_init_reboot_with_the_right_address_is_acked),
        TEST(rfc2131_4_3_2_init_reboot_with_a_wrong_address_is_refused),
        TEST(rfc2131_4_3_2_init_reboot_on_the_wrong_network_is_refused),
        TEST(rfc2131_4_3_2_init_reboot_of_an_unknown_client_is_silent),
        TEST(init_reboot_of_an_unknown_client_is_refused_by_an_authority),
        TEST(rfc2131_4_3_2_renewing_extends_the_lease),
        TEST(rfc2131_4_3_2_renewing_trusts_ciaddr_for_the_subnet),
        TEST(rfc2131_4_3_2_renewing_a_wrong_address_is_refused),
        TEST(renewing_an_expired_lease_that_is_still_free_makes_it_new),
        TEST(rfc2131_4_3_2_rebinding_extends_the_lease),
        TEST(rfc2131_4_3_2_rebinding_of_an_unknown_client_is_silent),
        TEST(rfc2131_4_3_6_request_without_any_address_is_dropped),
        TEST(rfc2131_4_3_4_release_frees_the_address_and_keeps_its_record),
        TEST(rfc2131_4_3_4_release_of_what_is_not_ones_own_is_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
