/* What is over: offers that nobody took, leases, quarantines. */
#pragma once
#include "server/srv_step.h"

/* Ends what is due now, at most SRV_EXPIRE_MAX of it. */
void srv_expire(struct srv_step *s);
/* Makes a held record free. Nobody has a claim to an address that comes out of quarantine. */
void srv_expire_free(struct srv_lease *lease);
