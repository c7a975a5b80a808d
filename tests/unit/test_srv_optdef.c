/* option-def, and option-data in any space: the octets that come out. */
#include "server/srv_scope.h"
#include "tests/unit/test_srv_parsing.h"

/* `dhcp4` is what stands in the map Dhcp4, from line 2 on. */
static int parse_keys(const char *dhcp4)
{
    static char text[16384];
    snprintf(text, sizeof text, "{\"Dhcp4\":{\"subnet4\":[{\"id\":1,\"subnet\":\"10.0.0.0/24\"}],\n%s}}",
             dhcp4);
    return parse(text);
}

static void accept_keys(const char *dhcp4)
{
    int err = parse_keys(dhcp4);
    assert_string_equal(error, "");
    assert_int_equal(err, 0);
    char *own = strstr(warnings, "server.json:1:10: at $.Dhcp4: subnet 1 has no pools");
    assert_non_null(own); /* of this test's subnet */
    *own = '\0';
}

static void refuse_keys(const char *dhcp4, const char *expected)
{
    assert_int_equal(parse_keys(dhcp4), ERR_CONFIG);
    assert_string_equal(error, expected);
}

/* The option of global scope has these octets. */
static void expect(uint8_t code, const char *hex)
{
    char found[2 * 1024 + 1] = "absent";
    const struct srv_option *option = srv_config_find_option(&config->options, code);
    for (size_t i = 0; option != NULL && i < option->len; i++)
        snprintf(found + 2 * i, 3, "%02x", option->data[i]);
    if (option != NULL && option->len == 0)
        found[0] = '\0';
    assert_string_equal(found, hex);
}

/* ---- types ---- */

static void each_type_of_kea(void **state)
{
    (void)state;
    static const struct {
        const char *def, *data, *hex;
    } rows[] = {
        {"\"type\": \"empty\"", "", ""},
        {"\"type\": \"binary\"", "0a0b", "0a0b"},
        {"\"type\": \"boolean\"", "true", "01"},
        {"\"type\": \"int8\"", "-128", "80"},
        {"\"type\": \"int16\"", "-2", "fffe"},
        {"\"type\": \"int32\"", "-2", "fffffffe"},
        {"\"type\": \"uint8\"", "255", "ff"},
        {"\"type\": \"uint16\"", "258", "0102"},
        {"\"type\": \"uint32\"", "4294967295", "ffffffff"},
        {"\"type\": \"ipv4-address\"", "10.0.0.1", "0a000001"},
        {"\"type\": \"ipv6-address\"", "2001:db8::1", "20010db8000000000000000000000001"},
        {"\"type\": \"ipv6-prefix\"", "2001:db8::/32", "2020010db8"},
        {"\"type\": \"psid\"", "3/4", "043000"},
        {"\"type\": \"psid\"", "0/0", "000000"},
        {"\"type\": \"string\"", "a, b", "612c2062"},
        {"\"type\": \"string\"", "a\\\\,b", "612c62"},
        {"\"type\": \"tuple\"", "abc", "03616263"},
        {"\"type\": \"fqdn\"", "a.example", "0161076578616d706c6500"},
        {"\"type\": \"uint16\", \"array\": true", "1, 2,3", "000100020003"},
        {"\"type\": \"tuple\", \"array\": true", "ab, c", "0261620163"},
        {"\"type\": \"record\", \"record-types\": \"uint8, ipv4-address, string\"", "7, 10.0.0.1, a,b",
         "070a000001612c62"},
        {"\"type\": \"record\", \"record-types\": \"uint8,uint16\", \"array\": true", "1, 2, 3",
         "0100020003"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[1024];
        snprintf(text, sizeof text,
                 "\"option-def\": [ { \"name\": \"foo\", \"code\": 222, %s } ],"
                 "\"option-data\": [ { \"name\": \"foo\", \"data\": \"%s\" } ]",
                 rows[i].def, rows[i].data);
        accept_keys(text);
        expect(222, rows[i].hex);
        assert_string_equal(warnings, "");
    }
}

static void value_that_does_not_fit_its_type(void **state)
{
    (void)state;
    static const struct {
        const char *def, *data, *why;
    } rows[] = {
        {"\"type\": \"empty\"", "1", "expected no value"},
        {"\"type\": \"int8\"", "128", "expected a number from -128 to 127"},
        {"\"type\": \"int16\"", "-32769", "expected a number from -32768 to 32767"},
        {"\"type\": \"uint8\"", "256", "expected a number from 0 to 255"},
        {"\"type\": \"uint8\"", "1, 2", "more elements than the option has"},
        {"\"type\": \"ipv4-address\"", "10.0.0", "expected an IPv4 address such as 10.0.0.1"},
        {"\"type\": \"ipv6-prefix\"", "2001:db8::", "expected an IPv6 prefix such as 2001:db8::/32"},
        {"\"type\": \"ipv6-prefix\"", "2001:db8::/129", "expected an IPv6 prefix such as 2001:db8::/32"},
        {"\"type\": \"psid\"", "16/4", "expected a port set such as 3/4: its identifier, and the bits of it"},
        {"\"type\": \"psid\"", "1/17", "expected a port set such as 3/4: its identifier, and the bits of it"},
        {"\"type\": \"record\", \"record-types\": \"uint8, uint8\"", "1",
         "fewer elements than the option has fields"},
        {"\"type\": \"record\", \"record-types\": \"uint8, uint8\"", "1, 2, 3",
         "more elements than the option has"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[1024], expected[512];
        snprintf(text, sizeof text,
                 "\"option-def\": [ { \"name\": \"foo\", \"code\": 222, %s } ], \"option-data\": [\n"
                 "{ \"name\": \"foo\", \"data\": \"%s\" } ]",
                 rows[i].def, rows[i].data);
        snprintf(expected, sizeof expected,
                 "server.json:3:26: at $.Dhcp4.option-data[0].data: option 222 foo: %s, found \"%s\"",
                 rows[i].why, rows[i].data);
        refuse_keys(text, expected);
    }
}

static void definition_that_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *def, *error;
    } rows[] = {
        {"\"code\": 222, \"type\": \"uint8\"",
         "server.json:3:1: at $.Dhcp4.option-def[0]: the key \"name\" is missing"},
        {"\"name\": \"a\", \"type\": \"uint8\"",
         "server.json:3:1: at $.Dhcp4.option-def[0]: the key \"code\" is missing"},
        {"\"name\": \"a\", \"code\": 222",
         "server.json:3:1: at $.Dhcp4.option-def[0]: the key \"type\" is missing"},
        {"\"name\": \"a\", \"code\": 222, \"type\": \"float\"",
         "server.json:3:37: at $.Dhcp4.option-def[0].type: expected a type of option such as \"uint16\" or "
         "\"ipv4-address\", found \"float\""},
        {"\"name\": \"a\", \"code\": 3, \"type\": \"uint8\"",
         "server.json:3:1: at $.Dhcp4.option-def[0]: option 3 is the standard one routers, which cannot be "
         "redefined"},
        {"\"name\": \"a\", \"code\": 1, \"space\": \"dhcp-agent-options-space\", \"type\": \"uint8\"",
         "server.json:3:1: at $.Dhcp4.option-def[0]: option 1 is the standard one circuit-id, which cannot "
         "be "
         "redefined"},
        {"\"name\": \"a\", \"code\": 255, \"type\": \"uint8\"",
         "server.json:3:24: at $.Dhcp4.option-def[0].code: pad and end are no options to define"},
        {"\"name\": \"a\", \"code\": 222, \"type\": \"string\", \"array\": true",
         "server.json:3:56: at $.Dhcp4.option-def[0].array: there are no arrays of the type \"string\""},
        {"\"name\": \"a\", \"code\": 222, \"type\": \"uint8\", \"array\": true, \"encapsulate\": \"b\"",
         "server.json:3:55: at $.Dhcp4.option-def[0].array: an array has no room for sub-options"},
        {"\"name\": \"a\", \"code\": 222, \"type\": \"empty\", \"encapsulate\": \"dhcp4\"",
         "server.json:3:61: at $.Dhcp4.option-def[0].encapsulate: an option cannot contain the space it is "
         "of"},
        {"\"name\": \"a\", \"code\": 222, \"type\": \"record\"",
         "server.json:3:1: at $.Dhcp4.option-def[0]: the key \"record-types\" is missing"},
        {"\"name\": \"a\", \"code\": 222, \"type\": \"record\", \"record-types\": \"string, uint8\"",
         "server.json:3:63: at $.Dhcp4.option-def[0].record-types: only the last field of a record can be a "
         "string or "
         "binary"},
        {"\"name\": \"a\", \"code\": 222, \"type\": \"record\", \"record-types\": \"empty\"",
         "server.json:3:63: at $.Dhcp4.option-def[0].record-types: a record cannot have a field of the type "
         "\"empty\""},
        {"\"name\": \"a\", \"code\": 222, \"type\": \"uint8\" }, { \"name\": \"b\", \"code\": 222, \"type\": "
         "\"uint8\"",
         "server.json:3:48: at $.Dhcp4.option-def[1]: option 222 of the space dhcp4 is defined already"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[1024];
        snprintf(text, sizeof text, "\"option-def\": [\n{ %s } ]", rows[i].def);
        refuse_keys(text, rows[i].error);
    }
}

static void too_many_fields_of_a_record(void **state)
{
    (void)state;
    char text[2048] =
        "\"option-def\": [ { \"name\": \"a\", \"code\": 222, \"type\": \"record\", \"record-types\": \"uint8";
    for (int i = 1; i < 64; i++)
        strcat(text, ",uint8");
    size_t at = strlen(text);
    strcpy(text + at, "\" } ]");
    accept_keys(text);
    strcpy(text + at, ",uint8\" } ]");
    assert_int_equal(parse_keys(text), ERR_CONFIG);
    assert_non_null(strstr(error, "record-types: a record has at most 64 fields"));
}

/* ---- spaces ---- */

static void option_43_has_the_options_of_its_space(void **state)
{
    (void)state;
    accept_keys(
        "\"option-def\": [ { \"name\": \"speed\", \"code\": 1, \"space\": "
        "\"vendor-encapsulated-options-space\","
        "   \"type\": \"uint16\" } ],"
        "\"option-data\": ["
        " { \"name\": \"speed\", \"space\": \"vendor-encapsulated-options-space\", \"data\": \"100\" },"
        " { \"name\": \"vendor-encapsulated-options\" },"
        " { \"code\": 7, \"space\": \"vendor-encapsulated-options-space\", \"csv-format\": false, "
        "\"data\": \"ff\" } ]");
    expect(43, "01020064"
               "0701ff");
    assert_int_equal(config->options.n, 1);
    assert_string_equal(warnings, "");
}

static void option_43_as_the_configuration_defines_it(void **state)
{
    (void)state;
    accept_keys("\"option-def\": ["
                " { \"name\": \"cookie\", \"code\": 1, \"space\": \"APC\", \"type\": \"string\" },"
                " { \"name\": \"vendor-encapsulated-options\", \"code\": 43, \"type\": \"empty\", "
                "\"encapsulate\": \"APC\" } ],"
                "\"option-data\": [ { \"name\": \"vendor-encapsulated-options\" },"
                " { \"name\": \"cookie\", \"space\": \"APC\", \"data\": \"1APC\" } ]");
    expect(43, "010431415043");
}

/* Kea's way to serve several vendors: option 43 is what the client's class says that it is. */
static void option_43_of_a_class(void **state)
{
    (void)state;
    accept_keys(
        "\"option-def\": [ { \"name\": \"cookie\", \"code\": 1, \"space\": \"APC\", \"type\": \"string\" } ],"
        "\"client-classes\": [ { \"name\": \"APC\","
        "  \"option-def\": [ { \"name\": \"vendor-encapsulated-options\", \"code\": 43, \"type\": \"empty\","
        "    \"encapsulate\": \"APC\" } ],"
        "  \"option-data\": [ { \"name\": \"vendor-encapsulated-options\" },"
        "    { \"name\": \"cookie\", \"space\": \"APC\", \"data\": \"1APC\" } ] } ],"
        "\"option-data\": [ { \"code\": 43, \"csv-format\": false, \"data\": \"0101ff\" } ]");
    const struct srv_option *option = srv_config_find_option(&config->classes[0].options, 43);
    assert_non_null(option);
    assert_int_equal(option->len, 6);
    assert_memory_equal(option->data,
                        "\x01\x04"
                        "1APC",
                        6);
    expect(43, "0101ff");
}

static void spaces_inside_each_other(void **state)
{
    (void)state;
    accept_keys(
        "\"option-def\": ["
        " { \"name\": \"box\", \"code\": 222, \"type\": \"uint8\", \"encapsulate\": \"in\" },"
        " { \"name\": \"inner\", \"code\": 5, \"space\": \"in\", \"type\": \"empty\", \"encapsulate\": "
        "\"deep\" } ],"
        "\"option-data\": [ { \"name\": \"box\", \"data\": \"9\" },"
        " { \"name\": \"inner\", \"space\": \"in\" },"
        " { \"code\": 6, \"space\": \"deep\", \"data\": \"aa\" },"
        " { \"code\": 6, \"space\": \"in\", \"data\": \"bb\", \"never-send\": true } ]");
    expect(222, "09"
                "0503"
                "0601aa");
    assert_string_equal(warnings, "");
}

static void spaces_that_contain_each_other(void **state)
{
    (void)state;
    assert_int_equal(
        parse_keys("\"option-def\": [ { \"name\": \"box\", \"code\": 222, \"type\": \"empty\", "
                   "\"encapsulate\": \"a\" },"
                   " { \"name\": \"x\", \"code\": 1, \"space\": \"a\", \"type\": \"empty\", "
                   "\"encapsulate\": \"b\" },"
                   " { \"name\": \"y\", \"code\": 1, \"space\": \"b\", \"type\": \"empty\", "
                   "\"encapsulate\": \"a\" } ],"
                   "\"option-data\": [ { \"name\": \"box\" }, { \"name\": \"x\", \"space\": \"a\" },"
                   " { \"name\": \"y\", \"space\": \"b\" } ]"),
        ERR_CONFIG);
    assert_non_null(strstr(error, "more than 8 option spaces are inside each other"));
}

static void suboption_of_256_octets(void **state)
{
    (void)state;
    char text[2048] =
        "\"option-data\": [ { \"code\": 43 }, { \"space\": \"vendor-encapsulated-options-space\", "
        "\"code\": 1, \"csv-format\": false, \"data\": \"";
    for (int i = 0; i < 255; i++)
        strcat(text, "ab");
    size_t at = strlen(text);
    strcpy(text + at, "\" } ]");
    accept_keys(text);
    assert_int_equal(srv_config_find_option(&config->options, 43)->len,
                     257); /* sent in two pieces, RFC 3396 */
    strcpy(text + at, "ab\" } ]");
    assert_int_equal(parse_keys(text), ERR_CONFIG);
    assert_non_null(strstr(error, "a sub-option has at most 255 octets"));
}

/* Option 125, RFC 3925 4: enterprise number 4, length 1, sub-options. */
static void enterprises_of_option_125(void **state)
{
    (void)state;
    accept_keys(
        "\"option-def\": [ { \"name\": \"foo\", \"code\": 10, \"space\": \"vendor-25167\", \"type\": "
        "\"string\" } ],"
        "\"option-data\": ["
        " { \"name\": \"foo\", \"space\": \"vendor-25167\", \"data\": \"ab\", \"always-send\": true },"
        " { \"name\": \"tftp-servers\", \"space\": \"vendor-4491\", \"data\": \"10.0.0.1\" } ]");
    /* 25167: 10 (2) "ab"; 4491: 2 (4) 10.0.0.1 */
    expect(125, "0000624f040a026162"
                "0000118b0602040a000001");
    assert_true(srv_config_find_option(&config->options, 125)->always_send);
    accept_keys("\"option-data\": [ { \"name\": \"vivso-suboptions\", \"data\": \"4491\" },"
                " { \"name\": \"tftp-servers\", \"space\": \"vendor-4491\", \"data\": \"10.0.0.1\" } ]");
    expect(125, "0000118b0602040a000001");
    assert_false(srv_config_find_option(&config->options, 125)->always_send);
}

static void suboption_that_nothing_contains(void **state)
{
    (void)state;
    accept_keys("\"option-data\": [\n{ \"code\": 1, \"space\": \"APC\", \"data\": \"00\" } ]");
    assert_string_equal(
        warnings,
        "server.json:3:1: at $.Dhcp4.option-data[0]: no option beside it contains the space \"APC\": "
        "it is never sent\n");
    assert_int_equal(config->options.n, 0);
}

/* ---- what the server says itself, and nobody gets ---- */

static void option_that_the_server_makes_has_no_effect(void **state)
{
    (void)state;
    accept_keys("\"option-data\": [\n{ \"name\": \"dhcp-lease-time\", \"data\": \"60\" } ]");
    assert_string_equal(
        warnings,
        "server.json:3:1: at $.Dhcp4.option-data[0]: option 51 has no effect here: use valid-lifetime\n");
    assert_int_equal(config->options.n, 0);
}

static void standard_options_as_kea_writes_them(void **state)
{
    (void)state;
    accept_keys("\"option-data\": [ { \"name\": \"v4-portparams\", \"data\": \"2, 3/4\" },"
                " { \"name\": \"geoconf-civic\", \"data\": \"01 44 45\" } ]");
    expect(159, "02043000");
    expect(99, "014445");
}

static void never_send_of_any_scope_wins(void **state)
{
    (void)state;
    static const char text[] =
        "{\"Dhcp4\":{ \"option-data\": [ { \"code\": 15, \"data\": \"a\", \"always-send\": true },"
        "    { \"code\": 26, \"never-send\": true } ],"
        "\"subnet4\":[{\"id\":1,\"subnet\":\"10.0.0.0/24\", \"option-data\": [ { \"code\": 26, \"data\": "
        "\"1400\" },"
        "    { \"code\": 15, \"never-send\": true }, { \"code\": 6, \"data\": \"10.0.0.1\" } ] }]}}";
    srv_config_free(config);
    assert_int_equal(srv_config_parse("s", text, sizeof text - 1, NULL, NULL, error, &config), 0);
    struct srv_scopes scopes;
    srv_scope_list(config, NULL, &config->subnets[0], NULL, NULL, &scopes);
    assert_null(srv_scope_find(&scopes, 15));
    assert_null(srv_scope_find(&scopes, 26));
    assert_non_null(srv_scope_find(&scopes, 6));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(each_type_of_kea, stop),
        cmocka_unit_test_teardown(value_that_does_not_fit_its_type, stop),
        cmocka_unit_test_teardown(definition_that_is_wrong, stop),
        cmocka_unit_test_teardown(too_many_fields_of_a_record, stop),
        cmocka_unit_test_teardown(option_43_has_the_options_of_its_space, stop),
        cmocka_unit_test_teardown(option_43_as_the_configuration_defines_it, stop),
        cmocka_unit_test_teardown(option_43_of_a_class, stop),
        cmocka_unit_test_teardown(spaces_inside_each_other, stop),
        cmocka_unit_test_teardown(spaces_that_contain_each_other, stop),
        cmocka_unit_test_teardown(suboption_of_256_octets, stop),
        cmocka_unit_test_teardown(enterprises_of_option_125, stop),
        cmocka_unit_test_teardown(suboption_that_nothing_contains, stop),
        cmocka_unit_test_teardown(option_that_the_server_makes_has_no_effect, stop),
        cmocka_unit_test_teardown(standard_options_as_kea_writes_them, stop),
        cmocka_unit_test_teardown(never_send_of_any_scope_wins, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
