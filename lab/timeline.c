#include "lab/timeline.h"

#include <stdlib.h>
#include <string.h>

#include "common/dhcp_msg.h"
#include "common/err.h"

static const struct hw_addr client_hw = {.type = 1, .len = 6, .bytes = {2, 0, 0, 0, 0, 1}};
static const ip4 server_addr = 0x0a4d0001, client_addr = 0x0a4d0064; /* 10.77.0.1, 10.77.0.100 */
static const ip4 netmask = 0xffffff00;

/* One client on its way. */
struct run {
    const struct timeline_setting *setting;
    struct timeline *t;
    struct cli_config config;
    struct cli_engine *engine;
    struct cli_counters counters;
    struct cli_actions actions;
    time_ms now;
    enum cli_state state;
    enum reason reason;
    bool has_state_event;            /* the last event is the change to this state */
    unsigned counts[TIMELINE_STATE]; /* in this state */
    struct dhcp_msg question;        /* the message that the server is to answer */
    bool is_asked, is_over;
};

static int add(struct run *r, struct timeline_event event)
{
    struct timeline *t = r->t;
    if (t->n_events == TIMELINE_EVENTS_MAX)
        return ERR_LIMIT;
    if (t->n_events == t->capacity) {
        size_t capacity = t->capacity == 0 ? 64 : 2 * t->capacity;
        struct timeline_event *events = realloc(t->events, capacity * sizeof *events);
        if (events == NULL)
            return ERR_NOMEM;
        t->events = events;
        t->capacity = capacity;
    }
    event.at_ms = r->now;
    event.state = r->state;
    event.reason = r->reason;
    t->events[t->n_events++] = event;
    return 0;
}

/* What goes out in a state says that it has been entered: the event for that alone is taken back. */
static int add_sent(struct run *r, struct timeline_event event)
{
    if (r->has_state_event)
        r->t->n_events--;
    r->has_state_event = false;
    event.nth = ++r->counts[event.kind];
    return add(r, event);
}

static int take_state(struct run *r, const struct trace_event *trace)
{
    struct cli_status status;
    cli_engine_status(r->engine, &status);
    bool had_lease = r->t->has_lease;
    for (int state = 0; state <= CLI_REBINDING; state++)
        if (strcmp(cli_state_name((enum cli_state)state), trace->to) == 0)
            r->state = (enum cli_state)state;
    r->reason = trace->reason;
    memset(r->counts, 0, sizeof r->counts);
    if (r->state == CLI_BOUND && !had_lease) {
        r->t->has_lease = true;
        r->t->lease = *status.lease;
        r->t->leased_ms = status.profile->is_base_ack ? status.lease->acked_ms : status.lease->requested_ms;
    }
    int rc = add(r, (struct timeline_event){.kind = TIMELINE_STATE});
    r->has_state_event = rc == 0 && r->state != CLI_BOUND && r->state != CLI_INIT;
    r->is_over = had_lease && r->state == CLI_INIT;
    return rc;
}

static int take_tx(struct run *r, const struct packet *packet)
{
    if (dhcp_msg_decode(&r->question, packet->bytes, packet->len) != REASON_NONE)
        return ERR_INVALID;
    r->is_asked = true;
    return add_sent(
        r, (struct timeline_event){.kind = TIMELINE_SEND, .type = r->question.type, .dst = packet->dst});
}

static int take_action(struct run *r, const struct cli_action *action)
{
    if (action->kind == CLI_TX)
        return take_tx(r, &action->packet);
    if (action->kind == CLI_ARP_PROBE)
        return add_sent(r, (struct timeline_event){.kind = TIMELINE_PROBE});
    if (action->kind == CLI_ARP_ANNOUNCE)
        return add_sent(r, (struct timeline_event){.kind = TIMELINE_ANNOUNCE});
    if (action->kind == CLI_TRACE && action->trace.kind == TRACE_STATE)
        return take_state(r, &action->trace);
    return 0;
}

static int step(struct run *r, const struct cli_event *event)
{
    int rc = cli_engine_step(r->engine, event, &r->actions);
    for (const struct cli_action *a = r->actions.first; rc == 0 && a != NULL && !r->is_over; a = a->next)
        rc = take_action(r, a);
    cli_actions_reset(&r->actions);
    return rc;
}

static int answer(struct run *r)
{
    const struct timeline_setting *setting = r->setting;
    struct dhcp_msg m;
    dhcp_msg_init(&m, DHCP_BOOTREPLY);
    m.htype = client_hw.type;
    m.hlen = client_hw.len;
    memcpy(m.chaddr, client_hw.bytes, client_hw.len);
    m.xid = r->question.xid;
    m.yiaddr = client_addr;
    dhcp_put_u8(&m, DHCP_OPT_TYPE, r->question.type == DHCP_DISCOVER ? DHCP_OFFER : DHCP_ACK);
    dhcp_put_ip4(&m, DHCP_OPT_SERVER_ID, server_addr);
    dhcp_put_u32(&m, DHCP_OPT_LEASE_TIME, setting->lease_s);
    dhcp_put_ip4(&m, DHCP_OPT_SUBNET_MASK, netmask);
    if (setting->t1_s != 0)
        dhcp_put_u32(&m, DHCP_OPT_T1, setting->t1_s);
    if (setting->t2_s != 0)
        dhcp_put_u32(&m, DHCP_OPT_T2, setting->t2_s);
    uint8_t buf[DHCP_MSG_MAX];
    unsigned dropped;
    struct cli_event event = {.kind = CLI_RX, .now = r->now, .packet = {.src = server_addr, .bytes = buf}};
    event.packet.len = dhcp_msg_encode(&m, buf, sizeof buf, &dropped);
    return step(r, &event);
}

/* The server is gone as soon as it has given a lease. */
static bool is_answered(struct run *r)
{
    bool asked = r->is_asked;
    r->is_asked = false;
    return asked && !r->setting->no_server && (r->state == CLI_SELECTING || r->state == CLI_REQUESTING);
}

static int run(struct run *r)
{
    int rc = step(r, &(struct cli_event){.kind = CLI_START});
    while (rc == 0 && !r->is_over) {
        if (is_answered(r)) {
            rc = answer(r);
            continue;
        }
        time_ms at = cli_engine_deadline(r->engine);
        if (at == TIME_NEVER || (r->setting->no_server && at > r->setting->until_ms))
            break;
        r->now = at;
        rc = step(r, &(struct cli_event){.kind = CLI_DEADLINE, .now = at});
    }
    return rc;
}

int timeline_run(const struct timeline_setting *setting, const struct cli_profile *profile,
                 struct timeline *out)
{
    *out = (struct timeline){.profile = profile};
    struct run *r = calloc(1, sizeof *r);
    if (r == NULL)
        return ERR_NOMEM;
    r->setting = setting;
    r->t = out;
    int rc = cli_config_init(&r->config);
    cli_config_use_profile(&r->config, profile);
    cli_actions_init(&r->actions);
    r->engine = cli_engine_new(&r->config, &client_hw, setting->seed, &r->counters);
    if (rc == 0)
        rc = r->engine != NULL ? run(r) : ERR_NOMEM;
    cli_engine_free(r->engine);
    cli_actions_fini(&r->actions);
    free(r);
    return rc;
}

void timeline_fini(struct timeline *t)
{
    free(t->events);
    t->events = NULL;
}
