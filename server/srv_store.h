/* The lease file: Kea's memfile CSV, append-only. Records are gathered with _put and made durable together
 * with _commit, so that one fdatasync serves every packet of a wake-up. Now and then the file is rewritten in
 * the background, so that it does not grow for ever (srv_rewrite.h).
 *
 * While many records come, zeros stand behind them, which the next ones overwrite: to sync these takes half
 * as long, for neither the file's length nor its place on the disk changes. srv_store_rest() takes the zeros
 * away; after a crash they are there, and srv_store_open() does. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/histogram.h"
#include "server/srv_config.h"
#include "server/srv_lease_file.h"

struct srv_store;

enum {
    SRV_STORE_KEPT_MAX = 1 << 20,  /* octets that wait for a failing disk */
    SRV_STORE_BUSY_MIN = 64 << 10, /* octets of records since the file was at rest: then zeros are worth it */
    SRV_STORE_AHEAD = 256 << 10,   /* octets of zeros at a time */
    SRV_STORE_GROWN_MIN = 16 << 20 /* octets; see srv_store_has_grown() */
};

struct srv_store_stats {
    uint64_t commits; /* that wrote something */
    uint64_t syncs;   /* of the lease file, by a commit */
    uint64_t failures;
    uint64_t rewrites;
    uint64_t size; /* of the file, without zeros behind the last record */
    bool rewriting;
};

/* Opens or makes the file and reads what it holds (srv_lease_file_read()). What a crash left behind the last
 * whole line is cut off, and what a rewrite left behind is removed. ERR_CONFIG: not a lease file (its header
 * is another one, or it is a device), nothing is changed; ERR_NOMEM; ERR_EXISTS: another server has it open;
 * ERR_IO (errno tells). */
int srv_store_open(const char *path, srv_lease_file_lease_fn *each, srv_lease_file_bad_fn *bad, void *user,
                   struct srv_store **out);
void srv_store_close(struct srv_store *s); /* gives up a running rewrite; NULL is fine */

/* Makes the file another user's. ERR_IO (errno tells). */
int srv_store_give(struct srv_store *s, uid_t uid, gid_t gid);
/* SRV_SYNC_BATCH from the start: see enum srv_sync. */
void srv_store_set_sync(struct srv_store *s, enum srv_sync sync);
struct srv_store_stats srv_store_get_stats(const struct srv_store *s);
/* How long the syncs of commits took. Borrowed. */
const struct histogram *srv_store_sync_time(const struct srv_store *s);

/* Gathers a record, of an address in the pool with the id (0: in none). ERR_NOMEM; ERR_LIMIT: commits fail,
 * and SRV_STORE_KEPT_MAX octets wait already; the record is forgotten. */
int srv_store_put(struct srv_store *s, const struct srv_lease *lease, uint32_t pool_id);
/* Writes what was gathered and returns when it is on stable storage (SRV_SYNC_NONE: when it is written).
 * ERR_IO (errno tells), ERR_NOMEM: nothing of it may be promised to a client; the file is as before. What was
 * gathered is kept, and the next commit tries again. */
int srv_store_commit(struct srv_store *s);

/* The same in three parts, the second of which may be done by another thread: _begin takes what was gathered,
 * and is false if that is nothing; _write writes and syncs; _end has the result. Between _begin and _end the
 * store takes records, says how it is, and starts a rewrite; all else has to wait. ERR_NOMEM of _end: what
 * was gathered since _begin is forgotten. */
bool srv_store_begin(struct srv_store *s);
void srv_store_write(struct srv_store *s);
int srv_store_end(struct srv_store *s);

/* Are there zeros behind the records? Then srv_store_rest() is due when no more records come; it takes them
 * away. A file that is closed is at rest. Both not between _begin and _end. */
bool srv_store_is_ahead(const struct srv_store *s);
void srv_store_rest(struct srv_store *s);

/* Is anything in the file that the last rewrite has not seen? */
bool srv_store_has_news(const struct srv_store *s);
/* Has the file grown by SRV_STORE_GROWN_MIN and to the double since it was rewritten (or opened: nobody knows
 * how much of it is old then)? */
bool srv_store_has_grown(const struct srv_store *s);
/* Starts to rewrite the file in a thread. When *out_fd is readable, srv_store_rewrite_finish() is due. Only
 * while no rewrite runs. ERR_NOMEM; ERR_IO (errno tells). Nothing is changed then. */
int srv_store_rewrite(struct srv_store *s, int *out_fd);
/* Puts the new file in place; blocks for two syncs and while the kernel frees the old file (with a million
 * leases, 90 MB, that was 60 ms together). The fd of srv_store_rewrite() is closed.
 * ERR_NOMEM; ERR_IO (errno tells): the old file stays in force. */
int srv_store_rewrite_finish(struct srv_store *s);
