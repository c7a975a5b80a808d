#include "server/srv_driver.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "common/control.h"
#include "common/err.h"
#include "common/io_daemon.h"
#include "common/io_file.h"
#include "server/srv_bulk_port.h"
#include "server/srv_command.h"
#include "server/srv_confine.h"
#include "server/srv_engine.h"
#include "server/srv_exporter.h"
#include "server/srv_force.h"
#include "server/srv_persist.h"
#include "server/srv_ports.h"
#include "server/srv_probe.h"
#include "server/srv_queue.h"
#include "server/srv_report.h"
#include "server/srv_sanity.h"

enum {
    RX_MAX = 4096, /* packets taken from a socket at a time */
    RX_BATCH = 64, /* packets served by one sync */
    EXIT_CONFIG = 2,
};

struct srv_driver {
    const struct srv_driver_options *options;
    struct io_trace *trace;
    struct srv_config *config;
    struct io_loop *loop;
    struct srv_engine *engine;
    struct srv_actions actions;
    const struct srv_action *told; /* the last action whose trace is written; NULL: none yet */
    struct srv_persist *persist;
    struct srv_exporter *exporter;
    struct histogram answer_time;
    uint64_t received_us;    /* of the packet that is being served; 0: none is */
    struct srv_queue *queue; /* received, not yet served */
    struct io_timer *deadline;
    struct io_timer *more;    /* the queue is not empty */
    struct io_timer *log_due; /* suppressed lines are to be told */
    struct control *control;
    struct srv_bulk_port *bulk;
    struct srv_ports ports;
    time_ms started_ms, reloaded_ms;
    unsigned long loaded, refused; /* lease records at start-up */
    struct srv_probe *probe;       /* NULL until the first address is probed */
    bool probe_failed;             /* the last one, and was told */
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
    for (struct srv_action *a = last != NULL ? last->next : d->actions.first; a != NULL; a = a->next)
        a->received_us = d->received_us;
    tell(d);
}

static void on_probe_answer(void *user, ip4 addr);

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
    if (action->received_us != 0)
        histogram_add(&d->answer_time, io_now_us() - action->received_us);
    if (rc < 0)
        io_trace_log(d->trace, "error", "sending on %s failed: %s", port->iface.name, strerror(errno));
}

static const char *why_not(int rc)
{
    return rc == ERR_IO ? strerror(errno) : err_text(rc);
}

/* An ACK that must not leave: its lease is not on stable storage. The client will ask again. */
static void withhold(struct srv_driver *d, const struct srv_action *put)
{
    struct trace_facts facts = {.addr = put->lease.addr, .text = strerror(srv_persist_failure(d->persist))};
    struct trace_event event = {
        .kind = TRACE_DROP, .reason = REASON_STORE_FAILED, .facts = facts, .client = put->lease.hw};
    struct clock_now now = io_now();
    srv_explain_unsent(d->explain, &now, &event);
    io_trace_event(d->trace, &event);
}

static void do_probe(struct srv_driver *d, const struct srv_action *action)
{
    int rc = d->probe != NULL ? 0 : srv_probe_open(d->loop, on_probe_answer, d, &d->probe);
    if (rc == 0)
        rc = srv_probe_send(d->probe, action->ifindex, &action->packet);
    if (rc < 0 && !d->probe_failed)
        io_trace_log(d->trace, "error", "no address can be probed, so each counts as free: %s",
                     rc == ERR_NOMEM ? err_text(rc) : strerror(errno));
    d->probe_failed = rc < 0;
}

/* RFC 2131 3.1 (4): the server "commits the binding for the client to persistent storage and responds with a
 * DHCPACK". One sync serves all packets of a wake-up; if it fails, the answers that follow a record are
 * withheld. */
static void flush(struct srv_driver *d)
{
    bool stored = srv_persist_put(d->persist, &d->actions);
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
        case SRV_PROBE:
            do_probe(d, a);
            break;
        case SRV_TRACE: /* told already */
            break;
        }
    }
    srv_actions_reset(&d->actions);
    d->told = NULL;
    io_timer_set(d->deadline, srv_engine_deadline(d->engine));
    io_timer_set(d->log_due, io_trace_deadline(d->trace));
}

static void on_log_due(void *user)
{
    struct srv_driver *d = user;
    io_trace_tick(d->trace);
    io_timer_set(d->log_due, io_trace_deadline(d->trace));
}

static void on_probe_answer(void *user, ip4 addr)
{
    struct srv_driver *d = user;
    step(d, &(struct srv_event){.kind = SRV_PROBE_ANSWERED, .now = io_now().boot_ms, .addr = addr});
    flush(d);
}

static void on_deadline(void *user)
{
    struct srv_driver *d = user;
    step(d, &(struct srv_event){.kind = SRV_DEADLINE, .now = io_now().boot_ms});
    flush(d);
}

/* ---- packets ---- */

static void refuse_packet(void *user, enum reason reason, const struct srv_queued *queued)
{
    struct srv_driver *d = user;
    const struct srv_port *port = srv_ports_find(&d->ports, queued->ifindex);
    const struct trace_facts facts = {.num = d->config->queue_capacity};
    srv_engine_count_drop(d->engine, reason);
    io_trace_drop(d->trace, port != NULL ? port->iface.name : "", &queued->packet, reason, &facts);
}

static void serve_packet(struct srv_driver *d, const struct srv_queued *queued)
{
    time_ms now = io_now().boot_ms;
    const struct srv_port *port = srv_ports_find(&d->ports, queued->ifindex);
    if (port == NULL) { /* since a reload */
        refuse_packet(d, REASON_NOT_OUR_INTERFACE, queued);
        return;
    }
    if (srv_service_is_disabled(&d->commands.service, now)) {
        refuse_packet(d, REASON_SERVICE_DISABLED, queued);
        return;
    }
    struct srv_iface iface = {.index = port->iface.index, .name = port->iface.name, .addr = port->iface.addr};
    io_trace_message(d->trace, TRACE_RX, iface.name, &queued->packet);
    d->received_us = queued->received_us;
    step(d, &(struct srv_event){.kind = SRV_RX, .now = now, .iface = &iface, .packet = queued->packet});
    d->received_us = 0;
}

/* So many that one sync serves them all, so few that a new message of a client that waits can take its older
 * one's place. */
static void serve_some(struct srv_driver *d)
{
    struct srv_queued queued;
    for (int i = 0; i < RX_BATCH && srv_queue_take(d->queue, &queued); i++)
        serve_packet(d, &queued);
    flush(d);
    io_timer_set(d->more, srv_queue_count(d->queue) == 0 ? TIME_NEVER : io_now().boot_ms);
}

static void on_more(void *user)
{
    serve_some(user);
}

static const struct srv_port *port_of_fd(const struct srv_ports *ports, int fd)
{
    size_t i = 0;
    while (ports->list[i].udp_fd != fd) /* it is there: its watch called us */
        i++;
    return &ports->list[i];
}

/* The socket is emptied first: what it has no room for is lost without a trace. */
static void on_packet(void *user, int fd, int what)
{
    (void)what;
    struct srv_driver *d = user;
    struct srv_queued queued = {.ifindex = port_of_fd(&d->ports, fd)->iface.index};
    for (int i = 0; i < RX_MAX && io_udp_recv(fd, d->buf, sizeof d->buf, &queued.packet) > 0; i++) {
        queued.received_us = io_now_us();
        if (srv_queue_put(d->queue, &queued) < 0)
            io_trace_log(d->trace, "error", "%s: a packet was lost", err_text(ERR_NOMEM));
    }
    serve_some(d);
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

static void on_scrape(void *user, struct srv_metrics *out)
{
    struct srv_driver *d = user;
    const struct srv_store *store = srv_persist_store(d->persist);
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
        return fail("start", err_text(ERR_NOMEM));
    return srv_exporter_use(d->exporter, d->config->metrics) < 0 ? fail("metrics", strerror(errno)) : 0;
}

/* What of the configuration is not the engine's. */
static void use_config(struct srv_driver *d)
{
    srv_persist_configure(d->persist, d->config->sync, d->config->lfc_interval_s);
    srv_queue_set_capacity(d->queue, d->config->queue_capacity);
    io_trace_limit(d->trace, d->config->max_log_rate);
    int rc = srv_exporter_use(d->exporter, d->config->metrics);
    if (rc < 0) /* addresses go on being given all the same */
        io_trace_log(d->trace, "error", "metrics cannot be served: %s", strerror(errno));
}

static const char *lease_path(const struct srv_driver *d, const struct srv_config *config)
{
    const char *path = d->options->lease_file ? d->options->lease_file : config->lease_file;
    return path == NULL ? "" : path;
}

/* A port for bulk leasequery if `config` wants one; *out is NULL otherwise. */
static int listen_bulk(struct srv_driver *d, const struct srv_config *config, struct srv_bulk_port **out,
                       char *why)
{
    const struct srv_bulk_query *bulk = &config->lease_query.bulk;
    *out = NULL;
    if (!config->lease_query.enabled || !bulk->enabled)
        return 0;
    int rc = srv_bulk_port_open(d->loop, d->engine, d->trace, config, out);
    if (rc < 0) {
        char addr[IP4_LEN];
        snprintf(why, JCFG_TEXT_MAX, "TCP port %u of %s: %s", bulk->port, ip4_format(bulk->addr, addr),
                 rc == ERR_NOMEM ? err_text(rc) : strerror(errno));
    }
    return rc;
}

static bool has_same_bulk(const struct srv_config *a, const struct srv_config *b)
{
    const struct srv_bulk_query *x = &a->lease_query.bulk, *y = &b->lease_query.bulk;
    return a->lease_query.enabled == b->lease_query.enabled && x->enabled == y->enabled &&
           x->addr == y->addr && x->port == y->port;
}

/* The port that serves `config`: the one that is open if it is the same, or a new one. */
static int next_bulk(struct srv_driver *d, const struct srv_config *config, struct srv_bulk_port **out,
                     char *why)
{
    *out = d->bulk;
    return has_same_bulk(d->config, config) ? 0 : listen_bulk(d, config, out, why);
}

static void use_bulk(struct srv_driver *d, struct srv_bulk_port *bulk, const struct srv_config *config)
{
    if (bulk != d->bulk)
        srv_bulk_port_free(d->bulk);
    d->bulk = bulk;
    if (bulk != NULL)
        srv_bulk_port_configure(bulk, config);
}

static const char *control_path(const struct srv_driver *d, const struct srv_config *config)
{
    const char *path = d->options->control ? d->options->control : config->control_socket;
    return path == NULL ? "" : path;
}

static void add_outputs(struct srv_driver *d, const struct srv_logger *logger)
{
    static const enum io_log_severity severities[] = {
        [SRV_SEVERITY_DEBUG] = IO_LOG_DEBUG,  [SRV_SEVERITY_INFO] = IO_LOG_INFO,
        [SRV_SEVERITY_WARN] = IO_LOG_WARNING, [SRV_SEVERITY_ERROR] = IO_LOG_ERROR,
        [SRV_SEVERITY_FATAL] = IO_LOG_FATAL,  [SRV_SEVERITY_NONE] = IO_LOG_NONE,
    };
    for (size_t i = 0; i < logger->n_outputs; i++) {
        const struct srv_log_output *o = &logger->outputs[i];
        struct io_log_target target = {.output = o->output,
                                       .severity = severities[logger->severity],
                                       .debuglevel = logger->debuglevel,
                                       .flush = o->flush,
                                       .maxsize = o->maxsize,
                                       .maxver = o->maxver};
        int rc = io_log_add(d->trace->log, &target);
        if (rc < 0)
            io_trace_log(d->trace, "error", "log file %s: %s", o->output, why_not(rc));
    }
}

/* People are told what the loggers say; without loggers, what the command line says. */
static void use_loggers(struct srv_driver *d)
{
    io_log_free(d->trace->log);
    d->trace->log = d->config->n_loggers == 0 ? NULL : io_log_new();
    for (size_t i = 0; d->trace->log != NULL && i < d->config->n_loggers; i++)
        add_outputs(d, &d->config->loggers[i]);
}

/* Serves `config`, which becomes the driver's, or is freed: if it cannot be served, nothing changes, and
 * `why` of JCFG_TEXT_MAX bytes says why. */
static int serve(struct srv_driver *d, struct srv_config *config, char *why)
{
    struct srv_ports ports = {.n = 0};
    struct srv_bulk_port *bulk = d->bulk;
    int rc = next_bulk(d, config, &bulk, why);
    if (rc == 0)
        rc = open_ports(d, config, &ports, why);
    if (rc == 0 && (watch_ports(d, &ports) < 0 || srv_engine_reconfigure(d->engine, config) < 0)) {
        srv_ports_close(&ports);
        snprintf(why, JCFG_TEXT_MAX, "%s", err_text(ERR_NOMEM));
        rc = ERR_NOMEM;
    }
    if (rc < 0) {
        if (bulk != d->bulk)
            srv_bulk_port_free(bulk);
        srv_config_free(config);
        return rc;
    }
    use_bulk(d, bulk, config);
    if (strcmp(lease_path(d, config), lease_path(d, d->config)) != 0)
        io_trace_log(d->trace, "warning", "another lease file is used only after a restart");
    if (strcmp(control_path(d, config), control_path(d, d->config)) != 0)
        io_trace_log(d->trace, "warning", "another control socket is used only after a restart");
    srv_config_free(d->config);
    d->config = config;
    use_loggers(d);
    srv_ports_close(&d->ports);
    d->ports = ports;
    d->reloaded_ms = io_now().boot_ms;
    use_config(d);
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

static bool changes_leases(const struct srv_actions *actions)
{
    const struct srv_action *a = actions->first;
    while (a != NULL && a->kind != SRV_LEASE_PUT)
        a = a->next;
    return a != NULL;
}

static void on_command(void *user, const char *command, const cJSON *arguments,
                       struct control_request *request)
{
    struct srv_driver *d = user;
    struct srv_command_iface ifaces[SRV_PORTS_MAX];
    for (size_t i = 0; i < d->ports.n; i++) {
        const struct io_iface *iface = &d->ports.list[i].iface;
        ifaces[i] = (struct srv_command_iface){iface->name, iface->index, iface->addr, iface->hw};
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
    bool changes = changes_leases(&d->actions);
    tell(d);
    flush(d);
    int failure = changes ? srv_persist_failure(d->persist) : 0;
    if (failure != 0 && reply.result == CONTROL_SUCCESS)
        refuse(&reply,
               "the change is in memory, but not stored yet, which is tried again: ", strerror(failure));
    do_effect(d, &reply);
    if (strcmp(command, "status-get") == 0 && reply.result == CONTROL_SUCCESS)
        cJSON_AddItemToObject(reply.arguments, "lease_file", srv_persist_json(d->persist));
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

/* *out is NULL if leases are kept in memory only. */
static int open_store(struct srv_driver *d, struct srv_store **out)
{
    *out = NULL;
    const char *path = lease_path(d, d->config);
    if (path[0] == '\0') {
        io_trace_log(d->trace, "info",
                     "leases are kept in memory only: neither --lease-file nor lease-database names a file");
        return 0;
    }
    int rc = srv_store_open(path, on_stored_lease, on_bad_record, d, out);
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
    d->more = io_timer_new(d->loop, on_more, d);
    d->log_due = io_timer_new(d->loop, on_log_due, d);
    return d->deadline == NULL || d->more == NULL || d->log_due == NULL ? fail("start", err_text(ERR_NOMEM))
                                                                        : 0;
}

static int open_control(struct srv_driver *d)
{
    const char *path = control_path(d, d->config);
    if (path[0] == '\0')
        return 0;
    int rc = control_listen(d->loop, path, on_command, d, &d->control);
    return rc < 0 ? fail(path, rc == ERR_IO ? strerror(errno) : err_text(rc)) : 0;
}

static int open_persist(struct srv_driver *d)
{
    struct srv_store *store;
    int rc = open_store(d, &store);
    if (rc < 0)
        return rc;
    d->persist = srv_persist_new(d->loop, d->trace, store);
    if (d->persist != NULL)
        return 0;
    srv_store_close(store);
    return fail("start", err_text(ERR_NOMEM));
}

static int open_first_ports(struct srv_driver *d)
{
    char why[SRV_PORTS_WHY_MAX];
    struct srv_ports ports;
    if (open_ports(d, d->config, &ports, why) < 0) {
        fprintf(stderr, "dhcplab-server: %s\n", why);
        return ERR_IO;
    }
    d->ports = ports;
    return watch_ports(d, &d->ports) < 0 ? fail("start", err_text(ERR_NOMEM)) : 0;
}

static int open_bulk(struct srv_driver *d)
{
    char why[JCFG_TEXT_MAX];
    return listen_bulk(d, d->config, &d->bulk, why) < 0 ? fail("leasequery", why) : 0;
}

static int confine(struct srv_driver *d)
{
    const struct srv_driver_options *o = d->options;
    const struct srv_confine c = {.user = o->user,
                                  .filter = !o->no_seccomp,
                                  .store = srv_persist_store(d->persist),
                                  .control = d->control,
                                  .lease_path = lease_path(d, d->config),
                                  .config_path = o->config};
    return srv_confine(&c, d->trace);
}

static bool make_secret(struct srv_secret *out)
{
    struct clock_now now = io_now();
    out->now = now.boot_ms;
    out->replay = (uint64_t)now.wall_ms * 1000;
    return getrandom(out->key, sizeof out->key, 0) == (ssize_t)sizeof out->key;
}

static int start(struct srv_driver *d)
{
    static int (*const steps[])(struct srv_driver *) = {
        open_loop, open_first_ports, open_persist, open_control, open_bulk, open_exporter, confine};
    struct siphash_key key;
    struct srv_secret secret;
    if (getrandom(&key, sizeof key, 0) != (ssize_t)sizeof key || !make_secret(&secret))
        return fail("random numbers", strerror(errno));
    d->engine = srv_engine_new(d->config, &key);
    d->explain = srv_explain_new();
    d->queue = srv_queue_new(d->config->queue_capacity, &key, refuse_packet, d);
    if (d->engine == NULL || d->explain == NULL || d->queue == NULL)
        return fail("start", err_text(ERR_NOMEM));
    srv_force_set_secret(d->engine, &secret);
    int rc = 0;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && rc == 0; i++)
        rc = steps[i](d);
    return rc;
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
    srv_bulk_port_free(d->bulk);
    srv_ports_close(&d->ports);
    srv_probe_close(d->probe);
    io_timer_free(d->deadline);
    io_timer_free(d->more);
    io_timer_free(d->log_due);
    srv_queue_free(d->queue);
    srv_persist_free(d->persist);
    io_loop_free(d->loop);
    srv_engine_free(d->engine);
    srv_explain_free(d->explain);
    srv_actions_fini(&d->actions);
    srv_config_free(d->config);
    io_log_free(d->trace->log);
    d->trace->log = NULL;
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
    use_config(d);
    io_timer_set(d->deadline, srv_engine_deadline(d->engine));
    return io_loop_run(d->loop) < 0 ? EXIT_FAILURE : d->exit_value;
}

/* What -t is for: the configuration with all that it leaves to defaults and wider scopes. */
static int print_config(const struct srv_driver *d)
{
    cJSON *root = cJSON_CreateObject();
    cJSON_AddItemToObject(root, "Dhcp4", srv_report_config(d->config));
    char *text = cJSON_Print(root);
    cJSON_Delete(root);
    if (text == NULL) {
        fail(d->options->config, err_text(ERR_NOMEM));
        return EXIT_FAILURE;
    }
    puts(text);
    free(text);
    return 0;
}

/* The code for what was asked; the configuration is read in any case. */
static int read_and_run(struct srv_driver *d)
{
    char why[JCFG_TEXT_MAX] = "";
    if (read_config(d, &d->config, why) < 0) {
        fprintf(stderr, "dhcplab-server: %s\n", why);
        return EXIT_CONFIG;
    }
    if (d->options->check_only)
        return print_config(d);
    use_loggers(d);
    return run(d);
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
