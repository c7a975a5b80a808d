#include "common/io_tcp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/err.h"

enum { BACKLOG = 16 };

static int err_of(int why)
{
    switch (why) {
    case EACCES:
    case EPERM:
        return ERR_DENIED;
    case EADDRINUSE:
        return ERR_EXISTS;
    case EADDRNOTAVAIL:
        return ERR_NOTFOUND;
    default:
        return ERR_IO;
    }
}

int io_tcp_listen(ip4 addr, uint16_t port, int *out_fd)
{
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {.s_addr = htonl(addr)}};
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return ERR_IO;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        bind(fd, (const struct sockaddr *)&at, sizeof at) < 0 || listen(fd, BACKLOG) < 0) {
        int why = errno;
        close(fd);
        errno = why;
        return err_of(why);
    }
    *out_fd = fd;
    return 0;
}

int io_tcp_accept(int listen_fd, int *out_fd, ip4 *out_local, ip4 *out_peer)
{
    struct sockaddr_in local = {0}, peer = {0};
    socklen_t local_len = sizeof local, peer_len = sizeof peer;
    int fd = accept4(listen_fd, (struct sockaddr *)&peer, &peer_len, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return errno == EAGAIN || errno == EINTR || errno == ECONNABORTED ? 0 : ERR_IO;
    if (getsockname(fd, (struct sockaddr *)&local, &local_len) < 0) {
        int why = errno;
        close(fd);
        errno = why;
        return ERR_IO;
    }
    *out_fd = fd;
    *out_local = ntohl(local.sin_addr.s_addr);
    *out_peer = ntohl(peer.sin_addr.s_addr);
    return 1;
}
