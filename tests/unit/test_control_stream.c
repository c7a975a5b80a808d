/* A reply that goes on as a stream, over a real unix socket; the loop runs a moment at a time. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/control.h"
#include "common/control_call.h"
#include "common/err.h"

static char dir[64], path[96];
static struct io_loop *loop;
static struct control *control;
static struct control_request *stream; /* NULL: none, or its peer has left */
static unsigned n_gone;

#define REPLY "{\"result\":0,\"text\":\"lines\"}\n"

static void on_gone(void *user, struct control_request *request)
{
    assert_ptr_equal(user, &n_gone);
    assert_ptr_equal(request, stream);
    stream = NULL;
    n_gone++;
}

static void on_command(void *user, const char *command, const cJSON *arguments,
                       struct control_request *request)
{
    (void)user, (void)command, (void)arguments;
    stream = control_stream_start(request, "lines", on_gone, &n_gone) ? request : NULL;
}

static int start(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/test_control_stream.XXXXXX");
    if (mkdtemp(dir) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/socket", dir);
    loop = io_loop_new();
    stream = NULL;
    n_gone = 0;
    return control_listen(loop, path, on_command, NULL, &control);
}

static int end(void **state)
{
    (void)state;
    control_free(control);
    io_loop_free(loop);
    return rmdir(dir);
}

static void on_step(void *user)
{
    (void)user;
    io_loop_stop(loop);
}

/* Lets the loop see all that is there by now. */
static void run(void)
{
    struct io_timer *stop = io_timer_new(loop, on_step, NULL);
    for (int i = 0; i < 3; i++) {
        io_timer_set(stop, 1);
        assert_int_equal(io_loop_run(loop), 0);
    }
    io_timer_free(stop);
}

/* A peer whose stream has begun. */
static int open_stream(void)
{
    struct sockaddr_un addr;
    assert_int_equal(control_call_address(&addr, path), 0);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof addr), 0);
    assert_int_equal(send(fd, "{\"command\":\"follow\"}", 20, 0), 20);
    run();
    assert_non_null(stream);
    return fd;
}

static void put(const char *line)
{
    assert_int_equal(control_stream_put(stream, line, strlen(line)), 0);
}

/* What is there to be read now. */
static void assert_hears(int fd, const char *expected)
{
    char text[256];
    run();
    ssize_t n = recv(fd, text, sizeof text - 1, MSG_DONTWAIT);
    assert_true(n >= 0);
    text[n] = '\0';
    assert_string_equal(text, expected);
}

static void lines_follow_the_reply(void **state)
{
    (void)state;
    int fd = open_stream();
    assert_hears(fd, REPLY);
    put("a\n");
    put("b\n");
    assert_hears(fd, "a\nb\n");
    put("c\n");
    assert_hears(fd, "c\n");
    close(fd);
    run();
    assert_int_equal(n_gone, 1);
}

static void peer_that_has_only_finished_sending_goes_on_hearing(void **state)
{
    (void)state;
    int fd = open_stream();
    assert_hears(fd, REPLY);
    shutdown(fd, SHUT_WR);
    run();
    put("a\n");
    assert_hears(fd, "a\n");
    assert_int_equal(n_gone, 0);
    close(fd);
    put("b\n"); /* that it has left shows when something is written */
    run();
    assert_int_equal(n_gone, 1);
}

/* The limit is for what waits here, not for what the kernel keeps: nothing is written before the loop runs.
 */
static void no_more_waits_than_the_limit(void **state)
{
    (void)state;
    static char line[CONTROL_STREAM_MAX];
    int fd = open_stream();
    assert_hears(fd, REPLY);
    memset(line, 'x', sizeof line);
    assert_int_equal(control_stream_put(stream, line, sizeof line - 1), 0);
    assert_int_equal(control_stream_put(stream, "yz", 2), ERR_LIMIT);
    assert_int_equal(control_stream_put(stream, "y", 1), 0);
    assert_int_equal(control_stream_put(stream, "z", 1), ERR_LIMIT);
    /* The last line has its place in any case. */
    control_stream_end(stream, "end\n", 4);
    size_t len = 0;
    ssize_t n;
    static char text[CONTROL_STREAM_MAX + 100];
    do {
        run();
        n = recv(fd, text + len, sizeof text - len, MSG_DONTWAIT);
        if (n > 0)
            len += (size_t)n;
    } while (n > 0 || (n < 0 && errno == EAGAIN));
    assert_int_equal(n, 0);
    assert_int_equal(len, CONTROL_STREAM_MAX + 4);
    assert_memory_equal(text + len - 6, "xyend\n", 6);
    assert_int_equal(n_gone, 0);
    close(fd);
}

static void what_waits_is_written_when_the_channel_is_closed(void **state)
{
    (void)state;
    int fd = open_stream();
    assert_hears(fd, REPLY);
    put("last words\n");
    control_free(control);
    control = NULL;
    assert_int_equal(n_gone, 1);
    char text[64];
    ssize_t n = recv(fd, text, sizeof text, MSG_DONTWAIT);
    assert_int_equal(n, 11);
    assert_memory_equal(text, "last words\n", 11);
    close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lines_follow_the_reply),
        TEST(peer_that_has_only_finished_sending_goes_on_hearing),
        TEST(no_more_waits_than_the_limit),
        TEST(what_waits_is_written_when_the_channel_is_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
