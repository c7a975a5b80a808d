#include "server/srv_start.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "common/err.h"
#include "server/srv_confine.h"
#include "server/srv_control.h"
#include "server/srv_force.h"
#include "server/srv_receive.h"
#include "server/srv_reload.h"
#include "server/srv_sanity.h"

/* ---- what wakes us ---- */

static void on_deadline(void *user)
{
    struct srv_driver *d = user;
    struct clock_now now = io_now();
    srv_driver_step(d, &(struct srv_event){.kind = SRV_DEADLINE, .now = now.boot_ms}, &now);
    srv_driver_flush(d);
}

static void on_log_due(void *user)
{
    struct srv_driver *d = user;
    io_trace_tick(d->trace);
    io_timer_set(d->log_due, io_trace_deadline(d->trace));
}

static void on_more(void *user)
{
    srv_receive_serve(user);
}

static void on_signal(void *user, int signal)
{
    struct srv_driver *d = user;
    char why[JCFG_TEXT_MAX] = "";
    if (signal == SIGHUP) {
        srv_reload_again(d, why);
        return;
    }
    io_trace_log(d->trace, "info", "the server ends: %s", signal == SIGTERM ? "SIGTERM" : "SIGINT");
    io_loop_stop(d->loop);
}

static int open_loop(struct srv_driver *d)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
    signal(SIGXFSZ, SIG_IGN); /* a limit of file sizes is a failing write, not the end */
    d->loop = io_loop_new();
    if (d->loop == NULL)
        return srv_driver_fail("start", err_text(ERR_NOMEM));
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        if (io_signal_add(d->loop, signals[i], on_signal, d) < 0)
            return srv_driver_fail("start", err_text(ERR_NOMEM));
    d->deadline = io_timer_new(d->loop, on_deadline, d);
    d->more = io_timer_new(d->loop, on_more, d);
    d->log_due = io_timer_new(d->loop, on_log_due, d);
    return d->deadline == NULL || d->more == NULL || d->log_due == NULL
               ? srv_driver_fail("start", err_text(ERR_NOMEM))
               : 0;
}

/* ---- leases of last time ---- */

static const char *const sanity_words[] = {
    [SRV_SANITY_KEPT] = "it is kept",
    [SRV_SANITY_FIXED] = "it is put into the one that does",
    [SRV_SANITY_BAD] = "it is not loaded",
};

static void on_stored_lease(void *user, const struct srv_lease *stored)
{
    struct srv_driver *d = user;
    struct srv_lease checked = *stored, *lease = &checked;
    enum srv_sanity sanity =
        srv_lease_is_deletion(lease) ? SRV_SANITY_GOOD : srv_sanity_check(d->config, lease);
    if (sanity != SRV_SANITY_GOOD) {
        char addr[IP4_LEN];
        io_trace_log(d->trace, "warning", "lease file: subnet %u does not contain %s: %s", stored->subnet_id,
                     ip4_format(stored->addr, addr), sanity_words[sanity]);
    }
    if (sanity == SRV_SANITY_BAD) {
        d->refused++;
        return;
    }
    int rc = srv_engine_load(d->engine, lease, io_now().boot_ms);
    if (rc == 0)
        d->loaded += !srv_lease_is_deletion(lease);
    else if (rc != ERR_EXISTS) /* an older record of an address that is loaded already */
        d->refused++;
}

static void on_bad_record(void *user, unsigned long line, const char *why)
{
    struct srv_driver *d = user;
    d->refused++;
    io_trace_log(d->trace, "warning", "lease file, line %lu: %s", line, why);
}

/* What the command line has taken the place of: the file names one, and it stays unused. */
static void warn_unused(const struct srv_driver *d, const char *given, const char *named, const char *what,
                        const char *option)
{
    if (given != NULL && named != NULL && named[0] != '\0' && strcmp(given, named) != 0)
        io_trace_log(d->trace, "warning", "the %s %s of the configuration is not used: %s takes its place",
                     what, named, option);
}

/* *out is NULL if leases are kept in memory only. */
static int open_store(struct srv_driver *d, struct srv_store **out)
{
    *out = NULL;
    const char *path = srv_reload_lease_path(d, d->config);
    warn_unused(d, d->options->lease_file, d->config->lease_file, "lease file", "--lease-file");
    if (path[0] == '\0') {
        io_trace_log(d->trace, "info",
                     "leases are kept in memory only: neither --lease-file nor lease-database names a file");
        return 0;
    }
    int rc = srv_store_open(path, on_stored_lease, on_bad_record, d, out);
    if (rc == ERR_CONFIG)
        return srv_driver_fail(path, "this is not a lease file; it is left as it is");
    if (rc == ERR_EXISTS)
        return srv_driver_fail(path, "another server uses this lease file");
    if (rc < 0)
        return srv_driver_fail(path, rc == ERR_IO ? strerror(errno) : err_text(rc));
    srv_engine_loaded(d->engine);
    io_trace_log(d->trace, "info", "%lu leases read from %s, %lu records not usable", d->loaded, path,
                 d->refused);
    return 0;
}

static int open_persist(struct srv_driver *d)
{
    struct srv_store *store;
    int rc = open_store(d, &store);
    if (rc < 0)
        return rc;
    d->persist = srv_persist_new(d->loop, d->trace, d->engine, store);
    if (d->persist != NULL) {
        srv_persist_on_stored(d->persist, srv_driver_on_stored, d);
        return 0;
    }
    srv_store_close(store);
    return srv_driver_fail("start", err_text(ERR_NOMEM));
}

/* ---- sockets ---- */

static int open_first_ports(struct srv_driver *d)
{
    char why[SRV_PORTS_WHY_MAX];
    struct srv_ports ports;
    if (srv_reload_open_ports(d, d->config, &ports, why) < 0) {
        fprintf(stderr, "dhcplab-server: %s\n", why);
        return ERR_IO;
    }
    d->ports = ports;
    return srv_receive_watch(d, &d->ports) < 0 ? srv_driver_fail("start", err_text(ERR_NOMEM)) : 0;
}

static int open_control(struct srv_driver *d)
{
    const char *const *paths, *path;
    size_t n = srv_reload_control_paths(d, d->config, &paths);
    for (size_t i = 0; i < d->config->n_control_sockets; i++)
        warn_unused(d, d->options->control, d->config->control_sockets[i], "control socket", "--control");
    int rc = srv_channel_open(d->loop, paths, n, srv_control_on_command, d, &d->channels, &path);
    return rc < 0 ? srv_driver_fail(path, rc == ERR_IO ? strerror(errno) : err_text(rc)) : 0;
}

static int open_bulk(struct srv_driver *d)
{
    char why[JCFG_TEXT_MAX];
    return srv_reload_listen_bulk(d, d->config, &d->bulk, why) < 0 ? srv_driver_fail("leasequery", why) : 0;
}

static void on_scrape(void *user, struct srv_metrics *out)
{
    struct srv_driver *d = user;
    const struct srv_store *store = srv_persist_store(d->persist);
    srv_receive_count_dropped(d);
    *out = (struct srv_metrics){.engine = d->engine,
                                .config = d->config,
                                .answer_time = &d->answer_time,
                                .sync_time = store == NULL ? NULL : srv_store_sync_time(store),
                                .store_failures = store == NULL ? 0 : srv_store_get_stats(store).failures,
                                .log_suppressed = d->trace->rate.total,
                                .queue_length = srv_queue_count(d->queue),
                                .uptime_ms = io_now().boot_ms - d->started_ms};
}

static int open_exporter(struct srv_driver *d)
{
    d->exporter = srv_exporter_new(d->loop, on_scrape, d);
    if (d->exporter == NULL)
        return srv_driver_fail("start", err_text(ERR_NOMEM));
    return srv_exporter_use(d->exporter, d->config->metrics) < 0 ? srv_driver_fail("metrics", strerror(errno))
                                                                 : 0;
}

/* ---- the end of the start ---- */

static int confine(struct srv_driver *d)
{
    const struct srv_driver_options *o = d->options;
    const struct srv_confine c = {.user = o->user,
                                  .filter = !o->no_seccomp,
                                  .store = srv_persist_store(d->persist),
                                  .channels = &d->channels,
                                  .lease_path = srv_reload_lease_path(d, d->config),
                                  .config_path = o->config};
    return srv_confine(&c, d->trace);
}

static bool make_secret(struct srv_secret *out)
{
    struct clock_now now = io_now();
    out->replay = (uint64_t)now.wall_ms * 1000;
    return getrandom(out->key, sizeof out->key, 0) == (ssize_t)sizeof out->key;
}

int srv_start(struct srv_driver *d)
{
    static int (*const steps[])(struct srv_driver *) = {
        open_loop, open_first_ports, open_persist, open_control, open_bulk, open_exporter, confine};
    struct siphash_key key;
    struct srv_secret secret;
    if (getrandom(&key, sizeof key, 0) != (ssize_t)sizeof key || !make_secret(&secret))
        return srv_driver_fail("random numbers", strerror(errno));
    d->engine = srv_engine_new(d->config, &key);
    d->explain = srv_explain_new();
    d->queue = srv_queue_new(d->config->queue_capacity, &key, srv_receive_refuse, d);
    d->received = io_batch_new(IO_DATAGRAM_MAX);
    d->transmit = srv_transmit_new(d->trace);
    if (d->engine == NULL || d->explain == NULL || d->queue == NULL || d->received == NULL ||
        d->transmit == NULL)
        return srv_driver_fail("start", err_text(ERR_NOMEM));
    srv_force_set_secret(d->engine, &secret);
    int rc = 0;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && rc == 0; i++)
        rc = steps[i](d);
    if (rc == 0) /* the statistics begin now */
        srv_stat_observe(&(struct srv_stat_source){&d->commands.stat, d->engine, d->config, io_now()});
    return rc;
}
