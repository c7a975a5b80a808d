#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/dhcp_opt.h"
#include "common/dhcp_opt_text.h"
#include "common/dhcp_opt_walk.h"
#include "common/dhcp_proto.h"

/* Everything below reads values that dhcp_opt_check() found well-formed. Out of memory is a NULL that
 * travels up: push() and put() take it in and give it back. */

static cJSON *value_json(const struct opt_def *def, const uint8_t *data, size_t len);

/* Appends; frees both and returns NULL if either is NULL. */
static cJSON *push(cJSON *array, cJSON *item)
{
    if (array != NULL && item != NULL && cJSON_AddItemToArray(array, item))
        return array;
    cJSON_Delete(array);
    cJSON_Delete(item);
    return NULL;
}

static cJSON *put(cJSON *object, const char *key, cJSON *item)
{
    if (object != NULL && item != NULL && cJSON_AddItemToObject(object, key, item))
        return object;
    cJSON_Delete(object);
    cJSON_Delete(item);
    return NULL;
}

typedef void text_fn(struct opt_text *t, const uint8_t *data, size_t len);

static cJSON *string_of(const uint8_t *data, size_t len, text_fn *fill)
{
    size_t cap = len * OPT_TEXT_ESCAPED + sizeof "...";
    char *buf = malloc(cap);
    if (buf == NULL)
        return NULL;
    struct opt_text t;
    dhcp_opt_text_init(&t, buf, cap);
    fill(&t, data, len);
    assert(!t.cut);
    cJSON *json = cJSON_CreateString(buf);
    free(buf);
    return json;
}

static cJSON *text_json(const uint8_t *data, size_t len)
{
    return string_of(data, len, dhcp_opt_text_escaped);
}

static cJSON *hex_json(const uint8_t *data, size_t len)
{
    return string_of(data, len, dhcp_opt_text_hex);
}

/* ---- elements of a fixed size ---- */

typedef cJSON *element_fn(const uint8_t *p);

static cJSON *list_json(const uint8_t *data, size_t len, size_t width, element_fn *element)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t at = 0; list != NULL && at + width <= len; at += width)
        list = push(list, element(data + at));
    return list;
}

static cJSON *each_json(const struct opt_def *def, const uint8_t *data, size_t len, size_t width,
                        element_fn *element)
{
    return def->multiple != 0 ? list_json(data, len, width, element) : element(data);
}

static cJSON *flag_json(const uint8_t *p)
{
    return cJSON_CreateBool(p[0] != 0);
}

static cJSON *u8_json(const uint8_t *p)
{
    return cJSON_CreateNumber(p[0]);
}

static cJSON *u16_json(const uint8_t *p)
{
    return cJSON_CreateNumber(wire_u16(p));
}

static cJSON *u32_json(const uint8_t *p)
{
    return cJSON_CreateNumber(wire_u32(p));
}

static cJSON *s32_json(const uint8_t *p)
{
    int64_t value = wire_u32(p);
    return cJSON_CreateNumber((double)(value > INT32_MAX ? value - UINT32_MAX - 1 : value));
}

static cJSON *ip4_json(const uint8_t *p)
{
    char addr[IP4_LEN];
    return cJSON_CreateString(ip4_format(wire_u32(p), addr));
}

static cJSON *ip4_pair_json(const uint8_t *p)
{
    return list_json(p, 8, 4, ip4_json);
}

static cJSON *ip6_json(const uint8_t *p)
{
    return string_of(p, 16, dhcp_opt_text_ip6);
}

static cJSON *type_json(const uint8_t *p)
{
    return cJSON_CreateString(dhcp_type_name(p[0]));
}

/* ---- layouts of their own ---- */

static cJSON *domain_json(const uint8_t *data, size_t len)
{
    struct opt_name name;
    size_t at = 0;
    return cJSON_CreateString(dhcp_opt_walk_name(data, len, 0, &at, &name) ? name.text : "");
}

static cJSON *domains_json(const uint8_t *data, size_t len)
{
    struct opt_name name;
    cJSON *list = cJSON_CreateArray();
    for (size_t at = 0; list != NULL && at < len;) {
        if (!dhcp_opt_walk_name(data, len, OPT_NAME_POINTERS, &at, &name))
            return list;
        list = push(list, cJSON_CreateString(name.text));
    }
    return list;
}

static cJSON *routes_json(const uint8_t *data, size_t len)
{
    struct wire_reader r;
    struct opt_route route;
    wire_reader_init(&r, data, len);
    cJSON *list = cJSON_CreateArray();
    while (list != NULL && dhcp_opt_walk_route(&r, &route)) {
        char net[IP4_NET_LEN], via[IP4_LEN];
        cJSON *item =
            put(cJSON_CreateObject(), "destination", cJSON_CreateString(ip4_net_format(route.net, net)));
        list = push(list, put(item, "router", cJSON_CreateString(ip4_format(route.via, via))));
    }
    return list;
}

static cJSON *duid_json(const struct opt_duid *duid)
{
    cJSON *json = put(cJSON_CreateObject(), "type", cJSON_CreateNumber(duid->type));
    if (duid->name != NULL)
        json = put(json, "name", cJSON_CreateString(duid->name));
    if (duid->has_hw)
        json = put(json, "hardware", cJSON_CreateNumber(duid->hw_type));
    if (duid->has_time)
        json = put(json, "time_s", cJSON_CreateNumber(duid->time_s));
    if (duid->has_enterprise)
        json = put(json, "enterprise", cJSON_CreateNumber(duid->enterprise));
    return put(json, "id", hex_json(duid->id, duid->id_len));
}

static cJSON *client_id_json(const uint8_t *data, size_t len)
{
    cJSON *json = put(cJSON_CreateObject(), "type", cJSON_CreateNumber(data[0]));
    json = put(json, "id", hex_json(data + 1, len - 1));
    struct opt_duid duid;
    uint32_t iaid;
    if (!dhcp_opt_walk_client_duid(data, len, &iaid, &duid))
        return json;
    json = put(json, "iaid", cJSON_CreateNumber(iaid));
    return put(json, "duid", duid_json(&duid));
}

static cJSON *suboption_json(enum opt_space space, const struct opt_part *part)
{
    const struct opt_def *def = dhcp_opt_find(space, (uint8_t)part->id);
    enum opt_defect defect = dhcp_opt_check(def, part->data, part->len);
    cJSON *json = put(cJSON_CreateObject(), "code", cJSON_CreateNumber(part->id));
    if (def != NULL)
        json = put(json, "name", cJSON_CreateString(def->name));
    json = put(json, "value", dhcp_opt_json(def, part->data, part->len));
    json = put(json, "hex", hex_json(part->data, part->len));
    return defect == OPT_OK ? json : put(json, "defect", cJSON_CreateString(opt_defect_token(defect)));
}

static cJSON *suboptions_json(enum opt_space space, enum opt_type type, const uint8_t *data, size_t len)
{
    struct wire_reader r;
    struct opt_part part;
    wire_reader_init(&r, data, len);
    cJSON *list = cJSON_CreateArray();
    while (list != NULL && dhcp_opt_walk_suboption(&r, type, &part))
        list = push(list, suboption_json(space, &part));
    return list;
}

static cJSON *enterprises_json(const struct opt_def *def, const uint8_t *data, size_t len)
{
    struct wire_reader r;
    struct opt_part part;
    wire_reader_init(&r, data, len);
    cJSON *list = cJSON_CreateArray();
    while (list != NULL && dhcp_opt_walk_enterprise(&r, &part)) {
        const char *name = dhcp_opt_walk_enterprise_name(part.id);
        cJSON *item = put(cJSON_CreateObject(), "enterprise", cJSON_CreateNumber(part.id));
        if (name != NULL)
            item = put(item, "name", cJSON_CreateString(name));
        if (def->type == OPT_VIVSO)
            item = put(item, "options",
                       suboptions_json(dhcp_opt_walk_enterprise_space(part.id), OPT_SUBOPTIONS, part.data,
                                       part.len));
        else
            item = put(item, "data", hex_json(part.data, part.len));
        list = push(list, item);
    }
    return list;
}

static cJSON *fqdn_json(const uint8_t *data, size_t len)
{
    static const struct {
        uint8_t bit;
        const char *key;
    } flags[] = {{1, "s"}, {2, "o"}, {4, "e"}, {8, "n"}};
    enum { FLAG_E = 4 };
    cJSON *json = cJSON_CreateObject();
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        json = put(json, flags[i].key, cJSON_CreateBool((data[0] & flags[i].bit) != 0));
    json = put(json, "rcode1", cJSON_CreateNumber(data[1]));
    json = put(json, "rcode2", cJSON_CreateNumber(data[2]));
    struct opt_name name;
    size_t at = 0;
    if (!(data[0] & FLAG_E))
        return put(json, "name", text_json(data + 3, len - 3));
    bool ok = dhcp_opt_walk_name(data + 3, len - 3, OPT_NAME_PARTIAL, &at, &name);
    return put(json, "name", cJSON_CreateString(ok ? name.text : ""));
}

static cJSON *strings_json(const struct opt_def *def, const uint8_t *data, size_t len)
{
    struct wire_reader r;
    struct opt_part part;
    wire_reader_init(&r, data, len);
    cJSON *list = cJSON_CreateArray();
    while (list != NULL && dhcp_opt_walk_string(&r, def->type == OPT_STRINGS16 ? 2 : 1, &part))
        list = push(list, def->type == OPT_IP4_GROUPS ? list_json(part.data, part.len, 4, ip4_json)
                                                      : text_json(part.data, part.len));
    return list;
}

static cJSON *geo_json(const uint8_t *data)
{
    struct opt_geo geo = dhcp_opt_walk_geo(data);
    cJSON *json = put(cJSON_CreateObject(), "latitude", cJSON_CreateNumber(geo.latitude));
    json = put(json, "latitude_uncertainty", cJSON_CreateNumber(geo.latitude_uncertainty));
    json = put(json, "longitude", cJSON_CreateNumber(geo.longitude));
    json = put(json, "longitude_uncertainty", cJSON_CreateNumber(geo.longitude_uncertainty));
    json = put(json, "altitude", cJSON_CreateNumber(geo.altitude));
    json = put(json, "altitude_type", cJSON_CreateNumber(geo.altitude_type));
    json = put(json, "altitude_uncertainty", cJSON_CreateNumber(geo.altitude_uncertainty));
    return put(json, "datum", cJSON_CreateNumber(geo.datum));
}

static cJSON *dnr_json(const uint8_t *data, size_t len)
{
    struct wire_reader r;
    struct opt_dnr dnr;
    enum opt_defect defect;
    wire_reader_init(&r, data, len);
    cJSON *list = cJSON_CreateArray();
    while (list != NULL && dhcp_opt_walk_dnr(&r, &dnr, &defect)) {
        cJSON *item = put(cJSON_CreateObject(), "priority", cJSON_CreateNumber(dnr.priority));
        item = put(item, "name", cJSON_CreateString(dnr.adn.text));
        item = put(item, "addresses", list_json(dnr.addrs.data, dnr.addrs.len, 4, ip4_json));
        list = push(list, put(item, "parameters", hex_json(dnr.params.data, dnr.params.len)));
    }
    return list;
}

static cJSON *record_json(const struct opt_def *def, const uint8_t *data, size_t len)
{
    cJSON *json = cJSON_CreateObject();
    for (const struct opt_def *field = def->fields; field->name != NULL; field++) {
        size_t field_len = dhcp_opt_walk_field_len(field, len);
        json = put(json, field->name, value_json(field, data, field_len));
        data += field_len;
        len -= field_len;
    }
    return json;
}

/* Recursion ends with the table, as in dhcp_opt_format.c. */
static cJSON *value_json(const struct opt_def *def, const uint8_t *data, size_t len)
{
    switch (def->type) {
    case OPT_PAD_END:
    case OPT_EMPTY:
        return cJSON_CreateTrue();
    case OPT_FLAG:
        return each_json(def, data, len, 1, flag_json);
    case OPT_U8:
    case OPT_CODES:
        return each_json(def, data, len, 1, u8_json);
    case OPT_U16:
        return each_json(def, data, len, 2, u16_json);
    case OPT_U32:
    case OPT_SECONDS:
    case OPT_TIME:
        return each_json(def, data, len, 4, u32_json);
    case OPT_S32:
        return each_json(def, data, len, 4, s32_json);
    case OPT_IP4:
        return each_json(def, data, len, 4, ip4_json);
    case OPT_IP4_PAIR:
        return each_json(def, data, len, 8, ip4_pair_json);
    case OPT_IP6:
        return each_json(def, data, len, 16, ip6_json);
    case OPT_TYPE:
        return each_json(def, data, len, 1, type_json);
    case OPT_TEXT:
        return text_json(data, len);
    case OPT_BYTES:
        return hex_json(data, len);
    case OPT_CLIENT_ID:
        return client_id_json(data, len);
    case OPT_DOMAIN:
        return domain_json(data, len);
    case OPT_DOMAINS:
        return domains_json(data, len);
    case OPT_ROUTES:
        return routes_json(data, len);
    case OPT_SUBOPTIONS:
    case OPT_ATTRIBUTES:
        return suboptions_json(def->sub, def->type, data, len);
    case OPT_VIVCO:
    case OPT_VIVSO:
        return enterprises_json(def, data, len);
    case OPT_FQDN:
        return fqdn_json(data, len);
    case OPT_SERVERS:
        return data[0] == 0 ? domains_json(data + 1, len - 1) : list_json(data + 1, len - 1, 4, ip4_json);
    case OPT_STRINGS8:
    case OPT_STRINGS16:
    case OPT_IP4_GROUPS:
        return strings_json(def, data, len);
    case OPT_GEO:
        return geo_json(data);
    case OPT_DNR:
        return dnr_json(data, len);
    case OPT_RECORD:
        return record_json(def, data, len);
    }
    assert(false && "an unknown option type");
    return NULL;
}

cJSON *dhcp_opt_json(const struct opt_def *def, const uint8_t *data, size_t len)
{
    bool ok = def != NULL && dhcp_opt_check(def, data, len) == OPT_OK;
    return ok ? value_json(def, data, len) : cJSON_CreateNull();
}
