/* A bar for what takes long, on standard error, where that is a terminal; elsewhere nothing is shown. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"

struct progress {
    bool is_on, is_shown;
    uint64_t next_us; /* not drawn again before; of io_now_us() */
};

/* Nothing is shown of what ends within `quiet_us`. */
void progress_init(struct progress *p, uint64_t quiet_us);
/* Is the bar to be drawn? Not too often, and at the end if it was shown before. */
bool progress_is_due(const struct progress *p, uint64_t done, uint64_t total);
/* Draws it with a text behind, which must not become shorter. */
void progress_draw(struct progress *p, uint64_t done, uint64_t total, const char *text);
/* Ends the line of a bar that was shown. */
void progress_end(struct progress *p);
/* Both, where it is time that passes: "00:30:00 of 7 d 00:00:00". */
void progress_time(struct progress *p, time_ms done, time_ms total);
