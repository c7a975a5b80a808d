#include "common/control_call.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/err.h"
#include "common/io_loop.h"

enum { READ_STEP = 4096 };

int control_call_address(struct sockaddr_un *addr, const char *path)
{
    *addr = (struct sockaddr_un){.sun_family = AF_UNIX};
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof addr->sun_path)
        return ERR_INVALID;
    memcpy(addr->sun_path, path, len + 1);
    return 0;
}

/* Makes connect() and send() give up, with EAGAIN, at `until_ms`. */
static void limit_sending(int fd, time_ms until_ms)
{
    time_ms left_ms = until_ms - io_real_ms();
    if (left_ms < 1)
        left_ms = 1; /* zero would be no limit */
    struct timeval left = {.tv_sec = left_ms / 1000, .tv_usec = left_ms % 1000 * 1000};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &left, sizeof left);
}

static int call_connect(const char *path, time_ms until_ms, int *out_fd)
{
    struct sockaddr_un addr;
    int rc = control_call_address(&addr, path);
    if (rc < 0)
        return rc;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return ERR_IO;
    limit_sending(fd, until_ms);
    if (connect(fd, (const struct sockaddr *)&addr, sizeof addr) < 0) {
        int why = errno;
        close(fd);
        if (why == EACCES || why == EPERM)
            return ERR_DENIED;
        if (why == EAGAIN)
            return ERR_TIMEOUT;
        return why == ENOENT || why == ECONNREFUSED ? ERR_NOTFOUND : ERR_IO;
    }
    *out_fd = fd;
    return 0;
}

static char *request_text(const char *command, const cJSON *arguments)
{
    cJSON *request = cJSON_CreateObject();
    cJSON_AddStringToObject(request, "command", command);
    if (arguments != NULL)
        cJSON_AddItemToObject(request, "arguments", cJSON_Duplicate(arguments, true));
    char *text = cJSON_PrintUnformatted(request);
    cJSON_Delete(request);
    return text;
}

static int call_send(int fd, const char *text, time_ms until_ms)
{
    size_t len = strlen(text);
    for (size_t at = 0; at < len;) {
        limit_sending(fd, until_ms);
        ssize_t n = send(fd, text + at, len - at, MSG_NOSIGNAL);
        if (n >= 0)
            at += (size_t)n;
        else if (errno != EINTR)
            return errno == EAGAIN ? ERR_TIMEOUT : ERR_IO;
    }
    return 0;
}

/* Reads until the peer closes. */
static int call_receive(int fd, time_ms until_ms, char **out_text, size_t *out_len)
{
    char *text = NULL;
    size_t len = 0;
    for (;;) {
        time_ms left_ms = until_ms - io_real_ms();
        struct pollfd pfd = {.fd = fd, .events = POLLIN};
        int ready = left_ms <= 0 ? 0 : poll(&pfd, 1, left_ms > 60000 ? 60000 : (int)left_ms);
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0 && left_ms > 60000)
            continue;
        char *grown = ready <= 0 ? NULL : realloc(text, len + READ_STEP);
        if (grown == NULL) {
            free(text);
            return ready == 0 ? ERR_TIMEOUT : ready < 0 ? ERR_IO : ERR_NOMEM;
        }
        text = grown;
        ssize_t n = recv(fd, text + len, READ_STEP, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            free(text);
            return ERR_IO;
        }
        if (n == 0) {
            *out_text = text;
            *out_len = len;
            return 0;
        }
        len += (size_t)n;
    }
}

int control_call(const char *path, const char *command, const cJSON *arguments, int timeout_ms,
                 cJSON **out_reply)
{
    time_ms until_ms = time_add(io_real_ms(), timeout_ms);
    char *request = request_text(command, arguments);
    if (request == NULL)
        return ERR_NOMEM;
    int fd = -1;
    char *text = NULL;
    size_t len = 0;
    int rc = call_connect(path, until_ms, &fd);
    if (rc == 0)
        rc = call_send(fd, request, until_ms);
    if (rc == 0)
        rc = call_receive(fd, until_ms, &text, &len);
    if (fd >= 0)
        close(fd);
    cJSON_free(request);
    if (rc < 0)
        return rc;
    *out_reply = cJSON_ParseWithLength(text, len);
    free(text);
    return *out_reply == NULL ? ERR_IO : 0;
}

static void limit_receiving(int fd, int limit_ms)
{
    struct timeval limit = {.tv_sec = limit_ms / 1000, .tv_usec = limit_ms % 1000 * 1000};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}

/* The next line without its end; false if there is none. *line is the caller's, in any case. */
static bool next_line(FILE *in, char **line, size_t *cap)
{
    ssize_t len = getline(line, cap, in);
    if (len > 0 && (*line)[len - 1] == '\n')
        (*line)[len - 1] = '\0';
    return len > 0;
}

static int follow(FILE *in, int timeout_ms, control_call_line_fn *fn, void *user, cJSON **out_reply)
{
    char *line = NULL;
    size_t cap = 0;
    limit_receiving(fileno(in), timeout_ms);
    bool more = next_line(in, &line, &cap);
    int rc = more ? 0 : ferror(in) && errno == EAGAIN ? ERR_TIMEOUT : ERR_IO;
    if (more && (*out_reply = cJSON_Parse(line)) == NULL)
        rc = ERR_IO;
    limit_receiving(fileno(in), 0); /* none */
    const cJSON *result = rc == 0 ? cJSON_GetObjectItemCaseSensitive(*out_reply, "result") : NULL;
    if (result != NULL && cJSON_IsNumber(result) && (int)result->valuedouble == CONTROL_SUCCESS)
        while (next_line(in, &line, &cap) && fn(user, line))
            continue;
    free(line);
    return rc;
}

int control_call_follow(const char *path, const char *command, int timeout_ms, control_call_line_fn *fn,
                        void *user, cJSON **out_reply)
{
    time_ms until_ms = time_add(io_real_ms(), timeout_ms);
    char *request = request_text(command, NULL);
    if (request == NULL)
        return ERR_NOMEM;
    int fd = -1;
    int rc = call_connect(path, until_ms, &fd);
    if (rc == 0)
        rc = call_send(fd, request, until_ms);
    cJSON_free(request);
    FILE *in = rc == 0 ? fdopen(fd, "r") : NULL;
    if (in != NULL) {
        rc = follow(in, timeout_ms, fn, user, out_reply);
        fclose(in);
        return rc;
    }
    if (fd >= 0)
        close(fd);
    return rc < 0 ? rc : ERR_NOMEM;
}
