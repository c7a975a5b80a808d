/* Rewrites a lease file while the server goes on appending to it. Only the newest record of each address is
 * kept, in the order of the file; what cannot be read is kept as it is.
 *
 * A thread reads what the file holds, writes PATH.new, adds what is appended meanwhile, and syncs. Then
 * srv_rewrite_finish(), in the caller's thread, adds the few records that came last, syncs and renames. The
 * old file keeps every record until the new one has its name: a crash at any moment leaves one of the two
 * whole, and perhaps a PATH.new, which srv_store_open() removes. */
#pragma once
#include <stdatomic.h>
#include <sys/types.h>

#define SRV_REWRITE_SUFFIX ".new"

struct srv_rewrite;

/* Starts with the first `*committed` bytes of the file `path`, which is open as `fd` for reading; the caller
 * raises *committed with each append that is whole, and never lowers it. All three are borrowed until _free.
 * ERR_NOMEM; ERR_IO (errno tells). */
int srv_rewrite_start(const char *path, int fd, const atomic_llong *committed, struct srv_rewrite **out);
/* Readable when the thread has done its part. Owned by the rewrite. */
int srv_rewrite_fd(const struct srv_rewrite *r);
/* Waits for the thread, completes the new file and gives it the name. *out_fd, locked with
 * flock(2), is the caller's; the name is not synced yet; *out_size is the new file's, of which the first
 * *out_newest are the newest records, and the rest what was appended meanwhile. ERR_NOMEM; ERR_IO (errno
 * tells, EEXIST: `path` is another file now): the old file is in force. Either way only srv_rewrite_free()
 * follows. */
int srv_rewrite_finish(struct srv_rewrite *r, int *out_fd, off_t *out_newest, off_t *out_size);
/* Gives up what is not finished and removes PATH.new. NULL is fine. */
void srv_rewrite_free(struct srv_rewrite *r);
