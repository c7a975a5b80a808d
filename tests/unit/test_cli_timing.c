#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "client/cli_timing.h"
#include "test_cli_profiles.h"

/* RFC 2131 4.1: 4, 8, 16, 32, 64, 64 s, each +-1 s. */
static void backoff_doubles_to_64_s_with_a_second_of_jitter(void **state)
{
    (void)state;
    static const time_ms middle_ms[] = {4000, 8000, 16000, 32000, 64000, 64000, 64000};
    struct rng rng;
    rng_init(&rng, 1, "timing");
    const struct cli_waits *discover = &profile_of("rfc2131")->discover;
    for (unsigned n = 0; n < sizeof middle_ms / sizeof middle_ms[0]; n++) {
        time_ms low = TIME_NEVER, high = 0;
        for (int i = 0; i < 20000; i++) {
            time_ms wait = cli_timing_wait(discover, n + 1, &rng);
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
    assert_in_range(cli_timing_wait(&profile_of("rfc2131")->discover, 4000000000U, &rng), 63000, 65000);
}

static void nak_wait_doubles_from_1_to_64_s(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, 1, "timing");
    static const time_ms expected_ms[] = {1000, 2000, 4000, 8000, 16000, 32000, 64000, 64000};
    for (unsigned n = 0; n < sizeof expected_ms / sizeof expected_ms[0]; n++)
        assert_int_equal(cli_timing_wait(&profile_of("rfc2131")->nak, n + 1, &rng), expected_ms[n]);
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
        cli_timing_derive(profile_of("rfc2131"), derived[i].lease_s,
                          derived[i].t1_s ? &derived[i].t1_s : NULL,
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
        cli_timing_derive(profile_of("rfc2131"), lease_s, NULL, NULL, &timers);
        assert_true(0 < timers.t1_ms && timers.t1_ms < timers.t2_ms &&
                    timers.t2_ms < time_from_lease_s(lease_s));
    }
}

static void trap_22_t1_of_0_would_renew_without_end(void **state)
{
    (void)state;
    struct cli_timers timers;
    cli_timing_derive(profile_of("rfc2131"), 3600, &(uint32_t){0}, NULL, &timers);
    assert_int_equal(timers.t1_ms, 1800000);
    assert_int_equal(timers.t1_origin, CLI_TIMER_REPAIRED);
}

/* When a renewal sent at `now` is repeated, with half of the time left and 60 s at least. */
static time_ms half_at(time_ms now, time_ms end)
{
    return cli_timing_retry_at(&profile_of("rfc2131")->rebind, 1, now, end, end, NULL);
}

/* Lease 3600: the instants at which RENEWING and REBINDING send, and the silence before T2 and expiry. */
static void retries_of_a_one_hour_lease(void **state)
{
    (void)state;
    const struct cli_profile *p = profile_of("rfc2131");
    static const time_ms renewing[] = {1800000, 2475000, 2812500, 2981250, 3065625, 3125625, TIME_NEVER};
    for (size_t i = 0; renewing[i] != TIME_NEVER; i++)
        assert_int_equal(cli_timing_retry_at(&p->renew, 1, renewing[i], 3150000, 3600000, NULL),
                         renewing[i + 1]);
    static const time_ms rebinding[] = {3150000, 3375000, 3487500, 3547500, TIME_NEVER};
    for (size_t i = 0; rebinding[i] != TIME_NEVER; i++)
        assert_int_equal(cli_timing_retry_at(&p->rebind, 1, rebinding[i], 3600000, 3600000, NULL),
                         rebinding[i + 1]);
}

static void retry_needs_more_than_its_minimum_of_60_s(void **state)
{
    (void)state;
    assert_int_equal(half_at(0, 60000), TIME_NEVER); /* would meet the end */
    assert_int_equal(half_at(0, 60001), 60000);
    assert_int_equal(half_at(0, 120000), 60000);
    assert_int_equal(half_at(0, 120002), 60001);
    assert_int_equal(half_at(30000, 52500), TIME_NEVER); /* lease 60 */
}

static void a_cycle_begins_again_and_a_list_goes_on_with_its_last_wait(void **state)
{
    (void)state;
    const struct cli_waits *udhcpc = &profile_of("udhcpc")->discover;
    static const time_ms expected_ms[] = {3000, 3000, 23000, 3000, 3000, 23000, 3000};
    for (unsigned i = 0; i < sizeof expected_ms / sizeof expected_ms[0]; i++)
        assert_int_equal(cli_timing_wait(udhcpc, i + 1, NULL), expected_ms[i]);
    assert_false(cli_timing_is_last(udhcpc, 1000000));
    const struct cli_waits *request = &profile_of("udhcpc")->request;
    assert_false(cli_timing_is_last(request, 2));
    assert_true(cli_timing_is_last(request, 3));
}

/* udhcpc, lease 3600: no T2 of its own. It renews at half of the lease, then 3 s for the answer and half of
 * what is left, until 30 s or less are. The options of the server mean nothing to it. */
static void a_profile_without_t2_renews_until_little_is_left(void **state)
{
    (void)state;
    const struct cli_profile *p = profile_of("udhcpc");
    struct cli_timers timers;
    cli_timing_derive(p, 3600, &(uint32_t){100}, &(uint32_t){200}, &timers);
    static const time_ms renewing[] = {1800000, 2701500, 3152250, 3377625,
                                       3490312, 3546656, 3574828, TIME_NEVER};
    assert_int_equal(timers.t1_ms, renewing[0]);
    assert_int_equal(timers.t2_ms, 3574828 + 3000); /* 22 s are left, the renewal before left 50 */
    assert_int_equal(timers.t1_origin, CLI_TIMER_DEFAULT);
    for (size_t i = 0; renewing[i] != TIME_NEVER; i++)
        assert_int_equal(cli_timing_retry_at(&p->renew, 1, renewing[i], timers.t2_ms, 3600000, NULL),
                         renewing[i + 1]);
}

/* Trap 5, in every profile: the order holds for the shortest leases too, whatever the server says. */
static void every_profile_keeps_the_order(void **state)
{
    (void)state;
    for (size_t i = 0; cli_profile_name(i) != NULL; i++) {
        const struct cli_profile *p = profile_of(cli_profile_name(i));
        for (uint32_t lease_s = 1; lease_s < 200; lease_s++)
            for (uint32_t t1_s = 0; t1_s < 200; t1_s += 7) {
                struct cli_timers timers;
                cli_timing_derive(p, lease_s, &t1_s, NULL, &timers);
                assert_true(0 < timers.t1_ms && timers.t1_ms < timers.t2_ms &&
                            timers.t2_ms < time_from_lease_s(lease_s));
            }
    }
}

/* RFC 2131 4.4.5. networkd: -1 to +1 s for each; dhclient: T1 loses up to a quarter; the others: nothing. */
static void t1_and_t2_get_the_fuzz_of_their_profile(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        time_ms t1_low_ms, t1_high_ms, t2_low_ms, t2_high_ms;
    } rows[] = {
        {"rfc2131", 0, 0, 0, 0},
        {"networkd", -1000, 1000, -1000, 1000},
        {"dhclient", -450000, 0, 0, 0},
        {"udhcpc", 0, 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct cli_profile *p = profile_of(rows[i].name);
        struct rng rng;
        rng_init(&rng, 1, "fuzz");
        time_ms low[2] = {TIME_NEVER, TIME_NEVER}, high[2] = {-TIME_NEVER, -TIME_NEVER};
        for (int n = 0; n < 5000; n++) {
            struct cli_timers base, t;
            cli_timing_derive(p, 3600, NULL, NULL, &base);
            t = base;
            cli_timing_fuzz(p, 3600000, &rng, &t);
            assert_int_equal(t.t1_ms - base.t1_ms, t.t1_fuzz_ms);
            assert_int_equal(t.t2_ms - base.t2_ms, t.t2_fuzz_ms);
            time_ms fuzz[2] = {t.t1_fuzz_ms, t.t2_fuzz_ms};
            for (int k = 0; k < 2; k++) {
                low[k] = fuzz[k] < low[k] ? fuzz[k] : low[k];
                high[k] = fuzz[k] > high[k] ? fuzz[k] : high[k];
            }
        }
        time_ms slack = (rows[i].t1_high_ms - rows[i].t1_low_ms) / 50;
        assert_true(low[0] >= rows[i].t1_low_ms && low[0] <= rows[i].t1_low_ms + slack);
        assert_true(high[0] <= rows[i].t1_high_ms && high[0] >= rows[i].t1_high_ms - slack);
        slack = (rows[i].t2_high_ms - rows[i].t2_low_ms) / 50;
        assert_true(low[1] >= rows[i].t2_low_ms && low[1] <= rows[i].t2_low_ms + slack);
        assert_true(high[1] <= rows[i].t2_high_ms && high[1] >= rows[i].t2_high_ms - slack);
    }
}

static void fuzz_never_breaks_the_order(void **state)
{
    (void)state;
    struct cli_profile p = *profile_of("networkd");
    struct rng rng;
    rng_init(&rng, 1, "fuzz");
    bool is_kept = false, is_dropped = false;
    for (uint32_t lease_s = 1; lease_s < 20; lease_s++)
        for (int n = 0; n < 100; n++) {
            struct cli_timers t;
            cli_timing_derive(&p, lease_s, NULL, NULL, &t);
            cli_timing_fuzz(&p, time_from_lease_s(lease_s), &rng, &t);
            assert_true(0 < t.t1_ms && t.t1_ms < t.t2_ms && t.t2_ms < time_from_lease_s(lease_s));
            is_kept |= t.t1_fuzz_ms != 0;
            is_dropped |= t.t1_fuzz_ms == 0;
        }
    assert_true(is_kept && is_dropped);
    struct cli_timers t;
    cli_timing_derive(&p, LEASE_INFINITE, NULL, NULL, &t);
    cli_timing_fuzz(&p, TIME_NEVER, &rng, &t);
    assert_int_equal(t.t1_ms, TIME_NEVER);
    assert_int_equal(t.t1_fuzz_ms, 0);
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
        cmocka_unit_test(a_cycle_begins_again_and_a_list_goes_on_with_its_last_wait),
        cmocka_unit_test(a_profile_without_t2_renews_until_little_is_left),
        cmocka_unit_test(every_profile_keeps_the_order),
        cmocka_unit_test(t1_and_t2_get_the_fuzz_of_their_profile),
        cmocka_unit_test(fuzz_never_breaks_the_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
