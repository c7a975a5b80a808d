/* When a client sends again, in milliseconds: the rules, applied to the numbers of its profile. Pure. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "client/cli_profile.h"
#include "common/clock.h"
#include "common/rng.h"

/* How long to wait after the n-th (from 1). */
time_ms cli_timing_wait(const struct cli_waits *waits, unsigned nth, struct rng *rng);

/* The middle of that wait: what it is without its random part. */
time_ms cli_timing_base(const struct cli_waits *waits, unsigned nth);

/* Has the last transmission been sent, if `sent` have? */
bool cli_timing_is_last(const struct cli_waits *waits, unsigned sent);

/* Where T1 or T2 came from. X(identifier, token) */
#define CLI_TIMER_ORIGIN_MAP(X)                                                                              \
    X(CLI_TIMER_DEFAULT, "default")   /* half, or seven eighths, of the lease */                             \
    X(CLI_TIMER_OPTION, "option")     /* option 58 or 59 */                                                  \
    X(CLI_TIMER_REPAIRED, "repaired") /* the option was there, but broke the order: the default is used */   \
    X(CLI_TIMER_NONE, "none")         /* infinite lease */

enum cli_timer_origin {
#define X(name, token) name,
    CLI_TIMER_ORIGIN_MAP(X)
#undef X
};

const char *cli_timer_origin_name(enum cli_timer_origin origin); /* static storage */

struct cli_timers {
    time_ms t1_ms; /* durations; 0 < t1_ms < t2_ms < the lease; TIME_NEVER for an infinite lease */
    time_ms t2_ms;
    enum cli_timer_origin t1_origin, t2_origin;
    time_ms t1_fuzz_ms, t2_fuzz_ms; /* the random part, which is in t1_ms and t2_ms already */
};

/* T1 and T2 of a lease of `lease_s` (1 or more, LEASE_INFINITE allowed) seconds; options 58 and 59, or NULL
 * where they are absent. Options that break 0 < T1 < T2 < lease, also against the other's default, are not
 * used, neither of the two. */
void cli_timing_derive(const struct cli_profile *p, uint32_t lease_s, const uint32_t *t1_s,
                       const uint32_t *t2_s, struct cli_timers *out);

/* Adds the profile's random part to T1 and T2 of a lease, which have none yet; neither gets one where that
 * would break their order, and an infinite lease has none. */
void cli_timing_fuzz(const struct cli_profile *p, time_ms lease_ms, struct rng *rng, struct cli_timers *t);

/* When the REQUEST of RENEWING or REBINDING is sent again that was sent at `now`, as the `nth` (from 1) of
 * its state. The state ends at `end`: T2 ends RENEWING, `expiry` ends both. TIME_NEVER if that would not be
 * before `end`; neither is TIME_NEVER. */
time_ms cli_timing_retry_at(const struct cli_retry *retry, unsigned nth, time_ms now, time_ms end,
                            time_ms expiry, struct rng *rng);
