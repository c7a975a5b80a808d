/* A captured answer and a live one, row by row. */
#include "tests/unit/test_replay.h"

#include "lab/replay_diff.h"

static struct replay_diff diff;

/* Decodes what is encoded, as the capture and the network give it. */
struct sample {
    struct octets octets;
    struct dhcp_msg m;
};

static struct sample captured, mapped, live;

static void take(struct sample *out, const struct dhcp_msg *m)
{
    out->octets = encode(m);
    assert_int_equal(dhcp_msg_decode(&out->m, out->octets.bytes, out->octets.len), REASON_NONE);
}

static void compare(const struct dhcp_msg *a, const struct dhcp_msg *a_mapped, const struct dhcp_msg *b)
{
    take(&captured, a);
    take(&mapped, a_mapped);
    take(&live, b);
    replay_diff_answers(&captured.m, captured.octets.bytes, &mapped.m, mapped.octets.bytes, &live.m,
                        live.octets.bytes, &diff);
}

static const struct replay_row *row_of(const char *name)
{
    size_t i = 0;
    while (i < diff.n && (diff.rows[i].name == NULL || strcmp(diff.rows[i].name, name) != 0))
        i++;
    assert_true(i < diff.n);
    return &diff.rows[i];
}

static void expect_row(const char *name, enum replay_kind kind, const char *then, const char *now)
{
    char text[128];
    const struct replay_row *row = row_of(name);
    assert_string_equal(replay_kind_name(row->kind), replay_kind_name(kind));
    assert_string_equal(replay_row_captured(row, text, sizeof text), then);
    assert_string_equal(replay_row_live(row, text, sizeof text), now);
}

static void ack(struct dhcp_msg *m)
{
    message(m, DHCP_ACK, SERVER_1);
    m->yiaddr = CLIENT_ADDR;
    assert_true(dhcp_put_u32(m, DHCP_OPT_LEASE_TIME, 3600));
}

static void test_equal_answers(void **state)
{
    (void)state;
    struct dhcp_msg m;
    ack(&m);
    compare(&m, &m, &m);
    assert_int_equal(diff.n_different, 0);
    assert_int_equal(diff.n, REPLAY_FIELDS + 3);
    for (size_t i = 0; i < diff.n; i++)
        assert_int_equal(diff.rows[i].kind, REPLAY_SAME);
}

static void test_what_stands_for_something_else_is_no_difference(void **state)
{
    (void)state;
    struct dhcp_msg then, now;
    ack(&then);
    ack(&now);
    now.xid = 0x01020304;
    now.yiaddr = CLIENT_ADDR + 1;
    now.chaddr[5] = 9;
    assert_true(dhcp_put_ip4(&now, DHCP_OPT_SERVER_ID, SERVER_2));
    compare(&then, &now, &now);
    assert_int_equal(diff.n_different, 0);
    expect_row("xid", REPLAY_MAPPED, "0x3903f326", "0x01020304");
    expect_row("yiaddr", REPLAY_MAPPED, "10.77.0.100", "10.77.0.101");
    expect_row("chaddr", REPLAY_MAPPED, "02:00:5e:10:00:01", "02:00:5e:10:00:09");
    expect_row("dhcp-server-identifier", REPLAY_MAPPED, "10.77.0.1", "10.77.0.2");
    /* And without the mapping each is. */
    compare(&then, &then, &now);
    assert_int_equal(diff.n_different, 4);
    /* The captured value itself is wrong where another stands for it. */
    compare(&then, &now, &then);
    assert_int_equal(diff.n_different, 4);
}

static void test_what_differs_appears_and_is_missing(void **state)
{
    (void)state;
    struct dhcp_msg then, now;
    ack(&then);
    ack(&now);
    now.siaddr = SERVER_2;
    memcpy(now.file, "boot\x01", 5);
    assert_true(dhcp_put_u32(&now, DHCP_OPT_LEASE_TIME, 600));
    assert_true(dhcp_put_ip4(&then, DHCP_OPT_BROADCAST, 0x0a4d00ff));
    assert_true(dhcp_put_ip4(&now, DHCP_OPT_ROUTERS, SERVER_1));
    assert_true(dhcp_put_text(&then, DHCP_OPT_HOST_NAME, "h1"));
    assert_true(dhcp_put_text(&now, DHCP_OPT_HOST_NAME, "h1x"));
    assert_true(dhcp_put_bytes(&now, 224, "\x07", 1));
    compare(&then, &then, &now);
    assert_int_equal(diff.n_different, 7);
    expect_row("siaddr", REPLAY_DIFFERS, "0.0.0.0", "10.77.0.2");
    expect_row("file", REPLAY_DIFFERS, "", "boot\\x01");
    expect_row("dhcp-lease-time", REPLAY_DIFFERS, "3600 s (1 h)", "600 s (10 min)");
    expect_row("broadcast-address", REPLAY_MISSING, "10.77.0.255", "-");
    expect_row("routers", REPLAY_APPEARS, "-", "10.77.0.1");
    expect_row("host-name", REPLAY_DIFFERS, "h1", "h1x");
    assert_int_equal(diff.rows[diff.n - 1].code, 224);
    assert_null(diff.rows[diff.n - 1].name);
}

static void test_another_order_is_no_difference(void **state)
{
    (void)state;
    struct dhcp_msg then, now;
    message(&then, DHCP_ACK, 0);
    ack(&now);
    assert_true(dhcp_put_u32(&then, DHCP_OPT_LEASE_TIME, 3600));
    assert_true(dhcp_put_ip4(&then, DHCP_OPT_SERVER_ID, SERVER_1));
    then.yiaddr = CLIENT_ADDR;
    compare(&then, &then, &now);
    assert_int_equal(diff.n_different, 0);
}

static void test_every_volatile_option(void **state)
{
    (void)state;
    static const uint8_t codes[] = {
#define X(code, why) code,
        REPLAY_VOLATILE_MAP(X)
#undef X
    };
    for (size_t i = 0; i < sizeof codes; i++) {
        struct dhcp_msg then, now;
        ack(&then);
        ack(&now);
        if (codes[i] == DHCP_OPT_OVERLOAD) /* the encoder's own */
            continue;
        assert_true(dhcp_put_u32(&then, codes[i], 1));
        assert_true(dhcp_put_u32(&now, codes[i], 2));
        compare(&then, &then, &now);
        assert_int_equal(diff.n_different, 0);
        assert_int_equal(diff.rows[diff.n - 1].kind, REPLAY_VOLATILE);
    }
}

/* RFC 2132 9.3: where the options stand says nothing about what they are. */
static void test_options_in_file_and_sname(void **state)
{
    (void)state;
    struct dhcp_msg m;
    ack(&m);
    uint8_t longest[255];
    unsigned dropped;
    memset(longest, 'x', sizeof longest);
    assert_true(dhcp_put_bytes(&m, DHCP_OPT_HOST_NAME, longest, 100));
    take(&captured, &m);
    m.may_overload = DHCP_OVERLOAD_BOTH;
    live.octets.len = dhcp_msg_encode(&m, live.octets.bytes, DHCP_MSG_SEND_MIN, &dropped);
    assert_int_equal(dropped, 0);
    assert_int_equal(dhcp_msg_decode(&live.m, live.octets.bytes, live.octets.len), REASON_NONE);
    assert_int_not_equal(live.m.overload, 0);
    replay_diff_answers(&captured.m, captured.octets.bytes, &captured.m, captured.octets.bytes, &live.m,
                        live.octets.bytes, &diff);
    assert_int_equal(diff.n_different, 0);
    expect_row("dhcp-option-overload", REPLAY_VOLATILE, "-", "file (1)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_answers),
        cmocka_unit_test(test_what_stands_for_something_else_is_no_difference),
        cmocka_unit_test(test_what_differs_appears_and_is_missing),
        cmocka_unit_test(test_another_order_is_no_difference),
        cmocka_unit_test(test_every_volatile_option),
        cmocka_unit_test(test_options_in_file_and_sname),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
