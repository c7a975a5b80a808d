/* What is picked from the log of a host's program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "lab/hostlog.h"

static const char text[] = "08:57:57.100 server   warning         DIR/server.json:3:5: at $.x: ignored\n"
                           "08:57:57.200 server   info            serving\n"
                           "08:57:57.300 server   warning         DIR/server.json:4:5: at $.y: ignored\n"
                           "08:57:57.405 server   lease-new       new lease of 10.77.0.100 for 1 h\n"
                           "08:57:57.406 server   > eth0  ACK       10.77.0.1:67 > 10.77.0.100:68\n"
                           "    yiaddr 10.77.0.100\n"
                           "     53 dhcp-message-type             1  ACK\n";

static void test_last_word(void **state)
{
    (void)state;
    char line[128];
    hostlog_last(text, line, sizeof line);
    assert_string_equal(line, "08:57:57.405 server   lease-new       new lease of 10.77.0.100 for 1 h");
    hostlog_last("dhcplab-server: x.c:3: step: Assertion `a' failed.", line, sizeof line);
    assert_string_equal(line, "dhcplab-server: x.c:3: step: Assertion `a' failed.");
    hostlog_last("", line, sizeof line);
    assert_string_equal(line, "");
    hostlog_last(text, line, 9);
    assert_string_equal(line, "08:57:57");
}

static void test_warnings(void **state)
{
    (void)state;
    char line[128];
    const char *at = text;
    assert_true(hostlog_next_warning(&at, line, sizeof line));
    assert_string_equal(line, "DIR/server.json:3:5: at $.x: ignored");
    assert_true(hostlog_next_warning(&at, line, sizeof line));
    assert_string_equal(line, "DIR/server.json:4:5: at $.y: ignored");
    assert_false(hostlog_next_warning(&at, line, sizeof line));
}

static void test_places_are_those_of_the_topology_file(void **state)
{
    (void)state;
    char dir[] = "/tmp/test_lab_hostlog.XXXXXX", path[64];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/h.log", dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "%s/h.json:1: a\n%s/h.json:2: b\n", dir, dir);
    fclose(file);
    char *log = hostlog_read(dir, "h", "lab.json");
    assert_string_equal(log, "lab.json:1: a\nlab.json:2: b\n");
    free(log);
    log = hostlog_read(dir, "h", NULL);
    assert_memory_equal(log, dir, sizeof dir - 1);
    free(log);
    assert_null(hostlog_read(dir, "x", NULL));
    unlink(path);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_last_word),
        cmocka_unit_test(test_warnings),
        cmocka_unit_test(test_places_are_those_of_the_topology_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
