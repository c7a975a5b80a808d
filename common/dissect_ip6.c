/* IPv6: the header, RFC 8200 3, and what is behind it. DHCPv4 does not run over it, but the hosts of a lab
 * and the captures of others speak it: who speaks to whom is told, and no more. */
#include "common/dhcp_opt_text.h"
#include "common/dissect_tree.h"
#include "common/wire.h"

enum { IP6_MIN = 40, HOP_BY_HOP = 0, ROUTING = 43, DESTINATION = 60, ICMP6 = 58 };

const char *dissect_ip6_protocol_name(uint8_t protocol)
{
    static const struct {
        uint8_t protocol;
        const char *name;
    } names[] = {{6, "TCP"}, {17, "UDP"}, {44, "fragment"}, {50, "ESP"}, {ICMP6, "ICMPv6"}, {59, "nothing"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].protocol == protocol)
            return names[i].name;
    return NULL;
}

/* RFC 4443, 2710, 3810 and 4861. */
const char *dissect_ip6_icmp_name(uint8_t type)
{
    static const struct {
        uint8_t type;
        const char *name;
    } names[] = {
        {1, "destination unreachable"},
        {2, "packet too big"},
        {3, "time exceeded"},
        {4, "parameter problem"},
        {128, "echo request"},
        {129, "echo reply"},
        {130, "listener query"},
        {131, "listener report"},
        {132, "listener done"},
        {133, "router solicitation"},
        {134, "router advertisement"},
        {135, "neighbor solicitation"},
        {136, "neighbor advertisement"},
        {137, "redirect"},
        {143, "listener report"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].type == type)
            return names[i].name;
    return NULL;
}

/* Behind the extension headers of 8 octets and a multiple of them: RFC 8200 4.3, 4.4 and 4.6. */
static void find_protocol(struct dissect *d, size_t at, size_t end)
{
    uint8_t next = d->ip6.next;
    while ((next == HOP_BY_HOP || next == ROUTING || next == DESTINATION) && end - at >= 8) {
        size_t len = (d->now[at + 1] + 1U) * 8;
        if (len > end - at)
            break;
        next = d->now[at];
        at += len;
    }
    d->ip6.protocol = next;
    if (next == ICMP6 && at < end) {
        d->ip6.has_icmp = true;
        d->ip6.icmp_type = d->now[at];
    }
}

const char *dissect_ip6_format(const uint8_t addr[16], char *buf)
{
    struct opt_text text;
    dhcp_opt_text_init(&text, buf, DISSECT_IP6_LEN);
    dhcp_opt_text_ip6(&text, addr, 16);
    return buf;
}

static void add_address(struct dissect *d, const char *name, size_t at)
{
    char text[DISSECT_IP6_LEN];
    dissect_add_text(d, name, at, 16, dissect_ip6_format(d->now + at, text));
}

static void add_header(struct dissect *d, size_t at)
{
    const uint8_t *p = d->now + at;
    const char *name = dissect_ip6_protocol_name(d->ip6.next);
    dissect_add_number(d, "version", at, 1, p[0] >> 4);
    dissect_add_number(d, "payload_len", at + 4, 2, wire_u16(p + 4));
    struct dissect_field *f = dissect_add_number(d, "next_header", at + 6, 1, d->ip6.next);
    if (name != NULL)
        dissect_mean(f, name);
    dissect_add_number(d, "hop_limit", at + 7, 1, p[7]);
    add_address(d, "src", at + 8);
    add_address(d, "dst", at + 24);
}

void dissect_ip6(struct dissect *d, size_t at, size_t len)
{
    d->protocol = "IPv6";
    struct dissect_field *above = dissect_layer(d, "ipv6", at, len < IP6_MIN ? len : IP6_MIN);
    if (!dissect_need(d, at, len, IP6_MIN, "an IPv6 header")) {
        dissect_close(d, above);
        return;
    }
    const uint8_t *p = d->now + at;
    size_t sent = IP6_MIN + (size_t)wire_u16(p + 4), end = at + (sent < len ? sent : len);
    d->ip6 = (struct dissect_ip6){.found = true, .next = p[6]};
    memcpy(d->ip6.src, p + 8, sizeof d->ip6.src);
    memcpy(d->ip6.dst, p + 24, sizeof d->ip6.dst);
    find_protocol(d, at + IP6_MIN, end);
    add_header(d, at);
    dissect_close(d, above);
    dissect_data(d, "data", at + IP6_MIN, end - at - IP6_MIN);
}
