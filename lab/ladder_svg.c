#include "lab/ladder_svg.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "lab/svg.h"

/* All in user units, which are pixels where nothing else is asked for. */
enum {
    EDGE = 24,
    TIME_WIDTH = 112, /* left of the lanes */
    LANE_WIDTH = 208, /* at most LANES_WIDE of them, else narrower */
    LANE_NARROW = 160,
    LANES_WIDE = 5,
    NOTES_GAP = 28,
    NOTES_WIDTH = 400,
    HEAD_TOP = 84,
    HEAD_HEIGHT = 58,
    HEAD_INSET = 10,    /* between the boxes of two lanes */
    NAMES_HEIGHT = 30,  /* the lanes' names, written again */
    NAMES_EVERY = 1100, /* so that a screen never is without them */
    HEADING_HEIGHT = 30,
    HEADING_GAP = 14,
    PAUSE_HEIGHT = 34,
    ROW_MIN = 62,
    ARROW_AT = 30, /* of a row */
    NOTE_AT = 26,  /* base line of the first note of a row */
    NOTE_LINE = 16,
    NOTE_CHARS = 62,
    BAR_HEIGHT = 8,
    BAR_BLOCK = 42, /* the bar and the times under it */
    ARROW_LEN = 10,
    ARROW_HALF = 5,
    CROSS_HALF = 6,
    FOOT = 56,
    ANY_LENGTH = 4096,
};

static const char style[] =
    "<style>\n"
    "  text { font-family: 'Inter', 'Segoe UI', 'Helvetica Neue', 'DejaVu Sans', Arial, sans-serif; "
    "font-size: 12px; fill: #1f2933 }\n"
    "  .mono { font-family: 'JetBrains Mono', 'SF Mono', Consolas, 'DejaVu Sans Mono', monospace; font-size: "
    "11px }\n"
    "  .paper { fill: #ffffff }\n"
    "  .title { font-size: 20px; font-weight: 700 }\n"
    "  .muted { fill: #5d6b7a }\n"
    "  .head { fill: #f3f5f8; stroke: #c3cad3 }\n"
    "  .role { font-size: 10px; letter-spacing: 1px; fill: #5d6b7a }\n"
    "  .name { font-size: 14px; font-weight: 700 } .long { font-size: 12px }\n"
    "  .life { stroke: #c3cad3; stroke-width: 1.5 }\n"
    "  .band { fill: #f3f5f8 }\n"
    "  .heading { font-size: 13px; font-weight: 700 }\n"
    "  .pause { stroke: #9aa5b1; stroke-dasharray: 2 5 }\n"
    "  .halo { stroke: #ffffff; stroke-width: 5px; stroke-linejoin: round; paint-order: stroke }\n"
    "  .label { font-size: 14px; font-weight: 700 }\n"
    "  .line { stroke-width: 2; fill: none }\n"
    "  .again { stroke-dasharray: 7 5 }\n"
    "  .dim { opacity: 0.6 }\n"
    "  .request { fill: #1d4ed8 } .request.line { stroke: #1d4ed8; fill: none }\n"
    "  .reply { fill: #137a3b } .reply.line { stroke: #137a3b; fill: none }\n"
    "  .refusal { fill: #b42318 } .refusal.line { stroke: #b42318; fill: none }\n"
    "  .notice { fill: #a15c07 } .notice.line { stroke: #a15c07; fill: none }\n"
    "  .decision { font-style: italic } .warning { fill: #b42318 }\n"
    "  .fresh { fill: #3aa76d } .due { fill: #e3a33b } .late { fill: #d8604f }\n"
    "  @media (prefers-color-scheme: dark) {\n"
    "    text { fill: #e4e9ef }\n"
    "    .paper { fill: #11171f }\n"
    "    .muted, .role { fill: #97a4b3 }\n"
    "    .head { fill: #1c2530; stroke: #3a4756 }\n"
    "    .life { stroke: #3a4756 }\n"
    "    .band { fill: #1a232e }\n"
    "    .pause { stroke: #5d6b7a }\n"
    "    .halo { stroke: #11171f }\n"
    "    .request { fill: #7fb0ff } .request.line { stroke: #7fb0ff }\n"
    "    .reply { fill: #6fd394 } .reply.line { stroke: #6fd394 }\n"
    "    .refusal { fill: #ff8d80 } .refusal.line { stroke: #ff8d80 }\n"
    "    .notice { fill: #f0b45f } .notice.line { stroke: #f0b45f }\n"
    "    .warning { fill: #ff8d80 }\n"
    "  }\n"
    "</style>\n";

struct page {
    struct text t;
    const struct ladder_svg *ladder;
    int lane_width, notes_x, width;
    int names_y; /* where the lanes' names were written last */
};

static const char *tone_class(enum ladder_svg_tone tone)
{
    switch (tone) {
    case LADDER_SVG_REQUEST:
        return "request";
    case LADDER_SVG_REPLY:
        return "reply";
    case LADDER_SVG_REFUSAL:
        return "refusal";
    case LADDER_SVG_NOTICE:
        return "notice";
    }
    return "";
}

static const char *note_class(enum ladder_svg_note_kind kind)
{
    switch (kind) {
    case LADDER_SVG_PLAIN:
        return "plain";
    case LADDER_SVG_DECISION:
        return "decision";
    case LADDER_SVG_WARNING:
        return "warning";
    }
    return "";
}

static int lane_x(const struct page *p, unsigned lane)
{
    return EDGE + TIME_WIDTH + p->lane_width * (int)lane + p->lane_width / 2;
}

/* ---- pieces ---- */

/* `anchor`: start, middle or end. */
static void add_words(struct page *p, int x, int y, const char *anchor, const char *classes,
                      const char *words, size_t max)
{
    if (words[0] == '\0')
        return;
    text_add(&p->t, "<text x=\"%d\" y=\"%d\" text-anchor=\"%s\" class=\"%s\">", x, y, anchor, classes);
    svg_add_text(&p->t, words, max);
    text_put(&p->t, "</text>\n");
}

/* What a reader gets to see over the part, and a screen reader to say. */
static void add_title(struct page *p, const char *a, const char *b)
{
    text_put(&p->t, "<title>");
    svg_add_text(&p->t, a, ANY_LENGTH);
    if (b[0] != '\0')
        text_put(&p->t, ", ");
    svg_add_text(&p->t, b, ANY_LENGTH);
    text_put(&p->t, "</title>\n");
}

/* ---- heights ---- */

static size_t count_lines(const char *text)
{
    size_t n = 0;
    while (svg_take_line(&text, NOTE_CHARS) > 0)
        n++;
    return n;
}

static int notes_height(const struct ladder_svg_row *row)
{
    size_t lines = 0;
    for (size_t i = 0; i < row->n_notes; i++)
        lines += count_lines(row->notes[i].text);
    return NOTE_AT + NOTE_LINE * (int)lines + (row->lease.end_text != NULL ? BAR_BLOCK : 0);
}

static int row_height(const struct ladder_svg_row *row)
{
    int notes = notes_height(row);
    return notes > ROW_MIN ? notes : ROW_MIN;
}

/* What stands above the row's arrow: the pause, the names again, the heading. */
struct above {
    int pause_y, names_y, heading_y; /* tops; 0: there is none */
    int row_y;
};

static struct above place_above(struct page *p, const struct ladder_svg_row *row, int y)
{
    struct above a = {0};
    if (row->pause != NULL) {
        a.pause_y = y;
        y += PAUSE_HEIGHT;
    }
    if (row->heading != NULL && y - p->names_y > NAMES_EVERY) {
        a.names_y = p->names_y = y;
        y += NAMES_HEIGHT;
    }
    if (row->heading != NULL) {
        a.heading_y = y + HEADING_GAP;
        y += HEADING_GAP + HEADING_HEIGHT;
    }
    a.row_y = y;
    return a;
}

/* The bottom of the last row; draws nothing. */
static int rows_bottom(struct page *p)
{
    int y = HEAD_TOP + HEAD_HEIGHT;
    p->names_y = y;
    for (size_t i = 0; i < p->ladder->n_rows; i++) {
        const struct ladder_svg_row *row = &p->ladder->rows[i];
        y = place_above(p, row, y).row_y + row_height(row);
    }
    p->names_y = HEAD_TOP + HEAD_HEIGHT;
    return y;
}

/* ---- lanes ---- */

/* The lane's name at base line y, in small if it is long: a hardware address has room whole. */
static void add_name(struct page *p, unsigned lane, int y, const char *classes)
{
    const char *name = p->ladder->lanes[lane].name;
    size_t width = (size_t)(p->lane_width - HEAD_INSET);
    char small[32];
    bool is_long = strlen(name) > width / 10;
    snprintf(small, sizeof small, "%s long", classes);
    add_words(p, lane_x(p, lane), y, "middle", is_long ? small : classes, name, width / (is_long ? 8 : 10));
}

static void add_lanes(struct page *p, int bottom)
{
    for (unsigned i = 0; i < p->ladder->n_lanes; i++)
        text_add(&p->t, "<line class=\"life\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n", lane_x(p, i),
                 HEAD_TOP + HEAD_HEIGHT, lane_x(p, i), bottom);
    for (unsigned i = 0; i < p->ladder->n_lanes; i++) {
        const struct ladder_svg_lane *lane = &p->ladder->lanes[i];
        int x = lane_x(p, i), width = p->lane_width - HEAD_INSET;
        text_put(&p->t, "<g class=\"lane\">");
        add_title(p, lane->name, lane->detail);
        text_add(&p->t, "<rect class=\"head\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"8\"/>\n",
                 x - width / 2, HEAD_TOP, width, HEAD_HEIGHT);
        add_words(p, x, HEAD_TOP + 16, "middle", "role", lane->role, 24);
        add_name(p, i, HEAD_TOP + 33, "name");
        add_words(p, x, HEAD_TOP + 49, "middle", "mono muted", lane->detail, (size_t)width / 7);
        text_put(&p->t, "</g>\n");
    }
}

static void add_names(struct page *p, int y)
{
    for (unsigned i = 0; i < p->ladder->n_lanes; i++)
        add_name(p, i, y + NAMES_HEIGHT - 4, "name halo");
}

/* ---- rows ---- */

static void add_pause(struct page *p, const char *pause, int y)
{
    int middle = y + PAUSE_HEIGHT / 2 + 4;
    text_add(&p->t, "<line class=\"pause\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n", EDGE, middle,
             p->width - EDGE, middle);
    add_words(p, EDGE + TIME_WIDTH + p->lane_width * (int)p->ladder->n_lanes / 2, middle + 4, "middle",
              "muted halo", pause, 64);
}

static void add_heading(struct page *p, const struct ladder_svg_row *row, int y)
{
    text_add(&p->t, "<rect class=\"band\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"6\"/>\n", EDGE, y,
             p->width - 2 * EDGE, HEADING_HEIGHT);
    text_add(&p->t, "<text x=\"%d\" y=\"%d\"><tspan class=\"heading\">", EDGE + 12, y + 20);
    svg_add_text(&p->t, row->heading, 120);
    text_put(&p->t, "</tspan><tspan class=\"muted\" dx=\"14\">");
    svg_add_text(&p->t, row->heading_detail, 80);
    text_put(&p->t, "</tspan></text>\n");
}

static void add_head(struct page *p, const char *tone, int x, int from_x, int y)
{
    int back = x > from_x ? -ARROW_LEN : ARROW_LEN;
    text_add(&p->t, "<polygon class=\"%s\" points=\"%d,%d %d,%d %d,%d\"/>\n", tone, x, y, x + back,
             y - ARROW_HALF, x + back, y + ARROW_HALF);
}

static void add_cross(struct page *p, const char *tone, int x, int y)
{
    text_add(&p->t, "<path class=\"line %s\" d=\"M%d,%d l%d,%d m0,%d l%d,%d\"/>\n", tone, x - CROSS_HALF,
             y - CROSS_HALF, 2 * CROSS_HALF, 2 * CROSS_HALF, -2 * CROSS_HALF, -2 * CROSS_HALF,
             2 * CROSS_HALF);
}

static void add_arrow_words(struct page *p, const struct ladder_svg_row *row, int x, int y)
{
    char classes[48];
    snprintf(classes, sizeof classes, "label halo %s", tone_class(row->tone));
    add_words(p, x, y - 8, "middle", classes, row->label, 32);
    add_words(p, x, y + 17, "middle", "mono muted halo", row->detail, 64);
}

static void add_line(struct page *p, const struct ladder_svg_row *row, int low, int high, int y)
{
    const char *tone = tone_class(row->tone);
    text_add(&p->t, "<line class=\"line %s%s\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n", tone,
             row->again ? " again" : "", low, y, high, y);
    text_add(&p->t, "<circle class=\"%s\" cx=\"%d\" cy=\"%d\" r=\"4\"/>\n", tone, lane_x(p, row->from), y);
}

/* Half the way to the nearest receiver, and a cross. */
static void add_lost(struct page *p, const struct ladder_svg_row *row, int y)
{
    int from_x = lane_x(p, row->from), distance = 0;
    for (unsigned i = 0; i < p->ladder->n_lanes; i++) {
        int to_x = lane_x(p, i) - from_x;
        if ((row->to >> i & 1) && (distance == 0 || abs(to_x) < abs(distance)))
            distance = to_x;
    }
    int end_x = from_x + distance / 2;
    add_line(p, row, distance < 0 ? end_x : from_x, distance < 0 ? from_x : end_x, y);
    add_cross(p, tone_class(row->tone), end_x, y);
    add_arrow_words(p, row, end_x, y);
}

static void add_arrow(struct page *p, const struct ladder_svg_row *row, int y)
{
    const char *tone = tone_class(row->tone);
    int from_x = lane_x(p, row->from), low = from_x, high = from_x;
    for (unsigned i = 0; i < p->ladder->n_lanes; i++) {
        if (row->to >> i & 1) {
            low = lane_x(p, i) < low ? lane_x(p, i) : low;
            high = lane_x(p, i) > high ? lane_x(p, i) : high;
        }
    }
    add_line(p, row, low == from_x ? low : low + ARROW_LEN - 2, high == from_x ? high : high - ARROW_LEN + 2,
             y);
    for (unsigned i = 0; i < p->ladder->n_lanes; i++)
        if (row->to >> i & 1)
            add_head(p, tone, lane_x(p, i), from_x, y);
    add_arrow_words(p, row, (low + high) / 2, y);
}

static int add_note(struct page *p, const struct ladder_svg_note *note, int y)
{
    const char *at = note->text;
    for (const char *line = at; svg_take_line(&at, NOTE_CHARS) > 0; line = at) {
        char copy[4 * NOTE_CHARS + 1];
        const char *again = line;
        snprintf(copy, sizeof copy, "%.*s", (int)svg_take_line(&again, NOTE_CHARS), line);
        add_words(p, p->notes_x, y, "start", note_class(note->kind), copy, NOTE_CHARS);
        y += NOTE_LINE;
    }
    return y;
}

static void add_bar_part(struct page *p, const char *classes, double from, double to, int y)
{
    int x1 = p->notes_x + (int)lround(from * NOTES_WIDTH), x2 = p->notes_x + (int)lround(to * NOTES_WIDTH);
    if (x2 > x1)
        text_add(&p->t, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n", classes, x1, y,
                 x2 - x1, BAR_HEIGHT);
}

static void add_lease(struct page *p, const struct ladder_svg_lease *lease, int y)
{
    text_put(&p->t, "<g class=\"lease\">\n");
    add_bar_part(p, "fresh", 0, lease->t1, y);
    add_bar_part(p, "due", lease->t1, lease->t2, y);
    add_bar_part(p, "late", lease->t2, 1, y);
    int text_y = y + BAR_HEIGHT + 15, x = p->notes_x;
    const struct {
        const char *classes, *name, *when;
    } parts[] = {
        {"due", "T1", lease->t1_text}, {"late", "T2", lease->t2_text}, {"muted", "expires", lease->end_text}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        text_add(&p->t, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"8\" height=\"8\" rx=\"2\"/>\n",
                 parts[i].classes, x, text_y - 8);
        text_add(&p->t, "<text x=\"%d\" y=\"%d\">%s ", x + 13, text_y, parts[i].name);
        svg_add_text(&p->t, parts[i].when, 24);
        text_put(&p->t, "</text>\n");
        x += NOTES_WIDTH / 3 - 8;
    }
    text_put(&p->t, "</g>\n");
}

static int add_row(struct page *p, const struct ladder_svg_row *row, int y)
{
    struct above above = place_above(p, row, y);
    if (above.pause_y != 0)
        add_pause(p, row->pause, above.pause_y);
    if (above.names_y != 0)
        add_names(p, above.names_y);
    if (above.heading_y != 0)
        add_heading(p, row, above.heading_y);
    int arrow_y = above.row_y + ARROW_AT, note_y = above.row_y + NOTE_AT;
    text_add(&p->t, "<g class=\"message%s%s\">\n", row->is_lost ? " lost" : "", row->dim ? " dim" : "");
    add_title(p, row->label, row->detail);
    add_words(p, EDGE + TIME_WIDTH - 14, arrow_y + 4, "end", "mono", row->time, 24);
    add_words(p, EDGE + TIME_WIDTH - 14, arrow_y + 19, "end", "mono muted", row->since, 24);
    if (row->is_lost)
        add_lost(p, row, arrow_y);
    else
        add_arrow(p, row, arrow_y);
    for (size_t i = 0; i < row->n_notes; i++)
        note_y = add_note(p, &row->notes[i], note_y);
    if (row->lease.end_text != NULL)
        add_lease(p, &row->lease, note_y - 6);
    text_put(&p->t, "</g>\n");
    return above.row_y + row_height(row);
}

/* ---- the page ---- */

static void add_legend(struct page *p, int y)
{
    static const struct {
        enum ladder_svg_tone tone;
        bool again, is_lost;
        const char *text;
        int width;
    } parts[] = {{LADDER_SVG_REQUEST, false, false, "from a client", 130},
                 {LADDER_SVG_REPLY, false, false, "from a server", 130},
                 {LADDER_SVG_REFUSAL, false, false, "a refusal", 105},
                 {LADDER_SVG_NOTICE, false, false, "needs no answer", 150},
                 {LADDER_SVG_REQUEST, true, false, "sent again", 105},
                 {LADDER_SVG_REQUEST, false, true, "lost", 70}};
    int x = EDGE;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        text_add(&p->t, "<line class=\"line %s%s\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n",
                 tone_class(parts[i].tone), parts[i].again ? " again" : "", x, y - 4, x + 26, y - 4);
        if (parts[i].is_lost)
            add_cross(p, tone_class(parts[i].tone), x + 26 - CROSS_HALF, y - 4);
        add_words(p, x + 33, y, "start", "muted", parts[i].text, 32);
        x += parts[i].width;
    }
    add_words(p, p->width - EDGE, y, "end", "muted", p->ladder->footer, 80);
}

char *ladder_svg_text(const struct ladder_svg *ladder)
{
    assert(ladder->n_lanes <= LADDER_SVG_LANES_MAX);
    struct page p = {.ladder = ladder, .lane_width = ladder->n_lanes > LANES_WIDE ? LANE_NARROW : LANE_WIDTH};
    text_init(&p.t);
    p.notes_x = EDGE + TIME_WIDTH + p.lane_width * (int)ladder->n_lanes + NOTES_GAP;
    p.width = p.notes_x + NOTES_WIDTH + EDGE;
    int bottom = rows_bottom(&p), height = bottom + FOOT;
    text_add(&p.t,
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
             "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
             "role=\"img\">\n",
             p.width, height, p.width, height);
    add_title(&p, ladder->title, ladder->subtitle);
    text_put(&p.t, style);
    text_add(&p.t, "<rect class=\"paper\" width=\"%d\" height=\"%d\"/>\n", p.width, height);
    add_words(&p, EDGE, 40, "start", "title", ladder->title, (size_t)p.width / 12);
    add_words(&p, EDGE, 62, "start", "muted", ladder->subtitle, (size_t)p.width / 7);
    add_lanes(&p, bottom + 8);
    int y = HEAD_TOP + HEAD_HEIGHT;
    for (size_t i = 0; i < ladder->n_rows; i++)
        y = add_row(&p, &ladder->rows[i], y);
    add_legend(&p, height - 18);
    text_put(&p.t, "</svg>\n");
    return text_take(&p.t);
}
