/* What a lease puts on the host beside its interface: the resolver's configuration and the machine's name.
 * Each only where the user named it. What was there before is put back. Part of the program, not of the pure
 * engine.
 *
 * Functions return 0 or a negative enum err, and then write a sentence for the user into `why`, which holds
 * CLI_HOST_WHY_MAX bytes. */
#pragma once
#include <stdbool.h>

#include "client/cli_lease.h"
#include "client/cli_settings.h"

enum { CLI_HOST_WHY_MAX = 256 };

struct cli_host;

/* `resolv_conf`: the file to write name servers and search list into, NULL for none. It is written in place,
 * for it may be a mount point, as /etc/resolv.conf is in a namespace of `ip netns`. `set_name`: call the
 * machine what option 12 says. `ifname` stands in the file. All borrowed until _free. NULL if memory is out.
 */
struct cli_host *cli_host_new(const char *resolv_conf, bool set_name, const char *ifname);
/* What was set stays. NULL is fine. */
void cli_host_free(struct cli_host *h);

/* Sets what the lease has, in place of what was set before; what it does not have is as it was at first.
 * Tries everything, and reports the first failure. */
int cli_host_set(struct cli_host *h, const struct cli_lease *lease, const struct cli_settings *settings,
                 char *why);
/* Puts everything back that was there before the first cli_host_set(). Likewise. */
int cli_host_clear(struct cli_host *h, char *why);
