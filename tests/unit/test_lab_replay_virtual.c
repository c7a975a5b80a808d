/* The trace of a run, given again to the servers: the same comes out, and what is changed in the trace shows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/err.h"
#include "lab/replay_virtual.h"
#include "lab/scenario_run.h"

static struct scenario scenario;
static struct replay_virtual v;
static cJSON *events;

static void keep(void *user, cJSON *event)
{
    (void)user;
    cJSON_AddItemToArray(events, event);
}

static int run(void)
{
    struct scenario_outcome outcome;
    struct scenario_setting setting = {.seed = 1, .trace = keep};
    events = cJSON_CreateArray();
    int rc = scenario_run(&scenario, &setting, &outcome);
    scenario_outcome_fini(&outcome);
    return rc < 0 ? rc : replay_virtual_init(&v, &scenario);
}

static int set_up(void **state)
{
    char error[JCFG_TEXT_MAX];
    (void)state;
    return scenario_load(&scenario, "config/scenarios/teaching.json", error) < 0 ? -1 : run();
}

/* A lease; the server starts again while its offer of another one stands, and then without its lease file. */
static int set_up_restarts(void **state)
{
    static const char text[] =
        "{ \"topology\": { \"hosts\": {"
        "    \"server\": { \"server\": { \"Dhcp4\": { \"interfaces-config\": { \"interfaces\": [\"eth0\"] },"
        "      \"valid-lifetime\": 3600, \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.77.0.0/24\","
        "      \"pools\": [ { \"pool\": \"10.77.0.100 - 10.77.0.199\" } ] } ] } } },"
        "    \"h1\": { \"client\": { \"start-delay-ms\": [0, 0], \"address-conflict-detection\": false } },"
        "    \"h2\": { \"client\": { \"start-delay-ms\": [0, 0], \"address-conflict-detection\": false,"
        "      \"collect-offers-ms\": 5000 } }, \"h3\": { \"client\": { \"start-delay-ms\": [0, 0],"
        "      \"address-conflict-detection\": false } } },"
        "  \"links\": [ { \"type\": \"bridge\", \"ends\": [ { \"host\": \"server\", \"address\": "
        "\"10.77.0.1/24\" }, { \"host\": \"h1\" }, { \"host\": \"h2\" }, { \"host\": \"h3\" } ] } ] },"
        "  \"duration\": \"1 h\", \"off\": [ \"h2\", \"h3\" ], \"unchecked\": [ \"lease-known\", \"bound\" ],"
        "  \"steps\": [ { \"at\": \"10 s\", \"do\": \"start\", \"host\": \"h2\" },"
        "    { \"at\": \"12 s\", \"do\": \"crash\", \"host\": \"server\" },"
        "    { \"at\": \"13 s\", \"do\": \"start\", \"host\": \"server\" },"
        "    { \"at\": \"14 s\", \"do\": \"start\", \"host\": \"h3\" },"
        "    { \"at\": \"1 min\", \"do\": \"renew\", \"host\": \"h1\" },"
        "    { \"at\": \"2 min\", \"do\": \"crash\", \"host\": \"server\" },"
        "    { \"at\": \"2 min\", \"do\": \"forget-leases\", \"host\": \"server\" },"
        "    { \"at\": \"3 min\", \"do\": \"start\", \"host\": \"server\" },"
        "    { \"at\": \"4 min\", \"do\": \"renew\", \"host\": \"h1\" } ] }";
    char error[JCFG_TEXT_MAX];
    (void)state;
    return scenario_parse(&scenario, "restarts.json", text, sizeof text - 1, error) < 0 ? -1 : run();
}

static int tear_down(void **state)
{
    (void)state;
    cJSON_Delete(events);
    replay_virtual_fini(&v);
    scenario_fini(&scenario);
    return 0;
}

static void replay(void)
{
    while (cJSON_GetArraySize(events) > 0)
        assert_int_equal(replay_virtual_add(&v, cJSON_DetachItemFromArray(events, 0)), 0);
    assert_int_equal(replay_virtual_compare(&v), 0);
}

static const char *text_of(const cJSON *event, const char *key)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(event, key));
    return text == NULL ? "" : text;
}

/* The place of the first message of the type that the server sent or heard. */
static int find_message(const char *direction, const char *type)
{
    int place = 0;
    const cJSON *event;
    cJSON_ArrayForEach(event, events)
    {
        if (strcmp(text_of(event, "node"), "server") == 0 &&
            strcmp(text_of(event, "direction"), direction) == 0 && strcmp(text_of(event, "type"), type) == 0)
            return place;
        place++;
    }
    fail();
    return -1;
}

/* Discover, request, release, again, ...: as the scenario says, with the renewals at T1. */
static void test_the_same_comes_out(void **state)
{
    (void)state;
    replay();
    assert_int_equal(v.n_unlike, 0);
    assert_int_equal(v.n_heard, 12);
    assert_int_equal(v.n_answers, 10);
    assert_int_equal(v.n_left_out, 0);
    assert_true(v.n_decisions > 20);
    assert_true(v.span_ms > 5400000);
    assert_int_equal(v.then.n, v.now.n);
}

static void test_another_answer_shows(void **state)
{
    (void)state;
    cJSON *offer = cJSON_GetArrayItem(events, find_message("tx", "OFFER"));
    cJSON_ReplaceItemInObjectCaseSensitive(offer, "yiaddr", cJSON_CreateString("10.77.0.199"));
    replay();
    assert_int_equal(v.n_unlike, 1);
    assert_non_null(strstr(v.unlike[0].then->text, "\"yiaddr\":\"10.77.0.199\""));
    assert_non_null(strstr(v.unlike[0].now->text, "\"yiaddr\":\"10.77.0.100\""));
    assert_int_equal(v.unlike[0].at_ms, 0);
}

static void test_a_missing_answer_shows(void **state)
{
    (void)state;
    cJSON_DeleteItemFromArray(events, find_message("tx", "ACK"));
    replay();
    assert_int_equal(v.n_unlike, 1);
    assert_null(v.unlike[0].then);
    assert_non_null(strstr(v.unlike[0].now->text, "\"type\":\"ACK\""));
}

static void test_a_message_that_is_not_whole_is_left_out(void **state)
{
    (void)state;
    cJSON *discover = cJSON_GetArrayItem(events, find_message("rx", "DISCOVER"));
    cJSON_ReplaceItemInObjectCaseSensitive(discover, "hlen", cJSON_CreateNull());
    replay();
    assert_int_equal(v.n_left_out, 1);
    assert_true(v.n_unlike > 1); /* its answer, and what was decided */
}

static void test_a_server_starts_again_with_its_leases_or_without(void **state)
{
    (void)state;
    replay();
    assert_int_equal(v.n_unlike, 0);
    assert_true(v.n_heard > 6);
}

/* Takes the start number `n` (from 0) out of the trace. */
static void forget_start(int n)
{
    for (int i = 0; i < cJSON_GetArraySize(events); i++)
        if (strcmp(text_of(cJSON_GetArrayItem(events, i), "reason"), "server-started") == 0 && n-- == 0) {
            cJSON_DeleteItemFromArray(events, i);
            return;
        }
    fail();
}

static void test_a_start_that_the_trace_does_not_tell_of_shows(void **state)
{
    (void)state;
    forget_start(1);
    replay();
    assert_true(v.n_unlike > 0); /* h2's offer still stood when h3 came */
}

static void test_so_does_one_without_leases(void **state)
{
    (void)state;
    forget_start(2);
    replay();
    assert_true(v.n_unlike > 0); /* the renewal was one */
}

static void test_there_is_a_limit(void **state)
{
    (void)state;
    for (int i = 0; i <= REPLAY_EVENTS_MAX; i++)
        assert_int_equal(
            replay_virtual_add(&v, cJSON_Parse("{\"node\":\"server\",\"kind\":\"decision\",\"boot_ms\":0}")),
            0);
    assert_int_equal(v.then.n, REPLAY_EVENTS_MAX);
    assert_int_equal(v.n_left_out, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_same_comes_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_another_answer_shows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_missing_answer_shows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_message_that_is_not_whole_is_left_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_server_starts_again_with_its_leases_or_without,
                                        set_up_restarts, tear_down),
        cmocka_unit_test_setup_teardown(test_a_start_that_the_trace_does_not_tell_of_shows, set_up_restarts,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_so_does_one_without_leases, set_up_restarts, tear_down),
        cmocka_unit_test_setup_teardown(test_there_is_a_limit, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
