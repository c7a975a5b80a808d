#include "server/srv_command_lease.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/hex.h"
#include "common/number.h"
#include "server/srv_report.h"

enum { PAGE_MAX = 10000 };

/* ---- which leases ---- */

static bool parse_client_id(const char *text, uint8_t *out, uint8_t *out_len)
{
    size_t n = 0;
    while (*text != '\0') {
        int octet = hex_octet(text);
        if (n == SRV_CLIENT_ID_MAX || octet < 0)
            return false;
        out[n++] = (uint8_t)octet;
        text += 2;
        if (*text == ':' && text[1] != '\0')
            text++;
        else if (*text != '\0' && *text == ':')
            return false;
    }
    *out_len = (uint8_t)n;
    return n != 0;
}

/* What a lease must be to be meant; what is not set does not matter. */
struct filter {
    const struct hw_addr *hw;
    const uint8_t *client_id;
    uint8_t client_id_len;
    const char *hostname; /* case does not matter: RFC 1035 2.3.3 */
    uint32_t subnet_id;
    const cJSON *subnets; /* a list of identifiers */
    int state;            /* -1: any */
    ip4 above;
};

static bool is_in_list(const cJSON *list, uint32_t id)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        if (item->valuedouble == (double)id)
            return true;
    }
    return false;
}

static bool is_meant(const struct filter *f, const struct srv_lease *lease)
{
    if (lease->state == SRV_LEASE_OFFERED || (f->above != 0 && lease->addr <= f->above))
        return false;
    if (f->subnet_id != 0 && lease->subnet_id != f->subnet_id)
        return false;
    if (f->subnets != NULL && !is_in_list(f->subnets, lease->subnet_id))
        return false;
    if (f->state >= 0 && (int)lease->state != f->state)
        return false;
    if (f->hw != NULL && !hw_equal(f->hw, &lease->hw))
        return false;
    if (f->hostname != NULL && strcasecmp(f->hostname, lease->hostname) != 0)
        return false;
    return f->client_id == NULL || (f->client_id_len == lease->client_id_len &&
                                    memcmp(f->client_id, lease->client_id, f->client_id_len) == 0);
}

struct gather {
    const struct srv_command_call *call;
    const struct filter *filter;
    unsigned n, max;
    cJSON *list;           /* may be NULL */
    struct srv_lease *one; /* the last one; may be NULL */
    ip4 *addrs;            /* of `max`; may be NULL */
};

static cJSON *report(const struct srv_command_call *call, const struct srv_lease *lease)
{
    return srv_report_lease(lease, srv_engine_pool_id(call->c->engine, lease), &call->c->now);
}

static bool gather_lease(void *user, const struct srv_lease *lease)
{
    struct gather *g = user;
    if (!is_meant(g->filter, lease))
        return true;
    if (g->list != NULL)
        cJSON_AddItemToArray(g->list, report(g->call, lease));
    if (g->one != NULL)
        *g->one = *lease;
    if (g->addrs != NULL)
        g->addrs[g->n] = lease->addr;
    return ++g->n < g->max;
}

static void reply_leases(struct srv_command_call *call, const struct filter *filter, unsigned max,
                         bool with_count)
{
    cJSON *json = cJSON_CreateObject();
    struct gather g = {
        .call = call, .filter = filter, .max = max, .list = cJSON_AddArrayToObject(json, "leases")};
    srv_engine_leases(call->c->engine, gather_lease, &g);
    if (with_count)
        cJSON_AddNumberToObject(json, "count", g.n);
    srv_command_say(call, g.n != 0 ? CONTROL_SUCCESS : CONTROL_EMPTY, "%u IPv4 lease(s) found.", g.n);
    call->out->arguments = json;
}

void srv_command_lease_get_all(struct srv_command_call *call)
{
    const cJSON *subnets = cJSON_GetObjectItemCaseSensitive(call->arguments, "subnets"), *item;
    if (call->arguments != NULL && subnets == NULL)
        srv_command_require(call, "subnets");
    else if (subnets != NULL && !cJSON_IsArray(subnets))
        srv_command_say(call, CONTROL_ERROR, "'subnets' parameter must be a list");
    cJSON_ArrayForEach(item, subnets)
    {
        if (!cJSON_IsNumber(item))
            srv_command_say(call, CONTROL_ERROR, "listed subnet identifiers must be numbers");
    }
    if (!srv_command_failed(call))
        reply_leases(call, &(struct filter){.subnets = subnets, .state = -1}, UINT32_MAX, false);
}

/* The page after the address; "start" is before all. */
void srv_command_lease_get_page(struct srv_command_call *call)
{
    struct filter filter = {.state = -1};
    const char *from = "";
    double limit = 0;
    if (!srv_command_require(call, "from") || !srv_command_require(call, "limit"))
        return;
    if (srv_command_text(call, "from", &from) && strcmp(from, "start") != 0 &&
        !ip4_parse(from, &filter.above))
        srv_command_say(call, CONTROL_ERROR,
                        "'from' parameter value is neither 'start' keyword nor a valid IPv4 address");
    srv_command_number(call, "limit", 0, PAGE_MAX, &limit);
    if (limit == 0 && !srv_command_failed(call))
        srv_command_say(call, CONTROL_ERROR, "page size of retrieved leases must not be 0");
    if (!srv_command_failed(call))
        reply_leases(call, &filter, (unsigned)limit, true);
}

static bool read_hw(struct srv_command_call *call, const char *key, struct hw_addr *out)
{
    const char *text;
    if (!srv_command_text(call, key, &text))
        return false;
    if (hw_parse(text, out))
        return true;
    srv_command_say(call, CONTROL_ERROR, "'%s' parameter must be hexadecimal octets with colons between",
                    key);
    return false;
}

static bool read_client_id(struct srv_command_call *call, const char *key, uint8_t *out, uint8_t *out_len)
{
    const char *text;
    if (!srv_command_text(call, key, &text))
        return false;
    if (parse_client_id(text, out, out_len))
        return true;
    srv_command_say(call, CONTROL_ERROR, "'%s' parameter must be 1 to %d hexadecimal octets", key,
                    SRV_CLIENT_ID_MAX);
    return false;
}

void srv_command_lease_get_by_hw_address(struct srv_command_call *call)
{
    struct hw_addr hw;
    if (srv_command_require(call, "hw-address") && read_hw(call, "hw-address", &hw))
        reply_leases(call, &(struct filter){.hw = &hw, .state = -1}, UINT32_MAX, false);
}

void srv_command_lease_get_by_client_id(struct srv_command_call *call)
{
    uint8_t id[SRV_CLIENT_ID_MAX], len;
    if (srv_command_require(call, "client-id") && read_client_id(call, "client-id", id, &len))
        reply_leases(call, &(struct filter){.client_id = id, .client_id_len = len, .state = -1}, UINT32_MAX,
                     false);
}

void srv_command_lease_get_by_hostname(struct srv_command_call *call)
{
    struct filter filter = {.state = -1};
    if (!srv_command_require(call, "hostname") || !srv_command_text(call, "hostname", &filter.hostname))
        return;
    if (filter.hostname[0] == '\0')
        srv_command_say(call, CONTROL_ERROR, "'hostname' parameter is empty");
    else
        reply_leases(call, &filter, UINT32_MAX, false);
}

void srv_command_lease_get_by_state(struct srv_command_call *call)
{
    double state = 0, subnet_id = 0;
    srv_command_require(call, "state");
    srv_command_number(call, "state", SRV_LEASE_ACTIVE, SRV_LEASE_RELEASED, &state);
    srv_command_number(call, "subnet-id", 1, UINT32_MAX, &subnet_id);
    if (!srv_command_failed(call))
        reply_leases(call, &(struct filter){.state = (int)state, .subnet_id = (uint32_t)subnet_id},
                     UINT32_MAX, false);
}

/* ---- one lease ---- */

/* By "ip-address", or by "subnet-id", "identifier-type" and "identifier". False: there is none, or the reply
 * is an error. */
static bool find_lease(struct srv_command_call *call, struct srv_lease *out)
{
    ip4 addr;
    if (srv_command_ip4(call, "ip-address", &addr))
        return srv_engine_find_lease(call->c->engine, addr, out);
    if (srv_command_failed(call))
        return false;
    if (srv_command_mistyped(call, "ip-address") != NULL)
        return srv_command_require(call, "ip-address");
    if (cJSON_GetObjectItemCaseSensitive(call->arguments, "subnet-id") == NULL) {
        srv_command_say(call, CONTROL_ERROR, "Mandatory 'subnet-id' parameter missing.");
        return false;
    }
    struct hw_addr hw;
    uint8_t id[SRV_CLIENT_ID_MAX];
    struct filter filter = {.state = -1};
    double subnet_id = 0;
    const char *type = "", *identifier;
    if (!srv_command_require(call, "subnet-id") || !srv_command_require(call, "identifier-type") ||
        !srv_command_require(call, "identifier"))
        return false;
    srv_command_number(call, "subnet-id", 1, UINT32_MAX, &subnet_id);
    srv_command_text(call, "identifier-type", &type);
    srv_command_text(call, "identifier", &identifier);
    filter.subnet_id = (uint32_t)subnet_id;
    if (srv_command_failed(call))
        return false;
    if (strcmp(type, "hw-address") == 0 && read_hw(call, "identifier", &hw))
        filter.hw = &hw;
    else if (strcmp(type, "client-id") == 0 && read_client_id(call, "identifier", id, &filter.client_id_len))
        filter.client_id = id;
    else if (!srv_command_failed(call))
        srv_command_say(call, CONTROL_ERROR,
                        "'identifier-type' parameter must be \"hw-address\" or \"client-id\"");
    if (srv_command_failed(call))
        return false;
    struct gather g = {.filter = &filter, .max = 1, .one = out};
    srv_engine_leases(call->c->engine, gather_lease, &g);
    return g.n != 0;
}

void srv_command_lease_get(struct srv_command_call *call)
{
    struct srv_lease lease;
    if (find_lease(call, &lease)) {
        srv_command_say(call, CONTROL_SUCCESS, "IPv4 lease found.");
        call->out->arguments = report(call, &lease);
    } else if (!srv_command_failed(call)) {
        srv_command_say(call, CONTROL_EMPTY, "Lease not found.");
    }
}

/* ---- changes ---- */

static const struct srv_subnet *choose_subnet(struct srv_command_call *call, ip4 addr)
{
    char text[IP4_LEN], net[IP4_NET_LEN];
    double id;
    const struct srv_subnet *subnet = srv_config_find_subnet(call->c->config, addr);
    if (srv_command_number(call, "subnet-id", 1, UINT32_MAX, &id)) {
        subnet = srv_config_find_subnet_id(call->c->config, (uint32_t)id);
        if (subnet == NULL)
            srv_command_say(call, CONTROL_ERROR,
                            "Invalid subnet-id: No IPv4 subnet with subnet-id=%.0f currently configured.",
                            id);
        else if (!ip4_net_has(subnet->net, addr))
            srv_command_say(call, CONTROL_ERROR,
                            "The address %s does not belong to subnet %s, subnet-id=%.0f",
                            ip4_format(addr, text), ip4_net_format(subnet->net, net), id);
    } else if (subnet == NULL && !srv_command_failed(call)) {
        srv_command_say(call, CONTROL_ERROR,
                        "subnet-id not specified and failed to find a subnet for address %s",
                        ip4_format(addr, text));
    }
    return srv_command_failed(call) ? NULL : subnet;
}

/* "valid-lft" and "expire" (seconds since 1970) give "cltt"; without the latter it is now. */
static void read_times(struct srv_command_call *call, struct srv_lease *lease)
{
    double lease_s = lease->lease_s, expire_s;
    const struct clock_now *now = &call->c->now;
    srv_command_number(call, "valid-lft", 1, UINT32_MAX, &lease_s);
    lease->lease_s = (uint32_t)lease_s;
    lease->granted_ms = now->boot_ms;
    lease->expires_ms = time_add(now->boot_ms, time_from_lease_s(lease->lease_s));
    if (!srv_command_number(call, "expire", 1, 1e11, &expire_s) || lease->lease_s == LEASE_INFINITE)
        return;
    lease->expires_ms = (time_ms)expire_s * 1000 - now->wall_ms + now->boot_ms;
    lease->granted_ms = lease->expires_ms - (time_ms)lease->lease_s * 1000;
    if (lease->expires_ms <= now->boot_ms)
        srv_command_say(call, CONTROL_ERROR, "'expire' parameter must be a time that has not passed");
}

static void read_names(struct srv_command_call *call, struct srv_lease *lease)
{
    const char *hostname;
    double state;
    read_hw(call, "hw-address", &lease->hw);
    read_client_id(call, "client-id", lease->client_id, &lease->client_id_len);
    if (srv_command_text(call, "hostname", &hostname)) {
        if (strlen(hostname) > SRV_HOSTNAME_MAX)
            srv_command_say(call, CONTROL_ERROR, "'hostname' parameter must have at most %d octets",
                            SRV_HOSTNAME_MAX);
        else
            memcpy(lease->hostname, hostname, strlen(hostname) + 1);
    }
    if (srv_command_number(call, "state", SRV_LEASE_ACTIVE, SRV_LEASE_RELEASED, &state))
        lease->state = (enum srv_lease_state)(int)state;
}

/* What the arguments say goes into *lease. */
static bool read_lease(struct srv_command_call *call, struct srv_lease *lease)
{
    const struct srv_subnet *subnet = choose_subnet(call, lease->addr);
    if (subnet == NULL)
        return false;
    lease->subnet_id = subnet->id;
    if (lease->lease_s == 0)
        lease->lease_s = subnet->lifetime.default_s;
    read_names(call, lease);
    if (!srv_command_failed(call))
        read_times(call, lease);
    return !srv_command_failed(call);
}

static void put_lease(struct srv_command_call *call, const struct srv_lease *lease, const char *done)
{
    int err = srv_engine_put_lease(call->c->engine, lease, call->c->out);
    if (err < 0)
        srv_command_say(call, CONTROL_ERROR, "%s", err_text(err));
    else
        srv_command_say(call, CONTROL_SUCCESS, "%s", done);
}

static bool read_new_lease(struct srv_command_call *call, struct srv_lease *out)
{
    return srv_command_require(call, "hw-address") && read_lease(call, out);
}

static void add_lease(struct srv_command_call *call, ip4 addr)
{
    struct srv_lease lease = {.addr = addr};
    char done[64], text[IP4_LEN];
    if (!read_new_lease(call, &lease))
        return;
    snprintf(done, sizeof done, "Lease for address %s, subnet-id %u added.", ip4_format(addr, text),
             lease.subnet_id);
    put_lease(call, &lease, done);
}

void srv_command_lease_add(struct srv_command_call *call)
{
    ip4 addr;
    if (!srv_command_require(call, "ip-address") || !srv_command_ip4(call, "ip-address", &addr))
        return;
    if (srv_engine_find_lease(call->c->engine, addr, NULL))
        srv_command_say(call, CONTROL_CONFLICT, "IPv4 lease already exists.");
    else
        add_lease(call, addr);
}

void srv_command_lease_update(struct srv_command_call *call)
{
    ip4 addr;
    bool create = false;
    struct srv_lease lease;
    char text[IP4_LEN];
    if (!srv_command_require(call, "ip-address") || !srv_command_ip4(call, "ip-address", &addr))
        return;
    srv_command_bool(call, "force-create", &create);
    if (srv_command_failed(call))
        return;
    if (srv_engine_find_lease(call->c->engine, addr, &lease)) {
        if (read_lease(call, &lease))
            put_lease(call, &lease, "IPv4 lease updated.");
    } else if (create) {
        struct srv_lease fresh = {.addr = addr};
        if (read_new_lease(call, &fresh))
            put_lease(call, &fresh, "IPv4 lease added.");
    } else {
        srv_command_say(call, CONTROL_EMPTY, "failed to update the lease with address %s - no such lease",
                        ip4_format(addr, text));
    }
}

static bool delete_lease(struct srv_command_call *call, ip4 addr)
{
    int err = srv_engine_delete_lease(call->c->engine, addr, call->c->now.boot_ms, call->c->out);
    if (err < 0)
        srv_command_say(call, CONTROL_ERROR, "%s", err_text(err));
    return err == 0;
}

void srv_command_lease_del(struct srv_command_call *call)
{
    struct srv_lease lease = {0};
    if (!find_lease(call, &lease)) {
        if (!srv_command_failed(call))
            srv_command_say(call, CONTROL_EMPTY, "IPv4 lease not found.");
    } else if (delete_lease(call, lease.addr)) {
        srv_command_say(call, CONTROL_SUCCESS, "IPv4 lease deleted.");
    }
}

/* Deletes what is meant; *out_n leases are gone. */
static bool delete_all(struct srv_command_call *call, const struct filter *filter, unsigned *out_n)
{
    struct gather g = {.filter = filter, .max = UINT32_MAX};
    srv_engine_leases(call->c->engine, gather_lease, &g);
    *out_n = 0;
    ip4 *addrs = malloc((g.n + 1) * sizeof *addrs);
    if (addrs == NULL) {
        srv_command_say(call, CONTROL_ERROR, "%s", err_text(ERR_NOMEM));
        return false;
    }
    struct gather again = {.filter = filter, .max = UINT32_MAX, .addrs = addrs};
    srv_engine_leases(call->c->engine, gather_lease, &again);
    while (*out_n < again.n && delete_lease(call, addrs[*out_n]))
        ++*out_n;
    free(addrs);
    return !srv_command_failed(call);
}

void srv_command_lease_wipe(struct srv_command_call *call)
{
    double id = 0;
    unsigned n;
    srv_command_number(call, "subnet-id", 0, UINT32_MAX, &id);
    if (srv_command_failed(call) ||
        !delete_all(call, &(struct filter){.subnet_id = (uint32_t)id, .state = -1}, &n))
        return;
    srv_command_say(call, n != 0 ? CONTROL_SUCCESS : CONTROL_EMPTY, "Deleted %u IPv4 lease(s) from subnet(s)",
                    n);
    const struct srv_config *config = call->c->config;
    size_t len = strlen(call->out->text);
    if (id != 0)
        snprintf(call->out->text + len, sizeof call->out->text - len, " %.0f", id);
    for (size_t i = 0; id == 0 && i < config->n_subnets; i++) {
        len = strlen(call->out->text);
        snprintf(call->out->text + len, sizeof call->out->text - len, " %u", config->subnets[i].id);
    }
}

/* "remove" forgets whose the leases were that are free. */
void srv_command_leases_reclaim(struct srv_command_call *call)
{
    const struct srv_command_context *c = call->c;
    bool remove = false;
    unsigned n;
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(call->arguments, "remove");
    if (item == NULL)
        srv_command_say(call, CONTROL_ERROR, "Missing mandatory 'remove' parameter.");
    else if (!cJSON_IsBool(item))
        srv_command_say(call, CONTROL_ERROR, "'remove' parameter expected to be a boolean.");
    if (!srv_command_bool(call, "remove", &remove))
        return;
    int err = srv_engine_reclaim(c->engine, c->now.boot_ms, c->out);
    if (err < 0) {
        srv_command_say(call, CONTROL_ERROR, "%s", err_text(err));
        return;
    }
    if (!remove || delete_all(call, &(struct filter){.state = SRV_LEASE_EXPIRED}, &n))
        srv_command_say(call, CONTROL_SUCCESS, "Reclamation of expired leases is complete.");
}

/* ---- why ---- */

/* "0x546a3bd2" or "1416248274" */
static void read_xid(struct srv_command_call *call, uint32_t *out)
{
    const char *text;
    if (srv_command_text(call, "xid", &text) && !number_parse_id(text, out))
        srv_command_say(call, CONTROL_ERROR,
                        "'xid' parameter must be a transaction id such as \"0x546a3bd2\"");
}

void srv_command_explain(struct srv_command_call *call)
{
    static const char *const keys[] = {"client-id", "hw-address", "ip-address", "limit", "xid", NULL};
    struct srv_explain_filter filter = {0};
    struct hw_addr hw;
    uint8_t id[SRV_CLIENT_ID_MAX], id_len;
    double limit = 10;
    if (!srv_command_takes_only(call, keys))
        return;
    if (read_hw(call, "hw-address", &hw))
        filter.hw = &hw;
    if (read_client_id(call, "client-id", id, &id_len)) {
        filter.client_id = id;
        filter.client_id_len = id_len;
    }
    srv_command_ip4(call, "ip-address", &filter.addr);
    read_xid(call, &filter.xid);
    srv_command_number(call, "limit", 1, SRV_EXPLAIN_MAX, &limit);
    if (srv_command_failed(call))
        return;
    filter.limit = (unsigned)limit;
    cJSON *list = srv_explain_list(call->c->explain, &call->c->now, &filter);
    int n = cJSON_GetArraySize(list);
    srv_command_say(call, n != 0 ? CONTROL_SUCCESS : CONTROL_EMPTY, "%d transaction(s) found.", n);
    call->out->arguments = cJSON_CreateObject();
    cJSON_AddItemToObject(call->out->arguments, "transactions", list);
}
