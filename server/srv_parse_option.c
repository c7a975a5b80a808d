/* option-data. */
#include <stdio.h>
#include <string.h>

#include "common/dhcp_opt.h"
#include "common/dhcp_proto.h"
#include "common/err.h"
#include "common/text.h"
#include "server/srv_parse_suboption.h"

static const char *const option_keys[] = {"always-send", "client-classes", "code",  "csv-format", "data",
                                          "name",        "never-send",     "space", NULL};

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
    {DHCP_OPT_FQDN, "it answers the client's, see ddns-qualifying-suffix"},
    {DHCP_OPT_RAPID_COMMIT, "use rapid-commit"},
    {DHCP_OPT_RELAY_INFO, "it is the relay's"},
    {DHCP_OPT_SUBNET_SELECTION, "only clients choose a subnet"},
};

/* What says how an option looks: of the configuration, or of the registry; neither, if both are NULL. */
struct definition {
    const struct srv_optdef *own;
    const struct opt_def *standard;
};

/* ---- one option ---- */

static bool is_own_option(struct srv_parse *p, const cJSON *item, uint8_t code)
{
    for (size_t i = 0; i < sizeof own_options / sizeof own_options[0]; i++) {
        if (own_options[i].code == code) {
            jcfg_warning(&p->c, item, "option %u has no effect here: %s", code, own_options[i].instead);
            return true;
        }
    }
    return false;
}

static bool is_dhcp4(const char *space)
{
    return strcmp(space, SRV_SPACE_DHCP4) == 0;
}

static struct definition define(const struct srv_parse *p, const char *space, uint8_t code)
{
    struct definition d = {.own = srv_optdef_find(p->optdefs, space, code)};
    if (d.own == NULL)
        d.standard = srv_optdef_standard(space, code);
    return d;
}

/* The code of the name; -1 if nothing is called so. */
static int find_code(const struct srv_parse *p, const char *space, const char *name)
{
    const struct srv_optdef *own = srv_optdef_find_name(p->optdefs, space, name);
    const struct opt_def *standard = srv_optdef_standard_name(space, name);
    return own != NULL ? own->code : standard != NULL ? standard->code : -1;
}

/* The name of the space that the mistyped one resembles, or NULL. */
static const char *find_similar(const struct srv_parse *p, const char *space, const char *name)
{
    const char *names[UINT8_MAX + 2];
    size_t n = 0;
    for (int code = 0; code <= UINT8_MAX; code++) {
        struct definition d = define(p, space, (uint8_t)code);
        if (d.own != NULL || d.standard != NULL)
            names[n++] = d.own != NULL ? d.own->name : d.standard->name;
    }
    names[n] = NULL;
    return text_similar(names, name);
}

static void name_unknown(struct srv_parse *p, const cJSON *item, const char *space, const char *name)
{
    const char *similar = find_similar(p, space, name);
    if (similar != NULL)
        jcfg_error(&p->c, item, "no option of the space %s is called \"%s\": did you mean \"%s\"?", space,
                   name, similar);
    else
        jcfg_error(&p->c, item, "expected the name of an option of the space %s, found \"%s\"", space, name);
}

/* The code from "name" or "code"; 0 and an error if there is none. */
static uint8_t read_code(struct srv_parse *p, const cJSON *item, const char *space)
{
    uint32_t code = 0, first = is_dhcp4(space) ? 1 : 0, last = is_dhcp4(space) ? 254 : UINT8_MAX;
    const char *name;
    bool has_code = jcfg_get_u32(&p->c, item, "code", first, last, &code);
    if (jcfg_get_text(&p->c, item, "name", &name)) {
        int named = find_code(p, space, name);
        if (named < 0 && !has_code)
            name_unknown(p, srv_parse_at(item, "name"), space, name);
        if (named >= 0 && has_code && (uint32_t)named != code)
            jcfg_error(&p->c, srv_parse_at(item, "name"), "option %s has the code %d, not %u", name, named,
                       code);
        return named >= 0 ? (uint8_t)named : (uint8_t)code;
    }
    if (!has_code && !jcfg_failed(&p->c))
        jcfg_error(&p->c, item, "an option needs \"name\" or \"code\"");
    return (uint8_t)code;
}

/* Option 43 without text is there for its sub-options. */
static bool is_only_container(const struct definition *d, uint8_t code, const char *text)
{
    return d->own == NULL && code == DHCP_OPT_VENDOR_SPECIFIC && *text == '\0';
}

/* What Kea takes for the text of a standard option. */
static int encode_standard(const struct opt_def *def, const char *space, const char *text, uint8_t *out,
                           const char **why)
{
    const char *unused;
    const struct srv_optdef *kea = srv_optdef_kea_form(space, def->code);
    int len = dhcp_opt_parse(def, text, out, SRV_OPTION_DATA_MAX, why), other = ERR_INVALID;
    if (len < 0 && kea != NULL)
        other = srv_optdef_encode(kea, text, out, SRV_OPTION_DATA_MAX, &unused);
    else if (len < 0 && def->type == OPT_RECORD) /* whose fields we know, and Kea does not */
        other = dhcp_opt_parse_hex(text, out, SRV_OPTION_DATA_MAX, &unused);
    return other < 0 ? len : other;
}

static int encode(const struct definition *d, const char *space, bool csv, const char *text, uint8_t *out,
                  const char **why)
{
    bool is_framed = d->standard != NULL && d->standard->type == OPT_SUBOPTIONS;
    if (!csv || is_framed)
        return dhcp_opt_parse_hex(text, out, SRV_OPTION_DATA_MAX, why);
    if (d->own != NULL)
        return srv_optdef_encode(d->own, text, out, SRV_OPTION_DATA_MAX, why);
    return encode_standard(d->standard, space, text, out, why);
}

/* Octets that stand for themselves: are they what the definition says? That sub-options of a vendor do not
 * follow their own framing is the vendor's affair, and perhaps a mistake. */
static void check_octets(struct srv_parse *p, const cJSON *place, const struct definition *d,
                         const uint8_t *data, size_t len)
{
    enum opt_defect defect = OPT_OK;
    if (d->own != NULL && len < srv_optdef_min_len(d->own))
        defect = OPT_TOO_SHORT;
    else if (d->standard != NULL)
        defect = dhcp_opt_check(d->standard, data, len);
    if (defect == OPT_OK)
        return;
    unsigned code = d->own != NULL ? d->own->code : d->standard->code;
    const char *name = d->own != NULL ? d->own->name : d->standard->name;
    (defect == OPT_CUT ? jcfg_warning : jcfg_error)(&p->c, place, "option %u %s: %s", code, name,
                                                    opt_defect_text(defect));
}

void srv_parse_option_data(struct srv_parse *p, struct srv_option *option, const uint8_t *data, size_t len)
{
    uint8_t *copy = srv_parse_alloc(p, len + 1, 1);
    if (copy != NULL && len > 0)
        memcpy(copy, data, len);
    option->data = copy;
    option->len = (uint16_t)len;
}

/* Of a list of addresses, the first that is none, in `buf` of SRV_OPTION_DATA_MAX; else the whole text. */
static const char *find_wrong(const struct definition *d, const char *text, char *buf)
{
    ip4 addr;
    bool is_list = d->own == NULL && d->standard != NULL && d->standard->type == OPT_IP4;
    for (const char *at = text; is_list && *at != '\0'; at += *at == ',') {
        at += strspn(at, " \t");
        size_t len = strcspn(at, ",");
        snprintf(buf, SRV_OPTION_DATA_MAX, "%.*s", (int)len, at);
        buf[strcspn(buf, " \t")] = '\0';
        if (buf[0] != '\0' && !ip4_parse(buf, &addr))
            return buf;
        at += len;
    }
    return text;
}

static void read_data(struct srv_parse *p, struct srv_parse_entry *e)
{
    struct definition d = define(p, e->space, e->option.code);
    bool is_defined = d.own != NULL || d.standard != NULL, csv = is_defined;
    const cJSON *place = srv_parse_at(e->item, "data") ? srv_parse_at(e->item, "data") : e->item;
    const char *text = "", *why = NULL;
    const char *name = d.own != NULL ? d.own->name : d.standard != NULL ? d.standard->name : "";
    uint8_t data[SRV_OPTION_DATA_MAX];
    char wrong[SRV_OPTION_DATA_MAX];
    jcfg_get_bool(&p->c, e->item, "csv-format", &csv);
    jcfg_get_text(&p->c, e->item, "data", &text);
    if (csv && !is_defined) {
        jcfg_error(&p->c, srv_parse_at(e->item, "csv-format"),
                   "option %u has no definition: only csv-format false works", e->option.code);
        return;
    }
    if (is_only_container(&d, e->option.code, text)) {
        srv_parse_option_data(p, &e->option, data, 0);
        return;
    }
    int len = encode(&d, e->space, csv, text, data, &why);
    if (len < 0)
        jcfg_error(&p->c, place, "option %u%s%s: %s, found \"%s\"", e->option.code, is_defined ? " " : "",
                   name, why, csv ? find_wrong(&d, text, wrong) : text);
    else
        check_octets(p, place, &d, data, (size_t)len);
    if (len >= 0)
        srv_parse_option_data(p, &e->option, data, (size_t)len);
}

static const char *contained_space(const struct srv_parse *p, const char *space, uint8_t code)
{
    const struct srv_optdef *own = srv_optdef_find(p->optdefs, space, code);
    if (own != NULL)
        return own->encapsulate;
    return is_dhcp4(space) && code == DHCP_OPT_VENDOR_SPECIFIC ? SRV_SPACE_VENDOR_OPTIONS : "";
}

/* False if the option has no effect here, or is wrong. */
static bool read_option(struct srv_parse *p, const cJSON *item, struct srv_parse_entry *out)
{
    if (!jcfg_is_map(&p->c, item, "a map with the name or code of an option, and its data"))
        return false;
    jcfg_check_keys(&p->c, item, option_keys, NULL);
    *out = (struct srv_parse_entry){.item = item, .space = SRV_SPACE_DHCP4, .condition = -1};
    jcfg_get_text(&p->c, item, "space", &out->space);
    out->option.code = read_code(p, item, out->space);
    out->encapsulate = contained_space(p, out->space, out->option.code);
    out->is_used = is_dhcp4(out->space);
    const char *unread;
    jcfg_get_text(&p->c, item, "data", &unread); /* also of an option without effect it is a text */
    if (jcfg_failed(&p->c) || (out->is_used && is_own_option(p, item, out->option.code)))
        return false;
    jcfg_get_bool(&p->c, item, "always-send", &out->option.always_send);
    jcfg_get_bool(&p->c, item, "never-send", &out->option.never_send);
    srv_parse_class_list(p, item, NULL, "client-classes", &out->option.classes);
    if (!out->option.never_send || srv_parse_at(item, "data") != NULL)
        read_data(p, out);
    if (out->is_used && out->option.code == DHCP_OPT_SUBNET_MASK) {
        jcfg_warning(&p->c, item, "the subnet mask follows from the subnet: ignored");
        return false;
    }
    return !jcfg_failed(&p->c);
}

/* ---- the list ---- */

/* Kea: what is for members of a class only may be there again, for others. */
static bool is_hidden(const struct srv_parse_entries *entries, const struct srv_parse_entry *e)
{
    for (size_t i = 0; i < entries->n; i++)
        if (entries->list[i].option.code == e->option.code && strcmp(entries->list[i].space, e->space) == 0 &&
            entries->list[i].option.classes.n == 0)
            return true;
    return false;
}

static bool is_same_list(const struct srv_class_list *a, const struct srv_class_list *b)
{
    return a->n == b->n && memcmp(a->numbers, b->numbers, a->n * sizeof *a->numbers) == 0;
}

/* The entry stays where it is. */
static void read_condition(struct srv_parse *p, struct srv_parse_entries *entries, struct srv_parse_entry *e)
{
    const struct srv_class_list *classes = &e->option.classes;
    unsigned i = 0;
    if (is_dhcp4(e->space) || classes->n == 0)
        return;
    while (i < entries->n_conditions && !is_same_list(entries->conditions[i], classes))
        i++;
    if (i == SRV_OPTION_CONDITIONS_MAX) {
        jcfg_error(&p->c, srv_parse_at(e->item, "client-classes"),
                   "the sub-options of one list ask for more than %d different lists of classes",
                   SRV_OPTION_CONDITIONS_MAX);
        return;
    }
    entries->conditions[i] = classes;
    entries->n_conditions += i == entries->n_conditions;
    e->condition = (int)i;
}

static void read_entries(struct srv_parse *p, const cJSON *json, struct srv_parse_entries *entries)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, json)
    {
        struct srv_parse_entry e;
        if (!read_option(p, item, &e))
            continue;
        if (is_hidden(entries, &e)) {
            jcfg_error(&p->c, item, "option %u is there already", e.option.code);
            continue;
        }
        entries->list[entries->n] = e;
        read_condition(p, entries, &entries->list[entries->n++]);
    }
}

static void put_options(struct srv_parse *p, const struct srv_parse_entries *entries, struct srv_options *out)
{
    size_t room = 1;
    for (size_t i = 0; i < entries->n; i++)
        room += 1 + entries->list[i].n_variants;
    struct srv_option *list = srv_parse_alloc(p, room, sizeof *list);
    if (list == NULL)
        return;
    *out = (struct srv_options){++p->n_option_lists, list, 0};
    for (size_t i = 0; i < entries->n; i++) {
        const struct srv_parse_entry *e = &entries->list[i];
        if (!e->is_used)
            jcfg_warning(&p->c, e->item, "no option beside it contains the space \"%s\": it is never sent",
                         e->space);
        else if (is_dhcp4(e->space) && e->variants == NULL)
            list[out->n++] = e->option;
        for (size_t v = 0; e->variants != NULL && v < e->n_variants; v++)
            list[out->n++] = e->variants[v];
    }
}

void srv_parse_options(struct srv_parse *p, const cJSON *map, struct srv_options *out)
{
    const cJSON *json = jcfg_get_list(&p->c, map, "option-data");
    if (json == NULL)
        return;
    size_t room = (size_t)cJSON_GetArraySize(json) + 1; /* option 125 may come on top */
    struct srv_parse_entries entries = {.list = srv_parse_alloc(p, room, sizeof *entries.list)};
    if (entries.list == NULL)
        return;
    read_entries(p, json, &entries);
    srv_parse_suboptions(p, &entries);
    if (!jcfg_failed(&p->c) && !p->out_of_memory)
        put_options(p, &entries, out);
}
