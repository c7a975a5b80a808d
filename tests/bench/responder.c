/* The least that a DHCP server could be, for tests/bench/run: it answers each DISCOVER and REQUEST of a relay
 * with an address made of the client's number, in batches, without leases, limits or checks. What it does in
 * a second is what sockets allow. Usage: bench_responder ADDRESS [--single | --segments | --sync FILE]
 *
 * With --single it makes one call for each message that it takes, and one for each answer. With --segments
 * its answers leave as io_batch_join() does it, so that the generator of the load is what limits the rate.
 * With --sync they do so, too, and no ACK leaves before a record of it is on the disk: that is what sockets
 * and the disk allow. */
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/dhcp_proto.h"
#include "common/io_batch.h"
#include "common/io_sock.h"
#include "common/io_worker.h"

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

/* ---- a record before each ACK ---- */

enum { RECORD_LEN = 90, ACKS_MAX = 4096, FILE_LEN = 64 << 20 };

struct acks {
    size_t n;
    struct packet packets[ACKS_MAX];
    uint8_t answers[ACKS_MAX][ANSWER_LEN];
};

/* As a server does that syncs beside its loop: ACKs gather while the records of those before are stored. */
struct journal {
    int file;
    off_t at; /* in a file that has its length already; from its end on to its beginning */
    struct io_worker *worker;
    bool is_busy;
    struct acks acks[2], *gathered, *stored;
};

static void store(void *user)
{
    static const uint8_t records[ACKS_MAX * RECORD_LEN];
    struct journal *j = user;
    size_t len = j->stored->n * RECORD_LEN;
    if (j->at + (off_t)len > FILE_LEN)
        j->at = 0;
    if (pwrite(j->file, records, len, j->at) != (ssize_t)len || fdatasync(j->file) < 0) {
        perror("bench_responder");
        _exit(1); /* no ACK without a record */
    }
    j->at += (off_t)len;
}

static bool journal_open(struct journal *j, const char *path)
{
    static const uint8_t zeros[FILE_LEN];
    j->file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    j->worker = io_worker_new(store, j);
    j->gathered = &j->acks[0];
    j->stored = &j->acks[1];
    return j->file >= 0 && write(j->file, zeros, sizeof zeros) == FILE_LEN && fsync(j->file) == 0 &&
           j->worker != NULL;
}

static void journal_start(struct journal *j)
{
    if (j->is_busy || j->gathered->n == 0)
        return;
    struct acks *stored = j->gathered;
    j->gathered = j->stored;
    j->stored = stored;
    j->is_busy = true;
    io_worker_start(j->worker);
}

static void journal_finish(struct journal *j, struct io_batch *out, int fd)
{
    if (!j->is_busy || !io_worker_is_done(j->worker))
        return;
    io_worker_finish(j->worker);
    j->is_busy = false;
    for (size_t i = 0; i < j->stored->n; i++) {
        if (io_batch_is_full(out))
            io_batch_send(out, fd, on_failed, NULL);
        io_batch_add_udp(out, 0, &j->stored->packets[i]);
    }
    io_batch_send(out, fd, on_failed, NULL);
    j->stored->n = 0;
}

/* ---- in batches ---- */

static void wait_for_news(int fd, const struct journal *j)
{
    struct pollfd fds[] = {
        {.fd = fd, .events = POLLIN},
        {.fd = j != NULL && j->is_busy ? io_worker_fd(j->worker) : -1, .events = POLLIN},
    };
    poll(fds, sizeof fds / sizeof *fds, -1);
}

static void take(const struct packet *p, ip4 self, struct journal *j, struct io_batch *out)
{
    static uint8_t answers[IO_BATCH_MAX][ANSWER_LEN];
    if (p->len <= TYPE_AT)
        return;
    bool waits = j != NULL && p->bytes[TYPE_AT] != DHCP_DISCOVER;
    if (waits && j->gathered->n == ACKS_MAX)
        return;
    uint8_t *bytes = waits ? j->gathered->answers[j->gathered->n] : answers[io_batch_count(out)];
    answer(p->bytes, self, bytes);
    struct packet packet = {
        .src = self, .dst = p->src, .dport = DHCP_PORT_SERVER, .bytes = bytes, .len = ANSWER_LEN};
    if (waits)
        j->gathered->packets[j->gathered->n++] = packet;
    else
        io_batch_add_udp(out, 0, &packet);
}

/* `j` NULL: nothing is stored. */
static void answer_in_batches(int fd, ip4 self, bool segments, struct journal *j)
{
    struct io_batch *in = io_batch_new(MESSAGE_MAX), *out = io_batch_new(MESSAGE_MAX);
    if (in == NULL || out == NULL)
        return;
    io_batch_join(out, segments);
    for (;;) {
        wait_for_news(fd, j);
        if (j != NULL)
            journal_finish(j, out, fd);
        int n = io_batch_recv_udp(in, fd, DHCP_PORT_SERVER);
        for (int i = 0; i < n; i++)
            take(io_batch_packet(in, i, NULL), self, j, out);
        io_batch_send(out, fd, on_failed, NULL);
        if (j != NULL)
            journal_start(j);
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
    static struct journal journal;
    ip4 self;
    int fd;
    const char *option = argc > 2 ? argv[2] : "";
    bool single = argc == 3 && strcmp(option, "--single") == 0;
    bool segments = argc == 3 && strcmp(option, "--segments") == 0;
    bool syncs = argc == 4 && strcmp(option, "--sync") == 0;
    if (argc != 2 + (single || segments) + 2 * syncs || !ip4_parse(argv[1], &self) ||
        io_udp_open_at(self, DHCP_PORT_SERVER, &fd) < 0 || (syncs && !journal_open(&journal, argv[3]))) {
        fprintf(stderr,
                "bench_responder: cannot answer on the address, or write the file, of its arguments\n");
        return 1;
    }
    io_sock_grow(fd);
    if (single)
        answer_singly(fd, self);
    else
        answer_in_batches(fd, self, segments || syncs, syncs ? &journal : NULL);
    return 1;
}
