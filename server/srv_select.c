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
    if (s->e->config->ignore_link_selection)
        s->relay.link = 0;
}

void srv_select_enter(struct srv_step *s, const struct srv_subnet *subnet)
{
    s->subnet = subnet;
    s->lifetime = subnet->lifetime;
    s->boot = subnet->boot;
    s->client.match_client_id = subnet->match_client_id;
}

void srv_select_move(struct srv_step *s, const struct srv_subnet *subnet)
{
    if (subnet == NULL || subnet == s->subnet)
        return;
    srv_select_enter(s, subnet);
    srv_step_decide(
        s, REASON_SUBNET_SHARED,
        (struct trace_facts){.net = subnet->net, .text = srv_step_text(s, subnet->network->name)});
}

bool srv_select_take(struct srv_step *s, const struct srv_subnet *subnet, enum reason reason, ip4 addr,
                     const char *text)
{
    if (subnet == NULL) {
        srv_step_drop(s, REASON_NO_SUBNET, (struct trace_facts){.addr = addr});
        return false;
    }
    srv_select_enter(s, subnet);
    srv_step_decide(s, reason, (struct trace_facts){.net = subnet->net, .addr = addr, .text = text});
    return true;
}

static const struct srv_subnet *find_interface(const struct srv_config *config, const char *name)
{
    for (size_t i = 0; i < config->n_subnets; i++)
        if (name[0] != '\0' && strcmp(config->subnets[i].interface, name) == 0)
            return &config->subnets[i];
    return NULL;
}

/* RFC 2131 4.3.1: "the address is selected based on the subnet from which the message was received (if
 * 'giaddr' is 0) or on the address of the relay agent that forwarded the message ('giaddr' when not 0)".
 *
 * RFC 3011 2: "This option takes precedence over the methods that the DHCP server uses"; but RFC 3527 lets
 * the relay's word count more, as it is nearer to us than the client. Where giaddr is not an address of the
 * client's link, the subnet may name it. */
const struct srv_subnet *srv_select_find(const struct srv_config *config, const struct srv_select_from *from,
                                         enum reason *out_reason, ip4 *out_addr)
{
    const struct srv_subnet *named;
    if (from->link != 0) {
        *out_reason = REASON_SUBNET_LINK;
        *out_addr = from->link;
    } else if (config->subnet_selection && from->selected != 0) {
        *out_reason = REASON_SUBNET_SELECTED;
        *out_addr = from->selected;
    } else if (from->giaddr != 0) {
        *out_reason = REASON_SUBNET_RELAY_NAMED;
        *out_addr = from->giaddr;
        if ((named = srv_config_find_relay(config, from->giaddr)) != NULL)
            return named;
        *out_reason = REASON_SUBNET_RELAY;
    } else {
        *out_reason = REASON_SUBNET_INTERFACE_NAME;
        *out_addr = from->ifaddr;
        if ((named = find_interface(config, from->ifname)) != NULL)
            return named;
        *out_reason = REASON_SUBNET_INTERFACE;
    }
    return srv_config_find_subnet(config, *out_addr);
}

bool srv_select_subnet(struct srv_step *s)
{
    struct srv_select_from from = {.link = s->relay.link,
                                   .giaddr = s->msg->giaddr,
                                   .ifname = s->ev->iface->name,
                                   .ifaddr = s->ev->iface->addr.addr};
    enum reason reason;
    ip4 addr;
    dhcp_get_ip4(s->msg, DHCP_OPT_SUBNET_SELECTION, &from.selected);
    const struct srv_subnet *subnet = srv_select_find(s->e->config, &from, &reason, &addr);
    return srv_select_take(s, subnet, reason, addr, srv_step_text(s, from.ifname));
}
