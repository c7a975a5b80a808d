/* How many records there are of each hardware address, whose octets behind `len` are all 0. Inside of
 * srv_lease. Pure. */
#pragma once
#include "common/addr.h"
#include "common/siphash.h"

struct srv_lease_hw_slot {
    struct hw_addr hw;
    uint32_t n; /* 0: the slot is empty */
};

/* A table with open addressing, at most half full: what is looked for is at its own slot, or follows it
 * without a gap. */
struct srv_lease_hw {
    struct srv_lease_hw_slot *slots;
    size_t n_slots; /* power of two */
    size_t n;       /* slots in use */
    struct siphash_key key;
};

/* The key is secret, so that nobody outside can choose addresses that fall into one place. ERR_NOMEM. */
int srv_lease_hw_init(struct srv_lease_hw *h, const struct siphash_key *key);
void srv_lease_hw_fini(struct srv_lease_hw *h); /* all zeros are fine */

/* Room for one more address: srv_lease_hw_add() cannot fail then. ERR_NOMEM. */
int srv_lease_hw_reserve(struct srv_lease_hw *h);
void srv_lease_hw_add(struct srv_lease_hw *h, const struct hw_addr *hw);
void srv_lease_hw_remove(struct srv_lease_hw *h, const struct hw_addr *hw); /* one that was added */
size_t srv_lease_hw_count(const struct srv_lease_hw *h, const struct hw_addr *hw);
