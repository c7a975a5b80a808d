/* The outermost header: Ethernet II (RFC 894) with VLAN tags (IEEE 802.1Q), Linux cooked captures, loopback,
 * none. */
#include "common/dissect_tree.h"

#include <string.h>

#include "common/wire.h"

enum {
    ETH_LEN = 14,
    VLAN_LEN = 4,
    SLL_LEN = 16,
    SLL2_LEN = 20,
    NULL_LEN = 4,
    ETHERTYPE_MIN = 1536, /* IEEE 802.3 3.2.6: below it is a length */
    ETHERTYPE_IP4 = 0x0800,
    ETHERTYPE_ARP = 0x0806,
    ETHERTYPE_VLAN = 0x8100,
    ETHERTYPE_SERVICE_VLAN = 0x88a8,
    ETHERTYPE_IP6 = 0x86dd,
    FAMILY_IP4 = 2, /* AF_INET of every system */
};

struct word {
    uint32_t value;
    const char *name;
};

static const char *find_word(const struct word *words, uint32_t value)
{
    for (const struct word *w = words; w->name != NULL; w++)
        if (w->value == value)
            return w->name;
    return NULL;
}

const char *dissect_ethertype_name(uint16_t type)
{
    static const struct word words[] = {
        {ETHERTYPE_IP4, "IPv4"},           {ETHERTYPE_ARP, "ARP"},
        {ETHERTYPE_VLAN, "VLAN tag"},      {ETHERTYPE_SERVICE_VLAN, "service VLAN tag"},
        {ETHERTYPE_IP6, "IPv6"},           {0x8847, "MPLS"},
        {0x8863, "PPPoE discovery"},       {0x8864, "PPPoE session"},
        {0x888e, "EAP over LAN"},          {0x88cc, "LLDP"},
        {0x8809, "slow protocols (LACP)"}, {0, NULL},
    };
    return find_word(words, type);
}

bool dissect_link_is_known(int linktype)
{
    switch (linktype) {
    case DISSECT_LINK_NULL:
    case DISSECT_LINK_ETHERNET:
    case DISSECT_LINK_RAW_BSD:
    case DISSECT_LINK_RAW_OPENBSD:
    case DISSECT_LINK_RAW:
    case DISSECT_LINK_LOOP:
    case DISSECT_LINK_SLL:
    case DISSECT_LINK_IPV4:
    case DISSECT_LINK_SLL2:
        return true;
    default: /* a number from a file */
        return false;
    }
}

static void take_hw(const uint8_t *bytes, struct hw_addr *out)
{
    *out = (struct hw_addr){.type = 1, .len = 6};
    memcpy(out->bytes, bytes, 6);
}

static void add_hw(struct dissect *d, const char *name, size_t at, const struct hw_addr *hw)
{
    struct dissect_field *f = dissect_add_hw(d, name, at, hw);
    static const uint8_t all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    if (memcmp(hw->bytes, all, sizeof all) == 0)
        dissect_mean(f, "broadcast: every host on the link");
    else if (hw->bytes[0] & 1)
        dissect_mean(f, "multicast");
}

static void add_ethertype(struct dissect *d, size_t at, uint16_t type)
{
    const char *name = dissect_ethertype_name(type);
    struct dissect_field *f = dissect_add_hex(d, "type", at, 2, type);
    if (name != NULL)
        dissect_mean(f, name);
}

/* IEEE 802.1Q: priority 3 bits, drop eligible 1, VLAN id 12; then the type of what follows. */
static uint16_t read_vlan(struct dissect *d, size_t at)
{
    uint16_t tag = wire_u16(d->now + at);
    uint16_t type = wire_u16(d->now + at + 2);
    struct dissect_field *above = dissect_open(d, dissect_add_number(d, "vlan", at, VLAN_LEN, tag & 0xfffU));
    dissect_add_number(d, "priority", at, 2, (unsigned)tag >> 13);
    dissect_add_number(d, "dei", at, 2, (unsigned)tag >> 12 & 1U);
    struct dissect_field *f = dissect_add_number(d, "id", at, 2, tag & 0xfffU);
    if ((tag & 0xfff) == 0)
        dissect_mean(f, "priority only, no VLAN");
    add_ethertype(d, at + 2, type);
    dissect_close(d, above);
    if (d->link.n_vlans < DISSECT_VLANS_MAX)
        d->link.vlans[d->link.n_vlans++] = tag & 0xfffU;
    return type;
}

/* IEEE 802.3 with a length instead of a type: what follows is LLC, which is not taken apart. */
static void read_8023(struct dissect *d, uint16_t frame_len, size_t at, size_t len)
{
    d->protocol = "802.3";
    d->link.type = 0;
    struct dissect_field *above = dissect_layer(d, "llc", at, len);
    if (frame_len > len)
        dissect_warn(d, at, len, "cut: the frame has %u octets, here are %zu", frame_len, len);
    dissect_data(d, "data", at, len);
    dissect_close(d, above);
}

static void read_ethertype(struct dissect *d, uint16_t type, size_t at, size_t len)
{
    while (type == ETHERTYPE_VLAN || type == ETHERTYPE_SERVICE_VLAN) {
        if (!dissect_need(d, at, len, VLAN_LEN, "a VLAN tag"))
            return;
        type = read_vlan(d, at);
        at += VLAN_LEN;
        len -= VLAN_LEN;
    }
    d->link.type = type;
    if (type == ETHERTYPE_IP4) {
        dissect_ip(d, at, len);
    } else if (type == ETHERTYPE_ARP) {
        dissect_arp(d, at, len);
    } else if (type == ETHERTYPE_IP6) {
        dissect_ip6(d, at, len);
    } else if (type < ETHERTYPE_MIN) {
        read_8023(d, type, at, len);
    } else {
        d->protocol = "EtherType";
        dissect_data(d, "data", at, len);
    }
}

static void read_ethernet(struct dissect *d)
{
    d->protocol = "Ethernet";
    if (!dissect_need(d, 0, d->now_len, ETH_LEN, "an Ethernet header"))
        return;
    uint16_t type = wire_u16(d->now + 12);
    d->link.found = d->link.has_hw = true;
    take_hw(d->now, &d->link.dst_hw);
    take_hw(d->now + 6, &d->link.src_hw);
    struct dissect_field *above = dissect_layer(d, "eth", 0, ETH_LEN);
    add_hw(d, "dst", 0, &d->link.dst_hw);
    add_hw(d, "src", 6, &d->link.src_hw);
    if (type < ETHERTYPE_MIN)
        dissect_add_number(d, "length", 12, 2, type);
    else
        add_ethertype(d, 12, type);
    if (d->link.src_hw.bytes[0] & 1)
        dissect_warn(d, 6, 6, "the sender's address is a group address");
    dissect_close(d, above);
    read_ethertype(d, type, ETH_LEN, d->now_len - ETH_LEN);
}

static const struct word packet_types[] = {
    {0, "to this host"},        {1, "broadcast"},         {2, "multicast"},
    {3, "between other hosts"}, {4, "sent by this host"}, {0, NULL},
};

static void add_sll_address(struct dissect *d, size_t at, uint16_t len)
{
    if (len != 6) {
        dissect_data(d, "src", at, len < 8 ? len : 8);
        return;
    }
    take_hw(d->now + at, &d->link.src_hw);
    d->link.has_hw = true;
    add_hw(d, "src", at, &d->link.src_hw);
}

static void add_packet_type(struct dissect *d, size_t at, size_t len, uint16_t type)
{
    const char *name = type <= 4 ? packet_types[type].name : NULL;
    struct dissect_field *f = dissect_add_number(d, "pkttype", at, len, type);
    if (name != NULL)
        dissect_mean(f, name);
}

/* Packet type, ARPHRD type, length of the address, address in 8 octets, protocol. */
static void read_sll(struct dissect *d)
{
    d->protocol = "Linux cooked";
    if (!dissect_need(d, 0, d->now_len, SLL_LEN, "a Linux cooked header"))
        return;
    const uint8_t *p = d->now;
    d->link.found = true;
    struct dissect_field *above = dissect_layer(d, "sll", 0, SLL_LEN);
    add_packet_type(d, 0, 2, wire_u16(p));
    dissect_add_number(d, "hatype", 2, 2, wire_u16(p + 2));
    dissect_add_number(d, "halen", 4, 2, wire_u16(p + 4));
    add_sll_address(d, 6, wire_u16(p + 4));
    add_ethertype(d, 14, wire_u16(p + 14));
    dissect_close(d, above);
    read_ethertype(d, wire_u16(p + 14), SLL_LEN, d->now_len - SLL_LEN);
}

/* Protocol, reserved, interface, ARPHRD type, packet type, length of the address, address in 8 octets. */
static void read_sll2(struct dissect *d)
{
    d->protocol = "Linux cooked";
    if (!dissect_need(d, 0, d->now_len, SLL2_LEN, "a Linux cooked header, version 2,"))
        return;
    const uint8_t *p = d->now;
    d->link.found = true;
    struct dissect_field *above = dissect_layer(d, "sll2", 0, SLL2_LEN);
    add_ethertype(d, 0, wire_u16(p));
    dissect_add_number(d, "ifindex", 4, 4, wire_u32(p + 4));
    dissect_add_number(d, "hatype", 8, 2, wire_u16(p + 8));
    add_packet_type(d, 10, 1, p[10]);
    dissect_add_number(d, "halen", 11, 1, p[11]);
    add_sll_address(d, 12, p[11]);
    dissect_close(d, above);
    read_ethertype(d, wire_u16(p), SLL2_LEN, d->now_len - SLL2_LEN);
}

/* The family of IPv4 is 2 everywhere, in the order of the host that captured; LOOP has it in network order.
 */
static void read_null(struct dissect *d)
{
    d->protocol = "loopback";
    if (!dissect_need(d, 0, d->now_len, NULL_LEN, "a loopback header"))
        return;
    const uint8_t *p = d->now;
    uint32_t family =
        p[0] == 0 ? wire_u32(p) : (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
    d->link.found = true;
    struct dissect_field *above = dissect_layer(d, "null", 0, NULL_LEN);
    struct dissect_field *f = dissect_add_number(d, "family", 0, NULL_LEN, family);
    dissect_mean(f, family == FAMILY_IP4 ? "IPv4" : "not IPv4");
    dissect_close(d, above);
    if (family == FAMILY_IP4)
        dissect_ip(d, NULL_LEN, d->now_len - NULL_LEN);
    else
        dissect_data(d, "data", NULL_LEN, d->now_len - NULL_LEN);
}

static void read_raw(struct dissect *d)
{
    if (d->now_len > 0 && d->now[0] >> 4 == 6) {
        dissect_ip6(d, 0, d->now_len);
        return;
    }
    dissect_ip(d, 0, d->now_len);
}

void dissect_link(struct dissect *d, int linktype)
{
    switch (linktype) {
    case DISSECT_LINK_ETHERNET:
        read_ethernet(d);
        return;
    case DISSECT_LINK_SLL:
        read_sll(d);
        return;
    case DISSECT_LINK_SLL2:
        read_sll2(d);
        return;
    case DISSECT_LINK_NULL:
    case DISSECT_LINK_LOOP:
        read_null(d);
        return;
    case DISSECT_LINK_RAW_BSD:
    case DISSECT_LINK_RAW_OPENBSD:
    case DISSECT_LINK_RAW:
    case DISSECT_LINK_IPV4:
        read_raw(d);
        return;
    default: /* a number from a file */
        dissect_warn(d, 0, 0, "link type %d is not known here", linktype);
        dissect_data(d, "data", 0, d->now_len);
    }
}
