#include "lab/tour_act.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/err.h"
#include "lab/enter.h"

enum { LIMIT_MS = 10000, CLOSE_TRIES = 500, CLOSE_STEP_NS = 2000000, NOT_THERE = 127 };

struct act {
    const char *what; /* "ping" */
    const char *interface, *path;
    ip4 addr;
    uint16_t port;
    unsigned octets;
};

typedef int act_fn(const struct act *act); /* the exit code of the process */

/* 0, or an error that is told. */
static int judge(const struct act *act, bool is_late, int status)
{
    if (is_late) {
        fprintf(stderr, "dhcplab: %s took longer than %d s\n", act->what, LIMIT_MS / 1000);
        return ERR_TIMEOUT;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_THERE) {
        fprintf(stderr, "dhcplab: there is no program %s here\n", act->what);
        return ERR_NOTFOUND;
    }
    fprintf(stderr, "dhcplab: %s has failed\n", act->what);
    return ERR_IO;
}

static int run_inside(const struct lab_state *lab, const struct lab_host_state *host, act_fn *fn,
                      const struct act *act)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        _exit(enter_network(lab, host) == 0 ? fn(act) : 1);
    }
    int pidfd = pid < 0 ? -1 : pidfd_open(pid, 0), status = 0;
    if (pidfd < 0) {
        fprintf(stderr, "dhcplab: no process can be made: %s\n", strerror(errno));
        return ERR_IO;
    }
    struct pollfd waiting = {.fd = pidfd, .events = POLLIN};
    bool is_late = poll(&waiting, 1, LIMIT_MS) == 0;
    if (is_late)
        kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    close(pidfd);
    return judge(act, is_late, status);
}

static struct sockaddr_in address_of(ip4 addr, uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(addr), .sin_port = htons(port)};
}

static int forget(const struct act *act)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = address_of(act->addr, 0);
    struct arpreq request = {0};
    memcpy(&request.arp_pa, &address, sizeof address);
    snprintf(request.arp_dev, sizeof request.arp_dev, "%s", act->interface);
    return ioctl(fd, SIOCDARP, &request) == 0 || errno == ENXIO ? 0 : 1; /* ENXIO: it was not known */
}

int tour_act_forget(const struct lab_state *lab, const struct lab_host_state *host, const char *interface,
                    ip4 addr)
{
    const struct act act = {.what = "emptying the ARP cache", .interface = interface, .addr = addr};
    return run_inside(lab, host, forget, &act);
}

/* ---- ping ---- */

static int ping(const struct act *act)
{
    char addr[IP4_LEN], octets[16];
    ip4_format(act->addr, addr);
    snprintf(octets, sizeof octets, "%u", act->octets);
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere < 0 || dup2(nowhere, STDOUT_FILENO) < 0)
        return 1;
    execlp("ping", "ping", "-n", "-c", "1", "-s", octets, addr, (char *)NULL);
    return errno == ENOENT ? NOT_THERE : 1;
}

int tour_act_ping(const struct lab_state *lab, const struct lab_host_state *host, ip4 addr, unsigned octets)
{
    const struct act act = {.what = "ping", .addr = addr, .octets = octets};
    return run_inside(lab, host, ping, &act);
}

/* ---- HTTP ---- */

static bool send_all(int fd, const char *text)
{
    for (size_t left = strlen(text); left > 0;) {
        ssize_t n = send(fd, text, left, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        text += n;
        left -= (size_t)n;
    }
    return true;
}

static bool read_all(int fd)
{
    char bytes[4096];
    ssize_t n;
    while ((n = recv(fd, bytes, sizeof bytes, 0)) > 0)
        ;
    return n == 0;
}

/* Closes, and waits until the other side has acknowledged it: what is captured has an end. */
static bool close_both(int fd)
{
    int on = 1;
    struct tcp_info info;
    socklen_t len = sizeof info;
    /* Their FIN is acknowledged at once, not along with ours. */
    setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
    shutdown(fd, SHUT_WR);
    for (int i = 0; i < CLOSE_TRIES; i++) {
        if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0 || info.tcpi_state == TCP_CLOSE ||
            info.tcpi_state == TCP_TIME_WAIT)
            return true;
        nanosleep(&(struct timespec){.tv_nsec = CLOSE_STEP_NS}, NULL);
    }
    return false;
}

static int get(const struct act *act)
{
    char addr[IP4_LEN], request[512];
    struct sockaddr_in address = address_of(act->addr, act->port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s:%u\r\nConnection: close\r\n\r\n",
             act->path, ip4_format(act->addr, addr), act->port);
    bool done = fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
                send_all(fd, request) && read_all(fd) && close_both(fd);
    return done ? 0 : 1;
}

int tour_act_get(const struct lab_state *lab, const struct lab_host_state *host, ip4 addr, uint16_t port,
                 const char *path)
{
    const struct act act = {.what = "the HTTP request", .path = path, .addr = addr, .port = port};
    return run_inside(lab, host, get, &act);
}
