#include "server/srv_select.h"

#include "common/dhcp_opt_walk.h"
#include "server/srv_classify.h"
#include "server/srv_index.h"

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

/* RFC 3046 2.1: "Relay agents are NOT required to monitor or modify client-originated DHCP packets addressed
 * to a server unicast address. This includes the DHCP-REQUEST sent when entering the RENEWING state." */
void srv_select_stash(struct srv_step *s)
{
    const struct srv_config *config = s->e->config;
    ip4 addr = s->msg->ciaddr;
    struct srv_lease lease;
    if (!config->stash_relay_info || srv_step_is_broadcast(s) || dhcp_msg_has(s->msg, DHCP_OPT_RELAY_INFO) ||
        !srv_lease_find(s->e->leases, addr, &lease) || lease.state != SRV_LEASE_ACTIVE ||
        lease.relay_info_len == 0)
        return;
    struct srv_identity client = s->client;
    client.match_client_id = srv_config_matches_client_id(config, lease.subnet_id);
    if (!srv_lease_is_of(&lease, &client))
        return;
    s->is_stashed = dhcp_put_bytes(&s->e->msg, DHCP_OPT_RELAY_INFO, lease.relay_info, lease.relay_info_len);
    srv_step_decide(s, REASON_STASHED)->addr = addr;
}

static void take_host(struct srv_step *s, const struct srv_host *host)
{
    const struct srv_host *before = s->host;
    char id[SRV_HOST_ID_TEXT];
    s->host = host;
    if (host == NULL || host == before)
        return;
    for (size_t i = 0; i < host->classes.n; i++)
        srv_class_add(s->classes, s->e->config, host->classes.numbers[i]);
    struct trace_facts facts = {.text = srv_step_text(s, srv_host_id_format(&host->id, id))};
    if (s->subnet != NULL)
        facts.net = s->subnet->net;
    *srv_step_decide(s, host->subnet_id == SRV_HOST_GLOBAL ? REASON_HOST_GLOBAL : REASON_HOST) = facts;
}

void srv_select_early_host(struct srv_step *s)
{
    take_host(s, srv_host_find(s->e->config->hosts, SRV_HOST_GLOBAL, &s->host_ids));
}

/* The reservation that holds in the subnet, and the classes that it puts the client into. */
static void find_host(struct srv_step *s, const struct srv_subnet *subnet)
{
    s->subnet = subnet;
    take_host(s, s->host_ids.n == 0 ? NULL : srv_host_of(s->e->config, subnet, &s->host_ids));
}

/* Has any subnet of the link a reservation for the client? */
static bool is_known(const struct srv_step *s, const struct srv_subnet *first)
{
    const struct srv_config *config = s->e->config;
    const struct srv_subnet *subnet = s->host_ids.n == 0 ? NULL : first;
    while (subnet != NULL && srv_host_of(config, subnet, &s->host_ids) == NULL)
        subnet = srv_config_next_neighbour(config, first, subnet);
    return subnet != NULL;
}

static void apply_host(const struct srv_host *host, struct srv_boot *boot)
{
    if (host->boot.next_server != 0)
        boot->next_server = host->boot.next_server;
    if (host->boot.server_hostname[0] != '\0')
        boot->server_hostname = host->boot.server_hostname;
    if (host->boot.boot_file_name[0] != '\0')
        boot->boot_file_name = host->boot.boot_file_name;
}

/* From now on the client is served from `subnet`: what holds for it there is in the step. */
static void enter(struct srv_step *s, const struct srv_subnet *subnet)
{
    s->subnet = subnet;
    s->is_offered_known = false;
    s->has_no_lease = false;
    s->lifetime = subnet->lifetime;
    s->boot = subnet->boot;
    if (s->e->config->n_classes != 0)
        srv_class_apply(s->classes, &s->boot, &s->lifetime);
    if (s->host != NULL)
        apply_host(s->host, &s->boot);
}

void srv_select_move(struct srv_step *s, const struct srv_subnet *subnet)
{
    if (subnet == NULL || subnet == s->subnet)
        return;
    *srv_step_decide(s, REASON_SUBNET_SHARED) =
        (struct trace_facts){.net = subnet->net, .text = srv_step_text(s, subnet->network->name)};
    find_host(s, subnet);
    if (s->client.match_client_id != subnet->match_client_id)
        srv_step_identify(s, subnet->match_client_id);
    enter(s, subnet);
}

static void drop_closed(struct srv_step *s, const struct srv_subnet *subnet)
{
    srv_classify_tell(s);
    srv_step_drop(s, REASON_SUBNET_CLASS)->net = subnet->net;
}

bool srv_select_take(struct srv_step *s, const struct srv_subnet *subnet, enum reason reason, ip4 addr,
                     const char *text)
{
    if (subnet == NULL) {
        srv_step_drop(s, REASON_NO_SUBNET)->addr = addr;
        return false;
    }
    if (!srv_class_passes_subnet(s->classes, subnet)) {
        drop_closed(s, subnet);
        return false;
    }
    struct trace_facts *facts = srv_step_decide(s, reason);
    facts->net = subnet->net;
    facts->addr = addr;
    facts->text = text;
    bool is_known_early = s->host != NULL;
    find_host(s, subnet);
    if (!srv_classify_known(s, is_known_early || is_known(s, subnet)))
        return false;
    srv_step_identify(s, subnet->match_client_id);
    enter(s, subnet);
    return true;
}

/* ---- finding ---- */

/* The first one that the client's classes let it into. Without one, the last in the file goes to *out_closed,
 * if there is any. */
static inline const struct srv_subnet *first_open(const struct srv_index_place *place,
                                                  const struct srv_select_from *from,
                                                  const struct srv_subnet **out_closed)
{
    const struct srv_subnet *closed = NULL;
    for (; place != NULL; place = place->next) {
        if (srv_class_passes_subnet(from->classes, place->subnet))
            return place->subnet;
        if (closed == NULL || closed < place->subnet)
            closed = place->subnet;
    }
    if (closed != NULL)
        *out_closed = closed;
    return NULL;
}

/* RFC 2131 4.3.1: "the address is selected based on the subnet from which the message was received (if
 * 'giaddr' is 0) or on the address of the relay agent that forwarded the message ('giaddr' when not 0)".
 *
 * RFC 3011 2: "This option takes precedence over the methods that the DHCP server uses"; but RFC 3527 lets
 * the relay's word count more, as it is nearer to us than the client. Where giaddr is not an address of the
 * client's link, the subnet may name it. */
const struct srv_subnet *srv_select_find(const struct srv_config *config, const struct srv_select_from *from,
                                         enum reason *out_reason, ip4 *out_addr,
                                         const struct srv_subnet **out_closed)
{
    const struct srv_index *index = config->index;
    const struct srv_subnet *found;
    *out_closed = NULL;
    if (from->link != 0) {
        *out_reason = REASON_SUBNET_LINK;
        *out_addr = from->link;
    } else if (config->subnet_selection && from->selected != 0) {
        *out_reason = REASON_SUBNET_SELECTED;
        *out_addr = from->selected;
    } else if (from->giaddr != 0) {
        *out_reason = REASON_SUBNET_RELAY_NAMED;
        *out_addr = from->giaddr;
        found = first_open(srv_index_find_relay(index, from->giaddr), from, out_closed);
        if (found != NULL)
            return found;
        *out_reason = REASON_SUBNET_RELAY;
    } else {
        *out_reason = REASON_SUBNET_INTERFACE_NAME;
        *out_addr = from->ifaddr;
        found = first_open(srv_index_find_interface(index, from->ifname), from, out_closed);
        if (found != NULL)
            return found;
        *out_reason = REASON_SUBNET_INTERFACE;
    }
    return first_open(srv_index_find_net(index, *out_addr), from, out_closed);
}

bool srv_select_subnet(struct srv_step *s)
{
    struct srv_select_from from = {.link = s->relay.link,
                                   .giaddr = s->msg->giaddr,
                                   .ifname = s->ev->iface->name,
                                   .ifaddr = s->ev->iface->addr.addr,
                                   .classes = s->classes};
    enum reason reason;
    ip4 addr;
    dhcp_get_ip4(s->msg, DHCP_OPT_SUBNET_SELECTION, &from.selected);
    const struct srv_subnet *closed;
    const struct srv_subnet *subnet = srv_select_find(s->e->config, &from, &reason, &addr, &closed);
    if (subnet == NULL && closed != NULL) {
        drop_closed(s, closed);
        return false;
    }
    return srv_select_take(s, subnet, reason, addr,
                           reason == REASON_SUBNET_INTERFACE_NAME ? srv_step_text(s, from.ifname) : NULL);
}
