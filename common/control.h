/* Kea's command channel: one JSON map in, one JSON map out, over a unix stream socket; one command per
 * connection. Request {"command": NAME, "arguments": {...}}; reply {"result": N, "text": "...", "arguments":
 * {...}}. */
#pragma once
#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "common/control_result.h"
#include "common/io_loop.h"

enum { CONTROL_REQUEST_MAX = 1 << 20, CONTROL_CONNECTIONS_MAX = 32, CONTROL_IDLE_MS = 10000 };

struct control;
struct control_request;

/* Called with each whole request. The handler answers now or later, exactly once, with control_reply();
 * `arguments` is borrowed during the call, and NULL if there were none. */
typedef void control_fn(void *user, const char *command, const cJSON *arguments,
                        struct control_request *request);

/* Listens on `path` (mode 0660; a stale socket file is replaced, a living one is ERR_EXISTS, a file of
 * another kind is left alone). *out is owned by the caller. ERR_INVALID: the path is empty or above 107
 * octets; ERR_IO: the socket cannot be made; errno tells; ERR_NOMEM. */
int control_listen(struct io_loop *loop, const char *path, control_fn *fn, void *user, struct control **out);
/* Makes the socket file another user's. ERR_IO (errno tells). */
int control_give(struct control *c, uid_t uid, gid_t gid);
/* Closes every connection, unanswered ones too, and removes the socket file. NULL is fine. */
void control_free(struct control *c);

/* Sends the reply and ends the request. Takes ownership of `arguments` (may be NULL). A peer that has gone is
 * no error. */
void control_reply(struct control_request *request, enum control_result result, const char *text,
                   cJSON *arguments);

enum { CONTROL_STREAM_MAX = 1 << 18 };

/* The peer of a stream has left, or the channel is closed: the request is no more. */
typedef void control_gone_fn(void *user, struct control_request *request);
/* Answers with success and makes the rest of the connection a stream of lines, for as long as the peer reads
 * it. A peer that has only finished sending is still there. Returns false if the peer has gone already: then
 * the request is no more, and `gone` is not called. */
bool control_stream_start(struct control_request *request, const char *text, control_gone_fn *gone,
                          void *user);
/* Adds `len` octets, a line with its end. 0; ERR_NOMEM, ERR_LIMIT: nothing was added; as many as
 * CONTROL_STREAM_MAX octets would wait for the peer. */
int control_stream_put(struct control_request *request, const char *line, size_t len);
/* The request is no more: what waits is written for CONTROL_IDLE_MS at most, and then this last line; `gone`
 * is not called. */
void control_stream_end(struct control_request *request, const char *line, size_t len);

/* One command of a program. */
struct control_command {
    const char *name;
    void (*run)(void *user, const cJSON *arguments,
                struct control_request *request); /* answers, now or later */
};

/* For handlers: runs `command` by the table. `list-commands` and `version-get` are answered here, and what
 * nobody knows with CONTROL_UNSUPPORTED. */
void control_dispatch(const struct control_command *table, size_t n, void *user, const char *command,
                      const cJSON *arguments, struct control_request *request);
