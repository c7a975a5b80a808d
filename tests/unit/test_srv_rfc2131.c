/* RFC 2131, section by section, where servers are known to go wrong. What has a file of its own (DECLINE,
 * INFORM, relays, the answer octet by octet) is there. */
#include "test_srv_world.h"

#define A10   IP(10, 0, 0, 10)
#define A11   IP(10, 0, 0, 11)
#define RELAY IP(10, 0, 2, 254)

/* ---- 2: the fields of a message ---- */

/* "the 'siaddr' field ... IP address of next server to use in bootstrap": not who answers. */
static void rfc2131_2_siaddr_is_the_next_server_and_0_in_a_nak(void **state)
{
    (void)state;
    start("{ \"Dhcp4\": { \"next-server\": \"192.0.2.7\", \"subnet4\": [ { \"id\": 1,"
          "  \"subnet\": \"10.0.0.0/24\", \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.10\" } ] } ] } }");
    discover('a', 0);
    assert_int_equal(seen.msg.siaddr, IP(192, 0, 2, 7));
    selecting('a', SERVER, A10);
    assert_int_equal(seen.msg.siaddr, IP(192, 0, 2, 7));
    init_reboot('a', IP(10, 9, 9, 9));
    expect_nak(REASON_NAK_WRONG_NET);
    assert_int_equal(seen.msg.siaddr, 0);
}

/* Figure 2: of the flags only the leftmost bit means anything; the others are no reason for silence. */
static void rfc2131_2_other_flags_mean_nothing_and_come_back(void **state)
{
    (void)state;
    start(basic);
    msg('a', DHCP_DISCOVER)->flags = 0x7fff;
    send_to(IP4_BROADCAST);
    expect_offer(A10);
    assert_true(decided(REASON_TO_YIADDR));
    assert_int_equal(seen.msg.flags, 0x7fff);
}

/* Table 3 */
static void rfc2131_4_3_1_table_3_hops_and_secs_are_0_in_every_answer(void **state)
{
    (void)state;
    start(basic);
    msg('a', DHCP_DISCOVER)->hops = 3;
    request.secs = 7;
    request.giaddr = RELAY;
    send_from(RELAY, DHCP_PORT_SERVER, SERVER);
    expect_offer(IP(10, 0, 2, 10));
    assert_int_equal(seen.msg.hops, 0);
    assert_int_equal(seen.msg.secs, 0);
    assert_int_equal(seen.msg.giaddr, RELAY);
    assert_int_equal(seen.msg.op, DHCP_BOOTREPLY);
    assert_int_equal(seen.msg.xid, request.xid);
    assert_memory_equal(seen.msg.chaddr, request.chaddr, sizeof request.chaddr);
}

/* secs comes from the client, swapped by some: it is a hint at best. */
static void rfc2131_2_any_secs_is_served(void **state)
{
    static const uint16_t rows[] = {0, 1, 0x0100, 0xffff};
    (void)state;
    start(basic);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        msg('a', DHCP_DISCOVER)->secs = rows[i];
        send_to(IP4_BROADCAST);
        expect_offer(A10);
    }
}

/* ---- 4.1: whom an answer goes to ---- */

/* 4.3.2: "the server MUST set the broadcast bit in the DHCPNAK, so that the relay agent will broadcast the
 * DHCPNAK to the client" */
static void rfc2131_4_3_2_a_relayed_nak_has_the_broadcast_bit(void **state)
{
    (void)state;
    start(basic);
    dhcp_put_ip4(msg('a', DHCP_REQUEST), DHCP_OPT_REQUESTED_IP, A10);
    request.giaddr = RELAY;
    send_from(RELAY, DHCP_PORT_SERVER, SERVER);
    expect_nak(REASON_NAK_WRONG_NET);
    assert_int_equal(seen.msg.flags, DHCP_FLAG_BROADCAST);
    assert_int_equal(seen.packet.dst, RELAY);
    assert_int_equal(seen.packet.dport, DHCP_PORT_SERVER);
}

/* The relay's UDP source port is nobody's port 67. */
static void rfc2131_4_1_the_answer_goes_to_port_67_of_the_relay_whatever_it_sent_from(void **state)
{
    (void)state;
    start(basic);
    msg('a', DHCP_DISCOVER)->giaddr = RELAY;
    send_from(IP(192, 0, 2, 99), 49152, SERVER);
    expect_offer(IP(10, 0, 2, 10));
    assert_int_equal(seen.packet.dst, RELAY);
    assert_int_equal(seen.packet.dport, DHCP_PORT_SERVER);
}

/* ---- 4.3.6: table 4 ---- */

static void rfc2131_4_3_6_table_4_tells_the_four_requests_apart(void **state)
{
    static const struct {
        ip4 server, requested, ciaddr, dst;
        enum reason reason;
    } rows[] = {
        {SERVER, A10, 0, IP4_BROADCAST, REASON_REQUEST_SELECTING},
        {0, A10, 0, IP4_BROADCAST, REASON_REQUEST_INIT_REBOOT},
        {0, 0, A10, SERVER, REASON_REQUEST_RENEWING},
        {0, 0, A10, IP4_BROADCAST, REASON_REQUEST_REBINDING},
        {0, 0, A10, IP(10, 0, 0, 255), REASON_REQUEST_REBINDING}, /* the subnet's broadcast is one, too */
    };
    (void)state;
    start(basic);
    bind('a', A10);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        msg('a', DHCP_REQUEST)->ciaddr = rows[i].ciaddr;
        if (rows[i].server != 0)
            dhcp_put_ip4(&request, DHCP_OPT_SERVER_ID, rows[i].server);
        if (rows[i].requested != 0)
            dhcp_put_ip4(&request, DHCP_OPT_REQUESTED_IP, rows[i].requested);
        send_to(rows[i].dst);
        expect_ack(A10);
        assert_true(decided(rows[i].reason));
        assert_int_equal(seen.msg.ciaddr, rows[i].ciaddr);
    }
}

/* ---- 4.3.2: the network before the binding ---- */

/* "If the DHCP server detects that the client is on the wrong net": that needs no record of the client. */
static void rfc2131_4_3_2_the_wrong_network_is_told_to_unknown_clients_too(void **state)
{
    (void)state;
    start(basic);
    init_reboot('z', IP(192, 168, 7, 7));
    expect_nak(REASON_NAK_WRONG_NET);
    init_reboot('z', A10);
    expect_silence(REASON_UNKNOWN_CLIENT);
}

/* ---- 4.2: who a client is ---- */

/* "the server MUST use that identifier to identify the client": opaque octets, never the hardware address. */
static void rfc2131_4_2_an_identifier_made_of_the_hardware_address_is_another_client(void **state)
{
    static const uint8_t id[] = {1, 2, 0, 0, 0, 0, 10}; /* hardware type 1, then the address of "a" */
    (void)state;
    start(basic);
    bind('a', A10);
    dhcp_put_bytes(msg('a', DHCP_DISCOVER), DHCP_OPT_CLIENT_ID, id, sizeof id);
    send_to(IP4_BROADCAST);
    expect_offer(A11);
}

/* What stands in chaddr behind its hlen octets is no part of the address. */
static void rfc2131_4_2_padding_of_chaddr_does_not_matter(void **state)
{
    (void)state;
    start(basic);
    bind('a', A10);
    msg('a', DHCP_DISCOVER);
    memset(request.chaddr + 6, 0x5a, sizeof request.chaddr - 6);
    send_to(IP4_BROADCAST);
    expect_offer(A10);
    assert_true(decided(REASON_ADDR_BOUND));
    assert_int_equal(seen.msg.chaddr[15], 0x5a); /* table 3: copied as it is */
}

/* RFC 4390: a host on InfiniBand has hlen 0, is known by option 61, and gets broadcasts. */
static void rfc4390_without_a_hardware_address_the_identifier_and_broadcasts_do(void **state)
{
    static const uint8_t id[] = {255, 1, 2, 3, 4, 0, 3, 0, 32, 9, 9};
    (void)state;
    start(basic);
    dhcp_put_bytes(msg('a', DHCP_DISCOVER), DHCP_OPT_CLIENT_ID, id, sizeof id);
    request.htype = 32;
    request.hlen = 0;
    memset(request.chaddr, 0, sizeof request.chaddr);
    send_to(IP4_BROADCAST);
    expect_offer(A10);
    assert_int_equal(seen.packet.dst, IP4_BROADCAST);
    assert_int_equal(seen.via, SRV_VIA_UDP);
    assert_true(decided(REASON_TO_BROADCAST_HW));
}

/* ---- 4.3.1, 3.1: offers ---- */

/* One client has one offer, however many it asks for. */
static void rfc2131_3_1_one_client_cannot_hold_the_pool_with_offers(void **state)
{
    (void)state;
    start(basic);
    for (ip4 addr = A10; addr <= IP(10, 0, 0, 12); addr++) {
        discover('a', addr);
        expect_offer(A10);
    }
    discover('b', 0);
    expect_offer(A11);
    discover('c', 0);
    expect_offer(IP(10, 0, 0, 12));
}

/* 3.1 (4): a client that takes an offer gets that address, or a DHCPNAK; never another one in a DHCPACK. */
static void rfc2131_3_1_4_an_ack_has_the_address_that_was_asked_for(void **state)
{
    (void)state;
    start(basic);
    discover('a', A10);
    at(60 * S); /* the offer is over */
    bind('b', A10);
    selecting('a', SERVER, A10);
    expect_nak(REASON_NAK_IN_USE);
}

/* ---- 4.4.5: "T1 MUST be earlier than T2, which, in turn, MUST be earlier than the time at which the
 * client's lease will expire" ---- */

static void rfc2131_4_4_5_the_shortest_leases_have_no_equal_times(void **state)
{
    (void)state;
    for (uint32_t lease_s = 1; lease_s <= 4; lease_s++) {
        char text[512];
        uint32_t t1 = 0, t2 = UINT32_MAX, told = 0;
        snprintf(text, sizeof text,
                 "{ \"Dhcp4\": { \"valid-lifetime\": %u, \"calculate-tee-times\": true, \"subnet4\": [ {"
                 "  \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"pools\": [ { \"pool\": \"10.0.0.10 - "
                 "10.0.0.10\" } ] } ] } }",
                 lease_s);
        start(text);
        discover('a', 0);
        assert_true(dhcp_get_u32(&seen.msg, DHCP_OPT_LEASE_TIME, &told));
        assert_int_equal(told, lease_s);
        bool has_t1 = dhcp_get_u32(&seen.msg, DHCP_OPT_T1, &t1),
             has_t2 = dhcp_get_u32(&seen.msg, DHCP_OPT_T2, &t2);
        assert_true(!has_t2 || t2 < lease_s);
        assert_true(!has_t1 || (t1 > 0 && t1 < (has_t2 ? t2 : lease_s)));
        stop(state);
    }
}

/* 4.3.1: a client that begins again is told what is left of its lease; T1 and T2 are those of that time. */
static void rfc2131_4_4_5_what_is_left_of_a_lease_has_times_of_its_own(void **state)
{
    uint32_t left = 0, t1 = 0, t2 = 0;
    (void)state;
    start("{ \"Dhcp4\": { \"valid-lifetime\": 1000, \"calculate-tee-times\": true, \"t1-percent\": 0.5,"
          "  \"t2-percent\": 0.75, \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\","
          "  \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.10\" } ] } ] } }");
    bind('a', A10);
    at(900 * S);
    discover('a', 0);
    expect_offer(A10);
    assert_true(dhcp_get_u32(&seen.msg, DHCP_OPT_LEASE_TIME, &left));
    assert_true(dhcp_get_u32(&seen.msg, DHCP_OPT_T1, &t1));
    assert_true(dhcp_get_u32(&seen.msg, DHCP_OPT_T2, &t2));
    assert_int_equal(left, 100);
    assert_int_equal(t1, 50);
    assert_int_equal(t2, 75);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, stop)
    const struct CMUnitTest tests[] = {
        TEST(rfc2131_2_siaddr_is_the_next_server_and_0_in_a_nak),
        TEST(rfc2131_2_other_flags_mean_nothing_and_come_back),
        TEST(rfc2131_4_3_1_table_3_hops_and_secs_are_0_in_every_answer),
        TEST(rfc2131_2_any_secs_is_served),
        TEST(rfc2131_4_3_2_a_relayed_nak_has_the_broadcast_bit),
        TEST(rfc2131_4_1_the_answer_goes_to_port_67_of_the_relay_whatever_it_sent_from),
        TEST(rfc2131_4_3_6_table_4_tells_the_four_requests_apart),
        TEST(rfc2131_4_3_2_the_wrong_network_is_told_to_unknown_clients_too),
        TEST(rfc2131_4_2_an_identifier_made_of_the_hardware_address_is_another_client),
        TEST(rfc2131_4_2_padding_of_chaddr_does_not_matter),
        TEST(rfc4390_without_a_hardware_address_the_identifier_and_broadcasts_do),
        TEST(rfc2131_3_1_one_client_cannot_hold_the_pool_with_offers),
        TEST(rfc2131_3_1_4_an_ack_has_the_address_that_was_asked_for),
        TEST(rfc2131_4_4_5_the_shortest_leases_have_no_equal_times),
        TEST(rfc2131_4_4_5_what_is_left_of_a_lease_has_times_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
