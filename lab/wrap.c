#include "lab/wrap.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "common/text.h"

enum { INDENT = 8, ROOM_MIN = 16 };

/* Octets of a colour sequence at `p`, or 0. */
static size_t color_len(const char *p)
{
    if (p[0] != '\x1b' || p[1] != '[')
        return 0;
    size_t len = 2 + strspn(p + 2, "0123456789;");
    return p[len] == 'm' ? len + 1 : 0;
}

/* Octets of what takes one column, or none, at `p`; *out_columns is 1 or 0. */
static size_t step(const char *p, unsigned *out_columns)
{
    size_t len = color_len(p);
    *out_columns = len == 0;
    if (len == 0)
        len = text_utf8_len(p, strlen(p));
    return len > 0 ? len : 1;
}

/* Where the value of an option line starts, behind code, name and length; else a plain indentation. */
static unsigned hanging_indent(const char *line)
{
    unsigned columns, at = 0, words = 0;
    bool in_word = false;
    for (const char *p = line; *p != '\0' && *p != '\n'; at += columns) {
        bool blank = *p == ' ';
        bool starts = !blank && !in_word && color_len(p) == 0;
        if (starts && words == 0 && !isdigit((unsigned char)*p))
            return INDENT;
        if (starts && words == 3)
            return at;
        words += starts;
        p += step(p, &columns);
        if (columns > 0)
            in_word = !blank;
    }
    return INDENT;
}

/* As much of the line as fits `room` columns, up to a space if there is one behind its first word. */
static size_t fitting(const char *line, size_t len, unsigned room)
{
    unsigned columns, used = 0;
    size_t space = 0, at = 0;
    bool has_word = false;
    while (at < len) {
        size_t octets = step(line + at, &columns);
        if (used + columns > room)
            return space > 0 ? space : at;
        if (line[at] == ' ' && has_word && line[at - 1] != ' ')
            space = at;
        has_word = has_word || (line[at] != ' ' && columns > 0);
        used += columns;
        at += octets;
    }
    return len;
}

static void put_octets(struct text *t, const char *from, size_t len)
{
    char piece[256];
    while (len > 0) {
        size_t n = len < sizeof piece ? len : sizeof piece - 1;
        memcpy(piece, from, n);
        piece[n] = '\0';
        text_put(t, piece);
        from += n;
        len -= n;
    }
}

static void put_line(struct text *t, const char *line, size_t len, unsigned indent, unsigned width)
{
    if (indent + ROOM_MIN > width)
        indent = INDENT;
    for (unsigned room = width; len > 0; room = width - indent) {
        size_t n = fitting(line, len, room);
        put_octets(t, line, n);
        line += n;
        len -= n;
        while (len > 0 && line[0] == ' ') {
            line++;
            len--;
        }
        if (len > 0)
            text_add(t, "\n%*s", (int)indent, "");
    }
}

/* The width as far as there is one, and not less than is needed. */
static unsigned usable(unsigned width)
{
    return width == 0 ? UINT32_MAX : width < INDENT + ROOM_MIN ? INDENT + ROOM_MIN : width;
}

char *wrap_text(const char *text, unsigned width)
{
    struct text t;
    text_init(&t);
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        const char *start = text + color_len(text);
        put_line(&t, text, len, hanging_indent(text), start[0] == ' ' ? usable(width) : UINT32_MAX);
        text += len;
        if (*text == '\n') {
            text_put(&t, "\n");
            text++;
        }
    }
    return text_take(&t);
}

char *wrap_line(const char *line, unsigned indent, unsigned width)
{
    struct text t;
    text_init(&t);
    size_t len = strcspn(line, "\n");
    put_line(&t, line, len, indent, usable(width));
    text_put(&t, line + len);
    return text_take(&t);
}
