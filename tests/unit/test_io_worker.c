/* A real thread; nothing waits for an amount of time to pass. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/io_worker.h"

/* The work waits for an octet, or goes on at once; then it counts itself. */
struct job {
    int gate; /* -1: there is none */
    int n;
};

static void work(void *user)
{
    struct job *job = user;
    char octet;
    if (job->gate >= 0)
        (void)!read(job->gate, &octet, 1);
    job->n++;
}

static bool is_readable(const struct io_worker *w, int wait_ms)
{
    struct pollfd p = {.fd = io_worker_fd(w), .events = POLLIN};
    return poll(&p, 1, wait_ms) == 1;
}

static void each_start_is_done_once_and_seen_after_its_end(void **state)
{
    (void)state;
    enum { TIMES = 1000 };
    struct job job = {.gate = -1};
    struct io_worker *w = io_worker_new(work, &job);
    assert_non_null(w);
    for (int i = 1; i <= TIMES; i++) {
        io_worker_start(w);
        io_worker_finish(w);
        assert_int_equal(job.n, i);
    }
    io_worker_free(w);
    assert_int_equal(job.n, TIMES);
}

static void the_loop_is_told_of_the_end(void **state)
{
    (void)state;
    int gate[2];
    assert_int_equal(pipe(gate), 0);
    struct job job = {.gate = gate[0]};
    struct io_worker *w = io_worker_new(work, &job);
    assert_non_null(w);
    io_worker_start(w);
    assert_false(is_readable(w, 0));
    assert_false(io_worker_is_done(w));
    assert_int_equal(write(gate[1], "x", 1), 1);
    assert_true(is_readable(w, -1));
    assert_true(io_worker_is_done(w));
    io_worker_finish(w);
    assert_false(is_readable(w, 0));
    assert_false(io_worker_is_done(w));
    io_worker_free(w);
    close(gate[0]);
    close(gate[1]);
}

static void what_is_under_way_ends_before_the_worker_does(void **state)
{
    (void)state;
    struct job job = {.gate = -1};
    struct io_worker *w = io_worker_new(work, &job);
    assert_non_null(w);
    io_worker_start(w);
    io_worker_free(w);
    assert_int_equal(job.n, 1);
    io_worker_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_start_is_done_once_and_seen_after_its_end),
        cmocka_unit_test(the_loop_is_told_of_the_end),
        cmocka_unit_test(what_is_under_way_ends_before_the_worker_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
