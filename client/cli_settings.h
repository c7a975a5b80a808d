/* What an ACK says of routes and names, as values that are safe to apply; what there is one of is in struct
 * cli_lease. Pure. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "client/cli_lease.h"
#include "common/dhcp_msg.h"

enum {
    CLI_ACK_MAX = 4096, /* octets of an ACK that are kept; we say that we take 1500 at most */
    CLI_ROUTES_MAX = 64,
    CLI_NAME_LEN = 256,    /* with the NUL */
    CLI_SEARCH_LEN = 1024, /* likewise */
};

/* An ACK as it came. */
struct cli_ack {
    uint16_t len;
    uint8_t bytes[CLI_ACK_MAX];
};

struct cli_route {
    struct ip4_net to; /* without host bits; len 0: the default route */
    ip4 via;           /* 0: the destination is on the link */
};

/* A text that is not what its field may hold is left out: it would get into files and scripts of others. */
struct cli_settings {
    struct cli_route routes[CLI_ROUTES_MAX]; /* those on the link first, the others in the server's order */
    uint8_t n_routes;
    uint8_t routes_left_out;     /* beyond CLI_ROUTES_MAX */
    char search[CLI_SEARCH_LEN]; /* option 119: names with a blank between; those that do not fit are left out
                                  */
    char hostname[CLI_NAME_LEN]; /* option 12; "": none, or no name */
    char portal[CLI_NAME_LEN];   /* option 114 (RFC 8910): a URI; "": none, or not printable ASCII */
};

/* Reads an ACK; nothing of one that is no DHCP message. Routes: of option 121 if there is one; else of 249,
 * Microsoft's older number for it; else of options 33 and 3 (RFC 3442). Those through the client's own
 * address are left out, and without `default_route` those to everywhere. */
void cli_settings_read(const struct cli_ack *ack, bool default_route, struct cli_settings *out);

/* The router of the first default route; 0: none. */
ip4 cli_settings_router(const struct cli_settings *settings);

/* The text of a resolv.conf, which begins with CLI_RESOLV_MARK; malloc'ed, the caller's; NULL if memory is
 * out. */
#define CLI_RESOLV_MARK "# Written by dhcplab-client"
char *cli_settings_resolv(const struct cli_lease *lease, const struct cli_settings *settings,
                          const char *ifname);
