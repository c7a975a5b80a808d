/* What members of a class get, and which subnets and pools are for them alone. */
#include "tests/unit/test_srv_class.h"

static uint32_t lease_time(void)
{
    uint32_t lease_s = 0;
    dhcp_get_u32(&seen.msg, DHCP_OPT_LEASE_TIME, &lease_s);
    return lease_s;
}

/* ---- what members get ---- */

/* Classes stand between the shared network and the global scope; of several the first one counts. */
static void options_of_classes(void **state)
{
    (void)state;
    start_with("\"option-data\": [ { \"name\": \"domain-name\", \"data\": \"global\" } ],", SILVER ", " GOLD,
               "");
    discover_as('a', "gold");
    expect_text_option(DHCP_OPT_DOMAIN_NAME, "gold");
    assert_false(dhcp_msg_has(&seen.msg, 4));
    discover_as('b', "silver");
    expect_text_option(DHCP_OPT_DOMAIN_NAME, "silver");
    assert_true(dhcp_msg_has(&seen.msg, 4)); /* always-send */
    discover_as('c', "iron");
    expect_text_option(DHCP_OPT_DOMAIN_NAME, "global");
}

static void the_subnet_is_narrower_than_a_class(void **state)
{
    (void)state;
    start_with("", GOLD, ", \"option-data\": [ { \"name\": \"domain-name\", \"data\": \"subnet\" } ]");
    discover_as('a', "gold");
    expect_text_option(DHCP_OPT_DOMAIN_NAME, "subnet");
}

/* Kea: lease times and boot fields of a class override those of the subnet, unlike options. */
static void times_and_boot_fields_of_a_class_win(void **state)
{
    (void)state;
    start_with(
        "",
        "{ \"name\": \"a\", \"test\": \"option[12].exists\", \"boot-file-name\": \"a.img\" },"
        "{ \"name\": \"b\", \"test\": \"option[12].exists\", \"boot-file-name\": \"b.img\","
        "  \"next-server\": \"10.0.0.2\", \"server-hostname\": \"b\", \"valid-lifetime\": 100,"
        "  \"min-valid-lifetime\": 50, \"max-valid-lifetime\": 200 },"
        "{ \"name\": \"c\", \"test\": \"option[12].exists\", \"valid-lifetime\": 7 }",
        ", \"boot-file-name\": \"subnet.img\", \"valid-lifetime\": 1000, \"max-valid-lifetime\": 2000");
    discover_as('a', "x");
    assert_string_equal((const char *)seen.msg.file, "a.img");
    assert_string_equal((const char *)seen.msg.sname, "b");
    assert_int_equal(seen.msg.siaddr, IP(10, 0, 0, 2));
    assert_int_equal(lease_time(), 100);
    msg('a', DHCP_DISCOVER);
    dhcp_put_text(&request, DHCP_OPT_HOST_NAME, "x");
    dhcp_put_u32(&request, DHCP_OPT_LEASE_TIME, 1500);
    send_to(IP4_BROADCAST);
    assert_int_equal(lease_time(), 200);
    discover('b', 0);
    assert_string_equal((const char *)seen.msg.file, "subnet.img");
    assert_int_equal(lease_time(), 1000);
}

/* Kea: a part of the triplet is enough; what is missing follows from what is there. */
static void a_part_of_the_lease_times(void **state)
{
    (void)state;
    start_with("",
               "{ \"name\": \"low\", \"test\": \"option[12].text == 'low'\", \"min-valid-lifetime\": 50 },"
               "{ \"name\": \"high\", \"test\": \"option[12].text == 'high'\", \"max-valid-lifetime\": 60 }",
               "");
    discover_as('a', "low");
    assert_int_equal(lease_time(), 50);
    discover_as('a', "high");
    assert_int_equal(lease_time(), 60);
}

/* Kea: an option that is only for members is, for all others, as if it were not there. */
static void options_only_for_members(void **state)
{
    (void)state;
    start_with("\"option-data\": [ { \"name\": \"domain-name\", \"data\": \"global\" } ],", GOLD ", " SILVER,
               ", \"option-data\": ["
               "  { \"name\": \"domain-name\", \"data\": \"for-gold\", \"client-classes\": [ \"gold\" ] },"
               "  { \"name\": \"domain-name\", \"data\": \"for-both\", \"client-classes\": [ \"gold\", "
               "\"silver\" ] },"
               "  { \"name\": \"tftp-server-name\", \"data\": \"t\", \"always-send\": true, "
               "\"client-classes\": [ \"gold\" ] } ]");
    discover_as('a', "gold");
    expect_text_option(DHCP_OPT_DOMAIN_NAME, "for-gold");
    expect_text_option(66, "t");
    discover_as('b', "silver");
    expect_text_option(DHCP_OPT_DOMAIN_NAME, "for-both");
    expect_text_option(66, NULL);
    discover_as('c', "iron");
    expect_text_option(DHCP_OPT_DOMAIN_NAME, "global");
    expect_text_option(66, NULL);
}

/* Clients "g", "s" and "gs" are in these. */
#define EITHER                                                                                               \
    "{ \"name\": \"gold\", \"test\": \"option[12].text == 'g' or option[12].text == 'gs'\" },"               \
    "{ \"name\": \"silver\", \"test\": \"option[12].text == 's' or option[12].text == 'gs'\" }"

#define SUB(space, code, data) "{ \"space\": \"" space "\", \"code\": " code ", \"data\": \"" data "\""
#define FOR(class)             ", \"client-classes\": [ \"" class "\" ] }"

static void expect_octets(const char *name, uint8_t code, const char *octets, size_t len)
{
    discover_as('a', name);
    expect_offer(IP(10, 0, 0, 10));
    const struct dhcp_option *option = dhcp_msg_find(&seen.msg, code);
    if (octets == NULL) {
        assert_null(option);
        return;
    }
    assert_non_null(option);
    assert_int_equal(option->len, len);
    assert_memory_equal(option->data, octets, len);
}

/* The same for sub-options: what contains them has those that are for the client. */
static void suboptions_only_for_members(void **state)
{
    (void)state;
    start_with("", EITHER,
               ", \"option-data\": [ { \"code\": 43, \"always-send\": true }," SUB(
                   "vendor-encapsulated-options-space", "1", "aa")
                   FOR("gold") "," SUB("vendor-encapsulated-options-space", "2", "bb")
                       FOR("silver") "," SUB("vendor-encapsulated-options-space", "1", "cc") " } ]");
    expect_octets("iron", 43, "\1\1\xcc", 3);
    expect_octets("g", 43, "\1\1\xaa", 3);
    expect_octets("s", 43, "\2\1\xbb\1\1\xcc", 6);
    expect_octets("gs", 43, "\1\1\xaa\2\1\xbb", 6);
}

/* RFC 3925: enterprise 9 has one for all, enterprise 7 only for members; without any the option is not there.
 */
static void enterprises_only_for_members(void **state)
{
    (void)state;
    start_with("", EITHER,
               ", \"option-data\": [" SUB("vendor-9", "1", "aa") ", \"always-send\": true }," SUB(
                   "vendor-7", "2", "bb") FOR("gold") " ]");
    expect_octets("iron", 125, "\0\0\0\x09\3\1\1\xaa", 8);
    expect_octets("gs", 125, "\0\0\0\x09\3\1\1\xaa\0\0\0\x07\3\2\1\xbb", 16);
    stop(state);
    start_with("", EITHER,
               ", \"option-data\": [" SUB("vendor-7", "2", "bb") ", \"always-send\": true" FOR("gold") " ]");
    expect_octets("iron", 125, NULL, 0);
    expect_octets("g", 125, "\0\0\0\x07\3\2\1\xbb", 8);
}

/* ---- additional lists ---- */

/* Pool before subnet, each in the order of its list; what has no condition takes everybody. They come after
 * the address is chosen: too late for lease times and boot fields. */
static void additional_classes(void **state)
{
    (void)state;
    start(
        "{ \"Dhcp4\": { \"client-classes\": ["
        "  { \"name\": \"late\", \"only-in-additional-list\": true, \"test\": \"option[12].exists\","
        "    \"valid-lifetime\": 5, \"option-data\": [ { \"name\": \"domain-name\", \"data\": \"late\" } ] },"
        "  { \"name\": \"old\", \"only-if-required\": true, \"test\": \"member('late')\" },"
        "  { \"name\": \"all\", \"only-in-additional-list\": true },"
        "  { \"name\": \"never\", \"only-in-additional-list\": true, \"test\": \"option[12].exists\" } ],"
        "\"valid-lifetime\": 3600, \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\","
        "  \"require-client-classes\": [ \"old\", \"all\" ],"
        "  \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.12\","
        "                 \"evaluate-additional-classes\": [ \"late\" ] } ] } ] } }");
    discover_as('a', "x");
    assert_string_equal(recorded(REASON_CLASSES), "ALL, UNKNOWN");
    assert_string_equal(recorded(REASON_CLASSES_ADDITIONAL), "late, old, all");
    expect_text_option(DHCP_OPT_DOMAIN_NAME, "late");
    assert_int_equal(lease_time(), 3600);
    discover('b', 0);
    assert_string_equal(recorded(REASON_CLASSES_ADDITIONAL), "all");
    expect_text_option(DHCP_OPT_DOMAIN_NAME, NULL);
}

/* ---- subnets and pools only for members ---- */

#define NAMED(name) "{ \"name\": \"" name "\", \"test\": \"option[12].text == '" name "'\" }"

static void pools_only_for_members(void **state)
{
    (void)state;
    start("{ \"Dhcp4\": { \"client-classes\": [ " NAMED("gold") ", " NAMED(
        "iron") " ], \"subnet4\": [ {"
                "  \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"pools\": ["
                "    { \"pool\": \"10.0.0.10 - 10.0.0.11\", \"client-class\": \"gold\" },"
                "    { \"pool\": \"10.0.0.20 - 10.0.0.21\", \"client-classes\": [ \"iron\", \"gold\" ] } ] } "
                "] } }");
    discover_as('a', "iron");
    expect_offer(IP(10, 0, 0, 20));
    assert_int_equal(count_recorded(REASON_POOL_CLASS), 1);
    discover_as('b', "gold");
    expect_offer(IP(10, 0, 0, 10));
    assert_false(decided(REASON_POOL_CLASS));
    discover_as('c', "tin");
    expect_silence(REASON_POOL_EMPTY);
    assert_int_equal(count_recorded(REASON_POOL_CLASS), 2);
    /* to ask for it does not help */
    msg('d', DHCP_DISCOVER);
    dhcp_put_text(&request, DHCP_OPT_HOST_NAME, "iron");
    dhcp_put_ip4(&request, DHCP_OPT_REQUESTED_IP, IP(10, 0, 0, 11));
    send_to(IP4_BROADCAST);
    expect_offer(IP(10, 0, 0, 21));
    assert_true(decided(REASON_ADDR_CLASS));
    request_as('e', "tin", IP(10, 0, 0, 11));
    expect_nak(REASON_NAK_CLASS);
}

/* offer-lifetime: of a class before that of the subnet, before that of the top; 0 is offer-hold-time. */
static void an_offer_waits_as_long_as_the_class_or_the_scope_says(void **state)
{
    static const struct {
        const char *global, *class, *subnet;
        time_ms end_s;
    } rows[] = {
        {"", "", "", 60},
        {"\"offer-hold-time\": 9,", "", "", 9},
        {"\"offer-hold-time\": 9, \"offer-lifetime\": 20,", "", "", 20},
        {"\"offer-lifetime\": 20,", "", "\"offer-lifetime\": 30,", 30},
        {"\"offer-lifetime\": 20,", ", \"offer-lifetime\": 40", "\"offer-lifetime\": 30,", 40},
        {"\"offer-lifetime\": 20,", ", \"valid-lifetime\": 500", "", 20},
        {"\"offer-hold-time\": 9, \"offer-lifetime\": 20,", "", "\"offer-lifetime\": 0,", 9},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[1024];
        snprintf(
            text, sizeof text,
            "{ \"Dhcp4\": { %s \"client-classes\": [ { \"name\": \"all\", \"test\": \"member('ALL')\"%s } ],"
            "  \"subnet4\": [ { \"id\": 1, %s \"subnet\": \"10.0.0.0/24\","
            "    \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.10\" } ] } ] } }",
            rows[i].global, rows[i].class, rows[i].subnet);
        start(text);
        discover('a', 0);
        expect_offer(IP(10, 0, 0, 10));
        at(rows[i].end_s * S - 1);
        discover('b', 0);
        expect_silence(REASON_POOL_EMPTY);
        at(rows[i].end_s * S);
        assert_true(decided(REASON_OFFER_EXPIRED));
        discover('b', 0);
        expect_offer(IP(10, 0, 0, 10));
        stop(state);
    }
}

/* Who has left the class loses the address at the next occasion, and is offered another one. */
static void who_leaves_the_class_leaves_the_pool(void **state)
{
    (void)state;
    start("{ \"Dhcp4\": { \"client-classes\": [ " NAMED(
        "gold") " ], \"subnet4\": [ {"
                "  \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"pools\": ["
                "    { \"pool\": \"10.0.0.10 - 10.0.0.11\", \"client-class\": \"gold\" },"
                "    { \"pool\": \"10.0.0.20 - 10.0.0.21\" } ] } ] } }");
    discover_as('a', "gold");
    request_as('a', "gold", IP(10, 0, 0, 10));
    expect_ack(IP(10, 0, 0, 10));
    renew('a', IP(10, 0, 0, 10));
    expect_nak(REASON_NAK_CLASS);
    discover('a', 0);
    expect_offer(IP(10, 0, 0, 20));
    assert_true(decided(REASON_ADDR_CLASS));
    discover_as('a', "gold");
    expect_offer(IP(10, 0, 0, 10));
}

/* Addresses that are free again are given by age, those of closed pools left for their clients. */
static void old_addresses_of_closed_pools_wait(void **state)
{
    (void)state;
    start("{ \"Dhcp4\": { \"valid-lifetime\": 100, \"client-classes\": [ " NAMED(
        "gold") " ], \"subnet4\": [ {"
                "  \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"pools\": ["
                "    { \"pool\": \"10.0.0.10/32\", \"client-class\": \"gold\" },"
                "    { \"pool\": \"10.0.0.20 - 10.0.0.21\" } ] } ] } }");
    discover_as('a', "gold");
    request_as('a', "gold", IP(10, 0, 0, 10));
    at(1 * S);
    bind('b', IP(10, 0, 0, 21));
    at(2 * S);
    bind('c', IP(10, 0, 0, 20));
    at(500 * S); /* all have expired, gold's first */
    discover('d', 0);
    expect_offer(IP(10, 0, 0, 21));
    assert_true(decided(REASON_ADDR_RECLAIMED));
    discover('e', 0);
    expect_offer(IP(10, 0, 0, 20));
    discover('f', 0);
    expect_silence(REASON_POOL_EMPTY);
    discover_as('g', "gold");
    expect_offer(IP(10, 0, 0, 10));
}

static void subnets_only_for_members(void **state)
{
    (void)state;
    start("{ \"Dhcp4\": { \"client-classes\": [ " NAMED("gold") ", " NAMED(
        "iron") " ], \"subnet4\": ["
                "  { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"client-class\": \"gold\", \"interface\": "
                "\"eth0\","
                "    \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.11\" } ] },"
                "  { \"id\": 2, \"subnet\": \"10.0.2.0/24\", \"client-class\": \"iron\", \"interface\": "
                "\"eth0\","
                "    \"pools\": [ { \"pool\": \"10.0.2.10 - 10.0.2.11\" } ] } ] } }");
    discover_as('a', "iron");
    expect_offer(IP(10, 0, 2, 10));
    discover_as('b', "gold");
    expect_offer(IP(10, 0, 0, 10));
    discover_as('c', "tin");
    expect_silence(REASON_SUBNET_CLASS);
    assert_int_equal(seen.n_drops, 1);
    assert_string_equal(recorded(REASON_CLASSES), "ALL");
    /* RFC 2131 4.3.2: a renewal is of the subnet of ciaddr */
    msg('b', DHCP_REQUEST)->ciaddr = IP(10, 0, 0, 10);
    send_to(SERVER);
    expect_silence(REASON_SUBNET_CLASS);
}

static void shared_networks_only_for_members(void **state)
{
    (void)state;
    start("{ \"Dhcp4\": { \"client-classes\": [ " NAMED("gold") ", " NAMED(
        "iron") ","
                "  { \"name\": \"ours\", \"test\": \"member('gold') or member('iron')\" },"
                "  { \"name\": \"net\", \"only-in-additional-list\": true } ],"
                "  \"shared-networks\": [ { \"name\": \"floor\", \"client-class\": \"ours\", \"interface\": "
                "\"eth0\","
                "  \"evaluate-additional-classes\": [ \"net\" ], \"subnet4\": ["
                "  { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"pools\": [ { \"pool\": \"10.0.0.10 - "
                "10.0.0.10\" } ] },"
                "  { \"id\": 2, \"subnet\": \"10.0.2.0/24\", \"client-class\": \"iron\","
                "    \"pools\": [ { \"pool\": \"10.0.2.10 - 10.0.2.11\" } ] } ] } ] } }");
    discover_as('a', "tin");
    expect_silence(REASON_SUBNET_CLASS);
    discover_as('a', "iron");
    expect_offer(IP(10, 0, 0, 10));
    assert_string_equal(recorded(REASON_CLASSES_ADDITIONAL), "net");
    discover_as('b', "iron");
    expect_offer(IP(10, 0, 2, 10));
    discover_as('c', "gold"); /* 10.0.2.0/24 is not for gold */
    expect_silence(REASON_NETWORK_EMPTY);
    assert_true(decided(REASON_POOL_CLASS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(options_of_classes, stop),
        cmocka_unit_test_teardown(the_subnet_is_narrower_than_a_class, stop),
        cmocka_unit_test_teardown(times_and_boot_fields_of_a_class_win, stop),
        cmocka_unit_test_teardown(a_part_of_the_lease_times, stop),
        cmocka_unit_test_teardown(options_only_for_members, stop),
        cmocka_unit_test_teardown(suboptions_only_for_members, stop),
        cmocka_unit_test_teardown(enterprises_only_for_members, stop),
        cmocka_unit_test_teardown(additional_classes, stop),
        cmocka_unit_test_teardown(pools_only_for_members, stop),
        cmocka_unit_test_teardown(an_offer_waits_as_long_as_the_class_or_the_scope_says, stop),
        cmocka_unit_test_teardown(who_leaves_the_class_leaves_the_pool, stop),
        cmocka_unit_test_teardown(old_addresses_of_closed_pools_wait, stop),
        cmocka_unit_test_teardown(subnets_only_for_members, stop),
        cmocka_unit_test_teardown(shared_networks_only_for_members, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
