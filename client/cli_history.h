/* What an inspector wants to know of the past: the last changes of state, the last messages and how long an
 * answer took. Fed by the driver; pure. */
#pragma once
#include "client/cli_engine.h"

enum { CLI_HISTORY_MAX = 20 };

struct cli_transition {
    time_ms at_ms;
    const char *from, *to; /* names of states, static storage */
    enum reason reason;
};

struct cli_message_seen {
    uint8_t type; /* enum dhcp_type; 0: none yet */
    time_ms at_ms;
    ip4 peer; /* where it went to, or came from */
    uint32_t xid;
    time_ms rtt_ms; /* received: since the last transmission of what it answers; TIME_NEVER if it answers
                     * nothing */
    ip4 giaddr;     /* of the message: the relay that it came through; 0: none */
};

struct cli_history {
    struct cli_transition
        transitions[CLI_HISTORY_MAX]; /* a ring: number i of all is at i % CLI_HISTORY_MAX */
    uint64_t n_transitions;           /* since the start */
    struct cli_message_seen sent, received;
};

/* An action of the engine, executed at `now`. */
void cli_history_act(struct cli_history *h, const struct cli_action *action, time_ms now);
/* A datagram that came, before the engine has it. What is no DHCP message is left out. */
void cli_history_hear(struct cli_history *h, const struct packet *packet, time_ms now);
/* The i-th of the transitions that are kept, from the last (0) back; NULL if there are no more. */
const struct cli_transition *cli_history_find(const struct cli_history *h, unsigned i);
