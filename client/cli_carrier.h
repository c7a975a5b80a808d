/* The cable: what the loss and the return of the carrier mean for the lease (RFC 2131 3.7). Part of the
 * engine (client/cli_step.h). Pure. */
#pragma once
#include "client/cli_step.h"

/* What each does in which state: cli_engine_step(). */
void cli_carrier_lost(struct cli_step *s);
void cli_carrier_back(struct cli_step *s);
