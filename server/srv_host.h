/* Reservations, which Kea calls hosts: what is kept for one client, found by something that identifies the
 * client, or by the address that is kept. The table is filled once and then never changes. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/arena.h"
#include "server/srv_config.h"

enum { SRV_HOST_GLOBAL = 0 }; /* as a subnet id: of no subnet */

struct srv_host {
    uint32_t subnet_id; /* or SRV_HOST_GLOBAL */
    struct srv_host_id id;
    ip4 addr;                                                /* kept for this client alone; 0: none */
    const char *hostname;                                    /* "": none */
    struct srv_class_list classes;                           /* that the client is in */
    struct srv_options options;                              /* the host name is in it, too */
    struct srv_boot boot;                                    /* what is 0 or "" is inherited */
    const cJSON *source;                                     /* the map as it was read */
    struct srv_host *next_by_id, *next_by_addr, *next_known; /* the table's */
};

/* ---- the table ----
 * Finding takes the same time whatever the number of reservations. */

/* For `n` reservations, with memory of `arena`. NULL if that is out. */
struct srv_host_table *srv_host_table_new(struct arena *arena, size_t n);
/* Puts a reservation, which stays where it is; `host->subnet_id`, `id` and `addr` are set. The caller has
 * looked whether there is one already. */
void srv_host_put(struct srv_host_table *t, struct srv_host *host);

/* The reservation in the subnet for this very identifier, or NULL. */
const struct srv_host *srv_host_find_id(const struct srv_host_table *t, uint32_t subnet_id,
                                        const struct srv_host_id *id);
/* That for the first of the identifiers which has one, or NULL. */
const struct srv_host *srv_host_find(const struct srv_host_table *t, uint32_t subnet_id,
                                     const struct srv_host_ids *ids);
/* Leaves out of the identifiers those that no reservation has, in whatever subnet or in none. */
void srv_host_keep_known(const struct srv_host_table *t, struct srv_host_ids *ids);
/* The first reservation of the address in the subnet (`after` NULL), or the one after `after`; NULL: no more.
 * There are several only if the configuration allows that. */
const struct srv_host *srv_host_find_addr(const struct srv_host_table *t, uint32_t subnet_id, ip4 addr,
                                          const struct srv_host *after);

/* ---- the rules ---- */

/* The reservation that holds for a client in the subnet: the subnet's own before a global one, as far as the
 * subnet wants them; NULL: none. */
const struct srv_host *srv_host_of(const struct srv_config *config, const struct srv_subnet *subnet,
                                   const struct srv_host_ids *ids);
/* The address that is kept for the client in the subnet; 0: none. With reservations-out-of-pool, one in a
 * pool is not. */
ip4 srv_host_addr(const struct srv_config *config, const struct srv_subnet *subnet,
                  const struct srv_host_ids *ids);
/* Is the address kept in the subnet, and not for the client? */
bool srv_host_is_kept(const struct srv_config *config, const struct srv_subnet *subnet, ip4 addr,
                      const struct srv_host_ids *ids);
