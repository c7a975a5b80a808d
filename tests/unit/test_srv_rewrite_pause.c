#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/srv_rewrite_pause.h"

static void nothing_has_failed_at_the_start(void **state)
{
    (void)state;
    struct srv_rewrite_pause p = {0};
    assert_true(srv_rewrite_pause_is_over(&p, 0));
    assert_false(srv_rewrite_pause_on_end(&p, true, 5000));
    assert_true(srv_rewrite_pause_is_over(&p, 5000));
}

static void after_a_failure_there_is_a_minute_of_pause(void **state)
{
    (void)state;
    struct srv_rewrite_pause p = {0};
    for (time_ms at = 5000; at < 300000; at += 60000) {
        srv_rewrite_pause_on_end(&p, false, at);
        assert_false(srv_rewrite_pause_is_over(&p, at));
        assert_false(srv_rewrite_pause_is_over(&p, at + 59999));
        assert_true(srv_rewrite_pause_is_over(&p, at + 60000));
    }
}

static void of_failures_one_after_the_other_the_first_is_news(void **state)
{
    (void)state;
    struct srv_rewrite_pause p = {0};
    assert_true(srv_rewrite_pause_on_end(&p, false, 5000));
    assert_false(srv_rewrite_pause_on_end(&p, false, 65000));
    assert_false(srv_rewrite_pause_on_end(&p, true, 125000));
    assert_true(srv_rewrite_pause_on_end(&p, false, 185000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_has_failed_at_the_start),
        cmocka_unit_test(after_a_failure_there_is_a_minute_of_pause),
        cmocka_unit_test(of_failures_one_after_the_other_the_first_is_news),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
