/* The DHCP messages of a capture as ladders (ladder.h) of 80 columns: clients and servers stand side by side.
 * A capture has no host names, so that a client is called by the last octets of its hardware address, a
 * server by its address. Printed in parts of EXPLAIN_LADDER_MAX messages and as many hosts as fit: memory
 * does not grow with the capture. */
#pragma once
#include <stdbool.h>
#include <stdio.h>

#include "common/dissect.h"
#include "common/trace.h"
#include "lab/explain_relate.h"

enum { EXPLAIN_LADDER_MAX = 200, EXPLAIN_LADDER_HOSTS = 5 };

struct explain_ladder {
    FILE *out;
    enum trace_color color;
    cJSON *events;
    unsigned n;
    uint64_t lost[EXPLAIN_LADDER_MAX]; /* packets that nobody is known to have got */
    size_t n_lost;
    char hosts[EXPLAIN_LADDER_HOSTS][64];
    size_t n_hosts;
};

/* False if memory is out; likewise below. */
bool explain_ladder_init(struct explain_ladder *l, FILE *out, enum trace_color color);
void explain_ladder_fini(struct explain_ladder *l);
/* Does nothing for a packet without DHCP. */
bool explain_ladder_add(struct explain_ladder *l, const struct explain_packet *packet,
                        const struct dissect *d, const struct explain_relation *relation);
/* Prints what there is. */
bool explain_ladder_print(struct explain_ladder *l);
