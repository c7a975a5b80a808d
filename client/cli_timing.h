/* When a client sends again: RFC 2131 4.1 and 4.4.5, in milliseconds, exact but for the jitter of 4.1. Pure.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"
#include "common/rng.h"

/* RFC 2131 3.1 (5): "the client ... might retransmit the DHCPREQUEST message four times, for a total delay of
 * 60 seconds". 4 + 8 + 16 + 32 s are those 60 s: we send at 0, 4, 12 and 28 s, and give up at 60 s, when the
 * fifth transmission would be due. */
enum { CLI_REQUEST_TRANSMISSIONS = 4 };

/* How long to wait for an answer to the n-th transmission (from 1): 4, 8, 16, 32, 64, 64 ... s, each moved by
 * a uniform random -1 to +1 s. */
time_ms cli_timing_backoff(unsigned nth, struct rng *rng);

/* How long to wait in INIT after the n-th NAK (from 1) in a row: 1, 2, 4 ... 64, 64 s. RFC 2131 says
 * "restarts the configuration process" and no more; a server that offers what it then refuses must not make a
 * flood. */
time_ms cli_timing_nak_wait(unsigned nth);

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
};

/* T1 and T2 of a lease of `lease_s` (1 or more, LEASE_INFINITE allowed) seconds; options 58 and 59, or NULL
 * where they are absent. Options that break 0 < T1 < T2 < lease, also against the other's default, are not
 * used, neither of the two. No random fuzz is added: what the server says is what is done. */
void cli_timing_derive(uint32_t lease_s, const uint32_t *t1_s, const uint32_t *t2_s, struct cli_timers *out);

/* When a REQUEST sent at `now` is sent again, if `end` ends the state: T2 ends RENEWING, expiry ends
 * REBINDING. TIME_NEVER if that would not be before `end`; `end` is not TIME_NEVER. */
time_ms cli_timing_retry_at(time_ms now, time_ms end);
