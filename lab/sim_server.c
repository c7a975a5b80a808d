/* The driver of a simulated server, and its durable store. */
#include <assert.h>
#include <stdlib.h>

#include "common/dhcp_msg.h"
#include "common/err.h"
#include "lab/sim_check.h"
#include "lab/sim_node.h"
#include "server/srv_csv.h"
#include "server/srv_force.h"
#include "server/srv_lease.h"

enum { STORE_MAX = 10000000 };

struct sim_server {
    struct sim_timer timer; /* first: the deadline of its engine */
    struct sim_host *host;
    const struct srv_config *config;
    struct srv_engine *engine; /* NULL: it does not run */
    struct srv_actions actions;
    struct srv_lease_table *store; /* what is durable: the newest record of each address */
    struct rng rng;
    uint64_t incarnation;
};

/* What one step wants done, while its leases become durable. */
struct batch {
    struct sim_timer timer; /* first */
    struct sim_server *server;
    uint64_t incarnation;
    struct srv_actions actions;
};

static const struct siphash_key hash_key = {1,
                                            2}; /* nobody attacks; what is answered does not depend on it */

static struct sim_port *find_port(const struct sim_host *host, int index)
{
    for (size_t i = 0; i < host->n_ports; i++)
        if (host->ports[i]->index == index)
            return host->ports[i];
    return host->ports[0];
}

/* ---- executing ---- */

static void store(struct sim_server *s, const struct srv_lease *lease)
{
    struct sim_world *w = s->host->world;
    if (srv_lease_is_deletion(lease))
        srv_lease_remove(s->store, lease->addr);
    else if (srv_lease_put(s->store, lease, srv_config_matches_client_id(s->config, lease->subnet_id)) < 0)
        w->err = ERR_NOMEM;
    sim_check_stored(s->host, lease);
}

/* The mistake: the engine forgets the quarantine as soon as it is stored. */
static void forget_quarantine(struct sim_server *s, const struct srv_lease *lease)
{
    struct srv_actions nothing;
    srv_actions_init(&nothing);
    srv_engine_delete_lease(s->engine, lease->addr, s->host->world->now, &nothing);
    srv_actions_fini(&nothing);
}

static void send_packet(struct sim_server *s, const struct srv_action *a)
{
    struct sim_world *w = s->host->world;
    struct sim_port *port = find_port(s->host, a->ifindex);
    struct packet packet = a->packet;
    packet.src_hw = port->own.hw;
    sim_check_answer(s->host, &packet);
    if (w->observer.message != NULL)
        w->observer.message(w->observer.user, s->host, TRACE_TX, port, &packet);
    sim_world_send(w, &port->own, &packet);
    ++*srv_engine_sent(s->engine, a->type);
}

enum part { ALL, STORES, SENDS };

static void execute(struct sim_server *s, const struct srv_actions *actions, enum part part)
{
    struct sim_world *w = s->host->world;
    for (const struct srv_action *a = actions->first; a != NULL; a = a->next) {
        switch (a->kind) {
        case SRV_LEASE_PUT:
            if (part == SENDS)
                break;
            store(s, &a->lease);
            if ((w->bugs & SIM_BUG_NO_QUARANTINE) && a->lease.state == SRV_LEASE_DECLINED)
                forget_quarantine(s, &a->lease);
            break;
        case SRV_TX:
            if (part != STORES)
                send_packet(s, a);
            break;
        case SRV_PROBE:
            if (part != STORES)
                sim_world_ping(w, &find_port(s->host, a->ifindex)->own, a->packet.dst);
            break;
        case SRV_TRACE: /* told already */
            break;
        }
    }
}

static void discard_batch(struct sim_timer *timer)
{
    struct batch *b = (struct batch *)timer;
    srv_actions_fini(&b->actions);
    free(b);
}

static void on_durable(struct sim_world *w, struct sim_timer *timer)
{
    struct batch *b = (struct batch *)timer;
    if (b->incarnation == b->server->incarnation)
        execute(b->server, &b->actions, (w->bugs & SIM_BUG_ACK_BEFORE_STORE) ? STORES : ALL);
    discard_batch(timer);
}

static bool has_lease(const struct srv_actions *actions)
{
    const struct srv_action *a = actions->first;
    while (a != NULL && a->kind != SRV_LEASE_PUT)
        a = a->next;
    return a != NULL;
}

/* RFC 2131 3.1 (4): the server "commits the binding for the client to persistent storage and responds with a
 * DHCPACK". */
static void wait_for_store(struct sim_server *s)
{
    struct sim_world *w = s->host->world;
    struct batch *b = malloc(sizeof *b);
    if (b == NULL) {
        w->err = ERR_NOMEM;
        return;
    }
    *b = (struct batch){.timer = {.fire = on_durable, .discard = discard_batch},
                        .server = s,
                        .incarnation = s->incarnation,
                        .actions = s->actions};
    if (w->bugs & SIM_BUG_ACK_BEFORE_STORE)
        execute(s, &b->actions, SENDS);
    srv_actions_init(&s->actions);
    sim_world_arm(w, &b->timer, w->now + w->sync_ms);
}

static void tell(const struct sim_server *s)
{
    const struct sim_observer *o = &s->host->world->observer;
    for (const struct srv_action *a = s->actions.first; a != NULL && o->event != NULL; a = a->next)
        if (a->kind == SRV_TRACE)
            o->event(o->user, s->host, &a->trace);
}

static void settle(struct sim_server *s)
{
    struct sim_world *w = s->host->world;
    tell(s);
    if (w->sync_ms > 0 && has_lease(&s->actions)) {
        wait_for_store(s);
    } else {
        execute(s, &s->actions, ALL);
        srv_actions_reset(&s->actions);
    }
    sim_world_arm(w, &s->timer, srv_engine_deadline(s->engine));
    if (w->observer.changed != NULL)
        w->observer.changed(w->observer.user, s->host);
}

static void step(struct sim_server *s, const struct srv_event *event)
{
    if (srv_engine_step(s->engine, event, &s->actions) < 0)
        s->host->world->err = ERR_NOMEM;
    settle(s);
}

static void on_deadline(struct sim_world *w, struct sim_timer *timer)
{
    step((struct sim_server *)timer, &(struct srv_event){.kind = SRV_DEADLINE, .now = w->now});
}

void sim_server_receive(struct sim_port *port, const struct packet *packet)
{
    struct sim_server *s = port->host->server;
    struct sim_world *w = port->host->world;
    struct srv_iface iface = {.index = port->index, .name = port->name, .addr = port->addr};
    if (w->observer.message != NULL)
        w->observer.message(w->observer.user, port->host, TRACE_RX, port, packet);
    step(s, &(struct srv_event){.kind = SRV_RX, .now = w->now, .iface = &iface, .packet = *packet});
}

void sim_server_answered(struct sim_port *port, ip4 addr)
{
    struct sim_server *s = port->host->server;
    step(s, &(struct srv_event){.kind = SRV_PROBE_ANSWERED, .now = port->host->world->now, .addr = addr});
}

/* ---- its life ---- */

int sim_server_new(struct sim_host *host, const struct srv_config *config)
{
    struct sim_server *s = calloc(1, sizeof *s);
    if (s == NULL)
        return ERR_NOMEM;
    *s = (struct sim_server){.timer = {.fire = on_deadline}, .host = host, .config = config};
    s->store = srv_lease_table_new(STORE_MAX, &hash_key);
    rng_init(&s->rng, host->world->seed, host->name);
    srv_actions_init(&s->actions);
    host->server = s;
    return s->store == NULL ? ERR_NOMEM : 0;
}

void sim_server_free(struct sim_server *s)
{
    if (s == NULL)
        return;
    srv_engine_free(s->engine);
    srv_actions_fini(&s->actions);
    srv_lease_table_free(s->store);
    free(s);
}

/* As its lease file has it, where times are whole seconds. */
static void pass_through_file(struct srv_lease *lease)
{
    char line[SRV_CSV_LINE_MAX];
    const char *why;
    size_t len = srv_csv_format(lease, 0, SIM_EPOCH_MS, line);
    bool is_lease = srv_csv_parse(line, len - 1, SIM_EPOCH_MS, lease, &why);
    assert(is_lease);
}

static void load(struct sim_server *s)
{
    time_ms now = s->host->world->now;
    srv_lease_sort(s->store); /* or the order in which records came would be to be seen */
    for (size_t i = 0; i < srv_lease_table_count(s->store); i++) {
        struct srv_lease lease;
        srv_lease_at(s->store, i, &lease);
        pass_through_file(&lease);
        if (srv_engine_load(s->engine, &lease, now) == ERR_NOMEM)
            s->host->world->err = ERR_NOMEM;
    }
    srv_engine_loaded(s->engine);
}

static void tell_start(const struct sim_server *s)
{
    const struct sim_observer *o = &s->host->world->observer;
    const struct trace_event event = {.kind = TRACE_DECISION,
                                      .reason = REASON_SERVER_STARTED,
                                      .facts = {.num = (int64_t)srv_lease_table_count(s->store)}};
    if (o->event != NULL)
        o->event(o->user, s->host, &event);
}

void sim_server_start(struct sim_host *host)
{
    struct sim_server *s = host->server;
    if (s->engine != NULL)
        return;
    s->engine = srv_engine_new(s->config, &hash_key);
    if (s->engine == NULL) {
        host->world->err = ERR_NOMEM;
        return;
    }
    load(s);
    struct srv_secret secret = {.replay = (uint64_t)(SIM_EPOCH_MS + host->world->now) * 1000};
    for (size_t i = 0; i < sizeof secret.key; i++)
        secret.key[i] = (uint8_t)rng_u64(&s->rng);
    srv_force_set_secret(s->engine, &secret);
    tell_start(s);
    sim_world_arm(host->world, &s->timer, srv_engine_deadline(s->engine));
    sim_check_server(host);
}

void sim_server_crash(struct sim_host *host)
{
    struct sim_server *s = host->server;
    srv_engine_free(s->engine);
    s->engine = NULL;
    s->incarnation++;
    srv_actions_reset(&s->actions);
    sim_world_arm(host->world, &s->timer, TIME_NEVER);
}

void sim_server_forget(struct sim_host *host)
{
    struct sim_server *s = host->server;
    assert(s->engine == NULL);
    srv_lease_table_free(s->store);
    s->store = srv_lease_table_new(STORE_MAX, &hash_key);
    if (s->store == NULL)
        host->world->err = ERR_NOMEM;
}

void sim_server_configure(struct sim_host *host, const struct srv_config *config)
{
    struct sim_server *s = host->server;
    s->config = config;
    if (s->engine == NULL)
        return;
    if (srv_engine_reconfigure(s->engine, config) < 0)
        host->world->err = ERR_NOMEM;
    sim_world_arm(host->world, &s->timer, srv_engine_deadline(s->engine));
}

int sim_server_force_renew(struct sim_host *host, ip4 addr)
{
    struct sim_server *s = host->server;
    struct sim_port *port = host->ports[0];
    struct srv_iface iface = {.index = port->index, .name = port->name, .addr = port->addr};
    if (s->engine == NULL)
        return ERR_INVALID;
    int rc = srv_force_renew(s->engine, addr, &iface, &s->actions);
    settle(s);
    return rc;
}

const struct srv_engine *sim_server_engine(const struct sim_host *host)
{
    return host->server->engine;
}

const struct srv_config *sim_server_config(const struct sim_host *host)
{
    return host->server->config;
}

size_t sim_server_count(const struct sim_host *host)
{
    const struct sim_server *s = host->server;
    size_t n = 0;
    for (size_t i = 0; s->engine != NULL && i < s->config->n_subnets; i++)
        n += srv_engine_count_leases(s->engine, s->config->subnets[i].id, SRV_LEASE_ACTIVE);
    return n;
}
