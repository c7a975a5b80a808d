/* A packet as a line of JSON. Written directly: a tree of values beside the tree of fields would cost more
 * than all the rest. */
#include <string.h>

#include "common/text_format.h"
#include "lab/explain_print.h"

enum {
    SUMMARY_MAX = 512,
    LINE_BUFFER = 16384,
    TEXT_PART = 4096, /* octets of a text at a time */
    HEAD_MAX = 128,   /* of a field, without its name */
    DIGITS_MAX = 20,
};

static const char hex_digits[] = "0123456789abcdef";

/* What was written and is not in the file yet. */
struct line {
    FILE *out;
    size_t len;
    char buf[LINE_BUFFER];
};

static void flush(struct line *l)
{
    fwrite_unlocked(l->buf, 1, l->len, l->out);
    l->len = 0;
}

/* Room for `n` octets, at most LINE_BUFFER. */
static char *reserve(struct line *l, size_t n)
{
    if (LINE_BUFFER - l->len < n)
        flush(l);
    return l->buf + l->len;
}

/* A literal, at `at` in what was reserved, which then is behind it. */
#define APPEND(at, literal) (memcpy(at, literal, sizeof(literal) - 1), (at) += sizeof(literal) - 1)

/* A literal. */
#define PUT(l, literal)                                                                                      \
    do {                                                                                                     \
        memcpy(reserve(l, sizeof(literal) - 1), literal, sizeof(literal) - 1);                               \
        (l)->len += sizeof(literal) - 1;                                                                     \
    } while (0)

static char *put_digits(char *at, uint64_t value)
{
    char digits[DIGITS_MAX];
    if (value < 10) {
        *at = (char)('0' + value);
        return at + 1;
    }
    const char *start = text_format_digits(digits + DIGITS_MAX, value);
    size_t len = (size_t)(digits + DIGITS_MAX - start);
    memcpy(at, start, len);
    return at + len;
}

static void put_number(struct line *l, uint64_t value)
{
    char *at = put_digits(reserve(l, DIGITS_MAX), value);
    l->len = (size_t)(at - l->buf);
}

/* Is one of the eight octets a quotation mark or a backslash? An octet of (x ^ pattern) is then 0, and only
 * then does taking 1 from it borrow into its highest bit, which it had not. */
static bool has_escape(uint64_t octets)
{
    static const uint64_t ones = 0x0101010101010101, highs = 0x8080808080808080;
    uint64_t quotes = octets ^ ones * '"', backslashes = octets ^ ones * '\\';
    return (((quotes - ones) & ~quotes) | ((backslashes - ones) & ~backslashes)) & highs;
}

static char *put_escaped(char *at, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"' || text[i] == '\\')
            *at++ = '\\';
        *at++ = text[i];
    }
    return at;
}

/* At most TEXT_PART octets, for which there is room. */
static char *put_part(char *at, const char *text, size_t len)
{
    uint64_t octets;
    for (; len >= sizeof octets; text += sizeof octets, len -= sizeof octets) {
        memcpy(&octets, text, sizeof octets);
        if (has_escape(octets)) {
            at = put_escaped(at, text, sizeof octets);
        } else {
            memcpy(at, &octets, sizeof octets);
            at += sizeof octets;
        }
    }
    return put_escaped(at, text, len);
}

/* Our texts are UTF-8 without control characters, so that only two of them need an escape. */
static void put_text(struct line *l, const char *text)
{
    size_t left = strlen(text);
    char *at = reserve(l, 2 * TEXT_PART + 2);
    APPEND(at, "\"");
    for (; left > TEXT_PART; text += TEXT_PART, left -= TEXT_PART) {
        at = put_part(at, text, TEXT_PART);
        l->len = (size_t)(at - l->buf);
        at = reserve(l, 2 * TEXT_PART + 2);
    }
    at = put_part(at, text, left);
    APPEND(at, "\"");
    l->len = (size_t)(at - l->buf);
}

static void put_hex(struct line *l, const uint8_t *bytes, size_t len)
{
    PUT(l, ",\"hex\":\"");
    for (size_t i = 0; i < len; i++) {
        char *at = reserve(l, 2);
        at[0] = hex_digits[bytes[i] >> 4];
        at[1] = hex_digits[bytes[i] & 15];
        l->len += 2;
    }
    PUT(l, "\"");
}

/* Names of fields are words of ours. */
static void put_head(struct line *l, const struct dissect_field *f)
{
    size_t len = strlen(f->name);
    char *at = reserve(l, len + HEAD_MAX);
    APPEND(at, "{\"name\":\"");
    memcpy(at, f->name, len);
    at += len;
    APPEND(at, "\",\"offset\":");
    at = put_digits(at, f->offset);
    APPEND(at, ",\"length\":");
    at = put_digits(at, f->len);
    if (f->source == DISSECT_REASSEMBLED)
        APPEND(at, ",\"source\":\"reassembled\"");
    APPEND(at, ",\"value\":");
    l->len = (size_t)(at - l->buf);
}

static void put_fields(struct line *l, const struct dissect *d, const struct dissect_field *f, bool bytes)
{
    PUT(l, "[");
    for (; f != NULL; f = f->next) {
        put_head(l, f);
        put_text(l, f->value);
        if (f->meaning != NULL) {
            PUT(l, ",\"meaning\":");
            put_text(l, f->meaning);
        }
        if (bytes && f->len > 0)
            put_hex(l, dissect_field_bytes(d, f), f->len);
        if (f->first != NULL) {
            PUT(l, ",\"fields\":");
            put_fields(l, d, f->first, bytes);
        }
        PUT(l, "}");
        if (f->next != NULL)
            PUT(l, ",");
    }
    PUT(l, "]");
}

/* Texts that a packet may have or not. */
static void put_optional(struct line *l, const char *key, const char *text)
{
    if (text == NULL || text[0] == '\0')
        return;
    PUT(l, ",");
    put_text(l, key);
    PUT(l, ":");
    put_text(l, text);
}

void explain_print_json(FILE *out, const struct explain_packet *packet, const struct dissect *d,
                        const char *note, bool bytes)
{
    char text[SUMMARY_MAX];
    struct line l;
    l.out = out;
    l.len = 0;
    PUT(&l, "{\"packet\":");
    put_number(&l, packet->number);
    PUT(&l, ",\"time\":");
    put_text(&l, explain_time(packet->time_ns, text));
    PUT(&l, ",\"length\":");
    put_number(&l, packet->wire_len);
    PUT(&l, ",\"captured\":");
    put_number(&l, packet->len);
    put_optional(&l, "interface", packet->interface);
    put_optional(&l, "comment", packet->comment);
    PUT(&l, ",\"protocol\":");
    put_text(&l, d->protocol);
    dissect_summary(d, text, sizeof text);
    PUT(&l, ",\"summary\":");
    put_text(&l, text);
    put_optional(&l, "note", note);
    PUT(&l, ",\"warnings\":");
    put_number(&l, d->n_warnings);
    PUT(&l, ",\"layers\":");
    put_fields(&l, d, d->tree != NULL ? d->tree->first : NULL, bytes);
    PUT(&l, "}\n");
    flush(&l);
}
