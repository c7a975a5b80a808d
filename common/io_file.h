/* Whole files. */
#pragma once
#include <stddef.h>

enum { IO_FILE_MAX = 64 << 20 };

/* Reads the file `path` ("-": standard input) into a malloc'ed, NUL-terminated *out, which is the caller's;
 * *out_len does not count the NUL. ERR_NOTFOUND, ERR_DENIED, ERR_LIMIT (above IO_FILE_MAX), ERR_NOMEM,
 * ERR_IO; errno tells more. */
int io_file_read(const char *path, char **out, size_t *out_len);

/* Replaces the file by these bytes, or leaves it as it is: a new file next to it is synced and renamed, and
 * the folder synced. It keeps the mode of the old one; a new one is 0640. ERR_NOMEM, ERR_IO; errno tells
 * more. */
int io_file_replace(const char *path, const char *bytes, size_t len);
