/* The clock of a program. It is the machine's, unless the program was given the file of a lab's clock
 * (clock_line.h); then it runs as fast as that line, and jumps with it. What engines are told, what is stored
 * and what is shown is this time; what is about the machine itself, the limits of files and sockets, goes by
 * the machine's clock: io_timer_after(), io_real_ms().
 *
 * The wall clock follows: it is as far ahead of the machine's as the boot-time clock is. */
#pragma once
#include <stdint.h>

#include "common/clock.h"
#include "common/clock_line.h"
#include "common/io_now.h"

struct io_timer; /* io_loop.h */

/* Both clocks of the program, now. Never less than what was told before: after a new line it may stand for a
 * moment. */
struct clock_now io_now(void);
/* The machine's boot-time clock, now. */
time_ms io_real_ms(void);
int64_t io_real_us(void); /* the same in microseconds */
/* How far the machine's clock on the wall is ahead of its boot-time clock, to within a tenth of a millisecond
 * even where the program has to wait between its looks at the two; where each look takes longer, as well as
 * can be. */
int64_t io_wall_ahead_ns(void);

/* Follows the last line of the file from now on; if it is a socket, the pacer behind it (io_pace.h). The
 * timers of io_clock_arm() are to be armed again. 0; ERR_NOMEM; ERR_LIMIT: the path is too long;
 * ERR_NOTFOUND, ERR_DENIED, ERR_IO (errno tells); ERR_CONFIG: it is not the file of a clock. After an error
 * everything is as before. */
int io_clock_follow(const char *path);
/* Reads the file again. As io_clock_follow(); ERR_INVALID: the program follows none. */
int io_clock_reload(void);
/* Such an error for the user. Static storage. */
const char *io_clock_why(int rc);
/* The line that is followed; CLOCK_LINE_REAL without one. */
struct clock_line io_clock_line(void);

/* The timer fires once the program's clock shows `at` (at once if that is past); TIME_NEVER disarms. While
 * the clock stands before that it does not fire. Replaces what was set. */
void io_clock_arm(struct io_timer *t, time_ms at);
/* How long the machine takes until the program's clock shows `at`: 0 if that is past; TIME_NEVER if it never
 * does. */
time_ms io_clock_wait_ms(time_ms at);
