/* A UDP datagram with its addresses, and an ARP message, as values: what a driver receives and what an engine
 * wants sent. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"

struct packet {
    struct hw_addr src_hw; /* len 0: not known, or the kernel's business */
    struct hw_addr dst_hw;
    ip4 src, dst;
    uint16_t sport, dport;
    const uint8_t *bytes; /* UDP payload, borrowed */
    size_t len;
};

enum arp_op { ARP_REQUEST = 1, ARP_REPLY = 2 };

/* ARP for IPv4 over Ethernet, RFC 826. Hardware addresses have 6 octets; a target_hw of zeros is "not known".
 */
struct arp {
    enum arp_op op;
    struct hw_addr sender_hw;
    ip4 sender; /* 0 in a probe of RFC 5227 */
    struct hw_addr target_hw;
    ip4 target;
};
