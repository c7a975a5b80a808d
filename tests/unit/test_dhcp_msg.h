/* Messages as they stand on the wire, one under construction, and what is decoded from it. */
#pragma once
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

static struct {
    uint8_t bytes[70000];
    size_t len;
} msg;

static struct dhcp_msg m;

static uint8_t *block;

static inline enum reason decode_bytes(const uint8_t *bytes, size_t len)
{
    free(block);
    block = malloc(len + (len == 0));
    assert_non_null(block);
    if (len != 0)
        memcpy(block, bytes, len);
    return dhcp_msg_decode(&m, block, len);
}

static inline enum reason decode(void)
{
    return decode_bytes(msg.bytes, msg.len);
}

static inline int free_block(void **state)
{
    (void)state;
    free(block);
    block = NULL;
    return 0;
}

/* The fixed fields of a request; no options yet. */
static inline void start(void)
{
    memset(msg.bytes, 0, sizeof msg.bytes);
    memcpy(msg.bytes, discover, DHCP_OPTIONS_AT);
    msg.len = DHCP_OPTIONS_AT;
}

static inline void add_raw(const void *bytes, size_t len)
{
    assert_true(msg.len + len <= sizeof msg.bytes);
    memcpy(msg.bytes + msg.len, bytes, len);
    msg.len += len;
}

static inline void add(uint8_t code, const void *value, uint8_t len)
{
    uint8_t head[2] = {code, len};
    add_raw(head, sizeof head);
    add_raw(value, len);
}

static inline void add_end(void)
{
    add_raw("\xff", 1);
}

/* Reads every octet that the message says it has. */
static inline unsigned touch(void)
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

static inline void assert_option(uint8_t code, const void *value, size_t len)
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

static inline void assert_order(const uint8_t *codes, size_t n)
{
    assert_int_equal(m.n_options, n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(m.options[i].code, codes[i]);
}

static inline bool is_zero(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

static inline void assert_u32(uint8_t code, uint32_t expected)
{
    uint32_t value = ~expected;
    assert_true(dhcp_get_u32(&m, code, &value));
    assert_int_equal(value, expected);
}
