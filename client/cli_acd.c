#include "client/cli_acd.h"

#include <assert.h>

#include "client/cli_timing.h"

static time_ms draw(struct cli_range range, struct rng *rng)
{
    return rng_between(rng, range.low_ms, range.high_ms);
}

time_ms cli_acd_wait(const struct cli_acd_numbers *acd, unsigned probes, struct rng *rng)
{
    assert(probes <= acd->probe_num);
    /* RFC 5227 2.1.1: "the host should then wait for a random time interval selected uniformly in the range
     * zero to PROBE_WAIT seconds, and should then send PROBE_NUM probe packets, each of these probe packets
     * spaced randomly and uniformly, PROBE_MIN to PROBE_MAX seconds apart." */
    if (probes == 0)
        return draw(acd->probe_wait, rng);
    if (probes < acd->probe_num)
        return draw(acd->probe_interval, rng);
    return acd->announce_wait_ms;
}

time_ms cli_acd_probing_max(const struct cli_acd_numbers *acd)
{
    return acd->probe_wait.high_ms + (time_ms)(acd->probe_num - 1) * acd->probe_interval.high_ms +
           acd->announce_wait_ms;
}

time_ms cli_acd_decline_wait(const struct cli_profile *p, unsigned nth, struct rng *rng)
{
    /* RFC 5227 2.1.1: "if ... the host experiences MAX_CONFLICTS or more address conflicts on a given
     * interface, then the host MUST limit the rate at which it probes for new addresses on this interface to
     * no more than one attempted new address per RATE_LIMIT_INTERVAL." */
    if (nth >= p->acd_numbers.max_conflicts)
        return p->acd_numbers.rate_limit_interval_ms;
    /* RFC 2131 3.1 (5): "The client SHOULD wait a minimum of ten seconds before restarting the configuration
     * process to avoid excessive network traffic in case of looping." */
    return cli_timing_wait(&p->decline, nth, rng);
}

struct arp cli_acd_probe(const struct hw_addr *own, ip4 addr)
{
    return (struct arp){.op = ARP_REQUEST, .sender_hw = *own, .target = addr};
}

struct arp cli_acd_announcement(const struct hw_addr *own, ip4 addr)
{
    return (struct arp){.op = ARP_REQUEST, .sender_hw = *own, .sender = addr, .target = addr};
}

bool cli_acd_is_used(const struct arp *m, const struct hw_addr *own, ip4 addr)
{
    /* RFC 5227 2.1.1: "the host receives any ARP packet (Request *or* Reply) ... where the packet's 'sender
     * IP address' is the address being probed for". */
    return m->sender == addr && !hw_equal(&m->sender_hw, own);
}

bool cli_acd_is_probed(const struct arp *m, const struct hw_addr *own, ip4 addr)
{
    /* RFC 5227 2.1.1: "any ARP Probe where the packet's 'target IP address' is the address being probed for,
     * and the packet's 'sender hardware address' is not the hardware address of any of the host's
     * interfaces". */
    return m->op == ARP_REQUEST && m->sender == 0 && m->target == addr && !hw_equal(&m->sender_hw, own);
}
