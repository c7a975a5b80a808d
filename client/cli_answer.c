#include "client/cli_answer.h"

#include "client/cli_bound.h"
#include "client/cli_force.h"
#include "client/cli_fsm.h"
#include "client/cli_inform.h"
#include "client/cli_offer.h"
#include "client/cli_timing.h"
#include "client/cli_v6only.h"
#include "common/dhcp_opt.h"

enum { NAK_TEXT_MAX = 256 };

enum reason cli_answer_server_id(const struct dhcp_msg *m, ip4 *out)
{
    *out = 0;
    if (!dhcp_get_ip4(m, DHCP_OPT_SERVER_ID, out))
        return REASON_NO_SERVER_ID;
    return ip4_is_host(*out) ? REASON_NONE : REASON_BAD_SERVER_ID;
}

enum reason cli_answer_check_lease_time(const struct dhcp_msg *m)
{
    uint32_t lease_s;
    if (!dhcp_get_u32(m, DHCP_OPT_LEASE_TIME, &lease_s))
        return REASON_NO_LEASE_TIME;
    /* Nothing could be done with it, but asking again at once, without end. */
    return lease_s == 0 ? REASON_LEASE_ZERO : REASON_NONE;
}

void cli_answer_drop_unexpected(struct cli_step *s, const struct dhcp_msg *m)
{
    cli_step_drop(s, m, REASON_STATE, (struct trace_facts){.text = dhcp_type_name(m->type)});
}

/* Is an ACK or NAK expected now, and from this server? With a server configured, that one is the chosen one.
 */
static enum reason check_answer(const struct cli_engine *e, const struct dhcp_msg *m, ip4 *out_server)
{
    *out_server = 0;
    ip4 expected = 0;
    switch (e->state) {
    case CLI_REQUESTING:
        expected = e->chosen.server_id;
        break;
    case CLI_RENEWING:
        expected = e->lease.server_id;
        break;
    case CLI_SELECTING:
        /* RFC 2131 4.4.1: "Any arriving DHCPACK messages must be silently discarded." RFC 4039 3.1 makes an
         * exception for a client that sent option 80, and an ACK that has it. */
        if (m->type != DHCP_ACK || !e->config->rapid_commit)
            return REASON_STATE;
        if (!dhcp_msg_has(m, DHCP_OPT_RAPID_COMMIT))
            return REASON_ACK_NOT_RAPID;
        expected = e->config->server;
        break;
    case CLI_REBINDING:
    case CLI_REBOOTING:
        expected = e->config->server;
        break;
    case CLI_STOPPED:
    case CLI_INIT:
    case CLI_INIT_REBOOT:
    case CLI_PROBING:
    case CLI_BOUND:
    case CLI_INFORMING: /* an ACK is read by cli_inform, and nobody refuses an INFORM */
    case CLI_INFORMED:
        return REASON_STATE;
    }
    enum reason reason = cli_answer_server_id(m, out_server);
    if (reason != REASON_NONE)
        return reason;
    return expected == 0 || *out_server == expected ? REASON_NONE : REASON_ACK_OTHER_SERVER;
}

static ip4 asked_addr(const struct cli_engine *e)
{
    return e->has_lease || e->state == CLI_REBOOTING ? e->lease.addr : e->chosen.addr;
}

/* REASON_NONE: *out is the lease that the ACK gives. */
static enum reason check_ack(const struct cli_engine *e, const struct dhcp_msg *m, time_ms now,
                             struct trace_facts *facts, struct cli_lease *out)
{
    facts->addr = m->yiaddr;
    enum reason reason = check_answer(e, m, &facts->other);
    if (reason == REASON_NONE)
        reason = cli_answer_check_lease_time(m);
    if (reason != REASON_NONE)
        return reason;
    if (e->state == CLI_SELECTING) {
        reason = cli_lease_check_addr(m);
        if (reason != REASON_NONE)
            return reason;
    } else if (m->yiaddr != asked_addr(e)) {
        facts->other = asked_addr(e);
        return REASON_ACK_ADDRESS;
    }
    cli_lease_read(&e->config->profile, m, e->requested_ms, now, out);
    return out->expires_at_ms <= now ? REASON_ACK_LATE : REASON_NONE;
}

void cli_answer_on_ack(struct cli_step *s, const struct dhcp_msg *m)
{
    struct cli_engine *e = s->e;
    struct trace_facts facts = {.text = dhcp_type_name(m->type)};
    struct cli_lease lease;
    uint32_t wait_s;
    if (e->state == CLI_INFORMING) {
        cli_inform_on_ack(s, m);
        return;
    }
    enum reason reason = check_ack(e, m, s->now, &facts, &lease);
    if (reason != REASON_NONE) {
        cli_step_drop(s, m, reason, facts);
        return;
    }
    if ((e->state == CLI_REBOOTING || e->state == CLI_SELECTING) &&
        cli_v6only_applies(e->config, m, &wait_s)) {
        cli_v6only_enter(s, m, wait_s);
        return;
    }
    if (e->state == CLI_SELECTING) {
        cli_offer_refuse_all(s);
        e->chosen = (struct cli_offer){lease.addr, lease.server_id, lease.lease_s};
        cli_step_decide(s, REASON_ACK_RAPID, facts);
    }
    e->lease = lease;
    cli_lease_fuzz(&e->config->profile, &e->rng, &e->lease);
    e->naks = 0;
    cli_step_keep_ack(s);
    cli_force_take_nonce(s, m);
    facts.span_s = e->lease.lease_s;
    if (e->lease.timers.t1_origin == CLI_TIMER_REPAIRED || e->lease.timers.t2_origin == CLI_TIMER_REPAIRED)
        cli_step_decide(s, REASON_T_REPAIRED, facts);
    cli_bound_take(s, REASON_ACK_PROBE, REASON_GOT_ACK, facts);
}

/* Option 56 for people; static storage, or the step's memory. */
static const char *nak_text(struct cli_step *s, const struct dhcp_msg *m)
{
    const struct dhcp_option *option = dhcp_msg_find(m, DHCP_OPT_MESSAGE);
    if (option == NULL || option->len == 0)
        return "it gave no reason";
    char *text = cli_step_alloc(s, NAK_TEXT_MAX);
    if (text == NULL)
        return "";
    dhcp_opt_format(dhcp_opt_find(OPT_SPACE_DHCP, DHCP_OPT_MESSAGE), option->data, option->len, text,
                    NAK_TEXT_MAX);
    return text;
}

void cli_answer_on_nak(struct cli_step *s, const struct dhcp_msg *m)
{
    struct cli_engine *e = s->e;
    struct trace_facts facts = {.text = dhcp_type_name(m->type)};
    enum reason reason = check_answer(e, m, &facts.other);
    if (reason != REASON_NONE) {
        cli_step_drop(s, m, reason, facts);
        return;
    }
    facts.text = nak_text(s, m);
    time_ms wait_ms = cli_timing_wait(&e->config->profile.nak, ++e->naks, &e->rng);
    /* RFC 2131 3.1 (5): "If the client receives a DHCPNAK message, the client restarts the configuration
     * process." 3.2 (4), figure 5: with a lease, "Halt network". */
    cli_fsm_enter_init(s, REASON_GOT_NAK, facts, wait_ms);
    cli_step_forget(s);
    cli_step_decide(s, REASON_NAK_WAIT, (struct trace_facts){.num = wait_ms, .max = e->naks});
}
