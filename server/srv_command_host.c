#include "server/srv_command_host.h"

#include <string.h>
#include <strings.h>

#include "common/err.h"
#include "server/srv_report.h"

static const cJSON *argument(const struct srv_command_call *call, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(call->arguments, key);
}

/* ---- arguments ---- */

/* The sentence that Kea gives where its database of hosts is meant, which is not here. */
static bool check_target(struct srv_command_call *call, const char *without_database)
{
    const char *target = "default";
    srv_command_text(call, "operation-target", &target);
    if (srv_command_failed(call))
        return false;
    if (strcmp(target, "default") == 0 || strcmp(target, "memory") == 0 || strcmp(target, "all") == 0)
        return true;
    if (strcmp(target, "database") == 0)
        srv_command_say(call, CONTROL_ERROR, "%s", without_database);
    else
        srv_command_say(
            call, CONTROL_ERROR,
            "The 'operation-target' value (%.80s) is not within expected set: (memory, database, all, "
            "default)",
            target);
    return false;
}

static bool check_read_target(struct srv_command_call *call)
{
    return check_target(call, "there is no hosts-database configured.");
}

/* A subnet of the configuration, or 0. */
static bool check_subnet(struct srv_command_call *call, uint32_t id)
{
    if (id == SRV_HOST_GLOBAL || srv_config_find_subnet_id(call->c->config, id) != NULL)
        return true;
    srv_command_say(call, CONTROL_ERROR, "IPv4 subnet with ID of '%u' is not configured", id);
    return false;
}

/* True if it is there. */
static bool read_subnet_id(struct srv_command_call *call, uint32_t *out)
{
    double id;
    if (!srv_command_number(call, "subnet-id", 0, UINT32_MAX - 1, &id))
        return false;
    *out = (uint32_t)id;
    return true;
}

/* What a command asks for. */
struct wanted {
    bool has_subnet_id;
    uint32_t subnet_id;
    ip4 addr; /* 0: not by address */
    struct srv_host_id id;
    uint8_t id_bytes[SRV_HOST_ID_MAX];
};

/* Kea's words for what is wrong with them; `missing` stands before those for what is not there. */
static bool read_id(struct srv_command_call *call, const char *missing, struct wanted *w)
{
    const cJSON *type = argument(call, "identifier-type"), *id = argument(call, "identifier");
    const char *why;
    if (!cJSON_IsString(type)) {
        srv_command_say(call, CONTROL_ERROR, "%s'identifier-type' is either missing or not a string.",
                        missing);
        return false;
    }
    if (!cJSON_IsString(id)) {
        srv_command_say(call, CONTROL_ERROR, "%s'identifier' is either missing or not a string.", missing);
        return false;
    }
    int len = srv_host_id_parse(id->valuestring, w->id_bytes, &why);
    if (len < 0) {
        srv_command_say(call, CONTROL_ERROR, "Unable to parse 'identifier' value.");
        return false;
    }
    if (!srv_host_id_type_find(type->valuestring, &w->id.type)) {
        srv_command_say(call, CONTROL_ERROR, "Value of 'identifier-type' was not recognized.");
        return false;
    }
    w->id.len = (uint8_t)len;
    w->id.bytes = w->id_bytes;
    return true;
}

/* One reservation: "subnet-id", and "ip-address" or an identifier. */
static bool read_one(struct srv_command_call *call, struct wanted *w)
{
    w->has_subnet_id = read_subnet_id(call, &w->subnet_id);
    bool is_by_addr = srv_command_ip4(call, "ip-address", &w->addr);
    if (srv_command_failed(call) || (!is_by_addr && !read_id(call, "No 'ip-address' provided and ", w)))
        return false;
    if (w->has_subnet_id)
        return true;
    if (is_by_addr)
        srv_command_say(
            call, CONTROL_ERROR,
            "missing parameter 'subnet-id', use 'reservation-get-by-address' with 'ip-address' set to "
            "\"%s\" to get the list of reservations with this address",
            argument(call, "ip-address")->valuestring);
    else
        srv_command_say(
            call, CONTROL_ERROR,
            "missing parameter 'subnet-id', use 'reservation-get-by-id' with 'identifier-type' set to "
            "\"%s\" and 'identifier' to \"%.80s\" to get the list of reservations with this identifier",
            srv_host_id_name(w->id.type), argument(call, "identifier")->valuestring);
    return false;
}

static const struct srv_host *find_one(const struct srv_config *config, const struct wanted *w)
{
    return w->addr != 0 ? srv_host_find_addr(config->hosts, w->subnet_id, w->addr, NULL)
                        : srv_host_find_id(config->hosts, w->subnet_id, &w->id);
}

/* ---- looking ---- */

void srv_command_host_get(struct srv_command_call *call)
{
    struct wanted w = {0};
    if (!check_read_target(call) || !read_one(call, &w))
        return;
    const struct srv_host *host = find_one(call->c->config, &w);
    if (host == NULL) {
        srv_command_say(call, CONTROL_EMPTY, "Host not found.");
        return;
    }
    srv_command_say(call, CONTROL_SUCCESS, "Host found.");
    call->out->arguments = srv_report_host(host);
}

/* Which reservations a list has. */
struct filter {
    const struct wanted *w;
    const char *hostname; /* NULL: any */
};

static bool is_wanted(const struct filter *f, const struct srv_host *host)
{
    return (!f->w->has_subnet_id || host->subnet_id == f->w->subnet_id) &&
           (f->w->addr == 0 || host->addr == f->w->addr) &&
           (f->w->id.len == 0 || srv_host_id_equal(&host->id, &f->w->id)) &&
           (f->hostname == NULL || strcasecmp(host->hostname, f->hostname) == 0);
}

/* At most `limit` of them from place `first` on. Returns the place after the last one. */
static size_t reply_hosts(struct srv_command_call *call, const struct filter *f, size_t first, size_t limit)
{
    const struct srv_config *config = call->c->config;
    cJSON *list = cJSON_AddArrayToObject(call->out->arguments = cJSON_CreateObject(), "hosts");
    size_t n = 0, place = first, next = first;
    for (; place < config->n_hosts && n < limit; place++) {
        const struct srv_host *host = &config->host_list[place];
        if (!is_wanted(f, host))
            continue;
        cJSON_AddItemToArray(list, srv_report_host(host));
        next = place + 1;
        n++;
    }
    srv_command_say(call, n != 0 ? CONTROL_SUCCESS : CONTROL_EMPTY, "%zu IPv4 host(s) found.", n);
    return next;
}

/* The optional "subnet-id". */
static bool read_subnet(struct srv_command_call *call, struct wanted *w)
{
    w->has_subnet_id = read_subnet_id(call, &w->subnet_id);
    return !srv_command_failed(call) && (!w->has_subnet_id || check_subnet(call, w->subnet_id));
}

void srv_command_host_get_all(struct srv_command_call *call)
{
    struct wanted w = {0};
    if (check_read_target(call) && srv_command_require(call, "subnet-id") && read_subnet(call, &w))
        reply_hosts(call, &(struct filter){.w = &w}, 0, SIZE_MAX);
}

/* The identifier of a host, by which pages go on, is its place counted from 1. */
void srv_command_host_get_page(struct srv_command_call *call)
{
    struct wanted w = {0};
    double limit = 0, from = 0, source = 0;
    srv_command_require(call, "limit");
    srv_command_number(call, "limit", 1, UINT32_MAX, &limit);
    srv_command_number(call, "from", 0, UINT32_MAX, &from);
    srv_command_number(call, "source-index", 0, 10, &source);
    if (!read_subnet(call, &w))
        return;
    /* The configuration is source 0, and there is no other. */
    size_t first = source == 0 ? (size_t)from : SIZE_MAX;
    size_t next = reply_hosts(call, &(struct filter){.w = &w}, first, (size_t)limit);
    cJSON *json = call->out->arguments;
    int count = cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(json, "hosts"));
    cJSON_AddNumberToObject(json, "count", count);
    if (count == 0)
        return;
    cJSON *page = cJSON_AddObjectToObject(json, "next");
    cJSON_AddNumberToObject(page, "source-index", 0);
    cJSON_AddNumberToObject(page, "from", (double)next);
}

void srv_command_host_get_by_hostname(struct srv_command_call *call)
{
    struct wanted w = {0};
    const char *hostname = "";
    srv_command_require(call, "hostname");
    srv_command_text(call, "hostname", &hostname);
    if (srv_command_failed(call) || !check_read_target(call) || !read_subnet(call, &w))
        return;
    if (hostname[0] == '\0')
        srv_command_say(call, CONTROL_ERROR, "Empty hostname");
    else
        reply_hosts(call, &(struct filter){.w = &w, .hostname = hostname}, 0, SIZE_MAX);
}

void srv_command_host_get_by_id(struct srv_command_call *call)
{
    struct wanted w = {0};
    if (!check_read_target(call))
        return;
    if (argument(call, "subnet-id") != NULL)
        srv_command_say(call, CONTROL_ERROR, "'subnet-id' is forbidden in reservation-get-by-id");
    else if (read_id(call, "", &w))
        reply_hosts(call, &(struct filter){.w = &w}, 0, SIZE_MAX);
}

void srv_command_host_get_by_address(struct srv_command_call *call)
{
    struct wanted w = {0};
    srv_command_require(call, "ip-address");
    srv_command_ip4(call, "ip-address", &w.addr);
    if (!srv_command_failed(call) && check_read_target(call) && read_subnet(call, &w))
        reply_hosts(call, &(struct filter){.w = &w}, 0, SIZE_MAX);
}

/* ---- changing ---- */

/* The map of the subnet in a map "Dhcp4" or of a shared network, or NULL. */
static cJSON *find_subnet_map(cJSON *map, uint32_t id)
{
    cJSON *item, *found;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(map, "subnet4"))
    {
        if (cJSON_GetObjectItemCaseSensitive(item, "id")->valuedouble == id)
            return item;
    }
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(map, "shared-networks"))
    {
        if ((found = find_subnet_map(item, id)) != NULL)
            return found;
    }
    return NULL;
}

/* The list of reservations in a copy of the running configuration, which is made if it is not there. */
static cJSON *find_list(cJSON *map, uint32_t subnet_id)
{
    cJSON *place = subnet_id == SRV_HOST_GLOBAL ? map : find_subnet_map(map, subnet_id);
    cJSON *list = cJSON_GetObjectItemCaseSensitive(place, "reservations");
    return list != NULL ? list : cJSON_AddArrayToObject(place, "reservations");
}

/* Where the reservation stands in its list. */
static int place_of(const struct srv_host *host)
{
    int place = 0;
    for (const cJSON *item = host->source; item->prev->next != NULL;
         item = item->prev) /* the first's is the last */
        place++;
    return place;
}

/* The map "reservation" of the arguments. */
static const cJSON *read_reservation(struct srv_command_call *call)
{
    const cJSON *map = argument(call, "reservation");
    if (map == NULL)
        srv_command_say(
            call, CONTROL_ERROR,
            "invalid command: expected 'reservation' as the sole parameter inside the 'arguments' map, "
            "didn't get it instead");
    else if (!cJSON_IsObject(map))
        srv_command_say(call, CONTROL_ERROR, "invalid command: expected 'reservation' to be a map");
    return srv_command_failed(call) ? NULL : map;
}

/* Kea: an address does not say which subnet is meant, but which could be. */
static void say_subnet_missing(struct srv_command_call *call, ip4 addr)
{
    const struct srv_subnet *subnet = srv_config_find_subnet(call->c->config, addr);
    char text[IP4_LEN], net[IP4_NET_LEN];
    if (subnet == NULL)
        srv_command_say(
            call, CONTROL_ERROR,
            "Mandatory 'subnet-id' parameter missing. The address '%s' belongs to no configured subnet.",
            ip4_format(addr, text));
    else
        srv_command_say(
            call, CONTROL_ERROR,
            "Mandatory 'subnet-id' parameter missing. The address '%s' belongs to subnet '%s' id %u.",
            ip4_format(addr, text), ip4_net_format(subnet->net, net), subnet->id);
}

/* "subnet-id" of the reservation; global without. */
static bool read_place(struct srv_command_call *call, const cJSON *map, uint32_t *out_subnet_id)
{
    struct srv_command_call inner = {call->c, map, call->out};
    ip4 addr = 0;
    char text[IP4_LEN], net[IP4_NET_LEN];
    *out_subnet_id = SRV_HOST_GLOBAL;
    bool has_id = read_subnet_id(&inner, out_subnet_id);
    srv_command_ip4(&inner, "ip-address", &addr);
    if (srv_command_failed(call))
        return false;
    if (!has_id && addr != 0) {
        say_subnet_missing(call, addr);
        return false;
    }
    if (!check_subnet(call, *out_subnet_id))
        return false;
    const struct srv_subnet *subnet = srv_config_find_subnet_id(call->c->config, *out_subnet_id);
    if (subnet == NULL || addr == 0 || ip4_net_has(subnet->net, addr))
        return true;
    srv_command_say(call, CONTROL_ERROR,
                    "specified reservation '%s' is not matching the IPv4 subnet prefix '%s'",
                    ip4_format(addr, text), ip4_net_format(subnet->net, net));
    return false;
}

/* A copy of the reservation as it stands in a configuration. */
static cJSON *copy_of(const cJSON *map)
{
    cJSON *copy = cJSON_Duplicate(map, true);
    cJSON_DeleteItemFromObjectCaseSensitive(copy, "subnet-id");
    return copy;
}

void srv_command_host_add(struct srv_command_call *call)
{
    const cJSON *map = read_reservation(call);
    uint32_t subnet_id;
    if (map == NULL || !check_target(call, "Host database not available, cannot add host.") ||
        !read_place(call, map, &subnet_id))
        return;
    cJSON *config = cJSON_Duplicate(call->c->config->source, true);
    cJSON_AddItemToArray(find_list(config, subnet_id), copy_of(map));
    if (srv_command_change(call, "reservation-add", config))
        srv_command_say(call, CONTROL_SUCCESS, "Host added.%s",
                        argument(&(struct srv_command_call){.arguments = map}, "subnet-id") != NULL
                            ? ""
                            : " subnet-id not specified, assumed global (subnet-id 0).");
}

/* The reservation of the running configuration that has the same subnet and identifier. */
static const struct srv_host *find_same(struct srv_command_call *call, const cJSON *map, uint32_t subnet_id)
{
    struct wanted w = {.subnet_id = subnet_id};
    const char *why;
    for (int type = 0; type < SRV_HOST_ID_TYPES && w.id.len == 0; type++) {
        const cJSON *id =
            cJSON_GetObjectItemCaseSensitive(map, srv_host_id_name((enum srv_host_id_type)type));
        int len = cJSON_IsString(id) ? srv_host_id_parse(id->valuestring, w.id_bytes, &why) : 0;
        if (len > 0)
            w.id = (struct srv_host_id){(enum srv_host_id_type)type, (uint8_t)len, w.id_bytes};
    }
    return w.id.len == 0 ? NULL : find_one(call->c->config, &w);
}

void srv_command_host_update(struct srv_command_call *call)
{
    const cJSON *map = read_reservation(call);
    uint32_t subnet_id;
    if (map == NULL || !check_target(call, "host database not available, cannot update host") ||
        !read_place(call, map, &subnet_id))
        return;
    const struct srv_host *host = find_same(call, map, subnet_id);
    if (host == NULL) {
        srv_command_say(call, CONTROL_ERROR, "Host not updated (not found).");
        return;
    }
    cJSON *config = cJSON_Duplicate(call->c->config->source, true);
    cJSON_ReplaceItemInArray(find_list(config, subnet_id), place_of(host), copy_of(map));
    if (srv_command_change(call, "reservation-update", config))
        srv_command_say(call, CONTROL_SUCCESS, "Host updated.");
}

void srv_command_host_del(struct srv_command_call *call)
{
    struct wanted w = {0};
    if (!check_target(call, "Unable to delete a host because there is no hosts-database configured.") ||
        !read_one(call, &w))
        return;
    const struct srv_host *host = find_one(call->c->config, &w);
    if (host == NULL) {
        srv_command_say(call, CONTROL_EMPTY, "Host not deleted (not found).");
        return;
    }
    cJSON *config = cJSON_Duplicate(call->c->config->source, true);
    cJSON_DeleteItemFromArray(find_list(config, w.subnet_id), place_of(host));
    if (srv_command_change(call, "reservation-del", config))
        srv_command_say(call, CONTROL_SUCCESS, "Host deleted.");
}
