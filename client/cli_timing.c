#include "client/cli_timing.h"

#include <assert.h>
#include <stddef.h>

enum {
    BACKOFF_FIRST_MS = 4000,
    BACKOFF_MAX_MS = 64000,
    BACKOFF_JITTER_MS = 1000,
    NAK_WAIT_FIRST_MS = 1000,
    NAK_WAIT_MAX_MS = 64000,
    RETRY_MIN_MS = 60000,
};

const char *cli_timer_origin_name(enum cli_timer_origin origin)
{
    static const char *const names[] = {
#define X(name, token) [name] = token,
        CLI_TIMER_ORIGIN_MAP(X)
#undef X
    };
    return names[origin];
}

/* `first` doubled nth - 1 times, at most `max`. */
static time_ms doubled(time_ms first, time_ms max, unsigned nth)
{
    assert(nth > 0);
    time_ms wait = first;
    for (unsigned i = 1; i < nth && wait < max; i++)
        wait *= 2;
    return wait < max ? wait : max;
}

time_ms cli_timing_backoff(unsigned nth, struct rng *rng)
{
    /* RFC 2131 4.1: "the delay before the first retransmission SHOULD be 4 seconds randomized by the value of
     * a uniform random number chosen from the range -1 to +1. ... The retransmission delay SHOULD be doubled
     * with subsequent retransmissions up to a maximum of 64 seconds." */
    return doubled(BACKOFF_FIRST_MS, BACKOFF_MAX_MS, nth) +
           rng_between(rng, -BACKOFF_JITTER_MS, BACKOFF_JITTER_MS);
}

time_ms cli_timing_nak_wait(unsigned nth)
{
    return doubled(NAK_WAIT_FIRST_MS, NAK_WAIT_MAX_MS, nth);
}

void cli_timing_derive(uint32_t lease_s, const uint32_t *t1_s, const uint32_t *t2_s, struct cli_timers *out)
{
    assert(lease_s > 0);
    if (lease_s == LEASE_INFINITE) {
        *out = (struct cli_timers){TIME_NEVER, TIME_NEVER, CLI_TIMER_NONE, CLI_TIMER_NONE};
        return;
    }
    /* RFC 2131 4.4.5: "T1 defaults to (0.5 * duration_of_lease). T2 defaults to (0.875 * duration_of_lease)."
     */
    time_ms lease_ms = time_from_lease_s(lease_s);
    time_ms default_t1_ms = lease_ms / 2;
    time_ms default_t2_ms = lease_ms / 8 * 7;
    *out = (struct cli_timers){
        .t1_ms = t1_s != NULL ? time_from_lease_s(*t1_s) : default_t1_ms,
        .t2_ms = t2_s != NULL ? time_from_lease_s(*t2_s) : default_t2_ms,
        .t1_origin = t1_s != NULL ? CLI_TIMER_OPTION : CLI_TIMER_DEFAULT,
        .t2_origin = t2_s != NULL ? CLI_TIMER_OPTION : CLI_TIMER_DEFAULT,
    };
    /* RFC 2131 4.4.5: "T1 MUST be earlier than T2, which, in turn, MUST be earlier than the time at which the
     * client's lease will expire." A T1 of 0 would renew without end. */
    if (0 < out->t1_ms && out->t1_ms < out->t2_ms && out->t2_ms < lease_ms)
        return;
    *out = (struct cli_timers){
        .t1_ms = default_t1_ms,
        .t2_ms = default_t2_ms,
        .t1_origin = t1_s != NULL ? CLI_TIMER_REPAIRED : CLI_TIMER_DEFAULT,
        .t2_origin = t2_s != NULL ? CLI_TIMER_REPAIRED : CLI_TIMER_DEFAULT,
    };
}

time_ms cli_timing_retry_at(time_ms now, time_ms end)
{
    assert(end != TIME_NEVER);
    /* RFC 2131 4.4.5: "the client SHOULD wait one-half of the remaining time until T2 (in RENEWING state) and
     * one-half of the remaining lease time (in REBINDING state), down to a minimum of 60 seconds". */
    time_ms wait_ms = (end - now) / 2;
    if (wait_ms < RETRY_MIN_MS)
        wait_ms = RETRY_MIN_MS;
    return now + wait_ms < end ? now + wait_ms : TIME_NEVER;
}
