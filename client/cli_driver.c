#include "client/cli_driver.h"

#include <errno.h>
#include <net/ethernet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/cli_control.h"
#include "client/cli_saved.h"
#include "common/err.h"
#include "common/io_file.h"
#include "common/io_sock.h"

enum {
    DRAIN_LIMIT_MS = 500, /* how long a RELEASE may wait for ARP before its source address goes away */
    DRAIN_STEP_MS = 5,
    RX_BATCH = 64,
};

/* ---- sockets ---- */

static void receive_packet(struct cli_driver *d, const struct packet *packet)
{
    io_trace_message(d->trace, TRACE_RX, d->iface.name, packet);
    struct cli_event event = {.kind = CLI_RX, .now = io_now().boot_ms, .packet = *packet};
    d->traffic.heard++;
    cli_history_hear(&d->history, packet, event.now);
    cli_driver_step(d, &event);
}

static void on_raw(void *user, int fd, int what)
{
    (void)what;
    struct cli_driver *d = user;
    struct packet packet;
    enum reason reason;
    for (int i = 0;
         i < RX_BATCH && d->raw_fd == fd && io_raw_recv(fd, d->buf, sizeof d->buf, &packet, &reason) > 0;
         i++) {
        if (reason == REASON_NONE)
            receive_packet(d, &packet);
        else
            io_trace_drop(d->trace, d->iface.name, &packet, reason,
                          &(struct trace_facts){.num = packet.dport});
    }
}

static void on_udp(void *user, int fd, int what)
{
    (void)what;
    struct cli_driver *d = user;
    struct packet packet;
    for (int i = 0; i < RX_BATCH && d->udp_fd == fd && io_udp_recv(fd, d->buf, sizeof d->buf, &packet) > 0;
         i++)
        receive_packet(d, &packet);
}

/* ARP is not traced as it comes: a busy network is full of it. What it means for us, the engine says. */
static void on_arp(void *user, int fd, int what)
{
    (void)what;
    struct cli_driver *d = user;
    struct cli_event event = {.kind = CLI_ARP_RX};
    enum reason reason;
    for (int i = 0; i < RX_BATCH && io_arp_recv(fd, &event.arp, &reason) > 0; i++) {
        event.now = io_now().boot_ms;
        d->traffic.heard++;
        if (reason == REASON_NONE)
            cli_driver_step(d, &event);
    }
}

static void on_link(void *user, int fd, int what)
{
    (void)fd, (void)what;
    struct cli_driver *d = user;
    struct cli_event event = {.kind = CLI_CARRIER_LOST};
    for (bool has_carrier; cli_netif_next_change(d->netif, &has_carrier);) {
        if (has_carrier == d->link.has_carrier)
            continue;
        d->link.has_carrier = has_carrier;
        event.kind = has_carrier ? CLI_CARRIER_BACK : CLI_CARRIER_LOST;
        event.now = io_now().boot_ms;
        cli_driver_step(d, &event);
    }
}

static void close_socket(int *fd, struct io_watch **watch)
{
    io_watch_free(*watch);
    *watch = NULL;
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* Before the interface has an address only a packet socket hears unicast answers. */
static int listen_raw(struct cli_driver *d)
{
    close_socket(&d->udp_fd, &d->udp_watch);
    if (d->raw_fd >= 0)
        return 0;
    int rc = io_raw_open(d->iface.index, DHCP_PORT_CLIENT, &d->raw_fd);
    if (rc == 0 && (d->raw_watch = io_watch_new(d->loop, d->raw_fd, IO_READ, on_raw, d)) == NULL)
        rc = ERR_NOMEM;
    return rc;
}

static int listen_udp(struct cli_driver *d)
{
    if (d->udp_fd >= 0)
        return 0;
    int rc = io_udp_open(d->iface.name, DHCP_PORT_CLIENT, &d->udp_fd);
    if (rc == 0 && (d->udp_watch = io_watch_new(d->loop, d->udp_fd, IO_READ, on_udp, d)) == NULL)
        rc = ERR_NOMEM;
    if (rc == 0)
        close_socket(&d->raw_fd, &d->raw_watch);
    return rc;
}

static int listen_link(struct cli_driver *d, char *why)
{
    int fd;
    int rc = cli_netif_watch(d->netif, &fd, why);
    if (rc < 0)
        return rc;
    d->link_watch = io_watch_new(d->loop, fd, IO_READ, on_link, d);
    snprintf(why, CLI_NETIF_WHY_MAX, "%s", err_text(ERR_NOMEM));
    return d->link_watch == NULL ? ERR_NOMEM : 0;
}

static int listen_arp(struct cli_driver *d)
{
    int rc = io_arp_open(d->iface.index, &d->arp_fd);
    if (rc == 0 && (d->arp_watch = io_watch_new(d->loop, d->arp_fd, IO_READ, on_arp, d)) == NULL)
        rc = ERR_NOMEM;
    return rc;
}

/* ---- actions ---- */

static void do_tx(struct cli_driver *d, const struct packet *packet)
{
    io_trace_message(d->trace, TRACE_TX, d->iface.name, packet);
    d->traffic.sent++;
    int rc = d->udp_fd >= 0 ? io_udp_send(d->udp_fd, d->iface.index, packet)
                            : io_raw_send(d->raw_fd, d->iface.index, packet);
    if (rc < 0)
        io_trace_log(d->trace, "error", "sending on %s failed: %s", d->iface.name, strerror(errno));
}

static void do_arp(struct cli_driver *d, const struct arp *arp)
{
    d->traffic.sent++;
    if (io_arp_send(d->arp_fd, d->iface.index, arp) < 0)
        io_trace_log(d->trace, "error", "sending ARP on %s failed: %s", d->iface.name, strerror(errno));
}

static void read_settings(struct cli_driver *d)
{
    cli_settings_read(&d->ack, d->config->default_route, &d->settings);
    if (d->settings.routes_left_out > 0)
        io_trace_log(d->trace, "warning", "%u routes of the server are left out: there are more than %d",
                     d->settings.routes_left_out, CLI_ROUTES_MAX);
}

static void do_ack_keep(struct cli_driver *d, const struct packet *packet)
{
    d->ack.len = packet->len < CLI_ACK_MAX ? (uint16_t)packet->len : CLI_ACK_MAX;
    memcpy(d->ack.bytes, packet->bytes, d->ack.len);
    read_settings(d);
}

static void do_host_set(struct cli_driver *d, const struct cli_lease *lease)
{
    char why[CLI_HOST_WHY_MAX];
    if (cli_host_set(d->host, lease, &d->settings, why) < 0)
        io_trace_log(d->trace, "error", "%s", why);
}

static void do_host_clear(struct cli_driver *d)
{
    char why[CLI_HOST_WHY_MAX];
    if (cli_host_clear(d->host, why) < 0)
        io_trace_log(d->trace, "error", "%s", why);
}

static void do_if_set(struct cli_driver *d, const struct cli_lease *lease)
{
    char *why = d->not_applied;
    why[0] = '\0';
    do_host_set(d, lease);
    if (cli_netif_set(d->netif, lease, &d->settings, io_clock_wait_ms(lease->expires_at_ms), why) < 0)
        io_trace_log(d->trace, "error", "the lease is not on %s: %s", d->iface.name, why);
    else if (listen_udp(d) < 0)
        io_trace_log(d->trace, "error", "UDP port 68 on %s cannot be opened: %s", d->iface.name,
                     strerror(errno));
}

/* A RELEASE that waits for ARP still needs its source address: taken away too early, it would never leave. */
static void wait_until_sent(const struct cli_driver *d)
{
    for (int waited_ms = 0; waited_ms < DRAIN_LIMIT_MS && d->udp_fd >= 0 && !io_udp_is_drained(d->udp_fd);
         waited_ms += DRAIN_STEP_MS)
        poll(NULL, 0, DRAIN_STEP_MS);
}

static void do_if_clear(struct cli_driver *d)
{
    char why[CLI_NETIF_WHY_MAX];
    wait_until_sent(d);
    do_host_clear(d);
    if (cli_netif_clear(d->netif, why) < 0)
        io_trace_log(d->trace, "error", "the lease is still on %s: %s", d->iface.name, why);
    if (listen_raw(d) < 0)
        io_trace_log(d->trace, "error", "the packet socket on %s cannot be opened: %s", d->iface.name,
                     strerror(errno));
}

/* ---- the saved lease ---- */

static void tell_saved(struct cli_driver *d, const char *what, int rc)
{
    if (rc < 0)
        io_trace_log(d->trace, "error", "%s: the lease cannot be %s: %s", d->options->lease_file, what,
                     rc == ERR_NOMEM ? err_text(rc) : strerror(errno));
}

static void do_save(struct cli_driver *d, const struct cli_lease *lease)
{
    if (d->options->lease_file == NULL)
        return;
    struct clock_now now = io_now();
    char *text = cli_saved_format(lease, &d->ack, &d->iface.hw, &now);
    tell_saved(d, "saved",
               text == NULL ? ERR_NOMEM : io_file_replace(d->options->lease_file, text, strlen(text)));
    free(text);
}

static void do_forget(struct cli_driver *d)
{
    if (d->options->lease_file != NULL)
        tell_saved(d, "forgotten", io_file_remove(d->options->lease_file));
}

/* The saved lease, if there is one to start with. What is no such file is left as it is until a lease is
 * saved. */
static bool load_saved(struct cli_driver *d, struct cli_lease *out)
{
    char *text, why[CLI_SAVED_WHY_MAX] = "";
    size_t len;
    int rc = d->options->lease_file ? io_file_read(d->options->lease_file, &text, &len) : ERR_NOTFOUND;
    if (rc == ERR_NOTFOUND)
        return false;
    if (rc < 0) {
        tell_saved(d, "read", rc);
        return false;
    }
    struct clock_now now = io_now();
    rc = cli_saved_parse(d->options->lease_file, text, len,
                         &(struct cli_saved_reader){&d->config->profile, &d->iface.hw, &now}, out, &d->ack,
                         why);
    free(text);
    if (rc < 0)
        io_trace_log(d->trace, "warning", "no lease was taken from the file: %s",
                     rc == ERR_CONFIG ? why : err_text(rc));
    else
        read_settings(d);
    return rc == 0;
}

/* The MTU; the carrier is known from on_link(). */
static void read_link(struct cli_driver *d)
{
    struct cli_netif_info info;
    char why[CLI_NETIF_WHY_MAX];
    if (d->hook != NULL && cli_netif_info(d->netif, &info, why) == 0)
        d->link.mtu = info.mtu;
}

static void execute(struct cli_driver *d, const struct cli_action *action)
{
    switch (action->kind) {
    case CLI_TX:
        do_tx(d, &action->packet);
        break;
    case CLI_ACK_KEEP:
        do_ack_keep(d, &action->packet);
        break;
    case CLI_IF_SET:
        do_if_set(d, &action->lease);
        break;
    case CLI_HOST_SET:
        do_host_set(d, &action->lease);
        break;
    case CLI_HOST_CLEAR:
        do_host_clear(d);
        break;
    case CLI_IF_CLEAR:
        do_if_clear(d);
        break;
    case CLI_LEASE_SAVE:
        do_save(d, &action->lease);
        break;
    case CLI_LEASE_FORGET:
        do_forget(d);
        break;
    case CLI_ARP_PROBE:
    case CLI_ARP_ANNOUNCE:
    case CLI_ARP_DEFEND:
        do_arp(d, &action->arp);
        break;
    case CLI_HOOK:
        read_link(d);
        cli_hook_run(d->hook, action->hook, &d->link, action->has_lease ? &action->lease : NULL, &d->ack);
        break;
    case CLI_TRACE:
        io_trace_event(d->trace, &action->trace);
        break;
    }
}

/* ---- the engine ---- */

/* The time limit counts from the first message: the start delay of RFC 2131 4.4.1 is no failure of the
 * server's. */
static void watch_once(struct cli_driver *d, const struct cli_status *status)
{
    if (status->state == CLI_BOUND) {
        d->exit_code = d->not_applied[0] == '\0' ? 0 : 1;
        if (status->timer != CLI_TIMER_ANNOUNCE) /* else the last announcement is still to be sent */
            io_loop_stop(d->loop);
    } else if (status->state != CLI_INIT && !d->is_limited) {
        d->is_limited = true;
        io_timer_after(d->once_limit, d->options->once_limit_ms);
    }
}

void cli_driver_step(struct cli_driver *d, const struct cli_event *event)
{
    if (cli_engine_step(d->engine, event, &d->actions) < 0)
        io_trace_log(d->trace, "error", "%s: an event was lost", err_text(ERR_NOMEM));
    for (const struct cli_action *a = d->actions.first; a != NULL; a = a->next) {
        cli_history_act(&d->history, a, event->now);
        execute(d, a);
    }
    cli_actions_reset(&d->actions);
    io_clock_arm(d->deadline, cli_engine_deadline(d->engine));
    struct cli_status status;
    cli_engine_status(d->engine, &status);
    cli_control_settle(d, &status);
    if (d->options->once)
        watch_once(d, &status);
}

static void on_deadline(void *user)
{
    cli_driver_step(user, &(struct cli_event){.kind = CLI_DEADLINE, .now = io_now().boot_ms});
}

void cli_driver_follow_clock(struct cli_driver *d)
{
    char why[CLI_NETIF_WHY_MAX];
    if (cli_engine_deadline(d->engine) <= io_now().boot_ms)
        on_deadline(d);
    else
        io_clock_arm(d->deadline, cli_engine_deadline(d->engine));
    struct cli_status status;
    cli_engine_status(d->engine, &status);
    if (status.lease != NULL &&
        cli_netif_set_lifetime(d->netif, io_clock_wait_ms(status.lease->expires_at_ms), why) < 0)
        io_trace_log(d->trace, "error", "the lease's lifetime is not on %s: %s", d->iface.name, why);
}

static void on_once_limit(void *user)
{
    struct cli_driver *d = user;
    struct cli_status status;
    cli_engine_status(d->engine, &status);
    char addr[IP4_LEN];
    if (status.state == CLI_PROBING) {
        io_trace_log(d->trace, "error",
                     "%s was granted, but probing was not finished in time: it is released",
                     ip4_format(status.acd_addr, addr));
        cli_driver_step(d, &(struct cli_event){.kind = CLI_RELEASE, .now = io_now().boot_ms});
    } else if (status.state != CLI_BOUND) {
        io_trace_log(d->trace, "error", "no lease in time");
    }
    if (status.state != CLI_BOUND)
        d->exit_code = 1;
    io_loop_stop(d->loop);
}

static void on_signal(void *user, int signal)
{
    struct cli_driver *d = user;
    time_ms now = io_now().boot_ms;
    if (signal == SIGUSR1) {
        cli_driver_step(d, &(struct cli_event){.kind = CLI_RENEW, .now = now});
    } else if (signal == SIGUSR2) {
        cli_driver_step(d, &(struct cli_event){.kind = CLI_RELEASE, .now = now});
    } else {
        cli_driver_step(d, &(struct cli_event){.kind = CLI_STOP, .now = now});
        io_loop_stop(d->loop);
    }
}

/* ---- start and end ---- */

static int fail(const char *subject, const char *why)
{
    fprintf(stderr, "dhcplab-client: %s: %s\n", subject, why);
    return -1;
}

static int open_interface(struct cli_driver *d)
{
    char why[CLI_NETIF_WHY_MAX];
    struct cli_netif_info info;
    if (cli_netif_open(d->options->ifname, &d->netif, why) < 0 || cli_netif_up(d->netif, why) < 0)
        return fail(d->options->ifname, why);
    if (listen_link(d, why) < 0 || cli_netif_info(d->netif, &info, why) < 0)
        return fail(d->options->ifname, why);
    d->link.has_carrier = info.has_carrier;
    int rc = io_iface_find(d->options->ifname, &d->iface);
    if (rc < 0)
        return fail(d->options->ifname, err_text(rc));
    if (d->iface.loopback || d->iface.hw.len != ETH_ALEN)
        return fail(d->options->ifname, "it has no Ethernet address: this is no interface for DHCP");
    rc = listen_raw(d);
    if (rc == 0 && d->config->acd)
        rc = listen_arp(d);
    if (rc < 0)
        return fail("packet socket", rc == ERR_NOMEM ? err_text(rc) : io_sock_error(errno));
    return 0;
}

static int open_hook(struct cli_driver *d)
{
    const char *script = d->options->hook != NULL ? d->options->hook : d->config->hook;
    if (script[0] == '\0')
        return 0;
    if (access(script, X_OK) < 0)
        return fail(script, strerror(errno));
    d->hook = cli_hook_new(d->loop, script, d->config->hook_limit_ms, d->iface.name, d->trace);
    return d->hook == NULL ? fail("start", err_text(ERR_NOMEM)) : 0;
}

static int start(struct cli_driver *d)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2};
    d->loop = io_loop_new();
    if (d->loop == NULL)
        return fail("start", err_text(ERR_NOMEM));
    for (unsigned i = 0; i < sizeof signals / sizeof signals[0]; i++)
        if (io_signal_add(d->loop, signals[i], on_signal, d) < 0)
            return fail("start", err_text(ERR_NOMEM));
    if (open_interface(d) < 0)
        return -1;
    d->host = cli_host_new(d->options->resolv_conf, d->options->set_hostname, d->iface.name);
    if (open_hook(d) < 0)
        return -1;
    d->engine = cli_engine_new(d->config, &d->iface.hw, d->options->seed, &d->counters);
    d->deadline = io_timer_new(d->loop, on_deadline, d);
    d->once_limit = io_timer_new(d->loop, on_once_limit, d);
    if (d->host == NULL || d->engine == NULL || d->deadline == NULL || d->once_limit == NULL)
        return fail("start", err_text(ERR_NOMEM));
    if (d->options->control != NULL) {
        int rc = control_listen(d->loop, d->options->control, cli_control_on_command, d, &d->control);
        if (rc < 0)
            return fail(d->options->control, rc == ERR_IO ? strerror(errno) : err_text(rc));
    }
    return 0;
}

static void finish(struct cli_driver *d)
{
    cli_control_finish(d);
    close_socket(&d->raw_fd, &d->raw_watch);
    close_socket(&d->udp_fd, &d->udp_watch);
    close_socket(&d->arp_fd, &d->arp_watch);
    cli_hook_free(d->hook);
    io_timer_free(d->deadline);
    io_timer_free(d->once_limit);
    cli_engine_free(d->engine);
    io_watch_free(d->link_watch);
    cli_netif_close(d->netif);
    cli_host_free(d->host);
    cli_actions_fini(&d->actions);
    io_loop_free(d->loop);
}

int cli_driver_run(const struct cli_driver_options *options, const struct cli_config *config,
                   struct io_trace *trace)
{
    struct cli_driver *d = calloc(1, sizeof *d);
    if (d == NULL) {
        fail("start", err_text(ERR_NOMEM));
        return 1;
    }
    d->options = options;
    d->config = config;
    d->trace = trace;
    cli_events_init(&d->events, trace);
    d->raw_fd = d->udp_fd = d->arp_fd = -1;
    cli_actions_init(&d->actions);
    if (start(d) < 0) {
        d->exit_code = 1;
    } else {
        struct cli_lease saved;
        const struct cli_lease *found = load_saved(d, &saved) ? &saved : NULL;
        cli_driver_step(d, &(struct cli_event){.kind = CLI_START, .now = io_now().boot_ms, .saved = found});
        if (io_loop_run(d->loop) < 0)
            d->exit_code = 1;
    }
    int exit_code = d->exit_code;
    finish(d);
    free(d);
    return exit_code;
}
