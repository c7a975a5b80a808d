/* What a scenario wants done, with real hosts. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/io_file.h"
#include "lab/rundir.h"
#include "lab/veth_inside.h"
#include "lab/view.h"

static int write_config(struct veth_run *r, size_t host, const char *text)
{
    char file[LAB_NAME_MAX + sizeof ".json"];
    snprintf(file, sizeof file, "%s.json", r->s->topology.hosts[host].name);
    if (rundir_write(r->dir, file, text) == 0)
        return 0;
    veth_run_fail(r, "%s/%s cannot be written: %s", r->dir, file, strerror(errno));
    return ERR_IO;
}

int veth_steps_write_configs(struct veth_run *r)
{
    for (size_t i = 0; i < r->s->topology.n_hosts; i++) {
        const struct topology_host *t = &r->s->topology.hosts[i];
        char *text = NULL;
        size_t len;
        if (r->hosts[i].is_configured && t->config_file != NULL &&
            io_file_read(t->config_file, &text, &len) < 0) {
            veth_run_fail(r, "%s cannot be read: %s", t->config_file, strerror(errno));
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

static void start(struct veth_run *r, struct veth_host *h)
{
    struct supervisor_plan lab = {
        .topology = &r->s->topology, .name = "run", .dir = r->dir, .programs = r->programs, .lock = -1};
    struct program_plan plan = {.lab = &lab, .outer_proc = r->outer_proc, .lock = -1};
    if (h->is_running)
        return;
    if (veth_host_start(h, &plan, r->page_fd) < 0)
        veth_run_fail_with_log(r, h, strerror(errno));
    else if (h->pace >= 0)
        veth_run_wait_quiet(r, h);
}

static void end(struct veth_run *r, struct veth_host *h, int signal)
{
    veth_judge_events(r, h);
    veth_host_end(h, signal);
    veth_judge_events(r, h);
    veth_wire_take(r->wire, r->now);
}

static void forget(const struct veth_run *r, const struct veth_host *h)
{
    char path[LAB_PATH_MAX + LAB_NAME_MAX];
    snprintf(path, sizeof path, "%s/%s.csv", r->dir, h->t->name);
    if (h->pace < 0)
        io_file_remove(path);
}

static void command(struct veth_run *r, struct veth_host *h, const char *what)
{
    if (h->pace < 0 || h->is_asleep)
        return;
    if (veth_host_command(h, what) < 0)
        veth_run_fail(r, "%s cannot be told to %s: %s", h->t->name, what, strerror(errno));
    else
        veth_run_kick(r, h);
}

static struct veth_host *find_server(struct veth_run *r, const char *address)
{
    ip4 addr;
    for (size_t i = 0; ip4_parse(address, &addr) && i < r->s->topology.n_ends; i++)
        if (r->s->topology.ends[i].address.addr == addr)
            return &r->hosts[r->s->topology.ends[i].host];
    return NULL;
}

/* The server of whom the client has its lease. */
static void force_renew_client(struct veth_run *r, struct veth_host *h, const cJSON *question)
{
    cJSON *status = NULL, *reply = NULL, *which = cJSON_CreateObject();
    if (veth_host_ask(h, "status", question, &status) < 0)
        veth_run_fail_with_log(r, h, "does not answer");
    const cJSON *lease =
        cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(status, "arguments"), "lease");
    struct veth_host *server = find_server(r, view_text(lease, "server"));
    cJSON_AddStringToObject(which, "ip-address", view_text(lease, "address"));
    if (server != NULL && server->pace >= 0 && veth_host_ask(server, "lease4-force-renew", which, &reply) < 0)
        veth_run_fail_with_log(r, server, "does not answer");
    cJSON_Delete(status);
    cJSON_Delete(reply);
    cJSON_Delete(which);
}

static void force_renew(struct veth_run *r, struct veth_host *h)
{
    for (size_t i = 0; h->pace >= 0 && !h->is_asleep && i < h->n_clients; i++) {
        cJSON *question = cJSON_CreateObject();
        if (h->t->n_clients > 0)
            cJSON_AddNumberToObject(question, "client", (double)i);
        force_renew_client(r, h, question);
        cJSON_Delete(question);
    }
}

static void configure(struct veth_run *r, struct veth_host *h, const struct scenario_step *step)
{
    cJSON *reply = NULL;
    if (write_config(r, h->place, step->config_text) < 0)
        return;
    h->config = step->config;
    if (h->pace < 0)
        return;
    if (veth_host_ask(h, "config-reload", NULL, &reply) < 0)
        veth_run_fail_with_log(r, h, "does not answer");
    else if (view_number(reply, "result", 1) != 0)
        veth_run_fail(r, "%s does not take its new configuration: %s", h->t->name, view_text(reply, "text"));
    cJSON_Delete(reply);
}

static void add_rule(struct veth_run *r, const struct scenario_step *step)
{
    struct sim_rule rule = scenario_rule(step);
    veth_wire_add_rule(r->wire, &rule); /* there are no more steps than rules */
}

static void do_step(struct veth_run *r, const struct scenario_step *step)
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
    case SCENARIO_INFORM:
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
        configure(r, h, step);
        break;
    case SCENARIO_CUT:
    case SCENARIO_HEAL:
    case SCENARIO_FAULTS:
    case SCENARIO_DROP:
        add_rule(r, step);
        break;
    case SCENARIO_ADVANCE: /* its time has passed: scenario_clock_apply() */
        break;
    }
}

void veth_steps_do(struct veth_run *r)
{
    for (size_t i = 0; i < r->s->n_steps && !r->has_failed; i++)
        if (r->steps_at[i] == r->now)
            do_step(r, &r->s->steps[i]);
}

void veth_steps_start_all(struct veth_run *r)
{
    for (size_t i = 0; i < r->n_hosts && !r->has_failed; i++)
        if (!r->s->is_off[i])
            start(r, &r->hosts[i]);
}
