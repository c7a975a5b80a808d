#include "client/cli_timing.h"

#include <assert.h>
#include <stddef.h>

const char *cli_timer_origin_name(enum cli_timer_origin origin)
{
    static const char *const names[] = {
#define X(name, token) [name] = token,
        CLI_TIMER_ORIGIN_MAP(X)
#undef X
    };
    return names[origin];
}

static struct cli_range range_of(const struct cli_waits *waits, unsigned nth)
{
    assert(nth > 0 && waits->n > 0);
    unsigned last = waits->n - 1U;
    unsigned place = waits->is_cycle ? (nth - 1) % waits->n : nth - 1 < last ? nth - 1 : last;
    return waits->list[place];
}

time_ms cli_timing_base(const struct cli_waits *waits, unsigned nth)
{
    struct cli_range wait = range_of(waits, nth);
    return ((time_ms)wait.low_ms + wait.high_ms) / 2;
}

time_ms cli_timing_wait(const struct cli_waits *waits, unsigned nth, struct rng *rng)
{
    struct cli_range wait = range_of(waits, nth);
    return wait.low_ms == wait.high_ms ? wait.low_ms : rng_between(rng, wait.low_ms, wait.high_ms);
}

bool cli_timing_is_last(const struct cli_waits *waits, unsigned sent)
{
    return waits->transmissions != 0 && sent >= waits->transmissions;
}

static time_ms share_of(time_ms ms, int32_t share)
{
    return ms * share / CLI_PROFILE_SHARE_ONE;
}

/* T2 of a client that goes on renewing until little is left of the lease: when the first renewal with no more
 * than that left has not been answered. */
static time_ms last_renewal(const struct cli_profile *p, time_ms t1_ms, time_ms lease_ms)
{
    time_ms answered_ms = t1_ms + p->renew.answer_ms;
    while (lease_ms - answered_ms > p->t2.left_ms) {
        time_ms wait_ms = (lease_ms - answered_ms) / 2;
        answered_ms += (wait_ms > p->renew.minimum_ms ? wait_ms : p->renew.minimum_ms) + p->renew.answer_ms;
    }
    return answered_ms < lease_ms ? answered_ms : t1_ms + (lease_ms - t1_ms) / 2;
}

void cli_timing_derive(const struct cli_profile *p, uint32_t lease_s, const uint32_t *t1_s,
                       const uint32_t *t2_s, struct cli_timers *out)
{
    assert(lease_s > 0);
    if (lease_s == LEASE_INFINITE) {
        *out = (struct cli_timers){TIME_NEVER, TIME_NEVER, CLI_TIMER_NONE, CLI_TIMER_NONE, 0, 0};
        return;
    }
    if (!p->t1.has_option)
        t1_s = NULL;
    if (!p->t2.has_option)
        t2_s = NULL;
    /* RFC 2131 4.4.5: "T1 defaults to (0.5 * duration_of_lease). T2 defaults to (0.875 * duration_of_lease)."
     */
    time_ms lease_ms = time_from_lease_s(lease_s);
    time_ms default_t1_ms = share_of(lease_ms, p->t1.share);
    time_ms default_t2_ms =
        p->t2.left_ms != 0 ? last_renewal(p, default_t1_ms, lease_ms) : share_of(lease_ms, p->t2.share);
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

static time_ms draw_fuzz(const struct cli_timer_rule *rule, time_ms base_ms, struct rng *rng)
{
    time_ms fuzz_ms = 0;
    if (rule->fuzz.low_ms != rule->fuzz.high_ms)
        fuzz_ms += rng_between(rng, rule->fuzz.low_ms, rule->fuzz.high_ms);
    if (rule->fuzz_share_low != rule->fuzz_share_high)
        fuzz_ms += rng_between(rng, share_of(base_ms, rule->fuzz_share_low),
                               share_of(base_ms, rule->fuzz_share_high));
    return fuzz_ms;
}

void cli_timing_fuzz(const struct cli_profile *p, time_ms lease_ms, struct rng *rng, struct cli_timers *t)
{
    if (lease_ms == TIME_NEVER)
        return;
    /* RFC 2131 4.4.5: "Times T1 and T2 SHOULD be chosen with some random "fuzz" around a fixed value, to
     * avoid synchronization of client reacquisition." */
    struct cli_timers fuzzy = *t;
    fuzzy.t1_ms += fuzzy.t1_fuzz_ms = draw_fuzz(&p->t1, t->t1_ms, rng);
    fuzzy.t2_ms += fuzzy.t2_fuzz_ms = draw_fuzz(&p->t2, t->t2_ms, rng);
    if (0 < fuzzy.t1_ms && fuzzy.t1_ms < fuzzy.t2_ms && fuzzy.t2_ms < lease_ms)
        *t = fuzzy;
}

time_ms cli_timing_retry_at(const struct cli_retry *retry, unsigned nth, time_ms now, time_ms end,
                            time_ms expiry, struct rng *rng)
{
    assert(end != TIME_NEVER && expiry != TIME_NEVER);
    time_ms at_ms;
    if (retry->is_half) {
        /* RFC 2131 4.4.5: "the client SHOULD wait one-half of the remaining time until T2 (in RENEWING state)
         * and one-half of the remaining lease time (in REBINDING state), down to a minimum of 60 seconds". */
        time_ms answered_ms = now + retry->answer_ms;
        time_ms wait_ms = ((retry->to_expiry ? expiry : end) - answered_ms) / 2;
        at_ms = answered_ms + (wait_ms > retry->minimum_ms ? wait_ms : retry->minimum_ms);
    } else {
        at_ms = now + cli_timing_wait(&retry->waits, nth, rng);
    }
    return at_ms < end ? at_ms : TIME_NEVER;
}
