/* Preloaded into a program, this is a disk that a test can stop: as long as there is a file $SLOW_DISK, no
 * fdatasync(2) ends. */
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int fdatasync(int fildes)
{
    enum { LOOK_AGAIN_US = 500 };
    while (access(getenv("SLOW_DISK"), F_OK) == 0)
        usleep(LOOK_AGAIN_US);
    return (int)syscall(SYS_fdatasync, fildes);
}
