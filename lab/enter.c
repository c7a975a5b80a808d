#include "lab/enter.h"

#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/err.h"
#include "lab/net.h"

static int open_of(pid_t pid, const char *what, int number, int flags)
{
    char path[64];
    if (number >= 0)
        snprintf(path, sizeof path, "/proc/%d/%s/%d", (int)pid, what, number);
    else
        snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, what);
    return open(path, flags | O_CLOEXEC);
}

/* Enters the user namespace of the lab, if it is another than ours. */
static int enter_user(pid_t pid)
{
    struct stat ours, theirs;
    int fd = open_of(pid, "ns/user", -1, O_RDONLY);
    bool is_ours = fd >= 0 && fstat(fd, &theirs) == 0 && stat("/proc/self/ns/user", &ours) == 0 &&
                   ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev;
    int rc = is_ours || fd < 0 || setns(fd, CLONE_NEWUSER) == 0 ? 0 : ERR_IO;
    if (fd >= 0)
        close(fd);
    return rc;
}

int enter_host(const struct lab_state *lab, const struct lab_host_state *host)
{
    struct net_host namespaces = {.net_fd = open_of(lab->pid, "fd", host->net_fd, O_RDONLY),
                                  .mnt_fd = open_of(lab->pid, "fd", host->mnt_fd, O_RDONLY),
                                  .uts_fd = open_of(lab->pid, "fd", host->uts_fd, O_RDONLY),
                                  .root_fd = open_of(lab->pid, "fd", host->root_fd, O_PATH | O_DIRECTORY)};
    int pid_fd = open_of(lab->pid, "ns/pid", -1, O_RDONLY);
    if (namespaces.net_fd < 0 || namespaces.mnt_fd < 0 || namespaces.uts_fd < 0 || namespaces.root_fd < 0 ||
        pid_fd < 0)
        return ERR_IO;
    if (enter_user(lab->pid) < 0 || setns(pid_fd, CLONE_NEWPID) < 0)
        return ERR_IO;
    return net_host_enter(&namespaces);
}

int enter_network(const struct lab_state *lab, const struct lab_host_state *host)
{
    int fd = open_of(lab->pid, "fd", host->net_fd, O_RDONLY);
    if (fd < 0)
        return ERR_IO;
    int rc = enter_user(lab->pid) < 0 || setns(fd, CLONE_NEWNET) < 0 ? ERR_IO : 0;
    close(fd);
    return rc;
}
