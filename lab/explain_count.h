/* How much of what is in a capture: packets and octets by protocol, DHCP messages by type. */
#pragma once
#include <stdbool.h>
#include <stdio.h>

#include "common/dissect.h"
#include "lab/explain_read.h"

enum { EXPLAIN_COUNT_PROTOCOLS_MAX = 32, EXPLAIN_COUNT_TYPES_MAX = 256 };

struct explain_count {
    uint64_t packets, octets, warnings; /* octets as captured */
    uint64_t twins;            /* packets that were seen at one more interface; in none of the others */
    int64_t first_ns, last_ns; /* times of the first and the last packet */
    struct explain_count_row {
        const char *name; /* static */
        uint64_t packets, octets;
    } protocols[EXPLAIN_COUNT_PROTOCOLS_MAX]; /* as they came */
    size_t n_protocols;
    uint64_t types[EXPLAIN_COUNT_TYPES_MAX]; /* DHCP messages by option 53 */
};

/* Zeroed before the first. Needs no tree. */
void explain_count_add(struct explain_count *c, const struct explain_packet *packet, const struct dissect *d,
                       bool is_twin);
void explain_count_print(FILE *out, const struct explain_count *c);
/* One object. False if memory is out. */
bool explain_count_json(FILE *out, const struct explain_count *c);
