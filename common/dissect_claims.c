#include "common/dissect_claims.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/dhcp_proto.h"
#include "common/dissect_tree.h"

enum { WAYS = 4 };

/* RFC 5227 1.1: ANNOUNCE_WAIT and DEFEND_INTERVAL. */
static const int64_t announce_wait_ns = INT64_C(2) * 1000000000;
static const int64_t defend_interval_ns = INT64_C(10) * 1000000000;

/* One who claims the address. hw.len 0: nobody. */
struct claimant {
    struct hw_addr hw;
    int64_t last_ns;
};

struct claim {
    bool used;
    ip4 addr;
    uint16_t vlan;
    uint64_t last;          /* step at which it was spoken of */
    struct claimant owner;  /* who used it first */
    struct claimant rival;  /* who used it, too */
    struct claimant prober; /* who asked last whether anybody does */
};

struct dissect_claims {
    uint64_t step, forgotten;
    size_t n_sets;
    struct claim rows[];
};

struct dissect_claims *dissect_claims_new(size_t limit)
{
    assert(limit > 0);
    size_t n_sets = (limit + WAYS - 1) / WAYS;
    struct dissect_claims *c = calloc(1, sizeof *c + n_sets * WAYS * sizeof c->rows[0]);
    if (c != NULL)
        c->n_sets = n_sets;
    return c;
}

void dissect_claims_free(struct dissect_claims *c)
{
    free(c);
}

uint64_t dissect_claims_forgotten(const struct dissect_claims *c)
{
    return c->forgotten;
}

/* The row of the address; a new one, with nobody in it, if there is none. */
static struct claim *find(struct dissect_claims *c, const struct dissect *d, ip4 addr)
{
    uint16_t vlan = d->link.n_vlans > 0 ? d->link.vlans[0] : 0;
    size_t set = ((addr * 2654435761U) >> 8 ^ vlan) % c->n_sets;
    struct claim *rows = &c->rows[set * WAYS], *victim = rows;
    c->step++;
    for (int i = 0; i < WAYS; i++) {
        if (rows[i].used && rows[i].addr == addr && rows[i].vlan == vlan) {
            rows[i].last = c->step;
            return &rows[i];
        }
        if (!rows[i].used || (victim->used && rows[i].last < victim->last))
            victim = &rows[i];
    }
    c->forgotten += victim->used;
    *victim = (struct claim){.used = true, .addr = addr, .vlan = vlan, .last = c->step};
    return victim;
}

static bool is_other(const struct claimant *claimant, const struct hw_addr *hw)
{
    return claimant->hw.len > 0 && !hw_equal(&claimant->hw, hw);
}

static bool is_same(const struct claimant *claimant, const struct hw_addr *hw)
{
    return claimant->hw.len > 0 && hw_equal(&claimant->hw, hw);
}

static bool is_probing(const struct claimant *prober, int64_t now_ns)
{
    return now_ns - prober->last_ns <= announce_wait_ns;
}

static void tell(struct dissect_claim_answer *out, enum dissect_claim_event event,
                 const struct claimant *other)
{
    out->event = event;
    out->other = other->hw;
    out->other_ns = other->last_ns;
}

/* RFC 5227 2.1.1: "if during this period the host receives any ARP Probe where the packet's 'target IP
 * address' is the address being probed for, and the packet's 'sender hardware address' is not the hardware
 * address of any of the host's interfaces, then the host SHOULD similarly treat this as an address conflict".
 */
static void take_probe(struct claim *claim, const struct hw_addr *hw, int64_t now_ns,
                       struct dissect_claim_answer *out)
{
    if (is_other(&claim->prober, hw) && is_probing(&claim->prober, now_ns))
        tell(out, CLAIM_BOTH_PROBE, &claim->prober);
    claim->prober = (struct claimant){*hw, now_ns};
}

/* RFC 5227 2.4: "if a host receives an ARP packet (Request *or* Reply) where the 'sender IP address' is (one
 * of) the host's own IP address(es) configured on that interface, but the 'sender hardware address' does not
 * match any of the host's own interface addresses, then this is a conflicting ARP packet". It may defend its
 * address: with one announcement in DEFEND_INTERVAL. */
static void take_use(struct claim *claim, const struct hw_addr *hw, int64_t now_ns,
                     struct dissect_claim_answer *out)
{
    const struct claimant self = {*hw, now_ns};
    /* 2.1.1: "any ARP packet (Request *or* Reply) ... where the packet's 'sender IP address' is the address
     * being probed for" */
    if (is_other(&claim->prober, hw) && is_probing(&claim->prober, now_ns))
        tell(out, CLAIM_IN_USE, &claim->prober);
    else if (is_other(&claim->owner, hw))
        tell(out, CLAIM_CONFLICT, &claim->owner);
    else if (is_other(&claim->rival, hw) && now_ns - claim->rival.last_ns <= defend_interval_ns)
        tell(out, CLAIM_DEFENCE, &claim->rival);
    if (is_other(&claim->owner, hw) && out->event == CLAIM_CONFLICT)
        claim->rival = self;
    else
        claim->owner = self;
    if (is_same(&claim->prober, hw))
        claim->prober.hw.len = 0;
}

static void take_arp(struct dissect_claims *c, const struct dissect *d, int64_t now_ns,
                     struct dissect_claim_answer *out)
{
    const struct dissect_arp *a = &d->arp;
    switch (a->kind) {
    case DISSECT_ARP_PROBE:
        out->addr = a->target;
        take_probe(find(c, d, a->target), &a->sender_hw, now_ns, out);
        return;
    case DISSECT_ARP_REQUEST:
    case DISSECT_ARP_REPLY:
    case DISSECT_ARP_ANNOUNCEMENT:
        out->addr = a->sender;
        if (a->sender != 0)
            take_use(find(c, d, a->sender), &a->sender_hw, now_ns, out);
        return;
    case DISSECT_ARP_OTHER:
        return;
    }
}

/* Nobody has the address now but `hw`, if anybody; len 0: nobody. */
static void hand_over(struct dissect_claims *c, const struct dissect *d, ip4 addr, const struct hw_addr *hw)
{
    if (addr == 0)
        return;
    struct claim *claim = find(c, d, addr);
    if (!is_same(&claim->owner, hw))
        claim->owner.hw.len = 0;
    claim->rival.hw.len = 0;
}

static void take_dhcp(struct dissect_claims *c, const struct dissect *d)
{
    static const struct hw_addr nobody;
    struct hw_addr hw = dhcp_msg_hw(&d->dhcp);
    if (d->dhcp.type == DHCP_ACK)
        hand_over(c, d, d->dhcp.yiaddr, &hw);
    else if (d->dhcp.type == DHCP_RELEASE)
        hand_over(c, d, d->dhcp.ciaddr, &nobody);
}

void dissect_claims_step(struct dissect_claims *c, const struct dissect *d, int64_t now_ns,
                         struct dissect_claim_answer *out)
{
    *out = (struct dissect_claim_answer){0};
    if (d->arp.found)
        take_arp(c, d, now_ns, out);
    else if (d->has_dhcp)
        take_dhcp(c, d);
}

const char *dissect_claim_format(const struct dissect_claim_answer *answer, char *buf)
{
    char addr[IP4_LEN], hw[HW_LEN];
    ip4_format(answer->addr, addr);
    hw_format(&answer->other, hw);
    buf[0] = '\0';
    switch (answer->event) {
    case CLAIM_NOTHING:
        break;
    case CLAIM_IN_USE:
        snprintf(buf, DISSECT_CLAIM_TEXT_LEN, "conflict: %s is in use, and %s probes for it", addr, hw);
        break;
    case CLAIM_BOTH_PROBE:
        snprintf(buf, DISSECT_CLAIM_TEXT_LEN, "conflict: %s probes for %s, too", hw, addr);
        break;
    case CLAIM_CONFLICT:
        snprintf(buf, DISSECT_CLAIM_TEXT_LEN, "conflict: %s uses %s, too", hw, addr);
        break;
    case CLAIM_DEFENCE:
        snprintf(buf, DISSECT_CLAIM_TEXT_LEN, "%s is defended against %s", addr, hw);
        break;
    }
    return buf;
}

void dissect_claims_show(struct dissect *d, const struct dissect_claim_answer *answer)
{
    char text[DISSECT_CLAIM_TEXT_LEN];
    if (answer->event == CLAIM_NOTHING || (dissect_has_tree(d) && d->tree == NULL))
        return;
    d->parent = d->tree;
    dissect_warn(d, 0, 0, "%s", dissect_claim_format(answer, text));
}
