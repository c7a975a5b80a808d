#include "server/srv_driver.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/err.h"
#include "common/io_daemon.h"
#include "common/io_sock.h"
#include "common/wire.h"
#include "server/srv_driver_inside.h"
#include "server/srv_reload.h"
#include "server/srv_report.h"
#include "server/srv_start.h"

enum { EXIT_CONFIG = 2 };

int srv_driver_fail(const char *subject, const char *why)
{
    fprintf(stderr, "dhcplab-server: %s: %s\n", subject, why);
    return ERR_IO;
}

const char *srv_driver_why(int rc)
{
    return rc == ERR_IO ? strerror(errno) : err_text(rc);
}

/* ---- executing what the engine answered ---- */

static void do_tx(struct srv_driver *d, struct srv_action *action)
{
    const struct srv_port *port = srv_ports_find(&d->ports, action->ifindex);
    if (port == NULL)
        return; /* the interface was given up by a reload between question and answer */
    action->packet.src_hw = port->iface.hw;
    io_trace_message(d->trace, TRACE_TX, port->iface.name, &action->packet);
    d->traffic.sent++;
    srv_transmit_add(d->transmit, port, action->via, &action->packet,
                     srv_engine_sent(d->engine, action->type));
}

/* An ACK that must not leave: its lease is not on stable storage. The client will ask again. */
static void withhold(struct srv_driver *d, const struct srv_action *tx)
{
    enum { XID_AT = 4 };
    const struct srv_lease *lease = &tx->record->lease;
    struct trace_facts facts = {.addr = lease->addr, .text = strerror(srv_persist_failure(d->persist))};
    struct trace_event event = {.kind = TRACE_DROP,
                                .reason = REASON_STORE_FAILED,
                                .facts = facts,
                                .client = lease->hw,
                                .xid = wire_u32(tx->packet.bytes + XID_AT)};
    struct clock_now now = io_now();
    srv_engine_count_drops(d->engine, REASON_STORE_FAILED, 1);
    srv_explain_unsent(d->explain, &now, &event, &d->storing);
    io_trace_event(d->trace, &event);
}

static void on_probe_answer(void *user, ip4 addr)
{
    struct srv_driver *d = user;
    d->traffic.heard++;
    struct clock_now now = io_now();
    srv_driver_step(d, &(struct srv_event){.kind = SRV_PROBE_ANSWERED, .now = now.boot_ms, .addr = addr},
                    &now);
    srv_driver_flush(d);
}

static void do_probe(struct srv_driver *d, const struct srv_action *action)
{
    d->traffic.sent++;
    int rc = d->probe != NULL ? 0 : srv_probe_open(d->loop, on_probe_answer, d, &d->probe);
    if (rc == 0)
        rc = srv_probe_send(d->probe, action->ifindex, &action->packet);
    if (rc < 0 && !d->probe_failed)
        io_trace_log(d->trace, "error", "no address can be probed, so each counts as free: %s",
                     rc == ERR_NOMEM ? err_text(rc) : strerror(errno));
    d->probe_failed = rc < 0;
}

static void add_answer(struct srv_answers *answers, struct srv_action *tx)
{
    *(answers->last != NULL ? &answers->last->next_answer : &answers->first) = tx;
    answers->last = tx;
    answers->n++;
}

/* While they are at hand. Decisions are told at once, next to the message that they are about; only answers
 * wait for the disk. */
static void take(struct srv_driver *d)
{
    const struct srv_action *record = NULL;
    bool is_told = !io_trace_is_off(d->trace);
    struct srv_action *a = d->taken != NULL ? d->taken->next : d->actions.first;
    for (; a != NULL; a = a->next, d->n_taken++) {
        if (a->kind == SRV_TRACE && !is_told)
            continue; /* as most are */
        switch (a->kind) {
        case SRV_LEASE_PUT:
            srv_persist_put(d->persist, a);
            d->has_records = true;
            record = a;
            break;
        case SRV_TX:
            a->received_us = d->received_us;
            a->record = record;
            add_answer(record != NULL ? &d->promised : &d->free, a);
            break;
        case SRV_PROBE:
            do_probe(d, a);
            break;
        case SRV_TRACE:
            io_trace_event(d->trace, &a->trace);
            break;
        }
    }
    d->taken = d->actions.last;
}

void srv_driver_step(struct srv_driver *d, const struct srv_event *event, const struct clock_now *now)
{
    const struct srv_action *last = d->actions.last;
    if (srv_engine_step(d->engine, event, &d->actions) < 0)
        io_trace_log(d->trace, "error", "%s: an event was lost", err_text(ERR_NOMEM));
    srv_explain_add(d->explain, now, event->kind == SRV_RX ? &event->packet : NULL, &d->actions, last);
    take(d);
    d->n_taken++; /* the message: it is kept, too, also if there is nothing to say of it */
}

/* How long they took. What came with one batch was received at one instant. */
static void observe_answers(struct srv_driver *d, const struct srv_answers *answers)
{
    uint64_t now_us = io_now_us();
    for (const struct srv_action *a = answers->first; a != NULL;) {
        uint64_t received_us = a->received_us, n = 0;
        for (; a != NULL && a->received_us == received_us; a = a->next_answer)
            n++;
        if (received_us != 0)
            histogram_add(&d->answer_time, now_us - received_us, n);
    }
}

static void send_answers(struct srv_driver *d, const struct srv_answers *answers)
{
    if (answers->n == 0)
        return;
    for (struct srv_action *a = answers->first; a != NULL; a = a->next_answer)
        do_tx(d, a);
    srv_transmit_flush(d->transmit);
    observe_answers(d, answers);
}

static void observe(struct srv_driver *d)
{
    srv_stat_observe(&(struct srv_stat_source){&d->commands.stat, d->engine, d->config, io_now()});
}

static void forget_actions(struct srv_driver *d)
{
    srv_explain_keep(d->explain, &d->actions);
    d->taken = NULL;
    d->n_taken = 0;
    d->has_records = false;
    d->promised = (struct srv_answers){0};
}

/* What was gathered, if anything, goes to the disk: not while a commit runs. */
static void store(struct srv_driver *d)
{
    if (!d->has_records) {
        forget_actions(d);
        return;
    }
    assert(!srv_persist_is_busy(d->persist));
    struct srv_actions rested = d->storing;
    d->storing = d->actions;
    d->stored = d->promised;
    d->actions = rested;
    arena_give(&d->storing.arena, &d->actions.arena);
    forget_actions(d);
    srv_persist_commit(d->persist);
}

void srv_driver_on_stored(void *user, bool is_stored)
{
    struct srv_driver *d = user;
    if (is_stored)
        send_answers(d, &d->stored);
    observe(d);
    for (const struct srv_action *a = d->stored.first; a != NULL && !is_stored; a = a->next_answer)
        withhold(d, a);
    srv_explain_keep(d->explain, &d->storing);
    d->stored = (struct srv_answers){0};
    bool was_full = srv_driver_is_full(d);
    if (was_full || srv_queue_count(d->queue) == 0)
        store(d);
    if (was_full) /* then the queue was left */
        io_timer_after(d->more, 0);
}

bool srv_driver_is_commit_due(const struct srv_driver *d)
{
    return srv_group_commit_is_due(&d->group, d->promised.n, srv_persist_is_busy(d->persist));
}

static bool begins_commit(struct srv_driver *d)
{
    unsigned n = d->promised.n;
    uint64_t waited_us = n == 0 ? 0 : io_now_us() - d->promised.first->received_us;
    return srv_group_commit_on_served(&d->group, n, srv_persist_is_busy(d->persist), waited_us);
}

void srv_driver_send(struct srv_driver *d)
{
    take(d);
    send_answers(d, &d->free);
    d->free = (struct srv_answers){0};
    if (!d->has_records || begins_commit(d))
        store(d);
}

/* RFC 2131 3.1 (4): the server "commits the binding for the client to persistent storage and responds with a
 * DHCPACK". One sync serves all packets of a wake-up, and those that come while the one before it runs; if it
 * fails, the answers that follow a record are withheld. */
void srv_driver_flush(struct srv_driver *d)
{
    srv_driver_send(d);
    observe(d);
    unsigned n = d->promised.n + d->stored.n;
    if (!d->has_records || srv_group_commit_on_idle(&d->group, n, srv_persist_is_busy(d->persist)))
        store(d);
    io_clock_arm(d->deadline, srv_engine_deadline(d->engine));
    io_timer_set(d->log_due, io_trace_deadline(d->trace));
}

bool srv_driver_is_full(const struct srv_driver *d)
{
    enum { PROMISED_MAX = 1024, TAKEN_MAX = 16384 };
    return d->promised.n >= PROMISED_MAX || d->n_taken >= TAKEN_MAX;
}

/* ---- from start to end ---- */

static void tell_start(const struct srv_driver *d)
{
    for (size_t i = 0; i < d->ports.n; i++) {
        char addr[IP4_NET_LEN];
        io_trace_log(d->trace, "info", "serving %s, %s", d->ports.list[i].iface.name,
                     ip4_net_format(d->ports.list[i].iface.addr, addr));
    }
    const struct trace_event event = {
        .kind = TRACE_DECISION, .reason = REASON_SERVER_STARTED, .facts = {.num = (int64_t)d->loaded}};
    io_trace_event(d->trace, &event);
}

static void finish(struct srv_driver *d)
{
    if (d->persist != NULL)
        srv_persist_settle(d->persist);
    srv_channel_close(&d->channels);
    srv_bulk_port_free(d->bulk);
    srv_ports_close(&d->ports);
    srv_probe_close(d->probe);
    srv_exporter_free(d->exporter);
    io_timer_free(d->deadline);
    io_timer_free(d->more);
    io_timer_free(d->log_due);
    srv_queue_free(d->queue);
    srv_transmit_free(d->transmit);
    io_batch_free(d->received);
    srv_persist_free(d->persist);
    io_loop_free(d->loop);
    srv_engine_free(d->engine);
    srv_explain_free(d->explain);
    srv_stat_fini(&d->commands.stat);
    srv_actions_fini(&d->actions);
    srv_actions_fini(&d->storing);
    srv_config_free(d->config);
    io_log_free(d->trace->log);
    d->trace->log = NULL;
}

/* In the background, whoever started us waits until we serve, and is told what is wrong if we cannot. */
static int run(struct srv_driver *d)
{
    int ready_fd = -1;
    if (!d->options->foreground && io_daemon_start(&ready_fd) < 0) {
        srv_driver_fail("background", strerror(errno));
        return EXIT_FAILURE;
    }
    int code = srv_start(d) < 0 ? EXIT_FAILURE : 0;
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
    srv_reload_use(d);
    io_clock_arm(d->deadline, srv_engine_deadline(d->engine));
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
        srv_driver_fail(d->options->config, err_text(ERR_NOMEM));
        return EXIT_FAILURE;
    }
    bool is_whole = puts(text) >= 0 && fflush(stdout) == 0;
    free(text);
    if (!is_whole) {
        srv_driver_fail("standard output", strerror(errno));
        return EXIT_FAILURE;
    }
    return 0;
}

static int read_config(struct srv_driver *d)
{
    char why[JCFG_TEXT_MAX] = "";
    if (srv_reload_read(d, &d->config, why) == 0)
        return 0;
    fprintf(stderr, "dhcplab-server: %s\n", why);
    return EXIT_CONFIG;
}

/* The configuration is long: what there is to say of it comes behind it. */
static int check(struct srv_driver *d)
{
    char *warnings = NULL, *rest = NULL;
    size_t len;
    d->warnings = open_memstream(&warnings, &len);
    if (d->warnings == NULL) {
        srv_driver_fail(d->options->config, err_text(ERR_NOMEM));
        return EXIT_FAILURE;
    }
    int code = read_config(d);
    fclose(d->warnings);
    d->warnings = NULL;
    if (code == 0)
        code = print_config(d);
    for (char *line = strtok_r(warnings, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
        io_trace_log(d->trace, "warning", "%s", line);
    free(warnings);
    if (code == 0)
        fprintf(stderr, "%s: ok, %zu subnet%s, %u warning%s\n", d->options->config, d->config->n_subnets,
                d->config->n_subnets == 1 ? "" : "s", d->n_warnings, d->n_warnings == 1 ? "" : "s");
    return code;
}

static int read_and_run(struct srv_driver *d)
{
    char why[JCFG_TEXT_MAX];
    int code = read_config(d);
    if (code != 0)
        return code;
    if (srv_reload_use_loggers(d, why) < 0) {
        fprintf(stderr, "dhcplab-server: %s\n", why);
        return EXIT_FAILURE;
    }
    return run(d);
}

int srv_driver_run(const struct srv_driver_options *options, struct io_trace *trace)
{
    struct srv_driver *d = calloc(1, sizeof *d);
    if (d == NULL) {
        srv_driver_fail("start", err_text(ERR_NOMEM));
        return EXIT_FAILURE;
    }
    d->options = options;
    d->trace = trace;
    srv_actions_init(&d->actions);
    srv_actions_init(&d->storing);
    srv_group_commit_init(&d->group);
    int code = options->check_only ? check(d) : read_and_run(d);
    finish(d);
    free(d);
    return code;
}
