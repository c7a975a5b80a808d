#include "common/dissect_exchange.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/dhcp_proto.h"
#include "common/hash.h"

static const int64_t s_ns = 1000000000;

/* RFC 2131 4.1: "The retransmission delay SHOULD be doubled with subsequent retransmissions up to a maximum
 * of 64 seconds", with a second of randomness. What has its answer for longer is not sent again. */
enum { AGAIN_S = 65 };

/* Found by hash; places in `rows` counted from 1, 0: none. */
struct dissect_exchanges {
    size_t n, limit;
    uint64_t left_out;
    size_t n_buckets;
    uint32_t *by_xid, *by_id, *by_hw; /* the newest of each bucket: hardware address and transaction,
                                       * identifier, hardware address */
    size_t n_clients;
    uint32_t *by_client; /* the newest of each client */
    struct dissect_exchange rows[];
};

struct dissect_exchanges *dissect_exchanges_new(size_t limit)
{
    struct dissect_exchanges *x = calloc(1, sizeof *x + limit * sizeof x->rows[0]);
    if (x == NULL)
        return NULL;
    x->limit = limit;
    x->n_buckets = limit + 1;
    x->by_xid = calloc(x->n_buckets, sizeof *x->by_xid);
    x->by_id = calloc(x->n_buckets, sizeof *x->by_id);
    x->by_hw = calloc(x->n_buckets, sizeof *x->by_hw);
    x->by_client = calloc(x->n_buckets, sizeof *x->by_client);
    if (x->by_xid != NULL && x->by_id != NULL && x->by_hw != NULL && x->by_client != NULL)
        return x;
    dissect_exchanges_free(x);
    return NULL;
}

size_t dissect_exchanges_limit(const struct dissect_exchanges *x)
{
    return x->limit;
}

void dissect_exchanges_free(struct dissect_exchanges *x)
{
    if (x != NULL) {
        free(x->by_xid);
        free(x->by_id);
        free(x->by_hw);
        free(x->by_client);
    }
    free(x);
}

size_t dissect_exchanges_count(const struct dissect_exchanges *x)
{
    return x->n;
}

const struct dissect_exchange *dissect_exchanges_at(const struct dissect_exchanges *x, size_t i)
{
    return &x->rows[i];
}

uint64_t dissect_exchanges_left_out(const struct dissect_exchanges *x)
{
    return x->left_out;
}

const char *dissect_exchange_name(enum dissect_exchange_kind kind)
{
    static const char *const names[] = {
#define X(name, text) [name] = text,
        DISSECT_EXCHANGE_MAP(X)
#undef X
    };
    return names[kind];
}

const char *dissect_odd_take(unsigned *odd)
{
    static const struct {
        unsigned bit;
        const char *text;
    } rows[] = {
#define X(name, bit, text) {1U << (bit), text},
        DISSECT_ODD_MAP(X)
#undef X
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (*odd & rows[i].bit) {
            *odd &= ~rows[i].bit;
            return rows[i].text;
        }
    }
    return NULL;
}

/* ---- grouping ---- */

/* What a client's message begins. RFC 2131 table 4: which fields a REQUEST has tells the client's state. */
static enum dissect_exchange_kind kind_of(const struct dissect *d)
{
    const struct dhcp_msg *m = &d->dhcp;
    switch (m->type) {
    case DHCP_BOOTP:
        return EXCHANGE_BOOTP;
    case DHCP_DISCOVER:
        return EXCHANGE_LEASE;
    case DHCP_REQUEST:
        if (dhcp_msg_has(m, DHCP_OPT_SERVER_ID) && m->ciaddr == 0)
            return EXCHANGE_SELECTION;
        if (m->ciaddr == 0)
            return EXCHANGE_REBOOT;
        /* 4.3.6: only what is sent to all comes through a relay */
        return d->ip.dst == IP4_BROADCAST || m->giaddr != 0 ? EXCHANGE_REBINDING : EXCHANGE_RENEWAL;
    case DHCP_RELEASE:
        return EXCHANGE_RELEASE;
    case DHCP_DECLINE:
        return EXCHANGE_DECLINE;
    case DHCP_INFORM:
        return EXCHANGE_INFORM;
    case DHCP_OFFER:
    case DHCP_ACK:
    case DHCP_NAK:
        return EXCHANGE_UNKNOWN;
    default: /* lease queries and FORCERENEW */
        return EXCHANGE_OTHER;
    }
}

/* RFC 4388 6.1: what answers a DHCPLEASEQUERY. */
static bool is_lease_answer(uint8_t type)
{
    return type == DHCP_LEASEUNASSIGNED || type == DHCP_LEASEUNKNOWN || type == DHCP_LEASEACTIVE;
}

/* A client that does not change its xid from one exchange to the next still begins another. */
static bool begins_another(const struct dissect_exchange *e, const struct dhcp_msg *m,
                           enum dissect_exchange_kind kind, int64_t now_ns)
{
    if (e->outcome != OUTCOME_OPEN && now_ns - e->last_ns > AGAIN_S * s_ns)
        return true;
    if (kind == EXCHANGE_OTHER)
        return m->type == DHCP_LEASEQUERY && (e->kind != EXCHANGE_OTHER || e->outcome != OUTCOME_OPEN);
    if (kind == EXCHANGE_UNKNOWN || kind == EXCHANGE_SELECTION)
        return false;
    return kind != e->kind || e->outcome == OUTCOME_ACK || e->outcome == OUTCOME_NAK;
}

static uint32_t *xid_bucket(const struct dissect_exchanges *x, const struct hw_addr *hw, uint32_t xid)
{
    return &x->by_xid[hash_bytes(hash_u64(xid), hw->bytes, hw->len) % x->n_buckets];
}

static uint32_t *id_bucket(const struct dissect_exchanges *x, const uint8_t *id, size_t len)
{
    return &x->by_id[hash_bytes(0, id, len) % x->n_buckets];
}

static uint32_t *hw_bucket(const struct dissect_exchanges *x, const struct hw_addr *hw)
{
    return &x->by_hw[hash_bytes(hw->type, hw->bytes, hw->len) % x->n_buckets];
}

/* The newest of the client that is older than `e`; NULL if there is none. */
static const struct dissect_exchange *find_before(const struct dissect_exchanges *x,
                                                  const struct dissect_exchange *e)
{
    return e->next_of_client != 0 ? &x->rows[e->next_of_client - 1] : NULL;
}

/* How many octets of the identifier are looked at. */
static uint8_t id_len(const struct dhcp_option *id)
{
    return id->len < EXCHANGE_CLIENT_ID_MAX ? (uint8_t)id->len : EXCHANGE_CLIENT_ID_MAX;
}

static bool has_id(const struct dissect_exchange *e, const struct dhcp_option *id)
{
    return e->client_id_len == id_len(id) && memcmp(e->client_id, id->data, e->client_id_len) == 0;
}

static const struct dissect_exchange *find_id(const struct dissect_exchanges *x, const struct dhcp_option *id)
{
    uint32_t i = *id_bucket(x, id->data, id_len(id));
    while (i != 0 && !has_id(&x->rows[i - 1], id))
        i = x->rows[i - 1].next_of_id;
    return i != 0 ? &x->rows[i - 1] : NULL;
}

/* Is a message of the same hardware address, with this identifier or NULL, of the client of `e`? Many servers
 * do not send the identifier back: nothing but the hardware address tells whose an answer without it is. */
static bool is_client_of(const struct dissect_exchange *e, const struct dhcp_msg *m,
                         const struct dhcp_option *id)
{
    bool is_answer = m->op == DHCP_BOOTREPLY || e->kind == EXCHANGE_UNKNOWN;
    if (e->client_id_len > 0 && id != NULL)
        return has_id(e, id);
    return is_answer || (e->client_id_len == 0 && id == NULL);
}

/* The newest exchange of the client that the message is of; NULL: there is none. */
static const struct dissect_exchange *find_client(const struct dissect_exchanges *x, const struct hw_addr *hw,
                                                  const struct dhcp_msg *m, const struct dhcp_option *id)
{
    const struct dissect_exchange *e = id != NULL ? find_id(x, id) : NULL;
    for (uint32_t i = *hw_bucket(x, hw); e == NULL && i != 0; i = x->rows[i - 1].next_of_hw)
        if (hw_equal(&x->rows[i - 1].client, hw) && is_client_of(&x->rows[i - 1], m, id))
            e = &x->rows[i - 1];
    return e;
}

static struct dissect_exchange *find_xid(struct dissect_exchanges *x, const struct hw_addr *hw,
                                         const struct dhcp_msg *m)
{
    const struct dhcp_option *id = dhcp_msg_find(m, DHCP_OPT_CLIENT_ID);
    for (uint32_t i = *xid_bucket(x, hw, m->xid); i != 0; i = x->rows[i - 1].next_of_xid) {
        struct dissect_exchange *e = &x->rows[i - 1];
        bool is_of_other = id != NULL && e->client_id_len > 0 && !has_id(e, id);
        if (e->xid == m->xid && hw_equal(&e->client, hw) && !is_of_other)
            return e;
    }
    return NULL;
}

/* The query by address or client identifier that the message answers; NULL if it is no such answer. RFC 4388
 * 6.2: of these "the values of htype, hlen, and chaddr MUST be set to zero"; some have the type and the
 * length of Ethernet. The answer has those of the lease: 6.4.2. */
static struct dissect_exchange *find_query(struct dissect_exchanges *x, const struct dhcp_msg *m)
{
    static const struct hw_addr blank[] = {{0}, {.type = 1, .len = 6}};
    for (size_t i = 0; is_lease_answer(m->type) && i < sizeof blank / sizeof blank[0]; i++) {
        struct dissect_exchange *e = find_xid(x, &blank[i], m);
        if (e != NULL && e->kind == EXCHANGE_OTHER && e->outcome == OUTCOME_OPEN)
            return e;
    }
    return NULL;
}

/* Exchange `place`, counted from 1, is the newest of its bucket. */
static void push(uint32_t *bucket, uint32_t *out_next, uint32_t place)
{
    *out_next = *bucket;
    *bucket = place;
}

static void link_exchange(struct dissect_exchanges *x, struct dissect_exchange *e)
{
    uint32_t place = (uint32_t)(e - x->rows) + 1;
    push(&x->by_client[e->client_number], &e->next_of_client, place);
    push(xid_bucket(x, &e->client, e->xid), &e->next_of_xid, place);
    push(hw_bucket(x, &e->client), &e->next_of_hw, place);
    if (e->client_id_len > 0)
        push(id_bucket(x, e->client_id, e->client_id_len), &e->next_of_id, place);
}

static struct dissect_exchange *find(struct dissect_exchanges *x, const struct dissect *d, uint64_t number,
                                     int64_t now_ns)
{
    const struct dhcp_msg *m = &d->dhcp;
    struct hw_addr hw = dhcp_msg_hw(m);
    enum dissect_exchange_kind kind = kind_of(d);
    struct dissect_exchange *e = find_query(x, m);
    if (e == NULL)
        e = find_xid(x, &hw, m);
    if (e != NULL && !begins_another(e, m, kind, now_ns))
        return e;
    if (x->n == x->limit)
        return NULL;
    const struct dhcp_option *id = dhcp_msg_find(m, DHCP_OPT_CLIENT_ID);
    const struct dissect_exchange *other = find_client(x, &hw, m, id);
    e = &x->rows[x->n++];
    *e = (struct dissect_exchange){.client = hw,
                                   .client_number = other != NULL ? other->client_number : x->n_clients++,
                                   .client_id_len = id != NULL ? id_len(id) : 0,
                                   .xid = m->xid,
                                   .kind = kind,
                                   .first = other == NULL,
                                   .first_packet = number,
                                   .first_ns = now_ns};
    if (id != NULL)
        memcpy(e->client_id, id->data, e->client_id_len);
    link_exchange(x, e);
    return e;
}

/* ---- what each message adds ---- */

/* The exchange before `e` that gave the client the lease which it has; NULL if none was seen, or if it was
 * given back or refused since. */
static const struct dissect_exchange *lease_before(const struct dissect_exchanges *x,
                                                   const struct dissect_exchange *e)
{
    while ((e = find_before(x, e)) != NULL) {
        if (e->outcome == OUTCOME_ACK && e->has_lease)
            return e;
        if (e->outcome == OUTCOME_NAK || e->outcome == OUTCOME_NONE_NEEDED)
            return NULL;
    }
    return NULL;
}

int64_t dissect_exchange_lease_ns(const struct dissect_exchange *e)
{
    return e->requested_ns != 0 ? e->requested_ns : e->answer_ns;
}

static void judge_renewal(const struct dissect_exchanges *x, struct dissect_exchange *e, int64_t now_ns)
{
    const struct dissect_exchange *before = lease_before(x, e);
    if (before == NULL || before->lease_s == LEASE_INFINITE)
        return;
    int64_t age_ns = now_ns - dissect_exchange_lease_ns(before);
    uint32_t due_s = e->kind == EXCHANGE_RENEWAL ? before->t1_s : before->t2_s;
    if (e->n_requests == 1)
        e->is_due = age_ns + s_ns >= (int64_t)due_s * s_ns && age_ns <= (int64_t)before->lease_s * s_ns;
    if (age_ns + s_ns < (int64_t)before->t1_s * s_ns)
        e->odd |= ODD_EARLY;
    if (age_ns > (int64_t)before->lease_s * s_ns)
        e->odd |= ODD_EXPIRED;
}

static bool was_offered(const struct dissect_exchange *e, ip4 address)
{
    for (unsigned i = 0; i < e->n_offers; i++)
        if (e->offers[i].address == address)
            return true;
    return e->n_offers == 0;
}

/* Is it what the client sent, and not what somebody passes on? All that comes the way of the first, of which
 * there were `n` so far. */
static bool is_from_client(const struct dissect *d, struct dissect_way *way, unsigned n)
{
    const struct dhcp_msg *m = &d->dhcp;
    if (n == 0) {
        *way = (struct dissect_way){.hops = m->hops, .giaddr = m->giaddr};
        if (d->link.has_hw)
            way->src_hw = d->link.src_hw;
        return true;
    }
    return m->hops == way->hops && m->giaddr == way->giaddr &&
           (!d->link.has_hw || hw_equal(&d->link.src_hw, &way->src_hw));
}

static void take_discover(struct dissect_exchange *e, const struct dissect *d)
{
    if (!is_from_client(d, &e->discover_way, e->n_discovers))
        return;
    if (e->n_discovers++ > 0)
        e->odd |= ODD_DISCOVER_AGAIN;
    e->requested_ns = 0; /* an attempt of its own */
}

static void take_request(const struct dissect_exchanges *x, struct dissect_exchange *e,
                         const struct dissect *d, int64_t now_ns, bool is_lost)
{
    const struct dhcp_msg *m = &d->dhcp;
    bool is_copy = !is_from_client(d, &e->request_way, e->n_requests);
    if (!is_copy && e->n_requests++ > 0)
        e->odd |= ODD_REQUEST_AGAIN;
    e->asked = m->ciaddr;
    dhcp_get_ip4(m, DHCP_OPT_REQUESTED_IP, &e->asked);
    if (!dhcp_get_ip4(m, DHCP_OPT_SERVER_ID, &e->server) && e->kind == EXCHANGE_RENEWAL)
        e->server = d->ip.dst;
    if (!is_copy && e->requested_ns == 0)
        e->requested_ns = now_ns;
    if (!is_copy && !is_lost)
        e->pending_ns = now_ns;
    if (e->kind == EXCHANGE_LEASE && !was_offered(e, e->asked))
        e->odd |= ODD_NOT_OFFERED;
    if (e->kind == EXCHANGE_RENEWAL || e->kind == EXCHANGE_REBINDING)
        judge_renewal(x, e, now_ns);
}

static void take_offer(struct dissect_exchange *e, const struct dissect *d, int64_t now_ns)
{
    struct dissect_offer offer = {d->ip.src, d->dhcp.yiaddr, now_ns};
    dhcp_get_ip4(&d->dhcp, DHCP_OPT_SERVER_ID, &offer.server);
    if (e->n_requests > 0)
        e->odd |= ODD_LATE_OFFER;
    for (unsigned i = 0; i < e->n_offers; i++) {
        if (e->offers[i].server == offer.server)
            return; /* sent again, or seen behind the relay too */
        if (e->offers[i].address == offer.address)
            e->odd |= ODD_SAME_OFFER;
    }
    if (now_ns - e->first_ns > s_ns && e->n_discovers == 1)
        e->odd |= ODD_SLOW;
    if (e->n_offers < EXCHANGE_OFFERS_MAX)
        e->offers[e->n_offers++] = offer;
}

/* RFC 2131 4.4.5: "T1 defaults to (0.5 * duration_of_lease). T2 defaults to (0.875 * duration_of_lease)." */
static void take_times(struct dissect_exchange *e, const struct dhcp_msg *m)
{
    e->has_lease = dhcp_get_u32(m, DHCP_OPT_LEASE_TIME, &e->lease_s);
    if (!e->has_lease)
        return;
    e->t1_s = e->lease_s == LEASE_INFINITE ? LEASE_INFINITE : e->lease_s / 2;
    e->t2_s = e->lease_s == LEASE_INFINITE ? LEASE_INFINITE : (uint32_t)((uint64_t)e->lease_s * 7 / 8);
    dhcp_get_u32(m, DHCP_OPT_T1, &e->t1_s);
    dhcp_get_u32(m, DHCP_OPT_T2, &e->t2_s);
}

static void judge_ack(const struct dissect_exchanges *x, struct dissect_exchange *e)
{
    const struct dissect_exchange *before = lease_before(x, e);
    if (e->asked != 0 && e->address != 0 && e->address != e->asked)
        e->odd |= ODD_OTHER_ADDRESS;
    if (before == NULL || !e->has_lease || e->address != before->address || e->lease_s == LEASE_INFINITE)
        return;
    if (before->lease_s == LEASE_INFINITE ||
        dissect_exchange_lease_ns(e) + (int64_t)e->lease_s * s_ns <
            dissect_exchange_lease_ns(before) + (int64_t)before->lease_s * s_ns)
        e->odd |= ODD_SHORTER;
}

static void take_answer(const struct dissect_exchanges *x, struct dissect_exchange *e,
                        const struct dissect *d, int64_t now_ns)
{
    enum dissect_outcome outcome = d->dhcp.type == DHCP_ACK ? OUTCOME_ACK : OUTCOME_NAK;
    ip4 server = d->ip.src;
    dhcp_get_ip4(&d->dhcp, DHCP_OPT_SERVER_ID, &server);
    /* A REQUEST that is sent again after its answer shows that the client has not got that. */
    if (e->outcome != OUTCOME_OPEN && e->n_requests == e->n_answered) {
        if (e->outcome != outcome || e->server != server)
            e->odd |= ODD_TWO_ANSWERS;
        return;
    }
    e->n_answered = e->n_requests;
    e->request_ns = e->pending_ns;
    if (e->server != 0 && e->server != server)
        e->odd |= ODD_OTHER_SERVER;
    if (e->request_ns != 0 && now_ns - e->request_ns > s_ns)
        e->odd |= ODD_SLOW;
    e->outcome = outcome;
    e->server = server;
    e->answer_ns = now_ns;
    if (outcome == OUTCOME_NAK)
        return;
    e->address = d->dhcp.yiaddr != 0 ? d->dhcp.yiaddr : d->dhcp.ciaddr;
    take_times(e, &d->dhcp);
    judge_ack(x, e);
}

static void take_notice(struct dissect_exchange *e, const struct dhcp_msg *m)
{
    e->outcome = OUTCOME_NONE_NEEDED;
    e->address = m->ciaddr;
    dhcp_get_ip4(m, DHCP_OPT_REQUESTED_IP, &e->address);
    dhcp_get_ip4(m, DHCP_OPT_SERVER_ID, &e->server);
}

const struct dissect_exchange *dissect_exchanges_add(struct dissect_exchanges *x, const struct dissect *d,
                                                     uint64_t number, int64_t now_ns, bool is_lost)
{
    const struct dhcp_msg *m = &d->dhcp;
    struct dissect_exchange *e = find(x, d, number, now_ns);
    if (e == NULL) {
        x->left_out++;
        return NULL;
    }
    e->last_packet = number;
    e->last_ns = now_ns;
    e->n_messages++;
    switch (m->type) {
    case DHCP_DISCOVER:
        take_discover(e, d);
        break;
    case DHCP_REQUEST:
        take_request(x, e, d, now_ns, is_lost);
        break;
    case DHCP_OFFER:
        if (!is_lost)
            take_offer(e, d, now_ns);
        break;
    case DHCP_ACK:
    case DHCP_NAK:
        if (!is_lost)
            take_answer(x, e, d, now_ns);
        break;
    case DHCP_INFORM:
        if (!is_lost)
            e->pending_ns = now_ns;
        e->asked = m->ciaddr;
        break;
    case DHCP_RELEASE:
    case DHCP_DECLINE:
        take_notice(e, m);
        break;
    default: /* of the rest only lease queries have an outcome that we know */
        if (is_lease_answer(m->type) && !is_lost)
            e->outcome = OUTCOME_ANSWERED;
        break;
    }
    return e;
}
