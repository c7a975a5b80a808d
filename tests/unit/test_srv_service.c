/* loggers, control sockets, and the commands that hooks-libraries switches. */
#include "server/srv_command.h"
#include "tests/unit/test_srv_world.h"

static char warnings[2048];

static void keep_warning(void *user, const char *text)
{
    (void)user;
    strncat(warnings, text, sizeof warnings - strlen(warnings) - 2);
    strcat(warnings, "\n");
}

/* `keys` stand in Dhcp4, from line 2 on. */
static int try(const char *keys, char *error)
{
    static char text[4096];
    snprintf(
        text, sizeof text,
        "{ \"Dhcp4\": { \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"pools\": [ { \"pool\": "
        "\"10.0.0.10 - 10.0.0.12\" } ] } ],\n%s } }",
        keys);
    srv_config_free(config);
    warnings[0] = error[0] = '\0';
    return srv_config_parse("s", text, strlen(text), keep_warning, NULL, error, &config);
}

static void accept(const char *keys)
{
    char error[JCFG_TEXT_MAX];
    int err = try(keys, error);
    assert_string_equal(error, "");
    assert_int_equal(err, 0);
}

static void refuse(const char *keys, const char *expected)
{
    char error[JCFG_TEXT_MAX];
    assert_int_equal(try(keys, error), ERR_CONFIG);
    assert_string_equal(error, expected);
}

static int end(void **state)
{
    (void)state;
    srv_config_free(config);
    config = NULL;
    return 0;
}

/* ---- loggers ---- */

static void loggers_of_both_spellings(void **state)
{
    (void)state;
    accept("\"loggers\": [ { \"name\": \"kea-dhcp4\", \"severity\": \"DEBUG\", \"debuglevel\": 99, "
           "\"output-options\": ["
           "  { \"output\": \"/var/log/a\", \"flush\": false, \"maxsize\": 5, \"maxver\": 3 }, { \"output\": "
           "\"syslog\" } ] },"
           " { \"name\": \"kea-dhcp4\", \"output_options\": [ { \"output\": \"stdout\" } ] } ]");
    assert_string_equal(warnings, "");
    assert_int_equal(config->n_loggers, 2);
    const struct srv_logger *debug = &config->loggers[0], *info = &config->loggers[1];
    assert_int_equal(debug->severity, SRV_SEVERITY_DEBUG);
    assert_int_equal(debug->debuglevel, 99);
    assert_int_equal(debug->n_outputs, 2);
    assert_string_equal(debug->outputs[0].output, "/var/log/a");
    assert_false(debug->outputs[0].flush);
    assert_int_equal(debug->outputs[0].maxsize, 5);
    assert_int_equal(debug->outputs[0].maxver, 3);
    assert_true(debug->outputs[1].flush);
    assert_int_equal(debug->outputs[1].maxsize, 10240000);
    assert_int_equal(debug->outputs[1].maxver, 1);
    assert_int_equal(info->severity, SRV_SEVERITY_INFO);
    assert_string_equal(info->outputs[0].output, "stdout");
}

static void logger_of_a_part_of_kea_has_no_effect(void **state)
{
    (void)state;
    accept("\"loggers\": [\n{ \"name\": \"kea-dhcp4.leases\" } ]");
    assert_int_equal(config->n_loggers, 0);
    assert_string_equal(
        warnings,
        "s:3:1: at $.Dhcp4.loggers[0]: only the logger \"kea-dhcp4\" has an effect: all is said by it\n");
}

static void logger_that_is_wrong(void **state)
{
    (void)state;
    refuse("\"loggers\": [\n{ \"severity\": \"INFO\" } ]",
           "s:3:1: at $.Dhcp4.loggers[0]: the key \"name\" is missing");
    refuse(
        "\"loggers\": [ { \"name\": \"kea-dhcp4\",\n\"severity\": \"LOUD\" } ]",
        "s:3:13: at $.Dhcp4.loggers[0].severity: expected one of \"DEBUG\", \"INFO\", \"WARN\", \"ERROR\", "
        "\"FATAL\", \"NONE\", found \"LOUD\"");
    refuse("\"loggers\": [ { \"name\": \"kea-dhcp4\", \"output-options\": [\n{ \"output\": \"\" } ] } ]",
           "s:3:13: at $.Dhcp4.loggers[0].output-options[0].output: expected \"stdout\", \"stderr\", "
           "\"syslog\" or the "
           "path of a file");
}

/* ---- control sockets ---- */

static void control_socket_of_both_spellings(void **state)
{
    (void)state;
    accept("\"control-socket\": { \"socket-type\": \"unix\", \"socket-name\": \"/run/a\" }");
    assert_int_equal(config->n_control_sockets, 1);
    assert_string_equal(config->control_sockets[0], "/run/a");
    accept("\"control-sockets\": [\n{ \"socket-type\": \"http\", \"socket-address\": \"127.0.0.1\" },\n"
           "{ \"socket-type\": \"unix\", \"socket-name\": \"/run/b\" },\n"
           "{ \"socket-type\": \"unix\", \"socket-name\": \"/run/c\" } ]");
    assert_int_equal(config->n_control_sockets, 2);
    assert_string_equal(config->control_sockets[0], "/run/b");
    assert_string_equal(config->control_sockets[1], "/run/c");
    assert_string_equal(
        warnings,
        "s:3:26: at $.Dhcp4.control-sockets[0].socket-address: the key has no effect: Kea knows it, this "
        "program does "
        "not implement it\n"
        "s:3:18: at $.Dhcp4.control-sockets[0].socket-type: commands are not taken over http here: "
        "ignored\n");
    accept("");
    assert_int_equal(config->n_control_sockets, 0);
    refuse("\"control-sockets\": [ { \"socket-type\": \"unix\", \"socket-name\": \"/run/b\" },\n"
           "{ \"socket-type\": \"unix\", \"socket-name\": \"/run/b\" } ]",
           "s:3:1: at $.Dhcp4.control-sockets[1]: the control socket /run/b is there already");
    refuse("\"control-socket\":\n{ \"socket-type\": \"unix\" }",
           "s:3:1: at $.Dhcp4.control-socket: the key \"socket-name\" is missing");
}

/* ---- hooks-libraries ---- */

static bool is_listed(const char *command)
{
    struct srv_command_context context = {.config = config};
    struct srv_command_reply reply;
    const cJSON *item;
    bool found = false;
    srv_command_run(&context, "list-commands", NULL, &reply);
    cJSON_ArrayForEach(item, reply.arguments) found |= strcmp(item->valuestring, command) == 0;
    cJSON_Delete(reply.arguments);
    return found;
}

static void commands_are_those_of_the_libraries(void **state)
{
    (void)state;
    static const struct {
        const char *libraries;
        bool lease, stat, subnet;
    } rows[] = {
        {"", true, true, true},
        {"\"hooks-libraries\": [],", true, true, true},
        {"\"hooks-libraries\": [ { \"library\": \"/opt/lib/libdhcp_lease_cmds.so\" } ],", true, false, false},
        {"\"hooks-libraries\": [ { \"library\": \"libdhcp_stat_cmds.so\" }, { \"library\": "
         "\"libdhcp_subnet_cmds.so\" } ],",
         false, true, true},
        {"\"hooks-libraries\": [ { \"library\": \"libdhcp_ping_check.so\" } ],", true, true, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char keys[512];
        snprintf(keys, sizeof keys, "%s \"comment\": \"\"", rows[i].libraries);
        accept(keys);
        assert_int_equal(is_listed("lease4-get"), rows[i].lease);
        assert_int_equal(is_listed("stat-lease4-get"), rows[i].stat);
        assert_int_equal(is_listed("subnet4-list"), rows[i].subnet);
        assert_true(is_listed("subnet4-select-test"));
        assert_true(is_listed("config-get"));
    }
}

static void command_without_its_library_is_not_supported(void **state)
{
    (void)state;
    accept("\"hooks-libraries\": [ { \"library\": \"libdhcp_stat_cmds.so\" } ]");
    struct srv_command_context context = {.config = config};
    struct srv_command_reply reply;
    srv_command_run(&context, "lease4-get-all", NULL, &reply);
    assert_int_equal(reply.result, 2);
    assert_string_equal(reply.text, "'lease4-get-all' command not supported.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(loggers_of_both_spellings, end),
        cmocka_unit_test_teardown(logger_of_a_part_of_kea_has_no_effect, end),
        cmocka_unit_test_teardown(logger_that_is_wrong, end),
        cmocka_unit_test_teardown(control_socket_of_both_spellings, end),
        cmocka_unit_test_teardown(commands_are_those_of_the_libraries, end),
        cmocka_unit_test_teardown(command_without_its_library_is_not_supported, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
