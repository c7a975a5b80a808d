/* DHCP: RFC 2131 2, the options by their registry (dhcp_opt.h), with the octets of each part. */
#include "common/dissect_tree.h"

#include <string.h>

#include "common/dhcp_opt.h"
#include "common/dhcp_opt_walk.h"
#include "common/text.h"
#include "common/wire.h"

enum { VALUE_MAX = 1024, NEST_MAX = 3 };

/* ---- the fixed fields ---- */

enum shape { DECIMAL, HEX, ADDRESS, HARDWARE, TEXT };

static const struct header_field {
    const char *name;
    uint8_t at, len;
    enum shape shape;
    const char *meaning; /* of an address only if it is not 0.0.0.0 */
} header[] = {
    {"op", 0, 1, DECIMAL, NULL},
    {"htype", 1, 1, DECIMAL, NULL},
    {"hlen", 2, 1, DECIMAL, NULL},
    {"hops", 3, 1, DECIMAL, "relays on the way"},
    {"xid", 4, 4, HEX, "the transaction, chosen by the client"},
    {"secs", 8, 2, DECIMAL, "since the client began"},
    {"flags", 10, 2, HEX, NULL},
    {"ciaddr", 12, 4, ADDRESS, "the client has this address and uses it"},
    {"yiaddr", 16, 4, ADDRESS, "your address"},
    {"siaddr", 20, 4, ADDRESS, "the next server in bootstrap"},
    {"giaddr", 24, 4, ADDRESS, "the relay, on the client's link"},
    {"chaddr", 28, DHCP_CHADDR_LEN, HARDWARE, NULL},
    {"sname", DHCP_SNAME_AT, DHCP_SNAME_LEN, TEXT, NULL},
    {"file", DHCP_FILE_AT, DHCP_FILE_LEN, TEXT, NULL},
};

/* NULL if there is nothing to say. */
static const char *number_meaning(const struct header_field *field, uint32_t value)
{
    switch (field->at) {
    case 0:
        return value == DHCP_BOOTREQUEST ? "BOOTREQUEST: from a client"
               : value == DHCP_BOOTREPLY ? "BOOTREPLY: from a server"
                                         : "neither request nor reply";
    case 1:
        return value == 1 ? "Ethernet" : "not Ethernet";
    case 10:
        return value & DHCP_FLAG_BROADCAST ? "B: answer by broadcast" : "answer by unicast";
    default:
        return field->shape == ADDRESS && value == 0 ? NULL : field->meaning;
    }
}

static void add_number(struct dissect *d, const struct header_field *field, size_t at)
{
    uint32_t value = 0;
    if (!dissect_has_tree(d))
        return;
    for (size_t i = 0; i < field->len; i++)
        value = value << 8 | d->now[at + i];
    struct dissect_field *f = field->shape == ADDRESS ? dissect_add_ip4(d, field->name, at, value)
                              : field->shape == HEX
                                  ? dissect_add_hex(d, field->name, at, field->len, value)
                                  : dissect_add_number(d, field->name, at, field->len, value);
    const char *meaning = number_meaning(field, value);
    if (meaning != NULL)
        dissect_mean(f, meaning);
}

/* `htype` and `hlen` stand before. */
static void add_chaddr(struct dissect *d, size_t at, uint8_t htype, uint8_t hlen)
{
    struct hw_addr hw = {.type = htype, .len = hlen < DHCP_CHADDR_LEN ? hlen : DHCP_CHADDR_LEN};
    memcpy(hw.bytes, d->now + at, hw.len);
    dissect_add_hw(d, "chaddr", at, &hw);
    for (size_t i = hw.len; i < DHCP_CHADDR_LEN; i++) {
        if (d->now[at + i] != 0) {
            dissect_warn(d, at + i, DHCP_CHADDR_LEN - i, "the octets of chaddr behind the address are not 0");
            return;
        }
    }
}

/* sname and file: text that ends with a NUL, or options. */
static void add_text(struct dissect *d, const struct header_field *field, size_t at)
{
    char text[4 * DHCP_FILE_LEN + 1];
    if (!dissect_has_tree(d))
        return;
    unsigned bit = field->at == DHCP_SNAME_AT ? DHCP_OVERLOAD_SNAME : DHCP_OVERLOAD_FILE;
    bool options = d->dhcp.overload & bit;
    size_t len = options ? 0 : strnlen((const char *)d->now + at, field->len);
    text_escape(d->now + at, len, text, sizeof text);
    struct dissect_field *f = dissect_add_text(d, field->name, at, field->len, text);
    if (options)
        dissect_mean(f, "holds options: overload (52)");
}

/* The fields of which all octets are among the `len` ones. Returns how many octets these fields have. */
static size_t add_header(struct dissect *d, size_t at, size_t len)
{
    size_t end = 0;
    for (size_t i = 0; i < sizeof header / sizeof header[0]; i++) {
        const struct header_field *field = &header[i];
        if ((size_t)field->at + field->len > len)
            break;
        if (field->shape == HARDWARE)
            add_chaddr(d, at + field->at, d->now[at + 1], d->now[at + 2]);
        else if (field->shape == TEXT)
            add_text(d, field, at + field->at);
        else
            add_number(d, field, at + field->at);
        end = (size_t)field->at + field->len;
    }
    return end;
}

/* Only for a tree: that the value fits its definition is checked in any case. */
static void format_value(const struct dissect *d, const struct opt_def *def, const uint8_t *data, size_t len,
                         char *buf, size_t cap)
{
    buf[0] = '\0';
    if (dissect_has_tree(d))
        dhcp_opt_format(def, data, len, buf, cap);
}

/* ---- inner parts of options, where the octets of the value lie in one piece at `at` ---- */

static void add_value(struct dissect *d, const struct opt_def *def, size_t at, size_t len, unsigned depth);

static void add_part(struct dissect *d, const struct opt_def *def, const uint8_t *base, size_t at,
                     uint32_t id, const struct opt_part *part, size_t head, unsigned depth)
{
    char text[VALUE_MAX];
    enum opt_defect defect = dhcp_opt_check(def, part->data, part->len);
    size_t value_at = at + (size_t)(part->data - base);
    format_value(d, def, part->data, part->len, text, sizeof text);
    struct dissect_field *f = dissect_add_text(d, def != NULL ? def->name : "unknown-sub-option",
                                               value_at - head, part->len + head, text);
    dissect_mean_number(d, f, "", id, "");
    struct dissect_field *above = dissect_open(d, f);
    if (defect != OPT_OK && defect != OPT_UNKNOWN)
        dissect_warn(d, value_at, part->len, "malformed: %s", opt_defect_text(defect));
    if (def != NULL && defect == OPT_OK)
        add_value(d, def, value_at, part->len, depth + 1);
    dissect_close(d, above);
}

static void add_suboptions(struct dissect *d, const struct opt_def *def, size_t at, size_t len,
                           unsigned depth)
{
    struct wire_reader r;
    struct opt_part part;
    const uint8_t *base = d->now + at;
    wire_reader_init(&r, base, len);
    while (dhcp_opt_walk_suboption(&r, def->type, &part))
        add_part(d, dhcp_opt_find(def->sub, (uint8_t)part.id), base, at, part.id, &part, 2, depth);
    if (r.err)
        dissect_warn(d, at, len, "malformed: %s", opt_defect_text(OPT_CUT));
}

static void add_enterprises(struct dissect *d, const struct opt_def *def, size_t at, size_t len,
                            unsigned depth)
{
    struct wire_reader r;
    struct opt_part part;
    const uint8_t *base = d->now + at;
    wire_reader_init(&r, base, len);
    while (dhcp_opt_walk_enterprise(&r, &part)) {
        size_t data_at = at + (size_t)(part.data - base);
        const char *name = dhcp_opt_walk_enterprise_name(part.id);
        struct dissect_field *f = dissect_add_number(d, "enterprise", data_at - 5, part.len + 5, part.id);
        if (name != NULL)
            dissect_mean(f, name);
        struct dissect_field *above = dissect_open(d, f);
        if (def->type == OPT_VIVSO) {
            const struct opt_def inner = {
                .name = "vendor", .type = OPT_SUBOPTIONS, .sub = dhcp_opt_walk_enterprise_space(part.id)};
            add_suboptions(d, &inner, data_at, part.len, depth);
        } else {
            dissect_data(d, "data", data_at, part.len);
        }
        dissect_close(d, above);
    }
}

static void add_routes(struct dissect *d, size_t at, size_t len)
{
    struct wire_reader r;
    struct opt_route route;
    wire_reader_init(&r, d->now + at, len);
    for (size_t start = 0; dhcp_opt_walk_route(&r, &route) && route.net.len <= 32; start = r.at) {
        char net[IP4_NET_LEN], via[IP4_LEN];
        struct dissect_field *f = dissect_add(d, "route", at + start, r.at - start, "%s via %s",
                                              ip4_net_format(route.net, net), ip4_format(route.via, via));
        dissect_mean_format(d, f, "prefix length %u, %u octets of the network, gateway", route.net.len,
                            (route.net.len + 7U) / 8U);
    }
}

static void add_domains(struct dissect *d, size_t at, size_t len)
{
    struct opt_name name;
    for (size_t next = 0, start = 0; next < len; start = next) {
        if (!dhcp_opt_walk_name(d->now + at, len, OPT_NAME_POINTERS, &next, &name))
            return;
        dissect_add_text(d, "domain", at + start, next - start, name.text);
    }
}

static void add_client_id(struct dissect *d, size_t at, size_t len)
{
    struct opt_duid duid;
    uint32_t iaid;
    const uint8_t *p = d->now + at;
    struct dissect_field *f = dissect_add_number(d, "type", at, 1, p[0]);
    if (!dhcp_opt_walk_client_duid(p, len, &iaid, &duid)) {
        dissect_mean(f, p[0] == 1 ? "Ethernet address" : p[0] == 0 ? "text or other" : "hardware type");
        dissect_data(d, "identifier", at + 1, len - 1);
        return;
    }
    dissect_mean(f, "RFC 4361: IAID and DUID");
    dissect_add_hex(d, "iaid", at + 1, 4, iaid);
    dissect_mean_format(d, dissect_add_number(d, "duid-type", at + 5, 2, duid.type), "DUID-%s",
                        duid.name != NULL ? duid.name : "?");
    if (duid.has_hw)
        dissect_add_number(d, "hw-type", at + 7, 2, duid.hw_type);
    if (duid.has_time)
        dissect_mean(dissect_add_number(d, "time", at + 9, 4, duid.time_s), "seconds since 2000-01-01");
    if (duid.has_enterprise)
        dissect_add_number(d, "enterprise", at + 7, 4, duid.enterprise);
    dissect_data(d, "identifier", at + (size_t)(duid.id - p), duid.id_len);
}

static void add_elements(struct dissect *d, const struct opt_def *def, size_t at, size_t len)
{
    char text[VALUE_MAX];
    struct opt_def one = *def;
    one.multiple = 0;
    one.min = one.max = def->multiple;
    for (size_t i = 0; i + def->multiple <= len; i += def->multiple) {
        format_value(d, &one, d->now + at + i, def->multiple, text, sizeof text);
        dissect_add_text(d, "element", at + i, def->multiple, text);
    }
}

static void add_fields(struct dissect *d, const struct opt_def *def, size_t at, size_t len)
{
    char text[VALUE_MAX];
    for (const struct opt_def *field = def->fields; field->name != NULL; field++) {
        size_t n = dhcp_opt_walk_field_len(field, len);
        format_value(d, field, d->now + at, n, text, sizeof text);
        dissect_add_text(d, field->name, at, n, text);
        at += n;
        len -= n;
    }
}

/* What a value of several parts consists of; `def` fits the value. */
static void add_value(struct dissect *d, const struct opt_def *def, size_t at, size_t len, unsigned depth)
{
    if (depth > NEST_MAX || len == 0)
        return;
    switch ((int)def->type) {
    case OPT_SUBOPTIONS:
    case OPT_ATTRIBUTES:
        add_suboptions(d, def, at, len, depth);
        return;
    case OPT_VIVCO:
    case OPT_VIVSO:
        add_enterprises(d, def, at, len, depth);
        return;
    case OPT_ROUTES:
        add_routes(d, at, len);
        return;
    case OPT_DOMAINS:
        add_domains(d, at, len);
        return;
    case OPT_CLIENT_ID:
        add_client_id(d, at, len);
        return;
    case OPT_RECORD:
        add_fields(d, def, at, len);
        return;
    default: /* the others have their whole value in one text, or are lists */
        if (def->multiple != 0 && len > def->multiple)
            add_elements(d, def, at, len);
    }
}

/* ---- options ---- */

/* The pieces of the option, each with its octets: one, or several of a split option. */
static void add_pieces(struct dissect *d, size_t at, const struct dhcp_option *option)
{
    const struct dhcp_msg *m = &d->dhcp;
    unsigned n = 0;
    for (unsigned i = 0; i < m->n_pieces; i++) {
        const struct dhcp_piece *piece = &m->pieces[i];
        if (piece->code != option->code)
            continue;
        n++;
        struct dissect_field *above = d->parent;
        if (option->pieces > 1)
            above = dissect_open(d, dissect_add(d, "piece", at + piece->offset, piece->len + 2U,
                                                "%u of %u, in %s", n, option->pieces,
                                                dhcp_region_name(piece->region)));
        dissect_add_number(d, "code", at + piece->offset, 1, piece->code);
        dissect_add_number(d, "length", at + piece->offset + 1, 1, piece->len);
        if (option->pieces > 1) {
            dissect_data(d, "data", at + piece->offset + 2, piece->len);
            dissect_close(d, above);
        } else if (piece->region != DHCP_IN_OPTIONS) {
            dissect_mean(
                dissect_add_text(d, "region", at + piece->offset, 0, dhcp_region_name(piece->region)),
                "overload (52): the field holds options");
        }
    }
}

/* Fields whose offsets count in the joined value of the option get the place in the packet of their octets.
 * Those whose octets are of two pieces have none, as if they were derived. */
static void place_joined(const struct dissect *d, struct dissect_field *f, size_t at, uint8_t code)
{
    const struct dhcp_msg *m = &d->dhcp;
    for (; f != NULL; f = f->next) {
        size_t start = 0, offset = f->offset, len = f->len;
        place_joined(d, f->first, at, code);
        f->offset = f->len = 0;
        for (unsigned i = 0; i < m->n_pieces; i++) {
            const struct dhcp_piece *piece = &m->pieces[i];
            if (piece->code != code)
                continue;
            if (offset >= start && offset + len <= start + piece->len) {
                f->offset = at + piece->offset + 2 + offset - start;
                f->len = len;
                break;
            }
            start += piece->len;
        }
    }
}

/* RFC 3396 7: "In the case that a decoding agent finds a split option, it MUST treat the contents of that
 * option as a single option". */
static void add_joined(struct dissect *d, const struct opt_def *def, size_t at,
                       const struct dhcp_option *option)
{
    const uint8_t *now = d->now;
    struct dissect_field *last = d->parent != NULL ? d->parent->last : NULL;
    d->now = option->data;
    add_value(d, def, 0, option->len, 0);
    d->now = now;
    if (last != NULL)
        place_joined(d, last->next, at, option->code);
}

static void add_option(struct dissect *d, size_t at, const struct dhcp_option *option)
{
    char text[VALUE_MAX];
    const struct opt_def *def = dhcp_opt_find(OPT_SPACE_DHCP, option->code);
    enum opt_defect defect = dhcp_opt_check(def, option->data, option->len);
    format_value(d, def, option->data, option->len, text, sizeof text);
    size_t whole = option->pieces > 1 ? 0 : option->len + 2U;
    struct dissect_field *f =
        dissect_add_text(d, def != NULL ? def->name : "unknown-option", at + option->offset, whole, text);
    dissect_mean_number(d, f, "option ", option->code, option->pieces > 1 ? ", split" : "");
    struct dissect_field *above = dissect_open(d, f);
    add_pieces(d, at, option);
    if (defect != OPT_OK && defect != OPT_UNKNOWN)
        dissect_warn(d, at + option->offset, whole, "option %u is malformed: %s", option->code,
                     opt_defect_text(defect));
    else if (def != NULL && option->pieces == 1)
        add_value(d, def, at + option->offset + 2, option->len, 0);
    else if (def != NULL)
        add_joined(d, def, at, option);
    dissect_close(d, above);
}

/* Option 255 and what fills the message up behind it. */
static void add_end(struct dissect *d, size_t at, size_t len)
{
    const struct dhcp_msg *m = &d->dhcp;
    size_t end = DHCP_OPTIONS_AT;
    for (unsigned i = 0; i < m->n_pieces; i++) {
        size_t next = m->pieces[i].offset + m->pieces[i].len + 2U;
        if (m->pieces[i].region == DHCP_IN_OPTIONS && next > end)
            end = next;
    }
    while (end < len && d->now[at + end] == DHCP_OPT_PAD)
        end++;
    if (end >= len || d->now[at + end] != DHCP_OPT_END)
        return;
    dissect_mean(dissect_add_number(d, "end", at + end, 1, DHCP_OPT_END), "no more options in this field");
    dissect_data(d, "padding", at + end + 1, len - end - 1);
}

void dissect_dhcp(struct dissect *d, size_t at, size_t len)
{
    d->protocol = "DHCP";
    struct dissect_field *above = dissect_layer(d, "dhcp", at, len);
    enum reason reason = dhcp_msg_decode(&d->dhcp, d->now + at, len);
    if (reason != REASON_NONE) {
        if (reason != REASON_MSG_TOO_SHORT || !dissect_udp_is_cut(d))
            dissect_warn(d, at, len, "no DHCP message: %s", reason_token(reason));
        size_t end = add_header(d, at, len);
        dissect_data(d, "data", at + end, len - end);
        dissect_close(d, above);
        return;
    }
    d->has_dhcp = true;
    add_header(d, at, len);
    if (len >= DHCP_OPTIONS_AT)
        dissect_mean(
            dissect_add_hex(d, "cookie", at + DHCP_COOKIE_AT, 4, wire_u32(d->now + at + DHCP_COOKIE_AT)),
            "options follow");
    for (unsigned i = 0; i < d->dhcp.n_options; i++)
        add_option(d, at, &d->dhcp.options[i]);
    add_end(d, at, len);
    dissect_dhcp_warnings(d, at, len);
    dissect_close(d, above);
}
