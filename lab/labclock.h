/* The clock of a lab: one line over the machine's (common/clock_line.h) in DIR/lab.clock, which all its
 * programs follow. */
#pragma once
#include "common/clock_line.h"
#include "lab/rundir.h"

enum { LABCLOCK_PATH_MAX = LAB_PATH_MAX + LAB_NAME_MAX };

/* DIR/lab.clock */
void labclock_path(const char *dir, char out[LABCLOCK_PATH_MAX]);
/* Writes it at once or not at all; programs that run are to be told by `clock-set`. Before the lab's first
 * program starts it has to be there. 0 or ERR_IO (errno tells). */
int labclock_write(const char *dir, const struct clock_line *line);
/* The calling process follows the lab's clock from now on: io_now(). A folder without it is no error: that
 * lab's clock is the machine's. */
void labclock_follow(const char *dir);
