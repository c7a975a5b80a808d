#include "common/io_http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/listener.h>

#include "common/err.h"

enum { LOOK_MS = 50 };

struct io_http {
    struct evhttp *server;
    struct evconnlistener *listener;
    const char *type;
    io_http_fn *fn;
    void *user;
    /* The connections: evhttp does not say when one ends. We keep a reference to the buffer of each, and look
     * whether evhttp has let go of it. */
    struct bufferevent *open[IO_HTTP_CONNECTIONS_MAX];
    struct io_timer *look; /* while there are connections */
};

/* ---- connections ---- */

/* evhttp takes its callbacks off a buffer that it frees. */
static bool is_over(struct bufferevent *buffer)
{
    bufferevent_data_cb read, write;
    bufferevent_event_cb event;
    void *user;
    bufferevent_getcb(buffer, &read, &write, &event, &user);
    return read == NULL && write == NULL && event == NULL;
}

static unsigned count_open(const struct io_http *h)
{
    unsigned n = 0;
    for (size_t i = 0; i < IO_HTTP_CONNECTIONS_MAX; i++)
        n += h->open[i] != NULL;
    return n;
}

/* Closes the connections that are over, and accepts others in their places. */
static void on_look(void *user)
{
    struct io_http *h = user;
    for (size_t i = 0; i < IO_HTTP_CONNECTIONS_MAX; i++) {
        if (h->open[i] == NULL || !is_over(h->open[i]))
            continue;
        bufferevent_decref(h->open[i]);
        h->open[i] = NULL;
    }
    unsigned n = count_open(h);
    if (n < IO_HTTP_CONNECTIONS_MAX)
        evconnlistener_enable(h->listener);
    io_timer_after(h->look, n == 0 ? TIME_NEVER : LOOK_MS);
}

/* For a connection that is just accepted: there is a place, for the listener rests while there is none. The
 * socket is closed with the last reference, ours: until then nobody else gets its number. */
static struct bufferevent *make_buffer(struct event_base *base, void *user)
{
    struct io_http *h = user;
    struct bufferevent *buffer = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
    size_t place = 0;
    while (place < IO_HTTP_CONNECTIONS_MAX && h->open[place] != NULL)
        place++;
    if (buffer == NULL || place == IO_HTTP_CONNECTIONS_MAX)
        return buffer;
    bufferevent_incref(buffer);
    h->open[place] = buffer;
    if (count_open(h) == IO_HTTP_CONNECTIONS_MAX)
        evconnlistener_disable(h->listener);
    io_timer_after(h->look, LOOK_MS);
    return buffer;
}

/* ---- requests ---- */

static void reply(struct io_http *h, struct evhttp_request *request, const char *document)
{
    struct evbuffer *body = evbuffer_new();
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
    if (body == NULL || evbuffer_add_printf(body, "%s", document) < 0) {
        evhttp_send_error(request, HTTP_INTERNAL, NULL);
    } else {
        evhttp_add_header(headers, "Content-Type", h->type);
        evhttp_add_header(headers, "Connection", "close");
        evhttp_send_reply(request, HTTP_OK, "OK", body);
    }
    if (body != NULL)
        evbuffer_free(body);
}

static void on_request(struct evhttp_request *request, void *user)
{
    struct io_http *h = user;
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
    const char *path = uri == NULL ? NULL : evhttp_uri_get_path(uri);
    struct text document;
    text_init(&document);
    if (path == NULL || !h->fn(h->user, path, &document))
        evhttp_send_error(request, HTTP_NOTFOUND, NULL);
    else if (document.failed)
        evhttp_send_error(request, HTTP_INTERNAL, NULL);
    else
        reply(h, request, document.buf == NULL ? "" : document.buf);
    text_fini(&document);
}

/* ---- life ---- */

static int open_listener(ip4 address, uint16_t port, int *out_fd)
{
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(address)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, IO_HTTP_CONNECTIONS_MAX) == 0) {
        *out_fd = fd;
        return 0;
    }
    int why = errno;
    if (fd >= 0)
        close(fd);
    errno = why;
    return why == EADDRINUSE ? ERR_EXISTS : why == EACCES ? ERR_DENIED : ERR_IO;
}

static int serve(struct io_http *h, struct io_loop *loop, int fd)
{
    h->server = evhttp_new(io_loop_base(loop));
    h->look = io_timer_new(loop, on_look, h);
    if (h->server == NULL || h->look == NULL)
        return ERR_NOMEM;
    struct evhttp_bound_socket *bound = evhttp_accept_socket_with_handle(h->server, fd);
    if (bound == NULL)
        return ERR_NOMEM;
    h->listener = evhttp_bound_socket_get_listener(bound);
    evhttp_set_allowed_methods(h->server, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD);
    evhttp_set_max_headers_size(h->server, IO_HTTP_REQUEST_MAX);
    evhttp_set_max_body_size(h->server, IO_HTTP_REQUEST_MAX);
    evhttp_set_timeout(h->server, IO_HTTP_IDLE_S);
    evhttp_set_bevcb(h->server, make_buffer, h);
    evhttp_set_gencb(h->server, on_request, h);
    return 0;
}

int io_http_listen(struct io_loop *loop, ip4 address, uint16_t port, const char *type, io_http_fn *fn,
                   void *user, struct io_http **out)
{
    int fd;
    struct io_http *h = calloc(1, sizeof *h);
    if (h == NULL)
        return ERR_NOMEM;
    *h = (struct io_http){.type = type, .fn = fn, .user = user};
    int rc = open_listener(address, port, &fd);
    if (rc == 0)
        rc = serve(h, loop, fd);
    if (rc == 0) {
        *out = h;
        return 0;
    }
    int why = errno;
    if (rc == ERR_NOMEM && h->listener == NULL)
        close(fd);
    io_http_free(h);
    errno = why;
    return rc;
}

void io_http_free(struct io_http *h)
{
    if (h == NULL)
        return;
    if (h->server != NULL)
        evhttp_free(h->server);
    for (size_t i = 0; i < IO_HTTP_CONNECTIONS_MAX; i++)
        if (h->open[i] != NULL)
            bufferevent_decref(h->open[i]);
    io_timer_free(h->look);
    free(h);
}
