#include "server/srv_scope.h"

#include <assert.h>

void srv_scope_add(struct srv_scopes *scopes, const char *name, const struct srv_options *options)
{
    if (options->n == 0)
        return;
    assert(scopes->n < SRV_SCOPES_MAX);
    scopes->at[scopes->n++] = (struct srv_scope){name, options};
}

void srv_scope_list(const struct srv_config *config, const struct srv_host *host,
                    const struct srv_subnet *subnet, const struct srv_pool *pool,
                    const struct srv_class_set *classes, struct srv_scopes *out)
{
    out->classes = classes;
    out->n = 0;
    if (host != NULL)
        srv_scope_add(out, "reservation", &host->options);
    if (pool != NULL)
        srv_scope_add(out, "pool", &pool->options);
    srv_scope_add(out, "subnet", &subnet->options);
    if (subnet->network != NULL)
        srv_scope_add(out, "shared-network", &subnet->network->options);
    bool may_have_options = classes != NULL && config->n_classes != 0;
    for (size_t i = 0; may_have_options && i < classes->n; i++)
        if (classes->list[i].class != NULL)
            srv_scope_add(out, classes->list[i].class->scope, &classes->list[i].class->options);
    srv_scope_add(out, "global", &config->options);
}

static bool is_for(const struct srv_class_set *classes, const struct srv_option *option)
{
    bool is = srv_class_passes(classes, &option->classes);
    for (size_t i = 0; i < option->n_also && is; i++)
        is = srv_class_passes(classes, option->also[i]);
    return is;
}

/* Kea: what is for members of a class only is, for all others, as if it were not there. */
static const struct srv_option *find_in(const struct srv_scopes *scopes, const struct srv_options *options,
                                        uint8_t code)
{
    for (size_t i = 0; i < options->n; i++)
        if (options->list[i].code == code && is_for(scopes->classes, &options->list[i]))
            return &options->list[i];
    return NULL;
}

/* Kea: whoever it is for. */
static bool is_never_sent(const struct srv_options *options, uint8_t code)
{
    for (size_t i = 0; i < options->n; i++)
        if (options->list[i].code == code && options->list[i].never_send)
            return true;
    return false;
}

const struct srv_option *srv_scope_find(const struct srv_scopes *scopes, uint8_t code)
{
    const struct srv_option *narrowest = NULL;
    for (size_t i = 0; i < scopes->n; i++) {
        if (is_never_sent(scopes->at[i].options, code))
            return NULL;
        if (narrowest == NULL)
            narrowest = find_in(scopes, scopes->at[i].options, code);
    }
    return narrowest;
}

const char *srv_scope_name(const struct srv_scopes *scopes, const struct srv_option *option)
{
    size_t i = 0;
    while (option < scopes->at[i].options->list ||
           option >= scopes->at[i].options->list + scopes->at[i].options->n)
        i++;
    return scopes->at[i].name;
}

bool srv_scope_mentions(const struct srv_scopes *scopes, uint8_t code)
{
    for (size_t i = 0; i < scopes->n; i++)
        if (srv_config_find_option(scopes->at[i].options, code) != NULL)
            return true;
    return false;
}

bool srv_scope_is_never_sent(const struct srv_scopes *scopes, uint8_t code)
{
    for (size_t i = 0; i < scopes->n; i++)
        if (is_never_sent(scopes->at[i].options, code))
            return true;
    return false;
}

bool srv_scope_is_always_sent(const struct srv_scopes *scopes, uint8_t code)
{
    for (size_t i = 0; i < scopes->n; i++) {
        const struct srv_option *option = find_in(scopes, scopes->at[i].options, code);
        if (option != NULL && option->always_send)
            return true;
    }
    return false;
}
