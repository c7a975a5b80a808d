/* What `dhcplab status` and `dhcplab leases` print. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "lab/report.h"
#include "lab/view_lab.h"

static void expect_report(char *text, const char *expected)
{
    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
}

static const char bound[] =
    "{\"node\":\"h1\",\"interface\":\"eth0\",\"hardware_address\":\"02:00:00:00:00:02\",\"hostname\":\"h1\","
    "\"state\":\"BOUND\",\"state_since\":\"2026-11-21T12:00:00.250+01:00\",\"state_age_s\":12.3,"
    "\"state_reason\":\"ack\",\"state_text\":\"10.77.0.10 is ours for 1 h\","
    "\"next_timer\":{\"name\":\"T1\",\"at\":\"2026-11-21T12:30:00.250+01:00\",\"remaining_s\":1787.7},"
    "\"transmissions\":0,\"xid\":\"0x3903f326\",\"sent\":{\"DISCOVER\":1,\"REQUEST\":1},"
    "\"received\":{\"OFFER\":1,\"ACK\":1},\"discarded\":{\"wrong-xid\":2},"
    "\"lease\":{\"address\":\"10.77.0.10\",\"prefix_length\":24,\"subnet_mask\":\"255.255.255.0\","
    "\"router\":\"10.77.0.1\",\"server\":\"10.77.0.1\",\"dns\":[\"10.77.0.1\",\"10.77.0.2\"],"
    "\"domain\":\"lab.example\",\"mtu\":1500,\"infinite\":false,\"requested\":\"2026-11-21T12:00:00.249+01:"
    "00\","
    "\"obtained\":\"2026-11-21T12:00:00.250+01:00\",\"obtained_age_s\":12.3,"
    "\"t1\":{\"duration_s\":1800,\"at\":\"2026-11-21T12:30:00.249+01:00\",\"remaining_s\":1787.7,\"origin\":"
    "\"option\",\"fuzz_s\":0},"
    "\"t2\":{\"duration_s\":3150,\"at\":\"2026-11-21T12:52:30.249+01:00\",\"remaining_s\":3137.7,\"origin\":"
    "\"default\"},"
    "\"expiry\":{\"duration_s\":3600,\"at\":\"2026-11-21T13:00:00.249+01:00\",\"remaining_s\":3587.7}}}";

static void test_bound_client(void **state)
{
    (void)state;
    cJSON *status = cJSON_Parse(bound);
    assert_non_null(status);
    expect_report(
        report_client("h1", status),
        "h1: DHCP client on eth0\n"
        "\n"
        "   Host Name . . . . . . . . . . . . : h1\n"
        "   Connection-specific DNS Suffix. . : lab.example\n"
        "   Physical Address. . . . . . . . . : 02-00-00-00-00-02\n"
        "   DHCP Enabled. . . . . . . . . . . : Yes\n"
        "   State . . . . . . . . . . . . . . : BOUND for 00:00:12, since 2026-11-21 12:00:00\n"
        "   State Entered Because . . . . . . : 10.77.0.10 is ours for 1 h\n"
        "   IPv4 Address. . . . . . . . . . . : 10.77.0.10\n"
        "   Subnet Mask . . . . . . . . . . . : 255.255.255.0\n"
        "   Lease Obtained. . . . . . . . . . : 2026-11-21 12:00:00, 00:00:12 ago\n"
        "   T1, Renews. . . . . . . . . . . . : 2026-11-21 12:30:00, in 00:29:47 (30 min, option 58)\n"
        "   T2, Rebinds . . . . . . . . . . . : 2026-11-21 12:52:30, in 00:52:17 (52 min 30 s, 7/8 of the "
        "lease)\n"
        "   Lease Expires . . . . . . . . . . : 2026-11-21 13:00:00, in 00:59:47 (1 h)\n"
        "   Default Gateway . . . . . . . . . : 10.77.0.1\n"
        "   DHCP Server . . . . . . . . . . . : 10.77.0.1\n"
        "   DNS Servers . . . . . . . . . . . : 10.77.0.1\n"
        "                                       10.77.0.2\n"
        "   Interface MTU . . . . . . . . . . : 1500\n"
        "   Next Timer. . . . . . . . . . . . : T1, 2026-11-21 12:30:00, in 00:29:47\n"
        "   Messages Sent . . . . . . . . . . : DISCOVER 1, REQUEST 1\n"
        "   Messages Received . . . . . . . . : OFFER 1, ACK 1\n"
        "   Messages Discarded. . . . . . . . : wrong-xid 2\n");
    cJSON_Delete(status);
}

/* The host is called what the server says, whatever the client asked for. */
static void test_name_by_the_server(void **state)
{
    (void)state;
    cJSON *status = cJSON_Parse(bound);
    cJSON *lease = cJSON_GetObjectItemCaseSensitive(status, "lease");
    assert_non_null(cJSON_AddStringToObject(lease, "host_name", "reserved"));
    char *text = report_client("h1", status);
    assert_non_null(text);
    assert_non_null(strstr(text, "   Host Name . . . . . . . . . . . . : reserved\n"));
    free(text);
    cJSON_Delete(status);
}

static void test_client_without_lease(void **state)
{
    (void)state;
    cJSON *status =
        cJSON_Parse("{\"interface\":\"eth0\",\"hardware_address\":\"02:00:00:00:00:02\",\"hostname\":null,"
                    "\"state\":\"STOPPED\",\"state_since\":\"2026-11-21T12:00:00.250+01:00\","
                    "\"state_age_s\":90061,\"state_reason\":\"command-release\",\"next_timer\":null,"
                    "\"sent\":{},\"received\":{},\"discarded\":{},\"lease\":null}");
    assert_non_null(status);
    expect_report(
        report_client("h1", status),
        "h1: DHCP client on eth0\n"
        "\n"
        "   Physical Address. . . . . . . . . : 02-00-00-00-00-02\n"
        "   DHCP Enabled. . . . . . . . . . . : Yes\n"
        "   State . . . . . . . . . . . . . . : STOPPED for 1 d 01:01:01, since 2026-11-21 12:00:00\n"
        "   State Entered Because . . . . . . : command-release\n"
        "   IPv4 Address. . . . . . . . . . . : none: there is no lease\n"
        "   Next Timer. . . . . . . . . . . . : none\n");
    cJSON_Delete(status);
}

static void test_probing_client(void **state)
{
    (void)state;
    cJSON *status = cJSON_Parse(
        "{\"interface\":\"eth0\",\"state\":\"PROBING\",\"state_since\":\"2026-11-21T12:00:00.250+01:00\","
        "\"state_age_s\":3,\"state_reason\":\"ack-probe\",\"lease\":null,"
        "\"next_timer\":{\"name\":\"probe\",\"at\":\"2026-11-21T12:00:04.250+01:00\",\"remaining_s\":1},"
        "\"conflict_detection\":{\"address\":\"10.77.0.10\",\"probes_sent\":2,\"probes\":3,"
        "\"announcements_sent\":0,\"announcements\":2,\"defences\":0},\"conflicts\":1}");
    assert_non_null(status);
    char *text = report_client("h1", status);
    assert_non_null(
        strstr(text, "   Conflict Detection. . . . . . . . : 10.77.0.10: ARP probe 2 of 3, announcement "
                     "0 of 2, defended 0 times\n"
                     "   Address Conflicts . . . . . . . . : 1 in a row\n"));
    free(text);
    cJSON_Delete(status);
}

static void test_infinite_lease_and_late_timers(void **state)
{
    (void)state;
    cJSON *status = cJSON_Parse(
        "{\"interface\":\"eth0\",\"hardware_address\":\"02:00:00:00:00:02\",\"hostname\":\"h1\",\"state\":"
        "\"RENEWING\","
        "\"state_since\":\"2026-11-21T12:30:00.250+01:00\",\"state_age_s\":5,\"state_reason\":\"t1\","
        "\"next_timer\":{\"name\":\"retransmit\",\"at\":\"2026-11-21T12:30:00.250+01:00\",\"remaining_s\":-5}"
        ","
        "\"lease\":{\"address\":\"10.77.0.10\",\"subnet_mask\":\"255.255.255.0\",\"router\":null,\"server\":"
        "\"10.77.0.1\","
        "\"dns\":[],\"domain\":null,\"mtu\":null,\"infinite\":true,\"obtained\":\"2026-11-21T12:00:00.250+01:"
        "00\","
        "\"obtained_age_s\":1805,"
        "\"t1\":{\"duration_s\":4294967295,\"at\":null,\"remaining_s\":null,\"origin\":\"none\"},"
        "\"t2\":{\"duration_s\":60,\"at\":\"2026-11-21T12:01:00.250+01:00\",\"remaining_s\":-1745,\"origin\":"
        "\"repaired\",\"fuzz_s\":-0.25},"
        "\"expiry\":{\"duration_s\":4294967295,\"at\":null,\"remaining_s\":null}}}");
    assert_non_null(status);
    expect_report(
        report_client("h1", status),
        "h1: DHCP client on eth0\n"
        "\n"
        "   Host Name . . . . . . . . . . . . : h1\n"
        "   Physical Address. . . . . . . . . : 02-00-00-00-00-02\n"
        "   DHCP Enabled. . . . . . . . . . . : Yes\n"
        "   State . . . . . . . . . . . . . . : RENEWING for 00:00:05, since 2026-11-21 12:30:00\n"
        "   State Entered Because . . . . . . : t1\n"
        "   IPv4 Address. . . . . . . . . . . : 10.77.0.10\n"
        "   Subnet Mask . . . . . . . . . . . : 255.255.255.0\n"
        "   Lease Obtained. . . . . . . . . . : 2026-11-21 12:00:00, 00:30:05 ago\n"
        "   T1, Renews. . . . . . . . . . . . : never: the lease is infinite\n"
        "   T2, Rebinds . . . . . . . . . . . : 2026-11-21 12:01:00, 00:29:05 ago (1 min, repaired, "
        "fuzz -0.250 s)\n"
        "   Lease Expires . . . . . . . . . . : never: the lease is infinite\n"
        "   DHCP Server . . . . . . . . . . . : 10.77.0.1\n"
        "   Next Timer. . . . . . . . . . . . : retransmit, 2026-11-21 12:30:00, 00:00:05 ago\n");
    cJSON_Delete(status);
}

static void test_server(void **state)
{
    (void)state;
    cJSON *status =
        cJSON_Parse("{\"leases\":2,\"received\":{\"DISCOVER\":2},\"sent\":{\"OFFER\":2},\"dropped\":1,"
                    "\"reasons\":{\"lease-new\":1,\"no-subnet\":2},\"pid\":7,\"interfaces\":[{\"name\":"
                    "\"eth0\",\"address\":\"10.77.0.1/24\","
                    "\"hardware_address\":\"02:00:00:00:00:01\"}]}");
    assert_non_null(status);
    expect_report(report_server("server", status),
                  "server: DHCP server\n"
                  "\n"
                  "   IPv4 Address. . . . . . . . . . . : 10.77.0.1/24 on eth0\n"
                  "   Physical Address. . . . . . . . . : 02-00-00-00-00-01\n"
                  "   Leases. . . . . . . . . . . . . . : 2\n"
                  "   Messages Received . . . . . . . . : DISCOVER 2\n"
                  "   Messages Sent . . . . . . . . . . : OFFER 2\n"
                  "   Messages Dropped. . . . . . . . . : 1\n"
                  "   Refused or Not Answered . . . . . : no-subnet 2\n");
    cJSON_Delete(status);
}

/* What is counted for a silence or a refusal, and nothing else. */
static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *status, *expected;
    } rows[] = {
        {"{\"received\":{\"DISCOVER\":3},\"reasons\":{\"subnet-interface\":3,\"pool-empty\":2,\"nak-in-use\":"
         "1,"
         "\"msg-hops\":4}}",
         "pool-empty 2, nak-in-use 1, msg-hops 4"},
        {"{\"received\":{},\"sent\":{},\"reasons\":{}}", "no message has come to it"},
        {"{\"received\":{\"DISCOVER\":3},\"sent\":{\"OFFER\":3},\"reasons\":{\"addr-next\":1}}",
         "it refused nothing; received DISCOVER 3; sent OFFER 3"},
        {"{\"received\":{\"DISCOVER\":3},\"sent\":{},\"reasons\":{\"probing\":3}}",
         "it refused nothing; received DISCOVER 3; sent nothing"},
        {"{\"received\":{\"DISCOVER\":3},\"reasons\":{\"subnet-class\":2,\"offer-limit-client\":1,"
         "\"classes\":3}}",
         "subnet-class 2, offer-limit-client 1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cJSON *status = cJSON_Parse(rows[i].status);
        assert_non_null(status);
        expect_report(report_refusals(status), rows[i].expected);
        cJSON_Delete(status);
    }
}

static const char kea_leases[] =
    "[{\"ip-address\":\"10.77.0.10\",\"hw-address\":\"02:00:00:00:00:02\",\"client-id\":\"01:02:00:00:00:00:"
    "02\","
    "\"subnet-id\":1,\"cltt\":1795258800,\"valid-lft\":3600,\"hostname\":\"h1\",\"state\":0},"
    "{\"ip-address\":\"10.77.0.11\",\"hw-address\":\"02:00:00:00:00:03\",\"subnet-id\":1,\"cltt\":1795258800,"
    "\"valid-lft\":4294967295,\"hostname\":\"\",\"state\":0},"
    "{\"ip-address\":\"10.77.0.12\",\"hw-address\":\"02:00:00:00:00:04\",\"subnet-id\":1,\"cltt\":1795258800,"
    "\"valid-lft\":604800,\"hostname\":\"\",\"state\":3},"
    "{\"ip-address\":\"10.77.0.13\",\"hw-address\":\"\",\"subnet-id\":1,\"cltt\":1795258800,"
    "\"valid-lft\":604800,\"hostname\":\"\",\"state\":1}]";

static cJSON *complete_leases(void)
{
    cJSON *leases = cJSON_Parse(kea_leases);
    cJSON *lease;
    assert_non_null(leases);
    cJSON_ArrayForEach(lease, leases)
    {
        report_lease_complete(lease, "server", 1795258812);
    }
    return leases;
}

static void test_leases(void **state)
{
    (void)state;
    cJSON *leases = complete_leases();
    expect_report(
        report_leases(leases),
        "SERVER  ADDRESS     HARDWARE ADDRESS   CLIENT ID             HOSTNAME  STATE     EXPIRES IN    AT\n"
        "server  10.77.0.10  02:00:00:00:00:02  01:02:00:00:00:00:02  h1        active    00:59:48      "
        "2026-11-21 13:00:00\n"
        "server  10.77.0.11  02:00:00:00:00:03  -                     -         active    never         -\n"
        "server  10.77.0.12  02:00:00:00:00:04  -                     -         released  -             -\n"
        "server  10.77.0.13  -                  -                     -         declined  6 d 23:59:48  "
        "2026-11-28 12:00:00\n");
    cJSON_Delete(leases);
}

static void test_lease_json(void **state)
{
    (void)state;
    cJSON *leases = complete_leases();
    cJSON *lease = cJSON_GetArrayItem(leases, 0);
    assert_string_equal(view_text(lease, "server"), "server");
    assert_string_equal(view_text(lease, "state_name"), "active");
    assert_string_equal(view_text(lease, "expires"), "2026-11-21T13:00:00.000+01:00");
    assert_int_equal((int)view_number(lease, "remaining_s", 0), 3588);
    for (int i = 1; i < 3; i++) {
        lease = cJSON_GetArrayItem(leases, i);
        assert_true(cJSON_IsNull(cJSON_GetObjectItem(lease, "expires")));
        assert_true(cJSON_IsNull(cJSON_GetObjectItem(lease, "remaining_s")));
    }
    cJSON_Delete(leases);
}

static void test_spans_and_instants(void **state)
{
    (void)state;
    char buf[VIEW_SPAN_LEN];
    assert_string_equal(view_span(0, buf), "00:00:00");
    assert_string_equal(view_span(-3, buf), "00:00:00");
    assert_string_equal(view_span(86399.9, buf), "23:59:59");
    assert_string_equal(view_span(90061, buf), "1 d 01:01:01");
    assert_string_equal(view_span(1e300, buf), "49710 d 06:28:15");
    assert_string_equal(view_instant("2026-11-21T12:00:00.250+01:00", buf), "2026-11-21 12:00:00");
    assert_string_equal(view_instant("", buf), "");
}

/* `dhcplab renew h1 --timeout 5`: read, or refused with exit code 2. */
static void test_arguments(void **state)
{
    (void)state;
    static const struct view_command command = {"Usage: ...\n", VIEW_JSON | VIEW_TIMEOUT, 1, 1};
    static const struct {
        const char *argv[5];
        int argc;
        int code; /* -1: go on */
    } rows[] = {
        {{"renew", "h1"}, 2, -1},
        {{"renew", "--timeout", "5", "h1"}, 4, -1},
        {{"renew", "h1", "--json", "-n", "pair"}, 5, -1},
        {{"renew", "--help"}, 2, 0},
        {{"renew"}, 1, 2},
        {{"renew", "h1", "h2"}, 3, 2},
        {{"renew", "h1", "--timeout", "0"}, 4, 2},
        {{"renew", "h1", "--timeout", "5x"}, 4, 2},
        {{"renew", "h1", "--ladder"}, 3, 2},
        {{"renew", "h1", "-f"}, 3, 2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char words[5][16];
        char *argv[6] = {NULL};
        struct view_args args;
        int code;
        for (int k = 0; k < rows[i].argc; k++)
            argv[k] = strcpy(words[k], rows[i].argv[k]);
        bool on = view_args_read(rows[i].argc, argv, &command, &args, &code);
        assert_int_equal(on, rows[i].code == -1);
        if (on)
            assert_string_equal(args.hosts[0], "h1");
        else
            assert_int_equal(code, rows[i].code);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bound_client),
        cmocka_unit_test(test_name_by_the_server),
        cmocka_unit_test(test_client_without_lease),
        cmocka_unit_test(test_probing_client),
        cmocka_unit_test(test_infinite_lease_and_late_timers),
        cmocka_unit_test(test_server),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_leases),
        cmocka_unit_test(test_lease_json),
        cmocka_unit_test(test_spans_and_instants),
        cmocka_unit_test(test_arguments),
    };
    setenv("TZ", "CET-1", 1); /* one hour ahead of UTC, without a time zone file */
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
