#include "server/srv_driver.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/control.h"
#include "common/err.h"
#include "common/io_file.h"
#include "common/io_sock.h"
#include "server/srv_engine.h"
#include "server/srv_report.h"
#include "server/srv_store.h"

enum { RX_BATCH = 64, EXIT_CONFIG = 2 };

/* One interface that we serve. */
struct port {
    struct srv_driver *driver;
    struct io_iface iface;
    int udp_fd, raw_fd;
    struct io_watch *watch;
};

struct srv_driver {
    const struct srv_driver_options *options;
    struct io_trace *trace;
    struct srv_config *config;
    struct io_loop *loop;
    struct srv_engine *engine;
    struct srv_actions actions;
    struct srv_store *store; /* NULL: leases are kept in memory only */
    struct io_timer *deadline;
    struct control *control;
    struct port ports[SRV_IFACES_MAX];
    size_t n_ports;
    time_ms started_ms, reloaded_ms;
    unsigned long loaded, refused; /* lease records at start-up */
    bool store_failed;             /* the last commit failed, and was told */
    uint8_t buf[IO_DATAGRAM_MAX];
};

static int fail(const char *subject, const char *why)
{
    fprintf(stderr, "dhcplab-server: %s: %s\n", subject, why);
    return ERR_IO;
}

static void step(struct srv_driver *d, const struct srv_event *event)
{
    if (srv_engine_step(d->engine, event, &d->actions) < 0)
        io_trace_log(d->trace, "error", "%s: an event was lost", err_text(ERR_NOMEM));
}

/* ---- executing what the engine answered ---- */

static const struct port *find_port(const struct srv_driver *d, int ifindex)
{
    for (size_t i = 0; i < d->n_ports; i++)
        if (d->ports[i].iface.index == ifindex)
            return &d->ports[i];
    return NULL;
}

static void do_tx(struct srv_driver *d, const struct srv_action *action)
{
    const struct port *port = find_port(d, action->ifindex);
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

/* Makes every lease of the batch durable; false: nothing of it may be promised. Each change from well to
 * failing is told once. */
static bool commit(struct srv_driver *d)
{
    if (d->store == NULL)
        return true;
    int rc = 0;
    for (const struct srv_action *a = d->actions.first; a != NULL && rc == 0; a = a->next)
        if (a->kind == SRV_LEASE_PUT)
            rc = srv_store_put(d->store, &a->lease);
    if (rc == 0)
        rc = srv_store_commit(d->store);
    if (rc < 0 && !d->store_failed)
        io_trace_log(d->trace, "error", "leases cannot be stored, so no ACK is sent: %s",
                     rc == ERR_IO ? strerror(errno) : err_text(rc));
    if (rc == 0 && d->store_failed)
        io_trace_log(d->trace, "info", "leases can be stored again");
    d->store_failed = rc < 0;
    return rc == 0;
}

/* RFC 2131 3.1 (4): the server "commits the binding for the client to persistent storage and responds with a
 * DHCPACK". One sync serves all packets of a wake-up; if it fails, what stands after the first record of the
 * batch is not sent: the clients ask again. */
static void flush(struct srv_driver *d)
{
    bool stored = commit(d);
    bool promised = false;
    for (const struct srv_action *a = d->actions.first; a != NULL; a = a->next) {
        switch (a->kind) {
        case SRV_LEASE_PUT:
            promised = true;
            break;
        case SRV_TX:
            if (stored || !promised)
                do_tx(d, a);
            break;
        case SRV_TRACE:
            io_trace_event(d->trace, &a->trace);
            break;
        }
    }
    srv_actions_reset(&d->actions);
    io_timer_set(d->deadline, srv_engine_deadline(d->engine));
}

static void on_deadline(void *user)
{
    struct srv_driver *d = user;
    step(d, &(struct srv_event){.kind = SRV_DEADLINE, .now = io_now().boot_ms});
    flush(d);
}

static void on_packet(void *user, int fd, int what)
{
    (void)what;
    struct port *port = user;
    struct srv_driver *d = port->driver;
    struct srv_iface iface = {.index = port->iface.index, .name = port->iface.name, .addr = port->iface.addr};
    struct srv_event event = {.kind = SRV_RX, .iface = &iface};
    for (int i = 0; i < RX_BATCH && io_udp_recv(fd, d->buf, sizeof d->buf, &event.packet) > 0; i++) {
        io_trace_message(d->trace, TRACE_RX, iface.name, &event.packet);
        event.now = io_now().boot_ms;
        step(d, &event);
    }
    flush(d);
}

/* ---- interfaces ---- */

static void close_port(struct port *port)
{
    io_watch_free(port->watch);
    if (port->udp_fd >= 0)
        close(port->udp_fd);
    if (port->raw_fd >= 0)
        close(port->raw_fd);
}

static void close_ports(struct srv_driver *d)
{
    for (size_t i = 0; i < d->n_ports; i++)
        close_port(&d->ports[i]);
    d->n_ports = 0;
}

static int open_port(struct srv_driver *d, const struct io_iface *iface)
{
    if (find_port(d, iface->index) != NULL)
        return 0;
    if (d->n_ports == SRV_IFACES_MAX)
        return fail(iface->name, "more interfaces than the server can serve");
    struct port *port = &d->ports[d->n_ports++];
    *port = (struct port){.driver = d, .iface = *iface, .udp_fd = -1, .raw_fd = -1};
    int rc = io_udp_open(iface->name, DHCP_PORT_SERVER, &port->udp_fd);
    if (rc == ERR_EXISTS)
        return fail(iface->name, "another program serves UDP port 67 there");
    if (rc < 0)
        return fail(iface->name, strerror(errno));
    if (io_raw_open(iface->index, 0, &port->raw_fd) < 0)
        return fail(iface->name, strerror(errno));
    return 0;
}

/* "eth0" or Kea's "eth0/192.0.2.1", which picks one of the interface's addresses. */
static int open_named(struct srv_driver *d, const char *spec)
{
    char name[IO_IFNAME_MAX];
    size_t len = strcspn(spec, "/");
    struct io_iface iface;
    if (len >= sizeof name)
        return fail(spec, "there is no such interface");
    memcpy(name, spec, len);
    name[len] = '\0';
    int rc = io_iface_find(name, &iface);
    if (rc < 0)
        return fail(name, rc == ERR_NOTFOUND ? "there is no such interface" : strerror(errno));
    ip4 addr;
    if (spec[len] == '/' && ip4_parse(spec + len + 1, &addr))
        iface.addr.addr = addr;
    if (iface.addr.addr == 0)
        return fail(name, "it has no IPv4 address; a server needs one as its server identifier");
    return open_port(d, &iface);
}

static int open_all(struct srv_driver *d)
{
    struct io_iface list[SRV_IFACES_MAX];
    int n = io_iface_list(list, SRV_IFACES_MAX);
    if (n < 0)
        return fail("interfaces", strerror(errno));
    for (int i = 0; i < n; i++) {
        if (!list[i].up || list[i].loopback || list[i].addr.addr == 0)
            continue;
        int rc = open_port(d, &list[i]);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int open_ports(struct srv_driver *d)
{
    size_t n = d->options->n_ifnames ? d->options->n_ifnames : d->config->n_interfaces;
    for (size_t i = 0; i < n; i++) {
        const char *spec = d->options->n_ifnames ? d->options->ifnames[i] : d->config->interfaces[i];
        int rc = strcmp(spec, "*") == 0 ? open_all(d) : open_named(d, spec);
        if (rc < 0)
            return rc;
    }
    if (d->n_ports == 0)
        return fail("interfaces", "none to serve: name one with -i or in interfaces-config");
    return 0;
}

static int watch_ports(struct srv_driver *d)
{
    for (size_t i = 0; i < d->n_ports; i++) {
        struct port *port = &d->ports[i];
        port->watch = io_watch_new(d->loop, port->udp_fd, IO_READ, on_packet, port);
        if (port->watch == NULL)
            return fail("start", err_text(ERR_NOMEM));
    }
    return 0;
}

/* ---- configuration ---- */

static void on_warning(void *user, const char *text)
{
    (void)user;
    fprintf(stderr, "dhcplab-server: warning: %s\n", text);
}

/* Reads the file; on failure `why` (of JCFG_TEXT_MAX bytes) says what is wrong. */
static int read_config(const char *path, struct srv_config **out, char *why)
{
    char *text;
    size_t len;
    int rc = io_file_read(path, &text, &len);
    if (rc < 0) {
        snprintf(why, JCFG_TEXT_MAX, "%s: %s", path, rc == ERR_IO ? strerror(errno) : err_text(rc));
        return ERR_CONFIG;
    }
    rc = srv_config_parse(path, text, len, on_warning, NULL, why, out);
    if (rc == ERR_NOMEM)
        snprintf(why, JCFG_TEXT_MAX, "%s: %s", path, err_text(rc));
    free(text);
    return rc;
}

/* Serves the file as it is now. If it is not valid, nothing changes. */
static int reload(struct srv_driver *d, char *why)
{
    struct srv_config *fresh;
    int rc = read_config(d->options->config, &fresh, why);
    if (rc < 0)
        return rc;
    rc = srv_engine_reconfigure(d->engine, fresh);
    if (rc < 0) {
        snprintf(why, JCFG_TEXT_MAX, "%s", err_text(rc));
        srv_config_free(fresh);
        return rc;
    }
    srv_config_free(d->config);
    d->config = fresh;
    d->reloaded_ms = io_now().boot_ms;
    close_ports(d);
    if (open_ports(d) < 0 || watch_ports(d) < 0) {
        snprintf(why, JCFG_TEXT_MAX,
                 "the configuration is in force, but not every interface of it can be served");
        return ERR_IO;
    }
    return 0;
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

static void command_leases(void *user, const cJSON *arguments, struct control_request *request)
{
    (void)arguments;
    struct srv_driver *d = user;
    struct srv_report r = {.now = io_now()};
    srv_report_leases(&r, d->engine);
    char text[64];
    snprintf(text, sizeof text, "%u IPv4 lease(s) found.", r.n);
    control_reply(request, r.n ? CONTROL_SUCCESS : CONTROL_EMPTY, text, r.json);
}

static void command_status(void *user, const cJSON *arguments, struct control_request *request)
{
    (void)arguments;
    struct srv_driver *d = user;
    struct srv_report r = {.now = io_now()};
    srv_report_status(&r, d->engine);
    time_ms now = r.now.boot_ms;
    cJSON_AddNumberToObject(r.json, "pid", getpid());
    cJSON_AddNumberToObject(r.json, "uptime", (double)((now - d->started_ms) / 1000));
    cJSON_AddNumberToObject(r.json, "reload", (double)((now - d->reloaded_ms) / 1000));
    cJSON *ifaces = cJSON_AddArrayToObject(r.json, "interfaces");
    for (size_t i = 0; i < d->n_ports; i++) {
        char addr[IP4_NET_LEN], hw[HW_LEN];
        cJSON *iface = cJSON_CreateObject();
        cJSON_AddStringToObject(iface, "name", d->ports[i].iface.name);
        cJSON_AddStringToObject(iface, "address", ip4_net_format(d->ports[i].iface.addr, addr));
        cJSON_AddStringToObject(iface, "hardware_address", hw_format(&d->ports[i].iface.hw, hw));
        cJSON_AddItemToArray(ifaces, iface);
    }
    control_reply(request, CONTROL_SUCCESS, "", r.json);
}

static void command_reload(void *user, const cJSON *arguments, struct control_request *request)
{
    (void)arguments;
    struct srv_driver *d = user;
    char why[JCFG_TEXT_MAX] = "", text[JCFG_TEXT_MAX + 32];
    if (reload(d, why) == 0) {
        control_reply(request, CONTROL_SUCCESS, "Configuration successful.", NULL);
        return;
    }
    snprintf(text, sizeof text, "Config reload failed: %s", why);
    control_reply(request, CONTROL_ERROR, text, NULL);
}

static void command_shutdown(void *user, const cJSON *arguments, struct control_request *request)
{
    (void)arguments;
    struct srv_driver *d = user;
    control_reply(request, CONTROL_SUCCESS, "Shutting down.", NULL);
    io_loop_stop(d->loop);
}

static const struct control_command commands[] = {
    {"config-reload", command_reload},
    {"lease4-get-all", command_leases},
    {"shutdown", command_shutdown},
    {"status-get", command_status},
};

static void on_command(void *user, const char *command, const cJSON *arguments,
                       struct control_request *request)
{
    control_dispatch(commands, sizeof commands / sizeof commands[0], user, command, arguments, request);
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
        d->loaded++;
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
    const char *path = d->options->lease_file ? d->options->lease_file : d->config->lease_file;
    if (path == NULL || path[0] == '\0') {
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
    io_trace_log(d->trace, "info", "%lu leases read from %s, %lu records not usable", d->loaded, path,
                 d->refused);
    return 0;
}

static int open_loop(struct srv_driver *d)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
    d->loop = io_loop_new();
    if (d->loop == NULL)
        return fail("start", err_text(ERR_NOMEM));
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        if (io_signal_add(d->loop, signals[i], on_signal, d) < 0)
            return fail("start", err_text(ERR_NOMEM));
    d->deadline = io_timer_new(d->loop, on_deadline, d);
    if (d->deadline == NULL)
        return fail("start", err_text(ERR_NOMEM));
    if (d->options->control == NULL)
        return 0;
    int rc = control_listen(d->loop, d->options->control, on_command, d, &d->control);
    return rc < 0 ? fail(d->options->control, rc == ERR_IO ? strerror(errno) : err_text(rc)) : 0;
}

static int start(struct srv_driver *d)
{
    d->engine = srv_engine_new(d->config);
    if (d->engine == NULL)
        return fail("start", err_text(ERR_NOMEM));
    int rc = open_ports(d);
    if (rc == 0)
        rc = open_store(d);
    /* Errors are told before the terminal is left; an event loop does not survive a fork, so it comes after.
     */
    if (rc == 0 && !d->options->foreground && daemon(0, 0) < 0)
        rc = fail("daemon", strerror(errno));
    if (rc == 0)
        rc = open_loop(d);
    return rc == 0 ? watch_ports(d) : rc;
}

static void tell_start(const struct srv_driver *d)
{
    for (size_t i = 0; i < d->n_ports; i++) {
        char addr[IP4_NET_LEN];
        io_trace_log(d->trace, "info", "serving %s, %s", d->ports[i].iface.name,
                     ip4_net_format(d->ports[i].iface.addr, addr));
    }
}

static void finish(struct srv_driver *d)
{
    control_free(d->control);
    close_ports(d);
    io_timer_free(d->deadline);
    io_loop_free(d->loop);
    srv_engine_free(d->engine);
    srv_store_close(d->store);
    srv_actions_fini(&d->actions);
    srv_config_free(d->config);
}

static int run(struct srv_driver *d)
{
    if (start(d) < 0)
        return 1;
    d->started_ms = d->reloaded_ms = io_now().boot_ms;
    tell_start(d);
    io_timer_set(d->deadline, srv_engine_deadline(d->engine));
    return io_loop_run(d->loop) < 0 ? 1 : 0;
}

int srv_driver_run(const struct srv_driver_options *options, struct io_trace *trace)
{
    char why[JCFG_TEXT_MAX] = "";
    struct srv_driver *d = calloc(1, sizeof *d);
    if (d == NULL) {
        fail("start", err_text(ERR_NOMEM));
        return 1;
    }
    d->options = options;
    d->trace = trace;
    srv_actions_init(&d->actions);
    int code = 0;
    if (read_config(options->config, &d->config, why) < 0) {
        fprintf(stderr, "dhcplab-server: %s\n", why);
        code = EXIT_CONFIG;
    } else if (options->check_only) {
        printf("%s: the configuration is valid\n", options->config);
    } else {
        code = run(d);
    }
    finish(d);
    free(d);
    return code;
}
