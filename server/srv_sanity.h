/* Kea's "lease-checks": does a lease of the lease file belong to the subnet that its record names? Pure. */
#pragma once
#include "server/srv_config.h"
#include "server/srv_lease.h"

enum srv_sanity {
    SRV_SANITY_GOOD,
    SRV_SANITY_KEPT,  /* it does not, and is taken as it is */
    SRV_SANITY_FIXED, /* it did not: its subnet_id is now that of the subnet that contains it */
    SRV_SANITY_BAD,   /* it does not, and is not to be loaded */
};

/* Judges, and with "fix" corrects, the lease by config->lease_checks. */
enum srv_sanity srv_sanity_check(const struct srv_config *config, struct srv_lease *lease);
