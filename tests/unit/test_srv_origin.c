/* The record of a decision: whom the client is taken for, where each option of the answer comes from, and why
 * one that was asked for is absent. */
#include "common/trace_options.h"
#include "test_srv_world.h"

#define A10 IP(10, 0, 0, 10)

/* What the decision for `reason` says. */
static const struct trace_facts *facts_of(enum reason reason)
{
    for (const struct srv_action *a = actions.first; a != NULL; a = a->next)
        if (a->kind == SRV_TRACE && a->trace.reason == reason)
            return &a->trace.facts;
    static const struct trace_facts none = {.text = "(there is no such decision)"};
    return &none;
}

static void expect_text(enum reason reason, const char *text)
{
    char shown[512];
    const struct trace_facts *facts = facts_of(reason);
    if (facts->form == TRACE_OPTIONS)
        trace_options_format(facts->text, shown, sizeof shown);
    else
        snprintf(shown, sizeof shown, "%s", facts->text);
    assert_string_equal(shown, text);
}

static void ask(enum dhcp_type type, const char *prl)
{
    dhcp_put_bytes(msg('a', type), DHCP_OPT_PRL, prl, strlen(prl));
}

/* Routers of the pool hide those of the subnet; a class has the NTP servers, the top the domain name. */
static const char scopes[] =
    "{ \"Dhcp4\": {"
    "  \"option-data\": [ { \"name\": \"domain-name\", \"data\": \"lab\" },"
    "                     { \"name\": \"time-servers\", \"data\": \"10.0.0.4\", \"never-send\": true },"
    "                     { \"name\": \"log-servers\", \"data\": \"10.0.0.5\", \"client-classes\": [ \"HA\" "
    "] } ],"
    "  \"client-classes\": [ { \"name\": \"gold\", \"test\": \"member('ALL')\","
    "    \"option-data\": [ { \"name\": \"ntp-servers\", \"data\": \"10.0.0.6\" } ] } ],"
    "  \"shared-networks\": [ { \"name\": \"floor\","
    "    \"option-data\": [ { \"name\": \"domain-name-servers\", \"data\": \"10.0.0.7\" } ],"
    "    \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\","
    "      \"option-data\": [ { \"name\": \"routers\", \"data\": \"10.0.0.2\" },"
    "                         { \"name\": \"interface-mtu\", \"data\": \"1400\" } ],"
    "      \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.12\","
    "        \"option-data\": [ { \"name\": \"routers\", \"data\": \"10.0.0.3\" } ] } ],"
    "      \"reservations\": [ { \"hw-address\": \"02:00:00:00:00:0a\","
    "        \"option-data\": [ { \"code\": 43, \"csv-format\": false, \"data\": \"0102\" } ] } ] } ] } ] } "
    "}";

static void each_option_has_the_scope_that_it_comes_from(void **state)
{
    (void)state;
    start(scopes);
    ask(DHCP_DISCOVER, "\x2a\x2b\3\6\xf\x1a");
    dhcp_put_bytes(&request, DHCP_OPT_CLIENT_ID, "\1ab", 3);
    send_to(IP4_BROADCAST);
    expect_text(
        REASON_OPTIONS_SENT,
        "53 dhcp-message-type (server), 54 dhcp-server-identifier (server), 51 dhcp-lease-time (lease), "
        "1 subnet-mask (subnet), 42 ntp-servers (class gold), 43 vendor-encapsulated-options "
        "(reservation), 3 routers (pool), 6 domain-name-servers (shared-network), 15 domain-name (global), "
        "26 interface-mtu (subnet), 61 dhcp-client-identifier (request)");
    assert_false(decided(REASON_OPTIONS_NOT_CONFIGURED));
}

static void an_option_that_is_absent_has_a_reason(void **state)
{
    (void)state;
    start(scopes);
    ask(DHCP_DISCOVER, "\xc\4\7\3\xc\xfc");
    send_to(IP4_BROADCAST);
    expect_text(REASON_OPTIONS_NOT_CONFIGURED, "12 host-name, 252 wpad-proxy-url");
    expect_text(REASON_OPTIONS_NEVER_SENT, "4 time-servers");
    expect_text(REASON_OPTIONS_CLASS, "7 log-servers");
    assert_false(decided(REASON_OPTIONS_SUPERSEDED));
    assert_false(decided(REASON_OPTIONS_NO_LEASE));
    assert_false(decided(REASON_OPTIONS_NO_ROOM));
}

static void rfc3442_superseded_routers_are_on_record(void **state)
{
    (void)state;
    start("{ \"Dhcp4\": { \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\","
          "  \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.12\" } ], \"option-data\": ["
          "    { \"name\": \"routers\", \"data\": \"10.0.0.1\" },"
          "    { \"name\": \"classless-static-route\", \"data\": \"10.0.0.0/8 - 10.0.0.1\" } ] } ] } }");
    ask(DHCP_DISCOVER, "\3\x79");
    send_to(IP4_BROADCAST);
    expect_text(REASON_OPTIONS_SUPERSEDED, "3 routers");
}

static void rfc2131_4_3_5_an_inform_has_no_lease_to_tell_of(void **state)
{
    (void)state;
    start(scopes);
    ask(DHCP_INFORM, "\x33\x3a\xf");
    request.ciaddr = A10;
    send_to(IP4_BROADCAST);
    expect_text(REASON_OPTIONS_NO_LEASE, "51 dhcp-lease-time, 58 dhcp-renewal-time");
}

static void what_has_no_room_is_on_record(void **state)
{
    char text[2048], zeros[601] = "";
    (void)state;
    memset(zeros, '0', sizeof zeros - 1);
    snprintf(text, sizeof text,
             "{ \"Dhcp4\": { \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\","
             "  \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.12\" } ], \"option-data\": ["
             "    { \"code\": 224, \"csv-format\": false, \"data\": \"%s\" },"
             "    { \"code\": 225, \"csv-format\": false, \"data\": \"%s\" } ] } ] } }",
             zeros, zeros);
    start(text);
    ask(DHCP_DISCOVER, "\xe0\xe1");
    send_to(IP4_BROADCAST);
    expect_text(REASON_OPTIONS_NO_ROOM, "225");
}

/* Nobody asks a NAK for options. */
static void a_nak_has_nothing_that_is_absent(void **state)
{
    (void)state;
    start(scopes);
    ask(DHCP_REQUEST, "\xc");
    dhcp_put_u32(&request, DHCP_OPT_REQUESTED_IP, IP(10, 9, 9, 9));
    send_to(IP4_BROADCAST);
    expect_text(
        REASON_OPTIONS_SENT,
        "53 dhcp-message-type (server), 54 dhcp-server-identifier (server), 56 dhcp-message (server)");
    assert_false(decided(REASON_OPTIONS_NOT_CONFIGURED));
}

static void rfc2131_4_2_the_record_says_whom_the_client_is_taken_for(void **state)
{
    static const char subnet[] =
        "{ \"Dhcp4\": { \"match-client-id\": %s, \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\","
        "  \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.12\" } ] } ] } }";
    static const struct {
        const char *match, *id;
        enum reason reason;
        const char *text;
    } rows[] = {
        {"true", "\1ab", REASON_IDENTITY_ID, "01:61:62"},
        {"true", "", REASON_IDENTITY_HW, NULL},
        {"false", "\1ab", REASON_IDENTITY_HW_ONLY, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[512];
        snprintf(text, sizeof text, subnet, rows[i].match);
        start(text);
        msg('a', DHCP_DISCOVER);
        if (rows[i].id[0] != '\0')
            dhcp_put_bytes(&request, DHCP_OPT_CLIENT_ID, rows[i].id, strlen(rows[i].id));
        send_to(IP4_BROADCAST);
        assert_true(decided(rows[i].reason));
        if (rows[i].text != NULL)
            expect_text(rows[i].reason, rows[i].text);
        for (size_t j = 0; j < sizeof rows / sizeof rows[0]; j++)
            assert_true(j == i || !decided(rows[j].reason));
        stop(state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(each_option_has_the_scope_that_it_comes_from, stop),
        cmocka_unit_test_teardown(an_option_that_is_absent_has_a_reason, stop),
        cmocka_unit_test_teardown(rfc3442_superseded_routers_are_on_record, stop),
        cmocka_unit_test_teardown(rfc2131_4_3_5_an_inform_has_no_lease_to_tell_of, stop),
        cmocka_unit_test_teardown(what_has_no_room_is_on_record, stop),
        cmocka_unit_test_teardown(a_nak_has_nothing_that_is_absent, stop),
        cmocka_unit_test(rfc2131_4_2_the_record_says_whom_the_client_is_taken_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
