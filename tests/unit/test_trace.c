/* The record of what happened: exact sentences, objects and lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/dhcp_proto.h"
#include "common/rng.h"
#include "common/text.h"
#include "common/trace.h"

/* 2026-11-21 12:00:00.250 in a zone one hour ahead of UTC. */
static const struct trace_stamp stamp = {
    .now = {.boot_ms = 1500, .wall_ms = 1795258800250, .utc_offset_s = 3600}, .node = "h1"};

static const struct hw_addr client = {.type = 1, .len = 6, .bytes = {2, 0, 0, 0, 0, 2}};

static void expect_json(cJSON *event, const char *json)
{
    assert_non_null(event);
    char *text = cJSON_PrintUnformatted(event);
    assert_string_equal(text, json);
    cJSON_free(text);
    cJSON_Delete(event);
}

static void expect_text(cJSON *event, const char *expected)
{
    assert_non_null(event);
    char *text = trace_text(event, TRACE_PLAIN);
    assert_string_equal(text, expected);
    free(text);
    cJSON_Delete(event);
}

static void test_sentences_fill_their_places(void **state)
{
    (void)state;
    const struct trace_facts facts = {
        .addr = 0x0a4d0064,
        .other = 0x0a4d0001,
        .net = {0x0a4d0000, 24},
        .num = -3,
        .max = 548,
        .span_s = 3600,
        .hw = client,
        .text = "tab\there",
    };
    static const struct {
        enum reason reason;
        const char *text;
    } rows[] = {
        {REASON_ADDR_NEXT, "10.77.0.100: the next free address of the pools"},
        {REASON_NAK_WRONG_ADDR, "10.77.0.100 is not the address this client has: that is 10.77.0.1"},
        {REASON_REQ_NOT_IN_POOL, "10.77.0.100 was asked for but is in no pool of 10.77.0.0/24"},
        {REASON_OPTIONS_DROPPED, "-3 options did not fit the 548 octets that the client takes"},
        {REASON_LEASE_NEW, "new lease of 10.77.0.100 for 1 h"},
        {REASON_REQ_IN_USE, "10.77.0.100 was asked for but belongs to 02:00:00:00:00:02"},
        {REASON_GOT_NAK, "the server 10.77.0.1 refused: tab\\x09here"},
        {REASON_XID, "the transaction id is not ours"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char buf[256];
        assert_int_equal(trace_sentence(rows[i].reason, &facts, buf, sizeof buf), strlen(rows[i].text));
        assert_string_equal(buf, rows[i].text);
    }
}

static void test_infinite_and_missing_facts(void **state)
{
    (void)state;
    char buf[256];
    struct trace_facts facts = {.addr = 0x0a000001, .span_s = LEASE_INFINITE};
    trace_sentence(REASON_GOT_ACK, &facts, buf, sizeof buf);
    assert_string_equal(buf, "10.0.0.1 is ours for an infinite time");
    trace_sentence(REASON_GOT_NAK, &facts, buf, sizeof buf);
    assert_string_equal(buf, "the server 0.0.0.0 refused: ");
}

/* Every reason has a token that no other has, and no place is left in its sentence. */
static void test_every_reason(void **state)
{
    (void)state;
    for (int i = 0; i < REASON_COUNT; i++) {
        char buf[512];
        struct trace_facts facts = {.text = "x"};
        trace_sentence((enum reason)i, &facts, buf, sizeof buf);
        assert_null(strpbrk(buf, "{}"));
        for (int k = 0; k < i; k++)
            assert_string_not_equal(reason_token((enum reason)i), reason_token((enum reason)k));
    }
}

static void test_sentence_is_cut(void **state)
{
    (void)state;
    const struct trace_facts facts = {.addr = 0x0a4d0064};
    char whole[128];
    size_t len = trace_sentence(REASON_ADDR_NEXT, &facts, whole, sizeof whole);
    for (size_t cap = 1; cap <= len + 1; cap++) {
        char buf[128];
        memset(buf, 'x', sizeof buf);
        assert_int_equal(trace_sentence(REASON_ADDR_NEXT, &facts, buf, cap), cap - 1);
        assert_memory_equal(buf, whole, cap - 1);
        assert_int_equal(buf[cap - 1], '\0');
        assert_int_equal(buf[cap], 'x');
    }
}

static void test_decision(void **state)
{
    (void)state;
    const struct trace_event event = {.kind = TRACE_DECISION,
                                      .reason = REASON_REQ_IN_USE,
                                      .facts = {.addr = 0x0a4d0064, .hw = client},
                                      .xid = 0x3903f326,
                                      .client = client};
    expect_json(
        trace_event_json(&stamp, &event),
        "{\"time\":\"2026-11-21T12:00:00.250+01:00\",\"boot_ms\":1500,\"node\":\"h1\",\"kind\":\"decision\","
        "\"xid\":\"0x3903f326\",\"client\":\"02:00:00:00:00:02\",\"reason\":\"requested-in-use\","
        "\"text\":\"10.77.0.100 was asked for but belongs to 02:00:00:00:00:02\","
        "\"facts\":{\"addr\":\"10.77.0.100\",\"hw\":\"02:00:00:00:00:02\"}}");
    const struct trace_event next = {
        .kind = TRACE_DECISION, .reason = REASON_ADDR_NEXT, .facts = {.addr = 0x0a4d0064}};
    expect_text(trace_event_json(&stamp, &next),
                "12:00:00.250 h1       addr-next       10.77.0.100: the next free "
                "address of the pools\n");
}

static void test_state_drop_and_log(void **state)
{
    (void)state;
    const struct trace_event move = {
        .kind = TRACE_STATE, .reason = REASON_T1, .from = "BOUND", .to = "RENEWING"};
    expect_json(
        trace_event_json(&stamp, &move),
        "{\"time\":\"2026-11-21T12:00:00.250+01:00\",\"boot_ms\":1500,\"node\":\"h1\",\"kind\":\"state\","
        "\"from\":\"BOUND\",\"to\":\"RENEWING\",\"reason\":\"t1\","
        "\"text\":\"T1: half of the lease or the server's option 58\",\"facts\":{}}");
    expect_text(trace_event_json(&stamp, &move),
                "12:00:00.250 h1       t1              BOUND -> RENEWING: T1: half "
                "of the lease or the server's option 58\n");
    const struct trace_event drop = {.kind = TRACE_DROP, .reason = REASON_XID, .xid = 7};
    expect_text(trace_event_json(&stamp, &drop),
                "12:00:00.250 h1       wrong-xid       dropped: the transaction id is not ours\n");
    expect_json(
        trace_log_json(&stamp, "warning", "caf\xc3\xa9 \x1b[2J\xff"),
        "{\"time\":\"2026-11-21T12:00:00.250+01:00\",\"boot_ms\":1500,\"node\":\"h1\",\"kind\":\"log\","
        "\"level\":\"warning\",\"text\":\"caf\xc3\xa9 ?[2J?\"}");
    expect_text(trace_log_json(&stamp, "info", "ready"), "12:00:00.250 h1       info            ready\n");
}

static void test_datagram_drop(void **state)
{
    (void)state;
    const struct packet packet = {
        .src = 0x0a4d0001, .dst = IP4_BROADCAST, .sport = 67, .dport = 99, .len = 12};
    const struct trace_facts facts = {.num = 99};
    expect_json(
        trace_drop_json(&stamp, "eth0", &packet, REASON_MSG_HOPS, &facts),
        "{\"time\":\"2026-11-21T12:00:00.250+01:00\",\"boot_ms\":1500,\"node\":\"h1\",\"kind\":\"drop\","
        "\"direction\":\"rx\",\"interface\":\"eth0\",\"src\":\"10.77.0.1\",\"dst\":\"255.255.255.255\","
        "\"sport\":67,\"dport\":99,\"src_hw\":null,\"dst_hw\":null,\"length\":12,\"reason\":\"msg-hops\","
        "\"text\":\"hops is 99, above 16 (RFC 1542 4.1.1)\",\"facts\":{\"num\":99}}");
    expect_text(
        trace_drop_json(&stamp, "eth0", &packet, REASON_MSG_HOPS, &facts),
        "12:00:00.250 h1       msg-hops        dropped, 10.77.0.1:67 > 255.255.255.255:99 on eth0: hops is "
        "99, above 16 (RFC 1542 4.1.1)\n");
    expect_text(trace_drop_json(&stamp, "eth0", NULL, REASON_FRAME_CUT, NULL),
                "12:00:00.250 h1       frame-cut       dropped: the frame is shorter than its headers say\n");
}

/* DISCOVER: op 1, htype 1, hlen 6, hops 0; xid 3903f326; secs 3; flags 8000; chaddr 02:00:00:00:00:02;
 * cookie; 53 (1) DISCOVER; 61 (7) Ethernet 02:00:00:00:00:02; 12 (2) "h1"; 57 (2) 1472; 55 (4) 1, 3, 6, 51;
 * END */
static const uint8_t discover[] = {
    1,  1,          6,   0,   0x39, 0x03, 0xf3, 0x26, 0,  3, 0x80, 0, [28] = 2, 0,  0,   0, 0,
    2,  [236] = 99, 130, 83,  99,   53,   1,    1,    61, 7, 1,    2, 0,        0,  0,   0, 2,
    12, 2,          'h', '1', 57,   2,    0x05, 0xc0, 55, 4, 1,    3, 6,        51, 255,
};

static struct packet packet_of(const uint8_t *bytes, size_t len)
{
    return (struct packet){.src_hw = client,
                           .dst_hw = {1, 6, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
                           .src = 0,
                           .dst = IP4_BROADCAST,
                           .sport = 68,
                           .dport = 67,
                           .bytes = bytes,
                           .len = len};
}

static void test_discover(void **state)
{
    (void)state;
    struct packet packet = packet_of(discover, sizeof discover);
    expect_text(
        trace_message_json(&stamp, TRACE_TX, "eth0", &packet),
        "12:00:00.250 h1       > eth0  DISCOVER  0.0.0.0:68 > 255.255.255.255:67  xid 0x3903f326  chaddr "
        "02:00:00:00:00:02\n"
        "    secs 3  flags 0x8000 [broadcast]\n"
        "     53 dhcp-message-type             1  DISCOVER\n"
        "     61 dhcp-client-identifier        7  hardware 1 02:00:00:00:00:02\n"
        "     12 host-name                     2  h1\n"
        "     57 dhcp-max-message-size         2  1472\n"
        "     55 dhcp-parameter-request-list   4  subnet-mask (1), routers (3), domain-name-servers (6), "
        "dhcp-lease-time (51)\n");
    expect_json(
        trace_message_json(&stamp, TRACE_TX, "eth0", &packet),
        "{\"time\":\"2026-11-21T12:00:00.250+01:00\",\"boot_ms\":1500,\"node\":\"h1\",\"kind\":\"message\","
        "\"direction\":\"tx\",\"interface\":\"eth0\",\"src\":\"0.0.0.0\",\"dst\":\"255.255.255.255\","
        "\"sport\":68,\"dport\":67,\"src_hw\":\"02:00:00:00:00:02\",\"dst_hw\":\"ff:ff:ff:ff:ff:ff\","
        "\"length\":267,\"op\":1,\"type\":\"DISCOVER\",\"htype\":1,\"hlen\":6,\"hops\":0,"
        "\"xid\":\"0x3903f326\",\"secs\":3,\"flags\":\"0x8000\",\"broadcast\":true,\"ciaddr\":\"0.0.0.0\","
        "\"yiaddr\":\"0.0.0.0\",\"siaddr\":\"0.0.0.0\",\"giaddr\":\"0.0.0.0\","
        "\"chaddr\":\"02:00:00:00:00:02\",\"sname\":\"\",\"file\":\"\",\"options\":["
        "{\"code\":53,\"name\":\"dhcp-message-type\",\"length\":1,\"value\":\"DISCOVER\","
        "\"text\":\"DISCOVER\",\"hex\":\"01\",\"offset\":240},"
        "{\"code\":61,\"name\":\"dhcp-client-identifier\",\"length\":7,"
        "\"value\":{\"type\":1,\"id\":\"02:00:00:00:00:02\"},\"text\":\"hardware 1 02:00:00:00:00:02\","
        "\"hex\":\"01020000000002\",\"offset\":243},"
        "{\"code\":12,\"name\":\"host-name\",\"length\":2,\"value\":\"h1\",\"text\":\"h1\",\"hex\":\"6831\","
        "\"offset\":252},"
        "{\"code\":57,\"name\":\"dhcp-max-message-size\",\"length\":2,\"value\":1472,\"text\":\"1472\","
        "\"hex\":\"05c0\",\"offset\":256},"
        "{\"code\":55,\"name\":\"dhcp-parameter-request-list\",\"length\":4,\"value\":[1,3,6,51],"
        "\"text\":\"subnet-mask (1), routers (3), domain-name-servers (6), dhcp-lease-time (51)\","
        "\"hex\":\"01030633\",\"offset\":260}],\"defects\":[]}");
}

/* ACK: op 2, htype 1, hlen 6; xid 3903f326; yiaddr 10.77.0.100; siaddr 10.77.0.1; chaddr 02:00:00:00:00:02;
 * sname "boot\xe9"; file "pxe.0"; cookie; 53 (1) ACK; 54 (4) 10.77.0.1; 51 (4) 3600; 58 (4) 1800; 59 (4)
 * 3150; 1 (4) 255.255.255.0; 3 (4) 10.77.0.1; 6 (8) 10.77.0.1 10.77.0.2; END */
static const uint8_t ack[] = {
    2,   1,   6,          0,    0x39, 0x03, 0xf3,       0x26, 0,   0,   0,    0,           0,    0,
    0,   0,   10,         77,   0,    100,  10,         77,   0,   1,   0,    0,           0,    0,
    2,   0,   0,          0,    0,    2,    [44] = 'b', 'o',  'o', 't', 0xe9, [108] = 'p', 'x',  'e',
    '.', '0', [236] = 99, 130,  83,   99,   53,         1,    5,   54,  4,    10,          77,   0,
    1,   51,  4,          0,    0,    0x0e, 0x10,       58,   4,   0,   0,    0x07,        0x08, 59,
    4,   0,   0,          0x0c, 0x4e, 1,    4,          255,  255, 255, 0,    3,           4,    10,
    77,  0,   1,          6,    8,    10,   77,         0,    1,   10,  77,   0,           2,    255,
};

static void test_ack(void **state)
{
    (void)state;
    struct packet packet = packet_of(ack, sizeof ack);
    packet.src = 0x0a4d0001;
    packet.dst = 0x0a4d0064;
    packet.sport = 67;
    packet.dport = 68;
    packet.src_hw.len = 0;
    expect_text(
        trace_message_json(&stamp, TRACE_RX, "eth0", &packet),
        "12:00:00.250 h1       < eth0  ACK       10.77.0.1:67 > 10.77.0.100:68  xid 0x3903f326  chaddr "
        "02:00:00:00:00:02  yiaddr 10.77.0.100\n"
        "    siaddr 10.77.0.1  sname \"boot\\xe9\"  file \"pxe.0\"\n"
        "     53 dhcp-message-type             1  ACK\n"
        "     54 dhcp-server-identifier        4  10.77.0.1\n"
        "     51 dhcp-lease-time               4  3600 s (1 h)\n"
        "     58 dhcp-renewal-time             4  1800 s (30 min)\n"
        "     59 dhcp-rebinding-time           4  3150 s (52 min 30 s)\n"
        "      1 subnet-mask                   4  255.255.255.0\n"
        "      3 routers                       4  10.77.0.1\n"
        "      6 domain-name-servers           8  10.77.0.1, 10.77.0.2\n");
    cJSON *event = trace_message_json(&stamp, TRACE_RX, "eth0", &packet);
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(event, "src_hw")));
    cJSON_Delete(event);
}

/* ACK: header zero but op 2, htype 1, hlen 6; cookie; 53 (1) ACK; 51 (2) too short; 224 (2) site-specific;
 * 1 (4) 255.255.255.0; no END */
static const uint8_t malformed[] = {
    2, 1, 6, [236] = 99, 130, 83, 99, 53, 1, 5, 51, 2, 0x0e, 0x10, 224, 2, 0xab, 0xcd, 1, 4, 255, 255, 255, 0,
};

static void test_malformed_option(void **state)
{
    (void)state;
    struct packet packet = packet_of(malformed, sizeof malformed);
    cJSON *event = trace_message_json(&stamp, TRACE_RX, "eth0", &packet);
    char *text = trace_text(event, TRACE_PLAIN);
    assert_string_equal(
        strchr(text, '\n') + 1,
        "     53 dhcp-message-type             1  ACK\n"
        "     51 dhcp-lease-time               2  0e:10  malformed: shorter than its definition allows\n"
        "    224 unknown                       2  ab:cd  the code is not assigned\n"
        "      1 subnet-mask                   4  255.255.255.0\n"
        "    malformed: the options do not end with option 255 (octet 257)\n");
    free(text);
    const cJSON *options = cJSON_GetObjectItem(event, "options");
    expect_json(cJSON_Duplicate(cJSON_GetArrayItem(options, 1), true),
                "{\"code\":51,\"name\":\"dhcp-lease-time\",\"length\":2,\"value\":null,\"text\":\"0e:10\","
                "\"hex\":\"0e10\","
                "\"offset\":243,\"malformed\":{\"reason\":\"too-short\",\"text\":\"shorter than its "
                "definition allows\"}}");
    expect_json(
        cJSON_Duplicate(cJSON_GetArrayItem(options, 2), true),
        "{\"code\":224,\"name\":\"unknown\",\"length\":2,\"value\":null,\"text\":\"ab:cd\",\"hex\":\"abcd\","
        "\"offset\":247}");
    expect_json(
        cJSON_Duplicate(cJSON_GetObjectItem(event, "defects"), true),
        "[{\"reason\":\"missing-end\",\"text\":\"the options do not end with option 255\",\"offset\":257}]");
    cJSON_Delete(event);
}

/* OFFER: op 2, htype 1, hlen 6; sname: 15 (3) "lab", END; file: 12 (2) "a1", END; cookie; 53 (1) OFFER; 52
 * (1) 3; 12 (1) "h"; END. Option 12 is split over options and file (RFC 3396). */
static const uint8_t overloaded[] = {
    2,          1,   6,  [44] = 15, 3,  'l', 'a', 'b', 255, [108] = 12, 2,  'a', '1', 255,
    [236] = 99, 130, 83, 99,        53, 1,   2,   52,  1,   3,          12, 1,   'h', 255,
};

static void test_overload_and_split(void **state)
{
    (void)state;
    struct packet packet = packet_of(overloaded, sizeof overloaded);
    cJSON *event = trace_message_json(&stamp, TRACE_RX, "eth0", &packet);
    char *text = trace_text(event, TRACE_PLAIN);
    char *details = trace_details(event, TRACE_PLAIN);
    assert_string_equal(details, strchr(text, '\n') + 1);
    assert_string_equal(details, "     53 dhcp-message-type             1  OFFER\n"
                                 "     52 dhcp-option-overload          1  file and sname (3)\n"
                                 "     12 host-name                     3  ha1  [2 pieces]\n"
                                 "     15 domain-name                   3  lab  [in sname]\n");
    free(details);
    free(text);
    const cJSON *options = cJSON_GetObjectItem(event, "options");
    expect_json(cJSON_Duplicate(cJSON_GetArrayItem(options, 2), true),
                "{\"code\":12,\"name\":\"host-name\",\"length\":3,\"value\":\"ha1\",\"text\":\"ha1\",\"hex\":"
                "\"686131\","
                "\"offset\":246,\"pieces\":[{\"offset\":246,\"length\":1,\"region\":\"options\"},"
                "{\"offset\":108,\"length\":2,\"region\":\"file\"}]}");
    expect_json(cJSON_Duplicate(cJSON_GetArrayItem(options, 3), true),
                "{\"code\":15,\"name\":\"domain-name\",\"length\":3,\"value\":\"lab\",\"text\":\"lab\","
                "\"hex\":\"6c6162\","
                "\"offset\":44,\"region\":\"sname\"}");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(event, "sname")), "");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(event, "file")), "");
    cJSON_Delete(event);
}

static void test_no_dhcp_message(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        uint8_t value;
        const char *text;
    } rows[] = {
        {0, 9,
         "12:00:00.250 h1       msg-bad-op      dropped, 0.0.0.0:68 > 255.255.255.255:67 on eth0: op is 9, "
         "neither "
         "BOOTREQUEST nor BOOTREPLY\n"},
        {2, 17,
         "12:00:00.250 h1       msg-bad-hlen    dropped, 0.0.0.0:68 > 255.255.255.255:67 on eth0: hlen is "
         "17, more "
         "than the 16 octets of chaddr\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t bytes[sizeof discover];
        memcpy(bytes, discover, sizeof bytes);
        bytes[rows[i].at] = rows[i].value;
        struct packet packet = packet_of(bytes, sizeof bytes);
        expect_text(trace_message_json(&stamp, TRACE_RX, "eth0", &packet), rows[i].text);
    }
    struct packet packet = packet_of(discover, 239);
    expect_text(trace_message_json(&stamp, TRACE_RX, "eth0", &packet),
                "12:00:00.250 h1       msg-too-short   dropped, 0.0.0.0:68 > 255.255.255.255:67 on eth0: "
                "239 octets are "
                "fewer than the 240 of the fixed fields\n");
}

static void test_other_objects_are_shown_as_json(void **state)
{
    (void)state;
    expect_text(cJSON_Parse("{\"a\":1}"), "{\"a\":1}\n");
    expect_text(cJSON_Parse("[\"\x7f\"]"), "[\"?\"]\n");
    expect_text(cJSON_Parse("{\"kind\":\"decision\"}"), "                                      \n");
    expect_text(cJSON_Parse("{\"kind\":\"message\",\"options\":[1,{}],\"defects\":{}}"),
                "                      <             :0 > :0  xid   chaddr \n"
                "    htype 0  hlen 0  flags   siaddr \n"
                "      0                               0  \n"
                "      0                               0  \n");
}

static void test_colors(void **state)
{
    (void)state;
    const struct trace_event next = {
        .kind = TRACE_DECISION, .reason = REASON_ADDR_NEXT, .facts = {.addr = 0x0a4d0064}};
    cJSON *event = trace_event_json(&stamp, &next);
    char *text = trace_text(event, TRACE_COLOR);
    assert_string_equal(
        text, "\x1b[2m12:00:00.250\x1b[0m h1       \x1b[34maddr-next      \x1b[0m 10.77.0.100: the next "
              "free address of the pools\n");
    free(text);
    cJSON_Delete(event);
}

static void show(const uint8_t *bytes, size_t len)
{
    uint8_t *exact = malloc(len > 0 ? len : 1); /* so that a sanitizer sees any read past the end */
    assert_non_null(exact);
    memcpy(exact, bytes, len);
    struct packet packet = packet_of(exact, len);
    cJSON *event = trace_message_json(&stamp, TRACE_RX, "eth0", &packet);
    assert_non_null(event);
    char *text = trace_text(event, TRACE_PLAIN);
    assert_non_null(text);
    for (const char *p = text; *p != '\0'; p++)
        assert_true(*p == '\n' || (*p >= ' ' && *p < 0x7f));
    char *json = cJSON_PrintUnformatted(event);
    cJSON *again = cJSON_Parse(json);
    assert_non_null(again);
    cJSON_Delete(again);
    cJSON_free(json);
    free(text);
    cJSON_Delete(event);
    free(exact);
}

static void test_every_prefix(void **state)
{
    (void)state;
    for (size_t len = 0; len <= sizeof discover; len++)
        show(discover, len);
    for (size_t len = 0; len <= sizeof ack; len++)
        show(ack, len);
}

static void test_random_options(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, 1, "trace");
    for (int round = 0; round < 2000; round++) {
        uint8_t bytes[600];
        memcpy(bytes, discover, DHCP_OPTIONS_AT);
        for (size_t i = DHCP_OPTIONS_AT; i < sizeof bytes; i++)
            bytes[i] =
                (uint8_t)(rng_between(&rng, 0, 2) == 0 ? rng_between(&rng, 0, 8) : rng_between(&rng, 0, 255));
        show(bytes, sizeof bytes);
    }
}

static void test_text_is_safe_to_show(void **state)
{
    (void)state;
    char buf[16];
    static const uint8_t bytes[] = {'a', '\\', 0x1b, 0xff};
    assert_int_equal(text_escape(bytes, sizeof bytes, buf, sizeof buf), 11);
    assert_string_equal(buf, "a\\\\\\x1b\\xff");
    assert_int_equal(text_escape(bytes, sizeof bytes, buf, 7), 3); /* whole escapes only */
    assert_string_equal(buf, "a\\\\");
    assert_int_equal(text_hex(bytes, sizeof bytes, buf, 6), 4);
    assert_string_equal(buf, "615c");
    struct text t;
    text_init(&t);
    text_add(&t, "%s|%d\n", "\xc3\xa9\xc2\x9b\xe2\x82", 7);
    text_put(&t, "\x1b[0m");
    char *taken = text_take(&t);
    assert_string_equal(taken, "\xc3\xa9??\?\?|7\n\x1b[0m");
    free(taken);
    taken = text_take(&t);
    assert_string_equal(taken, "");
    free(taken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sentences_fill_their_places),
        cmocka_unit_test(test_infinite_and_missing_facts),
        cmocka_unit_test(test_every_reason),
        cmocka_unit_test(test_sentence_is_cut),
        cmocka_unit_test(test_decision),
        cmocka_unit_test(test_state_drop_and_log),
        cmocka_unit_test(test_datagram_drop),
        cmocka_unit_test(test_discover),
        cmocka_unit_test(test_ack),
        cmocka_unit_test(test_malformed_option),
        cmocka_unit_test(test_overload_and_split),
        cmocka_unit_test(test_no_dhcp_message),
        cmocka_unit_test(test_other_objects_are_shown_as_json),
        cmocka_unit_test(test_colors),
        cmocka_unit_test(test_every_prefix),
        cmocka_unit_test(test_random_options),
        cmocka_unit_test(test_text_is_safe_to_show),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
