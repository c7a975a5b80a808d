/* What a client is called, and what its option 81 is answered with: RFC 4702, and option 12. No DNS update is
 * ever made here, and the answer says so. Pure. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "common/dhcp_msg.h"
#include "common/reason.h"
#include "server/srv_config.h"

enum { SRV_NAME_MAX = 255, SRV_NAME_OPTION_MAX = 3 + 255 };

/* The name for the lease of `addr`, "" for none: `reserved` unless that is ""; that of option 81, else of
 * option 12, cleaned as configured; or one that is made from the address; each completed as configured. `out`
 * holds SRV_NAME_MAX + 1. As in Kea, a name that answers an option 81 ends with a dot if it is fully
 * qualified. REASON_NONE; REASON_NAME_RESERVED; REASON_NAME_FQDN (of option 81), REASON_NAME_MADE, or
 * REASON_FQDN_BAD: option 81 has no name that could be read, and is as good as absent. */
enum reason srv_name_choose(const struct dhcp_msg *request, const struct srv_naming *naming,
                            const char *reserved, ip4 addr, char *out);

/* Option 81 of the answer, with the name of the lease. `out` holds SRV_NAME_OPTION_MAX. 0: none, as the
 * client sent none that is good. */
size_t srv_name_encode(const struct dhcp_msg *request, const char *name, uint8_t *out);
