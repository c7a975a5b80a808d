#include "lab/neighbours.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/io_file.h"

#define LIMIT_FILE "/proc/sys/net/ipv4/neigh/default/gc_thresh3" /* arp(7) */

/* 0: it cannot be read. */
static unsigned long read_limit(void)
{
    char *text;
    size_t len;
    if (io_file_read(LIMIT_FILE, &text, &len) < 0)
        return 0;
    unsigned long limit = strtoul(text, NULL, 10);
    free(text);
    return limit;
}

void neighbours_warn(const struct topology *t)
{
    unsigned long n = 0, limit = read_limit();
    for (size_t i = 0; i < t->n_hosts; i++)
        if (t->hosts[i].role == LAB_CLIENT)
            n += t->hosts[i].n_clients > 0 ? t->hosts[i].n_clients : 1;
    if (limit != 0 && n > limit)
        fprintf(
            stderr,
            "dhcplab: %lu clients, and the kernel knows at most %lu neighbours at one time: of more that "
            "renew at once, the answers are lost, and they ask again later. "
            "`sysctl -w net.ipv4.neigh.default.gc_thresh3=%lu` as root allows more, on the whole machine\n",
            n, limit, 2 * n);
}
