#include "common/io_pace.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/err.h"

/* The process has one clock, as the machine has. */
static int pacer = -1;
static const struct io_pace_page *page;

static int take_page(int fd)
{
    char byte, room[CMSG_SPACE(sizeof(int))];
    struct iovec data = {&byte, sizeof byte};
    struct msghdr msg = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
    int file;
    if (recvmsg(fd, &msg, MSG_CMSG_CLOEXEC) < 0)
        return ERR_IO;
    struct cmsghdr *head = CMSG_FIRSTHDR(&msg);
    if (head == NULL || head->cmsg_type != SCM_RIGHTS) {
        errno = EPROTO;
        return ERR_IO;
    }
    memcpy(&file, CMSG_DATA(head), sizeof file);
    void *at = mmap(NULL, sizeof *page, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (at == MAP_FAILED)
        return ERR_IO;
    page = at;
    return 0;
}

int io_pace_connect(const char *path)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return ERR_IO;
    snprintf(addr.sun_path, sizeof addr.sun_path, "%s", path);
    if (connect(fd, (struct sockaddr *)&addr, sizeof addr) < 0 || take_page(fd) < 0) {
        int error = errno;
        close(fd);
        errno = error;
        return ERR_IO;
    }
    pacer = fd;
    return 0;
}

bool io_pace_is_on(void)
{
    return page != NULL;
}

struct clock_now io_pace_now(void)
{
    return (struct clock_now){.boot_ms = page->boot_ms, .wall_ms = page->wall_ms};
}

int io_pace_fd(void)
{
    return pacer;
}

bool io_pace_hear(uint64_t *out_number)
{
    struct io_pace_kick kick;
    if (recv(pacer, &kick, sizeof kick, 0) != (ssize_t)sizeof kick)
        return false;
    *out_number = kick.number;
    return true;
}

void io_pace_tell(uint64_t number, time_ms deadline_ms)
{
    struct io_pace_quiet quiet = {number, deadline_ms};
    send(pacer, &quiet, sizeof quiet, MSG_NOSIGNAL); /* a pacer that has gone is heard of by reading */
}
