/* The scenario file: a lab, what happens to it when, and what is expected of it. JSON with comments;
 * config/scenarios/scenario.schema.json describes it.
 *
 *   { "description": "...",
 *     "topology": { "hosts": ..., "links": ... },   as for `dhcplab up`; or a file's or a lab's name
 *     "duration": "2 h",
 *     "steps": [ { "at": "10 s", "do": "release", "host": "h1" } ],
 *     "expect": [ { "until": "5 s", "host": "h1", "state": "BOUND" } ] } */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/cli_config.h"
#include "client/cli_engine.h"
#include "common/clock.h"
#include "common/jcfg.h"
#include "lab/sim_world.h"
#include "lab/topology.h"
#include "server/srv_config.h"

enum {
    SCENARIO_STEPS_MAX = 256,
    SCENARIO_EXPECTS_MAX = 256,
    SCENARIO_TEXT_MAX = 512,
    SCENARIO_CODES_MAX = 16,
};

/* X(identifier, word, what it takes) */
#define SCENARIO_DO_MAP(X)                                                                                   \
    X(SCENARIO_START, "start", SCENARIO_TAKES_HOST)            /* power on, or a client that was stopped */  \
    X(SCENARIO_STOP, "stop", SCENARIO_TAKES_HOST)              /* a client without RELEASE; a server */      \
    X(SCENARIO_CRASH, "crash", SCENARIO_TAKES_HOST)            /* its power fails */                         \
    X(SCENARIO_FORGET, "forget-leases", SCENARIO_TAKES_SERVER) /* the lease file of a server that is down */ \
    X(SCENARIO_RELEASE, "release", SCENARIO_TAKES_CLIENT)                                                    \
    X(SCENARIO_RENEW, "renew", SCENARIO_TAKES_CLIENT)                                                        \
    X(SCENARIO_REBIND, "rebind", SCENARIO_TAKES_CLIENT)                                                      \
    X(SCENARIO_INFORM, "inform", SCENARIO_TAKES_CLIENT) /* with the fixed address of its interface */        \
    X(SCENARIO_DECLINE, "decline", SCENARIO_TAKES_CLIENT)                                                    \
    X(SCENARIO_SLEEP, "sleep", SCENARIO_TAKES_CLIENT) /* and is told nothing more */                         \
    X(SCENARIO_WAKE, "wake", SCENARIO_TAKES_CLIENT)                                                          \
    X(SCENARIO_FORCE_RENEW, "force-renew", SCENARIO_TAKES_CLIENT) /* its server asks it to renew */          \
    X(SCENARIO_CONFIGURE, "configure", SCENARIO_TAKES_SERVER)                                                \
    X(SCENARIO_CUT, "cut", SCENARIO_TAKES_LINK)                                                              \
    X(SCENARIO_HEAL, "heal", SCENARIO_TAKES_LINK)                                                            \
    X(SCENARIO_FAULTS, "faults", SCENARIO_TAKES_LINK)                                                        \
    X(SCENARIO_DROP, "drop", SCENARIO_TAKES_LINK)          /* "the third ACK" */                             \
    X(SCENARIO_ADVANCE, "advance", SCENARIO_TAKES_NOTHING) /* `dhcplab clock advance` */

enum scenario_takes {
    SCENARIO_TAKES_HOST,
    SCENARIO_TAKES_SERVER,
    SCENARIO_TAKES_CLIENT,
    SCENARIO_TAKES_LINK,
    SCENARIO_TAKES_NOTHING
};

enum scenario_do {
#define X(name, word, takes) name,
    SCENARIO_DO_MAP(X)
#undef X
};

const char *scenario_do_name(enum scenario_do what); /* static storage */

/* Times are by the hosts' clock: scenario_clock_apply(). */
struct scenario_step {
    time_ms from_ms, to_ms; /* drawn uniformly, both included */
    enum scenario_do what;
    size_t host;                               /* place in the topology */
    char from[LAB_NAME_MAX], to[LAB_NAME_MAX]; /* of a link: hosts or "*" */
    struct sim_faults faults;                  /* SCENARIO_FAULTS */
    struct sim_script script;                  /* SCENARIO_DROP */
    struct srv_config *config;                 /* SCENARIO_CONFIGURE; owned */
    char *config_text;                         /* the same, as topology_host has it; owned */
    time_ms by_ms;                             /* SCENARIO_ADVANCE; from_ms is when that time has passed */
};

enum scenario_fact {
    SCENARIO_STATE,   /* all clients of the host are in the state */
    SCENARIO_ADDRESS, /* the client holds the address; 0: none */
    SCENARIO_LEASES,  /* the server has so many active leases */
    SCENARIO_SENDS,   /* the host sends such a message */
    SCENARIO_REASON,  /* the host decides something for this reason */
};

/* The fact has to be seen between from_ms and until_ms, both included; with `has_count` just so often (a
 * state, address or number of leases that is seen at all counts as one). */
struct scenario_expect {
    unsigned line; /* in the file */
    time_ms from_ms, until_ms;
    size_t host;
    enum scenario_fact fact;
    bool has_count;
    uint32_t count;
    enum cli_state state;
    ip4 address;
    uint32_t leases;
    uint8_t type; /* SCENARIO_SENDS; 0: any message */
    enum reason reason;
    bool has_unicast, unicast; /* to an address of its own, or to 255.255.255.255 */
    bool has_ciaddr, ciaddr;   /* set, or zero */
    uint8_t with[SCENARIO_CODES_MAX], without[SCENARIO_CODES_MAX]; /* option codes */
    size_t n_with, n_without;
    char text[SCENARIO_TEXT_MAX]; /* for people: "h1 sends REQUEST (unicast), 30 min to 31 min" */
};

struct scenario {
    char path[TOPOLOGY_PATH_MAX];
    char description[2048];
    struct topology topology;
    struct srv_config *servers[LAB_HOSTS_MAX]; /* by host; NULL: no server */
    struct cli_config *clients[LAB_HOSTS_MAX];
    bool is_off[LAB_HOSTS_MAX];                   /* not started with the others */
    ip4 relays[LAB_HOSTS_MAX][RELAY_SERVERS_MAX]; /* of a relay agent: its servers */
    size_t n_relays[LAB_HOSTS_MAX];               /* 0: it is none */
    uint64_t seed;                                /* 1 if the file says nothing */
    time_ms duration_ms;
    uint64_t budget;         /* in virtual time so many events at most; UINT64_MAX: any number */
    time_ms sync_ms;         /* how long a server's store takes */
    time_ms bound_within_ms; /* after the last step each client has a lease so soon; TIME_NEVER: unchecked */
    unsigned off;            /* bit per enum sim_invariant that is not checked */
    struct scenario_step *steps;
    size_t n_steps;
    struct scenario_expect *expects;
    size_t n_expects;
};

/* Reads the file. 0; ERR_NOMEM; ERR_CONFIG, ERR_NOTFOUND, ERR_DENIED, ERR_IO with a sentence in out_error,
 * which holds JCFG_TEXT_MAX bytes. After any return scenario_fini() frees. */
int scenario_load(struct scenario *s, const char *path, char *out_error);
/* The same for the contents `text` of the file `path`. */
int scenario_parse(struct scenario *s, const char *path, const char *text, size_t len, char *out_error);
void scenario_fini(struct scenario *s);

/* Which file `name` means: the path itself, or the scenario of that name among those that come with the
 * program. ERR_NOTFOUND, ERR_LIMIT, ERR_IO. */
int scenario_find(const char *name, char out_path[TOPOLOGY_PATH_MAX]);

/* "1 h 30 min", "250 ms": numbers with units d, h, min (or m), s, ms. False, and *out untouched, for anything
 * else.
 */
bool scenario_time_parse(const char *text, time_ms *out);
enum { SCENARIO_TIME_LEN = 48 };
/* The same way back; `buf` holds SCENARIO_TIME_LEN; returns it. */
const char *scenario_time_format(time_ms t, char *buf);
enum { SCENARIO_TIMES_LEN = 32 };
/* "once", or "3 times"; `buf` holds SCENARIO_TIMES_LEN. */
const char *scenario_times_format(uint64_t n, char *buf);

/* ---- parts of the reader ---- */

struct scenario_reading {
    struct scenario *s;
    struct jcfg *c;
    const char *text;
    size_t len;
    int err; /* ERR_NOMEM, or 0 */
};

/* The item, or the one of that key. False, and *out untouched, if it is absent or, with an error, if it is no
 * time. */
bool scenario_as_time(struct scenario_reading *r, const cJSON *item, time_ms *out);
bool scenario_read_time(struct scenario_reading *r, const cJSON *map, const char *key, time_ms *out);
/* The place of the host of that name; False: there is none. Of "host" in a map an error tells it. */
bool scenario_find_host(const struct topology *t, const char *name, size_t *out);
bool scenario_read_host(struct scenario_reading *r, const cJSON *map, size_t *out);
/* What another reader has said: 0, ERR_NOMEM, or any other with a sentence that names the place. */
void scenario_take_error(struct scenario_reading *r, int rc, const char *error);
void scenario_read_steps(struct scenario_reading *r, const cJSON *list);   /* scenario_step.c */
void scenario_read_expects(struct scenario_reading *r, const cJSON *list); /* scenario_expect.c */

/* ---- parts of the reader (scenario_clock.c) ---- */

/* While `advance` lets the hosts' clock go on, the scenario's time stands: what the file says of later times
 * comes that much later by the clock. What the clock shows first, and what last, while the scenario's time is
 * `at`; of steps as they were read. */
time_ms scenario_clock_first(const struct scenario *s, time_ms at);
time_ms scenario_clock_last(const struct scenario *s, time_ms at);
/* Is there an advance between the two times of a step that is drawn? */
bool scenario_clock_is_split(const struct scenario *s, const struct scenario_step *step);
/* Brings steps and duration to the hosts' clock. */
void scenario_clock_apply(struct scenario *s);
