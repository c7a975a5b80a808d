#include "common/io_wall.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

struct io_wall {
    int fd;
    struct io_watch *watch;
    io_wall_fn *fn;
    void *user;
};

/* A timer of the wall clock that never fires, and ends when the clock is set: timerfd_create(2). Where a
 * time_t has 32 bits there is no later time than its last. */
static void arm(const struct io_wall *w)
{
    static const struct itimerspec never = {
        .it_value = {.tv_sec = sizeof(time_t) > 4 ? (time_t)(INT64_C(1) << 40) : INT32_MAX}};
    timerfd_settime(w->fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL);
}

static void on_set(void *user, int fd, int what)
{
    (void)what;
    struct io_wall *w = user;
    uint64_t expirations;
    ssize_t n = read(fd, &expirations, sizeof expirations);
    (void)n; /* it fails with ECANCELED: that is the news */
    arm(w);
    w->fn(w->user);
}

struct io_wall *io_wall_new(struct io_loop *loop, io_wall_fn *fn, void *user)
{
    struct io_wall *w = calloc(1, sizeof *w);
    if (w == NULL)
        return NULL;
    *w = (struct io_wall){.fn = fn, .user = user};
    w->fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    w->watch = w->fd < 0 ? NULL : io_watch_new(loop, w->fd, IO_READ, on_set, w);
    if (w->watch == NULL) {
        io_wall_free(w);
        return NULL;
    }
    arm(w);
    return w;
}

void io_wall_free(struct io_wall *w)
{
    if (w == NULL)
        return;
    io_watch_free(w->watch);
    if (w->fd >= 0)
        close(w->fd);
    free(w);
}
