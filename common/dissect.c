#include "common/dissect.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/dissect_tree.h"
#include "common/frame.h"
#include "common/text_format.h"

enum {
    VALUE_MAX = 2048, /* of the text of a field; what is longer is cut */
    DATA_SHOWN = 32,
};

void dissect_init(struct dissect *d, struct arena *arena)
{
    *d = (struct dissect){.arena = arena};
}

bool dissect_has_tree(const struct dissect *d)
{
    return d->arena != NULL;
}

/* ---- building ---- */

static const char *copy_text(struct dissect *d, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
static const char *copy_text(struct dissect *d, const char *format, va_list args)
{
    char made[VALUE_MAX];
    const char *text = made;
    size_t len;
    if (strcmp(format, "%s") == 0) {
        text = va_arg(args, const char *);
        len = strlen(text);
    } else if (strcmp(format, "%u") == 0) {
        char *end = made + sizeof made;
        text = text_format_digits(end, va_arg(args, unsigned));
        len = (size_t)(end - text);
    } else if (format[0] != '%' && strchr(format, '%') == NULL) {
        return format; /* formats are literals, which last */
    } else {
        len = (size_t)text_format(made, sizeof made, format, args);
    }
    const char *copy = arena_text(d->arena, text, len < VALUE_MAX ? len : VALUE_MAX - 1);
    if (copy == NULL)
        d->out_of_memory = true;
    return copy == NULL ? "" : copy;
}

static struct dissect_field *add_field(struct dissect *d, const char *name, size_t offset, size_t len)
{
    if (d->arena == NULL)
        return &d->spare;
    struct dissect_field *f = arena_take(d->arena, sizeof *f);
    if (f == NULL) {
        d->out_of_memory = true;
        d->spare = (struct dissect_field){.name = name, .value = ""};
        return &d->spare;
    }
    *f = (struct dissect_field){.name = name, .value = "", .offset = offset, .len = len, .source = d->source};
    struct dissect_field *parent = d->parent;
    if (parent->last == NULL)
        parent->first = f;
    else
        parent->last->next = f;
    parent->last = f;
    return f;
}

struct dissect_field *dissect_add(struct dissect *d, const char *name, size_t offset, size_t len,
                                  const char *format, ...)
{
    struct dissect_field *f = add_field(d, name, offset, len);
    if (f == &d->spare)
        return f;
    va_list args;
    va_start(args, format);
    f->value = copy_text(d, format, args);
    va_end(args);
    return f;
}

struct dissect_field *dissect_open(struct dissect *d, const char *name, size_t offset, size_t len,
                                   const char *format, ...)
{
    struct dissect_field *above = d->parent;
    struct dissect_field *f = add_field(d, name, offset, len);
    if (f == &d->spare)
        return above;
    va_list args;
    va_start(args, format);
    f->value = copy_text(d, format, args);
    va_end(args);
    d->parent = f;
    return above;
}

struct dissect_field *dissect_layer(struct dissect *d, const char *name, size_t offset, size_t len)
{
    struct dissect_field *above = d->parent;
    struct dissect_field *f = add_field(d, name, offset, len);
    if (f != &d->spare)
        d->parent = f;
    return above;
}

void dissect_close(struct dissect *d, struct dissect_field *above)
{
    d->parent = above;
}

void dissect_mean(struct dissect *d, struct dissect_field *f, const char *format, ...)
{
    if (d->arena == NULL || f == &d->spare)
        return;
    va_list args;
    va_start(args, format);
    f->meaning = copy_text(d, format, args);
    va_end(args);
}

void dissect_warn(struct dissect *d, size_t offset, size_t len, const char *format, ...)
{
    d->n_warnings++;
    struct dissect_field *f = add_field(d, "warning", offset, len);
    if (f == &d->spare)
        return;
    f->is_warning = true;
    va_list args;
    va_start(args, format);
    f->value = copy_text(d, format, args);
    va_end(args);
}

bool dissect_need(struct dissect *d, size_t at, size_t len, size_t need, const char *what)
{
    if (len >= need)
        return true;
    dissect_warn(d, at, len, "cut: %s has at least %zu octets, here are %zu", what, need, len);
    return false;
}

void dissect_data(struct dissect *d, const char *name, size_t at, size_t len)
{
    if (len == 0 || !dissect_has_tree(d))
        return;
    char hex[3 * DATA_SHOWN + 1] = "";
    for (size_t i = 0; i < len && i < DATA_SHOWN; i++) {
        hex[3 * i] = "0123456789abcdef"[d->now[at + i] >> 4];
        hex[3 * i + 1] = "0123456789abcdef"[d->now[at + i] & 15];
        hex[3 * i + 2] = ':';
    }
    hex[3 * (len < DATA_SHOWN ? len : DATA_SHOWN) - 1] = '\0';
    struct dissect_field *f = dissect_add(d, name, at, len, "%s%s", hex, len > DATA_SHOWN ? "..." : "");
    dissect_mean(d, f, "%zu octet%s", len, len == 1 ? "" : "s");
}

uint16_t dissect_transport_sum(const struct dissect *d, size_t at, size_t len)
{
    uint32_t sum = (d->ip.src >> 16) + (d->ip.src & 0xffff) + (d->ip.dst >> 16) + (d->ip.dst & 0xffff) +
                   d->ip.protocol + (uint32_t)len;
    return frame_sum_finish(frame_sum(sum, d->now + at, len));
}

/* ---- entries ---- */

static void read_from(struct dissect *d, const uint8_t *bytes, size_t len, enum dissect_source source)
{
    d->now = bytes;
    d->now_len = len;
    d->source = source;
}

void dissect_packet(struct dissect *d, int linktype, const uint8_t *bytes, size_t len)
{
    struct arena *arena = d->arena;
    memset(d, 0, offsetof(struct dissect, dhcp)); /* has_dhcp speaks for `dhcp` */
    d->arena = arena;
    d->bytes = bytes;
    d->len = len;
    d->protocol = "?";
    if (d->arena != NULL) {
        d->tree = arena_alloc(d->arena, sizeof *d->tree);
        if (d->tree == NULL) {
            d->out_of_memory = true;
            return;
        }
        *d->tree = (struct dissect_field){.name = "packet", .value = "", .len = len};
    }
    d->parent = d->tree;
    read_from(d, bytes, len, DISSECT_CAPTURED);
    dissect_link(d, linktype);
}

void dissect_datagram(struct dissect *d, const uint8_t *bytes, size_t len)
{
    if (d->arena != NULL && d->tree == NULL)
        return;
    d->datagram = bytes;
    d->datagram_len = len;
    d->parent = d->tree;
    d->payload_source = DISSECT_REASSEMBLED;
    read_from(d, bytes, len, DISSECT_REASSEMBLED);
    dissect_ip_payload(d, 0, len);
}

const uint8_t *dissect_field_bytes(const struct dissect *d, const struct dissect_field *f)
{
    if (f->len == 0)
        return NULL;
    return (f->source == DISSECT_CAPTURED ? d->bytes : d->datagram) + f->offset;
}
