/* Options from text, as a configuration has them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/dhcp_opt.h"
#include "common/err.h"

enum { VALUE_MAX = 4096, TEXT_MAX = 8192 };

static int parse(uint8_t code, const char *text, uint8_t *out, const char **why)
{
    return dhcp_opt_parse(dhcp_opt_find(OPT_SPACE_DHCP, code), text, out, VALUE_MAX, why);
}

static void text_becomes_octets_and_text_again(void **state)
{
    (void)state;
    static const struct {
        uint8_t code;
        const char *text, *printed;
    } trips[] = {
        {1, "255.255.255.0", "255.255.255.0"},
        {2, "-3600", "-3600 s (-1 h)"},
        {6, " 10.0.0.1,10.0.0.2 ", "10.0.0.1, 10.0.0.2"},
        {12, "h1", "h1"},
        {15, "a\\,b", "a,b"},
        {19, "true", "true"},
        {19, "0", "false"},
        {25, "68, 1500", "68, 1500"},
        {26, "1500", "1500"},
        {33, "10.0.0.1, 10.1.1.1", "10.0.0.1 10.1.1.1"},
        {43, "0x0102ff", "01:02:ff"},
        {46, "0x08", "H-node (8)"},
        {51, "3600", "3600 s (1 h)"},
        {51, "0xffffffff", "4294967295 s (infinite)"},
        {53, "OFFER", "OFFER"},
        {53, "2", "OFFER"},
        {55, "1, routers, 6", "subnet-mask (1), routers (3), domain-name-servers (6)"},
        {61, "01:02:00:00:00:00:02", "hardware 1 02:00:00:00:00:02"},
        {77, "lab, x1", "\"lab\", \"x1\""},
        {78, "true, 10.0.0.1, 10.0.0.2", "mandatory true, addresses 10.0.0.1, 10.0.0.2"},
        {79, "false, lab,test", "mandatory false, scopes lab,test"},
        {80, "", ""},
        {81, "5, 0, 0, h1.example.org", "h1.example.org. (flags S E)"},
        {81, "1, 0, 0, h1.example.org", "h1.example.org (flags S)"},
        {82,
         "'\x01\x02"
         "ab'",
         "circuit-id (1) \"ab\""},
        {94, "1, 3, 16", "type UNDI (1), major 3, minor 16"},
        {97, "0, 0102", "type UUID (0), identifier 01:02"},
        {109, "2001:db8::1", "2001:db8::1"},
        {109, "::", "::"},
        {109, "::1", "::1"},
        {109, "fe80::", "fe80::"},
        {109, "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
        {109, "2001:DB8:0:1:0:0:0:1", "2001:db8:0:1::1"},
        {109, "1:0:0:2:3:0:0:4", "1::2:3:0:0:4"},
        {109, "1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"},
        {119, "example.org, lab.example.org.", "example.org, lab.example.org"},
        {119, ".", "."},
        {120, "10.0.0.1, 10.0.0.2", "10.0.0.1, 10.0.0.2"},
        {120, "sip.example.org", "sip.example.org"},
        {121, "10.0.0.0/8 - 10.1.1.1, 0.0.0.0/0 - 10.1.1.254",
         "10.0.0.0/8 via 10.1.1.1, default via 10.1.1.254"},
        {121, "10.0.0.0/8 via 10.1.1.1, default via 10.1.1.254",
         "10.0.0.0/8 via 10.1.1.1, default via 10.1.1.254"},
        {124, "3561, 'cpe'", "enterprise 3561 (Broadband Forum): \"cpe\""},
        {125, "3561", "enterprise 3561 (Broadband Forum): (empty)"},
        {137, "lost.example.org", "lost.example.org"},
        {143, "https://a.example", "\"https://a.example\""},
        {152, "1704067200", "2024-01-01T00:00:00Z"},
        {212, "8, 32, 2001:db8::, 10.0.0.1",
         "ip4_mask_len 8, prefix_len 32, prefix 2001:db8::, relays 10.0.0.1"},
    };
    for (size_t i = 0; i < sizeof trips / sizeof trips[0]; i++) {
        uint8_t data[VALUE_MAX];
        char printed[TEXT_MAX];
        const char *why = NULL;
        print_message("option %u: %s\n", trips[i].code, trips[i].text);
        int len = parse(trips[i].code, trips[i].text, data, &why);
        if (len < 0)
            fail_msg("%s: %s", err_text(len), why);
        dhcp_opt_format(dhcp_opt_find(OPT_SPACE_DHCP, trips[i].code), data, (size_t)len, printed,
                        sizeof printed);
        assert_string_equal(printed, trips[i].printed);
    }
}

static void bad_text_is_refused_with_what_was_expected(void **state)
{
    (void)state;
    static const struct {
        uint8_t code;
        const char *text, *why;
    } bad[] = {
        {0, "", "pad and end are no options to set"},
        {1, "10.0.0", "expected an IPv4 address such as 10.0.0.1"},
        {1, "", "expected an IPv4 address such as 10.0.0.1"},
        {1, "10.0.0.1, 10.0.0.2", "more elements than the option has"},
        {2, "x", "expected a number from -2147483648 to 2147483647"},
        {3, "10.0.0.1,", "expected an IPv4 address such as 10.0.0.1"},
        {3, "10.0.0.1,,10.0.0.2", "expected an IPv4 address such as 10.0.0.1"},
        {12, "", "shorter than its definition allows"},
        {19, "yes", "expected true or false"},
        {23, "256", "expected a number from 0 to 255"},
        {23, "+1", "expected a number from 0 to 255"},
        {23, "0x", "expected a number from 0 to 255"},
        {23, "0", "the value is outside the legal ones"},
        {26, "65536", "expected a number from 0 to 65535"},
        {33, "10.0.0.1", "expected an IPv4 address such as 10.0.0.1"},
        {43, "0102f", "expected hexadecimal octets such as 0a0b0c or 0a:0b:0c, or text in single quotes"},
        {43, "01:", "expected hexadecimal octets such as 0a0b0c or 0a:0b:0c, or text in single quotes"},
        {51, "-1", "expected a number from 0 to 4294967295"},
        {51, "4294967296", "expected a number from 0 to 4294967295"},
        {51, "99999999999999999999", "expected a number from 0 to 4294967295"},
        {53, "HELLO", "expected a message type such as DISCOVER, or its number"},
        {53, "19", "the value is outside the legal ones"},
        {55, "nonsense", "expected the code or the name of an option"},
        {80, "1", "expected no value"},
        {81, "1, 0, 0", "expected flags, two response codes and a name"},
        {90, "1, 1, 0, 00", "this option is set by hexadecimal octets only (csv-format false)"},
        {94, "1, 3", "fewer elements than the option has fields"},
        {94, "1, 3, 16, 1", "more elements than the option has"},
        {109, "10.0.0.1", "expected an IPv6 address such as 2001:db8::1"},
        {109, "1:2:3", "expected an IPv6 address such as 2001:db8::1"},
        {109, "1::2::3", "expected an IPv6 address such as 2001:db8::1"},
        {109, "12345::", "expected an IPv6 address such as 2001:db8::1"},
        {109, ":1:2:3:4:5:6:7", "expected an IPv6 address such as 2001:db8::1"},
        {109, "1:2:3:4:5:6:7:", "expected an IPv6 address such as 2001:db8::1"},
        {109, "1:2:3:4:5:6:7:8:9", "expected an IPv6 address such as 2001:db8::1"},
        {109, "1:2:3:4::5:6:7:8", "expected an IPv6 address such as 2001:db8::1"},
        {109, "1:2:3:4:5:6:7:8::", "expected an IPv6 address such as 2001:db8::1"},
        {109, "1:::2", "expected an IPv6 address such as 2001:db8::1"},
        {109, "::g", "expected an IPv6 address such as 2001:db8::1"},
        {119, "a..b", "expected a domain name: labels of 1 to 63 characters, at most 253 in all"},
        {121, "10.0.0.0/8", "expected a route such as 10.0.0.0/8 - 10.1.1.1"},
        {121, "10.0.0.0/33 - 10.1.1.1", "expected a route such as 10.0.0.0/8 - 10.1.1.1"},
        {121, "10.0.0.0/8 - 10.1.1.1 x", "expected a route such as 10.0.0.0/8 - 10.1.1.1"},
        {121, "10.0.0.1/8 - 10.1.1.1", "the destination of a route has bits set beyond its prefix length"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint8_t data[VALUE_MAX];
        const char *why = NULL;
        print_message("option %u: %s\n", bad[i].code, bad[i].text);
        assert_int_equal(parse(bad[i].code, bad[i].text, data, &why), ERR_INVALID);
        assert_string_equal(why, bad[i].why);
    }
}

static void a_value_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    uint8_t data[8];
    const char *why = NULL;
    const struct opt_def *routers = dhcp_opt_find(OPT_SPACE_DHCP, 3);
    assert_int_equal(dhcp_opt_parse(routers, "10.0.0.1, 10.0.0.2", data, 8, &why), 8);
    assert_int_equal(dhcp_opt_parse(routers, "10.0.0.1, 10.0.0.2", data, 7, &why), ERR_LIMIT);
    assert_string_equal(why, "the value is too long");
    assert_int_equal(dhcp_opt_parse_hex("0102030405060708", data, 8, &why), 8);
    assert_int_equal(dhcp_opt_parse_hex("010203040506070809", data, 8, &why), ERR_LIMIT);
}

static void hexadecimal_text_has_several_forms(void **state)
{
    (void)state;
    static const char *const forms[] = {"0aFf10",   "0x0aff10", "0X0AFF10",
                                        "0a:ff:10", "0a ff 10", " 0a:ff 10"};
    const uint8_t expected[] = {0x0a, 0xff, 0x10};
    uint8_t data[8];
    const char *why = NULL;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        assert_int_equal(dhcp_opt_parse_hex(forms[i], data, sizeof data, &why), 3);
        assert_memory_equal(data, expected, 3);
    }
    assert_int_equal(dhcp_opt_parse_hex("'abc'", data, sizeof data, &why), 3);
    assert_memory_equal(data, "abc", 3);
    assert_int_equal(dhcp_opt_parse_hex("", data, sizeof data, &why), 0);
    static const char *const bad[] = {"0", "0g", "0a::0b", "0a:", "'abc", "'", "0a-0b"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(dhcp_opt_parse_hex(bad[i], data, sizeof data, &why), ERR_INVALID);
        assert_non_null(why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_becomes_octets_and_text_again),
        cmocka_unit_test(bad_text_is_refused_with_what_was_expected),
        cmocka_unit_test(a_value_that_does_not_fit_is_refused),
        cmocka_unit_test(hexadecimal_text_has_several_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
