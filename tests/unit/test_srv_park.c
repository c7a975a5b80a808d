/* Is anybody at an address before it is offered? RFC 2131 2.2, 3.1 (2), with Kea's parameters. */
#include "test_srv_world.h"

#define A10 IP(10, 0, 0, 10)
#define A11 IP(10, 0, 0, 11)
#define A12 IP(10, 0, 0, 12)

/* `parameters` of the ping check, `more` keys of the top. */
static void start_pinging(const char *parameters, const char *more)
{
    char text[1024];
    snprintf(text, sizeof text,
             "{ \"Dhcp4\": { %s \"valid-lifetime\": 3600, \"hooks-libraries\": [ {"
             "  \"library\": \"libdhcp_ping_check.so\", \"parameters\": { %s } } ],"
             "  \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\","
             "    \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.12\" } ] } ] } }",
             more, parameters);
    start(text);
}

static void expect_probe(ip4 addr)
{
    assert_int_equal(seen.n_tx, 0);
    assert_int_equal(seen.n_probes, 1);
    assert_int_equal(seen.probed, addr);
    assert_true(decided(REASON_PROBING));
}

static void answer(ip4 addr)
{
    step(&(struct srv_event){.kind = SRV_PROBE_ANSWERED, .now = now, .addr = addr});
}

/* ---- in time ---- */

static void rfc2131_2_2_an_address_is_offered_when_nobody_answers(void **state)
{
    (void)state;
    start_pinging("", "");
    discover('a', 0);
    expect_probe(A10);
    assert_int_equal(seen.probe_ifindex, eth0.index);
    assert_true(srv_engine_deadline(engine) == 100);
    at(99);
    assert_int_equal(seen.n_tx, 0);
    at(100);
    expect_offer(A10);
    assert_true(decided(REASON_PROBE_SILENT));
    selecting('a', SERVER, A10);
    expect_ack(A10);
    assert_true(srv_engine_deadline(engine) == 3600 * S + 100); /* nothing waits any more */
}

static void each_request_waits_for_its_answer(void **state)
{
    (void)state;
    start_pinging("\"min-ping-requests\": 3, \"reply-timeout\": 50", "");
    discover('a', 0);
    expect_probe(A10);
    at(50);
    assert_int_equal(seen.n_probes, 1);
    assert_int_equal(seen.probed, A10);
    at(100);
    assert_int_equal(seen.n_probes, 1);
    at(149);
    assert_int_equal(seen.n_tx, 0);
    at(150);
    expect_offer(A10);
    assert_int_equal(seen.n_probes, 0);
    assert_int_equal(srv_engine_counters(engine)->received[DHCP_DISCOVER], 1);
    assert_int_equal(srv_engine_counters(engine)->sent[DHCP_OFFER], 1);
}

static void the_offer_is_held_from_when_it_is_sent(void **state)
{
    (void)state;
    start_pinging("", "");
    discover('a', 0);
    at(100);
    at(60 * S + 99);
    discover('b', A10);
    expect_probe(A11);
    at(60 * S + 100);
    assert_true(srv_engine_counters(engine)->reasons[REASON_OFFER_EXPIRED] == 1);
}

/* ---- somebody is there ---- */

static void rfc2131_2_2_an_address_that_answers_goes_into_quarantine_and_the_next_is_probed(void **state)
{
    (void)state;
    start_pinging("", "\"decline-probation-period\": 1000,");
    discover('a', 0);
    at(30);
    answer(A10);
    assert_true(decided(REASON_PROBE_ANSWERED));
    assert_int_equal(seen.n_put, 1);
    assert_int_equal(seen.put.addr, A10);
    assert_int_equal(seen.put.state, SRV_LEASE_DECLINED);
    assert_int_equal(seen.put.hw.len, 0); /* it is not the client's fault */
    assert_true(seen.put.expires_ms == 1000 * S + 30);
    expect_probe(A11);
    at(129);
    assert_int_equal(seen.n_tx, 0);
    at(130);
    expect_offer(A11);
    at(1000 * S + 29);
    discover('b', A10);
    assert_true(decided(REASON_REQ_DECLINED));
    at(1000 * S + 30);
    discover('c', A10);
    expect_probe(A10);
}

static void a_pool_of_squatters_ends_in_silence(void **state)
{
    (void)state;
    start_pinging("", "");
    discover('a', 0);
    answer(A10);
    answer(A11);
    answer(A12);
    assert_int_equal(seen.n_tx, 0);
    assert_int_equal(seen.n_probes, 0);
    assert_true(decided(REASON_POOL_EMPTY));
    assert_true(srv_engine_counters(engine)->reasons[REASON_PROBE_ANSWERED] == 3);
}

static void without_quarantine_the_next_address_is_probed_all_the_same(void **state)
{
    (void)state;
    start_pinging("", "\"decline-probation-period\": 0,");
    discover('a', 0);
    answer(A10);
    expect_probe(A11);
}

static void an_answer_that_nobody_waits_for_changes_nothing(void **state)
{
    (void)state;
    start_pinging("", "");
    discover('a', 0);
    at(100);
    expect_offer(A10);
    answer(A10);
    expect_silence(REASON_PROBE_LATE);
    answer(A12);
    expect_silence(REASON_PROBE_LATE);
    assert_true(srv_engine_counters(engine)->reasons[REASON_PROBE_LATE] == 2);
}

/* What answers has no place in a table that is full: then nothing is offered, and nothing goes in circles. */
static void a_full_table_cannot_quarantine(void **state)
{
    (void)state;
    start_pinging("\"ping-cltt-secs\": 0", "\"max-leases\": 2,");
    discover('a', 0);
    at(100);
    selecting('a', SERVER, A10);
    discover('b', 0);
    expect_probe(A11);
    srv_engine_put_lease(
        engine,
        &(struct srv_lease){
            .addr = A12, .subnet_id = 1, .hw = {.len = 6}, .lease_s = 9, .expires_ms = 9000 * S},
        &actions);
    answer(A11);
    expect_silence(REASON_LEASE_LIMIT);
    assert_int_equal(seen.n_probes, 0);
}

/* ---- other messages meanwhile ---- */

static void other_clients_are_served_meanwhile(void **state)
{
    (void)state;
    start_pinging("\"reply-timeout\": 1000", "");
    discover('a', 0);
    at(10);
    discover('b', 0);
    expect_probe(A11); /* the first is held already */
    at(20);
    init_reboot('c', IP(10, 0, 9, 9));
    expect_nak(REASON_NAK_WRONG_NET);
    at(1000);
    expect_offer(A10);
    at(1010);
    expect_offer(A11);
    assert_int_equal(seen.msg.chaddr[5], 11);
}

static void a_retransmission_starts_no_second_probe_and_gets_the_answer(void **state)
{
    (void)state;
    start_pinging("\"reply-timeout\": 1000", "");
    discover('a', 0);
    discover('b', 0);
    at(500);
    msg('a', DHCP_DISCOVER)->xid = 99;
    send_to(IP4_BROADCAST);
    expect_silence(REASON_PROBE_PENDING);
    assert_int_equal(seen.n_probes, 0);
    at(999);
    assert_int_equal(seen.n_tx, 0);
    at(1000);
    assert_int_equal(seen.n_tx, 2);
    assert_true(srv_engine_counters(engine)->sent[DHCP_OFFER] == 2);
    discover('a', 0); /* offered, so it was probed */
    expect_offer(A10);
}

static void the_newest_transaction_is_answered(void **state)
{
    (void)state;
    start_pinging("", "");
    discover('a', 0);
    msg('a', DHCP_DISCOVER)->xid = 99;
    send_to(IP4_BROADCAST);
    at(100);
    expect_offer(A10);
    assert_int_equal(seen.msg.xid, 99);
}

static void who_chose_another_server_meanwhile_gets_no_offer(void **state)
{
    (void)state;
    start_pinging("", "");
    discover('a', 0);
    selecting('a', IP(10, 0, 0, 2), IP(10, 0, 0, 77));
    expect_silence(REASON_OFFER_TAKEN_BACK);
    at(100);
    assert_int_equal(seen.n_tx, 0);
    assert_true(srv_engine_deadline(engine) == TIME_NEVER);
}

static void a_reload_does_not_lose_those_that_wait(void **state)
{
    (void)state;
    start_pinging("", "");
    discover('a', 0);
    struct srv_config *fresh = parse("{ \"Dhcp4\": { \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\","
                                     "  \"pools\": [ { \"pool\": \"10.0.0.50 - 10.0.0.60\" } ] } ] } }");
    assert_int_equal(srv_engine_reconfigure(engine, fresh), 0);
    srv_config_free(config);
    config = fresh;
    at(100);
    expect_offer(IP(10, 0, 0, 50)); /* what is right now; the check is off */
}

static size_t count_offers(void)
{
    return srv_engine_count_leases(engine, 1, SRV_LEASE_OFFERED);
}

/* The pool is another one; the ping check goes on, with `more` keys of the top. */
static void move_the_pool(const char *more)
{
    char text[512];
    snprintf(text, sizeof text,
             "{ \"Dhcp4\": { %s \"hooks-libraries\": [ { \"library\": \"libdhcp_ping_check.so\" } ],"
             "  \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\","
             "    \"pools\": [ { \"pool\": \"10.0.0.50 - 10.0.0.60\" } ] } ] } }",
             more);
    struct srv_config *fresh = parse(text);
    assert_int_equal(srv_engine_reconfigure(engine, fresh), 0);
    srv_config_free(config);
    config = fresh;
}

/* There is room for one offer only: what was to be offered first is not held beside what is probed then. */
static void what_a_reload_takes_from_the_pools_is_held_no_more(void **state)
{
    (void)state;
    start_pinging("", "");
    discover('a', 0);
    move_the_pool("\"max-offers\": 1,");
    at(100);
    expect_probe(IP(10, 0, 0, 50));
    assert_int_equal(count_offers(), 1);
    at(200);
    expect_offer(IP(10, 0, 0, 50));
    assert_int_equal(count_offers(), 1);
}

static void a_retransmission_after_a_reload_takes_the_place_of_what_waits(void **state)
{
    (void)state;
    start_pinging("", "");
    discover('a', 0);
    move_the_pool("");
    at(50);
    discover('a', 0);
    expect_probe(IP(10, 0, 0, 50));
    assert_int_equal(count_offers(), 1);
    at(100);
    assert_int_equal(seen.n_tx, 0);
    assert_int_equal(seen.n_probes, 0);
    at(149);
    assert_int_equal(seen.n_tx, 0);
    at(150);
    expect_offer(IP(10, 0, 0, 50));
    assert_int_equal(count_offers(), 1);
}

static void who_is_to_get_its_reserved_address_holds_no_other(void **state)
{
    (void)state;
    start_pinging(
        "", "\"reservations-global\": true, \"reservations\": [ { \"hw-address\": \"02:00:00:00:00:0a\","
            "  \"ip-address\": \"10.0.0.12\" } ],");
    srv_engine_put_lease(
        engine,
        &(struct srv_lease){.addr = A12, .subnet_id = 1, .hw = {.len = 6}, .lease_s = 9, .expires_ms = 9 * S},
        &actions);
    discover('a', 0);
    at(100);
    expect_offer(A10);
    at(9 * S);
    discover('a', 0);
    expect_probe(A12);
    assert_int_equal(count_offers(), 1);
    discover('b', A10);
    expect_probe(A10);
}

/* ---- who needs no probe ---- */

static void rfc2131_3_1_4_an_address_that_the_client_has_is_not_probed(void **state)
{
    (void)state;
    start_pinging("\"ping-cltt-secs\": 60", "");
    discover('a', 0);
    at(100);
    selecting('a', SERVER, A10); /* "SHOULD NOT check the offered network address at this point" */
    expect_ack(A10);
    at(1000 * S);
    discover('a', 0);
    expect_offer(A10);
    release('a', A10);
    at(1060 * S - 1);
    discover('a', 0);
    expect_offer(A10); /* it had it less than 60 s ago */
    at(1120 * S);      /* the offer has ended */
    discover('a', 0);
    expect_probe(A10);
}

static void without_the_library_or_switched_off_nothing_is_probed(void **state)
{
    (void)state;
    start_pinging("\"enable-ping-check\": false", "");
    discover('a', 0);
    expect_offer(A10);
    assert_int_equal(seen.n_probes, 0);
}

static void rfc4039_a_rapid_commit_waits_too(void **state)
{
    (void)state;
    start_pinging("", "\"rapid-commit\": true,");
    msg('a', DHCP_DISCOVER);
    dhcp_put_bytes(&request, DHCP_OPT_RAPID_COMMIT, NULL, 0);
    send_to(IP4_BROADCAST);
    expect_probe(A10);
    at(100);
    expect_ack(A10);
}

static void a_relayed_client_is_probed_by_the_routes(void **state)
{
    (void)state;
    start_pinging("", "");
    msg('a', DHCP_DISCOVER)->giaddr = IP(10, 0, 0, 254);
    send_from(IP(10, 0, 0, 254), DHCP_PORT_SERVER, SERVER);
    expect_probe(A10);
    assert_int_equal(seen.probe_ifindex, 0);
}

/* ---- limits ---- */

static void those_that_wait_are_limited(void **state)
{
    (void)state;
    start_pinging("", "\"parked-packet-limit\": 2,");
    discover('a', 0);
    discover('b', 0);
    discover('c', 0);
    expect_silence(REASON_PROBE_LIMIT);
    assert_int_equal(seen.n_drops, 1);
    assert_int_equal(seen.last.facts.num, 2);
    at(100);
    discover('c', 0);
    expect_probe(A12);
}

static void offers_that_wait_for_a_probe_count_as_offers(void **state)
{
    (void)state;
    start_pinging("", "\"max-offers\": 1,");
    discover('a', 0);
    discover('b', 0);
    expect_silence(REASON_OFFER_LIMIT);
    at(100);
    expect_offer(A10);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, stop)
    const struct CMUnitTest tests[] = {
        TEST(rfc2131_2_2_an_address_is_offered_when_nobody_answers),
        TEST(each_request_waits_for_its_answer),
        TEST(the_offer_is_held_from_when_it_is_sent),
        TEST(rfc2131_2_2_an_address_that_answers_goes_into_quarantine_and_the_next_is_probed),
        TEST(a_pool_of_squatters_ends_in_silence),
        TEST(without_quarantine_the_next_address_is_probed_all_the_same),
        TEST(an_answer_that_nobody_waits_for_changes_nothing),
        TEST(a_full_table_cannot_quarantine),
        TEST(other_clients_are_served_meanwhile),
        TEST(a_retransmission_starts_no_second_probe_and_gets_the_answer),
        TEST(the_newest_transaction_is_answered),
        TEST(who_chose_another_server_meanwhile_gets_no_offer),
        TEST(a_reload_does_not_lose_those_that_wait),
        TEST(what_a_reload_takes_from_the_pools_is_held_no_more),
        TEST(a_retransmission_after_a_reload_takes_the_place_of_what_waits),
        TEST(who_is_to_get_its_reserved_address_holds_no_other),
        TEST(rfc2131_3_1_4_an_address_that_the_client_has_is_not_probed),
        TEST(without_the_library_or_switched_off_nothing_is_probed),
        TEST(rfc4039_a_rapid_commit_waits_too),
        TEST(a_relayed_client_is_probed_by_the_routes),
        TEST(those_that_wait_are_limited),
        TEST(offers_that_wait_for_a_probe_count_as_offers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
