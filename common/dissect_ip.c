/* IPv4: RFC 791; the options of RFC 791 3.1, RFC 2113; fragments. */
#include "common/dissect_tree.h"

#include "common/frame.h"
#include "common/wire.h"

enum {
    IP_MIN = 20,
    DONT_FRAGMENT = 0x4000,
    MORE_FRAGMENTS = 0x2000,
    RESERVED_FLAG = 0x8000,
    OFFSET_MASK = 0x1fff,
    PROTO_ICMP = 1,
    PROTO_TCP = 6,
    PROTO_UDP = 17,
};

static const char *protocol_name(uint8_t protocol)
{
    switch (protocol) {
    case PROTO_ICMP:
        return "ICMP";
    case 2:
        return "IGMP";
    case 4:
        return "IPv4 in IPv4";
    case PROTO_TCP:
        return "TCP";
    case PROTO_UDP:
        return "UDP";
    case 41:
        return "IPv6 in IPv4";
    case 47:
        return "GRE";
    case 50:
        return "ESP";
    case 51:
        return "AH";
    case 89:
        return "OSPF";
    case 112:
        return "VRRP";
    case 132:
        return "SCTP";
    default: /* a number of the wire */
        return NULL;
    }
}

static const char *option_name(uint8_t type)
{
    switch (type) {
    case 0:
        return "end";
    case 1:
        return "no-operation";
    case 7:
        return "record-route";
    case 68:
        return "timestamp";
    case 130:
        return "security";
    case 131:
        return "loose-source-route";
    case 136:
        return "stream-id";
    case 137:
        return "strict-source-route";
    case 148:
        return "router-alert";
    default: /* a number of the wire */
        return "unknown-option";
    }
}

static bool is_route(uint8_t type)
{
    return type == 7 || type == 131 || type == 137;
}

/* RFC 791 3.1: type, length, pointer, addresses; the pointer counts octets from 1. */
static void add_route(struct dissect *d, size_t at, size_t len)
{
    if (len < 3)
        return;
    dissect_add_number(d, "pointer", at + 2, 1, d->now[at + 2]);
    for (size_t i = 3; i + 4 <= len; i += 4)
        dissect_add_ip4(d, "address", at + i, wire_u32(d->now + at + i));
}

/* RFC 791 3.1: pointer, hosts for which there was no room, flag: times alone (0), or each behind the address
 * of its host. */
static void add_timestamps(struct dissect *d, size_t at, size_t len)
{
    if (len < 4)
        return;
    uint8_t flag = d->now[at + 3] & 15U;
    dissect_add_number(d, "pointer", at + 2, 1, d->now[at + 2]);
    dissect_add_number(d, "overflow", at + 3, 1, d->now[at + 3] >> 4);
    dissect_add_number(d, "flag", at + 3, 1, flag);
    for (size_t i = 4; i + (flag == 0 ? 4 : 8) <= len; i += 4) {
        if (flag != 0) {
            dissect_add_ip4(d, "address", at + i, wire_u32(d->now + at + i));
            i += 4;
        }
        dissect_add_number(d, "time", at + i, 4, wire_u32(d->now + at + i));
    }
}

/* The parts of an option of its kind, behind type and length. */
static void add_option_data(struct dissect *d, uint8_t type, size_t at, size_t len)
{
    if (is_route(type))
        add_route(d, at, len);
    else if (type == 68)
        add_timestamps(d, at, len);
    else if (type == 148 && len == 4) /* RFC 2113 2.1 */
        dissect_add_number(d, "value", at + 2, 2, wire_u16(d->now + at + 2));
    else if (len > 2)
        dissect_data(d, "data", at + 2, len - 2);
}

static void add_options(struct dissect *d, size_t at, size_t end)
{
    if (at == end)
        return;
    struct dissect_field *above =
        dissect_open(d, dissect_add(d, "options", at, end - at, "%zu octets", end - at));
    while (at < end) {
        uint8_t type = d->now[at];
        size_t len = type <= 1 ? 1 : end - at >= 2 ? d->now[at + 1] : 0;
        if (len < (type <= 1 ? 1U : 2U) || len > end - at) {
            dissect_warn(d, at, end - at, "an option runs past the end of the header or has no length");
            break;
        }
        struct dissect_field *options =
            dissect_open(d, dissect_add_number(d, option_name(type), at, len, type));
        add_option_data(d, type, at, len);
        dissect_close(d, options);
        if (type == 0)
            break;
        at += len;
    }
    dissect_close(d, above);
}

/* What the flags and the offset say, with the arithmetic. */
static void add_fragment(struct dissect *d, size_t at, uint16_t word, size_t payload_len)
{
    unsigned units = word & OFFSET_MASK;
    dissect_mean_format(d, dissect_add(d, "flags", at, 1, "0x%x", (unsigned)word >> 13), "%s%s%s",
                        word & DONT_FRAGMENT ? "DF: no router may fragment it" : "may be fragmented",
                        word & MORE_FRAGMENTS ? ", MF: more fragments follow" : "",
                        word & RESERVED_FLAG ? ", and the reserved bit, which is to be 0" : "");
    struct dissect_field *f = dissect_add_number(d, "frag_offset", at, 2, units * 8);
    if (units != 0 || word & MORE_FRAGMENTS)
        dissect_mean_format(d, f, "%u x 8 = %u: octets %u to %zu of the datagram's payload", units, units * 8,
                            units * 8, units * 8 + payload_len - (payload_len > 0 ? 1 : 0));
    if (word & RESERVED_FLAG)
        dissect_warn(d, at, 1, "the reserved flag is set");
    if (word & DONT_FRAGMENT && (units != 0 || word & MORE_FRAGMENTS))
        dissect_warn(d, at, 2, "a fragment of what must not be fragmented");
    if (word & MORE_FRAGMENTS && payload_len % 8 != 0)
        dissect_warn(d, at, 2, "all fragments but the last have a multiple of 8 octets, this one %zu",
                     payload_len);
    if (units * 8 + payload_len > 65535)
        dissect_warn(d, at, 2, "the fragment ends behind the longest datagram that there can be");
}

static void add_checksum(struct dissect *d, size_t at, const struct dissect_ip *ip)
{
    uint16_t value = wire_u16(d->now + at + 10);
    struct dissect_field *f = dissect_add_hex(d, "checksum", at + 10, 2, value);
    if (ip->checksum == DISSECT_SUM_GOOD) {
        dissect_mean(f, "correct");
        return;
    }
    uint32_t others = frame_sum(frame_sum(0, d->now + at, 10), d->now + at + 12, ip->header_len - 12);
    dissect_warn(d, at + 10, 2, "the header checksum is 0x%04x and should be 0x%04x%s", value,
                 frame_sum_finish(others),
                 value == 0 ? ": left to hardware by the host that captured it?" : "");
}

static void add_addresses(struct dissect *d, size_t at, const struct dissect_ip *ip)
{
    dissect_add_ip4(d, "src", at + 12, ip->src);
    struct dissect_field *f = dissect_add_ip4(d, "dst", at + 16, ip->dst);
    if (ip->dst == IP4_BROADCAST)
        dissect_mean(f, "limited broadcast: every host on the link");
}

static void add_header(struct dissect *d, const struct dissect_ip *ip)
{
    const uint8_t *p = d->now + ip->header_at;
    size_t at = ip->header_at;
    uint16_t word = wire_u16(p + 6);
    const char *protocol = protocol_name(ip->protocol);
    dissect_add_text(d, "version", at, 1, "4");
    dissect_mean_number(d, dissect_add_number(d, "hdr_len", at, 1, ip->header_len), "", ip->header_len / 4,
                        " x 4 octets");
    dissect_mean_format(d, dissect_add_hex(d, "dsfield", at + 1, 1, p[1]), "DSCP %u, ECN %u", p[1] >> 2,
                        p[1] & 3U);
    dissect_mean_format(d, dissect_add_number(d, "len", at + 2, 2, ip->total_len), "header %zu + payload %zu",
                        ip->header_len, ip->total_len - ip->header_len);
    dissect_add_hex(d, "id", at + 4, 2, ip->id);
    add_fragment(d, at + 6, word, ip->total_len - ip->header_len);
    dissect_add_number(d, "ttl", at + 8, 1, ip->ttl);
    dissect_mean(dissect_add_number(d, "proto", at + 9, 1, ip->protocol),
                 protocol != NULL ? protocol : "not known here");
    add_checksum(d, at, ip);
    add_addresses(d, at, ip);
    add_options(d, at + IP_MIN, at + ip->header_len);
    if (ip->cut)
        dissect_warn(d, at, ip->header_len + ip->payload_len,
                     "cut: the datagram has %u octets, captured were %zu", ip->total_len,
                     ip->header_len + ip->payload_len);
}

/* Reads the header into *out; false, with a warning, if there is none. */
static bool read_header(struct dissect *d, size_t at, size_t len, struct dissect_ip *out)
{
    if (!dissect_need(d, at, len, IP_MIN, "an IPv4 header"))
        return false;
    const uint8_t *p = d->now + at;
    size_t header = (p[0] & 15U) * 4U;
    uint16_t total = wire_u16(p + 2), word = wire_u16(p + 6);
    if (p[0] >> 4 != 4 || header < IP_MIN || (total < header && total != 0)) {
        dissect_warn(d, at, 4, "no IPv4 header: version %u, header length %zu, total length %u", p[0] >> 4,
                     header, total);
        return false;
    }
    if (!dissect_need(d, at, len, header, "this IPv4 header"))
        return false;
    /* The kernel leaves a length of 0 to hardware that cuts large segments: then what was captured counts. */
    size_t whole = total != 0 ? total : len < UINT16_MAX ? len : UINT16_MAX;
    size_t there = len < whole ? len : whole;
    *out = (struct dissect_ip){
        .found = true,
        .src = wire_u32(p + 12),
        .dst = wire_u32(p + 16),
        .protocol = p[9],
        .ttl = p[8],
        .total_len = (uint16_t)whole,
        .id = wire_u16(p + 4),
        .offset = (uint16_t)((word & OFFSET_MASK) * 8U),
        .more = (word & MORE_FRAGMENTS) != 0,
        .checksum = frame_sum_finish(frame_sum(0, p, header)) == 0 ? DISSECT_SUM_GOOD : DISSECT_SUM_BAD,
        .header_at = at,
        .header_len = header,
        .payload_at = at + header,
        .payload_len = there - header,
        .cut = there < whole,
    };
    if (total == 0)
        dissect_warn(d, at + 2, 2, "the total length is 0: left to hardware by the host that captured it?");
    return true;
}

void dissect_ip_payload(struct dissect *d, size_t at, size_t len)
{
    switch (d->ip.protocol) {
    case PROTO_ICMP:
        dissect_icmp(d, at, len);
        return;
    case PROTO_UDP:
        dissect_udp(d, at, len);
        return;
    case PROTO_TCP:
        dissect_tcp(d, at, len);
        return;
    default: /* a number of the wire */
        dissect_data(d, "data", at, len);
    }
}

void dissect_ip(struct dissect *d, size_t at, size_t len)
{
    d->protocol = "IPv4";
    struct dissect_field *above = dissect_layer(d, "ip", at, len < IP_MIN ? len : IP_MIN);
    bool found = read_header(d, at, len, &d->ip);
    if (found) {
        if (d->parent != above)
            d->parent->len = d->ip.header_len;
        add_header(d, &d->ip);
    }
    dissect_close(d, above);
    if (!found)
        return;
    /* RFC 791 2.3: only the whole datagram has a header of the next protocol at its beginning. */
    if (d->ip.offset != 0 || d->ip.more) {
        d->protocol = "fragment";
        dissect_data(d, "fragment", d->ip.payload_at, d->ip.payload_len);
    } else {
        dissect_ip_payload(d, d->ip.payload_at, d->ip.payload_len);
    }
}

void dissect_ip_quoted(struct dissect *d, size_t at, size_t len)
{
    struct dissect_ip quoted;
    struct dissect_field *above = dissect_layer(d, "quoted", at, len);
    if (read_header(d, at, len, &quoted)) {
        quoted.cut = false; /* RFC 792: the header and 64 bits of the data are enough */
        add_header(d, &quoted);
        if (quoted.payload_len >= 4 && (quoted.protocol == PROTO_UDP || quoted.protocol == PROTO_TCP) &&
            quoted.offset == 0) {
            dissect_add_number(d, "srcport", quoted.payload_at, 2, wire_u16(d->now + quoted.payload_at));
            dissect_add_number(d, "dstport", quoted.payload_at + 2, 2,
                               wire_u16(d->now + quoted.payload_at + 2));
        }
    }
    dissect_close(d, above);
}
