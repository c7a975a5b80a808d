#include "server/srv_index.h"

#include <stdlib.h>
#include <string.h>

#include "common/bisect.h"

struct places {
    struct srv_index_place *list; /* sorted */
    size_t n;
};

struct srv_index {
    struct places by_id, by_net, by_relay, by_interface;
};

/* ---- orders ---- */

static int compare_numbers(uint32_t a, uint32_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_ids(const void *a, const void *b)
{
    const struct srv_index_place *x = a, *y = b;
    return compare_numbers(x->subnet->id, y->subnet->id);
}

/* A subnet stands behind all of those that it is within. */
static int compare_nets(const void *a, const void *b)
{
    const struct srv_index_place *x = a, *y = b;
    int order = compare_numbers(x->addr, y->addr);
    return order != 0 ? order : x->subnet->net.len - y->subnet->net.len;
}

static int compare_places(const struct srv_index_place *x, const struct srv_index_place *y)
{
    return x->subnet < y->subnet ? -1 : x->subnet > y->subnet;
}

static int compare_relays(const void *a, const void *b)
{
    const struct srv_index_place *x = a, *y = b;
    int order = compare_numbers(x->addr, y->addr);
    return order != 0 ? order : compare_places(x, y);
}

static int compare_interfaces(const void *a, const void *b)
{
    const struct srv_index_place *x = a, *y = b;
    int order = strcmp(x->subnet->interface, y->subnet->interface);
    return order != 0 ? order : compare_places(x, y);
}

/* ---- making it ---- */

static bool reserve(struct arena *arena, size_t n, struct places *out)
{
    out->list = arena_alloc(arena, (n + 1) * sizeof *out->list);
    return out->list != NULL;
}

static void add(struct places *places, const struct srv_subnet *subnet, ip4 addr)
{
    places->list[places->n++] = (struct srv_index_place){.addr = addr, .subnet = subnet};
}

static void sort(struct places *places, int (*compare)(const void *a, const void *b))
{
    qsort(places->list, places->n, sizeof places->list[0], compare);
}

/* Two subnets have nothing in common, or one is within the other: what a subnet is within stands before it,
 * and only others within that stand between them. */
static void chain_nets(struct places *nets)
{
    for (size_t i = 1; i < nets->n; i++) {
        const struct srv_index_place *wider = &nets->list[i - 1];
        while (wider != NULL && !ip4_net_has(wider->subnet->net, nets->list[i].addr))
            wider = wider->next;
        nets->list[i].next = wider;
    }
}

static void chain_relays(struct places *relays)
{
    for (size_t i = 1; i < relays->n; i++)
        if (relays->list[i - 1].addr == relays->list[i].addr)
            relays->list[i - 1].next = &relays->list[i];
}

static void chain_interfaces(struct places *interfaces)
{
    for (size_t i = 1; i < interfaces->n; i++)
        if (strcmp(interfaces->list[i - 1].subnet->interface, interfaces->list[i].subnet->interface) == 0)
            interfaces->list[i - 1].next = &interfaces->list[i];
}

static void fill(struct srv_index *index, const struct srv_subnet *subnets, size_t n)
{
    for (const struct srv_subnet *subnet = subnets; subnet < subnets + n; subnet++) {
        add(&index->by_id, subnet, 0);
        add(&index->by_net, subnet, subnet->net.addr);
        for (size_t i = 0; i < subnet->n_relays; i++)
            add(&index->by_relay, subnet, subnet->relays[i]);
        if (subnet->interface[0] != '\0')
            add(&index->by_interface, subnet, 0);
    }
    sort(&index->by_id, compare_ids);
    sort(&index->by_net, compare_nets);
    sort(&index->by_relay, compare_relays);
    sort(&index->by_interface, compare_interfaces);
    chain_nets(&index->by_net);
    chain_relays(&index->by_relay);
    chain_interfaces(&index->by_interface);
}

const struct srv_index *srv_index_new(struct arena *arena, const struct srv_subnet *subnets, size_t n)
{
    struct srv_index *index = arena_alloc(arena, sizeof *index);
    size_t n_relays = 0;
    for (size_t i = 0; i < n; i++)
        n_relays += subnets[i].n_relays;
    if (index == NULL || !reserve(arena, n, &index->by_id) || !reserve(arena, n, &index->by_net) ||
        !reserve(arena, n_relays, &index->by_relay) || !reserve(arena, n, &index->by_interface))
        return NULL;
    fill(index, subnets, n);
    return index;
}

/* ---- finding ---- */

/* The first place that does not come before the key; NULL: all do. */
static inline const struct srv_index_place *find(const struct places *places, bisect_fn *is_before,
                                                 const void *key)
{
    size_t i = bisect(places->list, places->n, sizeof places->list[0], is_before, key);
    return i < places->n ? &places->list[i] : NULL;
}

static bool is_id_below(const void *place, const void *id)
{
    return ((const struct srv_index_place *)place)->subnet->id < *(const uint32_t *)id;
}

static bool is_addr_below(const void *place, const void *addr)
{
    return ((const struct srv_index_place *)place)->addr < *(const ip4 *)addr;
}

static bool is_addr_not_above(const void *place, const void *addr)
{
    return ((const struct srv_index_place *)place)->addr <= *(const ip4 *)addr;
}

static bool is_name_below(const void *place, const void *name)
{
    return strcmp(((const struct srv_index_place *)place)->subnet->interface, name) < 0;
}

const struct srv_index_place *srv_index_find_net(const struct srv_index *index, ip4 addr)
{
    const struct places *nets = &index->by_net;
    size_t n = bisect(nets->list, nets->n, sizeof nets->list[0], is_addr_not_above, &addr);
    const struct srv_index_place *place = n == 0 ? NULL : &nets->list[n - 1];
    while (place != NULL && !ip4_net_has(place->subnet->net, addr))
        place = place->next;
    return place;
}

const struct srv_index_place *srv_index_find_relay(const struct srv_index *index, ip4 giaddr)
{
    const struct srv_index_place *place = find(&index->by_relay, is_addr_below, &giaddr);
    return place != NULL && place->addr == giaddr ? place : NULL;
}

const struct srv_index_place *srv_index_find_interface(const struct srv_index *index, const char *name)
{
    const struct srv_index_place *place = find(&index->by_interface, is_name_below, name);
    return place != NULL && strcmp(place->subnet->interface, name) == 0 ? place : NULL;
}

const struct srv_subnet *srv_index_find_id(const struct srv_index *index, uint32_t id)
{
    const struct srv_index_place *place = find(&index->by_id, is_id_below, &id);
    return place != NULL && place->subnet->id == id ? place->subnet : NULL;
}
