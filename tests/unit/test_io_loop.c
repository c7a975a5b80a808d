/* Everything runs on the real clock, but nothing waits for an amount of time to pass: each test ends with the
 * event that it asked for. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "common/err.h"
#include "common/io_loop.h"

/* What happened, one letter an event, in order. */
static char events[64];
static struct io_loop *loop;

static void note(char event)
{
    size_t len = strlen(events);
    assert_true(len + 1 < sizeof events);
    events[len] = event;
}

static int new_loop(void **state)
{
    (void)state;
    memset(events, 0, sizeof events);
    loop = io_loop_new();
    return loop == NULL ? -1 : 0;
}

static int free_loop(void **state)
{
    (void)state;
    io_loop_free(loop);
    return 0;
}

static time_ms in_ms(time_ms wait)
{
    return io_now().boot_ms + wait;
}

static void on_note(void *user)
{
    const char *event = user;
    note(*event);
}

static void on_stop(void *user)
{
    (void)user;
    note('.');
    io_loop_stop(loop);
}

static struct io_timer *timer(io_timer_fn *fn, const void *user)
{
    void *mine;
    memcpy(&mine, &user, sizeof mine);
    struct io_timer *t = io_timer_new(loop, fn, mine);
    assert_non_null(t);
    return t;
}

static void run_until_stop(struct io_timer *stop, time_ms at_ms)
{
    io_timer_set(stop, at_ms);
    assert_int_equal(io_loop_run(loop), 0);
}

/* ---- clocks ---- */

static void both_clocks_are_read(void **state)
{
    (void)state;
    struct timespec boot, wall;
    clock_gettime(CLOCK_BOOTTIME, &boot);
    clock_gettime(CLOCK_REALTIME, &wall);
    struct clock_now now = io_now();
    assert_in_range(now.boot_ms - (int64_t)boot.tv_sec * 1000, 0, 30000);
    assert_in_range(now.wall_ms - (int64_t)wall.tv_sec * 1000, 0, 30000);
    assert_true(io_now().boot_ms >= now.boot_ms);
    assert_in_range(now.utc_offset_s + 86400, 1, 2 * 86400 - 1);
}

/* ---- timers ---- */

static void timers_fire_by_deadline_and_not_by_age(void **state)
{
    (void)state;
    struct io_timer *c = timer(on_note, "c"), *a = timer(on_note, "a"), *b = timer(on_note, "b");
    struct io_timer *stop = timer(on_stop, NULL);
    time_ms start = io_now().boot_ms;
    io_timer_set(c, start + 30);
    io_timer_set(a, start + 10);
    io_timer_set(b, start + 20);
    run_until_stop(stop, start + 40);
    assert_string_equal(events, "abc.");
    assert_true(io_now().boot_ms >= start + 40);
    io_timer_free(a);
    io_timer_free(b);
    io_timer_free(c);
    io_timer_free(stop);
}

static time_ms fired_at_ms;

static void on_time(void *user)
{
    fired_at_ms = io_now().boot_ms;
    on_stop(user);
}

static void a_timer_is_never_early(void **state)
{
    (void)state;
    struct io_timer *t = timer(on_time, NULL);
    for (time_ms wait = 1; wait <= 8; wait++) {
        time_ms at = in_ms(wait);
        run_until_stop(t, at);
        assert_true(fired_at_ms >= at);
    }
    io_timer_free(t);
}

static void a_past_deadline_fires_at_once(void **state)
{
    (void)state;
    struct io_timer *t = timer(on_stop, NULL);
    static const time_ms past[] = {1, 0, -1, INT64_MIN};
    for (size_t i = 0; i < sizeof past / sizeof past[0]; i++)
        run_until_stop(t, past[i]);
    run_until_stop(t, in_ms(0));
    run_until_stop(t, in_ms(-1000));
    assert_string_equal(events, "......");
    io_timer_free(t);
}

/* The far future is as good as never, and is no wrapped-around past. */
static void never_and_the_far_future_do_not_fire(void **state)
{
    (void)state;
    static const time_ms far[] = {TIME_NEVER, TIME_NEVER - 1, TIME_NEVER / 1000, (time_ms)1 << 53,
                                  4294967294000};
    enum { N = sizeof far / sizeof far[0] };
    struct io_timer *timers[N], *stop = timer(on_stop, NULL);
    for (size_t i = 0; i < N; i++) {
        timers[i] = timer(on_note, "x");
        io_timer_set(timers[i], (time_ms)i % 2);
        io_timer_set(timers[i], far[i]); /* replaces what was due */
    }
    run_until_stop(stop, in_ms(5));
    assert_string_equal(events, ".");
    for (size_t i = 0; i < N; i++)
        io_timer_free(timers[i]);
    io_timer_free(stop);
}

static void a_timer_fires_once(void **state)
{
    (void)state;
    struct io_timer *t = timer(on_note, "a"), *stop = timer(on_stop, NULL);
    io_timer_set(t, in_ms(1));
    run_until_stop(stop, in_ms(10));
    run_until_stop(stop, in_ms(5));
    io_timer_after(t, 0);
    run_until_stop(stop, in_ms(5));
    assert_string_equal(events, "a..a.");
    io_timer_free(t);
    io_timer_free(stop);
}

static struct io_timer *again;

static void on_again(void *user)
{
    (void)user;
    note('a');
    if (strlen(events) < 5)
        io_timer_set(again, in_ms(1));
    else
        io_loop_stop(loop);
}

static void a_timer_can_be_armed_again_from_its_own_call(void **state)
{
    (void)state;
    again = timer(on_again, NULL);
    run_until_stop(again, 1);
    assert_string_equal(events, "aaaaa");
    io_timer_free(again);
}

static void on_other(void *user)
{
    note('o');
    io_timer_set(user, TIME_NEVER);
}

static void a_timer_that_is_disarmed_in_time_stays_silent(void **state)
{
    (void)state;
    struct io_timer *b = timer(on_note, "b"), *a = timer(on_other, b), *stop = timer(on_stop, NULL);
    io_timer_set(a, 1);
    io_timer_set(b, in_ms(5));
    run_until_stop(stop, in_ms(10));
    assert_string_equal(events, "o.");
    io_timer_free(a);
    io_timer_free(b);
    io_timer_free(stop);
}

static struct io_timer *rivals[2];

static void on_rival(void *user)
{
    const char *me = user;
    note('o');
    io_timer_set(rivals[*me == '0'], TIME_NEVER);
}

/* Both are due at the same wake-up, by the kernel's clock or at once; whichever comes first disarms the
 * other. */
static void a_timer_that_is_due_can_still_be_disarmed(void **state)
{
    (void)state;
    struct io_timer *stop = timer(on_stop, NULL);
    rivals[0] = timer(on_rival, "0");
    rivals[1] = timer(on_rival, "1");
    for (time_ms at_ms = 0; at_ms < 2; at_ms++) {
        io_timer_set(rivals[0], at_ms);
        io_timer_set(rivals[1], at_ms);
        run_until_stop(stop, in_ms(2));
    }
    assert_string_equal(events, "o.o.");
    io_timer_free(rivals[0]);
    io_timer_free(rivals[1]);
    io_timer_free(stop);
}

static void what_is_put_off_fires_when_it_was_put_off_to(void **state)
{
    (void)state;
    struct io_timer *t = timer(on_time, NULL);
    for (int i = 0; i < 3; i++) {
        time_ms at = in_ms(8), far = in_ms(30000);
        io_timer_set(t, in_ms(2));
        io_timer_set(t, in_ms(5));
        run_until_stop(t, at);
        assert_true(fired_at_ms >= at);
        io_timer_set(t, far);
        run_until_stop(t, in_ms(1)); /* what is brought forward fires then */
        assert_true(fired_at_ms < far);
    }
    assert_string_equal(events, "......");
    io_timer_free(t);
}

static void at_once_and_later_replace_each_other(void **state)
{
    (void)state;
    struct io_timer *t = timer(on_note, "a"), *stop = timer(on_stop, NULL);
    io_timer_after(t, 0);
    io_timer_set(t, in_ms(20));
    run_until_stop(stop, in_ms(5));
    assert_string_equal(events, ".");
    io_timer_after(t, 0);
    run_until_stop(stop, in_ms(30));
    assert_string_equal(events, ".a.");
    io_timer_free(t);
    io_timer_free(stop);
}

static void *no_realloc(void *old, size_t size)
{
    (void)old, (void)size;
    return NULL;
}

static void without_memory_a_timer_still_fires_at_once(void **state)
{
    (void)state;
    struct io_timer *t = timer(on_stop, NULL);
    event_set_mem_functions(malloc, no_realloc, free);
    io_timer_set(t, 0);
    io_timer_set(t, 0);
    event_set_mem_functions(malloc, realloc, free);
    assert_int_equal(io_loop_run(loop), 0);
    run_until_stop(t, 0);
    assert_string_equal(events, "..");
    io_timer_free(t);
}

static void on_log(int severity, const char *text)
{
    (void)severity, (void)text;
}

static void on_nothing(void *user, int fd, int what)
{
    (void)user, (void)fd, (void)what;
}

static void what_nobody_can_wait_for_is_not_watched(void **state)
{
    (void)state;
    FILE *regular = tmpfile();
    assert_non_null(regular);
    event_set_log_callback(on_log); /* libevent would tell it, too */
    assert_null(io_watch_new(loop, fileno(regular), IO_READ, on_nothing, NULL));
    event_set_log_callback(NULL);
    fclose(regular);
}

static void on_free_itself(void *user)
{
    struct io_timer **t = user;
    note('f');
    io_timer_free(*t);
    *t = NULL;
}

static void a_timer_may_free_itself(void **state)
{
    (void)state;
    static struct io_timer *t;
    struct io_timer *stop = timer(on_stop, NULL);
    for (time_ms at_ms = 0; at_ms < 2; at_ms++) {
        t = timer(on_free_itself, &t);
        io_timer_set(t, at_ms);
        run_until_stop(stop, in_ms(2));
    }
    assert_string_equal(events, "f.f.");
    io_timer_free(stop);
}

static void nothing_can_be_freed(void **state)
{
    (void)state;
    io_timer_free(NULL);
    io_watch_free(NULL);
    io_loop_free(NULL);
}

/* ---- the loop itself ---- */

/* What is started before the loop may find that there is nothing to do. */
static void a_stop_before_the_run_counts(void **state)
{
    (void)state;
    struct io_timer *late = timer(on_stop, NULL);
    io_timer_set(late, in_ms(1000)); /* ends a failing test */
    io_loop_stop(loop);
    assert_int_equal(io_loop_run(loop), 0);
    assert_string_equal(events, "");
    io_timer_set(late, 1); /* it counts once */
    assert_int_equal(io_loop_run(loop), 0);
    assert_string_equal(events, ".");
    io_timer_free(late);
}

/* ---- watches ---- */

static int pair[2];

static int new_pair(void **state)
{
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
        return -1;
    return new_loop(state);
}

static int free_pair(void **state)
{
    close(pair[0]);
    close(pair[1]);
    return free_loop(state);
}

static struct io_watch *watch;

static struct io_watch *watch_pair(int what, io_fd_fn *fn)
{
    watch = io_watch_new(loop, pair[0], what, fn, events);
    assert_non_null(watch);
    return watch;
}

static void on_fd(void *user, int fd, int what)
{
    assert_ptr_equal(user, events);
    assert_int_equal(fd, pair[0]);
    note(what == IO_READ ? 'r' : what == IO_WRITE ? 'w' : what == (IO_READ | IO_WRITE) ? 'b' : '?');
    if (strlen(events) == 3)
        io_loop_stop(loop);
}

static void a_watch_calls_as_long_as_the_fd_is_ready(void **state)
{
    (void)state;
    assert_int_equal(write(pair[1], "x", 1), 1);
    watch_pair(IO_READ, on_fd);
    assert_int_equal(io_loop_run(loop), 0);
    assert_string_equal(events, "rrr");
    io_watch_free(watch);
}

static void a_watch_tells_what_is_ready(void **state)
{
    (void)state;
    watch_pair(IO_WRITE, on_fd);
    assert_int_equal(io_loop_run(loop), 0);
    assert_string_equal(events, "www");
    memset(events, 0, sizeof events);
    io_watch_set(watch, IO_READ | IO_WRITE);
    assert_int_equal(io_loop_run(loop), 0);
    assert_string_equal(events, "www");
    memset(events, 0, sizeof events);
    assert_int_equal(write(pair[1], "x", 1), 1);
    assert_int_equal(io_loop_run(loop), 0);
    assert_string_equal(events, "bbb");
    io_watch_free(watch);
}

static void on_fd_pause(void *user, int fd, int what)
{
    on_fd(user, fd, what);
    io_watch_set(watch, 0);
}

static void a_paused_watch_is_silent_until_it_is_set_again(void **state)
{
    (void)state;
    struct io_timer *stop = timer(on_stop, NULL);
    assert_int_equal(write(pair[1], "x", 1), 1);
    watch_pair(0, on_fd_pause);
    run_until_stop(stop, in_ms(2));
    assert_string_equal(events, ".");
    io_watch_set(watch, IO_READ);
    run_until_stop(stop, in_ms(2));
    assert_string_equal(events, ".r.");
    io_watch_set(watch, IO_READ);
    io_watch_set(watch, IO_READ);
    io_watch_set(watch, IO_WRITE);
    run_until_stop(stop, in_ms(2));
    assert_string_equal(events, ".r.w.");
    io_watch_free(watch);
    io_timer_free(stop);
}

static void on_fd_free(void *user, int fd, int what)
{
    on_fd(user, fd, what);
    io_watch_free(watch);
}

static void a_watch_may_free_itself_and_leaves_the_fd_open(void **state)
{
    (void)state;
    struct io_timer *stop = timer(on_stop, NULL);
    assert_int_equal(write(pair[1], "x", 1), 1);
    watch_pair(IO_READ, on_fd_free);
    run_until_stop(stop, in_ms(2));
    assert_string_equal(events, "r.");
    assert_true(fcntl(pair[0], F_GETFD) >= 0);
    io_timer_free(stop);
}

static void a_peer_that_hangs_up_is_ready_to_be_read(void **state)
{
    (void)state;
    watch_pair(IO_READ, on_fd);
    shutdown(pair[1], SHUT_RDWR);
    assert_int_equal(io_loop_run(loop), 0);
    assert_string_equal(events, "rrr");
    io_watch_free(watch);
}

static void on_again_at_once(void *user)
{
    int *times = user;
    if (++*times == 1000) /* ends a failing test */
        io_loop_stop(loop);
    io_timer_after(again, 0);
}

static void who_wants_to_go_on_at_once_lets_others_in(void **state)
{
    (void)state;
    int times = 0;
    again = timer(on_again_at_once, &times);
    io_timer_after(again, 0);
    assert_int_equal(write(pair[1], "x", 1), 1);
    watch_pair(IO_READ, on_fd);
    assert_int_equal(io_loop_run(loop), 0);
    assert_string_equal(events, "rrr");
    assert_in_range(times, 1, 4);
    io_watch_free(watch);
    io_timer_free(again);
}

/* ---- signals ---- */

static int signal_seen;

static void on_signal(void *user, int signal)
{
    assert_ptr_equal(user, events);
    signal_seen = signal;
    note('s');
    io_loop_stop(loop);
}

static void a_signal_is_told_from_the_loop(void **state)
{
    (void)state;
    assert_int_equal(io_signal_add(loop, SIGUSR1, on_signal, events), 0);
    assert_int_equal(io_signal_add(loop, SIGUSR2, on_signal, events), 0);
    raise(SIGUSR2);
    assert_string_equal(events, ""); /* not from the handler */
    assert_int_equal(io_loop_run(loop), 0);
    assert_int_equal(signal_seen, SIGUSR2);
    raise(SIGUSR1);
    assert_int_equal(io_loop_run(loop), 0);
    assert_int_equal(signal_seen, SIGUSR1);
    assert_string_equal(events, "ss");
}

static void a_freed_loop_leaves_the_signals_as_they_were(void **state)
{
    (void)state;
    struct sigaction before, after;
    sigaction(SIGUSR1, NULL, &before);
    assert_int_equal(io_signal_add(loop, SIGUSR1, on_signal, events), 0);
    io_loop_free(loop);
    sigaction(SIGUSR1, NULL, &after);
    assert_ptr_equal(after.sa_handler, before.sa_handler);
    loop = NULL;
}

#define TEST(function)      cmocka_unit_test_setup_teardown(function, new_loop, free_loop)
#define TEST_PAIR(function) cmocka_unit_test_setup_teardown(function, new_pair, free_pair)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_clocks_are_read),
        TEST(timers_fire_by_deadline_and_not_by_age),
        TEST(a_timer_is_never_early),
        TEST(a_past_deadline_fires_at_once),
        TEST(never_and_the_far_future_do_not_fire),
        TEST(a_timer_fires_once),
        TEST(a_timer_can_be_armed_again_from_its_own_call),
        TEST(a_timer_that_is_disarmed_in_time_stays_silent),
        TEST(a_timer_that_is_due_can_still_be_disarmed),
        TEST(what_is_put_off_fires_when_it_was_put_off_to),
        TEST(at_once_and_later_replace_each_other),
        TEST(without_memory_a_timer_still_fires_at_once),
        TEST(what_nobody_can_wait_for_is_not_watched),
        TEST(a_timer_may_free_itself),
        cmocka_unit_test(nothing_can_be_freed),
        TEST(a_stop_before_the_run_counts),
        TEST_PAIR(a_watch_calls_as_long_as_the_fd_is_ready),
        TEST_PAIR(a_watch_tells_what_is_ready),
        TEST_PAIR(a_paused_watch_is_silent_until_it_is_set_again),
        TEST_PAIR(a_watch_may_free_itself_and_leaves_the_fd_open),
        TEST_PAIR(a_peer_that_hangs_up_is_ready_to_be_read),
        TEST_PAIR(who_wants_to_go_on_at_once_lets_others_in),
        TEST(a_signal_is_told_from_the_loop),
        TEST(a_freed_loop_leaves_the_signals_as_they_were),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
