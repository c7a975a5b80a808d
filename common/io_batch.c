#include "common/io_batch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/ethernet.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/frame.h"
#include "common/io_sock_inside.h"

enum { RUN_MAX = 65507 }; /* octets that a UDP datagram over IPv4 can have */

struct slot {
    union {
        struct sockaddr_in in;
        struct sockaddr_ll ll;
    } peer;
    union io_sock_control control;
    struct packet packet; /* received */
    enum reason reason;
    int ifindex; /* to be sent: from where */
    ip4 src;
};

struct io_batch {
    size_t size;
    bool joins;
    int n;
    int n_messages;     /* to be sent: each is a run of datagrams, mostly of one */
    bool is_to_receive; /* `messages` and `iovs` are ready for that */
    struct mmsghdr messages[IO_BATCH_MAX];
    struct slot slots[IO_BATCH_MAX]; /* of the messages */
    struct iovec iovs[IO_BATCH_MAX]; /* of the datagrams */
    uint8_t *bytes;                  /* IO_BATCH_MAX times `size` */
};

struct io_batch *io_batch_new(size_t size)
{
    struct io_batch *b = calloc(1, sizeof *b);
    if (b == NULL)
        return NULL;
    b->size = size;
    b->bytes = malloc(size * IO_BATCH_MAX);
    if (b->bytes == NULL) {
        free(b);
        return NULL;
    }
    return b;
}

/* The place of the i-th. */
static uint8_t *place(const struct io_batch *b, int i)
{
    return b->bytes + (size_t)i * b->size;
}

void io_batch_free(struct io_batch *b)
{
    if (b == NULL)
        return;
    free(b->bytes);
    free(b);
}

void io_batch_join(struct io_batch *b, bool joins)
{
    b->joins = joins;
}

/* ---- receiving ---- */

/* recvmmsg changes the lengths of what it fills in. */
static void clear_lengths(struct io_batch *b, int i)
{
    b->messages[i].msg_hdr.msg_namelen = sizeof b->slots[i].peer;
    b->messages[i].msg_hdr.msg_controllen = sizeof b->slots[i].control;
}

static void prepare_to_receive(struct io_batch *b)
{
    for (int i = 0; i < IO_BATCH_MAX; i++) {
        b->iovs[i] = (struct iovec){.iov_base = place(b, i), .iov_len = b->size};
        b->messages[i].msg_hdr = (struct msghdr){.msg_name = &b->slots[i].peer,
                                                 .msg_iov = &b->iovs[i],
                                                 .msg_iovlen = 1,
                                                 .msg_control = &b->slots[i].control};
        clear_lengths(b, i);
    }
    b->is_to_receive = true;
}

static int receive(struct io_batch *b, int fd)
{
    if (!b->is_to_receive)
        prepare_to_receive(b);
    b->n = b->n_messages = 0;
    int n;
    do
        n = recvmmsg(fd, b->messages, IO_BATCH_MAX, MSG_DONTWAIT, NULL);
    while (n < 0 && errno == EINTR);
    return n >= 0 ? n : io_sock_is_empty() ? 0 : ERR_IO;
}

int io_batch_recv_udp(struct io_batch *b, int fd, uint16_t port)
{
    int n = receive(b, fd);
    for (int i = 0; i < n; i++) {
        struct slot *slot = &b->slots[i];
        slot->reason = REASON_NONE;
        slot->packet = (struct packet){.src = ntohl(slot->peer.in.sin_addr.s_addr),
                                       .sport = ntohs(slot->peer.in.sin_port),
                                       .dst = io_sock_destination(&b->messages[i].msg_hdr),
                                       .dport = port,
                                       .bytes = place(b, i),
                                       .len = b->messages[i].msg_len};
        clear_lengths(b, i);
    }
    return n;
}

int io_batch_recv_raw(struct io_batch *b, int fd)
{
    int n = receive(b, fd);
    for (int i = 0; i < n; i++) {
        struct slot *slot = &b->slots[i];
        slot->reason = frame_decode(place(b, i), b->messages[i].msg_len,
                                    io_sock_checksum(&b->messages[i].msg_hdr), &slot->packet);
        clear_lengths(b, i);
    }
    return n;
}

const struct packet *io_batch_packet(const struct io_batch *b, int i, enum reason *out_reason)
{
    const struct slot *slot = &b->slots[i];
    if (out_reason != NULL)
        *out_reason = slot->reason;
    return slot->reason == REASON_NONE ? &slot->packet : NULL;
}

/* ---- sending ---- */

/* The next datagram becomes a message of its own, to a peer of so many octets. */
static void add_message(struct io_batch *b, size_t peer_len)
{
    b->is_to_receive = false;
    b->messages[b->n_messages].msg_hdr = (struct msghdr){.msg_name = &b->slots[b->n_messages].peer,
                                                         .msg_namelen = (socklen_t)peer_len,
                                                         .msg_iov = &b->iovs[b->n++],
                                                         .msg_iovlen = 1};
    b->n_messages++;
}

/* udp(7), UDP_SEGMENT: all but the last datagram of a run have the length of the first. */
static bool goes_on(const struct io_batch *b, int ifindex, const struct packet *p)
{
    const struct msghdr *run = &b->messages[b->n_messages - 1].msg_hdr;
    const struct slot *slot = &b->slots[b->n_messages - 1];
    size_t len = run->msg_iov[0].iov_len;
    return b->iovs[b->n - 1].iov_len == len && p->len <= len && p->len > 0 &&
           (run->msg_iovlen + 1) * len <= RUN_MAX && htonl(p->dst) == slot->peer.in.sin_addr.s_addr &&
           htons(p->dport) == slot->peer.in.sin_port && p->src == slot->src && ifindex == slot->ifindex;
}

static void add_udp_message(struct io_batch *b, int ifindex, const struct packet *p)
{
    struct slot *slot = &b->slots[b->n_messages];
    slot->ifindex = ifindex;
    slot->src = p->src;
    slot->peer.in = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(p->dport), .sin_addr.s_addr = htonl(p->dst)};
    add_message(b, sizeof slot->peer.in);
    if (ifindex != 0 || p->src != 0)
        io_sock_put_source(&b->messages[b->n_messages - 1].msg_hdr, &slot->control, ifindex, p->src);
}

int io_batch_add_udp(struct io_batch *b, int ifindex, const struct packet *p)
{
    if (io_batch_is_full(b))
        return ERR_LIMIT;
    struct iovec *iov = &b->iovs[b->n];
    memcpy(&iov->iov_base, &p->bytes, sizeof p->bytes); /* sendmmsg only reads what it points to */
    iov->iov_len = p->len;
    if (b->joins && b->n_messages > 0 && goes_on(b, ifindex, p)) {
        b->messages[b->n_messages - 1].msg_hdr.msg_iovlen++;
        b->n++;
    } else {
        add_udp_message(b, ifindex, p);
    }
    return 0;
}

int io_batch_add_raw(struct io_batch *b, int ifindex, const struct packet *p)
{
    if (io_batch_is_full(b))
        return ERR_LIMIT;
    struct slot *slot = &b->slots[b->n_messages];
    uint8_t *frame = place(b, b->n);
    size_t len = frame_encode(p, frame, b->size);
    if (len == 0)
        return ERR_LIMIT;
    slot->peer.ll = (struct sockaddr_ll){.sll_family = AF_PACKET,
                                         .sll_protocol = htons(ETH_P_IP),
                                         .sll_ifindex = ifindex,
                                         .sll_halen = ETH_ALEN};
    memcpy(slot->peer.ll.sll_addr, p->dst_hw.bytes, ETH_ALEN);
    b->iovs[b->n] = (struct iovec){.iov_base = frame, .iov_len = len};
    add_message(b, sizeof slot->peer.ll);
    return 0;
}

bool io_batch_is_full(const struct io_batch *b)
{
    return b->n == IO_BATCH_MAX;
}

int io_batch_count(const struct io_batch *b)
{
    return b->n;
}

/* The datagrams of a run whose control message says where they are cut. */
static void put_segments(struct io_batch *b)
{
    for (int i = 0; i < b->n_messages; i++) {
        struct msghdr *run = &b->messages[i].msg_hdr;
        if (run->msg_iovlen > 1)
            io_sock_put_segment(run, &b->slots[i].control, (uint16_t)run->msg_iov[0].iov_len);
    }
}

/* A run that is not taken as one, since the interface cannot cut it, or for want of room: one by one. */
static void send_singly(struct io_batch *b, int message, int fd, io_batch_failed_fn *failed, void *user)
{
    const struct msghdr *run = &b->messages[message].msg_hdr;
    const struct slot *slot = &b->slots[message];
    int first = (int)(run->msg_iov - b->iovs);
    for (int i = first; i < first + (int)run->msg_iovlen;) {
        union io_sock_control control;
        struct msghdr msg = {.msg_name = run->msg_name,
                             .msg_namelen = run->msg_namelen,
                             .msg_iov = &b->iovs[i],
                             .msg_iovlen = 1};
        io_sock_put_source(&msg, &control, slot->ifindex, slot->src);
        if (sendmsg(fd, &msg, 0) >= 0 || (errno != EINTR && !failed(user, i)))
            i++;
    }
}

void io_batch_send(struct io_batch *b, int fd, io_batch_failed_fn *failed, void *user)
{
    put_segments(b);
    for (int i = 0; i < b->n_messages;) {
        const struct msghdr *run = &b->messages[i].msg_hdr;
        int n = sendmmsg(fd, b->messages + i, (unsigned)(b->n_messages - i), 0);
        if (n > 0) {
            i += n;
        } else if (errno != EINTR && run->msg_iovlen > 1) {
            send_singly(b, i, fd, failed, user);
            i++;
        } else if (errno != EINTR && !failed(user, (int)(run->msg_iov - b->iovs))) {
            i++;
        }
    }
    b->n = b->n_messages = 0;
}
