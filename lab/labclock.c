#include "lab/labclock.h"

#include <stdio.h>

#include "common/io_clock.h"

#define FILE_NAME "lab.clock"

void labclock_path(const char *dir, char out[LABCLOCK_PATH_MAX])
{
    snprintf(out, LABCLOCK_PATH_MAX, "%s/" FILE_NAME, dir);
}

int labclock_write(const char *dir, const struct clock_line *line)
{
    char text[CLOCK_LINE_MAX];
    return rundir_write(dir, FILE_NAME, clock_line_format(line, text));
}

void labclock_follow(const char *dir)
{
    char path[LABCLOCK_PATH_MAX];
    labclock_path(dir, path);
    io_clock_follow(path);
}
