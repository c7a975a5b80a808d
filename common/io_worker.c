#include "common/io_worker.h"

#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/err.h"

struct io_worker {
    io_worker_fn *work;
    void *user;
    int done_fd;
    pthread_t thread;
    bool has_thread, has_begun; /* seen by who asks alone */
    sem_t asked;
    bool is_over;        /* written before the last time it is asked */
    atomic_bool is_done; /* from the end of the work until somebody has taken it up */
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

static void *run(void *user)
{
    struct io_worker *w = user;
    for (;;) {
        while (sem_wait(&w->asked) < 0)
            continue; /* EINTR: somebody looks at us with a debugger */
        if (w->is_over)
            return NULL;
        w->work(w->user);
        w->is_done = true;
        eventfd_write(w->done_fd, 1);
    }
}

struct io_worker *io_worker_new(io_worker_fn *work, void *user)
{
    struct io_worker *w = calloc(1, sizeof *w);
    if (w == NULL)
        return NULL;
    *w = (struct io_worker){.work = work, .user = user};
    sem_init(&w->asked, 0, 0);
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
    if (w->has_begun)
        io_worker_finish(w);
    if (w->has_thread) {
        w->is_over = true;
        sem_post(&w->asked);
        pthread_join(w->thread, NULL);
    }
    if (w->done_fd >= 0)
        close(w->done_fd);
    sem_destroy(&w->asked);
    free(w);
}

int io_worker_fd(const struct io_worker *w)
{
    return w->done_fd;
}

bool io_worker_is_done(const struct io_worker *w)
{
    return w->is_done;
}

void io_worker_start(struct io_worker *w)
{
    w->has_begun = true;
    sem_post(&w->asked);
}

void io_worker_finish(struct io_worker *w)
{
    eventfd_t times;
    eventfd_read(w->done_fd, &times); /* waits */
    w->is_done = w->has_begun = false;
}
