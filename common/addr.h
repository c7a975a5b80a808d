/* IPv4 addresses, prefixes, ranges and hardware addresses: parsing, printing, membership. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint32_t ip4; /* host byte order: 10.0.0.1 is 0x0a000001; 0 is "none" */

#define IP4_BROADCAST UINT32_MAX
#define IP4_LEN       16 /* "255.255.255.255" and NUL */
#define IP4_NET_LEN   19 /* "255.255.255.255/32" and NUL */
#define HW_MAX        16 /* RFC 2131 2: chaddr has 16 octets */
#define HW_LEN        (3 * HW_MAX)

struct ip4_net {
    ip4 addr;    /* may have host bits: an interface's address; ip4_net_base() gives the network */
    uint8_t len; /* 0..32 */
};

struct ip4_range {
    ip4 first;
    ip4 last; /* first <= last, both included */
};

/* htype 1 is Ethernet (RFC 1700); len <= HW_MAX. */
struct hw_addr {
    uint8_t type;
    uint8_t len;
    uint8_t bytes[HW_MAX];
};

/* Dotted quad only, whole string. False, and *out untouched, for anything else. */
bool ip4_parse(const char *text, ip4 *out);
/* `buf` holds IP4_LEN bytes; returns it. */
const char *ip4_format(ip4 addr, char *buf);
/* The same; returns the end of the text, where its NUL is. */
char *ip4_format_end(ip4 addr, char *buf);

/* "10.0.0.0/24"; host bits are kept. False, and *out untouched, for anything else. */
bool ip4_net_parse(const char *text, struct ip4_net *out);
const char *ip4_net_format(struct ip4_net net, char *buf); /* IP4_NET_LEN */

static inline ip4 ip4_net_mask(struct ip4_net net)
{
    return net.len == 0 ? 0 : UINT32_MAX << (32 - net.len);
}

/* Host bits cleared. */
static inline ip4 ip4_net_base(struct ip4_net net)
{
    return net.addr & ip4_net_mask(net);
}

/* Host bits set. */
static inline ip4 ip4_net_broadcast(struct ip4_net net)
{
    return net.addr | ~ip4_net_mask(net);
}

static inline bool ip4_net_has(struct ip4_net net, ip4 addr)
{
    return ((net.addr ^ addr) & ip4_net_mask(net)) == 0;
}

/* Prefix length of a contiguous mask, or -1 if it is not contiguous. */
int ip4_mask_len(ip4 mask);

/* "10.0.0.10 - 10.0.0.99", spaces optional, or "10.0.0.0/24" (first and last address included, as in Kea).
 * False, and *out untouched, for anything else, and for first > last. */
bool ip4_range_parse(const char *text, struct ip4_range *out);

static inline bool ip4_range_has(struct ip4_range range, ip4 addr)
{
    return addr >= range.first && addr <= range.last;
}

uint64_t ip4_range_size(struct ip4_range range); /* addresses in it, both ends included */

/* Could this be the address of one host? Not 0.0.0.0/8, not 127/8, not multicast, reserved or broadcast. */
bool ip4_is_host(ip4 addr);

/* Colon-separated hexadecimal octets, 1 to HW_MAX of them; type becomes 1 (Ethernet). False for anything
 * else. */
bool hw_parse(const char *text, struct hw_addr *out);
const char *hw_format(const struct hw_addr *hw, char *buf); /* HW_LEN; "" for length 0 */
/* All of whose octets are 255, on a link of addresses like `own`. */
struct hw_addr hw_broadcast(const struct hw_addr *own);

/* Equal ones are most often equal as a whole, which is quick to see; octets behind `len` do not count. */
static inline bool hw_equal(const struct hw_addr *a, const struct hw_addr *b)
{
    return memcmp(a, b, sizeof *a) == 0 ||
           (a->type == b->type && a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0);
}
