#include "server/srv_receive.h"

#include "common/dhcp_proto.h"
#include "common/err.h"
#include "common/io_shed.h"
#include "server/srv_service.h"

enum {
    RX_MAX = 4096,   /* packets taken from a socket at a time */
    RX_BATCH = 64,   /* packets served before their offers leave */
    ROUNDS_MAX = 16, /* batches served before the loop looks at what else there is */
};

/* ---- overload ---- */

/* What has come and was not read. */
static void count_dropped(struct srv_driver *d, struct srv_port *port)
{
    uint32_t before = port->n_dropped;
    port->n_dropped = io_shed_count(port->udp_fd);
    if (port->n_dropped == before)
        return;
    const struct trace_event event = {
        .kind = TRACE_DROP,
        .reason = REASON_KERNEL_DROPPED,
        .facts = {.num = (uint32_t)(port->n_dropped - before), .text = port->iface.name}};
    srv_engine_count_drops(d->engine, event.reason, (uint32_t)event.facts.num);
    io_trace_event(d->trace, &event);
}

void srv_receive_count_dropped(struct srv_driver *d)
{
    for (size_t i = 0; i < d->ports.n; i++)
        count_dropped(d, &d->ports.list[i]);
}

/* While more DISCOVERs come than can be answered, most would be read only to make room for others. */
static void adapt_to_load(struct srv_driver *d)
{
    bool sheds = d->shed.sheds;
    if (srv_shed_step(&d->shed, srv_queue_count(d->queue), d->config->queue_capacity, srv_driver_is_full(d),
                      io_now().boot_ms) == sheds)
        return;
    for (size_t i = 0; i < d->ports.n; i++) {
        io_shed_discovers(d->ports.list[i].udp_fd, d->shed.sheds);
        count_dropped(d, &d->ports.list[i]);
    }
}

/* ---- one packet ---- */

void srv_receive_refuse(void *user, enum reason reason, const struct srv_queued *queued)
{
    struct srv_driver *d = user;
    const struct srv_port *port = srv_ports_find(&d->ports, queued->ifindex);
    const struct trace_facts facts = {.num = d->config->queue_capacity};
    srv_engine_count_drops(d->engine, reason, 1);
    io_trace_drop(d->trace, port != NULL ? port->iface.name : "", &queued->packet, reason, &facts);
}

static void serve_packet(struct srv_driver *d, const struct srv_queued *queued, const struct clock_now *now)
{
    d->traffic.heard++;
    const struct srv_port *port = srv_ports_find(&d->ports, queued->ifindex);
    if (port == NULL) { /* since a reload */
        srv_receive_refuse(d, REASON_NOT_OUR_INTERFACE, queued);
        return;
    }
    if (srv_service_is_disabled(&d->commands.service, now->boot_ms)) {
        srv_receive_refuse(d, REASON_SERVICE_DISABLED, queued);
        return;
    }
    struct srv_iface iface = {.index = port->iface.index, .name = port->iface.name, .addr = port->iface.addr};
    io_trace_message(d->trace, TRACE_RX, iface.name, &queued->packet);
    d->received_us = queued->received_us;
    srv_driver_step(
        d,
        &(struct srv_event){.kind = SRV_RX, .now = now->boot_ms, .iface = &iface, .packet = queued->packet},
        now);
    d->received_us = 0;
}

static struct srv_port *port_of_fd(struct srv_ports *ports, int fd)
{
    size_t i = 0;
    while (ports->list[i].udp_fd != fd) /* it is there: its watch called us */
        i++;
    return &ports->list[i];
}

/* The next batch of a socket into the queue. How many packets there were. */
static int take_some(struct srv_driver *d, int fd)
{
    int ifindex = port_of_fd(&d->ports, fd)->iface.index;
    int n = io_batch_recv_udp(d->received, fd, DHCP_PORT_SERVER);
    uint64_t received_us = io_now_us();
    for (int i = 0; i < n; i++)
        if (srv_queue_put(d->queue, ifindex, received_us, io_batch_packet(d->received, i, NULL)) < 0)
            io_trace_log(d->trace, "error", "%s: a packet was lost", err_text(ERR_NOMEM));
    return n;
}

/* What waits on the socket (-1: none) goes into the queue first: of what the socket has no room for nobody
 * knows more than the number. False: there is nothing to serve. */
static bool fill(struct srv_driver *d, int fd)
{
    int n = fd < 0 ? 0 : IO_BATCH_MAX, taken = 0;
    for (; taken < RX_MAX && n == IO_BATCH_MAX; taken += n)
        n = take_some(d, fd);
    if (taken >= IO_BATCH_MAX && !d->shed.sheds)
        count_dropped(d, port_of_fd(&d->ports, fd));
    adapt_to_load(d);
    return srv_queue_count(d->queue) != 0 && !srv_driver_is_full(d);
}

/* So few at a time that a new message of a client that waits can take its older one's place, and that the
 * offers of these leave before the others are served. */
static void serve_some(struct srv_driver *d)
{
    const struct srv_queued *queued;
    struct clock_now now = io_now();
    for (int i = 0; i < RX_BATCH && !srv_driver_is_full(d) && !srv_driver_is_commit_due(d) &&
                    (queued = srv_queue_take(d->queue)) != NULL;
         i++)
        serve_packet(d, queued, &now);
    srv_driver_send(d);
}

/* Until nothing waits any more, or others want the loop. */
static void serve(struct srv_driver *d, int fd)
{
    bool is_left = fill(d, fd);
    for (int i = 0; i < ROUNDS_MAX && is_left; i++) {
        srv_persist_poll(d->persist);
        serve_some(d);
        is_left = fill(d, fd);
    }
    srv_driver_flush(d); /* then there may be room again */
    if (srv_driver_is_full(d))
        srv_queue_sort(d->queue);
    is_left = srv_queue_count(d->queue) != 0 && !srv_driver_is_full(d);
    io_timer_after(d->more, is_left ? 0 : TIME_NEVER);
}

void srv_receive_serve(struct srv_driver *d)
{
    serve(d, -1);
}

static void on_packet(void *user, int fd, int what)
{
    (void)what;
    serve(user, fd);
}

/* ---- interfaces ---- */

int srv_receive_watch(struct srv_driver *d, struct srv_ports *ports)
{
    for (size_t i = 0; i < ports->n; i++) {
        struct srv_port *port = &ports->list[i];
        port->watch = io_watch_new(d->loop, port->udp_fd, IO_READ, on_packet, d);
        if (port->watch == NULL)
            return ERR_NOMEM;
    }
    return 0;
}
