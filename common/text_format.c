#include "common/text_format.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { DIGITS_MAX = 24, WIDTH_MAX = 20 };

struct output {
    char *at, *end;
    size_t cut; /* octets for which there was no room */
};

static void put(struct output *o, const char *text, size_t len)
{
    size_t room = (size_t)(o->end - o->at), n = len < room ? len : room;
    memcpy(o->at, text, n);
    o->at += n;
    o->cut += len - n;
}

#define TEN(d) d "0" d "1" d "2" d "3" d "4" d "5" d "6" d "7" d "8" d "9"
#define HUNDRED(d)                                                                                           \
    TEN(d "0")                                                                                               \
    TEN(d "1") TEN(d "2") TEN(d "3") TEN(d "4") TEN(d "5") TEN(d "6") TEN(d "7") TEN(d "8") TEN(d "9")
const char text_format_groups[] = HUNDRED("0") HUNDRED("1") HUNDRED("2") HUNDRED("3") HUNDRED("4")
    HUNDRED("5") HUNDRED("6") HUNDRED("7") HUNDRED("8") HUNDRED("9");

char *text_format_large(char *at, unsigned long long value)
{
    at = text_format_number(at, value / 1000);
    memcpy(at, text_format_groups + 3 * (value % 1000), 3);
    return at + 3;
}

static char *put_hex(char *at, unsigned long long value)
{
    if (value >= 16)
        at = put_hex(at, value / 16);
    *at = "0123456789abcdef"[value % 16];
    return at + 1;
}

/* What stands behind the '%' of a number. */
struct conversion {
    bool is_zero_padded, is_long; /* "z" is a long, too */
    size_t width;
    char type;
};

/* Its last letter; NULL: it is none of ours. */
static const char *read_conversion(const char *p, struct conversion *out)
{
    *out = (struct conversion){0};
    if (*p == '0') {
        out->is_zero_padded = true;
        p++;
    }
    while (*p >= '0' && *p <= '9' && out->width < WIDTH_MAX)
        out->width = 10 * out->width + (size_t)(*p++ - '0');
    if (*p == 'z') {
        out->is_long = true;
        p++;
    }
    bool is_number = *p == 'u' || *p == 'x' || (*p == 'd' && !out->is_long);
    out->type = *p;
    return is_number && out->width <= WIDTH_MAX ? p : NULL;
}

static void put_number(struct output *o, const struct conversion *c, unsigned long long value,
                       bool is_negative)
{
    char digits[DIGITS_MAX];
    const char *end = c->type == 'x' ? put_hex(digits, value) : text_format_number(digits, value);
    size_t len = (size_t)(end - digits), shown = len + is_negative;
    if (is_negative && c->is_zero_padded)
        put(o, "-", 1);
    for (; shown < c->width; shown++)
        put(o, c->is_zero_padded ? "0" : " ", 1);
    if (is_negative && !c->is_zero_padded)
        put(o, "-", 1);
    put(o, digits, len);
}

static void put_argument(struct output *o, const struct conversion *c, va_list args)
{
    if (c->type == 'd') {
        int value = va_arg(args, int);
        put_number(o, c, value < 0 ? 0 - (unsigned long long)value : (unsigned long long)value, value < 0);
    } else {
        put_number(o, c, c->is_long ? va_arg(args, size_t) : va_arg(args, unsigned), false);
    }
}

/* False: the format has a conversion that is none of ours. */
static bool format_all(struct output *o, const char *format, va_list args)
{
    for (;; format++) {
        const char *words = format;
        while (*format != '\0' && *format != '%')
            format++;
        put(o, words, (size_t)(format - words));
        if (*format == '\0')
            return true;
        struct conversion number;
        const char *text;
        char one;
        switch (*++format) {
        case '%':
            put(o, format, 1);
            break;
        case 'c':
            one = (char)va_arg(args, int);
            put(o, &one, 1);
            break;
        case 's':
            text = va_arg(args, const char *);
            put(o, text, strlen(text));
            break;
        default: /* a number, or what vsnprintf() knows */
            format = read_conversion(format, &number);
            if (format == NULL)
                return false;
            put_argument(o, &number, args);
        }
    }
}

int text_format(char *buf, size_t cap, const char *format, va_list args)
{
    struct output o = {buf, buf + cap - 1, 0};
    va_list ours;
    va_copy(ours, args);
    bool is_done = format_all(&o, format, ours);
    va_end(ours);
    if (!is_done)
        return vsnprintf(buf, cap, format, args);
    *o.at = '\0';
    return (int)((size_t)(o.at - buf) + o.cut);
}

int text_format_print(char *buf, size_t cap, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = text_format(buf, cap, format, args);
    va_end(args);
    return len;
}
