#include "client/cli_control.h"

#include <stdio.h>
#include <stdlib.h>

#include "client/cli_report.h"
#include "common/err.h"

enum { WAIT_LIMIT_MS = 60000 /* as long as RFC 2131 3.1 (5) lets a REQUEST be repeated */ };

/* A command that waits for its outcome. */
struct cli_waiter {
    struct cli_waiter *next;
    struct cli_driver *driver;
    struct control_request *request;
    struct io_timer *limit;
    time_ms since_ms;
};

static cJSON *report(const struct cli_driver *d, const struct cli_status *status)
{
    struct cli_report r = {.node = d->trace->node,
                           .ifname = d->iface.name,
                           .hw = d->iface.hw,
                           .hostname = d->config->hostname,
                           .config = d->config,
                           .settings = &d->settings,
                           .now = io_now(),
                           .history = &d->history,
                           .event_readers = d->events.n_readers,
                           .event_readers_dropped = d->events.n_dropped};
    return cli_report_json(&r, status);
}

/* Answers a waiting command, which stands at *place in the list, and forgets it. */
static void finish_waiter(struct cli_waiter **place, enum control_result result, const char *text,
                          cJSON *arguments)
{
    struct cli_waiter *w = *place;
    *place = w->next;
    control_reply(w->request, result, text, arguments);
    io_timer_free(w->limit);
    free(w);
}

static void on_waiter_limit(void *user)
{
    struct cli_waiter *w = user;
    struct cli_waiter **place = &w->driver->waiters;
    while (*place != w)
        place = &(*place)->next;
    finish_waiter(place, CONTROL_ERROR, "no DHCP server answered in time; the client goes on trying", NULL);
}

static void answer_with_lease(struct cli_driver *d, struct cli_waiter **place,
                              const struct cli_status *status)
{
    char addr[IP4_LEN], server[IP4_LEN], span[CLOCK_SPAN_LEN], text[128];
    clock_span(status->lease->lease_s, span);
    snprintf(text, sizeof text, "%s/%u from %s for %s", ip4_format(status->lease->addr, addr),
             status->lease->prefix_len, ip4_format(status->lease->server_id, server), span);
    if (d->not_applied[0] == '\0') {
        finish_waiter(place, CONTROL_SUCCESS, text, report(d, status));
        return;
    }
    char failure[sizeof text + CLI_NETIF_WHY_MAX + 32];
    snprintf(failure, sizeof failure, "%s, but it is not on %s: %s", text, d->iface.name, d->not_applied);
    finish_waiter(place, CONTROL_ERROR, failure, report(d, status));
}

static void answer_with_inform(struct cli_driver *d, struct cli_waiter **place,
                               const struct cli_status *status)
{
    char addr[IP4_LEN], server[IP4_LEN], text[128];
    snprintf(text, sizeof text, "%s told the configuration of %s",
             ip4_format(status->inform->server_id, server), ip4_format(status->inform->addr, addr));
    finish_waiter(place, CONTROL_SUCCESS, text, report(d, status));
}

static void answer_stopped(struct cli_waiter **place, const struct cli_status *status)
{
    if (status->state_reason == REASON_INFORM_GAVE_UP)
        finish_waiter(place, CONTROL_ERROR, status->state_text, NULL);
    else
        finish_waiter(place, CONTROL_CONFLICT, "the client was stopped or its lease released meanwhile",
                      NULL);
}

void cli_control_settle(struct cli_driver *d, const struct cli_status *status)
{
    struct cli_waiter **place = &d->waiters;
    while (*place != NULL) {
        if (status->state == CLI_BOUND && status->lease->requested_ms >= (*place)->since_ms)
            answer_with_lease(d, place, status);
        else if (status->inform != NULL && status->inform->requested_ms >= (*place)->since_ms)
            answer_with_inform(d, place, status);
        else if (status->state == CLI_STOPPED)
            answer_stopped(place, status);
        else
            place = &(*place)->next;
    }
}

static void command_status(void *user, const cJSON *arguments, struct control_request *request)
{
    struct cli_driver *d = user;
    (void)arguments;
    struct cli_status status;
    cli_engine_status(d->engine, &status);
    control_reply(request, CONTROL_SUCCESS, cli_state_name(status.state), report(d, &status));
}

/* Steps the engine, and answers when there is a lease by that, or the answer to an INFORM. */
static void step_and_wait(struct cli_driver *d, struct cli_event event, const cJSON *arguments,
                          struct control_request *request)
{
    const cJSON *timeout = cJSON_GetObjectItemCaseSensitive(arguments, "timeout_s");
    if (timeout != NULL &&
        !(cJSON_IsNumber(timeout) && timeout->valuedouble > 0 && timeout->valuedouble <= 86400)) {
        control_reply(request, CONTROL_ERROR, "\"timeout_s\" is not a number of seconds from 0 to 86400",
                      NULL);
        return;
    }
    struct cli_waiter *w = calloc(1, sizeof *w);
    struct io_timer *limit = w == NULL ? NULL : io_timer_new(d->loop, on_waiter_limit, w);
    if (limit == NULL) {
        free(w);
        control_reply(request, CONTROL_ERROR, err_text(ERR_NOMEM), NULL);
        return;
    }
    time_ms now = io_now().boot_ms;
    time_ms limit_ms = timeout ? (time_ms)(timeout->valuedouble * 1000) : WAIT_LIMIT_MS;
    *w = (struct cli_waiter){
        .next = d->waiters, .driver = d, .request = request, .limit = limit, .since_ms = now};
    d->waiters = w;
    io_timer_after(limit, limit_ms);
    event.now = now;
    cli_driver_step(d, &event);
}

static void command_renew(void *user, const cJSON *arguments, struct control_request *request)
{
    step_and_wait(user, (struct cli_event){.kind = CLI_RENEW}, arguments, request);
}

static void command_rebind(void *user, const cJSON *arguments, struct control_request *request)
{
    step_and_wait(user, (struct cli_event){.kind = CLI_REBIND}, arguments, request);
}

/* The address to speak of: that of the arguments, else the first of the interface. "": it is in *out. */
static const char *find_address(const struct cli_driver *d, const cJSON *arguments, struct ip4_net *out)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(arguments, "address");
    const char *text = cJSON_GetStringValue(item);
    if (item != NULL)
        return text != NULL && ip4_net_parse(text, out) && ip4_is_host(out->addr)
                   ? ""
                   : "\"address\" is not an address of a host with its prefix length, such as "
                     "\"10.0.0.5/24\"";
    struct io_iface iface;
    if (io_iface_find(d->iface.name, &iface) < 0 || iface.addr.addr == 0)
        return "the interface has no address to ask for: set one, or give it as \"address\"";
    *out = iface.addr;
    return "";
}

static void command_inform(void *user, const cJSON *arguments, struct control_request *request)
{
    struct cli_driver *d = user;
    struct cli_event event = {.kind = CLI_INFORM};
    struct cli_status status;
    cli_engine_status(d->engine, &status);
    const char *why = status.lease != NULL ? "the address is leased: its configuration came with the lease"
                                           : find_address(d, arguments, &event.addr);
    if (why[0] == '\0')
        step_and_wait(d, event, arguments, request);
    else
        control_reply(request, status.lease != NULL ? CONTROL_CONFLICT : CONTROL_ERROR, why, NULL);
}

static void command_decline(void *user, const cJSON *arguments, struct control_request *request)
{
    struct cli_driver *d = user;
    (void)arguments;
    struct cli_status before, after;
    cli_engine_status(d->engine, &before);
    cli_driver_step(d, &(struct cli_event){.kind = CLI_DECLINE, .now = io_now().boot_ms});
    cli_engine_status(d->engine, &after);
    if (before.conflicts == after.conflicts)
        control_reply(request, CONTROL_EMPTY, "there is no address to decline", NULL);
    else
        control_reply(request, CONTROL_SUCCESS, "declined; the search begins again after a while",
                      report(d, &after));
}

static void command_events(void *user, const cJSON *arguments, struct control_request *request)
{
    struct cli_driver *d = user;
    (void)arguments;
    cli_events_add(&d->events, request);
}

static void command_release(void *user, const cJSON *arguments, struct control_request *request)
{
    struct cli_driver *d = user;
    (void)arguments;
    struct cli_status status;
    cli_engine_status(d->engine, &status);
    char addr[IP4_LEN], server[IP4_LEN], text[96] = "";
    if (status.lease != NULL)
        snprintf(text, sizeof text, "%s released to %s", ip4_format(status.lease->addr, addr),
                 ip4_format(status.lease->server_id, server));
    else if (status.state == CLI_PROBING)
        snprintf(text, sizeof text, "%s, which was still probed for, released",
                 ip4_format(status.acd_addr, addr));
    cli_driver_step(d, &(struct cli_event){.kind = CLI_RELEASE, .now = io_now().boot_ms});
    if (text[0] != '\0')
        control_reply(request, CONTROL_SUCCESS, text, NULL);
    else
        control_reply(request, CONTROL_EMPTY, "there is no lease to release", NULL);
}

static void command_stop(void *user, const cJSON *arguments, struct control_request *request)
{
    struct cli_driver *d = user;
    (void)arguments;
    control_reply(request, CONTROL_SUCCESS, "stopping", NULL);
    cli_driver_step(d, &(struct cli_event){.kind = CLI_STOP, .now = io_now().boot_ms});
    io_loop_stop(d->loop);
}

static void command_clock_get(void *user, const cJSON *arguments, struct control_request *request)
{
    struct cli_driver *d = user;
    (void)arguments;
    control_reply(request, CONTROL_SUCCESS, "",
                  control_clock_json(&d->traffic, cli_engine_deadline(d->engine), false));
}

static void command_clock_set(void *user, const cJSON *arguments, struct control_request *request)
{
    struct cli_driver *d = user;
    int rc = io_clock_reload();
    if (rc < 0) {
        control_reply(request, CONTROL_ERROR, io_clock_why(rc), NULL);
        return;
    }
    cli_driver_follow_clock(d);
    command_clock_get(d, arguments, request);
}

static const struct control_command commands[] = {
    {"clock-get", command_clock_get}, {"clock-set", command_clock_set}, {"decline", command_decline},
    {"events", command_events},       {"inform", command_inform},       {"rebind", command_rebind},
    {"release", command_release},     {"renew", command_renew},         {"status", command_status},
    {"stop", command_stop},
};

void cli_control_on_command(void *user, const char *command, const cJSON *arguments,
                            struct control_request *request)
{
    control_dispatch(commands, sizeof commands / sizeof commands[0], user, command, arguments, request);
}

void cli_control_finish(struct cli_driver *d)
{
    while (d->waiters != NULL)
        finish_waiter(&d->waiters, CONTROL_CONFLICT, "the client ends", NULL);
    control_free(d->control);
}
