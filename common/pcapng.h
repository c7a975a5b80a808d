/* Writing pcapng: one section, its interfaces, packets with comments (draft-ietf-opsawg-pcapng). In network
 * byte order, which the section header tells every reader; times in nanoseconds. Pure. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"

enum {
    PCAPNG_SNAPLEN = 262144,   /* octets of a packet */
    PCAPNG_COMMENT_MAX = 4096, /* octets of a text; what is longer is cut */
    /* Holds any block that the functions below make. */
    PCAPNG_BLOCK_MAX = 64 + PCAPNG_SNAPLEN + PCAPNG_COMMENT_MAX,
};

struct pcapng_interface {
    const char *name;  /* if_name: "h1/eth0" */
    struct hw_addr hw; /* if_macaddr; other than 6 octets: left out */
    uint16_t linktype;
};

enum pcapng_direction { PCAPNG_UNKNOWN, PCAPNG_INBOUND, PCAPNG_OUTBOUND }; /* as in epb_flags */

struct pcapng_packet {
    uint32_t interface; /* from 0, in the order of the interface blocks */
    int64_t time_ns;    /* since 1970-01-01T00:00:00Z, >= 0 */
    const uint8_t *bytes;
    size_t len;      /* captured, at most PCAPNG_SNAPLEN */
    size_t wire_len; /* as it was sent */
    enum pcapng_direction direction;
    const char *comment; /* opt_comment, UTF-8; NULL or "": none */
};

/* Each returns the length of its block, or 0 if `cap` is too small or a packet is too long. */

/* Comes first. `application` wrote it; `comment` is about the whole capture, NULL: none. */
size_t pcapng_section(const char *application, const char *comment, uint8_t *buf, size_t cap);
/* Before the first packet of the interface. */
size_t pcapng_interface(const struct pcapng_interface *interface, uint8_t *buf, size_t cap);
size_t pcapng_packet(const struct pcapng_packet *packet, uint8_t *buf, size_t cap);
