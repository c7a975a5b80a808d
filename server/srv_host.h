/* Reservations, which Kea calls hosts: what is kept for one client, found by something that identifies the
 * client, or by the address that is kept. The table is filled once and then never changes. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/arena.h"
#include "common/dhcp_msg.h"
#include "server/srv_config.h"

/* What identifies a client to reservations, under Kea's names. Not to be confused with struct srv_identity,
 * which says whose a lease is. */
enum srv_host_id_type {
    SRV_HOST_HW_ADDRESS, /* chaddr, as many octets as hlen says; htype does not matter */
    SRV_HOST_DUID,       /* the DUID inside option 61, RFC 4361: type 255, IAID, DUID */
    SRV_HOST_CIRCUIT_ID, /* RFC 3046: sub-option 1 of option 82 */
    SRV_HOST_CLIENT_ID,  /* option 61, its type octet included */
};

enum {
    SRV_HOST_ID_TYPES = SRV_HOST_CLIENT_ID + 1,
    SRV_HOST_ID_MAX = 255, /* octets of an identifier */
    SRV_HOST_GLOBAL = 0,   /* as a subnet id: of no subnet */
};

struct srv_host_id {
    enum srv_host_id_type type;
    uint8_t len;          /* 1.. */
    const uint8_t *bytes; /* borrowed */
};

/* "hw-address", "duid", "circuit-id", "client-id". */
const char *srv_host_id_name(enum srv_host_id_type type);
/* False, and *out untouched, if it is none of these. */
bool srv_host_id_type_find(const char *name, enum srv_host_id_type *out);
/* Octets of an identifier: hexadecimal with or without colons, or text in single quotes. `bytes` holds
 * SRV_HOST_ID_MAX. Returns their number, or ERR_INVALID with what was expected in *why (static storage). */
int srv_host_id_parse(const char *text, uint8_t *bytes, const char **why);

/* What a message says of its client, in the order in which reservations are to be looked up. */
struct srv_host_ids {
    struct srv_host_id list[SRV_HOST_ID_TYPES];
    size_t n;
};

/* Reads those of the `n` types in `order` that the message has; borrows from it. A circuit identifier counts
 * only with giaddr: without, whoever put it there is no relay that the answer goes through. */
void srv_host_ids_read(const enum srv_host_id_type *order, size_t n, const struct dhcp_msg *msg,
                       struct srv_host_ids *out);

struct srv_host {
    uint32_t subnet_id; /* or SRV_HOST_GLOBAL */
    struct srv_host_id id;
    ip4 addr;             /* kept for this client alone; 0: none */
    const char *hostname; /* "": none */
    const char *const *classes;
    size_t n_classes;
    struct srv_options options;
    struct srv_boot boot;                       /* what is 0 or "" is inherited */
    struct srv_host *next_by_id, *next_by_addr; /* the table's */
};

/* ---- the table ----
 * Finding takes the same time whatever the number of reservations. */
struct srv_host_table;

/* For `n` reservations, with memory of `arena`. NULL if that is out. */
struct srv_host_table *srv_host_table_new(struct arena *arena, size_t n);
/* Puts a reservation, which stays where it is; `host->subnet_id`, `id` and `addr` are set. The caller has
 * looked whether there is one already. */
void srv_host_put(struct srv_host_table *t, struct srv_host *host);
size_t srv_host_count(const struct srv_host_table *t);

/* The reservation in the subnet for this very identifier, or NULL. */
const struct srv_host *srv_host_find_id(const struct srv_host_table *t, uint32_t subnet_id,
                                        const struct srv_host_id *id);
/* That for the first of the identifiers which has one, or NULL. */
const struct srv_host *srv_host_find(const struct srv_host_table *t, uint32_t subnet_id,
                                     const struct srv_host_ids *ids);
/* The first reservation of the address in the subnet (`after` NULL), or the one after `after`; NULL: no more.
 * There are several only if the configuration allows that. */
const struct srv_host *srv_host_find_addr(const struct srv_host_table *t, uint32_t subnet_id, ip4 addr,
                                          const struct srv_host *after);
/* Is the reservation for a client with one of these identifiers? */
bool srv_host_is_of(const struct srv_host *host, const struct srv_host_ids *ids);
/* Is the address kept in the subnet, and not for a client with one of these identifiers? */
bool srv_host_is_for_other(const struct srv_host_table *t, uint32_t subnet_id, ip4 addr,
                           const struct srv_host_ids *ids);
