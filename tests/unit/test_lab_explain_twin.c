/* Which packet of a capture is one that was seen before, at another interface. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "lab/explain_twin.h"

enum { A, B, C };

static struct explain_twins twins;
static uint64_t number;

static int set_up(void **state)
{
    (void)state;
    twins = (struct explain_twins){0};
    number = 0;
    return 0;
}

static uint64_t see(size_t interface_number, int64_t time_ns, const char *octets)
{
    const struct explain_packet packet = {.number = ++number,
                                          .time_ns = time_ns,
                                          .bytes = (const uint8_t *)octets,
                                          .len = strlen(octets),
                                          .wire_len = strlen(octets),
                                          .interface_number = interface_number};
    return explain_twin_find(&twins, &packet);
}

static void a_packet_is_seen_where_it_leaves_and_where_it_arrives(void **state)
{
    (void)state;
    assert_int_equal(see(A, 0, "one"), 0);
    assert_int_equal(see(B, 5, "one"), 1);
    assert_int_equal(see(C, 6, "one"), 1);
    assert_int_equal(see(B, 7, "two"), 0);
    assert_int_equal(see(A, 7, "two"), 4);
}

static void what_is_sent_again_is_another_one(void **state)
{
    (void)state;
    assert_int_equal(see(A, 0, "one"), 0);
    assert_int_equal(see(A, 1, "one"), 0);
    assert_int_equal(see(B, 2, "one"), 2);
    assert_int_equal(see(B, 999999999, "one"), 2); /* less than a second later */
    assert_int_equal(see(C, 1000000001, "one"), 0);
}

static void the_latest_are_remembered(void **state)
{
    char octets[] = "00x";
    (void)state;
    assert_int_equal(see(A, 0, "one"), 0);
    assert_int_equal(see(B, 0, "other"), 0);
    for (int i = 0; i < EXPLAIN_TWINS_MAX - 2; i++) {
        octets[0] = (char)('0' + i % 16);
        octets[1] = (char)('0' + i / 16);
        see(A, 0, octets);
    }
    assert_int_equal(see(B, 0, "one"), 1);
    assert_int_equal(see(A, 0, "more"), 0);
    assert_int_equal(see(C, 0, "one"), 0); /* forgotten */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_packet_is_seen_where_it_leaves_and_where_it_arrives, set_up),
        cmocka_unit_test_setup(what_is_sent_again_is_another_one, set_up),
        cmocka_unit_test_setup(the_latest_are_remembered, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
