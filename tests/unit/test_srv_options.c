/* Options of answers that have a standard of their own: RFC 2132 3.3, 9.8; 3397, 3442, 6842, 8925. */
#include "test_srv_world.h"

#define A10 IP(10, 0, 0, 10)

/* `options` of the subnet, and `keys` of the top. */
static void start_with(const char *keys, const char *options)
{
    char text[2048];
    snprintf(text, sizeof text,
             "{ \"Dhcp4\": { %s \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\","
             "  \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.12\" } ], \"option-data\": [ %s ] } ] } }",
             keys, options);
    start(text);
}

static void discover_wanting(const void *prl, size_t len)
{
    dhcp_put_bytes(msg('a', DHCP_DISCOVER), DHCP_OPT_PRL, prl, len);
    send_to(IP4_BROADCAST);
    expect_offer(A10);
}

/* The place of the option in the answer; -1: it is not there. */
static int place(uint8_t code)
{
    for (int i = 0; i < seen.msg.n_options; i++)
        if (seen.msg.options[i].code == code)
            return i;
    return -1;
}

static void expect_option(uint8_t code, const void *bytes, size_t len)
{
    const struct dhcp_option *option = dhcp_msg_find(&seen.msg, code);
    assert_non_null(option);
    assert_int_equal(option->len, len);
    assert_memory_equal(option->data, bytes, len);
}

/* ---- RFC 2132 ---- */

static void rfc2132_3_3_the_subnet_mask_goes_before_the_routers_whatever_is_asked_first(void **state)
{
    (void)state;
    start_with("", "{ \"name\": \"routers\", \"data\": \"10.0.0.1\" }");
    discover_wanting("\3\1", 2);
    assert_true(place(DHCP_OPT_SUBNET_MASK) >= 0);
    assert_true(place(DHCP_OPT_SUBNET_MASK) < place(DHCP_OPT_ROUTERS));
}

/* RFC 2131 4.3.1: "The server MUST include each requested parameter only once"; table 3 has none of the
 * client's own options in an answer. */
static void rfc2132_9_8_duplicates_and_unknown_codes_do_no_harm(void **state)
{
    static const uint8_t prl[] = {6, 6, 50, 55, 57, 0, 255, 222, 6, 1, 1, 53, 54, 51};
    (void)state;
    start_with("", "{ \"name\": \"domain-name-servers\", \"data\": \"10.0.0.3\" }");
    discover_wanting(prl, sizeof prl);
    bool seen_before[256] = {false};
    for (unsigned i = 0; i < seen.msg.n_options; i++) {
        uint8_t code = seen.msg.options[i].code;
        assert_false(seen_before[code]);
        seen_before[code] = true;
        assert_int_equal(seen.msg.options[i].pieces, 1);
    }
    assert_true(seen_before[DHCP_OPT_DNS_SERVERS]);
    assert_false(seen_before[DHCP_OPT_REQUESTED_IP] || seen_before[DHCP_OPT_PRL] ||
                 seen_before[DHCP_OPT_MAX_SIZE]);
}

/* An illegal length costs the option, not the message. */
static void rfc2132_3_14_an_empty_host_name_is_none(void **state)
{
    (void)state;
    start_with("", "");
    dhcp_put_bytes(msg('a', DHCP_REQUEST), DHCP_OPT_HOST_NAME, NULL, 0);
    dhcp_put_ip4(&request, DHCP_OPT_SERVER_ID, SERVER);
    dhcp_put_ip4(&request, DHCP_OPT_REQUESTED_IP, A10);
    send_to(IP4_BROADCAST);
    expect_ack(A10);
    assert_string_equal(seen.put.hostname, "");
}

/* ---- RFC 3397: domain search ---- */

/* 1 "a" 7 "example" 3 "org" 0, 1 "b" 7 "example" 3 "org" 0: without compression, which a server need not do
 */
static void rfc3397_2_a_search_list_goes_out_in_the_encoding_of_dns(void **state)
{
    static const char wire[] = "\1a\7example\3org\0\1b\7example\3org";
    (void)state;
    start_with("", "{ \"name\": \"domain-search\", \"data\": \"a.example.org, b.example.org\" }");
    discover_wanting("\x77", 1);
    expect_option(119, wire, sizeof wire);
}

/* RFC 3397 2, RFC 3396: a list of more than 255 octets is split, and its parts are one value. */
static void rfc3397_2_a_long_search_list_is_split(void **state)
{
    char options[1024] = "{ \"name\": \"domain-search\", \"data\": \"";
    (void)state;
    for (int i = 0; i < 10; i++)
        snprintf(options + strlen(options), sizeof options - strlen(options),
                 "%sdomain-%d.with-a-long-name.example", i ? ", " : "", i);
    strcat(options, "\" }");
    start_with("", options);
    dhcp_put_bytes(msg('a', DHCP_DISCOVER), DHCP_OPT_PRL, "\x77", 1);
    dhcp_put_u16(&request, DHCP_OPT_MAX_SIZE, 1500);
    send_to(IP4_BROADCAST);
    const struct dhcp_option *option = dhcp_msg_find(&seen.msg, 119);
    assert_non_null(option);
    assert_int_equal(option->len, 10 * 35);
    assert_int_equal(option->pieces, 2);
}

/* ---- RFC 3442: classless routes ---- */

#define ROUTES                                                                                               \
    "{ \"name\": \"classless-static-route\", \"data\": \"10.0.0.0/8 - 10.0.0.1, 0.0.0.0/0 - 10.0.0.2\" },"   \
    "{ \"name\": \"routers\", \"data\": \"10.0.0.9\" }, { \"name\": \"static-routes\", \"data\": "           \
    "\"10.5.0.0, 10.0.0.9\" }"

/* "only the significant octets of the subnet number": 8 10 <router>, and for the default route 0 <router> */
static void rfc3442_only_significant_octets_are_sent_and_no_routers_beside_them(void **state)
{
    static const uint8_t wire[] = {8, 10, 10, 0, 0, 1, 0, 10, 0, 0, 2};
    (void)state;
    start_with("", ROUTES);
    discover_wanting("\x79\x03\x21", 3);
    expect_option(DHCP_OPT_CLASSLESS_ROUTES, wire, sizeof wire);
    assert_int_equal(place(DHCP_OPT_ROUTERS), -1);
    assert_int_equal(place(33), -1);
}

/* Who does not ask for them cannot be expected to understand them. */
static void rfc3442_who_does_not_ask_gets_the_routers(void **state)
{
    (void)state;
    start_with("", ROUTES);
    discover_wanting("\x03\x21", 2);
    assert_true(place(DHCP_OPT_ROUTERS) >= 0);
    assert_true(place(33) >= 0);
    assert_int_equal(place(DHCP_OPT_CLASSLESS_ROUTES), -1);
}

/* Option 249 is what Windows had before 121 had a number: the same octets under another code. RFC 3442 speaks
 * of 121 alone, so that who asks for 249 and 3 gets both. */
static void rfc3442_its_older_twin_249_goes_out_as_it_does_and_leaves_the_routers(void **state)
{
    static const uint8_t wire[] = {8, 10, 10, 0, 0, 1, 0, 10, 0, 0, 2}, prl[] = {249, 3};
    (void)state;
    start_with("", "{ \"code\": 249, \"data\": \"10.0.0.0/8 - 10.0.0.1, 0.0.0.0/0 - 10.0.0.2\" },"
                   "{ \"name\": \"routers\", \"data\": \"10.0.0.9\" }");
    discover_wanting(prl, sizeof prl);
    expect_option(DHCP_OPT_MS_CLASSLESS_ROUTES, wire, sizeof wire);
    assert_true(place(DHCP_OPT_ROUTERS) > place(DHCP_OPT_MS_CLASSLESS_ROUTES));
    discover_wanting("\x03", 1);
    assert_int_equal(place(DHCP_OPT_MS_CLASSLESS_ROUTES), -1);
}

/* Who asks for both twins gets both, and no routers beside 121. */
static void rfc3442_121_supersedes_the_routers_beside_its_older_twin_too(void **state)
{
    static const uint8_t prl[] = {3, 249, 121, 33};
    (void)state;
    start_with("",
               ROUTES ", { \"name\": \"ms-classless-static-route\", \"data\": \"0.0.0.0/0 - 10.0.0.2\" }");
    discover_wanting(prl, sizeof prl);
    expect_option(DHCP_OPT_MS_CLASSLESS_ROUTES, "\0\12\0\0\2", 5);
    assert_true(place(DHCP_OPT_CLASSLESS_ROUTES) > place(DHCP_OPT_MS_CLASSLESS_ROUTES));
    assert_int_equal(place(DHCP_OPT_ROUTERS), -1);
    assert_int_equal(place(33), -1);
}

/* ---- RFC 6842: the client identifier ---- */

static void rfc6842_3_every_answer_has_the_identifier_of_who_sent_one(void **state)
{
    static const uint8_t id[] = {0, 'x', 0, 255};
    (void)state;
    start_with("", "");
    dhcp_put_bytes(msg('a', DHCP_DISCOVER), DHCP_OPT_CLIENT_ID, id, sizeof id);
    send_to(IP4_BROADCAST);
    expect_option(DHCP_OPT_CLIENT_ID, id, sizeof id);
    dhcp_put_bytes(msg('a', DHCP_REQUEST), DHCP_OPT_CLIENT_ID, id, sizeof id);
    dhcp_put_ip4(&request, DHCP_OPT_REQUESTED_IP, IP(10, 9, 9, 9));
    send_to(IP4_BROADCAST);
    expect_nak(REASON_NAK_WRONG_NET); /* "in its response message": a NAK is one */
    expect_option(DHCP_OPT_CLIENT_ID, id, sizeof id);
    dhcp_put_bytes(msg('a', DHCP_INFORM), DHCP_OPT_CLIENT_ID, id, sizeof id);
    request.ciaddr = IP(10, 0, 0, 77);
    send_to(SERVER);
    expect_option(DHCP_OPT_CLIENT_ID, id, sizeof id);
    discover('b', 0);
    assert_int_equal(place(DHCP_OPT_CLIENT_ID), -1);
}

static void rfc6842_echo_client_id_off_is_the_way_of_rfc2131(void **state)
{
    (void)state;
    start_with("\"echo-client-id\": false,", "");
    dhcp_put_bytes(msg('a', DHCP_DISCOVER), DHCP_OPT_CLIENT_ID, "\0x", 2);
    send_to(IP4_BROADCAST);
    expect_offer(A10);
    assert_int_equal(place(DHCP_OPT_CLIENT_ID), -1);
}

/* ---- RFC 8925: an address that is not given is not probed ---- */

static void rfc8925_who_does_without_an_address_waits_for_no_probe(void **state)
{
    (void)state;
    start_with("\"hooks-libraries\": [ { \"library\": \"libdhcp_ping_check.so\" } ],",
               "{ \"name\": \"v6-only-preferred\", \"data\": \"1800\" }");
    dhcp_put_bytes(msg('a', DHCP_DISCOVER), DHCP_OPT_PRL, "\x6c", 1);
    send_to(IP4_BROADCAST);
    expect_offer(0);
    assert_int_equal(seen.n_probes, 0);
    assert_true(srv_engine_deadline(engine) == TIME_NEVER); /* and nothing is held */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, stop)
    const struct CMUnitTest tests[] = {
        TEST(rfc2132_3_3_the_subnet_mask_goes_before_the_routers_whatever_is_asked_first),
        TEST(rfc2132_9_8_duplicates_and_unknown_codes_do_no_harm),
        TEST(rfc2132_3_14_an_empty_host_name_is_none),
        TEST(rfc3397_2_a_search_list_goes_out_in_the_encoding_of_dns),
        TEST(rfc3397_2_a_long_search_list_is_split),
        TEST(rfc3442_only_significant_octets_are_sent_and_no_routers_beside_them),
        TEST(rfc3442_who_does_not_ask_gets_the_routers),
        TEST(rfc3442_its_older_twin_249_goes_out_as_it_does_and_leaves_the_routers),
        TEST(rfc3442_121_supersedes_the_routers_beside_its_older_twin_too),
        TEST(rfc6842_3_every_answer_has_the_identifier_of_who_sent_one),
        TEST(rfc6842_echo_client_id_off_is_the_way_of_rfc2131),
        TEST(rfc8925_who_does_without_an_address_waits_for_no_probe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
