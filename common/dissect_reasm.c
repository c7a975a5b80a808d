#include "common/dissect_reasm.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    UNIT = 8, /* RFC 791 3.1: "The fragment offset is measured in units of 8 octets" */
    PAYLOAD_MAX = 65535,
    UNITS_MAX = PAYLOAD_MAX / UNIT + 1,
};

const struct dissect_reasm_limits dissect_reasm_default = {
    .datagrams = 64,
    .octets = 4 << 20,
    .time_ns = INT64_C(60) * 1000000000,
};

struct datagram {
    bool used;
    ip4 src, dst;
    uint16_t id;
    uint8_t protocol;
    int64_t first_ns;
    unsigned n_fragments;
    size_t total; /* 0: not known yet */
    size_t octets;
    uint8_t *bytes;
    size_t cap;
    uint8_t there[(UNITS_MAX + 7) / 8]; /* bit per unit */
};

struct dissect_reasm {
    struct dissect_reasm_limits limits;
    struct dissect_reasm_counts counts;
    size_t octets;          /* of all buffers */
    struct datagram *whole; /* handed out by the last call */
    struct datagram rows[];
};

struct dissect_reasm *dissect_reasm_new(const struct dissect_reasm_limits *limits)
{
    struct dissect_reasm *r = calloc(1, sizeof *r + limits->datagrams * sizeof r->rows[0]);
    if (r != NULL)
        r->limits = *limits;
    return r;
}

static void drop(struct dissect_reasm *r, struct datagram *g)
{
    r->octets -= g->cap;
    free(g->bytes);
    *g = (struct datagram){0};
}

void dissect_reasm_free(struct dissect_reasm *r)
{
    for (size_t i = 0; r != NULL && i < r->limits.datagrams; i++)
        free(r->rows[i].bytes);
    free(r);
}

bool dissect_reasm_is_fragment(const struct dissect *d)
{
    return d->ip.found && (d->ip.offset != 0 || d->ip.more);
}

const struct dissect_reasm_counts *dissect_reasm_counts(const struct dissect_reasm *r)
{
    return &r->counts;
}

static void expire(struct dissect_reasm *r, int64_t now_ns)
{
    for (size_t i = 0; i < r->limits.datagrams; i++) {
        struct datagram *g = &r->rows[i];
        if (g->used && now_ns - g->first_ns > r->limits.time_ns) {
            drop(r, g);
            r->counts.expired++;
        }
    }
}

/* Makes room by the oldest but `keep`; false if there is no other. */
static bool evict(struct dissect_reasm *r, const struct datagram *keep)
{
    struct datagram *oldest = NULL;
    for (size_t i = 0; i < r->limits.datagrams; i++) {
        struct datagram *g = &r->rows[i];
        if (g->used && g != keep && (oldest == NULL || g->first_ns < oldest->first_ns))
            oldest = g;
    }
    if (oldest == NULL)
        return false;
    drop(r, oldest);
    r->counts.evicted++;
    return true;
}

/* RFC 791 3.2: "the internet identification field, source and destination addresses, and protocol" are those
 * of one datagram. */
static struct datagram *find(struct dissect_reasm *r, const struct dissect_ip *ip, int64_t now_ns)
{
    struct datagram *unused = NULL;
    for (size_t i = 0; i < r->limits.datagrams; i++) {
        struct datagram *g = &r->rows[i];
        if (g->used && g->src == ip->src && g->dst == ip->dst && g->id == ip->id &&
            g->protocol == ip->protocol)
            return g;
        if (!g->used)
            unused = g;
    }
    if (unused == NULL)
        return evict(r, NULL) ? find(r, ip, now_ns) : NULL;
    *unused = (struct datagram){.used = true,
                                .src = ip->src,
                                .dst = ip->dst,
                                .id = ip->id,
                                .protocol = ip->protocol,
                                .first_ns = now_ns};
    return unused;
}

static bool grow(struct dissect_reasm *r, struct datagram *g, size_t need)
{
    if (need <= g->cap)
        return true;
    size_t cap = need < 4096 ? 4096 : need * 2 < PAYLOAD_MAX ? need * 2 : PAYLOAD_MAX;
    while (r->octets - g->cap + cap > r->limits.octets)
        if (!evict(r, g))
            return false;
    uint8_t *bytes = realloc(g->bytes, cap);
    if (bytes == NULL)
        return false;
    r->octets += cap - g->cap;
    g->bytes = bytes;
    g->cap = cap;
    return true;
}

static bool is_there(const struct datagram *g, size_t unit)
{
    return g->there[unit / 8] >> unit % 8 & 1;
}

/* Copies the units that are not there yet. */
static void fill_in(struct datagram *g, const uint8_t *bytes, size_t at, size_t len, bool *out_overlap)
{
    assert(g->bytes != NULL); /* it has grown to hold them */
    for (size_t i = 0; i < len; i += UNIT) {
        size_t unit = (at + i) / UNIT, n = len - i < UNIT ? len - i : UNIT;
        if (is_there(g, unit)) {
            *out_overlap = true;
            continue;
        }
        g->there[unit / 8] |= (uint8_t)(1U << unit % 8);
        memcpy(g->bytes + at + i, bytes + i, n);
        g->octets += n;
    }
}

/* A fragment that can be used: whole, not empty, a multiple of 8 octets unless it is the last, within the
 * datagram. */
static bool is_usable(const struct dissect_ip *ip, const struct datagram *g)
{
    size_t end = (size_t)ip->offset + ip->payload_len;
    if (ip->cut || ip->payload_len == 0 || end > PAYLOAD_MAX || (ip->more && ip->payload_len % UNIT != 0))
        return false;
    if (g->total != 0)
        return end <= g->total && (ip->more || end == g->total);
    return ip->more || g->octets <= end;
}

void dissect_reasm_add(struct dissect_reasm *r, const struct dissect *d, int64_t now_ns,
                       struct dissect_reasm_answer *out)
{
    const struct dissect_ip *ip = &d->ip;
    *out = (struct dissect_reasm_answer){.status = DISSECT_REASM_REFUSED};
    if (r->whole != NULL)
        drop(r, r->whole);
    r->whole = NULL;
    r->counts.fragments++;
    expire(r, now_ns);
    struct datagram *g = find(r, ip, now_ns);
    size_t end = (size_t)ip->offset + ip->payload_len;
    if (g == NULL || !is_usable(ip, g) || !grow(r, g, end)) {
        r->counts.refused++;
        if (g != NULL && g->n_fragments == 0)
            drop(r, g);
        return;
    }
    fill_in(g, d->bytes + ip->payload_at, ip->offset, ip->payload_len, &out->overlap);
    r->counts.overlaps += out->overlap;
    g->n_fragments++;
    if (!ip->more)
        g->total = end;
    *out = (struct dissect_reasm_answer){DISSECT_REASM_KEPT, g->n_fragments, g->octets,
                                         g->total,           out->overlap,   NULL};
    if (g->total == 0 || g->octets < g->total)
        return;
    r->whole = g;
    r->counts.datagrams++;
    out->status = DISSECT_REASM_WHOLE;
    out->bytes = g->bytes;
}
