#include "lab/explain_teach.h"

#include <stdbool.h>

#include "common/dhcp_proto.h"
#include "common/wire.h"

enum { WORDS_A_LINE = 8, UDP_LEN = 8, CHECKSUM_WORD = 3, ECHO_HEADER = 8 };

/* ---- the UDP checksum: RFC 768, RFC 1071 ---- */

/* One more word in the sum: an end-around carry adds what does not fit 16 bits at the other end. */
static uint32_t add_word(uint32_t sum, uint16_t word)
{
    sum += word;
    return (sum & 0xffff) + (sum >> 16);
}

static uint32_t show_word(FILE *out, uint32_t sum, uint16_t word, const char *what)
{
    uint32_t plain = sum + word, next = add_word(sum, word);
    fprintf(out, "      + %04x = %5x", word, plain);
    if (plain > 0xffff)
        fprintf(out, ", carry: %04x + 1 = %04x", plain & 0xffff, next);
    else
        fprintf(out, "%22s", "");
    fprintf(out, "   %s\n", what);
    return next;
}

static uint16_t word_at(const uint8_t *bytes, size_t len, size_t at)
{
    return (uint16_t)(bytes[at] << 8 | (at + 1 < len ? bytes[at + 1] : 0));
}

/* The words of one line, and the sum behind them; lines of zeros are counted, they change nothing. */
static uint32_t show_data(FILE *out, uint32_t sum, const uint8_t *bytes, size_t len)
{
    size_t zeros = 0;
    for (size_t at = 0; at < len;) {
        char line[WORDS_A_LINE * 5 + 1] = "";
        bool any = false;
        size_t start = at;
        for (int i = 0, n = 0; i < WORDS_A_LINE && at < len; i++, at += 2) {
            uint16_t word = word_at(bytes, len, at);
            any = any || word != 0;
            sum = add_word(sum, word);
            n += snprintf(line + n, sizeof line - (size_t)n, "%04x ", word);
        }
        if (!any) {
            zeros += at - start;
            continue;
        }
        if (zeros > 0)
            fprintf(out, "      + %zu octets of zeros, which change nothing\n", zeros);
        zeros = 0;
        fprintf(out, "      + %-40s= %04x\n", line, sum);
    }
    if (zeros > 0)
        fprintf(out, "      + %zu octets of zeros, which change nothing\n", zeros < len ? zeros : len);
    if (len % 2 != 0)
        fprintf(out,
                "      (the number of octets is odd: a zero octet is added for the sum, and not sent)\n");
    return sum;
}

static void teach_udp_checksum(FILE *out, const struct dissect *d)
{
    static const char *const header[] = {"source port", "destination port", "length",
                                         "checksum: counts as 0 while it is computed"};
    const uint8_t *udp = (d->payload_source == DISSECT_CAPTURED ? d->bytes : d->datagram) + d->udp.at;
    uint32_t sum = 0;
    fprintf(out,
            "    The UDP checksum, step by step. All is added in words of 16 bits; a carry out of the 16 "
            "bits is\n"
            "    added at the other end (end-around carry). First the pseudo-header, which is not sent:\n");
    sum = show_word(out, sum, (uint16_t)(d->ip.src >> 16), "source address");
    sum = show_word(out, sum, (uint16_t)d->ip.src, "source address");
    sum = show_word(out, sum, (uint16_t)(d->ip.dst >> 16), "destination address");
    sum = show_word(out, sum, (uint16_t)d->ip.dst, "destination address");
    sum = show_word(out, sum, d->ip.protocol, "a zero octet and the protocol, 17");
    sum = show_word(out, sum, d->udp.len, "UDP length");
    fprintf(out, "    Then the UDP header:\n");
    for (int i = 0; i <= CHECKSUM_WORD; i++)
        sum = show_word(out, sum, i == CHECKSUM_WORD ? 0 : wire_u16(udp + 2 * i), header[i]);
    fprintf(out, "    Then the data:\n");
    sum = show_data(out, sum, udp + UDP_LEN, d->udp.len - UDP_LEN);
    uint16_t value = wire_u16(udp + 2 * CHECKSUM_WORD), result = (uint16_t)~sum;
    fprintf(out, "    The sum is %04x. The checksum is its complement, every bit turned over: %04x%s.\n", sum,
            result, result == 0 ? "; as 0 means \"none\", ffff is sent" : "");
    fprintf(out, "    The packet has %04x: %s.\n", value,
            d->udp.checksum == DISSECT_SUM_GOOD ? "correct"
                                                : "not the same, the datagram is to be discarded");
}

static void teach_udp(FILE *out, const struct dissect *d)
{
    switch (d->udp.checksum) {
    case DISSECT_SUM_GOOD:
    case DISSECT_SUM_BAD:
        teach_udp_checksum(out, d);
        return;
    case DISSECT_SUM_NONE:
        fprintf(out, "    The checksum is 0: the sender computed none (RFC 768).\n");
        return;
    case DISSECT_SUM_UNKNOWN:
        fprintf(out, "    The datagram is cut, so that its checksum cannot be worked.\n");
        return;
    }
}

/* ---- fragments: RFC 791 2.3 and 3.2 ---- */

static void teach_whole(FILE *out, const struct dissect *d, const struct dissect_reasm_answer *answer)
{
    fprintf(out, "    It was the last that was missing: %u fragments make a payload of %zu octets.\n",
            answer->n_fragments, answer->total);
    if (d->icmp.found)
        fprintf(out, "    That is %d octets of ICMP header and %zu of data.\n", ECHO_HEADER,
                answer->total - ECHO_HEADER);
    else if (d->udp.found)
        fprintf(out, "    That is %d octets of UDP header and %zu of data.\n", UDP_LEN,
                answer->total - UDP_LEN);
}

static void teach_fragment(FILE *out, const struct dissect *d, const struct dissect_reasm_answer *answer)
{
    const struct dissect_ip *ip = &d->ip;
    size_t len = ip->total_len - ip->header_len, end = ip->offset + len;
    fprintf(out,
            "    A fragment of datagram 0x%04x: %u octets - %zu of header = %zu octets of the payload.\n",
            ip->id, ip->total_len, ip->header_len, len);
    fprintf(
        out,
        "    The header counts offsets in units of 8 octets: %u x 8 = %u, so it holds octets %u to %zu.\n",
        ip->offset / 8U, ip->offset, ip->offset, end - 1);
    if (ip->more)
        fprintf(out, "    MF is set: more follow, and the next begins at %zu / 8 = %zu.\n", end, end / 8);
    else
        fprintf(out,
                "    MF is not set: it is the last, and so the payload has %u + %zu = %zu octets in all.\n",
                ip->offset, len, end);
    switch (answer->status) {
    case DISSECT_REASM_KEPT:
        fprintf(out, "    So far here: %zu octets, in %u of the fragments.\n", answer->octets,
                answer->n_fragments);
        return;
    case DISSECT_REASM_WHOLE:
        teach_whole(out, d, answer);
        return;
    case DISSECT_REASM_REFUSED:
        fprintf(out, "    It cannot be put together with the others: it is cut, or contradicts them.\n");
        return;
    }
}

/* ---- the purpose ---- */

static const char *dhcp_purpose(uint8_t type)
{
    switch (type) {
    case DHCP_DISCOVER:
        return "DISCOVER: the client has no address and asks all servers for one; it can only broadcast, "
               "from 0.0.0.0.";
    case DHCP_OFFER:
        return "OFFER: a server reserves an address (yiaddr) and says on what terms; others may offer, too.";
    case DHCP_REQUEST:
        return "REQUEST: with option 54, the client takes one offer and declines the others; with ciaddr, it "
               "wants its\n"
               "    lease extended; with option 50 alone, it asks whether an address that it remembers is "
               "still good.";
    case DHCP_DECLINE:
        return "DECLINE: the client found by ARP that somebody uses the address already; the server must not "
               "offer it.";
    case DHCP_ACK:
        return "ACK: the address is leased from now on for the time in option 51; T1 and T2 say when to "
               "extend it.";
    case DHCP_NAK:
        return "NAK: the address is not for this client here; it must stop to use it and begin anew with "
               "DISCOVER.";
    case DHCP_RELEASE:
        return "RELEASE: the client gives its address back before the lease ends; nobody answers.";
    case DHCP_INFORM:
        return "INFORM: the client has an address by other means and asks for the other settings only.";
    case DHCP_FORCERENEW:
        return "FORCERENEW: the server asks the client to renew now.";
    default: /* a number of the wire */
        return NULL;
    }
}

static const char *arp_purpose(enum dissect_arp_kind kind)
{
    switch (kind) {
    case DISSECT_ARP_REQUEST:
        return "IPv4 addresses say nothing to Ethernet: the sender asks everybody on the link who has this "
               "one.";
    case DISSECT_ARP_REPLY:
        return "The owner answers the asker alone; the asker keeps the pair in its ARP cache.";
    case DISSECT_ARP_PROBE:
        return "Before a new address is used: does anybody answer for it? The sender address is 0, so that "
               "no cache learns\n"
               "    a pair which may not come true.";
    case DISSECT_ARP_ANNOUNCEMENT:
        return "Nobody answered the probes; now all caches may learn the new pair.";
    case DISSECT_ARP_OTHER:
        break;
    }
    return NULL;
}

static const char *segment_purpose(enum dissect_conn_event event)
{
    switch (event) {
    case CONN_SYN:
        return "SYN: \"I want to talk, and I count my octets from this number on.\"";
    case CONN_SYN_ACK:
        return "SYN, ACK: \"So do I, from this number on; of yours I want the one behind your SYN.\"";
    case CONN_SYN_BOTH:
        return "SYN in both directions: each side asks before it has heard the other; one connection comes "
               "of it.";
    case CONN_OPENED:
        return "ACK: both now know that the other one hears them. Three segments are the least that can "
               "prove it.";
    case CONN_HALF_CLOSED:
        return "FIN takes a sequence number, like SYN. It closes one direction; the other may go on sending.";
    case CONN_FIN_ACKED:
        return "The FIN has arrived: one of the two directions is closed.";
    case CONN_BOTH_CLOSED:
        return "The FIN of the other direction. Whoever closed first now waits (TIME-WAIT), lest this FIN is "
               "lost.";
    case CONN_DONE:
        return "The fourth and last segment of the close; with a FIN and an ACK in one segment there are "
               "only three.";
    case CONN_REFUSED:
        return "RST as the answer to SYN: the host is there, and no program listens on this port.";
    case CONN_RESET:
        return "RST: over at once, in both directions; data under way is lost. FIN would have waited for it.";
    case CONN_NOTHING:
    case CONN_MIDDLE:
    case CONN_SYN_AGAIN:
    case CONN_AGAIN:
        break;
    }
    return NULL;
}

static const char *icmp_purpose(uint8_t type)
{
    switch (type) {
    case 0:
        return "The answer has the identifier, the sequence number and the data of the request, so that they "
               "can be paired.";
    case 3:
        return "An error names its cause by the beginning of the datagram that caused it.";
    case 8:
        return "ping: whoever gets this sends it back. The identifier is that of the program, the number "
               "that of the try.";
    case 11:
        return "Each router takes one off the TTL; the one at which it becomes 0 says so. traceroute lives "
               "on that.";
    default: /* a number of the wire */
        return NULL;
    }
}

static void say(FILE *out, const char *sentence)
{
    if (sentence != NULL)
        fprintf(out, "    %s\n", sentence);
}

static const char *claim_purpose(enum dissect_claim_event event)
{
    switch (event) {
    case CLAIM_NOTHING:
        break;
    case CLAIM_IN_USE:
        return "Whoever probes for an address and hears this must not use it; a DHCP client sends DECLINE "
               "(RFC 5227 2.1.1).";
    case CLAIM_BOTH_PROBE:
        return "Two hosts want the address at the same time: neither may take it (RFC 5227 2.1.1).";
    case CLAIM_CONFLICT:
        return "Two hosts use one address: neighbours send to whichever of them spoke last (RFC 5227 2.4).";
    case CLAIM_DEFENCE:
        return "A host may defend its address with one announcement; if it has to again within 10 s, it "
               "gives it up (RFC "
               "5227 2.4).";
    }
    return NULL;
}

void explain_teach(FILE *out, const struct dissect *d, const struct explain_relation *relation)
{
    if (d->arp.found)
        say(out, arp_purpose(d->arp.kind));
    say(out, claim_purpose(relation->claim));
    if (relation->fragment != NULL)
        teach_fragment(out, d, relation->fragment);
    if (d->icmp.found)
        say(out, icmp_purpose(d->icmp.type));
    if (relation->segment != NULL)
        say(out, segment_purpose(relation->segment->event));
    if (d->has_dhcp)
        say(out, dhcp_purpose(d->dhcp.type));
    if (d->udp.found)
        teach_udp(out, d);
}
