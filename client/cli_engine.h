/* The DHCP client as a pure function of events: RFC 2131 figure 5. No socket, clock, file, thread or random source: time and
 * the seed are values. The driver puts an event in and executes the actions in their order. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/cli_config.h"
#include "common/arena.h"
#include "common/clock.h"
#include "common/packet.h"
#include "common/trace.h"

/* X(identifier, name as in RFC 2131 figure 5) */
#define CLI_STATE_MAP(X)                                                                                     \
    X(CLI_STOPPED, "STOPPED") /* no lease and none wanted: before START, after release or stop */           \
    X(CLI_INIT, "INIT")                                                                                      \
    X(CLI_SELECTING, "SELECTING")                                                                            \
    X(CLI_REQUESTING, "REQUESTING")                                                                          \
    X(CLI_BOUND, "BOUND")                                                                                    \
    X(CLI_RENEWING, "RENEWING")                                                                              \
    X(CLI_REBINDING, "REBINDING")

enum cli_state {
#define X(name, text) name,
    CLI_STATE_MAP(X)
#undef X
};

const char *cli_state_name(enum cli_state state); /* static storage */

struct cli_engine;

/* Where T1 or T2 came from. */
enum cli_timer_origin { CLI_TIMER_DEFAULT, CLI_TIMER_OPTION, CLI_TIMER_REPAIRED, CLI_TIMER_NONE /* infinite lease */ };

/* What an ACK gave. All instants are boot-time, based on the time the answered REQUEST was sent (RFC 2131 4.4.5). */
struct cli_lease {
    ip4 addr;
    uint8_t prefix_len; /* from option 1, or of the address class if it is missing */
    ip4 router;         /* first of option 3, 0 if none */
    ip4 server_id;
    ip4 dns[4];
    uint8_t n_dns;
    uint16_t mtu; /* option 26, 0 if none */
    char domain[256];
    uint32_t lease_s, t1_s, t2_s; /* LEASE_INFINITE allowed; t1 <= t2 <= lease */
    enum cli_timer_origin t1_origin, t2_origin;
    time_ms requested_ms; /* the answered REQUEST was sent: base of the three below */
    time_ms acked_ms;     /* the ACK came */
    time_ms renew_at_ms;  /* T1; renew_at_ms <= rebind_at_ms <= expires_at_ms; TIME_NEVER if infinite */
    time_ms rebind_at_ms; /* T2 */
    time_ms expires_at_ms;
};

enum cli_event_kind { CLI_START, CLI_RX, CLI_DEADLINE, CLI_RELEASE, CLI_RENEW, CLI_STOP };

struct cli_event {
    enum cli_event_kind kind;
    time_ms now;
    struct packet packet; /* CLI_RX */
};

enum cli_action_kind {
    CLI_TX,       /* send */
    CLI_IF_SET,   /* give the interface this address, mask and default route; take away what was set before if it differs */
    CLI_IF_CLEAR, /* take away what was set; after a RELEASE only when that has left (it needs the source address) */
    CLI_TRACE,    /* record */
};

struct cli_action {
    struct cli_action *next;
    enum cli_action_kind kind;
    struct packet packet;     /* CLI_TX: dst IP4_BROADCAST: broadcast; else unicast, by UDP, from packet.src */
    struct cli_lease lease;   /* CLI_IF_SET, CLI_IF_CLEAR */
    struct trace_event trace; /* CLI_TRACE: facts.text lives in the arena or is static */
};

struct cli_actions {
    struct arena arena;
    struct cli_action *first, *last;
};

void cli_actions_init(struct cli_actions *out);
void cli_actions_reset(struct cli_actions *out);
void cli_actions_fini(struct cli_actions *out);

/* A client for the interface with hardware address `hw`. `config` is borrowed until _free. `seed` makes xids, jitter and
 * delays repeatable. State STOPPED until CLI_START. NULL if memory is out. */
struct cli_engine *cli_engine_new(const struct cli_config *config, const struct hw_addr *hw, uint64_t seed);
void cli_engine_free(struct cli_engine *e);

/* One event in, actions appended to `out`. Returns 0 or ERR_NOMEM (the event is lost, the engine is intact).
 * CLI_RENEW without a lease (also when STOPPED) starts a four-way exchange at once, without the start delay; with one it
 * enters RENEWING. CLI_RELEASE sends RELEASE, then CLI_IF_CLEAR, and stops; without a lease it only stops and traces why.
 * CLI_STOP clears the interface and sends nothing (RFC 2131 3.2 (4): a client does not normally release on shutdown). */
int cli_engine_step(struct cli_engine *e, const struct cli_event *event, struct cli_actions *out);

/* When the engine next wants CLI_DEADLINE; TIME_NEVER if it waits for nothing. */
time_ms cli_engine_deadline(const struct cli_engine *e);

enum cli_timer { CLI_NO_TIMER, CLI_TIMER_START, CLI_TIMER_RETRANSMIT, CLI_TIMER_OFFERS, CLI_TIMER_T1, CLI_TIMER_T2, CLI_TIMER_EXPIRY };

const char *cli_timer_name(enum cli_timer timer); /* "T1", "retransmit", ...; static storage */

/* Everything that an inspector shows. Borrowed pointers until the next step. */
struct cli_status {
    enum cli_state state;
    time_ms state_since_ms;
    enum reason state_reason;
    const struct cli_lease *lease; /* NULL without one */
    enum cli_timer timer;          /* which is next */
    time_ms timer_at_ms;
    unsigned transmissions; /* of the message now being sent, 0 if none */
    uint32_t xid;
    uint64_t sent[19], received[19]; /* by enum dhcp_type */
    uint64_t reasons[REASON_COUNT];
};
void cli_engine_status(const struct cli_engine *e, struct cli_status *out);
