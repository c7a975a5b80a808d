#include "common/control.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/control_call.h"
#include "common/err.h"

enum { READ_STEP = 4096 };

/* One connection: reads until the JSON is whole, hands it out, writes the reply, closes. */
struct control_request {
    struct control *control;
    struct control_request *next;
    int fd;
    struct io_watch *watch;
    struct io_timer *idle; /* ends a peer that does not finish its request or does not read its reply */
    char *in;
    size_t in_len;
    char *out;
    size_t out_len, out_at;
    bool handed_out; /* the handler has it and owes a reply */
    bool peer_gone;
    bool input_ended;
    bool is_stream;        /* more may come when `out` is written */
    control_gone_fn *gone; /* of a stream, NULL: nobody cares any more */
    void *gone_user;
};

struct control {
    struct io_loop *loop;
    int fd;
    struct io_watch *watch;
    control_fn *fn;
    void *user;
    struct control_request *requests;
    unsigned n_requests;
    struct sockaddr_un addr;
};

static void request_free(struct control_request *r)
{
    struct control *c = r->control;
    for (struct control_request **p = &c->requests; *p != NULL; p = &(*p)->next)
        if (*p == r) {
            *p = r->next;
            break;
        }
    c->n_requests--;
    io_watch_set(c->watch, IO_READ);
    io_watch_free(r->watch);
    io_timer_free(r->idle);
    close(r->fd);
    free(r->in);
    free(r->out);
    free(r);
}

/* A unix socket that is closed with something unread tells its peer of a reset, where the end should be. */
static void discard_input(int fd)
{
    char chunk[READ_STEP];
    shutdown(fd, SHUT_RD); /* nothing is added from now on */
    while (recv(fd, chunk, sizeof chunk, MSG_DONTWAIT) > 0)
        continue;
}

/* What nobody wrote a reply to, or read it. */
static void request_end(struct control_request *r)
{
    if (r->gone != NULL)
        r->gone(r->gone_user, r);
    request_free(r);
}

/* The handler still refers to a request that it has been given: keep the shell until it replies. */
static void peer_is_gone(struct control_request *r)
{
    if (!r->handed_out) {
        request_end(r);
        return;
    }
    r->peer_gone = true;
    io_watch_set(r->watch, 0);
}

enum written { WRITTEN_ALL, WRITTEN_PART, WRITTEN_NEVER };

/* Writes as much as the peer takes now. */
static enum written write_out(struct control_request *r)
{
    while (r->out_at < r->out_len) {
        ssize_t n = send(r->fd, r->out + r->out_at, r->out_len - r->out_at, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN ? WRITTEN_PART : WRITTEN_NEVER;
        r->out_at += (size_t)n;
    }
    return WRITTEN_ALL;
}

static void write_reply(struct control_request *r)
{
    enum written written = write_out(r);
    if (written == WRITTEN_PART) {
        io_watch_set(r->watch, IO_WRITE);
        return;
    }
    if (written == WRITTEN_ALL && r->is_stream) {
        r->out_len = r->out_at = 0;
        io_watch_set(r->watch, r->input_ended ? 0 : IO_READ);
        return;
    }
    discard_input(r->fd);
    request_end(r);
}

/* Takes `arguments` over. NULL if memory is out; cJSON_free() frees. */
static char *reply_text(enum control_result result, const char *text, cJSON *arguments)
{
    cJSON *reply = cJSON_CreateObject();
    cJSON_AddNumberToObject(reply, "result", result);
    cJSON_AddStringToObject(reply, "text", text);
    if (arguments != NULL && !cJSON_AddItemToObject(reply, "arguments", arguments))
        cJSON_Delete(arguments);
    char *printed = cJSON_PrintUnformatted(reply);
    cJSON_Delete(reply);
    return printed;
}

void control_reply(struct control_request *request, enum control_result result, const char *text,
                   cJSON *arguments)
{
    request->handed_out = false;
    if (request->peer_gone) {
        cJSON_Delete(arguments);
        request_free(request);
        return;
    }
    request->out = reply_text(result, text, arguments);
    if (request->out == NULL) {
        request_free(request);
        return;
    }
    request->out_len = strlen(request->out);
    io_timer_after(request->idle, CONTROL_IDLE_MS);
    write_reply(request);
}

bool control_stream_start(struct control_request *request, const char *text, control_gone_fn *gone,
                          void *user)
{
    char *reply = request->peer_gone ? NULL : reply_text(CONTROL_SUCCESS, text, NULL);
    int rc = reply == NULL ? ERR_NOMEM : 0;
    request->handed_out = false;
    request->is_stream = true;
    if (rc == 0)
        rc = control_stream_put(request, reply, strlen(reply));
    if (rc == 0)
        rc = control_stream_put(request, "\n", 1);
    cJSON_free(reply);
    if (rc < 0) {
        request_free(request);
        return false;
    }
    request->gone = gone;
    request->gone_user = user;
    return true;
}

static int append(struct control_request *r, const char *line, size_t len)
{
    if (r->out_at > 0) {
        memmove(r->out, r->out + r->out_at, r->out_len - r->out_at);
        r->out_len -= r->out_at;
        r->out_at = 0;
    }
    char *out = realloc(r->out, r->out_len + len);
    if (out == NULL)
        return ERR_NOMEM;
    memcpy(out + r->out_len, line, len);
    r->out = out;
    r->out_len += len;
    /* Written by the loop: who calls this may be in the midst of his requests, and the peer may have left. */
    io_watch_set(r->watch, IO_WRITE);
    return 0;
}

int control_stream_put(struct control_request *request, const char *line, size_t len)
{
    if (request->out_len - request->out_at + len > CONTROL_STREAM_MAX)
        return ERR_LIMIT;
    return append(request, line, len);
}

void control_stream_end(struct control_request *request, const char *line, size_t len)
{
    request->gone = NULL;
    request->is_stream = false;
    io_timer_after(request->idle, CONTROL_IDLE_MS);
    if (append(request, line, len) < 0)
        request_free(request);
}

/* A member that nobody knows may be an order that is not obeyed: Kea refuses the whole. */
static const cJSON *find_unknown(const cJSON *json)
{
    static const char *const known[] = {"command", "arguments", "service", "remote-address"};
    const cJSON *item;
    cJSON_ArrayForEach(item, json)
    {
        size_t i = 0;
        while (i < sizeof known / sizeof known[0] && strcmp(item->string, known[i]) != 0)
            i++;
        if (i == sizeof known / sizeof known[0])
            return item;
    }
    return NULL;
}

static void refuse_member(struct control_request *r, const cJSON *member)
{
    char text[160];
    snprintf(text, sizeof text, "invalid command: unsupported parameter '%.80s'", member->string);
    control_reply(r, CONTROL_ERROR, text, NULL);
}

static void dispatch(struct control_request *r, const cJSON *json)
{
    const cJSON *command = cJSON_GetObjectItemCaseSensitive(json, "command");
    const cJSON *arguments = cJSON_GetObjectItemCaseSensitive(json, "arguments");
    io_watch_set(r->watch, IO_READ); /* to notice a peer that leaves */
    io_timer_set(r->idle, TIME_NEVER);
    r->handed_out = true;
    if (!cJSON_IsObject(json) || !cJSON_IsString(command))
        control_reply(r, CONTROL_ERROR, "a command is a map with the member \"command\" (a string)", NULL);
    else if (find_unknown(json) != NULL)
        refuse_member(r, find_unknown(json));
    else if (arguments != NULL && !cJSON_IsObject(arguments))
        control_reply(r, CONTROL_ERROR, "\"arguments\" is not a map", NULL);
    else
        r->control->fn(r->control->user, command->valuestring, arguments, r);
}

static void refuse(struct control_request *r)
{
    r->handed_out = true;
    control_reply(r, CONTROL_ERROR, "the command is not valid JSON", NULL);
}

/* The text has no frame around it: it is whole as soon as it parses. */
static bool try_request(struct control_request *r)
{
    cJSON *json = cJSON_ParseWithLength(r->in, r->in_len);
    if (json == NULL)
        return false;
    dispatch(r, json);
    cJSON_Delete(json);
    return true;
}

/* Both directions are shut: nobody will read. */
static bool has_left(int fd)
{
    struct pollfd pfd = {.fd = fd};
    return poll(&pfd, 1, 0) > 0 && (pfd.revents & POLLHUP);
}

/* A peer that has only finished sending still wants its reply. */
static void stop_reading(struct control_request *r)
{
    r->input_ended = true;
    io_watch_set(r->watch, r->out_at < r->out_len ? IO_WRITE : 0);
}

static void on_request(void *user, int fd, int what)
{
    struct control_request *r = user;
    if (what & IO_WRITE) {
        write_reply(r);
        return;
    }
    char chunk[READ_STEP];
    ssize_t n = recv(fd, chunk, sizeof chunk, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (r->handed_out || r->is_stream) { /* whatever else it says, there is one command per connection */
        if (n < 0 || (n == 0 && r->is_stream && has_left(fd)))
            peer_is_gone(r);
        else if (n == 0)
            stop_reading(r);
        return;
    }
    if (n < 0 || (n == 0 && r->in_len == 0)) {
        request_free(r);
        return;
    }
    if (n == 0) {
        refuse(r);
        return;
    }
    size_t len = (size_t)n > CONTROL_REQUEST_MAX - r->in_len ? CONTROL_REQUEST_MAX - r->in_len : (size_t)n;
    char *in = realloc(r->in, r->in_len + len);
    if (in == NULL) {
        request_free(r);
        return;
    }
    memcpy(in + r->in_len, chunk, len);
    r->in = in;
    r->in_len += len;
    if (!try_request(r) && r->in_len == CONTROL_REQUEST_MAX)
        refuse(r);
}

static void on_idle(void *user)
{
    struct control_request *r = user;
    if (r->in_len != 0 && r->out == NULL)
        refuse(r);
    else
        request_free(r);
}

static void on_connection(void *user, int fd, int what)
{
    (void)what;
    struct control *c = user;
    int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (peer < 0)
        return;
    struct control_request *r = calloc(1, sizeof *r);
    if (r == NULL) {
        close(peer);
        return;
    }
    *r = (struct control_request){.control = c, .fd = peer, .next = c->requests};
    c->requests = r;
    if (++c->n_requests == CONTROL_CONNECTIONS_MAX)
        io_watch_set(c->watch, 0);
    r->watch = io_watch_new(c->loop, peer, IO_READ, on_request, r);
    r->idle = io_timer_new(c->loop, on_idle, r);
    if (r->watch == NULL || r->idle == NULL) {
        request_free(r);
        return;
    }
    io_timer_after(r->idle, CONTROL_IDLE_MS);
}

static bool is_socket(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 && S_ISSOCK(st.st_mode);
}

/* A socket file that nobody listens on is left over from a program that was killed. Connecting to a file of
 * another kind is refused, too: that one is not ours to remove. */
static int remove_stale(const struct sockaddr_un *addr)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return ERR_IO;
    int rc = connect(fd, (const struct sockaddr *)addr, sizeof *addr);
    int why = errno;
    close(fd);
    if (rc == 0 || why == EAGAIN) /* EAGAIN: it listens, and its queue is full */
        return ERR_EXISTS;
    if (why == ECONNREFUSED && is_socket(addr->sun_path))
        unlink(addr->sun_path);
    return 0;
}

static int open_listener(const struct sockaddr_un *addr)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    mode_t mask = umask(0117); /* 0660 from the first moment */
    int rc = bind(fd, (const struct sockaddr *)addr, sizeof *addr);
    umask(mask);
    if (rc < 0 || listen(fd, CONTROL_CONNECTIONS_MAX) < 0) {
        int why = errno;
        close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

int control_listen(struct io_loop *loop, const char *path, control_fn *fn, void *user, struct control **out)
{
    struct control *c = calloc(1, sizeof *c);
    if (c == NULL)
        return ERR_NOMEM;
    *c = (struct control){.loop = loop, .fd = -1, .fn = fn, .user = user};
    int rc = control_call_address(&c->addr, path);
    if (rc == 0)
        rc = remove_stale(&c->addr);
    if (rc == 0 && (c->fd = open_listener(&c->addr)) < 0)
        rc = ERR_IO;
    if (rc == 0 && (c->watch = io_watch_new(loop, c->fd, IO_READ, on_connection, c)) == NULL)
        rc = ERR_NOMEM;
    if (rc < 0) {
        int why = errno;
        if (c->fd >= 0) {
            close(c->fd);
            unlink(path);
        }
        free(c);
        errno = why;
        return rc;
    }
    *out = c;
    return 0;
}

int control_give(struct control *c, uid_t uid, gid_t gid)
{
    return lchown(c->addr.sun_path, uid, gid) < 0 ? ERR_IO : 0;
}

void control_free(struct control *c)
{
    if (c == NULL)
        return;
    while (c->requests != NULL) {
        if (c->requests->is_stream)
            write_out(c->requests); /* the last words */
        request_end(c->requests);
    }
    io_watch_free(c->watch);
    close(c->fd);
    unlink(c->addr.sun_path);
    free(c);
}

static void list_commands(const struct control_command *table, size_t n, struct control_request *request)
{
    cJSON *names = cJSON_CreateArray();
    for (size_t i = 0; i < n; i++)
        cJSON_AddItemToArray(names, cJSON_CreateString(table[i].name));
    cJSON_AddItemToArray(names, cJSON_CreateString("list-commands"));
    cJSON_AddItemToArray(names, cJSON_CreateString("version-get"));
    control_reply(request, CONTROL_SUCCESS, "", names);
}

void control_dispatch(const struct control_command *table, size_t n, void *user, const char *command,
                      const cJSON *arguments, struct control_request *request)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(table[i].name, command) == 0) {
            table[i].run(user, arguments, request);
            return;
        }
    if (strcmp(command, "list-commands") == 0) {
        list_commands(table, n, request);
    } else if (strcmp(command, "version-get") == 0) {
        control_reply(request, CONTROL_SUCCESS, DHCPLAB_VERSION, NULL);
    } else {
        char text[128];
        snprintf(text, sizeof text, "'%.80s' command not supported.", command);
        control_reply(request, CONTROL_UNSUPPORTED, text, NULL);
    }
}
