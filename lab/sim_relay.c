/* A relay agent, RFC 1542 4.1, on a host that also routes between its segments. */
#include <string.h>

#include "common/dhcp_msg.h"
#include "lab/sim_node.h"

enum { HOPS_AT = 3, GIADDR_AT = 24 }; /* in the message, RFC 2131 2 */

static struct sim_port *find_port(const struct sim_host *host, ip4 addr)
{
    for (size_t i = 0; i < host->n_ports; i++)
        if (host->ports[i]->addr.addr == addr)
            return host->ports[i];
    return NULL;
}

/* Away from `port`, to where the destination is. */
static void send_on(struct sim_port *port, const struct packet *packet, bool is_traced)
{
    struct sim_host *host = port->host;
    struct sim_world *w = host->world;
    for (size_t i = 0; i < host->n_ports; i++) {
        struct sim_port *out = host->ports[i];
        if (out == port || sim_world_find_addr(w, out->segment, packet->dst, NULL) == NULL)
            continue;
        if (is_traced && w->observer.message != NULL)
            w->observer.message(w->observer.user, host, TRACE_TX, out, packet);
        sim_world_send(w, &out->own, packet);
        return;
    }
}

bool sim_relay_is_own(const struct sim_host *host, ip4 addr)
{
    return find_port(host, addr) != NULL;
}

bool sim_relay_reaches(const struct sim_port *port, ip4 addr)
{
    const struct sim_host *host = port->host;
    for (size_t i = 0; i < host->n_ports; i++) {
        const struct sim_port *other = host->ports[i];
        if (other->addr.addr == addr ||
            (other != port && sim_world_find_addr(host->world, other->segment, addr, NULL) != NULL))
            return true;
    }
    return false;
}

void sim_relay_forward(struct sim_port *port, const struct packet *packet)
{
    struct packet routed = *packet;
    routed.src_hw = routed.dst_hw = (struct hw_addr){0};
    send_on(port, &routed, false);
}

/* RFC 1542 4.1.1: "If the relay agent does decide to relay the request, it MUST examine the 'giaddr'
 * ("gateway" IP address) field. If this field is zero, the relay agent MUST fill this field with the IP
 * address of the interface on which the request was received. ... The value of the 'hops' field MUST be
 * incremented." Nothing else of the message is changed. */
static void relay_request(struct sim_port *port, const struct dhcp_msg *msg, struct packet *packet)
{
    const struct sim_host *host = port->host;
    uint8_t bytes[DHCP_MSG_MAX];
    ip4 giaddr = msg->giaddr != 0 ? msg->giaddr : port->addr.addr;
    if (msg->hops >= DHCP_HOPS_MAX || packet->len > sizeof bytes)
        return;
    memcpy(bytes, packet->bytes, packet->len);
    bytes[HOPS_AT]++;
    for (int i = 0; i < 4; i++)
        bytes[GIADDR_AT + i] = (uint8_t)(giaddr >> (24 - 8 * i));
    packet->bytes = bytes;
    packet->src = giaddr;
    packet->sport = DHCP_PORT_SERVER;
    for (size_t i = 0; i < host->n_relay_servers; i++) {
        packet->dst = host->relay_servers[i];
        send_on(port, packet, true);
    }
}

/* RFC 1542 4.1.2: to the client on the interface that 'giaddr' names, as its broadcast flag says. */
static void relay_reply(struct sim_host *host, const struct dhcp_msg *msg, struct packet *packet)
{
    struct sim_port *out = find_port(host, msg->giaddr);
    struct sim_world *w = host->world;
    if (out == NULL)
        return;
    bool broadcast = (msg->flags & DHCP_FLAG_BROADCAST) != 0 || msg->yiaddr == 0;
    packet->src = out->addr.addr;
    packet->dst = broadcast ? IP4_BROADCAST : msg->yiaddr;
    packet->dst_hw = broadcast ? (struct hw_addr){0} : dhcp_msg_hw(msg);
    packet->src_hw = out->own.hw;
    packet->dport = DHCP_PORT_CLIENT;
    if (w->observer.message != NULL)
        w->observer.message(w->observer.user, host, TRACE_TX, out, packet);
    sim_world_send(w, &out->own, packet);
}

void sim_relay_receive(struct sim_port *port, const struct packet *packet)
{
    struct sim_world *w = port->host->world;
    struct dhcp_msg msg;
    if (w->observer.message != NULL)
        w->observer.message(w->observer.user, port->host, TRACE_RX, port, packet);
    if (dhcp_msg_decode(&msg, packet->bytes, packet->len) != REASON_NONE)
        return;
    struct packet out = *packet;
    out.src_hw = out.dst_hw = (struct hw_addr){0};
    if (msg.op == DHCP_BOOTREQUEST)
        relay_request(port, &msg, &out);
    else
        relay_reply(port->host, &msg, &out);
}
