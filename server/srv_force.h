/* DHCPFORCERENEW: the server asks a client to renew now. RFC 3203; who else could ask is kept out with the
 * nonce of RFC 6704. Pure. */
#pragma once
#include "server/srv_engine.h"

/* What only this server knows. */
struct srv_secret {
    uint8_t key[16]; /* from a random source */
    uint64_t replay; /* above all that were used before: a count of microseconds since 1970 will do */
};

/* From now on nonces are handed out, with ACKs to clients that take them (option 145), and renewals can be
 * forced. Without it neither happens. */
void srv_force_set_secret(struct srv_engine *e, const struct srv_secret *secret);

/* Appends a signed DHCPFORCERENEW for the client with the lease, sent on `iface`. ERR_NOTFOUND: nobody has
 * the address; ERR_INVALID: there is no secret, or "forcerenew" is off; ERR_DENIED: the client was handed
 * no nonce, as it did not ask for one, and would ignore the message; ERR_NOMEM. */
int srv_force_renew(struct srv_engine *e, ip4 addr, const struct srv_iface *iface, struct srv_actions *out);
