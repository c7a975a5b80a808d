/* Kea's expression language: rows of an expression and what it gives for one message, which main() makes, and
 * rows of texts that are no expressions, with the place and the sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/err.h"
#include "server/srv_expr.h"

#define ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))

enum { CLASS_KNOWN = 0, CLASS_GOLD = 1, CLASS_SILVER = 2 };

static struct dhcp_msg msg;
static const struct packet packet = {.src = 0x0a010203, .dst = 0xffffffff, .len = 300};
static bool is_known; /* the client is a member of gold, and of KNOWN if it is known */

static bool is_member(const void *user, unsigned number)
{
    (void)user;
    return number == CLASS_GOLD || (number == CLASS_KNOWN && is_known);
}

static const struct srv_expr_input input = {
    .msg = &msg, .packet = &packet, .iface = "eth0", .is_member = is_member};

static int find_class(void *user, const char *name)
{
    static const char *const names[] = {"KNOWN", "gold", "silver"};
    (void)user;
    for (int i = 0; i < (int)ROWS(names); i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return ERR_NOTFOUND;
}

static const struct srv_expr_names names = {.find_class = find_class};

/* A relayed DISCOVER of a phone:
 *   chaddr 02:00:5e:00:00:01, xid 0x01020304, giaddr 192.0.2.1, ciaddr 198.51.100.7
 *   12 host-name          "Phone-7"
 *   39                    "a'b"            (trailers: here for its octets only)
 *   43 vendor-specific    1: "x", PAD, 2: 05, END, 3: (behind the end)
 *   51 lease-time         3600
 *   53 message-type       DISCOVER
 *   60 vendor-class       "docsis3.0" NUL  (the NUL does not count)
 *   61 client-id          01 02 00 5e 00 00 01
 *   80 rapid-commit       (empty)
 *   82 relay-agent        1: "swt1:eth3", 2: aa bb, 5: 192.0.2.0
 *  124 vivco              4491: "docsis3.0", 3561: "dslf"
 *  125 vivso              3561: 1: "001122", 4491: 2: 07 */
static int make_message(void **state)
{
    static const uint8_t mac[6] = {2, 0, 0x5e, 0, 0, 1}, id[7] = {1, 2, 0, 0x5e, 0, 0, 1};
    static const char specific[] = "\x01\x01x\x00\x02\x01\x05\xff\x03\x01z",
                      relay[] = "\x01\x09swt1:eth3\x02\x02\xaa\xbb\x05\x04\xc0\x00\x02\x00",
                      vivco[] = "\x00\x00\x11\x8b\x09"
                                "docsis3.0"
                                "\x00\x00\x0d\xe9\x04"
                                "dslf",
                      vivso[] = "\x00\x00\x0d\xe9\x08\x01\x06"
                                "001122"
                                "\x00\x00\x11\x8b\x03\x02\x01\x07";
    (void)state;
    dhcp_msg_init(&msg, DHCP_BOOTREQUEST);
    msg.type = DHCP_DISCOVER;
    msg.htype = 1;
    msg.hlen = 6;
    msg.xid = 0x01020304;
    msg.ciaddr = 0xc6336407;
    msg.giaddr = 0xc0000201;
    memcpy(msg.chaddr, mac, sizeof mac);
    dhcp_put_u8(&msg, DHCP_OPT_TYPE, DHCP_DISCOVER);
    dhcp_put_text(&msg, DHCP_OPT_HOST_NAME, "Phone-7");
    dhcp_put_text(&msg, 39, "a'b");
    dhcp_put_bytes(&msg, DHCP_OPT_VENDOR_SPECIFIC, specific, sizeof specific - 1);
    dhcp_put_u32(&msg, DHCP_OPT_LEASE_TIME, 3600);
    dhcp_put_bytes(&msg, DHCP_OPT_VENDOR_CLASS, "docsis3.0", 10);
    dhcp_put_bytes(&msg, DHCP_OPT_CLIENT_ID, id, sizeof id);
    dhcp_put_bytes(&msg, DHCP_OPT_RAPID_COMMIT, NULL, 0);
    dhcp_put_bytes(&msg, DHCP_OPT_RELAY_INFO, relay, sizeof relay - 1);
    dhcp_put_bytes(&msg, DHCP_OPT_VIVCO, vivco, sizeof vivco - 1);
    dhcp_put_bytes(&msg, DHCP_OPT_VIVSO, vivso, sizeof vivso - 1);
    return 0;
}

static const struct srv_expr *compile(struct arena *arena, const char *text, enum srv_expr_type type)
{
    const struct srv_expr *expr = NULL;
    struct srv_expr_error error = {0};
    int err = srv_expr_compile(arena, text, type, &names, &expr, &error);
    if (err != 0)
        fail_msg("%s: column %u: %s", text, error.column, error.text);
    return expr;
}

static enum srv_expr_verdict verdict_of(const char *text)
{
    struct arena arena;
    const char *why = NULL;
    arena_init(&arena);
    enum srv_expr_verdict v = srv_expr_test(compile(&arena, text, SRV_EXPR_CONDITION), &input, &why);
    assert_int_equal(v == SRV_EXPR_FAILED, why != NULL);
    arena_fini(&arena);
    return v;
}

/* ---- values ---- */

struct value_row {
    const char *text;
    const char *value;
    size_t len; /* 0: of the string `value` */
};

static void check_values(const struct value_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct arena arena;
        uint8_t out[SRV_EXPR_SCRATCH_MAX];
        const char *why = "";
        size_t want = rows[i].len != 0 ? rows[i].len : strlen(rows[i].value);
        arena_init(&arena);
        int len =
            srv_expr_value(compile(&arena, rows[i].text, SRV_EXPR_VALUE), &input, out, sizeof out, &why);
        if (len != (int)want || memcmp(out, rows[i].value, want) != 0)
            fail_msg("%s: %d octets \"%.*s\" %s, not \"%s\"", rows[i].text, len, len < 0 ? 0 : len,
                     (char *)out, why, rows[i].value);
        arena_fini(&arena);
    }
}

static void literals(void **state)
{
    static const struct value_row rows[] = {
        {"'example'", "example", 0},
        {"''", "", 0},
        {" \t'a b'\n ", "a b", 0},
        {"0x5a7d", "Z}", 0},
        {"0X5A7", "\x05\xa7", 0},
        {"123", "\0\0\0{", 4},
        {"0", "\0\0\0\0", 4},
        {"4294967295", "\xff\xff\xff\xff", 4},
        {"10.0.0.1", "\x0a\0\0\x01", 4},
        {"2001:db8::1", "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16},
        {"('a')", "a", 0},
    };
    (void)state;
    check_values(rows, ROWS(rows));
}

static void options(void **state)
{
    static const struct value_row rows[] = {
        {"option[12].hex", "Phone-7", 0},
        {"option[host-name].text", "Phone-7", 0},
        {"option [ 12 ] . text", "Phone-7", 0},
        /* RFC 2132 2: trailing NULs do not count */
        {"option[60].hex", "docsis3.0", 0},
        {"option[vendor-class-identifier].text", "docsis3.0", 0},
        {"option[61].hex", "\x01\x02\x00\x5e\x00\x00\x01", 7},
        {"option[dhcp-lease-time].hex", "\x00\x00\x0e\x10", 4},
        {"option[51].text", "3600 s (1 h)", 0},
        {"option[61].text", "hardware 1 02:00:5e:00:00:01", 0},
        {"option[53].text", "DISCOVER", 0},
        {"option[80].hex", "", 0},
        {"option[15].hex", "", 0},
        {"option[15].text", "", 0},
        /* sub-options */
        {"option[82].option[1].hex", "swt1:eth3", 0},
        {"relay4[1].hex", "swt1:eth3", 0},
        {"relay4[2].hex", "\xaa\xbb", 0},
        {"relay4[5].text", "192.0.2.0", 0},
        {"option[dhcp-agent-options].option[link-selection].text", "192.0.2.0", 0},
        {"relay4[9].hex", "", 0},
        /* RFC 2132 8.4: in option 43 there are PAD and END */
        {"option[43].option[1].hex", "x", 0},
        {"option[43].option[2].hex", "\x05", 0},
        {"option[43].option[3].hex", "", 0},
        {"option[12].option[1].hex", "", 0},
        {"option[15].option[1].text", "", 0},
    };
    (void)state;
    check_values(rows, ROWS(rows));
}

/* RFC 3925: options 124 and 125. */
static void vendors(void **state)
{
    static const struct value_row rows[] = {
        {"vendor-class.enterprise", "\x00\x00\x11\x8b", 4},
        {"vendor-class[4491].data", "docsis3.0", 0},
        {"vendor-class[3561].data[0]", "dslf", 0},
        {"vendor-class[3561].data[1]", "", 0},
        {"vendor-class[*].data[1]", "dslf", 0},
        {"vendor-class[9].data", "", 0},
        {"vendor.enterprise", "\x00\x00\x0d\xe9", 4},
        {"vendor[3561].option[1].hex", "001122", 0},
        {"vendor[4491].option[2].hex", "\x07", 0},
        {"vendor[4491].option[1].hex", "", 0},
        {"vendor[*].option[1].hex", "001122", 0},
        {"vendor[0].option[1].text", "001122", 0},
    };
    (void)state;
    check_values(rows, ROWS(rows));
}

static void fields(void **state)
{
    static const struct value_row rows[] = {
        {"pkt.iface", "eth0", 0},
        {"pkt.src", "\x0a\x01\x02\x03", 4},
        {"pkt.dst", "\xff\xff\xff\xff", 4},
        {"pkt.len", "\x00\x00\x01\x2c", 4},
        {"pkt4.mac", "\x02\x00\x5e\x00\x00\x01", 6},
        {"pkt4.hlen", "\x00\x00\x00\x06", 4},
        {"pkt4.htype", "\x00\x00\x00\x01", 4},
        {"pkt4.ciaddr", "\xc6\x33\x64\x07", 4},
        {"pkt4.giaddr", "\xc0\x00\x02\x01", 4},
        {"pkt4.yiaddr", "\0\0\0\0", 4},
        {"pkt4.siaddr", "\0\0\0\0", 4},
        {"pkt4.msgtype", "\0\0\0\x01", 4},
        {"pkt4.transid", "\x01\x02\x03\x04", 4},
    };
    (void)state;
    check_values(rows, ROWS(rows));
}

/* The examples of Kea's manual, and the edges beside them. */
static void functions(void **state)
{
    static const struct value_row rows[] = {
        {"substring('foobar', 0, 6)", "foobar", 0},
        {"substring('foobar', 3, 3)", "bar", 0},
        {"substring('foobar', 3, all)", "bar", 0},
        {"substring('foobar', 1, 4)", "ooba", 0},
        {"substring('foobar', -5, 4)", "ooba", 0},
        {"substring('foobar', -1, -3)", "oba", 0},
        {"substring('foobar', 4, -2)", "ob", 0},
        {"substring('foobar', 10, 2)", "", 0},
        {"substring('foobar', 6, 1)", "", 0},
        {"substring('foobar', -6, 1)", "f", 0},
        {"substring('foobar', -7, 1)", "", 0},
        {"substring('foobar', 2, -9)", "fo", 0},
        {"substring('foobar', 5, 2147483647)", "r", 0},
        {"substring('foobar', 5, -2147483648)", "fooba", 0},
        {"substring('foobar', 0, 0)", "", 0},
        {"substring('', 0, all)", "", 0},
        {"split('one.two..four', '.', 1)", "one", 0},
        {"split('one.two..four', '.', 2)", "two", 0},
        {"split('one.two..four', '.', 3)", "", 0},
        {"split('one.two..four', '.', 4)", "four", 0},
        {"split('one.two..four', '.', 5)", "", 0},
        {"split('one.two', '.', 0)", "", 0},
        {"split('one.two', '.', -1)", "", 0},
        {"split('one:two.three', '.:', 2)", "two", 0},
        {"split('one.two', '', 7)", "one.two", 0},
        {"split('', '.', 1)", "", 0},
        {"split(option[39].hex, 0x27, 2)", "b", 0},
        {"concat('foo', 'bar')", "foobar", 0},
        {"'abc' + 'def' + 'ghi'", "abcdefghi", 0},
        {"'' + ''", "", 0},
        {"ifelse(option[230].exists, option[230].hex, 'none')", "none", 0},
        {"ifelse(option[12].exists, option[12].hex, 'none')", "Phone-7", 0},
        {"ifelse('a' == 'b' or 'a' == 'a', 'x', 'y') + 'z'", "xz", 0},
        {"hexstring('foo', '-')", "66-6f-6f", 0},
        {"hexstring(pkt4.mac, ':')", "02:00:5e:00:00:01", 0},
        {"hexstring(0xab, '')", "ab", 0},
        {"hexstring('', ':')", "", 0},
        {"lcase('LoWeR-1')", "lower-1", 0},
        {"ucase('uPpEr\xc3\xa4')", "UPPER\xc3\xa4", 0},
        {"addrtotext(192.10.0.1)", "192.10.0.1", 0},
        {"addrtotext(2003:db8::)", "2003:db8::", 0},
        {"addrtotext(pkt4.giaddr)", "192.0.2.1", 0},
        {"addrtotext('')", "", 0},
        {"int8totext(-1)", "-1", 0},
        {"int8totext(0x80)", "-128", 0},
        {"int16totext(-32768)", "-32768", 0},
        {"int32totext(-1)", "-1", 0},
        {"int32totext(0x7fffffff)", "2147483647", 0},
        {"uint8totext(255)", "255", 0},
        {"uint16totext(65535)", "65535", 0},
        {"uint32totext(4294967295)", "4294967295", 0},
        {"uint32totext(pkt.len)", "300", 0},
        {"uint8totext(option[53].hex)", "1", 0},
        {"uint8totext(option[15].hex)", "", 0},
    };
    (void)state;
    check_values(rows, ROWS(rows));
}

/* ---- conditions ---- */

static void conditions(void **state)
{
    static const struct {
        const char *text;
        bool truth;
    } rows[] = {
        {"option[60].hex == 'docsis3.0'", true},
        {"option[60].hex == 'docsis'", false},
        {"substring(option[60].hex,0,6) == 'docsis'", true},
        {"'' == option[15].hex", true},
        {"option[80].exists", true},
        {"option[15].exists", false},
        {"option[82].option[1].exists", true},
        {"option[82].option[9].exists", false},
        {"relay4[1].exists", true},
        {"relay4[9].exists", false},
        {"vendor[*].exists", true},
        {"vendor[4491].exists", true},
        {"vendor[9].exists", false},
        {"vendor[4491].option[2].exists", true},
        {"vendor[4491].option[1].exists", false},
        {"vendor-class[3561].exists", true},
        {"vendor-class[9].exists", false},
        {"pkt4.giaddr == 192.0.2.1", true},
        {"pkt4.mac == 0x02005e000001", true},
        {"pkt4.msgtype == 1", true},
        {"member('gold')", true},
        {"member('silver')", false},
        {"not member('silver')", true},
        {"not not member('gold')", true},
        {"known", false},
        {"unknown", true},
        /* `not` before `and` before `or`; from left to right */
        {"not 'a' == 'b'", true},
        {"not 'a' == 'b' and 'a' == 'b'", false},
        {"'a' == 'a' or 'a' == 'b' and 'a' == 'b'", true},
        {"('a' == 'a' or 'a' == 'b') and 'a' == 'b'", false},
        {"'a' == 'b' and 'a' == 'b' or 'a' == 'a'", true},
        {"not ('a' == 'a' and 'a' == 'b')", true},
        {"'a' + 'b' == 'ab'", true},
        {"('a' + 'b') == ('ab')", true},
        {"((option[12].exists))", true},
    };
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++)
        if (verdict_of(rows[i].text) != (rows[i].truth ? SRV_EXPR_TRUE : SRV_EXPR_FALSE))
            fail_msg("%s is not %d", rows[i].text, rows[i].truth);
    is_known = true;
    assert_int_equal(verdict_of("known and not unknown"), SRV_EXPR_TRUE);
    is_known = false;
}

/* What cannot be converted fails, where it is looked at: `and`, `or` and `ifelse` look no further than what
 * decides. */
static void failing(void **state)
{
    static const struct {
        const char *text;
        enum srv_expr_verdict verdict;
    } rows[] = {
        {"int8totext('ab') == '1'", SRV_EXPR_FAILED},
        {"uint16totext(pkt4.mac) == '1'", SRV_EXPR_FAILED},
        {"int32totext(0x01) == '1'", SRV_EXPR_FAILED},
        {"addrtotext('abc') == '1'", SRV_EXPR_FAILED},
        {"'a' == 'b' and int8totext('ab') == '1'", SRV_EXPR_FALSE},
        {"'a' == 'a' or int8totext('ab') == '1'", SRV_EXPR_TRUE},
        {"'a' == 'a' and int8totext('ab') == '1'", SRV_EXPR_FAILED},
        {"ifelse('a' == 'a', 'x', int8totext('ab')) == 'x'", SRV_EXPR_TRUE},
        {"ifelse('a' == 'b', 'x', int8totext('ab')) == 'x'", SRV_EXPR_FAILED},
    };
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++)
        if (verdict_of(rows[i].text) != rows[i].verdict)
            fail_msg("%s does not give %d", rows[i].text, (int)rows[i].verdict);
}

/* ---- limits ---- */

/* One evaluation makes at most SRV_EXPR_SCRATCH_MAX octets; the caller's buffer bounds the value. */
static void octets_are_bounded(void **state)
{
    char text[8000] = "''";
    struct arena arena;
    uint8_t out[16];
    const char *why = NULL;
    (void)state;
    for (int i = 0; i < 100; i++) /* each `+` makes the whole anew: 100 * 101 / 2 times 2 octets */
        strcat(text, " + 0x0102");
    arena_init(&arena);
    const struct srv_expr *expr = compile(&arena, text, SRV_EXPR_VALUE);
    assert_int_equal(srv_expr_value(expr, &input, out, sizeof out, &why), ERR_INVALID);
    assert_non_null(strstr(why, "longer"));
    expr = compile(&arena, "'0123456789abcdef'", SRV_EXPR_VALUE);
    assert_int_equal(srv_expr_value(expr, &input, out, 16, &why), 16);
    assert_int_equal(srv_expr_value(expr, &input, out, 15, &why), ERR_INVALID);
    assert_string_equal(why, "its value is too long");
    arena_fini(&arena);
}

static int compile_text(const char *text, enum srv_expr_type type, struct srv_expr_error *out_error)
{
    struct arena arena;
    const struct srv_expr *expr = NULL;
    arena_init(&arena);
    int err = srv_expr_compile(&arena, text, type, &names, &expr, out_error);
    assert_int_equal(err == 0, expr != NULL);
    arena_fini(&arena);
    return err;
}

static char *repeat(const char *head, const char *middle, size_t n, const char *tail)
{
    char *text = calloc(1, strlen(head) + n * strlen(middle) + strlen(tail) + 1), *at = text;
    assert_non_null(text);
    at = stpcpy(at, head);
    for (size_t i = 0; i < n; i++)
        at = stpcpy(at, middle);
    stpcpy(at, tail);
    return text;
}

/* SRV_EXPR_NEST_MAX deep is fine, one more is not. The name in the middle is one level itself. */
static void nesting_is_bounded(void **state)
{
    struct srv_expr_error error = {0};
    (void)state;
    for (size_t extra = 0; extra <= 1; extra++) {
        char *text = repeat("", "not ", SRV_EXPR_NEST_MAX - 1 + extra, "known");
        assert_int_equal(compile_text(text, SRV_EXPR_CONDITION, &error), extra == 0 ? 0 : ERR_INVALID);
        free(text);
        text = repeat("", "lcase(", SRV_EXPR_NEST_MAX - 1 + extra, "'a'");
        char *whole = repeat(text, ")", SRV_EXPR_NEST_MAX - 1 + extra, "");
        assert_int_equal(compile_text(whole, SRV_EXPR_VALUE, &error), extra == 0 ? 0 : ERR_INVALID);
        free(whole);
        free(text);
    }
    assert_string_equal(error.text, "more than 32 parentheses, functions and \"not\" inside each other");
}

/* A chain is not nested: a class may list thousands of clients, up to SRV_EXPR_STEPS_MAX words and signs. */
static void length_is_bounded(void **state)
{
    struct srv_expr_error error = {0};
    (void)state;
    char *text = repeat("known", " or pkt4.mac == 0x020000000001", 5000, "");
    assert_int_equal(verdict_of(text), SRV_EXPR_FALSE);
    free(text);
    text = repeat("known", " or known", SRV_EXPR_STEPS_MAX / 2, "");
    assert_int_equal(compile_text(text, SRV_EXPR_CONDITION, &error), ERR_INVALID);
    assert_string_equal(error.text, "the expression has 65537 words and signs, more than 65536");
    free(text);
}

/* ---- mistakes ---- */

static void mistakes(void **state)
{
    static const char any[] = "a value or a condition, such as option[60].hex == 'text'";
    static const struct {
        const char *text;
        unsigned column;
        const char *error; /* begins so; "*": "expected" and `any` */
    } rows[] = {
        {"", 1, "*"},
        {"   ", 4, "*"},
        {"option[60].hex", 15, "expected \"==\" after a value, found the end of the expression"},
        {"option[60].hex ==", 18, "*"},
        {"option[60].hex = 'a'", 16, "expected \"==\" after a value, found \"=\""},
        {"option[60].hex == 'a' 'b'", 23, "expected \"and\", \"or\" or the end, found \"b\""},
        {"option[60].hex == 'a", 19, "*"},
        {"'a' or 'b' == 'c'", 5, "expected \"==\" after a value, found \"or\""},
        {"'a' == 'b' == 'c'", 12, "expected \"and\", \"or\" or the end, found \"==\""},
        {"known == 'a'", 1, "expected a value before \"==\", found a condition"},
        {"'a' == known", 8, "expected a value, found a condition"},
        {"'a' + known == 'b'", 7, "expected a value after \"+\", found a condition"},
        {"known + 'a' == 'b'", 1, "expected a value before \"+\", found a condition"},
        {"not 'a'", 8, "expected \"==\" after a value, found the end of the expression"},
        {"(known", 7, "expected \")\", found the end of the expression"},
        {"known)", 6, "expected \"and\", \"or\" or the end, found \")\""},
        {"option.hex == 'a'", 7, "expected \"[\", found \".\""},
        {"option[256].exists", 8, "expected a number from 0 to 255, found \"256\""},
        {"option[-1].exists", 8, "expected a number from 0 to 255, found \"-1\""},
        {"option[no-such].exists", 8, "expected the code or the name of an option, found \"no-such\""},
        {"option[12].option[name].hex == 'a'", 19, "expected a number from 0 to 255, found \"name\""},
        {"option[12].bin == 'a'", 12, "expected \"hex\", \"text\" or \"exists\", found \"bin\""},
        {"option[12]", 11, "expected \".\", found the end of the expression"},
        {"relay4[300].exists", 8, "expected a number from 0 to 255, found \"300\""},
        {"pkt4.foo == 'a'", 6, "expected mac, hlen, htype, ciaddr,"},
        {"pkt.foo == 'a'", 5, "expected iface, src, dst or len, found \"foo\""},
        {"vendor.foo == 'a'", 8, "expected \"enterprise\", found \"foo\""},
        {"vendor[1].foo", 11, "expected \"option\" or \"exists\", found \"foo\""},
        {"vendor-class[1].foo", 17, "expected \"data\" or \"exists\", found \"foo\""},
        {"vendor[4294967296].exists", 8, "expected a number from 0 to 4294967295"},
        {"member('copper')", 8, "the class \"copper\" is not defined before this one"},
        {"member(gold)", 8, "expected the name of a class in single quotes, found \"gold\""},
        {"substring('a', x, 1) == 'a'", 16, "expected a number from -2147483648 to 2147483647"},
        {"substring('a', 0, 99999999999) == 'a'", 19, "expected a number from -2147483648"},
        {"substring('a', 0) == 'a'", 17, "expected \",\", found \")\""},
        {"concat('a') == 'a'", 11, "expected \",\", found \")\""},
        {"ifelse('a', 'b', 'c') == 'd'", 11, "expected \"==\" after a value, found \",\""},
        {"ifelse(known, known, 'c') == 'd'", 15, "expected a value, found a condition"},
        {"int8totext(200) == '1'", 12, "expected a number from -128 to 127, found \"200\""},
        {"uint8totext(-1) == '1'", 13, "expected a number from 0 to 255, found \"-1\""},
        {"-1 == pkt.len", 1, "expected a number from 0 to 4294967295, found \"-1\""},
        {"pkt.src == 10.0.0", 12, "expected an IPv4 address, found \"10.0.0\""},
        {"pkt.src == 10.0.0.256", 12, "expected an IPv4 address, found \"10.0.0.256\""},
        {"pkt.src == 2001:::1", 12, "expected an IPv6 address, found \"2001:::1\""},
        {"match('a', 'b')", 1, "regular expressions are not supported: their time has no bound"},
        {"pkt6.msgtype == 1", 1, "pkt6 is of DHCPv6"},
        {"relay6[0].peeraddr == 1", 1, "relay6 is of DHCPv6"},
        {"Option[12].exists", 1, "*"},
        {"$", 1, "*"},
    };
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct srv_expr_error error = {0};
        const char *want = rows[i].error[0] == '*' ? any : rows[i].error;
        const char *found = rows[i].error[0] == '*' ? error.text + strlen("expected ") : error.text;
        assert_int_equal(compile_text(rows[i].text, SRV_EXPR_CONDITION, &error), ERR_INVALID);
        if (error.column != rows[i].column || strncmp(found, want, strlen(want)) != 0)
            fail_msg("%s: column %u: %s", rows[i].text, error.column, error.text);
    }
    struct srv_expr_error error = {0};
    assert_int_equal(compile_text("known", SRV_EXPR_VALUE, &error), ERR_INVALID);
    assert_string_equal(error.text, "expected a value, found a condition");
    assert_int_equal(compile_text("'a' 'b'", SRV_EXPR_VALUE, &error), ERR_INVALID);
    assert_string_equal(error.text, "expected \"+\" or the end, found \"b\"");
}

static int measure_class(void *user, const char *name)
{
    *(size_t *)user = strlen(name);
    return 1;
}

static void the_longest_name_is_looked_up_as_a_whole(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    size_t len = 0;
    const struct srv_expr_names measuring = {
        .find_class = measure_class, .find_option = measure_class, .user = &len};
    const struct srv_expr *expr;
    struct srv_expr_error error;
    char *text = repeat("member('", "g", SRV_EXPR_NAME_MAX, "')");
    assert_int_equal(srv_expr_compile(&arena, text, SRV_EXPR_CONDITION, &measuring, &expr, &error), 0);
    assert_int_equal(len, SRV_EXPR_NAME_MAX);
    free(text);
    len = 0;
    text = repeat("option[", "g", SRV_EXPR_NAME_MAX, "].exists");
    assert_int_equal(srv_expr_compile(&arena, text, SRV_EXPR_CONDITION, &measuring, &expr, &error), 0);
    assert_int_equal(len, SRV_EXPR_NAME_MAX);
    free(text);
    arena_fini(&arena);
}

/* Names of classes and options have at most SRV_EXPR_NAME_MAX octets: a longer one is not cut to one that is
 * there. */
static void long_names_name_nothing(void **state)
{
    struct srv_expr_error error = {0};
    (void)state;
    char *text = repeat("member('", "g", SRV_EXPR_NAME_MAX + 1, "')");
    assert_int_equal(compile_text(text, SRV_EXPR_CONDITION, &error), ERR_INVALID);
    free(text);
    text = repeat("option[", "g", SRV_EXPR_NAME_MAX + 1, "].exists");
    assert_int_equal(compile_text(text, SRV_EXPR_CONDITION, &error), ERR_INVALID);
    free(text);
}

/* Every beginning of an expression is one, or a mistake inside it. */
static void every_prefix(void **state)
{
    static const char whole[] =
        "not (member('gold') and option[82].option[1].hex == 0x0a) or ifelse(vendor[*].exists, "
        "vendor-class[1].data[2], substring(pkt4.mac, -3, all) + 'x') == split('a', '.', 1) or "
        "addrtotext(10.0.0.1) == int8totext(-1) or 2001:db8::1 == relay4[1].text";
    char text[sizeof whole];
    (void)state;
    for (size_t len = 0; len < sizeof whole; len++) {
        struct srv_expr_error error = {0};
        memcpy(text, whole, len);
        text[len] = '\0';
        int err = compile_text(text, SRV_EXPR_CONDITION, &error);
        if (err != 0) {
            assert_int_equal(err, ERR_INVALID);
            assert_in_range(error.column, 1, len + 1);
            assert_true(strlen(error.text) > 0);
        }
        assert_true(err == 0 || len < sizeof whole - 1);
    }
}

/* Each option cut short is absent, or shorter: never more than it was. */
static void every_cut_option(void **state)
{
    static const struct {
        uint8_t code;
        const char *text;
    } rows[] = {
        {DHCP_OPT_RELAY_INFO, "relay4[1].hex + relay4[2].hex + relay4[5].text"},
        {DHCP_OPT_VENDOR_SPECIFIC, "option[43].option[1].hex + option[43].option[3].text"},
        {DHCP_OPT_VIVCO, "vendor-class[*].data[1] + vendor-class[4491].data + vendor-class.enterprise"},
        {DHCP_OPT_VIVSO, "vendor[4491].option[2].hex + vendor[*].option[1].text + vendor.enterprise"},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct arena arena;
        arena_init(&arena);
        const struct srv_expr *expr = compile(&arena, rows[i].text, SRV_EXPR_VALUE);
        struct dhcp_option *option = &msg.options[msg.index[rows[i].code] - 1];
        uint8_t *bytes = malloc(option->len); /* of its very size, so that sanitizers see an octet too many */
        assert_non_null(bytes);
        for (size_t len = option->len; len-- > 0;) {
            uint8_t out[256];
            const char *why = NULL;
            memcpy(bytes + option->len - len, option->data, len);
            struct dhcp_option whole = *option;
            option->data = bytes + option->len - len;
            option->len = (uint16_t)len;
            assert_true(srv_expr_value(expr, &input, out, sizeof out, &why) >= 0);
            *option = whole;
        }
        free(bytes);
        arena_fini(&arena);
    }
    make_message(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals),
        cmocka_unit_test(options),
        cmocka_unit_test(vendors),
        cmocka_unit_test(fields),
        cmocka_unit_test(functions),
        cmocka_unit_test(conditions),
        cmocka_unit_test(failing),
        cmocka_unit_test(octets_are_bounded),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(length_is_bounded),
        cmocka_unit_test(mistakes),
        cmocka_unit_test(the_longest_name_is_looked_up_as_a_whole),
        cmocka_unit_test(long_names_name_nothing),
        cmocka_unit_test(every_prefix),
        cmocka_unit_test(every_cut_option),
    };
    return cmocka_run_group_tests_name("srv_expr", tests, make_message, NULL);
}
