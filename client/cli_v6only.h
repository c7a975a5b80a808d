/* IPv6-only preferred, RFC 8925: a client that asks for option 108 does without IPv4 where the network has
 * it. Part of the engine (client/cli_step.h). Pure. */
#pragma once
#include "client/cli_step.h"

enum { CLI_V6ONLY_WAIT_MIN_S = 300 /* MIN_V6ONLY_WAIT, RFC 8925 3.4 */ };

/* Does the message ask us, who asked for option 108, to do without IPv4? *out_wait_s: for how long. */
bool cli_v6only_applies(const struct cli_config *config, const struct dhcp_msg *m, uint32_t *out_wait_s);
/* Then INIT, for that long. */
void cli_v6only_enter(struct cli_step *s, const struct dhcp_msg *m, uint32_t wait_s);
