/* The lease file in the event loop: one commit for all answers of a wake-up; what fails is tried again; the
 * file is rewritten now and then, and when the wall clock is set. Each change from well to failing, and back,
 * is told once. */
#pragma once
#include <stdbool.h>

#include <cjson/cJSON.h>

#include "common/io_loop.h"
#include "common/io_trace.h"
#include "server/srv_engine.h"
#include "server/srv_store.h"

struct srv_persist;

/* Takes the open store over, which has the leases of `engine` (borrowed); NULL: leases are kept in memory
 * only, and nothing here ever fails. NULL if memory is out: the store stays the caller's. */
struct srv_persist *srv_persist_new(struct io_loop *loop, struct io_trace *trace,
                                    const struct srv_engine *engine, struct srv_store *store);
void srv_persist_free(struct srv_persist *p); /* before the loop; settled; NULL is fine */
/* Who is told that a commit has ended; not `is_stored`: nothing of it may be promised to anybody. The records
 * are kept all the same, and tried again every second. */
typedef void srv_persist_stored_fn(void *user, bool is_stored);
void srv_persist_on_stored(struct srv_persist *p, srv_persist_stored_fn *stored, void *user);

/* What of lease-database can change while the server runs. */
void srv_persist_configure(struct srv_persist *p, enum srv_sync sync, uint32_t lfc_interval_s);

/* Gathers the record of an SRV_LEASE_PUT for the next commit. */
void srv_persist_put(struct srv_persist *p, const struct srv_action *put);
/* Commits what was gathered, beside the loop, so that a slow disk delays what these records promise and not
 * the messages that come next. The end is told from the loop, or here, if there is nothing to wait for. Only
 * while none runs. */
void srv_persist_commit(struct srv_persist *p);
bool srv_persist_is_busy(const struct srv_persist *p); /* a commit runs */
/* Tells the end of a commit that has ended, before the loop comes to it; costs nothing if there is none. */
void srv_persist_poll(struct srv_persist *p);
/* Waits until none runs, nor those that its end began. */
void srv_persist_settle(struct srv_persist *p);

/* 0, or why the last commit failed: its errno. */
int srv_persist_failure(const struct srv_persist *p);

/* The store, or NULL. */
struct srv_store *srv_persist_store(const struct srv_persist *p);
/* How it is; NULL without a store. The caller's. */
cJSON *srv_persist_json(const struct srv_persist *p);
