/* The load in virtual time: when each message is sent, and what is made of each answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/dhcp_proto.h"
#include "lab/load_engine.h"

#define NOW    UINT64_C(5000000)
#define MS     UINT64_C(1000)
#define SECOND UINT64_C(1000000)

enum { POOL = 0x0a000000, SERVER = 0x0a0000fe, LEASE_S = 3600 };

static struct load_settings settings;
static struct load_engine *e;
static struct load_send sent;

static int setup(void **state)
{
    (void)state;
    settings = (struct load_settings){.clients = 100,
                                      .window = 1,
                                      .mix = {[LOAD_DORA] = 1},
                                      .drop_us = SECOND,
                                      .duration_us = 10 * SECOND,
                                      .seed = 42};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    load_engine_free(e);
    e = NULL;
    return 0;
}

static void start(void)
{
    e = load_engine_new(&settings, NOW);
    assert_non_null(e);
    load_engine_tick(e, NOW);
}

static const struct load_count *count(enum load_exchange exchange)
{
    return &load_engine_stats(e)->exchanges[exchange];
}

static void expect_send(uint64_t at_us, enum load_exchange exchange)
{
    load_engine_tick(e, NOW + at_us);
    assert_true(load_engine_next(e, NOW + at_us, &sent));
    assert_int_equal(sent.exchange, exchange);
}

static void expect_silence(uint64_t at_us)
{
    struct load_send none;
    load_engine_tick(e, NOW + at_us);
    assert_false(load_engine_next(e, NOW + at_us, &none));
}

/* The right answer to `to`: each client has an address of its own. */
static struct load_answer right(const struct load_send *to, uint8_t type)
{
    return (struct load_answer){.xid = to->xid,
                                .type = type,
                                .client = to->client,
                                .addr = POOL + 1 + to->client,
                                .server = SERVER,
                                .lease_s = LEASE_S};
}

static void answer(uint64_t at_us, uint8_t type)
{
    struct load_answer a = right(&sent, type);
    load_engine_answer(e, NOW + at_us, &a);
}

static void get_lease(uint64_t at_us)
{
    expect_send(at_us, LOAD_DISCOVER_OFFER);
    answer(at_us, DHCP_OFFER);
    expect_send(at_us, LOAD_REQUEST_ACK);
    answer(at_us, DHCP_ACK);
}

/* ---- closed loop ---- */

static void test_the_window_bounds_what_is_under_way(void **state)
{
    (void)state;
    settings.window = 2;
    start();
    expect_send(0, LOAD_DISCOVER_OFFER);
    uint32_t first = sent.client;
    expect_send(0, LOAD_DISCOVER_OFFER);
    assert_int_not_equal(sent.client, first);
    expect_silence(0);
    assert_int_equal(load_engine_under_way(e), 2);
    answer(3 * MS, DHCP_OFFER);
    expect_send(3 * MS, LOAD_REQUEST_ACK);
    assert_int_equal(sent.addr, POOL + 1 + sent.client);
    assert_int_equal(sent.server, SERVER);
    expect_silence(3 * MS);
    answer(5 * MS, DHCP_ACK);
    expect_send(5 * MS, LOAD_DISCOVER_OFFER);
    expect_silence(5 * MS);
    const struct load_stats *stats = load_engine_stats(e);
    assert_int_equal(stats->done[LOAD_DORA], 1);
    assert_int_equal(stats->dora.max_us, 5 * MS);
    assert_int_equal(count(LOAD_DISCOVER_OFFER)->delay.max_us, 3 * MS);
    assert_int_equal(count(LOAD_REQUEST_ACK)->delay.max_us, 2 * MS);
    assert_true(load_stats_is_good(stats));
}

static void test_an_answer_counts_until_the_instant_before_the_drop_time(void **state)
{
    (void)state;
    start();
    expect_send(0, LOAD_DISCOVER_OFFER);
    assert_int_equal(load_engine_deadline(e), NOW + SECOND);
    expect_silence(SECOND - 1);
    assert_int_equal(count(LOAD_DISCOVER_OFFER)->drops, 0);
    struct load_send lost = sent;
    expect_send(SECOND, LOAD_DISCOVER_OFFER);
    assert_int_equal(count(LOAD_DISCOVER_OFFER)->drops, 1);
    assert_false(load_stats_is_good(load_engine_stats(e)));
    struct load_answer late = right(&lost, DHCP_OFFER);
    load_engine_answer(e, NOW + SECOND, &late);
    assert_int_equal(count(LOAD_DISCOVER_OFFER)->orphans, 1);
    assert_int_equal(count(LOAD_DISCOVER_OFFER)->received, 0);
}

static void test_every_client_has_its_turn(void **state)
{
    (void)state;
    settings.clients = 5;
    start();
    for (uint32_t i = 0; i < 12; i++) {
        get_lease(0);
        assert_int_equal(sent.client, i % 5);
    }
    assert_int_equal(load_engine_stats(e)->done[LOAD_DORA], 12);
    assert_true(load_stats_is_good(load_engine_stats(e)));
}

/* It is the turn of whoever is idle the longest; one that is busy for long delays nobody. */
static void test_a_client_that_was_busy_comes_after_those_that_were_idle(void **state)
{
    (void)state;
    settings.clients = 3;
    settings.window = 2;
    start();
    expect_send(0, LOAD_DISCOVER_OFFER);
    struct load_send slow = sent; /* client 0 */
    for (uint32_t i = 1; i < 7; i++) {
        get_lease(0);
        assert_int_equal(sent.client, 2 - i % 2);
    }
    struct load_answer a = right(&slow, DHCP_OFFER);
    a.addr = 0; /* ends its exchange */
    load_engine_answer(e, NOW, &a);
    static const uint32_t order[] = {1, 2, 0, 1, 2};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        get_lease(0);
        assert_int_equal(sent.client, order[i]);
    }
}

static void test_it_ends_when_time_and_exchanges_are_over(void **state)
{
    (void)state;
    start();
    expect_send(10 * SECOND - 1, LOAD_DISCOVER_OFFER);
    answer(10 * SECOND - 1, DHCP_OFFER);
    expect_send(10 * SECOND, LOAD_REQUEST_ACK); /* one that is under way goes on */
    assert_false(load_engine_is_done(e));
    answer(10 * SECOND, DHCP_ACK);
    expect_silence(10 * SECOND);
    assert_true(load_engine_is_done(e));
    const struct load_stats *stats = load_engine_stats(e);
    assert_int_equal(stats->ended_us - stats->begun_us, 10 * SECOND);
    assert_int_equal(stats->done[LOAD_DORA], 1);
    assert_int_equal(stats->done_in_time, 0);
}

static void test_so_many_exchanges_are_enough(void **state)
{
    (void)state;
    settings.limit = 2;
    settings.window = 5;
    start();
    assert_true(load_engine_next(e, NOW, &sent));
    struct load_send first = sent;
    assert_true(load_engine_next(e, NOW, &sent));
    assert_false(load_engine_next(e, NOW, &sent)); /* also before time goes on */
    answer(0, DHCP_OFFER);
    expect_send(0, LOAD_REQUEST_ACK);
    answer(0, DHCP_ACK);
    sent = first;
    answer(0, DHCP_OFFER);
    expect_send(0, LOAD_REQUEST_ACK);
    answer(0, DHCP_ACK);
    expect_silence(0);
    assert_int_equal(load_engine_stats(e)->done[LOAD_DORA], 2);
    assert_true(load_engine_is_done(e));
}

/* ---- open loop ---- */

static void test_exchanges_begin_at_the_rate(void **state)
{
    (void)state;
    settings.rate = 1000;
    start();
    expect_send(0, LOAD_DISCOVER_OFFER);
    expect_silence(1 * MS - 1);
    assert_int_equal(load_engine_deadline(e), NOW + 1 * MS);
    expect_send(1 * MS, LOAD_DISCOVER_OFFER);
    expect_silence(1 * MS);
}

static void test_a_delay_counts_from_when_it_should_have_been_sent(void **state)
{
    (void)state;
    settings.rate = 1000;
    start();
    expect_send(0, LOAD_DISCOVER_OFFER);
    expect_send(51 * MS, LOAD_DISCOVER_OFFER); /* should have been at 1 ms */
    answer(61 * MS, DHCP_OFFER);
    assert_int_equal(count(LOAD_DISCOVER_OFFER)->delay.max_us, 60 * MS);
}

/* To make room for many clients takes its time, which nobody has waited for. */
static void test_the_rate_counts_from_the_first_tick(void **state)
{
    (void)state;
    settings.rate = 1000;
    e = load_engine_new(&settings, NOW);
    expect_send(700 * MS, LOAD_DISCOVER_OFFER);
    expect_silence(701 * MS - 1);
    answer(702 * MS, DHCP_OFFER);
    assert_int_equal(count(LOAD_DISCOVER_OFFER)->delay.max_us, 2 * MS);
}

static void test_what_should_have_begun_before_the_end_still_does(void **state)
{
    (void)state;
    settings.rate = 1000;
    settings.duration_us = 10 * MS;
    start();
    expect_send(0, LOAD_DISCOVER_OFFER);
    for (int i = 1; i < 10; i++)
        expect_send(12 * MS, LOAD_DISCOVER_OFFER);
    expect_silence(12 * MS); /* not those of 10, 11 and 12 ms */
    assert_int_equal(load_engine_stats(e)->late, 0);
    expect_silence(12 * MS + SECOND);
    assert_true(load_engine_is_done(e));
}

/* We cannot keep up with the rate ourselves. */
static void test_what_cannot_begin_within_the_drop_time_is_late(void **state)
{
    (void)state;
    settings.rate = 1000;
    settings.duration_us = 2 * SECOND;
    start();
    expect_send(0, LOAD_DISCOVER_OFFER);
    expect_send(SECOND + 5 * MS, LOAD_DISCOVER_OFFER); /* should have been at 6 ms */
    assert_int_equal(load_engine_stats(e)->late, 5);   /* those of 1 to 5 ms */
    answer(SECOND + 5 * MS, DHCP_OFFER);
    assert_int_equal(count(LOAD_DISCOVER_OFFER)->delay.max_us, SECOND - MS);
    load_engine_tick(e, NOW + 4 * SECOND);
    expect_send(4 * SECOND, LOAD_REQUEST_ACK);
    expect_silence(4 * SECOND);
    assert_int_equal(load_engine_stats(e)->late, 5 + 1993); /* and those of 7 to 1999 ms */
    assert_false(load_stats_is_good(load_engine_stats(e)));
}

static void test_no_more_are_late_than_were_wanted(void **state)
{
    (void)state;
    settings.rate = 1000;
    settings.clients = 1;
    settings.limit = 4;
    start();
    expect_send(10 * MS, LOAD_DISCOVER_OFFER);
    expect_silence(10 * MS);
    assert_int_equal(load_engine_stats(e)->late, 3);
}

static void test_where_every_client_is_busy_exchanges_are_late(void **state)
{
    (void)state;
    settings.rate = 1000;
    settings.clients = 2;
    start();
    expect_send(10 * MS, LOAD_DISCOVER_OFFER);
    expect_send(10 * MS, LOAD_DISCOVER_OFFER);
    expect_silence(10 * MS);
    assert_int_equal(load_engine_stats(e)->late, 9);
    assert_false(load_stats_is_good(load_engine_stats(e)));
}

/* ---- jobs ---- */

static void test_clients_with_a_lease_renew_it(void **state)
{
    (void)state;
    settings.clients = settings.preload = 3;
    settings.mix[LOAD_DORA] = 0;
    settings.mix[LOAD_RENEW] = 1;
    start();
    for (int i = 0; i < 3; i++) {
        load_engine_tick(e, NOW);
        assert_true(load_engine_next(e, NOW, &sent));
        answer(0, DHCP_OFFER);
        assert_true(load_engine_next(e, NOW, &sent));
        answer(0, DHCP_ACK);
    }
    expect_send(7 * SECOND, LOAD_RENEW_ACK);
    assert_int_equal(sent.addr, POOL + 1 + sent.client);
    answer(7 * SECOND + MS, DHCP_ACK);
    const struct load_stats *stats = load_engine_stats(e);
    assert_int_equal(stats->begun_us, NOW + 7 * SECOND);
    assert_int_equal(stats->done[LOAD_DORA], 0);
    assert_int_equal(stats->done[LOAD_RENEW], 1);
    assert_int_equal(count(LOAD_DISCOVER_OFFER)->sent, 0);
    assert_int_equal(count(LOAD_RENEW_ACK)->delay.max_us, MS);
}

static void test_a_release_ends_a_lease_without_an_answer(void **state)
{
    (void)state;
    settings.clients = 1;
    settings.mix[LOAD_DORA] = 0;
    settings.mix[LOAD_RELEASE] = 1;
    start();
    get_lease(0); /* nobody has a lease yet: a DORA instead */
    assert_int_equal(load_engine_holder(e, POOL + 1, NOW), 0);
    expect_send(0, LOAD_RELEASE_ONLY);
    assert_int_equal(sent.addr, POOL + 1);
    assert_int_equal(sent.server, SERVER);
    assert_int_equal(load_engine_under_way(e), 0);
    assert_true(load_engine_holder(e, POOL + 1, NOW) == UINT32_MAX);
    expect_send(0, LOAD_DISCOVER_OFFER);
}

/* RFC 2131 4.4.5: "If the lease expires before the client receives a DHCPACK, the client moves to INIT
 * state".
 */
static void test_a_lease_that_is_over_is_not_renewed(void **state)
{
    (void)state;
    settings.clients = settings.preload = 1;
    settings.mix[LOAD_DORA] = 0;
    settings.mix[LOAD_RENEW] = 1;
    settings.duration_us = 3 * LEASE_S * SECOND;
    start();
    get_lease(0);
    expect_send(LEASE_S * SECOND - 1, LOAD_RENEW_ACK);
    answer(LEASE_S * SECOND - 1, DHCP_ACK);
    expect_send(2 * LEASE_S * SECOND - 1, LOAD_DISCOVER_OFFER);
}

static void test_the_shares_of_the_mix_are_kept(void **state)
{
    (void)state;
    uint64_t n[LOAD_EXCHANGES] = {0};
    settings.mix[LOAD_DORA] = 6;
    settings.mix[LOAD_RENEW] = 3;
    settings.mix[LOAD_RELEASE] = 1;
    start();
    for (int i = 0; i < 10000; i++) {
        assert_true(load_engine_next(e, NOW, &sent));
        n[sent.exchange]++;
        if (sent.exchange == LOAD_DISCOVER_OFFER) {
            answer(0, DHCP_OFFER);
            assert_true(load_engine_next(e, NOW, &sent));
        }
        if (sent.exchange != LOAD_RELEASE_ONLY)
            answer(0, DHCP_ACK);
    }
    assert_in_range(n[LOAD_DISCOVER_OFFER], 5800, 6200);
    assert_in_range(n[LOAD_RENEW_ACK], 2800, 3200);
    assert_in_range(n[LOAD_RELEASE_ONLY], 850, 1150);
    assert_true(load_stats_is_good(load_engine_stats(e)));
}

static void test_the_seed_repeats_the_run(void **state)
{
    (void)state;
    settings.mix[LOAD_RENEW] = 1;
    uint32_t first[3], last[3];
    for (int run = 0; run < 3; run++) {
        settings.seed += run == 2;
        start();
        for (int i = 0; i < 20; i++) {
            assert_true(load_engine_next(e, NOW, &sent));
            first[run] = i == 0 ? sent.xid : first[run];
            answer(0, sent.exchange == LOAD_DISCOVER_OFFER ? DHCP_OFFER : DHCP_ACK);
        }
        last[run] = sent.xid;
        load_engine_free(e);
    }
    e = NULL;
    assert_int_equal(last[0], last[1]);
    assert_int_not_equal(first[0], first[2]);
}

/* ---- wrong answers ---- */

/* What is wrong with the answer to a REQUEST, by the field that is not as it should be. */
static void test_a_wrong_answer_is_rejected_for_what_it_is(void **state)
{
    (void)state;
    static const struct {
        enum load_fault fault;
        struct load_answer wrong; /* what is not 0 is taken; UINT32_MAX stands for 0 */
    } rows[] = {
        {LOAD_FAULT_NAK, {.type = DHCP_NAK}},
        {LOAD_FAULT_NO_ADDRESS, {.addr = UINT32_MAX}},
        {LOAD_FAULT_NO_SERVER_ID, {.server = UINT32_MAX}},
        {LOAD_FAULT_NO_LEASE_TIME, {.lease_s = UINT32_MAX}},
        {LOAD_FAULT_WRONG_CLIENT, {.client = 50}},
        {LOAD_FAULT_OTHER_ADDRESS, {.addr = POOL + 60}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        start();
        expect_send(0, LOAD_DISCOVER_OFFER);
        answer(0, DHCP_OFFER);
        expect_send(0, LOAD_REQUEST_ACK);
        struct load_answer a = right(&sent, DHCP_ACK);
        const struct load_answer *w = &rows[i].wrong;
        a.type = w->type ? w->type : a.type;
        a.client = w->client ? w->client : a.client;
        a.addr = w->addr ? w->addr + (w->addr == UINT32_MAX) : a.addr;
        a.server = w->server ? w->server + 1 : a.server;
        a.lease_s = w->lease_s ? w->lease_s + 1 : a.lease_s;
        load_engine_answer(e, NOW, &a);
        const struct load_stats *stats = load_engine_stats(e);
        assert_int_equal(stats->faults[rows[i].fault], 1);
        assert_int_equal(count(LOAD_REQUEST_ACK)->rejected, 1);
        assert_int_equal(stats->done[LOAD_DORA], 0);
        assert_false(load_stats_is_good(stats));
        assert_int_equal(load_engine_under_way(e), 0);
        load_engine_free(e);
        e = NULL;
    }
}

static void test_an_address_outside_the_pools_is_rejected(void **state)
{
    (void)state;
    settings.pools[0] = (struct ip4_range){POOL + 2, POOL + 9};
    settings.pools[1] = (struct ip4_range){POOL + 50, POOL + 50};
    settings.n_pools = 2;
    start();
    expect_send(0, LOAD_DISCOVER_OFFER); /* client 0 gets POOL + 1 */
    answer(0, DHCP_OFFER);
    assert_int_equal(load_engine_stats(e)->faults[LOAD_FAULT_NOT_IN_POOL], 1);
    assert_int_equal(count(LOAD_DISCOVER_OFFER)->rejected, 1);
    get_lease(0); /* client 1 gets POOL + 2 */
    assert_int_equal(load_engine_stats(e)->done[LOAD_DORA], 1);
}

/* Two clients are told the same address. */
static void give_twice(uint64_t second_us)
{
    for (uint64_t at_us = 0; at_us <= second_us; at_us += second_us) {
        expect_send(at_us, LOAD_DISCOVER_OFFER);
        struct load_answer a = right(&sent, DHCP_OFFER);
        a.addr = POOL + 99;
        load_engine_answer(e, NOW + at_us, &a);
        expect_send(at_us, LOAD_REQUEST_ACK);
        a.type = DHCP_ACK;
        a.xid = sent.xid;
        load_engine_answer(e, NOW + at_us, &a);
    }
}

/* 10.1.0.2/16 and two more, each in the subnet after; without a length they are neighbours. */
static void test_each_relay_has_its_place_in_its_subnet(void **state)
{
    (void)state;
    settings.relay = (struct ip4_net){.addr = 0x0a010002, .len = 16};
    settings.relays = 3;
    settings.window = 4;
    start();
    for (uint32_t i = 0; i < 4; i++) {
        expect_send(0, LOAD_DISCOVER_OFFER);
        assert_int_equal(sent.relay, 0x0a010002 + (i % 3 << 16));
    }
    settings.relay.len = 32;
    assert_int_equal(load_engine_relay(&settings, 2), 0x0a010004);
}

static void offer_through_relay(ip4 addr)
{
    expect_send(0, LOAD_DISCOVER_OFFER);
    struct load_answer a = right(&sent, DHCP_OFFER);
    a.addr = addr;
    load_engine_answer(e, NOW, &a);
}

static void test_an_address_outside_the_relays_subnet_is_rejected(void **state)
{
    (void)state;
    settings.relay = (struct ip4_net){.addr = 0x0a010002, .len = 16};
    settings.relays = 2;
    start();
    offer_through_relay(0x0a010105);
    expect_send(0, LOAD_REQUEST_ACK);
    answer(0, DHCP_NAK);
    offer_through_relay(0x0a010106); /* the second relay's clients are in 10.2.0.0/16 */
    assert_int_equal(load_engine_stats(e)->faults[LOAD_FAULT_OTHER_SUBNET], 1);
    offer_through_relay(0x0a020106); /* that is the first relay again */
    assert_int_equal(load_engine_stats(e)->faults[LOAD_FAULT_OTHER_SUBNET], 2);
    offer_through_relay(0x0a020106);
    assert_int_equal(load_engine_stats(e)->faults[LOAD_FAULT_OTHER_SUBNET], 2);
}

static void test_where_the_subnet_is_not_known_any_address_will_do(void **state)
{
    (void)state;
    settings.relay = (struct ip4_net){.addr = 0x0a010002, .len = 32};
    settings.relays = 1;
    start();
    offer_through_relay(0x0b000001);
    expect_send(0, LOAD_REQUEST_ACK);
}

static void test_an_address_that_another_client_holds_is_a_duplicate(void **state)
{
    (void)state;
    settings.duration_us = 2 * LEASE_S * SECOND;
    start();
    give_twice(LEASE_S * SECOND - 1);
    assert_int_equal(count(LOAD_REQUEST_ACK)->duplicates, 1);
    assert_false(load_stats_is_good(load_engine_stats(e)));
}

static void test_once_its_lease_is_over_it_is_none(void **state)
{
    (void)state;
    settings.duration_us = 2 * LEASE_S * SECOND;
    start();
    give_twice(LEASE_S * SECOND);
    assert_int_equal(count(LOAD_REQUEST_ACK)->duplicates, 0);
    assert_true(load_stats_is_good(load_engine_stats(e)));
}

/* RFC 2131 4.4.1: "The client records the lease expiration time as the sum of the time at which the original
 * request was sent and the duration of the lease from the DHCPACK message." */
static void test_a_lease_counts_from_its_request(void **state)
{
    (void)state;
    start();
    expect_send(0, LOAD_DISCOVER_OFFER);
    answer(MS, DHCP_OFFER);
    expect_send(2 * MS, LOAD_REQUEST_ACK);
    answer(500 * MS, DHCP_ACK);
    assert_int_equal(load_engine_holder(e, POOL + 1, NOW + LEASE_S * SECOND + 2 * MS - 1), 0);
    assert_true(load_engine_holder(e, POOL + 1, NOW + LEASE_S * SECOND + 2 * MS) == UINT32_MAX);
}

/* Clients that get a new address each time, more addresses than are kept in mind: none is taken for a
 * duplicate, and those that are held are still known. */
static void test_addresses_that_are_no_longer_held_are_forgotten(void **state)
{
    (void)state;
    settings.clients = 4;
    start();
    for (ip4 i = 0; i < 1000; i++) {
        expect_send(0, LOAD_DISCOVER_OFFER);
        struct load_answer a = right(&sent, DHCP_OFFER);
        a.addr = POOL + 1 + i;
        load_engine_answer(e, NOW, &a);
        expect_send(0, LOAD_REQUEST_ACK);
        a.type = DHCP_ACK;
        a.xid = sent.xid;
        load_engine_answer(e, NOW, &a);
    }
    assert_true(load_stats_is_good(load_engine_stats(e)));
    for (ip4 i = 996; i < 1000; i++)
        assert_int_equal(load_engine_holder(e, POOL + 1 + i, NOW), i % 4);
    assert_true(load_engine_holder(e, POOL + 996, NOW) == UINT32_MAX);
}

static void test_an_answer_that_nobody_waits_for_is_an_orphan(void **state)
{
    (void)state;
    start();
    expect_send(0, LOAD_DISCOVER_OFFER);
    answer(0, DHCP_ACK); /* not the answer to a DISCOVER */
    assert_int_equal(count(LOAD_REQUEST_ACK)->orphans, 1);
    struct load_answer stray = right(&sent, DHCP_OFFER);
    stray.xid ^= 0x3fffff; /* client out of range */
    load_engine_answer(e, NOW, &stray);
    answer(0, DHCP_OFFER);
    answer(0, DHCP_OFFER); /* a second server */
    assert_int_equal(count(LOAD_DISCOVER_OFFER)->orphans, 2);
    assert_int_equal(count(LOAD_DISCOVER_OFFER)->received, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_the_window_bounds_what_is_under_way),
        TEST(test_an_answer_counts_until_the_instant_before_the_drop_time),
        TEST(test_every_client_has_its_turn),
        TEST(test_a_client_that_was_busy_comes_after_those_that_were_idle),
        TEST(test_it_ends_when_time_and_exchanges_are_over),
        TEST(test_so_many_exchanges_are_enough),
        TEST(test_exchanges_begin_at_the_rate),
        TEST(test_a_delay_counts_from_when_it_should_have_been_sent),
        TEST(test_the_rate_counts_from_the_first_tick),
        TEST(test_what_should_have_begun_before_the_end_still_does),
        TEST(test_what_cannot_begin_within_the_drop_time_is_late),
        TEST(test_no_more_are_late_than_were_wanted),
        TEST(test_where_every_client_is_busy_exchanges_are_late),
        TEST(test_clients_with_a_lease_renew_it),
        TEST(test_a_release_ends_a_lease_without_an_answer),
        TEST(test_a_lease_that_is_over_is_not_renewed),
        TEST(test_the_shares_of_the_mix_are_kept),
        TEST(test_the_seed_repeats_the_run),
        TEST(test_a_wrong_answer_is_rejected_for_what_it_is),
        TEST(test_an_address_outside_the_pools_is_rejected),
        TEST(test_each_relay_has_its_place_in_its_subnet),
        TEST(test_an_address_outside_the_relays_subnet_is_rejected),
        TEST(test_where_the_subnet_is_not_known_any_address_will_do),
        TEST(test_an_address_that_another_client_holds_is_a_duplicate),
        TEST(test_once_its_lease_is_over_it_is_none),
        TEST(test_a_lease_counts_from_its_request),
        TEST(test_addresses_that_are_no_longer_held_are_forgotten),
        TEST(test_an_answer_that_nobody_waits_for_is_an_orphan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
