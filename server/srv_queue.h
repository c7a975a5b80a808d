/* Packets that are received and not yet served, oldest first. Where more come than can be served, the client
 * that waits longest has given up and asked again: so the newest message of a client takes the place of its
 * older one, and where the queue is full its oldest packet goes. REQUESTs, RELEASEs and DECLINEs go last, or
 * half of the work that is done would be in vain. Pure. (What is done so that most of that is not even read:
 * srv_receive.c.) */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/packet.h"
#include "common/reason.h"
#include "common/siphash.h"

/* A queue for n packets holds at most this many octets for each of them, on the average. */
enum { SRV_QUEUE_OCTETS = 1500 };
/* Up to one part in so many of the capacity is served so soon that nobody has asked again: it is not worth it
 * to look whose message is whose. */
enum { SRV_QUEUE_CALM = 4 };

struct srv_queued {
    int ifindex;          /* that it came in on */
    uint64_t received_us; /* when: by the caller's clock, handed back as it is */
    struct packet packet;
};

/* Told about each packet that goes unserved: REASON_QUEUE_REPLACED or REASON_QUEUE_FULL. Borrowed during the
 * call. */
typedef void srv_queue_lost_fn(void *user, enum reason reason, const struct srv_queued *lost);

struct srv_queue;

/* For at most `capacity` packets, at least 1. The key is secret: see siphash.h. NULL if memory is out. */
struct srv_queue *srv_queue_new(size_t capacity, const struct siphash_key *key, srv_queue_lost_fn *lost,
                                void *user);
void srv_queue_free(struct srv_queue *q); /* NULL is fine */
/* If there are more, the oldest go when the next one is put. */
void srv_queue_set_capacity(struct srv_queue *q, size_t capacity);
size_t srv_queue_count(const struct srv_queue *q);

/* Appends a copy. When more wait than SRV_QUEUE_CALM says, and by srv_queue_sort(), a message that wants an
 * answer (DISCOVER, REQUEST, INFORM, BOOTP and whatever is asked later) takes the place of one that its
 * client has in the queue: the same interface, relay, hardware address and client identifier. (Where that is
 * split, or file and sname have options, nobody looks so closely: the message stays.) RELEASE and DECLINE are
 * told only once (RFC 2131 4.4.4, 4.4.6): they neither go for another message nor make one go. ERR_NOMEM: the
 * packet is lost; the queue is as before. */
int srv_queue_put(struct srv_queue *q, int ifindex, uint64_t received_us, const struct packet *packet);
/* What is in the queue has to wait: of each client, only the newest message is to stay. */
void srv_queue_sort(struct srv_queue *q);
/* Takes out the oldest packet, which is borrowed until the next one is taken. NULL if there is none. */
const struct srv_queued *srv_queue_take(struct srv_queue *q);
