#include "server/srv_report.h"

#include <stdio.h>

static cJSON *lease_json(const struct srv_lease *lease, const struct clock_now *now)
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
    return json;
}

struct lease_list {
    struct srv_report *report;
    cJSON *array; /* NULL: only count */
};

static bool add_lease(void *user, const struct srv_lease *lease)
{
    struct lease_list *list = user;
    if (lease->state == SRV_LEASE_OFFERED)
        return true;
    list->report->n++;
    if (list->array != NULL)
        cJSON_AddItemToArray(list->array, lease_json(lease, &list->report->now));
    return true;
}

void srv_report_leases(struct srv_report *r, const struct srv_engine *e)
{
    r->json = cJSON_CreateObject();
    r->n = 0;
    srv_engine_leases(e, add_lease, &(struct lease_list){r, cJSON_AddArrayToObject(r->json, "leases")});
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
    srv_engine_leases(e, add_lease, &(struct lease_list){r, NULL});
    cJSON_AddNumberToObject(r->json, "leases", r->n);
    add_by_type(r->json, "received", c->received);
    add_by_type(r->json, "sent", c->sent);
    cJSON_AddNumberToObject(r->json, "dropped", (double)c->dropped);
    cJSON *reasons = cJSON_AddObjectToObject(r->json, "reasons");
    for (int reason = REASON_NONE + 1; reason < REASON_COUNT; reason++)
        if (c->reasons[reason] != 0)
            cJSON_AddNumberToObject(reasons, reason_token((enum reason)reason), (double)c->reasons[reason]);
}
