/* ARP: RFC 826; probes and announcements: RFC 5227. */
#include "common/dissect_tree.h"

#include <string.h>

#include "common/wire.h"

enum { ARP_HEAD = 8, ARP_LEN = 28, HW_ETHERNET = 1, PROTOCOL_IP4 = 0x0800 };

static enum dissect_arp_kind kind_of(uint16_t op, const struct dissect_arp *a)
{
    /* RFC 5227 1.1: "the term 'ARP Probe' is used to refer to an ARP Request packet, broadcast on the local
     * link, with an all-zero 'sender IP address'." */
    if (op == ARP_REQUEST && a->sender == 0)
        return DISSECT_ARP_PROBE;
    /* RFC 5227 3: an announcement is a request; many systems announce with a reply, too. */
    if ((op == ARP_REQUEST || op == ARP_REPLY) && a->sender == a->target && a->sender != 0)
        return DISSECT_ARP_ANNOUNCEMENT;
    return op == ARP_REQUEST ? DISSECT_ARP_REQUEST : op == ARP_REPLY ? DISSECT_ARP_REPLY : DISSECT_ARP_OTHER;
}

static const char *kind_text(enum dissect_arp_kind kind)
{
    switch (kind) {
    case DISSECT_ARP_REQUEST:
        return "request: who has the target address?";
    case DISSECT_ARP_REPLY:
        return "reply: the sender has the sender address";
    case DISSECT_ARP_PROBE:
        return "probe: does anybody use the target address? (RFC 5227 2.1.1)";
    case DISSECT_ARP_ANNOUNCEMENT:
        return "announcement: the sender uses this address from now on (RFC 5227 2.3)";
    case DISSECT_ARP_OTHER:
        break;
    }
    return "neither request nor reply";
}

static void take_hw(const uint8_t *bytes, struct hw_addr *out)
{
    *out = (struct hw_addr){.type = HW_ETHERNET, .len = 6};
    memcpy(out->bytes, bytes, 6);
}

static void add_addresses(struct dissect *d, size_t at)
{
    const struct dissect_arp *a = &d->arp;
    dissect_add_hw(d, "sender_hw", at + 8, &a->sender_hw);
    struct dissect_field *f = dissect_add_ip4(d, "sender", at + 14, a->sender);
    if (a->sender == 0)
        dissect_mean(f, "none yet, so that no cache is spoilt");
    dissect_add_hw(d, "target_hw", at + 18, &a->target_hw);
    dissect_add_ip4(d, "target", at + 24, a->target);
}

static void read_ip4(struct dissect *d, size_t at, uint16_t op)
{
    const uint8_t *p = d->now + at;
    struct dissect_arp *a = &d->arp;
    a->found = true;
    take_hw(p + 8, &a->sender_hw);
    a->sender = wire_u32(p + 14);
    take_hw(p + 18, &a->target_hw);
    a->target = wire_u32(p + 24);
    a->kind = kind_of(op, a);
    struct dissect_field *f = dissect_add_number(d, "op", at + 6, 2, op);
    dissect_mean(f, kind_text(a->kind));
    add_addresses(d, at);
    if (d->link.has_hw && memcmp(d->link.src_hw.bytes, a->sender_hw.bytes, 6) != 0)
        dissect_warn(d, at + 8, 6, "the frame comes from another hardware address than the message says");
}

void dissect_arp(struct dissect *d, size_t at, size_t len)
{
    d->protocol = "ARP";
    struct dissect_field *above = dissect_layer(d, "arp", at, len < ARP_LEN ? len : ARP_LEN);
    if (dissect_need(d, at, len, ARP_HEAD, "an ARP header")) {
        const uint8_t *p = d->now + at;
        uint16_t hw_type = wire_u16(p), protocol = wire_u16(p + 2), op = wire_u16(p + 6);
        dissect_mean(dissect_add_number(d, "hw_type", at, 2, hw_type),
                     hw_type == HW_ETHERNET ? "Ethernet" : "not Ethernet");
        dissect_mean(dissect_add_hex(d, "proto_type", at + 2, 2, protocol),
                     protocol == PROTOCOL_IP4 ? "IPv4" : "not IPv4");
        dissect_add_number(d, "hw_size", at + 4, 1, p[4]);
        dissect_add_number(d, "proto_size", at + 5, 1, p[5]);
        if (hw_type != HW_ETHERNET || protocol != PROTOCOL_IP4 || p[4] != 6 || p[5] != 4) {
            dissect_add_number(d, "op", at + 6, 2, op);
            dissect_warn(d, at, ARP_HEAD, "not of IPv4 over Ethernet, so that the addresses are not read");
            dissect_data(d, "data", at + ARP_HEAD, len - ARP_HEAD);
        } else if (dissect_need(d, at, len, ARP_LEN, "ARP for IPv4 over Ethernet")) {
            read_ip4(d, at, op);
        }
    }
    dissect_close(d, above);
}
