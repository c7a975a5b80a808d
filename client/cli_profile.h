/* A profile: every number by which a client waits, as data. The profiles that come with the program are the
 * files config/profiles/NAME.json, which the build puts into this library; a user's own has the same form,
 * which config/profiles/profile.schema.json describes. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/clock.h"
#include "common/jcfg.h"

#define CLI_PROFILE_DEFAULT "rfc2131"

enum {
    CLI_PROFILE_NAME_MAX = 64,
    CLI_PROFILE_TEXT_MAX = 160,
    CLI_PROFILE_WAITS_MAX = 16,
    CLI_PROFILE_WAIT_MAX_MS = 3600000,
    CLI_PROFILE_SHARE_ONE = 1000000, /* shares of a time are millionths */
};

/* A time drawn uniformly; low <= high, and where they are equal nothing is drawn. */
struct cli_range {
    int32_t low_ms, high_ms;
};

/* How long to wait after the first, second, ... of something. */
struct cli_waits {
    struct cli_range list[CLI_PROFILE_WAITS_MAX];
    uint8_t n;              /* 1 or more */
    bool is_cycle;          /* after the last wait the first one comes again; else the last one goes on */
    uint16_t transmissions; /* this many are sent, then the client gives up; 0: without end */
};

/* When a REQUEST of RENEWING or REBINDING is sent again. */
struct cli_retry {
    bool is_half;           /* half of the time left, as RFC 2131 4.4.5 has it; else by `waits` */
    bool to_expiry;         /* is_half: of the time until expiry, in RENEWING too; else until T2 */
    uint32_t answer_ms;     /* is_half: the answer is waited for before that time is halved */
    uint32_t minimum_ms;    /* is_half: wait no less; 1000 or more */
    struct cli_waits waits; /* not is_half */
};

/* How T1 or T2 follows from a lease. */
struct cli_timer_rule {
    bool has_option;        /* option 58 or 59 is obeyed */
    int32_t share;          /* of the lease time, in CLI_PROFILE_SHARE_ONE, where no option is */
    uint32_t left_ms;       /* T2, not 0: it is when a renewal stays unanswered with no more than this left */
    struct cli_range fuzz;  /* added at random to each lease's */
    int32_t fuzz_share_low; /* and this share of it, -CLI_PROFILE_SHARE_ONE to +; low <= high */
    int32_t fuzz_share_high;
};

/* Address conflict detection: the constants of RFC 5227 1.1, under its names. */
struct cli_acd_numbers {
    struct cli_range probe_wait;
    uint8_t probe_num;
    struct cli_range probe_interval; /* PROBE_MIN, PROBE_MAX */
    uint32_t announce_wait_ms;
    uint8_t announce_num;
    uint32_t announce_interval_ms;
    uint32_t max_conflicts;
    uint32_t rate_limit_interval_ms;
    uint32_t defend_interval_ms;
};

struct cli_profile {
    char name[CLI_PROFILE_NAME_MAX];
    char description[CLI_PROFILE_TEXT_MAX];
    struct cli_range start_delay; /* RFC 2131 4.4.1 */
    struct cli_waits discover;    /* SELECTING; transmissions is 0 */
    struct cli_waits request; /* REQUESTING; transmissions is not 0. A renewal of an infinite lease, too */
    struct cli_waits reboot;  /* REBOOTING; transmissions is not 0 */
    struct cli_retry renew, rebind;
    struct cli_timer_rule t1, t2;
    bool is_base_ack;     /* a lease counts from its ACK; else from the REQUEST, as RFC 2131 4.4.5 has it */
    struct cli_waits nak; /* INIT after the first, second, ... NAK in a row */
    struct cli_waits decline; /* INIT after the first, second, ... DECLINE in a row */
    bool acd;                 /* does it probe at all, where the configuration does not say? */
    struct cli_acd_numbers acd_numbers;
};

/* The profile of that name among those that come with the program. Returns 0, ERR_NOTFOUND or ERR_NOMEM. */
int cli_profile_find(const char *name, struct cli_profile *out);
/* The name of the n-th of them (from 0), the default one first; NULL behind the last. Static storage. */
const char *cli_profile_name(size_t n);

/* Reads `len` bytes of JSON `text`. `file` is the file's name, for messages; the profile is called by it,
 * without folder and ".json". Every key has to be there. Returns 0, ERR_NOMEM, or ERR_CONFIG with
 * "mine.json:3:12: at $.t1: ..." in out_error, which holds JCFG_TEXT_MAX bytes. */
int cli_profile_parse(const char *file, const char *text, size_t len, char *out_error,
                      struct cli_profile *out);
