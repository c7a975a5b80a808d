#include "common/io_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/err.h"

enum { READ_STEP = 65536 };

/* Room for another step and the NUL; doubling, so that a large file is not copied over and over. */
static int make_room(char **text, size_t *cap, size_t len)
{
    if (len > IO_FILE_MAX)
        return ERR_LIMIT;
    if (*cap - len > READ_STEP)
        return 0;
    size_t wider = *cap * 2 + READ_STEP + 1;
    char *grown = realloc(*text, wider);
    if (grown == NULL)
        return ERR_NOMEM;
    *text = grown;
    *cap = wider;
    return 0;
}

static int read_all(int fd, char **out, size_t *out_len)
{
    char *text = NULL;
    size_t len = 0, cap = 0;
    ssize_t n = 1;
    int rc = 0;
    while (n != 0 && (rc = make_room(&text, &cap, len)) == 0) {
        n = read(fd, text + len, READ_STEP);
        if (n < 0 && errno != EINTR) {
            rc = ERR_IO;
            break;
        }
        len += n > 0 ? (size_t)n : 0;
    }
    if (rc < 0) {
        free(text);
        return rc;
    }
    text[len] = '\0';
    *out = text;
    *out_len = len;
    return 0;
}

int io_file_read(const char *path, char **out, size_t *out_len)
{
    if (strcmp(path, "-") == 0)
        return read_all(STDIN_FILENO, out, out_len);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? ERR_NOTFOUND : errno == EACCES ? ERR_DENIED : ERR_IO;
    int rc = read_all(fd, out, out_len);
    int why = errno;
    close(fd);
    errno = why;
    return rc;
}

int io_file_read_end(const char *path, char *buf, size_t cap, size_t *out_len)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? ERR_NOTFOUND : errno == EACCES ? ERR_DENIED : ERR_IO;
    off_t size = lseek(fd, 0, SEEK_END);
    off_t from = size > (off_t)cap ? size - (off_t)cap : 0;
    ssize_t n = size < 0 ? -1 : pread(fd, buf, cap, from);
    int why = errno;
    close(fd);
    errno = why;
    *out_len = n < 0 ? 0 : (size_t)n;
    return n < 0 ? ERR_IO : 0;
}

int io_file_write(int fd, const char *bytes, size_t len)
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

int io_file_write_at(int fd, const char *bytes, size_t len, off_t at)
{
    while (len > 0) {
        ssize_t n = pwrite(fd, bytes, len, at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return ERR_IO;
        bytes += n;
        at += n;
        len -= (size_t)n;
    }
    return 0;
}

int io_file_sync_name(const char *path)
{
    char *copy = strdup(path);
    if (copy == NULL)
        return ERR_NOMEM;
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(copy);
    if (fd < 0)
        return ERR_IO;
    int rc = fsync(fd) < 0 ? ERR_IO : 0;
    int why = errno;
    close(fd);
    errno = why;
    return rc;
}

static int failure(void)
{
    return errno == EACCES || errno == EPERM || errno == EROFS ? ERR_DENIED : ERR_IO;
}

/* fsync and close; 0 if the contents are on the disk. */
static int settle(int fd)
{
    int rc = fsync(fd);
    int why = errno;
    if (close(fd) < 0 && rc == 0)
        return ERR_IO;
    errno = why;
    return rc;
}

/* /dev/null and its like: who renames a file to that, or removes it, takes it from the whole machine. */
static bool is_special(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

static int write_special(const char *path, const char *text, size_t len)
{
    int fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return failure();
    int rc = io_file_write(fd, text, len);
    int why = errno;
    close(fd);
    errno = why;
    return rc < 0 ? failure() : 0;
}

int io_file_replace(const char *path, const char *text, size_t len)
{
    char fresh[PATH_MAX];
    if (is_special(path))
        return write_special(path, text, len);
    int size = snprintf(fresh, sizeof fresh, "%s.new", path);
    if (size < 0 || (size_t)size >= sizeof fresh) {
        errno = ENAMETOOLONG;
        return ERR_IO;
    }
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return failure();
    int rc = io_file_write(fd, text, len);
    if ((settle(fd) | rc) != 0 || rename(fresh, path) < 0) {
        int why = errno;
        unlink(fresh);
        errno = why;
        return failure();
    }
    return io_file_sync_name(path) < 0 ? failure() : 0;
}

int io_file_remove(const char *path)
{
    if (is_special(path))
        return 0;
    if (unlink(path) < 0)
        return errno == ENOENT ? 0 : failure();
    return io_file_sync_name(path) < 0 ? failure() : 0;
}
