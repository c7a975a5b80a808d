#include "lab/trace_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/err.h"

enum { READ_MAX = 65536 };

bool trace_lines_open(struct trace_lines *l, const char *path, bool at_end)
{
    *l = (struct trace_lines){.fd = open(path, O_RDONLY | O_CLOEXEC),
                              .inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK)};
    if (l->fd < 0 || l->inotify < 0 || inotify_add_watch(l->inotify, path, IN_MODIFY | IN_ATTRIB) < 0 ||
        (at_end && lseek(l->fd, 0, SEEK_END) < 0)) {
        fprintf(stderr, "dhcplab: %s: %s\n", path, strerror(errno));
        trace_lines_close(l);
        return false;
    }
    return true;
}

void trace_lines_close(struct trace_lines *l)
{
    if (l->fd >= 0)
        close(l->fd);
    if (l->inotify >= 0)
        close(l->inotify);
    free(l->buf);
    *l = (struct trace_lines){.fd = -1, .inotify = -1};
}

/* What was given out makes room; what is left is at the start. */
static bool make_room(struct trace_lines *l)
{
    if (l->at > 0)
        memmove(l->buf, l->buf + l->at, l->len - l->at);
    l->len -= l->at;
    l->at = 0;
    if (l->cap - l->len >= READ_MAX)
        return true;
    char *buf = realloc(l->buf, l->cap + 2 * READ_MAX);
    if (buf == NULL) {
        fprintf(stderr, "dhcplab: out of memory\n");
        return false;
    }
    l->buf = buf;
    l->cap += 2 * READ_MAX;
    return true;
}

int trace_lines_read(struct trace_lines *l)
{
    if (!make_room(l))
        return ERR_NOMEM;
    ssize_t n;
    do
        n = read(l->fd, l->buf + l->len, l->cap - l->len);
    while (n < 0 && errno == EINTR);
    if (n < 0) {
        fprintf(stderr, "dhcplab: the trace file cannot be read: %s\n", strerror(errno));
        return ERR_IO;
    }
    l->len += (size_t)n;
    return n > 0;
}

const char *trace_lines_next(struct trace_lines *l)
{
    char *line = l->buf + l->at;
    char *end = l->len > l->at ? memchr(line, '\n', l->len - l->at) : NULL;
    if (end == NULL)
        return NULL;
    *end = '\0';
    l->at = (size_t)(end - l->buf) + 1;
    return line;
}

bool trace_lines_wake(struct trace_lines *l)
{
    char events[4096];
    struct stat st;
    ssize_t n = read(l->inotify, events, sizeof events);
    bool is_woken = n >= 0 || errno == EAGAIN || errno == EINTR;
    return is_woken && !(fstat(l->fd, &st) == 0 && st.st_nlink == 0);
}
