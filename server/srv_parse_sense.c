/* What is legal and hardly meant: a warning each, with its place. */
#include <string.h>

#include "common/clock.h"
#include "common/dhcp_proto.h"
#include "server/srv_class.h"
#include "server/srv_host.h"
#include "server/srv_parse.h"

enum { ETHERNET_LEN = 6 };

/* A server that cannot serve anybody. */
static void check_idleness(struct srv_parse *p, const cJSON *global)
{
    if (p->config->n_subnets == 0)
        jcfg_warning(&p->c, global, "there is no subnet4: nobody will get an address");
    for (size_t i = 0; i < p->config->n_subnets; i++)
        if (p->config->subnets[i].n_pools == 0 &&
            srv_parse_at(p->config->subnets[i].source, "reservations") == NULL)
            jcfg_warning(&p->c, global, "subnet %u has no pools: nobody will get an address there",
                         p->config->subnets[i].id);
}

static void check_timer(struct srv_parse *p, const cJSON *map, const char *key, uint32_t timer_s,
                        uint32_t lease_s, const char *name)
{
    const cJSON *timer = srv_parse_at(map, key), *valid = srv_parse_at(map, "valid-lifetime");
    if ((timer != NULL || valid != NULL) && timer_s >= lease_s)
        jcfg_warning(&p->c, timer != NULL ? timer : valid,
                     "%s (%u s) is not below valid-lifetime (%u s): %s will not be sent", key, timer_s,
                     lease_s, name);
}

/* RFC 2131 4.4.5: T1 before T2 before the end of the lease. Told where one of the times stands, so that who
 * inherits both is not told again. */
static void check_timers(struct srv_parse *p, const cJSON *map, const struct srv_lifetime *lifetime,
                         const struct srv_timers *timers)
{
    if (lifetime->default_s == LEASE_INFINITE)
        return;
    check_timer(p, map, "renew-timer", timers->renew_s, lifetime->default_s, "T1");
    check_timer(p, map, "rebind-timer", timers->rebind_s, lifetime->default_s, "T2");
}

static void check_all_timers(struct srv_parse *p, const cJSON *global)
{
    const struct srv_config *config = p->config;
    check_timers(p, global, &config->lifetime, &config->timers);
    for (size_t i = 0; i < config->n_networks; i++)
        check_timers(p, config->networks[i].source, &config->networks[i].lifetime,
                     &config->networks[i].timers);
    for (size_t i = 0; i < config->n_subnets; i++)
        check_timers(p, config->subnets[i].source, &config->subnets[i].lifetime, &config->subnets[i].timers);
}

/* Kea tolerates them. */
static void check_host_bits(struct srv_parse *p, const struct srv_subnet *subnet)
{
    const cJSON *item = srv_parse_at(subnet->source, "subnet");
    struct ip4_net net;
    char text[IP4_NET_LEN];
    if (ip4_net_parse(item->valuestring, &net) && net.addr != subnet->net.addr)
        jcfg_warning(&p->c, item, "%s has bits behind the prefix: the subnet is %s", item->valuestring,
                     ip4_net_format(subnet->net, text));
}

/* A client is served from one of two such subnets, which the longer prefix decides; on one link they may be.
 */
static void check_overlap(struct srv_parse *p, const struct srv_subnet *subnet)
{
    char text[IP4_NET_LEN];
    for (const struct srv_subnet *s = p->config->subnets; s < subnet; s++) {
        bool is_one_link = s->network != NULL && s->network == subnet->network;
        bool overlaps = ip4_net_has(s->net, subnet->net.addr) || ip4_net_has(subnet->net, s->net.addr);
        if (overlaps && !is_one_link)
            jcfg_warning(&p->c, srv_parse_at(subnet->source, "subnet"),
                         "the subnet overlaps the subnet %s, and no shared network has both",
                         ip4_net_format(s->net, text));
    }
}

/* The place of an option in "option-data" of the map. */
static const cJSON *find_option(const cJSON *map, const char *name, uint8_t code)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, srv_parse_at(map, "option-data"))
    {
        const char *named = cJSON_GetStringValue(srv_parse_at(item, "name"));
        if (named != NULL ? strcmp(named, name) == 0
                          : (uint8_t)cJSON_GetNumberValue(srv_parse_at(item, "code")) == code)
            return item;
    }
    return map;
}

/* A client sends to its router on the link: RFC 2132 3.5, "a list of IP addresses for routers on the client's
 * subnet". */
static void check_routers(struct srv_parse *p, const struct srv_subnet *subnet)
{
    const struct srv_option *routers = srv_config_find_option(&subnet->options, DHCP_OPT_ROUTERS);
    char text[IP4_LEN], net[IP4_NET_LEN];
    for (size_t at = 0; routers != NULL && at + 4 <= routers->len; at += 4) {
        const uint8_t *octets = routers->data + at;
        ip4 router = (ip4)octets[0] << 24 | (ip4)octets[1] << 16 | (ip4)octets[2] << 8 | (ip4)octets[3];
        if (!ip4_net_has(subnet->net, router))
            jcfg_warning(&p->c, find_option(subnet->source, "routers", DHCP_OPT_ROUTERS),
                         "the router %s is not inside the subnet %s: clients cannot reach it",
                         ip4_format(router, text), ip4_net_format(subnet->net, net));
    }
}

/* Other links than Ethernet have other addresses; one that is cut short finds nobody. */
static void check_reservation(struct srv_parse *p, const struct srv_host *host)
{
    if (host->id.type == SRV_HOST_HW_ADDRESS && host->id.len != ETHERNET_LEN)
        jcfg_warning(&p->c, srv_parse_at(host->source, "hw-address"),
                     "a hardware address of Ethernet has %d octets, this one has %u", ETHERNET_LEN,
                     host->id.len);
}

/* A class that is not defined, and that nothing asks for: most likely mistyped. */
static void check_reserved_classes(struct srv_parse *p, const struct srv_host *host)
{
    for (size_t i = 0; i < host->classes.n; i++) {
        const struct srv_class_name *name = &p->config->class_names[host->classes.numbers[i]];
        if (name->class == NULL && !name->is_wanted && !srv_class_is_built_in(name->text))
            jcfg_warning(&p->c, cJSON_GetArrayItem(srv_parse_at(host->source, "client-classes"), (int)i),
                         "no class \"%s\" is defined, and nothing is for its members", name->text);
    }
}

void srv_parse_sense(struct srv_parse *p, const cJSON *global)
{
    const struct srv_config *config = p->config;
    if (jcfg_failed(&p->c) || p->out_of_memory) /* what was not read may have been there */
        return;
    check_idleness(p, global);
    check_all_timers(p, global);
    for (size_t i = 0; i < config->n_subnets; i++) {
        check_host_bits(p, &config->subnets[i]);
        check_overlap(p, &config->subnets[i]);
        check_routers(p, &config->subnets[i]);
    }
    for (size_t i = 0; i < config->n_hosts; i++) {
        check_reservation(p, &config->host_list[i]);
        check_reserved_classes(p, &config->host_list[i]);
    }
}
