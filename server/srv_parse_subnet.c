/* Subnets and their pools. */
#include <stdio.h>
#include <string.h>

#include "server/srv_parse.h"

static const char *const subnet_keys[] = {
    SRV_PARSE_SCOPE_KEYS,
    "client-class",
    "evaluate-additional-classes",
    "id",
    "interface",
    "pools",
    "relay",
    "require-client-classes",
    "reservations",
    "subnet",
    NULL,
};
static const char *const subnet_elsewhere[] = {
    SRV_PARSE_SCOPE_ELSEWHERE, "4o6-interface", "4o6-interface-id", "4o6-subnet", NULL,
};

static const char *const pool_keys[] = {
    "client-class", "client-classes", "evaluate-additional-classes", "option-data",
    "pool",         "pool-id",        "require-client-classes",      NULL,
};

static const char *const relay_keys[] = {"ip-address", "ip-addresses", NULL};

/* ---- subnets ---- */

/* Overlap with an earlier pool of any subnet: an address can be leased only once. */
static void check_overlap(struct srv_parse *p, const cJSON *item, const struct srv_subnet *mine,
                          struct ip4_range range)
{
    for (const struct srv_subnet *s = p->config->subnets; s <= mine; s++) {
        for (size_t i = 0; i < s->n_pools; i++) {
            if (range.first <= s->pools[i].range.last && s->pools[i].range.first <= range.last) {
                char first[IP4_LEN], last[IP4_LEN], net[IP4_NET_LEN];
                jcfg_error(&p->c, item, "the pool overlaps the pool %s - %s of subnet %s",
                           ip4_format(s->pools[i].range.first, first),
                           ip4_format(s->pools[i].range.last, last), ip4_net_format(s->net, net));
                return;
            }
        }
    }
}

/* A range whose last address is below the first. */
static bool is_reversed(const char *text)
{
    char swapped[2 * IP4_LEN + 8];
    struct ip4_range range;
    const char *dash = strchr(text, '-');
    if (dash == NULL || strlen(text) >= sizeof swapped - 1)
        return false;
    const char *last = dash + 1 + strspn(dash + 1, " ");
    size_t first_len = strcspn(text, " -");
    snprintf(swapped, sizeof swapped, "%s-%.*s", last, (int)first_len, text);
    return ip4_range_parse(swapped, &range);
}

static void read_pool(struct srv_parse *p, const cJSON *map, struct srv_subnet *subnet)
{
    const char *text;
    struct srv_pool pool = {0};
    char net[IP4_NET_LEN];
    if (!jcfg_is_map(&p->c, map, "a map with a pool"))
        return;
    jcfg_check_keys(&p->c, map, pool_keys, NULL);
    jcfg_require(&p->c, map, "pool");
    if (!jcfg_get_text(&p->c, map, "pool", &text))
        return;
    const cJSON *item = srv_parse_at(map, "pool");
    if (!ip4_range_parse(text, &pool.range)) {
        if (is_reversed(text))
            jcfg_error(&p->c, item, "the first address of the range is above the last, found \"%s\"", text);
        jcfg_error(&p->c, item,
                   "expected a range such as \"10.0.0.10 - 10.0.0.99\" or \"10.0.0.0/24\", found \"%s\"",
                   text);
        return;
    }
    if (!ip4_net_has(subnet->net, pool.range.first) || !ip4_net_has(subnet->net, pool.range.last))
        jcfg_error(&p->c, item, "the pool %s is not inside the subnet %s", text,
                   ip4_net_format(subnet->net, net));
    check_overlap(p, item, subnet, pool.range);
    jcfg_get_u32(&p->c, map, "pool-id", 0, UINT32_MAX - 1, &pool.id);
    srv_parse_gate(p, map, &pool.gate);
    srv_parse_options(p, map, &pool.options);
    subnet->pools[subnet->n_pools++] = pool;
}

static void read_pools(struct srv_parse *p, const cJSON *map, struct srv_subnet *subnet)
{
    const cJSON *list = jcfg_get_list(&p->c, map, "pools"), *item;
    if (list == NULL)
        return;
    subnet->pools = srv_parse_alloc(p, (size_t)cJSON_GetArraySize(list) + 1, sizeof *subnet->pools);
    if (subnet->pools == NULL)
        return;
    cJSON_ArrayForEach(item, list) read_pool(p, item, subnet);
}

/* Several subnets may name one relay: those of a shared network do, and the first that serves the client
 * does. */
static void read_relays(struct srv_parse *p, const cJSON *list, struct srv_parse_scope *s)
{
    const cJSON *item;
    ip4 *relays = srv_parse_alloc(p, (size_t)cJSON_GetArraySize(list) + 1, sizeof *relays);
    if (relays == NULL)
        return;
    s->relays = relays;
    s->n_relays = 0;
    cJSON_ArrayForEach(item, list)
    {
        if (!jcfg_as_ip4(&p->c, item, &relays[s->n_relays]))
            return;
        s->n_relays++;
    }
}

/* "ip-address", as Kea had it before there could be several. */
static void read_old_relay(struct srv_parse *p, const cJSON *item, struct srv_parse_scope *s)
{
    ip4 *relay = srv_parse_alloc(p, 1, sizeof *relay);
    jcfg_warning(&p->c, item, "Kea has dropped this key: \"ip-addresses\" is a list");
    if (relay == NULL || !jcfg_as_ip4(&p->c, item, relay))
        return;
    s->relays = relay;
    s->n_relays = 1;
}

void srv_parse_place(struct srv_parse *p, const cJSON *map, struct srv_parse_scope *s)
{
    const char *interface;
    if (jcfg_get_text(&p->c, map, "interface", &interface))
        s->interface = srv_parse_copy(p, interface);
    const cJSON *relay = jcfg_get_map(&p->c, map, "relay");
    if (relay == NULL)
        return;
    jcfg_check_keys(&p->c, relay, relay_keys, NULL);
    const cJSON *list = jcfg_get_list(&p->c, relay, "ip-addresses"), *old = srv_parse_at(relay, "ip-address");
    if (list != NULL)
        read_relays(p, list, s);
    else if (old != NULL)
        read_old_relay(p, old, s);
}

static void check_unique(struct srv_parse *p, const cJSON *map, const struct srv_subnet *subnet)
{
    char net[IP4_NET_LEN];
    for (const struct srv_subnet *s = p->config->subnets; s < subnet; s++) {
        if (s->id == subnet->id)
            jcfg_error(&p->c, srv_parse_at(map, "id"), "the subnet %s has the id %u already",
                       ip4_net_format(s->net, net), s->id);
        if (s->net.addr == subnet->net.addr && s->net.len == subnet->net.len)
            jcfg_error(&p->c, srv_parse_at(map, "subnet"), "the subnet %s is there already",
                       ip4_net_format(s->net, net));
    }
}

/* The highest id in a list of subnets. */
static uint32_t highest_id(const cJSON *list)
{
    const cJSON *subnet;
    uint32_t highest = 0;
    cJSON_ArrayForEach(subnet, list)
    {
        double id = cJSON_GetNumberValue(srv_parse_at(subnet, "id"));
        if (id > highest && id < UINT32_MAX)
            highest = (uint32_t)id;
    }
    return highest;
}

/* The highest that the configuration gives, or that was given for want of one. */
static uint32_t last_id(const struct srv_parse *p)
{
    const cJSON *dhcp4 = srv_parse_at(p->c.root, "Dhcp4"), *network;
    uint32_t last = highest_id(srv_parse_at(dhcp4, "subnet4"));
    cJSON_ArrayForEach(network, srv_parse_at(dhcp4, "shared-networks"))
    {
        uint32_t highest = highest_id(srv_parse_at(network, "subnet4"));
        last = highest > last ? highest : last;
    }
    for (size_t i = 0; i < p->config->n_subnets; i++)
        last = p->config->subnets[i].id > last ? p->config->subnets[i].id : last;
    return last;
}

/* Kea wants an id from 2.6 on, before it made one as we do; leases refer to it, so it had better be there. */
static void read_id(struct srv_parse *p, const cJSON *map, struct srv_subnet *subnet)
{
    if (jcfg_get_u32(&p->c, map, "id", 1, UINT32_MAX - 1, &subnet->id) || jcfg_failed(&p->c))
        return;
    subnet->id = last_id(p) + 1;
    jcfg_warning(&p->c, map, "the subnet has no id: it gets %u, and may get another when subnets come or go",
                 subnet->id);
}

static void read_subnet(struct srv_parse *p, const cJSON *map, const struct srv_parse_scope *wider,
                        const struct srv_network *network)
{
    if (!jcfg_is_map(&p->c, map, "a map with a subnet"))
        return;
    struct srv_subnet *subnet = &p->config->subnets[p->config->n_subnets];
    struct srv_parse_scope scope = *wider;
    jcfg_check_keys(&p->c, map, subnet_keys, subnet_elsewhere);
    jcfg_require(&p->c, map, "subnet");
    read_id(p, map, subnet);
    jcfg_get_net(&p->c, map, "subnet", &subnet->net);
    srv_parse_scope(p, map, &scope);
    srv_parse_place(p, map, &scope);
    srv_parse_gate(p, map, &subnet->gate);
    srv_parse_options(p, map, &subnet->options);
    subnet->net.addr = ip4_net_base(subnet->net); /* Kea tolerates host bits */
    subnet->network = network;
    subnet->source = map;
    subnet->interface = scope.interface;
    subnet->relays = scope.relays;
    subnet->n_relays = scope.n_relays;
    subnet->lifetime = scope.lifetime;
    subnet->timers = scope.timers;
    subnet->boot = scope.boot;
    subnet->naming = scope.naming;
    subnet->allocator = scope.allocator;
    subnet->reservations = scope.reservations;
    subnet->authoritative = scope.authoritative;
    subnet->match_client_id = scope.match_client_id;
    subnet->rapid_commit = scope.rapid_commit;
    subnet->store_extended_info = scope.store_extended_info;
    if (jcfg_failed(&p->c)) /* the places of what follows would only repeat it */
        return;
    check_unique(p, map, subnet);
    read_pools(p, map, subnet);
    srv_parse_hosts(p, map, subnet);
    p->config->n_subnets++;
}

void srv_parse_subnets(struct srv_parse *p, const cJSON *map, const struct srv_parse_scope *wider,
                       const struct srv_network *network)
{
    const cJSON *list = jcfg_get_list(&p->c, map, "subnet4"), *item;
    cJSON_ArrayForEach(item, list) read_subnet(p, item, wider, network);
}
