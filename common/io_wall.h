/* Tells when somebody sets the wall clock. Timers do not notice, they run on the boot-time clock; what is on
 * disk in wall-clock times does. */
#pragma once
#include "common/io_loop.h"

struct io_wall;

typedef void io_wall_fn(void *user);
/* Calls `fn` after each jump of the wall clock, and now and then without one (after a sleep of the machine).
 * Slewing is no jump. NULL if memory is out or the kernel refuses. */
struct io_wall *io_wall_new(struct io_loop *loop, io_wall_fn *fn, void *user);
void io_wall_free(struct io_wall *w); /* before the loop; NULL is fine */
