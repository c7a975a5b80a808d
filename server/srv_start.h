/* The start: all that the driver opens before it serves, in its order. */
#pragma once
#include "server/srv_driver_inside.h"

/* Opens the loop, the ports, the lease file, the sockets for commands and questions, and gives up the rights
 * that serving does not need. Below 0 if something could not be opened, which has been told on standard
 * error; the caller frees what is open. */
int srv_start(struct srv_driver *d);
