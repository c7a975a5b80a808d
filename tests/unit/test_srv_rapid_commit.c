/* Rapid commit in virtual time: RFC 4039. */
#include "test_srv_world.h"

#define A10 IP(10, 0, 0, 10)

static const char rapid[] = "{ \"Dhcp4\": { \"valid-lifetime\": 3600, \"max-leases\": 2, \"subnet4\": [ "
                            "{ \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"rapid-commit\": true,"
                            "  \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.19\" } ] },"
                            "{ \"id\": 2, \"subnet\": \"10.0.2.0/24\","
                            "  \"pools\": [ { \"pool\": \"10.0.2.10 - 10.0.2.19\" } ] } ] } }";

static void rapid_discover(char client)
{
    msg(client, DHCP_DISCOVER);
    assert_true(dhcp_put_bytes(&request, DHCP_OPT_RAPID_COMMIT, "", 0));
    send_to(IP4_BROADCAST);
}

static void rfc4039_3_1_a_discover_is_acked_at_once(void **state)
{
    (void)state;
    start(rapid);
    rapid_discover('a');
    expect_ack(A10); /* which stands after the record of the lease */
    assert_true(dhcp_msg_has(&seen.msg, DHCP_OPT_RAPID_COMMIT));
    assert_int_equal(dhcp_msg_find(&seen.msg, DHCP_OPT_RAPID_COMMIT)->len, 0);
    assert_true(decided(REASON_RAPID_COMMIT));
    assert_true(decided(REASON_LEASE_NEW));
    assert_int_equal(seen.put.lease_s, 3600);
    assert_true(srv_engine_deadline(engine) == 3600 * S);
    renew('a', A10);
    expect_ack(A10);
    assert_false(dhcp_msg_has(&seen.msg, DHCP_OPT_RAPID_COMMIT));
}

static void rfc4039_3_1_without_the_option_there_is_an_offer(void **state)
{
    (void)state;
    start(rapid);
    discover('a', 0);
    expect_offer(A10);
    assert_false(dhcp_msg_has(&seen.msg, DHCP_OPT_RAPID_COMMIT));
    rapid_discover('a'); /* the standing offer is what is granted */
    expect_ack(A10);
    at(61 * S);
    assert_false(decided(REASON_OFFER_EXPIRED));
}

static void rfc4039_1_without_consent_there_is_an_offer(void **state)
{
    (void)state;
    start(rapid);
    msg('a', DHCP_DISCOVER)->giaddr = IP(10, 0, 2, 1);
    dhcp_put_bytes(&request, DHCP_OPT_RAPID_COMMIT, "", 0);
    send_to(SERVER);
    expect_offer(IP(10, 0, 2, 10));
    assert_false(dhcp_msg_has(&seen.msg, DHCP_OPT_RAPID_COMMIT));
    stop(NULL);
    start(basic);
    rapid_discover('a');
    expect_offer(A10);
}

static void a_retransmitted_discover_gets_the_same_lease(void **state)
{
    (void)state;
    start(rapid);
    rapid_discover('a');
    at(4 * S);
    rapid_discover('a');
    expect_ack(A10);
    assert_true(decided(REASON_LEASE_KEPT));
    rapid_discover('b');
    expect_ack(IP(10, 0, 0, 11));
    rapid_discover('c'); /* one lease too many */
    expect_silence(REASON_LEASE_LIMIT);
}

#define TEST(name) cmocka_unit_test_teardown(name, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rfc4039_3_1_a_discover_is_acked_at_once),
        TEST(rfc4039_3_1_without_the_option_there_is_an_offer),
        TEST(rfc4039_1_without_consent_there_is_an_offer),
        TEST(a_retransmitted_discover_gets_the_same_lease),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
