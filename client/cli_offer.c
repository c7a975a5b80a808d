#include "client/cli_offer.h"

#include "client/cli_answer.h"
#include "client/cli_fsm.h"
#include "client/cli_v6only.h"

/* Is `a` to be chosen before `b`, which came first? */
static bool is_better(const struct cli_config *c, const struct cli_offer *a, const struct cli_offer *b)
{
    switch (c->choice) {
    case CLI_CHOOSE_FIRST:
        return false;
    case CLI_CHOOSE_LONGEST:
        return a->lease_s > b->lease_s;
    case CLI_CHOOSE_ADDRESS:
        return a->addr == c->requested_address && b->addr != c->requested_address;
    }
    return false;
}

/* Why the offer was chosen. */
static enum reason find_merit(const struct cli_config *c, const struct cli_offer *chosen)
{
    if (c->choice == CLI_CHOOSE_LONGEST)
        return REASON_OFFER_LONGEST;
    if (c->choice == CLI_CHOOSE_ADDRESS && chosen->addr == c->requested_address)
        return REASON_OFFER_WANTED_ADDRESS;
    return c->server != 0 ? REASON_OFFER_WANTED : REASON_OFFER_FIRST;
}

/* Why another one was not. */
static enum reason find_fault(const struct cli_config *c, const struct cli_offer *chosen,
                              const struct cli_offer *other)
{
    if (!is_better(c, chosen, other))
        return REASON_OFFER_LATER;
    return c->choice == CLI_CHOOSE_LONGEST ? REASON_OFFER_SHORTER : REASON_OFFER_OTHER_ADDRESS;
}

static struct trace_facts facts_of(const struct cli_offer *offer)
{
    return (struct trace_facts){.addr = offer->addr, .other = offer->server_id, .span_s = offer->lease_s};
}

void cli_offer_choose(struct cli_step *s)
{
    struct cli_engine *e = s->e;
    const struct cli_offer *chosen = &e->offers[0];
    for (unsigned i = 1; i < e->n_offers; i++)
        if (is_better(e->config, &e->offers[i], chosen))
            chosen = &e->offers[i];
    for (unsigned i = 0; i < e->n_offers; i++)
        if (&e->offers[i] != chosen)
            cli_step_decide(s, find_fault(e->config, chosen, &e->offers[i]), facts_of(&e->offers[i]));
    e->chosen = *chosen;
    cli_fsm_enter_sending(s, CLI_REQUESTING, find_merit(e->config, chosen), facts_of(chosen));
}

void cli_offer_refuse_all(struct cli_step *s)
{
    for (unsigned i = 0; i < s->e->n_offers; i++)
        cli_step_decide(s, REASON_OFFER_LATER, facts_of(&s->e->offers[i]));
}

static bool knows_offer(const struct cli_engine *e, struct cli_offer offer)
{
    for (unsigned i = 0; i < e->n_offers; i++)
        if (e->offers[i].addr == offer.addr && e->offers[i].server_id == offer.server_id)
            return true;
    return false;
}

/* Is the offer of a server whose word counts? */
static enum reason check_server(const struct cli_engine *e, const struct dhcp_msg *m, struct cli_offer *out)
{
    enum reason reason = cli_answer_server_id(m, &out->server_id);
    if (reason == REASON_NONE && e->config->server != 0 && out->server_id != e->config->server)
        return REASON_OFFER_OTHER_WANTED;
    return reason;
}

/* REASON_NONE: the offer of such a server can be chosen. */
static enum reason check_offer(const struct cli_engine *e, const struct dhcp_msg *m, struct cli_offer *out)
{
    enum reason reason = cli_answer_check_lease_time(m);
    if (reason == REASON_NONE)
        reason = cli_lease_check_addr(m);
    if (reason != REASON_NONE)
        return reason;
    dhcp_get_u32(m, DHCP_OPT_LEASE_TIME, &out->lease_s);
    if (knows_offer(e, *out))
        return REASON_OFFER_AGAIN;
    return e->n_offers == CLI_OFFERS_MAX ? REASON_OFFERS_FULL : REASON_NONE;
}

static void on_offer_selecting(struct cli_step *s, const struct dhcp_msg *m)
{
    struct cli_engine *e = s->e;
    struct cli_offer offer = {.addr = m->yiaddr};
    uint32_t wait_s;
    enum reason reason = check_server(e, m, &offer);
    /* RFC 8925 3.3 lets the server offer 0.0.0.0 then. */
    if (reason == REASON_NONE && cli_v6only_applies(e->config, m, &wait_s)) {
        cli_v6only_enter(s, m, wait_s);
        return;
    }
    if (reason == REASON_NONE)
        reason = check_offer(e, m, &offer);
    struct trace_facts facts = {.addr = offer.addr, .other = offer.server_id, .num = CLI_OFFERS_MAX};
    if (reason != REASON_NONE) {
        cli_step_drop(s, m, reason, facts);
        return;
    }
    e->offers[e->n_offers++] = offer;
    if (e->config->collect_offers_ms == 0) {
        cli_offer_choose(s);
        return;
    }
    if (e->n_offers == 1)
        cli_fsm_arm(e, (struct cli_alarm){CLI_TIMER_OFFERS, s->now + e->config->collect_offers_ms});
    facts.num = e->timer_at_ms - s->now;
    cli_step_decide(s, REASON_OFFER_COLLECTED, facts);
}

/* An OFFER after the choice: the server that was not chosen is named, for the reader of the log. */
static void on_offer_late(struct cli_step *s, const struct dhcp_msg *m)
{
    struct cli_offer offer = {.addr = m->yiaddr};
    cli_answer_server_id(m, &offer.server_id);
    bool again = offer.addr == s->e->chosen.addr && offer.server_id == s->e->chosen.server_id;
    cli_step_drop(s, m, again ? REASON_OFFER_AGAIN : REASON_OFFER_LATER,
                  (struct trace_facts){.addr = offer.addr, .other = offer.server_id});
}

void cli_offer_on_offer(struct cli_step *s, const struct dhcp_msg *m)
{
    switch (s->e->state) {
    case CLI_SELECTING:
        on_offer_selecting(s, m);
        return;
    case CLI_REQUESTING:
    case CLI_PROBING:
    case CLI_BOUND:
        on_offer_late(s, m);
        return;
    case CLI_STOPPED:
    case CLI_INIT:
    case CLI_INIT_REBOOT:
    case CLI_REBOOTING:
    case CLI_RENEWING:
    case CLI_REBINDING:
    case CLI_INFORMING:
    case CLI_INFORMED:
        cli_answer_drop_unexpected(s, m);
        return;
    }
}
