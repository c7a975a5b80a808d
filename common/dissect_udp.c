/* UDP: RFC 768. */
#include "common/dissect_tree.h"

#include "common/dhcp_proto.h"
#include "common/wire.h"

enum { UDP_LEN = 8 };

static enum dissect_checksum check(const struct dissect *d, size_t at, size_t len, size_t there,
                                   uint16_t value)
{
    if (value == 0)
        return DISSECT_SUM_NONE;
    if (there < len)
        return DISSECT_SUM_UNKNOWN;
    return dissect_transport_sum(d, at, len) == 0 ? DISSECT_SUM_GOOD : DISSECT_SUM_BAD;
}

/* What the checksum should be: the sum without the one that stands there, added again as its complement. */
static uint16_t right_checksum(const struct dissect *d, size_t at, size_t len, uint16_t value)
{
    uint32_t sum = (uint16_t)~dissect_transport_sum(d, at, len) + (uint32_t)(uint16_t)~value;
    sum = (sum & 0xffff) + (sum >> 16);
    uint16_t right = (uint16_t)~sum;
    return right == 0 ? 0xffff : right;
}

static void add_checksum(struct dissect *d, size_t at, uint16_t value)
{
    struct dissect_field *f = dissect_add_hex(d, "checksum", at + 6, 2, value);
    switch (d->udp.checksum) {
    case DISSECT_SUM_NONE:
        dissect_mean(f, "none was computed");
        return;
    case DISSECT_SUM_GOOD:
        dissect_mean(f, "correct");
        return;
    case DISSECT_SUM_UNKNOWN:
        dissect_mean(f, "not checked: the datagram is cut");
        return;
    case DISSECT_SUM_BAD:
        dissect_warn(
            d, at + 6, 2,
            "the checksum is 0x%04x and should be 0x%04x; a host leaves it to its network card, and a "
            "capture on that host sees it half made",
            value, right_checksum(d, at, d->udp.len, value));
        return;
    }
}

static bool is_dhcp(uint16_t port)
{
    return port == DHCP_PORT_SERVER || port == DHCP_PORT_CLIENT;
}

bool dissect_udp_is_cut(const struct dissect *d)
{
    return d->udp.len > UDP_LEN + d->udp.payload_len;
}

void dissect_udp(struct dissect *d, size_t at, size_t len)
{
    d->protocol = "UDP";
    struct dissect_field *above = dissect_layer(d, "udp", at, len < UDP_LEN ? len : UDP_LEN);
    bool whole_header = dissect_need(d, at, len, UDP_LEN, "a UDP header");
    if (whole_header) {
        const uint8_t *p = d->now + at;
        uint16_t udp_len = wire_u16(p + 4), value = wire_u16(p + 6);
        size_t there = udp_len >= UDP_LEN && udp_len < len ? udp_len : len;
        d->udp = (struct dissect_udp){true, wire_u16(p),  wire_u16(p + 2), udp_len, DISSECT_SUM_UNKNOWN,
                                      at,   at + UDP_LEN, there - UDP_LEN};
        bool good_len = udp_len >= UDP_LEN;
        if (good_len)
            d->udp.checksum = check(d, at, udp_len, there, value);
        dissect_add_number(d, "srcport", at, 2, d->udp.sport);
        dissect_add_number(d, "dstport", at + 2, 2, d->udp.dport);
        struct dissect_field *f = dissect_add_number(d, "length", at + 4, 2, udp_len);
        if (good_len)
            dissect_mean_number(d, f, "header 8 + data ", (unsigned)udp_len - UDP_LEN, "");
        else
            dissect_warn(d, at + 4, 2, "the length is less than that of the header, 8");
        if (udp_len > len)
            dissect_warn(d, at + 4, 2, "cut: the length is %u, and %zu octets are here", udp_len, len);
        add_checksum(d, at, value);
    }
    dissect_close(d, above);
    if (!whole_header)
        return;
    if (is_dhcp(d->udp.sport) || is_dhcp(d->udp.dport))
        dissect_dhcp(d, d->udp.payload_at, d->udp.payload_len);
    else
        dissect_data(d, "data", d->udp.payload_at, d->udp.payload_len);
}
