#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/frame.h"
#include "common/rng.h"
#include "common/wire.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { IP_AT = 14, UDP_AT = 34, PAYLOAD_AT = 42, PAYLOAD_MAX = 1472 };

/* clang-format off */

/* Ethernet  to ff:ff:ff:ff:ff:ff, from 02:00:00:00:00:02, type IPv4
 * IPv4      version 4, header of 5 words, TOS 0, length 31 | identification 0, no fragment
 *           TTL 64, protocol UDP, checksum | 0.0.0.0 to 255.255.255.255
 *             4500 + 001f + 0000 + 0000 + 4011 + 0000 + 0000 + ffff + ffff = 2852e; 852e + 2 = 8530; ~8530 = 7acf
 * UDP       68 to 67, length 11, checksum
 *             pseudo header: 0000 + 0000 + ffff + ffff + 0011 + 000b = 2001a
 *             header:        0044 + 0043 + 000b = 0092
 *             data, padded:  6869 + 2100 = 8969
 *             2001a + 92 + 8969 = 28a15; 8a15 + 2 = 8a17; ~8a17 = 75e8
 * payload   "hi!" */
static const uint8_t frame[45] = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff,  0x02, 0x00, 0x00, 0x00, 0x00, 0x02,  0x08, 0x00,
    0x45, 0x00, 0x00, 0x1f,  0x00, 0x00, 0x00, 0x00,  0x40, 0x11, 0x7a, 0xcf,  0, 0, 0, 0,  255, 255, 255, 255,
    0x00, 0x44, 0x00, 0x43,  0x00, 0x0b, 0x75, 0xe8,
    'h', 'i', '!',
};
/* clang-format on */

static const struct packet sent = {
    .src_hw = {.type = 1, .len = 6, .bytes = {2, 0, 0, 0, 0, 2}},
    .dst_hw = {.type = 1, .len = 6, .bytes = {255, 255, 255, 255, 255, 255}},
    .src = 0,
    .dst = IP4_BROADCAST,
    .sport = 68,
    .dport = 67,
    .bytes = (const uint8_t *)"hi!",
    .len = 3,
};

/* ---- a frame to spoil, and its decoding from a block of just its size ---- */

static uint8_t work[2000];
static size_t work_len;
static uint8_t *block;
static struct packet got;

static void start(void)
{
    memset(work, 0, sizeof work);
    memcpy(work, frame, sizeof frame);
    work_len = sizeof frame;
}

static void put_u16(size_t at, unsigned value)
{
    work[at] = (uint8_t)(value >> 8);
    work[at + 1] = (uint8_t)value;
}

/* Opens a gap of `len` octets. */
static void insert(size_t at, const void *bytes, size_t len)
{
    memmove(work + at + len, work + at, work_len - at);
    memcpy(work + at, bytes, len);
    work_len += len;
}

static void mend_ip(void)
{
    put_u16(IP_AT + 10, 0);
    put_u16(IP_AT + 10, frame_sum_finish(frame_sum(0, work + IP_AT, (work[IP_AT] & 15U) * 4U)));
}

static enum reason decode_as(enum frame_checksum checksum, size_t len)
{
    free(block);
    block = malloc(len + (len == 0));
    assert_non_null(block);
    memcpy(block, work, len);
    return frame_decode(block, len, checksum, &got);
}

static enum reason decode(void)
{
    return decode_as(FRAME_CHECKSUM_CHECK, work_len);
}

static int free_block(void **state)
{
    (void)state;
    free(block);
    block = NULL;
    return 0;
}

static void assert_got(const struct packet *expected)
{
    assert_true(hw_equal(&got.src_hw, &expected->src_hw));
    assert_true(hw_equal(&got.dst_hw, &expected->dst_hw));
    assert_int_equal(got.src, expected->src);
    assert_int_equal(got.dst, expected->dst);
    assert_int_equal(got.sport, expected->sport);
    assert_int_equal(got.dport, expected->dport);
    assert_int_equal(got.len, expected->len);
    assert_memory_equal(got.bytes, expected->bytes, expected->len);
}

/* ---- checksums ---- */

/* RFC 1071 3: 0001 + f203 + f4f5 + f6f7 = 2ddf0; ddf0 + 2 = ddf2; ~ddf2 = 220d */
static void the_example_of_rfc_1071(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
    assert_int_equal(frame_sum(0, bytes, sizeof bytes), 0x2ddf0);
    assert_int_equal(frame_sum_finish(0x2ddf0), 0x220d);
    for (size_t part = 0; part <= sizeof bytes; part += 2)
        assert_int_equal(frame_sum(frame_sum(0, bytes, part), bytes + part, sizeof bytes - part), 0x2ddf0);
}

/* An odd last octet is the high one of its word: 0001 + f200 = f201; ~f201 = 0dfe */
static void an_odd_length_is_padded_with_zero(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0x00, 0x01, 0xf2};
    assert_int_equal(frame_sum_finish(frame_sum(0, bytes, sizeof bytes)), 0x0dfe);
    assert_int_equal(frame_sum_finish(frame_sum(0, bytes, 0)), 0xffff);
}

/* A header with checksum in place: 4500 + 0073 + 4000 + 4011 + b861 + c0a8 + 0001 + c0a8 + 00c7 = 2fffd;
 * fffd + 2 = ffff; ~ffff = 0 */
static void a_sum_over_its_own_checksum_is_zero(void **state)
{
    (void)state;
    static const uint8_t header[] = {0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
                                     0xb8, 0x61, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7};
    assert_int_equal(frame_sum(0, header, sizeof header), 0x2fffd);
    assert_int_equal(frame_sum_finish(0x2fffd), 0);
}

/* The largest datagram of all ones: 32767 words of ffff; each fold keeps the sum of ffff, whose complement is
 * 0. */
static void the_largest_sum_does_not_overflow(void **state)
{
    (void)state;
    static uint8_t ones[65535];
    memset(ones, 0xff, sizeof ones);
    assert_int_equal(frame_sum_finish(frame_sum(0, ones, sizeof ones - 1)), 0);
    /* with the odd octet: ffff + ff00 = 1feff; feff + 1 = ff00; ~ff00 = 00ff */
    assert_int_equal(frame_sum_finish(frame_sum(0, ones, sizeof ones)), 0x00ff);
}

/* ---- encoding ---- */

static void a_frame_is_built_as_worked_out_by_hand(void **state)
{
    (void)state;
    uint8_t buf[sizeof frame + 1];
    memset(buf, 0xa5, sizeof buf);
    assert_int_equal(frame_encode(&sent, buf, sizeof buf), sizeof frame);
    assert_memory_equal(buf, frame, sizeof frame);
    assert_int_equal(buf[sizeof frame], 0xa5);
}

static void a_buffer_that_is_too_small_gives_nothing(void **state)
{
    (void)state;
    uint8_t buf[sizeof frame];
    for (size_t cap = 0; cap < sizeof frame; cap++) {
        memset(buf, 0xa5, sizeof buf);
        assert_int_equal(frame_encode(&sent, buf, cap), 0);
        for (size_t i = cap; i < sizeof buf; i++)
            assert_int_equal(buf[i], 0xa5);
    }
}

static void the_largest_payload_fills_an_ethernet_frame(void **state)
{
    (void)state;
    static const uint8_t payload[PAYLOAD_MAX + 1] = {7};
    static uint8_t buf[FRAME_MAX + 1];
    struct packet p = sent;
    p.bytes = payload;
    p.len = PAYLOAD_MAX;
    assert_int_equal(frame_encode(&p, buf, sizeof buf), 1514);
    assert_int_equal(FRAME_MAX, 1514);
    p.len = PAYLOAD_MAX + 1;
    assert_int_equal(frame_encode(&p, buf, sizeof buf), 0);
}

/* RFC 768: "If the computed checksum is zero, it is transmitted as all ones". Two octets of data:
 *   pseudo header: ffff + ffff + 0011 + 000a = 20019; header: 0044 + 0043 + 000a = 0091; 200aa, that is 00ac
 *   with data ff53: 00ac + ff53 = ffff; ~ffff = 0 */
static void a_computed_zero_is_sent_as_all_ones(void **state)
{
    (void)state;
    struct packet p = sent;
    p.bytes = (const uint8_t *)"\xff\x53";
    p.len = 2;
    work_len = frame_encode(&p, work, sizeof work);
    assert_int_equal(work_len, 44);
    assert_int_equal(wire_u16(work + UDP_AT + 6), 0xffff);
    assert_int_equal(decode(), REASON_NONE);
    assert_got(&p);
    put_u16(UDP_AT + 6, 0xfffe);
    assert_int_equal(decode(), REASON_FRAME_UDP_CHECKSUM);
}

static void what_is_encoded_decodes_to_the_same(void **state)
{
    (void)state;
    struct rng r;
    rng_init(&r, 1, "frames");
    static uint8_t payload[PAYLOAD_MAX];
    for (size_t len = 0; len <= PAYLOAD_MAX; len++) {
        struct packet p = sent;
        for (size_t i = 0; i < len; i++)
            payload[i] = (uint8_t)rng_u64(&r);
        p.src = (ip4)rng_u64(&r);
        p.dst = (ip4)rng_u64(&r);
        p.sport = (uint16_t)rng_u64(&r);
        p.dport = (uint16_t)rng_u64(&r);
        p.bytes = payload;
        p.len = len;
        work_len = frame_encode(&p, work, sizeof work);
        assert_int_equal(work_len, FRAME_HEADERS + len);
        assert_int_equal(decode(), REASON_NONE);
        assert_got(&p);
    }
}

static void a_datagram_without_data_is_one(void **state)
{
    (void)state;
    struct packet p = sent;
    p.bytes = NULL;
    p.len = 0;
    work_len = frame_encode(&p, work, sizeof work);
    assert_int_equal(work_len, FRAME_HEADERS);
    assert_int_equal(decode(), REASON_NONE);
    assert_int_equal(got.len, 0);
}

/* ---- decoding ---- */

static void a_frame_is_read_as_worked_out_by_hand(void **state)
{
    (void)state;
    start();
    assert_int_equal(decode(), REASON_NONE);
    assert_got(&sent);
    assert_ptr_equal(got.bytes, block + PAYLOAD_AT);
}

static void every_prefix_is_cut(void **state)
{
    (void)state;
    start();
    for (size_t len = 0; len < work_len; len++) {
        assert_int_equal(decode_as(FRAME_CHECKSUM_CHECK, len), REASON_FRAME_CUT);
        assert_int_equal(decode_as(FRAME_CHECKSUM_NOT_READY, len), REASON_FRAME_CUT);
    }
    insert(12, "\x81\x00\x00\x05", 4);
    for (size_t len = 0; len < work_len; len++)
        assert_int_equal(decode_as(FRAME_CHECKSUM_CHECK, len), REASON_FRAME_CUT);
}

/* Ethernet pads to 60 octets, with whatever was in the buffer. */
static void what_follows_the_datagram_is_no_part_of_it(void **state)
{
    (void)state;
    start();
    memset(work + work_len, 0xee, 15);
    work_len = 60;
    assert_int_equal(decode(), REASON_NONE);
    assert_got(&sent);
}

static void one_vlan_tag_is_skipped(void **state)
{
    (void)state;
    start();
    insert(12, "\x81\x00\x00\x05", 4);
    assert_int_equal(decode(), REASON_NONE);
    assert_got(&sent);
    insert(12, "\x88\xa8\x00\x06", 4);
    assert_int_equal(decode(), REASON_FRAME_NOT_IP4);
    start();
    insert(12, "\x88\xa8\x00\x06", 4);
    assert_int_equal(decode(), REASON_NONE);
}

static void other_protocols_are_not_ipv4(void **state)
{
    (void)state;
    static const unsigned types[] = {0x0806, 0x86dd, 0x0000, 0x0801, 0x05dc};
    for (size_t i = 0; i < COUNT(types); i++) {
        start();
        put_u16(12, types[i]);
        assert_int_equal(decode(), REASON_FRAME_NOT_IP4);
    }
}

/* One octet or word of the IPv4 or UDP header changed, with the IPv4 checksum mended. */
static const struct {
    const char *what;
    size_t at;
    unsigned value; /* of 16 bits */
    enum reason reason;
} headers[] = {
    {"version 6", IP_AT, 0x6500, REASON_FRAME_IP_HEADER},
    {"version 0", IP_AT, 0x0500, REASON_FRAME_IP_HEADER},
    {"header of 4 words", IP_AT, 0x4400, REASON_FRAME_IP_HEADER},
    {"header of no words", IP_AT, 0x4000, REASON_FRAME_IP_HEADER},
    {"header longer than the datagram", IP_AT, 0x4f00, REASON_FRAME_IP_HEADER},
    {"total below the header", IP_AT + 2, 19, REASON_FRAME_IP_HEADER},
    {"total of nothing", IP_AT + 2, 0, REASON_FRAME_IP_HEADER},
    {"total beyond the frame", IP_AT + 2, 32, REASON_FRAME_CUT},
    {"total far beyond the frame", IP_AT + 2, 65535, REASON_FRAME_CUT},
    {"header alone", IP_AT + 2, 20, REASON_FRAME_UDP_LENGTH},
    {"seven octets of UDP", IP_AT + 2, 27, REASON_FRAME_UDP_LENGTH},
    {"more fragments", IP_AT + 6, 0x2000, REASON_FRAME_FRAGMENT},
    {"a later fragment", IP_AT + 6, 0x0001, REASON_FRAME_FRAGMENT},
    {"the last possible fragment", IP_AT + 6, 0x1fff, REASON_FRAME_FRAGMENT},
    {"do not fragment", IP_AT + 6, 0x4000, REASON_NONE},
    {"the reserved flag", IP_AT + 6, 0x8000, REASON_NONE},
    {"TTL 0", IP_AT + 8, 0x0011, REASON_NONE},
    {"ICMP", IP_AT + 8, 0x4001, REASON_FRAME_NOT_UDP},
    {"UDP-Lite", IP_AT + 8, 0x4088, REASON_FRAME_NOT_UDP},
    {"UDP length 7", UDP_AT + 4, 7, REASON_FRAME_UDP_LENGTH},
    {"UDP length 0", UDP_AT + 4, 0, REASON_FRAME_UDP_LENGTH},
    {"UDP length beyond the datagram", UDP_AT + 4, 12, REASON_FRAME_UDP_LENGTH},
    {"UDP length 65535", UDP_AT + 4, 65535, REASON_FRAME_UDP_LENGTH},
    {"another source port", UDP_AT, 69, REASON_FRAME_UDP_CHECKSUM},
    {"another source address", IP_AT + 12, 1, REASON_FRAME_UDP_CHECKSUM},
    {"other data", PAYLOAD_AT, 0x6968, REASON_FRAME_UDP_CHECKSUM},
};

static void headers_that_cannot_be_have_their_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(headers); i++) {
        start();
        put_u16(headers[i].at, headers[i].value);
        mend_ip();
        enum reason reason = decode();
        if (reason != headers[i].reason)
            fail_msg("%s: %s", headers[i].what, reason_token(reason));
    }
}

static void every_changed_bit_of_the_ipv4_header_is_noticed(void **state)
{
    (void)state;
    for (size_t bit = 0; bit < FRAME_IP_LEN * 8; bit++) {
        start();
        work[IP_AT + bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_int_not_equal(decode(), REASON_NONE);
    }
    start();
    put_u16(IP_AT + 10, 0x7ad0);
    assert_int_equal(decode(), REASON_FRAME_IP_CHECKSUM);
    /* the IPv4 checksum is always there: only UDP's is left to hardware */
    assert_int_equal(decode_as(FRAME_CHECKSUM_NOT_READY, work_len), REASON_FRAME_IP_CHECKSUM);
}

/* RFC 768: "An all zero transmitted checksum value means that the transmitter generated no checksum" */
static void a_udp_checksum_of_zero_is_not_judged(void **state)
{
    (void)state;
    start();
    put_u16(UDP_AT + 6, 0);
    work[PAYLOAD_AT] = 'H';
    assert_int_equal(decode(), REASON_NONE);
    assert_memory_equal(got.bytes, "Hi!", 3);
}

/* What a kernel leaves there for the hardware: the sum of the pseudo header. */
static void a_checksum_that_is_not_ready_is_not_judged(void **state)
{
    (void)state;
    start();
    put_u16(UDP_AT + 6, 0x001c);
    assert_int_equal(decode(), REASON_FRAME_UDP_CHECKSUM);
    assert_int_equal(decode_as(FRAME_CHECKSUM_NOT_READY, work_len), REASON_NONE);
    assert_got(&sent);
}

static void ip_options_are_skipped(void **state)
{
    (void)state;
    static const uint8_t nops[40] = {1, 1, 1, 1};
    for (size_t len = 4; len <= sizeof nops; len += 4) {
        start();
        insert(UDP_AT, nops, len);
        work[IP_AT] = (uint8_t)(0x45 + len / 4);
        put_u16(IP_AT + 2, 31 + (unsigned)len);
        mend_ip();
        assert_int_equal(decode(), REASON_NONE);
        assert_got(&sent);
        assert_int_equal(decode_as(FRAME_CHECKSUM_CHECK, UDP_AT + len - 1), REASON_FRAME_CUT);
    }
}

/* The UDP length rules: data of the IPv4 datagram beyond it belongs to nobody. */
static void a_datagram_may_be_shorter_than_what_carries_it(void **state)
{
    (void)state;
    start();
    insert(work_len, "xx", 2);
    put_u16(IP_AT + 2, 33);
    mend_ip();
    assert_int_equal(decode(), REASON_NONE);
    assert_got(&sent);
}

static void random_frames_are_read_within_their_bounds(void **state)
{
    (void)state;
    struct rng r;
    rng_init(&r, 1, "random frames");
    unsigned taken = 0, sum = 0;
    for (int round = 0; round < 100000; round++) {
        start();
        for (int64_t n = rng_between(&r, 0, 4); n > 0; n--)
            work[rng_between(&r, 12, (int64_t)work_len - 1)] = (uint8_t)rng_u64(&r);
        if (rng_between(&r, 0, 1) == 0)
            mend_ip();
        enum frame_checksum checksum =
            rng_between(&r, 0, 1) ? FRAME_CHECKSUM_CHECK : FRAME_CHECKSUM_NOT_READY;
        if (decode_as(checksum, work_len) != REASON_NONE)
            continue;
        taken++;
        for (size_t i = 0; i < got.len; i++)
            sum += got.bytes[i];
    }
    assert_in_range(taken, 20000, 99999);
    assert_true(sum != 0);
}

/* ---- ARP ---- */

/* clang-format off */

/* Ethernet  to ff:ff:ff:ff:ff:ff, from 02:00:00:00:00:02, type ARP
 * ARP       hardware Ethernet, protocol IPv4, lengths 6 and 4, request
 *           sender 02:00:00:00:00:02, 10.0.0.10; target not known, 10.0.0.1 */
static const uint8_t arp_frame[FRAME_ARP_LEN] = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff,  0x02, 0x00, 0x00, 0x00, 0x00, 0x02,  0x08, 0x06,
    0x00, 0x01,  0x08, 0x00,  6, 4,  0x00, 0x01,
    0x02, 0x00, 0x00, 0x00, 0x00, 0x02,  10, 0, 0, 10,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00,  10, 0, 0, 1,
};
/* clang-format on */

static const struct arp arp_sent = {
    .op = ARP_REQUEST,
    .sender_hw = {.type = 1, .len = 6, .bytes = {2, 0, 0, 0, 0, 2}},
    .sender = 0x0a00000a,
    .target = 0x0a000001,
};

static struct arp arp_got;

static enum reason decode_arp(size_t len)
{
    free(block);
    block = malloc(len + (len == 0));
    assert_non_null(block);
    memcpy(block, work, len);
    return frame_arp_decode(block, len, &arp_got);
}

static void start_arp(void)
{
    memset(work, 0, sizeof work);
    memcpy(work, arp_frame, sizeof arp_frame);
}

static void an_arp_frame_is_built_as_dissected(void **state)
{
    (void)state;
    uint8_t built[FRAME_ARP_LEN];
    assert_int_equal(frame_arp_encode(&arp_sent, built, sizeof built), FRAME_ARP_LEN);
    assert_memory_equal(built, arp_frame, sizeof arp_frame);
    assert_int_equal(frame_arp_encode(&arp_sent, built, sizeof built - 1), 0);
}

/* A reply goes to who asked; a request to all, whatever its target is. */
static void an_arp_reply_goes_to_its_target(void **state)
{
    (void)state;
    uint8_t built[FRAME_ARP_LEN];
    struct arp reply = arp_sent;
    reply.target_hw = (struct hw_addr){.type = 1, .len = 6, .bytes = {2, 0, 0, 0, 0, 9}};
    assert_int_equal(frame_arp_encode(&reply, built, sizeof built), FRAME_ARP_LEN);
    assert_memory_equal(built, arp_frame, 6);
    reply.op = ARP_REPLY;
    assert_int_equal(frame_arp_encode(&reply, built, sizeof built), FRAME_ARP_LEN);
    assert_memory_equal(built, reply.target_hw.bytes, 6);
}

static void an_arp_frame_is_read_as_dissected(void **state)
{
    (void)state;
    static const struct hw_addr unknown = {.type = 1, .len = 6};
    start_arp();
    work[21] = 2;
    work[41] = 9;
    /* Padded to the shortest Ethernet frame. */
    assert_int_equal(decode_arp(60), REASON_NONE);
    assert_int_equal(arp_got.op, ARP_REPLY);
    assert_true(hw_equal(&arp_got.sender_hw, &arp_sent.sender_hw));
    assert_int_equal(arp_got.sender, arp_sent.sender);
    assert_true(hw_equal(&arp_got.target_hw, &unknown));
    assert_int_equal(arp_got.target, 0x0a000009);
}

static void every_prefix_of_an_arp_frame_is_cut(void **state)
{
    (void)state;
    start_arp();
    for (size_t len = 0; len < FRAME_ARP_LEN; len++)
        assert_int_equal(decode_arp(len), REASON_FRAME_CUT);
    assert_int_equal(decode_arp(FRAME_ARP_LEN), REASON_NONE);
}

static void what_is_not_arp_for_ipv4_over_ethernet_has_its_reason(void **state)
{
    (void)state;
    /* The octets from the EtherType to the operation, each changed on its own. */
    for (size_t at = 12; at < 22; at++) {
        start_arp();
        work[at] ^= 0x40;
        assert_int_equal(decode_arp(FRAME_ARP_LEN), REASON_FRAME_NOT_ARP);
    }
    start_arp();
    work[21] = 3; /* reverse ARP */
    assert_int_equal(decode_arp(FRAME_ARP_LEN), REASON_FRAME_NOT_ARP);
    work[21] = 0;
    assert_int_equal(decode_arp(FRAME_ARP_LEN), REASON_FRAME_NOT_ARP);
}

/* RFC 768: the sum over pseudo-header, header and data with the checksum in it is 0 turned over. */
static uint16_t sum_of_transport(const uint8_t *ip, size_t len)
{
    return frame_sum_finish(
        frame_sum(frame_sum(ip[9] + (uint32_t)(len - 20), ip + 12, 8), ip + 20, len - 20));
}

static void a_checksum_that_was_left_to_hardware_is_filled_in(void **state)
{
    /* Ethernet (14), IPv4 10.0.0.1 > 10.0.0.2 (20): total length 40 or 42, no fragment, protocol at 23. Then
     * TCP: ports 1024 and 80, seq 1, ack 0, header of 5 words, SYN, window 1000, the checksum at 50 as the
     * kernel leaves it, urgent pointer 0, and two octets behind it: as UDP, ports 1024 and 80, length 22. */
    static const uint8_t whole[] = "\2\0\0\0\0\1\2\0\0\0\0\2\x08\0"
                                   "\x45\0\0\x2a\0\0\0\0\x40\6\0\0\x0a\0\0\1\x0a\0\0\2"
                                   "\4\0\0\x50\0\x16\0\1\0\0\0\0\x50\2\3\xe8\x14\x18\0\0hi";
    static const uint8_t protocols[] = {6, 17};
    enum { LEN = sizeof whole - 1 };
    uint8_t bytes[LEN];
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        memcpy(bytes, whole, LEN);
        bytes[23] = protocols[i];
        frame_finish_checksum(bytes, LEN);
        assert_int_equal(sum_of_transport(bytes + 14, LEN - 14), 0);
    }
    /* What is no whole segment of these stays as it is: cut, a fragment, another protocol, no IPv4. */
    static const struct {
        size_t at;
        uint8_t value;
        size_t len;
    } others[] = {{0, 2, LEN - 1}, {20, 0x20, LEN}, {21, 1, LEN}, {23, 1, LEN},
                  {12, 9, LEN},    {14, 0x44, LEN}, {0, 2, 20}};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        uint8_t before[LEN];
        memcpy(before, whole, LEN);
        before[others[i].at] = others[i].value;
        memcpy(bytes, before, LEN);
        frame_finish_checksum(bytes, others[i].len);
        assert_memory_equal(bytes, before, LEN);
    }
}

#define TEST(function) cmocka_unit_test_teardown(function, free_block)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_example_of_rfc_1071),
        TEST(an_odd_length_is_padded_with_zero),
        TEST(a_sum_over_its_own_checksum_is_zero),
        TEST(the_largest_sum_does_not_overflow),
        TEST(a_frame_is_built_as_worked_out_by_hand),
        TEST(a_buffer_that_is_too_small_gives_nothing),
        TEST(the_largest_payload_fills_an_ethernet_frame),
        TEST(a_computed_zero_is_sent_as_all_ones),
        TEST(what_is_encoded_decodes_to_the_same),
        TEST(a_datagram_without_data_is_one),
        TEST(a_frame_is_read_as_worked_out_by_hand),
        TEST(every_prefix_is_cut),
        TEST(what_follows_the_datagram_is_no_part_of_it),
        TEST(one_vlan_tag_is_skipped),
        TEST(other_protocols_are_not_ipv4),
        TEST(headers_that_cannot_be_have_their_reason),
        TEST(every_changed_bit_of_the_ipv4_header_is_noticed),
        TEST(a_udp_checksum_of_zero_is_not_judged),
        TEST(a_checksum_that_is_not_ready_is_not_judged),
        TEST(a_checksum_that_was_left_to_hardware_is_filled_in),
        TEST(ip_options_are_skipped),
        TEST(a_datagram_may_be_shorter_than_what_carries_it),
        TEST(random_frames_are_read_within_their_bounds),
        TEST(an_arp_frame_is_built_as_dissected),
        TEST(an_arp_frame_is_read_as_dissected),
        TEST(an_arp_reply_goes_to_its_target),
        TEST(every_prefix_of_an_arp_frame_is_cut),
        TEST(what_is_not_arp_for_ipv4_over_ethernet_has_its_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
