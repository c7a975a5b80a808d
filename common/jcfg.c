#include "common/jcfg.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/text.h"

struct jcfg_place {
    const cJSON *item;
    const cJSON *parent; /* NULL for the root */
    unsigned line, column;
    unsigned key_line, key_column; /* of the key; of the value itself in a list and for the root */
};

enum {
    PATH_MAX_LEN = 512,
    KEY_SHOWN_MAX = 64,  /* octets of a key or of a found string that a message shows */
    NUMBER_MAX_LEN = 63, /* cJSON reads no more */
    FOUND_MAX_LEN = 160,
};

/* Text with a bound: what does not fit whole is left out. */
struct out {
    char *buf;
    size_t cap;
    size_t at; /* at < cap; buf[at] is NUL */
};

static struct out out_start(char *buf, size_t cap)
{
    buf[0] = '\0';
    return (struct out){buf, cap, 0};
}

static bool out_put(struct out *o, const char *text, size_t len)
{
    if (len >= o->cap - o->at)
        return false;
    memcpy(o->buf + o->at, text, len);
    o->at += len;
    o->buf[o->at] = '\0';
    return true;
}

static bool out_text(struct out *o, const char *text)
{
    return out_put(o, text, strlen(text));
}

enum quoting { QUOTE_DECODED, QUOTE_SOURCE /* quotes and backslashes are escaped already */ };

/* A string as JSON would write it, cut after KEY_SHOWN_MAX octets. */
static void out_quoted(struct out *o, const char *text, size_t len, enum quoting quoting)
{
    out_text(o, "\"");
    size_t at = 0;
    while (at < len && at < KEY_SHOWN_MAX) {
        size_t n = text_utf8_len(text + at, len - at);
        char escape[8];
        if (n == 0)
            n = 1;
        if (text_is_control(text + at, n)) {
            snprintf(escape, sizeof escape, "\\u%04x", (unsigned)(unsigned char)text[at + n - 1]);
            out_text(o, escape);
        } else if (quoting == QUOTE_DECODED && (text[at] == '"' || text[at] == '\\')) {
            escape[0] = '\\';
            escape[1] = text[at];
            out_put(o, escape, 2);
        } else {
            out_put(o, text + at, n);
        }
        at += n;
    }
    out_text(o, at < len ? "...\"" : "\"");
}

static bool is_plain_key(const char *key, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char ch = key[i];
        bool plain = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
                     ch == '-' || ch == '_';
        if (!plain)
            return false;
    }
    return len > 0 && len <= KEY_SHOWN_MAX;
}

static void out_key(struct out *o, const char *key, size_t len, enum quoting quoting)
{
    if (is_plain_key(key, len)) {
        out_text(o, ".");
        out_put(o, key, len);
    } else {
        out_text(o, "[");
        out_quoted(o, key, len, quoting);
        out_text(o, "]");
    }
}

static void out_index(struct out *o, size_t index)
{
    char text[32];
    snprintf(text, sizeof text, "[%zu]", index);
    out_text(o, text);
}

/* "NAME:LINE:COLUMN: at PATH: MESSAGE" */
static void compose(const struct jcfg *c, char *buf, unsigned line, unsigned column, const char *path,
                    const char *format, va_list args) __attribute__((format(printf, 6, 0)));

static void compose(const struct jcfg *c, char *buf, unsigned line, unsigned column, const char *path,
                    const char *format, va_list args)
{
    int n = snprintf(buf, JCFG_TEXT_MAX, "%s:%u:%u: at %s: ", c->name, line, column, path);
    if (n > 0 && n < JCFG_TEXT_MAX)
        vsnprintf(buf + n, JCFG_TEXT_MAX - (size_t)n, format, args);
}

/* The scanner: one pass over the text that refuses what is not JSON, notes where each value starts, and
 * blanks what cJSON would not take. */

struct scan_step { /* from a map or list to what is being read in it */
    bool in_map;
    size_t key_at, key_len; /* the key as written, without its quotes; key_at 0: no key read yet */
    size_t index;           /* in a list */
};

struct scan {
    struct jcfg *c;
    const char *text; /* borrowed */
    size_t len, at;
    char *blanked;         /* the text for cJSON; same length */
    unsigned line, column; /* of `at` */
    size_t depth;
    struct scan_step path[JCFG_DEPTH_MAX];
    bool element; /* the innermost step belongs to the path, not only its container */
    size_t places_cap;
    int err;
};

struct mark {
    unsigned line, column;
    size_t at;
};

static struct mark mark(const struct scan *s)
{
    return (struct mark){s->line, s->column, s->at};
}

static bool scan_fail(struct scan *s, struct mark where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool scan_fail(struct scan *s, struct mark where, const char *format, ...)
{
    if (s->err != 0)
        return false;
    s->err = ERR_CONFIG;
    char path[PATH_MAX_LEN];
    struct out o = out_start(path, sizeof path);
    out_text(&o, "$");
    for (size_t i = 0; i < s->depth; i++) {
        const struct scan_step *step = &s->path[i];
        if (i + 1 == s->depth && !s->element)
            break;
        if (step->in_map)
            out_key(&o, s->text + step->key_at, step->key_len, QUOTE_SOURCE);
        else
            out_index(&o, step->index);
    }
    va_list args;
    va_start(args, format);
    compose(s->c, s->c->error, where.line, where.column, path, format, args);
    va_end(args);
    return false;
}

static int peek(const struct scan *s)
{
    return s->at < s->len ? (unsigned char)s->text[s->at] : -1;
}

/* Steps over one character. False if it is not UTF-8. */
static bool advance(struct scan *s)
{
    size_t n = text_utf8_len(s->text + s->at, s->len - s->at);
    if (n == 0)
        return scan_fail(s, mark(s), "the text is not UTF-8: octet 0x%02x", (unsigned)peek(s));
    if (s->text[s->at] == '\n') {
        s->line++;
        s->column = 1;
    } else {
        s->column++;
    }
    s->at += n;
    return true;
}

static bool is_word(int ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '_' ||
           ch == '+' || ch == '-' || ch == '.';
}

/* What stands at the current place, for "found ...". */
static const char *found_here(const struct scan *s, char *buf)
{
    struct out o = out_start(buf, FOUND_MAX_LEN);
    int ch = peek(s);
    if (ch < 0) {
        out_text(&o, "the end of the file");
    } else if (ch == '"') {
        out_text(&o, "a string");
    } else if (is_word(ch)) {
        size_t n = 1;
        while (s->at + n < s->len && n < KEY_SHOWN_MAX && is_word((unsigned char)s->text[s->at + n]))
            n++;
        out_put(&o, s->text + s->at, n);
    } else {
        size_t n = text_utf8_len(s->text + s->at, s->len - s->at);
        if (n == 0 || text_is_control(s->text + s->at, n)) {
            snprintf(buf, FOUND_MAX_LEN, "the octet 0x%02x", (unsigned)ch);
        } else {
            out_text(&o, "'");
            out_put(&o, s->text + s->at, n);
            out_text(&o, "'");
        }
    }
    return buf;
}

static bool expected(struct scan *s, const char *what)
{
    char found[FOUND_MAX_LEN];
    return scan_fail(s, mark(s), "expected %s, found %s", what, found_here(s, found));
}

static bool skip_comment(struct scan *s)
{
    struct mark start = mark(s);
    bool block = s->text[s->at] == '/' && s->text[s->at + 1] == '*';
    if (block) {
        s->at += 2;
        s->column += 2;
    }
    for (;;) {
        int ch = peek(s);
        if (block && ch < 0)
            return scan_fail(s, start, "the comment is not closed before the end of the file");
        if (!block && (ch < 0 || ch == '\n'))
            break;
        if (block && ch == '*' && s->at + 1 < s->len && s->text[s->at + 1] == '/') {
            s->at += 2;
            s->column += 2;
            break;
        }
        if (!advance(s))
            return false;
    }
    memset(s->blanked + start.at, ' ', s->at - start.at);
    return true;
}

static bool skip_space(struct scan *s)
{
    for (;;) {
        int ch = peek(s);
        int next = s->at + 1 < s->len ? s->text[s->at + 1] : 0;
        if (ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r') {
            advance(s);
        } else if (ch == '#' || (ch == '/' && (next == '/' || next == '*'))) {
            if (!skip_comment(s))
                return false;
        } else {
            return true;
        }
    }
}

static int hex_digit(int ch)
{
    if (ch >= '0' && ch <= '9')
        return ch - '0';
    if (ch >= 'a' && ch <= 'f')
        return ch - 'a' + 10;
    if (ch >= 'A' && ch <= 'F')
        return ch - 'A' + 10;
    return -1;
}

/* Four hexadecimal digits. */
static bool scan_hex4(struct scan *s, struct mark escape, unsigned *out)
{
    unsigned value = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(peek(s));
        if (digit < 0)
            return scan_fail(s, escape, "expected four hexadecimal digits after \\u");
        value = value * 16 + (unsigned)digit;
        advance(s);
    }
    *out = value;
    return true;
}

static bool scan_unicode_escape(struct scan *s, struct mark escape)
{
    unsigned unit = 0;
    if (!scan_hex4(s, escape, &unit))
        return false;
    if (unit == 0)
        return scan_fail(s, escape, "\\u0000 cannot stand in a string here");
    if (unit < 0xd800 || unit > 0xdfff)
        return true;
    bool low_follows = unit < 0xdc00 && peek(s) == '\\' && s->at + 1 < s->len && s->text[s->at + 1] == 'u';
    unsigned low = 0;
    if (low_follows) {
        s->at += 2;
        s->column += 2;
        if (!scan_hex4(s, escape, &low))
            return false;
    }
    if (low < 0xdc00 || low > 0xdfff)
        return scan_fail(s, escape, "\\u%04x is half of a surrogate pair and the other half does not follow",
                         unit);
    return true;
}

static bool scan_escape(struct scan *s)
{
    struct mark escape = mark(s);
    advance(s);
    int ch = peek(s);
    if (ch == 'u') {
        advance(s);
        return scan_unicode_escape(s, escape);
    }
    if (ch < 0 || ch == 0 || strchr("\"\\/bfnrt", ch) == NULL)
        return scan_fail(s, escape,
                         "a backslash in a string must be one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX");
    return advance(s);
}

/* A string; the text between its quotes goes to *out_at, *out_len. */
static bool scan_string(struct scan *s, size_t *out_at, size_t *out_len)
{
    struct mark start = mark(s);
    advance(s);
    *out_at = s->at;
    for (;;) {
        int ch = peek(s);
        if (ch < 0 || ch == '\n')
            return scan_fail(s, start, "the string is not closed before the end of the %s",
                             ch < 0 ? "file" : "line");
        if (ch == '"')
            break;
        if (ch < 0x20)
            return scan_fail(s, mark(s), "a control character in a string must be written as \\u%04x",
                             (unsigned)ch);
        if (!(ch == '\\' ? scan_escape(s) : advance(s)))
            return false;
    }
    *out_len = s->at - *out_at;
    return advance(s);
}

static size_t count_digits(const struct scan *s, size_t at)
{
    size_t n = 0;
    while (at + n < s->len && s->text[at + n] >= '0' && s->text[at + n] <= '9')
        n++;
    return n;
}

/* RFC 8259 6: number = [ minus ] int [ frac ] [ exp ] */
static bool scan_number(struct scan *s)
{
    size_t at = s->at;
    bool good = true;
    if (s->text[at] == '-')
        at++;
    size_t digits = count_digits(s, at);
    good = digits == 1 || (digits > 1 && s->text[at] != '0');
    at += digits;
    if (at < s->len && s->text[at] == '.') {
        digits = count_digits(s, at + 1);
        good = good && digits > 0;
        at += 1 + digits;
    }
    if (at < s->len && (s->text[at] == 'e' || s->text[at] == 'E')) {
        at++;
        if (at < s->len && (s->text[at] == '+' || s->text[at] == '-'))
            at++;
        digits = count_digits(s, at);
        good = good && digits > 0;
        at += digits;
    }
    if (!good || (at < s->len && is_word((unsigned char)s->text[at])))
        return expected(s, "a number as JSON writes it");
    if (at - s->at > NUMBER_MAX_LEN)
        return scan_fail(s, mark(s), "the number has more than %d characters", NUMBER_MAX_LEN);
    s->column += (unsigned)(at - s->at);
    s->at = at;
    return true;
}

static bool scan_word(struct scan *s)
{
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t n = strlen(words[i]);
        if (s->len - s->at < n || memcmp(s->text + s->at, words[i], n) != 0)
            continue;
        if (s->at + n < s->len && is_word((unsigned char)s->text[s->at + n]))
            continue;
        s->at += n;
        s->column += (unsigned)n;
        return true;
    }
    return expected(s, "a value");
}

static bool add_place(struct scan *s, const struct mark *key)
{
    struct jcfg *c = s->c;
    if (c->n_places == s->places_cap) {
        size_t cap = s->places_cap == 0 ? 64 : s->places_cap * 2;
        struct jcfg_place *places = realloc(c->places, cap * sizeof *places);
        if (places == NULL) {
            s->err = ERR_NOMEM;
            return false;
        }
        c->places = places;
        s->places_cap = cap;
    }
    struct mark here = mark(s);
    if (key == NULL)
        key = &here;
    c->places[c->n_places++] = (struct jcfg_place){
        .line = here.line, .column = here.column, .key_line = key->line, .key_column = key->column};
    return true;
}

static bool scan_value(struct scan *s, const struct mark *key);

/* After an element: on to the next, or not. An extra comma before `close` is blanked. */
static bool scan_comma(struct scan *s, char close, bool *out_more)
{
    s->element = false;
    *out_more = false;
    if (!skip_space(s))
        return false;
    if (peek(s) == close)
        return advance(s);
    if (peek(s) != ',')
        return expected(s, close == ']' ? "',' or ']'" : "',' or '}'");
    struct mark comma = mark(s);
    advance(s);
    if (!skip_space(s))
        return false;
    if (peek(s) != close) {
        *out_more = true;
        return true;
    }
    s->blanked[comma.at] = ' ';
    if (s->c->warn != NULL) {
        char text[JCFG_TEXT_MAX];
        struct scan shown = *s; /* the same path, but a warning is no error */
        struct jcfg as_error = *s->c;
        shown.c = &as_error;
        scan_fail(&shown, comma, "an extra comma before the end of the %s", close == ']' ? "list" : "map");
        memcpy(text, as_error.error, sizeof text);
        s->c->warn(s->c->warn_user, text);
    }
    return advance(s);
}

static bool scan_member(struct scan *s, bool first)
{
    struct scan_step *step = &s->path[s->depth - 1];
    s->element = false;
    if (peek(s) != '"')
        return expected(s, first ? "a key in double quotes or '}'" : "a key in double quotes");
    struct mark key = mark(s);
    if (!scan_string(s, &step->key_at, &step->key_len) || !skip_space(s))
        return false;
    s->element = true;
    if (peek(s) != ':')
        return expected(s, "':'");
    advance(s);
    return scan_value(s, &key);
}

static bool scan_container(struct scan *s, char close)
{
    if (s->depth == JCFG_DEPTH_MAX)
        return scan_fail(s, mark(s), "more than %d maps and lists stand inside each other", JCFG_DEPTH_MAX);
    advance(s);
    s->path[s->depth++] = (struct scan_step){.in_map = close == '}'};
    struct scan_step *step = &s->path[s->depth - 1];
    s->element = false;
    if (!skip_space(s))
        return false;
    bool more = peek(s) != close;
    bool first = true;
    if (!more)
        advance(s);
    while (more) {
        s->element = true;
        if (!(step->in_map ? scan_member(s, first) : scan_value(s, NULL)))
            return false;
        if (!scan_comma(s, close, &more))
            return false;
        step->index++;
        first = false;
    }
    s->depth--;
    s->element = true;
    return true;
}

static bool scan_value(struct scan *s, const struct mark *key)
{
    if (!skip_space(s) || !add_place(s, key))
        return false;
    int ch = peek(s);
    size_t at, len;
    if (ch == '{')
        return scan_container(s, '}');
    if (ch == '[')
        return scan_container(s, ']');
    if (ch == '"')
        return scan_string(s, &at, &len);
    if (ch == '-' || (ch >= '0' && ch <= '9'))
        return scan_number(s);
    return scan_word(s);
}

static void scan_text(struct scan *s)
{
    static const char bom[] = "\xef\xbb\xbf"; /* an editor shows no column for it */
    if (s->len >= 3 && memcmp(s->text, bom, 3) == 0) {
        memset(s->blanked, ' ', 3);
        s->at = 3;
    }
    if (!scan_value(s, NULL) || !skip_space(s))
        return;
    if (peek(s) >= 0)
        expected(s, "the end of the file");
}

/* From here on the text is known to be JSON. */

static void place_items(struct jcfg *c, const cJSON *item, const cJSON *parent, size_t *at)
{
    assert(*at < c->n_places);
    c->places[*at].item = item;
    c->places[*at].parent = parent;
    (*at)++;
    for (const cJSON *child = item->child; child != NULL; child = child->next)
        place_items(c, child, item, at);
}

static int compare_pointers(const void *a, const void *b)
{
    return (a > b) - (a < b);
}

static int by_item(const void *a, const void *b)
{
    return compare_pointers(((const struct jcfg_place *)a)->item, ((const struct jcfg_place *)b)->item);
}

static bool is_before(const struct jcfg_place *a, const struct jcfg_place *b)
{
    return a->key_line != b->key_line ? a->key_line < b->key_line : a->key_column < b->key_column;
}

static bool same_key(const struct jcfg_place *a, const struct jcfg_place *b)
{
    return a->parent == b->parent && a->item->string != NULL && b->item->string != NULL &&
           strcmp(a->item->string, b->item->string) == 0;
}

/* By map, then key, then place in the text. */
static int by_key(const void *a, const void *b)
{
    const struct jcfg_place *pa = a;
    const struct jcfg_place *pb = b;
    int order = compare_pointers(pa->parent, pb->parent);
    if (order == 0 && pa->item->string != NULL && pb->item->string != NULL)
        order = strcmp(pa->item->string, pb->item->string);
    if (order == 0)
        order = is_before(pb, pa) - is_before(pa, pb);
    return order;
}

static const struct jcfg_place *find_place(const struct jcfg *c, const cJSON *item)
{
    struct jcfg_place wanted = {.item = item};
    const struct jcfg_place *place = bsearch(&wanted, c->places, c->n_places, sizeof wanted, by_item);
    assert(place != NULL); /* the item is of this file */
    return place;
}

static void out_path(const struct jcfg *c, const cJSON *item, struct out *o)
{
    const struct jcfg_place *steps[JCFG_DEPTH_MAX + 1];
    size_t n = 0;
    for (const struct jcfg_place *p = find_place(c, item); p->parent != NULL; p = find_place(c, p->parent))
        steps[n++] = p;
    out_text(o, "$");
    while (n-- > 0) {
        const cJSON *step = steps[n]->item;
        if (step->string != NULL) {
            out_key(o, step->string, strlen(step->string), QUOTE_DECODED);
            continue;
        }
        size_t index = 0;
        for (const cJSON *p = steps[n]->parent->child; p != step; p = p->next)
            index++;
        out_index(o, index);
    }
}

enum at { AT_VALUE, AT_KEY };

static void report_at(const struct jcfg *c, const cJSON *item, enum at at, char *buf, const char *format,
                      va_list args) __attribute__((format(printf, 5, 0)));

static void report_at(const struct jcfg *c, const cJSON *item, enum at at, char *buf, const char *format,
                      va_list args)
{
    char path[PATH_MAX_LEN] = "$";
    unsigned line = 1;
    unsigned column = 1;
    if (item != NULL) {
        const struct jcfg_place *place = find_place(c, item);
        struct out o = out_start(path, sizeof path);
        out_path(c, item, &o);
        line = at == AT_KEY ? place->key_line : place->line;
        column = at == AT_KEY ? place->key_column : place->column;
    }
    compose(c, buf, line, column, path, format, args);
}

static void key_error(struct jcfg *c, const cJSON *item, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void key_error(struct jcfg *c, const cJSON *item, const char *format, ...)
{
    if (c->error[0] != '\0')
        return;
    va_list args;
    va_start(args, format);
    report_at(c, item, AT_KEY, c->error, format, args);
    va_end(args);
}

/* RFC 8259 4: "The names within an object SHOULD be unique"; here they must be. */
static void check_duplicates(struct jcfg *c)
{
    qsort(c->places, c->n_places, sizeof *c->places, by_key);
    const cJSON *repeated = NULL;
    struct jcfg_place first = {0};
    struct jcfg_place again = {0};
    for (size_t i = 1; i < c->n_places; i++) {
        const struct jcfg_place *p = &c->places[i];
        if (!same_key(p - 1, p) || (repeated != NULL && !is_before(p, &again)))
            continue;
        repeated = p->item;
        first = p[-1];
        again = *p;
    }
    qsort(c->places, c->n_places, sizeof *c->places, by_item);
    if (repeated != NULL)
        key_error(c, repeated, "the key stands in this map already, at line %u", first.key_line);
}

int jcfg_parse(struct jcfg *c, const char *name, const char *text, size_t len, jcfg_warn_fn *warn,
               void *warn_user)
{
    *c = (struct jcfg){.name = name, .warn = warn, .warn_user = warn_user};
    struct scan s = {.c = c, .text = text, .len = len, .line = 1, .column = 1};
    s.blanked = malloc(len + 1);
    if (s.blanked == NULL) {
        s.err = ERR_NOMEM;
    } else {
        if (len > 0)
            memcpy(s.blanked, text, len);
        s.blanked[len] = '\0';
        scan_text(&s);
    }
    if (s.err == 0) {
        c->root = cJSON_ParseWithLength(s.blanked, len + 1);
        if (c->root == NULL)
            s.err = ERR_NOMEM; /* the scanner has refused everything else that cJSON refuses */
    }
    free(s.blanked);
    if (s.err == ERR_NOMEM)
        snprintf(c->error, sizeof c->error, "%s: out of memory", name);
    if (s.err != 0)
        return s.err;
    size_t placed = 0;
    place_items(c, c->root, NULL, &placed);
    assert(placed == c->n_places);
    check_duplicates(c);
    return jcfg_failed(c) ? ERR_CONFIG : 0;
}

void jcfg_fini(struct jcfg *c)
{
    cJSON_Delete(c->root);
    free(c->places);
    c->root = NULL;
    c->places = NULL;
    c->n_places = 0;
}

bool jcfg_failed(const struct jcfg *c)
{
    return c->error[0] != '\0';
}

void jcfg_error(struct jcfg *c, const cJSON *item, const char *format, ...)
{
    if (jcfg_failed(c))
        return;
    va_list args;
    va_start(args, format);
    report_at(c, item, AT_VALUE, c->error, format, args);
    va_end(args);
}

static void warn_at(struct jcfg *c, const cJSON *item, enum at at, const char *format, va_list args)
    __attribute__((format(printf, 4, 0)));

static void warn_at(struct jcfg *c, const cJSON *item, enum at at, const char *format, va_list args)
{
    if (c->warn == NULL)
        return;
    char text[JCFG_TEXT_MAX];
    report_at(c, item, at, text, format, args);
    c->warn(c->warn_user, text);
}

void jcfg_warning(struct jcfg *c, const cJSON *item, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    warn_at(c, item, AT_VALUE, format, args);
    va_end(args);
}

static void key_warning(struct jcfg *c, const cJSON *item, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void key_warning(struct jcfg *c, const cJSON *item, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    warn_at(c, item, AT_KEY, format, args);
    va_end(args);
}

void jcfg_where(const struct jcfg *c, const cJSON *item, unsigned *out_line, unsigned *out_column)
{
    const struct jcfg_place *place = find_place(c, item);
    *out_line = place->line;
    *out_column = place->column;
}

/* "expected WHAT, found VALUE" */
static void wrong(struct jcfg *c, const cJSON *item, const char *what)
{
    char found[FOUND_MAX_LEN];
    struct out o = out_start(found, sizeof found);
    if (cJSON_IsString(item))
        out_quoted(&o, item->valuestring, strlen(item->valuestring), QUOTE_DECODED);
    else if (cJSON_IsNumber(item))
        snprintf(found, sizeof found, "%.15g", item->valuedouble);
    else if (cJSON_IsBool(item))
        out_text(&o, cJSON_IsTrue(item) ? "true" : "false");
    else if (cJSON_IsObject(item))
        out_text(&o, "a map");
    else if (cJSON_IsArray(item))
        out_text(&o, "a list");
    else
        out_text(&o, "null");
    jcfg_error(c, item, "expected %s, found %s", what, found);
}

static const cJSON *find(const cJSON *map, const char *key)
{
    return map == NULL ? NULL : cJSON_GetObjectItemCaseSensitive(map, key);
}

bool jcfg_get_bool(struct jcfg *c, const cJSON *map, const char *key, bool *out)
{
    const cJSON *item = find(map, key);
    if (item == NULL)
        return false;
    if (!cJSON_IsBool(item)) {
        wrong(c, item, "true or false");
        return false;
    }
    *out = cJSON_IsTrue(item);
    return true;
}

bool jcfg_get_u32(struct jcfg *c, const cJSON *map, const char *key, uint32_t min, uint32_t max,
                  uint32_t *out)
{
    const cJSON *item = find(map, key);
    if (item == NULL)
        return false;
    double value = cJSON_IsNumber(item) ? item->valuedouble : -1;
    bool in_range = value >= min && value <= max;
    bool fraction = in_range && value > (uint32_t)value;
    if (!in_range || fraction) {
        char what[64];
        snprintf(what, sizeof what, "a %snumber from %u to %u", fraction ? "whole " : "", min, max);
        wrong(c, item, what);
        return false;
    }
    *out = (uint32_t)value;
    return true;
}

bool jcfg_get_real(struct jcfg *c, const cJSON *map, const char *key, double min, double max, double *out)
{
    const cJSON *item = find(map, key);
    if (item == NULL)
        return false;
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= min && item->valuedouble <= max)) {
        char what[80];
        snprintf(what, sizeof what, "a number from %.15g to %.15g", min, max);
        wrong(c, item, what);
        return false;
    }
    *out = item->valuedouble;
    return true;
}

bool jcfg_get_text(struct jcfg *c, const cJSON *map, const char *key, const char **out)
{
    const cJSON *item = find(map, key);
    return item != NULL && jcfg_as_text(c, item, "a string", out);
}

bool jcfg_get_ip4(struct jcfg *c, const cJSON *map, const char *key, ip4 *out)
{
    const cJSON *item = find(map, key);
    return item != NULL && jcfg_as_ip4(c, item, out);
}

bool jcfg_get_net(struct jcfg *c, const cJSON *map, const char *key, struct ip4_net *out)
{
    const cJSON *item = find(map, key);
    if (item == NULL)
        return false;
    if (cJSON_IsString(item) && ip4_net_parse(item->valuestring, out))
        return true;
    wrong(c, item, "an IPv4 prefix such as 10.0.0.0/24");
    return false;
}

bool jcfg_get_hw(struct jcfg *c, const cJSON *map, const char *key, struct hw_addr *out)
{
    const cJSON *item = find(map, key);
    if (item == NULL)
        return false;
    if (cJSON_IsString(item) && hw_parse(item->valuestring, out))
        return true;
    wrong(c, item, "a hardware address such as 02:00:00:00:00:02");
    return false;
}

/* "one of "a", "b", "c"", as many as fit. */
static void list_words(const char *start, const char *const *words, char *buf, size_t cap)
{
    struct out o = out_start(buf, cap - sizeof ", ...");
    out_text(&o, start);
    bool all = true;
    for (size_t i = 0; words[i] != NULL && all; i++) {
        char word[2 * KEY_SHOWN_MAX];
        int n = snprintf(word, sizeof word, "%s\"%s\"", i > 0 ? ", " : "", words[i]);
        all = n > 0 && (size_t)n < sizeof word && out_put(&o, word, (size_t)n);
    }
    o.cap = cap;
    if (!all)
        out_text(&o, ", ...");
}

bool jcfg_get_word(struct jcfg *c, const cJSON *map, const char *key, const char *const *words, int *out)
{
    const cJSON *item = find(map, key);
    if (item == NULL)
        return false;
    for (int i = 0; cJSON_IsString(item) && words[i] != NULL; i++) {
        if (strcmp(item->valuestring, words[i]) == 0) {
            *out = i;
            return true;
        }
    }
    char what[JCFG_TEXT_MAX / 2];
    list_words(words[0] != NULL && words[1] == NULL ? "" : "one of ", words, what, sizeof what);
    wrong(c, item, what);
    return false;
}

const cJSON *jcfg_get_map(struct jcfg *c, const cJSON *map, const char *key)
{
    const cJSON *item = find(map, key);
    return item != NULL && jcfg_is_map(c, item, "a map") ? item : NULL;
}

const cJSON *jcfg_get_list(struct jcfg *c, const cJSON *map, const char *key)
{
    const cJSON *item = find(map, key);
    if (item != NULL && !cJSON_IsArray(item)) {
        wrong(c, item, "a list");
        return NULL;
    }
    return item;
}

bool jcfg_is_map(struct jcfg *c, const cJSON *item, const char *what)
{
    if (!cJSON_IsObject(item))
        wrong(c, item, what);
    return cJSON_IsObject(item);
}

bool jcfg_as_text(struct jcfg *c, const cJSON *item, const char *what, const char **out)
{
    if (!cJSON_IsString(item)) {
        wrong(c, item, what);
        return false;
    }
    *out = item->valuestring;
    return true;
}

bool jcfg_as_ip4(struct jcfg *c, const cJSON *item, ip4 *out)
{
    if (cJSON_IsString(item) && ip4_parse(item->valuestring, out))
        return true;
    wrong(c, item, "an IPv4 address such as 10.0.0.1");
    return false;
}

void jcfg_require(struct jcfg *c, const cJSON *map, const char *key)
{
    if (find(map, key) == NULL)
        jcfg_error(c, map, "the key \"%s\" is missing", key);
}

static bool has_word(const char *const *words, const char *word)
{
    for (size_t i = 0; words != NULL && words[i] != NULL; i++)
        if (strcmp(words[i], word) == 0)
            return true;
    return false;
}

void jcfg_check_keys(struct jcfg *c, const cJSON *map, const char *const *known, const char *const *elsewhere)
{
    static const char *const everywhere[] = {"comment", "user-context", NULL};
    const cJSON *item;
    if (!cJSON_IsObject(map))
        return;
    cJSON_ArrayForEach(item, map)
    {
        if (has_word(known, item->string) || has_word(everywhere, item->string))
            continue;
        if (has_word(elsewhere, item->string)) {
            key_warning(c, item, "the key has no effect: Kea knows it, this program does not implement it");
            continue;
        }
        char what[JCFG_TEXT_MAX / 2];
        list_words("one of ", known, what, sizeof what);
        key_error(c, item, "the key is not known here: expected %s", what);
    }
}
