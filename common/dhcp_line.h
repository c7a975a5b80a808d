/* A DHCP message in one line, the same wherever one is shown: the programs' logs, `dhcplab log`, ladders and
 * captures. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Texts, for that is what a trace has. */
struct dhcp_line {
    uint8_t op;
    const char *type; /* "DISCOVER"; NULL: it is shown elsewhere */
    const char *src, *dst;
    unsigned sport, dport;
    const char *xid, *chaddr;
    const char *ciaddr, *yiaddr, *giaddr, *requested; /* "" or "0.0.0.0": left out */
};

/* "DISCOVER  0.0.0.0:68 > 255.255.255.255:67  xid 0x3903f326  chaddr 02:00:5e:10:00:01  requested 10.77.0.9".
 * `color`: the type in colours of a terminal. Cuts at `cap` > 0; returns the length. */
size_t dhcp_line_format(const struct dhcp_line *line, bool color, char *buf, size_t cap);
