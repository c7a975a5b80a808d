/* statistic-*, stat-lease4-get. */
#include <stdio.h>

#include "server/srv_command_lease.h"

static struct srv_stat_source source(const struct srv_command_call *call)
{
    const struct srv_command_context *c = call->c;
    return (struct srv_stat_source){&c->state->stat, c->engine, c->config, c->now};
}

static const cJSON *find(const struct srv_command_call *call, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(call->arguments, key);
}

/* These commands have their own words for what is missing. */
static bool require(struct srv_command_call *call, const char *key)
{
    if (find(call, key) == NULL)
        srv_command_say(call, CONTROL_ERROR, "Missing mandatory '%s' parameter.", key);
    return find(call, key) != NULL;
}

/* NULL, and the reply is the error, if there is none. */
static const char *read_name(struct srv_command_call *call)
{
    if (!require(call, "name"))
        return NULL;
    if (!cJSON_IsString(find(call, "name")))
        srv_command_say(call, CONTROL_ERROR, "'name' parameter expected to be a string.");
    return cJSON_GetStringValue(find(call, "name"));
}

void srv_command_statistic_get(struct srv_command_call *call)
{
    struct srv_stat_source s = source(call);
    const char *name = read_name(call);
    if (name != NULL)
        call->out->arguments = srv_stat_get(&s, name);
}

void srv_command_statistic_get_all(struct srv_command_call *call)
{
    struct srv_stat_source s = source(call);
    call->out->arguments = srv_stat_get(&s, NULL);
}

/* `done` stands after the name in the reply. */
static void change(struct srv_command_call *call, const char *name, enum srv_stat_change what,
                   struct srv_series_limit limit, const char *done)
{
    struct srv_stat_source s = source(call);
    if (name == NULL)
        return;
    if (srv_stat_change(&s, name, what, limit))
        srv_command_say(call, CONTROL_SUCCESS, "Statistic '%.80s' %s", name, done);
    else
        srv_command_say(call, CONTROL_ERROR, "No '%.80s' statistic found", name);
}

static void change_all(struct srv_command_call *call, enum srv_stat_change what,
                       struct srv_series_limit limit, const char *done)
{
    struct srv_stat_source s = source(call);
    srv_stat_change(&s, NULL, what, limit);
    srv_command_say(call, CONTROL_SUCCESS, "%s", done);
}

static const struct srv_series_limit no_limit;

void srv_command_statistic_reset(struct srv_command_call *call)
{
    change(call, read_name(call), SRV_STAT_RESET, no_limit, "reset.");
}

void srv_command_statistic_reset_all(struct srv_command_call *call)
{
    change_all(call, SRV_STAT_RESET, no_limit, "All statistics reset to neutral values.");
}

void srv_command_statistic_remove(struct srv_command_call *call)
{
    change(call, read_name(call), SRV_STAT_REMOVE, no_limit, "removed.");
}

void srv_command_statistic_remove_all(struct srv_command_call *call)
{
    change_all(call, SRV_STAT_REMOVE, no_limit,
               "Warning: statistic-remove-all command is deprecated. All statistics removed.");
}

static bool read_limit(struct srv_command_call *call, const char *key, double min, uint32_t *out)
{
    double value = 0;
    if (!require(call, key) || !srv_command_number(call, key, min, UINT32_MAX, &value))
        return false;
    *out = (uint32_t)value;
    return true;
}

/* Kea: what limits the age lifts the limit of the number, and the other way round. */
void srv_command_statistic_sample_age_set(struct srv_command_call *call)
{
    struct srv_series_limit limit = {0};
    const char *name = read_name(call);
    if (name != NULL && read_limit(call, "duration", 0, &limit.max_age_s))
        change(call, name, SRV_STAT_LIMIT, limit, "duration limit is set.");
}

void srv_command_statistic_sample_age_set_all(struct srv_command_call *call)
{
    struct srv_series_limit limit = {0};
    if (read_limit(call, "duration", 0, &limit.max_age_s))
        change_all(call, SRV_STAT_LIMIT, limit, "All statistics duration limit are set.");
}

void srv_command_statistic_sample_count_set(struct srv_command_call *call)
{
    struct srv_series_limit limit = {0};
    const char *name = read_name(call);
    if (name != NULL && read_limit(call, "max-samples", 1, &limit.max_count))
        change(call, name, SRV_STAT_LIMIT, limit, "count limit is set.");
}

void srv_command_statistic_sample_count_set_all(struct srv_command_call *call)
{
    struct srv_series_limit limit = {0};
    if (read_limit(call, "max-samples", 1, &limit.max_count))
        change_all(call, SRV_STAT_LIMIT, limit, "All statistics count limit are set.");
}

/* ---- stat-lease4-get ---- */

enum { WHICH_MAX = 64 };

/* The subnets that are meant; `which` says so in the reply. */
static bool read_subnets(struct srv_command_call *call, double *first, double *last, char *which)
{
    const cJSON *range = find(call, "subnet-range");
    struct srv_command_call inner = {call->c, range, call->out};
    *first = 1;
    *last = UINT32_MAX;
    snprintf(which, WHICH_MAX, "all subnets");
    if (srv_command_number(call, "subnet-id", 1, UINT32_MAX, first)) {
        *last = *first;
        snprintf(which, WHICH_MAX, "subnet-id=%.0f", *first);
    }
    if (range == NULL)
        return !srv_command_failed(call);
    if (find(call, "subnet-id") != NULL)
        srv_command_say(call, CONTROL_ERROR, "cannot specify both subnet-id and subnet-range");
    else if (!cJSON_IsObject(range))
        srv_command_say(call, CONTROL_ERROR, "subnet-range parameter is not a map");
    static const char *const keys[] = {"first-subnet-id", "last-subnet-id"};
    for (int i = 0; i < 2; i++)
        if (!cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(range, keys[i])) && !srv_command_failed(call))
            srv_command_say(call, CONTROL_ERROR, "'%s' parameter missing or not an integer", keys[i]);
    if (srv_command_failed(call))
        return false;
    srv_command_number(&inner, keys[0], 1, UINT32_MAX, first);
    srv_command_number(&inner, keys[1], 1, UINT32_MAX, last);
    if (!srv_command_failed(call) && *last < *first)
        srv_command_say(call, CONTROL_ERROR, "'last-subnet-id' must be greater than 'first-subnet-id'");
    snprintf(which, WHICH_MAX, "subnets %.0f through %.0f", *first, *last);
    return !srv_command_failed(call);
}

static void say_none(struct srv_command_call *call, double first, double last, const char *which)
{
    if (first == last)
        srv_command_say(call, CONTROL_EMPTY,
                        "stat-lease4-get[%s]: no matching data, subnet-id: %.0f does not exist", which,
                        first);
    else
        srv_command_say(call, CONTROL_EMPTY, "stat-lease4-get[%s]: no matching data", which);
}

void srv_command_stat_lease(struct srv_command_call *call)
{
    struct srv_stat_source s = source(call);
    char which[WHICH_MAX];
    double first, last;
    unsigned n;
    if (!read_subnets(call, &first, &last, which))
        return;
    cJSON *json = srv_stat_subnets(&s, (uint32_t)first, (uint32_t)last, &n);
    if (n == 0) {
        cJSON_Delete(json);
        call->out->arguments = cJSON_CreateObject();
        say_none(call, first, last, which);
        return;
    }
    srv_command_say(call, CONTROL_SUCCESS, "stat-lease4-get[%s]: %u rows found", which, n);
    call->out->arguments = json;
}
