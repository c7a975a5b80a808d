#include "lab/relay.h"

#include <string.h>

#include "common/dhcp_proto.h"

enum { HOPS_AT = 3, GIADDR_AT = 24 }; /* in the message, RFC 2131 2 */

/* RFC 1542 4.1.1: "If the relay agent does decide to relay the request, it MUST examine the 'giaddr'
 * ("gateway" IP address) field. If this field is zero, the relay agent MUST fill this field with the IP
 * address of the interface on which the request was received. ... The value of the 'hops' field MUST be
 * incremented." Nothing else of the message is changed. */
enum reason relay_request(const struct dhcp_msg *msg, const struct packet *in, ip4 own,
                          uint8_t bytes[DHCP_MSG_MAX], struct packet *out)
{
    ip4 giaddr = msg->giaddr != 0 ? msg->giaddr : own;
    if (msg->hops > DHCP_HOPS_MAX)
        return REASON_RELAY_HOPS;
    if (in->len > DHCP_MSG_MAX)
        return REASON_RELAY_LONG;
    memcpy(bytes, in->bytes, in->len);
    bytes[HOPS_AT]++;
    for (int i = 0; i < 4; i++)
        bytes[GIADDR_AT + i] = (uint8_t)(giaddr >> (24 - 8 * i));
    *out = (struct packet){
        .src = giaddr, .sport = DHCP_PORT_SERVER, .dport = DHCP_PORT_SERVER, .bytes = bytes, .len = in->len};
    return REASON_RELAY_REQUEST;
}

/* RFC 1542 4.1.2: to the client on the interface that 'giaddr' names, as its broadcast flag says; and to all
 * where the client has no address of this kind of link. */
void relay_reply(const struct dhcp_msg *msg, const struct packet *in, const struct hw_addr *own_hw,
                 struct packet *out)
{
    struct hw_addr hw = dhcp_msg_hw(msg);
    bool broadcast = (msg->flags & DHCP_FLAG_BROADCAST) != 0 || msg->yiaddr == 0 || hw.len != own_hw->len;
    *out = (struct packet){.src_hw = *own_hw,
                           .dst_hw = broadcast ? hw_broadcast(own_hw) : hw,
                           .src = msg->giaddr,
                           .dst = broadcast ? IP4_BROADCAST : msg->yiaddr,
                           .sport = DHCP_PORT_SERVER,
                           .dport = DHCP_PORT_CLIENT,
                           .bytes = in->bytes,
                           .len = in->len};
}

struct trace_event relay_event(const struct dhcp_msg *msg, enum reason reason, const struct packet *packet,
                               const char *servers)
{
    bool is_request = reason == REASON_RELAY_REQUEST, is_relayed = is_request || reason == REASON_RELAY_REPLY;
    return (struct trace_event){
        .kind = is_relayed ? TRACE_DECISION : TRACE_DROP,
        .reason = reason,
        .facts = {.addr = is_request ? packet->src : packet->dst,
                  .other = msg->giaddr,
                  .num = reason == REASON_RELAY_HOPS ? msg->hops : (int64_t)packet->len,
                  .text = servers},
        .xid = msg->xid,
        .client = dhcp_msg_hw(msg)};
}

const char *relay_servers_format(const ip4 *servers, size_t n, char *buf)
{
    char *at = buf;
    *at = '\0';
    for (size_t i = 0; i < n; i++)
        at = ip4_format_end(servers[i], i > 0 ? stpcpy(at, ", ") : at);
    return buf;
}
