/* The states of RFC 2131 figure 5: how one is entered, which timer runs in it, and what is sent in it. Part
 * of the engine (client/cli_step.h). Pure. */
#pragma once
#include "client/cli_step.h"

struct cli_alarm {
    enum cli_timer kind;
    time_ms at_ms;
};

extern const struct cli_alarm cli_fsm_no_alarm;

/* Sets the timer of the state, in place of the one that ran. */
void cli_fsm_arm(struct cli_engine *e, struct cli_alarm timer);

/* The only place where the state changes; traces it and arms `timer`. */
void cli_fsm_change(struct cli_step *s, enum cli_state to, enum reason reason, struct trace_facts facts,
                    struct cli_alarm timer);

/* A lease that never ends? */
bool cli_fsm_is_infinite(const struct cli_engine *e);

/* The waits between the transmissions of such a state, where they are not half of the time left. */
const struct cli_waits *cli_fsm_waits(const struct cli_engine *e, enum cli_state state);

/* How long the timer of a retransmission would have been without its random part; TIME_NEVER if no such timer
 * runs. */
time_ms cli_fsm_base_wait(const struct cli_engine *e);

/* The lease is over, or what was told for an INFORM, however that came: takes it away. */
void cli_fsm_clear(struct cli_step *s);

/* A new transaction. */
void cli_fsm_draw_xid(struct cli_engine *e);

/* Enters a state that begins with a transmission: SELECTING, REQUESTING, REBOOTING, RENEWING, REBINDING,
 * INFORMING. */
void cli_fsm_enter_sending(struct cli_step *s, enum cli_state to, enum reason reason,
                           struct trace_facts facts);
/* The next transmission in such a state. */
void cli_fsm_send_again(struct cli_step *s);

/* Enters INIT for `wait_ms`; with a lease, the interface is cleared first. */
void cli_fsm_enter_init(struct cli_step *s, enum reason reason, struct trace_facts facts, time_ms wait_ms);
/* The lease has ended. */
void cli_fsm_enter_expired(struct cli_step *s, struct trace_facts facts);
/* Enters STOPPED; with a lease, the interface is cleared first. */
void cli_fsm_enter_stopped(struct cli_step *s, enum reason reason);
