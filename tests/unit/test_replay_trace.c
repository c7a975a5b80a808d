/* A message, as a trace tells it, in its octets again. */
#include "tests/unit/test_replay.h"

#include "common/trace.h"
#include "lab/replay_trace.h"

static const struct trace_stamp stamp = {.now = {.boot_ms = 4711}, .node = "server"};
static uint8_t buf[DHCP_MSG_MAX];

static cJSON *event_of(const struct octets *o)
{
    struct packet p = {
        .src = CLIENT_ADDR, .dst = SERVER_1, .sport = 68, .dport = 67, .bytes = o->bytes, .len = o->len};
    cJSON *event = trace_message_json(&stamp, TRACE_RX, "eth0", &p);
    assert_non_null(event);
    return event;
}

/* The octets, through the trace and back. */
static void expect_same(const struct octets *o)
{
    struct packet p;
    cJSON *event = event_of(o);
    assert_int_equal(replay_trace_kind(event), REPLAY_TRACE_HEARD);
    assert_true(replay_trace_packet(event, buf, sizeof buf, &p));
    assert_int_equal(p.len, o->len);
    assert_memory_equal(p.bytes, o->bytes, o->len);
    assert_int_equal(p.src, CLIENT_ADDR);
    assert_int_equal(p.dst, SERVER_1);
    assert_int_equal(p.sport, 68);
    assert_int_equal(p.dport, 67);
    cJSON_Delete(event);
}

static void test_every_field_comes_back(void **state)
{
    (void)state;
    struct dhcp_msg m;
    message(&m, DHCP_REQUEST, SERVER_1);
    m.hops = 3;
    m.secs = 0x1234;
    m.flags = DHCP_FLAG_BROADCAST;
    m.ciaddr = CLIENT_ADDR;
    m.yiaddr = CLIENT_ADDR + 1;
    m.siaddr = SERVER_2;
    m.giaddr = RELAY;
    memcpy(m.sname, "a\\b\x01\xff", 5);
    memcpy(m.file, "boot file", 9);
    assert_true(dhcp_put_text(&m, DHCP_OPT_HOST_NAME, "h1"));
    assert_true(dhcp_put_bytes(&m, 224, "", 0));
    struct octets o = encode(&m);
    expect_same(&o);
}

/* RFC 3396: an option of 300 octets stands in two pieces. RFC 2132 9.3: others stand in file and sname. */
static void test_split_options_and_overload(void **state)
{
    (void)state;
    struct dhcp_msg m;
    struct octets o;
    uint8_t longest[300];
    unsigned dropped;
    for (size_t i = 0; i < sizeof longest; i++)
        longest[i] = (uint8_t)i;
    message(&m, DHCP_ACK, SERVER_1);
    assert_true(dhcp_put_bytes(&m, 224, longest, sizeof longest));
    o = encode(&m);
    expect_same(&o);
    message(&m, DHCP_ACK, SERVER_1);
    m.may_overload = DHCP_OVERLOAD_BOTH;
    assert_true(dhcp_put_bytes(&m, 224, longest, 40));
    assert_true(dhcp_put_bytes(&m, 225, longest, 100));
    assert_true(dhcp_put_bytes(&m, 226, longest, 50));
    o.len = dhcp_msg_encode(&m, o.bytes, DHCP_MSG_SEND_MIN, &dropped);
    assert_int_equal(dropped, 0);
    expect_same(&o);
}

static void test_without_end_and_without_cookie(void **state)
{
    (void)state;
    struct dhcp_msg m;
    message(&m, DHCP_DISCOVER, 0);
    struct octets o = encode(&m);
    o.len = 243; /* behind option 53 */
    expect_same(&o);
    /* RFC 951: four zeros where the cookie would stand. */
    memset(o.bytes + DHCP_COOKIE_AT, 0, sizeof o.bytes - DHCP_COOKIE_AT);
    o.len = DHCP_MSG_SEND_MIN;
    expect_same(&o);
}

static void test_what_is_not_whole_is_refused(void **state)
{
    (void)state;
    static const char *const needed[] = {"op",    "htype",  "hlen",   "hops",   "xid",    "secs",
                                         "flags", "ciaddr", "yiaddr", "siaddr", "giaddr", "length",
                                         "src",   "dst",    "sport",  "dport"};
    struct dhcp_msg m;
    struct packet p;
    message(&m, DHCP_DISCOVER, 0);
    struct octets o = encode(&m);
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        cJSON *event = event_of(&o);
        cJSON_DeleteItemFromObjectCaseSensitive(event, needed[i]);
        assert_false(replay_trace_packet(event, buf, sizeof buf, &p));
        cJSON_Delete(event);
    }
    static const struct {
        const char *key;
        const char *value; /* JSON */
    } wrong[] = {{"hex", "\"0\""}, {"hex", "\"0g\""}, {"length", "2"},   {"length", "1e9"},
                 {"offset", "-1"}, {"offset", "1e6"}, {"offset", "299"}, {"code", "\"x\""},
                 {"hex", "\"\""},  {"length", "-3"},  {"hex", "7"},      {"offset", "null"}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        cJSON *event = event_of(&o);
        cJSON *option = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(event, "options"), 0);
        cJSON_ReplaceItemInObjectCaseSensitive(option, wrong[i].key, cJSON_Parse(wrong[i].value));
        assert_false(replay_trace_packet(event, buf, sizeof buf, &p));
        cJSON_Delete(event);
    }
    cJSON *event = event_of(&o);
    assert_false(replay_trace_packet(event, buf, o.len - 1, &p)); /* no room */
    cJSON_Delete(event);
}

static void test_kinds(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum replay_trace_kind kind;
    } rows[] = {
        {"{\"kind\": \"message\", \"direction\": \"rx\"}", REPLAY_TRACE_HEARD},
        {"{\"kind\": \"message\", \"direction\": \"tx\"}", REPLAY_TRACE_SENT},
        {"{\"kind\": \"decision\"}", REPLAY_TRACE_DECISION},
        {"{\"kind\": \"state\"}", REPLAY_TRACE_DECISION},
        {"{\"kind\": \"drop\", \"xid\": \"0x00000001\"}", REPLAY_TRACE_DECISION},
        {"{\"kind\": \"drop\", \"direction\": \"rx\"}", REPLAY_TRACE_OTHER}, /* of the driver */
        {"{\"kind\": \"log\"}", REPLAY_TRACE_OTHER},
        {"{}", REPLAY_TRACE_OTHER},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cJSON *event = cJSON_Parse(rows[i].text);
        assert_int_equal(replay_trace_kind(event), rows[i].kind);
        cJSON_Delete(event);
    }
}

static void test_what_differs_from_run_to_run_goes(void **state)
{
    (void)state;
    cJSON *event =
        cJSON_Parse("{\"time\": \"now\", \"boot_ms\": 4711, \"node\": \"server\", \"src_hw\": null, "
                    "\"xid\": \"0x3903f326\", \"dst_hw\": \"02:00:00:00:00:01\"}");
    assert_int_equal(replay_trace_time(event), 4711);
    assert_string_equal(replay_trace_xid(event), "0x3903f326");
    char *text = replay_trace_text(event);
    assert_string_equal(text, "{\"node\":\"server\",\"xid\":\"0x3903f326\"}");
    assert_int_equal(replay_trace_time(event), -1);
    cJSON_free(text);
    cJSON_Delete(event);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_field_comes_back),
        cmocka_unit_test(test_split_options_and_overload),
        cmocka_unit_test(test_without_end_and_without_cookie),
        cmocka_unit_test(test_what_is_not_whole_is_refused),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_what_differs_from_run_to_run_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
