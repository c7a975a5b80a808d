/* Address conflict detection, RFC 5227, in the engine: PROBING, announcing, defending, DECLINE. The numbers
 * and the ARP messages are client/cli_acd.h. Part of the engine (client/cli_step.h). Pure. */
#pragma once
#include "client/cli_fsm.h"

/* Is e->lease one to be probed for before it is used? If only its shortness forbids that, says so with
 * `facts`. */
bool cli_probe_must(struct cli_step *s, struct trace_facts facts);
/* When the next probe is due in PROBING, or the first announcement. */
struct cli_alarm cli_probe_alarm(struct cli_step *s);
/* That is now: sends the next probe, or takes the address after the last one. */
void cli_probe_fire(struct cli_step *s);
/* e->announce_at_ms is now. */
void cli_probe_announce(struct cli_step *s);
/* Nobody must use e->lease.addr: clears the interface, sends DECLINE with the message `text`, and waits in
 * INIT. */
void cli_probe_decline(struct cli_step *s, enum reason reason, struct trace_facts facts, const char *text);
/* An ARP message came, any one. */
void cli_probe_on_arp(struct cli_step *s, const struct arp *arp);
