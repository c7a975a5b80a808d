/* Which client holds which address: a hash table by address. An entry may be out of date; its client knows
 * better. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"

#define LOAD_NOBODY UINT32_MAX

struct load_holders {
    struct load_holder {
        ip4 addr; /* 0: a free place */
        uint32_t client;
    } * places;
    size_t capacity, used; /* used <= 3/4 of capacity */
};

/* Room for the addresses of so many clients. 0 or ERR_NOMEM. */
int load_holders_init(struct load_holders *h, uint32_t clients);
void load_holders_fini(struct load_holders *h);
/* The client that was put last for the address, or LOAD_NOBODY. */
uint32_t load_holders_find(const struct load_holders *h, ip4 addr);
void load_holders_put(struct load_holders *h, ip4 addr, uint32_t client); /* addr is not 0 */
/* Is there no room for another address? Then _clear() it and put anew what still holds. */
bool load_holders_is_full(const struct load_holders *h);
void load_holders_clear(struct load_holders *h);
