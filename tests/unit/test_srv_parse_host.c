/* Reservations in the configuration: what is read, and what is refused. */
#include "server/srv_class.h"
#include "server/srv_host.h"
#include "tests/unit/test_srv_parsing.h"

static void expect_host(size_t place, uint32_t subnet_id, enum srv_host_id_type type, const char *id,
                        ip4 addr)
{
    const struct srv_host *host = &config->host_list[place];
    assert_int_equal(host->subnet_id, subnet_id);
    assert_int_equal(host->id.type, type);
    assert_int_equal(host->id.len, strlen(id));
    assert_memory_equal(host->id.bytes, id, host->id.len);
    assert_int_equal(host->addr, addr);
    assert_ptr_equal(srv_host_find_id(config->hosts, subnet_id, &host->id), host);
}

static void reservations_of_all_places_are_read(void **state)
{
    (void)state;
    int err = parse(
        "{ \"Dhcp4\": { \"client-classes\": [ { \"name\": \"x\" }, { \"name\": \"y\" } ],"
        "  \"reservations\": [ { \"hw-address\": \"1a:1b:1c:1d:1e:1f\", \"hostname\": \"global\" } ],"
        "  \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"reservations\": ["
        "    { \"duid\": \"'abcde'\", \"ip-address\": \"10.0.0.9\", \"client-classes\": [ \"x\", \"y\" ] },"
        "    { \"client-id\": \"'known'\" } ] } ],"
        "  \"shared-networks\": [ { \"name\": \"n\", \"reservations-global\": true, \"subnet4\": ["
        "    { \"id\": 2, \"subnet\": \"10.0.2.0/24\", \"reservations-in-subnet\": false, \"reservations\": ["
        "      { \"circuit-id\": \"'eth1'\", \"next-server\": \"10.0.2.1\", \"boot-file-name\": \"f\","
        "        \"server-hostname\": \"s\", \"option-data\": [ { \"name\": \"routers\", \"data\": "
        "\"10.0.2.1\" } ]"
        "      } ] } ] } ] } }");
    assert_string_equal(error, "");
    assert_int_equal(err, 0);
    assert_string_equal(warnings, ""); /* a subnet without pools may serve reservations */
    assert_int_equal(config->n_hosts, 4);
    expect_host(0, 1, SRV_HOST_DUID, "abcde", 0x0a000009);
    expect_host(1, 1, SRV_HOST_CLIENT_ID, "known", 0);
    expect_host(2, 2, SRV_HOST_CIRCUIT_ID, "eth1", 0);
    expect_host(3, SRV_HOST_GLOBAL, SRV_HOST_HW_ADDRESS, "\x1a\x1b\x1c\x1d\x1e\x1f", 0);
    const struct srv_host *first = &config->host_list[0], *circuit = &config->host_list[2];
    assert_int_equal(first->classes.n, 2);
    assert_string_equal(config->class_names[first->classes.numbers[1]].text, "y");
    assert_int_equal(circuit->boot.next_server, 0x0a000201);
    assert_string_equal(circuit->boot.boot_file_name, "f");
    assert_string_equal(circuit->boot.server_hostname, "s");
    assert_int_equal(circuit->options.n, 1);
    assert_string_equal(config->host_list[3].hostname, "global");
    assert_int_equal(config->host_list[3].options.n, 1); /* option 12 */
    assert_false(config->subnets[0].reservations.global);
    assert_true(config->subnets[0].reservations.in_subnet);
    assert_true(config->subnets[1].reservations.global);
    assert_false(config->subnets[1].reservations.in_subnet);
    assert_false(config->subnets[1].reservations.out_of_pool);
}

static void the_order_is_keas_unless_configured(void **state)
{
    (void)state;
    static const enum srv_host_id_type keas[] = {SRV_HOST_HW_ADDRESS, SRV_HOST_DUID, SRV_HOST_CIRCUIT_ID,
                                                 SRV_HOST_CLIENT_ID};
    assert_int_equal(parse("{ \"Dhcp4\": {} }"), 0);
    assert_int_equal(config->n_host_ids, 4);
    assert_memory_equal(config->host_ids, keas, sizeof keas);
    assert_true(config->unique_reservations);
    stop(NULL);
    assert_int_equal(parse("{ \"Dhcp4\": { \"host-reservation-identifiers\": [ \"client-id\", \"flex-id\","
                           " \"duid\" ], \"ip-reservations-unique\": false } }"),
                     0);
    assert_int_equal(config->n_host_ids, 2);
    assert_int_equal(config->host_ids[0], SRV_HOST_CLIENT_ID);
    assert_int_equal(config->host_ids[1], SRV_HOST_DUID);
    assert_false(config->unique_reservations);
    assert_non_null(
        strstr(warnings, "host-reservation-identifiers[1]: flex-id is not supported here: ignored\n"));
}

static void what_has_no_effect_is_warned_about(void **state)
{
    (void)state;
    assert_int_equal(parse("{ \"Dhcp4\": { \"reservations-lookup-first\": false, \"reservations\": ["
                           " { \"flex-id\": \"'x'\", \"hostname\": \"h\" } ] } }"),
                     0);
    assert_int_equal(config->n_hosts, 0);
    assert_non_null(strstr(warnings, "$.Dhcp4.reservations[0].flex-id: the key has no effect"));
    assert_non_null(strstr(warnings, "reservations are always looked up before leases: no effect"));
}

/* A reservation of 10.0.0.0/24, and what is wrong with it. */
static const struct {
    const char *reservation, *error;
} rows[] = {
    {"{ \"ip-address\": \"10.0.0.9\" }", "a reservation needs hw-address, duid, circuit-id or client-id"},
    {"{ \"hw-address\": \"1a:1b:1c:1d:1e:1f\", \"duid\": \"01\" }",
     "a reservation has only one of hw-address, duid, circuit-id and client-id"},
    {"{ \"hw-address\": \"eth0\" }",
     "expected 1 to 255 octets such as 02:00:00:00:00:02, or text in single quotes, found \"eth0\""},
    {"{ \"hw-address\": \"'more than 16 octets'\" }", "a hardware address has at most 16 octets, found 19"},
    {"{ \"duid\": \"01\", \"ip-address\": \"10.0.1.9\" }",
     "specified reservation '10.0.1.9' is not within the IPv4 subnet '10.0.0.0/24'"},
    {"{ \"duid\": \"01\", \"ip-address\": \"10.0.0.255\" }",
     "10.0.0.255 is the network or broadcast address of the subnet 10.0.0.0/24"},
    {"{ \"duid\": \"01\", \"ip-address\": \"10.0.0.0\" }",
     "10.0.0.0 is the network or broadcast address of the subnet 10.0.0.0/24"},
    {"{ \"duid\": \"01\", \"ip-address\": \"0.0.0.0\" }", "0.0.0.0 is not the address of a host"},
    {"{ \"duid\": \"01\", \"ip-address\": \"10.0.0\" }", "expected an IPv4 address such as 10.0.0.1"},
    {"{ \"duid\": \"01\" }, { \"duid\": \"01\" }", "there is a reservation for duid 01 here already"},
    {"{ \"duid\": \"01\", \"ip-address\": \"10.0.0.9\" }, { \"duid\": \"02\", \"ip-address\": \"10.0.0.9\" }",
     "there is a reservation of 10.0.0.9 here already: only ip-reservations-unique false allows several"},
    {"{ \"duid\": \"01\", \"client-classes\": [ 1 ] }", "expected the name of a class, found 1"},
    {"{ \"duid\": \"01\", \"prefixes\": [] }", "the key is not known here"},
    {"1", "expected a map with a reservation, found 1"},
};

static void errors_say_what_is_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[1024];
        snprintf(text, sizeof text,
                 "{ \"Dhcp4\": { \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"reservations\": "
                 "[ %s ] "
                 "} ] } }",
                 rows[i].reservation);
        assert_int_equal(parse(text), ERR_CONFIG);
        if (strstr(error, rows[i].error) == NULL)
            fail_msg("expected %s, found %s", rows[i].error, error);
    }
    assert_int_equal(parse("{ \"Dhcp4\": { \"host-reservation-identifiers\": [ \"mac\" ] } }"), ERR_CONFIG);
    assert_non_null(strstr(error, "expected hw-address, duid, circuit-id or client-id, found \"mac\""));
    assert_int_equal(parse("{ \"Dhcp4\": { \"host-reservation-identifiers\": [ \"duid\", \"duid\" ] } }"),
                     ERR_CONFIG);
    assert_non_null(strstr(error, "duid is in the list already"));
}

#define TEST(f) cmocka_unit_test_teardown(f, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reservations_of_all_places_are_read),
        TEST(the_order_is_keas_unless_configured),
        TEST(what_has_no_effect_is_warned_about),
        TEST(errors_say_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
