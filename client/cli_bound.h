/* A lease: taken into use, renewed, rebound, ended. Part of the engine (client/cli_step.h). Pure. */
#pragma once
#include "client/cli_step.h"

/* Enters BOUND: e->lease is in use from now on. */
void cli_bound_enter(struct cli_step *s, enum reason reason, struct trace_facts facts);
/* Uses e->lease, for the reason `bound`, or probes for its address first, for the reason `probing`. */
void cli_bound_take(struct cli_step *s, enum reason probing, enum reason bound, struct trace_facts facts);

/* The retransmission timer of any state has ended: the next transmission, or giving up. */
void cli_bound_retransmit(struct cli_step *s);
/* The timer of BOUND, RENEWING or REBINDING has ended: T1, T2, expiry or a retransmission. */
void cli_bound_fire(struct cli_step *s);
