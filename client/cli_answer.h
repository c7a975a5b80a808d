/* ACK and NAK: which are believed, and what follows. Part of the engine (client/cli_step.h). Pure. */
#pragma once
#include "client/cli_step.h"

/* The server identifier of an answer; REASON_NONE if it is there and one of a host. */
enum reason cli_answer_server_id(const struct dhcp_msg *m, ip4 *out);
/* REASON_NONE if the message has a lease time that is not 0. */
enum reason cli_answer_check_lease_time(const struct dhcp_msg *m);
/* Ignores a message that has no place in this state. */
void cli_answer_drop_unexpected(struct cli_step *s, const struct dhcp_msg *m);

/* An ACK or NAK with our hardware address and xid came. */
void cli_answer_on_ack(struct cli_step *s, const struct dhcp_msg *m);
void cli_answer_on_nak(struct cli_step *s, const struct dhcp_msg *m);
