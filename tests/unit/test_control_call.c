/* A program that calls another over its control socket. */
#include "tests/unit/test_control.h"

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
