/* Building a message, encoding it, and reading it again. */
#include "tests/unit/test_dhcp_msg.h"

/* ---- typed getters and putters ---- */

static void check_getters(uint8_t code, size_t len)
{
    uint8_t u8 = 0x5a;
    uint16_t u16 = 0x5a;
    uint32_t u32 = 0x5a;
    ip4 addr = 0x5a, first = 0x5a;
    assert_int_equal(dhcp_get_u8(&m, code, &u8), len == 1);
    assert_int_equal(dhcp_get_u16(&m, code, &u16), len == 2);
    assert_int_equal(dhcp_get_u32(&m, code, &u32), len == 4);
    assert_int_equal(dhcp_get_ip4(&m, code, &addr), len == 4);
    assert_int_equal(dhcp_get_ip4_first(&m, code, &first), len != 0 && len % 4 == 0);
    assert_int_equal(u8, len == 1 ? 0x81 : 0x5a);
    assert_int_equal(u16, len == 2 ? 0x8182 : 0x5a);
    assert_int_equal(u32, len == 4 ? 0x81828384 : 0x5a);
    assert_int_equal(addr, len == 4 ? 0x81828384 : 0x5a);
    assert_int_equal(first, len != 0 && len % 4 == 0 ? 0x81828384 : 0x5a);
}

static void a_getter_wants_the_length_of_its_type_and_else_changes_nothing(void **state)
{
    (void)state;
    static const uint8_t value[] = {0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89};
    for (size_t len = 0; len <= sizeof value; len++) {
        start();
        add(DHCP_OPT_SERVER_ID, value, (uint8_t)len);
        add_end();
        assert_int_equal(decode(), REASON_NONE);
        check_getters(DHCP_OPT_SERVER_ID, len);
    }
    check_getters(DHCP_OPT_ROUTERS, 0); /* absent */
}

static void what_is_put_is_got(void **state)
{
    (void)state;
    dhcp_msg_init(&m, DHCP_BOOTREPLY);
    assert_int_equal(m.op, DHCP_BOOTREPLY);
    assert_true(dhcp_put_u8(&m, 1, 0x81));
    assert_true(dhcp_put_u16(&m, 2, 0x8182));
    assert_true(dhcp_put_u32(&m, 3, 0x81828384));
    assert_true(dhcp_put_ip4(&m, 4, 0x81828384));
    assert_true(dhcp_put_text(&m, 5, "text"));
    assert_true(dhcp_put_text(&m, 6, ""));
    assert_true(dhcp_put_bytes(&m, 7, NULL, 0));
    static const size_t lens[] = {1, 2, 4, 4};
    for (uint8_t code = 1; code <= 4; code++)
        check_getters(code, lens[code - 1]);
    assert_option(5, "text", 4);
    assert_option(6, "", 0);
    assert_option(7, "", 0);
}

static void a_put_replaces_in_place(void **state)
{
    (void)state;
    dhcp_msg_init(&m, DHCP_BOOTREPLY);
    assert_true(dhcp_put_u8(&m, 53, DHCP_ACK));
    assert_true(dhcp_put_u32(&m, 51, 60));
    assert_true(dhcp_put_text(&m, 12, "h1"));
    assert_true(dhcp_put_u32(&m, 51, 3600));
    assert_true(dhcp_put_u8(&m, 53, DHCP_NAK));
    assert_order((const uint8_t[]){53, 51, 12}, 3);
    assert_u32(51, 3600);
    assert_option(53, "\6", 1);
    assert_option(12, "h1", 2);
}

static void a_received_option_can_be_replaced(void **state)
{
    (void)state;
    assert_int_equal(decode_bytes(offer, sizeof offer), REASON_NONE);
    assert_true(dhcp_put_u32(&m, DHCP_OPT_LEASE_TIME, 60));
    assert_order((const uint8_t[]){53, 54, 51, 58, 59, 1, 3, 6, 15}, 9);
    assert_u32(DHCP_OPT_LEASE_TIME, 60);
    assert_memory_equal(block, offer, sizeof offer);
}

static void a_put_beyond_the_store_changes_nothing(void **state)
{
    (void)state;
    static const uint8_t filler[DHCP_STORE_MAX + 1] = {7};
    dhcp_msg_init(&m, DHCP_BOOTREPLY);
    assert_false(dhcp_put_bytes(&m, 43, filler, sizeof filler));
    assert_int_equal(m.n_options, 0);
    assert_true(dhcp_put_bytes(&m, 43, filler, DHCP_STORE_MAX - 1));
    assert_false(dhcp_put_u16(&m, 57, 1500));
    assert_false(dhcp_msg_has(&m, 57));
    assert_true(dhcp_put_u8(&m, 12, 'h'));
    assert_false(dhcp_put_u8(&m, 12, 'i'));
    assert_option(12, "h", 1);
    assert_order((const uint8_t[]){43, 12}, 2);
}

/* ---- encoding ---- */

static uint8_t out[70000];

static unsigned dropped;

static size_t encode(size_t cap)
{
    memset(out, 0xa5, sizeof out);
    dropped = 99;
    size_t len = dhcp_msg_encode(&m, out, cap, &dropped);
    assert_true(len >= DHCP_MSG_SEND_MIN && len <= cap);
    assert_int_equal(out[len], 0xa5);
    return len;
}

/* RFC 1542 2.1: a BOOTP message has at least 300 octets */
static void rfc1542_2_1_an_empty_message_is_padded_to_300_octets(void **state)
{
    (void)state;
    dhcp_msg_init(&m, DHCP_BOOTREQUEST);
    assert_int_equal(encode(DHCP_MSG_SEND_MIN), 300);
    assert_int_equal(dropped, 0);
    assert_int_equal(out[0], DHCP_BOOTREQUEST);
    assert_true(is_zero(out + 1, 235));
    assert_memory_equal(out + 236, "\x63\x82\x53\x63\xff", 5);
    assert_true(is_zero(out + 241, 59));
}

static void messages_are_written_as_they_were_read(void **state)
{
    (void)state;
    assert_int_equal(decode_bytes(offer, sizeof offer), REASON_NONE);
    assert_int_equal(encode(DHCP_MSG_MAX), sizeof offer);
    assert_memory_equal(out, offer, sizeof offer);
    assert_int_equal(decode_bytes(discover, sizeof discover), REASON_NONE);
    assert_int_equal(encode(DHCP_MSG_MAX), sizeof discover);
    assert_memory_equal(out, discover, 276);
    assert_int_equal(out[276], 255); /* the pads within are gone */
    assert_true(is_zero(out + 277, 23));
}

static void the_type_goes_first_and_the_others_keep_their_order(void **state)
{
    (void)state;
    dhcp_msg_init(&m, DHCP_BOOTREPLY);
    dhcp_put_text(&m, 12, "h1");
    dhcp_put_text(&m, 80, "");
    dhcp_put_u8(&m, 53, DHCP_ACK);
    dhcp_put_u32(&m, 51, 60);
    encode(DHCP_MSG_MAX);
    assert_int_equal(dropped, 0);
    assert_memory_equal(out + 240, "\x35\x01\x05\x0c\x02h1\x50\x00\x33\x04\x00\x00\x00\x3c\xff\x00", 17);
}

static const struct {
    size_t len;
    size_t pieces;
    uint8_t last;
} splits[] = {{0, 1, 0},     {1, 1, 1},     {254, 1, 254}, {255, 1, 255}, {256, 2, 1},
              {509, 2, 254}, {510, 2, 255}, {511, 3, 1},   {1000, 4, 235}};

/* RFC 3396 6 */
static void long_values_are_split_at_255_octets(void **state)
{
    (void)state;
    uint8_t value[1000];
    for (size_t i = 0; i < sizeof value; i++)
        value[i] = (uint8_t)(i * 7);
    for (size_t i = 0; i < COUNT(splits); i++) {
        dhcp_msg_init(&m, DHCP_BOOTREPLY);
        assert_true(dhcp_put_bytes(&m, 43, value, splits[i].len));
        size_t len = encode(DHCP_MSG_MAX);
        assert_int_equal(dropped, 0);
        size_t at = DHCP_OPTIONS_AT, left = splits[i].len;
        for (size_t n = 1; n <= splits[i].pieces; n++) {
            uint8_t piece = n < splits[i].pieces ? 255 : splits[i].last;
            assert_int_equal(out[at], 43);
            assert_int_equal(out[at + 1], piece);
            assert_memory_equal(out + at + 2, value + splits[i].len - left, piece);
            at += 2U + piece;
            left -= piece;
        }
        assert_int_equal(out[at], DHCP_OPT_END);
        assert_int_equal(decode_bytes(out, len), REASON_NONE);
        assert_int_equal(m.defects, 0);
        assert_option(43, value, splits[i].len);
        assert_int_equal(dhcp_msg_find(&m, 43)->pieces, splits[i].pieces);
    }
}

static void options_that_do_not_fit_are_left_out_whole_and_counted(void **state)
{
    (void)state;
    static const uint8_t filler[600] = {7};
    dhcp_msg_init(&m, DHCP_BOOTREPLY);
    dhcp_put_u8(&m, 53, DHCP_ACK);
    dhcp_put_bytes(&m, 43, filler, 600); /* 606 octets on the wire */
    dhcp_put_bytes(&m, 17, filler, 255);
    dhcp_put_u32(&m, 51, 60);
    size_t len = encode(DHCP_MSG_ACCEPT_MIN);
    assert_int_equal(dropped, 1);
    assert_int_equal(len, 240 + 3 + 257 + 6 + 1);
    assert_int_equal(decode_bytes(out, len), REASON_NONE);
    assert_int_equal(m.defects, 0);
    assert_order((const uint8_t[]){53, 17, 51}, 3);
}

/* Room for an option means room for END behind it. */
static void an_option_fits_to_the_octet(void **state)
{
    (void)state;
    static const uint8_t filler[300] = {7};
    static const size_t wire_lens[] = {302, 303}; /* 255 + 45 and 255 + 46 with their heads */
    for (size_t i = 0; i < COUNT(wire_lens); i++) {
        dhcp_msg_init(&m, DHCP_BOOTREPLY);
        dhcp_put_bytes(&m, 43, filler, wire_lens[i] - 4);
        size_t fits = DHCP_OPTIONS_AT + wire_lens[i] + 1;
        assert_int_equal(encode(fits), fits);
        assert_int_equal(dropped, 0);
        assert_int_equal(out[fits - 1], DHCP_OPT_END);
        encode(fits - 1);
        assert_int_equal(dropped, 1);
        assert_int_equal(out[DHCP_OPTIONS_AT], DHCP_OPT_END);
    }
}

static void a_type_that_does_not_fit_is_counted_too(void **state)
{
    (void)state;
    static const uint8_t filler[100] = {7};
    dhcp_msg_init(&m, DHCP_BOOTREPLY);
    dhcp_put_bytes(&m, 53, filler, sizeof filler);
    encode(DHCP_MSG_SEND_MIN);
    assert_int_equal(dropped, 1);
}

static void assert_same_options(const struct dhcp_msg *a, const struct dhcp_msg *b)
{
    assert_int_equal(a->n_options, b->n_options);
    for (unsigned i = 0; i < a->n_options; i++) {
        const struct dhcp_option *option = dhcp_msg_find(b, a->options[i].code);
        assert_non_null(option);
        assert_int_equal(option->len, a->options[i].len);
        assert_memory_equal(option->data, a->options[i].data, option->len);
    }
}

static void what_is_encoded_decodes_to_the_same(void **state)
{
    (void)state;
    static const uint8_t filler[300] = {1, 2, 3};
    static struct dhcp_msg built;
    dhcp_msg_init(&m, DHCP_BOOTREPLY);
    m.htype = 1;
    m.hlen = 16;
    m.hops = 3;
    m.xid = 0x01020304;
    m.secs = 0x0506;
    m.flags = 0x8708;
    m.ciaddr = 0xc0000201;
    m.yiaddr = 0xc0000202;
    m.siaddr = 0xc0000203;
    m.giaddr = 0xc0000204;
    memset(m.chaddr, 0xc1, sizeof m.chaddr);
    memset(m.sname, 0xc2, sizeof m.sname);
    memset(m.file, 0xc3, sizeof m.file);
    dhcp_put_bytes(&m, 43, filler, sizeof filler);
    dhcp_put_u8(&m, 53, DHCP_OFFER);
    dhcp_put_text(&m, 80, "");
    built = m;
    for (unsigned i = 0; i < built.n_options; i++) /* the copy's options point into the original */
        built.options[i].data = built.store + (m.options[i].data - m.store);
    size_t len = encode(DHCP_MSG_MAX);
    assert_int_equal(decode_bytes(out, len), REASON_NONE);
    assert_memory_equal(&m, &built, offsetof(struct dhcp_msg, type));
    assert_int_equal(m.type, DHCP_OFFER);
    assert_int_equal(m.defects, 0);
    assert_same_options(&built, &m);
}

/* ---- bytes that nobody meant ---- */

static uint32_t pick(struct rng *r, size_t n)
{
    return (uint32_t)rng_between(r, 0, (int64_t)n - 1);
}

/* A message with a few octets changed, some of it repeated, its end cut off. */
static void mutate(struct rng *r)
{
    size_t sample = pick(r, COUNT(samples));
    start();
    msg.len = 0;
    add_raw(samples[sample].bytes, samples[sample].len);
    for (uint32_t n = pick(r, 4); n > 0; n--) {
        size_t from = DHCP_OPTIONS_AT + pick(r, msg.len - DHCP_OPTIONS_AT);
        size_t len = pick(r, msg.len - from + 1);
        memmove(msg.bytes + msg.len, msg.bytes + from, len);
        msg.len += len;
    }
    for (uint32_t n = pick(r, 9); n > 0; n--) {
        /* half of them in the options, where most can go wrong */
        size_t from = pick(r, 2) == 0 ? 0 : DHCP_OPTIONS_AT;
        msg.bytes[from + pick(r, msg.len - from)] = (uint8_t)rng_u64(r);
    }
    if (pick(r, 4) == 0)
        msg.len = pick(r, msg.len + 1);
}

static void mutated_messages_are_read_written_and_read_again(void **state)
{
    (void)state;
    static struct dhcp_msg before;
    struct rng r;
    rng_init(&r, 1, "mutated messages");
    unsigned taken = 0, touched = 0;
    for (int round = 0; round < 100000; round++) {
        mutate(&r);
        enum reason reason = decode();
        touched += touch();
        if (reason != REASON_NONE)
            continue;
        taken++;
        size_t len = dhcp_msg_encode(&m, out, DHCP_MSG_MAX, &dropped);
        if (dropped != 0 || m.overload != 0)
            continue;
        static uint8_t first[sizeof msg.bytes];
        memcpy(first, block, msg.len);
        assert_int_equal(dhcp_msg_decode(&before, first, msg.len), REASON_NONE);
        if (decode_bytes(out, len) != REASON_NONE)
            fail_msg("round %d: what was written is not read", round);
        assert_same_options(&before, &m);
    }
    assert_in_range(taken, 30000, 99999);
    assert_true(touched != 0);
}

#define TEST(function) cmocka_unit_test_teardown(function, free_block)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_getter_wants_the_length_of_its_type_and_else_changes_nothing),
        TEST(what_is_put_is_got),
        TEST(a_put_replaces_in_place),
        TEST(a_received_option_can_be_replaced),
        TEST(a_put_beyond_the_store_changes_nothing),
        TEST(rfc1542_2_1_an_empty_message_is_padded_to_300_octets),
        TEST(messages_are_written_as_they_were_read),
        TEST(the_type_goes_first_and_the_others_keep_their_order),
        TEST(long_values_are_split_at_255_octets),
        TEST(options_that_do_not_fit_are_left_out_whole_and_counted),
        TEST(an_option_fits_to_the_octet),
        TEST(a_type_that_does_not_fit_is_counted_too),
        TEST(what_is_encoded_decodes_to_the_same),
        TEST(mutated_messages_are_read_written_and_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
