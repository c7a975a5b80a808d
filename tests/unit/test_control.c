/* Real unix sockets in a temporary directory. The loop runs in the test's thread; a blocking peer is a thread
 * of its own that stops the loop when it has what it wants. */
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

/* ---- the server's side ---- */

static struct {
    unsigned n;
    char command[128];
    char *arguments; /* printed; NULL if there were none */
    struct control_request *kept;
    struct io_timer *timer;
} handled;

static void keep_what_came(const char *command, const cJSON *arguments)
{
    handled.n++;
    snprintf(handled.command, sizeof handled.command, "%s", command);
    cJSON_free(handled.arguments);
    handled.arguments = arguments == NULL ? NULL : cJSON_PrintUnformatted(arguments);
}

static void answer_later(void *user)
{
    (void)user;
    control_reply(handled.kept, CONTROL_SUCCESS, "later", NULL);
    handled.kept = NULL;
}

/* "echo" gives its arguments back, "later" answers from a timer, "keep" does not answer by itself, "large"
 * answers with more than a socket takes at once. */
static void on_command(void *user, const char *command, const cJSON *arguments,
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

static int start(void **state)
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

static int end(void **state)
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

/* ---- the peer's side ---- */

static struct sockaddr_un address(void)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    strcpy(addr.sun_path, path);
    return addr;
}

static int peer_open(void)
{
    struct sockaddr_un addr = address();
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof addr), 0);
    return fd;
}

static void peer_say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void on_readable(void *user, int fd, int what)
{
    (void)user, (void)fd, (void)what;
    io_loop_stop(loop);
}

static void on_limit(void *user)
{
    bool *late = user;
    *late = true;
    io_loop_stop(loop);
}

/* Runs the loop until the peer can read. */
static void run_until_readable(int fd)
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
static const char *peer_hear(int fd)
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

static void on_step(void *user)
{
    (void)user;
    io_loop_stop(loop);
}

/* Lets the loop see all that is there by now. */
static void run_once(void)
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

/* ---- requests ---- */

static void a_whole_request_is_answered(void **state)
{
    (void)state;
    int fd = peer_open();
    peer_say(fd,
             "{\"command\": \"echo\", \"arguments\": {\"a\": [1, null, \"\\n\"]}, \"service\": [\"dhcp4\"]}");
    assert_string_equal(peer_hear(fd),
                        "{\"result\":0,\"text\":\"here\",\"arguments\":{\"a\":[1,null,\"\\n\"]}}");
    assert_string_equal(handled.command, "echo");
    assert_string_equal(handled.arguments, "{\"a\":[1,null,\"\\n\"]}");
}

/* What a control agent adds. */
static void service_and_remote_address_may_be_there(void **state)
{
    (void)state;
    int fd = peer_open();
    peer_say(
        fd,
        "{\"service\":[\"dhcp4\"],\"remote-address\":\"127.0.0.1\",\"command\":\"echo\",\"arguments\":{}}");
    assert_string_equal(peer_hear(fd), "{\"result\":0,\"text\":\"here\",\"arguments\":{}}");
}

static void without_arguments_there_are_none(void **state)
{
    (void)state;
    int fd = peer_open();
    peer_say(fd, " \n {\"command\":\"echo\"}");
    assert_string_equal(peer_hear(fd), "{\"result\":0,\"text\":\"here\"}");
    assert_null(handled.arguments);
}

static void a_request_may_come_octet_by_octet(void **state)
{
    (void)state;
    static const char request[] = "{\"command\":\"echo\",\"arguments\":{\"n\":1}}";
    int fd = peer_open();
    for (size_t i = 0; request[i] != '\0'; i++) {
        assert_int_equal(handled.n, 0);
        assert_int_equal(send(fd, request + i, 1, 0), 1);
        run_once();
    }
    assert_int_equal(handled.n, 1);
    assert_string_equal(peer_hear(fd), "{\"result\":0,\"text\":\"here\",\"arguments\":{\"n\":1}}");
}

static void an_answer_may_come_later(void **state)
{
    (void)state;
    int fd = peer_open();
    peer_say(fd, "{\"command\":\"later\"}");
    assert_string_equal(peer_hear(fd), "{\"result\":0,\"text\":\"later\"}");
}

/* A peer that says by shutdown() that it has said everything still waits for the answer. */
static void a_peer_that_is_done_sending_is_answered(void **state)
{
    (void)state;
    int fd = peer_open();
    peer_say(fd, "{\"command\":\"later\"}");
    shutdown(fd, SHUT_WR);
    assert_string_equal(peer_hear(fd), "{\"result\":0,\"text\":\"later\"}");
}

static void what_is_no_command_is_told_so(void **state)
{
    (void)state;
    static const struct {
        const char *request, *reply;
    } rows[] = {
        {"[]", NO_COMMAND},
        {"1 ", NO_COMMAND},
        {"\"echo\"", NO_COMMAND},
        {"null", NO_COMMAND},
        {"{}", NO_COMMAND},
        {"{\"command\":1}", NO_COMMAND},
        {"{\"Command\":\"echo\"}", NO_COMMAND},
        {"{\"command\":\"echo\",\"argument\":{}}",
         "{\"result\":1,\"text\":\"invalid command: unsupported parameter 'argument'\"}"},
        {"{\"command\":\"echo\",\"arguments\":[]}", NO_MAP},
        {"{\"command\":\"echo\",\"arguments\":null}", NO_MAP},
        {"{\"command\":\"echo\",\"arguments\":\"x\"}", NO_MAP},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        int fd = peer_open();
        peer_say(fd, rows[i].request);
        assert_string_equal(peer_hear(fd), rows[i].reply);
    }
    assert_int_equal(handled.n, 0);
}

static void what_ends_without_being_json_is_told_so(void **state)
{
    (void)state;
    static const char *const rows[] = {"{\"command\":\"echo\"", "xyz", " ", "{]}", "{\"a\":\"\\q\"}"};
    for (size_t i = 0; i < COUNT(rows); i++) {
        int fd = peer_open();
        peer_say(fd, rows[i]);
        shutdown(fd, SHUT_WR);
        assert_string_equal(peer_hear(fd), NOT_JSON);
    }
    assert_int_equal(handled.n, 0);
}

static void a_peer_that_says_nothing_gets_nothing(void **state)
{
    (void)state;
    int fd = peer_open();
    shutdown(fd, SHUT_WR);
    assert_string_equal(peer_hear(fd), "");
}

static void there_is_one_command_in_a_connection(void **state)
{
    (void)state;
    int fd = peer_open();
    peer_say(fd, "{\"command\":\"later\"}");
    while (handled.n == 0)
        run_once();
    peer_say(fd, "{\"command\":\"echo\"}");
    assert_string_equal(peer_hear(fd), "{\"result\":0,\"text\":\"later\"}");
    assert_int_equal(handled.n, 1);
    fd = peer_open();
    peer_say(fd, "{\"command\":\"echo\"}{\"command\":\"echo\"}");
    assert_string_equal(peer_hear(fd), "{\"result\":0,\"text\":\"here\"}");
    assert_int_equal(handled.n, 2);
}

/* The command ends where one reading of the socket ends, and a newline follows: to leave it unread would
 * break the connection under a peer that reads its answer to the end. */
static void what_follows_the_command_does_not_break_the_connection(void **state)
{
    (void)state;
    static const size_t lens[] = {2048, 4096, 8192, 16384};
    for (size_t i = 0; i < COUNT(lens); i++) {
        static char request[20000];
        static const char head[] = "{\"command\":\"echo\"", tail[] = "}\n\n";
        memset(request, ' ', lens[i]);
        memcpy(request, head, sizeof head - 1);
        memcpy(request + lens[i] - 1, tail, sizeof tail);
        int fd = peer_open();
        peer_say(fd, request);
        assert_string_equal(peer_hear(fd), "{\"result\":0,\"text\":\"here\"}");
    }
}

static void a_reply_that_a_socket_does_not_take_at_once_comes_whole(void **state)
{
    (void)state;
    int fd = peer_open();
    peer_say(fd, "{\"command\":\"large\"}");
    const char *reply = peer_hear(fd);
    assert_int_equal(strlen(reply), strlen("{\"result\":0,\"text\":\"\"}") + TEXT_MAX - 1);
    assert_memory_equal(reply, "{\"result\":0,\"text\":\"xxx", 23);
}

static void a_request_of_the_largest_size_is_taken_and_no_larger(void **state)
{
    (void)state;
    static const char head[] = "{\"command\":\"echo\"";
    char *request = malloc(CONTROL_REQUEST_MAX + 2);
    assert_non_null(request);
    for (int over = 0; over <= 1; over++) {
        size_t len = CONTROL_REQUEST_MAX + (size_t)over, at = 0;
        memset(request, ' ', len);
        memcpy(request, head, sizeof head - 1);
        request[len - 1] = '}';
        int fd = peer_open();
        while (at < len) {
            ssize_t n = send(fd, request + at, len - at, MSG_DONTWAIT | MSG_NOSIGNAL);
            if (n < 0)
                run_once();
            else
                at += (size_t)n;
            if (n < 0 && errno != EAGAIN)
                break; /* it has been answered already */
        }
        assert_string_equal(peer_hear(fd), over ? NOT_JSON : "{\"result\":0,\"text\":\"here\"}");
        assert_int_equal(handled.n, 1);
    }
    free(request);
}

/* ---- peers that leave ---- */

static struct control_request *keep_one(int *out_fd)
{
    *out_fd = peer_open();
    peer_say(*out_fd, "{\"command\":\"keep\"}");
    assert_int_equal(io_loop_run(loop), 0);
    struct control_request *request = handled.kept;
    assert_non_null(request);
    handled.kept = NULL;
    return request;
}

static void a_peer_that_leaves_before_the_answer_is_no_error(void **state)
{
    (void)state;
    int fd;
    struct control_request *request = keep_one(&fd);
    close(fd);
    run_once();
    control_reply(request, CONTROL_SUCCESS, "to nobody", cJSON_CreateObject());

    request = keep_one(&fd); /* the loop has not yet seen that it left */
    close(fd);
    control_reply(request, CONTROL_SUCCESS, "to nobody", cJSON_CreateObject());

    request = keep_one(&fd); /* it leaves with something unread, which is an error on the socket */
    peer_say(fd, "more");
    close(fd);
    run_once();
    control_reply(request, CONTROL_SUCCESS, "to nobody", NULL);

    fd = peer_open(); /* and things go on */
    peer_say(fd, "{\"command\":\"echo\"}");
    assert_string_equal(peer_hear(fd), "{\"result\":0,\"text\":\"here\"}");
}

static void a_peer_may_leave_in_the_middle_of_its_request_or_of_the_reply(void **state)
{
    (void)state;
    int fd = peer_open();
    peer_say(fd, "{\"comm");
    run_once();
    close(fd);
    run_once();
    fd = peer_open();
    peer_say(fd, "{\"command\":\"large\"}");
    while (handled.n == 0)
        run_once();
    close(fd);
    run_once();
    fd = peer_open();
    peer_say(fd, "{\"command\":\"echo\"}");
    assert_string_equal(peer_hear(fd), "{\"result\":0,\"text\":\"here\"}");
}

static void the_end_closes_what_is_unanswered(void **state)
{
    (void)state;
    int kept, silent = peer_open();
    keep_one(&kept);
    run_once();
    control_free(control);
    control = NULL;
    char c;
    assert_int_equal(recv(kept, &c, 1, 0), 0);
    assert_int_equal(recv(silent, &c, 1, 0), 0);
    close(kept);
    close(silent);
    assert_int_equal(access(path, F_OK), -1);
    control_free(NULL);
}

/* The first ones keep their places as long as they can; the rest waits in the socket's queue. */
static void more_peers_than_places_are_all_served(void **state)
{
    (void)state;
    enum { PEERS = CONTROL_CONNECTIONS_MAX + 20 };
    int fds[PEERS];
    for (int i = 0; i < PEERS; i++) {
        fds[i] = peer_open();
        run_once();
    }
    for (int i = PEERS - 1; i >= CONTROL_CONNECTIONS_MAX; i--)
        peer_say(fds[i], "{\"command\":\"echo\"}");
    for (int i = 0; i < 50; i++)
        run_once();
    assert_int_equal(handled.n, 0); /* the places are taken */
    for (int i = 0; i < CONTROL_CONNECTIONS_MAX; i++) {
        peer_say(fds[i], "{\"command\":\"echo\"}");
        assert_string_equal(peer_hear(fds[i]), "{\"result\":0,\"text\":\"here\"}");
    }
    for (int i = CONTROL_CONNECTIONS_MAX; i < PEERS; i++)
        assert_string_equal(peer_hear(fds[i]), "{\"result\":0,\"text\":\"here\"}");
    assert_int_equal(handled.n, PEERS);
}

/* ---- the socket file ---- */

static void the_socket_is_for_owner_and_group(void **state)
{
    (void)state;
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_true(S_ISSOCK(st.st_mode));
    assert_int_equal(st.st_mode & 07777, 0660);
    mode_t mask = umask(0);
    umask(mask);
    assert_int_not_equal(mask, 0117); /* the program's own mask is as it was */
}

static void a_living_socket_is_left_alone(void **state)
{
    (void)state;
    struct control *second = NULL;
    assert_int_equal(control_listen(loop, path, on_command, &handled, &second), ERR_EXISTS);
    assert_null(second);
    int fd = peer_open();
    peer_say(fd, "{\"command\":\"echo\"}");
    assert_string_equal(peer_hear(fd), "{\"result\":0,\"text\":\"here\"}");
}

/* A listener that is alive and so busy that its queue is full. Returns how many peers wait in it. */
static int open_full_listener(int *out_fd, int *peers, int max)
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

static void close_all(int listener, const int *peers, int n)
{
    for (int i = 0; i < n; i++)
        close(peers[i]);
    close(listener);
    unlink(path);
}

static void a_busy_socket_is_a_living_one(void **state)
{
    (void)state;
    int listener, peers[8];
    control_free(control);
    int n = open_full_listener(&listener, peers, 8);
    alarm(LONG_MS / 1000); /* to wait for a place in the queue would be for ever */
    assert_int_equal(control_listen(loop, path, on_command, &handled, &control), ERR_EXISTS);
    alarm(0);
    assert_int_equal(access(path, F_OK), 0);
    control = NULL;
    close_all(listener, peers, n);
}

static void a_stale_socket_is_replaced(void **state)
{
    (void)state;
    control_free(control);
    control = NULL;
    struct sockaddr_un addr = address();
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof addr), 0);
    close(fd);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(control_listen(loop, path, on_command, &handled, &control), 0);
    fd = peer_open();
    peer_say(fd, "{\"command\":\"echo\"}");
    assert_string_equal(peer_hear(fd), "{\"result\":0,\"text\":\"here\"}");
}

/* Whoever mistypes the path of the socket does not lose a file. */
static void a_file_that_is_no_socket_is_left_alone(void **state)
{
    (void)state;
    struct stat st;
    control_free(control);
    control = NULL;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, "precious", 8), 8);
    close(fd);
    assert_int_equal(control_listen(loop, path, on_command, &handled, &control), ERR_IO);
    assert_int_equal(errno, EADDRINUSE);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 8);
    control = NULL;
}

static void a_path_that_cannot_be_is_refused(void **state)
{
    (void)state;
    struct control *second = NULL;
    char below[128], longer[200];
    snprintf(below, sizeof below, "%s/missing/socket", dir);
    assert_int_equal(control_listen(loop, below, on_command, &handled, &second), ERR_IO);
    assert_int_equal(errno, ENOENT);
    memset(longer, 'x', sizeof longer);
    memcpy(longer, dir, strlen(dir));
    longer[strlen(dir)] = '/';
    longer[108] = '\0'; /* sun_path has 108 octets, with the NUL */
    cJSON *reply;
    assert_int_equal(control_listen(loop, longer, on_command, &handled, &second), ERR_INVALID);
    assert_int_equal(control_call(longer, "echo", NULL, 1000, &reply), ERR_INVALID);
    assert_int_equal(control_listen(loop, "", on_command, &handled, &second), ERR_INVALID);
    assert_int_equal(control_call("", "echo", NULL, 1000, &reply), ERR_INVALID);
    longer[107] = '\0';
    assert_int_equal(control_listen(loop, longer, on_command, &handled, &second), 0);
    control_free(second);
}

/* ---- the table of commands ---- */

static void run_count(void *user, const cJSON *arguments, struct control_request *request)
{
    unsigned *count = user;
    (*count)++;
    control_reply(request, CONTROL_SUCCESS, "counted", cJSON_Duplicate(arguments, true));
}

static void run_empty(void *user, const cJSON *arguments, struct control_request *request)
{
    (void)user, (void)arguments;
    control_reply(request, CONTROL_EMPTY, "", NULL);
}

static unsigned counted;

static void on_table_command(void *user, const char *command, const cJSON *arguments,
                             struct control_request *request)
{
    static const struct control_command table[] = {{"count", run_count}, {"empty", run_empty}};
    control_dispatch(table, COUNT(table), user, command, arguments, request);
}

static void the_table_answers_and_so_do_two_commands_of_all_programs(void **state)
{
    (void)state;
    static const struct {
        const char *request, *reply;
    } rows[] = {
        {"{\"command\":\"count\",\"arguments\":{}}", "{\"result\":0,\"text\":\"counted\",\"arguments\":{}}"},
        {"{\"command\":\"empty\"}", "{\"result\":3,\"text\":\"\"}"},
        {"{\"command\":\"list-commands\"}", "{\"result\":0,\"text\":\"\",\"arguments\":[\"count\",\"empty\","
                                            "\"list-commands\",\"version-get\"]}"},
        {"{\"command\":\"version-get\"}", "{\"result\":0,\"text\":\"" DHCPLAB_VERSION "\"}"},
        {"{\"command\":\"Count\"}", "{\"result\":2,\"text\":\"'Count' command not supported.\"}"},
        {"{\"command\":\"\"}", "{\"result\":2,\"text\":\"'' command not supported.\"}"},
    };
    control_free(control);
    assert_int_equal(control_listen(loop, path, on_table_command, &counted, &control), 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        int fd = peer_open();
        peer_say(fd, rows[i].request);
        assert_string_equal(peer_hear(fd), rows[i].reply);
    }
    assert_int_equal(counted, 1);
}

/* ---- control_call ---- */

/* One blocking call in a thread of its own. */
struct call {
    const char *command;
    cJSON *arguments;
    int timeout_ms;
    int rc;
    cJSON *reply;
    int done[2];
};

static void *call_main(void *user)
{
    struct call *c = user;
    c->rc = control_call(path, c->command, c->arguments, c->timeout_ms, &c->reply);
    close(c->done[1]); /* the loop sees it */
    return NULL;
}

static void call(struct call *c)
{
    pthread_t thread;
    assert_int_equal(pipe2(c->done, O_CLOEXEC), 0);
    assert_int_equal(pthread_create(&thread, NULL, call_main, c), 0);
    run_until_readable(c->done[0]);
    pthread_join(thread, NULL);
    close(c->done[0]);
}

static void assert_reply(const struct call *c, const char *expected)
{
    assert_int_equal(c->rc, 0);
    char *text = cJSON_PrintUnformatted(c->reply);
    assert_string_equal(text, expected);
    cJSON_free(text);
    cJSON_Delete(c->reply);
}

static void a_call_brings_the_answer(void **state)
{
    (void)state;
    struct call c = {.command = "echo", .arguments = cJSON_Parse("{\"a\":1}"), .timeout_ms = LONG_MS};
    call(&c);
    assert_reply(&c, "{\"result\":0,\"text\":\"here\",\"arguments\":{\"a\":1}}");
    assert_string_equal(handled.arguments, "{\"a\":1}"); /* borrowed: still ours to delete */
    cJSON_Delete(c.arguments);
    c = (struct call){.command = "later", .timeout_ms = LONG_MS};
    call(&c);
    assert_reply(&c, "{\"result\":0,\"text\":\"later\"}");
}

static void a_call_carries_much_both_ways(void **state)
{
    (void)state;
    char *text = calloc(1, 900000);
    assert_non_null(text);
    memset(text, 'y', 899999);
    struct call c = {.command = "echo", .arguments = cJSON_CreateObject(), .timeout_ms = LONG_MS};
    cJSON_AddStringToObject(c.arguments, "text", text);
    call(&c);
    assert_int_equal(c.rc, 0);
    const cJSON *back = cJSON_GetObjectItem(cJSON_GetObjectItem(c.reply, "arguments"), "text");
    assert_string_equal(cJSON_GetStringValue(back), text);
    cJSON_Delete(c.reply);
    cJSON_Delete(c.arguments);
    free(text);
}

static void a_call_to_nobody_finds_nobody(void **state)
{
    (void)state;
    cJSON *reply;
    control_free(control);
    control = NULL;
    assert_int_equal(control_call(path, "echo", NULL, LONG_MS, &reply), ERR_NOTFOUND);
    struct sockaddr_un addr = address();
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof addr), 0);
    assert_int_equal(control_call(path, "echo", NULL, LONG_MS, &reply), ERR_NOTFOUND); /* nobody listens */
    close(fd);
    assert_int_equal(control_call(path, "echo", NULL, LONG_MS, &reply), ERR_NOTFOUND); /* stale */
}

static void a_call_without_permission_is_denied(void **state)
{
    (void)state;
    cJSON *reply;
    assert_int_equal(chmod(path, 0), 0);
    bool is_root = geteuid() == 0; /* root may connect to everything */
    assert_int_equal(chmod(dir, 0755), 0);
    if (is_root)
        assert_int_equal(seteuid(NOBODY), 0);
    assert_int_equal(control_call(path, "echo", NULL, LONG_MS, &reply), ERR_DENIED);
    if (is_root)
        assert_int_equal(seteuid(0), 0);
}

static void a_call_that_is_not_answered_times_out(void **state)
{
    (void)state;
    cJSON *reply;
    time_ms before = io_now().boot_ms;
    assert_int_equal(control_call(path, "echo", NULL, 20, &reply), ERR_TIMEOUT); /* nobody runs the loop */
    assert_true(io_now().boot_ms >= before + 20);
    struct call c = {.command = "keep", .timeout_ms = 20};
    call(&c);
    assert_int_equal(c.rc, ERR_TIMEOUT);
    assert_non_null(handled.kept);
    control_reply(handled.kept, CONTROL_SUCCESS, "too late", NULL);
}

static void a_call_to_a_full_queue_times_out(void **state)
{
    (void)state;
    int listener, peers[8];
    cJSON *reply;
    control_free(control);
    control = NULL;
    int n = open_full_listener(&listener, peers, 8);
    alarm(LONG_MS / 1000);
    assert_int_equal(control_call(path, "echo", NULL, 20, &reply), ERR_TIMEOUT);
    alarm(0);
    close_all(listener, peers, n);
}

static void a_call_that_nobody_reads_times_out(void **state)
{
    (void)state;
    cJSON *reply, *arguments = cJSON_CreateObject();
    char *text = calloc(1, TEXT_MAX);
    assert_non_null(text);
    memset(text, 'y', TEXT_MAX - 1);
    cJSON_AddStringToObject(arguments, "text", text);
    alarm(LONG_MS / 1000);
    assert_int_equal(control_call(path, "echo", arguments, 20, &reply), ERR_TIMEOUT);
    alarm(0);
    cJSON_Delete(arguments);
    free(text);
}

/* A listener that answers the next connection with `text`, once it has heard something. */
static void answer_with(int listener, const char *text)
{
    char request[100];
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    assert_true(fd >= 0);
    assert_true(recv(fd, request, sizeof request, 0) > 0);
    peer_say(fd, text);
    close(fd);
}

static void an_answer_that_is_not_json_is_an_error(void **state)
{
    (void)state;
    static const char *const answers[] = {"", "{\"result\":0", "xyz"};
    control_free(control);
    control = NULL;
    struct sockaddr_un addr = address();
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&addr, sizeof addr), 0);
    assert_int_equal(listen(listener, 1), 0);
    for (size_t i = 0; i < COUNT(answers); i++) {
        pthread_t thread;
        struct call c = {.command = "echo", .timeout_ms = LONG_MS, .done = {-1, -1}};
        assert_int_equal(pthread_create(&thread, NULL, call_main, &c), 0);
        answer_with(listener, answers[i]);
        pthread_join(thread, NULL);
        assert_int_equal(c.rc, ERR_IO);
    }
    close(listener);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, start, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_whole_request_is_answered),
        TEST(without_arguments_there_are_none),
        TEST(service_and_remote_address_may_be_there),
        TEST(a_request_may_come_octet_by_octet),
        TEST(an_answer_may_come_later),
        TEST(a_peer_that_is_done_sending_is_answered),
        TEST(what_is_no_command_is_told_so),
        TEST(what_ends_without_being_json_is_told_so),
        TEST(a_peer_that_says_nothing_gets_nothing),
        TEST(there_is_one_command_in_a_connection),
        TEST(what_follows_the_command_does_not_break_the_connection),
        TEST(a_reply_that_a_socket_does_not_take_at_once_comes_whole),
        TEST(a_request_of_the_largest_size_is_taken_and_no_larger),
        TEST(a_peer_that_leaves_before_the_answer_is_no_error),
        TEST(a_peer_may_leave_in_the_middle_of_its_request_or_of_the_reply),
        TEST(the_end_closes_what_is_unanswered),
        TEST(more_peers_than_places_are_all_served),
        TEST(the_socket_is_for_owner_and_group),
        TEST(a_living_socket_is_left_alone),
        TEST(a_busy_socket_is_a_living_one),
        TEST(a_stale_socket_is_replaced),
        TEST(a_file_that_is_no_socket_is_left_alone),
        TEST(a_path_that_cannot_be_is_refused),
        TEST(the_table_answers_and_so_do_two_commands_of_all_programs),
        TEST(a_call_brings_the_answer),
        TEST(a_call_carries_much_both_ways),
        TEST(a_call_to_nobody_finds_nobody),
        TEST(a_call_without_permission_is_denied),
        TEST(a_call_that_is_not_answered_times_out),
        TEST(a_call_to_a_full_queue_times_out),
        TEST(a_call_that_nobody_reads_times_out),
        TEST(an_answer_that_is_not_json_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
