#include "server/srv_csv.h"

#include <assert.h>
#include <string.h>

#include "common/hex.h"
#include "common/number.h"

enum { COLUMNS = 12, COLUMNS_REQUIRED = 9, FIELD_MAX = 2048 };

enum column {
    ADDRESS,
    HWADDR,
    CLIENT_ID,
    VALID_LIFETIME,
    EXPIRE,
    SUBNET_ID,
    FQDN_FWD,
    FQDN_REV,
    HOSTNAME,
    STATE,
    USER_CONTEXT
};

/* ---- writing ----
 * Each returns where the next is to stand; printf takes too long for what is written with every ACK. */

static char *put_pair(char *at, unsigned value)
{
    static const char pairs[] =
        "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
        "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
        "8081828384858687888990919293949596979899";
    return (char *)memcpy(at, pairs + 2 * value, 2) + 2;
}

static char *put_digit(char *at, unsigned value)
{
    *at = (char)('0' + value);
    return at + 1;
}

static inline char *put_below_hundred(char *at, unsigned value)
{
    return value < 10 ? put_digit(at, value) : put_pair(at, value);
}

/* Four digits at a time. */
static char *put_number(char *at, uint64_t value)
{
    if (value < 100)
        return put_below_hundred(at, (unsigned)value);
    if (value < 10000)
        return put_pair(put_below_hundred(at, (unsigned)value / 100), (unsigned)value % 100);
    unsigned last = (unsigned)(value % 10000);
    return put_pair(put_pair(put_number(at, value / 10000), last / 100), last % 100);
}

/* And what ends the field. */
static char *put_field(char *at, uint64_t value)
{
    at = put_number(at, value);
    *at++ = ',';
    return at;
}

static inline char *put_byte(char *at, unsigned value)
{
    return value < 100 ? put_below_hundred(at, value) : put_pair(put_digit(at, value / 100), value % 100);
}

static char *put_address(char *at, ip4 addr)
{
    for (int shift = 24; shift > 0; shift -= 8) {
        at = put_byte(at, addr >> shift & UINT8_MAX);
        *at++ = '.';
    }
    at = put_byte(at, addr & UINT8_MAX);
    *at++ = ',';
    return at;
}

static char *put_octet(char *at, uint8_t octet, const char *digits)
{
    *at++ = digits[octet >> 4];
    *at++ = digits[octet & 15];
    return at;
}

static const char small_digits[] = "0123456789abcdef", large_digits[] = "0123456789ABCDEF";

static char *put_hex(char *at, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (i > 0)
            *at++ = ':';
        at = put_octet(at, bytes[i], small_digits);
    }
    *at++ = ',';
    return at;
}

/* Kea's escape for what would break the line: "&#x" and two hexadecimal digits. */
#define ESCAPE "&#x"
enum { ESCAPE_LEN = sizeof ESCAPE - 1, ESCAPED_LEN = ESCAPE_LEN + 2 };

static char *put_escaped(char *at, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == ',' || *c == '&' || (unsigned char)*c < ' ')
            at = put_octet(stpcpy(at, ESCAPE), (uint8_t)*c, small_digits);
        else
            *at++ = *c;
    }
    return at;
}

/* Where Kea keeps option 82. */
#define RELAY_INFO_BEFORE "{ \"ISC\": { \"relay-agent-info\": { \"sub-options\": \"0x"
#define RELAY_INFO_AFTER  "\" } } }"

static char *put_context(char *at, const struct srv_lease *lease)
{
    if (lease->relay_info_len == 0)
        return at;
    at = stpcpy(at, RELAY_INFO_BEFORE);
    for (unsigned i = 0; i < lease->relay_info_len; i++)
        at = put_octet(at, lease->relay_info[i], large_digits);
    return stpcpy(at, RELAY_INFO_AFTER);
}

/* The wall-clock second in which the lease ends, rounded up. An infinite lease is written as Kea does: from
 * its grant on, 2^32-1 seconds. */
static uint64_t expire_s(const struct srv_lease *lease, int64_t wall_offset_ms)
{
    if (lease->expires_ms == TIME_NEVER)
        return (uint64_t)((lease->granted_ms + wall_offset_ms) / 1000) + LEASE_INFINITE;
    return (uint64_t)((lease->expires_ms + wall_offset_ms + 999) / 1000);
}

size_t srv_csv_format(const struct srv_lease *lease, uint32_t pool_id, int64_t wall_offset_ms, char *buf)
{
    assert(lease->state != SRV_LEASE_OFFERED);
    static const char no_dns[] = "0,0,"; /* fqdn_fwd, fqdn_rev */
    char *at = put_address(buf, lease->addr);
    at = put_hex(at, lease->hw.bytes, lease->hw.len);
    at = put_hex(at, lease->client_id, lease->client_id_len);
    at = put_field(at, lease->lease_s);
    at = put_field(at, expire_s(lease, wall_offset_ms));
    at = put_field(at, lease->subnet_id);
    memcpy(at, no_dns, sizeof no_dns - 1);
    at += sizeof no_dns - 1;
    at = put_escaped(at, lease->hostname);
    *at++ = ',';
    at = put_field(at, (uint64_t)lease->state);
    at = put_context(at, lease);
    *at++ = ',';
    at = put_number(at, pool_id);
    *at++ = '\n';
    *at = '\0';
    assert(at - buf < SRV_CSV_LINE_MAX);
    return (size_t)(at - buf);
}

/* ---- reading ---- */

struct fields {
    char text[COLUMNS][FIELD_MAX];
    unsigned n;
};

static bool split(const char *line, size_t len, struct fields *out)
{
    out->n = 0;
    size_t start = 0;
    for (size_t i = 0; i <= len; i++) {
        if (i < len && line[i] != ',')
            continue;
        if (out->n == COLUMNS || i - start >= FIELD_MAX)
            return false;
        memcpy(out->text[out->n], line + start, i - start);
        out->text[out->n++][i - start] = '\0';
        start = i + 1;
    }
    return true;
}

/* Colon-separated hexadecimal octets; an empty text has none. */
static bool read_hex(const char *text, uint8_t *out, size_t max, size_t *out_len)
{
    size_t n = 0;
    while (*text != '\0') {
        int octet = hex_octet(text);
        if (n == max || octet < 0)
            return false;
        out[n++] = (uint8_t)octet;
        text += 2;
        if (*text == ':' && text[1] != '\0')
            text++;
        else if (*text != '\0')
            return false;
    }
    *out_len = n;
    return true;
}

static bool read_escaped(const char *text, char *out, size_t cap)
{
    size_t n = 0;
    while (*text != '\0') {
        int octet = strncmp(text, ESCAPE, ESCAPE_LEN) == 0 ? hex_octet(text + ESCAPE_LEN) : -1;
        if (n + 1 >= cap)
            return false;
        out[n++] = octet < 0 ? *text : (char)octet;
        text += octet < 0 ? 1 : ESCAPED_LEN;
    }
    out[n] = '\0';
    return true;
}

static bool read_identity(const struct fields *f, struct srv_lease *out, const char **out_why)
{
    size_t client_id_len;
    *out_why = "the address is not a dotted quad";
    if (!ip4_parse(f->text[ADDRESS], &out->addr) || out->addr == 0)
        return false;
    *out_why = "the hardware address is not colon-separated hexadecimal octets";
    if (f->text[HWADDR][0] != '\0' && !hw_parse(f->text[HWADDR], &out->hw))
        return false;
    *out_why = "the client identifier is not colon-separated hexadecimal octets";
    if (!read_hex(f->text[CLIENT_ID], out->client_id, SRV_CLIENT_ID_MAX, &client_id_len))
        return false;
    out->client_id_len = (uint8_t)client_id_len;
    *out_why = "the hostname is too long";
    return read_escaped(f->text[HOSTNAME], out->hostname, sizeof out->hostname);
}

static bool read_times(const struct fields *f, int64_t wall_offset_ms, struct srv_lease *out,
                       const char **out_why)
{
    uint64_t expire;
    uint32_t state = SRV_LEASE_ACTIVE;
    *out_why = "valid_lifetime is not a number of seconds";
    if (!number_parse_u32(f->text[VALID_LIFETIME], 0, UINT32_MAX, &out->lease_s))
        return false;
    *out_why = "expire is not a time in seconds since 1970";
    if (!number_parse(f->text[EXPIRE], 0, INT64_MAX / 2000, &expire))
        return false;
    *out_why = "subnet_id is not a number";
    if (!number_parse_u32(f->text[SUBNET_ID], 0, UINT32_MAX, &out->subnet_id))
        return false;
    *out_why = "state is not 0, 1, 2 or 3";
    if (f->n > STATE && !number_parse_u32(f->text[STATE], 0, SRV_LEASE_RELEASED, &state))
        return false;
    int64_t expire_ms = (int64_t)expire * 1000 - wall_offset_ms;
    out->state = (enum srv_lease_state)state;
    out->granted_ms = expire_ms - (int64_t)out->lease_s * 1000;
    out->expires_ms = out->lease_s == LEASE_INFINITE ? TIME_NEVER : expire_ms;
    return true;
}

/* Kea has written both `"relay-agent-info": { "sub-options": "0x01..." }` and, before, `"0x01..."` alone.
 * What else the user context says is not ours. */
static bool read_context(const struct fields *f, struct srv_lease *out, const char **out_why)
{
    char context[FIELD_MAX];
    *out_why = "the relay-agent-info in user_context is not hexadecimal octets";
    if (f->n <= USER_CONTEXT || !read_escaped(f->text[USER_CONTEXT], context, sizeof context))
        return f->n <= USER_CONTEXT;
    const char *info = strstr(context, "\"relay-agent-info\"");
    const char *octets = info == NULL ? NULL : strstr(info, "\"0x");
    if (octets == NULL)
        return true;
    size_t n = 0;
    for (octets += 3; *octets != '"'; octets += 2) {
        int octet = hex_octet(octets);
        if (n == SRV_RELAY_INFO_MAX || octet < 0)
            return false;
        out->relay_info[n++] = (uint8_t)octet;
    }
    out->relay_info_len = (uint8_t)n;
    return true;
}

bool srv_csv_parse(const char *line, size_t len, int64_t wall_offset_ms, struct srv_lease *out,
                   const char **out_why)
{
    struct fields f;
    *out = (struct srv_lease){0};
    *out_why = "it has octets of zero, where a crash kept something from the disk";
    if (memchr(line, '\0', len) != NULL)
        return false;
    *out_why = "it does not have the columns of the header";
    return split(line, len, &f) && f.n >= COLUMNS_REQUIRED && read_identity(&f, out, out_why) &&
           read_times(&f, wall_offset_ms, out, out_why) && read_context(&f, out, out_why);
}
