/* What an ACK gave, as the engine keeps it and the interface is set by it. Pure. */
#pragma once
#include <stdint.h>

#include "client/cli_timing.h"
#include "common/addr.h"
#include "common/clock.h"
#include "common/dhcp_msg.h"

enum { CLI_DNS_MAX = 4, CLI_DOMAIN_LEN = 256 };

/* All instants are boot-time. They count from the time the answered REQUEST was sent (RFC 2131 4.4.5), or
 * where the profile has it so from the time the ACK came. In
 * REQUESTING every transmission has the OFFER's xid, so which of them was answered cannot be told; there the
 * first one counts ("the time at which the original request was sent", 4.4.1), which never overstays. */
struct cli_lease {
    ip4 addr;
    uint8_t prefix_len; /* from option 1; of the address class if that is missing or not contiguous */
    ip4 server_id;
    ip4 dns[CLI_DNS_MAX];
    uint8_t n_dns;
    uint16_t mtu;                 /* option 26; 0: none */
    char domain[CLI_DOMAIN_LEN];  /* option 15; "": none, or no name */
    uint32_t lease_s;             /* 1 or more, LEASE_INFINITE allowed */
    int64_t t1_told_s, t2_told_s; /* what options 58 and 59 said; -1: they were not there */
    struct cli_timers timers;     /* T1 and T2 as durations, and where they came from */
    time_ms requested_ms;         /* the answered REQUEST was sent */
    time_ms acked_ms;             /* the ACK came */
    time_ms renew_at_ms;  /* T1; renew_at_ms < rebind_at_ms < expires_at_ms, or TIME_NEVER all three */
    time_ms rebind_at_ms; /* T2 */
    time_ms expires_at_ms;
};

/* Reads an ACK to an INFORM for `own`, sent at `requested_ms`, with option 54: no lease time and no timers,
 * whatever the server says of them; all instants of the lease's course are TIME_NEVER. */
void cli_lease_read_inform(const struct dhcp_msg *ack, struct ip4_net own, time_ms requested_ms,
                           time_ms acked_ms, struct cli_lease *out);

/* Reads an ACK that has options 51 (not 0) and 54, to a REQUEST sent at `requested_ms`. */
void cli_lease_read(const struct cli_profile *p, const struct dhcp_msg *ack, time_ms requested_ms,
                    time_ms acked_ms, struct cli_lease *out);

/* Sets the timers and their instants from lease_s, requested_ms, acked_ms, and options 58 and 59 (NULL: not
 * there). */
void cli_lease_set_timers(const struct cli_profile *p, const uint32_t *t1_s, const uint32_t *t2_s,
                          struct cli_lease *lease);
/* Adds the profile's random part to T1 and T2, which have none yet. */
void cli_lease_fuzz(const struct cli_profile *p, struct rng *rng, struct cli_lease *lease);

/* The length of the class that the address is in: what goes without a mask. RFC 791 3.2. */
uint8_t cli_lease_class_len(ip4 addr);
/* Can it be a host's or a domain's name: letters, digits, and "-", "_" and "." in between? */
bool cli_lease_is_name(const char *text, size_t len);

/* Could a host use yiaddr? RFC 2131 leaves it to the client to judge; we refuse what no host can have, the
 * network and the broadcast address of the offered subnet included. REASON_NONE: it could. */
enum reason cli_lease_check_addr(const struct dhcp_msg *m);
