/* Going to the background, and telling the one who waits in the foreground how it went. */
#pragma once

/* Forks. The parent does not return: it ends with the code that the child gives to io_daemon_ready(), or with
 * 1 if the child dies before. The child goes on, in a session of its own, with its standard streams and
 * working directory as they were: what goes wrong until it is ready can be told as usual. Call it before an
 * event loop is made. *out_ready_fd is for io_daemon_ready(). ERR_IO. */
int io_daemon_start(int *out_ready_fd);

/* Ends the parent with `exit_code`; with 0 the standard streams become /dev/null. */
void io_daemon_ready(int ready_fd, int exit_code);
