/* A lease on a network interface, by rtnetlink: address, routes, MTU. What was set is remembered, and
 * that alone is taken away again. Part of the program, not of the pure engine.
 *
 * Functions return 0 or a negative enum err, and then write a sentence for the user into `why`, which holds
 * CLI_NETIF_WHY_MAX bytes: ERR_NOTFOUND (no such interface), ERR_DENIED (needs root, or CAP_NET_ADMIN in the
 * network namespace), ERR_NOMEM, ERR_EXISTS, ERR_INVALID (the kernel refuses the value) and ERR_IO (anything
 * else). */
#pragma once
#include <stdbool.h>

#include "client/cli_lease.h"
#include "client/cli_settings.h"
#include "common/addr.h"
#include "common/clock.h"

enum { CLI_NETIF_WHY_MAX = 256 };

/* The metric of the routes is this plus the interface's index: no two interfaces share one, so that their
 * default routes stand side by side, behind one that an administrator set without a metric. */
enum { CLI_NETIF_METRIC = 2000 };

struct cli_netif;

struct cli_netif_info {
    int index;
    struct hw_addr hw;
    bool up;
    bool has_carrier; /* up, and so is the other end: something can be sent */
    unsigned mtu;
};

/* Looks the interface up; *out is the caller's. The interface is known by its index from then on. */
int cli_netif_open(const char *ifname, struct cli_netif **out, char *why);
/* What was set stays. NULL is fine. */
void cli_netif_close(struct cli_netif *n);

/* As the kernel has it now. */
int cli_netif_info(struct cli_netif *n, struct cli_netif_info *out, char *why);

/* *out_fd, not blocking and closed with `n`, is readable whenever an interface has changed. */
int cli_netif_watch(struct cli_netif *n, int *out_fd, char *why);

/* After it became readable: hands over what the interface was at each change, in order, oldest first. True: a
 * change is in *out_has_carrier; false: there is no more. If the kernel had to leave changes out it is what
 * the interface is now. */
bool cli_netif_next_change(struct cli_netif *n, bool *out_has_carrier);

/* Sets the interface up, if it is not. It stays up after cli_netif_clear(). */
int cli_netif_up(struct cli_netif *n, char *why);

/* Makes the interface have the lease, and nothing of an earlier one that differs:
 * - its address and prefix, with the subnet's broadcast address, valid and preferred for `left_ms`, what is
 * left of the lease by the kernel's clock (TIME_NEVER: for ever): if we die, the kernel ends it, within a
 * second. The same address set by someone else becomes ours;
 * - the routes of `settings` from that address, proto dhcp, whether their routers are in the subnet or not;
 * - the lease's MTU if it is 576 or more (RFC 791: what every host must take); else the one it had at first.
 * After an error call it again, or cli_netif_clear(): what was done before the error is remembered. */
int cli_netif_set(struct cli_netif *n, const struct cli_lease *lease, const struct cli_settings *settings,
                  time_ms left_ms, char *why);

/* What is left of the lease is something else now: the clock was moved. Nothing if there is no address of
 * ours. */
int cli_netif_set_lifetime(struct cli_netif *n, time_ms left_ms, char *why);

/* Takes away all that cli_netif_set() set; what is gone already, with its interface even, is no error. Tries
 * everything, and reports the first failure. */
int cli_netif_clear(struct cli_netif *n, char *why);
