/* libdhcp_lease_query.so: who may ask for leases. Parameters and defaults are Kea's, but for
 * non-sensitive-options, which RFC 4388 6.4.2 asks for. */
#include "common/dhcp_proto.h"
#include "server/srv_parse.h"

enum {
    CONNECTIONS_DEFAULT = 10,
    CONNECTIONS_MAX = 1000,
    IDLE_DEFAULT_S = 300,
    IDLE_MAX_S = 86400,
    FETCH_DEFAULT = 100,
    FETCH_MAX = 100000,
};

#define IP4_LOOPBACK ((ip4)0x7f000001)

static const char *const query_keys[] = {"advanced", "non-sensitive-options", "requesters", NULL};
static const char *const bulk_keys[] = {
    "bulk-query-enabled",
    "lease-query-ip",
    "lease-query-tcp-port",
    "max-requester-connections",
    "max-requester-idle-time",
    "max-leases-per-fetch",
    NULL,
};
static const char *const bulk_elsewhere[] = {"active-query-enabled", "extended-info-tables-enabled",
                                             "max-bulk-query-threads", "max-concurrent-queries", NULL};

static void read_requester(struct srv_parse *p, const cJSON *item, struct ip4_net *out)
{
    const char *text;
    if (!jcfg_as_text(&p->c, item, "an address or a prefix", &text))
        return;
    out->len = 32;
    if (!ip4_parse(text, &out->addr) && !ip4_net_parse(text, out))
        jcfg_error(&p->c, item, "expected an address or a prefix such as \"192.0.2.0/24\", found \"%s\"",
                   text);
}

static void read_requesters(struct srv_parse *p, const cJSON *map, struct srv_lease_query *query)
{
    const cJSON *list = jcfg_get_list(&p->c, map, "requesters"), *item;
    struct ip4_net *nets = srv_parse_alloc(p, (size_t)cJSON_GetArraySize(list) + 1, sizeof *nets);
    if (nets == NULL)
        return;
    query->requesters = nets;
    cJSON_ArrayForEach(item, list)
    {
        read_requester(p, item, &nets[query->n_requesters++]);
    }
    if (query->n_requesters == 0)
        jcfg_error(&p->c, map, "\"requesters\" names nobody: nobody could ask");
}

static void read_options(struct srv_parse *p, const cJSON *map, struct srv_lease_query *query)
{
    const cJSON *list = jcfg_get_list(&p->c, map, "non-sensitive-options"), *item;
    uint8_t *codes = srv_parse_alloc(p, (size_t)cJSON_GetArraySize(list) + 1, 1);
    if (codes == NULL)
        return;
    query->options = codes;
    cJSON_ArrayForEach(item, list)
    {
        uint32_t code = 0;
        if (jcfg_as_u32(&p->c, item, 1, 254, &code))
            codes[query->n_options++] = (uint8_t)code;
    }
}

static void read_bulk(struct srv_parse *p, const cJSON *parameters, struct srv_bulk_query *bulk)
{
    const cJSON *map = jcfg_get_map(&p->c, parameters, "advanced");
    uint32_t port;
    jcfg_check_keys(&p->c, map, bulk_keys, bulk_elsewhere);
    jcfg_get_bool(&p->c, map, "bulk-query-enabled", &bulk->enabled);
    jcfg_get_ip4(&p->c, map, "lease-query-ip", &bulk->addr);
    if (jcfg_get_u32(&p->c, map, "lease-query-tcp-port", 1, UINT16_MAX, &port))
        bulk->port = (uint16_t)port;
    jcfg_get_u32(&p->c, map, "max-requester-connections", 1, CONNECTIONS_MAX, &bulk->max_connections);
    jcfg_get_u32(&p->c, map, "max-requester-idle-time", 1, IDLE_MAX_S, &bulk->idle_s);
    jcfg_get_u32(&p->c, map, "max-leases-per-fetch", 1, FETCH_MAX, &bulk->fetch);
}

void srv_parse_lease_query(struct srv_parse *p, const cJSON *hook)
{
    const cJSON *parameters = jcfg_get_map(&p->c, hook, "parameters");
    struct srv_lease_query *query = &p->config->lease_query;
    *query = (struct srv_lease_query){.enabled = true,
                                      .bulk = {.addr = IP4_LOOPBACK,
                                               .port = DHCP_PORT_SERVER,
                                               .max_connections = CONNECTIONS_DEFAULT,
                                               .idle_s = IDLE_DEFAULT_S,
                                               .fetch = FETCH_DEFAULT}};
    jcfg_require(&p->c, hook, "parameters");
    if (parameters == NULL)
        return;
    jcfg_check_keys(&p->c, parameters, query_keys, NULL);
    read_requesters(p, parameters, query);
    read_options(p, parameters, query);
    read_bulk(p, parameters, &query->bulk);
}
