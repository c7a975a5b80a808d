/* Steps through the inner parts of option values. Every step is bounded by the value; what does not fit sets
 * the reader's `err`. Used by checking, printing and JSON, which so agree on the layout. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/dhcp_opt.h"
#include "common/wire.h"

struct opt_part {
    uint32_t id; /* code of a sub-option, number of an enterprise; 0 for a string */
    const uint8_t *data;
    size_t len;
};

/* The next sub-option of an OPT_SUBOPTIONS or OPT_ATTRIBUTES value. False at the end and on an error. */
bool dhcp_opt_walk_suboption(struct wire_reader *r, enum opt_type type, struct opt_part *out);
/* RFC 3925: enterprise number, length, data. */
bool dhcp_opt_walk_enterprise(struct wire_reader *r, struct opt_part *out);
/* A string with a length of `width` (1 or 2) octets in front. */
bool dhcp_opt_walk_string(struct wire_reader *r, size_t width, struct opt_part *out);

struct opt_route {
    struct ip4_net net;
    ip4 via;
};

/* RFC 3442. True with net.len > 32, and `err` set, for a prefix length that is none. */
bool dhcp_opt_walk_route(struct wire_reader *r, struct opt_route *out);

enum {
    OPT_NAME_MAX = 255,          /* RFC 1035 2.3.4: octets of a name, lengths and root included */
    OPT_NAME_TEXT = 4 * 255 + 1, /* each octet may need an escape */
    OPT_NAME_POINTERS = 1,       /* compression is allowed */
    OPT_NAME_PARTIAL = 2,        /* the name may end with the value instead of the root */
};

struct opt_name {
    char text[OPT_NAME_TEXT]; /* "www.example.org", "." for the root; odd octets as \xHH */
    bool rooted;              /* it ended with the root */
};

/* The name at *at, which moves past it. False if it is cut, loops or is too long. Pointers count from the
 * start of `data` and must lead backwards, so that following them ends. */
bool dhcp_opt_walk_name(const uint8_t *data, size_t len, unsigned flags, size_t *at, struct opt_name *out);

struct opt_duid {
    uint16_t type;
    const char *name; /* "LLT"; NULL if we do not know the type */
    bool has_hw, has_time, has_enterprise;
    uint16_t hw_type;
    uint32_t time_s; /* since 2000-01-01T00:00:00Z */
    uint32_t enterprise;
    const uint8_t *id;
    size_t id_len;
};

struct opt_geo {
    double latitude, longitude; /* degrees, north and east positive */
    double altitude;            /* in the unit of its type: 1 metres, 2 floors, 0 unknown */
    uint8_t altitude_type;
    uint8_t datum;                                                             /* 1 WGS84 */
    uint8_t latitude_uncertainty, longitude_uncertainty, altitude_uncertainty; /* as on the wire; 0 unknown */
};

/* RFC 6225: the 16 octets at `data`. */
struct opt_geo dhcp_opt_walk_geo(const uint8_t *data);

struct opt_dnr {
    uint16_t priority;
    struct opt_name adn;
    struct opt_part addrs, params; /* len 0: absent */
};

/* The next instance. False at the end and on a defect; *out_defect tells which. */
bool dhcp_opt_walk_dnr(struct wire_reader *r, struct opt_dnr *out, enum opt_defect *out_defect);

/* "Broadband Forum", or NULL. */
const char *dhcp_opt_walk_enterprise_name(uint32_t enterprise);
/* Where the sub-options of an enterprise are looked up; OPT_SPACE_VIVCO, which is empty, if we know none. */
enum opt_space dhcp_opt_walk_enterprise_space(uint32_t enterprise);
/* The DUID in an option 61 of RFC 4361: type 255, an IAID of four octets, the DUID. False if it has none. */
bool dhcp_opt_walk_client_duid(const uint8_t *data, size_t len, uint32_t *out_iaid, struct opt_duid *out);
/* Octets of the field `field` of a record of which `left` octets are left. */
size_t dhcp_opt_walk_field_len(const struct opt_def *field, size_t left);
