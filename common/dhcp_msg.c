#include "common/dhcp_msg.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/wire.h"

enum { PIECE_MAX = 255, PIECE_HEAD = 2 };

const char *dhcp_region_name(enum dhcp_region region)
{
    switch (region) {
    case DHCP_IN_OPTIONS:
        return "options";
    case DHCP_IN_FILE:
        return "file";
    case DHCP_IN_SNAME:
        return "sname";
    }
    return "";
}

/* ---- decoding ---- */

static void note_defect(struct dhcp_msg *m, enum dhcp_defect defect, size_t offset)
{
    if (m->defects == 0)
        m->defect_at = (uint16_t)offset;
    m->defects |= (uint8_t)defect;
}

void dhcp_read_header(struct dhcp_msg *m, const uint8_t *bytes)
{
    m->op = bytes[0];
    m->htype = bytes[1];
    m->hlen = bytes[2];
    m->hops = bytes[3];
    m->xid = wire_u32(bytes + DHCP_XID_AT);
    m->secs = wire_u16(bytes + DHCP_SECS_AT);
    m->flags = wire_u16(bytes + DHCP_FLAGS_AT);
    m->ciaddr = wire_u32(bytes + DHCP_CIADDR_AT);
    m->yiaddr = wire_u32(bytes + DHCP_YIADDR_AT);
    m->siaddr = wire_u32(bytes + DHCP_SIADDR_AT);
    m->giaddr = wire_u32(bytes + DHCP_GIADDR_AT);
    memcpy(m->chaddr, bytes + DHCP_CHADDR_AT, DHCP_CHADDR_LEN);
    memcpy(m->sname, bytes + DHCP_SNAME_AT, DHCP_SNAME_LEN);
    memcpy(m->file, bytes + DHCP_FILE_AT, DHCP_FILE_LEN);
}

/* Of the first piece of a code an option is made; join_pieces() does the rest, if there are more of it. */
static inline void add_piece(struct dhcp_msg *m, const uint8_t *bytes, struct dhcp_piece piece)
{
    m->pieces[m->n_pieces++] = piece;
    if (m->index[piece.code] != 0)
        return;
    struct dhcp_option *option = &m->options[m->n_options++];
    option->code = piece.code;
    option->pieces = 1;
    option->offset = piece.offset;
    option->len = piece.len;
    option->data = bytes + piece.offset + PIECE_HEAD;
    m->index[piece.code] = (uint8_t)m->n_options;
}

/* Notes the pieces between the offsets `at` and `end`; stops at END, at a piece that runs over, or at our
 * limit. */
static void scan_region(struct dhcp_msg *m, const uint8_t *bytes, size_t at, size_t end,
                        enum dhcp_region region)
{
    while (at < end) {
        uint8_t code = bytes[at];
        if (code == DHCP_OPT_END)
            return;
        if (code == DHCP_OPT_PAD) {
            at++;
            continue;
        }
        uint8_t len = at + 1 < end ? bytes[at + 1] : 0;
        size_t next = at + PIECE_HEAD + len;
        if (next > end) {
            note_defect(m, DHCP_DEFECT_CUT, at);
            return;
        }
        if (m->n_pieces == DHCP_PIECES_MAX) {
            note_defect(m, DHCP_DEFECT_LIMIT, at);
            return;
        }
        add_piece(m, bytes, (struct dhcp_piece){(uint16_t)at, code, len, region});
        at = next;
    }
    /* RFC 2131 4.1: "The last option must always be the 'end' option." */
    note_defect(m, DHCP_DEFECT_NO_END, end);
}

/* RFC 2131 4.1: "the 'option overload' option MUST appear in the 'options' field": the only one read so far.
 */
static void find_overload(struct dhcp_msg *m, const uint8_t *bytes)
{
    for (unsigned i = 0; i < m->n_pieces; i++) {
        const struct dhcp_piece *piece = &m->pieces[i];
        if (piece->code != DHCP_OPT_OVERLOAD)
            continue;
        uint8_t value = piece->len == 1 ? bytes[piece->offset + 2] : 0;
        bool repeated = m->overload != DHCP_OVERLOAD_NONE; /* joined, they are no single octet */
        if (!repeated && value >= DHCP_OVERLOAD_FILE && value <= DHCP_OVERLOAD_BOTH)
            m->overload = value;
        else
            note_defect(m, DHCP_DEFECT_OVERLOAD, piece->offset);
    }
}

/* RFC 2131 4.1: "The options in the 'options' field MUST be interpreted first, so that any 'option overload'
 * options may be interpreted. The 'file' field MUST be interpreted next ..., followed by the 'sname' field."
 */
static void scan_all(struct dhcp_msg *m, const uint8_t *bytes, size_t len)
{
    scan_region(m, bytes, DHCP_OPTIONS_AT, len, DHCP_IN_OPTIONS);
    if (dhcp_msg_has(m, DHCP_OPT_OVERLOAD))
        find_overload(m, bytes);
    unsigned in_options = m->n_pieces;
    if (m->overload & DHCP_OVERLOAD_FILE)
        scan_region(m, bytes, DHCP_FILE_AT, DHCP_FILE_AT + DHCP_FILE_LEN, DHCP_IN_FILE);
    if (m->overload & DHCP_OVERLOAD_SNAME)
        scan_region(m, bytes, DHCP_SNAME_AT, DHCP_SNAME_AT + DHCP_SNAME_LEN, DHCP_IN_SNAME);
    for (unsigned i = in_options; i < m->n_pieces; i++)
        if (m->pieces[i].code == DHCP_OPT_OVERLOAD)
            note_defect(m, DHCP_DEFECT_OVERLOAD, m->pieces[i].offset);
}

/* A new option for `piece`, with room in the store for its whole value if that has several pieces. */
static struct dhcp_option *add_option(struct dhcp_msg *m, const uint8_t *bytes,
                                      const struct dhcp_piece *piece, unsigned pieces, size_t total)
{
    struct dhcp_option *option = &m->options[m->n_options];
    *option = (struct dhcp_option){.code = piece->code, .offset = piece->offset};
    if (pieces == 1) {
        option->data = bytes + piece->offset + 2;
    } else {
        if (total > (size_t)(DHCP_STORE_MAX - m->store_used)) {
            note_defect(m, DHCP_DEFECT_LIMIT, piece->offset);
            return NULL;
        }
        option->data = m->store + m->store_used;
        m->store_used = (uint16_t)(m->store_used + total);
    }
    m->index[piece->code] = (uint8_t)++m->n_options;
    return option;
}

/* RFC 3396 5: the pieces of one code are one option, their values joined in the order of appearance. */
static void join_pieces(struct dhcp_msg *m, const uint8_t *bytes)
{
    uint16_t pieces[256] = {0};
    uint32_t total[256] = {0};
    memset(m->index, 0, sizeof m->index);
    m->n_options = 0;
    for (unsigned i = 0; i < m->n_pieces; i++) {
        pieces[m->pieces[i].code]++;
        total[m->pieces[i].code] += m->pieces[i].len;
    }
    for (unsigned i = 0; i < m->n_pieces; i++) {
        const struct dhcp_piece *piece = &m->pieces[i];
        struct dhcp_option *option =
            m->index[piece->code] ? &m->options[m->index[piece->code] - 1]
                                  : add_option(m, bytes, piece, pieces[piece->code], total[piece->code]);
        if (option == NULL) /* beyond the store: left out whole */
            continue;
        if (pieces[piece->code] > 1)
            memcpy(m->store + (option->data - m->store) + option->len, bytes + piece->offset + 2, piece->len);
        option->len = (uint16_t)(option->len + piece->len);
        if (option->pieces < UINT8_MAX)
            option->pieces++;
    }
}

static bool has_piece(const struct dhcp_msg *m, uint8_t code)
{
    for (unsigned i = 0; i < m->n_pieces; i++)
        if (m->pieces[i].code == code)
            return true;
    return false;
}

static enum reason find_type(struct dhcp_msg *m)
{
    const struct dhcp_option *option = dhcp_msg_find(m, DHCP_OPT_TYPE);
    if (option == NULL) /* left out for want of room, it is not one octet either */
        return has_piece(m, DHCP_OPT_TYPE) ? REASON_MSG_BAD_TYPE : REASON_NONE;
    if (option->len != 1 || option->data[0] == DHCP_BOOTP || dhcp_type_name(option->data[0]) == NULL)
        return REASON_MSG_BAD_TYPE;
    m->type = option->data[0];
    return REASON_NONE;
}

/* Not the whole struct: its arrays are valid only up to their counts. */
static void clear_options(struct dhcp_msg *m)
{
    m->type = m->overload = m->may_overload = m->defects = 0;
    m->defect_at = 0;
    m->n_options = 0;
    memset(m->index, 0, sizeof m->index);
    m->n_pieces = 0;
    m->store_used = 0;
}

enum reason dhcp_msg_decode(struct dhcp_msg *m, const uint8_t *bytes, size_t len)
{
    if (len < DHCP_COOKIE_AT) {
        dhcp_msg_init(m, 0);
        return REASON_MSG_TOO_SHORT;
    }
    dhcp_read_header(m, bytes);
    clear_options(m);
    if (len < DHCP_MSG_MIN)
        return REASON_MSG_TOO_SHORT;
    if (len > UINT16_MAX)
        return REASON_MSG_TOO_LONG;
    if (m->op != DHCP_BOOTREQUEST && m->op != DHCP_BOOTREPLY)
        return REASON_MSG_BAD_OP;
    if (m->hlen > DHCP_CHADDR_LEN)
        return REASON_MSG_BAD_HLEN;
    /* RFC 951 knows no cookie: a vend field of zeros says nothing. */
    uint32_t cookie = wire_u32(bytes + DHCP_COOKIE_AT);
    if (cookie == 0 && m->op == DHCP_BOOTREQUEST)
        return REASON_NONE;
    if (cookie != DHCP_COOKIE)
        return REASON_MSG_BAD_COOKIE;
    scan_all(m, bytes, len);
    if (m->n_options != m->n_pieces)
        join_pieces(m, bytes);
    return find_type(m);
}

/* ---- building and encoding ---- */

void dhcp_msg_init(struct dhcp_msg *m, uint8_t op)
{
    memset(m, 0, offsetof(struct dhcp_msg, type)); /* the header */
    clear_options(m);
    m->op = op;
}

/* The inverse of dhcp_read_header(), with the cookie behind it. */
static void write_header(const struct dhcp_msg *m, struct wire_writer *w)
{
    uint8_t *bytes = wire_reserve(w, DHCP_OPTIONS_AT);
    if (bytes == NULL)
        return;
    bytes[0] = m->op;
    bytes[1] = m->htype;
    bytes[2] = m->hlen;
    bytes[3] = m->hops;
    wire_set_u32(bytes + DHCP_XID_AT, m->xid);
    wire_set_u16(bytes + DHCP_SECS_AT, m->secs);
    wire_set_u16(bytes + DHCP_FLAGS_AT, m->flags);
    wire_set_u32(bytes + DHCP_CIADDR_AT, m->ciaddr);
    wire_set_u32(bytes + DHCP_YIADDR_AT, m->yiaddr);
    wire_set_u32(bytes + DHCP_SIADDR_AT, m->siaddr);
    wire_set_u32(bytes + DHCP_GIADDR_AT, m->giaddr);
    memcpy(bytes + DHCP_CHADDR_AT, m->chaddr, DHCP_CHADDR_LEN);
    memcpy(bytes + DHCP_SNAME_AT, m->sname, DHCP_SNAME_LEN);
    memcpy(bytes + DHCP_FILE_AT, m->file, DHCP_FILE_LEN);
    wire_set_u32(bytes + DHCP_COOKIE_AT, DHCP_COOKIE);
}

/* RFC 3396 6: a value above 255 octets is sent as several options of the same code. */
void dhcp_write_option(struct wire_writer *w, uint8_t code, const uint8_t *data, size_t len)
{
    size_t at = 0;
    do {
        size_t piece = len - at > PIECE_MAX ? PIECE_MAX : len - at;
        wire_put_u8(w, code);
        wire_put_u8(w, (uint8_t)piece);
        wire_put_bytes(w, data + at, piece);
        at += piece;
    } while (at < len);
}

void dhcp_write_end(struct wire_writer *w, size_t full)
{
    wire_put_u8(w, DHCP_OPT_END);
    if (w->at < full)
        wire_put_zeros(w, full - w->at);
}

/* Where options go: the options field, then file and sname if they are used. */
struct layout {
    struct wire_writer fields[3]; /* in the order in which they are read */
    size_t n;
    size_t kept; /* octets of the options field that are kept for what stands there last */
};

static void add_field(struct layout *l, uint8_t *bytes, size_t cap)
{
    wire_writer_init(&l->fields[l->n++], bytes, cap);
}

static size_t encoded_len(size_t len)
{
    size_t pieces = len == 0 ? 1 : (len + PIECE_MAX - 1U) / PIECE_MAX;
    return len + PIECE_HEAD * pieces;
}

/* Octets left for options: RFC 2131 4.1 wants an END in each field. */
static size_t room(const struct layout *l, size_t field)
{
    const struct wire_writer *w = &l->fields[field];
    size_t kept = 1 + (field == 0 ? l->kept : 0), left = w->cap - w->at;
    return left > kept ? left - kept : 0;
}

/* How many octets of a value fit `octets`, codes and lengths of its pieces included. */
static size_t value_room(size_t octets)
{
    size_t rest = octets % (PIECE_MAX + PIECE_HEAD);
    return octets / (PIECE_MAX + PIECE_HEAD) * PIECE_MAX + (rest > PIECE_HEAD ? rest - PIECE_HEAD : 0);
}

/* RFC 3396 5: the receiver joins the pieces in the order options, file, sname. */
static bool spread_option(struct layout *l, const struct dhcp_option *option)
{
    size_t total = 0, at = 0;
    for (size_t i = 0; i < l->n; i++)
        total += value_room(room(l, i));
    if (total < option->len)
        return false;
    for (size_t i = 0; i < l->n && at < option->len; i++) {
        size_t part = value_room(room(l, i));
        if (part > option->len - at)
            part = option->len - at;
        if (part != 0)
            dhcp_write_option(&l->fields[i], option->code, option->data + at, part);
        at += part;
    }
    return true;
}

static bool put_into(struct layout *l, size_t field, const struct dhcp_option *option)
{
    bool fits = encoded_len(option->len) <= room(l, field);
    if (fits)
        dhcp_write_option(&l->fields[field], option->code, option->data, option->len);
    return fits;
}

/* RFC 3396 4: an agent "SHOULD NOT split an option ... unless it has no choice": a short one stays whole. */
static bool put_anywhere(struct layout *l, const struct dhcp_option *option)
{
    for (size_t i = 0; i < l->n; i++)
        if (put_into(l, i, option))
            return true;
    return option->len > PIECE_MAX && spread_option(l, option);
}

static void finish(struct layout *l)
{
    for (size_t i = 0; i < l->n; i++) {
        struct wire_writer *w = &l->fields[i];
        dhcp_write_end(w, i == 0 ? DHCP_MSG_SEND_MIN : w->cap);
        assert(!w->err);
    }
}

/* Returns how many options did not fit. */
static unsigned write_message(const struct dhcp_msg *m, uint8_t overload, uint8_t *buf, size_t cap,
                              size_t *out_len)
{
    const struct dhcp_option *type = dhcp_msg_find(m, DHCP_OPT_TYPE);
    const struct dhcp_option *relay_info = dhcp_msg_find(m, DHCP_OPT_RELAY_INFO);
    const struct dhcp_option use = {.code = DHCP_OPT_OVERLOAD, .len = 1, .data = &overload};
    struct layout l = {.n = 0};
    unsigned dropped = 0;
    add_field(&l, buf, cap);
    write_header(m, &l.fields[0]);
    if (overload & DHCP_OVERLOAD_FILE)
        add_field(&l, buf + DHCP_FILE_AT, DHCP_FILE_LEN);
    if (overload & DHCP_OVERLOAD_SNAME)
        add_field(&l, buf + DHCP_SNAME_AT, DHCP_SNAME_LEN);
    if (type != NULL)
        dropped += !put_into(&l, 0, type);
    if (overload != DHCP_OVERLOAD_NONE)
        dropped += !put_into(&l, 0, &use);
    if (relay_info != NULL && encoded_len(relay_info->len) <= room(&l, 0))
        l.kept = encoded_len(relay_info->len);
    for (unsigned i = 0; i < m->n_options; i++)
        if (&m->options[i] != type && &m->options[i] != relay_info)
            dropped += !put_anywhere(&l, &m->options[i]);
    l.kept = 0;
    if (relay_info != NULL)
        dropped += !put_into(&l, 0, relay_info);
    finish(&l);
    *out_len = l.fields[0].at;
    return dropped;
}

static bool is_empty(const uint8_t *field, size_t len)
{
    return field[0] == 0 && memcmp(field, field + 1, len - 1) == 0;
}

static uint8_t find_usable(const struct dhcp_msg *m)
{
    unsigned usable = m->may_overload;
    if (!is_empty(m->file, DHCP_FILE_LEN))
        usable &= ~(unsigned)DHCP_OVERLOAD_FILE;
    if (!is_empty(m->sname, DHCP_SNAME_LEN))
        usable &= ~(unsigned)DHCP_OVERLOAD_SNAME;
    return dhcp_msg_has(m, DHCP_OPT_OVERLOAD) ? DHCP_OVERLOAD_NONE : (uint8_t)usable;
}

static int rank(const struct dhcp_option *option)
{
    return option->code == DHCP_OPT_TYPE ? -1 : option->code == DHCP_OPT_RELAY_INFO ? 256 : option->code;
}

static int by_rank(const void *a, const void *b)
{
    return rank(a) - rank(b);
}

void dhcp_msg_sort(struct dhcp_msg *m)
{
    qsort(m->options, m->n_options, sizeof m->options[0], by_rank);
    for (unsigned i = 0; i < m->n_options; i++)
        m->index[m->options[i].code] = (uint8_t)(i + 1);
}

size_t dhcp_msg_encode(const struct dhcp_msg *m, uint8_t *buf, size_t cap, unsigned *out_dropped)
{
    assert(cap >= DHCP_MSG_SEND_MIN);
    uint8_t usable = find_usable(m);
    size_t len;
    *out_dropped = write_message(m, DHCP_OVERLOAD_NONE, buf, cap, &len);
    for (uint8_t use = DHCP_OVERLOAD_FILE; use <= DHCP_OVERLOAD_BOTH && *out_dropped != 0; use++)
        if ((use & ~usable) == 0)
            *out_dropped = write_message(m, use, buf, cap, &len);
    return len;
}

/* ---- options ---- */

static const uint8_t *find_sized(const struct dhcp_msg *m, uint8_t code, size_t len)
{
    const struct dhcp_option *option = dhcp_msg_find(m, code);
    return option != NULL && option->len == len ? option->data : NULL;
}

bool dhcp_get_u8(const struct dhcp_msg *m, uint8_t code, uint8_t *out)
{
    const uint8_t *data = find_sized(m, code, 1);
    if (data != NULL)
        *out = data[0];
    return data != NULL;
}

bool dhcp_get_u16(const struct dhcp_msg *m, uint8_t code, uint16_t *out)
{
    const uint8_t *data = find_sized(m, code, 2);
    if (data != NULL)
        *out = wire_u16(data);
    return data != NULL;
}

bool dhcp_get_u32(const struct dhcp_msg *m, uint8_t code, uint32_t *out)
{
    const uint8_t *data = find_sized(m, code, 4);
    if (data != NULL)
        *out = wire_u32(data);
    return data != NULL;
}

bool dhcp_get_ip4(const struct dhcp_msg *m, uint8_t code, ip4 *out)
{
    return dhcp_get_u32(m, code, out);
}

bool dhcp_get_ip4_first(const struct dhcp_msg *m, uint8_t code, ip4 *out)
{
    const struct dhcp_option *option = dhcp_msg_find(m, code);
    if (option == NULL || option->len == 0 || option->len % 4 != 0)
        return false;
    *out = wire_u32(option->data);
    return true;
}

bool dhcp_put_bytes(struct dhcp_msg *m, uint8_t code, const void *data, size_t len)
{
    assert(code != DHCP_OPT_PAD && code != DHCP_OPT_END);
    if (len > (size_t)(DHCP_STORE_MAX - m->store_used))
        return false;
    uint8_t *copy = m->store + m->store_used;
    if (len != 0)
        memcpy(copy, data, len);
    m->store_used = (uint16_t)(m->store_used + len);
    if (m->index[code] == 0)
        m->index[code] = (uint8_t)++m->n_options;
    m->options[m->index[code] - 1] =
        (struct dhcp_option){.code = code, .pieces = 1, .len = (uint16_t)len, .data = copy};
    return true;
}

bool dhcp_put_u8(struct dhcp_msg *m, uint8_t code, uint8_t value)
{
    return dhcp_put_bytes(m, code, &value, 1);
}

bool dhcp_put_u16(struct dhcp_msg *m, uint8_t code, uint16_t value)
{
    uint8_t b[2] = {(uint8_t)(value >> 8), (uint8_t)value};
    return dhcp_put_bytes(m, code, b, sizeof b);
}

bool dhcp_put_u32(struct dhcp_msg *m, uint8_t code, uint32_t value)
{
    uint8_t b[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};
    return dhcp_put_bytes(m, code, b, sizeof b);
}

bool dhcp_put_ip4(struct dhcp_msg *m, uint8_t code, ip4 value)
{
    return dhcp_put_u32(m, code, value);
}

bool dhcp_put_text(struct dhcp_msg *m, uint8_t code, const char *text)
{
    return dhcp_put_bytes(m, code, text, strlen(text));
}

struct hw_addr dhcp_msg_hw(const struct dhcp_msg *m)
{
    assert(m->hlen <= DHCP_CHADDR_LEN);
    struct hw_addr hw = {.type = m->htype, .len = m->hlen};
    memcpy(hw.bytes, m->chaddr, m->hlen);
    return hw;
}
