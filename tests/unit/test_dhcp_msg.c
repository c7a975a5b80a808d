/* Decoding: whole messages, cut ones, refused ones, and the options field. */
#include "tests/unit/test_dhcp_msg.h"

/* ---- whole messages, field by field ---- */

static void assert_client(void)
{
    static const uint8_t mac[] = {2, 0, 0, 0, 0, 2};
    struct hw_addr hw = dhcp_msg_hw(&m);
    assert_int_equal(hw.type, 1);
    assert_int_equal(hw.len, 6);
    assert_memory_equal(hw.bytes, mac, 6);
    assert_memory_equal(m.chaddr, mac, 6);
    assert_true(is_zero(m.chaddr + 6, 10));
}

static void a_discover_is_read_field_by_field(void **state)
{
    (void)state;
    assert_int_equal(decode_bytes(discover, sizeof discover), REASON_NONE);
    assert_int_equal(m.op, DHCP_BOOTREQUEST);
    assert_int_equal(m.htype, 1);
    assert_int_equal(m.hlen, 6);
    assert_int_equal(m.hops, 0);
    assert_int_equal(m.xid, 0x3903f326);
    assert_int_equal(m.secs, 7);
    assert_int_equal(m.flags, DHCP_FLAG_BROADCAST);
    assert_int_equal(m.ciaddr | m.yiaddr | m.siaddr | m.giaddr, 0);
    assert_client();
    assert_true(is_zero(m.sname, sizeof m.sname));
    assert_true(is_zero(m.file, sizeof m.file));
    assert_int_equal(m.type, DHCP_DISCOVER);
    assert_int_equal(m.overload, DHCP_OVERLOAD_NONE);
    assert_int_equal(m.defects, 0);
    assert_order((const uint8_t[]){53, 61, 50, 57, 12, 55}, 6);
    assert_option(53, "\1", 1);
    assert_option(61, "\1\2\0\0\0\0\2", 7);
    assert_option(12, "h1", 2);
    assert_option(55, "\x01\x03\x06\x0f\x33\x36\x3a\x3b", 8);
    assert_int_equal(dhcp_msg_find(&m, 12)->offset, 262);
    assert_int_equal(dhcp_msg_find(&m, 12)->pieces, 1);
    ip4 requested;
    assert_true(dhcp_get_ip4(&m, DHCP_OPT_REQUESTED_IP, &requested));
    assert_int_equal(requested, 0x0a4d000a);
    uint16_t max;
    assert_true(dhcp_get_u16(&m, DHCP_OPT_MAX_SIZE, &max));
    assert_int_equal(max, 1500);
    assert_false(dhcp_msg_has(&m, DHCP_OPT_SERVER_ID));
    assert_null(dhcp_msg_find(&m, DHCP_OPT_PAD));
    assert_null(dhcp_msg_find(&m, DHCP_OPT_END));
}

/* Who varies them is no other client. */
static void octets_of_chaddr_behind_hlen_are_not_of_the_hardware_address(void **state)
{
    (void)state;
    uint8_t bytes[sizeof discover];
    memcpy(bytes, discover, sizeof bytes);
    memset(bytes + DHCP_CHADDR_AT + 6, 0x77, 10);
    assert_int_equal(decode_bytes(bytes, sizeof bytes), REASON_NONE);
    assert_int_equal(m.chaddr[15], 0x77);
    struct hw_addr hw = dhcp_msg_hw(&m);
    assert_int_equal(hw.len, 6);
    assert_true(is_zero(hw.bytes + 6, 10));
}

static void an_offer_is_read_field_by_field(void **state)
{
    (void)state;
    assert_int_equal(decode_bytes(offer, sizeof offer), REASON_NONE);
    assert_int_equal(m.op, DHCP_BOOTREPLY);
    assert_int_equal(m.hops, 1);
    assert_int_equal(m.xid, 0x3903f326);
    assert_int_equal(m.secs, 0);
    assert_int_equal(m.flags, 0);
    assert_int_equal(m.ciaddr, 0);
    assert_int_equal(m.yiaddr, 0x0a4d000a);
    assert_int_equal(m.siaddr, 0x0a4d0001);
    assert_int_equal(m.giaddr, 0x0a4d0101);
    assert_client();
    assert_string_equal((const char *)m.sname, "lab");
    assert_string_equal((const char *)m.file, "boot.img");
    assert_int_equal(m.type, DHCP_OFFER);
    assert_int_equal(m.defects, 0);
    assert_order((const uint8_t[]){53, 54, 51, 58, 59, 1, 3, 6, 15}, 9);
    assert_u32(DHCP_OPT_SERVER_ID, 0x0a4d0001);
    assert_u32(DHCP_OPT_LEASE_TIME, 3600);
    assert_u32(DHCP_OPT_T1, 1800);
    assert_u32(DHCP_OPT_T2, 3150);
    assert_u32(DHCP_OPT_SUBNET_MASK, 0xffffff00);
    ip4 first;
    assert_true(dhcp_get_ip4_first(&m, DHCP_OPT_ROUTERS, &first));
    assert_int_equal(first, 0x0a4d0001);
    assert_true(dhcp_get_ip4_first(&m, DHCP_OPT_DNS_SERVERS, &first));
    assert_int_equal(first, 0x0a4d0001);
    assert_option(6, "\x0a\x4d\x00\x01\x0a\x4d\x00\x02", 8);
    assert_option(15, "lab.example", 11);
    assert_int_equal(dhcp_msg_find(&m, 15)->offset, 289);
}

static void an_ack_is_read_field_by_field(void **state)
{
    (void)state;
    assert_int_equal(decode_bytes(ack, sizeof ack), REASON_NONE);
    assert_int_equal(m.op, DHCP_BOOTREPLY);
    assert_int_equal(m.xid, 0xdeadbeef);
    assert_int_equal(m.secs, 65535);
    assert_int_equal(m.ciaddr, 0x0a4d000a);
    assert_int_equal(m.yiaddr, 0x0a4d000a);
    assert_int_equal(m.siaddr | m.giaddr, 0);
    assert_client();
    assert_int_equal(m.type, DHCP_ACK);
    assert_int_equal(m.overload, DHCP_OVERLOAD_BOTH);
    assert_int_equal(m.defects, 0);
    assert_memory_equal(m.sname, ack + DHCP_SNAME_AT, sizeof m.sname);
    assert_memory_equal(m.file, ack + DHCP_FILE_AT, sizeof m.file);
    assert_order((const uint8_t[]){53, 52, 54, 51, 80, 17, 26}, 7);
    assert_u32(DHCP_OPT_LEASE_TIME, 0xffffffff);
    assert_option(80, "", 0);
    assert_option(17, "/r", 2);
    assert_int_equal(dhcp_msg_find(&m, 17)->offset, 108);
    uint16_t mtu;
    assert_true(dhcp_get_u16(&m, DHCP_OPT_MTU, &mtu));
    assert_int_equal(mtu, 1500);
    assert_int_equal(m.n_pieces, 7);
    assert_int_equal(m.pieces[5].region, DHCP_IN_FILE);
    assert_int_equal(m.pieces[6].region, DHCP_IN_SNAME);
    assert_int_equal(m.pieces[6].offset, 44);
    assert_int_equal(m.pieces[6].len, 2);
}

/* ---- cut messages ---- */

/* Where the END of the options field stands. */
static size_t end_of(const uint8_t *bytes)
{
    size_t at = DHCP_OPTIONS_AT;
    while (bytes[at] != DHCP_OPT_END)
        at += bytes[at] == DHCP_OPT_PAD ? 1U : 2U + bytes[at + 1];
    return at;
}

static void check_prefix(const char *name, const uint8_t *bytes, size_t len)
{
    enum reason reason = decode_bytes(bytes, len);
    if (reason != (len < DHCP_MSG_MIN ? REASON_MSG_TOO_SHORT : REASON_NONE))
        fail_msg("%s cut to %zu octets: %s", name, len, reason_token(reason));
    assert_int_equal(m.xid, len < DHCP_COOKIE_AT ? 0 : wire_u32(bytes + 4));
    touch();
    bool is_cut = len >= DHCP_MSG_MIN && len <= end_of(bytes);
    unsigned cut_defects = m.defects & (DHCP_DEFECT_CUT | DHCP_DEFECT_NO_END);
    assert_int_equal(cut_defects != 0, is_cut);
    assert_true(cut_defects != (DHCP_DEFECT_CUT | DHCP_DEFECT_NO_END));
    if (is_cut)
        assert_true(m.defect_at <= len);
    if (len >= DHCP_MSG_MIN)
        assert_int_equal(m.type, len < 243 ? DHCP_BOOTP : bytes[242]);
}

static void every_prefix_is_read_as_far_as_it_goes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(samples); i++)
        for (size_t len = 0; len < samples[i].len; len++)
            check_prefix(samples[i].name, samples[i].bytes, len);
}

/* ---- refused as a whole ---- */

static void the_shortest_message_has_240_octets(void **state)
{
    (void)state;
    start();
    assert_int_equal(decode(), REASON_NONE);
    assert_int_equal(m.type, DHCP_BOOTP);
    assert_int_equal(m.n_options, 0);
    assert_int_equal(m.defects, DHCP_DEFECT_NO_END);
    msg.len = 239;
    assert_int_equal(decode(), REASON_MSG_TOO_SHORT);
    assert_int_equal(m.xid, 0x3903f326);
    msg.len = 236;
    assert_int_equal(decode(), REASON_MSG_TOO_SHORT);
    assert_int_equal(m.xid, 0x3903f326);
    msg.len = 235;
    assert_int_equal(decode(), REASON_MSG_TOO_SHORT);
    assert_int_equal(m.xid, 0);
}

static void the_longest_message_has_65535_octets(void **state)
{
    (void)state;
    start();
    add(DHCP_OPT_TYPE, "\1", 1);
    msg.len = 65530;
    add(DHCP_OPT_HOST_NAME, "h1", 2);
    add_end();
    assert_int_equal(msg.len, 65535);
    assert_int_equal(decode(), REASON_NONE);
    assert_int_equal(m.defects, 0);
    assert_option(DHCP_OPT_HOST_NAME, "h1", 2);
    assert_int_equal(dhcp_msg_find(&m, DHCP_OPT_HOST_NAME)->offset, 65530);
    add_end();
    assert_int_equal(decode(), REASON_MSG_TOO_LONG);
    assert_int_equal(m.xid, 0x3903f326);
    assert_int_equal(m.n_options, 0);
}

static const struct {
    size_t at;
    uint8_t value;
    enum reason reason;
} fixed_fields[] = {
    {0, 0, REASON_MSG_BAD_OP},
    {0, 1, REASON_NONE},
    {0, 2, REASON_NONE},
    {0, 3, REASON_MSG_BAD_OP},
    {0, 255, REASON_MSG_BAD_OP},
    {2, 0, REASON_NONE},
    {2, 16, REASON_NONE},
    {2, 17, REASON_MSG_BAD_HLEN},
    {2, 255, REASON_MSG_BAD_HLEN},
    {3, 255, REASON_NONE},
    {236, 0, REASON_MSG_BAD_COOKIE},
    {237, 0, REASON_MSG_BAD_COOKIE},
    {238, 0, REASON_MSG_BAD_COOKIE},
    {239, 0, REASON_MSG_BAD_COOKIE},
    {1, 255, REASON_NONE},
};

static void fixed_fields_that_cannot_be_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(fixed_fields); i++) {
        start();
        add_end();
        msg.bytes[fixed_fields[i].at] = fixed_fields[i].value;
        enum reason reason = decode();
        if (reason != fixed_fields[i].reason)
            fail_msg("octet %zu = %u: %s", fixed_fields[i].at, fixed_fields[i].value, reason_token(reason));
        assert_int_equal(m.xid, 0x3903f326); /* the fields are there to be logged */
    }
}

static void assert_type(enum reason reason, uint8_t type)
{
    add_end();
    assert_int_equal(decode(), reason);
    assert_int_equal(m.type, type);
}

static void every_assigned_type_is_taken_and_no_other(void **state)
{
    (void)state;
    for (unsigned value = 0; value < 256; value++) {
        bool assigned = value >= DHCP_DISCOVER && value <= DHCP_TLS;
        uint8_t type = (uint8_t)value;
        start();
        add(DHCP_OPT_TYPE, &type, 1);
        assert_type(assigned ? REASON_NONE : REASON_MSG_BAD_TYPE, assigned ? type : DHCP_BOOTP);
    }
}

static void a_type_that_is_not_one_octet_is_refused(void **state)
{
    (void)state;
    start();
    add(DHCP_OPT_TYPE, "", 0);
    assert_type(REASON_MSG_BAD_TYPE, DHCP_BOOTP);
    start();
    add(DHCP_OPT_TYPE, "\1\1", 2);
    assert_type(REASON_MSG_BAD_TYPE, DHCP_BOOTP);
    start(); /* RFC 3396 5: twice is one option of two octets */
    add(DHCP_OPT_TYPE, "\1", 1);
    add(DHCP_OPT_TYPE, "\1", 1);
    assert_type(REASON_MSG_BAD_TYPE, DHCP_BOOTP);
    start();
    add(DHCP_OPT_TYPE, "", 0);
    add(DHCP_OPT_TYPE, "\3", 1);
    assert_type(REASON_NONE, DHCP_REQUEST);
}

/* Not kept for want of room, it is still not the absent type of a BOOTP message. */
static void a_type_that_is_too_long_to_keep_is_refused(void **state)
{
    (void)state;
    static const uint8_t ones[255] = {1};
    start();
    for (int i = 0; i < 17; i++)
        add(DHCP_OPT_TYPE, ones, 255);
    assert_type(REASON_MSG_BAD_TYPE, DHCP_BOOTP);
}

/* ---- the options field ---- */

static void rfc2132_3_1_pads_between_options_are_nothing(void **state)
{
    (void)state;
    start();
    add_raw("\0\0\0", 3);
    add(DHCP_OPT_TYPE, "\1", 1);
    add_raw("\0", 1);
    add(DHCP_OPT_HOST_NAME, "\0\0", 2);
    add_raw("\0\0\0\0\0", 5);
    add_end();
    assert_int_equal(decode(), REASON_NONE);
    assert_int_equal(m.defects, 0);
    assert_order((const uint8_t[]){53, 12}, 2);
    assert_option(12, "\0\0", 2);
}

static void rfc2132_3_2_what_stands_after_the_end_is_not_read(void **state)
{
    (void)state;
    start();
    add(DHCP_OPT_TYPE, "\1", 1);
    add_end();
    add(DHCP_OPT_HOST_NAME, "h1", 2);
    add_raw("\x0c\xff", 2);
    assert_int_equal(decode(), REASON_NONE);
    assert_int_equal(m.defects, 0);
    assert_int_equal(m.n_options, 1);
}

/* RFC 2131 4.1: "The last option must always be the 'end' option." */
static void a_missing_end_is_a_defect(void **state)
{
    (void)state;
    start();
    add(DHCP_OPT_TYPE, "\1", 1);
    assert_int_equal(decode(), REASON_NONE);
    assert_int_equal(m.defects, DHCP_DEFECT_NO_END);
    assert_int_equal(m.defect_at, 243);
    assert_int_equal(m.type, DHCP_DISCOVER);
    add_raw("\0\0", 2);
    assert_int_equal(decode(), REASON_NONE);
    assert_int_equal(m.defects, DHCP_DEFECT_NO_END);
    assert_int_equal(m.defect_at, 245);
}

static void an_option_past_the_end_is_left_out(void **state)
{
    (void)state;
    static const struct {
        const char *tail;
        size_t len;
    } tails[] = {{"\x0c", 1}, {"\x0c\x01", 2}, {"\x0c\x03h1", 4}, {"\x0c\xffh1\xff", 5}};
    for (size_t i = 0; i < COUNT(tails); i++) {
        start();
        add(DHCP_OPT_TYPE, "\1", 1);
        add_raw(tails[i].tail, tails[i].len);
        assert_int_equal(decode(), REASON_NONE);
        assert_int_equal(m.defects, DHCP_DEFECT_CUT);
        assert_int_equal(m.defect_at, 243);
        assert_int_equal(m.n_options, 1);
        assert_int_equal(m.type, DHCP_DISCOVER);
    }
}

static void every_code_can_be_there_at_once(void **state)
{
    (void)state;
    start();
    for (unsigned code = 254; code >= 1; code--) {
        uint8_t value = code == DHCP_OPT_TYPE ? DHCP_INFORM : (uint8_t)code;
        add((uint8_t)code, &value, 1);
    }
    add_end();
    assert_int_equal(decode(), REASON_NONE);
    assert_int_equal(m.n_options, DHCP_OPTIONS_MAX);
    assert_int_equal(m.defects, DHCP_DEFECT_OVERLOAD); /* 52 is not 1, 2 or 3 */
    for (unsigned code = 1; code < 255; code++) {
        uint8_t value;
        assert_true(dhcp_get_u8(&m, (uint8_t)code, &value));
        assert_int_equal(value, code == DHCP_OPT_TYPE ? DHCP_INFORM : code);
    }
}

#define TEST(function) cmocka_unit_test_teardown(function, free_block)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_discover_is_read_field_by_field),
        TEST(octets_of_chaddr_behind_hlen_are_not_of_the_hardware_address),
        TEST(an_offer_is_read_field_by_field),
        TEST(an_ack_is_read_field_by_field),
        TEST(every_prefix_is_read_as_far_as_it_goes),
        TEST(the_shortest_message_has_240_octets),
        TEST(the_longest_message_has_65535_octets),
        TEST(fixed_fields_that_cannot_be_are_refused),
        TEST(every_assigned_type_is_taken_and_no_other),
        TEST(a_type_that_is_not_one_octet_is_refused),
        TEST(a_type_that_is_too_long_to_keep_is_refused),
        TEST(rfc2132_3_1_pads_between_options_are_nothing),
        TEST(rfc2132_3_2_what_stands_after_the_end_is_not_read),
        TEST(a_missing_end_is_a_defect),
        TEST(an_option_past_the_end_is_left_out),
        TEST(every_code_can_be_there_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
