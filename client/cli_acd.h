/* Address conflict detection, RFC 5227: its waits, its ARP messages, and what is a conflict. Pure. */
#pragma once
#include <stdbool.h>

#include "client/cli_profile.h"
#include "common/addr.h"
#include "common/clock.h"
#include "common/packet.h"
#include "common/reason.h"
#include "common/rng.h"

/* How long to wait after `probes` of the PROBE_NUM probes have been sent: before the first one 0 to
 * PROBE_WAIT, between two of them PROBE_MIN to PROBE_MAX, both uniform random, and ANNOUNCE_WAIT after the
 * last one. */
time_ms cli_acd_wait(const struct cli_acd_numbers *acd, unsigned probes, struct rng *rng);

/* The longest that probing takes: 1 + 2 * 2 + 2 s with the numbers of RFC 5227. */
time_ms cli_acd_probing_max(const struct cli_acd_numbers *acd);

/* How long to stay in INIT after the n-th conflict (from 1) in a row: the profile's wait after a DECLINE,
 * and RATE_LIMIT_INTERVAL from the MAX_CONFLICTS-th on. */
time_ms cli_acd_decline_wait(const struct cli_profile *p, unsigned nth, struct rng *rng);

/* "Is anybody using `addr`?": sender address 0, so that no cache is spoilt. */
struct arp cli_acd_probe(const struct hw_addr *own, ip4 addr);
/* "`addr` is mine": sender and target address are the same. */
struct arp cli_acd_announcement(const struct hw_addr *own, ip4 addr);

/* Does the message say that somebody else uses `addr`? What has our own hardware address came back to us;
 * what a proxy says of other addresses is none of ours. */
bool cli_acd_is_used(const struct arp *m, const struct hw_addr *own, ip4 addr);
/* Does somebody else probe for `addr`? That counts while we probe for it, too. */
bool cli_acd_is_probed(const struct arp *m, const struct hw_addr *own, ip4 addr);
