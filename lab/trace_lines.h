/* The lab's trace file, line by line, as it grows. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct trace_lines {
    int fd, inotify;
    char *buf; /* what was read; `at` is behind the last line that was given out */
    size_t at, len, cap;
};

/* From the start, or from what is written from now on. False, and told, if it cannot be read or watched. */
bool trace_lines_open(struct trace_lines *l, const char *path, bool at_end);
void trace_lines_close(struct trace_lines *l);
/* Reads on: 1; 0, there is no more now; or, and told, ERR_IO or ERR_NOMEM. */
int trace_lines_read(struct trace_lines *l);
/* The next whole line of what was read, without its end; NULL: none. Valid until the next call of any of
 * these. */
const char *trace_lines_next(struct trace_lines *l);
/* Takes note of what `inotify`, which is readable when the file has changed, tells. False: the file was
 * removed, and its lab with it. */
bool trace_lines_wake(struct trace_lines *l);
