#include "server/srv_transmit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/io_batch.h"

struct srv_transmit {
    struct io_trace *trace;
    struct io_batch *batch;
    enum srv_segments joins;
    const struct srv_port *port; /* of what waits; NULL: nothing does */
    enum srv_via via;
    uint64_t *sent[IO_BATCH_MAX]; /* of each packet that waits; NULL: it could not be sent */
};

struct srv_transmit *srv_transmit_new(struct io_trace *trace)
{
    struct srv_transmit *t = malloc(sizeof *t);
    if (t == NULL)
        return NULL;
    *t = (struct srv_transmit){
        .trace = trace, .joins = SRV_SEGMENTS_NEVER, .batch = io_batch_new(IO_DATAGRAM_MAX)};
    if (t->batch == NULL) {
        free(t);
        return NULL;
    }
    return t;
}

void srv_transmit_free(struct srv_transmit *t)
{
    if (t == NULL)
        return;
    io_batch_free(t->batch);
    free(t);
}

void srv_transmit_join(struct srv_transmit *t, enum srv_segments where)
{
    t->joins = where;
}

static bool joins_on(const struct srv_transmit *t, const struct srv_port *port)
{
    return t->joins == SRV_SEGMENTS_ALWAYS || (t->joins == SRV_SEGMENTS_AUTO && !port->cuts);
}

static void tell_failure(const struct srv_transmit *t, const char *why)
{
    io_trace_log(t->trace, "error", "sending on %s failed: %s", t->port->iface.name, why);
}

/* RFC 2131 4.1: "DHCP clients are responsible for all message retransmission": it will ask again. */
static bool on_failed(void *user, int i)
{
    struct srv_transmit *t = user;
    t->sent[i] = NULL;
    tell_failure(t, strerror(errno));
    return false;
}

void srv_transmit_flush(struct srv_transmit *t)
{
    int n = io_batch_count(t->batch);
    if (n > 0)
        io_batch_send(t->batch, t->via == SRV_VIA_RAW ? t->port->raw_fd : t->port->udp_fd, on_failed, t);
    for (int i = 0; i < n; i++)
        if (t->sent[i] != NULL)
            ++*t->sent[i];
    t->port = NULL;
}

void srv_transmit_add(struct srv_transmit *t, const struct srv_port *port, enum srv_via via,
                      const struct packet *packet, uint64_t *sent)
{
    if (port != t->port || via != t->via || io_batch_is_full(t->batch)) {
        srv_transmit_flush(t);
        t->port = port;
        t->via = via;
        io_batch_join(t->batch, joins_on(t, port));
    }
    int rc = via == SRV_VIA_RAW ? io_batch_add_raw(t->batch, port->iface.index, packet)
                                : io_batch_add_udp(t->batch, port->iface.index, packet);
    if (rc < 0)
        tell_failure(t, err_text(rc));
    else
        t->sent[io_batch_count(t->batch) - 1] = sent;
}
