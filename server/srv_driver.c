#include "server/srv_driver.h"

#include <errno.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/control.h"
#include "common/err.h"
#include "common/io_daemon.h"
#include "common/io_file.h"
#include "server/srv_command.h"
#include "server/srv_engine.h"
#include "server/srv_ports.h"
#include "server/srv_seccomp.h"
#include "server/srv_store.h"

enum {
    RX_BATCH = 64,
    EXIT_CONFIG = 2,
    STORE_RETRY_MS = 1000,    /* after a commit that failed */
    REWRITE_RETRY_MS = 60000, /* after a rewrite that failed */
};

struct srv_driver {
    const struct srv_driver_options *options;
    struct io_trace *trace;
    struct srv_config *config;
    struct io_loop *loop;
    struct srv_engine *engine;
    struct srv_actions actions;
    const struct srv_action *told; /* the last action whose trace is written; NULL: none yet */
    struct srv_store *store;       /* NULL: leases are kept in memory only */
    struct io_timer *deadline;
    struct control *control;
    struct srv_ports ports;
    time_ms started_ms, reloaded_ms;
    unsigned long loaded, refused; /* lease records at start-up */
    bool store_failed;             /* the last commit failed, and was told */
    int store_errno;               /* why: the errno of the last failure */
    struct io_timer *store_retry;
    struct io_timer *rewrite_due;  /* by lfc-interval */
    struct io_watch *rewrite_done; /* NULL: no rewrite of the lease file runs */
    time_ms rewrite_from_ms;       /* none starts earlier */
    bool rewrite_failed;           /* the last one, and was told */
    struct srv_command_state commands;
    struct srv_explain *explain;
    int exit_value; /* as `shutdown` asked */
    uint8_t buf[IO_DATAGRAM_MAX];
};

static int fail(const char *subject, const char *why)
{
    fprintf(stderr, "dhcplab-server: %s: %s\n", subject, why);
    return ERR_IO;
}

/* Decisions are told at once, next to the message that they are about; only answers wait for the disk. */
static void tell(struct srv_driver *d)
{
    const struct srv_action *a = d->told ? d->told->next : d->actions.first;
    for (; a != NULL; a = a->next) {
        if (a->kind == SRV_TRACE)
            io_trace_event(d->trace, &a->trace);
        d->told = a;
    }
}

static void step(struct srv_driver *d, const struct srv_event *event)
{
    const struct srv_action *last = d->actions.last;
    struct clock_now now = io_now();
    if (srv_engine_step(d->engine, event, &d->actions) < 0)
        io_trace_log(d->trace, "error", "%s: an event was lost", err_text(ERR_NOMEM));
    srv_explain_add(d->explain, &now, event->kind == SRV_RX ? &event->packet : NULL,
                    last != NULL ? last->next : d->actions.first);
    tell(d);
}

/* ---- executing what the engine answered ---- */

static void do_tx(struct srv_driver *d, const struct srv_action *action)
{
    const struct srv_port *port = srv_ports_find(&d->ports, action->ifindex);
    if (port == NULL)
        return; /* the interface was given up by a reload between question and answer */
    struct packet packet = action->packet;
    packet.src_hw = port->iface.hw;
    io_trace_message(d->trace, TRACE_TX, port->iface.name, &packet);
    int rc = action->via == SRV_VIA_RAW ? io_raw_send(port->raw_fd, port->iface.index, &packet)
                                        : io_udp_send(port->udp_fd, port->iface.index, &packet);
    if (rc < 0)
        io_trace_log(d->trace, "error", "sending on %s failed: %s", port->iface.name, strerror(errno));
}

/* ---- the lease file ---- */

static const char *why_not(int rc)
{
    return rc == ERR_IO ? strerror(errno) : err_text(rc);
}

static void end_rewrite(struct srv_driver *d, int rc)
{
    if (rc < 0 && !d->rewrite_failed)
        io_trace_log(d->trace, "warning", "the lease file cannot be rewritten, it grows: %s", why_not(rc));
    d->rewrite_failed = rc < 0;
    if (rc < 0)
        d->rewrite_from_ms = io_now().boot_ms + REWRITE_RETRY_MS;
}

static void finish_rewrite(struct srv_driver *d)
{
    uint64_t before = srv_store_get_stats(d->store).size;
    int rc = srv_store_rewrite_finish(d->store);
    end_rewrite(d, rc);
    if (rc == 0)
        io_trace_log(d->trace, "info", "the lease file is rewritten: %llu octets, it had %llu",
                     (unsigned long long)srv_store_get_stats(d->store).size, (unsigned long long)before);
}

static void on_rewritten(void *user, int fd, int what)
{
    (void)fd, (void)what;
    struct srv_driver *d = user;
    io_watch_free(d->rewrite_done);
    d->rewrite_done = NULL;
    finish_rewrite(d);
}

static void start_rewrite(struct srv_driver *d)
{
    if (d->rewrite_done != NULL || io_now().boot_ms < d->rewrite_from_ms)
        return;
    int fd, rc = srv_store_rewrite(d->store, &fd);
    if (rc < 0) {
        end_rewrite(d, rc);
        return;
    }
    d->rewrite_done = io_watch_new(d->loop, fd, IO_READ, on_rewritten, d);
    if (d->rewrite_done == NULL)
        finish_rewrite(d); /* no memory to be told: then wait for it here */
}

static void schedule_rewrite(struct srv_driver *d)
{
    uint32_t s = d->config->lfc_interval_s;
    if (d->store != NULL)
        io_timer_set(d->rewrite_due, s == 0 ? TIME_NEVER : io_now().boot_ms + (time_ms)s * 1000);
}

static void on_rewrite_due(void *user)
{
    struct srv_driver *d = user;
    if (srv_store_has_news(d->store))
        start_rewrite(d);
    schedule_rewrite(d);
}

/* Each change from well to failing, and back, is told once. */
static bool commit(struct srv_driver *d)
{
    int rc = srv_store_commit(d->store);
    if (rc < 0)
        d->store_errno = rc == ERR_IO ? errno : ENOMEM;
    if (rc < 0 && !d->store_failed)
        io_trace_log(d->trace, "error", "leases cannot be stored, so no ACK is sent: %s", why_not(rc));
    if (rc == 0 && d->store_failed)
        io_trace_log(d->trace, "info", "leases can be stored again");
    d->store_failed = rc < 0;
    if (rc < 0)
        io_timer_set(d->store_retry, io_now().boot_ms + STORE_RETRY_MS);
    else if (d->config->lfc_interval_s != 0 && srv_store_has_grown(d->store))
        start_rewrite(d);
    return rc == 0;
}

static void on_store_retry(void *user)
{
    commit(user);
}

/* Makes every lease of the batch durable; false: nothing of it may be promised. */
static bool store(struct srv_driver *d)
{
    int rc = 0;
    bool any = false;
    for (const struct srv_action *a = d->actions.first; d->store != NULL && a != NULL && rc == 0;
         a = a->next) {
        if (a->kind != SRV_LEASE_PUT)
            continue;
        any = true;
        rc = srv_store_put(d->store, &a->lease);
    }
    if (!any)
        return true;
    if (rc == ERR_NOMEM)
        d->store_errno = ENOMEM;
    /* Also if not every record could be gathered: the disk may take those that wait. */
    return commit(d) && rc == 0;
}

/* An ACK that must not leave: its lease is not on stable storage. The client will ask again. */
static void withhold(struct srv_driver *d, const struct srv_action *put)
{
    struct trace_facts facts = {.addr = put->lease.addr, .text = strerror(d->store_errno)};
    struct trace_event event = {
        .kind = TRACE_DROP, .reason = REASON_STORE_FAILED, .facts = facts, .client = put->lease.hw};
    struct clock_now now = io_now();
    srv_explain_unsent(d->explain, &now, &event);
    io_trace_event(d->trace, &event);
}

/* RFC 2131 3.1 (4): the server "commits the binding for the client to persistent storage and responds with a
 * DHCPACK". One sync serves all packets of a wake-up; if it fails, the answers that follow a record are
 * withheld. */
static void flush(struct srv_driver *d)
{
    bool stored = store(d);
    const struct srv_action *promised = NULL; /* the record that the next answer promises */
    for (const struct srv_action *a = d->actions.first; a != NULL; a = a->next) {
        switch (a->kind) {
        case SRV_LEASE_PUT:
            promised = a;
            break;
        case SRV_TX:
            if (stored || promised == NULL)
                do_tx(d, a);
            else
                withhold(d, promised);
            promised = NULL;
            break;
        case SRV_TRACE: /* told already */
            break;
        }
    }
    srv_actions_reset(&d->actions);
    d->told = NULL;
    io_timer_set(d->deadline, srv_engine_deadline(d->engine));
}

static void on_deadline(void *user)
{
    struct srv_driver *d = user;
    step(d, &(struct srv_event){.kind = SRV_DEADLINE, .now = io_now().boot_ms});
    flush(d);
}

static const struct srv_port *port_of_fd(const struct srv_ports *ports, int fd)
{
    size_t i = 0;
    while (ports->list[i].udp_fd != fd) /* it is there: its watch called us */
        i++;
    return &ports->list[i];
}

static void on_packet(void *user, int fd, int what)
{
    (void)what;
    struct srv_driver *d = user;
    const struct srv_port *port = port_of_fd(&d->ports, fd);
    struct srv_iface iface = {.index = port->iface.index, .name = port->iface.name, .addr = port->iface.addr};
    struct srv_event event = {.kind = SRV_RX, .iface = &iface};
    for (int i = 0; i < RX_BATCH && io_udp_recv(fd, d->buf, sizeof d->buf, &event.packet) > 0; i++) {
        io_trace_message(d->trace, TRACE_RX, iface.name, &event.packet);
        event.now = io_now().boot_ms;
        if (srv_command_is_disabled(&d->commands, event.now)) {
            srv_engine_count_drop(d->engine, REASON_SERVICE_DISABLED);
            io_trace_drop(d->trace, iface.name, &event.packet, REASON_SERVICE_DISABLED, NULL);
        } else {
            step(d, &event);
        }
    }
    flush(d);
}

/* ---- interfaces ---- */

static int watch_ports(struct srv_driver *d, struct srv_ports *ports)
{
    for (size_t i = 0; i < ports->n; i++) {
        struct srv_port *port = &ports->list[i];
        port->watch = io_watch_new(d->loop, port->udp_fd, IO_READ, on_packet, d);
        if (port->watch == NULL)
            return ERR_NOMEM;
    }
    return 0;
}

/* What the configuration, or the command line in its stead, names. */
static int open_ports(const struct srv_driver *d, const struct srv_config *config, struct srv_ports *out,
                      char *why)
{
    const struct srv_driver_options *o = d->options;
    return o->n_ifnames != 0 ? srv_ports_open(o->ifnames, o->n_ifnames, &d->ports, out, why)
                             : srv_ports_open(config->interfaces, config->n_interfaces, &d->ports, out, why);
}

/* ---- configuration ---- */

static void on_warning(void *user, const char *text)
{
    struct srv_driver *d = user;
    io_trace_log(d->trace, "warning", "%s", text);
}

static int on_read(void *user, const char *path, char **out_text, size_t *out_len, const char **out_why)
{
    (void)user;
    int rc = io_file_read(path, out_text, out_len);
    if (rc < 0)
        *out_why = why_not(rc);
    return rc;
}

/* Reads the file; on failure `why` (of JCFG_TEXT_MAX bytes) says what is wrong. */
static int read_config(struct srv_driver *d, struct srv_config **out, char *why)
{
    const char *path = d->options->config;
    int rc = srv_config_read(path, on_read, on_warning, d, why, out);
    if (rc == ERR_NOMEM)
        snprintf(why, JCFG_TEXT_MAX, "%s: %s", path, err_text(rc));
    return rc;
}

/* What of lease-database can change while the server runs; another name counts from the next start on. */
static void use_database(struct srv_driver *d)
{
    if (d->store != NULL)
        srv_store_set_sync(d->store, d->config->sync);
    schedule_rewrite(d);
}

static const char *lease_path(const struct srv_driver *d, const struct srv_config *config)
{
    const char *path = d->options->lease_file ? d->options->lease_file : config->lease_file;
    return path == NULL ? "" : path;
}

/* Serves `config`, which becomes the driver's, or is freed: if it cannot be served, nothing changes, and
 * `why` of JCFG_TEXT_MAX bytes says why. */
static int serve(struct srv_driver *d, struct srv_config *config, char *why)
{
    struct srv_ports ports;
    int rc = open_ports(d, config, &ports, why);
    if (rc == 0 && (watch_ports(d, &ports) < 0 || srv_engine_reconfigure(d->engine, config) < 0)) {
        srv_ports_close(&ports);
        snprintf(why, JCFG_TEXT_MAX, "%s", err_text(ERR_NOMEM));
        rc = ERR_NOMEM;
    }
    if (rc < 0) {
        srv_config_free(config);
        return rc;
    }
    if (strcmp(lease_path(d, config), lease_path(d, d->config)) != 0)
        io_trace_log(d->trace, "warning", "another lease file is used only after a restart");
    srv_config_free(d->config);
    d->config = config;
    srv_ports_close(&d->ports);
    d->ports = ports;
    d->reloaded_ms = io_now().boot_ms;
    use_database(d);
    return 0;
}

/* Serves the file as it is now, or nothing changes. */
static int reload(struct srv_driver *d, char *why)
{
    struct srv_config *config;
    int rc = read_config(d, &config, why);
    return rc < 0 ? rc : serve(d, config, why);
}

static void reload_and_tell(struct srv_driver *d)
{
    char why[JCFG_TEXT_MAX] = "";
    if (reload(d, why) == 0)
        io_trace_log(d->trace, "info", "configuration %s read again; leases are kept", d->options->config);
    else
        io_trace_log(d->trace, "error", "reload failed: %s", why);
}

/* ---- commands ---- */

static void refuse(struct srv_command_reply *reply, const char *what, const char *why)
{
    reply->result = CONTROL_ERROR;
    snprintf(reply->text, sizeof reply->text, "%s%s", what, why);
    cJSON_Delete(reply->arguments);
    reply->arguments = NULL;
}

static cJSON *lease_file_json(const struct srv_driver *d)
{
    struct srv_store_stats stats = srv_store_get_stats(d->store);
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "sync", d->config->sync == SRV_SYNC_BATCH ? "batch" : "none");
    cJSON_AddNumberToObject(json, "size", (double)stats.size);
    cJSON_AddNumberToObject(json, "commits", (double)stats.commits);
    cJSON_AddNumberToObject(json, "syncs", (double)stats.syncs);
    cJSON_AddNumberToObject(json, "failures", (double)stats.failures);
    cJSON_AddBoolToObject(json, "failing", d->store_failed);
    cJSON_AddNumberToObject(json, "rewrites", (double)stats.rewrites);
    cJSON_AddBoolToObject(json, "rewriting", stats.rewriting);
    return json;
}

/* What a command wants of the driver. */
static void do_effect(struct srv_driver *d, struct srv_command_reply *reply)
{
    char why[JCFG_TEXT_MAX] = "";
    switch (reply->effect) {
    case SRV_DO_NOTHING:
    case SRV_DO_SHUTDOWN: /* when the reply is sent */
        break;
    case SRV_DO_CONFIG_SET:
        if (serve(d, reply->config, why) < 0)
            refuse(reply, "", why);
        break;
    case SRV_DO_CONFIG_RELOAD:
        if (reload(d, why) < 0)
            refuse(reply, "Config reload failed: ", why);
        break;
    case SRV_DO_CONFIG_WRITE:
        if (io_file_replace(reply->path, reply->file, strlen(reply->file)) < 0)
            refuse(reply, "Error during write-config: ", strerror(errno));
        free(reply->file);
        break;
    }
}

static void on_command(void *user, const char *command, const cJSON *arguments,
                       struct control_request *request)
{
    struct srv_driver *d = user;
    struct srv_command_iface ifaces[SRV_PORTS_MAX];
    for (size_t i = 0; i < d->ports.n; i++) {
        const struct io_iface *iface = &d->ports.list[i].iface;
        ifaces[i] = (struct srv_command_iface){iface->name, iface->addr, iface->hw};
    }
    struct srv_command_context context = {.state = &d->commands,
                                          .engine = d->engine,
                                          .config = d->config,
                                          .explain = d->explain,
                                          .out = &d->actions,
                                          .now = io_now(),
                                          .started_ms = d->started_ms,
                                          .reloaded_ms = d->reloaded_ms,
                                          .pid = getpid(),
                                          .config_path = d->options->config,
                                          .ifaces = ifaces,
                                          .n_ifaces = d->ports.n};
    struct srv_command_reply reply;
    srv_command_run(&context, command, arguments, &reply);
    bool changes = d->actions.first != NULL;
    tell(d);
    flush(d);
    if (changes && d->store_failed && reply.result == CONTROL_SUCCESS)
        refuse(&reply, "the change is in memory, but could not be stored: ", strerror(d->store_errno));
    do_effect(d, &reply);
    if (strcmp(command, "status-get") == 0 && reply.result == CONTROL_SUCCESS && d->store != NULL)
        cJSON_AddItemToObject(reply.arguments, "lease_file", lease_file_json(d));
    control_reply(request, reply.result, reply.text, reply.arguments);
    if (reply.effect == SRV_DO_SHUTDOWN) {
        d->exit_value = reply.exit_value;
        io_loop_stop(d->loop);
    }
}

static void on_signal(void *user, int signal)
{
    struct srv_driver *d = user;
    if (signal == SIGHUP)
        reload_and_tell(d);
    else
        io_loop_stop(d->loop);
}

/* ---- start and end ---- */

static void on_stored_lease(void *user, const struct srv_lease *lease)
{
    struct srv_driver *d = user;
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

static int open_store(struct srv_driver *d)
{
    const char *path = lease_path(d, d->config);
    if (path[0] == '\0') {
        io_trace_log(d->trace, "info",
                     "leases are kept in memory only: neither --lease-file nor lease-database names a file");
        return 0;
    }
    int rc = srv_store_open(path, on_stored_lease, on_bad_record, d, &d->store);
    if (rc == ERR_CONFIG)
        return fail(path, "this is not a lease file; it is left as it is");
    if (rc == ERR_EXISTS)
        return fail(path, "another server uses this lease file");
    if (rc < 0)
        return fail(path, rc == ERR_IO ? strerror(errno) : err_text(rc));
    srv_engine_loaded(d->engine);
    io_trace_log(d->trace, "info", "%lu leases read from %s, %lu records not usable", d->loaded, path,
                 d->refused);
    return 0;
}

static int open_loop(struct srv_driver *d)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
    signal(SIGXFSZ, SIG_IGN); /* a limit of file sizes is a failing write, not the end */
    d->loop = io_loop_new();
    if (d->loop == NULL)
        return fail("start", err_text(ERR_NOMEM));
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        if (io_signal_add(d->loop, signals[i], on_signal, d) < 0)
            return fail("start", err_text(ERR_NOMEM));
    d->deadline = io_timer_new(d->loop, on_deadline, d);
    d->store_retry = io_timer_new(d->loop, on_store_retry, d);
    d->rewrite_due = io_timer_new(d->loop, on_rewrite_due, d);
    if (d->deadline == NULL || d->store_retry == NULL || d->rewrite_due == NULL)
        return fail("start", err_text(ERR_NOMEM));
    if (d->options->control == NULL)
        return 0;
    int rc = control_listen(d->loop, d->options->control, on_command, d, &d->control);
    return rc < 0 ? fail(d->options->control, rc == ERR_IO ? strerror(errno) : err_text(rc)) : 0;
}

/* ---- giving up what only the start needs ---- */

static int give_files(const struct srv_driver *d, const struct srv_user *user)
{
    if (d->store != NULL && srv_store_give(d->store, user->uid, user->gid) < 0)
        return fail(lease_path(d, d->config), strerror(errno));
    if (d->control != NULL && control_give(d->control, user->uid, user->gid) < 0)
        return fail(d->options->control, strerror(errno));
    return 0;
}

/* What will fail later is told now. */
static void tell_unusable(const struct srv_driver *d)
{
    const char *leases = lease_path(d, d->config);
    char *copy = strdup(leases);
    if (copy != NULL && d->store != NULL && access(dirname(copy), W_OK | X_OK) < 0)
        io_trace_log(d->trace, "warning",
                     "the folder of %s is not ours to write: the file cannot be rewritten, it grows", leases);
    free(copy);
    if (strcmp(d->options->config, "-") != 0 && access(d->options->config, R_OK) < 0)
        io_trace_log(d->trace, "warning", "%s is not ours to read: it cannot be read again",
                     d->options->config);
}

static int confine(const struct srv_driver *d)
{
    const struct srv_driver_options *o = d->options;
    if (o->user != NULL && give_files(d, o->user) < 0)
        return ERR_IO;
    if (srv_privilege_drop(o->user) < 0)
        return fail("giving up privileges", strerror(errno));
    tell_unusable(d);
    if (!o->no_seccomp && srv_seccomp_start() < 0)
        return fail("filtering system calls (--no-seccomp does without)", strerror(errno));
    return 0;
}

static int start(struct srv_driver *d)
{
    char why[SRV_PORTS_WHY_MAX];
    struct srv_ports ports;
    d->engine = srv_engine_new(d->config);
    d->explain = srv_explain_new();
    if (d->engine == NULL || d->explain == NULL)
        return fail("start", err_text(ERR_NOMEM));
    if (open_ports(d, d->config, &ports, why) < 0) {
        fprintf(stderr, "dhcplab-server: %s\n", why);
        return ERR_IO;
    }
    d->ports = ports;
    int rc = open_store(d);
    if (rc == 0)
        rc = open_loop(d);
    if (rc == 0 && watch_ports(d, &d->ports) < 0)
        rc = fail("start", err_text(ERR_NOMEM));
    return rc == 0 ? confine(d) : rc;
}

static void tell_start(const struct srv_driver *d)
{
    for (size_t i = 0; i < d->ports.n; i++) {
        char addr[IP4_NET_LEN];
        io_trace_log(d->trace, "info", "serving %s, %s", d->ports.list[i].iface.name,
                     ip4_net_format(d->ports.list[i].iface.addr, addr));
    }
}

static void finish(struct srv_driver *d)
{
    control_free(d->control);
    srv_ports_close(&d->ports);
    io_timer_free(d->deadline);
    io_timer_free(d->store_retry);
    io_timer_free(d->rewrite_due);
    io_watch_free(d->rewrite_done);
    io_loop_free(d->loop);
    srv_engine_free(d->engine);
    srv_explain_free(d->explain);
    srv_store_close(d->store);
    srv_actions_fini(&d->actions);
    srv_config_free(d->config);
}

/* In the background, whoever started us waits until we serve, and is told what is wrong if we cannot. */
static int run(struct srv_driver *d)
{
    int ready_fd = -1;
    if (!d->options->foreground && io_daemon_start(&ready_fd) < 0) {
        fail("background", strerror(errno));
        return EXIT_FAILURE;
    }
    int code = start(d) < 0 ? EXIT_FAILURE : 0;
    if (ready_fd >= 0) {
        if (code == 0)
            printf("dhcplab-server: serving in the background as process %d\n", getpid());
        fflush(stdout);
        io_daemon_ready(ready_fd, code);
        d->trace->show = IO_TRACE_SYSLOG;
    }
    if (code != 0)
        return code;
    d->started_ms = d->reloaded_ms = io_now().boot_ms;
    tell_start(d);
    use_database(d);
    io_timer_set(d->deadline, srv_engine_deadline(d->engine));
    return io_loop_run(d->loop) < 0 ? EXIT_FAILURE : d->exit_value;
}

/* The code for what was asked; the configuration is read in any case. */
static int read_and_run(struct srv_driver *d)
{
    char why[JCFG_TEXT_MAX] = "";
    if (read_config(d, &d->config, why) < 0) {
        fprintf(stderr, "dhcplab-server: %s\n", why);
        return EXIT_CONFIG;
    }
    if (!d->options->check_only)
        return run(d);
    printf("%s: the configuration is valid\n", d->options->config);
    return 0;
}

int srv_driver_run(const struct srv_driver_options *options, struct io_trace *trace)
{
    struct srv_driver *d = calloc(1, sizeof *d);
    if (d == NULL) {
        fail("start", err_text(ERR_NOMEM));
        return EXIT_FAILURE;
    }
    d->options = options;
    d->trace = trace;
    srv_actions_init(&d->actions);
    int code = read_and_run(d);
    finish(d);
    free(d);
    return code;
}
