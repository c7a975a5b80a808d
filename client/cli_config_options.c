/* The options that a client is told to send: user-class, fqdn, option-data. */
#include <string.h>

#include "client/cli_config_read.h"
#include "common/dhcp_opt.h"
#include "common/dhcp_proto.h"
#include "common/wire.h"

enum { ELEMENT_MAX = UINT8_MAX };

/* RFC 4702 2.1 */
enum { FQDN_S = 1, FQDN_E = 4, FQDN_N = 8 };

/* Options that have a key of their own, or none because the client decides. */
static const struct {
    uint8_t code;
    const char *instead;
} own_options[] = {
    {DHCP_OPT_HOST_NAME, "use hostname"},
    {DHCP_OPT_REQUESTED_IP, "use requested-address"},
    {DHCP_OPT_LEASE_TIME, "use requested-lease-time"},
    {DHCP_OPT_OVERLOAD, "it follows from the size of the message"},
    {DHCP_OPT_TYPE, "it is the type of the message"},
    {DHCP_OPT_SERVER_ID, "it follows from the state, RFC 2131 table 5"},
    {DHCP_OPT_PRL, "use parameter-request-list"},
    {DHCP_OPT_MESSAGE, "it is the reason of a DECLINE"},
    {DHCP_OPT_MAX_SIZE, "use max-message-size"},
    {DHCP_OPT_VENDOR_CLASS, "use vendor-class"},
    {DHCP_OPT_CLIENT_ID, "use client-id"},
    {DHCP_OPT_USER_CLASS, "use user-class"},
    {DHCP_OPT_RAPID_COMMIT, "use rapid-commit"},
    {DHCP_OPT_FQDN, "use fqdn"},
    {DHCP_OPT_AUTH, "only servers send it"},
    {DHCP_OPT_FORCERENEW_NONCE, "use forcerenew"},
    {DHCP_OPT_V6ONLY, "put it into parameter-request-list (RFC 8925 3.1)"},
};

static const cJSON *at(const cJSON *map, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(map, key);
}

static void add(struct jcfg *j, const cJSON *place, struct cli_config *out, uint8_t code, const uint8_t *data,
                size_t len)
{
    struct wire_writer w;
    wire_writer_init(&w, out->extra + out->extra_len, sizeof out->extra - out->extra_len);
    wire_put_u8(&w, code);
    wire_put_u16(&w, (uint16_t)len);
    wire_put_bytes(&w, data, len);
    if (w.err)
        jcfg_error(j, place, "the options to send have more than %d octets", CLI_EXTRA_MAX);
    else
        out->extra_len = (uint16_t)(out->extra_len + w.at);
}

static bool has(const struct cli_config *c, uint8_t code)
{
    for (unsigned i = 0; i < c->extra_len; i += 3U + wire_u16(c->extra + i + 1))
        if (c->extra[i] == code)
            return true;
    return false;
}

/* RFC 3004 4: each class with an octet of length in front. */
static void read_user_class(struct jcfg *j, struct cli_config *out)
{
    const cJSON *item, *list = jcfg_get_list(j, j->root, "user-class");
    uint8_t data[CLI_EXTRA_MAX];
    struct wire_writer w;
    wire_writer_init(&w, data, sizeof data);
    cJSON_ArrayForEach(item, list)
    {
        const char *text;
        if (!jcfg_as_text(j, item, "a text", &text))
            return;
        size_t len = strlen(text);
        if (len == 0 || len > ELEMENT_MAX) {
            jcfg_error(j, item, "expected 1 to %d octets of text, found %zu", ELEMENT_MAX, len);
            return;
        }
        wire_put_u8(&w, (uint8_t)len);
        wire_put_bytes(&w, text, len);
    }
    if (w.err)
        jcfg_error(j, list, "the options to send have more than %d octets", CLI_EXTRA_MAX);
    else if (w.at > 0)
        add(j, list, out, DHCP_OPT_USER_CLASS, data, w.at);
}

/* RFC 4702 2: flags, two octets of response codes that are 0 in requests, the name as in the DNS. */
static void read_fqdn(struct jcfg *j, struct cli_config *out)
{
    static const char *const words[] = {"server", "client", "none", NULL};
    static const uint8_t flags[] = {FQDN_E | FQDN_S, FQDN_E, FQDN_E | FQDN_N};
    const char *name, *why;
    int who = 0;
    bool has_who = jcfg_get_word(j, j->root, "fqdn-update", words, &who);
    if (!jcfg_get_text(j, j->root, "fqdn", &name)) {
        if (has_who)
            jcfg_error(j, at(j->root, "fqdn-update"), "there is no \"fqdn\" to update");
        return;
    }
    struct opt_def domain = {.type = OPT_DOMAIN, .name = "fqdn", .min = 1};
    uint8_t data[3 + 256] = {flags[who]};
    int len = dhcp_opt_parse(&domain, name, data + 3, sizeof data - 3, &why);
    if (len < 0)
        jcfg_error(j, at(j->root, "fqdn"), "%s, found \"%s\"", why, name);
    else
        add(j, at(j->root, "fqdn"), out, DHCP_OPT_FQDN, data, 3U + (size_t)len);
}

/* The code from "name" or "code"; 0 with an error recorded. */
static uint8_t read_code(struct jcfg *j, const cJSON *item)
{
    uint32_t code = 0;
    const char *name;
    bool has_code = jcfg_get_u32(j, item, "code", 1, 254, &code);
    if (jcfg_get_text(j, item, "name", &name)) {
        const struct opt_def *def = dhcp_opt_find_name(OPT_SPACE_DHCP, name);
        if (def == NULL || def->type == OPT_PAD_END || (has_code && def->code != code))
            jcfg_error(j, at(item, "name"), "expected the name of %s, found \"%s\"",
                       has_code ? "that option" : "an option", name);
        else
            code = def->code;
    } else if (!has_code && !jcfg_failed(j)) {
        jcfg_error(j, item, "an option needs \"name\" or \"code\"");
    }
    return jcfg_failed(j) ? 0 : (uint8_t)code;
}

/* Octets as they are, or text by the option's definition, if it has one. */
static void read_data(struct jcfg *j, const cJSON *item, uint8_t code, struct cli_config *out)
{
    const struct opt_def *def = dhcp_opt_find(OPT_SPACE_DHCP, code);
    bool csv = def != NULL;
    const char *text = "", *why;
    uint8_t data[CLI_EXTRA_MAX];
    jcfg_get_bool(j, item, "csv-format", &csv);
    jcfg_get_text(j, item, "data", &text);
    if (csv && def == NULL) {
        jcfg_error(j, at(item, "csv-format"), "option %u has no definition: only csv-format false works",
                   code);
        return;
    }
    int len = csv ? dhcp_opt_parse(def, text, data, sizeof data, &why)
                  : dhcp_opt_parse_hex(text, data, sizeof data, &why);
    const cJSON *place = at(item, "data") ? at(item, "data") : item;
    if (len < 0)
        jcfg_error(j, place, "option %u: %s, found \"%s\"", code, why, text);
    else
        add(j, place, out, code, data, (size_t)len);
}

static void read_option(struct jcfg *j, const cJSON *item, struct cli_config *out)
{
    static const char *const known[] = {"code", "csv-format", "data", "name", NULL};
    if (!jcfg_is_map(j, item, "a map with the name or code of an option, and its data"))
        return;
    jcfg_check_keys(j, item, known, NULL);
    uint8_t code = read_code(j, item);
    if (code == 0)
        return;
    for (size_t i = 0; i < sizeof own_options / sizeof own_options[0]; i++)
        if (own_options[i].code == code)
            jcfg_error(j, item, "option %u cannot be configured here: %s", code, own_options[i].instead);
    if (has(out, code))
        jcfg_error(j, item, "option %u is there already", code);
    if (!jcfg_failed(j))
        read_data(j, item, code, out);
}

void cli_config_read_options(struct jcfg *j, struct cli_config *out)
{
    out->extra_len = 0;
    read_user_class(j, out);
    read_fqdn(j, out);
    out->sends_fqdn = has(out, DHCP_OPT_FQDN);
    const cJSON *item, *list = jcfg_get_list(j, j->root, "option-data");
    cJSON_ArrayForEach(item, list) read_option(j, item, out);
}
