#include "common/frame.h"

#include <string.h>

#include "common/wire.h"

enum {
    ETHERTYPE_IP4 = 0x0800,
    ETHERTYPE_ARP = 0x0806,
    ETHERTYPE_VLAN = 0x8100,
    ETHERTYPE_SERVICE_VLAN = 0x88a8,
    ETH_ADDR_LEN = 6,
    ETH_HW_TYPE = 1,
    IP_PROTO_TCP = 6,
    IP_PROTO_UDP = 17,
    IP_TTL = 64,
    IP_MORE_FRAGMENTS = 0x2000,
    IP_OFFSET_MASK = 0x1fff,
    PAYLOAD_MAX = 1472,
    LANES_MAX = 256 * 8,
};

static uint32_t add_lanes(uint64_t lanes)
{
    return (uint32_t)((lanes & 0xffff) + (lanes >> 16 & 0xffff) + (lanes >> 32 & 0xffff) + (lanes >> 48));
}

/* Four words at a time: their more and their less significant octets in lanes of 16 bits, which hold the sum
 * of 256 octets. At most LANES_MAX octets, whole eights. */
static uint32_t sum_words(const uint8_t *bytes, size_t len)
{
    static const uint64_t every_second = 0x00ff00ff00ff00ff;
    uint64_t first = 0, second = 0, octets;
    for (size_t i = 0; i < len; i += sizeof octets) {
        memcpy(&octets, bytes + i, sizeof octets);
        first += octets & every_second;
        second += octets >> 8 & every_second;
    }
    bool is_first_more = wire_u16((const uint8_t *)&(const uint16_t){0x0100}) == 1; /* in memory: 00 01 */
    return (add_lanes(first) << (is_first_more ? 8 : 0)) + (add_lanes(second) << (is_first_more ? 0 : 8));
}

uint32_t frame_sum(uint32_t sum, const uint8_t *bytes, size_t len)
{
    size_t i = 0;
    for (size_t n; len - i >= sizeof(uint64_t); i += n) {
        n = len - i < LANES_MAX ? (len - i) / sizeof(uint64_t) * sizeof(uint64_t) : LANES_MAX;
        sum += sum_words(bytes + i, n);
    }
    for (; i + 1 < len; i += 2)
        sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
    if (i < len)
        sum += (uint32_t)bytes[i] << 8;
    return sum;
}

uint16_t frame_sum_finish(uint32_t sum)
{
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

/* RFC 768: the sum over source, destination, protocol and length that goes before header and data. */
static uint32_t pseudo_sum(ip4 src, ip4 dst, uint8_t protocol, size_t len)
{
    return (src >> 16) + (src & 0xffff) + (dst >> 16) + (dst & 0xffff) + protocol + (uint32_t)len;
}

size_t frame_encode(const struct packet *p, uint8_t *buf, size_t cap)
{
    if (p->len > PAYLOAD_MAX || cap < FRAME_HEADERS + p->len)
        return 0;
    size_t udp_len = FRAME_UDP_LEN + p->len;
    struct wire_writer w;
    wire_writer_init(&w, buf, cap);
    wire_put_bytes(&w, p->dst_hw.bytes, ETH_ADDR_LEN);
    wire_put_bytes(&w, p->src_hw.bytes, ETH_ADDR_LEN);
    wire_put_u16(&w, ETHERTYPE_IP4);

    uint8_t *ip = buf + w.at;
    wire_put_u8(&w, 0x45); /* version 4, header of five 32-bit words */
    wire_put_u8(&w, 0);
    wire_put_u16(&w, (uint16_t)(FRAME_IP_LEN + udp_len));
    wire_put_u32(&w, 0); /* RFC 6864 4.1: an atomic datagram's identification may be anything */
    wire_put_u8(&w, IP_TTL);
    wire_put_u8(&w, IP_PROTO_UDP);
    wire_put_u16(&w, 0);
    wire_put_u32(&w, p->src);
    wire_put_u32(&w, p->dst);
    wire_set_u16(ip + 10, frame_sum_finish(frame_sum(0, ip, FRAME_IP_LEN)));

    uint8_t *udp = buf + w.at;
    wire_put_u16(&w, p->sport);
    wire_put_u16(&w, p->dport);
    wire_put_u16(&w, (uint16_t)udp_len);
    wire_put_u16(&w, 0);
    wire_put_bytes(&w, p->bytes, p->len);
    uint16_t checksum =
        frame_sum_finish(frame_sum(pseudo_sum(p->src, p->dst, IP_PROTO_UDP, udp_len), udp, udp_len));
    /* RFC 768: "If the computed checksum is zero, it is transmitted as all ones" */
    wire_set_u16(udp + 6, checksum == 0 ? 0xffff : checksum);
    return w.at;
}

/* Reads the Ethernet header, over one VLAN tag; false if the frame is cut. */
static bool read_ethernet(struct wire_reader *r, struct packet *out, uint16_t *out_type)
{
    const uint8_t *dst = wire_get_bytes(r, ETH_ADDR_LEN);
    const uint8_t *src = wire_get_bytes(r, ETH_ADDR_LEN);
    uint16_t type = wire_get_u16(r);
    if (type == ETHERTYPE_VLAN || type == ETHERTYPE_SERVICE_VLAN) {
        wire_get_u16(r);
        type = wire_get_u16(r);
    }
    if (r->err)
        return false;
    out->dst_hw = (struct hw_addr){.type = ETH_HW_TYPE, .len = ETH_ADDR_LEN};
    out->src_hw = (struct hw_addr){.type = ETH_HW_TYPE, .len = ETH_ADDR_LEN};
    memcpy(out->dst_hw.bytes, dst, ETH_ADDR_LEN);
    memcpy(out->src_hw.bytes, src, ETH_ADDR_LEN);
    *out_type = type;
    return true;
}

/* Checks the IPv4 header at `ip` and narrows *len from what was captured to the datagram's payload. */
static enum reason read_ip4(const uint8_t *ip, size_t *len, size_t *out_header, struct packet *out)
{
    if (*len < FRAME_IP_LEN)
        return REASON_FRAME_CUT;
    size_t header = (ip[0] & 15U) * 4U;
    size_t total = wire_u16(ip + 2);
    if (ip[0] >> 4 != 4 || header < FRAME_IP_LEN || total < header)
        return REASON_FRAME_IP_HEADER;
    if (total > *len)
        return REASON_FRAME_CUT;
    if (frame_sum_finish(frame_sum(0, ip, header)) != 0)
        return REASON_FRAME_IP_CHECKSUM;
    if ((wire_u16(ip + 6) & (IP_MORE_FRAGMENTS | IP_OFFSET_MASK)) != 0)
        return REASON_FRAME_FRAGMENT;
    if (ip[9] != IP_PROTO_UDP)
        return REASON_FRAME_NOT_UDP;
    out->src = wire_u32(ip + 12);
    out->dst = wire_u32(ip + 16);
    *out_header = header;
    *len = total - header;
    return REASON_NONE;
}

static enum reason read_udp(const uint8_t *udp, size_t len, enum frame_checksum checksum, struct packet *out)
{
    if (len < FRAME_UDP_LEN)
        return REASON_FRAME_UDP_LENGTH;
    size_t udp_len = wire_u16(udp + 4);
    if (udp_len < FRAME_UDP_LEN || udp_len > len)
        return REASON_FRAME_UDP_LENGTH;
    bool judge = checksum == FRAME_CHECKSUM_CHECK && wire_u16(udp + 6) != 0;
    if (judge &&
        frame_sum_finish(frame_sum(pseudo_sum(out->src, out->dst, IP_PROTO_UDP, udp_len), udp, udp_len)) != 0)
        return REASON_FRAME_UDP_CHECKSUM;
    out->sport = wire_u16(udp);
    out->dport = wire_u16(udp + 2);
    out->bytes = udp + FRAME_UDP_LEN;
    out->len = udp_len - FRAME_UDP_LEN;
    return REASON_NONE;
}

enum reason frame_decode(const uint8_t *bytes, size_t len, enum frame_checksum checksum, struct packet *out)
{
    *out = (struct packet){0};
    struct wire_reader r;
    wire_reader_init(&r, bytes, len);
    uint16_t type;
    if (!read_ethernet(&r, out, &type))
        return REASON_FRAME_CUT;
    if (type != ETHERTYPE_IP4)
        return REASON_FRAME_NOT_IP4;
    const uint8_t *ip = bytes + r.at;
    size_t left = wire_left(&r);
    size_t header;
    enum reason reason = read_ip4(ip, &left, &header, out);
    return reason != REASON_NONE ? reason : read_udp(ip + header, left, checksum, out);
}

/* ---- ARP ---- */

size_t frame_arp_encode(const struct arp *m, uint8_t *buf, size_t cap)
{
    static const uint8_t everybody[ETH_ADDR_LEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    if (cap < FRAME_ARP_LEN)
        return 0;
    struct wire_writer w;
    wire_writer_init(&w, buf, cap);
    wire_put_bytes(&w, m->op == ARP_REPLY ? m->target_hw.bytes : everybody, ETH_ADDR_LEN);
    wire_put_bytes(&w, m->sender_hw.bytes, ETH_ADDR_LEN);
    wire_put_u16(&w, ETHERTYPE_ARP);
    wire_put_u16(&w, ETH_HW_TYPE);
    wire_put_u16(&w, ETHERTYPE_IP4);
    wire_put_u8(&w, ETH_ADDR_LEN);
    wire_put_u8(&w, sizeof(ip4));
    wire_put_u16(&w, (uint16_t)m->op);
    wire_put_bytes(&w, m->sender_hw.bytes, ETH_ADDR_LEN);
    wire_put_u32(&w, m->sender);
    wire_put_bytes(&w, m->target_hw.bytes, ETH_ADDR_LEN);
    wire_put_u32(&w, m->target);
    return w.at;
}

static struct hw_addr get_ethernet_address(struct wire_reader *r)
{
    struct hw_addr hw = {.type = ETH_HW_TYPE, .len = ETH_ADDR_LEN};
    const uint8_t *bytes = wire_get_bytes(r, ETH_ADDR_LEN);
    if (bytes != NULL)
        memcpy(hw.bytes, bytes, ETH_ADDR_LEN);
    return hw;
}

enum reason frame_arp_decode(const uint8_t *bytes, size_t len, struct arp *out)
{
    *out = (struct arp){0};
    struct wire_reader r;
    wire_reader_init(&r, bytes, len);
    struct packet ethernet;
    uint16_t type;
    if (!read_ethernet(&r, &ethernet, &type))
        return REASON_FRAME_CUT;
    if (type != ETHERTYPE_ARP)
        return REASON_FRAME_NOT_ARP;
    uint16_t hw_type = wire_get_u16(&r);
    uint16_t protocol = wire_get_u16(&r);
    uint8_t hw_len = wire_get_u8(&r);
    uint8_t protocol_len = wire_get_u8(&r);
    uint16_t op = wire_get_u16(&r);
    out->sender_hw = get_ethernet_address(&r);
    out->sender = wire_get_u32(&r);
    out->target_hw = get_ethernet_address(&r);
    out->target = wire_get_u32(&r);
    if (r.err)
        return REASON_FRAME_CUT;
    if (hw_type != ETH_HW_TYPE || protocol != ETHERTYPE_IP4 || hw_len != ETH_ADDR_LEN ||
        protocol_len != sizeof(ip4) || (op != ARP_REQUEST && op != ARP_REPLY))
        return REASON_FRAME_NOT_ARP;
    out->op = op == ARP_REQUEST ? ARP_REQUEST : ARP_REPLY;
    return REASON_NONE;
}

/* Where the checksum stands in the header; 0: another protocol. */
static size_t checksum_at(uint8_t protocol)
{
    return protocol == IP_PROTO_UDP ? 6 : protocol == IP_PROTO_TCP ? 16 : 0;
}

void frame_finish_checksum(uint8_t *bytes, size_t len)
{
    uint8_t *ip = bytes + FRAME_ETH_LEN;
    if (len < FRAME_ETH_LEN + FRAME_IP_LEN || wire_u16(bytes + 12) != ETHERTYPE_IP4)
        return;
    size_t header = 4U * (ip[0] & 0x0f), total = wire_u16(ip + 2), at = checksum_at(ip[9]);
    bool is_fragment = (wire_u16(ip + 6) & (IP_MORE_FRAGMENTS | IP_OFFSET_MASK)) != 0;
    if (at == 0 || is_fragment || header < FRAME_IP_LEN || total > len - FRAME_ETH_LEN ||
        total < header + at + 2)
        return;
    uint8_t *transport = ip + header;
    wire_set_u16(transport + at, 0);
    uint32_t sum = pseudo_sum(wire_u32(ip + 12), wire_u32(ip + 16), ip[9], total - header);
    uint16_t checksum = frame_sum_finish(frame_sum(sum, transport, total - header));
    wire_set_u16(transport + at, checksum == 0 && ip[9] == IP_PROTO_UDP ? UINT16_MAX : checksum);
}
