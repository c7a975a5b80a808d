/* A clock as a straight line over the machine's boot-time clock: all programs of a lab that follow one line
 * show one time, and a new line moves them together. Lines are kept in a file, a JSON object each:
 *
 *   { "boot_us": 7200000000, "lab_us": 9000000000, "scale": 60 }
 *
 * A new one is added to the end; the last one holds, those before it tell how the clock ran until then, as
 * far back as they are kept.
 *
 * Pure. Microseconds, because a fast clock shows seconds within the machine's millisecond. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/clock.h"

/* A scale of 1, the machine's own; scales are counted in its parts. */
#define CLOCK_SCALE_ONE UINT64_C(1000000)
/* Between these, or 0. A day in a second; a thousandth of the machine's. */
#define CLOCK_SCALE_MAX (86400 * CLOCK_SCALE_ONE)
#define CLOCK_SCALE_MIN (CLOCK_SCALE_ONE / 1000)

struct clock_line {
    int64_t boot_us; /* when the boot-time clock shows this, ... */
    int64_t lab_us;  /* ... the lab's shows this, ... */
    uint64_t scale;  /* ... and runs so fast from then on; 0: it stands */
};

/* The machine's own clock. */
#define CLOCK_LINE_REAL ((struct clock_line){0, 0, CLOCK_SCALE_ONE})

/* What the lab's clock shows when the boot-time clock shows `boot_us`; before the line begins, its first
 * instant. */
int64_t clock_line_at(const struct clock_line *line, int64_t boot_us);

/* When the boot-time clock first shows what makes clock_line_at() reach `lab_us`: rounded up. INT64_MAX:
 * never, the clock stands before it, or it is centuries away. What the line began with or behind is
 * line->boot_us. */
int64_t clock_line_when(const struct clock_line *line, int64_t lab_us);

enum { CLOCK_LINE_MAX = 128 };
/* As the file has it, with a newline; `buf` holds CLOCK_LINE_MAX; returns it. */
const char *clock_line_format(const struct clock_line *line, char *buf);
/* False, and *out untouched, for anything else. */
bool clock_line_parse(const char *text, size_t len, struct clock_line *out);
/* The last whole line of a file or of its end: behind it there may be a part of one that is just being
 * written. */
bool clock_line_parse_last(const char *text, size_t len, struct clock_line *out);

/* "60", "0.5", "0": a decimal with at most six places. False, and *out untouched, for anything else, and for
 * what is out of bounds. */
bool clock_scale_parse(const char *text, uint64_t *out);
enum { CLOCK_SCALE_LEN = 24 };
/* The same way back; `buf` holds CLOCK_SCALE_LEN; returns it. */
const char *clock_scale_format(uint64_t scale, char *buf);
