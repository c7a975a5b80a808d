#include "server/srv_command.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/sha256.h"
#include "common/text.h"
#include "server/srv_command_host.h"
#include "server/srv_command_lease.h"
#include "server/srv_command_network.h"
#include "server/srv_report.h"

/* ---- replies and arguments ---- */

void srv_command_say(struct srv_command_call *call, enum control_result result, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(call->out->text, sizeof call->out->text, format, args);
    va_end(args);
    call->out->result = result;
}

bool srv_command_failed(const struct srv_command_call *call)
{
    return call->out->result != CONTROL_SUCCESS;
}

static const cJSON *find(const struct srv_command_call *call, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(call->arguments, key);
}

static bool wrong(struct srv_command_call *call, const char *key, const char *what)
{
    if (!srv_command_failed(call)) /* the first mistake is the one to tell */
        srv_command_say(call, CONTROL_ERROR, "'%s' parameter must be %s", key, what);
    return false;
}

/* What commands take. */
static const char *const known_arguments[] = {
    "address",      "age",          "client-id",
    "cltt",         "comment",      "duration",
    "exit-value",   "expire",       "filename",
    "force-create", "fqdn-fwd",     "fqdn-rev",
    "from",         "hostname",     "hw-address",
    "id",           "identifier",   "identifier-type",
    "interface",    "ip-address",   "limit",
    "link",         "local",        "max-period",
    "max-samples",  "name",         "operation-target",
    "origin",       "origin-id",    "pool-id",
    "relay",        "remove",       "reservation",
    "source-index", "state",        "subnet",
    "subnet-id",    "subnet-range", "subnets",
    "user-context", "valid-lft",    "xid",
    NULL,
};

const char *srv_command_mistyped(const struct srv_command_call *call, const char *key)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, call->arguments)
    {
        const char *name = item->string == NULL ? "" : item->string;
        const char *meant = text_similar(known_arguments, name);
        if (meant != NULL && strcmp(meant, name) != 0 && strcmp(meant, key) == 0)
            return name;
    }
    return NULL;
}

static bool is_among(const char *const *words, const char *word)
{
    while (*words != NULL && strcmp(*words, word) != 0)
        words++;
    return *words != NULL;
}

bool srv_command_takes_only(struct srv_command_call *call, const char *const *keys)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, call->arguments)
    {
        const char *name = item->string == NULL ? "" : item->string;
        if (is_among(keys, name))
            continue;
        const char *meant = text_similar(keys, name);
        srv_command_say(call, CONTROL_ERROR, "'%.80s' is not known here%s%s%s", name,
                        meant != NULL ? ": did you mean '" : "", meant != NULL ? meant : "",
                        meant != NULL ? "'?" : "");
        return false;
    }
    return true;
}

bool srv_command_require(struct srv_command_call *call, const char *key)
{
    if (find(call, key) != NULL)
        return true;
    const char *mistyped = srv_command_mistyped(call, key);
    if (srv_command_failed(call))
        return false;
    if (mistyped != NULL)
        srv_command_say(call, CONTROL_ERROR, "'%.80s' is not known here: did you mean '%s'?", mistyped, key);
    else
        srv_command_say(call, CONTROL_ERROR, "'%s' parameter not specified", key);
    return false;
}

bool srv_command_text(struct srv_command_call *call, const char *key, const char **out)
{
    const cJSON *item = find(call, key);
    if (item == NULL)
        return false;
    if (!cJSON_IsString(item))
        return wrong(call, key, "a string");
    *out = item->valuestring;
    return true;
}

bool srv_command_number(struct srv_command_call *call, const char *key, double min, double max, double *out)
{
    const cJSON *item = find(call, key);
    if (item == NULL)
        return false;
    double value = item->valuedouble;
    if (!cJSON_IsNumber(item) || !(value >= min && value <= max) ||
        value != (double)(long long)value) { /* the range makes the conversion safe */
        char what[64];
        snprintf(what, sizeof what, "an integer from %.0f to %.0f", min, max);
        return wrong(call, key, what);
    }
    *out = value;
    return true;
}

bool srv_command_bool(struct srv_command_call *call, const char *key, bool *out)
{
    const cJSON *item = find(call, key);
    if (item == NULL)
        return false;
    if (!cJSON_IsBool(item))
        return wrong(call, key, "a boolean");
    *out = cJSON_IsTrue(item);
    return true;
}

bool srv_command_ip4(struct srv_command_call *call, const char *key, ip4 *out)
{
    const char *text;
    if (!srv_command_text(call, key, &text))
        return false;
    return ip4_parse(text, out) || wrong(call, key, "an IPv4 address");
}

/* ---- about the server ---- */

static void version_get(struct srv_command_call *call)
{
    srv_command_say(call, CONTROL_SUCCESS, "%s", DHCPLAB_VERSION);
    call->out->arguments = cJSON_CreateObject();
    cJSON_AddStringToObject(call->out->arguments, "extended", "dhcplab-server " DHCPLAB_VERSION);
}

static void build_report(struct srv_command_call *call)
{
    srv_command_say(call, CONTROL_SUCCESS, "dhcplab-server %s, compiled with %s", DHCPLAB_VERSION,
                    __VERSION__);
}

static void put_ifaces(cJSON *json, const struct srv_command_context *c)
{
    cJSON *list = cJSON_AddArrayToObject(json, "interfaces");
    for (size_t i = 0; i < c->n_ifaces; i++) {
        char addr[IP4_NET_LEN], hw[HW_LEN];
        cJSON *iface = cJSON_CreateObject();
        cJSON_AddStringToObject(iface, "name", c->ifaces[i].name);
        cJSON_AddStringToObject(iface, "address", ip4_net_format(c->ifaces[i].addr, addr));
        cJSON_AddStringToObject(iface, "hardware_address", hw_format(&c->ifaces[i].hw, hw));
        cJSON_AddItemToArray(list, iface);
    }
}

/* The origins of the thousand from `first` on that keep the service off. */
static void put_origins(cJSON *json, const char *key, const struct srv_service *service, uint32_t first,
                        time_ms now)
{
    cJSON *list = cJSON_AddArrayToObject(json, key);
    for (uint32_t origin = first; origin < first + 1000; origin++)
        if (srv_service_is_disabled_by(service, origin, origin, now))
            cJSON_AddItemToArray(list, cJSON_CreateNumber(origin));
}

static void status_get(struct srv_command_call *call)
{
    const struct srv_command_context *c = call->c;
    struct srv_report r = {.now = c->now};
    srv_report_status(&r, c->engine);
    cJSON_AddNumberToObject(r.json, "pid", c->pid);
    cJSON_AddNumberToObject(r.json, "uptime", (double)((c->now.boot_ms - c->started_ms) / 1000));
    cJSON_AddNumberToObject(r.json, "reload", (double)((c->now.boot_ms - c->reloaded_ms) / 1000));
    cJSON_AddBoolToObject(r.json, "multi-threading-enabled", false);
    cJSON_AddStringToObject(cJSON_AddObjectToObject(r.json, "sockets"), "status", "ready");
    cJSON *state = cJSON_AddObjectToObject(r.json, "dhcp-state");
    const struct srv_service *service = &c->state->service;
    time_ms now = c->now.boot_ms;
    cJSON_AddBoolToObject(state, "disabled-by-user",
                          srv_service_is_disabled_by(service, SRV_ORIGIN_USER, SRV_ORIGIN_USER, now));
    put_origins(state, "disabled-by-local-command", service, SRV_ORIGIN_LOCAL, now);
    put_origins(state, "disabled-by-remote-command", service, SRV_ORIGIN_REMOTE, now);
    cJSON_AddBoolToObject(state, "globally-disabled", srv_service_is_disabled(service, now));
    put_ifaces(r.json, c);
    call->out->arguments = r.json;
}

static void shutdown_server(struct srv_command_call *call)
{
    double value = 0;
    const cJSON *item = find(call, "exit-value");
    if (item != NULL && !cJSON_IsNumber(item))
        srv_command_say(call, CONTROL_ERROR, "parameter 'exit-value' is not an integer");
    srv_command_number(call, "exit-value", 0, 255, &value);
    if (srv_command_failed(call))
        return;
    srv_command_say(call, CONTROL_SUCCESS, "Shutting down.");
    call->out->effect = SRV_DO_SHUTDOWN;
    call->out->exit_value = (int)value;
}

static void clock_get(struct srv_command_call *call)
{
    call->out->effect = SRV_DO_CLOCK_GET;
}

static void clock_set(struct srv_command_call *call)
{
    call->out->effect = SRV_DO_CLOCK_SET;
}

/* ---- configuration ---- */

/* {"Dhcp4": {...}}, the configuration completed. */
static cJSON *whole_config(const struct srv_config *config)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddItemToObject(json, "Dhcp4", srv_report_config(config));
    return json;
}

static bool put_hash(cJSON *json, const struct srv_config *config)
{
    cJSON *whole = whole_config(config);
    char *text = cJSON_PrintUnformatted(whole), hash[SHA256_HEX_LEN];
    cJSON_Delete(whole);
    if (text == NULL)
        return false;
    sha256_hex(text, strlen(text), hash);
    free(text);
    return cJSON_AddStringToObject(json, "hash", hash) != NULL;
}

static void config_hash_get(struct srv_command_call *call)
{
    call->out->arguments = cJSON_CreateObject();
    put_hash(call->out->arguments, call->c->config);
}

static void config_get(struct srv_command_call *call)
{
    call->out->arguments = whole_config(call->c->config);
    put_hash(call->out->arguments, call->c->config);
}

/* Reads a map "Dhcp4"; `command` stands in the messages. NULL, and the reply is the error, if it is not
 * right. */
static struct srv_config *parse_config(struct srv_command_call *call, const char *command, const cJSON *map)
{
    struct srv_config *config = NULL;
    char error[JCFG_TEXT_MAX] = "";
    cJSON *json = cJSON_CreateObject();
    cJSON_AddItemReferenceToObject(json, "Dhcp4", (cJSON *)(uintptr_t)map);
    char *text = cJSON_PrintUnformatted(json);
    cJSON_Delete(json);
    int err =
        text == NULL ? ERR_NOMEM : srv_config_parse(command, text, strlen(text), NULL, NULL, error, &config);
    free(text);
    if (err < 0)
        srv_command_say(call, CONTROL_ERROR, "%s", err == ERR_CONFIG ? error : err_text(err));
    return config;
}

/* The configuration in the arguments, or an error in the reply. */
static struct srv_config *read_config(struct srv_command_call *call, const char *command)
{
    const cJSON *map = find(call, "Dhcp4"), *item;
    if (map == NULL)
        srv_command_say(call, CONTROL_ERROR, "Missing mandatory '%s' parameter.",
                        call->arguments == NULL ? "arguments" : "Dhcp4");
    else if (!cJSON_IsObject(map))
        srv_command_say(call, CONTROL_ERROR, "'Dhcp4' parameter expected to be a map.");
    cJSON_ArrayForEach(item, call->arguments)
    {
        if (!srv_command_failed(call) && item != map && strcmp(item->string, "hash") != 0)
            srv_command_say(call, CONTROL_ERROR, "Unsupported '%.80s' parameter.", item->string);
    }
    return srv_command_failed(call) ? NULL : parse_config(call, command, map);
}

bool srv_command_change(struct srv_command_call *call, const char *command, cJSON *map)
{
    call->out->config = parse_config(call, command, map);
    cJSON_Delete(map);
    if (call->out->config != NULL)
        call->out->effect = SRV_DO_CONFIG_SET;
    return call->out->config != NULL;
}

static void config_test(struct srv_command_call *call)
{
    struct srv_config *config = read_config(call, "config-test");
    if (config != NULL)
        srv_command_say(call, CONTROL_SUCCESS, "Configuration seems sane. It was checked, and not applied.");
    srv_config_free(config);
}

static void config_set(struct srv_command_call *call)
{
    struct srv_config *config = read_config(call, "config-set");
    if (config == NULL)
        return;
    srv_command_say(call, CONTROL_SUCCESS, "Configuration successful.");
    call->out->arguments = cJSON_CreateObject();
    put_hash(call->out->arguments, config);
    call->out->effect = SRV_DO_CONFIG_SET;
    call->out->config = config;
}

static void config_reload(struct srv_command_call *call)
{
    srv_command_say(call, CONTROL_SUCCESS, "Configuration successful.");
    call->out->effect = SRV_DO_CONFIG_RELOAD;
}

/* Whoever may send commands must not be able to overwrite any file of the system: only the folder of the
 * configuration is written to. */
bool srv_command_choose_path(struct srv_command_call *call)
{
    const char *path = call->c->config_path, *wanted = path, *slash = strrchr(path, '/');
    size_t folder = slash == NULL ? 0 : (size_t)(slash + 1 - path);
    srv_command_text(call, "filename", &wanted);
    const char *name = strrchr(wanted, '/');
    name = name == NULL ? wanted : name + 1;
    bool is_bare = name == wanted;
    if (srv_command_failed(call))
        return false;
    if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
        (!is_bare && ((size_t)(name - wanted) != folder || strncmp(wanted, path, folder) != 0)))
        return wrong(call, "filename", "the name of a file in the folder of the configuration file");
    int len = snprintf(call->out->path, sizeof call->out->path, "%.*s%s", (int)folder, path, name);
    return len < (int)sizeof call->out->path || wrong(call, "filename", "shorter");
}

static void config_write(struct srv_command_call *call)
{
    if (!srv_command_choose_path(call))
        return;
    cJSON *json = whole_config(call->c->config);
    call->out->file = cJSON_Print(json);
    cJSON_Delete(json);
    if (call->out->file == NULL) {
        srv_command_say(call, CONTROL_ERROR, "%s", err_text(ERR_NOMEM));
        return;
    }
    srv_command_say(call, CONTROL_SUCCESS, "Configuration written to %.*s successful", JCFG_TEXT_MAX,
                    call->out->path);
    call->out->arguments = cJSON_CreateObject();
    cJSON_AddStringToObject(call->out->arguments, "filename", call->out->path);
    cJSON_AddNumberToObject(call->out->arguments, "size", (double)strlen(call->out->file));
    call->out->effect = SRV_DO_CONFIG_WRITE;
}

/* ---- the table ---- */

static void list_commands(struct srv_command_call *call);

static const struct {
    const char *name;
    void (*run)(struct srv_command_call *call);
} commands[] = {
    {"build-report", build_report},
    {"class-get", srv_command_class_get},
    {"class-list", srv_command_class_list},
    {"clock-get", clock_get},
    {"clock-set", clock_set},
    {"config-get", config_get},
    {"config-hash-get", config_hash_get},
    {"config-reload", config_reload},
    {"config-set", config_set},
    {"config-test", config_test},
    {"config-write", config_write},
    {"dhcp-disable", srv_command_dhcp_disable},
    {"dhcp-enable", srv_command_dhcp_enable},
    {"explain4", srv_command_explain},
    {"lease4-add", srv_command_lease_add},
    {"lease4-del", srv_command_lease_del},
    {"lease4-force-renew", srv_command_lease_force_renew},
    {"lease4-get", srv_command_lease_get},
    {"lease4-get-all", srv_command_lease_get_all},
    {"lease4-get-by-client-id", srv_command_lease_get_by_client_id},
    {"lease4-get-by-hostname", srv_command_lease_get_by_hostname},
    {"lease4-get-by-hw-address", srv_command_lease_get_by_hw_address},
    {"lease4-get-by-state", srv_command_lease_get_by_state},
    {"lease4-get-page", srv_command_lease_get_page},
    {"lease4-resend-ddns", srv_command_lease_resend_ddns},
    {"lease4-update", srv_command_lease_update},
    {"lease4-wipe", srv_command_lease_wipe},
    {"lease4-write", srv_command_lease_write},
    {"leases-reclaim", srv_command_leases_reclaim},
    {"list-commands", list_commands},
    {"network4-get", srv_command_network_get},
    {"network4-list", srv_command_network_list},
    {"reservation-add", srv_command_host_add},
    {"reservation-del", srv_command_host_del},
    {"reservation-get", srv_command_host_get},
    {"reservation-get-all", srv_command_host_get_all},
    {"reservation-get-by-address", srv_command_host_get_by_address},
    {"reservation-get-by-hostname", srv_command_host_get_by_hostname},
    {"reservation-get-by-id", srv_command_host_get_by_id},
    {"reservation-get-page", srv_command_host_get_page},
    {"reservation-update", srv_command_host_update},
    {"shutdown", shutdown_server},
    {"stat-lease4-get", srv_command_stat_lease},
    {"statistic-get", srv_command_statistic_get},
    {"statistic-get-all", srv_command_statistic_get_all},
    {"statistic-remove", srv_command_statistic_remove},
    {"statistic-remove-all", srv_command_statistic_remove_all},
    {"statistic-reset", srv_command_statistic_reset},
    {"statistic-reset-all", srv_command_statistic_reset_all},
    {"statistic-sample-age-set", srv_command_statistic_sample_age_set},
    {"statistic-sample-age-set-all", srv_command_statistic_sample_age_set_all},
    {"statistic-sample-count-set", srv_command_statistic_sample_count_set},
    {"statistic-sample-count-set-all", srv_command_statistic_sample_count_set_all},
    {"status-get", status_get},
    {"subnet4-get", srv_command_subnet_get},
    {"subnet4-list", srv_command_subnet_list},
    {"subnet4-select-test", srv_command_subnet_select_test},
    {"version-get", version_get},
};

/* The commands that begin so are in one of Kea's libraries. */
static const struct {
    const char *prefix;
    unsigned group; /* of enum srv_command_group; 0: it is not */
} groups[] = {
    {"subnet4-select-test", 0},          {"lease4-", SRV_COMMANDS_LEASE},
    {"stat-lease4-", SRV_COMMANDS_STAT}, {"subnet4-", SRV_COMMANDS_SUBNET},
    {"network4-", SRV_COMMANDS_SUBNET},  {"reservation-", SRV_COMMANDS_HOST},
    {"class-", SRV_COMMANDS_CLASS},
};

/* Is it one that the configuration, by hooks-libraries, does without? */
static bool is_off(const struct srv_config *config, const char *command)
{
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++)
        if (strncmp(command, groups[i].prefix, strlen(groups[i].prefix)) == 0)
            return groups[i].group != 0 && (config->commands & groups[i].group) == 0;
    return false;
}

static void list_commands(struct srv_command_call *call)
{
    call->out->arguments = cJSON_CreateArray();
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (!is_off(call->c->config, commands[i].name))
            cJSON_AddItemToArray(call->out->arguments, cJSON_CreateString(commands[i].name));
}

void srv_command_run(const struct srv_command_context *c, const char *command, const cJSON *arguments,
                     struct srv_command_reply *out)
{
    struct srv_command_call call = {c, arguments, out};
    *out = (struct srv_command_reply){0};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(commands[i].name, command) == 0 && !is_off(c->config, command)) {
            commands[i].run(&call);
            return;
        }
    srv_command_say(&call, CONTROL_UNSUPPORTED, "'%.80s' command not supported.", command);
}
