/* loggers, control-socket, control-sockets: what the server is beside DHCP. */
#include <string.h>

#include "server/srv_parse.h"

enum { MAXSIZE_DEFAULT = 10240000, MAXVER_DEFAULT = 1, MAXVER_MAX = 1000, DEBUGLEVEL_MAX = 99 };

/* ---- loggers ---- */

static const char *const logger_keys[] = {"debuglevel",     "name",     "output-options",
                                          "output_options", "severity", NULL};
static const char *const output_keys[] = {"flush", "maxsize", "maxver", "output", NULL};
static const char *const output_elsewhere[] = {"pattern", NULL};

const char *const srv_config_severity_words[] = {"DEBUG", "INFO", "WARN", "ERROR", "FATAL", "NONE", NULL};

static void read_output(struct srv_parse *p, const cJSON *map, struct srv_log_output *out)
{
    if (!jcfg_is_map(&p->c, map, "a map with an output"))
        return;
    jcfg_check_keys(&p->c, map, output_keys, output_elsewhere);
    jcfg_require(&p->c, map, "output");
    jcfg_get_text(&p->c, map, "output", &out->output);
    if (out->output[0] == '\0')
        jcfg_error(&p->c, srv_parse_at(map, "output"),
                   "expected \"stdout\", \"stderr\", \"syslog\" or the path of a file");
    out->output = srv_parse_copy(p, out->output);
    jcfg_get_bool(&p->c, map, "flush", &out->flush);
    jcfg_get_u32(&p->c, map, "maxsize", 0, UINT32_MAX, &out->maxsize);
    jcfg_get_u32(&p->c, map, "maxver", 0, MAXVER_MAX, &out->maxver);
}

static void read_outputs(struct srv_parse *p, const cJSON *map, struct srv_logger *logger)
{
    const cJSON *list = jcfg_get_list(&p->c, map, "output-options"), *item;
    if (list == NULL)
        list = jcfg_get_list(&p->c, map, "output_options"); /* as Kea had it */
    if (list == NULL)
        return;
    logger->outputs = srv_parse_alloc(p, (size_t)cJSON_GetArraySize(list) + 1, sizeof *logger->outputs);
    if (logger->outputs == NULL)
        return;
    cJSON_ArrayForEach(item, list)
    {
        struct srv_log_output *out = &logger->outputs[logger->n_outputs++];
        *out = (struct srv_log_output){"", true, MAXSIZE_DEFAULT, MAXVER_DEFAULT};
        read_output(p, item, out);
    }
}

static void read_logger(struct srv_parse *p, const cJSON *map)
{
    struct srv_logger *logger = &p->config->loggers[p->config->n_loggers];
    const char *name = "";
    int severity = SRV_SEVERITY_INFO;
    if (!jcfg_is_map(&p->c, map, "a map with a logger"))
        return;
    jcfg_check_keys(&p->c, map, logger_keys, NULL);
    jcfg_require(&p->c, map, "name");
    jcfg_get_text(&p->c, map, "name", &name);
    jcfg_get_word(&p->c, map, "severity", srv_config_severity_words, &severity);
    logger->severity = (enum srv_severity)severity;
    jcfg_get_u32(&p->c, map, "debuglevel", 0, DEBUGLEVEL_MAX, &logger->debuglevel);
    read_outputs(p, map, logger);
    if (strcmp(name, "kea-dhcp4") == 0)
        p->config->n_loggers++;
    else
        jcfg_warning(&p->c, map, "only the logger \"kea-dhcp4\" has an effect: all is said by it");
}

void srv_parse_loggers(struct srv_parse *p, const cJSON *global)
{
    const cJSON *list = jcfg_get_list(&p->c, global, "loggers"), *item;
    if (list == NULL)
        return;
    p->config->loggers = srv_parse_alloc(p, (size_t)cJSON_GetArraySize(list) + 1, sizeof *p->config->loggers);
    if (p->config->loggers == NULL)
        return;
    cJSON_ArrayForEach(item, list) read_logger(p, item);
}

/* ---- the command channel ---- */

static const char *const control_keys[] = {"socket-name", "socket-type", NULL};
static const char *const control_elsewhere[] = {
    "authentication", "cert-file",   "cert-required", "http-headers", "key-file",
    "socket-address", "socket-port", "trust-anchor",  NULL,
};

static void read_control(struct srv_parse *p, const cJSON *map)
{
    static const char *const types[] = {"unix", "http", "https", NULL};
    struct srv_config *config = p->config;
    int type = 0;
    const char *name = "";
    if (!jcfg_is_map(&p->c, map, "a map with a control socket"))
        return;
    jcfg_check_keys(&p->c, map, control_keys, control_elsewhere);
    jcfg_require(&p->c, map, "socket-type");
    if (!jcfg_get_word(&p->c, map, "socket-type", types, &type))
        return;
    if (type != 0) {
        jcfg_warning(&p->c, srv_parse_at(map, "socket-type"), "commands are not taken over %s here: ignored",
                     types[type]);
        return;
    }
    jcfg_require(&p->c, map, "socket-name");
    jcfg_get_text(&p->c, map, "socket-name", &name);
    for (size_t i = 0; i < config->n_control_sockets; i++)
        if (strcmp(config->control_sockets[i], name) == 0)
            jcfg_error(&p->c, map, "the control socket %s is there already", name);
    config->control_sockets[config->n_control_sockets++] = srv_parse_copy(p, name);
}

void srv_parse_control(struct srv_parse *p, const cJSON *global)
{
    const cJSON *list = jcfg_get_list(&p->c, global, "control-sockets"), *item;
    const cJSON *old = jcfg_get_map(&p->c, global, "control-socket"); /* Kea up to 2.6 */
    size_t n = (size_t)cJSON_GetArraySize(list) + 1;
    p->config->control_sockets = srv_parse_alloc(p, n, sizeof *p->config->control_sockets);
    if (p->config->control_sockets == NULL)
        return;
    cJSON_ArrayForEach(item, list) read_control(p, item);
    if (old != NULL)
        read_control(p, old);
}
