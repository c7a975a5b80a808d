/* What clients are called, and the answer to option 81: RFC 4702. */
#include "test_srv_world.h"

#include "server/srv_name.h"

#define A10 IP(10, 0, 0, 10)

enum { FLAG_S = 1, FLAG_O = 2, FLAG_E = 4, FLAG_N = 8 };

/* `keys` of the top. */
static void start_naming(const char *keys)
{
    char text[1024];
    snprintf(text, sizeof text,
             "{ \"Dhcp4\": { %s \"option-data\": [ { \"name\": \"host-name\", \"data\": \"from-config\","
             "  \"always-send\": true } ], \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\","
             "    \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.12\" } ] } ] } }",
             keys);
    start(text);
}

/* A DISCOVER with option 81: flags, two response codes, which a client leaves 0, and a name. */
static void discover_as(uint8_t flags, const char *name, size_t len)
{
    uint8_t option[255] = {flags};
    memcpy(option + 3, name, len);
    dhcp_put_bytes(msg('a', DHCP_DISCOVER), DHCP_OPT_FQDN, option, 3 + len);
    send_to(IP4_BROADCAST);
    expect_offer(A10);
}

/* Flags N, S or O, and 255 for both response codes: RFC 4702 2.1, 2.2. */
static void expect_answer(uint8_t flags, const char *name, size_t len)
{
    const struct dhcp_option *option = dhcp_msg_find(&seen.msg, DHCP_OPT_FQDN);
    assert_non_null(option);
    assert_int_equal(option->len, 3 + len);
    assert_int_equal(option->data[0], flags);
    assert_int_equal(option->data[1], 255);
    assert_int_equal(option->data[2], 255);
    assert_memory_equal(option->data + 3, name, len);
    assert_false(dhcp_msg_has(&seen.msg, DHCP_OPT_HOST_NAME)); /* RFC 4702 3.1 */
}

#define WIRE(name)  name, sizeof(name) - 1
#define ASCII(name) name, sizeof(name) - 1

/* ---- RFC 4702 2.1: flags ---- */

static void rfc4702_2_1_no_update_is_made_and_the_answer_says_so(void **state)
{
    static const struct {
        uint8_t asked, answered;
    } rows[] = {
        {FLAG_E, FLAG_E | FLAG_N},
        {FLAG_E | FLAG_S, FLAG_E | FLAG_N | FLAG_O}, /* the server overrides S */
        {FLAG_E | FLAG_N, FLAG_E | FLAG_N},
        {FLAG_E | FLAG_N | FLAG_S, FLAG_E | FLAG_N | FLAG_O}, /* not allowed, and no reason to be silent */
        {FLAG_E | 0xf0, FLAG_E | FLAG_N},                     /* MBZ */
    };
    (void)state;
    start_naming("");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        /* 2 "h1", 7 "example", root */
        discover_as(rows[i].asked, WIRE("\2h1\7example\0"));
        expect_answer(rows[i].answered, WIRE("\2h1\7example\0"));
        assert_true(decided(REASON_NAME_FQDN));
    }
}

/* "A server MUST use the same encoding as that used by the client." */
static void rfc4702_2_1_the_answer_has_the_clients_encoding(void **state)
{
    (void)state;
    start_naming("");
    discover_as(FLAG_S, ASCII("h1.example.org"));
    expect_answer(FLAG_N | FLAG_O, ASCII("h1.example.org"));
    discover_as(0, ASCII("h1.example.org."));
    expect_answer(FLAG_N, ASCII("h1.example.org"));
    discover_as(0, ASCII("h1"));
    expect_answer(FLAG_N, ASCII("h1"));
}

static void rfc4702_4_who_sends_no_option_81_gets_none(void **state)
{
    (void)state;
    start_naming("");
    discover('a', 0);
    assert_false(dhcp_msg_has(&seen.msg, DHCP_OPT_FQDN));
    assert_true(dhcp_msg_has(&seen.msg, DHCP_OPT_HOST_NAME));
}

static void rfc4702_an_option_81_that_cannot_be_read_is_as_good_as_absent(void **state)
{
    (void)state;
    start_naming("");
    discover_as(FLAG_E, WIRE("\5h1")); /* a label of five octets, of which two are there */
    assert_false(dhcp_msg_has(&seen.msg, DHCP_OPT_FQDN));
    assert_true(decided(REASON_FQDN_BAD));
    dhcp_put_bytes(msg('a', DHCP_DISCOVER), DHCP_OPT_FQDN, "\0\0", 2);
    send_to(IP4_BROADCAST);
    expect_offer(A10);
    assert_true(decided(REASON_FQDN_BAD));
    discover_as(0, ASCII("h1..example")); /* an empty label */
    assert_false(dhcp_msg_has(&seen.msg, DHCP_OPT_FQDN));
    assert_true(decided(REASON_FQDN_BAD));
}

/* ---- RFC 4702 2.3, 3.5: names ---- */

static void rfc4702_2_3_a_partial_name_is_completed(void **state)
{
    (void)state;
    start_naming("\"ddns-qualifying-suffix\": \"example.org.\",");
    discover_as(FLAG_E, WIRE("\2h1"));
    expect_answer(FLAG_E | FLAG_N, WIRE("\2h1\7example\3org\0"));
    discover_as(FLAG_E, WIRE("\2h1\3dev")); /* first labels of a name */
    expect_answer(FLAG_E | FLAG_N, WIRE("\2h1\3dev\7example\3org\0"));
    discover_as(FLAG_E, WIRE("\2h1\3dev\0")); /* a whole name */
    expect_answer(FLAG_E | FLAG_N, WIRE("\2h1\3dev\0"));
    discover_as(0, ASCII("h1"));
    expect_answer(FLAG_N, ASCII("h1.example.org"));
}

static void without_a_suffix_a_partial_name_stays_partial(void **state)
{
    (void)state;
    start_naming("");
    discover_as(FLAG_E, WIRE("\2h1"));
    expect_answer(FLAG_E | FLAG_N, WIRE("\2h1"));
}

static void rfc4702_an_empty_name_leaves_it_to_the_server(void **state)
{
    (void)state;
    start_naming("\"ddns-qualifying-suffix\": \"lab\",");
    discover_as(FLAG_E, "", 0);
    expect_answer(FLAG_E | FLAG_N, WIRE("\x10myhost-10-0-0-10\3lab\0"));
    assert_true(decided(REASON_NAME_MADE));
}

static void ddns_replace_client_name_says_when_a_name_is_made(void **state)
{
    static const struct {
        const char *word;
        bool is_made_with_name, is_made_without;
    } rows[] = {{"never", false, false},
                {"always", true, true},
                {"when-present", true, false},
                {"when-not-present", false, true}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char keys[256];
        snprintf(keys, sizeof keys,
                 "\"ddns-replace-client-name\": \"%s\", \"ddns-generated-prefix\": \"pc\","
                 "\"ddns-qualifying-suffix\": \"lab\",",
                 rows[i].word);
        start_naming(keys);
        discover_as(0, ASCII("h1"));
        assert_int_equal(decided(REASON_NAME_MADE), rows[i].is_made_with_name);
        if (rows[i].is_made_with_name)
            expect_answer(FLAG_N, ASCII("pc-10-0-0-10.lab"));
        else
            expect_answer(FLAG_N, ASCII("h1.lab"));
        bind('b', IP(10, 0, 0, 11));
        assert_int_equal(decided(REASON_NAME_MADE), rows[i].is_made_without);
        assert_string_equal(seen.put.hostname, rows[i].is_made_without ? "pc-10-0-0-11.lab" : "");
        stop(state);
    }
}

static void octets_that_names_cannot_have_are_taken_out(void **state)
{
    (void)state;
    start_naming("");
    discover_as(FLAG_E, WIRE("\5a b\xc3.\1c\0"));
    expect_answer(FLAG_E | FLAG_N, WIRE("\2ab\1c\0"));
    stop(state);
    start_naming("\"hostname-char-set\": \"[_ ]\", \"hostname-char-replacement\": \"-\",");
    discover_as(0, ASCII("my_pc 1"));
    expect_answer(FLAG_N, ASCII("my-pc-1"));
    stop(state);
    start_naming("\"hostname-char-set\": \"\",");
    discover_as(0, ASCII("my_pc 1"));
    expect_answer(FLAG_N, ASCII("my_pc 1"));
}

static void a_name_that_is_too_long_is_none(void **state)
{
    char name[64] = {63};
    (void)state;
    start_naming("\"hostname-char-set\": \"[a]\", \"hostname-char-replacement\": \"xx\",");
    memset(name + 1, 'a', 63); /* 63 become 126, and a label has at most 63 */
    discover_as(FLAG_E, name, sizeof name);
    assert_false(dhcp_msg_has(&seen.msg, DHCP_OPT_FQDN));
    assert_true(decided(REASON_FQDN_BAD));
}

/* ---- what the lease knows ---- */

static void the_lease_has_the_name(void **state)
{
    (void)state;
    start_naming("\"ddns-qualifying-suffix\": \"lab\",");
    dhcp_put_bytes(msg('a', DHCP_REQUEST), DHCP_OPT_FQDN, "\4\0\0\2h1", 6);
    dhcp_put_text(&request, DHCP_OPT_HOST_NAME, "other"); /* 81 counts */
    dhcp_put_ip4(&request, DHCP_OPT_SERVER_ID, SERVER);
    dhcp_put_ip4(&request, DHCP_OPT_REQUESTED_IP, A10);
    send_to(IP4_BROADCAST);
    expect_ack(A10);
    expect_answer(FLAG_E | FLAG_N, WIRE("\2h1\3lab\0"));
    assert_string_equal(seen.put.hostname, "h1.lab.");
    dhcp_put_text(msg('b', DHCP_REQUEST), DHCP_OPT_HOST_NAME, "h2");
    dhcp_put_ip4(&request, DHCP_OPT_SERVER_ID, SERVER);
    dhcp_put_ip4(&request, DHCP_OPT_REQUESTED_IP, IP(10, 0, 0, 11));
    send_to(IP4_BROADCAST);
    assert_string_equal(seen.put.hostname, "h2.lab");
    assert_false(decided(REASON_NAME_FQDN));
}

static void a_reserved_name_goes_before_the_clients(void **state)
{
    (void)state;
    start("{ \"Dhcp4\": { \"ddns-qualifying-suffix\": \"lab\", \"ddns-replace-client-name\": \"always\","
          "  \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\","
          "    \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.12\" } ], \"reservations\": ["
          "      { \"hw-address\": \"02:00:00:00:00:0a\", \"hostname\": \"printer_1\" } ] } ] } }");
    discover_as(FLAG_E | FLAG_S, WIRE("\2h1"));
    expect_answer(FLAG_E | FLAG_N | FLAG_O, WIRE("\x09printer_1\3lab\0"));
    assert_true(decided(REASON_NAME_RESERVED));
}

static void a_nak_and_an_inform_have_no_name(void **state)
{
    (void)state;
    start_naming("");
    dhcp_put_bytes(msg('a', DHCP_REQUEST), DHCP_OPT_FQDN, "\4\0\0\2h1", 6);
    dhcp_put_ip4(&request, DHCP_OPT_REQUESTED_IP, IP(10, 9, 9, 9));
    send_to(IP4_BROADCAST);
    assert_int_equal(seen.msg.type, DHCP_NAK);
    assert_false(dhcp_msg_has(&seen.msg, DHCP_OPT_FQDN));
    dhcp_put_bytes(msg('a', DHCP_INFORM), DHCP_OPT_FQDN, "\4\0\0\2h1", 6);
    request.ciaddr = IP(10, 0, 0, 77);
    send_to(SERVER);
    assert_int_equal(seen.msg.type, DHCP_ACK);
    assert_false(dhcp_msg_has(&seen.msg, DHCP_OPT_FQDN));
}

static void every_shorter_option_is_answered_or_ignored(void **state)
{
    static const char whole[] = "\4\0\0\2h1\7example\3org\0";
    (void)state;
    start_naming("\"ddns-qualifying-suffix\": \"lab\",");
    for (size_t len = 0; len < sizeof whole; len++) {
        dhcp_put_bytes(msg('a', DHCP_DISCOVER), DHCP_OPT_FQDN, whole, len);
        send_to(IP4_BROADCAST);
        expect_offer(A10);
        assert_int_not_equal(decided(REASON_FQDN_BAD), dhcp_msg_has(&seen.msg, DHCP_OPT_FQDN));
    }
}

/* ---- configuration ---- */

static void what_is_no_name_or_no_set_is_refused(void **state)
{
    static const struct {
        const char *keys, *error;
    } rows[] = {
        {"\"ddns-qualifying-suffix\": \"exa mple\"", "server.json:1:40: at $.Dhcp4.ddns-qualifying-suffix: "
                                                     "expected a name of letters, digits, hyphens and "
                                                     "dots, of at most 240 octets, found \"exa mple\""},
        {"\"ddns-replace-client-name\": \"yes\"",
         "server.json:1:42: at $.Dhcp4.ddns-replace-client-name: expected one of \"never\", \"always\", "
         "\"when-present\", \"when-not-present\", found \"yes\""},
        {"\"hostname-char-set\": \"x+\"",
         "server.json:1:35: at $.Dhcp4.hostname-char-set: expected characters in brackets such as "
         "\"[^A-Za-z0-9.-]\", or \"\", found \"x+\""},
        {"\"hostname-char-set\": \"[z-a]\"",
         "server.json:1:35: at $.Dhcp4.hostname-char-set: expected characters in brackets such as "
         "\"[^A-Za-z0-9.-]\", or \"\", found \"[z-a]\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[512], error[JCFG_TEXT_MAX];
        struct srv_config *c;
        snprintf(text, sizeof text, "{ \"Dhcp4\": { %s } }", rows[i].keys);
        assert_int_equal(srv_config_parse("server.json", text, strlen(text), NULL, NULL, error, &c),
                         ERR_CONFIG);
        assert_string_equal(error, rows[i].error);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, stop)
    const struct CMUnitTest tests[] = {
        TEST(rfc4702_2_1_no_update_is_made_and_the_answer_says_so),
        TEST(rfc4702_2_1_the_answer_has_the_clients_encoding),
        TEST(rfc4702_4_who_sends_no_option_81_gets_none),
        TEST(rfc4702_an_option_81_that_cannot_be_read_is_as_good_as_absent),
        TEST(rfc4702_2_3_a_partial_name_is_completed),
        TEST(without_a_suffix_a_partial_name_stays_partial),
        TEST(rfc4702_an_empty_name_leaves_it_to_the_server),
        TEST(ddns_replace_client_name_says_when_a_name_is_made),
        TEST(octets_that_names_cannot_have_are_taken_out),
        TEST(a_name_that_is_too_long_is_none),
        TEST(the_lease_has_the_name),
        TEST(a_reserved_name_goes_before_the_clients),
        TEST(a_nak_and_an_inform_have_no_name),
        TEST(every_shorter_option_is_answered_or_ignored),
        TEST(what_is_no_name_or_no_set_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
