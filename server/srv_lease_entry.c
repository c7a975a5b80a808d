#include "server/srv_lease_entry.h"

#include <stdlib.h>
#include <string.h>

#include "common/err.h"

enum { ENTRIES_MIN = 64 };

/* Octets, the most frequent entries in the first ones. */
static const uint16_t sizes[] = {96, 112, 128, 160, 192, 256, 384, 512, SRV_LEASE_ENTRY_MAX};
static_assert(sizeof sizes / sizeof sizes[0] == SRV_LEASE_SIZES, "each has its list");

int srv_lease_entries_reserve(struct srv_lease_entry ***list, size_t *cap, size_t n)
{
    size_t room = *cap < ENTRIES_MIN ? ENTRIES_MIN : *cap;
    while (room < n)
        room *= 2;
    if (room == *cap)
        return 0;
    struct srv_lease_entry **longer = realloc(*list, room * sizeof(struct srv_lease_entry *));
    if (longer == NULL)
        return ERR_NOMEM;
    *list = longer;
    *cap = room;
    return 0;
}

uint32_t srv_lease_entry_hash(const struct siphash_key *key, bool match_client_id, const struct hw_addr *hw,
                              const uint8_t *client_id, size_t client_id_len)
{
    if (match_client_id && client_id_len != 0)
        return (uint32_t)siphash_1_3(key, client_id, client_id_len);
    uint8_t who[1 + HW_MAX] = {hw->type};
    memcpy(who + 1, hw->bytes, HW_MAX);
    return (uint32_t)siphash_1_3(key, who, 1U + hw->len);
}

/* Most leases have only one of the things that stand in the tail. */
static uint8_t *put(uint8_t *at, const void *bytes, size_t len)
{
    return len == 0 ? at : (uint8_t *)memcpy(at, bytes, len) + len;
}

static const uint8_t *get(const uint8_t *at, void *bytes, size_t len)
{
    if (len != 0)
        memcpy(bytes, at, len);
    return at + len;
}

static bool is_equal(const uint8_t *tail, const void *bytes, size_t len)
{
    return len == 0 || memcmp(tail, bytes, len) == 0;
}

static size_t size_of(const struct srv_lease_entry *e)
{
    return offsetof(struct srv_lease_entry, tail) + e->hw_len + e->client_id_len + e->hostname_len +
           e->relay_info_len;
}

/* A size that memory comes in. */
static size_t place_of(size_t size)
{
    size_t place = 0;
    while (sizes[place] < size)
        place++;
    return place;
}

static struct srv_lease_entry *take(struct srv_lease_memory *memory, size_t size)
{
    size_t place = place_of(size);
    struct srv_lease_entry *e = memory->left[place];
    if (e == NULL)
        return arena_take(&memory->arena, sizes[place]);
    memory->left[place] = e->next_by_addr;
    return e;
}

void srv_lease_entry_free(struct srv_lease_entry *e, struct srv_lease_memory *memory)
{
    size_t place = place_of(size_of(e));
    e->next_by_addr = memory->left[place];
    memory->left[place] = e;
}

struct srv_lease_entry *srv_lease_entry_new(struct srv_lease_memory *memory, const struct srv_lease *lease,
                                            bool match_client_id, uint32_t client_hash)
{
    size_t hostname_len = strlen(lease->hostname);
    struct srv_lease_entry *e = take(memory, offsetof(struct srv_lease_entry, tail) + lease->hw.len +
                                                 lease->client_id_len + hostname_len + lease->relay_info_len);
    if (e == NULL)
        return NULL;
    *e = (struct srv_lease_entry){
        .client_hash = client_hash,
        .addr = lease->addr,
        .granted_ms = lease->granted_ms,
        .turn = {.at = lease->expires_ms},
        .lease_s = lease->lease_s,
        .state = (uint8_t)lease->state,
        .match_client_id = match_client_id,
        .has_nonce = lease->has_nonce,
        .hw_type = lease->hw.type,
        .hw_len = lease->hw.len,
        .client_id_len = lease->client_id_len,
        .hostname_len = (uint8_t)hostname_len,
        .relay_info_len = lease->relay_info_len,
    };
    uint8_t *at = put(e->tail, lease->hw.bytes, e->hw_len);
    at = put(at, lease->client_id, e->client_id_len);
    at = put(at, lease->hostname, hostname_len);
    put(at, lease->relay_info, e->relay_info_len);
    return e;
}

struct hw_addr srv_lease_entry_hw(const struct srv_lease_entry *e)
{
    struct hw_addr hw = {.type = e->hw_type, .len = e->hw_len};
    get(e->tail, hw.bytes, e->hw_len);
    return hw;
}

void srv_lease_entry_get(const struct srv_lease_entry *e, struct srv_lease *out)
{
    out->addr = e->addr;
    out->hw = (struct hw_addr){.type = e->hw_type, .len = e->hw_len};
    out->client_id_len = e->client_id_len;
    out->state = e->state;
    out->has_nonce = e->has_nonce;
    out->lease_s = e->lease_s;
    out->granted_ms = e->granted_ms;
    out->expires_ms = e->turn.at;
    out->relay_info_len = e->relay_info_len;
    out->hostname[e->hostname_len] = '\0';
    const uint8_t *at = get(e->tail, out->hw.bytes, e->hw_len);
    at = get(at, out->client_id, e->client_id_len);
    at = get(at, out->hostname, e->hostname_len);
    get(at, out->relay_info, e->relay_info_len);
}

bool srv_lease_entry_is_of(const struct srv_lease_entry *e, const struct srv_identity *id)
{
    bool by_client_id = srv_lease_entry_goes_by_id(e);
    if (by_client_id != (id->match_client_id && id->client_id_len != 0))
        return false;
    if (by_client_id)
        return e->client_id_len == id->client_id_len &&
               memcmp(e->tail + e->hw_len, id->client_id, id->client_id_len) == 0;
    return e->hw_type == id->hw.type && e->hw_len == id->hw.len &&
           memcmp(e->tail, id->hw.bytes, e->hw_len) == 0;
}

bool srv_lease_entry_is_same(const struct srv_lease_entry *e, const struct srv_lease *lease,
                             bool match_client_id)
{
    size_t hostname_len = strlen(lease->hostname);
    const uint8_t *client_id = e->tail + e->hw_len, *hostname = client_id + e->client_id_len;
    return e->match_client_id == match_client_id && e->hw_type == lease->hw.type &&
           e->hw_len == lease->hw.len && e->client_id_len == lease->client_id_len &&
           e->hostname_len == hostname_len && e->relay_info_len == lease->relay_info_len &&
           is_equal(e->tail, lease->hw.bytes, e->hw_len) &&
           is_equal(client_id, lease->client_id, e->client_id_len) &&
           is_equal(hostname, lease->hostname, hostname_len) &&
           is_equal(hostname + hostname_len, lease->relay_info, e->relay_info_len);
}
