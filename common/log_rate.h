/* How many lines of one kind may be written in a second: a flood of one kind neither fills the disk nor hides
 * the other kinds. What is suppressed is counted, and told. Pure: the time is a value. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"

enum { LOG_RATE_KINDS_MAX = 512 };

struct log_rate {
    uint32_t per_s;     /* lines of one kind in one second; 0: no limit */
    uint64_t total;     /* suppressed, of all kinds, since the start */
    unsigned n_waiting; /* kinds with something suppressed that is not told yet */
    time_ms deadline;   /* when log_rate_take_due() has something; TIME_NEVER if never */
    struct log_rate_kind {
        time_ms until;       /* end of the second that is counted */
        uint32_t n;          /* written in it */
        uint32_t suppressed; /* not told yet */
    } kinds[LOG_RATE_KINDS_MAX];
};

void log_rate_init(struct log_rate *r, uint32_t per_s);

/* May a line of this kind be written now? If not, it is counted as suppressed. */
bool log_rate_admit(struct log_rate *r, unsigned kind, time_ms now);

/* When the second of a kind with suppressed lines is over, gives the kind and how many they were, once. False
 * if there is none (any more). */
bool log_rate_take_due(struct log_rate *r, time_ms now, unsigned *out_kind, uint32_t *out_suppressed);
