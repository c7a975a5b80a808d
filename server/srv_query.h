/* Leasequery: who has this address, which address has this client? RFC 4388 over UDP, RFC 6926 over TCP.
 * Pure.
 */
#pragma once
#include "common/dhcp_msg.h"
#include "server/srv_config.h"
#include "server/srv_lease.h"

/* What the question goes by. The last three are of RFC 6926 only. */
enum srv_query_by {
    SRV_QUERY_BY_ADDR,
    SRV_QUERY_BY_HW,
    SRV_QUERY_BY_CLIENT_ID,
    SRV_QUERY_BY_RELAY_ID,
    SRV_QUERY_BY_REMOTE_ID,
    SRV_QUERY_BY_NOTHING, /* every address */
};

struct srv_query {
    enum srv_query_by by;
    ip4 addr;          /* SRV_QUERY_BY_ADDR */
    struct hw_addr hw; /* SRV_QUERY_BY_HW */
    uint8_t id_len;    /* the identifiers */
    uint8_t id[255];
};

/* Reads the question of a DHCPLEASEQUERY or, with `is_bulk`, of a DHCPBULKLEASEQUERY. REASON_NONE, or
 * REASON_QUERY_KIND: it does not go by exactly one thing, or by an identifier of no length. */
enum reason srv_query_read(const struct dhcp_msg *request, bool is_bulk, struct srv_query *out);

/* Is the record one that the question asks for? By address: the one of the address. */
bool srv_query_has(const struct srv_query *query, const struct srv_lease *lease);

/* Is the address in a pool of the subnet that contains it? */
bool srv_query_is_pooled(const struct srv_config *config, ip4 addr);
/* RFC 4388 6.1: does "the server manage this IP address"? It could give it: it is in a pool, or reserved. */
bool srv_query_is_managed(const struct srv_config *config, ip4 addr);

enum { SRV_QUERY_ASSOCIATED_MAX = 63 }; /* addresses that one option 92 holds */

/* The answer DHCPLEASEACTIVE, whole but for what is copied from a query of its own. */
struct srv_query_answer {
    const struct dhcp_msg *request;
    const struct srv_config *config;
    const struct srv_lease *lease;
    time_ms now;
    ip4 server_id;
    const ip4 *associated; /* all addresses of the client; option 92 if there is more than one */
    size_t n_associated;
};

/* Fills in the fields of a client's lease and the options asked for, RFC 4388 6.4.2, after what `out` holds.
 * The caller has begun `out` and put option 53. Returns how many options did not fit. */
unsigned srv_query_put_lease(const struct srv_query_answer *answer, struct dhcp_msg *out);

/* Of the options of RFC 6926 about a binding (dhcp-state, start-time-of-state, data-source) those that the
 * request asks for. srv_query_put_lease() has them, too. */
void srv_query_put_state(const struct dhcp_msg *request, const struct srv_lease *lease, time_ms now,
                         struct dhcp_msg *out);
