#include "common/text_format.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { DIGITS_MAX = 20, WIDTH_MAX = 20 };

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

static const char pairs[] =
    "0001020304050607080910111213141516171819202122232425262728293031323334353637383940"
    "4142434445464748495051525354555657585960616263646566676869707172737475767778798081"
    "828384858687888990919293949596979899";

char *text_format_digits(char *end, unsigned long long value)
{
    while (value >= 100) {
        end -= 2;
        memcpy(end, pairs + 2 * (value % 100), 2);
        value /= 100;
    }
    if (value >= 10) {
        end -= 2;
        memcpy(end, pairs + 2 * value, 2);
    } else {
        *--end = (char)('0' + value);
    }
    return end;
}

char *text_format_number(char *at, unsigned long long value)
{
    if (value < 10) { /* most numbers of a packet */
        *at = (char)('0' + value);
        return at + 1;
    }
    size_t n = value < 100 ? 2 : value < 1000 ? 3 : 4;
    for (unsigned long long rest = value / 10000; rest > 0; rest /= 10)
        n++;
    text_format_digits(at + n, value);
    return at + n;
}

static char *hex_digits(char *end, unsigned long long value)
{
    do {
        *--end = "0123456789abcdef"[value & 15];
        value >>= 4;
    } while (value != 0);
    return end;
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
    char digits[DIGITS_MAX + WIDTH_MAX], *end = digits + sizeof digits;
    char *start = c->type == 'x' ? hex_digits(end, value) : text_format_digits(end, value);
    size_t sign = is_negative ? 1 : 0;
    if (!c->is_zero_padded && is_negative)
        *--start = '-';
    while ((size_t)(end - start) + (c->is_zero_padded ? sign : 0) < c->width)
        *--start = c->is_zero_padded ? '0' : ' ';
    if (c->is_zero_padded && is_negative)
        *--start = '-';
    put(o, start, (size_t)(end - start));
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
