/* Inside of the engine: its state, one step of it, and what a step can do. Only the modules of the engine
 * include this header: cli_step (effects), cli_fsm (states, timers, transmissions), cli_offer (choosing),
 * cli_answer (ACK and NAK), cli_bound (a lease in use), cli_probe (RFC 5227), cli_command (what the user
 * wants), cli_inform (DHCPINFORM), cli_carrier (the cable), cli_engine (the rest). Each may call the others;
 * the public contract is client/cli_engine.h. Pure.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/cli_engine.h"
#include "client/cli_message.h"
#include "common/dhcp_auth.h"
#include "common/dhcp_msg.h"
#include "common/rng.h"

enum { CLI_OFFERS_MAX = 16 };

struct cli_offer {
    ip4 addr;
    ip4 server_id;
    uint32_t lease_s;
};

/* A plain value, so that a step that fails can be undone by copying it, and its counters. */
struct cli_engine {
    const struct cli_config *config; /* borrowed */
    struct cli_counters *counters;   /* borrowed, and others may count there too */
    struct hw_addr hw;
    struct rng rng;

    enum cli_state state;
    time_ms state_since_ms;
    enum reason state_reason;
    char state_text[CLI_STATE_TEXT_MAX];
    enum cli_timer timer; /* CLI_NO_TIMER exactly if timer_at_ms is TIME_NEVER */
    time_ms timer_at_ms;

    uint32_t xid;           /* of the last message sent */
    time_ms sent_ms;        /* when it was */
    uint16_t secs;          /* of the last DISCOVER or REQUEST */
    time_ms begun_ms;       /* acquisition or renewal began: what `secs` counts from; TIME_NEVER: none */
    time_ms requested_ms;   /* base of the lease that an ACK would give now; see struct cli_lease */
    unsigned transmissions; /* of the message now being sent */
    unsigned naks;          /* in a row */

    unsigned n_offers; /* SELECTING: collected so far */
    struct cli_offer offers[CLI_OFFERS_MAX];
    struct cli_offer chosen; /* REQUESTING and after */

    bool has_lease;         /* exactly in BOUND, RENEWING and REBINDING */
    struct cli_lease lease; /* in PROBING: what it will be; in INIT-REBOOT and REBOOTING: what it was; in
                             * INFORMING and INFORMED: the address, and what was told about it */
    enum cli_hook_reason granted_as; /* how this lease was come by */
    bool is_saved;                   /* by a CLI_LEASE_SAVE or before CLI_START, and not forgotten */

    bool has_nonce; /* of the lease: what a DHCPFORCERENEW must be signed with */
    uint8_t nonce[DHCP_NONCE_LEN];
    uint64_t replay; /* of the last message that was signed so, or handed the nonce out */

    unsigned probes, announcements; /* sent for the address of this lease */
    time_ms announce_at_ms;         /* the next announcement; TIME_NEVER: none. has_lease if not */
    time_ms defended_ms;            /* last conflict that was answered; TIME_NEVER: none */
    unsigned conflicts;             /* in a row */
};
_Static_assert(sizeof(struct cli_engine) <= CLI_ENGINE_SIZE_MAX, "a crowd of engines has to fit");

/* One call of cli_engine_step(). */
struct cli_step {
    struct cli_engine *e;
    time_ms now;
    struct cli_actions *out;
    const struct packet *packet; /* CLI_RX: being handled */
    bool failed;                 /* sticky: memory is out */
};

/* Memory of the step; NULL, and the step failed, if it is out. */
void *cli_step_alloc(struct cli_step *s, size_t size);

/* A new last action, zero but for its kind; NULL, and the step failed, if memory is out. */
struct cli_action *cli_step_append(struct cli_step *s, enum cli_action_kind kind);

/* Counts event->reason and records the event. */
void cli_step_trace(struct cli_step *s, const struct trace_event *event);
/* The same, for a decision, and for a message that is ignored. */
void cli_step_decide(struct cli_step *s, enum reason reason, struct trace_facts facts);
void cli_step_drop(struct cli_step *s, const struct dhcp_msg *m, enum reason reason,
                   struct trace_facts facts);

/* The saved lease, if there is one, is of no more use. */
void cli_step_forget(struct cli_step *s);

/* The message being handled is the ACK of e->lease from now on. */
void cli_step_keep_ack(struct cli_step *s);

/* Sends the message. */
void cli_step_send(struct cli_step *s, const struct cli_draft *draft);
