/* Takes packets in from the ports, and serves them in the order of the queue. */
#pragma once
#include "server/srv_driver_inside.h"

/* Takes packets in from these ports from now on. ERR_NOMEM: not from all. */
int srv_receive_watch(struct srv_driver *d, struct srv_ports *ports);
/* Serves the queue; the driver's timer `more` is set if something is left, for others want the loop, too. */
void srv_receive_serve(struct srv_driver *d);
/* Counts and tells what the kernel has dropped of all ports up to now: before counters are told, for while it
 * drops DISCOVERs this is not asked in between. */
void srv_receive_count_dropped(struct srv_driver *d);
/* Counts and tells a packet that is not served. `user` is the driver: for srv_queue. */
void srv_receive_refuse(void *user, enum reason reason, const struct srv_queued *queued);
