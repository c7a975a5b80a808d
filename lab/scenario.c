#include "lab/scenario.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli_load.h"
#include "common/err.h"
#include "common/io_file.h"
#include "common/jcfg_part.h"
#include "lab/sim_check.h"

/* ---- times ---- */

static const struct {
    const char *unit;
    time_ms ms;
} units[] = {{"d", 86400000}, {"h", 3600000}, {"min", 60000}, {"s", 1000}, {"ms", 1}};

enum { UNITS = sizeof units / sizeof units[0], TIME_DIGITS_MAX = 9 };

bool scenario_time_parse(const char *text, time_ms *out)
{
    time_ms sum = 0;
    do {
        char unit[4];
        unsigned number;
        int used = 0;
        size_t i = 0;
        text += strspn(text, " ");
        if (strspn(text, "0123456789") > TIME_DIGITS_MAX || *text < '0' || *text > '9' ||
            sscanf(text, "%u %3[a-z]%n", &number, unit, &used) != 2)
            return false;
        if (strcmp(unit, "m") == 0)
            strcpy(unit, "min");
        while (i < UNITS && strcmp(units[i].unit, unit) != 0)
            i++;
        if (i == UNITS)
            return false;
        sum += number * units[i].ms;
        text += used;
    } while (*text != '\0');
    *out = sum;
    return true;
}

const char *scenario_time_format(time_ms t, char *buf)
{
    size_t used = 0;
    buf[0] = '\0';
    for (size_t i = 0; i < UNITS; i++) {
        if (t < units[i].ms)
            continue;
        used += (size_t)snprintf(buf + used, SCENARIO_TIME_LEN - used, "%s%" PRId64 " %s",
                                 used > 0 ? " " : "", t / units[i].ms, units[i].unit);
        t %= units[i].ms;
    }
    return used > 0 ? buf : strcpy(buf, "0 s");
}

const char *scenario_times_format(uint64_t n, char *buf)
{
    if (n == 1)
        return "once";
    snprintf(buf, SCENARIO_TIMES_LEN, "%" PRIu64 " times", n);
    return buf;
}

bool scenario_as_time(struct scenario_reading *r, const cJSON *item, time_ms *out)
{
    const char *text;
    if (!jcfg_as_text(r->c, item, "a time such as \"30 min\"", &text))
        return false;
    if (scenario_time_parse(text, out))
        return true;
    jcfg_error(r->c, item, "expected a time such as \"1 h 30 min\" or \"250 ms\", found \"%s\"", text);
    return false;
}

bool scenario_read_time(struct scenario_reading *r, const cJSON *map, const char *key, time_ms *out)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(map, key);
    return item != NULL && scenario_as_time(r, item, out);
}

/* ---- hosts ---- */

bool scenario_find_host(const struct topology *t, const char *name, size_t *out)
{
    for (size_t i = 0; i < t->n_hosts; i++)
        if (strcmp(t->hosts[i].name, name) == 0) {
            *out = i;
            return true;
        }
    return false;
}

static bool as_host(struct scenario_reading *r, const cJSON *item, size_t *out)
{
    const char *name;
    if (!jcfg_as_text(r->c, item, "a host's name", &name))
        return false;
    if (scenario_find_host(&r->s->topology, name, out))
        return true;
    jcfg_error(r->c, item, "no host has the name \"%s\"", name);
    return false;
}

bool scenario_read_host(struct scenario_reading *r, const cJSON *map, size_t *out)
{
    jcfg_require(r->c, map, "host");
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(map, "host");
    return item != NULL && as_host(r, item, out);
}

/* ---- the lab ---- */

void scenario_take_error(struct scenario_reading *r, int rc, const char *error)
{
    if (rc == ERR_NOMEM)
        r->err = rc;
    else if (rc < 0 && !jcfg_failed(r->c)) /* it names the place itself */
        snprintf(r->c->error, sizeof r->c->error, "%s", error);
}

static int load_server(const struct topology_host *host, const char *path, struct srv_config **out,
                       char *error)
{
    char *text = NULL;
    size_t len;
    if (host->config_text != NULL)
        return srv_config_parse(path, host->config_text, strlen(host->config_text), NULL, NULL, error, out);
    int rc = io_file_read(host->config_file, &text, &len);
    if (rc == 0)
        rc = srv_config_parse(host->config_file, text, len, NULL, NULL, error, out);
    else
        snprintf(error, JCFG_TEXT_MAX, "%s cannot be read: %s", host->config_file, err_text(rc));
    free(text);
    return rc;
}

static int load_client(const struct topology_host *host, const char *path, struct cli_config *out,
                       char *error)
{
    if (host->config_text == NULL)
        return cli_load_config(host->config_file, NULL, NULL, error, out);
    int rc = cli_config_parse(path, host->config_text, strlen(host->config_text), NULL, NULL, error, out);
    struct cli_profile profile;
    if (rc < 0 || out->profile_file[0] == '\0')
        return rc;
    rc = cli_load_profile(out->profile_file, error, &profile);
    if (rc == 0)
        cli_config_use_profile(out, &profile);
    return rc;
}

static void load_configs(struct scenario_reading *r)
{
    struct scenario *s = r->s;
    for (size_t i = 0; i < s->topology.n_hosts; i++) {
        const struct topology_host *host = &s->topology.hosts[i];
        char error[JCFG_TEXT_MAX] = "";
        if (host->role == LAB_SERVER)
            scenario_take_error(r, load_server(host, s->path, &s->servers[i], error), error);
        if (host->role != LAB_CLIENT)
            continue;
        s->clients[i] = calloc(1, sizeof *s->clients[i]);
        scenario_take_error(
            r, s->clients[i] == NULL ? ERR_NOMEM : load_client(host, s->path, s->clients[i], error), error);
    }
}

/* The file beside the scenario, else what `dhcplab up` takes it for. */
static int find_topology(const char *scenario, const char *name, char out_path[TOPOLOGY_PATH_MAX])
{
    const char *slash = strrchr(scenario, '/');
    char beside[TOPOLOGY_PATH_MAX];
    if (slash != NULL && name[0] != '/') {
        int len = snprintf(beside, sizeof beside, "%.*s/%s", (int)(slash - scenario), scenario, name);
        if (len < (int)sizeof beside && topology_find(beside, out_path) == 0)
            return 0;
    }
    return topology_find(name, out_path);
}

static void read_topology(struct scenario_reading *r, const cJSON *root)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, "topology");
    char error[JCFG_TEXT_MAX] = "", path[TOPOLOGY_PATH_MAX];
    const char *name;
    int rc = 0;
    if (cJSON_IsObject(item)) {
        char *part = jcfg_part(r->c, r->text, r->len, item);
        rc = part == NULL
                 ? ERR_NOMEM
                 : topology_parse(&r->s->topology, r->s->path, part, strlen(part), NULL, NULL, error);
        free(part);
    } else if (item != NULL && jcfg_as_text(r->c, item, "a topology, or the name of one", &name)) {
        if (find_topology(r->s->path, name, path) < 0)
            jcfg_error(r->c, item, "there is no topology file %s (beside this one), and no lab of that name",
                       name);
        else
            rc = topology_load(&r->s->topology, path, NULL, NULL, error);
    }
    scenario_take_error(r, rc, error);
    if (rc == 0 && !jcfg_failed(r->c))
        load_configs(r);
}

/* ---- relays ---- */

static void read_relay(struct scenario_reading *r, const cJSON *list)
{
    struct scenario *s = r->s;
    const cJSON *item;
    size_t host;
    if (!scenario_find_host(&s->topology, list->string, &host)) {
        jcfg_error(r->c, list, "no host has the name \"%s\"", list->string);
        return;
    }
    if (s->topology.hosts[host].role != LAB_PLAIN)
        jcfg_error(r->c, list, "only a plain host can be a relay agent");
    if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) < 1 ||
        cJSON_GetArraySize(list) > RELAY_SERVERS_MAX) {
        jcfg_error(r->c, list, "expected a list of 1 to %d addresses of servers", RELAY_SERVERS_MAX);
        return;
    }
    cJSON_ArrayForEach(item, list) jcfg_as_ip4(r->c, item, &s->relays[host][s->n_relays[host]++]);
}

/* ---- the whole ---- */

static void read_off(struct scenario_reading *r, const cJSON *root)
{
    const cJSON *item;
    size_t host;
    cJSON_ArrayForEach(item, jcfg_get_map(r->c, root, "relays")) read_relay(r, item);
    cJSON_ArrayForEach(item, jcfg_get_list(r->c, root, "off")) if (as_host(r, item, &host))
        r->s->is_off[host] = true;
    cJSON_ArrayForEach(item, jcfg_get_list(r->c, root, "unchecked"))
    {
        const char *word;
        int i = 0;
        if (!jcfg_as_text(r->c, item, "an invariant's name", &word))
            return;
        while (i < SIM_INVARIANT_COUNT && strcmp(sim_invariant_name((enum sim_invariant)i), word) != 0)
            i++;
        if (i == SIM_INVARIANT_COUNT)
            jcfg_error(r->c, item, "no invariant has the name \"%s\"", word);
        else
            r->s->off |= 1U << i;
    }
}

static void read_root(struct scenario_reading *r)
{
    static const char *const known[] = {
        "$schema", "description", "topology",      "off",          "relays", "unchecked", "seed",
        "budget",  "duration",    "storage-delay", "bound-within", "steps",  "expect",    NULL};
    const cJSON *root = r->c->root;
    struct scenario *s = r->s;
    const char *text;
    uint32_t seed = 1, budget;
    if (!jcfg_is_map(r->c, root, "a map with topology, steps and expect"))
        return;
    jcfg_check_keys(r->c, root, known, NULL);
    if (jcfg_get_text(r->c, root, "description", &text))
        snprintf(s->description, sizeof s->description, "%s", text);
    jcfg_get_u32(r->c, root, "seed", 0, UINT32_MAX, &seed);
    s->budget = jcfg_get_u32(r->c, root, "budget", 1, UINT32_MAX, &budget) ? budget : UINT64_MAX;
    s->seed = seed;
    jcfg_require(r->c, root, "duration");
    jcfg_require(r->c, root, "topology");
    scenario_read_time(r, root, "duration", &s->duration_ms);
    scenario_read_time(r, root, "storage-delay", &s->sync_ms);
    scenario_read_time(r, root, "bound-within", &s->bound_within_ms);
    if (!jcfg_failed(r->c))
        read_topology(r, root);
    if (jcfg_failed(r->c) || r->err != 0)
        return;
    read_off(r, root);
    scenario_read_steps(r, jcfg_get_list(r->c, root, "steps"));
    scenario_read_expects(r, jcfg_get_list(r->c, root, "expect"));
    if (!jcfg_failed(r->c))
        scenario_clock_apply(s);
}

int scenario_parse(struct scenario *s, const char *path, const char *text, size_t len, char *out_error)
{
    struct jcfg c;
    *s = (struct scenario){.bound_within_ms = TIME_NEVER};
    snprintf(s->path, sizeof s->path, "%s", path);
    out_error[0] = '\0';
    int rc = jcfg_parse(&c, path, text, len, NULL, NULL);
    struct scenario_reading r = {.s = s, .c = &c, .text = text, .len = len};
    if (rc == 0) {
        read_root(&r);
        rc = r.err != 0 ? r.err : jcfg_failed(&c) ? ERR_CONFIG : 0;
    }
    if (rc < 0)
        snprintf(out_error, JCFG_TEXT_MAX, "%s", rc == ERR_CONFIG ? c.error : err_text(rc));
    jcfg_fini(&c);
    return rc;
}

int scenario_load(struct scenario *s, const char *path, char *out_error)
{
    char *text;
    size_t len;
    *s = (struct scenario){0};
    int rc = io_file_read(path, &text, &len);
    if (rc < 0) {
        snprintf(out_error, JCFG_TEXT_MAX, "%s cannot be read: %s", path, err_text(rc));
        return rc;
    }
    rc = scenario_parse(s, path, text, len, out_error);
    free(text);
    return rc;
}

void scenario_fini(struct scenario *s)
{
    for (size_t i = 0; i < LAB_HOSTS_MAX; i++) {
        srv_config_free(s->servers[i]);
        free(s->clients[i]);
    }
    for (size_t i = 0; i < s->n_steps; i++) {
        srv_config_free(s->steps[i].config);
        free(s->steps[i].config_text);
    }
    free(s->steps);
    free(s->expects);
    topology_fini(&s->topology);
    *s = (struct scenario){0};
}

int scenario_find(const char *name, char out_path[TOPOLOGY_PATH_MAX])
{
    return topology_find_in("scenarios", name, out_path);
}
