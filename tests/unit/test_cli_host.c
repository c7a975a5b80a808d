/* The resolver's file and the machine's name, with a name of our own. Exits with 77 where no namespace may be
 * made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/cli_host.h"

enum { EXIT_SKIPPED = 77 };

static const struct cli_lease lease = {.dns = {0x0a000001}, .n_dns = 1};
static char path[] = "/tmp/test_cli_host.XXXXXX";
static char why[CLI_HOST_WHY_MAX];

static void write_file(const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* NULL: there is no such file. */
static const char *read_file(void)
{
    static char text[1024];
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return NULL;
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static const char *host_name(void)
{
    static char name[256];
    assert_int_equal(gethostname(name, sizeof name), 0);
    return name;
}

#define OURS CLI_RESOLV_MARK " for eth0\nnameserver 10.0.0.1\n"

static int setup(void **state)
{
    assert_int_equal(sethostname("before", 6), 0);
    *state = cli_host_new(path, true, "eth0");
    return *state == NULL;
}

static int teardown(void **state)
{
    cli_host_free(*state);
    return 0;
}

static void file_is_put_back_as_it_was(void **state)
{
    struct cli_settings settings = {.n_routes = 0};
    write_file("nameserver 192.0.2.1\n");
    assert_int_equal(cli_host_set(*state, &lease, &settings, why), 0);
    assert_string_equal(read_file(), OURS);
    assert_int_equal(cli_host_set(*state, &lease, &settings, why), 0); /* a renewal */
    assert_int_equal(cli_host_clear(*state, why), 0);
    assert_string_equal(read_file(), "nameserver 192.0.2.1\n");
    assert_int_equal(cli_host_clear(*state, why), 0);
}

static void file_that_was_not_there_is_gone_again(void **state)
{
    struct cli_settings settings = {.n_routes = 0};
    unlink(path);
    assert_int_equal(cli_host_set(*state, &lease, &settings, why), 0);
    assert_string_equal(read_file(), OURS);
    assert_int_equal(cli_host_clear(*state, why), 0);
    assert_null(read_file());
}

static void what_a_killed_client_left_is_not_put_back(void **state)
{
    struct cli_settings settings = {.n_routes = 0};
    write_file(OURS);
    assert_int_equal(cli_host_set(*state, &lease, &settings, why), 0);
    assert_int_equal(cli_host_clear(*state, why), 0);
    assert_string_equal(read_file(), "");
}

static void renewal_without_name_servers_puts_the_file_back(void **state)
{
    struct cli_settings settings = {.n_routes = 0};
    struct cli_lease nothing = {.n_dns = 0};
    write_file("old\n");
    assert_int_equal(cli_host_set(*state, &lease, &settings, why), 0);
    assert_int_equal(cli_host_set(*state, &nothing, &settings, why), 0);
    assert_string_equal(read_file(), "old\n");
}

static void name_is_set_and_set_back(void **state)
{
    struct cli_settings settings = {.hostname = "h1"};
    assert_int_equal(cli_host_set(*state, &lease, &settings, why), 0);
    assert_string_equal(host_name(), "h1");
    strcpy(settings.hostname, "h2");
    assert_int_equal(cli_host_set(*state, &lease, &settings, why), 0);
    assert_string_equal(host_name(), "h2");
    assert_int_equal(cli_host_clear(*state, why), 0);
    assert_string_equal(host_name(), "before");
}

static void nothing_is_touched_unasked(void **state)
{
    (void)state;
    struct cli_settings settings = {.hostname = "h1"};
    struct cli_host *h = cli_host_new(NULL, false, "eth0");
    write_file("old\n");
    assert_int_equal(cli_host_set(h, &lease, &settings, why), 0);
    assert_string_equal(read_file(), "old\n");
    assert_string_equal(host_name(), "before");
    assert_int_equal(cli_host_clear(h, why), 0);
    cli_host_free(h);
}

static void failure_is_told_and_the_rest_is_done(void **state)
{
    (void)state;
    struct cli_settings settings = {.hostname = "h1"};
    struct cli_host *h = cli_host_new("/nowhere/resolv.conf", true, "eth0");
    assert_true(cli_host_set(h, &lease, &settings, why) < 0);
    assert_string_equal(why, "writing /nowhere/resolv.conf failed: No such file or directory");
    assert_string_equal(host_name(), "h1");
    assert_int_equal(cli_host_clear(h, why), 0);
    assert_string_equal(host_name(), "before");
    cli_host_free(h);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    if (unshare(CLONE_NEWUTS) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWUTS) < 0) {
        fprintf(stderr, "skipped: no namespace may be made here: %s\n", strerror(errno));
        return EXIT_SKIPPED;
    }
    const struct CMUnitTest tests[] = {
        TEST(file_is_put_back_as_it_was),
        TEST(file_that_was_not_there_is_gone_again),
        TEST(what_a_killed_client_left_is_not_put_back),
        TEST(renewal_without_name_servers_puts_the_file_back),
        TEST(name_is_set_and_set_back),
        TEST(nothing_is_touched_unasked),
        TEST(failure_is_told_and_the_rest_is_done),
    };
    close(mkstemp(path));
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
