#include "common/io_batch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/ethernet.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/frame.h"
#include "common/io_sock_inside.h"

struct slot {
    struct iovec iov;
    union {
        struct sockaddr_in in;
        struct sockaddr_ll ll;
    } peer;
    union io_sock_control control;
    struct packet packet;
    enum reason reason;
};

struct io_batch {
    size_t size;
    int n;
    struct mmsghdr messages[IO_BATCH_MAX];
    struct slot slots[IO_BATCH_MAX];
    uint8_t *bytes; /* IO_BATCH_MAX times `size` */
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
    for (int i = 0; i < IO_BATCH_MAX; i++) {
        b->slots[i].iov.iov_base = b->bytes + (size_t)i * size;
        b->messages[i].msg_hdr = (struct msghdr){.msg_iov = &b->slots[i].iov, .msg_iovlen = 1};
    }
    return b;
}

void io_batch_free(struct io_batch *b)
{
    if (b == NULL)
        return;
    free(b->bytes);
    free(b);
}

/* ---- receiving ---- */

static int receive(struct io_batch *b, int fd)
{
    for (int i = 0; i < IO_BATCH_MAX; i++) {
        struct msghdr *msg = &b->messages[i].msg_hdr;
        b->slots[i].iov.iov_len = b->size;
        msg->msg_name = &b->slots[i].peer;
        msg->msg_namelen = sizeof b->slots[i].peer;
        msg->msg_control = &b->slots[i].control;
        msg->msg_controllen = sizeof b->slots[i].control;
    }
    b->n = 0;
    int n;
    do
        n = recvmmsg(fd, b->messages, IO_BATCH_MAX, MSG_DONTWAIT, NULL);
    while (n < 0 && errno == EINTR);
    return n >= 0 ? n : io_sock_is_empty() ? 0 : ERR_IO;
}

int io_batch_recv_udp(struct io_batch *b, int fd)
{
    int n = receive(b, fd);
    uint16_t port = n > 0 ? io_sock_port(fd) : 0;
    for (int i = 0; i < n; i++) {
        struct slot *slot = &b->slots[i];
        slot->reason = REASON_NONE;
        slot->packet = (struct packet){.src = ntohl(slot->peer.in.sin_addr.s_addr),
                                       .sport = ntohs(slot->peer.in.sin_port),
                                       .dst = io_sock_destination(&b->messages[i].msg_hdr),
                                       .dport = port,
                                       .bytes = slot->iov.iov_base,
                                       .len = b->messages[i].msg_len};
    }
    return n;
}

int io_batch_recv_raw(struct io_batch *b, int fd)
{
    int n = receive(b, fd);
    for (int i = 0; i < n; i++) {
        struct slot *slot = &b->slots[i];
        slot->reason = frame_decode(slot->iov.iov_base, b->messages[i].msg_len,
                                    io_sock_checksum(&b->messages[i].msg_hdr), &slot->packet);
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

/* The next free slot takes `len` octets to a peer of so many octets. */
static void add(struct io_batch *b, size_t len, size_t peer_len)
{
    struct slot *slot = &b->slots[b->n];
    struct msghdr *msg = &b->messages[b->n].msg_hdr;
    slot->iov.iov_len = len;
    msg->msg_name = &slot->peer;
    msg->msg_namelen = (socklen_t)peer_len;
    b->n++;
}

int io_batch_add_udp(struct io_batch *b, int ifindex, const struct packet *p)
{
    if (io_batch_is_full(b) || p->len > b->size)
        return ERR_LIMIT;
    struct slot *slot = &b->slots[b->n];
    memcpy(slot->iov.iov_base, p->bytes, p->len);
    slot->peer.in = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(p->dport), .sin_addr.s_addr = htonl(p->dst)};
    io_sock_put_source(&b->messages[b->n].msg_hdr, &slot->control, ifindex, p->src);
    add(b, p->len, sizeof slot->peer.in);
    return 0;
}

int io_batch_add_raw(struct io_batch *b, int ifindex, const struct packet *p)
{
    if (io_batch_is_full(b))
        return ERR_LIMIT;
    struct slot *slot = &b->slots[b->n];
    size_t len = frame_encode(p, slot->iov.iov_base, b->size);
    if (len == 0)
        return ERR_LIMIT;
    slot->peer.ll = (struct sockaddr_ll){.sll_family = AF_PACKET,
                                         .sll_protocol = htons(ETH_P_IP),
                                         .sll_ifindex = ifindex,
                                         .sll_halen = ETH_ALEN};
    memcpy(slot->peer.ll.sll_addr, p->dst_hw.bytes, ETH_ALEN);
    b->messages[b->n].msg_hdr.msg_control = NULL;
    b->messages[b->n].msg_hdr.msg_controllen = 0;
    add(b, len, sizeof slot->peer.ll);
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

void io_batch_send(struct io_batch *b, int fd, io_batch_failed_fn *failed, void *user)
{
    for (int i = 0; i < b->n;) {
        int n = sendmmsg(fd, b->messages + i, (unsigned)(b->n - i), 0);
        if (n > 0)
            i += n;
        else if (errno != EINTR && !failed(user, i))
            i++;
    }
    b->n = 0;
}
