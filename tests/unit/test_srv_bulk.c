/* Bulk leasequery: RFC 6926. */
#include "test_srv_world.h"

#include "server/srv_bulk.h"

enum { WALL_S = 1700000000, ANSWERS_MAX = 64 };

static const char pools[] =
    "{ \"Dhcp4\": { \"valid-lifetime\": 3600, \"store-extended-info\": true, \"subnet4\": ["
    "  { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.11\" },"
    "    { \"pool\": \"10.0.0.20 - 10.0.0.20\" } ] },"
    "  { \"id\": 2, \"subnet\": \"10.0.2.0/24\", \"pools\": [ { \"pool\": \"10.0.2.10 - 10.0.2.10\" } ] } ] "
    "} }";

/* What came of the question, in order. */
static struct {
    struct dhcp_msg m[ANSWERS_MAX];
    uint8_t bytes[ANSWERS_MAX][DHCP_MSG_MAX];
    size_t n;
} answers;

static void lease(char client, ip4 addr, const char *relay_info)
{
    msg(client, DHCP_REQUEST);
    dhcp_put_ip4(&request, DHCP_OPT_SERVER_ID, SERVER);
    dhcp_put_ip4(&request, DHCP_OPT_REQUESTED_IP, addr);
    if (relay_info != NULL) {
        dhcp_put_bytes(&request, DHCP_OPT_RELAY_INFO, relay_info, strlen(relay_info));
        request.giaddr = (addr & 0xffffff00) + 254;
    }
    send_from(request.giaddr, request.giaddr != 0 ? DHCP_PORT_SERVER : DHCP_PORT_CLIENT, SERVER);
    expect_ack(addr);
}

static struct dhcp_msg *query(void)
{
    dhcp_msg_init(&request, DHCP_BOOTREQUEST);
    request.xid = 77;
    assert_true(dhcp_put_u8(&request, DHCP_OPT_TYPE, DHCP_BULKLEASEQUERY));
    return &request;
}

static void take_answers(struct srv_bulk *b, uint32_t fetch)
{
    struct clock_now clock = {.boot_ms = now, .wall_ms = (int64_t)WALL_S * 1000 + now};
    bool more = true;
    answers.n = 0;
    for (unsigned i = 0; more && i < 1000; i++) {
        size_t len;
        assert_true(answers.n < ANSWERS_MAX);
        uint8_t *bytes = answers.bytes[answers.n];
        more = srv_bulk_next(b, &clock, fetch, bytes, &len);
        if (len == 0)
            continue;
        assert_int_equal(dhcp_msg_decode(&answers.m[answers.n], bytes, len), REASON_NONE);
        assert_int_equal(answers.m[answers.n].xid, 77);
        answers.n++;
    }
    assert_false(more);
    assert_int_equal(answers.m[answers.n - 1].type, DHCP_LEASEQUERYDONE);
}

static void ask(void)
{
    uint8_t buf[DHCP_MSG_MAX];
    unsigned dropped;
    size_t len = dhcp_msg_encode(&request, buf, sizeof buf, &dropped);
    struct srv_bulk *b = srv_bulk_new(engine, buf, len, SERVER);
    assert_non_null(b);
    take_answers(b, 1);
    srv_bulk_free(b);
}

static void expect(size_t place, enum dhcp_type type, ip4 addr)
{
    assert_true(place < answers.n);
    assert_int_equal(answers.m[place].type, type);
    assert_int_equal(answers.m[place].ciaddr, addr);
}

static void expect_done(size_t place, int status)
{
    const struct dhcp_option *option = dhcp_msg_find(&answers.m[place], DHCP_OPT_STATUS_CODE);
    assert_int_equal(answers.n, place + 1);
    assert_int_equal(option == NULL ? 0 : option->data[0], status);
}

static uint32_t number(size_t place, uint8_t code)
{
    uint32_t value = 0;
    assert_true(dhcp_get_u32(&answers.m[place], code, &value));
    return value;
}

static void rfc6926_every_message_has_the_time_and_the_first_the_server(void **state)
{
    (void)state;
    start(pools);
    lease('a', IP(10, 0, 0, 10), NULL);
    at(100 * S);
    query()->ciaddr = IP(10, 0, 0, 10);
    ask();
    expect(0, DHCP_LEASEACTIVE, IP(10, 0, 0, 10));
    assert_int_equal(number(0, DHCP_OPT_SERVER_ID), SERVER);
    assert_int_equal(number(0, DHCP_OPT_BASE_TIME), WALL_S + 100);
    assert_int_equal(number(0, DHCP_OPT_LEASE_TIME), 3500);
    expect_done(1, 0);
    assert_int_equal(number(1, DHCP_OPT_BASE_TIME), WALL_S + 100);
    assert_false(dhcp_msg_has(&answers.m[1], DHCP_OPT_SERVER_ID));
}

static void rfc6926_by_address(void **state)
{
    (void)state;
    start(pools);
    query()->ciaddr = IP(10, 0, 0, 11);
    ask();
    expect(0, DHCP_LEASEUNASSIGNED, IP(10, 0, 0, 11));
    expect_done(1, 0);
    query()->ciaddr = IP(10, 0, 0, 99);
    ask();
    expect_done(0, 0);
}

static void rfc6926_by_hardware_address_every_lease(void **state)
{
    (void)state;
    start(pools);
    lease('a', IP(10, 0, 0, 10), NULL);
    lease('a', IP(10, 0, 2, 10), "\x01\x01x");
    lease('b', IP(10, 0, 0, 11), NULL);
    query()->htype = 1;
    request.hlen = 6;
    memcpy(request.chaddr, "\x02\0\0\0\0\x0a", 6);
    ask();
    expect(0, DHCP_LEASEACTIVE, IP(10, 0, 0, 10));
    expect(1, DHCP_LEASEACTIVE, IP(10, 0, 2, 10));
    expect_done(2, 0);
}

static void rfc6926_by_relay_id_and_by_remote_id(void **state)
{
    (void)state;
    start(pools);
    lease('a', IP(10, 0, 0, 10), "\x02\x02r1\x0c\x02zz");
    lease('b', IP(10, 0, 0, 11), "\x02\x02r2\x0c\x02zz");
    query();
    dhcp_put_bytes(&request, DHCP_OPT_RELAY_INFO, "\x0c\x02zz", 4);
    ask();
    expect(0, DHCP_LEASEACTIVE, IP(10, 0, 0, 10));
    expect(1, DHCP_LEASEACTIVE, IP(10, 0, 0, 11));
    expect_done(2, 0);
    query();
    dhcp_put_bytes(&request, DHCP_OPT_RELAY_INFO, "\x02\x02r2", 4);
    ask();
    expect(0, DHCP_LEASEACTIVE, IP(10, 0, 0, 11));
    expect_done(1, 0);
}

static void rfc6926_all_configured_addresses(void **state)
{
    (void)state;
    static const uint8_t prl[] = {153, 156, 157};
    start(pools);
    lease('a', IP(10, 0, 0, 10), NULL);
    lease('b', IP(10, 0, 0, 11), NULL);
    at(10 * S);
    msg('b', DHCP_RELEASE)->ciaddr = IP(10, 0, 0, 11);
    send_to(SERVER);
    at(25 * S);
    query();
    dhcp_put_bytes(&request, DHCP_OPT_PRL, prl, sizeof prl);
    ask();
    expect(0, DHCP_LEASEACTIVE, IP(10, 0, 0, 10));
    assert_int_equal(dhcp_msg_find(&answers.m[0], DHCP_OPT_STATE)->data[0], 2);
    assert_int_equal(dhcp_msg_find(&answers.m[0], DHCP_OPT_DATA_SOURCE)->data[0], 0);
    assert_false(dhcp_msg_has(&answers.m[0], DHCP_OPT_STATE_START));
    expect(1, DHCP_LEASEUNASSIGNED, IP(10, 0, 0, 11));
    assert_int_equal(dhcp_msg_find(&answers.m[1], DHCP_OPT_STATE)->data[0], 4);
    assert_int_equal(number(1, DHCP_OPT_STATE_START), 15);
    expect(2, DHCP_LEASEUNASSIGNED, IP(10, 0, 0, 20));
    expect(3, DHCP_LEASEUNASSIGNED, IP(10, 0, 2, 10));
    expect_done(4, 0);
}

/* Each address once, whether it is reserved, leased, both or neither. */
static void rfc6926_all_configured_addresses_has_the_reserved_ones(void **state)
{
    (void)state;
    start("{ \"Dhcp4\": { \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\","
          "  \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.10\" } ], \"reservations\": ["
          "    { \"hw-address\": \"02:00:00:00:00:0a\", \"ip-address\": \"10.0.0.200\" },"
          "    { \"hw-address\": \"02:00:00:00:00:0b\", \"ip-address\": \"10.0.0.201\" },"
          "    { \"hw-address\": \"02:00:00:00:00:0c\", \"ip-address\": \"10.0.0.10\" },"
          "    { \"hw-address\": \"02:00:00:00:00:0d\", \"hostname\": \"d\" } ] } ] } }");
    lease('a', IP(10, 0, 0, 200), NULL);
    query();
    ask();
    expect(0, DHCP_LEASEUNASSIGNED, IP(10, 0, 0, 10));
    expect(1, DHCP_LEASEACTIVE, IP(10, 0, 0, 200));
    expect(2, DHCP_LEASEUNASSIGNED, IP(10, 0, 0, 201));
    expect_done(3, 0);
}

static void rfc6926_only_what_changed_in_a_time(void **state)
{
    (void)state;
    start(pools);
    lease('a', IP(10, 0, 0, 10), NULL);
    at(50 * S);
    lease('b', IP(10, 0, 0, 11), NULL);
    query();
    dhcp_put_u32(&request, DHCP_OPT_QUERY_START, WALL_S + 50);
    ask();
    expect(0, DHCP_LEASEACTIVE, IP(10, 0, 0, 11));
    expect_done(1, 0);
    query();
    dhcp_put_u32(&request, DHCP_OPT_QUERY_START, WALL_S);
    dhcp_put_u32(&request, DHCP_OPT_QUERY_END, WALL_S + 49);
    ask();
    expect(0, DHCP_LEASEACTIVE, IP(10, 0, 0, 10));
    expect_done(1, 0);
}

static void a_lease_that_ends_while_others_are_told_is_told_as_it_is_then(void **state)
{
    (void)state;
    uint8_t buf[DHCP_MSG_MAX];
    unsigned dropped;
    start(pools);
    lease('a', IP(10, 0, 0, 10), "\x0c\x02zz");
    lease('b', IP(10, 0, 0, 11), "\x0c\x02zz");
    query();
    dhcp_put_bytes(&request, DHCP_OPT_RELAY_INFO, "\x0c\x02zz", 4);
    size_t len = dhcp_msg_encode(&request, buf, sizeof buf, &dropped);
    struct srv_bulk *b = srv_bulk_new(engine, buf, len, SERVER);
    msg('a', DHCP_RELEASE)->ciaddr = IP(10, 0, 0, 10);
    send_to(SERVER);
    take_answers(b, 100);
    srv_bulk_free(b);
    expect(0, DHCP_LEASEACTIVE, IP(10, 0, 0, 11));
    expect_done(1, 0);
}

static void rfc6926_what_is_malformed_is_answered_so(void **state)
{
    (void)state;
    start(pools);
    query()->ciaddr = IP(10, 0, 0, 10);
    request.htype = 1;
    ask();
    expect_done(0, 3);
    query();
    dhcp_put_bytes(&request, DHCP_OPT_RELAY_INFO, "\x01\x01x", 3); /* neither relay-id nor remote-id */
    ask();
    expect_done(0, 3);
    query()->op = DHCP_BOOTREPLY;
    ask();
    expect_done(0, 3);
    dhcp_msg_init(&request, DHCP_BOOTREQUEST);
    request.xid = 77;
    dhcp_put_u8(&request, DHCP_OPT_TYPE, DHCP_LEASEQUERY);
    ask();
    expect_done(0, 3);
}

static void every_shorter_question_is_answered(void **state)
{
    (void)state;
    uint8_t buf[DHCP_MSG_MAX], *part;
    unsigned dropped;
    struct clock_now clock = {0};
    start(pools);
    query();
    dhcp_put_bytes(&request, DHCP_OPT_RELAY_INFO, "\x0c\x02zz", 4);
    size_t len = dhcp_msg_encode(&request, buf, sizeof buf, &dropped), got;
    for (size_t i = 0; i < len; i++) {
        part = malloc(i + 1);
        assert_non_null(part);
        memcpy(part, buf, i);
        struct srv_bulk *b = srv_bulk_new(engine, part, i, SERVER);
        free(part);
        uint8_t out[DHCP_MSG_MAX];
        while (srv_bulk_next(b, &clock, 10, out, &got))
            continue;
        assert_int_not_equal(got, 0);
        srv_bulk_free(b);
    }
}

#define TEST(name) cmocka_unit_test_teardown(name, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rfc6926_every_message_has_the_time_and_the_first_the_server),
        TEST(rfc6926_by_address),
        TEST(rfc6926_by_hardware_address_every_lease),
        TEST(rfc6926_by_relay_id_and_by_remote_id),
        TEST(rfc6926_all_configured_addresses),
        TEST(rfc6926_only_what_changed_in_a_time),
        TEST(a_lease_that_ends_while_others_are_told_is_told_as_it_is_then),
        TEST(rfc6926_what_is_malformed_is_answered_so),
        TEST(every_shorter_question_is_answered),
        TEST(rfc6926_all_configured_addresses_has_the_reserved_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
