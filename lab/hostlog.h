/* What a host's program wrote to its standard output and error: DIR/HOST.log. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

/* The log as text, malloc'ed, the caller frees; NULL if there is none or memory is out. `file` is the
 * topology file, whose name then stands in place of the copy of the configuration that the program was given,
 * so that places are those that the user wrote; NULL: the program read a file of its own. */
char *hostlog_read(const char *dir, const char *host, const char *file);

/* The last line of a log that tells an error or a decision, or what a runtime library cried when it ended the
 * program; no message, which is told in many lines. Without its newline; `out` is "" if there is none. */
void hostlog_last(const char *log, char *out, size_t cap);

/* Is there a warning about the configuration in the log from *at on? Then `out` is its text without the
 * newline, and *at is behind it. */
bool hostlog_next_warning(const char **at, char *out, size_t cap);
