#include "server/srv_rewrite.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/err.h"
#include "common/io_file.h"
#include "common/io_worker.h"
#include "server/srv_lease_file.h"

enum {
    CHUNK = 1 << 20,      /* written between two looks at `cancelled` */
    TAIL_MAX = 64 << 10,  /* what may be left to srv_rewrite_finish() */
    CATCH_UP_ROUNDS = 64, /* each has only what was appended during the one before */
};

struct srv_rewrite {
    const char *path;
    const atomic_llong *committed;
    char *new_path;
    int old_fd; /* borrowed */
    int new_fd, done_fd;
    off_t copied; /* how much of the old file is in the new one */
    off_t newest; /* of the new one: the newest records, before what was appended to the old one meanwhile */
    pthread_t thread;
    bool running;
    atomic_bool cancelled;
    int rc, why; /* of the thread: enum err, errno */
};

/* ---- the thread ---- */

static int read_range(int fd, char *buf, size_t len, off_t at)
{
    while (len > 0) {
        ssize_t n = pread(fd, buf, len, at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0)
            errno = EIO; /* somebody cut the file */
        if (n <= 0)
            return ERR_IO;
        buf += n;
        len -= (size_t)n;
        at += n;
    }
    return 0;
}

static int write_chunks(struct srv_rewrite *r, const char *text, size_t len)
{
    int rc = 0;
    while (rc == 0 && len > 0 && !r->cancelled) {
        size_t part = len < CHUNK ? len : CHUNK;
        rc = io_file_write(r->new_fd, text, part);
        text += part;
        len -= part;
    }
    return rc;
}

static int copy_newest(struct srv_rewrite *r)
{
    size_t len = (size_t)*r->committed, start = 0;
    char *text = malloc(len + 1);
    if (text == NULL)
        return ERR_NOMEM;
    int rc = read_range(r->old_fd, text, len, 0);
    if (rc == 0)
        rc = srv_lease_file_compact(text, len, &start);
    if (rc == 0)
        rc = write_chunks(r, text + start, len - start);
    r->copied = (off_t)len;
    r->newest = (off_t)(len - start);
    free(text);
    return rc;
}

/* Whole records only: *committed is never in the middle of one. */
static int copy_appended(struct srv_rewrite *r)
{
    size_t len = (size_t)(*r->committed - r->copied);
    char *text = malloc(len + 1);
    if (text == NULL)
        return ERR_NOMEM;
    int rc = read_range(r->old_fd, text, len, r->copied);
    if (rc == 0)
        rc = io_file_write(r->new_fd, text, len);
    r->copied += (off_t)len;
    free(text);
    return rc;
}

static int write_and_sync(struct srv_rewrite *r)
{
    int rc = copy_newest(r);
    for (int i = 0; i < CATCH_UP_ROUNDS && rc == 0 && *r->committed - r->copied > TAIL_MAX; i++)
        rc = copy_appended(r);
    if (rc == 0 && !r->cancelled && fsync(r->new_fd) < 0)
        rc = ERR_IO;
    return rc;
}

static void *run(void *user)
{
    struct srv_rewrite *r = user;
    r->rc = write_and_sync(r);
    r->why = errno;
    const uint64_t one = 1;
    ssize_t n = write(r->done_fd, &one, sizeof one);
    (void)n; /* an eventfd takes its first 1 */
    return NULL;
}

static int start_thread(struct srv_rewrite *r)
{
    int rc = io_worker_thread(&r->thread, run, r);
    r->running = rc == 0;
    return rc;
}

/* ---- the caller's side ---- */

/* Locked before it has the name, so that no other server gets between; with the owner and the mode of the old
 * one as far as we may set them. */
static int open_new(struct srv_rewrite *r)
{
    struct stat old;
    if (unlink(r->new_path) < 0 && errno != ENOENT)
        return ERR_IO;
    r->new_fd = open(r->new_path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (r->new_fd < 0 || flock(r->new_fd, LOCK_EX | LOCK_NB) < 0 || fstat(r->old_fd, &old) < 0)
        return ERR_IO;
    if (fchown(r->new_fd, old.st_uid, old.st_gid) < 0 && errno != EPERM)
        return ERR_IO;
    return fchmod(r->new_fd, old.st_mode & 07777) < 0 ? ERR_IO : 0;
}

static int open_all(struct srv_rewrite *r)
{
    r->new_path = malloc(strlen(r->path) + sizeof SRV_REWRITE_SUFFIX);
    if (r->new_path == NULL)
        return ERR_NOMEM;
    sprintf(r->new_path, "%s" SRV_REWRITE_SUFFIX, r->path);
    r->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return r->done_fd < 0 ? ERR_IO : open_new(r);
}

int srv_rewrite_start(const char *path, int fd, const atomic_llong *committed, struct srv_rewrite **out)
{
    struct srv_rewrite *r = calloc(1, sizeof *r);
    if (r == NULL)
        return ERR_NOMEM;
    r->path = path;
    r->committed = committed;
    r->old_fd = fd;
    r->new_fd = r->done_fd = -1;
    int rc = open_all(r);
    if (rc == 0)
        rc = start_thread(r);
    if (rc < 0) {
        int why = errno;
        srv_rewrite_free(r);
        errno = why;
        return rc;
    }
    *out = r;
    return 0;
}

int srv_rewrite_fd(const struct srv_rewrite *r)
{
    return r->done_fd;
}

static void join(struct srv_rewrite *r)
{
    if (r->running)
        pthread_join(r->thread, NULL);
    r->running = false;
}

/* A file that somebody put there in place of ours is not overwritten; where ours was removed, it comes back.
 */
static int take_name(struct srv_rewrite *r)
{
    struct stat ours, there;
    if (fstat(r->old_fd, &ours) < 0)
        return ERR_IO;
    if (stat(r->path, &there) == 0 && (there.st_dev != ours.st_dev || there.st_ino != ours.st_ino)) {
        errno = EEXIST;
        return ERR_IO;
    }
    return rename(r->new_path, r->path) < 0 ? ERR_IO : 0;
}

int srv_rewrite_finish(struct srv_rewrite *r, int *out_fd, off_t *out_newest, off_t *out_size)
{
    join(r);
    struct stat made = {0};
    int rc = r->rc;
    errno = r->why;
    if (rc == 0)
        rc = copy_appended(r);
    if (rc == 0 && (fdatasync(r->new_fd) < 0 || fstat(r->new_fd, &made) < 0))
        rc = ERR_IO;
    if (rc == 0)
        rc = take_name(r);
    if (rc < 0)
        return rc;
    *out_fd = r->new_fd;
    *out_newest = r->newest;
    *out_size = made.st_size;
    r->new_fd = -1;
    return 0;
}

void srv_rewrite_free(struct srv_rewrite *r)
{
    if (r == NULL)
        return;
    r->cancelled = true;
    join(r);
    if (r->new_fd >= 0) {
        unlink(r->new_path);
        close(r->new_fd);
    }
    if (r->done_fd >= 0)
        close(r->done_fd);
    free(r->new_path);
    free(r);
}
