/* What a relay agent makes of a message: RFC 1542 4.1. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lab/relay.h"

enum { OWN = 0x0a580001, SERVER = 0x0a4d0001 };

static struct dhcp_msg msg;
static uint8_t bytes[DHCP_MSG_MAX], relayed[DHCP_MSG_MAX];
static struct packet in, out;

static void arrive(uint8_t op, uint8_t hops, ip4 giaddr, uint16_t flags, ip4 yiaddr)
{
    unsigned dropped;
    dhcp_msg_init(&msg, op);
    msg.htype = 1;
    msg.hlen = 6;
    memcpy(msg.chaddr, "\2\0\0\0\0\7", 6);
    msg.hops = hops;
    msg.giaddr = giaddr;
    msg.flags = flags;
    msg.yiaddr = yiaddr;
    msg.type = op == DHCP_BOOTREQUEST ? DHCP_DISCOVER : DHCP_OFFER;
    dhcp_put_u8(&msg, DHCP_OPT_TYPE, msg.type);
    in =
        (struct packet){.src = op == DHCP_BOOTREQUEST ? 0 : SERVER, .sport = 68, .dport = 67, .bytes = bytes};
    in.len = dhcp_msg_encode(&msg, bytes, sizeof bytes, &dropped);
    assert_int_equal(dhcp_msg_decode(&msg, bytes, in.len), REASON_NONE);
}

/* "If this field is zero, the relay agent MUST fill this field with the IP address of the interface on which
 * the request was received." "The value of the 'hops' field MUST be incremented." */
static void test_a_request_gets_giaddr_and_a_hop(void **state)
{
    (void)state;
    arrive(DHCP_BOOTREQUEST, 0, 0, 0, 0);
    assert_true(relay_request(&msg, &in, OWN, relayed, &out));
    assert_int_equal(out.src, OWN);
    assert_int_equal(out.sport, DHCP_PORT_SERVER);
    assert_int_equal(out.dport, DHCP_PORT_SERVER);
    assert_int_equal(out.len, in.len);
    static const uint8_t giaddr[] = {10, 88, 0, 1};
    bytes[3] = 1;
    memcpy(bytes + 24, giaddr, sizeof giaddr);
    assert_memory_equal(relayed, bytes, in.len); /* and nothing else */
}

/* "If the 'giaddr' field contains some non-zero value, the 'giaddr' field MUST NOT be modified." */
static void test_the_giaddr_of_another_stays(void **state)
{
    (void)state;
    arrive(DHCP_BOOTREQUEST, 3, 0x0a010101, 0, 0);
    assert_true(relay_request(&msg, &in, OWN, relayed, &out));
    assert_int_equal(out.src, 0x0a010101);
    assert_int_equal(relayed[3], 4);
    assert_memory_equal(relayed + 4, bytes + 4, in.len - 4);
}

/* "The relay agent MUST silently discard BOOTREQUEST messages whose 'hops' field exceeds the value 16." */
static void test_too_many_hops(void **state)
{
    (void)state;
    arrive(DHCP_BOOTREQUEST, DHCP_HOPS_MAX - 1, 0, 0, 0);
    assert_true(relay_request(&msg, &in, OWN, relayed, &out));
    arrive(DHCP_BOOTREQUEST, DHCP_HOPS_MAX, 0, 0, 0);
    assert_false(relay_request(&msg, &in, OWN, relayed, &out));
}

/* RFC 1542 4.1.2: by the broadcast flag, or to what yiaddr and chaddr say. */
static void test_replies(void **state)
{
    static const struct {
        uint16_t flags;
        ip4 yiaddr, dst;
        uint8_t hw_len;
    } rows[] = {
        {0, 0x0a580064, 0x0a580064, 6},
        {DHCP_FLAG_BROADCAST, 0x0a580064, IP4_BROADCAST, 0},
        {0, 0, IP4_BROADCAST, 0}, /* a NAK */
    };
    const struct hw_addr own = {1, 6, {2, 0, 0, 0, 0, 9}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        arrive(DHCP_BOOTREPLY, 0, OWN, rows[i].flags, rows[i].yiaddr);
        relay_reply(&msg, &in, &own, &out);
        assert_int_equal(out.src, OWN);
        assert_int_equal(out.dst, rows[i].dst);
        assert_int_equal(out.dport, DHCP_PORT_CLIENT);
        assert_true(hw_equal(&out.src_hw, &own));
        assert_int_equal(out.dst_hw.len, rows[i].hw_len);
        assert_memory_equal(out.dst_hw.bytes, msg.chaddr, rows[i].hw_len);
        assert_memory_equal(out.bytes, bytes, out.len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_request_gets_giaddr_and_a_hop),
        cmocka_unit_test(test_the_giaddr_of_another_stays),
        cmocka_unit_test(test_too_many_hops),
        cmocka_unit_test(test_replies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
