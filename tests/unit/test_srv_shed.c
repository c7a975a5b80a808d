#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/srv_shed.h"

/* The numbers are what was measured to be best; so they stand here once more. */
enum { CAPACITY = 4096, LONG = 768, SHORT = 384, SMALL = 1024, WHILE_MS = 1000, START = 5000000 };

static struct srv_shed state;

static int start(void **unused)
{
    (void)unused;
    state = (struct srv_shed){0};
    return 0;
}

static bool step(size_t n, time_ms now)
{
    return srv_shed_step(&state, n, CAPACITY, false, now);
}

static void a_burst_that_has_room_is_let_in(void **unused)
{
    (void)unused;
    for (time_ms now = 0; now < 2 * (time_ms)WHILE_MS; now += WHILE_MS / 10)
        for (size_t n = 0; n < CAPACITY; n++)
            assert_false(step(n, START + now));
    assert_true(step(CAPACITY, START));
}

static void when_more_are_let_in_there_are_some_left_to_serve(void **unused)
{
    (void)unused;
    for (size_t n = CAPACITY; n >= SHORT; n--)
        assert_true(step(n, START));
    assert_false(step(SHORT - 1, START));
    assert_false(step(SHORT, START));
}

static void once_full_it_is_kept_short(void **unused)
{
    (void)unused;
    step(CAPACITY, START);
    for (int i = 0; i < 3; i++) {
        assert_false(step(0, START));
        assert_false(step(LONG - 1, START));
        assert_true(step(LONG, START));
        assert_true(step(SHORT, START));
    }
}

/* It was not, if it did not get so long. */
static void it_is_kept_short_until_that_was_not_necessary_for_a_while(void **unused)
{
    (void)unused;
    step(CAPACITY, START);
    step(0, START + WHILE_MS - 1);
    assert_true(step(LONG, START + WHILE_MS - 1)); /* so the while begins anew */
    step(LONG - 1, START + 2 * WHILE_MS - 2);
    step(0, START + 2 * WHILE_MS - 2);
    assert_true(step(LONG, START + 2 * WHILE_MS - 2));
    step(0, START + 3 * WHILE_MS - 2);
    assert_false(step(LONG, START + 3 * WHILE_MS - 2));
    assert_false(step(CAPACITY - 1, START + 3 * WHILE_MS - 2));
    assert_true(step(CAPACITY, START + 3 * WHILE_MS - 2));
}

/* All wait: of each the newest message is to be there when it goes on. */
static void while_the_disk_is_waited_for_all_are_let_in(void **unused)
{
    (void)unused;
    assert_true(step(CAPACITY, START));
    assert_false(srv_shed_step(&state, CAPACITY, CAPACITY, true, START));
    assert_false(step(LONG - 1, START));
    assert_true(step(LONG, START));
    assert_false(srv_shed_step(&state, LONG, CAPACITY, true, START));
}

static void a_small_queue_lets_all_in(void **unused)
{
    (void)unused;
    assert_false(srv_shed_step(&state, SMALL - 1, SMALL - 1, false, START));
    assert_false(srv_shed_step(&state, 2 * SMALL, SMALL - 1, false, START));
    assert_true(srv_shed_step(&state, SMALL, SMALL, false, START));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, start)
    const struct CMUnitTest tests[] = {
        T(a_burst_that_has_room_is_let_in),
        T(when_more_are_let_in_there_are_some_left_to_serve),
        T(once_full_it_is_kept_short),
        T(it_is_kept_short_until_that_was_not_necessary_for_a_while),
        T(while_the_disk_is_waited_for_all_are_let_in),
        T(a_small_queue_lets_all_in),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
