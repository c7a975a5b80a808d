/* Preloaded into a program, this is a disk that a test can stop: as long as there is a file $SLOW_DISK, no
 * fdatasync(2) ends; while one waits, there is a file $SLOW_DISK.held, too. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

/* There is nobody to tell of a failure but a test that waits in vain. */
static void touch(const char *path)
{
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    if (fd >= 0)
        close(fd);
}

int fdatasync(int fildes)
{
    enum { LOOK_AGAIN_US = 500 };
    const char *gate = getenv("SLOW_DISK");
    char held[PATH_MAX];
    snprintf(held, sizeof held, "%s.held", gate);
    if (access(gate, F_OK) == 0)
        touch(held);
    while (access(gate, F_OK) == 0)
        usleep(LOOK_AGAIN_US);
    unlink(held);
    return (int)syscall(SYS_fdatasync, fildes);
}
