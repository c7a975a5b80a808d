/* "expired-leases-processing": when leases become free, and how long they are kept for their clients. */
#include "test_srv_world.h"

#define CONFIG(processing)                                                                                   \
    "{ \"Dhcp4\": { \"valid-lifetime\": 100, " processing " \"subnet4\": [ { \"id\": 1, \"subnet\":"         \
    " \"10.0.0.0/24\", \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.19\" } ] } ] } }"
#define PROCESSING(keys) CONFIG("\"expired-leases-processing\": { " keys " },")

#define ADDR IP(10, 0, 0, 10)

static size_t count_of(enum srv_lease_state state)
{
    return srv_engine_count_leases(engine, 1, state);
}

static void expect_is(bool is_known)
{
    assert_int_equal(srv_engine_find_lease(engine, ADDR, NULL), is_known);
}

/* RFC 2131 4.3.4: "The server SHOULD retain a record of the client's initialization parameters" */
static void test_rfc2131_4_3_4_bindings_are_kept_without_a_word_about_it(void **state)
{
    (void)state;
    start(CONFIG(""));
    bind('a', ADDR);
    at(100 * S - 1);
    assert_int_equal(count_of(SRV_LEASE_ACTIVE), 1);
    at(100 * S);
    assert_int_equal(count_of(SRV_LEASE_EXPIRED), 1);
    assert_int_equal(srv_engine_deadline(engine), TIME_NEVER);
    at(100000 * S);
    discover('a', 0);
    expect_offer(ADDR);
    assert_true(decided(REASON_ADDR_PREVIOUS));
}

static void expect_kea_defaults(void)
{
    assert_true(config->expiry.is_given);
    assert_int_equal(config->expiry.reclaim_wait_s, 10);
    assert_int_equal(config->expiry.flush_wait_s, 25);
    assert_int_equal(config->expiry.hold_s, 3600);
    assert_int_equal(config->expiry.max_leases, 100);
    assert_int_equal(config->expiry.unwarned, 5);
    assert_int_equal(config->expiry.max_time_ms, 250);
}

static void test_defaults_are_those_of_kea(void **state)
{
    (void)state;
    start(PROCESSING(""));
    expect_kea_defaults();
    stop(NULL);
    start(CONFIG("\"compatibility\": { \"kea\": true },"));
    expect_kea_defaults();
}

static void test_a_lease_is_held_for_its_client_and_then_forgotten(void **state)
{
    (void)state;
    start(PROCESSING("\"hold-reclaimed-time\": 50, \"flush-reclaimed-timer-wait-time\": 7"));
    bind('a', ADDR);
    at(100 * S);
    assert_int_equal(count_of(SRV_LEASE_EXPIRED), 1);
    at(150 * S - 1);
    expect_is(true);
    at(150 * S);
    expect_is(false);
    assert_true(decided(REASON_LEASE_FORGOTTEN));
    assert_int_equal(seen.n_put, 1);
    assert_true(srv_lease_is_deletion(&seen.put));
    discover('b', 0);
    expect_offer(ADDR); /* as new */
    assert_true(decided(REASON_ADDR_NEXT));
}

static void test_leases_are_removed_together_now_and_then(void **state)
{
    (void)state;
    start(PROCESSING("\"hold-reclaimed-time\": 50, \"flush-reclaimed-timer-wait-time\": 20"));
    bind('a', ADDR);
    at(5 * S);
    bind('b', ADDR + 1);
    at(150 * S);
    assert_int_equal(count_of(SRV_LEASE_EXPIRED), 1); /* that of a was removed at 150 s */
    at(170 * S - 1);
    assert_int_equal(count_of(SRV_LEASE_EXPIRED), 1); /* b's time was over at 155 s */
    at(170 * S);
    assert_int_equal(count_of(SRV_LEASE_EXPIRED), 0);
    assert_int_equal(srv_engine_deadline(engine), TIME_NEVER);
}

static void test_a_released_lease_is_held_as_well(void **state)
{
    (void)state;
    start(PROCESSING("\"hold-reclaimed-time\": 50"));
    bind('a', ADDR);
    at(10 * S);
    release('a', ADDR);
    assert_int_equal(count_of(SRV_LEASE_RELEASED), 1);
    at(60 * S - 1);
    expect_is(true);
    at(60 * S);
    expect_is(false);
}

static void test_nothing_is_held_where_either_is_zero(void **state)
{
    static const char *const texts[] = {PROCESSING("\"hold-reclaimed-time\": 0"),
                                        PROCESSING("\"flush-reclaimed-timer-wait-time\": 0")};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        start(texts[i]);
        bind('a', ADDR);
        release('a', ADDR);
        assert_true(decided(REASON_RELEASED));
        assert_true(srv_lease_is_deletion(&seen.put));
        expect_is(false);
        bind('a', ADDR);
        at(125 * S);
        expect_is(false);
        stop(NULL);
    }
}

/* An address is not lost that was forgotten while it is offered to another client. */
static void test_an_offered_address_is_not_forgotten_under_its_offer(void **state)
{
    (void)state;
    start(PROCESSING("\"hold-reclaimed-time\": 5, \"flush-reclaimed-timer-wait-time\": 1"));
    bind('a', ADDR);
    at(102 * S);
    discover('b', ADDR);
    expect_offer(ADDR);
    at(110 * S);
    expect_is(true);
    selecting('b', SERVER, ADDR);
    expect_ack(ADDR);
}

static void test_passes_keep_their_distance_and_size(void **state)
{
    (void)state;
    start(PROCESSING(
        "\"reclaim-timer-wait-time\": 30, \"max-reclaim-leases\": 2, \"unwarned-reclaim-cycles\": 1"));
    for (int i = 0; i < 5; i++)
        bind((char)('a' + i), ADDR + (ip4)i);
    at(100 * S);
    assert_int_equal(count_of(SRV_LEASE_EXPIRED), 2);
    assert_false(decided(REASON_RECLAIM_BEHIND));
    at(130 * S - 1);
    assert_int_equal(count_of(SRV_LEASE_EXPIRED), 2);
    at(130 * S);
    assert_int_equal(count_of(SRV_LEASE_EXPIRED), 4);
    assert_true(decided(REASON_RECLAIM_BEHIND));
    at(160 * S);
    assert_int_equal(count_of(SRV_LEASE_EXPIRED), 5);
    assert_false(decided(REASON_RECLAIM_BEHIND));
}

enum { CROWD = 600 }; /* more than two steps take */

/* So many leases that all end at 100 s. */
static void start_crowd(const char *processing)
{
    char text[512];
    snprintf(text, sizeof text,
             "{ \"Dhcp4\": { \"valid-lifetime\": 100, \"expired-leases-processing\": { "
             "\"max-reclaim-leases\": 0%s },"
             " \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/16\" } ] } }",
             processing);
    start(text);
    for (ip4 i = 0; i < CROWD; i++) {
        struct srv_lease lease = {.addr = IP(10, 0, 1, 0) + i,
                                  .subnet_id = 1,
                                  .hw = {1, 6, {2, 0, 0, 0, (uint8_t)(i >> 8), (uint8_t)i}},
                                  .lease_s = 100,
                                  .expires_ms = 100 * S};
        assert_int_equal(srv_engine_put_lease(engine, &lease, &actions), 0);
    }
}

/* One step; it has too many notes for the world. */
static void expire_some_at(time_ms when)
{
    srv_actions_reset(&actions);
    assert_int_equal(
        srv_engine_step(engine, &(struct srv_event){.kind = SRV_DEADLINE, .now = when}, &actions), 0);
}

static void test_a_pass_without_a_limit(void **state)
{
    (void)state;
    start_crowd("");
    while (srv_engine_deadline(engine) <= 100 * S)
        expire_some_at(100 * S);
    assert_int_equal(count_of(SRV_LEASE_EXPIRED), CROWD);
}

/* The steps of a pass take 25 ms each: after two, its time is over, and the next one is 10 s later. */
static void test_a_pass_ends_with_its_time(void **state)
{
    (void)state;
    start_crowd(", \"max-reclaim-time\": 50");
    expire_some_at(100 * S);
    assert_int_equal(count_of(SRV_LEASE_EXPIRED), SRV_EXPIRE_MAX);
    expire_some_at(100 * S + 25);
    assert_int_equal(count_of(SRV_LEASE_EXPIRED), 2 * SRV_EXPIRE_MAX);
    assert_true(srv_engine_deadline(engine) <= 100 * S + 50);
    expire_some_at(100 * S + 50);
    assert_int_equal(count_of(SRV_LEASE_EXPIRED), 2 * SRV_EXPIRE_MAX);
    assert_int_equal(srv_engine_deadline(engine), 110 * S + 50);
    expire_some_at(110 * S + 50);
    assert_int_equal(count_of(SRV_LEASE_EXPIRED), CROWD);
}

static void test_a_message_does_not_wait_for_a_pass(void **state)
{
    (void)state;
    start(PROCESSING("\"reclaim-timer-wait-time\": 0"));
    bind('a', ADDR);
    assert_int_equal(srv_engine_deadline(engine), TIME_NEVER);
    at(100 * S - 1);
    discover('b', ADDR);
    assert_true(decided(REASON_REQ_IN_USE));
    at(100 * S);
    discover('c', ADDR);
    assert_true(decided(REASON_LEASE_EXPIRED));
    expect_offer(ADDR);
}

static void test_reclaim_by_command(void **state)
{
    (void)state;
    start(PROCESSING("\"reclaim-timer-wait-time\": 0"));
    bind('a', ADDR);
    now = 100 * S;
    assert_int_equal(srv_engine_reclaim(engine, now - 1, &actions), 0);
    assert_int_equal(count_of(SRV_LEASE_EXPIRED), 0);
    assert_int_equal(srv_engine_reclaim(engine, now, &actions), 0);
    assert_int_equal(count_of(SRV_LEASE_EXPIRED), 1);
}

#define TEST(name) cmocka_unit_test_teardown(name, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_rfc2131_4_3_4_bindings_are_kept_without_a_word_about_it),
        TEST(test_defaults_are_those_of_kea),
        TEST(test_a_lease_is_held_for_its_client_and_then_forgotten),
        TEST(test_leases_are_removed_together_now_and_then),
        TEST(test_a_released_lease_is_held_as_well),
        TEST(test_nothing_is_held_where_either_is_zero),
        TEST(test_an_offered_address_is_not_forgotten_under_its_offer),
        TEST(test_passes_keep_their_distance_and_size),
        TEST(test_a_pass_without_a_limit),
        TEST(test_a_pass_ends_with_its_time),
        TEST(test_a_message_does_not_wait_for_a_pass),
        TEST(test_reclaim_by_command),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
