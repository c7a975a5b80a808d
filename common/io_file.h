/* Whole files. */
#pragma once
#include <stddef.h>
#include <sys/types.h>

enum { IO_FILE_MAX = 64 << 20 };

/* Reads the file `path` ("-": standard input) into a malloc'ed, NUL-terminated *out, which is the caller's;
 * *out_len does not count the NUL. ERR_NOTFOUND, ERR_DENIED, ERR_LIMIT (above IO_FILE_MAX), ERR_NOMEM,
 * ERR_IO; errno tells more. */
int io_file_read(const char *path, char **out, size_t *out_len);
/* The last `cap` octets of the file, or all that it has, into `buf`. ERR_NOTFOUND, ERR_DENIED, ERR_IO; errno
 * tells more. */
int io_file_read_end(const char *path, char *buf, size_t cap, size_t *out_len);

/* Writes all of it. ERR_IO (errno tells): a part may be written. */
int io_file_write(int fd, const char *bytes, size_t len);
/* The same from the octet `at` of the file on. */
int io_file_write_at(int fd, const char *bytes, size_t len, off_t at);
/* Makes the name `path` durable, new or renamed: syncs its directory. ERR_NOMEM; ERR_IO (errno tells). */
int io_file_sync_name(const char *path);
/* Makes `path` a file of just this text, readable by its owner: after a crash it is the old one or the new
 * one, whole, and after success the new one. What is no file, such as /dev/null, stays and is written to.
 * ERR_DENIED, ERR_IO; errno tells more. */
int io_file_replace(const char *path, const char *text, size_t len);
/* Removes it, durably. A file that is not there is no error; what is no file, such as /dev/null, stays.
 * ERR_DENIED, ERR_IO; errno tells more. */
int io_file_remove(const char *path);
