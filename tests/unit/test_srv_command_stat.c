/* The commands about statistics. */
#include "tests/unit/test_srv_command.h"

static void test_statistics(void **state)
{
    (void)state;
    srv_engine_count_drops(engine, REASON_SERVICE_DISABLED, 1);
    expect("statistic-get", "{\"name\": \"pkt4-service-disabled\"}", CONTROL_SUCCESS, "",
           "{\"pkt4-service-disabled\":[[1,\"2026-11-21 08:00:00.000000\"]]}");
    expect("statistic-get", "{\"name\": \"nonsense\"}", CONTROL_SUCCESS, "", "{}");
    expect("statistic-get", NULL, CONTROL_ERROR, "Missing mandatory 'name' parameter.", "");
    expect("statistic-get", "{\"name\": 5}", CONTROL_ERROR, "'name' parameter expected to be a string.", "");
    expect("statistic-reset", "{\"name\": \"pkt4-service-disabled\"}", CONTROL_SUCCESS,
           "Statistic 'pkt4-service-disabled' reset.", "");
    expect("statistic-get", "{\"name\": \"pkt4-service-disabled\"}", CONTROL_SUCCESS, "",
           "{\"pkt4-service-disabled\":[[0,\"2026-11-21 08:00:00.000000\"]]}");
    expect("statistic-reset", "{\"name\": \"nonsense\"}", CONTROL_ERROR, "No 'nonsense' statistic found", "");
    expect("statistic-reset-all", NULL, CONTROL_SUCCESS, "All statistics reset to neutral values.", "");
    run("lease4-add", ADD_10);
    expect("statistic-get", "{\"name\": \"subnet[1].assigned-addresses\"}", CONTROL_SUCCESS, "",
           "{\"subnet[1].assigned-addresses\":[[1,\"2026-11-21 08:00:00.000000\"],"
           "[0,\"2026-11-21 08:00:00.000000\"]]}");
    run("statistic-get-all", NULL);
    assert_non_null(answer("pkt4-received"));
    assert_non_null(answer("subnet[7].total-addresses"));
}

static void drop_at(int second)
{
    now.wall_ms = 1795248000000 + (time_ms)second * 1000;
    srv_engine_count_drops(engine, REASON_SERVICE_DISABLED, 1);
    run("statistic-get", "{\"name\": \"pkt4-service-disabled\"}");
}

static void expect_samples(const char *json)
{
    expect("statistic-get", "{\"name\": \"pkt4-service-disabled\"}", CONTROL_SUCCESS, "", json);
}

#define OF_DROPS "{\"pkt4-service-disabled\":"

static void test_samples_are_limited_by_number_or_by_age(void **state)
{
    (void)state;
    run("statistic-get-all", NULL);
    assert_int_equal(cJSON_GetArraySize(answer("pkt4-service-disabled")), 1);
    for (int i = 1; i <= 30; i++)
        drop_at(i);
    assert_int_equal(cJSON_GetArraySize(answer("pkt4-service-disabled")), 20); /* the default */
    expect("statistic-sample-count-set", "{\"name\": \"pkt4-service-disabled\", \"max-samples\": 2}",
           CONTROL_SUCCESS, "Statistic 'pkt4-service-disabled' count limit is set.", "");
    expect_samples(OF_DROPS "[[30,\"2026-11-21 08:00:30.000000\"],[29,\"2026-11-21 08:00:29.000000\"]]}");
    drop_at(31);
    expect_samples(OF_DROPS "[[31,\"2026-11-21 08:00:31.000000\"],[30,\"2026-11-21 08:00:30.000000\"]]}");
    expect("statistic-sample-age-set-all", "{\"duration\": 3}", CONTROL_SUCCESS,
           "All statistics duration limit are set.", "");
    for (int i = 32; i <= 40; i++)
        drop_at(i);
    assert_int_equal(cJSON_GetArraySize(answer("pkt4-service-disabled")), 4); /* 37..40 s */
    drop_at(60);
    expect_samples(OF_DROPS "[[41,\"2026-11-21 08:01:00.000000\"]]}");
    expect("statistic-sample-count-set-all", "{\"max-samples\": 1}", CONTROL_SUCCESS,
           "All statistics count limit are set.", "");
    drop_at(61);
    expect_samples(OF_DROPS "[[42,\"2026-11-21 08:01:01.000000\"]]}");
}

static void test_there_is_a_limit_that_no_command_lifts(void **state)
{
    (void)state;
    run("statistic-sample-count-set-all", "{\"max-samples\": 4000000000}");
    for (int i = 1; i <= SRV_SERIES_MAX + 100; i++)
        drop_at(i);
    assert_int_equal(cJSON_GetArraySize(answer("pkt4-service-disabled")), SRV_SERIES_MAX);
}

static void test_a_removed_statistic_comes_back_when_it_changes(void **state)
{
    (void)state;
    drop_at(1);
    expect("statistic-remove", "{\"name\": \"pkt4-service-disabled\"}", CONTROL_SUCCESS,
           "Statistic 'pkt4-service-disabled' removed.", "");
    expect_samples("{}");
    expect("statistic-remove", "{\"name\": \"pkt4-service-disabled\"}", CONTROL_ERROR,
           "No 'pkt4-service-disabled' statistic found", "");
    drop_at(2);
    expect_samples(OF_DROPS "[[1,\"2026-11-21 08:00:02.000000\"]]}");
    expect("statistic-remove-all", NULL, CONTROL_SUCCESS,
           "Warning: statistic-remove-all command is deprecated. All statistics removed.", "");
    expect("statistic-get-all", NULL, CONTROL_SUCCESS, "", "{}");
}

static void test_what_samples_need(void **state)
{
    static const struct {
        const char *command, *arguments, *says;
    } rows[] = {
        {"statistic-sample-age-set", "{\"duration\": 3}", "Missing mandatory 'name' parameter."},
        {"statistic-sample-age-set", "{\"name\": \"pkt4-sent\"}", "Missing mandatory 'duration' parameter."},
        {"statistic-sample-age-set", "{\"name\": \"x\", \"duration\": 3}", "No 'x' statistic found"},
        {"statistic-sample-age-set-all", "{}", "Missing mandatory 'duration' parameter."},
        {"statistic-sample-count-set", "{\"max-samples\": 3}", "Missing mandatory 'name' parameter."},
        {"statistic-sample-count-set", "{\"name\": \"pkt4-sent\"}",
         "Missing mandatory 'max-samples' parameter."},
        {"statistic-sample-count-set-all", "{\"max-samples\": \"x\"}",
         "'max-samples' parameter must be an integer from 1 to 4294967295"},
        {"stat-lease4-get", "{\"subnet-range\": {\"first-subnet-id\": 5}}",
         "'last-subnet-id' parameter missing or not an integer"},
        {"stat-lease4-get", "{\"subnet-range\": {\"first-subnet-id\": 5, \"last-subnet-id\": 3}}",
         "'last-subnet-id' must be greater than 'first-subnet-id'"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect(rows[i].command, rows[i].arguments, CONTROL_ERROR, rows[i].says, "");
}

static void test_stat_lease4_get(void **state)
{
    (void)state;
    run("lease4-add", ADD_10);
    expect("stat-lease4-get", "{\"subnet-id\": 1}", CONTROL_SUCCESS,
           "stat-lease4-get[subnet-id=1]: 1 rows found",
           "{\"result-set\":{\"columns\":[\"subnet-id\",\"total-addresses\","
           "\"cumulative-assigned-addresses\",\"assigned-addresses\",\"declined-addresses\"],"
           "\"rows\":[[1,10,0,1,0]],\"timestamp\":\"2026-11-21 08:00:00.000000\"}}");
    run("stat-lease4-get", NULL);
    assert_string_equal(reply.text, "stat-lease4-get[all subnets]: 2 rows found");
    run("stat-lease4-get", "{\"subnet-range\": {\"first-subnet-id\": 1, \"last-subnet-id\": 7}}");
    assert_string_equal(reply.text, "stat-lease4-get[subnets 1 through 7]: 2 rows found");
    expect("stat-lease4-get", "{\"subnet-id\": 9}", CONTROL_EMPTY,
           "stat-lease4-get[subnet-id=9]: no matching data, subnet-id: 9 does not exist", "{}");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_statistics),
        TEST(test_samples_are_limited_by_number_or_by_age),
        TEST(test_there_is_a_limit_that_no_command_lifts),
        TEST(test_a_removed_statistic_comes_back_when_it_changes),
        TEST(test_what_samples_need),
        TEST(test_stat_lease4_get),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
