#include "lab/explain_relate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/number.h"
#include "common/text_format.h"
#include "lab/explain_exchange.h"
#include "lab/explain_print.h"
#include "lab/explain_twin.h"

enum { NS_PER_S = 1000000000, LIMIT_MAX = 10000000 };

void explain_limits_init(struct explain_limits *l)
{
    *l = (struct explain_limits){.fragments = dissect_reasm_default,
                                 .connections = DISSECT_CONNS_DEFAULT,
                                 .exchanges = DISSECT_EXCHANGES_DEFAULT,
                                 .pictures = EXPLAIN_PICTURES_DEFAULT,
                                 .addresses = DISSECT_CLAIMS_DEFAULT};
}

bool explain_limits_parse(const char *text, struct explain_limits *l)
{
    const struct {
        const char *name;
        size_t *value;
    } rows[] = {{"connections", &l->connections}, {"exchanges", &l->exchanges},
                {"addresses", &l->addresses},     {"datagrams", &l->fragments.datagrams},
                {"octets", &l->fragments.octets}, {"pictures", &l->pictures}};
    const char *equals = strchr(text, '=');
    for (size_t i = 0; equals != NULL && i < sizeof rows / sizeof rows[0]; i++) {
        size_t len = strlen(rows[i].name);
        if ((size_t)(equals - text) != len || memcmp(text, rows[i].name, len) != 0)
            continue;
        uint64_t value;
        if (!number_parse(equals + 1, 1, LIMIT_MAX, &value))
            return false;
        *rows[i].value = (size_t)value;
        return true;
    }
    return false;
}

struct explain_relate {
    struct explain_limits limits;
    struct dissect_reasm *reasm;
    struct dissect_conns *conns;
    struct dissect_exchanges *exchanges;
    struct dissect_claims *claims;
    struct dissect_reasm_answer fragment;
    struct dissect_conn_answer segment;
    struct explain_twins twins;
};

struct explain_relate *explain_relate_new(const struct explain_limits *limits)
{
    struct explain_relate *r = calloc(1, sizeof *r);
    if (r == NULL)
        return NULL;
    r->limits = *limits;
    r->reasm = dissect_reasm_new(&limits->fragments);
    r->conns = dissect_conns_new(limits->connections);
    r->exchanges = dissect_exchanges_new(limits->exchanges);
    r->claims = dissect_claims_new(limits->addresses);
    if (r->reasm != NULL && r->conns != NULL && r->exchanges != NULL && r->claims != NULL)
        return r;
    explain_relate_free(r);
    return NULL;
}

void explain_relate_free(struct explain_relate *r)
{
    if (r == NULL)
        return;
    dissect_reasm_free(r->reasm);
    dissect_conns_free(r->conns);
    dissect_exchanges_free(r->exchanges);
    dissect_claims_free(r->claims);
    free(r);
}

const struct dissect_exchanges *explain_relate_exchanges(const struct explain_relate *r)
{
    return r->exchanges;
}

static void note_fragment(const struct dissect_reasm_answer *a, char *note)
{
    const char *overlap = a->overlap ? ", overlaps another" : "";
    switch (a->status) {
    case DISSECT_REASM_KEPT:
        snprintf(note, EXPLAIN_RELATION_NOTE_LEN, "fragment %u, %zu octets so far%s", a->n_fragments,
                 a->octets, overlap);
        return;
    case DISSECT_REASM_WHOLE:
        snprintf(note, EXPLAIN_RELATION_NOTE_LEN, "fragment %u, the datagram is whole: %zu octets%s",
                 a->n_fragments, a->total, overlap);
        return;
    case DISSECT_REASM_REFUSED:
        snprintf(note, EXPLAIN_RELATION_NOTE_LEN, "does not fit the other fragments, or is cut");
        return;
    }
}

static void note_segment(const struct dissect_conn_answer *a, char *note)
{
    const char *text = dissect_conn_event_text(a->event);
    text_format_print(note, EXPLAIN_RELATION_NOTE_LEN, "connection %u, relative seq %u ack %u%s%s; %s, %s",
                      a->number, a->seq, a->ack, text[0] != '\0' ? "; " : "", text,
                      dissect_conn_state_name(a->sender), dissect_conn_state_name(a->receiver));
}

static void relate_claim(struct explain_relate *r, const struct explain_packet *packet, struct dissect *d,
                         struct explain_relation *out)
{
    struct dissect_claim_answer answer;
    char text[DISSECT_CLAIM_TEXT_LEN], time[EXPLAIN_TIME_LEN];
    dissect_claims_step(r->claims, d, packet->time_ns, &answer);
    out->claim = answer.event;
    if (answer.event == CLAIM_NOTHING)
        return;
    dissect_claims_show(d, &answer);
    explain_time(answer.other_ns, time);
    snprintf(out->note, sizeof out->note, "%s: at %.8s", dissect_claim_format(&answer, text),
             time + sizeof "2026-11-21T" - 1);
}

/* The request and status lines that the summary does not have: it has the first one. */
static void note_http(const struct dissect *d, const struct dissect_http_answer *http, char *note)
{
    size_t len = strlen(note);
    for (unsigned i = 0; i < http->n && len < EXPLAIN_RELATION_NOTE_LEN; i++)
        if (strcmp(http->lines[i].text, d->http) != 0)
            len += (size_t)snprintf(note + len, EXPLAIN_RELATION_NOTE_LEN - len, "; %s", http->lines[i].text);
    if (http->n_more > 0 && len < EXPLAIN_RELATION_NOTE_LEN)
        snprintf(note + len, EXPLAIN_RELATION_NOTE_LEN - len, "; and %u more", http->n_more);
}

void explain_relate_datagram(struct explain_relate *r, const struct explain_packet *packet, struct dissect *d,
                             struct explain_relation *out)
{
    *out = (struct explain_relation){
        .twin = packet->interface[0] != '\0' ? explain_twin_find(&r->twins, packet) : 0};
    if (out->twin != 0) {
        snprintf(out->note, sizeof out->note, "packet %llu, seen here", (unsigned long long)out->twin);
        return;
    }
    if (dissect_reasm_is_fragment(d)) {
        dissect_reasm_add(r->reasm, d, packet->time_ns, &r->fragment);
        out->fragment = &r->fragment;
        note_fragment(&r->fragment, out->note);
        if (r->fragment.status == DISSECT_REASM_WHOLE)
            dissect_datagram(d, r->fragment.bytes, r->fragment.total);
    }
}

/* What the lab's captures say of the frame: enum reason, REASON_LINK_LOSS, REASON_LINK_CUT and
 * REASON_LINK_SCRIPT. */
static bool is_lost(const struct explain_packet *packet)
{
    return strstr(packet->comment, "dropped: the wire ") != NULL;
}

static bool is_to_all(const struct dissect *d)
{
    static const uint8_t all[] = {255, 255, 255, 255, 255, 255};
    return d->link.dst_hw.len == sizeof all && memcmp(d->link.dst_hw.bytes, all, sizeof all) == 0;
}

void explain_relate_packet(struct explain_relate *r, const struct explain_packet *packet, struct dissect *d,
                           struct explain_relation *out)
{
    explain_relate_datagram(r, packet, d, out);
    if (out->twin != 0)
        return;
    relate_claim(r, packet, d, out);
    out->is_lost = is_lost(packet);
    if (d->has_dhcp) {
        out->exchange = dissect_exchanges_add(r->exchanges, d, packet->number, packet->time_ns,
                                              out->is_lost && !is_to_all(d));
        if (out->exchange != NULL)
            explain_exchange_note(out->exchange, out->note);
    }
    if (d->tcp.found) {
        dissect_conns_step(r->conns, d, &r->segment);
        dissect_conns_show(d, &r->segment);
        out->segment = &r->segment;
        note_segment(&r->segment, out->note);
        note_http(d, &r->segment.http, out->note);
    }
}

static void tell(uint64_t n, const char *what, size_t limit, const char *name)
{
    if (n > 0)
        fprintf(stderr, "dhcplab: %llu %s: more than %zu at a time (--limit %s=N)\n", (unsigned long long)n,
                what, limit, name);
}

void explain_relate_tell_limits(const struct explain_relate *r)
{
    const struct dissect_reasm_counts *counts = dissect_reasm_counts(r->reasm);
    const struct explain_limits *l = &r->limits;
    if (counts->expired > 0)
        fprintf(stderr, "dhcplab: of %llu datagrams fragments were missing for longer than %d s\n",
                (unsigned long long)counts->expired, (int)(l->fragments.time_ns / NS_PER_S));
    if (counts->evicted > 0)
        fprintf(stderr,
                "dhcplab: %llu datagrams in fragments were given up: more than %zu, or %zu octets, at a time "
                "(--limit "
                "datagrams=N, octets=N)\n",
                (unsigned long long)counts->evicted, l->fragments.datagrams, l->fragments.octets);
    tell(dissect_conns_forgotten(r->conns), "connections were forgotten before they were over",
         l->connections, "connections");
    tell(dissect_claims_forgotten(r->claims), "addresses were forgotten that somebody else may claim",
         l->addresses, "addresses");
}
