/* vsnprintf() for the conversions that our sentences and numbers are made of, several times faster: %s, %c,
 * %%, and %d, %u, %x with z, a width and a leading 0. A format with any other goes to vsnprintf() as it is.
 * Pure. */
#pragma once
#include <stdarg.h>
#include <stddef.h>

/* As vsnprintf(): cuts at `cap`, returns the length that it would have without. `cap` > 0. */
int text_format(char *buf, size_t cap, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

/* The same as snprintf(). */
int text_format_print(char *buf, size_t cap, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The digits of `value` from `at` on, which has room for 20 octets; returns their end. */
char *text_format_number(char *at, unsigned long long value);
/* The digits of `value`, without an end; returns the first of them. `end` is behind the last, with 20 octets
 * of room before it. */
char *text_format_digits(char *end, unsigned long long value);
