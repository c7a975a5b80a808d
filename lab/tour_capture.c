#include "lab/tour_capture.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include "common/dissect.h"
#include "common/err.h"
#include "common/pcapng.h"
#include "lab/enter.h"

enum { NS_PER_S = 1000000000, ROOM = 4 << 20, START_LIMIT_MS = 5000 };

struct recorder {
    int fd; /* AF_PACKET */
    FILE *out;
    uint8_t frame[PCAPNG_SNAPLEN];
    uint8_t block[PCAPNG_BLOCK_MAX];
};

static bool put(struct recorder *r, size_t len)
{
    return len > 0 && fwrite(r->block, 1, len, r->out) == len;
}

static bool open_socket(struct recorder *r, const char *interface)
{
    int on = 1, room = ROOM;
    struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                  .sll_protocol = htons(ETH_P_ALL),
                                  .sll_ifindex = (int)if_nametoindex(interface)};
    r->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* More room where we may; the usual one will do, too. */
    setsockopt(r->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
    return r->fd >= 0 && address.sll_ifindex != 0 &&
           setsockopt(r->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) == 0 &&
           bind(r->fd, (const struct sockaddr *)&address, sizeof address) == 0;
}

static bool write_head(struct recorder *r, const char *host, const char *interface)
{
    char name[LAB_NAME_MAX + LAB_INTERFACE_MAX];
    struct ifreq request = {0};
    struct pcapng_interface description = {.name = name, .linktype = DISSECT_LINK_ETHERNET};
    snprintf(name, sizeof name, "%s/%s", host, interface);
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", interface);
    if (ioctl(r->fd, SIOCGIFHWADDR, &request) == 0) {
        description.hw = (struct hw_addr){.type = 1, .len = ETH_ALEN};
        memcpy(description.hw.bytes, request.ifr_hwaddr.sa_data, ETH_ALEN);
    }
    return put(r, pcapng_section("dhcplab", NULL, r->block, sizeof r->block)) &&
           put(r, pcapng_interface(&description, r->block, sizeof r->block)) && fflush(r->out) == 0;
}

static int64_t time_of(struct msghdr *message)
{
    struct timespec at = {0};
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c))
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS)
            memcpy(&at, CMSG_DATA(c), sizeof at);
    return at.tv_sec * (int64_t)NS_PER_S + at.tv_nsec;
}

/* Takes all that waits. */
static bool take_packets(struct recorder *r)
{
    for (;;) {
        _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct timespec))];
        struct sockaddr_ll from;
        struct iovec part = {r->frame, sizeof r->frame};
        struct msghdr message = {.msg_name = &from,
                                 .msg_namelen = sizeof from,
                                 .msg_iov = &part,
                                 .msg_iovlen = 1,
                                 .msg_control = control,
                                 .msg_controllen = sizeof control};
        ssize_t len = recvmsg(r->fd, &message, MSG_TRUNC);
        if (len < 0)
            return errno == EAGAIN || errno == EINTR;
        size_t wire_len = (size_t)len;
        const struct pcapng_packet packet = {
            .time_ns = time_of(&message),
            .bytes = r->frame,
            .len = wire_len < sizeof r->frame ? wire_len : sizeof r->frame,
            .wire_len = wire_len,
            .direction = from.sll_pkttype == PACKET_OUTGOING ? PCAPNG_OUTBOUND : PCAPNG_INBOUND,
        };
        if (!put(r, pcapng_packet(&packet, r->block, sizeof r->block)))
            return false;
    }
}

static bool has_lost(const struct recorder *r)
{
    struct tpacket_stats stats = {0};
    socklen_t len = sizeof stats;
    if (getsockopt(r->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len) == 0 && stats.tp_drops == 0)
        return false;
    fprintf(stderr, "dhcplab: %u packets came too fast to be captured\n", stats.tp_drops);
    return true;
}

/* Until `stop_fd` is closed at the other end. */
static bool record(struct recorder *r, int stop_fd)
{
    struct pollfd fds[] = {{r->fd, POLLIN, 0}, {stop_fd, 0, 0}};
    while (poll(fds, 2, -1) >= 0 || errno == EINTR) {
        bool is_over = fds[1].revents != 0;
        if (!take_packets(r))
            return false;
        if (is_over)
            return !has_lost(r) && fflush(r->out) == 0;
    }
    return false;
}

/* In the child. `fd` tells that all is ready, and then when it is to stop. */
static int run(const struct lab_state *lab, const struct lab_host_state *host, const char *interface,
               FILE *out, int fd)
{
    struct recorder *r = calloc(1, sizeof *r);
    if (r == NULL)
        return 1;
    r->out = out;
    bool is_ready = enter_network(lab, host) == 0 && open_socket(r, interface) &&
                    write_head(r, host->name, interface) && write(fd, "r", 1) == 1;
    if (!is_ready || !record(r, fd)) {
        fprintf(stderr, "dhcplab: %s cannot be captured: %s\n", interface, strerror(errno));
        return 1;
    }
    return 0;
}

int tour_capture_start(struct tour_capture *c, const struct lab_state *lab, const struct lab_host_state *host,
                       const char *interface, FILE *out)
{
    int ends[2];
    char ready;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return ERR_IO;
    fflush(NULL);
    *c = (struct tour_capture){.pid = fork(), .stop_fd = ends[0]};
    if (c->pid == 0) {
        close(ends[0]);
        _exit(run(lab, host, interface, out, ends[1]));
    }
    close(ends[1]);
    struct pollfd waiting = {.fd = ends[0], .events = POLLIN};
    if (c->pid > 0 && poll(&waiting, 1, START_LIMIT_MS) == 1 && read(ends[0], &ready, 1) == 1)
        return 0;
    if (c->pid > 0)
        tour_capture_stop(c);
    else
        close(ends[0]);
    return ERR_IO;
}

int tour_capture_stop(struct tour_capture *c)
{
    int status = 0;
    close(c->stop_fd);
    while (waitpid(c->pid, &status, 0) < 0)
        if (errno != EINTR)
            return ERR_IO;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : ERR_IO;
}
