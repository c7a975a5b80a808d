#include "client/cli_config.h"

#include <stdio.h>
#include <string.h>

#include "client/cli_config_read.h"
#include "client/cli_message.h"
#include "common/dhcp_opt.h"
#include "common/dhcp_proto.h"
#include "common/err.h"

enum { MESSAGE_SIZE_MIN = 576, MESSAGE_SIZE_MAX = 1500 };

static const uint8_t default_prl[] = {
    DHCP_OPT_SUBNET_MASK, DHCP_OPT_ROUTERS,   DHCP_OPT_DNS_SERVERS, DHCP_OPT_DOMAIN_NAME,
    DHCP_OPT_MTU,         DHCP_OPT_BROADCAST, DHCP_OPT_T1,          DHCP_OPT_T2,
};

int cli_config_init(struct cli_config *c)
{
    struct cli_profile profile;
    *c = (struct cli_config){
        .client_id_kind = CLI_CLIENT_ID_HW,
        .n_prl = sizeof default_prl,
        /* Servers differ in whether option 57 counts the IP and UDP headers (28 octets). With 1472 the answer
         * fits one Ethernet frame either way. */
        .max_message_size = DHCP_MSG_MAX,
        .hook_limit_ms = 30000,
        .default_route = true,
    };
    memcpy(c->prl, default_prl, sizeof default_prl);
    int rc = cli_profile_find(CLI_PROFILE_DEFAULT, &profile);
    if (rc == 0)
        cli_config_use_profile(c, &profile);
    return rc;
}

bool cli_config_request(struct cli_config *c, uint8_t code)
{
    if (memchr(c->prl, code, c->n_prl) != NULL)
        return false;
    c->prl[c->n_prl++] = code; /* distinct codes: there is room for all */
    return true;
}

void cli_config_use_profile(struct cli_config *c, const struct cli_profile *profile)
{
    c->profile = *profile;
    c->profile_file[0] = '\0';
    if (!c->has_start_delay) {
        c->start_delay_min_ms = profile->start_delay.low_ms;
        c->start_delay_max_ms = profile->start_delay.high_ms;
    }
    if (!c->has_acd)
        c->acd = profile->acd;
    if (!c->has_fuzz)
        return;
    c->profile.t1.fuzz = c->profile.t2.fuzz = c->fuzz;
    c->profile.t1.fuzz_share_low = c->profile.t1.fuzz_share_high = 0;
    c->profile.t2.fuzz_share_low = c->profile.t2.fuzz_share_high = 0;
}

static void read_text(struct jcfg *j, const char *key, char *out)
{
    const char *text;
    if (!jcfg_get_text(j, j->root, key, &text))
        return;
    size_t len = strlen(text);
    if (len == 0 || len > CLI_TEXT_MAX)
        jcfg_error(j, cJSON_GetObjectItemCaseSensitive(j->root, key),
                   "expected 1 to %d octets of text, found %zu", CLI_TEXT_MAX, len);
    else
        memcpy(out, text, len + 1);
}

static void read_host(struct jcfg *j, const char *key, ip4 *out)
{
    ip4 addr;
    if (!jcfg_get_ip4(j, j->root, key, &addr))
        return;
    if (ip4_is_host(addr))
        *out = addr;
    else
        jcfg_error(j, cJSON_GetObjectItemCaseSensitive(j->root, key), "expected the address of one host");
}

static void read_client_id(struct jcfg *j, struct cli_config *out)
{
    const char *text;
    if (!jcfg_get_text(j, j->root, "client-id", &text))
        return;
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(j->root, "client-id");
    if (strcmp(text, "hw") == 0) {
        out->client_id_kind = CLI_CLIENT_ID_HW;
        return;
    }
    if (strcmp(text, "duid") == 0) {
        out->client_id_kind = CLI_CLIENT_ID_DUID;
        return;
    }
    if (strcmp(text, "none") == 0) {
        out->client_id_kind = CLI_CLIENT_ID_NONE;
        return;
    }
    const char *why;
    int len = dhcp_opt_parse_hex(text, out->client_id, sizeof out->client_id, &why);
    /* RFC 2132 9.14: "its minimum length is 2". */
    if (len < 2) {
        jcfg_error(j, item,
                   "expected \"hw\", \"duid\", \"none\" or 2 to %d hexadecimal octets such as "
                   "\"01:02:00:00:00:00:01\"",
                   CLI_CLIENT_ID_MAX);
        return;
    }
    out->client_id_kind = CLI_CLIENT_ID_BYTES;
    out->client_id_len = (uint8_t)len;
}

/* The code that an element of the parameter request list names, or 0 with an error recorded. */
static uint8_t read_code(struct jcfg *j, const cJSON *item)
{
    if (cJSON_IsNumber(item)) {
        double number = item->valuedouble;
        if (number >= 1 && number <= 254 && number == (double)(uint8_t)number)
            return (uint8_t)number;
        jcfg_error(j, item, "expected an option code from 1 to 254");
        return 0;
    }
    const char *text;
    if (!jcfg_as_text(j, item, "the name or the code of an option", &text))
        return 0;
    const struct opt_def *def = dhcp_opt_find_name(OPT_SPACE_DHCP, text);
    if (def == NULL || def->type == OPT_PAD_END) {
        jcfg_error(j, item, "expected the name or the code of an option, found \"%s\"", text);
        return 0;
    }
    return def->code;
}

static void read_prl(struct jcfg *j, struct cli_config *out)
{
    const cJSON *list = jcfg_get_list(j, j->root, "parameter-request-list");
    if (list == NULL)
        return;
    out->n_prl = 0;
    bool seen[256] = {false};
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        uint8_t code = read_code(j, item);
        if (code == 0)
            return;
        if (seen[code]) {
            jcfg_error(j, item, "the option stands in the list already");
            return;
        }
        seen[code] = true;
        out->prl[out->n_prl++] = code;
    }
}

/* A list of two times, the first not above the second. False: there is none, or an error is recorded. */
static bool read_bounds(struct jcfg *j, const char *key, time_ms min_ms, time_ms out[2])
{
    const cJSON *list = jcfg_get_list(j, j->root, key);
    if (list == NULL)
        return false;
    int n = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        if (!cJSON_IsNumber(item) || item->valuedouble < (double)min_ms ||
            item->valuedouble > CLI_DELAY_MAX_MS) {
            jcfg_error(j, item, "expected milliseconds from %d to %d", (int)min_ms, CLI_DELAY_MAX_MS);
            return false;
        }
        if (n < 2)
            out[n] = (time_ms)item->valuedouble;
        n++;
    }
    if (n == 2 && out[0] <= out[1])
        return true;
    jcfg_error(j, list, "expected two numbers, the lowest and the highest");
    return false;
}

static void read_waits(struct jcfg *j, struct cli_config *out)
{
    time_ms bounds[2];
    out->has_start_delay = read_bounds(j, "start-delay-ms", 0, bounds);
    if (out->has_start_delay) {
        out->start_delay_min_ms = bounds[0];
        out->start_delay_max_ms = bounds[1];
    }
    out->has_fuzz = read_bounds(j, "timer-fuzz-ms", -CLI_DELAY_MAX_MS, bounds);
    if (out->has_fuzz)
        out->fuzz = (struct cli_range){(int32_t)bounds[0], (int32_t)bounds[1]};
}

/* The name of a profile that comes with the program, or a file: then it is a path or ends in ".json". */
static int read_profile(struct jcfg *j, struct cli_config *out)
{
    const char *name = CLI_PROFILE_DEFAULT;
    jcfg_get_text(j, j->root, "profile", &name);
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(j->root, "profile");
    const char *dot = strrchr(name, '.');
    if (strchr(name, '/') != NULL || (dot != NULL && strcmp(dot, ".json") == 0)) {
        if (strlen(name) < sizeof out->profile_file)
            memcpy(out->profile_file, name, strlen(name) + 1);
        else
            jcfg_error(j, item, "expected a path of %d octets at most", CLI_PATH_MAX - 1);
        return 0;
    }
    struct cli_profile profile;
    int rc = cli_profile_find(name, &profile);
    if (rc == ERR_NOTFOUND)
        jcfg_error(j, item, "there is no profile of that name, and a file would end in \".json\"");
    else if (rc == 0)
        cli_config_use_profile(out, &profile);
    return rc == ERR_NOMEM ? rc : 0;
}

static void read_numbers(struct jcfg *j, struct cli_config *out)
{
    uint32_t value;
    if (jcfg_get_u32(j, j->root, "requested-lease-time", 1, LEASE_INFINITE, &value))
        out->requested_lease_s = value;
    if (jcfg_get_u32(j, j->root, "max-message-size", MESSAGE_SIZE_MIN, MESSAGE_SIZE_MAX, &value))
        out->max_message_size = (uint16_t)value;
    if (jcfg_get_u32(j, j->root, "hook-timeout", 1, 3600, &value))
        out->hook_limit_ms = (time_ms)value * 1000;
    if (jcfg_get_u32(j, j->root, "collect-offers-ms", 0, CLI_DELAY_MAX_MS, &value))
        out->collect_offers_ms = value;
}

static void read_choice(struct jcfg *j, struct cli_config *out)
{
    static const char *const words[] = {
#define X(name, word) [name] = word,
        CLI_CHOICE_MAP(X)
#undef X
            NULL};
    int choice;
    if (!jcfg_get_word(j, j->root, "choose-offer", words, &choice))
        return;
    out->choice = (enum cli_choice)choice;
    if (out->choice == CLI_CHOOSE_ADDRESS && out->requested_address == 0)
        jcfg_error(j, cJSON_GetObjectItemCaseSensitive(j->root, "choose-offer"),
                   "there is no \"requested-address\" to choose by");
}

static void read_deny(struct jcfg *j, struct cli_config *out)
{
    const cJSON *item, *list = jcfg_get_list(j, j->root, "deny-servers");
    cJSON_ArrayForEach(item, list)
    {
        if (out->n_deny == CLI_DENY_MAX) {
            jcfg_error(j, item, "expected %d addresses at most", CLI_DENY_MAX);
            return;
        }
        if (jcfg_as_ip4(j, item, &out->deny[out->n_deny]))
            out->n_deny++;
    }
}

/* Servers take messages of one Ethernet frame; nothing of what is asked for may be left out silently. */
static void check_size(struct jcfg *j, const struct cli_config *c)
{
    struct hw_addr hw = {.type = 1, .len = HW_MAX};
    struct dhcp_msg m;
    uint8_t buf[DHCP_MSG_MAX];
    unsigned dropped;
    cli_message_build(c, &hw,
                      &(struct cli_draft){.form = CLI_FORM_REQUEST_SELECTING, .addr = 1, .server_id = 1}, &m);
    dhcp_msg_encode(&m, buf, sizeof buf, &dropped);
    if (dropped > 0)
        jcfg_error(j, NULL, "the options to send do not fit a message of %d octets", DHCP_MSG_MAX);
}

/* 0 or ERR_NOMEM; what is wrong with the text is in `j`. */
static int read_all(struct jcfg *j, struct cli_config *out)
{
    static const char *const known[] = {
        "hostname",
        "vendor-class",
        "client-id",
        "parameter-request-list",
        "requested-address",
        "requested-lease-time",
        "max-message-size",
        "broadcast",
        "start-delay-ms",
        "timer-fuzz-ms",
        "collect-offers-ms",
        "choose-offer",
        "deny-servers",
        "server",
        "user-class",
        "fqdn",
        "fqdn-update",
        "option-data",
        "rapid-commit",
        "hook",
        "hook-timeout",
        "default-route",
        "profile",
        "address-conflict-detection",
        "forcerenew",
        "$schema",
        NULL,
    };
    if (!jcfg_is_map(j, j->root, "a map with the client's settings"))
        return 0;
    jcfg_check_keys(j, j->root, known, NULL);
    read_text(j, "hostname", out->hostname);
    read_text(j, "vendor-class", out->vendor_class);
    read_client_id(j, out);
    read_prl(j, out);
    read_host(j, "requested-address", &out->requested_address);
    read_host(j, "server", &out->server);
    read_text(j, "hook", out->hook);
    read_choice(j, out);
    read_deny(j, out);
    read_numbers(j, out);
    read_waits(j, out);
    cli_config_read_options(j, out);
    jcfg_get_bool(j, j->root, "rapid-commit", &out->rapid_commit);
    jcfg_get_bool(j, j->root, "forcerenew", &out->forcerenew);
    jcfg_get_bool(j, j->root, "broadcast", &out->broadcast);
    jcfg_get_bool(j, j->root, "default-route", &out->default_route);
    out->has_acd = jcfg_get_bool(j, j->root, "address-conflict-detection", &out->acd);
    return read_profile(j, out); /* last: it leaves alone what is set */
}

int cli_config_parse(const char *name, const char *text, size_t len, jcfg_warn_fn *warn, void *warn_user,
                     char *out_error, struct cli_config *out)
{
    out_error[0] = '\0';
    struct jcfg j;
    int err = cli_config_init(out);
    if (err < 0)
        return err;
    err = jcfg_parse(&j, name, text, len, warn, warn_user);
    if (err == 0) {
        err = read_all(&j, out);
        if (err == 0 && !jcfg_failed(&j))
            check_size(&j, out);
        if (err == 0 && jcfg_failed(&j))
            err = ERR_CONFIG;
    }
    if (err == ERR_CONFIG)
        snprintf(out_error, JCFG_TEXT_MAX, "%s", j.error);
    jcfg_fini(&j);
    return err;
}
