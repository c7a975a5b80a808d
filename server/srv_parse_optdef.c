/* option-def. */
#include <string.h>

#include "server/srv_parse.h"

enum { FIELDS_MAX = 64 };

static const char *const def_keys[] = {"array", "code",         "encapsulate", "name",
                                       "space", "record-types", "type",        NULL};

/* The type of a field by its name; false, and an error, if there is none. */
static bool read_type(struct srv_parse *p, const cJSON *item, const char *text, enum srv_field *out)
{
    for (int i = 0; srv_optdef_type_names[i] != NULL; i++) {
        if (strcmp(srv_optdef_type_names[i], text) == 0) {
            *out = (enum srv_field)i;
            return true;
        }
    }
    jcfg_error(&p->c, item, "expected a type of option such as \"uint16\" or \"ipv4-address\", found \"%s\"",
               text);
    return false;
}

/* "uint8, string": what only the end of an option has room for must be the last. */
static bool read_record(struct srv_parse *p, const cJSON *map, enum srv_field *fields, size_t *out_n)
{
    const cJSON *item = srv_parse_at(map, "record-types");
    const char *text = "";
    jcfg_require(&p->c, map, "record-types");
    if (!jcfg_get_text(&p->c, map, "record-types", &text))
        return false;
    for (bool more = true; more;) {
        char word[32];
        text += strspn(text, " ");
        size_t len = strcspn(text, " ,");
        size_t to_comma = len + strspn(text + len, " ");
        if (*out_n > 0 && (fields[*out_n - 1] == SRV_FIELD_STRING || fields[*out_n - 1] == SRV_FIELD_BINARY))
            jcfg_error(&p->c, item, "only the last field of a record can be a string or binary");
        if (*out_n == FIELDS_MAX)
            jcfg_error(&p->c, item, "a record has at most %d fields", FIELDS_MAX);
        if (len >= sizeof word || jcfg_failed(&p->c)) {
            jcfg_error(&p->c, item, "expected types of options, separated by commas");
            return false;
        }
        memcpy(word, text, len);
        word[len] = '\0';
        if (!read_type(p, item, word, &fields[*out_n]))
            return false;
        if (fields[*out_n] == SRV_FIELD_RECORD || fields[*out_n] == SRV_FIELD_EMPTY)
            jcfg_error(&p->c, item, "a record cannot have a field of the type \"%s\"", word);
        (*out_n)++;
        more = text[to_comma] == ',';
        text += to_comma + more;
    }
    return !jcfg_failed(&p->c);
}

static void read_fields(struct srv_parse *p, const cJSON *map, struct srv_optdef *def)
{
    enum srv_field fields[FIELDS_MAX + 1] = {SRV_FIELD_EMPTY};
    const char *type = "";
    size_t n = 1;
    jcfg_require(&p->c, map, "type");
    if (!jcfg_get_text(&p->c, map, "type", &type) ||
        !read_type(p, srv_parse_at(map, "type"), type, &fields[0]))
        return;
    jcfg_get_bool(&p->c, map, "array", &def->is_array);
    if (fields[0] == SRV_FIELD_RECORD) {
        n = 0;
        if (!read_record(p, map, fields, &n))
            return;
    }
    enum srv_field last = fields[n - 1];
    if (def->is_array && (last == SRV_FIELD_EMPTY || last == SRV_FIELD_STRING || last == SRV_FIELD_BINARY))
        jcfg_error(&p->c, srv_parse_at(map, "array"), "there are no arrays of the type \"%s\"",
                   srv_optdef_type_names[last]);
    if (def->is_array && def->encapsulate[0] != '\0')
        jcfg_error(&p->c, srv_parse_at(map, "array"), "an array has no room for sub-options");
    enum srv_field *copy = srv_parse_alloc(p, n, sizeof *copy);
    if (copy != NULL)
        memcpy(copy, fields, n * sizeof *copy);
    def->fields = copy;
    def->n_fields = n;
}

/* Standard options are what they are; only option 43, and the codes for private use of RFC 3942, have the
 * meaning that the vendor, here the configuration, gives them. */
static void check_redefinition(struct srv_parse *p, const cJSON *map, const struct srv_optdef *def)
{
    enum { VENDOR_OPTIONS = 43, PRIVATE_FIRST = 224 };
    bool is_dhcp4 = strcmp(def->space, SRV_SPACE_DHCP4) == 0;
    const struct opt_def *standard = srv_optdef_standard(def->space, def->code);
    if (is_dhcp4 && (def->code == 0 || def->code == UINT8_MAX))
        jcfg_error(&p->c, srv_parse_at(map, "code"), "pad and end are no options to define");
    if (standard != NULL && !(is_dhcp4 && (def->code == VENDOR_OPTIONS || def->code >= PRIVATE_FIRST)))
        jcfg_error(&p->c, map, "option %u is the standard one %s, which cannot be redefined", def->code,
                   standard->name);
    if (strcmp(def->encapsulate, def->space) == 0)
        jcfg_error(&p->c, srv_parse_at(map, "encapsulate"), "an option cannot contain the space it is of");
}

static void read_def(struct srv_parse *p, const cJSON *map, struct srv_optdefs *defs, struct srv_optdef *list)
{
    const char *name = "", *space = SRV_SPACE_DHCP4, *encapsulate = "";
    uint32_t code = 0;
    struct srv_optdef def = {0};
    if (!jcfg_is_map(&p->c, map, "a map that defines an option"))
        return;
    jcfg_check_keys(&p->c, map, def_keys, NULL);
    jcfg_require(&p->c, map, "name");
    jcfg_require(&p->c, map, "code");
    jcfg_get_text(&p->c, map, "name", &name);
    jcfg_get_text(&p->c, map, "space", &space);
    jcfg_get_text(&p->c, map, "encapsulate", &encapsulate);
    jcfg_get_u32(&p->c, map, "code", 0, UINT8_MAX, &code);
    def.name = srv_parse_copy(p, name);
    def.space = srv_parse_copy(p, space);
    def.encapsulate = srv_parse_copy(p, encapsulate);
    def.code = (uint8_t)code;
    read_fields(p, map, &def);
    if (jcfg_failed(&p->c) || p->out_of_memory)
        return;
    check_redefinition(p, map, &def);
    struct srv_optdefs here = {list, defs->n, NULL};
    if (srv_optdef_find(&here, space, def.code) != NULL)
        jcfg_error(&p->c, map, "option %u of the space %s is defined already", code, space);
    list[defs->n++] = def;
}

const struct srv_optdefs *srv_parse_optdefs(struct srv_parse *p, const cJSON *map)
{
    const struct srv_optdefs *wider = p->optdefs;
    const cJSON *json = jcfg_get_list(&p->c, map, "option-def"), *item;
    if (json == NULL)
        return wider;
    struct srv_optdefs *defs = srv_parse_alloc(p, 1, sizeof *defs);
    struct srv_optdef *list = srv_parse_alloc(p, (size_t)cJSON_GetArraySize(json) + 1, sizeof *list);
    if (defs == NULL || list == NULL)
        return wider;
    *defs = (struct srv_optdefs){.list = list, .wider = wider};
    cJSON_ArrayForEach(item, json) read_def(p, item, defs, list);
    p->optdefs = defs;
    return wider;
}
