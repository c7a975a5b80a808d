/* One of the subnets that may give a client an address, as it is for this client: which addresses are no
 * client's, which are another's. Inside of srv_alloc. Pure. */
#pragma once
#include "server/srv_alloc.h"
#include "server/srv_alloc_pool.h"

/* Must not be copied: `client` may point into it. */
struct srv_alloc_view {
    const struct srv_alloc_query *q; /* borrowed */
    const struct srv_subnet *subnet;
    const struct srv_identity *client; /* as the subnet knows it, perhaps in `room` */
    ip4 reserved;                      /* for the client in the subnet; 0: none */
    bool is_new;                       /* by the rules: the subnet has no record of the client */
    struct srv_identity room;
};

void srv_alloc_view_init(struct srv_alloc_view *v, const struct srv_alloc_query *q,
                         const struct srv_subnet *subnet);
/* To the next subnet of the shared network. False, and the view is of the client's subnet again, when all
 * have had their turn. */
bool srv_alloc_view_next(struct srv_alloc_view *v);

/* May the client have addresses of this pool of the subnet? */
static inline bool srv_alloc_view_is_open(const struct srv_alloc_view *v, const struct srv_pool *pool)
{
    return srv_class_passes_subnet(v->q->classes, v->subnet) &&
           srv_class_passes(v->q->classes, &pool->gate.classes);
}

/* REASON_NONE if the address is of the subnet's pools or reserved for the client, and can be that of the
 * client, whoever holds it now. Else REASON_ADDR_RESERVED_OTHER, REASON_REQ_NOT_IN_POOL,
 * REASON_ADDR_FIRST_LAST, REASON_ADDR_NETWORK, REASON_ADDR_SERVER, REASON_ADDR_CLASS or REASON_ADDR_ROUTER.
 */
enum reason srv_alloc_view_exclusion(const struct srv_alloc_view *v, ip4 addr);
/* The same, if the address is known to be in `pool`; NULL: it is in none. */
enum reason srv_alloc_view_exclusion_in(const struct srv_alloc_view *v, const struct srv_alloc_pool *pool,
                                        ip4 addr);

/* Is the address held by another client, or in quarantine? Then *out_holder is the hardware address of its
 * record. */
bool srv_alloc_view_is_held(const struct srv_alloc_view *v, ip4 addr, struct hw_addr *out_holder);
