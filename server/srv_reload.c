#include "server/srv_reload.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/err.h"
#include "common/io_file.h"
#include "server/srv_receive.h"

static void on_warning(void *user, const char *text)
{
    struct srv_driver *d = user;
    d->n_warnings++;
    if (d->warnings == NULL)
        io_trace_log(d->trace, "warning", "%s", text);
    else
        fprintf(d->warnings, "%s\n", text);
}

static int on_read(void *user, const char *path, char **out_text, size_t *out_len, const char **out_why)
{
    (void)user;
    int rc = io_file_read(path, out_text, out_len);
    if (rc < 0)
        *out_why = srv_driver_why(rc);
    return rc;
}

/* Reads the file; on failure `why` (of JCFG_TEXT_MAX bytes) says what is wrong. */
int srv_reload_read(struct srv_driver *d, struct srv_config **out, char *why)
{
    const char *path = d->options->config;
    int rc = srv_config_read(path, on_read, on_warning, d, why, out);
    if (rc == ERR_NOMEM)
        snprintf(why, JCFG_TEXT_MAX, "%s: %s", path, err_text(rc));
    if (rc == 0 && (*out)->n_interfaces == 0 && d->options->n_ifnames == 0) {
        char text[JCFG_TEXT_MAX];
        snprintf(text, sizeof text,
                 "%s:1:1: at $.Dhcp4.interfaces-config: no interface is named, nor is one with -i: nobody "
                 "will be served",
                 path);
        on_warning(d, text);
    }
    return rc;
}

/* ---- what the driver takes from it ---- */

/* What the configuration, or the command line in its stead, names. */
int srv_reload_open_ports(const struct srv_driver *d, const struct srv_config *config, struct srv_ports *out,
                          char *why)
{
    const struct srv_driver_options *o = d->options;
    return o->n_ifnames != 0 ? srv_ports_open(o->ifnames, o->n_ifnames, &d->ports, out, why)
                             : srv_ports_open(config->interfaces, config->n_interfaces, &d->ports, out, why);
}

/* What of the configuration is not the engine's. */
void srv_reload_use(struct srv_driver *d)
{
    srv_persist_configure(d->persist, d->config->sync, d->config->lfc_interval_s);
    srv_queue_set_capacity(d->queue, d->config->queue_capacity);
    srv_transmit_join(d->transmit, d->config->udp_segments);
    io_trace_limit(d->trace, d->config->max_log_rate);
    int rc = srv_exporter_use(d->exporter, d->config->metrics);
    if (rc < 0) /* addresses go on being given all the same */
        io_trace_log(d->trace, "error", "metrics cannot be served: %s", strerror(errno));
}

const char *srv_reload_lease_path(const struct srv_driver *d, const struct srv_config *config)
{
    const char *path = d->options->lease_file ? d->options->lease_file : config->lease_file;
    return path == NULL ? "" : path;
}

size_t srv_reload_control_paths(const struct srv_driver *d, const struct srv_config *config,
                                const char *const **out)
{
    *out = d->options->control != NULL ? &d->options->control : config->control_sockets;
    return d->options->control != NULL ? 1 : config->n_control_sockets;
}

static bool has_same_sockets(const struct srv_driver *d, const struct srv_config *config)
{
    const char *const *now, *const *then;
    size_t n = srv_reload_control_paths(d, d->config, &now);
    bool is_same = n == srv_reload_control_paths(d, config, &then);
    for (size_t i = 0; is_same && i < n; i++)
        is_same = strcmp(now[i], then[i]) == 0;
    return is_same;
}

/* ---- bulk leasequery ---- */

/* A port for bulk leasequery if `config` wants one; *out is NULL otherwise. */
int srv_reload_listen_bulk(struct srv_driver *d, const struct srv_config *config, struct srv_bulk_port **out,
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
    return has_same_bulk(d->config, config) ? 0 : srv_reload_listen_bulk(d, config, out, why);
}

static void use_bulk(struct srv_driver *d, struct srv_bulk_port *bulk, const struct srv_config *config)
{
    if (bulk != d->bulk)
        srv_bulk_port_free(d->bulk);
    d->bulk = bulk;
    if (bulk != NULL)
        srv_bulk_port_configure(bulk, config);
}

/* ---- logs ---- */

/* ERR_IO, with `why` of JCFG_TEXT_MAX bytes, if one cannot be opened; the others are there. */
static int add_outputs(struct srv_driver *d, const struct srv_logger *logger, char *why)
{
    static const enum io_log_severity severities[] = {
        [SRV_SEVERITY_DEBUG] = IO_LOG_DEBUG,  [SRV_SEVERITY_INFO] = IO_LOG_INFO,
        [SRV_SEVERITY_WARN] = IO_LOG_WARNING, [SRV_SEVERITY_ERROR] = IO_LOG_ERROR,
        [SRV_SEVERITY_FATAL] = IO_LOG_FATAL,  [SRV_SEVERITY_NONE] = IO_LOG_NONE,
    };
    int err = 0;
    for (size_t i = 0; i < logger->n_outputs; i++) {
        const struct srv_log_output *o = &logger->outputs[i];
        struct io_log_target target = {.output = o->output,
                                       .severity = severities[logger->severity],
                                       .debuglevel = logger->debuglevel,
                                       .flush = o->flush,
                                       .maxsize = o->maxsize,
                                       .maxver = o->maxver};
        int rc = io_log_add(d->trace->log, &target);
        if (rc < 0 && err == 0) {
            snprintf(why, JCFG_TEXT_MAX, "log file %s: %s", o->output, srv_driver_why(rc));
            err = rc;
        }
    }
    return err;
}

/* People are told what the loggers say; without loggers, what the command line says. */
int srv_reload_use_loggers(struct srv_driver *d, char *why)
{
    int err = 0;
    io_log_free(d->trace->log);
    d->trace->log = d->config->n_loggers == 0 ? NULL : io_log_new();
    for (size_t i = 0; d->trace->log != NULL && i < d->config->n_loggers; i++) {
        int rc = add_outputs(d, &d->config->loggers[i], why);
        err = err == 0 ? rc : err;
    }
    return err;
}

/* ---- another configuration ---- */

/* Serves `config`, which becomes the driver's, or is freed: if it cannot be served, nothing changes, and
 * `why` of JCFG_TEXT_MAX bytes says why. */
int srv_reload_serve(struct srv_driver *d, struct srv_config *config, char *why)
{
    struct srv_ports ports = {.n = 0};
    struct srv_bulk_port *bulk = d->bulk;
    int rc = next_bulk(d, config, &bulk, why);
    if (rc == 0)
        rc = srv_reload_open_ports(d, config, &ports, why);
    if (rc == 0 && (srv_receive_watch(d, &ports) < 0 || srv_engine_reconfigure(d->engine, config) < 0)) {
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
    if (strcmp(srv_reload_lease_path(d, config), srv_reload_lease_path(d, d->config)) != 0)
        io_trace_log(d->trace, "warning", "another lease file is used only after a restart");
    if (!has_same_sockets(d, config))
        io_trace_log(d->trace, "warning", "other control sockets are used only after a restart");
    srv_config_free(d->config);
    d->config = config;
    if (srv_reload_use_loggers(d, why) < 0) /* it serves on: the other loggers tell */
        io_trace_log(d->trace, "error", "%s", why);
    srv_ports_close(&d->ports);
    d->ports = ports;
    d->reloaded_ms = io_now().boot_ms;
    srv_reload_use(d);
    return 0;
}

/* Serves the file as it is now, or nothing changes. */
int srv_reload_again(struct srv_driver *d, char *why)
{
    struct srv_config *config;
    int rc = srv_reload_read(d, &config, why);
    if (rc == 0)
        rc = srv_reload_serve(d, config, why);
    if (rc == 0)
        io_trace_log(d->trace, "info", "configuration %s read again; leases are kept", d->options->config);
    else
        io_trace_log(d->trace, "error", "reload failed: %s", why);
    return rc;
}
