/* The unix sockets over which administrators send commands: as many as the configuration names. */
#pragma once
#include "common/control.h"

struct srv_channels {
    struct control **list;
    size_t n;
};

/* Listens on each of the `n` paths; each whole request goes to `fn`. 0; or, with nothing open and the path in
 * *out_path (borrowed), an error of control_listen(); ERR_NOMEM. */
int srv_channel_open(struct io_loop *loop, const char *const *paths, size_t n, control_fn *fn, void *user,
                     struct srv_channels *out, const char **out_path);
/* Makes the socket files another user's. ERR_IO (errno tells). */
int srv_channel_give(const struct srv_channels *c, uid_t uid, gid_t gid);
void srv_channel_close(struct srv_channels *c); /* none is open afterwards */
