/* The event loop. With io_http the only module that knows libevent. Timers run on the machine's boot-time
 * clock; those of engines on the program's: io_clock_arm(). */
#pragma once
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"
#include "common/io_clock.h"

struct event_base; /* of libevent */
struct io_loop;
struct io_watch;
struct io_timer;

/* NULL if memory is out or the kernel refuses. */
struct io_loop *io_loop_new(void);
void io_loop_free(struct io_loop *loop);
/* Runs until io_loop_stop(); not at all if that was called since the last run. 0, or ERR_IO. */
int io_loop_run(struct io_loop *loop);
void io_loop_stop(struct io_loop *loop);
/* Work is begun beside the loop, in a thread or a child, that will make an fd ready or send a signal: until
 * as many releases as holds the program is not quiet for its pacer (io_pace.h). */
void io_loop_hold(struct io_loop *loop);
void io_loop_release(struct io_loop *loop);
/* For io_http alone: evhttp wants it. */
struct event_base *io_loop_base(struct io_loop *loop);

enum { IO_READ = 1, IO_WRITE = 2 };
typedef void io_fd_fn(void *user, int fd, int what);
/* Calls `fn` whenever `fd` is ready for `what` (IO_READ, IO_WRITE or both). NULL if memory is out, or the fd
 * is one that nobody can wait for, e.g. of a regular file. The fd stays the caller's. */
struct io_watch *io_watch_new(struct io_loop *loop, int fd, int what, io_fd_fn *fn, void *user);
/* Changes what is waited for; 0 pauses. */
void io_watch_set(struct io_watch *w, int what);
void io_watch_free(struct io_watch *w); /* NULL is fine */

typedef void io_timer_fn(void *user);
/* A timer at rest. */
struct io_timer *io_timer_new(struct io_loop *loop, io_timer_fn *fn, void *user);
/* Fires once when the machine's boot-time clock shows `at_ms` (at once if that is past); TIME_NEVER disarms.
 * Replaces what was set. */
void io_timer_set(struct io_timer *t, time_ms at_ms);
/* The same in microseconds; INT64_MAX disarms. */
void io_timer_set_us(struct io_timer *t, int64_t at_us);
/* The same on the clock of a pacer (io_pace.h), in milliseconds. For io_clock. */
void io_timer_pace(struct io_timer *t, time_ms at_ms);
/* Fires once in `ms` milliseconds of the machine. */
void io_timer_after(struct io_timer *t, time_ms ms);
void io_timer_free(struct io_timer *t); /* NULL is fine */

typedef void io_signal_fn(void *user, int signal);
/* Calls `fn` from the loop (not from the handler). Freed with the loop. 0 or ERR_NOMEM. */
int io_signal_add(struct io_loop *loop, int signal, io_signal_fn *fn, void *user);
