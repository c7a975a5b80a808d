/* DHCPFORCERENEW: a server asks for a renewal now, RFC 3203; it is believed if it is signed with the nonce
 * that came with an ACK, RFC 6704. Part of the engine (client/cli_step.h). Pure. */
#pragma once
#include "client/cli_step.h"
#include "common/packet.h"

/* Keeps the nonce that an accepted ACK hands out. */
void cli_force_take_nonce(struct cli_step *s, const struct dhcp_msg *ack);
/* A DHCPFORCERENEW for our hardware address; `packet` is what it was decoded from. */
void cli_force_on_rx(struct cli_step *s, const struct dhcp_msg *m, const struct packet *packet);
