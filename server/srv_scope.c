#include "server/srv_scope.h"

void srv_scope_add(struct srv_scopes *scopes, const char *name, const struct srv_options *options)
{
    if (options->n != 0 && scopes->n < SRV_SCOPES_MAX)
        scopes->at[scopes->n++] = (struct srv_scope){name, options};
}

void srv_scope_list(const struct srv_config *config, const struct srv_subnet *subnet,
                    const struct srv_pool *pool, struct srv_scopes *out)
{
    out->n = 0;
    if (pool != NULL)
        srv_scope_add(out, "pool", &pool->options);
    srv_scope_add(out, "subnet", &subnet->options);
    if (subnet->network != NULL)
        srv_scope_add(out, "shared-network", &subnet->network->options);
    srv_scope_add(out, "global", &config->options);
}

const struct srv_option *srv_scope_find(const struct srv_scopes *scopes, uint8_t code)
{
    const struct srv_option *narrowest = NULL;
    for (size_t i = 0; i < scopes->n; i++) {
        const struct srv_option *option = srv_config_find_option(scopes->at[i].options, code);
        if (option != NULL && option->never_send)
            return NULL;
        if (narrowest == NULL)
            narrowest = option;
    }
    return narrowest;
}

bool srv_scope_is_always_sent(const struct srv_scopes *scopes, uint8_t code)
{
    for (size_t i = 0; i < scopes->n; i++) {
        const struct srv_option *option = srv_config_find_option(scopes->at[i].options, code);
        if (option != NULL && option->always_send)
            return true;
    }
    return false;
}
