#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lab/timeline.h"

static const struct timeline_setting hour = {.lease_s = 3600, .until_ms = 300000, .seed = 1};

static struct cli_profile profiles[6];
static struct timeline clients[6];

static const struct timeline *run(const struct timeline_setting *setting, const char *name)
{
    assert_int_equal(cli_profile_find(name, &profiles[0]), 0);
    assert_int_equal(timeline_run(setting, &profiles[0], &clients[0]), 0);
    return &clients[0];
}

/* When what is sent in a state is sent, from `base`; the test fails at the first difference. */
static void assert_sent(const struct timeline *t, enum cli_state state, time_ms base, const time_ms *expected)
{
    for (size_t i = 0; i < t->n_events; i++) {
        const struct timeline_event *e = &t->events[i];
        if (e->kind == TIMELINE_SEND && e->state == state)
            assert_int_equal(e->at_ms - base, *expected++);
    }
    assert_int_equal(TIME_NEVER, *expected);
}

static const struct timeline_event *last_of(const struct timeline *t)
{
    return &t->events[t->n_events - 1];
}

static void the_golden_times_of_an_hour(void **state)
{
    (void)state;
    static const time_ms renewing[] = {1800000, 2475000, 2812500, 2981250, 3065625, 3125625, TIME_NEVER};
    static const time_ms rebinding[] = {3150000, 3375000, 3487500, 3547500, TIME_NEVER};
    const struct timeline *t = run(&hour, "rfc2131");
    assert_sent(t, CLI_RENEWING, t->leased_ms, renewing);
    assert_sent(t, CLI_REBINDING, t->leased_ms, rebinding);
    assert_int_equal(last_of(t)->at_ms - t->leased_ms, 3600000);
    assert_int_equal(last_of(t)->kind, TIMELINE_STATE);
    assert_int_equal(last_of(t)->reason, REASON_EXPIRED);
    assert_in_range(t->leased_ms, 1000, 10000);
    timeline_fini(&clients[0]);
}

static void renewals_go_to_the_server_and_rebinds_to_all(void **state)
{
    (void)state;
    const struct timeline *t = run(&hour, "networkd");
    for (size_t i = 0; i < t->n_events; i++) {
        const struct timeline_event *e = &t->events[i];
        if (e->kind == TIMELINE_SEND)
            assert_int_equal(e->dst, e->state == CLI_RENEWING ? 0x0a4d0001 : IP4_BROADCAST);
    }
    timeline_fini(&clients[0]);
}

/* A lease of 60 s: one renewal, none fits before T2; one rebind. */
static void a_minute_has_no_time_for_a_repetition(void **state)
{
    (void)state;
    struct timeline_setting minute = hour;
    minute.lease_s = 60;
    const struct timeline *t = run(&minute, "rfc2131");
    assert_sent(t, CLI_RENEWING, t->leased_ms, (const time_ms[]){30000, TIME_NEVER});
    assert_sent(t, CLI_REBINDING, t->leased_ms, (const time_ms[]){52500, TIME_NEVER});
    assert_int_equal(last_of(t)->at_ms - t->leased_ms, 60000);
    timeline_fini(&clients[0]);
}

static void the_options_of_the_server_count_where_the_profile_obeys_them(void **state)
{
    (void)state;
    struct timeline_setting told = hour;
    told.t1_s = 100;
    told.t2_s = 200;
    const struct timeline *t = run(&told, "rfc2131");
    assert_int_equal(t->lease.timers.t1_ms, 100000);
    assert_int_equal(t->lease.timers.t2_ms, 200000);
    timeline_fini(&clients[0]);
    t = run(&told, "udhcpc");
    assert_int_equal(t->lease.timers.t1_ms, 1800000);
    timeline_fini(&clients[0]);
}

static void an_infinite_lease_is_silent(void **state)
{
    (void)state;
    struct timeline_setting ever = hour;
    ever.lease_s = LEASE_INFINITE;
    const struct timeline *t = run(&ever, "udhcpc");
    assert_int_equal(last_of(t)->state, CLI_BOUND);
    assert_int_equal(last_of(t)->at_ms, 0);
    timeline_fini(&clients[0]);
}

static void without_a_server_discover_goes_on_until_the_end(void **state)
{
    (void)state;
    struct timeline_setting alone = hour;
    alone.no_server = true;
    alone.until_ms = 58000;
    const struct timeline *t = run(&alone, "udhcpc");
    assert_sent(t, CLI_SELECTING, 0,
                (const time_ms[]){0, 3000, 6000, 29000, 32000, 35000, 58000, TIME_NEVER});
    assert_false(t->has_lease);
    timeline_fini(&clients[0]);
}

/* Member by member: what lies between them is nobody's. */
static void assert_same_event(const struct timeline_event *a, const struct timeline_event *b)
{
    assert_int_equal(a->at_ms, b->at_ms);
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->state, b->state);
    assert_int_equal(a->reason, b->reason);
    assert_int_equal(a->type, b->type);
    assert_int_equal(a->dst, b->dst);
    assert_int_equal(a->nth, b->nth);
}

static void a_seed_repeats_everything(void **state)
{
    (void)state;
    struct timeline_setting other = hour;
    other.seed = 2;
    const struct timeline first = *run(&hour, "dhclient");
    const struct timeline again = *run(&hour, "dhclient");
    assert_int_equal(first.n_events, again.n_events);
    for (size_t i = 0; i < first.n_events; i++)
        assert_same_event(&first.events[i], &again.events[i]);
    const struct timeline differs = *run(&other, "dhclient");
    assert_int_not_equal(last_of(&differs)->at_ms - differs.events[differs.n_events - 2].at_ms,
                         last_of(&first)->at_ms - first.events[first.n_events - 2].at_ms);
    free(first.events);
    free(again.events);
    free(differs.events);
}

static void run_all(const struct timeline_setting *setting)
{
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(cli_profile_find(cli_profile_name(i), &profiles[i]), 0);
        assert_int_equal(timeline_run(setting, &profiles[i], &clients[i]), 0);
    }
}

static void fini_all(void)
{
    for (size_t i = 0; i < 6; i++)
        timeline_fini(&clients[i]);
}

static char *printed(const struct timeline_setting *setting)
{
    char *text;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    assert_int_equal(timeline_print(out, setting, clients, 6), 0);
    fclose(out);
    return text;
}

/* Every line of the table of all profiles fits 100 columns, the instants rise, and what is left out is only
 * in the middle of many. */
static void the_table_fits_and_goes_forward(void **state)
{
    (void)state;
    run_all(&hour);
    char *text = printed(&hour);
    char *lease = strstr(text, "since lease");
    assert_non_null(lease);
    long long before = -1;
    strtok(lease, "\n"); /* the heading */
    for (char *line; (line = strtok(NULL, "\n")) != NULL;) {
        long long h, m, s, ms;
        assert_in_range(strlen(line), 20, 100);
        assert_int_equal(sscanf(line, " %lld:%lld:%lld.%lld", &h, &m, &s, &ms), 4);
        long long at = ((h * 60 + m) * 60 + s) * 1000 + ms;
        assert_true(at >= before);
        before = at;
    }
    assert_int_equal(before, 3600000);
    free(text);
    text = printed(&hour);
    assert_non_null(strstr(text, "\n  0:41:15.000  renew 2 "));
    assert_non_null(strstr(text, "renew 23")); /* the last of networkmanager's */
    assert_null(strstr(text, "renew 22"));
    assert_non_null(strstr(text, "gives up"));
    assert_non_null(strstr(text, "expired"));
    free(text);
    struct timeline_setting all = hour;
    all.all = true;
    text = printed(&all);
    assert_non_null(strstr(text, "renew 22"));
    free(text);
    fini_all();
}

static void json_has_every_event(void **state)
{
    (void)state;
    run_all(&hour);
    cJSON *json = timeline_json(&hour, clients, 6);
    cJSON *list = cJSON_GetObjectItem(json, "clients");
    assert_int_equal(cJSON_GetArraySize(list), 6);
    cJSON *rfc = cJSON_GetArrayItem(list, 0), *events = cJSON_GetObjectItem(rfc, "events");
    assert_string_equal(cJSON_GetObjectItem(rfc, "profile")->valuestring, "rfc2131");
    assert_int_equal(cJSON_GetArraySize(events), clients[0].n_events);
    bool found = false;
    const cJSON *event;
    cJSON_ArrayForEach(event, events)
    {
        if (strcmp(cJSON_GetObjectItem(event, "state")->valuestring, "RENEWING") != 0 || found)
            continue;
        char *text = cJSON_PrintUnformatted(event);
        assert_non_null(strstr(text, "\"lease_time_s\":1800.000,\"event\":\"send\",\"state\":\"RENEWING\","
                                     "\"reason\":\"t1\",\"message\":\"REQUEST\",\"to\":\"10.77.0.1\","
                                     "\"number\":1}"));
        free(text);
        found = true;
    }
    assert_true(found);
    cJSON_Delete(json);
    fini_all();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_golden_times_of_an_hour),
        cmocka_unit_test(renewals_go_to_the_server_and_rebinds_to_all),
        cmocka_unit_test(a_minute_has_no_time_for_a_repetition),
        cmocka_unit_test(the_options_of_the_server_count_where_the_profile_obeys_them),
        cmocka_unit_test(an_infinite_lease_is_silent),
        cmocka_unit_test(without_a_server_discover_goes_on_until_the_end),
        cmocka_unit_test(a_seed_repeats_everything),
        cmocka_unit_test(the_table_fits_and_goes_forward),
        cmocka_unit_test(json_has_every_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
