#include "server/srv_host.h"

#include <string.h>

#include "common/dhcp_opt.h"
#include "common/dhcp_opt_walk.h"
#include "common/err.h"
#include "common/hash.h"
#include "common/wire.h"

enum { BUCKETS_MIN = 16, CLIENT_ID_DUID = 255, CLIENT_ID_DUID_AT = 5 /* after type and IAID */ };

struct srv_host_table {
    size_t n, n_buckets; /* power of two */
    struct srv_host **by_id, **by_addr;
};

/* ---- identifiers ---- */

static const char *const names[SRV_HOST_ID_TYPES] = {
    [SRV_HOST_HW_ADDRESS] = "hw-address",
    [SRV_HOST_DUID] = "duid",
    [SRV_HOST_CIRCUIT_ID] = "circuit-id",
    [SRV_HOST_CLIENT_ID] = "client-id",
};

const char *srv_host_id_name(enum srv_host_id_type type)
{
    return names[type];
}

bool srv_host_id_type_find(const char *name, enum srv_host_id_type *out)
{
    for (int i = 0; i < SRV_HOST_ID_TYPES; i++) {
        if (strcmp(names[i], name) != 0)
            continue;
        *out = (enum srv_host_id_type)i;
        return true;
    }
    return false;
}

int srv_host_id_parse(const char *text, uint8_t *bytes, const char **why)
{
    int len = dhcp_opt_parse_hex(text, bytes, SRV_HOST_ID_MAX, why);
    if (len > 0)
        return len;
    *why = "expected 1 to 255 octets in hexadecimal, or text in single quotes";
    return ERR_INVALID;
}

/* The whole value of option 61, or the DUID that stands in it behind the type 255 and the four octets of the
 * IAID (RFC 4361 6.1). */
static struct srv_host_id read_client_id(const struct dhcp_msg *msg, enum srv_host_id_type type)
{
    const struct dhcp_option *option = dhcp_msg_find(msg, DHCP_OPT_CLIENT_ID);
    struct srv_host_id id = {.type = type};
    size_t skip = type == SRV_HOST_DUID ? CLIENT_ID_DUID_AT : 0;
    if (option == NULL || option->len <= skip || option->len - skip > SRV_HOST_ID_MAX ||
        (type == SRV_HOST_DUID && option->data[0] != CLIENT_ID_DUID))
        return id;
    id.bytes = option->data + skip;
    id.len = (uint8_t)(option->len - skip);
    return id;
}

static struct srv_host_id read_circuit_id(const struct dhcp_msg *msg)
{
    const struct dhcp_option *info = dhcp_msg_find(msg, DHCP_OPT_RELAY_INFO);
    struct srv_host_id id = {.type = SRV_HOST_CIRCUIT_ID};
    struct wire_reader r;
    struct opt_part part;
    if (info == NULL || msg->giaddr == 0)
        return id;
    wire_reader_init(&r, info->data, info->len);
    while (id.len == 0 && dhcp_opt_walk_suboption(&r, OPT_SUBOPTIONS, &part)) {
        if (part.id != DHCP_RELAY_CIRCUIT_ID)
            continue;
        id.bytes = part.data;
        id.len = (uint8_t)part.len; /* a sub-option has no more */
    }
    return id;
}

/* len 0: the message does not have it. */
static struct srv_host_id read_id(const struct dhcp_msg *msg, enum srv_host_id_type type)
{
    switch (type) {
    case SRV_HOST_HW_ADDRESS:
        return (struct srv_host_id){type, msg->hlen, msg->chaddr};
    case SRV_HOST_DUID:
    case SRV_HOST_CLIENT_ID:
        return read_client_id(msg, type);
    case SRV_HOST_CIRCUIT_ID:
        return read_circuit_id(msg);
    }
    return (struct srv_host_id){0};
}

void srv_host_ids_read(const enum srv_host_id_type *order, size_t n, const struct dhcp_msg *msg,
                       struct srv_host_ids *out)
{
    out->n = 0;
    for (size_t i = 0; i < n; i++) {
        out->list[out->n] = read_id(msg, order[i]);
        out->n += out->list[out->n].len != 0;
    }
}

static bool is_equal(const struct srv_host_id *a, const struct srv_host_id *b)
{
    return a->type == b->type && a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

/* ---- the table ---- */

struct srv_host_table *srv_host_table_new(struct arena *arena, size_t n)
{
    struct srv_host_table *t = arena_alloc(arena, sizeof *t);
    if (t == NULL)
        return NULL;
    t->n_buckets = BUCKETS_MIN;
    while (t->n_buckets < n)
        t->n_buckets *= 2;
    t->by_id = arena_alloc(arena, t->n_buckets * sizeof(struct srv_host *));
    t->by_addr = arena_alloc(arena, t->n_buckets * sizeof(struct srv_host *));
    return t->by_id == NULL || t->by_addr == NULL ? NULL : t;
}

static struct srv_host **id_bucket(const struct srv_host_table *t, uint32_t subnet_id,
                                   const struct srv_host_id *id)
{
    uint64_t hash = hash_u64((uint64_t)subnet_id << 8 | (uint64_t)id->type);
    return &t->by_id[hash_bytes(hash, id->bytes, id->len) & (t->n_buckets - 1)];
}

static struct srv_host **addr_bucket(const struct srv_host_table *t, uint32_t subnet_id, ip4 addr)
{
    return &t->by_addr[hash_u64((uint64_t)subnet_id << 32 | addr) & (t->n_buckets - 1)];
}

/* At the end, so that reservations of one address stay in their order. */
static void append_addr(struct srv_host_table *t, struct srv_host *host)
{
    struct srv_host **slot = addr_bucket(t, host->subnet_id, host->addr);
    while (*slot != NULL)
        slot = &(*slot)->next_by_addr;
    *slot = host;
}

void srv_host_put(struct srv_host_table *t, struct srv_host *host)
{
    struct srv_host **slot = id_bucket(t, host->subnet_id, &host->id);
    host->next_by_id = *slot;
    *slot = host;
    host->next_by_addr = NULL;
    if (host->addr != 0)
        append_addr(t, host);
    t->n++;
}

size_t srv_host_count(const struct srv_host_table *t)
{
    return t->n;
}

const struct srv_host *srv_host_find_id(const struct srv_host_table *t, uint32_t subnet_id,
                                        const struct srv_host_id *id)
{
    const struct srv_host *host = *id_bucket(t, subnet_id, id);
    while (host != NULL && (host->subnet_id != subnet_id || !is_equal(&host->id, id)))
        host = host->next_by_id;
    return host;
}

const struct srv_host *srv_host_find(const struct srv_host_table *t, uint32_t subnet_id,
                                     const struct srv_host_ids *ids)
{
    const struct srv_host *host = NULL;
    for (size_t i = 0; i < ids->n && host == NULL; i++)
        host = srv_host_find_id(t, subnet_id, &ids->list[i]);
    return host;
}

const struct srv_host *srv_host_find_addr(const struct srv_host_table *t, uint32_t subnet_id, ip4 addr,
                                          const struct srv_host *after)
{
    const struct srv_host *host = after == NULL ? *addr_bucket(t, subnet_id, addr) : after->next_by_addr;
    while (host != NULL && (host->subnet_id != subnet_id || host->addr != addr))
        host = host->next_by_addr;
    return host;
}

bool srv_host_is_of(const struct srv_host *host, const struct srv_host_ids *ids)
{
    for (size_t i = 0; i < ids->n; i++)
        if (is_equal(&host->id, &ids->list[i]))
            return true;
    return false;
}

bool srv_host_is_for_other(const struct srv_host_table *t, uint32_t subnet_id, ip4 addr,
                           const struct srv_host_ids *ids)
{
    const struct srv_host *host = srv_host_find_addr(t, subnet_id, addr, NULL);
    bool is_kept = host != NULL;
    for (; host != NULL; host = srv_host_find_addr(t, subnet_id, addr, host))
        if (srv_host_is_of(host, ids))
            return false;
    return is_kept;
}
