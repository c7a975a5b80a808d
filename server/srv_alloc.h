/* Which address a client is offered, and which it may have. RFC 2131 4.3.1, 4.3.2. Pure. */
#pragma once
#include <stdbool.h>

#include "common/trace.h"
#include "server/srv_class.h"
#include "server/srv_host.h"
#include "server/srv_lease.h"

struct srv_alloc_pools;

/* Told, in order, about each candidate that was refused. `facts` is borrowed during the call. */
typedef void srv_alloc_note_fn(void *user, enum reason reason, const struct trace_facts *facts);

/* For whom, and what is known. All borrowed. */
struct srv_alloc_query {
    const struct srv_config *config;
    struct srv_alloc_pools *pools;  /* the next address that is nobody's comes from them */
    struct srv_lease_table *leases; /* withheld candidates that can never be given are put aside in it */
    const struct srv_lease_table *offers;
    const struct srv_subnet *subnet; /* where the client is */
    const struct srv_identity *client;
    const struct srv_class_set *classes; /* of the client */
    const struct srv_host_ids *ids;      /* what reservations know it by */
    ip4 server;                          /* the server's own address, never given */
    ip4 requested;                       /* option 50; 0: none */
    ip4 offered;                         /* what stands offered to the client in these subnets; 0: nothing */
    srv_alloc_note_fn *note;
    void *user;
};

/* The address to offer: that reserved for the client, if nobody else has it; else in the order of RFC
 * 2131 4.3.1: current binding, standing offer, previous binding, requested address, next free one
 * as the subnet's allocator has it; *out_reason says which. Each is looked for in the client's subnet and
 * then in the others of its shared network; *out_subnet is where it was found. 0 if there is none:
 * *out_reason is then REASON_POOL_EMPTY, or REASON_LEASE_LIMIT, and *out_subnet the client's subnet. */
ip4 srv_alloc_pick(const struct srv_alloc_query *q, enum reason *out_reason,
                   const struct srv_subnet **out_subnet);

/* The address reserved for the client, which it could have; 0: there is none, or somebody else has it. */
ip4 srv_alloc_reserved(const struct srv_alloc_query *q);

/* May the client have this very address, which is to be one of q->subnet? REASON_NONE, or why not:
 * REASON_NAK_WRONG_NET, REASON_NAK_NOT_IN_POOL, REASON_NAK_CLASS, REASON_NAK_DECLINED, REASON_NAK_IN_USE,
 * REASON_NAK_RESERVED_OTHER, REASON_NAK_RESERVED (there is a srv_alloc_reserved() one, and it is not this).
 */
enum reason srv_alloc_refusal(const struct srv_alloc_query *q, ip4 addr);
