#include "client/cli_crowd_table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/hash.h"

/* The second-lowest bit of the first octet: locally administered; not 02, which labs use. */
enum { FIRST_OCTET = 0x06, PREFIX_LEN = 3 };

struct hw_addr cli_crowd_hw(const struct hw_addr *own, uint32_t number)
{
    assert(number >> 24 == 0);
    return (struct hw_addr){.type = 1,
                            .len = 6,
                            .bytes = {FIRST_OCTET, own->bytes[4], own->bytes[5], (uint8_t)(number >> 16),
                                      (uint8_t)(number >> 8), (uint8_t)number}};
}

uint32_t cli_crowd_number(const struct hw_addr *own, const uint8_t hw[6])
{
    struct hw_addr first = cli_crowd_hw(own, 0);
    if (memcmp(hw, first.bytes, PREFIX_LEN) != 0)
        return CLI_CROWD_NOBODY;
    return (uint32_t)hw[3] << 16 | (uint32_t)hw[4] << 8 | hw[5];
}

int cli_crowd_table_init(struct cli_crowd_table *t, uint32_t n)
{
    *t = (struct cli_crowd_table){
        .n = n,
        .buckets = malloc(n * sizeof *t->buckets),
        .next = malloc(n * sizeof *t->next),
        .addrs = calloc(n, sizeof *t->addrs),
    };
    if (t->buckets == NULL || t->next == NULL || t->addrs == NULL)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < n; i++)
        t->buckets[i] = t->next[i] = CLI_CROWD_NOBODY;
    return 0;
}

void cli_crowd_table_fini(struct cli_crowd_table *t)
{
    free(t->buckets);
    free(t->next);
    free(t->addrs);
}

static uint32_t *bucket_of(const struct cli_crowd_table *t, ip4 addr)
{
    return &t->buckets[hash_u64(addr) % t->n];
}

static void take_out(struct cli_crowd_table *t, uint32_t member)
{
    uint32_t *place = bucket_of(t, t->addrs[member]);
    while (*place != member)
        place = &t->next[*place];
    *place = t->next[member];
}

void cli_crowd_table_set(struct cli_crowd_table *t, uint32_t member, ip4 addr)
{
    assert(member < t->n);
    if (t->addrs[member] == addr)
        return;
    if (t->addrs[member] != 0)
        take_out(t, member);
    t->addrs[member] = addr;
    if (addr == 0)
        return;
    uint32_t *bucket = bucket_of(t, addr);
    t->next[member] = *bucket;
    *bucket = member;
}

uint32_t cli_crowd_table_find(const struct cli_crowd_table *t, ip4 addr)
{
    uint32_t member = *bucket_of(t, addr);
    while (member != CLI_CROWD_NOBODY && t->addrs[member] != addr)
        member = t->next[member];
    return member;
}
