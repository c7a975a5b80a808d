/* Bulk leasequery on TCP: who may connect, and the length that goes before each message. RFC 6926 6. */
#pragma once
#include "common/io_loop.h"
#include "common/io_trace.h"
#include "server/srv_bulk.h"

struct srv_bulk_port;

/* Listens where `config` says. All but *out is borrowed. ERR_NOMEM; and what io_tcp_listen() returns. */
int srv_bulk_port_open(struct io_loop *loop, struct srv_engine *engine, struct io_trace *trace,
                       const struct srv_config *config, struct srv_bulk_port **out);
/* Serves another configuration that has the same address and port; connections stay. */
void srv_bulk_port_configure(struct srv_bulk_port *p, const struct srv_config *config);
/* Ends all connections. NULL is fine. */
void srv_bulk_port_free(struct srv_bulk_port *p);
