#include "server/srv_lease.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/hash.h"
#include "common/timerq.h"

enum { BUCKETS_MIN = 64 };

/* Places of the states in an array. */
enum { N_STATES = 5 };

/* What the table knows of one subnet. Never freed before the table: entries point to it. */
struct subnet {
    uint32_t id;
    size_t n; /* records */
    size_t n_by_state[N_STATES];
    struct timerq free; /* free records by the time they became free */
};

/* A record without its unused octets. The tail holds hardware address, client identifier, host name
 * and relay information. */
struct entry {
    struct timerq_node timer; /* held: in the table's queue, by expiry; free: in the subnet's, by age */
    struct entry *next_by_addr, *next_by_client;
    struct subnet *subnet;
    size_t place; /* in table.all */
    uint64_t client_hash;
    time_ms granted_ms, expires_ms;
    ip4 addr;
    uint32_t lease_s;
    uint8_t state; /* enum srv_lease_state */
    bool match_client_id, has_nonce;
    uint8_t hw_type, hw_len, client_id_len, hostname_len, relay_info_len;
    uint8_t tail[];
};

/* There are millions of them: with a hardware address of six octets it fills a piece of malloc's, 112 octets.
 */
static_assert(sizeof(struct entry) == 96, "a lease is as small as it can be");

struct srv_lease_table {
    size_t max, n, n_held;
    struct siphash_key key;
    size_t n_buckets; /* power of two */
    struct entry **by_addr, **by_client;
    struct entry **all; /* every entry, in no order or sorted */
    size_t all_cap;
    struct timerq expiry;
    struct subnet **subnets; /* sorted by id */
    size_t n_subnets;
};

bool srv_lease_is_deletion(const struct srv_lease *lease)
{
    return lease->lease_s == 0 && (lease->state == SRV_LEASE_ACTIVE || lease->state == SRV_LEASE_EXPIRED);
}

bool srv_lease_is_held(const struct srv_lease *lease)
{
    switch (lease->state) {
    case SRV_LEASE_ACTIVE:
    case SRV_LEASE_DECLINED:
    case SRV_LEASE_OFFERED:
        return true;
    case SRV_LEASE_EXPIRED:
    case SRV_LEASE_RELEASED:
        return false;
    }
    return true;
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

static uint64_t hash_client(const struct siphash_key *key, uint32_t subnet_id, bool match_client_id,
                            const struct hw_addr *hw, const uint8_t *client_id, size_t client_id_len)
{
    uint8_t who[sizeof subnet_id + 3 + SRV_CLIENT_ID_MAX];
    bool by_client_id = match_client_id && client_id_len != 0;
    uint8_t *at = mempcpy(who, &subnet_id, sizeof subnet_id);
    *at++ = by_client_id;
    if (by_client_id) {
        at = mempcpy(at, client_id, client_id_len);
    } else {
        *at++ = hw->type;
        at = mempcpy(at, hw->bytes, hw->len);
    }
    return siphash(key, who, (size_t)(at - who));
}

static uint64_t hash_identity(const struct srv_lease_table *t, uint32_t subnet_id,
                              const struct srv_identity *id)
{
    return hash_client(&t->key, subnet_id, id->match_client_id, &id->hw, id->client_id, id->client_id_len);
}

static struct entry **addr_bucket(const struct srv_lease_table *t, ip4 addr)
{
    return &t->by_addr[hash_u64(addr ^ t->key.k0) & (t->n_buckets - 1)];
}

static struct entry **client_bucket(const struct srv_lease_table *t, uint64_t hash)
{
    return &t->by_client[hash & (t->n_buckets - 1)];
}

static struct entry *find_entry(const struct srv_lease_table *t, ip4 addr)
{
    struct entry *e = *addr_bucket(t, addr);
    while (e != NULL && e->addr != addr)
        e = e->next_by_addr;
    return e;
}

/* ---- entries ---- */

static struct entry *entry_new(const struct siphash_key *key, const struct srv_lease *lease,
                               bool match_client_id)
{
    size_t hostname_len = strlen(lease->hostname);
    struct entry *e =
        malloc(sizeof *e + lease->hw.len + lease->client_id_len + hostname_len + lease->relay_info_len);
    if (e == NULL)
        return NULL;
    *e = (struct entry){
        .addr = lease->addr,
        .granted_ms = lease->granted_ms,
        .expires_ms = lease->expires_ms,
        .lease_s = lease->lease_s,
        .state = (uint8_t)lease->state,
        .match_client_id = match_client_id,
        .has_nonce = lease->has_nonce,
        .hw_type = lease->hw.type,
        .hw_len = lease->hw.len,
        .client_id_len = lease->client_id_len,
        .hostname_len = (uint8_t)hostname_len,
        .relay_info_len = lease->relay_info_len,
        .client_hash = hash_client(key, lease->subnet_id, match_client_id, &lease->hw, lease->client_id,
                                   lease->client_id_len),
    };
    memcpy(e->tail, lease->hw.bytes, e->hw_len);
    memcpy(e->tail + e->hw_len, lease->client_id, e->client_id_len);
    memcpy(e->tail + e->hw_len + e->client_id_len, lease->hostname, hostname_len);
    memcpy(e->tail + e->hw_len + e->client_id_len + hostname_len, lease->relay_info, e->relay_info_len);
    return e;
}

static void entry_lease(const struct entry *e, struct srv_lease *out)
{
    out->addr = e->addr;
    out->subnet_id = e->subnet->id;
    out->hw = (struct hw_addr){.type = e->hw_type, .len = e->hw_len};
    memcpy(out->hw.bytes, e->tail, e->hw_len);
    out->client_id_len = e->client_id_len;
    memcpy(out->client_id, e->tail + e->hw_len, e->client_id_len);
    out->state = e->state;
    out->has_nonce = e->has_nonce;
    out->lease_s = e->lease_s;
    out->granted_ms = e->granted_ms;
    out->expires_ms = e->expires_ms;
    memcpy(out->hostname, e->tail + e->hw_len + e->client_id_len, e->hostname_len);
    out->hostname[e->hostname_len] = '\0';
    out->relay_info_len = e->relay_info_len;
    memcpy(out->relay_info, e->tail + e->hw_len + e->client_id_len + e->hostname_len, e->relay_info_len);
}

static bool entry_is_held(const struct entry *e)
{
    return srv_lease_is_held(&(struct srv_lease){.state = e->state});
}

static bool entry_is_of(const struct entry *e, const struct srv_identity *id)
{
    bool by_client_id = e->match_client_id && e->client_id_len != 0;
    if (by_client_id != (id->match_client_id && id->client_id_len != 0))
        return false;
    if (by_client_id)
        return e->client_id_len == id->client_id_len &&
               memcmp(e->tail + e->hw_len, id->client_id, id->client_id_len) == 0;
    return e->hw_type == id->hw.type && e->hw_len == id->hw.len &&
           memcmp(e->tail, id->hw.bytes, e->hw_len) == 0;
}

/* ---- subnets ---- */

/* Place of the first subnet whose id is not below `id`. */
static size_t subnet_place(const struct srv_lease_table *t, uint32_t id)
{
    size_t low = 0, high = t->n_subnets;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (t->subnets[middle]->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct subnet *find_subnet(const struct srv_lease_table *t, uint32_t id)
{
    size_t place = subnet_place(t, id);
    return place < t->n_subnets && t->subnets[place]->id == id ? t->subnets[place] : NULL;
}

static struct subnet *make_subnet(struct srv_lease_table *t, uint32_t id)
{
    struct subnet *found = find_subnet(t, id);
    if (found != NULL)
        return found;
    struct subnet **list = realloc(t->subnets, (t->n_subnets + 1) * sizeof(struct subnet *));
    if (list == NULL)
        return NULL;
    t->subnets = list;
    struct subnet *subnet = malloc(sizeof *subnet);
    if (subnet == NULL)
        return NULL;
    *subnet = (struct subnet){.id = id};
    timerq_init(&subnet->free);
    size_t place = subnet_place(t, id);
    memmove(&list[place + 1], &list[place], (t->n_subnets - place) * sizeof(struct subnet *));
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
    t->n_buckets = BUCKETS_MIN;
    t->by_addr = calloc(BUCKETS_MIN, sizeof(struct entry *));
    t->by_client = calloc(BUCKETS_MIN, sizeof(struct entry *));
    timerq_init(&t->expiry);
    if (t->by_addr == NULL || t->by_client == NULL) {
        srv_lease_table_free(t);
        return NULL;
    }
    return t;
}

void srv_lease_table_free(struct srv_lease_table *t)
{
    if (t == NULL)
        return;
    for (size_t i = 0; i < t->n; i++)
        free(t->all[i]);
    for (size_t i = 0; i < t->n_subnets; i++) {
        timerq_fini(&t->subnets[i]->free);
        free(t->subnets[i]);
    }
    timerq_fini(&t->expiry);
    free(t->subnets);
    free(t->all);
    free(t->by_addr);
    free(t->by_client);
    free(t);
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
    const struct subnet *subnet = find_subnet(t, subnet_id);
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

static void link_chains(struct srv_lease_table *t, struct entry *e)
{
    struct entry **slot = addr_bucket(t, e->addr);
    e->next_by_addr = *slot;
    *slot = e;
    slot = client_bucket(t, e->client_hash);
    e->next_by_client = *slot;
    *slot = e;
}

static void unlink_chains(struct srv_lease_table *t, struct entry *e)
{
    struct entry **slot = addr_bucket(t, e->addr);
    while (*slot != e)
        slot = &(*slot)->next_by_addr;
    *slot = e->next_by_addr;
    slot = client_bucket(t, e->client_hash);
    while (*slot != e)
        slot = &(*slot)->next_by_client;
    *slot = e->next_by_client;
}

static int grow_buckets(struct srv_lease_table *t)
{
    size_t n = t->n_buckets * 2;
    struct entry **by_addr = calloc(n, sizeof(struct entry *));
    struct entry **by_client = calloc(n, sizeof(struct entry *));
    if (by_addr == NULL || by_client == NULL) {
        free(by_addr);
        free(by_client);
        return ERR_NOMEM;
    }
    free(t->by_addr);
    free(t->by_client);
    t->by_addr = by_addr;
    t->by_client = by_client;
    t->n_buckets = n;
    for (size_t i = 0; i < t->n; i++)
        link_chains(t, t->all[i]);
    return 0;
}

static int grow_all(struct srv_lease_table *t)
{
    size_t cap = t->all_cap == 0 ? BUCKETS_MIN : t->all_cap * 2;
    struct entry **all = realloc(t->all, cap * sizeof(struct entry *));
    if (all == NULL)
        return ERR_NOMEM;
    t->all = all;
    t->all_cap = cap;
    return 0;
}

/* Room for one more record, of this subnet, whatever its state will be: what follows cannot fail. */
static int reserve(struct srv_lease_table *t, struct subnet *subnet)
{
    int err = 0;
    if (t->n == t->all_cap)
        err = grow_all(t);
    if (err == 0 && t->n >= t->n_buckets)
        err = grow_buckets(t);
    if (err == 0)
        err = timerq_reserve(&t->expiry, t->n + 1);
    if (err == 0)
        err = timerq_reserve(&subnet->free, subnet->n + 1);
    return err;
}

static void arm(struct srv_lease_table *t, struct entry *e)
{
    int err = timerq_set(entry_is_held(e) ? &t->expiry : &e->subnet->free, &e->timer, e->expires_ms);
    assert(err == 0); /* reserved */
    (void)err;
}

static void disarm(struct srv_lease_table *t, struct entry *e)
{
    timerq_clear(entry_is_held(e) ? &t->expiry : &e->subnet->free, &e->timer);
}

static void insert(struct srv_lease_table *t, struct entry *e, struct subnet *subnet)
{
    e->subnet = subnet;
    e->place = t->n;
    t->all[t->n++] = e;
    subnet->n++;
    subnet->n_by_state[state_place(e->state)]++;
    t->n_held += entry_is_held(e);
    link_chains(t, e);
    arm(t, e);
}

static void drop(struct srv_lease_table *t, struct entry *e)
{
    disarm(t, e);
    unlink_chains(t, e);
    e->subnet->n--;
    e->subnet->n_by_state[state_place(e->state)]--;
    t->n_held -= entry_is_held(e);
    struct entry *last = t->all[--t->n];
    t->all[e->place] = last;
    last->place = e->place;
    free(e);
}

int srv_lease_put(struct srv_lease_table *t, const struct srv_lease *lease, bool match_client_id)
{
    assert(lease->hw.len <= HW_MAX);
    struct entry *old = find_entry(t, lease->addr);
    if (old == NULL && srv_lease_table_room(t) == 0)
        return ERR_LIMIT;
    struct subnet *subnet = make_subnet(t, lease->subnet_id);
    if (subnet == NULL || reserve(t, subnet) < 0)
        return ERR_NOMEM;
    struct entry *e = entry_new(&t->key, lease, match_client_id);
    if (e == NULL)
        return ERR_NOMEM;
    if (old != NULL)
        drop(t, old);
    insert(t, e, subnet);
    return 0;
}

void srv_lease_remove(struct srv_lease_table *t, ip4 addr)
{
    struct entry *e = find_entry(t, addr);
    if (e != NULL)
        drop(t, e);
}

bool srv_lease_find(const struct srv_lease_table *t, ip4 addr, struct srv_lease *out)
{
    const struct entry *e = find_entry(t, addr);
    if (e != NULL && out != NULL)
        entry_lease(e, out);
    return e != NULL;
}

static bool is_better(const struct entry *a, const struct entry *b)
{
    if (entry_is_held(a) != entry_is_held(b))
        return entry_is_held(a);
    return a->granted_ms > b->granted_ms;
}

bool srv_lease_find_client(const struct srv_lease_table *t, uint32_t subnet_id, const struct srv_identity *id,
                           ip4 not, struct srv_lease *out)
{
    uint64_t hash = hash_identity(t, subnet_id, id);
    const struct entry *best = NULL;
    for (const struct entry *e = *client_bucket(t, hash); e != NULL; e = e->next_by_client)
        if (e->client_hash == hash && e->subnet->id == subnet_id &&
            e->addr != not &&e->state != SRV_LEASE_DECLINED && entry_is_of(e, id) &&
            (best == NULL || is_better(e, best)))
            best = e;
    if (best != NULL)
        entry_lease(best, out);
    return best != NULL;
}

size_t srv_lease_count_declined(const struct srv_lease_table *t, uint32_t subnet_id,
                                const struct srv_identity *id)
{
    uint64_t hash = hash_identity(t, subnet_id, id);
    size_t n = 0;
    for (const struct entry *e = *client_bucket(t, hash); e != NULL; e = e->next_by_client)
        n += e->client_hash == hash && e->subnet->id == subnet_id && e->state == SRV_LEASE_DECLINED &&
             entry_is_of(e, id);
    return n;
}

bool srv_lease_find_oldest(const struct srv_lease_table *t, uint32_t subnet_id, struct srv_lease *out)
{
    const struct subnet *subnet = find_subnet(t, subnet_id);
    const struct timerq_node *first = subnet == NULL ? NULL : timerq_first(&subnet->free);
    if (first == NULL)
        return false;
    entry_lease((const struct entry *)(const void *)first, out); /* the node is the entry's first member */
    return true;
}

bool srv_lease_find_oldest_of_all(const struct srv_lease_table *t, struct srv_lease *out)
{
    const struct timerq_node *oldest = NULL;
    for (size_t i = 0; i < t->n_subnets; i++) {
        const struct timerq_node *first = timerq_first(&t->subnets[i]->free);
        if (first != NULL && (oldest == NULL || first->at < oldest->at))
            oldest = first;
    }
    if (oldest != NULL)
        entry_lease((const struct entry *)(const void *)oldest, out);
    return oldest != NULL;
}

bool srv_lease_find_oldest_in(const struct srv_lease_table *t, uint32_t subnet_id, struct ip4_range range,
                              struct srv_lease *out)
{
    const struct subnet *subnet = find_subnet(t, subnet_id);
    const struct timerq_node *oldest = NULL;
    for (size_t i = 0; subnet != NULL && i < subnet->free.n; i++) {
        const struct timerq_node *node = subnet->free.heap[i];
        if (ip4_range_has(range, ((const struct entry *)(const void *)node)->addr) &&
            (oldest == NULL || node->at < oldest->at || (node->at == oldest->at && node->seq < oldest->seq)))
            oldest = node;
    }
    if (oldest != NULL)
        entry_lease((const struct entry *)(const void *)oldest, out);
    return oldest != NULL;
}

bool srv_lease_find_free(const struct srv_lease_table *t, uint32_t subnet_id, uint64_t draw,
                         struct srv_lease *out)
{
    const struct subnet *subnet = find_subnet(t, subnet_id);
    if (subnet == NULL || subnet->free.n == 0)
        return false;
    entry_lease((const struct entry *)(const void *)subnet->free.heap[draw % subnet->free.n], out);
    return true;
}

void srv_lease_withhold(struct srv_lease_table *t, ip4 addr, bool withheld)
{
    struct entry *e = find_entry(t, addr);
    if (e == NULL || entry_is_held(e))
        return;
    if (withheld)
        disarm(t, e);
    else
        arm(t, e);
}

time_ms srv_lease_deadline(const struct srv_lease_table *t)
{
    return timerq_deadline(&t->expiry);
}

bool srv_lease_find_due(const struct srv_lease_table *t, time_ms now, struct srv_lease *out)
{
    const struct timerq_node *first = timerq_first(&t->expiry);
    if (first == NULL || first->at > now)
        return false;
    entry_lease((const struct entry *)(const void *)first, out); /* the node is the entry's first member */
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
    const struct entry *const *x = a, *const *y = b;
    return (*x)->addr < (*y)->addr ? -1 : (*x)->addr > (*y)->addr;
}

void srv_lease_sort(struct srv_lease_table *t)
{
    if (t->n == 0)
        return;
    qsort(t->all, t->n, sizeof(struct entry *), compare_addr);
    for (size_t i = 0; i < t->n; i++)
        t->all[i]->place = i;
}

void srv_lease_at(const struct srv_lease_table *t, size_t place, struct srv_lease *out)
{
    assert(place < t->n);
    entry_lease(t->all[place], out);
}
