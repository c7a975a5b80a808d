/* The clock of a lab: one line over the machine's (common/clock_line.h) in DIR/lab.clock, which all its
 * programs follow. */
#pragma once
#include <cjson/cJSON.h>

#include "common/clock_line.h"
#include "lab/pace.h"
#include "lab/rundir.h"

enum {
    LABCLOCK_PATH_MAX = LAB_PATH_MAX + LAB_NAME_MAX,
    LABCLOCK_FILE_MAX = 1 << 20, /* octets: some thousand lines */
};

/* ---- the file ---- */

/* DIR/lab.clock */
void labclock_path(const char *dir, char out[LABCLOCK_PATH_MAX]);
/* Adds the line, which holds from then on. Before the lab's first program starts there has to be one;
 * programs that run are to be told: labclock_set(). A file that would grow beyond its limit is replaced by
 * its last half: what is asked of those before the last are the moments just past. 0, ERR_NOMEM or ERR_IO
 * (errno tells). */
int labclock_write(const char *dir, const struct clock_line *line);
/* The calling process follows the lab's clock from now on: io_now(). A folder without it is no error: that
 * lab's clock is the machine's. */
void labclock_follow(const char *dir);

/* ---- moving it ---- */

/* A program that knows clock-get and clock-set (common/control_clock.h). */
struct labclock_program {
    const char *name;    /* of the host, for people */
    const char *control; /* path of the socket */
    bool is_silent;      /* it did not answer once, and is not asked again */
};

/* The texts are borrowed. */
struct labclock {
    const char *dir;
    size_t n;
    /* In the order in which they are told of a new line: who answers before who asks, so that a message that
     * a client sends at the new time does not meet a server that still has the old one. */
    struct labclock_program programs[LAB_HOSTS_MAX];
};

/* The programs of the lab that run: servers, then clients. */
void labclock_programs(const struct lab_state *lab, struct labclock *out);

/* A program's answer to clock-get or clock-set; the caller's. NULL: it is silent; at the first time that is
 * told on standard error. */
cJSON *labclock_ask(struct labclock_program *program, const char *command);

/* The line that the calling process follows, from its present on, and so fast. */
struct clock_line labclock_turned(uint64_t scale);
/* Writes the line, tells every program, and follows it. As labclock_write(). */
int labclock_set(struct labclock *clock, const struct clock_line *line);

/* For pace_advance(); `clock` is borrowed. The line keeps its scale. */
struct pace labclock_pace(struct labclock *clock);
