#include "server/srv_config.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/dhcp_opt.h"
#include "common/dhcp_proto.h"
#include "common/err.h"

enum {
    LIFETIME_DEFAULT_S = 7200,
    DECLINE_DEFAULT_S = 86400,
    DECLINES_DEFAULT = 4,
    DECLINES_MAX = 65535,
    LFC_INTERVAL_DEFAULT_S = 3600, /* Kea's */
    OFFER_HOLD_DEFAULT_S = 60,
    OFFER_HOLD_MAX_S = 86400,
    OFFERS_DEFAULT = 10000,
    LEASES_DEFAULT = 1000000,
    LIMIT_MAX = 1 << 24,
    OPTION_DATA_MAX = 1024,
    IFNAME_LEN_MAX = 15,
};

#define T1_PERCENT_DEFAULT 0.5   /* RFC 2131 4.4.5 */
#define T2_PERCENT_DEFAULT 0.875 /* RFC 2131 4.4.5 */

struct parse {
    struct jcfg c;
    struct srv_config *config;
    bool out_of_memory;
};

/* What a narrower scope takes over from the wider one. */
struct scope {
    struct srv_lifetime lifetime;
    struct srv_timers timers;
    struct srv_boot boot;
    bool authoritative, match_client_id, rapid_commit;
};

/* The keys of each map: those served here, and those of Kea's that are not. */

static const char *const root_keys[] = {"Dhcp4", "$schema", NULL};
static const char *const root_elsewhere[] = {"Control-agent", "Dhcp6",   "DhcpDdns",
                                             "Logging",       "Netconf", NULL};

static const char *const global_keys[] = {
    "authoritative",
    "boot-file-name",
    "calculate-tee-times",
    "decline-probation-period",
    "echo-client-id",
    "interfaces-config",
    "lease-database",
    "match-client-id",
    "max-declines-per-client",
    "max-leases",
    "max-offers",
    "max-valid-lifetime",
    "min-valid-lifetime",
    "next-server",
    "offer-hold-time",
    "option-data",
    "rapid-commit",
    "rebind-timer",
    "renew-timer",
    "server-hostname",
    "subnet-selection",
    "subnet4",
    "t1-percent",
    "t2-percent",
    "valid-lifetime",
    NULL,
};
static const char *const global_elsewhere[] = {
    "adaptive-lease-time-threshold",
    "allocator",
    "cache-max-age",
    "cache-threshold",
    "client-classes",
    "compatibility",
    "config-control",
    "control-socket",
    "control-sockets",
    "ddns-conflict-resolution-mode",
    "ddns-generated-prefix",
    "ddns-override-client-update",
    "ddns-override-no-update",
    "ddns-qualifying-suffix",
    "ddns-replace-client-name",
    "ddns-send-updates",
    "ddns-ttl",
    "ddns-ttl-max",
    "ddns-ttl-min",
    "ddns-ttl-percent",
    "ddns-update-on-renew",
    "ddns-use-conflict-resolution",
    "dhcp-ddns",
    "dhcp-queue-control",
    "dhcp4o6-port",
    "early-global-reservations-lookup",
    "expired-leases-processing",
    "hooks-libraries",
    "host-reservation-identifiers",
    "hostname-char-replacement",
    "hostname-char-set",
    "hosts-database",
    "hosts-databases",
    "ip-reservations-unique",
    "loggers",
    "multi-threading",
    "offer-lifetime",
    "option-def",
    "parked-packet-limit",
    "reservation-mode",
    "reservations",
    "reservations-global",
    "reservations-in-subnet",
    "reservations-lookup-first",
    "reservations-out-of-pool",
    "sanity-checks",
    "server-tag",
    "shared-networks",
    "stash-agent-options",
    "statistic-default-sample-age",
    "statistic-default-sample-count",
    "store-extended-info",
    NULL,
};

static const char *const subnet_keys[] = {
    "authoritative",
    "boot-file-name",
    "calculate-tee-times",
    "id",
    "interface",
    "match-client-id",
    "max-valid-lifetime",
    "min-valid-lifetime",
    "next-server",
    "option-data",
    "pools",
    "rapid-commit",
    "rebind-timer",
    "relay",
    "renew-timer",
    "server-hostname",
    "subnet",
    "t1-percent",
    "t2-percent",
    "valid-lifetime",
    NULL,
};
static const char *const subnet_elsewhere[] = {
    "4o6-interface",
    "4o6-interface-id",
    "4o6-subnet",
    "adaptive-lease-time-threshold",
    "allocator",
    "cache-max-age",
    "cache-threshold",
    "client-class",
    "client-classes",
    "ddns-conflict-resolution-mode",
    "ddns-generated-prefix",
    "ddns-override-client-update",
    "ddns-override-no-update",
    "ddns-qualifying-suffix",
    "ddns-replace-client-name",
    "ddns-send-updates",
    "ddns-ttl",
    "ddns-ttl-max",
    "ddns-ttl-min",
    "ddns-ttl-percent",
    "ddns-update-on-renew",
    "ddns-use-conflict-resolution",
    "evaluate-additional-classes",
    "hostname-char-replacement",
    "hostname-char-set",
    "offer-lifetime",
    "require-client-classes",
    "reservation-mode",
    "reservations",
    "reservations-global",
    "reservations-in-subnet",
    "reservations-out-of-pool",
    "store-extended-info",
    NULL,
};

static const char *const pool_keys[] = {"option-data", "pool", NULL};
static const char *const pool_elsewhere[] = {
    "client-class", "client-classes",         "evaluate-additional-classes",
    "pool-id",      "require-client-classes", NULL,
};

static const char *const option_keys[] = {"always-send", "code", "csv-format", "data", "name", "space", NULL};
static const char *const option_elsewhere[] = {"client-classes", "never-send", NULL};

static const char *const relay_keys[] = {"ip-addresses", NULL};

static const char *const interfaces_keys[] = {"dhcp-socket-type", "interfaces", NULL};
static const char *const interfaces_elsewhere[] = {
    "outbound-interface",
    "re-detect",
    "service-sockets-max-retries",
    "service-sockets-require-all",
    "service-sockets-retry-wait-time",
    NULL,
};

static const char *const database_keys[] = {"lfc-interval", "name", "persist", "sync", "type", NULL};
static const char *const database_elsewhere[] = {"max-row-errors", NULL};

static const cJSON *at(const cJSON *map, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(map, key);
}

static void *allocate(struct parse *p, size_t count, size_t size)
{
    void *memory = arena_alloc(&p->config->arena, count * size);
    if (memory == NULL)
        p->out_of_memory = true;
    return memory;
}

static const char *copy_text(struct parse *p, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = allocate(p, size, 1);
    return copy == NULL ? "" : memcpy(copy, text, size);
}

/* ---- options ---- */

/* Options that the server makes itself. */
static const struct {
    uint8_t code;
    const char *instead;
} own_options[] = {
    {DHCP_OPT_REQUESTED_IP, "only clients send it"},
    {DHCP_OPT_LEASE_TIME, "use valid-lifetime"},
    {DHCP_OPT_OVERLOAD, "it follows from the size of the message"},
    {DHCP_OPT_TYPE, "it is the type of the message"},
    {DHCP_OPT_SERVER_ID, "it is the address of the interface"},
    {DHCP_OPT_PRL, "only clients send it"},
    {DHCP_OPT_MESSAGE, "it is the reason of a NAK"},
    {DHCP_OPT_MAX_SIZE, "only clients send it"},
    {DHCP_OPT_T1, "use renew-timer or calculate-tee-times"},
    {DHCP_OPT_T2, "use rebind-timer or calculate-tee-times"},
    {DHCP_OPT_CLIENT_ID, "use echo-client-id"},
    {DHCP_OPT_RAPID_COMMIT, "use rapid-commit"},
    {DHCP_OPT_RELAY_INFO, "it is the relay's"},
    {DHCP_OPT_SUBNET_SELECTION, "only clients choose a subnet"},
};

static bool is_own_option(struct parse *p, const cJSON *item, uint8_t code)
{
    for (size_t i = 0; i < sizeof own_options / sizeof own_options[0]; i++) {
        if (own_options[i].code == code) {
            jcfg_error(&p->c, item, "option %u cannot be configured: %s", code, own_options[i].instead);
            return true;
        }
    }
    return false;
}

/* The code from "name" or "code"; 0 and an error if there is none. */
static uint8_t read_code(struct parse *p, const cJSON *item)
{
    uint32_t code = 0;
    const char *name;
    bool has_code = jcfg_get_u32(&p->c, item, "code", 1, 254, &code);
    if (jcfg_get_text(&p->c, item, "name", &name)) {
        const struct opt_def *def = dhcp_opt_find_name(OPT_SPACE_DHCP, name);
        if (def == NULL && !has_code)
            jcfg_error(&p->c, at(item, "name"), "expected the name of a DHCPv4 option, found \"%s\"", name);
        if (def != NULL && has_code && def->code != code)
            jcfg_error(&p->c, at(item, "name"), "option %s has the code %u, not %u", name, def->code, code);
        return def != NULL ? def->code : (uint8_t)code;
    }
    if (!has_code && !jcfg_failed(&p->c))
        jcfg_error(&p->c, item, "an option needs \"name\" or \"code\"");
    return (uint8_t)code;
}

static void read_data(struct parse *p, const cJSON *item, struct srv_option *option)
{
    const struct opt_def *def = dhcp_opt_find(OPT_SPACE_DHCP, option->code);
    bool csv = def != NULL;
    const cJSON *place = at(item, "data") ? at(item, "data") : item;
    const char *text = "", *why = "";
    uint8_t data[OPTION_DATA_MAX];
    jcfg_get_bool(&p->c, item, "csv-format", &csv);
    jcfg_get_text(&p->c, item, "data", &text);
    if (csv && def == NULL) {
        jcfg_error(&p->c, at(item, "csv-format"), "option %u has no definition: only csv-format false works",
                   option->code);
        return;
    }
    int len = csv ? dhcp_opt_parse(def, text, data, sizeof data, &why)
                  : dhcp_opt_parse_hex(text, data, sizeof data, &why);
    if (len < 0) {
        jcfg_error(&p->c, place, "option %u%s%s: %s, found \"%s\"", option->code, def ? " " : "",
                   def ? def->name : "", why, text);
        return;
    }
    enum opt_defect defect = def == NULL ? OPT_OK : dhcp_opt_check(def, data, (size_t)len);
    if (defect != OPT_OK) {
        jcfg_error(&p->c, place, "option %u %s: %s", def->code, def->name, opt_defect_text(defect));
        return;
    }
    uint8_t *copy = allocate(p, (size_t)len + 1, 1);
    if (copy != NULL && len > 0)
        memcpy(copy, data, (size_t)len);
    option->data = copy;
    option->len = (uint16_t)len;
}

/* False if the option has no effect here, or is wrong. */
static bool read_option(struct parse *p, const cJSON *item, struct srv_option *out)
{
    if (!jcfg_is_map(&p->c, item, "a map with the name or code of an option, and its data"))
        return false;
    jcfg_check_keys(&p->c, item, option_keys, option_elsewhere);
    const char *space = "dhcp4";
    jcfg_get_text(&p->c, item, "space", &space);
    if (strcmp(space, "dhcp4") != 0) {
        jcfg_warning(&p->c, at(item, "space"), "options of the space \"%s\" are not supported yet: ignored",
                     space);
        return false;
    }
    *out = (struct srv_option){.code = read_code(p, item)};
    if (jcfg_failed(&p->c) || is_own_option(p, item, out->code))
        return false;
    jcfg_get_bool(&p->c, item, "always-send", &out->always_send);
    read_data(p, item, out);
    if (out->code == DHCP_OPT_SUBNET_MASK) {
        jcfg_warning(&p->c, item, "the subnet mask follows from the subnet: ignored");
        return false;
    }
    return !jcfg_failed(&p->c);
}

const struct srv_option *srv_config_find_option(const struct srv_options *options, uint8_t code)
{
    for (size_t i = 0; i < options->n; i++)
        if (options->list[i].code == code)
            return &options->list[i];
    return NULL;
}

static void read_options(struct parse *p, const cJSON *map, struct srv_options *options)
{
    const cJSON *json = jcfg_get_list(&p->c, map, "option-data"), *item;
    if (json == NULL)
        return;
    size_t n = 0;
    struct srv_option *list = allocate(p, (size_t)cJSON_GetArraySize(json) + 1, sizeof *list);
    if (list == NULL)
        return;
    cJSON_ArrayForEach(item, json)
    {
        struct srv_option option;
        if (!read_option(p, item, &option))
            continue;
        if (srv_config_find_option(&(struct srv_options){list, n}, option.code) != NULL)
            jcfg_error(&p->c, item, "option %u is there already", option.code);
        else
            list[n++] = option;
    }
    *options = (struct srv_options){list, n};
}

/* ---- what global scope and subnets share ---- */

static void read_lifetime(struct parse *p, const cJSON *map, struct srv_lifetime *l)
{
    bool has_default = jcfg_get_u32(&p->c, map, "valid-lifetime", 1, LEASE_INFINITE, &l->default_s);
    bool has_min = jcfg_get_u32(&p->c, map, "min-valid-lifetime", 1, LEASE_INFINITE, &l->min_s);
    bool has_max = jcfg_get_u32(&p->c, map, "max-valid-lifetime", 1, LEASE_INFINITE, &l->max_s);
    if (has_default && !has_min)
        l->min_s = l->default_s;
    if (has_default && !has_max)
        l->max_s = l->default_s;
    if (l->min_s > l->default_s)
        jcfg_error(&p->c, at(map, has_min ? "min-valid-lifetime" : "valid-lifetime"),
                   "min-valid-lifetime (%u s) is above valid-lifetime (%u s)", l->min_s, l->default_s);
    if (l->max_s < l->default_s)
        jcfg_error(&p->c, at(map, has_max ? "max-valid-lifetime" : "valid-lifetime"),
                   "max-valid-lifetime (%u s) is below valid-lifetime (%u s)", l->max_s, l->default_s);
}

static void read_timers(struct parse *p, const cJSON *map, struct srv_timers *t)
{
    bool has_renew = jcfg_get_u32(&p->c, map, "renew-timer", 0, LEASE_INFINITE, &t->renew_s);
    bool has_rebind = jcfg_get_u32(&p->c, map, "rebind-timer", 0, LEASE_INFINITE, &t->rebind_s);
    if ((has_renew || has_rebind) && t->rebind_s != 0 && t->renew_s >= t->rebind_s)
        jcfg_warning(&p->c, at(map, has_renew ? "renew-timer" : "rebind-timer"),
                     "renew-timer (%u s) is not below rebind-timer (%u s): T1 will not be sent", t->renew_s,
                     t->rebind_s);
    jcfg_get_bool(&p->c, map, "calculate-tee-times", &t->calculate);
    bool has_t1 = jcfg_get_real(&p->c, map, "t1-percent", 0.001, 0.998, &t->t1_percent);
    jcfg_get_real(&p->c, map, "t2-percent", 0.002, 0.999, &t->t2_percent);
    if (t->t1_percent >= t->t2_percent)
        jcfg_error(&p->c, at(map, has_t1 ? "t1-percent" : "t2-percent"),
                   "t1-percent (%g) is not below t2-percent (%g)", t->t1_percent, t->t2_percent);
}

/* A text that goes into a field of `size` octets of the message. */
static void read_field(struct parse *p, const cJSON *map, const char *key, size_t size, const char **out)
{
    const char *text;
    if (!jcfg_get_text(&p->c, map, key, &text))
        return;
    if (strlen(text) >= size)
        jcfg_error(&p->c, at(map, key), "expected at most %zu octets, found %zu", size - 1, strlen(text));
    *out = copy_text(p, text);
}

static void read_scope(struct parse *p, const cJSON *map, struct scope *s)
{
    read_lifetime(p, map, &s->lifetime);
    read_timers(p, map, &s->timers);
    jcfg_get_ip4(&p->c, map, "next-server", &s->boot.next_server);
    read_field(p, map, "server-hostname", DHCP_SNAME_LEN, &s->boot.server_hostname);
    read_field(p, map, "boot-file-name", DHCP_FILE_LEN, &s->boot.boot_file_name);
    jcfg_get_bool(&p->c, map, "authoritative", &s->authoritative);
    jcfg_get_bool(&p->c, map, "match-client-id", &s->match_client_id);
    jcfg_get_bool(&p->c, map, "rapid-commit", &s->rapid_commit);
}

/* ---- subnets ---- */

/* Overlap with an earlier pool of any subnet: an address can be leased only once. */
static void check_overlap(struct parse *p, const cJSON *item, const struct srv_subnet *mine,
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

static void read_pool(struct parse *p, const cJSON *map, struct srv_subnet *subnet)
{
    const char *text;
    struct srv_pool pool = {0};
    char net[IP4_NET_LEN];
    if (!jcfg_is_map(&p->c, map, "a map with a pool"))
        return;
    jcfg_check_keys(&p->c, map, pool_keys, pool_elsewhere);
    jcfg_require(&p->c, map, "pool");
    if (!jcfg_get_text(&p->c, map, "pool", &text))
        return;
    const cJSON *item = at(map, "pool");
    if (!ip4_range_parse(text, &pool.range)) {
        jcfg_error(&p->c, item,
                   "expected a range such as \"10.0.0.10 - 10.0.0.99\" or \"10.0.0.0/24\", found \"%s\"",
                   text);
        return;
    }
    if (!ip4_net_has(subnet->net, pool.range.first) || !ip4_net_has(subnet->net, pool.range.last))
        jcfg_error(&p->c, item, "the pool %s is not inside the subnet %s", text,
                   ip4_net_format(subnet->net, net));
    check_overlap(p, item, subnet, pool.range);
    read_options(p, map, &pool.options);
    subnet->pools[subnet->n_pools++] = pool;
}

static void read_pools(struct parse *p, const cJSON *map, struct srv_subnet *subnet)
{
    const cJSON *list = jcfg_get_list(&p->c, map, "pools"), *item;
    if (list == NULL)
        return;
    subnet->pools = allocate(p, (size_t)cJSON_GetArraySize(list) + 1, sizeof *subnet->pools);
    if (subnet->pools == NULL)
        return;
    cJSON_ArrayForEach(item, list) read_pool(p, item, subnet);
}

static bool is_relay(const struct srv_subnet *subnet, ip4 giaddr)
{
    for (size_t i = 0; i < subnet->n_relays; i++)
        if (subnet->relays[i] == giaddr)
            return true;
    return false;
}

static void read_relays(struct parse *p, const cJSON *subnet_map, struct srv_subnet *subnet)
{
    const cJSON *map = jcfg_get_map(&p->c, subnet_map, "relay"), *item;
    if (map == NULL)
        return;
    jcfg_check_keys(&p->c, map, relay_keys, NULL);
    const cJSON *list = jcfg_get_list(&p->c, map, "ip-addresses");
    if (list == NULL)
        return;
    ip4 *relays = allocate(p, (size_t)cJSON_GetArraySize(list) + 1, sizeof *relays);
    if (relays == NULL)
        return;
    subnet->relays = relays;
    cJSON_ArrayForEach(item, list)
    {
        char net[IP4_NET_LEN];
        ip4 addr;
        if (!jcfg_as_ip4(&p->c, item, &addr))
            return;
        const struct srv_subnet *other = srv_config_find_relay(p->config, addr);
        if (other != NULL)
            jcfg_error(&p->c, item, "the relay stands for the subnet %s already",
                       ip4_net_format(other->net, net));
        relays[subnet->n_relays++] = addr;
    }
}

static void check_unique(struct parse *p, const cJSON *map, const struct srv_subnet *subnet)
{
    char net[IP4_NET_LEN];
    for (const struct srv_subnet *s = p->config->subnets; s < subnet; s++) {
        if (s->id == subnet->id)
            jcfg_error(&p->c, at(map, "id"), "the subnet %s has the id %u already",
                       ip4_net_format(s->net, net), s->id);
        if (s->net.addr == subnet->net.addr && s->net.len == subnet->net.len)
            jcfg_error(&p->c, at(map, "subnet"), "the subnet %s is there already",
                       ip4_net_format(s->net, net));
    }
}

static void read_subnet(struct parse *p, const cJSON *map, const struct scope *global)
{
    if (!jcfg_is_map(&p->c, map, "a map with a subnet"))
        return;
    struct srv_subnet *subnet = &p->config->subnets[p->config->n_subnets];
    struct scope scope = *global;
    const char *interface = "";
    jcfg_check_keys(&p->c, map, subnet_keys, subnet_elsewhere);
    jcfg_require(&p->c, map, "id");
    jcfg_require(&p->c, map, "subnet");
    jcfg_get_u32(&p->c, map, "id", 1, UINT32_MAX - 1, &subnet->id);
    jcfg_get_net(&p->c, map, "subnet", &subnet->net);
    jcfg_get_text(&p->c, map, "interface", &interface);
    read_scope(p, map, &scope);
    read_options(p, map, &subnet->options);
    subnet->net.addr = ip4_net_base(subnet->net); /* Kea tolerates host bits */
    subnet->interface = copy_text(p, interface);
    subnet->lifetime = scope.lifetime;
    subnet->timers = scope.timers;
    subnet->boot = scope.boot;
    subnet->authoritative = scope.authoritative;
    subnet->match_client_id = scope.match_client_id;
    subnet->rapid_commit = scope.rapid_commit;
    if (jcfg_failed(&p->c)) /* the places of what follows would only repeat it */
        return;
    check_unique(p, map, subnet);
    read_pools(p, map, subnet);
    read_relays(p, map, subnet);
    p->config->n_subnets++;
}

static void read_subnets(struct parse *p, const cJSON *map, const struct scope *global)
{
    const cJSON *list = jcfg_get_list(&p->c, map, "subnet4"), *item;
    if (list == NULL)
        return;
    p->config->subnets = allocate(p, (size_t)cJSON_GetArraySize(list) + 1, sizeof *p->config->subnets);
    if (p->config->subnets == NULL)
        return;
    cJSON_ArrayForEach(item, list) read_subnet(p, item, global);
}

/* A server that cannot serve anybody is a legal configuration, and hardly what was meant. */
static void warn_of_idleness(struct parse *p, const cJSON *map)
{
    if (jcfg_failed(&p->c)) /* what was not read may have been there */
        return;
    if (p->config->n_subnets == 0)
        jcfg_warning(&p->c, map, "there is no subnet4: nobody will get an address");
    for (size_t i = 0; i < p->config->n_subnets; i++)
        if (p->config->subnets[i].n_pools == 0)
            jcfg_warning(&p->c, map, "subnet %u has no pools: nobody will get an address there",
                         p->config->subnets[i].id);
}

/* ---- the server as a whole ---- */

static void read_interface(struct parse *p, const cJSON *item)
{
    const char *text;
    ip4 addr;
    if (!jcfg_as_text(&p->c, item, "the name of an interface, or \"*\"", &text))
        return;
    size_t len = strcspn(text, "/");
    if (len == 0 || len > IFNAME_LEN_MAX || (text[len] == '/' && !ip4_parse(text + len + 1, &addr)))
        jcfg_error(&p->c, item, "expected \"*\", \"eth0\" or \"eth0/192.0.2.1\", found \"%s\"", text);
    p->config->interfaces[p->config->n_interfaces++] = copy_text(p, text);
}

static void read_interfaces(struct parse *p, const cJSON *global)
{
    static const char *const types[] = {"raw", "udp", NULL};
    const cJSON *map = jcfg_get_map(&p->c, global, "interfaces-config"), *item;
    if (map == NULL)
        return;
    jcfg_check_keys(&p->c, map, interfaces_keys, interfaces_elsewhere);
    int type;
    if (jcfg_get_word(&p->c, map, "dhcp-socket-type", types, &type))
        p->config->socket_type = type == 0 ? SRV_SOCKET_RAW : SRV_SOCKET_UDP;
    const cJSON *list = jcfg_get_list(&p->c, map, "interfaces");
    if (list == NULL)
        return;
    p->config->interfaces = allocate(p, (size_t)cJSON_GetArraySize(list) + 1, sizeof(char *));
    if (p->config->interfaces == NULL)
        return;
    cJSON_ArrayForEach(item, list) read_interface(p, item);
}

static void read_database(struct parse *p, const cJSON *global)
{
    static const char *const types[] = {"memfile", NULL}, *const syncs[] = {"batch", "none", NULL};
    const cJSON *map = jcfg_get_map(&p->c, global, "lease-database");
    if (map == NULL)
        return;
    jcfg_check_keys(&p->c, map, database_keys, database_elsewhere);
    int type, sync;
    bool persist = true;
    const char *name = "";
    jcfg_get_word(&p->c, map, "type", types, &type);
    jcfg_get_bool(&p->c, map, "persist", &persist);
    jcfg_get_text(&p->c, map, "name", &name);
    jcfg_get_u32(&p->c, map, "lfc-interval", 0, UINT32_MAX, &p->config->lfc_interval_s);
    if (jcfg_get_word(&p->c, map, "sync", syncs, &sync))
        p->config->sync = sync == 0 ? SRV_SYNC_BATCH : SRV_SYNC_NONE;
    if (persist && name[0] != '\0')
        p->config->lease_file = copy_text(p, name);
}

static void read_global(struct parse *p, const cJSON *map)
{
    struct srv_config *config = p->config;
    struct scope global = {
        .lifetime = {LIFETIME_DEFAULT_S, LIFETIME_DEFAULT_S, LIFETIME_DEFAULT_S},
        .timers = {.t1_percent = T1_PERCENT_DEFAULT, .t2_percent = T2_PERCENT_DEFAULT},
        .boot = {.server_hostname = "", .boot_file_name = ""},
        .match_client_id = true,
    };
    *config = (struct srv_config){.arena = config->arena,
                                  .echo_client_id = true,
                                  .decline_s = DECLINE_DEFAULT_S,
                                  .max_declines = DECLINES_DEFAULT,
                                  .lfc_interval_s = LFC_INTERVAL_DEFAULT_S,
                                  .offer_hold_s = OFFER_HOLD_DEFAULT_S,
                                  .max_offers = OFFERS_DEFAULT,
                                  .max_leases = LEASES_DEFAULT};
    jcfg_check_keys(&p->c, map, global_keys, global_elsewhere);
    read_interfaces(p, map);
    read_database(p, map);
    jcfg_get_bool(&p->c, map, "echo-client-id", &config->echo_client_id);
    jcfg_get_bool(&p->c, map, "subnet-selection", &config->subnet_selection);
    jcfg_get_u32(&p->c, map, "decline-probation-period", 0, LEASE_INFINITE, &config->decline_s);
    jcfg_get_u32(&p->c, map, "max-declines-per-client", 0, DECLINES_MAX, &config->max_declines);
    jcfg_get_u32(&p->c, map, "offer-hold-time", 1, OFFER_HOLD_MAX_S, &config->offer_hold_s);
    jcfg_get_u32(&p->c, map, "max-offers", 1, LIMIT_MAX, &config->max_offers);
    jcfg_get_u32(&p->c, map, "max-leases", 1, LIMIT_MAX, &config->max_leases);
    read_options(p, map, &config->options);
    read_scope(p, map, &global);
    config->lifetime = global.lifetime;
    config->timers = global.timers;
    config->boot = global.boot;
    config->authoritative = global.authoritative;
    config->match_client_id = global.match_client_id;
    read_subnets(p, map, &global);
    warn_of_idleness(p, map);
}

static void read_root(struct parse *p)
{
    if (!jcfg_is_map(&p->c, p->c.root, "a map with \"Dhcp4\""))
        return;
    jcfg_check_keys(&p->c, p->c.root, root_keys, root_elsewhere);
    jcfg_require(&p->c, p->c.root, "Dhcp4");
    const cJSON *map = jcfg_get_map(&p->c, p->c.root, "Dhcp4");
    if (map != NULL)
        read_global(p, map);
}

int srv_config_parse(const char *name, const char *text, size_t len, jcfg_warn_fn *warn, void *warn_user,
                     char *out_error, struct srv_config **out)
{
    *out = NULL;
    struct parse p = {.config = calloc(1, sizeof *p.config)};
    if (p.config == NULL)
        return ERR_NOMEM;
    arena_init(&p.config->arena);
    int err = jcfg_parse(&p.c, name, text, len, warn, warn_user);
    if (err == 0) {
        read_root(&p);
        err = jcfg_failed(&p.c) ? ERR_CONFIG : 0;
    }
    if (p.out_of_memory)
        err = ERR_NOMEM;
    if (err == ERR_CONFIG)
        memcpy(out_error, p.c.error, JCFG_TEXT_MAX);
    if (err == 0)
        p.config->source = cJSON_DetachItemFromObjectCaseSensitive(p.c.root, "Dhcp4");
    jcfg_fini(&p.c);
    if (err == 0)
        *out = p.config;
    else
        srv_config_free(p.config);
    return err;
}

void srv_config_free(struct srv_config *config)
{
    if (config == NULL)
        return;
    cJSON_Delete(config->source);
    arena_fini(&config->arena);
    free(config);
}

const struct srv_subnet *srv_config_find_subnet(const struct srv_config *config, ip4 addr)
{
    const struct srv_subnet *best = NULL;
    for (size_t i = 0; i < config->n_subnets; i++) {
        const struct srv_subnet *subnet = &config->subnets[i];
        if (ip4_net_has(subnet->net, addr) && (best == NULL || subnet->net.len > best->net.len))
            best = subnet;
    }
    return best;
}

const struct srv_subnet *srv_config_find_relay(const struct srv_config *config, ip4 giaddr)
{
    for (size_t i = 0; i < config->n_subnets; i++)
        if (is_relay(&config->subnets[i], giaddr))
            return &config->subnets[i];
    return NULL;
}

const struct srv_subnet *srv_config_find_subnet_id(const struct srv_config *config, uint32_t id)
{
    for (size_t i = 0; i < config->n_subnets; i++)
        if (config->subnets[i].id == id)
            return &config->subnets[i];
    return NULL;
}

bool srv_config_matches_client_id(const struct srv_config *config, uint32_t subnet_id)
{
    const struct srv_subnet *subnet = srv_config_find_subnet_id(config, subnet_id);
    return subnet == NULL || subnet->match_client_id;
}

const struct srv_pool *srv_config_find_pool(const struct srv_subnet *subnet, ip4 addr)
{
    for (size_t i = 0; i < subnet->n_pools; i++)
        if (ip4_range_has(subnet->pools[i].range, addr))
            return &subnet->pools[i];
    return NULL;
}
