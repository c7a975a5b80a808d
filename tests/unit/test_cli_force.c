/* DHCPFORCERENEW and its nonce, in virtual time: RFC 3203, RFC 6704. */
#include "common/dhcp_auth.h"
#include "test_cli_world.h"

static const uint8_t nonce[DHCP_NONCE_LEN] = "0123456789abcde";

static int setup_forcerenew(void **state)
{
    setup(state);
    struct world *w = *state;
    w->config.forcerenew = true;
    return 0;
}

/* A message of the server with option 90, which is signed if it is a DHCPFORCERENEW. */
static void server_says(struct world *w, time_ms now, enum dhcp_type type, const uint8_t *auth,
                        const uint8_t *key)
{
    struct dhcp_msg m;
    uint8_t buf[DHCP_MSG_MAX];
    unsigned dropped;
    dhcp_msg_init(&m, DHCP_BOOTREPLY);
    m.htype = own_hw.type;
    m.hlen = own_hw.len;
    memcpy(m.chaddr, own_hw.bytes, own_hw.len);
    m.xid = type == DHCP_ACK ? w->tx.xid : 0x77777777;
    m.yiaddr = type == DHCP_ACK ? ADDR : 0;
    dhcp_put_u8(&m, DHCP_OPT_TYPE, (uint8_t)type);
    dhcp_put_ip4(&m, DHCP_OPT_SERVER_ID, SERVER);
    if (type == DHCP_ACK) {
        dhcp_put_u32(&m, DHCP_OPT_LEASE_TIME, 3600);
        dhcp_put_ip4(&m, DHCP_OPT_SUBNET_MASK, MASK);
    }
    if (auth != NULL)
        dhcp_put_bytes(&m, DHCP_OPT_AUTH, auth, DHCP_AUTH_LEN);
    struct cli_event event = {
        .kind = CLI_RX,
        .now = now,
        .packet = {.src = SERVER, .sport = DHCP_PORT_SERVER, .dport = DHCP_PORT_CLIENT, .bytes = buf}};
    event.packet.len = dhcp_msg_encode(&m, buf, sizeof buf, &dropped);
    if (key != NULL)
        dhcp_auth_sign(key, buf, event.packet.len);
    step(w, &event);
}

static void force(struct world *w, time_ms now, uint64_t replay, const uint8_t *key)
{
    uint8_t auth[DHCP_AUTH_LEN];
    dhcp_auth_put_unsigned(replay, auth);
    server_says(w, now, DHCP_FORCERENEW, auth, key);
}

/* BOUND at 0 with a nonce */
static void bind_with_nonce(struct world *w)
{
    uint8_t auth[DHCP_AUTH_LEN];
    AT(w, 0, CLI_START, STARTS);
    RX(w, 0, CHOOSES, .type = DHCP_OFFER);
    dhcp_auth_put_nonce(10, nonce, auth);
    server_says(w, 0, DHCP_ACK, auth, NULL);
    assert_string_equal(w->log, "note(nonce-taken) " BINDS);
}

static void rfc6704_3_1_1_discover_and_request_say_that_we_take_a_nonce(void **state)
{
    struct world *w = *state;
    static const uint8_t algorithms[] = {1}; /* HMAC-MD5 */
    AT(w, 0, CLI_START, STARTS);
    assert_memory_equal(dhcp_msg_find(&w->tx, DHCP_OPT_FORCERENEW_NONCE)->data, algorithms, 1);
    RX(w, 0, CHOOSES, .type = DHCP_OFFER);
    assert_memory_equal(dhcp_msg_find(&w->tx, DHCP_OPT_FORCERENEW_NONCE)->data, algorithms, 1);
}

static void by_default_we_do_not(void **state)
{
    struct world *w = *state;
    w->config.forcerenew = false;
    bind_at(w, 0, (struct answer){0});
    assert_false(dhcp_msg_has(&w->tx, DHCP_OPT_FORCERENEW_NONCE));
    force(w, 1000, 11, nonce);
    assert_string_equal(w->log, "drop(forcerenew-off)");
}

static void rfc3203_3_1_a_signed_message_makes_us_renew(void **state)
{
    struct world *w = *state;
    bind_with_nonce(w);
    force(w, 1000, 11, nonce);
    assert_string_equal(w->log, "BOUND>RENEWING(forced) TX:REQUEST");
    assert_int_equal(w->tx.ciaddr, ADDR);
    assert_int_equal(w->packet.dst, SERVER);
    assert_false(dhcp_msg_has(&w->tx, DHCP_OPT_REQUESTED_IP));
    RX(w, 1100, "SET 10.0.0.10/24 RENEWING>BOUND(ack)", .type = DHCP_ACK);
    assert_int_equal(status_of(w).lease->renew_at_ms, 1000 + 1800000);
    force(w, 2000, 12, nonce); /* the nonce stays good */
    assert_string_equal(w->log, "BOUND>RENEWING(forced) TX:REQUEST");
    force(w, 2001, 13, nonce); /* that is under way already */
    assert_string_equal(w->log, "drop(not-in-this-state)");
}

static void rfc6704_who_has_not_the_nonce_is_not_believed(void **state)
{
    struct world *w = *state;
    static const uint8_t other[DHCP_NONCE_LEN] = "x";
    uint8_t auth[DHCP_AUTH_LEN];
    bind_with_nonce(w);
    server_says(w, 1000, DHCP_FORCERENEW, NULL, NULL);
    assert_string_equal(w->log, "drop(auth-none)");
    dhcp_auth_put_nonce(11, nonce, auth);
    server_says(w, 1000, DHCP_FORCERENEW, auth, NULL); /* a nonce is no signature */
    assert_string_equal(w->log, "drop(auth-none)");
    force(w, 1000, 11, other);
    assert_string_equal(w->log, "drop(auth-digest)");
    force(w, 1000, 10, nonce); /* no newer than the ACK */
    assert_string_equal(w->log, "drop(auth-replay)");
    assert_int_equal(status_of(w).state, CLI_BOUND);
    assert_int_equal(cli_engine_deadline(w->engine), 1800000); /* T1 is where it was */
}

static void a_lease_without_a_nonce_cannot_be_forced(void **state)
{
    struct world *w = *state;
    bind_at(w, 0, (struct answer){0});
    force(w, 1000, 11, nonce);
    assert_string_equal(w->log, "drop(no-nonce)");
}

static void a_nonce_ends_with_its_lease(void **state)
{
    struct world *w = *state;
    bind_with_nonce(w);
    AT(w, 1000, CLI_RELEASE, "TX:RELEASE CLEAR BOUND>STOPPED(command-release)");
    bind_at(w, 2000, (struct answer){0});
    force(w, 3000, 11, nonce);
    assert_string_equal(w->log, "drop(no-nonce)");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_forcerenew, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rfc6704_3_1_1_discover_and_request_say_that_we_take_a_nonce),
        TEST(by_default_we_do_not),
        TEST(rfc3203_3_1_a_signed_message_makes_us_renew),
        TEST(rfc6704_who_has_not_the_nonce_is_not_believed),
        TEST(a_lease_without_a_nonce_cannot_be_forced),
        TEST(a_nonce_ends_with_its_lease),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
