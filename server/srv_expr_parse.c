/* The grammar, one function for each of its rules. A rule appends its steps and returns the type of what they
 * put on the stack. After the first error every token is the end, so that all rules return at once. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/dhcp_opt.h"
#include "common/dhcp_opt_walk.h"
#include "common/err.h"
#include "common/wire.h"
#include "server/srv_expr_code.h"
#include "server/srv_expr_lex.h"

enum { STEPS_OF_TOKEN = 2 }; /* at most */

struct parser {
    struct arena *arena;
    const char *text, *at;
    struct srv_expr_token token; /* the next one */
    const struct srv_expr_names *names;
    struct srv_expr_step *steps;
    size_t n;
    unsigned depth;  /* of nesting */
    unsigned height; /* values on the stack */
    bool failed, out_of_memory;
    struct srv_expr_error *error;
};

/* ---- tokens and errors ---- */

static void fail_at(struct parser *p, unsigned column, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void fail_at(struct parser *p, unsigned column, const char *format, ...)
{
    va_list args;
    if (!p->failed) {
        va_start(args, format);
        vsnprintf(p->error->text, sizeof p->error->text, format, args);
        va_end(args);
        p->error->column = column;
    }
    p->failed = true;
    p->token.kind = TOKEN_END;
}

static void expected(struct parser *p, const char *what)
{
    const struct srv_expr_token *t = &p->token;
    static const char ending[] = "a string without its closing quote";
    if (t->kind == TOKEN_END)
        fail_at(p, t->column, "expected %s, found the end of the expression", what);
    else if (t->kind == TOKEN_BAD && *t->start == '\'')
        fail_at(p, t->column, "expected %s, found %s", what, ending);
    else
        fail_at(p, t->column, "expected %s, found \"%.*s\"", what, t->len > 40 ? 40 : (int)t->len, t->start);
}

static void next(struct parser *p)
{
    if (!p->failed)
        p->token = srv_expr_lex(p->text, &p->at);
}

static bool token_is(const struct srv_expr_token *t, enum srv_expr_token_kind kind, const char *text)
{
    return t->kind == kind && t->len == strlen(text) && memcmp(t->start, text, t->len) == 0;
}

/* Takes the sign if it is there. */
static bool take_sign(struct parser *p, const char *sign)
{
    bool is_there = token_is(&p->token, TOKEN_SIGN, sign);
    if (is_there)
        next(p);
    return is_there;
}

static bool take_word(struct parser *p, const char *word)
{
    bool is_there = token_is(&p->token, TOKEN_WORD, word);
    if (is_there)
        next(p);
    return is_there;
}

static void need_sign(struct parser *p, const char *sign)
{
    char what[8];
    if (!take_sign(p, sign)) {
        snprintf(what, sizeof what, "\"%s\"", sign);
        expected(p, what);
    }
}

/* ---- steps ---- */

/* Values that each step takes from the stack. */
static const uint8_t taken[] = {
#define X(name, taken) [name] = (taken),
    SRV_EXPR_OP_MAP(X)
#undef X
};

/* There is room: a word or a sign makes at most two steps. */
static struct srv_expr_step *add(struct parser *p, enum srv_expr_op op)
{
    struct srv_expr_step *step = &p->steps[p->n++];
    bool puts_none = op == EXPR_AND || op == EXPR_OR || op == EXPR_UNLESS || op == EXPR_GOTO;
    *step = (struct srv_expr_step){.op = op};
    p->height += (puts_none ? 0U : 1U) - taken[op];
    if (p->height > SRV_EXPR_VALUES_MAX)
        fail_at(p, p->token.column, "the expression holds more than %u values at a time",
                SRV_EXPR_VALUES_MAX);
    return step;
}

static void add_data(struct parser *p, const void *data, size_t len)
{
    struct srv_expr_step *step = add(p, EXPR_DATA);
    uint8_t *copy = arena_alloc(p->arena, len + 1);
    if (copy == NULL) {
        p->out_of_memory = true;
        return;
    }
    step->data = memcpy(copy, data, len);
    step->a = (int64_t)len;
}

/* ---- numbers and names ---- */

/* The integer at hand, which must be `low` to `high`. */
static int64_t need_integer(struct parser *p, int64_t low, int64_t high)
{
    char what[64], digits[24];
    snprintf(what, sizeof what, "a number from %lld to %lld", (long long)low, (long long)high);
    if (p->token.kind != TOKEN_INTEGER || p->token.len >= sizeof digits) {
        expected(p, what);
        return low;
    }
    snprintf(digits, sizeof digits, "%.*s", (int)p->token.len, p->token.start);
    errno = 0;
    int64_t value = strtoll(digits, NULL, 10);
    if (errno != 0 || value < low || value > high) {
        expected(p, what);
        return low;
    }
    next(p);
    return value;
}

/* The token's text as a string; "", which names nothing, if it is longer than any name. */
static void copy_name(const struct srv_expr_token *t, char *out)
{
    size_t len = t->len <= SRV_EXPR_NAME_MAX ? t->len : 0;
    memcpy(out, t->start, len);
    out[len] = '\0';
}

static uint8_t need_named_code(struct parser *p, enum opt_space space)
{
    char name[SRV_EXPR_NAME_MAX + 1];
    copy_name(&p->token, name);
    const struct opt_def *def = dhcp_opt_find_name(space, name);
    int code = def != NULL ? def->code : ERR_NOTFOUND;
    if (space == OPT_SPACE_DHCP && p->names->find_option != NULL && def == NULL)
        code = p->names->find_option(p->names->user, name);
    if (code < 0)
        expected(p, "the code or the name of an option");
    next(p);
    return (uint8_t)(code < 0 ? 0 : code);
}

/* The code in brackets: a number, or the name of an option of the space; NULL: it has no names. */
static uint8_t need_code(struct parser *p, const enum opt_space *space)
{
    need_sign(p, "[");
    uint8_t code = p->token.kind == TOKEN_WORD && space != NULL ? need_named_code(p, *space)
                                                                : (uint8_t)need_integer(p, 0, 255);
    need_sign(p, "]");
    return code;
}

/* [4491], or [*] for any; 0 stands for any, too. */
static uint32_t need_enterprise(struct parser *p)
{
    uint32_t number = EXPR_ANY_ENTERPRISE;
    need_sign(p, "[");
    if (!take_sign(p, "*"))
        number = (uint32_t)need_integer(p, 0, UINT32_MAX);
    need_sign(p, "]");
    return number;
}

static int find_class(struct parser *p, const struct srv_expr_token *t)
{
    char name[SRV_EXPR_NAME_MAX + 1];
    copy_name(t, name);
    int number = p->names->find_class(p->names->user, name);
    if (number < 0)
        fail_at(p, t->column, "the class \"%.*s\" is not defined before this one",
                t->len > 40 ? 40 : (int)t->len, t->start);
    return number < 0 ? 0 : number;
}

/* ---- values and conditions ---- */

static enum srv_expr_type parse_condition(struct parser *p);
static enum srv_expr_type parse_value(struct parser *p);

static void need_condition(struct parser *p)
{
    if (parse_condition(p) != SRV_EXPR_CONDITION)
        expected(p, "\"==\" after a value");
}

static void need_value(struct parser *p)
{
    unsigned column = p->token.column;
    if (parse_value(p) != SRV_EXPR_VALUE)
        fail_at(p, column, "expected a value, found a condition");
}

/* .hex, .text or .exists behind an option. */
static enum srv_expr_type need_form(struct parser *p, struct srv_expr_step *step)
{
    need_sign(p, ".");
    if (take_word(p, "hex"))
        step->form = EXPR_HEX;
    else if (take_word(p, "text"))
        step->form = EXPR_TEXT;
    else if (take_word(p, "exists"))
        step->form = EXPR_EXISTS;
    else
        expected(p, "\"hex\", \"text\" or \"exists\"");
    return step->form == EXPR_EXISTS ? SRV_EXPR_CONDITION : SRV_EXPR_VALUE;
}

/* Where the names of an option's sub-options are; NULL if it has none. */
static const enum opt_space *find_sub_space(uint8_t code)
{
    const struct opt_def *def = dhcp_opt_find(OPT_SPACE_DHCP, code);
    return def != NULL && def->type == OPT_SUBOPTIONS ? &def->sub : NULL;
}

static enum srv_expr_type parse_option(struct parser *p)
{
    static const enum opt_space space = OPT_SPACE_DHCP;
    struct srv_expr_step *step = add(p, EXPR_OPTION);
    step->a = need_code(p, &space);
    struct srv_expr_token dot = p->token;
    const char *at = p->at;
    if (take_sign(p, ".") && take_word(p, "option")) {
        step->op = EXPR_SUBOPTION;
        step->b = need_code(p, find_sub_space((uint8_t)step->a));
    } else if (!p->failed) {
        p->token = dot;
        p->at = at;
    }
    return need_form(p, step);
}

static enum srv_expr_type parse_relay(struct parser *p)
{
    struct srv_expr_step *step = add(p, EXPR_SUBOPTION);
    step->a = DHCP_OPT_RELAY_INFO;
    step->b = need_code(p, find_sub_space(DHCP_OPT_RELAY_INFO));
    return need_form(p, step);
}

/* What follows `vendor` and `vendor-class` alike: true if it was this. */
static bool take_enterprise_number(struct parser *p, uint8_t code)
{
    if (!take_sign(p, "."))
        return false;
    if (!take_word(p, "enterprise"))
        expected(p, "\"enterprise\"");
    add(p, EXPR_VENDOR_NUMBER)->a = code;
    return true;
}

static enum srv_expr_type add_vendor_exists(struct parser *p, uint8_t code, uint32_t enterprise)
{
    struct srv_expr_step *step = add(p, EXPR_VENDOR);
    step->a = code;
    step->b = enterprise;
    return SRV_EXPR_CONDITION;
}

static enum srv_expr_type parse_vendor(struct parser *p)
{
    if (take_enterprise_number(p, DHCP_OPT_VIVSO))
        return SRV_EXPR_VALUE;
    uint32_t enterprise = need_enterprise(p);
    need_sign(p, ".");
    if (take_word(p, "exists"))
        return add_vendor_exists(p, DHCP_OPT_VIVSO, enterprise);
    if (!take_word(p, "option")) {
        expected(p, "\"option\" or \"exists\"");
        return SRV_EXPR_VALUE;
    }
    enum opt_space space = dhcp_opt_walk_enterprise_space(enterprise);
    struct srv_expr_step *step = add(p, EXPR_VENDOR_OPTION);
    step->a = enterprise;
    step->b = need_code(p, &space);
    return need_form(p, step);
}

static enum srv_expr_type parse_vendor_class(struct parser *p)
{
    if (take_enterprise_number(p, DHCP_OPT_VIVCO))
        return SRV_EXPR_VALUE;
    uint32_t enterprise = need_enterprise(p);
    need_sign(p, ".");
    if (take_word(p, "exists"))
        return add_vendor_exists(p, DHCP_OPT_VIVCO, enterprise);
    if (!take_word(p, "data"))
        expected(p, "\"data\" or \"exists\"");
    struct srv_expr_step *step = add(p, EXPR_VENDOR_CLASS);
    step->a = enterprise;
    if (take_sign(p, "[")) {
        step->b = need_integer(p, 0, 255);
        need_sign(p, "]");
    }
    return SRV_EXPR_VALUE;
}

static enum srv_expr_type parse_member(struct parser *p)
{
    need_sign(p, "(");
    if (p->token.kind != TOKEN_STRING)
        expected(p, "the name of a class in single quotes");
    else
        add(p, EXPR_MEMBER)->a = find_class(p, &p->token);
    next(p);
    need_sign(p, ")");
    return SRV_EXPR_CONDITION;
}

/* The word itself has been taken; its column does for an error. */
static enum srv_expr_type add_known(struct parser *p)
{
    static const char name[] = "KNOWN";
    struct srv_expr_token t = {.start = name, .len = sizeof name - 1, .column = p->token.column};
    add(p, EXPR_MEMBER)->a = find_class(p, &t);
    return SRV_EXPR_CONDITION;
}

static enum srv_expr_type add_unknown(struct parser *p)
{
    add_known(p);
    add(p, EXPR_NOT);
    return SRV_EXPR_CONDITION;
}

/* ---- fields ---- */

struct field_row {
    const char *name;
    enum srv_expr_field field;
};

static enum srv_expr_type need_field(struct parser *p, const struct field_row *rows, const char *names)
{
    need_sign(p, ".");
    for (const struct field_row *row = rows; row->name != NULL; row++) {
        if (take_word(p, row->name)) {
            add(p, EXPR_FIELD)->a = row->field;
            return SRV_EXPR_VALUE;
        }
    }
    expected(p, names);
    return SRV_EXPR_VALUE;
}

static enum srv_expr_type parse_pkt(struct parser *p)
{
    static const struct field_row rows[] = {
        {"iface", EXPR_IFACE}, {"src", EXPR_SRC}, {"dst", EXPR_DST}, {"len", EXPR_LEN}, {NULL, EXPR_LEN}};
    return need_field(p, rows, "iface, src, dst or len");
}

static enum srv_expr_type parse_pkt4(struct parser *p)
{
    static const struct field_row rows[] = {{"mac", EXPR_MAC},         {"hlen", EXPR_HLEN},
                                            {"htype", EXPR_HTYPE},     {"ciaddr", EXPR_CIADDR},
                                            {"giaddr", EXPR_GIADDR},   {"yiaddr", EXPR_YIADDR},
                                            {"siaddr", EXPR_SIADDR},   {"msgtype", EXPR_MSGTYPE},
                                            {"transid", EXPR_TRANSID}, {NULL, EXPR_MAC}};
    return need_field(p, rows, "mac, hlen, htype, ciaddr, giaddr, yiaddr, siaddr, msgtype or transid");
}

/* ---- functions ---- */

static enum srv_expr_type parse_substring(struct parser *p)
{
    need_sign(p, "(");
    need_value(p);
    need_sign(p, ",");
    int64_t start = need_integer(p, INT32_MIN, INT32_MAX), len = EXPR_LENGTH_ALL;
    need_sign(p, ",");
    if (!take_word(p, "all"))
        len = need_integer(p, INT32_MIN, INT32_MAX);
    need_sign(p, ")");
    struct srv_expr_step *step = add(p, EXPR_SUBSTRING);
    step->a = start;
    step->b = len;
    return SRV_EXPR_VALUE;
}

static enum srv_expr_type parse_split(struct parser *p)
{
    need_sign(p, "(");
    need_value(p);
    need_sign(p, ",");
    need_value(p);
    need_sign(p, ",");
    int64_t field = need_integer(p, INT32_MIN, INT32_MAX);
    need_sign(p, ")");
    add(p, EXPR_SPLIT)->a = field;
    return SRV_EXPR_VALUE;
}

static enum srv_expr_type parse_of_two(struct parser *p, enum srv_expr_op op)
{
    need_sign(p, "(");
    need_value(p);
    need_sign(p, ",");
    need_value(p);
    need_sign(p, ")");
    add(p, op);
    return SRV_EXPR_VALUE;
}

static enum srv_expr_type parse_concat(struct parser *p)
{
    return parse_of_two(p, EXPR_CONCAT);
}

static enum srv_expr_type parse_hexstring(struct parser *p)
{
    return parse_of_two(p, EXPR_HEXSTRING);
}

static enum srv_expr_type parse_ifelse(struct parser *p)
{
    need_sign(p, "(");
    need_condition(p);
    need_sign(p, ",");
    struct srv_expr_step *unless = add(p, EXPR_UNLESS);
    need_value(p);
    need_sign(p, ",");
    struct srv_expr_step *after = add(p, EXPR_GOTO);
    p->height--; /* what comes now is instead of the value before, not above it */
    unless->a = (int64_t)p->n;
    need_value(p);
    after->a = (int64_t)p->n;
    need_sign(p, ")");
    return SRV_EXPR_VALUE;
}

static enum srv_expr_type parse_of_one(struct parser *p, enum srv_expr_op op)
{
    need_sign(p, "(");
    need_value(p);
    need_sign(p, ")");
    add(p, op);
    return SRV_EXPR_VALUE;
}

static enum srv_expr_type parse_lcase(struct parser *p)
{
    return parse_of_one(p, EXPR_LCASE);
}

static enum srv_expr_type parse_ucase(struct parser *p)
{
    return parse_of_one(p, EXPR_UCASE);
}

static enum srv_expr_type parse_addr_to_text(struct parser *p)
{
    return parse_of_one(p, EXPR_ADDR_TO_TEXT);
}

/* A number written as argument is meant to have the width of the function, int8totext(-1), though elsewhere
 * numbers have four octets. */
static enum srv_expr_type parse_number_to_text(struct parser *p, unsigned octets, bool is_signed)
{
    int64_t most = (INT64_C(1) << 8 * octets) - 1;
    need_sign(p, "(");
    if (p->token.kind == TOKEN_INTEGER) {
        int64_t value = is_signed ? need_integer(p, -(most / 2) - 1, most / 2) : need_integer(p, 0, most);
        uint8_t bytes[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                            (uint8_t)value};
        add_data(p, bytes + 4 - octets, octets);
    } else
        need_value(p);
    need_sign(p, ")");
    add(p, is_signed ? EXPR_SIGNED_TO_TEXT : EXPR_UNSIGNED_TO_TEXT)->a = octets;
    return SRV_EXPR_VALUE;
}

static enum srv_expr_type parse_int8(struct parser *p)
{
    return parse_number_to_text(p, 1, true);
}

static enum srv_expr_type parse_int16(struct parser *p)
{
    return parse_number_to_text(p, 2, true);
}

static enum srv_expr_type parse_int32(struct parser *p)
{
    return parse_number_to_text(p, 4, true);
}

static enum srv_expr_type parse_uint8(struct parser *p)
{
    return parse_number_to_text(p, 1, false);
}

static enum srv_expr_type parse_uint16(struct parser *p)
{
    return parse_number_to_text(p, 2, false);
}

static enum srv_expr_type parse_uint32(struct parser *p)
{
    return parse_number_to_text(p, 4, false);
}

/* ---- words ---- */

static const struct {
    const char *word;
    enum srv_expr_type (*parse)(struct parser *p);
    const char *refused; /* why we do not have it */
} words[] = {
    {"addrtotext", parse_addr_to_text, NULL},
    {"concat", parse_concat, NULL},
    {"hexstring", parse_hexstring, NULL},
    {"ifelse", parse_ifelse, NULL},
    {"int16totext", parse_int16, NULL},
    {"int32totext", parse_int32, NULL},
    {"int8totext", parse_int8, NULL},
    {"known", add_known, NULL},
    {"lcase", parse_lcase, NULL},
    {"match", NULL, "regular expressions are not supported: their time has no bound"},
    {"member", parse_member, NULL},
    {"option", parse_option, NULL},
    {"pkt", parse_pkt, NULL},
    {"pkt4", parse_pkt4, NULL},
    {"pkt6", NULL, "pkt6 is of DHCPv6"},
    {"relay4", parse_relay, NULL},
    {"relay6", NULL, "relay6 is of DHCPv6"},
    {"split", parse_split, NULL},
    {"substring", parse_substring, NULL},
    {"ucase", parse_ucase, NULL},
    {"uint16totext", parse_uint16, NULL},
    {"uint32totext", parse_uint32, NULL},
    {"uint8totext", parse_uint8, NULL},
    {"unknown", add_unknown, NULL},
    {"vendor", parse_vendor, NULL},
    {"vendor-class", parse_vendor_class, NULL},
};

static const char expected_any[] = "a value or a condition, such as option[60].hex == 'text'";

static enum srv_expr_type parse_word(struct parser *p)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (!token_is(&p->token, TOKEN_WORD, words[i].word))
            continue;
        if (words[i].parse == NULL) {
            fail_at(p, p->token.column, "%s", words[i].refused);
            return SRV_EXPR_VALUE;
        }
        next(p);
        return words[i].parse(p);
    }
    expected(p, expected_any);
    return SRV_EXPR_VALUE;
}

/* ---- literals ---- */

static uint8_t hex_digit(char c)
{
    return (uint8_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

/* An odd number of digits has a 0 in front. */
static void parse_hex(struct parser *p)
{
    const struct srv_expr_token *t = &p->token;
    size_t len = (t->len + 1) / 2, odd = t->len % 2;
    uint8_t *bytes = arena_alloc(p->arena, len);
    if (bytes == NULL) {
        p->out_of_memory = true;
        return;
    }
    for (size_t i = 0; i < t->len; i++)
        bytes[(i + odd) / 2] = (uint8_t)(bytes[(i + odd) / 2] << 4 | hex_digit(t->start[i]));
    struct srv_expr_step *step = add(p, EXPR_DATA);
    step->data = bytes;
    step->a = (int64_t)len;
    next(p);
}

static void parse_integer(struct parser *p)
{
    uint32_t value = (uint32_t)need_integer(p, 0, UINT32_MAX);
    uint8_t bytes[4];
    struct wire_writer w;
    wire_writer_init(&w, bytes, sizeof bytes);
    wire_put_u32(&w, value);
    add_data(p, bytes, sizeof bytes);
}

static void parse_address(struct parser *p, enum opt_type type, const char *what)
{
    const struct opt_def def = {.type = type};
    char text[64];
    uint8_t bytes[16];
    const char *why;
    int len = -1;
    if (p->token.len < sizeof text) {
        snprintf(text, sizeof text, "%.*s", (int)p->token.len, p->token.start);
        len = dhcp_opt_parse(&def, text, bytes, sizeof bytes, &why);
    }
    if (len < 0)
        expected(p, what);
    else
        add_data(p, bytes, (size_t)len);
    next(p);
}

/* ---- the levels of the grammar, innermost first ---- */

static bool enter(struct parser *p)
{
    if (++p->depth <= SRV_EXPR_NEST_MAX)
        return true;
    fail_at(p, p->token.column, "more than %d parentheses, functions and \"not\" inside each other",
            SRV_EXPR_NEST_MAX);
    return false;
}

static enum srv_expr_type parse_term(struct parser *p)
{
    enum srv_expr_type type = SRV_EXPR_VALUE;
    if (!enter(p))
        return type;
    switch (p->token.kind) {
    case TOKEN_WORD:
        type = parse_word(p);
        break;
    case TOKEN_STRING:
        add_data(p, p->token.start, p->token.len);
        next(p);
        break;
    case TOKEN_HEX:
        parse_hex(p);
        break;
    case TOKEN_INTEGER:
        parse_integer(p);
        break;
    case TOKEN_IP4:
        parse_address(p, OPT_IP4, "an IPv4 address");
        break;
    case TOKEN_IP6:
        parse_address(p, OPT_IP6, "an IPv6 address");
        break;
    case TOKEN_SIGN:
    case TOKEN_END:
    case TOKEN_BAD:
        if (take_sign(p, "(")) {
            type = parse_condition(p);
            need_sign(p, ")");
        } else
            expected(p, expected_any);
    }
    p->depth--;
    return type;
}

static enum srv_expr_type parse_value(struct parser *p)
{
    unsigned column = p->token.column;
    enum srv_expr_type type = parse_term(p);
    while (take_sign(p, "+")) {
        if (type != SRV_EXPR_VALUE)
            fail_at(p, column, "expected a value before \"+\", found a condition");
        column = p->token.column;
        if (parse_term(p) != SRV_EXPR_VALUE)
            fail_at(p, column, "expected a value after \"+\", found a condition");
        add(p, EXPR_CONCAT);
    }
    return type;
}

static enum srv_expr_type parse_comparison(struct parser *p)
{
    unsigned column = p->token.column;
    enum srv_expr_type type = parse_value(p);
    if (!take_sign(p, "=="))
        return type;
    if (type != SRV_EXPR_VALUE)
        fail_at(p, column, "expected a value before \"==\", found a condition");
    need_value(p);
    add(p, EXPR_EQUAL);
    return SRV_EXPR_CONDITION;
}

static enum srv_expr_type parse_not(struct parser *p)
{
    if (!take_word(p, "not"))
        return parse_comparison(p);
    if (!enter(p))
        return SRV_EXPR_CONDITION;
    if (parse_not(p) != SRV_EXPR_CONDITION)
        expected(p, "\"==\" after a value");
    add(p, EXPR_NOT);
    p->depth--;
    return SRV_EXPR_CONDITION;
}

/* `level` by `level`, joined by `word`; the left side decides or is taken away (`op`). */
static enum srv_expr_type parse_joined(struct parser *p, const char *word, enum srv_expr_op op,
                                       enum srv_expr_type (*level)(struct parser *))
{
    enum srv_expr_type type = level(p);
    while (token_is(&p->token, TOKEN_WORD, word)) {
        if (type != SRV_EXPR_CONDITION)
            expected(p, "\"==\" after a value");
        struct srv_expr_step *step = add(p, op);
        next(p);
        if (level(p) != SRV_EXPR_CONDITION)
            expected(p, "\"==\" after a value");
        step->a = (int64_t)p->n;
    }
    return type;
}

static enum srv_expr_type parse_and(struct parser *p)
{
    return parse_joined(p, "and", EXPR_AND, parse_not);
}

static enum srv_expr_type parse_condition(struct parser *p)
{
    return parse_joined(p, "or", EXPR_OR, parse_and);
}

/* ---- the whole ---- */

static void parse_all(struct parser *p, enum srv_expr_type type)
{
    next(p);
    if (type == SRV_EXPR_CONDITION)
        need_condition(p);
    else
        need_value(p);
    if (!p->failed && p->token.kind != TOKEN_END)
        expected(p, type == SRV_EXPR_CONDITION ? "\"and\", \"or\" or the end" : "\"+\" or the end");
}

static size_t count_tokens(const char *text)
{
    const char *at = text;
    size_t n = 0;
    while (srv_expr_lex(text, &at).kind != TOKEN_END)
        n++;
    return n;
}

static int keep(struct parser *p, enum srv_expr_type type, const struct srv_expr **out)
{
    struct srv_expr *expr = arena_alloc(p->arena, sizeof *expr);
    struct srv_expr_step *steps = arena_alloc(p->arena, p->n * sizeof *steps);
    if (expr == NULL || steps == NULL)
        return ERR_NOMEM;
    memcpy(steps, p->steps, p->n * sizeof *steps);
    *expr = (struct srv_expr){.steps = steps, .n = p->n, .type = type};
    *out = expr;
    return 0;
}

int srv_expr_compile(struct arena *arena, const char *text, enum srv_expr_type type,
                     const struct srv_expr_names *names, const struct srv_expr **out,
                     struct srv_expr_error *out_error)
{
    struct parser p = {.arena = arena, .text = text, .at = text, .names = names, .error = out_error};
    size_t n = count_tokens(text);
    if (n > SRV_EXPR_STEPS_MAX) {
        fail_at(&p, 1, "the expression has %zu words and signs, more than %d", n, SRV_EXPR_STEPS_MAX);
        return ERR_INVALID;
    }
    p.steps = calloc(STEPS_OF_TOKEN * n + 1, sizeof *p.steps);
    if (p.steps == NULL)
        return ERR_NOMEM;
    parse_all(&p, type);
    int err = p.out_of_memory ? ERR_NOMEM : p.failed ? ERR_INVALID : keep(&p, type, out);
    free(p.steps);
    return err;
}
