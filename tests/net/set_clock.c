/* Preloaded into a program, this is a wall clock that a test can set: the real one would be everybody's. The
 * folder $SET_CLOCK has a file "seconds", how far the clock is ahead, and a pipe "set" that says "it was set
 * just now" (as timerfd_create(2) says of TFD_TIMER_CANCEL_ON_SET) when something is written into it. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static int open_in_folder(const char *name, int flags)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", getenv("SET_CLOCK"), name);
    return open(path, flags | O_CLOEXEC);
}

static time_t ahead_s(void)
{
    char text[32] = "";
    int fd = open_in_folder("seconds", O_RDONLY);
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    return n > 0 ? atol(text) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
    int rc = (int)syscall(SYS_clock_gettime, clock, out);
    if (rc == 0 && clock == CLOCK_REALTIME)
        out->tv_sec += ahead_s();
    return rc;
}

int timerfd_create(clockid_t clock, int flags)
{
    if (clock == CLOCK_REALTIME)
        return open_in_folder("set", O_RDWR | O_NONBLOCK);
    return (int)syscall(SYS_timerfd_create, clock, flags);
}
