/* Runs of the hook script: their order, their number, and what is left of one that fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/cli_hook.h"

static char folder[] = "/tmp/test_cli_hook.XXXXXX";
static char script[64], output[64], trace_file[64];
static const struct cli_lease lease = {.addr = 0x0a00000a, .prefix_len = 24};
static const struct cli_ack no_ack;
static const struct cli_hook_link link_up = {.has_carrier = true, .mtu = 1400};

static void write_script(const char *body)
{
    FILE *file = fopen(script, "w");
    assert_non_null(file);
    fprintf(file, "#!/bin/sh\n%s\n", body);
    fclose(file);
    assert_int_equal(chmod(script, 0700), 0);
}

static const char *read_file(const char *path)
{
    static char text[65536];
    FILE *file = fopen(path, "r");
    text[0] = '\0';
    if (file == NULL)
        return text;
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static unsigned count(const char *text, const char *part)
{
    unsigned n = 0;
    for (; (text = strstr(text, part)) != NULL; text++)
        n++;
    return n;
}

/* Runs the script `n` times, BOUND with the lease and STOP without in turn, and waits for the last one. */
static void run(unsigned n, time_ms limit_ms)
{
    struct io_trace trace;
    struct io_loop *loop = io_loop_new();
    unlink(output);
    unlink(trace_file);
    assert_int_equal(io_trace_open(&trace, "h1", trace_file, IO_TRACE_ERRORS), 0);
    struct cli_hook *h = cli_hook_new(loop, script, limit_ms, "eth0", &trace);
    assert_non_null(h);
    for (unsigned i = 0; i < n; i++)
        cli_hook_run(h, i % 2 ? CLI_HOOK_STOP : CLI_HOOK_BOUND, &link_up, i % 2 ? NULL : &lease, &no_ack);
    cli_hook_free(h);
    io_trace_close(&trace);
    io_loop_free(loop);
}

static void variables_of_the_lease_and_of_the_one_before(void **state)
{
    (void)state;
    char body[200];
    snprintf(body, sizeof body,
             "echo \"$reason $interface $if_up $ifcarrier $ifmtu <$new_ip_address> <$old_ip_address>\" >> %s",
             output);
    write_script(body);
    run(3, 10000);
    assert_string_equal(read_file(output), "BOUND eth0 true up 1400 <10.0.0.10> <>\n"
                                           "STOP eth0 false up 1400 <> <10.0.0.10>\n"
                                           "BOUND eth0 true up 1400 <10.0.0.10> <>\n");
    assert_string_equal(read_file(trace_file), "");
}

static void runs_that_wait_have_a_limit(void **state)
{
    (void)state;
    char body[200];
    snprintf(body, sizeof body, "echo \"$reason\" >> %s", output);
    write_script(body);
    run(CLI_HOOK_QUEUE_MAX, 10000);
    assert_int_equal(count(read_file(output), "\n"), CLI_HOOK_QUEUE_MAX);
    assert_string_equal(read_file(trace_file), "");
    run(CLI_HOOK_QUEUE_MAX + 2, 10000);
    assert_int_equal(count(read_file(output), "\n"), CLI_HOOK_QUEUE_MAX);
    assert_int_equal(count(read_file(trace_file), "too many of its runs are waiting"), 2);
}

static void failure_is_told_and_the_next_one_runs(void **state)
{
    (void)state;
    char body[200];
    snprintf(body, sizeof body, "echo \"$reason\" >> %s; exit 3", output);
    write_script(body);
    run(2, 10000);
    assert_string_equal(read_file(output), "BOUND\nSTOP\n");
    assert_int_equal(count(read_file(trace_file), "exit code 3"), 2);
}

static void one_that_hangs_is_killed_with_its_children(void **state)
{
    (void)state;
    write_script("sleep 600 & sleep 600");
    run(1, 50);
    assert_int_equal(count(read_file(trace_file), "takes longer than 50 ms: killed"), 1);
    assert_int_equal(count(read_file(trace_file), "ended by signal 9"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variables_of_the_lease_and_of_the_one_before),
        cmocka_unit_test(runs_that_wait_have_a_limit),
        cmocka_unit_test(failure_is_told_and_the_next_one_runs),
        cmocka_unit_test(one_that_hangs_is_killed_with_its_children),
    };
    if (mkdtemp(folder) == NULL)
        return EXIT_FAILURE;
    snprintf(script, sizeof script, "%s/hook", folder);
    snprintf(output, sizeof output, "%s/output", folder);
    snprintf(trace_file, sizeof trace_file, "%s/trace", folder);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(script);
    unlink(output);
    unlink(trace_file);
    rmdir(folder);
    return failed;
}
