#include "client/cli_saved.h"

#include <stdio.h>
#include <string.h>

#include "common/dhcp_opt.h"
#include "common/err.h"
#include "common/jcfg.h"
#include "common/text.h"

enum { PREFIX_MAX = 32, MTU_MIN = 68 };

/* Whole milliseconds that a double holds exactly, as any time since 1970 is. */
#define WALL_MAX_MS 9e15

static void add_ip4(cJSON *map, const char *key, ip4 addr)
{
    char text[IP4_LEN];
    if (addr != 0)
        cJSON_AddStringToObject(map, key, ip4_format(addr, text));
}

/* Only what the server said is kept; a default follows from the lease time again, and a random part is drawn
 * anew. */
static void add_timer(cJSON *map, const char *key, time_ms duration, enum cli_timer_origin origin)
{
    if (origin == CLI_TIMER_OPTION)
        cJSON_AddNumberToObject(map, key, (double)(duration / 1000));
}

char *cli_saved_format(const struct cli_lease *lease, const struct cli_ack *ack, const struct hw_addr *hw,
                       const struct clock_now *now)
{
    char text[HW_LEN], hex[2 * CLI_ACK_MAX + 1];
    cJSON *map = cJSON_CreateObject();
    if (map == NULL)
        return NULL;
    cJSON_AddStringToObject(map, "hardware-address", hw_format(hw, text));
    add_ip4(map, "address", lease->addr);
    cJSON_AddNumberToObject(map, "prefix-length", lease->prefix_len);
    add_ip4(map, "server", lease->server_id);
    cJSON *dns = cJSON_AddArrayToObject(map, "dns");
    for (unsigned i = 0; i < lease->n_dns; i++)
        cJSON_AddItemToArray(dns, cJSON_CreateString(ip4_format(lease->dns[i], text)));
    if (lease->domain[0] != '\0')
        cJSON_AddStringToObject(map, "domain", lease->domain);
    if (lease->mtu != 0)
        cJSON_AddNumberToObject(map, "mtu", lease->mtu);
    cJSON_AddNumberToObject(map, "lease-time", lease->lease_s);
    add_timer(map, "renewal-time", lease->timers.t1_ms - lease->timers.t1_fuzz_ms, lease->timers.t1_origin);
    add_timer(map, "rebinding-time", lease->timers.t2_ms - lease->timers.t2_fuzz_ms, lease->timers.t2_origin);
    cJSON_AddNumberToObject(map, "requested-ms", (double)clock_wall_at(now, lease->requested_ms));
    cJSON_AddNumberToObject(map, "obtained-ms", (double)clock_wall_at(now, lease->acked_ms));
    text_hex(ack->bytes, ack->len, hex, sizeof hex);
    cJSON_AddStringToObject(map, "ack", hex);
    char *out = cJSON_Print(map);
    cJSON_Delete(map);
    return out;
}

static void read_dns(struct jcfg *j, struct cli_lease *out)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, jcfg_get_list(j, j->root, "dns"))
    {
        if (out->n_dns < CLI_DNS_MAX && jcfg_as_ip4(j, item, &out->dns[out->n_dns]))
            out->n_dns++;
    }
}

static void read_domain(struct jcfg *j, struct cli_lease *out)
{
    const char *domain;
    if (jcfg_get_text(j, j->root, "domain", &domain) && strlen(domain) < CLI_DOMAIN_LEN &&
        cli_lease_is_name(domain, strlen(domain)))
        memcpy(out->domain, domain, strlen(domain) + 1);
}

static void read_ack(struct jcfg *j, struct cli_ack *out)
{
    const char *text, *why;
    if (!jcfg_get_text(j, j->root, "ack", &text))
        return;
    int len = dhcp_opt_parse_hex(text, out->bytes, sizeof out->bytes, &why);
    if (len < 0)
        jcfg_error(j, cJSON_GetObjectItemCaseSensitive(j->root, "ack"), "%s", why);
    else
        out->len = (uint16_t)len;
}

static void read_times(struct jcfg *j, const struct cli_profile *p, const struct clock_now *now,
                       struct cli_lease *out)
{
    uint32_t t1_s, t2_s;
    double requested_ms = 0, obtained_ms = 0;
    if (!jcfg_get_u32(j, j->root, "lease-time", 1, LEASE_INFINITE, &out->lease_s))
        return;
    bool has_t1 = jcfg_get_u32(j, j->root, "renewal-time", 1, LEASE_INFINITE - 1, &t1_s);
    bool has_t2 = jcfg_get_u32(j, j->root, "rebinding-time", 1, LEASE_INFINITE - 1, &t2_s);
    jcfg_get_real(j, j->root, "requested-ms", 0, WALL_MAX_MS, &requested_ms);
    jcfg_get_real(j, j->root, "obtained-ms", requested_ms, WALL_MAX_MS, &obtained_ms);
    if (obtained_ms > (double)now->wall_ms)
        jcfg_error(j, cJSON_GetObjectItemCaseSensitive(j->root, "obtained-ms"),
                   "the lease was obtained in the future");
    /* Before the machine started its boot-time clock was below 0. */
    out->requested_ms = (time_ms)requested_ms - now->wall_ms + now->boot_ms;
    out->acked_ms = (time_ms)obtained_ms - now->wall_ms + now->boot_ms;
    cli_lease_set_timers(p, has_t1 ? &t1_s : NULL, has_t2 ? &t2_s : NULL, out);
}

static void read_all(struct jcfg *j, const struct cli_profile *p, const struct hw_addr *hw,
                     const struct clock_now *now, struct cli_lease *out, struct cli_ack *out_ack)
{
    static const char *const required[] = {"hardware-address", "address",      "prefix-length", "server",
                                           "lease-time",       "requested-ms", "obtained-ms",   "ack"};
    if (!jcfg_is_map(j, j->root, "a map with a lease"))
        return;
    for (size_t i = 0; i < sizeof required / sizeof required[0]; i++)
        jcfg_require(j, j->root, required[i]);
    struct hw_addr owner;
    uint32_t number;
    if (jcfg_get_hw(j, j->root, "hardware-address", &owner) &&
        (owner.len != hw->len || memcmp(owner.bytes, hw->bytes, hw->len) != 0))
        jcfg_error(j, cJSON_GetObjectItemCaseSensitive(j->root, "hardware-address"),
                   "this is a lease of another interface");
    if (jcfg_get_ip4(j, j->root, "address", &out->addr) && !ip4_is_host(out->addr))
        jcfg_error(j, cJSON_GetObjectItemCaseSensitive(j->root, "address"),
                   "expected the address of one host");
    if (jcfg_get_u32(j, j->root, "prefix-length", 1, PREFIX_MAX, &number))
        out->prefix_len = (uint8_t)number;
    jcfg_get_ip4(j, j->root, "server", &out->server_id);
    if (jcfg_get_u32(j, j->root, "mtu", MTU_MIN, UINT16_MAX, &number))
        out->mtu = (uint16_t)number;
    read_dns(j, out);
    read_domain(j, out);
    read_ack(j, out_ack);
    read_times(j, p, now, out);
}

int cli_saved_parse(const char *name, const char *text, size_t len, const struct cli_saved_reader *reader,
                    struct cli_lease *out, struct cli_ack *out_ack, char *why)
{
    *out = (struct cli_lease){0};
    out_ack->len = 0;
    struct jcfg j;
    int rc = jcfg_parse(&j, name, text, len, NULL, NULL);
    if (rc == 0) {
        read_all(&j, reader->profile, reader->hw, reader->now, out, out_ack);
        if (jcfg_failed(&j))
            rc = ERR_CONFIG;
    }
    if (rc == ERR_CONFIG)
        snprintf(why, CLI_SAVED_WHY_MAX, "%s", j.error);
    jcfg_fini(&j);
    return rc;
}
