/* Whether what happens is what a scenario expects. */
#include <stdio.h>
#include <string.h>

#include "common/dhcp_msg.h"
#include "lab/scenario_run.h"

static bool is_in_time(const struct scenario_expect *e, time_ms now)
{
    return now >= e->from_ms && now <= e->until_ms;
}

static void say(struct scenario_verdict *v, const char *separator, const char *text)
{
    size_t used = strlen(v->instead);
    if (used + strlen(text) + 32 < sizeof v->instead) /* what is longer is left out */
        snprintf(v->instead + used, sizeof v->instead - used, "%s%s", used > 0 ? separator : "", text);
}

static bool has_all(const struct dhcp_msg *msg, const uint8_t *codes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!dhcp_msg_has(msg, codes[i]))
            return false;
    return true;
}

static bool has_any(const struct dhcp_msg *msg, const uint8_t *codes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (dhcp_msg_has(msg, codes[i]))
            return true;
    return false;
}

static bool is_such(const struct scenario_expect *e, const struct packet *packet, const struct dhcp_msg *msg)
{
    return (e->type == 0 || e->type == msg->type) &&
           (!e->has_unicast || e->unicast == (packet->dst != IP4_BROADCAST)) &&
           (!e->has_ciaddr || e->ciaddr == (msg->ciaddr != 0)) && has_all(msg, e->with, e->n_with) &&
           !has_any(msg, e->without, e->n_without);
}

void scenario_judge_message(const struct scenario_expect *e, time_ms now, const struct packet *packet,
                            struct scenario_verdict *v)
{
    struct dhcp_msg msg;
    char text[160], at[SCENARIO_TIME_LEN];
    if (e->fact != SCENARIO_SENDS || !is_in_time(e, now) ||
        dhcp_msg_decode(&msg, packet->bytes, packet->len) != REASON_NONE)
        return;
    v->seen += is_such(e, packet, &msg);
    snprintf(text, sizeof text, "%s (%s, ciaddr %s) at %s", dhcp_type_name(msg.type),
             packet->dst == IP4_BROADCAST ? "broadcast" : "unicast", msg.ciaddr != 0 ? "set" : "zero",
             scenario_time_format(now, at));
    say(v, ", ", text);
}

static bool has_said(const struct scenario_verdict *v, const char *word)
{
    size_t len = strlen(word);
    const char *at = v->instead;
    while ((at = strstr(at, word)) != NULL && !((at == v->instead || at[-1] == ' ') && strchr(",", at[len])))
        at += len;
    return at != NULL;
}

/* What else was decided is told: each reason once. */
void scenario_judge_reason(const struct scenario_expect *e, time_ms now, const char *reason,
                           struct scenario_verdict *v)
{
    if (e->fact != SCENARIO_REASON || !is_in_time(e, now))
        return;
    if (strcmp(reason_token(e->reason), reason) == 0)
        v->seen++;
    else if (!has_said(v, reason))
        say(v, ", ", reason);
}

/* Does the expectation speak of a client as it is now? */
bool scenario_judge_client(const struct scenario_expect *e, enum cli_state state, ip4 held)
{
    return e->fact == SCENARIO_ADDRESS ? held == e->address : state == e->state;
}

void scenario_judge_host(const struct scenario_expect *e, time_ms now, const struct scenario_facts *facts,
                         struct scenario_verdict *v)
{
    if (v->seen > 0 || !is_in_time(e, now))
        return;
    switch (e->fact) {
    case SCENARIO_STATE:
    case SCENARIO_ADDRESS:
        v->seen = facts->n_such == facts->n_clients;
        break;
    case SCENARIO_LEASES:
        v->seen = facts->n_leases == e->leases;
        break;
    case SCENARIO_SENDS:
    case SCENARIO_REASON:
        break;
    }
}

static void tell_client(const struct scenario_facts *facts, struct scenario_verdict *v)
{
    char addr[IP4_LEN];
    if (facts->n_clients > 1)
        snprintf(v->instead, sizeof v->instead, "%zu of its %zu clients", facts->n_such, facts->n_clients);
    else
        snprintf(v->instead, sizeof v->instead, "it is %s and holds %s; %s", cli_state_name(facts->state),
                 facts->held == 0 ? "no address" : ip4_format(facts->held, addr), facts->state_text);
}

static void tell_decisions(struct scenario_verdict *v)
{
    char others[SCENARIO_SEEN_MAX], times[SCENARIO_TIMES_LEN];
    memcpy(others, v->instead, sizeof others);
    snprintf(v->instead, sizeof v->instead, "%s%s%.*s",
             v->seen == 0 ? "not once" : scenario_times_format(v->seen, times),
             others[0] == '\0' ? "" : "; what else it decided: ", SCENARIO_SEEN_MAX - 64, others);
}

void scenario_judge_end(const struct scenario_expect *e, time_ms now, const struct scenario_facts *facts,
                        struct scenario_verdict *v)
{
    scenario_judge_host(e, now, facts, v);
    v->met = e->has_count ? v->seen == e->count : v->seen > 0;
    switch (e->fact) {
    case SCENARIO_STATE:
    case SCENARIO_ADDRESS:
        tell_client(facts, v);
        break;
    case SCENARIO_LEASES:
        snprintf(v->instead, sizeof v->instead, "it has %zu", facts->n_leases);
        break;
    case SCENARIO_SENDS:
        if (v->instead[0] == '\0')
            say(v, "", "it sent nothing");
        break;
    case SCENARIO_REASON:
        tell_decisions(v);
        break;
    }
}
