/* Kea's command channel: one JSON map in, one JSON map out, over a unix stream socket; one command per
 * connection. Request {"command": NAME, "arguments": {...}}; reply {"result": N, "text": "...", "arguments":
 * {...}}. */
#pragma once
#include <sys/types.h>

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
 * octets; ERR_IO: the socket cannot be made; errno tells. */
int control_listen(struct io_loop *loop, const char *path, control_fn *fn, void *user, struct control **out);
/* Makes the socket file another user's. ERR_IO (errno tells). */
int control_give(struct control *c, uid_t uid, gid_t gid);
/* Closes every connection, unanswered ones too, and removes the socket file. NULL is fine. */
void control_free(struct control *c);

/* Sends the reply and ends the request. Takes ownership of `arguments` (may be NULL). A peer that has gone is
 * no error. */
void control_reply(struct control_request *request, enum control_result result, const char *text,
                   cJSON *arguments);

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

/* The other side, blocking, for command-line programs: sends one command (`arguments` borrowed, may be NULL)
 * and waits at most `timeout_ms` for the answer. *out_reply is the caller's. ERR_NOTFOUND: nobody listens on
 * `path`; ERR_TIMEOUT; ERR_DENIED; ERR_INVALID: as above; ERR_IO: the connection broke, or the answer is not
 * JSON. */
int control_call(const char *path, const char *command, const cJSON *arguments, int timeout_ms,
                 cJSON **out_reply);
