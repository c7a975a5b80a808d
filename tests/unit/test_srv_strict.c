/* "lenient-option-parsing": which messages with a malformed option are served. The first rows are what a Kea
 * 2.2 was sent, too. */
#include "test_srv_world.h"

#define STRICT  "\"compatibility\": { \"lenient-option-parsing\": false }"
#define LENIENT "\"compatibility\": { \"lenient-option-parsing\": true }"

static void serve(const char *keys)
{
    char text[1024];
    snprintf(
        text, sizeof text,
        "{ \"Dhcp4\": { %s, \"option-def\": [ { \"name\": \"two\", \"code\": 224, \"type\": \"uint16\" } ],"
        " \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\","
        " \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.99\" } ] } ] } }",
        keys);
    start(text);
}

static const struct {
    uint8_t code, len;
    char value[8];
    bool is_dropped;
} rows[] = {
    {124, 8, "\0\0\x11\x8b\3abc", false}, /* 4491: 3 octets of data */
    {124, 8,
     "\0\0\x11\x8b\x09"
     "abc",
     true},
    {124, 2, "\0\0", true},
    {125, 7, "\0\0\x11\x8b\x09\1\1", false},
    {43, 3, "\1\7a", false},
    {82, 3, "\1\7a", false},
    {12, 0, "", false},
    {60, 0, "", false},
    {77, 3, "\7ab", false},
    {55, 0, "", true},
    {51, 2, "\1\2", true},
    {51, 5, "\1\2\3\4\5", false},
    {57, 1, "\1", true},
    {57, 2, "\0\x64", false}, /* 100 octets: below the 576 of RFC 2132 9.10 */
    {61, 1, "\1", true},
    {81, 6,
     "\4\0\0\x3f"
     "ab",
     true}, /* a label of 63 octets, of which 2 are there */
    {81, 7, "\0\0\0host", false},
    {81, 2, "\4\0", true},
    {118, 3, "\1\2\3", true},
    {119, 3,
     "\x3f"
     "ab",
     true},
    {137, 3,
     "\x3f"
     "ab",
     true},
    {3, 5, "\1\2\3\4\5", true},
    {93, 3, "\0\0\0", true},
    {94, 2, "\1\2", true},
    {108, 3, "\0\0\0", true},
    {212, 1, "\x09", true},
    {175, 3, "\1\7a", false},
    {224, 1, "\1", true}, /* of the configuration: two octets */
    {224, 3, "\1\2\3", false},
    {225, 1, "\1", false}, /* nobody has said what it is */
};

static void option_without_its_form_is_told_and_counted(void **state)
{
    (void)state;
    serve(STRICT);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        dhcp_put_bytes(msg('a', DHCP_DISCOVER), rows[i].code, rows[i].value, rows[i].len);
        send_to(IP4_BROADCAST);
        if (!rows[i].is_dropped) {
            assert_int_equal(seen.n_tx, 1);
            continue;
        }
        expect_silence(REASON_MSG_MALFORMED_OPTION);
        assert_int_equal(seen.n_drops, 1);
        assert_int_equal(seen.last.facts.num, rows[i].code);
    }
}

static void lenient_use_what_can_be_used(void **state)
{
    (void)state;
    serve(LENIENT);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        dhcp_put_bytes(msg('a', DHCP_DISCOVER), rows[i].code, rows[i].value, rows[i].len);
        send_to(IP4_BROADCAST);
        assert_int_equal(seen.n_tx, 1);
    }
    assert_int_equal(srv_engine_counters(engine)->reasons[REASON_MSG_MALFORMED_OPTION], 0);
}

static void kea_is_strict_unless_told_otherwise(void **state)
{
    (void)state;
    static const struct {
        const char *keys;
        bool is_strict;
    } defaults[] = {
        {"\"comment\": \"\"", false},
        {"\"compatibility\": { \"kea\": false }", false},
        {"\"compatibility\": { \"kea\": true }", true},
        {"\"compatibility\": { \"lenient-option-parsing\": true, \"kea\": true }", false},
    };
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++) {
        serve(defaults[i].keys);
        dhcp_put_bytes(msg('a', DHCP_DISCOVER), DHCP_OPT_LEASE_TIME, "\1\2", 2);
        send_to(IP4_BROADCAST);
        assert_int_equal(seen.n_tx, !defaults[i].is_strict);
        stop(NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(option_without_its_form_is_told_and_counted, stop),
        cmocka_unit_test_teardown(lenient_use_what_can_be_used, stop),
        cmocka_unit_test_teardown(kea_is_strict_unless_told_otherwise, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
