#include "common/io_sock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/err.h"
#include "common/io_sock_inside.h"

/* ---- interfaces ---- */

/* An address may come under a label, "eth0:1", that no interface can have for a name. */
static bool is_of(const struct ifaddrs *ifa, const char *name)
{
    size_t len = strlen(name);
    return strcspn(ifa->ifa_name, ":") == len && memcmp(ifa->ifa_name, name, len) == 0;
}

static void start_iface(const struct ifaddrs *ifa, struct io_iface *out)
{
    *out = (struct io_iface){0};
    size_t len = strcspn(ifa->ifa_name, ":");
    memcpy(out->name, ifa->ifa_name, len < IO_IFNAME_MAX ? len : IO_IFNAME_MAX - 1);
    out->index = (int)if_nametoindex(out->name);
}

static void read_hw(const struct ifaddrs *ifa, struct hw_addr *out)
{
    struct sockaddr_ll ll;
    memcpy(&ll, ifa->ifa_addr, sizeof ll);
    *out = (struct hw_addr){.type = (uint8_t)ll.sll_hatype, .len = ll.sll_halen};
    if (out->len > sizeof ll.sll_addr)
        out->len = sizeof ll.sll_addr;
    memcpy(out->bytes, ll.sll_addr, out->len);
}

static ip4 sockaddr_ip4(const struct sockaddr *sa)
{
    struct sockaddr_in in;
    memcpy(&in, sa, sizeof in);
    return ntohl(in.sin_addr.s_addr);
}

static void read_address(const struct ifaddrs *ifa, struct ip4_net *out)
{
    int len = ifa->ifa_netmask ? ip4_mask_len(sockaddr_ip4(ifa->ifa_netmask)) : 32;
    if (out->addr == 0)
        *out = (struct ip4_net){.addr = sockaddr_ip4(ifa->ifa_addr), .len = (uint8_t)(len < 0 ? 32 : len)};
}

/* Adds what one entry tells of its interface. */
static void read_entry(const struct ifaddrs *ifa, struct io_iface *out)
{
    out->up = (ifa->ifa_flags & IFF_UP) != 0;
    out->loopback = (ifa->ifa_flags & IFF_LOOPBACK) != 0;
    if (ifa->ifa_addr != NULL && ifa->ifa_addr->sa_family == AF_PACKET)
        read_hw(ifa, &out->hw);
    else if (ifa->ifa_addr != NULL && ifa->ifa_addr->sa_family == AF_INET)
        read_address(ifa, &out->addr);
}

int io_iface_list(struct io_iface *out, int max)
{
    struct ifaddrs *all;
    if (getifaddrs(&all) < 0)
        return ERR_IO;
    int n = 0;
    for (const struct ifaddrs *ifa = all; ifa != NULL; ifa = ifa->ifa_next) {
        int i = 0;
        while (i < n && !is_of(ifa, out[i].name))
            i++;
        if (i == max)
            continue;
        if (i == n)
            start_iface(ifa, &out[n++]);
        read_entry(ifa, &out[i]);
    }
    freeifaddrs(all);
    return n;
}

const char *io_sock_error(int error)
{
    return error == EPERM || error == EACCES
               ? "needs root or CAP_NET_RAW, CAP_NET_BIND_SERVICE; or use dhcplab up"
               : strerror(error);
}

int io_iface_find(const char *name, struct io_iface *out)
{
    struct ifaddrs *all;
    if (getifaddrs(&all) < 0)
        return ERR_IO;
    int rc = ERR_NOTFOUND;
    for (const struct ifaddrs *ifa = all; ifa != NULL; ifa = ifa->ifa_next) {
        if (!is_of(ifa, name))
            continue;
        if (rc < 0)
            start_iface(ifa, out);
        rc = 0;
        read_entry(ifa, out);
    }
    freeifaddrs(all);
    return rc;
}

int io_iface_pick(struct io_iface *iface, ip4 addr)
{
    struct ifaddrs *all;
    if (getifaddrs(&all) < 0)
        return ERR_IO;
    int rc = ERR_NOTFOUND;
    for (const struct ifaddrs *ifa = all; ifa != NULL && rc < 0; ifa = ifa->ifa_next) {
        if (strcmp(ifa->ifa_name, iface->name) != 0 || ifa->ifa_addr == NULL ||
            ifa->ifa_addr->sa_family != AF_INET || sockaddr_ip4(ifa->ifa_addr) != addr)
            continue;
        iface->addr.addr = 0;
        read_address(ifa, &iface->addr);
        rc = 0;
    }
    freeifaddrs(all);
    return rc;
}

/* ---- sockets ---- */

enum { CROWD_BUFFER = 8 << 20 };

/* Closes a socket that could not be set up, keeping errno for the caller's message. */
static int give_up(int fd)
{
    int why = errno;
    if (fd >= 0)
        close(fd);
    errno = why;
    if (why == EPERM || why == EACCES)
        return ERR_DENIED;
    return why == EADDRINUSE ? ERR_EXISTS : ERR_IO;
}

static int set_flag(int fd, int level, int option)
{
    int on = 1;
    return setsockopt(fd, level, option, &on, sizeof on);
}

void io_sock_grow(int fd)
{
    int size = CROWD_BUFFER;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

/* ---- UDP ---- */

int io_udp_open_at(ip4 addr, uint16_t port, int *out_fd)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(addr)};
    if (fd < 0 || set_flag(fd, IPPROTO_IP, IP_PKTINFO) < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) < 0)
        return give_up(fd);
    *out_fd = fd;
    return 0;
}

int io_udp_open(const char *ifname, uint16_t port, int *out_fd)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, ifname, (socklen_t)strlen(ifname)) < 0 ||
        set_flag(fd, SOL_SOCKET, SO_BROADCAST) < 0 || set_flag(fd, IPPROTO_IP, IP_PKTINFO) < 0 ||
        bind(fd, (struct sockaddr *)&any, sizeof any) < 0)
        return give_up(fd);
    *out_fd = fd;
    return 0;
}

static const void *find_control(struct msghdr *msg, int level, int type)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c))
        if (c->cmsg_level == level && c->cmsg_type == type)
            return CMSG_DATA(c);
    return NULL;
}

void io_sock_put_source(struct msghdr *msg, union io_sock_control *control, int ifindex, ip4 src)
{
    struct in_pktinfo info = {.ipi_ifindex = ifindex, .ipi_spec_dst.s_addr = htonl(src)};
    *control = (union io_sock_control){0};
    msg->msg_control = control;
    msg->msg_controllen = CMSG_SPACE(sizeof info);
    struct cmsghdr *header = CMSG_FIRSTHDR(msg);
    header->cmsg_level = IPPROTO_IP;
    header->cmsg_type = IP_PKTINFO;
    header->cmsg_len = CMSG_LEN(sizeof info);
    memcpy(CMSG_DATA(header), &info, sizeof info);
}

void io_sock_put_segment(struct msghdr *msg, union io_sock_control *control, uint16_t len)
{
    char *end = (char *)control + msg->msg_controllen;
    struct cmsghdr header = {
        .cmsg_level = SOL_UDP, .cmsg_type = UDP_SEGMENT, .cmsg_len = CMSG_LEN(sizeof len)};
    memset(end, 0, CMSG_SPACE(sizeof len));
    memcpy(end, &header, sizeof header);
    memcpy(end + CMSG_LEN(0), &len, sizeof len);
    msg->msg_control = control;
    msg->msg_controllen += CMSG_SPACE(sizeof len);
}

ip4 io_sock_destination(struct msghdr *msg)
{
    const struct in_pktinfo *info = find_control(msg, IPPROTO_IP, IP_PKTINFO);
    return info == NULL ? 0 : ntohl(info->ipi_addr.s_addr);
}

enum frame_checksum io_sock_checksum(struct msghdr *msg)
{
    struct tpacket_auxdata aux = {0};
    const void *data = find_control(msg, SOL_PACKET, PACKET_AUXDATA);
    if (data != NULL)
        memcpy(&aux, data, sizeof aux);
    return aux.tp_status & TP_STATUS_CSUMNOTREADY ? FRAME_CHECKSUM_NOT_READY : FRAME_CHECKSUM_CHECK;
}

uint16_t io_sock_port(int fd)
{
    struct sockaddr_in local = {0};
    socklen_t len = sizeof local;
    getsockname(fd, (struct sockaddr *)&local, &len);
    return ntohs(local.sin_port);
}

bool io_sock_is_empty(void)
{
    return errno == EAGAIN || errno == ENETDOWN || errno == ECONNREFUSED;
}

/* recvmsg that knows "nothing there": 1 with *out_len, 0, or ERR_IO. */
static int receive(int fd, struct msghdr *msg, size_t *out_len)
{
    ssize_t n;
    do
        n = recvmsg(fd, msg, 0);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return io_sock_is_empty() ? 0 : ERR_IO;
    *out_len = (size_t)n;
    return 1;
}

int io_udp_recv(int fd, uint8_t *buf, size_t cap, struct packet *out)
{
    struct sockaddr_in from = {0};
    union io_sock_control control;
    struct iovec iov = {.iov_base = buf, .iov_len = cap};
    struct msghdr msg = {.msg_name = &from,
                         .msg_namelen = sizeof from,
                         .msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = &control,
                         .msg_controllen = sizeof control};
    size_t len;
    int rc = receive(fd, &msg, &len);
    if (rc <= 0)
        return rc;
    *out = (struct packet){.src = ntohl(from.sin_addr.s_addr),
                           .sport = ntohs(from.sin_port),
                           .dst = io_sock_destination(&msg),
                           .dport = io_sock_port(fd),
                           .bytes = buf,
                           .len = len};
    return 1;
}

int io_udp_send(int fd, int ifindex, const struct packet *p)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(p->dport), .sin_addr.s_addr = htonl(p->dst)};
    union io_sock_control control;
    uint8_t *bytes;
    memcpy(&bytes, &p->bytes, sizeof bytes); /* sendmsg only reads what iov_base points to */
    struct iovec iov = {.iov_base = bytes, .iov_len = p->len};
    struct msghdr msg = {.msg_name = &to, .msg_namelen = sizeof to, .msg_iov = &iov, .msg_iovlen = 1};
    io_sock_put_source(&msg, &control, ifindex, p->src);
    ssize_t n;
    do
        n = sendmsg(fd, &msg, 0);
    while (n < 0 && errno == EINTR);
    return n < 0 ? ERR_IO : 0;
}

bool io_udp_is_drained(int fd)
{
    int queued = 0;
    return ioctl(fd, SIOCOUTQ, &queued) < 0 || queued == 0;
}

/* ---- AF_PACKET ---- */

/* Where a filter finds what the kernel knows about a packet. */
#define AUXILIARY(what) ((uint32_t)(SKF_AD_OFF + (what)))

/* Accepts whole IPv4 UDP datagrams to one port in untagged Ethernet frames that are not of the type
 * `unwanted`. The kernel takes VLAN tags off: then a frame is its VLAN interface's, or another host's if
 * there is none. */
static int attach_port_filter(int fd, int ifindex, uint16_t port, uint32_t unwanted)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AUXILIARY(SKF_AD_IFINDEX)), /*  0: A = interface */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)ifindex, 0, 12), /*  1: ours? else reject */
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AUXILIARY(SKF_AD_PKTTYPE)), /*  2: A = whom it is for */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, unwanted, 10, 0),          /*  3: not for us? reject */
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),                        /*  4: A = EtherType */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETHERTYPE_IP, 0, 8),       /*  5: IPv4? else reject */
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 23),                        /*  6: A = protocol */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 6),        /*  7: UDP? else reject */
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 20),                        /*  8: A = flags and fragment offset */
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x3fff, 4, 0),            /*  9: a fragment? reject */
        BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 14),                       /* 10: X = length of the IPv4 header */
        BPF_STMT(BPF_LD | BPF_H | BPF_IND, 16),                        /* 11: A = UDP destination port */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, port, 0, 1),               /* 12: ours? else reject */
        BPF_STMT(BPF_RET | BPF_K, IO_DATAGRAM_MAX),                    /* 13: accept */
        BPF_STMT(BPF_RET | BPF_K, 0),                                  /* 14: reject */
    };
    struct sock_fprog program = {.len = sizeof code / sizeof code[0], .filter = code};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

/* The socket is made with protocol 0, which receives nothing, so that no frame slips in before the filter. */
static int open_raw(int ifindex, uint16_t port, uint32_t unwanted, int *out_fd)
{
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_ll at = {
        .sll_family = AF_PACKET, .sll_protocol = port ? htons(ETH_P_IP) : 0, .sll_ifindex = ifindex};
    if (fd < 0 || (port != 0 && attach_port_filter(fd, ifindex, port, unwanted) < 0) ||
        set_flag(fd, SOL_PACKET, PACKET_AUXDATA) < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) < 0)
        return give_up(fd);
    *out_fd = fd;
    return 0;
}

int io_raw_open(int ifindex, uint16_t port, int *out_fd)
{
    return open_raw(ifindex, port, PACKET_OTHERHOST, out_fd);
}

int io_raw_open_promiscuous(int ifindex, uint16_t port, int *out_fd)
{
    struct packet_mreq all = {.mr_ifindex = ifindex, .mr_type = PACKET_MR_PROMISC};
    int fd;
    int rc = open_raw(ifindex, port, PACKET_OUTGOING, &fd);
    if (rc < 0)
        return rc;
    if (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof all) < 0)
        return give_up(fd);
    io_sock_grow(fd);
    *out_fd = fd;
    return 0;
}

int io_raw_recv(int fd, uint8_t *buf, size_t cap, struct packet *out, enum reason *out_reason)
{
    union io_sock_control control;
    struct iovec iov = {.iov_base = buf, .iov_len = cap};
    struct msghdr msg = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    size_t len;
    int rc = receive(fd, &msg, &len);
    if (rc <= 0)
        return rc;
    *out_reason = frame_decode(buf, len, io_sock_checksum(&msg), out);
    return 1;
}

/* Sends a frame that begins with its Ethernet addresses. */
static int send_frame(int fd, int ifindex, uint16_t protocol, const uint8_t *frame, size_t len)
{
    struct sockaddr_ll to = {.sll_family = AF_PACKET,
                             .sll_protocol = htons(protocol),
                             .sll_ifindex = ifindex,
                             .sll_halen = ETH_ALEN};
    memcpy(to.sll_addr, frame, ETH_ALEN);
    ssize_t n;
    do
        n = sendto(fd, frame, len, 0, (struct sockaddr *)&to, sizeof to);
    while (n < 0 && errno == EINTR);
    return n < 0 ? ERR_IO : 0;
}

int io_raw_send(int fd, int ifindex, const struct packet *p)
{
    uint8_t frame[FRAME_MAX];
    size_t len = frame_encode(p, frame, sizeof frame);
    return len == 0 ? ERR_LIMIT : send_frame(fd, ifindex, ETH_P_IP, frame, len);
}

/* ---- ARP ---- */

/* Accepts ARP for IPv4 over Ethernet in untagged frames that came in and are for this host or for all. */
static int attach_arp_filter(int fd, int ifindex)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AUXILIARY(SKF_AD_IFINDEX)), /*  0: A = interface */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)ifindex, 0, 11), /*  1: ours? else reject */
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AUXILIARY(SKF_AD_PKTTYPE)), /*  2: A = whom it is for */
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, PACKET_OTHERHOST, 9, 0),   /*  3: another, or sent? reject */
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),                        /*  4: A = EtherType */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETHERTYPE_ARP, 0, 7),      /*  5: ARP? else reject */
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 14),                   /*  6: A = hardware and protocol type */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x00010800, 0, 5),    /*  7: Ethernet, IPv4? else reject */
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 18),                   /*  8: A = their lengths */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x0604, 0, 3),        /*  9: 6 and 4? else reject */
        BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),                    /* 10: A = length of the frame */
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, FRAME_ARP_LEN, 0, 1), /* 11: whole? else reject */
        BPF_STMT(BPF_RET | BPF_K, FRAME_ARP_LEN),                 /* 12: accept, without padding */
        BPF_STMT(BPF_RET | BPF_K, 0),                             /* 13: reject */
    };
    struct sock_fprog program = {.len = sizeof code / sizeof code[0], .filter = code};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

/* Made with protocol 0 for the same reason as in io_raw_open(). */
int io_arp_open(int ifindex, int *out_fd)
{
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_ll at = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ARP), .sll_ifindex = ifindex};
    if (fd < 0 || attach_arp_filter(fd, ifindex) < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) < 0)
        return give_up(fd);
    *out_fd = fd;
    return 0;
}

int io_arp_recv(int fd, struct arp *out, enum reason *out_reason)
{
    uint8_t frame[FRAME_ARP_LEN];
    struct iovec iov = {.iov_base = frame, .iov_len = sizeof frame};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    size_t len;
    int rc = receive(fd, &msg, &len);
    if (rc <= 0)
        return rc;
    *out_reason = frame_arp_decode(frame, len, out);
    return 1;
}

int io_arp_send(int fd, int ifindex, const struct arp *m)
{
    uint8_t frame[FRAME_ARP_LEN];
    size_t len = frame_arp_encode(m, frame, sizeof frame);
    return send_frame(fd, ifindex, ETH_P_ARP, frame, len);
}
