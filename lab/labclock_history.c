#include "lab/labclock_history.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/io_clock.h"
#include "lab/labclock.h"

enum { NS_PER_US = 1000, STEP_NS = 2000000 };

bool labclock_history_open(struct labclock_history *h, const char *dir)
{
    *h = (struct labclock_history){0};
    labclock_path(dir, h->path);
    return trace_lines_open(&h->file, h->path, false);
}

void labclock_history_close(struct labclock_history *h)
{
    trace_lines_close(&h->file);
    free(h->lines);
    h->lines = NULL;
    h->n = h->cap = 0;
}

/* False if memory is out. */
static bool add(struct labclock_history *h, const struct clock_line *line)
{
    if (h->n == h->cap) {
        size_t cap = 2 * h->cap + 16;
        struct clock_line *lines = realloc(h->lines, cap * sizeof *lines);
        if (lines == NULL)
            return false;
        h->lines = lines;
        h->cap = cap;
    }
    h->lines[h->n++] = *line;
    return true;
}

/* A shorter file has taken the place of the one that is open. With the lab goes the file, and no other comes.
 */
static bool is_replaced(const struct labclock_history *h)
{
    struct stat st;
    return fstat(h->file.fd, &st) == 0 && st.st_nlink == 0 && access(h->path, R_OK) == 0;
}

/* A line is in the file before any program follows it. */
static void read_on(struct labclock_history *h)
{
    struct clock_line line;
    struct trace_lines next;
    if (is_replaced(h) && trace_lines_open(&next, h->path, false)) {
        trace_lines_close(&h->file);
        h->file = next;
        h->n = 0;
    }
    const char *text;
    while (trace_lines_read(&h->file) > 0)
        while ((text = trace_lines_next(&h->file)) != NULL)
            if (clock_line_parse(text, strlen(text), &line) && !add(h, &line))
                return;
}

/* Measured twice, it seems to change a little: only a step of the clock on the wall counts. */
static void measure_distance(struct labclock_history *h)
{
    int64_t distance_ns = io_wall_ahead_ns();
    if (llabs(distance_ns - h->distance_ns) > STEP_NS)
        h->distance_ns = distance_ns;
}

int64_t labclock_history_time_ns(struct labclock_history *h, int64_t wall_ns)
{
    measure_distance(h);
    read_on(h);
    int64_t boot_us = (wall_ns - h->distance_ns) / NS_PER_US;
    size_t i = h->n;
    while (i > 0 && h->lines[i - 1].boot_us > boot_us)
        i--;
    if (i == 0)
        return wall_ns;
    const struct clock_line *line = &h->lines[i - 1];
    if (line->scale == CLOCK_SCALE_ONE) /* with its nanoseconds */
        return wall_ns + (line->lab_us - line->boot_us) * NS_PER_US;
    return clock_line_at(line, boot_us) * NS_PER_US + h->distance_ns;
}
