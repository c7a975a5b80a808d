#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/dhcp_msg.h"
#include "common/rng.h"
#include "common/wire.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* clang-format off */

/* BOOTREQUEST, Ethernet, hlen 6, hops 0 | xid 0x3903f326 | secs 7, flags broadcast | ciaddr, yiaddr, siaddr, giaddr 0
 * chaddr 02:00:00:00:00:02 | sname, file empty | cookie
 *   53 message type        DISCOVER
 *   61 client identifier   type 1, 02:00:00:00:00:02
 *   50 requested address   10.77.0.10
 *   57 maximum size        1500
 *   12 host name           "h1"
 *   55 requested options   1, 3, 6, 15, 51, 54, 58, 59
 *  255 end                 at 282; pad to 300 */
static const uint8_t discover[300] = {
    0x01, 0x01, 0x06, 0x00,  0x39, 0x03, 0xf3, 0x26,  0x00, 0x07, 0x80, 0x00,
    [28] = 0x02, 0x00, 0x00, 0x00, 0x00, 0x02,
    [236] = 0x63, 0x82, 0x53, 0x63,
    [240] = 53, 1, 1,
    [243] = 61, 7, 0x01, 0x02, 0x00, 0x00, 0x00, 0x00, 0x02,
    [252] = 50, 4, 10, 77, 0, 10,
    [258] = 57, 2, 0x05, 0xdc,
    [262] = 12, 2, 'h', '1',
    [266] = 55, 8, 1, 3, 6, 15, 51, 54, 58, 59,
    [276] = 0, 0, 0, 0, 0, 0, /* pad within */
    [282] = 255,
};

/* BOOTREPLY, Ethernet, hlen 6, hops 1 | xid 0x3903f326 | secs 0, flags 0 | ciaddr 0
 * yiaddr 10.77.0.10, siaddr 10.77.0.1, giaddr 10.77.1.1
 * chaddr 02:00:00:00:00:02 | sname "lab" | file "boot.img" | cookie
 *   53 message type        OFFER
 *   54 server identifier   10.77.0.1
 *   51 lease time          3600 s
 *   58 renewal time        1800 s
 *   59 rebinding time      3150 s
 *    1 subnet mask         255.255.255.0
 *    3 routers             10.77.0.1
 *    6 DNS servers         10.77.0.1, 10.77.0.2
 *   15 domain name         "lab.example"
 *  255 end                 at 302, the last octet */
static const uint8_t offer[303] = {
    0x02, 0x01, 0x06, 0x01,  0x39, 0x03, 0xf3, 0x26,  0x00, 0x00, 0x00, 0x00,
    [16] = 10, 77, 0, 10,  10, 77, 0, 1,  10, 77, 1, 1,
    [28] = 0x02, 0x00, 0x00, 0x00, 0x00, 0x02,
    [44] = 'l', 'a', 'b',
    [108] = 'b', 'o', 'o', 't', '.', 'i', 'm', 'g',
    [236] = 0x63, 0x82, 0x53, 0x63,
    [240] = 53, 1, 2,
    [243] = 54, 4, 10, 77, 0, 1,
    [249] = 51, 4, 0x00, 0x00, 0x0e, 0x10,
    [255] = 58, 4, 0x00, 0x00, 0x07, 0x08,
    [261] = 59, 4, 0x00, 0x00, 0x0c, 0x4e,
    [267] = 1, 4, 255, 255, 255, 0,
    [273] = 3, 4, 10, 77, 0, 1,
    [279] = 6, 8, 10, 77, 0, 1, 10, 77, 0, 2,
    [289] = 15, 11, 'l', 'a', 'b', '.', 'e', 'x', 'a', 'm', 'p', 'l', 'e',
    [302] = 255,
};

/* BOOTREPLY, Ethernet, hlen 6, hops 0 | xid 0xdeadbeef | secs 65535, flags 0
 * ciaddr 10.77.0.10, yiaddr 10.77.0.10, siaddr, giaddr 0
 * chaddr 02:00:00:00:00:02 | overloaded:
 *   file                   17 root path "/r", end
 *   sname                  26 MTU 1500, end
 * cookie
 *   53 message type        ACK
 *   52 overload            3: file and sname
 *   54 server identifier   10.77.0.1
 *   51 lease time          infinite
 *   80 rapid commit        no value
 *  255 end                 at 260; nothing after it */
static const uint8_t ack[261] = {
    0x02, 0x01, 0x06, 0x00,  0xde, 0xad, 0xbe, 0xef,  0xff, 0xff, 0x00, 0x00,
    [12] = 10, 77, 0, 10,  10, 77, 0, 10,
    [28] = 0x02, 0x00, 0x00, 0x00, 0x00, 0x02,
    [44] = 26, 2, 0x05, 0xdc, 255,
    [108] = 17, 2, '/', 'r', 255,
    [236] = 0x63, 0x82, 0x53, 0x63,
    [240] = 53, 1, 5,
    [243] = 52, 1, 3,
    [246] = 54, 4, 10, 77, 0, 1,
    [252] = 51, 4, 0xff, 0xff, 0xff, 0xff,
    [258] = 80, 0,
    [260] = 255,
};
/* clang-format on */

static const struct {
    const char *name;
    const uint8_t *bytes;
    size_t len;
} samples[] = {
    {"DISCOVER", discover, sizeof discover},
    {"OFFER", offer, sizeof offer},
    {"ACK", ack, sizeof ack},
};

/* ---- a message under construction, and its decoding from a block of just its size ---- */

static struct {
    uint8_t bytes[70000];
    size_t len;
} msg;

static struct dhcp_msg m;
static uint8_t *block;

static enum reason decode_bytes(const uint8_t *bytes, size_t len)
{
    free(block);
    block = malloc(len + (len == 0));
    assert_non_null(block);
    if (len != 0)
        memcpy(block, bytes, len);
    return dhcp_msg_decode(&m, block, len);
}

static enum reason decode(void)
{
    return decode_bytes(msg.bytes, msg.len);
}

static int free_block(void **state)
{
    (void)state;
    free(block);
    block = NULL;
    return 0;
}

/* The fixed fields of a request; no options yet. */
static void start(void)
{
    memset(msg.bytes, 0, sizeof msg.bytes);
    memcpy(msg.bytes, discover, DHCP_OPTIONS_AT);
    msg.len = DHCP_OPTIONS_AT;
}

static void add_raw(const void *bytes, size_t len)
{
    assert_true(msg.len + len <= sizeof msg.bytes);
    memcpy(msg.bytes + msg.len, bytes, len);
    msg.len += len;
}

static void add(uint8_t code, const void *value, uint8_t len)
{
    uint8_t head[2] = {code, len};
    add_raw(head, sizeof head);
    add_raw(value, len);
}

static void add_end(void)
{
    add_raw("\xff", 1);
}

/* Reads every octet that the message says it has. */
static unsigned touch(void)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < m.n_options; i++)
        for (unsigned j = 0; j < m.options[i].len; j++)
            sum += m.options[i].data[j];
    for (unsigned i = 0; i < m.n_pieces; i++)
        for (unsigned j = 0; j < m.pieces[i].len + 2U; j++)
            sum += block[m.pieces[i].offset + j];
    return sum;
}

static void assert_option(uint8_t code, const void *value, size_t len)
{
    const struct dhcp_option *option = dhcp_msg_find(&m, code);
    assert_true(dhcp_msg_has(&m, code));
    if (option == NULL) {
        fail_msg("option %u is missing", code);
        return;
    }
    assert_int_equal(option->code, code);
    assert_int_equal(option->len, len);
    assert_memory_equal(option->data, value, len);
}

static void assert_order(const uint8_t *codes, size_t n)
{
    assert_int_equal(m.n_options, n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(m.options[i].code, codes[i]);
}

/* ---- whole messages, field by field ---- */

static bool is_zero(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

static void assert_u32(uint8_t code, uint32_t expected)
{
    uint32_t value = ~expected;
    assert_true(dhcp_get_u32(&m, code, &value));
    assert_int_equal(value, expected);
}

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

/* ---- RFC 3396: split options ---- */

static void rfc3396_7_pieces_are_joined_in_order(void **state)
{
    (void)state;
    start();
    add(DHCP_OPT_TYPE, "\1", 1);
    add(DHCP_OPT_VENDOR_SPECIFIC, "ab", 2);
    add(DHCP_OPT_HOST_NAME, "h", 1);
    add(DHCP_OPT_VENDOR_SPECIFIC, "", 0);
    add(DHCP_OPT_DOMAIN_NAME, "d", 1);
    add(DHCP_OPT_HOST_NAME, "1", 1);
    add(DHCP_OPT_VENDOR_SPECIFIC, "cde", 3);
    add_end();
    assert_int_equal(decode(), REASON_NONE);
    assert_int_equal(m.defects, 0);
    assert_order((const uint8_t[]){53, 43, 12, 15}, 4);
    assert_option(43, "abcde", 5);
    assert_option(12, "h1", 2);
    assert_option(15, "d", 1);
    assert_int_equal(dhcp_msg_find(&m, 43)->pieces, 3);
    assert_int_equal(dhcp_msg_find(&m, 43)->offset, 243);
    assert_int_equal(dhcp_msg_find(&m, 12)->pieces, 2);
    assert_int_equal(dhcp_msg_find(&m, 15)->pieces, 1);
    assert_int_equal(m.n_pieces, 7);
    touch();
}

static void a_long_value_comes_in_full_pieces(void **state)
{
    (void)state;
    uint8_t value[600];
    for (size_t i = 0; i < sizeof value; i++)
        value[i] = (uint8_t)(i * 7);
    start();
    add(DHCP_OPT_DOMAIN_SEARCH, value, 255);
    add(DHCP_OPT_DOMAIN_SEARCH, value + 255, 255);
    add(DHCP_OPT_DOMAIN_SEARCH, value + 510, 90);
    add_end();
    assert_int_equal(decode(), REASON_NONE);
    assert_option(DHCP_OPT_DOMAIN_SEARCH, value, sizeof value);
}

/* RFC 3396 5: the pieces of the options field come first, then those of file, then those of sname. */
static void rfc3396_5_pieces_are_joined_across_the_fields(void **state)
{
    (void)state;
    start();
    memcpy(msg.bytes + DHCP_FILE_AT,
           "\x2b\x02"
           "cd"
           "\x0c\x01"
           "x"
           "\xff",
           8);
    memcpy(msg.bytes + DHCP_SNAME_AT,
           "\x2b\x01"
           "e"
           "\x0c\x01"
           "y"
           "\x2b\x01"
           "f"
           "\xff",
           10);
    add(DHCP_OPT_TYPE, "\1", 1);
    add(DHCP_OPT_VENDOR_SPECIFIC, "ab", 2);
    add(DHCP_OPT_OVERLOAD, "\3", 1);
    add_end();
    assert_int_equal(decode(), REASON_NONE);
    assert_int_equal(m.defects, 0);
    assert_order((const uint8_t[]){53, 43, 52, 12}, 4);
    assert_option(43, "abcdef", 6);
    assert_option(12, "xy", 2);
    assert_int_equal(dhcp_msg_find(&m, 43)->pieces, 4);
    assert_int_equal(dhcp_msg_find(&m, 12)->offset, 112);
}

/* ---- overload ---- */

static void start_overloaded(uint8_t overload)
{
    start();
    memcpy(msg.bytes + DHCP_FILE_AT,
           "\x0c\x02"
           "h1"
           "\xff",
           5);
    memcpy(msg.bytes + DHCP_SNAME_AT,
           "\x0f\x01"
           "d"
           "\xff",
           4);
    add(DHCP_OPT_TYPE, "\1", 1);
    add(DHCP_OPT_OVERLOAD, &overload, 1);
}

/* RFC 2132 9.3: 1 file, 2 sname, 3 both; RFC 2131 4.1: options, then file, then sname. */
static void rfc2132_9_3_overload_says_which_fields_hold_options(void **state)
{
    (void)state;
    static const uint8_t orders[][4] = {{53, 52, 12}, {53, 52, 15}, {53, 52, 12, 15}};
    for (uint8_t overload = 1; overload <= 3; overload++) {
        start_overloaded(overload);
        add_end();
        assert_int_equal(decode(), REASON_NONE);
        assert_int_equal(m.overload, overload);
        assert_int_equal(m.defects, 0);
        assert_order(orders[overload - 1], overload == 3 ? 4 : 3);
        assert_memory_equal(m.file, msg.bytes + DHCP_FILE_AT, DHCP_FILE_LEN);
    }
}

static void the_overload_option_counts_wherever_it_stands_in_the_options_field(void **state)
{
    (void)state;
    start_overloaded(DHCP_OVERLOAD_FILE);
    add(DHCP_OPT_DOMAIN_NAME, "later", 5);
    add_end();
    assert_int_equal(decode(), REASON_NONE);
    assert_order((const uint8_t[]){53, 52, 15, 12}, 4);
}

static void a_bad_overload_is_a_defect_and_opens_no_field(void **state)
{
    (void)state;
    static const struct {
        uint8_t value[2];
        uint8_t len;
    } rows[] = {{{0, 0}, 1}, {{4, 0}, 1}, {{255, 0}, 1}, {{0, 0}, 0}, {{0, 3}, 2}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        start_overloaded(DHCP_OVERLOAD_BOTH);
        msg.len = 243;
        add(DHCP_OPT_OVERLOAD, rows[i].value, rows[i].len);
        add_end();
        assert_int_equal(decode(), REASON_NONE);
        assert_int_equal(m.defects, DHCP_DEFECT_OVERLOAD);
        assert_int_equal(m.defect_at, 243);
        assert_int_equal(m.overload, DHCP_OVERLOAD_NONE);
        assert_order((const uint8_t[]){53, 52}, 2);
    }
}

/* RFC 2131 4.1: "the 'option overload' option MUST appear in the 'options' field" */
static void an_overload_inside_a_field_opens_no_other(void **state)
{
    (void)state;
    start_overloaded(DHCP_OVERLOAD_FILE);
    memcpy(msg.bytes + DHCP_FILE_AT, "\x34\x01\x03\xff", 4);
    add_end();
    assert_int_equal(decode(), REASON_NONE);
    assert_int_equal(m.overload, DHCP_OVERLOAD_FILE);
    assert_int_equal(m.defects, DHCP_DEFECT_OVERLOAD);
    assert_int_equal(m.defect_at, DHCP_FILE_AT);
    assert_order((const uint8_t[]){53, 52}, 2);
}

/* Joined, they are two octets, which is no overload; the first is a guess that harms nobody. */
static void a_repeated_overload_is_a_defect_and_the_first_counts(void **state)
{
    (void)state;
    start_overloaded(DHCP_OVERLOAD_FILE);
    add(DHCP_OPT_OVERLOAD, "\2", 1);
    add_end();
    assert_int_equal(decode(), REASON_NONE);
    assert_int_equal(m.defects, DHCP_DEFECT_OVERLOAD);
    assert_int_equal(m.defect_at, 246);
    assert_int_equal(m.overload, DHCP_OVERLOAD_FILE);
    assert_order((const uint8_t[]){53, 52, 12}, 3);
}

/* A field ends where it ends: neither an option nor the search for END runs on into the next. */
static void an_overloaded_field_has_its_own_end(void **state)
{
    (void)state;
    start_overloaded(DHCP_OVERLOAD_BOTH);
    add_end();
    msg.bytes[DHCP_SNAME_AT + 3] = 0;                                     /* sname: no END, pads to its end */
    memcpy(msg.bytes + DHCP_FILE_AT + DHCP_FILE_LEN - 3, "\x0c\x02z", 3); /* not reached: END is before */
    assert_int_equal(decode(), REASON_NONE);
    assert_int_equal(m.defects, DHCP_DEFECT_NO_END);
    assert_int_equal(m.defect_at, DHCP_FILE_AT);
    assert_order((const uint8_t[]){53, 52, 12, 15}, 4);

    start_overloaded(DHCP_OVERLOAD_BOTH);
    add_end();
    memset(msg.bytes + DHCP_FILE_AT, 0, DHCP_FILE_LEN);
    memcpy(msg.bytes + DHCP_FILE_AT + DHCP_FILE_LEN - 3, "\x0c\x02z", 3); /* runs over by one octet */
    assert_int_equal(decode(), REASON_NONE);
    assert_int_equal(m.defects, DHCP_DEFECT_CUT);
    assert_int_equal(m.defect_at, DHCP_FILE_AT + DHCP_FILE_LEN - 3);
    assert_order((const uint8_t[]){53, 52, 15}, 3);
}

/* ---- limits ---- */

static void pieces_beyond_the_limit_are_left_out(void **state)
{
    (void)state;
    start();
    add(DHCP_OPT_TYPE, "\1", 1);
    for (int i = 1; i < DHCP_PIECES_MAX; i++)
        add(DHCP_OPT_VENDOR_SPECIFIC, "x", 1);
    add_end();
    assert_int_equal(decode(), REASON_NONE);
    assert_int_equal(m.defects, 0);
    assert_int_equal(m.n_pieces, DHCP_PIECES_MAX);
    assert_int_equal(dhcp_msg_find(&m, DHCP_OPT_VENDOR_SPECIFIC)->len, DHCP_PIECES_MAX - 1);
    assert_true(dhcp_msg_find(&m, DHCP_OPT_VENDOR_SPECIFIC)->pieces > 1);

    msg.len--;
    add(DHCP_OPT_HOST_NAME, "h1", 2);
    add_end();
    assert_int_equal(decode(), REASON_NONE);
    assert_int_equal(m.defects, DHCP_DEFECT_LIMIT);
    assert_int_equal(m.defect_at, 243 + 3 * (DHCP_PIECES_MAX - 1));
    assert_int_equal(m.n_pieces, DHCP_PIECES_MAX);
    assert_false(dhcp_msg_has(&m, DHCP_OPT_HOST_NAME));
    assert_int_equal(m.type, DHCP_DISCOVER);
    touch();
}

static void a_value_beyond_the_store_is_left_out_whole(void **state)
{
    (void)state;
    static const uint8_t filler[255] = {7};
    start();
    add(DHCP_OPT_HOST_NAME, "h", 1);
    for (int i = 0; i < 17; i++) /* 4335 octets */
        add(DHCP_OPT_VENDOR_SPECIFIC, filler, 255);
    add(DHCP_OPT_HOST_NAME, "1", 1);
    add(DHCP_OPT_TYPE, "\1", 1);
    add_end();
    assert_int_equal(decode(), REASON_NONE);
    assert_int_equal(m.defects, DHCP_DEFECT_LIMIT);
    assert_int_equal(m.defect_at, 243);
    assert_order((const uint8_t[]){12, 53}, 2);
    assert_option(12, "h1", 2);
    touch();
}

static void the_store_can_be_filled_to_its_last_octet(void **state)
{
    (void)state;
    static const uint8_t filler[255] = {7};
    start();
    for (int i = 0; i < 16; i++) /* 4080 octets */
        add(DHCP_OPT_VENDOR_SPECIFIC, filler, 255);
    add(DHCP_OPT_HOST_NAME, "12345678", 8);
    add(DHCP_OPT_HOST_NAME, "12345678", 8);
    add(DHCP_OPT_DOMAIN_NAME, "", 0);
    add(DHCP_OPT_DOMAIN_NAME, "", 0);
    add_end();
    assert_int_equal(decode(), REASON_NONE);
    assert_int_equal(m.defects, 0);
    assert_int_equal(m.store_used, DHCP_STORE_MAX);
    assert_order((const uint8_t[]){43, 12, 15}, 3);
    assert_option(12, "1234567812345678", 16);
    assert_option(15, "", 0);
    assert_false(dhcp_put_u8(&m, 99, 1));
    assert_false(dhcp_msg_has(&m, 99));
    touch();
}

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
        TEST(a_discover_is_read_field_by_field),
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
        TEST(rfc3396_7_pieces_are_joined_in_order),
        TEST(a_long_value_comes_in_full_pieces),
        TEST(rfc3396_5_pieces_are_joined_across_the_fields),
        TEST(rfc2132_9_3_overload_says_which_fields_hold_options),
        TEST(the_overload_option_counts_wherever_it_stands_in_the_options_field),
        TEST(a_bad_overload_is_a_defect_and_opens_no_field),
        TEST(an_overload_inside_a_field_opens_no_other),
        TEST(a_repeated_overload_is_a_defect_and_the_first_counts),
        TEST(an_overloaded_field_has_its_own_end),
        TEST(pieces_beyond_the_limit_are_left_out),
        TEST(a_value_beyond_the_store_is_left_out_whole),
        TEST(the_store_can_be_filled_to_its_last_octet),
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
