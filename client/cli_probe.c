#include "client/cli_probe.h"

#include <string.h>

#include "client/cli_acd.h"
#include "client/cli_bound.h"

static void send_arp(struct cli_step *s, enum cli_action_kind kind, struct arp arp)
{
    struct cli_action *action = cli_step_append(s, kind);
    if (action != NULL)
        action->arp = arp;
}

static const struct cli_acd_numbers *numbers(const struct cli_step *s)
{
    return &s->e->config->profile.acd_numbers;
}

struct cli_alarm cli_probe_alarm(struct cli_step *s)
{
    unsigned probes = s->e->probes;
    return (struct cli_alarm){probes < numbers(s)->probe_num ? CLI_TIMER_PROBE : CLI_TIMER_ANNOUNCE,
                              s->now + cli_acd_wait(numbers(s), probes, &s->e->rng)};
}

/* RFC 5227 2.1: "Before beginning to use an IPv4 address ... a host implementing this specification MUST test
 * to see if the address is already in use". A renewal goes on with one that is in use already. */
bool cli_probe_must(struct cli_step *s, struct trace_facts facts)
{
    struct cli_engine *e = s->e;
    if (e->has_lease || !e->config->acd)
        return false;
    e->probes = e->announcements = 0;
    if (e->lease.expires_at_ms > time_add(s->now, cli_acd_probing_max(numbers(s))))
        return true;
    cli_step_decide(s, REASON_PROBE_SKIPPED, facts);
    return false;
}

void cli_probe_announce(struct cli_step *s)
{
    struct cli_engine *e = s->e;
    unsigned announcements = numbers(s)->announce_num;
    if (e->announcements == announcements)
        return;
    e->announcements++;
    send_arp(s, CLI_ARP_ANNOUNCE, cli_acd_announcement(&e->hw, e->lease.addr));
    cli_step_decide(
        s, REASON_ANNOUNCE,
        (struct trace_facts){.addr = e->lease.addr, .num = e->announcements, .max = announcements});
    /* RFC 5227 2.3: "broadcasting ANNOUNCE_NUM ARP Announcements, spaced ANNOUNCE_INTERVAL seconds apart." */
    e->announce_at_ms =
        e->announcements < announcements ? s->now + numbers(s)->announce_interval_ms : TIME_NEVER;
}

void cli_probe_fire(struct cli_step *s)
{
    struct cli_engine *e = s->e;
    unsigned probes = numbers(s)->probe_num;
    struct trace_facts facts = {.addr = e->lease.addr, .max = probes, .span_s = e->lease.lease_s};
    if (s->now >= e->lease.expires_at_ms) { /* the machine slept */
        cli_fsm_enter_expired(s, facts);
        return;
    }
    facts.num = e->probes;
    if (e->probes == probes) {
        e->conflicts = 0;
        cli_bound_enter(s, REASON_PROBED, facts);
        cli_probe_announce(s);
        return;
    }
    facts.num = ++e->probes;
    send_arp(s, CLI_ARP_PROBE, cli_acd_probe(&e->hw, e->lease.addr));
    cli_step_decide(s, REASON_PROBE, facts);
    cli_fsm_arm(e, cli_probe_alarm(s));
}

void cli_probe_decline(struct cli_step *s, enum reason reason, struct trace_facts facts, const char *text)
{
    struct cli_engine *e = s->e;
    time_ms wait_ms = cli_acd_decline_wait(&e->config->profile, ++e->conflicts, &e->rng);
    cli_fsm_draw_xid(e);
    struct cli_draft draft = {
        .form = CLI_FORM_DECLINE,
        .xid = e->xid,
        .addr = e->lease.addr,
        .server_id = e->lease.server_id,
        .text = text,
    };
    /* The interface is cleared first: not even the DECLINE may come from this address. */
    cli_fsm_enter_init(s, reason, facts, wait_ms);
    cli_step_forget(s);
    cli_step_send(s, &draft);
    cli_step_decide(s, REASON_DECLINE_WAIT, (struct trace_facts){.num = wait_ms, .max = e->conflicts});
}

/* RFC 2131 3.1 (5): "If the client detects that the address is already in use (e.g., through the use of ARP),
 * the client MUST send a DHCPDECLINE message to the server and restarts the configuration process." */
static void decline_used(struct cli_step *s, enum reason reason, struct trace_facts facts)
{
    char hw[HW_LEN], text[sizeof "in use by " + HW_LEN] = "in use by ";
    strcat(text, hw_format(&facts.hw, hw));
    cli_probe_decline(s, reason, facts, text);
}

static void on_conflict(struct cli_step *s, const struct arp *arp)
{
    struct cli_engine *e = s->e;
    struct trace_facts facts = {
        .addr = e->lease.addr, .hw = arp->sender_hw, .num = numbers(s)->defend_interval_ms};
    /* RFC 5227 2.4 (b): "if this is not the first conflicting ARP packet the host has seen, and the time
     * recorded for the previous conflicting ARP packet is recent, within DEFEND_INTERVAL seconds, then the
     * host MUST immediately cease using this address". */
    if (e->defended_ms != TIME_NEVER && s->now - e->defended_ms < numbers(s)->defend_interval_ms) {
        decline_used(s, REASON_CONFLICT_LOST, facts);
        return;
    }
    e->defended_ms = s->now;
    send_arp(s, CLI_ARP_DEFEND, cli_acd_announcement(&e->hw, e->lease.addr));
    cli_step_decide(s, REASON_CONFLICT_DEFENDED, facts);
}

void cli_probe_on_arp(struct cli_step *s, const struct arp *arp)
{
    struct cli_engine *e = s->e;
    struct trace_facts facts = {.addr = e->lease.addr, .hw = arp->sender_hw};
    if (!e->config->acd)
        return;
    switch (e->state) {
    case CLI_STOPPED:
    case CLI_INIT:
    case CLI_INIT_REBOOT:
    case CLI_REBOOTING:
    case CLI_SELECTING:
    case CLI_REQUESTING:
    case CLI_INFORMING:
    case CLI_INFORMED:
        return;
    case CLI_PROBING:
        if (cli_acd_is_used(arp, &e->hw, e->lease.addr))
            decline_used(s, REASON_CONFLICT, facts);
        else if (cli_acd_is_probed(arp, &e->hw, e->lease.addr))
            decline_used(s, REASON_CONFLICT_PROBE, facts);
        return;
    case CLI_BOUND:
    case CLI_RENEWING:
    case CLI_REBINDING:
        if (cli_acd_is_used(arp, &e->hw, e->lease.addr))
            on_conflict(s, arp);
        return;
    }
}
