/* The least that a DHCP server could be, for tests/bench/run: it answers each DISCOVER and REQUEST of a relay
 * with an address made of the client's number, in batches, without leases, limits or checks. What it does in
 * a second is what sockets allow. Usage: bench_responder ADDRESS [--single | --segments]
 *
 * With --single it makes one call for each message that it takes, and one for each answer. With --segments
 * its answers leave as io_batch_join() does it, so that the generator of the load is what limits the rate. */
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "common/dhcp_proto.h"
#include "common/io_batch.h"
#include "common/io_sock.h"

enum { MESSAGE_MAX = 1500, ANSWER_LEN = 300, NUMBER_AT = 31, YIADDR_AT = 16, TYPE_AT = DHCP_OPTIONS_AT + 2 };

static bool on_failed(void *user, int i)
{
    (void)user;
    (void)i;
    return false;
}

static void put_ip4(uint8_t *at, ip4 addr)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(addr >> (24 - 8 * i));
}

/* Option 53 stands first in what dhcplab load sends, and in what perfdhcp sends. */
static void answer(const uint8_t *question, ip4 self, uint8_t *out)
{
    const uint8_t tail[] = {
        DHCP_OPT_TYPE, 1, 0, DHCP_OPT_SERVER_ID, 4, 0, 0, 0, 0, DHCP_OPT_LEASE_TIME, 4, 0, 0, 14, 16,
        DHCP_OPT_END};
    memset(out, 0, ANSWER_LEN);
    memcpy(out, question, DHCP_OPTIONS_AT);
    memcpy(out + DHCP_OPTIONS_AT, tail, sizeof tail);
    out[0] = DHCP_BOOTREPLY;
    out[TYPE_AT] = question[TYPE_AT] == DHCP_DISCOVER ? DHCP_OFFER : DHCP_ACK;
    put_ip4(out + TYPE_AT + 3, self);
    put_ip4(out + YIADDR_AT, self);
    memcpy(out + YIADDR_AT + 1, question + NUMBER_AT, 3);
}

static void answer_in_batches(int fd, ip4 self, bool segments)
{
    static uint8_t answers[IO_BATCH_MAX][ANSWER_LEN];
    struct io_batch *in = io_batch_new(MESSAGE_MAX), *out = io_batch_new(MESSAGE_MAX);
    if (in == NULL || out == NULL)
        return;
    io_batch_join(out, segments);
    for (;;) {
        poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, -1);
        int n = io_batch_recv_udp(in, fd, DHCP_PORT_SERVER);
        for (int i = 0; i < n; i++) {
            const struct packet *p = io_batch_packet(in, i, NULL);
            uint8_t *bytes = answers[io_batch_count(out)];
            if (p->len <= TYPE_AT)
                continue;
            answer(p->bytes, self, bytes);
            io_batch_add_udp(out, 0,
                             &(struct packet){.src = self,
                                              .dst = p->src,
                                              .dport = DHCP_PORT_SERVER,
                                              .bytes = bytes,
                                              .len = ANSWER_LEN});
        }
        io_batch_send(out, fd, on_failed, NULL);
    }
}

static void answer_singly(int fd, ip4 self)
{
    fcntl(fd, F_SETFL, 0); /* recvfrom() waits */
    for (;;) {
        uint8_t question[MESSAGE_MAX], bytes[ANSWER_LEN];
        struct sockaddr_in peer;
        socklen_t peer_len = sizeof peer;
        ssize_t len = recvfrom(fd, question, sizeof question, 0, (struct sockaddr *)&peer, &peer_len);
        if (len <= TYPE_AT)
            continue;
        answer(question, self, bytes);
        sendto(fd, bytes, sizeof bytes, 0, (struct sockaddr *)&peer, peer_len);
    }
}

int main(int argc, char **argv)
{
    ip4 self;
    int fd;
    bool single = argc == 3 && strcmp(argv[2], "--single") == 0;
    bool segments = argc == 3 && strcmp(argv[2], "--segments") == 0;
    if (argc != 2 + (single || segments) || !ip4_parse(argv[1], &self) ||
        io_udp_open_at(self, DHCP_PORT_SERVER, &fd) < 0) {
        fprintf(stderr, "bench_responder: cannot answer on the address that is its argument\n");
        return 1;
    }
    io_sock_grow(fd);
    if (single)
        answer_singly(fd, self);
    else
        answer_in_batches(fd, self, segments);
    return 1;
}
