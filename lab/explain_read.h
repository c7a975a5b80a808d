/* The packets of a capture, one after the other: pcap and pcapng files of anybody (capfile.h). Memory does
 * not grow with the file. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct explain_packet {
    uint64_t number;      /* from 1 */
    int64_t time_ns;      /* since 1970-01-01T00:00:00Z */
    const uint8_t *bytes; /* borrowed until the next call, likewise the texts */
    size_t len;           /* captured */
    size_t wire_len;      /* as it was sent */
    size_t interface_number;
    const char *interface; /* its name in the capture: "h1/eth0"; "" if it has none */
    const char *comment;   /* its comments, printable UTF-8; "" if it has none */
};

struct explain_reader;

/* `path` "-" is standard input. NULL, and told on stderr, if it cannot be read, is no capture or has a link
 * type that the dissector does not know. */
struct explain_reader *explain_reader_new(const char *path);
void explain_reader_free(struct explain_reader *r);
int explain_reader_linktype(const struct explain_reader *r); /* of the packet: enum dissect_linktype */
bool explain_reader_is_live(
    const struct explain_reader *r); /* from a pipe: somebody may be waiting for a line */
/* False at the end, or if the rest cannot be read, which is told on stderr: then *out_failed. */
bool explain_reader_next(struct explain_reader *r, struct explain_packet *out, bool *out_failed);
