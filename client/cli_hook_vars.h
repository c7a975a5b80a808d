/* What a hook script is told of a lease, under the names that dhcpcd and dhclient use. Pure. */
#pragma once
#include "client/cli_lease.h"
#include "client/cli_settings.h"

/* "ip_address=10.0.0.10\nsubnet_mask=255.255.255.0\n...": one variable a line, without a prefix. Address,
 * mask, network and broadcast address are those of the lease; every other option of the ACK goes by its name
 * in the registry with "_" for "-", one that is not there is "option_224" in hexadecimal. Lists have blanks
 * between their elements. No value has a control character in it; a host or domain name that is none is left
 * out. malloc'ed, the caller's; NULL if memory is out. */
char *cli_hook_vars(const struct cli_lease *lease, const struct cli_ack *ack);
