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

/* Files that exist; the last has a NULL path. */
struct file {
    const char *path, *text;
};

static struct jcfg c;
static char warnings[2048];

static int read_file(void *user, const char *path, char **out_text, size_t *out_len, const char **out_why)
{
    for (const struct file *f = user; f->path != NULL; f++) {
        if (strcmp(f->path, path) != 0)
            continue;
        *out_text = strdup(f->text);
        *out_len = strlen(f->text);
        return *out_text == NULL ? ERR_NOMEM : 0;
    }
    *out_why = "No such file or directory";
    return ERR_IO;
}

static void keep_warning(void *user, const char *text)
{
    (void)user;
    strncat(warnings, text, sizeof warnings - strlen(warnings) - 2);
    strcat(warnings, "\n");
}

static int read_files(const struct file *files)
{
    jcfg_fini(&c);
    warnings[0] = '\0';
    return jcfg_read(&c, files[0].path, read_file, keep_warning, (void *)(uintptr_t)files);
}

static void expect_json(const struct file *files, const char *json)
{
    int err = read_files(files);
    assert_string_equal(c.error, "");
    assert_int_equal(err, 0);
    char *text = cJSON_PrintUnformatted(c.root);
    assert_string_equal(text, json);
    free(text);
}

static void expect_error(const struct file *files, const char *error)
{
    assert_int_equal(read_files(files), ERR_CONFIG);
    assert_string_equal(c.error, error);
}

static int stop(void **state)
{
    (void)state;
    jcfg_fini(&c);
    return 0;
}

static void file_stands_in_the_place_of_its_directive(void **state)
{
    (void)state;
    const struct file files[] = {
        {"x.json", "{ \"a\": <?include \"a.json\"?>, \"list\": [ 1, <?include \"b.json\"?> ],\n"
                   "  <?include  \"c.json\" ?> }"},
        {"a.json", "7"},
        {"b.json", "2, 3 # no line end"},
        {"c.json", "\xef\xbb\xbf\"c\": .5, \"d\": -.25"},
        {0},
    };
    expect_json(files, "{\"a\":7,\"list\":[1,2,3],\"c\":0.5,\"d\":-0.25}");
    assert_string_equal(warnings, "");
}

static void path_counts_from_the_including_file(void **state)
{
    (void)state;
    const struct file files[] = {
        {"/etc/dhcp/x.json", "{ \"a\": <?include \"sub/a.json\"?>, \"b\": <?include \"/srv/b.json\"?> }"},
        {"/etc/dhcp/sub/a.json", "<?include \"c.json\"?>"},
        {"/etc/dhcp/sub/c.json", "1"},
        {"/srv/b.json", "2"},
        {0},
    };
    expect_json(files, "{\"a\":1,\"b\":2}");
}

static void place_is_that_in_the_included_file(void **state)
{
    (void)state;
    const struct file files[] = {
        {"x.json", "{ \"a\":\n <?include \"a.json\"?>, \"b\": 1,,\n}"},
        {"a.json", "\n  [ 1,\n    2, ]"},
        {0},
    };
    expect_error(files, "x.json:2:31: at $: expected a key in double quotes, found ','");
    assert_string_equal(warnings, "a.json:3:6: at $.a: an extra comma before the end of the list\n");
    const struct file values[] = {
        {"x.json", "{ \"a\":\n <?include \"a.json\"?>, \"b\": true }"}, {"a.json", "\n  { \"n\": 0 }"}, {0}};
    assert_int_equal(read_files(values), 0);
    uint32_t n;
    jcfg_get_u32(&c, jcfg_get_map(&c, c.root, "a"), "n", 1, 2, &n);
    assert_string_equal(c.error, "a.json:2:10: at $.a.n: expected a number from 1 to 2, found 0");
    c.error[0] = '\0';
    jcfg_get_u32(&c, c.root, "b", 1, 2, &n);
    assert_string_equal(c.error, "x.json:2:29: at $.b: expected a number from 1 to 2, found true");
}

static void column_counts_from_where_the_directive_ends(void **state)
{
    (void)state;
    const struct file files[] = {{"x.json", "[\"\xc3\xa9\", <?include \"a\"?> ? ]"}, {"a", "1"}, {0}};
    expect_error(files, "x.json:1:23: at $: expected ',' or ']', found '?'");
}

static void key_that_stands_in_two_files(void **state)
{
    (void)state;
    const struct file files[] = {
        {"x.json", "{ \"k\": 1, <?include \"a.json\"?> }"}, {"a.json", "\n\"k\": 2"}, {0}};
    expect_error(files, "a.json:2:1: at $.k: the key stands in this map already, at x.json:1");
}

static void nothing_crosses_the_ends_of_a_file(void **state)
{
    (void)state;
    const struct file word[] = {{"x.json", "[ 1<?include \"a\"?>2 ]"}, {"a", "3"}, {0}};
    expect_error(word, "a:1:1: at $: expected ',' or ']', found 3");
    const struct file string[] = {{"x.json", "[ <?include \"a\"?>\" ]"}, {"a", "\"s"}, {0}};
    expect_error(string, "a:1:1: at $[0]: the string is not closed before the end of the line");
    const struct file comment[] = {{"x.json", "[ <?include \"a\"?> */ ]"}, {"a", "1 /* open"}, {0}};
    expect_error(comment, "a:1:3: the comment is not closed before the end of the file");
}

static void directive_in_a_string_or_a_comment_is_none(void **state)
{
    (void)state;
    const struct file files[] = {
        {"x.json", "[ \"<?include 1?>\", // <?include \"a\"?>\n # <?include\n /* <? */ \"\\\"<?\" ]"}, {0}};
    expect_json(files, "[\"<?include 1?>\",\"\\\"<?\"]");
}

static void directive_that_is_wrong(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "[ <?include?> ]",
        "[ <?include \"\"?> ]",
        "[ <?include a?> ]",
        "[ <?include \"a ]",
        "[ <?include \"a\" b?> ]",
        "[ <?xml \"a\"?> ]",
        "[ <?",
        "[ <?include \"a\"",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const struct file files[] = {{"x.json", wrong[i]}, {"a", "1"}, {0}};
        expect_error(files, "x.json:1:3: expected <?include \"file\"?>");
    }
}

static void file_that_cannot_be_read(void **state)
{
    (void)state;
    const struct file files[] = {{"d/x.json", "[\n <?include \"no.json\"?> ]"}, {0}};
    expect_error(files, "d/x.json:2:2: the file d/no.json cannot be included: No such file or directory");
    const struct file none[] = {{0}};
    jcfg_fini(&c);
    assert_int_equal(jcfg_read(&c, "y.json", read_file, NULL, (void *)(uintptr_t)none), ERR_CONFIG);
    assert_string_equal(c.error, "y.json: No such file or directory");
}

static void text_without_files_includes_none(void **state)
{
    (void)state;
    static const char text[] = "[ <?include \"a\"?> ]";
    assert_int_equal(jcfg_parse(&c, "x.json", text, sizeof text - 1, NULL, NULL), ERR_CONFIG);
    assert_string_equal(c.error, "x.json:1:3: nothing can be included here");
}

static void loop_is_found(void **state)
{
    (void)state;
    const struct file self[] = {{"x.json", "[ <?include \"x.json\"?> ]"}, {0}};
    expect_error(self, "x.json:1:3: the file x.json includes itself");
    const struct file pair[] = {
        {"x.json", "<?include \"a\"?>"}, {"a", "<?include \"b\"?>"}, {"b", "\n<?include \"a\"?>"}, {0}};
    expect_error(pair, "b:2:1: the file a includes itself");
}

static void depth_has_a_limit(void **state)
{
    (void)state;
    struct file files[JCFG_INCLUDE_DEPTH_MAX + 3] = {{0}};
    char paths[JCFG_INCLUDE_DEPTH_MAX + 2][8], texts[JCFG_INCLUDE_DEPTH_MAX + 2][32];
    for (size_t i = 0; i < JCFG_INCLUDE_DEPTH_MAX + 2; i++) {
        snprintf(paths[i], sizeof paths[i], "f%zu", i);
        snprintf(texts[i], sizeof texts[i], "<?include \"f%zu\"?>", i + 1);
        files[i] = (struct file){paths[i], texts[i]};
    }
    expect_error(files, "f10:1:1: more than 10 files include each other");
    strcpy(texts[JCFG_INCLUDE_DEPTH_MAX], "\"deep\"");
    expect_json(files, "\"deep\"");
}

static void number_of_files_has_a_limit(void **state)
{
    (void)state;
    static char text[32 * JCFG_FILES_MAX] = "[ 0";
    size_t at = strlen(text);
    for (int i = 0; i < JCFG_FILES_MAX - 1; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, ",\n<?include \"a\"?>");
    const struct file files[] = {{"x.json", text}, {"a", "1"}, {0}};
    strcpy(text + at, "]");
    assert_int_equal(read_files(files), 0);
    strcpy(text + at, ",\n<?include \"a\"?> ]");
    expect_error(files, "x.json:1001:1: there are more than 1000 files");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(file_stands_in_the_place_of_its_directive, stop),
        cmocka_unit_test_teardown(path_counts_from_the_including_file, stop),
        cmocka_unit_test_teardown(place_is_that_in_the_included_file, stop),
        cmocka_unit_test_teardown(column_counts_from_where_the_directive_ends, stop),
        cmocka_unit_test_teardown(key_that_stands_in_two_files, stop),
        cmocka_unit_test_teardown(nothing_crosses_the_ends_of_a_file, stop),
        cmocka_unit_test_teardown(directive_in_a_string_or_a_comment_is_none, stop),
        cmocka_unit_test_teardown(directive_that_is_wrong, stop),
        cmocka_unit_test_teardown(file_that_cannot_be_read, stop),
        cmocka_unit_test_teardown(text_without_files_includes_none, stop),
        cmocka_unit_test_teardown(loop_is_found, stop),
        cmocka_unit_test_teardown(depth_has_a_limit, stop),
        cmocka_unit_test_teardown(number_of_files_has_a_limit, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
