/* "hooks-libraries": libraries of Kea's as switches of what is built in here. */
#include "test_srv_parsing.h"

static void hooks_are_switches_of_what_is_built_in(void **state)
{
    (void)state;
    accept("{ \"Dhcp4\": {} }");
    assert_false(config->bootp);
    assert_false(config->ping.enabled);
    assert_int_equal(config->ping.max_pending, 256);
    accept("{ \"Dhcp4\": { \"subnet4\": [], \"parked-packet-limit\": 7, \"hooks-libraries\": [\n"
           "  { \"library\": \"/usr/lib/kea/hooks/libdhcp_ping_check.so\", \"parameters\": {\n"
           "    \"min-ping-requests\": 2, \"reply-timeout\": 250, \"ping-cltt-secs\": 9,\n"
           "    \"ping-channel-threads\": 1 } },\n"
           "  { \"library\": \"libdhcp_bootp.so\" },\n"
           "  { \"library\": \"libdhcp_radius.so\", \"parameters\": { \"any\": 1 } } ] } }");
    assert_string_equal(
        warnings, "server.json:4:5: at "
                  "$.Dhcp4.hooks-libraries[0].parameters.ping-channel-threads: the key has no effect: Kea "
                  "knows it, this program does not implement it\n"
                  "server.json:6:16: at $.Dhcp4.hooks-libraries[2].library: nothing like "
                  "libdhcp_radius.so is built in here: ignored\n"
                  "server.json:1:12: at $.Dhcp4: there is no subnet4: nobody will get an address\n");
    assert_true(config->bootp);
    assert_true(config->ping.enabled);
    assert_int_equal(config->ping.requests, 2);
    assert_int_equal(config->ping.timeout_ms, 250);
    assert_int_equal(config->ping.cltt_s, 9);
    assert_int_equal(config->ping.max_pending, 7);
    accept("{ \"Dhcp4\": { \"hooks-libraries\": [ { \"library\": \"libdhcp_ping_check.so\" } ] } }");
    assert_true(config->ping.enabled);
    assert_int_equal(config->ping.requests, 1);
    assert_int_equal(config->ping.timeout_ms, 100);
    assert_int_equal(config->ping.cltt_s, 60);
}

static void what_is_wrong_is_named_with_its_place(void **state)
{
    static const struct {
        const char *dhcp4, *error;
    } rows[] = {
        {"\"hooks-libraries\": [ { \"library\": \"libdhcp_ping_check.so\", \"parameters\": { "
         "\"reply-timeout\": "
         "0 } "
         "} ]",
         "2:93: at $.Dhcp4.hooks-libraries[0].parameters.reply-timeout: expected a number from 1 to 60000, "
         "found "
         "0"},
        {"\"hooks-libraries\": [ { \"library\": \"libdhcp_bootp.so\", \"parameters\": { \"on\": true } } ]",
         "2:71: at $.Dhcp4.hooks-libraries[0].parameters.on: the key is not known here: expected one of "
         "\"comment\""},
        {"\"hooks-libraries\": [ { \"library\": \"libdhcp_stat_cmds.so\", \"parameters\": { \"on\": 1 } } ]",
         "2:75: at $.Dhcp4.hooks-libraries[0].parameters.on: the key is not known here: expected one of "
         "\"comment\""},
        {"\"hooks-libraries\": [ { \"parameters\": {} } ]",
         "2:22: at $.Dhcp4.hooks-libraries[0]: the key \"library\" is missing"},
        {"\"parked-packet-limit\": 0",
         "2:24: at $.Dhcp4.parked-packet-limit: expected a number from 1 to 4096, found 0"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[1024], expected[JCFG_TEXT_MAX];
        snprintf(text, sizeof text, "{ \"Dhcp4\": {\n%s\n} }", rows[i].dhcp4);
        snprintf(expected, sizeof expected, "server.json:%s", rows[i].error);
        refuse(text, expected);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, stop)
    const struct CMUnitTest tests[] = {
        TEST(hooks_are_switches_of_what_is_built_in),
        TEST(what_is_wrong_is_named_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
