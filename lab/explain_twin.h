/* A capture of several interfaces has a packet once for each that it passes: which is the same as one before,
 * seen elsewhere? Octet for octet, so that what a router or relay agent changed is another one. Only
 * interfaces with a name are told apart. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lab/explain_read.h"

enum { EXPLAIN_TWINS_MAX = 256 }; /* packets that are remembered */

struct explain_twins {
    struct explain_twin {
        uint64_t hash, number;
        int64_t time_ns;
        size_t interface_number;
    } seen[EXPLAIN_TWINS_MAX];
    size_t next;
    bool has_several; /* interfaces; until then none can be a twin */
};

/* The number of the packet that this one is the same as, at another interface less than a second ago; 0:
 * none. */
uint64_t explain_twin_find(struct explain_twins *t, const struct explain_packet *packet);
