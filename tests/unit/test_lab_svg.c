/* Text in a picture: nothing of it is taken for markup, and it fits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "lab/ladder_svg.h"
#include "lab/svg.h"

static void expect_text(const char *in, size_t max, const char *out)
{
    struct text t;
    text_init(&t);
    svg_add_text(&t, in, max);
    char *text = text_take(&t);
    assert_non_null(text);
    assert_string_equal(text, out);
    free(text);
}

static void test_text_is_no_markup(void **state)
{
    (void)state;
    expect_text("</text><script a=\"1\">&", 99, "&lt;/text&gt;&lt;script a=&quot;1&quot;&gt;&amp;");
    expect_text("Zürich € 😀", 99, "Zürich € 😀");
    /* a control character, C1, no UTF-8, half a character, U+FFFE and U+FFFF */
    expect_text("a\x01 \xc2\x85 \xff \xc3", 99, "a? ? ? ?");
    expect_text("\xef\xbf\xbe\xef\xbf\xbf", 99, "??");
    expect_text("", 99, "");
}

static void test_long_text_ends_with_dots(void **state)
{
    (void)state;
    expect_text("12345", 5, "12345");
    expect_text("123456", 5, "1234…");
    expect_text("ü<ü<ü<", 5, "ü&lt;ü&lt;…");
}

static void test_lines_break_at_spaces(void **state)
{
    (void)state;
    static const char *const lines[] = {"one two", "three", "fourfour", "four x"};
    const char *at = "one two three fourfourfour x";
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        const char *start = at;
        size_t len = svg_take_line(&at, 8);
        assert_int_equal(len, strlen(lines[i]));
        assert_memory_equal(start, lines[i], len);
    }
    assert_int_equal(svg_take_line(&at, 8), 0);
    at = "üüüü";
    assert_int_equal(svg_take_line(&at, 3), 6); /* characters stay whole */
}

/* ---- a whole picture ---- */

static const struct ladder_svg_lane lanes[] = {
    {"CLIENT", "<h1>", "02:00:5e:10:00:01"}, {"SERVER", "10.77.0.1", ""}, {"SERVER", "10.77.0.2", ""}};

static char *draw(const struct ladder_svg_row *rows, size_t n)
{
    const struct ladder_svg ladder = {"title", "subtitle", lanes, 3, rows, n, "footer"};
    char *text = ladder_svg_text(&ladder);
    assert_non_null(text);
    return text;
}

static void expect_part(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("there is no %s in %s", part, strstr(text, "</style>"));
}

/* Lanes are 208 apart, the first at 24 + 112 + 104; the first arrow is 30 under its heading, which is 44
 * high. */
static void test_a_message_to_two(void **state)
{
    (void)state;
    const struct ladder_svg_row row = {.heading = "first lease",
                                       .heading_detail = "xid 1",
                                       .time = "12:00:00.250",
                                       .since = "",
                                       .from = 0,
                                       .to = 6,
                                       .label = "DISCOVER",
                                       .detail = "to <all>"};
    char *text = draw(&row, 1);
    expect_part(text, "<title>&lt;h1&gt;, 02:00:5e:10:00:01</title>");
    expect_part(text, "<tspan class=\"heading\">first lease</tspan>");
    expect_part(
        text,
        "<g class=\"message\">\n<title>DISCOVER, to &lt;all&gt;</title>\n"
        "<text x=\"122\" y=\"220\" text-anchor=\"end\" class=\"mono\">12:00:00.250</text>\n"
        "<line class=\"line request\" x1=\"240\" y1=\"216\" x2=\"648\" y2=\"216\"/>\n"
        "<circle class=\"request\" cx=\"240\" cy=\"216\" r=\"4\"/>\n"
        "<polygon class=\"request\" points=\"448,216 438,211 438,221\"/>\n"
        "<polygon class=\"request\" points=\"656,216 646,211 646,221\"/>\n"
        "<text x=\"448\" y=\"208\" text-anchor=\"middle\" class=\"label halo request\">DISCOVER</text>\n");
    free(text);
}

static void test_an_answer_with_a_lease(void **state)
{
    (void)state;
    const struct ladder_svg_row row = {.time = "12:00:00.250",
                                       .since = "+1 ms",
                                       .from = 2,
                                       .to = 1,
                                       .tone = LADDER_SVG_REPLY,
                                       .again = true,
                                       .dim = true,
                                       .pause = "1 h later",
                                       .label = "ACK",
                                       .detail = "",
                                       .notes = {{LADDER_SVG_WARNING, "no & never"}},
                                       .n_notes = 1,
                                       .lease = {0.5, 0.875, "12:30:00", "12:52:30", "13:00:00"}};
    char *text = draw(&row, 1);
    expect_part(text, "<g class=\"message dim\">");
    expect_part(text, "class=\"muted halo\">1 h later</text>");
    expect_part(text, "<line class=\"line reply again\" x1=\"248\" y1=\"206\" x2=\"656\" y2=\"206\"/>");
    expect_part(text, "<polygon class=\"reply\" points=\"240,206 250,201 250,211\"/>");
    expect_part(text, "class=\"warning\">no &amp; never</text>");
    /* 400 wide from 788 on: T1 in the middle, T2 at 7/8 */
    expect_part(text, "<rect class=\"fresh\" x=\"788\" y=\"212\" width=\"200\" height=\"8\"/>\n"
                      "<rect class=\"due\" x=\"988\" y=\"212\" width=\"150\" height=\"8\"/>\n"
                      "<rect class=\"late\" x=\"1138\" y=\"212\" width=\"50\" height=\"8\"/>\n");
    expect_part(text, ">T2 12:52:30</text>");
    free(text);
}

/* Half the way to the nearest, from the lane at 656 to that at 448, and a cross. */
static void test_a_message_that_is_lost(void **state)
{
    (void)state;
    const struct ladder_svg_row row = {.time = "",
                                       .since = "",
                                       .from = 2,
                                       .to = 3,
                                       .is_lost = true,
                                       .tone = LADDER_SVG_REPLY,
                                       .label = "ACK",
                                       .detail = ""};
    char *text = draw(&row, 1);
    expect_part(text, "<g class=\"message lost\">");
    expect_part(text, "<line class=\"line reply\" x1=\"552\" y1=\"172\" x2=\"656\" y2=\"172\"/>\n"
                      "<circle class=\"reply\" cx=\"656\" cy=\"172\" r=\"4\"/>\n"
                      "<path class=\"line reply\" d=\"M546,166 l12,12 m0,-12 l-12,12\"/>\n");
    assert_null(strstr(text, "<polygon"));
    expect_part(text, ">lost</text>");
    free(text);
}

static void test_nothing_and_very_much(void **state)
{
    (void)state;
    free(draw(NULL, 0));
    enum { MANY = 500 };
    struct ladder_svg_row *rows = calloc(MANY, sizeof *rows);
    assert_non_null(rows);
    for (size_t i = 0; i < MANY; i++)
        rows[i] = (struct ladder_svg_row){.heading = i % 4 == 0 ? "lease" : NULL,
                                          .heading_detail = "",
                                          .time = "",
                                          .since = "",
                                          .to = 2,
                                          .label = "DISCOVER",
                                          .detail = ""};
    char *text = draw(rows, MANY);
    /* 500 rows of 62 and 125 headings of 44; the names again, 30 high, before the first heading that is more
     * than 1100 further down: after 4 groups of 292 each, the first time without a row of names among them */
    unsigned n = 0;
    for (const char *p = text; (p = strstr(p, "class=\"name halo\">10.77.0.1<")) != NULL; p++)
        n++;
    assert_int_equal(n, 31);
    expect_part(text, " height=\"37628\""); /* 142 + 500 x 62 + 125 x 44 + 31 x 30 + 56 */
    free(text);
    free(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_is_no_markup),      cmocka_unit_test(test_long_text_ends_with_dots),
        cmocka_unit_test(test_lines_break_at_spaces),  cmocka_unit_test(test_a_message_to_two),
        cmocka_unit_test(test_an_answer_with_a_lease), cmocka_unit_test(test_nothing_and_very_much),
        cmocka_unit_test(test_a_message_that_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
