#include "common/wire.h"

#include <string.h>

void wire_reader_init(struct wire_reader *r, const uint8_t *bytes, size_t len)
{
    *r = (struct wire_reader){.bytes = bytes, .len = len};
}

const uint8_t *wire_get_bytes(struct wire_reader *r, size_t len)
{
    if (r->err || len > r->len - r->at) {
        r->err = true;
        return NULL;
    }
    const uint8_t *p = r->bytes + r->at;
    r->at += len;
    return p;
}

uint8_t wire_get_u8(struct wire_reader *r)
{
    const uint8_t *p = wire_get_bytes(r, 1);
    return p ? p[0] : 0;
}

uint16_t wire_get_u16(struct wire_reader *r)
{
    const uint8_t *p = wire_get_bytes(r, 2);
    return p ? wire_u16(p) : 0;
}

uint32_t wire_get_u32(struct wire_reader *r)
{
    const uint8_t *p = wire_get_bytes(r, 4);
    return p ? wire_u32(p) : 0;
}

size_t wire_left(const struct wire_reader *r)
{
    return r->err ? 0 : r->len - r->at;
}

void wire_writer_init(struct wire_writer *w, uint8_t *bytes, size_t cap)
{
    *w = (struct wire_writer){.bytes = bytes, .cap = cap};
}

static uint8_t *reserve(struct wire_writer *w, size_t len)
{
    if (w->err || len > w->cap - w->at) {
        w->err = true;
        return NULL;
    }
    uint8_t *p = w->bytes + w->at;
    w->at += len;
    return p;
}

void wire_put_u8(struct wire_writer *w, uint8_t value)
{
    wire_put_bytes(w, &value, 1);
}

void wire_put_u16(struct wire_writer *w, uint16_t value)
{
    uint8_t b[2] = {(uint8_t)(value >> 8), (uint8_t)value};
    wire_put_bytes(w, b, sizeof b);
}

void wire_put_u32(struct wire_writer *w, uint32_t value)
{
    uint8_t b[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};
    wire_put_bytes(w, b, sizeof b);
}

void wire_put_bytes(struct wire_writer *w, const void *bytes, size_t len)
{
    uint8_t *p = reserve(w, len);
    if (p != NULL && len != 0)
        memcpy(p, bytes, len);
}

void wire_put_zeros(struct wire_writer *w, size_t len)
{
    uint8_t *p = reserve(w, len);
    if (p != NULL && len != 0)
        memset(p, 0, len);
}

uint16_t wire_u16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

uint32_t wire_u32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}
