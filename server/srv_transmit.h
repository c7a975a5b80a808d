/* Sends the answers of one wake-up with few system calls: those in a row that leave by the same socket go
 * together, and the order stays. */
#pragma once
#include "common/io_trace.h"
#include "server/srv_config.h"
#include "server/srv_ports.h"
#include "server/srv_route.h"

struct srv_transmit;

/* Tells in `trace` (borrowed) what could not be sent. NULL if memory is out. */
struct srv_transmit *srv_transmit_new(struct io_trace *trace);
void srv_transmit_free(struct srv_transmit *t); /* NULL is fine */
/* Where answers in a row to one relay leave as io_batch_join() does it; nowhere, to begin with. */
void srv_transmit_join(struct srv_transmit *t, enum srv_segments where);

/* `port` and the packet's octets are borrowed until srv_transmit_flush(), and so is `sent`, which is raised
 * by one if the packet leaves. */
void srv_transmit_add(struct srv_transmit *t, const struct srv_port *port, enum srv_via via,
                      const struct packet *packet, uint64_t *sent);
/* Sends what waits. */
void srv_transmit_flush(struct srv_transmit *t);
