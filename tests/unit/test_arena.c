#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/arena.h"

static void assert_zeroed(const unsigned char *p, size_t size)
{
    for (size_t i = 0; i < size; i++)
        assert_int_equal(p[i], 0);
}

/* Fills what it is given, so that an overlap with the next piece shows as a byte that is not zero. */
static unsigned char *take(struct arena *a, size_t size)
{
    unsigned char *p = arena_alloc(a, size);
    assert_non_null(p);
    assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
    assert_zeroed(p, size);
    memset(p, 0xa5, size);
    return p;
}

static void pieces_are_zeroed_aligned_and_apart_also_after_a_reset(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 7, 16, 4095, 16384, 16385, 100000, 3, 8000, 8000, 8000};
    enum { N = sizeof sizes / sizeof sizes[0] };
    struct arena a;
    arena_init(&a);
    for (int round = 0; round < 5; round++) {
        unsigned char *pieces[N];
        for (size_t i = 0; i < N; i++)
            pieces[i] = take(&a, sizes[(i + (size_t)round) % N]);
        for (size_t i = 0; i < N; i++)
            for (size_t j = 0; j < sizes[(i + (size_t)round) % N]; j++)
                assert_int_equal(pieces[i][j], 0xa5);
        arena_reset(&a);
    }
    arena_fini(&a);
}

static void a_text_is_copied_whole(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    memset(arena_take(&a, 64), 0xa5, 64);
    arena_reset(&a);
    const char *text = arena_text(&a, "some text", 4);
    assert_string_equal(text, "some"); /* though the memory was not zero */
    assert_string_equal(arena_text(&a, "", 0), "");
    assert_string_equal(text, "some");
    arena_fini(&a);
}

static void of_a_room_as_much_is_taken_as_is_kept(void **state)
{
    enum { ROOM = 2048, N = 40 }; /* in several blocks */
    (void)state;
    struct arena a;
    char *kept[N];
    arena_init(&a);
    for (size_t i = 0; i < N; i++) {
        char *room = arena_room(&a, ROOM);
        memset(room, 0x5a, ROOM);
        assert_ptr_equal(arena_room(&a, ROOM), room); /* nothing is taken yet */
        kept[i] = memset(room, (int)i, 1000 + i);
        arena_keep(&a, 1000 + i);
        assert_ptr_not_equal(take(&a, 1), room);
    }
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < 1000 + i; j++)
            assert_int_equal(kept[i][j], i);
    assert_null(arena_room(&a, SIZE_MAX));
    arena_fini(&a);
}

static void a_reset_gives_the_same_memory_again(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    unsigned char *first = take(&a, 100), *large = take(&a, 50000);
    arena_reset(&a);
    assert_ptr_equal(take(&a, 100), first);
    assert_ptr_equal(take(&a, 50000), large);
    arena_fini(&a);
}

static void what_is_not_in_use_can_be_given_to_another(void **state)
{
    (void)state;
    struct arena a, b;
    arena_init(&a);
    arena_init(&b);
    arena_give(&a, &b); /* nothing is nothing */
    assert_int_equal(arena_size(&b), 0);
    unsigned char *pieces[3];
    for (int i = 0; i < 3; i++)
        pieces[i] = take(&a, 10000); /* a block each */
    size_t size = arena_size(&a);
    arena_reset(&a);
    assert_ptr_equal(take(&a, 10000), pieces[0]);
    unsigned char *own = take(&b, 10000);
    arena_give(&a, &b);
    assert_int_equal(arena_size(&a), size / 3);
    assert_int_equal(arena_size(&b), size);
    assert_ptr_equal(take(&b, 10000), pieces[1]);
    assert_ptr_equal(take(&b, 10000), pieces[2]);
    assert_int_equal(pieces[0][9999], 0xa5);
    assert_int_equal(own[9999], 0xa5);
    arena_reset(&b);
    arena_give(&b, &a); /* all of it */
    assert_int_equal(arena_size(&b), 0);
    assert_int_equal(arena_size(&a), 4 * size / 3);
    arena_fini(&a);
    arena_fini(&b);
}

static void what_is_trimmed_off_is_taken_next(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    unsigned char *large = arena_take(&a, 1000);
    memset(large, 0xa5, 1000);
    arena_trim(&a, large, 17);
    unsigned char *next = take(&a, 500);
    assert_ptr_equal(next,
                     large + (17 + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t));
    for (int i = 0; i < 17; i++)
        assert_int_equal(large[i], 0xa5);
    arena_fini(&a);
}

static void nothing_is_a_piece_too(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    assert_non_null(arena_alloc(&a, 0));
    arena_fini(&a);
}

/* Each step towards the largest size_t wraps around at another addition: rounding up, then the block's head.
 */
static void a_size_that_no_memory_has_gives_null_and_harms_nothing(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    unsigned char *before = take(&a, 10);
    for (size_t less = 0; less < 128; less++)
        assert_null(arena_alloc(&a, SIZE_MAX - less));
    assert_null(arena_alloc(&a, SIZE_MAX / 2));
    assert_int_equal(before[9], 0xa5);
    take(&a, 10);
    arena_fini(&a);
}

static void a_finished_arena_can_be_used_again(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    arena_fini(&a);
    take(&a, 20000);
    arena_fini(&a);
    arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_zeroed_aligned_and_apart_also_after_a_reset),
        cmocka_unit_test(a_text_is_copied_whole),
        cmocka_unit_test(of_a_room_as_much_is_taken_as_is_kept),
        cmocka_unit_test(a_reset_gives_the_same_memory_again),
        cmocka_unit_test(what_is_not_in_use_can_be_given_to_another),
        cmocka_unit_test(what_is_trimmed_off_is_taken_next),
        cmocka_unit_test(nothing_is_a_piece_too),
        cmocka_unit_test(a_size_that_no_memory_has_gives_null_and_harms_nothing),
        cmocka_unit_test(a_finished_arena_can_be_used_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
