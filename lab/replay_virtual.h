/* The trace of a lab again, in virtual time: its servers get the same messages at the same instants, in the
 * simulator, and what they decide and answer is compared with what the trace has. A server that the trace
 * says to have started again does so, without its offers, and with its leases unless it says that there were
 * none. Pure but for memory. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "lab/replay_trace.h"
#include "lab/scenario.h"

enum { REPLAY_EVENTS_MAX = 200000 /* on either side; more are counted and left out */ };

/* What a server did, here or there. */
struct replay_did {
    size_t host; /* place in the topology */
    enum replay_trace_kind kind;
    char xid[16];
    time_ms at_ms; /* since the trace began */
    char *text;    /* replay_trace_text() */
    size_t place;  /* among all of its side */
};

/* One that has no equal on the other side; of a pair both, where they differ. */
struct replay_unlike {
    const struct replay_did *then, *now; /* one of them may be NULL */
    size_t host;                         /* of the one that is there */
    time_ms at_ms;
    size_t place;
};

struct replay_virtual {
    /* Private */
    struct sim_world *w;
    struct sim_host *hosts[LAB_HOSTS_MAX];
    const struct scenario *s;
    bool is_known[LAB_HOSTS_MAX]; /* the trace has told of the server already: it has started */
    time_ms begin_ms;             /* "boot_ms" of the first event; -1: there was none */

    /* Results */
    struct {
        struct replay_did *did;
        size_t n, capacity;
    } then, now;
    struct replay_unlike *unlike;
    size_t n_unlike;
    uint64_t n_heard, n_answers, n_decisions; /* of the trace */
    uint64_t n_left_out; /* messages that the trace does not have whole, and what is beyond the limit */
    time_ms span_ms;     /* how long the trace is */
    int err;             /* 0; ERR_NOMEM; ERR_LIMIT */
};

/* The servers of the topology start with no leases. `s` has only a topology that counts; borrowed. 0 or
 * ERR_NOMEM. After any return replay_virtual_fini() frees. */
int replay_virtual_init(struct replay_virtual *v, const struct scenario *s);
/* Takes the next object of the trace, which it then owns. 0; ERR_NOMEM; ERR_LIMIT: a server has more to do at
 * one instant than SIM_INSTANT_MAX. */
int replay_virtual_add(struct replay_virtual *v, cJSON *event);
/* When all are there: compares, for each server and transaction what it heard, decided and answered, in their
 * order. As replay_virtual_add(). */
int replay_virtual_compare(struct replay_virtual *v);
void replay_virtual_fini(struct replay_virtual *v);
