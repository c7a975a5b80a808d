#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/addr.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { UNTOUCHED = 0x5a };

static const struct {
    const char *text;
    ip4 addr;
} addresses[] = {
    {"0.0.0.0", 0},
    {"10.0.0.1", 0x0a000001},
    {"192.168.10.255", 0xc0a80aff},
    {"255.255.255.255", IP4_BROADCAST},
};

static const char *const not_addresses[] = {
    "",
    " ",
    "10",
    "10.0.0",
    "10.0.0.",
    "10.0.0.1.",
    "10.0.0.1.2",
    "10.0.0.1 ",
    "256.0.0.1",
    " 10.0.0.1",
    "10.0.0.256",
    "10..0.1",
    "10.0.0.-1",
    "10.0.0.+1",
    "10.0.0.01",
    "00.0.0.1",
    "0x0a.0.0.1",
    "10.0.0.1/24",
    "a.b.c.d",
    "10.0.0.1\n",
    ".10.0.0.1",
    "4294967296.0.0.1",
    "10.0.0.99999999999999999999",
};

static void addresses_read_and_print_alike(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(addresses); i++) {
        ip4 addr = 1;
        char buf[IP4_LEN];
        assert_true(ip4_parse(addresses[i].text, &addr));
        assert_int_equal(addr, addresses[i].addr);
        assert_ptr_equal(ip4_format(addr, buf), buf);
        assert_string_equal(buf, addresses[i].text);
    }
}

static void what_is_no_dotted_quad_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(not_addresses); i++) {
        ip4 addr = UNTOUCHED;
        if (ip4_parse(not_addresses[i], &addr))
            fail_msg("'%s' was taken", not_addresses[i]);
        assert_int_equal(addr, UNTOUCHED);
    }
}

static const struct {
    const char *text;
    ip4 addr;
    uint8_t len;
    ip4 mask, base, broadcast;
} nets[] = {
    {"10.0.0.0/24", 0x0a000000, 24, 0xffffff00, 0x0a000000, 0x0a0000ff},
    {"10.0.0.77/24", 0x0a00004d, 24, 0xffffff00, 0x0a000000, 0x0a0000ff},
    {"0.0.0.0/0", 0, 0, 0, 0, IP4_BROADCAST},
    {"192.0.2.1/32", 0xc0000201, 32, IP4_BROADCAST, 0xc0000201, 0xc0000201},
    {"192.0.2.1/31", 0xc0000201, 31, 0xfffffffe, 0xc0000200, 0xc0000201},
    {"172.16.5.4/1", 0xac100504, 1, 0x80000000, 0x80000000, IP4_BROADCAST},
    {"255.255.255.255/32", IP4_BROADCAST, 32, IP4_BROADCAST, IP4_BROADCAST, IP4_BROADCAST},
};

static const char *const not_nets[] = {
    "",
    "10.0.0.0",
    "10.0.0.0/",
    "10.0.0.0/33",
    "10.0.0.0/024",
    "10.0.0.0/ 24",
    "10.0.0.0/24 ",
    "10.0.0.0 /24",
    "10.0.0.0/-1",
    "10.0.0/24",
    "10.0.0.0/255.255.255.0",
    "/24",
};

static void prefixes_read_print_and_calculate(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(nets); i++) {
        struct ip4_net net;
        char buf[IP4_NET_LEN];
        assert_true(ip4_net_parse(nets[i].text, &net));
        assert_int_equal(net.addr, nets[i].addr);
        assert_int_equal(net.len, nets[i].len);
        assert_ptr_equal(ip4_net_format(net, buf), buf);
        assert_string_equal(buf, nets[i].text);
        assert_int_equal(ip4_net_mask(net), nets[i].mask);
        assert_int_equal(ip4_net_base(net), nets[i].base);
        assert_int_equal(ip4_net_broadcast(net), nets[i].broadcast);
    }
}

static void what_is_no_prefix_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(not_nets); i++) {
        struct ip4_net net = {.addr = UNTOUCHED, .len = UNTOUCHED};
        if (ip4_net_parse(not_nets[i], &net))
            fail_msg("'%s' was taken", not_nets[i]);
        assert_int_equal(net.addr, UNTOUCHED);
        assert_int_equal(net.len, UNTOUCHED);
    }
}

/* Asked with the network's own address and with a host's: the host bits do not matter. */
static void a_prefix_has_its_first_and_last_address_and_not_their_neighbours(void **state)
{
    (void)state;
    for (unsigned host = 0; host < 256; host += 85) {
        struct ip4_net net = {.addr = 0x0a000100 + host, .len = 24};
        assert_false(ip4_net_has(net, 0x0a0000ff));
        assert_true(ip4_net_has(net, 0x0a000100));
        assert_true(ip4_net_has(net, 0x0a0001ff));
        assert_false(ip4_net_has(net, 0x0a000200));
    }
    assert_true(ip4_net_has((struct ip4_net){.len = 0}, 0xdeadbeef));
    assert_true(ip4_net_has((struct ip4_net){.addr = 7, .len = 32}, 7));
    assert_false(ip4_net_has((struct ip4_net){.addr = 7, .len = 32}, 6));
}

static void every_mask_gives_its_length_back_and_no_other_word_does(void **state)
{
    (void)state;
    for (uint8_t len = 0; len <= 32; len++)
        assert_int_equal(ip4_mask_len(ip4_net_mask((struct ip4_net){.len = len})), len);
    static const ip4 bad[] = {1, 0x7fffffff, 0xff00ff00, 0xfffffffd, 0x00ffffff, 0x80000001};
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(ip4_mask_len(bad[i]), -1);
}

static const struct {
    const char *text;
    ip4 first, last;
} ranges[] = {
    {"10.0.0.10 - 10.0.0.99", 0x0a00000a, 0x0a000063}, {"10.0.0.10-10.0.0.99", 0x0a00000a, 0x0a000063},
    {"10.0.0.10  -10.0.0.10", 0x0a00000a, 0x0a00000a}, {"10.0.0.0/24", 0x0a000000, 0x0a0000ff},
    {"10.0.0.7/30", 0x0a000004, 0x0a000007},           {"10.0.0.7/32", 0x0a000007, 0x0a000007},
    {"0.0.0.0 - 255.255.255.255", 0, IP4_BROADCAST},
};

static const char *const not_ranges[] = {
    "",
    "10.0.0.10",
    "10.0.0.10 -",
    "- 10.0.0.10",
    "10.0.0.10 - 10.0.0.9",
    "10.0.0.10 - 10.0.0.99 ",
    " 10.0.0.10 - 10.0.0.99",
    "10.0.0.10 10.0.0.99",
    "10.0.0.10 - 99",
    "10.0.0.10 -- 10.0.0.99",
    "10.0.0.0/24 - 10.0.1.0/24",
    "10.0.0.10\t-\t10.0.0.99",
    "10.0.0.0/33",
};

static void ranges_read_as_two_ends_or_as_a_prefix(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ranges); i++) {
        struct ip4_range range;
        if (!ip4_range_parse(ranges[i].text, &range))
            fail_msg("'%s' was refused", ranges[i].text);
        assert_int_equal(range.first, ranges[i].first);
        assert_int_equal(range.last, ranges[i].last);
        assert_true(ip4_range_has(range, range.first));
        assert_true(ip4_range_has(range, range.last));
        assert_int_equal(ip4_range_has(range, range.first - 1), range.first == 0);
        assert_int_equal(ip4_range_has(range, range.last + 1), range.last == IP4_BROADCAST);
    }
}

static void what_is_no_range_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(not_ranges); i++) {
        struct ip4_range range = {.first = UNTOUCHED, .last = UNTOUCHED};
        if (ip4_range_parse(not_ranges[i], &range))
            fail_msg("'%s' was taken", not_ranges[i]);
        assert_int_equal(range.first, UNTOUCHED);
        assert_int_equal(range.last, UNTOUCHED);
    }
}

static const struct {
    const char *addr;
    bool is_host;
} hosts[] = {
    {"0.0.0.0", false},         {"0.255.255.255", false},   {"1.0.0.0", true},
    {"126.255.255.255", true},  {"127.0.0.1", false},       {"127.255.255.255", false},
    {"128.0.0.0", true},        {"169.254.7.7", true},      {"223.255.255.255", true},
    {"224.0.0.0", false},       {"239.255.255.255", false}, {"240.0.0.1", false},
    {"255.255.255.255", false},
};

static void a_host_has_no_special_address(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(hosts); i++) {
        ip4 addr;
        assert_true(ip4_parse(hosts[i].addr, &addr));
        if (ip4_is_host(addr) != hosts[i].is_host)
            fail_msg("%s", hosts[i].addr);
    }
}

static void hardware_addresses_read_and_print_alike(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "00",
        "02:00:5e:10:00:ff",
        "00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f",
    };
    static const uint8_t lens[] = {1, 6, HW_MAX};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct hw_addr hw;
        char buf[HW_LEN];
        assert_true(hw_parse(texts[i], &hw));
        assert_int_equal(hw.type, 1);
        assert_int_equal(hw.len, lens[i]);
        assert_ptr_equal(hw_format(&hw, buf), buf);
        assert_string_equal(buf, texts[i]);
    }
    struct hw_addr hw;
    assert_true(hw_parse("AB:Cd:eF", &hw));
    assert_memory_equal(hw.bytes, "\xab\xcd\xef", 3);
    char buf[HW_LEN] = "x";
    assert_string_equal(hw_format(&(struct hw_addr){.type = 1}, buf), "");
}

static void what_is_no_hardware_address_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",      "0",  "000", "00:", ":00", "00:1", "00::01",
        "00-01", "0g", "g0",  " 00", "00 ", "0x01", "00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f:10",
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct hw_addr hw = {.type = UNTOUCHED, .len = UNTOUCHED};
        if (hw_parse(texts[i], &hw))
            fail_msg("'%s' was taken", texts[i]);
        assert_int_equal(hw.type, UNTOUCHED);
        assert_int_equal(hw.len, UNTOUCHED);
    }
}

static void hardware_addresses_are_equal_in_type_length_and_octets(void **state)
{
    (void)state;
    struct hw_addr a = {.type = 1, .len = 6, .bytes = {2, 0, 0, 0, 0, 1}};
    struct hw_addr b = a;
    b.bytes[6] = 9; /* beyond its length */
    assert_true(hw_equal(&a, &b));
    b.bytes[5] = 9;
    assert_false(hw_equal(&a, &b));
    b = a;
    b.type = 6;
    assert_false(hw_equal(&a, &b));
    b = a;
    b.len = 5;
    assert_false(hw_equal(&a, &b));
}

static void broadcast_is_as_long_as_ours(void **state)
{
    (void)state;
    struct hw_addr own = {.type = 6, .len = 3, .bytes = {2, 0, 1}};
    struct hw_addr all = hw_broadcast(&own), expected = {.type = 6, .len = 3, .bytes = {255, 255, 255}};
    assert_true(hw_equal(&all, &expected));
    assert_int_equal(all.bytes[3], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_read_and_print_alike),
        cmocka_unit_test(what_is_no_dotted_quad_is_refused_and_changes_nothing),
        cmocka_unit_test(prefixes_read_print_and_calculate),
        cmocka_unit_test(what_is_no_prefix_is_refused_and_changes_nothing),
        cmocka_unit_test(a_prefix_has_its_first_and_last_address_and_not_their_neighbours),
        cmocka_unit_test(every_mask_gives_its_length_back_and_no_other_word_does),
        cmocka_unit_test(ranges_read_as_two_ends_or_as_a_prefix),
        cmocka_unit_test(what_is_no_range_is_refused_and_changes_nothing),
        cmocka_unit_test(a_host_has_no_special_address),
        cmocka_unit_test(hardware_addresses_read_and_print_alike),
        cmocka_unit_test(what_is_no_hardware_address_is_refused_and_changes_nothing),
        cmocka_unit_test(hardware_addresses_are_equal_in_type_length_and_octets),
        cmocka_unit_test(broadcast_is_as_long_as_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
