/* Client classes: who is in which, and what a configuration may say of them. */
#include "tests/unit/test_srv_class.h"

/* ---- who is in which class ---- */

/* Every transaction says it in one line, whatever becomes of it. */
static void the_record_names_the_classes(void **state)
{
    (void)state;
    start_with("", GOLD ", " SILVER, "");
    discover_as('a', "gold");
    expect_offer(IP(10, 0, 0, 10));
    assert_string_equal(recorded(REASON_CLASSES), "ALL, gold, UNKNOWN");
    assert_int_equal(count_recorded(REASON_CLASSES), 1);
    discover_as('b', "other");
    assert_string_equal(recorded(REASON_CLASSES), "ALL, UNKNOWN");
    request_as('a', "gold", IP(10, 0, 0, 10));
    expect_ack(IP(10, 0, 0, 10));
    assert_string_equal(recorded(REASON_CLASSES), "ALL, gold, UNKNOWN");
    release('a', IP(10, 0, 0, 10));
    assert_string_equal(recorded(REASON_CLASSES), "ALL");
    assert_int_equal(count_recorded(REASON_CLASSES), 1);
    dhcp_put_ip4(msg('a', DHCP_DECLINE), DHCP_OPT_REQUESTED_IP, IP(10, 0, 0, 10));
    send_to(IP4_BROADCAST);
    assert_string_equal(recorded(REASON_CLASSES), "ALL");
    msg('a', DHCP_DISCOVER)->giaddr = IP(192, 0, 2, 1);
    send_from(IP(192, 0, 2, 1), DHCP_PORT_SERVER, SERVER);
    expect_silence(REASON_NO_SUBNET);
    assert_string_equal(recorded(REASON_CLASSES), "ALL");
}

/* Option 60 makes a class, without the NULs at its end (RFC 2132 2); what is not printable is escaped. */
static void vendor_class(void **state)
{
    (void)state;
    start_with("",
               "{ \"name\": \"VENDOR_CLASS_PXE\", \"next-server\": \"10.0.0.2\" },"
               "{ \"name\": \"both\", \"test\": \"member('VENDOR_CLASS_PXE') and member('ALL')\" }",
               "");
    dhcp_put_bytes(msg('a', DHCP_DISCOVER), DHCP_OPT_VENDOR_CLASS, "PXE\0", 4);
    send_to(IP4_BROADCAST);
    assert_string_equal(recorded(REASON_CLASSES), "ALL, VENDOR_CLASS_PXE, both, UNKNOWN");
    assert_int_equal(seen.msg.siaddr, IP(10, 0, 0, 2));
    dhcp_put_bytes(msg('b', DHCP_DISCOVER), DHCP_OPT_VENDOR_CLASS, "a\nb", 3);
    send_to(IP4_BROADCAST);
    assert_string_equal(recorded(REASON_CLASSES), "ALL, VENDOR_CLASS_a\\x0ab, UNKNOWN");
    assert_int_equal(seen.msg.siaddr, 0);
    dhcp_put_bytes(msg('c', DHCP_DISCOVER), DHCP_OPT_VENDOR_CLASS, "\0", 1);
    send_to(IP4_BROADCAST);
    assert_string_equal(recorded(REASON_CLASSES), "ALL, UNKNOWN");
}

/* In the order of the file; a class may build on those before it. */
static void order_and_dependence(void **state)
{
    (void)state;
    start_with("",
               "{ \"name\": \"a\", \"test\": \"option[12].exists\" },"
               "{ \"name\": \"b\", \"test\": \"member('a') and not member('UNKNOWN')\" },"
               "{ \"name\": \"c\", \"test\": \"member('a')\" },"
               "{ \"name\": \"d\", \"test\": \"unknown and member('c')\" },"
               "{ \"name\": \"e\", \"test\": \"member('d')\" },"
               "{ \"name\": \"nobody\" }",
               "");
    discover_as('a', "x");
    /* b, d and e speak of reservations: they come when it is known that there is none */
    assert_string_equal(recorded(REASON_CLASSES), "ALL, a, c, UNKNOWN, d, e");
}

/* A template spawns a class that is named after the value; the spawned one comes first. */
static void templates(void **state)
{
    (void)state;
    start_with("",
               "{ \"name\": \"SPAWN_room_12\", \"option-data\": [ { \"name\": \"domain-name\", \"data\": "
               "\"twelve\" } ] },"
               "{ \"name\": \"room\", \"template-test\": \"substring(option[12].hex, 4, 2)\","
               "  \"option-data\": [ { \"name\": \"domain-name\", \"data\": \"room\" } ] },"
               "{ \"name\": \"after\", \"test\": \"member('SPAWN_room_12') and member('room')\" }",
               "");
    discover_as('a', "room12");
    assert_string_equal(recorded(REASON_CLASSES), "ALL, SPAWN_room_12, room, after, UNKNOWN");
    expect_text_option(DHCP_OPT_DOMAIN_NAME, "twelve");
    discover_as('b', "room34");
    assert_string_equal(recorded(REASON_CLASSES), "ALL, SPAWN_room_34, room, UNKNOWN");
    expect_text_option(DHCP_OPT_DOMAIN_NAME, "room");
    discover_as('c', "hall"); /* an empty value spawns nothing */
    assert_string_equal(recorded(REASON_CLASSES), "ALL, UNKNOWN");
}

/* What cannot be evaluated makes nobody a member, and is told. */
static void failed_expressions(void **state)
{
    (void)state;
    start_with("", "{ \"name\": \"bad\", \"test\": \"int8totext(option[12].hex) == '1'\" }", "");
    discover_as('a', "xy");
    expect_offer(IP(10, 0, 0, 10));
    assert_string_equal(recorded(REASON_CLASS_FAILED), "bad: int8totext and uint8totext need 1 octet");
    assert_string_equal(recorded(REASON_CLASSES), "ALL, UNKNOWN");
    discover_as('a', "1");
    assert_false(decided(REASON_CLASS_FAILED));
}

/* Every name is in the bit set and the list: as many as there can be. */
static void as_many_classes_as_there_can_be(void **state)
{
    enum { N = SRV_CLASS_NAMES_MAX - SRV_CLASS_BUILT_IN, SIZE = 65536 };
    static char classes[SIZE], text[SIZE + 256], error[JCFG_TEXT_MAX];
    (void)state;
    for (int extra = 0; extra <= 1; extra++) {
        char *at = classes;
        for (int i = 0; i < N + extra; i++)
            at += sprintf(at, "%s{\"name\":\"c%d\",\"test\":\"option[12].exists\"}", i == 0 ? "" : ",", i);
        snprintf(text, sizeof text,
                 "{\"Dhcp4\":{\"client-classes\":[%s],\"subnet4\":[{\"id\":1,\"subnet\":\"10.0.0.0/24\","
                 "\"pools\":[{\"pool\":\"10.0.0.10-10.0.0.12\"}]}]}}",
                 classes);
        struct srv_config *c = NULL;
        error[0] = '\0';
        srv_config_parse("server.json", text, strlen(text), NULL, NULL, error, &c);
        srv_config_free(c);
        if (extra == 0) {
            assert_string_equal(error, "");
            start(text);
            discover_as('a', "x");
            expect_offer(IP(10, 0, 0, 10));
            assert_string_equal(recorded(REASON_CLASSES) + strlen(recorded(REASON_CLASSES)) - 3, "...");
            stop(NULL);
        }
    }
    assert_non_null(strstr(error, "more than 1024 names of classes"));
}

/* A reservation makes its client KNOWN, and puts it into the classes that it names, defined or not. */
static void reservations_make_members(void **state)
{
    (void)state;
    start("{ \"Dhcp4\": { \"client-classes\": [ { \"name\": \"regular\", \"test\": \"known\" },"
          "  { \"name\": \"vip\", \"boot-file-name\": \"vip.img\", \"server-hostname\": \"vip\" },"
          "  { \"name\": \"both\", \"test\": \"member('regular') and member('vip')\" } ], \"subnet4\": [ {"
          "  \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"reservations\": [ {"
          "    \"hw-address\": \"02:00:00:00:00:0a\", \"client-classes\": [ \"vip\", \"seen\" ],"
          "    \"boot-file-name\": \"own.img\" } ],"
          "  \"pools\": [ { \"pool\": \"10.0.0.10/32\", \"client-class\": \"seen\" },"
          "               { \"pool\": \"10.0.0.11/32\", \"client-class\": \"UNKNOWN\" } ] } ] } }");
    discover('b', 0);
    expect_offer(IP(10, 0, 0, 11));
    assert_string_equal(recorded(REASON_CLASSES), "ALL, UNKNOWN");
    discover('a', 0);
    expect_offer(IP(10, 0, 0, 10));
    assert_string_equal(recorded(REASON_CLASSES), "ALL, vip, seen, KNOWN, regular, both");
    /* the reservation is narrower than its class */
    assert_string_equal((const char *)seen.msg.file, "own.img");
    assert_string_equal((const char *)seen.msg.sname, "vip");
}

/* Who sends no DHCP is in BOOTP. */
static void bootp_clients(void **state)
{
    (void)state;
    start_with("\"hooks-libraries\": [ { \"library\": \"libdhcp_bootp.so\" } ],",
               "{ \"name\": \"BOOTP\", \"boot-file-name\": \"bootp.img\" },"
               "{ \"name\": \"modern\", \"test\": \"not member('BOOTP')\" }",
               "");
    struct dhcp_msg dhcp = *msg('a', DHCP_DISCOVER);
    dhcp_msg_init(&request, DHCP_BOOTREQUEST); /* without option 53 */
    request.htype = dhcp.htype;
    request.hlen = dhcp.hlen;
    request.xid = dhcp.xid;
    memcpy(request.chaddr, dhcp.chaddr, sizeof request.chaddr);
    send_to(IP4_BROADCAST);
    assert_string_equal(recorded(REASON_CLASSES), "ALL, BOOTP, UNKNOWN");
    assert_string_equal((const char *)seen.msg.file, "bootp.img");
    discover('b', 0);
    assert_string_equal(recorded(REASON_CLASSES), "ALL, modern, UNKNOWN");
}

/* ---- DROP ---- */

static void members_of_drop_get_no_answer(void **state)
{
    (void)state;
    start_with("", "{ \"name\": \"DROP\", \"test\": \"option[12].text == 'rogue'\" }", "");
    discover_as('a', "rogue");
    expect_silence(REASON_CLASS_DROP);
    assert_int_equal(seen.n_drops, 1);
    assert_string_equal(recorded(REASON_CLASSES), "ALL, DROP");
    assert_int_equal(srv_engine_counters(engine)->dropped, 1);
    discover_as('b', "good");
    expect_offer(IP(10, 0, 0, 10));
}

/* Since Kea 1.9.8 DROP may speak of KNOWN: it is looked at again when that is known. */
static void drop_of_the_unknown(void **state)
{
    (void)state;
    start_with("", "{ \"name\": \"DROP\", \"test\": \"unknown\" }", "");
    discover_as('a', "x");
    expect_silence(REASON_CLASS_DROP);
    assert_string_equal(recorded(REASON_CLASSES), "ALL, UNKNOWN, DROP");
    assert_int_equal(count_recorded(REASON_CLASSES), 1);
}

/* ---- options of the configuration's own ---- */

/* option-def of the whole server counts in expressions; that of a class for the class's options. */
static void own_options(void **state)
{
    (void)state;
    start_with("\"option-def\": [ { \"name\": \"room\", \"code\": 230, \"type\": \"string\" } ],",
               "{ \"name\": \"attic\", \"test\": \"option[room].text == 'attic'\","
               "  \"option-def\": [ { \"name\": \"floor\", \"code\": 231, \"type\": \"uint16\" } ],"
               "  \"option-data\": [ { \"name\": \"floor\", \"data\": \"7\", \"always-send\": true } ] }",
               "");
    dhcp_put_text(msg('a', DHCP_DISCOVER), 230, "attic");
    send_to(IP4_BROADCAST);
    assert_string_equal(recorded(REASON_CLASSES), "ALL, attic, UNKNOWN");
    assert_int_equal(dhcp_msg_find(&seen.msg, 231)->len, 2);
    assert_memory_equal(dhcp_msg_find(&seen.msg, 231)->data, "\0\7", 2);
}

/* ---- mistakes in the configuration ---- */

static char warnings[2048];

static void keep_warning(void *user, const char *text)
{
    (void)user;
    strncat(warnings, text, sizeof warnings - strlen(warnings) - 1);
}

static void mistakes(void **state)
{
    static const struct {
        const char *classes, *error;
    } rows[] = {
        {"{ }", ":1:34: at $.Dhcp4.client-classes[0]: "},
        {"{ \"name\": \"a\", \"option-data\": [ { \"space\": \"vendor-9\", \"code\": 1, \"data\": \"aa\", "
         "\"client-classes\": [ \"c1\" ] }, { \"space\": \"vendor-9\", \"code\": 2, \"data\": \"aa\", "
         "\"client-classes\": [ \"c2\" ] }, { \"space\": \"vendor-9\", \"code\": 3, \"data\": \"aa\", "
         "\"client-classes\": [ \"c3\" ] }, { \"space\": \"vendor-9\", \"code\": 4, \"data\": \"aa\", "
         "\"client-classes\": [ \"c4\" ] }, { \"space\": \"vendor-9\", \"code\": 5, \"data\": \"aa\", "
         "\"client-classes\": [ \"c5\" ] } ] }",
         "option-data[4].client-classes: the sub-options of one list ask for more than 4 different lists of "
         "classes"},
        {"{ \"name\": \"\" }", "expected a name of 1 to 127 octets"},
        {"{ \"name\": \"a\", \"test\": \"option[12].text = 'x'\" }",
         ":1:57: at $.Dhcp4.client-classes[0].test: column 17 of the expression: expected \"==\" after a "
         "value,"},
        {"{ \"name\": \"a\", \"test\": \"member('b')\" }, { \"name\": \"b\" }",
         "column 8 of the expression: the class \"b\" is not defined before this one"},
        {"{ \"name\": \"a\", \"test\": \"member('a')\" }", "the class \"a\" is not defined before this one"},
        {"{ \"name\": \"b\", \"only-in-additional-list\": true }, { \"name\": \"a\", \"test\": "
         "\"member('b')\" }",
         "the class \"b\" is not defined before this one"},
        {"{ \"name\": \"a\", \"test\": \"known\", \"template-test\": \"'x'\" }",
         "test or template-test, not both"},
        {"{ \"name\": \"a\", \"template-test\": \"known\" }", "expected a value, found a condition"},
        {"{ \"name\": \"a\" }, { \"name\": \"a\" }", "the class \"a\" is there already"},
        {"{ \"name\": \"KNOWN\", \"test\": \"option[12].exists\" }",
         "KNOWN is a built-in class: it has no expression"},
        {"{ \"name\": \"DROP\", \"only-if-required\": true }", "DROP is a built-in class"},
        {"{ \"name\": \"a\", \"min-valid-lifetime\": 9, \"valid-lifetime\": 8 }", "do not ascend"},
        {"{ \"name\": \"a\", \"tests\": \"x\" }", "tests"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[1024], error[JCFG_TEXT_MAX] = "";
        struct srv_config *c = NULL;
        snprintf(text, sizeof text, "{ \"Dhcp4\": { \"client-classes\": [ %s ] } }", rows[i].classes);
        assert_int_equal(srv_config_parse("s.json", text, strlen(text), NULL, NULL, error, &c), ERR_CONFIG);
        if (strstr(error, rows[i].error) == NULL)
            fail_msg("%s: %s", rows[i].classes, error);
    }
}

static void parse_with_warnings(const char *text)
{
    char error[JCFG_TEXT_MAX] = "";
    struct srv_config *c = NULL;
    warnings[0] = '\0';
    srv_config_parse("s.json", text, strlen(text), keep_warning, NULL, error, &c);
    assert_string_equal(error, "");
    srv_config_free(c);
}

static void names_that_nothing_defines_are_told(void **state)
{
    (void)state;
    parse_with_warnings("{ \"Dhcp4\": { \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\","
                        " \"pools\": [ { \"pool\": \"10.0.0.10/32\", \"client-class\": \"gld\" } ] } ] } }");
    assert_non_null(
        strstr(warnings, "pools[0].client-class: no class \"gld\" is defined: only a reservation"));
    parse_with_warnings(
        "{ \"Dhcp4\": { \"client-classes\": [ { \"name\": \"SKIP_DDNS\" } ], \"subnet4\": [ {"
        " \"id\": 1, \"subnet\": \"10.0.0.0/24\","
        " \"pools\": [ { \"pool\": \"10.0.0.10/32\", \"client-class\": \"VENDOR_CLASS_x\" } ] } ] } }");
    assert_null(strstr(warnings, "no class"));
    assert_non_null(strstr(warnings, "SKIP_DDNS has no effect"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(the_record_names_the_classes, stop),
        cmocka_unit_test_teardown(vendor_class, stop),
        cmocka_unit_test_teardown(order_and_dependence, stop),
        cmocka_unit_test_teardown(templates, stop),
        cmocka_unit_test_teardown(failed_expressions, stop),
        cmocka_unit_test(as_many_classes_as_there_can_be),
        cmocka_unit_test_teardown(reservations_make_members, stop),
        cmocka_unit_test_teardown(bootp_clients, stop),
        cmocka_unit_test_teardown(members_of_drop_get_no_answer, stop),
        cmocka_unit_test_teardown(drop_of_the_unknown, stop),
        cmocka_unit_test_teardown(own_options, stop),
        cmocka_unit_test(mistakes),
        cmocka_unit_test(names_that_nothing_defines_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
