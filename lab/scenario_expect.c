/* Reading the expectations of a scenario. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/dhcp_proto.h"
#include "common/err.h"
#include "common/text.h"
#include "lab/scenario.h"

static bool find_state(const char *name, enum cli_state *out)
{
    for (int i = 0; i < CLI_STATE_COUNT; i++)
        if (strcmp(cli_state_name((enum cli_state)i), name) == 0) {
            *out = (enum cli_state)i;
            return true;
        }
    return false;
}

static bool find_reason(const char *token, enum reason *out)
{
    for (int i = 0; i < REASON_COUNT; i++)
        if (strcmp(reason_token((enum reason)i), token) == 0) {
            *out = (enum reason)i;
            return true;
        }
    return false;
}

static bool find_type(const char *name, uint8_t *out)
{
    for (unsigned i = 1; i < 19; i++)
        if (strcmp(dhcp_type_name((uint8_t)i), name) == 0) {
            *out = (uint8_t)i;
            return true;
        }
    return false;
}

static const cJSON *get(const cJSON *map, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(map, key);
}

static void read_codes(struct scenario_reading *r, const cJSON *map, const char *key, uint8_t *codes,
                       size_t *n)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, jcfg_get_list(r->c, map, key))
    {
        uint32_t code;
        if (!jcfg_as_u32(r->c, item, 1, 254, &code))
            return;
        if (*n == SCENARIO_CODES_MAX) {
            jcfg_error(r->c, item, "at most %d options", SCENARIO_CODES_MAX);
            return;
        }
        codes[(*n)++] = (uint8_t)code;
    }
}

static void read_sends(struct scenario_reading *r, const cJSON *map, const char *word,
                       struct scenario_expect *e)
{
    if (strcmp(word, "any") != 0 && !find_type(word, &e->type))
        jcfg_error(r->c, get(map, "sends"),
                   "expected a message such as \"REQUEST\", or \"any\", found \"%s\"", word);
    e->has_unicast = jcfg_get_bool(r->c, map, "unicast", &e->unicast);
    e->has_ciaddr = jcfg_get_bool(r->c, map, "ciaddr", &e->ciaddr);
    read_codes(r, map, "options", e->with, &e->n_with);
    read_codes(r, map, "without-options", e->without, &e->n_without);
}

static void read_address(struct scenario_reading *r, const cJSON *map, struct scenario_expect *e)
{
    const char *word;
    if (!jcfg_get_text(r->c, map, "address", &word))
        return;
    e->fact = SCENARIO_ADDRESS;
    if (strcmp(word, "none") != 0 && !ip4_parse(word, &e->address))
        jcfg_error(r->c, get(map, "address"), "expected an IPv4 address, or \"none\", found \"%s\"", word);
}

static void name_unknown_reason(struct scenario_reading *r, const cJSON *item, const char *word)
{
    const char *words[REASON_COUNT + 1] = {0};
    for (int i = 0; i < REASON_COUNT; i++)
        words[i] = reason_token((enum reason)i);
    const char *similar = text_similar(words, word);
    if (similar != NULL)
        jcfg_error(r->c, item, "no decision has the reason \"%s\": did you mean \"%s\"?", word, similar);
    else
        jcfg_error(r->c, item,
                   "no decision has the reason \"%s\": expected a word that is the \"reason\" in a trace "
                   "(dhcplab run --trace FILE)",
                   word);
}

/* How many of the facts there are. */
static unsigned read_fact(struct scenario_reading *r, const cJSON *map, struct scenario_expect *e)
{
    static const char *const keys[] = {"state", "address", "leases", "sends", "reason"};
    unsigned n = 0;
    const char *word;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        n += get(map, keys[i]) != NULL;
    if (jcfg_get_text(r->c, map, "state", &word) && !find_state(word, &e->state))
        jcfg_error(r->c, get(map, "state"), "expected a state such as \"BOUND\", found \"%s\"", word);
    read_address(r, map, e);
    if (jcfg_get_u32(r->c, map, "leases", 0, UINT32_MAX, &e->leases))
        e->fact = SCENARIO_LEASES;
    if (jcfg_get_text(r->c, map, "sends", &word)) {
        e->fact = SCENARIO_SENDS;
        read_sends(r, map, word, e);
    }
    if (jcfg_get_text(r->c, map, "reason", &word)) {
        e->fact = SCENARIO_REASON;
        if (!find_reason(word, &e->reason))
            name_unknown_reason(r, get(map, "reason"), word);
    }
    return n;
}

static void read_window(struct scenario_reading *r, const cJSON *map, struct scenario_expect *e)
{
    e->until_ms = r->s->duration_ms;
    if (scenario_read_time(r, map, "at", &e->from_ms)) {
        e->until_ms = e->from_ms;
        if (get(map, "from") != NULL || get(map, "until") != NULL)
            jcfg_error(r->c, map, "either \"at\", or \"from\" and \"until\"");
    }
    scenario_read_time(r, map, "from", &e->from_ms);
    scenario_read_time(r, map, "until", &e->until_ms);
    if (e->until_ms < e->from_ms)
        jcfg_error(r->c, map, "it ends before it begins");
    if (e->until_ms > r->s->duration_ms)
        jcfg_error(r->c, map, "it ends after the scenario's duration");
    e->from_ms = scenario_clock_first(r->s, e->from_ms);
    e->until_ms = scenario_clock_last(r->s, e->until_ms);
}

/* What would have no effect is refused. */
static void check_details(struct scenario_reading *r, const cJSON *map, const struct scenario_expect *e)
{
    static const char *const of_messages[] = {"unicast", "ciaddr", "options", "without-options"};
    for (size_t i = 0; i < sizeof of_messages / sizeof of_messages[0]; i++)
        if (e->fact != SCENARIO_SENDS && get(map, of_messages[i]) != NULL)
            jcfg_error(r->c, get(map, of_messages[i]), "only what a host \"sends\" has it");
    const cJSON *count = get(map, "count");
    if (count != NULL && e->fact != SCENARIO_SENDS && e->fact != SCENARIO_REASON)
        jcfg_error(r->c, count,
                   "only what a host \"sends\" and the \"reason\" of what it decides are counted");
    if (count != NULL && get(map, "never") != NULL)
        jcfg_error(r->c, count, "either \"count\" or \"never\"");
}

static void add_codes(struct text *t, const char *what, const uint8_t *codes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        text_add(t, "%s%u", i == 0 ? what : ", ", codes[i]);
}

static void add_fact(struct text *t, const struct scenario_expect *e)
{
    char addr[IP4_LEN];
    switch (e->fact) {
    case SCENARIO_STATE:
        text_add(t, " is %s", cli_state_name(e->state));
        return;
    case SCENARIO_ADDRESS:
        text_add(t, " holds %s", e->address == 0 ? "no address" : ip4_format(e->address, addr));
        return;
    case SCENARIO_LEASES:
        text_add(t, " has %u leases", e->leases);
        return;
    case SCENARIO_REASON:
        text_add(t, " decides: %s", reason_token(e->reason));
        return;
    case SCENARIO_SENDS:
        text_add(t, " sends %s", e->type == 0 ? "any message" : dhcp_type_name(e->type));
        if (e->has_unicast)
            text_add(t, ", %s", e->unicast ? "unicast" : "broadcast");
        if (e->has_ciaddr)
            text_add(t, ", ciaddr %s", e->ciaddr ? "set" : "zero");
        add_codes(t, ", with option ", e->with, e->n_with);
        add_codes(t, ", without option ", e->without, e->n_without);
        return;
    }
}

static void describe(struct scenario_reading *r, struct scenario_expect *e)
{
    struct text t;
    char from[SCENARIO_TIME_LEN], until[SCENARIO_TIME_LEN], times[SCENARIO_TIMES_LEN];
    text_init(&t);
    text_add(&t, "%s", r->s->topology.hosts[e->host].name);
    add_fact(&t, e);
    if (e->has_count && e->count == 0)
        text_add(&t, ": never");
    else if (e->has_count)
        text_add(&t, ": %s", scenario_times_format(e->count, times));
    scenario_time_format(e->from_ms, from);
    scenario_time_format(e->until_ms, until);
    if (e->from_ms == e->until_ms)
        text_add(&t, ", at %s", from);
    else
        text_add(&t, ", from %s to %s", from, until);
    snprintf(e->text, sizeof e->text, "%s", t.buf != NULL ? t.buf : "");
    text_fini(&t);
}

static void read_expect(struct scenario_reading *r, const cJSON *map)
{
    static const char *const known[] = {
        "at",    "from",  "until",   "host",   "state",   "address",         "leases", "sends",
        "count", "never", "unicast", "ciaddr", "options", "without-options", "reason", NULL};
    struct scenario_expect *e = &r->s->expects[r->s->n_expects];
    bool never = false;
    unsigned column;
    if (!jcfg_is_map(r->c, map, "a map: {\"host\": ..., \"state\": ...}"))
        return;
    jcfg_check_keys(r->c, map, known, NULL);
    r->s->n_expects++;
    jcfg_where(r->c, map, &e->line, &column);
    read_window(r, map, e);
    bool has_host = scenario_read_host(r, map, &e->host);
    e->has_count = jcfg_get_u32(r->c, map, "count", 0, UINT32_MAX, &e->count);
    if (jcfg_get_bool(r->c, map, "never", &never) && never) {
        e->has_count = true;
        e->count = 0;
    }
    if (read_fact(r, map, e) != 1)
        jcfg_error(r->c, map, "expected one of \"state\", \"address\", \"leases\", \"sends\" and \"reason\"");
    check_details(r, map, e);
    if (!has_host)
        return;
    enum lab_role role = r->s->topology.hosts[e->host].role;
    if ((e->fact == SCENARIO_STATE || e->fact == SCENARIO_ADDRESS) && role != LAB_CLIENT)
        jcfg_error(r->c, map, "only a client has a state and an address");
    if (e->fact == SCENARIO_LEASES && role != LAB_SERVER)
        jcfg_error(r->c, map, "only a server has leases");
    describe(r, e);
}

void scenario_read_expects(struct scenario_reading *r, const cJSON *list)
{
    const cJSON *item;
    if (cJSON_GetArraySize(list) > SCENARIO_EXPECTS_MAX) {
        jcfg_error(r->c, list, "at most %d expectations", SCENARIO_EXPECTS_MAX);
        return;
    }
    r->s->expects = calloc(SCENARIO_EXPECTS_MAX, sizeof *r->s->expects);
    if (r->s->expects == NULL) {
        r->err = ERR_NOMEM;
        return;
    }
    cJSON_ArrayForEach(item, list) read_expect(r, item);
}
