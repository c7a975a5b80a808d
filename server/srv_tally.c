#include "server/srv_tally.h"

#include <stdlib.h>

const char *srv_tally_name(enum srv_tally_kind kind)
{
    static const char *const names[] = {
        [SRV_TALLY_TOTAL] = "total-addresses",
        [SRV_TALLY_ASSIGNED] = "assigned-addresses",
        [SRV_TALLY_DECLINED] = "declined-addresses",
        [SRV_TALLY_CUMULATIVE] = "cumulative-assigned-addresses",
        [SRV_TALLY_RECLAIMED] = "reclaimed-leases",
        [SRV_TALLY_RECLAIMED_DECLINED] = "reclaimed-declined-addresses",
        [SRV_TALLY_REUSES] = "v4-lease-reuses",
        [SRV_TALLY_CONFLICTS] = "v4-reservation-conflicts",
        [SRV_TALLY_FAIL] = "v4-allocation-fail",
        [SRV_TALLY_FAIL_NETWORK] = "v4-allocation-fail-shared-network",
        [SRV_TALLY_FAIL_SUBNET] = "v4-allocation-fail-subnet",
        [SRV_TALLY_FAIL_NO_POOLS] = "v4-allocation-fail-no-pools",
        [SRV_TALLY_FAIL_CLASSES] = "v4-allocation-fail-classes",
    };
    return names[kind];
}

unsigned srv_tally_kinds(const struct srv_tally_row *row)
{
    return row->pool != NULL ? SRV_TALLY_POOL_KINDS : SRV_TALLY_KINDS;
}

/* The row of the pools with this pool's id, if one of them has been added; else a new one. */
static struct srv_tally_row *pool_row(struct srv_tally *t, const struct srv_subnet *subnet,
                                      const struct srv_pool *pool)
{
    size_t i = t->of_subnet[subnet - t->config->subnets] + 1;
    while (i < t->n_rows && t->rows[i].pool->id != pool->id)
        i++;
    if (i == t->n_rows)
        t->rows[t->n_rows++] = (struct srv_tally_row){.subnet = subnet, .pool = pool};
    return &t->rows[i];
}

static void add_subnet(struct srv_tally *t, const struct srv_subnet *subnet)
{
    size_t mine = t->n_rows++;
    t->of_subnet[subnet - t->config->subnets] = mine;
    t->rows[mine].subnet = subnet;
    for (size_t i = 0; i < subnet->n_pools; i++) {
        uint64_t size = ip4_range_size(subnet->pools[i].range);
        pool_row(t, subnet, &subnet->pools[i])->n[SRV_TALLY_TOTAL] += size;
        t->rows[mine].n[SRV_TALLY_TOTAL] += size;
        t->rows[0].n[SRV_TALLY_TOTAL] += size;
    }
}

struct srv_tally *srv_tally_new(const struct srv_config *config)
{
    struct srv_tally *t = calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    size_t max = 1 + config->n_subnets;
    for (size_t i = 0; i < config->n_subnets; i++)
        max += config->subnets[i].n_pools;
    t->config = config;
    t->rows = calloc(max, sizeof *t->rows);
    t->of_subnet = calloc(config->n_subnets + 1, sizeof *t->of_subnet);
    t->changed = calloc(max, sizeof *t->changed);
    if (t->rows == NULL || t->of_subnet == NULL || t->changed == NULL) {
        srv_tally_free(t);
        return NULL;
    }
    t->n_rows = 1;
    for (size_t i = 0; i < config->n_subnets; i++)
        add_subnet(t, &config->subnets[i]);
    for (size_t i = 1; i < t->n_rows; i++)
        t->rows[i].n_before = t->rows[i - 1].n_before + srv_tally_kinds(&t->rows[i - 1]);
    return t;
}

void srv_tally_free(struct srv_tally *t)
{
    if (t == NULL)
        return;
    free(t->rows);
    free(t->of_subnet);
    free(t->changed);
    free(t);
}

static void add(struct srv_tally *t, size_t row, enum srv_tally_kind kind, int64_t n)
{
    t->rows[row].n[kind] += (uint64_t)n;
    if (!t->rows[row].is_changed)
        t->changed[t->n_changed++] = row;
    t->rows[row].is_changed = true;
}

void srv_tally_add(struct srv_tally *t, const struct srv_subnet *subnet, ip4 addr, enum srv_tally_kind kind,
                   int64_t n)
{
    add(t, 0, kind, n);
    if (subnet == NULL)
        return;
    size_t row = t->of_subnet[subnet - t->config->subnets];
    add(t, row, kind, n);
    const struct srv_pool *pool = srv_config_find_pool(subnet, addr);
    if (pool == NULL || kind >= SRV_TALLY_POOL_KINDS)
        return;
    do
        row++;
    while (t->rows[row].pool->id != pool->id);
    add(t, row, kind, n);
}

void srv_tally_lease(struct srv_tally *t, const struct srv_lease *lease, int64_t n)
{
    if (!srv_lease_is_held(lease))
        return;
    const struct srv_subnet *subnet = srv_config_find_subnet_id(t->config, lease->subnet_id);
    srv_tally_add(t, subnet, lease->addr, SRV_TALLY_ASSIGNED, n);
    if (lease->state == SRV_LEASE_DECLINED)
        srv_tally_add(t, subnet, lease->addr, SRV_TALLY_DECLINED, n);
}

void srv_tally_clear_changed(struct srv_tally *t)
{
    for (size_t i = 0; i < t->n_changed; i++)
        t->rows[t->changed[i]].is_changed = false;
    t->n_changed = 0;
}

const struct srv_tally_row *srv_tally_of_subnet(const struct srv_tally *t, const struct srv_subnet *subnet)
{
    return &t->rows[t->of_subnet[subnet - t->config->subnets]];
}
