#include "lab/replay_diff.h"

#include <stdio.h>
#include <string.h>

#include "common/dhcp_opt.h"
#include "common/text.h"

/* RFC 2131 2, figure 1. */
static const struct field {
    const char *name;
    size_t at, len;
    enum replay_form form;
} fields[] = {
    {"op", 0, 1, REPLAY_NUMBER},
    {"htype", 1, 1, REPLAY_NUMBER},
    {"hlen", 2, 1, REPLAY_NUMBER},
    {"hops", 3, 1, REPLAY_NUMBER},
    {"xid", 4, 4, REPLAY_HEX},
    {"secs", 8, 2, REPLAY_NUMBER},
    {"flags", 10, 2, REPLAY_HEX},
    {"ciaddr", 12, 4, REPLAY_IP4},
    {"yiaddr", 16, 4, REPLAY_IP4},
    {"siaddr", 20, 4, REPLAY_IP4},
    {"giaddr", 24, 4, REPLAY_IP4},
    {"chaddr", 28, DHCP_CHADDR_LEN, REPLAY_HW},
    {"sname", DHCP_SNAME_AT, DHCP_SNAME_LEN, REPLAY_TEXT},
    {"file", DHCP_FILE_AT, DHCP_FILE_LEN, REPLAY_TEXT},
};

_Static_assert(sizeof fields / sizeof fields[0] == REPLAY_FIELDS, "each field has a row");

static const uint8_t volatile_codes[] = {
#define X(code, why) code,
    REPLAY_VOLATILE_MAP(X)
#undef X
};

const char *replay_kind_name(enum replay_kind kind)
{
    static const char *const names[] = {
#define X(name, token, text) [name] = token,
        REPLAY_KIND_MAP(X)
#undef X
    };
    return names[kind];
}

bool replay_row_is_different(const struct replay_row *row)
{
    return row->kind == REPLAY_DIFFERS || row->kind == REPLAY_APPEARS || row->kind == REPLAY_MISSING;
}

/* ---- comparing ---- */

static bool is_volatile(uint8_t code)
{
    return memchr(volatile_codes, code, sizeof volatile_codes) != NULL;
}

static void add(struct replay_diff *out, const struct replay_row *row)
{
    out->rows[out->n++] = *row;
    out->n_different += replay_row_is_different(row);
}

/* RFC 2132 9.3: with option 52 the field holds options, which are compared as such. */
static bool has_options(const struct dhcp_msg *m, size_t at)
{
    return (at == DHCP_FILE_AT && (m->overload & DHCP_OVERLOAD_FILE)) ||
           (at == DHCP_SNAME_AT && (m->overload & DHCP_OVERLOAD_SNAME));
}

static const uint8_t *field_of(const struct dhcp_msg *m, const uint8_t *bytes, const struct field *f)
{
    static const uint8_t empty[DHCP_FILE_LEN];
    return has_options(m, f->at) ? empty : bytes + f->at;
}

static enum replay_kind kind_of(const uint8_t *captured, const uint8_t *mapped, const uint8_t *live,
                                size_t len)
{
    if (memcmp(mapped, live, len) != 0)
        return REPLAY_DIFFERS;
    return memcmp(captured, live, len) == 0 ? REPLAY_SAME : REPLAY_MAPPED;
}

static void compare_option(const struct dhcp_option *captured, const struct dhcp_option *mapped,
                           const struct dhcp_option *live, struct replay_diff *out)
{
    const struct dhcp_option *any = captured != NULL ? captured : live;
    const struct opt_def *def = dhcp_opt_find(OPT_SPACE_DHCP, any->code);
    struct replay_row row = {.name = def == NULL ? NULL : def->name, .code = any->code};
    if (captured != NULL) {
        row.captured = captured->data;
        row.captured_len = captured->len;
    }
    if (live != NULL) {
        row.live = live->data;
        row.live_len = live->len;
    }
    if (captured == NULL)
        row.kind = REPLAY_APPEARS;
    else if (live == NULL)
        row.kind = REPLAY_MISSING;
    else if (captured->len != live->len)
        row.kind = REPLAY_DIFFERS;
    else
        row.kind = kind_of(captured->data, mapped->data, live->data, live->len);
    if (row.kind != REPLAY_SAME && is_volatile(any->code))
        row.kind = REPLAY_VOLATILE;
    add(out, &row);
}

void replay_diff_answers(const struct dhcp_msg *captured, const uint8_t *captured_bytes,
                         const struct dhcp_msg *mapped, const uint8_t *mapped_bytes,
                         const struct dhcp_msg *live, const uint8_t *live_bytes, struct replay_diff *out)
{
    *out = (struct replay_diff){0};
    for (const struct field *f = fields; f < fields + REPLAY_FIELDS; f++) {
        struct replay_row row = {.name = f->name,
                                 .form = f->form,
                                 .captured = field_of(captured, captured_bytes, f),
                                 .live = field_of(live, live_bytes, f),
                                 .captured_len = f->len,
                                 .live_len = f->len};
        row.kind = kind_of(row.captured, field_of(mapped, mapped_bytes, f), row.live, f->len);
        add(out, &row);
    }
    for (size_t i = 0; i < captured->n_options; i++) {
        uint8_t code = captured->options[i].code;
        compare_option(&captured->options[i], dhcp_msg_find(mapped, code), dhcp_msg_find(live, code), out);
    }
    for (size_t i = 0; i < live->n_options; i++)
        if (!dhcp_msg_has(captured, live->options[i].code))
            compare_option(NULL, NULL, &live->options[i], out);
}

/* ---- text ---- */

static void field_text(const struct replay_row *row, const uint8_t *value, size_t len, char *buf, size_t cap)
{
    uint32_t number = 0;
    char text[IP4_LEN];
    struct hw_addr hw = {.len = (uint8_t)len};
    for (size_t i = 0; i < len && i < sizeof number; i++)
        number = number << 8 | value[i];
    switch (row->form) {
    case REPLAY_NUMBER:
        snprintf(buf, cap, "%u", number);
        break;
    case REPLAY_HEX:
        snprintf(buf, cap, "0x%0*x", (int)(2 * len), number);
        break;
    case REPLAY_IP4:
        snprintf(buf, cap, "%s", ip4_format(number, text));
        break;
    case REPLAY_HW: { /* the zeros behind an address of six octets say nothing */
        char octets[HW_LEN];
        memcpy(hw.bytes, value, len);
        while (hw.len > 6 && hw.bytes[hw.len - 1] == 0)
            hw.len--;
        snprintf(buf, cap, "%s", hw_format(&hw, octets));
        break;
    }
    case REPLAY_TEXT:
        while (len > 0 && value[len - 1] == 0)
            len--;
        text_escape(value, len, buf, cap);
        break;
    }
}

static const char *value_text(const struct replay_row *row, const uint8_t *value, size_t len, char *buf,
                              size_t cap)
{
    if (value == NULL)
        snprintf(buf, cap, "-");
    else if (row->code == 0)
        field_text(row, value, len, buf, cap);
    else
        dhcp_opt_format(dhcp_opt_find(OPT_SPACE_DHCP, row->code), value, len, buf, cap);
    return buf;
}

const char *replay_row_captured(const struct replay_row *row, char *buf, size_t cap)
{
    return value_text(row, row->captured, row->captured_len, buf, cap);
}

const char *replay_row_live(const struct replay_row *row, char *buf, size_t cap)
{
    return value_text(row, row->live, row->live_len, buf, cap);
}
