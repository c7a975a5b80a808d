#include "common/io_loop.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/err.h"
#include "common/io_pace.h"

struct io_signal {
    struct io_loop *loop;
    struct io_signal *next;
    struct event *event;
    io_signal_fn *fn;
    void *user;
};

struct io_loop {
    struct event_base *base;
    struct io_signal *signals;
    bool stopped; /* libevent forgets a loopbreak from before the loop */
    /* While a pacer makes the time. */
    struct io_timer *timers; /* that are set: by time, then in the order of their setting */
    struct io_watch *kicks;
    uint64_t n_done; /* how much was to do up to now */
    unsigned holds;  /* pieces of work beside the loop */
    uint64_t kick;   /* the number of the last kick */
    bool is_kicked;  /* it is not answered yet */
};

struct io_watch {
    struct io_loop *loop;
    struct event *event;
    int fd;
    int what;
    io_fd_fn *fn;
    void *user;
};

enum { AT_ONCE = 0, LONG_PAST = 1 };

/* libevent's own timers stop while the machine sleeps; a lease does not. So each timer is a boot-time
 * timerfd; only what is to fire at once needs no clock. */
struct io_timer {
    struct io_loop *loop;
    struct io_timer *next; /* in loop->timers */
    time_ms at_ms;         /* TIME_NEVER: it is not among them */
    int fd;
    int64_t at_us;     /* AT_ONCE; INT64_MAX: it is not set */
    int64_t kernel_us; /* the timerfd's, not later than at_us; INT64_MAX: it is not set */
    struct io_watch *watch;
    struct event *at_once;
    io_timer_fn *fn;
    void *user;
};

static void on_kick(void *user, int fd, int what)
{
    (void)fd, (void)what;
    struct io_loop *loop = user;
    loop->n_done--; /* a kick is nothing to do */
    loop->is_kicked = io_pace_hear(&loop->kick);
    if (!loop->is_kicked)
        io_watch_set(loop->kicks, 0);
}

struct io_loop *io_loop_new(void)
{
    struct io_loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL)
        return NULL;
    loop->base = event_base_new();
    if (loop->base != NULL && io_pace_is_on()) {
        loop->kicks = io_watch_new(loop, io_pace_fd(), IO_READ, on_kick, loop);
        loop->is_kicked = true; /* its start is to be answered, too */
    }
    if (loop->base == NULL || (io_pace_is_on() && loop->kicks == NULL)) {
        io_loop_free(loop);
        return NULL;
    }
    return loop;
}

void io_loop_free(struct io_loop *loop)
{
    if (loop == NULL)
        return;
    while (loop->signals != NULL) {
        struct io_signal *s = loop->signals;
        loop->signals = s->next;
        event_free(s->event);
        free(s);
    }
    io_watch_free(loop->kicks);
    if (loop->base != NULL)
        event_base_free(loop->base);
    free(loop);
}

/* ---- paced ---- */

static void take_out(struct io_timer *t)
{
    struct io_timer **place = &t->loop->timers;
    while (*place != NULL && *place != t)
        place = &(*place)->next;
    if (*place != NULL)
        *place = t->next;
    t->at_ms = TIME_NEVER;
}

void io_timer_pace(struct io_timer *t, time_ms at_ms)
{
    struct io_timer **place = &t->loop->timers;
    take_out(t);
    if (at_ms == TIME_NEVER)
        return;
    while (*place != NULL && (*place)->at_ms <= at_ms)
        place = &(*place)->next;
    t->at_ms = at_ms;
    t->next = *place;
    *place = t;
}

static void fire_due(struct io_loop *loop)
{
    while (!loop->stopped && loop->timers != NULL && loop->timers->at_ms <= io_pace_now().boot_ms) {
        struct io_timer *t = loop->timers;
        take_out(t);
        loop->n_done++;
        t->fn(t->user);
    }
}

/* Does what there is to do until nothing is left, and nothing will come of work beside the loop. */
static int settle(struct io_loop *loop)
{
    uint64_t n_done;
    int rc = 0;
    do {
        n_done = loop->n_done;
        rc = event_base_loop(loop->base, EVLOOP_ONCE | (loop->holds == 0 ? EVLOOP_NONBLOCK : 0));
        fire_due(loop);
    } while (rc >= 0 && !loop->stopped && (loop->n_done != n_done || loop->holds > 0));
    return rc;
}

static int run_paced(struct io_loop *loop)
{
    int rc = 0;
    while (rc >= 0 && !loop->stopped) {
        if (loop->is_kicked)
            rc = settle(loop);
        if (loop->is_kicked && !loop->stopped)
            io_pace_tell(loop->kick, loop->timers != NULL ? loop->timers->at_ms : TIME_NEVER);
        loop->is_kicked = false;
        if (rc >= 0 && !loop->stopped)
            rc = event_base_loop(loop->base, EVLOOP_ONCE);
    }
    return rc;
}

int io_loop_run(struct io_loop *loop)
{
    int rc = loop->stopped         ? 0
             : loop->kicks != NULL ? run_paced(loop)
                                   : event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY);
    loop->stopped = false;
    return rc < 0 ? ERR_IO : 0;
}

void io_loop_stop(struct io_loop *loop)
{
    loop->stopped = true;
    event_base_loopbreak(loop->base);
}

void io_loop_hold(struct io_loop *loop)
{
    loop->holds++;
}

void io_loop_release(struct io_loop *loop)
{
    assert(loop->holds > 0);
    loop->holds--;
}

struct event_base *io_loop_base(struct io_loop *loop)
{
    return loop->base;
}

static void on_fd(evutil_socket_t fd, short events, void *user)
{
    struct io_watch *w = user;
    w->loop->n_done++;
    w->fn(w->user, (int)fd, (events & EV_READ ? IO_READ : 0) | (events & EV_WRITE ? IO_WRITE : 0));
}

static int watch_for(struct io_watch *w, int what)
{
    w->what = what;
    if (what == 0)
        return 0;
    int events = EV_PERSIST | (what & IO_READ ? EV_READ : 0) | (what & IO_WRITE ? EV_WRITE : 0);
    event_assign(w->event, w->loop->base, w->fd, (short)events, on_fd, w);
    return event_add(w->event, NULL);
}

struct io_watch *io_watch_new(struct io_loop *loop, int fd, int what, io_fd_fn *fn, void *user)
{
    struct io_watch *w = calloc(1, sizeof *w);
    if (w == NULL)
        return NULL;
    *w = (struct io_watch){.loop = loop, .fd = fd, .fn = fn, .user = user};
    w->event = event_new(loop->base, fd, 0, on_fd, w);
    if (w->event == NULL) {
        free(w);
        return NULL;
    }
    if (watch_for(w, what) < 0) {
        io_watch_free(w);
        return NULL;
    }
    return w;
}

void io_watch_set(struct io_watch *w, int what)
{
    if (what == w->what)
        return;
    event_del(w->event);
    watch_for(w, what);
}

void io_watch_free(struct io_watch *w)
{
    if (w == NULL)
        return;
    event_free(w->event);
    free(w);
}

static bool is_for_kernel(int64_t at_us)
{
    return at_us != AT_ONCE && at_us != INT64_MAX;
}

/* A deadline that moves on with every message is not told to the kernel each time: it wakes us early, once.
 */
static void set_kernel(struct io_timer *t)
{
    if (!is_for_kernel(t->at_us) || t->at_us >= t->kernel_us)
        return;
    t->kernel_us = t->at_us;
    struct itimerspec spec = {
        .it_value = {.tv_sec = (time_t)(t->at_us / 1000000), .tv_nsec = (long)(t->at_us % 1000000) * 1000}};
    timerfd_settime(t->fd, TFD_TIMER_ABSTIME, &spec, NULL);
}

static void on_timer(void *user, int fd, int what)
{
    (void)what;
    struct io_timer *t = user;
    uint64_t expirations;
    if (read(fd, &expirations, sizeof expirations) != (ssize_t)sizeof expirations)
        return;
    bool is_due = t->kernel_us == t->at_us;
    t->kernel_us = INT64_MAX;
    if (!is_due) {
        set_kernel(t);
        return;
    }
    t->at_us = INT64_MAX;
    t->fn(t->user);
}

/* In the next turn of the loop, which has looked at everything else by then. */
static void on_at_once(evutil_socket_t fd, short events, void *user)
{
    (void)fd, (void)events;
    struct io_timer *t = user;
    t->at_us = INT64_MAX;
    t->fn(t->user);
}

struct io_timer *io_timer_new(struct io_loop *loop, io_timer_fn *fn, void *user)
{
    struct io_timer *t = calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    *t = (struct io_timer){.loop = loop,
                           .at_ms = TIME_NEVER,
                           .at_us = INT64_MAX,
                           .kernel_us = INT64_MAX,
                           .fn = fn,
                           .user = user};
    t->fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    t->watch = t->fd < 0 ? NULL : io_watch_new(loop, t->fd, IO_READ, on_timer, t);
    t->at_once = evtimer_new(loop->base, on_at_once, t);
    if (t->watch == NULL || t->at_once == NULL) {
        io_timer_free(t);
        return NULL;
    }
    return t;
}

void io_timer_set_us(struct io_timer *t, int64_t at_us)
{
    /* What is due already is a part of what there is to do: no kernel's timer says so in time. */
    if (t->loop->kicks != NULL && at_us <= io_real_ms() * 1000) {
        io_timer_pace(t, io_pace_now().boot_ms);
        return;
    }
    take_out(t);
    int64_t before_us = t->at_us;
    t->at_us = at_us > 0 ? at_us : AT_ONCE;
    if (t->at_us == before_us)
        return;
    if (before_us == AT_ONCE)
        event_del(t->at_once);
    if (t->at_us == AT_ONCE && event_add(t->at_once, &(struct timeval){0}) < 0)
        t->at_us = LONG_PAST; /* memory is out, of which the kernel's timer takes none */
    set_kernel(t);
}

void io_timer_set(struct io_timer *t, time_ms at_ms)
{
    io_timer_set_us(t, at_ms > INT64_MAX / 1000 ? INT64_MAX : at_ms <= 0 ? 0 : at_ms * 1000);
}

void io_timer_after(struct io_timer *t, time_ms ms)
{
    io_timer_set(t, ms <= 0 ? 0 : time_add(io_real_ms(), ms));
}

void io_timer_free(struct io_timer *t)
{
    if (t == NULL)
        return;
    take_out(t);
    io_watch_free(t->watch);
    if (t->at_once != NULL)
        event_free(t->at_once);
    if (t->fd >= 0)
        close(t->fd);
    free(t);
}

static void on_signal(evutil_socket_t signal, short events, void *user)
{
    (void)events;
    struct io_signal *s = user;
    s->loop->n_done++;
    s->fn(s->user, (int)signal);
}

int io_signal_add(struct io_loop *loop, int signal, io_signal_fn *fn, void *user)
{
    struct io_signal *s = calloc(1, sizeof *s);
    if (s == NULL)
        return ERR_NOMEM;
    *s = (struct io_signal){.loop = loop, .next = loop->signals, .fn = fn, .user = user};
    s->event = evsignal_new(loop->base, signal, on_signal, s);
    if (s->event == NULL || event_add(s->event, NULL) < 0) {
        if (s->event != NULL)
            event_free(s->event);
        free(s);
        return ERR_NOMEM;
    }
    loop->signals = s;
    return 0;
}
