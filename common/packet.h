/* A UDP datagram with its addresses, as a value: what a driver receives and what an engine wants sent. */
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
