/* client-classes, and the lists of classes at networks, subnets, pools and options. */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/err.h"
#include "server/srv_class.h"
#include "server/srv_optdef.h"
#include "server/srv_parse.h"

static const char *const class_keys[] = {
    "boot-file-name",
    "max-valid-lifetime",
    "min-valid-lifetime",
    "name",
    "next-server",
    "offer-lifetime",
    "only-if-required",
    "only-in-additional-list",
    "option-data",
    "option-def",
    "server-hostname",
    "template-test",
    "test",
    "valid-lifetime",
    NULL,
};
static const char *const class_elsewhere[] = {
    "max-preferred-lifetime",
    "min-preferred-lifetime",
    "preferred-lifetime",
    NULL,
};

/* ---- names ---- */

/* The number of the name, which gets one if it has none. */
unsigned srv_parse_class_number(struct srv_parse *p, const cJSON *item, const char *name)
{
    struct srv_config *config = p->config;
    int number = srv_class_find(config, name);
    if (number >= 0)
        return (unsigned)number;
    if (config->n_class_names == SRV_CLASS_NAMES_MAX) {
        jcfg_error(&p->c, item, "more than %d names of classes", SRV_CLASS_NAMES_MAX);
        return 0;
    }
    config->class_names[config->n_class_names].text = srv_parse_copy(p, name);
    return (unsigned)config->n_class_names++;
}

void srv_parse_class_names(struct srv_parse *p)
{
    static const char *const built_in[SRV_CLASS_BUILT_IN] = {[SRV_CLASS_ALL] = "ALL",
                                                             [SRV_CLASS_KNOWN] = "KNOWN",
                                                             [SRV_CLASS_UNKNOWN] = "UNKNOWN",
                                                             [SRV_CLASS_DROP] = "DROP",
                                                             [SRV_CLASS_BOOTP] = "BOOTP"};
    p->config->class_names = srv_parse_alloc(p, SRV_CLASS_NAMES_MAX, sizeof *p->config->class_names);
    for (size_t i = 0; i < SRV_CLASS_BUILT_IN && p->config->class_names != NULL; i++)
        p->config->class_names[p->config->n_class_names++].text = built_in[i];
}

/* A name that anybody can be in, or that a reservation at least can give. */
static uint16_t need_name(struct srv_parse *p, const cJSON *item)
{
    const char *name = "";
    if (!jcfg_as_text(&p->c, item, "the name of a class", &name))
        return 0;
    unsigned number = srv_parse_class_number(p, item, name);
    if (p->config->class_names[number].class == NULL && !srv_class_is_built_in(name))
        jcfg_warning(&p->c, item, "no class \"%s\" is defined: only a reservation can put a client into it",
                     name);
    p->config->class_names[number].is_wanted = true;
    return (uint16_t)number;
}

void srv_parse_class_list(struct srv_parse *p, const cJSON *map, const char *one, const char *many,
                          struct srv_class_list *out)
{
    const cJSON *item = one == NULL ? NULL : srv_parse_at(map, one), *list = jcfg_get_list(&p->c, map, many);
    size_t n = list != NULL ? (size_t)cJSON_GetArraySize(list) : item != NULL;
    if (item != NULL && list != NULL)
        jcfg_error(&p->c, item, "%s is the old name of %s: use one of them", one, many);
    uint16_t *numbers = n == 0 ? NULL : srv_parse_alloc(p, n, sizeof *numbers);
    if (numbers == NULL)
        return;
    *out = (struct srv_class_list){.numbers = numbers};
    if (list == NULL)
        numbers[out->n++] = need_name(p, item);
    cJSON_ArrayForEach(item, list)
    {
        numbers[out->n++] = need_name(p, item);
    }
}

void srv_parse_gate(struct srv_parse *p, const cJSON *map, struct srv_gate *out)
{
    srv_parse_class_list(p, map, "client-class", "client-classes", &out->classes);
    /* require-client-classes, the old name, is a list, too. */
    if (srv_parse_at(map, "require-client-classes") == NULL)
        srv_parse_class_list(p, map, NULL, "evaluate-additional-classes", &out->additional);
    else if (srv_parse_at(map, "evaluate-additional-classes") == NULL)
        srv_parse_class_list(p, map, NULL, "require-client-classes", &out->additional);
    else
        jcfg_error(&p->c, srv_parse_at(map, "require-client-classes"),
                   "require-client-classes is the old name of evaluate-additional-classes: use one of them");
}

/* ---- expressions ---- */

/* The class whose expression is read. */
struct reading {
    struct srv_parse *p;
    const cJSON *item;
    struct srv_class *class;
};

/* Kea: an expression can only depend on classes that are defined before it, and that are looked at in the
 * same round or an earlier one. */
static int find_class(void *user, const char *name)
{
    struct reading *r = user;
    struct srv_config *config = r->p->config;
    int number = srv_class_find(config, name);
    const struct srv_class *other = number < 0 ? NULL : config->class_names[number].class;
    bool is_before = other != NULL && other < r->class;
    if (!is_before && !srv_class_is_built_in(name))
        return ERR_NOTFOUND;
    if (other != NULL && other->only_additional && !r->class->only_additional)
        return ERR_NOTFOUND;
    if (number < 0)
        number = (int)srv_parse_class_number(r->p, r->item, name);
    r->class->needs_known |=
        number == SRV_CLASS_KNOWN || number == SRV_CLASS_UNKNOWN || (other != NULL && other->needs_known);
    return number;
}

static int find_option(void *user, const char *name)
{
    const struct reading *r = user;
    const struct srv_optdef *def = srv_optdef_find_name(r->p->optdefs, SRV_SPACE_DHCP4, name);
    return def == NULL ? ERR_NOTFOUND : def->code;
}

static void read_expression(struct srv_parse *p, const cJSON *map, const char *key, enum srv_expr_type type,
                            struct srv_class *class, const struct srv_expr **out)
{
    const cJSON *item = srv_parse_at(map, key);
    struct reading reading = {.p = p, .item = item, .class = class};
    const struct srv_expr_names names = {
        .find_option = find_option, .find_class = find_class, .user = &reading};
    struct srv_expr_error error;
    const char *text;
    if (!jcfg_get_text(&p->c, map, key, &text) || text[0] == '\0')
        return;
    int err = srv_expr_compile(&p->config->arena, text, type, &names, out, &error);
    if (err == ERR_NOMEM)
        p->out_of_memory = true;
    else if (err < 0)
        jcfg_error(&p->c, item, "column %u of the expression: %s", error.column, error.text);
}

/* ---- classes ---- */

/* Kea completes a triplet of which only a part is there. */
static void read_lifetime(struct srv_parse *p, const cJSON *map, struct srv_lifetime *out)
{
    struct srv_lifetime l = {0};
    jcfg_get_u32(&p->c, map, "valid-lifetime", 1, LEASE_INFINITE, &l.default_s);
    jcfg_get_u32(&p->c, map, "min-valid-lifetime", 1, LEASE_INFINITE, &l.min_s);
    jcfg_get_u32(&p->c, map, "max-valid-lifetime", 1, LEASE_INFINITE, &l.max_s);
    srv_parse_offer_lifetime(p, map, 0, &l.offer_s);
    if (l.default_s == 0)
        l.default_s = l.max_s != 0 ? l.max_s : l.min_s;
    if (l.min_s == 0)
        l.min_s = l.default_s;
    if (l.max_s == 0)
        l.max_s = l.default_s;
    if (l.min_s > l.default_s || l.default_s > l.max_s)
        jcfg_error(&p->c, map,
                   "min-valid-lifetime (%u s), valid-lifetime (%u s) and max-valid-lifetime (%u s) "
                   "do not ascend",
                   l.min_s, l.default_s, l.max_s);
    *out = l;
}

static void read_only_additional(struct srv_parse *p, const cJSON *map, struct srv_class *class)
{
    jcfg_get_bool(&p->c, map, "only-if-required", &class->only_additional);
    jcfg_get_bool(&p->c, map, "only-in-additional-list", &class->only_additional);
}

/* What Kea itself puts clients into has no condition of its own. */
static void check_built_in(struct srv_parse *p, const cJSON *map, const struct srv_class *class)
{
    bool is_given = class->number < SRV_CLASS_BUILT_IN && class->number != SRV_CLASS_DROP;
    if (is_given && (class->test != NULL || class->template_test != NULL))
        jcfg_error(&p->c, map, "%s is a built-in class: it has no expression", class->name);
    if (class->number < SRV_CLASS_BUILT_IN && class->only_additional)
        jcfg_error(&p->c, map, "%s is a built-in class: it cannot be left to additional lists", class->name);
    if (strcmp(class->name, "SKIP_DDNS") == 0)
        jcfg_warning(&p->c, map, "SKIP_DDNS has no effect: this server makes no DNS updates");
}

static void read_name(struct srv_parse *p, const cJSON *map, struct srv_class *class)
{
    const cJSON *item = srv_parse_at(map, "name");
    const char *name = "";
    jcfg_require(&p->c, map, "name");
    if (!jcfg_get_text(&p->c, map, "name", &name))
        return;
    if (name[0] == '\0' || strlen(name) > SRV_EXPR_NAME_MAX)
        jcfg_error(&p->c, item, "expected a name of 1 to %d octets", SRV_EXPR_NAME_MAX);
    class->number = (uint16_t)srv_parse_class_number(p, item, name);
    char scope[SRV_EXPR_NAME_MAX + sizeof "class "];
    class->name = p->config->class_names[class->number].text;
    snprintf(scope, sizeof scope, "class %s", class->name);
    class->scope = srv_parse_copy(p, scope);
    if (p->config->class_names[class->number].class != NULL)
        jcfg_error(&p->c, item, "the class \"%s\" is there already", name);
    p->config->class_names[class->number].class = class;
}

static void read_class(struct srv_parse *p, const cJSON *map, struct srv_class *class)
{
    jcfg_check_keys(&p->c, map, class_keys, class_elsewhere);
    read_only_additional(p, map, class);
    read_expression(p, map, "test", SRV_EXPR_CONDITION, class, &class->test);
    read_expression(p, map, "template-test", SRV_EXPR_VALUE, class, &class->template_test);
    if (class->test != NULL && class->template_test != NULL)
        jcfg_error(&p->c, srv_parse_at(map, "template-test"), "a class has test or template-test, not both");
    check_built_in(p, map, class);
    const struct srv_optdefs *wider = srv_parse_optdefs(p, map); /* option 43 is each vendor's own */
    srv_parse_options(p, map, &class->options);
    p->optdefs = wider;
    srv_parse_boot(p, map, &class->boot);
    read_lifetime(p, map, &class->lifetime);
}

void srv_parse_classes(struct srv_parse *p, const cJSON *global)
{
    const cJSON *list = jcfg_get_list(&p->c, global, "client-classes"), *item;
    if (list == NULL || p->config->class_names == NULL)
        return;
    struct srv_class *classes = srv_parse_alloc(p, (size_t)cJSON_GetArraySize(list) + 1, sizeof *classes);
    if (classes == NULL)
        return;
    p->config->classes = classes;
    cJSON_ArrayForEach(item, list)
    {
        struct srv_class *class = &classes[p->config->n_classes++];
        *class = (struct srv_class){
            .name = "", .source = item, .boot = {.server_hostname = "", .boot_file_name = ""}};
        if (jcfg_is_map(&p->c, item, "a map with a class"))
            read_name(p, item, class);
    }
    if (jcfg_failed(&p->c))
        return;
    cJSON_ArrayForEach(item, list) read_class(p, item, classes++);
}
