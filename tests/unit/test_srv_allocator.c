/* "allocator": which address a client gets that has, had and asks for none. Timelines of clients without
 * wishes. */
#include "test_srv_world.h"

/* The pool is 10.0.0.10 - 10.0.0.29; what the test adds stands beside it. */
#define POOL(allocator, more)                                                                                \
    "{ \"Dhcp4\": { \"valid-lifetime\": 3600, \"allocator\": \"" allocator "\", \"subnet4\": [ { \"id\": 1," \
    " \"subnet\": \"10.0.0.0/24\", \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.29\" } ] " more " } ] } }"

enum { POOL_SIZE = 20 };

#define FIRST IP(10, 0, 0, 10)

/* The client `who` gets any address, and *out is which. False if there is none. */
static bool lease_any(unsigned who, ip4 *out)
{
    *out = 0;
    msg('a', DHCP_DISCOVER)->chaddr[4] = (uint8_t)(who + 1);
    send_to(IP4_BROADCAST);
    if (seen.n_tx == 0)
        return false;
    *out = seen.msg.yiaddr;
    msg('a', DHCP_REQUEST)->chaddr[4] = (uint8_t)(who + 1);
    dhcp_put_ip4(&request, DHCP_OPT_SERVER_ID, SERVER);
    dhcp_put_ip4(&request, DHCP_OPT_REQUESTED_IP, *out);
    send_to(IP4_BROADCAST);
    expect_ack(*out);
    return true;
}

static void release_of(unsigned who, ip4 addr)
{
    msg('a', DHCP_RELEASE)->chaddr[4] = (uint8_t)(who + 1);
    request.ciaddr = addr;
    dhcp_put_ip4(&request, DHCP_OPT_SERVER_ID, SERVER);
    send_to(SERVER);
    assert_true(decided(REASON_RELEASED));
}

static void fill(ip4 out[POOL_SIZE])
{
    bool taken[POOL_SIZE] = {false};
    for (unsigned i = 0; i < POOL_SIZE; i++) {
        assert_true(lease_any(i, &out[i]));
        assert_true(out[i] >= FIRST && out[i] < FIRST + POOL_SIZE);
        assert_false(taken[out[i] - FIRST]);
        taken[out[i] - FIRST] = true;
    }
    ip4 none;
    assert_false(lease_any(POOL_SIZE, &none));
    assert_true(decided(REASON_POOL_EMPTY));
}

static bool is_ascending(const ip4 addrs[POOL_SIZE])
{
    for (unsigned i = 1; i < POOL_SIZE; i++)
        if (addrs[i] < addrs[i - 1])
            return false;
    return true;
}

static void test_iterative_goes_from_the_first_to_the_last(void **state)
{
    ip4 addrs[POOL_SIZE];
    (void)state;
    start(POOL("iterative", ""));
    fill(addrs);
    assert_true(is_ascending(addrs));
}

static void test_random_and_flq_fill_the_pool_in_an_order_that_follows_from_the_key(void **state)
{
    static const char *const pools[] = {POOL("random", ""), POOL("flq", "")};
    static const enum reason reasons[] = {REASON_ADDR_RANDOM, REASON_ADDR_QUEUED};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        ip4 addrs[POOL_SIZE], again[POOL_SIZE], others[POOL_SIZE];
        start(pools[i]);
        discover('z', 0);
        assert_true(decided(reasons[i]));
        stop(NULL);
        start(pools[i]);
        fill(addrs);
        stop(NULL);
        start(pools[i]);
        fill(again);
        stop(NULL);
        assert_memory_equal(addrs, again, sizeof addrs);
        hash_key.k0++;
        start(pools[i]);
        fill(others);
        stop(NULL);
        hash_key.k0--;
        assert_memory_not_equal(addrs, others, sizeof addrs);
        assert_false(is_ascending(addrs));
    }
}

/* The first client of as many servers gets each address about as often: see test_srv_shuffle. With 19 degrees
 * of freedom, chi square is above 43.8 in one of a thousand cases. */
static void test_random_prefers_no_address(void **state)
{
    enum { SERVERS = 4000 };
    unsigned n[POOL_SIZE] = {0};
    double chi = 0;
    ip4 addr;
    (void)state;
    for (uint64_t i = 0; i < SERVERS; i++) {
        hash_key = (struct siphash_key){i, 3};
        start(POOL("random", ""));
        discover('a', 0);
        assert_true(decided(REASON_ADDR_RANDOM));
        addr = seen.msg.yiaddr;
        expect_offer(addr);
        n[addr - FIRST]++;
        stop(NULL);
    }
    hash_key = (struct siphash_key){1, 2};
    for (int i = 0; i < POOL_SIZE; i++) {
        double expected = (double)SERVERS / POOL_SIZE;
        chi += (n[i] - expected) * (n[i] - expected) / expected;
    }
    assert_true(chi < 43.8);
}

/* When every address was leased once: the one that has been free the longest, but where it is left to chance.
 */
static void test_what_was_leased_before(void **state)
{
    static const struct {
        const char *text;
        enum reason reason;
    } rows[] = {{POOL("iterative", ""), REASON_ADDR_RECLAIMED},
                {POOL("flq", ""), REASON_ADDR_RECLAIMED},
                {POOL("random", ""), REASON_ADDR_RANDOM}};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        ip4 addrs[POOL_SIZE], got;
        bool is_in_order = true;
        start(rows[i].text);
        fill(addrs);
        for (unsigned k = 0; k < POOL_SIZE; k++) {
            at(now + S);
            release_of((k + 5) % POOL_SIZE, addrs[(k + 5) % POOL_SIZE]);
        }
        for (unsigned k = 0; k < POOL_SIZE; k++) {
            msg('b', DHCP_DISCOVER)->chaddr[4] = (uint8_t)(k + 100);
            send_to(IP4_BROADCAST);
            got = seen.msg.yiaddr;
            expect_offer(got);
            assert_true(decided(rows[i].reason));
            is_in_order = is_in_order && got == addrs[(k + 5) % POOL_SIZE];
        }
        assert_int_equal(is_in_order, rows[i].reason == REASON_ADDR_RECLAIMED);
        stop(NULL);
    }
}

/* An address whose record is gone waits in the free lease queue until those that were free before had their
 * turn. */
static void test_flq_puts_what_becomes_free_at_the_end(void **state)
{
    ip4 addrs[POOL_SIZE], got;
    (void)state;
    start(POOL("flq", ""));
    for (unsigned i = 0; i < 3; i++)
        assert_true(lease_any(i, &addrs[i]));
    assert_true(decided(REASON_LEASE_NEW));
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(srv_engine_delete_lease(engine, addrs[i], now, &actions), 0);
    for (unsigned i = 3; i < POOL_SIZE; i++) {
        assert_true(lease_any(i, &got));
        assert_int_not_equal(got, addrs[0]);
        assert_int_not_equal(got, addrs[1]);
        assert_int_not_equal(got, addrs[2]);
    }
    assert_true(lease_any(100, &got));
    assert_int_equal(got, addrs[0]);
}

static void test_reserved_and_excluded_addresses_and_closed_pools_stay_out(void **state)
{
    static const char *const allocators[] = {"iterative", "random", "flq"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char text[1024];
        bool taken[256] = {false};
        ip4 addr;
        snprintf(text, sizeof text,
                 "{ \"Dhcp4\": { \"allocator\": \"%s\", \"client-classes\": [ { \"name\": \"nobody\" } ],"
                 "\"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"option-data\": [ { \"name\":"
                 " \"routers\", \"data\": \"10.0.0.2\" } ], \"reservations\": [ { \"hw-address\":"
                 " \"02:00:00:00:00:99\", \"ip-address\": \"10.0.0.5\" } ],"
                 " \"pools\": [ { \"pool\": \"10.0.0.0 - 10.0.0.9\" },"
                 "  { \"pool\": \"10.0.0.100 - 10.0.0.101\", \"client-class\": \"nobody\" } ] } ] } }",
                 allocators[i]);
        start(text);
        for (unsigned k = 0; k < 6; k++) { /* 3, 4, 6, 7, 8, 9 */
            assert_true(lease_any(k, &addr));
            assert_false(taken[addr & 0xff]);
            taken[addr & 0xff] = true;
        }
        assert_false(lease_any(6, &addr));
        assert_false(taken[0] || taken[1] || taken[2] || taken[5] || taken[100] || taken[101]);
        for (unsigned k = 0; k < 256; k++) /* and not either when they come round a second time */
            if (taken[k])
                assert_int_equal(srv_engine_delete_lease(engine, IP(10, 0, 0, k), now, &actions), 0);
        for (unsigned k = 0; k < 6; k++) {
            assert_true(lease_any(k + 50, &addr));
            assert_true(taken[addr & 0xff]);
        }
        assert_false(lease_any(60, &addr));
        stop(NULL);
    }
}

/* Of 2^24 addresses 200 may be leased: as many are found, without a record of the others. */
static void test_a_large_pool_that_is_hardly_used(void **state)
{
    static const char *const texts[] = {
        "{ \"Dhcp4\": { \"max-leases\": 200, \"allocator\": \"random\", \"subnet4\": [ { \"id\": 1, "
        "\"subnet\":"
        " \"10.0.0.0/8\", \"pools\": [ { \"pool\": \"10.0.0.0/8\" } ] } ] } }",
        "{ \"Dhcp4\": { \"max-leases\": 200, \"allocator\": \"flq\", \"subnet4\": [ { \"id\": 1, \"subnet\":"
        " \"10.0.0.0/8\", \"pools\": [ { \"pool\": \"10.0.0.0/8\" } ] } ] } }"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        unsigned quarters[4] = {0};
        ip4 addr;
        start(texts[i]);
        for (unsigned k = 0; k < 200; k++) {
            assert_true(lease_any(k, &addr));
            quarters[addr >> 22 & 3]++;
        }
        assert_false(lease_any(200, &addr));
        assert_true(decided(REASON_LEASE_LIMIT));
        for (int k = 0; k < 4; k++)
            assert_true(quarters[k] > 25);
        stop(NULL);
    }
}

static void test_scopes(void **state)
{
    (void)state;
    start(
        "{ \"Dhcp4\": { \"allocator\": \"random\", \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\" },"
        " { \"id\": 2, \"subnet\": \"10.0.2.0/24\", \"allocator\": \"iterative\" } ], \"shared-networks\": ["
        " { \"name\": \"n\", \"allocator\": \"flq\", \"subnet4\": [ { \"id\": 3, \"subnet\": \"10.0.3.0/24\" "
        "},"
        " { \"id\": 4, \"subnet\": \"10.0.4.0/24\", \"allocator\": \"random\" } ] } ] } }");
    static const enum srv_allocator expected[] = {SRV_ALLOCATOR_RANDOM, SRV_ALLOCATOR_ITERATIVE,
                                                  SRV_ALLOCATOR_FLQ, SRV_ALLOCATOR_RANDOM};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(config->subnets[i].allocator, expected[i]);
}

#define TEST(name) cmocka_unit_test_teardown(name, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_iterative_goes_from_the_first_to_the_last),
        TEST(test_random_and_flq_fill_the_pool_in_an_order_that_follows_from_the_key),
        TEST(test_random_prefers_no_address),
        TEST(test_what_was_leased_before),
        TEST(test_flq_puts_what_becomes_free_at_the_end),
        TEST(test_reserved_and_excluded_addresses_and_closed_pools_stay_out),
        TEST(test_a_large_pool_that_is_hardly_used),
        TEST(test_scopes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
