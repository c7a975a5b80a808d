/* The text of a lease file: the header, then a record a line (srv_csv.h), the newest of an address last. An
 * empty line and one that starts with '#' say nothing. Pure. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "server/srv_lease.h"

/* Told about each lease that the file holds, the newest record of each address first; older ones of the same
 * address follow. */
typedef void srv_lease_file_lease_fn(void *user, const struct srv_lease *lease);
/* Told about each line that could not be read: `line` counts from 1. */
typedef void srv_lease_file_bad_fn(void *user, unsigned long line, const char *why);

/* Reads from the last line to the first, after the crash of whoever wrote it: zeros at the end are room that
 * was not used; a last line without its newline is a record that was cut, and is reported; zeros within the
 * text (a crash of the system may leave out some blocks of what was not synced yet) cost the line that they
 * are in. *out_whole is how much of the text is worth keeping: up to its last newline; 0 if there never was
 * a lease in it, for it is cut in its header. ERR_CONFIG: not a lease file (its header is another one);
 * nothing is told. */
int srv_lease_file_read(const char *text, size_t len, int64_t wall_offset_ms, srv_lease_file_lease_fn *each,
                        srv_lease_file_bad_fn *bad, void *user, size_t *out_whole);

/* Keeps of `text`, whole lines, the header, the newest record of each address unless it is a deletion, and
 * what cannot be read as it is; all in its order, moved to the end of `text`, from *out_start on. ERR_NOMEM:
 * the text is as before. */
int srv_lease_file_compact(char *text, size_t len, size_t *out_start);
