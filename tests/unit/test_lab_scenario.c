/* Scenario files: what is wrong with one is told with its place, and what is not met with what was seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/err.h"
#include "lab/scenario_report.h"

#define LAB                                                                                                  \
    "\"topology\": {\"hosts\": {"                                                                            \
    "\"server\": {\"server\": {\"Dhcp4\": {\"valid-lifetime\": 3600, \"renew-timer\": 1800,"                 \
    " \"rebind-timer\": 3150, \"subnet4\": [{\"id\": 1, \"subnet\": \"10.0.0.0/24\","                        \
    " \"pools\": [{\"pool\": \"10.0.0.10 - 10.0.0.19\"}]}]}}},"                                              \
    "\"h1\": {\"client\": {\"start-delay-ms\": [0, 0], \"address-conflict-detection\": false}}},"            \
    "\"links\": [{\"type\": \"veth\", \"ends\": [{\"host\": \"server\", \"address\": \"10.0.0.1/24\"},"      \
    " {\"host\": \"h1\"}]}]}"

static struct scenario scenario;
static struct scenario_outcome outcome;
static char error[JCFG_TEXT_MAX];

static int parse(const char *text)
{
    return scenario_parse(&scenario, "x.json", text, strlen(text), error);
}

static void run(const char *text, struct scenario_setting setting)
{
    int rc = parse(text);
    assert_string_equal(error, "");
    assert_int_equal(rc, 0);
    setting.seed = setting.seed != 0 ? setting.seed : scenario.seed;
    assert_int_equal(scenario_run(&scenario, &setting, &outcome), 0);
}

static int end(void **state)
{
    (void)state;
    scenario_outcome_fini(&outcome);
    scenario_fini(&scenario);
    return 0;
}

static void test_times(void **state)
{
    static const struct {
        const char *text;
        time_ms ms;
        const char *formatted;
    } rows[] = {
        {"0 s", 0, "0 s"},
        {"250 ms", 250, "250 ms"},
        {"1 h 30 min", 5400000, "1 h 30 min"},
        {"90min", 5400000, "1 h 30 min"},
        {"1h30m", 5400000, "1 h 30 min"},
        {"7 d", 604800000, "7 d"},
        {"1 d 1 s 1 ms", 86401001, "1 d 1 s 1 ms"},
    };
    static const char *const wrong[] = {"", "s", "5", "5 years", "-5 s", "5 s and", "1.5 s", "9999999999 s"};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        time_ms ms = -1;
        char buf[SCENARIO_TIME_LEN];
        assert_true(scenario_time_parse(rows[i].text, &ms));
        assert_int_equal(ms, rows[i].ms);
        assert_string_equal(scenario_time_format(ms, buf), rows[i].formatted);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        time_ms ms = -1;
        assert_false(scenario_time_parse(wrong[i], &ms));
        assert_int_equal(ms, -1);
    }
}

static const struct {
    const char *text, *error;
} misplaced[] = {
    {"{\n\"topology\": \"pair\"}", "x.json:1:1: at $: the key \"duration\" is missing"},
    {"{\"duration\": \"1 h\",\n\"topology\": \"no-such\"}",
     "x.json:2:13: at $.topology: there is no topology file no-such (beside this one), and no lab of "
     "that name"},
    {"{\"duration\": \"1 h\", " LAB ",\n\"steps\": [{\"at\": \"2 h\", \"do\": \"crash\", \"host\": \"h1\"}]}",
     "x.json:2:18: at $.steps[0].at: it is after the scenario's duration"},
    {"{\"duration\": \"1 h\", " LAB ",\n\"steps\": [{\"at\": \"2 s\", \"do\": \"crash\", \"host\": \"h2\"}]}",
     "x.json:2:48: at $.steps[0].host: no host has the name \"h2\""},
    {"{\"duration\": \"1 h\", " LAB ",\n\"steps\": [{\"at\": \"2 s\", \"do\": \"renew\", \"host\": "
     "\"server\"}]}",
     "x.json:2:11: at $.steps[0]: \"renew\" is for clients"},
    {"{\"duration\": \"1 h\", " LAB ",\n\"steps\": [{\"at\": \"2 s\", \"do\": \"inform\", \"host\": "
     "\"h1\"}]}",
     "x.json:2:11: at $.steps[0]: \"inform\" is for a client whose interface has an \"address\" in the "
     "topology"},
    {"{\"duration\": \"1 h\", " LAB ",\n\"steps\": [{\"at\": \"2 s\", \"do\": \"cut\", \"link\": \"h1\"}]}",
     "x.json:2:46: at $.steps[0].link: expected a direction such as \"h1>server\", \"*>h1\" or \"*\""},
    {"{\"duration\": \"1 h\", " LAB ",\n\"steps\": [{\"at\": \"2 s\", \"do\": \"advance\"}]}",
     "x.json:2:11: at $.steps[0]: the key \"by\" is missing"},
    {"{\"duration\": \"1 h\", " LAB
     ",\n\"steps\": [{\"at\": [\"2 s\", \"3 s\"], \"do\": \"advance\", \"by\": \"1 s\"}]}",
     "x.json:2:11: at $.steps[0]: when the clock is advanced is not drawn"},
    {"{\"duration\": \"1 h\", " LAB ",\n\"steps\": [{\"at\": \"2 s\", \"do\": \"advance\", \"by\": \"1 s\"},"
     "{\"at\": [\"1 s\", \"3 s\"], \"do\": \"renew\", \"host\": \"h1\"}]}",
     "x.json:2:10: at $.steps: the clock is advanced between the times of step 2, which are drawn"},
    {"{\"duration\": \"1 h\", " LAB ",\n\"expect\": [{\"host\": \"h1\"}]}",
     "x.json:2:12: at $.expect[0]: expected one of \"state\", \"address\", \"leases\", \"sends\" and "
     "\"reason\""},
    {"{\"duration\": \"1 h\", " LAB ",\n\"expect\": [{\"host\": \"h1\", \"leases\": 1}]}",
     "x.json:2:12: at $.expect[0]: only a server has leases"},
    {"{\"duration\": \"1 h\", " LAB ",\n\"expect\": [{\"host\": \"h1\", \"state\": \"bound\"}]}",
     "x.json:2:36: at $.expect[0].state: expected a state such as \"BOUND\", found \"bound\""},
    {"{\"duration\": \"1 h\", " LAB ", \n\"unchecked\": [\"x\"]}",
     "x.json:2:15: at $.unchecked[0]: no invariant has the name \"x\""},
    {"{\"duration\": \"1 h\", " LAB ", \n\"relays\": {\"server\": [\"10.0.0.1\"]}}",
     "x.json:2:22: at $.relays.server: only a plain host can be a relay agent"},
    {"{\n\"duration\": \"1 year\", " LAB "}", "x.json:2:13: at $.duration: expected a time such as \"1 h "
                                              "30 min\" or \"250 ms\", found \"1 year\""},
    {"{\"duration\": \"1 h\", " LAB
     ",\n\"steps\": [{\"at\": [\"2 s\", \"1 s\"], \"do\": \"crash\", \"host\": \"h1\"}]}",
     "x.json:2:18: at $.steps[0].at: it ends before it begins"},
    {"{\"duration\": \"1 h\", " LAB
     ",\n\"steps\": [{\"at\": \"2 s\", \"do\": \"forget-leases\", \"host\": \"h1\"}]}",
     "x.json:2:11: at $.steps[0]: \"forget-leases\" is for servers"},
    {"{\"duration\": \"1 h\", " LAB
     ",\n\"expect\": [{\"host\": \"h1\", \"state\": \"BOUND\", \"unicast\": true}]}",
     "x.json:2:56: at $.expect[0].unicast: only what a host \"sends\" has it"},
    {"{\"duration\": \"1 h\", " LAB
     ",\n\"expect\": [{\"host\": \"h1\", \"reason\": \"t1\", \"options\": [1]}]}",
     "x.json:2:54: at $.expect[0].options: only what a host \"sends\" has it"},
    {"{\"duration\": \"1 h\", " LAB
     ",\n\"expect\": [{\"host\": \"h1\", \"state\": \"BOUND\", \"count\": 2}]}",
     "x.json:2:54: at $.expect[0].count: only what a host \"sends\" and the \"reason\" of what it "
     "decides "
     "are counted"},
    {"{\"duration\": \"1 h\", " LAB
     ",\n\"expect\": [{\"host\": \"h1\", \"sends\": \"NAK\", \"never\": true, \"count\": 2}]}",
     "x.json:2:67: at $.expect[0].count: either \"count\" or \"never\""},
    {"{\"duration\": \"1 h\", " LAB ",\n\"expect\": [{\"host\": \"h1\", \"reason\": \"seerch\"}]}",
     "x.json:2:37: at $.expect[0].reason: no decision has the reason \"seerch\": did you mean "
     "\"search\"?"},
    {"{\"duration\": \"1 h\", " LAB ",\n\"expect\": [{\"host\": \"h1\", \"reason\": \"no-room\"}]}",
     "x.json:2:37: at $.expect[0].reason: no decision has the reason \"no-room\": expected a word that "
     "is the \"reason\" in a trace (dhcplab run --trace FILE)"},
    {"{\"duration\": \"1 h\", " LAB
     ",\n\"expect\": [{\"at\": \"1 s\", \"from\": \"0 s\", \"host\": \"h1\", \"state\": \"BOUND\"}]}",
     "x.json:2:12: at $.expect[0]: either \"at\", or \"from\" and \"until\""},
    {"{\"duration\": \"1 h\", " LAB
     ",\n\"expect\": [{\"from\": \"2 s\", \"until\": \"1 s\", \"host\": \"h1\", \"state\": \"BOUND\"}]}",
     "x.json:2:12: at $.expect[0]: it ends before it begins"},
    {"{\"duration\": \"1 h\", " LAB
     ",\n\"expect\": [{\"until\": \"2 h\", \"host\": \"h1\", \"state\": \"BOUND\"}]}",
     "x.json:2:12: at $.expect[0]: it ends after the scenario's duration"},
    {"{\"duration\": \"1 h\", " LAB ",\n\"expect\": [{\"host\": \"server\", \"state\": \"BOUND\"}]}",
     "x.json:2:12: at $.expect[0]: only a client has a state and an address"},
    {"{\"duration\": \"1 h\", \"topology\": {\"hosts\": {\"a\": {}}}, \n\"relays\": {\"a\": []}}",
     "x.json:2:17: at $.relays.a: expected a list of 1 to 8 addresses of servers"},
    {"{\"duration\": \"1 h\", \"topology\": {\n\"hosts\": {\"a\": {\"client\": {}}}}}",
     "x.json:2:16: at $.hosts.a: a client needs an interface: no link has an end at \"a\""},
};

static void test_errors_have_a_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof misplaced / sizeof misplaced[0]; i++) {
        assert_int_equal(parse(misplaced[i].text), ERR_CONFIG);
        assert_string_equal(error, misplaced[i].error);
        scenario_fini(&scenario);
    }
}

/* Each expectation alone: is it met? */
static void test_expectations(void **state)
{
    static const struct {
        const char *expect;
        bool met;
    } rows[] = {
        {"\"until\": \"1 s\", \"host\": \"h1\", \"state\": \"BOUND\"", true},
        {"\"until\": \"1 s\", \"host\": \"h1\", \"state\": \"RENEWING\"", false},
        {"\"at\": \"10 min\", \"host\": \"h1\", \"state\": \"BOUND\"", true},
        {"\"host\": \"h1\", \"state\": \"REBINDING\", \"never\": true", true},
        {"\"host\": \"h1\", \"state\": \"RENEWING\", \"never\": true", false},
        {"\"at\": \"10 min\", \"host\": \"h1\", \"address\": \"10.0.0.10\"", true},
        {"\"at\": \"10 min\", \"host\": \"h1\", \"address\": \"none\"", false},
        {"\"at\": \"10 min\", \"host\": \"server\", \"leases\": 1", true},
        {"\"at\": \"10 min\", \"host\": \"server\", \"leases\": 2", false},
        {"\"at\": \"0 s\", \"host\": \"h1\", \"sends\": \"DISCOVER\", \"unicast\": false", true},
        {"\"at\": \"0 s\", \"host\": \"h1\", \"sends\": \"DISCOVER\", \"unicast\": true", false},
        {"\"host\": \"h1\", \"sends\": \"REQUEST\", \"count\": 2", true},
        {"\"host\": \"h1\", \"sends\": \"REQUEST\", \"count\": 1", false},
        {"\"host\": \"h1\", \"sends\": \"REQUEST\", \"ciaddr\": true, \"count\": 1", true},
        {"\"host\": \"h1\", \"sends\": \"REQUEST\", \"options\": [50], \"count\": 1", true},
        {"\"host\": \"h1\", \"sends\": \"REQUEST\", \"without-options\": [50], \"count\": 1", true},
        {"\"from\": \"1 s\", \"until\": \"29 min\", \"host\": \"h1\", \"sends\": \"any\", \"never\": true",
         true},
        {"\"from\": \"1 s\", \"until\": \"31 min\", \"host\": \"h1\", \"sends\": \"any\", \"never\": true",
         false},
        {"\"host\": \"h1\", \"reason\": \"t1\", \"count\": 1", true},
        {"\"host\": \"h1\", \"reason\": \"expired\"", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[2048];
        snprintf(text, sizeof text, "{\"duration\": \"40 min\", " LAB ", \"expect\": [{%s}]}",
                 rows[i].expect);
        run(text, (struct scenario_setting){0});
        if (outcome.met != rows[i].met || outcome.verdicts[0].met != rows[i].met)
            fail_msg("%s: seen %llu, %s", rows[i].expect, (unsigned long long)outcome.verdicts[0].seen,
                     outcome.verdicts[0].instead);
        end(NULL);
    }
}

static char *printed(const struct scenario_setting *setting)
{
    char *text;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    struct scenario_report report = {&scenario, setting, &outcome, 1000, NULL};
    assert_non_null(out);
    scenario_report_print(out, &report);
    fclose(out);
    return text;
}

static void test_what_was_seen_instead(void **state)
{
    struct scenario_setting setting = {.seed = 1};
    (void)state;
    run("{\"duration\": \"1 h\", " LAB
        ",\n\"steps\": [{\"at\": \"0 s\", \"do\": \"cut\", \"link\": \"h1>server\"}],\n"
        "\"expect\": [{\"until\": \"2 s\", \"host\": \"h1\", \"state\": \"BOUND\"},\n"
        "{\"until\": \"2 s\", \"host\": \"h1\", \"sends\": \"REQUEST\"},\n"
        "{\"until\": \"4 s\", \"host\": \"h1\", \"reason\": \"ack\"},\n"
        "{\"until\": \"4 s\", \"host\": \"h1\", \"reason\": \"search\", \"count\": 2},\n"
        "{\"host\": \"server\", \"reason\": \"pool-empty\", \"count\": 1}]}",
        setting);
    assert_false(outcome.met);
    char *text = printed(&setting);
    assert_non_null(strstr(text,
                           "x.json:3: not met: h1 is BOUND, from 0 s to 2 s\n  instead: it is SELECTING and "
                           "holds no address; "));
    assert_non_null(strstr(text, "x.json:4: not met: h1 sends REQUEST, from 0 s to 2 s\n  instead: DISCOVER "
                                 "(broadcast, ciaddr zero) at 0 s\n"));
    assert_non_null(strstr(text, "x.json:5: not met: h1 decides: ack, from 0 s to 4 s\n"
                                 "  instead: not once; what else it decided: start, search\n"));
    assert_non_null(strstr(text, "x.json:6: not met: h1 decides: search: 2 times, from 0 s to 4 s\n"
                                 "  instead: once; what else it decided: start\n"));
    assert_non_null(strstr(text, "x.json:7: not met: server decides: pool-empty: once, from 0 s to 1 h\n"
                                 "  instead: not once; what else it decided: server-started\n"));
    assert_non_null(strstr(text, "nobody was seen to receive it"));
    assert_non_null(strstr(text, "0 of 5 expectations met, seed 1; simulated 1 h in 0.00 s: "));
    free(text);
}

static void test_a_violation_ends_the_run(void **state)
{
    struct scenario_setting setting = {.seed = 1, .bugs = SIM_BUG_RENEW_LATE};
    (void)state;
    run("{\"duration\": \"1 h\", " LAB
        ",\n\"steps\": [{\"at\": \"1 s\", \"do\": \"crash\", \"host\": \"server\"}]}",
        setting);
    assert_false(outcome.met);
    assert_true(outcome.check.failed);
    assert_int_equal(outcome.check.invariant, SIM_TIMERS_KEPT);
    char *text = printed(&setting);
    assert_non_null(strstr(text, "x.json: violated at 30 min"));
    assert_non_null(strstr(text,
                           "(timers-kept)\n  instead: h1 is RENEWING until 3150000 ms, but next wakes up at "
                           "3600000 ms\n"));
    free(text);
    scenario_outcome_fini(&outcome);
    scenario_fini(&scenario);

    /* The same is not looked at where the file says so. */
    run("{\"duration\": \"1 h\", \"unchecked\": [\"timers-kept\", \"not-expired\"], " LAB
        ",\n\"steps\": [{\"at\": \"1 s\", \"do\": \"crash\", \"host\": \"server\"}]}",
        setting);
    assert_true(outcome.met);
}

static void test_everybody_is_bound_in_the_end(void **state)
{
    (void)state;
    run("{\"duration\": \"1 min\", \"bound-within\": \"10 s\", " LAB ",\n\"steps\": ["
        "{\"at\": \"0 s\", \"do\": \"cut\", \"link\": \"*\"}, {\"at\": \"20 s\", \"do\": \"heal\", \"link\": "
        "\"server>h1\"}]}",
        (struct scenario_setting){.seed = 1});
    assert_false(outcome.met);
    assert_int_equal(outcome.check.invariant, SIM_BOUND);
    assert_int_equal(outcome.check.at_ms, 30000);
    assert_memory_equal(outcome.check.why, "h1 is SELECTING", 15);
}

static void test_a_step_between_two_times(void **state)
{
    static const char text[] =
        "{\"duration\": \"1 min\", " LAB ",\n\"steps\": ["
        "{\"at\": [\"10 s\", \"20 s\"], \"do\": \"release\", \"host\": \"h1\"}],"
        "\"expect\": [{\"from\": \"10 s\", \"until\": \"20 s\", \"host\": \"h1\", \"sends\": "
        "\"RELEASE\", \"count\": 1}]}";
    char first[SCENARIO_SEEN_MAX];
    unsigned differ = 0;
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        run(text, (struct scenario_setting){.seed = seed});
        assert_true(outcome.met);
        if (seed == 1)
            memcpy(first, outcome.verdicts[0].instead, sizeof first);
        differ += strcmp(first, outcome.verdicts[0].instead) != 0;
        end(NULL);
    }
    assert_int_equal(differ, 4);
}

/* A minute of the scenario, an hour and a half of the hosts: T1 twice, and what the file has at 20 s comes an
 * hour and a half after that. */
static void test_the_clock_is_advanced(void **state)
{
    (void)state;
    run("{\"duration\": \"1 min\", " LAB ",\n\"steps\": ["
        "{\"at\": \"10 s\", \"do\": \"advance\", \"by\": \"1 h\"},"
        "{\"at\": \"20 s\", \"do\": \"release\", \"host\": \"h1\"},"
        "{\"at\": \"15 s\", \"do\": \"advance\", \"by\": \"29 min 45 s\"}],"
        "\"expect\": ["
        "{\"at\": \"5 s\", \"host\": \"h1\", \"state\": \"BOUND\"},"
        "{\"at\": \"10 s\", \"host\": \"h1\", \"sends\": \"REQUEST\", \"unicast\": true, \"count\": 2},"
        "{\"at\": \"15 s\", \"host\": \"h1\", \"sends\": \"REQUEST\", \"count\": 1},"
        "{\"at\": \"20 s\", \"host\": \"h1\", \"sends\": \"RELEASE\"},"
        "{\"host\": \"h1\", \"sends\": \"REQUEST\", \"count\": 4}]}",
        (struct scenario_setting){0});
    for (size_t i = 0; i < scenario.n_expects; i++)
        assert_string_equal(outcome.verdicts[i].met ? "" : scenario.expects[i].text, "");
    assert_true(outcome.met);
    const time_ms whole_ms = 3600000 + 1785000;
    assert_int_equal(outcome.simulated_ms, 60000 + whole_ms);
    assert_int_equal(scenario.steps[0].from_ms, 10000 + 3600000); /* when it is done */
    assert_int_equal(scenario.steps[1].from_ms, 20000 + whole_ms);
    assert_int_equal(scenario.steps[1].to_ms, 20000 + whole_ms);
    assert_int_equal(scenario.steps[2].from_ms, 15000 + whole_ms);
    assert_string_equal(scenario.expects[1].text,
                        "h1 sends REQUEST, unicast: 2 times, from 10 s to 1 h 10 s");
    assert_string_equal(scenario.expects[3].text, "h1 sends RELEASE, at 1 h 30 min 5 s");
}

/* Of steps at one time those that stand before the advance come before it. */
static void test_the_order_of_the_file_holds_beside_an_advance(void **state)
{
    (void)state;
    run("{\"duration\": \"1 min\", " LAB ",\n\"steps\": ["
        "{\"at\": \"10 s\", \"do\": \"stop\", \"host\": \"server\"},"
        "{\"at\": \"10 s\", \"do\": \"advance\", \"by\": \"55 min\"},"
        "{\"at\": \"10 s\", \"do\": \"start\", \"host\": \"server\"}],"
        "\"expect\": [{\"at\": \"10 s\", \"host\": \"h1\", \"state\": \"REBINDING\"},"
        "{\"at\": \"9 s\", \"host\": \"h1\", \"state\": \"REBINDING\", \"never\": true}]}",
        (struct scenario_setting){0});
    assert_true(outcome.met);
    assert_int_equal(scenario.steps[0].from_ms, 10000);
    assert_int_equal(scenario.steps[2].from_ms, 10000 + 3300000);
}

/* All of a crowd are BOUND for a while, and later none is. */
static void test_a_crowd_as_expected_for_a_while(void **state)
{
    (void)state;
    run("{\"duration\": \"1 min\", \"topology\": {\"hosts\": {\"server\": {\"server\": {\"Dhcp4\": "
        "{\"subnet4\": ["
        "{\"id\": 1, \"subnet\": \"10.0.0.0/24\", \"pools\": [{\"pool\": \"10.0.0.10 - 10.0.0.19\"}]}]}}},"
        "\"h\": {\"client\": {\"start-delay-ms\": [0, 9000]}, \"clients\": 5}}, \"links\": [{\"type\": "
        "\"bridge\","
        "\"ends\": [{\"host\": \"server\", \"address\": \"10.0.0.1/24\"}, {\"host\": \"h\"}]}]},"
        "\"steps\": [{\"at\": \"30 s\", \"do\": \"release\", \"host\": \"h\"}],"
        "\"expect\": [{\"host\": \"h\", \"state\": \"BOUND\"},"
        " {\"from\": \"31 s\", \"host\": \"h\", \"state\": \"BOUND\", \"never\": true},"
        " {\"until\": \"1 s\", \"host\": \"h\", \"state\": \"BOUND\", \"never\": true}]}",
        (struct scenario_setting){0});
    assert_true(outcome.met);
}

/* A run that would not end by itself: here one that has more to do than it may. */
static void test_the_budget_of_events(void **state)
{
    char text[8192], *report;
    size_t len;
    (void)state;
    snprintf(text, sizeof text, "{\"duration\": \"1 d\", \"budget\": 20, %s}", LAB);
    run(text, (struct scenario_setting){0});
    assert_int_equal(outcome.err, ERR_LIMIT);
    assert_false(outcome.met);
    assert_int_equal(outcome.counts.events, 21);
    struct scenario_setting setting = {.seed = 1};
    struct scenario_report r = {.s = &scenario, .setting = &setting, .outcome = &outcome};
    FILE *out = open_memstream(&report, &len);
    assert_non_null(out);
    scenario_report_print(out, &r);
    fclose(out);
    assert_non_null(strstr(report, "x.json: its budget of 20 events is used up\n"));
    free(report);
}

/* ---- luck ---- */

/* A client that loses much, and beside it as many others as there are. */
static void run_unlucky(const char *others, const char *ends)
{
    char text[8192];
    snprintf(text, sizeof text,
             "{\"duration\": \"2 h\", \"unchecked\": [\"bound\"], \"topology\": {\"hosts\": {"
             "\"server\": {\"server\": {\"Dhcp4\": {\"valid-lifetime\": 600, \"subnet4\": [{\"id\": 1,"
             " \"subnet\": \"10.0.0.0/24\", \"pools\": [{\"pool\": \"10.0.0.10 - 10.0.0.99\"}]}]}}},"
             "\"h1\": {\"client\": {}}%s}, \"links\": [{\"type\": \"bridge\", \"ends\": ["
             "{\"host\": \"server\", \"address\": \"10.0.0.1/24\"}, {\"host\": \"h1\"}%s]}]},"
             "\"steps\": [{\"at\": \"0 s\", \"do\": \"faults\", \"link\": \"*\", \"loss\": 0.3, "
             "\"duplicate\": 0.2,"
             " \"delay\": \"5 ms\", \"jitter\": \"20 ms\"}]}",
             others, ends);
    run(text, (struct scenario_setting){.seed = 5});
}

/* What luck did to the wires between h1 and the server, one after the other. */
static size_t take_luck(struct sim_fault *out, size_t cap)
{
    size_t n = 0;
    for (size_t i = 0; i < outcome.n_faults && n < cap; i++)
        if (strcmp(outcome.faults[i].link, "h1.eth0>server.eth0") == 0 ||
            strcmp(outcome.faults[i].link, "server.eth0>h1.eth0") == 0)
            out[n++] = outcome.faults[i];
    return n;
}

static void test_another_node_leaves_the_luck_of_the_others_alone(void **state)
{
    enum { ENOUGH = 20 };
    struct sim_fault alone[ENOUGH], beside[ENOUGH];
    run_unlucky("", "");
    assert_int_equal(take_luck(alone, ENOUGH), ENOUGH);
    end(state);
    run_unlucky(", \"h0\": {}, \"h2\": {\"client\": {}}", ", {\"host\": \"h0\"}, {\"host\": \"h2\"}");
    assert_int_equal(take_luck(beside, ENOUGH), ENOUGH);
    for (size_t i = 0; i < ENOUGH; i++) {
        assert_string_equal(beside[i].link, alone[i].link);
        assert_int_equal(beside[i].frame, alone[i].frame);
        assert_int_equal(beside[i].luck, alone[i].luck);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_the_clock_is_advanced, end),
        cmocka_unit_test_teardown(test_the_order_of_the_file_holds_beside_an_advance, end),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_errors_have_a_place),
        cmocka_unit_test(test_expectations),
        cmocka_unit_test_teardown(test_what_was_seen_instead, end),
        cmocka_unit_test_teardown(test_a_violation_ends_the_run, end),
        cmocka_unit_test_teardown(test_everybody_is_bound_in_the_end, end),
        cmocka_unit_test_teardown(test_a_step_between_two_times, end),
        cmocka_unit_test_teardown(test_a_crowd_as_expected_for_a_while, end),
        cmocka_unit_test_teardown(test_the_budget_of_events, end),
        cmocka_unit_test_teardown(test_another_node_leaves_the_luck_of_the_others_alone, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
