/* How long things take, counted by size: the form of Prometheus. Pure. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* Upper bounds in microseconds, from 50 us to 10 s. */
enum { HISTOGRAM_BOUNDS = 17 };
extern const uint64_t histogram_bounds_us[HISTOGRAM_BOUNDS];

struct histogram {
    uint64_t
        counts[HISTOGRAM_BOUNDS + 1]; /* above the bound before and up to this one; the last: above all */
    uint64_t n, sum_us;
};

/* `n` times the same. */
void histogram_add(struct histogram *h, uint64_t us, uint64_t n);
