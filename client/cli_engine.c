#include "client/cli_engine.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli_answer.h"
#include "client/cli_bound.h"
#include "client/cli_carrier.h"
#include "client/cli_command.h"
#include "client/cli_force.h"
#include "client/cli_fsm.h"
#include "client/cli_inform.h"
#include "client/cli_offer.h"
#include "client/cli_probe.h"
#include "client/cli_step.h"
#include "common/err.h"

const char *cli_state_name(enum cli_state state)
{
    static const char *const names[] = {
#define X(name, text) [name] = text,
        CLI_STATE_MAP(X)
#undef X
    };
    return names[state];
}

const char *cli_hook_reason_name(enum cli_hook_reason reason)
{
    static const char *const names[] = {
#define X(name, word) [name] = word,
        CLI_HOOK_MAP(X)
#undef X
    };
    return names[reason];
}

const char *cli_timer_name(enum cli_timer timer)
{
    static const char *const names[] = {
#define X(name, token) [name] = token,
        CLI_TIMER_MAP(X)
#undef X
    };
    return names[timer];
}

/* ---- actions ---- */

void cli_actions_init(struct cli_actions *out)
{
    *out = (struct cli_actions){0};
    arena_init(&out->arena);
}

void cli_actions_reset(struct cli_actions *out)
{
    arena_reset(&out->arena);
    out->first = out->last = NULL;
}

void cli_actions_fini(struct cli_actions *out)
{
    arena_fini(&out->arena);
    out->first = out->last = NULL;
}

/* ---- what is due ---- */

static void fire(struct cli_step *s)
{
    switch (s->e->state) {
    case CLI_STOPPED:
        assert(false && "a stopped client has no timer");
        return;
    case CLI_INIT:
        s->e->n_offers = 0;
        cli_fsm_enter_sending(s, CLI_SELECTING, REASON_SEARCH, (struct trace_facts){0});
        return;
    case CLI_SELECTING:
        if (s->e->timer == CLI_TIMER_OFFERS)
            cli_offer_choose(s);
        else
            cli_bound_retransmit(s);
        return;
    case CLI_REQUESTING:
        cli_bound_retransmit(s);
        return;
    case CLI_INIT_REBOOT:
        cli_fsm_enter_sending(s, CLI_REBOOTING, REASON_REBOOT,
                              (struct trace_facts){.addr = s->e->lease.addr});
        return;
    case CLI_REBOOTING:
        if (s->now >= s->e->lease.expires_at_ms)
            cli_fsm_enter_expired(s, (struct trace_facts){.addr = s->e->lease.addr});
        else
            cli_bound_retransmit(s);
        return;
    case CLI_INFORMING:
        cli_inform_fire(s);
        return;
    case CLI_INFORMED:
        assert(false && "what was told has no end");
        return;
    case CLI_PROBING:
        cli_probe_fire(s);
        return;
    case CLI_BOUND:
    case CLI_RENEWING:
    case CLI_REBINDING:
        cli_bound_fire(s);
        return;
    }
}

/* Every firing arms a later timer, or enters INIT without a wait, which then fires once. */
static void fire_due(struct cli_step *s)
{
    while (cli_engine_deadline(s->e) <= s->now) {
        if (s->e->announce_at_ms < s->e->timer_at_ms)
            cli_probe_announce(s);
        else
            fire(s);
    }
}

/* ---- messages that come in ---- */

/* REASON_NONE if the message is an answer to us. */
static enum reason check_header(const struct cli_engine *e, const struct dhcp_msg *m)
{
    if (m->op != DHCP_BOOTREPLY)
        return REASON_MSG_REQUEST_AT_CLIENT;
    struct hw_addr hw = dhcp_msg_hw(m);
    if (!hw_equal(&hw, &e->hw))
        return REASON_CHADDR;
    /* RFC 2131 4.4.1: "If the 'xid' of an arriving DHCPOFFER message does not match the 'xid' of the most
     * recent DHCPDISCOVER message, the DHCPOFFER message must be silently discarded." A DHCPFORCERENEW
     * answers nothing. */
    return m->xid == e->xid || m->type == DHCP_FORCERENEW ? REASON_NONE : REASON_XID;
}

/* Is the sender or the server identifier one that the configuration denies? The identifier alone would let a
 * denied server through that names another one. */
static bool is_denied(const struct cli_config *c, const struct dhcp_msg *m, ip4 sender, ip4 *out)
{
    ip4 server_id = 0;
    dhcp_get_ip4(m, DHCP_OPT_SERVER_ID, &server_id);
    for (unsigned i = 0; i < c->n_deny; i++)
        if (c->deny[i] == server_id || c->deny[i] == sender) {
            *out = c->deny[i];
            return true;
        }
    return false;
}

static void on_rx(struct cli_step *s, const struct packet *packet)
{
    s->packet = packet;
    struct dhcp_msg m;
    enum reason reason = dhcp_msg_decode(&m, packet->bytes, packet->len);
    if (reason != REASON_NONE) { /* the trace of the packet says so already */
        s->e->counters->reasons[reason]++;
        return;
    }
    reason = check_header(s->e, &m);
    if (reason != REASON_NONE) {
        cli_step_drop(s, &m, reason, (struct trace_facts){.hw = dhcp_msg_hw(&m)});
        return;
    }
    s->e->counters->received[m.type]++;
    struct trace_facts denied = {.text = dhcp_type_name(m.type)};
    if (is_denied(s->e->config, &m, packet->src, &denied.other)) {
        cli_step_drop(s, &m, REASON_SERVER_DENIED, denied);
        return;
    }
    if (m.type == DHCP_OFFER)
        cli_offer_on_offer(s, &m);
    else if (m.type == DHCP_ACK)
        cli_answer_on_ack(s, &m);
    else if (m.type == DHCP_NAK)
        cli_answer_on_nak(s, &m);
    else if (m.type == DHCP_FORCERENEW)
        cli_force_on_rx(s, &m, packet);
    else
        cli_answer_drop_unexpected(s, &m);
}

static void handle(struct cli_step *s, const struct cli_event *event)
{
    switch (event->kind) {
    case CLI_START:
        cli_command_start(s, event->saved);
        return;
    case CLI_RX:
        on_rx(s, &event->packet);
        return;
    case CLI_ARP_RX:
        cli_probe_on_arp(s, &event->arp);
        return;
    case CLI_DEADLINE: /* done by fire_due() */
        return;
    case CLI_CARRIER_LOST:
        cli_carrier_lost(s);
        return;
    case CLI_CARRIER_BACK:
        cli_carrier_back(s);
        return;
    case CLI_RELEASE:
        cli_command_release(s);
        return;
    case CLI_RENEW:
        cli_command_renew(s);
        return;
    case CLI_REBIND:
        cli_command_rebind(s);
        return;
    case CLI_DECLINE:
        cli_command_decline(s);
        return;
    case CLI_INFORM:
        cli_inform_start(s, event->addr);
        return;
    case CLI_STOP:
        cli_command_stop(s);
        return;
    }
}

/* ---- the engine ---- */

struct cli_engine *cli_engine_new(const struct cli_config *config, const struct hw_addr *hw, uint64_t seed,
                                  struct cli_counters *counters)
{
    struct cli_engine *e = malloc(sizeof *e);
    if (e == NULL)
        return NULL;
    *e = (struct cli_engine){
        .config = config,
        .counters = counters,
        .hw = *hw,
        .state = CLI_STOPPED,
        .timer = CLI_NO_TIMER,
        .timer_at_ms = TIME_NEVER,
        .begun_ms = TIME_NEVER,
        .announce_at_ms = TIME_NEVER,
        .defended_ms = TIME_NEVER,
    };
    char name[HW_LEN];
    rng_init(&e->rng, seed, hw_format(hw, name));
    return e;
}

void cli_engine_free(struct cli_engine *e)
{
    free(e);
}

int cli_engine_step(struct cli_engine *e, const struct cli_event *event, struct cli_actions *out)
{
    struct cli_engine before = *e;
    struct cli_counters counted = *e->counters;
    struct cli_action *last = out->last;
    struct cli_step s = {.e = e, .now = event->now, .out = out};
    fire_due(&s);
    handle(&s, event);
    fire_due(&s);
    if (!s.failed)
        return 0;
    *e = before;
    *e->counters = counted;
    out->last = last;
    if (last != NULL)
        last->next = NULL;
    else
        out->first = NULL;
    return ERR_NOMEM;
}

time_ms cli_engine_deadline(const struct cli_engine *e)
{
    return e->announce_at_ms < e->timer_at_ms ? e->announce_at_ms : e->timer_at_ms;
}

void cli_engine_status(const struct cli_engine *e, struct cli_status *out)
{
    bool sending = e->state == CLI_SELECTING || e->state == CLI_REQUESTING || e->state == CLI_RENEWING ||
                   e->state == CLI_REBOOTING || e->state == CLI_REBINDING || e->state == CLI_INFORMING;
    *out = (struct cli_status){
        .state = e->state,
        .state_since_ms = e->state_since_ms,
        .state_reason = e->state_reason,
        .state_text = e->state_text,
        .profile = &e->config->profile,
        .lease = e->has_lease ? &e->lease : NULL,
        .inform = e->state == CLI_INFORMED ? &e->lease : NULL,
        .timer = e->announce_at_ms < e->timer_at_ms ? CLI_TIMER_ANNOUNCE : e->timer,
        .timer_at_ms = cli_engine_deadline(e),
        .wait_ms = e->timer == CLI_TIMER_RETRANSMIT ? e->timer_at_ms - e->sent_ms : TIME_NEVER,
        .wait_base_ms = cli_fsm_base_wait(e),
        .transmissions = sending ? e->transmissions : 0,
        .xid = e->xid,
        .acd_addr = e->config->acd && (e->has_lease || e->state == CLI_PROBING) ? e->lease.addr : 0,
        .probes = e->probes,
        .announcements = e->announcements,
        .conflicts = e->conflicts,
    };
    memcpy(out->sent, e->counters->sent, sizeof out->sent);
    memcpy(out->received, e->counters->received, sizeof out->received);
    memcpy(out->reasons, e->counters->reasons, sizeof out->reasons);
}
