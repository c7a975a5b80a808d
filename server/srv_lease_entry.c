#include "server/srv_lease_entry.h"

#include <stdlib.h>
#include <string.h>

uint64_t srv_lease_entry_hash(const struct siphash_key *key, uint32_t subnet_id, bool match_client_id,
                              const struct hw_addr *hw, const uint8_t *client_id, size_t client_id_len)
{
    uint8_t who[sizeof subnet_id + 3 + SRV_CLIENT_ID_MAX];
    bool by_client_id = match_client_id && client_id_len != 0;
    uint8_t *at = mempcpy(who, &subnet_id, sizeof subnet_id);
    *at++ = by_client_id;
    if (by_client_id) {
        at = mempcpy(at, client_id, client_id_len);
    } else {
        *at++ = hw->type;
        at = mempcpy(at, hw->bytes, hw->len);
    }
    return siphash(key, who, (size_t)(at - who));
}

struct srv_lease_entry *srv_lease_entry_new(const struct siphash_key *key, const struct srv_lease *lease,
                                            bool match_client_id)
{
    size_t hostname_len = strlen(lease->hostname);
    struct srv_lease_entry *e =
        malloc(sizeof *e + lease->hw.len + lease->client_id_len + hostname_len + lease->relay_info_len);
    if (e == NULL)
        return NULL;
    *e = (struct srv_lease_entry){
        .addr = lease->addr,
        .granted_ms = lease->granted_ms,
        .expires_ms = lease->expires_ms,
        .lease_s = lease->lease_s,
        .state = (uint8_t)lease->state,
        .match_client_id = match_client_id,
        .has_nonce = lease->has_nonce,
        .hw_type = lease->hw.type,
        .hw_len = lease->hw.len,
        .client_id_len = lease->client_id_len,
        .hostname_len = (uint8_t)hostname_len,
        .relay_info_len = lease->relay_info_len,
        .client_hash = srv_lease_entry_hash(key, lease->subnet_id, match_client_id, &lease->hw,
                                            lease->client_id, lease->client_id_len),
    };
    memcpy(e->tail, lease->hw.bytes, e->hw_len);
    memcpy(e->tail + e->hw_len, lease->client_id, e->client_id_len);
    memcpy(e->tail + e->hw_len + e->client_id_len, lease->hostname, hostname_len);
    memcpy(e->tail + e->hw_len + e->client_id_len + hostname_len, lease->relay_info, e->relay_info_len);
    return e;
}

void srv_lease_entry_get(const struct srv_lease_entry *e, struct srv_lease *out)
{
    out->addr = e->addr;
    out->hw = (struct hw_addr){.type = e->hw_type, .len = e->hw_len};
    memcpy(out->hw.bytes, e->tail, e->hw_len);
    out->client_id_len = e->client_id_len;
    memcpy(out->client_id, e->tail + e->hw_len, e->client_id_len);
    out->state = e->state;
    out->has_nonce = e->has_nonce;
    out->lease_s = e->lease_s;
    out->granted_ms = e->granted_ms;
    out->expires_ms = e->expires_ms;
    memcpy(out->hostname, e->tail + e->hw_len + e->client_id_len, e->hostname_len);
    out->hostname[e->hostname_len] = '\0';
    out->relay_info_len = e->relay_info_len;
    memcpy(out->relay_info, e->tail + e->hw_len + e->client_id_len + e->hostname_len, e->relay_info_len);
}

bool srv_lease_entry_is_held(const struct srv_lease_entry *e)
{
    return srv_lease_state_is_held(e->state);
}

bool srv_lease_entry_is_of(const struct srv_lease_entry *e, const struct srv_identity *id)
{
    bool by_client_id = e->match_client_id && e->client_id_len != 0;
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
           memcmp(e->tail, lease->hw.bytes, e->hw_len) == 0 &&
           memcmp(client_id, lease->client_id, e->client_id_len) == 0 &&
           memcmp(hostname, lease->hostname, hostname_len) == 0 &&
           memcmp(hostname + hostname_len, lease->relay_info, e->relay_info_len) == 0;
}
