/* Options that do not fit the options field: RFC 2131 4.1, RFC 2132 9.3, RFC 3396. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/dhcp_msg.h"
#include "common/rng.h"

enum { ROUNDS = 4000, MAIN_548 = 548 - DHCP_OPTIONS_AT };

static struct dhcp_msg sent, got;
static uint8_t buf[DHCP_MSG_MAX];
static uint8_t value[2048];
static unsigned dropped;
static size_t len;

static int setup(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof value; i++)
        value[i] = (uint8_t)(i * 7 + 1);
    dhcp_msg_init(&sent, DHCP_BOOTREPLY);
    sent.may_overload = DHCP_OVERLOAD_BOTH;
    dhcp_put_u8(&sent, DHCP_OPT_TYPE, DHCP_ACK);
    return 0;
}

static void add(uint8_t code, size_t n)
{
    assert_true(dhcp_put_bytes(&sent, code, value + code, n));
}

static void encode(size_t cap)
{
    memset(buf, 0xee, sizeof buf);
    len = dhcp_msg_encode(&sent, buf, cap, &dropped);
    assert_true(len <= cap);
    assert_true(len >= DHCP_MSG_SEND_MIN);
    assert_int_equal(dhcp_msg_decode(&got, buf, len), REASON_NONE);
    assert_int_equal(got.defects, 0);
}

static bool is_back(const struct dhcp_option *option)
{
    const struct dhcp_option *found = dhcp_msg_find(&got, option->code);
    if (found == NULL)
        return false;
    assert_int_equal(found->len, option->len);
    if (option->len != 0)
        assert_memory_equal(found->data, option->data, option->len);
    return true;
}

static void expect_all_back(uint8_t overload)
{
    assert_int_equal(dropped, 0);
    assert_int_equal(got.overload, overload);
    for (unsigned i = 0; i < sent.n_options; i++)
        assert_true(is_back(&sent.options[i]));
}

static enum dhcp_region region_of(uint8_t code)
{
    for (unsigned i = 0; i < got.n_pieces; i++)
        if (got.pieces[i].code == code)
            return got.pieces[i].region;
    fail();
    return DHCP_IN_OPTIONS;
}

static void rfc2131_4_1_what_fits_is_not_overloaded(void **state)
{
    (void)state;
    add(224, MAIN_548 - 3 - 2 - 1 - 60); /* 53; 224; END; what follows */
    add(225, 58);
    encode(548);
    expect_all_back(DHCP_OVERLOAD_NONE);
    assert_int_equal(len, 548);
    assert_int_equal(buf[DHCP_FILE_AT], 0);
}

static void rfc2132_9_3_file_is_used_first_then_sname(void **state)
{
    (void)state;
    add(224, 250);
    add(225, 125);
    encode(548);
    expect_all_back(DHCP_OVERLOAD_FILE);
    assert_int_equal(region_of(225), DHCP_IN_FILE);
    assert_int_equal(buf[DHCP_FILE_AT + 127], DHCP_OPT_END);
    assert_int_equal(buf[DHCP_SNAME_AT], 0);
    add(226, 61);
    encode(548);
    expect_all_back(DHCP_OVERLOAD_BOTH);
    assert_int_equal(region_of(226), DHCP_IN_SNAME);
    assert_int_equal(buf[DHCP_SNAME_AT + 63], DHCP_OPT_END);
    /* RFC 2131 4.1: 'option overload' stands in the options field; here next to the type */
    static const uint8_t head[] = {53, 1, 5, 52, 1, 3};
    assert_memory_equal(buf + DHCP_OPTIONS_AT, head, sizeof head);
}

static void rfc2131_4_1_unused_octets_of_a_field_are_pads(void **state)
{
    (void)state;
    add(224, 250);
    add(225, 100);
    encode(548);
    expect_all_back(DHCP_OVERLOAD_FILE);
    assert_int_equal(buf[DHCP_FILE_AT + 102], DHCP_OPT_END);
    for (size_t i = 103; i < DHCP_FILE_LEN; i++)
        assert_int_equal(buf[DHCP_FILE_AT + i], DHCP_OPT_PAD);
}

static void a_field_that_says_something_holds_no_options(void **state)
{
    (void)state;
    add(224, 250);
    add(225, 60);
    memcpy(sent.file, "pxelinux.0", 10);
    encode(548);
    expect_all_back(DHCP_OVERLOAD_SNAME);
    assert_string_equal((const char *)got.file, "pxelinux.0");
    memcpy(sent.sname, "boot", 4);
    encode(548);
    assert_int_equal(dropped, 1);
    assert_int_equal(got.overload, DHCP_OVERLOAD_NONE);
    assert_string_equal((const char *)got.sname, "boot");
}

static void nothing_is_overloaded_unless_the_message_allows_it(void **state)
{
    (void)state;
    add(224, 250);
    add(225, 60);
    sent.may_overload = DHCP_OVERLOAD_NONE;
    encode(548);
    assert_int_equal(dropped, 1);
    assert_int_equal(got.overload, DHCP_OVERLOAD_NONE);
    sent.may_overload = DHCP_OVERLOAD_SNAME;
    encode(548);
    expect_all_back(DHCP_OVERLOAD_SNAME);
}

/* RFC 3046 2.2: the server "SHALL NOT place the echoed Relay Agent Information option in the overloaded sname
 * or file fields"; it is the last option. */
static void rfc3046_relay_information_is_last_in_the_options_field(void **state)
{
    (void)state;
    add(DHCP_OPT_RELAY_INFO, 100);
    add(224, 180);
    add(225, 100);
    add(226, 50);
    encode(548);
    expect_all_back(DHCP_OVERLOAD_BOTH);
    unsigned last = 0;
    for (unsigned i = 0; i < got.n_pieces; i++)
        if (got.pieces[i].region == DHCP_IN_OPTIONS)
            last = got.pieces[i].code;
    assert_int_equal(last, DHCP_OPT_RELAY_INFO);
}

static void rfc3396_5_a_long_option_is_spread_in_the_order_of_reading(void **state)
{
    (void)state;
    add(121, 450);
    encode(548);
    expect_all_back(DHCP_OVERLOAD_BOTH);
    assert_int_equal(dhcp_msg_find(&got, 121)->pieces, 4); /* 255 and 42 in options, 125 in file, the rest */
    assert_int_equal(got.pieces[got.n_pieces - 1].region, DHCP_IN_SNAME);
    assert_int_equal(got.pieces[got.n_pieces - 1].len, 28);
}

/* RFC 3396 4: "SHOULD NOT split an option ... unless it has no choice" */
static void rfc3396_4_a_short_option_is_never_split(void **state)
{
    (void)state;
    add(224, 200);
    add(225, 150); /* more than is left anywhere, though not in all */
    add(226, 50);
    encode(548);
    assert_int_equal(dropped, 1);
    assert_false(dhcp_msg_has(&got, 225));
    assert_int_equal(dhcp_msg_find(&got, 226)->pieces, 1);
}

/* ---- any options, any size ---- */

static uint32_t below(struct rng *rng, uint32_t n)
{
    return (uint32_t)rng_between(rng, 0, (int64_t)n - 1);
}

static size_t random_len(struct rng *rng)
{
    static const uint32_t most[] = {4, 16, 64, 255, 600};
    return below(rng, most[below(rng, 5)] + 1);
}

static void make_random(struct rng *rng)
{
    dhcp_msg_init(&sent, DHCP_BOOTREPLY);
    sent.may_overload = (uint8_t)below(rng, 4);
    if (below(rng, 4) == 0)
        sent.file[below(rng, DHCP_FILE_LEN)] = 1;
    if (below(rng, 4) == 0)
        sent.sname[below(rng, DHCP_SNAME_LEN)] = 1;
    unsigned n = below(rng, 24);
    for (unsigned i = 0; i < n; i++) {
        uint8_t code = (uint8_t)(1 + below(rng, 254));
        if (code != DHCP_OPT_OVERLOAD && code != DHCP_OPT_TYPE)
            dhcp_put_bytes(&sent, code, value + code, random_len(rng));
    }
    dhcp_put_u8(&sent, DHCP_OPT_TYPE, DHCP_ACK);
}

static void every_option_comes_back_or_is_counted(void **state)
{
    (void)state;
    unsigned used[4] = {0};
    for (uint64_t seed = 0; seed < ROUNDS; seed++) {
        struct rng rng;
        rng_init(&rng, seed, "overload");
        make_random(&rng);
        encode(DHCP_MSG_SEND_MIN + below(&rng, DHCP_MSG_MAX - DHCP_MSG_SEND_MIN + 1));
        unsigned missing = 0;
        for (unsigned i = 0; i < sent.n_options; i++)
            missing += !is_back(&sent.options[i]);
        if (missing != dropped || got.n_options != sent.n_options - missing + (got.overload != 0))
            fail_msg("seed %llu: %u missing, %u counted", (unsigned long long)seed, missing, dropped);
        assert_int_equal(got.overload & ~sent.may_overload, 0);
        if (!(got.overload & DHCP_OVERLOAD_FILE))
            assert_memory_equal(got.file, sent.file, DHCP_FILE_LEN);
        if (!(got.overload & DHCP_OVERLOAD_SNAME))
            assert_memory_equal(got.sname, sent.sname, DHCP_SNAME_LEN);
        assert_int_equal(got.options[0].code, DHCP_OPT_TYPE);
        for (unsigned i = 0; i < got.n_pieces; i++)
            if (got.pieces[i].code == DHCP_OPT_RELAY_INFO)
                assert_int_equal(got.pieces[i].region, DHCP_IN_OPTIONS);
        used[got.overload]++;
    }
    for (unsigned i = 0; i < 4; i++)
        assert_true(used[i] > 100); /* the rounds have seen each kind */
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rfc2131_4_1_what_fits_is_not_overloaded),
        TEST(rfc2132_9_3_file_is_used_first_then_sname),
        TEST(rfc2131_4_1_unused_octets_of_a_field_are_pads),
        TEST(a_field_that_says_something_holds_no_options),
        TEST(nothing_is_overloaded_unless_the_message_allows_it),
        TEST(rfc3046_relay_information_is_last_in_the_options_field),
        TEST(rfc3396_5_a_long_option_is_spread_in_the_order_of_reading),
        TEST(rfc3396_4_a_short_option_is_never_split),
        TEST(every_option_comes_back_or_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
