/* What an ACK says of routes and names: RFC 3442, RFC 2132, RFC 3396, RFC 8910. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/cli_settings.h"
#include "common/dhcp_opt.h"

static struct dhcp_msg m;
static struct cli_settings settings;

static int setup(void **state)
{
    (void)state;
    dhcp_msg_init(&m, DHCP_BOOTREPLY);
    m.yiaddr = 0x0a00000a;
    dhcp_put_u8(&m, DHCP_OPT_TYPE, DHCP_ACK);
    return 0;
}

/* An option by its text, as a server is configured. */
static void put(uint8_t code, const char *text)
{
    uint8_t data[1024];
    const char *why;
    int len = dhcp_opt_parse(dhcp_opt_find(OPT_SPACE_DHCP, code), text, data, sizeof data, &why);
    assert_true(len >= 0);
    assert_true(dhcp_put_bytes(&m, code, data, (size_t)len));
}

static void read_it(bool default_route)
{
    struct cli_ack ack;
    unsigned dropped;
    ack.len = (uint16_t)dhcp_msg_encode(&m, ack.bytes, sizeof ack.bytes, &dropped);
    assert_int_equal(dropped, 0);
    cli_settings_read(&ack, default_route, &settings);
}

/* The routes as "10.0.0.0/8 10.0.0.1, ..." */
static const char *routes(void)
{
    static char text[4096];
    char to[IP4_NET_LEN], via[IP4_LEN];
    text[0] = '\0';
    for (unsigned i = 0; i < settings.n_routes; i++)
        sprintf(text + strlen(text), "%s%s %s", i > 0 ? ", " : "", ip4_net_format(settings.routes[i].to, to),
                ip4_format(settings.routes[i].via, via));
    return text;
}

static void first_router_makes_the_default_route(void **state)
{
    (void)state;
    put(3, "10.0.0.254, 10.0.0.253");
    read_it(true);
    assert_string_equal(routes(), "0.0.0.0/0 10.0.0.254");
    assert_int_equal(cli_settings_router(&settings), 0x0a0000fe);
    read_it(false);
    assert_string_equal(routes(), "");
    assert_int_equal(cli_settings_router(&settings), 0);
}

static void rfc2132_5_8_static_routes_go_by_class(void **state)
{
    (void)state;
    put(3, "10.0.0.254");
    /* destination and router: a class A, B, C network, a host, the illegal 0.0.0.0, and the first one again
     */
    static const uint8_t data[] = {11,  0,   0, 0, 10, 0, 0, 1, 172, 16,  0, 0, 10, 0, 0, 2,
                                   192, 168, 7, 0, 10, 0, 0, 3, 192, 168, 8, 9, 10, 0, 0, 4,
                                   0,   0,   0, 0, 10, 0, 0, 5, 11,  0,   0, 0, 10, 0, 0, 6};
    dhcp_put_bytes(&m, 33, data, sizeof data);
    read_it(true);
    assert_string_equal(routes(), "11.0.0.0/8 10.0.0.1, 172.16.0.0/16 10.0.0.2, 192.168.7.0/24 10.0.0.3,"
                                  " 192.168.8.9/32 10.0.0.4, 0.0.0.0/0 10.0.0.254");
}

static void rfc3442_option_121_goes_before_3_and_33_and_249(void **state)
{
    (void)state;
    put(3, "10.0.0.254");
    put(33, "11.0.0.0, 10.0.0.1");
    put(249, "12.0.0.0/8 - 10.0.0.2");
    put(121, "192.168.8.0/21 - 10.0.0.3, 0.0.0.0/0 - 10.0.0.4");
    read_it(true);
    assert_string_equal(routes(), "192.168.8.0/21 10.0.0.3, 0.0.0.0/0 10.0.0.4");
    read_it(false);
    assert_string_equal(routes(), "192.168.8.0/21 10.0.0.3");
}

static void rfc3442_without_a_default_in_121_there_is_none(void **state)
{
    (void)state;
    put(3, "10.0.0.254");
    put(121, "192.168.8.0/21 - 10.0.0.3");
    read_it(true);
    assert_int_equal(cli_settings_router(&settings), 0);
}

static void option_249_is_taken_if_there_is_no_121(void **state)
{
    (void)state;
    put(3, "10.0.0.254");
    put(249, "12.0.0.0/8 - 10.0.0.2");
    read_it(true);
    assert_string_equal(routes(), "12.0.0.0/8 10.0.0.2");
}

static void rfc3442_router_0_is_on_the_link_and_comes_first(void **state)
{
    (void)state;
    put(121, "192.168.8.0/21 - 192.168.0.1, 192.168.0.0/24 - 0.0.0.0");
    read_it(true);
    assert_string_equal(routes(), "192.168.0.0/24 0.0.0.0, 192.168.8.0/21 192.168.0.1");
}

/* "the DHCP client MUST zero any bits in the subnet number where the corresponding bit in the mask is zero."
 */
static void rfc3442_bits_behind_the_prefix_are_zeroed(void **state)
{
    (void)state;
    /* 12 bits: 10.255; router 10.0.0.1 */
    static const uint8_t data[] = {12, 10, 255, 10, 0, 0, 1};
    dhcp_put_bytes(&m, 121, data, sizeof data);
    read_it(true);
    assert_string_equal(routes(), "10.240.0.0/12 10.0.0.1");
}

static void routes_that_lead_nowhere_are_left_out(void **state)
{
    (void)state;
    put(121, "11.0.0.0/8 - 10.0.0.10, 12.0.0.0/8 - 224.0.0.1, 13.0.0.0/8 - 10.0.0.1");
    read_it(true);
    assert_string_equal(routes(), "13.0.0.0/8 10.0.0.1");
}

/* Options 3 and 33 come to their right again. */
static void option_121_that_is_broken_is_none(void **state)
{
    (void)state;
    /* a prefix of 33 bits */
    static const uint8_t data[] = {33, 10, 0, 0, 0, 0, 10, 0, 0, 1};
    put(3, "10.0.0.254");
    dhcp_put_bytes(&m, 121, data, sizeof data);
    read_it(true);
    assert_string_equal(routes(), "0.0.0.0/0 10.0.0.254");
}

static void routes_have_a_limit(void **state)
{
    (void)state;
    uint8_t data[9 * (CLI_ROUTES_MAX + 2)];
    for (unsigned i = 0; i < CLI_ROUTES_MAX + 2; i++) {
        const uint8_t route[] = {32, 11, 0, 0, (uint8_t)i, 10, 0, 0, 1};
        memcpy(data + 9 * i, route, sizeof route);
    }
    dhcp_put_bytes(&m, 121, data, sizeof data); /* more than 255 octets: RFC 3396 splits it */
    read_it(true);
    assert_int_equal(settings.n_routes, CLI_ROUTES_MAX);
    assert_int_equal(settings.routes_left_out, 2);
    assert_int_equal(settings.routes[CLI_ROUTES_MAX - 1].to.addr, 0x0b00003f);
}

/* RFC 2131 4.1, RFC 2132 9.3: what does not fit the options field stands in file and sname. */
static void overloaded_options_are_read(void **state)
{
    (void)state;
    struct cli_ack ack;
    unsigned dropped;
    m.may_overload = DHCP_OVERLOAD_BOTH;
    uint8_t filler[200] = {0};
    dhcp_put_bytes(&m, DHCP_OPT_VENDOR_SPECIFIC, filler, sizeof filler);
    put(121, "192.168.8.0/21 - 10.0.0.3");
    put(12, "h1");
    ack.len = (uint16_t)dhcp_msg_encode(&m, ack.bytes, 240 + 215, &dropped);
    assert_int_equal(dropped, 0);
    struct dhcp_msg decoded;
    dhcp_msg_decode(&decoded, ack.bytes, ack.len);
    assert_int_not_equal(decoded.overload, DHCP_OVERLOAD_NONE);
    cli_settings_read(&ack, true, &settings);
    assert_string_equal(routes(), "192.168.8.0/21 10.0.0.3");
    assert_string_equal(settings.hostname, "h1");
}

static void names_are_read(void **state)
{
    (void)state;
    put(12, "h1.lab");
    put(119, "lab.example, example.org");
    put(114, "https://portal.example/?a=b");
    read_it(true);
    assert_string_equal(settings.hostname, "h1.lab");
    assert_string_equal(settings.search, "lab.example example.org");
    assert_string_equal(settings.portal, "https://portal.example/?a=b");
}

/* They would get into files and scripts of others. */
static void names_that_are_none_are_left_out(void **state)
{
    (void)state;
    static const char *const bad[] = {"a b", "a;b",  "$(x)", "a\nb", "-a",
                                      ".a",  "a\"b", "a/b",  "",     "\303\244"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        setup(NULL);
        dhcp_put_bytes(&m, 12, bad[i], strlen(bad[i]));
        read_it(true);
        assert_string_equal(settings.hostname, "");
        assert_false(cli_lease_is_name(bad[i], strlen(bad[i])));
    }
    /* a NUL in the middle; NULs at the end do no harm */
    dhcp_put_bytes(&m, 12, "a\0b", 3);
    read_it(true);
    assert_string_equal(settings.hostname, "");
    dhcp_put_bytes(&m, 12, "ab\0", 3);
    dhcp_put_bytes(&m, 114, "http://a b", 10);
    /* "a b" and "ok" as labels */
    dhcp_put_bytes(&m, 119, "\3a b\0\2ok\0", 9);
    read_it(true);
    assert_string_equal(settings.hostname, "ab");
    assert_string_equal(settings.portal, "");
    assert_string_equal(settings.search, "ok");
}

static void resolver_file_has_search_list_and_servers(void **state)
{
    (void)state;
    struct cli_lease with_dns = {.dns = {0x0a000001, 0x0a000002}, .n_dns = 2, .domain = "lab.example"};
    read_it(true);
    char *text = cli_settings_resolv(&with_dns, &settings, "eth0");
    assert_string_equal(text, CLI_RESOLV_MARK
                        " for eth0\nsearch lab.example\nnameserver 10.0.0.1\nnameserver 10.0.0.2\n");
    free(text);
    strcpy(settings.search, "a b");
    text = cli_settings_resolv(&with_dns, &settings, "eth0");
    assert_non_null(strstr(text, "\nsearch a b\nnameserver"));
    free(text);
}

static void what_is_no_message_gives_nothing(void **state)
{
    (void)state;
    struct cli_ack ack = {.len = 3, .bytes = {1, 2, 3}};
    memset(&settings, 0xff, sizeof settings);
    cli_settings_read(&ack, true, &settings);
    assert_int_equal(settings.n_routes, 0);
    assert_string_equal(settings.hostname, "");
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(first_router_makes_the_default_route),
        TEST(rfc2132_5_8_static_routes_go_by_class),
        TEST(rfc3442_option_121_goes_before_3_and_33_and_249),
        TEST(rfc3442_without_a_default_in_121_there_is_none),
        TEST(option_249_is_taken_if_there_is_no_121),
        TEST(rfc3442_router_0_is_on_the_link_and_comes_first),
        TEST(rfc3442_bits_behind_the_prefix_are_zeroed),
        TEST(routes_that_lead_nowhere_are_left_out),
        TEST(option_121_that_is_broken_is_none),
        TEST(routes_have_a_limit),
        TEST(overloaded_options_are_read),
        TEST(names_are_read),
        TEST(names_that_are_none_are_left_out),
        TEST(resolver_file_has_search_list_and_servers),
        TEST(what_is_no_message_gives_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
