/* Real unix sockets in a temporary directory. The loop runs in the test's thread; a blocking peer is a thread
 * of its own that stops the loop when it has what it wants. */
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/control.h"
#include "common/control_call.h"
#include "common/err.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { LONG_MS = 20000, TEXT_MAX = 2 << 20, NOBODY = 65534 };

static char dir[64], path[96];

static struct io_loop *loop;

static struct control *control;

static struct {
    unsigned n;
    char command[128];
    char *arguments; /* printed; NULL if there were none */
    struct control_request *kept;
    struct io_timer *timer;
} handled;

static inline void keep_what_came(const char *command, const cJSON *arguments)
{
    handled.n++;
    snprintf(handled.command, sizeof handled.command, "%s", command);
    cJSON_free(handled.arguments);
    handled.arguments = arguments == NULL ? NULL : cJSON_PrintUnformatted(arguments);
}

static inline void answer_later(void *user)
{
    (void)user;
    control_reply(handled.kept, CONTROL_SUCCESS, "later", NULL);
    handled.kept = NULL;
}

/* "echo" gives its arguments back, "later" answers from a timer, "keep" does not answer by itself, "large"
 * answers with more than a socket takes at once. */
static inline void on_command(void *user, const char *command, const cJSON *arguments,
                              struct control_request *request)
{
    assert_ptr_equal(user, &handled);
    keep_what_came(command, arguments);
    if (strcmp(command, "echo") == 0) {
        control_reply(request, CONTROL_SUCCESS, "here", cJSON_Duplicate(arguments, true));
    } else if (strcmp(command, "large") == 0) {
        char *text = calloc(1, TEXT_MAX);
        assert_non_null(text);
        memset(text, 'x', TEXT_MAX - 1);
        control_reply(request, CONTROL_SUCCESS, text, NULL);
        free(text);
    } else {
        assert_null(handled.kept);
        handled.kept = request;
        if (strcmp(command, "later") == 0)
            io_timer_set(handled.timer, io_now().boot_ms + 5);
        else
            io_loop_stop(loop);
    }
}

static inline int start(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/test_control.XXXXXX");
    if (mkdtemp(dir) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/socket", dir);
    loop = io_loop_new();
    memset(&handled, 0, sizeof handled);
    handled.timer = io_timer_new(loop, answer_later, NULL);
    return control_listen(loop, path, on_command, &handled, &control);
}

static inline int end(void **state)
{
    (void)state;
    control_free(control);
    control = NULL;
    io_timer_free(handled.timer);
    io_loop_free(loop);
    cJSON_free(handled.arguments);
    unlink(path);
    return rmdir(dir); /* fails if control_free() has left something behind */
}

static inline struct sockaddr_un address(void)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    strcpy(addr.sun_path, path);
    return addr;
}

static inline int peer_open(void)
{
    struct sockaddr_un addr = address();
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof addr), 0);
    return fd;
}

static inline void peer_say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static inline void on_readable(void *user, int fd, int what)
{
    (void)user, (void)fd, (void)what;
    io_loop_stop(loop);
}

static inline void on_limit(void *user)
{
    bool *late = user;
    *late = true;
    io_loop_stop(loop);
}

/* Runs the loop until the peer can read. */
static inline void run_until_readable(int fd)
{
    bool late = false;
    struct io_watch *watch = io_watch_new(loop, fd, IO_READ, on_readable, NULL);
    struct io_timer *limit = io_timer_new(loop, on_limit, &late);
    io_timer_set(limit, io_now().boot_ms + LONG_MS);
    assert_int_equal(io_loop_run(loop), 0);
    io_watch_free(watch);
    io_timer_free(limit);
    assert_false(late);
}

/* Everything up to the end of the connection; its last recv() must tell of an end, not of an error. */
static inline const char *peer_hear(int fd)
{
    static char text[TEXT_MAX + 100];
    size_t len = 0;
    for (;;) {
        run_until_readable(fd);
        ssize_t n = recv(fd, text + len, sizeof text - 1 - len, 0);
        if (n < 0)
            fail_msg("the connection broke: %s", strerror(errno));
        if (n == 0)
            break;
        len += (size_t)n;
    }
    text[len] = '\0';
    close(fd);
    return text;
}

static inline void on_step(void *user)
{
    (void)user;
    io_loop_stop(loop);
}

/* Lets the loop see all that is there by now. */
static inline void run_once(void)
{
    struct io_timer *stop = io_timer_new(loop, on_step, NULL);
    for (int i = 0; i < 3; i++) {
        io_timer_set(stop, 1);
        assert_int_equal(io_loop_run(loop), 0);
    }
    io_timer_free(stop);
}

#define NOT_JSON   "{\"result\":1,\"text\":\"the command is not valid JSON\"}"
#define NO_COMMAND "{\"result\":1,\"text\":\"a command is a map with the member \\\"command\\\" (a string)\"}"
#define NO_MAP     "{\"result\":1,\"text\":\"\\\"arguments\\\" is not a map\"}"

/* A listener that is alive and so busy that its queue is full. Returns how many peers wait in it. */
static inline int open_full_listener(int *out_fd, int *peers, int max)
{
    struct sockaddr_un addr = address();
    *out_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(*out_fd, (struct sockaddr *)&addr, sizeof addr), 0);
    assert_int_equal(listen(*out_fd, 0), 0);
    for (int n = 0; n < max; n++) {
        peers[n] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (connect(peers[n], (struct sockaddr *)&addr, sizeof addr) < 0) {
            assert_int_equal(errno, EAGAIN);
            close(peers[n]);
            return n;
        }
    }
    fail_msg("the queue does not fill");
    return max;
}

static inline void close_all(int listener, const int *peers, int n)
{
    for (int i = 0; i < n; i++)
        close(peers[i]);
    close(listener);
    unlink(path);
}
