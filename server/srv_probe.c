#include "server/srv_probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/icmp.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/err.h"
#include "common/frame.h"
#include "common/wire.h"

enum {
    ECHO_REPLY = 0,
    ECHO_REQUEST = 8,
    ECHO_LEN = 8,
    IP_MIN_LEN = 20,
    IP_SRC_AT = 12,
    REPLY_MAX = 1500,
    RX_BATCH = 64,
    WINDOW = 8192, /* requests that an answer can be of; twice as many as can wait */
};

struct srv_probe {
    int fd;
    struct io_watch *watch;
    srv_probe_fn *fn;
    void *user;
    uint16_t id, next; /* our identifier; the next sequence number */
    ip4 sent[WINDOW];  /* where the request went, by its sequence number; 0: answered, or none */
};

/* ---- receiving ---- */

/* The address that answers one of our requests, or 0.
 *
 *    0 type 0   1 code 0   2-3 checksum   4-5 identifier   6-7 sequence number: RFC 792 */
static ip4 take_answer(struct srv_probe *p, const uint8_t *bytes, size_t len)
{
    size_t head = len > 0 ? (size_t)(bytes[0] & 0x0f) * 4 : 0;
    if (head < IP_MIN_LEN || len < head + ECHO_LEN)
        return 0;
    const uint8_t *echo = bytes + head;
    ip4 src = wire_u32(bytes + IP_SRC_AT);
    ip4 *sent = &p->sent[wire_u16(echo + 6) % WINDOW];
    if (echo[0] != ECHO_REPLY || wire_u16(echo + 4) != p->id || src == 0 || *sent != src)
        return 0;
    *sent = 0;
    return src;
}

static void on_readable(void *user, int fd, int what)
{
    (void)what;
    struct srv_probe *p = user;
    uint8_t bytes[REPLY_MAX];
    for (int i = 0; i < RX_BATCH; i++) {
        ssize_t len = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (len <= 0)
            return;
        ip4 addr = take_answer(p, bytes, (size_t)len);
        if (addr != 0)
            p->fn(p->user, addr);
    }
}

/* ---- sending ---- */

/* Nobody there, as far as the kernel knows already. */
static bool is_unreachable(int error)
{
    return error == EHOSTUNREACH || error == ENETUNREACH || error == EHOSTDOWN;
}

int srv_probe_send(struct srv_probe *p, int ifindex, const struct packet *packet)
{
    uint8_t echo[ECHO_LEN];
    struct wire_writer w;
    uint16_t sequence = p->next++;
    wire_writer_init(&w, echo, sizeof echo);
    wire_put_u8(&w, ECHO_REQUEST);
    wire_put_zeros(&w, 3);
    wire_put_u16(&w, p->id);
    wire_put_u16(&w, sequence);
    uint16_t checksum = frame_sum_finish(frame_sum(0, echo, sizeof echo));
    echo[2] = (uint8_t)(checksum >> 8);
    echo[3] = (uint8_t)checksum;

    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(packet->dst)};
    struct iovec data = {echo, sizeof echo};
    union {
        struct cmsghdr header;
        uint8_t space[CMSG_SPACE(sizeof(struct in_pktinfo))];
    } control = {.space = {0}};
    struct msghdr msg = {.msg_name = &to,
                         .msg_namelen = sizeof to,
                         .msg_iov = &data,
                         .msg_iovlen = 1,
                         .msg_control = &control,
                         .msg_controllen = sizeof control};
    struct in_pktinfo info = {.ipi_ifindex = ifindex, .ipi_spec_dst.s_addr = htonl(packet->src)};
    struct cmsghdr *header = CMSG_FIRSTHDR(&msg);
    header->cmsg_level = IPPROTO_IP;
    header->cmsg_type = IP_PKTINFO;
    header->cmsg_len = CMSG_LEN(sizeof info);
    memcpy(CMSG_DATA(header), &info, sizeof info);
    p->sent[sequence % WINDOW] = packet->dst;
    return sendmsg(p->fd, &msg, MSG_DONTWAIT) < 0 && !is_unreachable(errno) ? ERR_IO : 0;
}

/* ---- opening ---- */

static int open_socket(int *out_fd)
{
    struct icmp_filter replies_only = {.data = ~(1U << ECHO_REPLY)};
    int fd = socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_ICMP);
    if (fd < 0)
        return errno == EPERM || errno == EACCES ? ERR_DENIED : ERR_IO;
    if (setsockopt(fd, SOL_RAW, ICMP_FILTER, &replies_only, sizeof replies_only) < 0) {
        int error = errno;
        close(fd);
        errno = error;
        return ERR_IO;
    }
    *out_fd = fd;
    return 0;
}

int srv_probe_open(struct io_loop *loop, srv_probe_fn *fn, void *user, struct srv_probe **out)
{
    struct srv_probe *p = calloc(1, sizeof *p);
    if (p == NULL)
        return ERR_NOMEM;
    p->fn = fn;
    p->user = user;
    p->fd = -1;
    int rc = getrandom(&p->id, sizeof p->id, GRND_NONBLOCK) == sizeof p->id ? 0 : ERR_IO;
    if (rc == 0)
        rc = open_socket(&p->fd);
    if (rc == 0 && (p->watch = io_watch_new(loop, p->fd, IO_READ, on_readable, p)) == NULL)
        rc = ERR_NOMEM;
    if (rc < 0) {
        int error = errno;
        srv_probe_close(p);
        errno = error;
        return rc;
    }
    *out = p;
    return 0;
}

void srv_probe_close(struct srv_probe *p)
{
    if (p == NULL)
        return;
    io_watch_free(p->watch);
    if (p->fd >= 0)
        close(p->fd);
    free(p);
}
