/* DHCPDECLINE in virtual time: RFC 2131 4.3.3. */
#include "test_srv_world.h"

enum { DAY = 86400 };

#define A10 IP(10, 0, 0, 10)
#define A11 IP(10, 0, 0, 11)
#define A12 IP(10, 0, 0, 12)

static void expect_quarantine(ip4 addr)
{
    assert_int_equal(seen.n_tx, 0); /* never answered */
    assert_int_equal(seen.n_put, 1);
    assert_int_equal(seen.put.addr, addr);
    assert_int_equal(seen.put.state, SRV_LEASE_DECLINED);
    assert_true(decided(REASON_DECLINED));
}

static void rfc2131_4_3_3_a_declined_lease_is_not_available(void **state)
{
    (void)state;
    start(basic);
    at(5 * S);
    bind('a', A10);
    decline('a', A10);
    expect_quarantine(A10);
    assert_int_equal(seen.put.lease_s, DAY);
    assert_true(seen.put.expires_ms == (5 + DAY) * S);
    assert_int_equal(seen.put.hw.bytes[5], 10);
    discover('b', A10);
    expect_offer(A11);
    assert_true(decided(REASON_REQ_DECLINED));
}

static void rfc2131_4_3_3_the_client_that_declined_gets_another_address(void **state)
{
    (void)state;
    start(basic);
    bind('a', A10);
    decline('a', A10);
    discover('a', A10);
    expect_offer(A11);
    selecting('a', SERVER, A11);
    expect_ack(A11);
    renew('b', A10); /* whoever uses it without a lease must not go on */
    expect_nak(REASON_NAK_DECLINED);
    init_reboot('a', A10);
    expect_nak(REASON_NAK_WRONG_ADDR);
}

static void rfc2131_4_3_3_an_offer_can_be_declined(void **state)
{
    (void)state;
    start(basic);
    discover('a', A12);
    decline('a', A12);
    expect_quarantine(A12);
    at(60 * S); /* the end of the hold frees nothing */
    discover('b', A12);
    expect_offer(A10);
    assert_true(decided(REASON_REQ_DECLINED));
}

static void rfc2131_4_3_3_quarantine_ends_at_its_instant(void **state)
{
    (void)state;
    start("{ \"Dhcp4\": { \"decline-probation-period\": 100, \"offer-hold-time\": 1, \"subnet4\": [ "
          "{ \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"pools\": [ { \"pool\": \"10.0.0.10/32\" } ] } ] } }");
    bind('a', A10);
    decline('a', A10);
    at(100 * S - 1);
    discover('b', 0);
    expect_silence(REASON_POOL_EMPTY);
    assert_true(srv_engine_deadline(engine) == 100 * S);
    at(100 * S);
    assert_int_equal(seen.last.reason, REASON_DECLINE_ENDED);
    assert_int_equal(seen.last.facts.addr, A10);
    discover('a', 0); /* it declined the address: that gives no claim to it */
    expect_offer(A10);
    assert_true(decided(REASON_ADDR_RECLAIMED));
    assert_true(srv_engine_deadline(engine) == 101 * S);
}

static void rfc2131_4_3_3_quarantine_outlives_a_restart(void **state)
{
    (void)state;
    start(basic);
    bind('a', A10);
    decline('a', A10);
    struct srv_lease declined = seen.put;
    stop(NULL);
    start(basic);
    assert_int_equal(srv_engine_load(engine, &declined, 10 * S), 0);
    at(20 * S);
    discover('a', A10);
    expect_offer(A11);
    stop(NULL);
    start(basic);
    assert_int_equal(srv_engine_load(engine, &declined, DAY * S), 0); /* over while we were down */
    at(DAY * S);
    discover('a', 0);
    expect_offer(A11); /* one that nobody ever had */
    discover('b', A10);
    expect_offer(A10);
}

static void rfc2131_4_3_3_only_the_owner_declines(void **state)
{
    (void)state;
    start(basic);
    bind('a', A10);
    discover('c', A11);
    decline('b', A10);
    expect_silence(REASON_DECLINE_NOT_OWNER);
    decline('b', A11);
    expect_silence(REASON_DECLINE_NOT_OWNER);
    decline('b', A12);
    expect_silence(REASON_DECLINE_UNKNOWN);
    release('a', A10);
    decline('a', A10); /* it has given it back */
    expect_silence(REASON_DECLINE_UNKNOWN);
    discover('b', A12);
    decline('b', A12);
    decline('b', A12);
    expect_silence(REASON_DECLINE_UNKNOWN);
    assert_int_equal(srv_engine_counters(engine)->dropped, 0);
}

static void rfc2131_4_4_1_table_5_names_address_and_server(void **state)
{
    (void)state;
    start(basic);
    bind('a', A10);
    msg('a', DHCP_DECLINE)->ciaddr = A10; /* MUST be 0, and does not count */
    dhcp_put_ip4(&request, DHCP_OPT_SERVER_ID, SERVER);
    send_to(IP4_BROADCAST);
    expect_silence(REASON_DECLINE_NO_ADDR);
    assert_int_equal(seen.n_drops, 1);
    dhcp_put_ip4(msg('a', DHCP_DECLINE), DHCP_OPT_REQUESTED_IP, A10);
    send_to(IP4_BROADCAST);
    expect_silence(REASON_NO_SERVER_ID);
    assert_int_equal(seen.n_drops, 1);
    dhcp_put_ip4(&request, DHCP_OPT_SERVER_ID, IP(10, 0, 0, 2));
    send_to(IP4_BROADCAST);
    expect_silence(REASON_OTHER_SERVER);
    renew('a', A10);
    expect_ack(A10);
}

static void one_client_cannot_empty_the_pool(void **state)
{
    (void)state;
    start("{ \"Dhcp4\": { \"max-declines-per-client\": 2, \"decline-probation-period\": 1000, \"subnet4\": [ "
          "{ \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.13\" } ] "
          "} ] } }");
    bind('a', A10);
    decline('a', A10);
    expect_quarantine(A10);
    at(500 * S);
    bind('a', A11);
    decline('a', A11);
    expect_quarantine(A11);
    bind('a', A12);
    decline('a', A12);
    expect_silence(REASON_DECLINE_LIMIT);
    assert_int_equal(seen.last.facts.num, 2);
    discover('a', 0); /* and keeps what it has */
    expect_offer(A12);
    bind('b', IP(10, 0, 0, 13));
    decline('b', IP(10, 0, 0, 13)); /* each client counts for itself */
    expect_quarantine(IP(10, 0, 0, 13));
    at(1000 * S - 1);
    decline('a', A12);
    expect_silence(REASON_DECLINE_LIMIT);
    at(1000 * S);
    decline('a', A12);
    expect_quarantine(A12);
}

static void many_clients_cannot_empty_the_pools(void **state)
{
    (void)state;
    start("{ \"Dhcp4\": { \"max-declined-addresses\": 2, \"decline-probation-period\": 1000, \"subnet4\": [ "
          "{ \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.13\" } ] "
          "} ] } }");
    bind('a', A10);
    decline('a', A10);
    expect_quarantine(A10);
    at(500 * S);
    bind('b', A11);
    decline('b', A11);
    expect_quarantine(A11);
    bind('c', A12);
    decline('c', A12);
    expect_silence(REASON_DECLINE_FULL);
    assert_int_equal(seen.last.facts.num, 2);
    assert_int_equal(srv_engine_counters(engine)->reasons[REASON_DECLINE_FULL], 1);
    at(1000 * S - 1);
    decline('c', A12);
    expect_silence(REASON_DECLINE_FULL);
    at(1000 * S); /* the first one is over */
    decline('c', A12);
    expect_quarantine(A12);
}

static void quarantine_may_be_none_or_for_ever(void **state)
{
    (void)state;
    start("{ \"Dhcp4\": { \"decline-probation-period\": 0, \"subnet4\": [ { \"id\": 1, \"subnet\": "
          "\"10.0.0.0/24\", \"pools\": [ { \"pool\": \"10.0.0.10/32\" } ] } ] } }");
    bind('a', A10);
    decline('a', A10);
    expect_quarantine(A10);
    assert_true(srv_engine_deadline(engine) == now);
    discover('b', 0);
    expect_offer(A10);
    assert_true(decided(REASON_DECLINE_ENDED));
    stop(NULL);
    start("{ \"Dhcp4\": { \"decline-probation-period\": 4294967295, \"subnet4\": [ { \"id\": 1, \"subnet\": "
          "\"10.0.0.0/24\", \"pools\": [ { \"pool\": \"10.0.0.10/32\" } ] } ] } }");
    bind('a', A10);
    decline('a', A10);
    expect_quarantine(A10);
    assert_true(seen.put.expires_ms == TIME_NEVER);
    assert_true(srv_engine_deadline(engine) == TIME_NEVER);
    discover('b', 0);
    expect_silence(REASON_POOL_EMPTY);
}

static void declines_need_room_for_their_records(void **state)
{
    (void)state;
    start("{ \"Dhcp4\": { \"max-leases\": 2, \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\", "
          "\"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.13\" } ] } ] } }");
    discover('a', A10);
    struct srv_lease other = {.addr = A11, .subnet_id = 1, .lease_s = 900, .expires_ms = 900 * S};
    assert_int_equal(srv_engine_load(engine, &other, 0), 0);
    other.addr = A12;
    assert_int_equal(srv_engine_load(engine, &other, 0), 0);
    decline('a', A10);
    expect_silence(REASON_LEASE_LIMIT);
}

#define TEST(name) cmocka_unit_test_teardown(name, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rfc2131_4_3_3_a_declined_lease_is_not_available),
        TEST(rfc2131_4_3_3_the_client_that_declined_gets_another_address),
        TEST(rfc2131_4_3_3_an_offer_can_be_declined),
        TEST(rfc2131_4_3_3_quarantine_ends_at_its_instant),
        TEST(rfc2131_4_3_3_quarantine_outlives_a_restart),
        TEST(rfc2131_4_3_3_only_the_owner_declines),
        TEST(rfc2131_4_4_1_table_5_names_address_and_server),
        TEST(one_client_cannot_empty_the_pool),
        TEST(many_clients_cannot_empty_the_pools),
        TEST(quarantine_may_be_none_or_for_ever),
        TEST(declines_need_room_for_their_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
