/* The steps of a scenario file: when, what, where. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/dhcp_proto.h"
#include "common/err.h"
#include "common/jcfg_part.h"
#include "lab/scenario.h"

const char *scenario_do_name(enum scenario_do what)
{
    static const char *const names[] = {
#define X(name, word, takes) [name] = word,
        SCENARIO_DO_MAP(X)
#undef X
    };
    return names[what];
}

/* "h1>server", "*>h1", or "*" for all. */
static void read_link(struct scenario_reading *r, const cJSON *map, struct scenario_step *step)
{
    const char *word;
    size_t ignored;
    jcfg_require(r->c, map, "link");
    if (!jcfg_get_text(r->c, map, "link", &word))
        return;
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(map, "link");
    const char *arrow = strchr(word, '>');
    if (arrow == NULL && strcmp(word, "*") == 0)
        word = "*>*", arrow = word + 1;
    if (arrow == NULL || arrow - word >= LAB_NAME_MAX) {
        jcfg_error(r->c, item, "expected a direction such as \"h1>server\", \"*>h1\" or \"*\"");
        return;
    }
    snprintf(step->from, sizeof step->from, "%.*s", (int)(arrow - word), word);
    snprintf(step->to, sizeof step->to, "%s", arrow + 1);
    const char *const ends[] = {step->from, step->to};
    for (size_t i = 0; i < 2; i++)
        if (strcmp(ends[i], "*") != 0 && !scenario_find_host(&r->s->topology, ends[i], &ignored))
            jcfg_error(r->c, item, "no host has the name \"%s\"", ends[i]);
}

static void read_share(struct scenario_reading *r, const cJSON *map, const char *key, uint32_t *out)
{
    double share;
    if (jcfg_get_real(r->c, map, key, 0, 1, &share))
        *out = (uint32_t)(share * SIM_PPM + 0.5);
}

static void read_faults(struct scenario_reading *r, const cJSON *map, struct sim_faults *out)
{
    read_share(r, map, "loss", &out->loss);
    read_share(r, map, "duplicate", &out->duplicate);
    read_share(r, map, "reorder", &out->reorder);
    scenario_read_time(r, map, "delay", &out->delay_ms);
    scenario_read_time(r, map, "jitter", &out->jitter_ms);
    out->reorder_by_ms = 2 * (out->delay_ms + out->jitter_ms) + 10;
    scenario_read_time(r, map, "reorder-by", &out->reorder_by_ms);
}

static void read_script(struct scenario_reading *r, const cJSON *map, struct sim_script *out)
{
    const char *word;
    uint32_t nth = 1, count = 1;
    jcfg_require(r->c, map, "type");
    if (jcfg_get_text(r->c, map, "type", &word)) {
        for (unsigned i = 1; i < 19 && out->type == 0; i++)
            if (strcmp(dhcp_type_name((uint8_t)i), word) == 0)
                out->type = (uint8_t)i;
        if (out->type == 0)
            jcfg_error(r->c, cJSON_GetObjectItemCaseSensitive(map, "type"),
                       "expected a message such as \"ACK\", found \"%s\"", word);
    }
    jcfg_get_u32(r->c, map, "nth", 1, 1000000, &nth);
    jcfg_get_u32(r->c, map, "count", 1, 1000000, &count);
    out->first = nth;
    out->last = nth + count - 1;
}

static void read_new_config(struct scenario_reading *r, const cJSON *map, struct scenario_step *step)
{
    char error[JCFG_TEXT_MAX] = "";
    jcfg_require(r->c, map, "server");
    const cJSON *item = jcfg_get_map(r->c, map, "server");
    char *part = item == NULL ? NULL : jcfg_part(r->c, r->text, r->len, item);
    if (part != NULL)
        scenario_take_error(
            r, srv_config_parse(r->s->path, part, strlen(part), NULL, NULL, error, &step->config), error);
    else if (item != NULL)
        r->err = ERR_NOMEM;
    step->config_text = part;
}

static void read_when(struct scenario_reading *r, const cJSON *map, struct scenario_step *step)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(map, "at");
    jcfg_require(r->c, map, "at");
    if (cJSON_IsArray(item) && cJSON_GetArraySize(item) == 2) {
        scenario_as_time(r, cJSON_GetArrayItem(item, 0), &step->from_ms);
        scenario_as_time(r, cJSON_GetArrayItem(item, 1), &step->to_ms);
    } else if (item != NULL && scenario_as_time(r, item, &step->from_ms)) {
        step->to_ms = step->from_ms;
    }
    if (step->to_ms < step->from_ms)
        jcfg_error(r->c, item, "it ends before it begins");
    if (step->to_ms > r->s->duration_ms)
        jcfg_error(r->c, item, "it is after the scenario's duration");
}

/* RFC 2131 4.4.3: INFORM is for an address that was not leased. */
static bool can_inform(const struct topology *t, size_t host)
{
    const struct topology_host *h = &t->hosts[host];
    for (size_t i = 0; i < t->n_ends; i++)
        if (t->ends[i].host == host && strcmp(t->ends[i].interface, h->interface) == 0)
            return t->ends[i].has_address && h->n_clients == 0;
    return false;
}

static void read_target(struct scenario_reading *r, const cJSON *map, enum scenario_takes takes,
                        struct scenario_step *step)
{
    if (takes == SCENARIO_TAKES_LINK) {
        read_link(r, map, step);
        return;
    }
    if (takes == SCENARIO_TAKES_NOTHING)
        return;
    if (!scenario_read_host(r, map, &step->host))
        return;
    enum lab_role role = r->s->topology.hosts[step->host].role;
    if (takes == SCENARIO_TAKES_SERVER && role != LAB_SERVER)
        jcfg_error(r->c, map, "\"%s\" is for servers", scenario_do_name(step->what));
    if (takes == SCENARIO_TAKES_CLIENT && role != LAB_CLIENT)
        jcfg_error(r->c, map, "\"%s\" is for clients", scenario_do_name(step->what));
    else if (step->what == SCENARIO_INFORM && !can_inform(&r->s->topology, step->host))
        jcfg_error(r->c, map,
                   "\"inform\" is for a client whose interface has an \"address\" in the topology");
}

static void check_step_keys(struct scenario_reading *r, const cJSON *map, enum scenario_do what)
{
    static const char *const host[] = {"at", "do", "host", NULL};
    static const char *const configure[] = {"at", "do", "host", "server", NULL};
    static const char *const link[] = {"at", "do", "link", NULL};
    static const char *const faults[] = {"at",      "do",    "link",   "loss",       "duplicate",
                                         "reorder", "delay", "jitter", "reorder-by", NULL};
    static const char *const drop[] = {"at", "do", "link", "type", "nth", "count", NULL};
    static const char *const advance[] = {"at", "do", "by", NULL};
    jcfg_check_keys(r->c, map,
                    what == SCENARIO_CONFIGURE                      ? configure
                    : what == SCENARIO_FAULTS                       ? faults
                    : what == SCENARIO_DROP                         ? drop
                    : what == SCENARIO_ADVANCE                      ? advance
                    : what == SCENARIO_CUT || what == SCENARIO_HEAL ? link
                                                                    : host,
                    NULL);
}

static void read_advance(struct scenario_reading *r, const cJSON *map, struct scenario_step *step)
{
    jcfg_require(r->c, map, "by");
    scenario_read_time(r, map, "by", &step->by_ms);
    if (step->from_ms != step->to_ms)
        jcfg_error(r->c, map, "when the clock is advanced is not drawn");
}

static void read_step(struct scenario_reading *r, const cJSON *map)
{
    static const char *const words[] = {
#define X(name, word, takes) word,
        SCENARIO_DO_MAP(X)
#undef X
            NULL};
    static const enum scenario_takes takes[] = {
#define X(name, word, target) target,
        SCENARIO_DO_MAP(X)
#undef X
    };
    struct scenario_step *step = &r->s->steps[r->s->n_steps];
    int what = 0;
    if (!jcfg_is_map(r->c, map, "a map: {\"at\": ..., \"do\": ...}"))
        return;
    jcfg_require(r->c, map, "do");
    if (!jcfg_get_word(r->c, map, "do", words, &what))
        return;
    step->what = (enum scenario_do)what;
    r->s->n_steps++;
    check_step_keys(r, map, step->what);
    read_when(r, map, step);
    read_target(r, map, takes[what], step);
    if (step->what == SCENARIO_FAULTS)
        read_faults(r, map, &step->faults);
    if (step->what == SCENARIO_DROP)
        read_script(r, map, &step->script);
    if (step->what == SCENARIO_CONFIGURE)
        read_new_config(r, map, step);
    if (step->what == SCENARIO_ADVANCE)
        read_advance(r, map, step);
}

static void check_split(struct scenario_reading *r, const cJSON *list)
{
    for (size_t i = 0; i < r->s->n_steps; i++)
        if (scenario_clock_is_split(r->s, &r->s->steps[i]))
            jcfg_error(r->c, list, "the clock is advanced between the times of step %zu, which are drawn",
                       i + 1);
}

void scenario_read_steps(struct scenario_reading *r, const cJSON *list)
{
    const cJSON *item;
    if (cJSON_GetArraySize(list) > SCENARIO_STEPS_MAX) {
        jcfg_error(r->c, list, "at most %d steps", SCENARIO_STEPS_MAX);
        return;
    }
    r->s->steps = calloc(SCENARIO_STEPS_MAX, sizeof *r->s->steps);
    if (r->s->steps == NULL) {
        r->err = ERR_NOMEM;
        return;
    }
    cJSON_ArrayForEach(item, list) read_step(r, item);
    check_split(r, list);
}
