/* What the user wants: start, renew, rebind, release, decline, stop. Part of the engine (client/cli_step.h).
 * Pure. */
#pragma once
#include "client/cli_step.h"

/* What each does in which state: cli_engine_step(). `saved` may be NULL. */
void cli_command_start(struct cli_step *s, const struct cli_lease *saved);
void cli_command_renew(struct cli_step *s);
void cli_command_rebind(struct cli_step *s);
void cli_command_release(struct cli_step *s);
void cli_command_decline(struct cli_step *s);
void cli_command_stop(struct cli_step *s);
