/* Where a lab keeps its state: who holds it, what is found again, and what is removed. In a folder of the
 * test's own, with real files and locks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/err.h"
#include "lab/rundir.h"

static char base[] = "/tmp/test_lab_rundir.XXXXXX";

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(base) == NULL || setenv("DHCPLAB_RUN", base, 1) < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    return rmdir(base); /* fails if a test has left something */
}

static enum rundir_life life_of(const char *name)
{
    struct rundir_list list;
    enum rundir_life life = RUNDIR_STARTING;
    assert_int_equal(rundir_list_read(&list), 0);
    assert_int_equal(list.n, 1);
    assert_string_equal(list.entries[0].name, name);
    life = list.entries[0].life;
    rundir_list_free(&list);
    return life;
}

static void test_a_name_is_held_by_one_lab(void **state)
{
    (void)state;
    char dir[LAB_PATH_MAX], other[LAB_PATH_MAX];
    int lock, second;
    assert_int_equal(rundir_claim("pair", dir, &lock), 0);
    assert_true(rundir_is_held(dir));
    assert_int_equal(rundir_claim("pair", other, &second), ERR_EXISTS);
    assert_int_equal(life_of("pair"), RUNDIR_STARTING);
    assert_int_equal(rundir_read_pid(dir), 0);
    assert_int_equal(rundir_set_pid(lock, 4711), 0);
    assert_int_equal(rundir_read_pid(dir), 4711);
    close(lock);
    assert_false(rundir_is_held(dir));
    assert_int_equal(life_of("pair"), RUNDIR_DEAD);
    rundir_remove(dir);
    assert_int_equal(access(dir, F_OK), -1);
}

static void test_a_child_holds_the_lock_too(void **state)
{
    (void)state;
    char dir[LAB_PATH_MAX], byte;
    int lock, end[2];
    assert_int_equal(pipe(end), 0);
    assert_int_equal(rundir_claim("pair", dir, &lock), 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(end[1]);
        _exit(read(end[0], &byte, 1) == 0 ? 0 : 1); /* until the parent closes its end */
    }
    close(end[0]);
    close(lock);
    assert_true(rundir_is_held(dir));
    close(end[1]);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_false(rundir_is_held(dir));
    rundir_remove(dir);
}

static void make_file(const char *dir, const char *name)
{
    char path[2 * LAB_PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
}

static void test_what_a_dead_lab_left_is_removed_and_nothing_else(void **state)
{
    (void)state;
    char dir[LAB_PATH_MAX], path[2 * LAB_PATH_MAX], outside[] = "/tmp/test_lab_outside.XXXXXX";
    int lock;
    assert_non_null(mkdtemp(outside));
    make_file(outside, "kept");
    assert_int_equal(rundir_claim("pair", dir, &lock), 0);
    make_file(dir, "lab.json");
    snprintf(path, sizeof path, "%s/sub", dir);
    assert_int_equal(mkdir(path, 0700), 0);
    make_file(path, "file");
    snprintf(path, sizeof path, "%s/sub/link", dir);
    assert_int_equal(symlink(outside, path), 0);
    close(lock);

    assert_int_equal(rundir_claim("pair", dir, &lock), 0);
    snprintf(path, sizeof path, "%s/sub", dir);
    assert_int_equal(access(path, F_OK), -1);
    snprintf(path, sizeof path, "%s/lab.json", dir);
    assert_int_equal(access(path, F_OK), -1);
    snprintf(path, sizeof path, "%s/kept", outside);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(outside), 0);
    rundir_remove(dir);
    close(lock);
}

static const char state_text[] =
    "{\"name\": \"pair\", \"dir\": \"/d\", \"trace\": \"/d/trace.ndjson\", \"pid\": 12, \"hosts\": ["
    "{\"name\": \"server\", \"role\": \"server\", \"pid\": 13, \"ended\": \"\", \"control\": "
    "\"/d/server.sock\", \"net_fd\": "
    "5,"
    " \"mnt_fd\": 6, \"uts_fd\": 7, \"root_fd\": 8},"
    "{\"name\": \"x\", \"role\": \"plain\", \"pid\": 0, \"ended\": \"stopped\", \"control\": \"\", "
    "\"net_fd\": 8, \"mnt_fd\": 9, "
    "\"uts_fd\": 10, \"root_fd\": 11}]}";

static void test_the_state_is_found_again(void **state)
{
    (void)state;
    char dir[LAB_PATH_MAX], other[LAB_PATH_MAX];
    int lock, second;
    static struct lab_state lab;
    assert_int_equal(rundir_load(NULL, &lab), ERR_NOTFOUND);
    assert_int_equal(rundir_claim("pair", dir, &lock), 0);
    assert_int_equal(rundir_load(NULL, &lab), ERR_NOTFOUND); /* just starting */
    assert_int_equal(rundir_write(dir, "lab.json", state_text), 0);
    assert_int_equal(rundir_load(NULL, &lab), 0);
    assert_int_equal(rundir_load("pair", &lab), 0);
    assert_int_equal(rundir_load("lan", &lab), ERR_NOTFOUND);
    assert_string_equal(lab.name, "pair");
    assert_int_equal(lab.pid, 12);
    assert_int_equal(lab.n_hosts, 2);
    const struct lab_host_state *server = rundir_find(&lab, "server");
    assert_non_null(server);
    assert_int_equal(server->role, LAB_SERVER);
    assert_int_equal(server->pid, 13);
    assert_string_equal(server->control, "/d/server.sock");
    assert_string_equal(server->ended, "");
    assert_string_equal(rundir_find(&lab, "x")->ended, LAB_ENDED_IN_ORDER);
    assert_int_equal(rundir_find(&lab, "x")->root_fd, 11);
    assert_int_equal(rundir_find(&lab, "x")->uts_fd, 10);
    assert_null(rundir_find(&lab, "h1"));

    assert_int_equal(rundir_claim("second", other, &second), 0);
    assert_int_equal(rundir_write(other, "lab.json", state_text), 0);
    assert_int_equal(rundir_load(NULL, &lab), ERR_EXISTS);
    close(second);
    assert_int_equal(rundir_load(NULL, &lab), 0); /* the second is dead */
    rundir_remove(other);
    rundir_remove(dir);
    close(lock);
}

static void test_a_state_that_is_none(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "{}", "[]", "{\"name\": 1}",
        "{\"name\": \"p\", \"dir\": \"/d\", \"trace\": \"/t\", \"pid\": 1, \"hosts\": [1]}"};
    static struct lab_state lab;
    char dir[LAB_PATH_MAX];
    int lock;
    assert_int_equal(rundir_claim("pair", dir, &lock), 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(rundir_write(dir, "lab.json", rows[i]), 0);
        assert_int_equal(rundir_load("pair", &lab), ERR_IO);
    }
    rundir_remove(dir);
    close(lock);
}

static void test_why_a_lab_failed_is_kept_until_the_next(void **state)
{
    (void)state;
    char dir[LAB_PATH_MAX];
    int lock;
    assert_int_equal(rundir_claim("pair", dir, &lock), 0);
    assert_int_equal(rundir_write_failed(dir, "{\"name\": \"pair\", \"reason\": \"because\"}"), 0);
    rundir_remove(dir);
    close(lock);
    assert_int_equal(life_of("pair"), RUNDIR_FAILED);
    assert_int_equal(rundir_claim("pair", dir, &lock), 0);
    assert_int_equal(life_of("pair"), RUNDIR_STARTING);
    rundir_remove(dir);
    close(lock);
}

static void test_paths_fit_a_socket(void **state)
{
    (void)state;
    char long_base[256] = "/tmp/", dir[LAB_PATH_MAX];
    int lock;
    memset(long_base + 5, 'x', 150);
    setenv("DHCPLAB_RUN", long_base, 1);
    assert_int_equal(rundir_claim("pair", dir, &lock), ERR_LIMIT);
    setenv("DHCPLAB_RUN", base, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_name_is_held_by_one_lab),
        cmocka_unit_test(test_a_child_holds_the_lock_too),
        cmocka_unit_test(test_what_a_dead_lab_left_is_removed_and_nothing_else),
        cmocka_unit_test(test_the_state_is_found_again),
        cmocka_unit_test(test_a_state_that_is_none),
        cmocka_unit_test(test_why_a_lab_failed_is_kept_until_the_next),
        cmocka_unit_test(test_paths_fit_a_socket),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
