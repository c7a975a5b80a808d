/* What srv_force does in the answers of a step. */
#pragma once
#include "common/dhcp_auth.h"
#include "server/srv_step.h"

/* Does the server offer to hand out a nonce? RFC 6704 3.1. */
bool srv_force_is_offered(const struct srv_step *s);
/* Has the client still the nonce of its lease, which is extended? */
bool srv_force_has_nonce(const struct srv_step *s, const struct srv_lease *before);
/* Hands out the nonce of the lease, if the client takes one and has none (s->has_nonce). Returns the length
 * of option 90 in `out`: DHCP_AUTH_LEN or 0. */
size_t srv_force_hand_out(struct srv_step *s, const struct srv_lease *lease, uint8_t *out);
