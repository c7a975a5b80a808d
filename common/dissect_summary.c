/* One line about a packet, from what is typed. */
#include "common/dissect.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/dhcp_line.h"
#include "common/dhcp_proto.h"
#include "common/text_format.h"

struct line {
    char *buf;
    size_t cap, len;
};

static void put(struct line *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct line *l, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = text_format(l->buf + l->len, l->cap - l->len, format, args);
    va_end(args);
    if (n > 0)
        l->len += (size_t)n < l->cap - l->len ? (size_t)n : l->cap - l->len - 1;
}

static void put_way(struct line *l, const struct dissect *d, uint16_t sport, uint16_t dport)
{
    char src[IP4_LEN], dst[IP4_LEN];
    ip4_format(d->ip.src, src);
    ip4_format(d->ip.dst, dst);
    if (sport != 0 || dport != 0)
        put(l, "%s:%u > %s:%u", src, sport, dst, dport);
    else
        put(l, "%s > %s", src, dst);
}

static void put_arp(struct line *l, const struct dissect_arp *a)
{
    char sender[IP4_LEN], target[IP4_LEN], hw[HW_LEN];
    ip4_format(a->sender, sender);
    ip4_format(a->target, target);
    hw_format(&a->sender_hw, hw);
    switch (a->kind) {
    case DISSECT_ARP_REQUEST:
        put(l, "who has %s? tell %s (%s)", target, sender, hw);
        return;
    case DISSECT_ARP_REPLY:
        put(l, "%s is at %s", sender, hw);
        return;
    case DISSECT_ARP_PROBE:
        put(l, "probe: does anybody use %s? (%s)", target, hw);
        return;
    case DISSECT_ARP_ANNOUNCEMENT:
        put(l, "announcement: %s is now at %s", sender, hw);
        return;
    case DISSECT_ARP_OTHER:
        put(l, "neither request nor reply");
        return;
    }
}

static void put_xid(uint32_t xid, char *text)
{
    for (char *at = text + strlen(text); xid != 0; xid >>= 4)
        *--at = "0123456789abcdef"[xid & 15];
}

static void put_dhcp(struct line *l, const struct dissect *d)
{
    const struct dhcp_msg *m = &d->dhcp;
    struct hw_addr hw = dhcp_msg_hw(m);
    char src[IP4_LEN], dst[IP4_LEN], ciaddr[IP4_LEN], yiaddr[IP4_LEN], giaddr[IP4_LEN], requested[IP4_LEN];
    char xid[] = "0x00000000", chaddr[HW_LEN];
    ip4 wanted = 0;
    dhcp_get_ip4(m, DHCP_OPT_REQUESTED_IP, &wanted);
    put_xid(m->xid, xid);
    const struct dhcp_line line = {
        .op = m->op,
        .type = dhcp_type_name(m->type),
        .src = ip4_format(d->ip.src, src),
        .dst = ip4_format(d->ip.dst, dst),
        .sport = d->udp.sport,
        .dport = d->udp.dport,
        .xid = xid,
        .chaddr = hw_format(&hw, chaddr),
        .ciaddr = ip4_format(m->ciaddr, ciaddr),
        .yiaddr = ip4_format(m->yiaddr, yiaddr),
        .giaddr = ip4_format(m->giaddr, giaddr),
        .requested = ip4_format(wanted, requested),
    };
    l->len += dhcp_line_format(&line, false, l->buf + l->len, l->cap - l->len);
}

static void put_icmp(struct line *l, const struct dissect *d)
{
    const struct dissect_icmp *icmp = &d->icmp;
    const char *name = dissect_icmp_name(icmp->type), *code = dissect_icmp_code_name(icmp->type, icmp->code);
    put_way(l, d, 0, 0);
    if (name != NULL)
        put(l, "  %s", name);
    else
        put(l, "  type %u code %u", icmp->type, icmp->code);
    if (code != NULL)
        put(l, ": %s", code);
    if (icmp->type == 8 || icmp->type == 0)
        put(l, "  id %u  seq %u  %zu octets", icmp->id, icmp->seq,
            (d->payload_source == DISSECT_CAPTURED ? d->ip.total_len - d->ip.header_len : d->datagram_len) -
                8);
}

static void put_tcp(struct line *l, const struct dissect *d)
{
    char flags[DISSECT_FLAGS_LEN];
    put_way(l, d, d->tcp.sport, d->tcp.dport);
    put(l, "  [%s]  seq %u", dissect_tcp_flags(d->tcp.flags, flags), d->tcp.seq);
    if (d->tcp.flags & DISSECT_TCP_ACK)
        put(l, "  ack %u", d->tcp.ack);
    put(l, "  window %u  %u octets", d->tcp.window, d->tcp.segment_len);
    if (d->http[0] != '\0')
        put(l, "  %s", d->http);
}

static void put_ip(struct line *l, const struct dissect *d)
{
    put_way(l, d, 0, 0);
    if (d->ip.offset != 0 || d->ip.more)
        put(l, "  fragment of 0x%04x, octets %u to %zu%s", d->ip.id, d->ip.offset,
            d->ip.offset + (size_t)d->ip.total_len - d->ip.header_len - 1,
            d->ip.more ? ", more follow" : ", the last");
    else
        put(l, "  protocol %u", d->ip.protocol);
}

static void put_ip6(struct line *l, const struct dissect_ip6 *ip)
{
    char src[DISSECT_IP6_LEN], dst[DISSECT_IP6_LEN];
    const char *name = dissect_ip6_protocol_name(ip->protocol);
    const char *type = ip->has_icmp ? dissect_ip6_icmp_name(ip->icmp_type) : NULL;
    put(l, "%s > %s", dissect_ip6_format(ip->src, src), dissect_ip6_format(ip->dst, dst));
    if (name != NULL)
        put(l, "  %s", name);
    else
        put(l, "  next header %u", ip->protocol);
    if (type != NULL)
        put(l, " %s", type);
}

size_t dissect_summary(const struct dissect *d, char *buf, size_t cap)
{
    struct line l = {buf, cap, 0};
    buf[0] = '\0';
    if (d->has_dhcp)
        put_dhcp(&l, d);
    else if (d->udp.found) {
        put_way(&l, d, d->udp.sport, d->udp.dport);
        put(&l, "  %zu octets", d->udp.payload_len);
    } else if (d->tcp.found)
        put_tcp(&l, d);
    else if (d->icmp.found)
        put_icmp(&l, d);
    else if (d->ip.found)
        put_ip(&l, d);
    else if (d->arp.found)
        put_arp(&l, &d->arp);
    else if (d->ip6.found)
        put_ip6(&l, &d->ip6);
    else if (d->link.found) {
        const char *name = dissect_ethertype_name(d->link.type);
        put(&l, "type 0x%04x%s%s", d->link.type, name != NULL ? " " : "", name != NULL ? name : "");
    }
    return l.len;
}
