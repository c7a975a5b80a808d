/* What a client does over the life of a lease, in virtual time: the client's engine itself, with a profile,
 * and a server that answers at once or not at all. No network, no clock. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cjson/cJSON.h>

#include "client/cli_engine.h"
#include "client/cli_profile.h"

enum { TIMELINE_PROFILES_MAX = 16, TIMELINE_LABEL_MAX = 24, TIMELINE_EVENTS_MAX = 100000 };

struct timeline_setting {
    uint32_t lease_s;    /* what the server leases; LEASE_INFINITE allowed */
    uint32_t t1_s, t2_s; /* what it says in options 58 and 59; 0: nothing */
    bool no_server;      /* nobody answers, ever */
    time_ms until_ms;    /* without a server: when to stop looking */
    uint64_t seed;
    bool all; /* print every transmission, not only the first and the last ones of a state */
};

/* X(identifier, token) */
#define TIMELINE_KIND_MAP(X)                                                                                 \
    X(TIMELINE_SEND, "send")         /* a DHCP message */                                                    \
    X(TIMELINE_PROBE, "probe")       /* ARP */                                                               \
    X(TIMELINE_ANNOUNCE, "announce") /* ARP */                                                               \
    X(TIMELINE_STATE, "state")       /* the state changed, and nothing was sent by that */

enum timeline_kind {
#define X(name, token) name,
    TIMELINE_KIND_MAP(X)
#undef X
};

struct timeline_event {
    time_ms at_ms; /* since the client was started */
    enum timeline_kind kind;
    enum cli_state state; /* that the client is in then */
    enum reason reason;   /* why it is */
    uint8_t type;         /* TIMELINE_SEND */
    ip4 dst;              /* TIMELINE_SEND */
    unsigned nth;         /* of its kind in this state, from 1 */
};

/* One client's. The caller owns it. */
struct timeline {
    const struct cli_profile *profile; /* borrowed */
    struct timeline_event *events;     /* in order; malloc'ed */
    size_t n_events, capacity;
    bool has_lease;
    time_ms leased_ms;      /* since the client was started: what the lease counts from */
    struct cli_lease lease; /* its instants are since the client was started */
};

/* Runs a client from its start until the lease has ended, or without a server until setting->until_ms.
 * Returns 0; ERR_NOMEM; ERR_LIMIT: more than TIMELINE_EVENTS_MAX events. After any return timeline_fini()
 * frees. */
int timeline_run(const struct timeline_setting *setting, const struct cli_profile *profile,
                 struct timeline *out);
void timeline_fini(struct timeline *t);

/* A table with a column for each of the `n` clients (1 to TIMELINE_PROFILES_MAX) and a row for each instant.
 * Returns 0, or ERR_IO if not all could be written. */
int timeline_print(FILE *out, const struct timeline_setting *setting, const struct timeline *clients,
                   size_t n);

/* The same as JSON, with every event. The caller owns it; NULL if memory is out. */
cJSON *timeline_json(const struct timeline_setting *setting, const struct timeline *clients, size_t n);
