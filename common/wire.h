/* Bounded big-endian reader and writer with a sticky error: read or write all fields, then ask `err` once.
 * All of it is short, and called for every field of every packet: so it is inline. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* ---- where the caller has checked the bounds ---- */

static inline uint16_t wire_u16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static inline uint32_t wire_u32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static inline void wire_set_u16(uint8_t *bytes, uint16_t value)
{
    bytes[0] = (uint8_t)(value >> 8);
    bytes[1] = (uint8_t)value;
}

static inline void wire_set_u32(uint8_t *bytes, uint32_t value)
{
    bytes[0] = (uint8_t)(value >> 24);
    bytes[1] = (uint8_t)(value >> 16);
    bytes[2] = (uint8_t)(value >> 8);
    bytes[3] = (uint8_t)value;
}

/* ---- reading ---- */

struct wire_reader {
    const uint8_t *bytes; /* borrowed */
    size_t len;
    size_t at; /* at <= len */
    bool err;  /* a read went past the end; every later read gives 0 */
};

static inline void wire_reader_init(struct wire_reader *r, const uint8_t *bytes, size_t len)
{
    *r = (struct wire_reader){.bytes = bytes, .len = len};
}

/* The next `len` bytes, borrowed from the input; NULL, and err set, if there are fewer. */
static inline const uint8_t *wire_get_bytes(struct wire_reader *r, size_t len)
{
    if (r->err || len > r->len - r->at) {
        r->err = true;
        return NULL;
    }
    const uint8_t *p = r->bytes + r->at;
    r->at += len;
    return p;
}

static inline uint8_t wire_get_u8(struct wire_reader *r)
{
    const uint8_t *p = wire_get_bytes(r, sizeof(uint8_t));
    return p ? p[0] : 0;
}

static inline uint16_t wire_get_u16(struct wire_reader *r)
{
    const uint8_t *p = wire_get_bytes(r, sizeof(uint16_t));
    return p ? wire_u16(p) : 0;
}

static inline uint32_t wire_get_u32(struct wire_reader *r)
{
    const uint8_t *p = wire_get_bytes(r, sizeof(uint32_t));
    return p ? wire_u32(p) : 0;
}

static inline size_t wire_left(const struct wire_reader *r)
{
    return r->err ? 0 : r->len - r->at;
}

/* ---- writing ---- */

struct wire_writer {
    uint8_t *bytes; /* borrowed */
    size_t cap;
    size_t at; /* at <= cap: bytes written so far */
    bool err;  /* a write did not fit; it and every later write did nothing */
};

static inline void wire_writer_init(struct wire_writer *w, uint8_t *bytes, size_t cap)
{
    *w = (struct wire_writer){.bytes = bytes, .cap = cap};
}

/* Room for `len` bytes to fill in; NULL, and err set, if there is none. */
static inline uint8_t *wire_reserve(struct wire_writer *w, size_t len)
{
    if (w->err || len > w->cap - w->at) {
        w->err = true;
        return NULL;
    }
    uint8_t *p = w->bytes + w->at;
    w->at += len;
    return p;
}

static inline void wire_put_u8(struct wire_writer *w, uint8_t value)
{
    uint8_t *p = wire_reserve(w, sizeof value);
    if (p != NULL)
        p[0] = value;
}

static inline void wire_put_u16(struct wire_writer *w, uint16_t value)
{
    uint8_t *p = wire_reserve(w, sizeof value);
    if (p != NULL)
        wire_set_u16(p, value);
}

static inline void wire_put_u32(struct wire_writer *w, uint32_t value)
{
    uint8_t *p = wire_reserve(w, sizeof value);
    if (p != NULL)
        wire_set_u32(p, value);
}

static inline void wire_put_bytes(struct wire_writer *w, const void *bytes, size_t len)
{
    uint8_t *p = wire_reserve(w, len);
    if (p != NULL && len != 0)
        memcpy(p, bytes, len);
}

static inline void wire_put_zeros(struct wire_writer *w, size_t len)
{
    uint8_t *p = wire_reserve(w, len);
    if (p != NULL && len != 0)
        memset(p, 0, len);
}
