/* Address conflict detection, RFC 5227: its numbers, its ARP messages, and what is a conflict. Pure. */
#pragma once
#include <stdbool.h>

#include "common/addr.h"
#include "common/clock.h"
#include "common/packet.h"
#include "common/reason.h"
#include "common/rng.h"

/* RFC 5227 1.1, and the wait of RFC 2131 3.1 (5). */
enum {
    CLI_ACD_PROBE_WAIT_MS = 1000,
    CLI_ACD_PROBE_NUM = 3,
    CLI_ACD_PROBE_MIN_MS = 1000,
    CLI_ACD_PROBE_MAX_MS = 2000,
    CLI_ACD_ANNOUNCE_WAIT_MS = 2000,
    CLI_ACD_ANNOUNCE_NUM = 2,
    CLI_ACD_ANNOUNCE_INTERVAL_MS = 2000,
    CLI_ACD_MAX_CONFLICTS = 10,
    CLI_ACD_RATE_LIMIT_INTERVAL_MS = 60000,
    CLI_ACD_DEFEND_INTERVAL_MS = 10000,
    CLI_ACD_DECLINE_WAIT_MS = 10000,
    /* The longest that probing takes: 1 + 2 * 2 + 2 s. */
    CLI_ACD_PROBING_MAX_MS = 7000,
};

/* How long to wait after `probes` of the CLI_ACD_PROBE_NUM probes have been sent: before the first one 0 to 1
 * s, between two of them 1 to 2 s, both uniform random, and 2 s after the last one. */
time_ms cli_acd_wait(unsigned probes, struct rng *rng);

/* How long to stay in INIT after the n-th conflict (from 1) in a row: 10 s, and 60 s from the tenth on. */
time_ms cli_acd_decline_wait(unsigned nth);

/* "Is anybody using `addr`?": sender address 0, so that no cache is spoilt. */
struct arp cli_acd_probe(const struct hw_addr *own, ip4 addr);
/* "`addr` is mine": sender and target address are the same. */
struct arp cli_acd_announcement(const struct hw_addr *own, ip4 addr);

/* Does the message say that somebody else uses `addr`? What has our own hardware address came back to us;
 * what a proxy says of other addresses is none of ours. */
bool cli_acd_is_used(const struct arp *m, const struct hw_addr *own, ip4 addr);
/* Does somebody else probe for `addr`? That counts while we probe for it, too. */
bool cli_acd_is_probed(const struct arp *m, const struct hw_addr *own, ip4 addr);
