/* The lease file of a crowd: line N, which has CLI_CROWD_LINE_LEN octets, is the lease of member N as
 * cli_saved.h writes it, without its ACK; blank if it has none. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "client/cli_saved.h"

enum { CLI_CROWD_LINE_LEN = 1024 };

/* Opens or makes the file. *out_fd is the caller's. ERR_IO (errno tells). */
int cli_crowd_store_open(const char *path, int *out_fd);
/* Saves the lease of the member with that hardware address. ERR_NOMEM; ERR_LIMIT: it does not fit a line;
 * ERR_IO (errno tells). */
int cli_crowd_store_put(int fd, uint32_t member, const struct cli_lease *lease, const struct hw_addr *hw,
                        const struct clock_now *now);
/* ERR_IO (errno tells). */
int cli_crowd_store_clear(int fd, uint32_t member);
/* False: there is none, or it is no lease of this member. */
bool cli_crowd_store_get(int fd, uint32_t member, const struct cli_saved_reader *reader,
                         struct cli_lease *out);
