#include "server/srv_bulk_port.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/err.h"
#include "common/io_tcp.h"
#include "common/wire.h"

enum {
    LEN_SIZE = 2, /* RFC 6926 6.1: "message-size" */
    IN_MAX = LEN_SIZE + DHCP_MSG_MAX,
    OUT_MAX = 16384,
};

/* One connection. Questions are answered one after the other; nothing is read meanwhile. */
struct connection {
    struct srv_bulk_port *port;
    struct connection *next;
    int fd;
    ip4 local, peer;
    struct io_watch *watch;
    struct io_timer *idle;
    struct srv_bulk *bulk; /* the question being answered, or NULL */
    size_t in_len, out_len, out_at;
    uint8_t in[IN_MAX];
    uint8_t out[OUT_MAX];
};

struct srv_bulk_port {
    struct io_loop *loop;
    struct srv_engine *engine;
    struct io_trace *trace;
    const struct srv_config *config;
    int fd;
    struct io_watch *watch;
    struct connection *connections;
    uint32_t n_connections;
};

static void connection_free(struct connection *c)
{
    struct connection **at = &c->port->connections;
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    c->port->n_connections--;
    io_watch_free(c->watch);
    io_timer_free(c->idle);
    srv_bulk_free(c->bulk);
    close(c->fd);
    free(c);
}

static void on_idle(void *user)
{
    connection_free(user);
}

static void touch(struct connection *c)
{
    uint32_t idle_s = c->port->config->lease_query.bulk.idle_s;
    io_timer_after(c->idle, (time_ms)idle_s * 1000);
}

/* ---- questions ---- */

/* Begins the question that has come in whole. False: the peer does not speak the protocol, or memory is out.
 */
static bool take_question(struct connection *c)
{
    if (c->in_len < LEN_SIZE)
        return true;
    size_t len = wire_u16(c->in);
    if (len > DHCP_MSG_MAX)
        return false;
    if (c->in_len < LEN_SIZE + len)
        return true;
    c->bulk = srv_bulk_new(c->port->engine, c->in + LEN_SIZE, len, c->local);
    c->in_len -= LEN_SIZE + len;
    memmove(c->in, c->in + LEN_SIZE + len, c->in_len);
    return c->bulk != NULL;
}

/* False: the peer has gone. */
static bool read_more(struct connection *c)
{
    ssize_t n = recv(c->fd, c->in + c->in_len, sizeof c->in - c->in_len, MSG_DONTWAIT);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    c->in_len += (size_t)n;
    return n > 0;
}

/* ---- answers ---- */

/* Answers into the buffer: as many addresses as are looked at before others have their turn. */
static void fill(struct connection *c)
{
    struct clock_now now = io_now();
    uint32_t fetch = c->port->config->lease_query.bulk.fetch;
    for (uint32_t i = 0; i < fetch && c->bulk != NULL && OUT_MAX - c->out_len >= IN_MAX; i++) {
        size_t len;
        bool more = srv_bulk_next(c->bulk, &now, 1, c->out + c->out_len + LEN_SIZE, &len);
        struct wire_writer w;
        wire_writer_init(&w, c->out + c->out_len, LEN_SIZE);
        wire_put_u16(&w, (uint16_t)len);
        c->out_len += len != 0 ? LEN_SIZE + len : 0;
        if (!more) {
            srv_bulk_free(c->bulk);
            c->bulk = NULL;
        }
    }
}

/* False: the peer has gone. */
static bool write_more(struct connection *c)
{
    ssize_t n = send(c->fd, c->out + c->out_at, c->out_len - c->out_at, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    c->out_at += (size_t)n;
    if (c->out_at == c->out_len)
        c->out_at = c->out_len = 0;
    return true;
}

static void on_connection(void *user, int fd, int what)
{
    (void)fd;
    struct connection *c = user;
    bool alive = true;
    touch(c);
    if (what & IO_READ)
        alive = read_more(c);
    if (alive && c->bulk == NULL && c->out_len == 0)
        alive = take_question(c);
    if (alive && c->bulk != NULL && c->out_len == 0)
        fill(c);
    if (alive && c->out_len != 0)
        alive = write_more(c);
    if (!alive)
        connection_free(c);
    else
        io_watch_set(c->watch, c->bulk != NULL || c->out_len != 0 ? IO_WRITE : IO_READ);
}

/* ---- listening ---- */

static void tell_refused(const struct srv_bulk_port *p, enum reason reason, ip4 peer)
{
    struct trace_event event = {
        .kind = TRACE_DROP, .reason = reason, .facts = {.addr = peer, .num = p->n_connections}};
    srv_engine_count_drops(p->engine, reason, 1);
    io_trace_event(p->trace, &event);
}

static bool add_connection(struct srv_bulk_port *p, int fd, ip4 local, ip4 peer)
{
    struct connection *c = calloc(1, sizeof *c);
    if (c == NULL)
        return false;
    *c = (struct connection){.port = p, .fd = fd, .local = local, .peer = peer, .next = p->connections};
    p->connections = c;
    p->n_connections++;
    c->watch = io_watch_new(p->loop, fd, IO_READ, on_connection, c);
    c->idle = io_timer_new(p->loop, on_idle, c);
    if (c->watch == NULL || c->idle == NULL) {
        connection_free(c);
        return true; /* and the socket is closed */
    }
    touch(c);
    return true;
}

static void on_listener(void *user, int fd, int what)
{
    (void)what;
    struct srv_bulk_port *p = user;
    int peer_fd;
    ip4 local, peer;
    if (io_tcp_accept(fd, &peer_fd, &local, &peer) <= 0)
        return;
    enum reason reason = REASON_NONE;
    if (!srv_config_is_requester(p->config, peer))
        reason = REASON_QUERY_REQUESTER;
    else if (p->n_connections >= p->config->lease_query.bulk.max_connections)
        reason = REASON_QUERY_CONNECTIONS;
    if (reason != REASON_NONE)
        tell_refused(p, reason, peer);
    if (reason != REASON_NONE || !add_connection(p, peer_fd, local, peer))
        close(peer_fd);
}

int srv_bulk_port_open(struct io_loop *loop, struct srv_engine *engine, struct io_trace *trace,
                       const struct srv_config *config, struct srv_bulk_port **out)
{
    struct srv_bulk_port *p = calloc(1, sizeof *p);
    if (p == NULL)
        return ERR_NOMEM;
    *p = (struct srv_bulk_port){.loop = loop, .engine = engine, .trace = trace, .config = config, .fd = -1};
    int rc = io_tcp_listen(config->lease_query.bulk.addr, config->lease_query.bulk.port, &p->fd);
    if (rc == 0 && (p->watch = io_watch_new(loop, p->fd, IO_READ, on_listener, p)) == NULL)
        rc = ERR_NOMEM;
    if (rc < 0) {
        int why = errno;
        srv_bulk_port_free(p);
        errno = why;
        return rc;
    }
    *out = p;
    return 0;
}

void srv_bulk_port_configure(struct srv_bulk_port *p, const struct srv_config *config)
{
    p->config = config;
}

void srv_bulk_port_free(struct srv_bulk_port *p)
{
    if (p == NULL)
        return;
    for (struct connection *c = p->connections, *next; c != NULL; c = next) {
        next = c->next;
        connection_free(c);
    }
    io_watch_free(p->watch);
    if (p->fd >= 0)
        close(p->fd);
    free(p);
}
