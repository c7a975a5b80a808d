/* A lease in the table: without its unused octets, for there are millions. Inside of srv_lease. Pure. */
#pragma once
#include <assert.h>
#include <stddef.h>

#include "common/arena.h"
#include "server/srv_lease.h"
#include "server/srv_lease_order.h"

struct srv_lease_subnet; /* of the table */

/* The tail holds hardware address, client identifier, host name and relay information. What a search by
 * client looks at stands together. */
struct srv_lease_entry {
    struct srv_lease_turn turn; /* first; at expires_ms; held: the table's, free: the subnet's */
    time_ms granted_ms;
    struct srv_lease_entry *next_by_addr, *next_by_client;
    struct srv_lease_subnet *subnet;
    ip4 addr;
    uint32_t client_hash;
    uint32_t place;      /* in table.all */
    uint32_t free_place; /* in the subnet's srv_lease_free, if it is there */
    uint32_t lease_s;
    uint8_t state; /* enum srv_lease_state */
    bool match_client_id : 1, has_nonce : 1;
    uint8_t hw_type, hw_len, client_id_len, hostname_len, relay_info_len;
    uint8_t tail[];
};

/* There are millions of them: with a hardware address of six octets, and a client identifier made of that, it
 * takes 96 octets; 112 with a host name of up to 16. */
static_assert(offsetof(struct srv_lease_entry, tail) <= 83, "a lease is as small as it can be");

/* Whose turn it is; NULL: nobody's. */
static inline struct srv_lease_entry *srv_lease_entry_of(struct srv_lease_turn *turn)
{
    return (struct srv_lease_entry *)(void *)turn;
}

/* Room in a list of entries, which has room for *cap, for n of them. ERR_NOMEM: it is as before. */
int srv_lease_entries_reserve(struct srv_lease_entry ***list, size_t *cap, size_t n);

/* What a client is found by in the table. */
uint32_t srv_lease_entry_hash(const struct siphash_key *key, bool match_client_id, const struct hw_addr *hw,
                              const uint8_t *client_id, size_t client_id_len);

enum {
    SRV_LEASE_ENTRY_MAX =
        sizeof(struct srv_lease_entry) + HW_MAX + SRV_CLIENT_ID_MAX + SRV_HOSTNAME_MAX + SRV_RELAY_INFO_MAX,
    SRV_LEASE_SIZES = 9, /* of the memory of an entry */
};

/* Memory of the entries of a table, all zeros at the start; arena_fini() frees it. What an entry leaves is
 * for the next one of about its size: most offers are taken back soon, and a new record takes an old one's
 * place. There are few sizes: filled with entries of one size after the other, the table takes little more
 * than three times what it takes full of the largest. */
struct srv_lease_memory {
    struct arena arena;
    struct srv_lease_entry *left[SRV_LEASE_SIZES]; /* each a list by next_by_addr */
};

/* Not in a table yet. NULL if memory is out. */
struct srv_lease_entry *srv_lease_entry_new(struct srv_lease_memory *memory, const struct srv_lease *lease,
                                            bool match_client_id, uint32_t client_hash);
/* Its memory is for another one. */
void srv_lease_entry_free(struct srv_lease_entry *e, struct srv_lease_memory *memory);
struct hw_addr srv_lease_entry_hw(const struct srv_lease_entry *e);
/* The lease; but for its subnet_id, which the table knows. */
void srv_lease_entry_get(const struct srv_lease_entry *e, struct srv_lease *out);
static inline bool srv_lease_entry_is_held(const struct srv_lease_entry *e)
{
    return srv_lease_state_is_held(e->state);
}

/* Is its client known by the client identifier? Else by the hardware address. */
static inline bool srv_lease_entry_goes_by_id(const struct srv_lease_entry *e)
{
    return e->match_client_id && e->client_id_len != 0;
}

/* Does it belong to this client? */
bool srv_lease_entry_is_of(const struct srv_lease_entry *e, const struct srv_identity *id);
/* Does it say of the client what the lease says? Then only the state and the times can be new. */
bool srv_lease_entry_is_same(const struct srv_lease_entry *e, const struct srv_lease *lease,
                             bool match_client_id);
