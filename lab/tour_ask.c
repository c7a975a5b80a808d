#include "lab/tour_ask.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/dhcp_proto.h"
#include "lab/explain_print.h"

enum {
    ANSWER_LEN = 2048,
    UDP_HEADER = 8,
    ICMP_HEADER = 8,
    IP_HEADER_MIN = 20,
    IP_TOTAL_MAX = 65535,
    NS_PER_S = 1000000000,
};

static void add(cJSON *list, const char *question, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void add(cJSON *list, const char *question, const char *format, ...)
{
    char answer[ANSWER_LEN];
    va_list args;
    va_start(args, format);
    vsnprintf(answer, sizeof answer, format, args);
    va_end(args);
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "question", question);
    cJSON_AddStringToObject(item, "answer", answer);
    cJSON_AddItemToArray(list, item);
}

/* Several texts in one sentence: each call has a place of its own. */
struct words {
    char text[8][CLOCK_SPAN_LEN > HW_LEN ? CLOCK_SPAN_LEN : HW_LEN];
    unsigned n;
};

static char *next_word(struct words *w)
{
    return w->text[w->n++ % (sizeof w->text / sizeof w->text[0])];
}

static const char *say_ip(struct words *w, ip4 addr)
{
    return ip4_format(addr, next_word(w));
}

static const char *say_hw(struct words *w, const struct hw_addr *hw)
{
    return hw_format(hw, next_word(w));
}

static const char *say_lease(struct words *w, uint32_t lease_s)
{
    char *buf = next_word(w);
    clock_span(lease_s, buf);
    return buf;
}

/* "12:30:00.000" */
static const char *say_time(struct words *w, int64_t time_ns)
{
    char whole[EXPLAIN_TIME_LEN], *buf = next_word(w);
    snprintf(buf, sizeof w->text[0], "%.12s", explain_time(time_ns, whole) + strlen("2026-11-21T"));
    return buf;
}

static unsigned long long number(const struct tour_packet *p)
{
    return p->number;
}

static double ms_between(const struct tour_packet *a, const struct tour_packet *b)
{
    return (double)(b->time_ns - a->time_ns) / 1e6;
}

static size_t payload_len(const struct tour_packet *p)
{
    return (size_t)p->ip.total_len - p->ip.header_len;
}

/* ---- DHCP ---- */

static void ask_ports(const struct tour_facts *f, cJSON *list)
{
    struct words w = {0};
    add(list, "Are DHCP messages sent over UDP or over TCP, and between which ports?",
        "Over UDP: protocol %u of the IP header. DISCOVER (packet %llu) goes from port %u, the client's, to "
        "port %u, "
        "the server's; OFFER (packet %llu) comes from port %u to port %u.",
        f->discover->ip.protocol, number(f->discover), f->discover->udp.sport, f->discover->udp.dport,
        number(f->offer), f->offer->udp.sport, f->offer->udp.dport);
    add(list, "What is the Ethernet address of the client?",
        "%s: the source address of the frame of DISCOVER, and the client's hardware address (chaddr) within "
        "the "
        "message.",
        say_hw(&w, &f->discover->link.src_hw));
}

static void ask_addresses(const struct tour_facts *f, cJSON *list)
{
    struct words w = {0};
    const struct tour_packet *const four[] = {f->discover, f->offer, f->request, f->ack};
    char text[ANSWER_LEN] = "";
    size_t at = 0;
    for (size_t i = 0; i < 4 && at < sizeof text; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%s from %s to %s", i > 0 ? "; " : "",
                               dhcp_type_name(four[i]->dhcp.type), say_ip(&w, four[i]->ip.src),
                               say_ip(&w, four[i]->ip.dst));
    add(list, "Which IP addresses do the four datagrams of the lease have?",
        "%s. Before it has an address, the client sends from %s, and to everybody, as it knows no server.",
        text, say_ip(&w, f->discover->ip.src));
    add(list, "What tells DISCOVER and REQUEST apart?",
        "Option 53, the message type: %u in DISCOVER, %u in REQUEST. REQUEST also names the chosen server "
        "(option 54: "
        "%s) and the address that it takes (option 50: %s).",
        f->discover->dhcp.type, f->request->dhcp.type, say_ip(&w, f->request->dhcp.server),
        say_ip(&w, f->request->dhcp.requested));
}

static void ask_transaction(const struct tour_facts *f, cJSON *list)
{
    add(list, "What is the transaction ID for?",
        "It pairs answers with questions where many clients ask at a time. The four messages of the lease "
        "have "
        "0x%08x; the renewal has another, 0x%08x, and RELEASE, which begins a transaction that nobody "
        "answers, "
        "0x%08x.",
        f->discover->dhcp.xid, f->renewal->dhcp.xid, f->release->dhcp.xid);
}

static void ask_offer(const struct tour_facts *f, cJSON *list)
{
    struct words w = {0};
    const struct tour_message *m = &f->offer->dhcp;
    add(list, "Which address does the server offer, which field has it, and how does the server name itself?",
        "%s, in yiaddr (\"your address\") of OFFER, packet %llu. The server is %s: option 54, the server "
        "identifier.",
        say_ip(&w, m->yiaddr), number(f->offer), say_ip(&w, m->server));
    add(list, "Is there a relay agent between client and server?",
        m->giaddr == 0 ? "No: giaddr is %s. A relay would have put its own address there."
                       : "Yes: giaddr is %s.",
        say_ip(&w, m->giaddr));
    add(list, "What are the router and the subnet mask in the message for?",
        "The mask %s (option 1) tells which addresses are on the client's own link; datagrams to all others "
        "go to the "
        "router, %s (option 3).",
        say_ip(&w, m->mask), say_ip(&w, m->router));
}

static void ask_lease(const struct tour_facts *f, cJSON *list)
{
    struct words w = {0};
    const struct tour_message *m = &f->ack->dhcp;
    int64_t start_ns = f->request->time_ns;
    add(list, "How long may the client use the address, and when does it ask for more time?",
        "Option 51 of ACK says %u seconds: %s. Counted from REQUEST at %s, the lease ends at %s. At T1, "
        "after %u s "
        "(%s), the client asks its server; without an answer, from T2 on, after %u s (%s), it asks "
        "everybody.",
        m->lease_s, say_lease(&w, m->lease_s), say_time(&w, start_ns),
        say_time(&w, start_ns + (int64_t)m->lease_s * NS_PER_S), m->t1_s,
        say_time(&w, start_ns + (int64_t)m->t1_s * NS_PER_S), m->t2_s,
        say_time(&w, start_ns + (int64_t)m->t2_s * NS_PER_S));
    add(list, "How does the renewal differ from the first lease?",
        "It has two messages instead of four: REQUEST from %s to %s directly (packet %llu), with the address "
        "in "
        "ciaddr and without options 50 and 54, and ACK (packet %llu), %.3f ms later. The four messages took "
        "%.3f ms.",
        say_ip(&w, f->renewal->ip.src), say_ip(&w, f->renewal->ip.dst), number(f->renewal),
        number(f->renewal_ack), ms_between(f->renewal, f->renewal_ack), ms_between(f->discover, f->ack));
    add(list, "What is RELEASE for, does the server acknowledge it, and what if it is lost?",
        "The client gives %s back before its time (packet %llu, to %s). There is no answer to it. If it is "
        "lost, the "
        "server keeps the address for the client until the lease ends, after %s.",
        say_ip(&w, f->release->dhcp.ciaddr), number(f->release), say_ip(&w, f->release->ip.dst),
        say_lease(&w, m->lease_s));
}

static void ask_arp_meanwhile(const struct tour_facts *f, cJSON *list)
{
    unsigned n = 0;
    for (size_t i = 0; i < f->n; i++)
        n += f->packets[i].step == TOUR_DHCP && f->packets[i].arp.found;
    add(list, "Were ARP packets exchanged meanwhile, and why?",
        n == 0 ? "%u: the hosts knew each other's hardware addresses."
               : "%u: RELEASE and the renewing REQUEST go to the server alone, whose hardware address has to "
                 "be known; "
                 "a broadcast needs none.",
        n);
}

void tour_ask_dhcp(const struct tour_facts *f, cJSON *list)
{
    ask_ports(f, list);
    ask_addresses(f, list);
    ask_transaction(f, list);
    ask_offer(f, list);
    ask_lease(f, list);
    ask_arp_meanwhile(f, list);
}

/* ---- ARP ---- */

void tour_ask_arp(const struct tour_facts *f, cJSON *list)
{
    struct words w = {0};
    const struct tour_packet *q = f->arp_request, *a = f->arp_reply;
    add(list, "Which Ethernet addresses does the frame with the ARP request have?",
        "From %s to %s: the asker does not know whom to ask.", say_hw(&w, &q->link.src_hw),
        say_hw(&w, &q->link.dst_hw));
    add(list, "Which EtherType do the frames have, and which operation codes?",
        "0x%04x, ARP. The operation is %d (request) in packet %llu and %d (reply) in packet %llu.",
        q->link.type, ARP_REQUEST, number(q), ARP_REPLY, number(a));
    add(list, "Where in the request is the question, and does it tell who asks?",
        "In the target's protocol address: %s. The target's hardware address is what is asked for, and is "
        "%s. The "
        "sender is there with both, %s and %s, so that the answerer need not ask back.",
        say_ip(&w, q->arp.target), say_hw(&w, &q->arp.target_hw), say_ip(&w, q->arp.sender),
        say_hw(&w, &q->arp.sender_hw));
    add(list, "What is the answer, and who gets it?",
        "%s is at %s. The frame goes to %s, the asker, alone, %.3f ms after the question.",
        say_ip(&w, a->arp.sender), say_hw(&w, &a->arp.sender_hw), say_hw(&w, &a->link.dst_hw),
        ms_between(q, a));
    add(list, "What does the host do with the answer?",
        "It keeps the pair in its ARP cache and sends the datagram that was waiting: packet %llu, the echo "
        "request, "
        "has the destination address %s.",
        number(f->echo), say_hw(&w, &f->echo->link.dst_hw));
}

/* ---- ICMP ---- */

void tour_ask_ping(const struct tour_facts *f, cJSON *list)
{
    struct words w = {0};
    const struct tour_packet *q = f->echo, *a = f->echo_reply;
    add(list, "Which addresses have the host that pings and the one that is pinged?",
        "%s pings %s; the IP header's protocol is %u, ICMP.", say_ip(&w, q->ip.src), say_ip(&w, q->ip.dst),
        q->ip.protocol);
    add(list, "Why does an ICMP packet have no port numbers?",
        "It is for the network layer of the host, not for one of its programs. Type and code say what it is: "
        "%u and "
        "%u for the echo request, %u and %u for the reply.",
        q->icmp.type, q->icmp.code, a->icmp.type, a->icmp.code);
    add(list, "Which other fields has the packet, and how long are they?",
        "Checksum 0x%04x, identifier %u and sequence number %u, of 2 octets each, and %zu octets of data. "
        "The reply "
        "has the same identifier, %u, the same number, %u, and the same data; only the type differs, and so "
        "the "
        "checksum: 0x%04x.",
        q->icmp_checksum, q->icmp.id, q->icmp.seq, payload_len(q) - ICMP_HEADER, a->icmp.id, a->icmp.seq,
        a->icmp_checksum);
    add(list, "How long does the datagram take there and back?",
        "%.3f ms from packet %llu to packet %llu. Its length is %u octets: %zu of IP header, %d of ICMP "
        "header, %zu of "
        "data.",
        ms_between(q, a), number(q), number(a), q->ip.total_len, q->ip.header_len, ICMP_HEADER,
        payload_len(q) - ICMP_HEADER);
}

/* ---- fragments ---- */

/* The fragments of the datagram that `last` completes, in one sentence: "0, 1480, ...". */
static void say_offsets(const struct tour_facts *f, const struct tour_packet *last, char *out, size_t cap)
{
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < f->n && at < cap; i++) {
        const struct tour_packet *p = &f->packets[i];
        if (p->step == last->step && p->ip.found && p->ip.id == last->ip.id && p->ip.src == last->ip.src)
            at += (size_t)snprintf(out + at, cap - at, "%s%u", at > 0 ? ", " : "", p->ip.offset);
    }
}

/* The first fragment; NULL cannot be: the last one was found. */
static const struct tour_packet *first_fragment(const struct tour_facts *f, const struct tour_packet *last)
{
    const struct tour_packet *p = f->packets;
    while (p != last && !(p->step == last->step && p->ip.found && p->ip.id == last->ip.id &&
                          p->ip.src == last->ip.src && p->ip.offset == 0))
        p++;
    return p;
}

void tour_ask_fragments(const struct tour_facts *f, cJSON *list)
{
    char offsets[256], reply_offsets[256];
    const struct tour_packet *last = f->big_echo, *first = first_fragment(f, last);
    size_t data = last->fragment.total - ICMP_HEADER, part = payload_len(first);
    say_offsets(f, last, offsets, sizeof offsets);
    say_offsets(f, f->big_reply, reply_offsets, sizeof reply_offsets);
    add(list, "Why was the datagram fragmented, and into how many?",
        "%zu octets of data and %d of ICMP header are %zu; with %zu of IP header a frame of the link takes "
        "%zu of "
        "them. %zu / %zu, rounded up, is %u.",
        data, ICMP_HEADER, last->fragment.total, first->ip.header_len, part, last->fragment.total, part,
        last->fragment.n_fragments);
    add(list, "Which fields of the header say that it is a fragment, and of which datagram?",
        "All have the identification 0x%04x. The flag \"more fragments\" is set in all but the last, packet "
        "%llu, and "
        "the offset is 0 in the first alone, packet %llu.",
        last->ip.id, number(last), number(first));
    add(list, "Which offsets do the fragments have, and how are they counted?",
        "%s octets. The header has them in units of 8: the second one has %zu, as %zu / 8 = %zu. That is why "
        "all "
        "but the last have a multiple of 8 octets.",
        offsets, part / 8, part, part / 8);
    add(list, "How long is the last one, and how long therefore the whole?",
        "Total length %u - %zu of header = %zu octets, which begin at %u: %u + %zu = %zu octets, %d of ICMP "
        "header "
        "and %zu of data.",
        last->ip.total_len, last->ip.header_len, payload_len(last), last->ip.offset, last->ip.offset,
        payload_len(last), last->fragment.total, ICMP_HEADER, data);
    add(list, "Which fields of the header change from one fragment to the next?",
        "The offset and the checksum; in the last one also the total length, %u instead of %u, and the flag.",
        last->ip.total_len, first->ip.total_len);
    add(list, "And the reply?", "Likewise: %u fragments with the offsets %s, of the identification 0x%04x.",
        f->big_reply->fragment.n_fragments, reply_offsets, f->big_reply->ip.id);
}

/* ---- UDP ---- */

void tour_ask_udp(const struct tour_facts *f, cJSON *list)
{
    const struct tour_packet *p = f->discover;
    add(list, "Which fields has the UDP header, and how long is each?",
        "Source port (%u), destination port (%u), length (%u), checksum (0x%04x): 2 octets each, %d in all.",
        p->udp.sport, p->udp.dport, p->udp.len, p->udp_checksum, UDP_HEADER);
    add(list, "Of what is \"length\" the length?",
        "Of header and data: %d + %u = %u; the IP datagram has %u = %zu + %u.", UDP_HEADER,
        (unsigned)p->udp.len - UDP_HEADER, p->udp.len, p->ip.total_len, p->ip.header_len, p->udp.len);
    add(list, "How many octets of data can a UDP datagram have at most?",
        "The length has 16 bits, and so has that of IP: %d - %d - %d = %d.", IP_TOTAL_MAX, IP_HEADER_MIN,
        UDP_HEADER, IP_TOTAL_MAX - IP_HEADER_MIN - UDP_HEADER);
    add(list, "Which is the number of UDP in the IP header?", "%u, hexadecimal 0x%02x.", p->ip.protocol,
        p->ip.protocol);
    add(list, "How do the ports of question and answer relate?",
        "They change places: %u to %u in packet %llu, %u to %u in packet %llu.", p->udp.sport, p->udp.dport,
        number(p), f->offer->udp.sport, f->offer->udp.dport, number(f->offer));
}

/* ---- TCP ---- */

static void ask_handshake(const struct tour_facts *f, cJSON *list)
{
    struct words w = {0};
    add(list, "Between which addresses and ports is the connection?",
        "From %s, port %u, which the system chose, to %s, port %u.", say_ip(&w, f->syn->ip.src),
        f->syn->tcp.sport, say_ip(&w, f->syn->ip.dst), f->syn->tcp.dport);
    add(list, "Which sequence number has the SYN, and what makes the segment one?",
        "%u, which counts as 0 from here on; the flag SYN is set (packet %llu).", f->syn->tcp.seq,
        number(f->syn));
    add(list, "Which numbers has the answer, and how does the server come to the acknowledgment?",
        "Sequence number %u, its own beginning, and acknowledgment %u = %u + 1: the SYN counts as one octet, "
        "and the "
        "next one is wanted (packet %llu).",
        f->syn_ack->tcp.seq, f->syn_ack->tcp.ack, f->syn->tcp.seq, number(f->syn_ack));
    add(list, "How long did the handshake take?",
        "%.3f ms from SYN to SYN, ACK: a round trip. The third segment, packet %llu, acknowledges %u = %u + "
        "1.",
        ms_between(f->syn, f->syn_ack), number(f->opened), f->opened->tcp.ack, f->syn_ack->tcp.seq);
}

struct transfer {
    unsigned segments, again, data_segments;
    size_t octets;                   /* from the server */
    const struct tour_packet *least; /* of the client's windows */
};

static struct transfer measure(const struct tour_facts *f)
{
    struct transfer t = {.least = f->syn};
    for (size_t i = 0; i < f->n; i++) {
        const struct tour_packet *p = &f->packets[i];
        if (p->segment.number != f->syn->segment.number || p->step != TOUR_WEB)
            continue;
        t.segments++;
        t.again += p->segment.event == CONN_AGAIN || p->segment.event == CONN_SYN_AGAIN;
        if (p->ip.src != f->syn->ip.src && p->tcp.segment_len > 0) {
            t.data_segments++;
            t.octets += p->tcp.segment_len;
        }
        if (p->ip.src == f->syn->ip.src && p->segment.window < t.least->segment.window)
            t.least = p;
    }
    return t;
}

static void ask_data(const struct tour_facts *f, cJSON *list)
{
    struct transfer t = measure(f);
    double ms = ms_between(f->get, f->first_fin);
    add(list, "Which segment carries the HTTP request, and how is it acknowledged?",
        "Packet %llu: \"%s\", %u octets from relative sequence number %u on, so that %u is acknowledged.",
        number(f->get), f->get->http, f->get->tcp.segment_len, f->get->segment.seq,
        f->get->segment.seq + f->get->tcp.segment_len);
    add(list, "What does the server answer, and in how many segments?",
        "\"%s\" in packet %llu. With the page that is %zu octets in %u segment%s, %.3f ms from the request "
        "to the end: "
        "%.1f MB/s.",
        f->status->http, number(f->status), t.octets, t.data_segments, t.data_segments == 1 ? "" : "s", ms,
        ms > 0 ? (double)t.octets / ms / 1e3 : 0);
    add(list, "Were segments sent again?",
        t.again == 0 ? "No: of %u segments none has a sequence number that its sender had passed already (%u "
                       "sent again)."
                     : "Of %u segments, %u had a sequence number that its sender had passed already.",
        t.segments, t.again);
    add(list, "What is the least that the client was ready to take?",
        "%u octets, in packet %llu. In the SYN the field \"window\" counts octets; in all segments behind "
        "it, "
        "units of %u, as the option \"window scale\" of the SYN says.",
        t.least->segment.window, number(t.least),
        1U << (f->syn->tcp.window_scale > 0 ? f->syn->tcp.window_scale : 0));
}

static void ask_close(const struct tour_facts *f, cJSON *list)
{
    struct words w = {0};
    unsigned n = 0;
    for (size_t i = 0; i < f->n; i++)
        n += &f->packets[i] >= f->first_fin && &f->packets[i] <= f->done &&
             f->packets[i].segment.number == f->syn->segment.number;
    add(list, "How is the connection closed?",
        "By %u segments. %s closes first: FIN in packet %llu, of relative sequence number %u, for which %u "
        "is "
        "acknowledged, as a FIN counts as one octet. %s closes its direction in packet %llu, and packet %llu "
        "acknowledges that. Both directions are closed apart.",
        n, say_ip(&w, f->first_fin->ip.src), number(f->first_fin),
        f->first_fin->segment.seq + f->first_fin->tcp.segment_len,
        f->first_fin->segment.seq + f->first_fin->tcp.segment_len + 1, say_ip(&w, f->second_fin->ip.src),
        number(f->second_fin), number(f->done));
}

void tour_ask_tcp(const struct tour_facts *f, cJSON *list)
{
    ask_handshake(f, list);
    ask_data(f, list);
    ask_close(f, list);
}
