#include "server/srv_report.h"

#include <stdio.h>

/* As Kea shows option 82. */
static void add_relay_info(cJSON *json, const struct srv_lease *lease)
{
    char text[2 + 2 * SRV_RELAY_INFO_MAX + 1] = "0x";
    if (lease->relay_info_len == 0)
        return;
    for (unsigned i = 0; i < lease->relay_info_len; i++)
        snprintf(text + 2 + 2 * i, 3, "%02X", lease->relay_info[i]);
    cJSON *isc = cJSON_AddObjectToObject(cJSON_AddObjectToObject(json, "user-context"), "ISC");
    cJSON_AddStringToObject(cJSON_AddObjectToObject(isc, "relay-agent-info"), "sub-options", text);
}

cJSON *srv_report_lease(const struct srv_lease *lease, uint32_t pool_id, const struct clock_now *now)
{
    char addr[IP4_LEN], hw[HW_LEN], client_id[3 * SRV_CLIENT_ID_MAX + 1] = "";
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "ip-address", ip4_format(lease->addr, addr));
    cJSON_AddNumberToObject(json, "subnet-id", lease->subnet_id);
    cJSON_AddStringToObject(json, "hw-address", hw_format(&lease->hw, hw));
    for (unsigned i = 0; i < lease->client_id_len; i++)
        snprintf(client_id + (i ? 3 * i - 1 : 0), 4, "%s%02x", i ? ":" : "", lease->client_id[i]);
    if (lease->client_id_len != 0)
        cJSON_AddStringToObject(json, "client-id", client_id);
    cJSON_AddNumberToObject(json, "cltt", (double)(clock_wall_at(now, lease->granted_ms) / 1000));
    cJSON_AddNumberToObject(json, "valid-lft", lease->lease_s);
    cJSON_AddBoolToObject(json, "fqdn-fwd", false);
    cJSON_AddBoolToObject(json, "fqdn-rev", false);
    cJSON_AddStringToObject(json, "hostname", lease->hostname);
    cJSON_AddNumberToObject(json, "state", lease->state);
    if (pool_id != 0)
        cJSON_AddNumberToObject(json, "pool-id", pool_id);
    add_relay_info(json, lease);
    return json;
}

static bool count_lease(void *user, const struct srv_lease *lease)
{
    unsigned *n = user;
    *n += lease->state != SRV_LEASE_OFFERED;
    return true;
}

static bool count_active(void *user, const struct srv_lease *lease)
{
    unsigned *n = user;
    *n += lease->state == SRV_LEASE_ACTIVE;
    return true;
}

static void add_by_type(cJSON *map, const char *key, const uint64_t *counts)
{
    cJSON *json = cJSON_AddObjectToObject(map, key);
    for (uint8_t type = 0; type < 19; type++)
        if (counts[type] != 0)
            cJSON_AddNumberToObject(json, dhcp_type_name(type), (double)counts[type]);
}

void srv_report_status(struct srv_report *r, const struct srv_engine *e)
{
    const struct srv_counters *c = srv_engine_counters(e);
    r->json = cJSON_CreateObject();
    r->n = 0;
    srv_engine_leases(e, count_lease, &r->n);
    cJSON_AddNumberToObject(r->json, "leases", r->n);
    r->n = 0;
    srv_engine_leases(e, count_active, &r->n);
    cJSON_AddNumberToObject(r->json, "active_leases", r->n);
    add_by_type(r->json, "received", c->received);
    add_by_type(r->json, "sent", c->sent);
    cJSON_AddNumberToObject(r->json, "dropped", (double)c->dropped);
    cJSON *reasons = cJSON_AddObjectToObject(r->json, "reasons");
    for (int reason = REASON_NONE + 1; reason < REASON_COUNT; reason++)
        if (c->reasons[reason] != 0)
            cJSON_AddNumberToObject(reasons, reason_token((enum reason)reason), (double)c->reasons[reason]);
}

/* ---- configuration ---- */

static void set_text(cJSON *map, const char *key, const char *value)
{
    if (!cJSON_HasObjectItem(map, key))
        cJSON_AddStringToObject(map, key, value);
}

static void set_number(cJSON *map, const char *key, double value)
{
    if (!cJSON_HasObjectItem(map, key))
        cJSON_AddNumberToObject(map, key, value);
}

static void set_bool(cJSON *map, const char *key, bool value)
{
    if (!cJSON_HasObjectItem(map, key))
        cJSON_AddBoolToObject(map, key, value);
}

static cJSON *set_map(cJSON *map, const char *key)
{
    cJSON *item = cJSON_GetObjectItemCaseSensitive(map, key);
    return item != NULL ? item : cJSON_AddObjectToObject(map, key);
}

static void set_list(cJSON *map, const char *key)
{
    if (!cJSON_HasObjectItem(map, key))
        cJSON_AddArrayToObject(map, key);
}

static void set_times(cJSON *map, const struct srv_lifetime *lifetime, const struct srv_timers *timers)
{
    set_number(map, "valid-lifetime", lifetime->default_s);
    set_number(map, "min-valid-lifetime", lifetime->min_s);
    set_number(map, "max-valid-lifetime", lifetime->max_s);
    set_number(map, "offer-lifetime", lifetime->offer_s);
    set_number(map, "renew-timer", timers->renew_s);
    set_number(map, "rebind-timer", timers->rebind_s);
    set_bool(map, "calculate-tee-times", timers->calculate);
    set_number(map, "t1-percent", timers->t1_percent);
    set_number(map, "t2-percent", timers->t2_percent);
}

static void set_naming(cJSON *map, const struct srv_naming *naming)
{
    set_text(map, "ddns-qualifying-suffix", naming->suffix);
    set_text(map, "ddns-generated-prefix", naming->prefix);
    set_text(map, "ddns-replace-client-name", srv_config_replace_words[naming->replace]);
    set_text(map, "hostname-char-set", naming->char_set);
    set_text(map, "hostname-char-replacement", naming->replacement);
}

static void set_boot(cJSON *map, const struct srv_boot *boot)
{
    char addr[IP4_LEN];
    set_text(map, "next-server", ip4_format(boot->next_server, addr));
    set_text(map, "server-hostname", boot->server_hostname);
    set_text(map, "boot-file-name", boot->boot_file_name);
}

static void set_pools(cJSON *map)
{
    cJSON *pool;
    set_list(map, "pools");
    cJSON_ArrayForEach(pool, cJSON_GetObjectItemCaseSensitive(map, "pools"))
    {
        set_list(pool, "option-data");
        set_number(pool, "pool-id", 0);
    }
}

static void set_relay(cJSON *map, const ip4 *relays, size_t n)
{
    char addr[IP4_LEN];
    cJSON *relay = set_map(map, "relay");
    cJSON *old = cJSON_DetachItemFromObjectCaseSensitive(relay, "ip-address");
    if (cJSON_HasObjectItem(relay, "ip-addresses")) {
        cJSON_Delete(old);
        return;
    }
    cJSON *list = cJSON_AddArrayToObject(relay, "ip-addresses");
    if (old != NULL)
        cJSON_AddItemToArray(list, old);
    for (size_t i = 0; old == NULL && i < n; i++)
        cJSON_AddItemToArray(list, cJSON_CreateString(ip4_format(relays[i], addr)));
}

static void set_reservations(cJSON *map, const struct srv_reservations *r)
{
    set_bool(map, "reservations-global", r->global);
    set_bool(map, "reservations-in-subnet", r->in_subnet);
    set_bool(map, "reservations-out-of-pool", r->out_of_pool);
}

static void complete_host(cJSON *map)
{
    set_text(map, "hostname", "");
    set_list(map, "client-classes");
    set_list(map, "option-data");
    set_boot(map, &(struct srv_boot){.server_hostname = "", .boot_file_name = ""});
}

static void complete_hosts(cJSON *map)
{
    cJSON *item;
    set_list(map, "reservations");
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(map, "reservations")) complete_host(item);
}

static void complete_subnet(cJSON *map, const struct srv_subnet *subnet)
{
    set_number(map, "id", subnet->id);
    set_relay(map, subnet->relays, subnet->n_relays);
    set_pools(map);
    set_bool(map, "rapid-commit", subnet->rapid_commit);
    set_text(map, "interface", subnet->interface);
    set_list(map, "option-data");
    set_times(map, &subnet->lifetime, &subnet->timers);
    set_boot(map, &subnet->boot);
    set_naming(map, &subnet->naming);
    set_text(map, "allocator", srv_config_allocator_words[subnet->allocator]);
    set_reservations(map, &subnet->reservations);
    complete_hosts(map);
    set_bool(map, "authoritative", subnet->authoritative);
    set_bool(map, "match-client-id", subnet->match_client_id);
    set_bool(map, "store-extended-info", subnet->store_extended_info);
}

static void set_compatibility(cJSON *map, const struct srv_config *config)
{
    set_bool(map, "kea", config->kea);
    set_bool(map, "ignore-dhcp-server-identifier", config->ignore_server_id);
    set_bool(map, "ignore-rai-link-selection", config->ignore_link_selection);
    set_bool(map, "exclude-first-last-24", config->exclude_first_last);
    set_bool(map, "lenient-option-parsing", !config->strict);
}

static void set_expiry(cJSON *map, const struct srv_expiry *e)
{
    set_number(map, "reclaim-timer-wait-time", e->reclaim_wait_s);
    set_number(map, "flush-reclaimed-timer-wait-time", e->flush_wait_s);
    set_number(map, "hold-reclaimed-time", e->hold_s);
    set_number(map, "max-reclaim-leases", e->max_leases);
    set_number(map, "max-reclaim-time", e->max_time_ms);
    set_number(map, "unwarned-reclaim-cycles", e->unwarned);
}

static void set_host_ids(cJSON *map, const struct srv_config *config)
{
    if (cJSON_HasObjectItem(map, "host-reservation-identifiers"))
        return;
    cJSON *list = cJSON_AddArrayToObject(map, "host-reservation-identifiers");
    for (size_t i = 0; i < config->n_host_ids; i++)
        cJSON_AddItemToArray(list, cJSON_CreateString(srv_host_id_name(config->host_ids[i])));
}

static void complete_class(cJSON *map, const struct srv_class *class)
{
    cJSON_DeleteItemFromObjectCaseSensitive(map, "only-if-required"); /* the old name */
    set_bool(map, "only-in-additional-list", class->only_additional);
    set_list(map, "option-data");
    set_boot(map, &class->boot);
    if (class->lifetime.default_s == 0)
        return;
    set_number(map, "valid-lifetime", class->lifetime.default_s);
    set_number(map, "min-valid-lifetime", class->lifetime.min_s);
    set_number(map, "max-valid-lifetime", class->lifetime.max_s);
}

static void complete_global(cJSON *map, const struct srv_config *config)
{
    cJSON *interfaces = set_map(map, "interfaces-config"), *database = set_map(map, "lease-database");
    set_list(interfaces, "interfaces");
    set_text(interfaces, "dhcp-socket-type", config->socket_type == SRV_SOCKET_RAW ? "raw" : "udp");
    set_text(interfaces, "udp-segments", srv_config_segments_words[config->udp_segments]);
    set_text(database, "type", "memfile");
    set_bool(database, "persist", true);
    set_text(database, "name", "");
    set_text(database, "sync", config->sync == SRV_SYNC_BATCH ? "batch" : "none");
    set_number(database, "lfc-interval", config->lfc_interval_s);
    set_bool(map, "rapid-commit", config->rapid_commit);
    set_bool(map, "subnet-selection", config->subnet_selection);
    set_number(map, "decline-probation-period", config->decline_s);
    set_number(map, "max-declines-per-client", config->max_declines);
    set_compatibility(set_map(map, "compatibility"), config);
    set_text(set_map(map, "sanity-checks"), "lease-checks",
             srv_config_lease_check_words[config->lease_checks]);
    if (config->expiry.is_given)
        set_expiry(set_map(map, "expired-leases-processing"), &config->expiry);
    set_list(map, "option-def");
    set_list(map, "option-data");
    set_number(set_map(map, "dhcp-queue-control"), "capacity", config->queue_capacity);
    set_number(map, "max-declined-addresses", config->max_declined);
    set_number(map, "max-option-blocks", config->max_option_blocks);
    set_number(map, "max-log-rate", config->max_log_rate);
    set_number(map, "statistic-default-sample-count", config->stat_count);
    set_number(map, "statistic-default-sample-age", config->stat_age_s);
    set_list(map, "hooks-libraries");
    set_number(map, "parked-packet-limit", config->ping.max_pending);
    set_list(map, "client-classes");
    set_list(map, "shared-networks");
    set_list(map, "subnet4");
    set_times(map, &config->lifetime, &config->timers);
    set_boot(map, &config->boot);
    set_naming(map, &config->naming);
    set_text(map, "allocator", srv_config_allocator_words[config->allocator]);
    set_reservations(map, &config->reservations);
    set_bool(map, "stash-agent-options", config->stash_relay_info);
    set_bool(map, "early-global-reservations-lookup", config->early_global_hosts);
    set_bool(map, "ip-reservations-unique", config->unique_reservations);
    set_bool(map, "reservations-lookup-first", true);
    set_host_ids(map, config);
    complete_hosts(map);
    set_bool(map, "authoritative", config->authoritative);
    set_bool(map, "match-client-id", config->match_client_id);
    set_bool(map, "store-extended-info", config->store_extended_info);
    set_bool(map, "echo-client-id", config->echo_client_id);
    set_bool(map, "forcerenew", config->forcerenew);
    set_number(map, "offer-hold-time", config->offer_hold_s);
    set_number(map, "max-offers", config->max_offers);
    set_number(map, "max-offers-per-client", config->max_offers_per_client);
    set_number(map, "max-leases", config->max_leases);
}

/* The list "subnet4" of the map; its first subnet is `subnet`, and the others follow. */
static void complete_subnets(cJSON *map, const struct srv_subnet *subnet)
{
    cJSON *item;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(map, "subnet4"))
        complete_subnet(item, subnet++);
}

static void complete_network(cJSON *map, const struct srv_config *config, const struct srv_network *network)
{
    set_text(map, "interface", network->interface);
    set_relay(map, NULL, 0);
    set_bool(map, "rapid-commit", network->rapid_commit);
    set_list(map, "option-data");
    set_list(map, "subnet4");
    set_times(map, &network->lifetime, &network->timers);
    set_boot(map, &network->boot);
    set_naming(map, &network->naming);
    set_text(map, "allocator", srv_config_allocator_words[network->allocator]);
    set_reservations(map, &network->reservations);
    set_bool(map, "authoritative", network->authoritative);
    set_bool(map, "match-client-id", network->match_client_id);
    set_bool(map, "store-extended-info", network->store_extended_info);
    complete_subnets(map, &config->subnets[network->first]);
}

cJSON *srv_report_config(const struct srv_config *config)
{
    cJSON *map = cJSON_Duplicate(config->source, true), *item;
    const struct srv_network *network = config->networks;
    const struct srv_class *class = config->classes;
    complete_global(map, config);
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(map, "client-classes"))
    {
        complete_class(item, class ++);
    }
    complete_subnets(map, config->subnets);
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(map, "shared-networks"))
    {
        complete_network(item, config, network++);
    }
    return map;
}

cJSON *srv_report_subnet(const struct srv_subnet *subnet)
{
    cJSON *map = cJSON_Duplicate(subnet->source, true);
    complete_subnet(map, subnet);
    return map;
}

cJSON *srv_report_host(const struct srv_host *host)
{
    cJSON *map = cJSON_Duplicate(host->source, true);
    complete_host(map);
    cJSON_AddNumberToObject(map, "subnet-id", host->subnet_id);
    return map;
}

cJSON *srv_report_network(const struct srv_config *config, const struct srv_network *network)
{
    cJSON *map = cJSON_Duplicate(network->source, true);
    complete_network(map, config, network);
    return map;
}

cJSON *srv_report_class(const struct srv_class *class)
{
    cJSON *map = cJSON_Duplicate(class->source, true);
    complete_class(map, class);
    return map;
}
