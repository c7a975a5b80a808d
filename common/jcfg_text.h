/* Pieces of what jcfg tells: text with a bound, in which what does not fit whole is left out. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

enum { JCFG_SHOWN_MAX = 64 }; /* octets of a key or of a found string that a message shows */

struct jcfg_text {
    char *buf;
    size_t cap;
    size_t at; /* at < cap; buf[at] is NUL */
};

enum jcfg_quoting {
    JCFG_QUOTE_DECODED,
    JCFG_QUOTE_SOURCE, /* quotes and backslashes are escaped already */
};

struct jcfg_text jcfg_text_start(char *buf, size_t cap);
/* False if there is no room for it: then nothing is added. */
bool jcfg_text_put(struct jcfg_text *o, const char *text, size_t len);
bool jcfg_text_add(struct jcfg_text *o, const char *text);
/* A string as JSON would write it, cut after JCFG_SHOWN_MAX octets. */
void jcfg_text_quoted(struct jcfg_text *o, const char *text, size_t len, enum jcfg_quoting quoting);
/* Steps of a path: ".key" or "["odd key"]", and "[3]". */
void jcfg_text_key(struct jcfg_text *o, const char *key, size_t len, enum jcfg_quoting quoting);
void jcfg_text_index(struct jcfg_text *o, size_t index);
