#include "common/io_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/err.h"

enum { READ_STEP = 65536 };

static int read_all(int fd, char **out, size_t *out_len)
{
    char *text = NULL;
    size_t len = 0;
    for (;;) {
        char *grown = len > IO_FILE_MAX ? NULL : realloc(text, len + READ_STEP + 1);
        if (grown == NULL) {
            free(text);
            return len > IO_FILE_MAX ? ERR_LIMIT : ERR_NOMEM;
        }
        text = grown;
        ssize_t n = read(fd, text + len, READ_STEP);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            free(text);
            return ERR_IO;
        }
        if (n == 0)
            break;
        len += (size_t)n;
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
