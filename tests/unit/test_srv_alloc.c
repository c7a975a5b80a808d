#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "server/srv_alloc.h"
#include "server/srv_alloc_pool.h"

#define IP(a, b, c, d) ((ip4)((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d)))

enum { NOTES_MAX = 32 };

static struct srv_config *config;
static struct siphash_key key = {1, 2};
static struct srv_alloc_pools *pools;
static struct srv_lease_table *leases, *offers;
static struct srv_identity client;
static struct srv_host_ids ids;
static struct srv_alloc_query query;
static enum reason notes[NOTES_MAX];
static unsigned n_notes;

static void take_note(void *user, enum reason reason, const struct trace_facts *facts)
{
    (void)user;
    (void)facts;
    assert_true(n_notes < NOTES_MAX);
    notes[n_notes++] = reason;
}

static void start(const char *dhcp4)
{
    char text[1024], error[JCFG_TEXT_MAX] = "";
    snprintf(text, sizeof text, "{ \"Dhcp4\": { %s } }", dhcp4);
    int err = srv_config_parse("server.json", text, strlen(text), NULL, NULL, error, &config);
    assert_string_equal(error, "");
    assert_int_equal(err, 0);
    pools = srv_alloc_pools_new(config, &key);
    leases = srv_lease_table_new(config->max_leases, &(struct siphash_key){1, 2});
    offers = srv_lease_table_new(config->max_offers, &(struct siphash_key){1, 2});
    assert_true(pools != NULL && leases != NULL && offers != NULL);
    client = (struct srv_identity){.match_client_id = true, .hw = {1, 6, {2, 0, 0, 0, 0, 1}}};
    query = (struct srv_alloc_query){.config = config,
                                     .pools = pools,
                                     .leases = leases,
                                     .offers = offers,
                                     .subnet = &config->subnets[0],
                                     .client = &client,
                                     .ids = &ids,
                                     .server = IP(10, 0, 0, 1),
                                     .note = take_note};
}

static int stop(void **state)
{
    (void)state;
    srv_alloc_pools_free(pools);
    srv_lease_table_free(leases);
    srv_lease_table_free(offers);
    srv_config_free(config);
    return 0;
}

/* A record of the client whose hardware address ends in `who`. */
static void put(struct srv_lease_table *table, ip4 addr, uint8_t who, enum srv_lease_state state,
                time_ms expires_ms)
{
    struct srv_lease lease = {.addr = addr,
                              .subnet_id = 1,
                              .hw = {1, 6, {2, 0, 0, 0, 0, who}},
                              .state = state,
                              .expires_ms = expires_ms};
    assert_int_equal(srv_lease_put(table, &lease, true), 0);
    srv_alloc_pools_mark(pools, addr);
}

static void expect_pick(ip4 addr, enum reason reason)
{
    enum reason found;
    const struct srv_subnet *subnet;
    n_notes = 0;
    assert_int_equal(srv_alloc_pick(&query, &found, &subnet), addr);
    assert_ptr_equal(subnet, query.subnet);
    assert_int_equal(found, reason);
}

static const char small[] =
    "\"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"pools\": ["
    " { \"pool\": \"10.0.0.20 - 10.0.0.21\" }, { \"pool\": \"10.0.0.10 - 10.0.0.11\" } ] } ]";

static void pools_are_used_in_the_order_of_the_file(void **state)
{
    (void)state;
    start(small);
    static const ip4 order[] = {IP(10, 0, 0, 20), IP(10, 0, 0, 21), IP(10, 0, 0, 10), IP(10, 0, 0, 11)};
    for (size_t i = 0; i < 4; i++) {
        expect_pick(order[i], REASON_ADDR_NEXT);
        srv_alloc_pools_mark(pools, order[i]);
    }
    expect_pick(0, REASON_POOL_EMPTY);
    srv_alloc_pools_unmark(pools, IP(10, 0, 0, 21));
    expect_pick(IP(10, 0, 0, 21), REASON_ADDR_NEXT);
    srv_alloc_pools_unmark(pools, IP(10, 0, 0, 20));
    expect_pick(IP(10, 0, 0, 20), REASON_ADDR_NEXT);
    srv_alloc_pools_unmark(pools, IP(192, 168, 0, 1)); /* in no pool */
}

static void each_rule_comes_after_the_one_before(void **state)
{
    (void)state;
    start(small);
    query.requested = IP(10, 0, 0, 11);
    expect_pick(IP(10, 0, 0, 11), REASON_ADDR_REQUESTED);
    put(leases, IP(10, 0, 0, 21), 1, SRV_LEASE_EXPIRED, 5);
    expect_pick(IP(10, 0, 0, 21), REASON_ADDR_PREVIOUS);
    put(offers, IP(10, 0, 0, 20), 1, SRV_LEASE_OFFERED, 5);
    query.offered = IP(10, 0, 0, 20);
    expect_pick(IP(10, 0, 0, 20), REASON_ADDR_OFFERED);
    put(leases, IP(10, 0, 0, 10), 1, SRV_LEASE_ACTIVE, 5);
    expect_pick(IP(10, 0, 0, 10), REASON_ADDR_BOUND);
    assert_int_equal(n_notes, 0);
}

static void requested_address_of_another_is_refused_with_its_reason(void **state)
{
    static const struct {
        enum srv_lease_state state;
        bool is_offer;
        enum reason refusal;
    } rows[] = {{SRV_LEASE_ACTIVE, false, REASON_NAK_IN_USE},
                {SRV_LEASE_DECLINED, false, REASON_NAK_DECLINED},
                {SRV_LEASE_OFFERED, true, REASON_NAK_IN_USE},
                {SRV_LEASE_EXPIRED, false, REASON_NONE},
                {SRV_LEASE_RELEASED, false, REASON_NONE}};
    (void)state;
    start(small);
    query.requested = IP(10, 0, 0, 11);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct srv_lease_table *table = rows[i].is_offer ? offers : leases;
        put(table, IP(10, 0, 0, 11), 2, rows[i].state, 5);
        assert_int_equal(srv_alloc_refusal(&query, IP(10, 0, 0, 11)), rows[i].refusal);
        if (rows[i].refusal == REASON_NONE) {
            expect_pick(IP(10, 0, 0, 11), REASON_ADDR_REQUESTED);
        } else {
            expect_pick(IP(10, 0, 0, 20), REASON_ADDR_NEXT);
            assert_int_equal(n_notes, 1);
            bool is_declined = rows[i].state == SRV_LEASE_DECLINED;
            assert_int_equal(notes[0], is_declined ? REASON_REQ_DECLINED : REASON_REQ_IN_USE);
        }
        srv_lease_remove(table, IP(10, 0, 0, 11));
    }
    assert_int_equal(srv_alloc_refusal(&query, IP(10, 0, 0, 12)), REASON_NAK_NOT_IN_POOL);
    assert_int_equal(srv_alloc_refusal(&query, IP(10, 0, 1, 11)), REASON_NAK_WRONG_NET);
}

static void declined_address_is_not_given_back_to_its_client(void **state)
{
    (void)state;
    start(small);
    put(leases, IP(10, 0, 0, 11), 1, SRV_LEASE_DECLINED, 5);
    assert_int_equal(srv_alloc_refusal(&query, IP(10, 0, 0, 11)), REASON_NAK_DECLINED);
    expect_pick(IP(10, 0, 0, 20), REASON_ADDR_NEXT);
}

static void network_broadcast_server_and_routers_are_skipped_and_told_once(void **state)
{
    (void)state;
    start("\"option-data\": [ { \"name\": \"routers\", \"data\": \"10.0.0.2\" } ],"
          "\"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/29\", \"pools\": [ { \"pool\": "
          "\"10.0.0.0/29\" } ] } ]");
    expect_pick(IP(10, 0, 0, 3), REASON_ADDR_NEXT);
    assert_int_equal(n_notes, 3);
    assert_int_equal(notes[0], REASON_ADDR_NETWORK);
    assert_int_equal(notes[1], REASON_ADDR_SERVER);
    assert_int_equal(notes[2], REASON_ADDR_ROUTER);
    expect_pick(IP(10, 0, 0, 3), REASON_ADDR_NEXT);
    assert_int_equal(n_notes, 0);
    for (unsigned i = 3; i < 7; i++)
        srv_alloc_pools_mark(pools, IP(10, 0, 0, i));
    expect_pick(0, REASON_POOL_EMPTY);
    assert_int_equal(srv_alloc_refusal(&query, IP(10, 0, 0, 7)), REASON_NAK_NOT_IN_POOL);
}

/* What the clients of one pool take for their router, those of another one may have. */
static void each_pool_has_its_own_routers(void **state)
{
    (void)state;
    start("\"option-data\": [ { \"name\": \"routers\", \"data\": \"10.0.0.20\" } ],"
          "\"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"pools\": ["
          " { \"pool\": \"10.0.0.10 - 10.0.0.12\", \"option-data\": [ { \"name\": \"routers\","
          " \"data\": \"10.0.0.10, 10.0.0.12\" } ] }, { \"pool\": \"10.0.0.20 - 10.0.0.21\" } ] } ]");
    expect_pick(IP(10, 0, 0, 11), REASON_ADDR_NEXT);
    assert_int_equal(srv_alloc_refusal(&query, IP(10, 0, 0, 12)), REASON_NAK_NOT_IN_POOL);
    srv_alloc_pools_mark(pools, IP(10, 0, 0, 11));
    expect_pick(IP(10, 0, 0, 21), REASON_ADDR_NEXT);
    query.requested = IP(10, 0, 0, 20);
    expect_pick(IP(10, 0, 0, 21), REASON_ADDR_NEXT);
}

static void rfc3021_point_to_point_prefix_has_no_network_address(void **state)
{
    (void)state;
    start("\"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/31\", \"pools\": [ { \"pool\": "
          "\"10.0.0.0/31\" } ] } ]");
    expect_pick(IP(10, 0, 0, 0), REASON_ADDR_NEXT); /* RFC 3021; .1 is the server's */
}

static void free_records_are_used_last_and_the_oldest_first(void **state)
{
    (void)state;
    start(small);
    put(leases, IP(10, 0, 0, 20), 2, SRV_LEASE_EXPIRED, 30);
    put(leases, IP(10, 0, 0, 21), 3, SRV_LEASE_RELEASED, 20);
    put(leases, IP(10, 0, 0, 99), 4, SRV_LEASE_RELEASED, 10); /* in no pool any more */
    expect_pick(IP(10, 0, 0, 10), REASON_ADDR_NEXT);
    srv_alloc_pools_mark(pools, IP(10, 0, 0, 10));
    srv_alloc_pools_mark(pools, IP(10, 0, 0, 11));
    expect_pick(IP(10, 0, 0, 21), REASON_ADDR_RECLAIMED);
}

static void full_table_reuses_free_records_only(void **state)
{
    (void)state;
    start("\"max-leases\": 2, \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"pools\": ["
          " { \"pool\": \"10.0.0.10 - 10.0.0.99\" } ] } ]");
    put(leases, IP(10, 0, 0, 10), 2, SRV_LEASE_ACTIVE, 30);
    put(leases, IP(10, 0, 0, 11), 3, SRV_LEASE_ACTIVE, 30);
    query.requested = IP(10, 0, 0, 50);
    expect_pick(0, REASON_LEASE_LIMIT);
    put(leases, IP(10, 0, 0, 11), 3, SRV_LEASE_EXPIRED, 30);
    expect_pick(IP(10, 0, 0, 11), REASON_ADDR_RECLAIMED);
}

static void a_pool_of_sixteen_million_addresses(void **state)
{
    (void)state;
    start("\"max-leases\": 70000, \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/8\", \"pools\": ["
          " { \"pool\": \"10.0.0.0/8\" } ] } ]");
    for (unsigned i = 0; i < 69000; i++) {
        enum reason reason;
        n_notes = 0;
        const struct srv_subnet *subnet;
        ip4 addr = srv_alloc_pick(&query, &reason, &subnet);
        assert_int_equal(addr, IP(10, 0, 0, 2) + i); /* not .0 (network), not .1 (server) */
        srv_alloc_pools_mark(pools, addr);
    }
    srv_alloc_pools_unmark(pools, IP(10, 0, 100, 7));
    expect_pick(IP(10, 0, 100, 7), REASON_ADDR_NEXT);
    srv_alloc_pools_mark(pools, IP(10, 255, 0, 1)); /* beyond what can ever be next */
    srv_alloc_pools_unmark(pools, IP(10, 255, 0, 1));
    query.requested = IP(10, 255, 0, 1);
    expect_pick(IP(10, 255, 0, 1), REASON_ADDR_REQUESTED);
}

#define TEST(name) cmocka_unit_test_teardown(name, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pools_are_used_in_the_order_of_the_file),
        TEST(each_rule_comes_after_the_one_before),
        TEST(requested_address_of_another_is_refused_with_its_reason),
        TEST(declined_address_is_not_given_back_to_its_client),
        TEST(network_broadcast_server_and_routers_are_skipped_and_told_once),
        TEST(each_pool_has_its_own_routers),
        TEST(rfc3021_point_to_point_prefix_has_no_network_address),
        TEST(free_records_are_used_last_and_the_oldest_first),
        TEST(full_table_reuses_free_records_only),
        TEST(a_pool_of_sixteen_million_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
