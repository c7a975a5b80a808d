/* IPv6-only preferred in virtual time: RFC 8925. */
#include "test_srv_world.h"

#define A10 IP(10, 0, 0, 10)

static const char mostly_v6[] =
    "{ \"Dhcp4\": { \"rapid-commit\": true, \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\","
    "  \"option-data\": [ { \"name\": \"v6-only-preferred\", \"data\": \"1800\", \"always-send\": true } ],"
    "  \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.12\" } ] },"
    "{ \"id\": 2, \"subnet\": \"10.0.2.0/24\", \"pools\": [ { \"pool\": \"10.0.2.10 - 10.0.2.12\","
    "  \"option-data\": [ { \"name\": \"v6-only-preferred\", \"data\": \"0\" } ] } ] } ] } }";

static void ask_for_108(char client, enum dhcp_type type)
{
    msg(client, type);
    dhcp_put_bytes(&request, DHCP_OPT_PRL, "\x01\x6c", 2);
}

static void rfc8925_who_asks_for_it_is_offered_no_address(void **state)
{
    (void)state;
    uint32_t wait_s = 0;
    start(mostly_v6);
    ask_for_108('a', DHCP_DISCOVER);
    send_to(IP4_BROADCAST);
    expect_offer(0);
    assert_true(dhcp_get_u32(&seen.msg, DHCP_OPT_V6ONLY, &wait_s));
    assert_int_equal(wait_s, 1800);
    assert_true(decided(REASON_V6ONLY));
    assert_int_equal(seen.packet.dst, IP4_BROADCAST); /* 0.0.0.0 is nowhere to send to */
    assert_true(decided(REASON_TO_BROADCAST_NO_ADDR));
    assert_true(srv_engine_deadline(engine) == TIME_NEVER); /* nothing is held */
    discover('b', 0);
    expect_offer(A10);
}

static void rfc8925_who_does_not_ask_never_gets_it(void **state)
{
    (void)state;
    start(mostly_v6);
    discover('a', 0);
    expect_offer(A10);
    assert_false(dhcp_msg_has(&seen.msg, DHCP_OPT_V6ONLY)); /* always-send or not */
}

static void rfc8925_where_it_is_not_configured_asking_changes_nothing(void **state)
{
    (void)state;
    start(basic);
    ask_for_108('a', DHCP_DISCOVER);
    send_to(IP4_BROADCAST);
    expect_offer(A10);
    assert_false(dhcp_msg_has(&seen.msg, DHCP_OPT_V6ONLY));
}

static void rfc8925_an_ack_has_it_too(void **state)
{
    (void)state;
    start(mostly_v6);
    bind('a', A10);
    ask_for_108('a', DHCP_REQUEST);
    request.ciaddr = A10;
    send_to(SERVER);
    expect_ack(A10);
    assert_true(dhcp_msg_has(&seen.msg, DHCP_OPT_V6ONLY));
}

static void rfc8925_goes_before_rapid_commit(void **state)
{
    (void)state;
    start(mostly_v6);
    ask_for_108('a', DHCP_DISCOVER);
    dhcp_put_bytes(&request, DHCP_OPT_RAPID_COMMIT, "", 0);
    send_to(IP4_BROADCAST);
    expect_offer(0);
    request.giaddr = IP(10, 0, 2, 1); /* there, a pool has the option */
    send_to(SERVER);
    expect_offer(IP(10, 0, 2, 10));
    assert_true(dhcp_msg_has(&seen.msg, DHCP_OPT_V6ONLY));
    assert_false(dhcp_msg_has(&seen.msg, DHCP_OPT_RAPID_COMMIT));
}

#define TEST(name) cmocka_unit_test_teardown(name, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rfc8925_who_asks_for_it_is_offered_no_address),
        TEST(rfc8925_who_does_not_ask_never_gets_it),
        TEST(rfc8925_where_it_is_not_configured_asking_changes_nothing),
        TEST(rfc8925_an_ack_has_it_too),
        TEST(rfc8925_goes_before_rapid_commit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
