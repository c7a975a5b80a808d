/* "hooks-libraries": Kea's loadable libraries as switches of what is built in here. The path does not matter,
 * only the name of the file. */
#include <string.h>

#include "server/srv_parse.h"

enum { PING_REQUESTS_MAX = 100, PING_TIMEOUT_MAX_MS = 60000, PING_PENDING_MAX = 4096 };

static const char *const hook_keys[] = {"library", "parameters", NULL};

/* ---- libdhcp_ping_check.so: parameters and defaults are Kea's ---- */

static const char *const ping_keys[] = {"enable-ping-check", "min-ping-requests", "ping-cltt-secs",
                                        "reply-timeout", NULL};
static const char *const ping_elsewhere[] = {"ping-channel-threads", NULL};

static void read_ping(struct srv_parse *p, const cJSON *hook)
{
    const cJSON *parameters = jcfg_get_map(&p->c, hook, "parameters");
    struct srv_ping *ping = &p->config->ping;
    jcfg_check_keys(&p->c, parameters, ping_keys, ping_elsewhere);
    ping->enabled = true;
    jcfg_get_bool(&p->c, parameters, "enable-ping-check", &ping->enabled);
    jcfg_get_u32(&p->c, parameters, "min-ping-requests", 1, PING_REQUESTS_MAX, &ping->requests);
    jcfg_get_u32(&p->c, parameters, "reply-timeout", 1, PING_TIMEOUT_MAX_MS, &ping->timeout_ms);
    jcfg_get_u32(&p->c, parameters, "ping-cltt-secs", 0, UINT32_MAX, &ping->cltt_s);
}

/* ---- libdhcp_bootp.so, and the libraries of commands: without parameters ---- */

static void read_none(struct srv_parse *p, const cJSON *hook)
{
    static const char *const none[] = {"comment", NULL};
    jcfg_check_keys(&p->c, jcfg_get_map(&p->c, hook, "parameters"), none, NULL);
}

static void read_bootp(struct srv_parse *p, const cJSON *hook)
{
    read_none(p, hook);
    p->config->bootp = true;
}

/* ---- the list ---- */

static const struct hook {
    const char *library;
    void (*read)(struct srv_parse *p, const cJSON *hook);
} hooks[] = {
    {"libdhcp_bootp.so", read_bootp},
    {"libdhcp_lease_query.so", srv_parse_lease_query},
    {"libdhcp_ping_check.so", read_ping},
};

/* Libraries that are there for their commands. */
static const struct {
    const char *library;
    enum srv_command_group group;
} command_hooks[] = {
    {"libdhcp_class_cmds.so", SRV_COMMANDS_CLASS},   {"libdhcp_host_cmds.so", SRV_COMMANDS_HOST},
    {"libdhcp_lease_cmds.so", SRV_COMMANDS_LEASE},   {"libdhcp_stat_cmds.so", SRV_COMMANDS_STAT},
    {"libdhcp_subnet_cmds.so", SRV_COMMANDS_SUBNET},
};

/* The bit of the library; 0 for another one. */
static unsigned command_group(const char *library)
{
    for (size_t i = 0; i < sizeof command_hooks / sizeof command_hooks[0]; i++)
        if (strcmp(library, command_hooks[i].library) == 0)
            return command_hooks[i].group;
    return 0;
}

static void read_hook(struct srv_parse *p, const cJSON *map)
{
    const char *path = "";
    if (!jcfg_is_map(&p->c, map, "a map with a library"))
        return;
    jcfg_check_keys(&p->c, map, hook_keys, NULL);
    jcfg_require(&p->c, map, "library");
    jcfg_get_map(&p->c, map, "parameters");
    if (!jcfg_get_text(&p->c, map, "library", &path))
        return;
    const char *slash = strrchr(path, '/'), *library = slash != NULL ? slash + 1 : path;
    for (size_t i = 0; i < sizeof hooks / sizeof hooks[0]; i++) {
        if (strcmp(library, hooks[i].library) == 0) {
            hooks[i].read(p, map);
            return;
        }
    }
    unsigned group = command_group(library);
    p->config->commands |= group;
    if (group != 0)
        read_none(p, map);
    else
        jcfg_warning(&p->c, srv_parse_at(map, "library"), "nothing like %s is built in here: ignored",
                     library);
}

void srv_parse_hooks(struct srv_parse *p, const cJSON *global)
{
    const cJSON *list = jcfg_get_list(&p->c, global, "hooks-libraries"), *item;
    p->config->commands = 0;
    cJSON_ArrayForEach(item, list) read_hook(p, item);
    if (p->config->commands == 0) /* which commands there are is said only where some are named */
        p->config->commands = SRV_COMMANDS_ALL;
    jcfg_get_u32(&p->c, global, "parked-packet-limit", 1, PING_PENDING_MAX, &p->config->ping.max_pending);
}
