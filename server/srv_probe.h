/* Asking by ICMP echo (RFC 792) whether somebody is at an address. One raw socket for all interfaces; an
 * answer counts if its identifier, its sequence number and its source are those of a request that was sent.
 */
#pragma once
#include <stdint.h>

#include "common/io_loop.h"
#include "common/packet.h"

struct srv_probe;

/* The address has answered. */
typedef void srv_probe_fn(void *user, ip4 addr);

/* Opens the socket and calls `fn` from the loop for each address that answers. ERR_DENIED (no CAP_NET_RAW),
 * ERR_NOMEM, ERR_IO (errno tells). */
int srv_probe_open(struct io_loop *loop, srv_probe_fn *fn, void *user, struct srv_probe **out);
void srv_probe_close(struct srv_probe *p); /* NULL is fine */

/* Sends one echo request to p->dst, from p->src unless that is 0, on interface `ifindex` unless that is 0. 0,
 * also where nobody can be reached: that is no answer, too; or ERR_IO (errno tells). */
int srv_probe_send(struct srv_probe *p, int ifindex, const struct packet *packet);
