#include "common/io_worker.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/err.h"

enum state { RESTING, ASKED, DONE, ENDED };

struct io_worker {
    io_worker_fn *work;
    void *user;
    int done_fd;
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    enum state state; /* behind the mutex */
};

int io_worker_thread(pthread_t *thread, void *(*run)(void *), void *user)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(thread, NULL, run, user);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = failed;
    return failed ? ERR_IO : 0;
}

static void set_state(struct io_worker *w, enum state state)
{
    pthread_mutex_lock(&w->mutex);
    w->state = state;
    if (state != RESTING)                 /* which nobody waits for while it is new */
        pthread_cond_signal(&w->changed); /* there are two, and one waits */
    pthread_mutex_unlock(&w->mutex);
}

/* Until the state is one of two; returns it. */
static enum state wait_for(struct io_worker *w, enum state one, enum state other)
{
    pthread_mutex_lock(&w->mutex);
    while (w->state != one && w->state != other)
        pthread_cond_wait(&w->changed, &w->mutex);
    enum state state = w->state;
    pthread_mutex_unlock(&w->mutex);
    return state;
}

static void *run(void *user)
{
    struct io_worker *w = user;
    while (wait_for(w, ASKED, ENDED) == ASKED) {
        w->work(w->user);
        set_state(w, DONE);
        eventfd_write(w->done_fd, 1);
    }
    return NULL;
}

struct io_worker *io_worker_new(io_worker_fn *work, void *user)
{
    struct io_worker *w = calloc(1, sizeof *w);
    if (w == NULL)
        return NULL;
    *w = (struct io_worker){.work = work, .user = user};
    pthread_mutex_init(&w->mutex, NULL);
    pthread_cond_init(&w->changed, NULL);
    w->done_fd = eventfd(0, EFD_CLOEXEC);
    w->has_thread = w->done_fd >= 0 && io_worker_thread(&w->thread, run, w) == 0;
    if (w->has_thread)
        return w;
    int why = errno;
    io_worker_free(w);
    errno = why;
    return NULL;
}

void io_worker_free(struct io_worker *w)
{
    if (w == NULL)
        return;
    if (w->has_thread) {
        wait_for(w, RESTING, DONE);
        set_state(w, ENDED);
        pthread_join(w->thread, NULL);
    }
    if (w->done_fd >= 0)
        close(w->done_fd);
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->mutex);
    free(w);
}

int io_worker_fd(const struct io_worker *w)
{
    return w->done_fd;
}

bool io_worker_is_done(struct io_worker *w)
{
    pthread_mutex_lock(&w->mutex);
    bool is_done = w->state == DONE;
    pthread_mutex_unlock(&w->mutex);
    return is_done;
}

void io_worker_start(struct io_worker *w)
{
    set_state(w, ASKED);
}

void io_worker_finish(struct io_worker *w)
{
    eventfd_t times;
    eventfd_read(w->done_fd, &times); /* waits */
    set_state(w, RESTING);
}
