/* One lease as one line of Kea's memfile CSV. Pure: times cross between the boot-time clock of the engine and
 * the wall clock of the disk by `wall_offset_ms` = wall clock - boot-time clock. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "server/srv_lease.h"

#define SRV_CSV_HEADER                                                                                       \
    "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_"        \
    "context,pool_id"

enum {
    SRV_CSV_LINE_MAX = 3200
}; /* longest line with its newline and NUL: identifiers, hostname and option 82 at full length */

/* Writes the line, with the id of the pool that the address is in (0: none), newline and NUL into `buf` of
 * SRV_CSV_LINE_MAX bytes; returns its length without the NUL. `expire` is rounded up: a lease on disk never
 * ends before the client was told. The lease is not SRV_LEASE_OFFERED. */
size_t srv_csv_format(const struct srv_lease *lease, uint32_t pool_id, int64_t wall_offset_ms, char *buf);

/* Reads a line without its newline. Trailing columns after `hostname` may be missing, as in older files.
 * False, with a sentence in *out_why (static storage), if it is not a lease. */
bool srv_csv_parse(const char *line, size_t len, int64_t wall_offset_ms, struct srv_lease *out,
                   const char **out_why);
