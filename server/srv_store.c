#include "server/srv_store.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/err.h"
#include "common/io_file.h"
#include "common/io_loop.h"
#include "server/srv_csv.h"

struct srv_store {
    int fd;
    off_t size; /* of what is committed */
    char *pending;
    size_t pending_len, pending_cap;
};

static int64_t wall_offset_ms(void)
{
    struct clock_now now = io_now();
    return now.wall_ms - now.boot_ms;
}

static int write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return ERR_IO;
        bytes += n;
        len -= (size_t)n;
    }
    return 0;
}

/* A new file is durable only when its name is: the directory is synced too. */
static int sync_directory(const char *path)
{
    char *copy = strdup(path);
    if (copy == NULL)
        return ERR_NOMEM;
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(copy);
    if (fd < 0)
        return ERR_IO;
    int rc = fsync(fd) < 0 ? ERR_IO : 0;
    close(fd);
    return rc;
}

static const char new_header[] = SRV_CSV_HEADER "\n";

static int start_file(struct srv_store *s, const char *path)
{
    int rc = ftruncate(s->fd, 0) < 0 ? ERR_IO : write_all(s->fd, new_header, sizeof new_header - 1);
    if (rc == 0 && fdatasync(s->fd) < 0)
        rc = ERR_IO;
    s->size = (off_t)(sizeof new_header - 1);
    return rc < 0 ? rc : sync_directory(path);
}

/* From the last line to the first, so that the newest record of an address comes first. `text` starts after
 * the header. */
static void read_backwards(const char *text, size_t len, srv_store_lease_fn *each, srv_store_bad_fn *bad,
                           void *user)
{
    unsigned long line = 1;
    for (size_t i = 0; i < len; i++)
        line += text[i] == '\n';
    int64_t offset_ms = wall_offset_ms();
    for (size_t end = len; end > 0; line--) {
        size_t last = end - 1; /* the newline */
        size_t start = last;
        while (start > 0 && text[start - 1] != '\n')
            start--;
        struct srv_lease lease;
        const char *why;
        if (last == start || text[start] == '#') {
            /* an empty line or a comment */
        } else if (srv_csv_parse(text + start, last - start, offset_ms, &lease, &why)) {
            each(user, &lease);
        } else {
            bad(user, line, why);
        }
        end = start;
    }
}

static int read_file(struct srv_store *s, const char *path, srv_store_lease_fn *each, srv_store_bad_fn *bad,
                     void *user)
{
    char *text;
    size_t len;
    int rc = io_file_read(path, &text, &len);
    if (rc < 0)
        return rc;
    static const char header[] =
        "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname";
    const char *newline = memchr(text, '\n', len);
    if (newline == NULL && len < sizeof new_header && memcmp(text, new_header, len) == 0) {
        free(text); /* cut in its very first line: there never was a lease in it */
        return start_file(s, path);
    }
    if (newline == NULL || strncmp(text, header, sizeof header - 1) != 0) {
        free(text);
        return ERR_CONFIG;
    }
    size_t whole = len;
    while (text[whole - 1] != '\n')
        whole--;
    if (whole < len) {
        unsigned long line = 1;
        for (size_t i = 0; i < whole; i++)
            line += text[i] == '\n';
        bad(user, line, "the last line is cut: the record was not acknowledged");
        rc = ftruncate(s->fd, (off_t)whole) < 0 ? ERR_IO : 0;
    }
    s->size = (off_t)whole;
    size_t body = (size_t)(newline + 1 - text);
    if (rc == 0)
        read_backwards(text + body, whole - body, each, bad, user);
    free(text);
    return rc;
}

int srv_store_open(const char *path, srv_store_lease_fn *each, srv_store_bad_fn *bad, void *user,
                   struct srv_store **out)
{
    struct srv_store *s = calloc(1, sizeof *s);
    if (s == NULL)
        return ERR_NOMEM;
    int rc = 0;
    s->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
    if (s->fd < 0)
        rc = ERR_IO;
    else if (flock(s->fd, LOCK_EX | LOCK_NB) < 0)
        rc = errno == EWOULDBLOCK ? ERR_EXISTS : ERR_IO;
    else
        rc = read_file(s, path, each, bad, user);
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
    if (s->fd >= 0)
        close(s->fd);
    free(s->pending);
    free(s);
}

int srv_store_put(struct srv_store *s, const struct srv_lease *lease)
{
    if (s->pending_cap - s->pending_len < SRV_CSV_LINE_MAX) {
        size_t cap = s->pending_cap * 2 + SRV_CSV_LINE_MAX;
        char *grown = realloc(s->pending, cap);
        if (grown == NULL)
            return ERR_NOMEM;
        s->pending = grown;
        s->pending_cap = cap;
    }
    s->pending_len += srv_csv_format(lease, wall_offset_ms(), s->pending + s->pending_len);
    return 0;
}

int srv_store_commit(struct srv_store *s)
{
    if (s->pending_len == 0)
        return 0;
    size_t len = s->pending_len;
    s->pending_len = 0;
    if (write_all(s->fd, s->pending, len) == 0 && fdatasync(s->fd) == 0) {
        s->size += (off_t)len;
        return 0;
    }
    /* What is in the file beyond `size` may be half a record: take it out, or the next one would be joined to
     * it. */
    int why = errno;
    if (ftruncate(s->fd, s->size) < 0)
        why = errno;
    errno = why;
    return ERR_IO;
}
