#include "lab/capture_link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdalign.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/err.h"
#include "common/frame.h"
#include "common/io_sock.h"

enum { NS_PER_S = 1000000000, ETH_ADDRESSES = 12, VLAN_LEN = 4 };

static int set_flag(int fd, int level, int option)
{
    int on = 1;
    return setsockopt(fd, level, option, &on, sizeof on);
}

int capture_link_open(const char *interface, int *out_fd)
{
    unsigned index = if_nametoindex(interface);
    if (index == 0)
        return ERR_NOTFOUND;
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno == EPERM || errno == EACCES ? ERR_DENIED : ERR_IO;
    struct sockaddr_ll at = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)index};
    io_sock_grow(fd);
    if (set_flag(fd, SOL_PACKET, PACKET_AUXDATA) < 0 || set_flag(fd, SOL_SOCKET, SO_TIMESTAMPNS) < 0 ||
        bind(fd, (struct sockaddr *)&at, sizeof at) < 0) {
        close(fd);
        return ERR_IO;
    }
    *out_fd = fd;
    return 0;
}

static void read_control(struct msghdr *msg, struct tpacket_auxdata *out_aux, struct timespec *out_time)
{
    *out_aux = (struct tpacket_auxdata){0};
    clock_gettime(CLOCK_REALTIME, out_time);
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level == SOL_PACKET && c->cmsg_type == PACKET_AUXDATA)
            memcpy(out_aux, CMSG_DATA(c), sizeof *out_aux);
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_TIMESTAMPNS)
            memcpy(out_time, CMSG_DATA(c), sizeof *out_time);
    }
}

/* In front of the EtherType. `buf` has room for it. */
static void insert_vlan(uint8_t *buf, size_t len, const struct tpacket_auxdata *aux)
{
    uint16_t tag[] = {htons(aux->tp_status & TP_STATUS_VLAN_TPID_VALID ? aux->tp_vlan_tpid : ETHERTYPE_VLAN),
                      htons(aux->tp_vlan_tci)};
    memmove(buf + ETH_ADDRESSES + VLAN_LEN, buf + ETH_ADDRESSES, len - ETH_ADDRESSES);
    memcpy(buf + ETH_ADDRESSES, tag, sizeof tag);
}

int capture_link_next(int fd, uint8_t *buf, struct pcapng_packet *out)
{
    struct sockaddr_ll from = {0};
    alignas(struct cmsghdr) char
        control[CMSG_SPACE(sizeof(struct tpacket_auxdata)) + CMSG_SPACE(sizeof(struct timespec))];
    struct iovec iov = {.iov_base = buf, .iov_len = PCAPNG_SNAPLEN - VLAN_LEN};
    struct msghdr msg = {.msg_name = &from,
                         .msg_namelen = sizeof from,
                         .msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control,
                         .msg_controllen = sizeof control};
    struct tpacket_auxdata aux;
    struct timespec time;
    ssize_t n;
    do
        n = recvmsg(fd, &msg, MSG_TRUNC);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EAGAIN || errno == ENETDOWN ? 0 : ERR_IO;
    read_control(&msg, &aux, &time);
    size_t wire_len = (size_t)n, len = wire_len < iov.iov_len ? wire_len : iov.iov_len;
    if ((aux.tp_status & TP_STATUS_CSUMNOTREADY) && len == wire_len)
        frame_finish_checksum(buf, len);
    if ((aux.tp_status & TP_STATUS_VLAN_VALID) && len >= ETH_ADDRESSES) {
        insert_vlan(buf, len, &aux);
        len += VLAN_LEN;
        wire_len += VLAN_LEN;
    }
    *out = (struct pcapng_packet){
        .time_ns = (int64_t)time.tv_sec * NS_PER_S + time.tv_nsec,
        .bytes = buf,
        .len = len,
        .wire_len = wire_len,
        .direction = from.sll_pkttype == PACKET_OUTGOING ? PCAPNG_OUTBOUND : PCAPNG_INBOUND,
    };
    return 1;
}

unsigned capture_link_lost(int fd)
{
    struct tpacket_stats stats = {0};
    socklen_t len = sizeof stats;
    return getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len) < 0 ? 0 : stats.tp_drops;
}
