/* Leases: the record, and the table that finds them by address and by identity. RFC 2131 2.1, 4.2. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/clock.h"

enum { SRV_CLIENT_ID_MAX = 255, SRV_HOSTNAME_MAX = 255 };

/* The numbers are those of Kea's lease file. */
enum srv_lease_state {
    SRV_LEASE_ACTIVE = 0,   /* bound to its client until expires_ms */
    SRV_LEASE_DECLINED = 1, /* in quarantine */
    SRV_LEASE_EXPIRED = 2,  /* free, kept so that its client gets it again */
    SRV_LEASE_RELEASED = 3, /* likewise */
    SRV_LEASE_OFFERED = 100, /* offered, not stored; until expires_ms */
};

/* RFC 2131 4.2: the client identifier if there is one, else the hardware address. */
struct srv_lease {
    ip4 addr;
    uint32_t subnet_id;
    struct hw_addr hw;
    uint8_t client_id_len; /* 0: none */
    uint8_t client_id[SRV_CLIENT_ID_MAX];
    enum srv_lease_state state;
    uint32_t lease_s;    /* as told to the client; LEASE_INFINITE allowed */
    time_ms granted_ms;  /* client last transaction time */
    time_ms expires_ms;  /* granted_ms + lease_s, TIME_NEVER if infinite */
    char hostname[SRV_HOSTNAME_MAX + 1]; /* option 12 of the client; "" if none */
};
