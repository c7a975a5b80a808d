/* The lease file of a crowd: a line for each member. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/cli_crowd_store.h"
#include "client/cli_crowd_table.h"
#include "common/err.h"

static const struct hw_addr own = {.type = 1, .len = 6, .bytes = {2, 0, 0, 0, 0, 2}};
static const struct clock_now now = {.boot_ms = 5000, .wall_ms = 1767225605000};
#define PATTERN "/tmp/test_cli_crowd_store.XXXXXX"
static char path[sizeof PATTERN];
static int fd = -1;

static int open_file(void **state)
{
    (void)state;
    strcpy(path, PATTERN);
    close(mkstemp(path));
    return cli_crowd_store_open(path, &fd);
}

static int close_file(void **state)
{
    (void)state;
    close(fd);
    return unlink(path);
}

static struct cli_lease lease_of(uint32_t member)
{
    struct cli_profile profile = {0};
    struct cli_lease lease = {.addr = 0x0a4d0000 + member,
                              .prefix_len = 16,
                              .server_id = 0x0a4d0001,
                              .lease_s = 3600,
                              .requested_ms = 1000,
                              .acked_ms = 2000};
    cli_lease_set_timers(&profile, NULL, NULL, &lease);
    return lease;
}

static void put(uint32_t member)
{
    struct cli_lease lease = lease_of(member);
    struct hw_addr hw = cli_crowd_hw(&own, member);
    assert_int_equal(cli_crowd_store_put(fd, member, &lease, &hw, &now), 0);
}

static bool get(uint32_t member, struct cli_lease *out)
{
    struct cli_profile profile = {0};
    struct hw_addr hw = cli_crowd_hw(&own, member);
    return cli_crowd_store_get(fd, member, &(struct cli_saved_reader){&profile, &hw, &now}, out);
}

static void test_what_is_put_is_got(void **state)
{
    struct cli_lease lease;
    (void)state;
    assert_false(get(0, &lease)); /* the file is empty */
    put(3);
    put(1);
    assert_true(get(3, &lease));
    assert_int_equal(lease.addr, 0x0a4d0003);
    assert_int_equal(lease.requested_ms, 1000);
    assert_int_equal(lease.expires_at_ms, 1000 + 3600000);
    assert_true(get(1, &lease));
    assert_int_equal(lease.addr, 0x0a4d0001);
    assert_false(get(0, &lease)); /* between */
    assert_false(get(2, &lease));
    assert_false(get(4, &lease)); /* behind the end */
}

static void test_what_is_cleared_is_gone(void **state)
{
    struct cli_lease lease;
    (void)state;
    put(0);
    put(1);
    assert_int_equal(cli_crowd_store_clear(fd, 0), 0);
    assert_false(get(0, &lease));
    assert_true(get(1, &lease));
}

static void test_the_lease_of_another_is_none(void **state)
{
    struct cli_lease lease = lease_of(5);
    struct hw_addr other = cli_crowd_hw(&own, 6);
    (void)state;
    assert_int_equal(cli_crowd_store_put(fd, 5, &lease, &other, &now), 0);
    assert_false(get(5, &lease));
}

static void test_a_line_that_was_cut_is_none(void **state)
{
    struct cli_lease lease;
    (void)state;
    put(0);
    for (int len = CLI_CROWD_LINE_LEN - 1; len >= 0; len -= 31) {
        assert_int_equal(ftruncate(fd, len), 0);
        assert_false(get(0, &lease));
    }
}

static void test_each_line_has_its_length(void **state)
{
    char line[CLI_CROWD_LINE_LEN];
    (void)state;
    put(0);
    put(1);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pread(fd, line, sizeof line, (off_t)i * CLI_CROWD_LINE_LEN), sizeof line);
        assert_ptr_equal(memchr(line, '\n', sizeof line), line + sizeof line - 1);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_file, close_file)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_what_is_put_is_got),           TEST(test_what_is_cleared_is_gone),
        TEST(test_the_lease_of_another_is_none), TEST(test_a_line_that_was_cut_is_none),
        TEST(test_each_line_has_its_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
