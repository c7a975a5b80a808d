#include "lab/replay_read.h"

#include <stdlib.h>

#include "common/dissect.h"
#include "common/dissect_reasm.h"
#include "common/err.h"
#include "lab/explain_read.h"

struct reading {
    struct dissect dissect;
    struct dissect_reasm *reasm;
    struct replay_plan *plan;
};

/* A fragment that completes its datagram is that datagram. */
static void put_together(struct reading *r, const struct explain_packet *packet)
{
    struct dissect_reasm_answer answer;
    if (!dissect_reasm_is_fragment(&r->dissect))
        return;
    dissect_reasm_add(r->reasm, &r->dissect, packet->time_ns, &answer);
    if (answer.status == DISSECT_REASM_WHOLE)
        dissect_datagram(&r->dissect, answer.bytes, answer.total);
}

static int take_packet(struct reading *r, const struct explain_packet *packet)
{
    const struct dissect *d = &r->dissect;
    const uint8_t *bytes = d->payload_source == DISSECT_CAPTURED ? d->bytes : d->datagram;
    if (!d->has_dhcp)
        return 0;
    if (d->ip.cut) {
        r->plan->n_unreadable++;
        return 0;
    }
    return replay_plan_add(r->plan, &(struct replay_datagram){.number = packet->number,
                                                              .time_ns = packet->time_ns,
                                                              .src = d->ip.src,
                                                              .dst = d->ip.dst,
                                                              .bytes = bytes + d->udp.payload_at,
                                                              .len = d->udp.payload_len});
}

static int read_packets(struct reading *r, struct explain_reader *reader)
{
    struct explain_packet packet;
    bool failed = false;
    int rc = 0;
    dissect_init(&r->dissect, NULL);
    while (rc == 0 && explain_reader_next(reader, &packet, &failed)) {
        dissect_packet(&r->dissect, explain_reader_linktype(reader), packet.bytes, packet.len);
        put_together(r, &packet);
        rc = take_packet(r, &packet);
    }
    return failed ? ERR_INVALID : rc;
}

int replay_read(const char *path, struct replay_plan *out)
{
    struct explain_reader *reader = explain_reader_new(path);
    if (reader == NULL)
        return ERR_INVALID;
    struct reading *r = calloc(1, sizeof *r);
    int rc = ERR_NOMEM;
    if (r != NULL && (r->reasm = dissect_reasm_new(&dissect_reasm_default)) != NULL) {
        r->plan = out;
        rc = read_packets(r, reader);
        replay_plan_choose(out);
        dissect_reasm_free(r->reasm);
    }
    free(r);
    explain_reader_free(reader);
    return rc;
}
