/* What a relay agent makes of a message: RFC 1542 4.1. Pure. */
#pragma once
#include <stddef.h>

#include "common/dhcp_msg.h"
#include "common/packet.h"
#include "common/trace.h"

enum { RELAY_SERVERS_MAX = 8, RELAY_SERVERS_LEN = RELAY_SERVERS_MAX * (IP4_LEN + 1) };

/* The request `in`, which is `msg`, came in on the interface with the address `own`. REASON_RELAY_REQUEST:
 * what goes to each server is in *out, but for its destination; out->bytes is `bytes`. It is not relayed for
 * REASON_RELAY_HOPS and REASON_RELAY_LONG. */
enum reason relay_request(const struct dhcp_msg *msg, const struct packet *in, ip4 own,
                          uint8_t bytes[DHCP_MSG_MAX], struct packet *out);
/* The reply `in`, which is `msg`, goes out on the interface with the address msg->giaddr and the hardware
 * address `own_hw`. */
void relay_reply(const struct dhcp_msg *msg, const struct packet *in, const struct hw_addr *own_hw,
                 struct packet *out);

/* The decision about the message, for the trace: REASON_RELAY_REQUEST to these servers, REASON_RELAY_REPLY,
 * or why it is not relayed. `packet` is what goes out, or else what came in; `servers` is borrowed. */
struct trace_event relay_event(const struct dhcp_msg *msg, enum reason reason, const struct packet *packet,
                               const char *servers);
/* "10.77.0.1, 10.77.0.2"; n <= RELAY_SERVERS_MAX. `buf` holds RELAY_SERVERS_LEN; returns it. */
const char *relay_servers_format(const ip4 *servers, size_t n, char *buf);
