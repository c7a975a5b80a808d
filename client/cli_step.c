#include "client/cli_step.h"

#include <assert.h>
#include <string.h>

#include "common/dhcp_opt.h"

void *cli_step_alloc(struct cli_step *s, size_t size)
{
    void *p = arena_alloc(&s->out->arena, size);
    if (p == NULL)
        s->failed = true;
    return p;
}

struct cli_action *cli_step_append(struct cli_step *s, enum cli_action_kind kind)
{
    struct cli_action *action = cli_step_alloc(s, sizeof *action);
    if (action == NULL)
        return NULL;
    action->kind = kind;
    if (s->out->last != NULL)
        s->out->last->next = action;
    else
        s->out->first = action;
    s->out->last = action;
    return action;
}

void cli_step_trace(struct cli_step *s, const struct trace_event *event)
{
    s->e->counters->reasons[event->reason]++;
    struct cli_action *action = cli_step_append(s, CLI_TRACE);
    if (action == NULL)
        return;
    action->trace = *event;
    action->trace.client = s->e->hw;
}

void cli_step_decide(struct cli_step *s, enum reason reason, struct trace_facts facts)
{
    cli_step_trace(
        s, &(struct trace_event){.kind = TRACE_DECISION, .reason = reason, .facts = facts, .xid = s->e->xid});
}

void cli_step_drop(struct cli_step *s, const struct dhcp_msg *m, enum reason reason, struct trace_facts facts)
{
    cli_step_trace(
        s, &(struct trace_event){.kind = TRACE_DROP, .reason = reason, .facts = facts, .xid = m->xid});
}

void cli_step_forget(struct cli_step *s)
{
    if (s->e->is_saved)
        cli_step_append(s, CLI_LEASE_FORGET);
    s->e->is_saved = false;
}

void cli_step_keep_ack(struct cli_step *s)
{
    uint8_t *bytes = cli_step_alloc(s, s->packet->len);
    struct cli_action *action = cli_step_append(s, CLI_ACK_KEEP);
    if (bytes == NULL || action == NULL)
        return;
    memcpy(bytes, s->packet->bytes, s->packet->len);
    action->packet = (struct packet){.bytes = bytes, .len = s->packet->len};
}

void cli_step_send(struct cli_step *s, const struct cli_draft *draft)
{
    struct cli_engine *e = s->e;
    struct dhcp_msg m;
    cli_message_build(e->config, &e->hw, draft, &m);
    uint8_t buf[DHCP_MSG_MAX];
    unsigned dropped;
    size_t len = dhcp_msg_encode(&m, buf, sizeof buf, &dropped);
    assert(dropped == 0);
    uint8_t *bytes = cli_step_alloc(s, len);
    struct cli_action *action = cli_step_append(s, CLI_TX);
    if (bytes == NULL || action == NULL)
        return;
    memcpy(bytes, buf, len);
    action->packet = (struct packet){
        .src_hw = e->hw,
        .src = m.ciaddr,
        .dst = draft->server_id,
        .sport = DHCP_PORT_CLIENT,
        .dport = DHCP_PORT_SERVER,
        .bytes = bytes,
        .len = len,
    };
    /* RFC 5227 2.1: "Before beginning to use an IPv4 address ... a host ... MUST test to see if the address
     * is already in use". A RELEASE before the end of that test does not come from the address, and so,
     * unlike others (RFC 2131 4.4.4), it is broadcast. */
    bool is_unproven = e->state == CLI_PROBING;
    if (is_unproven)
        action->packet.src = 0;
    if (is_unproven || !cli_message_is_unicast(draft->form)) {
        action->packet.dst = IP4_BROADCAST;
        action->packet.dst_hw = hw_broadcast(&e->hw);
    }
    uint8_t type = 0;
    dhcp_get_u8(&m, DHCP_OPT_TYPE, &type);
    e->counters->sent[type]++;
    e->sent_ms = s->now;
}
