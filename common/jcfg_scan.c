#include "common/jcfg_scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/hex.h"
#include "common/jcfg_text.h"
#include "common/text.h"

enum {
    NUMBER_MAX_LEN = 63, /* cJSON reads no more */
};

void jcfg_compose(const struct jcfg *c, char *buf, size_t at, const char *path, const char *format,
                  va_list args)
{
    struct jcfg_mark mark = jcfg_expanded_mark(&c->expanded, at);
    int n = snprintf(buf, JCFG_TEXT_MAX, "%s:%u:%u: at %s: ", c->expanded.files[mark.file], mark.line,
                     mark.column, path);
    if (n > 0 && n < JCFG_TEXT_MAX)
        vsnprintf(buf + n, JCFG_TEXT_MAX - (size_t)n, format, args);
}

struct scan_step { /* from a map or list to what is being read in it */
    bool in_map;
    size_t key_at, key_len; /* the key as written, without its quotes; key_at 0: no key read yet */
    size_t index;           /* in a list */
};

struct scan {
    struct jcfg *c;
    const char *text; /* borrowed */
    size_t len, at;
    char *blanked; /* the text for cJSON; same length */
    size_t depth;
    struct scan_step path[JCFG_DEPTH_MAX];
    bool element; /* the innermost step belongs to the path, not only its container */
    size_t places_cap;
    int err;
};

static bool scan_fail(struct scan *s, size_t where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool scan_fail(struct scan *s, size_t where, const char *format, ...)
{
    if (s->err != 0)
        return false;
    s->err = ERR_CONFIG;
    char path[JCFG_PATH_MAX];
    struct jcfg_text o = jcfg_text_start(path, sizeof path);
    jcfg_text_add(&o, "$");
    for (size_t i = 0; i < s->depth; i++) {
        const struct scan_step *step = &s->path[i];
        if (i + 1 == s->depth && !s->element)
            break;
        if (step->in_map)
            jcfg_text_key(&o, s->text + step->key_at, step->key_len, JCFG_QUOTE_SOURCE);
        else
            jcfg_text_index(&o, step->index);
    }
    va_list args;
    va_start(args, format);
    jcfg_compose(s->c, s->c->error, where, path, format, args);
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
        return scan_fail(s, s->at, "the text is not UTF-8: octet 0x%02x", (unsigned)peek(s));
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
    struct jcfg_text o = jcfg_text_start(buf, JCFG_FOUND_MAX);
    int ch = peek(s);
    if (ch < 0) {
        jcfg_text_add(&o, "the end of the file");
    } else if (ch == '"') {
        jcfg_text_add(&o, "a string");
    } else if (is_word(ch)) {
        size_t n = 1;
        while (s->at + n < s->len && n < JCFG_SHOWN_MAX && is_word((unsigned char)s->text[s->at + n]))
            n++;
        jcfg_text_put(&o, s->text + s->at, n);
    } else {
        size_t n = text_utf8_len(s->text + s->at, s->len - s->at);
        if (n == 0 || text_is_control(s->text + s->at, n)) {
            snprintf(buf, JCFG_FOUND_MAX, "the octet 0x%02x", (unsigned)ch);
        } else {
            jcfg_text_add(&o, "'");
            jcfg_text_put(&o, s->text + s->at, n);
            jcfg_text_add(&o, "'");
        }
    }
    return buf;
}

static bool expected(struct scan *s, const char *what)
{
    char found[JCFG_FOUND_MAX];
    return scan_fail(s, s->at, "expected %s, found %s", what, found_here(s, found));
}

static bool skip_comment(struct scan *s)
{
    size_t start = s->at;
    bool block = s->text[s->at] == '/' && s->text[s->at + 1] == '*';
    if (block) {
        s->at += 2;
    }
    for (;;) {
        int ch = peek(s);
        if (block && ch < 0)
            return scan_fail(s, start, "the comment is not closed before the end of the file");
        if (!block && (ch < 0 || ch == '\n'))
            break;
        if (block && ch == '*' && s->at + 1 < s->len && s->text[s->at + 1] == '/') {
            s->at += 2;
            break;
        }
        if (!advance(s))
            return false;
    }
    memset(s->blanked + start, ' ', s->at - start);
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

/* Four hexadecimal digits. */
static bool scan_hex4(struct scan *s, size_t escape, unsigned *out)
{
    unsigned value = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit((char)peek(s));
        if (digit < 0)
            return scan_fail(s, escape, "expected four hexadecimal digits after \\u");
        value = value * 16 + (unsigned)digit;
        advance(s);
    }
    *out = value;
    return true;
}

static bool scan_unicode_escape(struct scan *s, size_t escape)
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
    size_t escape = s->at;
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
    size_t start = s->at;
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
            return scan_fail(s, s->at, "a control character in a string must be written as \\u%04x",
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
        return scan_fail(s, s->at, "the number has more than %d characters", NUMBER_MAX_LEN);
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
        return true;
    }
    return expected(s, "a value");
}

static bool add_place(struct scan *s, const size_t *key)
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
    c->places[c->n_places++] = (struct jcfg_place){.at = s->at, .key_at = key == NULL ? s->at : *key};
    return true;
}

static bool scan_value(struct scan *s, const size_t *key);

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
    size_t comma = s->at;
    advance(s);
    if (!skip_space(s))
        return false;
    if (peek(s) != close) {
        *out_more = true;
        return true;
    }
    s->blanked[comma] = ' ';
    if (s->c->warn != NULL) {
        char text[JCFG_TEXT_MAX];
        struct scan shown = *s; /* the same path, but a warning is no error */
        struct jcfg as_error = *s->c;
        shown.c = &as_error;
        scan_fail(&shown, comma, "an extra comma before the end of the %s", close == ']' ? "list" : "map");
        memcpy(text, as_error.error, sizeof text);
        s->c->warn(s->c->user, text);
    }
    return advance(s);
}

static bool scan_member(struct scan *s, bool first)
{
    struct scan_step *step = &s->path[s->depth - 1];
    s->element = false;
    if (peek(s) != '"')
        return expected(s, first ? "a key in double quotes or '}'" : "a key in double quotes");
    size_t key = s->at;
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
        return scan_fail(s, s->at, "more than %d maps and lists stand inside each other", JCFG_DEPTH_MAX);
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

static bool scan_value(struct scan *s, const size_t *key)
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

int jcfg_scan(struct jcfg *c, char *blanked)
{
    const struct jcfg_expanded *x = &c->expanded;
    struct scan s = {.c = c, .text = x->text, .len = x->len, .blanked = blanked};
    if (scan_value(&s, NULL) && skip_space(&s) && peek(&s) >= 0)
        expected(&s, "the end of the file");
    return s.err;
}
