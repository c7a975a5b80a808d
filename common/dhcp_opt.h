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
    OPT_SPACE_DHCP,      /* RFC 2132: codes 0..255 */
    OPT_SPACE_RELAY,     /* sub-options of option 82, RFC 3046 */
    OPT_SPACE_VIVCO,     /* option 124, RFC 3925: an enterprise number and opaque data, no sub-option codes */
    OPT_SPACE_VIVSO,     /* sub-options of option 125 for enterprise 3561, Broadband Forum: TR-069 3.1 */
    OPT_SPACE_CABLELABS, /* sub-options of option 125 for enterprise 4491 */
    OPT_SPACE_CCC,       /* sub-options of option 122, RFC 3495 */
    OPT_SPACE_NWIP,      /* sub-options of option 63, RFC 2242 */
    OPT_SPACE_ALLOC,     /* sub-options of option 220, RFC 6656 */
    OPT_SPACE_CIVIC,     /* elements of option 99, RFC 4776 */
    OPT_SPACE_MOS_ADDR,  /* sub-options of option 139, RFC 5678 */
    OPT_SPACE_MOS_NAME,  /* sub-options of option 140, RFC 5678 */
    OPT_SPACE_RADIUS,    /* attributes in sub-option 7 of option 82, RFC 4014 */
};
enum { OPT_SPACE_COUNT = OPT_SPACE_RADIUS + 1 };

/* How the octets of a value are laid out. A row with `multiple` is a list of such elements. */
enum opt_type {
    OPT_PAD_END, /* 0 and 255: no length, no value */
    OPT_EMPTY,   /* a length of 0, e.g. rapid commit (80) */
    OPT_FLAG,    /* one octet, 0 or 1 */
    OPT_U8,
    OPT_U16,
    OPT_U32,
    OPT_S32,
    OPT_SECONDS,    /* 32-bit count of seconds: printed as "3600 s (1 h)" */
    OPT_TIME,       /* 32-bit seconds since 1970-01-01T00:00:00Z */
    OPT_IP4,        /* one address, or a list if `multiple` */
    OPT_IP4_PAIR,   /* two addresses each: policy filter (21), static routes (33) */
    OPT_IP6,        /* 16 octets */
    OPT_TEXT,       /* NVT ASCII; NULs at the end do not count (RFC 2132 2) */
    OPT_BYTES,      /* opaque */
    OPT_TYPE,       /* option 53 */
    OPT_CODES,      /* a list of option codes: 55 */
    OPT_CLIENT_ID,  /* option 61: type octet and identifier; RFC 4361 DUIDs are named */
    OPT_DOMAIN,     /* one name in RFC 1035 encoding, without compression */
    OPT_DOMAINS,    /* RFC 1035 names, RFC 3397 compression: 119 */
    OPT_ROUTES,     /* RFC 3442: 121, 249 */
    OPT_SUBOPTIONS, /* code, length, value in the row's `sub` space: 82 */
    OPT_ATTRIBUTES, /* the same, but the length counts code and length too: RADIUS, RFC 2865 5 */
    OPT_VIVCO,      /* RFC 3925 3: 124, opaque data per enterprise */
    OPT_VIVSO,      /* RFC 3925 4: 125, sub-options per enterprise; sub-option 9 of 82, RFC 4243 */
    OPT_FQDN,       /* RFC 4702: 81 */
    OPT_SERVERS,    /* RFC 3361: 120; a first octet of 0: names, of 1: addresses */
    OPT_STRINGS8,   /* each with one octet of length in front: user class (77) */
    OPT_STRINGS16,  /* each with two octets of length in front: SZTP redirect (143) */
    OPT_IP4_GROUPS, /* lists of addresses, each with one octet of length in front: PCP servers (158) */
    OPT_DNR,        /* RFC 9463 5.1: 162 */
    OPT_GEO,        /* RFC 6225 2.2: 123, 144 */
    OPT_RECORD,     /* the row's `fields`, one after the other */
};

/* What a number stands for. A list of them ends with a NULL name. */
struct opt_word {
    uint32_t value;
    const char *name;
};

struct opt_def {
    uint8_t code;
    const char *name; /* Kea's name where Kea has one: "routers", "dhcp-lease-time" */
    const char *rfc;  /* "2132 3.5": number and section; "-" where IANA names none; NULL in a field */
    enum opt_type type;
    uint16_t min;                 /* shortest legal value, in octets */
    uint16_t max;                 /* longest legal value; 0: no limit but the field's */
    uint8_t multiple;             /* a list of elements of this many octets each; 0: no list */
    uint32_t low, high;           /* legal numbers are low..high; high 0: no upper limit */
    const struct opt_word *words; /* names of numbers, or NULL; others are legal too */
    const struct opt_def *fields; /* OPT_RECORD: ends with a NULL name; all but the last have min == max */
    enum opt_space sub;           /* OPT_SUBOPTIONS, OPT_ATTRIBUTES: where the inner codes are looked up */
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
    X(OPT_BAD_VALUE, "bad-value", "the value is outside the legal ones")                                     \
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

/* Does the value follow the definition? `def` NULL gives OPT_UNKNOWN. Of sub-options only the framing is
 * judged here: one bad sub-option does not spoil the others, printing and JSON name its defect in place. */
enum opt_defect dhcp_opt_check(const struct opt_def *def, const uint8_t *data, size_t len);

/* The value for people, in the unit that a person reads: "3600 s (1 h)", "10.0.0.1, 10.0.0.2", "DISCOVER",
 * "subnet-mask (1), routers (3)". Opaque, unknown and malformed values as "02:00:5e" or, if all octets are
 * printable, as quoted text. Control and non-ASCII octets of text are escaped as \xHH and a backslash as \\,
 * so that a log line stays one line. Writes at most `cap` bytes with the NUL, and cuts with "..." if it does
 * not fit; returns the length written. `cap` > 3. */
size_t dhcp_opt_format(const struct opt_def *def, const uint8_t *data, size_t len, char *buf, size_t cap);

/* The value for machines: number, string, array or object by type (a code never changes its JSON type; a
 * malformed or unknown value is null). Opaque octets are a string "02:00:5e". The caller owns it; NULL if
 * memory is out. */
cJSON *dhcp_opt_json(const struct opt_def *def, const uint8_t *data, size_t len);

/* Reads the comma-separated text form that Kea's `option-data` uses ("10.0.0.1, 10.0.0.2", "3600",
 * "example.org", "10.0.0.0/8 - 10.1.1.1") into octets; a comma inside text is written "\,". Opaque values and
 * those with sub-options are read as by dhcp_opt_parse_hex(). Returns the length, or ERR_INVALID with a
 * sentence in *why (static storage) that says what was expected, or ERR_LIMIT if `cap` is too small. *why is
 * set on ERR_LIMIT too. `def` is not NULL. */
int dhcp_opt_parse(const struct opt_def *def, const char *text, uint8_t *out, size_t cap, const char **why);
/* The same for csv-format false: hexadecimal digits, optionally with 0x in front or colons or spaces between,
 * or text in single quotes. The definition is not consulted. */
int dhcp_opt_parse_hex(const char *text, uint8_t *out, size_t cap, const char **why);
