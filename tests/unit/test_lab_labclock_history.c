/* What the kernel stamped, by the clock that the lab had then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/io_clock.h"
#include "lab/labclock.h"
#include "lab/labclock_history.h"

#define S  INT64_C(1000000) /* a second in microseconds */
#define NS INT64_C(1000)    /* a microsecond in nanoseconds */

enum { NEAR_NS = 3000000 /* the clock on the wall is kept right meanwhile */ };

static char dir[] = "/tmp/test_labclock.XXXXXX";
static int64_t begun_us;

static int64_t wall_ns_at(int64_t boot_us)
{
    return boot_us * NS + io_wall_ahead_ns();
}

static void assert_ahead(struct labclock_history *h, int64_t boot_us, int64_t expected_us)
{
    int64_t wall_ns = wall_ns_at(boot_us), ahead_ns = labclock_history_time_ns(h, wall_ns) - wall_ns;
    assert_in_range(ahead_ns - expected_us * NS + NEAR_NS, 0, 2 * NEAR_NS);
}

static void write_line(int64_t boot_us, int64_t ahead_us, uint64_t scale)
{
    assert_int_equal(labclock_write(dir, &(struct clock_line){boot_us, boot_us + ahead_us, scale}), 0);
}

static void each_moment_has_the_line_of_its_time(void **state)
{
    (void)state;
    struct labclock_history h;
    write_line(0, 0, CLOCK_SCALE_ONE);
    assert_true(labclock_history_open(&h, dir));
    assert_ahead(&h, begun_us, 0);
    write_line(begun_us + 10 * S, 1800 * S, CLOCK_SCALE_ONE); /* half an hour at once */
    write_line(begun_us + 20 * S, 3600 * S, 60 * CLOCK_SCALE_ONE);
    assert_ahead(&h, begun_us + 9 * S, 0);
    assert_ahead(&h, begun_us + 11 * S, 1800 * S);
    assert_ahead(&h, begun_us + 19 * S, 1800 * S);
    assert_ahead(&h, begun_us + 30 * S, (3600 + 590) * S);
    write_line(begun_us + 40 * S, 4780 * S, 0); /* and stands */
    assert_ahead(&h, begun_us + 41 * S, 4779 * S);
    assert_ahead(&h, begun_us + 11 * S, 1800 * S);
    int64_t wall_ns = wall_ns_at(begun_us), last_ns = 0;
    for (int64_t at_ns = 0; at_ns < 50 * S * NS; at_ns += 9999991) {
        int64_t time_ns = labclock_history_time_ns(&h, wall_ns + at_ns);
        assert_true(time_ns >= last_ns);
        last_ns = time_ns;
    }
    labclock_history_close(&h);
}

static void more_lines_than_there_was_room_for(void **state)
{
    (void)state;
    struct labclock_history h;
    for (int i = 1; i <= 100; i++)
        write_line(begun_us + (100 + i) * S, i * 60 * S, CLOCK_SCALE_ONE);
    assert_true(labclock_history_open(&h, dir));
    for (int i = 1; i <= 100; i++)
        assert_ahead(&h, begun_us + (100 + i) * S + S / 2, i * 60 * S);
    labclock_history_close(&h);
}

/* More than the file has room for, before it is opened and while it is. */
static void the_file_does_not_grow_for_ever(void **state)
{
    (void)state;
    enum { LINES = 20000, OPEN_AT = 17000 };
    struct labclock_history h;
    struct stat st;
    char path[LABCLOCK_PATH_MAX];
    off_t largest = 0;
    labclock_path(dir, path);
    for (int i = 1; i <= LINES; i++) {
        write_line(begun_us + (1000 + i) * S, i * 60 * S, CLOCK_SCALE_ONE);
        assert_int_equal(stat(path, &st), 0);
        largest = st.st_size > largest ? st.st_size : largest;
        if (i == OPEN_AT)
            assert_true(labclock_history_open(&h, dir));
        if (i > OPEN_AT)
            assert_ahead(&h, begun_us + (1000 + i) * S - S / 2, (i - 1) * 60 * S);
    }
    assert_in_range(largest, LABCLOCK_FILE_MAX - 2 * CLOCK_LINE_MAX, LABCLOCK_FILE_MAX);
    for (int i = LINES - 5000; i <= LINES; i++)
        assert_ahead(&h, begun_us + (1000 + i) * S + S / 2, i * 60 * S);
    labclock_history_close(&h);
}

static void a_lab_without_the_file_has_no_history(void **state)
{
    (void)state;
    struct labclock_history h;
    assert_false(labclock_history_open(&h, "/nonexistent"));
    labclock_history_close(&h);
}

static int make_dir(void **state)
{
    (void)state;
    begun_us = io_real_us();
    return mkdtemp(dir) == NULL ? -1 : 0;
}

static int remove_dir(void **state)
{
    (void)state;
    char path[LABCLOCK_PATH_MAX];
    labclock_path(dir, path);
    return unlink(path) < 0 ? -1 : rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_moment_has_the_line_of_its_time),
        cmocka_unit_test(more_lines_than_there_was_room_for),
        cmocka_unit_test(the_file_does_not_grow_for_ever),
        cmocka_unit_test(a_lab_without_the_file_has_no_history),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
