#include "client/cli_fsm.h"

#include <assert.h>

#include "client/cli_timing.h"

enum { SECS_MAX = UINT16_MAX };

const struct cli_alarm cli_fsm_no_alarm = {CLI_NO_TIMER, TIME_NEVER};

void cli_fsm_arm(struct cli_engine *e, struct cli_alarm timer)
{
    e->timer = timer.at_ms == TIME_NEVER ? CLI_NO_TIMER : timer.kind;
    e->timer_at_ms = timer.at_ms;
}

static enum cli_hook_reason hook_of_init(enum cli_state from, enum reason reason)
{
    if (reason == REASON_STARTED)
        return CLI_HOOK_PREINIT;
    if (reason == REASON_CARRIER_BACK)
        return CLI_HOOK_CARRIER;
    if (reason == REASON_GOT_NAK)
        return CLI_HOOK_NAK;
    if (reason == REASON_V6ONLY_WAIT)
        return CLI_HOOK_V6ONLY;
    if (from == CLI_BOUND || from == CLI_RENEWING || from == CLI_REBINDING || reason == REASON_EXPIRED)
        return CLI_HOOK_EXPIRE;
    return from == CLI_PROBING || reason == REASON_GAVE_UP ? CLI_HOOK_FAIL : CLI_HOOK_NONE;
}

/* What the hook script is told of a change. */
static enum cli_hook_reason hook_of(const struct cli_engine *e, enum cli_state to, enum reason reason)
{
    switch (to) {
    case CLI_INIT_REBOOT:
        return reason == REASON_CARRIER_BACK ? CLI_HOOK_CARRIER : CLI_HOOK_PREINIT;
    case CLI_INIT:
        return hook_of_init(e->state, reason);
    case CLI_BOUND:
        return reason == REASON_RENEW_GAVE_UP ? CLI_HOOK_NONE : e->granted_as;
    case CLI_INFORMED:
        return CLI_HOOK_INFORM;
    case CLI_STOPPED:
        if (reason == REASON_COMMAND_RELEASE)
            return CLI_HOOK_RELEASE;
        return reason == REASON_COMMAND_STOP ? CLI_HOOK_STOP : CLI_HOOK_FAIL;
    case CLI_SELECTING:
    case CLI_REQUESTING:
    case CLI_REBOOTING:
    case CLI_PROBING:
    case CLI_RENEWING:
    case CLI_REBINDING:
    case CLI_INFORMING:
        return CLI_HOOK_NONE;
    }
    return CLI_HOOK_NONE;
}

static void tell_hook(struct cli_step *s, enum cli_hook_reason hook, enum cli_state to)
{
    struct cli_action *action = hook == CLI_HOOK_NONE ? NULL : cli_step_append(s, CLI_HOOK);
    if (action == NULL)
        return;
    action->hook = hook;
    action->has_lease = to == CLI_BOUND || to == CLI_INFORMED;
    action->lease = s->e->lease;
}

void cli_fsm_change(struct cli_step *s, enum cli_state to, enum reason reason, struct trace_facts facts,
                    struct cli_alarm timer)
{
    struct cli_engine *e = s->e;
    cli_step_trace(s, &(struct trace_event){
                          .kind = TRACE_STATE,
                          .reason = reason,
                          .facts = facts,
                          .xid = e->xid,
                          .from = cli_state_name(e->state),
                          .to = cli_state_name(to),
                      });
    tell_hook(s, hook_of(e, to, reason), to);
    e->state = to;
    e->state_since_ms = s->now;
    e->state_reason = reason;
    trace_sentence(reason, &facts, e->state_text, sizeof e->state_text);
    cli_fsm_arm(e, timer);
}

bool cli_fsm_is_infinite(const struct cli_engine *e)
{
    return e->has_lease && e->lease.expires_at_ms == TIME_NEVER;
}

const struct cli_waits *cli_fsm_waits(const struct cli_engine *e, enum cli_state state)
{
    const struct cli_profile *p = &e->config->profile;
    switch (state) {
    case CLI_SELECTING:
        return &p->discover;
    case CLI_REQUESTING:
    case CLI_INFORMING: /* RFC 2131 4.4.3: "60 seconds or 4 tries", as for a REQUEST */
        return &p->request;
    case CLI_REBOOTING:
        return &p->reboot;
    case CLI_RENEWING:
        /* Only on command: there is no T2, so half of the time until T2 has no meaning. */
        return cli_fsm_is_infinite(e) ? &p->request : &p->renew.waits;
    case CLI_REBINDING:
        return cli_fsm_is_infinite(e) ? &p->request : &p->rebind.waits;
    case CLI_STOPPED:
    case CLI_INIT:
    case CLI_INIT_REBOOT:
    case CLI_PROBING:
    case CLI_BOUND:
    case CLI_INFORMED:
        break;
    }
    assert(false && "nothing is sent in this state");
    return &p->discover;
}

static struct cli_alarm backoff_timer(struct cli_step *s, enum cli_state state)
{
    time_ms wait_ms = cli_timing_wait(cli_fsm_waits(s->e, state), s->e->transmissions, &s->e->rng);
    return (struct cli_alarm){CLI_TIMER_RETRANSMIT, s->now + wait_ms};
}

time_ms cli_fsm_base_wait(const struct cli_engine *e)
{
    const struct cli_profile *p = &e->config->profile;
    bool is_half =
        (e->state == CLI_RENEWING && p->renew.is_half) || (e->state == CLI_REBINDING && p->rebind.is_half);
    if (e->timer != CLI_TIMER_RETRANSMIT)
        return TIME_NEVER;
    if (is_half && !cli_fsm_is_infinite(e))
        return e->timer_at_ms - e->sent_ms;
    return cli_timing_base(cli_fsm_waits(e, e->state), e->transmissions);
}

/* When to retransmit, or what comes before that. */
static struct cli_alarm retry_or(struct cli_step *s, const struct cli_retry *retry, enum cli_timer end,
                                 time_ms end_ms)
{
    struct cli_engine *e = s->e;
    time_ms at_ms =
        cli_timing_retry_at(retry, e->transmissions, s->now, end_ms, e->lease.expires_at_ms, &e->rng);
    return at_ms == TIME_NEVER ? (struct cli_alarm){end, end_ms}
                               : (struct cli_alarm){CLI_TIMER_RETRANSMIT, at_ms};
}

/* The timer that runs after a transmission in `state`. */
static struct cli_alarm timer_after_send(struct cli_step *s, enum cli_state state)
{
    struct cli_alarm timer;
    switch (state) {
    case CLI_SELECTING:
    case CLI_REQUESTING:
    case CLI_INFORMING:
        return backoff_timer(s, state);
    case CLI_REBOOTING:
        timer = backoff_timer(s, state);
        return timer.at_ms < s->e->lease.expires_at_ms
                   ? timer
                   : (struct cli_alarm){CLI_TIMER_EXPIRY, s->e->lease.expires_at_ms};
    case CLI_RENEWING:
        if (cli_fsm_is_infinite(s->e))
            return backoff_timer(s, state);
        return retry_or(s, &s->e->config->profile.renew, CLI_TIMER_T2, s->e->lease.rebind_at_ms);
    case CLI_REBINDING:
        if (cli_fsm_is_infinite(s->e))
            return backoff_timer(s, state);
        return retry_or(s, &s->e->config->profile.rebind, CLI_TIMER_EXPIRY, s->e->lease.expires_at_ms);
    case CLI_STOPPED:
    case CLI_INIT:
    case CLI_INIT_REBOOT:
    case CLI_PROBING:
    case CLI_BOUND:
    case CLI_INFORMED:
        break;
    }
    assert(false && "nothing is sent in this state");
    return cli_fsm_no_alarm;
}

void cli_fsm_draw_xid(struct cli_engine *e)
{
    e->xid = (uint32_t)rng_u64(&e->rng);
}

static uint16_t elapsed_s(struct cli_step *s)
{
    if (s->e->begun_ms == TIME_NEVER)
        s->e->begun_ms = s->now;
    time_ms elapsed = (s->now - s->e->begun_ms) / 1000;
    return elapsed < SECS_MAX ? (uint16_t)elapsed : SECS_MAX;
}

/* What a transmission in `state` has of its own: xid, secs and base of the lease. */
static void prepare(struct cli_step *s, enum cli_state state)
{
    struct cli_engine *e = s->e;
    bool first = e->transmissions++ == 0;
    switch (state) {
    case CLI_SELECTING:
        /* One xid for all transmissions, so that an answer to any of them counts. But a lease that a rapid
         * commit gives counts from the one that was answered: without an end to asking, the first may be
         * longer ago than the lease lasts. RFC 2131 4.1: "A client may choose to reuse the same 'xid' or
         * select a new 'xid' for each retransmitted message." */
        if (first || e->config->rapid_commit) {
            cli_fsm_draw_xid(e);
            e->requested_ms = s->now;
        }
        e->secs = elapsed_s(s);
        return;
    case CLI_REQUESTING:
        /* RFC 2131 4.4.1: "The DHCPREQUEST message contains the same 'xid' as the DHCPOFFER message." 3.1
         * (3): "the DHCPREQUEST message MUST use the same value in the DHCP message header's 'secs' field ...
         * as the original DHCPDISCOVER message." */
        if (first)
            e->requested_ms = s->now;
        return;
    case CLI_REBOOTING:
    case CLI_INFORMING:
        /* One xid, as in SELECTING; the lease counts from the first transmission, which never overstays. */
        if (first) {
            cli_fsm_draw_xid(e);
            e->requested_ms = s->now;
        }
        e->secs = elapsed_s(s);
        return;
    case CLI_RENEWING:
    case CLI_REBINDING:
        /* A new xid each time tells which transmission an ACK answers, and so when its lease began. */
        cli_fsm_draw_xid(e);
        e->secs = elapsed_s(s);
        e->requested_ms = s->now;
        return;
    case CLI_STOPPED:
    case CLI_INIT:
    case CLI_INIT_REBOOT:
    case CLI_PROBING:
    case CLI_BOUND:
    case CLI_INFORMED:
        break;
    }
    assert(false && "nothing is sent in this state");
}

static void transmit(struct cli_step *s)
{
    struct cli_engine *e = s->e;
    struct cli_draft draft = {.xid = e->xid, .secs = e->secs};
    switch (e->state) {
    case CLI_SELECTING:
        draft.form = CLI_FORM_DISCOVER;
        break;
    case CLI_REQUESTING:
        draft.form = CLI_FORM_REQUEST_SELECTING;
        draft.addr = e->chosen.addr;
        draft.server_id = e->chosen.server_id;
        break;
    case CLI_REBOOTING:
        draft.form = CLI_FORM_REQUEST_REBOOTING;
        draft.addr = e->lease.addr;
        break;
    case CLI_INFORMING:
        draft.form = CLI_FORM_INFORM;
        draft.addr = e->lease.addr;
        break;
    case CLI_RENEWING:
    case CLI_REBINDING:
        draft.form = e->state == CLI_RENEWING ? CLI_FORM_REQUEST_RENEWING : CLI_FORM_REQUEST_REBINDING;
        draft.addr = e->lease.addr;
        draft.server_id = e->lease.server_id;
        break;
    case CLI_STOPPED:
    case CLI_INIT:
    case CLI_INIT_REBOOT:
    case CLI_PROBING:
    case CLI_BOUND:
    case CLI_INFORMED:
        assert(false && "nothing is sent in this state");
    }
    cli_step_send(s, &draft);
}

void cli_fsm_enter_sending(struct cli_step *s, enum cli_state to, enum reason reason,
                           struct trace_facts facts)
{
    s->e->transmissions = 0;
    prepare(s, to);
    cli_fsm_change(s, to, reason, facts, timer_after_send(s, to));
    transmit(s);
}

void cli_fsm_send_again(struct cli_step *s)
{
    prepare(s, s->e->state);
    cli_fsm_arm(s->e, timer_after_send(s, s->e->state));
    transmit(s);
}

void cli_fsm_clear(struct cli_step *s)
{
    s->e->announce_at_ms = s->e->defended_ms = TIME_NEVER;
    s->e->has_nonce = false;
    if (s->e->state == CLI_INFORMED)
        cli_step_append(s, CLI_HOST_CLEAR);
    if (!s->e->has_lease)
        return;
    struct cli_action *action = cli_step_append(s, CLI_IF_CLEAR);
    if (action != NULL)
        action->lease = s->e->lease;
    s->e->has_lease = false;
}

void cli_fsm_enter_init(struct cli_step *s, enum reason reason, struct trace_facts facts, time_ms wait_ms)
{
    cli_fsm_clear(s);
    /* Relays and servers look at `secs` to see who is waiting for long: giving up is no new beginning. */
    if (reason != REASON_GAVE_UP)
        s->e->begun_ms = TIME_NEVER;
    cli_fsm_change(s, CLI_INIT, reason, facts, (struct cli_alarm){CLI_TIMER_START, s->now + wait_ms});
}

void cli_fsm_enter_expired(struct cli_step *s, struct trace_facts facts)
{
    cli_fsm_enter_init(s, REASON_EXPIRED, facts, 0);
    cli_step_forget(s);
}

void cli_fsm_enter_stopped(struct cli_step *s, enum reason reason)
{
    struct trace_facts facts = {.addr = s->e->has_lease ? s->e->lease.addr : 0};
    cli_fsm_clear(s);
    s->e->naks = s->e->conflicts = 0;
    cli_fsm_change(s, CLI_STOPPED, reason, facts, cli_fsm_no_alarm);
}
