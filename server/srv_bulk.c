#include "server/srv_bulk.h"

#include <stdlib.h>
#include <string.h>

#include "server/srv_query.h"
#include "server/srv_step.h"

/* Option 151, RFC 6926 6.2.2 */
enum status { SUCCESS = 0, UNSPEC_FAIL = 1, MALFORMED_QUERY = 3 };

/* Addresses that were leased or reserved when the question came: what has become of each is looked up when it
 * is told. */
struct list {
    ip4 *addrs;
    size_t n, cap, at;
    bool out_of_memory;
};

/* A place among the addresses of all pools. */
struct cursor {
    size_t subnet, pool;
    uint64_t offset;
};

struct srv_bulk {
    const struct srv_engine *e;
    struct dhcp_msg request;
    struct srv_query query;
    enum status status;
    ip4 server;
    bool has_told; /* a message was sent: only the first has the server identifier */
    struct list list;
    struct cursor cursor; /* SRV_QUERY_BY_NOTHING: all pools come before the list of what is in none */
    uint8_t bytes[];      /* of the request, which points into them */
};

/* ---- the question ---- */

static void keep(struct list *list, ip4 addr)
{
    if (list->n == list->cap) {
        size_t cap = list->cap == 0 ? 64 : 2 * list->cap;
        ip4 *addrs = realloc(list->addrs, cap * sizeof *addrs);
        if (addrs == NULL) {
            list->out_of_memory = true;
            return;
        }
        list->addrs = addrs;
        list->cap = cap;
    }
    list->addrs[list->n++] = addr;
}

static bool list_lease(void *user, const struct srv_lease *lease)
{
    struct srv_bulk *b = user;
    bool is_listed = b->query.by == SRV_QUERY_BY_NOTHING
                         ? !srv_query_is_managed(b->e->config, lease->addr)
                         : lease->state == SRV_LEASE_ACTIVE && srv_query_has(&b->query, lease);
    if (is_listed)
        keep(&b->list, lease->addr);
    return !b->list.out_of_memory;
}

/* RFC 6926 has "all configured" addresses: those that are reserved outside of the pools are. */
static void list_reserved(struct srv_bulk *b)
{
    const struct srv_config *config = b->e->config;
    for (size_t i = 0; i < config->n_hosts && !b->list.out_of_memory; i++) {
        const struct srv_host *host = &config->host_list[i];
        bool is_first = srv_host_find_addr(config->hosts, host->subnet_id, host->addr, NULL) == host;
        if (host->addr != 0 && is_first && !srv_query_is_pooled(config, host->addr) &&
            srv_query_is_managed(config, host->addr))
            keep(&b->list, host->addr);
    }
}

static enum status read_query(struct srv_bulk *b, size_t len)
{
    if (dhcp_msg_decode(&b->request, b->bytes, len) != REASON_NONE || b->request.op != DHCP_BOOTREQUEST ||
        b->request.type != DHCP_BULKLEASEQUERY || srv_query_read(&b->request, true, &b->query) != REASON_NONE)
        return MALFORMED_QUERY;
    if (b->query.by == SRV_QUERY_BY_ADDR)
        keep(&b->list, b->query.addr);
    else
        srv_lease_each(b->e->leases, list_lease, b);
    if (b->query.by == SRV_QUERY_BY_NOTHING)
        list_reserved(b);
    return b->list.out_of_memory ? UNSPEC_FAIL : SUCCESS;
}

struct srv_bulk *srv_bulk_new(const struct srv_engine *e, const uint8_t *bytes, size_t len, ip4 server)
{
    struct srv_bulk *b = calloc(1, sizeof *b + len);
    if (b == NULL)
        return NULL;
    b->e = e;
    b->server = server;
    memcpy(b->bytes, bytes, len);
    b->status = read_query(b, len);
    return b;
}

void srv_bulk_free(struct srv_bulk *b)
{
    if (b == NULL)
        return;
    free(b->list.addrs);
    free(b);
}

/* ---- which address comes next ---- */

static bool next_of_pools(struct cursor *c, const struct srv_config *config, ip4 *out)
{
    for (; c->subnet < config->n_subnets; c->subnet++, c->pool = 0) {
        const struct srv_subnet *subnet = &config->subnets[c->subnet];
        for (; c->pool < subnet->n_pools; c->pool++, c->offset = 0) {
            struct ip4_range range = subnet->pools[c->pool].range;
            if (c->offset > range.last - range.first)
                continue;
            *out = range.first + (ip4)c->offset++;
            return true;
        }
    }
    return false;
}

static bool next_address(struct srv_bulk *b, ip4 *out)
{
    if (b->status != SUCCESS)
        return false;
    if (b->query.by == SRV_QUERY_BY_NOTHING && next_of_pools(&b->cursor, b->e->config, out))
        return true;
    if (b->list.at == b->list.n)
        return false;
    *out = b->list.addrs[b->list.at++];
    return true;
}

/* ---- the answers ---- */

/* RFC 6926: query-start-time and query-end-time limit the answers to bindings that changed in between. */
static bool is_in_time(const struct srv_bulk *b, int64_t changed_s)
{
    uint32_t limit;
    if (dhcp_get_u32(&b->request, DHCP_OPT_QUERY_START, &limit) && changed_s < limit)
        return false;
    return !dhcp_get_u32(&b->request, DHCP_OPT_QUERY_END, &limit) || changed_s <= limit;
}

static void begin(const struct srv_bulk *b, enum dhcp_type type, struct dhcp_msg *out)
{
    dhcp_msg_init(out, DHCP_BOOTREPLY);
    out->xid = b->request.xid;
    dhcp_put_u8(out, DHCP_OPT_TYPE, (uint8_t)type);
}

static size_t finish(struct srv_bulk *b, const struct clock_now *now, struct dhcp_msg *m, uint8_t *buf)
{
    unsigned dropped;
    if (!b->has_told)
        dhcp_put_u32(m, DHCP_OPT_SERVER_ID, b->server);
    dhcp_put_u32(m, DHCP_OPT_BASE_TIME, (uint32_t)(now->wall_ms / 1000));
    b->has_told = true;
    return dhcp_msg_encode(m, buf, DHCP_MSG_MAX, &dropped);
}

static size_t tell_done(struct srv_bulk *b, const struct clock_now *now, uint8_t *buf)
{
    struct dhcp_msg m;
    uint8_t status = (uint8_t)b->status;
    begin(b, DHCP_LEASEQUERYDONE, &m);
    if (b->status != SUCCESS)
        dhcp_put_bytes(&m, DHCP_OPT_STATUS_CODE, &status, 1);
    return finish(b, now, &m, buf);
}

static size_t tell_active(struct srv_bulk *b, const struct clock_now *now, const struct srv_lease *lease,
                          uint8_t *buf)
{
    struct dhcp_msg m;
    struct srv_query_answer answer = {.request = &b->request,
                                      .config = b->e->config,
                                      .lease = lease,
                                      .now = now->boot_ms,
                                      .server_id = b->server};
    begin(b, DHCP_LEASEACTIVE, &m);
    srv_query_put_lease(&answer, &m);
    return finish(b, now, &m, buf);
}

static size_t tell_unassigned(struct srv_bulk *b, const struct clock_now *now, ip4 addr,
                              const struct srv_lease *lease, uint8_t *buf)
{
    struct dhcp_msg m;
    begin(b, DHCP_LEASEUNASSIGNED, &m);
    m.ciaddr = addr;
    if (lease != NULL)
        srv_query_put_state(&b->request, lease, now->boot_ms, &m);
    return finish(b, now, &m, buf);
}

/* 0: nothing is to be told of the address. */
static size_t tell_address(struct srv_bulk *b, const struct clock_now *now, ip4 addr, uint8_t *buf)
{
    struct srv_lease lease;
    bool is_known = srv_lease_find(b->e->leases, addr, &lease);
    if (!is_known && !srv_query_is_managed(b->e->config, addr))
        return 0;
    int64_t changed_s = is_known ? clock_wall_at(now, lease.granted_ms) / 1000 : 0;
    if (!is_in_time(b, changed_s))
        return 0;
    bool is_active = is_known && lease.state == SRV_LEASE_ACTIVE && lease.expires_ms > now->boot_ms;
    if (is_active)
        return srv_query_has(&b->query, &lease) ? tell_active(b, now, &lease, buf) : 0;
    if (b->query.by != SRV_QUERY_BY_ADDR && b->query.by != SRV_QUERY_BY_NOTHING)
        return 0; /* its lease ended since the question came */
    return tell_unassigned(b, now, addr, is_known ? &lease : NULL, buf);
}

bool srv_bulk_next(struct srv_bulk *b, const struct clock_now *now, uint32_t fetch, uint8_t *buf,
                   size_t *out_len)
{
    ip4 addr;
    *out_len = 0;
    for (uint32_t i = 0; i < fetch && *out_len == 0; i++) {
        if (!next_address(b, &addr)) {
            *out_len = tell_done(b, now, buf);
            return false;
        }
        *out_len = tell_address(b, now, addr, buf);
    }
    return true;
}
