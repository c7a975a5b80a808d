/* Who stands for whom in a replay, and what that does to the octets of a message. */
#include "tests/unit/test_replay.h"

#include "common/err.h"
#include "lab/replay_map.h"

enum { SEED = 7, LIVE_ADDR = 0x0a09000a, LIVE_SERVER = 0x0a090001, LIVE_XID = 0x01020304 };

static const struct ip4_net server = {.addr = LIVE_SERVER, .len = 24};
static const struct hw_addr other = {.type = 1, .len = 6, .bytes = {0x02, 0, 0x5e, 0x10, 0, 2}};
static struct replay_map map;

static int set_up(void **state)
{
    (void)state;
    replay_map_init(&map, SEED, server);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    replay_map_fini(&map);
    return 0;
}

static void test_each_client_gets_an_address_of_its_own(void **state)
{
    (void)state;
    const struct replay_client *a = replay_map_client(&map, &HW), *b = replay_map_client(&map, &other);
    assert_ptr_equal(replay_map_client(&map, &HW), a);
    assert_false(hw_equal(&a->live, &b->live));
    assert_false(hw_equal(&a->live, &HW));
    assert_int_equal(a->live.bytes[0] & 3, 2); /* locally administered, of one station */
    assert_true(hw_equal(&a->frame, &a->live));
    struct replay_map again;
    replay_map_init(&again, SEED, server);
    assert_true(hw_equal(&replay_map_client(&again, &HW)->live, &a->live));
    replay_map_fini(&again);
}

static void test_a_client_can_be_told_its_address(void **state)
{
    (void)state;
    struct hw_addr shorter = {.type = 1, .len = 5};
    assert_int_equal(replay_map_client_as(&map, &HW, &shorter), ERR_INVALID);
    assert_int_equal(replay_map_client_as(&map, &HW, &other), 0);
    assert_int_equal(replay_map_client_as(&map, &HW, &other), ERR_INVALID);
    assert_true(hw_equal(&replay_map_client(&map, &HW)->live, &other));
}

/* RFC 4390: over InfiniBand there is no hardware address in a message. */
static void test_what_is_not_ethernet_sends_frames_all_the_same(void **state)
{
    (void)state;
    struct hw_addr none = {.type = 32, .len = 0};
    const struct replay_client *client = replay_map_client(&map, &none);
    assert_true(hw_equal(&client->live, &none));
    assert_int_equal(client->frame.len, 6);
    assert_int_equal(client->frame.type, 1);
}

static void test_addresses_are_those_of_a_client(void **state)
{
    (void)state;
    const struct replay_client *a = replay_map_client(&map, &HW), *b = replay_map_client(&map, &other);
    assert_int_equal(replay_map_addr(&map, a, CLIENT_ADDR), CLIENT_ADDR);
    assert_false(replay_map_knows(&map, a, CLIENT_ADDR));
    assert_int_equal(replay_map_learn(&map, a, CLIENT_ADDR, LIVE_ADDR), 0);
    assert_true(replay_map_knows(&map, a, CLIENT_ADDR));
    assert_int_equal(replay_map_addr(&map, a, CLIENT_ADDR), LIVE_ADDR);
    assert_int_equal(replay_map_addr(&map, b, CLIENT_ADDR), CLIENT_ADDR);
    assert_int_equal(replay_map_learn(&map, a, CLIENT_ADDR, LIVE_ADDR + 1), 0);
    assert_int_equal(replay_map_addr(&map, a, CLIENT_ADDR), LIVE_ADDR + 1);
}

static void test_a_relay_agent_is_where_it_can_be_answered(void **state)
{
    (void)state;
    assert_int_equal(replay_map_relay(&map, 0), 0);
    assert_int_equal(replay_map_relay(&map, LIVE_SERVER + 4), LIVE_SERVER + 4);
    assert_int_equal(replay_map_relay(&map, RELAY), 0x0a0900fe);
    assert_int_equal(replay_map_relay(&map, LIVE_SERVER), 0x0a0900fe);
    map.server.addr = 0x0a0900fe;
    assert_int_equal(replay_map_relay(&map, RELAY), 0x0a0900fd);
}

/* RFC 4361: type 255, an IAID, and a DUID-LL that ends with the hardware address; RFC 3046: a remote id (2)
 * that is the client's hardware address behind a circuit id (1). */
static const uint8_t client_id[] = {255, 1, 2, 3, 4, 0, 3, 0, 1, 0x02, 0, 0x5e, 0x10, 0, 1};
static const uint8_t relay_info[] = {1, 2, 'e', '1', 2, 6, 0x02, 0, 0x5e, 0x10, 0, 1};

static void request(struct dhcp_msg *m)
{
    message(m, DHCP_REQUEST, SERVER_1);
    m->ciaddr = CLIENT_ADDR;
    m->giaddr = RELAY;
    m->secs = 3;
    assert_true(dhcp_put_ip4(m, DHCP_OPT_REQUESTED_IP, CLIENT_ADDR));
    assert_true(dhcp_put_text(m, DHCP_OPT_HOST_NAME, "h1"));
    assert_true(dhcp_put_bytes(m, DHCP_OPT_CLIENT_ID, client_id, sizeof client_id));
    assert_true(dhcp_put_bytes(m, DHCP_OPT_RELAY_INFO, relay_info, sizeof relay_info));
}

static void expect_ip4(const struct dhcp_msg *m, uint8_t code, ip4 expected)
{
    ip4 value = 0;
    assert_true(dhcp_get_ip4(m, code, &value));
    assert_int_equal(value, expected);
}

static void test_a_message_is_rewritten(void **state)
{
    (void)state;
    struct dhcp_msg m, out;
    request(&m);
    struct octets before = encode(&m), o = before;
    const struct replay_client *client = replay_map_client(&map, &HW);
    assert_int_equal(replay_map_learn(&map, client, CLIENT_ADDR, LIVE_ADDR), 0);
    assert_int_equal(dhcp_msg_decode(&m, before.bytes, before.len), REASON_NONE);
    replay_map_rewrite(&map, client, &m, LIVE_XID, o.bytes);
    assert_int_equal(dhcp_msg_decode(&out, o.bytes, o.len), REASON_NONE);
    assert_int_equal(out.xid, LIVE_XID);
    assert_int_equal(out.ciaddr, LIVE_ADDR);
    assert_int_equal(out.giaddr, 0x0a0900fe);
    assert_int_equal(out.secs, 3);
    assert_memory_equal(out.chaddr, client->live.bytes, 6);
    expect_ip4(&out, DHCP_OPT_REQUESTED_IP, LIVE_ADDR);
    expect_ip4(&out, DHCP_OPT_SERVER_ID, LIVE_SERVER);
    assert_memory_equal(dhcp_msg_find(&out, DHCP_OPT_CLIENT_ID)->data, client_id, 9);
    assert_memory_equal(dhcp_msg_find(&out, DHCP_OPT_CLIENT_ID)->data + 9, client->live.bytes, 6);
    assert_memory_equal(dhcp_msg_find(&out, DHCP_OPT_RELAY_INFO)->data, relay_info, 6);
    assert_memory_equal(dhcp_msg_find(&out, DHCP_OPT_RELAY_INFO)->data + 6, client->live.bytes, 6);
    assert_memory_equal(dhcp_msg_find(&out, DHCP_OPT_HOST_NAME)->data, "h1", 2);
    assert_int_equal(out.n_options, m.n_options);
}

/* siaddr is the next server of the boot, which need not be the DHCP server (RFC 2131 2). */
static void test_an_answer_is_rewritten(void **state)
{
    (void)state;
    struct dhcp_msg m, out;
    message(&m, DHCP_ACK, SERVER_1);
    const struct replay_client *client = replay_map_client(&map, &HW);
    assert_int_equal(replay_map_learn(&map, client, CLIENT_ADDR, LIVE_ADDR), 0);
    m.yiaddr = CLIENT_ADDR;
    for (int is_own = 0; is_own < 2; is_own++) {
        m.siaddr = is_own ? SERVER_1 : SERVER_2;
        struct octets o = encode(&m), before = o;
        struct dhcp_msg decoded;
        assert_int_equal(dhcp_msg_decode(&decoded, before.bytes, before.len), REASON_NONE);
        replay_map_rewrite(&map, client, &decoded, LIVE_XID, o.bytes);
        assert_int_equal(dhcp_msg_decode(&out, o.bytes, o.len), REASON_NONE);
        assert_int_equal(out.yiaddr, LIVE_ADDR);
        assert_int_equal(out.siaddr, is_own ? LIVE_SERVER : SERVER_2);
    }
}

/* Option 50 of two octets holds no address. Nothing is written outside of the message, wherever it is cut. */
static void test_defects_and_every_shorter_prefix(void **state)
{
    (void)state;
    struct dhcp_msg m, decoded;
    request(&m);
    const struct replay_client *client = replay_map_client(&map, &HW);
    assert_true(dhcp_put_bytes(&m, DHCP_OPT_REQUESTED_IP, "\x0a\x4d", 2));
    struct octets o = encode(&m);
    for (size_t len = 0; len <= o.len; len++) {
        uint8_t *exact = malloc(len + 1), *written = malloc(len + 1);
        assert_true(exact != NULL && written != NULL);
        memcpy(exact, o.bytes, len);
        memcpy(written, o.bytes, len);
        written[len] = 0xee;
        if (dhcp_msg_decode(&decoded, exact, len) == REASON_NONE)
            replay_map_rewrite(&map, client, &decoded, LIVE_XID, written);
        assert_int_equal(written[len], 0xee);
        if (len == o.len) {
            assert_int_equal(dhcp_msg_decode(&decoded, written, len), REASON_NONE);
            assert_memory_equal(dhcp_msg_find(&decoded, DHCP_OPT_REQUESTED_IP)->data, "\x0a\x4d", 2);
        }
        free(exact);
        free(written);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_client_gets_an_address_of_its_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_client_can_be_told_its_address, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_not_ethernet_sends_frames_all_the_same, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_addresses_are_those_of_a_client, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_relay_agent_is_where_it_can_be_answered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_message_is_rewritten, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_answer_is_rewritten, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_defects_and_every_shorter_prefix, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
