/* The server's side of DHCPFORCERENEW: RFC 3203, RFC 6704. */
#include "test_srv_world.h"

#include "common/dhcp_auth.h"
#include "server/srv_force.h"

static void start_with_secret(const char *text)
{
    struct srv_secret secret = {.key = "a secret of ours", .replay = 1000};
    start(text);
    srv_force_set_secret(engine, &secret);
}

static void capable(void)
{
    assert_true(dhcp_put_bytes(&request, DHCP_OPT_FORCERENEW_NONCE, "\x01", 1));
}

static void lease_a(bool is_capable)
{
    msg('a', DHCP_REQUEST);
    dhcp_put_ip4(&request, DHCP_OPT_SERVER_ID, SERVER);
    dhcp_put_ip4(&request, DHCP_OPT_REQUESTED_IP, IP(10, 0, 0, 10));
    if (is_capable)
        capable();
    send_to(IP4_BROADCAST);
    expect_ack(IP(10, 0, 0, 10));
}

static void renew_a(void)
{
    msg('a', DHCP_REQUEST)->ciaddr = IP(10, 0, 0, 10);
    capable();
    send_to(SERVER);
    expect_ack(IP(10, 0, 0, 10));
}

static bool get_nonce(uint64_t *replay, uint8_t *nonce)
{
    return dhcp_auth_get_nonce(&seen.msg, replay, nonce);
}

/* Runs srv_force_renew() and takes a look at what it does. */
static int force(ip4 addr)
{
    srv_actions_reset(&actions);
    memset(&seen, 0, offsetof(__typeof__(seen), msg));
    seen.n_reasons = seen.n_drops = 0;
    int rc = srv_force_renew(engine, addr, &eth0, &actions);
    for (const struct srv_action *a = actions.first; a != NULL; a = a->next)
        look(a);
    return rc;
}

static void rfc6704_offer_and_ack_for_a_client_that_takes_a_nonce(void **state)
{
    (void)state;
    uint64_t replay = 0;
    uint8_t nonce[DHCP_NONCE_LEN];
    start_with_secret(basic);
    msg('a', DHCP_DISCOVER);
    capable();
    send_to(IP4_BROADCAST);
    assert_memory_equal(dhcp_msg_find(&seen.msg, DHCP_OPT_FORCERENEW_NONCE)->data, "\x01", 1);
    assert_false(dhcp_msg_has(&seen.msg, DHCP_OPT_AUTH));
    lease_a(true);
    assert_true(get_nonce(&replay, nonce));
    assert_true(replay > 1000);
    assert_true(decided(REASON_NONCE));
}

static void who_does_not_ask_gets_none(void **state)
{
    (void)state;
    start_with_secret(basic);
    discover('a', 0);
    assert_false(dhcp_msg_has(&seen.msg, DHCP_OPT_FORCERENEW_NONCE));
    lease_a(false);
    assert_false(dhcp_msg_has(&seen.msg, DHCP_OPT_AUTH));
    stop(NULL);
    start_with_secret(
        "{ \"Dhcp4\": { \"forcerenew\": false, \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\","
        " \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.12\" } ] } ] } }");
    lease_a(true);
    assert_false(dhcp_msg_has(&seen.msg, DHCP_OPT_AUTH));
    assert_int_equal(force(IP(10, 0, 0, 10)), ERR_INVALID);
    assert_int_equal(seen.n_tx, 0);
}

static void rfc6704_a_renewal_sees_the_nonce_only_if_it_is_a_new_one(void **state)
{
    (void)state;
    uint64_t replay;
    uint8_t first[DHCP_NONCE_LEN], second[DHCP_NONCE_LEN];
    struct srv_secret other = {.key = "another secret.", .replay = 5000};
    start_with_secret(basic);
    lease_a(true);
    assert_true(get_nonce(&replay, first));
    at(50 * S);
    renew_a();
    assert_false(get_nonce(&replay, second));
    struct srv_lease stored = seen.put; /* the server is started again: nonces are not on the disk */
    stop(NULL);
    start(basic);
    srv_force_set_secret(engine, &other);
    assert_int_equal(srv_engine_load(engine, &stored, 100 * S), 0);
    at(100 * S);
    assert_int_equal(force(IP(10, 0, 0, 10)), ERR_DENIED);
    at(150 * S);
    renew_a();
    assert_true(get_nonce(&replay, second));
    assert_memory_not_equal(first, second, sizeof first);
    at(160 * S);
    renew_a();
    assert_false(get_nonce(&replay, second));
}

static void rfc3203_2_the_message_is_unicast_and_signed_with_the_clients_nonce(void **state)
{
    (void)state;
    uint64_t replay, newer;
    uint8_t nonce[DHCP_NONCE_LEN];
    start_with_secret(basic);
    lease_a(true);
    assert_true(get_nonce(&replay, nonce));
    assert_int_equal(force(IP(10, 0, 0, 10)), 0);
    assert_int_equal(seen.msg.type, DHCP_FORCERENEW);
    assert_int_equal(seen.packet.dst, IP(10, 0, 0, 10));
    assert_int_equal(seen.packet.dport, DHCP_PORT_CLIENT);
    assert_memory_equal(seen.msg.chaddr, "\x02\0\0\0\0\x0a", 6);
    assert_true(decided(REASON_FORCERENEW));
    assert_int_equal(dhcp_auth_check(&seen.msg, nonce, replay, seen.packet.bytes, seen.packet.len, &newer),
                     REASON_NONE);
    assert_int_equal(srv_engine_counters(engine)->sent[DHCP_FORCERENEW], 1);
    replay = newer;
    assert_int_equal(force(IP(10, 0, 0, 10)), 0); /* the next is newer again */
    assert_int_equal(dhcp_auth_check(&seen.msg, nonce, replay, seen.packet.bytes, seen.packet.len, &newer),
                     REASON_NONE);
}

/* It would not believe the message, and the command would have said that all is well. */
static void nothing_is_sent_to_a_client_without_a_nonce(void **state)
{
    (void)state;
    start_with_secret(basic);
    lease_a(false);
    assert_int_equal(force(IP(10, 0, 0, 10)), ERR_DENIED);
    assert_int_equal(seen.n_tx, 0);
    assert_int_equal(srv_engine_counters(engine)->sent[DHCP_FORCERENEW], 0);
    at(10 * S);
    renew_a(); /* now it says that it takes one */
    assert_true(decided(REASON_NONCE));
    assert_int_equal(force(IP(10, 0, 0, 10)), 0);
    at(20 * S);
    renew_a();
    assert_false(decided(REASON_NONCE)); /* it has it still */
    assert_int_equal(force(IP(10, 0, 0, 10)), 0);
    at(30 * S);
    lease_a(false); /* and begins anew without it */
    assert_int_equal(force(IP(10, 0, 0, 10)), ERR_DENIED);
}

static void nobody_is_forced_without_a_lease(void **state)
{
    (void)state;
    start_with_secret(basic);
    assert_int_equal(force(IP(10, 0, 0, 10)), ERR_NOTFOUND);
    lease_a(true);
    msg('a', DHCP_RELEASE)->ciaddr = IP(10, 0, 0, 10);
    send_to(SERVER);
    assert_int_equal(force(IP(10, 0, 0, 10)), ERR_NOTFOUND);
}

static void two_clients_have_two_nonces(void **state)
{
    (void)state;
    uint64_t replay;
    uint8_t a[DHCP_NONCE_LEN], b[DHCP_NONCE_LEN];
    start_with_secret(basic);
    lease_a(true);
    assert_true(get_nonce(&replay, a));
    msg('b', DHCP_REQUEST);
    dhcp_put_ip4(&request, DHCP_OPT_SERVER_ID, SERVER);
    dhcp_put_ip4(&request, DHCP_OPT_REQUESTED_IP, IP(10, 0, 0, 11));
    capable();
    send_to(IP4_BROADCAST);
    assert_true(get_nonce(&replay, b));
    assert_memory_not_equal(a, b, sizeof a);
}

#define TEST(name) cmocka_unit_test_teardown(name, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rfc6704_offer_and_ack_for_a_client_that_takes_a_nonce),
        TEST(who_does_not_ask_gets_none),
        TEST(rfc6704_a_renewal_sees_the_nonce_only_if_it_is_a_new_one),
        TEST(rfc3203_2_the_message_is_unicast_and_signed_with_the_clients_nonce),
        TEST(nothing_is_sent_to_a_client_without_a_nonce),
        TEST(nobody_is_forced_without_a_lease),
        TEST(two_clients_have_two_nonces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
