/* Packets of a lab on their way into a capture, and what its programs' traces (trace.h) say about them: each
 * DHCP packet gets as its comment what the server or client that sent or got it decided. Packet and trace
 * come in any order, so that a packet is held for a while; then the packets leave in the order of their
 * times. Values in, values out; time is told.
 *
 * A message that a host received begins a matter of that host and that client; what it then decides, and
 * what it sends, belong to it: "NAK: 10.9.9.9 is not in subnet 10.77.0.0/24". So does what a client was asked
 * to do from outside, each RELEASE, and what changes its state again after a message did (T1, a conflict),
 * begin a matter. How the server found subnet, classes, identity, options and destination is left out unless
 * there is nothing else. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "common/clock.h"
#include "common/pcapng.h"

struct capture_notes_limits {
    time_ms hold_ms;
    size_t packets; /* held at a time; of more the oldest leave early */
};

struct capture_notes_counts {
    uint64_t packets, dhcp; /* that were added; those of ports 67 and 68 among them */
    uint64_t commented;
    uint64_t early; /* left before their time was over: there were too many */
};

typedef void capture_notes_write_fn(void *user, const struct pcapng_packet *packet);

struct capture_notes;

/* NULL if memory is out. */
struct capture_notes *capture_notes_new(const struct capture_notes_limits *limits,
                                        capture_notes_write_fn *write, void *user);
/* Drops what is still held. */
void capture_notes_free(struct capture_notes *n);

/* A packet (Ethernet) that `node` sent (OUTBOUND) or got. Its bytes are copied, `node` is borrowed until the
 * end. False if memory is out. */
bool capture_notes_packet(struct capture_notes *n, const char *node, const struct pcapng_packet *packet,
                          time_ms now);
/* An object of the trace. False if memory is out. */
bool capture_notes_event(struct capture_notes *n, const cJSON *event, time_ms now);
/* Writes what was held long enough. */
void capture_notes_release(struct capture_notes *n, time_ms now);
/* When that will be of the next; TIME_NEVER: none is held. */
time_ms capture_notes_deadline(const struct capture_notes *n);
/* Writes all. */
void capture_notes_flush(struct capture_notes *n);

const struct capture_notes_counts *capture_notes_counts(const struct capture_notes *n);
