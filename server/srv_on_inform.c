/* DHCPINFORM, RFC 2131 4.3.5. */
#include "server/srv_on.h"

#include "server/srv_grant.h"
#include "server/srv_select.h"
#include "server/srv_send.h"

/* Where the client is. One that knows its address but leaves ciaddr 0 breaks RFC 2131 4.4.3; the datagram
 * tells it all the same, unless a relay has sent that. */
static ip4 find_informed(const struct srv_step *s)
{
    if (s->msg->ciaddr != 0 || s->msg->giaddr != 0)
        return s->msg->ciaddr;
    return s->ev->packet.src;
}

/* RFC 2131 3.4: "The server SHOULD check the network address in a DHCPINFORM message for consistency, but
 * MUST NOT check for an existing lease." An answer to all hosts, or to ourselves, is not wanted. */
static bool is_host_of(const struct srv_step *s, ip4 addr)
{
    struct ip4_net net = s->subnet->net;
    return addr != s->ev->iface->addr.addr &&
           (net.len >= 31 || (addr != ip4_net_base(net) && addr != ip4_net_broadcast(net)));
}

void srv_on_inform(struct srv_step *s)
{
    ip4 addr = find_informed(s);
    if (addr == 0) {
        srv_step_drop(s, REASON_MSG_NO_ADDRESS);
        return;
    }
    if (!srv_select_take(s, srv_config_find_subnet(s->e->config, addr), REASON_SUBNET_CIADDR, addr, NULL))
        return;
    if (!is_host_of(s, addr)) {
        *srv_step_drop(s, REASON_INFORM_ADDR) = (struct trace_facts){.addr = addr, .net = s->subnet->net};
        return;
    }
    srv_step_decide(s, REASON_INFORM)->addr = addr;
    const struct srv_pool *pool = srv_config_find_pool(s->subnet, addr);
    srv_send_reply(s, pool, &(struct srv_reply){.type = DHCP_ACK, .inform_to = addr});
}
