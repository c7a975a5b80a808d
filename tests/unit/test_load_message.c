#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
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
        .exchange = exchange, .client = 0x010203, .xid = XID, .addr = ADDR, .server = SERVER};
    load_messages_init(&messages, SEED);
    len = load_message_write(&messages, &send, relay, buf);
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
        cmocka_unit_test(test_of_another_seed_it_is_nobodys),
        cmocka_unit_test(test_what_is_no_answer_is_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
