#include "server/srv_classify.h"

#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "server/srv_class.h"

enum {
    GENERATED_MAX = SRV_EXPR_NAME_MAX + 4 * 1024, /* of VENDOR_CLASS_x and SPAWN_x_y */
};

static bool is_member(const void *user, unsigned number)
{
    return srv_class_is_in(user, number);
}

static struct srv_expr_input input_of(const struct srv_step *s)
{
    return (struct srv_expr_input){.msg = s->msg,
                                   .packet = &s->ev->packet,
                                   .iface = s->ev->iface->name,
                                   .is_member = is_member,
                                   .user = s->classes};
}

static void tell_failed(struct srv_step *s, const struct srv_class *class, const char *why)
{
    char text[SRV_EXPR_NAME_MAX + 128];
    snprintf(text, sizeof text, "%s: %s", class->name, why);
    srv_step_decide(s, REASON_CLASS_FAILED)->text = srv_step_text(s, text);
}

/* A name made of what the message says: what is not printable is escaped. */
static void add_generated(struct srv_step *s, const char *prefix, const uint8_t *value, size_t len)
{
    char name[GENERATED_MAX];
    int used = snprintf(name, sizeof name, "%s", prefix);
    text_escape(value, len, name + used, sizeof name - (size_t)used);
    srv_class_add_name(s->classes, s->e->config, srv_step_text(s, name));
}

static void add_vendor_class(struct srv_step *s)
{
    const struct dhcp_option *option = dhcp_msg_find(s->msg, DHCP_OPT_VENDOR_CLASS);
    size_t len = option == NULL ? 0 : option->len;
    while (len > 0 && option->data[len - 1] == '\0') /* RFC 2132 2 */
        len--;
    if (len > 0)
        add_generated(s, "VENDOR_CLASS_", option->data, len);
}

/* Kea: the class that is spawned, before its template. */
static void spawn(struct srv_step *s, const struct srv_class *class)
{
    const struct srv_expr_input in = input_of(s);
    uint8_t value[1024];
    char prefix[SRV_EXPR_NAME_MAX + sizeof "SPAWN__"];
    const char *why;
    int len = srv_expr_value(class->template_test, &in, value, sizeof value, &why);
    if (len < 0)
        tell_failed(s, class, why);
    if (len <= 0)
        return;
    snprintf(prefix, sizeof prefix, "SPAWN_%s_", class->name);
    add_generated(s, prefix, value, (size_t)len);
    srv_class_add(s->classes, s->e->config, class->number);
}

static void evaluate(struct srv_step *s, const struct srv_class *class)
{
    const struct srv_expr_input in = input_of(s);
    const char *why;
    if (class->template_test != NULL) {
        spawn(s, class);
        return;
    }
    if (class->test == NULL)
        return;
    switch (srv_expr_test(class->test, &in, &why)) {
    case SRV_EXPR_TRUE:
        srv_class_add(s->classes, s->e->config, class->number);
        break;
    case SRV_EXPR_FALSE:
        break;
    case SRV_EXPR_FAILED:
        tell_failed(s, class, why);
        break;
    }
}

static inline void evaluate_round(struct srv_step *s, bool needs_known)
{
    const struct srv_config *config = s->e->config;
    for (size_t i = 0; i < config->n_classes; i++)
        if (config->classes[i].needs_known == needs_known && !config->classes[i].only_additional)
            evaluate(s, &config->classes[i]);
}

static bool check_drop(struct srv_step *s)
{
    if (!srv_class_is_in(s->classes, SRV_CLASS_DROP))
        return true;
    srv_classify_tell(s);
    srv_step_drop(s, REASON_CLASS_DROP);
    return false;
}

/* Most clients are in the same few classes as the one before. */
static const struct srv_classes_text *format_all(struct srv_step *s)
{
    struct srv_classes_text *text = &s->e->classes_text;
    uint64_t order = s->classes->order;
    if (text->order == order && order != SRV_CLASS_ORDER_LONG)
        return text;
    srv_class_format_set(s->classes, 0, text->names, sizeof text->names);
    text->size = strlen(text->names) + 1;
    text->order = order;
    text->version++;
    return text;
}

void srv_classify_tell(struct srv_step *s)
{
    if (s->classes_told)
        return;
    s->classes_told = true;
    const struct srv_classes_text *text = format_all(s);
    struct srv_classes_told *told = &s->out->classes;
    if (told->names == NULL || told->version != text->version) {
        told->names = (const char *)srv_step_bytes(s, (const uint8_t *)text->names, text->size);
        told->version = text->version;
    }
    srv_step_decide(s, REASON_CLASSES)->text = told->names;
    if (s->out_of_memory)
        told->names = NULL;
}

static void tell_additional(struct srv_step *s, size_t first)
{
    char names[SRV_CLASSES_TEXT_MAX];
    srv_class_format_set(s->classes, first, names, sizeof names);
    srv_step_decide(s, REASON_CLASSES_ADDITIONAL)->text = srv_step_text(s, names);
}

bool srv_classify_arrival(struct srv_step *s)
{
    s->classes = &s->e->classes;
    srv_class_init(s->classes, s->e->config);
    if (s->msg->type == DHCP_BOOTP)
        srv_class_add(s->classes, s->e->config, SRV_CLASS_BOOTP);
    add_vendor_class(s);
    evaluate_round(s, false);
    return check_drop(s);
}

bool srv_classify_known(struct srv_step *s, bool is_known)
{
    srv_class_add(s->classes, s->e->config, is_known ? SRV_CLASS_KNOWN : SRV_CLASS_UNKNOWN);
    evaluate_round(s, true);
    srv_classify_tell(s);
    return check_drop(s);
}

/* Kea: a class that is asked for and has no condition takes everybody. */
static void evaluate_list(struct srv_step *s, const struct srv_class_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct srv_class *class = s->e->config->class_names[list->numbers[i]].class;
        if (class == NULL)
            continue;
        if (class->test == NULL && class->template_test == NULL)
            srv_class_add(s->classes, s->e->config, class->number);
        else if (!srv_class_is_in(s->classes, class->number))
            evaluate(s, class);
    }
}

void srv_classify_additional(struct srv_step *s, const struct srv_pool *pool)
{
    if (s->e->config->n_classes == 0)
        return;
    size_t before = s->classes->n;
    if (pool != NULL)
        evaluate_list(s, &pool->gate.additional);
    evaluate_list(s, &s->subnet->gate.additional);
    if (s->subnet->network != NULL)
        evaluate_list(s, &s->subnet->network->gate.additional);
    if (s->classes->n > before)
        tell_additional(s, before);
}
