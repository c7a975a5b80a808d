/* What is counted of the leases as they come and go: for the server, for each subnet, and for the pools of
 * one pool-id together, under Kea's statistic names. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/srv_config.h"
#include "server/srv_lease.h"

enum srv_tally_kind {
    /* of the server, subnets and pools */
    SRV_TALLY_TOTAL,    /* addresses of the pools; it stays as it is */
    SRV_TALLY_ASSIGNED, /* leased or in quarantine, as Kea counts them; goes up and down */
    SRV_TALLY_DECLINED, /* in quarantine; goes up and down */
    SRV_TALLY_CUMULATIVE,
    SRV_TALLY_RECLAIMED,
    SRV_TALLY_RECLAIMED_DECLINED,
    SRV_TALLY_POOL_KINDS, /* what follows is not counted for pools */
    SRV_TALLY_REUSES = SRV_TALLY_POOL_KINDS,
    SRV_TALLY_CONFLICTS,
    SRV_TALLY_FAIL,
    SRV_TALLY_FAIL_NETWORK,
    SRV_TALLY_FAIL_SUBNET,
    SRV_TALLY_FAIL_NO_POOLS,
    SRV_TALLY_FAIL_CLASSES,
    SRV_TALLY_KINDS,
};

struct srv_tally_row {
    const struct srv_subnet *subnet; /* NULL: the server */
    const struct srv_pool *pool;     /* the first one with its pool-id; NULL: the whole subnet */
    bool is_changed;                 /* it is on the list */
    size_t n_before;                 /* what all rows before it count: so many kinds */
    uint64_t n[SRV_TALLY_KINDS];
};

struct srv_tally {
    const struct srv_config *config;
    struct srv_tally_row *rows; /* the server; each subnet, followed by its pools */
    size_t n_rows;
    size_t *of_subnet; /* by its place in the configuration: its row */
    size_t *changed;   /* rows that are not what they were when somebody last cleared the list */
    size_t n_changed;
};

/* "assigned-addresses" and so on. */
const char *srv_tally_name(enum srv_tally_kind kind);
/* How many kinds the row counts. */
unsigned srv_tally_kinds(const struct srv_tally_row *row);

/* For `config`, which is borrowed. NULL if memory is out. */
struct srv_tally *srv_tally_new(const struct srv_config *config);
void srv_tally_free(struct srv_tally *t); /* NULL is fine */

/* Adds to the server, the subnet (NULL: none) and the pool of `addr` (0: none) there. */
void srv_tally_add(struct srv_tally *t, const struct srv_subnet *subnet, ip4 addr, enum srv_tally_kind kind,
                   int64_t n);
/* A record of the lease has come (1) or gone (-1). */
void srv_tally_lease(struct srv_tally *t, const struct srv_lease *lease, int64_t n);
void srv_tally_clear_changed(struct srv_tally *t);
/* What the subnet counts. */
const struct srv_tally_row *srv_tally_of_subnet(const struct srv_tally *t, const struct srv_subnet *subnet);
