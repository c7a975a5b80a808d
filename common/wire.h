/* Bounded big-endian reader and writer with a sticky error: read or write all fields, then ask `err` once. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wire_reader {
    const uint8_t *bytes; /* borrowed */
    size_t len;
    size_t at; /* at <= len */
    bool err;  /* a read went past the end; every later read gives 0 */
};

void wire_reader_init(struct wire_reader *r, const uint8_t *bytes, size_t len);
uint8_t wire_get_u8(struct wire_reader *r);
uint16_t wire_get_u16(struct wire_reader *r);
uint32_t wire_get_u32(struct wire_reader *r);
/* The next `len` bytes, borrowed from the input; NULL, and err set, if there are fewer. */
const uint8_t *wire_get_bytes(struct wire_reader *r, size_t len);
size_t wire_left(const struct wire_reader *r);

struct wire_writer {
    uint8_t *bytes; /* borrowed */
    size_t cap;
    size_t at; /* at <= cap: bytes written so far */
    bool err;  /* a write did not fit; it and every later write did nothing */
};

void wire_writer_init(struct wire_writer *w, uint8_t *bytes, size_t cap);
void wire_put_u8(struct wire_writer *w, uint8_t value);
void wire_put_u16(struct wire_writer *w, uint16_t value);
void wire_put_u32(struct wire_writer *w, uint32_t value);
void wire_put_bytes(struct wire_writer *w, const void *bytes, size_t len);
void wire_put_zeros(struct wire_writer *w, size_t len);

/* Big-endian field access where the caller has checked the bounds. */
uint16_t wire_u16(const uint8_t *bytes);
uint32_t wire_u32(const uint8_t *bytes);
