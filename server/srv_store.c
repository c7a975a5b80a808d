#include "server/srv_store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/err.h"
#include "common/io_file.h"
#include "common/io_loop.h"
#include "server/srv_csv.h"
#include "server/srv_rewrite.h"

/* Records on their way to the file. */
struct text {
    char *bytes;
    size_t len, cap;
};

struct srv_store {
    char *path; /* absolute, without symbolic links: a rewrite replaces the file itself */
    int fd;
    atomic_llong size;   /* of what is committed; read by the thread of a rewrite */
    off_t rewritten;     /* what of it the last rewrite has seen */
    struct text pending; /* for the next commit */
    int64_t offset_ms;   /* wall clock minus boot-time clock, for these */
    enum srv_sync sync;
    bool failing; /* the last commit failed */
    /* From srv_store_begin() to _end() these are those of srv_store_write(), in whatever thread: */
    struct text writing;
    enum srv_sync writing_sync;
    bool torn;          /* there may be something else than zeros beyond `size` */
    off_t end;          /* of the file: from `size` to there are zeros */
    off_t rested;       /* `size` when it was at rest, or could not be made longer */
    bool name_unsynced; /* after a rewrite, the directory is not on stable storage yet */
    int rc, why;        /* of the write: enum err, errno */
    bool is_synced;     /* it came to that, and then: */
    uint64_t sync_us;   /* how long it took */
    struct srv_rewrite *rewrite;
    struct srv_store_stats stats;
    struct histogram sync_time;
};

static int64_t wall_offset_ms(void)
{
    struct clock_now now = io_now();
    return now.wall_ms - now.boot_ms;
}

static const char new_header[] = SRV_CSV_HEADER "\n";

static int start_file(struct srv_store *s)
{
    int rc = ftruncate(s->fd, 0) < 0 ? ERR_IO : io_file_write(s->fd, new_header, sizeof new_header - 1);
    if (rc == 0 && fdatasync(s->fd) < 0)
        rc = ERR_IO;
    s->size = s->rewritten = s->rested = s->end = (off_t)(sizeof new_header - 1);
    return rc < 0 ? rc : io_file_sync_name(s->path);
}

/* The whole file; its size is only limited by memory. */
static int read_text(int fd, char **out, size_t *out_len)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return ERR_IO;
    size_t size = (size_t)st.st_size, len = 0;
    char *text = malloc(size + 1); /* of no octets, too */
    if (text == NULL)
        return ERR_NOMEM;
    while (len < size) {
        ssize_t n = pread(fd, text + len, size - len, (off_t)len);
        if (n == 0)
            break;
        if (n < 0 && errno != EINTR) {
            free(text);
            return ERR_IO;
        }
        len += n > 0 ? (size_t)n : 0;
    }
    *out = text;
    *out_len = len;
    return 0;
}

static int read_leases(struct srv_store *s, const char *text, size_t len, srv_lease_file_lease_fn *each,
                       srv_lease_file_bad_fn *bad, void *user)
{
    size_t whole;
    int rc = srv_lease_file_read(text, len, wall_offset_ms(), each, bad, user, &whole);
    if (rc < 0)
        return rc;
    if (whole == 0)
        return start_file(s);
    if (whole < len && ftruncate(s->fd, (off_t)whole) < 0)
        return ERR_IO;
    s->size = s->rested = s->end = (off_t)whole;
    return 0;
}

/* The file that has the name now, locked: between opening and locking, its owner may have rewritten it. */
static int open_locked(struct srv_store *s, const char *path)
{
    struct stat locked, named;
    do {
        if (s->fd >= 0)
            close(s->fd);
        s->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
        if (s->fd < 0)
            return ERR_IO;
        if (flock(s->fd, LOCK_EX | LOCK_NB) < 0)
            return errno == EWOULDBLOCK ? ERR_EXISTS : ERR_IO;
        if (fstat(s->fd, &locked) < 0 || stat(path, &named) < 0)
            return ERR_IO;
        if (!S_ISREG(locked.st_mode)) /* a rewrite would take the place of /dev/null */
            return ERR_CONFIG;
    } while (locked.st_dev != named.st_dev || locked.st_ino != named.st_ino);
    s->path = realpath(path, NULL);
    return s->path == NULL ? ERR_IO : 0;
}

/* The file with the name always has every record: what a rewrite left behind is worth nothing. */
static int remove_left_behind(const struct srv_store *s)
{
    char *path = malloc(strlen(s->path) + sizeof SRV_REWRITE_SUFFIX);
    if (path == NULL)
        return ERR_NOMEM;
    sprintf(path, "%s" SRV_REWRITE_SUFFIX, s->path);
    int rc = unlink(path) < 0 && errno != ENOENT ? ERR_IO : 0;
    free(path);
    return rc;
}

static int open_and_read(struct srv_store *s, const char *path, srv_lease_file_lease_fn *each,
                         srv_lease_file_bad_fn *bad, void *user)
{
    char *text = NULL;
    size_t len = 0;
    int rc = open_locked(s, path);
    if (rc < 0)
        return rc;
    rc = read_text(s->fd, &text, &len);
    if (rc < 0)
        return rc;
    rc = read_leases(s, text, len, each, bad, user);
    free(text);
    return rc < 0 ? rc : remove_left_behind(s);
}

int srv_store_open(const char *path, srv_lease_file_lease_fn *each, srv_lease_file_bad_fn *bad, void *user,
                   struct srv_store **out)
{
    struct srv_store *s = calloc(1, sizeof *s);
    if (s == NULL)
        return ERR_NOMEM;
    s->fd = -1;
    s->name_unsynced = true; /* of whoever was here before, we do not know */
    int rc = open_and_read(s, path, each, bad, user);
    if (rc < 0) {
        int why = errno;
        srv_store_close(s);
        errno = why;
        return rc;
    }
    *out = s;
    return 0;
}

void srv_store_close(struct srv_store *s)
{
    if (s == NULL)
        return;
    srv_rewrite_free(s->rewrite);
    srv_store_rest(s);
    if (s->fd >= 0)
        close(s->fd);
    free(s->path);
    free(s->pending.bytes);
    free(s->writing.bytes);
    free(s);
}

int srv_store_give(struct srv_store *s, uid_t uid, gid_t gid)
{
    return fchown(s->fd, uid, gid) < 0 ? ERR_IO : 0;
}

void srv_store_set_sync(struct srv_store *s, enum srv_sync sync)
{
    s->sync = sync;
}

struct srv_store_stats srv_store_get_stats(const struct srv_store *s)
{
    struct srv_store_stats stats = s->stats;
    stats.size = (uint64_t)s->size;
    stats.rewriting = s->rewrite != NULL;
    return stats;
}

const struct histogram *srv_store_sync_time(const struct srv_store *s)
{
    return &s->sync_time;
}

static int reserve(struct text *text, size_t more)
{
    if (text->cap - text->len >= more)
        return 0;
    size_t cap = text->cap * 2 + more;
    char *grown = realloc(text->bytes, cap);
    if (grown == NULL)
        return ERR_NOMEM;
    text->bytes = grown;
    text->cap = cap;
    return 0;
}

int srv_store_put(struct srv_store *s, const struct srv_lease *lease, uint32_t pool_id)
{
    if (s->failing && s->pending.len > SRV_STORE_KEPT_MAX)
        return ERR_LIMIT;
    int rc = reserve(&s->pending, SRV_CSV_LINE_MAX);
    if (rc < 0)
        return rc;
    if (s->pending.len == 0) /* reading the clocks for each record takes longer than writing it */
        s->offset_ms = wall_offset_ms();
    s->pending.len += srv_csv_format(lease, pool_id, s->offset_ms, s->pending.bytes + s->pending.len);
    return 0;
}

/* What is in the file beyond `size` may be half a record: take it out, or the next one would be joined to
 * it. */
static int mend(struct srv_store *s)
{
    if (s->torn && ftruncate(s->fd, (off_t)s->size) < 0)
        return ERR_IO;
    if (s->torn)
        s->end = (off_t)s->size;
    s->torn = false;
    return 0;
}

/* Zeros from `from`, the end of the records, on. Without room for them the file just grows with each record.
 */
static void write_ahead(struct srv_store *s, off_t from)
{
    static const char zeros[64 << 10];
    off_t at = from;
    while (at < from + SRV_STORE_AHEAD && io_file_write_at(s->fd, zeros, sizeof zeros, at) == 0)
        at += (off_t)sizeof zeros;
    s->end = at;
    if (at == from) {
        s->rested = from;
        (void)!ftruncate(s->fd, from); /* else it ends with some zeros */
    }
}

static int append(struct srv_store *s)
{
    int rc = mend(s);
    if (rc == 0 && s->name_unsynced)
        rc = io_file_sync_name(s->path);
    if (rc < 0)
        return rc;
    s->name_unsynced = false;
    s->torn = true;
    off_t end = (off_t)s->size + (off_t)s->writing.len;
    rc = io_file_write_at(s->fd, s->writing.bytes, s->writing.len, (off_t)s->size);
    if (rc < 0 || s->writing_sync == SRV_SYNC_NONE)
        return rc;
    if (end > s->end && end - s->rested >= SRV_STORE_BUSY_MIN)
        write_ahead(s, end);
    uint64_t from_us = io_now_us();
    rc = fdatasync(s->fd) < 0 ? ERR_IO : 0;
    s->is_synced = true;
    s->sync_us = io_now_us() - from_us;
    return rc;
}

bool srv_store_begin(struct srv_store *s)
{
    if (s->pending.len == 0)
        return false;
    struct text empty = s->writing;
    s->writing = s->pending;
    s->pending = empty;
    s->writing_sync = s->sync;
    return true;
}

void srv_store_write(struct srv_store *s)
{
    s->is_synced = false;
    s->rc = append(s);
    s->why = errno;
    if (s->rc < 0)
        mend(s); /* now or by the next commit */
    else
        s->torn = false;
}

/* In front of what was gathered since. Without memory for that, the younger records are given up. */
static int take_back(struct srv_store *s)
{
    int rc = reserve(&s->writing, s->pending.len);
    if (rc == 0 && s->pending.len != 0) {
        memcpy(s->writing.bytes + s->writing.len, s->pending.bytes, s->pending.len);
        s->writing.len += s->pending.len;
    }
    struct text empty = s->pending;
    s->pending = s->writing;
    s->writing = empty;
    return rc;
}

int srv_store_end(struct srv_store *s)
{
    int rc = s->rc;
    s->failing = rc < 0;
    if (s->is_synced) {
        s->stats.syncs++;
        histogram_add(&s->sync_time, s->sync_us, 1);
    }
    if (rc < 0) {
        s->stats.failures++;
        if (take_back(s) < 0)
            rc = ERR_NOMEM;
    } else {
        s->size += (long long)s->writing.len;
        s->stats.commits++;
    }
    s->writing.len = 0;
    errno = s->why;
    return rc;
}

int srv_store_commit(struct srv_store *s)
{
    if (!srv_store_begin(s))
        return 0;
    srv_store_write(s);
    return srv_store_end(s);
}

bool srv_store_is_ahead(const struct srv_store *s)
{
    return s->end > s->size;
}

void srv_store_rest(struct srv_store *s)
{
    if (srv_store_is_ahead(s) && ftruncate(s->fd, (off_t)s->size) == 0)
        s->end = (off_t)s->size;
    s->rested = (off_t)s->size;
}

/* ---- rewriting ---- */

bool srv_store_has_news(const struct srv_store *s)
{
    return s->size > s->rewritten;
}

bool srv_store_has_grown(const struct srv_store *s)
{
    long long grown = s->size - s->rewritten;
    return grown >= SRV_STORE_GROWN_MIN && grown >= s->rewritten;
}

int srv_store_rewrite(struct srv_store *s, int *out_fd)
{
    assert(s->rewrite == NULL);
    int rc = srv_rewrite_start(s->path, s->fd, &s->size, &s->rewrite);
    if (rc == 0)
        *out_fd = srv_rewrite_fd(s->rewrite);
    return rc;
}

static int finish_rewrite(struct srv_store *s)
{
    int fd;
    off_t newest, size;
    int rc = srv_rewrite_finish(s->rewrite, &fd, &newest, &size);
    if (rc < 0)
        return rc;
    close(s->fd);
    s->fd = fd;
    s->torn = false;
    s->size = s->rested = s->end = size;
    s->rewritten = newest;
    s->stats.rewrites++;
    /* Until the name is durable, a crash of the system may bring back the old file: no commit before that. */
    s->name_unsynced = io_file_sync_name(s->path) < 0;
    return 0;
}

int srv_store_rewrite_finish(struct srv_store *s)
{
    assert(s->rewrite != NULL);
    int rc = finish_rewrite(s);
    int why = errno;
    srv_rewrite_free(s->rewrite);
    s->rewrite = NULL;
    errno = why;
    return rc;
}
