#include "server/srv_lease.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/bisect.h"
#include "common/err.h"
#include "server/srv_lease_entry.h"
#include "server/srv_lease_free.h"
#include "server/srv_lease_hw.h"
#include "server/srv_lease_index.h"
#include "server/srv_lease_order.h"

/* Places of the states in an array. */
enum { N_STATES = 5 };

/* What the table knows of one subnet. Never freed before the table: entries point to it. */
struct srv_lease_subnet {
    uint32_t id;
    size_t n; /* records */
    size_t n_by_state[N_STATES];
    struct srv_lease_free free; /* free records that are not withheld */
};

struct srv_lease_table {
    size_t max, n, n_held;
    struct siphash_key key;
    struct srv_lease_index index;
    struct srv_lease_entry **all; /* every entry, in no order or sorted */
    size_t all_cap;
    struct srv_lease_memory memory;    /* of the entries */
    struct srv_lease_hw by_hw;         /* is_counted(), if it counts by hardware address; else all zeros */
    struct srv_lease_order expiry;     /* of held records */
    struct srv_lease_subnet **subnets; /* sorted by id */
    size_t n_subnets;
};

bool srv_lease_is_deletion(const struct srv_lease *lease)
{
    return lease->lease_s == 0 && (lease->state == SRV_LEASE_ACTIVE || lease->state == SRV_LEASE_EXPIRED);
}

bool srv_lease_is_of(const struct srv_lease *lease, const struct srv_identity *id)
{
    if (!id->match_client_id)
        return hw_equal(&lease->hw, &id->hw);
    if (lease->client_id_len != id->client_id_len)
        return false;
    if (id->client_id_len == 0)
        return hw_equal(&lease->hw, &id->hw);
    return memcmp(lease->client_id, id->client_id, id->client_id_len) == 0;
}

/* ---- hashing ---- */

/* A client has few records, whatever the subnet: it is not worth its while to tell these apart here, too. */
static uint32_t hash_identity(const struct srv_lease_table *t, const struct srv_identity *id)
{
    if (id->is_prepared)
        return id->hash;
    return srv_lease_entry_hash(&t->key, id->match_client_id, &id->hw, id->client_id, id->client_id_len);
}

void srv_lease_prepare(const struct srv_lease_table *t, struct srv_identity *id)
{
    id->is_prepared = false;
    id->hash = hash_identity(t, id);
    id->is_prepared = true;
}

static void entry_lease(const struct srv_lease_entry *e, struct srv_lease *out)
{
    srv_lease_entry_get(e, out);
    out->subnet_id = e->subnet->id;
}

/* What was looked for, if there is one. */
static bool found(const struct srv_lease_entry *e, struct srv_lease *out)
{
    if (e != NULL)
        entry_lease(e, out);
    return e != NULL;
}

/* ---- subnets ---- */

static bool is_id_below(const void *element, const void *id)
{
    const struct srv_lease_subnet *const *subnet = element;
    return (*subnet)->id < *(const uint32_t *)id;
}

static size_t subnet_place(const struct srv_lease_table *t, uint32_t id)
{
    return bisect(t->subnets, t->n_subnets, sizeof(struct srv_lease_subnet *), is_id_below, &id);
}

static struct srv_lease_subnet *find_subnet(const struct srv_lease_table *t, uint32_t id)
{
    size_t place = subnet_place(t, id);
    return place < t->n_subnets && t->subnets[place]->id == id ? t->subnets[place] : NULL;
}

static struct srv_lease_subnet *make_subnet(struct srv_lease_table *t, uint32_t id)
{
    struct srv_lease_subnet *found = find_subnet(t, id);
    if (found != NULL)
        return found;
    struct srv_lease_subnet **list =
        realloc(t->subnets, (t->n_subnets + 1) * sizeof(struct srv_lease_subnet *));
    if (list == NULL)
        return NULL;
    t->subnets = list;
    struct srv_lease_subnet *subnet = calloc(1, sizeof *subnet);
    if (subnet == NULL || srv_lease_free_init(&subnet->free) < 0) {
        free(subnet);
        return NULL;
    }
    subnet->id = id;
    size_t place = subnet_place(t, id);
    memmove(&list[place + 1], &list[place], (t->n_subnets - place) * sizeof(struct srv_lease_subnet *));
    list[place] = subnet;
    t->n_subnets++;
    return subnet;
}

/* ---- the table ---- */

struct srv_lease_table *srv_lease_table_new(size_t max, const struct siphash_key *key)
{
    struct srv_lease_table *t = calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    t->max = max;
    t->key = *key;
    if (srv_lease_order_init(&t->expiry, SRV_LEASE_RUNS) < 0 || srv_lease_index_init(&t->index) < 0) {
        srv_lease_table_free(t);
        return NULL;
    }
    return t;
}

void srv_lease_table_free(struct srv_lease_table *t)
{
    if (t == NULL)
        return;
    for (size_t i = 0; i < t->n_subnets; i++) {
        srv_lease_free_fini(&t->subnets[i]->free);
        free(t->subnets[i]);
    }
    arena_fini(&t->memory.arena);
    srv_lease_hw_fini(&t->by_hw);
    srv_lease_order_fini(&t->expiry);
    free(t->subnets);
    free(t->all);
    srv_lease_index_fini(&t->index);
    free(t);
}

int srv_lease_table_count_by_hw(struct srv_lease_table *t)
{
    assert(t->n == 0);
    return srv_lease_hw_init(&t->by_hw, &t->key);
}

static bool counts_by_hw(const struct srv_lease_table *t)
{
    return t->by_hw.slots != NULL;
}

/* What a client without an identifier has is found by its hardware address, and is counted then. */
static bool is_counted(const struct srv_lease_table *t, const struct srv_lease_entry *e)
{
    return counts_by_hw(t) && srv_lease_entry_goes_by_id(e);
}

size_t srv_lease_count_hw(const struct srv_lease_table *t, const struct hw_addr *hw)
{
    const struct srv_identity id = {.hw = *hw};
    uint32_t hash = hash_identity(t, &id);
    size_t n = srv_lease_hw_count(&t->by_hw, hw);
    for (const struct srv_lease_entry *e = srv_lease_index_client(&t->index, hash); e != NULL;
         e = e->next_by_client)
        n += e->client_hash == hash && srv_lease_entry_is_of(e, &id);
    return n;
}

void srv_lease_table_set_max(struct srv_lease_table *t, size_t max)
{
    t->max = max;
}

size_t srv_lease_table_count(const struct srv_lease_table *t)
{
    return t->n;
}

size_t srv_lease_table_room(const struct srv_lease_table *t)
{
    return t->n < t->max ? t->max - t->n : 0;
}

bool srv_lease_table_has_free(const struct srv_lease_table *t)
{
    return t->n_held < t->n;
}

static size_t state_place(enum srv_lease_state state)
{
    return state == SRV_LEASE_OFFERED ? N_STATES - 1 : (size_t)state;
}

size_t srv_lease_table_count_state(const struct srv_lease_table *t, uint32_t subnet_id,
                                   enum srv_lease_state state)
{
    const struct srv_lease_subnet *subnet = find_subnet(t, subnet_id);
    return subnet == NULL ? 0 : subnet->n_by_state[state_place(state)];
}

size_t srv_lease_table_held(const struct srv_lease_table *t, uint32_t subnet_id)
{
    return srv_lease_table_count_state(t, subnet_id, SRV_LEASE_ACTIVE) +
           srv_lease_table_count_state(t, subnet_id, SRV_LEASE_DECLINED) +
           srv_lease_table_count_state(t, subnet_id, SRV_LEASE_OFFERED);
}

size_t srv_lease_table_declined(const struct srv_lease_table *t)
{
    size_t n = 0;
    for (size_t i = 0; i < t->n_subnets; i++)
        n += t->subnets[i]->n_by_state[state_place(SRV_LEASE_DECLINED)];
    return n;
}

/* Room for one more record, of this subnet, whatever its state will be: what follows cannot fail. */
static int reserve(struct srv_lease_table *t, struct srv_lease_subnet *subnet)
{
    int err = srv_lease_entries_reserve(&t->all, &t->all_cap, t->n + 1);
    if (err == 0)
        err = srv_lease_index_reserve(&t->index, t->n + 1);
    if (err == 0)
        err = srv_lease_free_reserve(&subnet->free, subnet->n + 1);
    if (err == 0 && counts_by_hw(t))
        err = srv_lease_hw_reserve(&t->by_hw);
    return err;
}

static void disarm(struct srv_lease_table *t, struct srv_lease_entry *e)
{
    if (srv_lease_entry_is_held(e))
        srv_lease_order_remove(&t->expiry, &e->turn);
    else
        srv_lease_free_remove(&e->subnet->free, e);
}

/* For this instant; if it is armed, it is from now on the latest of those of the same. */
static void arm(struct srv_lease_table *t, struct srv_lease_entry *e, time_ms at)
{
    disarm(t, e);
    if (srv_lease_entry_is_held(e))
        srv_lease_order_put(&t->expiry, &e->turn, at);
    else
        srv_lease_free_add(&e->subnet->free, e, at);
}

static void count_state(struct srv_lease_table *t, const struct srv_lease_entry *e, bool is_more)
{
    size_t *n = &e->subnet->n_by_state[state_place(e->state)];
    *n += is_more ? 1 : (size_t)-1;
    if (srv_lease_entry_is_held(e))
        t->n_held += is_more ? 1 : (size_t)-1;
}

static void insert(struct srv_lease_table *t, struct srv_lease_entry *e, struct srv_lease_subnet *subnet)
{
    e->subnet = subnet;
    e->place = (uint32_t)t->n; /* each has an address of its own: there are no more */
    t->all[t->n++] = e;
    subnet->n++;
    count_state(t, e, true);
    if (is_counted(t, e)) {
        struct hw_addr hw = srv_lease_entry_hw(e);
        srv_lease_hw_add(&t->by_hw, &hw);
    }
    srv_lease_index_add(&t->index, e);
    arm(t, e, e->turn.at);
}

static void drop(struct srv_lease_table *t, struct srv_lease_entry *e)
{
    disarm(t, e);
    srv_lease_index_remove(&t->index, e);
    e->subnet->n--;
    count_state(t, e, false);
    if (is_counted(t, e)) {
        struct hw_addr hw = srv_lease_entry_hw(e);
        srv_lease_hw_remove(&t->by_hw, &hw);
    }
    struct srv_lease_entry *last = t->all[--t->n];
    t->all[e->place] = last;
    last->place = e->place;
    srv_lease_entry_free(e, &t->memory);
}

/* The usual case: the client is as it was, and only when and how long is new. */
static void renew(struct srv_lease_table *t, struct srv_lease_entry *e, const struct srv_lease *lease)
{
    if (srv_lease_is_held(lease) != srv_lease_entry_is_held(e))
        disarm(t, e);
    count_state(t, e, false);
    e->state = (uint8_t)lease->state;
    e->lease_s = lease->lease_s;
    e->granted_ms = lease->granted_ms;
    e->has_nonce = lease->has_nonce;
    count_state(t, e, true);
    if (!srv_lease_turn_is_in_order(&e->turn) || e->turn.at != lease->expires_ms)
        arm(t, e, lease->expires_ms); /* else what is left of a lease was offered */
}

/* `known_hash` NULL: what its client is found by is to be worked out. */
static int put(struct srv_lease_table *t, const struct srv_lease *lease, bool match_client_id,
               const uint32_t *known_hash)
{
    assert(lease->hw.len <= HW_MAX);
    struct srv_lease_entry *old = srv_lease_index_find(&t->index, lease->addr);
    if (old == NULL && srv_lease_table_room(t) == 0)
        return ERR_LIMIT;
    if (old != NULL && old->subnet->id == lease->subnet_id &&
        srv_lease_entry_is_same(old, lease, match_client_id)) {
        renew(t, old, lease);
        return 0;
    }
    struct srv_lease_subnet *subnet = make_subnet(t, lease->subnet_id);
    if (subnet == NULL || reserve(t, subnet) < 0)
        return ERR_NOMEM;
    uint32_t client_hash = known_hash != NULL ? *known_hash
                                              : srv_lease_entry_hash(&t->key, match_client_id, &lease->hw,
                                                                     lease->client_id, lease->client_id_len);
    struct srv_lease_entry *e = srv_lease_entry_new(&t->memory, lease, match_client_id, client_hash);
    if (e == NULL)
        return ERR_NOMEM;
    if (old != NULL)
        drop(t, old);
    insert(t, e, subnet);
    return 0;
}

int srv_lease_put(struct srv_lease_table *t, const struct srv_lease *lease, bool match_client_id)
{
    return put(t, lease, match_client_id, NULL);
}

int srv_lease_put_of(struct srv_lease_table *t, const struct srv_lease *lease,
                     const struct srv_identity *client)
{
    uint32_t hash = hash_identity(t, client);
    return put(t, lease, client->match_client_id, &hash);
}

void srv_lease_remove(struct srv_lease_table *t, ip4 addr)
{
    struct srv_lease_entry *e = srv_lease_index_find(&t->index, addr);
    if (e != NULL)
        drop(t, e);
}

bool srv_lease_find(const struct srv_lease_table *t, ip4 addr, struct srv_lease *out)
{
    const struct srv_lease_entry *e = srv_lease_index_find(&t->index, addr);
    if (e != NULL && out != NULL)
        entry_lease(e, out);
    return e != NULL;
}

static bool is_better(const struct srv_lease_entry *a, const struct srv_lease_entry *b)
{
    if (srv_lease_entry_is_held(a) != srv_lease_entry_is_held(b))
        return srv_lease_entry_is_held(a);
    return a->granted_ms > b->granted_ms;
}

static __attribute__((noinline)) bool find_in_chain(const struct srv_lease_entry *first, uint32_t subnet_id,
                                                    const struct srv_identity *id, ip4 not,
                                                    struct srv_lease *out)
{
    const struct srv_lease_entry *best = NULL;
    for (const struct srv_lease_entry *e = first; e != NULL; e = e->next_by_client)
        if (e->client_hash == id->hash && e->subnet->id == subnet_id &&
            e->addr != not &&e->state != SRV_LEASE_DECLINED && srv_lease_entry_is_of(e, id) &&
            (best == NULL || is_better(e, best)))
            best = e;
    return found(best, out);
}

static __attribute__((noinline)) bool find_unprepared(const struct srv_lease_table *t, uint32_t subnet_id,
                                                      const struct srv_identity *id, ip4 not,
                                                      struct srv_lease *out)
{
    struct srv_identity prepared = *id;
    srv_lease_prepare(t, &prepared);
    return srv_lease_find_client(t, subnet_id, &prepared, not, out);
}

/* Most clients have no offer, and many no lease: these searches end here. */
bool srv_lease_find_client(const struct srv_lease_table *t, uint32_t subnet_id, const struct srv_identity *id,
                           ip4 not, struct srv_lease *out)
{
    if (!id->is_prepared)
        return find_unprepared(t, subnet_id, id, not, out);
    const struct srv_lease_entry *first = srv_lease_index_client(&t->index, id->hash);
    return first != NULL && find_in_chain(first, subnet_id, id, not, out);
}

static bool has_client(const struct srv_lease_table *t, const struct srv_identity *id, ip4 except)
{
    uint32_t hash = hash_identity(t, id);
    for (const struct srv_lease_entry *e = srv_lease_index_client(&t->index, hash); e != NULL;
         e = e->next_by_client)
        if (e->client_hash == hash && e->addr != except && srv_lease_entry_is_of(e, id))
            return true;
    return false;
}

bool srv_lease_has_client(const struct srv_lease_table *t, const struct srv_identity *id, ip4 except)
{
    struct srv_identity otherwise = *id;
    otherwise.match_client_id = !id->match_client_id;
    otherwise.is_prepared = false;
    return has_client(t, id, except) || (id->client_id_len != 0 && has_client(t, &otherwise, except));
}

size_t srv_lease_count_declined(const struct srv_lease_table *t, uint32_t subnet_id,
                                const struct srv_identity *id)
{
    uint32_t hash = hash_identity(t, id);
    size_t n = 0;
    for (const struct srv_lease_entry *e = srv_lease_index_client(&t->index, hash); e != NULL;
         e = e->next_by_client)
        n += e->client_hash == hash && e->subnet->id == subnet_id && e->state == SRV_LEASE_DECLINED &&
             srv_lease_entry_is_of(e, id);
    return n;
}

bool srv_lease_find_oldest(const struct srv_lease_table *t, uint32_t subnet_id, struct srv_lease *out)
{
    const struct srv_lease_subnet *subnet = find_subnet(t, subnet_id);
    return subnet != NULL && found(srv_lease_free_oldest(&subnet->free), out);
}

bool srv_lease_find_oldest_of_all(const struct srv_lease_table *t, struct srv_lease *out)
{
    const struct srv_lease_entry *oldest = NULL;
    for (size_t i = 0; i < t->n_subnets; i++) {
        const struct srv_lease_entry *e = srv_lease_free_oldest(&t->subnets[i]->free);
        if (e != NULL && (oldest == NULL || e->turn.at < oldest->turn.at))
            oldest = e;
    }
    return found(oldest, out);
}

bool srv_lease_find_oldest_in(const struct srv_lease_table *t, uint32_t subnet_id, struct ip4_range range,
                              struct srv_lease *out)
{
    const struct srv_lease_subnet *subnet = find_subnet(t, subnet_id);
    return subnet != NULL && found(srv_lease_free_oldest_in(&subnet->free, range), out);
}

bool srv_lease_find_free(const struct srv_lease_table *t, uint32_t subnet_id, uint64_t draw,
                         struct srv_lease *out)
{
    const struct srv_lease_subnet *subnet = find_subnet(t, subnet_id);
    const struct srv_lease_free *f = subnet == NULL ? NULL : &subnet->free;
    return f != NULL && f->n != 0 && found(f->list[draw % f->n], out);
}

bool srv_lease_withhold(struct srv_lease_table *t, ip4 addr, bool withheld)
{
    struct srv_lease_entry *e = srv_lease_index_find(&t->index, addr);
    if (e == NULL || srv_lease_entry_is_held(e))
        return e != NULL;
    if (withheld)
        disarm(t, e);
    else
        arm(t, e, e->turn.at);
    return true;
}

time_ms srv_lease_deadline(const struct srv_lease_table *t)
{
    return srv_lease_order_deadline(&t->expiry);
}

bool srv_lease_find_due(const struct srv_lease_table *t, time_ms now, struct srv_lease *out)
{
    struct srv_lease_turn *first = srv_lease_order_first(&t->expiry);
    if (first == NULL || first->at > now)
        return false;
    entry_lease(srv_lease_entry_of(first), out);
    return true;
}

void srv_lease_each(const struct srv_lease_table *t, srv_lease_each_fn *each, void *user)
{
    for (size_t i = 0; i < t->n; i++) {
        struct srv_lease lease;
        entry_lease(t->all[i], &lease);
        if (!each(user, &lease))
            return;
    }
}

static int compare_addr(const void *a, const void *b)
{
    const struct srv_lease_entry *const *x = a, *const *y = b;
    return (*x)->addr < (*y)->addr ? -1 : (*x)->addr > (*y)->addr;
}

void srv_lease_sort(struct srv_lease_table *t)
{
    if (t->n == 0)
        return;
    qsort(t->all, t->n, sizeof(struct srv_lease_entry *), compare_addr);
    for (size_t i = 0; i < t->n; i++)
        t->all[i]->place = (uint32_t)i;
}

void srv_lease_at(const struct srv_lease_table *t, size_t place, struct srv_lease *out)
{
    assert(place < t->n);
    entry_lease(t->all[place], out);
}
