/* Where an answer goes. RFC 2131 4.1. Pure. */
#pragma once
#include "common/packet.h"
#include "common/trace.h"
#include "server/srv_reply.h"

/* How an answer travels. */
enum srv_via {
    SRV_VIA_UDP, /* through the kernel's UDP socket: routed, ARP as usual; 255.255.255.255 on the interface */
    SRV_VIA_RAW, /* as an Ethernet frame to packet.dst_hw: the client has no address that answers ARP yet */
};

/* Where the answer goes, by RFC 2131 4.1, to a BOOTP client by RFC 1542 5.4. Fills in the addresses and ports
 * of *out_packet except src_hw; returns which rule it was, with what its sentence speaks of in *out_facts. */
enum reason srv_route_answer(const struct srv_reply *reply, struct packet *out_packet, enum srv_via *out_via,
                             struct trace_facts *out_facts);
