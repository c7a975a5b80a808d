/* compatibility, sanity-checks. */
#include "server/srv_parse.h"

static const char *const compatibility_keys[] = {
    "exclude-first-last-24",     "ignore-dhcp-server-identifier",
    "ignore-rai-link-selection", "kea",
    "lenient-option-parsing",    NULL,
};

static const char *const checks_keys[] = {"lease-checks", NULL};
static const char *const checks_elsewhere[] = {"extended-info-checks", NULL};

const char *const srv_config_lease_check_words[] = {"none", "warn", "fix", "fix-del", "del", NULL};

void srv_parse_compatibility(struct srv_parse *p, const cJSON *global)
{
    struct srv_config *config = p->config;
    const cJSON *map = jcfg_get_map(&p->c, global, "compatibility");
    bool is_lenient;
    if (map == NULL)
        return;
    jcfg_check_keys(&p->c, map, compatibility_keys, NULL);
    jcfg_get_bool(&p->c, map, "kea", &config->kea);
    jcfg_get_bool(&p->c, map, "ignore-dhcp-server-identifier", &config->ignore_server_id);
    jcfg_get_bool(&p->c, map, "ignore-rai-link-selection", &config->ignore_link_selection);
    config->strict = config->kea;
    if (jcfg_get_bool(&p->c, map, "lenient-option-parsing", &is_lenient))
        config->strict = !is_lenient;
    jcfg_get_bool(&p->c, map, "exclude-first-last-24", &config->exclude_first_last);
}

void srv_parse_sanity_checks(struct srv_parse *p, const cJSON *global)
{
    const cJSON *map = jcfg_get_map(&p->c, global, "sanity-checks");
    int word;
    if (map == NULL)
        return;
    jcfg_check_keys(&p->c, map, checks_keys, checks_elsewhere);
    if (jcfg_get_word(&p->c, map, "lease-checks", srv_config_lease_check_words, &word))
        p->config->lease_checks = (enum srv_lease_checks)word;
}
