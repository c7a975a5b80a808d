/* Bulk leasequery: one question, all its answers one after the other. RFC 6926. Pure; what goes before and
 * after a message on the TCP connection is srv_bulk_port's. */
#pragma once
#include "server/srv_engine.h"

struct srv_bulk;

/* A question that has come in on a connection whose local address is `server`. What cannot be answered
 * (malformed, or not a DHCPBULKLEASEQUERY) gets its DHCPLEASEQUERYDONE with a status code, too. The engine is
 * borrowed; leases, and its configuration, may change between the calls. NULL if memory is out. */
struct srv_bulk *srv_bulk_new(const struct srv_engine *e, const uint8_t *bytes, size_t len, ip4 server);
void srv_bulk_free(struct srv_bulk *b); /* NULL is fine */

/* The next message, into `buf` of DHCP_MSG_MAX octets. Looks at no more than `fetch` addresses: *out_len is 0
 * if there was nothing to tell of them. False: it was the last one, DHCPLEASEQUERYDONE. */
bool srv_bulk_next(struct srv_bulk *b, const struct clock_now *now, uint32_t fetch, uint8_t *buf,
                   size_t *out_len);
