/* Whose is this? Finds a member of a crowd by its hardware address, which has its number in it, and by the
 * IPv4 address that it has or wants. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"

#define CLI_CROWD_NOBODY UINT32_MAX

/* The hardware address of member `number` (below 2^24) on the interface with `own`: locally administered,
 * with two octets of the interface's so that two crowds on one link differ. */
struct hw_addr cli_crowd_hw(const struct hw_addr *own, uint32_t number);
/* The number in such an address; CLI_CROWD_NOBODY if it is none. */
uint32_t cli_crowd_number(const struct hw_addr *own, const uint8_t hw[6]);

/* Members by IPv4 address; each has one at most. */
struct cli_crowd_table {
    uint32_t n;        /* members */
    uint32_t *buckets; /* n of them: the first member of each chain */
    uint32_t *next;    /* by member: the next in its chain */
    ip4 *addrs;        /* by member: 0 for none */
};

/* ERR_NOMEM; cli_crowd_table_fini() frees in any case. */
int cli_crowd_table_init(struct cli_crowd_table *t, uint32_t n);
void cli_crowd_table_fini(struct cli_crowd_table *t);
/* From now on it is `addr` that the member has; 0: none. */
void cli_crowd_table_set(struct cli_crowd_table *t, uint32_t member, ip4 addr);
/* A member with that address, or CLI_CROWD_NOBODY. `addr` is not 0. */
uint32_t cli_crowd_table_find(const struct cli_crowd_table *t, ip4 addr);
