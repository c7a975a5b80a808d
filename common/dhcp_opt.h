/* The option registry: every option that IANA lists for DHCPv4, as rows of a table, and what follows from a
 * row: checking, printing and parsing a value. The table says what an option is; the engines say what it
 * means. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

/* Where a code is looked up. */
enum opt_space {
    OPT_SPACE_DHCP,  /* RFC 2132: codes 0..255 */
    OPT_SPACE_RELAY, /* sub-options of option 82, RFC 3046 */
    OPT_SPACE_VIVCO, /* option 124, RFC 3925: an enterprise number and opaque data, no sub-option codes */
    OPT_SPACE_VIVSO, /* sub-options of option 125 for an enterprise that we know (3561: Broadband Forum) */
};

/* How the octets of a value are laid out. */
enum opt_type {
    OPT_PAD_END, /* 0 and 255: no length, no value */
    OPT_EMPTY,   /* a length of 0, e.g. rapid commit (80) */
    OPT_FLAG,    /* one octet, 0 or 1 */
    OPT_U8,
    OPT_U16,
    OPT_U32,
    OPT_S32,
    OPT_SECONDS,    /* 32-bit count of seconds: printed as "3600 s (1 h)" */
    OPT_IP4,        /* one address, or a list if `multiple` */
    OPT_IP4_PAIR,   /* two addresses each: policy filter (21), static routes (33) */
    OPT_TEXT,       /* NVT ASCII, not NUL-terminated */
    OPT_BYTES,      /* opaque */
    OPT_TYPE,       /* option 53 */
    OPT_OVERLOAD,   /* option 52 */
    OPT_CODES,      /* a list of option codes: 55 */
    OPT_CLIENT_ID,  /* option 61: type octet and identifier; RFC 4361 DUIDs are named */
    OPT_DOMAINS,    /* RFC 1035 names, RFC 3397 compression: 119 */
    OPT_ROUTES,     /* RFC 3442: 121, 249 */
    OPT_SUBOPTIONS, /* code, length, value: 82 (relay space) */
    OPT_ENTERPRISE, /* RFC 3925: 124 (opaque data per enterprise) and 125 (sub-options per enterprise) */
    OPT_FQDN,       /* RFC 4702: 81 */
    OPT_ARCH,       /* RFC 4578: 93, a list of 16-bit architecture types */
    /* further layouts as the IANA list needs them are added here, each with its RFC */
};

struct opt_def {
    uint8_t code;
    const char *name; /* Kea's name where Kea has one: "routers", "dhcp-lease-time" */
    enum opt_type type;
    uint16_t min;     /* shortest legal value, in octets */
    uint16_t max;     /* longest legal value; 0: no limit but the field's */
    uint8_t multiple; /* the length must be a multiple of this; 0 or 1: any */
    const char *rfc;  /* "2132 3.5"; "-" where IANA names none */
};

/* The row for (space, code), or NULL if unassigned. Static storage. */
const struct opt_def *dhcp_opt_find(enum opt_space space, uint8_t code);
/* The row whose name is `name`, or NULL. */
const struct opt_def *dhcp_opt_find_name(enum opt_space space, const char *name);

/* Why the value of an option does not follow its definition. X(identifier, token, sentence) */
#define OPT_DEFECT_MAP(X)                                                                                    \
    X(OPT_OK, "ok", "well-formed")                                                                           \
    X(OPT_UNKNOWN, "unknown-option", "the code is not assigned")                                             \
    X(OPT_TOO_SHORT, "too-short", "shorter than its definition allows")                                      \
    X(OPT_TOO_LONG, "too-long", "longer than its definition allows")                                         \
    X(OPT_BAD_MULTIPLE, "bad-multiple", "the length is not a whole number of elements")                      \
    X(OPT_BAD_VALUE, "bad-value", "the value is outside the assigned ones")                                  \
    X(OPT_BAD_NAME, "bad-name", "a domain name is cut, loops or is longer than 255 octets")                  \
    X(OPT_BAD_PREFIX, "bad-prefix", "a prefix length is above 32")                                           \
    X(OPT_CUT, "cut", "an inner element runs past the end of the option")

enum opt_defect {
#define X(name, token, text) name,
    OPT_DEFECT_MAP(X)
#undef X
};

const char *opt_defect_token(enum opt_defect defect); /* "too-short": for machines */
const char *opt_defect_text(enum opt_defect defect);  /* the sentence: for people */

/* Does the value follow the definition? `def` NULL gives OPT_UNKNOWN. */
enum opt_defect dhcp_opt_check(const struct opt_def *def, const uint8_t *data, size_t len);

/* The value for people, in the unit that a person reads: "3600 s (1 h)", "10.0.0.1, 10.0.0.2", "DISCOVER",
 * "subnet-mask (1), routers (3)". Unknown or malformed values as hexadecimal octets. Control and non-ASCII
 * octets of text are escaped as \xHH, so that a log line stays one line. Writes at most `cap` bytes with the
 * NUL, and cuts with "..." if it does not fit; returns the length written. `cap` > 3. */
size_t dhcp_opt_format(const struct opt_def *def, const uint8_t *data, size_t len, char *buf, size_t cap);

/* The value for machines: number, string, array or object by type (a code never changes its JSON type; a
 * malformed or unknown value is null). The caller owns it; NULL if memory is out. */
cJSON *dhcp_opt_json(const struct opt_def *def, const uint8_t *data, size_t len);

/* Reads the comma-separated text form that Kea's `option-data` uses ("10.0.0.1, 10.0.0.2", "3600",
 * "example.org") into octets. Returns the length, or ERR_INVALID with a sentence in *why (static storage)
 * that says what was expected, or ERR_LIMIT if `cap` is too small. */
int dhcp_opt_parse(const struct opt_def *def, const char *text, uint8_t *out, size_t cap, const char **why);
/* The same for csv-format false: hexadecimal digits, optionally with 0x in front or colons or spaces between.
 */
int dhcp_opt_parse_hex(const char *text, uint8_t *out, size_t cap, const char **why);
