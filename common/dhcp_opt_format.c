#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/dhcp_opt.h"
#include "common/dhcp_opt_text.h"
#include "common/dhcp_opt_walk.h"
#include "common/dhcp_proto.h"

/* Everything below prints values that dhcp_opt_check() found well-formed. */

static void put_value(struct opt_text *t, const struct opt_def *def, const uint8_t *data, size_t len);

/* ---- elements of a fixed size ---- */

typedef void put_element_fn(struct opt_text *t, const struct opt_def *def, const uint8_t *p);

/* One value, or all elements of a list. */
static void put_each(struct opt_text *t, const struct opt_def *def, const uint8_t *data, size_t len,
                     size_t width, put_element_fn *put)
{
    for (size_t at = 0; at + width <= len && !t->cut; at += width) {
        if (at > 0)
            dhcp_opt_text_add(t, ", ");
        put(t, def, data + at);
    }
    if (len == 0)
        dhcp_opt_text_add(t, "(none)");
}

static void put_number(struct opt_text *t, const struct opt_def *def, uint32_t value)
{
    for (const struct opt_word *word = def->words; word != NULL && word->name != NULL; word++) {
        if (word->value == value) {
            dhcp_opt_text_add(t, "%s (%u)", word->name, value);
            return;
        }
    }
    dhcp_opt_text_add(t, "%u", value);
}

static void put_flag(struct opt_text *t, const struct opt_def *def, const uint8_t *p)
{
    (void)def;
    dhcp_opt_text_add(t, "%s", p[0] ? "true" : "false");
}

static void put_u8(struct opt_text *t, const struct opt_def *def, const uint8_t *p)
{
    put_number(t, def, p[0]);
}

static void put_u16(struct opt_text *t, const struct opt_def *def, const uint8_t *p)
{
    put_number(t, def, wire_u16(p));
}

static void put_u32(struct opt_text *t, const struct opt_def *def, const uint8_t *p)
{
    put_number(t, def, wire_u32(p));
}

/* "3600 s (1 h)"; "45 s" needs no translation. */
static void put_span(struct opt_text *t, const char *sign, uint32_t s)
{
    char span[CLOCK_SPAN_LEN];
    clock_span(s, span);
    if (s < 60)
        dhcp_opt_text_add(t, "%s%u s", sign, s);
    else
        dhcp_opt_text_add(t, "%s%u s (%s%s)", sign, s, sign, span);
}

static void put_seconds(struct opt_text *t, const struct opt_def *def, const uint8_t *p)
{
    (void)def;
    put_span(t, "", wire_u32(p));
}

static void put_s32(struct opt_text *t, const struct opt_def *def, const uint8_t *p)
{
    (void)def;
    uint32_t value = wire_u32(p);
    bool negative = value >> 31 != 0;
    put_span(t, negative ? "-" : "", negative ? 0 - value : value);
}

static void put_instant(struct opt_text *t, int64_t unix_s)
{
    char iso[CLOCK_ISO_LEN];
    clock_iso(unix_s * 1000, 0, iso);
    dhcp_opt_text_add(t, "%.19sZ", iso); /* whole seconds */
}

static void put_time(struct opt_text *t, const struct opt_def *def, const uint8_t *p)
{
    (void)def;
    put_instant(t, wire_u32(p));
}

static void put_ip4(struct opt_text *t, const struct opt_def *def, const uint8_t *p)
{
    (void)def;
    char addr[IP4_LEN];
    dhcp_opt_text_add(t, "%s", ip4_format(wire_u32(p), addr));
}

static void put_ip4_pair(struct opt_text *t, const struct opt_def *def, const uint8_t *p)
{
    put_ip4(t, def, p);
    dhcp_opt_text_add(t, " ");
    put_ip4(t, def, p + 4);
}

static void put_ip6(struct opt_text *t, const struct opt_def *def, const uint8_t *p)
{
    (void)def;
    dhcp_opt_text_ip6(t, p, 16);
}

static void put_type(struct opt_text *t, const struct opt_def *def, const uint8_t *p)
{
    (void)def;
    dhcp_opt_text_add(t, "%s", dhcp_type_name(p[0]));
}

static void put_code(struct opt_text *t, const struct opt_def *def, const uint8_t *p)
{
    (void)def;
    const struct opt_def *named = dhcp_opt_find(OPT_SPACE_DHCP, p[0]);
    if (named != NULL)
        dhcp_opt_text_add(t, "%s (%u)", named->name, p[0]);
    else
        dhcp_opt_text_add(t, "%u", p[0]);
}

/* ---- layouts of their own ---- */

static void put_names(struct opt_text *t, const uint8_t *data, size_t len)
{
    struct opt_name name;
    for (size_t at = 0; at < len && !t->cut;) {
        const char *separator = at > 0 ? ", " : "";
        if (!dhcp_opt_walk_name(data, len, OPT_NAME_POINTERS, &at, &name))
            return;
        dhcp_opt_text_add(t, "%s%s", separator, name.text);
    }
}

static void put_routes(struct opt_text *t, const uint8_t *data, size_t len)
{
    struct wire_reader r;
    struct opt_route route;
    wire_reader_init(&r, data, len);
    for (const char *separator = ""; dhcp_opt_walk_route(&r, &route); separator = ", ") {
        char net[IP4_NET_LEN], via[IP4_LEN];
        dhcp_opt_text_add(t, "%s%s", separator,
                          route.net.len == 0 ? "default" : ip4_net_format(route.net, net));
        /* RFC 3442: a router of 0.0.0.0 means that the destination is on the link itself. */
        if (route.via == 0)
            dhcp_opt_text_add(t, " on-link");
        else
            dhcp_opt_text_add(t, " via %s", ip4_format(route.via, via));
    }
}

static void put_duid(struct opt_text *t, const struct opt_duid *duid)
{
    enum { EPOCH_2000 = 946684800 };
    if (duid->name != NULL)
        dhcp_opt_text_add(t, "DUID-%s ", duid->name);
    else
        dhcp_opt_text_add(t, "DUID type %u ", duid->type);
    if (duid->has_hw)
        dhcp_opt_text_add(t, "hardware %u ", duid->hw_type);
    if (duid->has_time) {
        dhcp_opt_text_add(t, "time ");
        put_instant(t, (int64_t)EPOCH_2000 + duid->time_s);
        dhcp_opt_text_add(t, " ");
    }
    if (duid->has_enterprise) {
        const char *name = dhcp_opt_walk_enterprise_name(duid->enterprise);
        dhcp_opt_text_add(t, "enterprise %u%s%s%s ", duid->enterprise, name ? " (" : "", name ? name : "",
                          name ? ")" : "");
    }
    dhcp_opt_text_hex(t, duid->id, duid->id_len);
}

/* RFC 2132 9.14: "A hardware type of 0 (zero) should be used when the value field contains an identifier
 * other than a hardware address". RFC 4361: type 255, an IAID of four octets and a DUID. */
static void put_client_id(struct opt_text *t, const uint8_t *data, size_t len)
{
    enum { TYPE_OTHER = 0 };
    struct opt_duid duid;
    uint32_t iaid;
    if (dhcp_opt_walk_client_duid(data, len, &iaid, &duid)) {
        dhcp_opt_text_add(t, "IAID %08x ", iaid);
        put_duid(t, &duid);
    } else if (data[0] == TYPE_OTHER) {
        dhcp_opt_text_add(t, "identifier ");
        dhcp_opt_text_opaque(t, data + 1, len - 1);
    } else {
        dhcp_opt_text_add(t, "hardware %u ", data[0]);
        dhcp_opt_text_hex(t, data + 1, len - 1);
    }
}

static void put_suboption(struct opt_text *t, enum opt_space space, const struct opt_part *part)
{
    const struct opt_def *def = dhcp_opt_find(space, (uint8_t)part->id);
    if (def == NULL) {
        dhcp_opt_text_add(t, "%u ", part->id);
        dhcp_opt_text_opaque(t, part->data, part->len);
        return;
    }
    dhcp_opt_text_add(t, def->type == OPT_EMPTY ? "%s (%u)" : "%s (%u) ", def->name, part->id);
    enum opt_defect defect = dhcp_opt_check(def, part->data, part->len);
    if (defect == OPT_OK) {
        put_value(t, def, part->data, part->len);
    } else {
        dhcp_opt_text_opaque(t, part->data, part->len);
        dhcp_opt_text_add(t, " (malformed: %s)", opt_defect_text(defect));
    }
}

static void put_suboptions(struct opt_text *t, enum opt_space space, enum opt_type type, const uint8_t *data,
                           size_t len)
{
    struct wire_reader r;
    struct opt_part part;
    wire_reader_init(&r, data, len);
    for (const char *separator = ""; dhcp_opt_walk_suboption(&r, type, &part); separator = "; ") {
        dhcp_opt_text_add(t, "%s", separator);
        put_suboption(t, space, &part);
    }
}

static void put_enterprises(struct opt_text *t, const struct opt_def *def, const uint8_t *data, size_t len)
{
    struct wire_reader r;
    struct opt_part part;
    wire_reader_init(&r, data, len);
    for (const char *separator = ""; dhcp_opt_walk_enterprise(&r, &part); separator = "; ") {
        const char *name = dhcp_opt_walk_enterprise_name(part.id);
        dhcp_opt_text_add(t, "%senterprise %u%s%s%s: ", separator, part.id, name ? " (" : "",
                          name ? name : "", name ? ")" : "");
        if (def->type == OPT_VIVSO && part.len > 0)
            put_suboptions(t, dhcp_opt_walk_enterprise_space(part.id), OPT_SUBOPTIONS, part.data, part.len);
        else
            dhcp_opt_text_opaque(t, part.data, part.len);
    }
}

/* RFC 4702 2.1, 2.2: flags, two response codes, the name. */
static void put_fqdn(struct opt_text *t, const uint8_t *data, size_t len)
{
    enum { FLAG_S = 1, FLAG_O = 2, FLAG_E = 4, FLAG_N = 8 };
    struct opt_name name;
    size_t at = 0;
    if (!(data[0] & FLAG_E))
        dhcp_opt_text_escaped(t, data + 3, len - 3);
    else if (dhcp_opt_walk_name(data + 3, len - 3, OPT_NAME_PARTIAL, &at, &name))
        dhcp_opt_text_add(t, "%s%s", name.text, name.rooted && name.text[1] != '\0' ? "." : "");
    dhcp_opt_text_add(t, " (flags%s%s%s%s%s", data[0] & FLAG_S ? " S" : "", data[0] & FLAG_O ? " O" : "",
                      data[0] & FLAG_E ? " E" : "", data[0] & FLAG_N ? " N" : "",
                      data[0] & 0x0f ? "" : " none");
    if (data[1] != 0 || data[2] != 0)
        dhcp_opt_text_add(t, ", rcodes %u %u", data[1], data[2]);
    dhcp_opt_text_add(t, ")");
}

static void put_servers(struct opt_text *t, const struct opt_def *def, const uint8_t *data, size_t len)
{
    if (data[0] == 0)
        put_names(t, data + 1, len - 1);
    else
        put_each(t, def, data + 1, len - 1, 4, put_ip4);
}

static void put_strings(struct opt_text *t, const struct opt_def *def, const uint8_t *data, size_t len)
{
    struct wire_reader r;
    struct opt_part part;
    wire_reader_init(&r, data, len);
    for (const char *separator = ""; dhcp_opt_walk_string(&r, def->type == OPT_STRINGS16 ? 2 : 1, &part);
         separator = def->type == OPT_IP4_GROUPS ? "; " : ", ") {
        dhcp_opt_text_add(t, "%s", separator);
        if (def->type == OPT_IP4_GROUPS)
            put_each(t, def, part.data, part.len, 4, put_ip4);
        else
            dhcp_opt_text_opaque(t, part.data, part.len);
    }
}

static void put_geo(struct opt_text *t, const uint8_t *data)
{
    enum { METRES = 1, FLOORS = 2 };
    struct opt_geo geo = dhcp_opt_walk_geo(data);
    dhcp_opt_text_add(t, "latitude %.6f, longitude %.6f", geo.latitude, geo.longitude);
    if (geo.altitude_type == METRES || geo.altitude_type == FLOORS)
        dhcp_opt_text_add(t, ", altitude %.2f %s", geo.altitude,
                          geo.altitude_type == METRES ? "m" : "floors");
    dhcp_opt_text_add(t, ", datum %u", geo.datum);
}

static void put_dnr(struct opt_text *t, const struct opt_def *def, const uint8_t *data, size_t len)
{
    struct wire_reader r;
    struct opt_dnr dnr;
    enum opt_defect defect;
    wire_reader_init(&r, data, len);
    for (const char *separator = ""; dhcp_opt_walk_dnr(&r, &dnr, &defect); separator = "; ") {
        dhcp_opt_text_add(t, "%spriority %u, %s", separator, dnr.priority, dnr.adn.text);
        if (dnr.addrs.len > 0) {
            dhcp_opt_text_add(t, ", addresses ");
            put_each(t, def, dnr.addrs.data, dnr.addrs.len, 4, put_ip4);
        }
        if (dnr.params.len > 0) {
            dhcp_opt_text_add(t, ", parameters ");
            dhcp_opt_text_opaque(t, dnr.params.data, dnr.params.len);
        }
    }
}

static void put_record(struct opt_text *t, const struct opt_def *def, const uint8_t *data, size_t len)
{
    for (const struct opt_def *field = def->fields; field->name != NULL; field++) {
        size_t field_len = dhcp_opt_walk_field_len(field, len);
        dhcp_opt_text_add(t, "%s%s ", field == def->fields ? "" : ", ", field->name);
        put_value(t, field, data, field_len);
        data += field_len;
        len -= field_len;
    }
}

/* Recursion ends with the table: a record has no record in it, and sub-options hold none of their own but
 * for RFC 4243 in option 82. */
static void put_value(struct opt_text *t, const struct opt_def *def, const uint8_t *data, size_t len)
{
    switch (def->type) {
    case OPT_PAD_END:
    case OPT_EMPTY:
        return;
    case OPT_FLAG:
        put_each(t, def, data, len, 1, put_flag);
        return;
    case OPT_U8:
        put_each(t, def, data, len, 1, put_u8);
        return;
    case OPT_U16:
        put_each(t, def, data, len, 2, put_u16);
        return;
    case OPT_U32:
        put_each(t, def, data, len, 4, put_u32);
        return;
    case OPT_S32:
        put_each(t, def, data, len, 4, put_s32);
        return;
    case OPT_SECONDS:
        put_each(t, def, data, len, 4, put_seconds);
        return;
    case OPT_TIME:
        put_each(t, def, data, len, 4, put_time);
        return;
    case OPT_IP4:
        put_each(t, def, data, len, 4, put_ip4);
        return;
    case OPT_IP4_PAIR:
        put_each(t, def, data, len, 8, put_ip4_pair);
        return;
    case OPT_IP6:
        put_each(t, def, data, len, 16, put_ip6);
        return;
    case OPT_TYPE:
        put_each(t, def, data, len, 1, put_type);
        return;
    case OPT_CODES:
        put_each(t, def, data, len, 1, put_code);
        return;
    case OPT_TEXT:
        dhcp_opt_text_escaped(t, data, len);
        return;
    case OPT_BYTES:
        dhcp_opt_text_opaque(t, data, len);
        return;
    case OPT_CLIENT_ID:
        put_client_id(t, data, len);
        return;
    case OPT_DOMAIN:
    case OPT_DOMAINS:
        put_names(t, data, len);
        return;
    case OPT_ROUTES:
        put_routes(t, data, len);
        return;
    case OPT_SUBOPTIONS:
    case OPT_ATTRIBUTES:
        put_suboptions(t, def->sub, def->type, data, len);
        return;
    case OPT_VIVCO:
    case OPT_VIVSO:
        put_enterprises(t, def, data, len);
        return;
    case OPT_FQDN:
        put_fqdn(t, data, len);
        return;
    case OPT_SERVERS:
        put_servers(t, def, data, len);
        return;
    case OPT_STRINGS8:
    case OPT_STRINGS16:
    case OPT_IP4_GROUPS:
        put_strings(t, def, data, len);
        return;
    case OPT_GEO:
        put_geo(t, data);
        return;
    case OPT_DNR:
        put_dnr(t, def, data, len);
        return;
    case OPT_RECORD:
        put_record(t, def, data, len);
        return;
    }
    assert(false && "an unknown option type");
}

size_t dhcp_opt_format(const struct opt_def *def, const uint8_t *data, size_t len, char *buf, size_t cap)
{
    struct opt_text t;
    dhcp_opt_text_init(&t, buf, cap);
    if (def != NULL && dhcp_opt_check(def, data, len) == OPT_OK)
        put_value(&t, def, data, len);
    else
        dhcp_opt_text_opaque(&t, data, len);
    return t.len;
}
