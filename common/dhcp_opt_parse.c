#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/dhcp_opt.h"
#include "common/dhcp_opt_walk.h"
#include "common/dhcp_proto.h"
#include "common/err.h"
#include "common/hex.h"

/* What is left to read of the text, and the first complaint about it. */
struct reader {
    const char *text; /* where the next element starts */
    bool at_end;      /* the last element was taken */
    const char *why;
};

enum { TOKEN_LEN = 320 }; /* a domain name of 255 octets is the longest element */

static bool fail(struct reader *in, const char *why)
{
    if (in->why == NULL)
        in->why = why;
    return false;
}

/* Takes the text up to the next comma, without the spaces around it. False if it is too long for any
 * element, or if there is none. */
static bool next_token(struct reader *in, char *token, const char *why)
{
    token[0] = '\0';
    if (in->at_end)
        return fail(in, why);
    const char *start = in->text;
    size_t span = strcspn(start, ",");
    in->at_end = start[span] == '\0';
    in->text = start + span + (in->at_end ? 0 : 1);
    in->text += strspn(in->text, " \t");
    while (span > 0 && (start[span - 1] == ' ' || start[span - 1] == '\t'))
        span--;
    if (span == 0 || span >= TOKEN_LEN)
        return fail(in, why);
    memcpy(token, start, span);
    token[span] = '\0';
    return true;
}

/* ---- elements of a fixed size ---- */

typedef bool parse_element_fn(struct reader *in, struct wire_writer *w);

static bool parse_number(struct reader *in, int64_t min, int64_t max, const char *why, int64_t *out)
{
    char token[TOKEN_LEN], *end;
    *out = 0;
    if (!next_token(in, token, why))
        return false;
    bool hex = token[0] == '0' && (token[1] == 'x' || token[1] == 'X');
    /* strtoll would take spaces and a plus sign too */
    if (strspn(token, hex ? "0123456789abcdefABCDEFxX" : "-0123456789") != strlen(token) ||
        strlen(token) > 12)
        return fail(in, why);
    long long value = strtoll(token, &end, hex ? 16 : 10);
    if (*end != '\0' || value < min || value > max)
        return fail(in, why);
    *out = value;
    return true;
}

static bool parse_u8(struct reader *in, struct wire_writer *w)
{
    int64_t value;
    if (!parse_number(in, 0, UINT8_MAX, "expected a number from 0 to 255", &value))
        return false;
    wire_put_u8(w, (uint8_t)value);
    return true;
}

static bool parse_u16(struct reader *in, struct wire_writer *w)
{
    int64_t value;
    if (!parse_number(in, 0, UINT16_MAX, "expected a number from 0 to 65535", &value))
        return false;
    wire_put_u16(w, (uint16_t)value);
    return true;
}

static bool parse_u32(struct reader *in, struct wire_writer *w)
{
    int64_t value;
    if (!parse_number(in, 0, UINT32_MAX, "expected a number from 0 to 4294967295", &value))
        return false;
    wire_put_u32(w, (uint32_t)value);
    return true;
}

static bool parse_s32(struct reader *in, struct wire_writer *w)
{
    int64_t value;
    if (!parse_number(in, INT32_MIN, INT32_MAX, "expected a number from -2147483648 to 2147483647", &value))
        return false;
    wire_put_u32(w, (uint32_t)value);
    return true;
}

static bool parse_flag(struct reader *in, struct wire_writer *w)
{
    static const char why[] = "expected true or false";
    char token[TOKEN_LEN];
    if (!next_token(in, token, why))
        return false;
    bool is_true = strcmp(token, "true") == 0 || strcmp(token, "1") == 0;
    if (!is_true && strcmp(token, "false") != 0 && strcmp(token, "0") != 0)
        return fail(in, why);
    wire_put_u8(w, is_true);
    return true;
}

static bool parse_ip4(struct reader *in, struct wire_writer *w)
{
    static const char why[] = "expected an IPv4 address such as 10.0.0.1";
    char token[TOKEN_LEN];
    ip4 addr;
    if (!next_token(in, token, why))
        return false;
    if (!ip4_parse(token, &addr))
        return fail(in, why);
    wire_put_u32(w, addr);
    return true;
}

static bool parse_ip4_pair(struct reader *in, struct wire_writer *w)
{
    return parse_ip4(in, w) && parse_ip4(in, w);
}

/* One to four hexadecimal digits; advances *p past them. */
static bool read_group(const char **p, uint16_t *out)
{
    unsigned value = 0, n = 0;
    for (; n < 4 && hex_digit(**p) >= 0; n++)
        value = value << 4 | (unsigned)hex_digit(*(*p)++);
    *out = (uint16_t)value;
    return n > 0 && hex_digit(**p) < 0;
}

/* RFC 4291 2.2, without the form that ends with a dotted quad. */
static bool read_ip6(const char *p, uint8_t *addr)
{
    enum { OCTETS = 16 };
    uint8_t groups[OCTETS];
    struct wire_writer w;
    bool has_gap = false; /* "::" was there, after gap_at octets */
    size_t gap_at = 0;
    wire_writer_init(&w, groups, OCTETS);
    while (*p != '\0') {
        uint16_t group;
        if (p[0] == ':' && p[1] == ':') {
            if (has_gap)
                return false;
            has_gap = true;
            gap_at = w.at;
            p += 2;
            continue;
        }
        bool is_first = w.at == (has_gap ? gap_at : 0);
        if ((!is_first && *p++ != ':') || !read_group(&p, &group))
            return false;
        wire_put_u16(&w, group);
    }
    if (w.err || has_gap == (w.at == OCTETS))
        return false;
    size_t after = has_gap ? w.at - gap_at : 0;
    memset(addr, 0, OCTETS);
    memcpy(addr, groups, w.at - after);
    memcpy(addr + OCTETS - after, groups + w.at - after, after);
    return true;
}

static bool parse_ip6(struct reader *in, struct wire_writer *w)
{
    static const char why[] = "expected an IPv6 address such as 2001:db8::1";
    char token[TOKEN_LEN];
    uint8_t addr[16];
    if (!next_token(in, token, why))
        return false;
    if (!read_ip6(token, addr))
        return fail(in, why);
    wire_put_bytes(w, addr, sizeof addr);
    return true;
}

/* A code, or the name of an option. */
static bool parse_code(struct reader *in, struct wire_writer *w)
{
    struct reader as_number = *in;
    if (parse_u8(&as_number, w)) {
        *in = as_number;
        return true;
    }
    static const char why[] = "expected the code or the name of an option";
    char token[TOKEN_LEN];
    if (!next_token(in, token, why))
        return false;
    const struct opt_def *def = dhcp_opt_find_name(OPT_SPACE_DHCP, token);
    if (def == NULL)
        return fail(in, why);
    wire_put_u8(w, def->code);
    return true;
}

/* "DISCOVER", or the number. */
static bool parse_type(struct reader *in, struct wire_writer *w)
{
    static const char why[] = "expected a message type such as DISCOVER, or its number";
    struct reader as_number = *in;
    if (parse_u8(&as_number, w)) {
        *in = as_number;
        return true;
    }
    char token[TOKEN_LEN];
    if (!next_token(in, token, why))
        return false;
    for (uint8_t type = DHCP_BOOTP + 1; dhcp_type_name(type) != NULL; type++) {
        if (strcmp(dhcp_type_name(type), token) == 0) {
            wire_put_u8(w, type);
            return true;
        }
    }
    return fail(in, why);
}

/* RFC 1035 3.1, without compression: what every receiver of RFC 3397 reads. */
static bool parse_name(struct reader *in, struct wire_writer *w)
{
    static const char why[] = "expected a domain name: labels of 1 to 63 characters, at most 253 in all";
    char token[TOKEN_LEN];
    if (!next_token(in, token, why))
        return false;
    size_t len = strlen(token);
    if (len > 1 && token[len - 1] == '.')
        token[--len] = '\0';
    if (len > OPT_NAME_MAX - 2)
        return fail(in, why);
    if (strcmp(token, ".") != 0) {
        for (const char *label = token;; label++) {
            size_t span = strcspn(label, ".");
            if (span == 0 || span > 63)
                return fail(in, why);
            wire_put_u8(w, (uint8_t)span);
            wire_put_bytes(w, label, span);
            label += span;
            if (*label == '\0')
                break;
        }
    }
    wire_put_u8(w, 0);
    return true;
}

/* Cuts the word off the front of *text; NULL if there is none. */
static char *next_word(char **text)
{
    char *word = *text + strspn(*text, " \t");
    char *end = word + strcspn(word, " \t");
    *text = end;
    if (*end != '\0')
        *(*text)++ = '\0';
    return *word == '\0' ? NULL : word;
}

static bool read_route(char *text, struct ip4_net *net, ip4 *router)
{
    const char *dest = next_word(&text), *between = next_word(&text), *via = next_word(&text);
    if (via == NULL || next_word(&text) != NULL)
        return false;
    *net = (struct ip4_net){.addr = 0, .len = 0};
    return (strcmp(dest, "default") == 0 || ip4_net_parse(dest, net)) &&
           (strcmp(between, "-") == 0 || strcmp(between, "via") == 0) && ip4_parse(via, router);
}

/* Kea's "10.0.0.0/8 - 10.1.1.1"; also what dhcp_opt_format() prints, "default via 10.1.1.1". */
static bool parse_route(struct reader *in, struct wire_writer *w)
{
    static const char why[] = "expected a route such as 10.0.0.0/8 - 10.1.1.1";
    char token[TOKEN_LEN];
    struct ip4_net net;
    ip4 router;
    if (!next_token(in, token, why))
        return false;
    if (!read_route(token, &net, &router))
        return fail(in, why);
    if (ip4_net_base(net) != net.addr)
        return fail(in, "the destination of a route has bits set beyond its prefix length");
    wire_put_u8(w, net.len);
    for (unsigned bit = 0; bit < net.len; bit += 8)
        wire_put_u8(w, (uint8_t)(net.addr >> (24 - bit)));
    wire_put_u32(w, router);
    return true;
}

/* One element, or for a list all that are left. */
static bool parse_each(const struct opt_def *def, struct reader *in, struct wire_writer *w,
                       parse_element_fn *parse)
{
    bool is_list = def->multiple != 0 || def->type == OPT_DOMAINS || def->type == OPT_ROUTES;
    do {
        if (!parse(in, w))
            return false;
    } while (is_list && !in->at_end);
    return true;
}

/* ---- the rest of the text ---- */

/* Kea: a comma inside text is written with a backslash in front. */
static bool parse_text(struct reader *in, struct wire_writer *w)
{
    for (const char *p = in->text; *p != '\0'; p++) {
        if (p[0] == '\\' && p[1] == ',')
            p++;
        wire_put_u8(w, (uint8_t)*p);
    }
    in->at_end = true;
    return true;
}

static bool parse_octets(struct reader *in, struct wire_writer *w)
{
    static const char why[] =
        "expected hexadecimal octets such as 0a0b0c or 0a:0b:0c, or text in single quotes";
    const char *p = in->text;
    size_t len = strlen(p);
    in->at_end = true;
    if (p[0] == '\'') {
        if (len < 2 || p[len - 1] != '\'')
            return fail(in, why);
        wire_put_bytes(w, p + 1, len - 2);
        return true;
    }
    if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X'))
        p += 2;
    while (*p != '\0') {
        int octet = hex_octet(p);
        if (octet < 0)
            return fail(in, why);
        wire_put_u8(w, (uint8_t)octet);
        p += 2;
        bool separated = *p == ':' || *p == ' ';
        p += separated ? 1 : 0;
        if (separated && *p == '\0')
            return fail(in, why);
    }
    return true;
}

/* ---- layouts of their own ---- */

/* Kea's vivco-suboptions and vivso-suboptions: the enterprise number, and the data if there are any. */
static bool parse_enterprise(struct reader *in, struct wire_writer *w)
{
    uint8_t data[UINT8_MAX];
    struct wire_writer inner;
    wire_writer_init(&inner, data, sizeof data);
    if (!parse_u32(in, w) || (!in->at_end && !parse_octets(in, &inner)))
        return false;
    if (inner.err)
        return fail(in, "the data of an enterprise have at most 255 octets");
    wire_put_u8(w, (uint8_t)inner.at);
    wire_put_bytes(w, data, inner.at);
    return true;
}

/* Kea's fqdn: flags, two response codes, name; the name goes out in the encoding that the flags name. */
static bool parse_fqdn(struct reader *in, struct wire_writer *w)
{
    enum { FLAG_E = 4 };
    size_t flags_at = w->at;
    if (!parse_u8(in, w) || !parse_u8(in, w) || !parse_u8(in, w))
        return false;
    if (in->at_end)
        return fail(in, "expected flags, two response codes and a name");
    return !w->err && w->bytes[flags_at] & FLAG_E ? parse_name(in, w) : parse_text(in, w);
}

/* Addresses if the first element is one, else names. */
static bool parse_servers(struct reader *in, struct wire_writer *w)
{
    uint8_t scratch[4];
    struct wire_writer unused;
    struct reader first = *in;
    wire_writer_init(&unused, scratch, sizeof scratch);
    bool addresses = parse_ip4(&first, &unused);
    wire_put_u8(w, addresses);
    do {
        if (!(addresses ? parse_ip4(in, w) : parse_name(in, w)))
            return false;
    } while (!in->at_end);
    return true;
}

static bool parse_strings(const struct opt_def *def, struct reader *in, struct wire_writer *w)
{
    char token[TOKEN_LEN];
    do {
        if (!next_token(in, token, "expected texts of 1 to 255 characters, separated by commas"))
            return false;
        size_t len = strlen(token);
        if (len > UINT8_MAX)
            return fail(in, "expected texts of 1 to 255 characters, separated by commas");
        if (def->type == OPT_STRINGS16)
            wire_put_u16(w, (uint16_t)len);
        else
            wire_put_u8(w, (uint8_t)len);
        wire_put_bytes(w, token, len);
    } while (!in->at_end);
    return true;
}

static bool parse_value(const struct opt_def *def, struct reader *in, struct wire_writer *w);

static bool parse_record(const struct opt_def *def, struct reader *in, struct wire_writer *w)
{
    for (const struct opt_def *field = def->fields; field->name != NULL; field++) {
        if (in->at_end && field->min == 0)
            return true;
        if (in->at_end)
            return fail(in, "fewer elements than the option has fields");
        /* only the last field takes more than one element */
        if ((field->type == OPT_BYTES || field->type == OPT_TEXT) && field[1].name != NULL)
            return fail(in, "this option is set by hexadecimal octets only (csv-format false)");
        if (!parse_value(field, in, w))
            return false;
    }
    return true;
}

static bool parse_value(const struct opt_def *def, struct reader *in, struct wire_writer *w)
{
    switch (def->type) {
    case OPT_PAD_END:
        return fail(in, "pad and end are no options to set");
    case OPT_EMPTY:
        in->at_end = *in->text == '\0';
        return in->at_end || fail(in, "expected no value");
    case OPT_FLAG:
        return parse_each(def, in, w, parse_flag);
    case OPT_U8:
        return parse_each(def, in, w, parse_u8);
    case OPT_U16:
        return parse_each(def, in, w, parse_u16);
    case OPT_U32:
    case OPT_SECONDS:
    case OPT_TIME:
        return parse_each(def, in, w, parse_u32);
    case OPT_S32:
        return parse_each(def, in, w, parse_s32);
    case OPT_IP4:
        return parse_each(def, in, w, parse_ip4);
    case OPT_IP4_PAIR:
        return parse_each(def, in, w, parse_ip4_pair);
    case OPT_IP6:
        return parse_each(def, in, w, parse_ip6);
    case OPT_TYPE:
        return parse_each(def, in, w, parse_type);
    case OPT_CODES:
        return parse_each(def, in, w, parse_code);
    case OPT_DOMAIN:
    case OPT_DOMAINS:
        return parse_each(def, in, w, parse_name);
    case OPT_ROUTES:
        return parse_each(def, in, w, parse_route);
    case OPT_TEXT:
        return parse_text(in, w);
    case OPT_BYTES:
    case OPT_GEO:
    case OPT_CLIENT_ID:
    case OPT_SUBOPTIONS:
    case OPT_ATTRIBUTES:
    case OPT_IP4_GROUPS:
    case OPT_DNR:
        return parse_octets(in, w);
    case OPT_VIVCO:
    case OPT_VIVSO:
        return parse_enterprise(in, w);
    case OPT_FQDN:
        return parse_fqdn(in, w);
    case OPT_SERVERS:
        return parse_servers(in, w);
    case OPT_STRINGS8:
    case OPT_STRINGS16:
        return parse_strings(def, in, w);
    case OPT_RECORD:
        return parse_record(def, in, w);
    }
    assert(false && "an unknown option type");
    return false;
}

static int finish(const struct reader *in, const struct wire_writer *w, const char **why)
{
    *why = in->why;
    if (in->why != NULL)
        return ERR_INVALID;
    if (w->err) {
        *why = "the value is too long";
        return ERR_LIMIT;
    }
    return (int)w->at;
}

int dhcp_opt_parse(const struct opt_def *def, const char *text, uint8_t *out, size_t cap, const char **why)
{
    struct reader in = {.text = def->type == OPT_TEXT ? text : text + strspn(text, " \t")};
    struct wire_writer w;
    wire_writer_init(&w, out, cap);
    if (parse_value(def, &in, &w) && !in.at_end)
        fail(&in, "more elements than the option has");
    int len = finish(&in, &w, why);
    if (len < 0)
        return len;
    enum opt_defect defect = dhcp_opt_check(def, out, (size_t)len);
    if (defect == OPT_OK)
        return len;
    *why = opt_defect_text(defect);
    return ERR_INVALID;
}

int dhcp_opt_parse_hex(const char *text, uint8_t *out, size_t cap, const char **why)
{
    struct reader in = {.text = text + strspn(text, " \t")};
    struct wire_writer w;
    wire_writer_init(&w, out, cap);
    parse_octets(&in, &w);
    return finish(&in, &w, why);
}
