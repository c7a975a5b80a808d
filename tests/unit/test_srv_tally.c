/* What is counted of leases, for the server, subnets and pools, in timelines of an engine. */
#include "server/srv_tally.h"
#include "test_srv_world.h"

/* One link with two subnets; subnet 2 has two pools with one pool-id, and one that is for nobody. */
static const char network[] =
    "{ \"Dhcp4\": { \"valid-lifetime\": 100, \"decline-probation-period\": 50, \"client-classes\": [ { "
    "\"name\":"
    " \"nobody\" } ], \"shared-networks\": [ { \"name\": \"n\", \"subnet4\": ["
    " { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.10\", "
    "\"pool-id\": 5 }"
    " ] }, { \"id\": 2, \"subnet\": \"10.0.2.0/24\", \"pools\": ["
    "  { \"pool\": \"10.0.2.10 - 10.0.2.10\", \"pool-id\": 7 }, { \"pool\": \"10.0.2.20 - 10.0.2.21\","
    " \"client-class\": \"nobody\" }, { \"pool\": \"10.0.2.30 - 10.0.2.30\", \"pool-id\": 7 } ] } ] } ] } }";

/* `pool_id` -1: of the subnet; `subnet_id` 0: of the server. */
static uint64_t count_of(uint32_t subnet_id, int pool_id, enum srv_tally_kind kind)
{
    const struct srv_tally *t = srv_engine_tally(engine);
    for (size_t i = 0; i < t->n_rows; i++) {
        const struct srv_tally_row *row = &t->rows[i];
        if ((row->subnet == NULL ? 0 : row->subnet->id) == subnet_id &&
            (row->pool == NULL ? -1 : (int)row->pool->id) == pool_id)
            return row->n[kind];
    }
    fail();
    return 0;
}

static void test_leases_come_and_go(void **state)
{
    (void)state;
    start(network);
    assert_int_equal(count_of(0, -1, SRV_TALLY_TOTAL), 5);
    assert_int_equal(count_of(2, -1, SRV_TALLY_TOTAL), 4);
    assert_int_equal(count_of(2, 7, SRV_TALLY_TOTAL), 2);
    assert_int_equal(count_of(2, 0, SRV_TALLY_TOTAL), 2);
    bind('a', IP(10, 0, 0, 10));
    bind('b', IP(10, 0, 2, 10));
    bind('c', IP(10, 0, 2, 30));
    assert_int_equal(count_of(0, -1, SRV_TALLY_ASSIGNED), 3);
    assert_int_equal(count_of(1, 5, SRV_TALLY_ASSIGNED), 1);
    assert_int_equal(count_of(2, 7, SRV_TALLY_ASSIGNED), 2);
    at(50 * S);
    renew('a', IP(10, 0, 0, 10)); /* the same lease */
    release('b', IP(10, 0, 2, 10));
    assert_int_equal(count_of(2, -1, SRV_TALLY_ASSIGNED), 1);
    assert_int_equal(count_of(0, -1, SRV_TALLY_CUMULATIVE), 3);
    at(100 * S);
    assert_int_equal(count_of(2, 7, SRV_TALLY_RECLAIMED), 1);
    assert_int_equal(count_of(2, 7, SRV_TALLY_ASSIGNED), 0);
    assert_int_equal(count_of(0, -1, SRV_TALLY_ASSIGNED), 1);
    assert_int_equal(count_of(1, 5, SRV_TALLY_CUMULATIVE), 1);
}

static void test_a_declined_address_is_assigned_until_its_quarantine_ends(void **state)
{
    (void)state;
    start(network);
    bind('a', IP(10, 0, 0, 10));
    decline('a', IP(10, 0, 0, 10));
    assert_true(decided(REASON_DECLINED));
    assert_int_equal(count_of(1, 5, SRV_TALLY_ASSIGNED), 1);
    assert_int_equal(count_of(1, 5, SRV_TALLY_DECLINED), 1);
    at(50 * S);
    assert_int_equal(count_of(1, 5, SRV_TALLY_ASSIGNED), 0);
    assert_int_equal(count_of(1, 5, SRV_TALLY_DECLINED), 0);
    assert_int_equal(count_of(1, 5, SRV_TALLY_RECLAIMED_DECLINED), 1);
    assert_int_equal(count_of(0, -1, SRV_TALLY_RECLAIMED), 1);
}

static void test_why_there_was_no_address(void **state)
{
    (void)state;
    start(network);
    bind('a', IP(10, 0, 0, 10));
    bind('b', IP(10, 0, 2, 10));
    bind('c', IP(10, 0, 2, 30));
    discover('d', 0);
    expect_silence(REASON_NETWORK_EMPTY);
    assert_int_equal(count_of(1, -1, SRV_TALLY_FAIL), 1);
    assert_int_equal(count_of(1, -1, SRV_TALLY_FAIL_NETWORK), 1);
    assert_int_equal(count_of(1, -1, SRV_TALLY_FAIL_SUBNET), 0);
    assert_int_equal(count_of(1, -1, SRV_TALLY_FAIL_CLASSES), 1);
    assert_int_equal(count_of(1, -1, SRV_TALLY_FAIL_NO_POOLS), 0);
    stop(NULL);
    start("{ \"Dhcp4\": { \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\" } ] } }");
    discover('d', 0);
    expect_silence(REASON_POOL_EMPTY);
    assert_int_equal(count_of(0, -1, SRV_TALLY_FAIL), 1);
    assert_int_equal(count_of(1, -1, SRV_TALLY_FAIL_SUBNET), 1);
    assert_int_equal(count_of(1, -1, SRV_TALLY_FAIL_NO_POOLS), 1);
    assert_int_equal(count_of(1, -1, SRV_TALLY_FAIL_CLASSES), 0);
}

static void test_a_reserved_address_that_another_has_and_a_lease_that_is_kept(void **state)
{
    (void)state;
    start("{ \"Dhcp4\": { \"valid-lifetime\": 100, \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\","
          " \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.19\" } ] } ] } }");
    bind('a', IP(10, 0, 0, 10));
    struct srv_config *old = config;
    config =
        parse("{ \"Dhcp4\": { \"valid-lifetime\": 100, \"subnet4\": [ { \"id\": 1, \"subnet\":"
              " \"10.0.0.0/24\", \"reservations\": [ { \"hw-address\": \"02:00:00:00:00:0b\","
              " \"ip-address\": \"10.0.0.10\" } ], \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.19\" } ] } ]"
              " } }");
    assert_int_equal(srv_engine_reconfigure(engine, config), 0);
    srv_config_free(old);
    assert_int_equal(count_of(1, 0, SRV_TALLY_ASSIGNED), 1); /* counted anew */
    assert_int_equal(count_of(1, 0, SRV_TALLY_CUMULATIVE), 0);
    discover('b', 0);
    assert_true(decided(REASON_RESERVED_IN_USE));
    assert_int_equal(count_of(1, -1, SRV_TALLY_CONFLICTS), 1);
    ip4 addr = seen.msg.yiaddr;
    selecting('b', SERVER, addr);
    expect_ack(addr);
    at(10 * S);
    discover('b', 0);
    selecting('b', SERVER, addr);
    assert_true(decided(REASON_LEASE_KEPT));
    assert_int_equal(count_of(1, -1, SRV_TALLY_REUSES), 1);
}

static void test_what_an_administrator_changes(void **state)
{
    struct srv_lease lease = {.addr = IP(10, 0, 0, 10), .subnet_id = 1, .hw = {1, 6, {2}}, .lease_s = 100};
    (void)state;
    start(network);
    lease.expires_ms = 100 * S;
    assert_int_equal(srv_engine_load(engine, &lease, now), 0);
    assert_int_equal(srv_engine_put_lease(engine, &lease, &actions), 0);
    assert_int_equal(count_of(1, 5, SRV_TALLY_ASSIGNED), 1);
    assert_int_equal(srv_engine_delete_lease(engine, lease.addr, now, &actions), 0);
    assert_int_equal(count_of(0, -1, SRV_TALLY_ASSIGNED), 0);
    assert_int_equal(count_of(1, 5, SRV_TALLY_ASSIGNED), 0);
}

#define TEST(name) cmocka_unit_test_teardown(name, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_leases_come_and_go),
        TEST(test_a_declined_address_is_assigned_until_its_quarantine_ends),
        TEST(test_why_there_was_no_address),
        TEST(test_a_reserved_address_that_another_has_and_a_lease_that_is_kept),
        TEST(test_what_an_administrator_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
