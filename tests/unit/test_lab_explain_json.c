/* A packet as a line of JSON, read back by a JSON parser. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "lab/explain_print.h"

/* The line of a packet of these fields. */
static cJSON *print(struct dissect_field *fields, const char *note, const char *comment)
{
    char *text = NULL;
    size_t len;
    static const uint8_t octets[] = {0x0a, 0x4d, 0x00, 0x64};
    const struct explain_packet packet = {.number = 7,
                                          .bytes = octets,
                                          .len = sizeof octets,
                                          .wire_len = 60,
                                          .interface = "",
                                          .comment = comment};
    struct dissect_field tree = {.name = "packet", .value = "", .first = fields};
    struct dissect d = {.tree = &tree, .protocol = "?", .bytes = octets, .len = sizeof octets};
    FILE *out = open_memstream(&text, &len);
    explain_print_json(out, &packet, &d, note, true);
    fclose(out);
    assert_int_equal(text[len - 1], '\n');
    assert_ptr_equal(strchr(text, '\n'), text + len - 1);
    cJSON *line = cJSON_Parse(text);
    assert_non_null(line);
    free(text);
    return line;
}

static const char *text_of(const cJSON *map, const char *key)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(map, key));
    assert_non_null(text);
    return text;
}

static const cJSON *first_field(const cJSON *line)
{
    return cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(line, "layers"), 0);
}

/* In each place of texts of each length around those that are copied at once. */
static void quotes_and_backslashes_are_escaped(void **state)
{
    (void)state;
    for (size_t len = 0; len < 40; len++) {
        for (size_t at = 0; at <= len; at++) {
            char value[64] = "", meaning[64] = "";
            memset(value, 'v', len);
            memset(meaning, 'm', len);
            if (at < len) {
                value[at] = '"';
                meaning[at] = '\\';
            }
            struct dissect_field f = {.name = "field",
                                      .value = value,
                                      .meaning = meaning,
                                      .value_len = (uint16_t)len,
                                      .meaning_len = (uint16_t)len};
            cJSON *line = print(&f, len > 0 ? value : NULL, meaning);
            assert_string_equal(text_of(first_field(line), "value"), value);
            assert_string_equal(text_of(first_field(line), "meaning"), meaning);
            assert_true(len == 0 || strcmp(text_of(line, "note"), value) == 0);
            assert_true(len == 0 || strcmp(text_of(line, "comment"), meaning) == 0);
            cJSON_Delete(line);
        }
    }
}

static void what_is_longer_than_the_buffer_is_whole(void **state)
{
    enum { N = 50 };
    (void)state;
    static char text[DISSECT_TEXT_MAX], comment[4096];
    static struct dissect_field fields[N];
    memset(text, '"', sizeof text - 1);
    memset(comment, '\\', sizeof comment - 1);
    for (size_t i = 0; i < N; i++)
        fields[i] = (struct dissect_field){.name = "field",
                                           .value = text,
                                           .meaning = text,
                                           .value_len = sizeof text - 1,
                                           .meaning_len = sizeof text - 1,
                                           .next = i + 1 < N ? &fields[i + 1] : NULL};
    cJSON *line = print(fields, text, comment);
    const cJSON *field = first_field(line);
    for (size_t i = 0; i < N; i++, field = field->next) {
        assert_string_equal(text_of(field, "value"), text);
        assert_string_equal(text_of(field, "meaning"), text);
    }
    assert_null(field);
    assert_string_equal(text_of(line, "comment"), comment);
    cJSON_Delete(line);
}

static void a_field_has_its_place_its_octets_and_its_parts(void **state)
{
    (void)state;
    struct dissect_field part = {.name = "part", .value = "100", .value_len = 3, .offset = 3, .len = 1};
    struct dissect_field f = {.name = "dst", .len = 4, .own = "10.77.0.100", .value_len = 11, .first = &part};
    f.value = f.own;
    cJSON *line = print(&f, NULL, "");
    const cJSON *field = first_field(line);
    assert_string_equal(text_of(field, "name"), "dst");
    assert_string_equal(text_of(field, "value"), "10.77.0.100");
    assert_string_equal(text_of(field, "hex"), "0a4d0064");
    assert_null(cJSON_GetObjectItemCaseSensitive(field, "meaning"));
    assert_null(cJSON_GetObjectItemCaseSensitive(line, "note"));
    assert_null(cJSON_GetObjectItemCaseSensitive(line, "comment"));
    const cJSON *inner = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(field, "fields"), 0);
    assert_string_equal(text_of(inner, "name"), "part");
    assert_string_equal(text_of(inner, "hex"), "64");
    assert_int_equal(cJSON_GetObjectItemCaseSensitive(inner, "offset")->valueint, 3);
    assert_int_equal(cJSON_GetObjectItemCaseSensitive(line, "packet")->valueint, 7);
    cJSON_Delete(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotes_and_backslashes_are_escaped),
        cmocka_unit_test(what_is_longer_than_the_buffer_is_whole),
        cmocka_unit_test(a_field_has_its_place_its_octets_and_its_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
