#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/wire.h"

static const uint8_t bytes[] = {0x01, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x08, 0x09};

static void fields_are_read_big_endian_and_in_order(void **state)
{
    (void)state;
    struct wire_reader r;
    wire_reader_init(&r, bytes, sizeof bytes);
    assert_int_equal(wire_left(&r), 9);
    assert_int_equal(wire_get_u8(&r), 0x01);
    assert_int_equal(wire_get_u16(&r), 0x8283);
    assert_int_equal(wire_get_u32(&r), 0x84858687);
    assert_ptr_equal(wire_get_bytes(&r, 2), bytes + 7);
    assert_int_equal(wire_left(&r), 0);
    assert_ptr_equal(wire_get_bytes(&r, 0), bytes + 9);
    assert_false(r.err);
    assert_int_equal(wire_u16(bytes + 1), 0x8283);
    assert_int_equal(wire_u32(bytes + 3), 0x84858687);
}

/* Every shorter prefix, in a block of just its size: what does not fit gives 0, sets err, and ends all
 * reading. */
static void a_read_past_the_end_is_an_error_that_stays(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof bytes; len++) {
        uint8_t *cut = malloc(len + (len == 0));
        assert_non_null(cut);
        memcpy(cut, bytes, len);
        struct wire_reader r;
        wire_reader_init(&r, cut, len);
        assert_int_equal(wire_get_u8(&r), len >= 1 ? 0x01 : 0);
        assert_int_equal(wire_get_u16(&r), len >= 3 ? 0x8283 : 0);
        assert_int_equal(wire_get_u32(&r), len >= 7 ? 0x84858687 : 0);
        assert_null(wire_get_bytes(&r, 2));
        assert_true(r.err);
        assert_int_equal(wire_left(&r), 0);
        assert_int_equal(wire_get_u8(&r), 0);
        assert_null(wire_get_bytes(&r, 0));
        assert_true(r.at <= len);
        free(cut);
    }
}

static void a_length_that_wraps_around_is_past_the_end(void **state)
{
    (void)state;
    struct wire_reader r;
    wire_reader_init(&r, bytes, sizeof bytes);
    wire_get_u32(&r);
    assert_null(wire_get_bytes(&r, SIZE_MAX));
    assert_true(r.err);
    uint8_t buf[8];
    struct wire_writer w;
    wire_writer_init(&w, buf, sizeof buf);
    wire_put_u32(&w, 1);
    wire_put_zeros(&w, SIZE_MAX);
    assert_true(w.err);
    assert_int_equal(w.at, 4);
}

static void put_all(struct wire_writer *w)
{
    wire_put_u8(w, 0x01);
    wire_put_u16(w, 0x8283);
    wire_put_u32(w, 0x84858687);
    wire_put_bytes(w, "\x08\x09", 2);
    wire_put_zeros(w, 3);
    wire_put_bytes(w, NULL, 0);
}

static void fields_are_written_big_endian_and_in_order(void **state)
{
    (void)state;
    uint8_t buf[12];
    memset(buf, 0xff, sizeof buf);
    struct wire_writer w;
    wire_writer_init(&w, buf, sizeof buf);
    put_all(&w);
    assert_false(w.err);
    assert_int_equal(w.at, sizeof buf);
    assert_memory_equal(buf, bytes, sizeof bytes);
    assert_memory_equal(buf + 9, "\0\0\0", 3);
}

/* What does not fit is not begun, and nothing smaller is written behind it. */
static void a_write_past_the_end_is_an_error_that_stays(void **state)
{
    (void)state;
    static const size_t ends[] = {0, 1, 3, 7, 9, 12}; /* of the fields */
    for (size_t cap = 0; cap < 12; cap++) {
        uint8_t *buf = malloc(cap + (cap == 0));
        assert_non_null(buf);
        struct wire_writer w;
        wire_writer_init(&w, buf, cap);
        put_all(&w);
        assert_true(w.err);
        size_t whole = 0;
        while (ends[whole + 1] <= cap)
            whole++;
        assert_int_equal(w.at, ends[whole]);
        assert_memory_equal(buf, bytes, w.at < sizeof bytes ? w.at : sizeof bytes);
        wire_put_u8(&w, 1);
        assert_int_equal(w.at, ends[whole]);
        free(buf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_read_big_endian_and_in_order),
        cmocka_unit_test(a_read_past_the_end_is_an_error_that_stays),
        cmocka_unit_test(a_length_that_wraps_around_is_past_the_end),
        cmocka_unit_test(fields_are_written_big_endian_and_in_order),
        cmocka_unit_test(a_write_past_the_end_is_an_error_that_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
