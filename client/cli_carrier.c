#include "client/cli_carrier.h"

#include "client/cli_fsm.h"
#include "client/cli_inform.h"

static struct trace_facts facts_of(const struct cli_engine *e)
{
    return (struct trace_facts){.addr = e->has_lease ? e->lease.addr : 0};
}

/* The state stays as it is. */
static void note(struct cli_step *s, enum reason reason, enum cli_hook_reason hook)
{
    cli_step_decide(s, reason, facts_of(s->e));
    struct cli_action *action = cli_step_append(s, CLI_HOOK);
    if (action != NULL)
        action->hook = hook;
}

void cli_carrier_lost(struct cli_step *s)
{
    note(s, REASON_CARRIER_LOST, CLI_HOOK_NOCARRIER);
}

/* RFC 2131 3.7: "A client SHOULD use DHCP to reacquire or verify its IP address and network parameters
 * whenever the local network parameters may have changed; e.g., at system boot time or after a disconnection
 * from the local network". */
static void verify(struct cli_step *s)
{
    struct trace_facts facts = facts_of(s->e);
    cli_fsm_clear(s);
    s->e->begun_ms = TIME_NEVER;
    cli_fsm_change(s, CLI_INIT_REBOOT, REASON_CARRIER_BACK, facts,
                   (struct cli_alarm){CLI_TIMER_START, s->now});
}

void cli_carrier_back(struct cli_step *s)
{
    const struct cli_engine *e = s->e;
    switch (e->state) {
    case CLI_STOPPED:
    case CLI_INIT: /* its wait has a reason of its own: NAK, DECLINE, start */
    case CLI_INIT_REBOOT:
        note(s, REASON_CARRIER_BACK, CLI_HOOK_CARRIER);
        return;
    case CLI_SELECTING:
    case CLI_REQUESTING:
        cli_fsm_enter_init(s, REASON_CARRIER_BACK, facts_of(e), 0);
        return;
    case CLI_REBOOTING:
    case CLI_PROBING:
    case CLI_BOUND:
    case CLI_RENEWING:
    case CLI_REBINDING:
        verify(s);
        return;
    case CLI_INFORMING:
    case CLI_INFORMED:
        note(s, REASON_CARRIER_BACK, CLI_HOOK_CARRIER);
        cli_inform_start(s, (struct ip4_net){e->lease.addr, e->lease.prefix_len});
        return;
    }
}
