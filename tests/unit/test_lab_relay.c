/* What a relay agent makes of a message: RFC 1542 4.1. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

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
    assert_int_equal(relay_request(&msg, &in, OWN, relayed, &out), REASON_RELAY_REQUEST);
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
    assert_int_equal(relay_request(&msg, &in, OWN, relayed, &out), REASON_RELAY_REQUEST);
    assert_int_equal(out.src, 0x0a010101);
    assert_int_equal(relayed[3], 4);
    assert_memory_equal(relayed + 4, bytes + 4, in.len - 4);
}

/* "The relay agent MUST silently discard BOOTREQUEST messages whose 'hops' field exceeds the value 16." */
static void test_too_many_hops(void **state)
{
    (void)state;
    arrive(DHCP_BOOTREQUEST, DHCP_HOPS_MAX, 0, 0, 0);
    assert_int_equal(relay_request(&msg, &in, OWN, relayed, &out), REASON_RELAY_REQUEST);
    arrive(DHCP_BOOTREQUEST, DHCP_HOPS_MAX + 1, 0, 0, 0);
    assert_int_equal(relay_request(&msg, &in, OWN, relayed, &out), REASON_RELAY_HOPS);
}

/* RFC 1542 4.1.2: by the broadcast flag, or to what yiaddr and chaddr say. */
static void test_replies(void **state)
{
    static const struct {
        uint16_t flags;
        ip4 yiaddr, dst;
        uint8_t hlen;
        const char *dst_hw;
    } rows[] = {
        {0, 0x0a580064, 0x0a580064, 6, "02:00:00:00:00:07"},
        {DHCP_FLAG_BROADCAST, 0x0a580064, IP4_BROADCAST, 6, "ff:ff:ff:ff:ff:ff"},
        {0, 0, IP4_BROADCAST, 6, "ff:ff:ff:ff:ff:ff"},          /* a NAK */
        {0, 0x0a580064, IP4_BROADCAST, 0, "ff:ff:ff:ff:ff:ff"}, /* who goes by option 61 alone */
    };
    char text[HW_LEN];
    const struct hw_addr own = {1, 6, {2, 0, 0, 0, 0, 9}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        arrive(DHCP_BOOTREPLY, 0, OWN, rows[i].flags, rows[i].yiaddr);
        msg.hlen = rows[i].hlen;
        relay_reply(&msg, &in, &own, &out);
        assert_int_equal(out.src, OWN);
        assert_int_equal(out.dst, rows[i].dst);
        assert_int_equal(out.dport, DHCP_PORT_CLIENT);
        assert_true(hw_equal(&out.src_hw, &own));
        assert_string_equal(hw_format(&out.dst_hw, text), rows[i].dst_hw);
        assert_memory_equal(out.bytes, bytes, out.len);
    }
}

static void say(enum reason reason, enum trace_kind kind, const struct packet *packet, const char *words)
{
    static const ip4 servers[] = {SERVER, SERVER + 1};
    char list[RELAY_SERVERS_LEN], text[256];
    const struct trace_event event =
        relay_event(&msg, reason, packet, relay_servers_format(servers, 2, list));
    trace_sentence(event.reason, &event.facts, text, sizeof text);
    assert_string_equal(text, words);
    assert_int_equal(event.kind, kind);
    assert_int_equal(event.xid, msg.xid);
    assert_memory_equal(event.client.bytes, msg.chaddr, 6);
}

static void test_each_decision_is_told(void **state)
{
    const struct hw_addr own = {1, 6, {2, 0, 0, 0, 0, 9}};
    (void)state;
    arrive(DHCP_BOOTREQUEST, 0, 0, 0, 0);
    relay_request(&msg, &in, OWN, relayed, &out);
    say(REASON_RELAY_REQUEST, TRACE_DECISION, &out,
        "relayed to 10.77.0.1, 10.77.0.2 with giaddr 10.88.0.1 (RFC 1542 4.1.1)");
    arrive(DHCP_BOOTREQUEST, DHCP_HOPS_MAX + 1, 0, 0, 0);
    say(REASON_RELAY_HOPS, TRACE_DROP, &in, "hops is 17: not relayed any further (RFC 1542 4.1.1)");
    in.len = DHCP_MSG_MAX + 1;
    msg.hops = 0;
    assert_int_equal(relay_request(&msg, &in, OWN, relayed, &out), REASON_RELAY_LONG);
    char words[64];
    snprintf(words, sizeof words, "%d octets are more than are relayed", DHCP_MSG_MAX + 1);
    say(REASON_RELAY_LONG, TRACE_DROP, &in, words);
    arrive(DHCP_BOOTREPLY, 0, OWN, 0, 0x0a580064);
    relay_reply(&msg, &in, &own, &out);
    say(REASON_RELAY_REPLY, TRACE_DECISION, &out,
        "relayed to 10.88.0.100 on the link of giaddr 10.88.0.1 (RFC 1542 4.1.2)");
    say(REASON_RELAY_OTHER, TRACE_DROP, &in, "giaddr 10.88.0.1 is no address of this relay agent");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_request_gets_giaddr_and_a_hop),
        cmocka_unit_test(test_the_giaddr_of_another_stays),
        cmocka_unit_test(test_too_many_hops),
        cmocka_unit_test(test_replies),
        cmocka_unit_test(test_each_decision_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
