/* A thread that does one piece of work at a time, beside the event loop. */
#pragma once
#include <pthread.h>
#include <stdbool.h>

/* Starts `thread` with every signal blocked: they are the event loop's. 0; ERR_IO (errno tells). */
int io_worker_thread(pthread_t *thread, void *(*run)(void *), void *user);

struct io_worker;

typedef void io_worker_fn(void *user);
/* `work` is what it does, in the thread. NULL: errno tells why. */
struct io_worker *io_worker_new(io_worker_fn *work, void *user);
void io_worker_free(struct io_worker *w); /* waits until the work is done; NULL is fine */
/* Readable from the end of the work until io_worker_finish(). Owned by the worker. */
int io_worker_fd(const struct io_worker *w);
bool io_worker_is_done(const struct io_worker *w); /* the same without a system call */
/* Has the work done once. Only while it rests. What was written before is seen by the work. */
void io_worker_start(struct io_worker *w);
/* Waits for the end of what was started; then it rests, and what the work has written is seen here. */
void io_worker_finish(struct io_worker *w);
