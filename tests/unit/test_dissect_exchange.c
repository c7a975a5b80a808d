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

static bool is_lost; /* what is added next */

static const struct dissect_exchange *add(int64_t now_ns)
{
    bool lost = is_lost;
    is_lost = false;
    return dissect_exchanges_add(exchanges, &d, ++number, now_ns, lost);
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
    for (int i = 0; i < 4; i++) {
        start(DHCP_BOOTREQUEST, DHCP_REQUEST, 2, A, S1);
        d.dhcp.ciaddr = A;
        d.link.has_hw = true;
        d.link.src_hw = i % 2 == 1 ? passed_on : sent;
        assert_int_equal(add(502 * S + i)->odd, i < 2 ? 0 : ODD_REQUEST_AGAIN);
    }
    assert_int_equal(server(DHCP_ACK, 2, S1, A, 1000, 503 * S)->request_ns, 502 * S + 2);
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

/* The server answers both times; the first answer was lost, or may have been. */
static void test_a_request_that_is_sent_again_after_its_answer(void **state)
{
    (void)state;
    for (uint32_t xid = 10; xid < 12; xid++) {
        client(DHCP_DISCOVER, xid, 0, 0, 0, 1 * S);
        server(DHCP_OFFER, xid, S1, A, 1000, 2 * S);
        client(DHCP_REQUEST, xid, 0, A, S1, 3 * S);
        is_lost = xid == 11;
        const struct dissect_exchange *e = server(DHCP_ACK, xid, S1, A, 1000, 4 * S);
        assert_int_equal(e->outcome, xid == 11 ? OUTCOME_OPEN : OUTCOME_ACK);
        client(DHCP_REQUEST, xid, 0, A, S1, 8 * S);
        assert_int_equal(e->answer_ns, xid == 11 ? 0 : 4 * S);
        assert_int_equal(e->request_ns, xid == 11 ? 0 : 3 * S);
        server(DHCP_ACK, xid, S1, A, 995, 8 * S + 5);
        assert_int_equal(e->outcome, OUTCOME_ACK);
        assert_int_equal(e->request_ns, 8 * S);
        assert_int_equal(e->answer_ns, 8 * S + 5);
        assert_int_equal(e->lease_s, 995);
        assert_int_equal(dissect_exchange_lease_ns(e), 3 * S);
        assert_int_equal(e->odd, ODD_REQUEST_AGAIN);
        client(DHCP_RELEASE, 20 + xid, A, 0, S1, 9 * S);
    }
}

static void test_what_was_lost_is_no_answer_and_has_none(void **state)
{
    (void)state;
    client(DHCP_DISCOVER, 1, 0, 0, 0, 1 * S);
    is_lost = true;
    assert_int_equal(server(DHCP_OFFER, 1, S1, A, 1000, 1 * S)->n_offers, 0);
    server(DHCP_OFFER, 1, S2, B, 1000, 1 * S);
    client(DHCP_REQUEST, 1, 0, B, S2, 2 * S);
    is_lost = true;
    client(DHCP_REQUEST, 1, 0, B, S2, 3 * S);
    const struct dissect_exchange *e = server(DHCP_ACK, 1, S2, B, 1000, 4 * S);
    assert_int_equal(e->request_ns, 2 * S);
    is_lost = true;
    assert_int_equal(server(DHCP_NAK, 2, S2, 0, 0, 5 * S)->outcome, OUTCOME_OPEN);
}

/* A second before T1 of the lease from the first REQUEST, and then. */
static void test_a_lease_counts_from_the_first_request(void **state)
{
    (void)state;
    client(DHCP_REQUEST, 1, 0, A, S1, 1 * S);
    client(DHCP_REQUEST, 1, 0, A, S1, 5 * S);
    const struct dissect_exchange *e = server(DHCP_ACK, 1, S1, A, 1000, 6 * S);
    assert_int_equal(dissect_exchange_lease_ns(e), 1 * S);
    assert_int_equal(client(DHCP_REQUEST, 2, A, 0, 0, 500 * S - 1)->odd, ODD_EARLY);
    assert_int_equal(client(DHCP_REQUEST, 3, A, 0, 0, 500 * S)->odd, 0);
}

/* What is no later than T1 of a lease that was seen is no renewal at T1: T1 is not known, or not reached. */
static void test_due_is_what_its_timer_asks_for(void **state)
{
    (void)state;
    assert_false(client(DHCP_REQUEST, 7, A, 0, 0, 0)->is_due); /* nobody knows */
    lease();                                                   /* of 1000 s from 2 s on */
    assert_false(client(DHCP_REQUEST, 2, A, 0, 0, 501 * S - 1)->is_due);
    assert_true(client(DHCP_REQUEST, 3, A, 0, 0, 501 * S)->is_due);
    assert_false(client(DHCP_REQUEST, 4, A, 0, 0, 1002 * S + 1)->is_due);
    static const struct {
        int64_t at_ns;
        bool is_due;
    } rows[] = {{876 * S - 1, false}, {876 * S, true}, {1002 * S + 1, false}};
    for (uint32_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        start(DHCP_BOOTREQUEST, DHCP_REQUEST, 10 + i, A, IP4_BROADCAST);
        d.dhcp.ciaddr = A;
        assert_int_equal(add(rows[i].at_ns)->is_due, rows[i].is_due);
    }
}

/* RFC 2131 4.1: 64 s, and a second of randomness, are the longest time until a message is sent again. */
static void test_what_is_over_for_long_is_over(void **state)
{
    (void)state;
    lease(); /* the ACK at 2 s + 5 ns */
    client(DHCP_REQUEST, 1, 0, A, S1, 67 * S + 5);
    assert_int_equal(dissect_exchanges_count(exchanges), 1);
    server(DHCP_ACK, 1, S1, A, 1000, 67 * S + 5);
    assert_int_equal(client(DHCP_REQUEST, 1, 0, A, S1, 132 * S + 6)->kind, EXCHANGE_SELECTION);
    assert_int_equal(dissect_exchanges_count(exchanges), 2);
}

/* RFC 4388: a query by address has no hardware address, its answer that of the lease's client. */
static void test_each_lease_query_is_an_exchange(void **state)
{
    (void)state;
    static const uint8_t answers[] = {DHCP_LEASEACTIVE, DHCP_LEASEUNKNOWN, DHCP_LEASEUNASSIGNED};
    for (uint32_t i = 0; i < 9; i++) {
        int64_t now_ns = i * S;
        start(DHCP_BOOTREQUEST, DHCP_LEASEQUERY, 1, S2, S1);
        if (i % 3 != 0) {
            d.dhcp.chaddr[5] = 0;
            d.dhcp.htype = d.dhcp.hlen = 0;
        }
        if (i % 3 == 2) {
            d.dhcp.htype = 1;
            d.dhcp.hlen = 6;
        }
        const struct dissect_exchange *e = add(now_ns);
        start(DHCP_BOOTREPLY, answers[i / 3], 1, S1, S2);
        assert_ptr_equal(add(now_ns + 1), e);
        assert_int_equal(e->kind, EXCHANGE_OTHER);
        assert_int_equal(e->outcome, OUTCOME_ANSWERED);
        assert_int_equal(e->n_messages, 2);
        assert_int_equal(dissect_exchanges_count(exchanges), i + 1);
    }
}

/* A DISCOVER of the hardware address ending in `hw`, with an identifier or NULL. */
static const struct dissect_exchange *discover(uint32_t xid, uint8_t hw, const char *id)
{
    start(DHCP_BOOTREQUEST, DHCP_DISCOVER, xid, 0, IP4_BROADCAST);
    d.dhcp.chaddr[5] = hw;
    if (id != NULL)
        dhcp_put_bytes(&d.dhcp, DHCP_OPT_CLIENT_ID, id, strlen(id));
    return add((int64_t)number * S);
}

#define ONE "\377one"
#define TWO "\377two"

/* RFC 2131 4.2: "If the client supplies a 'client identifier', the client MUST use the same 'client
 * identifier' in all subsequent messages, and the server MUST use that identifier to identify the client. If
 * the client does not provide a 'client identifier' option, the server MUST use the contents of the 'chaddr'
 * field". */
static void test_a_client_is_told_by_its_identifier(void **state)
{
    (void)state;
    size_t one = discover(1, 1, ONE)->client_number;
    assert_int_equal(discover(2, 2, ONE)->client_number, one); /* another network card */
    size_t two = discover(3, 1, TWO)->client_number;           /* another client behind the same card */
    size_t none = discover(4, 1, NULL)->client_number;
    assert_true(one != two && one != none && two != none);
    assert_int_equal(discover(5, 1, TWO)->client_number, two);
    assert_int_equal(discover(6, 1, NULL)->client_number, none);
    assert_int_equal(discover(5, 1, ONE)->client_number, one); /* the same xid, by chance */
    static const bool first[] = {true, false, true, true, false, false, false};
    assert_int_equal(dissect_exchanges_count(exchanges), 7);
    for (size_t i = 0; i < 7; i++)
        assert_int_equal(dissect_exchanges_at(exchanges, i)->first, first[i]);
}

/* Whose an answer without identifier is, the hardware address tells, whether it comes before or after. */
static void test_an_answer_without_identifier_is_of_its_client(void **state)
{
    (void)state;
    size_t number_of_client = server(DHCP_ACK, 1, S1, A, 1000, 0)->client_number;
    assert_int_equal(discover(2, 1, ONE)->client_number, number_of_client);
    assert_int_equal(server(DHCP_ACK, 3, S1, A, 1000, 2 * S)->client_number, number_of_client);
    assert_int_equal(discover(4, 1, ONE)->client_number, number_of_client);
}

static void test_what_is_odd_has_sentences(void **state)
{
    (void)state;
    unsigned odd = ODD_SHORTER | ODD_REQUEST_AGAIN;
    assert_string_equal(dissect_odd_take(&odd), "REQUEST was sent more than once");
    assert_string_equal(dissect_odd_take(&odd), "the lease ends earlier than the one before it");
    assert_null(dissect_odd_take(&odd));
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
        cmocka_unit_test_setup_teardown(test_a_request_that_is_sent_again_after_its_answer, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_what_was_lost_is_no_answer_and_has_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_lease_counts_from_the_first_request, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_due_is_what_its_timer_asks_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_over_for_long_is_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_each_lease_query_is_an_exchange, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_client_is_told_by_its_identifier, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_answer_without_identifier_is_of_its_client, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_odd_has_sentences, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_there_is_a_limit, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
