/* Leases: the record, and the table that finds them by address and by identity. RFC 2131 2.1, 4.2. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/clock.h"
#include "common/siphash.h"

enum { SRV_CLIENT_ID_MAX = 255, SRV_HOSTNAME_MAX = 255, SRV_RELAY_INFO_MAX = 255 };

/* The numbers are those of Kea's lease file. */
enum srv_lease_state {
    SRV_LEASE_ACTIVE = 0,    /* bound to its client until expires_ms */
    SRV_LEASE_DECLINED = 1,  /* in quarantine until expires_ms; its client is the one that declined it */
    SRV_LEASE_EXPIRED = 2,   /* free, kept so that its client gets it again */
    SRV_LEASE_RELEASED = 3,  /* likewise */
    SRV_LEASE_OFFERED = 100, /* offered, not stored; until expires_ms */
};

/* The record of an address. */
struct srv_lease {
    ip4 addr;
    uint32_t subnet_id;
    enum srv_lease_state state;
    uint32_t lease_s;   /* as told to the client; LEASE_INFINITE allowed */
    time_ms granted_ms; /* client last transaction time */
    time_ms expires_ms; /* granted_ms + lease_s, TIME_NEVER if infinite; when it became free */
    struct hw_addr hw;
    bool has_nonce; /* its client can be forced to renew (RFC 6704); in memory alone: nonces end with us */
    uint8_t client_id_len;  /* 0: none */
    uint8_t relay_info_len; /* 0: none, or it is not kept */
    uint8_t client_id[SRV_CLIENT_ID_MAX];
    char hostname[SRV_HOSTNAME_MAX + 1];    /* option 12 of the client; "" if none */
    uint8_t relay_info[SRV_RELAY_INFO_MAX]; /* option 82 as the relay sent it last (RFC 4388 6.7) */
};

/* A record that says that there is none any more, as Kea writes it: valid_lifetime is 0. That of a released
 * lease stays known. */
bool srv_lease_is_deletion(const struct srv_lease *lease);

/* Nobody else may have the address. */
static inline bool srv_lease_state_is_held(enum srv_lease_state state)
{
    switch (state) {
    case SRV_LEASE_ACTIVE:
    case SRV_LEASE_DECLINED:
    case SRV_LEASE_OFFERED:
        return true;
    case SRV_LEASE_EXPIRED:
    case SRV_LEASE_RELEASED:
        return false;
    }
    return true;
}

static inline bool srv_lease_is_held(const struct srv_lease *lease)
{
    return srv_lease_state_is_held(lease->state);
}

/* Who a client is. RFC 2131 4.2: "If the client supplies a 'client identifier', ... the server MUST use that
 * identifier to identify the client. If the client does not provide a 'client identifier' option, the server
 * MUST use the contents of the 'chaddr' field". A client identifier never equals a hardware address. */
struct srv_identity {
    bool match_client_id; /* false: go by the hardware address in any case (Kea's match-client-id) */
    struct hw_addr hw;
    uint8_t client_id_len;    /* 0: none; at most SRV_CLIENT_ID_MAX */
    const uint8_t *client_id; /* borrowed */
    /* What it is found by, if that was worked out in advance: srv_lease_prepare(). */
    bool is_prepared;
    uint32_t hash;
};

/* Does the lease belong to this client? */
bool srv_lease_is_of(const struct srv_lease *lease, const struct srv_identity *id);

/* ---- the table ----
 * At most one record an address. Finding, putting and removing take the same time whatever the number of
 * records; putting may grow the table. A copy goes in, copies come out. */
struct srv_lease_table;

/* For at most `max` records. Clients are found by a hash with the secret key, so that nobody outside can
 * choose identities that fall into one place. NULL if memory is out. */
struct srv_lease_table *srv_lease_table_new(size_t max, const struct siphash_key *key);
void srv_lease_table_free(struct srv_lease_table *t); /* NULL is fine */
/* From now on the table, which is empty, counts its records by hardware address. ERR_NOMEM. */
int srv_lease_table_count_by_hw(struct srv_lease_table *t);
/* How many records it has of the hardware address, if it counts them. */
size_t srv_lease_count_hw(const struct srv_lease_table *t, const struct hw_addr *hw);
/* A lower limit than there are records only keeps new ones out. */
void srv_lease_table_set_max(struct srv_lease_table *t, size_t max);
size_t srv_lease_table_count(const struct srv_lease_table *t);
/* How many records of new addresses can be put. */
size_t srv_lease_table_room(const struct srv_lease_table *t);
/* Is there a record that is not srv_lease_is_held()? */
bool srv_lease_table_has_free(const struct srv_lease_table *t);
/* Records of the subnet that srv_lease_is_held(). */
size_t srv_lease_table_held(const struct srv_lease_table *t, uint32_t subnet_id);
/* Records of the subnet in the state. */
size_t srv_lease_table_count_state(const struct srv_lease_table *t, uint32_t subnet_id,
                                   enum srv_lease_state state);
/* Addresses in quarantine, of all subnets. */
size_t srv_lease_table_declined(const struct srv_lease_table *t);

/* Puts a record, in place of the one with this address if there is one. `match_client_id` says what its
 * client will be found by. ERR_NOMEM; ERR_LIMIT (only for a new address). The table is as before then. */
int srv_lease_put(struct srv_lease_table *t, const struct srv_lease *lease, bool match_client_id);
/* The same for a lease of this very client, which may be prepared: srv_lease_prepare(). */
int srv_lease_put_of(struct srv_lease_table *t, const struct srv_lease *lease,
                     const struct srv_identity *client);
void srv_lease_remove(struct srv_lease_table *t, ip4 addr); /* nothing happens if it is not there */

/* The record of the address. False, and *out untouched, if there is none. `out` may be NULL. */
bool srv_lease_find(const struct srv_lease_table *t, ip4 addr, struct srv_lease *out);
/* The client's record in the subnet: its active lease if it has one, else the latest; never that of `not`
 * (0: any). False, and *out untouched, if there is none. */
bool srv_lease_find_client(const struct srv_lease_table *t, uint32_t subnet_id, const struct srv_identity *id,
                           ip4 not, struct srv_lease *out);

/* Has the client any record at all but that of `not` (0: any), in whatever subnet, and whether that
 * goes by its identifier or not? */
bool srv_lease_has_client(const struct srv_lease_table *t, const struct srv_identity *id, ip4 not );

/* For several searches, in this table and others with its key. What the identity says of the client must not
 * change after. */
void srv_lease_prepare(const struct srv_lease_table *t, struct srv_identity *id);

/* How many addresses of the subnet the client has put into quarantine. */
size_t srv_lease_count_declined(const struct srv_lease_table *t, uint32_t subnet_id,
                                const struct srv_identity *id);

/* The record of the subnet that is free the longest and is not withheld. False if there is none. */
bool srv_lease_find_oldest(const struct srv_lease_table *t, uint32_t subnet_id, struct srv_lease *out);
/* The same of those in the range. Takes time in proportion to the free records of the
 * subnet. */
bool srv_lease_find_oldest_in(const struct srv_lease_table *t, uint32_t subnet_id, struct ip4_range range,
                              struct srv_lease *out);
/* The same of all subnets. Takes time in proportion to their number. */
bool srv_lease_find_oldest_of_all(const struct srv_lease_table *t, struct srv_lease *out);
/* One of the free records of the subnet that are not withheld: which one follows from `draw`, and all are as
 * likely if that is drawn at random. False if there is none. */
bool srv_lease_find_free(const struct srv_lease_table *t, uint32_t subnet_id, uint64_t draw,
                         struct srv_lease *out);
/* A free record that is withheld is not found by srv_lease_find_oldest(), e.g. while its address is offered
 * to another client. Putting it again ends that. Nothing happens to a held record. Is there any of the
 * address? */
bool srv_lease_withhold(struct srv_lease_table *t, ip4 addr, bool withheld);

/* When the next held record expires; TIME_NEVER if none does. */
time_ms srv_lease_deadline(const struct srv_lease_table *t);
/* The held record that expires first, if `now` is at or past that. It stays due until it is put again or
 * removed. */
bool srv_lease_find_due(const struct srv_lease_table *t, time_ms now, struct srv_lease *out);

/* Visits every record, in no order, while `each` returns true; it must not change the table. */
typedef bool srv_lease_each_fn(void *user, const struct srv_lease *lease);
void srv_lease_each(const struct srv_lease_table *t, srv_lease_each_fn *each, void *user);

/* Visiting in address order: sort, then take records 0..count-1. Any change undoes the order. */
void srv_lease_sort(struct srv_lease_table *t);
void srv_lease_at(const struct srv_lease_table *t, size_t place, struct srv_lease *out);
