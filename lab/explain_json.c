/* A packet as a line of JSON. Written directly: a tree of values beside the tree of fields would cost more
 * than all the rest. */
#include <assert.h>
#include <string.h>

#include "common/text_format.h"
#include "lab/explain_print.h"

enum {
    SUMMARY_MAX = 512,
    NAME_MAX_LEN = 128, /* of a field; these are words of ours */
    TEXT_MAX = 4096,    /* octets of any other text: the comment is the longest */
    AROUND_MAX = 128,   /* what stands around the texts of a field or of the packet */
    /* The room for what is written at once; every octet may become two */
    PIECE_MAX = NAME_MAX_LEN + 2 * TEXT_MAX + AROUND_MAX,
    LINE_BUFFER = 2 * PIECE_MAX,
};
static_assert(TEXT_MAX >= 2 * DISSECT_TEXT_MAX, "a field has a value and a meaning");

static const char hex_digits[] = "0123456789abcdef";

/* What is not in the file yet. All that writes takes the place where to, and returns the one behind. */
struct line {
    FILE *out;
    char buf[LINE_BUFFER];
};

static char *flush(struct line *l, const char *at)
{
    fwrite(l->buf, 1, (size_t)(at - l->buf), l->out);
    return l->buf;
}

/* Where PIECE_MAX octets have room. */
static char *reserve(struct line *l, char *at)
{
    return l->buf + LINE_BUFFER - at < PIECE_MAX ? flush(l, at) : at;
}

static char *put(char *at, const char *text, size_t len)
{
    return (char *)memcpy(at, text, len) + len;
}

#define PUT(at, literal) put(at, literal, sizeof(literal) - 1)

static bool is_special(char c)
{
    return c == '"' || c == '\\';
}

/* Eight octets, on which an operator works at once; what compares gives -1 for each that does. */
typedef char octets __attribute__((vector_size(8)));

/* Copies the text and tells whether some of it is special. */
static bool copy_text(char *at, const char *text, size_t len)
{
    octets part, special = {0};
    bool is_found = false;
    if (len < sizeof part) {
        for (size_t i = 0; i < len; i++) {
            at[i] = text[i];
            is_found |= is_special(text[i]);
        }
        return is_found;
    }
    for (size_t i = 0; i < len; i += sizeof part) {
        size_t from = i + sizeof part <= len ? i : len - sizeof part; /* the last ones, some of them again */
        memcpy(&part, text + from, sizeof part);
        memcpy(at + from, &part, sizeof part);
        special |= (octets)((part == '"') | (part == '\\'));
    }
    uint64_t is_any;
    memcpy(&is_any, &special, sizeof is_any);
    return is_any != 0;
}

/* Our texts are UTF-8 without control characters, so that only two of them need an escape. */
static char *put_text(char *at, const char *text, size_t len)
{
    *at++ = '"';
    if (!copy_text(at, text, len)) {
        at += len;
    } else {
        for (size_t i = 0; i < len; i++) {
            if (is_special(text[i]))
                *at++ = '\\';
            *at++ = text[i];
        }
    }
    *at++ = '"';
    return at;
}

static char *put_hex(struct line *l, char *at, const uint8_t *bytes, size_t len)
{
    at = PUT(at, ",\"hex\":\"");
    for (size_t i = 0; i < len; i++) {
        at = reserve(l, at);
        *at++ = hex_digits[bytes[i] >> 4];
        *at++ = hex_digits[bytes[i] & 15];
    }
    return PUT(at, "\"");
}

/* A number or an address has nothing to escape. It is copied with what is behind it in the field: a length
 * that the compiler knows is three moves, no call. */
static char *put_value(char *at, const struct dissect_field *f)
{
    if (f->value != f->own)
        return put_text(at, f->value, f->value_len);
    *at++ = '"';
    memcpy(at, f->own, sizeof f->own);
    at += f->value_len;
    *at++ = '"';
    return at;
}

/* But for what it consists of. */
static char *put_field(char *at, const struct dissect_field *f)
{
    at = PUT(at, "{\"name\":\"");
    at = stpcpy(at, f->name);
    at = PUT(at, "\",\"offset\":");
    at = text_format_number(at, f->offset);
    at = PUT(at, ",\"length\":");
    at = text_format_number(at, f->len);
    if (f->source == DISSECT_REASSEMBLED)
        at = PUT(at, ",\"source\":\"reassembled\"");
    at = PUT(at, ",\"value\":");
    at = put_value(at, f);
    if (f->meaning == NULL)
        return at;
    at = PUT(at, ",\"meaning\":");
    return put_text(at, f->meaning, f->meaning_len);
}

static char *put_fields(struct line *l, char *at, const struct dissect *d, const struct dissect_field *f,
                        bool bytes)
{
    *at++ = '[';
    for (; f != NULL; f = f->next) {
        at = put_field(reserve(l, at), f);
        if (bytes && f->len > 0)
            at = put_hex(l, reserve(l, at), dissect_field_bytes(d, f), f->len);
        if (f->first != NULL)
            at = reserve(l, put_fields(l, PUT(at, ",\"fields\":"), d, f->first, bytes));
        *at++ = '}';
        if (f->next != NULL)
            *at++ = ',';
    }
    *at++ = ']';
    return at;
}

/* Texts that a packet may have or not. */
static char *put_optional(struct line *l, char *at, const char *key, const char *text)
{
    if (text == NULL || text[0] == '\0')
        return at;
    size_t len = strlen(text);
    assert(len <= TEXT_MAX);
    at = PUT(reserve(l, at), ",\"");
    at = put(at, key, strlen(key));
    at = PUT(at, "\":");
    return put_text(at, text, len);
}

void explain_print_json(FILE *out, const struct explain_packet *packet, const struct dissect *d,
                        const char *note, bool bytes)
{
    char time[EXPLAIN_TIME_LEN], summary[SUMMARY_MAX];
    struct line l;
    l.out = out;
    char *at = PUT(l.buf, "{\"packet\":");
    at = text_format_number(at, packet->number);
    at = put_optional(&l, at, "time", explain_time(packet->time_ns, time));
    at = PUT(at, ",\"length\":");
    at = text_format_number(at, packet->wire_len);
    at = PUT(at, ",\"captured\":");
    at = text_format_number(at, packet->len);
    at = put_optional(&l, at, "interface", packet->interface);
    at = put_optional(&l, at, "comment", packet->comment);
    at = put_optional(&l, at, "protocol", d->protocol);
    at = PUT(reserve(&l, at), ",\"summary\":");
    at = put_text(at, summary, dissect_summary(d, summary, sizeof summary));
    at = put_optional(&l, at, "note", note);
    at = PUT(reserve(&l, at), ",\"warnings\":");
    at = text_format_number(at, d->n_warnings);
    at = PUT(at, ",\"layers\":");
    at = put_fields(&l, at, d, d->tree != NULL ? d->tree->first : NULL, bytes);
    at = PUT(reserve(&l, at), "}\n");
    flush(&l, at);
}
