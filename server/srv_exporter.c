#include "server/srv_exporter.h"

#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/io_http.h"

struct srv_exporter {
    struct io_loop *loop;
    srv_exporter_fn *fn;
    void *user;
    struct srv_metrics_at at;
    struct io_http *http; /* NULL: nothing is served */
};

struct srv_exporter *srv_exporter_new(struct io_loop *loop, srv_exporter_fn *fn, void *user)
{
    struct srv_exporter *x = calloc(1, sizeof *x);
    if (x != NULL)
        *x = (struct srv_exporter){.loop = loop, .fn = fn, .user = user};
    return x;
}

void srv_exporter_free(struct srv_exporter *x)
{
    if (x == NULL)
        return;
    io_http_free(x->http);
    free(x);
}

static bool on_request(void *user, const char *path, struct text *out)
{
    const struct srv_exporter *x = user;
    struct srv_metrics metrics = {0};
    if (strcmp(path, "/metrics") != 0)
        return false;
    x->fn(x->user, &metrics);
    srv_metrics_format(&metrics, out);
    return true;
}

int srv_exporter_use(struct srv_exporter *x, struct srv_metrics_at at)
{
    bool is_same = at.address == x->at.address && at.port == x->at.port;
    if (is_same && (x->http != NULL || at.port == 0))
        return 0;
    io_http_free(x->http);
    x->http = NULL;
    x->at = at;
    return at.port == 0
               ? 0
               : io_http_listen(x->loop, at.address, at.port, SRV_METRICS_TYPE, on_request, x, &x->http);
}
