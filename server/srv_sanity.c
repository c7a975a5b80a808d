#include "server/srv_sanity.h"

static bool is_consistent(const struct srv_config *config, const struct srv_lease *lease)
{
    const struct srv_subnet *subnet = srv_config_find_subnet_id(config, lease->subnet_id);
    return subnet != NULL && ip4_net_has(subnet->net, lease->addr);
}

static bool fix(const struct srv_config *config, struct srv_lease *lease)
{
    const struct srv_subnet *subnet = srv_config_find_subnet(config, lease->addr);
    if (subnet != NULL)
        lease->subnet_id = subnet->id;
    return subnet != NULL;
}

enum srv_sanity srv_sanity_check(const struct srv_config *config, struct srv_lease *lease)
{
    if (config->lease_checks == SRV_CHECKS_NONE || is_consistent(config, lease))
        return SRV_SANITY_GOOD;
    switch (config->lease_checks) {
    case SRV_CHECKS_NONE:
    case SRV_CHECKS_WARN:
        return SRV_SANITY_KEPT;
    case SRV_CHECKS_FIX:
        return fix(config, lease) ? SRV_SANITY_FIXED : SRV_SANITY_KEPT;
    case SRV_CHECKS_FIX_DEL:
        return fix(config, lease) ? SRV_SANITY_FIXED : SRV_SANITY_BAD;
    case SRV_CHECKS_DEL:
        return SRV_SANITY_BAD;
    }
    return SRV_SANITY_KEPT;
}
