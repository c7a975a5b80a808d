#include "server/srv_lease_hw.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/hash.h"

enum { SLOTS_MIN = 64 };

int srv_lease_hw_init(struct srv_lease_hw *h, const struct siphash_key *key)
{
    *h = (struct srv_lease_hw){.n_slots = SLOTS_MIN, .key = *key};
    h->slots = calloc(h->n_slots, sizeof *h->slots);
    return h->slots == NULL ? ERR_NOMEM : 0;
}

void srv_lease_hw_fini(struct srv_lease_hw *h)
{
    free(h->slots);
    *h = (struct srv_lease_hw){0};
}

static size_t home_of(const struct srv_lease_hw *h, const struct hw_addr *hw)
{
    uint64_t words[2];
    static_assert(sizeof words == sizeof hw->bytes, "all octets are hashed");
    memcpy(words, hw->bytes, sizeof words);
    uint64_t hash = hash_u64(words[0] ^ h->key.k0);
    return hash_u64(hash ^ words[1] ^ h->key.k1 ^ hw->type) & (h->n_slots - 1);
}

/* The slot of the address; an empty one if it has none. */
static size_t find(const struct srv_lease_hw *h, const struct hw_addr *hw)
{
    size_t i = home_of(h, hw);
    while (h->slots[i].n != 0 && !hw_equal(&h->slots[i].hw, hw))
        i = (i + 1) & (h->n_slots - 1);
    return i;
}

int srv_lease_hw_reserve(struct srv_lease_hw *h)
{
    if (h->n < h->n_slots / 2)
        return 0;
    struct srv_lease_hw grown = *h;
    grown.n_slots = 2 * h->n_slots;
    grown.slots = calloc(grown.n_slots, sizeof *grown.slots);
    if (grown.slots == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < h->n_slots; i++)
        if (h->slots[i].n != 0)
            grown.slots[find(&grown, &h->slots[i].hw)] = h->slots[i];
    free(h->slots);
    *h = grown;
    return 0;
}

void srv_lease_hw_add(struct srv_lease_hw *h, const struct hw_addr *hw)
{
    struct srv_lease_hw_slot *slot = &h->slots[find(h, hw)];
    if (slot->n == 0) {
        slot->hw = *hw;
        h->n++;
    }
    slot->n++;
}

/* Those that follow without a gap move up, as far as they may: none may stand before its own slot. */
static void close_gap(struct srv_lease_hw *h, size_t gap)
{
    size_t mask = h->n_slots - 1;
    for (size_t i = (gap + 1) & mask; h->slots[i].n != 0; i = (i + 1) & mask) {
        size_t home = home_of(h, &h->slots[i].hw);
        if (((i - home) & mask) < ((i - gap) & mask))
            continue;
        h->slots[gap] = h->slots[i];
        gap = i;
    }
    h->slots[gap].n = 0;
}

void srv_lease_hw_remove(struct srv_lease_hw *h, const struct hw_addr *hw)
{
    size_t i = find(h, hw);
    assert(h->slots[i].n != 0);
    if (--h->slots[i].n != 0)
        return;
    h->n--;
    close_gap(h, i);
}

size_t srv_lease_hw_count(const struct srv_lease_hw *h, const struct hw_addr *hw)
{
    return h->slots[find(h, hw)].n;
}
