/* The DHCP client as a pure function of events: RFC 2131 figure 5. No socket, clock, file, thread or random
 * source: time and the seed are values. The driver puts an event in and executes the actions in their order.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/cli_config.h"
#include "client/cli_lease.h"
#include "common/arena.h"
#include "common/clock.h"
#include "common/packet.h"
#include "common/trace.h"

/* X(identifier, name as in RFC 2131 figure 5) */
#define CLI_STATE_MAP(X)                                                                                     \
    X(CLI_STOPPED, "STOPPED") /* no lease and none wanted: before START, after release or stop */            \
    X(CLI_INIT, "INIT")                                                                                      \
    X(CLI_SELECTING, "SELECTING")                                                                            \
    X(CLI_REQUESTING, "REQUESTING")                                                                          \
    X(CLI_INIT_REBOOT, "INIT-REBOOT")                                                                        \
    X(CLI_REBOOTING, "REBOOTING")                                                                            \
    X(CLI_PROBING, "PROBING") /* between REQUESTING or REBOOTING and BOUND: RFC 5227 2.1; no address yet */  \
    X(CLI_BOUND, "BOUND")                                                                                    \
    X(CLI_RENEWING, "RENEWING")                                                                              \
    X(CLI_REBINDING, "REBINDING")                                                                            \
    X(CLI_INFORMING, "INFORMING") /* RFC 2131 4.4.3: the address is somebody else's business */              \
    X(CLI_INFORMED, "INFORMED")

enum cli_state {
#define X(name, text) name,
    CLI_STATE_MAP(X)
#undef X
};

enum {
#define X(name, text) +1
    CLI_STATE_COUNT = CLI_STATE_MAP(X)
#undef X
};

const char *cli_state_name(enum cli_state state); /* static storage */

struct cli_engine;

enum cli_event_kind {
    CLI_START,        /* get a lease, after the start delay; nothing new if not STOPPED */
    CLI_RX,           /* a datagram came for port 68 */
    CLI_ARP_RX,       /* an ARP message came, any one; only with config.acd anything comes of it */
    CLI_DEADLINE,     /* cli_engine_deadline() has come; too early or late does no harm */
    CLI_CARRIER_LOST, /* the interface has no carrier any more: cable pulled, peer down, or set down */
    CLI_CARRIER_BACK, /* it has one now */
    CLI_RELEASE,
    CLI_RENEW,
    CLI_REBIND,
    CLI_DECLINE,
    CLI_INFORM,
    CLI_STOP,
};

struct cli_event {
    enum cli_event_kind kind;
    time_ms now;                   /* never earlier than in the step before */
    struct packet packet;          /* CLI_RX */
    struct arp arp;                /* CLI_ARP_RX */
    struct ip4_net addr;           /* CLI_INFORM: the interface's own address, with host bits */
    const struct cli_lease *saved; /* CLI_START: what the last CLI_LEASE_SAVE without a CLI_LEASE_FORGET had,
                                    * borrowed; NULL: nothing */
};

/* What a hook script is told, in dhcpcd's and dhclient's words. X(identifier, word) */
#define CLI_HOOK_MAP(X)                                                                                      \
    X(CLI_HOOK_NONE, "NONE")                                                                                 \
    X(CLI_HOOK_PREINIT, "PREINIT") /* the client starts */                                                   \
    X(CLI_HOOK_BOUND, "BOUND")                                                                               \
    X(CLI_HOOK_RENEW, "RENEW")                                                                               \
    X(CLI_HOOK_REBIND, "REBIND")                                                                             \
    X(CLI_HOOK_REBOOT, "REBOOT")   /* the saved lease was confirmed */                                       \
    X(CLI_HOOK_TIMEOUT, "TIMEOUT") /* no server answered: the saved lease is used */                         \
    X(CLI_HOOK_INFORM, "INFORM")                                                                             \
    X(CLI_HOOK_EXPIRE, "EXPIRE") /* the lease is over by itself, or given up in a conflict */                \
    X(CLI_HOOK_NAK, "NAK")                                                                                   \
    X(CLI_HOOK_RELEASE, "RELEASE")                                                                           \
    X(CLI_HOOK_STOP, "STOP")                                                                                 \
    X(CLI_HOOK_FAIL, "FAIL") /* no ACK came, or the new address is somebody else's */                        \
    X(CLI_HOOK_V6ONLY, "V6ONLY")                                                                             \
    X(CLI_HOOK_NOCARRIER, "NOCARRIER") /* the lease, if there is one, stays */                               \
    X(CLI_HOOK_CARRIER, "CARRIER")     /* the lease, if there was one, is taken away and asked for again */

enum cli_hook_reason {
#define X(name, word) name,
    CLI_HOOK_MAP(X)
#undef X
};

const char *cli_hook_reason_name(enum cli_hook_reason reason); /* static storage */

enum cli_action_kind {
    CLI_TX,       /* send */
    CLI_ACK_KEEP, /* keep packet.bytes, the whole ACK: what is applied and saved beside `lease` from now on */
    CLI_IF_SET,   /* give the interface this address and mask, and what the ACK says; take away what was set
                   * before if   it   differs. After each ACK: the lifetimes start anew */
    CLI_IF_CLEAR, /* take away what was set; after a RELEASE only when that has left (it needs the source
                     address) */
    CLI_HOST_SET, /* what the ACK to an INFORM says of the host; the interface is not touched */
    CLI_HOST_CLEAR,   /* take that back */
    CLI_LEASE_SAVE,   /* keep `lease` for the next CLI_START, in place of what was kept before */
    CLI_LEASE_FORGET, /* keep nothing */
    CLI_ARP_PROBE,    /* send `arp`: does anybody use the address? */
    CLI_ARP_ANNOUNCE, /* send `arp`: the address is ours now */
    CLI_ARP_DEFEND,   /* send `arp`: the address is still ours, though somebody else used it */
    CLI_HOOK,         /* tell the hook script `hook`; with `has_lease` about `lease` and its ACK */
    CLI_TRACE,        /* record */
};

/* CLI_TX: packet.dst is IP4_BROADCAST, and dst_hw all ones: a frame from packet.src (0.0.0.0 before there is
 * an address); or a server: through the kernel's UDP, from packet.src. src_hw is the client's own. */
struct cli_action {
    struct cli_action *next;
    enum cli_action_kind kind;
    struct packet packet;      /* CLI_TX, CLI_ACK_KEEP: bytes live in the arena */
    struct arp arp;            /* CLI_ARP_...: to be broadcast */
    struct cli_lease lease;    /* CLI_IF_SET, CLI_IF_CLEAR, CLI_HOST_SET: what is set, what is taken away.
                                * CLI_LEASE_SAVE: it */
    enum cli_hook_reason hook; /* CLI_HOOK */
    bool has_lease;            /* CLI_HOOK */
    struct trace_event trace;  /* CLI_TRACE: facts.text lives in the arena or is static */
};

/* The ordered answer of one step. The caller owns it: init once, reset after the actions are executed. */
struct cli_actions {
    struct arena arena;
    struct cli_action *first, *last;
};

void cli_actions_init(struct cli_actions *out);
void cli_actions_reset(struct cli_actions *out);
void cli_actions_fini(struct cli_actions *out);

/* What happened how often; several engines may count into one. */
struct cli_counters {
    uint64_t sent[19];              /* by enum dhcp_type */
    uint64_t received[19];          /* the same, readable and with our hardware address and xid */
    uint64_t reasons[REASON_COUNT]; /* how often each was given */
};

/* A client for the interface with hardware address `hw` (at most HW_MAX octets). `config` and
 * `counters` are borrowed until _free. `seed` and `hw` together make xids, jitter and delays, repeatably.
 * State STOPPED until CLI_START or CLI_RENEW. NULL if memory is out. */
struct cli_engine *cli_engine_new(const struct cli_config *config, const struct hw_addr *hw, uint64_t seed,
                                  struct cli_counters *counters);

/* Memory that an engine takes: a crowd has 10,000 of them. */
enum { CLI_ENGINE_SIZE_MAX = 1664 };
void cli_engine_free(struct cli_engine *e);

/* One event in, actions appended to `out`. Returns 0 or ERR_NOMEM (the event is lost, the engine and `out`
 * are as before). What is due at event.now happens first: a lease that has ended is over before the packet is
 * read.
 *
 * CLI_RENEW without a lease (also when STOPPED) starts a four-way exchange at once, without the start delay,
 * in place of one that is under way; with a lease it enters RENEWING, or sends the REQUEST of RENEWING or
 * REBINDING once more. CLI_REBIND does the same, but with a lease it asks every server, in REBINDING,
 * whether T2 has come or not. CLI_RELEASE sends RELEASE, then CLI_IF_CLEAR, and stops; without a lease it
 * only stops and traces why. CLI_STOP clears the interface and sends nothing (RFC 2131 3.2 (4): a client does
 * not normally release on shutdown).
 *
 * CLI_DECLINE says that the address of the lease, or the one that is probed for, must not be used: as after
 * a conflict the interface is cleared, DECLINE is sent, and INIT lasts cli_acd_decline_wait(). Without such
 * an address it only traces why.
 *
 * CLI_INFORM asks for the configuration that goes with an address of the interface which did not come from
 * us, in place of whatever is going on; it is refused while there is a lease. In INFORMED the answer is in
 * the status: no lease, no timer, and the interface is not touched; the host is (CLI_HOST_SET). After as many
 * transmissions as a REQUEST has without an answer the client is STOPPED.
 *
 * Which server: those of config.deny are never believed, by server identifier or source address; with
 * config.server no other than that one is, in every state. Of the OFFERs that came within
 * config.collect_offers_ms of the first, config.choice picks one; the others are traced with the reason. In
 * REQUESTING and RENEWING only the chosen server is believed, in REBINDING anyone. An ACK of another address
 * than the asked one is refused, in a renewal too: the client goes on asking, and at worst the lease expires.
 *
 * CLI_START with a saved lease that has not ended asks at once whether that is still ours, in REBOOTING (RFC
 * 2131 3.2). If nobody answers the profile's transmissions, it is used until it ends, with its T1 and T2: a
 * host whose server is away for a while keeps its network. A lease is saved with each ACK, and forgotten on
 * release, NAK, conflict and expiry, not on CLI_STOP.
 *
 * CLI_CARRIER_LOST changes nothing: a cable that is out for a moment costs nobody its connections.
 * CLI_CARRIER_BACK takes the lease away and asks for it again as after a restart, from INIT-REBOOT on;
 * without a lease an acquisition or INFORM that is under way starts anew, and a wait of INIT goes on.
 *
 * With config.acd an address that is new to us is probed for by ARP (RFC 5227, client/cli_acd.h) before the
 * interface gets it: PROBING takes 4 to 7 s. It is announced then, and defended while it is ours. On a
 * conflict the interface is cleared, DECLINE is sent, and INIT lasts cli_acd_decline_wait(). A lease that
 * would end while it is probed for is used unprobed. Renewals do not probe. CLI_RELEASE in PROBING
 * releases, too, by broadcast: the address, which the server has granted, is not used yet.
 *
 * After a NAK the interface is cleared and INIT lasts as the profile has it; after expiry, and after a
 * REQUEST without an answer, a new DISCOVER goes out at once. An infinite lease that is renewed on command
 * and gets no answer stays as it is: back to BOUND after as many transmissions as a REQUEST has. */
int cli_engine_step(struct cli_engine *e, const struct cli_event *event, struct cli_actions *out);

/* When the engine next wants CLI_DEADLINE; TIME_NEVER if it waits for nothing. There is one timer, and while
 * a new address is being announced a second one, for that. */
time_ms cli_engine_deadline(const struct cli_engine *e);

/* X(identifier, token) */
#define CLI_TIMER_MAP(X)                                                                                     \
    X(CLI_NO_TIMER, "none")                                                                                  \
    X(CLI_TIMER_START, "start")           /* INIT ends: DISCOVER */                                          \
    X(CLI_TIMER_RETRANSMIT, "retransmit") /* or giving up, if that was the last transmission */              \
    X(CLI_TIMER_OFFERS, "offers")         /* collecting ends: REQUEST */                                     \
    X(CLI_TIMER_PROBE, "probe")           /* ARP probe */                                                    \
    X(CLI_TIMER_ANNOUNCE, "announce")     /* ARP announcement; the first one ends PROBING */                 \
    X(CLI_TIMER_T1, "T1")                                                                                    \
    X(CLI_TIMER_T2, "T2")                                                                                    \
    X(CLI_TIMER_EXPIRY, "expiry")

enum cli_timer {
#define X(name, token) name,
    CLI_TIMER_MAP(X)
#undef X
};

const char *cli_timer_name(enum cli_timer timer); /* static storage */

enum { CLI_STATE_TEXT_MAX = 160 }; /* a longer sentence is cut */

/* Everything that an inspector shows. Borrowed pointers until the next step. */
struct cli_status {
    enum cli_state state;
    time_ms state_since_ms;   /* 0 before the first event */
    enum reason state_reason; /* of the last change of state */
    const char *state_text;   /* the same as a sentence; "" before the first change */
    const struct cli_profile *profile;
    const struct cli_lease *lease; /* NULL without one */
    const struct cli_lease
        *inform;          /* INFORMED: the configuration, without lease time and timers; else NULL */
    enum cli_timer timer; /* which is next */
    time_ms timer_at_ms;
    time_ms wait_ms;        /* CLI_TIMER_RETRANSMIT: since the last transmission; else TIME_NEVER */
    time_ms wait_base_ms;   /* likewise, without its random part */
    unsigned transmissions; /* of the message now being sent, 0 if none */
    uint32_t xid;           /* of the last message sent */
    ip4 acd_addr;           /* being probed for, announced or defended; 0: none, or config.acd is off */
    unsigned probes;        /* sent for it, of PROBE_NUM */
    unsigned announcements; /* of it, of ANNOUNCE_NUM; defences do not count */
    unsigned conflicts;     /* that ended in a DECLINE, in a row */
    uint64_t sent[19];      /* by enum dhcp_type */
    uint64_t received[19];  /* the same, readable and with our hardware address and xid */
    uint64_t reasons[REASON_COUNT]; /* how often each was given */
};
void cli_engine_status(const struct cli_engine *e, struct cli_status *out);
