#include "server/srv_persist.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/io_pace.h"
#include "common/io_wall.h"
#include "common/io_worker.h"
#include "server/srv_rewrite_pause.h"

enum {
    STORE_RETRY_MS = 1000, /* after a commit that failed */
    REST_MS = 1000,        /* without a commit: no more are to be expected soon */
    CLOCK_SET_MS = 1000,   /* the wall clock is set, and not only kept right */
    CLOCK_BATCH = 10000,   /* records of one commit */
};

struct srv_persist {
    struct io_loop *loop;
    struct io_trace *trace;
    const struct srv_engine *engine;
    struct srv_store *store; /* NULL: leases are kept in memory only */
    enum srv_sync sync;
    uint32_t lfc_interval_s;
    srv_persist_stored_fn *stored;
    void *user;
    struct io_worker *worker; /* NULL until there is something to store */
    struct io_watch *written; /* its end */
    bool is_busy;             /* from srv_store_begin() to _end() */
    bool is_cut, was_cut;     /* a record could not be gathered: for the next commit, for the one that runs */
    int failure;              /* errno of the last commit, which was told; 0: it went well */
    struct io_timer *retry;
    struct io_timer *rest_due;
    bool is_rest_due;              /* the timer is set */
    uint64_t n_before_rest;        /* commits, when it was set */
    struct io_timer *rewrite_due;  /* by lfc-interval */
    struct io_watch *rewrite_done; /* of the lease file; NULL: none is waited for */
    struct srv_rewrite_pause pause;
    struct io_wall *wall;
    int64_t offset_ms; /* wall clock minus boot-time clock, when every lease had a record with it */
};

static const char *why_not(int rc)
{
    return rc == ERR_IO ? strerror(errno) : err_text(rc);
}

/* ---- rewriting ---- */

static void end_rewrite(struct srv_persist *p, int rc)
{
    if (srv_rewrite_pause_on_end(&p->pause, rc == 0, io_real_ms()))
        io_trace_log(p->trace, "warning", "the lease file cannot be rewritten, it grows: %s", why_not(rc));
}

static void finish_rewrite(struct srv_persist *p)
{
    srv_persist_settle(p);
    uint64_t before = srv_store_get_stats(p->store).size;
    int rc = srv_store_rewrite_finish(p->store);
    end_rewrite(p, rc);
    if (rc == 0)
        io_trace_log(p->trace, "info", "the lease file is rewritten: %llu octets, it had %llu",
                     (unsigned long long)srv_store_get_stats(p->store).size, (unsigned long long)before);
}

static void on_rewritten(void *user, int fd, int what)
{
    (void)fd, (void)what;
    struct srv_persist *p = user;
    io_watch_free(p->rewrite_done);
    p->rewrite_done = NULL;
    finish_rewrite(p);
}

static void start_rewrite(struct srv_persist *p)
{
    if (srv_store_get_stats(p->store).rewriting || !srv_rewrite_pause_is_over(&p->pause, io_real_ms()))
        return;
    int fd, rc = srv_store_rewrite(p->store, &fd);
    if (rc < 0) {
        end_rewrite(p, rc);
        return;
    }
    p->rewrite_done = io_watch_new(p->loop, fd, IO_READ, on_rewritten, p);
    if (p->rewrite_done == NULL)
        finish_rewrite(p); /* no memory to be told: then wait for it here */
}

static void schedule_rewrite(struct srv_persist *p)
{
    uint32_t s = p->lfc_interval_s;
    io_timer_after(p->rewrite_due, s == 0 ? TIME_NEVER : (time_ms)s * 1000);
}

static void on_rewrite_due(void *user)
{
    struct srv_persist *p = user;
    if (srv_store_has_news(p->store))
        start_rewrite(p);
    schedule_rewrite(p);
}

/* ---- storing ---- */

static void schedule_rest(struct srv_persist *p)
{
    p->is_rest_due = true;
    p->n_before_rest = srv_store_get_stats(p->store).commits;
    io_timer_after(p->rest_due, REST_MS);
}

static void on_rest_due(void *user)
{
    struct srv_persist *p = user;
    p->is_rest_due = false;
    if (p->is_busy || srv_store_get_stats(p->store).commits != p->n_before_rest)
        schedule_rest(p);
    else
        srv_store_rest(p->store);
}

/* What has become of a commit. */
static bool conclude(struct srv_persist *p, int rc)
{
    int before = p->failure;
    p->failure = rc == 0 ? 0 : rc == ERR_IO ? errno : ENOMEM;
    if (rc < 0 && before == 0)
        io_trace_log(p->trace, "error", "leases cannot be stored, so no ACK is sent: %s", why_not(rc));
    if (rc == 0 && before != 0)
        io_trace_log(p->trace, "info", "leases can be stored again");
    if (!p->is_rest_due && srv_store_is_ahead(p->store))
        schedule_rest(p);
    if (rc < 0)
        io_timer_after(p->retry, STORE_RETRY_MS);
    else if (p->lfc_interval_s != 0 && srv_store_has_grown(p->store))
        start_rewrite(p);
    return rc == 0;
}

static bool commit_here(struct srv_persist *p)
{
    srv_persist_settle(p);
    return conclude(p, srv_store_commit(p->store));
}

static void tell_end(struct srv_persist *p, int rc, bool was_cut)
{
    bool is_stored = conclude(p, rc) && !was_cut;
    if (!is_stored && p->failure == 0)
        p->failure = ENOMEM;
    p->stored(p->user, is_stored);
}

static void finish_commit(struct srv_persist *p)
{
    io_worker_finish(p->worker);
    io_loop_release(p->loop);
    p->is_busy = false;
    int rc = srv_store_end(p->store);
    p->is_cut = p->is_cut || rc == ERR_NOMEM;
    tell_end(p, rc, p->was_cut);
}

void srv_persist_poll(struct srv_persist *p)
{
    if (p->is_busy && io_worker_is_done(p->worker))
        finish_commit(p);
}

static void on_written(void *user, int fd, int what)
{
    (void)fd, (void)what;
    srv_persist_poll(user); /* it may have been waited for */
}

static void write_records(void *user)
{
    srv_store_write(user);
}

/* Late, so that the thread is confined as we are. */
static bool has_worker(struct srv_persist *p)
{
    if (p->worker == NULL)
        p->worker = io_worker_new(write_records, p->store);
    if (p->worker != NULL && p->written == NULL)
        p->written = io_watch_new(p->loop, io_worker_fd(p->worker), IO_READ, on_written, p);
    return p->written != NULL;
}

void srv_persist_put(struct srv_persist *p, const struct srv_action *put)
{
    if (p->store != NULL &&
        srv_store_put(p->store, &put->lease, srv_engine_pool_id(p->engine, &put->lease)) < 0)
        p->is_cut = true;
}

/* What needs no sync takes no time; what no thread can be had for is done here; and so is what somebody waits
 * for that makes our time. */
void srv_persist_commit(struct srv_persist *p)
{
    if (p->store == NULL) {
        p->stored(p->user, true);
        return;
    }
    p->was_cut = p->is_cut;
    p->is_cut = false;
    if (p->sync == SRV_SYNC_BATCH && !io_pace_is_on() && has_worker(p) && srv_store_begin(p->store)) {
        p->is_busy = true;
        io_loop_hold(p->loop);
        io_worker_start(p->worker);
        return;
    }
    tell_end(p, srv_store_commit(p->store), p->was_cut);
}

bool srv_persist_is_busy(const struct srv_persist *p)
{
    return p->is_busy;
}

void srv_persist_settle(struct srv_persist *p)
{
    while (p->is_busy)
        finish_commit(p);
}

/* ---- the wall clock ---- */

static int64_t wall_offset_ms(void)
{
    struct clock_now now = io_now();
    return now.wall_ms - now.boot_ms;
}

struct again {
    struct srv_persist *p;
    size_t n;
    bool ok;
};

static bool put_again(void *user, const struct srv_lease *lease)
{
    struct again *again = user;
    struct srv_persist *p = again->p;
    if (lease->state == SRV_LEASE_OFFERED)
        return true;
    again->ok = srv_store_put(p->store, lease, srv_engine_pool_id(p->engine, lease)) == 0 &&
                (++again->n % CLOCK_BATCH != 0 || commit_here(p));
    return again->ok;
}

static void tell_set(struct srv_persist *p, int64_t moved_ms, size_t n)
{
    char span[CLOCK_SPAN_LEN];
    int64_t moved_s = ((moved_ms < 0 ? -moved_ms : moved_ms) + 500) / 1000;
    clock_span((uint32_t)(moved_s < LEASE_INFINITE ? moved_s : LEASE_INFINITE - 1), span);
    io_trace_log(p->trace, "info",
                 "the wall clock was set %s by %s: %zu leases are written with the new time",
                 moved_ms < 0 ? "back" : "forward", span, n);
}

/* A lease ends so many seconds after it was given (RFC 2131 3.3), whatever the clock on the wall says; in the
 * file it ends at a time of that clock. So that the next start reads what holds now, all are written anew. */
static void on_clock_set(void *user)
{
    struct srv_persist *p = user;
    int64_t offset_ms = wall_offset_ms(), moved_ms = offset_ms - p->offset_ms;
    if (moved_ms > -CLOCK_SET_MS && moved_ms < CLOCK_SET_MS)
        return;
    /* What waits for a failing disk has the old time, and so has what is gathered behind it. */
    struct again again = {.p = p, .ok = commit_here(p)};
    if (again.ok)
        srv_engine_leases(p->engine, put_again, &again);
    if (!again.ok || !commit_here(p)) {
        io_timer_after(p->retry, STORE_RETRY_MS);
        return;
    }
    p->offset_ms = offset_ms;
    tell_set(p, moved_ms, again.n);
}

static void on_retry(void *user)
{
    if (commit_here(user))
        on_clock_set(user);
}

int srv_persist_failure(const struct srv_persist *p)
{
    return p->failure;
}

struct srv_store *srv_persist_store(const struct srv_persist *p)
{
    return p->store;
}

cJSON *srv_persist_json(const struct srv_persist *p)
{
    if (p->store == NULL)
        return NULL;
    struct srv_store_stats stats = srv_store_get_stats(p->store);
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "sync", p->sync == SRV_SYNC_BATCH ? "batch" : "none");
    cJSON_AddNumberToObject(json, "size", (double)stats.size);
    cJSON_AddNumberToObject(json, "commits", (double)stats.commits);
    cJSON_AddNumberToObject(json, "syncs", (double)stats.syncs);
    cJSON_AddNumberToObject(json, "failures", (double)stats.failures);
    cJSON_AddBoolToObject(json, "failing", p->failure != 0);
    cJSON_AddNumberToObject(json, "rewrites", (double)stats.rewrites);
    cJSON_AddBoolToObject(json, "rewriting", stats.rewriting);
    return json;
}

/* ---- life ---- */

void srv_persist_configure(struct srv_persist *p, enum srv_sync sync, uint32_t lfc_interval_s)
{
    if (p->store == NULL)
        return;
    p->sync = sync;
    srv_store_set_sync(p->store, sync);
    if (lfc_interval_s == p->lfc_interval_s)
        return; /* the timer keeps its time: who reloads often has the file rewritten, too */
    p->lfc_interval_s = lfc_interval_s;
    schedule_rewrite(p);
}

void srv_persist_on_stored(struct srv_persist *p, srv_persist_stored_fn *stored, void *user)
{
    p->stored = stored;
    p->user = user;
}

struct srv_persist *srv_persist_new(struct io_loop *loop, struct io_trace *trace,
                                    const struct srv_engine *engine, struct srv_store *store)
{
    struct srv_persist *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    *p = (struct srv_persist){.loop = loop, .trace = trace, .engine = engine, .offset_ms = wall_offset_ms()};
    p->retry = io_timer_new(loop, on_retry, p);
    p->rest_due = io_timer_new(loop, on_rest_due, p);
    p->rewrite_due = io_timer_new(loop, on_rewrite_due, p);
    p->wall = store == NULL ? NULL : io_wall_new(loop, on_clock_set, p);
    if (p->retry == NULL || p->rest_due == NULL || p->rewrite_due == NULL ||
        (store != NULL && p->wall == NULL)) {
        srv_persist_free(p);
        return NULL;
    }
    p->store = store;
    return p;
}

void srv_persist_free(struct srv_persist *p)
{
    if (p == NULL)
        return;
    io_watch_free(p->written);
    io_worker_free(p->worker);
    io_timer_free(p->retry);
    io_timer_free(p->rest_due);
    io_timer_free(p->rewrite_due);
    io_watch_free(p->rewrite_done);
    io_wall_free(p->wall);
    srv_store_close(p->store);
    free(p);
}
