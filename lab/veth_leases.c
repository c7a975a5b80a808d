#include "lab/veth_leases.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/err.h"
#include "lab/sim_world.h"
#include "server/srv_csv.h"

enum { LEASES_MAX = 1000000, READ_MAX = 16 * SRV_CSV_LINE_MAX };

static const struct siphash_key hash_key = {1, 2}; /* nobody attacks */

static int open_anew(struct veth_leases *l, const char *path)
{
    struct stat st;
    veth_leases_fini(l);
    l->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (l->fd < 0) {
        l->fd = 0;
        return ERR_NOTFOUND;
    }
    l->table = srv_lease_table_new(LEASES_MAX, &hash_key);
    if (l->table == NULL || fstat(l->fd, &st) < 0)
        return ERR_NOMEM;
    l->device = st.st_dev;
    l->inode = st.st_ino;
    return 0;
}

static int take(struct veth_leases *l, const char *line, size_t len)
{
    struct srv_lease lease;
    const char *why;
    if (!srv_csv_parse(line, len, SIM_EPOCH_MS, &lease, &why))
        return 0; /* the line of the columns */
    if (!srv_lease_is_deletion(&lease))
        return srv_lease_put(l->table, &lease, true);
    srv_lease_remove(l->table, lease.addr);
    return 0;
}

/* The whole lines of `text`, up to the first zero: from there on it is room for records to come, or one that
 * the server is just writing, perhaps with its end before its middle. Their octets, or ERR_NOMEM. */
static int take_lines(struct veth_leases *l, const char *text, size_t len)
{
    size_t at = 0;
    len = strnlen(text, len);
    for (const char *end; (end = memchr(text + at, '\n', len - at)) != NULL;) {
        int rc = take(l, text + at, (size_t)(end - text) - at);
        if (rc < 0)
            return rc;
        at = (size_t)(end - text) + 1;
    }
    return (int)at;
}

int veth_leases_follow(struct veth_leases *l, const char *path)
{
    struct stat st;
    char text[READ_MAX];
    int n = 0;
    if (stat(path, &st) < 0) {
        veth_leases_fini(l);
        return ERR_NOTFOUND;
    }
    if (l->fd == 0 || st.st_dev != l->device || st.st_ino != l->inode)
        n = open_anew(l, path);
    while (n >= 0) {
        ssize_t len = pread(l->fd, text, sizeof text, l->at);
        n = len <= 0 ? 0 : take_lines(l, text, (size_t)len);
        if (n == 0)
            return 0;
        l->at += n > 0 ? n : 0;
    }
    return n;
}

bool veth_leases_find(const struct veth_leases *l, ip4 addr, struct srv_lease *out)
{
    return l->table != NULL && srv_lease_find(l->table, addr, out);
}

void veth_leases_fini(struct veth_leases *l)
{
    if (l->fd > 0)
        close(l->fd);
    srv_lease_table_free(l->table);
    *l = (struct veth_leases){0};
}
