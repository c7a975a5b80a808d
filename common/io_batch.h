/* Many datagrams with one system call: recvmmsg and sendmmsg over the sockets of io_sock.h. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "common/packet.h"
#include "common/reason.h"

enum { IO_BATCH_MAX = 64 }; /* no more than UDP_MAX_SEGMENTS of any kernel */

struct io_batch;

/* For up to IO_BATCH_MAX datagrams or frames. What is received is cut after `size` octets, and frames that
 * are sent have no more. NULL if memory is out. */
struct io_batch *io_batch_new(size_t size);
void io_batch_free(struct io_batch *b); /* NULL is fine */
/* Whether from now on UDP datagrams of one length that go to one peer one after the other leave as one, which
 * is cut on the way (udp(7), UDP_SEGMENT): that is faster. Who may see them before they are cut, io_offload.h
 * tells. */
void io_batch_join(struct io_batch *b, bool joins);

/* Receives what waits on a socket of io_udp_open(), that is bound to `port`, or of io_raw_open(), instead of
 * what the batch held. How many there are, 0 if none waits, or ERR_IO (errno tells). */
int io_batch_recv_udp(struct io_batch *b, int fd, uint16_t port);
int io_batch_recv_raw(struct io_batch *b, int fd);
/* The i-th that was received; NULL with *out_reason (it may be NULL) if its frame holds no good datagram.
 * Valid until the batch is used again. */
const struct packet *io_batch_packet(const struct io_batch *b, int i, enum reason *out_reason);

/* Adds to what is to be sent with io_batch_send(), as io_udp_send() and io_raw_send() would send it. The
 * octets of a UDP datagram are borrowed until then; a frame is a copy. A batch is for sockets of one kind.
 * ERR_LIMIT: it is full, or the frame would be longer than `size`. */
int io_batch_add_udp(struct io_batch *b, int ifindex, const struct packet *p);
int io_batch_add_raw(struct io_batch *b, int ifindex, const struct packet *p);
bool io_batch_is_full(const struct io_batch *b);
int io_batch_count(const struct io_batch *b);

/* The i-th cannot be sent, errno tells why. True: try again; false: go on with the next. */
typedef bool io_batch_failed_fn(void *user, int i);
/* Sends all in their order; then the batch is empty. */
void io_batch_send(struct io_batch *b, int fd, io_batch_failed_fn *failed, void *user);
