/* Serves the metrics over HTTP, at /metrics, where the configuration says. */
#pragma once
#include "common/io_loop.h"
#include "server/srv_metrics.h"

struct srv_exporter;

/* Fills in what is to be told; called for each request. */
typedef void srv_exporter_fn(void *user, struct srv_metrics *out);

/* Serves nothing yet. NULL if memory is out. */
struct srv_exporter *srv_exporter_new(struct io_loop *loop, srv_exporter_fn *fn, void *user);
void srv_exporter_free(struct srv_exporter *x); /* before the loop; NULL is fine */

/* Listens at `at`, or nowhere if its port is 0; what is served there already goes on. Errors as of
 * io_http_listen(): then it listens nowhere. */
int srv_exporter_use(struct srv_exporter *x, struct srv_metrics_at at);
