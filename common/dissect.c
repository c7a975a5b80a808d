#include "common/dissect.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/dissect_tree.h"
#include "common/frame.h"
#include "common/text_format.h"

enum { DATA_SHOWN = 32 };

static const char hex_digits[] = "0123456789abcdef";

void dissect_init(struct dissect *d, struct arena *arena)
{
    *d = (struct dissect){.arena = arena};
}

bool dissect_has_tree(const struct dissect *d)
{
    return d->arena != NULL;
}

/* ---- building ---- */

/* The text that is made, in the arena; "" if memory is out. */
static const char *make_text(struct dissect *d, uint16_t *out_len, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));
static const char *make_text(struct dissect *d, uint16_t *out_len, const char *format, va_list args)
{
    char *room = arena_room(d->arena, DISSECT_TEXT_MAX);
    *out_len = 0;
    if (room == NULL) {
        d->out_of_memory = true;
        return "";
    }
    int len = text_format(room, DISSECT_TEXT_MAX, format, args);
    *out_len = (uint16_t)(len < DISSECT_TEXT_MAX ? len : DISSECT_TEXT_MAX - 1);
    arena_keep(d->arena, *out_len + 1U);
    return room;
}

/* The spare one has no text: nobody reads it. */
static struct dissect_field *add_field(struct dissect *d, const char *name, size_t offset, size_t len)
{
    if (d->arena == NULL)
        return &d->spare;
    struct dissect_field *f = arena_take(d->arena, sizeof *f);
    if (f == NULL) {
        d->out_of_memory = true;
        return &d->spare;
    }
    f->name = name;
    f->value = "";
    f->meaning = NULL;
    f->value_len = f->meaning_len = 0;
    f->source = d->source;
    f->offset = offset;
    f->len = len;
    f->first = f->last = f->next = NULL;
    f->is_warning = false;
    struct dissect_field *parent = d->parent;
    if (parent->last == NULL)
        parent->first = f;
    else
        parent->last->next = f;
    parent->last = f;
    return f;
}

/* f->own is written up to `end`. */
static struct dissect_field *set_own(struct dissect_field *f, char *end)
{
    *end = '\0';
    f->value = f->own;
    f->value_len = (uint16_t)(end - f->own);
    return f;
}

struct dissect_field *dissect_add_number(struct dissect *d, const char *name, size_t offset, size_t len,
                                         uint64_t value)
{
    struct dissect_field *f = add_field(d, name, offset, len);
    return f == &d->spare ? f : set_own(f, text_format_number(f->own, value));
}

struct dissect_field *dissect_add_hex(struct dissect *d, const char *name, size_t offset, size_t len,
                                      uint32_t value)
{
    struct dissect_field *f = add_field(d, name, offset, len);
    if (f == &d->spare)
        return f;
    char *end = f->own + 2 + 2 * len;
    memcpy(f->own, "0x", 2);
    for (char *at = end; at > f->own + 2; value >>= 4)
        *--at = hex_digits[value & 15];
    return set_own(f, end);
}

struct dissect_field *dissect_add_ip4(struct dissect *d, const char *name, size_t offset, ip4 value)
{
    struct dissect_field *f = add_field(d, name, offset, 4);
    return f == &d->spare ? f : set_own(f, ip4_format_end(value, f->own));
}

struct dissect_field *dissect_add_text(struct dissect *d, const char *name, size_t offset, size_t len,
                                       const char *value)
{
    struct dissect_field *f = add_field(d, name, offset, len);
    if (f == &d->spare)
        return f;
    size_t value_len = strnlen(value, DISSECT_TEXT_MAX - 1);
    const char *copy = arena_text(d->arena, value, value_len);
    if (copy == NULL) {
        d->out_of_memory = true;
        return f;
    }
    f->value = copy;
    f->value_len = (uint16_t)value_len;
    return f;
}

struct dissect_field *dissect_add_hw(struct dissect *d, const char *name, size_t offset,
                                     const struct hw_addr *value)
{
    char text[HW_LEN];
    if (3U * value->len > DISSECT_OWN_MAX)
        return dissect_add_text(d, name, offset, value->len, hw_format(value, text));
    struct dissect_field *f = add_field(d, name, offset, value->len);
    if (f == &d->spare)
        return f;
    hw_format(value, f->own);
    return set_own(f, f->own + (value->len > 0 ? 3U * value->len - 1 : 0));
}

struct dissect_field *dissect_add(struct dissect *d, const char *name, size_t offset, size_t len,
                                  const char *format, ...)
{
    struct dissect_field *f = add_field(d, name, offset, len);
    if (f == &d->spare)
        return f;
    va_list args;
    va_start(args, format);
    f->value = make_text(d, &f->value_len, format, args);
    va_end(args);
    return f;
}

struct dissect_field *dissect_open(struct dissect *d, struct dissect_field *f)
{
    struct dissect_field *above = d->parent;
    if (f != &d->spare)
        d->parent = f;
    return above;
}

struct dissect_field *dissect_layer(struct dissect *d, const char *name, size_t offset, size_t len)
{
    return dissect_open(d, add_field(d, name, offset, len));
}

void dissect_close(struct dissect *d, struct dissect_field *above)
{
    d->parent = above;
}

void dissect_mean_number(struct dissect *d, struct dissect_field *f, const char *before, uint64_t number,
                         const char *after)
{
    if (f == &d->spare)
        return;
    char *room = arena_room(d->arena, strlen(before) + DISSECT_OWN_MAX + strlen(after));
    if (room == NULL) {
        d->out_of_memory = true;
        return;
    }
    const char *end = stpcpy(text_format_number(stpcpy(room, before), number), after);
    f->meaning = room;
    f->meaning_len = (uint16_t)(end - room);
    arena_keep(d->arena, f->meaning_len + 1U);
}

void dissect_mean_format(struct dissect *d, struct dissect_field *f, const char *format, ...)
{
    if (f == &d->spare)
        return;
    va_list args;
    va_start(args, format);
    f->meaning = make_text(d, &f->meaning_len, format, args);
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
    f->value = make_text(d, &f->value_len, format, args);
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
    size_t shown = len < DATA_SHOWN ? len : DATA_SHOWN;
    char hex[3 * DATA_SHOWN + 3], *end = hex;
    for (size_t i = 0; i < shown; i++) {
        *end++ = hex_digits[d->now[at + i] >> 4];
        *end++ = hex_digits[d->now[at + i] & 15];
        *end++ = ':';
    }
    end--;
    if (len > DATA_SHOWN)
        end = (char *)memcpy(end, "...", 3) + 3;
    *end = '\0';
    struct dissect_field *f = dissect_add_text(d, name, at, len, hex);
    dissect_mean_number(d, f, "", len, len == 1 ? " octet" : " octets");
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
