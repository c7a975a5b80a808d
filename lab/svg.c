#include "lab/svg.h"

#include <string.h>

enum { CHARACTER_MAX = 4 };

/* Octets of the character at `p`, at least 1. */
static size_t step(const char *p, size_t left)
{
    size_t n = text_utf8_len(p, left);
    return n == 0 ? 1 : n;
}

static size_t count(const char *text)
{
    size_t n = 0;
    for (size_t left = strlen(text); left > 0; n++) {
        size_t len = step(text, left);
        text += len;
        left -= len;
    }
    return n;
}

/* XML 1.0 2.2 allows neither control characters nor U+FFFE and U+FFFF. */
static bool is_allowed(const char *p, size_t len)
{
    return len > 0 && !text_is_control(p, len) && memcmp(p, "\xef\xbf\xbe", len) != 0 &&
           memcmp(p, "\xef\xbf\xbf", len) != 0;
}

static void add_character(struct text *t, const char *p, size_t left)
{
    static const struct {
        char character;
        const char *reference;
    } references[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}};
    char copy[CHARACTER_MAX + 1] = "";
    size_t len = text_utf8_len(p, left);
    for (size_t i = 0; i < sizeof references / sizeof references[0]; i++) {
        if (*p == references[i].character) {
            text_put(t, references[i].reference);
            return;
        }
    }
    if (is_allowed(p, len))
        memcpy(copy, p, len);
    text_put(t, copy[0] != '\0' ? copy : "?");
}

void svg_add_text(struct text *t, const char *text, size_t max)
{
    size_t left = strlen(text);
    bool is_long = count(text) > max;
    for (size_t n = is_long && max > 0 ? max - 1 : max; n > 0 && left > 0; n--) {
        size_t len = step(text, left);
        add_character(t, text, left);
        text += len;
        left -= len;
    }
    if (is_long)
        text_put(t, "…");
}

size_t svg_take_line(const char **at, size_t max)
{
    const char *start = *at, *p = start, *space = NULL;
    size_t left = strlen(start);
    for (size_t n = 0; n < max && left > 0; n++) {
        size_t len = step(p, left);
        p += len;
        left -= len;
        if (*p == ' ' || *p == '\0')
            space = p;
    }
    const char *end = left > 0 && space != NULL ? space : p;
    *at = *end == ' ' ? end + 1 : end;
    return (size_t)(end - start);
}
