/* The commands that are about the server, its configuration, its subnets and what it did. */
#include "tests/unit/test_srv_command.h"

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
    expect("explain4", "{\"xid\": \"0004107\"}", CONTROL_SUCCESS, "1 transaction(s) found.",
           NULL); /* decimal */
    expect("explain4", "{\"client-id\": \"01:02\"}", CONTROL_EMPTY, "0 transaction(s) found.", NULL);
    expect("explain4", "{\"hw-adress\": \"02:00:00:00:00:0a\"}", CONTROL_ERROR,
           "'hw-adress' is not known here: did you mean 'hw-address'?", "");
    expect("explain4", "{\"subnet-id\": 1}", CONTROL_ERROR, "'subnet-id' is not known here", "");
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
    expect("subnet4-select-test", "{\"giaddr\": \"10.0.0.5\"}", CONTROL_ERROR, "'giaddr' is not known here",
           "");
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
        TEST(test_subnets),
        TEST(test_explain_tells_each_decision_of_a_transaction),
        TEST(test_explain_tells_which_answer_was_not_sent),
        TEST(test_explain_keeps_the_last_transactions),
        TEST(test_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
