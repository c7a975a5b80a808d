#include "common/dhcp_opt.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/dhcp_opt_table.h"
#include "common/dhcp_opt_walk.h"
#include "common/dhcp_proto.h"

/* ---- looking up ---- */

static int compare_code(const void *key, const void *row)
{
    return *(const uint8_t *)key - ((const struct opt_def *)row)->code;
}

const struct opt_def *dhcp_opt_find(enum opt_space space, uint8_t code)
{
    struct opt_rows table = dhcp_opt_table(space);
    return table.n == 0 ? NULL : bsearch(&code, table.rows, table.n, sizeof table.rows[0], compare_code);
}

const struct opt_def *dhcp_opt_find_name(enum opt_space space, const char *name)
{
    struct opt_rows table = dhcp_opt_table(space);
    for (size_t i = 0; i < table.n; i++)
        if (strcmp(table.rows[i].name, name) == 0)
            return &table.rows[i];
    return NULL;
}

const char *opt_defect_token(enum opt_defect defect)
{
    static const char *const tokens[] = {
#define X(name, token, text) [name] = token,
        OPT_DEFECT_MAP(X)
#undef X
    };
    return tokens[defect];
}

const char *opt_defect_text(enum opt_defect defect)
{
    static const char *const texts[] = {
#define X(name, token, text) [name] = text,
        OPT_DEFECT_MAP(X)
#undef X
    };
    return texts[defect];
}

/* ---- checking ---- */

static enum opt_defect check_numbers(const struct opt_def *def, const uint8_t *data, size_t len, size_t width)
{
    for (size_t at = 0; at + width <= len; at += width) {
        uint32_t value = 0;
        for (size_t i = 0; i < width; i++)
            value = value << 8 | data[at + i];
        if (value < def->low || (def->high != 0 && value > def->high))
            return OPT_BAD_VALUE;
    }
    return OPT_OK;
}

static enum opt_defect check_names(const uint8_t *data, size_t len, unsigned flags)
{
    struct opt_name name;
    for (size_t at = 0; at < len;)
        if (!dhcp_opt_walk_name(data, len, flags, &at, &name))
            return OPT_BAD_NAME;
    return OPT_OK;
}

static enum opt_defect check_one_name(const uint8_t *data, size_t len, unsigned flags)
{
    struct opt_name name;
    size_t at = 0;
    return dhcp_opt_walk_name(data, len, flags, &at, &name) && at == len ? OPT_OK : OPT_BAD_NAME;
}

static enum opt_defect check_routes(const uint8_t *data, size_t len)
{
    struct wire_reader r;
    struct opt_route route;
    wire_reader_init(&r, data, len);
    while (dhcp_opt_walk_route(&r, &route))
        if (route.net.len > 32)
            return OPT_BAD_PREFIX;
    return r.err ? OPT_CUT : OPT_OK;
}

static enum opt_defect check_suboptions(const struct opt_def *def, const uint8_t *data, size_t len)
{
    struct wire_reader r;
    struct opt_part part;
    wire_reader_init(&r, data, len);
    while (dhcp_opt_walk_suboption(&r, def->type, &part))
        ;
    return r.err ? OPT_CUT : OPT_OK;
}

static enum opt_defect check_enterprises(const struct opt_def *def, const uint8_t *data, size_t len)
{
    static const struct opt_def framing = {.type = OPT_SUBOPTIONS};
    struct wire_reader r;
    struct opt_part part;
    wire_reader_init(&r, data, len);
    while (dhcp_opt_walk_enterprise(&r, &part))
        if (def->type == OPT_VIVSO && check_suboptions(&framing, part.data, part.len) != OPT_OK)
            return OPT_CUT;
    return r.err ? OPT_CUT : OPT_OK;
}

/* RFC 4702: with the E bit the name is in DNS encoding, and a client that knows only its first labels leaves
 * the root out; without the bit the name is ASCII. */
static enum opt_defect check_fqdn(const uint8_t *data, size_t len)
{
    enum { FLAG_E = 4 };
    return data[0] & FLAG_E ? check_one_name(data + 3, len - 3, OPT_NAME_PARTIAL) : OPT_OK;
}

static enum opt_defect check_servers(const uint8_t *data, size_t len)
{
    if (data[0] == 0)
        return check_names(data + 1, len - 1, OPT_NAME_POINTERS);
    if (data[0] != 1)
        return OPT_BAD_VALUE;
    return (len - 1) % 4 == 0 ? OPT_OK : OPT_BAD_MULTIPLE;
}

static enum opt_defect check_strings(const struct opt_def *def, const uint8_t *data, size_t len)
{
    struct wire_reader r;
    struct opt_part part;
    wire_reader_init(&r, data, len);
    while (dhcp_opt_walk_string(&r, def->type == OPT_STRINGS16 ? 2 : 1, &part)) {
        /* RFC 3004: a user class has at least one octet; an empty URI or list of addresses is none either. */
        if (part.len == 0)
            return OPT_TOO_SHORT;
        if (def->type == OPT_IP4_GROUPS && part.len % 4 != 0)
            return OPT_BAD_MULTIPLE;
    }
    return r.err ? OPT_CUT : OPT_OK;
}

static enum opt_defect check_dnr(const uint8_t *data, size_t len)
{
    struct wire_reader r;
    struct opt_dnr dnr;
    enum opt_defect defect;
    wire_reader_init(&r, data, len);
    while (dhcp_opt_walk_dnr(&r, &dnr, &defect))
        ;
    return defect;
}

static enum opt_defect check_record(const struct opt_def *def, const uint8_t *data, size_t len)
{
    for (const struct opt_def *field = def->fields; field->name != NULL; field++) {
        size_t field_len = dhcp_opt_walk_field_len(field, len);
        enum opt_defect defect = dhcp_opt_check(field, data, field_len);
        if (defect != OPT_OK)
            return defect;
        data += field_len;
        len -= field_len;
    }
    return OPT_OK;
}

/* The length is right, judge what stands in it. */
static enum opt_defect check_value(const struct opt_def *def, const uint8_t *data, size_t len)
{
    switch (def->type) {
    case OPT_PAD_END:
    case OPT_EMPTY:
        return len == 0 ? OPT_OK : OPT_TOO_LONG;
    case OPT_FLAG:
    case OPT_U8:
        return check_numbers(def, data, len, 1);
    case OPT_U16:
        return check_numbers(def, data, len, 2);
    case OPT_U32:
    case OPT_SECONDS:
        return check_numbers(def, data, len, 4);
    case OPT_TYPE:
        return data[0] != DHCP_BOOTP && dhcp_type_name(data[0]) != NULL ? OPT_OK : OPT_BAD_VALUE;
    case OPT_DOMAIN:
        return check_one_name(data, len, 0);
    case OPT_DOMAINS:
        return check_names(data, len, OPT_NAME_POINTERS);
    case OPT_ROUTES:
        return check_routes(data, len);
    case OPT_SUBOPTIONS:
    case OPT_ATTRIBUTES:
        return check_suboptions(def, data, len);
    case OPT_VIVCO:
    case OPT_VIVSO:
        return check_enterprises(def, data, len);
    case OPT_FQDN:
        return check_fqdn(data, len);
    case OPT_SERVERS:
        return check_servers(data, len);
    case OPT_STRINGS8:
    case OPT_STRINGS16:
    case OPT_IP4_GROUPS:
        return check_strings(def, data, len);
    case OPT_DNR:
        return check_dnr(data, len);
    case OPT_RECORD:
        return check_record(def, data, len);
    case OPT_S32:
    case OPT_TIME:
    case OPT_IP4:
    case OPT_IP4_PAIR:
    case OPT_IP6:
    case OPT_TEXT:
    case OPT_BYTES:
    case OPT_CODES:
    case OPT_CLIENT_ID:
    case OPT_GEO:
        return OPT_OK; /* any octets will do */
    }
    assert(false && "an unknown option type");
    return OPT_UNKNOWN;
}

enum opt_defect dhcp_opt_check(const struct opt_def *def, const uint8_t *data, size_t len)
{
    if (def == NULL)
        return OPT_UNKNOWN;
    if (len < def->min)
        return OPT_TOO_SHORT;
    if (def->max != 0 && len > def->max)
        return OPT_TOO_LONG;
    if (def->multiple != 0 && len % def->multiple != 0)
        return OPT_BAD_MULTIPLE;
    return check_value(def, data, len);
}
