/* Puts IPv4 datagrams together from their fragments: RFC 791 3.2, RFC 815's question without its list.
 * Bounded by the number of datagrams that are under way, their octets, and the time of the packets. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/dissect.h"

struct dissect_reasm_limits {
    size_t datagrams; /* under way at a time; the oldest makes room */
    size_t octets;    /* of all of them; likewise */
    int64_t time_ns;  /* since the first fragment; RFC 1122 3.3.2: 60 to 120 seconds */
};

extern const struct dissect_reasm_limits dissect_reasm_default;

struct dissect_reasm_counts {
    uint64_t fragments, datagrams; /* datagrams that became whole */
    uint64_t expired;              /* given up by time */
    uint64_t evicted;              /* given up to make room */
    uint64_t overlaps;             /* fragments of which something was there already; what was first stays */
    uint64_t refused; /* cut, empty, behind 65,535 octets, or of another length than the last said */
};

enum dissect_reasm_status {
    DISSECT_REASM_KEPT,    /* others are missing */
    DISSECT_REASM_WHOLE,   /* that was the last */
    DISSECT_REASM_REFUSED, /* it cannot be used */
};

struct dissect_reasm_answer {
    enum dissect_reasm_status status;
    unsigned n_fragments; /* of this datagram so far */
    size_t octets;        /* that are there */
    size_t total;         /* of the payload; 0: the last fragment has not come */
    bool overlap;
    const uint8_t *bytes; /* WHOLE: the payload, `total` octets, borrowed until the next call */
};

struct dissect_reasm;

/* NULL if memory is out. */
struct dissect_reasm *dissect_reasm_new(const struct dissect_reasm_limits *limits);
void dissect_reasm_free(struct dissect_reasm *r);
/* Is the packet a fragment? */
bool dissect_reasm_is_fragment(const struct dissect *d);
/* Takes the fragment in *d, seen at `now_ns`. */
void dissect_reasm_add(struct dissect_reasm *r, const struct dissect *d, int64_t now_ns,
                       struct dissect_reasm_answer *out);
const struct dissect_reasm_counts *dissect_reasm_counts(const struct dissect_reasm *r);
