/* A client's timers as text, the server's view, and the checks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lab/timers_report.h"

/* A client half an hour into a lease of an hour, asking for the second time to renew it. */
static const char renewing[] =
    "{'interface':'eth0','hardware_address':'02:00:00:00:00:02',"
    "'client_id':{'hex':'01020000000002','decoded':'hardware address 02:00:00:00:00:02'},"
    "'state':'RENEWING','xid':'0x01020304',"
    "'state_since':'2026-11-21T08:30:00.000+01:00','state_age_s':60,'state_text':'T1: half of the lease',"
    "'transmissions':2,'conflicts':1,"
    "'next_timer':{'name':'retransmit','at':'2026-11-21T08:31:07.300+01:00','remaining_s':7.3,'base_s':8,"
    "'jitter_s':-0.7},"
    "'conflict_detection':{'address':'10.77.0.100','probes_sent':3,'probes':3,'announcements_sent':1,"
    "'announcements':2},"
    "'last_sent':{'type':'REQUEST','at':'2026-11-21T08:31:00.000+01:00','peer':'10.77.0.1'},"
    "'last_received':{'type':'ACK','at':'2026-11-21T08:00:00.250+01:00','peer':'10.77.0.1','giaddr':'10.88.0."
    "1',"
    "'rtt_s':0.25},"
    "'sent':{'REQUEST':3},'received':{'ACK':1},'discarded':{'wrong-xid':2},"
    "'transitions':[{'at':'2026-11-21T08:30:00.000+01:00','from':'BOUND','to':'RENEWING','reason':'t1'}],"
    "'lease':{'address':'10.77.0.100','prefix_length':24,'server':'10.77.0.1','infinite':false,"
    "'requested':'2026-11-21T08:00:00.000+01:00','requested_boot_s':100.5,"
    "'obtained':'2026-11-21T08:00:00.250+01:00','obtained_boot_s':100.75,'obtained_age_s':1859.75,"
    "'t1':{'duration_s':1800.25,'at':'2026-11-21T08:30:00.250+01:00','remaining_s':-60,'option_s':null,"
    "'origin':'default','fuzz_s':0.25},"
    "'t2':{'duration_s':3150,'at':'2026-11-21T08:52:30.000+01:00','remaining_s':1290,'option_s':9000,"
    "'origin':'repaired','fuzz_s':0},"
    "'expiry':{'duration_s':3600,'at':'2026-11-21T09:00:00.000+01:00','remaining_s':1740}}}";

static const char infinite[] =
    "{'interface':'eth0','hardware_address':'02:00:00:00:00:02','state':'BOUND','next_timer':null,"
    "'lease':{'address':'10.77.0.100','prefix_length':24,'server':'10.77.0.1','infinite':true,"
    "'t1':{'duration_s':4294967295,'at':null,'remaining_s':null,'origin':'none','fuzz_s':0},"
    "'t2':{'duration_s':4294967295,'at':null,'remaining_s':null,'origin':'none','fuzz_s':0},"
    "'expiry':{'duration_s':4294967295,'at':null,'remaining_s':null}}}";

static cJSON *json(const char *text)
{
    char copy[4096];
    snprintf(copy, sizeof copy, "%s", text);
    for (char *p = copy; *p != '\0'; p++)
        if (*p == '\'')
            *p = '"';
    cJSON *value = cJSON_Parse(copy);
    assert_non_null(value);
    return value;
}

/* With the server's view: a lease that began at 1000 s and has `lifetime_s`. The client told its status at
 * 2860 s, which is not read at once. */
static cJSON *looked_at(const char *status, const char *hw, int state, unsigned lifetime_s)
{
    cJSON *value = json(status);
    enum { LATE_MS = 1500 };
    struct clock_now now = {.boot_ms = 1960500 + LATE_MS, .wall_ms = 2860000 + LATE_MS};
    char text[256];
    snprintf(text, sizeof text, "{'hw-address':'%s','state':%d,'cltt':1000,'valid-lft':%u}", hw, state,
             lifetime_s);
    cJSON *lease = json(text);
    timers_report_add_server(value, "server", lease, &now);
    timers_report_add_checks(value);
    cJSON_Delete(lease);
    return value;
}

static void everything_stands_in_eighty_columns(void **state)
{
    (void)state;
    static const char expected[] =
        "h1: RENEWING for 00:01:00, since 2026-11-21 08:30:00\n"
        "  because   T1: half of the lease\n"
        "  client    02:00:00:00:00:02 on eth0, xid 0x01020304\n"
        "  id        01020000000002\n"
        "            hardware address 02:00:00:00:00:02\n"
        "  lease     10.77.0.100/24 from 10.77.0.1\n"
        "  requested 2026-11-21T08:00:00.000  boot 100.500 s\n"
        "  obtained  2026-11-21T08:00:00.250  boot 100.750 s\n"
        "                duration  at                     remaining\n"
        "  T1            00:30:00  2026-11-21 08:30:00    -00:01:00  [################]\n"
        "  T2            00:52:30  2026-11-21 08:52:30     00:21:30  [#########-------]\n"
        "  expiry        01:00:00  2026-11-21 09:00:00     00:29:00  [########--------]\n"
        "  origin    T1 default (1/2 of the lease), fuzz +0.250 s\n"
        "            T2 repaired (7/8 of the lease; option 59 said 9000 s), fuzz +0.000 s\n"
        "  next      retransmit in 00:00:07, after transmission 2\n"
        "            wait 7.300 s = 8.000 s -0.700 s at random\n"
        "  ARP       probe 3 of 3, announcement 1 of 2 for 10.77.0.100\n"
        "  conflicts 1 in a row\n"
        "  sent      REQUEST to 10.77.0.1 at 08:31:00.000\n"
        "  received  ACK from 10.77.0.1 at 08:00:00.250, 0.250 s after it was asked for\n"
        "            through the relay 10.88.0.1\n"
        "  in all    REQUEST 3\n"
        "            ACK 1\n"
        "  discarded wrong-xid 2\n"
        "  server    server has it as active, ends in 00:29:00, +0.0 s to the client's\n"
        "  checks    0 < T1 < T2 < expiry: yes\n"
        "            the server knows the lease: yes\n"
        "            the server's lease ends no earlier (1 s of rounding aside): yes\n"
        "  changes   08:30:00.000  BOUND -> RENEWING (t1)\n";
    cJSON *status = looked_at(renewing, "02:00:00:00:00:02", 0, 3600);
    char *text = timers_report_text("h1", status);
    assert_string_equal(text, expected);
    for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 80);
    free(text);
    cJSON_Delete(status);
}

/* Where 1763780716.491 s is no number that a double has. */
static void times_as_json_have_whole_milliseconds(void **state)
{
    (void)state;
    static const int64_t wall_ms = 1763780716491;
    struct clock_now now = {.boot_ms = 60892481, .wall_ms = wall_ms};
    cJSON *lease = json("{'hw-address':'02:00:00:00:00:02','state':0,'cltt':1763780656,'valid-lft':3600}");
    cJSON *status = json("{'lease':{'obtained_boot_s':60832.332,'obtained_age_s':60.149,"
                         "'expiry':{'remaining_s':3539.85}}}");
    timers_report_add_server(status, "server", lease, &now);
    char *text = cJSON_PrintUnformatted(cJSON_GetObjectItem(status, "server_view"));
    assert_string_equal(text, "{\"host\":\"server\",\"state\":\"active\","
                              "\"hardware_address\":\"02:00:00:00:00:02\",\"duration_s\":3600,"
                              "\"remaining_s\":3539.509,\"difference_s\":-0.341}");
    free(text);
    cJSON_Delete(lease);
    cJSON_Delete(status);
}

static void infinite_lease_has_no_instants_and_no_checks_of_them(void **state)
{
    (void)state;
    cJSON *status = looked_at(infinite, "02:00:00:00:00:02", 0, 4294967295U);
    char *text = timers_report_text("h1", status);
    assert_non_null(strstr(text, "  expiry    never: the lease is infinite\n"));
    assert_non_null(strstr(text, "  next      no timer runs\n"));
    assert_non_null(strstr(text, "server has it as active\n"));
    assert_null(strstr(text, "T1 < T2"));
    free(text);
    cJSON_Delete(status);
}

static void client_without_a_lease_has_neither_view_nor_checks(void **state)
{
    (void)state;
    cJSON *status = json("{'interface':'eth0','state':'SELECTING','lease':null,'next_timer':null}");
    timers_report_add_server(status, NULL, NULL, NULL);
    timers_report_add_checks(status);
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(status, "server_view")));
    const cJSON *check;
    cJSON_ArrayForEach(check, cJSON_GetObjectItem(status, "checks"))
    {
        assert_true(cJSON_IsNull(cJSON_GetObjectItem(check, "ok")));
    }
    char *text = timers_report_text("h1", status);
    assert_null(strstr(text, "checks"));
    assert_null(strstr(text, "server"));
    free(text);
    cJSON_Delete(status);
}

static const char *ok(const cJSON *status, int which)
{
    const cJSON *value =
        cJSON_GetObjectItem(cJSON_GetArrayItem(cJSON_GetObjectItem(status, "checks"), which), "ok");
    return cJSON_IsTrue(value) ? "yes" : cJSON_IsFalse(value) ? "no" : "unknown";
}

static void checks_that_fail(void **state)
{
    (void)state;
    static const struct {
        const char *hw;
        int state;
        unsigned lifetime_s;
        const char *knows, *no_earlier;
    } rows[] = {
        {"02:00:00:00:00:02", 0, 3600, "yes", "yes"},
        {"02:00:00:00:00:02", 0, 3599, "yes", "no"},
        {"02:00:00:00:00:09", 0, 3600, "no", "yes"}, /* another client's */
        {"02:00:00:00:00:02", 1, 3600, "no", "yes"}, /* declined */
        {"02:00:00:00:00:02", 0, 4294967295U, "yes", "unknown"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cJSON *status = looked_at(renewing, rows[i].hw, rows[i].state, rows[i].lifetime_s);
        assert_string_equal(ok(status, 0), "yes");
        assert_string_equal(ok(status, 1), rows[i].knows);
        assert_string_equal(ok(status, 2), rows[i].no_earlier);
        cJSON_Delete(status);
    }
    cJSON *status = json(renewing);
    cJSON *t1 = cJSON_GetObjectItem(cJSON_GetObjectItem(status, "lease"), "t1");
    cJSON_SetNumberValue(cJSON_GetObjectItem(t1, "duration_s"), 3150);
    timers_report_add_checks(status);
    assert_string_equal(ok(status, 0), "no");
    cJSON_Delete(status);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_stands_in_eighty_columns),
        cmocka_unit_test(times_as_json_have_whole_milliseconds),
        cmocka_unit_test(infinite_lease_has_no_instants_and_no_checks_of_them),
        cmocka_unit_test(client_without_a_lease_has_neither_view_nor_checks),
        cmocka_unit_test(checks_that_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
