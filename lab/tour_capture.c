#include "lab/tour_capture.h"

#include <errno.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/dissect.h"
#include "common/err.h"
#include "common/pcapng.h"
#include "lab/capture_link.h"
#include "lab/enter.h"

enum { START_LIMIT_MS = 5000 };

struct recorder {
    int fd; /* capture_link.h */
    FILE *out;
    uint8_t frame[PCAPNG_SNAPLEN];
    uint8_t block[PCAPNG_BLOCK_MAX];
};

static bool put(struct recorder *r, size_t len)
{
    return len > 0 && fwrite(r->block, 1, len, r->out) == len;
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

/* Takes all that waits. */
static bool take_packets(struct recorder *r)
{
    struct pcapng_packet packet;
    int rc;
    while ((rc = capture_link_next(r->fd, r->frame, &packet)) > 0)
        if (!put(r, pcapng_packet(&packet, r->block, sizeof r->block)))
            return false;
    return rc == 0;
}

static bool has_lost(const struct recorder *r)
{
    unsigned lost = capture_link_lost(r->fd);
    if (lost > 0)
        fprintf(stderr, "dhcplab: %u packets came too fast to be captured\n", lost);
    return lost > 0;
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
    bool is_ready = enter_network(lab, host) == 0 && capture_link_open(interface, &r->fd) == 0 &&
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
