/* DHCPLEASEQUERY: RFC 4388. */
#include "test_srv_world.h"

#define ASKER IP(192, 0, 2, 9) /* an access concentrator */

static const char queried[] =
    "{ \"Dhcp4\": { \"valid-lifetime\": 3600, \"renew-timer\": 900, \"rebind-timer\": 1800,"
    "  \"store-extended-info\": true, \"hooks-libraries\": [ { \"library\": \"libdhcp_lease_query.so\","
    "    \"parameters\": { \"requesters\": [ \"192.0.2.0/24\", \"198.51.100.7\" ] } } ],"
    "  \"option-data\": [ { \"name\": \"domain-name\", \"data\": \"lab\" }, { \"name\": \"ntp-servers\", "
    "\"data\": "
    "\"10.0.0.3\" } ],"
    "  \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\","
    "    \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.12\" } ] },"
    "  { \"id\": 2, \"subnet\": \"10.0.2.0/24\", \"pools\": [ { \"pool\": \"10.0.2.10 - 10.0.2.12\" } ] } ] "
    "} }";

/* A query that goes by nothing yet. */
static struct dhcp_msg *query(void)
{
    dhcp_msg_init(&request, DHCP_BOOTREQUEST);
    request.xid = 0x0badcafe;
    request.giaddr = ASKER;
    assert_true(dhcp_put_u8(&request, DHCP_OPT_TYPE, DHCP_LEASEQUERY));
    return &request;
}

static void ask(void)
{
    send_from(request.giaddr, DHCP_PORT_SERVER, SERVER);
}

static void ask_addr(ip4 addr)
{
    query()->ciaddr = addr;
    ask();
}

static void by_hw(char client)
{
    query();
    request.htype = 1;
    request.hlen = 6;
    memcpy(request.chaddr, (uint8_t[]){2, 0, 0, 0, 0, (uint8_t)(client - 'a' + 10)}, 6);
}

/* Client a has a lease of the first subnet. */
static void lease_a(void)
{
    msg('a', DHCP_REQUEST);
    dhcp_put_ip4(&request, DHCP_OPT_SERVER_ID, SERVER);
    dhcp_put_ip4(&request, DHCP_OPT_REQUESTED_IP, IP(10, 0, 0, 10));
    send_to(IP4_BROADCAST);
    expect_ack(IP(10, 0, 0, 10));
}

/* The same client, of the second subnet, behind a relay on its port p1. */
static void lease_a_relayed(void)
{
    msg('a', DHCP_REQUEST);
    dhcp_put_ip4(&request, DHCP_OPT_SERVER_ID, SERVER);
    dhcp_put_ip4(&request, DHCP_OPT_REQUESTED_IP, IP(10, 0, 2, 10));
    dhcp_put_bytes(&request, DHCP_OPT_RELAY_INFO, "\x01\x02p1", 4);
    request.giaddr = IP(10, 0, 2, 254);
    send_from(IP(10, 0, 2, 254), DHCP_PORT_SERVER, SERVER);
    expect_ack(IP(10, 0, 2, 10));
}

static void expect_answer(enum dhcp_type type, ip4 ciaddr)
{
    assert_int_equal(seen.n_tx, 1);
    assert_int_equal(seen.msg.type, type);
    assert_int_equal(seen.msg.op, DHCP_BOOTREPLY);
    assert_int_equal(seen.msg.ciaddr, ciaddr);
    assert_int_equal(seen.msg.xid, 0x0badcafe);
    assert_int_equal(seen.msg.giaddr, ASKER);
    assert_int_equal(seen.packet.dst, ASKER); /* RFC 4388 6.4.3 */
    assert_int_equal(seen.packet.dport, DHCP_PORT_SERVER);
    assert_int_equal(seen.n_put, 0);
}

static uint32_t number(uint8_t code)
{
    uint32_t value = 0;
    assert_true(dhcp_get_u32(&seen.msg, code, &value));
    return value;
}

/* ---- 6.3: who may ask, and what ---- */

static void rfc4388_6_4_3_without_giaddr_there_is_no_answer(void **state)
{
    (void)state;
    start(queried);
    query()->giaddr = 0;
    request.ciaddr = IP(10, 0, 0, 10);
    send_from(ASKER, DHCP_PORT_SERVER, SERVER);
    expect_silence(REASON_QUERY_NO_RELAY);
}

static void rfc4388_7_only_requesters_are_answered(void **state)
{
    (void)state;
    start(queried);
    query()->giaddr = IP(198, 51, 100, 8);
    request.ciaddr = IP(10, 0, 0, 10);
    ask();
    expect_silence(REASON_QUERY_REQUESTER);
    query()->giaddr = IP(198, 51, 100, 7); /* named as an address */
    request.ciaddr = IP(10, 0, 0, 10);
    ask();
    assert_int_equal(seen.msg.type, DHCP_LEASEUNASSIGNED);
    stop(NULL);
    start(basic);
    ask_addr(IP(10, 0, 0, 10));
    expect_silence(REASON_QUERY_OFF);
}

static void rfc4388_6_3_a_query_goes_by_exactly_one_thing(void **state)
{
    (void)state;
    start(queried);
    query();
    ask();
    expect_silence(REASON_QUERY_KIND);
    by_hw('a');
    request.ciaddr = IP(10, 0, 0, 10);
    ask();
    expect_silence(REASON_QUERY_KIND);
    by_hw('a');
    dhcp_put_bytes(&request, DHCP_OPT_CLIENT_ID, "\x01x", 2);
    ask();
    expect_silence(REASON_QUERY_KIND);
    query();
    dhcp_put_bytes(&request, DHCP_OPT_CLIENT_ID, "", 0);
    ask();
    expect_silence(REASON_QUERY_KIND);
}

/* ---- 6.4: the three answers ---- */

static void rfc4388_6_4_unassigned_and_unknown_have_no_options(void **state)
{
    (void)state;
    start(queried);
    ask_addr(IP(10, 0, 0, 11));
    expect_answer(DHCP_LEASEUNASSIGNED, IP(10, 0, 0, 11));
    assert_true(decided(REASON_QUERY_UNASSIGNED));
    assert_int_equal(seen.msg.n_options, 1);
    ask_addr(IP(10, 0, 0, 99)); /* in the subnet, in no pool */
    expect_answer(DHCP_LEASEUNKNOWN, IP(10, 0, 0, 99));
    assert_true(decided(REASON_QUERY_UNKNOWN_ADDR));
    assert_int_equal(seen.msg.n_options, 1);
    by_hw('z');
    ask();
    expect_answer(DHCP_LEASEUNKNOWN, 0);
    assert_true(decided(REASON_QUERY_UNKNOWN_CLIENT));
}

static void rfc4388_6_4_2_the_answer_by_address(void **state)
{
    (void)state;
    static const uint8_t prl[] = {51, 58, 59, 61, 82, 91, 15, 1, 12};
    start(queried);
    lease_a();
    at(1000 * S);
    query()->ciaddr = IP(10, 0, 0, 10);
    dhcp_put_bytes(&request, DHCP_OPT_PRL, prl, sizeof prl);
    ask();
    expect_answer(DHCP_LEASEACTIVE, IP(10, 0, 0, 10));
    assert_true(decided(REASON_QUERY_ACTIVE));
    assert_int_equal(seen.msg.htype, 1);
    assert_int_equal(seen.msg.hlen, 6);
    assert_memory_equal(seen.msg.chaddr, "\x02\0\0\0\0\x0a", 6);
    assert_int_equal(number(DHCP_OPT_LEASE_TIME), 2600);
    assert_false(dhcp_msg_has(&seen.msg, DHCP_OPT_T1)); /* in the past */
    assert_int_equal(number(DHCP_OPT_T2), 800);
    assert_int_equal(number(DHCP_OPT_CLTT), 1000);
    assert_int_equal(number(DHCP_OPT_SUBNET_MASK), 0xffffff00);
    assert_memory_equal(dhcp_msg_find(&seen.msg, DHCP_OPT_DOMAIN_NAME)->data, "lab", 3);
    assert_false(dhcp_msg_has(&seen.msg, DHCP_OPT_CLIENT_ID)); /* it has none */
    assert_false(dhcp_msg_has(&seen.msg, DHCP_OPT_RELAY_INFO));
    assert_false(dhcp_msg_has(&seen.msg, DHCP_OPT_ASSOCIATED_IP)); /* it has one lease */
}

static void rfc4388_6_4_1_by_hardware_address_the_latest_lease(void **state)
{
    (void)state;
    static const uint8_t prl[] = {82};
    start(queried);
    lease_a();
    at(10 * S);
    lease_a_relayed();
    at(20 * S);
    by_hw('a');
    dhcp_put_bytes(&request, DHCP_OPT_PRL, prl, sizeof prl);
    ask();
    expect_answer(DHCP_LEASEACTIVE, IP(10, 0, 2, 10));
    assert_memory_equal(dhcp_msg_find(&seen.msg, DHCP_OPT_RELAY_INFO)->data, "\x01\x02p1", 4);
    const struct dhcp_option *all = dhcp_msg_find(&seen.msg, DHCP_OPT_ASSOCIATED_IP);
    assert_int_equal(all->len, 8);
    renew('a', IP(10, 0, 0, 10));
    by_hw('a');
    ask();
    expect_answer(DHCP_LEASEACTIVE, IP(10, 0, 0, 10));
    ask_addr(IP(10, 0, 2, 10)); /* by address, too, all addresses are told */
    expect_answer(DHCP_LEASEACTIVE, IP(10, 0, 2, 10));
    assert_int_equal(dhcp_msg_find(&seen.msg, DHCP_OPT_ASSOCIATED_IP)->len, 8);
}

static void rfc4388_6_4_1_by_client_identifier(void **state)
{
    (void)state;
    static const uint8_t prl[] = {61};
    start(queried);
    msg('a', DHCP_REQUEST);
    dhcp_put_ip4(&request, DHCP_OPT_SERVER_ID, SERVER);
    dhcp_put_ip4(&request, DHCP_OPT_REQUESTED_IP, IP(10, 0, 0, 12));
    dhcp_put_bytes(&request, DHCP_OPT_CLIENT_ID, "\xffid", 3);
    send_to(IP4_BROADCAST);
    expect_ack(IP(10, 0, 0, 12));
    query();
    dhcp_put_bytes(&request, DHCP_OPT_CLIENT_ID, "\xffid", 3);
    dhcp_put_bytes(&request, DHCP_OPT_PRL, prl, sizeof prl);
    ask();
    expect_answer(DHCP_LEASEACTIVE, IP(10, 0, 0, 12));
    assert_memory_equal(dhcp_msg_find(&seen.msg, DHCP_OPT_CLIENT_ID)->data, "\xffid", 3);
    query();
    dhcp_put_bytes(&request, DHCP_OPT_CLIENT_ID, "\xffix", 3);
    ask();
    expect_answer(DHCP_LEASEUNKNOWN, 0);
}

static void rfc4388_6_4_a_lease_that_is_over_is_unassigned(void **state)
{
    (void)state;
    start(queried);
    lease_a();
    at(3600 * S - 1);
    ask_addr(IP(10, 0, 0, 10));
    expect_answer(DHCP_LEASEACTIVE, IP(10, 0, 0, 10));
    at(3600 * S);
    ask_addr(IP(10, 0, 0, 10));
    expect_answer(DHCP_LEASEUNASSIGNED, IP(10, 0, 0, 10));
    by_hw('a');
    ask();
    expect_answer(DHCP_LEASEUNKNOWN, 0);
}

/* 6.2: without option 55, what a DHCPREQUEST would get. */
static void rfc4388_6_2_what_is_told_unasked(void **state)
{
    (void)state;
    start(queried);
    lease_a();
    ask_addr(IP(10, 0, 0, 10));
    assert_int_equal(number(DHCP_OPT_LEASE_TIME), 3600);
    assert_int_equal(number(DHCP_OPT_T1), 900);
    assert_int_equal(number(DHCP_OPT_SUBNET_MASK), 0xffffff00);
    assert_true(dhcp_msg_has(&seen.msg, DHCP_OPT_DOMAIN_NAME));
    assert_false(dhcp_msg_has(&seen.msg, 42)); /* ntp-servers: only to who asks */
}

static void rfc4388_6_4_2_options_may_be_withheld(void **state)
{
    (void)state;
    static const uint8_t prl[] = {15, 42, 51};
    start(
        "{ \"Dhcp4\": { \"hooks-libraries\": [ { \"library\": \"libdhcp_lease_query.so\","
        "    \"parameters\": { \"requesters\": [ \"192.0.2.0/24\" ], \"non-sensitive-options\": [ 42 ] } } ],"
        "  \"option-data\": [ { \"name\": \"domain-name\", \"data\": \"lab\" },"
        "    { \"name\": \"ntp-servers\", \"data\": \"10.0.0.3\" } ],"
        "  \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\","
        "    \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.12\" } ] } ] } }");
    lease_a();
    query()->ciaddr = IP(10, 0, 0, 10);
    dhcp_put_bytes(&request, DHCP_OPT_PRL, prl, sizeof prl);
    ask();
    assert_false(dhcp_msg_has(&seen.msg, DHCP_OPT_DOMAIN_NAME));
    assert_true(dhcp_msg_has(&seen.msg, 42));
    assert_true(dhcp_msg_has(&seen.msg, DHCP_OPT_LEASE_TIME));
}

static void an_infinite_lease_has_no_end_to_count_to(void **state)
{
    (void)state;
    start("{ \"Dhcp4\": { \"valid-lifetime\": 4294967295, \"hooks-libraries\": [ { \"library\": "
          "\"libdhcp_lease_query.so\","
          "    \"parameters\": { \"requesters\": [ \"192.0.2.0/24\" ] } } ], \"subnet4\": [ { \"id\": 1,"
          "    \"subnet\": \"10.0.0.0/24\", \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.12\" } ] } ] } }");
    lease_a();
    at(1000 * S);
    ask_addr(IP(10, 0, 0, 10));
    assert_int_equal(number(DHCP_OPT_LEASE_TIME), UINT32_MAX);
}

/* RFC 4388 6.4.2: "the options that were actually sent to the client". 6.1: an address that is only
 * reserved is managed, too. */
static void rfc4388_6_4_2_a_reservation_has_its_options_and_its_address(void **state)
{
    static const uint8_t prl[] = {15, 42};
    (void)state;
    start("{ \"Dhcp4\": { \"hooks-libraries\": [ { \"library\": \"libdhcp_lease_query.so\","
          "    \"parameters\": { \"requesters\": [ \"192.0.2.0/24\" ] } } ],"
          "  \"option-data\": [ { \"name\": \"domain-name\", \"data\": \"lab\" } ],"
          "  \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\","
          "    \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.12\" } ], \"reservations\": ["
          "      { \"hw-address\": \"02:00:00:00:00:0a\", \"ip-address\": \"10.0.0.200\", \"option-data\": ["
          "          { \"name\": \"domain-name\", \"data\": \"mine\" } ] },"
          "      { \"client-id\": \"01:61\", \"ip-address\": \"10.0.0.201\" } ] } ] } }");
    discover('a', 0);
    selecting('a', SERVER, IP(10, 0, 0, 200));
    expect_ack(IP(10, 0, 0, 200));
    query()->ciaddr = IP(10, 0, 0, 200);
    dhcp_put_bytes(&request, DHCP_OPT_PRL, prl, sizeof prl);
    ask();
    expect_answer(DHCP_LEASEACTIVE, IP(10, 0, 0, 200));
    assert_memory_equal(dhcp_msg_find(&seen.msg, DHCP_OPT_DOMAIN_NAME)->data, "mine", 4);
    ask_addr(IP(10, 0, 0, 201));
    expect_answer(DHCP_LEASEUNASSIGNED, IP(10, 0, 0, 201));
    ask_addr(IP(10, 0, 0, 202));
    expect_answer(DHCP_LEASEUNKNOWN, IP(10, 0, 0, 202));
}

/* ---- 6.4.2: classes ---- */

/* Each class has a domain name of its own, a scope between the subnet and the top. */
#define CLASS(name, test) CLASS_WITH(name, test, "")
#define CLASS_WITH(name, test, more)                                                                         \
    "{ \"name\": \"" name "\", \"test\": \"" test "\"" more ", \"option-data\": [ {"                         \
    "    \"name\": \"domain-name\", \"data\": \"" name "\" } ] }"

static void start_classes(const char *classes)
{
    char text[2048];
    snprintf(
        text, sizeof text,
        "{ \"Dhcp4\": { \"hooks-libraries\": [ { \"library\": \"libdhcp_lease_query.so\","
        "    \"parameters\": { \"requesters\": [ \"192.0.2.0/24\" ] } } ],"
        "  \"option-data\": [ { \"name\": \"domain-name\", \"data\": \"top\" } ], \"client-classes\": [ %s ],"
        "  \"subnet4\": [ { \"id\": 2, \"subnet\": \"10.0.2.0/24\", \"evaluate-additional-classes\": [ "
        "\"more\" ],"
        "    \"pools\": [ { \"pool\": \"10.0.2.10 - 10.0.2.12\" } ], \"reservations\": ["
        "    { \"hw-address\": \"02:00:00:00:00:0b\", \"client-classes\": [ \"vip\" ] } ] } ] } }",
        classes);
    start(text);
}

/* The domain name that the client is told, and that one who asks for its lease is told. */
static void expect_domains(char client, const char *to_client, const char *to_asker)
{
    static const uint8_t prl[] = {15};
    ip4 addr = IP(10, 0, 2, 10);
    msg(client, DHCP_REQUEST)->giaddr = IP(10, 0, 2, 254);
    dhcp_put_ip4(&request, DHCP_OPT_SERVER_ID, SERVER);
    dhcp_put_ip4(&request, DHCP_OPT_REQUESTED_IP, addr);
    dhcp_put_bytes(&request, DHCP_OPT_VENDOR_CLASS, "phone", 5);
    dhcp_put_bytes(&request, DHCP_OPT_RELAY_INFO, "\1\2p1", 4); /* sub-option 1 "p1" */
    send_from(request.giaddr, DHCP_PORT_SERVER, SERVER);
    expect_ack(addr);
    const struct dhcp_option *told = dhcp_msg_find(&seen.msg, DHCP_OPT_DOMAIN_NAME);
    assert_int_equal(told->len, strlen(to_client));
    assert_memory_equal(told->data, to_client, told->len);
    query()->ciaddr = addr;
    dhcp_put_bytes(&request, DHCP_OPT_PRL, prl, sizeof prl);
    ask();
    expect_answer(DHCP_LEASEACTIVE, addr);
    told = dhcp_msg_find(&seen.msg, DHCP_OPT_DOMAIN_NAME);
    assert_int_equal(told->len, strlen(to_asker));
    assert_memory_equal(told->data, to_asker, told->len);
}

/* "the DHCP server MUST use the saved Relay Agent Information option just like it did when responding to the
 * DHCP client in order to determine the values of any options requested" */
static void rfc4388_6_4_2_classes_that_follow_from_the_record_have_their_options(void **state)
{
    static const struct {
        const char *classes;
        char client;
        const char *told;
    } rows[] = {
        {CLASS("port", "relay4[1].hex == 'p1'"), 'a', "port"},
        {CLASS("port", "relay4[1].hex == 'p2'"), 'a', "top"},
        {CLASS("mac", "pkt4.mac == 0x02000000000a"), 'a', "mac"},
        {CLASS("base", "relay4[1].exists") ", " CLASS("not", "not member('base')"), 'a', "base"},
        {CLASS("reserved", "member('KNOWN')"), 'b', "reserved"},
        {CLASS("reserved", "member('KNOWN')"), 'a', "top"},
        {CLASS("other", "member('UNKNOWN')"), 'a', "other"},
        {"{ \"name\": \"vip\", \"option-data\": [ { \"name\": \"domain-name\", \"data\": \"vip\" } ] }", 'b',
         "vip"},
        {CLASS_WITH("more", "pkt4.hlen == 6", ", \"only-in-additional-list\": true"), 'a', "more"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        start_classes(rows[i].classes);
        expect_domains(rows[i].client, rows[i].told, rows[i].told);
        stop(state);
    }
}

/* What the client said beyond that is not on record: nobody is in such a class, nor in its opposite. */
static void rfc4388_6_4_2_classes_that_nobody_knows_any_more_are_left_out(void **state)
{
    static const struct {
        const char *classes, *to_client;
    } rows[] = {
        {CLASS("phone", "option[60].hex == 'phone'"), "phone"},
        {CLASS("relayed", "pkt4.giaddr == 10.0.2.254"), "relayed"},
        {CLASS("pc", "not option[60].hex == 'pc'"), "pc"},
        {CLASS("phone", "option[60].hex == 'phone'") ", " CLASS("pc", "not member('phone')"), "phone"},
        {CLASS("vendor", "not vendor[4491].exists"), "vendor"},
        {CLASS("class", "member('VENDOR_CLASS_phone')"), "class"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        start_classes(rows[i].classes);
        expect_domains('a', rows[i].to_client, "top");
        stop(state);
    }
}

#define TEST(name) cmocka_unit_test_teardown(name, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rfc4388_6_4_3_without_giaddr_there_is_no_answer),
        TEST(rfc4388_7_only_requesters_are_answered),
        TEST(rfc4388_6_3_a_query_goes_by_exactly_one_thing),
        TEST(rfc4388_6_4_unassigned_and_unknown_have_no_options),
        TEST(rfc4388_6_4_2_the_answer_by_address),
        TEST(rfc4388_6_4_1_by_hardware_address_the_latest_lease),
        TEST(rfc4388_6_4_1_by_client_identifier),
        TEST(rfc4388_6_4_a_lease_that_is_over_is_unassigned),
        TEST(rfc4388_6_2_what_is_told_unasked),
        TEST(rfc4388_6_4_2_options_may_be_withheld),
        TEST(an_infinite_lease_has_no_end_to_count_to),
        TEST(rfc4388_6_4_2_a_reservation_has_its_options_and_its_address),
        TEST(rfc4388_6_4_2_classes_that_follow_from_the_record_have_their_options),
        TEST(rfc4388_6_4_2_classes_that_nobody_knows_any_more_are_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
