#include "lab/explain_relate.h"

#include <stdio.h>
#include <stdlib.h>

#include "lab/explain_exchange.h"
#include "lab/explain_twin.h"

enum { NS_PER_S = 1000000000 };

struct explain_relate {
    struct dissect_reasm *reasm;
    struct dissect_conns *conns;
    struct dissect_exchanges *exchanges;
    struct dissect_reasm_answer fragment;
    struct dissect_conn_answer segment;
    struct explain_twins twins;
};

struct explain_relate *explain_relate_new(void)
{
    struct explain_relate *r = calloc(1, sizeof *r);
    if (r == NULL)
        return NULL;
    r->reasm = dissect_reasm_new(&dissect_reasm_default);
    r->conns = dissect_conns_new();
    r->exchanges = dissect_exchanges_new();
    if (r->reasm != NULL && r->conns != NULL && r->exchanges != NULL)
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
    snprintf(note, EXPLAIN_RELATION_NOTE_LEN, "connection %u, relative seq %u ack %u%s%s; %s, %s", a->number,
             a->seq, a->ack, text[0] != '\0' ? "; " : "", text, dissect_conn_state_name(a->sender),
             dissect_conn_state_name(a->receiver));
}

void explain_relate_packet(struct explain_relate *r, const struct explain_packet *packet, struct dissect *d,
                           struct explain_relation *out)
{
    *out = (struct explain_relation){.twin = explain_twin_find(&r->twins, packet)};
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
    if (d->has_dhcp) {
        out->exchange = dissect_exchanges_add(r->exchanges, d, packet->number, packet->time_ns);
        if (out->exchange != NULL)
            explain_exchange_note(out->exchange, out->note);
    }
    if (d->tcp.found) {
        dissect_conns_step(r->conns, d, &r->segment);
        dissect_conns_show(d, &r->segment);
        out->segment = &r->segment;
        note_segment(&r->segment, out->note);
    }
}

void explain_relate_tell_limits(const struct explain_relate *r)
{
    const struct dissect_reasm_counts *counts = dissect_reasm_counts(r->reasm);
    if (counts->expired > 0)
        fprintf(stderr, "dhcplab: of %llu datagrams fragments were missing for longer than %d s\n",
                (unsigned long long)counts->expired, (int)(dissect_reasm_default.time_ns / NS_PER_S));
    if (counts->evicted > 0)
        fprintf(stderr, "dhcplab: %llu datagrams were given up: more than %zu in fragments at a time\n",
                (unsigned long long)counts->evicted, dissect_reasm_default.datagrams);
}
