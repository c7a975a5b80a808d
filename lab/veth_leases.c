#include "lab/veth_leases.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "common/err.h"
#include "lab/sim_world.h"
#include "server/srv_csv.h"

enum { LEASES_MAX = 1000000 };

static const struct siphash_key hash_key = {1, 2}; /* nobody attacks */

static int open_anew(struct veth_leases *l, const char *path)
{
    struct stat st;
    veth_leases_fini(l);
    l->file = fopen(path, "re");
    if (l->file == NULL)
        return ERR_NOTFOUND;
    l->table = srv_lease_table_new(LEASES_MAX, &hash_key);
    if (l->table == NULL || fstat(fileno(l->file), &st) < 0)
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

int veth_leases_follow(struct veth_leases *l, const char *path)
{
    struct stat st;
    char *line = NULL;
    size_t capacity = 0;
    int rc = 0;
    if (stat(path, &st) < 0) {
        veth_leases_fini(l);
        return ERR_NOTFOUND;
    }
    if (l->file == NULL || st.st_dev != l->device || st.st_ino != l->inode)
        rc = open_anew(l, path);
    for (ssize_t n; rc == 0 && (n = getline(&line, &capacity, l->file)) > 0;)
        rc = take(l, line, (size_t)n - (line[n - 1] == '\n'));
    if (l->file != NULL)
        clearerr(l->file);
    free(line);
    return rc;
}

bool veth_leases_find(const struct veth_leases *l, ip4 addr, struct srv_lease *out)
{
    return l->table != NULL && srv_lease_find(l->table, addr, out);
}

void veth_leases_fini(struct veth_leases *l)
{
    if (l->file != NULL)
        fclose(l->file);
    srv_lease_table_free(l->table);
    *l = (struct veth_leases){0};
}
