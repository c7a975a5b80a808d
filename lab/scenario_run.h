/* Running a scenario in virtual time: the real engines in the simulator, and what came of what was expected.
 * No clock, no network, no file. */
#pragma once
#include "lab/scenario.h"
#include "lab/sim_check.h"

enum { SCENARIO_SEEN_MAX = 512, SCENARIO_FAULTS_MAX = 100000 };

struct scenario_setting {
    uint64_t seed;
    const struct sim_fault_list *only; /* of the seed's bad luck only this; NULL: all of it */
    unsigned bugs;                     /* bits of enum sim_bug, for tests; 0 */
    /* Told about each trace object (trace.h), which it then owns; NULL: nobody is. */
    void (*trace)(void *user, cJSON *event);
    void *trace_user;
    /* Told about each frame as it leaves an interface, lost ones included, and as it arrives at one; either
     * `packet` or `arp` is NULL. Nobody is, if it is NULL. */
    void (*frame)(void *user, time_ms now, const struct sim_port *port, enum trace_direction direction,
                  const struct packet *packet, const struct arp *arp);
    void *frame_user;
};

struct scenario_verdict {
    bool met;
    uint64_t seen; /* how often */
    char instead[SCENARIO_SEEN_MAX];
};

struct scenario_outcome {
    bool met;                          /* every expectation, and no invariant was violated */
    int err;                           /* 0; ERR_LIMIT: more than SIM_INSTANT_MAX events at one instant */
    struct scenario_verdict *verdicts; /* as many as there are expectations */
    struct sim_check check;            /* check.failed: an invariant was violated */
    struct sim_counts counts;
    time_ms simulated_ms;
    struct sim_fault *faults; /* that luck has done; malloc'ed */
    size_t n_faults, capacity;
};

/* Returns 0 or ERR_NOMEM. After any return scenario_outcome_fini() frees. */
int scenario_run(const struct scenario *s, const struct scenario_setting *setting,
                 struct scenario_outcome *out);
void scenario_outcome_fini(struct scenario_outcome *out);

/* ---- its parts (scenario_judge.c) ---- */

/* What the host has sent: looks at it with the eyes of the expectation. */
void scenario_judge_message(const struct scenario_expect *e, time_ms now, const struct packet *packet,
                            struct scenario_verdict *v);
void scenario_judge_reason(const struct scenario_expect *e, time_ms now, enum reason reason,
                           struct scenario_verdict *v);
/* What is to be seen of a host now. */
struct scenario_facts {
    size_t n_clients, n_such; /* so many it has, and so many of them are as expected */
    enum cli_state state;     /* of its only client, from here on */
    ip4 held;                 /* 0: none */
    const char *state_text;   /* borrowed */
    size_t n_leases;          /* of a server, active */
};
/* State, address and number of leases as they are now. */
void scenario_judge_host(const struct scenario_expect *e, time_ms now, const struct scenario_facts *facts,
                         struct scenario_verdict *v);
/* At the end of its time. */
void scenario_judge_end(const struct scenario_expect *e, time_ms now, const struct scenario_facts *facts,
                        struct scenario_verdict *v);
/* Is a client in that state, which holds that address, as expected? For n_such. */
bool scenario_judge_client(const struct scenario_expect *e, enum cli_state state, ip4 held);
