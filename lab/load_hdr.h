/* A histogram of durations with a fixed relative precision (HDR): every value is kept to better than 1 %,
 * over the whole range, in constant memory. Percentiles are read off it. Pure.
 *
 * common/histogram.h has few bounds, as Prometheus wants them: too coarse for a 99.9th percentile. */
#pragma once
#include <stdint.h>

enum {
    LOAD_HDR_BITS = 8,        /* significant bits that are kept of a value */
    LOAD_HDR_VALUE_BITS = 36, /* 19 hours in microseconds; what is longer counts as that */
    LOAD_HDR_HALF = 1 << (LOAD_HDR_BITS - 1),
    LOAD_HDR_PLACES = (LOAD_HDR_VALUE_BITS - LOAD_HDR_BITS + 2) * LOAD_HDR_HALF,
};

struct load_hdr {
    uint64_t counts[LOAD_HDR_PLACES];
    uint64_t n, sum_us;
    uint64_t min_us, max_us; /* exact; 0 if n is 0 */
};

void load_hdr_add(struct load_hdr *h, uint64_t us);

/* The smallest value that `share` (0..1) of all values do not exceed, rounded up by less than 1 %, at most
 * max_us; 0 if there are none. */
uint64_t load_hdr_percentile(const struct load_hdr *h, double share);
