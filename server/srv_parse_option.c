/* option-data. */
#include <string.h>

#include "common/dhcp_opt.h"
#include "common/dhcp_proto.h"
#include "server/srv_parse.h"

enum { OPTION_DATA_MAX = 1024 };

static const char *const option_keys[] = {"always-send", "code", "csv-format", "data", "name", "space", NULL};
static const char *const option_elsewhere[] = {"client-classes", "never-send", NULL};

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

static bool is_own_option(struct srv_parse *p, const cJSON *item, uint8_t code)
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
static uint8_t read_code(struct srv_parse *p, const cJSON *item)
{
    uint32_t code = 0;
    const char *name;
    bool has_code = jcfg_get_u32(&p->c, item, "code", 1, 254, &code);
    if (jcfg_get_text(&p->c, item, "name", &name)) {
        const struct opt_def *def = dhcp_opt_find_name(OPT_SPACE_DHCP, name);
        if (def == NULL && !has_code)
            jcfg_error(&p->c, srv_parse_at(item, "name"),
                       "expected the name of a DHCPv4 option, found \"%s\"", name);
        if (def != NULL && has_code && def->code != code)
            jcfg_error(&p->c, srv_parse_at(item, "name"), "option %s has the code %u, not %u", name,
                       def->code, code);
        return def != NULL ? def->code : (uint8_t)code;
    }
    if (!has_code && !jcfg_failed(&p->c))
        jcfg_error(&p->c, item, "an option needs \"name\" or \"code\"");
    return (uint8_t)code;
}

static void read_data(struct srv_parse *p, const cJSON *item, struct srv_option *option)
{
    const struct opt_def *def = dhcp_opt_find(OPT_SPACE_DHCP, option->code);
    bool csv = def != NULL;
    const cJSON *place = srv_parse_at(item, "data") ? srv_parse_at(item, "data") : item;
    const char *text = "", *why = "";
    uint8_t data[OPTION_DATA_MAX];
    jcfg_get_bool(&p->c, item, "csv-format", &csv);
    jcfg_get_text(&p->c, item, "data", &text);
    if (csv && def == NULL) {
        jcfg_error(&p->c, srv_parse_at(item, "csv-format"),
                   "option %u has no definition: only csv-format false works", option->code);
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
    uint8_t *copy = srv_parse_alloc(p, (size_t)len + 1, 1);
    if (copy != NULL && len > 0)
        memcpy(copy, data, (size_t)len);
    option->data = copy;
    option->len = (uint16_t)len;
}

/* False if the option has no effect here, or is wrong. */
static bool read_option(struct srv_parse *p, const cJSON *item, struct srv_option *out)
{
    if (!jcfg_is_map(&p->c, item, "a map with the name or code of an option, and its data"))
        return false;
    jcfg_check_keys(&p->c, item, option_keys, option_elsewhere);
    const char *space = "dhcp4";
    jcfg_get_text(&p->c, item, "space", &space);
    if (strcmp(space, "dhcp4") != 0) {
        jcfg_warning(&p->c, srv_parse_at(item, "space"),
                     "options of the space \"%s\" are not supported yet: ignored", space);
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

void srv_parse_options(struct srv_parse *p, const cJSON *map, struct srv_options *options)
{
    const cJSON *json = jcfg_get_list(&p->c, map, "option-data"), *item;
    if (json == NULL)
        return;
    size_t n = 0;
    struct srv_option *list = srv_parse_alloc(p, (size_t)cJSON_GetArraySize(json) + 1, sizeof *list);
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
