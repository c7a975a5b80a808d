#include "common/jcfg_text.h"

#include <stdio.h>
#include <string.h>

#include "common/text.h"

struct jcfg_text jcfg_text_start(char *buf, size_t cap)
{
    buf[0] = '\0';
    return (struct jcfg_text){buf, cap, 0};
}

bool jcfg_text_put(struct jcfg_text *o, const char *text, size_t len)
{
    if (len >= o->cap - o->at)
        return false;
    memcpy(o->buf + o->at, text, len);
    o->at += len;
    o->buf[o->at] = '\0';
    return true;
}

bool jcfg_text_add(struct jcfg_text *o, const char *text)
{
    return jcfg_text_put(o, text, strlen(text));
}

void jcfg_text_quoted(struct jcfg_text *o, const char *text, size_t len, enum jcfg_quoting quoting)
{
    jcfg_text_add(o, "\"");
    size_t at = 0;
    while (at < len && at < JCFG_SHOWN_MAX) {
        size_t n = text_utf8_len(text + at, len - at);
        char escape[8];
        if (n == 0)
            n = 1;
        if (text_is_control(text + at, n)) {
            snprintf(escape, sizeof escape, "\\u%04x", (unsigned)(unsigned char)text[at + n - 1]);
            jcfg_text_add(o, escape);
        } else if (quoting == JCFG_QUOTE_DECODED && (text[at] == '"' || text[at] == '\\')) {
            escape[0] = '\\';
            escape[1] = text[at];
            jcfg_text_put(o, escape, 2);
        } else {
            jcfg_text_put(o, text + at, n);
        }
        at += n;
    }
    jcfg_text_add(o, at < len ? "...\"" : "\"");
}

static bool is_plain_key(const char *key, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char ch = key[i];
        bool plain = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
                     ch == '-' || ch == '_';
        if (!plain)
            return false;
    }
    return len > 0 && len <= JCFG_SHOWN_MAX;
}

void jcfg_text_key(struct jcfg_text *o, const char *key, size_t len, enum jcfg_quoting quoting)
{
    if (is_plain_key(key, len)) {
        jcfg_text_add(o, ".");
        jcfg_text_put(o, key, len);
    } else {
        jcfg_text_add(o, "[");
        jcfg_text_quoted(o, key, len, quoting);
        jcfg_text_add(o, "]");
    }
}

void jcfg_text_index(struct jcfg_text *o, size_t index)
{
    char text[32];
    snprintf(text, sizeof text, "[%zu]", index);
    jcfg_text_add(o, text);
}
