/* What io_sock.c and io_batch.c share: the control messages of a socket. */
#pragma once
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "common/frame.h"
#include "common/packet.h"

/* Room for what a socket tells or is told with a message. */
union io_sock_control {
    size_t aligned; /* as struct cmsghdr is */
    char sent[CMSG_SPACE(sizeof(struct in_pktinfo)) + CMSG_SPACE(sizeof(uint16_t))];
    char auxdata[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
};

/* Points `msg` at `control`, which says that the datagram goes out of the interface, from `src` unless that
 * is 0. */
void io_sock_put_source(struct msghdr *msg, union io_sock_control *control, int ifindex, ip4 src);
/* Adds to `control`, which `msg` may point at already, that what is sent is to be cut into datagrams of `len`
 * octets. */
void io_sock_put_segment(struct msghdr *msg, union io_sock_control *control, uint16_t len);
/* Where a received datagram was sent to; 0 if the kernel does not tell. */
ip4 io_sock_destination(struct msghdr *msg);
/* Whether the UDP checksum of a received frame can be judged. */
enum frame_checksum io_sock_checksum(struct msghdr *msg);
/* The port that a UDP socket is bound to. */
uint16_t io_sock_port(int fd);
/* Is "nothing there" what errno says of a receiving call? ENETDOWN: the interface went down; it may come
 * back. */
bool io_sock_is_empty(void);
