#include "client/cli_inform.h"

#include "client/cli_answer.h"
#include "client/cli_fsm.h"
#include "client/cli_timing.h"

void cli_inform_start(struct cli_step *s, struct ip4_net addr)
{
    struct cli_engine *e = s->e;
    struct trace_facts facts = {.addr = addr.addr};
    if (e->has_lease) {
        facts.addr = e->lease.addr;
        cli_step_decide(s, REASON_INFORM_LEASED, facts);
        return;
    }
    e->begun_ms = TIME_NEVER;
    cli_fsm_clear(s);
    e->lease = (struct cli_lease){.addr = addr.addr, .prefix_len = addr.len};
    cli_fsm_enter_sending(s, CLI_INFORMING, REASON_COMMAND_INFORM, facts);
}

/* RFC 2131 4.4.3: "Once a DHCPACK message with an 'xid' field matching that in the client's DHCPINFORM
 * message arrives from any server, the DHCPINFORM message is done." */
void cli_inform_on_ack(struct cli_step *s, const struct dhcp_msg *m)
{
    struct cli_engine *e = s->e;
    struct trace_facts facts = {.text = dhcp_type_name(m->type), .addr = e->lease.addr};
    enum reason reason = cli_answer_server_id(m, &facts.other);
    if (reason == REASON_NONE && e->config->server != 0 && facts.other != e->config->server)
        reason = REASON_ACK_OTHER_SERVER;
    if (reason != REASON_NONE) {
        cli_step_drop(s, m, reason, facts);
        return;
    }
    struct ip4_net own = {e->lease.addr, e->lease.prefix_len};
    cli_lease_read_inform(m, own, e->requested_ms, s->now, &e->lease);
    e->begun_ms = TIME_NEVER;
    cli_step_keep_ack(s);
    struct cli_action *action = cli_step_append(s, CLI_HOST_SET);
    if (action != NULL)
        action->lease = e->lease;
    cli_fsm_change(s, CLI_INFORMED, REASON_INFORMED, facts, cli_fsm_no_alarm);
}

void cli_inform_fire(struct cli_step *s)
{
    struct trace_facts facts = {.addr = s->e->lease.addr, .num = s->e->transmissions};
    /* RFC 2131 4.4.3: "If the client does not receive a DHCPACK within a reasonable period of time (60
     * seconds or 4 tries if using timeout suggested in section 4.1), then it SHOULD display a message
     * informing the user of the problem". */
    if (cli_timing_is_last(cli_fsm_waits(s->e, s->e->state), s->e->transmissions)) {
        cli_fsm_change(s, CLI_STOPPED, REASON_INFORM_GAVE_UP, facts, cli_fsm_no_alarm);
        return;
    }
    facts.num++;
    cli_step_decide(s, REASON_RETRANSMIT, facts);
    cli_fsm_send_again(s);
}
