/* A filter of system calls (seccomp): what the server has no use for is refused by the kernel, whoever asks.
 */
#pragma once

/* Puts the filter on this thread and all that it starts; there is no way back. Whoever makes a system call
 * that is not on the list gets SIGSYS: the call is not made, its number is told on standard error and in the
 * system's log, and the process ends by that signal. A call that a library tries and can do without fails
 * with an error instead. ERR_IO: the kernel refuses the filter (errno tells); ERR_NOMEM. */
int srv_seccomp_start(void);
