/* What a lease is made of, and granting it. RFC 2131 4.3.1, 4.3.2. */
#pragma once
#include "server/srv_step.h"

/* A question to srv_alloc about the client at hand; the refused candidates go on record. */
struct srv_alloc_query srv_grant_query(struct srv_step *s);
/* What the client asks for, within the limits of the subnet; `fallback_s` if it does not ask. */
uint32_t srv_grant_lease_time(struct srv_step *s, uint32_t fallback_s);
/* What is left of the record of an address (NULL: none), if it is the client's and it is to get just that;
 * else 0. */
uint32_t srv_grant_left(const struct srv_step *s, const struct srv_lease *lease);
/* A record of the address for the client at hand, from now on. */
void srv_grant_make(struct srv_step *s, ip4 addr, uint32_t lease_s, struct srv_lease *out);
/* The address for the client at hand, which is then in the subnet of that, and as what in *out_reason; 0 if
 * there is none, which is put on record. `requested`: option 50, or 0. */
ip4 srv_grant_pick(struct srv_step *s, ip4 requested, enum reason *out_reason);
/* Grants the address, which srv_alloc has not refused: stores the lease, then sends the ACK. */
void srv_grant(struct srv_step *s, ip4 addr);
