/* The lease file of a server that somebody else writes, followed as it grows. */
#pragma once
#include <sys/types.h>

#include "server/srv_lease.h"

struct veth_leases {
    int fd; /* 0: it is not open */
    dev_t device;
    ino_t inode;
    off_t at;                      /* behind the last whole line that was read */
    struct srv_lease_table *table; /* the newest record of each address */
};

/* Reads on in the file at `path`; from its start, if it is another than before. 0; ERR_NOTFOUND: there is
 * none; ERR_NOMEM. Times are the lab's. After any return veth_leases_fini() frees. */
int veth_leases_follow(struct veth_leases *l, const char *path);
/* False: there is no record of the address. */
bool veth_leases_find(const struct veth_leases *l, ip4 addr, struct srv_lease *out);
void veth_leases_fini(struct veth_leases *l);
