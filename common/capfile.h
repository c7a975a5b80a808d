/* The packets of a capture file: pcap (microseconds, nanoseconds, either byte order) and pcapng with its
 * sections, interfaces of different link types and resolutions, and comments. Octets in, packets out, as the
 * octets come; memory does not grow with the file. Whatever is damaged ends the reading with a sentence.
 * Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CAPFILE_RECORD_MAX = 1 << 20, /* octets of one packet with all that is about it */
    CAPFILE_INTERFACES_MAX = 4096,
    CAPFILE_NAME_LEN = 64,
    CAPFILE_WHY_LEN = 128,
};

struct capfile_interface {
    int linktype; /* as registered: LINKTYPE_* */
    uint32_t snaplen;
    uint64_t units; /* of time stamps, per second */
    int64_t offset_s;
    char name[CAPFILE_NAME_LEN]; /* pcapng: if_name, printable; "" if it has none */
};

struct capfile_packet {
    int64_t time_ns; /* since 1970-01-01T00:00:00Z; of a pcapng packet without time 0 */
    const struct capfile_interface *interface; /* until the next call */
    size_t interface_number;                   /* from 0; in pcapng within its section */
    const uint8_t *bytes;                      /* borrowed from the input */
    size_t len;                                /* captured */
    size_t wire_len;                           /* as it was sent */

    /* Private */
    const uint8_t *options;
    size_t options_len;
    bool swapped;
};

enum capfile_status {
    CAPFILE_PACKET,
    CAPFILE_MORE, /* `need` octets are wanted from *at on, before there is more to say */
    CAPFILE_BAD,  /* `why` tells; nothing more can be read */
};

struct capfile {
    size_t need;
    char why[CAPFILE_WHY_LEN];

    /* Private */
    enum { CAPFILE_START, CAPFILE_PCAP, CAPFILE_PCAPNG } form;
    bool swapped;       /* least significant octet first */
    size_t record_head; /* pcap: octets in front of each packet */
    uint64_t skip;      /* octets of a block that is passed over */
    struct capfile_interface *interfaces;
    size_t n_interfaces, cap;
};

void capfile_init(struct capfile *c);
void capfile_fini(struct capfile *c);

/* Reads the head of the file: CAPFILE_PACKET if it is one of the forms; capfile_next() does that, too. */
enum capfile_status capfile_start(struct capfile *c, const uint8_t *bytes, size_t len, size_t *at);
/* Of a pcap file that was started; -1: it is pcapng, whose interfaces have their own. */
int capfile_linktype(const struct capfile *c);

/* Reads on at bytes[*at] and moves *at behind what was read. */
enum capfile_status capfile_next(struct capfile *c, const uint8_t *bytes, size_t len, size_t *at,
                                 struct capfile_packet *out);
/* The file has ended, CAPFILE_MORE was the answer, and `left` octets were not read: does it end within
 * something? */
bool capfile_is_cut(const struct capfile *c, size_t left);

/* The next comment of the packet: NULL if there are no more. *at starts as 0; the text is borrowed from the
 * input, of *out_len octets, whatever they are. */
const char *capfile_comment(const struct capfile_packet *packet, size_t *at, size_t *out_len);
