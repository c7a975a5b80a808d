/* A small HTTP server for documents that are made when they are asked for. With io_loop the only module that
 * knows libevent, whose evhttp it is. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/io_loop.h"
#include "common/text.h"

/* What a peer may take: connections at one time (others wait to be accepted), octets of a request, and
 * seconds that a connection may be silent. */
enum { IO_HTTP_CONNECTIONS_MAX = 8, IO_HTTP_REQUEST_MAX = 8192, IO_HTTP_IDLE_S = 5 };

struct io_http;

/* Makes the document `path` ("/metrics"): GET and HEAD only. False: there is none (404). */
typedef bool io_http_fn(void *user, const char *path, struct text *out);

/* Listens on address:port. Documents are sent as `type`, borrowed like "text/plain". ERR_EXISTS (the port is
 * taken), ERR_DENIED, ERR_NOMEM, ERR_IO (errno tells). */
int io_http_listen(struct io_loop *loop, ip4 address, uint16_t port, const char *type, io_http_fn *fn,
                   void *user, struct io_http **out);
void io_http_free(struct io_http *h); /* closes every connection; before the loop; NULL is fine */
