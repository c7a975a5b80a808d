#include "client/cli_crowd.h"

#include <errno.h>
#include <net/ethernet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/cli_crowd_store.h"
#include "client/cli_crowd_table.h"
#include "client/cli_engine.h"
#include "client/cli_netif.h"
#include "client/cli_report.h"
#include "common/control.h"
#include "common/control_clock.h"
#include "common/err.h"
#include "common/io_sock.h"
#include "common/timerq.h"

enum {
    RX_BATCH = 256,
    /* The members are started and released in waves, about 3,000 a second: a burst of all of them would only
     * overflow the receive buffers of servers, and nobody repeats a RELEASE. */
    WAVE_MEMBERS = 32,
    WAVE_STEP_MS = 10,
    CHADDR_AT = 28, /* in a DHCP message: RFC 2131 2 */
};

struct member {
    struct timerq_node timer; /* first, so that the node is the member */
    struct cli_engine *engine;
    struct hw_addr next_hop; /* who handed us the last answer: where unicast goes */
};

struct crowd {
    const struct cli_crowd_options *options;
    const struct cli_config *config;
    struct io_trace *trace;
    struct io_loop *loop;
    struct io_iface iface;
    struct member *members;
    struct cli_crowd_table addrs;
    struct timerq timers;
    struct cli_counters counters;
    struct cli_actions actions;
    struct io_timer *deadline, *wave;
    enum cli_event_kind wave_kind;
    uint32_t wave_at, wave_size;
    int store_fd;      /* -1: no lease file */
    bool store_failed; /* and was told */
    struct control *control;
    struct control_traffic traffic;
    int raw_fd, arp_fd;
    struct io_watch *raw_watch, *arp_watch;
    time_ms started_ms, all_bound_ms; /* TIME_NEVER: not yet */
    uint32_t by_state[CLI_STATE_COUNT];
    bool is_stopping;
    uint8_t buf[IO_DATAGRAM_MAX];
};

/* ---- actions ---- */

static void do_tx(struct crowd *c, const struct member *m, const struct packet *packet)
{
    struct packet frame = *packet;
    if (frame.dst_hw.len == 0) /* unicast: the kernel, which would ask ARP, does not know the sender */
        frame.dst_hw = m->next_hop;
    io_trace_message(c->trace, TRACE_TX, c->iface.name, packet);
    c->traffic.sent++;
    if (io_raw_send(c->raw_fd, c->iface.index, &frame) < 0)
        io_trace_log(c->trace, "error", "sending on %s failed: %s", c->iface.name, strerror(errno));
}

static void do_arp(struct crowd *c, const struct arp *arp)
{
    c->traffic.sent++;
    if (io_arp_send(c->arp_fd, c->iface.index, arp) < 0)
        io_trace_log(c->trace, "error", "sending ARP on %s failed: %s", c->iface.name, strerror(errno));
}

static void do_save(struct crowd *c, const struct member *m, const struct cli_action *action)
{
    uint32_t number = (uint32_t)(m - c->members);
    struct hw_addr hw = cli_crowd_hw(&c->iface.hw, number);
    struct clock_now now = io_now();
    if (c->store_fd < 0)
        return;
    int rc = action->kind == CLI_LEASE_FORGET
                 ? cli_crowd_store_clear(c->store_fd, number)
                 : cli_crowd_store_put(c->store_fd, number, &action->lease, &hw, &now);
    if (rc < 0 && !c->store_failed)
        io_trace_log(c->trace, "error", "%s: leases cannot be saved: %s", c->options->lease_file,
                     rc == ERR_IO ? strerror(errno) : err_text(rc));
    c->store_failed = rc < 0;
}

static void execute(struct crowd *c, const struct member *m, const struct cli_action *action)
{
    switch (action->kind) {
    case CLI_LEASE_SAVE:
    case CLI_LEASE_FORGET:
        do_save(c, m, action);
        break;
    case CLI_TX:
        do_tx(c, m, &action->packet);
        break;
    case CLI_ARP_PROBE:
    case CLI_ARP_ANNOUNCE:
    case CLI_ARP_DEFEND:
        do_arp(c, &action->arp);
        break;
    case CLI_TRACE:
        io_trace_event(c->trace, &action->trace);
        break;
    case CLI_IF_SET: /* the interface is left alone, no hook is run */
    case CLI_IF_CLEAR:
    case CLI_ACK_KEEP:
    case CLI_HOOK:
    case CLI_HOST_SET:
    case CLI_HOST_CLEAR:
        break;
    }
}

static struct cli_status status_of(const struct member *m)
{
    struct cli_status status;
    cli_engine_status(m->engine, &status);
    return status;
}

static void step(struct crowd *c, struct member *m, const struct cli_event *event)
{
    c->by_state[status_of(m).state]--;
    if (cli_engine_step(m->engine, event, &c->actions) < 0)
        io_trace_log(c->trace, "error", "%s: an event was lost", err_text(ERR_NOMEM));
    for (const struct cli_action *a = c->actions.first; a != NULL; a = a->next)
        execute(c, m, a);
    cli_actions_reset(&c->actions);
    struct cli_status status = status_of(m);
    c->by_state[status.state]++;
    if (c->by_state[CLI_BOUND] == c->options->count && c->all_bound_ms == TIME_NEVER)
        c->all_bound_ms = event->now;
    cli_crowd_table_set(&c->addrs, (uint32_t)(m - c->members),
                        status.lease != NULL ? status.lease->addr : status.acd_addr);
    timerq_set(&c->timers, &m->timer, cli_engine_deadline(m->engine)); /* there is room for all */
}

static void set_deadline(struct crowd *c)
{
    io_clock_arm(c->deadline, timerq_deadline(&c->timers));
}

static void on_deadline(void *user)
{
    struct crowd *c = user;
    struct cli_event event = {.kind = CLI_DEADLINE, .now = io_now().boot_ms};
    struct timerq_node *node;
    while ((node = timerq_pop_due(&c->timers, event.now)) != NULL)
        step(c, (struct member *)node, &event);
    set_deadline(c);
}

/* ---- what comes in ---- */

static void receive(struct crowd *c, const struct packet *packet)
{
    if (packet->len < CHADDR_AT + 6)
        return;
    uint32_t number = cli_crowd_number(&c->iface.hw, packet->bytes + CHADDR_AT);
    if (number >= c->options->count) /* somebody else's: the interface hears all */
        return;
    struct member *m = &c->members[number];
    io_trace_message(c->trace, TRACE_RX, c->iface.name, packet);
    c->traffic.heard++;
    m->next_hop = packet->src_hw;
    step(c, m, &(struct cli_event){.kind = CLI_RX, .now = io_now().boot_ms, .packet = *packet});
}

static void on_raw(void *user, int fd, int what)
{
    (void)what;
    struct crowd *c = user;
    struct packet packet;
    enum reason reason;
    for (int i = 0; i < RX_BATCH && io_raw_recv(fd, c->buf, sizeof c->buf, &packet, &reason) > 0; i++)
        if (reason == REASON_NONE)
            receive(c, &packet);
    set_deadline(c);
}

/* A server that sends to a leased address asks ARP for it, and the kernel does not know that address. */
static void answer_arp(struct crowd *c, uint32_t number, const struct arp *question)
{
    if (question->op != ARP_REQUEST || status_of(&c->members[number]).lease == NULL)
        return;
    struct arp reply = {
        .op = ARP_REPLY,
        .sender_hw = cli_crowd_hw(&c->iface.hw, number),
        .sender = question->target,
        .target_hw = question->sender_hw,
        .target = question->sender,
    };
    do_arp(c, &reply);
}

static void hear_arp(struct crowd *c, const struct arp *arp)
{
    c->traffic.heard++;
    struct cli_event event = {.kind = CLI_ARP_RX, .now = io_now().boot_ms, .arp = *arp};
    uint32_t user = arp->sender != 0 ? cli_crowd_table_find(&c->addrs, arp->sender) : CLI_CROWD_NOBODY;
    uint32_t asked = arp->target != 0 ? cli_crowd_table_find(&c->addrs, arp->target) : CLI_CROWD_NOBODY;
    if (asked != CLI_CROWD_NOBODY)
        answer_arp(c, asked, arp);
    if (user != CLI_CROWD_NOBODY)
        step(c, &c->members[user], &event);
    if (asked != CLI_CROWD_NOBODY && asked != user)
        step(c, &c->members[asked], &event);
}

static void on_arp(void *user, int fd, int what)
{
    (void)what;
    struct crowd *c = user;
    struct arp arp;
    enum reason reason;
    for (int i = 0; i < RX_BATCH && io_arp_recv(fd, &arp, &reason) > 0; i++)
        if (reason == REASON_NONE)
            hear_arp(c, &arp);
    set_deadline(c);
}

/* ---- waves ---- */

/* With the lease that the member had before, if it is to start. */
static void step_in_wave(struct crowd *c, uint32_t number, struct cli_event event)
{
    struct cli_lease saved;
    struct clock_now now = io_now();
    struct hw_addr hw = cli_crowd_hw(&c->iface.hw, number);
    struct cli_saved_reader reader = {&c->config->profile, &hw, &now};
    if (event.kind == CLI_START && c->store_fd >= 0 &&
        cli_crowd_store_get(c->store_fd, number, &reader, &saved))
        event.saved = &saved;
    step(c, &c->members[number], &event);
}

static void on_wave(void *user)
{
    struct crowd *c = user;
    struct cli_event event = {.kind = c->wave_kind, .now = io_now().boot_ms};
    for (uint32_t i = 0; i < c->wave_size && c->wave_at < c->options->count; i++)
        step_in_wave(c, c->wave_at++, event);
    set_deadline(c);
    if (c->wave_at < c->options->count)
        io_timer_after(c->wave, WAVE_STEP_MS);
    else if (c->is_stopping)
        io_loop_stop(c->loop);
}

/* Every member gets this event, one after the other. */
static void begin_wave(struct crowd *c, enum cli_event_kind kind)
{
    c->wave_kind = kind;
    c->wave_at = 0;
    on_wave(c);
}

static void stop(struct crowd *c)
{
    c->is_stopping = true;
    begin_wave(c, CLI_RELEASE);
}

static void on_signal(void *user, int signal)
{
    struct crowd *c = user;
    if (signal == SIGUSR1)
        begin_wave(c, CLI_RENEW);
    else if (signal == SIGUSR2)
        begin_wave(c, CLI_RELEASE);
    else if (c->is_stopping)
        io_loop_stop(c->loop);
    else
        stop(c);
}

/* ---- commands ---- */

static cJSON *summary(const struct crowd *c)
{
    char hw[HW_LEN];
    struct hw_addr first = cli_crowd_hw(&c->iface.hw, 0);
    struct cli_status status = status_of(&c->members[0]);
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "node", c->trace->node);
    cJSON_AddStringToObject(json, "interface", c->iface.name);
    cJSON_AddStringToObject(json, "profile", c->config->profile.name);
    cJSON_AddNumberToObject(json, "clients", c->options->count);
    cJSON_AddStringToObject(json, "first_hardware_address", hw_format(&first, hw));
    cJSON *by_state = cJSON_AddObjectToObject(json, "by_state");
    for (unsigned state = 0; state < CLI_STATE_COUNT; state++)
        if (c->by_state[state] != 0)
            cJSON_AddNumberToObject(by_state, cli_state_name((enum cli_state)state), c->by_state[state]);
    if (c->all_bound_ms == TIME_NEVER)
        cJSON_AddNullToObject(json, "all_bound_after_s");
    else
        cJSON_AddNumberToObject(json, "all_bound_after_s", (double)(c->all_bound_ms - c->started_ms) / 1000);
    cli_report_add_counters(json, &status);
    return json;
}

/* The settings of its last ACK and its history are not kept. */
static cJSON *member_report(const struct crowd *c, uint32_t number)
{
    static const struct cli_settings no_settings;
    static const struct cli_history no_history;
    struct cli_status status = status_of(&c->members[number]);
    struct cli_report r = {.settings = &no_settings,
                           .history = &no_history,
                           .node = c->trace->node,
                           .ifname = c->iface.name,
                           .hw = cli_crowd_hw(&c->iface.hw, number),
                           .hostname = c->config->hostname,
                           .config = c->config,
                           .now = io_now()};
    return cli_report_json(&r, &status);
}

static void command_status(void *user, const cJSON *arguments, struct control_request *request)
{
    struct crowd *c = user;
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(arguments, "client");
    char text[64];
    if (item == NULL) {
        snprintf(text, sizeof text, "%u of %u clients are BOUND", c->by_state[CLI_BOUND], c->options->count);
        control_reply(request, CONTROL_SUCCESS, text, summary(c));
    } else if (cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble < c->options->count) {
        uint32_t number = (uint32_t)item->valuedouble;
        control_reply(request, CONTROL_SUCCESS, cli_state_name(status_of(&c->members[number]).state),
                      member_report(c, number));
    } else {
        snprintf(text, sizeof text, "\"client\" is not a number from 0 to %u", c->options->count - 1);
        control_reply(request, CONTROL_ERROR, text, NULL);
    }
}

static void answer_wave(struct crowd *c, enum cli_event_kind kind, struct control_request *request)
{
    if (c->is_stopping) {
        control_reply(request, CONTROL_CONFLICT, "the crowd is stopping", NULL);
        return;
    }
    begin_wave(c, kind);
    control_reply(request, CONTROL_SUCCESS, "every client is told, one after the other", NULL);
}

static void command_renew(void *user, const cJSON *arguments, struct control_request *request)
{
    (void)arguments;
    answer_wave(user, CLI_RENEW, request);
}

static void command_rebind(void *user, const cJSON *arguments, struct control_request *request)
{
    (void)arguments;
    answer_wave(user, CLI_REBIND, request);
}

static void command_decline(void *user, const cJSON *arguments, struct control_request *request)
{
    (void)arguments;
    answer_wave(user, CLI_DECLINE, request);
}

static void command_release(void *user, const cJSON *arguments, struct control_request *request)
{
    (void)arguments;
    answer_wave(user, CLI_RELEASE, request);
}

static void command_stop(void *user, const cJSON *arguments, struct control_request *request)
{
    (void)arguments;
    control_reply(request, CONTROL_SUCCESS, "releasing every lease, then stopping", NULL);
    stop(user);
}

static void command_clock_get(void *user, const cJSON *arguments, struct control_request *request)
{
    struct crowd *c = user;
    (void)arguments;
    control_reply(
        request, CONTROL_SUCCESS, "",
        control_clock_json(&c->traffic, timerq_deadline(&c->timers), c->wave_at < c->options->count));
}

static void command_clock_set(void *user, const cJSON *arguments, struct control_request *request)
{
    struct crowd *c = user;
    int rc = io_clock_reload();
    if (rc < 0) {
        control_reply(request, CONTROL_ERROR, io_clock_why(rc), NULL);
        return;
    }
    on_deadline(c);
    command_clock_get(c, arguments, request);
}

static const struct control_command commands[] = {
    {"clock-get", command_clock_get}, {"clock-set", command_clock_set}, {"decline", command_decline},
    {"rebind", command_rebind},       {"release", command_release},     {"renew", command_renew},
    {"status", command_status},       {"stop", command_stop},
};

static void on_command(void *user, const char *command, const cJSON *arguments,
                       struct control_request *request)
{
    control_dispatch(commands, sizeof commands / sizeof commands[0], user, command, arguments, request);
}

/* ---- start and end ---- */

static int fail(const char *subject, const char *why)
{
    fprintf(stderr, "dhcplab-client: %s: %s\n", subject, why);
    return -1;
}

static int open_interface(struct crowd *c)
{
    char why[CLI_NETIF_WHY_MAX];
    struct cli_netif *netif;
    if (cli_netif_open(c->options->ifname, &netif, why) < 0)
        return fail(c->options->ifname, why);
    int rc = cli_netif_up(netif, why);
    cli_netif_close(netif);
    if (rc < 0)
        return fail(c->options->ifname, why);
    rc = io_iface_find(c->options->ifname, &c->iface);
    if (rc < 0)
        return fail(c->options->ifname, err_text(rc));
    if (c->iface.loopback || c->iface.hw.len != ETH_ALEN)
        return fail(c->options->ifname, "it has no Ethernet address: this is no interface for DHCP");
    rc = io_raw_open_promiscuous(c->iface.index, DHCP_PORT_CLIENT, &c->raw_fd);
    if (rc == 0)
        rc = io_arp_open(c->iface.index, &c->arp_fd);
    if (rc < 0)
        return fail("packet socket", io_sock_error(errno));
    c->raw_watch = io_watch_new(c->loop, c->raw_fd, IO_READ, on_raw, c);
    c->arp_watch = io_watch_new(c->loop, c->arp_fd, IO_READ, on_arp, c);
    return c->raw_watch != NULL && c->arp_watch != NULL ? 0 : fail("start", err_text(ERR_NOMEM));
}

static int make_members(struct crowd *c)
{
    uint32_t n = c->options->count;
    c->members = calloc(n, sizeof *c->members);
    if (c->members == NULL || cli_crowd_table_init(&c->addrs, n) < 0 || timerq_reserve(&c->timers, n) < 0)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < n; i++) {
        struct hw_addr hw = cli_crowd_hw(&c->iface.hw, i);
        c->members[i].engine = cli_engine_new(c->config, &hw, c->options->seed, &c->counters);
        if (c->members[i].engine == NULL)
            return ERR_NOMEM;
    }
    c->by_state[CLI_STOPPED] = n;
    return 0;
}

static int start(struct crowd *c)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2};
    c->loop = io_loop_new();
    if (c->loop == NULL)
        return fail("start", err_text(ERR_NOMEM));
    for (unsigned i = 0; i < sizeof signals / sizeof signals[0]; i++)
        if (io_signal_add(c->loop, signals[i], on_signal, c) < 0)
            return fail("start", err_text(ERR_NOMEM));
    if (open_interface(c) < 0)
        return -1;
    if (c->options->lease_file != NULL && cli_crowd_store_open(c->options->lease_file, &c->store_fd) < 0)
        return fail(c->options->lease_file, strerror(errno));
    c->deadline = io_timer_new(c->loop, on_deadline, c);
    c->wave = io_timer_new(c->loop, on_wave, c);
    if (c->deadline == NULL || c->wave == NULL || make_members(c) < 0)
        return fail("start", err_text(ERR_NOMEM));
    if (c->options->control != NULL) {
        int rc = control_listen(c->loop, c->options->control, on_command, c, &c->control);
        if (rc < 0)
            return fail(c->options->control, rc == ERR_IO ? strerror(errno) : err_text(rc));
    }
    return 0;
}

static void finish(struct crowd *c)
{
    control_free(c->control);
    io_watch_free(c->raw_watch);
    io_watch_free(c->arp_watch);
    if (c->raw_fd >= 0)
        close(c->raw_fd);
    if (c->arp_fd >= 0)
        close(c->arp_fd);
    if (c->store_fd >= 0)
        close(c->store_fd);
    io_timer_free(c->deadline);
    io_timer_free(c->wave);
    for (uint32_t i = 0; c->members != NULL && i < c->options->count; i++)
        cli_engine_free(c->members[i].engine);
    free(c->members);
    timerq_fini(&c->timers);
    cli_crowd_table_fini(&c->addrs);
    cli_actions_fini(&c->actions);
    io_loop_free(c->loop);
}

int cli_crowd_run(const struct cli_crowd_options *options, const struct cli_config *config,
                  struct io_trace *trace)
{
    struct crowd *c = calloc(1, sizeof *c);
    if (c == NULL) {
        fail("start", err_text(ERR_NOMEM));
        return 1;
    }
    c->options = options;
    c->config = config;
    c->trace = trace;
    c->raw_fd = c->arp_fd = c->store_fd = -1;
    c->wave_size = options->wave != 0 ? options->wave : WAVE_MEMBERS;
    c->all_bound_ms = TIME_NEVER;
    timerq_init(&c->timers);
    cli_actions_init(&c->actions);
    int exit_code = start(c) < 0 ? 1 : 0;
    if (exit_code == 0) {
        c->started_ms = io_now().boot_ms;
        begin_wave(c, CLI_START);
        if (io_loop_run(c->loop) < 0)
            exit_code = 1;
    }
    finish(c);
    free(c);
    return exit_code;
}
