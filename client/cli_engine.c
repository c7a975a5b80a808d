#include "client/cli_engine.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli_acd.h"
#include "client/cli_message.h"
#include "client/cli_timing.h"
#include "common/dhcp_msg.h"
#include "common/dhcp_opt.h"
#include "common/err.h"
#include "common/rng.h"

enum { OFFERS_MAX = 16, NAK_TEXT_MAX = 256, SECS_MAX = UINT16_MAX };

struct offer {
    ip4 addr;
    ip4 server_id;
};

/* A plain value, so that a step that fails can be undone by copying. */
struct cli_engine {
    const struct cli_config *config; /* borrowed */
    struct hw_addr hw;
    struct rng rng;

    enum cli_state state;
    time_ms state_since_ms;
    enum reason state_reason;
    char state_text[CLI_STATE_TEXT_MAX];
    enum cli_timer timer; /* CLI_NO_TIMER exactly if timer_at_ms is TIME_NEVER */
    time_ms timer_at_ms;

    uint32_t xid;           /* of the last message sent */
    uint16_t secs;          /* of the last DISCOVER or REQUEST */
    time_ms begun_ms;       /* acquisition or renewal began: what `secs` counts from; TIME_NEVER: none */
    time_ms requested_ms;   /* base of the lease that an ACK would give now; see struct cli_lease */
    unsigned transmissions; /* of the message now being sent */
    unsigned naks;          /* in a row */

    unsigned n_offers; /* SELECTING: collected so far */
    struct offer offers[OFFERS_MAX];
    struct offer chosen; /* REQUESTING and after */

    bool has_lease;         /* exactly in BOUND, RENEWING and REBINDING */
    struct cli_lease lease; /* in PROBING: what it will be; in INIT-REBOOT and REBOOTING: what it was */
    bool is_saved;          /* by a CLI_LEASE_SAVE or before CLI_START, and not forgotten */

    unsigned probes, announcements; /* sent for the address of this lease */
    time_ms announce_at_ms;         /* the next announcement; TIME_NEVER: none. has_lease if not */
    time_ms defended_ms;            /* last conflict that was answered; TIME_NEVER: none */
    unsigned conflicts;             /* in a row */

    uint64_t sent[19], received[19];
    uint64_t reasons[REASON_COUNT];
};

/* One call of cli_engine_step(). */
struct step {
    struct cli_engine *e;
    time_ms now;
    struct cli_actions *out;
    bool failed; /* sticky: memory is out */
};

struct timer {
    enum cli_timer kind;
    time_ms at_ms;
};

static const struct timer no_timer = {CLI_NO_TIMER, TIME_NEVER};

const char *cli_state_name(enum cli_state state)
{
    static const char *const names[] = {
#define X(name, text) [name] = text,
        CLI_STATE_MAP(X)
#undef X
    };
    return names[state];
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

/* Memory of the step; NULL, and the step failed, if it is out. */
static void *allocate(struct step *s, size_t size)
{
    void *p = arena_alloc(&s->out->arena, size);
    if (p == NULL)
        s->failed = true;
    return p;
}

static struct cli_action *append(struct step *s, enum cli_action_kind kind)
{
    struct cli_action *action = allocate(s, sizeof *action);
    if (action == NULL)
        return NULL;
    action->kind = kind;
    if (s->out->last != NULL)
        s->out->last->next = action;
    else
        s->out->first = action;
    s->out->last = action;
    return action;
}

static void trace(struct step *s, const struct trace_event *event)
{
    s->e->reasons[event->reason]++;
    struct cli_action *action = append(s, CLI_TRACE);
    if (action == NULL)
        return;
    action->trace = *event;
    action->trace.client = s->e->hw;
}

static void decide(struct step *s, enum reason reason, struct trace_facts facts)
{
    trace(s,
          &(struct trace_event){.kind = TRACE_DECISION, .reason = reason, .facts = facts, .xid = s->e->xid});
}

static void drop(struct step *s, const struct dhcp_msg *m, enum reason reason, struct trace_facts facts)
{
    trace(s, &(struct trace_event){.kind = TRACE_DROP, .reason = reason, .facts = facts, .xid = m->xid});
}

static void set_interface(struct step *s)
{
    struct cli_action *action = append(s, CLI_IF_SET);
    if (action != NULL)
        action->lease = s->e->lease;
}

static void send_arp(struct step *s, enum cli_action_kind kind, struct arp arp)
{
    struct cli_action *action = append(s, kind);
    if (action != NULL)
        action->arp = arp;
}

/* The lease is over, however it ended. */
static void lose_lease(struct step *s)
{
    s->e->announce_at_ms = s->e->defended_ms = TIME_NEVER;
    if (!s->e->has_lease)
        return;
    struct cli_action *action = append(s, CLI_IF_CLEAR);
    if (action != NULL)
        action->lease = s->e->lease;
    s->e->has_lease = false;
}

static void save_lease(struct step *s)
{
    struct cli_action *action = append(s, CLI_LEASE_SAVE);
    if (action != NULL)
        action->lease = s->e->lease;
    s->e->is_saved = true;
}

static void forget_lease(struct step *s)
{
    if (s->e->is_saved)
        append(s, CLI_LEASE_FORGET);
    s->e->is_saved = false;
}

static struct hw_addr hw_broadcast(const struct hw_addr *own)
{
    struct hw_addr hw = {.type = own->type, .len = own->len};
    memset(hw.bytes, 0xff, hw.len);
    return hw;
}

static void send_draft(struct step *s, const struct cli_draft *draft)
{
    struct cli_engine *e = s->e;
    struct dhcp_msg m;
    cli_message_build(e->config, &e->hw, draft, &m);
    uint8_t buf[DHCP_MSG_MAX];
    unsigned dropped;
    size_t len = dhcp_msg_encode(&m, buf, sizeof buf, &dropped);
    assert(dropped == 0);
    uint8_t *bytes = allocate(s, len);
    struct cli_action *action = append(s, CLI_TX);
    if (bytes == NULL || action == NULL)
        return;
    memcpy(bytes, buf, len);
    action->packet = (struct packet){
        .src_hw = e->hw,
        .src = m.ciaddr,
        .dst = draft->server_id,
        .sport = DHCP_PORT_CLIENT,
        .dport = DHCP_PORT_SERVER,
        .bytes = bytes,
        .len = len,
    };
    if (!cli_message_is_unicast(draft->form)) {
        action->packet.dst = IP4_BROADCAST;
        action->packet.dst_hw = hw_broadcast(&e->hw);
    }
    uint8_t type = 0;
    dhcp_get_u8(&m, DHCP_OPT_TYPE, &type);
    e->sent[type]++;
}

/* ---- states and timers ---- */

static void arm(struct cli_engine *e, struct timer timer)
{
    e->timer = timer.at_ms == TIME_NEVER ? CLI_NO_TIMER : timer.kind;
    e->timer_at_ms = timer.at_ms;
}

/* The only place where the state changes. */
static void change_state(struct step *s, enum cli_state to, enum reason reason, struct trace_facts facts,
                         struct timer timer)
{
    struct cli_engine *e = s->e;
    trace(s, &(struct trace_event){
                 .kind = TRACE_STATE,
                 .reason = reason,
                 .facts = facts,
                 .xid = e->xid,
                 .from = cli_state_name(e->state),
                 .to = cli_state_name(to),
             });
    e->state = to;
    e->state_since_ms = s->now;
    e->state_reason = reason;
    trace_sentence(reason, &facts, e->state_text, sizeof e->state_text);
    arm(e, timer);
}

static bool is_infinite(const struct cli_engine *e)
{
    return e->has_lease && e->lease.expires_at_ms == TIME_NEVER;
}

static struct timer backoff_timer(struct step *s)
{
    return (struct timer){CLI_TIMER_RETRANSMIT, s->now + cli_timing_backoff(s->e->transmissions, &s->e->rng)};
}

/* When to retransmit, or what comes before that. */
static struct timer retry_or(struct step *s, enum cli_timer end, time_ms end_ms)
{
    time_ms at_ms = cli_timing_retry_at(s->now, end_ms);
    return at_ms == TIME_NEVER ? (struct timer){end, end_ms} : (struct timer){CLI_TIMER_RETRANSMIT, at_ms};
}

/* The timer that runs after a transmission in `state`. */
static struct timer timer_after_send(struct step *s, enum cli_state state)
{
    struct timer timer;
    switch (state) {
    case CLI_SELECTING:
    case CLI_REQUESTING:
        return backoff_timer(s);
    case CLI_REBOOTING:
        timer = backoff_timer(s);
        return timer.at_ms < s->e->lease.expires_at_ms
                   ? timer
                   : (struct timer){CLI_TIMER_EXPIRY, s->e->lease.expires_at_ms};
    case CLI_RENEWING:
        /* Only on command: there is no T2, so half of the time until T2 has no meaning. */
        if (is_infinite(s->e))
            return backoff_timer(s);
        return retry_or(s, CLI_TIMER_T2, s->e->lease.rebind_at_ms);
    case CLI_REBINDING:
        if (is_infinite(s->e))
            return backoff_timer(s);
        return retry_or(s, CLI_TIMER_EXPIRY, s->e->lease.expires_at_ms);
    case CLI_STOPPED:
    case CLI_INIT:
    case CLI_INIT_REBOOT:
    case CLI_PROBING:
    case CLI_BOUND:
        break;
    }
    assert(false && "nothing is sent in this state");
    return no_timer;
}

static void draw_xid(struct cli_engine *e)
{
    e->xid = (uint32_t)rng_u64(&e->rng);
}

static uint16_t elapsed_s(struct step *s)
{
    if (s->e->begun_ms == TIME_NEVER)
        s->e->begun_ms = s->now;
    time_ms elapsed = (s->now - s->e->begun_ms) / 1000;
    return elapsed < SECS_MAX ? (uint16_t)elapsed : SECS_MAX;
}

/* What a transmission in `state` has of its own: xid, secs and base of the lease. */
static void prepare(struct step *s, enum cli_state state)
{
    struct cli_engine *e = s->e;
    bool first = e->transmissions++ == 0;
    switch (state) {
    case CLI_SELECTING:
        /* One xid for all transmissions, so that an answer to any of them counts. */
        if (first)
            draw_xid(e);
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
        /* One xid, as in SELECTING; the lease counts from the first transmission, which never overstays. */
        if (first) {
            draw_xid(e);
            e->requested_ms = s->now;
        }
        e->secs = elapsed_s(s);
        return;
    case CLI_RENEWING:
    case CLI_REBINDING:
        /* A new xid each time tells which transmission an ACK answers, and so when its lease began. */
        draw_xid(e);
        e->secs = elapsed_s(s);
        e->requested_ms = s->now;
        return;
    case CLI_STOPPED:
    case CLI_INIT:
    case CLI_INIT_REBOOT:
    case CLI_PROBING:
    case CLI_BOUND:
        break;
    }
    assert(false && "nothing is sent in this state");
}

static void transmit(struct step *s)
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
        assert(false && "nothing is sent in this state");
    }
    send_draft(s, &draft);
}

/* Enters a state that begins with a transmission. */
static void enter_sending(struct step *s, enum cli_state to, enum reason reason, struct trace_facts facts)
{
    s->e->transmissions = 0;
    prepare(s, to);
    change_state(s, to, reason, facts, timer_after_send(s, to));
    transmit(s);
}

static void send_again(struct step *s)
{
    prepare(s, s->e->state);
    arm(s->e, timer_after_send(s, s->e->state));
    transmit(s);
}

static void enter_init(struct step *s, enum reason reason, struct trace_facts facts, time_ms wait_ms)
{
    lose_lease(s);
    /* Relays and servers look at `secs` to see who is waiting for long: giving up is no new beginning. */
    if (reason != REASON_GAVE_UP)
        s->e->begun_ms = TIME_NEVER;
    change_state(s, CLI_INIT, reason, facts, (struct timer){CLI_TIMER_START, s->now + wait_ms});
}

static void enter_expired(struct step *s, struct trace_facts facts)
{
    enter_init(s, REASON_EXPIRED, facts, 0);
    forget_lease(s);
}

static void enter_stopped(struct step *s, enum reason reason)
{
    struct trace_facts facts = {.addr = s->e->has_lease ? s->e->lease.addr : 0};
    lose_lease(s);
    s->e->naks = s->e->conflicts = 0;
    change_state(s, CLI_STOPPED, reason, facts, no_timer);
}

static struct timer probe_timer(struct step *s)
{
    unsigned probes = s->e->probes;
    return (struct timer){probes < CLI_ACD_PROBE_NUM ? CLI_TIMER_PROBE : CLI_TIMER_ANNOUNCE,
                          s->now + cli_acd_wait(probes, &s->e->rng)};
}

/* The lease is in use from now on. */
static void enter_bound(struct step *s, enum reason reason, struct trace_facts facts)
{
    s->e->has_lease = true;
    s->e->begun_ms = TIME_NEVER;
    set_interface(s);
    save_lease(s);
    change_state(s, CLI_BOUND, reason, facts, (struct timer){CLI_TIMER_T1, s->e->lease.renew_at_ms});
}

/* RFC 5227 2.1: "Before beginning to use an IPv4 address ... a host implementing this specification MUST test
 * to see if the address is already in use". A renewal goes on with one that is in use already. */
static bool must_probe(struct step *s, struct trace_facts facts)
{
    struct cli_engine *e = s->e;
    if (e->has_lease || !e->config->acd)
        return false;
    e->probes = e->announcements = 0;
    if (e->lease.expires_at_ms > time_add(s->now, CLI_ACD_PROBING_MAX_MS))
        return true;
    decide(s, REASON_PROBE_SKIPPED, facts);
    return false;
}

/* Uses the lease, or probes for its address first. */
static void take_lease(struct step *s, enum reason probing, enum reason bound, struct trace_facts facts)
{
    if (must_probe(s, facts))
        change_state(s, CLI_PROBING, probing, facts, probe_timer(s));
    else
        enter_bound(s, bound, facts);
}

static void retransmit(struct step *s)
{
    struct cli_engine *e = s->e;
    struct trace_facts facts = {.num = e->transmissions};
    bool last = e->transmissions >= CLI_REQUEST_TRANSMISSIONS;
    if (e->state == CLI_REQUESTING && last) {
        /* RFC 2131 3.1 (5): "If the client receives neither a DHCPACK or a DHCPNAK message after employing
         * the retransmission algorithm, the client reverts to INIT state and restarts the initialization
         * process." */
        enter_init(s, REASON_GAVE_UP, facts, 0);
        return;
    }
    if (e->state == CLI_REBOOTING && last) {
        facts.addr = e->lease.addr;
        take_lease(s, REASON_REBOOT_SILENT, REASON_REBOOT_SILENT, facts);
        return;
    }
    if (is_infinite(e) && last) {
        e->begun_ms = TIME_NEVER;
        change_state(s, CLI_BOUND, REASON_RENEW_GAVE_UP, facts, no_timer);
        return;
    }
    facts.num++;
    decide(s, REASON_RETRANSMIT, facts);
    send_again(s);
}

static void choose_offer(struct step *s)
{
    struct cli_engine *e = s->e;
    enum reason reason = e->config->server != 0 ? REASON_OFFER_WANTED : REASON_OFFER_FIRST;
    e->chosen = e->offers[0];
    for (unsigned i = 1; i < e->n_offers; i++)
        decide(s, REASON_OFFER_LATER,
               (struct trace_facts){.addr = e->offers[i].addr, .other = e->offers[i].server_id});
    enter_sending(s, CLI_REQUESTING, reason,
                  (struct trace_facts){.addr = e->chosen.addr, .other = e->chosen.server_id});
}

/* A machine that slept wakes late: the last instant that has passed is the one that counts. */
static void lease_timer(struct step *s)
{
    struct cli_engine *e = s->e;
    struct trace_facts facts = {.addr = e->lease.addr, .other = e->lease.server_id};
    if (s->now >= e->lease.expires_at_ms)
        /* RFC 2131 4.4.5: "the client moves to INIT state, MUST immediately stop any other network processing
         * and requests network initialization parameters as if the client were uninitialized." */
        enter_expired(s, facts);
    else if (s->now >= e->lease.rebind_at_ms && e->state != CLI_REBINDING)
        enter_sending(s, CLI_REBINDING, REASON_T2, facts);
    else if (e->state == CLI_BOUND)
        enter_sending(s, CLI_RENEWING, REASON_T1, facts);
    else
        retransmit(s);
}

/* ---- address conflict detection, RFC 5227 ---- */

static void announce(struct step *s)
{
    struct cli_engine *e = s->e;
    e->announcements++;
    send_arp(s, CLI_ARP_ANNOUNCE, cli_acd_announcement(&e->hw, e->lease.addr));
    decide(s, REASON_ANNOUNCE,
           (struct trace_facts){.addr = e->lease.addr, .num = e->announcements, .max = CLI_ACD_ANNOUNCE_NUM});
    /* RFC 5227 2.3: "broadcasting ANNOUNCE_NUM ARP Announcements, spaced ANNOUNCE_INTERVAL seconds apart." */
    e->announce_at_ms =
        e->announcements < CLI_ACD_ANNOUNCE_NUM ? s->now + CLI_ACD_ANNOUNCE_INTERVAL_MS : TIME_NEVER;
}

/* Sends the next probe, or takes the address after the last one. */
static void go_on_probing(struct step *s)
{
    struct cli_engine *e = s->e;
    struct trace_facts facts = {.addr = e->lease.addr, .max = CLI_ACD_PROBE_NUM, .span_s = e->lease.lease_s};
    if (s->now >= e->lease.expires_at_ms) { /* the machine slept */
        enter_expired(s, facts);
        return;
    }
    facts.num = e->probes;
    if (e->probes == CLI_ACD_PROBE_NUM) {
        e->conflicts = 0;
        enter_bound(s, REASON_PROBED, facts);
        announce(s);
        return;
    }
    facts.num = ++e->probes;
    send_arp(s, CLI_ARP_PROBE, cli_acd_probe(&e->hw, e->lease.addr));
    decide(s, REASON_PROBE, facts);
    arm(e, probe_timer(s));
}

/* RFC 2131 3.1 (5): "If the client detects that the address is already in use (e.g., through the use of ARP),
 * the client MUST send a DHCPDECLINE message to the server and restarts the configuration process." */
static void decline(struct step *s, enum reason reason, struct trace_facts facts)
{
    struct cli_engine *e = s->e;
    char hw[HW_LEN], text[sizeof "in use by " + HW_LEN] = "in use by ";
    strcat(text, hw_format(&facts.hw, hw));
    time_ms wait_ms = cli_acd_decline_wait(++e->conflicts);
    draw_xid(e);
    struct cli_draft draft = {
        .form = CLI_FORM_DECLINE,
        .xid = e->xid,
        .addr = e->lease.addr,
        .server_id = e->lease.server_id,
        .text = text,
    };
    /* The interface is cleared first: not even the DECLINE may come from this address. */
    enter_init(s, reason, facts, wait_ms);
    forget_lease(s);
    send_draft(s, &draft);
    decide(s, REASON_DECLINE_WAIT, (struct trace_facts){.num = wait_ms, .max = e->conflicts});
}

static void on_conflict(struct step *s, const struct arp *arp)
{
    struct cli_engine *e = s->e;
    struct trace_facts facts = {
        .addr = e->lease.addr, .hw = arp->sender_hw, .num = CLI_ACD_DEFEND_INTERVAL_MS};
    /* RFC 5227 2.4 (b): "if this is not the first conflicting ARP packet the host has seen, and the time
     * recorded for the previous conflicting ARP packet is recent, within DEFEND_INTERVAL seconds, then the
     * host MUST immediately cease using this address". */
    if (e->defended_ms != TIME_NEVER && s->now - e->defended_ms < CLI_ACD_DEFEND_INTERVAL_MS) {
        decline(s, REASON_CONFLICT_LOST, facts);
        return;
    }
    e->defended_ms = s->now;
    send_arp(s, CLI_ARP_DEFEND, cli_acd_announcement(&e->hw, e->lease.addr));
    decide(s, REASON_CONFLICT_DEFENDED, facts);
}

static void on_arp(struct step *s, const struct arp *arp)
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
        return;
    case CLI_PROBING:
        if (cli_acd_is_used(arp, &e->hw, e->lease.addr))
            decline(s, REASON_CONFLICT, facts);
        else if (cli_acd_is_probed(arp, &e->hw, e->lease.addr))
            decline(s, REASON_CONFLICT_PROBE, facts);
        return;
    case CLI_BOUND:
    case CLI_RENEWING:
    case CLI_REBINDING:
        if (cli_acd_is_used(arp, &e->hw, e->lease.addr))
            on_conflict(s, arp);
        return;
    }
}

/* ---- what is due ---- */

static void fire(struct step *s)
{
    switch (s->e->state) {
    case CLI_STOPPED:
        assert(false && "a stopped client has no timer");
        return;
    case CLI_INIT:
        s->e->n_offers = 0;
        enter_sending(s, CLI_SELECTING, REASON_SEARCH, (struct trace_facts){0});
        return;
    case CLI_SELECTING:
        if (s->e->timer == CLI_TIMER_OFFERS)
            choose_offer(s);
        else
            retransmit(s);
        return;
    case CLI_REQUESTING:
        retransmit(s);
        return;
    case CLI_INIT_REBOOT:
        enter_sending(s, CLI_REBOOTING, REASON_REBOOT, (struct trace_facts){.addr = s->e->lease.addr});
        return;
    case CLI_REBOOTING:
        if (s->now >= s->e->lease.expires_at_ms)
            enter_expired(s, (struct trace_facts){.addr = s->e->lease.addr});
        else
            retransmit(s);
        return;
    case CLI_PROBING:
        go_on_probing(s);
        return;
    case CLI_BOUND:
    case CLI_RENEWING:
    case CLI_REBINDING:
        lease_timer(s);
        return;
    }
}

/* Every firing arms a later timer, or enters INIT without a wait, which then fires once. */
static void fire_due(struct step *s)
{
    while (cli_engine_deadline(s->e) <= s->now) {
        if (s->e->announce_at_ms < s->e->timer_at_ms)
            announce(s);
        else
            fire(s);
    }
}

/* ---- messages that come in ---- */

/* The server identifier of an answer; REASON_NONE if it is there and one of a host. */
static enum reason read_server_id(const struct dhcp_msg *m, ip4 *out)
{
    *out = 0;
    if (!dhcp_get_ip4(m, DHCP_OPT_SERVER_ID, out))
        return REASON_NO_SERVER_ID;
    return ip4_is_host(*out) ? REASON_NONE : REASON_BAD_SERVER_ID;
}

static enum reason check_lease_time(const struct dhcp_msg *m)
{
    uint32_t lease_s;
    if (!dhcp_get_u32(m, DHCP_OPT_LEASE_TIME, &lease_s))
        return REASON_NO_LEASE_TIME;
    /* Nothing could be done with it, but asking again at once, without end. */
    return lease_s == 0 ? REASON_LEASE_ZERO : REASON_NONE;
}

static bool knows_offer(const struct cli_engine *e, struct offer offer)
{
    for (unsigned i = 0; i < e->n_offers; i++)
        if (e->offers[i].addr == offer.addr && e->offers[i].server_id == offer.server_id)
            return true;
    return false;
}

/* REASON_NONE: the offer can be chosen. */
static enum reason check_offer(const struct cli_engine *e, const struct dhcp_msg *m, struct offer *out)
{
    out->addr = m->yiaddr;
    enum reason reason = read_server_id(m, &out->server_id);
    if (reason == REASON_NONE)
        reason = check_lease_time(m);
    if (reason != REASON_NONE)
        return reason;
    if (!cli_lease_is_usable(m))
        return REASON_OFFER_UNSAFE;
    if (e->config->server != 0 && out->server_id != e->config->server)
        return REASON_OFFER_OTHER_WANTED;
    if (knows_offer(e, *out))
        return REASON_OFFER_AGAIN;
    return e->n_offers == OFFERS_MAX ? REASON_OFFERS_FULL : REASON_NONE;
}

static void on_offer_selecting(struct step *s, const struct dhcp_msg *m)
{
    struct cli_engine *e = s->e;
    struct offer offer;
    enum reason reason = check_offer(e, m, &offer);
    struct trace_facts facts = {.addr = offer.addr, .other = offer.server_id, .num = OFFERS_MAX};
    if (reason != REASON_NONE) {
        drop(s, m, reason, facts);
        return;
    }
    e->offers[e->n_offers++] = offer;
    if (e->config->collect_offers_ms == 0) {
        choose_offer(s);
        return;
    }
    if (e->n_offers == 1)
        arm(e, (struct timer){CLI_TIMER_OFFERS, s->now + e->config->collect_offers_ms});
    facts.num = e->timer_at_ms - s->now;
    decide(s, REASON_OFFER_COLLECTED, facts);
}

/* An OFFER after the choice: the server that was not chosen is named, for the reader of the log. */
static void on_offer_late(struct step *s, const struct dhcp_msg *m)
{
    struct offer offer = {.addr = m->yiaddr};
    read_server_id(m, &offer.server_id);
    bool again = offer.addr == s->e->chosen.addr && offer.server_id == s->e->chosen.server_id;
    drop(s, m, again ? REASON_OFFER_AGAIN : REASON_OFFER_LATER,
         (struct trace_facts){.addr = offer.addr, .other = offer.server_id});
}

static void drop_unexpected(struct step *s, const struct dhcp_msg *m)
{
    drop(s, m, REASON_STATE, (struct trace_facts){.text = dhcp_type_name(m->type)});
}

static void on_offer(struct step *s, const struct dhcp_msg *m)
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
        drop_unexpected(s, m);
        return;
    }
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
    case CLI_REBINDING:
    case CLI_REBOOTING:
        expected = e->config->server;
        break;
    case CLI_STOPPED:
    case CLI_INIT:
    case CLI_INIT_REBOOT:
    case CLI_PROBING:
    case CLI_BOUND:
    case CLI_SELECTING: /* RFC 2131 4.4.1: "Any arriving DHCPACK messages must be silently discarded." */
        return REASON_STATE;
    }
    enum reason reason = read_server_id(m, out_server);
    if (reason != REASON_NONE)
        return reason;
    return expected == 0 || *out_server == expected ? REASON_NONE : REASON_ACK_OTHER_SERVER;
}

/* REASON_NONE: *out is the lease that the ACK gives. */
static enum reason check_ack(const struct cli_engine *e, const struct dhcp_msg *m, time_ms now,
                             struct trace_facts *facts, struct cli_lease *out)
{
    facts->addr = m->yiaddr;
    enum reason reason = check_answer(e, m, &facts->other);
    if (reason == REASON_NONE)
        reason = check_lease_time(m);
    if (reason != REASON_NONE)
        return reason;
    ip4 asked = e->has_lease || e->state == CLI_REBOOTING ? e->lease.addr : e->chosen.addr;
    if (m->yiaddr != asked) {
        facts->other = asked;
        return REASON_ACK_ADDRESS;
    }
    cli_lease_read(m, e->requested_ms, now, out);
    return out->expires_at_ms <= now ? REASON_ACK_LATE : REASON_NONE;
}

static void on_ack(struct step *s, const struct dhcp_msg *m)
{
    struct cli_engine *e = s->e;
    struct trace_facts facts = {.text = dhcp_type_name(m->type)};
    struct cli_lease lease;
    enum reason reason = check_ack(e, m, s->now, &facts, &lease);
    if (reason != REASON_NONE) {
        drop(s, m, reason, facts);
        return;
    }
    e->lease = lease;
    e->naks = 0;
    facts.span_s = e->lease.lease_s;
    if (e->lease.timers.t1_origin == CLI_TIMER_REPAIRED || e->lease.timers.t2_origin == CLI_TIMER_REPAIRED)
        decide(s, REASON_T_REPAIRED, facts);
    take_lease(s, REASON_ACK_PROBE, REASON_GOT_ACK, facts);
}

/* Option 56 for people; static storage, or the step's memory. */
static const char *nak_text(struct step *s, const struct dhcp_msg *m)
{
    const struct dhcp_option *option = dhcp_msg_find(m, DHCP_OPT_MESSAGE);
    if (option == NULL || option->len == 0)
        return "it gave no reason";
    char *text = allocate(s, NAK_TEXT_MAX);
    if (text == NULL)
        return "";
    dhcp_opt_format(dhcp_opt_find(OPT_SPACE_DHCP, DHCP_OPT_MESSAGE), option->data, option->len, text,
                    NAK_TEXT_MAX);
    return text;
}

static void on_nak(struct step *s, const struct dhcp_msg *m)
{
    struct cli_engine *e = s->e;
    struct trace_facts facts = {.text = dhcp_type_name(m->type)};
    enum reason reason = check_answer(e, m, &facts.other);
    if (reason != REASON_NONE) {
        drop(s, m, reason, facts);
        return;
    }
    facts.text = nak_text(s, m);
    time_ms wait_ms = cli_timing_nak_wait(++e->naks);
    /* RFC 2131 3.1 (5): "If the client receives a DHCPNAK message, the client restarts the configuration
     * process." 3.2 (4), figure 5: with a lease, "Halt network". */
    enter_init(s, REASON_GOT_NAK, facts, wait_ms);
    forget_lease(s);
    decide(s, REASON_NAK_WAIT, (struct trace_facts){.num = wait_ms, .max = e->naks});
}

/* REASON_NONE if the message is an answer to us. */
static enum reason check_header(const struct cli_engine *e, const struct dhcp_msg *m)
{
    if (m->op != DHCP_BOOTREPLY)
        return REASON_MSG_REQUEST_AT_CLIENT;
    struct hw_addr hw = dhcp_msg_hw(m);
    if (!hw_equal(&hw, &e->hw))
        return REASON_CHADDR;
    /* RFC 2131 4.4.1: "If the 'xid' of an arriving DHCPOFFER message does not match the 'xid' of the most
     * recent DHCPDISCOVER message, the DHCPOFFER message must be silently discarded." */
    return m->xid == e->xid ? REASON_NONE : REASON_XID;
}

static void on_rx(struct step *s, const struct packet *packet)
{
    struct dhcp_msg m;
    enum reason reason = dhcp_msg_decode(&m, packet->bytes, packet->len);
    if (reason != REASON_NONE) { /* the trace of the packet says so already */
        s->e->reasons[reason]++;
        return;
    }
    reason = check_header(s->e, &m);
    if (reason != REASON_NONE) {
        drop(s, &m, reason, (struct trace_facts){.hw = dhcp_msg_hw(&m)});
        return;
    }
    s->e->received[m.type]++;
    if (m.type == DHCP_OFFER)
        on_offer(s, &m);
    else if (m.type == DHCP_ACK)
        on_ack(s, &m);
    else if (m.type == DHCP_NAK)
        on_nak(s, &m);
    else
        drop_unexpected(s, &m);
}

/* ---- commands ---- */

/* Is the saved lease of use? If not it is forgotten, and the log says why. */
static bool take_saved(struct step *s, const struct cli_lease *saved)
{
    struct cli_engine *e = s->e;
    if (saved == NULL)
        return false;
    struct trace_facts facts = {.addr = saved->addr, .other = saved->server_id};
    e->is_saved = true;
    if (s->now < saved->expires_at_ms && (e->config->server == 0 || e->config->server == saved->server_id)) {
        e->lease = *saved;
        return true;
    }
    decide(s, s->now < saved->expires_at_ms ? REASON_SAVED_OTHER : REASON_SAVED_OVER, facts);
    forget_lease(s);
    return false;
}

static void on_start(struct step *s, const struct cli_lease *saved)
{
    struct cli_engine *e = s->e;
    if (e->state != CLI_STOPPED) {
        decide(s, REASON_RUNNING, (struct trace_facts){0});
        return;
    }
    if (take_saved(s, saved)) {
        /* RFC 2131 4.4.2: "The client begins in INIT-REBOOT state and sends a DHCPREQUEST message." */
        e->begun_ms = TIME_NEVER;
        change_state(s, CLI_INIT_REBOOT, REASON_SAVED, (struct trace_facts){.addr = saved->addr},
                     (struct timer){CLI_TIMER_START, s->now});
        return;
    }
    /* RFC 2131 4.4.1: "The client SHOULD wait a random time between one and ten seconds to desynchronize the
     * use of DHCP at startup." */
    time_ms wait_ms = rng_between(&e->rng, e->config->start_delay_min_ms, e->config->start_delay_max_ms);
    enter_init(s, REASON_STARTED, (struct trace_facts){0}, wait_ms);
    if (wait_ms > 0)
        decide(s, REASON_START_DELAY, (struct trace_facts){.num = wait_ms});
}

static void on_renew(struct step *s)
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
        enter_init(s, REASON_COMMAND_RENEW, facts, 0);
        return;
    case CLI_BOUND:
        enter_sending(s, CLI_RENEWING, REASON_COMMAND_RENEW, facts);
        return;
    case CLI_RENEWING:
    case CLI_REBINDING:
        decide(s, REASON_COMMAND_RENEW, facts);
        e->transmissions = 0;
        send_again(s);
        return;
    }
}

static void on_rebind(struct step *s)
{
    if (s->e->has_lease)
        enter_sending(s, CLI_REBINDING, REASON_COMMAND_REBIND,
                      (struct trace_facts){.addr = s->e->lease.addr});
    else
        enter_init(s, REASON_COMMAND_REBIND, (struct trace_facts){0}, 0);
}

static void on_release(struct step *s)
{
    struct cli_engine *e = s->e;
    if (!e->has_lease) {
        decide(s, REASON_NO_LEASE, (struct trace_facts){0});
        forget_lease(s);
        if (e->state != CLI_STOPPED)
            enter_stopped(s, REASON_COMMAND_RELEASE);
        return;
    }
    draw_xid(e);
    send_draft(s, &(struct cli_draft){
                      .form = CLI_FORM_RELEASE,
                      .xid = e->xid,
                      .addr = e->lease.addr,
                      .server_id = e->lease.server_id,
                  });
    forget_lease(s);
    enter_stopped(s, REASON_COMMAND_RELEASE);
}

static void on_stop(struct step *s)
{
    if (s->e->state == CLI_STOPPED)
        decide(s, REASON_COMMAND_STOP, (struct trace_facts){0});
    else
        enter_stopped(s, REASON_COMMAND_STOP);
}

static void handle(struct step *s, const struct cli_event *event)
{
    switch (event->kind) {
    case CLI_START:
        on_start(s, event->saved);
        return;
    case CLI_RX:
        on_rx(s, &event->packet);
        return;
    case CLI_ARP_RX:
        on_arp(s, &event->arp);
        return;
    case CLI_DEADLINE: /* done by fire_due() */
        return;
    case CLI_RELEASE:
        on_release(s);
        return;
    case CLI_RENEW:
        on_renew(s);
        return;
    case CLI_REBIND:
        on_rebind(s);
        return;
    case CLI_STOP:
        on_stop(s);
        return;
    }
}

/* ---- the engine ---- */

struct cli_engine *cli_engine_new(const struct cli_config *config, const struct hw_addr *hw, uint64_t seed)
{
    struct cli_engine *e = malloc(sizeof *e);
    if (e == NULL)
        return NULL;
    *e = (struct cli_engine){
        .config = config,
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
    struct cli_action *last = out->last;
    struct step s = {.e = e, .now = event->now, .out = out};
    fire_due(&s);
    handle(&s, event);
    fire_due(&s);
    if (!s.failed)
        return 0;
    *e = before;
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
                   e->state == CLI_REBOOTING || e->state == CLI_REBINDING;
    *out = (struct cli_status){
        .state = e->state,
        .state_since_ms = e->state_since_ms,
        .state_reason = e->state_reason,
        .state_text = e->state_text,
        .lease = e->has_lease ? &e->lease : NULL,
        .timer = e->announce_at_ms < e->timer_at_ms ? CLI_TIMER_ANNOUNCE : e->timer,
        .timer_at_ms = cli_engine_deadline(e),
        .transmissions = sending ? e->transmissions : 0,
        .xid = e->xid,
        .acd_addr = e->config->acd && (e->has_lease || e->state == CLI_PROBING) ? e->lease.addr : 0,
        .probes = e->probes,
        .announcements = e->announcements,
        .conflicts = e->conflicts,
    };
    memcpy(out->sent, e->sent, sizeof out->sent);
    memcpy(out->received, e->received, sizeof out->received);
    memcpy(out->reasons, e->reasons, sizeof out->reasons);
}
