#include "test_srv_parsing.h"

#include "common/clock.h"
#include "common/dhcp_proto.h"
#include "server/srv_scope.h"

#define IP(a, b, c, d) ((ip4)((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d)))

/* ---- defaults, as in Kea ---- */

static void empty_map_has_the_defaults(void **state)
{
    (void)state;
    accept("{ \"Dhcp4\": {} }");
    assert_string_equal(warnings,
                        "server.json:1:12: at $.Dhcp4: there is no subnet4: nobody will get an address\n");
    assert_int_equal(config->n_interfaces, 0);
    assert_int_equal(config->socket_type, SRV_SOCKET_RAW);
    assert_int_equal(config->udp_segments, SRV_SEGMENTS_AUTO);
    assert_null(config->lease_file);
    assert_true(config->echo_client_id);
    assert_int_equal(config->offer_hold_s, 60);
    assert_int_equal(config->n_subnets, 0);
    accept(
        "{ \"$schema\": \"x\", \"Dhcp4\": { \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\" } ] } }");
    const struct srv_subnet *s = &config->subnets[0];
    assert_int_equal(s->lifetime.min_s, 7200);
    assert_int_equal(s->lifetime.default_s, 7200);
    assert_int_equal(s->lifetime.max_s, 7200);
    assert_int_equal(s->timers.renew_s, 0);
    assert_false(s->timers.calculate);
    assert_true(s->timers.t1_percent > 0.49 && s->timers.t1_percent < 0.51);
    assert_true(s->timers.t2_percent > 0.87 && s->timers.t2_percent < 0.88);
    assert_false(s->authoritative);
    assert_true(s->match_client_id);
    assert_string_equal(s->interface, "");
    assert_string_equal(s->boot.boot_file_name, "");
    assert_int_equal(s->n_pools, 0);
}

static char *read_example(void)
{
    FILE *file = fopen("config/server.json", "r");
    assert_non_null(file);
    char *text = calloc(1, 65536);
    assert_non_null(text);
    assert_true(fread(text, 1, 65535, file) > 0);
    fclose(file);
    return text;
}

static void shipped_example_is_valid_without_a_warning(void **state)
{
    (void)state;
    char *text = read_example();
    accept(text);
    free(text);
    assert_string_equal(warnings, "");
    assert_int_equal(config->n_subnets, 5);
    assert_string_equal(config->interfaces[0], "eth0");
    assert_string_equal(config->lease_file, "dhcplab-leases.csv");
    assert_string_equal(config->subnets[2].interface, "eth1");
    assert_true(config->subnets[2].authoritative);
    assert_false(config->subnets[0].authoritative);
    assert_int_equal(config->subnets[1].boot.next_server, IP(10, 77, 0, 1));
    assert_string_equal(config->subnets[1].boot.server_hostname, "boot.lab.example");
}

/* ---- what goes before what ---- */

static const struct srv_option *option(const struct srv_options *options, uint8_t code)
{
    const struct srv_option *found = srv_config_find_option(options, code);
    assert_non_null(found);
    return found;
}

static void narrower_scope_goes_first(void **state)
{
    (void)state;
    accept("{ \"Dhcp4\": { \"valid-lifetime\": 100, \"max-valid-lifetime\": 300, \"renew-timer\": 50,"
           " \"match-client-id\": false, \"boot-file-name\": \"global\", \"next-server\": \"10.0.0.9\","
           " \"option-data\": [ { \"name\": \"domain-name\", \"data\": \"global\", \"always-send\": true },"
           "   { \"name\": \"interface-mtu\", \"data\": \"1400\" } ],"
           " \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"valid-lifetime\": 200,"
           "   \"boot-file-name\": \"subnet\","
           "   \"option-data\": [ { \"code\": 15, \"data\": \"subnet\" } ],"
           "   \"pools\": [ { \"pool\": \"10.0.0.10-10.0.0.19\","
           "       \"option-data\": [ { \"name\": \"domain-name\", \"data\": \"pool\" } ] },"
           "     { \"pool\": \"10.0.0.20-10.0.0.29\" } ] },"
           " { \"id\": 2, \"subnet\": \"10.1.0.0/24\", \"match-client-id\": true, \"max-valid-lifetime\": "
           "150 } ] } }");
    const struct srv_subnet *one = &config->subnets[0], *two = &config->subnets[1];
    assert_int_equal(one->lifetime.default_s, 200);
    assert_int_equal(one->lifetime.min_s, 200);
    assert_int_equal(one->lifetime.max_s, 200);
    assert_int_equal(one->timers.renew_s, 50);
    assert_false(one->match_client_id);
    assert_string_equal(one->boot.boot_file_name, "subnet");
    assert_int_equal(one->boot.next_server, IP(10, 0, 0, 9));
    assert_int_equal(two->lifetime.default_s, 100);
    assert_int_equal(two->lifetime.max_s, 150);
    assert_true(two->match_client_id);
    assert_string_equal(two->boot.boot_file_name, "global");
    struct srv_scopes scopes;
    srv_scope_list(config, NULL, one, &one->pools[0], NULL, &scopes);
    assert_memory_equal(srv_scope_find(&scopes, 15)->data, "pool", 4);
    assert_true(srv_scope_is_always_sent(&scopes, 15)); /* of any scope, as in Kea */
    assert_memory_equal(srv_scope_find(&scopes, 26)->data, "\x05\x78", 2);
    assert_false(srv_scope_is_always_sent(&scopes, 26));
    assert_null(srv_scope_find(&scopes, 3));
    srv_scope_list(config, NULL, one, &one->pools[1], NULL, &scopes);
    assert_memory_equal(srv_scope_find(&scopes, 15)->data, "subnet", 6);
    srv_scope_list(config, NULL, two, NULL, NULL, &scopes);
    assert_memory_equal(srv_scope_find(&scopes, 15)->data, "global", 6);
}

static void options_by_name_by_code_and_as_octets(void **state)
{
    (void)state;
    accept("{ \"Dhcp4\": { \"option-data\": ["
           " { \"name\": \"routers\", \"code\": 3, \"space\": \"dhcp4\", \"data\": \"10.0.0.1, 10.0.0.2\" },"
           " { \"code\": 6, \"csv-format\": false, \"data\": \"0a000003\" },"
           " { \"code\": 224, \"data\": \"0102ab\" } ],"
           " \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\" } ] } }");
    const struct srv_options *o = &config->options;
    static const uint8_t routers[] = {10, 0, 0, 1, 10, 0, 0, 2};
    assert_int_equal(o->n, 3);
    assert_int_equal(option(o, 3)->len, 8);
    assert_memory_equal(option(o, 3)->data, routers, 8);
    assert_memory_equal(option(o, 6)->data, "\x0a\x00\x00\x03", 4);
    assert_memory_equal(option(o, 224)->data, "\x01\x02\xab", 3);
    assert_null(srv_config_find_option(o, 15));
}

static void lookups(void **state)
{
    (void)state;
    accept("{ \"Dhcp4\": { \"subnet4\": ["
           " { \"id\": 7, \"subnet\": \"10.0.0.5/24\", \"pools\": [ { \"pool\": \"10.0.0.128/25\" } ] },"
           " { \"id\": 8, \"subnet\": \"10.0.0.0/8\" } ] } }");
    assert_int_equal(config->subnets[0].net.addr, IP(10, 0, 0, 0)); /* host bits are tolerated */
    assert_int_equal(srv_config_find_subnet(config, IP(10, 0, 0, 1))->id, 7);
    assert_int_equal(srv_config_find_subnet(config, IP(10, 0, 1, 1))->id, 8);
    assert_null(srv_config_find_subnet(config, IP(11, 0, 0, 1)));
    assert_ptr_equal(srv_config_find_subnet_id(config, 8), &config->subnets[1]);
    assert_null(srv_config_find_subnet_id(config, 9));
    assert_non_null(srv_config_find_pool(&config->subnets[0], IP(10, 0, 0, 255)));
    assert_null(srv_config_find_pool(&config->subnets[0], IP(10, 0, 0, 127)));
}

static void leases_are_persistent_only_with_a_name(void **state)
{
    (void)state;
    accept("{ \"Dhcp4\": { \"lease-database\": { \"type\": \"memfile\", \"name\": \"a.csv\" } } }");
    assert_string_equal(config->lease_file, "a.csv");
    accept("{ \"Dhcp4\": { \"lease-database\": { \"type\": \"memfile\", \"persist\": false, \"name\": "
           "\"a.csv\" } } }");
    assert_null(config->lease_file);
    accept("{ \"Dhcp4\": { \"lease-database\": { \"type\": \"memfile\" } } }");
    assert_null(config->lease_file);
}

static void of_nested_subnets_the_longest_prefix_is_found(void **state)
{
    (void)state;
    accept("{ \"Dhcp4\": { \"subnet4\": ["
           " { \"id\": 1, \"subnet\": \"10.0.0.0/8\", \"pools\": [ { \"pool\": \"10.1.0.0/24\" } ] },"
           " { \"id\": 2, \"subnet\": \"10.9.0.0/24\", \"pools\": [ { \"pool\": \"10.9.0.0/25\" } ] } ] } }");
    assert_int_equal(srv_config_find_subnet(config, IP(10, 9, 0, 1))->id, 2);
    assert_int_equal(srv_config_find_subnet(config, IP(10, 8, 0, 1))->id, 1);
}

static void the_lease_file_is_synced_and_rewritten_as_the_database_says(void **state)
{
    (void)state;
    accept("{ \"Dhcp4\": {} }");
    assert_int_equal(config->sync, SRV_SYNC_BATCH);
    assert_int_equal(config->lfc_interval_s, 3600); /* Kea's default */
    accept(
        "{ \"Dhcp4\": { \"lease-database\": { \"type\": \"memfile\", \"sync\": \"none\", \"lfc-interval\": 0 "
        "} } }");
    assert_int_equal(config->sync, SRV_SYNC_NONE);
    assert_int_equal(config->lfc_interval_s, 0);
    accept(
        "{ \"Dhcp4\": { \"lease-database\": { \"type\": \"memfile\", \"sync\": \"batch\", \"lfc-interval\": "
        "60 } } }");
    assert_int_equal(config->sync, SRV_SYNC_BATCH);
    assert_int_equal(config->lfc_interval_s, 60);
}

/* ---- what Kea knows and we do not ---- */

static void keys_of_kea_without_effect_are_warned_about(void **state)
{
    (void)state;
    accept("{ \"Dhcp4\": {\n"
           "  \"cache-max-age\": 5,\n"
           "  \"comment\": \"fine anywhere\",\n"
           "  \"interfaces-config\": { \"interfaces\": [ \"*\" ], \"re-detect\": true },\n"
           "  \"option-data\": [ { \"space\": \"foo\", \"code\": 2, \"data\": \"01\" },\n"
           "    { \"name\": \"subnet-mask\", \"data\": \"255.255.255.0\" } ],\n"
           "  \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"cache-threshold\": 0.2 } ]\n"
           "} }");
    assert_string_equal(
        warnings,
        "server.json:2:3: at $.Dhcp4.cache-max-age: the key has no effect: Kea knows it, this program does "
        "not implement it\n"
        "server.json:4:49: at $.Dhcp4.interfaces-config.re-detect: the key has no effect: Kea knows it, this "
        "program does not implement it\n"
        "server.json:6:5: at $.Dhcp4.option-data[1]: the subnet mask follows from the subnet: ignored\n"
        "server.json:5:20: at $.Dhcp4.option-data[0]: no option beside it contains the space \"foo\": it is "
        "never sent\n"
        "server.json:7:52: at $.Dhcp4.subnet4[0].cache-threshold: the key has no effect: Kea knows it, this "
        "program does not implement it\n"
        "server.json:1:12: at $.Dhcp4: subnet 1 has no pools: nobody will get an address there\n");
    assert_int_equal(config->subnets[0].options.n, 0);
}

static void what_is_hardly_meant_is_warned_about(void **state)
{
    static const struct {
        const char *dhcp4, *warning; /* "": none */
    } rows[] = {
        {"\"compatibility\": { \"lenient-option-parsing\": true }", ""},
        {"\"compatibility\": { \"lenient-option-parsing\": false }", ""},
        {"\"valid-lifetime\": 600,\n\"renew-timer\": 600, \"rebind-timer\": 900",
         "3:16: at $.Dhcp4.renew-timer: renew-timer (600 s) is not below valid-lifetime (600 s): T1 will not "
         "be sent\n"
         "server.json:3:37: at $.Dhcp4.rebind-timer: rebind-timer (900 s) is not below valid-lifetime (600 "
         "s): T2 will not be sent"},
        {"\"valid-lifetime\": 901, \"renew-timer\": 600, \"rebind-timer\": 900", ""},
        {"\"valid-lifetime\": 4294967295, \"renew-timer\": 600, \"rebind-timer\": 4294967295", ""},
        {"\"subnet4\": [ { \"id\": 9, \"subnet\": \"10.9.0.7/24\", \"pools\": [] , \"reservations\": [] } ]",
         "2:35: at $.Dhcp4.subnet4[0].subnet: 10.9.0.7/24 has bits behind the prefix: the subnet is "
         "10.9.0.0/24"},
        {"\"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/16\", \"reservations\": [] },\n"
         "{ \"id\": 2, \"subnet\": \"10.0.1.0/24\", \"reservations\": [] } ]",
         "3:22: at $.Dhcp4.subnet4[1].subnet: the subnet overlaps the subnet 10.0.0.0/16, and no shared "
         "network has both"},
        {"\"subnet4\": [ { \"id\": 3, \"subnet\": \"10.3.0.0/24\", \"reservations\": [] } ], "
         "\"shared-networks\": [ { \"name\": \"n\", \"subnet4\": [ "
         "{ \"id\": 1, \"subnet\": \"10.0.0.0/16\", \"reservations\": [] }, "
         "{ \"id\": 2, \"subnet\": \"10.0.1.0/24\", \"reservations\": [] } ] } ]",
         ""},
        {"\"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"reservations\": [],\n"
         "\"option-data\": [ { \"name\": \"routers\", \"data\": \"10.0.0.1, 10.0.1.1\" } ] } ]",
         "3:18: at $.Dhcp4.subnet4[0].option-data[0]: the router 10.0.1.1 is not inside the subnet "
         "10.0.0.0/24: clients cannot reach it"},
        {"\"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"reservations\": [\n"
         "{ \"hw-address\": \"02:00:00:00:01\" }, { \"hw-address\": \"02:00:00:00:00:01\" } ] } ]",
         "3:17: at $.Dhcp4.subnet4[0].reservations[0].hw-address: a hardware address of Ethernet has 6 "
         "octets, this one has 5"},
        {"\"client-classes\": [ { \"name\": \"vip\" } ],\n"
         "\"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"reservations\": [\n"
         "{ \"hw-address\": \"02:00:00:00:00:01\", \"client-classes\": [ \"vip\", \"vpi\" ] } ] } ]",
         "4:65: at $.Dhcp4.subnet4[0].reservations[0].client-classes[1]: no class \"vpi\" is defined, and "
         "nothing is for its members"},
        {"\"option-data\": [ { \"name\": \"domain-name\", \"data\": \"a\",\n\"client-classes\": [ \"vpi\" ] "
         "} ],\n"
         "\"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"reservations\": [\n"
         "{ \"hw-address\": \"02:00:00:00:00:01\", \"client-classes\": [ \"vpi\", \"DROP\" ] } ] } ]",
         "3:21: at $.Dhcp4.option-data[0].client-classes[0]: no class \"vpi\" is defined: only a reservation "
         "can put a client into it"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool has_subnet = strstr(rows[i].dhcp4, "subnet4") != NULL;
        char text[1024], expected[JCFG_TEXT_MAX] = "";
        snprintf(text, sizeof text, "{ \"Dhcp4\": {\n%s%s\n} }", rows[i].dhcp4,
                 has_subnet ? ""
                            : ", \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"reservations\": "
                              "[] } ]");
        if (rows[i].warning[0] != '\0')
            snprintf(expected, sizeof expected, "server.json:%s\n", rows[i].warning);
        accept(text);
        assert_string_equal(warnings, expected);
        stop(NULL);
    }
}

static void subnet_without_an_id_gets_the_next_one(void **state)
{
    (void)state;
    accept("{ \"Dhcp4\": { \"subnet4\": [ { \"subnet\": \"10.0.0.0/24\" }, { \"subnet\": \"10.0.1.0/24\" },"
           " { \"id\": 7, \"subnet\": \"10.0.2.0/24\" } ] } }");
    assert_int_equal(config->subnets[0].id, 8);
    assert_int_equal(config->subnets[1].id, 9);
    assert_int_equal(config->subnets[2].id, 7);
    assert_non_null(
        strstr(warnings, "at $.Dhcp4.subnet4[0]: the subnet has no id: it gets 8, and may get another"));
    accept("{ \"Dhcp4\": { \"subnet4\": [ { \"subnet\": \"10.0.0.0/24\" }, { \"subnet\": \"10.0.1.0/24\" } ] "
           "} }");
    assert_int_equal(config->subnets[0].id, 1); /* as Kea had it */
    assert_int_equal(config->subnets[1].id, 2);
}

/* ---- errors name the place and what was expected ---- */

/* What stands in Dhcp4, from line 2 on, and the error. */
static const struct {
    const char *dhcp4, *error;
} rows[] = {
    {"\"valid-lifetime\": \"1h\"",
     "2:19: at $.Dhcp4.valid-lifetime: expected a number from 1 to 4294967295, found \"1h\""},
    {"\"valid-lifetime\": 0",
     "2:19: at $.Dhcp4.valid-lifetime: expected a number from 1 to 4294967295, found 0"},
    {"\"valid-lifetime\": 4294967296",
     "2:19: at $.Dhcp4.valid-lifetime: expected a number from 1 to 4294967295, found 4294967296"},
    {"\"valid-lifetime\": 60, \"min-valid-lifetime\": 61",
     "2:45: at $.Dhcp4.min-valid-lifetime: min-valid-lifetime (61 s) is above valid-lifetime (60 s)"},
    {"\"valid-lifetime\": 60, \"max-valid-lifetime\": 59",
     "2:45: at $.Dhcp4.max-valid-lifetime: max-valid-lifetime (59 s) is below valid-lifetime (60 s)"},
    {"\"valid-liftime\": 60",
     "2:1: at $.Dhcp4.valid-liftime: the key is not known here: did you mean \"valid-lifetime\"?"},
    {"\"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"relay\": { \"ip-addresses\": [ \"10.0.0\" ] "
     "} } ]",
     "2:79: at $.Dhcp4.subnet4[0].relay.ip-addresses[0]: expected an IPv4 address such as 10.0.0.1, found "
     "\"10.0.0\""},
    {"\"shared-networks\": [ { \"subnet4\": [] } ]",
     "2:22: at $.Dhcp4.shared-networks[0]: the key \"name\" is missing"},
    {"\"shared-networks\": [ { \"name\": \"\" } ]",
     "2:32: at $.Dhcp4.shared-networks[0].name: the name of a shared network must not be empty"},
    {"\"shared-networks\": [ { \"name\": \"n\" }, { \"name\": \"n\" } ]",
     "2:49: at $.Dhcp4.shared-networks[1].name: there is a shared network \"n\" already"},
    {"\"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\" } ], \"shared-networks\": [ { \"name\": \"n\", "
     "\"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.1.0/24\" } ] } ]",
     "2:111: at $.Dhcp4.shared-networks[0].subnet4[0].id: the subnet 10.0.0.0/24 has the id 1 already"},
    {"\"shared-networks\": [ { \"name\": \"n\", \"interface\": \"eth0\", \"subnet4\": [ { \"id\": 1, "
     "\"subnet\": \"10.0.1.0/24\", \"interface\": \"eth1\" } ] } ]",
     "2:71: at $.Dhcp4.shared-networks[0].subnet4[0]: subnet 10.0.1.0/24 has the interface \"eth1\", but the "
     "shared network \"n\" or a subnet before has \"eth0\""},
    {"\"shared-networks\": [ { \"name\": \"n\", \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.1.0/24\", "
     "\"interface\": \"eth1\" }, { \"id\": 2, \"subnet\": \"10.0.2.0/24\" } ] } ]",
     "2:109: at $.Dhcp4.shared-networks[0].subnet4[1]: subnet 10.0.2.0/24 has the interface \"\", but the "
     "shared network \"n\" or a subnet before has \"eth1\""},
    {"\"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"relay\": { \"ip-adresses\": [] } "
     "} ]",
     "2:61: at $.Dhcp4.subnet4[0].relay.ip-adresses: the key is not known here: did you mean "
     "\"ip-addresses\"?"},
    {"\"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"pools\": [ { \"pool\": \"10.0.0.10\" } ] } "
     "]",
     "2:71: at $.Dhcp4.subnet4[0].pools[0].pool: expected a range such as \"10.0.0.10 - 10.0.0.99\" or "
     "\"10.0.0.0/24\", found \"10.0.0.10\""},
    {"\"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"client-class\": \"a\", \"client-classes\": "
     "[ \"b\" ] } ]",
     "2:66: at $.Dhcp4.subnet4[0].client-class: client-class is the old name of client-classes: use one of "
     "them"},
    {"\"hooks-libraries\": [ { \"library\": \"libdhcp_lease_query.so\", \"parameters\": { \"requesters\": [ "
     "\"10.0.0.0/33\" ] } } ]",
     "2:93: at $.Dhcp4.hooks-libraries[0].parameters.requesters[0]: expected an address or a prefix such as "
     "\"192.0.2.0/24\", found \"10.0.0.0/33\""},
    {"\"hooks-libraries\": [ { \"library\": \"libdhcp_lease_query.so\", \"parameters\": { \"requesters\": [ "
     "] } } ]",
     "2:75: at $.Dhcp4.hooks-libraries[0].parameters: \"requesters\" names nobody: nobody could ask"},
    {"\"option-def\": [ { \"name\": \"x\", \"code\": 200, \"type\": \"record\", \"record-types\": \"uint8, "
     "a-type-of-which-nobody-has-heard\" } ]",
     "2:79: at $.Dhcp4.option-def[0].record-types: expected types of options, separated by commas"},
    {"\"decline-probation-period\": -1",
     "2:29: at $.Dhcp4.decline-probation-period: expected a number from 0 to 4294967295, found -1"},
    {"\"max-declines-per-client\": 65536",
     "2:28: at $.Dhcp4.max-declines-per-client: expected a number from 0 to 65535, found 65536"},
    {"\"max-declined-addresses\": -1",
     "2:27: at $.Dhcp4.max-declined-addresses: expected a number from 0 to 4294967295, found -1"},
    {"\"metrics\": {}", "2:12: at $.Dhcp4.metrics: the key \"port\" is missing"},
    {"\"metrics\": { \"port\": 65536 }",
     "2:22: at $.Dhcp4.metrics.port: expected a number from 1 to 65535, found 65536"},
    {"\"max-log-rate\": true",
     "2:17: at $.Dhcp4.max-log-rate: expected a number from 0 to 4294967295, found true"},
    {"\"dhcp-queue-control\": { \"capacity\": 0 }",
     "2:37: at $.Dhcp4.dhcp-queue-control.capacity: expected a number from 1 to 65536, found 0"},
    {"\"t1-percent\": 0.9", "2:15: at $.Dhcp4.t1-percent: t1-percent (0.9) is not below t2-percent (0.875)"},
    {"\"t2-percent\": 1.5", "2:15: at $.Dhcp4.t2-percent: expected a number from 0.002 to 0.999, found 1.5"},
    {"\"comment\": 1", "2:12: at $.Dhcp4.comment: expected a string, or a list of strings, found 1"},
    {"\"user-context\": \"x\"", "2:17: at $.Dhcp4.user-context: expected a map, found \"x\""},
    {"\"authoritative\": \"yes\"", "2:18: at $.Dhcp4.authoritative: expected true or false, found \"yes\""},
    {"\"next-server\": \"10.0.0.256\"",
     "2:16: at $.Dhcp4.next-server: expected an IPv4 address such as 10.0.0.1, found \"10.0.0.256\""},
    {"\"max-offers-per-client\": 0",
     "2:26: at $.Dhcp4.max-offers-per-client: expected a number from 1 to 16777216, found 0"},
    {"\"max-option-blocks\": 65537",
     "2:22: at $.Dhcp4.max-option-blocks: expected a number from 0 to 65536, found 65537"},
    {"\"max-offers\": 0", "2:15: at $.Dhcp4.max-offers: expected a number from 1 to 16777216, found 0"},
    {"\"offer-hold-time\": 86401",
     "2:20: at $.Dhcp4.offer-hold-time: expected a number from 1 to 86400, found 86401"},
    {"\"server-hostname\": \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"",
     "2:20: at $.Dhcp4.server-hostname: expected at most 63 octets, found 64"},
    {"\"interfaces-config\": { \"interfaces\": [ \"eth0\", 5 ] }",
     "2:48: at $.Dhcp4.interfaces-config.interfaces[1]: expected the name of an interface, or \"*\", "
     "found 5"},
    {"\"interfaces-config\": { \"interfaces\": [ \"eth0/10.0.0.300\" ] }",
     "2:40: at $.Dhcp4.interfaces-config.interfaces[0]: expected \"*\", \"eth0\" or \"eth0/192.0.2.1\", "
     "found \"eth0/10.0.0.300\""},
    {"\"interfaces-config\": { \"interfaces\": [ \"averylonginterface\" ] }",
     "2:40: at $.Dhcp4.interfaces-config.interfaces[0]: expected \"*\", \"eth0\" or \"eth0/192.0.2.1\", "
     "found \"averylonginterface\""},
    {"\"interfaces-config\": { \"udp-segments\": \"on\" }",
     "2:40: at $.Dhcp4.interfaces-config.udp-segments: expected one of \"auto\", \"always\", \"never\", "
     "found "
     "\"on\""},
    {"\"interfaces-config\": { \"dhcp-socket-type\": \"packet\" }",
     "2:44: at $.Dhcp4.interfaces-config.dhcp-socket-type: expected one of \"raw\", \"udp\", found "
     "\"packet\""},
    {"\"lease-database\": { \"type\": \"oracle\" }",
     "2:29: at $.Dhcp4.lease-database.type: expected one of \"memfile\", \"cql\", \"mysql\", \"postgresql\", "
     "found \"oracle\""},
    {"\"lease-database\": { \"type\": \"memfile\", \"sync\": \"always\" }",
     "2:48: at $.Dhcp4.lease-database.sync: expected one of \"batch\", \"none\", found \"always\""},
    {"\"lease-database\": { \"type\": \"memfile\", \"lfc-interval\": -1 }",
     "2:56: at $.Dhcp4.lease-database.lfc-interval: expected a number from 0 to 4294967295, found -1"},
    {"\"option-data\": [ { \"name\": \"routers\", \"data\": \"10.0.0.1, 10.0.0.256\" } ]",
     "2:47: at $.Dhcp4.option-data[0].data: option 3 routers: expected an IPv4 address such as 10.0.0.1, "
     "found \"10.0.0.256\""},
    {"\"option-data\": [ { \"name\": \"router\", \"data\": \"10.0.0.1\" } ]",
     "2:28: at $.Dhcp4.option-data[0].name: no option of the space dhcp4 is called \"router\": did you mean "
     "\"routers\"?"},
    {"\"option-data\": [ { \"name\": \"routers\", \"code\": 6, \"data\": \"10.0.0.1\" } ]",
     "2:28: at $.Dhcp4.option-data[0].name: option routers has the code 3, not 6"},
    {"\"option-data\": [ { \"data\": \"10.0.0.1\" } ]",
     "2:18: at $.Dhcp4.option-data[0]: an option needs \"name\" or \"code\""},
    {"\"option-data\": [ { \"code\": 255, \"data\": \"00\" } ]",
     "2:28: at $.Dhcp4.option-data[0].code: expected a number from 1 to 254, found 255"},
    {"\"option-data\": [ { \"code\": 224, \"csv-format\": true, \"data\": \"1\" } ]",
     "2:47: at $.Dhcp4.option-data[0].csv-format: option 224 has no definition: only csv-format false "
     "works"},
    {"\"option-data\": [ { \"code\": 224, \"data\": \"0g\" } ]",
     "2:41: at $.Dhcp4.option-data[0].data: option 224: expected hexadecimal octets such as 0a0b0c or "
     "0a:0b:0c, or text in single quotes, found \"0g\""},
    {"\"option-data\": [ { \"code\": 3, \"csv-format\": false, \"data\": \"0a0000\" } ]",
     "2:60: at $.Dhcp4.option-data[0].data: option 3 routers: shorter than its definition allows"},
    {"\"option-data\": [ { \"name\": \"routers\" } ]",
     "2:18: at $.Dhcp4.option-data[0]: option 3 routers: expected an IPv4 address such as 10.0.0.1, "
     "found \"\""},
    {"\"option-data\": [ { \"name\": \"routers\", \"data\": \"10.0.0.1\" }, { \"code\": 3, \"data\": "
     "\"10.0.0.2\" } ]",
     "2:61: at $.Dhcp4.option-data[1]: option 3 is there already"},
    {"\"option-data\": [ \"routers\" ]", "2:18: at $.Dhcp4.option-data[0]: expected a map with the name "
                                         "or code of an option, and its data, found \"routers\""},
    {"\"subnet4\": [ { \"id\": 1 } ]", "2:14: at $.Dhcp4.subnet4[0]: the key \"subnet\" is missing"},
    {"\"subnet4\": [ { \"id\": 0, \"subnet\": \"10.0.0.0/24\" } ]",
     "2:22: at $.Dhcp4.subnet4[0].id: expected a number from 1 to 4294967294, found 0"},
    {"\"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/33\" } ]",
     "2:35: at $.Dhcp4.subnet4[0].subnet: expected an IPv4 prefix such as 10.0.0.0/24, found "
     "\"10.0.0.0/33\""},
    {"\"subnet4\": {}", "2:12: at $.Dhcp4.subnet4: expected a list, found a map"},
    {"\"subnet4\": [ 7 ]", "2:14: at $.Dhcp4.subnet4[0]: expected a map with a subnet, found 7"},
    {"\"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"pool\": \"10.0.0.1 - 10.0.0.2\" } ]",
     "2:50: at $.Dhcp4.subnet4[0].pool: the key is not known here: did you mean \"pools\"?"},
    {"\"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"pools\": [ { \"pool\": \"10.0.0.9 - "
     "10.0.0.2\" } ] } ]",
     "2:71: at $.Dhcp4.subnet4[0].pools[0].pool: the first address of the range is above the last, found "
     "\"10.0.0.9 - 10.0.0.2\""},
    {"\"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"pools\": [ { \"pool\": \"10.0.1.9 - "
     "10.0.1.10\" } ] } ]",
     "2:71: at $.Dhcp4.subnet4[0].pools[0].pool: the pool 10.0.1.9 - 10.0.1.10 is not inside the subnet "
     "10.0.0.0/24"},
    {"\"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"pools\": [ { \"pool\": \"10.0.0.9 - "
     "10.0.1.10\" } ] } ]",
     "2:71: at $.Dhcp4.subnet4[0].pools[0].pool: the pool 10.0.0.9 - 10.0.1.10 is not inside the subnet "
     "10.0.0.0/24"},
    {"\"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"pools\": [ {} ] } ]",
     "2:61: at $.Dhcp4.subnet4[0].pools[0]: the key \"pool\" is missing"},
    {"\"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"pools\": [ { \"pool\": "
     "\"10.0.0.1-10.0.0.9\" },\n"
     "  { \"pool\": \"10.0.0.9-10.0.0.12\" } ] } ]",
     "3:13: at $.Dhcp4.subnet4[0].pools[1].pool: the pool overlaps the pool 10.0.0.1 - 10.0.0.9 of "
     "subnet 10.0.0.0/24"},
    {"\"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"pools\": [ { \"pool\": "
     "\"10.0.0.1-10.0.0.9\", \"option-data\": [ { \"code\": 3, \"data\": \"x\" } ] } ] } ]",
     "2:130: at $.Dhcp4.subnet4[0].pools[0].option-data[0].data: option 3 routers: expected an IPv4 "
     "address such as 10.0.0.1, found \"x\""},
    {"\"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/8\", \"pools\": [ { \"pool\": \"10.0.0.0/24\" } "
     "] },\n"
     "  { \"id\": 2, \"subnet\": \"10.0.0.0/24\", \"pools\": [ { \"pool\": \"10.0.0.128/25\" } ] } ]",
     "3:60: at $.Dhcp4.subnet4[1].pools[0].pool: the pool overlaps the pool 10.0.0.0 - 10.0.0.255 of "
     "subnet 10.0.0.0/8"},
    {"\"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\" },\n"
     "  { \"id\": 1, \"subnet\": \"10.0.1.0/24\" } ]",
     "3:11: at $.Dhcp4.subnet4[1].id: the subnet 10.0.0.0/24 has the id 1 already"},
    {"\"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\" },\n"
     "  { \"id\": 2, \"subnet\": \"10.0.0.7/24\" } ]",
     "3:24: at $.Dhcp4.subnet4[1].subnet: the subnet 10.0.0.0/24 is there already"},
};

static void errors_name_their_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[1024], expected[JCFG_TEXT_MAX];
        snprintf(text, sizeof text, "{ \"Dhcp4\": {\n%s\n} }", rows[i].dhcp4);
        snprintf(expected, sizeof expected, "server.json:%s", rows[i].error);
        refuse(text, expected);
    }
}

static void top_level_is_one_map(void **state)
{
    (void)state;
    refuse("[]", "server.json:1:1: at $: expected a map with \"Dhcp4\", found a list");
    refuse("{}", "server.json:1:1: at $: the key \"Dhcp4\" is missing");
    refuse("{ \"Dhcp4\": [] }", "server.json:1:12: at $.Dhcp4: expected a map, found a list");
    refuse("{ \"Dhcp4\": {}, \"Dhcp5\": {} }",
           "server.json:1:16: at $.Dhcp5: the key is not known here: did you mean \"Dhcp4\"?");
    refuse("{ \"Dhcp4\": {}", "server.json:1:14: at $: expected ',' or '}', found the end of the file");
    refuse("", "server.json:1:1: at $: expected a value, found the end of the file");
}

static void every_shorter_text_is_refused(void **state)
{
    (void)state;
    char *text = read_example();
    size_t len = strlen(text);
    while (len > 0 && text[len - 1] != '}')
        len--;
    for (size_t i = 0; i < len; i++) {
        char *part = malloc(i + 1);
        assert_non_null(part);
        memcpy(part, text, i);
        assert_int_equal(srv_config_parse("server.json", part, i, NULL, NULL, error, &config), ERR_CONFIG);
        assert_null(config);
        free(part);
    }
    free(text);
}

#define TEST(name) cmocka_unit_test_teardown(name, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(empty_map_has_the_defaults),
        TEST(shipped_example_is_valid_without_a_warning),
        TEST(narrower_scope_goes_first),
        TEST(options_by_name_by_code_and_as_octets),
        TEST(lookups),
        TEST(leases_are_persistent_only_with_a_name),
        TEST(of_nested_subnets_the_longest_prefix_is_found),
        TEST(the_lease_file_is_synced_and_rewritten_as_the_database_says),
        TEST(keys_of_kea_without_effect_are_warned_about),
        TEST(what_is_hardly_meant_is_warned_about),
        TEST(subnet_without_an_id_gets_the_next_one),
        TEST(errors_name_their_place),
        TEST(top_level_is_one_map),
        TEST(every_shorter_text_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
