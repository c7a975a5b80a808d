/* The commands about reservations and shared networks: exact texts, result codes, and what they change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "server/srv_command.h"
#include "server/srv_host.h"

static const char text[] =
    "{ \"Dhcp4\": {"
    " \"reservations\": [ { \"hw-address\": \"02:00:00:00:00:01\", \"hostname\": \"Everywhere\" } ],"
    " \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"reservations\": ["
    "   { \"hw-address\": \"02:00:00:00:00:0a\", \"ip-address\": \"10.0.0.9\", \"hostname\": \"printer\" },"
    "   { \"client-id\": \"'kiosk'\" } ] },"
    "   { \"id\": 2, \"subnet\": \"10.0.2.0/24\" } ],"
    " \"shared-networks\": [ { \"name\": \"floor1\", \"subnet4\": ["
    "   { \"id\": 3, \"subnet\": \"10.0.3.0/24\", \"reservations\": ["
    "     { \"duid\": \"01:02\", \"ip-address\": \"10.0.3.9\", \"hostname\": \"printer\" } ] } ] } ] } }";

static struct srv_config *config;
static struct srv_command_reply reply;

static int start(void **state)
{
    (void)state;
    char error[JCFG_TEXT_MAX] = "";
    int err = srv_config_parse("server.json", text, strlen(text), NULL, NULL, error, &config);
    assert_string_equal(error, "");
    assert_int_equal(err, 0);
    return 0;
}

static void forget_reply(void)
{
    cJSON_Delete(reply.arguments);
    srv_config_free(reply.config);
    reply = (struct srv_command_reply){0};
}

static int stop(void **state)
{
    (void)state;
    forget_reply();
    srv_config_free(config);
    return 0;
}

static void expect(const char *command, const char *arguments, int result, const char *says)
{
    struct srv_command_context c = {.config = config};
    cJSON *json = arguments == NULL ? NULL : cJSON_Parse(arguments);
    assert_true(arguments == NULL || json != NULL);
    forget_reply();
    srv_command_run(&c, command, json, &reply);
    cJSON_Delete(json);
    assert_string_equal(reply.text, says);
    assert_int_equal(reply.result, result);
}

static void expect_answer(const char *answer)
{
    char *json = cJSON_PrintUnformatted(reply.arguments);
    assert_string_equal(json, answer);
    free(json);
}

/* What the driver does with the effect. */
static void take_config(void)
{
    assert_int_equal(reply.effect, SRV_DO_CONFIG_SET);
    srv_config_free(config);
    config = reply.config;
    reply.config = NULL;
}

static void expect_unchanged(void)
{
    assert_int_equal(reply.effect, SRV_DO_NOTHING);
    assert_null(reply.config);
}

#define PRINTER                                                                                              \
    "{\"hw-address\":\"02:00:00:00:00:0a\",\"ip-address\":\"10.0.0.9\",\"hostname\":\"printer\","            \
    "\"client-classes\":[],\"option-data\":[],\"next-server\":\"0.0.0.0\",\"server-hostname\":\"\","         \
    "\"boot-file-name\":\"\",\"subnet-id\":1}"

static void test_get(void **state)
{
    (void)state;
    expect("reservation-get", "{\"subnet-id\": 1, \"ip-address\": \"10.0.0.9\"}", 0, "Host found.");
    expect_answer(PRINTER);
    expect("reservation-get",
           "{\"subnet-id\": 1, \"identifier-type\": \"hw-address\", \"identifier\": \"02:00:00:00:00:0a\"}",
           0, "Host found.");
    expect_answer(PRINTER);
    expect("reservation-get",
           "{\"subnet-id\": 0, \"identifier-type\": \"hw-address\", \"identifier\": \"020000000001\"}", 0,
           "Host found.");
    expect("reservation-get", "{\"subnet-id\": 2, \"ip-address\": \"10.0.0.9\"}", 3, "Host not found.");
    expect("reservation-get",
           "{\"subnet-id\": 1, \"identifier-type\": \"duid\", \"identifier\": \"02:00:00:00:00:0a\"}", 3,
           "Host not found.");
    static const char *const wrong[][2] = {
        {"{}", "No 'ip-address' provided and 'identifier-type' is either missing or not a string."},
        {"{\"identifier-type\": \"duid\"}",
         "No 'ip-address' provided and 'identifier' is either missing or not a string."},
        {"{\"identifier-type\": \"duid\", \"identifier\": \"x\"}", "Unable to parse 'identifier' value."},
        {"{\"identifier-type\": \"mac\", \"identifier\": \"01\"}",
         "Value of 'identifier-type' was not recognized."},
        {"{\"ip-address\": \"10.0.0.9\"}", "missing parameter 'subnet-id', use 'reservation-get-by-address' "
                                           "with 'ip-address' set to \"10.0.0.9\" "
                                           "to get the list of reservations with this address"},
        {"{\"identifier-type\": \"duid\", \"identifier\": \"01\"}",
         "missing parameter 'subnet-id', use 'reservation-get-by-id' with 'identifier-type' set to \"duid\" "
         "and "
         "'identifier' to \"01\" to get the list of reservations with this identifier"},
        {"{\"subnet-id\": 1, \"ip-address\": \"10.0.0\"}", "'ip-address' parameter must be an IPv4 address"},
        {"{\"operation-target\": \"disk\"}",
         "The 'operation-target' value (disk) is not within expected set: (memory, database, all, default)"},
        {"{\"operation-target\": \"database\"}", "there is no hosts-database configured."},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        expect("reservation-get", wrong[i][0], 1, wrong[i][1]);
}

static void test_lists(void **state)
{
    (void)state;
    expect("reservation-get-all", "{\"subnet-id\": 1}", 0, "2 IPv4 host(s) found.");
    expect("reservation-get-all", "{\"subnet-id\": 0}", 0, "1 IPv4 host(s) found.");
    expect("reservation-get-all", "{\"subnet-id\": 2}", 3, "0 IPv4 host(s) found.");
    expect_answer("{\"hosts\":[]}");
    expect("reservation-get-all", "{\"subnet-id\": 9}", 1, "IPv4 subnet with ID of '9' is not configured");
    expect("reservation-get-all", "{}", 1, "'subnet-id' parameter not specified");
    expect("reservation-get-by-hostname", "{\"hostname\": \"PRINTER\"}", 0, "2 IPv4 host(s) found.");
    expect("reservation-get-by-hostname", "{\"hostname\": \"printer\", \"subnet-id\": 1}", 0,
           "1 IPv4 host(s) found.");
    expect_answer("{\"hosts\":[" PRINTER "]}");
    expect("reservation-get-by-hostname", "{\"hostname\": \"\"}", 1, "Empty hostname");
    expect("reservation-get-by-hostname", "{\"hostname\": \"nobody\"}", 3, "0 IPv4 host(s) found.");
    expect("reservation-get-by-id", "{\"identifier-type\": \"client-id\", \"identifier\": \"'kiosk'\"}", 0,
           "1 IPv4 host(s) found.");
    expect("reservation-get-by-id", "{\"identifier-type\": \"duid\"}", 1,
           "'identifier' is either missing or not a string.");
    expect("reservation-get-by-id", "{\"subnet-id\": 1}", 1,
           "'subnet-id' is forbidden in reservation-get-by-id");
    expect("reservation-get-by-address", "{\"ip-address\": \"10.0.3.9\"}", 0, "1 IPv4 host(s) found.");
    expect("reservation-get-by-address", "{\"ip-address\": \"10.0.3.9\", \"subnet-id\": 1}", 3,
           "0 IPv4 host(s) found.");
    expect("reservation-get-by-address", "{}", 1, "'ip-address' parameter not specified");
}

static int page_from(void)
{
    const cJSON *next = cJSON_GetObjectItem(reply.arguments, "next");
    assert_int_equal(cJSON_GetObjectItem(next, "source-index")->valueint, 0);
    return cJSON_GetObjectItem(next, "from")->valueint;
}

static void test_pages_show_each_host_once(void **state)
{
    (void)state;
    int from = 0, n = 0;
    char arguments[64];
    for (;;) {
        snprintf(arguments, sizeof arguments, "{\"limit\": 3, \"from\": %d, \"source-index\": 0}", from);
        expect("reservation-get-page", arguments, n < 4 ? 0 : 3,
               n == 0   ? "3 IPv4 host(s) found."
               : n == 3 ? "1 IPv4 host(s) found."
                        : "0 IPv4 host(s) found.");
        int count = cJSON_GetObjectItem(reply.arguments, "count")->valueint;
        n += count;
        if (count == 0)
            break;
        from = page_from();
    }
    assert_int_equal(n, 4);
    expect("reservation-get-page", "{\"limit\": 1, \"subnet-id\": 3}", 0, "1 IPv4 host(s) found.");
    expect("reservation-get-page", "{\"limit\": 1, \"source-index\": 1}", 3, "0 IPv4 host(s) found.");
    expect("reservation-get-page", "{}", 1, "'limit' parameter not specified");
}

static void test_add(void **state)
{
    (void)state;
    expect("reservation-add",
           "{\"reservation\": {\"subnet-id\": 2, \"hw-address\": \"02:00:00:00:00:0b\", \"ip-address\": "
           "\"10.0.2.9\"}}",
           0, "Host added.");
    take_config();
    expect("reservation-get", "{\"subnet-id\": 2, \"ip-address\": \"10.0.2.9\"}", 0, "Host found.");
    expect("reservation-add", "{\"reservation\": {\"subnet-id\": 3, \"client-id\": \"01\"}}", 0,
           "Host added.");
    take_config();
    expect("reservation-get-all", "{\"subnet-id\": 3}", 0, "2 IPv4 host(s) found.");
    expect("reservation-add", "{\"reservation\": {\"client-id\": \"01\"}, \"operation-target\": \"memory\"}",
           0, "Host added. subnet-id not specified, assumed global (subnet-id 0).");
    take_config();
    assert_int_equal(config->n_hosts, 7);
    /* What the commands have done stands in the map that config-write writes. */
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(config->source, "reservations")), 2);
}

static void test_what_cannot_be_added(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        {"{}",
         "invalid command: expected 'reservation' as the sole parameter inside the 'arguments' map, didn't "
         "get it instead"},
        {"{\"reservation\": 1}", "invalid command: expected 'reservation' to be a map"},
        {"{\"reservation\": {\"duid\": \"01\"}, \"operation-target\": \"database\"}",
         "Host database not available, cannot add host."},
        {"{\"reservation\": {\"duid\": \"01\", \"ip-address\": \"10.0.0.7\"}}",
         "Mandatory 'subnet-id' parameter missing. The address '10.0.0.7' belongs to subnet '10.0.0.0/24' id "
         "1."},
        {"{\"reservation\": {\"duid\": \"01\", \"ip-address\": \"10.9.0.7\"}}",
         "Mandatory 'subnet-id' parameter missing. The address '10.9.0.7' belongs to no configured subnet."},
        {"{\"reservation\": {\"duid\": \"01\", \"subnet-id\": 9}}",
         "IPv4 subnet with ID of '9' is not configured"},
        {"{\"reservation\": {\"duid\": \"01\", \"subnet-id\": 1, \"ip-address\": \"10.9.0.7\"}}",
         "specified reservation '10.9.0.7' is not matching the IPv4 subnet prefix '10.0.0.0/24'"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        expect("reservation-add", wrong[i][0], 1, wrong[i][1]);
        expect_unchanged();
    }
    /* The parser finds what is there already. */
    struct srv_command_context c = {.config = config};
    cJSON *again =
        cJSON_Parse("{\"reservation\": {\"subnet-id\": 1, \"hw-address\": \"02:00:00:00:00:0a\"}}");
    forget_reply();
    srv_command_run(&c, "reservation-add", again, &reply);
    cJSON_Delete(again);
    assert_int_equal(reply.result, 1);
    assert_non_null(
        strstr(reply.text, "there is a reservation for hw-address 02:00:00:00:00:0a here already"));
    expect_unchanged();
}

static void test_update(void **state)
{
    (void)state;
    expect("reservation-update",
           "{\"reservation\": {\"subnet-id\": 1, \"client-id\": \"'kiosk'\", \"hostname\": \"kiosk\"}}", 0,
           "Host updated.");
    take_config();
    expect("reservation-get-by-hostname", "{\"hostname\": \"kiosk\"}", 0, "1 IPv4 host(s) found.");
    expect("reservation-get-all", "{\"subnet-id\": 1}", 0, "2 IPv4 host(s) found.");
    expect("reservation-get", "{\"subnet-id\": 1, \"ip-address\": \"10.0.0.9\"}", 0, "Host found.");
    expect("reservation-update", "{\"reservation\": {\"subnet-id\": 2, \"client-id\": \"'kiosk'\"}}", 1,
           "Host not updated (not found).");
    expect_unchanged();
    expect("reservation-update", "{\"reservation\": {\"subnet-id\": 2}, \"operation-target\": \"database\"}",
           1, "host database not available, cannot update host");
}

static void test_del(void **state)
{
    (void)state;
    expect("reservation-del", "{\"subnet-id\": 1, \"ip-address\": \"10.0.0.9\"}", 0, "Host deleted.");
    take_config();
    expect("reservation-get-all", "{\"subnet-id\": 1}", 0, "1 IPv4 host(s) found.");
    expect("reservation-del", "{\"subnet-id\": 1, \"ip-address\": \"10.0.0.9\"}", 3,
           "Host not deleted (not found).");
    expect_unchanged();
    expect("reservation-del", "{\"subnet-id\": 3, \"identifier-type\": \"duid\", \"identifier\": \"01:02\"}",
           0, "Host deleted.");
    take_config();
    assert_int_equal(config->n_hosts, 2);
    expect("reservation-del",
           "{\"subnet-id\": 1, \"ip-address\": \"10.0.0.9\", \"operation-target\": \"database\"}", 1,
           "Unable to delete a host because there is no hosts-database configured.");
}

static void test_networks(void **state)
{
    (void)state;
    expect("network4-list", NULL, 0, "1 IPv4 network(s) found");
    expect_answer("{\"shared-networks\":[{\"name\":\"floor1\"}]}");
    expect("network4-get", "{\"name\": \"floor1\"}", 0, "Info about IPv4 shared network 'floor1' returned");
    const cJSON *network = cJSON_GetArrayItem(cJSON_GetObjectItem(reply.arguments, "shared-networks"), 0);
    const cJSON *subnet = cJSON_GetArrayItem(cJSON_GetObjectItem(network, "subnet4"), 0);
    assert_int_equal(cJSON_GetObjectItem(subnet, "id")->valueint, 3);
    assert_int_equal(cJSON_GetObjectItem(network, "valid-lifetime")->valueint, 7200);
    expect("network4-get", "{\"name\": \"floor2\"}", 3, "No 'floor2' shared network found");
    expect("network4-get", "{}", 1, "'name' parameter not specified");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_get), TEST(test_lists),    TEST(test_pages_show_each_host_once),
        TEST(test_add), TEST(test_update),   TEST(test_what_cannot_be_added),
        TEST(test_del), TEST(test_networks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
