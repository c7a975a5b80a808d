/* "compatibility": with "kea": true what Kea does where an RFC says otherwise, one difference a test, each
 * with the RFC's way beside it; Kea's own switches; and "lease-checks". */
#include "server/srv_sanity.h"
#include "tests/unit/test_srv_world.h"

/* A server with these keys and two pools: in 10.0.0.0/24, which its interface is in, and 10.0.2.0/24. */
static void serve(const char *keys)
{
    static char text[2048];
    snprintf(text, sizeof text,
             "{ \"Dhcp4\": { %s \"valid-lifetime\": 3600,\"option-data\": ["
             "   { \"name\": \"routers\", \"data\": \"10.0.0.1\" }, { \"name\": \"interface-mtu\", \"data\": "
             "\"1400\" },"
             "   { \"name\": \"classless-static-route\", \"data\": \"10.9.0.0/16 - 10.0.0.1\" } ],"
             "  \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"pools\": [ { \"pool\": "
             "\"10.0.0.0/24\" } ] },"
             "    { \"id\": 2, \"subnet\": \"10.0.2.0/24\", \"pools\": [ { \"pool\": \"10.0.2.10 - "
             "10.0.2.12\" } ] },"
             "    { \"id\": 3, \"subnet\": \"10.4.0.0/22\", \"pools\": [ { \"pool\": \"10.4.0.254 - "
             "10.4.1.1\" } ] } ] } }",
             keys);
    if (engine != NULL)
        stop(NULL);
    start(text);
}

#define KEA "\"compatibility\": { \"kea\": true },"

static void ask(const char *codes)
{
    dhcp_put_bytes(&request, DHCP_OPT_PRL, codes, strlen(codes));
}

/* RFC 3011 6: "servers ... MUST disable this option by default". */
static void subnet_selection_is_on(void **state)
{
    (void)state;
    const char *const keys[] = {"", KEA, KEA "\"subnet-selection\": false,"};
    const ip4 expected[] = {IP(10, 0, 0, 2), IP(10, 0, 2, 10), IP(10, 0, 0, 0)};
    for (size_t i = 0; i < 3; i++) {
        serve(keys[i]);
        msg('a', DHCP_DISCOVER);
        dhcp_put_ip4(&request, DHCP_OPT_SUBNET_SELECTION, IP(10, 0, 2, 0));
        send_to(IP4_BROADCAST);
        expect_offer(expected[i]);
    }
}

/* RFC 2131 4.1: "In all cases, when 'giaddr' is zero, the server broadcasts any DHCPNAK messages". Table 3
 * has the reason in it. */
static void nak_is_unicast_and_has_no_reason(void **state)
{
    (void)state;
    for (int kea = 0; kea < 2; kea++) {
        serve(kea ? KEA : "");
        discover('a', IP(10, 0, 0, 50));
        selecting('a', SERVER, IP(10, 0, 0, 50));
        rebind('b', IP(10, 0, 0, 50));
        if (!kea) {
            expect_silence(REASON_UNKNOWN_CLIENT);
            renew('b', IP(10, 0, 0, 50));
        } else {
            renew('b', IP(10, 0, 0, 50));
        }
        expect_nak(REASON_NAK_IN_USE);
        assert_int_equal(seen.packet.dst, kea ? IP(10, 0, 0, 50) : IP4_BROADCAST);
        assert_int_equal(dhcp_msg_has(&seen.msg, DHCP_OPT_MESSAGE), !kea);
    }
}

/* RFC 2131 4.3.1, table 3: hops is 0. */
static void hops_are_copied(void **state)
{
    (void)state;
    for (int kea = 0; kea < 2; kea++) {
        serve(kea ? KEA : "");
        msg('a', DHCP_DISCOVER)->hops = 3;
        send_to(IP4_BROADCAST);
        assert_int_equal(seen.msg.hops, kea ? 3 : 0);
    }
}

/* RFC 2132 9.8: "MUST try to insert the requested options in the order requested"; RFC 3442 leaves routers
 * out. */
static void options_stand_by_code_and_routers_stay(void **state)
{
    (void)state;
    static const uint8_t by_rfc[] = {53, 54, 51, 1, 121, 26}, by_kea[] = {53, 1, 3, 26, 51, 54, 121};
    for (int kea = 0; kea < 2; kea++) {
        const uint8_t *codes = kea ? by_kea : by_rfc;
        serve(kea ? KEA : "");
        msg('a', DHCP_DISCOVER);
        ask("\x79\x1a\x03");
        send_to(IP4_BROADCAST);
        assert_int_equal(seen.msg.n_options, kea ? sizeof by_kea : sizeof by_rfc);
        for (size_t i = 0; i < seen.msg.n_options; i++)
            assert_int_equal(seen.msg.options[i].code, codes[i]);
    }
}

/* RFC 1542 2.1: 300 octets; RFC 2131 4.1: what option 57 allows, with option overload. */
static void messages_are_as_long_as_they_are(void **state)
{
    (void)state;
    static const char long_options[] =
        "\"option-data\": [ { \"code\": 224, \"data\": \"%0600d\", \"always-send\": true } ],";
    for (int kea = 0; kea < 2; kea++) {
        serve(kea ? KEA : "");
        discover('a', 0);
        assert_int_equal(seen.packet.len < DHCP_MSG_SEND_MIN, kea);
        assert_int_equal(seen.packet.bytes[seen.packet.len - 1], kea ? DHCP_OPT_END : 0);
        char text[1024], keys[1024] = "";
        snprintf(keys, sizeof keys, long_options, 0);
        snprintf(text, sizeof text,
                 "{ \"Dhcp4\": { %s %s \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\","
                 " \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.12\" } ] } ] } }",
                 kea ? KEA : "", keys);
        stop(NULL);
        start(text);
        discover('a', 0); /* 300 octets of option 224 do not fit the 312 for options, but file and sname */
        assert_true(dhcp_msg_has(&seen.msg, 224));
        assert_int_equal(seen.msg.overload != 0, !kea);
        assert_int_equal(seen.packet.len > 548, kea);
    }
}

/* RFC 2131 4.3.2, table 4: a DHCPREQUEST names an address. */
static void request_without_an_address_is_served(void **state)
{
    (void)state;
    serve("");
    msg('a', DHCP_REQUEST);
    send_to(IP4_BROADCAST);
    expect_silence(REASON_MSG_NO_ADDRESS);
    serve(KEA);
    msg('a', DHCP_REQUEST);
    send_to(IP4_BROADCAST);
    expect_ack(IP(10, 0, 0, 0));
}

/* RFC 2131 4.3.2: without a record of the client the server "MUST remain silent". */
static void renewal_of_an_unknown_client_gets_a_free_address(void **state)
{
    (void)state;
    serve("");
    renew('a', IP(10, 0, 0, 77));
    expect_silence(REASON_UNKNOWN_CLIENT);
    serve(KEA);
    renew('a', IP(10, 0, 0, 77));
    expect_ack(IP(10, 0, 0, 77));
    rebind('b', IP(10, 0, 0, 78));
    expect_ack(IP(10, 0, 0, 78));
    init_reboot('c', IP(10, 0, 0, 79)); /* Kea, too, is silent then */
    expect_silence(REASON_UNKNOWN_CLIENT);
}

/* Nobody waits any more for the address that it was offered before. */
static void renewal_ends_the_offer_of_another_address(void **state)
{
    (void)state;
    serve(KEA);
    discover('a', IP(10, 0, 0, 77));
    expect_offer(IP(10, 0, 0, 77));
    renew('a', IP(10, 0, 0, 78));
    expect_ack(IP(10, 0, 0, 78));
    assert_int_equal(srv_engine_count_leases(engine, 1, SRV_LEASE_OFFERED), 0);
    discover('b', IP(10, 0, 0, 77));
    expect_offer(IP(10, 0, 0, 77));
}

/* RFC 2131 table 5: a DHCPDECLINE has option 54. */
static void decline_without_a_server_counts(void **state)
{
    (void)state;
    for (int kea = 0; kea < 2; kea++) {
        serve(kea ? KEA : "");
        discover('a', IP(10, 0, 0, 50));
        selecting('a', SERVER, IP(10, 0, 0, 50));
        dhcp_put_ip4(msg('a', DHCP_DECLINE), DHCP_OPT_REQUESTED_IP, IP(10, 0, 0, 50));
        send_to(IP4_BROADCAST);
        assert_true(decided(kea ? REASON_DECLINED : REASON_NO_SERVER_ID));
    }
}

/* RFC 1122 3.2.1.3: neither the network's nor the broadcast address is that of a host. */
static void pool_is_given_out_as_a_whole(void **state)
{
    (void)state;
    for (int kea = 0; kea < 2; kea++) {
        serve(kea ? KEA : "");
        discover('a', IP(10, 0, 0, 255));
        expect_offer(kea ? IP(10, 0, 0, 255) : IP(10, 0, 0, 2));
    }
}

/* RFC 2131 4.3.1: a client with a lease that asks for no time is offered what is left of it. */
static void client_that_begins_again_gets_a_whole_lease(void **state)
{
    (void)state;
    for (int kea = 0; kea < 2; kea++) {
        uint32_t lease_s = 0;
        serve(kea ? KEA : "");
        discover('a', IP(10, 0, 0, 50));
        selecting('a', SERVER, IP(10, 0, 0, 50));
        at(1000 * S);
        discover('a', 0);
        assert_true(dhcp_get_u32(&seen.msg, DHCP_OPT_LEASE_TIME, &lease_s));
        assert_int_equal(lease_s, kea ? 3600 : 2600);
    }
}

/* ---- Kea's switches ---- */

static void request_for_another_server_is_served(void **state)
{
    (void)state;
    serve("");
    discover('a', IP(10, 0, 0, 50));
    selecting('a', IP(10, 0, 0, 250), IP(10, 0, 0, 50));
    expect_silence(REASON_OFFER_TAKEN_BACK);
    serve("\"compatibility\": { \"ignore-dhcp-server-identifier\": true },");
    discover('a', IP(10, 0, 0, 50));
    selecting('a', IP(10, 0, 0, 250), IP(10, 0, 0, 50));
    expect_ack(IP(10, 0, 0, 50));
}

/* 82: link selection (5, 4 octets) 10.0.2.0 */
static void link_selection_is_ignored(void **state)
{
    (void)state;
    const char *const keys[] = {"", "\"compatibility\": { \"ignore-rai-link-selection\": true },"};
    for (int i = 0; i < 2; i++) {
        serve(keys[i]);
        msg('a', DHCP_DISCOVER)->giaddr = IP(10, 0, 0, 200);
        dhcp_put_bytes(&request, DHCP_OPT_RELAY_INFO, "\x05\x04\x0a\x00\x02\x00", 6);
        send_to(SERVER);
        expect_offer(i == 0 ? IP(10, 0, 2, 10) : IP(10, 0, 0, 2));
    }
}

static void first_and_last_of_256_are_not_given(void **state)
{
    (void)state;
    serve("\"compatibility\": { \"exclude-first-last-24\": true },");
    const ip4 expected[] = {IP(10, 4, 0, 254), IP(10, 4, 1, 1)}; /* not .0.255 and .1.0 */
    for (int i = 0; i < 2; i++) {
        msg((char)('a' + i), DHCP_DISCOVER)->giaddr = IP(10, 4, 3, 1);
        send_to(SERVER);
        expect_offer(expected[i]);
    }
    assert_true(decided(REASON_ADDR_FIRST_LAST));
    msg('c', DHCP_DISCOVER)->giaddr = IP(10, 4, 3, 1);
    send_to(SERVER);
    expect_silence(REASON_POOL_EMPTY);
}

/* ---- lease-checks ---- */

static void lease_checks(void **state)
{
    (void)state;
    static const struct {
        const char *checks;
        enum srv_sanity moved, lost; /* in another subnet than its record says; in none */
    } rows[] = {
        {"none", SRV_SANITY_GOOD, SRV_SANITY_GOOD}, {"warn", SRV_SANITY_KEPT, SRV_SANITY_KEPT},
        {"fix", SRV_SANITY_FIXED, SRV_SANITY_KEPT}, {"fix-del", SRV_SANITY_FIXED, SRV_SANITY_BAD},
        {"del", SRV_SANITY_BAD, SRV_SANITY_BAD},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char keys[64];
        snprintf(keys, sizeof keys, "\"sanity-checks\": { \"lease-checks\": \"%s\" },", rows[i].checks);
        serve(keys);
        struct srv_lease good = {.addr = IP(10, 0, 0, 9), .subnet_id = 1};
        struct srv_lease moved = {.addr = IP(10, 0, 2, 9), .subnet_id = 1};
        struct srv_lease gone = {.addr = IP(10, 0, 2, 9), .subnet_id = 77};
        struct srv_lease lost = {.addr = IP(172, 16, 0, 9), .subnet_id = 1};
        assert_int_equal(srv_sanity_check(config, &good), SRV_SANITY_GOOD);
        assert_int_equal(srv_sanity_check(config, &moved), rows[i].moved);
        assert_int_equal(moved.subnet_id, rows[i].moved == SRV_SANITY_FIXED ? 2 : 1);
        assert_int_equal(srv_sanity_check(config, &gone), rows[i].moved);
        assert_int_equal(srv_sanity_check(config, &lost), rows[i].lost);
        assert_int_equal(lost.subnet_id, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(subnet_selection_is_on, stop),
        cmocka_unit_test_teardown(nak_is_unicast_and_has_no_reason, stop),
        cmocka_unit_test_teardown(hops_are_copied, stop),
        cmocka_unit_test_teardown(options_stand_by_code_and_routers_stay, stop),
        cmocka_unit_test_teardown(messages_are_as_long_as_they_are, stop),
        cmocka_unit_test_teardown(request_without_an_address_is_served, stop),
        cmocka_unit_test_teardown(renewal_of_an_unknown_client_gets_a_free_address, stop),
        cmocka_unit_test_teardown(renewal_ends_the_offer_of_another_address, stop),
        cmocka_unit_test_teardown(decline_without_a_server_counts, stop),
        cmocka_unit_test_teardown(pool_is_given_out_as_a_whole, stop),
        cmocka_unit_test_teardown(client_that_begins_again_gets_a_whole_lease, stop),
        cmocka_unit_test_teardown(request_for_another_server_is_served, stop),
        cmocka_unit_test_teardown(link_selection_is_ignored, stop),
        cmocka_unit_test_teardown(first_and_last_of_256_are_not_given, stop),
        cmocka_unit_test_teardown(lease_checks, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
