/* The classes of a lease's client, for a leasequery. The client is not there to ask: only its lease is on
 * record. RFC 4388 6.4.2: "the DHCP server MUST use the saved Relay Agent Information option just like it did
 * when responding to the DHCP client in order to determine the values of any options requested". Pure. */
#pragma once
#include "server/srv_class.h"
#include "server/srv_host.h"
#include "server/srv_lease.h"

/* The client as its lease is on record: hardware address, client identifier, option 82. */
void srv_query_class_client(const struct srv_lease *lease, struct dhcp_msg *out);

/* The classes that follow from this client, and from its reservation (NULL: none) in the subnet. A class
 * whose expression looks at anything else, or at a class that does, has no members: nobody knows. `pool` may
 * be NULL.
 */
void srv_query_class_list(const struct srv_config *config, const struct srv_subnet *subnet,
                          const struct srv_pool *pool, const struct srv_host *host,
                          const struct dhcp_msg *client, const struct srv_host_ids *ids,
                          struct srv_class_set *out);
