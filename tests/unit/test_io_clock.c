/* The program's clock beside the machine's. Nothing waits for an amount of time to pass: lines that stand,
 * jump or fly show in a moment what is to be shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/err.h"
#include "common/io_clock.h"
#include "common/io_loop.h"

enum { HOUR_MS = 3600000 };

static char path[] = "/tmp/test_io_clock.XXXXXX";

static unsigned n_interruptions;

/* In the place of the C library's: so often the program has to wait before it sees the clock on the wall. */
int clock_gettime(clockid_t clock_id, struct timespec *tp)
{
    enum { WAIT_US = 5000 };
    if (clock_id == CLOCK_REALTIME && n_interruptions > 0) {
        n_interruptions--;
        usleep(WAIT_US);
    }
    return (int)syscall(SYS_clock_gettime, clock_id, tp);
}

static int64_t boot_us(void)
{
    return io_real_ms() * 1000;
}

static void put(const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static void follow(int64_t lab_ms, uint64_t scale)
{
    char buf[CLOCK_LINE_MAX];
    put(clock_line_format(&(struct clock_line){boot_us(), lab_ms * 1000, scale}, buf));
    assert_int_equal(io_clock_follow(path), 0);
}

/* First: the process keeps its clock from test to test. */
static void without_a_file_the_clock_is_the_machines(void **state)
{
    (void)state;
    time_ms before = io_real_ms(), shown = io_now().boot_ms;
    assert_in_range(shown, before, io_real_ms());
    assert_int_equal(io_clock_line().scale, CLOCK_SCALE_ONE);
    assert_int_equal(io_clock_wait_ms(TIME_NEVER), TIME_NEVER);
    assert_int_equal(io_clock_wait_ms(before), 0);
    time_ms left_ms = io_clock_wait_ms(io_real_ms() + HOUR_MS);
    assert_in_range(left_ms, HOUR_MS - 30000, HOUR_MS);
    assert_int_equal(io_clock_reload(), ERR_INVALID);
    assert_string_equal(io_clock_why(ERR_INVALID), "there is no clock to follow but the machine's");
}

static void who_has_to_wait_between_two_looks_sees_no_step(void **state)
{
    (void)state;
    struct clock_now before = io_now();
    n_interruptions = 3;
    struct clock_now now = io_now();
    assert_int_equal(n_interruptions, 0);
    time_ms moved_ms = now.wall_ms - now.boot_ms - (before.wall_ms - before.boot_ms);
    assert_in_range(moved_ms + 1, 0, 2); /* as the machine's clock may be kept right */
}

static void what_is_no_clock_is_not_followed(void **state)
{
    (void)state;
    put("{}");
    assert_int_equal(io_clock_follow(path), ERR_CONFIG);
    assert_int_equal(io_clock_follow("/nonexistent/clock"), ERR_NOTFOUND);
    assert_int_equal(io_clock_reload(), ERR_INVALID);
}

static void the_wall_clock_is_as_far_ahead(void **state)
{
    (void)state;
    struct clock_now real = io_now();
    follow(real.boot_ms + HOUR_MS, 0);
    struct clock_now lab = io_now();
    assert_int_equal(lab.boot_ms, real.boot_ms + HOUR_MS);
    assert_in_range(lab.wall_ms - real.wall_ms, HOUR_MS - 2, HOUR_MS + 2);
    assert_int_equal(io_now().boot_ms, lab.boot_ms); /* it stands */
    assert_int_equal(io_clock_wait_ms(lab.boot_ms), 0);
    assert_int_equal(io_clock_wait_ms(lab.boot_ms + 1), TIME_NEVER);
}

static void a_line_is_read_again_and_time_never_goes_back(void **state)
{
    (void)state;
    char buf[CLOCK_LINE_MAX];
    time_ms shown = io_now().boot_ms;
    struct clock_line back = {boot_us(), (shown - 10) * 1000, 0};
    put(clock_line_format(&back, buf));
    assert_int_equal(io_now().boot_ms, shown);
    assert_int_equal(io_clock_reload(), 0);
    assert_int_equal(io_now().boot_ms, shown);
    assert_int_equal(io_clock_line().lab_us, back.lab_us);
    put("gone");
    assert_int_equal(io_clock_reload(), ERR_CONFIG);
    assert_int_equal(io_clock_line().lab_us, back.lab_us);
}

static void what_is_left_counts_by_the_machines_clock(void **state)
{
    (void)state;
    time_ms now = io_now().boot_ms;
    follow(now, 60 * CLOCK_SCALE_ONE);
    assert_in_range(io_clock_wait_ms(now + HOUR_MS), 30000, 60000);
    follow(io_now().boot_ms, CLOCK_SCALE_ONE / 2);
    assert_in_range(io_clock_wait_ms(io_now().boot_ms + HOUR_MS), 2 * HOUR_MS - 60000, 2 * HOUR_MS);
}

/* ---- timers ---- */

struct fired {
    struct io_loop *loop;
    time_ms at; /* by the program's clock; 0: it has not */
};

static void on_timer(void *user)
{
    struct fired *f = user;
    f->at = io_now().boot_ms;
    io_loop_stop(f->loop);
}

static void on_limit(void *user)
{
    io_loop_stop(user);
}

static void a_timer_comes_by_the_programs_clock(void **state)
{
    (void)state;
    struct fired f = {.loop = io_loop_new()};
    assert_non_null(f.loop);
    struct io_timer *t = io_timer_new(f.loop, on_timer, &f), *limit = io_timer_new(f.loop, on_limit, f.loop);

    follow(io_now().boot_ms, CLOCK_SCALE_MAX); /* an hour takes 42 ms */
    time_ms at = io_now().boot_ms + HOUR_MS;
    io_clock_arm(t, at);
    assert_int_equal(io_loop_run(f.loop), 0);
    assert_true(f.at >= at);

    follow(io_now().boot_ms, 0);
    f.at = 0;
    io_clock_arm(t, io_now().boot_ms + 1); /* it stands before that */
    io_timer_after(limit, 20);
    assert_int_equal(io_loop_run(f.loop), 0);
    assert_int_equal(f.at, 0);

    at = io_now().boot_ms + HOUR_MS;
    follow(at, 0); /* a jump, and to be armed again */
    io_clock_arm(t, at);
    assert_int_equal(io_loop_run(f.loop), 0);
    assert_int_equal(f.at, at);

    f.at = 0;
    io_clock_arm(t, at);
    io_clock_arm(t, TIME_NEVER);
    io_timer_after(limit, 0);
    assert_int_equal(io_loop_run(f.loop), 0);
    assert_int_equal(f.at, 0);
    io_timer_free(t);
    io_timer_free(limit);
    io_loop_free(f.loop);
}

/* What the line has not reached yet, but the program has shown, is past. */
static void a_clock_that_ran_ahead_fires_what_it_has_shown(void **state)
{
    (void)state;
    char buf[CLOCK_LINE_MAX];
    struct fired f = {.loop = io_loop_new()};
    assert_non_null(f.loop);
    struct io_timer *t = io_timer_new(f.loop, on_timer, &f);
    time_ms shown = io_now().boot_ms;
    put(clock_line_format(&(struct clock_line){boot_us(), (shown - 10) * 1000, 0}, buf));
    assert_int_equal(io_clock_reload(), 0);
    io_clock_arm(t, shown);
    assert_int_equal(io_loop_run(f.loop), 0);
    assert_int_equal(f.at, shown);
    assert_int_equal(io_clock_wait_ms(shown), 0);
    io_timer_free(t);
    io_loop_free(f.loop);
}

static int make_file(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_file_the_clock_is_the_machines),
        cmocka_unit_test(who_has_to_wait_between_two_looks_sees_no_step),
        cmocka_unit_test(what_is_no_clock_is_not_followed),
        cmocka_unit_test(the_wall_clock_is_as_far_ahead),
        cmocka_unit_test(a_line_is_read_again_and_time_never_goes_back),
        cmocka_unit_test(what_is_left_counts_by_the_machines_clock),
        cmocka_unit_test(a_timer_comes_by_the_programs_clock),
        cmocka_unit_test(a_clock_that_ran_ahead_fires_what_it_has_shown),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
