#include "server/srv_query_class.h"

#include <string.h>

enum { VALUE_MAX = 1024 };

struct record {
    const struct srv_config *config;
    const struct dhcp_msg *client;
    bool has_relay_info;               /* option 82 is kept: without one there was none */
    bool is_sure[SRV_CLASS_NAMES_MAX]; /* is it known who is in the class? By number */
    struct srv_class_set *set;
};

void srv_query_class_client(const struct srv_lease *lease, struct dhcp_msg *out)
{
    dhcp_msg_init(out, DHCP_BOOTREQUEST);
    out->htype = lease->hw.type;
    out->hlen = lease->hw.len;
    memcpy(out->chaddr, lease->hw.bytes, lease->hw.len);
    if (lease->client_id_len != 0)
        dhcp_put_bytes(out, DHCP_OPT_CLIENT_ID, lease->client_id, lease->client_id_len);
    if (lease->relay_info_len != 0)
        dhcp_put_bytes(out, DHCP_OPT_RELAY_INFO, lease->relay_info, lease->relay_info_len);
}

static bool is_member(const void *user, unsigned number)
{
    const struct record *r = user;
    return srv_class_is_in(r->set, number);
}

static bool is_sure(const void *user, unsigned number)
{
    const struct record *r = user;
    return r->is_sure[number];
}

/* As srv_classify does it; who cannot be told is in none. */
static void evaluate(struct record *r, const struct srv_class *class)
{
    static const struct packet none;
    const struct srv_expr *expr = class->test != NULL ? class->test : class->template_test;
    const struct srv_expr_input in = {
        .msg = r->client, .packet = &none, .iface = "", .is_member = is_member, .user = r};
    uint8_t value[VALUE_MAX];
    const char *why;
    r->is_sure[class->number] = expr == NULL || srv_expr_is_of_record(expr, r->has_relay_info, is_sure, r);
    if (expr == NULL || !r->is_sure[class->number])
        return;
    bool is_in = class->test != NULL ? srv_expr_test(expr, &in, &why) == SRV_EXPR_TRUE
                                     : srv_expr_value(expr, &in, value, sizeof value, &why) > 0;
    if (is_in)
        srv_class_add(r->set, r->config, class->number);
}

static void evaluate_round(struct record *r, bool needs_known)
{
    for (size_t i = 0; i < r->config->n_classes; i++) {
        const struct srv_class *class = &r->config->classes[i];
        if (class->needs_known == needs_known && !class->only_additional)
            evaluate(r, class);
    }
}

/* A class that is asked for and has no condition takes everybody. */
static void evaluate_list(struct record *r, const struct srv_class_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct srv_class *class = r->config->class_names[list->numbers[i]].class;
        if (class == NULL)
            continue;
        if (class->test == NULL && class->template_test == NULL)
            srv_class_add(r->set, r->config, class->number);
        else
            evaluate(r, class);
    }
}

/* Of whom a reservation or nothing makes members, or this server before it looks at a message. */
static void begin(struct record *r)
{
    for (unsigned i = 0; i < r->config->n_class_names; i++)
        r->is_sure[i] = i == SRV_CLASS_ALL || i == SRV_CLASS_KNOWN || i == SRV_CLASS_UNKNOWN ||
                        (r->config->class_names[i].class == NULL &&
                         !srv_class_is_built_in(r->config->class_names[i].text));
    srv_class_init(r->set, r->config);
}

static bool is_known(const struct srv_config *config, const struct srv_subnet *first,
                     const struct srv_host_ids *ids)
{
    const struct srv_subnet *subnet = first;
    while (subnet != NULL && srv_host_of(config, subnet, ids) == NULL)
        subnet = srv_config_next_neighbour(config, first, subnet);
    return subnet != NULL;
}

void srv_query_class_list(const struct srv_config *config, const struct srv_subnet *subnet,
                          const struct srv_pool *pool, const struct srv_host *host,
                          const struct dhcp_msg *client, const struct srv_host_ids *ids,
                          struct srv_class_set *out)
{
    struct record r = {
        .config = config, .client = client, .has_relay_info = subnet->store_extended_info, .set = out};
    begin(&r);
    evaluate_round(&r, false);
    for (size_t i = 0; host != NULL && i < host->classes.n; i++)
        srv_class_add(out, config, host->classes.numbers[i]);
    srv_class_add(out, config, is_known(config, subnet, ids) ? SRV_CLASS_KNOWN : SRV_CLASS_UNKNOWN);
    evaluate_round(&r, true);
    if (pool != NULL)
        evaluate_list(&r, &pool->gate.additional);
    evaluate_list(&r, &subnet->gate.additional);
    if (subnet->network != NULL)
        evaluate_list(&r, &subnet->network->gate.additional);
}
