/* Running a scenario in virtual time: the real engines in the simulator, and what came of what was expected.
 * No clock, no network, no file. */
#pragma once
#include "lab/scenario.h"
#include "lab/sim_check.h"

enum { SCENARIO_SEEN_MAX = 512, SCENARIO_FAULTS_MAX = 100000 };

/* An interface of a run. */
struct scenario_port {
    const char *host, *name;
    int index; /* from 1, over all interfaces of the run; at most SIM_PORTS_MAX */
    struct hw_addr hw;
};

struct scenario_setting {
    uint64_t seed;
    const struct sim_fault_list *only; /* of the seed's bad luck only this; NULL: all of it */
    unsigned bugs;                     /* bits of enum sim_bug, for tests; 0 */
    bool as_on_wire; /* stores take no time, whatever sync_ms is, and no invariant is checked */
    /* Told about each trace object (trace.h), which it then owns; NULL: nobody is. */
    void (*trace)(void *user, cJSON *event);
    void *trace_user;
    /* Told about each frame as it leaves an interface, lost ones included, and as it arrives at one; either
     * `packet` or `arp` is NULL. Nobody is, if it is NULL. */
    void (*frame)(void *user, time_ms now, const struct scenario_port *port, enum trace_direction direction,
                  const struct packet *packet, const struct arp *arp);
    void *frame_user;
    /* Told how much of the scenario's duration has passed; NULL: nobody is. */
    void (*progress)(void *user, time_ms now);
    void *progress_user;
};

struct scenario_verdict {
    bool met;
    uint64_t seen; /* how often */
    char instead[SCENARIO_SEEN_MAX];
    char *around; /* the ladder around, malloc'ed; NULL: the same run again tells it */
};

struct scenario_outcome {
    bool met;                          /* every expectation, and no invariant was violated */
    int err;                           /* 0; ERR_LIMIT: more than SIM_INSTANT_MAX events at one instant */
    bool is_real;                      /* on the wire */
    struct scenario_verdict *verdicts; /* as many as there are expectations */
    size_t n_verdicts;
    struct sim_check check; /* check.failed: an invariant was violated */
    char *around;           /* is_real: the ladder before that, malloc'ed */
    struct sim_counts counts;
    time_ms simulated_ms;
    struct sim_fault *faults; /* that luck has done; malloc'ed */
    size_t n_faults, capacity;
};

/* Returns 0 or ERR_NOMEM. After any return scenario_outcome_fini() frees. */
int scenario_run(const struct scenario *s, const struct scenario_setting *setting,
                 struct scenario_outcome *out);
void scenario_outcome_fini(struct scenario_outcome *out);

/* ---- its parts, for a run on the wire, and for a replay, too ---- */

/* Makes the hosts and wires of the scenario in an empty world; nothing is started. `out_hosts` has a place
 * for each host of the topology. 0 or ERR_NOMEM. The scenario is borrowed for as long as the world lives. */
int scenario_build(const struct scenario *s, struct sim_world *w, struct sim_host **out_hosts);

/* A step that is about links, as a rule for them. */
struct sim_rule scenario_rule(const struct scenario_step *step);
/* When each step is to be done, by the seed, into `out_at`. Returns when the last of them may be. */
time_ms scenario_draw_steps(const struct scenario *s, uint64_t seed, time_ms *out_at);
/* The next time after `after` at which somebody has to look; TIME_NEVER: none. `checked_ms`: when each client
 * has to have a lease. */
time_ms scenario_next_look(const struct scenario *s, time_ms checked_ms, time_ms after);
/* Notes what luck has done; more than SCENARIO_FAULTS_MAX are not told one by one. ERR_NOMEM. */
int scenario_outcome_add_fault(struct scenario_outcome *out, const struct sim_fault *fault);

/* ---- judging (scenario_judge.c) ---- */

/* What the host has sent: looks at it with the eyes of the expectation. */
void scenario_judge_message(const struct scenario_expect *e, time_ms now, const struct packet *packet,
                            struct scenario_verdict *v);
/* `reason` is its token. */
void scenario_judge_reason(const struct scenario_expect *e, time_ms now, const char *reason,
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
