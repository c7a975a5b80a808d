/* Messages that wait until it is known whether somebody is at the address that they would get. RFC 2131 2.2:
 * "the allocating server SHOULD probe the reused address before allocating the address, e.g., with an ICMP
 * echo request". The address is held like an offer meanwhile, and other clients are served. When the probe
 * ends, the message is worked on again from its start: what has changed meanwhile counts. Not for others than
 * the engine. */
#pragma once
#include <stddef.h>

#include "common/clock.h"
#include "server/srv_engine.h"

enum { SRV_IFNAME_MAX = 16 };

struct srv_parked {
    struct srv_parked *next;
    ip4 addr;          /* that is probed */
    uint32_t requests; /* echo requests sent */
    time_ms due_ms;    /* when the last of them counts as not answered */
    bool is_answered;  /* the probe has ended: somebody is there */
    bool is_relayed;   /* the routing table knows the way to the address, not the interface */
    struct srv_iface iface;
    char ifname[SRV_IFNAME_MAX];
    struct packet packet; /* its octets follow the struct */
};

/* In the order of due_ms; empty if all 0. */
struct srv_park {
    struct srv_parked *first, *last;
    size_t n;
};

struct srv_step;

/* Does the message at hand wait for a probe of the address, which srv_alloc picked for `reason`? If so, that
 * is on record. A probe that has just ended, and a lease or an offer that the client has, need none. */
bool srv_park_hold(struct srv_step *s, ip4 addr, enum reason reason);
/* The message at hand has waited, and the probe has ended: is it to be worked on? If somebody was at the
 * address, that goes into quarantine. */
bool srv_park_settle(struct srv_step *s);

/* The next message whose last echo request was not answered at `now`; NULL if there is none. If there are
 * more requests to come, the next one is sent instead. The caller frees it. */
struct srv_parked *srv_park_take_due(struct srv_step *s);
/* The message that waits for the address, taken out as answered; NULL if none does. The caller frees it. */
struct srv_parked *srv_park_take_answered(struct srv_park *park, ip4 addr);
/* TIME_NEVER if nothing waits. */
time_ms srv_park_deadline(const struct srv_park *park);
void srv_park_fini(struct srv_park *park);
