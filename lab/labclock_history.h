/* How the clock of a lab has run, for what the kernel has stamped with the machine's time: DIR/lab.clock
 * keeps the lines that the lab has followed, the last thousands of them. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/clock_line.h"
#include "lab/labclock.h"
#include "lab/trace_lines.h"

struct labclock_history {
    char path[LABCLOCK_PATH_MAX];
    struct trace_lines file;
    struct clock_line *lines; /* in their order */
    size_t n, cap;
    int64_t distance_ns; /* from the machine's boot-time clock to the one on the wall */
};

/* False, and told, if the file cannot be read; to be closed all the same. */
bool labclock_history_open(struct labclock_history *h, const char *dir);
void labclock_history_close(struct labclock_history *h);

/* What the lab's clock on the wall showed (ns since 1970) when the machine's showed `wall_ns`, some moments
 * ago; a later moment is never told an earlier time. A file that cannot be read any more is told of, and says
 * nothing new. */
int64_t labclock_history_time_ns(struct labclock_history *h, int64_t wall_ns);
