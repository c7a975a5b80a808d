/* What the tour does inside a host of its lab, each in a process of its own that is ended when it takes too
 * long. */
#pragma once
#include <stdint.h>

#include "common/addr.h"
#include "lab/rundir.h"

/* Each returns 0, or ERR_IO, ERR_TIMEOUT, ERR_NOTFOUND, told on stderr. */

/* Forgets the hardware address of `addr`, so that the next packet has to ask for it. */
int tour_act_forget(const struct lab_state *lab, const struct lab_host_state *host, const char *interface,
                    ip4 addr);
/* One echo request with `octets` of data, answered. */
int tour_act_ping(const struct lab_state *lab, const struct lab_host_state *host, ip4 addr, unsigned octets);
/* One HTTP request for `path`, its answer read to the end and thrown away, and the connection closed from
 * both sides. */
int tour_act_get(const struct lab_state *lab, const struct lab_host_state *host, ip4 addr, uint16_t port,
                 const char *path);
