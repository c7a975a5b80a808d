#include "lab/veth_run.h"

#include <errno.h>
#include <fcntl.h>
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
#include "lab/veth_inside.h"
#include "lab/veth_net.h"

enum { LOG_SHOWN_MAX = 2000 };

/* The first failure is the one that is told. */
void veth_run_fail(struct veth_run *r, const char *format, ...)
{
    if (r->has_failed)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(r->why, VETH_RUN_WHY_MAX, format, args);
    va_end(args);
    r->has_failed = true;
}

void veth_run_fail_with_log(struct veth_run *r, const struct veth_host *h, const char *what)
{
    char *log = veth_host_log(h);
    size_t len = log == NULL ? 0 : strlen(log);
    veth_run_fail(r, "the program on %s %s\n%s", h->t->name, what,
                  log == NULL           ? ""
                  : len > LOG_SHOWN_MAX ? log + len - LOG_SHOWN_MAX
                                        : log);
    free(log);
}

static void set_time(struct veth_run *r, time_ms now)
{
    r->now = now;
    r->page->boot_ms = now;
    r->page->wall_ms = SIM_EPOCH_MS + now;
}

/* ---- what the wire tells ---- */

static bool is_up(void *user, size_t host)
{
    const struct veth_run *r = user;
    return r->hosts[host].is_running;
}

static bool hears(void *user, size_t host)
{
    const struct veth_run *r = user;
    return r->hosts[host].is_running && !r->hosts[host].is_asleep;
}

static bool is_concerned(void *user, size_t host, ip4 addr)
{
    const struct veth_run *r = user;
    const struct veth_host *h = &r->hosts[host];
    for (size_t i = 0; i < h->n_clients; i++) {
        const struct veth_client *c = &h->clients[i];
        bool is_probing = c->state == CLI_PROBING || veth_host_is_bound(c);
        bool will_probe = c->state == CLI_PROBING && c->told.addr == addr;
        if (will_probe || (is_probing && c->probed == addr) || veth_host_address(h, i) == addr)
            return true;
    }
    return false;
}

/* Crowds answer ARP themselves, and with address conflict detection a client listens to it. */
static void asked(void *user, size_t host)
{
    struct veth_run *r = user;
    struct veth_host *h = &r->hosts[host];
    h->is_due = h->is_due ||
                (h->pace >= 0 && (h->t->n_clients > 0 || (h->n_clients > 0 && r->s->clients[host]->acd)));
}

static void probed(void *user, size_t host, ip4 addr)
{
    struct veth_run *r = user;
    for (size_t i = 0; i < r->hosts[host].n_clients; i++)
        r->hosts[host].clients[i].probed = addr;
}

/* Is it the host's own, and not what it only hands on as a router? */
static bool is_own(const struct veth_run *r, size_t host, const struct packet *packet)
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
static void note_ack(struct veth_run *r, const struct packet *packet)
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
    struct veth_run *r = user;
    if (direction == TRACE_RX && packet != NULL)
        veth_check_received(r, &r->hosts[r->s->topology.ends[port->index - 1].host], packet);
    if (r->setting->frame != NULL)
        r->setting->frame(r->setting->frame_user, r->now, port, direction, packet, arp);
}

static void sent(void *user, size_t host, const struct packet *packet)
{
    struct veth_run *r = user;
    r->out->counts.messages++;
    if (packet->dport == DHCP_PORT_CLIENT)
        note_ack(r, packet);
    veth_check_sent(r, &r->hosts[host], packet);
    for (size_t i = 0; i < r->s->n_expects && is_own(r, host, packet); i++)
        if (r->s->expects[i].host == host)
            scenario_judge_message(&r->s->expects[i], r->now, packet, &r->out->verdicts[i]);
}

static void lost(void *user, const char *link, const struct packet *packet, enum reason reason)
{
    struct veth_run *r = user;
    struct trace_facts facts = {.text = link};
    struct trace_stamp stamp = {.now = {.boot_ms = r->now, .wall_ms = SIM_EPOCH_MS + r->now}, .node = link};
    cJSON *event = r->setting->trace == NULL ? NULL : trace_drop_json(&stamp, "wire", packet, reason, &facts);
    r->out->counts.lost++;
    if (event != NULL)
        r->setting->trace(r->setting->trace_user, event);
}

static void fault(void *user, const struct sim_fault *what)
{
    struct veth_run *r = user;
    if (scenario_outcome_add_fault(r->out, what) < 0)
        veth_run_fail(r, "%s", err_text(ERR_NOMEM));
}

/* ---- waiting for quiet ---- */

static void arm(const struct veth_run *r, const struct veth_host *h)
{
    veth_wire_arm(r->wire, h->place, h->pace >= 0 && !h->is_asleep ? h->deadline_ms : TIME_NEVER);
}

/* What a program says or sends meanwhile is taken: it may wait for us. */
void veth_run_wait_quiet(struct veth_run *r, struct veth_host *h)
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
            veth_run_fail_with_log(r, h, "does not come to rest");
        if (ready < 0 && errno != EINTR)
            veth_run_fail(r, "poll: %s", strerror(errno));
        if (ready > 0 && (waiting[0].revents != 0) && veth_host_hear(h, &is_quiet) < 0) {
            veth_judge_events(r, h);
            veth_run_fail_with_log(r, h, "has ended");
        }
        veth_wire_take(r->wire, r->now);
        veth_judge_events(r, h);
    }
    arm(r, h);
}

void veth_run_kick(struct veth_run *r, struct veth_host *h)
{
    r->out->counts.events++;
    veth_host_kick(h);
    veth_run_wait_quiet(r, h);
}

/* Who was asked, or has woken up. */
static struct veth_host *find_due(struct veth_run *r)
{
    for (size_t i = 0; i < r->n_hosts; i++) {
        struct veth_host *h = &r->hosts[i];
        if (h->pace >= 0 && !h->is_asleep && h->is_due)
            return h;
    }
    return NULL;
}

/* One thing after the other, as in the simulator: a timer or a frame, and all that comes of it. */
static bool do_next(struct veth_run *r)
{
    size_t host;
    struct veth_host *due = find_due(r);
    if (due == NULL && veth_wire_next_timer(r->wire, r->now, &host))
        due = &r->hosts[host];
    if (due != NULL) {
        veth_run_kick(r, due);
        return true;
    }
    if (!veth_wire_deliver(r->wire, r->now, &host))
        return veth_wire_take(r->wire, r->now);
    if (r->hosts[host].pace >= 0 && !r->hosts[host].is_asleep)
        veth_run_kick(r, &r->hosts[host]);
    else
        veth_wire_take(r->wire, r->now); /* its kernel may have answered */
    return true;
}

/* Until nothing is left to do at this instant; n counts what was done at it. */
static void drain(struct veth_run *r, uint64_t *n)
{
    while (!r->has_failed && *n < SIM_INSTANT_MAX && do_next(r))
        ++*n;
}

/* A server that was asked for its leases is kicked once more and tells its next timer. It is not asked again
 * at this instant: what stays unmet would be asked for without end. */
static void settle(struct veth_run *r)
{
    uint64_t n = 0;
    for (size_t i = 0; i < r->n_hosts; i++)
        arm(r, &r->hosts[i]); /* a step may have ended it, or put it to sleep */
    drain(r, &n);
    if (!r->has_failed)
        veth_judge_open(r);
    drain(r, &n);
    if (n >= SIM_INSTANT_MAX)
        r->out->err = ERR_LIMIT;
    if (veth_wire_err(r->wire) < 0)
        veth_run_fail(r, "%s", err_text(ERR_NOMEM));
}

/* ---- running ---- */

static void draw_steps(struct veth_run *r)
{
    time_ms last = scenario_draw_steps(r->s, r->setting->seed, r->steps_at);
    r->checked_ms = time_add(last, r->s->bound_within_ms);
}

/* The kernels' patience with questions by ARP is of the machine's time: in the lab's it is over. */
static void end_patience(struct veth_run *r)
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
static time_ms next_instant(const struct veth_run *r)
{
    time_ms next = earlier(scenario_next_look(r->s, r->checked_ms, r->now), veth_wire_deadline(r->wire));
    for (size_t i = 0; i < r->s->n_steps; i++)
        if (r->steps_at[i] > r->now)
            next = earlier(next, r->steps_at[i]);
    return next;
}

static bool is_step_now(const struct veth_run *r)
{
    size_t i = 0;
    while (i < r->s->n_steps && r->steps_at[i] != r->now)
        i++;
    return i < r->s->n_steps;
}

static void look(struct veth_run *r)
{
    for (size_t i = 0; i < r->s->n_expects; i++)
        if (r->s->expects[i].until_ms == r->now)
            veth_judge_end(r, i);
    veth_check_rest(r);
    if (is_step_now(r) || r->now == r->s->duration_ms)
        veth_check_leases(r);
    if (r->checked_ms == r->now)
        veth_check_bound(r);
}

static void run_to_the_end(struct veth_run *r)
{
    veth_steps_do(r);
    veth_steps_start_all(r);
    settle(r);
    look(r);
    while (!r->has_failed && r->out->err == 0 && !r->out->check.failed && r->now < r->s->duration_ms) {
        end_patience(r);
        set_time(r, earlier(next_instant(r), r->s->duration_ms));
        if (r->setting->progress != NULL)
            r->setting->progress(r->setting->progress_user, r->now);
        veth_steps_do(r);
        settle(r);
        look(r);
    }
}

static void conclude(struct veth_run *r)
{
    struct scenario_outcome *out = r->out;
    out->simulated_ms = r->now;
    out->met = !out->check.failed && out->err == 0;
    if (out->check.failed)
        out->around = veth_kept_ladder(&r->kept, r->s, out->check.host);
    for (size_t i = 0; i < r->s->n_expects && !r->has_failed; i++) {
        if (r->s->expects[i].until_ms > r->now) /* the run ended before */
            veth_judge_end(r, i);
        out->met = out->met && out->verdicts[i].met;
    }
}

/* ---- the lab ---- */

static int make_page(struct veth_run *r)
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

static int make_hosts(struct veth_run *r, struct net *net)
{
    struct net_host made[LAB_HOSTS_MAX];
    int sockets[LAB_HOSTS_MAX];
    int rc = veth_net_make(net, r->s, r->dir, made, sockets);
    if (rc < 0) {
        veth_run_fail(r, "%s", net->error);
        return rc;
    }
    for (size_t i = 0; rc == 0 && i < r->s->topology.n_hosts; i++) {
        rc = veth_host_init(&r->hosts[i], r->s, i, r->dir, r->setting->seed, &made[i], sockets[i]);
        r->n_hosts++;
    }
    if (rc < 0)
        veth_run_fail(r, "a host cannot be made: %s", rc == ERR_NOMEM ? err_text(rc) : strerror(errno));
    return rc;
}

static int build(struct veth_run *r, struct net *net)
{
    struct veth_wire_observer observer = {r,        is_up, hears,  is_concerned, sent,
                                          on_frame, asked, probed, lost,         fault};
    r->outer_proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (r->outer_proc < 0 || make_page(r) < 0) {
        veth_run_fail(r, "the run cannot start: %s", strerror(errno));
        return ERR_IO;
    }
    int rc = make_hosts(r, net);
    if (rc == 0)
        rc = veth_steps_write_configs(r);
    if (rc < 0)
        return rc;
    r->wire = veth_wire_new(r->s, r->setting->seed, r->setting->only, &observer);
    if (r->wire == NULL)
        veth_run_fail(r, "the wire cannot be opened: %s", strerror(errno));
    return r->wire == NULL ? ERR_IO : 0;
}

static void take_down(struct veth_run *r)
{
    for (size_t i = 0; i < r->n_hosts; i++) {
        veth_host_end(&r->hosts[i], SIGKILL);
        veth_host_fini(&r->hosts[i]);
    }
    veth_wire_free(r->wire);
    veth_kept_fini(&r->kept);
    free(r->steps_at);
}

int veth_run(struct net *net, const char *dir, const char *programs, const struct scenario *s,
             const struct scenario_setting *setting, struct scenario_outcome *out, char *why)
{
    struct veth_run *r = calloc(1, sizeof *r);
    *out = (struct scenario_outcome){.is_real = true, .check.off = s->off};
    if (r == NULL)
        return ERR_NOMEM;
    *r = (struct veth_run){
        .s = s, .setting = setting, .out = out, .dir = dir, .programs = programs, .why = why};
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
