/* The lease file: Kea's memfile CSV, append-only. Records are gathered with _put and made durable together
 * with _commit, so that one fdatasync serves every packet of a wake-up. */
#pragma once
#include <stddef.h>

#include "server/srv_lease.h"

struct srv_store;

/* Told about each lease that the file holds, the newest record of each address first; older ones of the same
 * address follow. */
typedef void srv_store_lease_fn(void *user, const struct srv_lease *lease);
/* Told about each line that could not be read: `line` counts from 1. */
typedef void srv_store_bad_fn(void *user, unsigned long line, const char *why);

/* Opens or makes the file and reads what it holds. A last line without its newline is a record that a crash
 * cut: it is reported and cut off. ERR_CONFIG: not a lease file (its header is another one), nothing is
 * changed; ERR_NOMEM; ERR_EXISTS: another server has it open; ERR_IO (errno tells). */
int srv_store_open(const char *path, srv_store_lease_fn *each, srv_store_bad_fn *bad, void *user,
                   struct srv_store **out);
void srv_store_close(struct srv_store *s); /* NULL is fine */

/* Gathers a record. ERR_NOMEM. */
int srv_store_put(struct srv_store *s, const struct srv_lease *lease);
/* Writes what was gathered and returns when it is on stable storage. ERR_IO (errno tells): nothing of it may
 * be promised to a client; the file is as before, and what was gathered is forgotten. */
int srv_store_commit(struct srv_store *s);
