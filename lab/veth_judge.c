/* What is to be seen of the hosts of a run on the wire, and whether it is what is expected. */
#include <string.h>

#include "lab/veth_inside.h"
#include "lab/view.h"

static struct scenario_facts facts_of(struct veth_run *r, const struct scenario_expect *e)
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
            veth_run_fail_with_log(r, h, "does not answer");
        facts.n_leases =
            (size_t)view_number(cJSON_GetObjectItemCaseSensitive(reply, "arguments"), "active_leases", 0);
        cJSON_Delete(reply);
    }
    return facts;
}

/* Is there something to be seen now? */
static bool is_open(const struct veth_run *r, size_t i)
{
    const struct scenario_expect *e = &r->s->expects[i];
    return r->out->verdicts[i].seen == 0 && r->now >= e->from_ms && r->now <= e->until_ms &&
           e->fact != SCENARIO_SENDS && e->fact != SCENARIO_REASON;
}

void veth_judge_open(struct veth_run *r)
{
    for (size_t i = 0; i < r->s->n_expects; i++)
        if (is_open(r, i)) {
            struct scenario_facts facts = facts_of(r, &r->s->expects[i]);
            scenario_judge_host(&r->s->expects[i], r->now, &facts, &r->out->verdicts[i]);
        }
}

/* States pass within an instant. */
static void judge_states(struct veth_run *r, const struct veth_host *h)
{
    for (size_t i = 0; i < r->s->n_expects; i++) {
        const struct scenario_expect *e = &r->s->expects[i];
        if (e->host == h->place && e->fact == SCENARIO_STATE && is_open(r, i)) {
            struct scenario_facts facts = facts_of(r, e);
            scenario_judge_host(e, r->now, &facts, &r->out->verdicts[i]);
        }
    }
}

static void judge_reason(struct veth_run *r, const struct veth_host *h, const char *token)
{
    for (size_t i = 0; i < r->s->n_expects; i++) {
        const struct scenario_expect *e = &r->s->expects[i];
        if (e->host == h->place)
            scenario_judge_reason(e, r->now, token, &r->out->verdicts[i]);
    }
}

/* What cannot come true any more ends here, with the messages before. */
void veth_judge_end(struct veth_run *r, size_t i)
{
    const struct scenario_expect *e = &r->s->expects[i];
    struct scenario_verdict *v = &r->out->verdicts[i];
    struct scenario_facts facts = facts_of(r, e);
    scenario_judge_end(e, r->now, &facts, v);
    if (!v->met && v->around == NULL)
        v->around = veth_kept_ladder(&r->kept, r->s, r->hosts[e->host].t->name);
}

/* ---- what the programs tell ---- */

static void take_event(struct veth_run *r, struct veth_host *h, const char *line)
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
        struct veth_client *client = veth_host_note(h, event);
        if (client != NULL)
            veth_check_state(r, h, client, event);
        judge_states(r, h);
    }
    if (r->setting->trace != NULL)
        r->setting->trace(r->setting->trace_user, event);
    else
        cJSON_Delete(event);
}

void veth_judge_events(struct veth_run *r, struct veth_host *h)
{
    for (const char *line; (line = veth_host_next_event(h)) != NULL;)
        take_event(r, h, line);
}
