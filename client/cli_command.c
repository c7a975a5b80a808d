#include "client/cli_command.h"

#include "client/cli_fsm.h"
#include "client/cli_probe.h"

/* Is the saved lease of use? If not it is forgotten, and the log says why. */
static bool take_saved(struct cli_step *s, const struct cli_lease *saved)
{
    struct cli_engine *e = s->e;
    if (saved == NULL)
        return false;
    struct trace_facts facts = {.addr = saved->addr, .other = saved->server_id};
    e->is_saved = true;
    if (s->now < saved->expires_at_ms && (e->config->server == 0 || e->config->server == saved->server_id)) {
        e->lease = *saved;
        cli_lease_fuzz(&e->config->profile, &e->rng, &e->lease);
        return true;
    }
    cli_step_decide(s, s->now < saved->expires_at_ms ? REASON_SAVED_OTHER : REASON_SAVED_OVER, facts);
    cli_step_forget(s);
    return false;
}

void cli_command_start(struct cli_step *s, const struct cli_lease *saved)
{
    struct cli_engine *e = s->e;
    if (e->state != CLI_STOPPED) {
        cli_step_decide(s, REASON_RUNNING, (struct trace_facts){0});
        return;
    }
    if (take_saved(s, saved)) {
        /* RFC 2131 4.4.2: "The client begins in INIT-REBOOT state and sends a DHCPREQUEST message." */
        e->begun_ms = TIME_NEVER;
        cli_fsm_change(s, CLI_INIT_REBOOT, REASON_SAVED, (struct trace_facts){.addr = saved->addr},
                       (struct cli_alarm){CLI_TIMER_START, s->now});
        return;
    }
    /* RFC 2131 4.4.1: "The client SHOULD wait a random time between one and ten seconds to desynchronize the
     * use of DHCP at startup." */
    time_ms wait_ms = rng_between(&e->rng, e->config->start_delay_min_ms, e->config->start_delay_max_ms);
    cli_fsm_enter_init(s, REASON_STARTED, (struct trace_facts){0}, wait_ms);
    if (wait_ms > 0)
        cli_step_decide(s, REASON_START_DELAY, (struct trace_facts){.num = wait_ms});
}

void cli_command_renew(struct cli_step *s)
{
    struct cli_engine *e = s->e;
    struct trace_facts facts = {.addr = e->has_lease ? e->lease.addr : 0};
    switch (e->state) {
    case CLI_STOPPED:
    case CLI_INIT:
    case CLI_SELECTING:
    case CLI_REQUESTING:
    case CLI_INIT_REBOOT:
    case CLI_REBOOTING:
    case CLI_PROBING:
    case CLI_INFORMING:
    case CLI_INFORMED:
        cli_fsm_enter_init(s, REASON_COMMAND_RENEW, facts, 0);
        return;
    case CLI_BOUND:
        cli_fsm_enter_sending(s, CLI_RENEWING, REASON_COMMAND_RENEW, facts);
        return;
    case CLI_RENEWING:
    case CLI_REBINDING:
        cli_step_decide(s, REASON_COMMAND_RENEW, facts);
        e->transmissions = 0;
        cli_fsm_send_again(s);
        return;
    }
}

void cli_command_rebind(struct cli_step *s)
{
    if (s->e->has_lease)
        cli_fsm_enter_sending(s, CLI_REBINDING, REASON_COMMAND_REBIND,
                              (struct trace_facts){.addr = s->e->lease.addr});
    else
        cli_fsm_enter_init(s, REASON_COMMAND_REBIND, (struct trace_facts){0}, 0);
}

void cli_command_release(struct cli_step *s)
{
    struct cli_engine *e = s->e;
    if (!e->has_lease && e->state != CLI_PROBING) {
        cli_step_decide(s, REASON_NO_LEASE, (struct trace_facts){0});
        cli_step_forget(s);
        if (e->state != CLI_STOPPED)
            cli_fsm_enter_stopped(s, REASON_COMMAND_RELEASE);
        return;
    }
    cli_fsm_draw_xid(e);
    cli_step_send(s, &(struct cli_draft){
                         .form = CLI_FORM_RELEASE,
                         .xid = e->xid,
                         .addr = e->lease.addr,
                         .server_id = e->lease.server_id,
                     });
    cli_step_forget(s);
    cli_fsm_enter_stopped(s, REASON_COMMAND_RELEASE);
}

void cli_command_decline(struct cli_step *s)
{
    const struct cli_engine *e = s->e;
    if (e->has_lease || e->state == CLI_PROBING)
        cli_probe_decline(s, REASON_COMMAND_DECLINE, (struct trace_facts){.addr = e->lease.addr},
                          "declined by hand");
    else
        cli_step_decide(s, REASON_NO_LEASE, (struct trace_facts){0});
}

void cli_command_stop(struct cli_step *s)
{
    if (s->e->state == CLI_STOPPED)
        cli_step_decide(s, REASON_COMMAND_STOP, (struct trace_facts){0});
    else
        cli_fsm_enter_stopped(s, REASON_COMMAND_STOP);
}
