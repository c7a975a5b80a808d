/* What must be true after every step of the simulator, whatever the luck. The first thing that is not ends
 * the run. Pure. */
#pragma once
#include <stdarg.h>

#include "lab/sim_node.h"

/* X(identifier, word, what must be true) */
#define SIM_INVARIANT_MAP(X)                                                                                 \
    X(SIM_UNIQUE_ADDRESS, "unique-address", "no two clients hold one address at one time")                   \
    X(SIM_LEASE_KNOWN, "lease-known", "a bound client's lease is in the table of its server")                \
    X(SIM_OFFER_RIGHT, "offer-right",                                                                        \
      "every offered address is in a pool, or reserved for the client, and not reserved for another")        \
    X(SIM_TIMERS_KEPT, "timers-kept", "a client wakes up no later than its T1, its T2 and its expiry")       \
    X(SIM_NOT_EXPIRED, "not-expired", "no client uses an address past its expiry")                           \
    X(SIM_QUARANTINE, "quarantine", "a declined address is not offered in quarantine")                       \
    X(SIM_BOUND, "bound", "after the last fault every client gets a lease in time")

enum sim_invariant {
#define X(name, word, text) name,
    SIM_INVARIANT_MAP(X)
#undef X
        SIM_INVARIANT_COUNT
};

const char *sim_invariant_name(enum sim_invariant invariant); /* static storage */
const char *sim_invariant_text(enum sim_invariant invariant);

struct sim_quarantine {
    const struct sim_host *server;
    ip4 addr;
    time_ms until_ms;
};

struct sim_check {
    unsigned off; /* bit per invariant that is not checked */
    bool failed;
    enum sim_invariant invariant;
    time_ms at_ms;
    char host[SIM_NAME_MAX];            /* on which it was seen */
    char why[SIM_WHY_MAX];              /* a sentence */
    struct sim_quarantine *quarantines; /* malloc'ed */
    size_t n_quarantines, capacity;
};

void sim_check_fini(struct sim_check *check);

/* Records the violation, seen at `now` on the host of that name, if it is the first one and its invariant is
 * not off. False: it is not recorded. */
bool sim_check_record(struct sim_check *check, enum sim_invariant invariant, time_ms now, const char *host,
                      const char *format, va_list args) __attribute__((format(printf, 5, 0)));

/* After a step of the client; `wakes_at` is when it wants the next. */
void sim_check_client(struct sim_client *c, const struct cli_status *status, time_ms wakes_at);
/* An answer that leaves a server. */
void sim_check_answer(const struct sim_host *server, const struct packet *packet);
/* Is the address that is offered in a pool, or reserved for the client, and not reserved for another? If not,
 * the sentence is in `why`, which holds SIM_WHY_MAX octets. */
bool sim_check_is_right(const struct srv_config *config, const char *server, const struct dhcp_msg *offer,
                        char *why);
/* A lease that the server stores. */
void sim_check_stored(const struct sim_host *server, const struct srv_lease *lease);
/* After the server has started: every client that has a lease of it. */
void sim_check_server(const struct sim_host *server);
/* Every client that runs has a lease. */
void sim_check_bound(struct sim_world *w);
