/* Configuration files: what is accepted, and the exact text of every complaint. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/err.h"
#include "common/jcfg.h"
#include "common/rng.h"

/* All warnings of one file, one a line. */
struct warnings {
    char text[4096];
};

static void collect(void *user, const char *text)
{
    struct warnings *w = user;
    size_t used = strlen(w->text);
    assert_true(used + strlen(text) + 2 < sizeof w->text);
    strcat(strcat(w->text, text), "\n");
}

static int parse(struct jcfg *c, struct warnings *w, const char *text)
{
    w->text[0] = '\0';
    return jcfg_parse(c, "x.json", text, strlen(text), collect, w);
}

static void expect_refused(const char *text, size_t len, const char *error)
{
    struct jcfg c;
    char *exact = malloc(len + 1); /* so that a sanitizer sees any read past the end */
    assert_non_null(exact);
    memcpy(exact, text, len);
    char *cut = realloc(exact, len > 0 ? len : 1);
    assert_non_null(cut);
    assert_int_equal(jcfg_parse(&c, "x.json", cut, len, NULL, NULL), ERR_CONFIG);
    assert_true(jcfg_failed(&c));
    assert_string_equal(c.error, error);
    jcfg_fini(&c);
    free(cut);
}

static void test_syntax_errors(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *error;
    } rows[] = {
        {"", "x.json:1:1: at $: expected a value, found the end of the file"},
        {"  # nothing\n", "x.json:2:1: at $: expected a value, found the end of the file"},
        {"{} {}", "x.json:1:4: at $: expected the end of the file, found '{'"},
        {"{\n  \"a\" 1\n}", "x.json:2:7: at $.a: expected ':', found 1"},
        {"{\n  \"a\": 1\n  \"b\": 2\n}", "x.json:3:3: at $: expected ',' or '}', found a string"},
        {"{\"a\": [1 2]}", "x.json:1:10: at $.a: expected ',' or ']', found 2"},
        {"{\"a\": [1, {\"b c\": }]}", "x.json:1:19: at $.a[1][\"b c\"]: expected a value, found '}'"},
        {"[,]", "x.json:1:2: at $[0]: expected a value, found ','"},
        {"[1,,]", "x.json:1:4: at $[1]: expected a value, found ','"},
        {"{a: 1}", "x.json:1:2: at $: expected a key in double quotes or '}', found a"},
        {"{\"a\": 1, b: 2}", "x.json:1:10: at $: expected a key in double quotes, found b"},
        {"{\"a\": True}", "x.json:1:7: at $.a: expected a value, found True"},
        {"{\"a\": nullx}", "x.json:1:7: at $.a: expected a value, found nullx"},
        {"{\"a\": 'b'}", "x.json:1:7: at $.a: expected a value, found '''"},
        {"{\"a\": 01}", "x.json:1:7: at $.a: expected a number as JSON writes it, found 01"},
        {"{\"a\": -}", "x.json:1:7: at $.a: expected a number as JSON writes it, found -"},
        {"{\"a\": 1.}", "x.json:1:7: at $.a: expected a number as JSON writes it, found 1."},
        {"{\"a\": 1e+}", "x.json:1:7: at $.a: expected a number as JSON writes it, found 1e+"},
        {"{\"a\": 0x10}", "x.json:1:7: at $.a: expected a number as JSON writes it, found 0x10"},
        {"{\"a\": 10.0.0.1}", "x.json:1:7: at $.a: expected a number as JSON writes it, found 10.0.0.1"},
        {"{\"a\": 1111111111111111111111111111111111111111111111111111111111111111}",
         "x.json:1:7: at $.a: the number has more than 63 characters"},
        {"{\"a\": \"b", "x.json:1:7: at $.a: the string is not closed before the end of the file"},
        {"{\"a\": \"b\n\"}", "x.json:1:7: at $.a: the string is not closed before the end of the line"},
        {"{\"a\": \"b\tc\"}",
         "x.json:1:9: at $.a: a control character in a string must be written as \\u0009"},
        {"{\"a\": \"b\\q\"}",
         "x.json:1:9: at $.a: a backslash in a string must be one of \\\" \\\\ \\/ \\b \\f \\n "
         "\\r \\t \\uXXXX"},
        {"{\"a\": \"\\u12g4\"}", "x.json:1:8: at $.a: expected four hexadecimal digits after \\u"},
        {"{\"a\": \"\\u0000\"}", "x.json:1:8: at $.a: \\u0000 cannot stand in a string here"},
        {"{\"a\": \"\\ud83d\"}",
         "x.json:1:8: at $.a: \\ud83d is half of a surrogate pair and the other half does not follow"},
        {"{\"a\": \"\\ud83d\\u0041\"}",
         "x.json:1:8: at $.a: \\ud83d is half of a surrogate pair and the other half does not follow"},
        {"{\"a\": \"\\ude00\"}",
         "x.json:1:8: at $.a: \\ude00 is half of a surrogate pair and the other half does not follow"},
        {"{\"a\": \"\xff\"}", "x.json:1:8: at $.a: the text is not UTF-8: octet 0xff"},
        {"{ // \xc3\n}", "x.json:1:6: at $: the text is not UTF-8: octet 0xc3"},
        {"{\"a\": \xed\xa0\x80}", "x.json:1:7: at $.a: expected a value, found the octet 0xed"},
        {"{\"a\": 1, /* \"b\": 2 }",
         "x.json:1:10: at $: the comment is not closed before the end of the file"},
        {"{\"a\": /* b */ }", "x.json:1:15: at $.a: expected a value, found '}'"},
        {"{\"a\": 1 / 2}", "x.json:1:9: at $: expected ',' or '}', found '/'"},
        {"{\"a\": \x1b}", "x.json:1:7: at $.a: expected a value, found the octet 0x1b"},
        {"{\n  \"a\": 1,\n  \"b\": 2,\n  \"\\u0061\": 3\n}",
         "x.json:4:3: at $.a: the key stands in this map already, at line 2"},
        {"[{\"b\": 1, \"b\": 2}, {\"a\": 1, \"a\": 2}]",
         "x.json:1:11: at $[0].b: the key stands in this map already, at line 1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect_refused(rows[i].text, strlen(rows[i].text), rows[i].error);
    expect_refused("{\"a\": \"b\0\"}", 11,
                   "x.json:1:9: at $.a: a control character in a string must be written as \\u0000");
    expect_refused("{\0}", 3,
                   "x.json:1:2: at $: expected a key in double quotes or '}', found the octet 0x00");
}

/* An editor counts characters, not octets, and shows a tab as one. */
static void test_columns_count_characters(void **state)
{
    (void)state;
    const char *text = "{\t\"\xc3\xbc\xf0\x9f\x98\x80\": /* \xe2\x82\xac */ x}";
    expect_refused(text, strlen(text),
                   "x.json:1:17: at $[\"\xc3\xbc\xf0\x9f\x98\x80\"]: expected a value, found x");
    expect_refused("\xef\xbb\xbf{x", 5, "x.json:1:2: at $: expected a key in double quotes or '}', found x");
    expect_refused("{\r\n  x", 6, "x.json:2:3: at $: expected a key in double quotes or '}', found x");
}

static void test_depth_limit(void **state)
{
    (void)state;
    char text[2 * JCFG_DEPTH_MAX + 4];
    struct jcfg c;
    memset(text, '[', JCFG_DEPTH_MAX);
    memset(text + JCFG_DEPTH_MAX, ']', JCFG_DEPTH_MAX);
    assert_int_equal(jcfg_parse(&c, "x.json", text, (size_t)2 * JCFG_DEPTH_MAX, NULL, NULL), 0);
    jcfg_fini(&c);
    memset(text, '[', JCFG_DEPTH_MAX + 1);
    assert_int_equal(jcfg_parse(&c, "x.json", text, JCFG_DEPTH_MAX + 1, NULL, NULL), ERR_CONFIG);
    assert_non_null(strstr(c.error, "x.json:1:65: at $[0][0]"));
    assert_non_null(strstr(c.error, ": more than 64 maps and lists stand inside each other"));
    jcfg_fini(&c);
}

static const char sample[] = "{ // a comment\n"
                             "  # another\n"
                             "  \"Dhcp4\": {\n"
                             "    \"yes\": true, \"no\": false,\n"
                             "    \"lifetime\": 3600, /* seconds */ \"part\": 0.5,\n"
                             "    \"router\": \"10.0.0.1\",\n"
                             "    \"subnet\": \"10.0.0.0/24\",\n"
                             "    \"hw-address\": \"02:00:00:00:00:0a\",\n"
                             "    \"mode\": \"raw\",\n"
                             "    \"url\": \"http://x/*y*/#z \\u20ac \\ud83d\\ude00\",\n"
                             "    \"list\": [ {\"id\": 1}, {\"id\": \"x\"}, \"10.0.0.9\", ],\n"
                             "    \"null\": null,\n"
                             "  },\n"
                             "}";

static void test_getters(void **state)
{
    (void)state;
    struct jcfg c;
    struct warnings w;
    assert_int_equal(parse(&c, &w, sample), 0);
    assert_string_equal(w.text, "x.json:11:49: at $.Dhcp4.list: an extra comma before the end of the list\n"
                                "x.json:12:17: at $.Dhcp4: an extra comma before the end of the map\n"
                                "x.json:13:4: at $: an extra comma before the end of the map\n");
    const cJSON *map = jcfg_get_map(&c, c.root, "Dhcp4");
    assert_non_null(map);
    bool flag = false;
    assert_true(jcfg_get_bool(&c, map, "yes", &flag) && flag);
    assert_true(jcfg_get_bool(&c, map, "no", &flag) && !flag);
    uint32_t number = 0;
    assert_true(jcfg_get_u32(&c, map, "lifetime", 3600, 3600, &number) && number == 3600);
    double real = 0;
    assert_true(jcfg_get_real(&c, map, "part", 0, 1, &real) && real > 0.49 && real < 0.51);
    ip4 addr = 0;
    assert_true(jcfg_get_ip4(&c, map, "router", &addr) && addr == 0x0a000001);
    struct ip4_net net = {0};
    assert_true(jcfg_get_net(&c, map, "subnet", &net) && net.addr == 0x0a000000 && net.len == 24);
    struct hw_addr hw = {0};
    assert_true(jcfg_get_hw(&c, map, "hw-address", &hw) && hw.len == 6 && hw.bytes[5] == 10);
    static const char *const words[] = {"udp", "raw", NULL};
    int word = -1;
    assert_true(jcfg_get_word(&c, map, "mode", words, &word) && word == 1);
    const char *text = NULL;
    assert_true(jcfg_get_text(&c, map, "url", &text));
    assert_string_equal(text, "http://x/*y*/#z \xe2\x82\xac \xf0\x9f\x98\x80");
    const cJSON *list = jcfg_get_list(&c, map, "list");
    assert_non_null(list);
    assert_int_equal(cJSON_GetArraySize(list), 3);
    const cJSON *first = cJSON_GetArrayItem(list, 0);
    assert_true(jcfg_is_map(&c, first, "a subnet"));
    assert_true(jcfg_as_ip4(&c, cJSON_GetArrayItem(list, 2), &addr) && addr == 0x0a000009);
    unsigned line;
    unsigned column;
    jcfg_where(&c, jcfg_get_list(&c, map, "list"), &line, &column);
    assert_int_equal(line, 11);
    assert_int_equal(column, 13);
    assert_false(jcfg_failed(&c));
    jcfg_fini(&c);
}

static void test_absent_leaves_the_default(void **state)
{
    (void)state;
    struct jcfg c;
    struct warnings w;
    assert_int_equal(parse(&c, &w, "{\"LIFETIME\": 1}"), 0);
    uint32_t number = 7;
    ip4 addr = 8;
    const char *text = "default";
    assert_false(jcfg_get_u32(&c, c.root, "lifetime", 0, 10, &number)); /* keys are case-sensitive */
    assert_false(jcfg_get_u32(&c, NULL, "lifetime", 0, 10, &number));
    assert_false(jcfg_get_ip4(&c, c.root, "router", &addr));
    assert_false(jcfg_get_text(&c, c.root, "text", &text));
    assert_null(jcfg_get_map(&c, c.root, "map"));
    assert_null(jcfg_get_list(&c, c.root, "list"));
    assert_int_equal(number, 7);
    assert_int_equal(addr, 8);
    assert_string_equal(text, "default");
    assert_false(jcfg_failed(&c));
    jcfg_fini(&c);
}

enum getter { GET_BOOL, GET_U32, GET_REAL, GET_TEXT, GET_IP4, GET_NET, GET_HW, GET_WORD, GET_MAP, GET_LIST };

static bool get(struct jcfg *c, enum getter getter)
{
    static const char *const words[] = {"udp", "raw", NULL};
    bool flag;
    uint32_t number;
    double real;
    const char *text;
    ip4 addr;
    struct ip4_net net;
    struct hw_addr hw;
    int word;
    switch (getter) {
    case GET_BOOL:
        return jcfg_get_bool(c, c->root, "k", &flag);
    case GET_U32:
        return jcfg_get_u32(c, c->root, "k", 1, 4294967294U, &number);
    case GET_REAL:
        return jcfg_get_real(c, c->root, "k", 0, 1, &real);
    case GET_TEXT:
        return jcfg_get_text(c, c->root, "k", &text);
    case GET_IP4:
        return jcfg_get_ip4(c, c->root, "k", &addr);
    case GET_NET:
        return jcfg_get_net(c, c->root, "k", &net);
    case GET_HW:
        return jcfg_get_hw(c, c->root, "k", &hw);
    case GET_WORD:
        return jcfg_get_word(c, c->root, "k", words, &word);
    case GET_MAP:
        return jcfg_get_map(c, c->root, "k") != NULL;
    case GET_LIST:
        return jcfg_get_list(c, c->root, "k") != NULL;
    }
    return false;
}

static void test_wrong_values(void **state)
{
    (void)state;
    static const struct {
        enum getter getter;
        const char *value;
        const char *error;
    } rows[] = {
        {GET_BOOL, "1", "expected true or false, found 1"},
        {GET_U32, "\"x\"", "expected a number from 1 to 4294967294, found \"x\""},
        {GET_U32, "0", "expected a number from 1 to 4294967294, found 0"},
        {GET_U32, "-5", "expected a number from 1 to 4294967294, found -5"},
        {GET_U32, "4294967295", "expected a number from 1 to 4294967294, found 4294967295"},
        {GET_U32, "1e999", "expected a number from 1 to 4294967294, found inf"},
        {GET_U32, "1.5", "expected a whole number from 1 to 4294967294, found 1.5"},
        {GET_U32, "null", "expected a number from 1 to 4294967294, found null"},
        {GET_REAL, "1.25", "expected a number from 0 to 1, found 1.25"},
        {GET_TEXT, "true", "expected a string, found true"},
        {GET_IP4, "\"10.0.0\"", "expected an IPv4 address such as 10.0.0.1, found \"10.0.0\""},
        {GET_NET, "\"10.0.0.0/33\"", "expected an IPv4 prefix such as 10.0.0.0/24, found \"10.0.0.0/33\""},
        {GET_HW, "\"02:00\\n\"",
         "expected a hardware address such as 02:00:00:00:00:02, found \"02:00\\u000a\""},
        {GET_WORD, "\"tcp\"", "expected one of \"udp\", \"raw\", found \"tcp\""},
        {GET_MAP, "[]", "expected a map, found a list"},
        {GET_LIST, "{}", "expected a list, found a map"},
        {GET_TEXT, "false", "expected a string, found false"},
        {GET_IP4, "\"0123456789012345678901234567890123456789012345678901234567890123456789\"",
         "expected an IPv4 address such as 10.0.0.1, found "
         "\"0123456789012345678901234567890123456789012345678901234567890123...\""},
        {GET_IP4, "\"\\\"\\u009b1m\\\\\"",
         "expected an IPv4 address such as 10.0.0.1, found \"\\\"\\u009b1m\\\\\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[256] = "{\n  \"k\": ";
        char error[JCFG_TEXT_MAX] = "x.json:2:8: at $.k: ";
        strcat(strcat(text, rows[i].value), "\n}");
        strcat(error, rows[i].error);
        struct jcfg c;
        struct warnings w;
        assert_int_equal(parse(&c, &w, text), 0);
        assert_false(get(&c, rows[i].getter));
        assert_string_equal(c.error, error);
        jcfg_fini(&c);
    }
}

static void test_first_error_is_kept(void **state)
{
    (void)state;
    struct jcfg c;
    struct warnings w;
    assert_int_equal(parse(&c, &w, sample), 0);
    const cJSON *map = jcfg_get_map(&c, c.root, "Dhcp4");
    const cJSON *list = jcfg_get_list(&c, map, "list");
    uint32_t id = 0;
    assert_true(jcfg_get_u32(&c, cJSON_GetArrayItem(list, 0), "id", 1, 10, &id));
    assert_false(jcfg_get_u32(&c, cJSON_GetArrayItem(list, 1), "id", 1, 10, &id));
    assert_false(jcfg_get_bool(&c, map, "list", &(bool){false}));
    assert_string_equal(c.error,
                        "x.json:11:33: at $.Dhcp4.list[1].id: expected a number from 1 to 10, found \"x\"");
    jcfg_fini(&c);
}

static void test_required_and_own_errors(void **state)
{
    (void)state;
    struct jcfg c;
    struct warnings w;
    assert_int_equal(parse(&c, &w, "{\"Dhcp4\": {\"a\": 1}}"), 0);
    const cJSON *map = jcfg_get_map(&c, c.root, "Dhcp4");
    jcfg_require(&c, map, "a");
    assert_false(jcfg_failed(&c));
    jcfg_warning(&c, map, "only %d key", 1);
    assert_string_equal(w.text, "x.json:1:11: at $.Dhcp4: only 1 key\n");
    jcfg_require(&c, map, "subnet4");
    assert_string_equal(c.error, "x.json:1:11: at $.Dhcp4: the key \"subnet4\" is missing");
    jcfg_fini(&c);

    assert_int_equal(parse(&c, &w, "{}"), 0);
    jcfg_error(&c, NULL, "nothing is %s", "served");
    assert_string_equal(c.error, "x.json:1:1: at $: nothing is served");
    jcfg_fini(&c);
}

static void test_keys(void **state)
{
    (void)state;
    static const char *const known[] = {"subnet4", "pools", NULL};
    static const char *const elsewhere[] = {"hooks-libraries", NULL};
    struct jcfg c;
    struct warnings w;
    const char *text = "{\n"
                       "  \"subnet4\": [], \"comment\": \"x\", \"user-context\": {},\n"
                       "  \"hooks-libraries\": [],\n"
                       "  \"zones\": []\n"
                       "}";
    assert_int_equal(parse(&c, &w, text), 0);
    jcfg_check_keys(&c, c.root, known, elsewhere);
    assert_string_equal(
        w.text, "x.json:3:3: at $.hooks-libraries: the key has no effect: Kea knows it, this program does "
                "not implement it\n");
    assert_string_equal(
        c.error, "x.json:4:3: at $.zones: the key is not known here: expected one of \"subnet4\", \"pools\"");
    jcfg_fini(&c);
}

static void test_mistyped_keys(void **state)
{
    (void)state;
    static const char *const known[] = {"min-valid-lifetime", "valid-lifetime", "id", "pools", "pool", NULL};
    static const struct {
        const char *key, *meant; /* NULL: none of them */
    } rows[] = {
        {"valid-liftime", "valid-lifetime"},
        {"valid-lifetimes", "valid-lifetime"},
        {"Valid-Lifetime", "valid-lifetime"},
        {"max-valid-lifetime", "min-valid-lifetime"},
        {"poolz", "pools"}, /* as near as "pool" is, and before it */
        {"pol", "pool"},
        {"ids", "id"},
        {"x", NULL},
        {"lifetime", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct jcfg c;
        struct warnings w;
        char text[128], what[128];
        snprintf(text, sizeof text, "{\"%s\": 1}", rows[i].key);
        assert_int_equal(parse(&c, &w, text), 0);
        jcfg_check_keys(&c, c.root, known, NULL);
        snprintf(what, sizeof what, "did you mean \"%s\"?", rows[i].meant ? rows[i].meant : "");
        assert_non_null(strstr(c.error, rows[i].meant ? what : "expected one of"));
        jcfg_fini(&c);
    }
}

static void test_long_messages_are_cut(void **state)
{
    (void)state;
    /* 60 maps inside each other with keys of 60 characters: the path alone is longer than a message. */
    char text[8192] = "";
    char key[72];
    snprintf(key, sizeof key, "{\"%060d\":", 0);
    for (int i = 0; i < 60; i++)
        strcat(text, key);
    strcat(text, "x");
    struct jcfg c;
    struct warnings w;
    assert_int_equal(parse(&c, &w, text), ERR_CONFIG);
    assert_true(strlen(c.error) < JCFG_TEXT_MAX);
    assert_non_null(strstr(c.error, ": expected a value, found x"));
    jcfg_fini(&c);
}

static void test_every_prefix(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof sample - 1; len++) {
        char *text = malloc(len > 0 ? len : 1);
        assert_non_null(text);
        memcpy(text, sample, len);
        struct jcfg c;
        assert_int_equal(jcfg_parse(&c, "x.json", text, len, NULL, NULL), ERR_CONFIG);
        assert_true(jcfg_failed(&c));
        assert_null(c.root);
        jcfg_fini(&c);
        free(text);
    }
}

/* Whatever the scanner lets through, cJSON takes too: anything else would be ERR_NOMEM, or an assert. */
static void test_mutations(void **state)
{
    (void)state;
    static const char alphabet[] = "{}[]:,\"\\/*#u0d8c1e.-+tfn \n\t\x01\xc3\xa9\xff";
    struct rng rng;
    rng_init(&rng, 1, "jcfg");
    for (int round = 0; round < 20000; round++) {
        char text[sizeof sample];
        memcpy(text, sample, sizeof sample);
        for (int64_t n = rng_between(&rng, 1, 4); n > 0; n--)
            text[rng_between(&rng, 0, (int64_t)sizeof sample - 2)] =
                alphabet[rng_between(&rng, 0, (int64_t)sizeof alphabet - 2)];
        struct jcfg c;
        struct warnings w = {""};
        int err = jcfg_parse(&c, "x.json", text, sizeof text - 1, collect, &w);
        assert_true(err == 0 || err == ERR_CONFIG);
        assert_int_equal(err != 0, jcfg_failed(&c));
        jcfg_fini(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_syntax_errors),
        cmocka_unit_test(test_columns_count_characters),
        cmocka_unit_test(test_depth_limit),
        cmocka_unit_test(test_getters),
        cmocka_unit_test(test_absent_leaves_the_default),
        cmocka_unit_test(test_wrong_values),
        cmocka_unit_test(test_first_error_is_kept),
        cmocka_unit_test(test_required_and_own_errors),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_mistyped_keys),
        cmocka_unit_test(test_long_messages_are_cut),
        cmocka_unit_test(test_every_prefix),
        cmocka_unit_test(test_mutations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
