/* When the kernel is to drop DISCOVERs, since more come than can be answered (common/io_shed.h). A long queue
 * takes in a burst, which is soon over. Of a load that stays it makes all wait, and answers none more:
 * fewer even, since what waits in it no longer fits into the caches of a processor. So once it was full it is
 * kept short, until that was not necessary for a while. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "common/clock.h"

enum {
    SRV_SHED_CAPACITY_MIN = 1024, /* a smaller queue is full and empty in turn too often for that */
    SRV_SHED_FROM = 768,          /* packets in a queue that is kept short */
    SRV_SHED_UNTIL = 384,         /* packets: enough to serve until more have come */
    SRV_SHED_SHORT_MS = 1000      /* to find out anew that it is too much costs a full queue, some 15 ms */
};

struct srv_shed {
    bool sheds;
    time_ms short_until_ms; /* until then the queue is kept short */
};

/* `n` packets wait in a queue for `capacity`; `waits`: none is served, since all wait for the disk (then who
 * asks again does get its newer message in, see srv_queue.h). Whether the kernel drops DISCOVERs from now on.
 */
bool srv_shed_step(struct srv_shed *s, size_t n, size_t capacity, bool waits, time_ms now);
