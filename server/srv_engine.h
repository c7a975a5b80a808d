/* The DHCP server as a pure function of events: no socket, clock, file, thread or random source. RFC
 * 2131 4.3.
 *
 * The driver puts an event in and executes the actions that come out, in their order: an SRV_LEASE_PUT stands
 * before the TX of the ACK that promises it, and if the driver cannot store the lease it must not send what
 * follows for that event. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/clock.h"
#include "common/packet.h"
#include "common/trace.h"
#include "server/srv_block.h"
#include "server/srv_config.h"
#include "server/srv_lease.h"
#include "server/srv_route.h"

struct srv_engine;

enum { SRV_EXPIRE_MAX = 256 };

/* The interface that a packet came in on. */
struct srv_iface {
    int index;           /* the kernel's; only handed back in the TX action */
    const char *name;    /* "eth0", borrowed during the step */
    struct ip4_net addr; /* its own address and prefix; addr.addr is our server identifier there */
};

enum srv_event_kind {
    SRV_RX,
    SRV_DEADLINE,
    SRV_PROBE_ANSWERED, /* an echo reply from an address that was probed */
};

struct srv_event {
    enum srv_event_kind kind;
    time_ms now;
    const struct srv_iface *iface; /* SRV_RX */
    struct packet packet;          /* SRV_RX: dst tells unicast from broadcast (RFC 2131 4.3.6, table 4) */
    ip4 addr;                      /* SRV_PROBE_ANSWERED */
};

enum srv_action_kind {
    SRV_LEASE_PUT, /* store the lease (new, extended, released or declined) durably; that its time is over
                      follows from its record and is not stored */
    SRV_TX,        /* send */
    SRV_PROBE,     /* send an ICMP echo request; no answer needs no event */
    SRV_TRACE,     /* record */
};

/* Has only room for what its kind has: not to be copied as a whole. */
struct srv_action {
    struct srv_action *next;
    enum srv_action_kind kind;
    union {
        struct srv_lease lease; /* SRV_LEASE_PUT */
        struct {
            enum srv_via via;     /* SRV_TX */
            uint8_t type;         /* SRV_TX: the message's, enum dhcp_type */
            int ifindex;          /* SRV_TX, SRV_PROBE: the interface to send on; 0: as the routes say */
            struct packet packet; /* SRV_TX: bytes live in the arena; src_hw is the driver's to fill in.
                                     SRV_PROBE: only src (0: any) and dst */
            /* SRV_TX: the driver's to note. */
            uint64_t received_us;            /* when the question came; 0: it is not known */
            const struct srv_action *record; /* the last SRV_LEASE_PUT of the same step; NULL: none */
            struct srv_action *next_answer;  /* of those that leave together */
        };
        struct trace_event trace; /* SRV_TRACE: facts.text lives in the arena or is static */
    };
};

/* The names of the classes that were told last among the actions, for the next client that is in the same. */
struct srv_classes_told {
    const char *names; /* in the arena; NULL: none */
    unsigned version;  /* of the engine's text */
};

/* The notes of an option block (srv_block.h) that were told last among the actions, likewise. */
struct srv_notes_text {
    const char *text;    /* NULL: none */
    uint64_t number;     /* the block's, */
    unsigned generation; /* of the engine */
};

/* The ordered answer of one step. The caller owns it: init once, reset after the actions are executed. */
struct srv_actions {
    struct arena arena;
    struct srv_action *first, *last;
    struct srv_action *due; /* the last before those of the event itself in the last step; NULL: none */
    struct srv_classes_told classes; /* the engine's, */
    struct srv_notes_text notes;     /* and this */
    bool is_explained; /* srv_explain borrows from them: not to be reset, but for srv_explain_keep() */
};

void srv_actions_init(struct srv_actions *out);
void srv_actions_reset(struct srv_actions *out);
void srv_actions_fini(struct srv_actions *out);

/* An engine that serves `config` (borrowed until _free or _reconfigure). The key is random and secret: its
 * tables find clients by a hash with it, and what the allocators "random" and "flq" draw follows from it;
 * with the same key they draw the same. Nothing else that the engine answers depends on it. NULL if memory is
 * out.
 */
struct srv_engine *srv_engine_new(const struct srv_config *config, const struct siphash_key *key);
void srv_engine_free(struct srv_engine *e);

/* Takes a lease that the store knew at start-up; `now` decides whether it is still valid. The newest record
 * of an address must come first. Where the subnet of its subnet_id does not contain its address, it moves to
 * the first that does. ERR_NOMEM, ERR_LIMIT, ERR_EXISTS (the address is there already), or ERR_INVALID (in no
 * subnet, or an offer). A deletion hides the older records of its address. */
int srv_engine_load(struct srv_engine *e, const struct srv_lease *lease, time_ms now);
/* Ends loading: deletions have done their part. */
void srv_engine_loaded(struct srv_engine *e);

/* What an administrator changes; the record to store is appended to `out`. Each returns 0 or ERR_NOMEM, then
 * nothing has changed.
 * Puts a lease (not SRV_LEASE_OFFERED; of a subnet of the configuration) in place of the one of its address,
 * whoever has that. An offer of the address is taken back. ERR_LIMIT: max-leases. */
int srv_engine_put_lease(struct srv_engine *e, const struct srv_lease *lease, struct srv_actions *out);
/* Forgets a lease: its client is unknown, its address is free. ERR_NOTFOUND: there is none; ERR_NOMEM. */
int srv_engine_delete_lease(struct srv_engine *e, ip4 addr, time_ms now, struct srv_actions *out);
/* Makes every lease free whose time is over at `now`, whether or not it may wait for its turn. 0 or
 * ERR_NOMEM.
 */
int srv_engine_reclaim(struct srv_engine *e, time_ms now, struct srv_actions *out);
/* The pool-id of the pool that the lease's address is in now; 0: in none. */
uint32_t srv_engine_pool_id(const struct srv_engine *e, const struct srv_lease *lease);
/* The lease of the address. False, and *out untouched, if there is none; offers are not leases. */
bool srv_engine_find_lease(const struct srv_engine *e, ip4 addr, struct srv_lease *out);

/* Counts n messages that the driver has not let in, or whose answers it has not let out. */
void srv_engine_count_drops(struct srv_engine *e, enum reason reason, uint64_t n);
/* What to raise by one when a message of the type has left: whether an SRV_TX does, its driver knows. */
uint64_t *srv_engine_sent(struct srv_engine *e, uint8_t type);

/* Serves another configuration from now on. Leases are kept, each in the subnet that contains its address
 * now; one in no subnet is kept, too, but serves nobody. Offers are kept. The old configuration may be freed
 * after success. ERR_NOMEM: the old one stays in force. */
int srv_engine_reconfigure(struct srv_engine *e, const struct srv_config *config);

/* One event in, actions appended to `out`. Before the event itself, what is due at `now` expires, at most
 * SRV_EXPIRE_MAX leases and as many offers a step; without a message, as struct srv_expiry says. Returns 0 or
 * ERR_NOMEM (the event is lost, the engine is intact).
 */
int srv_engine_step(struct srv_engine *e, const struct srv_event *event, struct srv_actions *out);

/* When the engine next wants SRV_DEADLINE; TIME_NEVER if it waits for nothing. It may be past when more is
 * due than one step takes. */
time_ms srv_engine_deadline(const struct srv_engine *e);

/* Visits every lease and every standing offer (SRV_LEASE_OFFERED) in address order; an address that was
 * leased before may have both. `each` returns false to stop. The lease is borrowed during the call. */
typedef bool srv_lease_fn(void *user, const struct srv_lease *lease);
void srv_engine_leases(const struct srv_engine *e, srv_lease_fn *each, void *user);

/* Records of the subnet in the state; SRV_LEASE_OFFERED: standing offers. */
size_t srv_engine_count_leases(const struct srv_engine *e, uint32_t subnet_id, enum srv_lease_state state);

/* Counters by reason and by message type: how often each was traced, received, sent. Borrowed. */
struct srv_counters {
    uint64_t reasons[REASON_COUNT];
    uint64_t received[19]; /* by enum dhcp_type; 0: BOOTP */
    uint64_t sent[19];     /* by srv_engine_sent() */
    uint64_t
        dropped; /* messages that could not be read (traced by the driver) or are not served (TRACE_DROP) */
};
const struct srv_counters *srv_engine_counters(const struct srv_engine *e);
/* What is counted of the leases; borrowed until srv_engine_reconfigure(), which counts anew, and then the
 * generation is another one. */
struct srv_tally *srv_engine_tally(struct srv_engine *e);
/* Of the option blocks since the last srv_engine_reconfigure(), which empties them. */
struct srv_block_counts srv_engine_blocks(const struct srv_engine *e);
unsigned srv_engine_generation(const struct srv_engine *e);
