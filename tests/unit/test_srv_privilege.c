/* Privileges do not come back, so each try is a child process of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/err.h"
#include "server/srv_privilege.h"

enum { NOBODY = 65534, RAW_AND_PORTS = 1 << 13 | 1 << 10 };

static unsigned long long status_field(const char *name)
{
    char line[256];
    unsigned long long value = 0;
    FILE *file = fopen("/proc/self/status", "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, name, strlen(name)) == 0)
            value = strtoull(line + strlen(name), NULL, strncmp(name, "Cap", 3) == 0 ? 16 : 10);
    if (file != NULL)
        fclose(file);
    return value;
}

/* The exit code of a child that runs `what`. */
static int run(int (*what)(void))
{
    int status;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(what());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* 0, or the number of the first expectation that does not hold. */
static int check_kept(unsigned long long had)
{
    const bool holds[] = {status_field("CapEff:") == (had & RAW_AND_PORTS),
                          status_field("CapPrm:") == (had & RAW_AND_PORTS), status_field("CapInh:") == 0,
                          status_field("NoNewPrivs:") == 1};
    for (int i = 0; i < (int)(sizeof holds / sizeof holds[0]); i++)
        if (!holds[i])
            return i + 1;
    return 0;
}

static int drop_as_we_are(void)
{
    unsigned long long had = status_field("CapPrm:");
    return srv_privilege_drop(NULL) < 0 ? 100 : check_kept(had);
}

static int drop_to_nobody(void)
{
    const struct srv_user nobody = {.uid = NOBODY, .gid = NOBODY};
    unsigned long long had = status_field("CapPrm:");
    if (srv_privilege_drop(&nobody) < 0)
        return 100;
    if (getuid() != NOBODY || geteuid() != NOBODY || getgid() != NOBODY || getegid() != NOBODY)
        return 101;
    return setuid(0) == 0 ? 102 : check_kept(had);
}

/* An ordinary user becomes nobody else. */
static int drop_twice(void)
{
    const struct srv_user nobody = {.uid = NOBODY, .gid = NOBODY}, other = {.uid = 1, .gid = 1};
    return srv_privilege_drop(&nobody) == 0 && srv_privilege_drop(&other) == ERR_DENIED ? 0 : 1;
}

static void test_capabilities_that_are_not_used_go(void **state)
{
    (void)state;
    assert_int_equal(run(drop_as_we_are), 0);
}

static void test_another_user_keeps_what_is_used(void **state)
{
    (void)state;
    if (getuid() != 0)
        skip();
    assert_int_equal(run(drop_to_nobody), 0);
    assert_int_equal(run(drop_twice), 0);
}

static void test_users_and_groups_by_name(void **state)
{
    (void)state;
    struct srv_user user = {.uid = 1234};
    assert_int_equal(srv_privilege_find_user("root", &user), 0);
    assert_int_equal(user.uid, 0);
    assert_int_equal(user.gid, 0);
    assert_int_equal(srv_privilege_find_user("nobody:root", &user), 0);
    assert_int_equal(user.uid, NOBODY);
    assert_int_equal(user.gid, 0);
    const char *const wrong[] = {
        "", ":", "root:", ":root", "root:no-such-group", "no-such-user", "no-such-user:root"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(srv_privilege_find_user(wrong[i], &user), ERR_NOTFOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_capabilities_that_are_not_used_go),
        cmocka_unit_test(test_another_user_keeps_what_is_used),
        cmocka_unit_test(test_users_and_groups_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
