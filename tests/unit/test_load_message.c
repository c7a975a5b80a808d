#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/dhcp_msg.h"
#include "lab/load_message.h"

enum { SEED = 0x1234, ADDR = 0x0a000005, SERVER = 0x0a000001, RELAY = 0x0a000002, XID = 0x01020304 };

static struct load_messages messages;
static struct dhcp_msg msg;
static uint8_t buf[LOAD_MESSAGE_MAX];
static size_t len;

static void write_one(enum load_exchange exchange, ip4 relay)
{
    const struct load_send send = {
        .exchange = exchange, .client = 0x010203, .xid = XID, .addr = ADDR, .server = SERVER, .relay = relay};
    load_messages_init(&messages, SEED);
    len = load_message_write(&messages, &send, buf);
    assert_int_equal(dhcp_msg_decode(&msg, buf, len), REASON_NONE);
    assert_int_equal(msg.defects, 0);
    assert_int_equal(msg.op, DHCP_BOOTREQUEST);
    assert_int_equal(msg.xid, XID);
    assert_int_equal(msg.giaddr, relay);
    assert_int_equal(msg.hops, relay != 0);
    assert_int_equal(msg.htype, 1);
    assert_int_equal(msg.hlen, 6);
    assert_memory_equal(msg.chaddr, "\x02\x12\x34\x01\x02\x03\0\0\0\0\0\0\0\0\0\0", 16);
}

static void expect_ip4(uint8_t code, ip4 expected)
{
    ip4 value = 0;
    assert_int_equal(dhcp_get_ip4(&msg, code, &value), expected != 0);
    assert_int_equal(value, expected);
}

/* RFC 2131 table 5, row by row. */
static void test_each_message_has_what_its_column_says(void **state)
{
    (void)state;
    static const struct {
        enum load_exchange exchange;
        uint8_t type;
        ip4 ciaddr, requested, server;
    } rows[] = {
        {LOAD_DISCOVER_OFFER, DHCP_DISCOVER, 0, 0, 0},
        {LOAD_REQUEST_ACK, DHCP_REQUEST, 0, ADDR, SERVER},
        {LOAD_RENEW_ACK, DHCP_REQUEST, ADDR, 0, 0},
        {LOAD_RELEASE_ONLY, DHCP_RELEASE, ADDR, 0, SERVER},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        write_one(rows[i].exchange, i % 2 == 0 ? RELAY : 0);
        assert_int_equal(msg.type, rows[i].type);
        assert_int_equal(msg.ciaddr, rows[i].ciaddr);
        expect_ip4(DHCP_OPT_REQUESTED_IP, rows[i].requested);
        expect_ip4(DHCP_OPT_SERVER_ID, rows[i].server);
        assert_int_equal(dhcp_msg_has(&msg, DHCP_OPT_PRL), rows[i].type != DHCP_RELEASE);
    }
}

static void answer(uint8_t op, uint8_t type)
{
    unsigned dropped;
    dhcp_msg_init(&msg, op);
    msg.hlen = 6;
    msg.xid = XID;
    msg.yiaddr = ADDR;
    memcpy(msg.chaddr, load_client_hw(SEED, 77).bytes, 6);
    if (type != DHCP_BOOTP)
        assert_true(dhcp_put_u8(&msg, DHCP_OPT_TYPE, type));
    assert_true(dhcp_put_ip4(&msg, DHCP_OPT_SERVER_ID, SERVER));
    assert_true(dhcp_put_u32(&msg, DHCP_OPT_LEASE_TIME, 3600));
    len = dhcp_msg_encode(&msg, buf, sizeof buf, &dropped);
}

static void test_an_answer_is_read(void **state)
{
    (void)state;
    struct load_answer got;
    load_messages_init(&messages, SEED);
    answer(DHCP_BOOTREPLY, DHCP_ACK);
    assert_true(load_message_read(&messages, buf, len, &got));
    assert_int_equal(got.xid, XID);
    assert_int_equal(got.type, DHCP_ACK);
    assert_int_equal(got.client, 77);
    assert_int_equal(got.addr, ADDR);
    assert_int_equal(got.server, SERVER);
    assert_int_equal(got.lease_s, 3600);
}

/* RFC 2131 4.1: the options may go on in file and sname; what is cut at the end of a field is not read. */
static void test_options_in_every_field_are_read(void **state)
{
    (void)state;
    struct load_answer got;
    load_messages_init(&messages, SEED);
    answer(DHCP_BOOTREPLY, DHCP_OFFER);
    /* option 52 = 3, 53 = ACK, end; file: option 54 = 10.0.0.1, end; sname: padding, option 51 = 60 */
    static const uint8_t first[] = {52, 1, 3, 53, 1, DHCP_ACK, 255}, in_file[] = {54, 4, 10, 0, 0, 1, 255},
                         in_sname[] = {51, 4, 0, 0, 0, 60};
    memcpy(buf + DHCP_OPTIONS_AT, first, sizeof first);
    memcpy(buf + DHCP_FILE_AT, in_file, sizeof in_file);
    memcpy(buf + DHCP_FILE_AT - sizeof in_sname, in_sname, sizeof in_sname);
    assert_true(load_message_read(&messages, buf, len, &got));
    assert_int_equal(got.type, DHCP_ACK);
    assert_int_equal(got.server, SERVER);
    assert_int_equal(got.lease_s, 60);
    buf[DHCP_FILE_AT - 5] = 5; /* longer than what is left of sname */
    assert_true(load_message_read(&messages, buf, len, &got));
    assert_int_equal(got.lease_s, 0);
    buf[DHCP_OPTIONS_AT + 2] = 2; /* sname alone */
    assert_true(load_message_read(&messages, buf, len, &got));
    assert_int_equal(got.server, 0);
}

/* On each shorter prefix it says the same as the decoder of whole messages. */
static void test_a_cut_answer_is_read_as_far_as_it_goes(void **state)
{
    (void)state;
    load_messages_init(&messages, SEED);
    answer(DHCP_BOOTREPLY, DHCP_ACK);
    for (size_t cut = 0; cut <= len; cut++) {
        struct load_answer got;
        uint8_t *copy = malloc(cut > 0 ? cut : 1);
        assert_non_null(copy);
        memcpy(copy, buf, cut);
        bool is_one = dhcp_msg_decode(&msg, copy, cut) == REASON_NONE && msg.type != DHCP_BOOTP;
        assert_int_equal(load_message_read(&messages, copy, cut, &got), is_one);
        ip4 server = 0;
        uint32_t lease_s = 0;
        if (is_one) {
            dhcp_get_ip4(&msg, DHCP_OPT_SERVER_ID, &server);
            dhcp_get_u32(&msg, DHCP_OPT_LEASE_TIME, &lease_s);
            assert_int_equal(got.type, msg.type);
            assert_int_equal(got.server, server);
            assert_int_equal(got.lease_s, lease_s);
        }
        free(copy);
    }
}

static void test_of_another_seed_it_is_nobodys(void **state)
{
    (void)state;
    struct load_answer got;
    answer(DHCP_BOOTREPLY, DHCP_ACK);
    load_messages_init(&messages, SEED + 1);
    assert_true(load_message_read(&messages, buf, len, &got));
    assert_true(got.client == UINT32_MAX);
}

static void test_what_is_no_answer_is_not_read(void **state)
{
    (void)state;
    struct load_answer got;
    load_messages_init(&messages, SEED);
    answer(DHCP_BOOTREQUEST, DHCP_REQUEST);
    assert_false(load_message_read(&messages, buf, len, &got));
    answer(DHCP_BOOTREPLY, DHCP_BOOTP);
    assert_false(load_message_read(&messages, buf, len, &got));
    answer(DHCP_BOOTREPLY, DHCP_ACK);
    assert_false(load_message_read(&messages, buf, 239, &got));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_message_has_what_its_column_says),
        cmocka_unit_test(test_an_answer_is_read),
        cmocka_unit_test(test_options_in_every_field_are_read),
        cmocka_unit_test(test_a_cut_answer_is_read_as_far_as_it_goes),
        cmocka_unit_test(test_of_another_seed_it_is_nobodys),
        cmocka_unit_test(test_what_is_no_answer_is_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
