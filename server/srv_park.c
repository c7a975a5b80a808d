#include "server/srv_park.h"

#include <stdlib.h>
#include <string.h>

#include "server/srv_grant.h"
#include "server/srv_on.h"

/* ---- the list ---- */

static void append(struct srv_park *park, struct srv_parked *parked)
{
    parked->next = NULL;
    if (park->last != NULL)
        park->last->next = parked;
    else
        park->first = parked;
    park->last = parked;
    park->n++;
}

/* Takes out what follows `before`; NULL: the first. */
static struct srv_parked *take_after(struct srv_park *park, struct srv_parked *before)
{
    struct srv_parked *parked = before != NULL ? before->next : park->first;
    if (before != NULL)
        before->next = parked->next;
    else
        park->first = parked->next;
    if (park->last == parked)
        park->last = before;
    park->n--;
    return parked;
}

/* False if no message waits for the address. *out_before is the one before it, or NULL. */
static bool find(const struct srv_park *park, ip4 addr, struct srv_parked **out_before)
{
    *out_before = NULL;
    for (struct srv_parked *p = park->first; p != NULL; *out_before = p, p = p->next)
        if (p->addr == addr)
            return true;
    return false;
}

static struct srv_parked *make(const struct srv_event *ev, ip4 addr)
{
    struct srv_parked *parked = calloc(1, sizeof *parked + ev->packet.len);
    if (parked == NULL)
        return NULL;
    parked->addr = addr;
    parked->iface = *ev->iface;
    memcpy(parked->ifname, ev->iface->name, strnlen(ev->iface->name, sizeof parked->ifname - 1));
    parked->iface.name = parked->ifname;
    parked->packet = ev->packet;
    parked->packet.bytes = memcpy(parked + 1, ev->packet.bytes, ev->packet.len);
    return parked;
}

time_ms srv_park_deadline(const struct srv_park *park)
{
    return park->first != NULL ? park->first->due_ms : TIME_NEVER;
}

void srv_park_fini(struct srv_park *park)
{
    while (park->first != NULL)
        free(take_after(park, NULL));
}

/* ---- probing ---- */

static void send_request(struct srv_step *s, struct srv_parked *parked)
{
    struct srv_action *action = srv_step_add(s, SRV_PROBE);
    action->ifindex = parked->is_relayed ? 0 : parked->iface.index;
    action->packet =
        (struct packet){.src = parked->is_relayed ? 0 : parked->iface.addr.addr, .dst = parked->addr};
    parked->requests++;
    parked->due_ms = s->ev->now + s->e->config->ping.timeout_ms;
}

/* Has the client had the address itself so short a time ago that nobody else can be there? Kea's
 * ping-cltt-secs. */
static bool is_fresh(const struct srv_step *s, ip4 addr)
{
    struct srv_lease lease;
    return srv_lease_find(s->e->leases, addr, &lease) && srv_lease_is_of(&lease, &s->client) &&
           s->ev->now < time_add(lease.granted_ms, time_from_lease_s(s->e->config->ping.cltt_s));
}

static bool needs_probe(const struct srv_step *s, ip4 addr, enum reason reason)
{
    return s->e->config->ping.enabled && addr != s->probed && reason != REASON_ADDR_BOUND &&
           reason != REASON_ADDR_OFFERED && !is_fresh(s, addr);
}

/* The newest message of the client is the one to answer: its xid may be another. */
static void replace(struct srv_step *s, struct srv_parked *before)
{
    struct srv_park *park = &s->e->park;
    struct srv_parked *old = before != NULL ? before->next : park->first, *fresh = make(s->ev, old->addr);
    if (fresh == NULL)
        return; /* the old one does as well */
    fresh->requests = old->requests;
    fresh->due_ms = old->due_ms;
    fresh->is_relayed = old->is_relayed;
    fresh->next = old->next;
    if (before != NULL)
        before->next = fresh;
    else
        park->first = fresh;
    if (park->last == old)
        park->last = fresh;
    free(old);
}

/* Until the probe has ended, and then as long as any offer. What stood offered to the client `before` is held
 * for it no more. */
static void hold(struct srv_step *s, ip4 addr, ip4 before)
{
    const struct srv_config *config = s->e->config;
    struct srv_lease offer;
    if (before != 0)
        srv_step_end_offer(s, before);
    srv_grant_make(s, addr, s->lifetime.default_s, &offer);
    offer.state = SRV_LEASE_OFFERED;
    offer.expires_ms = s->ev->now + (time_ms)config->ping.requests * config->ping.timeout_ms +
                       time_from_lease_s(s->lifetime.offer_s);
    srv_step_keep_offer(s, &offer);
}

static void park(struct srv_step *s, ip4 addr, ip4 before)
{
    struct srv_parked *parked = make(s->ev, addr);
    if (parked == NULL) {
        s->out_of_memory = true;
        return;
    }
    parked->is_relayed = s->msg->giaddr != 0;
    srv_step_decide(s, REASON_PROBING)->addr = addr;
    send_request(s, parked);
    if (!s->out_of_memory)
        hold(s, addr, before);
    if (s->out_of_memory)
        free(parked);
    else
        append(&s->e->park, parked);
}

bool srv_park_hold(struct srv_step *s, ip4 addr, enum reason reason)
{
    struct srv_park *waiting = &s->e->park;
    struct srv_parked *before;
    if (reason == REASON_ADDR_OFFERED && find(waiting, addr, &before)) {
        srv_step_decide(s, REASON_PROBE_PENDING)->addr = addr;
        replace(s, before);
        return true;
    }
    if (!needs_probe(s, addr, reason))
        return false;
    ip4 offered = srv_step_find_offer(s)->addr;
    if (waiting->n >= s->e->config->ping.max_pending)
        srv_step_drop(s, REASON_PROBE_LIMIT)->num = (int64_t)waiting->n;
    else if (srv_step_may_offer(s, offered))
        park(s, addr, offered);
    return true;
}

/* ---- what came of it ---- */

static bool decline(struct srv_step *s, struct srv_lease *offer)
{
    struct srv_engine *e = s->e;
    if (!srv_lease_find(e->leases, offer->addr, NULL) && srv_lease_table_room(e->leases) == 0) {
        srv_step_end_offer(s, offer->addr);
        srv_step_decide(s, REASON_LEASE_LIMIT)->num = (int64_t)srv_lease_table_count(e->leases);
        return false;
    }
    /* Nobody's: whoever answers there is no client of ours, and it is not this one's fault. */
    offer->hw = (struct hw_addr){0};
    offer->client_id_len = 0;
    offer->hostname[0] = '\0';
    srv_decline(s, offer, REASON_PROBE_ANSWERED);
    return !s->out_of_memory;
}

bool srv_park_settle(struct srv_step *s)
{
    const struct srv_parked *parked = s->parked;
    struct srv_lease offer;
    if (!srv_lease_find(s->e->offers, parked->addr, &offer))
        return false; /* the client went elsewhere meanwhile, or an administrator gave the address away */
    if (parked->is_answered)
        return decline(s, &offer);
    *srv_step_decide(s, REASON_PROBE_SILENT) =
        (struct trace_facts){.addr = parked->addr, .num = parked->requests};
    s->probed = parked->addr;
    return true;
}

struct srv_parked *srv_park_take_due(struct srv_step *s)
{
    struct srv_park *waiting = &s->e->park;
    while (waiting->first != NULL && waiting->first->due_ms <= s->ev->now) {
        struct srv_parked *parked = take_after(waiting, NULL);
        if (parked->requests >= s->e->config->ping.requests)
            return parked;
        send_request(s, parked);
        append(waiting, parked);
    }
    return NULL;
}

struct srv_parked *srv_park_take_answered(struct srv_park *park, ip4 addr)
{
    struct srv_parked *before;
    if (!find(park, addr, &before))
        return NULL;
    struct srv_parked *parked = take_after(park, before);
    parked->is_answered = true;
    return parked;
}
