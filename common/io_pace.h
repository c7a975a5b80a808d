/* A program whose time another one makes: `dhcplab run --veth`. What follows it is io_clock.h. The pacer
 * writes the time to a page that all of its programs see; it stands between two writes. When there may be
 * something to do, the pacer kicks the program, which does all that there is, timers included, and then
 * answers that it is quiet, and when its next timer is due. So hours pass in the time that the work of those
 * hours takes, and no program is ahead of another.
 *
 * The socket is SOCK_SEQPACKET. The pacer's first message carries the page as a file descriptor; each further
 * one is a struct io_pace_kick; the program answers each, and its own start, with a struct io_pace_quiet. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"

struct io_pace_page {
    volatile time_ms boot_ms;
    volatile int64_t wall_ms;
};

struct io_pace_kick {
    uint64_t number;
};

struct io_pace_quiet {
    uint64_t number;     /* of the last kick; 0: of none yet */
    time_ms deadline_ms; /* of its next timer; TIME_NEVER: it has none */
};

/* From now on the pacer behind the socket `path` makes the time of this process. ERR_IO (errno tells):
 * nobody is there, or it is no pacer. */
int io_pace_connect(const char *path);
bool io_pace_is_on(void);
/* What the page shows. */
struct clock_now io_pace_now(void);

/* ---- for io_loop ---- */

/* To be watched for kicks. */
int io_pace_fd(void);
/* Takes a kick. False: the pacer has gone. */
bool io_pace_hear(uint64_t *out_number);
void io_pace_tell(uint64_t number, time_ms deadline_ms);
