#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "client/cli_timing.h"

/* RFC 2131 4.1: 4, 8, 16, 32, 64, 64 s, each +-1 s. */
static void backoff_doubles_to_64_s_with_a_second_of_jitter(void **state)
{
    (void)state;
    static const time_ms middle_ms[] = {4000, 8000, 16000, 32000, 64000, 64000, 64000};
    struct rng rng;
    rng_init(&rng, 1, "timing");
    for (unsigned n = 0; n < sizeof middle_ms / sizeof middle_ms[0]; n++) {
        time_ms low = TIME_NEVER, high = 0;
        for (int i = 0; i < 20000; i++) {
            time_ms wait = cli_timing_backoff(n + 1, &rng);
            low = wait < low ? wait : low;
            high = wait > high ? wait : high;
        }
        assert_in_range(low, middle_ms[n] - 1000, middle_ms[n] - 990);
        assert_in_range(high, middle_ms[n] + 990, middle_ms[n] + 1000);
    }
}

/* Trap 2: no cap, the wait grew to years. */
static void trap_2_backoff_stays_at_its_cap(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, 1, "timing");
    assert_in_range(cli_timing_backoff(4000000000U, &rng), 63000, 65000);
}

static void nak_wait_doubles_from_1_to_64_s(void **state)
{
    (void)state;
    static const time_ms expected_ms[] = {1000, 2000, 4000, 8000, 16000, 32000, 64000, 64000};
    for (unsigned n = 0; n < sizeof expected_ms / sizeof expected_ms[0]; n++)
        assert_int_equal(cli_timing_nak_wait(n + 1), expected_ms[n]);
}

/* 0 in t1_s or t2_s: the option is absent. */
static const struct {
    uint32_t lease_s, t1_s, t2_s;
    time_ms t1_ms, t2_ms;
    enum cli_timer_origin t1_origin, t2_origin;
} derived[] = {
    {3600, 0, 0, 1800000, 3150000, CLI_TIMER_DEFAULT, CLI_TIMER_DEFAULT},
    {60, 0, 0, 30000, 52500, CLI_TIMER_DEFAULT, CLI_TIMER_DEFAULT},
    {1, 0, 0, 500, 875, CLI_TIMER_DEFAULT, CLI_TIMER_DEFAULT},
    {3600, 100, 200, 100000, 200000, CLI_TIMER_OPTION, CLI_TIMER_OPTION},
    {3600, 100, 0, 100000, 3150000, CLI_TIMER_OPTION, CLI_TIMER_DEFAULT},
    {3600, 0, 3599, 1800000, 3599000, CLI_TIMER_DEFAULT, CLI_TIMER_OPTION},
    /* T1 = T2, T1 > T2, T2 = lease, T2 > lease, T1 > the default T2, T2 < the default T1, T1 infinite */
    {3600, 200, 200, 1800000, 3150000, CLI_TIMER_REPAIRED, CLI_TIMER_REPAIRED},
    {3600, 300, 200, 1800000, 3150000, CLI_TIMER_REPAIRED, CLI_TIMER_REPAIRED},
    {3600, 100, 3600, 1800000, 3150000, CLI_TIMER_REPAIRED, CLI_TIMER_REPAIRED},
    {3600, 100, 7200, 1800000, 3150000, CLI_TIMER_REPAIRED, CLI_TIMER_REPAIRED},
    {3600, 3200, 0, 1800000, 3150000, CLI_TIMER_REPAIRED, CLI_TIMER_DEFAULT},
    {3600, 0, 1000, 1800000, 3150000, CLI_TIMER_DEFAULT, CLI_TIMER_REPAIRED},
    {3600, LEASE_INFINITE, LEASE_INFINITE, 1800000, 3150000, CLI_TIMER_REPAIRED, CLI_TIMER_REPAIRED},
    {LEASE_INFINITE, 0, 0, TIME_NEVER, TIME_NEVER, CLI_TIMER_NONE, CLI_TIMER_NONE},
    {LEASE_INFINITE, 100, 200, TIME_NEVER, TIME_NEVER, CLI_TIMER_NONE, CLI_TIMER_NONE},
    /* the longest finite lease: 136 years */
    {LEASE_INFINITE - 1, 0, 0, 2147483647000, 3758096382250, CLI_TIMER_DEFAULT, CLI_TIMER_DEFAULT},
};

static void t1_and_t2_by_rfc_2131_4_4_5(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof derived / sizeof derived[0]; i++) {
        struct cli_timers timers;
        cli_timing_derive(derived[i].lease_s, derived[i].t1_s ? &derived[i].t1_s : NULL,
                          derived[i].t2_s ? &derived[i].t2_s : NULL, &timers);
        assert_int_equal(timers.t1_ms, derived[i].t1_ms);
        assert_int_equal(timers.t2_ms, derived[i].t2_ms);
        assert_int_equal(timers.t1_origin, derived[i].t1_origin);
        assert_int_equal(timers.t2_origin, derived[i].t2_origin);
    }
}

/* Trap 5: sub-minute leases collapsed to T1 = T2 = 0. */
static void trap_5_every_lease_keeps_the_order(void **state)
{
    (void)state;
    for (uint32_t lease_s = 1; lease_s < 200; lease_s++) {
        struct cli_timers timers;
        cli_timing_derive(lease_s, NULL, NULL, &timers);
        assert_true(0 < timers.t1_ms && timers.t1_ms < timers.t2_ms &&
                    timers.t2_ms < time_from_lease_s(lease_s));
    }
}

static void trap_22_t1_of_0_would_renew_without_end(void **state)
{
    (void)state;
    struct cli_timers timers;
    cli_timing_derive(3600, &(uint32_t){0}, NULL, &timers);
    assert_int_equal(timers.t1_ms, 1800000);
    assert_int_equal(timers.t1_origin, CLI_TIMER_REPAIRED);
}

/* Lease 3600: the instants at which RENEWING and REBINDING send, and the silence before T2 and expiry. */
static void retries_of_a_one_hour_lease(void **state)
{
    (void)state;
    static const time_ms renewing[] = {1800000, 2475000, 2812500, 2981250, 3065625, 3125625, TIME_NEVER};
    for (size_t i = 0; renewing[i] != TIME_NEVER; i++)
        assert_int_equal(cli_timing_retry_at(renewing[i], 3150000), renewing[i + 1]);
    static const time_ms rebinding[] = {3150000, 3375000, 3487500, 3547500, TIME_NEVER};
    for (size_t i = 0; rebinding[i] != TIME_NEVER; i++)
        assert_int_equal(cli_timing_retry_at(rebinding[i], 3600000), rebinding[i + 1]);
}

static void retry_needs_more_than_its_minimum_of_60_s(void **state)
{
    (void)state;
    assert_int_equal(cli_timing_retry_at(0, 60000), TIME_NEVER); /* would meet the end */
    assert_int_equal(cli_timing_retry_at(0, 60001), 60000);
    assert_int_equal(cli_timing_retry_at(0, 120000), 60000);
    assert_int_equal(cli_timing_retry_at(0, 120002), 60001);
    assert_int_equal(cli_timing_retry_at(30000, 52500), TIME_NEVER); /* lease 60 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(backoff_doubles_to_64_s_with_a_second_of_jitter),
        cmocka_unit_test(trap_2_backoff_stays_at_its_cap),
        cmocka_unit_test(nak_wait_doubles_from_1_to_64_s),
        cmocka_unit_test(t1_and_t2_by_rfc_2131_4_4_5),
        cmocka_unit_test(trap_5_every_lease_keeps_the_order),
        cmocka_unit_test(trap_22_t1_of_0_would_renew_without_end),
        cmocka_unit_test(retries_of_a_one_hour_lease),
        cmocka_unit_test(retry_needs_more_than_its_minimum_of_60_s),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
