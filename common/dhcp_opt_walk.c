#include "common/dhcp_opt_walk.h"

#include <stdio.h>
#include <string.h>

bool dhcp_opt_walk_suboption(struct wire_reader *r, enum opt_type type, struct opt_part *out)
{
    if (wire_left(r) == 0)
        return false;
    size_t head = type == OPT_ATTRIBUTES ? 2 : 0;
    out->id = wire_get_u8(r);
    size_t len = wire_get_u8(r);
    if (len < head)
        r->err = true;
    out->len = len - head;
    out->data = r->err ? NULL : wire_get_bytes(r, out->len);
    return !r->err;
}

bool dhcp_opt_walk_enterprise(struct wire_reader *r, struct opt_part *out)
{
    if (wire_left(r) == 0)
        return false;
    out->id = wire_get_u32(r);
    out->len = wire_get_u8(r);
    out->data = wire_get_bytes(r, out->len);
    return !r->err;
}

bool dhcp_opt_walk_string(struct wire_reader *r, size_t width, struct opt_part *out)
{
    if (wire_left(r) == 0)
        return false;
    out->id = 0;
    out->len = width == 1 ? wire_get_u8(r) : wire_get_u16(r);
    out->data = wire_get_bytes(r, out->len);
    return !r->err;
}

bool dhcp_opt_walk_route(struct wire_reader *r, struct opt_route *out)
{
    if (wire_left(r) == 0)
        return false;
    *out = (struct opt_route){.net.len = wire_get_u8(r)};
    if (out->net.len > 32) {
        r->err = true;
        return true;
    }
    /* RFC 3442: "The significant portion of the subnet number is simply all of the octets of the subnet
     * number where the corresponding octet in the subnet mask is non-zero." */
    for (unsigned bit = 0; bit < out->net.len; bit += 8)
        out->net.addr |= (ip4)wire_get_u8(r) << (24 - bit);
    out->via = wire_get_u32(r);
    return !r->err;
}

/* Appends a label, with a dot in front unless it is the first; returns the new length. There is room: a name
 * has at most OPT_NAME_MAX octets, and of a label of n octets n + 1 are counted. */
static size_t add_label(char *text, size_t used, const uint8_t *label, size_t len)
{
    if (used > 0)
        text[used++] = '.';
    for (size_t i = 0; i < len; i++) {
        uint8_t c = label[i];
        if (c > ' ' && c < 0x7f && c != '.' && c != '\\')
            text[used++] = (char)c;
        else
            used += (size_t)snprintf(text + used, OPT_NAME_TEXT - used, "\\x%02x", c);
    }
    text[used] = '\0';
    return used;
}

bool dhcp_opt_walk_name(const uint8_t *data, size_t len, unsigned flags, size_t *at, struct opt_name *out)
{
    size_t pos = *at, run = *at, after = 0, octets = 1, used = 0;
    bool jumped = false;
    *out = (struct opt_name){.rooted = true};
    for (;;) {
        if (pos >= len) {
            out->rooted = false;
            break;
        }
        uint8_t head = data[pos];
        if (head >= 0xc0) {
            if (!(flags & OPT_NAME_POINTERS) || len - pos < 2)
                return false;
            size_t target = wire_u16(data + pos) & 0x3fffU;
            /* RFC 1035 4.1.4: a pointer leads to "a prior occurance of the same name". Each run of labels
             * starts before the one that points to it, so that there is no loop. */
            if (target >= run)
                return false;
            if (!jumped)
                after = pos + 2;
            jumped = true;
            pos = run = target;
            continue;
        }
        if (head == 0)
            break;
        octets += head + 1U;
        if (head > 63 || head > len - pos - 1 || octets > OPT_NAME_MAX)
            return false;
        used = add_label(out->text, used, data + pos + 1, head);
        pos += head + 1U;
    }
    if (!out->rooted && (jumped || !(flags & OPT_NAME_PARTIAL)))
        return false;
    if (used == 0 && out->rooted)
        snprintf(out->text, sizeof out->text, ".");
    *at = jumped ? after : pos + (out->rooted ? 1 : 0);
    return true;
}

enum { DUID_LLT = 1, DUID_EN = 2, DUID_LL = 3, DUID_UUID = 4 };

/* RFC 8415 11. False if it is too short for its type. */
static bool walk_duid(const uint8_t *data, size_t len, struct opt_duid *out)
{
    static const char *const names[] = {
        [DUID_LLT] = "LLT", [DUID_EN] = "EN", [DUID_LL] = "LL", [DUID_UUID] = "UUID"};
    struct wire_reader r;
    wire_reader_init(&r, data, len);
    *out = (struct opt_duid){.type = wire_get_u16(&r)};
    out->name = out->type < sizeof names / sizeof names[0] ? names[out->type] : NULL;
    out->has_hw = out->type == DUID_LLT || out->type == DUID_LL;
    out->has_time = out->type == DUID_LLT;
    out->has_enterprise = out->type == DUID_EN;
    if (out->has_hw)
        out->hw_type = wire_get_u16(&r);
    if (out->has_time)
        out->time_s = wire_get_u32(&r);
    if (out->has_enterprise)
        out->enterprise = wire_get_u32(&r);
    out->id_len = wire_left(&r);
    out->id = wire_get_bytes(&r, out->id_len);
    return !r.err && out->id_len > 0 && (out->type != DUID_UUID || out->id_len == 16);
}

bool dhcp_opt_walk_client_duid(const uint8_t *data, size_t len, uint32_t *out_iaid, struct opt_duid *out)
{
    enum { TYPE_DUID = 255, IAID_AT = 1, DUID_AT = 5 };
    if (len < DUID_AT || data[0] != TYPE_DUID)
        return false;
    *out_iaid = wire_u32(data + IAID_AT);
    return walk_duid(data + DUID_AT, len - DUID_AT, out);
}

/* `n` bits, at most 62, from bit `at` on, bit 0 being the highest of the first octet. */
static int64_t get_bits(const uint8_t *data, unsigned at, unsigned n)
{
    int64_t value = 0;
    for (unsigned i = at; i < at + n; i++)
        value = value << 1 | (data[i / 8] >> (7 - i % 8) & 1);
    return value;
}

/* A two's complement fixed-point number of `n` bits, `fraction` of them behind the point. */
static double get_fixed(const uint8_t *data, unsigned at, unsigned n, unsigned fraction)
{
    int64_t value = get_bits(data, at, n);
    if (value >> (n - 1) != 0)
        value -= INT64_C(1) << n;
    return (double)value / (double)(INT64_C(1) << fraction);
}

/* RFC 6225: LatUnc 6, Latitude 34, LongUnc 6, Longitude 34, AType 4, AltUnc 6, Altitude 30, Ver 2, Res 3,
 * Datum 3 bits. */
struct opt_geo dhcp_opt_walk_geo(const uint8_t *data)
{
    return (struct opt_geo){
        .latitude_uncertainty = (uint8_t)get_bits(data, 0, 6),
        .latitude = get_fixed(data, 6, 34, 25),
        .longitude_uncertainty = (uint8_t)get_bits(data, 40, 6),
        .longitude = get_fixed(data, 46, 34, 25),
        .altitude_type = (uint8_t)get_bits(data, 80, 4),
        .altitude_uncertainty = (uint8_t)get_bits(data, 84, 6),
        .altitude = get_fixed(data, 90, 30, 8),
        .datum = (uint8_t)get_bits(data, 125, 3),
    };
}

/* RFC 9463 5.1: after the name either nothing (ADN-only mode), or the addresses and the service parameters.
 */
static enum opt_defect read_dnr(struct wire_reader *r, struct opt_dnr *out)
{
    struct opt_part adn;
    out->priority = wire_get_u16(r);
    if (!dhcp_opt_walk_string(r, 1, &adn))
        return OPT_CUT;
    size_t at = 0;
    if (!dhcp_opt_walk_name(adn.data, adn.len, 0, &at, &out->adn) || at != adn.len)
        return OPT_BAD_NAME;
    if (wire_left(r) == 0)
        return OPT_OK;
    if (!dhcp_opt_walk_string(r, 1, &out->addrs))
        return OPT_CUT;
    if (out->addrs.len % 4 != 0)
        return OPT_BAD_MULTIPLE;
    out->params.len = wire_left(r);
    out->params.data = wire_get_bytes(r, out->params.len);
    return OPT_OK;
}

bool dhcp_opt_walk_dnr(struct wire_reader *r, struct opt_dnr *out, enum opt_defect *out_defect)
{
    struct opt_part instance;
    *out = (struct opt_dnr){.priority = 0};
    if (!dhcp_opt_walk_string(r, 2, &instance)) {
        *out_defect = r->err ? OPT_CUT : OPT_OK;
        return false;
    }
    struct wire_reader inner;
    wire_reader_init(&inner, instance.data, instance.len);
    *out_defect = read_dnr(&inner, out);
    return *out_defect == OPT_OK;
}

enum { ENTERPRISE_BROADBAND_FORUM = 3561, ENTERPRISE_CABLELABS = 4491 };

const char *dhcp_opt_walk_enterprise_name(uint32_t enterprise)
{
    static const struct opt_word names[] = {
        {9, "Cisco"},
        {11, "Hewlett-Packard"},
        {311, "Microsoft"},
        {2011, "Huawei"},
        {2495, "ISC"},
        {2636, "Juniper"},
        {ENTERPRISE_BROADBAND_FORUM, "Broadband Forum"},
        {ENTERPRISE_CABLELABS, "CableLabs"},
        {6527, "Nokia"},
        {10415, "3GPP"},
        {30065, "Arista"},
        {0, NULL},
    };
    for (const struct opt_word *word = names; word->name != NULL; word++)
        if (word->value == enterprise)
            return word->name;
    return NULL;
}

enum opt_space dhcp_opt_walk_enterprise_space(uint32_t enterprise)
{
    return enterprise == ENTERPRISE_BROADBAND_FORUM ? OPT_SPACE_VIVSO
           : enterprise == ENTERPRISE_CABLELABS     ? OPT_SPACE_CABLELABS
                                                    : OPT_SPACE_VIVCO;
}

size_t dhcp_opt_walk_field_len(const struct opt_def *field, size_t left)
{
    bool is_last = field[1].name == NULL;
    return is_last || field->max > left ? left : field->max;
}
