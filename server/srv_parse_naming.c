/* What clients are called: "ddns-qualifying-suffix", "hostname-char-set" and the like. */
#include <string.h>

#include "server/srv_name.h"
#include "server/srv_parse.h"

#define PREFIX_DEFAULT   "myhost"
#define UNWANTED_DEFAULT "[^A-Za-z0-9.-]"

enum { SUFFIX_MAX = 240, PREFIX_MAX = 40, REPLACEMENT_MAX = 8 };

/* ---- hostname-char-set ---- */

/* A bracket expression of POSIX, such as "[^A-Za-z0-9.-]", or "" for none. A dot is never in it: it parts the
 * labels of a name. False if it is anything else. */
static bool parse_set(const char *text, uint8_t *bits)
{
    bool is_in[256] = {false};
    size_t len = strlen(text), at = 1;
    memset(bits, 0, SRV_CHAR_SET_LEN);
    if (len == 0)
        return true;
    if (len < 3 || text[0] != '[' || text[len - 1] != ']')
        return false;
    bool is_inverted = text[at] == '^';
    at += is_inverted;
    for (; at < len - 1; at++) {
        unsigned first = (unsigned char)text[at], last = first;
        if (at + 3 < len && text[at + 1] == '-')
            last = (unsigned char)text[at += 2];
        if (last < first)
            return false;
        for (unsigned c = first; c <= last; c++)
            is_in[c] = true;
    }
    for (unsigned c = 0; c < 256; c++)
        if (is_in[c] != is_inverted && c != '.')
            bits[c / 8] |= (uint8_t)(1 << c % 8);
    return true;
}

static void read_set(struct srv_parse *p, const cJSON *map, struct srv_naming *naming)
{
    const char *text;
    if (!jcfg_get_text(&p->c, map, "hostname-char-set", &text))
        return;
    naming->char_set = srv_parse_copy(p, text);
    if (!parse_set(text, naming->unwanted))
        jcfg_error(&p->c, srv_parse_at(map, "hostname-char-set"),
                   "expected characters in brackets such as \"%s\", or \"\", found \"%s\"", UNWANTED_DEFAULT,
                   text);
}

/* ---- names ---- */

/* Letters, digits, hyphens and dots; "" too. A dot at the end is left out. */
static void read_name(struct srv_parse *p, const cJSON *map, const char *key, size_t max, const char **out)
{
    const char *text;
    if (!jcfg_get_text(&p->c, map, key, &text))
        return;
    size_t len = strlen(text);
    if (len > max ||
        strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.") != len ||
        text[0] == '.' || strstr(text, "..") != NULL) {
        jcfg_error(
            &p->c, srv_parse_at(map, key),
            "expected a name of letters, digits, hyphens and dots, of at most %zu octets, found \"%s\"", max,
            text);
        return;
    }
    char *copy = srv_parse_alloc(p, len + 1, 1);
    if (copy == NULL)
        return;
    memcpy(copy, text, len);
    if (len != 0 && copy[len - 1] == '.')
        copy[len - 1] = '\0';
    *out = copy;
}

void srv_parse_naming_default(struct srv_naming *out)
{
    *out = (struct srv_naming){
        .suffix = "", .prefix = PREFIX_DEFAULT, .char_set = UNWANTED_DEFAULT, .replacement = ""};
    parse_set(UNWANTED_DEFAULT, out->unwanted);
}

void srv_parse_naming(struct srv_parse *p, const cJSON *map, struct srv_naming *naming)
{
    int replace;
    read_name(p, map, "ddns-qualifying-suffix", SUFFIX_MAX, &naming->suffix);
    read_name(p, map, "ddns-generated-prefix", PREFIX_MAX, &naming->prefix);
    read_name(p, map, "hostname-char-replacement", REPLACEMENT_MAX, &naming->replacement);
    if (jcfg_get_word(&p->c, map, "ddns-replace-client-name", srv_config_replace_words, &replace))
        naming->replace = (enum srv_replace_name)replace;
    read_set(p, map, naming);
}
