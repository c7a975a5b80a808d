#include "server/srv_route.h"

enum { HTYPE_ETHERNET = 1, ETHERNET_LEN = 6 };

static enum reason to_udp(ip4 dst, uint16_t port, enum reason reason, struct packet *out_packet)
{
    out_packet->dst = dst;
    out_packet->dport = port;
    return reason;
}

enum reason srv_route_answer(const struct srv_reply *reply, struct packet *out_packet, enum srv_via *out_via,
                             struct trace_facts *out_facts)
{
    const struct dhcp_msg *req = reply->request;
    *out_via = SRV_VIA_UDP;
    *out_packet = (struct packet){.src = reply->server, .sport = DHCP_PORT_SERVER};
    *out_facts = (struct trace_facts){0};

    /* RFC 2131 4.3.5: "The server responds to a DHCPINFORM message by sending a DHCPACK message directly to
     * the address given in the 'ciaddr' field of the DHCPINFORM message." */
    if (reply->inform_to != 0) {
        out_facts->addr = reply->inform_to;
        return to_udp(reply->inform_to, DHCP_PORT_CLIENT,
                      req->ciaddr != 0 ? REASON_TO_INFORM : REASON_TO_SOURCE, out_packet);
    }

    /* RFC 1542 5.4 has ciaddr count before giaddr, other than RFC 2131. */
    if (reply->type == DHCP_BOOTP && req->ciaddr != 0) {
        out_facts->addr = req->ciaddr;
        return to_udp(req->ciaddr, DHCP_PORT_CLIENT, REASON_TO_BOOTP, out_packet);
    }

    /* RFC 2131 4.1: "If the 'giaddr' field in a DHCP message from a client is non-zero, the server sends any
     * return messages to the 'DHCP server' port on the BOOTP relay agent whose address appears in 'giaddr'."
     */
    if (req->giaddr != 0) {
        out_facts->addr = req->giaddr;
        out_facts->num = reply->relay_port;
        if (reply->relay_port != 0)
            return to_udp(req->giaddr, reply->relay_port, REASON_TO_RELAY_PORT, out_packet);
        return to_udp(req->giaddr, DHCP_PORT_SERVER, REASON_TO_RELAY, out_packet);
    }

    /* "In all cases, when 'giaddr' is zero, the server broadcasts any DHCPNAK messages to 0xffffffff." */
    bool kea_unicasts = reply->config->kea && req->ciaddr != 0;
    if (reply->type == DHCP_NAK && !kea_unicasts)
        return to_udp(IP4_BROADCAST, DHCP_PORT_CLIENT, REASON_TO_BROADCAST_NAK, out_packet);

    /* "If the 'giaddr' field is zero and the 'ciaddr' field is nonzero, then the server unicasts DHCPOFFER
     * and DHCPACK messages to the address in 'ciaddr'." */
    if (req->ciaddr != 0) {
        out_facts->addr = req->ciaddr;
        return to_udp(req->ciaddr, DHCP_PORT_CLIENT, REASON_TO_CIADDR, out_packet);
    }

    /* "If 'giaddr' is zero and 'ciaddr' is zero, and the broadcast bit is set, then the server broadcasts
     * DHCPOFFER and DHCPACK messages to 0xffffffff." */
    if (req->flags & DHCP_FLAG_BROADCAST)
        return to_udp(IP4_BROADCAST, DHCP_PORT_CLIENT, REASON_TO_BROADCAST_FLAG, out_packet);

    /* "If unicasting is not possible, the message MAY be sent as an IP broadcast using an IP broadcast
     * address (preferably 0xffffffff)". */
    if (req->htype != HTYPE_ETHERNET || req->hlen != ETHERNET_LEN) {
        out_facts->num = req->htype;
        out_facts->max = req->hlen;
        return to_udp(IP4_BROADCAST, DHCP_PORT_CLIENT, REASON_TO_BROADCAST_HW, out_packet);
    }
    if (reply->yiaddr == 0)
        return to_udp(IP4_BROADCAST, DHCP_PORT_CLIENT, REASON_TO_BROADCAST_NO_ADDR, out_packet);
    if (reply->config->socket_type == SRV_SOCKET_UDP)
        return to_udp(IP4_BROADCAST, DHCP_PORT_CLIENT, REASON_TO_BROADCAST_UDP, out_packet);

    /* "If the broadcast bit is not set and 'giaddr' is zero and 'ciaddr' is zero, then the server unicasts
     * DHCPOFFER and DHCPACK messages to the client's hardware address and 'yiaddr' address." */
    *out_via = SRV_VIA_RAW;
    out_packet->dst_hw = out_facts->hw = dhcp_msg_hw(req);
    out_facts->addr = reply->yiaddr;
    return to_udp(reply->yiaddr, DHCP_PORT_CLIENT, REASON_TO_YIADDR, out_packet);
}
