/* What a relay agent makes of a message: RFC 1542 4.1. Pure. */
#pragma once
#include <stdbool.h>

#include "common/dhcp_msg.h"
#include "common/packet.h"

/* The request `in`, which is `msg`, came in on the interface with the address `own`: what goes to each server
 * is in *out, but for its destination. out->bytes is `bytes`. False: it is not relayed any further. */
bool relay_request(const struct dhcp_msg *msg, const struct packet *in, ip4 own, uint8_t bytes[DHCP_MSG_MAX],
                   struct packet *out);
/* The reply `in`, which is `msg`, goes out on the interface with the address msg->giaddr and the hardware
 * address `own_hw`. */
void relay_reply(const struct dhcp_msg *msg, const struct packet *in, const struct hw_addr *own_hw,
                 struct packet *out);
