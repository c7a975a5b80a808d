/* Text that grows, and what makes octets from outside fit to be shown. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The first allocation that fails is remembered; what is added after it is lost. */
struct text {
    char *buf; /* NUL-terminated; NULL while empty */
    size_t len;
    size_t cap;
    bool failed;
};

void text_init(struct text *t);
void text_fini(struct text *t);
/* As it is, colours included. */
void text_put(struct text *t, const char *raw);
/* printf-style. Control characters other than newline become '?': a terminal must not act on what it is
 * shown. */
void text_add(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The text, malloc'ed, the caller frees; `t` is empty again. NULL if memory ran out. */
char *text_take(struct text *t);

/* Octets of the UTF-8 character at `p`, or 0 if there is none that is well-formed (RFC 3629 4). */
size_t text_utf8_len(const char *p, size_t left);
/* Is the UTF-8 character of `len` octets C0, DEL or C1? */
bool text_is_control(const char *p, size_t len);

/* The one of `words` (NULL-terminated) that a mistyped word most likely was meant to be: at most a third of
 * its letters are to be changed, added or left out. NULL: it resembles none. */
const char *text_similar(const char *const *words, const char *word);

/* Printable ASCII stays, a backslash becomes \\, every other octet \xHH. Writes at most `cap` bytes with the
 * NUL, whole escapes only; returns the length. `cap` > 0. */
size_t text_escape(const uint8_t *bytes, size_t len, char *buf, size_t cap);
/* Lower-case hexadecimal digits, likewise. */
size_t text_hex(const uint8_t *bytes, size_t len, char *buf, size_t cap);
