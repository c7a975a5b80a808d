#include "common/io_daemon.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/err.h"

int io_daemon_start(int *out_ready_fd)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) < 0)
        return ERR_IO;
    pid_t pid = fork();
    if (pid < 0) {
        close(fds[0]);
        close(fds[1]);
        return ERR_IO;
    }
    if (pid > 0) {
        uint8_t code = EXIT_FAILURE;
        close(fds[1]);
        if (read(fds[0], &code, 1) != 1)
            code = EXIT_FAILURE;
        _exit(code);
    }
    close(fds[0]);
    setsid();
    *out_ready_fd = fds[1];
    return 0;
}

static void forget_terminal(void)
{
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int stream = STDIN_FILENO; fd >= 0 && stream <= STDERR_FILENO; stream++)
        dup2(fd, stream);
    if (fd > STDERR_FILENO)
        close(fd);
}

void io_daemon_ready(int ready_fd, int exit_code)
{
    uint8_t code = (uint8_t)exit_code;
    if (exit_code == 0)
        forget_terminal();
    ssize_t n = write(ready_fd, &code, 1);
    (void)n; /* if nobody waits any more, nobody needs to be told */
    close(ready_fd);
}
