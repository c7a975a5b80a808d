/* DHCP exchanges: what a sequence of messages comes to, and what is unusual about it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "common/dissect_exchange.h"

enum { LIMIT = 50 };
enum { S1 = 0x0a4d0001, S2 = 0x0a4d0002, A = 0x0a4d000a, B = 0x0a4d000b };
#define S INT64_C(1000000000)

static struct dissect_exchanges *exchanges;
static struct dissect d;
static uint64_t number;

static int set_up(void **state)
{
    (void)state;
    number = 0;
    exchanges = dissect_exchanges_new(LIMIT);
    return exchanges == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    dissect_exchanges_free(exchanges);
    return 0;
}

static void start(uint8_t op, uint8_t type, uint32_t xid, ip4 src, ip4 dst)
{
    dissect_init(&d, NULL);
    d.has_dhcp = true;
    d.ip = (struct dissect_ip){.found = true, .src = src, .dst = dst};
    dhcp_msg_init(&d.dhcp, op);
    d.dhcp.type = type;
    d.dhcp.xid = xid;
    d.dhcp.htype = 1;
    d.dhcp.hlen = 6;
    d.dhcp.chaddr[5] = 1;
}

static const struct dissect_exchange *add(int64_t now_ns)
{
    return dissect_exchanges_add(exchanges, &d, ++number, now_ns);
}

static const struct dissect_exchange *client(uint8_t type, uint32_t xid, ip4 ciaddr, ip4 requested,
                                             ip4 server, int64_t now_ns)
{
    start(DHCP_BOOTREQUEST, type, xid, ciaddr, ciaddr != 0 && server == 0 ? S1 : IP4_BROADCAST);
    d.dhcp.ciaddr = ciaddr;
    if (requested != 0)
        dhcp_put_ip4(&d.dhcp, DHCP_OPT_REQUESTED_IP, requested);
    if (server != 0)
        dhcp_put_ip4(&d.dhcp, DHCP_OPT_SERVER_ID, server);
    return add(now_ns);
}

static const struct dissect_exchange *server(uint8_t type, uint32_t xid, ip4 from, ip4 yiaddr,
                                             uint32_t lease_s, int64_t now_ns)
{
    start(DHCP_BOOTREPLY, type, xid, from, yiaddr);
    d.dhcp.yiaddr = yiaddr;
    dhcp_put_ip4(&d.dhcp, DHCP_OPT_SERVER_ID, from);
    if (lease_s != 0)
        dhcp_put_u32(&d.dhcp, DHCP_OPT_LEASE_TIME, lease_s);
    return add(now_ns);
}

/* A lease of 1000 s, requested at 2 s. */
static const struct dissect_exchange *lease(void)
{
    client(DHCP_DISCOVER, 1, 0, 0, 0, 1 * S);
    server(DHCP_OFFER, 1, S1, A, 1000, 1 * S);
    client(DHCP_REQUEST, 1, 0, A, S1, 2 * S);
    return server(DHCP_ACK, 1, S1, A, 1000, 2 * S + 5);
}

static void test_two_servers_offer_and_one_is_chosen(void **state)
{
    (void)state;
    client(DHCP_DISCOVER, 1, 0, 0, 0, 0);
    server(DHCP_OFFER, 1, S1, A, 1000, 100);
    server(DHCP_OFFER, 1, S2, B, 1000, 200);
    client(DHCP_REQUEST, 1, 0, B, S2, 300);
    const struct dissect_exchange *e = server(DHCP_ACK, 1, S2, B, 1000, 450);
    assert_int_equal(dissect_exchanges_count(exchanges), 1);
    assert_int_equal(e->kind, EXCHANGE_LEASE);
    assert_true(e->first);
    assert_int_equal(e->outcome, OUTCOME_ACK);
    assert_int_equal(e->n_offers, 2);
    assert_int_equal(e->offers[1].server, S2);
    assert_int_equal(e->offers[1].time_ns, 200);
    assert_int_equal(e->server, S2);
    assert_int_equal(e->address, B);
    assert_int_equal(e->answer_ns - e->request_ns, 150);
    assert_int_equal(e->t1_s, 500);
    assert_int_equal(e->t2_s, 875);
    assert_int_equal(e->last_packet, 5);
    assert_int_equal(e->odd, 0);
}

static void test_what_follows_a_lease_has_its_name(void **state)
{
    (void)state;
    static const struct {
        uint8_t type;
        ip4 ciaddr, requested, server;
        bool broadcast;
        enum dissect_exchange_kind kind;
    } rows[] = {
        {DHCP_REQUEST, A, 0, 0, false, EXCHANGE_RENEWAL},  {DHCP_REQUEST, A, 0, 0, true, EXCHANGE_REBINDING},
        {DHCP_REQUEST, 0, A, 0, true, EXCHANGE_REBOOT},    {DHCP_REQUEST, 0, A, S1, true, EXCHANGE_SELECTION},
        {DHCP_RELEASE, A, 0, S1, false, EXCHANGE_RELEASE}, {DHCP_DECLINE, 0, A, S1, true, EXCHANGE_DECLINE},
        {DHCP_INFORM, A, 0, 0, false, EXCHANGE_INFORM},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        start(DHCP_BOOTREQUEST, rows[i].type, 100 + (uint32_t)i, rows[i].ciaddr,
              rows[i].broadcast ? IP4_BROADCAST : S1);
        d.dhcp.ciaddr = rows[i].ciaddr;
        if (rows[i].requested != 0)
            dhcp_put_ip4(&d.dhcp, DHCP_OPT_REQUESTED_IP, rows[i].requested);
        if (rows[i].server != 0)
            dhcp_put_ip4(&d.dhcp, DHCP_OPT_SERVER_ID, rows[i].server);
        const struct dissect_exchange *e = add(0);
        assert_int_equal(e->kind, rows[i].kind);
        assert_int_equal(e->first, i == 0);
    }
    assert_int_equal(server(DHCP_ACK, 7, S1, A, 1000, 0)->kind, EXCHANGE_UNKNOWN);
}

/* Behind a relay the datagram is for one server; but a RENEWING client does not go through relays: RFC
 * 2131 4.3.6. */
static void test_rebinding_through_a_relay(void **state)
{
    (void)state;
    start(DHCP_BOOTREQUEST, DHCP_REQUEST, 9, S2, S1);
    d.dhcp.ciaddr = A;
    d.dhcp.giaddr = S2;
    d.dhcp.hops = 1;
    assert_int_equal(add(0)->kind, EXCHANGE_REBINDING);
}

static void test_the_same_xid_again_is_another_exchange(void **state)
{
    (void)state;
    lease();
    const struct dissect_exchange *e = client(DHCP_REQUEST, 1, A, 0, 0, 502 * S);
    assert_int_equal(e->kind, EXCHANGE_RENEWAL);
    assert_int_equal(dissect_exchanges_count(exchanges), 2);
    assert_int_equal(e->odd, 0);
    assert_int_equal(server(DHCP_ACK, 1, S1, A, 1000, 502 * S)->outcome, OUTCOME_ACK);
    assert_int_equal(dissect_exchanges_count(exchanges), 2);
}

/* T1 counts from the REQUEST, at 2 s: a second of grace, then the instant before the end and the instant
 * after. */
static void test_too_early_and_too_late(void **state)
{
    (void)state;
    lease();
    assert_int_equal(client(DHCP_REQUEST, 2, A, 0, 0, 501 * S - 1)->odd, ODD_EARLY);
    assert_int_equal(client(DHCP_REQUEST, 3, A, 0, 0, 501 * S)->odd, 0);
    assert_int_equal(client(DHCP_REQUEST, 4, A, 0, 0, 1002 * S)->odd, 0);
    assert_int_equal(client(DHCP_REQUEST, 5, A, 0, 0, 1002 * S + 1)->odd, ODD_EXPIRED);
    client(DHCP_RELEASE, 6, A, 0, S1, 1003 * S);
    assert_int_equal(client(DHCP_REQUEST, 7, A, 0, 0, 1004 * S)->odd, 0); /* there is no lease any more */
}

static void test_repetitions_are_odd_and_copies_of_a_relay_are_not(void **state)
{
    (void)state;
    client(DHCP_DISCOVER, 1, 0, 0, 0, 0);
    start(DHCP_BOOTREQUEST, DHCP_DISCOVER, 1, S2, S1);
    d.dhcp.hops = 1;
    d.dhcp.giaddr = S2;
    const struct dissect_exchange *e = add(1);
    assert_int_equal(e->odd, 0);
    assert_int_equal(e->n_discovers, 1);
    client(DHCP_DISCOVER, 1, 0, 0, 0, 2);
    assert_int_equal(e->odd, ODD_DISCOVER_AGAIN);
}

/* The same datagram on the link behind a router: another frame. */
static void test_what_a_router_passes_on_is_no_repetition(void **state)
{
    (void)state;
    const struct hw_addr sent = {1, 6, {2, 0, 0, 0, 0, 1}}, passed_on = {1, 6, {2, 0, 0, 0, 0, 9}};
    lease();
    for (int i = 0; i < 3; i++) {
        start(DHCP_BOOTREQUEST, DHCP_REQUEST, 2, A, S1);
        d.dhcp.ciaddr = A;
        d.link.has_hw = true;
        d.link.src_hw = i == 1 ? passed_on : sent;
        const struct dissect_exchange *e = add(502 * S + i);
        assert_int_equal(e->odd, i < 2 ? 0 : ODD_REQUEST_AGAIN);
        assert_int_equal(e->request_ns, 502 * S + (i < 2 ? 0 : i));
    }
}

static void test_odd_answers(void **state)
{
    (void)state;
    client(DHCP_DISCOVER, 1, 0, 0, 0, 0);
    server(DHCP_OFFER, 1, S1, A, 1000, 0);
    server(DHCP_OFFER, 1, S2, A, 1000, 0);
    const struct dissect_exchange *e = client(DHCP_REQUEST, 1, 0, B, S1, 1);
    assert_int_equal(e->odd, ODD_SAME_OFFER | ODD_NOT_OFFERED);
    server(DHCP_OFFER, 1, 0x0a4d0003, B, 1000, 0);
    assert_true(e->odd & ODD_LATE_OFFER);
    server(DHCP_ACK, 1, S2, A, 1000, S + 2);
    assert_true(e->odd & ODD_OTHER_SERVER);
    assert_true(e->odd & ODD_OTHER_ADDRESS);
    assert_true(e->odd & ODD_SLOW);
    assert_false(e->odd & ODD_TWO_ANSWERS);
    server(DHCP_NAK, 1, S1, 0, 0, S + 3);
    assert_true(e->odd & ODD_TWO_ANSWERS);
    assert_int_equal(e->outcome, OUTCOME_ACK);
}

static void test_a_lease_that_ends_earlier(void **state)
{
    (void)state;
    lease();
    client(DHCP_REQUEST, 2, A, 0, 0, 502 * S);
    assert_int_equal(server(DHCP_ACK, 2, S1, A, 499, 502 * S)->odd, ODD_SHORTER);
}

static void test_there_is_a_limit(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < LIMIT; i++)
        assert_non_null(client(DHCP_DISCOVER, i, 0, 0, 0, 0));
    assert_null(client(DHCP_DISCOVER, LIMIT, 0, 0, 0, 0));
    assert_non_null(server(DHCP_OFFER, 5, S1, A, 1000, 0)); /* of one that is known */
    assert_int_equal(dissect_exchanges_left_out(exchanges), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_two_servers_offer_and_one_is_chosen, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_follows_a_lease_has_its_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rebinding_through_a_relay, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_same_xid_again_is_another_exchange, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_too_early_and_too_late, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_repetitions_are_odd_and_copies_of_a_relay_are_not, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_what_a_router_passes_on_is_no_repetition, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_odd_answers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_lease_that_ends_earlier, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_there_is_a_limit, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
