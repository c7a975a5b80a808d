#include "common/jcfg_part.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Where the value that starts at `from` ends. The text is known to be well-formed. */
static size_t value_end(const char *text, size_t len, size_t from)
{
    int depth = 0;
    for (size_t i = from; i < len; i++) {
        char next = i + 1 < len ? text[i + 1] : '\0';
        const char *comment_end;
        if (text[i] == '"') {
            for (i++; i < len && text[i] != '"'; i++)
                if (text[i] == '\\')
                    i++;
        } else if (text[i] == '{' || text[i] == '[') {
            depth++;
        } else if (text[i] == '}' || text[i] == ']') {
            if (--depth == 0)
                return i + 1;
        } else if (text[i] == '#' || (text[i] == '/' && next == '/')) {
            comment_end = memchr(text + i, '\n', len - i);
            i = comment_end == NULL ? len : (size_t)(comment_end - text);
        } else if (text[i] == '/' && next == '*') {
            comment_end = memmem(text + i + 2, len - i - 2, "*/", 2);
            i = comment_end == NULL ? len : (size_t)(comment_end - text) + 1;
        }
    }
    return len;
}

static bool is_continuation(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

/* Where line and column (from 1, in characters) are in the text. */
static size_t place_of(const char *text, size_t len, unsigned line, unsigned column)
{
    size_t at = 0;
    for (; line > 1 && at < len; at++)
        if (text[at] == '\n')
            line--;
    for (; at < len && (column > 1 || is_continuation(text[at])); at++)
        if (!is_continuation(text[at]))
            column--;
    return at;
}

char *jcfg_part(const struct jcfg *c, const char *text, size_t len, const cJSON *item)
{
    unsigned line, column;
    jcfg_where(c, item, &line, &column);
    size_t from = place_of(text, len, line, column);
    size_t to = value_end(text, len, from);
    char *out = malloc(to + 2);
    if (out == NULL)
        return NULL;
    size_t used = 0;
    for (size_t i = 0; i < from; i++) {
        if (text[i] == '\n')
            out[used++] = '\n';
        else if (!is_continuation(text[i]))
            out[used++] = ' ';
    }
    memcpy(out + used, text + from, to - from);
    used += to - from;
    out[used++] = '\n';
    out[used] = '\0';
    return out;
}
