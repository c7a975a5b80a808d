/* The calling side of a command channel (common/control.h), blocking, for command-line programs. */
#pragma once
#include <stdbool.h>

#include <sys/un.h>

#include <cjson/cJSON.h>

#include "common/control_result.h"

/* Sends one command (`arguments` borrowed, may be NULL) and waits at most `timeout_ms` for the answer.
 * *out_reply is the caller's. ERR_NOTFOUND: nobody listens on `path`; ERR_TIMEOUT; ERR_DENIED; ERR_INVALID:
 * as control_call_address(); ERR_IO: the connection broke, or the answer is not JSON; ERR_NOMEM. */
int control_call(const char *path, const char *command, const cJSON *arguments, int timeout_ms,
                 cJSON **out_reply);

/* Follows a command whose answer is a stream: its first line is the reply, and each line after it is handed
 * to `fn` without its end, until `fn` returns false or the peer ends the stream. *out_reply is the caller's.
 * Errors as above; ERR_TIMEOUT is for the reply alone. A reply whose result is not 0 is followed by nothing.
 */
typedef bool control_call_line_fn(void *user, const char *line);
int control_call_follow(const char *path, const char *command, int timeout_ms, control_call_line_fn *fn,
                        void *user, cJSON **out_reply);

/* The address of the socket `path`. ERR_INVALID: it is empty or above 107 octets. */
int control_call_address(struct sockaddr_un *addr, const char *path);
