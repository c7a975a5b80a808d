/* Sockets that carry DHCP: UDP ports 67 and 68 through the kernel, AF_PACKET for hosts without an address,
 * and ARP. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "common/frame.h"
#include "common/packet.h"

enum { IO_IFNAME_MAX = 16, IO_DATAGRAM_MAX = 65536 };

struct io_iface {
    int index;
    char name[IO_IFNAME_MAX];
    struct hw_addr hw;
    struct ip4_net addr; /* its first IPv4 address; addr.addr 0 if it has none */
    bool up, loopback;
};

/* strerror(), and where the kernel does not allow us a socket, what it takes. Static storage. */
const char *io_sock_error(int error);

/* The interface `name`. ERR_NOTFOUND, and *out untouched; ERR_IO (errno tells). */
int io_iface_find(const char *name, struct io_iface *out);
/* Picks `addr` as the interface's address. ERR_NOTFOUND: it does not have it; ERR_IO. */
int io_iface_pick(struct io_iface *iface, ip4 addr);
/* Up to `max` interfaces into `out`; the number found, or ERR_IO. */
int io_iface_list(struct io_iface *out, int max);

/* As large a receive buffer as a crowd needs, its sender and its server: beyond net.core.rmem_max only with
 * CAP_NET_ADMIN, as much as there is otherwise. */
void io_sock_grow(int fd);

/* A non-blocking UDP socket bound to the address (0: any) and port, on whatever interface. ERR_DENIED (no
 * permission for the port), ERR_EXISTS (it is taken), ERR_IO (errno: EADDRNOTAVAIL, it is not an address of
 * ours). */
int io_udp_open_at(ip4 addr, uint16_t port, int *out_fd);
/* A non-blocking UDP socket bound to `port` on the interface, that may send broadcasts and learns where each
 * datagram was sent to. *out_fd is the caller's. ERR_DENIED (no permission for the port), ERR_EXISTS (port
 * taken), ERR_IO. */
int io_udp_open(const char *ifname, uint16_t port, int *out_fd);
/* The next datagram into `buf`; out->bytes points there. 1, 0 if none waits, or ERR_IO. */
int io_udp_recv(int fd, uint8_t *buf, size_t cap, struct packet *out);
/* Sends p->bytes to p->dst:p->dport on interface `ifindex`, from p->src unless that is 0. ERR_IO (errno
 * tells). */
int io_udp_send(int fd, int ifindex, const struct packet *p);
/* Has everything that was sent left the socket? A datagram that waits for ARP has not. */
bool io_udp_is_drained(int fd);

/* A non-blocking packet socket on the interface. With `port` it receives the IPv4 UDP datagrams to that port
 * in frames to this host, filtered by the kernel; with 0 it only sends. ERR_DENIED (no CAP_NET_RAW), ERR_IO.
 */
int io_raw_open(int ifindex, uint16_t port, int *out_fd);
/* The same, for frames to whomever: the interface is promiscuous while the socket is open, and the receive
 * buffer is large. */
int io_raw_open_promiscuous(int ifindex, uint16_t port, int *out_fd);
/* The next frame into `buf`, taken apart. 1, 0 if none waits, or ERR_IO. *out_reason is REASON_NONE or why
 * the frame holds no good datagram. */
int io_raw_recv(int fd, uint8_t *buf, size_t cap, struct packet *out, enum reason *out_reason);
/* Sends p as an Ethernet frame from p->src_hw to p->dst_hw. ERR_LIMIT: does not fit a frame; ERR_IO (errno
 * tells). */
int io_raw_send(int fd, int ifindex, const struct packet *p);

/* A non-blocking packet socket on the interface that receives ARP for IPv4 over Ethernet, filtered by the
 * kernel, and nothing that this host sent. ERR_DENIED (no CAP_NET_RAW), ERR_IO. */
int io_arp_open(int ifindex, int *out_fd);
/* The next message. 1, 0 if none waits, or ERR_IO. *out_reason as above. */
int io_arp_recv(int fd, struct arp *out, enum reason *out_reason);
/* Sends m from m->sender_hw: a reply to m->target_hw, a request to all. ERR_IO (errno tells). */
int io_arp_send(int fd, int ifindex, const struct arp *m);
