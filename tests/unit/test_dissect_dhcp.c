/* The dissector of DHCP: options and their parts, and what it complains about. */
#include "tests/unit/test_dissect.h"

/* ---- DHCP ---- */

static void test_options_have_their_parts_and_places(void **state)
{
    (void)state;
    start(DHCP_BOOTREPLY, DHCP_ACK);
    msg.yiaddr = 0x0a4d000a;
    msg.giaddr = 0x0a4d0001;
    msg.hops = 1;
    dhcp_put_ip4(&msg, DHCP_OPT_SERVER_ID, 0x0a4d0001);
    dhcp_put_u32(&msg, DHCP_OPT_LEASE_TIME, 3600);
    /* 10.0.0.0/8 via 10.77.0.1 */
    dhcp_put_bytes(&msg, DHCP_OPT_CLASSLESS_ROUTES, "\x08\x0a\x0a\x4d\x00\x01", 6);
    /* "a.b" and a pointer to its "b" behind "c" */
    dhcp_put_bytes(&msg, DHCP_OPT_DOMAIN_SEARCH,
                   "\x01"
                   "a"
                   "\x01"
                   "b"
                   "\x00"
                   "\x01"
                   "c"
                   "\xc0\x02",
                   9);
    /* circuit-id "eth0" */
    dhcp_put_bytes(&msg, DHCP_OPT_RELAY_INFO,
                   "\x01\x04"
                   "eth0",
                   6);
    read_message();
    assert_true(d.has_dhcp);
    assert_int_equal(d.n_warnings, 0);
    size_t at = FRAME_HEADERS + DHCP_OPTIONS_AT;
    expect("dhcp/xid", FRAME_HEADERS + 4, 4, "0x3903f326");
    expect("dhcp/dhcp-message-type", at, 3, "ACK");
    expect("dhcp/dhcp-lease-time", at + 9, 6, "3600 s (1 h)");
    expect("dhcp/dhcp-lease-time/code", at + 9, 1, "51");
    expect("dhcp/classless-static-route/route", at + 17, 6, "10.0.0.0/8 via 10.77.0.1");
    expect("dhcp/domain-search/domain", at + 25, 5, "a.b");
    assert_string_equal(get("dhcp/domain-search/domain")->next->value, "c.b");
    assert_non_null(find("dhcp/dhcp-agent-options/circuit-id"));
}

static void test_a_split_option_names_its_pieces(void **state)
{
    (void)state;
    uint8_t value[300];
    memset(value, 'v', sizeof value);
    start(DHCP_BOOTREQUEST, DHCP_DISCOVER);
    dhcp_put_bytes(&msg, DHCP_OPT_VENDOR_SPECIFIC, value, sizeof value);
    read_message();
    size_t at = FRAME_HEADERS + DHCP_OPTIONS_AT + 3;
    expect("dhcp/vendor-encapsulated-options/piece", at, 257, "1 of 2, in options");
    expect("dhcp/vendor-encapsulated-options/piece/length", at + 1, 1, "255");
    const struct dissect_field *second = get("dhcp/vendor-encapsulated-options/piece")->next;
    assert_string_equal(second->value, "2 of 2, in options");
    assert_int_equal(second->offset, at + 257);
    assert_int_equal(second->len, 47);
}

/* 40 routes of 8 octets: 31 and 7 octets of another are in the first piece. */
static void test_a_split_option_is_taken_apart_as_a_whole(void **state)
{
    enum { N = 40, LEN = 8, SPLIT = 31 };
    (void)state;
    /* 10.0.i.0/24 by the router 10.77.0.1 */
    uint8_t value[N * LEN];
    for (size_t i = 0; i < N; i++)
        memcpy(value + i * LEN, (const uint8_t[]){24, 10, 0, (uint8_t)i, 10, 77, 0, 1}, LEN);
    start(DHCP_BOOTREPLY, DHCP_OFFER);
    dhcp_put_bytes(&msg, DHCP_OPT_CLASSLESS_ROUTES, value, sizeof value);
    read_message();
    size_t first = FRAME_HEADERS + DHCP_OPTIONS_AT + 3 + 2, second = first + 255 + 2;
    expect("dhcp/classless-static-route/route", first, LEN, "10.0.0.0/24 via 10.77.0.1");
    const struct dissect_field *f = get("dhcp/classless-static-route/route");
    for (size_t i = 0; i < N; i++, f = f->next) {
        char text[64];
        snprintf(text, sizeof text, "10.0.%zu.0/24 via 10.77.0.1", i);
        assert_string_equal(f->value, text);
        if (i == SPLIT)
            assert_int_equal(f->len, 0); /* its octets are not beside each other */
        else
            assert_memory_equal(dissect_field_bytes(&d, f), value + i * LEN, f->len);
        assert_int_equal(f->offset, i == SPLIT ? 0 : i < SPLIT ? first + i * LEN : second + i * LEN - 255);
    }
    assert_null(f);
}

/* Type, and what of it is shown: RFC 2132 9.14, RFC 4361 6.1, RFC 8415 11. */
static void test_forms_of_client_ids(void **state)
{
    (void)state;
    static const struct {
        size_t len;
        const char *octets, *path, *value;
    } rows[] = {
        {7, "\x01\x02\x00\x5e\x10\x00\x01", "type", "1"},
        {5, "\x00name", "identifier", "6e:61:6d:65"},
        /* IAID 1, DUID-LLT: Ethernet, time 16, address */
        {19, "\xff\x00\x00\x00\x01\x00\x01\x00\x01\x00\x00\x00\x10\x02\x00\x5e\x10\x00\x01", "time", "16"},
        /* DUID-EN of enterprise 9 */
        {13, "\xff\x00\x00\x00\x02\x00\x02\x00\x00\x00\x09xy", "enterprise", "9"},
        /* DUID-LL */
        {15, "\xff\x00\x00\x00\x03\x00\x03\x00\x01\x02\x00\x5e\x10\x00\x01", "hw-type", "1"},
        /* DUID-UUID */
        {23,
         "\xff\x00\x00\x00\x04\x00\x04"
         "0123456789abcdef",
         "duid-type", "4"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char path[64];
        start(DHCP_BOOTREQUEST, DHCP_DISCOVER);
        dhcp_put_bytes(&msg, DHCP_OPT_CLIENT_ID, rows[i].octets, rows[i].len);
        read_message();
        snprintf(path, sizeof path, "dhcp/dhcp-client-identifier/%s", rows[i].path);
        const struct dissect_field *f = find(path);
        if (f == NULL || strcmp(f->value, rows[i].value) != 0)
            fail_msg("row %zu: %s is %s", i, path, f != NULL ? f->value : "not there");
        assert_int_equal(d.n_warnings, 0);
        if (rows[i].octets[0] == (char)0xff)
            expect("dhcp/dhcp-client-identifier/iaid", FRAME_HEADERS + DHCP_OPTIONS_AT + 3 + 3, 4,
                   i == 2   ? "0x00000001"
                   : i == 3 ? "0x00000002"
                   : i == 4 ? "0x00000003"
                            : "0x00000004");
    }
}

/* Overload 3: options 12 in file, 15 in sname, 43 in all three. */
static void test_overloaded_options_say_where_they_stand(void **state)
{
    (void)state;
    uint8_t bytes[DHCP_OPTIONS_AT + 10] = {1, 1, 6, 0, 0x39, 3, 0xf3, 0x26};
    /* 53: DISCOVER; 52: both; 43: "a"; end */
    static const uint8_t cookie[] = {0x63, 0x82, 0x53, 0x63};
    static const uint8_t options[] = {53, 1, 1, 52, 1, 3, 43, 1, 'a', 255};
    static const uint8_t file[] = {12, 2, 'h', '1', 43, 1, 'b', 255}, sname[] = {15, 1, 'd', 43, 1, 'c', 255};
    memcpy(bytes + 28, client_hw.bytes, 6);
    memcpy(bytes + DHCP_SNAME_AT, sname, sizeof sname);
    memcpy(bytes + DHCP_FILE_AT, file, sizeof file);
    memcpy(bytes + DHCP_COOKIE_AT, cookie, sizeof cookie);
    memcpy(bytes + DHCP_OPTIONS_AT, options, sizeof options);
    read_packet(DISSECT_LINK_ETHERNET, frame, udp_frame(68, 67, bytes, sizeof bytes));
    expect("dhcp/host-name", FRAME_HEADERS + DHCP_FILE_AT, 4, "h1");
    assert_string_equal(get("dhcp/host-name/region")->value, "file");
    assert_string_equal(get("dhcp/domain-name/region")->value, "sname");
    assert_string_equal(get("dhcp/file")->meaning, "holds options: overload (52)");
    const struct dissect_field *piece = get("dhcp/vendor-encapsulated-options/piece");
    assert_string_equal(piece->value, "1 of 3, in options");
    assert_string_equal(piece->next->value, "2 of 3, in file");
    assert_int_equal(piece->next->offset, FRAME_HEADERS + DHCP_FILE_AT + 4);
    assert_string_equal(piece->next->next->value, "3 of 3, in sname");
}

/* ---- warnings about DHCP: the message without a defect, what spoils it, and what is said then ---- */

static void put_mask_and_router(void)
{
    dhcp_put_ip4(&msg, DHCP_OPT_SUBNET_MASK, 0xffffff00);
    dhcp_put_ip4(&msg, DHCP_OPT_ROUTERS, 0x0a4d0001);
}

static void good_message(uint8_t type)
{
    bool reply = type == DHCP_OFFER || type == DHCP_ACK || type == DHCP_NAK;
    start(reply ? DHCP_BOOTREPLY : DHCP_BOOTREQUEST, type);
    if (reply || type == DHCP_RELEASE || type == DHCP_DECLINE)
        dhcp_put_ip4(&msg, DHCP_OPT_SERVER_ID, 0x0a4d0001);
    if (type == DHCP_RELEASE || type == DHCP_INFORM || type == DHCP_REQUEST)
        msg.ciaddr = 0x0a4d000a;
    if (type == DHCP_DECLINE)
        dhcp_put_ip4(&msg, DHCP_OPT_REQUESTED_IP, 0x0a4d000a);
    if (type == DHCP_OFFER || type == DHCP_ACK) {
        msg.yiaddr = 0x0a4d000a;
        dhcp_put_u32(&msg, DHCP_OPT_LEASE_TIME, 3600);
        put_mask_and_router();
    }
}

static void bad_op(void)
{
    msg.op ^= 3;
}

static void bad_flags(void)
{
    msg.flags = 1;
}

static void bad_hlen(void)
{
    msg.hlen = 5;
}

static void bad_yiaddr(void)
{
    msg.yiaddr = 1;
}

static void bad_ciaddr(void)
{
    msg.ciaddr = 0x0a4d000a;
}

static void no_ciaddr(void)
{
    msg.ciaddr = 0;
}

static void no_yiaddr(void)
{
    msg.yiaddr = 0;
}

static void put_requested(void)
{
    dhcp_put_ip4(&msg, DHCP_OPT_REQUESTED_IP, 0x0a4d000a);
}

static void put_server(void)
{
    dhcp_put_ip4(&msg, DHCP_OPT_SERVER_ID, 0x0a4d0001);
}

static void put_prl(void)
{
    dhcp_put_u8(&msg, DHCP_OPT_PRL, 1);
}

static void put_zero_lease(void)
{
    dhcp_put_u32(&msg, DHCP_OPT_LEASE_TIME, 0);
}

static void put_lease(void)
{
    dhcp_put_u32(&msg, DHCP_OPT_LEASE_TIME, 3600);
}

static void put_bad_mask(void)
{
    dhcp_put_ip4(&msg, DHCP_OPT_SUBNET_MASK, 0xff00ff00);
}

static void put_base(void)
{
    msg.yiaddr = 0x0a4d0000;
}

static void put_far(void)
{
    dhcp_put_ip4(&msg, DHCP_OPT_ROUTERS, 0x0a4e0001);
}

static void put_size(void)
{
    dhcp_put_u16(&msg, DHCP_OPT_MAX_SIZE, 575);
}

static void put_bad_length(void)
{
    dhcp_put_bytes(&msg, DHCP_OPT_ROUTERS, "abcde", 5);
}

static void put_giaddr(void)
{
    msg.giaddr = 0x0a4d0001;
}

static void put_relay(void)
{
    dhcp_put_bytes(&msg, DHCP_OPT_RELAY_INFO, "\x01\x01x", 3);
}

static void select_nothing(void)
{
    msg.ciaddr = 0;
    put_server();
}

static void put_siaddr(void)
{
    msg.siaddr = 0x0a4d0001;
}

static void put_flags(void)
{
    msg.flags = DHCP_FLAG_BROADCAST;
}

static void put_domain(void)
{
    dhcp_put_text(&msg, DHCP_OPT_DOMAIN_NAME, "example");
}

static void put_t1_after_t2(void)
{
    dhcp_put_u32(&msg, DHCP_OPT_T1, 20);
    dhcp_put_u32(&msg, DHCP_OPT_T2, 10);
}

static void put_late_t1(void)
{
    dhcp_put_u32(&msg, DHCP_OPT_T1, 3601);
}

static void inform_answer(void)
{
    msg.yiaddr = 0;
    msg.ciaddr = 0x0a4d000a;
}

static void test_warnings(void **state)
{
    (void)state;
    static const struct {
        uint8_t type;
        void (*spoil)(void);
        const char *words;
    } rows[] = {
        {DHCP_DISCOVER, bad_op, "op does not fit"},
        {DHCP_DISCOVER, bad_flags, "reserved bits"},
        {DHCP_DISCOVER, bad_hlen, "hlen is not 6"},
        {DHCP_DISCOVER, bad_yiaddr, "only servers fill in"},
        {DHCP_DISCOVER, bad_ciaddr, "DISCOVER with ciaddr"},
        {DHCP_REQUEST, put_requested, "option 50 in a REQUEST with ciaddr"},
        {DHCP_REQUEST, put_server, "option 54 in a REQUEST with ciaddr"},
        {DHCP_REQUEST, no_ciaddr, "neither ciaddr nor option 50"},
        {DHCP_REQUEST, select_nothing, "selects a server, without option 50"},
        {DHCP_RELEASE, no_ciaddr, "RELEASE without ciaddr"},
        {DHCP_INFORM, no_ciaddr, "INFORM without ciaddr"},
        {DHCP_INFORM, put_requested, "INFORM with option 50 or 51"},
        {DHCP_OFFER, put_prl, "which only clients send"},
        {DHCP_OFFER, no_yiaddr, "OFFER without yiaddr"},
        {DHCP_NAK, put_lease, "NAK with yiaddr or option 51"},
        {DHCP_ACK, inform_answer, "answer to INFORM"},
        {DHCP_ACK, put_zero_lease, "the lease time is 0"},
        {DHCP_ACK, put_t1_after_t2, "T1 (58) is later than T2 (59)"},
        {DHCP_ACK, put_late_t1, "later than the end of the lease"},
        {DHCP_ACK, put_bad_mask, "not contiguous"},
        {DHCP_ACK, put_base, "the network's own"},
        {DHCP_ACK, put_far, "the first router"},
        {DHCP_DISCOVER, put_server, "DISCOVER or INFORM with option 54"},
        {DHCP_INFORM, put_server, "DISCOVER or INFORM with option 54"},
        {DHCP_REQUEST, put_siaddr, "a client's message has siaddr"},
        {DHCP_DECLINE, bad_ciaddr, "DECLINE with ciaddr"},
        {DHCP_DECLINE, put_flags, "RELEASE or DECLINE with flags"},
        {DHCP_RELEASE, put_requested, "RELEASE with option 50"},
        {DHCP_RELEASE, put_lease, "RELEASE or DECLINE with an option that is for other messages"},
        {DHCP_DECLINE, put_prl, "RELEASE or DECLINE with an option that is for other messages"},
        {DHCP_ACK, put_size, "which only clients send"},
        {DHCP_NAK, put_domain, "NAK with other options"},
        {DHCP_DISCOVER, put_giaddr, "giaddr without hops"},
        {DHCP_DISCOVER, put_relay, "option 82 without giaddr"},
        {DHCP_DISCOVER, put_size, "less than 576"},
        {DHCP_ACK, put_bad_length, "option 3 is malformed: the length is not a whole number"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        good_message(rows[i].type);
        read_message();
        if (d.n_warnings != 0)
            fail_msg("type %u has a warning before anything is wrong", rows[i].type);
        rows[i].spoil();
        read_message();
        expect_warning(rows[i].words);
        arena_reset(&arena);
    }
}

static void test_what_is_missing_is_told(void **state)
{
    (void)state;
    static const struct {
        uint8_t op, type;
        const char *words;
    } rows[] = {
        {DHCP_BOOTREQUEST, 0, "option 53 is missing"},
        {DHCP_BOOTREQUEST, DHCP_DECLINE, "DECLINE without option 50"},
        {DHCP_BOOTREQUEST, DHCP_RELEASE, "without option 54: MUST have it (RFC 2131 table 5)"},
        {DHCP_BOOTREPLY, DHCP_NAK, "a server's message without option 54"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        start(rows[i].op, rows[i].type);
        read_message();
        expect_warning(rows[i].words);
    }
    start(DHCP_BOOTREPLY, DHCP_ACK);
    put_server();
    msg.yiaddr = 0x0a4d000a;
    read_message();
    expect_warning("without option 51");
}

static void test_option_82_is_to_be_the_last(void **state)
{
    (void)state;
    uint8_t bytes[DHCP_MSG_SEND_MIN] = {1, 1, 6, 1, 0x39, 3, 0xf3, 0x26};
    /* the cookie; 53: DISCOVER; 82 with circuit-id "x"; 50; end */
    static const uint8_t options[] = {0x63, 0x82, 0x53, 0x63, 53, 1,  1, 82, 3,  1,
                                      1,    'x',  50,   4,    10, 77, 0, 10, 255};
    bytes[24] = 10; /* giaddr 10.0.0.0 */
    memcpy(bytes + 28, client_hw.bytes, 6);
    memcpy(bytes + DHCP_COOKIE_AT, options, sizeof options);
    read_packet(DISSECT_LINK_ETHERNET, frame, udp_frame(67, 67, bytes, sizeof bytes));
    assert_int_equal(d.n_warnings, 1);
    expect_warning("option 82 is not the last");
}

/* A capture with a limit to the octets of each packet: what is there is shown, and nothing that is not there
 * is held against the sender. */
static void test_of_a_message_that_was_cut_the_whole_fields_are_shown(void **state)
{
    (void)state;
    enum { AT = FRAME_ETH_LEN + 28 }; /* of the message: Ethernet, IPv4 and UDP before it */
    static const struct {
        size_t len; /* of the message, captured */
        const char *last, *missing;
        size_t data_at, data_len;
    } rows[] = {
        {54, "dhcp/chaddr", "dhcp/sname", 44, 10},  {44, "dhcp/chaddr", "dhcp/sname", 0, 0},
        {43, "dhcp/giaddr", "dhcp/chaddr", 28, 15}, {7, "dhcp/hops", "dhcp/xid", 4, 3},
        {1, "dhcp/op", "dhcp/htype", 0, 0},         {238, "dhcp/file", "dhcp/cookie", 236, 2},
        {240, "dhcp/cookie", "dhcp/data", 0, 0},
    };
    start(DHCP_BOOTREQUEST, DHCP_DECLINE);
    read_message();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        dissect_init(&d, &arena);
        dissect_packet(&d, DISSECT_LINK_ETHERNET, frame, AT + rows[i].len);
        assert_non_null(find(rows[i].last));
        assert_null(find(rows[i].missing));
        const struct dissect_field *data = find("dhcp/data");
        assert_int_equal(data != NULL ? data->len : 0, rows[i].data_len);
        if (data != NULL)
            assert_int_equal(data->offset, AT + rows[i].data_at);
        assert_int_equal(d.n_warnings, 2); /* of IP and of UDP */
    }
    dissect_init(&d, &arena);
    dissect_packet(&d, DISSECT_LINK_ETHERNET, frame, AT + 54);
    expect("dhcp/xid", AT + 4, 4, "0x3903f326");
    expect("dhcp/chaddr", AT + 28, 6, "02:00:5e:10:00:01");
}

static void test_what_is_no_dhcp_message_is_said_to_be_none(void **state)
{
    (void)state;
    size_t len = udp_frame(68, 67, "short", 5);
    read_packet(DISSECT_LINK_ETHERNET, frame, len);
    assert_false(d.has_dhcp);
    expect_warning("no DHCP message: ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_forms_of_client_ids, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_overloaded_options_say_where_they_stand, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_options_have_their_parts_and_places, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_split_option_names_its_pieces, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_split_option_is_taken_apart_as_a_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_warnings, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_missing_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_option_82_is_to_be_the_last, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_of_a_message_that_was_cut_the_whole_fields_are_shown, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_no_dhcp_message_is_said_to_be_none, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
