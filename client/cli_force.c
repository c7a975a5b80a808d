#include "client/cli_force.h"

#include "client/cli_fsm.h"

void cli_force_take_nonce(struct cli_step *s, const struct dhcp_msg *ack)
{
    struct cli_engine *e = s->e;
    if (!e->config->forcerenew || !dhcp_auth_get_nonce(ack, &e->replay, e->nonce))
        return;
    e->has_nonce = true;
    cli_step_decide(s, REASON_NONCE_TAKEN, (struct trace_facts){.addr = e->lease.addr});
}

/* Unsigned, anybody on the link could make us renew as often as they like: RFC 3203 6. */
static enum reason check(struct cli_engine *e, const struct dhcp_msg *m, const struct packet *packet)
{
    if (!e->config->forcerenew)
        return REASON_FORCE_OFF;
    if (e->state != CLI_BOUND)
        return REASON_STATE;
    if (!e->has_nonce)
        return REASON_NO_NONCE;
    return dhcp_auth_check(m, e->nonce, e->replay, packet->bytes, packet->len, &e->replay);
}

/* RFC 3203 3.1: "The client will change its state to the RENEW state". */
void cli_force_on_rx(struct cli_step *s, const struct dhcp_msg *m, const struct packet *packet)
{
    enum reason reason = check(s->e, m, packet);
    if (reason != REASON_NONE)
        cli_step_drop(s, m, reason, (struct trace_facts){.text = dhcp_type_name(m->type)});
    else
        cli_fsm_enter_sending(s, CLI_RENEWING, REASON_FORCED,
                              (struct trace_facts){.addr = s->e->lease.addr, .other = packet->src});
}
