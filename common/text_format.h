/* vsnprintf() for the conversions that our sentences and numbers are made of, several times faster: %s, %c,
 * %%, and %d, %u, %x with z, a width and a leading 0. A format with any other goes to vsnprintf() as it is.
 * Pure. */
#pragma once
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

/* As vsnprintf(): cuts at `cap`, returns the length that it would have without. `cap` > 0. */
int text_format(char *buf, size_t cap, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

/* The same as snprintf(). */
int text_format_print(char *buf, size_t cap, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Private to the function below: "000001002" and so on to "999"; what is not below 1000. */
extern const char text_format_groups[];
char *text_format_large(char *at, unsigned long long value);

/* The digits of `value` from `at` on, where 24 octets have room: a few more than the digits may be written.
 * Returns their end. */
static inline char *text_format_number(char *at, unsigned long long value)
{
    if (value >= 1000)
        return text_format_large(at, value);
    size_t zeros = (size_t)(value < 10) + (value < 100);
    memcpy(at, text_format_groups + 3 * value + zeros, 4);
    return at + 3 - zeros;
}
