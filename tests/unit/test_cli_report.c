#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/cli_report.h"
#include "test_cli_profiles.h"

static struct cli_history history;
/* 10.1.0.0/16 through 10.77.0.9, and the default route through 10.77.0.1 */
static const struct cli_settings settings = {
    .routes = {{{0x0a010000, 16}, 0x0a4d0009}, {{0, 0}, 0x0a4d0001}},
    .n_routes = 2,
    .search = "a.example b.example",
    .portal = "https://portal.example/",
};

/* Boot-time 10 s is 2026-01-02T03:04:05Z, shown one hour east of Greenwich. */
/* The client identifier is that of the default: the hardware address. */
static const struct cli_config config = {.client_id_kind = CLI_CLIENT_ID_HW};

static const struct cli_report at_ten = {
    .config = &config,
    .node = "h1",
    .ifname = "eth0",
    .hw = {1, 6, {2, 0, 0, 0, 0, 2}},
    .hostname = "h1",
    .history = &history,
    .settings = &settings,
    .now = {.boot_ms = 10000, .wall_ms = 1767323045000, .utc_offset_s = 3600},
};

static cJSON *json;

static int drop_json(void **state)
{
    (void)state;
    cJSON_Delete(json);
    json = NULL;
    return 0;
}

/* The member `path` ("lease.t1.at") as JSON text. */
static const char *member(const char *path)
{
    static char text[512];
    const cJSON *at = json;
    char copy[64];
    strcpy(copy, path);
    for (char *key = strtok(copy, "."); key != NULL; key = strtok(NULL, "."))
        at = cJSON_GetObjectItemCaseSensitive(at, key);
    assert_non_null(at);
    assert_true(cJSON_PrintPreallocated((cJSON *)(uintptr_t)at, text, sizeof text, false));
    return text;
}

static struct cli_lease hour_lease(void)
{
    return (struct cli_lease){
        .addr = 0x0a4d0064, /* 10.77.0.100 */
        .prefix_len = 24,
        .server_id = 0x0a4d0001,
        .dns = {0x0a4d0001, 0x0a4d0002},
        .n_dns = 2,
        .lease_s = 3600,
        .t1_told_s = 1800,
        .t2_told_s = -1,
        .timers = {.t1_ms = 1800000,
                   .t2_fuzz_ms = -250,
                   .t2_ms = 3150000,
                   .t1_origin = CLI_TIMER_OPTION,
                   .t2_origin = CLI_TIMER_DEFAULT},
        .requested_ms = 8000,
        .acked_ms = 8250,
        .renew_at_ms = 1808000,
        .rebind_at_ms = 3158000,
        .expires_at_ms = 3608000,
    };
}

static void timers_are_durations_instants_and_what_remains(void **state)
{
    (void)state;
    struct cli_lease lease = hour_lease();
    struct cli_status status = {.profile = profile_of("rfc2131"),
                                .state = CLI_BOUND,
                                .state_since_ms = 8250,
                                .state_reason = REASON_GOT_ACK,
                                .state_text = "a sentence",
                                .lease = &lease,
                                .timer = CLI_TIMER_T1,
                                .timer_at_ms = 1808000,
                                .wait_ms = TIME_NEVER,
                                .wait_base_ms = TIME_NEVER,
                                .xid = 0x3903f326};
    json = cli_report_json(&at_ten, &status);
    assert_string_equal(member("profile"), "\"rfc2131\"");
    assert_string_equal(member("state"), "\"BOUND\"");
    assert_string_equal(member("state_since"), "\"2026-01-02T04:04:03.250+01:00\"");
    assert_string_equal(member("state_age_s"), "1.750");
    assert_string_equal(member("state_reason"), "\"ack\"");
    assert_string_equal(member("state_text"), "\"a sentence\"");
    assert_string_equal(member("xid"), "\"0x3903f326\"");
    assert_string_equal(member("next_timer"),
                        "{\"name\":\"T1\",\"at\":\"2026-01-02T04:34:03.000+01:00\",\"remaining_s\":1798.000,"
                        "\"base_s\":null,\"jitter_s\":null}");
    assert_string_equal(member("lease.t1"),
                        "{\"duration_s\":1800.000,\"at\":\"2026-01-02T04:34:03.000+01:00\","
                        "\"remaining_s\":1798.000,\"option_s\":1800,\"origin\":\"option\",\"fuzz_s\":0.000}");
    assert_string_equal(
        member("lease.t2"),
        "{\"duration_s\":3150.000,\"at\":\"2026-01-02T04:56:33.000+01:00\","
        "\"remaining_s\":3148.000,\"option_s\":null,\"origin\":\"default\",\"fuzz_s\":-0.250}");
    assert_string_equal(
        member("lease.expiry"),
        "{\"duration_s\":3600.000,\"at\":\"2026-01-02T05:04:03.000+01:00\",\"remaining_s\":3598.000}");
    assert_string_equal(member("lease.subnet_mask"), "\"255.255.255.0\"");
    assert_string_equal(member("lease.dns"), "[\"10.77.0.1\",\"10.77.0.2\"]");
    assert_string_equal(member("lease.router"), "\"10.77.0.1\"");
    assert_string_equal(
        member("lease.routes"),
        "[{\"to\":\"10.1.0.0/16\",\"via\":\"10.77.0.9\"},{\"to\":\"0.0.0.0/0\",\"via\":\"10.77.0.1\"}]");
    assert_string_equal(member("lease.search"), "\"a.example b.example\"");
    assert_string_equal(member("lease.captive_portal"), "\"https://portal.example/\"");
    assert_string_equal(member("lease.host_name"), "null");
    assert_string_equal(member("lease.domain"), "null");
    assert_string_equal(member("lease.mtu"), "null");
    assert_string_equal(member("lease.infinite"), "false");
    assert_string_equal(member("lease.requested_boot_s"), "8.000");
    assert_string_equal(member("lease.obtained_boot_s"), "8.250");
    assert_string_equal(member("last_sent"), "null");
    assert_string_equal(member("transitions"), "[]");
}

static void client_identifier_is_told_with_what_it_is_made_of(void **state)
{
    (void)state;
    static const struct {
        struct cli_config config;
        const char *expected;
    } rows[] = {
        {{.client_id_kind = CLI_CLIENT_ID_NONE}, "null"},
        {{.client_id_kind = CLI_CLIENT_ID_HW},
         "{\"hex\":\"01020000000002\",\"decoded\":\"hardware address 02:00:00:00:00:02\"}"},
        /* DUID-LL: type 3, hardware type 1 */
        {{.client_id_kind = CLI_CLIENT_ID_DUID},
         "{\"hex\":\"ff0000000200030001020000000002\","
         "\"decoded\":\"IAID 00000002, DUID 00030001020000000002\"}"},
        {{.client_id_kind = CLI_CLIENT_ID_BYTES, .client_id = {0, 'a'}, .client_id_len = 2},
         "{\"hex\":\"0061\",\"decoded\":\"opaque\"}"},
        {{.client_id_kind = CLI_CLIENT_ID_BYTES, .client_id = {255, 1, 2, 3, 4}, .client_id_len = 5},
         "{\"hex\":\"ff01020304\",\"decoded\":\"opaque\"}"},
    };
    struct cli_status status = {.profile = profile_of("rfc2131"), .state_text = ""};
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cli_report r = at_ten;
        r.config = &rows[i].config;
        json = cli_report_json(&r, &status);
        assert_string_equal(member("client_id"), rows[i].expected);
        cJSON_Delete(json);
    }
    json = NULL;
}

static void retransmission_is_a_base_and_a_random_part(void **state)
{
    (void)state;
    struct cli_status status = {.profile = profile_of("rfc2131"),
                                .state = CLI_SELECTING,
                                .state_text = "",
                                .timer = CLI_TIMER_RETRANSMIT,
                                .timer_at_ms = 12500,
                                .wait_ms = 7300,
                                .wait_base_ms = 8000,
                                .transmissions = 2};
    json = cli_report_json(&at_ten, &status);
    assert_string_equal(
        member("next_timer"),
        "{\"name\":\"retransmit\",\"at\":\"2026-01-02T04:04:07.500+01:00\",\"remaining_s\":2.500,"
        "\"base_s\":8.000,\"jitter_s\":-0.700}");
    assert_string_equal(member("transmissions"), "2");
}

static void last_messages_and_changes_of_state(void **state)
{
    (void)state;
    struct cli_status status = {
        .profile = profile_of("rfc2131"), .state = CLI_BOUND, .state_text = "", .timer_at_ms = TIME_NEVER};
    struct cli_report r = at_ten;
    struct cli_history h = {
        .transitions = {{8000, "SELECTING", "REQUESTING", REASON_OFFER_FIRST},
                        {8250, "REQUESTING", "BOUND", REASON_GOT_ACK}},
        .n_transitions = 2,
        .sent = {DHCP_REQUEST, 8000, IP4_BROADCAST, 0x3903f326, 0, 0},
        .received = {DHCP_ACK, 8250, 0x0a4d0001, 0x3903f326, 250, 0},
    };
    r.history = &h;
    json = cli_report_json(&r, &status);
    assert_string_equal(member("last_sent"),
                        "{\"type\":\"REQUEST\",\"at\":\"2026-01-02T04:04:03.000+01:00\",\"age_s\":2.000,"
                        "\"peer\":\"255.255.255.255\",\"giaddr\":null,\"xid\":\"0x3903f326\"}");
    assert_string_equal(member("last_received"),
                        "{\"type\":\"ACK\",\"at\":\"2026-01-02T04:04:03.250+01:00\",\"age_s\":1.750,"
                        "\"peer\":\"10.77.0.1\",\"giaddr\":null,\"xid\":\"0x3903f326\",\"rtt_s\":0.250}");
    assert_string_equal(
        member("transitions"),
        "[{\"at\":\"2026-01-02T04:04:03.250+01:00\",\"from\":\"REQUESTING\",\"to\":\"BOUND\","
        "\"reason\":\"ack\"},{\"at\":\"2026-01-02T04:04:03.000+01:00\",\"from\":\"SELECTING\","
        "\"to\":\"REQUESTING\",\"reason\":\"offer-first\"}]");
}

static void infinite_lease_has_no_instants(void **state)
{
    (void)state;
    struct cli_lease lease = hour_lease();
    lease.lease_s = LEASE_INFINITE;
    lease.timers = (struct cli_timers){TIME_NEVER, TIME_NEVER, CLI_TIMER_NONE, CLI_TIMER_NONE, 0, 0};
    lease.t1_told_s = -1;
    lease.renew_at_ms = lease.rebind_at_ms = lease.expires_at_ms = TIME_NEVER;
    struct cli_status status = {.profile = profile_of("rfc2131"),
                                .state = CLI_BOUND,
                                .state_text = "",
                                .lease = &lease,
                                .timer_at_ms = TIME_NEVER};
    json = cli_report_json(&at_ten, &status);
    assert_string_equal(member("lease.infinite"), "true");
    assert_string_equal(member("lease.t1"), "{\"duration_s\":4294967295,\"at\":null,\"remaining_s\":null,"
                                            "\"option_s\":null,\"origin\":\"none\",\"fuzz_s\":0.000}");
    assert_string_equal(member("lease.expiry"),
                        "{\"duration_s\":4294967295,\"at\":null,\"remaining_s\":null}");
    assert_string_equal(member("next_timer"), "null");
}

static void discards_are_counted_by_reason(void **state)
{
    (void)state;
    struct cli_status status = {.profile = profile_of("rfc2131"),
                                .state = CLI_SELECTING,
                                .state_text = "",
                                .timer_at_ms = TIME_NEVER};
    status.reasons[REASON_XID] = 2;
    status.reasons[REASON_MSG_TOO_SHORT] = 1;
    status.reasons[REASON_RETRANSMIT] = 5; /* a decision, not a discard */
    status.sent[DHCP_DISCOVER] = 6;
    json = cli_report_json(&at_ten, &status);
    assert_string_equal(member("discarded"), "{\"msg-too-short\":1,\"wrong-xid\":2}");
    assert_string_equal(member("sent"), "{\"DISCOVER\":6}");
    assert_string_equal(member("received"), "{}");
    assert_string_equal(member("lease"), "null");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(timers_are_durations_instants_and_what_remains, drop_json),
        cmocka_unit_test_teardown(infinite_lease_has_no_instants, drop_json),
        cmocka_unit_test_teardown(discards_are_counted_by_reason, drop_json),
        cmocka_unit_test_teardown(client_identifier_is_told_with_what_it_is_made_of, drop_json),
        cmocka_unit_test_teardown(retransmission_is_a_base_and_a_random_part, drop_json),
        cmocka_unit_test_teardown(last_messages_and_changes_of_state, drop_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
