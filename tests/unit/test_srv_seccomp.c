/* The filter cannot be taken off again, so each try is a child process of its own. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "server/srv_seccomp.h"

enum { SKIPPED = 77 };

/* Runs `what` under the filter; returns its wait status, and what it wrote to standard error. */
static int run(void (*what)(void), char *said, size_t cap)
{
    int fds[2], status;
    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        dup2(fds[1], STDERR_FILENO);
        if (srv_seccomp_start() < 0)
            _exit(SKIPPED);
        what();
        _exit(0);
    }
    close(fds[1]);
    size_t len = 0;
    for (ssize_t n; len < cap - 1 && (n = read(fds[0], said + len, cap - 1 - len)) > 0;)
        len += (size_t)n;
    said[len] = '\0';
    close(fds[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED)
        skip(); /* this kernel has no such filters */
    return status;
}

static void expect_end(void (*what)(void))
{
    char said[512];
    int status = run(what, said, sizeof said);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSYS);
    assert_non_null(strstr(said, "dhcplab-server: error: system call "));
    assert_non_null(strstr(said, "--no-seccomp"));
}

static void expect_fine(void (*what)(void))
{
    char said[512];
    assert_int_equal(run(what, said, sizeof said), 0);
    assert_string_equal(said, "");
}

static void execute(void)
{
    char *const argv[] = {(char[]){"true"}, NULL};
    execv("/bin/true", argv);
}

static void make_process(void)
{
    fork();
}

static void map_code(void)
{
    (void)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void make_ipv6_socket(void)
{
    close(socket(AF_INET6, SOCK_STREAM, 0));
}

static void kill_init(void)
{
    kill(1, 0);
}

static void test_what_a_server_never_does_ends_it(void **state)
{
    (void)state;
    expect_end(execute);
    expect_end(make_process);
    expect_end(map_code);
    expect_end(make_ipv6_socket);
    expect_end(kill_init);
}

static int here;

static void *nothing(void *user)
{
    (void)user;
    return &here;
}

static void make_thread(void)
{
    pthread_t thread;
    void *result = NULL;
    if (pthread_create(&thread, NULL, nothing, NULL) != 0 || pthread_join(thread, &result) != 0 ||
        result != &here)
        _exit(1);
}

static void allocate(void)
{
    for (size_t size = 1; size < (size_t)64 << 20; size *= 2) {
        char *memory = malloc(size);
        if (memory == NULL)
            _exit(1);
        memset(memory, 1, size);
        free(memory);
    }
}

static void make_socket(void)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        _exit(1);
    close(fd);
}

static void test_what_a_server_does_goes_on(void **state)
{
    (void)state;
    expect_fine(make_thread);
    expect_fine(allocate);
    expect_fine(make_socket);
}

static void fail_our_own_way(void)
{
    abort();
}

/* A failed assert is still what it was. */
static void test_abort_is_abort(void **state)
{
    (void)state;
    char said[512];
    int status = run(fail_our_own_way, said, sizeof said);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_a_server_never_does_ends_it),
        cmocka_unit_test(test_what_a_server_does_goes_on),
        cmocka_unit_test(test_abort_is_abort),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
