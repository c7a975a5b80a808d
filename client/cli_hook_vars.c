#include "client/cli_hook_vars.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/dhcp_opt.h"
#include "common/text.h"

enum { NAME_LEN = 64, HEX_LEN = 2 * 255 + 1 };

/* dhcpcd's names where the registry has another one. */
static const struct {
    uint8_t code;
    const char *name;
} other_names[] = {
    {DHCP_OPT_CLASSLESS_ROUTES, "classless_static_routes"},
    {DHCP_OPT_MS_CLASSLESS_ROUTES, "ms_classless_static_routes"},
    {66, "server_name"},
    {67, "filename"},
};

static void name_of(const struct opt_def *def, uint8_t code, char *out)
{
    for (size_t i = 0; i < sizeof other_names / sizeof other_names[0]; i++)
        if (other_names[i].code == code) {
            snprintf(out, NAME_LEN, "%s", other_names[i].name);
            return;
        }
    if (def == NULL)
        snprintf(out, NAME_LEN, "option_%u", code);
    else
        snprintf(out, NAME_LEN, "%s", def->name);
    for (char *c = out; *c != '\0'; c++)
        if (*c == '-')
            *c = '_';
}

/* Scalars in the order they stand in, with a blank between. */
static void put_value(struct text *t, const cJSON *json, bool *first)
{
    const cJSON *item;
    if (cJSON_IsArray(json) || cJSON_IsObject(json)) {
        cJSON_ArrayForEach(item, json) put_value(t, item, first);
        return;
    }
    if (!*first)
        text_add(t, " ");
    *first = false;
    if (cJSON_IsString(json))
        for (const char *c = json->valuestring; *c != '\0'; c++)
            text_add(t, "%c", (unsigned char)*c < ' ' || *c == 0x7f ? '?' : *c);
    else if (cJSON_IsBool(json))
        text_add(t, "%d", cJSON_IsTrue(json));
    else if (cJSON_IsNumber(json))
        text_add(t, "%.0f", json->valuedouble);
}

/* Is the option one that holds a host's or a domain's name, and is that none? */
static bool is_bad_name(uint8_t code, const cJSON *json)
{
    bool is_name = code == DHCP_OPT_HOST_NAME || code == DHCP_OPT_DOMAIN_NAME;
    return is_name &&
           !(cJSON_IsString(json) && cli_lease_is_name(json->valuestring, strlen(json->valuestring)));
}

static void put_option(struct text *t, const struct dhcp_option *option)
{
    const struct opt_def *def = dhcp_opt_find(OPT_SPACE_DHCP, option->code);
    char name[NAME_LEN], hex[HEX_LEN];
    bool first = true;
    cJSON *json = dhcp_opt_json(def, option->data, option->len);
    name_of(def, option->code, name);
    if (json == NULL || is_bad_name(option->code, json)) {
        cJSON_Delete(json);
        return;
    }
    text_add(t, "%s=", name);
    if (cJSON_IsNull(json)) { /* unknown, or not as it should be */
        text_hex(option->data, option->len, hex, sizeof hex);
        text_add(t, "%s", hex);
    } else if (option->code == DHCP_OPT_TYPE) {
        text_add(t, "%u", option->data[0]);
    } else {
        put_value(t, json, &first);
    }
    text_add(t, "\n");
    cJSON_Delete(json);
}

static bool is_ours(uint8_t code)
{
    return code == DHCP_OPT_SUBNET_MASK || code == DHCP_OPT_BROADCAST || code == DHCP_OPT_OVERLOAD;
}

char *cli_hook_vars(const struct cli_lease *lease, const struct cli_ack *ack)
{
    struct dhcp_msg m;
    struct text t;
    char addr[IP4_LEN];
    struct ip4_net net = {lease->addr, lease->prefix_len};
    text_init(&t);
    text_add(&t, "ip_address=%s\n", ip4_format(lease->addr, addr));
    text_add(&t, "subnet_mask=%s\n", ip4_format(ip4_net_mask(net), addr));
    text_add(&t, "subnet_cidr=%u\n", net.len);
    text_add(&t, "network_number=%s\n", ip4_format(ip4_net_base(net), addr));
    text_add(&t, "broadcast_address=%s\n", ip4_format(ip4_net_broadcast(net), addr));
    if (dhcp_msg_decode(&m, ack->bytes, ack->len) == REASON_NONE)
        for (unsigned i = 0; i < m.n_options; i++)
            if (!is_ours(m.options[i].code))
                put_option(&t, &m.options[i]);
    return text_take(&t);
}
