#include "client/cli_profile.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "client/cli_profile_data.h"
#include "common/err.h"

enum {
    WAIT_MIN_MS = 100, /* between two transmissions: no profile makes a flood */
    COUNT_MAX = 100,
};

/* A place in the file, and where its errors go. */
struct reading {
    struct jcfg *j;
    const cJSON *map;
};

static const cJSON *item_of(struct reading r, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(r.map, key);
}

/* The map under `key`, of which every key is known. */
static struct reading enter(struct reading r, const char *key, const char *const *known)
{
    jcfg_require(r.j, r.map, key);
    struct reading inner = {r.j, jcfg_get_map(r.j, r.map, key)};
    if (inner.map != NULL)
        jcfg_check_keys(r.j, inner.map, known, NULL);
    return inner;
}

/* A list of two numbers, the first not above the second. */
static bool read_pair(struct reading r, const cJSON *item, double min, double max, double out[2])
{
    int n = 0;
    bool right = cJSON_IsArray(item) && cJSON_GetArraySize(item) == 2;
    for (; right && n < 2; n++) {
        const cJSON *number = cJSON_GetArrayItem(item, n);
        right = cJSON_IsNumber(number) && number->valuedouble >= min && number->valuedouble <= max;
        out[n] = number->valuedouble;
    }
    if (right && out[0] <= out[1])
        return true;
    jcfg_error(r.j, item, "expected two numbers from %.10g to %.10g, the lowest and the highest", min, max);
    return false;
}

static void read_range_item(struct reading r, const cJSON *item, double min, struct cli_range *out)
{
    double pair[2];
    if (read_pair(r, item, min, CLI_PROFILE_WAIT_MAX_MS, pair))
        *out = (struct cli_range){(int32_t)pair[0], (int32_t)pair[1]};
}

static void read_range(struct reading r, const char *key, struct cli_range *out)
{
    jcfg_require(r.j, r.map, key);
    if (item_of(r, key) != NULL)
        read_range_item(r, item_of(r, key), 0, out);
}

static uint32_t read_number(struct reading r, const char *key, uint32_t min, uint32_t max)
{
    uint32_t value = min;
    jcfg_require(r.j, r.map, key);
    jcfg_get_u32(r.j, r.map, key, min, max, &value);
    return value;
}

static uint32_t read_ms(struct reading r, const char *key, uint32_t min_ms)
{
    return read_number(r, key, min_ms, CLI_PROFILE_WAIT_MAX_MS);
}

static bool read_bool(struct reading r, const char *key)
{
    bool value = false;
    jcfg_require(r.j, r.map, key);
    jcfg_get_bool(r.j, r.map, key, &value);
    return value;
}

static void read_list(struct reading r, const char *key, double min_ms, struct cli_waits *out)
{
    jcfg_require(r.j, r.map, key);
    const cJSON *item, *list = jcfg_get_list(r.j, r.map, key);
    if (list == NULL)
        return;
    int n = cJSON_GetArraySize(list);
    if (n < 1 || n > CLI_PROFILE_WAITS_MAX) {
        jcfg_error(r.j, list, "expected 1 to %d waits", CLI_PROFILE_WAITS_MAX);
        return;
    }
    cJSON_ArrayForEach(item, list)
    {
        read_range_item(r, item, min_ms, &out->list[out->n++]);
    }
}

static const char *const discover_keys[] = {"waits-ms", "cycle", NULL};
static const char *const request_keys[] = {"waits-ms", "transmissions", NULL};
static const char *const retry_keys[] = {"waits-ms",   "transmissions", "half-of-time-to",
                                         "minimum-ms", "answer-ms",     NULL};

static void read_discover(struct reading r, struct cli_waits *out)
{
    struct reading inner = enter(r, "discover", discover_keys);
    read_list(inner, "waits-ms", WAIT_MIN_MS, out);
    jcfg_get_bool(r.j, inner.map, "cycle", &out->is_cycle);
}

static void read_request(struct reading r, const char *key, struct cli_waits *out)
{
    struct reading inner = enter(r, key, request_keys);
    read_list(inner, "waits-ms", WAIT_MIN_MS, out);
    out->transmissions = (uint16_t)read_number(inner, "transmissions", 1, COUNT_MAX);
}

static void refuse(struct reading r, const char *key, const char *beside)
{
    if (item_of(r, key) != NULL)
        jcfg_error(r.j, item_of(r, key), "the key makes no sense beside \"%s\"", beside);
}

static void read_retry(struct reading r, const char *key, bool is_renew, struct cli_retry *out)
{
    static const char *const instants[] = {"T2", "expiry", NULL};
    struct reading inner = enter(r, key, retry_keys);
    int instant;
    if (item_of(inner, "half-of-time-to") != NULL) {
        out->is_half = true;
        if (jcfg_get_word(r.j, inner.map, "half-of-time-to", is_renew ? instants : instants + 1, &instant))
            out->to_expiry = !is_renew || instant == 1;
        out->minimum_ms = read_ms(inner, "minimum-ms", 1000);
        jcfg_get_u32(r.j, inner.map, "answer-ms", 0, CLI_PROFILE_WAIT_MAX_MS, &out->answer_ms);
        refuse(inner, "waits-ms", "half-of-time-to");
        refuse(inner, "transmissions", "half-of-time-to");
        return;
    }
    uint32_t transmissions = 0;
    read_list(inner, "waits-ms", WAIT_MIN_MS, &out->waits);
    jcfg_get_u32(r.j, inner.map, "transmissions", 1, COUNT_MAX, &transmissions);
    out->waits.transmissions = (uint16_t)transmissions;
    refuse(inner, "minimum-ms", "waits-ms");
    refuse(inner, "answer-ms", "waits-ms");
}

static void read_fuzz(struct reading r, struct cli_timer_rule *out)
{
    double pair[2];
    const cJSON *item = item_of(r, "fuzz-ms");
    if (item != NULL)
        read_range_item(r, item, -CLI_PROFILE_WAIT_MAX_MS, &out->fuzz);
    item = item_of(r, "fuzz-share");
    if (item != NULL && read_pair(r, item, -1, 1, pair)) {
        out->fuzz_share_low = (int32_t)(pair[0] * CLI_PROFILE_SHARE_ONE);
        out->fuzz_share_high = (int32_t)(pair[1] * CLI_PROFILE_SHARE_ONE);
    }
}

static void read_timer(struct reading r, const char *key, struct cli_timer_rule *out)
{
    static const char *const known[] = {"option", "share", "left-ms", "fuzz-ms", "fuzz-share", NULL};
    bool is_t1 = strcmp(key, "t1") == 0;
    struct reading inner = enter(
        r, key, is_t1 ? (const char *const[]){"option", "share", "fuzz-ms", "fuzz-share", NULL} : known);
    double share = 0;
    read_fuzz(inner, out);
    if (item_of(inner, "left-ms") != NULL) {
        out->left_ms = read_ms(inner, "left-ms", 1);
        refuse(inner, "option", "left-ms");
        refuse(inner, "share", "left-ms");
        return;
    }
    out->has_option = read_bool(inner, "option");
    jcfg_require(r.j, inner.map, "share");
    if (jcfg_get_real(r.j, inner.map, "share", 0.01, 0.99, &share))
        out->share = (int32_t)(share * CLI_PROFILE_SHARE_ONE + 0.5);
}

static void read_acd(struct reading r, struct cli_profile *out)
{
    static const char *const known[] = {"enabled",
                                        "probe-wait-ms",
                                        "probe-num",
                                        "probe-interval-ms",
                                        "announce-wait-ms",
                                        "announce-num",
                                        "announce-interval-ms",
                                        "max-conflicts",
                                        "rate-limit-interval-ms",
                                        "defend-interval-ms",
                                        NULL};
    struct cli_acd_numbers *acd = &out->acd_numbers;
    struct reading inner = enter(r, "address-conflict-detection", known);
    out->acd = read_bool(inner, "enabled");
    read_range(inner, "probe-wait-ms", &acd->probe_wait);
    acd->probe_num = (uint8_t)read_number(inner, "probe-num", 1, COUNT_MAX);
    read_range(inner, "probe-interval-ms", &acd->probe_interval);
    acd->announce_wait_ms = read_ms(inner, "announce-wait-ms", 0);
    acd->announce_num = (uint8_t)read_number(inner, "announce-num", 0, COUNT_MAX);
    acd->announce_interval_ms = read_ms(inner, "announce-interval-ms", WAIT_MIN_MS);
    acd->max_conflicts = read_number(inner, "max-conflicts", 1, COUNT_MAX);
    acd->rate_limit_interval_ms = read_ms(inner, "rate-limit-interval-ms", 0);
    acd->defend_interval_ms = read_ms(inner, "defend-interval-ms", 0);
}

static void read_description(struct reading r, struct cli_profile *out)
{
    const char *text;
    jcfg_require(r.j, r.map, "description");
    if (!jcfg_get_text(r.j, r.map, "description", &text))
        return;
    if (strlen(text) < sizeof out->description)
        memcpy(out->description, text, strlen(text) + 1);
    else
        jcfg_error(r.j, item_of(r, "description"), "expected %d octets of text at most",
                   CLI_PROFILE_TEXT_MAX - 1);
}

static void read_all(struct jcfg *j, struct cli_profile *out)
{
    static const char *const known[] = {"$schema",
                                        "description",
                                        "start-delay-ms",
                                        "discover",
                                        "request",
                                        "reboot",
                                        "renew",
                                        "rebind",
                                        "t1",
                                        "t2",
                                        "lease-counts-from",
                                        "nak-waits-ms",
                                        "decline-waits-ms",
                                        "address-conflict-detection",
                                        NULL};
    static const char *const bases[] = {"request", "ack", NULL};
    struct reading r = {j, j->root};
    int base = 0;
    if (!jcfg_is_map(j, j->root, "a map with a profile"))
        return;
    jcfg_check_keys(j, j->root, known, NULL);
    read_description(r, out);
    read_range(r, "start-delay-ms", &out->start_delay);
    read_discover(r, &out->discover);
    read_request(r, "request", &out->request);
    read_request(r, "reboot", &out->reboot);
    read_retry(r, "renew", true, &out->renew);
    read_retry(r, "rebind", false, &out->rebind);
    read_timer(r, "t1", &out->t1);
    read_timer(r, "t2", &out->t2);
    jcfg_require(j, j->root, "lease-counts-from");
    jcfg_get_word(j, j->root, "lease-counts-from", bases, &base);
    out->is_base_ack = base == 1;
    read_list(r, "nak-waits-ms", 0, &out->nak);
    read_list(r, "decline-waits-ms", 0, &out->decline);
    read_acd(r, out);
    if (out->t2.left_ms == 0 && out->t1.share >= out->t2.share)
        jcfg_error(j, item_of(r, "t1"), "T1 has to come before T2");
    if (out->t2.left_ms != 0 && !(out->renew.is_half && out->renew.to_expiry))
        jcfg_error(j, item_of(r, "t2"), "\"left-ms\" needs a \"renew\" with half of the time to expiry");
}

static void set_name(const char *file, struct cli_profile *out)
{
    const char *slash = strrchr(file, '/');
    const char *name = slash != NULL ? slash + 1 : file;
    size_t len = strlen(name);
    if (len > 5 && strcmp(name + len - 5, ".json") == 0)
        len -= 5;
    snprintf(out->name, sizeof out->name, "%.*s", (int)len, name);
}

int cli_profile_parse(const char *file, const char *text, size_t len, char *out_error,
                      struct cli_profile *out)
{
    *out = (struct cli_profile){0};
    set_name(file, out);
    struct jcfg j;
    int rc = jcfg_parse(&j, file, text, len, NULL, NULL);
    if (rc == 0) {
        read_all(&j, out);
        if (jcfg_failed(&j))
            rc = ERR_CONFIG;
    }
    if (rc == ERR_CONFIG)
        snprintf(out_error, JCFG_TEXT_MAX, "%s", j.error);
    jcfg_fini(&j);
    return rc;
}

const char *cli_profile_name(size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (cli_profile_data[i].name == NULL)
            return NULL;
    return cli_profile_data[n].name;
}

int cli_profile_find(const char *name, struct cli_profile *out)
{
    for (const struct cli_profile_data *data = cli_profile_data; data->name != NULL; data++) {
        if (strcmp(data->name, name) != 0)
            continue;
        char error[JCFG_TEXT_MAX];
        int rc = cli_profile_parse(name, (const char *)data->text, data->len, error, out);
        assert(rc != ERR_CONFIG); /* a test reads each of them */
        return rc;
    }
    return ERR_NOTFOUND;
}
