#include "lab/load_hdr.h"

static const uint64_t longest_us = ((uint64_t)1 << LOAD_HDR_VALUE_BITS) - 1;

/* Bits that a value of this size loses. */
static unsigned shift_of(uint64_t us)
{
    unsigned bits = us == 0 ? 0 : 64U - (unsigned)__builtin_clzll(us);
    return bits > LOAD_HDR_BITS ? bits - LOAD_HDR_BITS : 0;
}

static unsigned place_of(uint64_t us)
{
    unsigned shift = shift_of(us);
    return shift * LOAD_HDR_HALF + (unsigned)(us >> shift);
}

/* The largest value that is counted there. */
static uint64_t last_of(unsigned place)
{
    unsigned shift = place < 2 * LOAD_HDR_HALF ? 0 : place / LOAD_HDR_HALF - 1;
    uint64_t kept = place - shift * LOAD_HDR_HALF;
    return ((kept + 1) << shift) - 1;
}

void load_hdr_add(struct load_hdr *h, uint64_t us)
{
    if (us > longest_us)
        us = longest_us;
    h->counts[place_of(us)]++;
    if (h->n == 0 || us < h->min_us)
        h->min_us = us;
    if (us > h->max_us)
        h->max_us = us;
    h->n++;
    h->sum_us += us;
}

uint64_t load_hdr_percentile(const struct load_hdr *h, double share)
{
    double wanted = share * (double)h->n;
    uint64_t seen = 0;
    for (unsigned i = 0; i < LOAD_HDR_PLACES; i++) {
        seen += h->counts[i];
        if (seen > 0 && (double)seen >= wanted)
            return last_of(i) < h->max_us ? last_of(i) : h->max_us;
    }
    return h->max_us;
}
