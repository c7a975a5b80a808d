/* Shared networks. */
#include <string.h>

#include "server/srv_index.h"
#include "server/srv_parse.h"

static const char *const network_keys[] = {
    SRV_PARSE_SCOPE_KEYS,
    "client-class",
    "evaluate-additional-classes",
    "interface",
    "name",
    "relay",
    "require-client-classes",
    "subnet4",
    NULL,
};
static const char *const network_elsewhere[] = {SRV_PARSE_SCOPE_ELSEWHERE, NULL};

static void read_name(struct srv_parse *p, const cJSON *map, struct srv_network *network)
{
    const char *name = "";
    jcfg_require(&p->c, map, "name");
    if (!jcfg_get_text(&p->c, map, "name", &name))
        return;
    if (name[0] == '\0')
        jcfg_error(&p->c, srv_parse_at(map, "name"), "the name of a shared network must not be empty");
    if (srv_config_find_network(p->config, name) != NULL)
        jcfg_error(&p->c, srv_parse_at(map, "name"), "there is a shared network \"%s\" already", name);
    network->name = srv_parse_copy(p, name);
}

/* The subnets of one link are served through one interface. */
static void check_interfaces(struct srv_parse *p, const struct srv_network *network)
{
    const struct srv_subnet *first = &p->config->subnets[network->first];
    for (const struct srv_subnet *s = first; s < first + network->n; s++) {
        const char *before = network->interface[0] != '\0' ? network->interface : first->interface;
        char net[IP4_NET_LEN];
        if (strcmp(s->interface, before) == 0)
            continue;
        jcfg_error(
            &p->c, s->source,
            "subnet %s has the interface \"%s\", but the shared network \"%s\" or a subnet before has \"%s\"",
            ip4_net_format(s->net, net), s->interface, network->name, before);
    }
}

static void read_network(struct srv_parse *p, const cJSON *map, const struct srv_parse_scope *global)
{
    if (!jcfg_is_map(&p->c, map, "a map with a shared network"))
        return;
    struct srv_network *network = &p->config->networks[p->config->n_networks];
    struct srv_parse_scope scope = *global;
    jcfg_check_keys(&p->c, map, network_keys, network_elsewhere);
    read_name(p, map, network);
    srv_parse_scope(p, map, &scope);
    srv_parse_place(p, map, &scope);
    srv_parse_gate(p, map, &network->gate);
    srv_parse_options(p, map, &network->options);
    network->lifetime = scope.lifetime;
    network->timers = scope.timers;
    network->boot = scope.boot;
    network->naming = scope.naming;
    network->allocator = scope.allocator;
    network->reservations = scope.reservations;
    network->interface = scope.interface;
    network->authoritative = scope.authoritative;
    network->rapid_commit = scope.rapid_commit;
    network->match_client_id = scope.match_client_id;
    network->store_extended_info = scope.store_extended_info;
    network->source = map;
    network->first = p->config->n_subnets;
    srv_parse_subnets(p, map, &scope, network);
    network->n = p->config->n_subnets - network->first;
    if (jcfg_failed(&p->c)) /* the places of what follows would only repeat it */
        return;
    check_interfaces(p, network);
    p->config->n_networks++;
}

static size_t count(const cJSON *map, const char *key)
{
    return (size_t)cJSON_GetArraySize(srv_parse_at(map, key));
}

void srv_parse_networks(struct srv_parse *p, const cJSON *map, const struct srv_parse_scope *global)
{
    struct srv_config *config = p->config;
    const cJSON *list = jcfg_get_list(&p->c, map, "shared-networks"), *item;
    size_t n_subnets = count(map, "subnet4");
    cJSON_ArrayForEach(item, list) n_subnets += count(item, "subnet4");
    config->subnets = srv_parse_alloc(p, n_subnets + 1, sizeof *config->subnets);
    config->networks = srv_parse_alloc(p, count(map, "shared-networks") + 1, sizeof *config->networks);
    if (config->subnets == NULL || config->networks == NULL)
        return;
    srv_parse_subnets(p, map, global, NULL);
    cJSON_ArrayForEach(item, list) read_network(p, item, global);
    config->index = srv_index_new(&config->arena, config->subnets, config->n_subnets);
    if (config->index == NULL)
        p->out_of_memory = true;
}
