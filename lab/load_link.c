#include "lab/load_link.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "common/dhcp_proto.h"
#include "common/err.h"
#include "common/io_batch.h"
#include "common/io_loop.h"
#include "common/io_sock.h"

enum {
    FULL_WAIT_MS = 100,
    ANSWER_MAX = 1600, /* more than a frame holds; what a longer answer has beyond is not read */
};

struct load_link {
    struct load_link_settings settings;
    struct io_iface iface;    /* as hosts */
    int fd, arp_fd;           /* arp_fd -1: as relays */
    bool bound;               /* as one relay: the socket has its address */
    struct hw_addr server_hw; /* as hosts: who sent the last answer; broadcast until then */
    struct io_batch *in, *out;
    uint8_t bytes[IO_BATCH_MAX][LOAD_MESSAGE_MAX]; /* of the messages in `out` */
    int failed;                                    /* errno of a message that could not be sent; 0: none */
};

static const struct hw_addr everybody = {.type = 1, .len = 6, .bytes = {255, 255, 255, 255, 255, 255}};

/* ---- opening ---- */

static int say(char *why, int rc, const char *what)
{
    snprintf(why, LOAD_WHY_MAX, "%s: %s", what, rc == ERR_IO ? strerror(errno) : err_text(rc));
    return rc;
}

/* Each relay's address must be one of ours: answers go there. */
static int check_addresses(const struct load_settings *load, char *why)
{
    char text[IP4_LEN];
    for (uint32_t i = 0; i < load->relays; i++) {
        ip4 relay = load_engine_relay(load, i);
        int fd, rc = io_udp_open_at(relay, 0, &fd);
        if (rc < 0)
            return say(why, rc, ip4_format(relay, text));
        close(fd);
    }
    return 0;
}

static int open_relays(struct load_link *l, const struct load_settings *load, char *why)
{
    int rc = check_addresses(load, why);
    if (rc < 0)
        return rc;
    l->bound = load->relays == 1;
    rc = io_udp_open_at(l->bound ? load->relay.addr : 0, DHCP_PORT_SERVER, &l->fd);
    return rc < 0 ? say(why, rc, "UDP port 67") : 0;
}

static int open_hosts(struct load_link *l, char *why)
{
    int rc = io_iface_find(l->settings.ifname, &l->iface);
    if (rc == 0)
        rc = io_raw_open_promiscuous(l->iface.index, DHCP_PORT_CLIENT, &l->fd);
    if (rc == 0)
        rc = io_arp_open(l->iface.index, &l->arp_fd);
    return rc < 0 ? say(why, rc, l->settings.ifname) : 0;
}

int load_link_open(const struct load_link_settings *settings, const struct load_settings *load,
                   struct load_link **out, char *why)
{
    struct load_link *l = malloc(sizeof *l);
    if (l == NULL)
        return say(why, ERR_NOMEM, "start");
    *l = (struct load_link){.settings = *settings, .fd = -1, .arp_fd = -1, .server_hw = everybody};
    l->in = io_batch_new(ANSWER_MAX);
    l->out = io_batch_new(LOAD_MESSAGE_MAX + FRAME_HEADERS);
    int rc = l->in == NULL || l->out == NULL ? say(why, ERR_NOMEM, "start")
             : settings->ifname == NULL      ? open_relays(l, load, why)
                                             : open_hosts(l, why);
    if (rc < 0) {
        load_link_close(l);
        return rc;
    }
    io_sock_grow(l->fd);
    prctl(PR_SET_TIMERSLACK, 1UL); /* or each wait would be up to 50 us longer than was asked for */
    if (settings->segments)
        io_batch_join(l->out, true);
    *out = l;
    return 0;
}

void load_link_close(struct load_link *l)
{
    if (l == NULL)
        return;
    if (l->fd >= 0)
        close(l->fd);
    if (l->arp_fd >= 0)
        close(l->arp_fd);
    io_batch_free(l->in);
    io_batch_free(l->out);
    free(l);
}

/* ---- receiving ---- */

int load_link_receive(struct load_link *l, load_link_answer_fn *answer, void *user)
{
    bool hosts = l->settings.ifname != NULL;
    int n = hosts ? io_batch_recv_raw(l->in, l->fd) : io_batch_recv_udp(l->in, l->fd, DHCP_PORT_SERVER);
    uint64_t now_us = io_now_us();
    for (int i = 0; i < n; i++) {
        const struct packet *p = io_batch_packet(l->in, i, NULL);
        if (p == NULL)
            continue;
        if (hosts)
            l->server_hw = p->src_hw;
        answer(user, now_us, p->bytes, p->len);
    }
    return n;
}

void load_link_resolve(struct load_link *l, const struct load_messages *messages, load_link_holder_fn *holder,
                       void *user)
{
    struct arp arp;
    enum reason reason;
    if (l->arp_fd < 0)
        return;
    while (io_arp_recv(l->arp_fd, &arp, &reason) > 0) {
        uint32_t client =
            reason == REASON_NONE && arp.op == ARP_REQUEST ? holder(user, arp.target) : UINT32_MAX;
        if (client == UINT32_MAX)
            continue;
        struct arp reply = {.op = ARP_REPLY,
                            .sender_hw = load_client_hw(messages->seed, client),
                            .sender = arp.target,
                            .target_hw = arp.sender_hw,
                            .target = arp.sender};
        io_arp_send(l->arp_fd, l->iface.index, &reply); /* if it is lost, the server asks again */
    }
}

/* ---- sending ---- */

bool load_link_has_room(const struct load_link *l)
{
    return !io_batch_is_full(l->out);
}

/* RFC 2131 4.1: a client without an address sends from 0.0.0.0 to 255.255.255.255; 4.4.4: the messages of one
 * that has a lease are "unicast to the server". */
static struct packet host_packet(const struct load_link *l, const struct load_messages *messages,
                                 const struct load_send *send)
{
    bool bound = send->exchange == LOAD_RENEW_ACK || send->exchange == LOAD_RELEASE_ONLY;
    return (struct packet){.src_hw = load_client_hw(messages->seed, send->client),
                           .dst_hw = bound ? l->server_hw : everybody,
                           .src = bound ? send->addr : 0,
                           .dst = bound ? send->server : IP4_BROADCAST,
                           .sport = DHCP_PORT_CLIENT,
                           .dport = DHCP_PORT_SERVER};
}

void load_link_add(struct load_link *l, const struct load_messages *messages, const struct load_send *send)
{
    uint8_t *bytes = l->bytes[io_batch_count(l->out)];
    bool hosts = l->settings.ifname != NULL;
    struct packet p = {
        .src = l->bound ? 0 : send->relay, .dst = l->settings.server, .dport = DHCP_PORT_SERVER};
    if (hosts)
        p = host_packet(l, messages, send);
    p.len = load_message_write(messages, send, bytes);
    p.bytes = bytes;
    int rc = hosts ? io_batch_add_raw(l->out, l->iface.index, &p) : io_batch_add_udp(l->out, 0, &p);
    if (rc < 0)
        l->failed = EMSGSIZE;
}

/* A full socket is waited for. */
static bool on_failed(void *user, int i)
{
    (void)i;
    struct load_link *l = user;
    if (errno == EAGAIN || errno == ENOBUFS) {
        poll(&(struct pollfd){.fd = l->fd, .events = POLLOUT}, 1, FULL_WAIT_MS);
        return true;
    }
    l->failed = errno;
    return false;
}

int load_link_flush(struct load_link *l)
{
    io_batch_send(l->out, l->fd, on_failed, l);
    if (l->failed == 0)
        return 0;
    errno = l->failed;
    return ERR_IO;
}

void load_link_wait(struct load_link *l, uint64_t us)
{
    struct pollfd fds[] = {{.fd = l->fd, .events = POLLIN}, {.fd = l->arp_fd, .events = POLLIN}};
    struct timespec limit = {.tv_sec = (time_t)(us / 1000000), .tv_nsec = (long)(us % 1000000 * 1000)};
    ppoll(fds, 2, &limit, NULL);
}
