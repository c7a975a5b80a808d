#include "common/histogram.h"

const uint64_t histogram_bounds_us[HISTOGRAM_BOUNDS] = {
    50,    100,    250,    500,    1000,    2500,    5000,    10000,    25000,
    50000, 100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000,
};

void histogram_add(struct histogram *h, uint64_t us, uint64_t n)
{
    size_t place = 0;
    while (place < HISTOGRAM_BOUNDS && us > histogram_bounds_us[place])
        place++;
    h->counts[place] += n;
    h->n += n;
    h->sum_us += us * n;
}
