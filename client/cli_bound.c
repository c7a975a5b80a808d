#include "client/cli_bound.h"

#include "client/cli_fsm.h"
#include "client/cli_probe.h"
#include "client/cli_timing.h"

static void set_interface(struct cli_step *s)
{
    struct cli_action *action = cli_step_append(s, CLI_IF_SET);
    if (action != NULL)
        action->lease = s->e->lease;
}

static void save_lease(struct cli_step *s)
{
    struct cli_action *action = cli_step_append(s, CLI_LEASE_SAVE);
    if (action != NULL)
        action->lease = s->e->lease;
    s->e->is_saved = true;
}

void cli_bound_enter(struct cli_step *s, enum reason reason, struct trace_facts facts)
{
    s->e->has_lease = true;
    s->e->begun_ms = TIME_NEVER;
    set_interface(s);
    save_lease(s);
    cli_fsm_change(s, CLI_BOUND, reason, facts, (struct cli_alarm){CLI_TIMER_T1, s->e->lease.renew_at_ms});
}

static enum cli_hook_reason granted_as(enum cli_state state, enum reason reason)
{
    if (reason == REASON_REBOOT_SILENT)
        return CLI_HOOK_TIMEOUT;
    if (state == CLI_RENEWING)
        return CLI_HOOK_RENEW;
    if (state == CLI_REBINDING)
        return CLI_HOOK_REBIND;
    return state == CLI_REBOOTING ? CLI_HOOK_REBOOT : CLI_HOOK_BOUND;
}

void cli_bound_take(struct cli_step *s, enum reason probing, enum reason bound, struct trace_facts facts)
{
    s->e->granted_as = granted_as(s->e->state, bound);
    if (cli_probe_must(s, facts))
        cli_fsm_change(s, CLI_PROBING, probing, facts, cli_probe_alarm(s));
    else
        cli_bound_enter(s, bound, facts);
}

void cli_bound_retransmit(struct cli_step *s)
{
    struct cli_engine *e = s->e;
    struct trace_facts facts = {.num = e->transmissions};
    bool last = cli_timing_is_last(cli_fsm_waits(e, e->state), e->transmissions);
    if (e->state == CLI_REQUESTING && last) {
        /* RFC 2131 3.1 (5): "If the client receives neither a DHCPACK or a DHCPNAK message after employing
         * the retransmission algorithm, the client reverts to INIT state and restarts the initialization
         * process." */
        cli_fsm_enter_init(s, REASON_GAVE_UP, facts, 0);
        return;
    }
    if (e->state == CLI_REBOOTING && last) {
        facts.addr = e->lease.addr;
        cli_bound_take(s, REASON_REBOOT_SILENT, REASON_REBOOT_SILENT, facts);
        return;
    }
    if (cli_fsm_is_infinite(e) && last) {
        e->begun_ms = TIME_NEVER;
        cli_fsm_change(s, CLI_BOUND, REASON_RENEW_GAVE_UP, facts, cli_fsm_no_alarm);
        return;
    }
    if (e->state == CLI_RENEWING && last) {
        cli_fsm_arm(e, (struct cli_alarm){CLI_TIMER_T2, e->lease.rebind_at_ms});
        return;
    }
    if (e->state == CLI_REBINDING && last) {
        cli_fsm_enter_init(s, REASON_GAVE_UP, facts, 0);
        cli_step_forget(s);
        return;
    }
    facts.num++;
    cli_step_decide(s, REASON_RETRANSMIT, facts);
    cli_fsm_send_again(s);
}

/* A machine that slept wakes late: the last instant that has passed is the one that counts. */
void cli_bound_fire(struct cli_step *s)
{
    struct cli_engine *e = s->e;
    struct trace_facts facts = {.addr = e->lease.addr, .other = e->lease.server_id};
    if (s->now >= e->lease.expires_at_ms)
        /* RFC 2131 4.4.5: "the client moves to INIT state, MUST immediately stop any other network processing
         * and requests network initialization parameters as if the client were uninitialized." */
        cli_fsm_enter_expired(s, facts);
    else if (s->now >= e->lease.rebind_at_ms && e->state != CLI_REBINDING)
        cli_fsm_enter_sending(s, CLI_REBINDING, REASON_T2, facts);
    else if (e->state == CLI_BOUND)
        cli_fsm_enter_sending(s, CLI_RENEWING, REASON_T1, facts);
    else
        cli_bound_retransmit(s);
}
