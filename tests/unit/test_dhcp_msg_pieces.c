/* Options in pieces (RFC 3396), in other fields (RFC 2132 9.3), and more than there is room for. */
#include "tests/unit/test_dhcp_msg.h"

/* ---- RFC 3396: split options ---- */

static void rfc3396_7_pieces_are_joined_in_order(void **state)
{
    (void)state;
    start();
    add(DHCP_OPT_TYPE, "\1", 1);
    add(DHCP_OPT_VENDOR_SPECIFIC, "ab", 2);
    add(DHCP_OPT_HOST_NAME, "h", 1);
    add(DHCP_OPT_VENDOR_SPECIFIC, "", 0);
    add(DHCP_OPT_DOMAIN_NAME, "d", 1);
    add(DHCP_OPT_HOST_NAME, "1", 1);
    add(DHCP_OPT_VENDOR_SPECIFIC, "cde", 3);
    add_end();
    assert_int_equal(decode(), REASON_NONE);
    assert_int_equal(m.defects, 0);
    assert_order((const uint8_t[]){53, 43, 12, 15}, 4);
    assert_option(43, "abcde", 5);
    assert_option(12, "h1", 2);
    assert_option(15, "d", 1);
    assert_int_equal(dhcp_msg_find(&m, 43)->pieces, 3);
    assert_int_equal(dhcp_msg_find(&m, 43)->offset, 243);
    assert_int_equal(dhcp_msg_find(&m, 12)->pieces, 2);
    assert_int_equal(dhcp_msg_find(&m, 15)->pieces, 1);
    assert_int_equal(m.n_pieces, 7);
    touch();
}

static void a_long_value_comes_in_full_pieces(void **state)
{
    (void)state;
    uint8_t value[600];
    for (size_t i = 0; i < sizeof value; i++)
        value[i] = (uint8_t)(i * 7);
    start();
    add(DHCP_OPT_DOMAIN_SEARCH, value, 255);
    add(DHCP_OPT_DOMAIN_SEARCH, value + 255, 255);
    add(DHCP_OPT_DOMAIN_SEARCH, value + 510, 90);
    add_end();
    assert_int_equal(decode(), REASON_NONE);
    assert_option(DHCP_OPT_DOMAIN_SEARCH, value, sizeof value);
}

/* RFC 3396 5: the pieces of the options field come first, then those of file, then those of sname. */
static void rfc3396_5_pieces_are_joined_across_the_fields(void **state)
{
    (void)state;
    start();
    memcpy(msg.bytes + DHCP_FILE_AT,
           "\x2b\x02"
           "cd"
           "\x0c\x01"
           "x"
           "\xff",
           8);
    memcpy(msg.bytes + DHCP_SNAME_AT,
           "\x2b\x01"
           "e"
           "\x0c\x01"
           "y"
           "\x2b\x01"
           "f"
           "\xff",
           10);
    add(DHCP_OPT_TYPE, "\1", 1);
    add(DHCP_OPT_VENDOR_SPECIFIC, "ab", 2);
    add(DHCP_OPT_OVERLOAD, "\3", 1);
    add_end();
    assert_int_equal(decode(), REASON_NONE);
    assert_int_equal(m.defects, 0);
    assert_order((const uint8_t[]){53, 43, 52, 12}, 4);
    assert_option(43, "abcdef", 6);
    assert_option(12, "xy", 2);
    assert_int_equal(dhcp_msg_find(&m, 43)->pieces, 4);
    assert_int_equal(dhcp_msg_find(&m, 12)->offset, 112);
}

/* ---- overload ---- */

static void start_overloaded(uint8_t overload)
{
    start();
    memcpy(msg.bytes + DHCP_FILE_AT,
           "\x0c\x02"
           "h1"
           "\xff",
           5);
    memcpy(msg.bytes + DHCP_SNAME_AT,
           "\x0f\x01"
           "d"
           "\xff",
           4);
    add(DHCP_OPT_TYPE, "\1", 1);
    add(DHCP_OPT_OVERLOAD, &overload, 1);
}

/* RFC 2132 9.3: 1 file, 2 sname, 3 both; RFC 2131 4.1: options, then file, then sname. */
static void rfc2132_9_3_overload_says_which_fields_hold_options(void **state)
{
    (void)state;
    static const uint8_t orders[][4] = {{53, 52, 12}, {53, 52, 15}, {53, 52, 12, 15}};
    for (uint8_t overload = 1; overload <= 3; overload++) {
        start_overloaded(overload);
        add_end();
        assert_int_equal(decode(), REASON_NONE);
        assert_int_equal(m.overload, overload);
        assert_int_equal(m.defects, 0);
        assert_order(orders[overload - 1], overload == 3 ? 4 : 3);
        assert_memory_equal(m.file, msg.bytes + DHCP_FILE_AT, DHCP_FILE_LEN);
    }
}

static void the_overload_option_counts_wherever_it_stands_in_the_options_field(void **state)
{
    (void)state;
    start_overloaded(DHCP_OVERLOAD_FILE);
    add(DHCP_OPT_DOMAIN_NAME, "later", 5);
    add_end();
    assert_int_equal(decode(), REASON_NONE);
    assert_order((const uint8_t[]){53, 52, 15, 12}, 4);
}

static void a_bad_overload_is_a_defect_and_opens_no_field(void **state)
{
    (void)state;
    static const struct {
        uint8_t value[2];
        uint8_t len;
    } rows[] = {{{0, 0}, 1}, {{4, 0}, 1}, {{255, 0}, 1}, {{0, 0}, 0}, {{0, 3}, 2}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        start_overloaded(DHCP_OVERLOAD_BOTH);
        msg.len = 243;
        add(DHCP_OPT_OVERLOAD, rows[i].value, rows[i].len);
        add_end();
        assert_int_equal(decode(), REASON_NONE);
        assert_int_equal(m.defects, DHCP_DEFECT_OVERLOAD);
        assert_int_equal(m.defect_at, 243);
        assert_int_equal(m.overload, DHCP_OVERLOAD_NONE);
        assert_order((const uint8_t[]){53, 52}, 2);
    }
}

/* RFC 2131 4.1: "the 'option overload' option MUST appear in the 'options' field" */
static void an_overload_inside_a_field_opens_no_other(void **state)
{
    (void)state;
    start_overloaded(DHCP_OVERLOAD_FILE);
    memcpy(msg.bytes + DHCP_FILE_AT, "\x34\x01\x03\xff", 4);
    add_end();
    assert_int_equal(decode(), REASON_NONE);
    assert_int_equal(m.overload, DHCP_OVERLOAD_FILE);
    assert_int_equal(m.defects, DHCP_DEFECT_OVERLOAD);
    assert_int_equal(m.defect_at, DHCP_FILE_AT);
    assert_order((const uint8_t[]){53, 52}, 2);
}

/* Joined, they are two octets, which is no overload; the first is a guess that harms nobody. */
static void a_repeated_overload_is_a_defect_and_the_first_counts(void **state)
{
    (void)state;
    start_overloaded(DHCP_OVERLOAD_FILE);
    add(DHCP_OPT_OVERLOAD, "\2", 1);
    add_end();
    assert_int_equal(decode(), REASON_NONE);
    assert_int_equal(m.defects, DHCP_DEFECT_OVERLOAD);
    assert_int_equal(m.defect_at, 246);
    assert_int_equal(m.overload, DHCP_OVERLOAD_FILE);
    assert_order((const uint8_t[]){53, 52, 12}, 3);
}

/* A field ends where it ends: neither an option nor the search for END runs on into the next. */
static void an_overloaded_field_has_its_own_end(void **state)
{
    (void)state;
    start_overloaded(DHCP_OVERLOAD_BOTH);
    add_end();
    msg.bytes[DHCP_SNAME_AT + 3] = 0;                                     /* sname: no END, pads to its end */
    memcpy(msg.bytes + DHCP_FILE_AT + DHCP_FILE_LEN - 3, "\x0c\x02z", 3); /* not reached: END is before */
    assert_int_equal(decode(), REASON_NONE);
    assert_int_equal(m.defects, DHCP_DEFECT_NO_END);
    assert_int_equal(m.defect_at, DHCP_FILE_AT);
    assert_order((const uint8_t[]){53, 52, 12, 15}, 4);

    start_overloaded(DHCP_OVERLOAD_BOTH);
    add_end();
    memset(msg.bytes + DHCP_FILE_AT, 0, DHCP_FILE_LEN);
    memcpy(msg.bytes + DHCP_FILE_AT + DHCP_FILE_LEN - 3, "\x0c\x02z", 3); /* runs over by one octet */
    assert_int_equal(decode(), REASON_NONE);
    assert_int_equal(m.defects, DHCP_DEFECT_CUT);
    assert_int_equal(m.defect_at, DHCP_FILE_AT + DHCP_FILE_LEN - 3);
    assert_order((const uint8_t[]){53, 52, 15}, 3);
}

/* ---- limits ---- */

static void pieces_beyond_the_limit_are_left_out(void **state)
{
    (void)state;
    start();
    add(DHCP_OPT_TYPE, "\1", 1);
    for (int i = 1; i < DHCP_PIECES_MAX; i++)
        add(DHCP_OPT_VENDOR_SPECIFIC, "x", 1);
    add_end();
    assert_int_equal(decode(), REASON_NONE);
    assert_int_equal(m.defects, 0);
    assert_int_equal(m.n_pieces, DHCP_PIECES_MAX);
    assert_int_equal(dhcp_msg_find(&m, DHCP_OPT_VENDOR_SPECIFIC)->len, DHCP_PIECES_MAX - 1);
    assert_true(dhcp_msg_find(&m, DHCP_OPT_VENDOR_SPECIFIC)->pieces > 1);

    msg.len--;
    add(DHCP_OPT_HOST_NAME, "h1", 2);
    add_end();
    assert_int_equal(decode(), REASON_NONE);
    assert_int_equal(m.defects, DHCP_DEFECT_LIMIT);
    assert_int_equal(m.defect_at, 243 + 3 * (DHCP_PIECES_MAX - 1));
    assert_int_equal(m.n_pieces, DHCP_PIECES_MAX);
    assert_false(dhcp_msg_has(&m, DHCP_OPT_HOST_NAME));
    assert_int_equal(m.type, DHCP_DISCOVER);
    touch();
}

static void a_value_beyond_the_store_is_left_out_whole(void **state)
{
    (void)state;
    static const uint8_t filler[255] = {7};
    start();
    add(DHCP_OPT_HOST_NAME, "h", 1);
    for (int i = 0; i < 17; i++) /* 4335 octets */
        add(DHCP_OPT_VENDOR_SPECIFIC, filler, 255);
    add(DHCP_OPT_HOST_NAME, "1", 1);
    add(DHCP_OPT_TYPE, "\1", 1);
    add_end();
    assert_int_equal(decode(), REASON_NONE);
    assert_int_equal(m.defects, DHCP_DEFECT_LIMIT);
    assert_int_equal(m.defect_at, 243);
    assert_order((const uint8_t[]){12, 53}, 2);
    assert_option(12, "h1", 2);
    touch();
}

static void the_store_can_be_filled_to_its_last_octet(void **state)
{
    (void)state;
    static const uint8_t filler[255] = {7};
    start();
    for (int i = 0; i < 16; i++) /* 4080 octets */
        add(DHCP_OPT_VENDOR_SPECIFIC, filler, 255);
    add(DHCP_OPT_HOST_NAME, "12345678", 8);
    add(DHCP_OPT_HOST_NAME, "12345678", 8);
    add(DHCP_OPT_DOMAIN_NAME, "", 0);
    add(DHCP_OPT_DOMAIN_NAME, "", 0);
    add_end();
    assert_int_equal(decode(), REASON_NONE);
    assert_int_equal(m.defects, 0);
    assert_int_equal(m.store_used, DHCP_STORE_MAX);
    assert_order((const uint8_t[]){43, 12, 15}, 3);
    assert_option(12, "1234567812345678", 16);
    assert_option(15, "", 0);
    assert_false(dhcp_put_u8(&m, 99, 1));
    assert_false(dhcp_msg_has(&m, 99));
    touch();
}

#define TEST(function) cmocka_unit_test_teardown(function, free_block)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rfc3396_7_pieces_are_joined_in_order),
        TEST(a_long_value_comes_in_full_pieces),
        TEST(rfc3396_5_pieces_are_joined_across_the_fields),
        TEST(rfc2132_9_3_overload_says_which_fields_hold_options),
        TEST(the_overload_option_counts_wherever_it_stands_in_the_options_field),
        TEST(a_bad_overload_is_a_defect_and_opens_no_field),
        TEST(an_overload_inside_a_field_opens_no_other),
        TEST(a_repeated_overload_is_a_defect_and_the_first_counts),
        TEST(an_overloaded_field_has_its_own_end),
        TEST(pieces_beyond_the_limit_are_left_out),
        TEST(a_value_beyond_the_store_is_left_out_whole),
        TEST(the_store_can_be_filled_to_its_last_octet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
