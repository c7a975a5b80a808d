/* The driver of simulated clients. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli_crowd_table.h"
#include "common/err.h"
#include "lab/sim_check.h"
#include "lab/sim_node.h"

static void execute(struct sim_client *c, const struct cli_action *a)
{
    struct sim_world *w = c->host->world;
    const struct sim_observer *o = &w->observer;
    switch (a->kind) {
    case CLI_TX:
        if (o->message != NULL)
            o->message(o->user, c->host, TRACE_TX, c->station.port, &a->packet);
        sim_world_send(w, &c->station, &a->packet);
        break;
    case CLI_IF_SET:
        sim_world_set_addr(w, &c->station, a->lease.addr);
        break;
    case CLI_IF_CLEAR:
        sim_world_set_addr(w, &c->station, 0);
        break;
    case CLI_LEASE_SAVE:
        c->saved = a->lease;
        c->has_saved = true;
        break;
    case CLI_LEASE_FORGET:
        c->has_saved = false;
        break;
    case CLI_ARP_PROBE:
    case CLI_ARP_ANNOUNCE:
    case CLI_ARP_DEFEND:
        sim_world_send_arp(w, &c->station, &a->arp);
        break;
    case CLI_TRACE:
        if (o->event != NULL)
            o->event(o->user, c->host, &a->trace);
        break;
    case CLI_ACK_KEEP: /* of the system around a client there is only its address */
    case CLI_HOST_SET:
    case CLI_HOST_CLEAR:
    case CLI_HOOK:
        break;
    }
}

/* The mistake: RFC 2131 4.4.5 has "one-half of the remaining time until T2". */
static time_ms oversleep(const struct cli_status *status, time_ms at)
{
    if (status->state != CLI_RENEWING || status->lease->lease_s == LEASE_INFINITE)
        return at;
    return status->lease->acked_ms + time_from_lease_s(status->lease->lease_s);
}

static void settle(struct sim_client *c)
{
    struct sim_world *w = c->host->world;
    struct cli_status status;
    cli_engine_status(c->engine, &status);
    time_ms at = cli_engine_deadline(c->engine);
    if (w->bugs & SIM_BUG_RENEW_LATE)
        at = oversleep(&status, at);
    sim_world_set_probed(w, &c->station, status.acd_addr);
    sim_world_arm(w, &c->timer, c->host->is_asleep ? TIME_NEVER : at);
    sim_check_client(c, &status, at);
    if (w->observer.changed != NULL)
        w->observer.changed(w->observer.user, c->host);
}

/* What is sent is only put onto the wire: no step happens within another. */
static void step(struct sim_client *c, const struct cli_event *event)
{
    struct cli_actions actions;
    cli_actions_init(&actions);
    if (cli_engine_step(c->engine, event, &actions) < 0)
        c->host->world->err = ERR_NOMEM;
    for (const struct cli_action *a = actions.first; a != NULL; a = a->next)
        execute(c, a);
    cli_actions_fini(&actions);
    settle(c);
}

static void on_deadline(struct sim_world *w, struct sim_timer *timer)
{
    struct sim_client *c = (struct sim_client *)timer;
    if (c->host->is_asleep)
        sim_world_set_addr(w, &c->station, 0);
    else
        step(c, &(struct cli_event){.kind = CLI_DEADLINE, .now = w->now});
}

/* With an address the kernel takes what is for it, without one a packet socket takes what comes. */
void sim_client_receive(struct sim_client *c, const struct packet *packet)
{
    struct sim_world *w = c->host->world;
    bool is_ours = packet->dst == IP4_BROADCAST || c->station.addr == 0 || packet->dst == c->station.addr;
    if (c->engine == NULL || !is_ours)
        return;
    if (w->observer.message != NULL)
        w->observer.message(w->observer.user, c->host, TRACE_RX, c->station.port, packet);
    step(c, &(struct cli_event){.kind = CLI_RX, .now = w->now, .packet = *packet});
}

void sim_client_receive_arp(struct sim_client *c, const struct arp *arp)
{
    if (c->engine != NULL)
        step(c, &(struct cli_event){.kind = CLI_ARP_RX, .now = c->host->world->now, .arp = *arp});
}

void sim_client_status(const struct sim_client *c, struct cli_status *out)
{
    if (c->engine != NULL)
        cli_engine_status(c->engine, out);
    else
        *out = (struct cli_status){.state = CLI_STOPPED, .state_text = ""};
}

/* ---- its life ---- */

int sim_client_new(struct sim_host *host, struct sim_port *port, const struct cli_config *config, size_t n)
{
    host->n_clients = n > 0 ? n : 1;
    host->clients = calloc(host->n_clients, sizeof *host->clients);
    if (host->clients == NULL) {
        host->n_clients = 0;
        return ERR_NOMEM;
    }
    rng_init(&host->rng, host->world->seed, host->name);
    for (size_t i = 0; i < host->n_clients; i++) {
        struct sim_client *c = &host->clients[i];
        *c = (struct sim_client){.timer = {.fire = on_deadline}, .host = host, .config = config};
        c->station = (struct sim_station){.port = port, .client = c, .hw = port->own.hw};
        if (n > 0)
            c->station.hw = cli_crowd_hw(&port->own.hw, (uint32_t)i);
        sim_world_add_station(host->world, &c->station);
    }
    return 0;
}

void sim_client_free_all(struct sim_host *host)
{
    for (size_t i = 0; i < host->n_clients; i++)
        cli_engine_free(host->clients[i].engine);
    free(host->clients);
    host->clients = NULL;
    host->n_clients = 0;
}

static void start(struct sim_client *c, uint64_t seed)
{
    c->station.is_up = true;
    if (c->engine == NULL)
        c->engine = cli_engine_new(c->config, &c->station.hw, seed, &c->counters);
    if (c->engine == NULL) {
        c->host->world->err = ERR_NOMEM;
        return;
    }
    step(c, &(struct cli_event){
                .kind = CLI_START, .now = c->host->world->now, .saved = c->has_saved ? &c->saved : NULL});
}

/* The seed is drawn only if an engine is to be made: one whose program was never ended goes on with its own.
 */
static void start_all(struct sim_host *host)
{
    uint64_t seed = host->n_clients > 0 && host->clients[0].engine == NULL ? rng_u64(&host->rng) : 0;
    for (size_t i = 0; i < host->n_clients; i++)
        start(&host->clients[i], seed);
}

static void crash_all(struct sim_host *host)
{
    struct sim_world *w = host->world;
    for (size_t i = 0; i < host->n_clients; i++) {
        struct sim_client *c = &host->clients[i];
        cli_engine_free(c->engine);
        c->engine = NULL;
        c->station.is_up = false;
        sim_world_set_addr(w, &c->station, 0);
        sim_world_set_probed(w, &c->station, 0);
        sim_world_arm(w, &c->timer, TIME_NEVER);
    }
    if (w->observer.changed != NULL)
        w->observer.changed(w->observer.user, host);
}

void sim_client_command(struct sim_host *host, enum cli_event_kind kind)
{
    for (size_t i = 0; !host->is_asleep && i < host->n_clients; i++)
        if (host->clients[i].engine != NULL)
            step(&host->clients[i], &(struct cli_event){.kind = kind, .now = host->world->now});
}

void sim_client_inform(struct sim_host *host)
{
    for (size_t i = 0; !host->is_asleep && i < host->n_clients; i++) {
        struct sim_client *c = &host->clients[i];
        struct cli_event event = {.kind = CLI_INFORM, .now = host->world->now, .addr = c->station.port->addr};
        struct cli_status status;
        if (c->engine == NULL)
            continue;
        step(c, &event);
        sim_client_status(c, &status);
        if (status.state == CLI_INFORMING) /* not refused; the step has taken a leased address away */
            sim_world_set_addr(host->world, &c->station, event.addr.addr);
    }
}

/* When the kernel takes the address away, which has the lifetime of its lease there. */
static time_ms end_of_address(const struct sim_client *c)
{
    struct cli_status status;
    sim_client_status(c, &status);
    return status.lease != NULL && status.lease->addr == c->station.addr ? status.lease->expires_at_ms
                                                                         : TIME_NEVER;
}

/* The boot-time clock goes on while a machine sleeps: what was due meanwhile is due when it wakes up. */
void sim_client_set_asleep(struct sim_host *host, bool is_asleep)
{
    if (!host->is_running)
        return;
    host->is_asleep = is_asleep;
    for (size_t i = 0; i < host->n_clients; i++) {
        struct sim_client *c = &host->clients[i];
        if (is_asleep || c->engine == NULL)
            sim_world_arm(host->world, &c->timer, end_of_address(c));
        else
            step(c, &(struct cli_event){.kind = CLI_DEADLINE, .now = host->world->now});
    }
}

/* ---- any host ---- */

static void set_ports(struct sim_host *host, bool is_up)
{
    host->is_running = is_up;
    for (size_t i = 0; i < host->n_ports; i++)
        host->ports[i]->own.is_up = is_up && host->n_clients == 0;
}

void sim_node_start(struct sim_host *host)
{
    if (host->is_asleep)
        return;
    set_ports(host, true);
    if (host->server != NULL)
        sim_server_start(host);
    else
        start_all(host);
}

void sim_node_crash(struct sim_host *host)
{
    host->is_asleep = false;
    set_ports(host, false);
    if (host->server != NULL)
        sim_server_crash(host);
    else
        crash_all(host);
}
