#include "server/srv_expr.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/dhcp_opt.h"
#include "common/dhcp_opt_text.h"
#include "common/dhcp_opt_walk.h"
#include "common/err.h"
#include "common/wire.h"
#include "server/srv_expr_code.h"

/* Octets (borrowed from the message, the expression or the scratch), or a condition. */
struct value {
    const uint8_t *data;
    size_t len;
    bool truth;
};

struct machine {
    const struct srv_expr_input *in;
    struct value values[SRV_EXPR_VALUES_MAX];
    unsigned height;
    const char *why;  /* it failed; NULL: it did not */
    uint8_t *scratch; /* SRV_EXPR_SCRATCH_MAX octets */
    size_t used;      /* of them */
};

/* ---- the stack ---- */

static void push(struct machine *m, struct value v)
{
    assert(m->height < SRV_EXPR_VALUES_MAX); /* the parser has counted */
    m->values[m->height++] = v;
}

static struct value pop(struct machine *m)
{
    assert(m->height > 0);
    return m->values[--m->height];
}

static void push_bytes(struct machine *m, const void *data, size_t len)
{
    push(m, (struct value){.data = data, .len = len});
}

static void push_truth(struct machine *m, bool truth)
{
    push(m, (struct value){.truth = truth});
}

/* Room for a value that is made; NULL, and the evaluation has failed, if there is none. */
static uint8_t *make(struct machine *m, size_t len)
{
    if (len > SRV_EXPR_SCRATCH_MAX - m->used) {
        m->why = "its values are longer than what is kept for them";
        return NULL;
    }
    uint8_t *made = m->scratch + m->used;
    m->used += len;
    return made;
}

static void push_u32(struct machine *m, uint32_t number)
{
    struct wire_writer w;
    uint8_t *made = make(m, 4);
    if (made != NULL) {
        wire_writer_init(&w, made, 4);
        wire_put_u32(&w, number);
    }
    push_bytes(m, made, made == NULL ? 0 : 4);
}

static void push_copy(struct machine *m, const char *text, size_t len)
{
    uint8_t *made = make(m, len);
    if (made != NULL)
        memcpy(made, text, len);
    push_bytes(m, made, made == NULL ? 0 : len);
}

/* ---- options ---- */

/* RFC 2132 2: a receiver "MUST be prepared to delete trailing nulls if they exist". */
static size_t len_of_text(const uint8_t *data, size_t len)
{
    while (len > 0 && data[len - 1] == 0)
        len--;
    return len;
}

static bool is_printable(const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (data[i] < ' ' || data[i] > '~')
            return false;
    return true;
}

static void push_formatted(struct machine *m, const struct opt_def *def, const struct opt_part *part)
{
    uint8_t *made = m->scratch + m->used;
    size_t room = SRV_EXPR_SCRATCH_MAX - m->used;
    if (room < 4) {
        make(m, room + 1);
        push_bytes(m, NULL, 0);
        return;
    }
    size_t len = dhcp_opt_format(def, part->data, part->len, (char *)made, room);
    push_bytes(m, made, len);
    m->used += len;
}

/* An option or sub-option of the definition; `part` NULL: it is absent. */
static void push_option(struct machine *m, const struct srv_expr_step *step, const struct opt_def *def,
                        const struct opt_part *part)
{
    bool is_text = def != NULL && def->type == OPT_TEXT, has_form = def != NULL && def->type != OPT_BYTES;
    if (step->form == EXPR_EXISTS)
        push_truth(m, part != NULL);
    else if (part == NULL)
        push_bytes(m, NULL, 0);
    else if (is_text)
        push_bytes(m, part->data, len_of_text(part->data, part->len));
    else if (step->form == EXPR_HEX || (!has_form && is_printable(part->data, part->len)))
        push_bytes(m, part->data, part->len);
    else
        push_formatted(m, def, part);
}

static void do_option(struct machine *m, const struct srv_expr_step *step)
{
    const struct dhcp_option *option = dhcp_msg_find(m->in->msg, (uint8_t)step->a);
    struct opt_part part = {0};
    if (option != NULL)
        part = (struct opt_part){.data = option->data, .len = option->len};
    push_option(m, step, dhcp_opt_find(OPT_SPACE_DHCP, (uint8_t)step->a), option == NULL ? NULL : &part);
}

/* RFC 2132 8.4: vendor-specific options may be encapsulated; there 0 is padding and 255 the end, as in the
 * message. */
static bool next_encapsulated(struct wire_reader *r, struct opt_part *out)
{
    while (wire_left(r) > 0 && r->bytes[r->at] == DHCP_OPT_PAD)
        wire_get_u8(r);
    if (wire_left(r) > 0 && r->bytes[r->at] == DHCP_OPT_END)
        return false;
    return dhcp_opt_walk_suboption(r, OPT_SUBOPTIONS, out);
}

static bool find_suboption(const uint8_t *data, size_t len, bool is_padded, uint8_t code,
                           struct opt_part *out)
{
    struct wire_reader r;
    wire_reader_init(&r, data, len);
    while (is_padded ? next_encapsulated(&r, out) : dhcp_opt_walk_suboption(&r, OPT_SUBOPTIONS, out))
        if (out->id == code)
            return true;
    return false;
}

static void do_suboption(struct machine *m, const struct srv_expr_step *step)
{
    uint8_t code = (uint8_t)step->a, sub = (uint8_t)step->b;
    const struct dhcp_option *option = dhcp_msg_find(m->in->msg, code);
    const struct opt_def *def = dhcp_opt_find(OPT_SPACE_DHCP, code), *sub_def = NULL;
    bool has_subs = def != NULL && def->type == OPT_SUBOPTIONS;
    bool is_vendor = code == DHCP_OPT_VENDOR_SPECIFIC;
    struct opt_part part;
    if (has_subs)
        sub_def = dhcp_opt_find(def->sub, sub);
    bool is_there = option != NULL && (has_subs || is_vendor) &&
                    find_suboption(option->data, option->len, is_vendor, sub, &part);
    push_option(m, step, sub_def, is_there ? &part : NULL);
}

/* The data of the option 124 or 125 that is of the enterprise, number `nth` (from 0) of them. RFC 3925 3: "An
 * Enterprise Number SHOULD only occur once among all instances of this option": of data that is repeated all
 * the same each is a chunk of its own. */
static bool find_enterprise(const struct machine *m, uint8_t code, uint32_t enterprise, int64_t nth,
                            struct opt_part *out)
{
    const struct dhcp_option *option = dhcp_msg_find(m->in->msg, code);
    struct wire_reader r;
    if (option == NULL)
        return false;
    wire_reader_init(&r, option->data, option->len);
    while (dhcp_opt_walk_enterprise(&r, out))
        if ((enterprise == EXPR_ANY_ENTERPRISE || out->id == enterprise) && nth-- == 0)
            return true;
    return false;
}

static void do_vendor(struct machine *m, const struct srv_expr_step *step)
{
    struct opt_part part;
    push_truth(m, find_enterprise(m, (uint8_t)step->a, (uint32_t)step->b, 0, &part));
}

static void do_vendor_option(struct machine *m, const struct srv_expr_step *step)
{
    struct opt_part vendor, part;
    bool is_there = find_enterprise(m, DHCP_OPT_VIVSO, (uint32_t)step->a, 0, &vendor) &&
                    find_suboption(vendor.data, vendor.len, false, (uint8_t)step->b, &part);
    const struct opt_def *def = NULL;
    if (is_there)
        def = dhcp_opt_find(dhcp_opt_walk_enterprise_space(vendor.id), (uint8_t)step->b);
    push_option(m, step, def, is_there ? &part : NULL);
}

static void do_vendor_class(struct machine *m, const struct srv_expr_step *step)
{
    struct opt_part part;
    if (find_enterprise(m, DHCP_OPT_VIVCO, (uint32_t)step->a, step->b, &part))
        push_bytes(m, part.data, part.len);
    else
        push_bytes(m, NULL, 0);
}

static void do_vendor_number(struct machine *m, const struct srv_expr_step *step)
{
    struct opt_part part;
    if (find_enterprise(m, (uint8_t)step->a, EXPR_ANY_ENTERPRISE, 0, &part))
        push_u32(m, part.id);
    else
        push_bytes(m, NULL, 0);
}

/* ---- fields ---- */

static void do_field(struct machine *m, enum srv_expr_field field)
{
    const struct dhcp_msg *msg = m->in->msg;
    switch (field) {
    case EXPR_IFACE:
        push_bytes(m, m->in->iface, strlen(m->in->iface));
        break;
    case EXPR_SRC:
        push_u32(m, m->in->packet->src);
        break;
    case EXPR_DST:
        push_u32(m, m->in->packet->dst);
        break;
    case EXPR_LEN:
        push_u32(m, (uint32_t)m->in->packet->len);
        break;
    case EXPR_MAC:
        push_bytes(m, msg->chaddr, msg->hlen <= DHCP_CHADDR_LEN ? msg->hlen : DHCP_CHADDR_LEN);
        break;
    case EXPR_HLEN:
        push_u32(m, msg->hlen);
        break;
    case EXPR_HTYPE:
        push_u32(m, msg->htype);
        break;
    case EXPR_CIADDR:
        push_u32(m, msg->ciaddr);
        break;
    case EXPR_GIADDR:
        push_u32(m, msg->giaddr);
        break;
    case EXPR_YIADDR:
        push_u32(m, msg->yiaddr);
        break;
    case EXPR_SIADDR:
        push_u32(m, msg->siaddr);
        break;
    case EXPR_MSGTYPE:
        push_u32(m, msg->type);
        break;
    case EXPR_TRANSID:
        push_u32(m, msg->xid);
        break;
    }
}

/* ---- functions ---- */

static void do_equal(struct machine *m)
{
    struct value b = pop(m), a = pop(m);
    push_truth(m, a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0));
}

/* A start from -len (the first octet) to len - 1; a negative length takes what stands before the start. */
static void do_substring(struct machine *m, int64_t start, int64_t len)
{
    struct value v = pop(m);
    int64_t size = (int64_t)v.len;
    if (start < 0)
        start += size;
    if (start < 0 || start >= size) {
        push_bytes(m, NULL, 0);
        return;
    }
    int64_t first = len < 0 ? start + len : start, end = len < 0 ? start : size;
    if (first < 0)
        first = 0;
    if (len >= 0 && len < end - first)
        end = first + len;
    push_bytes(m, v.data + first, (size_t)(end - first));
}

/* Each octet of the second value ends a field; two of them have an empty one between. */
static void do_split(struct machine *m, int64_t field)
{
    struct value delimiters = pop(m), v = pop(m);
    size_t first = 0;
    if (delimiters.len == 0) {
        push(m, v);
        return;
    }
    for (size_t i = 0; i <= v.len; i++) {
        if (i < v.len && memchr(delimiters.data, v.data[i], delimiters.len) == NULL)
            continue;
        if (--field == 0) {
            push_bytes(m, v.len == 0 ? NULL : v.data + first, i - first);
            return;
        }
        first = i + 1;
    }
    push_bytes(m, NULL, 0);
}

static void do_concat(struct machine *m)
{
    struct value b = pop(m), a = pop(m);
    uint8_t *made = make(m, a.len + b.len);
    if (made != NULL && a.len != 0)
        memcpy(made, a.data, a.len);
    if (made != NULL && b.len != 0)
        memcpy(made + a.len, b.data, b.len);
    push_bytes(m, made, made == NULL ? 0 : a.len + b.len);
}

static void do_hexstring(struct machine *m)
{
    static const char digits[] = "0123456789abcdef";
    struct value separator = pop(m), v = pop(m);
    size_t len = v.len == 0 ? 0 : 2 * v.len + separator.len * (v.len - 1), at = 0;
    uint8_t *made = make(m, len);
    push_bytes(m, made, made == NULL ? 0 : len);
    for (size_t i = 0; made != NULL && i < v.len; i++) {
        if (i != 0 && separator.len != 0)
            memcpy(made + at, separator.data, separator.len);
        at += i == 0 ? 0 : separator.len;
        made[at++] = (uint8_t)digits[v.data[i] >> 4];
        made[at++] = (uint8_t)digits[v.data[i] & 15];
    }
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

static uint8_t upper(uint8_t c)
{
    return c >= 'a' && c <= 'z' ? (uint8_t)(c + 'A' - 'a') : c;
}

static void do_case(struct machine *m, uint8_t (*change)(uint8_t))
{
    struct value v = pop(m);
    uint8_t *made = make(m, v.len);
    for (size_t i = 0; made != NULL && i < v.len; i++)
        made[i] = change(v.data[i]);
    push_bytes(m, made, made == NULL ? 0 : v.len);
}

static void do_addr_to_text(struct machine *m)
{
    struct value v = pop(m);
    char buf[64] = "";
    struct opt_text text;
    dhcp_opt_text_init(&text, buf, sizeof buf);
    if (v.len == 4)
        ip4_format(wire_u32(v.data), buf);
    else if (v.len == 16)
        dhcp_opt_text_ip6(&text, v.data, v.len);
    else if (v.len != 0)
        m->why = "addrtotext needs 4 or 16 octets";
    push_copy(m, buf, strlen(buf));
}

/* An absent value stays one. */
static void do_number_to_text(struct machine *m, size_t octets, bool is_signed)
{
    struct value v = pop(m);
    int64_t number = 0;
    char buf[24] = "";
    for (size_t i = 0; i < v.len && i < octets; i++)
        number = number << 8 | v.data[i];
    if (is_signed && v.len != 0 && (v.data[0] & 0x80) != 0)
        number -= INT64_C(1) << 8 * octets;
    if (v.len == octets)
        snprintf(buf, sizeof buf, "%" PRId64, number);
    else if (v.len != 0)
        m->why = octets == 1   ? "int8totext and uint8totext need 1 octet"
                 : octets == 2 ? "int16totext and uint16totext need 2 octets"
                               : "int32totext and uint32totext need 4 octets";
    push_copy(m, buf, strlen(buf));
}

/* ---- steps ---- */

/* Where the steps go on after a jump: at its end if it is taken, else at the next one. */
static size_t after_jump(struct machine *m, const struct srv_expr_step *step, size_t i)
{
    bool truth = step->op == EXPR_GOTO || m->values[m->height - 1].truth;
    bool is_taken = step->op == EXPR_AND || step->op == EXPR_UNLESS ? !truth : truth;
    /* What decided stays as the result; what did not is done with. */
    if (step->op == EXPR_UNLESS || (step->op != EXPR_GOTO && !is_taken))
        m->height--;
    return is_taken ? (size_t)step->a : i + 1;
}

static void do_step(struct machine *m, const struct srv_expr_step *step)
{
    switch (step->op) {
    case EXPR_DATA:
        push_bytes(m, step->data, (size_t)step->a);
        break;
    case EXPR_OPTION:
        do_option(m, step);
        break;
    case EXPR_SUBOPTION:
        do_suboption(m, step);
        break;
    case EXPR_VENDOR:
        do_vendor(m, step);
        break;
    case EXPR_VENDOR_OPTION:
        do_vendor_option(m, step);
        break;
    case EXPR_VENDOR_CLASS:
        do_vendor_class(m, step);
        break;
    case EXPR_VENDOR_NUMBER:
        do_vendor_number(m, step);
        break;
    case EXPR_FIELD:
        do_field(m, (enum srv_expr_field)step->a);
        break;
    case EXPR_MEMBER:
        push_truth(m, m->in->is_member(m->in->user, (unsigned)step->a));
        break;
    case EXPR_NOT:
        push_truth(m, !pop(m).truth);
        break;
    case EXPR_EQUAL:
        do_equal(m);
        break;
    case EXPR_SUBSTRING:
        do_substring(m, step->a, step->b);
        break;
    case EXPR_SPLIT:
        do_split(m, step->a);
        break;
    case EXPR_CONCAT:
        do_concat(m);
        break;
    case EXPR_HEXSTRING:
        do_hexstring(m);
        break;
    case EXPR_LCASE:
        do_case(m, lower);
        break;
    case EXPR_UCASE:
        do_case(m, upper);
        break;
    case EXPR_ADDR_TO_TEXT:
        do_addr_to_text(m);
        break;
    case EXPR_SIGNED_TO_TEXT:
        do_number_to_text(m, (size_t)step->a, true);
        break;
    case EXPR_UNSIGNED_TO_TEXT:
        do_number_to_text(m, (size_t)step->a, false);
        break;
    case EXPR_AND:
    case EXPR_OR:
    case EXPR_UNLESS:
    case EXPR_GOTO:
        assert(false && "jumps are not done here");
        break;
    }
}

static bool is_jump(enum srv_expr_op op)
{
    return op == EXPR_AND || op == EXPR_OR || op == EXPR_UNLESS || op == EXPR_GOTO;
}

/* Jumps lead forwards only: there are no more steps than the expression has. False if it failed. */
static bool run(struct machine *m, const struct srv_expr *expr)
{
    for (size_t i = 0; i < expr->n && m->why == NULL;) {
        const struct srv_expr_step *step = &expr->steps[i];
        if (is_jump(step->op))
            i = after_jump(m, step, i);
        else {
            do_step(m, step);
            i++;
        }
    }
    assert(m->why != NULL || m->height == 1);
    return m->why == NULL;
}

static bool is_option_of_record(int64_t code, bool has_relay_info)
{
    return code == DHCP_OPT_CLIENT_ID || (code == DHCP_OPT_RELAY_INFO && has_relay_info);
}

static bool is_field_of_record(int64_t field)
{
    return field == EXPR_MAC || field == EXPR_HLEN || field == EXPR_HTYPE;
}

bool srv_expr_is_of_record(const struct srv_expr *expr, bool has_relay_info,
                           bool (*is_sure)(const void *user, unsigned class_number), const void *user)
{
    bool is = true;
    for (size_t i = 0; i < expr->n && is; i++) {
        const struct srv_expr_step *step = &expr->steps[i];
        if (step->op == EXPR_OPTION || step->op == EXPR_SUBOPTION)
            is = is_option_of_record(step->a, has_relay_info);
        else if (step->op == EXPR_FIELD)
            is = is_field_of_record(step->a);
        else if (step->op == EXPR_MEMBER)
            is = is_sure(user, (unsigned)step->a);
        else
            is = step->op != EXPR_VENDOR && step->op != EXPR_VENDOR_OPTION && step->op != EXPR_VENDOR_CLASS &&
                 step->op != EXPR_VENDOR_NUMBER;
    }
    return is;
}

enum srv_expr_verdict srv_expr_test(const struct srv_expr *expr, const struct srv_expr_input *in,
                                    const char **out_why)
{
    uint8_t scratch[SRV_EXPR_SCRATCH_MAX];
    struct machine m = {.in = in, .scratch = scratch};
    assert(expr->type == SRV_EXPR_CONDITION);
    if (!run(&m, expr)) {
        *out_why = m.why;
        return SRV_EXPR_FAILED;
    }
    return m.values[0].truth ? SRV_EXPR_TRUE : SRV_EXPR_FALSE;
}

int srv_expr_value(const struct srv_expr *expr, const struct srv_expr_input *in, uint8_t *out, size_t cap,
                   const char **out_why)
{
    uint8_t scratch[SRV_EXPR_SCRATCH_MAX];
    struct machine m = {.in = in, .scratch = scratch};
    assert(expr->type == SRV_EXPR_VALUE);
    if (!run(&m, expr)) {
        *out_why = m.why;
        return ERR_INVALID;
    }
    if (m.values[0].len > cap) {
        *out_why = "its value is too long";
        return ERR_INVALID;
    }
    if (m.values[0].len != 0)
        memcpy(out, m.values[0].data, m.values[0].len);
    return (int)m.values[0].len;
}
