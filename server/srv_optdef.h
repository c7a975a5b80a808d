/* Definitions of options: those of the configuration ("option-def"), in spaces of the administrator's, and
 * the standard ones behind them. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/dhcp_opt.h"

#define SRV_SPACE_DHCP4 "dhcp4"
#define SRV_SPACE_VENDOR_OPTIONS                                                                             \
    "vendor-encapsulated-options-space"                    /* inside option 43, unless redefined             \
                                                            */
#define SRV_SPACE_RELAY         "dhcp-agent-options-space" /* inside option 82 */
#define SRV_SPACE_VENDOR_PREFIX "vendor-"    /* inside option 125: and the number of the enterprise */
#define SRV_SPACE_DOCSIS        "docsis3-v4" /* the same for CableLabs, 4491 */

/* The types that a field of an option can have. X(identifier, Kea's name, octets; 0: it depends) */
#define SRV_FIELD_MAP(X)                                                                                     \
    X(SRV_FIELD_EMPTY, "empty", 0)                                                                           \
    X(SRV_FIELD_BINARY, "binary", 0)                                                                         \
    X(SRV_FIELD_BOOLEAN, "boolean", 1)                                                                       \
    X(SRV_FIELD_INT8, "int8", 1)                                                                             \
    X(SRV_FIELD_INT16, "int16", 2)                                                                           \
    X(SRV_FIELD_INT32, "int32", 4)                                                                           \
    X(SRV_FIELD_UINT8, "uint8", 1)                                                                           \
    X(SRV_FIELD_UINT16, "uint16", 2)                                                                         \
    X(SRV_FIELD_UINT32, "uint32", 4)                                                                         \
    X(SRV_FIELD_IP4, "ipv4-address", 4)                                                                      \
    X(SRV_FIELD_IP6, "ipv6-address", 16)                                                                     \
    X(SRV_FIELD_IP6_PREFIX, "ipv6-prefix", 0)                                                                \
    X(SRV_FIELD_PSID, "psid", 3)                                                                             \
    X(SRV_FIELD_STRING, "string", 0)                                                                         \
    X(SRV_FIELD_TUPLE, "tuple", 0)                                                                           \
    X(SRV_FIELD_FQDN, "fqdn", 0)                                                                             \
    X(SRV_FIELD_RECORD, "record", 0)

enum srv_field {
#define X(id, name, size) id,
    SRV_FIELD_MAP(X)
#undef X
};

/* An option of the configuration's own. */
struct srv_optdef {
    const char *space;
    uint8_t code;
    const char *name;
    const enum srv_field *fields; /* neither SRV_FIELD_RECORD nor, beside others, SRV_FIELD_EMPTY */
    size_t n_fields;              /* at least 1 */
    bool is_array;                /* the last field may come again and again */
    const char *encapsulate;      /* the space of the sub-options that follow the fields; "": none */
};

/* What one scope defines, and those around it. */
struct srv_optdefs {
    const struct srv_optdef *list;
    size_t n;
    const struct srv_optdefs *wider; /* NULL: the outermost */
};

/* The names of the types, in the order of the enum; ends with NULL. */
extern const char *const srv_optdef_type_names[];

/* The definition of the narrowest scope, or NULL. `defs` may be NULL. */
const struct srv_optdef *srv_optdef_find(const struct srv_optdefs *defs, const char *space, uint8_t code);
const struct srv_optdef *srv_optdef_find_name(const struct srv_optdefs *defs, const char *space,
                                              const char *name);
/* What RFCs and vendors define in the spaces that are there without the configuration, or NULL. */
const struct opt_def *srv_optdef_standard(const char *space, uint8_t code);
const struct opt_def *srv_optdef_standard_name(const char *space, const char *name);

/* A standard option that Kea reads in another form than dhcp_opt_parse() does, or NULL. */
const struct srv_optdef *srv_optdef_kea_form(const char *space, uint8_t code);

/* Reads comma-separated text as the fields; a comma inside text is written "\,". Returns the octets, or a
 * negative enum err with a sentence in *why, as dhcp_opt_parse() does. */
int srv_optdef_encode(const struct srv_optdef *def, const char *text, uint8_t *out, size_t cap,
                      const char **why);
/* Octets that a value has at least. */
size_t srv_optdef_min_len(const struct srv_optdef *def);
/* The number of the enterprise in "vendor-4491" or "docsis3-v4"; false for another space. */
bool srv_optdef_enterprise(const char *space, uint32_t *out);
