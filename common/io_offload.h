/* What an interface does in the kernel's stead. With datagrams that leave as one (udp(7), UDP_SEGMENT):
 * ethtool(8) calls it tx-udp-segmentation. Where it does that, packet sockets on its host see them uncut, and
 * where no card follows, as between the ends of a veth, those of the peer, too. Where it does not, the kernel
 * cuts them first, and nobody but who sent them knows that they left as one. */
#pragma once
#include <stdbool.h>

/* Whether the interface cuts datagrams itself. ERR_NOTFOUND: the kernel does not know of it; ERR_IO (errno
 * tells). */
int io_offload_get_udp(const char *ifname, bool *out);
/* Has it do so or not. The same, and ERR_DENIED (errno tells): it takes CAP_NET_ADMIN, or the interface
 * cannot change. */
int io_offload_set_udp(const char *ifname, bool cuts);
/* The same of TCP, whose segments may leave as one of up to 64 KB (TSO): has the interface cut it or, before
 * anybody on the host sees it, the kernel. ERR_IO, ERR_DENIED (errno tells). */
int io_offload_set_tcp(const char *ifname, bool cuts);
