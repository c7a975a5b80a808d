/* The commands: exact texts, result codes, and what they change. Each row is a command with its arguments and
 * the whole reply, in the order it is given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "server/srv_command.h"

static const char text[] =
    "{ \"Dhcp4\": { \"valid-lifetime\": 3600, \"max-leases\": 3, \"subnet4\": ["
    " { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.19\" } ] },"
    " { \"id\": 7, \"subnet\": \"10.0.7.0/24\", \"valid-lifetime\": 60, \"interface\": \"eth7\" } ] } }";

static struct srv_config *config;
static struct srv_engine *engine;
static struct srv_explain *explain;
static struct srv_actions actions;
static struct srv_command_state command_state;
static struct srv_command_reply reply;
/* 2026-11-21 08:00:00 UTC, 1000 s after the machine was started */
static struct clock_now now;

static struct srv_config *parse(const char *json)
{
    struct srv_config *c;
    char error[JCFG_TEXT_MAX] = "";
    assert_int_equal(srv_config_parse("server.json", json, strlen(json), NULL, NULL, error, &c), 0);
    return c;
}

static int start(void **state)
{
    (void)state;
    now = (struct clock_now){.boot_ms = 1000000, .wall_ms = 1795248000000};
    config = parse(text);
    engine = srv_engine_new(config, &(struct siphash_key){1, 2});
    explain = srv_explain_new();
    assert_non_null(engine);
    assert_non_null(explain);
    srv_actions_init(&actions);
    command_state = (struct srv_command_state){0};
    reply = (struct srv_command_reply){0};
    return 0;
}

static void forget_reply(void)
{
    cJSON_Delete(reply.arguments);
    srv_config_free(reply.config);
    free(reply.file);
    reply = (struct srv_command_reply){0};
}

static int stop(void **state)
{
    (void)state;
    forget_reply();
    srv_engine_free(engine);
    srv_explain_free(explain);
    srv_stat_fini(&command_state.stat);
    srv_config_free(config);
    srv_actions_fini(&actions);
    return 0;
}

static void run(const char *command, const char *arguments)
{
    static const struct srv_command_iface eth0 = {
        .name = "eth0", .addr = {.addr = 0x0a000001, .len = 24}, .hw = {1, 6, {2, 0, 0, 0, 0, 1}}};
    struct srv_command_context c = {.state = &command_state,
                                    .engine = engine,
                                    .config = config,
                                    .explain = explain,
                                    .out = &actions,
                                    .now = now,
                                    .pid = 42,
                                    .config_path = "/etc/dhcplab/server.json",
                                    .lease_path = "/var/lib/leases.csv",
                                    .ifaces = &eth0,
                                    .n_ifaces = 1};
    cJSON *json = arguments == NULL ? NULL : cJSON_Parse(arguments);
    assert_true(arguments == NULL || json != NULL);
    forget_reply();
    srv_explain_keep(explain, &actions);
    srv_command_run(&c, command, json, &reply);
    cJSON_Delete(json);
}

/* `answer` NULL: the arguments do not matter. */
static void expect(const char *command, const char *arguments, int result, const char *says,
                   const char *answer)
{
    run(command, arguments);
    assert_string_equal(reply.text, says);
    assert_int_equal(reply.result, result);
    if (answer == NULL)
        return;
    char *json = cJSON_PrintUnformatted(reply.arguments);
    assert_string_equal(json == NULL ? "" : json, answer);
    free(json);
}

static const cJSON *answer(const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(reply.arguments, key);
}

#define LEASE_10                                                                                             \
    "{\"ip-address\":\"10.0.0.10\",\"subnet-id\":1,\"hw-address\":\"02:00:00:00:00:0a\",\"cltt\":"           \
    "1795248000,"                                                                                            \
    "\"valid-lft\":3600,\"fqdn-fwd\":false,\"fqdn-rev\":false,\"hostname\":\"\",\"state\":0}"
#define ADD_10 "{\"ip-address\": \"10.0.0.10\", \"hw-address\": \"02:00:00:00:00:0a\"}"

static void test_list_commands_names_each_command(void **state)
{
    (void)state;
    run("list-commands", NULL);
    assert_int_equal(reply.result, CONTROL_SUCCESS);
    assert_true(cJSON_GetArraySize(reply.arguments) > 30);
    cJSON *names = cJSON_Duplicate(reply.arguments, true), *name;
    cJSON_ArrayForEach(name, names)
    {
        run(name->valuestring, NULL);
        assert_int_not_equal(reply.result, CONTROL_UNSUPPORTED);
    }
    cJSON_Delete(names);
    expect("foo", NULL, CONTROL_UNSUPPORTED, "'foo' command not supported.", "");
}

static void test_version(void **state)
{
    (void)state;
    expect("version-get", NULL, CONTROL_SUCCESS, DHCPLAB_VERSION,
           "{\"extended\":\"dhcplab-server " DHCPLAB_VERSION "\"}");
    run("build-report", NULL);
    assert_non_null(strstr(reply.text, "dhcplab-server " DHCPLAB_VERSION));
}

static void test_status(void **state)
{
    (void)state;
    run("status-get", NULL);
    assert_int_equal(answer("pid")->valueint, 42);
    assert_int_equal(answer("uptime")->valueint, 1000);
    assert_int_equal(cJSON_GetArraySize(answer("interfaces")), 1);
}

static void test_configuration_is_completed_and_stays_the_same_when_set_again(void **state)
{
    (void)state;
    char hash[65];
    run("config-get", NULL);
    const cJSON *map = answer("Dhcp4");
    assert_int_equal(cJSON_GetObjectItem(map, "offer-hold-time")->valueint, 60);
    const cJSON *second = cJSON_GetArrayItem(cJSON_GetObjectItem(map, "subnet4"), 1);
    assert_int_equal(cJSON_GetObjectItem(second, "max-valid-lifetime")->valueint, 60);
    assert_int_equal(strlen(answer("hash")->valuestring), 64);
    memcpy(hash, answer("hash")->valuestring, sizeof hash);
    run("config-hash-get", NULL);
    assert_string_equal(answer("hash")->valuestring, hash);
    run("config-get", NULL);
    char *again = cJSON_PrintUnformatted(reply.arguments);
    run("config-set", again);
    free(again);
    assert_string_equal(reply.text, "Configuration successful.");
    assert_int_equal(reply.effect, SRV_DO_CONFIG_SET);
    assert_non_null(reply.config);
    assert_string_equal(answer("hash")->valuestring, hash);
}

static void test_config_test_says_where_the_mistake_is(void **state)
{
    (void)state;
    expect("config-test", "{\"Dhcp4\": {\"subnet4\": []}}", CONTROL_SUCCESS,
           "Configuration seems sane. It was checked, and not applied.", "");
    assert_int_equal(reply.effect, SRV_DO_NOTHING);
    expect("config-test", NULL, CONTROL_ERROR, "Missing mandatory 'arguments' parameter.", "");
    expect("config-test", "{}", CONTROL_ERROR, "Missing mandatory 'Dhcp4' parameter.", "");
    expect("config-test", "{\"Dhcp4\": {}, \"Dhcp6\": {}}", CONTROL_ERROR, "Unsupported 'Dhcp6' parameter.",
           "");
    expect("config-set", "{\"Dhcp4\": 1}", CONTROL_ERROR, "'Dhcp4' parameter expected to be a map.", "");
    run("config-set", "{\"Dhcp4\": {\"bogus\": 1}}");
    assert_int_equal(reply.result, CONTROL_ERROR);
    assert_non_null(strstr(reply.text, "config-set:1:"));
    assert_non_null(strstr(reply.text, "$.Dhcp4.bogus"));
    assert_int_equal(reply.effect, SRV_DO_NOTHING);
}

static void test_config_write_stays_in_the_folder_of_the_configuration(void **state)
{
    (void)state;
    expect("config-write", NULL, CONTROL_SUCCESS,
           "Configuration written to /etc/dhcplab/server.json successful", NULL);
    assert_int_equal(reply.effect, SRV_DO_CONFIG_WRITE);
    assert_int_equal(answer("size")->valueint, strlen(reply.file));
    srv_config_free(parse(reply.file));
    run("config-write", "{\"filename\": \"copy.json\"}");
    assert_string_equal(reply.path, "/etc/dhcplab/copy.json");
    run("config-write", "{\"filename\": \"/etc/dhcplab/copy.json\"}");
    assert_string_equal(reply.path, "/etc/dhcplab/copy.json");
    static const char *const refused[] = {"/etc/passwd", "../x",         "/etc/dhcplab/../x", "sub/x", "",
                                          "..",          "/etc/dhcplab/"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        char arguments[80];
        snprintf(arguments, sizeof arguments, "{\"filename\": \"%s\"}", refused[i]);
        expect("config-write", arguments, CONTROL_ERROR,
               "'filename' parameter must be the name of a file in the folder of the configuration file", "");
        assert_int_equal(reply.effect, SRV_DO_NOTHING);
    }
}

static void test_disable_ends_by_itself_after_max_period(void **state)
{
    (void)state;
    expect("dhcp-disable", NULL, CONTROL_SUCCESS, "DHCPv4 service disabled", "");
    assert_true(srv_service_is_disabled(&command_state.service, TIME_NEVER - 1));
    expect("dhcp-enable", NULL, CONTROL_SUCCESS, "DHCP service successfully enabled", "");
    assert_false(srv_service_is_disabled(&command_state.service, now.boot_ms));
    expect("dhcp-disable", "{\"max-period\": 20}", CONTROL_SUCCESS, "DHCPv4 service disabled for 20 seconds",
           "");
    assert_true(srv_service_is_disabled(&command_state.service, now.boot_ms + 19999));
    assert_false(srv_service_is_disabled(&command_state.service, now.boot_ms + 20000));
    expect("dhcp-disable", "{\"max-period\": 0}", CONTROL_ERROR, "'max-period' must be positive integer", "");
}

/* Kea's origins: what one has switched off, another does not switch on. */
static void test_each_origin_has_its_own_switch(void **state)
{
    (void)state;
    expect("dhcp-disable", "{\"origin\": \"ha-partner\"}", CONTROL_SUCCESS, "DHCPv4 service disabled", "");
    expect("dhcp-disable", "{\"origin\": 1005, \"max-period\": 20}", CONTROL_SUCCESS,
           "DHCPv4 service disabled for 20 seconds", "");
    expect("dhcp-enable", NULL, CONTROL_SUCCESS, "DHCP service successfully enabled", "");
    assert_true(srv_service_is_disabled(&command_state.service, TIME_NEVER - 1));
    expect("dhcp-enable", "{\"origin-id\": 2000, \"origin\": \"ha-partner\"}", CONTROL_SUCCESS,
           "DHCP service successfully enabled", "");
    assert_true(srv_service_is_disabled(&command_state.service, now.boot_ms + 19999));
    assert_false(
        srv_service_is_disabled_by(&command_state.service, SRV_ORIGIN_USER, SRV_ORIGIN_USER, now.boot_ms));
    assert_true(srv_service_is_disabled_by(&command_state.service, 1005, 1005, now.boot_ms));
    assert_false(srv_service_is_disabled(&command_state.service, now.boot_ms + 20000));
    expect("dhcp-disable", "{\"origin\": \"nobody\"}", CONTROL_ERROR,
           "invalid value used for 'origin' parameter: 'nobody'", "");
    expect("dhcp-enable", "{\"origin\": true}", CONTROL_ERROR, "'origin' parameter must be a string", "");
    expect("dhcp-disable", "{\"origin-id\": 0}", CONTROL_ERROR,
           "'origin-id' parameter must be an integer from 1 to 3000", "");
    expect("dhcp-enable", "{\"origin\": 1005}", CONTROL_SUCCESS, "DHCP service successfully enabled", "");
    assert_false(srv_service_is_disabled(&command_state.service, now.boot_ms));
}

static void test_origins_are_limited(void **state)
{
    (void)state;
    char arguments[64];
    for (int i = 0; i < SRV_SERVICE_ORIGINS_MAX; i++) {
        snprintf(arguments, sizeof arguments, "{\"origin\": %d, \"max-period\": 1}", 1000 + i);
        expect("dhcp-disable", arguments, CONTROL_SUCCESS, "DHCPv4 service disabled for 1 seconds", "");
    }
    expect("dhcp-disable", NULL, CONTROL_ERROR, "16 others keep the service off already", "");
    expect("dhcp-disable", "{\"origin\": 1003}", CONTROL_SUCCESS, "DHCPv4 service disabled",
           "");          /* it is there */
    now.boot_ms += 1000; /* all others end */
    expect("dhcp-disable", NULL, CONTROL_SUCCESS, "DHCPv4 service disabled", "");
    now.boot_ms -= 1000;
}

static void test_shutdown(void **state)
{
    (void)state;
    expect("shutdown", "{\"exit-value\": 3}", CONTROL_SUCCESS, "Shutting down.", "");
    assert_int_equal(reply.effect, SRV_DO_SHUTDOWN);
    assert_int_equal(reply.exit_value, 3);
    expect("shutdown", "{\"exit-value\": \"x\"}", CONTROL_ERROR, "parameter 'exit-value' is not an integer",
           "");
    assert_int_equal(reply.effect, SRV_DO_NOTHING);
}

static void test_statistics(void **state)
{
    (void)state;
    srv_engine_count_drops(engine, REASON_SERVICE_DISABLED, 1);
    expect("statistic-get", "{\"name\": \"pkt4-service-disabled\"}", CONTROL_SUCCESS, "",
           "{\"pkt4-service-disabled\":[[1,\"2026-11-21 08:00:00.000000\"]]}");
    expect("statistic-get", "{\"name\": \"nonsense\"}", CONTROL_SUCCESS, "", "{}");
    expect("statistic-get", NULL, CONTROL_ERROR, "Missing mandatory 'name' parameter.", "");
    expect("statistic-get", "{\"name\": 5}", CONTROL_ERROR, "'name' parameter expected to be a string.", "");
    expect("statistic-reset", "{\"name\": \"pkt4-service-disabled\"}", CONTROL_SUCCESS,
           "Statistic 'pkt4-service-disabled' reset.", "");
    expect("statistic-get", "{\"name\": \"pkt4-service-disabled\"}", CONTROL_SUCCESS, "",
           "{\"pkt4-service-disabled\":[[0,\"2026-11-21 08:00:00.000000\"]]}");
    expect("statistic-reset", "{\"name\": \"nonsense\"}", CONTROL_ERROR, "No 'nonsense' statistic found", "");
    expect("statistic-reset-all", NULL, CONTROL_SUCCESS, "All statistics reset to neutral values.", "");
    run("lease4-add", ADD_10);
    expect("statistic-get", "{\"name\": \"subnet[1].assigned-addresses\"}", CONTROL_SUCCESS, "",
           "{\"subnet[1].assigned-addresses\":[[1,\"2026-11-21 08:00:00.000000\"],"
           "[0,\"2026-11-21 08:00:00.000000\"]]}");
    run("statistic-get-all", NULL);
    assert_non_null(answer("pkt4-received"));
    assert_non_null(answer("subnet[7].total-addresses"));
}

static void drop_at(int second)
{
    now.wall_ms = 1795248000000 + (time_ms)second * 1000;
    srv_engine_count_drops(engine, REASON_SERVICE_DISABLED, 1);
    run("statistic-get", "{\"name\": \"pkt4-service-disabled\"}");
}

static void expect_samples(const char *json)
{
    expect("statistic-get", "{\"name\": \"pkt4-service-disabled\"}", CONTROL_SUCCESS, "", json);
}

#define OF_DROPS "{\"pkt4-service-disabled\":"

static void test_samples_are_limited_by_number_or_by_age(void **state)
{
    (void)state;
    run("statistic-get-all", NULL);
    assert_int_equal(cJSON_GetArraySize(answer("pkt4-service-disabled")), 1);
    for (int i = 1; i <= 30; i++)
        drop_at(i);
    assert_int_equal(cJSON_GetArraySize(answer("pkt4-service-disabled")), 20); /* the default */
    expect("statistic-sample-count-set", "{\"name\": \"pkt4-service-disabled\", \"max-samples\": 2}",
           CONTROL_SUCCESS, "Statistic 'pkt4-service-disabled' count limit is set.", "");
    expect_samples(OF_DROPS "[[30,\"2026-11-21 08:00:30.000000\"],[29,\"2026-11-21 08:00:29.000000\"]]}");
    drop_at(31);
    expect_samples(OF_DROPS "[[31,\"2026-11-21 08:00:31.000000\"],[30,\"2026-11-21 08:00:30.000000\"]]}");
    expect("statistic-sample-age-set-all", "{\"duration\": 3}", CONTROL_SUCCESS,
           "All statistics duration limit are set.", "");
    for (int i = 32; i <= 40; i++)
        drop_at(i);
    assert_int_equal(cJSON_GetArraySize(answer("pkt4-service-disabled")), 4); /* 37..40 s */
    drop_at(60);
    expect_samples(OF_DROPS "[[41,\"2026-11-21 08:01:00.000000\"]]}");
    expect("statistic-sample-count-set-all", "{\"max-samples\": 1}", CONTROL_SUCCESS,
           "All statistics count limit are set.", "");
    drop_at(61);
    expect_samples(OF_DROPS "[[42,\"2026-11-21 08:01:01.000000\"]]}");
}

static void test_there_is_a_limit_that_no_command_lifts(void **state)
{
    (void)state;
    run("statistic-sample-count-set-all", "{\"max-samples\": 4000000000}");
    for (int i = 1; i <= SRV_SERIES_MAX + 100; i++)
        drop_at(i);
    assert_int_equal(cJSON_GetArraySize(answer("pkt4-service-disabled")), SRV_SERIES_MAX);
}

static void test_a_removed_statistic_comes_back_when_it_changes(void **state)
{
    (void)state;
    drop_at(1);
    expect("statistic-remove", "{\"name\": \"pkt4-service-disabled\"}", CONTROL_SUCCESS,
           "Statistic 'pkt4-service-disabled' removed.", "");
    expect_samples("{}");
    expect("statistic-remove", "{\"name\": \"pkt4-service-disabled\"}", CONTROL_ERROR,
           "No 'pkt4-service-disabled' statistic found", "");
    drop_at(2);
    expect_samples(OF_DROPS "[[1,\"2026-11-21 08:00:02.000000\"]]}");
    expect("statistic-remove-all", NULL, CONTROL_SUCCESS,
           "Warning: statistic-remove-all command is deprecated. All statistics removed.", "");
    expect("statistic-get-all", NULL, CONTROL_SUCCESS, "", "{}");
}

static void test_what_samples_need(void **state)
{
    static const struct {
        const char *command, *arguments, *says;
    } rows[] = {
        {"statistic-sample-age-set", "{\"duration\": 3}", "Missing mandatory 'name' parameter."},
        {"statistic-sample-age-set", "{\"name\": \"pkt4-sent\"}", "Missing mandatory 'duration' parameter."},
        {"statistic-sample-age-set", "{\"name\": \"x\", \"duration\": 3}", "No 'x' statistic found"},
        {"statistic-sample-age-set-all", "{}", "Missing mandatory 'duration' parameter."},
        {"statistic-sample-count-set", "{\"max-samples\": 3}", "Missing mandatory 'name' parameter."},
        {"statistic-sample-count-set", "{\"name\": \"pkt4-sent\"}",
         "Missing mandatory 'max-samples' parameter."},
        {"statistic-sample-count-set-all", "{\"max-samples\": \"x\"}",
         "'max-samples' parameter must be an integer from 1 to 4294967295"},
        {"stat-lease4-get", "{\"subnet-range\": {\"first-subnet-id\": 5}}",
         "'last-subnet-id' parameter missing or not an integer"},
        {"stat-lease4-get", "{\"subnet-range\": {\"first-subnet-id\": 5, \"last-subnet-id\": 3}}",
         "'last-subnet-id' must be greater than 'first-subnet-id'"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect(rows[i].command, rows[i].arguments, CONTROL_ERROR, rows[i].says, "");
}

static void test_stat_lease4_get(void **state)
{
    (void)state;
    run("lease4-add", ADD_10);
    expect("stat-lease4-get", "{\"subnet-id\": 1}", CONTROL_SUCCESS,
           "stat-lease4-get[subnet-id=1]: 1 rows found",
           "{\"result-set\":{\"columns\":[\"subnet-id\",\"total-addresses\","
           "\"cumulative-assigned-addresses\",\"assigned-addresses\",\"declined-addresses\"],"
           "\"rows\":[[1,10,0,1,0]],\"timestamp\":\"2026-11-21 08:00:00.000000\"}}");
    run("stat-lease4-get", NULL);
    assert_string_equal(reply.text, "stat-lease4-get[all subnets]: 2 rows found");
    run("stat-lease4-get", "{\"subnet-range\": {\"first-subnet-id\": 1, \"last-subnet-id\": 7}}");
    assert_string_equal(reply.text, "stat-lease4-get[subnets 1 through 7]: 2 rows found");
    expect("stat-lease4-get", "{\"subnet-id\": 9}", CONTROL_EMPTY,
           "stat-lease4-get[subnet-id=9]: no matching data, subnet-id: 9 does not exist", "{}");
}

static void test_a_lease_is_added_found_changed_and_deleted(void **state)
{
    (void)state;
    expect("lease4-get", "{\"ip-address\": \"10.0.0.10\"}", CONTROL_EMPTY, "Lease not found.", "");
    expect("lease4-get-all", NULL, CONTROL_EMPTY, "0 IPv4 lease(s) found.", "{\"leases\":[]}");
    expect("lease4-add", ADD_10, CONTROL_SUCCESS, "Lease for address 10.0.0.10, subnet-id 1 added.", "");
    assert_int_equal(actions.first->kind, SRV_LEASE_PUT);
    expect("lease4-add", ADD_10, CONTROL_CONFLICT, "IPv4 lease already exists.", "");
    expect("lease4-get", "{\"ip-address\": \"10.0.0.10\"}", CONTROL_SUCCESS, "IPv4 lease found.", LEASE_10);
    expect("lease4-get",
           "{\"subnet-id\": 1, \"identifier-type\": \"hw-address\", \"identifier\": \"02:00:00:00:00:0a\"}",
           CONTROL_SUCCESS, "IPv4 lease found.", LEASE_10);
    expect("lease4-get-all", "{\"subnets\": [1, 7]}", CONTROL_SUCCESS, "1 IPv4 lease(s) found.",
           "{\"leases\":[" LEASE_10 "]}");
    expect("lease4-get-all", "{\"subnets\": [7]}", CONTROL_EMPTY, "0 IPv4 lease(s) found.",
           "{\"leases\":[]}");
    expect("lease4-update",
           "{\"ip-address\": \"10.0.0.10\", \"hostname\": \"Printer\", \"client-id\": \"01:02\", "
           "\"valid-lft\": 90}",
           CONTROL_SUCCESS, "IPv4 lease updated.", "");
    assert_int_equal(actions.first->lease.expires_ms, now.boot_ms + 90000);
    expect("lease4-get-by-hostname", "{\"hostname\": \"printer\"}", CONTROL_SUCCESS, "1 IPv4 lease(s) found.",
           NULL);
    expect("lease4-get-by-client-id", "{\"client-id\": \"01:02\"}", CONTROL_SUCCESS, "1 IPv4 lease(s) found.",
           NULL);
    expect("lease4-get-by-hw-address", "{\"hw-address\": \"02:00:00:00:00:0a\"}", CONTROL_SUCCESS,
           "1 IPv4 lease(s) found.", NULL);
    expect("lease4-get-by-state", "{\"state\": 0, \"subnet-id\": 1}", CONTROL_SUCCESS,
           "1 IPv4 lease(s) found.", NULL);
    expect("lease4-del", "{\"ip-address\": \"10.0.0.10\"}", CONTROL_SUCCESS, "IPv4 lease deleted.", "");
    assert_true(srv_lease_is_deletion(&actions.first->lease));
    expect("lease4-del", "{\"ip-address\": \"10.0.0.10\"}", CONTROL_EMPTY, "IPv4 lease not found.", "");
    expect("lease4-update", ADD_10, CONTROL_EMPTY,
           "failed to update the lease with address 10.0.0.10 - no such lease", "");
    expect("lease4-update",
           "{\"ip-address\": \"10.0.0.10\", \"hw-address\": \"02:00:00:00:00:0a\", \"force-create\": true}",
           CONTROL_SUCCESS, "IPv4 lease added.", "");
}

static void test_what_a_lease_must_be(void **state)
{
    (void)state;
    static const struct {
        const char *arguments, *says;
    } rows[] = {
        {NULL, "'ip-address' parameter not specified"},
        {"{\"ip-adress\": \"10.0.0.10\"}", "'ip-adress' is not known here: did you mean 'ip-address'?"},
        {"{\"hw-address\": \"02:00:00:00:00:0a\"}", "'ip-address' parameter not specified"},
        {"{\"ip-address\": 1}", "'ip-address' parameter must be a string"},
        {"{\"ip-address\": \"10.0.0\"}", "'ip-address' parameter must be an IPv4 address"},
        {"{\"ip-address\": \"10.0.0.10\"}", "'hw-address' parameter not specified"},
        {"{\"ip-address\": \"10.0.0.10\", \"hw-address\": \"x\"}",
         "'hw-address' parameter must be hexadecimal octets with colons between"},
        {"{\"ip-address\": \"10.0.9.1\", \"hw-address\": \"02:00:00:00:00:0a\"}",
         "subnet-id not specified and failed to find a subnet for address 10.0.9.1"},
        {"{\"ip-address\": \"10.0.0.10\", \"hw-address\": \"02:00:00:00:00:0a\", \"subnet-id\": 9}",
         "Invalid subnet-id: No IPv4 subnet with subnet-id=9 currently configured."},
        {"{\"ip-address\": \"10.0.0.10\", \"hw-address\": \"02:00:00:00:00:0a\", \"subnet-id\": 7}",
         "The address 10.0.0.10 does not belong to subnet 10.0.7.0/24, subnet-id=7"},
        {"{\"ip-address\": \"10.0.0.10\", \"hw-address\": \"02:00:00:00:00:0a\", \"valid-lft\": 0}",
         "'valid-lft' parameter must be an integer from 1 to 4294967295"},
        {"{\"ip-address\": \"10.0.0.10\", \"hw-address\": \"02:00:00:00:00:0a\", \"expire\": 5}",
         "'expire' parameter must be a time that has not passed"},
        {"{\"ip-address\": \"10.0.0.10\", \"hw-address\": \"02:00:00:00:00:0a\", \"state\": 4}",
         "'state' parameter must be an integer from 0 to 3"},
        {"{\"ip-address\": \"10.0.0.10\", \"hw-address\": \"02:00:00:00:00:0a\", \"client-id\": \"0\"}",
         "'client-id' parameter must be 1 to 255 hexadecimal octets"},
        {"{\"ip-address\": \"10.0.0.10\", \"hw-address\": \"02:00:00:00:00:0a\", \"client-id\": \"01:-1\"}",
         "'client-id' parameter must be 1 to 255 hexadecimal octets"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect("lease4-add", rows[i].arguments, CONTROL_ERROR, rows[i].says, "");
    assert_null(actions.first);
}

static void add(unsigned last)
{
    char arguments[128];
    snprintf(arguments, sizeof arguments,
             "{\"ip-address\": \"10.0.0.%u\", \"hw-address\": \"02:00:00:00:00:%02x\", \"valid-lft\": 60}",
             last, last);
    run("lease4-add", arguments);
}

static void test_pages_limit_and_wipe(void **state)
{
    (void)state;
    for (unsigned i = 10; i < 13; i++)
        add(i);
    add(13);
    assert_int_equal(reply.result, CONTROL_ERROR);
    assert_string_equal(reply.text, "a configured limit is reached"); /* max-leases: 3 */
    run("lease4-get-page", "{\"from\": \"start\", \"limit\": 2}");
    assert_int_equal(answer("count")->valueint, 2);
    run("lease4-get-page", "{\"from\": \"10.0.0.11\", \"limit\": 2}");
    assert_int_equal(answer("count")->valueint, 1);
    expect("lease4-get-page", "{\"from\": \"10.0.0.12\", \"limit\": 2}", CONTROL_EMPTY,
           "0 IPv4 lease(s) found.", "{\"leases\":[],\"count\":0}");
    expect("lease4-wipe", "{\"subnet-id\": 7}", CONTROL_EMPTY, "Deleted 0 IPv4 lease(s) from subnet(s) 7",
           "");
    expect("lease4-wipe", NULL, CONTROL_SUCCESS, "Deleted 3 IPv4 lease(s) from subnet(s) 1 7", "");
    run("lease4-get-all", NULL);
    assert_int_equal(reply.result, CONTROL_EMPTY);
}

static void test_reclaim(void **state)
{
    (void)state;
    add(10);
    now.boot_ms += 60000;
    now.wall_ms += 60000;
    expect("leases-reclaim", NULL, CONTROL_ERROR, "Missing mandatory 'remove' parameter.", "");
    expect("leases-reclaim", "{\"remove\": false}", CONTROL_SUCCESS,
           "Reclamation of expired leases is complete.", "");
    run("lease4-get-by-state", "{\"state\": 2}");
    assert_int_equal(reply.result, CONTROL_SUCCESS);
    run("leases-reclaim", "{\"remove\": true}");
    run("lease4-get-all", NULL);
    assert_int_equal(reply.result, CONTROL_EMPTY);
}

/* The newest record comes first: a deletion hides what is older, and takes no place from a lease. */
static void test_a_deletion_is_still_one_after_a_restart(void **state)
{
    (void)state;
    struct srv_lease lease = {
        .addr = 0x0a00000a, .subnet_id = 1, .hw = {1, 6, {2, 0, 0, 0, 0, 10}}, .expires_ms = now.boot_ms};
    struct srv_lease older = lease;
    older.lease_s = 3600;
    older.expires_ms += 3600000;
    assert_int_equal(srv_engine_load(engine, &lease, now.boot_ms), 0);
    assert_int_not_equal(srv_engine_load(engine, &older, now.boot_ms), 0);
    for (older.addr = 0x0a00000b; older.addr < 0x0a00000e; older.addr++)
        assert_int_equal(srv_engine_load(engine, &older, now.boot_ms), 0);
    srv_engine_loaded(engine);
    assert_false(srv_engine_find_lease(engine, lease.addr, NULL));
    assert_true(srv_engine_find_lease(engine, 0x0a00000d, NULL));
}

static void test_leases_are_written_as_a_file(void **state)
{
    (void)state;
    run("lease4-add", ADD_10);
    expect("lease4-write", "{\"filename\": \"copy.csv\"}", CONTROL_SUCCESS,
           "IPv4 lease database into '/etc/dhcplab/copy.csv'.", "");
    assert_int_equal(reply.effect, SRV_DO_LEASES_WRITE);
    assert_string_equal(reply.path, "/etc/dhcplab/copy.csv");
    assert_string_equal(
        reply.file,
        "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,"
        "user_context,pool_id\n10.0.0.10,02:00:00:00:00:0a,,3600,1795251600,1,0,0,,0,,0\n");
    expect("lease4-write", NULL, CONTROL_ERROR, "'filename' parameter not specified", "");
    expect("lease4-get", "{\"ip-adress\": \"10.0.0.10\"}", CONTROL_ERROR,
           "'ip-adress' is not known here: did you mean 'ip-address'?", "");
    expect("lease4-write", "{\"filename\": \"server.json\"}", CONTROL_ERROR,
           "'filename' parameter must not be that of a file in use", "");
    expect("lease4-write", "{\"filename\": \"leases.csv\"}", CONTROL_ERROR,
           "'filename' parameter must not be that of a file in use", "");
    expect("lease4-write", "{\"filename\": \"/etc/passwd\"}", CONTROL_ERROR,
           "'filename' parameter must be the name of a file in the folder of the configuration file", "");
    assert_int_equal(reply.effect, SRV_DO_NOTHING);
}

static void test_a_lease_has_the_id_of_its_pool(void **state)
{
    (void)state;
    struct srv_config *other =
        parse("{ \"Dhcp4\": { \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"pools\": ["
              " { \"pool\": \"10.0.0.10 - 10.0.0.10\", \"pool-id\": 5 },"
              " { \"pool\": \"10.0.0.11 - 10.0.0.11\" } ] } ] } }");
    assert_int_equal(srv_engine_reconfigure(engine, other), 0);
    srv_config_free(config);
    config = other;
    run("lease4-add", ADD_10);
    run("lease4-get", "{ \"ip-address\": \"10.0.0.10\" }");
    assert_int_equal(cJSON_GetObjectItem(reply.arguments, "pool-id")->valueint, 5);
    run("lease4-write", "{ \"filename\": \"copy.csv\" }");
    assert_non_null(strstr(reply.file, ",1,0,0,,0,,5\n"));
    run("lease4-add",
        "{ \"ip-address\": \"10.0.0.11\", \"hw-address\": \"02:00:00:00:00:0b\", \"pool-id\": 0 }");
    run("lease4-get", "{ \"ip-address\": \"10.0.0.11\" }");
    assert_null(cJSON_GetObjectItem(reply.arguments, "pool-id"));
}

static void test_names_are_not_put_into_the_dns(void **state)
{
    (void)state;
    expect("lease4-resend-ddns", NULL, CONTROL_ERROR, "'ip-address' parameter is missing.", "");
    expect("lease4-resend-ddns", "{\"ip-address\": \"10.0.0.10\"}", CONTROL_ERROR,
           "DDNS updating is not enabled", "");
}

static void test_subnets(void **state)
{
    (void)state;
    expect("subnet4-list", NULL, CONTROL_SUCCESS, "2 IPv4 subnets found",
           "{\"subnets\":[{\"id\":1,\"subnet\":\"10.0.0.0/24\"},{\"id\":7,\"subnet\":\"10.0.7.0/24\"}]}");
    expect("subnet4-get", "{\"id\": 7}", CONTROL_SUCCESS,
           "Info about IPv4 subnet 10.0.7.0/24 (id 7) returned", NULL);
    expect("subnet4-get", "{\"subnet\": \"10.0.7.0/24\"}", CONTROL_SUCCESS,
           "Info about IPv4 subnet 10.0.7.0/24 (id 7) returned", NULL);
    expect("subnet4-get", "{\"id\": 8}", CONTROL_EMPTY, "No subnet with id 8 found", "");
    expect("subnet4-get", "{\"subnet\": \"10.0.8.0/24\"}", CONTROL_EMPTY, "No 10.0.8.0/24 subnet found", "");
    expect("subnet4-get", NULL, CONTROL_ERROR, "'id' or 'subnet' parameter required", "");
    static const struct {
        const char *arguments;
        int result;
        const char *says;
    } rows[] = {
        {"{\"interface\": \"eth0\"}", CONTROL_SUCCESS, "selected subnet '10.0.0.0/24' id 1"},
        {"{\"interface\": \"eth7\"}", CONTROL_SUCCESS, "selected subnet '10.0.7.0/24' id 7"},
        {"{\"interface\": \"eth0\", \"relay\": \"10.0.7.1\"}", CONTROL_SUCCESS,
         "selected subnet '10.0.7.0/24' id 7"},
        {"{\"address\": \"10.0.7.9\"}", CONTROL_SUCCESS, "selected subnet '10.0.7.0/24' id 7"},
        {"{\"relay\": \"10.9.0.1\"}", CONTROL_EMPTY, "no selected subnet"},
        {"{\"relay\": \"10.0.0.1\", \"link\": \"10.0.7.1\"}", CONTROL_SUCCESS,
         "selected subnet '10.0.7.0/24' id 7"}, /* RFC 3527 */
        {"{\"interface\": \"eth0\", \"subnet\": \"10.0.7.0\"}", CONTROL_SUCCESS,
         "selected subnet '10.0.0.0/24' id 1"}, /* RFC 3011: off unless configured */
        {"{\"local\": \"10.0.7.1\"}", CONTROL_SUCCESS, "selected subnet '10.0.7.0/24' id 7"},
        {"{}", CONTROL_EMPTY, "no selected subnet"},
        {"{\"relay\": \"x\"}", CONTROL_ERROR, "'relay' parameter must be an IPv4 address"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect("subnet4-select-test", rows[i].arguments, rows[i].result, rows[i].says, "");
}

/* A client speaks: the packet goes through the engine and into the ring. */
static void speak(const struct dhcp_msg *msg)
{
    static const struct srv_iface eth0 = {
        .index = 3, .name = "eth0", .addr = {.addr = 0x0a000001, .len = 24}};
    uint8_t bytes[DHCP_MSG_SEND_MIN];
    unsigned dropped;
    size_t len = dhcp_msg_encode(msg, bytes, sizeof bytes, &dropped);
    struct srv_event event = {
        .kind = SRV_RX,
        .now = now.boot_ms,
        .iface = &eth0,
        .packet = {.dst = IP4_BROADCAST, .sport = 68, .dport = 67, .bytes = bytes, .len = len}};
    assert_int_equal(srv_engine_step(engine, &event, &actions), 0);
    srv_explain_add(explain, &now, &event.packet, &actions, NULL);
    srv_explain_keep(explain, &actions);
}

static void discover_again(uint8_t client, uint32_t xid)
{
    struct dhcp_msg msg;
    const uint8_t asked[] = {DHCP_OPT_SUBNET_MASK, 42};
    dhcp_msg_init(&msg, DHCP_BOOTREQUEST);
    msg.xid = xid;
    msg.htype = 1;
    msg.hlen = 6;
    msg.chaddr[0] = 2;
    msg.chaddr[5] = client;
    dhcp_put_u8(&msg, DHCP_OPT_TYPE, DHCP_DISCOVER);
    msg.type = DHCP_DISCOVER;
    dhcp_put_bytes(&msg, DHCP_OPT_PRL, asked, sizeof asked);
    speak(&msg);
}

static void discover(uint8_t client)
{
    discover_again(client, 0x1000U + client);
}

static void test_explain_tells_each_decision_of_a_transaction(void **state)
{
    (void)state;
    expect("explain4", NULL, CONTROL_EMPTY, "0 transaction(s) found.", "{\"transactions\":[]}");
    discover(0x0a);
    discover(0x0b);
    expect("explain4", "{\"hw-address\": \"02:00:00:00:00:0a\"}", CONTROL_SUCCESS, "1 transaction(s) found.",
           NULL);
    const cJSON *one = cJSON_GetArrayItem(answer("transactions"), 0);
    assert_string_equal(cJSON_GetObjectItem(one, "xid")->valuestring, "0x0000100a");
    const cJSON *query = cJSON_GetObjectItem(one, "query"), *response = cJSON_GetObjectItem(one, "response");
    assert_string_equal(cJSON_GetObjectItem(query, "type")->valuestring, "DISCOVER");
    assert_string_equal(cJSON_GetObjectItem(response, "type")->valuestring, "OFFER");
    const cJSON *first = cJSON_GetArrayItem(cJSON_GetObjectItem(one, "decisions"), 0);
    assert_string_equal(cJSON_GetObjectItem(first, "reason")->valuestring, "subnet-interface");
    assert_string_equal(cJSON_GetObjectItem(first, "text")->valuestring,
                        "subnet 10.0.0.0/24: the receiving interface has 10.0.0.1");
    char *absent = cJSON_PrintUnformatted(cJSON_GetObjectItem(one, "requested-not-sent"));
    assert_string_equal(absent, "[{\"code\":42,\"name\":\"ntp-servers\"}]");
    free(absent);
    expect("explain4", "{\"ip-address\": \"10.0.0.11\"}", CONTROL_SUCCESS, "1 transaction(s) found.", NULL);
    expect("explain4", "{\"xid\": \"0x100b\"}", CONTROL_SUCCESS, "1 transaction(s) found.", NULL);
    expect("explain4", "{\"client-id\": \"01:02\"}", CONTROL_EMPTY, "0 transaction(s) found.", NULL);
    expect("explain4", "{\"xid\": \"x\"}", CONTROL_ERROR,
           "'xid' parameter must be a transaction id such as \"0x546a3bd2\"", "");
}

/* While the record of an answer was on its way to the disk, the client was answered something else. */
static void test_explain_tells_which_answer_was_not_sent(void **state)
{
    (void)state;
    const struct trace_event unsent = {.kind = TRACE_DROP,
                                       .reason = REASON_STORE_FAILED,
                                       .client = {.type = 1, .len = 6, .bytes = {2, [5] = 0x0a}},
                                       .xid = 0x100a};
    discover(0x0a);
    discover_again(0x0a, 0x200a);
    srv_explain_unsent(explain, &now, &unsent, &actions);
    run("explain4", "{\"xid\": \"0x100a\"}");
    const cJSON *one = cJSON_GetArrayItem(answer("transactions"), 0);
    const cJSON *decisions = cJSON_GetObjectItem(one, "decisions");
    const cJSON *last = cJSON_GetArrayItem(decisions, cJSON_GetArraySize(decisions) - 1);
    assert_string_equal(cJSON_GetObjectItem(last, "reason")->valuestring, "store-failed");
    assert_true(cJSON_IsFalse(cJSON_GetObjectItem(one, "answered")));
    run("explain4", "{\"xid\": \"0x200a\"}");
    one = cJSON_GetArrayItem(answer("transactions"), 0);
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(one, "answered")));
}

static void test_explain_keeps_the_last_transactions(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SRV_EXPLAIN_MAX + 1; i++)
        discover((uint8_t)i);
    run("explain4", "{\"limit\": 256}");
    assert_int_equal(cJSON_GetArraySize(answer("transactions")), SRV_EXPLAIN_MAX);
    run("explain4", NULL);
    assert_int_equal(cJSON_GetArraySize(answer("transactions")), 10);
}

/* ---- classes ---- */

static void test_classes(void **state)
{
    (void)state;
    expect("class-list", NULL, CONTROL_EMPTY, "0 classes found", "{\"client-classes\":[]}");
    srv_engine_free(engine);
    srv_config_free(config);
    config =
        parse("{ \"Dhcp4\": { \"client-classes\": ["
              "{ \"name\": \"a\", \"test\": \"option[12].exists\", \"only-if-required\": true },"
              "{ \"name\": \"b\", \"valid-lifetime\": 60, \"next-server\": \"10.0.0.2\" } ],"
              "\"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"client-class\": \"b\" } ] } }");
    engine = srv_engine_new(config, &(struct siphash_key){1, 2});
    expect("class-list", NULL, CONTROL_SUCCESS, "2 classes found",
           "{\"client-classes\":[{\"name\":\"a\"},{\"name\":\"b\"}]}");
    expect("class-get", "{\"name\": \"a\"}", CONTROL_SUCCESS, "Class 'a' definition returned",
           "{\"client-classes\":[{\"name\":\"a\",\"test\":\"option[12].exists\","
           "\"only-in-additional-list\":true,\"option-data\":[],\"next-server\":\"0.0.0.0\","
           "\"server-hostname\":\"\",\"boot-file-name\":\"\"}]}");
    expect("class-get", "{\"name\": \"b\"}", CONTROL_SUCCESS, "Class 'b' definition returned",
           "{\"client-classes\":[{\"name\":\"b\",\"valid-lifetime\":60,\"next-server\":\"10.0.0.2\","
           "\"only-in-additional-list\":false,\"option-data\":[],\"server-hostname\":\"\","
           "\"boot-file-name\":\"\",\"min-valid-lifetime\":60,\"max-valid-lifetime\":60}]}");
    /* ALL has a number, but no definition */
    expect("class-get", "{\"name\": \"ALL\"}", CONTROL_EMPTY, "Class 'ALL' not found", "");
    run("class-get", NULL);
    assert_int_equal(reply.result, CONTROL_ERROR);
    run("class-get", "{\"name\": 1}");
    assert_int_equal(reply.result, CONTROL_ERROR);
    expect("subnet4-select-test", "{\"interface\": \"eth0\", \"classes\": [\"a\", \"b\"]}", CONTROL_SUCCESS,
           "selected subnet '10.0.0.0/24' id 1", "");
    expect("subnet4-select-test", "{\"interface\": \"eth0\", \"classes\": [\"a\"]}", CONTROL_EMPTY,
           "no selected subnet", "");
    expect("subnet4-select-test", "{\"address\": \"10.0.0.5\"}", CONTROL_EMPTY, "no selected subnet", "");
    expect("subnet4-select-test", "{\"classes\": 1}", CONTROL_ERROR, "'classes' is not a list", "");
    expect("subnet4-select-test", "{\"classes\": [1]}", CONTROL_ERROR, "'classes' is not a list of names",
           "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_list_commands_names_each_command),
        TEST(test_version),
        TEST(test_status),
        TEST(test_configuration_is_completed_and_stays_the_same_when_set_again),
        TEST(test_config_test_says_where_the_mistake_is),
        TEST(test_config_write_stays_in_the_folder_of_the_configuration),
        TEST(test_disable_ends_by_itself_after_max_period),
        TEST(test_each_origin_has_its_own_switch),
        TEST(test_origins_are_limited),
        TEST(test_shutdown),
        TEST(test_statistics),
        TEST(test_samples_are_limited_by_number_or_by_age),
        TEST(test_there_is_a_limit_that_no_command_lifts),
        TEST(test_a_removed_statistic_comes_back_when_it_changes),
        TEST(test_what_samples_need),
        TEST(test_stat_lease4_get),
        TEST(test_a_lease_is_added_found_changed_and_deleted),
        TEST(test_what_a_lease_must_be),
        TEST(test_pages_limit_and_wipe),
        TEST(test_reclaim),
        TEST(test_a_deletion_is_still_one_after_a_restart),
        TEST(test_leases_are_written_as_a_file),
        TEST(test_a_lease_has_the_id_of_its_pool),
        TEST(test_names_are_not_put_into_the_dns),
        TEST(test_subnets),
        TEST(test_explain_tells_each_decision_of_a_transaction),
        TEST(test_explain_tells_which_answer_was_not_sent),
        TEST(test_explain_keeps_the_last_transactions),
        TEST(test_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
