/* Reservations. */
#include <string.h>

#include "common/dhcp_proto.h"
#include "server/srv_host.h"
#include "server/srv_parse.h"

static const char *const host_keys[] = {
    "boot-file-name", "circuit-id",  "client-classes", "client-id",       "duid", "hostname", "hw-address",
    "ip-address",     "next-server", "option-data",    "server-hostname", NULL,
};
static const char *const host_elsewhere[] = {"flex-id", NULL};

/* Kea's order. */
static const enum srv_host_id_type default_order[SRV_HOST_ID_TYPES] = {
    SRV_HOST_HW_ADDRESS, SRV_HOST_DUID, SRV_HOST_CIRCUIT_ID, SRV_HOST_CLIENT_ID};

enum { HOSTNAME_MAX = 255 };

/* ---- what identifies the client ---- */

static void read_id(struct srv_parse *p, const cJSON *item, enum srv_host_id_type type,
                    struct srv_host_id *out)
{
    const char *text, *why;
    uint8_t bytes[SRV_HOST_ID_MAX];
    if (!jcfg_as_text(&p->c, item, "an identifier", &text))
        return;
    int len = srv_host_id_parse(text, bytes, &why);
    if (len < 0) {
        jcfg_error(&p->c, item, "%s, found \"%s\"", why, text);
        return;
    }
    if (type == SRV_HOST_HW_ADDRESS && len > HW_MAX) {
        jcfg_error(&p->c, item, "a hardware address has at most %d octets, found %d", HW_MAX, len);
        return;
    }
    uint8_t *copy = srv_parse_alloc(p, (size_t)len, 1);
    if (copy != NULL)
        *out = (struct srv_host_id){type, (uint8_t)len, memcpy(copy, bytes, (size_t)len)};
}

/* False if the reservation has no effect here, or is wrong. */
static bool read_ids(struct srv_parse *p, const cJSON *map, struct srv_host_id *out)
{
    unsigned n = 0;
    for (int type = 0; type < SRV_HOST_ID_TYPES; type++) {
        const cJSON *item = srv_parse_at(map, srv_host_id_name((enum srv_host_id_type)type));
        if (item == NULL)
            continue;
        read_id(p, item, (enum srv_host_id_type)type, out);
        n++;
    }
    if (n == 0 && srv_parse_at(map, "flex-id") != NULL)
        return false; /* jcfg_check_keys() has warned of it */
    if (n != 1)
        jcfg_error(&p->c, map,
                   n == 0 ? "a reservation needs hw-address, duid, circuit-id or client-id"
                          : "a reservation has only one of hw-address, duid, circuit-id and client-id");
    return !jcfg_failed(&p->c);
}

/* ---- what is kept for it ---- */

/* A host name is the option, too, unless that is configured on its own. */
static void add_hostname(struct srv_parse *p, struct srv_host *host)
{
    size_t len = strlen(host->hostname), n = host->options.n;
    if (len == 0 || srv_config_find_option(&host->options, DHCP_OPT_HOST_NAME) != NULL)
        return;
    struct srv_option *list = srv_parse_alloc(p, n + 1, sizeof *list);
    if (list == NULL)
        return;
    if (n != 0)
        memcpy(list, host->options.list, n * sizeof *list);
    list[n] = (struct srv_option){
        .code = DHCP_OPT_HOST_NAME, .len = (uint16_t)len, .data = (const uint8_t *)host->hostname};
    host->options = (struct srv_options){++p->n_option_lists, list, n + 1};
}

static void read_hostname(struct srv_parse *p, const cJSON *map, struct srv_host *host)
{
    const char *text;
    host->hostname = "";
    if (!jcfg_get_text(&p->c, map, "hostname", &text))
        return;
    if (strlen(text) > HOSTNAME_MAX)
        jcfg_error(&p->c, srv_parse_at(map, "hostname"), "expected at most %d octets, found %zu",
                   HOSTNAME_MAX, strlen(text));
    else
        host->hostname = srv_parse_copy(p, text);
}

/* Only here can a client be put into a class that is not defined: other places ask for it by name. */
static void read_classes(struct srv_parse *p, const cJSON *map, struct srv_host *host)
{
    const cJSON *list = jcfg_get_list(&p->c, map, "client-classes"), *item;
    uint16_t *numbers = srv_parse_alloc(p, (size_t)cJSON_GetArraySize(list) + 1, sizeof *numbers);
    if (list == NULL || numbers == NULL)
        return;
    host->classes.numbers = numbers;
    cJSON_ArrayForEach(item, list)
    {
        const char *name;
        if (!jcfg_as_text(&p->c, item, "the name of a class", &name))
            return;
        numbers[host->classes.n++] = (uint16_t)srv_parse_class_number(p, item, name);
    }
}

static void read_addr(struct srv_parse *p, const cJSON *map, const struct srv_subnet *subnet,
                      struct srv_host *host)
{
    const cJSON *item = srv_parse_at(map, "ip-address");
    char addr[IP4_LEN], net[IP4_NET_LEN];
    if (!jcfg_get_ip4(&p->c, map, "ip-address", &host->addr))
        return;
    if (!ip4_is_host(host->addr))
        jcfg_error(&p->c, item, "%s is not the address of a host", ip4_format(host->addr, addr));
    else if (subnet != NULL && !ip4_net_has(subnet->net, host->addr))
        jcfg_error(&p->c, item, "specified reservation '%s' is not within the IPv4 subnet '%s'",
                   ip4_format(host->addr, addr), ip4_net_format(subnet->net, net));
    else if (subnet != NULL && subnet->net.len < 31 &&
             (host->addr == ip4_net_base(subnet->net) || host->addr == ip4_net_broadcast(subnet->net)))
        jcfg_error(&p->c, item, "%s is the network or broadcast address of the subnet %s",
                   ip4_format(host->addr, addr), ip4_net_format(subnet->net, net));
}

/* ---- reservations ---- */

static void check_unique(struct srv_parse *p, const cJSON *map, const struct srv_host *host)
{
    char id[SRV_HOST_ID_TEXT], addr[IP4_LEN];
    if (srv_host_find_id(p->config->hosts, host->subnet_id, &host->id) != NULL)
        jcfg_error(&p->c, map, "there is a reservation for %s here already",
                   srv_host_id_format(&host->id, id));
    if (host->addr != 0 && p->config->unique_reservations &&
        srv_host_find_addr(p->config->hosts, host->subnet_id, host->addr, NULL) != NULL)
        jcfg_error(
            &p->c, srv_parse_at(map, "ip-address"),
            "there is a reservation of %s here already: only ip-reservations-unique false allows several",
            ip4_format(host->addr, addr));
}

static void read_host(struct srv_parse *p, const cJSON *map, const struct srv_subnet *subnet)
{
    if (!jcfg_is_map(&p->c, map, "a map with a reservation"))
        return;
    struct srv_host *host = &p->config->host_list[p->config->n_hosts];
    *host = (struct srv_host){.subnet_id = subnet == NULL ? SRV_HOST_GLOBAL : subnet->id,
                              .boot = {.server_hostname = "", .boot_file_name = ""},
                              .source = map};
    jcfg_check_keys(&p->c, map, host_keys, host_elsewhere);
    bool is_served = read_ids(p, map, &host->id);
    read_addr(p, map, subnet, host);
    read_hostname(p, map, host);
    read_classes(p, map, host);
    srv_parse_options(p, map, &host->options);
    srv_parse_boot(p, map, &host->boot);
    if (!is_served || p->out_of_memory)
        return;
    check_unique(p, map, host);
    add_hostname(p, host);
    srv_host_put(p->config->hosts, host);
    p->config->n_hosts++;
}

void srv_parse_hosts(struct srv_parse *p, const cJSON *map, const struct srv_subnet *subnet)
{
    const cJSON *list = jcfg_get_list(&p->c, map, "reservations"), *item;
    if (p->out_of_memory)
        return;
    cJSON_ArrayForEach(item, list) read_host(p, item, subnet);
}

/* ---- all of them ---- */

static size_t count(const cJSON *map)
{
    const cJSON *item;
    size_t n = (size_t)cJSON_GetArraySize(srv_parse_at(map, "reservations"));
    cJSON_ArrayForEach(item, srv_parse_at(map, "subnet4")) n += count(item);
    cJSON_ArrayForEach(item, srv_parse_at(map, "shared-networks")) n += count(item);
    return n;
}

static void read_order(struct srv_parse *p, const cJSON *global)
{
    struct srv_config *config = p->config;
    const cJSON *list = jcfg_get_list(&p->c, global, "host-reservation-identifiers"), *item;
    config->n_host_ids = list == NULL ? SRV_HOST_ID_TYPES : 0;
    memcpy(config->host_ids, default_order, sizeof default_order);
    cJSON_ArrayForEach(item, list)
    {
        const char *name;
        enum srv_host_id_type type;
        if (!jcfg_as_text(&p->c, item, "the name of an identifier", &name))
            return;
        if (strcmp(name, "flex-id") == 0) {
            jcfg_warning(&p->c, item, "flex-id is not supported here: ignored");
        } else if (!srv_host_id_type_find(name, &type)) {
            jcfg_error(&p->c, item, "expected hw-address, duid, circuit-id or client-id, found \"%s\"", name);
            return;
        } else {
            for (size_t i = 0; i < config->n_host_ids; i++)
                if (config->host_ids[i] == type)
                    jcfg_error(&p->c, item, "%s is in the list already", name);
            if (jcfg_failed(&p->c))
                return;
            config->host_ids[config->n_host_ids++] = type;
        }
    }
}

void srv_parse_hosts_begin(struct srv_parse *p, const cJSON *global)
{
    struct srv_config *config = p->config;
    bool is_first = true;
    size_t n = count(global);
    config->unique_reservations = true;
    jcfg_get_bool(&p->c, global, "ip-reservations-unique", &config->unique_reservations);
    jcfg_get_bool(&p->c, global, "early-global-reservations-lookup", &config->early_global_hosts);
    jcfg_get_bool(&p->c, global, "reservations-lookup-first", &is_first);
    if (!is_first)
        jcfg_warning(&p->c, srv_parse_at(global, "reservations-lookup-first"),
                     "reservations are always looked up before leases: no effect");
    read_order(p, global);
    config->hosts = srv_host_table_new(&config->arena, n);
    config->host_list = srv_parse_alloc(p, n + 1, sizeof *config->host_list);
    if (config->hosts == NULL)
        p->out_of_memory = true;
}
