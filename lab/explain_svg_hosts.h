/* The lanes of a page: which hosts a capture shows, by what their messages say, and between which of them a
 * message goes. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/dissect.h"
#include "lab/ladder_svg.h"

enum {
    EXPLAIN_SVG_LANES = 16,
    EXPLAIN_SVG_CLIENTS = 12, /* with a lane of their own; the others share one */
    EXPLAIN_SVG_NAME_LEN = 64,
};

enum explain_svg_role {
    EXPLAIN_SVG_CLIENT, /* by its hardware address */
    EXPLAIN_SVG_CROWD,  /* the clients for which there is no lane */
    EXPLAIN_SVG_RELAY,  /* by its address on the client's link: giaddr */
    EXPLAIN_SVG_SERVER, /* by option 54 or its source address */
    EXPLAIN_SVG_ALL,    /* to whom a message went where nobody was seen to answer */
};

struct explain_svg_host {
    enum explain_svg_role role;
    struct hw_addr hw; /* of a client */
    ip4 addr;          /* of the others */
    bool relayed;      /* a server that was seen to speak with relays only */
    char name[EXPLAIN_SVG_NAME_LEN], detail[EXPLAIN_SVG_NAME_LEN];
};

/* Between whom a message goes; the hosts are indices. */
struct explain_svg_way {
    unsigned from, to;
    bool to_all; /* `to` means nothing: to all that may be on the link */
    bool crowd;  /* of a client that has no lane of its own */
};

/* Empty if all zero. */
struct explain_svg_hosts {
    size_t n;
    struct explain_svg_host rows[EXPLAIN_SVG_LANES];
    uint8_t place[EXPLAIN_SVG_LANES]; /* the lane of each, from explain_svg_hosts_lanes() on */
};

void explain_svg_hosts_reset(struct explain_svg_hosts *h);
/* Finds or adds the hosts of the message in *d, d->has_dhcp. False, and nothing done, if there is no room. */
bool explain_svg_hosts_take(struct explain_svg_hosts *h, const struct dissect *d,
                            struct explain_svg_way *out);
/* Fills in the lanes, clients at the left and servers at the right; `out` has room for EXPLAIN_SVG_LANES.
 * They borrow from *h. Returns how many. */
size_t explain_svg_hosts_lanes(struct explain_svg_hosts *h, struct ladder_svg_lane *out);
/* The lanes of a message. */
void explain_svg_hosts_way(const struct explain_svg_hosts *h, const struct explain_svg_way *way,
                           unsigned *out_from, uint32_t *out_to);
