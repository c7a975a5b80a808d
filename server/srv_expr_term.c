#include "server/srv_expr_term.h"

#include <stdio.h>
#include <string.h>

#include "common/dhcp_opt.h"
#include "common/dhcp_opt_walk.h"
#include "common/err.h"
#include "common/hex.h"
#include "common/wire.h"
#include "server/srv_expr_parse.h"

/* The token's text as a string; "", which names nothing, if it is longer than any name. */
static void copy_name(const struct srv_expr_token *t, char *out)
{
    size_t len = t->len <= SRV_EXPR_NAME_MAX ? t->len : 0;
    memcpy(out, t->start, len);
    out[len] = '\0';
}

static uint8_t need_named_code(struct srv_expr_build *p, enum opt_space space)
{
    char name[SRV_EXPR_NAME_MAX + 1];
    copy_name(&p->token, name);
    const struct opt_def *def = dhcp_opt_find_name(space, name);
    int code = def != NULL ? def->code : ERR_NOTFOUND;
    if (space == OPT_SPACE_DHCP && p->names->find_option != NULL && def == NULL)
        code = p->names->find_option(p->names->user, name);
    if (code < 0)
        srv_expr_build_expected(p, "the code or the name of an option");
    srv_expr_build_next(p);
    return (uint8_t)(code < 0 ? 0 : code);
}

/* The code in brackets: a number, or the name of an option of the space; NULL: it has no names. */
static uint8_t need_code(struct srv_expr_build *p, const enum opt_space *space)
{
    srv_expr_build_need_sign(p, "[");
    uint8_t code = p->token.kind == TOKEN_WORD && space != NULL ? need_named_code(p, *space)
                                                                : (uint8_t)srv_expr_build_integer(p, 0, 255);
    srv_expr_build_need_sign(p, "]");
    return code;
}

/* [4491], or [*] for any; 0 stands for any, too. */
static uint32_t need_enterprise(struct srv_expr_build *p)
{
    uint32_t number = EXPR_ANY_ENTERPRISE;
    srv_expr_build_need_sign(p, "[");
    if (!srv_expr_build_take_sign(p, "*"))
        number = (uint32_t)srv_expr_build_integer(p, 0, UINT32_MAX);
    srv_expr_build_need_sign(p, "]");
    return number;
}

static int find_class(struct srv_expr_build *p, const struct srv_expr_token *t)
{
    char name[SRV_EXPR_NAME_MAX + 1];
    copy_name(t, name);
    int number = p->names->find_class(p->names->user, name);
    if (number < 0)
        srv_expr_build_fail(p, t->column, "the class \"%.*s\" is not defined before this one",
                            t->len > 40 ? 40 : (int)t->len, t->start);
    return number < 0 ? 0 : number;
}

/* .hex, .text or .exists behind an option. */
static enum srv_expr_type need_form(struct srv_expr_build *p, struct srv_expr_step *step)
{
    srv_expr_build_need_sign(p, ".");
    if (srv_expr_build_take_word(p, "hex"))
        step->form = EXPR_HEX;
    else if (srv_expr_build_take_word(p, "text"))
        step->form = EXPR_TEXT;
    else if (srv_expr_build_take_word(p, "exists"))
        step->form = EXPR_EXISTS;
    else
        srv_expr_build_expected(p, "\"hex\", \"text\" or \"exists\"");
    return step->form == EXPR_EXISTS ? SRV_EXPR_CONDITION : SRV_EXPR_VALUE;
}

/* Where the names of an option's sub-options are; NULL if it has none. */
static const enum opt_space *find_sub_space(uint8_t code)
{
    const struct opt_def *def = dhcp_opt_find(OPT_SPACE_DHCP, code);
    return def != NULL && def->type == OPT_SUBOPTIONS ? &def->sub : NULL;
}

static enum srv_expr_type parse_option(struct srv_expr_build *p)
{
    static const enum opt_space space = OPT_SPACE_DHCP;
    struct srv_expr_step *step = srv_expr_build_add(p, EXPR_OPTION);
    step->a = need_code(p, &space);
    struct srv_expr_token dot = p->token;
    const char *at = p->at;
    if (srv_expr_build_take_sign(p, ".") && srv_expr_build_take_word(p, "option")) {
        step->op = EXPR_SUBOPTION;
        step->b = need_code(p, find_sub_space((uint8_t)step->a));
    } else if (!p->failed) {
        p->token = dot;
        p->at = at;
    }
    return need_form(p, step);
}

static enum srv_expr_type parse_relay(struct srv_expr_build *p)
{
    struct srv_expr_step *step = srv_expr_build_add(p, EXPR_SUBOPTION);
    step->a = DHCP_OPT_RELAY_INFO;
    step->b = need_code(p, find_sub_space(DHCP_OPT_RELAY_INFO));
    return need_form(p, step);
}

/* What follows `vendor` and `vendor-class` alike: true if it was this. */
static bool take_enterprise_number(struct srv_expr_build *p, uint8_t code)
{
    if (!srv_expr_build_take_sign(p, "."))
        return false;
    if (!srv_expr_build_take_word(p, "enterprise"))
        srv_expr_build_expected(p, "\"enterprise\"");
    srv_expr_build_add(p, EXPR_VENDOR_NUMBER)->a = code;
    return true;
}

static enum srv_expr_type add_vendor_exists(struct srv_expr_build *p, uint8_t code, uint32_t enterprise)
{
    struct srv_expr_step *step = srv_expr_build_add(p, EXPR_VENDOR);
    step->a = code;
    step->b = enterprise;
    return SRV_EXPR_CONDITION;
}

static enum srv_expr_type parse_vendor(struct srv_expr_build *p)
{
    if (take_enterprise_number(p, DHCP_OPT_VIVSO))
        return SRV_EXPR_VALUE;
    uint32_t enterprise = need_enterprise(p);
    srv_expr_build_need_sign(p, ".");
    if (srv_expr_build_take_word(p, "exists"))
        return add_vendor_exists(p, DHCP_OPT_VIVSO, enterprise);
    if (!srv_expr_build_take_word(p, "option")) {
        srv_expr_build_expected(p, "\"option\" or \"exists\"");
        return SRV_EXPR_VALUE;
    }
    enum opt_space space = dhcp_opt_walk_enterprise_space(enterprise);
    struct srv_expr_step *step = srv_expr_build_add(p, EXPR_VENDOR_OPTION);
    step->a = enterprise;
    step->b = need_code(p, &space);
    return need_form(p, step);
}

static enum srv_expr_type parse_vendor_class(struct srv_expr_build *p)
{
    if (take_enterprise_number(p, DHCP_OPT_VIVCO))
        return SRV_EXPR_VALUE;
    uint32_t enterprise = need_enterprise(p);
    srv_expr_build_need_sign(p, ".");
    if (srv_expr_build_take_word(p, "exists"))
        return add_vendor_exists(p, DHCP_OPT_VIVCO, enterprise);
    if (!srv_expr_build_take_word(p, "data"))
        srv_expr_build_expected(p, "\"data\" or \"exists\"");
    struct srv_expr_step *step = srv_expr_build_add(p, EXPR_VENDOR_CLASS);
    step->a = enterprise;
    if (srv_expr_build_take_sign(p, "[")) {
        step->b = srv_expr_build_integer(p, 0, 255);
        srv_expr_build_need_sign(p, "]");
    }
    return SRV_EXPR_VALUE;
}

static enum srv_expr_type parse_member(struct srv_expr_build *p)
{
    srv_expr_build_need_sign(p, "(");
    if (p->token.kind != TOKEN_STRING)
        srv_expr_build_expected(p, "the name of a class in single quotes");
    else
        srv_expr_build_add(p, EXPR_MEMBER)->a = find_class(p, &p->token);
    srv_expr_build_next(p);
    srv_expr_build_need_sign(p, ")");
    return SRV_EXPR_CONDITION;
}

/* The word itself has been taken; its column does for an error. */
static enum srv_expr_type add_known(struct srv_expr_build *p)
{
    static const char name[] = "KNOWN";
    struct srv_expr_token t = {.start = name, .len = sizeof name - 1, .column = p->token.column};
    srv_expr_build_add(p, EXPR_MEMBER)->a = find_class(p, &t);
    return SRV_EXPR_CONDITION;
}

static enum srv_expr_type add_unknown(struct srv_expr_build *p)
{
    add_known(p);
    srv_expr_build_add(p, EXPR_NOT);
    return SRV_EXPR_CONDITION;
}

/* ---- fields ---- */

struct field_row {
    const char *name;
    enum srv_expr_field field;
};

static enum srv_expr_type need_field(struct srv_expr_build *p, const struct field_row *rows,
                                     const char *names)
{
    srv_expr_build_need_sign(p, ".");
    for (const struct field_row *row = rows; row->name != NULL; row++) {
        if (srv_expr_build_take_word(p, row->name)) {
            srv_expr_build_add(p, EXPR_FIELD)->a = row->field;
            return SRV_EXPR_VALUE;
        }
    }
    srv_expr_build_expected(p, names);
    return SRV_EXPR_VALUE;
}

static enum srv_expr_type parse_pkt(struct srv_expr_build *p)
{
    static const struct field_row rows[] = {
        {"iface", EXPR_IFACE}, {"src", EXPR_SRC}, {"dst", EXPR_DST}, {"len", EXPR_LEN}, {NULL, EXPR_LEN}};
    return need_field(p, rows, "iface, src, dst or len");
}

static enum srv_expr_type parse_pkt4(struct srv_expr_build *p)
{
    static const struct field_row rows[] = {{"mac", EXPR_MAC},         {"hlen", EXPR_HLEN},
                                            {"htype", EXPR_HTYPE},     {"ciaddr", EXPR_CIADDR},
                                            {"giaddr", EXPR_GIADDR},   {"yiaddr", EXPR_YIADDR},
                                            {"siaddr", EXPR_SIADDR},   {"msgtype", EXPR_MSGTYPE},
                                            {"transid", EXPR_TRANSID}, {NULL, EXPR_MAC}};
    return need_field(p, rows, "mac, hlen, htype, ciaddr, giaddr, yiaddr, siaddr, msgtype or transid");
}

/* ---- functions ---- */

static enum srv_expr_type parse_substring(struct srv_expr_build *p)
{
    srv_expr_build_need_sign(p, "(");
    srv_expr_parse_value(p);
    srv_expr_build_need_sign(p, ",");
    int64_t start = srv_expr_build_integer(p, INT32_MIN, INT32_MAX), len = EXPR_LENGTH_ALL;
    srv_expr_build_need_sign(p, ",");
    if (!srv_expr_build_take_word(p, "all"))
        len = srv_expr_build_integer(p, INT32_MIN, INT32_MAX);
    srv_expr_build_need_sign(p, ")");
    struct srv_expr_step *step = srv_expr_build_add(p, EXPR_SUBSTRING);
    step->a = start;
    step->b = len;
    return SRV_EXPR_VALUE;
}

static enum srv_expr_type parse_split(struct srv_expr_build *p)
{
    srv_expr_build_need_sign(p, "(");
    srv_expr_parse_value(p);
    srv_expr_build_need_sign(p, ",");
    srv_expr_parse_value(p);
    srv_expr_build_need_sign(p, ",");
    int64_t field = srv_expr_build_integer(p, INT32_MIN, INT32_MAX);
    srv_expr_build_need_sign(p, ")");
    srv_expr_build_add(p, EXPR_SPLIT)->a = field;
    return SRV_EXPR_VALUE;
}

static enum srv_expr_type parse_ifelse(struct srv_expr_build *p)
{
    srv_expr_build_need_sign(p, "(");
    srv_expr_parse_condition(p);
    srv_expr_build_need_sign(p, ",");
    struct srv_expr_step *unless = srv_expr_build_add(p, EXPR_UNLESS);
    srv_expr_parse_value(p);
    srv_expr_build_need_sign(p, ",");
    struct srv_expr_step *after = srv_expr_build_add(p, EXPR_GOTO);
    p->height--; /* what comes now is instead of the value before, not above it */
    unless->a = (int64_t)p->n;
    srv_expr_parse_value(p);
    after->a = (int64_t)p->n;
    srv_expr_build_need_sign(p, ")");
    return SRV_EXPR_VALUE;
}

/* A number written as argument is meant to have the width of the function, int8totext(-1), though elsewhere
 * numbers have four octets. */
static void parse_number_to_text(struct srv_expr_build *p, unsigned octets, bool is_signed)
{
    int64_t most = (INT64_C(1) << 8 * octets) - 1;
    srv_expr_build_need_sign(p, "(");
    if (p->token.kind == TOKEN_INTEGER) {
        int64_t value = is_signed ? srv_expr_build_integer(p, -(most / 2) - 1, most / 2)
                                  : srv_expr_build_integer(p, 0, most);
        uint8_t bytes[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                            (uint8_t)value};
        srv_expr_build_data(p, bytes + 4 - octets, octets);
    } else
        srv_expr_parse_value(p);
    srv_expr_build_need_sign(p, ")");
    srv_expr_build_add(p, is_signed ? EXPR_SIGNED_TO_TEXT : EXPR_UNSIGNED_TO_TEXT)->a = octets;
}

/* Functions of one or two values. */
static const struct {
    const char *word;
    enum srv_expr_op op;
    unsigned n_values;
} functions[] = {
    {"addrtotext", EXPR_ADDR_TO_TEXT, 1},
    {"concat", EXPR_CONCAT, 2},
    {"hexstring", EXPR_HEXSTRING, 2},
    {"lcase", EXPR_LCASE, 1},
    {"ucase", EXPR_UCASE, 1},
};

static bool take_function(struct srv_expr_build *p)
{
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        if (!srv_expr_build_take_word(p, functions[i].word))
            continue;
        srv_expr_build_need_sign(p, "(");
        srv_expr_parse_value(p);
        if (functions[i].n_values == 2) {
            srv_expr_build_need_sign(p, ",");
            srv_expr_parse_value(p);
        }
        srv_expr_build_need_sign(p, ")");
        srv_expr_build_add(p, functions[i].op);
        return true;
    }
    return false;
}

static const struct {
    const char *word;
    unsigned octets;
    bool is_signed;
} number_functions[] = {
    {"int8totext", 1, true},   {"int16totext", 2, true},   {"int32totext", 4, true},
    {"uint8totext", 1, false}, {"uint16totext", 2, false}, {"uint32totext", 4, false},
};

static bool take_number_function(struct srv_expr_build *p)
{
    for (size_t i = 0; i < sizeof number_functions / sizeof number_functions[0]; i++) {
        if (!srv_expr_build_take_word(p, number_functions[i].word))
            continue;
        parse_number_to_text(p, number_functions[i].octets, number_functions[i].is_signed);
        return true;
    }
    return false;
}

/* ---- words ---- */

static const struct {
    const char *word;
    enum srv_expr_type (*parse)(struct srv_expr_build *p);
} words[] = {
    {"ifelse", parse_ifelse},
    {"known", add_known},
    {"member", parse_member},
    {"option", parse_option},
    {"pkt", parse_pkt},
    {"pkt4", parse_pkt4},
    {"relay4", parse_relay},
    {"split", parse_split},
    {"substring", parse_substring},
    {"unknown", add_unknown},
    {"vendor-class", parse_vendor_class},
    {"vendor", parse_vendor},
};

/* Words that Kea has and we do not, and why. */
static const struct {
    const char *word, *why;
} refused[] = {
    {"match", "regular expressions are not supported: their time has no bound"},
    {"pkt6", "pkt6 is of DHCPv6"},
    {"relay6", "relay6 is of DHCPv6"},
};

static const char expected_any[] = "a value or a condition, such as option[60].hex == 'text'";

static enum srv_expr_type parse_word(struct srv_expr_build *p)
{
    if (take_function(p) || take_number_function(p))
        return SRV_EXPR_VALUE;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (srv_expr_build_take_word(p, words[i].word))
            return words[i].parse(p);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        if (srv_expr_build_is(&p->token, TOKEN_WORD, refused[i].word))
            srv_expr_build_fail(p, p->token.column, "%s", refused[i].why);
    srv_expr_build_expected(p, expected_any);
    return SRV_EXPR_VALUE;
}

/* ---- literals ---- */

/* An odd number of digits has a 0 in front. */
static void parse_hex(struct srv_expr_build *p)
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
    struct srv_expr_step *step = srv_expr_build_add(p, EXPR_DATA);
    step->data = bytes;
    step->a = (int64_t)len;
    srv_expr_build_next(p);
}

static void parse_integer(struct srv_expr_build *p)
{
    uint32_t value = (uint32_t)srv_expr_build_integer(p, 0, UINT32_MAX);
    uint8_t bytes[4];
    struct wire_writer w;
    wire_writer_init(&w, bytes, sizeof bytes);
    wire_put_u32(&w, value);
    srv_expr_build_data(p, bytes, sizeof bytes);
}

static void parse_address(struct srv_expr_build *p, enum opt_type type, const char *what)
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
        srv_expr_build_expected(p, what);
    else
        srv_expr_build_data(p, bytes, (size_t)len);
    srv_expr_build_next(p);
}

enum srv_expr_type srv_expr_term(struct srv_expr_build *p)
{
    enum srv_expr_type type = SRV_EXPR_VALUE;
    if (!srv_expr_build_enter(p))
        return type;
    switch (p->token.kind) {
    case TOKEN_WORD:
        type = parse_word(p);
        break;
    case TOKEN_STRING:
        srv_expr_build_data(p, p->token.start, p->token.len);
        srv_expr_build_next(p);
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
        if (srv_expr_build_take_sign(p, "(")) {
            type = srv_expr_parse_any(p);
            srv_expr_build_need_sign(p, ")");
        } else
            srv_expr_build_expected(p, expected_any);
    }
    p->depth--;
    return type;
}
