#include "lab/tour_capture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/err.h"

enum { LIMIT_MS = 10000, TOLD_MAX = 4096 };

/* What it says when it is ready. */
static const char ready[] = "capturing at ";

static void run(const char *lab, const char *host, const char *path, int told)
{
    prctl(PR_SET_PDEATHSIG, SIGINT);
    if (dup2(told, STDERR_FILENO) >= 0)
        execl("/proc/self/exe", "dhcplab", "capture", path, host, "-n", lab, (char *)NULL);
    dprintf(told, "dhcplab: dhcplab capture cannot be started: %s\n", strerror(errno));
    _exit(1);
}

/* Reads on until the end, or, if `line`, until a line is whole. Returns the octets in `buf`, a NUL behind
 * them. */
static size_t hear(const struct tour_capture *c, bool line, char *buf)
{
    struct pollfd waiting = {.fd = c->told, .events = POLLIN};
    size_t len = 0;
    while (len < TOLD_MAX - 1 && !(line && len > 0 && buf[len - 1] == '\n') &&
           poll(&waiting, 1, LIMIT_MS) > 0) {
        ssize_t n = read(c->told, buf + len, TOLD_MAX - 1 - len);
        if (n <= 0)
            break;
        len += (size_t)n;
    }
    buf[len] = '\0';
    return len;
}

int tour_capture_start(struct tour_capture *c, const char *lab, const char *host, const char *path)
{
    int ends[2];
    char told[TOLD_MAX];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return ERR_IO;
    fflush(NULL);
    *c = (struct tour_capture){.pid = fork(), .told = ends[0]};
    if (c->pid == 0)
        run(lab, host, path, ends[1]);
    close(ends[1]);
    if (c->pid < 0) {
        fprintf(stderr, "dhcplab: no process can be made: %s\n", strerror(errno));
        close(c->told);
        return ERR_IO;
    }
    hear(c, true, told);
    if (strncmp(told, ready, sizeof ready - 1) == 0)
        return 0;
    fputs(told, stderr);
    tour_capture_stop(c);
    return ERR_IO;
}

int tour_capture_stop(struct tour_capture *c)
{
    char told[TOLD_MAX];
    int status = 0;
    kill(c->pid, SIGINT);
    hear(c, false, told);
    kill(c->pid, SIGKILL); /* of what has ended there is nothing to kill; what hangs is not waited for */
    while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
        ;
    close(c->told);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    fputs(told, stderr);
    return ERR_IO;
}
