/* A relay agent on a simulated host, which also routes between its segments. */
#include "common/dhcp_msg.h"
#include "lab/relay.h"
#include "lab/sim_node.h"

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

/* The decision comes before what is sent because of it. */
static void tell(const struct sim_host *host, const struct dhcp_msg *msg, enum reason reason,
                 const struct packet *packet)
{
    const struct sim_observer *observer = &host->world->observer;
    char servers[RELAY_SERVERS_LEN];
    const struct trace_event event = relay_event(
        msg, reason, packet, relay_servers_format(host->relay_servers, host->n_relay_servers, servers));
    if (observer->event != NULL)
        observer->event(observer->user, host, &event);
}

static void relay_to_servers(struct sim_port *port, const struct dhcp_msg *msg, const struct packet *packet)
{
    const struct sim_host *host = port->host;
    uint8_t bytes[DHCP_MSG_MAX];
    struct packet out;
    enum reason reason = relay_request(msg, packet, port->addr.addr, bytes, &out);
    tell(host, msg, reason, reason == REASON_RELAY_REQUEST ? &out : packet);
    if (reason != REASON_RELAY_REQUEST)
        return;
    for (size_t i = 0; i < host->n_relay_servers; i++) {
        out.dst = host->relay_servers[i];
        send_on(port, &out, true);
    }
}

static void relay_to_client(struct sim_host *host, const struct dhcp_msg *msg, const struct packet *packet)
{
    struct sim_port *port = find_port(host, msg->giaddr);
    struct sim_world *w = host->world;
    struct packet out;
    if (port == NULL) {
        tell(host, msg, REASON_RELAY_OTHER, packet);
        return;
    }
    relay_reply(msg, packet, &port->own.hw, &out);
    tell(host, msg, REASON_RELAY_REPLY, &out);
    if (w->observer.message != NULL)
        w->observer.message(w->observer.user, host, TRACE_TX, port, &out);
    sim_world_send(w, &port->own, &out);
}

void sim_relay_receive(struct sim_port *port, const struct packet *packet)
{
    struct sim_world *w = port->host->world;
    struct dhcp_msg msg;
    if (w->observer.message != NULL)
        w->observer.message(w->observer.user, port->host, TRACE_RX, port, packet);
    if (dhcp_msg_decode(&msg, packet->bytes, packet->len) != REASON_NONE)
        return;
    if (msg.op == DHCP_BOOTREQUEST)
        relay_to_servers(port, &msg, packet);
    else
        relay_to_client(port->host, &msg, packet);
}
