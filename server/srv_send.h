/* Sending an answer: the actions, and the decisions on record about where it goes. */
#pragma once
#include "server/srv_step.h"

/* The scopes whose options hold for the client, with an address of `pool` (NULL: of none). */
void srv_send_scopes(const struct srv_step *s, const struct srv_pool *pool, struct srv_scopes *out);
/* Sends the answer of which `part` says what is its own; what all answers of the step have in common is
 * added. */
void srv_send_reply(struct srv_step *s, const struct srv_pool *pool, const struct srv_reply *part);
/* OFFER or ACK of the lease. */
void srv_send_lease(struct srv_step *s, enum dhcp_type type, const struct srv_lease *lease);
/* Sends a message that is no answer to a client to the relay whose giaddr is in it. */
void srv_send_to_relay(struct srv_step *s, enum dhcp_type type, const struct dhcp_msg *m, unsigned dropped);
void srv_send_nak(struct srv_step *s, enum reason reason, ip4 addr, ip4 other);
