#include "server/srv_config.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/dhcp_opt.h"
#include "common/dhcp_proto.h"
#include "common/err.h"
#include "server/srv_index.h"
#include "server/srv_parse.h"

enum {
    LIFETIME_DEFAULT_S = 7200,
    DECLINE_DEFAULT_S = 86400,
    DECLINES_DEFAULT = 4,
    DECLINES_MAX = 65535,
    LFC_INTERVAL_DEFAULT_S = 3600, /* Kea's */
    OFFER_HOLD_DEFAULT_S = 60,
    OFFER_HOLD_MAX_S = 86400,
    OFFERS_DEFAULT = 10000,
    OFFERS_PER_CLIENT_DEFAULT = 16,
    PING_REQUESTS_DEFAULT = 1,
    PING_TIMEOUT_DEFAULT_MS = 100,
    PING_CLTT_DEFAULT_S = 60,
    PING_PENDING_DEFAULT = 256,
    LEASES_DEFAULT = 1000000,
    LIMIT_MAX = 1 << 24,
    IFNAME_LEN_MAX = 15,
};

#define T1_PERCENT_DEFAULT 0.5   /* RFC 2131 4.4.5 */
#define T2_PERCENT_DEFAULT 0.875 /* RFC 2131 4.4.5 */

/* The keys of each map: those served here, and those of Kea's that are not. */

static const char *const root_keys[] = {"Dhcp4", "$schema", NULL};
static const char *const root_elsewhere[] = {"Control-agent", "Dhcp6",   "DhcpDdns",
                                             "Logging",       "Netconf", NULL};

/* One key a line. */
/* clang-format off */
static const char *const global_keys[] = {
    SRV_PARSE_SCOPE_KEYS,
    "compatibility",
    "control-socket",
    "control-sockets",
    "decline-probation-period",
    "dhcp-queue-control",
    "early-global-reservations-lookup",
    "echo-client-id",
    "expired-leases-processing",
    "forcerenew",
    "hooks-libraries",
    "host-reservation-identifiers",
    "interfaces-config",
    "ip-reservations-unique",
    "lease-database",
    "loggers",
    "max-declined-addresses",
    "max-declines-per-client",
    "max-leases",
    "max-log-rate",
    "max-offers",
    "max-offers-per-client",
    "max-option-blocks",
    "metrics",
    "offer-hold-time",
    "option-def",
    "parked-packet-limit",
    "reservations",
    "reservations-lookup-first",
    "sanity-checks",
    "shared-networks",
    "stash-agent-options",
    "statistic-default-sample-age",
    "statistic-default-sample-count",
    "subnet-selection",
    "subnet4",
    NULL,
};
static const char *const global_elsewhere[] = {
    SRV_PARSE_SCOPE_ELSEWHERE,
    "config-control",
    "dhcp-ddns",
    "dhcp4o6-port",
    "hosts-database",
    "hosts-databases",
    "multi-threading",
    "server-tag",
    NULL,
};
/* clang-format on */

static const char *const interfaces_keys[] = {"dhcp-socket-type", "interfaces", "udp-segments", NULL};
static const char *const interfaces_elsewhere[] = {
    "outbound-interface",
    "re-detect",
    "service-sockets-max-retries",
    "service-sockets-require-all",
    "service-sockets-retry-wait-time",
    NULL,
};

static const char *const database_keys[] = {"lfc-interval", "name", "persist", "sync", "type", NULL};
static const char *const database_elsewhere[] = {
    "cert-file",
    "cipher-list",
    "connect-timeout",
    "consistency",
    "contact-points",
    "host",
    "key-file",
    "keyspace",
    "max-reconnect-tries",
    "max-row-errors",
    "on-fail",
    "password",
    "port",
    "read-timeout",
    "readonly",
    "reconnect-wait-time",
    "request-timeout",
    "retry-on-startup",
    "tcp-keepalive",
    "tcp-nodelay",
    "tcp-user-timeout",
    "trust-anchor",
    "user",
    "write-timeout",
    NULL,
};

/* ---- the server as a whole ---- */

static void read_interface(struct srv_parse *p, const cJSON *item)
{
    const char *text;
    ip4 addr;
    if (!jcfg_as_text(&p->c, item, "the name of an interface, or \"*\"", &text))
        return;
    size_t len = strcspn(text, "/");
    if (len == 0 || len > IFNAME_LEN_MAX || (text[len] == '/' && !ip4_parse(text + len + 1, &addr)))
        jcfg_error(&p->c, item, "expected \"*\", \"eth0\" or \"eth0/192.0.2.1\", found \"%s\"", text);
    p->config->interfaces[p->config->n_interfaces++] = srv_parse_copy(p, text);
}

const char *const srv_config_segments_words[] = {"auto", "always", "never", NULL};

static void read_interfaces(struct srv_parse *p, const cJSON *global)
{
    static const char *const types[] = {"raw", "udp", NULL};
    int type, segments;
    const cJSON *map = jcfg_get_map(&p->c, global, "interfaces-config"), *item;
    if (map == NULL)
        return;
    jcfg_check_keys(&p->c, map, interfaces_keys, interfaces_elsewhere);
    if (jcfg_get_word(&p->c, map, "dhcp-socket-type", types, &type))
        p->config->socket_type = type == 0 ? SRV_SOCKET_RAW : SRV_SOCKET_UDP;
    if (jcfg_get_word(&p->c, map, "udp-segments", srv_config_segments_words, &segments))
        p->config->udp_segments = (enum srv_segments)segments;
    const cJSON *list = jcfg_get_list(&p->c, map, "interfaces");
    if (list == NULL)
        return;
    p->config->interfaces = srv_parse_alloc(p, (size_t)cJSON_GetArraySize(list) + 1, sizeof(char *));
    if (p->config->interfaces == NULL)
        return;
    cJSON_ArrayForEach(item, list) read_interface(p, item);
}

static void read_database(struct srv_parse *p, const cJSON *global)
{
    static const char *const types[] = {"memfile", "cql", "mysql", "postgresql", NULL}, *const syncs[] = {
                                                                                            "batch", "none",
                                                                                            NULL};
    const cJSON *map = jcfg_get_map(&p->c, global, "lease-database");
    if (map == NULL)
        return;
    jcfg_check_keys(&p->c, map, database_keys, database_elsewhere);
    int type = 0, sync;
    bool persist = true;
    const char *name = "";
    jcfg_get_word(&p->c, map, "type", types, &type);
    jcfg_get_bool(&p->c, map, "persist", &persist);
    jcfg_get_text(&p->c, map, "name", &name);
    jcfg_get_u32(&p->c, map, "lfc-interval", 0, UINT32_MAX, &p->config->lfc_interval_s);
    if (jcfg_get_word(&p->c, map, "sync", syncs, &sync))
        p->config->sync = sync == 0 ? SRV_SYNC_BATCH : SRV_SYNC_NONE;
    if (type != 0)
        jcfg_warning(&p->c, srv_parse_at(map, "type"),
                     "there is no %s here: leases are kept in memory, and in a file with --lease-file",
                     types[type]);
    if (type == 0 && persist && name[0] != '\0')
        p->config->lease_file = srv_parse_copy(p, name);
}

static void read_global(struct srv_parse *p, const cJSON *map)
{
    struct srv_config *config = p->config;
    struct srv_parse_scope global = {
        .lifetime = {.min_s = LIFETIME_DEFAULT_S,
                     .default_s = LIFETIME_DEFAULT_S,
                     .max_s = LIFETIME_DEFAULT_S},
        .timers = {.t1_percent = T1_PERCENT_DEFAULT, .t2_percent = T2_PERCENT_DEFAULT},
        .boot = {.server_hostname = "", .boot_file_name = ""},
        .interface = "",
        .reservations = {.in_subnet = true},
        .match_client_id = true,
    };
    *config = (struct srv_config){.arena = config->arena,
                                  .echo_client_id = true,
                                  .lease_checks = SRV_CHECKS_WARN,
                                  .forcerenew = true,
                                  .decline_s = DECLINE_DEFAULT_S,
                                  .max_declines = DECLINES_DEFAULT,
                                  .lfc_interval_s = LFC_INTERVAL_DEFAULT_S,
                                  .ping = {.requests = PING_REQUESTS_DEFAULT,
                                           .timeout_ms = PING_TIMEOUT_DEFAULT_MS,
                                           .cltt_s = PING_CLTT_DEFAULT_S,
                                           .max_pending = PING_PENDING_DEFAULT},
                                  .offer_hold_s = OFFER_HOLD_DEFAULT_S,
                                  .max_offers = OFFERS_DEFAULT,
                                  .max_offers_per_client = OFFERS_PER_CLIENT_DEFAULT,
                                  .max_leases = LEASES_DEFAULT};
    jcfg_check_keys(&p->c, map, global_keys, global_elsewhere);
    read_interfaces(p, map);
    read_database(p, map);
    jcfg_get_bool(&p->c, map, "echo-client-id", &config->echo_client_id);
    srv_parse_compatibility(p, map);
    srv_parse_sanity_checks(p, map);
    srv_parse_expiry(p, map);
    srv_parse_loggers(p, map);
    srv_parse_control(p, map);
    config->subnet_selection = config->kea; /* RFC 3011 6: off unless configured; Kea always obeys it */
    /* RFC 3046 2.1: a renewal goes past the relay. What the relay has said before holds then. */
    config->stash_relay_info = global.store_extended_info = !config->kea;
    jcfg_get_bool(&p->c, map, "stash-agent-options", &config->stash_relay_info);
    jcfg_get_bool(&p->c, map, "forcerenew", &config->forcerenew);
    jcfg_get_bool(&p->c, map, "subnet-selection", &config->subnet_selection);
    jcfg_get_u32(&p->c, map, "decline-probation-period", 0, LEASE_INFINITE, &config->decline_s);
    jcfg_get_u32(&p->c, map, "max-declines-per-client", 0, DECLINES_MAX, &config->max_declines);
    jcfg_get_u32(&p->c, map, "offer-hold-time", 1, OFFER_HOLD_MAX_S, &config->offer_hold_s);
    jcfg_get_u32(&p->c, map, "max-offers", 1, LIMIT_MAX, &config->max_offers);
    jcfg_get_u32(&p->c, map, "max-offers-per-client", 1, LIMIT_MAX, &config->max_offers_per_client);
    jcfg_get_u32(&p->c, map, "max-leases", 1, LIMIT_MAX, &config->max_leases);
    srv_parse_hooks(p, map);
    srv_parse_optdefs(p, map);
    config->optdefs = p->optdefs;
    srv_parse_limits(p, map);
    srv_parse_class_names(p);
    srv_parse_classes(p, map);
    srv_parse_options(p, map, &config->options);
    global.lifetime.offer_s = config->offer_hold_s;
    srv_parse_naming_default(&global.naming);
    srv_parse_scope(p, map, &global);
    config->lifetime = global.lifetime;
    config->timers = global.timers;
    config->boot = global.boot;
    config->naming = global.naming;
    config->allocator = global.allocator;
    config->authoritative = global.authoritative;
    config->rapid_commit = global.rapid_commit;
    config->match_client_id = global.match_client_id;
    config->store_extended_info = global.store_extended_info;
    config->reservations = global.reservations;
    srv_parse_hosts_begin(p, map);
    srv_parse_networks(p, map, &global);
    srv_parse_hosts(p, map, NULL);
    srv_parse_sense(p, map);
}

static void read_root(struct srv_parse *p)
{
    if (!jcfg_is_map(&p->c, p->c.root, "a map with \"Dhcp4\""))
        return;
    jcfg_check_keys(&p->c, p->c.root, root_keys, root_elsewhere);
    jcfg_require(&p->c, p->c.root, "Dhcp4");
    const cJSON *map = jcfg_get_map(&p->c, p->c.root, "Dhcp4");
    if (map != NULL)
        read_global(p, map);
}

static bool start(struct srv_parse *p)
{
    *p = (struct srv_parse){.config = calloc(1, sizeof *p->config)};
    if (p->config != NULL)
        arena_init(&p->config->arena);
    return p->config != NULL;
}

/* `err` is what became of the text. */
static int finish(struct srv_parse *p, int err, char *out_error, struct srv_config **out)
{
    if (err == 0) {
        read_root(p);
        err = jcfg_failed(&p->c) ? ERR_CONFIG : 0;
    }
    if (p->out_of_memory)
        err = ERR_NOMEM;
    if (err == ERR_CONFIG)
        memcpy(out_error, p->c.error, JCFG_TEXT_MAX);
    if (err == 0)
        p->config->source = cJSON_DetachItemFromObjectCaseSensitive(p->c.root, "Dhcp4");
    jcfg_fini(&p->c);
    if (err == 0)
        *out = p->config;
    else
        srv_config_free(p->config);
    return err;
}

const char *const srv_config_replace_words[] = {"never", "always", "when-present", "when-not-present", NULL};

int srv_config_parse(const char *name, const char *text, size_t len, jcfg_warn_fn *warn, void *user,
                     char *out_error, struct srv_config **out)
{
    struct srv_parse p;
    *out = NULL;
    return start(&p) ? finish(&p, jcfg_parse(&p.c, name, text, len, warn, user), out_error, out) : ERR_NOMEM;
}

int srv_config_read(const char *path, jcfg_read_fn *read, jcfg_warn_fn *warn, void *user, char *out_error,
                    struct srv_config **out)
{
    struct srv_parse p;
    *out = NULL;
    return start(&p) ? finish(&p, jcfg_read(&p.c, path, read, warn, user), out_error, out) : ERR_NOMEM;
}

void srv_config_free(struct srv_config *config)
{
    if (config == NULL)
        return;
    cJSON_Delete(config->source);
    arena_fini(&config->arena);
    free(config);
}

const struct srv_option *srv_config_find_option(const struct srv_options *options, uint8_t code)
{
    for (size_t i = 0; i < options->n; i++)
        if (options->list[i].code == code)
            return &options->list[i];
    return NULL;
}

const struct srv_subnet *srv_config_find_subnet(const struct srv_config *config, ip4 addr)
{
    const struct srv_index_place *place = srv_index_find_net(config->index, addr);
    return place == NULL ? NULL : place->subnet;
}

const struct srv_subnet *srv_config_find_subnet_id(const struct srv_config *config, uint32_t id)
{
    return srv_index_find_id(config->index, id);
}

const struct srv_subnet *srv_config_find_neighbour(const struct srv_config *config,
                                                   const struct srv_subnet *subnet, ip4 addr)
{
    const struct srv_index_place *place = srv_index_find_net(config->index, addr);
    while (place != NULL && !srv_config_is_neighbour(subnet, place->subnet))
        place = place->next;
    return place == NULL ? NULL : place->subnet;
}

const struct srv_network *srv_config_find_network(const struct srv_config *config, const char *name)
{
    for (size_t i = 0; i < config->n_networks; i++)
        if (strcmp(config->networks[i].name, name) == 0)
            return &config->networks[i];
    return NULL;
}

bool srv_config_matches_client_id(const struct srv_config *config, uint32_t subnet_id)
{
    const struct srv_subnet *subnet = srv_config_find_subnet_id(config, subnet_id);
    return subnet == NULL || subnet->match_client_id;
}

uint32_t srv_config_pool_id(const struct srv_config *config, uint32_t subnet_id, ip4 addr)
{
    const struct srv_subnet *subnet = srv_config_find_subnet_id(config, subnet_id);
    const struct srv_pool *pool = subnet == NULL ? NULL : srv_config_find_pool(subnet, addr);
    return pool == NULL ? 0 : pool->id;
}

bool srv_config_keeps_leases(const struct srv_config *config)
{
    const struct srv_expiry *e = &config->expiry;
    return !e->is_given || (e->hold_s != 0 && e->flush_wait_s != 0);
}

bool srv_config_is_requester(const struct srv_config *config, ip4 giaddr)
{
    for (size_t i = 0; i < config->lease_query.n_requesters; i++)
        if (ip4_net_has(config->lease_query.requesters[i], giaddr))
            return true;
    return false;
}
