/* What identifies a client to reservations. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/dhcp_msg.h"

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
    SRV_HOST_ID_TEXT = 128,
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
 * only if option 82 `is_relays`: otherwise a client could forge it. */
void srv_host_ids_read(const enum srv_host_id_type *order, size_t n, const struct dhcp_msg *msg,
                       bool is_relays, struct srv_host_ids *out);
bool srv_host_id_equal(const struct srv_host_id *a, const struct srv_host_id *b);
/* "hw-address 02:00:00:00:00:0a", for people; cut to fit. `buf` holds SRV_HOST_ID_TEXT; returns it. */
const char *srv_host_id_format(const struct srv_host_id *id, char *buf);
