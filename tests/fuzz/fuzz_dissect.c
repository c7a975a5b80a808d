/* Any bytes as a captured packet: the first octet picks the link type. The tree is whole, every field lies in
 * the packet, its text can be shown; with and without a tree the same is found. The same bytes are then read
 * as several raw packets, each with an octet of length in front, whose fragments and segments are followed.
 */
#include <assert.h>
#include <string.h>

#include "common/dissect.h"
#include "common/dissect_claims.h"
#include "common/dissect_conn.h"
#include "common/dissect_exchange.h"
#include "common/dissect_reasm.h"
#include "tests/fuzz/fuzz.h"

enum { DEPTH_MAX = 16 };

static void check_text(const char *text, size_t len)
{
    assert(strlen(text) == len);
    for (const char *p = text; *p != '\0'; p++)
        assert((unsigned char)*p >= ' ' && *p != 0x7f);
}

static void check_fields(const struct dissect *d, const struct dissect_field *f, unsigned depth)
{
    assert(depth < DEPTH_MAX);
    for (; f != NULL; f = f->next) {
        assert(f->name != NULL && f->value != NULL);
        check_text(f->value, f->value_len);
        if (f->meaning != NULL)
            check_text(f->meaning, f->meaning_len);
        size_t len = f->source == DISSECT_CAPTURED ? d->len : d->datagram_len;
        assert(f->len == 0 || (f->offset <= len && f->len <= len - f->offset));
        check_fields(d, f->first, depth + 1);
    }
}

static void check(struct arena *arena, int linktype, const uint8_t *data, size_t size)
{
    static struct dissect with, without;
    char line[256];
    dissect_init(&with, arena);
    dissect_packet(&with, linktype, data, size);
    check_fields(&with, with.tree, 0);
    check_text(line, dissect_summary(&with, line, sizeof line));
    dissect_init(&without, NULL);
    dissect_packet(&without, linktype, data, size);
    assert(strcmp(with.protocol, without.protocol) == 0);
    assert(with.n_warnings == without.n_warnings);
    assert(with.has_dhcp == without.has_dhcp && with.tcp.found == without.tcp.found);
    if (with.ip.found && (with.ip.offset != 0 || with.ip.more)) {
        dissect_datagram(&with, data, size);
        check_fields(&with, with.tree, 0);
    }
    arena_reset(arena);
}

/* What goes on from one packet to the next, all of it small. */
struct memory {
    struct dissect_reasm *reasm;
    struct dissect_conns *conns;
    struct dissect_claims *claims;
    struct dissect_exchanges *exchanges;
};

static void follow(struct arena *arena, const struct memory *m, const uint8_t *bytes, size_t len,
                   int64_t now_ns)
{
    static struct dissect d;
    struct dissect_reasm_answer fragment;
    struct dissect_conn_answer segment;
    struct dissect_claim_answer claim;
    bool is_raw = len == 0 || bytes[0] >> 4 == 4;
    dissect_init(&d, arena);
    dissect_packet(&d, is_raw ? DISSECT_LINK_RAW : DISSECT_LINK_ETHERNET, bytes, len);
    if (dissect_reasm_is_fragment(&d)) {
        dissect_reasm_add(m->reasm, &d, now_ns, &fragment);
        if (fragment.status == DISSECT_REASM_WHOLE)
            dissect_datagram(&d, fragment.bytes, fragment.total);
    }
    dissect_claims_step(m->claims, &d, now_ns, &claim);
    dissect_claims_show(&d, &claim);
    if (d.has_dhcp)
        dissect_exchanges_add(m->exchanges, &d, (uint64_t)now_ns, now_ns, now_ns % 3 == 0);
    if (d.tcp.found) {
        dissect_conns_step(m->conns, &d, &segment);
        assert(dissect_conn_event_text(segment.event) != NULL);
        for (unsigned i = 0; i < segment.http.n; i++)
            check_text(segment.http.lines[i].text, strlen(segment.http.lines[i].text));
        dissect_conns_show(&d, &segment);
    }
    check_fields(&d, d.tree, 0);
    arena_reset(arena);
}

static void follow_all(struct arena *arena, const uint8_t *data, size_t size)
{
    const struct dissect_reasm_limits limits = {.datagrams = 3, .octets = 20000, .time_ns = 5};
    const struct memory m = {dissect_reasm_new(&limits), dissect_conns_new(8), dissect_claims_new(4),
                             dissect_exchanges_new(3)};
    assert(m.reasm != NULL && m.conns != NULL && m.claims != NULL && m.exchanges != NULL);
    int64_t now_ns = 0;
    for (size_t at = 0; at < size; now_ns++) {
        size_t len = data[at++];
        len = len < size - at ? len : size - at;
        follow(arena, &m, data + at, len, now_ns);
        at += len;
    }
    dissect_reasm_free(m.reasm);
    dissect_conns_free(m.conns);
    dissect_claims_free(m.claims);
    dissect_exchanges_free(m.exchanges);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int types[] = {DISSECT_LINK_ETHERNET, DISSECT_LINK_NULL, DISSECT_LINK_RAW,
                                DISSECT_LINK_SLL,      DISSECT_LINK_SLL2, DISSECT_LINK_LOOP};
    struct arena arena;
    if (size == 0)
        return 0;
    arena_init(&arena);
    check(&arena, types[data[0] % (sizeof types / sizeof types[0])], data + 1, size - 1);
    follow_all(&arena, data, size);
    arena_fini(&arena);
    return 0;
}
