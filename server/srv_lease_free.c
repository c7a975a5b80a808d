#include "server/srv_lease_free.h"

#include <stdlib.h>

int srv_lease_free_init(struct srv_lease_free *f)
{
    *f = (struct srv_lease_free){0};
    return srv_lease_order_init(&f->by_age, SRV_LEASE_RUNS);
}

void srv_lease_free_fini(struct srv_lease_free *f)
{
    free(f->list);
    srv_lease_order_fini(&f->by_age);
}

int srv_lease_free_reserve(struct srv_lease_free *f, size_t n)
{
    return srv_lease_entries_reserve(&f->list, &f->cap, n);
}

void srv_lease_free_add(struct srv_lease_free *f, struct srv_lease_entry *e, time_ms at)
{
    srv_lease_order_put(&f->by_age, &e->turn, at);
    if (!srv_lease_turn_is_in_order(&e->turn))
        return;
    e->free_place = (uint32_t)f->n;
    f->list[f->n++] = e;
}

void srv_lease_free_remove(struct srv_lease_free *f, struct srv_lease_entry *e)
{
    if (!srv_lease_turn_is_in_order(&e->turn))
        return;
    srv_lease_order_remove(&f->by_age, &e->turn);
    struct srv_lease_entry *last = f->list[--f->n];
    f->list[e->free_place] = last;
    last->free_place = e->free_place;
}

const struct srv_lease_entry *srv_lease_free_oldest(const struct srv_lease_free *f)
{
    return srv_lease_entry_of(srv_lease_order_first(&f->by_age));
}

static bool is_older(const struct srv_lease_entry *a, const struct srv_lease_entry *b)
{
    return a->turn.at != b->turn.at ? a->turn.at < b->turn.at : a->addr < b->addr;
}

const struct srv_lease_entry *srv_lease_free_oldest_in(const struct srv_lease_free *f, struct ip4_range range)
{
    const struct srv_lease_entry *oldest = NULL;
    for (size_t i = 0; i < f->n; i++)
        if (ip4_range_has(range, f->list[i]->addr) && (oldest == NULL || is_older(f->list[i], oldest)))
            oldest = f->list[i];
    return oldest;
}
