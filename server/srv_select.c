#include "server/srv_select.h"

#include <string.h>

#include "common/dhcp_opt_walk.h"

/* Without giaddr, whoever sent option 82 is no relay that our answer goes through: a client that forges it
 * must not choose its subnet. */
void srv_select_read_relay(struct srv_step *s)
{
    const struct dhcp_option *info = dhcp_msg_find(s->msg, DHCP_OPT_RELAY_INFO);
    if (info == NULL || s->msg->giaddr == 0)
        return;
    struct wire_reader r;
    struct opt_part part;
    wire_reader_init(&r, info->data, info->len);
    while (dhcp_opt_walk_suboption(&r, OPT_SUBOPTIONS, &part)) {
        if (part.id == DHCP_RELAY_LINK_SELECTION && part.len == 4)
            s->relay.link = wire_u32(part.data);
        else if (part.id == DHCP_RELAY_SERVER_ID && part.len == 4)
            s->relay.server_id = wire_u32(part.data);
        else if (part.id == DHCP_RELAY_PORT)
            s->relay.port = s->ev->packet.sport;
    }
}

bool srv_select_take(struct srv_step *s, const struct srv_subnet *subnet, enum reason reason, ip4 addr,
                     const char *text)
{
    if (subnet == NULL) {
        srv_step_drop(s, REASON_NO_SUBNET, (struct trace_facts){.addr = addr});
        return false;
    }
    s->subnet = subnet;
    s->lifetime = subnet->lifetime;
    s->boot = subnet->boot;
    s->client.match_client_id = subnet->match_client_id;
    srv_step_decide(s, reason, (struct trace_facts){.net = subnet->net, .addr = addr, .text = text});
    return true;
}

/* RFC 3011 2: "This option takes precedence over the methods that the DHCP server uses"; but RFC 3527 lets
 * the relay's word count more, as it is nearer to us than the client. Where giaddr is not an address of the
 * client's link, the subnet may name it. */
static bool find_relayed_subnet(struct srv_step *s)
{
    const struct srv_config *config = s->e->config;
    ip4 giaddr = s->msg->giaddr;
    const struct srv_subnet *named = srv_config_find_relay(config, giaddr);
    if (named != NULL)
        return srv_select_take(s, named, REASON_SUBNET_RELAY_NAMED, giaddr, NULL);
    return srv_select_take(s, srv_config_find_subnet(config, giaddr), REASON_SUBNET_RELAY, giaddr, NULL);
}

/* RFC 2131 4.3.1: "the address is selected based on the subnet from which the message was received (if
 * 'giaddr' is 0) or on the address of the relay agent that forwarded the message ('giaddr' when not 0)". */
bool srv_select_subnet(struct srv_step *s)
{
    const struct srv_config *config = s->e->config;
    const struct srv_iface *iface = s->ev->iface;
    ip4 selected;
    if (s->relay.link != 0)
        return srv_select_take(s, srv_config_find_subnet(config, s->relay.link), REASON_SUBNET_LINK,
                               s->relay.link, NULL);
    if (config->subnet_selection && dhcp_get_ip4(s->msg, DHCP_OPT_SUBNET_SELECTION, &selected))
        return srv_select_take(s, srv_config_find_subnet(config, selected), REASON_SUBNET_SELECTED, selected,
                               NULL);
    if (s->msg->giaddr != 0)
        return find_relayed_subnet(s);
    for (size_t i = 0; i < config->n_subnets; i++)
        if (strcmp(config->subnets[i].interface, iface->name) == 0)
            return srv_select_take(s, &config->subnets[i], REASON_SUBNET_INTERFACE_NAME, iface->addr.addr,
                                   srv_step_text(s, iface->name));
    return srv_select_take(s, srv_config_find_subnet(config, iface->addr.addr), REASON_SUBNET_INTERFACE,
                           iface->addr.addr, NULL);
}
