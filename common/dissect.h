/* Takes a captured packet apart: bytes in, a tree of named fields out, with the place of each in the packet,
 * its value and what it means; and beside the tree the same as typed values, for those who go on computing.
 *
 * A packet may be cut anywhere, damaged or made up. Whatever cannot be read stands in the tree as a warning;
 * what could be read before it stays. Nothing is read outside of the bytes, and the number of fields is
 * bounded by their length. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/arena.h"
#include "common/dhcp_msg.h"
#include "common/packet.h"

/* How the outermost header is laid out. The numbers are those of the LINKTYPE_ registry of libpcap, so that
 * a capture's own number can be used; dissect_link_is_known() tells which we know. */
enum dissect_linktype {
    DISSECT_LINK_NULL = 0,     /* loopback of BSD: four octets, the protocol family in host order */
    DISSECT_LINK_ETHERNET = 1, /* Ethernet II, with VLAN tags or without */
    DISSECT_LINK_RAW_BSD = 12, /* DLT_RAW as some programs write it */
    DISSECT_LINK_RAW_OPENBSD = 14,
    DISSECT_LINK_RAW = 101,  /* starts with the IP header */
    DISSECT_LINK_LOOP = 108, /* loopback of OpenBSD: the family in network order */
    DISSECT_LINK_SLL = 113,  /* Linux "any", 16 octets */
    DISSECT_LINK_IPV4 = 228,
    DISSECT_LINK_SLL2 = 276, /* Linux "any", 20 octets */
};

bool dissect_link_is_known(int linktype);

/* Which bytes an offset counts in. */
enum dissect_source {
    DISSECT_CAPTURED,    /* the packet */
    DISSECT_REASSEMBLED, /* the payload of a datagram put together from fragments */
};

enum {
    DISSECT_TEXT_MAX = 2048, /* of a value or a meaning with its NUL; what is longer is cut */
    DISSECT_OWN_MAX = 24,
};

struct dissect_field {
    const char *name;    /* static: "ttl"; of a DHCP option its name in the registry */
    const char *value;   /* "64", "10.77.0.1"; "" for a layer that only holds others */
    const char *meaning; /* "UDP"; NULL if the value says it all */
    uint16_t value_len, meaning_len;
    enum dissect_source source;
    size_t offset, len; /* the octets it was read from; len 0: it was derived */
    struct dissect_field *first, *last, *next;
    bool is_warning;           /* `value` is a sentence about what is wrong or odd here */
    char own[DISSECT_OWN_MAX]; /* the value, if it is a number or an address; else without meaning */
};

enum { DISSECT_VLANS_MAX = 4 };

struct dissect_link {
    bool found;
    bool has_hw;   /* src_hw is known; dst_hw in Ethernet only */
    uint16_t type; /* EtherType; 0 if none follows */
    struct hw_addr src_hw, dst_hw;
    unsigned n_vlans;
    uint16_t vlans[DISSECT_VLANS_MAX]; /* VLAN ids, outermost first */
};

/* What an ARP message is for: RFC 826, RFC 5227 1.1 and 2.4. */
enum dissect_arp_kind {
    DISSECT_ARP_OTHER, /* neither request nor reply */
    DISSECT_ARP_REQUEST,
    DISSECT_ARP_REPLY,
    DISSECT_ARP_PROBE,        /* sender address 0: does anybody use the target address? */
    DISSECT_ARP_ANNOUNCEMENT, /* sender and target address are the same: I use it */
};

struct dissect_arp {
    bool found;
    enum dissect_arp_kind kind;
    struct hw_addr sender_hw, target_hw;
    ip4 sender, target;
};

enum dissect_checksum {
    DISSECT_SUM_NONE, /* 0 in UDP: the sender computed none */
    DISSECT_SUM_GOOD,
    DISSECT_SUM_BAD,
    DISSECT_SUM_UNKNOWN, /* the packet is cut or a fragment */
};

struct dissect_ip {
    bool found;
    ip4 src, dst;
    uint8_t protocol, ttl;
    uint16_t total_len, id;
    uint16_t offset; /* of a fragment, in octets */
    bool more;       /* MF */
    enum dissect_checksum checksum;
    size_t header_at, header_len;
    size_t payload_at, payload_len; /* as far as captured */
    bool cut;                       /* fewer octets captured than total_len says */
};

struct dissect_ip6 {
    bool found;
    uint8_t next; /* header */
    uint8_t src[16], dst[16];
    uint8_t protocol; /* behind the extension headers that are here */
    bool has_icmp;
    uint8_t icmp_type;
};

struct dissect_icmp {
    bool found;
    uint8_t type, code;
    uint16_t id, seq; /* of an echo */
};

struct dissect_udp {
    bool found;
    uint16_t sport, dport, len;
    enum dissect_checksum checksum;
    size_t at; /* of the header */
    size_t payload_at, payload_len;
};

enum {
    DISSECT_TCP_FIN = 1,
    DISSECT_TCP_SYN = 2,
    DISSECT_TCP_RST = 4,
    DISSECT_TCP_PSH = 8,
    DISSECT_TCP_ACK = 16,
    DISSECT_TCP_URG = 32,
    DISSECT_TCP_ECE = 64,
    DISSECT_TCP_CWR = 128,
};

struct dissect_tcp {
    bool found;
    uint16_t sport, dport;
    uint32_t seq, ack;
    uint8_t flags; /* DISSECT_TCP_* */
    uint16_t window;
    int8_t window_scale; /* shift of the option, 0 to 14; -1: it is not there */
    enum dissect_checksum checksum;
    size_t at;
    size_t payload_at, payload_len; /* as far as captured */
    uint32_t segment_len;           /* octets of data as sent; more than payload_len if cut */
};

/* What one packet holds. The caller's storage; about 14 KB. */
struct dissect {
    /* What a call may leave out */
    struct arena *arena; /* borrowed, never reset here; NULL: no tree, only what is typed */

    /* Results */
    const uint8_t *bytes; /* the packet, borrowed */
    size_t len;
    const uint8_t *datagram; /* of DISSECT_REASSEMBLED, borrowed; NULL: none */
    size_t datagram_len;
    struct dissect_field
        *tree;            /* the packet; its layers under it, outermost first. NULL without arena or memory */
    const char *protocol; /* innermost: "DHCP", "ICMP", "EtherType" */
    unsigned n_warnings;
    bool out_of_memory; /* the tree has not everything */
    struct dissect_link link;
    struct dissect_arp arp;
    struct dissect_ip ip;
    struct dissect_ip6 ip6;
    struct dissect_icmp icmp;
    struct dissect_udp udp;
    struct dissect_tcp tcp;
    enum dissect_source payload_source; /* where the offsets of icmp, udp and tcp count */
    char http[128];                     /* the request or status line; "" if there is none */
    bool has_dhcp;                      /* `dhcp` was decoded; it borrows from the packet */

    /* Private */
    struct dissect_field *parent;
    const uint8_t *now; /* the bytes that are being read */
    size_t now_len;
    enum dissect_source source;
    struct dissect_field spare;

    struct dhcp_msg dhcp; /* a result; the last member, for it is not cleared with the others */
};

/* `arena` may be NULL. */
void dissect_init(struct dissect *d, struct arena *arena);

/* Takes the `len` captured octets apart and fills in *d. `linktype` is one of enum dissect_linktype. */
void dissect_packet(struct dissect *d, int linktype, const uint8_t *bytes, size_t len);

/* The same packet goes on: it was the last fragment that was missing, and `bytes` are the payload of the
 * whole datagram, whose addresses and protocol d->ip has. */
void dissect_datagram(struct dissect *d, const uint8_t *bytes, size_t len);

/* One line about the packet: "10.0.0.1 > 10.0.0.2 echo request id 7 seq 1". Cuts at `cap`; returns the
 * length. `cap` > 0. */
size_t dissect_summary(const struct dissect *d, char *buf, size_t cap);

/* Where the octets of `f` stand, or NULL if it was derived. */
const uint8_t *dissect_field_bytes(const struct dissect *d, const struct dissect_field *f);

/* The words for numbers: "UDP"; NULL for one that has none here. */
const char *dissect_ethertype_name(uint16_t type);
const char *dissect_icmp_name(uint8_t type);
/* The same of IPv6: "ICMPv6" of a next header; "router solicitation". */
const char *dissect_ip6_protocol_name(uint8_t protocol);
const char *dissect_ip6_icmp_name(uint8_t type);
/* "fe80::1"; `buf` holds DISSECT_IP6_LEN; returns it. */
const char *dissect_ip6_format(const uint8_t addr[16], char *buf);
enum { DISSECT_IP6_LEN = 48 };
/* The sentence for a code of ICMP unreachable, redirect, time exceeded or parameter problem; NULL if there is
 * none.
 */
const char *dissect_icmp_code_name(uint8_t type, uint8_t code);
/* "SYN, ACK"; `buf` holds DISSECT_FLAGS_LEN. */
const char *dissect_tcp_flags(uint8_t flags, char *buf);
enum { DISSECT_FLAGS_LEN = 32 };
