/* The control socket: requests, peers that leave, the socket file, the table of commands. */
#include "tests/unit/test_control.h"

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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
