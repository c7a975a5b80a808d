/* One event being worked on: what the files of the engine share. Not for others than srv_engine, srv_on_*
 * and what these call.
 *
 * What changes the engine is done last, when all actions are made: if memory runs out before, the actions are
 * taken back and the engine is as it was. */
#pragma once
#include "server/srv_alloc.h"
#include "server/srv_alloc_pool.h"
#include "server/srv_class.h"
#include "server/srv_engine.h"
#include "server/srv_expire.h"
#include "server/srv_force.h"
#include "server/srv_park.h"
#include "server/srv_tally.h"

enum { SRV_CLASSES_TEXT_MAX = 1024 };

/* The names of the classes that were told last. */
struct srv_classes_text {
    uint64_t order;   /* of their set; 0: they may be others now */
    unsigned version; /* raised when the text changes */
    size_t size;      /* with the NUL */
    char names[SRV_CLASSES_TEXT_MAX];
};

struct srv_engine {
    const struct srv_config *config;
    struct siphash_key key;
    struct srv_lease_table *leases; /* ACTIVE, DECLINED, EXPIRED, RELEASED */
    struct srv_lease_table *offers; /* OFFERED: never stored, and never in the way of a lease's record */
    struct srv_alloc_pools *pools;
    struct srv_tally *tally;
    struct srv_blocks *blocks;
    unsigned generation;
    struct srv_park park;
    struct srv_expire expire;
    size_t n_deletions;       /* among the leases, while loading */
    struct srv_secret secret; /* if has_secret */
    bool has_secret;
    struct srv_counters counters;
    struct dhcp_msg msg;          /* the message at hand; here because it is large */
    struct srv_class_set classes; /* of its client; likewise */
    struct srv_classes_text classes_text;
    struct srv_action spare; /* what is filled in when there is no memory; likewise */
};

/* What a relay says in option 82; all 0 if there is no relay, or it says nothing of it. */
struct srv_relay_wish {
    ip4 link;      /* RFC 3527: the link that the client is on */
    ip4 server_id; /* RFC 5107: who we are to be for the client */
    uint16_t port; /* RFC 8357: where the relay listens */
};

/* What is standing; addr 0: nothing is. */
struct srv_offered {
    ip4 addr;
    uint32_t lease_s;
};

struct srv_step {
    struct srv_engine *e;
    const struct srv_event *ev;
    struct srv_actions *out;
    const struct dhcp_msg *msg; /* NULL: none, or it could not be read */
    uint32_t xid;               /* of the message; 0: none is read */
    struct hw_addr hw;          /* likewise */
    struct srv_identity client;
    const struct srv_parked *parked; /* the message has waited in it; NULL: it has not */
    ip4 probed;                      /* nobody is at this address; 0: none was probed */
    struct srv_host_ids host_ids;    /* what reservations know the client by */
    struct srv_relay_wish relay;
    bool is_stashed;                 /* option 82 is that of the lease, and not in the message */
    struct srv_class_set *classes;   /* NULL until the message is read */
    bool classes_told;               /* they are on record */
    const struct srv_subnet *subnet; /* NULL until it is chosen, like what holds for the client there: */
    bool is_offered_known;
    struct srv_offered offered; /* if that is known */
    bool has_no_lease;          /* the client is known to have no record among the leases there */
    struct srv_lifetime lifetime;
    struct srv_boot boot;
    const struct srv_host *host;         /* the reservation; NULL: none. Kea's class KNOWN is who has one */
    bool has_nonce;                      /* the client has the nonce of its lease (srv_force) */
    uint8_t sent;                        /* type of the answer, if there is one */
    const struct srv_action *tally_from; /* the first trace that is for srv_count_tally(); NULL: none is */
    bool out_of_memory;
};

/* Takes back the actions after `last` (NULL: all). */
void srv_engine_rewind(struct srv_actions *out, struct srv_action *last);
/* Appends an action of zeros to fill in. Never NULL: without memory it is the spare one, and
 * s->out_of_memory. */
struct srv_action *srv_step_add(struct srv_step *s, enum srv_action_kind kind);
/* The same in two parts, and not zeroed: for what takes its place among the actions only when it is whole. */
struct srv_action *srv_step_make(struct srv_step *s, enum srv_action_kind kind);
void srv_step_append(struct srv_step *s, struct srv_action *action);
/* Appends a trace of the message at hand, and counts it. Its facts are 0, to be filled in. */
struct trace_event *srv_step_trace(struct srv_step *s, enum trace_kind kind, enum reason reason);

/* These return the facts, to be filled in with what the sentence of the reason speaks of. */
static inline struct trace_facts *srv_step_decide(struct srv_step *s, enum reason reason)
{
    return &srv_step_trace(s, TRACE_DECISION, reason)->facts;
}

static inline struct trace_facts *srv_step_drop(struct srv_step *s, enum reason reason)
{
    struct trace_facts *facts = &srv_step_trace(s, TRACE_DROP, reason)->facts;
    s->e->counters.dropped += !s->out_of_memory;
    return facts;
}

/* From now on the client goes by its client identifier, if it has one and that counts, or by its hardware
 * address; the record says which. RFC 2131 4.2. */
void srv_step_identify(struct srv_step *s, bool match_client_id);
/* Copies that live as long as the actions. Without memory they are empty, and s->out_of_memory. */
const uint8_t *srv_step_bytes(struct srv_step *s, const uint8_t *bytes, size_t len);
const char *srv_step_text(struct srv_step *s, const char *text);

/* Puts a record of a lease (not an offer) into the tables, in place of the one of its address:
 * srv_lease_put().
 */
int srv_step_put_record(struct srv_engine *e, const struct srv_lease *lease, bool match_client_id);
/* The lease is one that is in the table. */
void srv_step_remove_record(struct srv_engine *e, const struct srv_lease *lease);

/* Changes of the tables. The record to store is an action of its own. */
void srv_step_keep_lease(struct srv_step *s, const struct srv_lease *lease);
/* The same of a lease of the client at hand. `before` is the record of its address, or NULL; `offered` the
 * address of the client's offer (0: there is none), which ends. */
void srv_step_keep_granted(struct srv_step *s, const struct srv_lease *lease, const struct srv_lease *before,
                           ip4 offered);
/* The record of the lease is gone, from the tables and, by an action that this adds, from the store. */
void srv_step_forget_lease(struct srv_step *s, const struct srv_lease *lease);
/* May the client be made an offer of another address than `before`, the one that it was made and whose place
 * this takes (0: none)? If not, the record says why. */
bool srv_step_may_offer(struct srv_step *s, ip4 before);
void srv_step_keep_offer(struct srv_step *s, const struct srv_lease *offer); /* to the client at hand */
void srv_step_end_offer(struct srv_step *s, ip4 addr); /* nothing happens if there is none */

void srv_step_look_for_offer(struct srv_step *s);
/* The client's standing offer in the subnet or another one of its shared network. Looked up once as long as
 * neither changes. */
static inline const struct srv_offered *srv_step_find_offer(struct srv_step *s)
{
    if (!s->is_offered_known)
        srv_step_look_for_offer(s);
    return &s->offered;
}

/* The client's record there that is not at `not`: its active lease if it has one, else the latest. */
bool srv_step_find_lease(struct srv_step *s, ip4 not, struct srv_lease *out);

bool srv_step_is_broadcast(const struct srv_step *s);
/* Does option 54 with this value mean us? */
bool srv_step_is_our_id(const struct srv_step *s, ip4 server);
