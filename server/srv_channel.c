#include "server/srv_channel.h"

#include <errno.h>
#include <stdlib.h>

#include "common/err.h"

int srv_channel_open(struct io_loop *loop, const char *const *paths, size_t n, control_fn *fn, void *user,
                     struct srv_channels *out, const char **out_path)
{
    *out = (struct srv_channels){.list = calloc(n + 1, sizeof(struct control *))};
    *out_path = n == 0 ? "" : paths[0];
    int rc = out->list == NULL ? ERR_NOMEM : 0;
    while (rc == 0 && out->n < n) {
        *out_path = paths[out->n];
        rc = control_listen(loop, *out_path, fn, user, &out->list[out->n]);
        out->n += rc == 0;
    }
    if (rc < 0) {
        int why = errno;
        srv_channel_close(out);
        errno = why;
    }
    return rc;
}

int srv_channel_give(const struct srv_channels *c, uid_t uid, gid_t gid)
{
    int rc = 0;
    for (size_t i = 0; i < c->n && rc == 0; i++)
        rc = control_give(c->list[i], uid, gid);
    return rc;
}

void srv_channel_close(struct srv_channels *c)
{
    for (size_t i = 0; i < c->n; i++)
        control_free(c->list[i]);
    free(c->list);
    *c = (struct srv_channels){0};
}
