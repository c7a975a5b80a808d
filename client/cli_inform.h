/* DHCPINFORM: the parameters of the network for an address that somebody else configured (RFC 2131 3.4,
 * 4.4.3). Part of the engine (client/cli_step.h). Pure. */
#pragma once
#include "client/cli_step.h"

/* Asks on behalf of `addr`, in place of whatever was going on; with a lease nothing happens but that the log
 * says why. */
void cli_inform_start(struct cli_step *s, struct ip4_net addr);
/* An ACK in INFORMING. */
void cli_inform_on_ack(struct cli_step *s, const struct dhcp_msg *m);
/* The timer of INFORMING has ended: the next transmission, or giving up. */
void cli_inform_fire(struct cli_step *s);
