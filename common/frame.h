/* Ethernet, IPv4 and UDP around a DHCP message, and ARP: building and checking frames. RFC 791, RFC 768, RFC
 * 1071, RFC 826. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/packet.h"
#include "common/reason.h"

enum {
    FRAME_ETH_LEN = 14,
    FRAME_IP_LEN = 20,
    FRAME_UDP_LEN = 8,
    FRAME_HEADERS = FRAME_ETH_LEN + FRAME_IP_LEN + FRAME_UDP_LEN,
    FRAME_MAX = FRAME_HEADERS + 1472,
    FRAME_ARP_LEN = FRAME_ETH_LEN + 28,
};

/* Has the sender's kernel left the UDP checksum to hardware that is not there (a veth peer)? Then it must not
 * be judged: PACKET_AUXDATA says so with TP_STATUS_CSUMNOTREADY. */
enum frame_checksum { FRAME_CHECKSUM_CHECK, FRAME_CHECKSUM_NOT_READY };

/* An Ethernet frame with the datagram `p`: Ethernet addresses from p->src_hw and p->dst_hw (6 octets each),
 * TTL 64, both checksums filled in. Returns the length, or 0 if `cap` is too small or the payload exceeds
 * 1472 octets. */
size_t frame_encode(const struct packet *p, uint8_t *buf, size_t cap);

/* Takes an Ethernet frame apart. *out borrows from `bytes`. Returns REASON_NONE or the REASON_FRAME_* that
 * says why the frame holds no whole, correct UDP datagram. One VLAN tag is skipped. A UDP checksum of 0 means
 * none was computed. */
enum reason frame_decode(const uint8_t *bytes, size_t len, enum frame_checksum checksum, struct packet *out);

/* Fills the checksum of a whole UDP or TCP segment in an untagged frame in, where the kernel has left that to
 * hardware. Any other frame stays as it is. */
void frame_finish_checksum(uint8_t *bytes, size_t len);

/* An Ethernet frame from m->sender_hw with the ARP message `m`: a reply to m->target_hw, a request to all.
 * Returns FRAME_ARP_LEN, or 0 if `cap` is less. */
size_t frame_arp_encode(const struct arp *m, uint8_t *buf, size_t cap);

/* Takes an ARP frame apart. Returns REASON_NONE, REASON_FRAME_CUT, or REASON_FRAME_NOT_ARP for anything but a
 * request or reply for IPv4 over Ethernet. One VLAN tag is skipped. */
enum reason frame_arp_decode(const uint8_t *bytes, size_t len, struct arp *out);

/* RFC 1071: the ones' complement sum of `bytes` added to `sum` (0 to start). Pad an odd length with a zero
 * octet, so only the last part of a sum may be odd. */
uint32_t frame_sum(uint32_t sum, const uint8_t *bytes, size_t len);
/* Folds and complements a sum to the checksum that goes into a header. */
uint16_t frame_sum_finish(uint32_t sum);
