#include "lab/scenario_run.h"

#include <stdlib.h>
#include <string.h>

#include "common/err.h"

struct run;

struct step_timer {
    struct sim_timer timer; /* first */
    struct run *run;
    const struct scenario_step *step;
};

struct run {
    const struct scenario *s;
    const struct scenario_setting *setting;
    struct scenario_outcome *out;
    struct sim_world *w;
    struct sim_host *hosts[LAB_HOSTS_MAX]; /* by place in the topology */
    struct step_timer *steps;
    struct sim_timer start;
    size_t
        laggards[SCENARIO_EXPECTS_MAX]; /* by expectation: the client of a crowd that was not as expected */
    time_ms checked_ms;                 /* when each client has to have a lease; TIME_NEVER: nobody asks */
};

/* ---- the trace ---- */

static struct trace_stamp stamp_of(const struct run *r, const char *node)
{
    return (struct trace_stamp){.now = {.boot_ms = r->w->now, .wall_ms = SIM_EPOCH_MS + r->w->now},
                                .node = node};
}

static void give(struct run *r, cJSON *event)
{
    if (event == NULL)
        r->w->err = ERR_NOMEM;
    else
        r->setting->trace(r->setting->trace_user, event);
}

/* ---- what the world tells ---- */

static void on_message(void *user, const struct sim_host *host, enum trace_direction direction,
                       const struct sim_port *port, const struct packet *packet)
{
    struct run *r = user;
    if (r->setting->trace != NULL) {
        struct trace_stamp stamp = stamp_of(r, host->name);
        give(r, trace_message_json(&stamp, direction, port->name, packet));
    }
    for (size_t i = 0; direction == TRACE_TX && i < r->s->n_expects; i++)
        if (r->hosts[r->s->expects[i].host] == host)
            scenario_judge_message(&r->s->expects[i], r->w->now, packet, &r->out->verdicts[i]);
}

static void on_event(void *user, const struct sim_host *host, const struct trace_event *event)
{
    struct run *r = user;
    if (r->setting->trace != NULL) {
        struct trace_stamp stamp = stamp_of(r, host->name);
        give(r, trace_event_json(&stamp, event));
    }
    for (size_t i = 0; i < r->s->n_expects; i++)
        if (r->hosts[r->s->expects[i].host] == host)
            scenario_judge_reason(&r->s->expects[i], r->w->now, reason_token(event->reason),
                                  &r->out->verdicts[i]);
}

static void on_frame(void *user, const struct sim_port *port, enum trace_direction direction,
                     const struct packet *packet, const struct arp *arp)
{
    struct run *r = user;
    struct scenario_port at = {port->host->name, port->name, port->index, port->own.hw};
    if (r->setting->frame != NULL)
        r->setting->frame(r->setting->frame_user, r->w->now, &at, direction, packet, arp);
}

static void on_lost(void *user, const struct sim_link *link, const struct packet *packet, enum reason reason)
{
    struct run *r = user;
    struct trace_facts facts = {.text = link->name};
    struct trace_stamp stamp = stamp_of(r, link->name);
    if (r->setting->trace != NULL)
        give(r, trace_drop_json(&stamp, "wire", packet, reason, &facts));
}

static void on_fault(void *user, const struct sim_fault *fault)
{
    struct run *r = user;
    if (scenario_outcome_add_fault(r->out, fault) < 0)
        r->w->err = ERR_NOMEM;
}

/* Looks at one client of the host. Is it as expected? */
static bool look_at_client(const struct scenario_expect *e, const struct sim_client *c,
                           struct scenario_facts *facts)
{
    struct cli_status status;
    sim_client_status(c, &status);
    facts->state = status.state;
    facts->state_text = status.state_text;
    facts->held = c->station.addr;
    return scenario_judge_client(e, facts->state, facts->held);
}

/* *out_laggard is a client that is not as expected, if there is one. */
static struct scenario_facts facts_of(const struct scenario_expect *e, const struct sim_host *host,
                                      size_t *out_laggard)
{
    struct scenario_facts facts = {.n_clients = host->n_clients};
    for (size_t i = 0; i < host->n_clients; i++) {
        if (look_at_client(e, &host->clients[i], &facts))
            facts.n_such++;
        else
            *out_laggard = i;
    }
    facts.n_leases = host->server != NULL ? sim_server_count(host) : 0;
    return facts;
}

/* It is not asked of a crowd what nobody wants to know now. */
static bool is_open(const struct run *r, size_t i)
{
    const struct scenario_expect *e = &r->s->expects[i];
    return r->out->verdicts[i].seen == 0 && r->w->now >= e->from_ms && r->w->now <= e->until_ms &&
           e->fact != SCENARIO_SENDS && e->fact != SCENARIO_REASON;
}

static void judge_host(struct run *r, size_t i)
{
    const struct scenario_expect *e = &r->s->expects[i];
    struct scenario_facts facts = {0};
    const struct sim_host *host = r->hosts[e->host];
    if (!is_open(r, i))
        return;
    /* A crowd is not as expected as long as one of it is not: who was the last time is asked first. */
    if (host->n_clients > 0 && !look_at_client(e, &host->clients[r->laggards[i]], &facts))
        return;
    facts = facts_of(e, host, &r->laggards[i]);
    scenario_judge_host(e, r->w->now, &facts, &r->out->verdicts[i]);
}

static void judge_end(struct run *r, size_t i)
{
    const struct scenario_expect *e = &r->s->expects[i];
    size_t laggard;
    struct scenario_facts facts = facts_of(e, r->hosts[e->host], &laggard);
    scenario_judge_end(e, r->w->now, &facts, &r->out->verdicts[i]);
}

static void on_changed(void *user, const struct sim_host *host)
{
    struct run *r = user;
    for (size_t i = 0; i < r->s->n_expects; i++)
        if (r->hosts[r->s->expects[i].host] == host)
            judge_host(r, i);
}

/* ---- steps ---- */

/* Its program ends. */
static void stop(struct sim_host *host)
{
    sim_client_command(host, CLI_STOP);
    sim_node_crash(host);
}

/* The server of whom the client has its lease. */
static void force_renew(struct run *r, const struct sim_host *host)
{
    for (size_t i = 0; !host->is_asleep && i < host->n_clients; i++) {
        struct cli_status status;
        sim_client_status(&host->clients[i], &status);
        for (size_t k = 0; status.lease != NULL && k < r->w->n_hosts; k++)
            if (r->w->hosts[k]->server != NULL &&
                r->w->hosts[k]->ports[0]->addr.addr == status.lease->server_id)
                sim_server_force_renew(r->w->hosts[k], status.lease->addr);
    }
}

struct sim_rule scenario_rule(const struct scenario_step *step)
{
    struct sim_rule rule = {.has_faults = step->what == SCENARIO_FAULTS,
                            .faults = step->faults,
                            .sets_cut = step->what == SCENARIO_CUT || step->what == SCENARIO_HEAL,
                            .is_cut = step->what == SCENARIO_CUT,
                            .script = step->script};
    memcpy(rule.from, step->from, sizeof rule.from);
    memcpy(rule.to, step->to, sizeof rule.to);
    return rule;
}

static void add_rule(struct run *r, const struct scenario_step *step)
{
    struct sim_rule rule = scenario_rule(step);
    sim_world_add_rule(r->w, &rule); /* there are no more steps than rules */
}

_Static_assert((int)SCENARIO_STEPS_MAX <= (int)SIM_RULES_MAX, "each step can be a rule");
_Static_assert((int)LAB_NAME_MAX == (int)SIM_NAME_MAX, "a host's name is its name in the simulator");
_Static_assert((int)TOPOLOGY_ENDS_MAX <= (int)SIM_PORTS_MAX, "each end is a port");

static void do_step(struct run *r, const struct scenario_step *step)
{
    struct sim_host *host = r->hosts[step->host];
    switch (step->what) {
    case SCENARIO_START:
        sim_node_start(host);
        break;
    case SCENARIO_STOP:
        stop(host);
        break;
    case SCENARIO_CRASH:
        sim_node_crash(host);
        break;
    case SCENARIO_FORGET:
        if (!host->is_running)
            sim_server_forget(host);
        break;
    case SCENARIO_RELEASE:
        sim_client_command(host, CLI_RELEASE);
        break;
    case SCENARIO_RENEW:
        sim_client_command(host, CLI_RENEW);
        break;
    case SCENARIO_REBIND:
        sim_client_command(host, CLI_REBIND);
        break;
    case SCENARIO_INFORM:
        sim_client_inform(host);
        break;
    case SCENARIO_DECLINE:
        sim_client_command(host, CLI_DECLINE);
        break;
    case SCENARIO_SLEEP:
    case SCENARIO_WAKE:
        sim_client_set_asleep(host, step->what == SCENARIO_SLEEP);
        break;
    case SCENARIO_FORCE_RENEW:
        force_renew(r, host);
        break;
    case SCENARIO_CONFIGURE:
        sim_server_configure(host, step->config);
        break;
    case SCENARIO_ADVANCE: /* its time has passed: scenario_clock_apply() */
        break;
    case SCENARIO_CUT:
    case SCENARIO_HEAL:
    case SCENARIO_FAULTS:
    case SCENARIO_DROP:
        add_rule(r, step);
        break;
    }
}

static void on_step(struct sim_world *w, struct sim_timer *timer)
{
    struct step_timer *t = (struct step_timer *)timer;
    (void)w;
    do_step(t->run, t->step);
}

static void on_start(struct sim_world *w, struct sim_timer *timer)
{
    struct run *r = (struct run *)(void *)((char *)timer - offsetof(struct run, start));
    for (size_t i = 0; i < w->n_hosts; i++)
        if (!r->s->is_off[i] && !w->hosts[i]->is_running)
            sim_node_start(w->hosts[i]);
}

time_ms scenario_draw_steps(const struct scenario *s, uint64_t seed, time_ms *out_at)
{
    struct rng rng;
    time_ms last = 0;
    rng_init(&rng, seed, "scenario");
    for (size_t i = 0; i < s->n_steps; i++) {
        out_at[i] = rng_between(&rng, s->steps[i].from_ms, s->steps[i].to_ms);
        last = s->steps[i].to_ms > last ? s->steps[i].to_ms : last;
    }
    return last;
}

/* Steps of an instant come in the order of the file; at the first one before the hosts start. */
static void arm_steps(struct run *r)
{
    time_ms at[SCENARIO_STEPS_MAX] = {0};
    time_ms last = scenario_draw_steps(r->s, r->setting->seed, at);
    for (size_t i = 0; i < r->s->n_steps; i++) {
        r->steps[i] = (struct step_timer){.timer = {.fire = on_step}, .run = r, .step = &r->s->steps[i]};
        sim_world_arm(r->w, &r->steps[i].timer, at[i]);
    }
    r->start = (struct sim_timer){.fire = on_start};
    sim_world_arm(r->w, &r->start, 0);
    r->checked_ms = time_add(last, r->s->bound_within_ms);
}

/* ---- the lab ---- */

static int add_host(const struct scenario *s, size_t place, struct sim_host *host)
{
    const struct topology_host *from = &s->topology.hosts[place];
    memcpy(host->relay_servers, s->relays[place], sizeof host->relay_servers);
    host->n_relay_servers = s->n_relays[place];
    if (from->role == LAB_SERVER)
        return sim_server_new(host, s->servers[place]);
    for (size_t i = 0; from->role == LAB_CLIENT && i < host->n_ports; i++)
        if (strcmp(host->ports[i]->name, from->interface) == 0)
            return sim_client_new(host, host->ports[i], s->clients[place], from->n_clients);
    return 0;
}

int scenario_build(const struct scenario *s, struct sim_world *w, struct sim_host **out_hosts)
{
    const struct topology *t = &s->topology;
    for (size_t i = 0; i < t->n_hosts; i++)
        if ((out_hosts[i] = sim_world_add_host(w, t->hosts[i].name)) == NULL)
            return ERR_NOMEM;
    for (size_t i = 0; i < t->n_links; i++) {
        size_t segment = sim_world_add_segment(w);
        for (size_t k = 0; k < t->links[i].n_ends; k++) {
            const struct topology_end *end = &t->ends[t->links[i].first_end + k];
            if (sim_world_add_port(w, out_hosts[end->host], segment, &end->mac, end->address) == NULL)
                return ERR_NOMEM;
        }
    }
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < t->n_hosts; i++)
        rc = add_host(s, i, out_hosts[i]);
    return rc;
}

/* ---- running ---- */

time_ms scenario_next_look(const struct scenario *s, time_ms checked_ms, time_ms after)
{
    time_ms next = s->duration_ms > after ? s->duration_ms : TIME_NEVER;
    if (checked_ms > after && checked_ms < next)
        next = checked_ms;
    for (size_t i = 0; i < s->n_expects; i++) {
        const struct scenario_expect *e = &s->expects[i];
        if (e->from_ms > after && e->from_ms < next)
            next = e->from_ms;
        if (e->until_ms > after && e->until_ms < next)
            next = e->until_ms;
    }
    return next;
}

static void look(struct run *r)
{
    for (size_t i = 0; i < r->s->n_expects; i++) {
        const struct scenario_expect *e = &r->s->expects[i];
        judge_host(r, i);
        if (e->until_ms == r->w->now)
            judge_end(r, i);
    }
    if (r->checked_ms == r->w->now)
        sim_check_bound(r->w);
}

static int run_to_the_end(struct run *r)
{
    int rc = 0;
    for (time_ms at = 0; at != TIME_NEVER && rc == 0 && !r->w->is_over;
         at = scenario_next_look(r->s, r->checked_ms, at)) {
        rc = sim_world_run(r->w, at);
        if (rc == 0 && !r->w->is_over)
            look(r);
        if (r->setting->progress != NULL)
            r->setting->progress(r->setting->progress_user, r->w->now);
    }
    return rc;
}

static void conclude(struct run *r)
{
    struct scenario_outcome *out = r->out;
    out->check = *r->w->check;
    out->check.quarantines = NULL; /* the world's */
    out->counts = r->w->counts;
    out->simulated_ms = r->w->now;
    out->met = !out->check.failed && out->err == 0;
    for (size_t i = 0; i < r->s->n_expects; i++) {
        if (r->s->expects[i].until_ms > r->w->now) /* the run ended before */
            judge_end(r, i);
        out->met = out->met && out->verdicts[i].met;
    }
}

int scenario_run(const struct scenario *s, const struct scenario_setting *setting,
                 struct scenario_outcome *out)
{
    struct sim_observer observer = {NULL, on_message, on_event, on_frame, on_lost, on_fault, on_changed};
    struct run *r = calloc(1, sizeof *r);
    *out = (struct scenario_outcome){0};
    if (r == NULL)
        return ERR_NOMEM;
    *r = (struct run){.s = s, .setting = setting, .out = out};
    observer.user = r;
    r->w = sim_world_new(setting->seed, &observer);
    r->steps = calloc(s->n_steps + 1, sizeof *r->steps);
    out->verdicts = calloc(s->n_expects + 1, sizeof *out->verdicts);
    out->n_verdicts = out->verdicts == NULL ? 0 : s->n_expects;
    int rc = r->w == NULL || r->steps == NULL || out->verdicts == NULL ? ERR_NOMEM
                                                                       : scenario_build(s, r->w, r->hosts);
    if (rc == 0) {
        r->w->only = setting->only;
        r->w->bugs = setting->bugs;
        r->w->sync_ms = setting->as_on_wire ? 0 : s->sync_ms;
        r->w->check->off = setting->as_on_wire ? ~0U : s->off;
        r->w->budget = s->budget;
        arm_steps(r);
        out->err = run_to_the_end(r);
        rc = out->err == ERR_NOMEM ? ERR_NOMEM : 0;
        conclude(r);
    }
    sim_world_free(r->w);
    free(r->steps);
    free(r);
    return rc;
}

int scenario_outcome_add_fault(struct scenario_outcome *out, const struct sim_fault *fault)
{
    if (out->n_faults == SCENARIO_FAULTS_MAX)
        return 0;
    if (out->n_faults == out->capacity) {
        size_t capacity = 2 * out->capacity + 64;
        struct sim_fault *more = realloc(out->faults, capacity * sizeof *more);
        if (more == NULL)
            return ERR_NOMEM;
        out->faults = more;
        out->capacity = capacity;
    }
    out->faults[out->n_faults++] = *fault;
    return 0;
}

void scenario_outcome_fini(struct scenario_outcome *out)
{
    for (size_t i = 0; i < out->n_verdicts; i++)
        free(out->verdicts[i].around);
    free(out->verdicts);
    free(out->faults);
    free(out->around);
    *out = (struct scenario_outcome){0};
}
