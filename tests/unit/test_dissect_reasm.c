/* Fragments: in any order, twice, contradicting each other, too many, too late. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "common/dissect_reasm.h"

static const struct dissect_reasm_limits limits = {.datagrams = 2, .octets = 40000, .time_ns = 1000};

static uint8_t payload[8008];
static struct dissect_reasm *reasm;
static struct dissect_reasm_answer answer;

static int set_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (uint8_t)(i * 7 + i / 256);
    reasm = dissect_reasm_new(&limits);
    return reasm == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    dissect_reasm_free(reasm);
    return 0;
}

static void add_bytes(uint16_t id, const uint8_t *bytes, size_t at, size_t len, bool more, int64_t now_ns)
{
    static struct dissect d;
    dissect_init(&d, NULL);
    d.bytes = bytes;
    d.len = len;
    d.ip = (struct dissect_ip){.found = true,
                               .id = id,
                               .protocol = 1,
                               .offset = (uint16_t)at,
                               .more = more,
                               .payload_at = 0,
                               .payload_len = len};
    assert_true(dissect_reasm_is_fragment(&d));
    dissect_reasm_add(reasm, &d, now_ns, &answer);
}

static void add(uint16_t id, size_t at, size_t len, bool more, int64_t now_ns)
{
    add_bytes(id, payload + at, at, len, more, now_ns);
}

static void expect_whole(size_t len)
{
    assert_int_equal(answer.status, DISSECT_REASM_WHOLE);
    assert_int_equal(answer.total, len);
    assert_memory_equal(answer.bytes, payload, len);
}

/* A ping of 8,000 octets: 8,008 with the header of ICMP, of which 1,480 fit one Ethernet frame. */
static void test_six_fragments_in_any_order(void **state)
{
    (void)state;
    static const size_t orders[][6] = {{0, 1, 2, 3, 4, 5}, {5, 4, 3, 2, 1, 0}, {3, 5, 0, 4, 2, 1}};
    for (size_t o = 0; o < 3; o++) {
        for (size_t i = 0; i < 6; i++) {
            size_t at = orders[o][i] * 1480;
            add(7, at, at == 7400 ? 608 : 1480, at != 7400, 0);
            assert_int_equal(answer.n_fragments, i + 1);
            if (i < 5)
                assert_int_equal(answer.status, DISSECT_REASM_KEPT);
        }
        expect_whole(8008);
    }
    assert_int_equal(dissect_reasm_counts(reasm)->datagrams, 3);
}

static void test_what_is_there_already_stays(void **state)
{
    (void)state;
    uint8_t other[16];
    memset(other, 0xee, sizeof other);
    add(1, 0, 16, true, 0);
    add_bytes(1, other, 8, 16, true, 0); /* 8..15 are there, 16..23 are new */
    assert_true(answer.overlap);
    assert_int_equal(answer.octets, 24);
    add(1, 24, 5, false, 0);
    assert_int_equal(answer.status, DISSECT_REASM_WHOLE);
    assert_memory_equal(answer.bytes, payload, 16);
    assert_memory_equal(answer.bytes + 16, other, 8);
    assert_int_equal(dissect_reasm_counts(reasm)->overlaps, 1);
}

static void test_contradictions_are_refused(void **state)
{
    (void)state;
    static const struct {
        size_t at, len;
        bool more;
    } rows[] = {
        {8, 7, true},     /* not a multiple of 8 */
        {16, 0, true},    /* empty */
        {24, 8, true},    /* behind the last */
        {8, 8, false},    /* another end */
        {65528, 8, true}, /* behind the longest datagram */
    };
    uint8_t bytes[16] = {0};
    add(1, 16, 8, false, 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        add_bytes(1, bytes, rows[i].at, rows[i].len, rows[i].more, 0);
        assert_int_equal(answer.status, DISSECT_REASM_REFUSED);
        assert_int_equal(dissect_reasm_counts(reasm)->refused, i + 1);
    }
    add(1, 0, 16, true, 0);
    expect_whole(24);
}

static void test_the_time_of_the_packets_ends_it(void **state)
{
    (void)state;
    add(1, 0, 8, true, 0);
    add(1, 8, 8, false, 1000);
    expect_whole(16);
    add(1, 0, 8, true, 2000);
    add(1, 8, 8, false, 3001);
    assert_int_equal(answer.status, DISSECT_REASM_KEPT);
    assert_int_equal(dissect_reasm_counts(reasm)->expired, 1);
}

static void test_the_oldest_makes_room(void **state)
{
    (void)state;
    add(1, 0, 8, true, 1);
    add(2, 0, 8, true, 2);
    add(3, 0, 8, true, 3);
    assert_int_equal(dissect_reasm_counts(reasm)->evicted, 1);
    add(2, 8, 8, false, 4);
    expect_whole(16);
    add(1, 8, 8, false, 5);
    assert_int_equal(answer.status, DISSECT_REASM_KEPT);
}

static void test_the_octets_are_limited(void **state)
{
    (void)state;
    static uint8_t bytes[30000];
    add_bytes(1, bytes, 0, 16000, true, 1); /* takes 32,000 octets of room */
    add_bytes(2, bytes, 0, 8000, true, 2);  /* 16,000 more are too much */
    assert_int_equal(dissect_reasm_counts(reasm)->evicted, 1);
    add_bytes(2, bytes, 0, 24000, true, 3); /* alone it is too much, too */
    assert_int_equal(answer.status, DISSECT_REASM_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_six_fragments_in_any_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_there_already_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_contradictions_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_time_of_the_packets_ends_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_oldest_makes_room, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_octets_are_limited, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
