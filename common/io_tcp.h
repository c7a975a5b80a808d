/* TCP sockets that listen, and the connections that come. */
#pragma once
#include <stdint.h>

#include "common/addr.h"

/* A non-blocking socket that listens at addr:port (addr 0: at every address). *out_fd is the caller's.
 * ERR_DENIED (no permission for the port), ERR_EXISTS (taken), ERR_NOTFOUND (no address of this host),
 * ERR_IO.
 */
int io_tcp_listen(ip4 addr, uint16_t port, int *out_fd);

/* The next connection, non-blocking; *out_fd is the caller's, `*out_local` and `*out_peer` are its two ends.
 * 1, 0 if none waits, or ERR_IO. */
int io_tcp_accept(int listen_fd, int *out_fd, ip4 *out_local, ip4 *out_peer);
