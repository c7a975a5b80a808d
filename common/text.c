#include "common/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_init(struct text *t)
{
    *t = (struct text){0};
}

void text_fini(struct text *t)
{
    free(t->buf);
    text_init(t);
}

/* Room for `len` more bytes and the NUL. */
static bool reserve(struct text *t, size_t len)
{
    if (t->failed)
        return false;
    if (t->buf != NULL && len < t->cap - t->len)
        return true;
    size_t cap = 2 * t->cap + len + 64;
    char *buf = realloc(t->buf, cap);
    if (buf == NULL) {
        t->failed = true;
        return false;
    }
    t->buf = buf;
    t->cap = cap;
    return true;
}

void text_put(struct text *t, const char *raw)
{
    size_t len = strlen(raw);
    if (!reserve(t, len))
        return;
    memcpy(t->buf + t->len, raw, len + 1);
    t->len += len;
}

/* Blanks what a terminal would act on, and what is not UTF-8. */
static void make_safe(char *p, size_t len)
{
    size_t n;
    for (size_t at = 0; at < len; at += n) {
        n = text_utf8_len(p + at, len - at);
        bool bad = n == 0 || (text_is_control(p + at, n) && p[at] != '\n');
        if (n == 0)
            n = 1;
        if (bad)
            memset(p + at, '?', n);
    }
}

void text_add(struct text *t, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    bool fits = len >= 0 && reserve(t, (size_t)len);
    if (fits)
        vsnprintf(t->buf + t->len, (size_t)len + 1, format, again);
    va_end(again);
    va_end(args);
    if (!fits)
        return;
    make_safe(t->buf + t->len, (size_t)len);
    t->len += (size_t)len;
}

char *text_take(struct text *t)
{
    reserve(t, 0);
    if (t->failed) {
        text_fini(t);
        return NULL;
    }
    t->buf[t->len] = '\0';
    char *buf = t->buf;
    text_init(t);
    return buf;
}

size_t text_utf8_len(const char *p, size_t left)
{
    static const struct {
        unsigned char first_low, first_high, second_low, second_high;
        size_t len;
    } rows[] = {
        {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
        {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
        {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    const unsigned char *u = (const unsigned char *)p;
    if (left == 0)
        return 0;
    if (u[0] < 0x80)
        return 1;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (u[0] < rows[i].first_low || u[0] > rows[i].first_high)
            continue;
        if (left < rows[i].len || u[1] < rows[i].second_low || u[1] > rows[i].second_high)
            return 0;
        for (size_t k = 2; k < rows[i].len; k++)
            if (u[k] < 0x80 || u[k] > 0xbf)
                return 0;
        return rows[i].len;
    }
    return 0;
}

bool text_is_control(const char *p, size_t len)
{
    const unsigned char *u = (const unsigned char *)p;
    return (len == 1 && (u[0] < 0x20 || u[0] == 0x7f)) || (len == 2 && u[0] == 0xc2 && u[1] < 0xa0);
}

static const char hex[] = "0123456789abcdef";

static bool is_shown(uint8_t octet)
{
    return octet >= 0x20 && octet < 0x7f;
}

size_t text_escape(const uint8_t *bytes, size_t len, char *buf, size_t cap)
{
    size_t at = 0;
    for (size_t i = 0; i < len; i++) {
        const char piece[] = {bytes[i] == '\\' || !is_shown(bytes[i]) ? '\\' : (char)bytes[i],
                              bytes[i] == '\\' ? '\\' : 'x', hex[bytes[i] >> 4], hex[bytes[i] & 15]};
        size_t n = bytes[i] == '\\' ? 2 : is_shown(bytes[i]) ? 1 : 4;
        if (n >= cap - at)
            break;
        memcpy(buf + at, piece, n);
        at += n;
    }
    buf[at] = '\0';
    return at;
}

size_t text_hex(const uint8_t *bytes, size_t len, char *buf, size_t cap)
{
    size_t at = 0;
    for (size_t i = 0; i < len && cap - at > 2; i++) {
        buf[at++] = hex[bytes[i] >> 4];
        buf[at++] = hex[bytes[i] & 15];
    }
    buf[at] = '\0';
    return at;
}

/* ---- likeness ---- */

enum { WORD_MAX = 64 };

/* The Levenshtein distance: how many letters to change, add and leave out. Above `max`, any number above. */
static size_t distance(const char *a, const char *b, size_t max)
{
    size_t row[WORD_MAX + 1], la = strlen(a), lb = strlen(b);
    if (lb > WORD_MAX || la > lb + max || lb > la + max)
        return max + 1;
    for (size_t j = 0; j <= lb; j++)
        row[j] = j;
    for (size_t i = 0; i < la; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < lb; j++) {
            size_t change = diagonal + (a[i] != b[j]);
            diagonal = row[j + 1];
            size_t shift = (row[j] < diagonal ? row[j] : diagonal) + 1;
            row[j + 1] = change < shift ? change : shift;
        }
    }
    return row[lb];
}

const char *text_similar(const char *const *words, const char *word)
{
    size_t best = strlen(word) / 3;
    const char *similar = NULL;
    for (; *words != NULL; words++) {
        size_t d = distance(word, *words, best);
        if (d < best || (d == best && similar == NULL)) {
            best = d;
            similar = *words;
        }
    }
    return similar;
}
