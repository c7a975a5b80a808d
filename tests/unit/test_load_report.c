#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lab/load_report.h"

static struct load_settings settings = {
    .clients = 10, .window = 4, .mix = {[LOAD_DORA] = 1}, .drop_us = 500000};
static struct load_stats stats;

/* Three DORAs in two seconds; a fourth DISCOVER was lost. */
static int setup(void **state)
{
    (void)state;
    stats = (struct load_stats){.begun_us = 1000000, .ended_us = 3000000, .done_in_time = 3};
    stats.done[LOAD_DORA] = 3;
    struct load_count *discover = &stats.exchanges[LOAD_DISCOVER_OFFER];
    struct load_count *request = &stats.exchanges[LOAD_REQUEST_ACK];
    *discover = (struct load_count){.sent = 4, .received = 3, .drops = 1, .orphans = 5};
    *request = (struct load_count){.sent = 3, .received = 3, .duplicates = 2};
    for (uint64_t us = 100; us <= 120; us += 10)
        load_hdr_add(&discover->delay, us);
    return 0;
}

static void test_the_text_has_the_lines_of_perfdhcp(void **state)
{
    (void)state;
    struct text t;
    text_init(&t);
    load_report_text(&t, &settings, &stats);
    char *text = text_take(&t);
    assert_non_null(text);
    assert_non_null(strstr(text, "Rate: 1.5 exchanges/second, window: 4\n"));
    assert_non_null(strstr(text, "***Statistics for: DISCOVER-OFFER***\n"
                                 "sent packets: 4\n"
                                 "received packets: 3\n"
                                 "drops: 1\n"
                                 "drops ratio: 25.000 %\n"
                                 "orphans: 5\n"
                                 "rejected leases: 0\n"
                                 "non unique addresses: 0\n"
                                 "\n"
                                 "min delay: 0.100 ms\n"
                                 "avg delay: 0.110 ms\n"
                                 "max delay: 0.120 ms\n"
                                 "p50 delay: 0.110 ms\n"
                                 "p90 delay: 0.120 ms\n"));
    assert_null(strstr(text, "RENEW-ACK")); /* none was sent */
    assert_null(strstr(text, "rejected: "));
    free(text);
}

static void test_a_fault_is_named(void **state)
{
    (void)state;
    stats.faults[LOAD_FAULT_NOT_IN_POOL] = 7;
    struct text t;
    text_init(&t);
    load_report_text(&t, &settings, &stats);
    char *text = text_take(&t);
    assert_non_null(strstr(text, "rejected: with an address outside the pools: 7\n"));
    free(text);
}

static double number(const cJSON *map, const char *key)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(map, key);
    assert_true(cJSON_IsNumber(value));
    return value->valuedouble;
}

static void test_json_has_the_same(void **state)
{
    (void)state;
    cJSON *map = load_report_json(&settings, &stats);
    const cJSON *exchanges = cJSON_GetObjectItemCaseSensitive(map, "exchanges");
    const cJSON *discover = cJSON_GetObjectItemCaseSensitive(exchanges, "discover-offer");
    const cJSON *delay = cJSON_GetObjectItemCaseSensitive(discover, "delay");
    assert_true(number(map, "rate") == 1.5);
    assert_true(number(map, "duration_s") == 2);
    assert_true(number(discover, "sent") == 4);
    assert_true(number(discover, "drops") == 1);
    assert_true(number(delay, "p99_9_ms") == 0.12);
    assert_true(number(cJSON_GetObjectItemCaseSensitive(exchanges, "request-ack"), "non_unique") == 2);
    assert_true(cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(map, "ok")));
    cJSON_Delete(map);
}

static void test_progress_tells_the_rate_since_the_last_line(void **state)
{
    (void)state;
    const struct load_progress before = {.at_us = 2000000, .done = 1};
    struct load_progress now = load_report_state(&stats, 2500000);
    struct text t;
    text_init(&t);
    load_report_progress(&t, &before, &now, 2);
    char *line = text_take(&t);
    assert_string_equal(line, "completed: 3, 4/s; under way: 2; dropped or rejected: 1");
    free(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_the_text_has_the_lines_of_perfdhcp, setup),
        cmocka_unit_test_setup(test_a_fault_is_named, setup),
        cmocka_unit_test_setup(test_json_has_the_same, setup),
        cmocka_unit_test_setup(test_progress_tells_the_rate_since_the_last_line, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
