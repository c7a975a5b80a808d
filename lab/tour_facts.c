#include "lab/tour_facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/dhcp_proto.h"
#include "common/err.h"
#include "common/wire.h"
#include "lab/explain_print.h"
#include "lab/explain_read.h"
#include "lab/explain_relate.h"
#include "lab/explain_teach.h"
#include "lab/view.h"

enum { PACKETS_MAX = 4096, LINE_LEN = 1024, ECHO_REPLY = 0, ECHO = 8 };

/* ---- one packet ---- */

static const char *keep(struct tour_facts *f, const char *text)
{
    char *copy = arena_alloc(&f->arena, strlen(text) + 1);
    return copy != NULL ? strcpy(copy, text) : "";
}

/* As `dhcplab explain` prints it. */
static const char *keep_line(struct tour_facts *f, const struct explain_packet *packet,
                             const struct dissect *d, const char *note)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    if (out == NULL)
        return "";
    explain_print_line(out, packet, d, note, view_color(), 0);
    const char *kept = fclose(out) == 0 ? keep(f, text) : "";
    free(text);
    return kept;
}

static const char *keep_checksum(struct tour_facts *f, const struct dissect *d,
                                 const struct explain_relation *relation)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    if (out == NULL)
        return "";
    explain_teach(out, d, relation);
    const char *kept = fclose(out) == 0 ? keep(f, text) : "";
    free(text);
    return kept;
}

static void take_message(const struct dhcp_msg *m, struct tour_message *out)
{
    *out = (struct tour_message){
        .type = m->type, .xid = m->xid, .ciaddr = m->ciaddr, .yiaddr = m->yiaddr, .giaddr = m->giaddr};
    dhcp_get_ip4(m, DHCP_OPT_SERVER_ID, &out->server);
    dhcp_get_ip4(m, DHCP_OPT_REQUESTED_IP, &out->requested);
    dhcp_get_ip4_first(m, DHCP_OPT_ROUTERS, &out->router);
    dhcp_get_ip4(m, DHCP_OPT_SUBNET_MASK, &out->mask);
    dhcp_get_u32(m, DHCP_OPT_LEASE_TIME, &out->lease_s);
    dhcp_get_u32(m, DHCP_OPT_T1, &out->t1_s);
    dhcp_get_u32(m, DHCP_OPT_T2, &out->t2_s);
}

static enum tour_step step_of(int64_t time_ns, const int64_t marks[TOUR_STEPS])
{
    int step = TOUR_STEPS - 1;
    while (step > 0 && time_ns < marks[step])
        step--;
    return (enum tour_step)step;
}

static void take_packet(struct tour_facts *f, const struct explain_packet *packet, const struct dissect *d,
                        const struct explain_relation *relation)
{
    char summary[LINE_LEN];
    const uint8_t *bytes = d->payload_source == DISSECT_CAPTURED ? d->bytes : d->datagram;
    struct tour_packet *p = &f->packets[f->n++];
    dissect_summary(d, summary, sizeof summary);
    *p = (struct tour_packet){.number = packet->number,
                              .time_ns = packet->time_ns,
                              .len = packet->wire_len,
                              .line = keep_line(f, packet, d, relation->note),
                              .protocol = d->protocol,
                              .summary = keep(f, summary),
                              .note = keep(f, relation->note),
                              .comment = keep(f, packet->comment),
                              .n_warnings = d->n_warnings,
                              .link = d->link,
                              .arp = d->arp,
                              .ip = d->ip,
                              .icmp = d->icmp,
                              .udp = d->udp,
                              .tcp = d->tcp,
                              .http = keep(f, d->http)};
    if (d->icmp.found)
        p->icmp_checksum =
            wire_u16(bytes + (d->payload_source == DISSECT_CAPTURED ? d->ip.payload_at : 0) + 2);
    if (d->udp.found)
        p->udp_checksum = wire_u16(bytes + d->udp.at + 6);
    if (relation->fragment != NULL)
        p->fragment = *relation->fragment;
    if (relation->segment != NULL)
        p->segment = *relation->segment;
    if (d->has_dhcp)
        take_message(&d->dhcp, &p->dhcp);
    if (d->has_dhcp && d->dhcp.type == DHCP_DISCOVER && f->checksum == NULL)
        f->checksum = keep_checksum(f, d, relation);
}

/* ---- the ones that the exercises speak of ---- */

static bool is_type(const struct tour_packet *p, uint8_t type)
{
    return p->dhcp.type == type;
}

static bool is_release(const struct tour_facts *f, const struct tour_packet *p)
{
    (void)f;
    return is_type(p, DHCP_RELEASE);
}

static bool is_discover(const struct tour_facts *f, const struct tour_packet *p)
{
    (void)f;
    return is_type(p, DHCP_DISCOVER);
}

static bool is_offer(const struct tour_facts *f, const struct tour_packet *p)
{
    return is_type(p, DHCP_OFFER) && f->discover != NULL && p->dhcp.xid == f->discover->dhcp.xid;
}

static bool is_request(const struct tour_facts *f, const struct tour_packet *p)
{
    return is_type(p, DHCP_REQUEST) && f->offer != NULL && p->dhcp.xid == f->offer->dhcp.xid;
}

static bool is_ack(const struct tour_facts *f, const struct tour_packet *p)
{
    return is_type(p, DHCP_ACK) && f->request != NULL && p->dhcp.xid == f->request->dhcp.xid;
}

static bool is_renewal(const struct tour_facts *f, const struct tour_packet *p)
{
    return is_type(p, DHCP_REQUEST) && f->ack != NULL && p->dhcp.ciaddr == f->ack->dhcp.yiaddr;
}

static bool is_renewal_ack(const struct tour_facts *f, const struct tour_packet *p)
{
    return is_type(p, DHCP_ACK) && f->renewal != NULL && p->dhcp.xid == f->renewal->dhcp.xid;
}

static bool is_arp_request(const struct tour_facts *f, const struct tour_packet *p)
{
    (void)f;
    return p->arp.found && p->arp.kind == DISSECT_ARP_REQUEST;
}

static bool is_arp_reply(const struct tour_facts *f, const struct tour_packet *p)
{
    return p->arp.found && p->arp.kind == DISSECT_ARP_REPLY && f->arp_request != NULL &&
           p->arp.sender == f->arp_request->arp.target;
}

static bool is_icmp(const struct tour_packet *p, uint8_t type)
{
    return p->icmp.found && p->icmp.type == type;
}

static bool is_echo(const struct tour_facts *f, const struct tour_packet *p)
{
    (void)f;
    return is_icmp(p, ECHO);
}

static bool is_answer(const struct tour_packet *request, const struct tour_packet *p)
{
    return is_icmp(p, ECHO_REPLY) && request != NULL && p->icmp.id == request->icmp.id &&
           p->icmp.seq == request->icmp.seq;
}

static bool is_echo_reply(const struct tour_facts *f, const struct tour_packet *p)
{
    return is_answer(f->echo, p);
}

static bool is_big_echo(const struct tour_facts *f, const struct tour_packet *p)
{
    (void)f;
    return is_icmp(p, ECHO) && p->fragment.n_fragments > 1;
}

static bool is_big_reply(const struct tour_facts *f, const struct tour_packet *p)
{
    return is_answer(f->big_echo, p) && p->fragment.n_fragments > 1;
}

static bool is_event(const struct tour_packet *p, enum dissect_conn_event event)
{
    return p->segment.number != 0 && p->segment.event == event;
}

static bool is_syn(const struct tour_facts *f, const struct tour_packet *p)
{
    (void)f;
    return is_event(p, CONN_SYN);
}

static bool is_syn_ack(const struct tour_facts *f, const struct tour_packet *p)
{
    (void)f;
    return is_event(p, CONN_SYN_ACK);
}

static bool is_opened(const struct tour_facts *f, const struct tour_packet *p)
{
    (void)f;
    return is_event(p, CONN_OPENED);
}

static bool is_get(const struct tour_facts *f, const struct tour_packet *p)
{
    (void)f;
    return strncmp(p->http, "GET ", 4) == 0;
}

static bool is_status(const struct tour_facts *f, const struct tour_packet *p)
{
    (void)f;
    return strncmp(p->http, "HTTP/", 5) == 0;
}

static bool is_first_fin(const struct tour_facts *f, const struct tour_packet *p)
{
    (void)f;
    return is_event(p, CONN_HALF_CLOSED);
}

static bool is_second_fin(const struct tour_facts *f, const struct tour_packet *p)
{
    (void)f;
    return is_event(p, CONN_BOTH_CLOSED);
}

static bool is_done(const struct tour_facts *f, const struct tour_packet *p)
{
    (void)f;
    return is_event(p, CONN_DONE);
}

/* The first one of its step from `from` on. */
static const struct tour_packet *find(const struct tour_facts *f, size_t *from, enum tour_step step,
                                      bool (*is_it)(const struct tour_facts *f, const struct tour_packet *p))
{
    for (size_t i = *from; i < f->n; i++) {
        if (f->packets[i].step == step && is_it(f, &f->packets[i])) {
            *from = i + 1;
            return &f->packets[i];
        }
    }
    return NULL;
}

static void find_all(struct tour_facts *f)
{
    size_t from = 0;
#define X(name, step, what) f->name = find(f, &from, step, is_##name);
    TOUR_FOUND_MAP(X)
#undef X
}

const char *tour_facts_missing(const struct tour_facts *f)
{
#define X(name, step, what)                                                                                  \
    if (f->name == NULL)                                                                                     \
        return what;
    TOUR_FOUND_MAP(X)
#undef X
    return f->checksum == NULL ? "UDP datagram" : NULL;
}

/* ---- all packets ---- */

static bool read_packets(struct tour_facts *f, struct explain_reader *reader, struct explain_relate *relate,
                         const int64_t marks[TOUR_STEPS])
{
    static struct dissect d; /* static: too large for a small stack */
    struct explain_packet packet;
    struct explain_relation relation;
    bool failed = false;
    dissect_init(&d, NULL);
    while (f->n < PACKETS_MAX && explain_reader_next(reader, &packet, &failed)) {
        dissect_packet(&d, explain_reader_linktype(reader), packet.bytes, packet.len);
        explain_relate_packet(relate, &packet, &d, &relation);
        take_packet(f, &packet, &d, &relation);
        f->packets[f->n - 1].step = step_of(packet.time_ns, marks);
    }
    return !failed;
}

int tour_facts_read(struct tour_facts *f, const char *path, const int64_t marks[TOUR_STEPS])
{
    *f = (struct tour_facts){0};
    arena_init(&f->arena);
    f->packets = calloc(PACKETS_MAX, sizeof *f->packets);
    struct explain_limits limits;
    explain_limits_init(&limits);
    struct explain_relate *relate = explain_relate_new(&limits);
    struct explain_reader *reader = explain_reader_new(path);
    int rc = f->packets == NULL || relate == NULL ? ERR_NOMEM : reader == NULL ? ERR_IO : 0;
    if (rc == 0 && !read_packets(f, reader, relate, marks))
        rc = ERR_IO;
    if (rc == ERR_NOMEM)
        fprintf(stderr, "dhcplab: out of memory\n");
    explain_relate_free(relate);
    if (reader != NULL)
        explain_reader_free(reader);
    if (rc == 0)
        find_all(f);
    return rc;
}

void tour_facts_fini(struct tour_facts *f)
{
    free(f->packets);
    arena_fini(&f->arena);
}
