/* Messages for the tests of the replay's modules. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/dhcp_msg.h"

enum {
    CLIENT_ADDR = 0x0a4d0064, /* 10.77.0.100 */
    SERVER_1 = 0x0a4d0001,    /* 10.77.0.1 */
    SERVER_2 = 0x0a4d0002,
    RELAY = 0x0a4d0005,
    XID = 0x3903f326,
};

static const struct hw_addr HW = {.type = 1, .len = 6, .bytes = {0x02, 0, 0x5e, 0x10, 0, 1}};

/* A message in its octets. */
struct octets {
    uint8_t bytes[DHCP_MSG_MAX];
    size_t len;
};

/* Makes a message of the type in the transaction XID of the client HW; `server` 0: without option 54. */
__attribute__((unused)) static void message(struct dhcp_msg *m, uint8_t type, ip4 server)
{
    bool is_answer = type == DHCP_OFFER || type == DHCP_ACK || type == DHCP_NAK;
    dhcp_msg_init(m, is_answer ? DHCP_BOOTREPLY : DHCP_BOOTREQUEST);
    m->htype = HW.type;
    m->hlen = HW.len;
    m->xid = XID;
    memcpy(m->chaddr, HW.bytes, HW.len);
    assert_true(dhcp_put_u8(m, DHCP_OPT_TYPE, type));
    if (server != 0)
        assert_true(dhcp_put_ip4(m, DHCP_OPT_SERVER_ID, server));
}

__attribute__((unused)) static struct octets encode(const struct dhcp_msg *m)
{
    struct octets out;
    unsigned dropped;
    out.len = dhcp_msg_encode(m, out.bytes, sizeof out.bytes, &dropped);
    assert_int_equal(dropped, 0);
    return out;
}
