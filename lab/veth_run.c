#include "lab/veth_run.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/dhcp_msg.h"
#include "common/err.h"
#include "common/io_file.h"
#include "lab/command.h"
#include "lab/rundir.h"
#include "lab/veth_host.h"
#include "lab/veth_kept.h"
#include "lab/veth_net.h"
#include "lab/veth_wire.h"
#include "lab/view.h"

enum { LOG_SHOWN_MAX = 2000 };

struct run {
    const struct scenario *s;
    const struct scenario_setting *setting;
    struct scenario_outcome *out;
    const char *dir;
    char programs[TOPOLOGY_PATH_MAX];
    struct veth_host hosts[LAB_HOSTS_MAX]; /* by place in the topology */
    size_t n_hosts;
    struct veth_wire *wire;
    struct io_pace_page *page; /* the time */
    int page_fd, outer_proc;
    time_ms now, checked_ms;
    time_ms *steps_at; /* by step */
    struct veth_kept kept;
    bool has_failed;
    char *why;
};

static void fail(struct run *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The first failure is the one that is told. */
static void fail(struct run *r, const char *format, ...)
{
    va_list args;
    if (r->has_failed)
        return;
    va_start(args, format);
    vsnprintf(r->why, VETH_RUN_WHY_MAX, format, args);
    va_end(args);
    r->has_failed = true;
}

static void fail_with_log(struct run *r, const struct veth_host *h, const char *what)
{
    char *log = veth_host_log(h);
    size_t len = log == NULL ? 0 : strlen(log);
    fail(r, "the program on %s %s\n%s", h->t->name, what,
         log == NULL           ? ""
         : len > LOG_SHOWN_MAX ? log + len - LOG_SHOWN_MAX
                               : log);
    free(log);
}

static void set_time(struct run *r, time_ms now)
{
    r->now = now;
    r->page->boot_ms = now;
    r->page->wall_ms = SIM_EPOCH_MS + now;
}

/* ---- judging ---- */

static struct scenario_facts facts_of(struct run *r, const struct scenario_expect *e)
{
    struct veth_host *h = &r->hosts[e->host];
    struct scenario_facts facts = {.n_clients = h->n_clients, .state_text = h->text};
    for (size_t i = 0; i < h->n_clients; i++) {
        facts.state = h->clients[i].state;
        facts.held = veth_host_address(h, i);
        facts.n_such += scenario_judge_client(e, facts.state, facts.held);
    }
    if (e->fact == SCENARIO_LEASES && h->pace >= 0) {
        cJSON *reply = NULL;
        if (veth_host_ask(h, "status-get", NULL, &reply) < 0)
            fail_with_log(r, h, "does not answer");
        facts.n_leases =
            (size_t)view_number(cJSON_GetObjectItemCaseSensitive(reply, "arguments"), "active_leases", 0);
        cJSON_Delete(reply);
    }
    return facts;
}

/* Is there something to be seen now? */
static bool is_open(const struct run *r, size_t i)
{
    const struct scenario_expect *e = &r->s->expects[i];
    return r->out->verdicts[i].seen == 0 && r->now >= e->from_ms && r->now <= e->until_ms &&
           e->fact != SCENARIO_SENDS && e->fact != SCENARIO_REASON;
}

static void judge_open(struct run *r)
{
    for (size_t i = 0; i < r->s->n_expects; i++)
        if (is_open(r, i)) {
            struct scenario_facts facts = facts_of(r, &r->s->expects[i]);
            scenario_judge_host(&r->s->expects[i], r->now, &facts, &r->out->verdicts[i]);
        }
}

/* States pass within an instant. */
static void judge_states(struct run *r, const struct veth_host *h)
{
    for (size_t i = 0; i < r->s->n_expects; i++) {
        const struct scenario_expect *e = &r->s->expects[i];
        if (e->host == h->place && e->fact == SCENARIO_STATE && is_open(r, i)) {
            struct scenario_facts facts = facts_of(r, e);
            scenario_judge_host(e, r->now, &facts, &r->out->verdicts[i]);
        }
    }
}

static void judge_reason(struct run *r, const struct veth_host *h, const char *token)
{
    for (size_t i = 0; i < r->s->n_expects; i++) {
        const struct scenario_expect *e = &r->s->expects[i];
        if (e->host == h->place && e->fact == SCENARIO_REASON && strcmp(reason_token(e->reason), token) == 0)
            scenario_judge_reason(e, r->now, e->reason, &r->out->verdicts[i]);
    }
}

/* What cannot come true any more ends here, with the messages before. */
static void judge_end(struct run *r, size_t i)
{
    const struct scenario_expect *e = &r->s->expects[i];
    struct scenario_verdict *v = &r->out->verdicts[i];
    struct scenario_facts facts = facts_of(r, e);
    scenario_judge_end(e, r->now, &facts, v);
    if (!v->met && v->around == NULL)
        v->around = veth_kept_ladder(&r->kept, r->s, r->hosts[e->host].t->name);
}

/* ---- what the programs tell ---- */

static void take_event(struct run *r, struct veth_host *h, const char *line)
{
    bool is_message = veth_kept_add(&r->kept, line);
    if (is_message && r->setting->trace == NULL)
        return;
    cJSON *event = cJSON_Parse(line);
    if (event == NULL)
        return;
    const char *kind = view_text(event, "kind");
    if (strcmp(kind, "decision") == 0 || strcmp(kind, "drop") == 0 || strcmp(kind, "state") == 0)
        judge_reason(r, h, view_text(event, "reason"));
    if (strcmp(kind, "state") == 0) {
        veth_host_note(h, event);
        judge_states(r, h);
    }
    if (r->setting->trace != NULL)
        r->setting->trace(r->setting->trace_user, event);
    else
        cJSON_Delete(event);
}

static void take_events(struct run *r, struct veth_host *h)
{
    for (const char *line; (line = veth_host_next_event(h)) != NULL;)
        take_event(r, h, line);
}

/* ---- what the wire tells ---- */

static bool hears(void *user, size_t host)
{
    const struct run *r = user;
    return r->hosts[host].is_running && !r->hosts[host].is_asleep;
}

static bool is_concerned(void *user, size_t host, ip4 addr)
{
    const struct run *r = user;
    const struct veth_host *h = &r->hosts[host];
    for (size_t i = 0; i < h->n_clients; i++) {
        const struct veth_client *c = &h->clients[i];
        bool is_probing = c->state == CLI_PROBING || veth_host_is_bound(c);
        if ((is_probing && c->probed == addr) || veth_host_address(h, i) == addr)
            return true;
    }
    return false;
}

/* Crowds answer ARP themselves, and with address conflict detection a client listens to it. */
static void asked(void *user, size_t host)
{
    struct run *r = user;
    struct veth_host *h = &r->hosts[host];
    h->is_due = h->is_due ||
                (h->pace >= 0 && (h->t->n_clients > 0 || (h->n_clients > 0 && r->s->clients[host]->acd)));
}

static void probed(void *user, size_t host, ip4 addr)
{
    struct run *r = user;
    for (size_t i = 0; i < r->hosts[host].n_clients; i++)
        r->hosts[host].clients[i].probed = addr;
}

/* Is it the host's own, and not what it only hands on as a router? */
static bool is_own(const struct run *r, size_t host, const struct packet *packet)
{
    const struct topology *t = &r->s->topology;
    if (r->s->n_relays[host] == 0)
        return true;
    for (size_t i = 0; i < t->n_ends; i++)
        if (t->ends[i].host == host && t->ends[i].has_address && t->ends[i].address.addr == packet->src)
            return true;
    return false;
}

/* A crowd's addresses are on no interface. */
static void note_ack(struct run *r, const struct packet *packet)
{
    struct dhcp_msg msg;
    if (dhcp_msg_decode(&msg, packet->bytes, packet->len) != REASON_NONE || msg.type != DHCP_ACK)
        return;
    struct hw_addr hw = dhcp_msg_hw(&msg);
    for (size_t i = 0; i < r->n_hosts; i++) {
        struct veth_client *c = r->hosts[i].n_clients > 1 ? veth_host_find_client(&r->hosts[i], &hw) : NULL;
        if (c != NULL)
            c->acked = msg.yiaddr;
    }
}

static void on_frame(void *user, const struct scenario_port *port, enum trace_direction direction,
                     const struct packet *packet, const struct arp *arp)
{
    struct run *r = user;
    if (r->setting->frame != NULL)
        r->setting->frame(r->setting->frame_user, r->now, port, direction, packet, arp);
}

static void sent(void *user, size_t host, const struct packet *packet)
{
    struct run *r = user;
    r->out->counts.messages++;
    if (packet->dport == DHCP_PORT_CLIENT)
        note_ack(r, packet);
    for (size_t i = 0; i < r->s->n_expects && is_own(r, host, packet); i++)
        if (r->s->expects[i].host == host)
            scenario_judge_message(&r->s->expects[i], r->now, packet, &r->out->verdicts[i]);
}

static void lost(void *user, const char *link, const struct packet *packet, enum reason reason)
{
    struct run *r = user;
    struct trace_facts facts = {.text = link};
    struct trace_stamp stamp = {.now = {.boot_ms = r->now, .wall_ms = SIM_EPOCH_MS + r->now}, .node = link};
    cJSON *event = r->setting->trace == NULL ? NULL : trace_drop_json(&stamp, "wire", packet, reason, &facts);
    r->out->counts.lost++;
    if (event != NULL)
        r->setting->trace(r->setting->trace_user, event);
}

static void fault(void *user, const struct sim_fault *what)
{
    struct run *r = user;
    if (scenario_outcome_add_fault(r->out, what) < 0)
        fail(r, "%s", err_text(ERR_NOMEM));
}

/* ---- waiting for quiet ---- */

/* What a program says or sends meanwhile is taken: it may wait for us. */
static void wait_quiet(struct run *r, struct veth_host *h)
{
    int fds[TOPOLOGY_ENDS_MAX];
    struct pollfd waiting[TOPOLOGY_ENDS_MAX + 2];
    size_t n = veth_wire_fds(r->wire, fds, TOPOLOGY_ENDS_MAX);
    bool is_quiet = false;
    waiting[0] = (struct pollfd){.fd = h->pace, .events = POLLIN};
    waiting[1] = (struct pollfd){.fd = h->trace, .events = POLLIN};
    for (size_t i = 0; i < n; i++)
        waiting[i + 2] = (struct pollfd){.fd = fds[i], .events = POLLIN};
    while (!is_quiet && !r->has_failed) {
        int ready = poll(waiting, n + 2, VETH_HOST_REPLY_MS);
        if (ready == 0)
            fail_with_log(r, h, "does not come to rest");
        if (ready < 0 && errno != EINTR)
            fail(r, "poll: %s", strerror(errno));
        if (ready > 0 && (waiting[0].revents != 0) && veth_host_hear(h, &is_quiet) < 0) {
            take_events(r, h);
            fail_with_log(r, h, "has ended");
        }
        veth_wire_take(r->wire, r->now);
        take_events(r, h);
    }
}

static void kick(struct run *r, struct veth_host *h)
{
    r->out->counts.events++;
    veth_host_kick(h);
    wait_quiet(r, h);
}

/* Who has something to do now, be it by its timers. */
static struct veth_host *find_due(struct run *r, bool by_timers)
{
    for (size_t i = 0; i < r->n_hosts; i++) {
        struct veth_host *h = &r->hosts[i];
        if (h->pace >= 0 && !h->is_asleep && (h->is_due || (by_timers && h->deadline_ms <= r->now)))
            return h;
    }
    return NULL;
}

/* One thing after the other, as in the simulator: a frame, and all that comes of it; who is due. */
static bool do_next(struct run *r)
{
    size_t host;
    struct veth_host *due = find_due(r, false);
    if (due != NULL) {
        kick(r, due);
        return true;
    }
    if (veth_wire_deliver(r->wire, r->now, &host)) {
        if (r->hosts[host].pace >= 0 && !r->hosts[host].is_asleep)
            kick(r, &r->hosts[host]);
        else
            veth_wire_take(r->wire, r->now); /* its kernel may have answered */
        return true;
    }
    if ((due = find_due(r, true)) == NULL)
        return veth_wire_take(r->wire, r->now);
    kick(r, due);
    return true;
}

static void settle(struct run *r)
{
    uint64_t n = 0;
    do {
        while (!r->has_failed && do_next(r) && n++ < SIM_INSTANT_MAX)
            ;
        if (!r->has_failed)
            judge_open(r);
    } while (!r->has_failed && n < SIM_INSTANT_MAX && do_next(r)); /* asking may have made news */
    if (n >= SIM_INSTANT_MAX)
        r->out->err = ERR_LIMIT;
    if (veth_wire_err(r->wire) < 0)
        fail(r, "%s", err_text(ERR_NOMEM));
}

/* ---- steps ---- */

static int write_config(struct run *r, size_t host, const char *text)
{
    char file[LAB_NAME_MAX + sizeof ".json"];
    snprintf(file, sizeof file, "%s.json", r->s->topology.hosts[host].name);
    if (rundir_write(r->dir, file, text) == 0)
        return 0;
    fail(r, "%s/%s cannot be written: %s", r->dir, file, strerror(errno));
    return ERR_IO;
}

static void start(struct run *r, struct veth_host *h)
{
    struct supervisor_plan lab = {
        .topology = &r->s->topology, .name = "run", .dir = r->dir, .programs = r->programs, .lock = -1};
    struct program_plan plan = {.lab = &lab, .outer_proc = r->outer_proc, .lock = -1};
    if (h->is_running)
        return;
    if (veth_host_start(h, &plan, r->page_fd) < 0)
        fail_with_log(r, h, strerror(errno));
    else if (h->pace >= 0)
        wait_quiet(r, h);
}

static void end(struct run *r, struct veth_host *h, int signal)
{
    take_events(r, h);
    veth_host_end(h, signal);
    take_events(r, h);
    veth_wire_take(r->wire, r->now);
}

static void forget(const struct run *r, const struct veth_host *h)
{
    char path[LAB_PATH_MAX + LAB_NAME_MAX];
    snprintf(path, sizeof path, "%s/%s.csv", r->dir, h->t->name);
    if (h->pace < 0)
        io_file_remove(path);
}

static void command(struct run *r, struct veth_host *h, const char *what)
{
    if (h->pace < 0)
        return;
    if (veth_host_command(h, what) < 0)
        fail(r, "%s cannot be told to %s: %s", h->t->name, what, strerror(errno));
    else if (!h->is_asleep)
        kick(r, h);
}

static struct veth_host *find_server(struct run *r, const char *address)
{
    ip4 addr;
    for (size_t i = 0; ip4_parse(address, &addr) && i < r->s->topology.n_ends; i++)
        if (r->s->topology.ends[i].address.addr == addr)
            return &r->hosts[r->s->topology.ends[i].host];
    return NULL;
}

/* The server of whom the client has its lease. */
static void force_renew_client(struct run *r, struct veth_host *h, const cJSON *question)
{
    cJSON *status = NULL, *reply = NULL, *which = cJSON_CreateObject();
    if (veth_host_ask(h, "status", question, &status) < 0)
        fail_with_log(r, h, "does not answer");
    const cJSON *lease =
        cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(status, "arguments"), "lease");
    struct veth_host *server = find_server(r, view_text(lease, "server"));
    cJSON_AddStringToObject(which, "ip-address", view_text(lease, "address"));
    if (server != NULL && server->pace >= 0 && veth_host_ask(server, "lease4-force-renew", which, &reply) < 0)
        fail_with_log(r, server, "does not answer");
    cJSON_Delete(status);
    cJSON_Delete(reply);
    cJSON_Delete(which);
}

static void force_renew(struct run *r, struct veth_host *h)
{
    for (size_t i = 0; h->pace >= 0 && i < h->n_clients; i++) {
        cJSON *question = cJSON_CreateObject();
        if (h->t->n_clients > 0)
            cJSON_AddNumberToObject(question, "client", (double)i);
        force_renew_client(r, h, question);
        cJSON_Delete(question);
    }
}

static void configure(struct run *r, struct veth_host *h, const char *text)
{
    cJSON *reply = NULL;
    if (write_config(r, h->place, text) < 0 || h->pace < 0)
        return;
    if (veth_host_ask(h, "config-reload", NULL, &reply) < 0)
        fail_with_log(r, h, "does not answer");
    else if (view_number(reply, "result", 1) != 0)
        fail(r, "%s does not take its new configuration: %s", h->t->name, view_text(reply, "text"));
    cJSON_Delete(reply);
}

static void add_rule(struct run *r, const struct scenario_step *step)
{
    struct sim_rule rule = scenario_rule(step);
    veth_wire_add_rule(r->wire, &rule); /* there are no more steps than rules */
}

static void do_step(struct run *r, const struct scenario_step *step)
{
    struct veth_host *h = &r->hosts[step->host];
    switch (step->what) {
    case SCENARIO_START:
        start(r, h);
        break;
    case SCENARIO_STOP:
        end(r, h, h->t->n_clients > 0 ? SIGKILL : SIGTERM); /* a crowd would release its leases first */
        break;
    case SCENARIO_CRASH:
        end(r, h, SIGKILL);
        break;
    case SCENARIO_FORGET:
        forget(r, h);
        break;
    case SCENARIO_RELEASE:
    case SCENARIO_RENEW:
    case SCENARIO_REBIND:
    case SCENARIO_DECLINE:
        command(r, h, scenario_do_name(step->what));
        break;
    case SCENARIO_SLEEP:
    case SCENARIO_WAKE:
        veth_host_set_asleep(h, step->what == SCENARIO_SLEEP);
        break;
    case SCENARIO_FORCE_RENEW:
        force_renew(r, h);
        break;
    case SCENARIO_CONFIGURE:
        configure(r, h, step->config_text);
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

static void do_steps(struct run *r)
{
    for (size_t i = 0; i < r->s->n_steps && !r->has_failed; i++)
        if (r->steps_at[i] == r->now)
            do_step(r, &r->s->steps[i]);
}

static void start_all(struct run *r)
{
    for (size_t i = 0; i < r->n_hosts && !r->has_failed; i++)
        if (!r->s->is_off[i])
            start(r, &r->hosts[i]);
}

/* ---- running ---- */

static void draw_steps(struct run *r)
{
    time_ms last = scenario_draw_steps(r->s, r->setting->seed, r->steps_at);
    r->checked_ms = time_add(last, r->s->bound_within_ms);
}

/* The kernels' patience with questions by ARP is of the machine's time: in the lab's it is over. */
static void end_patience(struct run *r)
{
    size_t host;
    const char *interface;
    ip4 addr;
    while (veth_wire_next_unanswered(r->wire, &host, &interface, &addr))
        veth_host_forget_neighbour(&r->hosts[host], interface, addr);
}

static time_ms earlier(time_ms a, time_ms b)
{
    return a < b ? a : b;
}

/* The next time at which something happens. */
static time_ms next_instant(const struct run *r)
{
    time_ms next = earlier(scenario_next_look(r->s, r->checked_ms, r->now), veth_wire_deadline(r->wire));
    for (size_t i = 0; i < r->s->n_steps; i++)
        if (r->steps_at[i] > r->now)
            next = earlier(next, r->steps_at[i]);
    for (size_t i = 0; i < r->n_hosts; i++)
        if (r->hosts[i].pace >= 0 && !r->hosts[i].is_asleep)
            next = earlier(next, r->hosts[i].deadline_ms);
    return next;
}

static void check_bound(struct run *r)
{
    struct sim_check *check = &r->out->check;
    for (size_t i = 0; i < r->n_hosts; i++) {
        const struct veth_host *h = &r->hosts[i];
        for (size_t k = 0; hears(r, i) && !check->failed && k < h->n_clients; k++) {
            if (veth_host_is_bound(&h->clients[k]) || h->clients[k].state == CLI_STOPPED)
                continue;
            check->failed = true;
            check->invariant = SIM_BOUND;
            check->at_ms = r->now;
            snprintf(check->host, sizeof check->host, "%s", h->t->name);
            snprintf(check->why, sizeof check->why, "%s is %s: %s", h->t->name,
                     cli_state_name(h->clients[k].state), h->text);
        }
    }
}

static void look(struct run *r)
{
    for (size_t i = 0; i < r->s->n_expects; i++)
        if (r->s->expects[i].until_ms == r->now)
            judge_end(r, i);
    if (r->checked_ms == r->now && (r->s->off & (1U << SIM_BOUND)) == 0)
        check_bound(r);
}

static void run_to_the_end(struct run *r)
{
    do_steps(r);
    start_all(r);
    settle(r);
    look(r);
    while (!r->has_failed && r->out->err == 0 && !r->out->check.failed && r->now < r->s->duration_ms) {
        end_patience(r);
        set_time(r, earlier(next_instant(r), r->s->duration_ms));
        do_steps(r);
        settle(r);
        look(r);
    }
}

static void conclude(struct run *r)
{
    struct scenario_outcome *out = r->out;
    out->simulated_ms = r->now;
    out->met = !out->check.failed && out->err == 0;
    for (size_t i = 0; i < r->s->n_expects && !r->has_failed; i++) {
        if (r->s->expects[i].until_ms > r->now) /* the run ended before */
            judge_end(r, i);
        out->met = out->met && out->verdicts[i].met;
    }
}

/* ---- the lab ---- */

static int make_page(struct run *r)
{
    r->page_fd = memfd_create("time", MFD_CLOEXEC);
    if (r->page_fd < 0 || ftruncate(r->page_fd, sizeof *r->page) < 0)
        return ERR_IO;
    void *at = mmap(NULL, sizeof *r->page, PROT_READ | PROT_WRITE, MAP_SHARED, r->page_fd, 0);
    if (at == MAP_FAILED)
        return ERR_IO;
    r->page = at;
    set_time(r, 0);
    return 0;
}

static int write_configs(struct run *r)
{
    for (size_t i = 0; i < r->s->topology.n_hosts; i++) {
        const struct topology_host *t = &r->s->topology.hosts[i];
        char *text = NULL;
        size_t len;
        if (t->config_file != NULL && io_file_read(t->config_file, &text, &len) < 0) {
            fail(r, "%s cannot be read: %s", t->config_file, strerror(errno));
            return ERR_IO;
        }
        const char *config = text != NULL ? text : t->config_text;
        int rc = config == NULL ? 0 : write_config(r, i, config);
        free(text);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int make_hosts(struct run *r, struct net *net)
{
    struct net_host made[LAB_HOSTS_MAX];
    int sockets[LAB_HOSTS_MAX];
    int rc = veth_net_make(net, r->s, r->dir, made, sockets);
    if (rc < 0) {
        fail(r, "%s", net->error);
        return rc;
    }
    for (size_t i = 0; rc == 0 && i < r->s->topology.n_hosts; i++) {
        rc = veth_host_init(&r->hosts[i], r->s, i, r->dir, r->setting->seed, &made[i], sockets[i]);
        r->n_hosts++;
    }
    if (rc < 0)
        fail(r, "a host cannot be made: %s", rc == ERR_NOMEM ? err_text(rc) : strerror(errno));
    return rc;
}

static int build(struct run *r, struct net *net)
{
    struct veth_wire_observer observer = {r, hears, is_concerned, sent, on_frame, asked, probed, lost, fault};
    r->outer_proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (r->outer_proc < 0 || supervisor_programs(r->programs, sizeof r->programs) < 0 || make_page(r) < 0) {
        fail(r, "the run cannot start: %s", strerror(errno));
        return ERR_IO;
    }
    int rc = write_configs(r);
    if (rc == 0)
        rc = make_hosts(r, net);
    if (rc < 0)
        return rc;
    r->wire = veth_wire_new(r->s, r->setting->seed, r->setting->only, &observer);
    if (r->wire == NULL)
        fail(r, "the wire cannot be opened: %s", strerror(errno));
    return r->wire == NULL ? ERR_IO : 0;
}

static void take_down(struct run *r)
{
    for (size_t i = 0; i < r->n_hosts; i++) {
        veth_host_end(&r->hosts[i], SIGKILL);
        veth_host_fini(&r->hosts[i]);
    }
    veth_wire_free(r->wire);
    veth_kept_fini(&r->kept);
    free(r->steps_at);
}

int veth_run(struct net *net, const char *dir, const struct scenario *s,
             const struct scenario_setting *setting, struct scenario_outcome *out, char *why)
{
    struct run *r = calloc(1, sizeof *r);
    *out = (struct scenario_outcome){.is_real = true};
    if (r == NULL)
        return ERR_NOMEM;
    *r = (struct run){.s = s, .setting = setting, .out = out, .dir = dir, .why = why};
    r->steps_at = calloc(s->n_steps + 1, sizeof *r->steps_at);
    out->verdicts = calloc(s->n_expects + 1, sizeof *out->verdicts);
    out->n_verdicts = out->verdicts == NULL ? 0 : s->n_expects;
    int rc = r->steps_at == NULL || out->verdicts == NULL ? ERR_NOMEM : build(r, net);
    if (rc == 0) {
        draw_steps(r);
        run_to_the_end(r);
        conclude(r);
        rc = r->has_failed ? ERR_IO : 0;
    }
    take_down(r);
    free(r);
    return rc;
}
