/* How the clock of a lab has run, for what the kernel has stamped with the machine's time: DIR/lab.clock
 * keeps every line that the lab has followed. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/clock_line.h"
#include "lab/trace_lines.h"

struct labclock_history {
    struct trace_lines file;
    struct clock_line *lines; /* in their order */
    size_t n, cap;
};

/* False, and told, if the file cannot be read; to be closed all the same. */
bool labclock_history_open(struct labclock_history *h, const char *dir);
void labclock_history_close(struct labclock_history *h);

/* How many nanoseconds the lab's clock was ahead when the machine's clock on the wall showed `wall_ns` (since
 * 1970), some moments ago. A file that cannot be read any more is told of, and says nothing new. */
int64_t labclock_history_ahead_ns(struct labclock_history *h, int64_t wall_ns);
