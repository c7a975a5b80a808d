/* The commands about leases: Kea's lease_cmds. */
#include "tests/unit/test_srv_command.h"

#define LEASE_10                                                                                             \
    "{\"ip-address\":\"10.0.0.10\",\"subnet-id\":1,\"hw-address\":\"02:00:00:00:00:0a\",\"cltt\":"           \
    "1795248000,"                                                                                            \
    "\"valid-lft\":3600,\"fqdn-fwd\":false,\"fqdn-rev\":false,\"hostname\":\"\",\"state\":0}"

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

/* Of the commands that look for something. */
static void test_arguments_that_make_no_sense(void **state)
{
    static const struct {
        const char *command, *arguments, *says;
    } rows[] = {
        {"lease4-get-all", "{\"subnts\": 1}", "'subnts' is not known here: did you mean 'subnets'?"},
        {"lease4-get-all", "{\"subnets\": 1}", "'subnets' parameter must be a list"},
        {"lease4-get-all", "{\"subnets\": [1, \"2\"]}", "listed subnet identifiers must be numbers"},
        {"lease4-get-page", "{\"from\": \"begin\", \"limit\": 1}",
         "'from' parameter value is neither 'start' keyword nor a valid IPv4 address"},
        {"lease4-get-page", "{\"from\": \"start\", \"limit\": 0}",
         "page size of retrieved leases must not be 0"},
        {"lease4-get-by-hostname", "{\"hostname\": \"\"}", "'hostname' parameter is empty"},
        {"lease4-get", "{\"subnet-id\": 1, \"identifier-type\": \"duid\", \"identifier\": \"01\"}",
         "'identifier-type' parameter must be \"hw-address\" or \"client-id\""},
        {"leases-reclaim", NULL, "Missing mandatory 'remove' parameter."},
        {"leases-reclaim", "{\"remove\": 1}", "'remove' parameter expected to be a boolean."},
        {"stat-lease4-get", "{\"subnet-id\": 1, \"subnet-range\": {}}",
         "cannot specify both subnet-id and subnet-range"},
        {"stat-lease4-get", "{\"subnet-range\": 1}", "subnet-range parameter is not a map"},
        {"subnet4-get", "{}", "'id' or 'subnet' parameter required"},
        {"subnet4-get", "{\"subnet\": \"10.0.0.0/33\"}", "'subnet' parameter must be an IPv4 prefix"},
        {"lease4-force-renew", "{\"ip-address\": \"10.0.0\"}",
         "'ip-address' parameter must be an IPv4 address"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect(rows[i].command, rows[i].arguments, CONTROL_ERROR, rows[i].says, NULL);
}

/* A longer one is not cut. */
static void test_the_longest_name_of_a_lease(void **state)
{
    char name[SRV_HOSTNAME_MAX + 2], arguments[512];
    (void)state;
    memset(name, 'a', sizeof name);
    for (int len = SRV_HOSTNAME_MAX + 1; len >= SRV_HOSTNAME_MAX; len--) {
        snprintf(arguments, sizeof arguments,
                 "{\"ip-address\": \"10.0.0.10\", \"hw-address\": \"02:00:00:00:00:0a\", "
                 "\"hostname\": \"%.*s\"}",
                 len, name);
        run("lease4-add", arguments);
        assert_string_equal(reply.text, len > SRV_HOSTNAME_MAX
                                            ? "'hostname' parameter must have at most 255 octets"
                                            : "Lease for address 10.0.0.10, subnet-id 1 added.");
    }
    run("lease4-get", "{\"ip-address\": \"10.0.0.10\"}");
    assert_int_equal(strlen(cJSON_GetStringValue(answer("hostname"))), SRV_HOSTNAME_MAX);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_lease_is_added_found_changed_and_deleted),
        TEST(test_what_a_lease_must_be),
        TEST(test_arguments_that_make_no_sense),
        TEST(test_the_longest_name_of_a_lease),
        TEST(test_pages_limit_and_wipe),
        TEST(test_reclaim),
        TEST(test_a_deletion_is_still_one_after_a_restart),
        TEST(test_leases_are_written_as_a_file),
        TEST(test_a_lease_has_the_id_of_its_pool),
        TEST(test_names_are_not_put_into_the_dns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
